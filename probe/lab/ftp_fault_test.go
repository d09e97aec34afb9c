package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// inside runs a test on ftp.example.org, signed in over TLS.
func inside(t *testing.T, ftp FTP, change func(c *Computer), test func(t *testing.T, v *visitor)) {
	t.Helper()
	in(t, with(signInSite(ftp, TLS{}), change), func(t *testing.T, c *Computer) {
		test(t, signIn(t, c, exampleIP, exampleFTP, true))
	})
}

func asBuilt(*Computer) {}

// clearly signs in without encryption.
func clearly(t *testing.T, c *Computer) *visitor {
	t.Helper()
	return clearlyAt(t, c, exampleIP)
}

func clearlyAt(t *testing.T, c *Computer, ip string) *visitor {
	t.Helper()
	v := &visitor{ftpTalk: speak(t, dial(t, c, ip+":21")), c: c, host: ip, clear: true}
	v.welcome()
	v.send("USER jane")
	v.any("331")
	v.send("PASS " + rightPassword)
	v.any("230")
	return v
}

func TestAnnouncedAddress(t *testing.T) {
	inside(t, FTP{Announce: "10.0.0.5", Passive: PortRange{40000, 40000}}, asBuilt, func(_ *testing.T, v *visitor) {
		v.send("PASV")
		v.expect("227 Entering Passive Mode (10,0,0,5,156,64).")
		v.get("LIST") // EPSV has no address
	})
}

func TestHelperRewrites(t *testing.T) {
	s, _ := Find("ftp-helper-changes-ports")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		v := clearly(t, c)
		v.send("PASV")
		v.expect("227 Entering Passive Mode (203,0,113,21,4,1).")
		if _, err := c.DialContext(t.Context(), "tcp", exampleIP+":1025"); !errors.Is(err, errRefused) {
			t.Errorf("the wrong port says %v", err)
		}
		v.get("LIST")
	})
}

func TestPinholes(t *testing.T) {
	s, _ := Find("firewall-reads-along")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		if !strings.Contains(clearly(t, c).get("MLSD"), "readme.txt") {
			t.Error("no listing in clear")
		}
		v := signIn(t, c, exampleIP, exampleFTP, true)
		v.send("EPSV")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		address := net.JoinHostPort(exampleIP, port.FindStringSubmatch(v.any("229"))[1])
		if _, err := c.DialContext(ctx, "tcp", address); err == nil {
			t.Error("the firewall lets through what it cannot read")
		}
	})
}

func TestSwallowedCommand(t *testing.T) {
	s, _ := Find("epsv-swallowed")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		v := clearly(t, c)
		v.send("EPSV")
		time.Sleep(5 * time.Second)
		v.send("NOOP")
		v.any("200")
	})
}

func TestOtherLine(t *testing.T) {
	s, _ := Find("two-lines-out")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		v := signIn(t, c, exampleIP, exampleFTP, true)
		v.passive()
		v.send("LIST")
		v.expect("425 Security: Bad IP connecting.")
	})
}

func TestNoPortLeft(t *testing.T) {
	s, _ := Find("passive-ports-used-up")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		v := signIn(t, c, exampleIP, exampleFTP, true)
		for _, command := range []string{"EPSV", "PASV"} {
			v.send(command)
			v.expect("425 All reserved TCP ports are busy")
		}
	})
}

