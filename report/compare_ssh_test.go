package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// example is the report of an example of a rule.
func example(t testing.TB, file string) *Report {
	t.Helper()
	text, err := os.ReadFile("cause/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var run fact.Run
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	return New(run, profile.Generic)
}

// A key that the server no longer takes is worse, one that it takes at last is better, another list of methods is neither.
func TestCompareSignIns(t *testing.T) {
	works, refused := example(t, "key-certificate/near-miss.json"), example(t, "key-certificate/example.json")
	said := func(changes []Change) string {
		var says []string
		for _, c := range changes {
			if c.What == SignInMatter {
				says = append(says, c.Says)
			}
		}
		return strings.Join(says, "\n")
	}
	there, back := Compare(works, refused), Compare(refused, works)
	if got := said(there.Worse); !strings.HasSuffix(got, "is refused now; before: taken") || said(there.Better) != "" {
		t.Errorf("there: worse %q, better %q", got, said(there.Better))
	}
	if got := said(back.Better); !strings.HasSuffix(got, "is taken now; before: refused") || said(back.Worse) != "" {
		t.Errorf("back: better %q, worse %q", got, said(back.Worse))
	}
	if got := said(there.Other); got != "the server signs in by publickey now; before: password, publickey" {
		t.Errorf("the methods: %q", got)
	}
	other := example(t, "key-certificate/example.json")
	other.Target.User = "joe"
	if c := Compare(works, other); said(c.Worse)+said(c.Better)+said(c.Other) != "" {
		t.Errorf("another account is compared: %+v", c)
	}
}
