package profile

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

func TestForHost(t *testing.T) {
	for host, want := range map[string]string{
		"acme.files.com":        "files.com",
		"app.files.com":         "files.com",
		"files.com":             "generic",
		"acme.files.com.evil.x": "generic",
		"deploy.eu2.frbit.com":  "fortrabbit",
		"ssh.eu-w1a.frbit.app":  "fortrabbit-app",
		"www.frbit.com":         "generic",
		"ftp.example.org":       "generic",
		"198.51.100.7":          "generic",
	} {
		if got := ForHost(host).Name; got != want {
			t.Errorf("ForHost(%q) is %s, want %s", host, got, want)
		}
	}
}

func TestStandIns(t *testing.T) {
	for port, want := range map[int][]int{21: {3021}, 3021: {21}, 990: {3990}, 22: {3022}, 443: nil} {
		if got := FilesCom.StandIns(port); !reflect.DeepEqual(got, want) {
			t.Errorf("in place of %d: %v, want %v", port, got, want)
		}
	}
}

func TestOwns(t *testing.T) {
	for address, want := range map[string]bool{"198.72.95.255": true, "198.72.96.0": false, "::ffff:198.72.80.1": true, "nonsense": false} {
		if got := FilesCom.Owns(address); got != want {
			t.Errorf("Owns(%q) = %v", address, got)
		}
	}
}

func TestUserShapes(t *testing.T) {
	for _, c := range []struct {
		p     Profile
		name  string
		means string
		wrong bool
	}{
		{Fortrabbit, "acme.f4n4gkrx90ot4yxm", "password mode", false},
		{Fortrabbit, "acme", "key mode", false},
		{Fortrabbit, "me@example.org", "not a name", true},
		{FilesCom, "@api-1234", "API key", false},
		{FilesCom, "anonymous", "anonymous access", true},
	} {
		shape, ok := c.p.User(c.name)
		if !ok || !strings.Contains(shape.Means, c.means) || shape.Wrong != c.wrong {
			t.Errorf("%s: user %q is %+v", c.p.Name, c.name, shape)
		}
	}
	if _, ok := FilesCom.User("jane"); ok {
		t.Error("an ordinary name has a shape")
	}
}

func TestParseReadsWhatTheBuiltInOnesSay(t *testing.T) {
	for _, p := range All {
		p.Name = "my-" + p.Name
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(text)
		if err != nil || !reflect.DeepEqual(back, p) {
			t.Errorf("%s: got %+v, %v", p.Name, back, err)
		}
	}
}

