package lab

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// listener is a port on which a program of the computer awaits connections.
type listener struct {
	computer *Computer
	addr     *net.TCPAddr
	arrived  chan net.Conn
	closing  sync.Once
	closed   chan struct{}
}

// backlog is how many connections the system accepts before the program does.
const backlog = 8

// Listen awaits connections on IP:port of the computer, as net.ListenConfig does. Port 0 is any port.
func (c *Computer) Listen(_ context.Context, network, address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp" {
		return nil, &net.OpError{Op: "listen", Net: network, Err: &net.AddrError{Err: "lab wants tcp and IP:port", Addr: address}}
	}
	port := int(at.Port())
	if port == 0 {
		port = c.ephemeral()
	}
	l := &listener{
		computer: c,
		addr:     &net.TCPAddr{IP: at.Addr().AsSlice(), Port: port},
		arrived:  make(chan net.Conn, backlog),
		closed:   make(chan struct{}),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ears == nil {
		c.ears = map[uint16]*listener{}
	}
	c.ears[uint16(port)] = l
	return l, nil
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Close() error {
	l.closing.Do(func() {
		close(l.closed)
		l.computer.mu.Lock()
		defer l.computer.mu.Unlock()
		delete(l.computer.ears, uint16(l.addr.Port))
	})
	return nil
}

// call connects from a server to the computer, as FTP's active mode has it. It returns the server's end; nil: nobody
// answered. Port 20 is where such connections come from (RFC 959, section 3.2).
func (c *Computer) call(control *conn, to netip.AddrPort, patience time.Duration) *conn {
	if c.Public.IsValid() || c.DropsVisitors || !c.owns(to.Addr()) {
		control.sleep(patience)
		return nil
	}
	if !control.sleep(2 * control.delay) {
		return nil
	}
	from := &net.TCPAddr{IP: ipOf(control.local).AsSlice(), Port: 20}
	far, near := connect(from, net.TCPAddrFromAddrPort(to), 2*control.delay)
	far.world = c
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.ears[to.Port()]
	if l == nil || c.closed {
		return nil
	}
	select {
	case l.arrived <- near:
		c.ends = append(c.ends, near, far)
		return far
	default:
		return nil
	}
}

// owns says whether an interface has this address.
func (c *Computer) owns(addr netip.Addr) bool {
	return slices.ContainsFunc(c.Addrs, func(own netip.Prefix) bool { return own.Addr() == addr })
}
