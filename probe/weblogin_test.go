package probe

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// service is the profile of a server with FTP and a web login like that of Files.com.
func service() profile.Profile {
	return profile.Profile{
		Name: "mine", Title: "Mine",
		Ports:    []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 443, Speaks: fact.HTTPS}},
		Users:    []profile.User{{Shape: "@api-.+", Means: "an API key", NoWeb: true}},
		WebLogin: profile.FilesCom.WebLogin,
	}
}

// askTheWeb signs jane in at an FTP server that refuses her, and lets the web be asked.
func askTheWeb(t *testing.T, web lab.Web, change func(*Plan)) (seen *fact.Observation, run fact.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := world(certify(lab.FTP{TLS: certified(nil), Welcome: "530 Login incorrect."}))
		defer c.Close()
		if web.TLS == nil {
			web.TLS = &lab.TLS{Certificate: lab.Certificate{Names: []string{there}}.Make()}
		}
		c.Internet.Listen(there, web, 443)
		run = enterWorld(t.Context(), c, func(p *Plan) {
			p.Target.Port, p.Target.Protocol, p.Profile, p.AskWeb, p.Only = 0, "", service(), true, nil
			if change != nil {
				change(p)
			}
		})
	})
	for i := range run.Seen {
		if run.Seen[i].WebLogin != nil {
			seen = &run.Seen[i]
		}
	}
	return seen, run
}

// What the web server says is recorded, and the session that began is ended.
func TestWebLogin(t *testing.T) {
	for _, c := range []struct {
		name     string
		sessions *lab.Sessions
		change   func(*Plan)
		outcome  fact.Outcome
		status   int
		reason   string
	}{
		{"right", &lab.Sessions{}, nil, fact.Accepted, 201, ""},
		{"right, and the server hangs up", &lab.Sessions{HangsUp: true}, nil, fact.Accepted, 201, ""},
		{"wrong password", &lab.Sessions{}, func(p *Plan) { p.Password = "wrong" }, fact.LoginDenied, 401, "not-authenticated/invalid-username-or-password"},
		{"locked", &lab.Sessions{Refuses: "not-authenticated/locked-out"}, nil, fact.LoginDenied, 401, "not-authenticated/locked-out"},
		{"site disabled", &lab.Sessions{Refuses: "service-unavailable/site-disabled"}, nil, fact.LoginDenied, 503, "service-unavailable/site-disabled"},
		{"a code is wanted", &lab.Sessions{Code: "271828"}, nil, fact.LoginDenied, 403, "not-authorized/two-factor-authentication-required"},
		{"with the code", &lab.Sessions{Code: "271828"}, func(p *Plan) { p.Code = "271828" }, fact.Accepted, 201, ""},
		{"a page", &lab.Sessions{Strange: "<html>"}, nil, fact.Broken, 200, ""},
		{"no such interface", nil, nil, fact.Broken, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen, run := askTheWeb(t, lab.Web{Sessions: c.sessions}, c.change)
			if seen == nil {
				t.Fatal("the web was not asked")
			}
			w := seen.WebLogin
			if w.Outcome != c.outcome || w.Status != c.status || w.Reason != c.reason || seen.Failure != nil {
				t.Errorf("got %+v, failure %+v", w, seen.Failure)
			}
			if w.Ended != (c.outcome == fact.Accepted) {
				t.Errorf("the session was ended: %v", w.Ended)
			}
			if c.reason != "" && (w.Request == "" || len(w.Says) == 0) {
				t.Errorf("the words and the number of the request are not kept: %+v", w)
			}
			if c.sessions != nil && (c.sessions.Asked() != 1 || c.sessions.Open() != 0) {
				t.Errorf("%d attempts, %d sessions left open", c.sessions.Asked(), c.sessions.Open())
			}
			text, err := json.Marshal(run)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{janes, "271828", "X-FilesAPI-Auth"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%q is recorded", secret)
				}
			}
		})
	}
}

