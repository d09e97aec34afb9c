package cause

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// signIn builds a run in which somebody signs in at an OpenSSH on port 22.
type signIn struct {
	run fact.Run
	on  int // the connection
}

const sshPlace = "203.0.113.21:22"

func newSignIn(steps ...fact.Observation) *signIn {
	s := &signIn{run: fact.Run{
		Started: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		Target:  fact.Target{Typed: "sftp.example.org", Host: "sftp.example.org", User: "jane", Profile: "generic"},
	}}
	s.connect("")
	s.add(steps...)
	return s
}

// connect begins a connection, as far as the host key.
func (s *signIn) connect(purpose fact.Purpose) {
	s.on++
	check := "endpoints"
	if purpose != "" {
		check = "sftp"
	}
	for _, o := range []fact.Observation{
		{Took: 20, Dial: &fact.Dial{Try: 1, Limit: 10000, Purpose: purpose}},
		{Took: 20, Opening: &fact.Opening{Kind: fact.VoiceSSH, Lines: []string{"SSH-2.0-OpenSSH_9.2p1"}}},
		{Ident: &fact.Ident{Line: "SSH-2.0-OpenSSH_9.2p1"}},
		{Kex: &fact.Kex{HostKey: &fact.HostKey{Type: "ssh-ed25519", SHA256: "SHA256:host", Standing: fact.KnownKey}}},
	} {
		o.Check = check
		s.put(o)
	}
}

func (s *signIn) put(o fact.Observation) {
	o.ID, o.Conn, o.Endpoint = len(s.run.Seen)+1, s.on, sshPlace
	s.run.Seen = append(s.run.Seen, o)
}

func (s *signIn) add(steps ...fact.Observation) *signIn {
	for _, o := range steps {
		o.Check = "sftp"
		if o.Identity != nil {
			o.Check = "keys"
		}
		s.put(o)
	}
	return s
}

// byFTP adds a sign-in by FTP to the same host. An empty refusal stands for a server that lets the user in.
func (s *signIn) byFTP(refusal string) *signIn {
	before := s.on
	s.on = 99
	steps := []fact.Observation{
		{Check: "endpoints", Dial: &fact.Dial{Try: 1, Limit: 10000}},
		{Check: "endpoints", Reply: &fact.Reply{Code: 220, Lines: []string{"Welcome."}}},
		{Check: "login", Reply: &fact.Reply{Command: "USER", Code: 331, Encrypted: true}},
	}
	if refusal == "" {
		steps = append(steps, fact.Observation{Check: "login", Reply: &fact.Reply{Command: "PASS", Code: 230, Encrypted: true}},
			fact.Observation{Check: "login", Login: &fact.Login{Protocol: fact.FTPES, Method: "password", Outcome: fact.Accepted}})
	} else {
		steps = append(steps, fact.Observation{Check: "login", Reply: &fact.Reply{Command: "PASS", Code: 530, Lines: []string{refusal}, Encrypted: true}},
			fact.Observation{Check: "login", Login: &fact.Login{Protocol: fact.FTPES, Method: "password", Outcome: fact.LoginDenied}})
	}
	for _, o := range steps {
		o.ID, o.Conn, o.Endpoint = len(s.run.Seen)+1, s.on, "203.0.113.21:21"
		s.run.Seen = append(s.run.Seen, o)
	}
	s.on = before
	return s
}

func methods(names ...string) []string { return names }

func auth(a fact.Auth) fact.Observation { return fact.Observation{Took: 20, Auth: &a} }

func none(offered ...string) fact.Observation {
	return auth(fact.Auth{Method: fact.AuthNone, Answer: fact.AuthRefused, Methods: offered})
}

func password(answer fact.AuthAnswer, goesOn ...string) fact.Observation {
	return auth(fact.Auth{Method: fact.AuthPassword, Answer: answer, Methods: goesOn})
}

func query(key string, answer fact.AuthAnswer) fact.Observation {
	return auth(fact.Auth{Method: fact.AuthPublicKey, Key: key, Algorithm: "ssh-ed25519", Query: true, Answer: answer, Methods: methods("publickey", "password")})
}

func signed(key string, answer fact.AuthAnswer, goesOn ...string) fact.Observation {
	return auth(fact.Auth{Method: fact.AuthPublicKey, Key: key, Algorithm: "ssh-ed25519", Answer: answer, Methods: goesOn})
}

func dialogue(answer fact.AuthAnswer, prompts ...fact.Prompt) fact.Observation {
	a := fact.Auth{Method: fact.AuthKeyboard, Answer: answer}
	for _, p := range prompts {
		a.Rounds = append(a.Rounds, fact.Round{Prompts: []fact.Prompt{p}})
	}
	return auth(a)
}

