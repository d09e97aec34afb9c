//go:build unix

package probe

import (
	"syscall"

	"ftpdoctor/probe/fact"
)

// errnos says what the error numbers of a connection mean. Linux makes them from ICMP messages in icmp_err_convert
// (net/ipv4/icmp.c, net/ipv6/icmp.c).
var errnos = map[syscall.Errno]fact.Kind{
	syscall.ECONNREFUSED:  fact.Refused,
	syscall.ECONNRESET:    fact.Reset,
	syscall.ECONNABORTED:  fact.Reset,
	syscall.EPIPE:         fact.Reset, // written after the other side's reset had come
	syscall.ETIMEDOUT:     fact.Timeout,
	syscall.EHOSTUNREACH:  fact.HostUnreachable,
	syscall.EHOSTDOWN:     fact.HostUnreachable,
	syscall.ENETUNREACH:   fact.NetUnreachable,
	syscall.ENETDOWN:      fact.NetUnreachable,
	syscall.EAFNOSUPPORT:  fact.NetUnreachable, // IPv6 is switched off
	syscall.ENOENT:        fact.NotFound,       // a file, or the socket of an agent
	syscall.ENOTDIR:       fact.NotFound,
	syscall.EPERM:         fact.Denied,
	syscall.EACCES:        fact.Denied,
	syscall.EADDRNOTAVAIL: fact.AddressUnavailable,
	syscall.EADDRINUSE:    fact.NoResources, // no local port is left
	syscall.EMFILE:        fact.NoResources,
	syscall.ENFILE:        fact.NoResources,
	syscall.ENOBUFS:       fact.NoResources,
	syscall.ENOMEM:        fact.NoResources,
}
