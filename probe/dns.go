package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"ftpdoctor/probe/fact"
)

// The limits of a lookup. All of DNS ends within lookupLimit, whatever the servers do.
const (
	lookupLimit = 10 * time.Second
	tcpLimit    = 4 * time.Second
)

// udpWaits are the waits for an answer over UDP. After each but the last the question is sent once more.
var udpWaits = []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second}

// The bounds of what is asked and kept.
const (
	maxServers   = 4    // configured DNS servers that are asked; the C library uses three (resolv.conf(5))
	maxAddresses = 64   // addresses of the host that are looked at
	maxRecords   = 128  // records of an answer
	maxAliases   = 16   // links of a chain of CNAMEs
	maxStrays    = 64   // messages that do not answer the question, before the server is given up
	maxDatagram  = 4096 // bytes of an answer over UDP
)

// names looks the host up: what other programs here get for it, and what each DNS server answers.
func names(_ context.Context, s *Session) {
	switch {
	case len(s.plan.Given) > 0:
		s.addresses()
		s.skip("dns", "", "dns", "--resolve gave the addresses")
	case isLiteral(s.plan.Target.Host):
		s.skip("dns", "", "dns", "the host is an IP address")
	default:
		var all sync.WaitGroup
		all.Go(func() { s.addresses() })
		all.Go(func() { s.answers() })
		all.Wait()
	}
}

func isLiteral(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// lookupHost finds the addresses of the host to look at.
func (s *Session) lookupHost(ctx context.Context) []netip.Addr {
	if len(s.plan.Given) > 0 {
		return s.usable(s.given(ctx))
	}
	if literal, err := netip.ParseAddr(s.plan.Target.Host); err == nil {
		return s.usable([]netip.Addr{literal})
	}
	found := s.askSystem(ctx)
	if len(found) == 0 {
		found = s.answers() // no other program gets an address, but it may still be worth a look
	}
	return s.usable(found)
}

// given records the addresses of --resolve.
func (s *Session) given(ctx context.Context) []netip.Addr {
	st := s.begin("dns", "", 0, "the addresses of --resolve", 0)
	st.Lookup = &fact.Lookup{Server: "given", Transport: "system", Name: s.plan.Target.Host, Records: records(s.plan.Target.Host, s.plan.Given)}
	st.end(ctx, nil)
	return s.plan.Given
}

// askSystem asks for what other programs on this computer get.
func (s *Session) askSystem(ctx context.Context) []netip.Addr {
	host := s.plan.Target.Host
	st := s.begin("dns", "", 0, "the addresses of "+host, lookupLimit)
	limited, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	found, err := s.network.LookupHost(limited, host)
	if err == nil && len(found) == 0 {
		err = breach{fact.NotFound, "no address was found"}
	}
	st.Lookup = &fact.Lookup{Server: "system", Transport: "system", Name: host, Records: records(host, found)}
	st.end(ctx, err)
	return found
}

// records writes addresses down as DNS records.
func records(name string, addresses []netip.Addr) []fact.Record {
	var list []fact.Record
	for _, a := range addresses[:min(len(addresses), maxRecords)] {
		list = append(list, fact.Record{Name: name, Type: typeOf(a), Value: a.Unmap().String()})
	}
	return list
}

func typeOf(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "A"
	}
	return "AAAA"
}

// usable leaves out the addresses that are not worth a connection from here, and says so.
func (s *Session) usable(found []netip.Addr) []netip.Addr {
	var list []netip.Addr
	for _, a := range found {
		if a = a.Unmap(); !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	if s.plan.IPv4Only {
		list = s.leaveOut(list, "IPv6 addresses", "-4 asked for IPv4 only", netip.Addr.Is6)
	}
	if s.plan.IPv6Only {
		list = s.leaveOut(list, "IPv4 addresses", "-6 asked for IPv6 only", netip.Addr.Is4)
	}
	if slices.ContainsFunc(list, netip.Addr.Is4) {
		list = s.leaveOut(list, "IPv6 addresses", "this computer has no IPv6 address that reaches the internet", s.isOutOfReach())
	}
	if more := len(list) - maxAddresses; more > 0 {
		s.skip("endpoints", "", fmt.Sprintf("%d further addresses", more), fmt.Sprintf("the first %d are enough", maxAddresses))
		list = list[:maxAddresses]
	}
	return list
}

func (s *Session) leaveOut(list []netip.Addr, what, reason string, isOut func(netip.Addr) bool) []netip.Addr {
	if !slices.ContainsFunc(list, isOut) {
		return list
	}
	s.skip("endpoints", "", what, reason)
	return slices.DeleteFunc(list, isOut)
}

// isOutOfReach tells the IPv6 addresses of the internet on a computer that has none of its own.
func (s *Session) isOutOfReach() func(netip.Addr) bool {
	own, err := s.network.Addresses()
	reaches := err != nil || hasIPv6(own)
	return func(a netip.Addr) bool {
		return a.Is6() && a.IsGlobalUnicast() && !a.IsPrivate() && !reaches
	}
}

// question is one question to one DNS server.
type question struct {
	server  netip.AddrPort
	asked   bool // named with --resolver
	name    string
	kind    uint16
	purpose fact.Purpose
}

// askServers asks every DNS server, all side by side, and returns the addresses that any of them gave.
func (s *Session) askServers(ctx context.Context) []netip.Addr {
	questions := s.questions()
	found := make([][]netip.Addr, len(questions))
	until := time.Now().Add(lookupLimit)
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { found[i] = s.lookup(ctx, q, until) })
	}
	all.Wait()
	return slices.Concat(found...)
}

