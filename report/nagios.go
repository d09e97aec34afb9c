package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// The exit codes of a monitoring plugin (Monitoring Plugins Development Guidelines, section 2.4).
const (
	nagiosOK = iota
	nagiosWarning
	nagiosCritical
	nagiosUnknown
)

// ExitNagios is the exit code of a monitoring plugin. As long as a way in works it is a warning, unless --strict
// asks for more.
func (r *Report) ExitNagios(strict, exitZero bool) int {
	code := nagiosOK
	switch {
	case r.Verdict.Status == Inconclusive:
		return nagiosUnknown
	case r.Verdict.Status == Problem:
		code = nagiosCritical
	case r.Verdict.Status == Degraded || r.count(cause.Warning) > 0:
		code = nagiosWarning
	}
	if strict && code == nagiosWarning {
		code = nagiosCritical
	}
	if exitZero {
		code = nagiosOK
	}
	return code
}

// ExitNagios is the exit code of a monitoring plugin. What got worse is a warning as long as a way in works.
func (c *Comparison) ExitNagios(exitZero bool) int {
	switch {
	case len(c.Worse) > 0 && exitZero:
		return nagiosOK
	case len(c.Worse) > 0 && c.After.Verdict.Status == Problem:
		return nagiosCritical
	case len(c.Worse) > 0:
		return nagiosWarning
	case c.After.Verdict.Status == Inconclusive:
		return nagiosUnknown // what was not seen may have got worse
	default:
		return nagiosOK
	}
}

// nagiosWords are the words for the exit codes.
var nagiosWords = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// compareNagios writes the line that a monitoring system shows, then what got worse.
func compareNagios(w io.Writer, c *Comparison, o Options) error {
	p := newPage(o)
	var b strings.Builder
	fmt.Fprintf(&b, "FTPDOCTOR %s - %s | 'worse'=%d;;;0 'better'=%d;;;0 'other'=%d;;;0\n",
		nagiosWords[c.ExitNagios(o.ExitZero)], p.unpiped(c.sentence()), len(c.Worse), len(c.Better), len(c.Other))
	for _, change := range c.Worse {
		fmt.Fprintf(&b, "WORSE: %s\n", p.unpiped(changeSays(change)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// faultNagios writes the line of a plugin that could not work.
func faultNagios(w io.Writer, f Fault) error {
	_, err := fmt.Fprintf(w, "FTPDOCTOR %s - %s\n", nagiosWords[nagiosUnknown], newPage(Options{}).unpiped(f.Says))
	return err
}

// writeNagios writes the line that a monitoring system shows and what it draws, then what is wrong.
func writeNagios(w io.Writer, r *Report, o Options) error {
	word := nagiosWords[r.ExitNagios(o.Strict, o.ExitZero)]
	p := newPage(o)
	var b strings.Builder
	fmt.Fprintf(&b, "FTPDOCTOR %s - %s | %s\n", word, p.unpiped(summaryLine(r)), strings.Join(measures(r), " "))
	for _, f := range r.roots() {
		fmt.Fprintf(&b, "%s: %s. %s\n", strings.ToUpper(string(f.Severity)), p.unpiped(f.Title), p.unpiped(f.Says))
		for _, step := range f.Fix {
			fmt.Fprintf(&b, "%s: %s\n", capital(string(step.Who)), p.unpiped(step.Do))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summaryLine is the verdict, short enough for a column of a table.
func summaryLine(r *Report) string {
	const most = 160
	s := []rune(r.Verdict.Summary)
	if len(s) > most {
		return string(s[:most]) + "…"
	}
	return string(s)
}

// unpiped leaves out the sign at which the numbers begin.
func (p *page) unpiped(s string) string { return strings.ReplaceAll(p.shown(s), "|", "/") }

// measures are the performance data: 'label'=value[unit];warn;crit;min (guidelines, section 2.6).
func measures(r *Report) []string {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	found := []string{
		"'time'=" + seconds(r.Took) + "s;;;0",
		fmt.Sprintf("'ways'=%d;;;0", len(working(r))),
		fmt.Sprintf("'connections'=%d;;;0", r.Spent.Connections),
	}
	if took, ok := lookupTime(c); ok {
		found = append(found, "'lookup'="+seconds(took)+"s;;;0")
	}
	for _, port := range c.Ports() {
		if took, ok := connectTime(c, port); ok {
			found = append(found, fmt.Sprintf("'connect %d'=%ss;;;0", port, seconds(took)))
		}
	}
	if end, ok := earliestExpiry(c); ok {
		days := math.Floor(end.Sub(r.Started).Hours() / 24)
		found = append(found, fmt.Sprintf("'certificate days'=%.0f", days))
	}
	return found
}

func seconds(m fact.Millis) string { return fmt.Sprintf("%.5f", float64(m)/1000) }

// lookupTime is how long this computer took to answer for the name.
func lookupTime(c *cause.Case) (fact.Millis, bool) {
	for _, o := range c.Lookups {
		if o.Lookup.Server == "system" && o.Lookup.Purpose == "" {
			return o.Took, true
		}
	}
	return 0, false
}

// connectTime is the longest connect to a port that came through.
func connectTime(c *cause.Case, port int) (took fact.Millis, ok bool) {
	for _, e := range c.Endpoints {
		if e.Port == port && e.Connected() {
			took, ok = max(took, e.Talk.Dial.Took), true
		}
	}
	return took, ok
}

// earliestExpiry is when the first of the certificates of the ways in ends.
func earliestExpiry(c *cause.Case) (end time.Time, ok bool) {
	for _, e := range c.WaysIn() {
		if leaf := e.Talk.Leaf(); leaf != nil && (!ok || leaf.NotAfter.Before(end)) {
			end, ok = leaf.NotAfter, true
		}
	}
	return end, ok
}
