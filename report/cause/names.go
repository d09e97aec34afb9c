package cause

import (
	"fmt"
	"net/netip"
	"slices"

	"ftpdoctor/probe/fact"
)

// answer is what one DNS server said about the host, A and AAAA together.
type answer struct {
	server string
	asked  bool // named by the user, and not what programs here use
	found  []string
	seen   []*fact.Observation
}

// answers lists what each DNS server said about the host.
func (c *Case) answers() []answer {
	var all []answer
	for _, o := range c.Lookups {
		l := o.Lookup
		if l.Purpose != "" || l.Type == "" || o.Failed(fact.Interrupted) || l.Truncated && c.retried(l) {
			continue
		}
		i := slices.IndexFunc(all, func(a answer) bool { return a.server == l.Server })
		if i < 0 {
			i = len(all)
			all = append(all, answer{server: l.Server, asked: l.Asked})
		}
		all[i].found = distinct(append(all[i].found, l.Addresses()...))
		all[i].seen = append(all[i].seen, o)
	}
	return all
}

// retried says whether a truncated answer was asked for again over TCP (RFC 7766 section 5).
func (c *Case) retried(cut *fact.Lookup) bool {
	return slices.ContainsFunc(c.Lookups, func(o *fact.Observation) bool {
		l := o.Lookup
		return l.Server == cut.Server && l.Type == cut.Type && l.Purpose == cut.Purpose && l.Transport == "tcp" && o.Failure == nil
	})
}

// failed says whether each question to the server failed in one of the ways.
func (a answer) failed(kinds ...fact.Kind) bool {
	return !slices.ContainsFunc(a.seen, func(o *fact.Observation) bool { return !o.Failed(kinds...) })
}

// denies says whether the server said that the name itself does not exist. With an alias in the answer it is what the alias
// stands for that does not exist (RFC 6604 section 3).
func (a answer) denies() bool {
	return len(a.found) == 0 && a.alias() == "" && slices.ContainsFunc(a.seen, func(o *fact.Observation) bool { return o.Failed(fact.NXDomain) })
}

// empty says whether the server knows the name but no address: both questions were answered with none, or its alias leads nowhere.
func (a answer) empty() bool {
	if len(a.found) > 0 || a.denies() {
		return false
	}
	return a.alias() != "" && !a.failed(fact.Timeout, fact.ServFail) || !slices.ContainsFunc(a.seen, func(o *fact.Observation) bool { return o.Failed() })
}

// mute says whether the server gave no answer to anything.
func (a answer) mute() bool {
	return len(a.found) == 0 && !a.denies() && !a.empty() && !slices.ContainsFunc(a.seen, func(o *fact.Observation) bool { return !o.Failed() })
}

// alias is what the name stands for, as the last CNAME of the answer says; empty when there is none.
func (a answer) alias() string {
	for _, o := range a.seen {
		for _, r := range slices.Backward(o.Lookup.Records) {
			if r.Type == "CNAME" {
				return r.Value
			}
		}
	}
	return ""
}

// howMute says in which way servers gave no answer.
func howMute(servers []answer) string {
	number := len(servers)
	switch {
	case !slices.ContainsFunc(servers, func(a answer) bool { return !a.failed(fact.QueryRefused) }):
		return plural(number, "refuses", "refuse") + " to answer"
	case !slices.ContainsFunc(servers, func(a answer) bool { return !a.failed(fact.ServFail) }):
		return plural(number, "reports", "report") + " a failure in place of an answer"
	default:
		return plural(number, "gives", "give") + " no answer"
	}
}

func serversOf(answers []answer) []string {
	var names []string
	for _, a := range answers {
		names = append(names, a.server)
	}
	return names
}

func evidenceOf(answers []answer) []int {
	var found []int
	for _, a := range answers {
		found = append(found, ids(a.seen...)...)
	}
	return found
}

// system is what other programs on this computer get for the host; nil when that was not looked up.
func (c *Case) system() *fact.Observation {
	for _, o := range c.Lookups {
		if o.Lookup.Server == "system" {
			return o
		}
	}
	return nil
}

// addressGiven says whether no name led to the addresses: the user gave them, as the host or with --resolve.
func (c *Case) addressGiven() bool {
	_, err := netip.ParseAddr(c.Run.Target.Host)
	return err == nil || slices.ContainsFunc(c.Lookups, func(o *fact.Observation) bool { return o.Lookup.Server == "given" })
}

