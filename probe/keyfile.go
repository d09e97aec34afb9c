package probe

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/kayrus/putty"
	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// keyText is what the text of a key file holds.
type keyText struct {
	format   fact.KeyFormat
	flaw     fact.KeyFlaw
	version  int           // of a PuTTY file
	kind     string        // of a key whose public half could not be read
	comment  string        //
	crlf     bool          // lines end as on Windows
	unlocked bool          // the passphrase was right
	public   ssh.PublicKey // a certificate, where the text is one; nil: it could not be told
	signer   ssh.Signer    // nil: the text yields none
}

// readKey reads the text of a key file. An empty passphrase is none.
func readKey(content []byte, passphrase string) keyText {
	var k keyText
	text := string(content)
	label, _, framed := strings.Cut(between(text, "-----BEGIN "), "-----")
	switch {
	case strings.TrimSpace(text) == "":
		k = keyText{format: fact.FormatUnknown, flaw: fact.KeyIsEmpty}
	case strings.HasPrefix(text, puttyHeader):
		k = readPuTTY(content, passphrase)
	case strings.Contains(text, "---- BEGIN SSH2 PUBLIC KEY"):
		k = readSSH2Public(text)
	case strings.Contains(text, "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY"):
		k = keyText{format: fact.FormatSSHCom, flaw: fact.KeyCipherUnknown}
	case strings.Contains(text, "PRIVATE KEY-----"):
		k = readPEM(content, passphrase)
	case framed && strings.HasSuffix(label, "PUBLIC KEY"):
		k = keyText{format: fact.FormatPublic, flaw: fact.KeyIsPublic}
	case framed && strings.HasSuffix(label, "CERTIFICATE"):
		k = keyText{format: fact.FormatTLS, flaw: fact.KeyIsNone}
	case framed:
		k = keyText{format: fact.FormatUnknown, flaw: fact.KeyIsDamaged}
	default:
		k = readPublicLine(text)
	}
	k.crlf = strings.Contains(text, "\r\n")
	return k
}

// between is what follows a mark in a text; empty where the mark is not there.
func between(text, mark string) string {
	_, after, _ := strings.Cut(text, mark)
	return after
}

// readPublicLine reads the public half as ssh-keygen writes it: type, key and comment on one line.
func readPublicLine(text string) keyText {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return keyText{format: fact.FormatUnknown, flaw: fact.KeyIsNone}
	}
	if _, ok := key.(*ssh.Certificate); ok {
		return keyText{format: fact.FormatCert, flaw: fact.KeyLacksPrivate, comment: comment, public: key}
	}
	return keyText{format: fact.FormatPublic, flaw: fact.KeyIsPublic, comment: comment, public: key}
}

