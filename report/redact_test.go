package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// judgement is what a report says, without the words in which names stand.
func judgement(r *Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f.Cause, f.Severity, f.Confidence, f.ExplainedBy, f.Evidence, len(f.Where), len(f.Fix))
	}
	for _, w := range r.Ways {
		fmt.Fprintln(&b, w.Protocol, w.Port, w.Encryption, w.Proof)
	}
	fmt.Fprintln(&b, r.Verdict.Status, r.Verdict.Exit)
	return b.String()
}

// Every example of every rule is judged the same with pseudonyms in it.
func TestRedactedIsJudgedTheSame(t *testing.T) {
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
		p, ok := profile.ByName(run.Target.Profile)
		if !ok {
			t.Fatalf("%s has the profile %q", file, run.Target.Profile)
		}
		plain := New(run, p)
		for _, key := range []string{"one", "another"} {
			if got, want := judgement(plain.Redact([]byte(key))), judgement(plain); got != want {
				t.Errorf("%s with the key %s: judged\n%s\nwant\n%s", file, key, got, want)
			}
		}
	}
}
