package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// reportOf is a report with one way in for each protocol, the first one the best.
func reportOf(user, host string, protocols ...fact.Protocol) *Report {
	r := New(fact.Run{Target: fact.Target{Host: host, User: user, Profile: "generic"}, Seen: []fact.Observation{}}, profile.Generic)
	for _, p := range protocols {
		r.Ways = append(r.Ways, map[fact.Protocol]cause.Way{
			fact.SFTP:  {Protocol: p, Host: host, Port: 22, Encryption: cause.OverSSH, SignIn: "password", Proof: cause.ProofListed},
			fact.FTPES: {Protocol: p, Host: host, Port: 3021, Encryption: cause.ExplicitTLS, SignIn: "password", Proof: cause.ProofListed},
			fact.FTPS:  {Protocol: p, Host: host, Port: 990, Encryption: cause.ImplicitTLS, SignIn: "password", Proof: cause.ProofListed},
			fact.FTP:   {Protocol: p, Host: host, Port: 21, Encryption: cause.InClear, Proof: cause.ProofConnected},
		}[p])
	}
	return r
}

func settingsFor(t testing.TB, name string, r *Report) Settings {
	t.Helper()
	for _, app := range Apps {
		if app.Name == name {
			made, err := app.Settings(r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return made
		}
	}
	t.Fatalf("there is no app %s", name)
	return Settings{}
}

// The golden files hold, for each app, what is written and what is said for each protocol.
func TestGoldenSettings(t *testing.T) {
	for _, app := range Apps {
		var b strings.Builder
		for _, protocol := range anyProtocol {
			fmt.Fprintf(&b, "== %s\n", protocol)
			made, err := app.Settings(reportOf("jane", "ftp.example.com", protocol))
			if err != nil {
				fmt.Fprintf(&b, "-- %v\n", err)
			}
			b.WriteString(made.Text)
			for _, says := range made.Says {
				b.WriteString("-- " + says + "\n")
			}
		}
		golden(t, "testdata/settings/"+app.Name+".txt", b.String())
	}
}

func TestSettingsOfTheBestWay(t *testing.T) {
	r := reportOf("jane", "ftp.example.com", fact.FTPS, fact.SFTP)
	if got := settingsFor(t, "lftp", r).Text; !strings.Contains(got, "ftps://ftp.example.com:990") {
		t.Errorf("lftp can use the best way in and gets\n%s", got)
	}
	for _, app := range []string{"openssh", "cyberduck"} {
		made := settingsFor(t, app, r)
		if !strings.Contains(made.Text, "22") || !strings.Contains(strings.Join(made.Says, "\n"), "The best way in is FTP, implicit TLS on port 990, which ") {
			t.Errorf("%s cannot use the best way in and gets\n%s%q", app, made.Text, made.Says)
		}
	}
}

func TestSettingsSayWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, app string
		r         *Report
		want      string
	}{
		{"no way in", "any", reportOf("jane", "ftp.example.com"), "no way in"},
		{"none for this app", "openssh", reportOf("jane", "ftp.example.com", fact.FTPS), "OpenSSH cannot use FTP, implicit TLS on port 990"},
		{"a host with a line end", "any", reportOf("jane", "ftp.example.com\nUser root", fact.FTPES), "neither a name nor an address"},
		{"a host that is an option", "openssh", reportOf("jane", "-oProxyCommand=id", fact.SFTP), "neither a name nor an address"},
		{"a host that is a pattern", "openssh", reportOf("jane", "*", fact.SFTP), "neither a name nor an address"},
		{"an address with a zone", "any", reportOf("jane", "fe80::1%eth0", fact.FTPES), "neither a name nor an address"},
		{"a host in quotes", "lftp", reportOf("jane", `a"; !id; "`, fact.FTPES), "neither a name nor an address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, app := range Apps {
				if app.Name != c.app {
					continue
				}
				if made, err := app.Settings(c.r); err == nil || !strings.Contains(err.Error(), c.want) || made.Text != "" {
					t.Errorf("got %v and %q, want an error that says %q", err, made.Text, c.want)
				}
			}
		})
	}
	bad := reportOf("jane", "ftp.example.com", fact.FTPES)
	bad.Ways[0].Port = 70000
	if _, err := Apps[0].Settings(bad); err == nil {
		t.Error("a port that does not exist is written")
	}
}

