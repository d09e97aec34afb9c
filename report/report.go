// Package report is the document that a run ends in: what was seen, what it means and what follows.
// Its one rule: everything in a report is computed from the facts of one run, so that a saved report
// is judged again by the code that judged the live run.
package report

import (
	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// Schema is the version of the JSON form. Fields are only ever added to a version.
const Schema = 1

// Report is everything about one run. Its JSON form is described in docs/report.schema.json.
type Report struct {
	Schema   int              `json:"schema"`
	Verdict  Verdict          `json:"verdict"`
	Findings []cause.Finding  `json:"findings"`
	Ways     []cause.Way      `json:"ways"`
	Spent    Spent            `json:"spent"`
	Profile  *profile.Profile `json:"profile,omitempty"` // only one of the user's own; a built-in one is known by its name
	fact.Run                  // its facts come last, as they are the longest part

	judgedBy profile.Profile // the profile, whoever wrote it
}

// Spent counts what the run cost the other side.
type Spent struct {
	Connections  int `json:"connections"`   // every TCP connect that was tried
	Logins       int `json:"logins"`        // every attempt to sign in for which a name was sent
	FailedLogins int `json:"failed_logins"` // those of them that the server did not accept
}

// New judges a run.
func New(run fact.Run, p profile.Profile) *Report {
	r := &Report{
		Schema:   Schema,
		Run:      run,
		Findings: append([]cause.Finding{}, cause.Find(&run, &p)...),
		Ways:     append([]cause.Way{}, cause.Ways(&run, &p)...),
		Spent:    spent(&run),
		judgedBy: p,
	}
	if _, builtIn := profile.ByName(p.Name); !builtIn {
		r.Profile = &p
	}
	r.Verdict = verdict(r)
	return r
}

// spent counts over all rounds.
func spent(run *fact.Run) Spent {
	var all Spent
	for _, one := range run.Each() {
		s := spentOn(one)
		all.Connections += s.Connections
		all.Logins += s.Logins
		all.FailedLogins += s.FailedLogins
	}
	return all
}

func spentOn(run *fact.Run) Spent {
	var s Spent
	for _, o := range run.Seen {
		switch {
		case o.Dial != nil:
			s.Connections++
		case o.WebLogin != nil && o.WebLogin.Outcome != fact.NotSent:
			s.Logins++
			if o.WebLogin.Outcome != fact.Accepted {
				s.FailedLogins++
			}
		case o.Login == nil || o.Login.Outcome == fact.NotSent:
		case o.Login.Outcome == fact.Accepted:
			s.Logins++
		default:
			s.Logins++
			s.FailedLogins++
		}
	}
	more := furtherSignIns(run)
	s.Logins += more
	s.FailedLogins += more
	return s
}

// furtherSignIns counts the connections of a sign-in by SSH that ended without it, before the one that decided.
func furtherSignIns(run *fact.Run) int {
	signIns, decided := map[int]bool{}, 0
	for _, o := range run.Seen {
		switch {
		case o.Check != "sftp":
		case o.Auth != nil:
			signIns[o.Conn] = true
		case o.Login != nil:
			decided = o.Conn
		}
	}
	delete(signIns, decided)
	if decided == 0 {
		return 0
	}
	return len(signIns)
}

// roots lists the findings that no other finding brings about.
func (r *Report) roots() []cause.Finding {
	var found []cause.Finding
	for _, f := range r.Findings {
		if f.ExplainedBy == "" {
			found = append(found, f)
		}
	}
	return found
}

// count counts the root findings of a severity.
func (r *Report) count(s cause.Severity) int {
	n := 0
	for _, f := range r.roots() {
		if f.Severity == s {
			n++
		}
	}
	return n
}
