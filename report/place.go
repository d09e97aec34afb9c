package report

import (
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// about says whether a place, an IP:port, lies within those of a finding.
func about(f cause.Finding, place string) bool {
	return len(f.Where) == 0 || slices.ContainsFunc(f.Where, func(where string) bool {
		return place == where || strings.HasSuffix(place, ":"+where) || strings.HasPrefix(place, where+":") || strings.HasPrefix(place, "["+where+"]:")
	})
}

// restsOn says whether one of the observations is evidence of a finding.
func restsOn(f cause.Finding, seen []*fact.Observation) bool {
	return slices.ContainsFunc(seen, func(o *fact.Observation) bool { return slices.Contains(f.Evidence, o.ID) })
}

// gravest is the finding that weighs most at a place; nil where there is none.
func (r *Report) gravest(place string, seen []*fact.Observation) *cause.Finding {
	for _, severity := range []cause.Severity{cause.Problem, cause.Warning} {
		for i, f := range r.Findings {
			if f.Severity == severity && about(f, place) && restsOn(f, seen) {
				return &r.Findings[i]
			}
		}
	}
	return nil
}

// at lists what was seen at a place.
func (r *Report) at(place string) []*fact.Observation {
	var seen []*fact.Observation
	for i := range r.Seen {
		if r.Seen[i].Endpoint == place {
			seen = append(seen, &r.Seen[i])
		}
	}
	return seen
}
