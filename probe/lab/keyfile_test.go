package lab

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kayrus/putty"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Every file holds the key that it says.
func TestKeyFiles(t *testing.T) {
	for name, test := range map[string]struct {
		key        Key
		content    string
		passphrase string
	}{
		"Ed25519":                   {JaneEd25519, JaneEd25519.openSSH(""), ""},
		"ECDSA":                     {JaneECDSA, JaneECDSA.openSSH(""), ""},
		"RSA":                       {JaneRSA, JaneRSA.openSSH(""), ""},
		"PEM, RSA":                  {JaneRSA, JaneRSA.pem(), ""},
		"PEM, ECDSA":                {JaneECDSA, JaneECDSA.pem(), ""},
		"PKCS#8":                    {JaneRSA, JaneRSA.pkcs8(), ""},
		"encrypted":                 {JaneEd25519, JaneEd25519.openSSH(passphrase), passphrase},
		"lines ended as on Windows": {JaneEd25519, asOnWindows(JaneEd25519.openSSH("")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var signer ssh.Signer
			var err error
			if test.passphrase == "" {
				signer, err = ssh.ParsePrivateKey([]byte(test.content))
			} else {
				signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(test.content), []byte(test.passphrase))
			}
			if err != nil || ssh.FingerprintSHA256(signer.PublicKey()) != test.key.Fingerprint() {
				t.Errorf("%v, or another key", err)
			}
		})
	}
}

func TestPuTTYFiles(t *testing.T) {
	for version, content := range map[string]string{"2": ppk2, "3": ppk3, "3 with a passphrase": ppk3Locked} {
		key, err := putty.New([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		var secret []byte
		if key.Encryption != "none" {
			secret = []byte(passphrase)
		}
		private, err := key.ParseRawPrivateKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil || ssh.FingerprintSHA256(signer.PublicKey()) != JaneEd25519.Fingerprint() {
			t.Errorf("version %s: %v, or another key", version, err)
		}
	}
}

const agentSocket = "/run/user/1000/agent"

func visitAgent(t *testing.T, a SSHAgent, visit func(t *testing.T, keys agent.ExtendedAgent, conn net.Conn)) {
	t.Helper()
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		a.Address = agentSocket
		c.SSHAgents = []SSHAgent{a}
		conn, err := c.DialAgent(t.Context(), agentSocket)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		visit(t, agent.NewClient(conn), conn)
	})
}

func TestAgentSigns(t *testing.T) {
	keys := []Key{JaneEd25519, JaneRSA, JaneECDSA}
	visitAgent(t, SSHAgent{Keys: keys, Certified: map[Key]*ssh.Certificate{JaneECDSA: JaneECDSA.certified(Key{Ed25519, "authority"}, day, jane)}}, func(t *testing.T, keys agent.ExtendedAgent, _ net.Conn) {
		signers, err := keys.Signers()
		if err != nil || len(signers) != 4 {
			t.Fatalf("%d keys, %v", len(signers), err)
		}
		for _, signer := range signers {
			signature, err := signer.Sign(nil, []byte("data"))
			if err != nil || signer.PublicKey().Verify([]byte("data"), signature) != nil {
				t.Errorf("%s: %v, or the signature is bad", signer.PublicKey().Type(), err)
			}
		}
		rsa := signers[1].(ssh.AlgorithmSigner)
		for _, algorithm := range []string{ssh.KeyAlgoRSA, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512} {
			if signature, err := rsa.SignWithAlgorithm(nil, []byte("data"), algorithm); err != nil || signature.Format != algorithm {
				t.Errorf("%s: %v, %v", algorithm, signature, err)
			}
		}
		if list, _ := keys.List(); list[0].Comment != "jane@laptop" {
			t.Errorf("comment %q", list[0].Comment)
		}
	})
}

func TestAgentFails(t *testing.T) {
	visitAgent(t, SSHAgent{Keys: []Key{JaneEd25519}, Refuses: true}, func(t *testing.T, keys agent.ExtendedAgent, _ net.Conn) {
		signers, err := keys.Signers()
		if err != nil || len(signers) != 1 {
			t.Fatalf("%d keys, %v", len(signers), err)
		}
		if _, err := signers[0].Sign(nil, []byte("data")); err == nil {
			t.Error("it signs")
		}
	})
	visitAgent(t, SSHAgent{Keys: []Key{JaneEd25519}, Swaps: true}, func(t *testing.T, keys agent.ExtendedAgent, _ net.Conn) {
		signers, _ := keys.Signers()
		if signature, err := signers[0].Sign(nil, []byte("data")); err != nil || signers[0].PublicKey().Verify([]byte("data"), signature) == nil {
			t.Errorf("it signs with the right key, or %v", err)
		}
	})
	visitAgent(t, SSHAgent{Garbage: "\x00\x00\x00\x02\x0c\xff"}, func(t *testing.T, keys agent.ExtendedAgent, _ net.Conn) {
		if _, err := keys.List(); err == nil {
			t.Error("garbage is a list")
		}
	})
	visitAgent(t, SSHAgent{Silent: true}, func(t *testing.T, _ agent.ExtendedAgent, conn net.Conn) {
		_ = conn.SetDeadline(time.Now().Add(time.Hour))
		_, _ = conn.Write(append(binary.BigEndian.AppendUint32(nil, 1), agentListKeys))
		if _, err := io.ReadAll(conn); err == nil {
			t.Error("it goes")
		}
	})
}

func TestNoAgent(t *testing.T) {
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		c.SSHAgents = []SSHAgent{{Address: "/left/over", Dead: true}, {Address: agentSocket}}
		if list := c.Agents(); !slices.Equal(list, []string{"/left/over", agentSocket}) {
			t.Errorf("agents %q", list)
		}
		if _, err := c.DialAgent(t.Context(), "/left/over"); !errors.Is(err, errRefused) {
			t.Errorf("dead: %v", err)
		}
		if _, err := c.DialAgent(t.Context(), "/nowhere"); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("missing: %v", err)
		}
	})
}

func TestFiles(t *testing.T) {
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		c.knows(exampleFTP, HostEd25519)
		c.put("/huge", File{Content: "x", Size: 100 << 20, Mode: 0o600})
		c.put("/locked", File{Content: "x"})
		content, info, err := c.ReadFile(knownHosts, 1<<20)
		if err != nil || !strings.Contains(string(content), exampleFTP+" ssh-ed25519 ") || info.Mode() != 0o600 {
			t.Errorf("known_hosts: %q, %v", content, err)
		}
		if content, info, err := c.ReadFile("/huge", 1<<20); err != nil || len(content) > 0 || info.Size() != 100<<20 {
			t.Errorf("huge: %d bytes of %d, %v", len(content), info.Size(), err)
		}
		if _, _, err := c.ReadFile("/locked", 1<<20); !errors.Is(err, syscall.EACCES) {
			t.Errorf("locked: %v", err)
		}
		if _, _, err := c.ReadFile("/nowhere", 1<<20); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("missing: %v", err)
		}
	})
}
