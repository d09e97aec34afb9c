package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// Expected is what a smoke test expects of one target, beyond that nothing is wrong.
type Expected struct {
	Open            []int
	Closed          []int
	CertificateDays int      // every certificate stays valid for so long; 0: not asked
	HostKeys        []string // SHA256:...
	Ways            []ExpectedWay
	Tolerated       []string // causes that are known and do no harm
	Before          *Report  // nothing got worse since; nil: not asked
}

// ExpectedWay is a way in that must work.
type ExpectedWay struct {
	Protocol fact.Protocol
	Port     int         // 0: any
	Proof    cause.Proof // at least
}

// Smoke is a smoke test of several targets.
type Smoke struct {
	Schema  int      `json:"schema"`
	Verdict Verdict  `json:"verdict"`
	Targets []Target `json:"targets"`
}

// Target is one of the targets, and what came of each expectation.
type Target struct {
	Name   string  `json:"name"`
	Status Outcome `json:"status"`
	Checks []Check `json:"checks"`
	Report *Report `json:"report"`
}

// Check is one expectation and what came of it.
type Check struct {
	Name    string  `json:"name"` // "port 21 open"
	Outcome Outcome `json:"outcome"`
	Says    string  `json:"says"`
}

// Outcome is what came of an expectation.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown" // the run saw too little
)

// NewSmoke sums up targets.
func NewSmoke(targets []Target) *Smoke {
	s := &Smoke{Schema: Schema, Targets: targets}
	failed, unknown := 0, 0
	for _, t := range targets {
		switch t.Status {
		case Failed:
			failed++
		case Unknown:
			unknown++
		}
	}
	all := several(len(targets), "target")
	switch {
	case failed > 0:
		s.Verdict = Verdict{Problem, exitProblem, fmt.Sprintf("%d of %s not as expected.", failed, all)}
	case unknown > 0:
		s.Verdict = Verdict{Inconclusive, exitInconclusive, fmt.Sprintf("%d of %s could not be looked at to the end.", unknown, all)}
	default:
		s.Verdict = Verdict{OK, exitOK, all + " as expected."}
	}
	return s
}

// NewTarget compares a report with what was expected. With strict, warnings count as problems.
func NewTarget(name string, r *Report, e Expected, strict bool) Target {
	t := Target{Name: name, Status: Passed, Report: r}
	t.Checks = append(t.Checks, r.expectSound(e.Tolerated, strict))
	for _, port := range e.Open {
		t.Checks = append(t.Checks, r.expectPort(port, true))
	}
	for _, port := range e.Closed {
		t.Checks = append(t.Checks, r.expectPort(port, false))
	}
	for _, way := range e.Ways {
		t.Checks = append(t.Checks, r.expectWay(way))
	}
	if e.CertificateDays > 0 {
		t.Checks = append(t.Checks, r.expectCertificates(e.CertificateDays))
	}
	if len(e.HostKeys) > 0 {
		t.Checks = append(t.Checks, r.expectHostKeys(e.HostKeys))
	}
	if e.Before != nil {
		t.Checks = append(t.Checks, r.expectNoWorse(e.Before, e.Tolerated))
	}
	for _, c := range t.Checks {
		if c.Outcome == Failed || c.Outcome == Unknown && t.Status != Failed {
			t.Status = c.Outcome
		}
	}
	return t
}

// unseen is the outcome of an expectation of which nothing was seen.
func (r *Report) unseen() Outcome {
	if r.Verdict.Status == Inconclusive {
		return Unknown
	}
	return Failed
}

// expectSound looks for causes that are not tolerated.
func (r *Report) expectSound(tolerated []string, strict bool) Check {
	check := Check{Name: "nothing is wrong", Outcome: Passed, Says: r.Verdict.Summary}
	var wrong, known []string
	for _, f := range r.roots() {
		switch {
		case f.Severity == cause.Note || f.Severity == cause.Warning && !strict:
		case slices.Contains(tolerated, f.Cause):
			known = append(known, f.Cause)
		default:
			wrong = append(wrong, f.Title+" ("+f.Cause+")")
		}
	}
	switch {
	case len(wrong) > 0:
		check.Outcome, check.Says = Failed, strings.Join(wrong, "; ")
	case r.Verdict.Status == Inconclusive:
		check.Outcome = Unknown
	case r.Verdict.Exit == exitProblem && r.count(cause.Problem) == 0:
		check.Outcome = Failed // a port that no cause explains
	case len(known) > 0:
		check.Says = "Only what is tolerated: " + strings.Join(unique(known), ", ") + "."
	}
	return check
}

