package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

const (
	host   = "ftp.example.com"
	router = "192.168.1.1"
	public = "9.9.9.9"
)

var zone = []string{
	host + ". 60 IN A 198.51.100.7", host + ". 60 IN A 198.51.100.8", host + ". 60 IN AAAA 2001:db8::7",
	"www.example.com. 300 IN CNAME alias.example.com.", "alias.example.com. 30 IN CNAME " + host + ".",
	"loop.example.com. 60 IN CNAME pool.example.com.", "pool.example.com. 60 IN CNAME loop.example.com.",
	"empty.example.com. 60 IN TXT nothing",
}

// desk is a computer with IPv4 and IPv6 and one DNS server.
func desk(servers ...*lab.DNS) *lab.Computer {
	c := &lab.Computer{
		Internet: lab.New(),
		Addrs:    []netip.Prefix{netip.MustParsePrefix("192.168.1.20/24"), netip.MustParsePrefix("2001:db8:1::20/64")},
	}
	for i, server := range servers {
		address := fmt.Sprintf("192.168.1.%d", i+1)
		c.Internet.Listen(address, server, 53)
		c.NameServers = append(c.NameServers, netip.MustParseAddrPort(address+":53"))
	}
	return c
}

// lookUp carries out the check "dns" and returns what it recorded, and the addresses that the endpoints would get.
func lookUp(t *testing.T, c *lab.Computer, plan Plan) (seen []fact.Observation, found []string, took time.Duration) {
	t.Helper()
	if plan.Target.Host == "" {
		plan.Target.Host = host
	}
	synctest.Test(t, func(t *testing.T) {
		defer c.Close()
		began := time.Now()
		s := newSession(t.Context(), plan, c, nil)
		names(t.Context(), s)
		took = time.Since(began)
		found = texts(s.addresses())
		seen = s.result(t.Context()).Seen
	})
	return seen, found, took
}

// lookups picks the answers of one server, shortly written.
func lookups(seen []fact.Observation, server string) []string {
	var list []string
	for _, o := range seen {
		if o.Lookup == nil || o.Lookup.Server != server {
			continue
		}
		parts := []string{o.Lookup.Transport}
		for _, word := range []string{string(o.Lookup.Purpose), o.Lookup.Type, o.Lookup.Rcode} {
			if word != "" {
				parts = append(parts, word)
			}
		}
		if o.Lookup.Truncated {
			parts = append(parts, "cut")
		}
		if o.Failure != nil {
			parts = append(parts, "!"+string(o.Failure.Kind))
		}
		for _, r := range o.Lookup.Records {
			parts = append(parts, r.Value)
		}
		list = append(list, strings.Join(parts, " "))
	}
	return list
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got %s\nwant %s", what, strings.Join(got, "; "), strings.Join(want, "; "))
	}
}

func TestHealthyLookup(t *testing.T) {
	seen, found, took := lookUp(t, desk(&lab.DNS{Zone: zone}), Plan{})
	expect(t, "the system", lookups(seen, "system"), []string{"system 2001:db8::7 198.51.100.7 198.51.100.8"})
	expect(t, "the router", lookups(seen, router+":53"), []string{
		"udp A NOERROR 198.51.100.7 198.51.100.8",
		"udp AAAA NOERROR 2001:db8::7",
		"udp canary A NXDOMAIN !nxdomain",
	})
	expect(t, "addresses", found, []string{"2001:db8::7", "198.51.100.7", "198.51.100.8"})
	if took != 40*time.Millisecond {
		t.Errorf("took %v, one round trip is 40 ms", took)
	}
	for _, o := range seen {
		if o.Lookup.Purpose == fact.CanaryName && (!strings.HasSuffix(o.Lookup.Name, ".com") || len(o.Lookup.Name) != 30) {
			t.Errorf("the canary is %q", o.Lookup.Name)
		}
		if o.Lookup.Type == "A" && o.Lookup.Purpose == "" && (o.Lookup.Records[0] != fact.Record{Name: host, Type: "A", TTL: 60, Value: "198.51.100.7"}) {
			t.Errorf("the record is %+v", o.Lookup.Records[0])
		}
	}
}

