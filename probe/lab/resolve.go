package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// LookupHost answers as the system's resolver does: the hosts file, then its cache, then the DNS servers in order.
func (c *Computer) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr}, nil
	}
	if found := c.hostsEntries(name); len(found) > 0 {
		return found, nil
	}
	if found := c.Cached[name]; len(found) > 0 {
		return found, nil
	}
	if _, ok := dns.IsDomainName(name); !ok || name == "" || strings.ContainsAny(name, " /") {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return c.ask(ctx, host, dns.Fqdn(name))
}

// answer is what the resolver learnt about one record type.
type answer struct {
	addrs []netip.Addr
	err   *net.DNSError
}

// ask asks for both families side by side. One that answers is enough.
func (c *Computer) ask(ctx context.Context, host, fqdn string) ([]netip.Addr, error) {
	families := []uint16{dns.TypeA, dns.TypeAAAA}
	answers := make([]chan answer, len(families))
	for i, family := range families {
		answers[i] = make(chan answer, 1)
		go func() { answers[i] <- c.askEach(ctx, host, fqdn, family) }()
	}
	var found []netip.Addr
	var failure *net.DNSError
	for i := range answers {
		a := <-answers[i]
		found = append(found, a.addrs...)
		if failure == nil || failure.IsNotFound {
			failure = a.err
		}
	}
	if len(found) > 0 {
		return c.ordered(found), nil
	}
	if failure == nil {
		failure = notFound(host)
	}
	return nil, failure
}

// ordered puts the family first that the computer can use (RFC 6724, section 5, rule 1).
func (c *Computer) ordered(addrs []netip.Addr) []netip.Addr {
	six := c.hasIPv6()
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int {
		if a.Is4() == b.Is4() {
			return 0
		}
		if a.Is6() == six {
			return -1
		}
		return 1
	})
	return addrs
}

// askEach tries the servers in order, twice, as a libc does.
func (c *Computer) askEach(ctx context.Context, host, fqdn string, family uint16) answer {
	failure := &net.DNSError{Err: "no DNS servers", Name: host}
	for range 2 {
		for _, server := range c.NameServers {
			reply, err := c.askOne(ctx, server, fqdn, family)
			switch {
			case err != nil && ctx.Err() != nil:
				return answer{err: &net.DNSError{Err: ctx.Err().Error(), Name: host, Server: server.String(), IsTimeout: errors.Is(ctx.Err(), context.DeadlineExceeded)}}
			case err != nil:
				var timeout net.Error
				slow := errors.As(err, &timeout) && timeout.Timeout()
				failure = &net.DNSError{Err: err.Error(), Name: host, Server: server.String(), IsTimeout: slow, IsTemporary: true}
				if slow {
					failure.Err = "i/o timeout"
				}
			case reply.Rcode == dns.RcodeNameError:
				return answer{err: notFound(host)}
			case reply.Rcode != dns.RcodeSuccess:
				failure = &net.DNSError{Err: "server misbehaving", Name: host, Server: server.String(), IsTemporary: reply.Rcode == dns.RcodeServerFailure}
			default:
				return found(host, reply)
			}
		}
	}
	return answer{err: failure}
}

func notFound(host string) *net.DNSError {
	return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// found takes the addresses out of a reply.
func found(host string, reply *dns.Msg) answer {
	var addrs []netip.Addr
	for _, rr := range reply.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			addr, _ := netip.AddrFromSlice(rr.A)
			addrs = append(addrs, addr.Unmap())
		case *dns.AAAA:
			addr, _ := netip.AddrFromSlice(rr.AAAA)
			addrs = append(addrs, addr)
		}
	}
	if len(addrs) == 0 {
		return answer{err: notFound(host)}
	}
	return answer{addrs: addrs}
}

// askOne asks one server, over TCP when the answer did not fit.
func (c *Computer) askOne(ctx context.Context, server netip.AddrPort, fqdn string, family uint16) (*dns.Msg, error) {
	question := new(dns.Msg)
	question.SetQuestion(fqdn, family)
	reply, err := c.exchange(ctx, "udp", server, question)
	if err == nil && reply.Truncated {
		return c.exchange(ctx, "tcp", server, question)
	}
	return reply, err
}

// exchange sends one question. A resolver waits five seconds for an answer (resolv.conf(5)).
func (c *Computer) exchange(ctx context.Context, network string, server netip.AddrPort, question *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	raw, err := c.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	over := &dns.Conn{Conn: raw}
	if err := over.WriteMsg(question); err != nil {
		return nil, err
	}
	for {
		reply, err := over.ReadMsg()
		if err != nil {
			return nil, err
		}
		if reply.Id == question.Id {
			return reply, nil
		}
	}
}
