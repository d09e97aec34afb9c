package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// clientIdent is this program's identification.
const clientIdent = "SSH-2.0-ftpdoctor"

// ssh is the conversation with an SSH port up to the proof of the host key. It hangs up then: nothing tries to sign in.
func (s *Session) ssh(ctx context.Context, st *stream) {
	line := s.ident(ctx, st)
	// RFC 4253 section 5.1: 1.99 is a server that speaks 2.0 and older versions.
	if strings.HasPrefix(line, "SSH-2.0-") || strings.HasPrefix(line, "SSH-1.99-") {
		s.kex(ctx, st, line)
	}
}

// The bounds of what comes before an identification. OpenSSH's client reads 1024 lines
// (SSH_MAX_PRE_BANNER_LINES in its ssh.h); servers send at most a page.
const (
	maxBefore      = 1024
	maxBeforeBytes = 32 << 10
)

// ident reads and records the server's identification and the lines before it. It returns the identification.
func (s *Session) ident(ctx context.Context, st *stream) string {
	limit := s.wait(greetingLimit)
	step := s.begin("endpoints", st.wire.place, st.wire.conn, "the identification of "+st.wire.place, limit)
	st.wire.limit(ctx, limit)
	line, before, err := st.identification()
	step.Ident = &fact.Ident{Line: fact.Clean(line), Before: fact.CleanLines(before, maxLines)}
	step.end(ctx, err)
	return line
}

// identification reads lines up to the one that begins with "SSH-" (RFC 4253 section 4.2).
func (st *stream) identification() (line string, before []string, err error) {
	for size := 0; ; size += len(line) + 2 {
		line, err = st.line()
		switch {
		case strings.HasPrefix(line, "SSH-") && (err == nil || errors.Is(err, io.EOF)):
			return line, before, nil
		case line != "" || err == nil:
			before = append(before, line)
		}
		if err != nil {
			return "", before, err
		}
		if len(before) > maxBefore || size > maxBeforeBytes {
			return "", before, errTooLong
		}
	}
}

// errSeen ends a key exchange as soon as the host key is proven.
var errSeen = errors.New("the host key was seen")

// kex carries out the key exchange and records what was offered, what was agreed on, and the host key.
func (s *Session) kex(ctx context.Context, st *stream, ident string) {
	limit := s.wait(handshakeLimit)
	step := s.begin("endpoints", st.wire.place, st.wire.conn, "the SSH key exchange of "+st.wire.place, limit)
	step.Kex = &fact.Kex{}
	st.wire.limit(ctx, limit)
	_, received := st.wire.raw()
	start := received - st.in.Buffered()

	// The library drops what comes before the identification and reads it again itself.
	again := &stream{Conn: st.Conn, said: st.said, in: bufio.NewReader(io.MultiReader(strings.NewReader(ident+"\r\n"), st.in))}
	_, _, _, err := ssh.NewClientConn(again, st.wire.place, everyAlgorithm(func(_ string, _ net.Addr, key ssh.PublicKey) error {
		step.Kex.HostKey = describeHostKey(key)
		return errSeen
	}))
	if errors.Is(err, errSeen) {
		err = nil
	}
	head, _ := st.wire.raw()
	if init, ok := findKexInit(head[min(start, len(head)):]); ok {
		step.Kex.Offer = init.algorithms()
	}
	if step.Kex.HostKey != nil && step.Kex.Offer != nil {
		step.Kex.Agreed = agreed(step.Kex.Offer)
	}
	if lacking, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); ok {
		step.Kex.Lacking, step.Kex.Ours = lacking.What, lacking.SupportedAlgorithms
		err = breach{fact.NoCommonAlgorithm, err.Error()}
	}
	step.end(ctx, err)
}

// everyAlgorithm is the configuration of a client that accepts the weakest server, so that its host key can be seen. What
// was agreed on is recorded; nothing secret is sent.
func everyAlgorithm(seen ssh.HostKeyCallback) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		Config:            ssh.Config{KeyExchanges: offer.KeyExchanges, Ciphers: offer.Ciphers, MACs: offer.MACs},
		HostKeyAlgorithms: offer.HostKeys,
		HostKeyCallback:   seen,
		ClientVersion:     clientIdent,
	}
}

// offer is what this program offers to SSH servers, the strong ones first.
var offer = func() ssh.Algorithms {
	strong, weak := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	return ssh.Algorithms{
		KeyExchanges: append(strong.KeyExchanges, weak.KeyExchanges...),
		Ciphers:      append(strong.Ciphers, weak.Ciphers...),
		MACs:         append(strong.MACs, weak.MACs...),
		HostKeys:     append(plainKeys(strong.HostKeys), plainKeys(weak.HostKeys)...),
	}
}()

