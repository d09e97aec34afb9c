package probe

import (
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// keysToShow lists the keys in the order in which they are shown: those that the user names first, since a server hangs up after some.
// A key that comes twice is shown once.
func (s *Session) keysToShow() []identity {
	var keys []identity
	for _, key := range s.identities() {
		if key.public == nil {
			continue
		}
		i := slices.IndexFunc(keys, func(k identity) bool { return equal(k.public, key.public) })
		switch {
		case i < 0:
			keys = append(keys, key)
		case keys[i].signer == nil:
			keys[i].signer = key.signer
		}
	}
	slices.SortStableFunc(keys, func(a, b identity) int { return rankOf(a) - rankOf(b) })
	return keys
}

// fingerprint names a key as it was recorded.
func (k identity) fingerprint() string { return k.id.SHA256 }

func rankOf(key identity) int {
	if key.id.Source == fact.KeyGiven {
		return 0
	}
	return 1
}

// showKey asks whether the server would take the next key and, where it would, signs in with it. RSA keys that the user has named
// come once more in the end, with the signatures of old: OpenSSH tells of algorithms that it is set not to take (9.2, server-sig-algs).
func (a *signOn) showKey() bool {
	if len(a.keys)+len(a.old) == 0 || a.refused >= a.mayRefuse() || !a.maySign() || !a.take() {
		return false
	}
	if len(a.keys) == 0 {
		key := a.old[0]
		a.old = a.old[1:]
		a.show(key, ssh.KeyAlgoRSA)
		return true
	}
	key := a.keys[0]
	a.keys = a.keys[1:]
	for _, algorithm := range signatureAlgorithms(plainKey(key.public).Type()) {
		before := a.refused
		if !a.show(key, algorithm) {
			continue // the server was not asked
		}
		if named := key.id.Source == fact.KeyGiven || key.id.Source == fact.KeyConfig; named && a.refused > before && strings.HasPrefix(algorithm, "rsa-sha2-") {
			a.old = append(a.old, key)
		}
		return true
	}
	return true
}

// show shows a key with one signature algorithm. It says false where the server was not asked about it: it has said that it does not
// know the algorithm (RFC 8308 section 3.1).
func (a *signOn) show(key identity, algorithm string) bool {
	shown := &shownKey{identity: key, algorithm: algorithm, signOn: a}
	a.begin(fact.Auth{Method: fact.AuthPublicKey, Key: key.fingerprint(), Algorithm: algorithmName(key.public, algorithm), Query: true})
	goesOn := a.send(ssh.PublicKeys(shown))
	switch {
	case shown.unsigned != nil:
		a.locked = true
		if a.step != nil {
			a.step.Auth.Answer = fact.AuthUnasked
			a.conclude(shown.unsigned)
		}
	case shown.asked || !goesOn:
		a.settle(goesOn, false)
	default:
		a.step.drop()
		a.step = nil
		return false
	}
	return true
}

// algorithmName is how a signature algorithm is called for a key, or for a certificate.
func algorithmName(key ssh.PublicKey, algorithm string) string {
	if _, ok := key.(*ssh.Certificate); ok {
		return strings.TrimSuffix(algorithm, "@openssh.com") + "-cert-v01@openssh.com"
	}
	return algorithm
}

// mayRefuse is how many refusals leave the server willing to go on, and to look at a secret where there is one: OpenSSH without PAM
// offers keyboard-interactive, and refuses it.
func (a *signOn) mayRefuse() int {
	left := a.tries - 1
	if a.hasSecret() {
		for _, method := range []fact.AuthMethod{fact.AuthPassword, fact.AuthKeyboard} {
			if a.wantsFor(method) {
				left--
			}
		}
	}
	return left
}

// leaveKeys records the keys that were not shown because the server would have hung up.
func (a *signOn) leaveKeys() {
	if a.refused == 0 || a.ctx.Err() != nil {
		return
	}
	for _, key := range a.keys {
		a.begin(fact.Auth{Method: fact.AuthPublicKey, Key: key.fingerprint(), Answer: fact.AuthUnasked})
		a.step.end(a.ctx, nil)
		a.step = nil
	}
}

// shownKey is a key as the library shows it to a server: with one signature algorithm, so that it is known which was asked about.
// The library does not say what it does with it, but by what it asks of the key.
type shownKey struct {
	identity
	algorithm string
	signOn    *signOn
	asked     bool  // the server was asked about it
	unsigned  error // why nothing was signed, though the server would take the key
}

// PublicKey implements ssh.Signer.
func (k *shownKey) PublicKey() ssh.PublicKey { return publicHalf{k.public, k} }

// publicHalf notes that a request is made of it.
type publicHalf struct {
	ssh.PublicKey
	shown *shownKey
}

// Marshal implements ssh.PublicKey.
func (p publicHalf) Marshal() []byte {
	p.shown.asked = true
	return p.PublicKey.Marshal()
}

// Algorithms implements ssh.MultiAlgorithmSigner.
func (k *shownKey) Algorithms() []string { return []string{k.algorithm} }

// Sign implements ssh.Signer.
func (k *shownKey) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, k.algorithm)
}

// SignWithAlgorithm implements ssh.AlgorithmSigner. The library asks for a signature once the server has said that it would take the
// key (RFC 4252 section 7).
func (k *shownKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	a := k.signOn
	request := *a.step.Auth
	a.step.Auth.Answer = fact.AuthWouldDo
	a.conclude(nil)
	if k.signer == nil {
		k.unsigned = errNoSignature
		return nil, k.unsigned
	}
	a.pause() // the user may be asked for the passphrase
	signature, err := signWith(k.signer, rand, data, algorithm)
	k.unsigned = err
	request.Query = false
	a.begin(request) // no earlier: how long the user takes says nothing about the server
	return signature, err
}

var errNoSignature = errors.New("nothing can be signed with this key here")

// errAlgorithm is the error of a key that cannot sign with the algorithm that the server wants.
var errAlgorithm = errors.New("the key cannot sign with this algorithm")

func signWith(signer ssh.Signer, rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if able, ok := signer.(ssh.AlgorithmSigner); ok {
		return able.SignWithAlgorithm(rand, data, algorithm)
	}
	if plain := plainKey(signer.PublicKey()); plain.Type() != algorithm {
		return nil, errAlgorithm
	}
	return signer.Sign(rand, data)
}
