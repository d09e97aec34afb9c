package report

import (
	"bytes"
	"encoding/json"
	"io"

	"ftpdoctor/probe/fact"
)

// writeJSON writes the report indented, and each fact on a line of its own.
func writeJSON(w io.Writer, r *Report, _ Options) error {
	head := *r
	head.Seen = []fact.Observation{}
	var b bytes.Buffer
	if err := encode(&b, &head, "  "); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("]\n}\n")) // the facts come last, see Report
	for i := range r.Seen {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		if err := encode(&b, &r.Seen[i], ""); err != nil {
			return err
		}
		b.Truncate(b.Len() - len("\n"))
	}
	b.WriteString("\n  ]\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// encode writes one value and a line end. <, > and & stay readable, as the JSON is no part of a web page. ##[ can only
// stand in a string; there it would be a command to GitHub's runner.
func encode(b *bytes.Buffer, value any, indent string) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		return err
	}
	b.Write(bytes.ReplaceAll(text.Bytes(), []byte("##["), []byte(`#\u0023[`)))
	return nil
}
