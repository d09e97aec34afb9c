package probe

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// entry is what known_hosts has about the place of the server.
type entry struct {
	marker string
	key    lab.Key
}

// line is a line of known_hosts.
func (e entry) line(c *lab.Computer) string {
	return strings.TrimSpace(e.marker+" ["+there+"]:2100 "+e.public(c)) + "\n"
}

// public is the public half of the key. The lab tells it by way of an agent.
func (e entry) public(c *lab.Computer) string {
	c.SSHAgents = append(c.SSHAgents, lab.SSHAgent{Address: "/run/known", Keys: []lab.Key{e.key}})
	defer func() { c.SSHAgents = c.SSHAgents[:len(c.SSHAgents)-1] }()
	conn, err := c.DialAgent(context.Background(), "/run/known")
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	held, err := agent.NewClient(conn).List()
	if err != nil {
		panic(err)
	}
	return held[0].String()
}

// The password is sent to nobody whose host key the user has not accepted in some way.
func TestWhoseHostKeyIsTrusted(t *testing.T) {
	other := lab.Key{Kind: lab.Ed25519, Name: "another host"}
	for name, c := range map[string]struct {
		known    *entry // of known_hosts
		trust    bool
		answer   string // of the user; empty: there is nobody to ask
		publish  bool
		keys     []lab.Key
		outcome  fact.Outcome
		withheld fact.Withheld
		standing fact.Standing
	}{
		"known":                  {known: &entry{"", lab.HostEd25519}, outcome: fact.Accepted, standing: fact.KnownKey},
		"unknown":                {outcome: fact.NotSent, withheld: fact.HostUnknown, standing: fact.UnknownKey},
		"unknown, and a key":     {keys: []lab.Key{lab.JaneEd25519}, outcome: fact.Accepted, standing: fact.UnknownKey},
		"unknown, a wrong key":   {keys: strangers(1), outcome: fact.NotSent, withheld: fact.HostUnknown, standing: fact.UnknownKey},
		"the user says yes":      {answer: " YES\n", outcome: fact.Accepted, standing: fact.UnknownKey},
		"the user says y":        {answer: "y", outcome: fact.NotSent, withheld: fact.HostUnknown, standing: fact.UnknownKey},
		"published":              {publish: true, outcome: fact.Accepted, standing: fact.UnknownKey},
		"trusted anyway":         {trust: true, outcome: fact.Accepted, standing: fact.UnknownKey},
		"another type":           {known: &entry{"", lab.HostRSA}, outcome: fact.NotSent, withheld: fact.HostUnknown, standing: fact.OtherTypeKey},
		"changed":                {known: &entry{"", other}, keys: []lab.Key{lab.JaneEd25519}, answer: "yes", outcome: fact.NotSent, withheld: fact.HostChanged, standing: fact.ChangedKey},
		"changed, and published": {known: &entry{"", other}, publish: true, outcome: fact.Accepted, standing: fact.ChangedKey},
		"revoked":                {known: &entry{"@revoked", lab.HostEd25519}, publish: true, answer: "yes", outcome: fact.NotSent, withheld: fact.HostRevoked, standing: fact.RevokedKey},
	} {
		for _, method := range []string{"password", "keyboard-interactive"} {
			t.Run(name+" by "+method, func(t *testing.T) {
				asked := 0
				server := lab.SSH{Methods: []string{"publickey", method}, Users: map[string]lab.Account{"jane": {Keys: []lab.Key{lab.JaneEd25519}}}}
				run := enterSSH(t, server, func(p *Plan, computer *lab.Computer) {
					with(janes, c.keys...)(p, computer)
					p.TrustAnyway = c.trust
					p.KnownHosts = []string{"/known"}
					computer.Files = map[string]lab.File{"/known": {Mode: 0o600}}
					if c.known != nil {
						computer.Files["/known"] = lab.File{Content: c.known.line(computer), Mode: 0o600}
					}
					if c.publish {
						p.Profile.HostKeys = []string{lab.HostEd25519.Fingerprint()}
					}
					if c.answer != "" {
						p.Ask = func(_ context.Context, q Question) (string, bool) {
							asked++
							if !strings.Contains(q.Text, lab.HostEd25519.Fingerprint()) || q.Hidden {
								t.Errorf("the user is asked %+v", q)
							}
							return c.answer, true
						}
					}
				})
				login, key := loginOf(t, run).Login, hostKeyOf(t, run)
				if login.Outcome != c.outcome || login.Withheld != c.withheld || key.Standing != c.standing || key.Published != c.publish {
					t.Errorf("the login is %+v, the host key %+v", login, key)
				}
				if yes := c.answer != "" && c.outcome == fact.Accepted; key.Accepted != yes || asked > 1 || yes && asked != 1 {
					t.Errorf("the user was asked %d times, and has accepted: %v", asked, key.Accepted)
				}
				for _, o := range run.Seen {
					if o.Auth != nil && o.Auth.Method != fact.AuthNone && (c.withheld == fact.HostChanged || c.withheld == fact.HostRevoked) {
						t.Errorf("the server was shown %+v", o.Auth)
					}
					if o.Auth != nil && (o.Auth.Method == fact.AuthPassword || o.Auth.Method == fact.AuthKeyboard) && c.outcome != fact.Accepted {
						t.Errorf("the server was told %+v", o.Auth)
					}
				}
			})
		}
	}
}