func broken(o fact.Observation, kind fact.Kind, goodbye string) fact.Observation {
	o.Failure = &fact.Failure{Kind: kind, Text: "broken"}
	o.Auth.Answer = ""
	if goodbye != "" {
		o.Auth.Goodbye = &fact.Goodbye{Reason: 2, Text: goodbye}
	}
	return o
}

func login(outcome fact.Outcome, method string, withheld fact.Withheld) fact.Observation {
	return fact.Observation{Login: &fact.Login{Protocol: fact.SFTP, Method: method, Outcome: outcome, Withheld: withheld}}
}

func identity(source fact.KeySource, key string) fact.Observation {
	return fact.Observation{Identity: &fact.Identity{Source: source, Type: "ssh-ed25519", SHA256: key, Usable: true}}
}

func loneCertificate(key string) fact.Observation {
	return fact.Observation{Identity: &fact.Identity{
		Source: fact.KeyGiven, Path: "/home/jane/.ssh/id-cert.pub", Format: fact.FormatCert, Flaw: fact.KeyLacksPrivate, Type: "ssh-ed25519", SHA256: key,
		Certificate: &fact.KeyCertificate{CA: "SHA256:ca"},
	}}
}

var (
	askedPassword = fact.Prompt{Text: "Password:", Answer: fact.GavePassword}
	askedCode     = fact.Prompt{Text: "Verification code:"}
	gaveCode      = fact.Prompt{Text: "Verification code:", Answer: fact.GaveCode}
	both          = methods("publickey", "password")
)

