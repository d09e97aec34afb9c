package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// officer is a workplace with SSH agents.
type officer struct {
	workplace
	agents map[string]func(net.Conn) // nil: the socket is there and nobody listens
	dialed *atomic.Int32
}

func (o officer) Agents() []string {
	var found []string
	for address := range o.agents {
		found = append(found, address)
	}
	slices.Sort(found)
	return found
}

func (o officer) DialAgent(_ context.Context, address string) (net.Conn, error) {
	o.dialed.Add(1)
	serve, ok := o.agents[address]
	switch {
	case !ok:
		return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ENOENT)}
	case serve == nil:
		return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	near, far := net.Pipe()
	go func() {
		serve(far)
		_ = far.Close()
	}()
	return near, nil
}

// janesOffice is a computer with these files in the folder .ssh, and one agent.
func janesOffice(files map[string]string, serve func(net.Conn)) officer {
	o := officer{workplace: janesWorkplace(files), agents: map[string]func(net.Conn){}, dialed: new(atomic.Int32)}
	if serve != nil {
		o.agents["/run/agent"] = serve
	}
	return o
}

// holding is an agent with these keys.
func holding(keys ...any) func(net.Conn) {
	ring := agent.NewKeyring()
	for _, key := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: key, Comment: "held"}); err != nil {
			panic(err)
		}
	}
	return func(conn net.Conn) { _ = agent.ServeAgent(ring, conn) }
}

// findKeys carries out the check "keys". It returns the keys in order, and what was recorded.
func findKeys(t *testing.T, plan Plan, o officer) ([]identity, []fact.Observation) {
	t.Helper()
	s := newSession(t.Context(), plan, o, nil)
	found := s.identities()
	var seen []fact.Observation
	for _, o := range s.seen {
		if o.Check == "keys" {
			seen = append(seen, o)
		}
	}
	return found, seen
}

