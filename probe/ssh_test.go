package probe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

func TestSSH(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.SSH
		ident  string
		before int
		kex    fact.Kind // "-": no key exchange
	}{
		"healthy":        {lab.SSH{}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 0, ""},
		"an RSA key":     {lab.SSH{HostKeys: []lab.Key{lab.HostRSA}}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 0, ""},
		"old and new":    {lab.SSH{Ident: "SSH-1.99-x"}, "SSH-1.99-x", 0, ""},
		"welcome lines":  {lab.SSH{Before: []string{"Welcome", strings.Repeat("x", 1000)}}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 2, ""},
		"restricted":     {lab.SSH{Ident: "SSH-Restricted_TooManyConnections", EndAfter: lab.AtIdentityGiven}, "SSH-Restricted_TooManyConnections", 0, "-"},
		"not now":        {lab.SSH{Before: []string{"Not allowed at this time"}, EndAfter: lab.AtLines}, "", 1, "-"},
		"silent later":   {lab.SSH{EndAfter: lab.AtVisitorHello, Hang: true}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 0, fact.Timeout},
		"gone later":     {lab.SSH{EndAfter: lab.AtVisitorHello}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 0, fact.Reset},
		"old algorithms": {lab.SSH{Offer: &lab.Offer{Kex: []string{"diffie-hellman-group18-sha512"}, HostKeys: []string{"ssh-rsa"}, Ciphers: []string{"aes256-ctr"}, MACs: []string{"hmac-sha1"}}}, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", 0, fact.NoCommonAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			seen, run := visit(t, c.server, fact.SFTP)
			ident := seen[2]
			if ident.Ident == nil || ident.Ident.Line != c.ident || len(ident.Ident.Before) != c.before {
				t.Fatalf("the identification is %+v", ident.Ident)
			}
			checkBounds(t, run)
			if c.kex == "-" {
				if len(seen) != 3 {
					t.Errorf("the conversation goes on: %+v", seen[3])
				}
				return
			}
			kex := seen[3]
			if c.kex != "" {
				if !kex.Failed(c.kex) {
					t.Errorf("the key exchange ends with %+v", kex.Failure)
				}
				return
			}
			if kex.Failure != nil || kex.Kex.HostKey == nil || kex.Kex.Agreed == nil || len(kex.Kex.Offer.Kex) == 0 {
				t.Errorf("the key exchange is %+v %+v", kex.Failure, kex.Kex)
			}
		})
	}
}

func TestTheListThatIsLackingIsNamed(t *testing.T) {
	seen, _ := visit(t, lab.SSH{Offer: &lab.Offer{
		Kex: []string{"curve25519-sha256"}, HostKeys: []string{"ssh-ed25519"}, Ciphers: []string{"blowfish-cbc"}, MACs: []string{"hmac-sha1"},
	}}, fact.SFTP)
	kex := seen[3].Kex
	if kex.Lacking != "client to server cipher" || !slices.Contains(kex.Ours, "aes128-ctr") || !slices.Equal(kex.Offer.CiphersOut, []string{"blowfish-cbc"}) {
		t.Errorf("got %+v", kex)
	}
}

// What this program computes as agreed is what the library agrees on.
func TestAgreed(t *testing.T) {
	seen, _ := visit(t, lab.SSH{}, fact.SFTP)
	want := &fact.Agreed{Kex: "curve25519-sha256", HostKey: "ssh-ed25519", Cipher: "aes128-gcm@openssh.com"}
	if got := seen[3].Kex.Agreed; *got != *want {
		t.Errorf("agreed on %+v", got)
	}
	if key := seen[3].Kex.HostKey; key.Type != "ssh-ed25519" || key.Bits != 256 || !strings.HasPrefix(key.SHA256, "SHA256:") || len(key.MD5) != 47 {
		t.Errorf("the host key is %+v", key)
	}
}

func TestAgreedWithAnOldServer(t *testing.T) {
	seen, _ := visit(t, lab.SSH{Offer: &lab.Offer{Kex: []string{"ecdh-sha2-nistp256", "curve25519-sha256@libssh.org"}}}, fact.SFTP)
	if got := seen[3].Kex.Agreed; got == nil || got.Kex != "curve25519-sha256@libssh.org" {
		t.Errorf("agreed on %+v", got)
	}
}

