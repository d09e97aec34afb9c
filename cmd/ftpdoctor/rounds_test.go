package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/report"
)

// Whatever the moment of an interrupt, the rounds until then are in the report.
func TestInterruptBetweenRounds(t *testing.T) {
	schema := compileSchema(t, "report")
	for after, rounds := range map[time.Duration]int{
		100 * time.Millisecond:                1, // within the first
		20 * time.Second:                      1, // in the pause after it
		30*time.Second + 100*time.Millisecond: 2, // within the second
		50 * time.Second:                      2,
	} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				var out bytes.Buffer
				code := run(ctx, []string{"demo", "healthy-files-com", "--repeat", "5", "-f", "json"}, strings.NewReader(""), &out, io.Discard, func(string) string { return "" })
				checkSchema(t, schema, out.String())
				var r report.Report
				if err := json.Unmarshal(out.Bytes(), &r); err != nil {
					t.Fatal(err)
				}
				if code != 3 || r.Stopped == "" || r.Rounds != 5 || len(r.Earlier)+1 != rounds {
					t.Errorf("exit code %d, %d of %d rounds, want %d; stopped %q", code, len(r.Earlier)+1, r.Rounds, rounds, r.Stopped)
				}
			})
		})
	}
}

// A sign-in that failed is not repeated in a later round.
func TestFailedSignInIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, out, _ := start(t, "", "demo", "wrong-password-in-rounds", "-f", "json")
		var r report.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if len(r.Earlier) != 2 || r.Spent.Logins != 1 || r.Spent.FailedLogins != 1 {
			t.Errorf("%d rounds, %d logins, of which %d failed", len(r.Earlier)+1, r.Spent.Logins, r.Spent.FailedLogins)
		}
	})
}

// An interrupt while sessions are left alone ends the wait, and nothing else: the report is complete.
func TestInterruptOfTheWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(40*time.Second, interrupt)
		var out bytes.Buffer
		code := run(stop, []string{"demo", "router-forgets", "-f", "json"}, strings.NewReader(""), &out, io.Discard, func(string) string { return "" })
		var r report.Report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if code != 0 || r.Stopped != "" || r.Verdict.Status != report.OK {
			t.Errorf("exit code %d, stopped %q, %s", code, r.Stopped, r.Verdict.Summary)
		}
		if len(r.Findings) > 0 {
			t.Errorf("found %+v after 40 s of a router that forgets after 50", r.Findings)
		}
		alive := 0
		for _, o := range r.Seen {
			if o.Idle != nil && o.Idle.End == "alive" && o.Idle.Early {
				alive++
			}
		}
		if alive != 2 {
			t.Errorf("%d sessions were alive when the user had seen enough, want 2", alive)
		}
	})
}

// The overall deadline ends the watch, with a report that says so and accuses nobody.
func TestDeadlineOfTheWatch(t *testing.T) {
	for _, name := range []string{"router-forgets", "router-forgets-ssh"} {
		for _, limit := range []string{"91s", "95s"} { // before the last question, and before its answer
			t.Run(name+" "+limit, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					code, out, _ := start(t, "", "demo", name, "-f", "json", "--timeout", limit)
					if took := time.Since(began); took > 98*time.Second {
						t.Errorf("took %v", took)
					}
					var r report.Report
					if err := json.Unmarshal([]byte(out), &r); err != nil {
						t.Fatal(err)
					}
					if code != 3 || r.Stopped != "deadline" || len(r.Findings) > 0 {
						t.Errorf("exit code %d, stopped %q, found %+v", code, r.Stopped, r.Findings)
					}
				})
			})
		}
	}
}
