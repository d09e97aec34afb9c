package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpdoctor/probe/fact"
)

// The tests against real servers run the built program in a network namespace of
// its own. Two more namespaces are a router and a host of servers. There is no
// route to anywhere else:
//
//	client 203.0.113.10 -- 203.0.113.1 router 198.51.100.1 -- 198.51.100.7, .8, .9 server
//	  2001:db8:1::10           (DNS server)                      2001:db8:2::7
//
// All addresses are of the blocks for documentation (RFC 5737, RFC 3849).
const (
	clientAddress  = "203.0.113.10"
	clientAddress6 = "2001:db8:1::10"
	dnsAddress     = "203.0.113.1"
	otherDNS       = "203.0.113.2" // a second DNS server, for --resolver
	serverAddress  = "198.51.100.7"
	secondAddress  = "198.51.100.8"
	thirdAddress   = "198.51.100.9"
	serverAddress6 = "2001:db8:2::7"
)

// A namespace of these tests is called ftpdoctor-PID-NUMBER-ROLE, so that a later
// run recognises what a killed one left behind.
var namespaceName = regexp.MustCompile(`^ftpdoctor-(\d+)-\d+-(client|router|server)$`)

var networksMade atomic.Int64

// serverUsers is the user list of the host of servers.
const serverUsers = `root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
sshd:x:901:65534::/run/sshd:/usr/sbin/nologin
ftp:x:902:65534::/nonexistent:/usr/sbin/nologin
`

// require turns a skip into a failure. CI sets it, as it has installed everything.
var require = os.Getenv("FTPDOCTOR_REAL") == "require"

// missing skips the test, or fails it where everything has to be there.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if require {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// program finds a program that the test needs: among the unpacked packages first,
// as servers that exclude each other cannot be installed side by side.
func program(t *testing.T, name string) string {
	t.Helper()
	folders := filepath.SplitList(os.Getenv("PATH"))
	folders = append(folders, "/usr/sbin", "/sbin") // not on everybody's PATH
	if root := os.Getenv("FTPDOCTOR_REAL_ROOT"); root != "" {
		folders = slices.Insert(folders, 0, filepath.Join(root, "usr/sbin"), filepath.Join(root, "usr/bin"))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return path
		}
	}
	missing(t, "%s is not installed; run .ci/run, or install it", name)
	return ""
}

// buildProgram builds the program as it is released.
func buildProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ftpdoctor")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// network is a client, a router and a server of one test.
type network struct {
	t       *testing.T
	program string // the built ftpdoctor
	dir     string // for the files of the servers
	started []*server

	client, router, server string // the names of the namespaces
}

