package probe

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// good is a certificate without a fault for the server of the small worlds.
func good() lab.Certificate { return lab.Certificate{Names: []string{there}} }

// tlsOf picks the TLS steps of each connection to the one port.
func tlsOf(run fact.Run) []*fact.Observation {
	var steps []*fact.Observation
	for i := range run.Seen {
		if o := &run.Seen[i]; o.TLS != nil && o.Endpoint == spot {
			steps = append(steps, o)
		}
	}
	return steps
}

func faults(o *fact.Observation) []fact.Fault {
	var kinds []fact.Fault
	for _, f := range o.TLS.Faults {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// Every fault of a certificate is seen at once, on explicit and on implicit TLS.
func TestFaults(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		certificate lab.Certificate
		want        []fact.Fault
	}{
		"none":              {good(), nil},
		"name":              {lab.Certificate{Names: []string{"other.example.org"}}, []fact.Fault{fact.NameMismatch}},
		"expired":           {lab.Certificate{Names: []string{there}, From: -30 * day, Until: -day}, []fact.Fault{fact.Expired}},
		"not yet valid":     {lab.Certificate{Names: []string{there}, From: day, Until: 30 * day}, []fact.Fault{fact.NotYetValid}},
		"self-signed":       {lab.Certificate{Names: []string{there}, Issuer: lab.Itself}, []fact.Fault{fact.SelfSigned}},
		"unknown authority": {lab.Certificate{Names: []string{there}, Issuer: lab.Security}, []fact.Fault{fact.UnknownAuthority}},
		"no intermediate":   {lab.Certificate{Names: []string{there}, OmitIntermediate: true}, []fact.Fault{fact.NoChain}},
		"three at once": {
			lab.Certificate{Names: []string{"other.example.org"}, Issuer: lab.Itself, From: -30 * day, Until: -day},
			[]fact.Fault{fact.NameMismatch, fact.SelfSigned, fact.Expired},
		},
		"expired and no intermediate": {
			lab.Certificate{Names: []string{there}, OmitIntermediate: true, From: -30 * day, Until: -day},
			[]fact.Fault{fact.NoChain, fact.Expired},
		},
	} {
		for _, speaks := range []fact.Protocol{fact.FTPES, fact.FTPS, fact.HTTPS} {
			t.Run(name+"/"+string(speaks), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					secure := &lab.TLS{Certificate: c.certificate.Make()}
					var server lab.Server = lab.FTP{TLS: secure, Implicit: speaks == fact.FTPS}
					if speaks == fact.HTTPS {
						server = lab.Web{TLS: secure}
					}
					w := world(server)
					defer w.Close()
					steps := tlsOf(look(t, w, there, func(p *Plan) { p.Target.Port, p.Target.Protocol = 2100, speaks }))
					if len(steps) != 1 || steps[0].Failure != nil || !slices.Equal(faults(steps[0]), c.want) {
						t.Fatalf("%d steps, the first is %+v with %+v", len(steps), steps[0], steps[0].TLS)
					}
				})
			})
		}
	}
}

// An expired certificate that a server sends along and nobody needs is no fault: half the web sent one
// when DST Root CA X3 had ended in 2021.
func TestACertificateThatIsNotNeededIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		certificate := good().Make()
		old := lab.Certificate{Names: []string{"old.example.org"}, Issuer: lab.Itself, Until: -time.Hour}.Make()
		certificate.Certificate = append(certificate.Certificate, old.Certificate[0])
		w := world(lab.FTP{Implicit: true, TLS: &lab.TLS{Certificate: certificate}})
		defer w.Close()
		steps := tlsOf(look(t, w, there, func(p *Plan) { p.Target.Port, p.Target.Protocol = 2100, fact.FTPS }))
		if len(steps) != 1 || len(steps[0].TLS.Faults) > 0 || steps[0].TLS.ChainSent != 3 {
			t.Errorf("got %+v", steps[0].TLS)
		}
	})
}

