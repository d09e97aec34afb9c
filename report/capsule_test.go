package report

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// saved lists the saved reports that the formats are tested with. They are runs of the lab.
func saved(t testing.TB) map[string]*Report {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d saved reports, want at least 5 (%v)", len(files), err)
	}
	reports := map[string]*Report{}
	for _, file := range files {
		reports[strings.TrimSuffix(filepath.Base(file), ".json")] = loadFile(t, file)
	}
	return reports
}

func loadFile(t testing.TB, file string) *Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := Load(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return r
}

// asJSON is everything about a report, for comparing.
func asJSON(t testing.TB, r *Report) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func markdownOf(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := writeMarkdown(&b, r, Options{Unicode: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What people and their programs do to a text on its way. Nothing of it may change the report.
var journeys = []struct {
	name string
	bend func(string) string
}{
	{"as it was", func(s string) string { return s }},
	{"line ends of Windows", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }},
	{"line ends of an old Mac", func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }},
	{"quoted twice", func(s string) string { return prefixed(s, "> > ") }},
	{"quoted with initials", func(s string) string { return prefixed(s, "JD> ") }},
	{"quoted with a bar", func(s string) string { return prefixed(s, "| ") }},
	{"indented", func(s string) string { return prefixed(s, "\t    ") }},
	{"wrapped at 50", func(s string) string { return wrapped(s, 50) }},
	{"quoted, then wrapped at 72 and quoted again", func(s string) string { return prefixed(wrapped(prefixed(s, "> "), 72), "> ") }},
	{"all lines joined", func(s string) string { return strings.ReplaceAll(s, "\n", " ") }},
	{"joined without a blank", func(s string) string { return strings.ReplaceAll(s, "\n", "") }},
	{"blank lines left out, lines trimmed", func(s string) string { return regexp.MustCompile(`\n\s*`).ReplaceAllString(s, "\n") }},
	{"the fence left out", func(s string) string { return strings.ReplaceAll(s, "```", "") }},
	{"as HTML", func(s string) string { return strings.ReplaceAll(s, "\n", "<br>\n&nbsp;") }},
	{"words around it", func(s string) string {
		return "Dear support,\nit says {this}:\n\n" + s + "\n-- \nBest, A. User 123456\n"
	}},
	{"as PowerShell writes it", func(s string) string { return "\xff\xfe" + utf16LE(s) }},
	{"as quoted-printable", quotedPrintable},
	{"with places to break", func(s string) string { return strings.ReplaceAll(s, "AB", "A\u200bB") }},
	{"in the code of a wiki", func(s string) string { return "{code}\n" + s + "{code}" }},
	{"after another copy", func(s string) string { return s + "\n" + s }},
}

func quotedPrintable(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a Builder never fails
	_ = w.Close()
	return b.String()
}

func prefixed(s, prefix string) string {
	return prefix + strings.ReplaceAll(s, "\n", "\n"+prefix)
}

func wrapped(s string, width int) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		for r := []rune(line); ; r = r[width:] {
			if len(r) <= width {
				lines = append(lines, string(r))
				break
			}
			lines = append(lines, string(r[:width]))
		}
	}
	return strings.Join(lines, "\n")
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestCapsuleSurvivesItsJourney(t *testing.T) {
	for name, r := range saved(t) {
		markdown, want := markdownOf(t, r), asJSON(t, r)
		for _, journey := range journeys {
			t.Run(name+"/"+journey.name, func(t *testing.T) {
				got, remark, err := Load([]byte(journey.bend(markdown)))
				if err != nil {
					t.Fatal(err)
				}
				if remark != "" {
					t.Errorf("remark %q, want none", remark)
				}
				if asJSON(t, got) != want {
					t.Errorf("the report changed:\n%s\nwas\n%s", asJSON(t, got), want)
				}
			})
		}
	}
}

func TestUsualMarkdownIsSmall(t *testing.T) {
	const most = 8 << 10
	for _, name := range []string{"healthy-files-com", "port-21-blocked"} {
		if size := len(markdownOf(t, loadFile(t, "testdata/"+name+".json"))); size > most {
			t.Errorf("%s takes %d bytes, want at most %d", name, size, most)
		}
	}
}

// Older reports could not be read any more.
func TestCapsuleWordsNeverChange(t *testing.T) {
	if sum := crc32.ChecksumIEEE(capsuleWords); sum != 0xeb096004 {
		t.Errorf("the words have the sum %#x; give the form a new version, and keep the old words for version 1", sum)
	}
}

