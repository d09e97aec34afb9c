package probe

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// look runs the endpoints and the controls against a world of the lab.
func look(t *testing.T, c *lab.Computer, host string, change func(*Plan)) fact.Run {
	t.Helper()
	plan := Plan{
		Target:  fact.Target{Host: host},
		Profile: profile.ForHost(host),
		Roots:   c.Roots(),
		Only:    []string{"endpoints", "control"},
	}
	if change != nil {
		change(&plan)
	}
	return Run(context.Background(), plan, c, nil)
}

// The one address of the small worlds.
const (
	there = "203.0.113.21"
	spot  = there + ":2100"
)

// world is a computer that sees one server on one port.
func world(server lab.Server) *lab.Computer {
	net := lab.New()
	net.Listen(there, server, 2100)
	return &lab.Computer{Internet: net, Addrs: []netip.Prefix{netip.MustParsePrefix("192.168.1.20/24")}}
}

// visit has the conversation of a protocol with one server, and returns what was seen there.
func visit(t *testing.T, server lab.Server, speaks fact.Protocol) (first []fact.Observation, all fact.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := world(server)
		defer c.Close()
		all = look(t, c, there, func(p *Plan) { p.Target.Port, p.Target.Protocol = 2100, speaks })
		if talks := conversations(all, spot); len(talks) > 0 {
			first = talks[0]
		}
	})
	return first, all
}

// conversations groups what was seen at a place by connection, in order.
func conversations(run fact.Run, place string) [][]fact.Observation {
	var talks [][]fact.Observation
	for _, o := range run.Seen {
		switch {
		case o.Endpoint != place:
		case o.Dial != nil:
			talks = append(talks, []fact.Observation{o})
		default:
			talks[len(talks)-1] = append(talks[len(talks)-1], o)
		}
	}
	return talks
}

// The longest chain of a healthy site: the answer of the resolver, then connect, greeting, FEAT, AUTH and the two
// round trips of TLS 1.2 (RFC 5246 section 7.3), each 50 ms. Everything else runs beside it.
func TestAHealthySiteTakesItsLongestChain(t *testing.T) {
	const rtt, resolver = 50, 2
	synctest.Test(t, func(t *testing.T) {
		scenario, _ := lab.Find("healthy-files-com")
		c := scenario.Build()
		defer c.Close()
		c.Internet.RTT = rtt * time.Millisecond
		run := look(t, c, scenario.Args[0], nil)
		for _, o := range run.Seen {
			if o.Failure != nil && (o.Dial == nil || o.Dial.Purpose != fact.PromisedPort) {
				t.Errorf("%s: %+v", o.Endpoint, o.Failure)
			}
		}
		if want := fact.Millis(resolver + 6*rtt); run.Took != want {
			t.Errorf("took %v ms, want %v", run.Took, want)
		}
		if n := len(conversations(run, "198.51.100.8:21")); n != 1 {
			t.Errorf("%d connections to one port", n)
		}
	})
}

// The connects give up after 10 s, the controls 1.5 s later.
func TestADeadNetworkTakesTwelveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scenario, _ := lab.Find("host-silent")
		c := scenario.Build()
		defer c.Close()
		if run := look(t, c, scenario.Args[0], nil); run.Took > 12000 {
			t.Errorf("took %v ms", run.Took)
		}
	})
}

// Seven ports of eight addresses take no more time than those of one.
func TestAddressesTakeNoTurns(t *testing.T) {
	var took []fact.Millis
	for _, addresses := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			scenario, _ := lab.Find("healthy-files-com")
			c := scenario.Build()
			defer c.Close()
			first := netip.MustParseAddr("198.51.100.7")
			var given []netip.Addr
			for n := range addresses {
				copied := netip.AddrFrom4([4]byte{198, 51, 100, byte(100 + n)})
				c.Internet.Hosts[copied] = c.Internet.Hosts[first]
				given = append(given, copied)
			}
			run := look(t, c, scenario.Args[0], func(p *Plan) { p.Given = given })
			took = append(took, run.Took)
			if want := 7*addresses + mostPromised; len(c.Connections()) != want {
				t.Errorf("%d connections, want %d", len(c.Connections()), want)
			}
		})
	}
	if took[0] != took[1] {
		t.Errorf("took %v ms", took)
	}
}

