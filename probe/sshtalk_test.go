package probe

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// talkInMemory lets a client of the library and a server of it speak with each other, and returns the client's error.
func talkInMemory(t *testing.T, server *ssh.ServerConfig, client *ssh.ClientConfig) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	server.AddHostKey(signer)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		_, _, _, _ = ssh.NewServerConn(c, server)
		_ = c.Close()
	}()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	client.HostKeyCallback = ssh.InsecureIgnoreHostKey()
	_, _, _, err = ssh.NewClientConn(c, "here", client)
	return err
}

// The library has only words for these. Where it finds others, this test says so.
func TestTheTextsOfTheLibrary(t *testing.T) {
	refusing := func() *ssh.ServerConfig {
		return &ssh.ServerConfig{MaxAuthTries: 1, PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errors.New("no") }}
	}
	err := talkInMemory(t, refusing(), &ssh.ClientConfig{Auth: []ssh.AuthMethod{ssh.Password("x")}})
	if reason, text, ok := cutGoodbye(err); !ok || reason != 2 || text != "too many authentication failures" {
		t.Errorf("the goodbye of %v is %d %q", err, reason, text)
	}
	err = talkInMemory(t, refusing(), &ssh.ClientConfig{})
	if !isRefusal(err) || gotInstead(err) != 0 {
		t.Errorf("a refusal is %v", err)
	}
	asking := &ssh.ServerConfig{
		PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errors.New("no") },
		KeyboardInteractiveCallback: func(ssh.ConnMetadata, ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			return nil, errors.New("no")
		},
	}
	err = talkInMemory(t, asking, &ssh.ClientConfig{Auth: []ssh.AuthMethod{ssh.KeyboardInteractive(nil)}})
	if gotInstead(err) != msgFailure {
		t.Errorf("a refusal before the first question is %v", err)
	}
	for _, other := range []error{nil, errors.New("EOF"), errors.New("ssh: disconnect, reason x"), fmt.Errorf("ssh: disconnect, reason 2: %q", "")} {
		if _, text, ok := cutGoodbye(other); ok && text != "" {
			t.Errorf("%v is a goodbye", other)
		}
	}
}

// A goodbye in the server's words is known as such, at any time.
func TestGoodbyeInTheKeyExchange(t *testing.T) {
	run := enterSSH(t, lab.SSH{WeakGroup: true}, nil)
	for _, o := range run.Seen {
		if o.Kex != nil && (!o.Failed(fact.WeakGroup) || o.Kex.HostKey != nil || o.Kex.Offer == nil) {
			t.Errorf("the key exchange is %+v %+v", o.Kex, o.Failure)
		}
	}
	if login := loginOf(t, run).Login; login.Withheld != fact.NoWayIn {
		t.Errorf("the login is %+v", login)
	}
}

// A server with several host keys is asked for the one that known_hosts has.
func TestTheKnownHostKeyIsAskedFor(t *testing.T) {
	server := lab.SSH{HostKeys: []lab.Key{lab.HostEd25519, lab.HostECDSA, lab.HostRSA}}
	for _, key := range server.HostKeys {
		run := enterSSH(t, server, func(p *Plan, c *lab.Computer) {
			p.TrustAnyway = false
			p.KnownHosts = []string{"/known"}
			c.Files = map[string]lab.File{"/known": {Content: entry{key: key}.line(c), Mode: 0o600}}
		})
		host := hostKeyOf(t, run)
		if host.SHA256 != key.Fingerprint() || host.Standing != fact.KnownKey || loginOf(t, run).Login.Outcome != fact.Accepted {
			t.Errorf("with %v known, the host key is %+v", key, host)
		}
		for _, o := range run.Seen {
			if o.HostKeys != nil && len(o.HostKeys.Keys) != 3 {
				t.Errorf("the server tells of %+v", o.HostKeys.Keys)
			}
			if o.Kex != nil && o.Kex.Agreed.HostKey != host.Type && !strings.HasPrefix(o.Kex.Agreed.HostKey, "rsa-sha2-") {
				t.Errorf("agreed on %s, and saw %s", o.Kex.Agreed.HostKey, host.Type)
			}
		}
	}
}

