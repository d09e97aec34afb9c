package probe

import (
	"context"
	"io/fs"
	"net"
	"net/netip"
)

// Network is the computer under the probes: the real one (System) or one of the lab's.
type Network interface {
	// DialContext opens a connection. network is "tcp" or "udp", address is IP:port. The errors are those of net.Dialer,
	// and RemoteAddr of the connection is a *net.TCPAddr or *net.UDPAddr.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	// DialSmall opens a TCP connection of which both sides send packets of at most so many bytes. The error is
	// errors.ErrUnsupported where the system cannot do that.
	DialSmall(ctx context.Context, address string, segment int) (net.Conn, error)
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

	// Home is the user's folder; empty: it is not known.
	Home() string
	// SharedSSH is the folder of the SSH files of all users.
	SharedSSH() string
	// Glob lists the files that a pattern matches, as filepath.Glob does.
	Glob(pattern string) []string
	// ReadFile reads a file and says what it is. Of a folder, and of a file of more than limit bytes, it reads nothing and
	// returns no error. The errors are *fs.PathError.
	ReadFile(path string, limit int64) (content []byte, info fs.FileInfo, err error)
	// Mine says whether a file belongs to the user.
	Mine(info fs.FileInfo) bool
	// Agents lists the addresses of the SSH agents that this computer is configured with.
	Agents() []string
	// DialAgent connects to an SSH agent: the path of a socket, the name of a pipe, or Pageant.
	DialAgent(ctx context.Context, address string) (net.Conn, error)
	// SSHConfig runs the user's ssh with -G, which prints what its configuration comes to and connects to nothing. The error
	// is errors.ErrUnsupported where there is no ssh, or one that has its configuration elsewhere.
	SSHConfig(ctx context.Context, args ...string) (string, error)
}

// Pageant is the address of PuTTY's agent, which has neither socket nor pipe.
const Pageant = "pageant"
