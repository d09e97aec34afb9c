package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Where sessions end sooner than most keep-alives come, the ways in and the settings have the time that was measured.
func TestMeasuredKeepAlive(t *testing.T) {
	for file, want := range map[string]string{
		"idle-server-limit/example":                     "30",
		"idle-server-limit/example-before-a-keep-alive": "10", // the server ends them after 20 s
		"idle-nat-limit/example-soon":                   "15", // the router forgets within 30 s
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile("cause/testdata/" + file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var run fact.Run
			if err := json.Unmarshal(text, &run); err != nil {
				t.Fatal(err)
			}
			r := New(run, profile.Generic)
			settings, err := Apps[0].Settings(r)
			if err != nil || !strings.Contains(settings.Text, "Keep-alive   "+want+" seconds\n") {
				t.Errorf("%v\n%s", err, settings.Text)
			}
			var shown bytes.Buffer
			if err := writeText(&shown, r, Options{Width: 80}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(strings.Fields(shown.String()), " "), "keep-alive every "+want+" s") {
				t.Errorf("the way in does not say so:\n%s", shown.String())
			}
		})
	}
}

// A step that took long raises the time-out of the settings, and nothing lowers it.
func TestMeasuredTimeout(t *testing.T) {
	text, err := os.ReadFile("cause/testdata/ftp-slow-banner/example.json")
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[fact.Millis]string{6: "60", 29: "60", 40: "90", 500: "600"} {
		var run fact.Run
		if err := json.Unmarshal(text, &run); err != nil {
			t.Fatal(err)
		}
		for i := range run.Seen {
			if run.Seen[i].Opening != nil {
				run.Seen[i].Took = seconds * 1000
			}
		}
		settings, err := Apps[0].Settings(New(run, profile.Generic))
		if err != nil || !strings.Contains(settings.Text, "Time-out     "+want+" seconds\n") {
			t.Errorf("a greeting after %v s: %v\n%s", seconds, err, settings.Text)
		}
	}
}