// Each sign-in that fails has one cause, and no second one beside it.
func TestOneCauseOfARefusal(t *testing.T) {
	const tooMany = "Too many authentication failures"
	for name, test := range map[string]struct {
		seen *signIn
		want string // empty: none above note
	}{
		"a wrong password": {newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")), "auth-password-wrong"},
		"a wrong password at a server that counts to one": {
			newSignIn(none(both...), broken(password(""), fact.Disconnected, tooMany), login(fact.Broken, "password", "")), "auth-password-wrong",
		},
		"keys, and the wrong password that hangs up": {
			newSignIn(none(both...), query("k1", fact.AuthRefused), query("k2", fact.AuthRefused), broken(password(""), fact.Disconnected, tooMany), login(fact.Broken, "password", "")),
			"auth-password-wrong",
		},
		"keys that hang up": {
			newSignIn(none(both...), query("k1", fact.AuthRefused), broken(query("k2", ""), fact.Disconnected, tooMany), login(fact.Broken, "key", "")), "auth-too-many",
		},
		"keys that hang up without a word": {
			newSignIn(none(both...), query("k1", fact.AuthRefused), query("k2", fact.AuthRefused), query("k3", fact.AuthRefused),
				broken(query("k4", ""), fact.Closed, ""), login(fact.Broken, "key", "")), "auth-too-many",
		},
		"one key that hangs up": {
			newSignIn(none(both...), broken(query("k1", ""), fact.Closed, ""), login(fact.Broken, "key", "")), "login-refused",
		},
		"the beginning that hangs up": {newSignIn(broken(none(), fact.Closed, ""), login(fact.Broken, "password", "")), "login-refused"},
		"a dialogue that falls silent": {
			newSignIn(none("keyboard-interactive"), broken(dialogue("", askedPassword), fact.Timeout, ""), login(fact.Broken, "keyboard-interactive", "")), "login-refused",
		},
		"a dialogue without an end": {
			newSignIn(none("keyboard-interactive"), dialogue(fact.AuthUnasked, askedPassword, askedPassword, askedPassword), login(fact.NotSent, "keyboard-interactive", fact.NoCode)), "login-refused",
		},
		"a question for a code": {
			newSignIn(none("keyboard-interactive"), dialogue(fact.AuthUnasked, askedPassword, askedCode), login(fact.NotSent, "keyboard-interactive", fact.NoCode)), "auth-otp-prompt",
		},
		"a key, and a question for a code": {
			newSignIn(none("publickey"), query("k1", fact.AuthWouldDo), signed("k1", fact.AuthPartial, "keyboard-interactive"), dialogue(fact.AuthUnasked, askedCode),
				login(fact.NotSent, "key and keyboard-interactive", fact.NoCode)), "auth-otp-prompt",
		},
		"a wrong code after a key": {
			newSignIn(none("publickey"), query("k1", fact.AuthWouldDo), signed("k1", fact.AuthPartial, "keyboard-interactive"), dialogue(fact.AuthRefused, gaveCode),
				login(fact.LoginDenied, "key and keyboard-interactive", "")), "auth-otp-prompt",
		},
		"another question": {
			newSignIn(none("keyboard-interactive"), dialogue(fact.AuthUnasked, fact.Prompt{Text: "Favourite colour?"}), login(fact.NotSent, "keyboard-interactive", fact.NoCode)), "auth-second-factor",
		},
		"a code, and then a key": {
			newSignIn(none("keyboard-interactive"), dialogue(fact.AuthPartial, gaveCode), login(fact.NotSent, "keyboard-interactive", fact.NoKey)), "auth-second-factor",
		},
		"a key, and then a wrong password": {
			newSignIn(none("publickey"), query("k1", fact.AuthWouldDo), signed("k1", fact.AuthPartial, "password"), password(fact.AuthRefused, "password"),
				login(fact.LoginDenied, "key and password", "")), "auth-password-wrong",
		},
		"a key that only happened to be there": {
			newSignIn(identity(fact.KeyAgent, "k1"), none(both...), query("k1", fact.AuthRefused), login(fact.LoginDenied, "key", "")), "",
		},
		"a key that was named": {
			newSignIn(identity(fact.KeyGiven, "k1"), none(both...), query("k1", fact.AuthRefused), login(fact.LoginDenied, "key", "")), "auth-key-unknown",
		},
		"a certificate without its key": {
			newSignIn(loneCertificate("k1"), none(both...), query("k1", fact.AuthRefused), login(fact.LoginDenied, "key", "")), "key-is-public",
		},
		"a certificate without its key, and another key": {
			newSignIn(loneCertificate("k1"), identity(fact.KeyGiven, "k2"), none(both...), query("k1", fact.AuthRefused), query("k2", fact.AuthRefused),
				login(fact.LoginDenied, "key", "")), "auth-key-unknown key-is-public",
		},
		"a key and a password, both refused": {
			newSignIn(identity(fact.KeyGiven, "k1"), none(both...), query("k1", fact.AuthRefused), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")), "auth-password-wrong",
		},
		"a key that nothing is signed with": {
			newSignIn(none("publickey"), query("k1", fact.AuthWouldDo), signed("k1", fact.AuthUnasked), login(fact.NotSent, "key", fact.NoKey)), "",
		},
		"a name alone":                  {newSignIn(none(both...), login(fact.NotSent, "password", fact.NoPassword)), ""},
		"a name alone, where keys rule": {newSignIn(none("publickey"), login(fact.NotSent, "key", fact.NoKey)), ""},
		"a method that nobody has":      {newSignIn(none("gssapi-with-mic", "hostbased"), login(fact.NotSent, "password", fact.NoMethod)), "auth-password-not-accepted-method"},
		"a sign-in that was stopped":    {newSignIn(none(both...), broken(password(""), fact.Interrupted, ""), login(fact.Broken, "password", "")), ""},
		"FTP takes the password": {
			newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")).byFTP(""), "",
		},
		"FTP refuses it too": {
			newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")).byFTP("Login incorrect."), "login-bad-credentials",
		},
		"FTP refuses it without a reason": {
			newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")).byFTP("No."), "login-refused",
		},
		"FTP wants something of its own": {
			newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")).byFTP("Sorry, the maximum number of clients (3) for this user already connected."),
			"auth-password-wrong ftp-per-user-limit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var roots []string
			found := Find(&test.seen.run, &profile.Generic)
			for _, f := range found {
				if f.ExplainedBy == "" && f.Severity != Note {
					roots = append(roots, f.Cause)
				}
			}
			slices.Sort(roots)
			if got := strings.Join(roots, " "); got != test.want {
				t.Errorf("found %q, want %q:\n%s", got, test.want, dump(found))
			}
			checkFindings(t, &test.seen.run, found)
		})
	}
}

// Where SFTP was asked for, or is promised, it matters that FTP alone works.
func TestSSHMattersWhereItIsPromised(t *testing.T) {
	refused := func() *signIn {
		return newSignIn(none(both...), password(fact.AuthRefused, both...), login(fact.LoginDenied, "password", "")).byFTP("")
	}
	severity := func(run *fact.Run, p *profile.Profile) Severity {
		for _, f := range Find(run, p) {
			if f.Cause == "auth-user-denied" {
				return f.Severity
			}
		}
		return ""
	}
	promised := profile.Generic
	promised.Promised = true
	asked := refused()
	asked.run.Target.Protocol = fact.SFTP
	if got := severity(&refused().run, &profile.Generic); got != Note {
		t.Errorf("nobody asked for SFTP: %q, want a note", got)
	}
	if got := severity(&refused().run, &promised); got != Problem {
		t.Errorf("SFTP is promised: %q, want a problem", got)
	}
	if got := severity(&asked.run, &profile.Generic); got != Problem {
		t.Errorf("SFTP was asked for: %q, want a problem", got)
	}
}

// What came of a first connection counts when a second one lets the user in.
func TestSecondConnection(t *testing.T) {
	s := newSignIn(none(both...))
	for _, key := range []string{"k1", "k2", "k3", "k4", "k5"} {
		s.add(query(key, fact.AuthRefused))
	}
	s.add(broken(query("k6", ""), fact.Disconnected, "Too many authentication failures"))
	s.connect(fact.MoreKeys)
	s.add(none(both...), query("k6", fact.AuthRefused), query("k7", fact.AuthWouldDo), signed("k7", fact.AuthAccepted), login(fact.Accepted, "key", ""))
	for _, key := range []string{"k1", "k2", "k3", "k4", "k5", "k6", "k7"} {
		s.add(identity(fact.KeyAgent, key))
	}
	c := NewCase(&s.run, &profile.Generic)
	if !c.SSH.Accepted() || c.SSH.Key() != "k7" || c.SSH.Endpoint == nil || c.SSH.Endpoint.SSH != c.SSH {
		t.Errorf("the key %q, at %+v", c.SSH.Key(), c.SSH.Endpoint)
	}
	if got := c.SSH.keysRefused(); len(got) != 6 {
		t.Errorf("refused keys: %q, want six", got)
	}
	found := Find(&s.run, &profile.Generic)
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Cause == "auth-too-many" && f.Severity == Warning }) {
		t.Errorf("ssh would not get in, but found:\n%s", dump(found))
	}
	if ways := Ways(&s.run, &profile.Generic); len(ways) != 1 || ways[0].SignIn != "key" || ways[0].Proof != ProofLoggedIn {
		t.Errorf("ways %+v", ways)
	}
}

