package main

import (
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
