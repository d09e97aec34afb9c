package lab

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
)

// TLS is how a server does the handshake.
type TLS struct {
	Certificate tls.Certificate
	// Min and Max are the versions; zero: 1.2 and 1.3.
	Min, Max uint16
	// Suites limits the cipher suites up to TLS 1.2.
	Suites []uint16
	// WantsClientCertificate refuses visitors without one.
	WantsClientCertificate bool
	// RefusesNames answers a visitor that names a host with the alert unrecognized_name, 112.
	RefusesNames bool
	// Alert answers every ClientHello with this alert.
	Alert byte
	// Answer is sent in clear in place of the handshake.
	Answer string
	// Hang reads the ClientHello and says nothing.
	Hang bool
	// HangUp and Reset end the connection on the ClientHello.
	HangUp, Reset bool

	// DemandsReuse refuses FTP data connections that do not resume the session of the control connection.
	DemandsReuse bool
	// OneTimeTickets accepts each ticket of TLS 1.3 once (RFC 8446, section 8.1).
	OneTimeTickets bool
}

var errNoHandshake = errors.New("no handshake")

// server does the handshake.
func (t TLS) server(c *conn) (*tls.Conn, error) { return t.serve(c, t.config()) }

func (t TLS) serve(c *conn, config *tls.Config) (*tls.Conn, error) {
	if t.scripted() {
		return nil, t.spoil(c)
	}
	secure := tls.Server(c, config)
	return secure, secure.Handshake()
}

// sessions are the TLS sessions of one FTP session. Only tickets of its control connection can be resumed, so that
// whoever presents one is the visitor who signed in.
type sessions struct{ control, data *tls.Config }

func (t TLS) sessions() *sessions {
	s := &sessions{t.config(), t.config()}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	used := map[string]bool{}
	for _, config := range []*tls.Config{s.control, s.data} {
		config.SetSessionTicketKeys([][32]byte{key})
	}
	ofControl := []byte("control connection")
	s.control.WrapSession = func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
		session.Extra = append(session.Extra, ofControl)
		return s.control.EncryptTicket(state, session)
	}
	s.data.WrapSession = func(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
		session.Extra = nil
		return s.data.EncryptTicket(state, session)
	}
	s.data.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		session, err := s.data.DecryptTicket(ticket, state)
		spent := t.OneTimeTickets && state.Version == tls.VersionTLS13 && used[string(ticket)]
		used[string(ticket)] = true
		if err != nil || session == nil || spent || len(session.Extra) == 0 {
			return nil, err
		}
		return session, nil
	}
	return s
}

func (t TLS) scripted() bool { return t.Alert != 0 || t.Answer != "" || t.Hang || t.HangUp || t.Reset }

// spoil answers a ClientHello with something else than a handshake.
func (t TLS) spoil(c *conn) error {
	if err := readRecord(c); err != nil {
		return err
	}
	switch {
	case t.Alert != 0:
		// An alert record: type 21, version 1.2, two bytes, fatal (RFC 5246, sections 6.2.1 and 7.2).
		_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, t.Alert})
	case t.Answer != "":
		_, _ = io.WriteString(c, t.Answer)
	case t.Hang:
		drain(c)
	case t.Reset:
		c.reset()
	}
	return errNoHandshake
}

// readRecord reads one TLS record, or what takes its place.
func readRecord(c io.Reader) error {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, c, int64(head[3])<<8|int64(head[4]))
	return err
}

func (t TLS) config() *tls.Config {
	config := &tls.Config{
		Certificates: []tls.Certificate{t.Certificate},
		MinVersion:   max(t.Min, tls.VersionTLS10),
		MaxVersion:   t.Max,
		CipherSuites: t.Suites,
	}
	if t.Min == 0 {
		config.MinVersion = tls.VersionTLS12
	}
	if t.WantsClientCertificate {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	if t.RefusesNames {
		config.Certificates = nil
		// With no certificate for the name, crypto/tls sends unrecognized_name.
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return nil, nil
			}
			return &t.Certificate, nil
		}
	}
	return config
}