// TestActive lists over a connection that the server opens.
func TestActive(t *testing.T) {
	inside(t, FTP{}, (*Computer).openUp, func(t *testing.T, v *visitor) {
		ear, err := v.c.Listen(t.Context(), "tcp", "192.0.2.77:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ear.Close() }()
		port := ear.Addr().(*net.TCPAddr).Port
		for _, command := range []string{
			fmt.Sprintf("PORT 192,0,2,77,%d,%d", port>>8, port&255),
			fmt.Sprintf("EPRT |1|192.0.2.77|%d|", port),
		} {
			v.send(command)
			v.any("200")
			v.send("LIST")
			conn, err := ear.Accept()
			if err != nil {
				t.Fatal(err)
			}
			v.any("150")
			data := v.over(conn)
			if text, err := io.ReadAll(data); err != nil || !strings.Contains(string(text), "readme.txt") {
				t.Errorf("the listing is %q, %v", text, err)
			}
			_ = data.Close()
			v.any("226")
		}
	})
}

func TestActiveRefused(t *testing.T) {
	inside(t, FTP{Brand: PureFTPd}, asBuilt, func(_ *testing.T, v *visitor) {
		v.send("PORT 192,168,1,20,200,10")
		v.expect("500 I won't open a connection to 192.168.1.20 (only to " + homePublic + ")")
		v.send("EPRT |1|192.168.1.20|51210|")
		v.any("500")
		v.send("LIST")
		v.expect("425 No data connection")
	})
	inside(t, FTP{Patience: 10 * time.Second}, func(c *Computer) {
		c.openUp()
		c.DropsVisitors = true
	}, func(_ *testing.T, v *visitor) {
		v.send("PORT 192,0,2,77,200,10")
		v.any("200")
		v.send("LIST")
		v.expect("425 Failed to establish connection.")
	})
}

func TestCutOff(t *testing.T) {
	inside(t, FTP{CutAfter: 40}, asBuilt, func(t *testing.T, v *visitor) {
		data := v.passive()
		v.send("LIST")
		v.any("150")
		// crypto/tls takes the missing goodbye of TLS for an end, as it comes between two records.
		if text, err := io.ReadAll(data); len(text) != 40 || err != nil {
			t.Errorf("%d bytes came, then %v", len(text), err)
		}
		v.any("426")
	})
}

func TestStalledUpload(t *testing.T) {
	s, _ := Find("upload-stalls")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		v := signIn(t, c, exampleIP, exampleFTP, true)
		v.put("small", strings.Repeat("x", 4096), "226")
		data := v.passive()
		v.send("STOR large")
		v.any("150")
		_, _ = io.WriteString(data, strings.Repeat("x", 1<<20))
		v.expect("421 Data timeout. Reconnect. Sorry.")
	})
}

func TestFullDisk(t *testing.T) {
	inside(t, FTP{Brand: PureFTPd, Room: 5000}, asBuilt, func(_ *testing.T, v *visitor) {
		v.put("small", strings.Repeat("x", 4096), "226")
		data := v.passive()
		v.send("STOR large")
		v.any("150")
		_, _ = io.WriteString(data, strings.Repeat("x", 1<<20))
		v.expect("552 Disk full - please upload later")
	})
}

// TestLastWords shows what a TLS client makes of a sentence in clear (vsftpd).
func TestLastWords(t *testing.T) {
	s, _ := Find("home-writable")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		secure := strict(explicit(t, c), c, exampleFTP)
		talk := speak(t, secure)
		talk.send("USER jane")
		talk.any("331")
		talk.send("PASS wrong")
		talk.expect("530 Login incorrect.")
		talk.send("USER jane")
		talk.any("331")
		talk.send("PASS " + rightPassword)
		_, err := secure.Read(make([]byte, 100))
		var header tls.RecordHeaderError
		if !errors.As(err, &header) || string(header.RecordHeader[:]) != "500 O" {
			t.Errorf("read ends with %v", err)
		}
	})
}

// TestSilence holds each step of a session against a server that says nothing from there on.
func TestSilence(t *testing.T) {
	for n := 1; n < 8; n++ {
		in(t, signInSite(FTP{SilentAfter: n}, TLS{}), func(t *testing.T, c *Computer) {
			talk := speak(t, dial(t, c, exampleIP+":21"))
			_ = talk.conn.SetDeadline(time.Now().Add(10 * time.Second))
			replies := 0
			for _, command := range []string{"", "FEAT", "USER jane", "PASS " + rightPassword, "PWD", "TYPE I", "EPSV", "NOOP"} {
				if command != "" {
					talk.send(command)
				}
				for {
					text, err := talk.in.ReadString('\n')
					if err != nil {
						if replies != n {
							t.Errorf("silence after %d replies, want %d", replies, n)
						}
						return
					}
					if len(text) > 3 && text[0] != ' ' && text[3] == ' ' {
						break
					}
				}
				replies++
			}
			t.Errorf("no silence after %d replies", n)
		})
	}
}

// TestProxyForNobody signs in at a device that answers for an address that nobody has.
func TestProxyForNobody(t *testing.T) {
	build := func() *Computer {
		c := home(nil)
		c.obstruct(Path{Addrs: addrs("203.0.113.99"), Ports: []uint16{21}, Answers: FTP{Brand: ProFTPD}})
		return c
	}
	in(t, build, func(t *testing.T, c *Computer) {
		if !strings.Contains(clearlyAt(t, c, "203.0.113.99").get("MLSD"), "readme.txt") {
			t.Error("no listing")
		}
	})
}
