package report

import (
	"io"
	"time"
)

// Format is one way of writing a report, and what changed between two.
type Format struct {
	Name    string
	Doc     string // one sentence
	Ending  string // of a file's name; empty: it must be named
	Write   func(io.Writer, *Report, Options) error
	Compare func(io.Writer, *Comparison, Options) error
	Smoke   func(io.Writer, *Smoke, Options) error // nil: a smoke test cannot be written so
	Fault   func(io.Writer, Fault) error           // nil: the exit code says enough
	Exits   Exits
}

// Formats lists every format, the default first. It is the only list of their names.
var Formats = []Format{
	{
		Name: "text", Ending: ".txt", Doc: "For people: the diagnosis, what works, what was checked.",
		Write: writeText, Compare: compareText, Smoke: smokeText, Exits: exits,
	},
	{
		Name: "json", Ending: ".json", Doc: "For programs, and to send: everything that was seen (docs/report.schema.json).",
		Write: writeJSON, Compare: compareJSON, Smoke: smokeJSON, Exits: exits,
	},
	{
		Name: "markdown", Ending: ".md", Doc: "For tickets: as text, with what support asks for, and the data folded away.",
		Write: writeMarkdown, Compare: compareMarkdown, Smoke: smokeMarkdown, Exits: exits,
	},
	{
		Name: "html", Ending: ".html", Doc: "For a browser: one page with the path, the times, the transcript and the data.",
		Write: writeHTML, Compare: compareHTML, Exits: exits,
	},
	{
		Name: "junit", Ending: ".xml", Doc: "For CI: a test case for each place that was looked at.",
		Write: writeJUnit, Compare: compareJUnit, Smoke: smokeJUnit, Fault: faultJUnit, Exits: exits,
	},
	{
		Name: "github", Doc: "For GitHub Actions: an annotation for each cause, and the job summary.",
		Write: writeGitHub, Compare: compareGitHub, Smoke: smokeGitHub, Fault: faultGitHub, Exits: exits,
	},
	{
		Name: "nagios", Doc: "For Nagios and Icinga: a line with numbers, and exit codes as they want them.",
		Write: writeNagios, Compare: compareNagios, Fault: faultNagios, Exits: nagiosExits,
	},
	{
		Name: "prometheus", Ending: ".prom", Doc: "For the textfile collector of Prometheus.",
		Write: writePrometheus, Compare: comparePrometheus, Exits: exits,
	},
}

// Exits are the exit codes where a format is on the screen.
type Exits struct {
	Report     func(r *Report, strict, exitZero bool) int
	Comparison func(c *Comparison, exitZero bool) int
	Fault      int
}

var (
	exits       = Exits{(*Report).Exit, (*Comparison).Exit, exitUsage}
	nagiosExits = Exits{(*Report).ExitNagios, (*Comparison).ExitNagios, nagiosUnknown}
)

// Options are what a format may need to know about the place where it is shown.
type Options struct {
	Width   int  // columns; 0: 80
	Unicode bool // more than ASCII can be shown
	Color   bool // ANSI colours can be shown
	Verbose bool // with the transcript

	Strict, ExitZero bool      // as for Report.Exit, for formats that name the exit code
	Summary          io.Writer // where the job summary of GitHub goes; nil: nowhere
}

// Fault is why there is no report: wrong usage, or a file that cannot be used.
type Fault struct {
	Version string
	At      time.Time
	Says    string // one sentence
}
