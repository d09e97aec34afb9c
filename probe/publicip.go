package probe

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"ftpdoctor/probe/fact"
)

// Whoami is a DNS server that answers a certain question with the address of whoever asks.
type Whoami struct {
	Name   string // the question
	Server string // a name, or an address with or without a port
}

// ParseWhoami reads NAME@SERVER, as dig takes it.
func ParseWhoami(typed string) (*Whoami, error) {
	name, server, ok := strings.Cut(typed, "@")
	if _, valid := dns.IsDomainName(name); !ok || name == "" || server == "" || !valid || strings.ContainsAny(typed, " \t") || fact.Clean(typed) != typed {
		return nil, errors.New("write the name to ask for and the DNS server to ask, such as myip.example.com@resolver.example.com")
	}
	return &Whoami{Name: name, Server: server}, nil
}

// String is how the user may write it.
func (w *Whoami) String() string { return w.Name + "@" + w.Server }

func wantsPublicIP(p *Plan) bool { return p.PublicIP != nil }

// publicIP asks for the address that this computer is seen under.
func publicIP(ctx context.Context, s *Session) {
	asked := s.plan.PublicIP
	st := s.begin("public-ip", "", 0, "the public address, from "+asked.Server, lookupLimit)
	st.PublicIP = &fact.PublicIP{Service: asked.String()}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	address, err := s.whoami(ctx, st.PublicIP)
	if err == nil {
		st.PublicIP.Address = address.String()
	}
	st.end(ctx, err)
}

// whoami asks for an address and, where the server has none for the name, for a text that is one.
func (s *Session) whoami(ctx context.Context, seen *fact.PublicIP) (netip.Addr, error) {
	server, err := s.whoamiServer(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	seen.Server = server.String()
	for _, kind := range []uint16{dns.TypeA, dns.TypeTXT} {
		q := question{server: server, name: dns.Fqdn(s.plan.PublicIP.Name), kind: kind}
		reply, err := s.exchange(ctx, q, "udp", []time.Duration{udpWaits[0], udpWaits[1]})
		if err != nil {
			return netip.Addr{}, err
		}
		if address, ok := addressIn(reply.Answer); ok {
			return address, nil
		}
	}
	return netip.Addr{}, breach{fact.BadAnswer, "the answer holds no address"}
}

// whoamiServer is where the question goes.
func (s *Session) whoamiServer(ctx context.Context) (netip.AddrPort, error) {
	const port = 53
	typed := s.plan.PublicIP.Server
	if place, err := netip.ParseAddrPort(typed); err == nil {
		return place, nil
	}
	if address, err := netip.ParseAddr(typed); err == nil {
		return netip.AddrPortFrom(address, port), nil
	}
	found, err := s.network.LookupHost(ctx, typed)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range found {
		if a.Unmap().Is4() {
			return netip.AddrPortFrom(a.Unmap(), port), nil
		}
	}
	if len(found) == 0 {
		return netip.AddrPort{}, breach{fact.NotFound, "the DNS server has no address"}
	}
	return netip.AddrPortFrom(found[0], port), nil
}

// addressIn is the first address in an answer.
func addressIn(answer []dns.RR) (netip.Addr, bool) {
	for _, rr := range answer {
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A); ok {
				return a.Unmap(), true
			}
		case *dns.TXT:
			for _, text := range rr.Txt {
				if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
					return a, true
				}
			}
		}
	}
	return netip.Addr{}, false
}
