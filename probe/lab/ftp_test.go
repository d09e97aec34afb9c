package lab

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// ftpTalk is the visitor's side of a control connection.
type ftpTalk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func speak(t *testing.T, conn net.Conn) *ftpTalk {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return &ftpTalk{t, conn, bufio.NewReader(conn)}
}

func (f *ftpTalk) send(command string) {
	f.t.Helper()
	if _, err := io.WriteString(f.conn, command+"\r\n"); err != nil {
		f.t.Fatalf("send %s: %v", command, err)
	}
}

// expect reads a reply to its last line, and returns all of it.
func (f *ftpTalk) expect(last string) string {
	f.t.Helper()
	all := ""
	for {
		text, err := f.in.ReadString('\n')
		all += text
		if err != nil {
			f.t.Fatalf("after %q: %v", all, err)
		}
		if text == last+"\r\n" {
			return all
		}
		if len(text) > 3 && text[3] == ' ' && text[0] != ' ' {
			f.t.Fatalf("the reply is %q, want it to end with %q", all, last)
		}
	}
}

// any reads a reply of one line and returns what follows its code.
func (f *ftpTalk) any(code string) string {
	f.t.Helper()
	text, err := f.in.ReadString('\n')
	rest, ok := strings.CutPrefix(strings.TrimRight(text, "\r\n"), code+" ")
	if err != nil || !ok {
		f.t.Fatalf("the reply is %q, %v, want %s", text, err, code)
	}
	return rest
}

// ends fails unless the server has nothing more to say.
func (f *ftpTalk) ends() {
	f.t.Helper()
	if rest, err := io.ReadAll(f.in); len(rest) > 0 || err != nil {
		f.t.Errorf("the server goes on with %q, %v", rest, err)
	}
}

func strict(conn net.Conn, c *Computer, host string) *tls.Conn {
	return tls.Client(conn, &tls.Config{ServerName: host, RootCAs: c.Roots()})
}

func lenient(conn net.Conn, c *Computer, host string) *tls.Conn {
	config := &tls.Config{ServerName: host, RootCAs: c.Roots(), MinVersion: tls.VersionTLS10}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	return tls.Client(conn, config)
}

func TestFTPSession(t *testing.T) {
	for name, brand := range map[string]Brand{
		"vsftpd": Vsftpd, "ProFTPD": ProFTPD, "Pure-FTPd": PureFTPd, "FileZilla Server": FileZilla, "IIS": IIS, "files.com": FilesCom,
	} {
		t.Run(name, func(t *testing.T) {
			in(t, ftpSite(brand), func(t *testing.T, c *Computer) {
				conn := dial(t, c, exampleIP+":21")
				talk := speak(t, conn)
				talk.expect(lastLine(brand.greeting()))
				talk.send("FEAT")
				if feat := talk.expect(lastLine(brand.feat(true))); !strings.Contains(feat, "\r\n AUTH TLS") {
					t.Errorf("FEAT says %q", feat)
				}
				talk.send("NONSENSE")
				talk.expect(brand.unknown("NONSENSE"))
				talk.send("AUTH TLS")
				talk.expect("234 AUTH TLS OK.")
				secure := strict(conn, c, exampleFTP)
				if err := secure.Handshake(); err != nil {
					t.Fatal(err)
				}
				talk = speak(t, secure)
				talk.send("AUTH TLS")
				talk.expect("503 Already using TLS.")
				talk.send("PASS secret")
				talk.expect("503 Login with USER first.")
				talk.send("USER jane")
				talk.any("331")
				talk.send("pass secret")
				talk.expect(brand.words().denied)
				talk.send("LIST")
				talk.expect(brand.unknown("LIST"))
				talk.send("QUIT")
				talk.expect("221 Goodbye.")
				talk.ends()
			})
		})
	}
}

func TestImplicitTLS(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		start := time.Now()
		secure := strict(dial(t, c, "198.51.100.8:990"), c, filesHost)
		talk := speak(t, secure)
		talk.expect("220 FTP Server ready")
		took(t, start, 3) // connect and TLS 1.2: the greeting follows the server's last handshake message
		talk.send("FEAT")
		if feat := talk.expect("211 End"); strings.Contains(feat, "AUTH") {
			t.Errorf("FEAT says %q", feat)
		}
		if version := secure.ConnectionState().Version; version != tls.VersionTLS12 {
			t.Errorf("version %x", version)
		}
	})
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		scenario, greeting, auth string
	}{
		{"server-full", "421 There are too many connected users, please try later.", ""},
		{"address-banned-sftpgo", "500 Access denied: banned client IP", ""},
		{"no-encryption", "220 Please visit https://filezilla-project.org/", "502 Explicit TLS authentication not allowed"},
		{"login-before-encryption", "220 (vsFTPd 3.0.3)", "530 Please login with USER and PASS."},
		{"encryption-out-of-order", "220 ProFTPD Server (Debian) [::ffff:198.51.100.7]", "431 Necessary security resource unavailable"},
	}
	for _, test := range tests {
		t.Run(test.scenario, func(t *testing.T) {
			s, ok := Find(test.scenario)
			if !ok {
				t.Fatal("no such scenario")
			}
			in(t, s.Build, func(t *testing.T, c *Computer) {
				talk := speak(t, dial(t, c, exampleIP+":21"))
				talk.expect(test.greeting)
				if test.auth == "" {
					talk.ends()
					return
				}
				talk.send("AUTH TLS")
				talk.expect(test.auth)
			})
		})
	}
}

