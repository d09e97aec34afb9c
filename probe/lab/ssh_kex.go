package lab

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// kexInit is the message of RFC 4253, section 7.1.
type kexInit struct {
	Cookie                          [16]byte `sshtype:"20"`
	Kex, HostKeys                   []string
	CiphersOut, CiphersIn           []string // out: from the visitor to the server
	MACsOut, MACsIn                 []string
	CompressionsOut, CompressionsIn []string
	LanguagesOut, LanguagesIn       []string
	Guess                           bool
	Reserved                        uint32
}

// What OpenSSH 9.2 offers, in its order.
var usualOffer = Offer{
	Kex: []string{
		"sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "curve25519-sha256@libssh.org",
		"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256",
		"diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
	},
	Ciphers: []string{
		"chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", aes128GCM, aes256GCM,
	},
	MACs: []string{
		"umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
		"hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
	},
}

// What OpenSSH 6.6.1 offers.
var offerOf2014 = Offer{
	Kex: []string{
		"curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256",
		"diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1",
	},
	Ciphers: []string{
		"aes128-ctr", "aes192-ctr", "aes256-ctr", "arcfour256", "arcfour128", aes128GCM, aes256GCM, "chacha20-poly1305@openssh.com",
		"aes128-cbc", "3des-cbc", "blowfish-cbc", "cast128-cbc", "aes192-cbc", "aes256-cbc", "arcfour", "rijndael-cbc@lysator.liu.se",
	},
	MACs: []string{
		"hmac-md5-etm@openssh.com", "hmac-sha1-etm@openssh.com", "umac-64-etm@openssh.com", "umac-128-etm@openssh.com",
		"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-md5", "hmac-sha1", "umac-64@openssh.com", "umac-128@openssh.com",
		"hmac-sha2-256", "hmac-sha2-512", "hmac-ripemd160", "hmac-sha1-96", "hmac-md5-96",
	},
}

// rsaOffer is that of a server whose RSA key signs in the old way too.
var rsaOffer = Offer{HostKeys: []string{"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"}}

// What the lab can do of these. Its visitors prefer these too.
const (
	aes128GCM     = "aes128-gcm@openssh.com"
	aes256GCM     = "aes256-gcm@openssh.com"
	groupExchange = "diffie-hellman-group-exchange-sha256"
)

// offer is what the server announces.
func (s *sshSession) offer() *kexInit {
	given := Offer{}
	if s.Offer != nil {
		given = *s.Offer
	}
	usual := func(given, usual []string) []string {
		if len(given) == 0 {
			return usual
		}
		return given
	}
	kex := usual(given.Kex, usualOffer.Kex)
	if s.WeakGroup {
		kex = []string{groupExchange}
	}
	ciphers, macs := usual(given.Ciphers, usualOffer.Ciphers), usual(given.MACs, usualOffer.MACs)
	none := []string{"none", "zlib@openssh.com"}
	return &kexInit{
		Kex: kex, HostKeys: usual(given.HostKeys, s.signsWith()),
		CiphersOut: ciphers, CiphersIn: ciphers, MACsOut: macs, MACsIn: macs, CompressionsOut: none, CompressionsIn: none,
	}
}

