package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
)

// rounds looks at everything again and again, for faults that come and go. What was seen until an interrupt is kept. A sign-in
// that failed is not repeated: servers count them.
func rounds(ctx context.Context, plan Plan, network Network, progress *Progress) fact.Run {
	var all []fact.Run
	plan.Ask = remembering(plan.Ask)
	for n := 1; ; n++ {
		began := time.Now()
		run := round(ctx, plan, network, progress)
		all = append(all, run)
		plan.noMore = cmp.Or(plan.noMore, noMoreAfter(run.Seen))
		if n == plan.Rounds || ended(ctx) {
			break
		}
		next := began.Add(plan.Every)
		done := progress.wait(fmt.Sprintf("round %d of %d", n+1, plan.Rounds), next)
		sleep(ctx, time.Until(next))
		done()
		if ended(ctx) {
			all[n-1].Stopped = stopped(ctx)
			break
		}
	}
	return together(all, plan.Rounds)
}

// noMoreAfter says why there is no sign-in after a round; empty: there is. A server takes a one-time code once.
func noMoreAfter(seen []fact.Observation) string {
	switch {
	case TurnedDown(seen):
		return "a sign-in failed in an earlier round"
	case slices.ContainsFunc(seen, tookCode):
		return "the one-time code was used in an earlier round"
	}
	return ""
}

// TurnedDown says whether a sign-in failed. A server counts what it has refused, whatever this program has kept back then.
func TurnedDown(seen []fact.Observation) bool {
	shown, inside := false, false
	for _, o := range seen {
		switch {
		case o.Login != nil && o.Login.Outcome != fact.Accepted && o.Login.Outcome != fact.NotSent:
			return true
		case o.Login != nil && o.Login.Protocol == fact.SFTP:
			inside = inside || o.Login.Outcome == fact.Accepted
		case o.Auth != nil:
			shown = shown || o.Auth.Method != fact.AuthNone
		}
	}
	return shown && !inside
}

// tookCode says whether a one-time code was given.
func tookCode(o fact.Observation) bool {
	return o.Auth != nil && slices.Contains(givenIn(o.Auth.Rounds), fact.GaveCode) || o.WebLogin != nil && o.WebLogin.Code
}

// remembering asks each question once, unless its answer cannot be the same. What was answered in the first round holds for the
// others.
func remembering(ask Ask) Ask {
	if ask == nil {
		return nil
	}
	var mu sync.Mutex
	answers := map[Question]string{}
	return func(ctx context.Context, question Question) (string, bool) {
		if question.Fresh {
			return ask(ctx, question)
		}
		mu.Lock()
		known, ok := answers[question]
		mu.Unlock()
		if ok {
			return known, true
		}
		answer, ok := ask(ctx, question)
		if ok {
			mu.Lock()
			defer mu.Unlock()
			answers[question] = answer
		}
		return answer, ok
	}
}

// together makes one run of several.
func together(all []fact.Run, planned int) fact.Run {
	last := all[len(all)-1]
	last.Rounds = planned
	for _, run := range all[:len(all)-1] {
		last.Earlier = append(last.Earlier, fact.EarlierRun{Started: run.Started, Took: run.Took, Stopped: run.Stopped, Seen: run.Seen})
	}
	return last
}
