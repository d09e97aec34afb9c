package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"ftpdoctor/probe/lab"
	"ftpdoctor/report"
)

// Every world of the lab is written in every format. The formats that carry the data give the same report back.
func TestScenariosInEveryFormat(t *testing.T) {
	for _, s := range lab.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			var live string
			synctest.Test(t, func(t *testing.T) { _, live, _ = start(t, "", "demo", s.Name, "-f", "json") })
			for _, f := range report.Formats {
				_, text, said := start(t, live, "read", "-", "-f", f.Name, "--color", "never")
				if said != "" || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
					t.Errorf("as %s: %q and\n%s", f.Name, said, text)
				}
				if f.Name != "markdown" && f.Name != "html" {
					continue
				}
				if _, back, said := start(t, text, "read", "-", "-f", "json"); back != live {
					t.Errorf("from %s it comes back otherwise (%s):\n%s", f.Name, said, back)
				}
			}
		})
	}
}

// The commands in docs/ci.md and docs/for-support.md do what the pages say. Where they name a host, the lab has one.
func TestDocsCommandsRun(t *testing.T) {
	command := regexp.MustCompile(`(?m)^(?: {4}|.*run: |.*command_line  /usr/local/bin/)ftpdoctor (.*)$`)
	pages, err := filepath.Abs("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"office.md", "phone.md", "yesterday.json", "ticket.txt"} {
		format := map[bool]string{true: "json", false: "markdown"}[strings.HasSuffix(name, ".json")]
		if code, _, said := start(t, "", "demo", "healthy-vsftpd", "--quiet", "-o", format+"="+name); code != 0 {
			t.Fatalf("%s: %s", name, said)
		}
	}
	hosts := strings.NewReplacer("ftp.example.com", "demo healthy-vsftpd", "-F ", "demo healthy-login-vsftpd -F ", "$HOSTNAME$", "demo healthy-vsftpd", "/var/lib/node_exporter/", "", " > report.html", "")
	_, checks, _ := strings.Cut(readDoc(t, filepath.Join(pages, "ci.md")), "```json\n")
	checks, _, _ = strings.Cut(checks, "```")
	if err := os.WriteFile("checks.json", []byte(strings.ReplaceAll(checks, "ftp.example.com", "ftp.example.org")), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, page := range []string{"ci.md", "for-support.md"} {
		for _, m := range command.FindAllStringSubmatch(readDoc(t, filepath.Join(pages, page)), -1) {
			args := strings.Fields(hosts.Replace(m[1]))
			if strings.HasSuffix(args[0], ":") {
				continue // a message
			}
			ran++
			if code, _, said := start(t, "", args...); code != 0 {
				t.Errorf("%s: %s: exit code %d, %s", page, m[0], code, said)
			}
		}
	}
	if ran < 9 {
		t.Errorf("%d commands ran, and the pages hold more", ran)
	}
}
