package lab

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/crypto/ssh"
)

// ask asks the home router for the A records of a name.
func ask(t *testing.T, c *Computer, network, name string) (*dns.Msg, error) {
	t.Helper()
	conn, err := c.DialContext(t.Context(), network, homeRouter+":53")
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	question := new(dns.Msg)
	question.SetQuestion(dns.Fqdn(name), dns.TypeA)
	client := dns.Client{Timeout: 2 * time.Second}
	reply, _, err := client.ExchangeWithConn(question, &dns.Conn{Conn: conn})
	return reply, err
}

func TestDNS(t *testing.T) {
	tests := []struct {
		name   string
		change func(*DNS)
		udp    string // the code or the error
		tcp    string
	}{
		{"healthy", func(*DNS) {}, "NOERROR 3", "NOERROR 3"},
		{"unknown name", func(d *DNS) { d.Zone = nil }, "NXDOMAIN 0", "NXDOMAIN 0"},
		{"no such record", func(d *DNS) { d.Zone = []string{filesHost + ". 60 IN MX 1 mail.example."} }, "NOERROR 0", "NOERROR 0"},
		{"fails", func(d *DNS) { d.Rcode = dns.RcodeServerFailure }, "SERVFAIL 0", "SERVFAIL 0"},
		{"refuses one name", func(d *DNS) { d.Rcodes = map[string]int{filesHost + ".": dns.RcodeRefused} }, "REFUSED 0", "REFUSED 0"},
		{"silent", func(d *DNS) { d.Silent = true }, "i/o timeout", "i/o timeout"},
		{"truncates", func(d *DNS) { d.Truncates = true }, "NOERROR 0 truncated", "NOERROR 3"},
		{"without TCP", func(d *DNS) { d.NoTCP = true }, "NOERROR 3", "connection reset by peer"},
		{"another question's answer", func(d *DNS) { d.WrongID = true }, "i/o timeout", "id mismatch"},
		{"garbage", func(d *DNS) { d.Garbage = true }, "buffer size too small", "buffer size too small"},
		{"slow", func(d *DNS) { d.Wait = 3 * time.Second }, "i/o timeout", "i/o timeout"},
		{"search page", func(d *DNS) { d.Zone, d.Search = nil, netip.MustParseAddr(searchPage) }, "NOERROR 1", "NOERROR 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, filesSite, func(t *testing.T, c *Computer) {
				test.change(c.router())
				for network, want := range map[string]string{"udp": test.udp, "tcp": test.tcp} {
					reply, err := ask(t, c, network, filesHost)
					if got := summary(reply, err); !strings.Contains(got, want) {
						t.Errorf("%s: %q, want %q", network, got, want)
					}
				}
			})
		})
	}
}

func summary(reply *dns.Msg, err error) string {
	if err != nil {
		return err.Error()
	}
	text := dns.RcodeToString[reply.Rcode] + " " + string(rune('0'+len(reply.Answer)))
	if reply.Truncated {
		text += " truncated"
	}
	return text
}

func TestNoDNSThere(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		conn, err := c.DialContext(t.Context(), "udp", "198.51.100.7:53")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, ok := conn.RemoteAddr().(*net.UDPAddr); !ok {
			t.Errorf("remote address is a %T", conn.RemoteAddr())
		}
		start := time.Now()
		_, _ = io.WriteString(conn, "question")
		if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, errRefused) {
			t.Errorf("read ends with %v", err)
		}
		took(t, start, 1)
	})
}

func TestLookupHost(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Computer)
		want   string // the addresses
		fails  func(*net.DNSError) bool
		after  time.Duration
	}{
		{"hosts file", func(c *Computer) { c.Hosts = "# comment\n10.0.0.5\tother ACME.files.com\n" }, "10.0.0.5", nil, 0},
		{"cache", func(c *Computer) { c.Cached = map[string][]netip.Addr{filesHost: addrs(otherIP)} }, otherIP, nil, 0},
		{"truncated", func(c *Computer) { c.router().Truncates = true }, strings.Join(filesIPs, " "), nil, 6 * time.Millisecond},
		{"no such name", func(c *Computer) { c.router().Zone = nil }, "", func(e *net.DNSError) bool { return e.IsNotFound }, 2 * time.Millisecond},
		{"no address", func(c *Computer) { c.router().Zone = []string{filesHost + ". 60 IN MX 1 mail.example."} }, "", func(e *net.DNSError) bool { return e.IsNotFound }, 2 * time.Millisecond},
		{"server fails", func(c *Computer) { c.router().Rcode = dns.RcodeServerFailure }, "", func(e *net.DNSError) bool { return e.IsTemporary && !e.IsTimeout }, 4 * time.Millisecond},
		{"server silent", func(c *Computer) { c.router().Silent = true }, "", func(e *net.DNSError) bool { return e.IsTimeout }, 10 * time.Second},
		{"another server helps", func(c *Computer) {
			c.router().Silent = true
			c.NameServers = append(c.NameServers, netip.MustParseAddrPort(publicDNS+":53"))
		}, strings.Join(filesIPs, " "), nil, 5*time.Second + 40*time.Millisecond},
		{"IPv6 first where it works", func(c *Computer) {
			c.giveIPv6()
			c.router().Zone = records(filesHost, exampleIP, exampleIPv6)
		}, exampleIPv6 + " " + exampleIP, nil, 2 * time.Millisecond},
		{"IPv4 first without IPv6", func(c *Computer) {
			c.router().Zone = records(filesHost, exampleIPv6, exampleIP)
		}, exampleIP + " " + exampleIPv6, nil, 2 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, filesSite, func(t *testing.T, c *Computer) {
				test.change(c)
				start := time.Now()
				found, err := c.LookupHost(t.Context(), filesHost)
				var got []string
				for _, addr := range found {
					got = append(got, addr.String())
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("got %v, want %s", got, test.want)
				}
				var failure *net.DNSError
				if errors.As(err, &failure) != (test.fails != nil) || failure != nil && !test.fails(failure) {
					t.Errorf("error is %#v", err)
				}
				if took := time.Since(start); took != test.after {
					t.Errorf("took %v, want %v", took, test.after)
				}
			})
		})
	}
}