// The ends of a handshake that fails, and the second look at it.
func TestHandshakeFailures(t *testing.T) {
	type end struct {
		purpose fact.Purpose
		kind    fact.Kind // empty: completed
		alert   int
		plain   string
		version string
	}
	for name, c := range map[string]struct {
		tls    lab.TLS
		onFail string
		want   []end
	}{
		"alert 40":     {tls: lab.TLS{Alert: 40}, want: []end{{"", fact.Alert, 40, "", ""}, {fact.LenientTLS, fact.Alert, 40, "", ""}}},
		"old version":  {tls: lab.TLS{Min: tls.VersionTLS10, Max: tls.VersionTLS10}, want: []end{{"", fact.Alert, 70, "", ""}, {fact.LenientTLS, "", 0, "", "TLS 1.0"}}},
		"old suites":   {tls: lab.TLS{Suites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, Max: tls.VersionTLS12}, want: []end{{"", fact.Alert, 40, "", ""}, {fact.LenientTLS, "", 0, "", "TLS 1.2"}}},
		"name refused": {tls: lab.TLS{Alert: 112}, want: []end{{"", fact.Alert, 112, "", ""}, {fact.WithoutSNI, fact.Alert, 112, "", ""}}},
		"words":        {tls: lab.TLS{Answer: "421 TLS handshake failed\r\n"}, want: []end{{"", fact.NotTLS, 0, "421 TLS handshake failed", ""}}},
		"few words":    {tls: lab.TLS{Answer: "no\r\n"}, want: []end{{"", fact.NotTLS, 0, "no", ""}}},
		"silence":      {tls: lab.TLS{Hang: true}, want: []end{{"", fact.Timeout, 0, "", ""}}},
		"goodbye":      {tls: lab.TLS{HangUp: true}, want: []end{{"", fact.Closed, 0, "", ""}, {fact.LenientTLS, fact.Closed, 0, "", ""}}},
		"reset":        {tls: lab.TLS{Reset: true}, want: []end{{"", fact.Reset, 0, "", ""}, {fact.LenientTLS, fact.Reset, 0, "", ""}}},
		"client certificate, TLS 1.2": {
			tls:  lab.TLS{WantsClientCertificate: true, Max: tls.VersionTLS12},
			want: []end{{"", fact.Alert, 40, "", "TLS 1.2"}},
		},
		"client certificate, TLS 1.3": {
			tls:  lab.TLS{WantsClientCertificate: true},
			want: []end{{"", fact.Alert, 116, "", "TLS 1.3"}},
		},
	} {
		for _, speaks := range []fact.Protocol{fact.FTPES, fact.FTPS} {
			t.Run(name+"/"+string(speaks), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					certificate := good()
					certificate.RSA = c.tls.Suites != nil
					c.tls.Certificate = certificate.Make()
					w := world(lab.FTP{TLS: &c.tls, Implicit: speaks == fact.FTPS, OnFail: c.onFail})
					defer w.Close()
					run := look(t, w, "lab.example.org", func(p *Plan) {
						p.Target.Port, p.Target.Protocol = 2100, speaks
						p.Given = []netip.Addr{netip.MustParseAddr(there)}
					})
					var got []end
					for _, o := range tlsOf(run) {
						if o.TLS.Purpose == fact.SmallPackets {
							continue // silence may be one of large packets
						}
						e := end{purpose: o.TLS.Purpose, alert: o.TLS.Alert, plain: strings.Join(o.TLS.Plain, "|"), version: o.TLS.Version}
						if o.Failure != nil {
							e.kind = o.Failure.Kind
						}
						got = append(got, e)
					}
					if !slices.Equal(got, c.want) {
						t.Errorf("got %+v, want %+v", got, c.want)
					}
				})
			})
		}
	}
}

// A server that only would like a client certificate is content without one.
func TestAWantedCertificateIsNotARequiredOne(t *testing.T) {
	certificate := good().Make()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		seen := visitPipe(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 hello\r\n")
			in := bufio.NewReader(c)
			for _, reply := range []string{"211 none\r\n", "234 go on\r\n"} {
				_, _ = in.ReadString('\n')
				_, _ = io.WriteString(c, reply)
			}
			secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequestClientCert, MaxVersion: version})
			if line, err := bufio.NewReader(secure).ReadString('\n'); err != nil || line != "QUIT\r\n" {
				t.Errorf("the server hears %q, %v", line, err)
			}
			_, _ = io.WriteString(secure, "221 bye\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, fact.FTPES)
		last := seen[len(seen)-1]
		if last.TLS == nil || last.Failure != nil || !last.TLS.WantsCert || last.TLS.Version != tls.VersionName(version) {
			t.Errorf("the conversation ends with %+v %+v", last.Failure, last.TLS)
		}
	}
}

// What comes in clear behind the 234 is neither lost nor taken for TLS.
func TestWordsBehindTheConsent(t *testing.T) {
	seen := visitPipe(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 hello\r\n")
		in := bufio.NewReader(c)
		for _, reply := range []string{"211 none\r\n", "234 go on\r\n421 or rather not\r\n"} {
			_, _ = in.ReadString('\n')
			_, _ = io.WriteString(c, reply)
		}
		_, _ = io.Copy(io.Discard, c)
	}, fact.FTPES)
	last := seen[len(seen)-1]
	if last.TLS == nil || !last.Failed(fact.NotTLS) || !slices.Equal(last.TLS.Plain, []string{"421 or rather not"}) {
		t.Errorf("the conversation ends with %+v %+v", last.Failure, last.TLS)
	}
}

