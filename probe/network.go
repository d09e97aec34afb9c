package probe

import (
	"context"
	"net"
	"net/netip"
)

// Network is the computer under the probes: the real one (System) or one of the lab's.
type Network interface {
	// DialContext opens a connection. network is "tcp" or "udp", address is IP:port. The errors are those of net.Dialer,
	// and RemoteAddr of the connection is a *net.TCPAddr or *net.UDPAddr.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	// Listen awaits connections at an IP:port of this computer, as net.Listen does. Port 0 is any port.
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	// LookupHost answers what other programs on this computer get for a name. Its errors are *net.DNSError.
	LookupHost(ctx context.Context, host string) ([]netip.Addr, error)
	// Resolvers lists the DNS servers that this computer is configured with, in order.
	Resolvers() []netip.AddrPort
	// HostsFile returns the path and the content of the hosts file.
	HostsFile() (path string, content []byte, err error)
	// Addresses lists the addresses of the interfaces that are up, loopback left out.
	Addresses() ([]netip.Prefix, error)
}
