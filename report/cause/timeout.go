package cause

import (
	"fmt"
	"strconv"

	"ftpdoctor/probe/fact"
)

// appLimits are the time-outs that FTP apps have, in seconds: the shortest of the usual ones first.
var appLimits = []int{10, 20, 30, 60}

// breaks says which apps give up during a step of this length, and which do not.
func breaks(took fact.Millis) string {
	var short []string
	for i, limit := range appLimits {
		if took < fact.Millis(limit*1000) {
			if i == 0 {
				return fmt.Sprintf("An app that waits %d seconds for it gets through, one that waits less may not.", limit)
			}
			return fmt.Sprintf("An app that waits %s seconds for it gives up, one that waits %d gets through.", or(short), limit)
		}
		short = append(short, strconv.Itoa(limit))
	}
	return fmt.Sprintf("Even an app that waits %d seconds for it gives up.", appLimits[len(appLimits)-1])
}

// timeoutFor is the time-out that an app needs for a step of this length, in seconds: twice as much, as a line has worse days,
// and never less than what the service recommends.
func (c *Case) timeoutFor(took fact.Millis) int {
	const usual, step = 60, 30
	needed := (int(2*took/1000) + step - 1) / step * step
	return max(usual, c.Profile.WaitSeconds, needed)
}

// Timeout is the time-out that an app needs on this line, in seconds.
func (c *Case) Timeout() int { return c.timeoutFor(c.longestWait()) }

// longestWait is the longest that an app would have had to wait for one answer, on a way in that works.
func (c *Case) longestWait() fact.Millis {
	var longest fact.Millis
	wait := func(seen ...*fact.Observation) {
		for _, o := range seen {
			if o != nil && o.Failure == nil {
				longest = max(longest, o.Took)
			}
		}
	}
	for _, e := range c.Endpoints {
		if e.Proof() == "" {
			continue
		}
		wait(e.Talk.Dial, e.Talk.Opening, e.Talk.TLS, e.Talk.Ident, e.Talk.Kex)
		wait(e.Talk.Replies...)
		if e.Session != nil {
			wait(e.Session.Replies...)
		}
		if e.SSH != nil {
			wait(e.SSH.Channels...)
			for _, o := range e.SSH.Auths {
				if o.Auth.Method != fact.AuthKeyboard { // a dialogue may have waited for a person
					wait(o)
				}
			}
		}
	}
	return longest
}

// raiseTimeout tells the user which time-out to set.
func (c *Case) raiseTimeout(took fact.Millis) Step {
	return Step{You, fmt.Sprintf("set the time-out of your FTP app to %d seconds", c.timeoutFor(took))}
}