func TestAliases(t *testing.T) {
	seen, _, _ := lookUp(t, desk(&lab.DNS{Zone: zone}), Plan{Target: fact.Target{Host: "www.example.com"}})
	expect(t, "aliases", lookups(seen, router+":53")[:1], []string{"udp A NOERROR alias.example.com " + host + " 198.51.100.7 198.51.100.8"})
	seen, found, _ := lookUp(t, desk(&lab.DNS{Zone: zone}), Plan{Target: fact.Target{Host: "loop.example.com"}})
	if got := lookups(seen, router+":53"); !strings.Contains(got[0], "A NOERROR !bad-answer pool.example.com loop.example.com") || strings.Count(got[0], "example.com") != maxAliases {
		t.Errorf("a circle is %q", got[0])
	}
	expect(t, "addresses of a circle", found, []string{})
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.DNS
		host   string
		want   string // the answer for A
		took   time.Duration
	}{
		"nxdomain": {server: lab.DNS{Zone: zone}, host: "none.example.com", want: "udp A NXDOMAIN !nxdomain", took: 40 * time.Millisecond},
		"nodata":   {server: lab.DNS{Zone: zone}, host: "empty.example.com", want: "udp A NOERROR", took: 40 * time.Millisecond},
		"servfail": {server: lab.DNS{Rcode: dns.RcodeServerFailure}, want: "udp A SERVFAIL !servfail"},
		"refused":  {server: lab.DNS{Rcode: dns.RcodeRefused}, want: "udp A REFUSED !query-refused"},
		"notimp":   {server: lab.DNS{Rcode: dns.RcodeNotImplemented}, want: "udp A NOTIMP !bad-answer"},
		"silent":   {server: lab.DNS{Silent: true}, want: "udp A !timeout", took: lookupLimit},
		"wrong id": {server: lab.DNS{Zone: zone, WrongID: true}, want: "udp A !bad-answer", took: lookupLimit},
		"garbage":  {server: lab.DNS{Garbage: true}, want: "udp A !bad-answer"},
		"endless":  {server: lab.DNS{Zone: zone, WrongID: true, Endless: 100}, want: "udp A !bad-answer"},
		"tcp":      {server: lab.DNS{Zone: zone, Truncates: true}, want: "udp A NOERROR cut; tcp A NOERROR 198.51.100.7 198.51.100.8"},
		"no tcp":   {server: lab.DNS{Zone: zone, Truncates: true, NoTCP: true}, want: "udp A NOERROR cut; tcp A !reset"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, _, took := lookUp(t, desk(&c.server), Plan{Target: fact.Target{Host: c.host}})
			var got []string
			for _, text := range lookups(seen, router+":53") {
				if strings.Contains(text, " A") && !strings.Contains(text, "AAAA") && !strings.Contains(text, "canary") {
					got = append(got, text)
				}
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
			if took > lookupLimit || c.took != 0 && took != c.took {
				t.Errorf("took %v, want %v", took, c.took)
			}
		})
	}
}

func TestSlowServerIsHeardOut(t *testing.T) {
	seen, _, took := lookUp(t, desk(&lab.DNS{Zone: zone, Wait: 6 * time.Second}), Plan{})
	if got := lookups(seen, router+":53")[0]; got != "udp A NOERROR 198.51.100.7 198.51.100.8" {
		t.Errorf("got %q", got)
	}
	if took > lookupLimit {
		t.Errorf("took %v", took)
	}
}

// Whatever the servers do, DNS ends in time, and the addresses are there as soon as the system knows them.
func TestAddressesDoNotWaitForDNSServers(t *testing.T) {
	c := desk(&lab.DNS{Zone: zone}, &lab.DNS{Silent: true})
	synctest.Test(t, func(t *testing.T) {
		defer c.Close()
		began := time.Now()
		s := newSession(t.Context(), Plan{Target: fact.Target{Host: host}}, c, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			names(t.Context(), s)
		}()
		if got := s.addresses(); len(got) != 3 || time.Since(began) != 40*time.Millisecond {
			t.Errorf("%d addresses after %v", len(got), time.Since(began))
		}
		<-done
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("all of DNS took %v", took)
		}
	})
}

func TestServersThatAreAsked(t *testing.T) {
	c := desk(&lab.DNS{Zone: zone}, &lab.DNS{Zone: zone}, &lab.DNS{Zone: zone}, &lab.DNS{Zone: zone}, &lab.DNS{Zone: zone})
	c.NameServers = append(c.NameServers, c.NameServers[0])
	c.Internet.Listen(public, &lab.DNS{Zone: zone}, 53)
	seen, _, _ := lookUp(t, c, Plan{Resolvers: []netip.AddrPort{netip.MustParseAddrPort(public + ":53"), c.NameServers[0]}})
	servers := map[string]int{}
	for _, o := range seen {
		if o.Lookup != nil {
			servers[o.Lookup.Server]++
			if o.Lookup.Asked != (o.Lookup.Server == public+":53") {
				t.Errorf("%s: asked is %v", o.Lookup.Server, o.Lookup.Asked)
			}
		}
		if o.Skip != nil && o.Skip.What != "the DNS server 192.168.1.5:53" {
			t.Errorf("skipped %+v", o.Skip)
		}
	}
	if servers[public+":53"] != 2 || servers["192.168.1.4:53"] != 3 || servers["192.168.1.5:53"] != 0 || servers["192.168.1.1:53"] != 3 {
		t.Errorf("asked %v", servers)
	}
}

func TestAddressesWithoutTheSystem(t *testing.T) {
	c := desk(&lab.DNS{Rcode: dns.RcodeServerFailure})
	c.Internet.Listen(public, &lab.DNS{Zone: zone}, 53)
	seen, found, _ := lookUp(t, c, Plan{Resolvers: []netip.AddrPort{netip.MustParseAddrPort(public + ":53")}})
	expect(t, "the system", lookups(seen, "system"), []string{"system !servfail"})
	expect(t, "addresses", found, []string{"198.51.100.7", "198.51.100.8", "2001:db8::7"})
}

