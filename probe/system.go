package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"

	"ftpdoctor/probe/fact"
)

// System is this computer's own network. The zero System has no user: it reads no file of theirs.
type System struct {
	Source      netip.Addr // where connections start (--source); zero: the system chooses
	HomeDir     string     // the user's folder (HOME; on Windows USERPROFILE)
	AgentSocket string     // the SSH agent that the environment names (SSH_AUTH_SOCK)
}

// DialContext opens a connection.
func (sys System) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return sys.dial(ctx, network, address, nil)
}

// DialSmall opens a connection with small packets.
func (sys System) DialSmall(ctx context.Context, address string, segment int) (net.Conn, error) {
	control := limitSegment(segment)
	if control == nil {
		return nil, errors.ErrUnsupported
	}
	return sys.dial(ctx, "tcp", address, control)
}

// dial opens a connection. control is called with the socket before it connects; nil: nothing is.
func (sys System) dial(ctx context.Context, network, address string, control func(network, address string, c syscall.RawConn) error) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.AddrError{Err: "not an address and a port", Addr: address}}
	}
	d := net.Dialer{KeepAlive: -1, Control: control} // keep-alive packets would hide a firewall that forgets idle connections
	if sys.Source.IsValid() && !to.Addr().IsLoopback() {
		if sys.Source.Is4() != to.Addr().Unmap().Is4() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: breach{fact.AddressUnavailable, "the source address is of the other IP family"}}
		}
		d.LocalAddr = localAddr(network, sys.Source)
	}
	return d.DialContext(ctx, network, address)
}

// Listen awaits connections.
func (System) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, network, address)
}

// localAddr is an address to start from, in the type that net.Dialer wants for the network.
func localAddr(network string, from netip.Addr) net.Addr {
	if network == "udp" {
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
}

// LookupHost answers what other programs on this computer get for a name.
func (System) LookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := lookupAsOthers(ctx, host)
	for i, a := range found {
		found[i] = a.Unmap() // package net writes some IPv4 addresses in 16 bytes
	}
	return found, err
}

// Resolvers lists the configured DNS servers. Go's resolver reads the configuration on every system
// (resolv.conf; on Windows that of the network adapters): it is asked for a name, and tells whom it would ask.
func (System) Resolvers() []netip.AddrPort {
	var mu sync.Mutex
	var servers []netip.AddrPort
	r := net.Resolver{PreferGo: true, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if server, err := netip.ParseAddrPort(address); err == nil && !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
		return nil, errors.New("only the address is wanted")
	}}
	_, _ = r.LookupTXT(context.Background(), "a.invalid.") // always fails; TXT is in no hosts file
	return servers
}

// maxHostsFile bounds what is read of a hosts file. Lists that block advertising have several megabytes.
const maxHostsFile = 32 << 20

// HostsFile returns the path and the content of the hosts file.
func (System) HostsFile() (path string, content []byte, err error) {
	path, err = hostsPath()
	if err != nil {
		return path, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return path, nil, err
	}
	defer func() { _ = f.Close() }()
	content, err = io.ReadAll(io.LimitReader(f, maxHostsFile))
	return path, content, err
}

// Addresses lists the addresses of the interfaces that are up and have a link, loopback left out.
func (System) Addresses() ([]netip.Prefix, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []netip.Prefix
	for _, i := range interfaces {
		if i.Flags&net.FlagRunning == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return found, err
		}
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLoopback() {
				found = append(found, prefix)
			}
		}
	}
	return found, nil
}