// outline writes keys down: where each comes from, its type, and whether it can sign.
func outline(keys []identity) string {
	var lines []string
	for _, k := range keys {
		line := string(k.id.Source) + " " + k.id.Path[strings.LastIndex(k.id.Path, "/")+1:]
		if k.public != nil {
			line += " " + k.public.Type()
		}
		if k.signer != nil {
			line += " signs"
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestKeysInTheOrderOfSSH(t *testing.T) {
	ed, rsaKey, ec := opensshText(testEd25519, ""), opensshText(testRSA, ""), opensshText(testECDSA, "")
	certificate := string(ssh.MarshalAuthorizedKey(testCertificate(t, must(ssh.NewSignerFromKey(testEd25519)).PublicKey(), nil)))
	for name, c := range map[string]struct {
		files map[string]string
		agent func(net.Conn)
		given []string
		want  string
	}{
		"none": {},
		"those that are usual": {
			files: map[string]string{"id_ed25519": ed, "id_rsa": rsaKey, "id_ecdsa": ec, "work": ed},
			want:  "default id_rsa ssh-rsa signs\ndefault id_ecdsa ecdsa-sha2-nistp256 signs\ndefault id_ed25519 ssh-ed25519 signs",
		},
		"given in place of the usual": {
			files: map[string]string{"id_rsa": rsaKey, "work": ed}, given: []string{"/home/jane/.ssh/work", "/home/jane/.ssh/work"},
			want: "given work ssh-ed25519 signs",
		},
		"agent before files": {
			files: map[string]string{"id_rsa": rsaKey}, agent: holding(testEd25519, testECDSA),
			want: "agent ssh-ed25519 signs\nagent ecdsa-sha2-nistp256 signs\ndefault id_rsa ssh-rsa signs",
		},
		"files that the agent holds come first": {
			files: map[string]string{"id_rsa": rsaKey, "id_ed25519": ed}, agent: holding(testECDSA, testEd25519),
			want: "default id_ed25519 ssh-ed25519 signs\nagent ecdsa-sha2-nistp256 signs\ndefault id_rsa ssh-rsa signs",
		},
		"ssh_config": {
			files: map[string]string{"config": "IdentityFile ~/.ssh/work\nIdentityFile ~/.ssh/gone\n", "work": ed, "id_rsa": rsaKey}, agent: holding(testECDSA),
			want: "agent ecdsa-sha2-nistp256 signs\nssh_config work ssh-ed25519 signs\nssh_config gone",
		},
		"-i and ssh_config": {
			files: map[string]string{"config": "IdentityFile ~/.ssh/work\n", "work": ed, "id_rsa": rsaKey, "mine": ec}, given: []string{"/home/jane/.ssh/mine"},
			want: "given mine ecdsa-sha2-nistp256 signs\nssh_config work ssh-ed25519 signs",
		},
		"only files": {
			files: map[string]string{"config": "IdentityFile ~/.ssh/work\nIdentitiesOnly yes\n", "work": ed}, agent: holding(testECDSA, testEd25519),
			want: "ssh_config work ssh-ed25519 signs",
		},
		"no files": {
			files: map[string]string{"config": "IdentityFile none\n", "id_rsa": rsaKey}, agent: holding(testECDSA),
			want: "agent ecdsa-sha2-nistp256 signs",
		},
		"no agent": {
			files: map[string]string{"config": "IdentityAgent none\n", "id_rsa": rsaKey}, agent: holding(testECDSA),
			want: "default id_rsa ssh-rsa signs",
		},
		"public half, private in the agent": {
			files: map[string]string{"work.pub": publicLine(testEd25519)}, given: []string{"/home/jane/.ssh/work.pub"}, agent: holding(testEd25519),
			want: "given work.pub ssh-ed25519 signs",
		},
		"public half alone": {
			files: map[string]string{"work.pub": publicLine(testEd25519)}, given: []string{"/home/jane/.ssh/work.pub"},
			want: "given work.pub ssh-ed25519",
		},
		"locked, private in the agent": {
			files: map[string]string{"id_ed25519": opensshText(testEd25519, testPassphrase)}, agent: holding(testEd25519),
			want: "default id_ed25519 ssh-ed25519 signs",
		},
		"certificate": {
			files: map[string]string{"id_ed25519": ed, "id_ed25519-cert.pub": certificate},
			want:  "default id_ed25519 ssh-ed25519 signs\ndefault id_ed25519 ssh-ed25519-cert-v01@openssh.com signs",
		},
		"certificate, private in the agent": {
			files: map[string]string{"id_ed25519": opensshText(testEd25519, testPassphrase), "id_ed25519-cert.pub": certificate}, agent: holding(testEd25519),
			want: "default id_ed25519 ssh-ed25519 signs\ndefault id_ed25519 ssh-ed25519-cert-v01@openssh.com signs",
		},
		"certificate of another key": {
			files: map[string]string{"id_ecdsa": ec, "id_ecdsa-cert.pub": certificate},
			want:  "default id_ecdsa ecdsa-sha2-nistp256 signs",
		},
		"certificate of ssh_config": {
			files: map[string]string{"config": "CertificateFile ~/.ssh/c.pub\nIdentityFile ~/.ssh/work\n", "c.pub": certificate, "work": ed, "work-cert.pub": certificate},
			want:  "ssh_config c.pub ssh-ed25519-cert-v01@openssh.com signs\nssh_config work ssh-ed25519 signs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := janesPlan()
			plan.Identities = c.given
			found, seen := findKeys(t, plan, janesOffice(c.files, c.agent))
			if got := outline(found); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			var recorded []*fact.Identity
			for _, o := range seen {
				if o.Identity != nil {
					recorded = append(recorded, o.Identity)
				}
			}
			var shown []*fact.Identity
			for _, k := range found {
				if !slices.Contains(shown, k.id) {
					shown = append(shown, k.id)
				}
			}
			if !slices.Equal(recorded, shown) {
				t.Errorf("recorded %v, not %v", recorded, shown)
			}
			for _, k := range found {
				if k.signer == nil {
					continue
				}
				signature, err := k.signer.Sign(rand.Reader, []byte("data"))
				if err != nil || plainKey(k.public).Verify([]byte("data"), signature) != nil {
					t.Errorf("%s does not sign: %v", k.id.Path, err)
				}
			}
		})
	}
}

func TestKeyFacts(t *testing.T) {
	key := must(ssh.NewSignerFromKey(testEd25519)).PublicKey()
	expired := testCertificate(t, key, func(c *ssh.Certificate) { c.ValidAfter, c.ValidBefore = 1000, 2000 })
	forHosts := testCertificate(t, key, func(c *ssh.Certificate) { c.CertType = ssh.HostCert })
	o := janesOffice(map[string]string{
		"work": opensshText(testEd25519, ""), "work.pub": strings.TrimSpace(publicLine(testEd25519)) + " jane@work\n", "work-cert.pub": string(ssh.MarshalAuthorizedKey(expired)),
		"locked": opensshText(testEd25519, testPassphrase), "locked-cert.pub": string(ssh.MarshalAuthorizedKey(forHosts)),
		"pem": lockedPEM(t), "pem.pub": publicLine(testRSA),
		"other": opensshText(testECDSA, ""), "other.pub": publicLine(testEd25519), "other-cert.pub": string(ssh.MarshalAuthorizedKey(expired)),
	}, nil)
	modified := time.Date(2024, 3, 1, 12, 0, 0, 5, time.FixedZone("CET", 3600))
	work := o.Files["/home/jane/.ssh/work"]
	work.Mode, work.Time = 0o644, modified
	o.Files["/home/jane/.ssh/work"] = work
	o.Files["/home/jane/.ssh/old"] = lab.File{Content: work.Content, Mode: 0o600, Time: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}
	plan := janesPlan()
	for _, name := range []string{"work", "locked", "pem", "other", "old"} {
		plan.Identities = append(plan.Identities, "/home/jane/.ssh/"+name)
	}
	_, seen := findKeys(t, plan, o)
	if len(seen) != 5 {
		t.Fatalf("recorded %+v", seen)
	}
	first, locked, pem, other, old := seen[0].Identity, seen[1].Identity, seen[2].Identity, seen[3].Identity, seen[4].Identity
	if first.Type != "ssh-ed25519" || first.Bits != 256 || first.SHA256 != ssh.FingerprintSHA256(key) || first.Comment != "jane@work" ||
		first.Mode != "0644" || !first.Open || !first.Usable || first.Size != int64(len(work.Content)) || !first.Modified.Equal(modified.Truncate(time.Second)) || first.Modified.Location() != time.UTC {
		t.Errorf("work: %+v", first)
	}
	if c := first.Certificate; c == nil || c.Path != "/home/jane/.ssh/work-cert.pub" || c.OtherKey || c.ForHosts || !slices.Equal(c.Principals, []string{"jane"}) ||
		c.After.Unix() != 1000 || c.Before.Unix() != 2000 || c.CA != ssh.FingerprintSHA256(must(ssh.NewSignerFromKey(testECDSA)).PublicKey()) {
		t.Errorf("certificate of work: %+v", c)
	}
	if locked.Flaw != fact.KeyIsEncrypted || locked.Usable || locked.Open || locked.SHA256 != first.SHA256 || !locked.Certificate.ForHosts || !locked.Certificate.Before.IsZero() {
		t.Errorf("locked: %+v", locked)
	}
	if pem.Flaw != fact.KeyIsEncrypted || pem.Type != "ssh-rsa" || pem.Bits != 2048 {
		t.Errorf("pem: %+v", pem)
	}
	if other.Type != "ecdsa-sha2-nistp256" || other.Comment != "" || !other.Certificate.OtherKey {
		t.Errorf("other: %+v", other)
	}
	if !old.Modified.IsZero() {
		t.Errorf("old: %+v", old)
	}
}

func TestKeyFilesThatHoldNoKey(t *testing.T) {
	for name, c := range map[string]struct {
		file lab.File
		flaw fact.KeyFlaw
		want fact.Kind
	}{
		"folder":    {file: lab.File{Mode: fs.ModeDir | 0o700}, flaw: fact.KeyIsFolder},
		"huge":      {file: lab.File{Mode: 0o600, Size: 100 << 20}, flaw: fact.KeyIsHuge},
		"empty":     {file: lab.File{Mode: 0o600}, flaw: fact.KeyIsEmpty},
		"pipe":      {file: lab.File{Mode: fs.ModeNamedPipe | 0o600}, want: fact.Garbled},
		"forbidden": {file: lab.File{Content: "x"}, want: fact.NoPermission},
	} {
		t.Run(name, func(t *testing.T) {
			o := janesOffice(nil, nil)
			o.Files["/key"] = c.file
			plan := janesPlan()
			plan.Identities = []string{"/key"}
			found, seen := findKeys(t, plan, o)
			if len(seen) != 1 || len(found) != 1 || found[0].public != nil || found[0].signer != nil {
				t.Fatalf("found %+v, recorded %+v", found, seen)
			}
			if seen[0].Identity.Flaw != c.flaw || (seen[0].Failure != nil) != (c.want != "") || c.want != "" && !seen[0].Failed(c.want) {
				t.Errorf("recorded %+v, %+v", seen[0].Identity, seen[0].Failure)
			}
		})
	}
}

func TestKeysAreNotLookedForWhereNobodyAsks(t *testing.T) {
	o := janesOffice(map[string]string{"id_rsa": opensshText(testRSA, "")}, holding(testEd25519))
	plan := janesPlan()
	plan.Skip = []string{"keys"}
	if found, seen := findKeys(t, plan, o); len(found)+len(seen) > 0 || o.dialed.Load() > 0 {
		t.Errorf("found %v", found)
	}
}

// The passphrase is asked for when the key has to sign, and only then.
func TestPassphraseIsAskedForLate(t *testing.T) {
	for name, c := range map[string]struct {
		answers []string
		signs   bool
		asked   int
		flaw    fact.KeyFlaw
	}{
		"right":     {answers: []string{testPassphrase}, signs: true, asked: 1},
		"second":    {answers: []string{"guess", testPassphrase}, signs: true, asked: 2},
		"never":     {answers: []string{"a", "b", "c", "d"}, asked: 3, flaw: fact.KeyWrongPassphrase},
		"none":      {answers: []string{""}, asked: 1, flaw: fact.KeyIsEncrypted},
		"no answer": {asked: 1, flaw: fact.KeyIsEncrypted},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			plan := janesPlan()
			plan.Ask = func(_ context.Context, q Question) (string, bool) {
				asked++
				if !q.Hidden || asked == 1 && q.Text != "Passphrase of the key /home/jane/.ssh/id_ed25519: " || asked > 1 && q.Text != "It does not open the key. Try again: " {
					t.Errorf("asked %+v", q)
				}
				if asked > len(c.answers) {
					return "", false
				}
				return c.answers[asked-1], true
			}
			found, _ := findKeys(t, plan, janesOffice(map[string]string{"id_ed25519": opensshText(testEd25519, testPassphrase)}, nil))
			if asked > 0 || len(found) != 1 || found[0].public == nil || found[0].id.Usable {
				t.Fatalf("asked %d times, found %+v", asked, found)
			}
			for range 2 {
				_, err := found[0].signer.Sign(rand.Reader, []byte("data"))
				if (err == nil) != c.signs || err != nil && !errors.Is(err, errLocked) {
					t.Errorf("signing: %v", err)
				}
			}
			if id := found[0].id; asked != c.asked || id.Flaw != c.flaw || id.Usable != c.signs || id.Unlocked != c.signs {
				t.Errorf("asked %d times; %+v", asked, id)
			}
		})
	}
}