// BenchmarkHealthySite is the work that a run costs this computer, on a line without latency.
func BenchmarkHealthySite(b *testing.B) {
	scenario, _ := lab.Find("healthy-files-com")
	c := scenario.Build()
	defer c.Close()
	c.Internet.RTT = time.Microsecond
	plan := Plan{Target: fact.Target{Host: scenario.Args[0]}, Profile: profile.FilesCom, Roots: c.Roots()}
	b.ReportAllocs()
	for b.Loop() {
		if run := Run(b.Context(), plan, c, nil); len(run.Seen) < 100 {
			b.Fatalf("only %d facts", len(run.Seen))
		}
	}
}

func TestPorts(t *testing.T) {
	for _, c := range []struct {
		profile  profile.Profile
		protocol fact.Protocol
		port     int
		want     []profile.Port
	}{
		{profile.Fortrabbit, "", 0, profile.Fortrabbit.Ports},
		{profile.FilesCom, fact.SFTP, 0, []profile.Port{{Number: 22, Speaks: fact.SFTP}, {Number: 3022, Speaks: fact.SFTP}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.FilesCom, fact.FTP, 0, []profile.Port{{Number: 21, Speaks: fact.FTP}, {Number: 3021, Speaks: fact.FTP}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.Fortrabbit, fact.FTPS, 0, []profile.Port{{Number: 990, Speaks: fact.FTPS}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.Generic, "", 990, []profile.Port{{Number: 990, Speaks: fact.FTPS}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.Generic, "", 2222, []profile.Port{{Number: 2222}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.Generic, fact.SFTP, 21, []profile.Port{{Number: 21, Speaks: fact.SFTP}, {Number: 443, Speaks: fact.HTTPS}}},
		{profile.Generic, "", 443, []profile.Port{{Number: 443, Speaks: fact.HTTPS}}},
		{profile.Generic, fact.SFTP, 443, []profile.Port{{Number: 443, Speaks: fact.SFTP}}},
	} {
		s := &Session{plan: Plan{Profile: c.profile, Target: fact.Target{Protocol: c.protocol, Port: c.port}}}
		if got := s.plan.Ports(); !slices.Equal(got, c.want) {
			t.Errorf("%s, %q, port %d: %v, want %v", c.profile.Name, c.protocol, c.port, got, c.want)
		}
	}
}

func TestAPortOfWhichNothingIsKnownIsAsked(t *testing.T) {
	seen, _ := visit(t, lab.SSH{}, "")
	if last := seen[len(seen)-1]; last.Kex == nil || last.Kex.HostKey == nil {
		t.Errorf("the SSH server ends with %+v", last)
	}
	seen, _ = visit(t, lab.FTP{}, "")
	if last := seen[len(seen)-1]; last.Reply == nil || last.Reply.Command != "AUTH TLS" || last.Reply.Code != 530 {
		t.Errorf("the FTP server ends with %+v", last)
	}
}

func TestManyPortsOfOneAddressTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := world(lab.Raw{Hang: true})
		defer c.Close()
		var ports []profile.Port
		for n := range 3 * perAddress {
			c.Internet.Listen(there, lab.FTP{}, uint16(3000+n))
			ports = append(ports, profile.Port{Number: 3000 + n, Speaks: fact.FTP})
		}
		run := look(t, c, there, func(p *Plan) { p.Profile = profile.Profile{Ports: ports} })
		// Connect, greeting and FEAT take three round trips of 40 ms; the ports take three turns.
		if run.Took != 3*3*40 {
			t.Errorf("took %v ms", run.Took)
		}
	})
}

// An interrupt ends every wait at once, and what was under way says that it was interrupted.
func TestInterrupt(t *testing.T) {
	for name, server := range map[string]lab.Server{
		"greeting":  lab.Raw{Hang: true},
		"reply":     lab.FTP{AuthHang: true},
		"handshake": lab.FTP{TLS: &lab.TLS{Hang: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := world(server)
				defer c.Close()
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(3*time.Second, cancel)
				plan := Plan{Target: fact.Target{Host: there, Port: 2100, Protocol: fact.FTPES}, Roots: c.Roots()}
				run := Run(ctx, plan, c, nil)
				if run.Took != 3000 || run.Stopped != fact.ByUser {
					t.Errorf("took %v ms, stopped %q", run.Took, run.Stopped)
				}
				talk := conversations(run, spot)
				if last := talk[0][len(talk[0])-1]; len(talk) != 1 || !last.Failed(fact.Interrupted) {
					t.Errorf("%d connections, the first ends with %+v", len(talk), last)
				}
			})
		})
	}
}
