package report

import (
	"bytes"
	"fmt"
	"io"
)

// group is a list of changes for the worse, for the better, or neither.
type group struct {
	name    string
	title   string
	mark    mark
	changes []Change
}

func (c *Comparison) groups() []group {
	return []group{
		{"worse", "What got worse", bad, c.Worse},
		{"better", "What got better", good, c.Better},
		{"other", "What else changed", note, c.Other},
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
	for _, group := range c.groups() {
		if len(group.changes) == 0 {
			continue
		}
		p.blank()
		p.title(group.title)
		for _, change := range group.changes {
			for i, line := range p.wrap(changeSays(change), p.Width-4) {
				sign := " "
				if i == 0 {
					sign = p.sign(group.mark)
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
	for _, group := range c.groups() {
		if len(group.changes) == 0 {
			continue
		}
		d.paragraph("### " + group.title)
		d.blank()
		for _, change := range group.changes {
			d.line("- " + d.sign(group.mark) + " " + d.inline(changeSays(change)))
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