// Without its public half a key cannot be shown, so that its passphrase is asked for at once, if somebody named the key.
func TestPassphraseOfAKeyWithoutAPublicHalf(t *testing.T) {
	plan := janesPlan()
	asked := 0
	plan.Ask = func(context.Context, Question) (string, bool) {
		asked++
		return testPassphrase, true
	}
	if found, _ := findKeys(t, plan, janesOffice(map[string]string{"id_rsa": lockedPEM(t)}, nil)); asked > 0 || outline(found) != "default id_rsa" {
		t.Errorf("asked %d times, found %s", asked, outline(found))
	}
	plan.Identities = []string{"/home/jane/.ssh/mine"}
	found, _ := findKeys(t, plan, janesOffice(map[string]string{"mine": lockedPEM(t)}, nil))
	if asked != 1 || outline(found) != "given mine ssh-rsa signs" || !found[0].id.Usable || found[0].id.Type != "ssh-rsa" {
		t.Errorf("asked %d times, found %s, %+v", asked, outline(found), found[0].id)
	}
}

func TestAgents(t *testing.T) {
	frame := func(b ...byte) string { return string([]byte{0, 0, 0, byte(len(b))}) + string(b) }
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 5))
			_, _ = io.WriteString(conn, text)
			_, _ = io.Copy(io.Discard, conn)
		}
	}
	for name, c := range map[string]struct {
		serve   func(net.Conn)
		missing bool
		keys    int
		want    fact.Kind // empty: it answered
	}{
		"two keys": {serve: holding(testEd25519, testRSA), keys: 2},
		"empty":    {serve: holding()},
		"dead":     {want: fact.Refused},
		"gone":     {missing: true, want: fact.NotFound},
		"silent":   {serve: func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, want: fact.Timeout},
		"hangs up": {serve: func(conn net.Conn) { _, _ = io.ReadFull(conn, make([]byte, 5)) }, want: fact.Closed},
		"cut": {serve: func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 5))
			_, _ = io.WriteString(conn, "\x00\x00\x00\xff\x0c")
		}, want: fact.Closed},
		"fails":         {serve: say(frame(5)), want: fact.Garbled},
		"another reply": {serve: say(frame(6)), want: fact.Garbled},
		"a web server":  {serve: say("HTTP/1.1 400 Bad Request\r\n\r\n"), want: fact.Garbled},
		"absurd count":  {serve: say(frame(12, 0xff, 0xff, 0xff, 0xff)), want: fact.Garbled},
		"absurd length": {serve: say("\xff\xff\xff\xff"), want: fact.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := janesOffice(map[string]string{"config": "IdentityAgent /run/agent\n"}, c.serve)
				if c.serve == nil && !c.missing {
					o.agents["/run/agent"] = nil
				}
				began := time.Now()
				found, seen := findKeys(t, janesPlan(), o)
				if len(seen) == 0 || seen[0].Agent == nil || len(found) != c.keys {
					t.Fatalf("found %v, recorded %+v", found, seen)
				}
				a := seen[0]
				if a.Agent.Kind != fact.AgentSocket || a.Agent.Address != "/run/agent" || a.Agent.Keys != c.keys {
					t.Errorf("recorded %+v", a.Agent)
				}
				if (a.Failure != nil) != (c.want != "") || c.want != "" && !a.Failed(c.want) {
					t.Errorf("failed with %+v", a.Failure)
				}
				if took := time.Since(began); took > agentLimit {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A key of the agent that this program does not know is still a key.
func TestAgentWithAnUnknownKey(t *testing.T) {
	list := func(blobs ...[]byte) func(net.Conn) {
		b := ssh.Marshal(struct{ N uint32 }{uint32(len(blobs))})
		for _, blob := range blobs {
			b = append(b, ssh.Marshal(struct {
				Blob    []byte
				Comment string
			}{blob, "\x1b[31mred"})...)
		}
		return func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 5))
			_, _ = conn.Write(append(ssh.Marshal(struct{ Size uint32 }{uint32(len(b) + 1)}), append([]byte{12}, b...)...))
			_, _ = io.Copy(io.Discard, conn)
		}
	}
	unknown := ssh.Marshal(struct{ Type, Key string }{"ssh-xmss@openssh.com", "x"})
	found, seen := findKeys(t, janesPlan(), janesOffice(nil, list(unknown)))
	if outline(found) != "agent" || len(seen) != 2 || seen[1].Identity.Flaw != fact.KeyTypeUnknown || seen[1].Identity.Type != "ssh-xmss@openssh.com" || strings.Contains(seen[1].Identity.Comment, "\x1b") {
		t.Errorf("found %s, recorded %+v", outline(found), seen)
	}
	found, _ = findKeys(t, janesPlan(), janesOffice(nil, list(slices.Repeat([][]byte{unknown}, 500)...)))
	if len(found) != maxAgentKeys {
		t.Errorf("%d keys", len(found))
	}
}

