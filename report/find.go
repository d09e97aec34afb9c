package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
)

var (
	object    = regexp.MustCompile(`^\{\s*["}]`) // not the {code} of a wiki
	jsonBegin = regexp.MustCompile(`\{[\s>|]*"schema"[\s>|]*:`)
	quoting   = regexp.MustCompile(`(?m)^[ \t>|]+`)

	// Words of the formats that carry no data, by which a report is known all the same.
	withoutData = regexp.MustCompile(`more: ftpdoctor explain|o way in works from here|What (works|answers) from here|<testsuites|ftpdoctor_`)
)

// find finds the JSON of a report in what somebody saved or pasted: the JSON itself, or a text with a
// capsule, other words around them. Where only the first part of it can be used, damage says why.
func find(text []byte) (data []byte, damage, err error) {
	text = bytes.TrimSpace(plainUTF8(text))
	if len(text) == 0 {
		return nil, nil, errors.New("it is empty")
	}
	pasted := pastedJSON(text)
	value := firstValue(pasted)
	switch packed := capsuleBegin.Match(text); {
	case pasted != nil && !packed,
		object.Match(text) && value == nil,
		capsuleBegin.Match(value): // a capsule inside the JSON is something that a server said
		return pasted, nil, nil
	case packed:
		return unpack(text)
	case withoutData.Match(text):
		return nil, nil, errors.New("it is a report without its data; ask for one that was saved with -f markdown or -f json")
	default:
		return nil, nil, errors.New("there is no report of ftpdoctor in it; save one with: ftpdoctor -f json HOST")
	}
}

// pastedJSON is a text from where a JSON report begins in it, without the quoting of a mail.
func pastedJSON(text []byte) []byte {
	if object.Match(text) {
		return unwrapped(text)
	}
	start := jsonBegin.FindIndex(text)
	if start == nil {
		return nil
	}
	line := text[bytes.LastIndexByte(text[:start[0]], '\n')+1 : start[0]]
	if bytes.ContainsAny(line, ">|") {
		return unwrapped(quoting.ReplaceAll(text[start[0]:], nil))
	}
	return unwrapped(text[start[0]:])
}

// unwrapped undoes the wrapping of a mail program: JSON has line ends between its words alone (RFC 8259 section 7).
func unwrapped(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, text)
}

// firstValue is the JSON value at the start of a text; nil where it is not whole.
func firstValue(text []byte) []byte {
	var value json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&value); err != nil {
		return nil
	}
	return value
}
