package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// picture is a drawing in SVG's coordinates.
type picture struct {
	Width, Height int
	Boxes         []box
	Lines         []line
	Bars          []bar
	Labels        []label
	Says          string // for who cannot see it
}

type box struct {
	signed
	X, Y, W, H int
	Below      string // a second, smaller line
}

// Middle, First and Second are where its texts stand.
func (b box) Middle() int { return b.X + b.W/2 }

func (b box) First() int {
	if b.Below == "" {
		return b.Y + b.H/2 + 5
	}
	return b.Y + b.H/2 - 3
}

func (b box) Second() int { return b.Y + b.H/2 + 14 }

// line joins two boxes. A broken one has a cross in its middle.
type line struct {
	X1, Y1, X2, Y2 int
	Class          string
	Broken         bool
}

func (l line) MiddleX() int { return (l.X1 + l.X2) / 2 }

func (l line) MiddleY() int { return (l.Y1+l.Y2)/2 + 6 }

type bar struct {
	X, W  float64
	Y     int
	Class string
	Says  string
}

type label struct {
	X, Y int
	Text string
}

// The measures of the path, in SVG's units.
const (
	boxWidth, boxHeight = 128, 44
	rowHeight, gap      = 30, 46
	margin              = 8
	mostAddresses       = 8
)

// drawPath draws the way of a connection, from this computer to the data, with the breaks where they are.
func drawPath(r *Report, c *cause.Case) picture {
	addresses := c.Addresses()
	more := max(len(addresses)-mostAddresses, 0)
	addresses = addresses[:len(addresses)-more]

	var p picture
	rows := 0
	for _, address := range addresses {
		rows += max(len(c.On(address)), 2)
	}
	p.Height = max(rows*rowHeight, boxHeight) + len(addresses)*12 + 2*margin
	middle := p.Height / 2

	at := margin
	here := p.stage(&at, middle, signed{r.markOf(computerPart(c)), "this computer"}, ownAddress(c))
	name := p.stage(&at, middle, signed{r.markOf(namePart(c)), "name"}, addressCount(len(addresses)+more))
	network := p.stage(&at, middle, signed{networkMark(c), "network"}, "")
	p.join(here, name)
	p.join(name, network)

	wide := boxWidth
	for _, address := range addresses {
		wide = max(wide, len(address)*8+16)
	}
	const portWidth = 224
	portsAt := at + wide + gap
	p.Width = portsAt + portWidth + 2*(boxWidth+gap) + margin

	y := margin
	var ways []box
	for _, address := range addresses {
		on := c.On(address)
		height := max(len(on), 2) * rowHeight
		host := p.box(box{signed{addressMark(on), address}, at, y + height/2 - boxHeight/2, wide, boxHeight, ""})
		p.join(network, host)
		for i, e := range on {
			state := r.stateOf(e)
			state.Text = strconv.Itoa(e.Port) + " " + state.Text
			port := p.box(box{state, portsAt, y + i*rowHeight + 2, portWidth, rowHeight - 4, ""})
			p.join(host, port)
			p.Lines[len(p.Lines)-1].Broken = port.mark == bad && !e.Connected()
			if e.Proof() != "" {
				ways = append(ways, port)
			}
		}
		y += height + 12
	}
	if more > 0 {
		p.Labels = append(p.Labels, label{at, p.Height + 12, fmt.Sprintf("and %d more", more)})
		p.Height += 2 * margin
	}

	at = portsAt + portWidth + gap
	login := p.stage(&at, middle, signInState(r), "")
	data := p.stage(&at, middle, dataState(r), "")
	for _, way := range ways {
		p.join(way, login)
	}
	p.join(login, data)
	p.Says = r.Verdict.Summary
	return p
}

// stage adds a box to the right of the last one.
func (p *picture) stage(at *int, middle int, s signed, below string) box {
	b := p.box(box{s, *at, middle - boxHeight/2, boxWidth, boxHeight, short(below)})
	*at += boxWidth + gap
	return b
}

