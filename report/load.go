package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// The bounds of a report that somebody sent. A run of 7 ports on 64 addresses stays far below them.
const (
	MaxSize   = 16 << 20 // bytes
	maxDepth  = 32
	maxValues = 1 << 19
	maxFacts  = 20_000
)

// Load reads a saved JSON report and judges it again with the rules of this version. The remark says
// what the reader should know about that; it is empty most of the time. Every text is cleaned, as
// the report may come from a stranger.
func Load(text []byte) (r *Report, remark string, err error) {
	if len(text) > MaxSize {
		return nil, "", fmt.Errorf("it is larger than %d MiB, which no report is", MaxSize>>20)
	}
	tree, err := readTree(plainUTF8(text))
	if err != nil {
		return nil, "", err
	}
	var saved Report
	if err := reshape(tree, &saved); err != nil {
		return nil, "", err
	}
	switch {
	case saved.Schema == 0:
		return nil, "", errors.New(`it is JSON, but no report of ftpdoctor: "schema" is missing`)
	case saved.Schema < 0 || saved.Schema > Schema:
		return nil, "", fmt.Errorf("it has schema %d, and this version reads up to %d; use a newer ftpdoctor", saved.Schema, Schema)
	case saved.Target.Host == "":
		return nil, "", errors.New(`it names no host: "target" is missing`)
	case len(saved.Seen) > maxFacts:
		return nil, "", fmt.Errorf("it holds %d facts, and no run has more than %d", len(saved.Seen), maxFacts)
	}
	for i := range saved.Seen {
		saved.Seen[i].ID = i + 1 // evidence is named by these
	}
	p, remark := savedProfile(&saved)
	return New(saved.Run, p), remark, nil
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

// readTree reads one JSON value within the bounds, its texts cleaned.
func readTree(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	t := &tree{d: d}
	value, err := t.value(0)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			return nil, errors.New("something follows the report; keep only what is from the first { to its }")
		}
		return value, nil
	}
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("it is empty")
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("it is cut off after %d bytes; ask for the whole file", len(text))
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("it is no JSON report (byte %d: %w); save one with: ftpdoctor -f json HOST", syntax.Offset, syntax)
	default:
		return nil, err
	}
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

func (t *tree) array(depth int) (any, error) {
	list := []any{}
	for t.d.More() {
		value, err := t.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := t.d.Token()
	return list, err
}

func (t *tree) object(depth int) (any, error) {
	fields := map[string]any{}
	for t.d.More() {
		name, err := t.d.Token()
		if err != nil {
			return nil, err
		}
		value, err := t.value(depth + 1)
		if err != nil {
			return nil, err
		}
		fields[fact.Clean(fmt.Sprint(name))] = value
	}
	_, err := t.d.Token()
	return fields, err
}

// reshape puts a tree into the types of a report.
func reshape(tree any, saved *Report) error {
	text, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	err = json.Unmarshal(text, saved)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("it is no report of ftpdoctor: %q cannot be %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		return fmt.Errorf("it is no report of ftpdoctor: %w", err)
	}
	return nil
}
