package report

import (
	"bytes"
	"compress/zlib"
	_ "embed" // of the words
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// A capsule is the JSON of a report, packed into lines of letters and digits so that it can travel inside
// a text for people. Nothing but letters and digits counts, so that quoting, wrapping, joined lines and CRLF do
// no harm. Each line ends in two characters that check it and its place, so that damage is found where it is.
//
//	ftpdoctor data 1: 4979 characters
//	0Kq2f... (66 characters for 48 bytes, and 2 that check them)
//	ftpdoctor end of data
const (
	capsuleVersion = 1

	blockBytes = 8
	blockChars = 11 // 62^11 is more than 2^64
	lineChars  = 6*blockChars + checkChars
	checkChars = 2
	digits     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// The words that most reports hold, the likeliest last: what a packed report need not repeat. They belong to the version of
// the form, and never change.
//
//go:embed capsule.dict
var capsuleWords []byte

var (
	capsuleBegin = regexp.MustCompile(`(?i)ftpdoctor\W{1,12}data\W{1,12}(\d{1,3})\W{1,12}(\d{1,9})\W{1,12}characters`)
	capsuleEnd   = regexp.MustCompile(`(?i)ftpdoctor\W{1,12}end\W{1,12}of\W{1,12}data`)

	// What mail programs put between the lines: tags, entities, and quoting with initials ("JD> ").
	markup   = regexp.MustCompile(`<[^<>]{0,200}>|&#?\w{1,8};`)
	initials = regexp.MustCompile(`(?m)^[ \t]*[A-Za-z]{1,4}>`)
)

// capsule packs a report.
func capsule(r *Report) (string, error) {
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevelDict(&packed, zlib.BestCompression, capsuleWords)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	light := *r
	light.Seen, light.Earlier = unnumbered(r.Seen), slices.Clone(r.Earlier)
	for i := range light.Earlier {
		light.Earlier[i].Seen = unnumbered(light.Earlier[i].Seen)
	}
	if err := encode(&text, &light, ""); err != nil {
		return "", err
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	lines := capsuleLines(packed.Bytes())
	body := strings.Join(lines, "\n")
	length := len(body) - (len(lines) - 1)
	return fmt.Sprintf("ftpdoctor data %d: %d characters\n%s\nftpdoctor end of data\n", capsuleVersion, length, body), nil
}

// unnumbered are facts without their numbers: Load numbers them as they were.
func unnumbered(seen []fact.Observation) []fact.Observation {
	seen = slices.Clone(seen)
	for i := range seen {
		seen[i].ID = 0
	}
	return seen
}

// capsuleLines writes bytes as checked lines. The last block is filled up with zeros, which zlib leaves alone.
func capsuleLines(data []byte) []string {
	data = append(bytes.Clone(data), make([]byte, (blockBytes-len(data)%blockBytes)%blockBytes)...)
	var lines []string
	var line strings.Builder
	flush := func() {
		lines = append(lines, line.String()+lineCheck(len(lines), line.String()))
		line.Reset()
	}
	for len(data) > 0 {
		line.WriteString(base62(binary.BigEndian.Uint64(data), blockChars))
		data = data[blockBytes:]
		if line.Len() == lineChars-checkChars {
			flush()
		}
	}
	if line.Len() > 0 {
		flush()
	}
	return lines
}

// lineCheck is computed from a line and its number, so that a line out of place is found too.
func lineCheck(number int, line string) string {
	sum := crc32.ChecksumIEEE(fmt.Appendf(nil, "%d:%s", number, line))
	return base62(uint64(sum)%uint64(len(digits)*len(digits)), checkChars)
}

func base62(n uint64, width int) string {
	out := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		out[i] = digits[n%62]
		n /= 62
	}
	return string(out)
}

// fromBase62 reads a block. It fails where the number is larger than any block.
func fromBase62(s string) (uint64, bool) {
	var n uint64
	for i := range len(s) {
		over, low := bits.Mul64(n, 62)
		sum, carry := bits.Add64(low, uint64(strings.IndexByte(digits, s[i])), 0)
		if over != 0 || carry != 0 {
			return 0, false
		}
		n = sum
	}
	return n, true
}

// unpack finds the last capsule of a text, as everything that a server said stands before the capsule of its report.
// Where a part of it is missing or damaged, it returns the JSON before that, and says in damage what is wrong.
func unpack(text []byte) (data []byte, damage, err error) {
	begins := capsuleBegin.FindAllSubmatchIndex(text, -1)
	if begins == nil {
		return nil, nil, errNoCapsule
	}
	last := begins[len(begins)-1]
	version, _ := strconv.Atoi(string(text[last[2]:last[3]]))
	length, _ := strconv.Atoi(string(text[last[4]:last[5]]))
	if version != capsuleVersion {
		return nil, nil, fmt.Errorf("its data have the form %d, and this version reads the form %d; use a newer ftpdoctor", version, capsuleVersion)
	}
	body, whole := text[last[1]:], false
	if end := capsuleEnd.FindIndex(body); end != nil {
		body, whole = body[:end[0]], true
	}
	packed, damage := readLines(lettersAndDigits(body), length, whole)
	data, err = inflate(packed)
	switch {
	case errors.Is(err, errBomb):
		return nil, nil, err
	case err != nil && damage == nil:
		damage = errors.New("its data are damaged, though every line of them is whole; ask for the report again")
	}
	return data, damage, nil
}

var errNoCapsule = errors.New("it holds no data of a report")

func lettersAndDigits(body []byte) []byte {
	body = initials.ReplaceAll(markup.ReplaceAll(body, nil), nil)
	kept := body[:0:0]
	for _, c := range body {
		if strings.IndexByte(digits, c) >= 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// readLines decodes the lines up to the first that is not as it was written.
func readLines(chars []byte, length int, whole bool) (data []byte, damage error) {
	all := (length + lineChars - 1) / lineChars
	for number := range all {
		size := min(lineChars, length-number*lineChars)
		if len(chars) < size && !whole {
			return data, fmt.Errorf("its data are cut off in line %d of %d; ask for the whole report", number+1, all)
		}
		line, ok := readLine(number, chars[:min(size, len(chars))])
		if !ok {
			return data, fmt.Errorf("its data are damaged in line %d of %d; ask for the report again, as a file", number+1, all)
		}
		data = append(data, line...)
		chars = chars[size:]
	}
	return data, nil
}

func readLine(number int, line []byte) ([]byte, bool) {
	size := len(line) - checkChars
	if size <= 0 || size%blockChars != 0 || lineCheck(number, string(line[:size])) != string(line[size:]) {
		return nil, false
	}
	var data []byte
	for block := range slices.Chunk(line[:size], blockChars) {
		n, ok := fromBase62(string(block))
		if !ok {
			return nil, false
		}
		data = binary.BigEndian.AppendUint64(data, n)
	}
	return data, true
}

var errBomb = fmt.Errorf("its data unpack to more than %d MiB, which no report does", MaxSize>>20)

// inflate unpacks within the bound of a report. What came before an error is returned with it.
func inflate(packed []byte) ([]byte, error) {
	z, err := zlib.NewReaderDict(bytes.NewReader(packed), capsuleWords)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, MaxSize+1))
	if len(data) > MaxSize {
		return nil, errBomb
	}
	return data, err
}
