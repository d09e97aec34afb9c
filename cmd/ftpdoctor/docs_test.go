package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/spf13/cobra"

	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

var update = flag.Bool("update", false, "write the generated pages anew")

const causePages = "../../docs/causes"

// The page of each cause in docs/causes is the one that ftpdoctor explain shows.
func TestDocsOfCauses(t *testing.T) {
	pages := map[string]string{"README.md": causeIndex()}
	for _, rule := range cause.Rules {
		pages[rule.Code+".md"] = causePage(rule)
	}
	if *update {
		if err := os.MkdirAll(causePages, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range pages {
		file := filepath.Join(causePages, name)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := readDoc(t, file); got != want {
			t.Errorf("%s is not what the rule says; write it anew with: go test ./cmd/ftpdoctor -run Docs -update", file)
		}
	}
	files, err := os.ReadDir(causePages)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if pages[file.Name()] == "" {
			t.Errorf("docs/causes/%s belongs to no rule; delete it", file.Name())
		}
	}
}

func causeIndex() string {
	var b strings.Builder
	b.WriteString("# The causes\n\nThis list and its pages are generated from the rules. `ftpdoctor explain CAUSE` shows a page without a network.\n\n" +
		"| cause | usually a | in a few words |\n|---|---|---|\n")
	for _, rule := range cause.Rules {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", rule.Code, rule.Code, rule.Severity, rule.Title)
	}
	return b.String()
}

func causePage(rule cause.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s`, usually a %s.\n", rule.Title, rule.Code, rule.Severity)
	fmt.Fprintf(&b, "\n## What it is\n\n%s\n\n## What shows it\n\n%s\n\n## What to do\n\n%s\n", rule.Page.Means, rule.Page.Shown, rule.Page.Mend)
	if len(rule.ExplainedBy) > 0 {
		b.WriteString("\n## Where it can come from\n\n")
		for _, code := range rule.ExplainedBy {
			explaining, _ := cause.ByCode(code)
			fmt.Fprintf(&b, "- [%s](%s.md): %s\n", code, code, explaining.Title)
		}
	}
	return b.String()
}

// The sample in the README is what ftpdoctor demo prints, but for times, dates and the keys that the lab makes up.
func TestDocsShowTheDemo(t *testing.T) {
	readme := readDoc(t, "../../README.md")
	_, sample, found := strings.Cut(readme, "$ go run ./cmd/ftpdoctor demo\n")
	sample, _, ended := strings.Cut(sample, "```")
	if !found || !ended {
		t.Fatal("README.md shows no demo")
	}
	synctest.Test(t, func(t *testing.T) {
		_, want, _ := start(t, "", "demo")
		if timeless(sample) != timeless(want) {
			t.Errorf("the sample in README.md is out of date; ftpdoctor demo prints\n%s", want)
		}
	})
}

// changing are the parts of a text report that differ from run to run.
var changing = regexp.MustCompile(`under 1 ms|\d+ ms|\d+\.\d s|\d{4}-\d\d-\d\d|\d\d:\d\d UTC|SHA256:\S+|[a-z]+/[a-z0-9]+, `)

func timeless(text string) string {
	return strings.Join(strings.Fields(changing.ReplaceAllString(text, "")), " ")
}

// Every flag and every command that the documentation writes down exists.
func TestDocsNameWhatExists(t *testing.T) {
	root := (&process{}).rootCommand()
	files := []string{"../../README.md", "../../CONTRIBUTING.md"}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := []string{"HOST", "FILE", "is"}
	for _, c := range root.Commands() {
		commands = append(commands, c.Name())
	}
	flags := regexp.MustCompile("`[^`\n]*--([a-z-]{2,})")
	calls := regexp.MustCompile("`ftpdoctor ([a-zA-Z]+)")
	for _, file := range append(files, more...) {
		text := readDoc(t, file)
		for _, m := range flags.FindAllStringSubmatch(text, -1) {
			if !known(root, m[1]) {
				t.Errorf("%s writes --%s, which does not exist", file, m[1])
			}
		}
		for _, m := range calls.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(commands, m[1]) {
				t.Errorf("%s writes ftpdoctor %s, which is no command", file, m[1])
			}
		}
	}
}

// known says whether a command, or one below it, has a flag. The flags of other programs that the pages name are known too.
func known(root *cobra.Command, flag string) bool {
	has := func(c *cobra.Command) bool { return c.Flags().Lookup(flag) != nil }
	return has(root) || slices.ContainsFunc(root.Commands(), has) || slices.Contains([]string{"version", "help", "config"}, flag)
}

// The example in docs/profiles.md is a profile that can be used.
func TestDocsProfile(t *testing.T) {
	_, text, found := strings.Cut(readDoc(t, "../../docs/profiles.md"), "```json\n")
	text, _, ended := strings.Cut(text, "```")
	if !found || !ended {
		t.Fatal("docs/profiles.md shows no profile")
	}
	if _, err := profile.Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

// readDoc reads a page as Git stores it, whatever the line ends of the checkout are.
func readDoc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