func TestOrdinals(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 102: "102nd", 111: "111th"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// The words of servers that a sign-in by SSH is read for.
func TestWordsOfSignIns(t *testing.T) {
	for text, want := range map[string]string{
		"Verification code: ":                       "code",
		"Passcode or option (1-2): ":                "code",
		"One-time password (OATH) for `jane': ":     "code",
		"Yubikey for `jane': ":                      "code",
		"Enter your TOTP token":                     "code",
		"Password: ":                                "",
		"jane@sftp.example.org's password: ":        "",
		"Postcode lookup is not what this is about": "",
		"New password: ":                            "new",
		"Retype new password: ":                     "new",
		"Enter new UNIX password: ":                 "new",
		"You are required to change your password immediately (password expired).":       "expired",
		"WARNING: Your password has expired.":                                            "expired",
		"Password change required but no TTY available.":                                 "expired",
		"Your account has expired; please contact your system administrator.":            "denied",
		"The account is locked due to 3 failed logins.":                                  "denied",
		"Your account is not allowed to sign in here":                                    "denied",
		"Permission denied, please try again.":                                           "", // also said after a wrong password
		"Access denied":                                                                  "",
		"System is booting up. Unprivileged users are not permitted to log in yet.":      "denied",
		"Too many authentication failures":                                               "many",
		"Too many authentication failures for jane":                                      "many",
		"Welcome to the file service of Example. Your account is in good standing, jane": "",
	} {
		var got string
		switch {
		case tooManyWords.MatchString(text):
			got = "many"
		case newPassword.MatchString(text):
			got = "new"
		case codeWords.MatchString(text):
			got = "code"
		case expiredPassword.MatchString(text):
			got = "expired"
		case deniedAccount.MatchString(text):
			got = "denied"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// What the service says of its own words is told with them.
func TestWordsOfTheService(t *testing.T) {
	p := profile.Generic
	p.Texts = []profile.Text{{Words: "closed on sundays", Cause: "auth-disconnected", Means: "The site has a day of rest.", Do: "come back on Monday"}}
	s := newSignIn(none(both...), broken(password(""), fact.Disconnected, "Closed on Sundays!"), login(fact.Broken, "password", ""))
	found := Find(&s.run, &p)
	i := slices.IndexFunc(found, func(f Finding) bool { return f.Cause == "auth-disconnected" })
	if i < 0 || found[i].Says != "The site has a day of rest." || found[i].Fix[0].Do != "come back on Monday" {
		t.Errorf("found:\n%s", dump(found))
	}
}
