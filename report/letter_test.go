package report

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Letters from saved runs: what each asks for, and what it must not say.
func TestLetter(t *testing.T) {
	for _, c := range []struct {
		file  string
		wants []string
		not   []string
	}{
		{"tcp-port-filtered/example.json", []string{"What to open\n", "TCP to port 21 of", "no answer to the connect within", "connected after"}, []string{"port 443", "What else to change"}},
		{"data-pasv-blocked/example.json", []string{"TCP to ports 40000-50000 of", "FTP data connections (passive\n"}, []string{"port 21:", "FTP, explicit TLS"}},
		{"tls-rst-after-auth/example.json", []string{"What else to change\n", "let encrypted FTP to"}, []string{"What to open"}},
		{"tls-intercepted/example.json", []string{"from TLS inspection"}, []string{"What to open"}},
	} {
		text, err := Letter(judged(t, c.file), Options{Unicode: true})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing:\n%s", c.file, want, text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: it says %q:\n%s", c.file, not, text)
			}
		}
	}
}

// Where nothing is blocked there is no letter, and none is made of pseudonyms.
func TestNoLetter(t *testing.T) {
	for _, file := range []string{"healthy-files-com/facts.json", "login-bad-credentials/example.json", "tls-expired/example.json"} {
		if text, err := Letter(judged(t, file), Options{}); err == nil || !strings.Contains(err.Error(), "nothing that your network would have to open") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	r := judged(t, "tcp-port-filtered/example.json")
	r.Redacted = true
	if _, err := Letter(r, Options{}); err == nil || !strings.Contains(err.Error(), "redacted") {
		t.Errorf("a letter of pseudonyms: %v", err)
	}
}

// Whatever a run saw, a letter asks for nothing that is open, names only addresses of the run, and can be read anywhere.
func TestLettersAskForNothingOpen(t *testing.T) {
	files, err := filepath.Glob("cause/testdata/*/*.json")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d runs, %v", len(files), err)
	}
	asked := regexp.MustCompile(`TCP to ports? ([0-9, -]+) of ([0-9a-f.:, ]+): `)
	letters := 0
	for _, file := range files {
		r := judged(t, strings.TrimPrefix(file, "cause/testdata/"))
		text, err := Letter(r, Options{})
		if err != nil {
			continue
		}
		letters++
		for line := range strings.SplitSeq(text, "\n") {
			if len(line) > 80 && !strings.HasPrefix(line, "https://") || strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("%s: %q cannot be read anywhere", file, line)
			}
		}
		for _, m := range asked.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1) {
			for address := range strings.SplitSeq(m[2], ", ") {
				checkClosed(t, file, r, address, m[1])
			}
		}
	}
	if letters < 20 {
		t.Errorf("only %d of %d runs make a letter", letters, len(files))
	}
}

// checkClosed holds what is asked for against the connects of the run.
func checkClosed(t *testing.T, file string, r *Report, address, ports string) {
	t.Helper()
	known := false
	for _, o := range r.Seen {
		at, err := netip.ParseAddrPort(o.Endpoint)
		if err != nil || at.Addr().Unmap().String() != address {
			continue
		}
		known = true
		port := strconv.Itoa(int(at.Port()))
		if o.Dial != nil && o.Dial.Purpose == "" && o.Failure == nil && slices.Contains(strings.Split(ports, ", "), port) {
			t.Errorf("%s: port %s of %s is open, and the letter asks for it", file, port, address)
		}
	}
	if !known {
		t.Errorf("%s: the letter asks for %s, which the run never saw", file, address)
	}
}

// judged judges a run of the rules' examples.
func judged(t *testing.T, file string) *Report {
	t.Helper()
	text, err := os.ReadFile("cause/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var run fact.Run
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	p, ok := profile.ByName(run.Target.Profile)
	if !ok {
		p = profile.Generic
	}
	return New(run, p)
}
