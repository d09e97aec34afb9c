package probe

import (
	"reflect"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

func TestParseTarget(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  fact.Target
	}{
		{"ftp.example.com", fact.Target{Host: "ftp.example.com"}},
		{"FTP.Example.COM", fact.Target{Host: "ftp.example.com"}},
		{"localhost", fact.Target{Host: "localhost"}},
		{"my_server.example.com", fact.Target{Host: "my_server.example.com"}},
		{"r3---sn.example.com", fact.Target{Host: "r3---sn.example.com"}},
		{"192.0.2.7", fact.Target{Host: "192.0.2.7"}},
		{"192.0.2.7:2121", fact.Target{Host: "192.0.2.7", Port: 2121, Tidied: []fact.Tidied{"port"}}},
		{"2001:DB8::1", fact.Target{Host: "2001:db8::1"}},
		{"[2001:db8::1]", fact.Target{Host: "2001:db8::1"}},
		{"[2001:db8::1]:990", fact.Target{Host: "2001:db8::1", Port: 990, Tidied: []fact.Tidied{"port"}}},
		{"fe80::1%eth0", fact.Target{Host: "fe80::1%eth0"}},
		{"sftp://[fe80::1%25eth0]/", fact.Target{Host: "fe80::1%eth0", Protocol: fact.SFTP, Tidied: []fact.Tidied{"scheme", "path"}}},
		{"::ffff:192.0.2.7", fact.Target{Host: "192.0.2.7"}},
		{"sftp://ftp.example.com", fact.Target{Host: "ftp.example.com", Protocol: fact.SFTP, Tidied: []fact.Tidied{"scheme"}}},
		{"FTPES://ftp.example.com", fact.Target{Host: "ftp.example.com", Protocol: fact.FTPES, Tidied: []fact.Tidied{"scheme"}}},
		{"ftps:///ftp.example.com", fact.Target{Host: "ftp.example.com", Protocol: fact.FTPS, Tidied: []fact.Tidied{"scheme"}}},
		{`ftp:\\ftp.example.com\www`, fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}}},
		{"ftp://jane@ftp.example.com:2121/www?x#y", fact.Target{Host: "ftp.example.com", User: "jane", Port: 2121, Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "user", "path", "port"}, Folder: "www"}},
		{"ftpes://ftp.example.com/reports/2026/", fact.Target{Host: "ftp.example.com", Protocol: fact.FTPES, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "reports/2026"}},
		{"ftps://ftp.example.com/M%C3%BCller%20%26%20S%C3%B6hne%3F", fact.Target{Host: "ftp.example.com", Protocol: fact.FTPS, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "Müller & Söhne?"}},
		{"ftp://ftp.example.com/資料。／", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "資料。／"}},
		{"ftp://ftp.example.com//srv/ftp", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "/srv/ftp"}},
		{"ftp://ftp.example.com/%2Fsrv;type=i", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "/srv"}},
		{"ftp://ftp.example.com//", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}, Folder: "/"}},
		{"ftp://ftp.example.com/", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "path"}}},
		{"sftp://jane;fingerprint=ssh-ed25519-x@ftp.example.com", fact.Target{Host: "ftp.example.com", User: "jane", Protocol: fact.SFTP, Tidied: []fact.Tidied{"scheme", "user"}}},
		{"jane@example.org@ftp.example.com", fact.Target{Host: "ftp.example.com", User: "jane@example.org", Tidied: []fact.Tidied{"user"}}},
		{"ftp://jane%40example.org@ftp.example.com", fact.Target{Host: "ftp.example.com", User: "jane@example.org", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "user"}}},
		{`CORP\jane@ftp.example.com`, fact.Target{Host: "ftp.example.com", User: `CORP\jane`, Tidied: []fact.Tidied{"user"}}},
		{"https://app.example.com:8443/files?x=1", fact.Target{Host: "app.example.com", Tidied: []fact.Tidied{"other-scheme", "path", "port"}}},
		{"ftp.example.com/www", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"path"}}},
		{"ftp.example.com/me@home", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"path"}}},
		{"ftp.example.com:", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"port"}}},
		{"jane@ftp.example.com:/var/www", fact.Target{Host: "ftp.example.com", User: "jane", Tidied: []fact.Tidied{"user", "path", "port"}}},
		{"  ftp.example.com\r\n", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"space"}}},
		{"ftp.\u200bexample.com", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"space"}}},
		{"\ufeffftp.example.com\u00a0", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"space"}}},
		{`"ftp.example.com"`, fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"quotes"}}},
		{"“ ftp.example.com ”", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"quotes", "space"}}},
		{"<ftp://ftp.example.com>", fact.Target{Host: "ftp.example.com", Protocol: fact.FTP, Tidied: []fact.Tidied{"quotes", "scheme"}}},
		{"ftp.example.com.", fact.Target{Host: "ftp.example.com", Tidied: []fact.Tidied{"trailing-dot"}}},
		{"FTP.Müller.example", fact.Target{Host: "ftp.xn--mller-kva.example", Tidied: []fact.Tidied{"unicode"}}},
		{"faß.example", fact.Target{Host: "xn--fa-hia.example", Tidied: []fact.Tidied{"unicode"}}},
		{"例え。テスト", fact.Target{Host: "xn--r8jz45g.xn--zckzah", Tidied: []fact.Tidied{"unicode"}}},
		{"ftp：//例え.テスト", fact.Target{Host: "xn--r8jz45g.xn--zckzah", Protocol: fact.FTP, Tidied: []fact.Tidied{"scheme", "unicode"}}},
	} {
		got, err := ParseTarget(c.typed)
		c.want.Typed = fact.Clean(c.typed)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseTarget(%q)\n got %+v, %v\nwant %+v", c.typed, got, err, c.want)
		}
	}
}

