package lab

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// obstructed is the Files.com-like site behind a fault.
func obstructed(p Path) func() *Computer {
	return with(filesSite, func(c *Computer) { c.obstruct(p) })
}

func TestResetOnWords(t *testing.T) {
	in(t, obstructed(Path{Ports: []uint16{22}, ResetOn: []string{"SSH-2.0"}}), func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:22")
		if got := line(t, conn); !strings.HasPrefix(got, "SSH-2.0") {
			t.Errorf("identification %q", got)
		}
		// In two pieces: the device keeps the text together.
		for _, piece := range []string{"SSH", "-2.0-test\r\n"} {
			if _, err := io.WriteString(conn, piece); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.Copy(io.Discard, conn); !errors.Is(err, errReset) {
			t.Errorf("read ends with %v", err)
		}
		if _, err := io.WriteString(conn, "x"); !errors.Is(err, errReset) {
			t.Errorf("write ends with %v", err)
		}
	})
}

func TestStallOnWords(t *testing.T) {
	in(t, obstructed(Path{Ports: []uint16{21}, StallOn: []string{"AUTH"}}), func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:21")
		text := bufio.NewReader(conn)
		if got, _ := text.ReadString('\n'); got != "220 FTP Server ready\r\n" {
			t.Errorf("greeting %q", got)
		}
		if _, err := io.WriteString(conn, "AUTH TLS\r\n"); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := text.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read ends with %v", err)
		}
	})
}

func TestResetAfterBytes(t *testing.T) {
	in(t, obstructed(Path{Ports: []uint16{21}, ResetAfter: 3}), func(t *testing.T, c *Computer) {
		got, err := io.ReadAll(dial(t, c, "198.51.100.7:21"))
		if string(got) != "220" || !errors.Is(err, errReset) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestStallOverSize(t *testing.T) {
	in(t, obstructed(Path{Ports: []uint16{21}, StallOver: 100}), func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:21")
		if got := line(t, conn); got != "220 FTP Server ready" {
			t.Errorf("greeting %q", got)
		}
		_, _ = io.WriteString(conn, "FEAT\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := conn.Read(make([]byte, 1000)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

// TestVPNLosesOnlyLargeReplies holds the scenario against its sentence: greetings pass, certificates and keys do not.
func TestVPNLosesOnlyLargeReplies(t *testing.T) {
	s, _ := Find("vpn-loses-large-packets")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:21")
		talk := speak(t, conn)
		talk.expect("220 FTP Server ready")
		talk.send("FEAT")
		talk.expect("211 End")
		talk.send("AUTH TLS")
		talk.expect("234 AUTH TLS OK.")
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if err := strict(conn, c, filesHost).Handshake(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("handshake ends with %v", err)
		}
		ssh := dial(t, c, "198.51.100.7:22")
		if got := line(t, ssh); got != "SSH-2.0-FilesCom" {
			t.Errorf("identification %q", got)
		}
		_ = ssh.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(ssh, "SSH-2.0-test\r\n")
		if n, err := ssh.Read(make([]byte, 9999)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

func TestHidesTLS(t *testing.T) {
	in(t, obstructed(Path{Ports: []uint16{21}, HidesTLS: true}), func(t *testing.T, c *Computer) {
		talk := speak(t, dial(t, c, "198.51.100.7:21"))
		talk.expect("220 FTP Server ready")
		talk.send("FEAT")
		if all := talk.expect("211 End"); strings.Contains(all, "AUTH") || strings.Contains(all, "PROT") {
			t.Errorf("FEAT still says %q", all)
		}
		talk.send("AUTH TLS")
		talk.expect("530 Please login with USER and PASS.")
	})
}

func TestLostRequests(t *testing.T) {
	in(t, obstructed(Path{LostSYNs: 2}), func(t *testing.T, c *Computer) {
		start := time.Now()
		dial(t, c, "198.51.100.7:21")
		if got, want := time.Since(start), 3*time.Second+40*time.Millisecond; got != want {
			t.Errorf("took %v, want %v", got, want)
		}
	})
}

func TestPathHoldsForSomeConnections(t *testing.T) {
	in(t, obstructed(Path{From: 1, First: 1, Connect: Refused}), func(t *testing.T, c *Computer) {
		dial(t, c, "198.51.100.7:21")
		if _, err := c.DialContext(t.Context(), "tcp", "198.51.100.7:21"); !errors.Is(err, errRefused) {
			t.Errorf("the second connection: %v", err)
		}
		dial(t, c, "198.51.100.7:21")
		var opened []bool
		for _, connection := range c.Connections() {
			opened = append(opened, connection.Opened)
		}
		if len(opened) != 3 || !opened[0] || opened[1] || !opened[2] {
			t.Errorf("connections %v", opened)
		}
	})
}

func TestAlwaysConnected(t *testing.T) {
	in(t, obstructed(Path{Connect: AlwaysConnected, RTT: 3 * time.Millisecond}), func(t *testing.T, c *Computer) {
		start := time.Now()
		conn := dial(t, c, "198.51.100.99:4")
		if got := time.Since(start); got != 3*time.Millisecond {
			t.Errorf("took %v", got)
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read ends with %v", err)
		}
	})
}

func TestSystemGivesUp(t *testing.T) {
	in(t, obstructed(Path{Connect: Dropped}), func(t *testing.T, c *Computer) {
		start := time.Now()
		_, err := c.DialContext(t.Context(), "tcp", "198.51.100.7:21")
		if !errors.Is(err, errTimedOut) || time.Since(start) != 127*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestCancelledConnect(t *testing.T) {
	in(t, obstructed(Path{Connect: Dropped}), func(t *testing.T, c *Computer) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := c.DialContext(ctx, "tcp", "198.51.100.7:21")
		if !errors.Is(err, context.Canceled) || !strings.HasSuffix(err.Error(), "operation was canceled") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestClosedComputer(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:21")
		c.Close()
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read ends with %v", err)
		}
		if _, err := c.DialContext(t.Context(), "tcp", "198.51.100.7:21"); err == nil {
			t.Error("a closed computer still connects")
		}
	})
}