func TestAliasLoopEnds(t *testing.T) {
	s, _ := Find("dns-loop")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		reply, err := ask(t, c, "tcp", "loop.example.org")
		if err != nil || len(reply.Answer) != longestChain {
			t.Errorf("got %v, %v", reply, err)
		}
	})
}

func TestWeb(t *testing.T) {
	s, _ := Find("clock-behind")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		secure := strict(dial(t, c, exampleIP+":443"), c, exampleFTP)
		_, _ = io.WriteString(secure, "HEAD / HTTP/1.1\r\nHost: ftp.example.org\r\nConnection: close\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(secure), &http.Request{Method: "HEAD"})
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		date, err := http.ParseTime(answer.Header.Get("Date"))
		if err != nil || date.Sub(time.Now().Truncate(time.Second)).Round(time.Second) != 2*day {
			t.Errorf("date %v, %v", date, err)
		}
		if rest, err := io.ReadAll(secure); len(rest) > 0 || err != nil {
			t.Errorf("the server goes on with %q, %v", rest, err)
		}
	})
}

func TestWebRefusesOtherProtocols(t *testing.T) {
	in(t, filesSite, func(t *testing.T, c *Computer) {
		err := strict(dial(t, c, "198.51.100.7:80"), c, filesHost).Handshake()
		if err == nil || !strings.Contains(err.Error(), "first record does not look like a TLS handshake") {
			t.Errorf("handshake ends with %v", err)
		}
	})
}

func TestPortal(t *testing.T) {
	s, _ := Find("captive-portal")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		conn := dial(t, c, "198.51.100.7:80")
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: acme.files.com\r\nConnection: close\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != 302 || answer.Header.Get("Location") != "http://wifi.hotel.example/login" {
			t.Errorf("got %v, %v", answer, err)
		}
	})
}

func TestSSHStages(t *testing.T) {
	tests := []struct {
		name   string
		server SSH
		want   string // the first words
		ends   error
	}{
		{"hangs up at once", SSH{EndAfter: AtLines}, "", io.EOF},
		{"lines, then goes", SSH{Before: []string{"Not allowed at this time"}, EndAfter: AtLines}, "Not allowed at this time\r\n", io.EOF},
		{"identification, then goes", SSH{EndAfter: AtIdentityGiven}, openSSH + "\r\n", io.EOF},
		{"goes on the visitor's identification", SSH{EndAfter: AtVisitorHello}, openSSH + "\r\n", io.EOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in(t, fortrabbitSite(test.server), func(t *testing.T, c *Computer) {
				conn := dial(t, c, fortrabbitIP+":22")
				if test.server.EndAfter == AtVisitorHello {
					_, _ = io.WriteString(conn, "SSH-2.0-test\r\n")
				}
				got, err := io.ReadAll(conn)
				if string(got) != test.want || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		})
	}
}

func TestSSHWithLinesBefore(t *testing.T) {
	s, _ := Find("healthy-welcome-lines")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		var key ssh.PublicKey
		config := &ssh.ClientConfig{HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error { key = k; return nil }}
		_, _, _, err := ssh.NewClientConn(dial(t, c, exampleIP+":22"), "x", config)
		if err == nil || key == nil || key.Type() != ssh.KeyAlgoED25519 {
			t.Errorf("key %v, %v", key, err)
		}
	})
}

func TestSSHOffer(t *testing.T) {
	s, _ := Find("ssh-algorithms-too-old")
	in(t, s.Build, func(t *testing.T, c *Computer) {
		config := &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()}
		_, _, _, err := ssh.NewClientConn(dial(t, c, exampleIP+":22"), "x", config)
		var none *ssh.AlgorithmNegotiationError
		if !errors.As(err, &none) || strings.Join(none.RequestedAlgorithms, ",") != "diffie-hellman-group1-sha1" {
			t.Errorf("error is %v", err)
		}
	})
}
