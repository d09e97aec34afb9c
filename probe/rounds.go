package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
)

// rounds looks at everything again and again, for faults that come and go. What was seen until an interrupt is kept. A sign-in
// that failed is not repeated: servers count them.
func rounds(ctx context.Context, plan Plan, network Network, progress *Progress) fact.Run {
	var all []fact.Run
	for n := 1; ; n++ {
		began := time.Now()
		run := round(ctx, plan, network, progress)
		all = append(all, run)
		plan.refused = plan.refused || slices.ContainsFunc(run.Seen, failedSignIn)
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

// failedSignIn says whether somebody tried to sign in, and was not let in.
func failedSignIn(o fact.Observation) bool {
	return o.Login != nil && o.Login.Outcome != fact.Accepted && o.Login.Outcome != fact.NotSent
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
