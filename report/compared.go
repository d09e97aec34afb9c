package report

import (
	"bytes"
	"fmt"
	"io"
)

// CompareFormat is one way of writing a comparison.
type CompareFormat struct {
	Name  string
	Write func(io.Writer, *Comparison, Options) error
}

// CompareFormats lists the formats of a comparison, the default first.
var CompareFormats = []CompareFormat{
	{"text", compareText},
	{"markdown", compareMarkdown},
	{"json", compareJSON},
}

func (c *Comparison) parts() []struct {
	title   string
	mark    mark
	changes []Change
} {
	return []struct {
		title   string
		mark    mark
		changes []Change
	}{
		{"What got worse", bad, c.Worse},
		{"What got better", good, c.Better},
		{"What else changed", note, c.Other},
	}
}

// sentence sums a comparison up.
func (c *Comparison) sentence() string {
	switch worse, better := len(c.Worse), len(c.Better); {
	case worse+better+len(c.Other) == 0:
		return "Nothing that matters changed."
	case worse+better == 0:
		return "Nothing got worse and nothing got better."
	case worse == 0:
		return "Nothing got worse; " + several(better, "thing") + " got better."
	case better == 0:
		return several(worse, "thing") + " got worse."
	default:
		return fmt.Sprintf("%s got worse, %d got better.", several(worse, "thing"), better)
	}
}

func (c *Comparison) mark() mark {
	if len(c.Worse) > 0 {
		return bad
	}
	return good
}

func compareText(w io.Writer, c *Comparison, o Options) error {
	p := newPage(o)
	p.head(c.mark(), c.sentence(), "")
	p.labelled(2, "before", 8, sideSays(c.Before))
	p.labelled(2, "after", 8, sideSays(c.After))
	for _, part := range c.parts() {
		if len(part.changes) == 0 {
			continue
		}
		p.blank()
		p.title(part.title)
		for _, change := range part.changes {
			for i, line := range p.wrap(changeSays(change), p.Width-4) {
				sign := " "
				if i == 0 {
					sign = p.sign(part.mark)
				}
				p.WriteString("  " + sign + " " + line + "\n")
			}
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func sideSays(s Side) string {
	return fmt.Sprintf("%s: %s", s.Started.Format("2006-01-02 15:04 UTC"), s.Verdict.Summary)
}

func changeSays(c Change) string {
	says := c.Says
	if c.What == CauseMatter {
		if c.Before != "" && c.After != "" {
			says += ": " + c.After + " now; before: " + c.Before
		}
		says += " (" + c.Cause + ")"
	}
	return says
}

func compareMarkdown(w io.Writer, c *Comparison, o Options) error {
	d := newDocument(o)
	d.line("## " + d.sign(c.mark()) + " " + c.sentence())
	d.blank()
	d.line("- before: " + d.inline(sideSays(c.Before)))
	d.line("- after: " + d.inline(sideSays(c.After)))
	for _, part := range c.parts() {
		if len(part.changes) == 0 {
			continue
		}
		d.paragraph("### " + part.title)
		d.blank()
		for _, change := range part.changes {
			d.line("- " + d.sign(part.mark) + " " + d.inline(changeSays(change)))
		}
	}
	_, err := io.WriteString(w, d.String())
	return err
}

func compareJSON(w io.Writer, c *Comparison, _ Options) error {
	var b bytes.Buffer
	if err := encode(&b, c, "  "); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