func TestSettingsCaution(t *testing.T) {
	expired := settingsFor(t, "any", loadFile(t, "testdata/expired-and-wrong-name.json"))
	if says := strings.Join(expired.Says, "\n"); !strings.Contains(says, "The certificate is not valid") || !strings.Contains(says, "Nobody has signed in") {
		t.Errorf("of an expired certificate it says %s", says)
	}
	clear := settingsFor(t, "any", reportOf("jane", "ftp.example.com", fact.FTP))
	if says := strings.Join(clear.Says, "\n"); !strings.Contains(says, "not encrypted") {
		t.Errorf("of a way in without encryption it says %s", says)
	}
	patient := reportOf("jane", "ftp.example.com", fact.FTPES)
	for wait, want := range map[int]string{90: "90 seconds", 0: "60 seconds", -5: "10 seconds", 1 << 40: "600 seconds"} {
		patient.judgedBy.WaitSeconds = wait
		if text := settingsFor(t, "any", patient).Text; !strings.Contains(text, want) {
			t.Errorf("a service recommends %d s, and the settings are\n%s", wait, text)
		}
	}
}

// names are user names that mean something in one of the targets. The last ones cannot be written at all.
var (
	oddNames = []string{
		"jane@example.com", "Jane Doe", "müller", `a"b`, `a'b`, `a\b`, `a\`, "a`id`", "$HOME", "%h", "%(host)s", "%41",
		"a:b", "a;b", "a,b", "a#b", "#a", ";a", "a=b", "[a]", "a/b", "a?b", "-oProxyCommand=id", "&amp;", "<User>", "]]>", "--", `"""a"""`, "!id", "a|b",
	}
	badNames = []string{"a\nUser root", "a\r\nb", "a\x00b", "a\x1b[2Jb", "a\u202eb", " a", "a ", "::error::x", "##[error]x", "a\u2028b", "\xff"}
)

// A user name is written so that it comes back as it was, or is left out with a sentence. It never adds a line.
func TestSettingsOfHostileUsers(t *testing.T) {
	for _, app := range Apps {
		p := app.takes[len(app.takes)-1]
		with := strings.Count(settingsFor(t, app.Name, reportOf("jane", "ftp.example.com", p)).Text, "\n")
		without := settingsFor(t, app.Name, reportOf("", "ftp.example.com", p)).Text
		for _, user := range append(append([]string{}, oddNames...), badNames...) {
			made := settingsFor(t, app.Name, reportOf(user, "ftp.example.com", p))
			if strings.Contains(strings.Join(made.Says, "\n"), "cannot be written here safely") {
				if made.Text != without {
					t.Errorf("%s: %q is left out, but the settings are\n%s", app.Name, user, made.Text)
				}
				continue
			}
			if unwritable(user) {
				t.Errorf("%s: %q is written:\n%s", app.Name, user, made.Text)
			}
			if strings.Count(made.Text, "\n") != with || strings.ContainsFunc(made.Text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%s: %q changes the lines:\n%s", app.Name, user, made.Text)
			}
			if read := readers[app.Name]; read != nil && read(t, made.Text) != user {
				t.Errorf("%s: %q is read as %q:\n%s", app.Name, user, read(t, made.Text), made.Text)
			}
		}
		for _, user := range badNames {
			if made := settingsFor(t, app.Name, reportOf(user, "ftp.example.com", p)); made.Text != without {
				t.Errorf("%s: %q is written:\n%s", app.Name, user, made.Text)
			}
		}
	}
}

// readers find the user name in settings. What lftp, curl, OpenSSH and rclone read is asked of themselves, in cmd/ftpdoctor.
var readers = map[string]func(*testing.T, string) string{
	"any":        func(_ *testing.T, text string) string { return lineOf(text, "User         ") },
	"filezilla":  func(t *testing.T, text string) string { return after(t, text, "User") },
	"cyberduck":  func(t *testing.T, text string) string { return after(t, text, "Username") },
	"winscp":     func(t *testing.T, text string) string { return unmunged(t, lineOf(text, "UserName=")) },
	"winscp-url": func(t *testing.T, text string) string { return userOf(t, text) },
}

func lineOf(text, start string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, start); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	return ""
}

// after is the text of an XML element of that name, or of the one that follows a key of that name in a property list.
func after(t *testing.T, text, name string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	wanted := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			wanted = wanted || token.Name.Local == name
		case xml.CharData:
			if wanted && strings.TrimSpace(string(token)) != "" {
				return string(token)
			}
			wanted = wanted || string(token) == name
		}
	}
}

func unmunged(t *testing.T, value string) string {
	t.Helper()
	text, err := url.PathUnescape(value)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(text, "\ufeff")
}

// userOf reads a session URL as WinSCP does: what stands before the last @, cut at the first semicolon and colon.
func userOf(t *testing.T, text string) string {
	t.Helper()
	_, rest, _ := strings.Cut(text, "://")
	rest, _, _ = strings.Cut(rest, "/")
	info := rest[:strings.LastIndex(rest, "@")]
	info, _, _ = strings.Cut(info, ";")
	user, password, _ := strings.Cut(info, ":")
	if password != "" {
		t.Errorf("there is a password in %s", text)
	}
	return unmunged(t, user)
}

// The XML is well-formed for a parser that is not ours, too.
func TestSettingsAreXML(t *testing.T) {
	needs(t, "xmllint", "it is in Debian's package libxml2-utils")
	for _, name := range []string{"filezilla", "cyberduck"} {
		lint := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "-")
		lint.Stdin = strings.NewReader(settingsFor(t, name, reportOf("<User> & 'co' \"]]>", "ftp.example.com", fact.FTPES)).Text)
		if out, err := lint.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// signedInByKey is a report of a sign-in by SSH with a key.
func signedInByKey(key fact.Identity) *Report {
	const sha256 = "SHA256:8mVx2Qy7LkWc5dRzTn0oBs3aJg9uEi1fHp4tYvKqXrM"
	key.SHA256 = sha256
	r := reportOf("jane", "sftp.example.com", fact.SFTP)
	r.Ways[0].SignIn, r.Ways[0].Key = "key", sha256
	r.Seen = []fact.Observation{{ID: 1, Check: "keys", Identity: &key}}
	return r
}

// Each app is told the file of the key that signed in, if it can read it.
func TestSettingsNameTheKey(t *testing.T) {
	home := fact.Identity{Path: "/home/jane/.ssh/id_ed25519"}
	windows := fact.Identity{Path: `C:\Users\jane\key.ppk`, Format: fact.FormatPuTTY}
	for _, c := range []struct {
		name                string
		key                 fact.Identity
		app                 string
		text, says, without string // without must not be in the text
	}{
		{"FileZilla", home, "filezilla", "<Logontype>5</Logontype>\n<Keyfile>/home/jane/.ssh/id_ed25519</Keyfile>", "", ""},
		{"FileZilla reads ppk", windows, "filezilla", `<Keyfile>C:\Users\jane\key.ppk</Keyfile>`, "", ""},
		{"WinSCP", windows, "winscp", "PublicKeyFile=C%3A%5CUsers%5Cjane%5Ckey.ppk\n", "", ""},
		{"Cyberduck", home, "cyberduck", "<key>Private Key File</key>\n<string>/home/jane/.ssh/id_ed25519</string>", "", ""},
		{"OpenSSH", home, "openssh", "    IdentityFile /home/jane/.ssh/id_ed25519\n    IdentitiesOnly yes\n", "The key /home/jane/.ssh/id_ed25519 is named in them.", ""},
		{"OpenSSH of Windows", fact.Identity{Path: `C:\Users\jane\.ssh\id_rsa`}, "openssh", "    IdentityFile C:/Users/jane/.ssh/id_rsa\n", "", ""},
		{"OpenSSH does not read ppk", windows, "openssh", "", "OpenSSH does not read that", "Identit"},
		{"lftp", home, "lftp", `"ssh -a -x -i /home/jane/.ssh/id_ed25519 -o Connect`, "", ""},
		{"curl", home, "curl", "user = \"jane:\"\nkey = \"/home/jane/.ssh/id_ed25519\"\n", "", ""},
		{"rclone", home, "rclone", "key_file = /home/jane/.ssh/id_ed25519\n", "", "agent"},
		{"rclone with a passphrase", fact.Identity{Path: home.Path, Unlocked: true}, "rclone", "key_use_agent = true\n", "load it into your SSH agent first", ""},
		{"rclone with an agent", fact.Identity{Source: fact.KeyAgent}, "rclone", "key_use_agent = true\n", "which your SSH agent holds", "key_file"},
		{"a path with blanks", fact.Identity{Path: "/home/jane doe/key"}, "openssh", "", "choose its file in the app", "Identit"},
		{"a path that is an option", fact.Identity{Path: "-oProxyCommand=x"}, "lftp", "", "choose its file in the app", "Proxy"},
		{"a path with a line end", fact.Identity{Path: "/home/jane/key\n    ProxyCommand x"}, "openssh", "", "choose its file in the app", "Proxy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := settingsFor(t, c.app, signedInByKey(c.key))
			if !strings.Contains(made.Text, c.text) || c.without != "" && strings.Contains(made.Text, c.without) {
				t.Errorf("the text is\n%s\nwant %q and not %q", made.Text, c.text, c.without)
			}
			if says := strings.Join(made.Says, "\n"); !strings.Contains(says, c.says) {
				t.Errorf("it says\n%s\nwant %q", says, c.says)
			}
		})
	}
}