func (r *Report) expectPort(port int, open bool) Check {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	check := Check{Name: fmt.Sprintf("port %d %s", port, pick(open, "open", "closed")), Outcome: Passed}
	outcomes := outcomesOf(c, port)
	check.Says = strings.Join(outcomes, "; ")
	if len(outcomes) == 0 {
		check.Outcome, check.Says = r.unseen(), "no address was looked at"
	}
	for _, e := range c.Endpoints {
		interrupted := e.Talk.Dial.Failed(fact.Interrupted)
		switch {
		case e.Port != port || interrupted && check.Outcome == Failed:
		case interrupted:
			check.Outcome = Unknown
		case e.Connected() != open:
			check.Outcome = Failed
		}
	}
	return check
}

func (r *Report) expectWay(want ExpectedWay) Check {
	check := Check{Name: string(want.Protocol) + " works", Outcome: r.unseen(), Says: "it does not work from here"}
	if want.Port != 0 {
		check.Name += fmt.Sprintf(" on port %d", want.Port)
	}
	if want.Proof != "" {
		check.Name += " (" + string(want.Proof) + ")"
	}
	for _, way := range r.Ways {
		if way.Protocol != want.Protocol || want.Port != 0 && way.Port != want.Port {
			continue
		}
		if way.Proof.Compare(want.Proof) >= 0 {
			check.Outcome, check.Says = Passed, fmt.Sprintf("port %d: %s", way.Port, way.Proof)
			return check
		}
		check.Says = fmt.Sprintf("port %d: only %s", way.Port, way.Proof)
	}
	return check
}

// expectCertificates looks at the first day on which a certificate that was shown is no longer valid.
func (r *Report) expectCertificates(days int) Check {
	check := Check{Name: fmt.Sprintf("certificate good for %d days", days), Outcome: r.unseen(), Says: "no certificate was shown"}
	var first time.Time
	where := ""
	for _, e := range cause.NewCase(&r.Run, &r.judgedBy).Endpoints {
		if leaf := e.Talk.Leaf(); leaf != nil && (where == "" || leaf.NotAfter.Before(first)) {
			first, where = leaf.NotAfter, e.Place()
		}
	}
	if where == "" {
		return check
	}
	left := int(first.Sub(r.Started).Hours() / 24)
	check.Says = fmt.Sprintf("%s shows one until %s, which is %d days", where, first.UTC().Format(time.DateOnly), left)
	check.Outcome = Passed
	if first.Sub(r.Started) < time.Duration(days)*24*time.Hour {
		check.Outcome = Failed
	}
	return check
}

func (r *Report) expectHostKeys(want []string) Check {
	check := Check{Name: "host key", Outcome: r.unseen(), Says: "no host key was shown"}
	for _, e := range cause.NewCase(&r.Run, &r.judgedBy).Endpoints {
		if e.Talk.Kex == nil || e.Talk.Kex.Kex.HostKey == nil {
			continue
		}
		key := e.Talk.Kex.Kex.HostKey
		check.Says = fmt.Sprintf("%s shows %s %s", e.Place(), key.Type, key.SHA256)
		if !slices.Contains(want, key.SHA256) {
			check.Outcome = Failed
			return check
		}
		check.Outcome = Passed
	}
	return check
}

func (r *Report) expectNoWorse(before *Report, tolerated []string) Check {
	check := Check{Name: "no worse than before", Outcome: Passed, Says: "since " + before.Started.UTC().Format("2006-01-02 15:04 UTC") + " nothing got worse"}
	if r.Verdict.Status == Inconclusive {
		check.Outcome, check.Says = Unknown, "the run saw too little to compare"
	}
	var worse []string
	for _, change := range Compare(before, r).Worse {
		if change.Cause == "" || !slices.Contains(tolerated, change.Cause) {
			worse = append(worse, changeSays(change))
		}
	}
	if len(worse) > 0 {
		check.Outcome, check.Says = Failed, strings.Join(worse, "; ")
	}
	return check
}

// Exit is the exit code, as --exit-zero changes it.
func (s *Smoke) Exit(exitZero bool) int {
	if exitZero && s.Verdict.Exit == exitProblem {
		return exitOK
	}
	return s.Verdict.Exit
}
