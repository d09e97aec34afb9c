package report

import (
	"fmt"
	"slices"
	"strconv"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// roundRows says how many rounds there were, and in which of them something was wrong.
func roundRows(r *Report) []row {
	each := r.Each()
	if r.Rounds <= 1 {
		return nil
	}
	first, last := each[0], each[len(each)-1]
	says := fmt.Sprintf("%d of %d, from %s to %s", len(each), r.Rounds, first.Started.UTC().Format("15:04:05"), last.Started.UTC().Format("15:04:05 UTC"))
	var bad []int
	for _, f := range r.Findings {
		if f.Severity != cause.Note {
			bad = append(bad, f.Rounds...)
		}
	}
	slices.Sort(bad)
	bad = slices.Compact(bad)
	var numbers []string
	for _, n := range bad {
		numbers = append(numbers, strconv.Itoa(n))
	}
	shown := row{mark: good, name: "rounds", says: says + "; nothing was wrong in any of them"}
	if len(bad) > 0 {
		shown.mark = doubtful
		shown.says = fmt.Sprintf("%s; something was wrong in %s %s", says, pick(len(bad) == 1, "round", "rounds"), listed(numbers, 10))
	}
	return []row{shown, {mark: note, name: "last", says: "what follows is what the last round saw"}}
}

// duration is the time from the start of the first round to the end of the last.
func (r *Report) duration() fact.Millis {
	first := r.Each()[0]
	return fact.MillisOf(r.Started.Sub(first.Started)) + r.Took
}
