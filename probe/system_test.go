package probe

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

// Loopback shows what every connection of this computer has in common.
func TestSystemDials(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	place := l.Addr().String()
	c, err := System{}.DialContext(t.Context(), "tcp", place)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.RemoteAddr().(*net.TCPAddr); !ok {
		t.Errorf("the other side is a %T", c.RemoteAddr())
	}
	_ = c.Close()
	_ = l.Close()
	if _, err := (System{}).DialContext(t.Context(), "tcp", place); kind(err) != fact.Refused {
		t.Errorf("a closed port: %v", err)
	}
	if _, err := (System{}).DialContext(t.Context(), "tcp", "localhost:21"); err == nil || kind(err) != fact.Other {
		t.Errorf("a name: %v", err)
	}
}

func TestSystemStartsFromTheSource(t *testing.T) {
	for _, c := range []struct{ source, network, to string }{
		{"2001:db8::1", "tcp", "192.0.2.1:21"}, // of the other family
		{"192.0.2.200", "tcp", "192.0.2.1:21"}, // not this computer's
		{"192.0.2.200", "udp", "192.0.2.1:53"},
	} {
		sys := System{Source: netip.MustParseAddr(c.source)}
		if _, err := sys.DialContext(t.Context(), c.network, c.to); kind(err) != fact.AddressUnavailable {
			t.Errorf("from %s to %s: %v", c.source, c.to, err)
		}
	}
}

func TestSystemLooksUp(t *testing.T) {
	found, err := System{}.LookupHost(t.Context(), "localhost")
	if err != nil || !slices.ContainsFunc(found, netip.Addr.IsLoopback) {
		t.Errorf("localhost: %v, %v", found, err)
	}
	found, err = System{}.LookupHost(t.Context(), "-x")
	if err == nil {
		t.Errorf("-x has the addresses %v", found)
	}
}

func TestSystemKnowsItself(t *testing.T) {
	path, content, err := System{}.HostsFile()
	if err != nil || len(content) == 0 || !strings.HasSuffix(path, "hosts") {
		t.Errorf("the hosts file %s: %d bytes, %v", path, len(content), err)
	}
	addresses, err := System{}.Addresses()
	if err != nil || slices.ContainsFunc(addresses, func(p netip.Prefix) bool { return p.Addr().IsLoopback() }) {
		t.Errorf("addresses %v, %v", addresses, err)
	}
	for _, server := range (System{}).Resolvers() {
		if server.Port() != 53 {
			t.Errorf("the DNS server %v", server)
		}
	}
}