// Banners are kept with the answer that they came before, and within bounds.
func TestBanner(t *testing.T) {
	run := enterSSH(t, lab.SSH{Banner: "Hello\r\n\x1b[31mred\r\n" + strings.Repeat("more\n", 1000)}, nil)
	for _, o := range run.Seen {
		if o.Auth != nil && o.Auth.Method == fact.AuthNone && (len(o.Auth.Banner) != maxBanner+1 || o.Auth.Banner[1] != `\x1b[31mred`) {
			t.Errorf("the banner is %q", o.Auth.Banner)
		}
		if o.Auth != nil && o.Auth.Method == fact.AuthPassword && o.Auth.Banner != nil {
			t.Errorf("the banner of the password is %q", o.Auth.Banner)
		}
	}
}

// Where a server begins to refuse in the middle of a run, nobody tries to sign in.
func TestAServerThatBeginsToRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		sibling  lab.SSH
		withheld fact.Withheld
	}{
		"not now":      {lab.SSH{Before: []string{"Not allowed at this time"}, EndAfter: lab.AtLines}, fact.TurnedAway},
		"restricted":   {lab.SSH{Ident: "SSH-Restricted_TooManyConcurrentConnections", EndAfter: lab.AtIdentityGiven}, fact.TurnedAway},
		"another kind": {lab.SSH{Ident: "SSH-1.5-old", EndAfter: lab.AtIdentityGiven}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				computer := world(lab.SSH{})
				defer computer.Close()
				computer.Internet.Listen(there, c.sibling, 2022)
				run := enterSSHWorld(t.Context(), computer, func(p *Plan, _ *lab.Computer) {
					p.Target.Port, p.Target.Protocol = 0, ""
					p.Profile.Ports = append(p.Profile.Ports, sftpPort(2100), sftpPort(2022))
				})
				if login := loginOf(t, run).Login; login.Withheld != c.withheld {
					t.Errorf("the login is %+v", login)
				}
			})
		})
	}
}

// The key of a server stays the same for as long as a session lasts.
func TestSameKey(t *testing.T) {
	keys := make([]ssh.PublicKey, 2)
	for i := range keys {
		public, _, _ := ed25519.GenerateKey(rand.Reader)
		keys[i], _ = ssh.NewPublicKey(public)
	}
	if sameKey(keys[0], keys[0]) != nil || kind(sameKey(keys[0], keys[1])) != fact.Garbled {
		t.Error("a changed key is not seen")
	}
}

// A server may ask for a new key exchange at any time (RFC 4253 section 9); nobody is asked about its host key again.
func TestKeysAreExchangedAnew(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true, Config: ssh.Config{RekeyThreshold: 256}}
	config.AddHostKey(signer)
	answered := make(chan error, 1)
	go func() { answered <- askOften(listener, config) }()

	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t.Context(), c, "here", 1)
	w.limit(t.Context(), 20*time.Second)
	talk := newSSHTalk(newSession(t.Context(), Plan{Target: fact.Target{User: "jane"}}, nil, nil), w)
	go talk.run(newStream(w, w, false), offer.HostKeys)
	if talk.awaitHostKey() == nil {
		t.Fatal(talk.err)
	}
	talk.verdict <- nil
	<-talk.over
	if talk.err != nil {
		t.Fatal(talk.err)
	}
	work := newSSHWork(&signOn{session: newSession(t.Context(), Plan{}, nil, nil), ctx: t.Context(), t: talk})
	<-work.lost
	work.leave()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// askOften is a server that asks for so much that the keys are exchanged anew meanwhile.
func askOften(listener net.Listener, config *ssh.ServerConfig) error {
	c, err := listener.Accept()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	conn, _, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return err
	}
	go ssh.DiscardRequests(requests)
	for range 10 {
		if ok, _, err := conn.SendRequest("hello@example.org", true, bytes.Repeat([]byte("x"), 1000)); ok || err != nil {
			return fmt.Errorf("the answer is %v %w", ok, err)
		}
	}
	return nil
}

func sftpPort(number int) profile.Port { return profile.Port{Number: number, Speaks: fact.SFTP} }
