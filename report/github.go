package report

import (
	"fmt"
	"io"
	"strings"

	"ftpdoctor/report/cause"
)

// GitHub shows at most ten annotations of each kind for a step, and drops the others in silence.
const mostAnnotations = 10

// annotation is the workflow command for each severity.
var annotation = map[cause.Severity]string{cause.Problem: "error", cause.Warning: "warning", cause.Note: "notice"}

// writeGitHub writes workflow commands: one annotation for each root cause. The job summary goes to o.Summary.
func writeGitHub(w io.Writer, r *Report, o Options) error {
	var b strings.Builder
	shown := map[cause.Severity]int{}
	for _, f := range r.roots() {
		if shown[f.Severity]++; shown[f.Severity] <= mostAnnotations {
			fmt.Fprintf(&b, "::%s title=%s::%s\n", annotation[f.Severity], commandProperty(f.Cause), commandData(annotated(f)))
		}
	}
	if r.Verdict.Exit != exitOK && shown[cause.Problem] == 0 {
		fmt.Fprintf(&b, "::error title=ftpdoctor::%s\n", commandData(r.Verdict.Summary))
	}
	fmt.Fprintf(&b, "ftpdoctor: %s\n", commandData(r.Verdict.Summary))
	if _, err := io.WriteString(w, newPage(o).spelt(b.String())); err != nil || o.Summary == nil {
		return err
	}
	return writeMarkdown(o.Summary, r, Options{Unicode: true})
}

// compareGitHub writes an annotation for each thing that got worse. The job summary goes to o.Summary.
func compareGitHub(w io.Writer, c *Comparison, o Options) error {
	var b strings.Builder
	for _, change := range c.Worse[:min(len(c.Worse), mostAnnotations)] {
		fmt.Fprintf(&b, "::error title=%s::%s\n", commandProperty(orWord(change.Cause, "ftpdoctor")), commandData(change.Says))
	}
	fmt.Fprintf(&b, "ftpdoctor: %s\n", commandData(c.sentence()))
	if _, err := io.WriteString(w, newPage(o).spelt(b.String())); err != nil || o.Summary == nil {
		return err
	}
	return compareMarkdown(o.Summary, c, Options{Unicode: true})
}

// faultGitHub writes an annotation that says why there is no report.
func faultGitHub(w io.Writer, f Fault) error {
	_, err := fmt.Fprintf(w, "::error title=ftpdoctor::%s\n", newPage(Options{}).spelt(commandData(f.Says)))
	return err
}

// annotated is a finding in one text.
func annotated(f cause.Finding) string {
	lines := []string{f.Title + ". " + f.Says}
	for _, quote := range f.Quotes {
		lines = append(lines, "The server says: "+quote)
	}
	for _, step := range f.Fix {
		lines = append(lines, capital(string(step.Who))+": "+step.Do)
	}
	return strings.Join(lines, "\n")
}

// A line of output that begins with :: is a command, and so is what follows ##[ anywhere in a line.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", "##[", "# #[")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C", "##[", "# #[")
)

func commandData(s string) string     { return dataEscapes.Replace(s) }
func commandProperty(s string) string { return propertyEscapes.Replace(s) }
