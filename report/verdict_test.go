package report

import (
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

func TestVerdict(t *testing.T) {
	problem := cause.Finding{Cause: "tcp-port-filtered", Severity: cause.Problem, Title: "Port 21 is blocked", Where: []string{"21"}}
	warning := cause.Finding{Cause: "tcp-slow", Severity: cause.Warning, Title: "It is slow"}
	follows := problem
	follows.ExplainedBy = "tcp-no-egress"
	way := cause.Way{Port: 22, Encryption: cause.OverSSH}
	dialled := fact.Observation{Dial: &fact.Dial{}, Endpoint: "192.0.2.1:22"}
	refused := fact.Observation{Login: &fact.Login{Outcome: fact.LoginDenied}}
	accepted := fact.Observation{Login: &fact.Login{Outcome: fact.Accepted}}
	kept := fact.Observation{Login: &fact.Login{Outcome: fact.NotSent, Withheld: fact.HostUnknown}}
	web := fact.Observation{WebLogin: &fact.WebLogin{Outcome: fact.Accepted}}
	unread := fact.Observation{Endpoint: "192.0.2.1:21", TLS: &fact.TLS{}, Failure: &fact.Failure{Kind: fact.TooLong}}
	unshared := fact.Observation{Endpoint: "192.0.2.1:22", Kex: &fact.Kex{}, Failure: &fact.Failure{Kind: fact.NoCommonAlgorithm}}
	offline := fact.Observation{Machine: &fact.Machine{}}

	for _, c := range []struct {
		name     string
		stopped  fact.Stopped
		seen     []fact.Observation
		findings []cause.Finding
		ways     []cause.Way
		want     Status
		exit     int
		says     string
	}{
		{"all is well", "", []fact.Observation{dialled}, nil, []cause.Way{way}, OK, 0, "works from here: SFTP on port 22"},
		{"a warning is no problem", "", []fact.Observation{dialled}, []cause.Finding{warning}, []cause.Way{way}, OK, 0, "1 warning"},
		{"a consequence is no problem of its own", "", []fact.Observation{dialled}, []cause.Finding{follows}, []cause.Way{way}, OK, 0, "works"},
		{"a problem, and a way in", "", []fact.Observation{dialled}, []cause.Finding{problem}, []cause.Way{way}, Degraded, 1, "Port 21 is blocked; 1 way in works"},
		{"a problem, and no way in", "", []fact.Observation{dialled}, []cause.Finding{problem, problem}, nil, Problem, 1, "1 more problem; no way in works"},
		{"a server that answers, and lets nobody in", "", []fact.Observation{dialled, refused}, []cause.Finding{problem}, []cause.Way{way}, Problem, 1, "Port 21 is blocked; nobody was let in"},
		{"a server that refuses, where only the web takes the password", "", []fact.Observation{dialled, refused, web}, []cause.Finding{problem}, []cause.Way{way}, Problem, 1, "Port 21 is blocked; nobody was let in"},
		{"a password that was not sent", "", []fact.Observation{dialled, kept}, []cause.Finding{warning}, []cause.Way{way}, Inconclusive, 3, "Nobody was signed in at host.example, so it is not known whether that works: nobody has confirmed the host key; 1 warning"},
		{"a password that was not sent, and a problem", "", []fact.Observation{dialled, kept}, []cause.Finding{problem}, []cause.Way{way}, Problem, 1, "Port 21 is blocked; nobody was signed in"},
		{"a password that was not sent by one protocol alone", "", []fact.Observation{dialled, kept, accepted}, []cause.Finding{warning}, []cause.Way{way}, OK, 0, "works from here"},
		{"keys that only happened to be there, and were refused", "", []fact.Observation{dialled, refused}, nil, []cause.Way{way}, Inconclusive, 3, "what was shown to the server was not taken"},
		{"somebody got in, and no listing came", "", []fact.Observation{dialled}, []cause.Finding{problem}, []cause.Way{{Port: 21, Proof: cause.ProofLoggedIn}}, Problem, 1, "no way in works"},
		{"nothing works, and no rule knows why", "", []fact.Observation{dialled}, nil, nil, Problem, 1, "no known cause fits"},
		{"more certificates than this program reads", "", []fact.Observation{dialled, unread}, nil, nil, Inconclusive, 3, "certificates on 192.0.2.1:21 are more than this program can read"},
		{"the same, and a problem", "", []fact.Observation{dialled, unread}, []cause.Finding{problem}, nil, Problem, 1, "Port 21 is blocked"},
		{"algorithms that this program has not", "", []fact.Observation{dialled, unshared}, nil, nil, Inconclusive, 3, "shares no algorithm with the SSH server on 192.0.2.1:22"},
		{"an interrupt", fact.ByUser, []fact.Observation{dialled}, nil, []cause.Way{way}, Inconclusive, 3, "interrupted before it had seen everything; until then 1 way in worked"},
		{"an interrupt after a problem", fact.ByUser, []fact.Observation{dialled}, []cause.Finding{problem}, nil, Inconclusive, 3, "until then 1 problem showed"},
		{"the deadline", fact.ByDeadline, []fact.Observation{dialled}, nil, nil, Inconclusive, 3, "The time for the whole run was over"},
		{"no network at all", "", []fact.Observation{offline}, []cause.Finding{problem}, nil, Inconclusive, 3, "no network connection"},
		{"no address", "", nil, nil, nil, Inconclusive, 3, "No address of host.example could be looked at"},
		{"only the name was asked for", "", []fact.Observation{{Skip: &fact.Skip{What: "endpoints"}}}, nil, nil, OK, 0, "Nothing that was looked at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Report{
				Run:      fact.Run{Target: fact.Target{Host: "host.example"}, Stopped: c.stopped, Seen: c.seen},
				Findings: c.findings,
				Ways:     c.ways,
				judgedBy: profile.Generic,
			}
			r.Spent = spent(&r.Run)
			got := verdict(r)
			if got.Status != c.want || got.Exit != c.exit || !strings.Contains(got.Summary, c.says) || !strings.HasSuffix(got.Summary, ".") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestExit(t *testing.T) {
	warning := []cause.Finding{{Severity: cause.Warning}}
	for _, c := range []struct {
		verdict          int
		findings         []cause.Finding
		strict, exitZero bool
		want             int
	}{
		{0, warning, false, false, 0},
		{0, warning, true, false, 1},
		{0, nil, true, false, 0},
		{1, nil, false, true, 0},
		{0, warning, true, true, 0},
		{3, warning, true, true, 3},
	} {
		r := &Report{Findings: c.findings, Verdict: Verdict{Exit: c.verdict}}
		if got := r.Exit(c.strict, c.exitZero); got != c.want {
			t.Errorf("exit %d with strict %v and exit-zero %v gives %d, want %d", c.verdict, c.strict, c.exitZero, got, c.want)
		}
	}
}

// On a service that promises ports, one that fails without a known cause is a problem all the same.
func TestPromisedPortThatNobodyExplains(t *testing.T) {
	closed := fact.Observation{
		Check: "endpoints", Endpoint: "198.51.100.7:990", Conn: 1,
		Dial: &fact.Dial{Try: 1}, Failure: &fact.Failure{Kind: fact.Other},
	}
	r := &Report{
		Run:      fact.Run{Target: fact.Target{Host: "acme.files.com"}, Seen: []fact.Observation{closed}},
		Ways:     []cause.Way{{Port: 22, Encryption: cause.OverSSH}},
		judgedBy: profile.FilesCom,
	}
	if got := verdict(r); got.Status != Degraded || !strings.Contains(got.Summary, "Port 990") {
		t.Errorf("promised: %+v", got)
	}
	r.judgedBy = profile.Generic
	r.Seen = append(r.Seen, fact.Observation{Endpoint: "198.51.100.7:22", Conn: 2, Dial: &fact.Dial{Try: 1}})
	r.Target.Protocol = fact.FTPS
	r.Ways = []cause.Way{{Port: 990}}
	if got := verdict(r); got.Status != OK {
		t.Errorf("one of two ports of the protocol works: %+v", got)
	}
}
