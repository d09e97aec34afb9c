package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"ftpdoctor/report/cause"
)

// writeMarkdown writes the report for a ticket: what a reader wants to know first, then the data for Load.
func writeMarkdown(w io.Writer, r *Report, o Options) error {
	data, err := capsule(r)
	if err != nil {
		return err
	}
	d := newDocument(o)
	d.summary(r)
	d.support(r)
	d.data(data)
	_, err = io.WriteString(w, d.String())
	return err
}

// document lays out Markdown: CommonMark, which ticket systems and chats share.
type document struct{ *page }

func newDocument(o Options) *document {
	o.Color = false
	return &document{newPage(o)}
}

// summary is the part for everybody.
func (d *document) summary(r *Report) {
	if r.Verdict.Status == OK || r.Verdict.Status == Inconclusive || r.count(cause.Problem) == 0 {
		d.line("## " + d.sign(markOfVerdict(r)) + " " + d.inline(r.Verdict.Summary))
	}
	for _, f := range r.roots() {
		d.finding(f)
		for _, page := range onThis(r, f.Cause) {
			d.line("- " + d.inline(page))
		}
	}
	if from := consequences(r); from != "" {
		d.paragraph("What follows from that: " + d.inline(from) + ".")
	}
	if len(r.Ways) > 0 {
		d.paragraph("### " + waysTitle(r) + d.inline(r.Ways[0].Host))
		d.blank()
		for _, way := range r.Ways {
			d.line(fmt.Sprintf("- port %d: %s; %s", way.Port, protocolName(way), waySays(r, way)))
		}
	}
	d.paragraph("### What was checked")
	d.blank()
	for _, row := range rowsOf(r) {
		took := ""
		if row.took != "" {
			took = " (" + row.took + ")"
		}
		d.line("- " + d.sign(row.mark) + " " + row.name + ": " + d.inline(row.says) + took)
	}
}

func (d *document) finding(f cause.Finding) {
	d.paragraph("## " + d.sign(marks[f.Severity]) + " " + d.inline(f.Title))
	d.paragraph(d.inline(f.Says) + " (" + string(f.Severity) + ", " + string(f.Confidence) + ")")
	if len(f.Quotes)+len(f.Candidates)+len(f.Fix) > 0 {
		d.blank()
	}
	for _, quote := range f.Quotes {
		d.line("- The server says: " + code(quote))
	}
	for i, c := range f.Candidates {
		rule, _ := cause.ByCode(c.Cause)
		d.line(fmt.Sprintf("- possible cause %d: %s (%s): %s; %s can see that", i+1, d.inline(rule.Title), d.inline(c.Cause), d.inline(c.Confirm), d.inline(string(c.Who))))
	}
	for _, step := range f.Fix {
		d.line("- **" + d.inline(capital(string(step.Who))) + "**: " + d.inline(step.Do))
	}
	d.line("- more: `ftpdoctor explain " + f.Cause + "`")
}

// support is the part that support would ask for.
func (d *document) support(r *Report) {
	d.paragraph("### For support")
	d.blank()
	for _, detail := range supportDetails(r) {
		for _, value := range detail.Values {
			d.line("- " + detail.Label + ": " + d.inline(value))
		}
	}
}

// data is the capsule, folded.
func (d *document) data(capsule string) {
	d.paragraph("<details>\n<summary>The data of this report</summary>")
	d.paragraph(aboutData)
	d.paragraph("```text\n" + capsule + "```")
	d.paragraph("</details>")
}

const aboutData = "Everything that this run saw: names and addresses, what the servers said, certificates, host keys and times. " +
	"No password, no listing, no file name. To read it, save this whole page and run `ftpdoctor read FILE`."

// line writes one line as it is.
func (d *document) line(s string) {
	d.WriteString(d.shown(s) + "\n")
}

// paragraph writes a line or a few after a blank one.
func (d *document) paragraph(s string) {
	d.blank()
	d.line(s)
}

// unmarked are words that mean nothing to Markdown and to what ticket systems add to it: mentions, issue
// numbers, addresses that become links, signs between colons that become pictures.
var (
	unmarked = regexp.MustCompile(`^[\pL\pN("'“][\pL\pN.,;:()"'/%+=?!“”…–-]*$|^[–/]$`)
	marking  = regexp.MustCompile(`(?i)://|^["'(“]*www\.|^-|--|:[a-z_]+:`)
	listMark = regexp.MustCompile(`^[0-9]+[.)]$`) // at the start of a line
)

// inline is a sentence of ours, which can hold words of strangers. A word that could mean something to
// Markdown becomes code, in which nothing does. The punctuation around it stays outside.
func (d *document) inline(s string) string {
	words := strings.Fields(s)
	for i, word := range words {
		if plainWord(word) && (i > 0 || !listMark.MatchString(word)) {
			continue
		}
		core := strings.Trim(word, `("'“”.,;:)?!`)
		before, after, _ := strings.Cut(word, core)
		if core == "" || strings.Contains(after, core) {
			before, core, after = "", word, ""
		}
		words[i] = before + code(core) + after
	}
	return strings.Join(words, " ")
}

func plainWord(word string) bool {
	return unmarked.MatchString(word) && !marking.MatchString(word)
}

// code is a text in which nothing means anything (CommonMark section 6.1).
func code(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return "` `"
	}
	fence, pad := "`", ""
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		pad = " "
	}
	return fence + pad + s + pad + fence
}

// markOfVerdict is the mark before the verdict.
func markOfVerdict(r *Report) mark {
	switch r.Verdict.Status {
	case OK:
		return good
	case Inconclusive:
		return unknown
	default:
		return bad
	}
}
