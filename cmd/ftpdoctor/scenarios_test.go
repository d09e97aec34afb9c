package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

// Every world of the lab goes through the whole program, in virtual time. A goroutine that outlives the
// run makes synctest fail.
func TestScenarios(t *testing.T) {
	schema := compileSchema(t, "report")
	for _, s := range lab.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testScenario(t, s, schema) })
		})
	}
}

// A rule that no world shows may never fire.
func TestEveryCauseHasAScenario(t *testing.T) {
	shown := map[string]bool{}
	for _, s := range lab.Scenarios {
		for _, code := range s.Causes {
			shown[code] = true
		}
	}
	for _, rule := range cause.Rules {
		if !shown[rule.Code] {
			t.Errorf("no scenario of probe/lab shows %s", rule.Code)
		}
		delete(shown, rule.Code)
	}
	for code := range shown {
		t.Errorf("scenarios of probe/lab show %s, which is no rule", code)
	}
}

func testScenario(t *testing.T, s lab.Scenario, schema *jsonschema.Schema) {
	began := time.Now()
	code, live, said := start(t, "", "demo", s.Name, "-f", "json")
	if took := time.Since(began); took > patientTimeout || took > usualTimeout && !slices.Contains(s.Args, "--patient") && !slices.Contains(s.Args, "--idle") && !slices.Contains(s.Args, "--repeat") {
		t.Errorf("the run took %v, longer than its deadline", took)
	}
	if !strings.Contains(said, "demonstration") {
		t.Errorf("standard error does not say that it is a demonstration: %q", said)
	}
	checkSchema(t, schema, live)

	var r report.Report
	if err := json.Unmarshal([]byte(live), &r); err != nil {
		t.Fatalf("the report is no JSON: %v\n%s", err, live)
	}
	if code != r.Verdict.Exit {
		t.Errorf("exit code %d, the verdict says %d", code, r.Verdict.Exit)
	}
	checkCauses(t, s, &r)
	checkVerdict(t, &r)
	if took := time.Since(began); took > 12*time.Second && nothingAnswered(&r) {
		t.Errorf("nothing answered, and the run took %v", took)
	}

	code, again, _ := start(t, live, "read", "-", "-f", "json")
	if code != r.Verdict.Exit || again != live {
		t.Errorf("judged again, the report differs (exit code %d)", code)
	}
	_, text, _ := start(t, live, "read", "-", "--verbose", "--color", "never")
	checkText(t, text)
	checkSecret(t, s, live, said, again, text)
	if t.Failed() {
		_, text, _ = start(t, live, "read", "-")
		t.Logf("\n%s", text)
	}
}

// nothingAnswered says whether every connect was dropped.
func nothingAnswered(r *report.Report) bool {
	return !slices.ContainsFunc(r.Seen, func(o fact.Observation) bool { return o.Dial != nil && !o.Failed(fact.Dropped) })
}

// start runs the program as a locale with UTF-8 has it.
func start(t *testing.T, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := func(name string) string {
		if name == "LC_ALL" {
			return "C.UTF-8"
		}
		return ""
	}
	code = run(t.Context(), args, strings.NewReader(input), &out, &errs, env)
	return code, out.String(), errs.String()
}

// checkCauses compares the root causes with the truth about the world.
func checkCauses(t *testing.T, s lab.Scenario, r *report.Report) {
	t.Helper()
	got := []string{}
	for _, f := range r.Findings {
		if f.ExplainedBy == "" {
			got = append(got, f.Cause)
		}
	}
	slices.Sort(got)
	got = slices.Compact(got)
	want := append([]string{}, s.Causes...)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s\nfound  %q\nwanted %q", s.Says, got, want)
	}
}

// checkVerdict compares the verdict with findings and ways.
func checkVerdict(t *testing.T, r *report.Report) {
	t.Helper()
	problems := 0
	for _, f := range r.Findings {
		if f.ExplainedBy == "" && f.Severity == cause.Problem {
			problems++
		}
	}
	// Where somebody wanted to sign in and nobody was let in, no way in is known to work.
	wanted, letIn := false, false
	for _, one := range r.Each() {
		for _, o := range one.Seen {
			if o.Login != nil {
				wanted = wanted || o.Login.Withheld != fact.NoWayIn
				letIn = letIn || o.Login.Outcome == fact.Accepted
			}
		}
	}
	works := slices.ContainsFunc(r.Ways, func(w cause.Way) bool { return letIn == wanted && w.Proof != cause.ProofLoggedIn })
	want := report.OK
	switch {
	case r.Verdict.Status == report.Inconclusive:
		want = report.Inconclusive
	case problems > 0 && works:
		want = report.Degraded
	case problems > 0:
		want = report.Problem
	case wanted && !letIn:
		want = report.Inconclusive
	}
	if r.Verdict.Status != want {
		t.Errorf("the verdict is %s (%s), want %s with %d problems and %d ways", r.Verdict.Status, r.Verdict.Summary, want, problems, len(r.Ways))
	}
}

// checkText looks for what must never reach a terminal.
func checkText(t *testing.T, text string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("line %d has %d columns: %s", i+1, n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || !unicode.IsPrint(r) }) {
			t.Errorf("line %d holds a control character: %q", i+1, line)
		}
	}
	if !strings.Contains(text, "Checked\n") || !strings.Contains(text, "Transcript") {
		t.Errorf("the text is not complete:\n%s", text)
	}
}

func compileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func checkSchema(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("no JSON: %v\n%s", err, text)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("docs/report.schema.json: %v", err)
	}
}

// An interrupt at any time leaves a complete report.
func TestInterrupt(t *testing.T) {
	schema := compileSchema(t, "report")
	for _, after := range []time.Duration{0, time.Millisecond, 60 * time.Millisecond, time.Second, 3 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				var out bytes.Buffer
				code := run(ctx, []string{"demo", usualDemo, "-f", "json"}, strings.NewReader(""), &out, io.Discard, func(string) string { return "" })
				if code != 3 {
					t.Errorf("exit code %d, want 3", code)
				}
				checkSchema(t, schema, out.String())
				if !strings.Contains(out.String(), `"stopped": "interrupted"`) || !strings.Contains(out.String(), `"status": "inconclusive"`) {
					t.Errorf("the report does not say that it is incomplete:\n%.600s", out.String())
				}
			})
		})
	}
}

// The overall deadline does the same.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		code, out, _ := start(t, "", "demo", usualDemo, "-f", "json", "--timeout", "2s")
		if code != 3 || !strings.Contains(out, `"stopped": "deadline"`) {
			t.Errorf("exit code %d, report:\n%.600s", code, out)
		}
		checkSchema(t, compileSchema(t, "report"), out)
	})
}
