package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ftpdoctor/report"
)

// smoke runs a file of checks in a world of the lab.
func smoke(t *testing.T, scenario, checks string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "checks.json")
	if err := os.WriteFile(file, []byte(checks), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		code, stdout, stderr = start(t, "", append([]string{"demo", scenario, "--quiet", "-F", file}, args...)...)
	})
	return code, stdout, stderr
}

func target(fields string) string {
	return `{"targets": [{"host": "ftp.example.org"` + fields + `}]}`
}

// Each expectation is met in one world and not in another.
func TestSmokeExpectations(t *testing.T) {
	const publicKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct {
		name, scenario, fields string
		code                   int
		says                   string // of the check that is not met
	}{
		{"nothing is wrong", "healthy-vsftpd", ``, 0, ""},
		{"something is wrong", "certificate-expired", ``, 1, "(tls-expired)"},
		{"what is wrong is tolerated", "certificate-expired", `, "expect": {"tolerated": ["tls-expired"]}`, 0, ""},
		{"something else is tolerated", "certificate-expired", `, "expect": {"tolerated": ["tls-self-signed"]}`, 1, "(tls-expired)"},
		{"open", "healthy-vsftpd", `, "expect": {"open": [21, 443]}`, 0, ""},
		{"not open", "healthy-vsftpd", `, "expect": {"open": [21, 990]}`, 1, "closed"},
		{"closed", "healthy-vsftpd", `, "expect": {"closed": [990]}`, 0, ""},
		{"not closed", "healthy-vsftpd", `, "expect": {"closed": [21]}`, 1, "open"},
		{"good for long", "healthy-vsftpd", `, "expect": {"certificate_days": 30}`, 0, ""},
		{"not good for so long", "healthy-vsftpd", `, "expect": {"certificate_days": 3000}`, 1, "days"},
		{"no certificate", "healthy-vsftpd", `, "port": 990, "expect": {"certificate_days": 1, "tolerated": ["tcp-port-refused"]}`, 0, ""}, // the web port has one
		{"a way works", "healthy-vsftpd", `, "expect": {"ways": [{"protocol": "ftpes", "port": 21, "proof": "verified"}]}`, 0, ""},
		{"a way is not proven", "healthy-vsftpd", `, "expect": {"ways": [{"protocol": "ftpes", "proof": "listed"}]}`, 1, "only verified"},
		{"a way does not work", "healthy-vsftpd", `, "expect": {"ways": [{"protocol": "sftp"}]}`, 1, "does not work"},
		{"no host key", "healthy-vsftpd", `, "expect": {"host_keys": ["` + publicKey + `"]}`, 1, "no host key"},
		{"the run was too short", "healthy-vsftpd", `, "timeout": "1ms", "expect": {"open": [21]}`, 3, "no address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, text, said := smoke(t, c.scenario, target(c.fields), "--color", "never")
			if code != c.code || !strings.Contains(text, c.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, c.code, c.says, text, said)
			}
			if code, _, _ := smoke(t, c.scenario, target(c.fields), "--exit-zero"); code == 1 {
				t.Error("--exit-zero leaves 1")
			}
		})
	}
}

// Somebody signs in with the password of the variable that is named.
func TestSmokeSignsIn(t *testing.T) {
	checks := target(`, "user": "jane", "password_env": "FTPDOCTOR_PASSWORD", "expect": {"ways": [{"protocol": "ftpes", "proof": "listed"}]}`)
	code, text, said := smoke(t, "healthy-login-vsftpd", checks, "--verbose")
	if code != 0 || !strings.Contains(text, "listed") {
		t.Errorf("exit code %d:\n%s%s", code, text, said)
	}
}

// A password that was refused at one target is not sent to the same host again.
func TestSmokeSendsAWrongPasswordOnce(t *testing.T) {
	one := func(name string) string {
		return `{"name": "` + name + `", "host": "ftp.example.org", "user": "jane", "password_env": "FTPDOCTOR_PASSWORD"}`
	}
	code, text, said := smoke(t, "wrong-password", `{"targets": [`+one("first")+`, `+one("second")+`, `+one("third")+`, {"host": "ftp.example.org"}]}`, "-f", "json")
	if code != 1 || strings.Count(text, `"outcome": "refused"`) != 1 || strings.Count(text, `"out-of-tries"`) != 4 { // by FTP and by SSH
		t.Errorf("exit code %d:\n%s%s", code, text, said)
	}
}