func TestDamagedCapsules(t *testing.T) {
	r := loadFile(t, "testdata/port-21-blocked.json")
	markdown := markdownOf(t, r)
	lines := strings.Split(markdown, "\n")
	first := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, "ftpdoctor data") }) + 1
	last := slices.Index(lines, "ftpdoctor end of data") - 1
	all := last - first + 1
	change := func(line int, to string) string {
		changed := slices.Clone(lines)
		changed[line] = to
		return strings.Join(changed, "\n")
	}
	middle := first + all/2
	damagedAt := func(n int) string { return fmt.Sprintf("damaged in line %d of %d", n, all) }
	for _, c := range []struct{ name, text, want string }{
		{"cut in the middle", strings.Join(lines[:middle], "\n"), fmt.Sprintf("cut off in line %d of %d", middle-first+1, all)},
		{"cut within a line", strings.Join(lines[:middle], "\n") + lines[middle][:30], fmt.Sprintf("cut off in line %d of %d", middle-first+1, all)},
		{"one letter changed", change(middle, "0"+lines[middle][1:]), damagedAt(middle - first + 1)},
		{"one letter lost", change(middle, lines[middle][1:]), damagedAt(middle - first + 1)},
		{"a line lost", change(middle, ""), damagedAt(middle - first + 1)},
		{"a line twice", change(middle, lines[middle-1]), damagedAt(middle - first + 1)},
		{"the last line lost", change(last, ""), damagedAt(all)},
		{"words in between", change(middle, lines[middle]+"\nOn Friday somebody wrote:"), damagedAt(middle - first + 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			part, _, err := Load([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if part == nil {
				t.Fatal("nothing of it is shown")
			}
			if part.Verdict.Status != Inconclusive || !strings.Contains(part.Verdict.Summary, "Port 21 is blocked") {
				t.Errorf("verdict %+v, want an inconclusive one with the old sentence", part.Verdict)
			}
			if len(part.Findings) != 1 || len(part.Seen) == 0 || len(part.Seen) > len(r.Seen) {
				t.Errorf("%d findings and %d facts of %d", len(part.Findings), len(part.Seen), len(r.Seen))
			}
			for _, f := range Formats {
				if err := f.Write(&bytes.Buffer{}, part, Options{Verbose: true}); err != nil {
					t.Errorf("as %s: %v", f.Name, err)
				}
			}
		})
	}
}

func TestCapsulesThatCannotBeShown(t *testing.T) {
	r := loadFile(t, "testdata/healthy-files-com.json")
	text, err := capsule(r)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(text, "\n")
	newer := *r
	newer.Schema = Schema + 1
	newer.Tool.Version = "9.9.9"
	fromFuture, err := capsule(&newer)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"a newer form", strings.Replace(head, "data 1", "data 2", 1) + "\n" + rest, "the form 2, and this version reads the form 1; use a newer ftpdoctor"},
		{"a newer report", fromFuture, "schema 2, and this version reads up to 1; use a newer ftpdoctor (made by ftpdoctor 9.9.9, it said: acme.files.com works from here"},
		{"no line left", head, "cut off in line 1 of"},
		{"a first line of nonsense", head + "\n" + strings.Repeat("x", lineChars), "damaged in line 1 of"},
		{"a length of nothing", "ftpdoctor data 1: 0 characters\nftpdoctor end of data", "damaged"},
		{"a length beyond all bounds", "ftpdoctor data 1: 999999999 characters\nabc\nftpdoctor end of data", "damaged in line 1 of"},
		{"a bomb", pack(t, bytes.Repeat([]byte(" "), MaxSize+1)), "unpack to more than 16 MiB"},
		{"no JSON", pack(t, []byte("hello")), "no JSON"},
		{"another JSON", pack(t, []byte(`{"hello": 1}`)), `"schema" is missing`},
		{"nesting", pack(t, bytes.Repeat([]byte(`{"schema":[`), 1000)), "nested deeper than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			part, _, err := Load([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if part != nil {
				t.Errorf("it is shown: %s", asJSON(t, part))
			}
		})
	}
}

// A server can say whatever looks like data. The data of the report stand behind everything that it said.
func TestCapsuleOfAServerIsNotTheReports(t *testing.T) {
	forged, err := capsule(loadFile(t, "testdata/healthy-files-com.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := loadFile(t, "testdata/port-21-blocked.json")
	genuine := markdownOf(t, r)
	pasted := asJSON(t, r)
	for name, text := range map[string]string{
		"capsule before the capsule": forged + genuine,
		"JSON before the capsule":    `{"schema": 1, "target": {"host": "evil.example"}, "facts": []}` + "\n" + genuine,
		"capsule within the JSON":    "Here it is: " + strings.Replace(pasted, "FTP Server ready", strings.ReplaceAll(forged, "\n", " "), 1),
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := Load([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != r.Verdict {
				t.Errorf("verdict %+v, want %+v", got.Verdict, r.Verdict)
			}
		})
	}
}

// pack makes a capsule of any data.
func pack(t testing.TB, data []byte) string {
	t.Helper()
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevelDict(&packed, zlib.BestCompression, capsuleWords)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	lines := capsuleLines(packed.Bytes())
	return fmt.Sprintf("ftpdoctor data 1: %d characters\n%s\nftpdoctor end of data\n", len(strings.Join(lines, "")), strings.Join(lines, "\n"))
}

func FuzzLoad(f *testing.F) {
	r := loadFile(f, "testdata/expired-and-wrong-name.json")
	f.Add([]byte(markdownOf(f, r)))
	f.Add([]byte(prefixed(asJSON(f, r), "> ")))
	f.Add([]byte("ftpdoctor data 1: 79 characters\n000000000000000"))
	f.Add([]byte(pack(f, []byte(`{"schema":1,"target":{"host":"a"},"facts":[{"dial":{}},{"tls":null}]}`))))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _, err := Load(text)
		if r == nil {
			if err == nil {
				t.Fatal("neither a report nor an error")
			}
			return
		}
		for _, format := range Formats {
			if err := format.Write(&bytes.Buffer{}, r, Options{Verbose: true}); err != nil {
				t.Errorf("as %s: %v", format.Name, err)
			}
		}
	})
}
