package report

import "io"

// Format is one way of writing a report.
type Format struct {
	Name  string
	Doc   string // one sentence
	Write func(io.Writer, *Report, Options) error
}

// Formats lists every format, the default first. It is the only list of their names.
var Formats = []Format{
	{Name: "text", Doc: "For people: the diagnosis, what works, what was checked.", Write: writeText},
	{Name: "json", Doc: "For programs, and to send: everything that was seen (docs/report.schema.json).", Write: writeJSON},
	{Name: "markdown", Doc: "For tickets: as text, with what support asks for, and the data folded away.", Write: writeMarkdown},
}

// Options are what a format may need to know about the place where it is shown.
type Options struct {
	Width   int  // columns; 0: 80
	Unicode bool // more than ASCII can be shown
	Color   bool // ANSI colours can be shown
	Verbose bool // with the transcript
}
