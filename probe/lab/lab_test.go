package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// in runs a test in virtual time, in a world that is closed afterwards.
func in(t *testing.T, build func() *Computer, test func(t *testing.T, c *Computer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := build()
		defer c.Close()
		test(t, c)
	})
}

func dial(t *testing.T, c *Computer, address string) net.Conn {
	t.Helper()
	conn, err := c.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("dial %s: %v", address, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// took fails unless exactly this many round trips of 40 ms have passed since the start.
func took(t *testing.T, start time.Time, roundTrips float64) {
	t.Helper()
	if got := float64(time.Since(start)) / float64(40*time.Millisecond); got != roundTrips {
		t.Errorf("took %v round trips, want %v", got, roundTrips)
	}
}

func line(t *testing.T, c net.Conn) string {
	t.Helper()
	text, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return strings.TrimRight(text, "\r\n")
}

func TestRoundTrips(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		start := time.Now()
		web := dial(t, c, "198.51.100.7:443")
		took(t, start, 1)
		secure := tls.Client(web, &tls.Config{ServerName: filesHost, RootCAs: c.Roots()})
		if _, err := io.WriteString(secure, "HEAD / HTTP/1.1\r\nHost: acme.files.com\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if got := line(t, secure); got != "HTTP/1.1 200 OK" {
			t.Errorf("web says %q", got)
		}
		took(t, start, 3)

		start = time.Now()
		ftp := dial(t, c, "198.51.100.7:21")
		if got := line(t, ftp); got != "220 FTP Server ready" {
			t.Errorf("greeting %q", got)
		}
		took(t, start, 2)
	})
}

func TestSSHHandshake(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		seen := ""
		config := &ssh.ClientConfig{
			User:            "jane",
			Auth:            []ssh.AuthMethod{ssh.Password("wrong")},
			HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error { seen = key.Type(); return nil },
		}
		_, _, _, err := ssh.NewClientConn(dial(t, c, "198.51.100.7:22"), "198.51.100.7:22", config)
		if err == nil || !strings.Contains(err.Error(), "unable to authenticate") {
			t.Errorf("login ended with %v", err)
		}
		if seen != "ssh-rsa" {
			t.Errorf("host key is %q", seen)
		}
	})
}

func TestFailedConnects(t *testing.T) {
	tests := []struct {
		name    string
		path    Path
		want    error
		after   time.Duration
		address string
	}{
		{"refused by the host", Path{}, errRefused, 40 * time.Millisecond, "198.51.100.7:4"},
		{"refused on the way", Path{Connect: Refused}, errRefused, 40 * time.Millisecond, "198.51.100.7:21"},
		{"prohibited", Path{Connect: Prohibited}, errProhibited, 40 * time.Millisecond, "198.51.100.7:21"},
		{"unreachable", Path{Connect: Unreachable}, errUnreachable, 40 * time.Millisecond, "198.51.100.7:21"},
		{"blocked here", Path{Connect: BlockedHere}, errBlockedHere, 0, "198.51.100.7:21"},
		{"no IPv6 here", Path{}, errUnreachable, 0, "[2001:db8::1]:21"},
		{"dropped", Path{Connect: Dropped}, os.ErrDeadlineExceeded, 10 * time.Second, "198.51.100.7:21"},
		{"no such address", Path{}, os.ErrDeadlineExceeded, 10 * time.Second, "198.51.100.99:21"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, filesSite, func(t *testing.T, c *Computer) {
				c.obstruct(test.path)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				_, err := c.DialContext(ctx, "tcp", test.address)
				var op *net.OpError
				if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, test.want) {
					t.Errorf("error is %v, want %v", err, test.want)
				}
				var errno syscall.Errno
				var call *os.SyscallError
				if errors.As(test.want, &errno) && !errors.As(err, &call) {
					t.Errorf("%v holds no *os.SyscallError", err)
				}
				if _, ok := op.Addr.(*net.TCPAddr); !ok {
					t.Errorf("address is a %T", op.Addr)
				}
				if got := time.Since(start); got != test.after {
					t.Errorf("took %v, want %v", got, test.after)
				}
			})
		})
	}
}

func TestLookup(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		start := time.Now()
		got, err := c.LookupHost(t.Context(), filesHost)
		if err != nil || len(got) != 3 || got[0] != netip.MustParseAddr("198.51.100.7") {
			t.Errorf("got %v, %v", got, err)
		}
		if took := time.Since(start); took != 2*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}