// A server may wait for the client's identification (RFC 4253 section 4.2). It is not taken for a silent one.
func TestAServerThatWaitsForTheClient(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(signer)
	seen := visitPipe(t, func(c net.Conn) {
		words := make([]byte, len(clientIdent)+2)
		if _, err := io.ReadFull(c, words); err != nil {
			t.Error(err)
		}
		_, _, _, err := ssh.NewServerConn(&replayed{Conn: c, Reader: io.MultiReader(bytes.NewReader(words), c)}, config)
		if err == nil {
			t.Error("the client signed in")
		}
	}, fact.SFTP)
	opening, last := seen[1], seen[len(seen)-1]
	if !opening.Opening.Nudged || opening.Took.Duration() < quietLimit || last.Kex == nil || last.Failure != nil {
		t.Errorf("the opening is %+v, the end %+v", opening.Opening, last)
	}
}

type replayed struct {
	net.Conn
	io.Reader
}

func (r *replayed) Read(p []byte) (int, error) { return r.Reader.Read(p) }

func TestHostKeyBits(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	if got := describeHostKey(key); got.Bits != 384 || got.Type != "ecdsa-sha2-nistp384" {
		t.Errorf("got %+v", got)
	}
}

// Garbage in place of the key exchange ends it soon and harms nobody.
func TestGarbageAfterTheIdentification(t *testing.T) {
	for name, garbage := range map[string]string{
		"text":            "hello there, this is no packet\r\n",
		"a huge packet":   "\xff\xff\xff\xff\x04\x14",
		"an empty packet": "\x00\x00\x00\x00\x00\x00\x00\x00",
		"all padding":     "\x00\x00\x00\x0c\xff\x14aaaaaaaaaa",
		"not a KEXINIT":   "\x00\x00\x00\x0c\x0a\x14aaaaaaaaaa",
	} {
		seen := visitPipe(t, func(c net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, c) }()
			_, _ = io.WriteString(c, "SSH-2.0-x\r\n"+garbage)
			time.Sleep(time.Minute)
		}, fact.SFTP)
		if last := seen[len(seen)-1]; last.Kex == nil || last.Failure == nil || last.Kex.Offer != nil {
			t.Errorf("%s: the conversation ends with %+v", name, last)
		}
	}
}

func FuzzKexInit(f *testing.F) {
	f.Add(ssh.Marshal(&kexInit{Kex: []string{"a", "b"}}))
	f.Add([]byte("\x00\x00\x00\x0c\x0a\x14aaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, b []byte) {
		framed := append([]byte{0, 0, byte((len(b) + 5) >> 8), byte(len(b) + 5), 4}, b...)
		for _, packet := range [][]byte{b, append(framed, 0, 0, 0, 0)} {
			if init, ok := findKexInit(packet); ok {
				if got := init.algorithms(new(Session)); len(got.Kex) > maxAlgorithms+1 {
					t.Fatalf("%d names are kept", len(got.Kex))
				}
			}
		}
	})
}

func TestFindKexInit(t *testing.T) {
	frame := func(payload []byte) []byte {
		padded := append(append([]byte{4}, payload...), 0, 0, 0, 0)
		return append([]byte{0, 0, byte(len(padded) >> 8), byte(len(padded))}, padded...)
	}
	message := ssh.Marshal(&kexInit{Kex: []string{"one", "two"}, HostKeys: []string{"three"}, CompressionsIn: []string{"none", "zlib"}})
	ignored := frame([]byte("\x02\x00\x00\x00\x01x"))
	init, ok := findKexInit(append(ignored, frame(message)...))
	if got := init.algorithms(new(Session)); !ok || !slices.Equal(got.Kex, []string{"one", "two"}) || !slices.Equal(got.Compressions, []string{"none", "zlib"}) {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := findKexInit(frame(message)[:20]); ok {
		t.Error("half a message is read")
	}
}
