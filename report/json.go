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
	head.Seen, head.Earlier = []fact.Observation{}, nil
	var b bytes.Buffer
	if err := encode(&b, &head, "  "); err != nil {
		return err
	}
	b.Truncate(b.Len() - len(`"facts": []`+"\n}\n")) // the facts come last, see Report
	if err := putEarlier(&b, r.Earlier); err != nil {
		return err
	}
	b.WriteString(`"facts": [`)
	if err := putFacts(&b, r.Seen); err != nil {
		return err
	}
	b.WriteString("\n  ]\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// putEarlier writes the rounds before the last one.
func putEarlier(b *bytes.Buffer, earlier []fact.EarlierRun) error {
	for i, round := range earlier {
		seen := round.Seen
		round.Seen = []fact.Observation{}
		b.WriteString(pick(i == 0, `"earlier": [`+"\n  ", ",\n  "))
		if err := encode(b, &round, ""); err != nil {
			return err
		}
		b.Truncate(b.Len() - len("]}\n"))
		if err := putFacts(b, seen); err != nil {
			return err
		}
		b.WriteString("\n  ]}")
	}
	if len(earlier) > 0 {
		b.WriteString("],\n  ")
	}
	return nil
}

// putFacts writes each fact on a line of its own.
func putFacts(b *bytes.Buffer, seen []fact.Observation) error {
	for i := range seen {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		if err := encode(b, &seen[i], ""); err != nil {
			return err
		}
		b.Truncate(b.Len() - len("\n"))
	}
	return nil
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