func TestParseTargetSaysWhatToWrite(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"", "missing"},
		{"  \n", "missing"},
		{"sftp://", "missing"},
		{"ftp://ftp.example.com/a%0D%0ADELE%20b", "control character"},
		{"ftp://ftp.example.com/a%00", "control character"},
		{"ftp://ftp.example.com/%E4rger", "UTF-8"},
		{"ftp://ftp.example.com/100%", "%25"},
		{"ftp.example.com 21", `character ' '`},
		{"ftp,example,com", `character ','`},
		{"ftp..example.com", "empty"},
		{".example.com", "empty"},
		{"-oProxyCommand=x", "hyphen"},
		{"ftp.example.com:99999", "1 to 65535"},
		{"ftp.example.com:0", "1 to 65535"},
		{"sftp:ftp.example.com", "1 to 65535"},
		{"[2001:db8::1]21", "[2001:db8::1]:21"},
		{"2001:db8::g", `character ':'`},
		{"256.1.1.1", "IP address"},
		{"192.168.1", "IP address"},
		{"192.168.001.001", "IP address"},
		{strings.Repeat("a", 64) + ".com", "63"},
		{strings.Repeat("abcdefg.", 40) + "com", "253"},
		{strings.Repeat("a", 5000), "5000"},
		{"a\u0300\u202e.\u0301", "internationalised"},
		{"ssh://jane@ftp.example.com", "sftp://"},
	} {
		got, err := ParseTarget(c.typed)
		if err == nil {
			t.Errorf("ParseTarget(%q) is %+v, want an error", c.typed, got)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "write") {
			t.Errorf("ParseTarget(%q): %v; want %q and what to write", c.typed, err, c.want)
		}
	}
}

func TestParseTargetRefusesPasswords(t *testing.T) {
	for _, typed := range []string{
		"sftp://jane:hunter2@ftp.example.com",
		"jane:hunter2@ftp.example.com",
		"ftp://jane:hun/hunter2#ter@ftp.example.com/x",
		"ftp://jane:@hunter2@ftp.example.com",
		"ftp://jane%3Ahunter2@ftp.example.com",
		"ftp://jane：hunter2@ftp.example.com",
		"jane:x://hunter2@ftp.example.com",
		"https://jane:hunter2@ftp.example.com",
		"jane://hunter2@ftp.example.com",
		"jane:hunter2",
	} {
		got, err := ParseTarget(typed)
		if err == nil {
			t.Errorf("ParseTarget(%q) is %+v, want an error", typed, got)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	if _, err := ParseTarget("sftp://jane:x@ftp.example.com"); !strings.Contains(err.Error(), "FTPDOCTOR_PASSWORD") {
		t.Errorf("no hint at the variable: %v", err)
	}
}

// What comes out is a host that needs no tidying any more, and nothing hostile is in it.
func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"ftp.example.com", "sftp://jane@[fe80::1%25eth0]:22/x", " “ftp.müller.example.” \n", "a:b@c", "::1", "xn--a", "1.2.3.4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := ParseTarget(typed)
		if err != nil {
			if !strings.Contains(err.Error(), "write") || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: the error does not help: %v", typed, err)
			}
			return
		}
		again, err := ParseTarget(got.Host)
		if err != nil || again.Host != got.Host || len(again.Tidied) > 0 || again.Protocol != "" || again.User != "" {
			t.Errorf("%q gives %q, which gives %+v, %v", typed, got.Host, again, err)
		}
		if fact.Clean(got.Host) != got.Host || fact.Clean(got.User) != got.User {
			t.Errorf("%q gives %+v", typed, got)
		}
	})
}
