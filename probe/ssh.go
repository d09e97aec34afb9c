package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// clientIdent is this program's identification.
const clientIdent = "SSH-2.0-ftpdoctor"

// ssh is the conversation with an SSH port up to the proof of the host key. It ends there, unless the user signs in over it.
func (s *Session) ssh(ctx context.Context, st *stream) {
	t, unfit := s.meet(ctx, "endpoints", st)
	taken := s.offer(ctx, bySSH, st.wire, ending{ssh: t, protocol: fact.SFTP, unfit: unfit})
	if t != nil && !taken {
		t.hangUp()
	}
}

// meet comes as far as the proof of the host key with an SSH server, or says why it does not.
func (s *Session) meet(ctx context.Context, check string, st *stream) (*sshTalk, fact.Withheld) {
	line, ident := s.ident(ctx, check, st)
	if turnsAway(ident) {
		return nil, fact.TurnedAway
	}
	// RFC 4253 section 5.1: 1.99 is a server that speaks 2.0 and older versions.
	if !strings.HasPrefix(line, "SSH-2.0-") && !strings.HasPrefix(line, "SSH-1.99-") {
		return nil, fact.NoWayIn
	}
	if t := s.kex(ctx, check, st, line); t != nil {
		return t, ""
	}
	return nil, fact.NoWayIn
}

// turnsAway says whether a server refuses this address for now, in place of its identification: OpenSSH since 9.8 ("Not allowed at
// this time") and before ("Exceeded MaxStartups"), and those that write SSH-Restricted.
func turnsAway(ident *fact.Ident) bool {
	return strings.HasPrefix(ident.Line, "SSH-Restricted") || slices.ContainsFunc(ident.Before, func(line string) bool {
		return strings.HasPrefix(line, "Not allowed at this time") || strings.HasPrefix(line, "Exceeded MaxStartups")
	})
}

// The bounds of what comes before an identification. OpenSSH's client reads 1024 lines
// (SSH_MAX_PRE_BANNER_LINES in its ssh.h); servers send at most a page.
const (
	maxBefore      = 1024
	maxBeforeBytes = 32 << 10
)

// ident reads and records the server's identification and the lines before it. It returns the identification, as it came and as
// it was recorded.
func (s *Session) ident(ctx context.Context, check string, st *stream) (line string, ident *fact.Ident) {
	limit := s.wait(greetingLimit)
	step := s.begin(check, st.wire.place, st.wire.conn, "the identification of "+st.wire.place, limit)
	st.wire.limit(ctx, limit)
	line, before, err := st.identification()
	step.Ident = &fact.Ident{Line: fact.Clean(s.hideIn(line)), Before: fact.CleanLines(s.hide(before), maxLines)}
	step.end(ctx, err)
	return line, step.Ident
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

// kex carries out the key exchange and records what was offered, what was agreed on, and the host key. It returns the
// conversation, or nil where it is over.
func (s *Session) kex(ctx context.Context, check string, st *stream, ident string) *sshTalk {
	hostKeys := s.hostKeyAlgorithms(st)
	limit := s.wait(handshakeLimit)
	step := s.begin(check, st.wire.place, st.wire.conn, "the SSH key exchange of "+st.wire.place, limit)
	step.Kex = &fact.Kex{}
	st.wire.limit(ctx, limit)
	_, received := st.wire.raw()
	start := received - st.in.Buffered()

	// The library drops what comes before the identification and reads it again itself.
	again := &stream{Conn: st.Conn, said: st.said, in: bufio.NewReader(io.MultiReader(strings.NewReader(ident+"\r\n"), st.in))}
	t := newSSHTalk(s, st.wire)
	go t.run(again, hostKeys)
	key := t.awaitHostKey()
	head, _ := st.wire.raw()
	if init, ok := findKexInit(head[min(start, len(head)):]); ok {
		step.Kex.Offer = init.algorithms(s)
	}
	if key == nil {
		if lacking, ok := errors.AsType[*ssh.AlgorithmNegotiationError](t.err); ok {
			step.Kex.Lacking, step.Kex.Ours = lacking.What, lacking.SupportedAlgorithms
		}
		step.Kex.Goodbye = t.goodbye(t.err)
		step.end(ctx, t.ended(t.err))
		return nil
	}
	step.Kex.HostKey = s.describeHost(st, key)
	if step.Kex.Offer != nil {
		step.Kex.Agreed = agreed(step.Kex.Offer, hostKeys)
	}
	t.hostKey = step.Kex.HostKey
	step.end(ctx, nil)
	return t
}

// offer is what this program offers to SSH servers, the strong ones first.
var offer = func() ssh.Algorithms {
	strong, weak := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	// The older name of the same exchange, the only one that OpenSSH 6.5 to 7.3 knows. The library adds it by itself.
	after := slices.Index(strong.KeyExchanges, ssh.KeyExchangeCurve25519) + 1
	strong.KeyExchanges = slices.Insert(strong.KeyExchanges, after, "curve25519-sha256@libssh.org")
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

// hostKeyAlgorithms lists the algorithms for host keys that a server is asked for: first those of which known_hosts has a key, so
// that another one of the server's is not taken for a change.
func (s *Session) hostKeyAlgorithms(st *stream) []string {
	at, _ := netip.ParseAddrPort(st.wire.place)
	known := s.hostBook().types(s.plan.Target.Host, int(at.Port()))
	rest := slices.DeleteFunc(slices.Clone(offer.HostKeys), func(a string) bool { return slices.Contains(known, a) })
	return append(slices.Clone(known), rest...)
}

// agreed is what both sides settle on: the first of the client's that the server has too (RFC 4253 section 7.1).
func agreed(theirs *fact.Algorithms, hostKeys []string) *fact.Agreed {
	first := func(ours, theirs []string) string {
		i := slices.IndexFunc(ours, func(a string) bool { return slices.Contains(theirs, a) })
		if i < 0 {
			return ""
		}
		return ours[i]
	}
	settled := &fact.Agreed{
		Kex:     first(offer.KeyExchanges, theirs.Kex),
		HostKey: first(hostKeys, theirs.HostKeys),
		Cipher:  first(offer.Ciphers, theirs.CiphersOut),
		MAC:     first(offer.MACs, theirs.MACsOut),
	}
	if strings.Contains(settled.Cipher, "gcm@") || strings.Contains(settled.Cipher, "poly1305") {
		settled.MAC = "" // these ciphers authenticate by themselves (RFC 5647)
	}
	return settled
}

// describeHost says what there is to know about the host key that a server has shown.
func (s *Session) describeHost(st *stream, key ssh.PublicKey) *fact.HostKey {
	described := describeHostKey(key)
	at, _ := netip.ParseAddrPort(st.wire.place)
	judged := s.hostBook().judge(s.plan.Target.Host, int(at.Port()), at.Addr(), key)
	described.Standing, described.Entries, described.Elsewhere = judged.standing, judged.entries, judged.elsewhere
	described.Published = slices.Contains(s.plan.Profile.HostKeys, described.SHA256)
	return described
}

// describeHostKey describes a key as ssh-keygen -l does. Of a certificate that is the key in it.
func describeHostKey(key ssh.PublicKey) *fact.HostKey {
	plain := plainKey(key)
	return &fact.HostKey{
		Type:   fact.Clean(key.Type()),
		Bits:   bitsOf(plain),
		SHA256: ssh.FingerprintSHA256(plain),
		MD5:    ssh.FingerprintLegacyMD5(plain),
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

func (k *kexInit) algorithms(s *Session) *fact.Algorithms {
	clean := func(names []string) []string { return fact.CleanLines(s.hide(names), maxAlgorithms) }
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
