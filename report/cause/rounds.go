package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// findInRounds judges each round on its own, and puts together what was found: each cause in each place once, with the rounds
// in which it showed. The evidence is that of the last round.
func findInRounds(run *fact.Run, p *profile.Profile) []Finding {
	each := run.Each()
	found := make([][]Finding, len(each))
	var all []Finding
	for i, one := range slices.Backward(each) {
		found[i] = findOnce(one, p)
		for _, f := range found[i] {
			if f.Cause == intermittent.Code {
				continue // the tries of all rounds are counted together
			}
			j := slices.IndexFunc(all, func(g Finding) bool { return g.Cause == f.Cause && slices.Equal(g.Where, f.Where) })
			if j < 0 {
				if i < len(each)-1 {
					f.Evidence = nil // the ids are those of another round
				}
				all = append(all, f)
				j = len(all) - 1
			}
			all[j].Rounds = append([]int{i + 1}, all[j].Rounds...)
		}
	}
	for i := range all {
		all[i].Says = strings.TrimSpace(all[i].Says + " " + inRounds(all[i].Rounds, each))
	}
	c := NewCase(run, p)
	for _, f := range c.comingAndGoing(c.shares(found)) {
		all = append(all, complete(f, intermittent))
	}
	comeAndGo(all, len(each))
	return all
}

// inRounds says in how many rounds something showed, and when these began; empty: in all of them.
func inRounds(rounds []int, each []*fact.Run) string {
	if len(rounds) == len(each) {
		return ""
	}
	var when []time.Time
	for _, n := range rounds {
		when = append(when, each[n-1].Started)
	}
	return fmt.Sprintf("This showed in %d of %d rounds; when: %s.", len(rounds), len(each), timesSay(when))
}

// barring are causes that stand in the way of connects. Where they come and go, it is that which is wrong.
var barring = []string{
	"tcp-port-filtered", "tcp-port-prohibited", "tcp-port-refused", "tcp-host-filtered", "tcp-host-refused", "tcp-some-addresses-dead",
	"tcp-unreachable", "tcp-quarantine", "tcp-reset-after-connect",
}

// comeAndGo makes the failures of connects that showed in some rounds only a consequence of that.
func comeAndGo(all []Finding, rounds int) {
	if !slices.ContainsFunc(all, func(f Finding) bool { return f.Cause == intermittent.Code }) {
		return
	}
	last := len(all) - 1 // it is the finding that they come and go
	for i := range all {
		if len(all[i].Rounds) == rounds || !slices.Contains(barring, all[i].Cause) {
			continue
		}
		all[i].ExplainedBy = intermittent.Code
		if rank(all[i].Severity) < rank(all[last].Severity) {
			all[last].Severity = all[i].Severity
		}
	}
}

// waysInRounds lists what worked in some round, each way with the best that was proven.
func waysInRounds(run *fact.Run, p *profile.Profile) []Way {
	var all []Way
	for _, one := range run.Each() {
		for _, w := range waysOnce(one, p) {
			i := slices.IndexFunc(all, func(o Way) bool { return o.Port == w.Port })
			switch {
			case i < 0:
				all = append(all, w)
			case w.Proof.Compare(all[i].Proof) > 0:
				all[i] = w
			}
		}
	}
	sortWays(all)
	return all
}

// share is how many tries to use an endpoint failed, of all rounds.
type share struct {
	endpoint    *Endpoint
	failed, all int
	when        []time.Time // a try failed then
}

// shares counts the tries of all rounds, by endpoint. found is what each round showed; nil: there was one.
func (c *Case) shares(found [][]Finding) []*share {
	if found == nil {
		return c.countTries(nil, c.Run, func(*Endpoint) bool { return false })
	}
	var all []*share
	for i, one := range c.Run.Each() {
		all = NewCase(one, c.Profile).countTries(all, one, func(e *Endpoint) bool { return e.brokeUnsaid(found[i]) })
	}
	return all
}

// countTries adds the tries of one round.
func (c *Case) countTries(all []*share, one *fact.Run, broke func(*Endpoint) bool) []*share {
	for _, e := range c.WaysIn() {
		i := slices.IndexFunc(all, func(s *share) bool { return s.endpoint.Place() == e.Place() })
		if i < 0 {
			all = append(all, &share{endpoint: e})
			i = len(all) - 1
		}
		all[i].add(one, e, broke(e))
	}
	return all
}

// brokeUnsaid says whether the conversation at an endpoint came to nothing, and no finding of the round speaks of it.
func (e *Endpoint) brokeUnsaid(found []Finding) bool {
	return e.Connected() && e.Proof() == "" && !e.interrupted() && !slices.ContainsFunc(found, func(f Finding) bool {
		return f.Severity != Note && covers(f.Where, []string{e.Place()})
	})
}

// add counts the tries of one round. The last one failed, too, where the conversation after it broke.
func (s *share) add(one *fact.Run, e *Endpoint, broke bool) {
	for i, o := range e.Tries {
		if o.Failed(fact.Interrupted) {
			continue
		}
		s.all++
		if o.Failed() || broke && i == len(e.Tries)-1 {
			s.failed++
			s.when = append(s.when, one.Started.Add(o.At.Duration()))
		}
	}
}

// comesAndGoes says whether some tries failed and others did not.
func (s *share) comesAndGoes() bool { return 0 < s.failed && s.failed < s.all }

// called names the endpoint, and says how many tries failed.
func (s *share) called() string {
	return fmt.Sprintf("%d of %d at %s", s.failed, s.all, s.endpoint.Place())
}

// mostListed is how many places or times a sentence lists.
const mostListed = 4

// sharesSay lists the worst places, and how many others there are.
func sharesSay(shares []*share) string {
	shares = slices.Clone(shares)
	slices.SortStableFunc(shares, func(a, b *share) int { return cmp.Compare(b.failed*a.all, a.failed*b.all) })
	var words []string
	for _, s := range shares[:min(len(shares), mostListed)] {
		words = append(words, s.called())
	}
	if more := len(shares) - mostListed; more > 0 {
		words = append(words, fmt.Sprintf("%d other %s less often", more, plural(more, "place", "places")))
	}
	return and(words)
}

// failedAt is when tries failed.
func failedAt(shares []*share) []time.Time {
	var when []time.Time
	for _, s := range shares {
		when = append(when, s.when...)
	}
	return when
}

// timesSay lists times by the minute.
func timesSay(when []time.Time) string {
	slices.SortFunc(when, time.Time.Compare)
	var words []string
	for _, t := range when {
		words = append(words, t.UTC().Format("15:04"))
	}
	words = distinct(words)
	if more := len(words) - mostListed; more > 0 {
		words = append(words[:mostListed:mostListed], fmt.Sprintf("%d more %s", more, plural(more, "time", "times")))
	}
	return and(words) + " UTC"
}
