package probe

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// handshake does a TLS handshake over a stream and records it, with what the certificate is worth. It returns the
// stream inside TLS, nil when the handshake failed. first is what the client says right afterwards.
func (s *Session) handshake(ctx context.Context, st *stream, mode fact.TLSMode, purpose fact.Purpose, first string) (*stream, *fact.Observation) {
	limit := s.wait(handshakeLimit)
	if mode == fact.Nudge {
		limit = nudgeLimit
	}
	step := s.begin(st.wire.check, st.wire.place, st.wire.conn, "the TLS handshake of "+st.wire.place, limit)
	step.TLS = &fact.TLS{Purpose: purpose, Mode: mode, ServerName: s.serverName()}
	early := append([]byte(nil), st.ahead()...)
	st.wire.mark()
	st.wire.limit(ctx, limit)
	config := s.tlsConfig(step.TLS)
	if st.pinned != nil {
		config.ClientSessionCache = st.pinned
	}
	conn := tls.Client(st, config)
	secure := newStream(conn, st.wire, true)
	secure.pinned = st.pinned
	err := conn.Handshake()
	if err == nil && mode != fact.DataTLS { // on a data connection the server need not speak
		err = secure.begin(ctx, conn, step.TLS.WantsCert, first)
	}
	came, received := st.wire.raw()
	step.TLS.Received = len(early) + received
	s.describe(step.TLS, conn.ConnectionState())
	if err != nil {
		err = dissect(step.TLS, append(early, came...), err)
		secure = nil
	}
	step.end(ctx, err)
	return secure, &step.Observation
}

// secondLook is the purpose of a second connection that can say why a handshake failed; empty: none is needed, or none would
// tell more. Silence has nothing to do with versions and suites, and neither has a missing client certificate.
func secondLook(o *fact.Observation) fact.Purpose {
	const unrecognizedName = 112 // RFC 6066 section 3
	switch {
	case o == nil, o.TLS.Purpose != "", o.TLS.Mode == fact.Nudge, o.TLS.WantsCert:
		return ""
	case o.TLS.Alert == unrecognizedName:
		return fact.WithoutSNI
	case o.Failed(fact.Alert, fact.TLSVersion, fact.TLSFailed):
		return fact.LenientTLS
	case o.Failed(fact.Closed, fact.Reset) && o.TLS.Received == 0:
		return fact.LenientTLS
	}
	return ""
}

// serverName is the name that is sent and checked.
func (s *Session) serverName() string {
	if s.plan.ServerName != "" {
		return s.plan.ServerName
	}
	return s.plan.Target.Host
}

// tlsConfig is that of an ordinary client of today or, for a second look, one that accepts whatever this program can do.
// The certificate is judged after the handshake, so that all of its faults are seen at once.
func (s *Session) tlsConfig(seen *fact.TLS) *tls.Config {
	config := &tls.Config{
		ServerName:         seen.ServerName,
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS12,
		// Without the hybrid key share of ML-KEM the ClientHello fits one segment, as that of FTP apps does.
		// There are devices that drop a larger one.
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			seen.WantsCert = true
			return &tls.Certificate{}, nil
		},
	}
	switch seen.Purpose {
	case fact.LenientTLS:
		config.MinVersion = tls.VersionTLS10
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
	case fact.WithoutSNI:
		config.ServerName, seen.ServerName = "", ""
	}
	return config
}

// refusalLimit is how long a server has to refuse a client without a certificate.
const refusalLimit = 5 * time.Second

// begin says the client's first words inside TLS. In TLS 1.3 a server refuses a missing client certificate only after
// the handshake (RFC 8446 section 4.4.2.4), so that where it wanted one its first answer is awaited. That answer
// stays in the stream; silence is no refusal.
func (st *stream) begin(ctx context.Context, conn *tls.Conn, wantsCert bool, first string) error {
	var unsaid error
	if first != "" {
		_, unsaid = io.WriteString(st, first)
	}
	if !wantsCert || conn.ConnectionState().Version != tls.VersionTLS13 {
		return unsaid
	}
	// A server that has hung up meanwhile breaks the write; its reason is there to be read nevertheless.
	st.wire.limit(ctx, refusalLimit)
	if _, err := st.in.Peek(1); alertNumber(err) > 0 {
		return err
	}
	return unsaid
}