// canaryAnswered says whether a configured DNS server answered the question about the made-up name, whatever it said.
func (c *Case) canaryAnswered() bool {
	return slices.ContainsFunc(c.Lookups, func(o *fact.Observation) bool {
		return o.Lookup.Purpose == fact.CanaryName && !o.Lookup.Asked && (o.Failure == nil || o.Failed(fact.NXDomain))
	})
}

// hostsLine is the line of the hosts file that programs here use for the host; nil when there is none.
func (c *Case) hostsLine() *fact.HostsLine {
	system := c.system()
	if c.Hosts == nil || system == nil {
		return nil
	}
	for i, line := range c.Hosts.Hosts.Lines {
		if slices.Contains(system.Lookup.Addresses(), line.Address) {
			return &c.Hosts.Hosts.Lines[i]
		}
	}
	return nil
}

// settled says whether the addresses lead to the right server as far as can be seen: its certificate is the right one, or it
// works and shows no wrong one.
func (c *Case) settled() bool {
	return c.proved() || c.mayWork() && !slices.ContainsFunc(c.Endpoints, misnamed)
}

// proved says whether a certificate proved somewhere that it is the right server.
func (c *Case) proved() bool {
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Talk.Trusted() })
}

// misnamed says whether the server showed a certificate for other names.
func misnamed(e *Endpoint) bool {
	t := e.Talk.TLS
	return t != nil && slices.ContainsFunc(t.TLS.Faults, func(f fact.CertFault) bool { return f.Kind == fact.NameMismatch })
}

func tlsSteps(endpoints []*Endpoint) []int {
	var seen []*fact.Observation
	for _, e := range endpoints {
		seen = append(seen, e.Talk.TLS)
	}
	return ids(seen...)
}

// shortened keeps the first names of a long list.
func shortened(names []string) []string {
	const most = 3
	if len(names) == 0 {
		return []string{"no name at all"}
	}
	if len(names) > most {
		return append(slices.Clone(names[:most]), fmt.Sprintf("%d more", len(names)-most))
	}
	return names
}

// sharedSpace is the address space behind carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// isPrivate says whether an address only means something inside its own network.
func isPrivate(address string) bool {
	addr, err := netip.ParseAddr(address)
	addr = addr.Unmap()
	return err == nil && (addr.IsPrivate() || addr.IsLinkLocalUnicast() || sharedSpace.Contains(addr))
}

// isNowhere says whether no other computer can have an address: it is unspecified, or this computer itself.
func isNowhere(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && (addr.Unmap().IsLoopback() || addr.Unmap().IsUnspecified())
}

func isUnspecified(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Unmap().IsUnspecified()
}

// isPublic says whether an address can be that of a server on the internet.
func isPublic(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Unmap().IsGlobalUnicast() && !isPrivate(address)
}

// translated says whether an IPv6 address carries one of the name's IPv4 addresses in its last bits, or has the
// well-known prefix of translated addresses (RFC 6052 sections 2.1 and 2.2).
func (c *Case) translated(address string) bool {
	addr, err := netip.ParseAddr(address)
	if err != nil || !addr.Is6() {
		return false
	}
	if netip.MustParsePrefix("64:ff9b::/96").Contains(addr) {
		return true
	}
	bits := addr.As16()
	last := netip.AddrFrom4([4]byte(bits[12:])).String()
	return slices.ContainsFunc(c.answers(), func(a answer) bool { return slices.Contains(a.found, last) })
}

// subset says whether there are words and all of them are among others.
func subset(words, others []string) bool {
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(others, w) })
}

func overlap(words, others []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(others, w) })
}

// contentNetworks are the networks of CDNs that pass web pages alone unless they are told otherwise.
var contentNetworks = []struct {
	name     string
	networks []string
}{
	// https://www.cloudflare.com/ips/ (list of 2023-09-28).
	{"Cloudflare", []string{
		"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18", "108.162.192.0/18",
		"190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
		"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
		"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
	}},
}

// cdn names the content network that an address belongs to; empty when it is none that is known.
func cdn(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	name, _ := contentNetwork(addr.Unmap())
	return name
}

func contentNetwork(addr netip.Addr) (name string, network netip.Prefix) {
	for _, c := range contentNetworks {
		for _, typed := range c.networks {
			if network := netip.MustParsePrefix(typed); network.Contains(addr) {
				return c.name, network
			}
		}
	}
	return "", netip.Prefix{}
}

// ContentNetwork is the network of a CDN that an address belongs to; the zero prefix when it is none that is known.
func ContentNetwork(addr netip.Addr) netip.Prefix {
	_, network := contentNetwork(addr)
	return network
}
