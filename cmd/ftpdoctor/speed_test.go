package main

import (
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"ftpdoctor/probe"
	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// The times below are virtual, so that they count round trips and nothing else: they are the same on every computer.

// The longest chain of a healthy site is explicit TLS 1.2 on port 21, six round trips of 50 ms: connect, greeting,
// FEAT, AUTH TLS, and two for the handshake. Before it comes the name, one round trip of 2 ms to the router at home.
func TestHealthySiteTakesItsLongestChain(t *testing.T) {
	const chain = 2*time.Millisecond + 6*50*time.Millisecond
	took := virtually(t, nil, func(c *lab.Computer) { c.Internet.RTT = 50 * time.Millisecond })
	if took < chain || took > chain*11/10 {
		t.Errorf("took %v, the longest chain is %v", took, chain)
	}
}

// A sign-in by SSH takes seven round trips: connect, identification, two for the key exchange, the service, the methods, and the
// password; a key takes one more, for the question before the signature. The list of a folder takes eight: session, subsystem,
// version, where it begins, and four for the folder.
func TestSignInBySSHTakesItsChain(t *testing.T) {
	const trip = 50 * time.Millisecond
	for name, c := range map[string]struct {
		keys  []lab.Key
		trips time.Duration
	}{
		"password": {nil, 7 + 8},
		"key":      {[]lab.Key{lab.JaneEd25519}, 8 + 8},
	} {
		synctest.Test(t, func(t *testing.T) {
			net := lab.New()
			net.RTT = trip
			there := netip.MustParseAddr("203.0.113.21")
			net.Listen(there.String(), lab.SSH{Users: map[string]lab.Account{"jane": {Keys: c.keys}}}, 22)
			computer := &lab.Computer{Internet: net, Addrs: []netip.Prefix{netip.MustParsePrefix("192.168.1.20/24")}, SSHAgents: []lab.SSHAgent{{Address: "/run/agent", Keys: c.keys}}}
			defer computer.Close()
			began := time.Now()
			run := probe.Run(t.Context(), probe.Plan{
				Target:      fact.Target{Host: there.String(), Protocol: fact.SFTP, Port: 22, User: "jane"},
				Password:    "correct horse",
				TrustAnyway: true,
				Timeout:     usualTimeout,
			}, computer, nil)
			if took := time.Since(began); took < c.trips*trip || took > c.trips*trip*11/10 {
				t.Errorf("by %s it took %v, the chain is %v", name, took, c.trips*trip)
			}
			if !slices.ContainsFunc(run.Seen, func(o fact.Observation) bool {
				return o.SFTP != nil && o.SFTP.Request == fact.SFTPList && o.Failure == nil
			}) {
				t.Errorf("by %s nothing was listed", name)
			}
		})
	}
}

// The round trips of whole runs, each step of which waits for the one before. docs/performance.md spells them out.
func TestRoundTripsOfWholeRuns(t *testing.T) {
	for _, test := range []struct {
		name, scenario string
		args           []string
		trips          int
	}{
		// Connect, greeting, FEAT, AUTH, TLS 1.3.
		{"without a login", "healthy-vsftpd", []string{"ftpes://ftp.example.org:21"}, 5},
		// Before the listing 13: the five, FEAT, USER, PASS, FEAT, TYPE, PBSZ, PROT, PWD. Three listings of 5 each: by EPSV, by PASV, and
		// one over a TLS session of its own: the port, connect, LIST, TLS, data. A passive port takes 2.
		{"FTPS and a listing", "healthy-login-vsftpd", []string{"-u", "jane", "ftpes://ftp.example.org:21"}, 13 + 3*5 + usualSamples*2},
		// Connect, identification, key exchange 2, the service and "none" 2, password, session, subsystem, version, the folder, and 4 for its
		// listing: open, read, read to the end, close.
		{"SFTP and a listing", "healthy-sftp-password", []string{"-u", "jane", "sftp://sftp.example.org:22"}, 15},
	} {
		t.Run(test.name, func(t *testing.T) {
			const trip, lookup = 50 * time.Millisecond, 2 * time.Millisecond
			took := virtualRun(t, test.scenario, trip, test.args...)
			if want := lookup + time.Duration(test.trips)*trip; took != want {
				t.Errorf("took %v, want %d round trips: %v", took, test.trips, want)
			}
		})
	}
}

// virtualRun runs the whole program in a world, with a round trip to every host beyond the router.
func virtualRun(t *testing.T, name string, trip time.Duration, args ...string) (took time.Duration) {
	t.Helper()
	scenario, ok := lab.Find(name)
	if !ok {
		t.Fatalf("the scenario %s is gone", name)
	}
	synctest.Test(t, func(t *testing.T) {
		computer := scenario.Build()
		defer computer.Close()
		computer.Internet.RTT = trip
		env := func(name string) string { return variable(scenario.Env, name) }
		p := &process{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, env: env}
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		var f checkFlags
		var o outputFlags
		f.register(cmd.Flags())
		o.register(cmd.Flags())
		if err := cmd.Flags().Parse(args); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := p.check(cmd, &f, &o, cmd.Flags().Arg(0), world{network: computer, roots: computer.Roots(), env: env}); err != nil {
			t.Fatal(err)
		}
		took = time.Since(began)
	})
	return took
}

func TestNothingAnswers(t *testing.T) {
	took := virtually(t, nil, func(c *lab.Computer) {
		c.Internet.Paths = append(c.Internet.Paths, &lab.Path{Connect: lab.Dropped})
	})
	if took > 12*time.Second {
		t.Errorf("took %v, want at most 12 s", took)
	}
}

func TestMoreAddressesTakeNoMoreTime(t *testing.T) {
	var eight []netip.Addr
	for i := range 8 {
		eight = append(eight, netip.AddrFrom4([4]byte{198, 51, 100, byte(7 + i)}))
	}
	world := func(c *lab.Computer) {
		for _, address := range eight {
			c.Internet.Hosts[address] = c.Internet.Hosts[eight[0]]
		}
	}
	one, all := virtually(t, eight[:1], world), virtually(t, eight, world)
	if all > one {
		t.Errorf("8 addresses took %v, one took %v", all, one)
	}
}

// virtually measures a run against the healthy site with a change to its world, and counts its connections.
func virtually(t *testing.T, given []netip.Addr, change func(*lab.Computer)) (took time.Duration) {
	t.Helper()
	scenario, ok := lab.Find("healthy-files-com")
	if !ok {
		t.Fatal("the scenario healthy-files-com is gone")
	}
	synctest.Test(t, func(t *testing.T) {
		computer := scenario.Build()
		change(computer)
		plan := probe.Plan{
			Target:  fact.Target{Typed: scenario.Args[0], Host: scenario.Args[0], Profile: profile.FilesCom.Name},
			Profile: profile.FilesCom,
			Given:   given,
			Roots:   computer.Roots(),
			Timeout: usualTimeout,
		}
		began := time.Now()
		run := probe.Run(t.Context(), plan, computer, nil)
		took = time.Since(began)
		computer.Close()
		if run.Stopped != "" {
			t.Errorf("the run was stopped: %s", run.Stopped)
		}
		dialled := 0
		for _, o := range run.Seen {
			if o.Dial != nil {
				dialled++
			}
		}
		opened := 0
		for _, c := range computer.Connections() {
			if c.Network == "tcp" {
				opened++
			}
		}
		if dialled != opened {
			t.Errorf("the facts tell of %d connections, and %d were made", dialled, opened)
		}
	})
	return took
}

// BenchmarkAddresses looks at a name with 1, 8 and 64 addresses, of seven ports each, in real time and without any delay: what is left
// is the work of this computer, that of the servers of the lab included.
func BenchmarkAddresses(b *testing.B) {
	scenario, ok := lab.Find("healthy-files-com")
	if !ok {
		b.Fatal("the scenario healthy-files-com is gone")
	}
	for _, n := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				computer := scenario.Build()
				computer.Internet.RTT = time.Microsecond
				var given []netip.Addr
				for i := range n {
					given = append(given, netip.AddrFrom4([4]byte{198, 51, 100, byte(7 + i)}))
					computer.Internet.Hosts[given[i]] = computer.Internet.Hosts[given[0]]
				}
				plan := probe.Plan{
					Target:  fact.Target{Typed: scenario.Args[0], Host: scenario.Args[0], Profile: profile.FilesCom.Name},
					Profile: profile.FilesCom, Given: given, Roots: computer.Roots(), Timeout: usualTimeout,
				}
				run := probe.Run(b.Context(), plan, computer, nil)
				computer.Close()
				if run.Stopped != "" {
					b.Fatalf("the run was stopped: %s", run.Stopped)
				}
			}
		})
	}
}

// BenchmarkProgram starts the program of a release. Its size is a download, its start is felt each time.
func BenchmarkProgram(b *testing.B) {
	binary, size := buildRelease(b)
	if size > 15*mib {
		b.Errorf("the program has %d bytes, more than 15 MiB", size)
	}
	b.Run("list-causes", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command(binary, "list", "causes")
			cmd.Stdout = io.Discard
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size)/mib, "MiB-binary")
		if each := b.Elapsed() / time.Duration(b.N); each > 20*time.Millisecond {
			b.Errorf("a start takes %v, more than 20 ms", each)
		}
	})
}

const mib = 1 << 20

// buildRelease builds the program as a release is built.
func buildRelease(b *testing.B) (binary string, size int64) {
	b.Helper()
	binary = filepath.Join(b.TempDir(), "ftpdoctor")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	return binary, info.Size()
}