// questions lists what is asked: the addresses of the host and, of configured servers, a name that nobody has.
func (s *Session) questions() []question {
	var list []question
	host, canary := dns.Fqdn(s.plan.Target.Host), canaryName()
	configured := s.configuredServers()
	for _, server := range configured {
		list = append(list,
			question{server: server, name: host, kind: dns.TypeA},
			question{server: server, name: host, kind: dns.TypeAAAA},
			question{server: server, name: canary, kind: dns.TypeA, purpose: fact.CanaryName})
	}
	for _, server := range s.plan.Resolvers {
		if !slices.Contains(configured, server) {
			list = append(list,
				question{server: server, asked: true, name: host, kind: dns.TypeA},
				question{server: server, asked: true, name: host, kind: dns.TypeAAAA})
		}
	}
	return list
}

// canaryName is a name that nobody has: 130 random bits make it safe to say so, though somebody could register it.
// A name under .invalid, which nobody can have, would not do: resolvers answer it themselves (RFC 6761 section 6.4),
// so that whoever rewrites the answers about real names would not show.
func canaryName() string { return strings.ToLower(rand.Text()) + ".com." }

func (s *Session) configuredServers() []netip.AddrPort {
	var list []netip.AddrPort
	for _, server := range s.network.Resolvers() {
		if !slices.Contains(list, server) {
			list = append(list, server)
		}
	}
	if len(list) <= maxServers {
		return list
	}
	for _, server := range list[maxServers:] {
		s.skip("dns", server.String(), "the DNS server "+server.String(), fmt.Sprintf("the first %d are enough", maxServers))
	}
	return list[:maxServers]
}

// lookup asks over UDP and, where the answer was cut off, over TCP (RFC 7766 section 5). It returns the host's addresses.
func (s *Session) lookup(ctx context.Context, q question, until time.Time) []netip.Addr {
	answer := s.lookupOver(ctx, q, "udp", udpWaits)
	if left := time.Until(until); answer.Truncated && left > 0 {
		answer = s.lookupOver(ctx, q, "tcp", []time.Duration{min(left, tcpLimit)})
	}
	var found []netip.Addr
	for _, text := range answer.Addresses() {
		if a, err := netip.ParseAddr(text); err == nil && q.purpose == "" {
			found = append(found, a)
		}
	}
	return found
}

// lookupOver asks over one transport and records the answer.
func (s *Session) lookupOver(ctx context.Context, q question, transport string, waits []time.Duration) *fact.Lookup {
	var limit time.Duration
	for _, wait := range waits {
		limit += wait
	}
	st := s.begin("dns", q.server.String(), 0, "an answer of the DNS server "+q.server.String(), limit)
	st.Lookup = &fact.Lookup{
		Server:    q.server.String(),
		Transport: transport,
		Purpose:   q.purpose,
		Asked:     q.asked,
		Name:      unrooted(q.name),
		Type:      dns.TypeToString[q.kind],
	}
	reply, err := s.exchange(ctx, q, transport, waits)
	if err == nil {
		err = q.read(reply, st.Lookup)
	}
	st.end(ctx, err)
	return st.Lookup
}

// unrooted is a name without the dot of the root.
func unrooted(name string) string { return fact.Clean(strings.TrimSuffix(name, ".")) }

