package probe

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// site is a desk with a host that has an FTP server on port 21 and drops everything else.
func site() *lab.Computer {
	c := desk(&lab.DNS{Zone: zone[:1]})
	c.Internet.Listen("198.51.100.7", lab.FTP{}, 21)
	c.Internet.Paths = []*lab.Path{{Ports: []uint16{22, 443, 990, 3021, 3990, 80, 4}, Connect: lab.Dropped}}
	return c
}

// carryOut runs a plan for the site in virtual time.
func carryOut(t *testing.T, plan Plan, stop time.Duration) (run fact.Run, took time.Duration) {
	t.Helper()
	plan.Target, plan.Profile = fact.Target{Host: host, Profile: "generic"}, profile.Generic
	synctest.Test(t, func(t *testing.T) {
		c := site()
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if stop > 0 {
			time.AfterFunc(stop, cancel)
		}
		began := time.Now()
		run = Run(ctx, plan, c, nil)
		took = time.Since(began)
	})
	return run, took
}

func TestRunIsInOrder(t *testing.T) {
	run, _ := carryOut(t, Plan{Version: "1.2.3"}, 0)
	last := 0
	for i, o := range run.Seen {
		if o.ID != i+1 {
			t.Errorf("the observation %d has the number %d", i+1, o.ID)
		}
		if index := checkIndex(o.Check); index < last {
			t.Errorf("%s comes too late", o.Check)
		} else {
			last = index
		}
	}
	if run.Stopped != "" || run.Tool.Version != "1.2.3" || run.Started.Location() != time.UTC || last == 0 {
		t.Errorf("the run is %+v", run)
	}
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var back fact.Run
	if err := json.Unmarshal(text, &back); err != nil || len(back.Seen) != len(run.Seen) {
		t.Errorf("back from JSON: %d observations, %v", len(back.Seen), err)
	}
}

func TestChecksThatAreLeftOut(t *testing.T) {
	for name, plan := range map[string]Plan{
		"only": {Only: []string{"local", "dns"}},
		"skip": {Skip: []string{"endpoints", "control"}},
	} {
		run, _ := carryOut(t, plan, 0)
		var skipped []string
		for _, o := range run.Seen {
			if o.Skip != nil {
				skipped = append(skipped, o.Skip.What)
			} else if o.Dial != nil {
				t.Errorf("--%s: connected to %s", name, o.Endpoint)
			}
		}
		expect(t, "--"+name, skipped, []string{"endpoints", "control"})
	}
}

func TestRunThatEndsEarly(t *testing.T) {
	for _, c := range []struct {
		timeout, stop time.Duration
		want          fact.Stopped
	}{
		{timeout: time.Second, want: fact.ByDeadline},
		{stop: time.Second, want: fact.ByUser},
		{timeout: time.Minute, want: ""},
	} {
		run, took := carryOut(t, Plan{Timeout: c.timeout}, c.stop)
		if run.Stopped != c.want || c.want != "" && took != time.Second {
			t.Errorf("timeout %v, stop %v: %q after %v", c.timeout, c.stop, run.Stopped, took)
		}
		for _, o := range run.Seen {
			if c.want != "" && o.Failed(fact.Dropped, fact.Timeout) {
				t.Errorf("%s: a wait that was cut short is %+v", o.Endpoint, o.Failure)
			}
			if o.Endpoint == "198.51.100.7:21" && o.Reply != nil && o.Failure != nil {
				t.Errorf("what came before the end: %+v", o.Failure)
			}
		}
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, errors.New("of the caller"))
	if got := stopped(ctx); got != "" {
		t.Errorf("a run that goes on is %q", got)
	}
	cancel()
	if got := stopped(ctx); got != fact.ByUser {
		t.Errorf("a run that the user ends is %q", got)
	}
}
