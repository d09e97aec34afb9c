package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var outcomeMarks = map[Outcome]mark{Passed: good, Failed: bad, Unknown: unknown}

// mark is that of the whole.
func (s *Smoke) mark() mark {
	switch s.Verdict.Status {
	case OK:
		return good
	case Inconclusive:
		return unknown
	default:
		return bad
	}
}

// smokeText shows of a target that is as expected one line, of another one what is not and what its report says.
func smokeText(w io.Writer, s *Smoke, o Options) error {
	p := newPage(o)
	p.head(s.mark(), s.Verdict.Summary, "")
	for _, t := range s.Targets {
		p.blank()
		p.head(outcomeMarks[t.Status], t.Name+": "+t.Report.Verdict.Summary, "")
		column := 0
		shown := slices.DeleteFunc(slices.Clone(t.Checks), func(c Check) bool { return c.Outcome == Passed && !o.Verbose })
		for _, c := range shown {
			column = max(column, len(c.Name)+2)
		}
		for _, c := range shown {
			p.row(row{mark: outcomeMarks[c.Outcome], name: c.Name, says: c.Says}, column)
		}
		if t.Status == Failed {
			p.steps(t.Report)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// steps says what to do about the root causes of a report.
func (p *page) steps(r *Report) {
	for _, f := range r.roots() {
		for _, step := range f.Fix {
			p.labelled(4, capital(string(step.Who)), 14, step.Do)
		}
	}
}

func smokeJSON(w io.Writer, s *Smoke, _ Options) error {
	var b bytes.Buffer
	if err := encode(&b, s, "  "); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func smokeMarkdown(w io.Writer, s *Smoke, o Options) error {
	d := newDocument(o)
	d.line("## " + d.sign(s.mark()) + " " + d.inline(s.Verdict.Summary))
	for _, t := range s.Targets {
		d.paragraph("### " + d.sign(outcomeMarks[t.Status]) + " " + d.inline(t.Name))
		d.paragraph(d.inline(t.Report.Verdict.Summary))
		d.blank()
		for _, c := range t.Checks {
			d.line("- " + d.sign(outcomeMarks[c.Outcome]) + " " + c.Name + ": " + d.inline(c.Says))
		}
	}
	_, err := io.WriteString(w, d.String())
	return err
}

// smokeJUnit writes a suite for each target and a test case for each expectation.
func smokeJUnit(w io.Writer, s *Smoke, _ Options) error {
	all := struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"` // of the longest run: they are side by side
		Suites   []junitSuite `xml:"testsuite"`
	}{Name: "ftpdoctor"}
	var longest fact.Millis
	for _, t := range s.Targets {
		longest = max(longest, t.Report.Took)
		suite := t.junit()
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Suites = append(all.Suites, suite)
	}
	all.Time = seconds(longest)
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte("##["), []byte("##&#91;")) // a command to GitHub's runner
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func (t *Target) junit() junitSuite {
	r := t.Report
	suite := junitSuite{
		Name:      t.Name,
		Time:      seconds(r.Took),
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{
			{"version", r.Tool.Version},
			{"host", r.Target.Host},
			{"profile", r.Target.Profile},
			{"summary", r.Verdict.Summary},
		},
	}
	for _, c := range t.Checks {
		entry := &junitCase{Class: "ftpdoctor." + t.Name, Name: c.Name, Time: "0"}
		result := &junitResult{Type: string(c.Outcome), Message: c.Says, Text: c.Says}
		switch c.Outcome {
		case Failed:
			entry.Failure = result
			suite.Failures++
		case Unknown:
			entry.Error = result
			suite.Errors++
		default:
			entry.Out = c.Says
		}
		suite.Tests++
		suite.Cases = append(suite.Cases, entry)
	}
	return suite
}

// smokeGitHub writes an annotation for each target that is not as expected. The job summary goes to o.Summary.
func smokeGitHub(w io.Writer, s *Smoke, o Options) error {
	var b strings.Builder
	shown := 0
	for _, t := range s.Targets {
		var says []string
		for _, c := range t.Checks {
			if c.Outcome != Passed {
				says = append(says, c.Name+": "+c.Says)
			}
		}
		if len(says) == 0 {
			continue
		}
		if shown++; shown <= mostAnnotations {
			fmt.Fprintf(&b, "::error title=%s::%s\n", commandProperty(t.Name), commandData(strings.Join(says, "\n")))
		}
	}
	fmt.Fprintf(&b, "ftpdoctor: %s\n", commandData(s.Verdict.Summary))
	if _, err := io.WriteString(w, newPage(o).spelt(b.String())); err != nil || o.Summary == nil {
		return err
	}
	return smokeMarkdown(o.Summary, s, Options{Unicode: true})
}