func TestAgentSignsWithTheAlgorithmAskedFor(t *testing.T) {
	found, _ := findKeys(t, janesPlan(), janesOffice(nil, holding(testRSA)))
	for _, algorithm := range []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA} {
		signature, err := found[0].signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, []byte("data"), algorithm)
		if err != nil || signature.Format != algorithm || found[0].public.Verify([]byte("data"), signature) != nil {
			t.Errorf("%s: %+v, %v", algorithm, signature, err)
		}
	}
}

func TestAgentKind(t *testing.T) {
	for address, want := range map[string]fact.AgentKind{
		"/run/user/1000/keyring/ssh":    fact.AgentSocket,
		`\\.\pipe\openssh-ssh-agent`:    fact.AgentPipe,
		"//./pipe/openssh-ssh-agent":    fact.AgentPipe,
		Pageant:                         fact.AgentPageant,
		`C:\Users\jane\.ssh\agent.sock`: fact.AgentSocket,
	} {
		if got := agentKind(address); got != want {
			t.Errorf("%s is a %s", address, got)
		}
	}
}

// The real system: a socket, a file, and what is not there.
func TestSystemFilesAndAgents(t *testing.T) {
	dir := t.TempDir()
	sys := System{HomeDir: dir, AgentSocket: dir + "/agent"}
	if got := sys.Agents(); len(got) == 0 || got[0] != dir+"/agent" || sys.Home() != dir {
		t.Errorf("agents %v, home %s", got, sys.Home())
	}
	if got := (System{}).Agents(); len(got) > 0 {
		t.Errorf("a system without a user has the agents %v", got)
	}
	_, err := sys.DialAgent(t.Context(), dir+"/agent")
	if err == nil || kind(err) != fact.NotFound && runtime.GOOS != "windows" { // which knows sockets, and refuses
		t.Errorf("no socket: %v", err)
	}
	listener, err := net.Listen("unix", dir+"/agent")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sys.DialAgent(t.Context(), dir+"/agent")
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	_ = listener.Close()
	if err := os.WriteFile(dir+"/file", []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	content, info, err := sys.ReadFile(dir+"/file", 10)
	if err != nil || string(content) != "0123456789" || info.Size() != 10 {
		t.Errorf("read %q, %v, %v", content, info, err)
	}
	if content, info, err = sys.ReadFile(dir+"/file", 9); err != nil || content != nil || info.Size() != 10 {
		t.Errorf("of a large file %q, %v, %v", content, info, err)
	}
	if content, info, err = sys.ReadFile(dir, 9); err != nil || content != nil || !info.IsDir() {
		t.Errorf("of a folder %q, %v, %v", content, info, err)
	}
	if _, _, err = sys.ReadFile(dir+"/none", 9); kind(err) != fact.NotFound {
		t.Errorf("of nothing: %v", err)
	}
	if got := sys.Glob(dir + "/f*"); !slices.Equal(got, []string{dir + "/file"}) {
		t.Errorf("matched %v", got)
	}
	if got := sys.Glob("[" + dir); len(got) > 0 {
		t.Errorf("matched %v", got)
	}
}