// exchange sends the question and waits for its answer. A late answer to an earlier try counts, too.
func (s *Session) exchange(ctx context.Context, q question, transport string, waits []time.Duration) (*dns.Msg, error) {
	until := time.Now().Add(waits[0]) // the connect counts, too
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	c, err := s.network.DialContext(limited, transport, q.server.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	over := &dns.Conn{Conn: c, UDPSize: maxDatagram}
	asked := new(dns.Msg).SetQuestion(q.name, q.kind)
	setDeadline(ctx, c, until)
	reply, err := askOnce(over, asked)
	for _, wait := range waits[1:] {
		if err == nil || !isTimeout(err) || ended(ctx) {
			break
		}
		setDeadline(ctx, c, time.Now().Add(wait))
		reply, err = askOnce(over, asked)
	}
	if transport == "udp" && err != nil && kind(err) == fact.Reset {
		err = breach{fact.Refused, err.Error()} // Windows reports an ICMP "port unreachable" so (WSARecv, WSAECONNRESET)
	}
	return reply, err
}

// askOnce sends a question and reads until its answer comes. Anything else that comes is only told of when nothing better
// does.
func askOnce(over *dns.Conn, asked *dns.Msg) (*dns.Msg, error) {
	if err := over.WriteMsg(asked); err != nil {
		return nil, err
	}
	var stray error
	for range maxStrays {
		reply, err := over.ReadMsg()
		var format *dns.Error
		switch {
		case errors.As(err, &format):
			stray = breach{fact.BadAnswer, "what came is not a DNS message: " + err.Error()}
		case err != nil && stray != nil:
			return nil, stray
		case err != nil:
			return nil, err
		case !isAnswer(reply, asked):
			stray = breach{fact.BadAnswer, "what came answers another question"}
		default:
			return reply, nil
		}
	}
	return nil, stray
}

// isAnswer says whether a message answers the question. A server that reports an error may leave the question out.
func isAnswer(reply, asked *dns.Msg) bool {
	if !reply.Response || reply.Id != asked.Id {
		return false
	}
	if len(reply.Question) == 0 {
		return reply.Rcode != dns.RcodeSuccess
	}
	got, want := reply.Question[0], asked.Question[0]
	return strings.EqualFold(got.Name, want.Name) && got.Qtype == want.Qtype && got.Qclass == want.Qclass
}

// read records an answer. The error says what is wrong with it, if anything.
func (q question) read(reply *dns.Msg, seen *fact.Lookup) error {
	seen.Rcode = rcodeName(reply.Rcode)
	seen.Truncated = reply.Truncated
	var err error
	seen.Records, err = q.follow(reply.Answer)
	switch reply.Rcode {
	case dns.RcodeSuccess:
		return err
	case dns.RcodeNameError:
		return breach{fact.NXDomain, "the name does not exist"}
	case dns.RcodeServerFailure:
		return breach{fact.ServFail, "the DNS server could not find an answer"}
	case dns.RcodeRefused:
		return breach{fact.QueryRefused, "the DNS server refuses to answer"}
	}
	return breach{fact.BadAnswer, "the DNS server answered with the code " + seen.Rcode}
}

func rcodeName(code int) string {
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return fmt.Sprintf("RCODE%d", code)
}

// follow keeps the records that lead from the question to its addresses: aliases (RFC 1034 section 3.6.2), then addresses.
func (q question) follow(answer []dns.RR) ([]fact.Record, error) {
	var kept []fact.Record
	name := q.name
	for range maxAliases {
		addresses, alias := q.at(name, answer)
		switch {
		case len(addresses) > 0:
			return append(kept, addresses...), nil
		case alias == nil:
			return kept, nil
		}
		kept = append(kept, fact.Record{Name: unrooted(name), Type: "CNAME", TTL: alias.Hdr.Ttl, Value: unrooted(alias.Target)})
		name = alias.Target
	}
	return kept, breach{fact.BadAnswer, fmt.Sprintf("the aliases (CNAME) lead in a circle, or through more than %d names", maxAliases)}
}

// at finds what an answer says about one name.
func (q question) at(name string, answer []dns.RR) (addresses []fact.Record, alias *dns.CNAME) {
	for _, rr := range answer {
		if !strings.EqualFold(rr.Header().Name, name) || len(addresses) == maxRecords {
			continue
		}
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A
		case *dns.AAAA:
			ip = rr.AAAA
		case *dns.CNAME:
			alias = rr
		}
		if a, ok := netip.AddrFromSlice(ip); ok && rr.Header().Rrtype == q.kind {
			if q.kind == dns.TypeA {
				a = a.Unmap() // the library may hold it in 16 bytes
			}
			addresses = append(addresses, fact.Record{Name: unrooted(name), Type: dns.TypeToString[q.kind], TTL: rr.Header().Ttl, Value: a.String()})
		}
	}
	return addresses, alias
}
