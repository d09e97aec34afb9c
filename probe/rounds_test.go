package probe

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// What a server may have counted, and a code that it has taken, are not shown to it again in a later round.
func TestOneSignInOfManyRounds(t *testing.T) {
	asks := lab.SSH{Methods: []string{"keyboard-interactive"}, Users: map[string]lab.Account{"jane": {Rounds: []lab.Round{
		{Prompts: []lab.Prompt{{Text: "Password: "}}}, {Prompts: []lab.Prompt{{Text: "Verification code: ", Answer: "123456"}}},
	}}}}
	for name, c := range map[string]struct {
		server lab.SSH
		change func(*Plan, *lab.Computer)
		again  bool
	}{
		"password":         {lab.SSH{}, nil, true},
		"a wrong password": {lab.SSH{}, with("wrong"), false},
		"a wrong key, and a password that is kept back": {lab.SSH{}, func(p *Plan, c *lab.Computer) {
			with(janes, strangers(1)...)(p, c)
			p.TrustAnyway, p.KnownHosts = false, []string{"/none"}
		}, false},
		"a password that is kept back": {lab.SSH{}, func(p *Plan, _ *lab.Computer) { p.TrustAnyway, p.KnownHosts = false, []string{"/none"} }, true},
		"a code":                       {asks, func(p *Plan, _ *lab.Computer) { p.Code = "123456" }, false},
		"no code":                      {asks, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			run := enterSSH(t, c.server, func(p *Plan, computer *lab.Computer) {
				if c.change != nil {
					c.change(p, computer)
				}
				p.Rounds, p.Every, p.Timeout = 3, time.Minute, time.Hour
			})
			signIns := 0
			for _, one := range run.Each() {
				if slices.ContainsFunc(one.Seen, func(o fact.Observation) bool { return o.Login != nil }) {
					signIns++
				}
			}
			if want := map[bool]int{false: 1, true: 3}[c.again]; signIns != want {
				t.Errorf("there were %d sign-ins, want %d", signIns, want)
			}
		})
	}
}

// A code that the SSH server has taken is none for the web.
func TestACodeIsSentOnce(t *testing.T) {
	asks := lab.SSH{Methods: []string{"keyboard-interactive"}, Users: map[string]lab.Account{"jane": {Rounds: []lab.Round{
		{Prompts: []lab.Prompt{{Text: "Password: "}, {Text: "Verification code: ", Answer: "654321"}}},
	}}}}
	synctest.Test(t, func(t *testing.T) {
		c := world(asks)
		defer c.Close()
		c.Internet.Listen(there, lab.Web{TLS: &lab.TLS{Certificate: lab.Certificate{Names: []string{there}}.Make()}, Sessions: &lab.Sessions{}}, 443)
		run := enterSSHWorld(t.Context(), c, func(p *Plan, _ *lab.Computer) {
			p.Target.Port, p.Target.Protocol, p.AskWeb, p.Only = 0, "", true, nil
			p.Profile = service()
			p.Profile.Ports = []profile.Port{{Number: 2100, Speaks: fact.SFTP}, {Number: 443, Speaks: fact.HTTPS}}
			p.Roots, p.Code = c.Roots(), "123456"
		})
		if login := loginOf(t, run).Login; login.Outcome != fact.LoginDenied {
			t.Errorf("the login is %+v", login)
		}
		for _, o := range run.Seen {
			if o.WebLogin != nil {
				t.Errorf("the web was asked: %+v", o.WebLogin)
			}
		}
	})
}

// What a server asks again in a later round, or of a passphrase that was wrong, is asked again.
func TestWhatIsAskedOnce(t *testing.T) {
	asked := 0
	ask := remembering(func(context.Context, Question) (string, bool) {
		asked++
		return fmt.Sprint(asked), true
	})
	for _, c := range []struct {
		question Question
		want     string
	}{
		{Question{Text: "Password: "}, "1"},
		{Question{Text: "Password: "}, "1"},
		{Question{Text: "Again: ", Fresh: true}, "2"},
		{Question{Text: "Again: ", Fresh: true}, "3"},
		{Question{Text: "Password: "}, "1"},
	} {
		if got, ok := ask(t.Context(), c.question); !ok || got != c.want {
			t.Errorf("%+v was answered %q, want %q", c.question, got, c.want)
		}
	}
	server := lab.SSH{Methods: []string{"keyboard-interactive"}, Users: map[string]lab.Account{"jane": {Rounds: []lab.Round{
		{Prompts: []lab.Prompt{{Text: "What now?", Answer: "one"}}}, {Prompts: []lab.Prompt{{Text: "What now?", Answer: "two"}}},
	}}}}
	typed := []string{"one", "two"}
	run := enterSSH(t, server, func(p *Plan, _ *lab.Computer) {
		p.Rounds, p.Every = 2, time.Second
		p.Ask = func(context.Context, Question) (string, bool) {
			if len(typed) == 0 {
				return "", false
			}
			answer := typed[0]
			typed = typed[1:]
			return answer, true
		}
	})
	if first := run.Each()[0]; !slices.ContainsFunc(first.Seen, func(o fact.Observation) bool { return o.Login != nil && o.Login.Outcome == fact.Accepted }) {
		t.Error("nobody was let in")
	}
}
