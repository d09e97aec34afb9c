package probe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

const testPassphrase = "secret"

// The keys of these tests.
var (
	testEd25519   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	secondEd25519 = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	testRSA       = func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return key
	}()
	testECDSA = func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	}()
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// opensshText is a key as ssh-keygen writes it.
func opensshText(key any, passphrase string) string {
	if passphrase == "" {
		return string(pem.EncodeToMemory(must(ssh.MarshalPrivateKey(key, "jane@example.com"))))
	}
	return string(pem.EncodeToMemory(must(ssh.MarshalPrivateKeyWithPassphrase(key, "jane@example.com", []byte(passphrase)))))
}

// pemText is a key in another frame.
func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// lockedPEM is a key as OpenSSL encrypted it before PKCS #8.
func lockedPEM(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/locked.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// publicLine is the public half of a key on one line.
func publicLine(key any) string {
	return string(ssh.MarshalAuthorizedKey(must(ssh.NewSignerFromKey(key)).PublicKey()))
}

// testCertificate certifies a user's key.
func testCertificate(t *testing.T, key ssh.PublicKey, change func(*ssh.Certificate)) *ssh.Certificate {
	t.Helper()
	certificate := &ssh.Certificate{
		Key: key, CertType: ssh.UserCert, KeyId: "jane", ValidPrincipals: []string{"jane"},
		ValidAfter: 1, ValidBefore: ssh.CertTimeInfinity,
	}
	if change != nil {
		change(certificate)
	}
	if err := certificate.SignCert(rand.Reader, must(ssh.NewSignerFromKey(testECDSA))); err != nil {
		t.Fatal(err)
	}
	return certificate
}

// opensshContainer is an OpenSSH key of any type and cipher, with nothing inside.
func opensshContainer(cipher string, public []byte) string {
	options := ssh.Marshal(struct {
		Salt   string
		Rounds uint32
	}{"salt", 1})
	kdf := "bcrypt"
	if cipher == "none" {
		kdf, options = "none", nil
	}
	b := ssh.Marshal(opensshKey{Cipher: cipher, KDF: kdf, Options: string(options), Keys: 1, Public: public, Private: make([]byte, 64)})
	return pemText("OPENSSH PRIVATE KEY", append([]byte("openssh-key-v1\x00"), b...))
}

func TestReadKey(t *testing.T) {
	ed25519Public := must(ssh.NewSignerFromKey(testEd25519)).PublicKey()
	certificate := string(ssh.MarshalAuthorizedKey(testCertificate(t, ed25519Public, nil)))
	whole := opensshText(testEd25519, "")
	securityKey := ssh.Marshal(struct{ Type, Key, Application string }{"sk-ssh-ed25519@openssh.com", string(ed25519Public.Marshal()[19:]), "ssh:"})
	for name, c := range map[string]struct {
		text       string
		passphrase string
		format     fact.KeyFormat
		flaw       fact.KeyFlaw // empty: it can sign
		kind       string       // of the public half
		comment    string
	}{
		"OpenSSH":                       {text: whole, format: fact.FormatOpenSSH, kind: "ssh-ed25519"},
		"OpenSSH RSA":                   {text: opensshText(testRSA, ""), format: fact.FormatOpenSSH, kind: "ssh-rsa"},
		"OpenSSH ECDSA":                 {text: opensshText(testECDSA, ""), format: fact.FormatOpenSSH, kind: "ecdsa-sha2-nistp256"},
		"OpenSSH on Windows":            {text: strings.ReplaceAll(whole, "\n", "\r\n"), format: fact.FormatOpenSSH, kind: "ssh-ed25519"},
		"a passphrase for nothing":      {text: whole, passphrase: testPassphrase, format: fact.FormatOpenSSH, kind: "ssh-ed25519"},
		"encrypted":                     {text: opensshText(testEd25519, testPassphrase), format: fact.FormatOpenSSH, flaw: fact.KeyIsEncrypted, kind: "ssh-ed25519"},
		"encrypted, passphrase":         {text: opensshText(testEd25519, testPassphrase), passphrase: testPassphrase, format: fact.FormatOpenSSH, kind: "ssh-ed25519"},
		"encrypted, wrong passphrase":   {text: opensshText(testEd25519, testPassphrase), passphrase: "guess", format: fact.FormatOpenSSH, flaw: fact.KeyWrongPassphrase, kind: "ssh-ed25519"},
		"unknown cipher":                {text: opensshContainer("aes128-gcm@openssh.com", ed25519Public.Marshal()), passphrase: "x", format: fact.FormatOpenSSH, flaw: fact.KeyCipherUnknown, kind: "ssh-ed25519"},
		"unknown cipher, no passphrase": {text: opensshContainer("aes128-gcm@openssh.com", ed25519Public.Marshal()), format: fact.FormatOpenSSH, flaw: fact.KeyIsEncrypted, kind: "ssh-ed25519"},
		"security key":                  {text: opensshContainer("none", securityKey), format: fact.FormatOpenSSH, flaw: fact.KeyTypeUnknown, kind: "sk-ssh-ed25519@openssh.com"},
		"XMSS":                          {text: opensshContainer("none", ssh.Marshal(struct{ Type, Key string }{"ssh-xmss@openssh.com", "x"})), format: fact.FormatOpenSSH, flaw: fact.KeyTypeUnknown, kind: "ssh-xmss@openssh.com"},
		"PEM RSA":                       {text: pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(testRSA)), format: fact.FormatPEM, kind: "ssh-rsa"},
		"PEM EC":                        {text: pemText("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(testECDSA))), format: fact.FormatPEM, kind: "ecdsa-sha2-nistp256"},
		"PEM EC after its parameters":   {text: pemText("EC PARAMETERS", []byte{6, 1, 1}) + pemText("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(testECDSA))), format: fact.FormatPEM, kind: "ecdsa-sha2-nistp256"},
		"PEM encrypted":                 {text: lockedPEM(t), format: fact.FormatPEM, flaw: fact.KeyIsEncrypted},
		"PEM encrypted, passphrase":     {text: lockedPEM(t), passphrase: testPassphrase, format: fact.FormatPEM, kind: "ssh-rsa"},
		"PEM encrypted, wrong":          {text: lockedPEM(t), passphrase: "guess", format: fact.FormatPEM, flaw: fact.KeyWrongPassphrase},
		"PEM unknown cipher":            {text: strings.Replace(lockedPEM(t), "DEK-Info: AES-128-CBC", "DEK-Info: CAMELLIA-128-CBC", 1), passphrase: "x", format: fact.FormatPEM, flaw: fact.KeyCipherUnknown},
		"PKCS8":                         {text: pemText("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(testEd25519))), format: fact.FormatPKCS8, kind: "ssh-ed25519"},
		"PKCS8 encrypted":               {text: pemText("ENCRYPTED PRIVATE KEY", []byte("x")), passphrase: testPassphrase, format: fact.FormatPKCS8, flaw: fact.KeyCipherUnknown},
		"PKCS8 of another type":         {text: pemText("PRIVATE KEY", pkcs8X448(t)), format: fact.FormatPKCS8, flaw: fact.KeyTypeUnknown},
		"PEM of another curve":          {text: pemText("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))))), format: fact.FormatPEM, flaw: fact.KeyTypeUnknown},
		"PuTTY 2":                       {text: ppk(t, "v2-ed25519"), format: fact.FormatPuTTY, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 3":                       {text: ppk(t, "v3-ed25519"), format: fact.FormatPuTTY, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 3 on Windows":            {text: strings.ReplaceAll(ppk(t, "v3-ed25519"), "\n", "\r\n"), format: fact.FormatPuTTY, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 2 locked":                {text: ppk(t, "v2-ed25519-locked"), format: fact.FormatPuTTY, flaw: fact.KeyIsEncrypted, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 2 locked, passphrase":    {text: ppk(t, "v2-ed25519-locked"), passphrase: testPassphrase, format: fact.FormatPuTTY, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 2 locked, wrong":         {text: ppk(t, "v2-ed25519-locked"), passphrase: "guess", format: fact.FormatPuTTY, flaw: fact.KeyWrongPassphrase, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 3 locked":                {text: ppk(t, "v3-ed25519-locked"), format: fact.FormatPuTTY, flaw: fact.KeyIsEncrypted, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 3 locked, passphrase":    {text: ppk(t, "v3-ed25519-locked"), passphrase: testPassphrase, format: fact.FormatPuTTY, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY 3 locked, wrong":         {text: ppk(t, "v3-ed25519-locked"), passphrase: "guess", format: fact.FormatPuTTY, flaw: fact.KeyWrongPassphrase, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY ECDSA":                   {text: ppk(t, "v3-ecdsa-locked"), passphrase: testPassphrase, format: fact.FormatPuTTY, kind: "ecdsa-sha2-nistp256", comment: "p256"},
		"PuTTY RSA":                     {text: ppk(t, "v3-rsa-locked"), passphrase: testPassphrase, format: fact.FormatPuTTY, kind: "ssh-rsa", comment: "rsa"},
		"PuTTY DSA":                     {text: ppk(t, "v3-dsa-locked"), passphrase: testPassphrase, format: fact.FormatPuTTY, kind: "ssh-dss", comment: "dsa"},
		"PuTTY Ed448":                   {text: ppk(t, "v3-ed448"), format: fact.FormatPuTTY, flaw: fact.KeyTypeUnknown, kind: "ssh-ed448"},
		"PuTTY 1":                       {text: strings.Replace(ppk(t, "v2-ed25519"), "File-2", "File-1", 1), format: fact.FormatPuTTY, flaw: fact.KeyTypeUnknown, kind: "ssh-ed25519"},
		"PuTTY 9":                       {text: strings.Replace(ppk(t, "v2-ed25519"), "File-2", "File-9", 1), format: fact.FormatPuTTY, flaw: fact.KeyTypeUnknown, kind: "ssh-ed25519"},
		"PuTTY Argon2d":                 {text: ppk(t, "v3-argon2d"), passphrase: testPassphrase, format: fact.FormatPuTTY, flaw: fact.KeyCipherUnknown, kind: "ecdsa-sha2-nistp256"},
		"PuTTY, 4 GiB to unlock":        {text: strings.Replace(ppk(t, "v3-ed25519-locked"), "Argon2-Memory: 64", "Argon2-Memory: 4194303", 1), passphrase: "x", format: fact.FormatPuTTY, flaw: fact.KeyCipherUnknown, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"PuTTY cut":                     {text: ppk(t, "v3-ed25519")[:200], format: fact.FormatPuTTY, flaw: fact.KeyIsDamaged, kind: "ssh-ed25519"},
		"PuTTY, a letter changed":       {text: strings.Replace(ppk(t, "v3-ed25519"), "Comment: jane", "Comment: june", 1), format: fact.FormatPuTTY, flaw: fact.KeyIsDamaged, kind: "ssh-ed25519", comment: "june@old-laptop"},
		"ssh.com":                       {text: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAAg==\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n", format: fact.FormatSSHCom, flaw: fact.KeyCipherUnknown},
		"public":                        {text: strings.TrimSpace(publicLine(testEd25519)) + " jane@laptop\n", format: fact.FormatPublic, flaw: fact.KeyIsPublic, kind: "ssh-ed25519", comment: "jane@laptop"},
		"public, RFC 4716":              {text: rfc4716, format: fact.FormatPublic, flaw: fact.KeyIsPublic, kind: "ssh-ed25519", comment: "jane@old-laptop"},
		"public, RFC 4716, no end":      {text: rfc4716[:120], format: fact.FormatPublic, flaw: fact.KeyIsDamaged, comment: "jane@old-laptop"},
		"public, PEM":                   {text: pemText("PUBLIC KEY", []byte("x")), format: fact.FormatPublic, flaw: fact.KeyIsPublic},
		"certificate":                   {text: certificate, format: fact.FormatCert, flaw: fact.KeyLacksPrivate, kind: "ssh-ed25519-cert-v01@openssh.com"},
		"TLS certificate":               {text: pemText("CERTIFICATE", []byte("x")), format: fact.FormatTLS, flaw: fact.KeyIsNone},
		"empty":                         {text: "", format: fact.FormatUnknown, flaw: fact.KeyIsEmpty},
		"blank":                         {text: " \r\n\n", format: fact.FormatUnknown, flaw: fact.KeyIsEmpty},
		"text":                          {text: "Dear Jane,\nhere is the key.\n", format: fact.FormatUnknown, flaw: fact.KeyIsNone},
		"a web page":                    {text: "<!DOCTYPE html><title>Sign in</title>", format: fact.FormatUnknown, flaw: fact.KeyIsNone},
		"on one line":                   {text: strings.ReplaceAll(whole, "\n", " "), format: fact.FormatOpenSSH, flaw: fact.KeyIsDamaged},
		"cut":                           {text: whole[:len(whole)/2], format: fact.FormatOpenSSH, flaw: fact.KeyIsDamaged},
		"no end":                        {text: whole[:strings.Index(whole, "-----END")], format: fact.FormatOpenSSH, flaw: fact.KeyIsDamaged},
		"a letter lost":                 {text: whole[:100] + whole[104:], format: fact.FormatOpenSSH, flaw: fact.KeyIsDamaged},
		"a label of another key":        {text: strings.ReplaceAll(whole, "OPENSSH", "RSA"), format: fact.FormatPEM, flaw: fact.KeyIsDamaged},
		"a strange frame":               {text: pemText("X509 CRL", []byte("x")), format: fact.FormatUnknown, flaw: fact.KeyIsDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			k := readKey([]byte(c.text), c.passphrase)
			kind := k.kind
			if k.public != nil {
				kind = k.public.Type()
			}
			if k.format != c.format || k.flaw != c.flaw || kind != c.kind || k.comment != c.comment {
				t.Errorf("got %s, flaw %q, type %q, comment %q", k.format, k.flaw, kind, k.comment)
			}
			if (k.signer != nil) != (c.flaw == "") {
				t.Errorf("the signer is %v", k.signer)
			}
			if k.signer != nil {
				signature, err := k.signer.Sign(rand.Reader, []byte("data"))
				if err != nil || k.public.Verify([]byte("data"), signature) != nil {
					t.Errorf("it cannot sign: %v", err)
				}
			}
			if k.crlf != strings.Contains(c.text, "\r\n") {
				t.Errorf("CRLF is %t", k.crlf)
			}
		})
	}
}

// A file that asks for years of computing must not be tried.
func TestReadKeyTakesNoLongTime(t *testing.T) {
	began := time.Now()
	text := strings.Replace(ppk(t, "v3-ed25519-locked"), "Argon2-Passes: 1", "Argon2-Passes: 4000000000", 1)
	if k := readKey([]byte(text), "x"); k.flaw != fact.KeyCipherUnknown || time.Since(began) > 5*time.Second {
		t.Errorf("got %q after %v", k.flaw, time.Since(began))
	}
}

const rfc4716 = `---- BEGIN SSH2 PUBLIC KEY ----
Comment: "jane@old-laptop"
X-Note: a header \
  over two lines
AAAAC3NzaC1lZDI1NTE5AAAAIJtIcgzjteDXyn70X2b9bgbQJ0wVy/y4BBPm2/SO
HkFN
---- END SSH2 PUBLIC KEY ----
`

// ppk is a key file that PuTTYgen 0.78 made.
func ppk(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ppk", name+".ppk"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pkcs8X448 is a key of a type that package x509 does not know (RFC 8410).
func pkcs8X448(t *testing.T) []byte {
	t.Helper()
	type algorithm struct{ ID asn1.ObjectIdentifier }
	der, err := asn1.Marshal(struct {
		Version   int
		Algorithm algorithm
		Key       []byte
	}{0, algorithm{asn1.ObjectIdentifier{1, 3, 101, 111}}, make([]byte, 58)})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func FuzzReadKey(f *testing.F) {
	f.Add([]byte(opensshText(testEd25519, "")), "")
	f.Add([]byte(opensshText(testECDSA, testPassphrase)), "guess")
	f.Add([]byte(rfc4716), "")
	for _, name := range []string{"v2-ed25519", "v3-ed25519-locked", "v3-ecdsa-locked"} {
		f.Add([]byte(ppk(f, name)), testPassphrase)
	}
	f.Fuzz(func(t *testing.T, content []byte, passphrase string) {
		k := readKey(content, passphrase)
		if (k.signer == nil) == (k.flaw == "") {
			t.Errorf("signer %v, flaw %q", k.signer, k.flaw)
		}
		if k.format == "" {
			t.Error("no format")
		}
	})
}
