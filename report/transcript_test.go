package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ftpdoctor/probe/fact"
)

// The transcript has words for every kind of fact.
func TestEveryFactIsDescribed(t *testing.T) {
	files, err := filepath.Glob("cause/testdata/*/*.json")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var run fact.Run
		if err := json.Unmarshal(text, &run); err != nil {
			t.Fatal(err)
		}
		for i := range run.Seen {
			lines := describe(&run.Seen[i])
			if len(lines) == 0 || slices.Contains(lines, "") || slices.Contains(lines, "something that this version does not know") {
				t.Errorf("%s: observation %d is described as %q", file, i+1, lines)
			}
		}
	}
}

// What somebody signed in with is named in words.
func TestTranscriptOfALogin(t *testing.T) {
	for method, want := range map[string]string{
		"password":                     "sign-in with a password: accepted",
		"key and password":             "sign-in with a key and a password: accepted",
		"key and keyboard-interactive": "sign-in with a key and answers to the server's questions: accepted",
	} {
		if got := describeLogin(&fact.Login{Method: method, Outcome: fact.Accepted}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
	}
}
