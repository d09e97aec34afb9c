package probe

import (
	"context"
	"testing"
	"testing/synctest"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// look runs the endpoints and the controls against a world of the lab.
func look(t *testing.T, c *lab.Computer, host string, change func(*Plan)) fact.Run {
	t.Helper()
	plan := Plan{
		Target:  fact.Target{Host: host},
		Profile: profile.ForHost(host),
		Roots:   c.Roots(),
		Only:    []string{"endpoints", "control"},
	}
	if change != nil {
		change(&plan)
	}
	return Run(context.Background(), plan, c, nil)
}

// conversations groups what was seen at a place by connection, in order.
func conversations(run fact.Run, place string) [][]fact.Observation {
	var talks [][]fact.Observation
	for _, o := range run.Seen {
		switch {
		case o.Endpoint != place:
		case o.Dial != nil:
			talks = append(talks, []fact.Observation{o})
		default:
			talks[len(talks)-1] = append(talks[len(talks)-1], o)
		}
	}
	return talks
}

func TestAHealthySiteTakesItsLongestChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scenario, _ := lab.Find("healthy-files-com")
		c := scenario.Build()
		defer c.Close()
		run := look(t, c, scenario.Args[0], nil)
		for _, o := range run.Seen {
			if o.Failure != nil {
				t.Errorf("%s: %+v", o.Endpoint, o.Failure)
			}
		}
		// DNS 2 ms; connect, greeting, FEAT, AUTH and two round trips of TLS 1.2, 40 ms each.
		if want := fact.Millis(2 + 6*40); run.Took != want {
			t.Errorf("took %v ms, want %v", run.Took, want)
		}
		if n := len(conversations(run, "198.51.100.8:21")); n != 1 {
			t.Errorf("%d connections to one port", n)
		}
	})
}
