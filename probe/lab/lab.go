// Package lab is a small internet in memory: names, addresses, latency, firewalls, and FTP, SSH, web and DNS
// servers that misbehave by name.
//
// Inside a testing/synctest bubble its time is virtual and round trips come out as whole numbers; the demo runs
// the same worlds in real time. The one rule of the package: a fault is a plain struct field, and what it does on
// the wire is what a real network or server does. The lab never knows what the program under test makes of it.
package lab

import (
	"net/netip"
	"slices"
	"time"
)

// Internet is what lies beyond the computer: the hosts, and the firewalls on the way to them.
type Internet struct {
	// RTT is the round trip to every host that sets none of its own.
	RTT time.Duration
	// Hosts holds every address that exists. Packets to any other address are lost.
	Hosts map[netip.Addr]*Host
	// Paths are the faults on the way. The first one that matches a connection holds for it.
	Paths []*Path
}

// New returns an empty internet with a round trip of 40 ms.
func New() *Internet {
	return &Internet{RTT: 40 * time.Millisecond, Hosts: map[netip.Addr]*Host{}}
}

// Host is one address and what listens on it. A port on which nothing listens refuses.
type Host struct {
	RTT   time.Duration // zero: the internet's
	Ports map[uint16]Server

	disk   *disk // of its FTP servers
	handed int   // passive ports so far

	sessions int // of jane, over FTP, now
}

// Server speaks with one visitor at a time, each in a goroutine of its own.
type Server interface {
	// serve has the whole conversation. The caller closes the connection when it returns.
	serve(c *conn)
}

// Listen puts a server on ports of an address, which exists from then on.
func (n *Internet) Listen(address string, server Server, ports ...uint16) {
	host := n.Host(address)
	for _, port := range ports {
		host.Ports[port] = server
	}
}

// Host returns the host with this address; it exists from then on.
func (n *Internet) Host(address string) *Host { return n.at(netip.MustParseAddr(address)) }

func (n *Internet) at(addr netip.Addr) *Host {
	if n.Hosts[addr] == nil {
		n.Hosts[addr] = &Host{Ports: map[uint16]Server{}}
	}
	return n.Hosts[addr]
}

// Outcome is what becomes of a TCP connect.
type Outcome int

// The outcomes of a connect.
const (
	Open            Outcome = iota // as the host decides
	Dropped                        // no answer ever comes
	Refused                        // a reset after one round trip
	Prohibited                     // ICMP "administratively prohibited" or "host unreachable"
	Unreachable                    // ICMP "network unreachable"
	BlockedHere                    // a program on this computer forbids it, at once
	AlwaysConnected                // a device in between completes the handshake, whatever listens behind it
)

// Path is a firewall, a proxy or a broken link on the way to some addresses and ports.
type Path struct {
	Addrs []netip.Addr // none: every address
	Ports []uint16     // none and no Range: every TCP port
	Range PortRange    // and these
	From  int          // lets this many matching connections pass before it takes effect
	First int          // takes effect on this many connections only; zero: on all

	Connect Outcome
	// LostSYNs is how many connection requests are lost before one arrives. They are repeated after 1, 2, 4 ... seconds
	// (RFC 6298, section 2).
	LostSYNs int
	// RTT replaces the round trip to the host, as with a proxy that is nearer than the host.
	RTT time.Duration
	// Answers speaks in place of the host. With AlwaysConnected and no Answers nothing ever speaks.
	Answers Server

	// ResetOn resets the connection once the visitor has sent one of these texts, such as "SSH-2.0" or ClientHello.
	ResetOn []string
	// StallOn lets nothing pass any more, either way, once the visitor has sent one of these texts.
	StallOn []string
	// Swallows loses pieces of the visitor's that begin with one of these texts, and nothing else.
	Swallows []string
	// ResetAfter resets the connection once the server has sent this many bytes.
	ResetAfter int
	// StallOver loses every piece from the server that is larger than this, and with it all that follows:
	// a path with a smaller MTU whose ICMP messages are filtered (RFC 2923, section 2.1).
	StallOver int
	// HidesTLS is a firewall that inspects FTP: it masks AUTH in what the visitor sends and in what FEAT lists.
	HidesTLS bool
	// StallAfter lets nothing pass any more, either way, once the visitor has sent this many bytes.
	StallAfter int
	// Forgets is a router that forgets a connection in which nothing passed for so long: nothing passes any more, either way.
	Forgets time.Duration
	// ForgetsLoudly lets it answer the visitor with a reset then.
	ForgetsLoudly bool
	// Source is the address that the visitor seems to come from, as with a second line to the internet.
	Source netip.Addr
	// Rewrites is what an FTP helper of a router puts into every 227 that it can read; port 0 leaves the port.
	Rewrites netip.AddrPort
	// Pinholes is a firewall that drops connections to the ports of Range, except to those that it has read in a 227 or
	// 229 on a connection to one of Ports.
	Pinholes bool

	seen  int
	holes map[uint16]bool
}

// PortRange is a range of ports. The zero one has none.
type PortRange struct{ First, Last uint16 }

func (r PortRange) has(port uint16) bool { return r.First > 0 && r.First <= port && port <= r.Last }

// ClientHello marks the start of a TLS conversation in ResetOn and StallOn: a handshake record of TLS 1.x.
const ClientHello = "\x16\x03"

// path returns the first fault on the way to an address and port, or one without any.
func (n *Internet) path(to netip.AddrPort) *Path {
	for _, p := range n.Paths {
		if len(p.Addrs) > 0 && !slices.Contains(p.Addrs, to.Addr()) {
			continue
		}
		if (len(p.Ports) > 0 || p.Range.First > 0) && !slices.Contains(p.Ports, to.Port()) && !p.Range.has(to.Port()) {
			continue
		}
		p.seen++
		if p.seen <= p.From || p.First > 0 && p.seen > p.From+p.First {
			continue
		}
		return p
	}
	return &Path{}
}

// rtt is the round trip to an address.
func (n *Internet) rtt(to netip.Addr, p *Path) time.Duration {
	if p.RTT > 0 {
		return p.RTT
	}
	if host := n.Hosts[to]; host != nil && host.RTT > 0 {
		return host.RTT
	}
	return n.RTT
}
