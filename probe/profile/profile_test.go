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
	} {
		if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%s): %v, want a word of %q", c.text, err, c.want)
		}
	}
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