// signsWith lists the algorithms of the host keys, those of certificates first.
func (s *sshSession) signsWith() []string {
	var certified, plain []string
	for _, key := range s.hostKeys() {
		algorithms := []string{key.signer().PublicKey().Type()}
		if key.Kind == RSA {
			algorithms = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		for _, algorithm := range algorithms {
			certified = append(certified, algorithm+ofCertificate)
		}
		plain = append(plain, algorithms...)
	}
	if s.Authority == nil {
		return plain
	}
	return append(certified, plain...)
}

// ofCertificate ends the name of an algorithm of certificates (PROTOCOL.certkeys of OpenSSH).
const ofCertificate = "-cert-v01@openssh.com"

// exchangeKeys agrees on keys and proves the host key.
func (s *sshSession) exchangeKeys() bool {
	ours := s.offer()
	sent := ssh.Marshal(ours)
	if s.wire.write(sent) != nil {
		return false
	}
	received, ok := s.next()
	var theirs kexInit
	if !ok || ssh.Unmarshal(received, &theirs) != nil || s.stops(AtKexInit) {
		return false
	}
	s.asksFor = theirs.Kex
	kex := first(theirs.Kex, ours.Kex)
	key := s.hostKeyFor(first(theirs.HostKeys, ours.HostKeys))
	in, out := first(theirs.CiphersOut, ours.CiphersOut), first(theirs.CiphersIn, ours.CiphersIn)
	switch {
	case kex == groupExchange && s.WeakGroup && key != nil:
		return s.giveWeakGroup()
	case !strings.HasPrefix(kex, "curve25519-sha256") || key == nil || keySize(in) == 0 || in != out:
		// SSH_DISCONNECT_KEY_EXCHANGE_FAILED
		return s.disconnect(3, "no matching algorithm found")
	}
	return s.agree(sent, received, key, keySize(in))
}

// first is what both sides settle on: the first of the visitor's that the server has too.
func first(theirs, ours []string) string {
	for _, name := range theirs {
		if slices.Contains(ours, name) {
			return name
		}
	}
	return ""
}

func keySize(cipher string) int {
	switch cipher {
	case aes128GCM:
		return 16
	case aes256GCM:
		return 32
	default:
		return 0
	}
}

// hostSigner signs with a host key and one of its algorithms, and shows the key or its certificate.
type hostSigner struct {
	ssh.AlgorithmSigner
	algorithm string
	shown     ssh.PublicKey
}

// hostKeyFor returns nil where no host key knows the algorithm.
func (s *sshSession) hostKeyFor(name string) *hostSigner {
	algorithm, certified := strings.CutSuffix(name, ofCertificate)
	if certified && s.Authority == nil {
		return nil
	}
	for _, key := range s.hostKeys() {
		signer := key.signer().(ssh.AlgorithmSigner)
		kind := signer.PublicKey().Type()
		if kind != algorithm && (kind != ssh.KeyAlgoRSA || !strings.HasPrefix(algorithm, "rsa-sha2-")) {
			continue
		}
		if certified {
			return &hostSigner{signer, algorithm, key.hostCertificate(*s.Authority)}
		}
		return &hostSigner{signer, algorithm, signer.PublicKey()}
	}
	return nil
}

// agree is the key exchange with Curve25519 (RFC 8731), up to the encryption of everything that follows.
func (s *sshSession) agree(sent, received []byte, key *hostSigner, size int) bool {
	message, ok := s.next()
	var half struct {
		Public []byte `sshtype:"30"`
	}
	if !ok || ssh.Unmarshal(message, &half) != nil || s.stops(AtKeyExchange) {
		return false
	}
	theirs, err := ecdh.X25519().NewPublicKey(half.Public)
	if err != nil {
		return false
	}
	ours, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return false
	}
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return false
	}
	secret := new(big.Int).SetBytes(shared)
	hash := sha256.Sum256(ssh.Marshal(struct {
		Visitor, Server                 string
		Received, Sent, HostKey, Q1, Q2 []byte
		Secret                          *big.Int
	}{s.visitor, s.ident(), received, sent, key.shown.Marshal(), half.Public, ours.PublicKey().Bytes(), secret}))
	signature, err := key.SignWithAlgorithm(rand.Reader, hash[:], key.algorithm)
	if err != nil {
		return false
	}
	s.id = hash[:]
	answered := s.send(struct {
		HostKey   []byte `sshtype:"31"`
		Public    []byte
		Signature []byte
	}{key.shown.Marshal(), ours.PublicKey().Bytes(), ssh.Marshal(signature)})
	return answered && s.switchOver(secret, size)
}

// switchOver encrypts everything from here on.
func (s *sshSession) switchOver(secret *big.Int, size int) bool {
	opens, seals := s.seal(secret, s.id, size)
	if s.wire.write([]byte{sshNewKeys}) != nil {
		return false
	}
	s.wire.seals = seals
	if slices.Contains(s.asksFor, "ext-info-c") && !s.KeepsSignatures && !s.tellSignatures() {
		return false
	}
	message, ok := s.next()
	if !ok || message[0] != sshNewKeys {
		return false
	}
	s.wire.opens = opens
	return !s.stops(AtNewKeys)
}

// tellSignatures says which signatures of users the server takes (RFC 8308, section 3.1).
func (s *sshSession) tellSignatures() bool {
	return s.send(struct {
		Count       uint32 `sshtype:"7"`
		Name, Value string
	}{1, "server-sig-algs", strings.Join(s.signatures(), ",")})
}

// oakley2 is a prime of 1024 bits (RFC 2409, section 6.2).
const oakley2 = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"

// giveWeakGroup answers the request for a group (RFC 4419, section 3). What a visitor makes of it is not waited for long.
func (s *sshSession) giveWeakGroup() bool {
	message, ok := s.next()
	const request = 34
	if !ok || message[0] != request {
		return false
	}
	prime, _ := new(big.Int).SetString(oakley2, 16)
	s.send(struct {
		Prime, Generator *big.Int `sshtype:"31"`
	}{prime, big.NewInt(2)})
	s.next()
	return false
}

// send writes a message. It says false when the visitor has gone.
func (s *sshSession) send(message any) bool { return s.wire.write(ssh.Marshal(message)) == nil }