func newNetwork(t *testing.T, program string) *network {
	t.Helper()
	prefix := fmt.Sprintf("ftpdoctor-%d-%d-", os.Getpid(), networksMade.Add(1))
	n := &network{
		t:       t,
		program: program,
		dir:     t.TempDir(),
		client:  prefix + "client",
		router:  prefix + "router",
		server:  prefix + "server",
	}
	t.Cleanup(func() {
		for _, s := range n.started {
			s.showLog()
		}
		removeNamespaces(n.client, n.router, n.server)
	})
	for _, namespace := range []string{n.client, n.router, n.server} {
		n.ip("netns add " + namespace)
		n.ip("-n " + namespace + " link set lo up")
		// No waiting whether an IPv6 address is taken already (RFC 4862 section 5.4).
		n.run(namespace, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad")
	}
	n.cable(n.client, "client", clientAddress, clientAddress6, dnsAddress, "2001:db8:1::1")
	n.cable(n.server, "server", serverAddress, serverAddress6, "198.51.100.1", "2001:db8:2::1")
	for _, more := range []string{secondAddress, thirdAddress} {
		n.ip("-n " + n.server + " address add " + more + "/24 dev wire")
	}
	n.ip("-n " + n.router + " address add " + otherDNS + "/24 dev client")
	n.run(n.router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")

	n.etc(n.client, "resolv.conf", "nameserver "+dnsAddress+"\n")
	n.etc(n.client, "passwd", "root:x:0:0::"+n.dir+":/bin/sh\n") // where ssh looks for the home folder: it does not read HOME
	n.etc(n.client, "hosts", "127.0.0.1 localhost\n::1 localhost\n")
	n.etc(n.server, "resolv.conf", "nameserver 127.0.0.1\n") // refuses at once: no server waits for a name
	n.etc(n.server, "hosts", "127.0.0.1 localhost\n")
	n.etc(n.server, "passwd", serverUsers)
	return n
}

// cable lays a cable from the device "wire" of a namespace to a device of the router.
func (n *network) cable(namespace, device, address, address6, gateway, gateway6 string) {
	n.t.Helper()
	n.ip("link add wire netns " + namespace + " type veth peer name " + device + " netns " + n.router)
	n.plug(namespace, "wire", address, address6)
	n.plug(n.router, device, gateway, gateway6)
	n.ip("-n " + namespace + " route add default via " + gateway)
	n.ip("-n " + namespace + " -6 route add default via " + gateway6)
}

func (n *network) plug(namespace, device, address, address6 string) {
	n.t.Helper()
	n.ip("-n " + namespace + " address add " + address + "/24 dev " + device)
	n.ip("-n " + namespace + " address add " + address6 + "/64 dev " + device + " nodad")
	n.ip("-n " + namespace + " link set " + device + " up")
}

func (n *network) ip(args string) {
	n.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v\n%s", args, err, out)
	}
}

// run runs a program in a namespace to its end.
func (n *network) run(namespace string, argv ...string) string {
	n.t.Helper()
	out, err := exec.Command("ip", append([]string{"netns", "exec", namespace}, argv...)...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// etc writes a file that the programs of a namespace see in /etc (ip-netns(8)).
func (n *network) etc(namespace, name, content string) {
	n.t.Helper()
	path := filepath.Join("/etc/netns", namespace, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// file writes a file of a server.
func (n *network) file(name, content string) string {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// onTheWay gives the router firewall rules for what it forwards.
func (n *network) onTheWay(rules ...string) {
	n.t.Helper()
	n.firewall("type filter hook forward priority 0", rules)
}

// toTheRouter gives the router firewall rules for what is meant for itself, such as DNS questions.
func (n *network) toTheRouter(rules ...string) {
	n.t.Helper()
	n.firewall("type filter hook input priority 0", rules)
}

// fromTheRouter gives the router firewall rules for what it says itself, such as ICMP messages.
func (n *network) fromTheRouter(rules ...string) {
	n.t.Helper()
	n.firewall("type filter hook output priority 0", rules)
}

// redirected gives the router rules that lead connections elsewhere.
func (n *network) redirected(rules ...string) {
	n.t.Helper()
	n.firewall("type nat hook prerouting priority -100", rules)
}

func (n *network) firewall(chain string, rules []string) {
	n.t.Helper()
	_, hook, _ := strings.Cut(chain, "hook ")
	hook, _, _ = strings.Cut(hook, " ")
	n.nft(hook, fmt.Sprintf("chain rules {\n%s;\n%s\n}", chain, strings.Join(rules, "\n")))
}

// nft adds a table of rules to the router.
func (n *network) nft(name, content string) {
	n.t.Helper()
	table := fmt.Sprintf("table inet test_%s {\n%s\n}\n", name, content)
	n.run(n.router, program(n.t, "nft"), "-f", n.file("nft-"+name, table))
}

// connections is how many TCP connections the router has seen the client open, those that it dropped left out.
func (n *network) connections() int {
	n.t.Helper()
	out := n.run(n.router, program(n.t, "nft"), "-j", "list", "table", "inet", "test_count")
	var listing struct {
		Nftables []struct {
			Counter *struct{ Packets int }
		}
	}
	if err := json.Unmarshal([]byte(out), &listing); err != nil {
		n.t.Fatalf("nft: %v\n%s", err, out)
	}
	for _, item := range listing.Nftables {
		if item.Counter != nil {
			return item.Counter.Packets
		}
	}
	n.t.Fatalf("nft shows no counter:\n%s", out)
	return 0
}

// countConnections makes the router count. Conntrack sees a connection as new until its first answer.
func (n *network) countConnections() {
	n.t.Helper()
	n.nft("count", `
	counter opened { }
	chain rules {
		type filter hook forward priority 10;
		iifname client meta l4proto tcp ct state new counter name opened
	}`)
}

// server is a program that serves in a namespace until the test ends.
type server struct {
	n    *network
	argv []string
	log  string // path
	cmd  *exec.Cmd
}

// ownRun gives a server a /run and a /var/log of its own. Pure-FTPd counts its visitors in /run, those of other tests too,
// Debian's sshd wants a folder there, and it writes failed logins to /var/log/btmp.
const ownRun = `mount -t tmpfs run /run && mkdir /run/sshd && mount -t tmpfs log /var/log && exec "$0" "$@"`

// serve starts a server and waits until it listens.
func (n *network) serve(namespace string, listens []string, argv ...string) *server {
	n.t.Helper()
	log, err := os.CreateTemp(n.dir, "log-")
	if err != nil {
		n.t.Fatal(err)
	}
	s := &server{n: n, argv: argv, log: log.Name()}
	s.cmd = exec.Command("ip", append([]string{"netns", "exec", namespace, "sh", "-c", ownRun}, argv...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing outlives a killed test
	err = s.cmd.Start()
	_ = log.Close()
	if err != nil {
		n.t.Fatal(err)
	}
	n.started = append(n.started, s)
	n.await(namespace, s, listens)
	return s
}

// await waits until a namespace listens at all of the places, "tcp ADDRESS:PORT" or "udp ADDRESS:PORT".
func (n *network) await(namespace string, s *server, listens []string) {
	n.t.Helper()
	ss := program(n.t, "ss")
	var last string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		last = n.run(namespace, ss, "-Hlntu")
		if !slices.ContainsFunc(listens, func(place string) bool { return !listening(last, place) }) {
			return
		}
	}
	n.t.Fatalf("%s does not listen at %s within 10 s; listening are:\n%s", s.argv[0], listens, last)
}

// listening looks for a place among the lines of ss: netid, state, two queues, local address, peer.
func listening(ss, place string) bool {
	network, address, _ := strings.Cut(place, " ")
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	anywhere := []string{address, "*:" + port, "[::]:" + port, "0.0.0.0:" + port, "[::ffff:" + host + "]:" + port}
	for line := range strings.Lines(ss) {
		fields := strings.Fields(line)
		if len(fields) > 4 && fields[0] == network && slices.Contains(anywhere, fields[4]) {
			return true
		}
	}
	return false
}

// showLog shows what the server said, for a test that failed.
func (s *server) showLog() {
	if !s.n.t.Failed() {
		return
	}
	if said, err := os.ReadFile(s.log); err == nil && len(said) > 0 {
		s.n.t.Logf("%s said:\n%s", strings.Join(s.argv, " "), said)
	}
}

// listen opens a port in a namespace, for a server inside this process.
func (n *network) listen(namespace, address string) net.Listener {
	n.t.Helper()
	var listener net.Listener
	err := inside(namespace, func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// dial connects from a namespace, until the test ends.
func (n *network) dial(namespace, address string) net.Conn {
	n.t.Helper()
	var conn net.Conn
	err := inside(namespace, func() (err error) {
		conn, err = net.DialTimeout("tcp", address, 10*time.Second)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// inside opens a socket in a namespace. A socket stays in the namespace in which it was made. The thread must
// come back and live on: the servers that it started would be killed with it, see Pdeathsig in prctl(2).
func inside(namespace string, open func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = home.Close() }()
	away, err := os.Open(filepath.Join("/run/netns", namespace))
	if err != nil {
		return err
	}
	defer func() { _ = away.Close() }()
	if err := unix.Setns(int(away.Fd()), unix.CLONE_NEWNET); err != nil {
		return os.NewSyscallError("setns", err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(err) // the thread is good for nothing
		}
	}()
	return open()
}

// removeNamespaces ends what runs in the namespaces and removes them.
func removeNamespaces(namespaces ...string) {
	for _, namespace := range namespaces {
		pids, _ := exec.Command("ip", "netns", "pids", namespace).Output()
		for field := range strings.FieldsSeq(string(pids)) {
			if pid, err := strconv.Atoi(field); err == nil && pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		_ = exec.Command("ip", "netns", "delete", namespace).Run()
		_ = os.RemoveAll(filepath.Join("/etc/netns", namespace))
	}
}

// sweep removes the namespaces of runs that were killed.
func sweep() {
	for _, folder := range []string{"/run/netns", "/etc/netns"} {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			match := namespaceName.FindStringSubmatch(entry.Name())
			if match == nil {
				continue
			}
			if _, err := os.Stat("/proc/" + match[1]); errors.Is(err, os.ErrNotExist) {
				removeNamespaces(entry.Name())
			}
		}
	}
}

// diagnosis is what the tests read of a report, by the names of the JSON.
type diagnosis struct {
	exit    int
	took    time.Duration
	raw     []byte
	Verdict struct {
		Status  string
		Exit    int
		Summary string
	}
	Findings []finding
	Ways     []way
	Facts    []fact.Observation
	Spent    struct{ Connections int }
}

type finding struct {
	Cause       string
	Severity    string
	Confidence  string
	Says        string
	Where       []string
	ExplainedBy string `json:"explained_by"`
	Candidates  []struct{ Cause string }
}

type way struct {
	Protocol   string
	Host       string
	Port       int
	Encryption string
	SignIn     string `json:"sign_in"`
	Proof      string
}

// doctor runs the program on the client, as a user would, and reads its report.
func (n *network) doctor(args ...string) *diagnosis {
	n.t.Helper()
	return n.doctorWith(nil, args...)
}

// doctorWith runs the program with more in its environment.
func (n *network) doctorWith(environment []string, args ...string) *diagnosis {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*time.Minute)
	defer cancel()
	argv := append([]string{"netns", "exec", n.client, n.program, "-f", "json"}, args...)
	cmd := exec.CommandContext(ctx, "ip", argv...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.dir}, environment...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		n.t.Fatal(err)
	}
	d := &diagnosis{exit: cmd.ProcessState.ExitCode(), took: time.Since(began), raw: stdout.Bytes()}
	if err := json.Unmarshal(d.raw, d); err != nil {
		n.t.Fatalf("ftpdoctor %s: exit %d, no JSON: %v\n%s%s", strings.Join(args, " "), d.exit, err, stdout.Bytes(), stderr.Bytes())
	}
	n.t.Logf("ftpdoctor %s: exit %d after %d ms: %s", strings.Join(args, " "), d.exit, d.took.Milliseconds(), d.Verdict.Summary)
	n.t.Cleanup(func() {
		if n.t.Failed() {
			n.t.Logf("the report:\n%s", d.raw)
		}
	})
	return d
}

// shown lists the causes that the report shows: findings that no other finding explains.
func (d *diagnosis) shown() []string {
	var causes []string
	for _, f := range d.Findings {
		if f.ExplainedBy == "" {
			causes = append(causes, f.Cause)
		}
	}
	slices.Sort(causes)
	return slices.Compact(causes)
}
