package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ftpdoctor/probe/profile"
)

// The built-in profiles, and the one in docs/profiles.md, fit docs/profile.schema.json.
func TestProfilesFitTheirSchema(t *testing.T) {
	schema := compileSchema(t, "profile")
	for _, p := range profile.All {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		checkProfile(t, schema, p.Name, string(text), true)
	}
	_, text, _ := strings.Cut(readDoc(t, "../../docs/profiles.md"), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	checkProfile(t, schema, "docs/profiles.md", text, true)
}

// What the schema refuses the program refuses too. (The program knows more: regular expressions, causes, taken names.)
func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	schema := compileSchema(t, "profile")
	for _, field := range []string{
		`"ports": []`, `"ports": [{"number": 0, "speaks": "sftp"}]`, `"ports": [{"number": 22, "speaks": "scp"}]`, `"colour": "red"`, `"name": "My Company"`,
		`"networks": ["10.0.0.1"]`, `"host_keys": ["SHA256:short"]`, `"idle_seconds": -1`, `"retries": 99`, `"methods": ["gssapi-with-mic"]`,
		`"key_types": ["rsa"]`, `"users": [{"shape": "a"}]`, `"lacks": [{"what": "coffee"}]`, `"texts": [{"words": "x"}]`, `"texts": [{"words": "x", "cause": "No Such"}]`,
		`"pages": [{"title": "x", "url": "ftp://x"}]`, `"failures": [{"cause": "login-locked"}]`, `"web_login": {"path": "api", "user": "u", "password": "p", "error": "e"}`,
		`"web_login": {"path": "/api", "user": "u", "password": "p"}`, `"help": "two\nlines"`, `"title": 7`,
	} {
		fields := map[string]json.RawMessage{"name": []byte(`"mine"`), "ports": []byte(`[{"number": 22, "speaks": "sftp"}, {"number": 443, "speaks": "https"}]`)}
		if err := json.Unmarshal([]byte("{"+field+"}"), &fields); err != nil {
			field = strings.ReplaceAll(field, "\n", `\n`)
			if err := json.Unmarshal([]byte("{"+field+"}"), &fields); err != nil {
				t.Fatalf("%s: %v", field, err)
			}
		}
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		checkProfile(t, schema, field, string(text), false)
		if _, err := profile.Parse(text); err == nil {
			t.Errorf("the program takes %s", field)
		}
	}
}

func checkProfile(t *testing.T, schema *jsonschema.Schema, name, text string, fits bool) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := schema.Validate(value); (err == nil) != fits {
		t.Errorf("%s: docs/profile.schema.json says %v", name, err)
	}
}

// A profile names causes, and only those that there are.
func TestProfilesNameCauses(t *testing.T) {
	for _, p := range profile.All {
		if err := checkCodes(&p); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// What is known of a service stands in its profile, and nowhere else.
func TestNothingIsWiredToAService(t *testing.T) {
	services := []string{"files.com", "filescom", "fortrabbit", "frbit", "brickftp", "exavault"}
	for _, folder := range []string{"../../probe", "../../probe/fact", "../../report", "../../report/cause", "."} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				code, _, _ := strings.Cut(line, "// ")
				for _, service := range services {
					if strings.Contains(strings.ToLower(code), service) && !strings.Contains(code, "Example:") {
						t.Errorf("%s:%d names %s: %s", file, i+1, service, strings.TrimSpace(line))
					}
				}
			}
		}
	}
}
