package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
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

// Whatever text of a run names somebody is replaced. A field that is added to the facts later, and forgotten here, fails.
func TestRedactForgetsNoField(t *testing.T) {
	const canary = "jane.doe@mail.acme-corp.com at srv.acme-corp.com [203.0.113.77] in /home/jane.doe"
	// What belongs to a protocol or to this program names nobody.
	public := []string{
		".Tool.Name", ".Tool.Version", ".Tool.OS", ".Seen[0].Check", ".Hosts.Path", ".Lookup.Transport", ".Lookup.Type", ".Lookup.Rcode",
		".Records[0].Type", ".TLS.Version", ".TLS.Suite", ".TLS.AlertText", ".Chain[0].Key", ".Kex.Offer.", ".Kex.Agreed.", ".Kex.Lacking", ".Kex.Ours[0]",
		".HostKey.Type", ".Keys[0].Type", ".Entries[0].Type", ".Identity.Type", ".Identity.Mode", ".Auth.Algorithm", ".Login.Method", ".Transfer.Command", ".Idle.KeepAlive", ".Proxies[0].Variable",
	}
	var run fact.Run
	fill(reflect.ValueOf(&run).Elem(), canary)
	redacted, _ := Redact(run, profile.Generic, []byte("key of a test"))
	seen := 0
	texts(reflect.ValueOf(redacted), "", func(path, text string) {
		seen++
		for _, secret := range []string{"jane", "doe", "acme", "203.0.113"} {
			if strings.Contains(text, secret) && !slices.ContainsFunc(public, func(p string) bool { return strings.Contains(path, p) }) {
				t.Errorf("%s still holds %q", path, text)
				return
			}
		}
	})
	if seen < 60 {
		t.Errorf("only %d texts", seen)
	}
	texts(reflect.ValueOf(run), "", func(path, text string) {
		if text != canary {
			t.Errorf("the original was changed: %s is %q", path, text)
		}
	})
}

// fill puts a text into every field that can hold any, and makes every part that may be missing.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	}
}

// texts calls a function with every text of a value that can be any.
func texts(v reflect.Value, path string, each func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			each(path, v.String())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), path, each)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), fmt.Sprintf("%s[%d]", path, i), each)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				texts(v.Field(i), path+"."+v.Type().Field(i).Name, each)
			}
		}
	}
}

