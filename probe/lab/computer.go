package lab

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Computer is the user's computer, and the view of the internet from it. It must be closed.
type Computer struct {
	Internet *Internet
	// Addrs are the addresses of its interfaces.
	Addrs []netip.Prefix
	// Public is the address that others see it under, behind a router that translates; zero: its own. Nobody outside
	// can connect to it then.
	Public netip.Addr
	// DropsVisitors is a firewall that lets nobody connect to the computer.
	DropsVisitors bool
	// NameServers are the configured DNS servers, in order.
	NameServers []netip.AddrPort
	// Hosts is the content of the hosts file.
	Hosts string
	// Cached is what the system's own cache still answers, whatever the DNS servers say by now.
	Cached map[string][]netip.Addr
	// HomeDir is the user's folder; empty: the program cannot tell where it is.
	HomeDir string
	// Files are the files of the computer, by their path.
	Files map[string]File
	// SSHAgents are the SSH agents that the user's programs ask, in this order.
	SSHAgents []SSHAgent
	// TrustsCompany says that the company's certificate authority is installed.
	TrustsCompany bool

	ports  atomic.Uint32
	mu     sync.Mutex
	opened []Connection
	ends   []*conn
	ears   map[uint16]*listener
	closed bool
	busy   sync.WaitGroup
}

// Connection is one connection that was tried.
type Connection struct {
	Network string // "tcp" or "udp"
	To      netip.AddrPort
	At      time.Time
	Opened  bool
}

// Addresses lists the addresses of the computer's interfaces.
func (c *Computer) Addresses() ([]netip.Prefix, error) { return c.Addrs, nil }

// Resolvers lists the configured DNS servers.
func (c *Computer) Resolvers() []netip.AddrPort { return c.NameServers }

// HostsFile returns the hosts file.
func (c *Computer) HostsFile() (path string, content []byte, err error) {
	return "/etc/hosts", []byte(c.Hosts), nil
}

// Roots are the certificate authorities that the computer trusts.
func (c *Computer) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(publicRoot().cert)
	if c.TrustsCompany {
		pool.AddCert(companyRoot().cert)
	}
	return pool
}

// Connections lists every connection that was tried, in order.
func (c *Computer) Connections() []Connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Connection(nil), c.opened...)
}

// Close ends every connection and waits for every server to stop.
func (c *Computer) Close() {
	c.mu.Lock()
	c.closed = true
	ends := c.ends
	c.mu.Unlock()
	for _, end := range ends {
		end.reset()
	}
	c.busy.Wait()
}

// DialContext connects to an IP:port over "tcp" or "udp".
func (c *Computer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.AddrError{Err: "lab wants IP:port", Addr: address}}
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	n := c.record(network, to)
	opened, err := c.dial(ctx, network, to)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.opened[n].Opened = true
	c.mu.Unlock()
	return opened, nil
}

// DialSmall connects to an IP:port over TCP. Both sides send pieces of at most so many bytes.
func (c *Computer) DialSmall(ctx context.Context, address string, segment int) (net.Conn, error) {
	opened, err := c.DialContext(ctx, "tcp", address)
	if near, ok := opened.(*conn); ok {
		near.in.limit(segment)
		near.out.limit(segment)
	}
	return opened, err
}

// dial opens a connection that is not counted, as the system's own resolver does.
func (c *Computer) dial(ctx context.Context, network string, to netip.AddrPort) (opened net.Conn, err error) {
	switch network {
	case "tcp":
		opened, err = c.dialTCP(ctx, to)
	case "udp":
		opened, err = c.dialUDP(to)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, dressed(network, to, err)
	}
	return opened, nil
}

// record notes a connection and returns its number.
func (c *Computer) record(network string, to netip.AddrPort) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = append(c.opened, Connection{Network: network, To: to, At: time.Now()})
	return len(c.opened) - 1
}

// dressed is a failed connect as net.Dialer reports it.
func dressed(network string, to netip.AddrPort, err error) error {
	var addr net.Addr = net.TCPAddrFromAddrPort(to)
	if network == "udp" {
		addr = net.UDPAddrFromAddrPort(to)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = os.NewSyscallError("connect", errno)
	}
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}

// systemGivesUp is how long Linux repeats a connection request (tcp_syn_retries 6).
const systemGivesUp = 127 * time.Second

func (c *Computer) dialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	local, err := c.source(to.Addr())
	if err != nil {
		return nil, err
	}
	path, server, there := c.look(to)
	rtt := c.Internet.rtt(to.Addr(), path)
	outcome := path.Connect
	if outcome == Open && !there {
		outcome = Dropped
	}
	if outcome == Open && server == nil {
		outcome = Refused
	}
	delay, failure := rtt, error(nil)
	switch outcome {
	case BlockedHere:
		return nil, errBlockedHere
	case Dropped:
		delay, failure = systemGivesUp, errTimedOut
	case Refused:
		failure = errRefused
	case Prohibited:
		failure = errProhibited
	case Unreachable:
		failure = errUnreachable
	case AlwaysConnected:
		if path.Answers == nil {
			server = Raw{Hang: true}
		}
	}
	// A lost request is repeated after 1 s, then 2 s later, then 4 s later.
	delay += time.Duration(1<<path.LostSYNs-1) * time.Second
	if err := pause(ctx, delay); err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failure
	}
	near, far := connect(
		&net.TCPAddr{IP: local.AsSlice(), Port: c.ephemeral()},
		net.TCPAddrFromAddrPort(to), rtt)
	far.remote = &net.TCPAddr{IP: c.seenAs(local, to.Addr(), path).AsSlice(), Port: near.local.(*net.TCPAddr).Port}
	far.world = c
	path.watch(near, far)
	if !c.start(near, far, server) {
		return nil, errUnreachable
	}
	return near, nil
}

