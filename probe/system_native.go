//go:build darwin || windows

package probe

import (
	"context"
	"net"
	"net/netip"
)

// lookupAsOthers asks the system: Go calls getaddrinfo on macOS, and GetAddrInfoW on Windows, without cgo as well.
func lookupAsOthers(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
