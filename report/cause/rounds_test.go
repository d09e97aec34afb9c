package cause

import (
	"testing"
	"time"

	"ftpdoctor/probe/fact"
)

// What showed in some rounds only says in how many, and when.
func TestInRounds(t *testing.T) {
	noon := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	var each []*fact.Run
	for i := range 3 {
		each = append(each, &fact.Run{Started: noon.Add(time.Duration(i) * time.Minute)})
	}
	for _, c := range []struct {
		rounds []int
		want   string
	}{
		{[]int{1, 2, 3}, ""},
		{[]int{2}, "This showed in 1 of 3 rounds; when: 12:01 UTC."},
		{[]int{1, 3}, "This showed in 2 of 3 rounds; when: 12:00 and 12:02 UTC."},
	} {
		if got := inRounds(c.rounds, each); got != c.want {
			t.Errorf("%v: %q, want %q", c.rounds, got, c.want)
		}
	}
}
