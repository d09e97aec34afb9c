package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// page lays out lines of text. Widths are counted in characters.
type page struct {
	strings.Builder
	Options
}

func newPage(o Options) *page {
	o.Width = max(cmp.Or(o.Width, 80), 40)
	return &page{Options: o}
}

// mark says at a glance how something is. Colour only repeats what the mark says.
type mark struct {
	sign, ascii string
	colour      string // of SGR, ECMA-48 section 8.3.117
}

var (
	good     = mark{"✓", "+", "32"}
	bad      = mark{"✗", "x", "31"}
	doubtful = mark{"!", "!", "33"}
	note     = mark{"·", ".", "36"}
	unknown  = mark{"?", "?", "33"}
	skipped  = mark{"–", "-", "2"}
)

// sign is the mark as this place can show it.
func (p *page) sign(m mark) string {
	return p.coloured(m.colour, pick(p.Unicode, m.sign, m.ascii))
}

func (p *page) coloured(colour, s string) string {
	if !p.Color || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// blank separates two parts, unless the page has just begun.
func (p *page) blank() {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
}

// title begins a part.
func (p *page) title(s string) {
	for _, line := range p.wrap(s, p.Width) {
		p.WriteString(p.coloured("1", line) + "\n")
	}
}

// head is a marked line with a word at the right margin.
func (p *page) head(m mark, s, right string) {
	room := p.Width - 2
	if right != "" {
		room -= utf8.RuneCountInString(right) + 2
	}
	for i, line := range p.wrap(s, room) {
		pad := room - utf8.RuneCountInString(line)
		if i > 0 {
			p.WriteString("  " + p.coloured("1", line) + "\n")
			continue
		}
		p.WriteString(p.sign(m) + " " + p.coloured("1", line))
		if right != "" {
			p.WriteString(strings.Repeat(" ", pad+2) + right)
		}
		p.WriteByte('\n')
	}
}

// text is a paragraph.
func (p *page) text(indent int, s string) {
	p.labelled(indent, "", 0, s)
}

// labelled is a paragraph with a label to its left, in a column of its own.
func (p *page) labelled(indent int, label string, column int, s string) {
	for i, line := range p.wrap(s, p.Width-indent-column) {
		if i > 0 {
			label = ""
		}
		p.WriteString(strings.TrimRight(fmt.Sprintf("%*s%-*s%s", indent, "", column, label, line), " ") + "\n")
	}
}

// row is a line of what was checked.
type row struct {
	mark mark
	name string
	says string
	took string // at the right margin; may be empty
}

func (p *page) row(r row, column int) {
	const margin = 8
	lines := p.wrap(r.says, p.Width-4-column-margin)
	for i, line := range lines {
		if i > 0 {
			p.text(4+column, line)
			continue
		}
		start := fmt.Sprintf("  %s %-*s%s", p.sign(r.mark), column, r.name, line)
		if r.took != "" {
			gap := p.Width - 4 - column - utf8.RuneCountInString(line) - utf8.RuneCountInString(r.took)
			start += strings.Repeat(" ", max(gap, 1)) + r.took
		}
		p.WriteString(strings.TrimRight(start, " ") + "\n")
	}
}

// wrap breaks a text into lines of at most so many characters, and keeps blanks at its start. A word that is
// longer is broken.
func (p *page) wrap(s string, room int) []string {
	room = max(room, 20)
	words := strings.Split(p.shown(s), " ")
	var lines []string
	line := words[0]
	for i := 1; ; i++ {
		for utf8.RuneCountInString(line) > room {
			cut := len(string([]rune(line)[:room]))
			lines = append(lines, line[:cut])
			line = line[cut:]
		}
		if i == len(words) {
			return append(lines, line)
		}
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(words[i]) > room {
			lines = append(lines, line)
			line = words[i]
		} else {
			line += " " + words[i]
		}
	}
}

// plain are the characters outside ASCII that have a plain form.
var plain = strings.NewReplacer("…", "...", "–", "-", "—", "-", "“", `"`, "”", `"`, "‘", "'", "’", "'", "·", ".", "\u00a0", " ")

// commands are what GitHub's runner acts on, whatever program prints them: ::error:: at the start of a line, ##[error] anywhere.
// Any part of a text can come to stand at the start of a line. An IPv6 address holds no letter after f.
var commands = regexp.MustCompile(`(?i)::[a-z-]*[g-z-]|##\[[a-z-]`)

// shown is a text as this place can show it, in which nothing is a command: `\x3a:error::`.
func (p *page) shown(s string) string {
	return p.spelt(commands.ReplaceAllStringFunc(s, func(found string) string {
		return strings.NewReplacer("::", `\x3a:`, "##", `\x23#`).Replace(found)
	}))
}

// spelt is a text in the characters that this place can show.
func (p *page) spelt(s string) string {
	if p.Unicode {
		return s
	}
	var b strings.Builder
	for _, r := range plain.Replace(s) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
