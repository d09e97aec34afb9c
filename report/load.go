package report

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// The bounds of a report that somebody sent. A run of 7 ports on 64 addresses stays far below them.
const (
	MaxSize   = 16 << 20 // bytes
	maxDepth  = 32
	maxValues = 1 << 21
	maxFacts  = 50_000
)

// Load finds a report in what somebody saved or pasted, and judges it again with the rules of this version. The
// remark says what the reader should know about that; it is empty most of the time. Every text is
// cleaned, as the report may come from a stranger. Where only the first part of a report can be used, err says why,
// and r is that part as it was judged then: half of the facts could lead to a wrong judgement.
func Load(text []byte) (r *Report, remark string, err error) {
	if len(text) > MaxSize {
		return nil, "", fmt.Errorf("it is larger than %d MiB, which no report is", MaxSize>>20)
	}
	data, damage, err := find(text)
	if err != nil {
		return nil, "", err
	}
	tree, err := readTree(data)
	if cut, ok := errors.AsType[*cutError](err); ok {
		damage = cmp.Or(damage, error(cut))
	} else if err != nil {
		return nil, "", cmp.Or(damage, err)
	}
	var saved Report
	if err := reshape(tree, &saved); err != nil {
		return nil, "", cmp.Or(damage, err)
	}
	if err := saved.usable(); err != nil {
		return nil, "", cmp.Or(damage, err)
	}
	number(saved.Seen)
	for _, round := range saved.Earlier {
		number(round.Seen)
	}
	if damage != nil {
		return saved.asItStands(), "", damage
	}
	p, remark := savedProfile(&saved)
	r = New(saved.Run, p)
	return r, joined(remark, judgedOtherwise(&saved, r)), nil
}

// number gives facts their numbers, by which evidence is named.
func number(seen []fact.Observation) {
	for i := range seen {
		seen[i].ID = i + 1
	}
}

// facts counts those of all rounds.
func (r *Report) facts() int {
	n := len(r.Seen)
	for _, round := range r.Earlier {
		n += len(round.Seen)
	}
	return n
}

// usable says what is wrong with a report as a whole.
func (r *Report) usable() error {
	switch {
	case r.Schema == 0:
		return errors.New(`it is JSON, but no report of ftpdoctor: "schema" is missing`)
	case r.Schema < 0 || r.Schema > Schema:
		return fmt.Errorf("it has schema %d, and this version reads up to %d; use a newer ftpdoctor%s", r.Schema, Schema, r.itSaid())
	case r.Target.Host == "":
		return errors.New(`it names no host: "target" is missing`)
	case r.facts() > maxFacts:
		return fmt.Errorf("it holds %d facts, and no run has more than %d", r.facts(), maxFacts)
	}
	return nil
}

// itSaid is the verdict that a report brings along, for one that cannot be judged again.
func (r *Report) itSaid() string {
	if r.Verdict.Summary == "" {
		return ""
	}
	return fmt.Sprintf(" (made by %s, it said: %s)", r.maker(), strings.TrimSuffix(r.Verdict.Summary, "."))
}

func (r *Report) maker() string {
	return strings.TrimSpace("ftpdoctor " + r.Tool.Version)
}

// asItStands makes what is left of a report fit to be shown, without judging it.
func (r *Report) asItStands() *Report {
	r.Findings = slices.DeleteFunc(append([]cause.Finding{}, r.Findings...), func(f cause.Finding) bool {
		_, known := cause.ByCode(f.Cause)
		return !known || marks[f.Severity] == mark{}
	})
	r.Ways = append([]cause.Way{}, r.Ways...)
	r.Profile = nil
	r.judgedBy, _ = savedProfile(r)
	r.Verdict = Verdict{Inconclusive, exitInconclusive, "This is only a part of a report, and is not judged again" + r.itSaid() + "."}
	return r
}

// judgedOtherwise says what this version finds and the one that made the report did not, and the reverse.
func judgedOtherwise(saved, now *Report) string {
	if saved.Verdict.Status == "" {
		return "" // facts alone
	}
	more, fewer := without(now.codes(), saved.codes()), without(saved.codes(), now.codes())
	var says []string
	if len(more) > 0 {
		says = append(says, "now found: "+strings.Join(more, ", "))
	}
	if len(fewer) > 0 {
		says = append(says, "no longer found: "+strings.Join(fewer, ", "))
	}
	if len(says) == 0 && saved.Verdict.Status != now.Verdict.Status {
		says = append(says, fmt.Sprintf("now %s, then %s", now.Verdict.Status, short(string(saved.Verdict.Status))))
	}
	if len(says) == 0 {
		return ""
	}
	return fmt.Sprintf("%s judged this report otherwise: %s", saved.maker(), strings.Join(says, "; "))
}

