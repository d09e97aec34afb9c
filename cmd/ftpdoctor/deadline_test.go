package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"

	"ftpdoctor/probe"
	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/report"
)

// A server or a network may stop at any moment. Each world of the lab is looked at again and again, with a network that stops
// at another read, write, connect or lookup each time: the run must end in time, with a complete report, and leave nothing behind
// (synctest fails on a goroutine that is left).
func TestStopsAtEveryReadAndWrite(t *testing.T) {
	schema := compileSchema(t, "report")
	for _, s := range slices.Concat(lab.Scenarios, lab.Hostile) {
		t.Run(s.Name, func(t *testing.T) {
			all := runUntil(t, s, &stopping{}, schema)
			for _, n := range moments(s.Name, all) {
				runUntil(t, s, &stopping{at: n, whole: n%4 == 0}, schema)
			}
		})
	}
}

// everywhere are worlds, and what is asked there, in which together everything is said that this program can say. They are
// stopped at each step, the others at some.
var everywhere = map[string][]string{
	"healthy-vsftpd":         {},
	"healthy-sftp-password":  {"--idle=12s"},
	"healthy-sftp-write":     {},
	"healthy-login-implicit": {"--passive-samples=1"},
	"healthy-login-vsftpd":   {"--active", "--passive-samples=1", "--allow-plaintext", "--idle=12s", "--protocol=ftpes"},
}

// moments chooses the steps at which to stop.
func moments(name string, all int) []int {
	step := 1
	if everywhere[name] == nil || testing.Short() {
		step = 1 + all/2
	}
	var chosen []int
	for n := 1 + len(name)%step; n <= all; n += step {
		chosen = append(chosen, n)
	}
	return chosen
}

// slow are worlds in which what goes well takes so long that the waits of one conversation beside it reach the overall limit.
var slow = map[string]bool{"healthy-sftp-slow-line": true}

// graceTime is what a run may take beyond its deadline: to end a transfer that is under way, and to delete the file.
const graceTime = 30 * time.Second

// runUntil looks at a world through a network that stops, and returns how many steps that network saw.
func runUntil(t *testing.T, s lab.Scenario, stops *stopping, schema *jsonschema.Schema) (steps int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		computer := s.Build()
		defer computer.Close()
		stops.Network = computer
		var out, errs bytes.Buffer
		env := func(name string) string { return variable(s.Env, name) }
		p := &process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: env}
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		var f checkFlags
		var o outputFlags
		f.register(cmd.Flags())
		o.register(cmd.Flags())
		if err := cmd.Flags().Parse(slices.Concat(s.Args, everywhere[s.Name], []string{"-f", "json"})); err != nil {
			t.Fatal(err)
		}
		w := world{network: stops, roots: computer.Roots(), env: env}
		plan, err := f.plan(cmd.Flags().Arg(0), cmd.Flags().Changed("timeout"), w)
		if err != nil {
			t.Fatal(err)
		}
		limit := plan.Timeout
		began := time.Now()
		err = p.check(cmd, &f, &o, cmd.Flags().Arg(0), w)
		took := time.Since(began)
		steps = stops.seen
		where := fmt.Sprintf("stopped at %d of %s", stops.at, s.Name)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if took > limit+graceTime {
			t.Errorf("%s: took %v", where, took)
		}
		checkSchema(t, schema, out.String())
		var r report.Report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Verdict.Summary == "" {
			t.Errorf("%s: no complete report: %v", where, err)
		}
		switch {
		case took > limit && r.Stopped != fact.ByDeadline:
			t.Errorf("%s: took %v, and does not say that the time was over", where, took)
		case r.Stopped != "" && !stops.whole && !slow[s.Name]:
			t.Errorf("%s: a wait of one conversation has no end of its own (%s)", where, r.Stopped)
		}
	})
	return steps
}

// stopping is a network that stops at one step: one conversation, or all of them from then on.
type stopping struct {
	probe.Network
	at    int // the number of the step; 0: none
	whole bool

	mu   sync.Mutex
	seen int
}

// stops counts a step, and says whether the network stops at it.
func (n *stopping) stops() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen++
	return n.seen == n.at || n.whole && n.at > 0 && n.seen > n.at
}

func (n *stopping) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if n.stops() {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	c, err := n.Network.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return n.wrap(c), nil
}

func (n *stopping) DialSmall(ctx context.Context, address string, segment int) (net.Conn, error) {
	if n.stops() {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	c, err := n.Network.DialSmall(ctx, address, segment)
	if err != nil {
		return nil, err
	}
	return n.wrap(c), nil
}

func (n *stopping) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	if n.stops() {
		<-ctx.Done()
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: host, IsTimeout: true}
	}
	return n.Network.LookupHost(ctx, host)
}

func (n *stopping) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := n.Network.Listen(ctx, network, address)
	return stoppingListener{l, n}, err
}

type stoppingListener struct {
	net.Listener
	network *stopping
}

func (l stoppingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.network.wrap(c), nil
}

func (n *stopping) wrap(c net.Conn) net.Conn {
	wrapped := &stoppingConn{Conn: c, network: n}
	if _, ok := c.(net.PacketConn); ok { // by that DNS libraries tell datagrams from streams
		return stoppingPackets{wrapped}
	}
	return wrapped
}

// stoppingConn is a connection of such a network. Once it stands still, the other side is one that neither reads nor writes.
type stoppingConn struct {
	net.Conn
	network *stopping

	mu            sync.Mutex
	still, deaf   net.Conn // nil: it goes on
	room          int      // bytes that the operating system takes all the same
	reads, writes time.Time
}

// sendBuffer is what an operating system takes of a connection whose other side no longer reads. A library that holds a lock while
// it writes is not in its own way before that is full.
const sendBuffer = 64 << 10

// now is the connection as it is at a step.
func (c *stoppingConn) now() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still == nil && c.network.stops() {
		c.still, c.deaf = net.Pipe()
		c.room = sendBuffer
		_ = c.still.SetReadDeadline(c.reads)
		_ = c.still.SetWriteDeadline(c.writes)
	}
	if c.still != nil {
		return c.still
	}
	return c.Conn
}

func (c *stoppingConn) Read(b []byte) (int, error) { return c.now().Read(b) }

func (c *stoppingConn) Write(b []byte) (int, error) {
	now := c.now()
	if now != c.Conn && c.take(len(b)) {
		return len(b), nil
	}
	return now.Write(b)
}

// take says whether there is room for so many bytes.
func (c *stoppingConn) take(size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if size > c.room {
		return false
	}
	c.room -= size
	return true
}

func (c *stoppingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *stoppingConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still != nil {
		_ = c.still.Close()
		_ = c.deaf.Close()
	}
	return c.Conn.Close()
}

func (c *stoppingConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *stoppingConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = t
	if c.still != nil {
		_ = c.still.SetReadDeadline(t)
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *stoppingConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = t
	if c.still != nil {
		_ = c.still.SetWriteDeadline(t)
	}
	return c.Conn.SetWriteDeadline(t)
}

// stoppingPackets is a conversation in datagrams.
type stoppingPackets struct {
	*stoppingConn
}

func (p stoppingPackets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, p.RemoteAddr(), err
}

func (p stoppingPackets) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }
