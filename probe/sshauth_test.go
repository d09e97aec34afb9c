package probe

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// enterSSH signs jane in at an SSH server, and returns what was seen.
func enterSSH(t *testing.T, server lab.SSH, change func(*Plan, *lab.Computer)) (run fact.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := world(server)
		defer c.Close()
		run = enterSSHWorld(t.Context(), c, change)
	})
	return run
}

func enterSSHWorld(ctx context.Context, c *lab.Computer, change func(*Plan, *lab.Computer)) fact.Run {
	plan := Plan{
		Target:      fact.Target{Host: there, Port: 2100, Protocol: fact.SFTP, User: "jane"},
		Password:    janes,
		TrustAnyway: true,
		Only:        []string{"endpoints", "keys", "sftp"},
		Timeout:     5 * time.Minute,
	}
	if change != nil {
		change(&plan, c)
	}
	return Run(ctx, plan, c, nil)
}

// toldBySSH tells in short what the check "sftp" saw.
func toldBySSH(run fact.Run) (told []string) {
	for _, o := range run.Seen {
		if o.Check != "sftp" {
			continue
		}
		text := ""
		switch {
		case o.Skip != nil:
			text = "skip " + o.Skip.What
		case o.Dial != nil:
			text = "dial " + string(o.Dial.Purpose)
		case o.Ident != nil:
			text = "ident"
		case o.Kex != nil:
			text = "kex"
		case o.Auth != nil:
			text = fmt.Sprintf("%s %s %s", o.Auth.Method, o.Auth.Algorithm, o.Auth.Answer)
			if o.Auth.Query {
				text = "query " + text
			}
			if o.Auth.Goodbye != nil {
				text += fmt.Sprintf(" goodbye %d %s", o.Auth.Goodbye.Reason, o.Auth.Goodbye.Text)
			}
		case o.Login != nil:
			text = fmt.Sprintf("login %s %s %s", o.Login.Method, o.Login.Outcome, o.Login.Withheld)
		case o.HostKeys != nil:
			text = fmt.Sprintf("host keys %d", len(o.HostKeys.Keys))
		case o.Channel != nil:
			c := o.Channel
			text = fmt.Sprintf("channel %s", c.Request)
			if c.Refused {
				text += fmt.Sprintf(" refused %d %s", c.Reason, c.Text)
			}
			if c.Exit != nil {
				text += fmt.Sprintf(" exit %d", *c.Exit)
			}
			if c.Closed {
				text += " closed"
			}
			text += quoted(" stdout", c.Stdout) + quoted(" stderr", c.Stderr)
		case o.SFTP != nil:
			f := o.SFTP
			text = fmt.Sprintf("sftp %s", f.Request)
			if f.Request == fact.SFTPInit {
				text += fmt.Sprintf(" %d", f.Version)
			}
			if f.Entries > 0 {
				text += fmt.Sprintf(" %d", f.Entries)
			}
			if f.Status != 0 {
				text += fmt.Sprintf(" status %d %s", f.Status, f.Text)
			}
			if f.Differs {
				text += " differs"
			}
			text += quoted(" noise", f.Noise)
		}
		if o.Failure != nil {
			text += " !" + string(o.Failure.Kind)
		}
		told = append(told, strings.Join(strings.Fields(text), " "))
	}
	return told
}

func quoted(what string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("%s %q", what, lines)
}

func checkTold(t *testing.T, run fact.Run, want ...string) {
	t.Helper()
	if got := toldBySSH(run); !slices.Equal(got, want) {
		t.Errorf("saw\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// signedIn is what is seen where everything works, after the requests of the sign-in.
var signedIn = []string{"host keys 1", "channel session", "channel subsystem", "sftp init 3", "sftp realpath", "sftp list 3"}

// with makes the change to a plan that says what there is to sign in with: an agent with these keys, and the password or none.
func with(password string, keys ...lab.Key) func(*Plan, *lab.Computer) {
	return func(p *Plan, c *lab.Computer) {
		p.Password = password
		if len(keys) > 0 {
			c.SSHAgents = []lab.SSHAgent{{Address: "/run/agent", Keys: keys}}
		}
	}
}

func strangers(n int) (keys []lab.Key) {
	for i := range n {
		keys = append(keys, lab.Key{Kind: lab.Ed25519, Name: fmt.Sprint("stranger ", i)})
	}
	return keys
}

func repeat(n int, line string) (lines []string) {
	for range n {
		lines = append(lines, line)
	}
	return lines
}

const (
	refusedKey  = "query publickey ssh-ed25519 refused"
	wouldDo     = "query publickey ssh-ed25519 would-do"
	acceptedKey = "publickey ssh-ed25519 accepted"
	unaskedKey  = "publickey not-asked"
	tooMany     = " goodbye 2 Too many authentication failures !disconnected"
)

func TestSignInBySSH(t *testing.T) {
	jane := func(change func(*lab.Account)) map[string]lab.Account {
		account := lab.Account{Keys: []lab.Key{lab.JaneEd25519, lab.JaneRSA, lab.JaneECDSA}}
		if change != nil {
			change(&account)
		}
		return map[string]lab.Account{"jane": account}
	}
	keys := lab.SSH{Users: jane(nil)}
	needs := func(methods ...string) lab.SSH {
		return lab.SSH{Methods: []string{"publickey", "password", "keyboard-interactive"}, Users: jane(func(a *lab.Account) { a.Needs = methods })}
	}
	questions := func(rounds ...lab.Round) lab.SSH {
		return lab.SSH{Methods: []string{"keyboard-interactive"}, Users: jane(func(a *lab.Account) { a.Rounds = rounds })}
	}
	password, code := lab.Round{Prompts: []lab.Prompt{{Text: "Password: "}}}, lab.Round{Prompts: []lab.Prompt{{Text: "Verification code: ", Answer: "123456"}}}
	for name, c := range map[string]struct {
		server lab.SSH
		change func(*Plan, *lab.Computer)
		want   []string // ends with the login
	}{
		"password":          {lab.SSH{}, nil, []string{"password accepted", "login password accepted"}},
		"wrong password":    {lab.SSH{}, with("wrong"), []string{"password refused", "login password refused"}},
		"no password":       {lab.SSH{}, with(""), []string{"login password withheld no-password"}},
		"no key":            {lab.SSH{Methods: []string{"publickey"}}, with(""), []string{"login key withheld no-key"}},
		"keys only":         {lab.SSH{Methods: []string{"publickey"}}, nil, []string{"login password withheld no-key"}},
		"no method":         {lab.SSH{Methods: []string{"gssapi-with-mic"}}, nil, []string{"login password withheld no-method"}},
		"key":               {keys, with("", lab.JaneEd25519), []string{wouldDo, acceptedKey, "login key accepted"}},
		"RSA key":           {keys, with("", lab.JaneRSA), []string{"query publickey rsa-sha2-512 would-do", "publickey rsa-sha2-512 accepted", "login key accepted"}},
		"unknown key":       {keys, with("", strangers(1)...), []string{refusedKey, "login key refused"}},
		"key then password": {keys, with(janes, strangers(1)...), []string{refusedKey, "password accepted", "login password accepted"}},
		"questions":         {questions(password), nil, []string{"keyboard-interactive accepted", "login keyboard-interactive accepted"}},
		"questions first":   {lab.SSH{Methods: []string{"password", "keyboard-interactive"}}, nil, []string{"keyboard-interactive accepted", "login keyboard-interactive accepted"}},
		"wrong answer":      {questions(password), with("wrong"), []string{"keyboard-interactive refused", "login keyboard-interactive refused"}},
		"asked again":       {lab.SSH{Methods: []string{"keyboard-interactive"}, Users: jane(func(a *lab.Account) { a.AgainAndAgain = true })}, nil, []string{"keyboard-interactive refused", "login keyboard-interactive refused"}},
		"code":              {questions(password, code), func(p *Plan, _ *lab.Computer) { p.Code = "123456" }, []string{"keyboard-interactive accepted", "login keyboard-interactive accepted"}},
		"no code":           {questions(password, code), nil, []string{"keyboard-interactive not-asked", "login keyboard-interactive withheld no-code"}},
		"new password":      {questions(password, lab.Round{Prompts: []lab.Prompt{{Text: "New password: "}}}), nil, []string{"keyboard-interactive change", "login keyboard-interactive refused"}},
		"change demanded":   {lab.SSH{Users: jane(func(a *lab.Account) { a.NewPassword = true })}, nil, []string{"password change", "login password refused"}},
		"key and password":  {needs("publickey,password"), with(janes, lab.JaneEd25519), []string{wouldDo, "publickey ssh-ed25519 partial", "password accepted", "login key and password accepted"}},
		"password and key":  {needs("password,publickey"), with(janes, lab.JaneEd25519), []string{"password partial", wouldDo, acceptedKey, "login password and key accepted"}},
		"key and questions": {needs("publickey,keyboard-interactive"), with(janes, lab.JaneEd25519), []string{wouldDo, "publickey ssh-ed25519 partial", "keyboard-interactive accepted", "login key and keyboard-interactive accepted"}},
		"half of two":       {needs("publickey,password"), with("", lab.JaneEd25519), []string{wouldDo, "publickey ssh-ed25519 partial", "login key withheld no-password"}},
		"bad signature":     {lab.SSH{Users: jane(func(a *lab.Account) { a.RefusesSignatures = true })}, with("", lab.JaneEd25519), []string{wouldDo, "publickey ssh-ed25519 refused", "login key refused"}},
		"SHA-1 only":        {lab.SSH{Users: jane(nil), Signatures: []string{"ssh-rsa"}}, with("", lab.JaneRSA), []string{"query publickey ssh-rsa would-do", "publickey ssh-rsa accepted", "login key accepted"}},
		"six of the agent":  {keys, with("", append(strangers(5), lab.JaneEd25519)...), slices.Concat(repeat(5, refusedKey), []string{"dial more-keys", "ident", "kex", "none refused", wouldDo, acceptedKey, "login key accepted"})},
		"one try alone": {keys, func(p *Plan, c *lab.Computer) {
			with("", append(strangers(5), lab.JaneEd25519)...)(p, c)
			p.MaxFailedLogins = 1
		}, slices.Concat(repeat(5, refusedKey), []string{unaskedKey, "login key refused"})},
		"an agent that signs nothing": {keys, func(p *Plan, c *lab.Computer) {
			with("", lab.JaneEd25519)(p, c)
			c.SSHAgents[0].Refuses = true
		}, []string{wouldDo, "publickey ssh-ed25519 not-asked !garbled", "login key withheld no-key"}},
		"an agent that signs with another key": {keys, func(p *Plan, c *lab.Computer) {
			with(janes, lab.JaneEd25519)(p, c)
			c.SSHAgents[0].Keys = append(c.SSHAgents[0].Keys, strangers(1)...)
			c.SSHAgents[0].Swaps = true
		}, []string{wouldDo, "publickey ssh-ed25519 refused", refusedKey, "password accepted", "login password accepted"}},
		"the public half alone": {keys, func(p *Plan, c *lab.Computer) {
			p.Password, p.Identities = "", []string{"/key.pub"}
			c.Files = map[string]lab.File{"/key.pub": {Content: entry{key: lab.JaneEd25519}.public(c), Mode: 0o600}}
		}, []string{wouldDo, "login key withheld no-key"}},
		"an RSA key that is named": {lab.SSH{}, func(p *Plan, c *lab.Computer) {
			p.Password, p.Identities = "", []string{"/key.pub"}
			c.Files = map[string]lab.File{"/key.pub": {Content: entry{key: lab.JaneRSA}.public(c), Mode: 0o600}}
		}, []string{"query publickey rsa-sha2-512 refused", "query publickey ssh-rsa refused", "login key refused"}},
		"an RSA key that is not": {lab.SSH{}, with("", lab.JaneRSA), []string{"query publickey rsa-sha2-512 refused", "login key refused"}},
		"a key twice": {keys, func(p *Plan, c *lab.Computer) {
			with("", lab.JaneEd25519)(p, c)
			p.Identities = []string{"/key.pub"}
			c.Files = map[string]lab.File{"/key.pub": {Content: entry{key: lab.JaneEd25519}.public(c), Mode: 0o600}}
		}, []string{wouldDo, acceptedKey, "login key accepted"}},
		"a million questions":      {questions(lab.Round{Prompts: password.Prompts, More: 1e6}), nil, []string{"keyboard-interactive !other", "login keyboard-interactive broken !other"}},
		"twenty questions":         {questions(lab.Round{Prompts: slices.Repeat(password.Prompts, 20)}), nil, []string{"keyboard-interactive not-asked", "login keyboard-interactive withheld no-code"}},
		"endless questions":        {questions(slices.Repeat([]lab.Round{{}}, 20)...), nil, []string{"keyboard-interactive not-asked", "login keyboard-interactive withheld no-code"}},
		"many keys and a password": {keys, with(janes, strangers(6)...), slices.Concat(repeat(4, refusedKey), []string{"password accepted", "login password accepted"})},
		"three tries": {lab.SSH{MaxTries: 3}, with(janes, strangers(4)...), slices.Concat(
			repeat(2, refusedKey), []string{"query publickey ssh-ed25519" + tooMany, "dial more-keys", "ident", "kex", "none refused", refusedKey, "password accepted", "login password accepted"})},
		"two tries": {lab.SSH{MaxTries: 2}, with("", strangers(3)...), slices.Concat(
			repeat(1, refusedKey), []string{"query publickey ssh-ed25519" + tooMany, "dial more-keys", "ident", "kex", "none refused", refusedKey, "login key refused"})},
	} {
		t.Run(name, func(t *testing.T) {
			want := append([]string{"none refused"}, c.want...)
			if last := want[len(want)-1]; strings.HasSuffix(last, "accepted") {
				want = append(want, signedIn...)
			}
			checkTold(t, enterSSH(t, c.server, c.change), want...)
		})
	}
}

// A run that is stopped ends at once, wherever the sign-in is, and nothing of it lives on.
func TestASignInThatIsStopped(t *testing.T) {
	for after := 100 * time.Millisecond; after < time.Second; after += 60 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			c := world(lab.SSH{Thinks: 300 * time.Millisecond, Users: map[string]lab.Account{"jane": {Keys: []lab.Key{lab.JaneEd25519}, Needs: []string{"publickey,password"}}}})
			defer c.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(after, cancel)
			began := time.Now()
			run := enterSSHWorld(ctx, c, with(janes, append(strangers(2), lab.JaneEd25519)...))
			if took := time.Since(began); took > after+lostLimit || run.Stopped != fact.ByUser {
				t.Errorf("stopped after %v, the run took %v", after, took)
			}
			for _, o := range run.Seen {
				if o.Failure != nil && o.Endpoint == there+":2100" && !o.Failed(fact.Interrupted) {
					t.Errorf("stopped after %v, %s failed with %+v", after, o.Check, o.Failure)
				}
			}
		})
	}
}

// detour leads the second connection to a place to another one.
type detour struct {
	*lab.Computer
	dials  int
	second string
}

func (d *detour) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if address == spot {
		if d.dials++; d.dials == 2 {
			address = d.second
		}
	}
	return d.Computer.DialContext(ctx, network, address)
}

// Where the second connection is not welcome, or ends somewhere else, nothing more is shown.
func TestTheSecondConnection(t *testing.T) {
	first := []string{"none refused", refusedKey, "query publickey ssh-ed25519" + tooMany, "dial more-keys"}
	for name, c := range map[string]struct {
		second   lab.Server
		password string
		want     []string
	}{
		"not now":             {lab.SSH{Before: []string{"Not allowed at this time"}, EndAfter: lab.AtLines}, janes, []string{"ident !closed", unaskedKey, "login password withheld turned-away"}},
		"not now, keys alone": {lab.SSH{Before: []string{"Not allowed at this time"}, EndAfter: lab.AtLines}, "", []string{"ident !closed", unaskedKey, "login key broken !disconnected"}},
		"hangs up":            {lab.SSH{EndAfter: lab.AtVisitorHello}, janes, []string{"ident", "kex !reset", unaskedKey, "login password withheld no-way-in"}},
		"another host":        {lab.SSH{HostKeys: []lab.Key{lab.HostECDSA}}, janes, []string{"ident", "kex", unaskedKey, "login password withheld host-key-unknown"}},
		"closed":              {nil, janes, []string{"dial more-keys !refused", unaskedKey, "login password withheld turned-away"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				computer := world(lab.SSH{MaxTries: 2})
				defer computer.Close()
				if c.second != nil {
					computer.Internet.Listen(there, c.second, 2200)
				}
				plan := Plan{
					Target:      fact.Target{Host: there, Port: 2100, Protocol: fact.SFTP, User: "jane"},
					TrustAnyway: true,
					Only:        []string{"endpoints", "keys", "sftp"},
					Timeout:     5 * time.Minute,
				}
				with(c.password, strangers(3)...)(&plan, computer)
				run := Run(t.Context(), plan, &detour{Computer: computer, second: there + ":2200"}, nil)
				want := append(slices.Clone(first), c.want...)
				if c.second == nil {
					want = append(slices.Clone(first[:3]), c.want...)
				}
				checkTold(t, run, want...)
			})
		})
	}
}
