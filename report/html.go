package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

//go:embed html.tmpl
var htmlText string

// writeHTML writes one page that needs nothing else: no script, no request. Every text goes through the template's
// escaping.
func writeHTML(w io.Writer, r *Report, _ Options) error {
	page, err := template.New("report").Parse(htmlText)
	if err != nil {
		return err
	}
	data, err := capsule(r)
	if err != nil {
		return err
	}
	transcript := newPage(Options{Unicode: true, Width: 100})
	transcript.transcript(r)
	c := cause.NewCase(&r.Run, &r.judgedBy)
	return page.Execute(w, map[string]any{
		"Report":     r,
		"Verdict":    signed{markOfVerdict(r), r.Verdict.Summary},
		"Findings":   htmlFindings(r),
		"Ways":       htmlWays(r),
		"Tried":      dialled(&r.Run),
		"Rows":       htmlRows(r),
		"Path":       drawPath(r, c),
		"Times":      drawTimes(r),
		"Matrix":     matrixOf(r, c),
		"Support":    supportDetails(r),
		"Transcript": transcript.String(),
		"Data":       data,
		"About":      strings.ReplaceAll(aboutData, "`", ""),
	})
}

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

type htmlFinding struct {
	signed
	cause.Finding
	Steps      []htmlStep
	Candidates []htmlStep
	Follows    string // the cause that explains it
}

type htmlStep struct{ Who, Do string }

func htmlFindings(r *Report) []htmlFinding {
	var found []htmlFinding
	for _, f := range r.roots() {
		shown := htmlFinding{signed: signed{marks[f.Severity], f.Title}, Finding: f}
		for _, step := range f.Fix {
			shown.Steps = append(shown.Steps, htmlStep{capital(string(step.Who)), step.Do})
		}
		for _, c := range f.Candidates {
			rule, _ := cause.ByCode(c.Cause)
			shown.Candidates = append(shown.Candidates, htmlStep{rule.Title + " (" + c.Cause + ")", c.Confirm + "; " + string(c.Who) + " can see that"})
		}
		found = append(found, shown)
	}
	return found
}

type htmlWay struct {
	cause.Way
	Name, Proven string
}

func htmlWays(r *Report) []htmlWay {
	var ways []htmlWay
	for _, w := range r.Ways {
		ways = append(ways, htmlWay{w, protocolName(w), proofSays(w)})
	}
	return ways
}

type htmlRow struct {
	signed
	Name, Took string
}

func htmlRows(r *Report) []htmlRow {
	var rows []htmlRow
	for _, row := range rowsOf(r) {
		rows = append(rows, htmlRow{signed{row.mark, row.says}, row.name, row.took})
	}
	return rows
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