// Somebody signs in with a key and the passphrase of the variable that is named.
func TestSmokeSignsInWithAKey(t *testing.T) {
	of := func(fields string) string {
		return strings.Replace(target(fields), "ftp.example.org", "sftp.example.org", 1)
	}
	fields := `, "protocol": "sftp", "user": "jane", "identities": ["/home/jane/keys/sftp"], "passphrase_env": "FTPDOCTOR_KEY_PASSPHRASE",
		"expect": {"ways": [{"protocol": "sftp", "proof": "listed"}]}`
	code, text, said := smoke(t, "healthy-sftp-key-locked", of(fields), "--verbose")
	if code != 0 || !strings.Contains(text, "listed") {
		t.Errorf("exit code %d:\n%s%s", code, text, said)
	}
	stranger := strings.Replace(fields, `"expect"`, `"known_hosts": ["/etc/hostname"], "expect"`, 1)
	if code, text, said = smoke(t, "healthy-sftp-key-locked", of(stranger)); code != 2 || !strings.Contains(said, "--known-hosts: there is no file") {
		t.Errorf("exit code %d:\n%s%s", code, text, said)
	}
}

// A host key and a stored report are those of before, or not.
func TestSmokeRemembers(t *testing.T) {
	const site = `{"targets": [{"host": "acme.files.com", "expect": {EXPECT}}]}`
	folder := t.TempDir()
	before := filepath.Join(folder, "before.json")
	synctest.Test(t, func(t *testing.T) { _, _, _ = start(t, "", "demo", "healthy-files-com", "--quiet", "-o", before) })
	r := load(t, before)
	key := ""
	for _, o := range r.Seen {
		if o.Kex != nil && o.Kex.HostKey != nil {
			key = o.Kex.HostKey.SHA256
		}
	}
	with := func(expect string) string { return strings.Replace(site, "EXPECT", expect, 1) }
	for _, c := range []struct {
		scenario, expect string
		code             int
	}{
		{"healthy-files-com", `"compare": "` + filepath.ToSlash(before) + `"`, 0},
		{"port-21-blocked", `"compare": "` + filepath.ToSlash(before) + `"`, 1},
		{"port-21-blocked", `"tolerated": ["tcp-port-filtered"], "compare": "` + filepath.ToSlash(before) + `"`, 1}, // a way in is gone as well
		{"healthy-files-com", `"host_keys": ["` + key + `"]`, 0},
		{"healthy-files-com", `"host_keys": ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]`, 1},
	} {
		if code, text, said := smoke(t, c.scenario, with(c.expect)); code != c.code {
			t.Errorf("%s: exit code %d, want %d:\n%s%s", c.scenario, code, c.code, text, said)
		}
	}
}

func load(t *testing.T, file string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := report.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Several targets end in one report, in every format, and the worst gives the exit code.
func TestSmokeReports(t *testing.T) {
	const checks = `{"targets": [
		{"name": "good", "host": "ftp.example.org"},
		{"name": "bad <b> ::error::", "host": "ftp.example.org", "expect": {"open": [990]}},
		{"name": "gone", "host": "nowhere.example.org"},
		{"name": "four", "host": "ftp.example.org", "protocol": "ftpes"},
		{"name": "five", "host": "ftp.example.org", "port": 21}
	]}`
	folder := t.TempDir()
	code, text, said := smoke(t, "healthy-vsftpd", checks, "-f", "json", "-o", filepath.Join(folder, "r.xml"), "-o", filepath.Join(folder, "r.md"), "-o", "github="+filepath.Join(folder, "r.txt"))
	var s report.Smoke
	if err := json.Unmarshal([]byte(text), &s); err != nil || code != 1 || said != "" {
		t.Fatalf("exit code %d, %v, %s:\n%s", code, err, said, text)
	}
	if s.Verdict.Summary != "2 of 5 targets not as expected." || len(s.Targets) != 5 || s.Targets[2].Name != "gone" {
		t.Errorf("%s %d targets", s.Verdict.Summary, len(s.Targets))
	}
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile("../../docs/checks-report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, schema, text)
	for _, target := range s.Targets {
		one, err := json.Marshal(target.Report)
		if err != nil {
			t.Fatal(err)
		}
		if _, remark, err := report.Load(one); err != nil || remark != "" {
			t.Errorf("the report of %s cannot be read: %v, %s", target.Name, err, remark)
		}
	}
	for name, wants := range map[string][]string{
		"r.xml": {`tests="`, `name="bad &lt;b&gt; ::error::"`, `<failure type="failed"`},
		"r.md":  {"### ✗ ", "port 990 open"},
		"r.txt": {"::error title=bad <b> %3A%3Aerror%3A%3A::", "::error title=gone::"},
	} {
		out, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, out)
			}
		}
	}
}

