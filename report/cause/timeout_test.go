package cause

import (
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

func TestLostRequests(t *testing.T) {
	for _, c := range []struct {
		took, answer fact.Millis
		want         int
	}{
		{40, 40, 0}, {990, 40, 0}, {1040, 40, 1}, {3050, 40, 2}, {7040, 40, 3}, {7300, 40, 0}, {5000, 40, 0}, {8000, 1000, 0}, {3000, 600, 0},
	} {
		if got := lostRequests(c.took, c.answer); got != c.want {
			t.Errorf("a connect in %v ms, with answers in %v ms: %d lost, want %d", c.took, c.answer, got, c.want)
		}
	}
}

// Which apps get through, and what to set.
func TestTimeouts(t *testing.T) {
	for took, want := range map[fact.Millis]string{
		6000:   "An app that waits 10 seconds for it gets through, one that waits less may not.",
		10_000: "An app that waits 10 seconds for it gives up, one that waits 20 gets through.",
		25_000: "An app that waits 10 or 20 seconds for it gives up, one that waits 30 gets through.",
		45_000: "An app that waits 10, 20 or 30 seconds for it gives up, one that waits 60 gets through.",
		61_000: "Even an app that waits 60 seconds for it gives up.",
	} {
		if got := breaks(took); got != want {
			t.Errorf("%v ms: %q", took, got)
		}
	}
	c := NewCase(&fact.Run{}, &profile.Generic)
	for took, want := range map[fact.Millis]int{0: 60, 6000: 60, 30_000: 60, 31_000: 90, 61_000: 150} {
		if got := c.timeoutFor(took); got != want {
			t.Errorf("for a wait of %v ms set %d, want %d", took, got, want)
		}
	}
}