// look finds what answers at an address: the path to it, the server, and whether the address exists at all.
func (c *Computer) look(to netip.AddrPort) (path *Path, server Server, there bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path = c.Internet.path(to)
	if path.bars(to) {
		return &Path{Connect: Dropped}, nil, true
	}
	if path.Answers != nil {
		return path, path.Answers, true
	}
	if to.Addr().IsLoopback() || to.Addr().IsUnspecified() {
		return &Path{RTT: time.Microsecond}, nil, true // nothing listens on this computer
	}
	host := c.Internet.Hosts[to.Addr()]
	if host == nil {
		return path, nil, false
	}
	return path, host.Ports[to.Port()], true
}

// start lets the server begin once the last packet of the TCP handshake has reached it.
func (c *Computer) start(near, far *conn, server Server) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.ends = append(c.ends, near, far)
	c.busy.Go(func() {
		if far.sleep(far.delay) {
			server.serve(far)
		}
		_ = far.Close()
	})
	return true
}

// hasIPv6 says whether the computer has an IPv6 address that reaches beyond its own link.
func (c *Computer) hasIPv6() bool {
	return slices.ContainsFunc(c.Addrs, func(a netip.Prefix) bool { return a.Addr().Is6() && !a.Addr().IsLinkLocalUnicast() })
}

// source is the address that the computer sends from, as long as it has one of the family.
func (c *Computer) source(to netip.Addr) (netip.Addr, error) {
	if to.IsLoopback() || to.IsUnspecified() {
		return to, nil
	}
	for _, a := range c.Addrs {
		if a.Addr().Is4() == to.Is4() && !a.Addr().IsLinkLocalUnicast() {
			return a.Addr(), nil
		}
	}
	return netip.Addr{}, errUnreachable
}

// seenAs is the address that a server sees the computer under.
func (c *Computer) seenAs(local, to netip.Addr, path *Path) netip.Addr {
	switch {
	case path.Source.IsValid():
		return path.Source
	case c.Public.IsValid() && local.Is4() && !to.IsPrivate() && !to.IsLoopback():
		return c.Public
	default:
		return local
	}
}

// ephemeral is the next local port.
func (c *Computer) ephemeral() int { return int(49152 + c.ports.Add(1)%16384) }

// errCanceled reads as the one of package net, which does not export it.
type errCanceled struct{}

func (errCanceled) Error() string        { return "operation was canceled" }
func (errCanceled) Is(target error) bool { return target == context.Canceled }

// pause waits, or says as net.Dialer does that the context ended first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return os.ErrDeadlineExceeded
		}
		return errCanceled{}
	}
}

// dialUDP always succeeds, as nothing is sent yet.
func (c *Computer) dialUDP(to netip.AddrPort) (net.Conn, error) {
	local, err := c.source(to.Addr())
	if err != nil {
		return nil, err
	}
	near, _ := connect(
		&net.UDPAddr{IP: local.AsSlice(), Port: c.ephemeral()},
		net.UDPAddrFromAddrPort(to), 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errUnreachable
	}
	near.lost = errRefused // ICMP "port unreachable"
	c.ends = append(c.ends, near)
	host := c.Internet.Hosts[to.Addr()]
	p := &packetConn{conn: near, rtt: c.Internet.rtt(to.Addr(), &Path{}), nowhere: host == nil}
	if host != nil {
		p.server, _ = host.Ports[to.Port()].(*DNS)
	}
	return p, nil
}

// packetConn is the computer's end of a UDP conversation.
type packetConn struct {
	*conn
	rtt     time.Duration
	nowhere bool // nothing has the address
	server  *DNS // nil: nothing listens
}

// Write sends one datagram. Whatever comes back is under way at once, and arrives a round trip later.
func (p *packetConn) Write(b []byte) (int, error) {
	if err := p.usable(&p.writing); err != nil {
		return 0, p.failed("write", err)
	}
	switch {
	case p.nowhere:
		return len(b), nil
	case p.server == nil:
		p.in.finish(reset, p.rtt)
		return len(b), nil
	}
	for _, answer := range p.server.answer(b, overUDP) {
		p.in.send(answer, p.rtt+p.server.Wait)
	}
	return len(b), nil
}

// ReadFrom and WriteTo make it a net.PacketConn, by which DNS libraries tell datagrams from streams.
func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, p.remote, err
}

// WriteTo sends to the one address that the connection is for.
func (p *packetConn) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

// hostsEntries are the addresses of a name in the hosts file.
func (c *Computer) hostsEntries(name string) []netip.Addr {
	var found []netip.Addr
	for line := range strings.Lines(c.Hosts) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, alias := range fields[1:] {
			if strings.EqualFold(strings.TrimSuffix(alias, "."), name) {
				found = append(found, addr)
			}
		}
	}
	return found
}
