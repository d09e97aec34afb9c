package report

import (
	"fmt"
	"io"
	"strings"

	"ftpdoctor/report/cause"
)

// Explain writes the page of a cause.
func Explain(w io.Writer, rule cause.Rule, o Options) error {
	p := newPage(o)
	p.title(rule.Title)
	p.text(0, fmt.Sprintf("%s, usually a %s", rule.Code, rule.Severity))
	for _, part := range []struct{ title, text string }{
		{"What it is", rule.Page.Means},
		{"What shows it", rule.Page.Shown},
		{"What to do", rule.Page.Mend},
	} {
		p.blank()
		p.title(part.title)
		for i, paragraph := range strings.Split(part.text, "\n\n") {
			if i > 0 {
				p.blank()
			}
			p.text(2, strings.Join(strings.Fields(paragraph), " "))
		}
	}
	if len(rule.ExplainedBy) > 0 {
		p.blank()
		p.title("Where it can come from")
		for _, code := range rule.ExplainedBy {
			explaining, _ := cause.ByCode(code)
			p.labelled(2, code, 24, explaining.Title)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}
