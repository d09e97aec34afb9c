package probe

import (
	"context"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// hostBook is what the known_hosts files hold.
type hostBook struct{}

// judgement is what the book says about the host key of a server.
type judgement struct {
	standing  fact.Standing
	entries   []fact.KnownKeyEntry
	elsewhere []string
}

// readHostBook reads the known_hosts files and records them.
func (s *Session) readHostBook(context.Context) *hostBook { return &hostBook{} }

// judge says what the book has about a key that a host shows on a port. The key may be a certificate.
func (b *hostBook) judge(host string, port int, key ssh.PublicKey) judgement {
	return judgement{standing: fact.UnknownKey}
}

// types lists the host key algorithms for which the book has keys of the host, so that the server can be asked for one of
// them.
func (b *hostBook) types(host string, port int) []string { return nil }