func hostKeyOf(t *testing.T, run fact.Run) *fact.HostKey {
	t.Helper()
	for _, o := range run.Seen {
		if o.Kex != nil && o.Kex.HostKey != nil {
			return o.Kex.HostKey
		}
	}
	t.Fatal("no host key was seen")
	return nil
}

// What is not at hand is asked for when the server wants it, and a user who thinks for some minutes is not too slow for this program.
func TestTheUserIsAsked(t *testing.T) {
	server := lab.SSH{Methods: []string{"publickey", "keyboard-interactive"}, Users: map[string]lab.Account{"jane": {Rounds: []lab.Round{
		{Prompts: []lab.Prompt{{Text: "Password: "}}},
		{Instruction: "We have sent you a code.", Prompts: []lab.Prompt{{Text: "Code:", Answer: "987654"}, {Text: "Favourite colour?", Echo: true, Answer: "blue"}}},
	}}}}
	answers := map[string]string{"Password of jane at " + there + ": *": janes, "(jane@" + there + ") Code: *": "987654", "(jane@" + there + ") Favourite colour? ": "blue"}
	run := enterSSH(t, server, func(p *Plan, c *lab.Computer) {
		with("", strangers(1)...)(p, c)
		p.Timeout = time.Hour
		p.Ask = func(_ context.Context, q Question) (string, bool) {
			text := q.Text
			if q.Hidden {
				text += "*"
			}
			answer, ok := answers[text]
			if !ok {
				t.Errorf("the user is asked %q, perhaps again", text)
			}
			delete(answers, text)
			time.Sleep(5 * time.Minute)
			return answer, ok
		}
	})
	if login := loginOf(t, run).Login; login.Outcome != fact.Accepted || len(answers) > 0 {
		t.Errorf("the login is %+v, and the user was not asked %q", login, answers)
	}
	for _, o := range run.Seen {
		if o.Auth != nil && o.Auth.Method == fact.AuthKeyboard {
			want := []fact.Round{
				{Prompts: []fact.Prompt{{Text: "Password:", Answer: fact.GavePassword}}},
				{Instruction: []string{"We have sent you a code."}, Prompts: []fact.Prompt{{Text: "Code:", Answer: fact.GaveCode}, {Text: "Favourite colour?", Echo: true, Answer: fact.GaveCode}}},
			}
			if !reflect.DeepEqual(o.Auth.Rounds, want) {
				t.Errorf("the rounds are %+v", o.Auth.Rounds)
			}
		}
	}
}

// A user who takes a minute over the passphrase of a key does not make the server slow.
func TestThePassphraseTakesNoTimeOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scenario, _ := lab.Find("key-locked-where-ssh-looks")
		c := scenario.Build()
		defer c.Close()
		asked := false
		run := Run(t.Context(), Plan{
			Target: fact.Target{Host: "sftp.example.org", Port: 22, Protocol: fact.SFTP, User: "jane"},
			Only:   []string{"local", "dns", "endpoints", "keys", "sftp"}, Timeout: time.Hour,
			Ask: func(context.Context, Question) (string, bool) {
				asked = true
				time.Sleep(time.Minute)
				return "open sesame", true
			},
		}, c, nil)
		if login := loginOf(t, run).Login; login.Outcome != fact.Accepted || !asked {
			t.Errorf("the login is %+v; asked: %v", login, asked)
		}
		for _, o := range run.Seen {
			if o.Auth != nil && o.Took.Duration() > 10*time.Second {
				t.Errorf("%s took %s", o.Auth.Answer, o.Took.Duration())
			}
		}
	})
}

// What a server repeats of a secret is not recorded, wherever it stands.
func TestSecretsAreNotRepeated(t *testing.T) {
	const code = "918273"
	server := lab.SSH{
		Methods: []string{"keyboard-interactive"},
		Users: map[string]lab.Account{"jane": {Rounds: []lab.Round{
			{Prompts: []lab.Prompt{{Text: "Password: "}}},
			{Name: "you said " + janes, Instruction: "ha\n" + janes + "\nha", Prompts: []lab.Prompt{{Text: janes + "? Code: ", Answer: code}}},
		}}},
		Forced: &lab.Command{Stdout: "hello " + janes + "\nwith " + code, Stderr: code, Exit: 1},
	}
	run := enterSSH(t, server, func(p *Plan, _ *lab.Computer) { p.Code = code })
	checkNothingTold(t, run, janes, code)
	if login := loginOf(t, run).Login; login.Outcome != fact.Accepted {
		t.Errorf("the login is %+v", login)
	}
	goodbye := lab.SSH{Users: map[string]lab.Account{"jane": {Goodbye: "no " + janes + " here"}}}
	checkNothingTold(t, enterSSH(t, goodbye, nil), janes)
}

