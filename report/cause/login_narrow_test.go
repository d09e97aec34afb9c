package cause

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// The words that a profile knows come before all others, and a profile that names a cause which no refusal has is no reason to say nothing.
func TestWordsOfAProfile(t *testing.T) {
	run := load(t, filepath.Join("testdata", "login-bad-credentials", "example.json"))
	p := profileOf(run)
	for _, c := range []struct {
		text  profile.Text
		cause string
	}{
		{profile.Text{Words: ".", Cause: "login-locked", Means: "The account sleeps.", Do: "wake it"}, "login-locked"},
		{profile.Text{Words: ".", Cause: "tcp-slow"}, "login-bad-credentials"},
		{profile.Text{Words: ".", Cause: "no-such-cause"}, "login-bad-credentials"},
		{profile.Text{Words: "other words", Cause: "login-locked"}, "login-bad-credentials"},
	} {
		p.Texts = []profile.Text{c.text}
		i := slices.IndexFunc(Find(run, &p), func(f Finding) bool { return f.Cause == c.cause })
		if i < 0 {
			t.Errorf("%+v: no %s is found", c.text, c.cause)
			continue
		}
		f := Find(run, &p)[i]
		if c.text.Do != "" && (f.Says != c.text.Means || f.Fix[0].Do != c.text.Do || f.Confidence != Certain) {
			t.Errorf("the words of the profile are not told: %+v", f)
		}
	}
}

// What was seen speaks against some reasons, and the others stay, each with who can see it.
func TestEveryReason(t *testing.T) {
	accepted := &fact.Observation{Login: &fact.Login{Outcome: fact.Accepted}}
	for name, c := range map[string]struct {
		change  func(*Case)
		without []string
		with    []string
	}{
		"nothing else seen": {func(*Case) {}, nil, []string{"login-2fa", "login-protocol-disabled", "login-locked", "login-overdue", "login-region", "login-site-wrong", "ftp-banned"}},
		"another service": {
			func(c *Case) { c.Profile = &profile.Generic },
			[]string{"login-overdue", "login-region", "login-site-wrong", "ftp-banned"},
			[]string{"login-locked", "login-2fa"},
		},
		"let in by SSH": {
			func(c *Case) { c.SSH = &SSHSession{Login: accepted} },
			[]string{"login-locked", "login-disabled", "login-overdue", "login-region", "login-ip-or-country"},
			[]string{"login-protocol-disabled", "login-2fa"},
		},
		"let in on the web": {
			func(c *Case) { c.WebLogin = &fact.Observation{WebLogin: &fact.WebLogin{Outcome: fact.Accepted}} },
			[]string{"login-2fa", "login-password-change"},
			[]string{"login-protocol-disabled"},
		},
		"an API key, which is no person's": {
			func(c *Case) { c.Run.Target.User = "@api-4711" },
			[]string{"login-2fa", "login-password-change", "login-auth-none"},
			[]string{"login-protocol-disabled", "login-locked"},
		},
	} {
		k := NewCase(&fact.Run{Target: fact.Target{User: "jane"}}, &profile.FilesCom)
		c.change(k)
		var codes []string
		for _, candidate := range k.everyReason("FTP") {
			codes = append(codes, candidate.Cause)
			if _, ok := ByCode(candidate.Cause); !ok || candidate.Confirm == "" || candidate.Who == "" {
				t.Errorf("%s: %+v is no reason", name, candidate)
			}
		}
		for _, code := range c.without {
			if slices.Contains(codes, code) {
				t.Errorf("%s: %s remains in %q", name, code, codes)
			}
		}
		for _, code := range c.with {
			if !slices.Contains(codes, code) {
				t.Errorf("%s: %s is missing in %q", name, code, codes)
			}
		}
	}
}

// A name that does not sign in on the web is not sent there.
func TestOnTheWeb(t *testing.T) {
	for user, want := range map[string]string{"jane": "sign in at https://acme.files.com/", "@api-4711": "copy the name"} {
		c := NewCase(&fact.Run{Target: fact.Target{User: user, Host: "acme.files.com"}}, &profile.FilesCom)
		if step := c.onTheWeb(); !strings.HasPrefix(step.Do, want) {
			t.Errorf("%s is told to %s", user, step.Do)
		}
		if byWeb := strings.Contains(c.wrongOnTheWeb().Confirm, "web page"); byWeb != (user == "jane") {
			t.Errorf("%s: name and password are wrong if %s", user, c.wrongOnTheWeb().Confirm)
		}
	}
}

// Every reason that the built-in profiles know for a refusal on the web is one that a rule can tell.
func TestReasonsOfTheWebAreTold(t *testing.T) {
	for _, p := range profile.All {
		if p.WebLogin == nil {
			continue
		}
		for _, reason := range p.WebLogin.Errors {
			run := load(t, filepath.Join("testdata", "login-locked", "example-web.json"))
			for i := range run.Seen {
				if run.Seen[i].WebLogin != nil {
					run.Seen[i].WebLogin.Reason = reason.Name
				}
			}
			found := Find(run, &p)
			i := slices.IndexFunc(found, func(f Finding) bool { return f.Cause == reason.Cause && f.ExplainedBy == "" })
			if i < 0 || found[i].Confidence != Certain || !strings.Contains(found[i].Says, reason.Name) || !strings.Contains(found[i].Says, reason.Means) {
				t.Errorf("%s is not told as %s:\n%s", reason.Name, reason.Cause, dump(found))
			}
		}
	}
}