// A file that cannot be used is refused with the field that is wrong, before anything is looked at. The schema refuses
// what can be told without the world.
func TestSmokeRefuses(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/checks.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) bool {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		return err == nil && schema.Validate(value) == nil
	}
	for _, c := range []struct {
		checks, says string
		formally     bool // wrong in a way that the schema sees
	}{
		{`{`, "it is no JSON", true},
		{`[]`, "the file is no object", true},
		{`{"targets": []}`, `"targets" lists 0`, true},
		{`{"target": []}`, `there is no field "target", did you mean targets?`, true},
		{`{"targets": [1]}`, "targets[0] is no object", true},
		{`{"targets": [{}]}`, `targets[0]: "host" is missing`, true},
		{`{"targets": [{"host": "ftp.example.org"}, {"host": "ftp.example.org"}]}`, `targets[1]: there are two called "ftp.example.org"`, false},
		{target(`, "prot": "sftp"`), `targets[0]: there is no field "prot"`, true},
		{target(`, "password": "hunter2"`), `targets[0]: no password belongs into this file`, true},
		{target(`, "user": "jane", "password_env": "hunter2!"`), `targets[0].password_env is not the name of a variable`, true},
		{target(`, "user": "jane", "password_env": "NOT_SET"`), `targets[0]: password_env: the variable NOT_SET is not set`, false},
		{target(`, "user": "jane"`), `targets[0]: user needs a password`, false},
		{target(`, "user": "jane", "identities": ["nowhere"]`), `there is no file`, false},
		{target(`, "identities": "key"`), `targets[0].identities cannot be string; write a list of texts`, true},
		{target(`, "user": "jane", "password_env": "FTPDOCTOR_PASSWORD", "passphrase_env": "hunter2!"`), `targets[0].passphrase_env is not the name of a variable`, true},
		{target(`, "user": "anonymous", "passphrase_env": "NOT_SET"`), `targets[0]: passphrase_env: the variable NOT_SET is not set`, false},
		{target(`, "password_env": "NOT_SET"`), `targets[0]: password_env needs somebody`, false},
		{target(`, "port": "21"`), `targets[0].port cannot be string; write a number`, true},
		{target(`, "port": 70000`), `targets[0]: --port cannot be 70000`, true},
		{target(`, "port": null`), `targets[0].port is null`, true},
		{target(`, "protocol": "scp"`), `there is no protocol "scp"`, true},
		{target(`, "profile": "fils.com"`), `did you mean files.com?`, false},
		{target(`, "profile": "missing.json"`), `cannot read the profile`, false},
		{target(`, "timeout": "soon"`), `targets[0].timeout is "soon"`, false},
		{target(`, "expect": {"opne": [21]}`), `targets[0].expect: there is no field "opne", did you mean open?`, true},
		{target(`, "expect": {"open": 21}`), `targets[0].expect.open cannot be number; write a list of ports`, true},
		{target(`, "expect": {"open": [0]}`), `targets[0].expect.open[0] is 0`, true},
		{target(`, "expect": {"open": [8021]}`), `expect.open: port 8021 is not looked at`, false},
		{target(`, "port": 21, "expect": {"closed": [22]}`), `expect.closed: port 22 is not looked at`, false},
		{target(`, "expect": {"open": [21], "closed": [21]}`), `targets[0].expect.open[0]: port 21 is expected to be closed as well`, false},
		{target(`, "expect": {"certificate_days": 0}`), `targets[0].expect.certificate_days is 0`, true},
		{target(`, "expect": {"host_keys": ["MD5:00"]}`), `targets[0].expect.host_keys[0] is "MD5:00"`, true},
		{target(`, "expect": {"ways": [{"protocol": "scp"}]}`), `targets[0].expect.ways[0].protocol is "scp"`, true},
		{target(`, "expect": {"ways": [{"protocol": "sftp", "proof": "seen"}]}`), `targets[0].expect.ways[0].proof is "seen"`, true},
		{target(`, "expect": {"ways": [{"protocol": "sftp", "port": -1}]}`), `targets[0].expect.ways[0].port is -1`, true},
		{target(`, "expect": {"tolerated": ["tls-expird"]}`), `did you mean tls-expired?`, false},
		{target(`, "expect": {"compare": "missing.json"}`), `targets[0]: expect.compare: cannot read`, false},
		{`{"targets": [{"host": "ftp://jane:hunter2@ftp.example.org"}]}`, "targets[0]: ", false},
	} {
		code, text, said := smoke(t, "healthy-vsftpd", c.checks)
		if code != 2 || text != "" || !strings.Contains(said, c.says) {
			t.Errorf("%s\nexit code %d, want 2 and %q: %s%s", c.checks, code, c.says, said, text)
		}
		if strings.Contains(said, "hunter2") {
			t.Errorf("%s\nthe password is shown: %s", c.checks, said)
		}
		if valid(c.checks) == c.formally {
			t.Errorf("%s\nthe schema finds nothing wrong: %v", c.checks, !c.formally)
		}
	}
	if all := target(`, "expect": {"ways": [{"protocol": "sftp", "port": 22}], "open": [21], "certificate_days": 3}`); !valid(all) {
		t.Errorf("the schema refuses %s", all)
	}
	for _, args := range [][]string{{"-f", "html"}, {"--redact"}, {"--port", "21"}, {"-o", "r.html"}} {
		if code, _, said := smoke(t, "healthy-vsftpd", target(""), args...); code != 2 {
			t.Errorf("%v: exit code %d, %s", args, code, said)
		}
	}
}