// The web is asked only where that can tell something, and nothing is sent to a server that is not proven to be the right one.
func TestWebLoginIsNotTried(t *testing.T) {
	for _, c := range []struct {
		name   string
		web    lab.Web
		change func(*Plan)
		why    string // of the skip; empty: withheld
		kept   fact.Withheld
	}{
		{"one try only", lab.Web{}, func(p *Plan) { p.MaxFailedLogins = 1 }, "--max-failed-logins leaves no try", ""},
		{"no password", lab.Web{}, func(p *Plan) { p.Password = "" }, "no password", ""},
		{"an API key", lab.Web{}, func(p *Plan) { p.Target.User = "@api-1" }, "an API key", ""},
		{"no web login", lab.Web{}, func(p *Plan) { p.Profile.WebLogin = nil }, "declares no web login", ""},
		{"a wrong certificate", lab.Web{TLS: &lab.TLS{Certificate: lab.Certificate{Names: []string{"other.example"}}.Make()}}, nil, "", fact.BadCert},
		{"a wrong certificate, trusted anyway", lab.Web{TLS: &lab.TLS{Certificate: lab.Certificate{Names: []string{"other.example"}}.Make()}}, func(p *Plan) { p.TrustAnyway = true }, "", fact.BadCert},
	} {
		t.Run(c.name, func(t *testing.T) {
			sessions := &lab.Sessions{}
			c.web.Sessions = sessions
			seen, run := askTheWeb(t, c.web, c.change)
			if sessions.Asked() != 0 {
				t.Errorf("the web was asked %d times", sessions.Asked())
			}
			if c.why == "" {
				if seen == nil || seen.WebLogin.Outcome != fact.NotSent || seen.WebLogin.Withheld != c.kept {
					t.Errorf("got %+v", seen)
				}
				return
			}
			for _, o := range run.Seen {
				if o.Check == "web-login" && o.Skip != nil && strings.Contains(o.Skip.Reason, c.why) {
					return
				}
			}
			t.Errorf("no word of why the web was not asked")
		})
	}
}

// Who is let in needs no test on the web.
func TestWebLoginNeedsARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions := &lab.Sessions{}
		c := world(certify(lab.FTP{TLS: certified(nil)}))
		defer c.Close()
		c.Internet.Listen(there, lab.Web{TLS: &lab.TLS{Certificate: lab.Certificate{Names: []string{there}}.Make()}, Sessions: sessions}, 443)
		enterWorld(t.Context(), c, func(p *Plan) {
			p.Target.Port, p.Target.Protocol, p.Profile, p.AskWeb, p.Only = 0, "", service(), true, nil
		})
		if sessions.Asked() != 0 {
			t.Error("the web was asked although jane was let in")
		}
	})
}

// A web server that says anything at all neither hangs the run nor gets into the record as it is.
func TestWebLoginOfHostileServers(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, answer := range map[string]string{
		"an empty line":   "\r\n",
		"no HTTP":         "220 FTP ready\r\n",
		"half an answer":  "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n{\"type\":",
		"endless header":  "HTTP/1.1 401 Unauthorized\r\nX: " + long,
		"endless body":    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 9999999\r\n\r\n" + long,
		"control chars":   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 49\r\n\r\n" + `{"type":"a\u001b[2Jb","title":"` + `\u0007` + janes + `"}`,
		"a list":          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
		"a bad session":   "HTTP/1.1 201 Created\r\nContent-Length: 23\r\n\r\n" + `{"id":"a\r\nX-Evil: 1"}`,
		"many 1xx":        strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 5000),
		"chunked nothing": "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := world(certify(lab.FTP{TLS: certified(nil), Welcome: "530 Login incorrect."}))
				defer c.Close()
				secure := &lab.TLS{Certificate: lab.Certificate{Names: []string{there}}.Make()}
				c.Internet.Listen(there, lab.Web{TLS: secure, Sessions: &lab.Sessions{Raw: answer}}, 443)
				began := time.Now()
				run := enterWorld(t.Context(), c, func(p *Plan) {
					p.Target.Port, p.Target.Protocol, p.Profile, p.AskWeb, p.Only = 0, "", service(), true, nil
				})
				if took := time.Since(began); took > time.Minute {
					t.Errorf("the run took %v", took)
				}
				text, err := json.Marshal(run)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), janes) || strings.Contains(string(text), `\u001b`) || len(text) > 100<<10 {
					t.Errorf("%d bytes are recorded, with what must not be:\n%.3000s", len(text), text)
				}
				for _, o := range run.Seen {
					if o.WebLogin != nil && o.WebLogin.Outcome == fact.Accepted && name != "a bad session" {
						t.Errorf("the user counts as let in: %+v", o.WebLogin)
					}
				}
			})
		})
	}
}

// A code is good for one sign-in: one that SSH was given does not go to the web as well.
func TestWebLoginSendsNoUsedCode(t *testing.T) {
	s := newSession(t.Context(), Plan{Code: "271828", Profile: service()}, world(nil), nil)
	v := &webVisit{session: s, declared: s.plan.Profile.WebLogin}
	if !v.sendsCode() {
		t.Error("a fresh code is kept back")
	}
	s.record(fact.Observation{Check: "sftp", Auth: &fact.Auth{Method: fact.AuthKeyboard, Rounds: []fact.Round{{Prompts: []fact.Prompt{{Text: "Code: ", Answer: fact.GaveCode}}}}}})
	if v.sendsCode() {
		t.Error("a used code would be sent again")
	}
}