// dissect finds out what a failed handshake died of. The bytes on the wire tell more than the error of the library does.
func dissect(seen *fact.TLS, came []byte, err error) error {
	if n := alertNumber(err); n > 0 {
		seen.Alert = n
		seen.AlertText = strings.TrimPrefix(tls.AlertError(n).Error(), "tls: ")
		return breach{fact.Alert, err.Error()}
	}
	hello, clear := readRecords(came)
	if len(clear) > 0 {
		seen.Plain = firstLines(clear)
		return breach{fact.NotTLS, err.Error()}
	}
	if seen.Version == "" && hello > 0 {
		seen.Version = tls.VersionName(hello)
	}
	switch {
	case strings.HasPrefix(err.Error(), tooLongForTLS):
		return breach{fact.TooLong, err.Error()}
	case 0 < hello && hello < tls.VersionTLS12 && kind(err) == fact.Other:
		return breach{fact.TLSVersion, err.Error()}
	case kind(err) == fact.Other:
		return breach{fact.TLSFailed, err.Error()}
	}
	return err
}

// tooLongForTLS begins the text of the error for a message longer than crypto/tls reads, which for certificates is 256 KiB
// (Go 1.26). The error has no type, and another client may read more.
const tooLongForTLS = "tls: handshake message of length "

// alertNumber is the number of the alert that the other side sent; 0: the error is none. The type of the library's
// alerts is not exported, their texts are those of tls.AlertError.
func alertNumber(err error) int {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0
	}
	for n := 1; n < 256; n++ {
		if tls.AlertError(n).Error() == op.Err.Error() {
			return n
		}
	}
	return 0
}

// The types of TLS records (RFC 8446 section 5.1), heartbeat (RFC 6520) the last of them.
const (
	recordFirst     = 20
	recordAlert     = 21
	recordHandshake = 22
	recordLast      = 24
)

// readRecords walks over TLS records. It returns the version that a ServerHello in clear chose, 0 without one, and
// what follows the records in clear: some servers write a last sentence into the TLS stream
// (vsftpd 3.0.3: "500 OOPS: ...", ProFTPD 1.3.8: "421 TLS handshake failed").
func readRecords(b []byte) (version uint16, clear []byte) {
	for len(b) > 0 {
		if b[0] < recordFirst || b[0] > recordLast || len(b) > 1 && b[1] != 3 {
			return version, b
		}
		if len(b) < 5 {
			return version, nil
		}
		size := int(b[3])<<8 | int(b[4])
		if size > 16<<10+2048 { // RFC 5246 section 6.2.3
			return version, b
		}
		body := b[5:min(len(b), 5+size)]
		// A ServerHello: type 2, three bytes of length, the version (RFC 8446 section 4.1.3).
		if b[0] == recordHandshake && version == 0 && len(body) >= 6 && body[0] == 2 {
			version = uint16(body[4])<<8 | uint16(body[5])
		}
		b = b[5+len(body):]
	}
	return version, nil
}

// The bounds of what is kept of a chain.
const (
	maxChain = 10
	maxNames = 100
)

// describe records what the handshake agreed on and what the certificate is worth.
func (s *Session) describe(seen *fact.TLS, state tls.ConnectionState) {
	if state.Version != 0 {
		seen.Version = tls.VersionName(state.Version)
	}
	seen.Resumed = state.DidResume
	if state.CipherSuite != 0 {
		seen.Suite = tls.CipherSuiteName(state.CipherSuite)
	}
	chain := state.PeerCertificates
	if len(chain) == 0 {
		return
	}
	seen.ChainSent = len(chain)
	for _, c := range chain[:min(len(chain), maxChain)] {
		seen.Chain = append(seen.Chain, describeCertificate(c))
	}
	seen.Faults = findFaults(chain, s.serverName(), s.plan.Roots, time.Now())
}

func describeCertificate(c *x509.Certificate) fact.Certificate {
	sum := sha256.Sum256(c.Raw)
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = names[:min(len(names), maxNames)]
	return fact.Certificate{
		Subject:    fact.Clean(c.Subject.String()),
		Issuer:     fact.Clean(c.Issuer.String()),
		Names:      fact.CleanLines(names, maxNames),
		NotBefore:  c.NotBefore.UTC(),
		NotAfter:   c.NotAfter.UTC(),
		SHA256:     hex.EncodeToString(sum[:]),
		Key:        keyOf(c),
		CA:         c.IsCA,
		SelfSigned: isSelfSigned(c),
		IssuerURL:  len(c.IssuingCertificateURL) > 0,
	}
}

func keyOf(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}
