package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Who may import whom. A package is judged by what it imports itself, or, where deep is set, by all that it links.
var barred = []struct {
	pkg  string
	deep bool
	not  []string
	why  string
}{
	{"ftpdoctor/probe/fact", true, []string{"net", "net/http", "crypto/tls", "ftpdoctor/probe"}, "facts are plain data"},
	{"ftpdoctor/probe/fact", false, []string{"os"}, "facts are plain data"},
	{"ftpdoctor/probe/profile", true, []string{"net", "net/http", "crypto/tls", "ftpdoctor/probe"}, "profiles are plain data"},
	{"ftpdoctor/report/cause", true, []string{"net", "net/http", "crypto/tls", "crypto/x509", "os/exec", "ftpdoctor/probe", "ftpdoctor/report"}, "rules are pure functions over facts"},
	{"ftpdoctor/report/cause", false, []string{"os", "io", "syscall"}, "rules are pure functions over facts"},
	{"ftpdoctor/report", true, []string{"ftpdoctor/probe", "ftpdoctor/probe/lab", "net/http", "crypto/tls"}, "a report is computed from facts alone"},
	{"ftpdoctor/probe", true, []string{"ftpdoctor/report", "ftpdoctor/report/cause", "ftpdoctor/probe/lab"}, "a probe records and never judges"},
	{"ftpdoctor/probe/lab", true, []string{"ftpdoctor/probe", "ftpdoctor/probe/fact", "ftpdoctor/report", "ftpdoctor/report/cause"}, "the lab must not know what is looked for"},
}

func TestImports(t *testing.T) {
	for _, rule := range barred {
		out, err := exec.Command("go", "list", "-json=Imports,Deps", rule.pkg).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", rule.pkg, err)
		}
		var listed struct{ Imports, Deps []string }
		if err := json.Unmarshal(out, &listed); err != nil {
			t.Fatal(err)
		}
		links := listed.Imports
		if rule.deep {
			links = listed.Deps
		}
		for _, not := range rule.not {
			if slices.Contains(links, not) {
				t.Errorf("%s must not depend on %s: %s", rule.pkg, not, rule.why)
			}
		}
	}
}

// What a package may import of other people's. The lab is held to little, so that it proves more than that one library
// agrees with itself.
func TestForeignImports(t *testing.T) {
	for pkg, allowed := range map[string][]string{
		"ftpdoctor/probe/fact":    nil,
		"ftpdoctor/probe/profile": nil,
		"ftpdoctor/report/cause":  nil,
		"ftpdoctor/probe/lab":     {"golang.org/x/crypto/ssh", "github.com/miekg/dns", "github.com/pkg/sftp"},
	} {
		out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, pkg).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", pkg, err)
		}
		for imported := range strings.FieldsSeq(string(out)) {
			domain, _, _ := strings.Cut(imported, "/")
			if strings.Contains(domain, ".") && !slices.Contains(allowed, imported) {
				t.Errorf("%s must not import %s; of other people's it may import %q", pkg, imported, allowed)
			}
		}
	}
}

// The facts hold whatever judges them: no rule looks at the clock.
func TestRulesHaveNoClock(t *testing.T) {
	files, err := os.ReadDir("../../report/cause")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile("../../report/cause/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Until"} {
			if strings.Contains(string(text), call) {
				t.Errorf("report/cause/%s calls %s: a saved report must be judged as the live run was", file.Name(), call)
			}
		}
	}
}

// The top of the tree is a table of contents, and stays short.
func TestLayout(t *testing.T) {
	allowed := strings.Fields(`cmd probe report docs go.mod go.sum README.md LICENSE CONTRIBUTING.md CHANGELOG.md
		.goreleaser.yaml .golangci.yml .editorconfig .gitattributes .gitignore .ci .github .git`)
	ignored := strings.Fields("ftpdoctor ftpdoctor.exe dist") // by .gitignore
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !slices.Contains(allowed, name) && !slices.Contains(ignored, name) {
			t.Errorf("%s is no part of the layout; see CONTRIBUTING.md for where things go", name)
		}
	}
}
