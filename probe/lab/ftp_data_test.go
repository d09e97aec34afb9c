package lab

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// visitor is jane's FTP app: it signs in over TLS, and its data connections resume the session of the control
// connection, where reuse is set.
type visitor struct {
	*ftpTalk
	c      *Computer
	host   string // IP
	config *tls.Config
	first  pinned
	clear  bool
}

// pinned keeps the first session that it gets.
type pinned struct {
	session *tls.ClientSessionState
	frozen  bool
}

func (p *pinned) Get(string) (*tls.ClientSessionState, bool) { return p.session, p.session != nil }
func (p *pinned) Put(_ string, s *tls.ClientSessionState) {
	if !p.frozen {
		p.session = s
	}
}

// signIn goes as far as PROT P on port 21 of a host.
func signIn(t *testing.T, c *Computer, ip, name string, reuse bool) *visitor {
	t.Helper()
	conn := dial(t, c, ip+":21")
	talk := speak(t, conn)
	talk.welcome()
	v := &visitor{c: c, host: ip, config: &tls.Config{ServerName: name, RootCAs: c.Roots()}}
	if reuse {
		v.config.ClientSessionCache = &v.first
	}
	talk.send("AUTH TLS")
	talk.any("234")
	v.ftpTalk = speak(t, tls.Client(conn, v.config))
	v.send("USER jane")
	v.any("331")
	v.send("PASS " + rightPassword)
	v.any("230")
	v.send("PBSZ 0")
	v.any("200")
	v.send("PROT P")
	v.any("200")
	v.first.frozen = true
	return v
}

// welcome reads a greeting to its end.
func (f *ftpTalk) welcome() {
	f.t.Helper()
	for {
		text, err := f.in.ReadString('\n')
		if err != nil {
			f.t.Fatal(err)
		}
		if strings.HasPrefix(text, "220 ") {
			return
		}
	}
}

var port = regexp.MustCompile(`\|\|\|(\d+)\|`)

// passive opens a data connection by EPSV.
func (v *visitor) passive() net.Conn {
	v.t.Helper()
	v.send("EPSV")
	found := port.FindStringSubmatch(v.any("229"))
	if found == nil {
		v.t.Fatal("no port in the reply to EPSV")
	}
	return v.over(dial(v.t, v.c, net.JoinHostPort(v.host, found[1])))
}

// over puts TLS on a data connection.
func (v *visitor) over(conn net.Conn) net.Conn {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if v.clear {
		return conn
	}
	return tls.Client(conn, v.config)
}

// get carries out a command whose answer comes over a data connection.
func (v *visitor) get(command string) string {
	v.t.Helper()
	data := v.passive()
	v.send(command)
	v.any("150")
	text, err := io.ReadAll(data)
	if err != nil {
		v.t.Errorf("%s: %v", command, err)
	}
	_ = data.Close()
	v.any("226")
	return string(text)
}

// put uploads, and returns the last reply.
func (v *visitor) put(name, content, code string) string {
	v.t.Helper()
	data := v.passive()
	v.send("STOR " + name)
	v.any("150")
	_, _ = io.WriteString(data, content)
	finish(data)
	return v.any(code)
}

// finish says goodbye as RFC 8446, section 6.1 wants it, reads what is left, and closes.
func finish(data net.Conn) {
	if secure, ok := data.(*tls.Conn); ok {
		_ = secure.CloseWrite()
		data = secure.NetConn()
	}
	_ = data.(*conn).CloseWrite()
	_, _ = io.Copy(io.Discard, data)
	_ = data.Close()
}

func TestSignedIn(t *testing.T) {
	for name, brand := range map[string]Brand{
		"vsftpd": Vsftpd, "ProFTPD": ProFTPD, "Pure-FTPd": PureFTPd, "FileZilla Server": FileZilla, "IIS": IIS, "files.com": FilesCom,
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				build := func() *Computer {
					return ftpSiteWith(FTP{Brand: brand, DemandsProt: true, DemandsTLS: true},
						TLS{Certificate: exampleCertificate().Make(), Max: version, DemandsReuse: true})
				}
				in(t, build, func(t *testing.T, c *Computer) {
					v := signIn(t, c, exampleIP, exampleFTP, true)
					v.send("PWD")
					v.any("257")
					if list := v.get("LIST"); !strings.Contains(list, "readme.txt") || !strings.Contains(list, "incoming") {
						t.Errorf("LIST says %q", list)
					}
					if brand.mlsd() && !strings.Contains(v.get("MLSD /reports"), "type=file;size=17;") {
						t.Error("MLSD lists no file")
					}
					for _, size := range []int{0, 4096, 1 << 20} {
						content := strings.Repeat("x", size)
						v.put("probe.tmp", content, "226")
						if left := c.Left(); len(left) != 1 || left[0] != "/probe.tmp" {
							t.Errorf("left %q", left)
						}
						v.send("SIZE probe.tmp")
						if got := v.any("213"); got != fmt.Sprint(size) {
							t.Errorf("SIZE %s, want %d", got, size)
						}
						if v.get("RETR probe.tmp") != content {
							t.Error("what comes back differs")
						}
						v.send("DELE probe.tmp")
						v.any("250")
					}
					if left := c.Left(); len(left) > 0 {
						t.Errorf("left %q", left)
					}
					v.send("QUIT")
					v.any("221")
				})
			})
		}
	}
}

// TestSessionReuse shows what a server that demands it says to an app that does not.
func TestSessionReuse(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			build := func() *Computer {
				return ftpSiteWith(FTP{Brand: FileZilla}, TLS{Certificate: exampleCertificate().Make(), Max: version, DemandsReuse: true})
			}
			in(t, build, func(t *testing.T, c *Computer) {
				v := signIn(t, c, exampleIP, exampleFTP, false)
				data := v.passive()
				v.send("LIST")
				v.any("150")
				_, _ = io.Copy(io.Discard, data)
				v.expect(FileZilla.words().notResumed)
			})
		})
	}
}

// TestOneTimeTickets shows the second data connection refused under TLS 1.3, and not under TLS 1.2.
func TestOneTimeTickets(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			build := func() *Computer {
				return ftpSiteWith(FTP{Brand: ProFTPD},
					TLS{Certificate: exampleCertificate().Make(), Max: version, DemandsReuse: true, OneTimeTickets: true})
			}
			in(t, build, func(t *testing.T, c *Computer) {
				v := signIn(t, c, exampleIP, exampleFTP, true)
				v.get("LIST")
				if version == tls.VersionTLS12 {
					v.get("LIST")
					return
				}
				data := v.passive()
				v.send("LIST")
				v.any("150")
				_, _ = io.Copy(io.Discard, data)
				v.expect(ProFTPD.words().notResumed)
			})
		})
	}
}