// A canary that is answered is no address of the host.
func TestCanaryIsNoAddress(t *testing.T) {
	seen, found, _ := lookUp(t, desk(&lab.DNS{Search: netip.MustParseAddr("203.0.113.99")}), Plan{Target: fact.Target{Host: "nowhere.example.com"}})
	expect(t, "the router", lookups(seen, router+":53"), []string{
		"udp A NOERROR 203.0.113.99", "udp AAAA NOERROR", "udp canary A NOERROR 203.0.113.99",
	})
	expect(t, "addresses", found, []string{"203.0.113.99"})
}

func TestAddressesToLookAt(t *testing.T) {
	four, six, ula := netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("fd00::7")
	var many []netip.Addr
	for i := range 70 {
		many = append(many, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
	}
	for name, c := range map[string]struct {
		plan    Plan
		no6     bool
		want    []netip.Addr
		skipped string
	}{
		"given":             {plan: Plan{Given: []netip.Addr{four, six}}, want: []netip.Addr{four, six}},
		"twice":             {plan: Plan{Given: []netip.Addr{four, netip.AddrFrom16(four.As16()), four}}, want: []netip.Addr{four}},
		"-4":                {plan: Plan{Given: []netip.Addr{four, six}, IPv4Only: true}, want: []netip.Addr{four}, skipped: "IPv6 addresses"},
		"-6":                {plan: Plan{Given: []netip.Addr{four, six}, IPv6Only: true}, want: []netip.Addr{six}, skipped: "IPv4 addresses"},
		"no IPv6 here":      {plan: Plan{Given: []netip.Addr{four, six}}, no6: true, want: []netip.Addr{four}, skipped: "IPv6 addresses"},
		"no IPv6, no IPv4":  {plan: Plan{Given: []netip.Addr{six}}, no6: true, want: []netip.Addr{six}},
		"IPv6 of this site": {plan: Plan{Given: []netip.Addr{four, ula}}, no6: true, want: []netip.Addr{four, ula}},
		"literal":           {plan: Plan{Target: fact.Target{Host: "198.51.100.7"}}, want: []netip.Addr{four}},
		"many":              {plan: Plan{Given: many}, want: many[:64], skipped: "6 further addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			computer := desk(&lab.DNS{Zone: zone})
			if c.no6 {
				computer.Addrs = computer.Addrs[:1]
			}
			seen, found, took := lookUp(t, computer, c.plan)
			expect(t, "addresses", found, texts(c.want))
			var skipped []string
			for _, o := range seen {
				if o.Skip != nil && o.Check == "endpoints" {
					skipped = append(skipped, o.Skip.What)
				}
			}
			if got := strings.Join(skipped, ", "); got != c.skipped {
				t.Errorf("skipped %q, want %q", got, c.skipped)
			}
			if took != 0 || len(computer.Connections()) != 0 {
				t.Errorf("took %v and %v", took, computer.Connections())
			}
		})
	}
}

func TestLookupThatWasStopped(t *testing.T) {
	c := desk(&lab.DNS{Silent: true})
	synctest.Test(t, func(t *testing.T) {
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		s := newSession(ctx, Plan{Target: fact.Target{Host: host}}, c, nil)
		names(ctx, s)
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		for _, o := range s.result(ctx).Seen {
			if !o.Failed(fact.Interrupted) {
				t.Errorf("%+v: %+v", o.Lookup, o.Failure)
			}
		}
	})
}

// Nothing that a server can put into an answer breaks the reader.
func FuzzAnswer(f *testing.F) {
	q := question{name: "ftp.example.com.", kind: dns.TypeA}
	asked := new(dns.Msg).SetQuestion(q.name, q.kind)
	asked.Id = 4711
	good := new(dns.Msg).SetReply(asked)
	for _, line := range []string{"ftp.example.com. 60 IN CNAME b.", "b. 60 IN A 192.0.2.1"} {
		rr, err := dns.NewRR(line)
		if err != nil {
			f.Fatal(err)
		}
		good.Answer = append(good.Answer, rr)
	}
	packed, err := good.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > dns.MaxMsgSize {
			return
		}
		near, far := net.Pipe()
		go func() {
			_, _ = far.Read(make([]byte, 512))
			_, _ = far.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
			_ = far.Close()
		}()
		reply, err := askOnce(&dns.Conn{Conn: near}, asked)
		_ = near.Close()
		if err != nil {
			return
		}
		var seen fact.Lookup
		_ = q.read(reply, &seen)
		if len(seen.Records) > maxRecords+maxAliases {
			t.Errorf("%d records", len(seen.Records))
		}
		for _, r := range seen.Records {
			if fact.Clean(r.Name) != r.Name || fact.Clean(r.Value) != r.Value {
				t.Errorf("not clean: %+v", r)
			}
		}
	})
}
