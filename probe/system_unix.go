//go:build unix

package probe

import (
	"errors"
	"syscall"
)

func hostsPath() (string, error) { return "/etc/hosts", nil }

// limitSegment sets the largest segment of a socket (TCP_MAXSEG of tcp(7)), which the other side is told in the SYN (RFC 9293
// section 3.7.1).
func limitSegment(size int) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(socket uintptr) {
			failed = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, size)
		})
		return errors.Join(err, failed)
	}
}