func (p *picture) box(b box) box {
	p.Boxes = append(p.Boxes, b)
	return b
}

// join draws the line between two boxes. It is broken where the second cannot be reached.
func (p *picture) join(a, b box) {
	p.Lines = append(p.Lines, line{a.X + a.W, a.Y + a.H/2, b.X, b.Y + b.H/2, b.Class(), b.mark == bad})
}

// networkMark says whether anything outside answers.
func networkMark(c *cause.Case) mark {
	if len(c.Endpoints) == 0 {
		return skipped
	}
	if slices.ContainsFunc(c.Addresses(), c.Live) {
		return good
	}
	return bad
}

func addressMark(on []*cause.Endpoint) mark {
	for _, e := range on {
		if e.Connected() || e.Talk.Dial.Failed(fact.Refused) {
			return good
		}
	}
	return bad
}

func signInState(r *Report) signed {
	switch {
	case letIn(r):
		return signed{good, "sign-in"}
	case r.Spent.Logins > 0:
		return signed{bad, "sign-in"}
	default:
		return signed{skipped, "sign-in"}
	}
}

func dataState(r *Report) signed {
	for _, w := range r.Ways {
		if w.Proof == cause.ProofListed || w.Proof == cause.ProofWrote {
			return signed{good, "data"}
		}
	}
	return signed{skipped, "data"}
}

func addressCount(n int) string {
	if n == 1 {
		return "1 address"
	}
	return strconv.Itoa(n) + " addresses"
}

// ownAddress is this computer's first address.
func ownAddress(c *cause.Case) string {
	if c.Machine == nil || len(c.Machine.Addresses) == 0 {
		return ""
	}
	address, _, _ := strings.Cut(c.Machine.Addresses[0], "/")
	return address
}

// The measures of the waterfall.
const (
	timesLabel, timesWidth, timesEnd = 370, 560, 90 // the label has room for the longest IPv6 address and port
	timesRow, mostRows               = 20, 80
)

// drawTimes draws a line for each conversation, and on it a bar for each step.
func drawTimes(r *Report) picture {
	p := picture{Width: timesLabel + timesWidth + timesEnd, Says: "When each step began and how long it took, over " + length(r.Took)}
	whole := float64(min(max(r.Took, 1), 24*60*60*1000))
	row, place := -1, ""
	for i := range r.Seen {
		o := &r.Seen[i]
		if o.Skip != nil || o.Took <= 0 {
			continue
		}
		if here := placeOf(o); here != place {
			place = here
			row++
			if row == mostRows {
				p.Labels = append(p.Labels, label{0, row*timesRow + 14, "and more"})
				break
			}
			p.Labels = append(p.Labels, label{0, row*timesRow + 14, orWord(o.Endpoint, o.Check)})
		}
		start := min(max(float64(o.At), 0), whole) / whole * timesWidth
		wide := min(max(float64(o.Took)/whole*timesWidth, 1), timesWidth-min(start, timesWidth-1))
		kind := kindOf(o)
		if o.Failure != nil && (o.Lookup == nil || o.Lookup.Purpose == "") { // a name that cannot exist fails as it should
			kind = "failed"
		}
		p.Bars = append(p.Bars, bar{timesLabel + start, wide, row*timesRow + 3, kind, fmt.Sprintf("%s: %s", kindOf(o), length(o.Took))})
	}
	p.Height = (row+1)*timesRow + 24
	p.Labels = append(p.Labels, label{timesLabel, p.Height - 4, "0"}, label{timesLabel + timesWidth, p.Height - 4, length(r.Took)})
	return p
}

// kindOf is the kind of a step, which is its colour too.
func kindOf(o *fact.Observation) string {
	switch {
	case o.Lookup != nil:
		return "lookup"
	case o.Dial != nil:
		return "connect"
	case o.Opening != nil, o.Ident != nil:
		return "greeting"
	case o.TLS != nil, o.Kex != nil:
		return "encryption"
	default:
		return "answer"
	}
}