// vsftpd 3.0.3 writes its last words in clear into the TLS stream.
func TestLastWordsInClearAfterRecords(t *testing.T) {
	record := func(kind byte, body string) string { return string([]byte{kind, 3, 3, 0, byte(len(body))}) + body }
	serverHello := record(recordHandshake, "\x02\x00\x00\x26\x03\x01"+strings.Repeat("r", 32))
	for name, c := range map[string]struct {
		came    string
		version uint16
		clear   string
	}{
		"nothing":                 {"", 0, ""},
		"words alone":             {"421 no\r\n", 0, "421 no\r\n"},
		"words after a record":    {record(23, "secret") + "500 OOPS: cannot change directory\r\n", 0, "500 OOPS: cannot change directory\r\n"},
		"words after two":         {serverHello + record(23, "x") + "500 OOPS", tls.VersionTLS10, "500 OOPS"},
		"a record cut short":      {record(22, "abcdef")[:8], 0, ""},
		"a header cut short":      {"\x16\x03", 0, ""},
		"a record that is no TLS": {"\x16\x02\x01\x00\x01x", 0, "\x16\x02\x01\x00\x01x"},
		"a record too large":      {"\x16\x03\x01\xff\xffx", 0, "\x16\x03\x01\xff\xffx"},
	} {
		version, clear := readRecords([]byte(c.came))
		if version != c.version || string(clear) != c.clear {
			t.Errorf("%s: version %x, clear %q", name, version, clear)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x02ab500 x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, clear := readRecords(b); len(clear) > len(b) {
			t.Fatal("more is left than came")
		}
	})
}

func TestAnOldServerHelloIsAVersion(t *testing.T) {
	hello := "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 36)
	seen := visitPipe(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, hello)
		_, _ = io.Copy(io.Discard, c)
	}, fact.FTPS)
	last := seen[1]
	if last.TLS == nil || !last.Failed(fact.TLSVersion, fact.TLSFailed) || last.TLS.Version != "TLS 1.0" {
		t.Errorf("got %+v %+v", last.Failure, last.TLS)
	}
}

// A chain of a hundred certificates is kept short. One of a thousand is more than this program reads, whatever the version of
// TLS: that is its own limit and no fault of the server's, so that no second handshake looks for one.
func TestLongChains(t *testing.T) {
	for _, c := range []struct {
		length  int
		version uint16
		kind    fact.Kind // empty: completed
	}{
		{100, tls.VersionTLS13, ""},
		{1000, tls.VersionTLS12, fact.TooLong},
		{1000, tls.VersionTLS13, fact.TooLong},
	} {
		certificate := good()
		certificate.Padding = c.length
		synctest.Test(t, func(t *testing.T) {
			w := world(lab.FTP{Implicit: true, TLS: &lab.TLS{Certificate: certificate.Make(), Max: c.version}})
			defer w.Close()
			steps := tlsOf(look(t, w, there, func(p *Plan) { p.Target.Port, p.Target.Protocol = 2100, fact.FTPS }))
			first := steps[0]
			if c.kind == "" && (first.Failure != nil || len(first.TLS.Chain) != maxChain || len(first.TLS.Faults) > 0) {
				t.Errorf("%d certificates: %+v, %d kept, %v", c.length, first.Failure, len(first.TLS.Chain), first.TLS.Faults)
			}
			if c.kind != "" && (!first.Failed(c.kind) || len(steps) != 1) {
				t.Errorf("%d certificates, %s: %+v in %d handshakes", c.length, tls.VersionName(c.version), first.Failure, len(steps))
			}
		})
	}
}

// The numbers of alerts are found by the texts of the library; should it change them, this fails.
func TestAlertNumber(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_, _ = far.Read(make([]byte, 4096))
		_, _ = far.Write([]byte{recordAlert, 3, 3, 0, 2, 2, 71})
	}()
	err := tls.Client(near, &tls.Config{ServerName: "x"}).Handshake()
	if got := alertNumber(err); got != 71 {
		t.Errorf("%v has the number %d", err, got)
	}
	if got := alertNumber(errors.New("remote error: tls: handshake failure")); got != 0 {
		t.Errorf("an error that is no alert has the number %d", got)
	}
}

func TestDistrustOfNoUse(t *testing.T) {
	kind, _ := distrust([]*x509.Certificate{{}}, x509.NewCertPool(), x509.CertificateInvalidError{Reason: x509.IncompatibleUsage})
	if kind != fact.BadCertificate {
		t.Errorf("a certificate for another use is %s", kind)
	}
}