func TestPleaseWait(t *testing.T) {
	s, _ := Find("healthy-please-wait")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		talk := speak(t, dial(t, c, exampleIP+":21"))
		talk.expect("120 Service ready in 1 minute.")
		talk.expect(ProFTPD.greeting())
	})
}

// TestHandshakes holds the faults of TLS against what crypto/tls says of them: strictly, as by default, and with all
// that it can still do.
func TestHandshakes(t *testing.T) {
	const ok = ""
	tests := []struct {
		scenario, strict, lenient string
	}{
		{"healthy-vsftpd", ok, ok},
		{"tls-too-old", "remote error: tls: protocol version not supported", ok},
		{"ciphers-too-old", "remote error: tls: handshake failure", ok},
		{"ciphers-unknown-here", "remote error: tls: handshake failure", "remote error: tls: handshake failure"},
		{"host-name-unknown-to-server", "remote error: tls: unrecognized name", "remote error: tls: unrecognized name"},
		{"handshake-refused-in-words", "first record does not look like a TLS handshake", "first record does not look like a TLS handshake"},
		{"firewall-swallows-encryption", "i/o timeout", "i/o timeout"},
		{"client-certificate-wanted-tls-1-2", "remote error: tls: handshake failure", "remote error: tls: handshake failure"},
	}
	for _, test := range tests {
		t.Run(test.scenario, func(t *testing.T) {
			s, found := Find(test.scenario)
			if !found {
				t.Fatal("no such scenario")
			}
			in(t, s.Build, func(t *testing.T, c *Computer) {
				for _, way := range []struct {
					client func(net.Conn, *Computer, string) *tls.Conn
					want   string
				}{{strict, test.strict}, {lenient, test.lenient}} {
					conn := explicit(t, c)
					err := way.client(conn, c, exampleFTP).Handshake()
					if way.want == ok && err != nil || way.want != ok && (err == nil || !strings.Contains(err.Error(), way.want)) {
						t.Errorf("handshake ends with %v, want %q", err, way.want)
					}
				}
			})
		})
	}
}

// explicit goes as far as the 234 on ftp.example.org.
func explicit(t *testing.T, c *Computer) net.Conn {
	t.Helper()
	conn := dial(t, c, exampleIP+":21")
	talk := speak(t, conn)
	if _, err := talk.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	talk.send("AUTH TLS")
	talk.expect("234 AUTH TLS OK.")
	return conn
}

func TestResetOnClientHello(t *testing.T) {
	s, _ := Find("firewall-resets-encryption")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:21")
		talk := speak(t, conn)
		talk.expect("220 FTP Server ready")
		talk.send("AUTH TLS")
		talk.expect("234 AUTH TLS OK.")
		if err := strict(conn, c, filesHost).Handshake(); !errors.Is(err, errReset) {
			t.Errorf("handshake ends with %v", err)
		}
	})
}

// TestClientCertificateWantedLate shows that with TLS 1.3 the handshake succeeds, and the refusal follows.
func TestClientCertificateWantedLate(t *testing.T) {
	s, _ := Find("client-certificate-wanted")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		secure := strict(explicit(t, c), c, exampleFTP)
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		if _, err := secure.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("read ends with %v", err)
		}
	})
}

func TestNoNameNoRefusal(t *testing.T) {
	s, _ := Find("host-name-unknown-to-server")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		nameless := tls.Client(explicit(t, c), &tls.Config{InsecureSkipVerify: true})
		if err := nameless.Handshake(); err != nil {
			t.Error(err)
		}
	})
}

func TestCertificates(t *testing.T) {
	tests := []struct {
		scenario string
		want     func(err error) bool
	}{
		{"certificate-of-another-name", isA[x509.HostnameError]},
		{"certificate-expired", func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		}},
		{"certificate-self-signed", isA[x509.UnknownAuthorityError]},
		{"certificate-chain-incomplete", isA[x509.UnknownAuthorityError]},
		{"healthy-vsftpd", func(err error) bool { return err == nil }},
	}
	for _, test := range tests {
		t.Run(test.scenario, func(t *testing.T) {
			s, found := Find(test.scenario)
			if !found {
				t.Fatal("no such scenario")
			}
			in(t, s.Build, func(t *testing.T, c *Computer) {
				if err := strict(explicit(t, c), c, exampleFTP).Handshake(); !test.want(err) {
					t.Errorf("handshake ends with %v", err)
				}
			})
		})
	}
}

func isA[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

func TestDecryption(t *testing.T) {
	for scenario, trusted := range map[string]bool{"firewall-decrypts": false, "company-decrypts": true} {
		t.Run(scenario, func(t *testing.T) {
			s, _ := Find(scenario)
			in(t, s.Build, func(t *testing.T, c *Computer) {
				err := strict(dial(t, c, "198.51.100.9:443"), c, filesHost).Handshake()
				if trusted && err != nil || !trusted && !isA[x509.UnknownAuthorityError](err) {
					t.Errorf("handshake ends with %v", err)
				}
			})
		})
	}
}