// plainKeys leaves out host certificates, which few servers have, and puts the Ed25519 key first, of which OpenSSH's
// client shows the fingerprint too.
func plainKeys(algorithms []string) []string {
	kept := slices.DeleteFunc(algorithms, func(a string) bool { return strings.Contains(a, "-cert-") })
	slices.SortStableFunc(kept, func(a, b string) int {
		return rank(a) - rank(b)
	})
	return kept
}

func rank(algorithm string) int {
	if algorithm == ssh.KeyAlgoED25519 {
		return 0
	}
	return 1
}

// agreed is what both sides settle on: the first of the client's that the server has too (RFC 4253 section 7.1).
func agreed(theirs *fact.Algorithms) *fact.Agreed {
	first := func(ours, theirs []string) string {
		i := slices.IndexFunc(ours, func(a string) bool { return slices.Contains(theirs, a) })
		if i < 0 {
			return ""
		}
		return ours[i]
	}
	settled := &fact.Agreed{
		Kex:     first(offer.KeyExchanges, theirs.Kex),
		HostKey: first(offer.HostKeys, theirs.HostKeys),
		Cipher:  first(offer.Ciphers, theirs.CiphersOut),
		MAC:     first(offer.MACs, theirs.MACsOut),
	}
	if strings.Contains(settled.Cipher, "gcm@") || strings.Contains(settled.Cipher, "poly1305") {
		settled.MAC = "" // these ciphers authenticate by themselves (RFC 5647)
	}
	return settled
}

func describeHostKey(key ssh.PublicKey) *fact.HostKey {
	return &fact.HostKey{
		Type:   fact.Clean(key.Type()),
		Bits:   bitsOf(key),
		SHA256: ssh.FingerprintSHA256(key),
		MD5:    ssh.FingerprintLegacyMD5(key),
	}
}

func bitsOf(key ssh.PublicKey) int {
	switch key.Type() {
	case ssh.KeyAlgoED25519:
		return 256
	case "ssh-dss":
		return 1024 // its only size: its signatures are 320 bits (RFC 4253 section 6.6)
	}
	crypto, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return 0
	}
	switch public := crypto.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		return public.N.BitLen()
	case *ecdsa.PublicKey:
		return public.Params().BitSize
	}
	return 0
}

// kexInit is the message of RFC 4253 section 7.1.
type kexInit struct {
	Cookie          [16]byte `sshtype:"20"`
	Kex             []string
	HostKeys        []string
	CiphersOut      []string
	CiphersIn       []string
	MACsOut         []string
	MACsIn          []string
	CompressionsOut []string
	CompressionsIn  []string
	LanguagesOut    []string
	LanguagesIn     []string
	Guess           bool
	Reserved        uint32
}

// maxPacket is the largest packet that is looked at: RFC 4253 section 6.1 wants 35000 bytes of every implementation.
const maxPacket = 35000

// findKexInit looks for the KEXINIT among the first packets of a server, none of which is encrypted yet
// (RFC 4253 section 6). Messages such as SSH_MSG_IGNORE may come before it.
func findKexInit(b []byte) (init kexInit, ok bool) {
	for len(b) >= 6 {
		size, padding := int64(binary.BigEndian.Uint32(b)), int64(b[4])
		if size > maxPacket || size < padding+2 || int64(len(b)) < 4+size {
			return kexInit{}, false
		}
		payload := b[5 : 4+size-padding]
		const msgKexInit = 20
		if payload[0] == msgKexInit {
			return init, ssh.Unmarshal(payload, &init) == nil
		}
		b = b[4+size:]
	}
	return kexInit{}, false
}

// maxAlgorithms bounds a list. OpenSSH's longest has about 20 names.
const maxAlgorithms = 100

func (k *kexInit) algorithms() *fact.Algorithms {
	clean := func(names []string) []string { return fact.CleanLines(names, maxAlgorithms) }
	return &fact.Algorithms{
		Kex:          clean(k.Kex),
		HostKeys:     clean(k.HostKeys),
		CiphersOut:   clean(k.CiphersOut),
		CiphersIn:    clean(k.CiphersIn),
		MACsOut:      clean(k.MACsOut),
		MACsIn:       clean(k.MACsIn),
		Compressions: clean(k.CompressionsIn),
	}
}