// A profile of the user's own names nobody either, and its networks still hold the addresses that they held.
func TestRedactProfile(t *testing.T) {
	p := profile.Profile{
		Name: "acme", Title: "Acme Hosting", Hosts: []string{"*.acme.example"}, Promised: true,
		Ports: profile.Generic.Ports, Networks: []string{"198.51.100.0/24", "10.1.0.0/16", "2001:db8:7::/48"},
		Users: []profile.User{{Shape: "acme-[a-z]+", Means: "an account of acme.example"}}, Help: "call Acme",
	}
	run := fact.Run{Target: fact.Target{Host: "www.acme.example", User: "acme-jane", Profile: "acme"}}
	redacted, own := Redact(run, p, []byte("key of a test"))
	text, err := json.Marshal([]any{redacted, own})
	if err != nil || strings.Contains(strings.ToLower(string(text)), "acme") || strings.Contains(string(text), "198.51") {
		t.Errorf("%v: %s", err, text)
	}
	if again, err := profile.Parse([]byte(mustJSON(t, own))); err != nil || again.Name != redacted.Target.Profile {
		t.Errorf("the profile cannot be read back: %v", err)
	}
	if _, ok := own.User(redacted.Target.User); !ok {
		t.Errorf("the user %q has lost its shape %v", redacted.Target.User, own.Users)
	}
	s := newPseudonyms(&run, &p, []byte("key of a test"))
	for _, address := range []string{"198.51.100.7", "198.51.101.7", "10.1.2.3", "10.2.2.3", "2001:db8:7::1", "2001:db8:8::1", "203.0.113.1"} {
		if fresh := s.host(address); own.Owns(fresh) != p.Owns(address) || fresh == address {
			t.Errorf("%s became %s, which is of the service: %v, want %v", address, fresh, own.Owns(fresh), p.Owns(address))
		}
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Pseudonyms say as much as rules need, and no more.
func TestPseudonyms(t *testing.T) {
	run := fact.Run{Target: fact.Target{Host: "ftp.acme.co.uk", User: "jane", Profile: "generic"}}
	s := newPseudonyms(&run, &profile.Generic, []byte("key of a test"))
	for _, c := range []struct{ in, want string }{
		{"220 ProFTPD Server (Debian) [::ffff:203.0.113.5]", `^220 ProFTPD Server \(Debian\) \[::ffff:2[45]\d\.\d+\.\d+\.\d+\]$`},
		{"227 Entering Passive Mode (192,168,1,20,165,121).", `^227 Entering Passive Mode \(192,168,\d+,\d+,165,121\)\.$`},
		{`"/home/jane" is the current directory`, `^"/folder-\w+/folder-\w+" is the current directory$`},
		{`"/" is the current directory`, `^"/" is the current directory$`},
		{"OOPS: cannot change directory:/home/jane", `^OOPS: cannot change directory:/folder-\w+/folder-\w+$`},
		{"User Jane cannot log in", `^User user-\w+ cannot log in$`},
		{"Welcome to ACME!", `^Welcome to h\w+!$`},
		{"mail postmaster@acme.co.uk", `^mail user-\w+@h\w+\.h\w+\.example$`},
		{"see https://jane:pw@www.acme.co.uk/portal/x?y=ftp.acme.co.uk", `^see https://www\.h\w+\.h\w+\.example/portal\?host=ftp\.h\w+\.h\w+\.example$`},
		{"(vsFTPd 3.0.3) ready at 12:34:56", `^\(vsFTPd 3\.0\.3\) ready at 12:34:56$`},
		{"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", `^SSH-2\.0-OpenSSH_9\.2p1 Debian-2\+deb12u3$`},
		{"you are 203-0-113-5.isp.net", `^you are h\w+\.h\w+\.example$`},
		{"fe80::1 and 127.0.0.1 and 0.0.0.0", `^fe80::[0-9a-f:]+ and 127\.0\.0\.1 and 0\.0\.0\.0$`},
	} {
		if got := s.text(c.in); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%q became %q, want %s", c.in, got, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"/home/jane/.ssh/id_ed25519", `^/home/file-\w+/\.ssh/id_ed25519$`},
		{"/home/jane/.ssh/acme-deploy.ppk", `^/home/file-\w+/\.ssh/file-\w+\.ppk$`},
		{"~/.ssh/id_rsa-cert.pub", `^~/\.ssh/id_rsa-cert\.pub$`},
		{`C:\Users\jane\.ssh\known_hosts`, `^C:\\Users\\file-\w+\\\.ssh\\known_hosts$`},
		{`\\.\pipe\openssh-ssh-agent`, `^\\\\\.\\pipe\\openssh-ssh-agent$`},
	} {
		if got := s.file(c.in); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("the file %q became %q, want %s", c.in, got, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"[ftp.acme.co.uk]:2222", `^\[ftp\.h\w+\.h\w+\.example\]:2222$`},
		{"203.0.113.5", `^2[45]\d\.\d+\.\d+\.\d+$`},
	} {
		if got := s.knownName(c.in); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("the name %q became %q, want %s", c.in, got, c.want)
		}
	}
	for in, want := range map[string]string{
		"ProxyCommand nc":                     `^ProxyCommand nc$`,
		"ProxyCommand acme-tunnel":            `^ProxyCommand program-\w+$`,
		"ProxyJump gate.acme.co.uk":           `^ProxyJump h\w+\.h\w+\.h\w+\.example$`,
		"ProxyJump jane@gate.acme.co.uk:2222": `^ProxyJump user-\w+@h\w+\.h\w+\.h\w+\.example:2222$`,
	} {
		if got := s.jump(in); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("the proxy %q became %q, want %s", in, got, want)
		}
	}
	if a, b := s.host("203.0.113.5"), s.host("203.0.113.6"); a[:strings.LastIndex(a, ".")] != b[:strings.LastIndex(b, ".")] || a == b {
		t.Errorf("neighbours became %s and %s", a, b)
	}
	if a, b := s.host("www.acme.co.uk"), s.host("acme.co.uk"); !strings.HasSuffix(a, "."+b) {
		t.Errorf("%s is not below %s", a, b)
	}
}
