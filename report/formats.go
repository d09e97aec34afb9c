package report

import "io"

// Format is one way of writing a report.
type Format struct {
	Name   string
	Doc    string // one sentence
	Ending string // of a file's name; empty: it must be named
	Write  func(io.Writer, *Report, Options) error
	Exit   func(r *Report, strict, exitZero bool) int // nil: the exit code is Report.Exit
}

// Formats lists every format, the default first. It is the only list of their names.
var Formats = []Format{
	{Name: "text", Ending: ".txt", Doc: "For people: the diagnosis, what works, what was checked.", Write: writeText},
	{Name: "json", Ending: ".json", Doc: "For programs, and to send: everything that was seen (docs/report.schema.json).", Write: writeJSON},
	{Name: "markdown", Ending: ".md", Doc: "For tickets: as text, with what support asks for, and the data folded away.", Write: writeMarkdown},
	{Name: "html", Ending: ".html", Doc: "For a browser: one page with the path, the times, the transcript and the data.", Write: writeHTML},
	{Name: "junit", Ending: ".xml", Doc: "For CI: a test case for each place that was looked at.", Write: writeJUnit},
	{Name: "github", Doc: "For GitHub Actions: an annotation for each cause, and the job summary.", Write: writeGitHub},
	{Name: "nagios", Doc: "For Nagios and Icinga: a line with numbers, and exit codes as they want them.", Write: writeNagios, Exit: (*Report).ExitNagios},
	{Name: "prometheus", Ending: ".prom", Doc: "For the textfile collector of Prometheus.", Write: writePrometheus},
}

// Options are what a format may need to know about the place where it is shown.
type Options struct {
	Width   int  // columns; 0: 80
	Unicode bool // more than ASCII can be shown
	Color   bool // ANSI colours can be shown
	Verbose bool // with the transcript

	Strict, ExitZero bool      // as for Report.Exit, for formats that name the exit code
	Summary          io.Writer // where the job summary of GitHub goes; nil: nowhere
}
