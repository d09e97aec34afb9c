package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// The subset of JUnit's XML that CI systems share. A failure is a check that said no, an error a fault
// of ours: the run was stopped, or this computer could not look.
type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []*junitCase    `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitSkipped `xml:"skipped"`
	Failure *junitResult  `xml:"failure"`
	Error   *junitResult  `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`

	place string
	seen  []*fact.Observation
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitResult struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a test case for each place that was looked at. Every problem fails at least one of them.
func writeJUnit(w io.Writer, r *Report, _ Options) error {
	return writeSuite(w, junitSuite{
		Name:      "ftpdoctor " + r.Target.Host,
		Time:      seconds(r.Took),
		Timestamp: r.Started.UTC().Format(junitTime),
		Cases:     junitCases(r),
		Properties: []junitProperty{
			{"version", r.Tool.Version},
			{"os", r.Tool.OS},
			{"host", r.Target.Host},
			{"profile", r.Target.Profile},
			{"verdict", string(r.Verdict.Status)},
			{"summary", r.Verdict.Summary},
		},
	})
}

// compareJUnit writes a test case for each change. What got worse fails.
func compareJUnit(w io.Writer, c *Comparison, _ Options) error {
	s := junitSuite{
		Name:      "ftpdoctor compare " + c.After.Host,
		Time:      "0",
		Timestamp: c.After.Started.Format(junitTime),
		Properties: []junitProperty{
			{"host", c.After.Host},
			{"before", sideSays(c.Before)},
			{"after", sideSays(c.After)},
			{"summary", c.sentence()},
		},
	}
	for _, group := range c.groups() {
		for _, change := range group.changes {
			test := &junitCase{Class: "ftpdoctor.compare." + string(change.What), Name: changeName(change), Time: "0"}
			if group.name == "worse" {
				test.Failure = &junitResult{Type: string(change.What), Message: changeSays(change)}
			} else {
				test.Out = group.name + ": " + changeSays(change) + "\n"
			}
			s.Cases = append(s.Cases, test)
		}
	}
	s.Cases = append(s.Cases, &junitCase{Class: "ftpdoctor.compare", Name: "comparison", Time: "0", Out: c.sentence() + "\n"})
	return writeSuite(w, s)
}

// changeName is the same each time that a change comes.
func changeName(c Change) string {
	switch {
	case c.Cause != "":
		return c.Cause
	case len(c.Ports) > 0:
		return portsSay(c.Ports)
	default:
		name, _, _ := strings.Cut(c.Says, ":")
		name, _, _ = strings.Cut(name, " by ")
		return name
	}
}

// faultJUnit writes a test case that is an error of ours. A CI system takes a missing file for a pass, or for the old one.
func faultJUnit(w io.Writer, f Fault) error {
	return writeSuite(w, junitSuite{
		Name:       "ftpdoctor",
		Time:       "0",
		Timestamp:  f.At.UTC().Format(junitTime),
		Properties: []junitProperty{{"version", f.Version}},
		Cases:      []*junitCase{{Class: "ftpdoctor", Name: "usage", Time: "0", Error: &junitResult{Type: "usage", Message: f.Says}}},
	})
}

// junitTime is a time without its zone, which the schemas forbid.
const junitTime = "2006-01-02T15:04:05"

// writeSuite counts the cases of a suite and writes it.
func writeSuite(w io.Writer, s junitSuite) error {
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	text, err := xml.MarshalIndent(junitSuites{
		Name: "ftpdoctor", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Time: s.Time, Suite: s,
	}, "", "  ")
	if err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte("##["), []byte("##&#91;")) // a command to GitHub's runner
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func junitCases(r *Report) []*junitCase {
	cases := casesOf(r)
	for _, c := range cases {
		c.judge(r)
	}
	for _, f := range r.roots() {
		if f.Severity == cause.Problem && !slices.ContainsFunc(cases, func(c *junitCase) bool { return c.shows(f) }) {
			cases = append(cases, &junitCase{Class: "ftpdoctor.cause", Name: f.Cause, Time: "0", Failure: failureOf(f)})
		}
	}
	failed := slices.ContainsFunc(cases, func(c *junitCase) bool { return c.Failure != nil })
	broken := slices.ContainsFunc(cases, func(c *junitCase) bool { return c.Error != nil })
	verdict := &junitCase{Class: "ftpdoctor", Name: "verdict", Time: "0"}
	switch result := (&junitResult{Type: string(r.Verdict.Status), Message: r.Verdict.Summary}); {
	case r.Verdict.Status == Inconclusive && !broken:
		verdict.Error = result
	case r.Verdict.Exit == exitProblem && !failed:
		verdict.Failure = result
	}
	return append(cases, verdict)
}

// casesOf makes a test case for each place of each check, and for each thing that was not tried.
func casesOf(r *Report) []*junitCase {
	var cases []*junitCase
	byPlace := map[string]*junitCase{}
	for i := range r.Seen {
		o := &r.Seen[i]
		class := "ftpdoctor." + o.Check
		if o.Skip != nil {
			cases = append(cases, &junitCase{Class: class, Name: o.Skip.What, Time: "0", Skipped: &junitSkipped{"not tried: " + o.Skip.Reason}})
			continue
		}
		name := o.Endpoint
		if name == "" && o.Lookup != nil {
			name = o.Lookup.Server
		}
		if name == "" {
			name = "this computer"
		}
		c := byPlace[class+" "+name]
		if c == nil {
			c = &junitCase{Class: class, Name: name, place: o.Endpoint}
			byPlace[class+" "+name] = c
			cases = append(cases, c)
		}
		c.seen = append(c.seen, o)
	}
	return cases
}

// judge says whether a place failed, and shows what was seen there if so.
func (c *junitCase) judge(r *Report) {
	if c.Skipped != nil {
		return
	}
	var took fact.Millis
	for _, o := range c.seen {
		took += max(o.Took, 0)
	}
	c.Time = seconds(took)
	for _, f := range r.Findings {
		switch {
		case !c.shows(f):
		case f.Severity == cause.Problem && c.Failure == nil:
			c.Failure = failureOf(f)
		case f.Severity == cause.Warning:
			c.Out += "warning: " + f.Title + "\n"
		}
	}
	if c.Failure == nil {
		c.Error = ourFault(c.seen)
	}
	if c.Failure == nil && c.Error == nil {
		c.Skipped = keptBack(c.seen)
	}
	if c.Failure != nil || c.Error != nil {
		c.Out += transcriptOf(c.seen)
	}
}

// shows says whether a finding rests on what was seen at this place, and is about it.
func (c *junitCase) shows(f cause.Finding) bool {
	return about(f, c.place) && restsOn(f, c.seen)
}

func failureOf(f cause.Finding) *junitResult {
	says := []string{f.Says}
	for _, quote := range f.Quotes {
		says = append(says, "The server says: "+quote)
	}
	for _, step := range f.Fix {
		says = append(says, capital(string(step.Who))+": "+step.Do)
	}
	says = append(says, "more: ftpdoctor explain "+f.Cause)
	return &junitResult{Type: f.Cause, Message: f.Title, Text: "\n" + strings.Join(says, "\n") + "\n"}
}

// ourFault is the first step that this computer or the user ended.
func ourFault(seen []*fact.Observation) *junitResult {
	for _, o := range seen {
		if o.Failed(fact.Interrupted, fact.NoResources, fact.AddressUnavailable) {
			return &junitResult{Type: string(o.Failure.Kind), Message: "could not be looked at: " + o.Failure.Text}
		}
	}
	return nil
}

// keptBack says why nobody signed in, where nothing was sent; nil: somebody tried.
func keptBack(seen []*fact.Observation) *junitSkipped {
	for _, o := range seen {
		if o.Login != nil && o.Login.Outcome == fact.NotSent {
			return &junitSkipped{"not signed in: " + withheldSays[o.Login.Withheld]}
		}
	}
	return nil
}

func transcriptOf(seen []*fact.Observation) string {
	var b strings.Builder
	for _, o := range seen {
		for _, line := range ended(o) {
			fmt.Fprintf(&b, "%8.2f s  %s\n", float64(o.At)/1000, line)
		}
	}
	return b.String()
}
