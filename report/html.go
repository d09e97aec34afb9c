package report

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

//go:embed html.css
var style string

// writeHTML writes one page that needs nothing else: no script, no request.
func writeHTML(w io.Writer, r *Report, _ Options) error {
	data, err := capsule(r)
	if err != nil {
		return err
	}
	c := cause.NewCase(&r.Run, &r.judgedBy)
	var d htmlDocument
	d.begin(r.Target.Host, signed{markOfVerdict(r), r.Verdict.Summary}, r.Target.Host+", "+r.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	for _, f := range r.roots() {
		d.finding(f, onThis(r, f.Cause))
	}
	d.path(drawPath(r, c))
	d.ways(r)
	d.rows(r)
	d.matrix(matrixOf(r, c))
	d.times(drawTimes(r))
	d.support(r)
	d.everything(r, data)
	d.end()
	_, err = io.WriteString(w, d.String())
	return err
}

// compareHTML writes a page of the same kind.
func compareHTML(w io.Writer, c *Comparison, _ Options) error {
	var d htmlDocument
	d.begin(c.After.Host, signed{c.mark(), c.sentence()}, "What changed between two reports")
	d.write(`<table><tr><th scope="row">before</th><td>%v</td></tr>`+"\n", sideSays(c.Before))
	d.write(`<tr><th scope="row">after</th><td>%v</td></tr></table>`+"\n", sideSays(c.After))
	for _, group := range c.groups() {
		if len(group.changes) == 0 {
			continue
		}
		d.heading(group.title)
		d.write(`<ul class="changes">` + "\n")
		for _, change := range group.changes {
			s := signed{group.mark, changeSays(change)}
			d.write(`<li class="%v"><span class="sign" aria-hidden="true">%v</span> %v</li>`+"\n", s.Class(), s.Sign(), s.Text)
		}
		d.write("</ul>\n")
	}
	d.end()
	_, err := io.WriteString(w, d.String())
	return err
}

// htmlDocument lays out a page by hand. A template would do the same, but the linker then keeps every method of
// every type, as a template could call it: 2 MiB.
type htmlDocument struct{ strings.Builder }

// write adds markup. Every value is escaped, for a text and for a quoted attribute alike, and there is no other way to
// put one in.
func (d *htmlDocument) write(markup string, values ...any) {
	for i, value := range values {
		values[i] = strings.ReplaceAll(html.EscapeString(fmt.Sprint(value)), "##[", "##&#91;") // a command to GitHub's runner
	}
	_, _ = fmt.Fprintf(d, markup, values...) // a Builder never fails
}

func (d *htmlDocument) begin(title string, head signed, below string) {
	d.write(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>ftpdoctor: %v</title>
<style>
`, title)
	d.WriteString(style)
	d.write("</style>\n</head>\n<body>\n<main>\n")
	d.write(`<h1 class="%v"><span class="sign" aria-hidden="true">%v</span> %v</h1>`+"\n", head.Class(), head.Sign(), head.Text)
	d.write(`<p class="dim">%v</p>`+"\n", below)
}

func (d *htmlDocument) finding(f cause.Finding, pages []string) {
	title := signed{marks[f.Severity], f.Title}
	d.write("\n"+`<section class="finding %v">`+"\n", title.Class())
	d.write(`<h2><span class="sign" aria-hidden="true">%v</span> %v</h2>`+"\n", title.Sign(), title.Text)
	d.write(`<p>%v <span class="dim">(%v, %v)</span></p>`+"\n", f.Says, f.Severity, f.Confidence)
	for _, quote := range f.Quotes {
		d.write(`<p>The server says: <q class="mono">%v</q></p>`+"\n", quote)
	}
	if len(f.Candidates) > 0 {
		d.write("<ol>")
		for _, c := range f.Candidates {
			rule, _ := cause.ByCode(c.Cause)
			d.write("<li>%v (%v): %v; %v can see that</li>", rule.Title, c.Cause, c.Confirm, c.Who)
		}
		d.write("</ol>\n")
	}
	if len(f.Fix) > 0 {
		d.write("<table>")
		for _, step := range f.Fix {
			d.write(`<tr><th scope="row">%v</th><td>%v</td></tr>`, capital(string(step.Who)), step.Do)
		}
		d.write("</table>\n")
	}
	for _, page := range pages {
		d.write(`<p class="dim">%v</p>`, page)
	}
	d.write(`<p class="dim">more: <code>ftpdoctor explain %v</code></p>`+"\n</section>\n", f.Cause)
}

// heading begins a part of the page.
func (d *htmlDocument) heading(text string) { d.write("\n<h2>%v</h2>\n", text) }

// scrolling begins a part that can be wider than the page.
func (d *htmlDocument) scrolling(name string) {
	d.write(`<div class="scroll" tabindex="0" role="region" aria-label="%v">`+"\n", name)
}

func (d *htmlDocument) picture(p picture) {
	d.write(`<svg width="%v" height="%v" viewBox="0 0 %v %v" role="img" aria-label="%v">`+"\n", p.Width, p.Height, p.Width, p.Height, p.Says)
	for _, l := range p.Lines {
		d.write(`<line x1="%v" y1="%v" x2="%v" y2="%v" class="%v"/>`+"\n", l.X1, l.Y1, l.X2, l.Y2, l.Class+pick(l.Broken, " broken", ""))
		if l.Broken {
			d.write(`<text x="%v" y="%v" text-anchor="middle" class="cross">✗</text>`+"\n", l.MiddleX(), l.MiddleY())
		}
	}
	for _, b := range p.Boxes {
		d.write(`<rect x="%v" y="%v" width="%v" height="%v" rx="5" class="box %v"/>`+"\n", b.X, b.Y, b.W, b.H, b.Class())
		d.write(`<text x="%v" y="%v" text-anchor="middle">%v %v</text>`+"\n", b.Middle(), b.First(), b.Sign(), b.Text)
		if b.Below != "" {
			d.write(`<text x="%v" y="%v" text-anchor="middle" class="small">%v</text>`+"\n", b.Middle(), b.Second(), b.Below)
		}
	}
	for _, b := range p.Bars {
		d.write(`<rect x="%v" y="%v" width="%v" height="14" class="%v"><title>%v</title></rect>`+"\n", b.X, b.Y, b.W, b.Class, b.Says)
	}
	for _, l := range p.Labels {
		d.write(`<text x="%v" y="%v">%v</text>`+"\n", l.X, l.Y, l.Text)
	}
	d.write("</svg>\n</div>\n")
}

func (d *htmlDocument) path(p picture) {
	d.heading("The path")
	d.scrolling("The path, as a picture")
	d.picture(p)
}

func (d *htmlDocument) ways(r *Report) {
	if len(r.Ways) == 0 {
		if dialled(&r.Run) {
			d.heading("No way in works from here")
		}
		return
	}
	d.heading(waysTitle(r) + r.Target.Host)
	d.write(`<table class="grid"><tr><th scope="col">Way in</th><th scope="col">Port</th><th scope="col">Proof</th></tr>` + "\n")
	for _, w := range r.Ways {
		d.write("<tr><td>%v</td><td>%v</td><td>%v</td></tr>\n", protocolName(w), w.Port, waySays(r, w))
	}
	d.write("</table>\n")
}

func (d *htmlDocument) rows(r *Report) {
	d.heading("What was checked")
	d.write("<table>\n")
	for _, row := range rowsOf(r) {
		s := signed{row.mark, row.says}
		d.write(`<tr><td class="%v"><span class="sign" aria-hidden="true">%v</span><span class="hidden">%v</span></td>`, s.Class(), s.Sign(), s.Word())
		d.write(`<th scope="row">%v</th><td>%v</td><td class="took">%v</td></tr>`+"\n", row.name, s.Text, row.took)
	}
	d.write("</table>\n")
}

func (d *htmlDocument) matrix(m matrix) {
	if len(m.Ports) == 0 {
		return
	}
	d.heading("Addresses and ports")
	d.scrolling("Addresses and ports")
	d.write(`<table class="grid"><tr><th scope="col">Address</th>`)
	for _, port := range m.Ports {
		d.write(`<th scope="col">%v</th>`, port)
	}
	d.write("</tr>\n")
	for _, row := range m.Addresses {
		d.write(`<tr><th scope="row" class="mono">%v</th>`, row.Address)
		for _, cell := range row.Cells {
			d.write(`<td class="%v"><span class="sign" aria-hidden="true">%v</span> %v</td>`, cell.Class(), cell.Sign(), cell.Text)
		}
		d.write("</tr>\n")
	}
	d.write("</table>\n</div>\n")
}

func (d *htmlDocument) times(p picture) {
	d.heading("Times")
	d.write(`<p class="dim">Each line is a conversation.`)
	for _, kind := range []struct{ colour, name string }{
		{"lookup", "lookup"}, {"connect", "connect"}, {"greeting", "greeting"}, {"encryption", "encryption"}, {"answer", "answer"}, {"bad", "failed"},
	} {
		d.write(`<span class="key" style="background:var(--%v)"></span>%v`, kind.colour, kind.name)
	}
	d.write("</p>\n")
	d.scrolling("Times, as a picture")
	d.picture(p)
}

func (d *htmlDocument) support(r *Report) {
	d.heading("For support")
	d.write("<table>\n")
	for _, detail := range supportDetails(r) {
		for _, value := range detail.Values {
			d.write(`<tr><th scope="row">%v</th><td class="mono">%v</td></tr>`+"\n", detail.Label, value)
		}
	}
	d.write("</table>\n")
}

func (d *htmlDocument) everything(r *Report, data string) {
	transcript := newPage(Options{Unicode: true, Width: 100})
	transcript.transcript(r)
	d.heading("Everything")
	d.write("<details>\n<summary>The transcript: what was said on the wire</summary>\n"+`<pre tabindex="0">%v</pre>`+"\n</details>\n", transcript.String())
	d.write(`<details class="data">`+"\n<summary>The data of this report</summary>\n<p>%v</p>\n"+`<pre tabindex="0">%v</pre>`+"\n</details>\n",
		strings.ReplaceAll(aboutData, "`", ""), data)
}

func (d *htmlDocument) end() { d.write("</main>\n</body>\n</html>\n") }

// signed is a text with the mark before it.
type signed struct {
	mark mark
	Text string
}

// Sign and Class show the mark; Word says it to who cannot see.
func (s signed) Sign() string { return s.mark.sign }

func (s signed) Class() string { return markWords[s.mark].class }

func (s signed) Word() string { return markWords[s.mark].word }

var markWords = map[mark]struct{ class, word string }{
	good:     {"good", "fine"},
	bad:      {"bad", "problem"},
	doubtful: {"doubtful", "warning"},
	note:     {"note", "note"},
	unknown:  {"doubtful", "unknown"},
	skipped:  {"skipped", "not tried"},
}

// matrix is the table of addresses and ports.
type matrix struct {
	Ports     []int
	Addresses []matrixRow
}

type matrixRow struct {
	Address string
	Cells   []signed // one for each port
}

func matrixOf(r *Report, c *cause.Case) matrix {
	m := matrix{Ports: c.Ports()}
	for _, address := range c.Addresses() {
		row := matrixRow{Address: address}
		for _, port := range m.Ports {
			row.Cells = append(row.Cells, r.stateOf(c.At(address, port)))
		}
		m.Addresses = append(m.Addresses, row)
	}
	return m
}

// stateOf sums an endpoint up: how the connect ended, or what is wrong after it.
func (r *Report) stateOf(e *cause.Endpoint) signed {
	if e == nil {
		return signed{skipped, "not tried"}
	}
	says := outcome(e.Talk.Dial)
	if e.Connected() {
		says += ", " + length(e.Talk.Dial.Took)
	}
	switch f := r.gravest(e.Place(), r.at(e.Place())); {
	case f != nil && e.Connected():
		return signed{marks[f.Severity], "open, " + f.Cause}
	case f != nil:
		return signed{marks[f.Severity], says}
	case e.Connected():
		return signed{good, says}
	case e.Talk.Dial.Failed(fact.Interrupted):
		return signed{unknown, says}
	default:
		return signed{skipped, says} // nobody misses it
	}
}
