package report

import (
	"bytes"
	"encoding/json"
	cli "flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

var update = cli.Bool("update", false, "write the golden files anew")

// Each saved report has the text that a terminal shows beside it; one of them in plain ASCII, with the transcript.
func TestText(t *testing.T) {
	for file, r := range saved(t) {
		base := "testdata/" + strings.TrimSuffix(file, ".json")
		golden(t, base+".txt", textOf(t, r, Options{Unicode: true}))
	}
	r := loadFile(t, "testdata/port-21-blocked.json")
	golden(t, "testdata/port-21-blocked.verbose.txt", textOf(t, r, Options{Verbose: true}))
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with: go test ./report -update", err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s differs; got\n%s", file, got)
	}
}

func textOf(t testing.TB, r *Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := writeText(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestASCIIIsASCII(t *testing.T) {
	for file, r := range saved(t) {
		text := textOf(t, r, Options{Verbose: true, Width: 60})
		if i := strings.IndexFunc(text, func(c rune) bool { return c > unicode.MaxASCII }); i >= 0 {
			t.Errorf("%s: more than ASCII: %q", file, text[i:min(i+20, len(text))])
		}
		for line := range strings.Lines(text) {
			if n := len(line) - 1; n > 60 {
				t.Errorf("%s: %d columns: %s", file, n, line)
			}
		}
	}
}

// Colour repeats what is said already.
func TestColourCarriesNothing(t *testing.T) {
	r := loadFile(t, "testdata/port-21-blocked.json")
	coloured := textOf(t, r, Options{Unicode: true, Color: true})
	if !strings.Contains(coloured, "\x1b[31m✗\x1b[0m") {
		t.Error("a problem is not red")
	}
	for _, sequence := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"} {
		coloured = strings.ReplaceAll(coloured, sequence, "")
	}
	if plain := textOf(t, r, Options{Unicode: true}); coloured != plain {
		t.Errorf("without its colours the text is\n%s", coloured)
	}
}

// What a stranger wrote into a report reaches no terminal, log or page as it is, in no format.
func TestStrangersCannotPaint(t *testing.T) {
	text, err := os.ReadFile("testdata/limits-on-both-servers.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	const evil = "\x1b[2J\x1b]0;owned\x07\u202e\u009b31m\x00\r\n::error::"
	poison(tree, "", evil)
	poisoned, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := Load(poisoned)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, format := range Formats {
		var b bytes.Buffer
		if err := format.Write(&b, r, Options{Unicode: true, Verbose: true}); err != nil {
			t.Fatal(err)
		}
		shown += strings.Count(b.String(), "owned")
		for _, c := range b.String() {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("%s: %U in\n%.300q", format.Name, c, b.String())
				break
			}
		}
	}
	if shown == 0 {
		t.Error("nothing of what the server wrote is shown")
	}
}

// poison changes the texts that come from the other side.
func poison(value any, name, evil string) {
	foreign := map[string]bool{
		"lines": true, "before": true, "line": true, "subject": true, "issuer": true, "names": true, "plain": true,
		"text": true, "server_name": true, "version": true, "suite": true, "alert_text": true, "server": true,
		"typed": true, "user": true, "os": true, "path": true, "reason": true, "what": true, "key": true,
	}
	switch value := value.(type) {
	case map[string]any:
		for field, part := range value {
			if s, ok := part.(string); ok && foreign[field] {
				value[field] = s + evil
			}
			poison(part, field, evil)
		}
	case []any:
		for i, part := range value {
			if s, ok := part.(string); ok && foreign[name] {
				value[i] = s + evil
			}
			poison(part, name, evil)
		}
	}
}

func TestBehindNAT(t *testing.T) {
	for _, c := range []struct {
		addresses []string
		want      bool
	}{
		{[]string{"192.168.1.20/24"}, true},
		{[]string{"100.72.0.4/10", "10.1.2.3/8"}, true}, // RFC 6598
		{[]string{"10.1.2.3/8", "203.0.113.5/24"}, false},
		{[]string{"2001:db8::5/64"}, false},
		{[]string{"169.254.7.7/16"}, false},
		{[]string{"what somebody wrote"}, false},
		{nil, false},
	} {
		if got := behindNAT(c.addresses); got != c.want {
			t.Errorf("%q: %v", c.addresses, got)
		}
	}
}

// Whoever reads the report sees whether ports and addresses show one certificate, even where two look alike.
func TestCertificatesAreCompared(t *testing.T) {
	seen := func(port int, sha256 string) []fact.Observation {
		place := fmt.Sprintf("192.0.2.1:%d", port)
		return []fact.Observation{
			{Endpoint: place, Conn: port, Dial: &fact.Dial{Try: 1}},
			{Endpoint: place, Conn: port, TLS: &fact.TLS{Mode: fact.Implicit, Version: "TLS 1.3", Chain: []fact.Certificate{{Names: []string{"ftp.example.org"}, SHA256: sha256}}}},
		}
	}
	for _, c := range []struct{ first, second, web, tls, says string }{
		{"aa", "aa", "aa", "certificate for ftp.example.org", ", the same as for FTP"},
		{"aa", "bb", "aa", "2 different certificates", ", not the same as for FTP"},
		{"aa", "aa", "bb", "certificate for ftp.example.org", ", not the same as for FTP"},
	} {
		run := fact.Run{Target: fact.Target{Host: "ftp.example.org"}, Seen: slices.Concat(seen(990, c.first), seen(3990, c.second), seen(443, c.web))}
		for i := range run.Seen {
			run.Seen[i].ID, run.Seen[i].Check = i+1, "endpoints"
		}
		judged := cause.NewCase(&run, &profile.Generic)
		if got := tlsPart(judged).says; !strings.Contains(got, c.tls) {
			t.Errorf("tls: %q, want %q", got, c.tls)
		}
		if got := webPart(judged).says; !strings.HasSuffix(got, c.says) {
			t.Errorf("web: %q, want %q", got, c.says)
		}
	}
}