func TestParseNamesTheField(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"name": "x", "ports": [{"number": 70000, "speaks": "sftp"}]}`, "ports[0]"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "scp"}]}`, "sftp, ftpes, ftps, ftp or https"},
		{`{"name": "x", "ports": []}`, `"ports" is empty`},
		{`{"ports": [{"number": 22, "speaks": "sftp"}]}`, `"name" is missing`},
		{`{"name": "generic", "ports": [{"number": 22, "speaks": "sftp"}]}`, "built in"},
		{`{"name": "x", "colour": "red"}`, "colour"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], "networks": ["10/8"]}`, "networks[0]"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], "passive": {"first": 9, "last": 1}}`, "passive"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], "users": [{"shape": "(", "means": ""}]}`, "users[0]"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], "host_keys": ["ab:cd"]}`, "host_keys[0]"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], "hosts": ["[a"]}`, "hosts[0]"},
		{`{"name": "x", "ports": "22"}`, "ports"},
		{`{"name": "x"`, "not a profile"},
		{`{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}]} {}`, "more text follows"},
		{`{"name": "X Y", "ports": [{"number": 22, "speaks": "sftp"}]}`, `"name" is "X Y"`},
		{one(`"help": "a\nb"`), `"help" has a character`},
		{one(`"ports": [{"number": 22, "speaks": "sftp"}, {"number": 22, "speaks": "ftp"}]`), "ports[1]: port 22 is listed before"},
		{one(`"ports": [{"number": 22, "speaks": "sftp", "stands_in": 23}]`), `ports[0]: "stands_in" is 23`},
		{one(`"idle_seconds": -1`), `"idle_seconds" is -1`},
		{one(`"retries": 11`), `"retries" is 11; write a number from 0 to 10`},
		{one(`"key_delay_seconds": 100000`), "key_delay_seconds"},
		{one(`"host_keys": ["SHA256:abc"]`), "host_keys[0]"},
		{one(`"users": [{"shape": "a+"}]`), `users[0]: write both "shape"`},
		{one(`"users": [{"shape": "a+", "means": "m", "methods": ["telnet"]}]`), `users[0]: methods[0] is "telnet"`},
		{one(`"methods": ["hostbased"]`), `methods[0] is "hostbased"`},
		{one(`"key_types": ["ed25519"]`), `key_types[0] is "ed25519"`},
		{one(`"lacks": [{"what": "tea"}]`), `lacks[0]: "what" is "tea"`},
		{one(`"texts": [{"words": "(", "cause": "login-locked"}]`), `texts[0]: "words"`},
		{one(`"texts": [{"words": "a", "cause": "Not A Code"}]`), `texts[0]: "cause"`},
		{one(`"pages": [{"title": "t", "url": "help"}]`), `pages[0]: "url" is "help"`},
		{one(`"pages": [{"url": "https://a.example"}]`), `pages[0]: "title" is missing`},
		{one(`"failures": [{"cause": "login-locked"}]`), `failures[0]: "name" is missing`},
		{one(`"failures": [{"name": "n", "over": "ftps"}]`), `failures[0]: "over" is "ftps"`},
		{one(`"web_login": {"path": "/a", "user": "u", "password": "p", "error": "e"}`), "web_login needs a web port"},
		{web(`"path": "a", "user": "u", "password": "p", "error": "e"`), `web_login: "path" is "a"`},
		{web(`"path": "/a b", "user": "u", "password": "p", "error": "e"`), `web_login: "path"`},
		{web(`"path": "/a", "password": "p", "error": "e"`), `web_login: "user" is missing`},
		{web(`"path": "/a", "user": "u", "error": "e"`), `web_login: "password" is missing`},
		{web(`"path": "/a", "user": "u", "password": "p"`), `web_login: "error" is missing`},
		{web(`"path": "/a", "user": "u", "password": "p", "error": "e", "session": "s"`), `web_login: "session_header"`},
		{web(`"path": "/a", "user": "u", "password": "p", "error": "e", "session": "s", "session_header": "A: b\r\nC"`), `web_login: "session_header"`},
		{web(`"path": "/a", "user": "u", "password": "p", "error": "e", "errors": [{"name": "n", "cause": "???"}]`), "web_login.errors[0]"},
		{one(`"addresses": "two"`), `"addresses" is a string`},
		{one(`"hosts": ["a\u001b.example"]`), `"hosts[0]" has a character`},
		{one(`"users": [{"shape": "a\u001b.31m", "means": "m"}]`), `"users[0].shape" has a character`},
		{one(`"texts": [{"words": "a\u001b.31m", "cause": "login-locked"}]`), `"texts[0].words" has a character`},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%s): %v, want a word of %q", c.text, err, c.want)
		}
	}
}

// one is a profile with a field, web one with a web login.
func one(field string) string {
	return `{"name": "x", "ports": [{"number": 22, "speaks": "sftp"}], ` + field + `}`
}

func web(fields string) string {
	return `{"name": "x", "ports": [{"number": 443, "speaks": "https"}], "web_login": {` + fields + `}}`
}

// A profile comes along with the report of a stranger: whatever it says, it is refused or can be used.
func FuzzParse(f *testing.F) {
	for _, p := range All {
		p.Name = "my-" + p.Name
		text, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(one(`"users": [{"shape": "a{2,3}", "means": "m"}]`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		p.User("jane")
		p.Text("530 Login incorrect.")
		p.Owns("198.51.100.7")
		p.Certified([]string{"*.example.com", ""})
		p.matches("ftp.example.com")
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(again)
		if err != nil {
			t.Fatalf("%s: what was written cannot be read: %v", again, err)
		}
		if once, err := json.Marshal(back); err != nil || string(once) != string(again) {
			t.Errorf("written and read again it is %s, %v; was %s", once, err, again)
		}
	})
}

func TestEveryWayIsListedOnce(t *testing.T) {
	for _, p := range All {
		seen := map[int]bool{}
		for _, port := range p.Ports {
			if seen[port.Number] {
				t.Errorf("%s lists port %d twice", p.Name, port.Number)
			}
			seen[port.Number] = true
		}
		if p.Name != "generic" && !p.Offers(fact.SFTP) {
			t.Errorf("%s offers no SFTP", p.Name)
		}
	}
}