// readSSH2Public reads the public half as PuTTYgen saves it (RFC 4716).
func readSSH2Public(text string) keyText {
	k := keyText{format: fact.FormatPublic, flaw: fact.KeyIsPublic}
	var encoded strings.Builder
	continued := false
	for line := range strings.Lines(between(text, "---- BEGIN SSH2 PUBLIC KEY ----")) {
		line = strings.TrimSpace(line)
		name, value, isHeader := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "---- END"):
			blob, err := base64.StdEncoding.DecodeString(encoded.String())
			if err == nil {
				k.public, err = ssh.ParsePublicKey(blob)
			}
			if err != nil {
				k.flaw = fact.KeyIsDamaged
			}
			return k
		case continued, isHeader: // section 3.3: a header goes on after a backslash
			if isHeader && !continued && strings.EqualFold(name, "Comment") {
				k.comment = strings.Trim(strings.TrimSpace(value), `"`)
			}
			continued = strings.HasSuffix(line, `\`)
		default:
			encoded.WriteString(line)
		}
	}
	k.flaw = fact.KeyIsDamaged // no end
	return k
}

// readPEM reads a private key in a frame of hyphens (RFC 7468).
func readPEM(content []byte, passphrase string) keyText {
	block := privateBlock(content)
	if block == nil {
		return keyText{format: pemFormat(between(string(content), "-----BEGIN ")), flaw: fact.KeyIsDamaged}
	}
	k := keyText{format: pemFormat(block.Type)}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		k.flaw = fact.KeyCipherUnknown // PKCS #8 (RFC 5958), which package ssh cannot decrypt
		return k
	}
	encrypted := strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") // RFC 1421 section 4.6.1.1
	if k.format == fact.FormatOpenSSH {
		var container opensshKey
		if !container.read(block.Bytes) {
			k.flaw = fact.KeyIsDamaged
			return k
		}
		encrypted = container.Cipher != "none"
		k.kind = typeIn(container.Public)
		k.public, _ = ssh.ParsePublicKey(container.Public) // nil: of a type that is not known here
	}
	switch text := pem.EncodeToMemory(block); {
	case encrypted && passphrase == "":
		k.flaw = fact.KeyIsEncrypted
	case encrypted:
		raw, err := ssh.ParseRawPrivateKeyWithPassphrase(text, []byte(passphrase))
		k.decrypted(raw, err)
	default:
		raw, err := ssh.ParseRawPrivateKey(text)
		k.take(raw, err)
	}
	return k
}

// privateBlock finds the private key in a PEM file. The parameters of a curve, or certificates, may stand before it.
func privateBlock(content []byte) *pem.Block {
	for {
		block, rest := pem.Decode(content)
		if block == nil || strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return block
		}
		content = rest
	}
}

func pemFormat(label string) fact.KeyFormat {
	switch {
	case strings.HasPrefix(label, "OPENSSH "):
		return fact.FormatOpenSSH
	case strings.HasPrefix(label, "PRIVATE KEY"), strings.HasPrefix(label, "ENCRYPTED PRIVATE KEY"):
		return fact.FormatPKCS8
	}
	return fact.FormatPEM
}

// opensshKey is the outside of an OpenSSH key, in clear also where its inside is encrypted (PROTOCOL.key of OpenSSH).
type opensshKey struct {
	Cipher  string
	KDF     string
	Options string
	Keys    uint32
	Public  []byte
	Private []byte
	Rest    []byte `ssh:"rest"`
}

func (k *opensshKey) read(b []byte) bool {
	b, ok := bytes.CutPrefix(b, []byte("openssh-key-v1\x00"))
	return ok && ssh.Unmarshal(b, k) == nil && k.Keys == 1
}

// typeIn is the type that a public key names in its first string.
func typeIn(blob []byte) string {
	var first struct {
		Type string
		Rest []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(blob, &first) != nil {
		return ""
	}
	return first.Type
}

// decrypted takes a private key that had to be decrypted.
func (k *keyText) decrypted(raw any, err error) {
	if err == nil {
		k.unlocked = true
		k.take(raw, nil)
		return
	}
	k.flaw = fact.KeyWrongPassphrase
	// Given up before the passphrase was tried.
	if says(err, "unknown cipher", "unknown KDF", "KDF rounds", "unknown encryption mode", "no DEK-Info", "malformed DEK-Info") {
		k.flaw = fact.KeyCipherUnknown
	}
}

// says finds words in an error of the libraries for keys, which have no types for most of theirs.
func says(err error, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(err.Error(), part) })
}

// take makes a signer of a private key.
func (k *keyText) take(raw any, err error) {
	switch {
	case err != nil && (isForeign(k.kind) || says(err, "unknown algorithm", "unknown elliptic curve")):
		k.flaw = fact.KeyTypeUnknown
		return
	case err != nil:
		k.flaw = fact.KeyIsDamaged
		return
	}
	if k.signer, err = ssh.NewSignerFromKey(raw); err != nil {
		k.signer, k.flaw = nil, fact.KeyTypeUnknown
		return
	}
	k.public = k.signer.PublicKey()
}

// isForeign says whether a type of key is none of those that can sign here. The private half of a security key is on the
// stick, and only an agent can ask it.
func isForeign(kind string) bool {
	switch kind {
	case "", ssh.KeyAlgoED25519, ssh.KeyAlgoRSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, "ssh-dss":
		return false
	}
	return true
}

// puttyHeader begins a key file of PuTTY; the version follows.
const puttyHeader = "PuTTY-User-Key-File-"

// readPuTTY reads a key file of PuTTY (its manual, appendix C).
func readPuTTY(content []byte, passphrase string) keyText {
	k := keyText{format: fact.FormatPuTTY}
	version, kind, _ := strings.Cut(between(string(content), puttyHeader), ":")
	kind, _, _ = strings.Cut(kind, "\n")
	k.kind = strings.TrimSpace(kind)
	if len(version) == 1 && version[0] >= '1' && version[0] <= '9' {
		k.version = int(version[0] - '0')
	}
	if k.version != 2 && k.version != 3 || isForeign(k.kind) {
		k.flaw = fact.KeyTypeUnknown
		return k
	}
	file, err := putty.New(content)
	switch {
	case err != nil && says(err, "Key-Derivation", "invalid encryption format"):
		k.flaw = fact.KeyCipherUnknown
		return k
	case err != nil, len(file.PrivateKey) == 0, len(file.PrivateKey) > maxPuTTYPrivate:
		k.flaw = fact.KeyIsDamaged
		return k
	case file.Encryption == "none" && file.KeyDerivation != "":
		k.flaw = fact.KeyIsDamaged // a derivation that is there for nothing, over whose numbers the library would stumble
		return k
	}
	k.comment = file.Comment
	if k.public, err = ssh.ParsePublicKey(file.PublicKey); err != nil {
		k.public, k.flaw = nil, fact.KeyIsDamaged
		return k
	}
	k.openPuTTY(file, passphrase)
	return k
}

// maxPuTTYPrivate is more than the private half of an RSA key of 16384 bits has.
const maxPuTTYPrivate = 16 << 10

// openPuTTY decrypts the private half, which belongs to the public one.
func (k *keyText) openPuTTY(file *putty.Key, passphrase string) {
	encrypted := file.Encryption != "none"
	if encrypted && passphrase == "" {
		k.flaw = fact.KeyIsEncrypted
		return
	}
	if encrypted && costly(file) {
		k.flaw = fact.KeyCipherUnknown
		return
	}
	raw, err := file.ParseRawPrivateKey([]byte(passphrase))
	switch {
	case err != nil && encrypted && says(err, "HMAC"):
		k.flaw = fact.KeyWrongPassphrase
		return
	case err != nil && encrypted:
		k.flaw = fact.KeyCipherUnknown
		return
	}
	public := k.public
	k.take(raw, err)
	if k.signer != nil && !equal(k.public, public) {
		k.signer, k.public, k.flaw = nil, public, fact.KeyIsDamaged
	}
	k.unlocked = encrypted && k.signer != nil
}

// costly says whether the passphrase of a file takes more than some seconds or 256 MiB to be tried. PuTTYgen takes 8 MiB,
// and as many passes as fit into 100 ms.
func costly(file *putty.Key) bool {
	const most = 256 << 10 // KiB
	return file.Argon2Memory > most || uint64(file.Argon2Memory)*uint64(file.Argon2Passes) > 64*most
}
