//go:build unix && !darwin

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// lookupAsOthers asks the C library, through the program that comes with it: a static binary of Go has a resolver of its
// own, which knows none of the sources of nsswitch.conf but the hosts file and DNS. Where there is no such program, or
// where it fails, which it does without a reason, Go's resolver is asked.
func lookupAsOthers(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := getent(ctx, host)
	if len(found) > 0 {
		return found, nil
	}
	own, ownErr := (&net.Resolver{PreferGo: true}).LookupNetIP(ctx, "ip", host)
	if ownErr != nil || !isNotFound(err) {
		return own, ownErr
	}
	// Either other programs really get nothing, or a DNS server had a bad moment.
	if found, err = getent(ctx, host); len(found) > 0 {
		return found, nil
	}
	return nil, &net.DNSError{Err: "the system finds no address, a direct question to DNS does (getent ahosts: " + err.Error() + ")", Name: host, IsNotFound: true}
}

// errNoLine is told when getent knows nothing and still ends well.
var errNoLine = errors.New("no address")

// getent runs "getent ahosts". It always returns addresses or an error.
func getent(ctx context.Context, host string) ([]netip.Addr, error) {
	if strings.HasPrefix(host, "-") {
		return nil, errNoLine // it would be taken for a flag
	}
	cmd := exec.CommandContext(ctx, "getent", "ahosts", host)
	cmd.Env = environment()
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	found := readAhosts(string(out))
	if len(found) == 0 {
		return nil, errNoLine
	}
	return found, nil
}

// readAhosts reads the output: an address starts each line, once for every type of socket.
func readAhosts(out string) []netip.Addr {
	var found []netip.Addr
	for line := range strings.Lines(out) {
		text, _, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}

// isNotFound says whether getent answered that it finds nothing (exit code 2, getent(1)), as opposed to
// not being there.
func isNotFound(err error) bool {
	var exit *exec.ExitError
	return errors.Is(err, errNoLine) || errors.As(err, &exit) && exit.ExitCode() == 2
}
