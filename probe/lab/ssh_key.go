package lab

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Key names one of the SSH keys of the lab. A key follows from its name, but for RSA keys, of which there are two.
type Key struct {
	Kind KeyKind
	Name string
}

// KeyKind is the kind of a key.
type KeyKind int

// The kinds.
const (
	Ed25519 KeyKind = iota
	ECDSA           // over P-256
	RSA             // of 2048 bits
)

// The keys of servers, and jane's.
var (
	HostEd25519 = Key{Ed25519, "host"}
	HostECDSA   = Key{ECDSA, "host"}
	HostRSA     = Key{RSA, "host"}
	JaneEd25519 = Key{Ed25519, jane}
	JaneECDSA   = Key{ECDSA, jane}
	JaneRSA     = Key{RSA, jane}
)

// made holds the keys that were asked for, by their names.
var made sync.Map

// signer returns the key.
func (k Key) signer() ssh.Signer {
	if signer, ok := made.Load(k); ok {
		return signer.(ssh.Signer)
	}
	signer, err := ssh.NewSignerFromKey(k.private())
	if err != nil {
		panic("lab: " + err.Error())
	}
	made.Store(k, signer)
	return signer
}

// private is the key as the standard library has it.
func (k Key) private() any {
	seed := sha256.Sum256([]byte("a fixed test key of the lab: " + k.Name))
	switch k.Kind {
	case ECDSA:
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			panic("lab: " + err.Error())
		}
		return key
	case RSA:
		if k.Name == jane {
			return janesRSAKey()
		}
		return rsaKey()
	default:
		return ed25519.NewKeyFromSeed(seed[:])
	}
}

// public is the public half, as a line of authorized_keys without an end.
func (k Key) public() string { return authorizedLine(k.signer().PublicKey()) }

// Fingerprint is that of the public half, as ssh-keygen prints it.
func (k Key) Fingerprint() string { return ssh.FingerprintSHA256(k.signer().PublicKey()) }

// PublishedHostKeys are the fingerprints that the services of the lab publish.
func PublishedHostKeys() []string { return []string{HostRSA.Fingerprint()} }

func authorizedLine(key ssh.PublicKey) string {
	line := ssh.MarshalAuthorizedKey(key)
	return string(line[:len(line)-1])
}

// certified is a certificate for the key, valid from two days ago and for so long from now (PROTOCOL.certkeys of OpenSSH).
func (k Key) certified(by Key, valid time.Duration, users ...string) *ssh.Certificate {
	return k.sign(by, ssh.Certificate{
		CertType:        ssh.UserCert,
		ValidPrincipals: users,
		ValidAfter:      uint64(time.Now().Add(-2 * day).Unix()),
		ValidBefore:     uint64(time.Now().Add(valid).Unix()),
		Permissions:     ssh.Permissions{Extensions: map[string]string{"permit-pty": ""}},
	})
}

// hostCertificate is a certificate for a host key, for every host and for ever.
func (k Key) hostCertificate(by Key) *ssh.Certificate {
	return k.sign(by, ssh.Certificate{CertType: ssh.HostCert, ValidBefore: ssh.CertTimeInfinity})
}

func (k Key) sign(by Key, c ssh.Certificate) *ssh.Certificate {
	c.Key, c.Serial, c.KeyId = k.signer().PublicKey(), 1, k.Name
	if err := c.SignCert(rand.Reader, by.signer()); err != nil {
		panic("lab: " + err.Error())
	}
	return &c
}