// codes lists the root causes, each once.
func (r *Report) codes() []string {
	var codes []string
	for _, f := range r.roots() {
		codes = append(codes, short(f.Cause))
	}
	return unique(codes)
}

// without lists the words of one list that another lacks.
func without(words, lacking []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return slices.Contains(lacking, word) })
}

// savedProfile is the built-in profile of the name, else the one that the report brings along.
func savedProfile(saved *Report) (p profile.Profile, remark string) {
	name := saved.Target.Profile
	if p, ok := profile.ByName(name); ok {
		return p, ""
	}
	if saved.Profile == nil {
		return profile.Generic, fmt.Sprintf("the report was made with the profile %q, which this version does not know; it is judged with the profile generic", name)
	}
	text, err := json.Marshal(saved.Profile)
	if err == nil {
		p, err = profile.Parse(text)
	}
	if err != nil {
		return profile.Generic, fmt.Sprintf("the profile %q in the report cannot be used (%v); it is judged with the profile generic", name, err)
	}
	return p, ""
}

// plainUTF8 undoes what Windows does to a text: PowerShell 5 writes UTF-16 with a byte order mark
// when output is redirected, some editors write UTF-8 with one.
func plainUTF8(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	text = text[2:]
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// cutError says that a report ends too early.
type cutError struct{ after int }

func (e *cutError) Error() string {
	return fmt.Sprintf("it is cut off after %d bytes; ask for the whole report", e.after)
}

// readTree reads the JSON value at the start of a text within the bounds, its texts cleaned. What follows it are the
// words of whoever pasted it. Of a value that is cut off it returns the first part.
func readTree(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	t := &tree{d: d}
	value, err := t.value(0)
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return value, &cutError{len(text)}
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("it is no JSON report (byte %d: %w); save one with: ftpdoctor -f json HOST", syntax.Offset, syntax)
	}
	return value, err
}

// tree reads JSON and counts what it reads.
type tree struct {
	d      *json.Decoder
	values int
}

func (t *tree) value(depth int) (any, error) {
	t.values++
	switch {
	case depth > maxDepth:
		return nil, fmt.Errorf("it is nested deeper than %d levels, which no report is", maxDepth)
	case t.values > maxValues:
		return nil, fmt.Errorf("it holds more than %d values, which no report does", maxValues)
	}
	token, err := t.d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		return fact.Clean(token), nil
	case json.Delim:
		if token == '[' {
			return t.array(depth)
		}
		return t.object(depth)
	default:
		return token, nil
	}
}

// array reads a list. It returns what was read before an error, too.
func (t *tree) array(depth int) (any, error) {
	list := []any{}
	for t.d.More() {
		value, err := t.value(depth + 1)
		if err != nil {
			return list, err
		}
		list = append(list, value)
	}
	_, err := t.d.Token()
	return list, err
}

// object reads an object. Of the outermost one it returns what was read before an error, too.
func (t *tree) object(depth int) (any, error) {
	fields := map[string]any{}
	for t.d.More() {
		name, err := t.d.Token()
		if err != nil {
			return partOf(fields, depth), err
		}
		value, err := t.value(depth + 1)
		if value != nil || err == nil {
			fields[fact.Clean(fmt.Sprint(name))] = value
		}
		if err != nil {
			return partOf(fields, depth), err
		}
	}
	if _, err := t.d.Token(); err != nil {
		return partOf(fields, depth), err
	}
	return fields, nil
}

// partOf keeps the part of the outermost object alone: half a fact is none.
func partOf(fields map[string]any, depth int) any {
	if depth > 0 {
		return nil
	}
	return fields
}

// reshape puts a tree into the types of a report.
func reshape(tree any, saved *Report) error {
	text, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, saved)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("it is no report of ftpdoctor: %q cannot be %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return fmt.Errorf("it is no report of ftpdoctor: %w", err)
	}
	return nil
}
