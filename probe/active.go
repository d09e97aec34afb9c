package probe

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"ftpdoctor/probe/fact"
)

// listActive lists the folder in active mode: the server opens the data connection, to the address that the control
// connection comes from. The library does not know active mode.
func (d *dialogue) listActive() {
	if d.err != nil || d.ctx.Err() != nil {
		return
	}
	own, err := netip.ParseAddrPort(d.st.wire.LocalAddr().String())
	if err != nil {
		return
	}
	listener, err := d.session.network.Listen(d.ctx, "tcp", netip.AddrPortFrom(own.Addr().Unmap(), 0).String())
	if err != nil {
		d.session.skip("login", d.st.wire.place, "active mode", "this computer cannot listen: "+fact.Clean(err.Error()))
		return
	}
	defer func() { _ = listener.Close() }()
	here, _ := netip.ParseAddrPort(listener.Addr().String())
	here = netip.AddrPortFrom(here.Addr().Unmap(), here.Port())
	d.carry(fact.Listing, "LIST", fact.EPRT, func() error {
		d.transfer.Announced = here.String()
		if !d.invite(here) {
			return d.err
		}
		return d.receive(listener)
	})
}

// invite tells the server where to connect, and says whether it agrees: EPRT (RFC 2428 section 2) or, as there are servers
// that do not know it, PORT (RFC 959 section 4.1.2), which can only name IPv4.
func (d *dialogue) invite(here netip.AddrPort) bool {
	family := 2
	if here.Addr().Is4() {
		family = 1
	}
	code := d.ask(fmt.Sprintf("EPRT |%d|%s|%d|", family, here.Addr(), here.Port()))
	if code >= 500 && family == 1 {
		numbers := strings.ReplaceAll(here.Addr().String(), ".", ",")
		code = d.ask(fmt.Sprintf("PORT %s,%d,%d", numbers, here.Port()>>8, here.Port()&0xff))
	}
	return code/100 == 2
}

// receive asks for the listing and takes it from the connection that the server opens.
func (d *dialogue) receive(listener net.Listener) error {
	ctx, cancel := context.WithTimeout(d.ctx, d.limit())
	arrived := d.accept(ctx, listener)
	defer func() {
		cancel()
		if late := <-arrived; late != nil {
			_ = late.Close()
		}
	}()
	if d.ask("LIST")/100 != 1 {
		return d.err
	}
	c := <-arrived
	if c == nil {
		return breach{fact.Timeout, "the server has not connected"}
	}
	w := newWire(d.ctx, c, c.RemoteAddr().String(), d.session.nextConn())
	w.check = d.check
	d.transfer.Data = w.conn
	d.data = &dataConn{Conn: w, dialogue: d, wire: w}
	_, err := io.Copy(io.Discard, d.data)
	_ = d.data.Close()
	if d.owes {
		_ = d.turn("") // an error is in d.err
	}
	return cmp.Or(err, d.err)
}

// accept awaits the connection of the server, and of nobody else, until the context ends.
func (d *dialogue) accept(ctx context.Context, listener net.Listener) <-chan net.Conn {
	arrived := make(chan net.Conn, 1)
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		defer stop()
		defer close(arrived)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			from, err := netip.ParseAddrPort(c.RemoteAddr().String())
			if err == nil && from.Addr().Unmap() == d.peer() {
				arrived <- c
				return
			}
			_ = c.Close()
		}
	}()
	return arrived
}