func checkNothingTold(t *testing.T, run fact.Run, secrets ...string) {
	t.Helper()
	data, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("a secret is told: …%s…", text[max(0, i-100):min(len(text), i+100)])
		}
	}
}

// One budget holds for both families, and for the second connection.
func TestBudgetOfSignIns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(0)
		for range 2 {
			if !b.take(t.Context()) {
				t.Fatal("two sign-ins may fail")
			}
		}
		third := make(chan bool)
		go func() { third <- b.take(t.Context()) }()
		synctest.Wait()
		b.settle(true)
		synctest.Wait()
		select {
		case <-third:
			t.Fatal("the third does not wait for the second")
		default:
		}
		b.settle(false)
		if !<-third {
			t.Error("a sign-in that went well is not given back")
		}
		b.settle(true)
		if b.take(t.Context()) {
			t.Error("a third sign-in may fail")
		}
	})
}

func TestOneTryForBothFamilies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := world(certify(lab.FTP{TLS: certified(nil)}))
		defer c.Close()
		c.Internet.Listen(there, lab.SSH{}, 22)
		run := enterWorld(t.Context(), c, func(p *Plan) {
			p.Target.Port, p.Target.Protocol = 0, ""
			p.Profile.Ports = []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 22, Speaks: fact.SFTP}}
			p.Password, p.MaxFailedLogins, p.TrustAnyway = "wrong", 1, true
			p.Only = []string{"endpoints", "login", "sftp"}
		})
		var outcomes []string
		for _, o := range run.Seen {
			if o.Login != nil {
				outcomes = append(outcomes, string(o.Login.Protocol)+" "+string(o.Login.Outcome)+" "+string(o.Login.Withheld))
			}
		}
		if want := []string{"ftpes refused ", "sftp withheld out-of-tries"}; !slices.Equal(outcomes, want) {
			t.Errorf("got %q, want %q", outcomes, want)
		}
	})
}

// What is cut to size does not end with the beginning of a secret, and what a server learned on one connection it may repeat on
// another one, in any field.
func TestSecretsInStrangePlaces(t *testing.T) {
	long := strings.Repeat(strings.Repeat("-", 117)+"\n", 17) + strings.Repeat("-", 32) + janes // 2048 bytes end within it
	for name, server := range map[string]lab.SSH{
		"output":        {Forced: &lab.Command{Stdout: long, Stderr: long, Exit: 1}},
		"noise":         {Noise: long},
		"words of SFTP": {SFTP: lab.SFTP{Instead: map[byte]string{16: "\x65\x00\x00\x00\x04\x00\x01\x00\x00" + strings.Repeat(strings.Repeat("-", 1000)+"\n", 4) + strings.Repeat("-", 70) + janes + strings.Repeat("-", 1<<16)}}},
		"methods":       {Methods: []string{"publickey", "password", janes}, Users: map[string]lab.Account{"jane": {Needs: []string{"password,publickey", "password," + janes}}}},
		"host key":      {Tells: "\x00\x00\x00\x11\x00\x00\x00\x0dssh-ed25519 x" + janes},
	} {
		t.Run(name, func(t *testing.T) {
			checkNothingTold(t, enterSSH(t, server, nil), janes, janes[:7])
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c := world(certify(lab.FTP{TLS: certified(nil)}))
		defer c.Close()
		c.Internet.Listen(there, lab.SSH{Noise: janes, Thinks: 5 * time.Second, Banner: "hello " + janes, Users: map[string]lab.Account{"jane": {Keys: []lab.Key{lab.JaneEd25519}}}}, 22)
		c.SSHAgents = []lab.SSHAgent{{Address: "/run/agent", Keys: []lab.Key{lab.JaneEd25519}}}
		run := enterWorld(t.Context(), c, func(p *Plan) {
			p.Target.Port, p.Target.Protocol = 0, ""
			p.Profile.Ports = []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 22, Speaks: fact.SFTP}}
			p.TrustAnyway, p.Only = true, []string{"endpoints", "keys", "login", "sftp"}
		})
		checkNothingTold(t, run, janes)
		if told := toldBySSH(run); !slices.Contains(told, acceptedKey) {
			t.Errorf("saw %q", told)
		}
	})
	s := newSession(t.Context(), Plan{Password: "first"}, nil, nil)
	s.confide(" blank ")
	if got := s.withoutSecrets([]string{"my first", "a blank", "other"}); !slices.Equal(got, []string{secretLine, secretLine, "other"}) {
		t.Errorf("got %q", got)
	}
}
