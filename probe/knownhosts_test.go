package probe

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

var serverAddress = netip.MustParseAddr("198.51.100.7")

// keyLine is a key as known_hosts holds it.
func keyLine(key any) string {
	return strings.TrimSpace(publicLine(key))
}

// hostCertificate certifies the Ed25519 key for a host, signed with the RSA key.
func hostCertificate(t *testing.T, host string, before uint64) *ssh.Certificate {
	t.Helper()
	certificate := &ssh.Certificate{
		Key: must(ssh.NewSignerFromKey(testEd25519)).PublicKey(), CertType: ssh.HostCert,
		ValidPrincipals: []string{host}, ValidBefore: before,
	}
	if err := certificate.SignCert(rand.Reader, must(ssh.NewSignerFromKey(testRSA))); err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestHostBook(t *testing.T) {
	shown := must(ssh.NewSignerFromKey(testEd25519)).PublicKey()
	ed, rsa := keyLine(testEd25519), keyLine(testRSA)
	ed2 := keyLine(secondEd25519)
	valid := hostCertificate(t, "sftp.example.com", ssh.CertTimeInfinity)
	for name, c := range map[string]struct {
		book      string
		port      int // 0: 22
		key       ssh.PublicKey
		want      fact.Standing
		lines     []int
		elsewhere []string
	}{
		"empty":                       {want: fact.UnknownKey},
		"known":                       {book: "sftp.example.com " + ed, want: fact.KnownKey, lines: []int{1}},
		"known, CRLF and a remark":    {book: "# mine\r\n\r\nsftp.example.com " + ed + " jane@laptop\r\n", want: fact.KnownKey, lines: []int{3}},
		"among names":                 {book: "other.example,sftp.example.com,198.51.100.7 " + ed, want: fact.KnownKey, lines: []int{1}},
		"upper case":                  {book: "SFTP.Example.com " + ed, want: fact.KnownKey, lines: []int{1}},
		"wildcard":                    {book: "*.example.com " + ed, want: fact.KnownKey, lines: []int{1}},
		"question mark":               {book: "sftp.example.co? " + ed, want: fact.KnownKey, lines: []int{1}},
		"taken out":                   {book: "*.example.com,!sftp.example.com " + ed, want: fact.UnknownKey},
		"hashed":                      {book: hashedName("sftp.example.com") + " " + ed, want: fact.KnownKey, lines: []int{1}},
		"hashed, another host":        {book: hashedName("www.example.com") + " " + ed, want: fact.UnknownKey},
		"changed":                     {book: "sftp.example.com " + ed2, want: fact.ChangedKey, lines: []int{1}},
		"changed, and another type":   {book: "sftp.example.com " + rsa + "\nsftp.example.com " + ed2, want: fact.ChangedKey, lines: []int{2}},
		"old key beside the new":      {book: "sftp.example.com " + ed2 + "\nsftp.example.com " + ed, want: fact.KnownKey, lines: []int{2}},
		"another type only":           {book: "sftp.example.com " + rsa, want: fact.OtherTypeKey, lines: []int{1}},
		"revoked":                     {book: "@revoked * " + ed + "\nsftp.example.com " + ed, want: fact.RevokedKey, lines: []int{1}},
		"revoked for another host":    {book: "@revoked www.example.com " + ed + "\nsftp.example.com " + ed, want: fact.KnownKey, lines: []int{2}},
		"another key revoked":         {book: "@revoked * " + ed2, want: fact.UnknownKey},
		"broken lines around":         {book: "sftp.example.com ssh-rsa AAAA\nsftp.example.com " + ed + "\nnonsense\n", want: fact.KnownKey, lines: []int{2}},
		"port":                        {book: "[sftp.example.com]:2222 " + ed, port: 2222, want: fact.KnownKey, lines: []int{1}},
		"another port":                {book: "[sftp.example.com]:2222 " + ed2, port: 2022, want: fact.UnknownKey},
		"port, known without":         {book: "sftp.example.com " + ed, port: 2222, want: fact.KnownKey, lines: []int{1}},
		"port, another key without":   {book: "sftp.example.com " + ed2, port: 2222, want: fact.UnknownKey},
		"port 22, known with another": {book: "[sftp.example.com]:2222 " + ed, want: fact.UnknownKey},
		"authority":                   {book: "@cert-authority *.example.com " + rsa, key: valid, want: fact.KnownKey, lines: []int{1}},
		"authority, plain key":        {book: "@cert-authority *.example.com " + rsa, want: fact.UnknownKey},
		"authority of others":         {book: "@cert-authority *.example.com " + ed2, key: valid, want: fact.UnknownKey},
		"authority revoked":           {book: "@revoked * " + rsa + "\n@cert-authority * " + rsa, key: valid, want: fact.RevokedKey, lines: []int{1}},
		"certificate of another host": {book: "@cert-authority * " + rsa, key: hostCertificate(t, "www.example.com", ssh.CertTimeInfinity), want: fact.UnknownKey},
		"certificate expired":         {book: "@cert-authority * " + rsa, key: hostCertificate(t, "sftp.example.com", 1), want: fact.UnknownKey},
		"certificate, key known":      {book: "sftp.example.com " + ed, key: hostCertificate(t, "sftp.example.com", 1), want: fact.KnownKey, lines: []int{1}},
		"elsewhere":                   {book: "mitm.example," + hashedName("x") + ",*.lan " + ed + "\n[sftp.example.com]:22222 " + ed + "\n198.51.100.7 " + ed, want: fact.UnknownKey, elsewhere: []string{"mitm.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			var book hostBook
			book.add("known_hosts", []byte(c.book))
			key, port := c.key, c.port
			if key == nil {
				key = shown
			}
			if port == 0 {
				port = 22
			}
			j := book.judge("sftp.example.com", port, serverAddress, key)
			var lines []int
			for _, e := range j.entries {
				lines = append(lines, e.Line)
			}
			if j.standing != c.want || !slices.Equal(lines, c.lines) || !slices.Equal(j.elsewhere, c.elsewhere) {
				t.Errorf("got %s by lines %v, elsewhere %v", j.standing, lines, j.elsewhere)
			}
		})
	}
}

// hashedName is a name as known_hosts hides it.
func hashedName(name string) string { return hashed[name] }

// ssh-keygen -H of OpenSSH 9.2 made these.
var hashed = map[string]string{
	"sftp.example.com": "|1|VfOi46L7tlvEAShDEkYr+peL9wo=|QVXrKGix/Ya8sK/Z0WueWp57Ovc=",
	"www.example.com":  "|1|yvuBZRcd318JsmCBxCBSTJWzSbc=|24A6Y2aXkme30lPHxahxlyJSCms=",
	"x":                "|1|AAAA|AAAA",
}

func TestHostBookTypes(t *testing.T) {
	var book hostBook
	book.add("known_hosts", []byte(strings.Join([]string{
		"sftp.example.com " + keyLine(testRSA),
		"sftp.example.com " + keyLine(testECDSA),
		"@revoked sftp.example.com " + keyLine(testEd25519),
		"@cert-authority ca.example.com " + keyLine(testEd25519),
		"[odd.example.com]:2222 " + keyLine(testEd25519),
	}, "\n")))
	for _, c := range []struct {
		host string
		port int
		want []string
	}{
		{"sftp.example.com", 22, []string{"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ecdsa-sha2-nistp256"}},
		{"sftp.example.com", 2222, []string{"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ecdsa-sha2-nistp256"}},
		{"odd.example.com", 2222, []string{"ssh-ed25519"}},
		{"odd.example.com", 22, nil},
		{"ca.example.com", 22, hostCertificates},
	} {
		if got := book.types(c.host, c.port); !slices.Equal(got, c.want) {
			t.Errorf("%s port %d: got %v", c.host, c.port, got)
		}
	}
}

func TestHostBookBrokenLines(t *testing.T) {
	good := "sftp.example.com " + keyLine(testEd25519)
	for name, line := range map[string]string{
		"one word":        "nonsense",
		"two words":       "sftp.example.com ssh-rsa",
		"cut":             good[:len(good)-9],
		"no base64":       "sftp.example.com ssh-rsa !!!!",
		"type":            strings.Replace(good, "ssh-ed25519", "ssh-rsa", 1),
		"marker":          "@trusted " + good,
		"SSH 1":           "sftp.example.com 1024 35 1371",
		"control letters": "\x1b[2J\x00 x y",
		"a binary file":   string([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, ' ', 0xff, 0xfe}),
	} {
		t.Run(name, func(t *testing.T) {
			var book hostBook
			keys, broken := book.add("known_hosts", []byte(good+"\n"+line+"\n"+good+"\n"))
			if keys != 2 || len(broken) != 1 || broken[0].Line != 2 {
				t.Errorf("got %d keys, broken %v", keys, broken)
			}
			if why := broken[0].Why; why == "" || why != fact.Clean(why) {
				t.Errorf("the reason is %q", why)
			}
		})
	}
}

// The words of the library alone, such as "short read", would tell a user nothing.
func TestHostBookSaysWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		"sftp.example.com":                   "it is a single word",
		"three words here":                   "no host key can be read in it (short read)",
		"@trusted a " + keyLine(testEd25519): "there is no marker @trusted",
	} {
		if _, err := parseKnownHost([]byte(line)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

// A big file is bounded, and so is what is recorded of a bad one.
func TestHostBookIsBounded(t *testing.T) {
	var book hostBook
	line := []byte("*a*a*a*a*a*a*a*a*a*b " + keyLine(testEd25519) + "\nnonsense\n")
	_, broken := book.add("known_hosts", bytes.Repeat(line, 2000))
	if len(broken) != maxBroken {
		t.Errorf("%d broken lines", len(broken))
	}
	began := time.Now()
	j := book.judge(strings.Repeat("a", 253), 22, serverAddress, must(ssh.NewSignerFromKey(testEd25519)).PublicKey())
	if time.Since(began) > 5*time.Second || j.standing != fact.UnknownKey {
		t.Errorf("%s after %v", j.standing, time.Since(began))
	}
}

func TestMatchesPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "abc", true},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"a*c", "ac", true},
		{"a**c", "abc", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b", "abc", false},
		{"?", "", false},
		{"?", "a", true},
		{"a?c", "abc", true},
		{"192.0.2.?", "192.0.2.17", false},
		{"[a]:22", "[a]:22", true},
	} {
		if got := matchesPattern(c.pattern, c.text); got != c.want {
			t.Errorf("%q stands for %q: %t", c.pattern, c.text, got)
		}
	}
}

// What ssh itself finds in a file is what the book finds.
func TestHostBookAgreesWithSSHKeygen(t *testing.T) {
	needsProgram(t, "ssh-keygen")
	file := filepath.Join(t.TempDir(), "known_hosts")
	lines := []string{
		"sftp.example.com,198.51.100.7 " + keyLine(testEd25519),
		"*.example.com,!sftp.example.com " + keyLine(testRSA),
		"[sftp.example.com]:2222 " + keyLine(testECDSA),
		"bad line here",
		hashedName("www.example.com") + " " + keyLine(testEd25519),
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var book hostBook
	book.add(file, []byte(strings.Join(lines, "\n")))
	for _, name := range []string{"sftp.example.com", "198.51.100.7", "[sftp.example.com]:2222", "www.example.com", "ftp.example.com", "example.com"} {
		out, _ := exec.Command("ssh-keygen", "-F", name, "-f", file).Output() // fails where it finds nothing
		want := strings.Count(string(out), "# Host")
		if got := len(book.about(name)); got != want {
			t.Errorf("%s: %d entries, ssh-keygen finds %d:\n%s", name, got, want, out)
		}
	}
}

func FuzzHostBook(f *testing.F) {
	f.Add([]byte("sftp.example.com "+keyLine(testEd25519)), "sftp.example.com")
	f.Add([]byte("@revoked *,!a |1|AA|BB x"), "a")
	f.Add([]byte(hashedName("sftp.example.com")+" "+keyLine(testECDSA)), "[sftp.example.com]:22")
	key := must(ssh.NewSignerFromKey(testEd25519)).PublicKey()
	f.Fuzz(func(t *testing.T, content []byte, host string) {
		var book hostBook
		keys, broken := book.add("known_hosts", content)
		if keys+len(broken) > bytes.Count(content, []byte("\n"))+1 {
			t.Errorf("%d keys and %d broken lines", keys, len(broken))
		}
		j := book.judge(host, 22, serverAddress, key)
		if j.standing == "" || len(j.entries) > maxKnownEntries || len(j.elsewhere) > maxElsewhere {
			t.Errorf("%+v", j)
		}
		for _, text := range append(j.elsewhere, fmt.Sprint(broken)) {
			if strings.ContainsAny(text, "\x1b\r\n") {
				t.Errorf("%q", text)
			}
		}
	})
}

// needsProgram skips a test where a program of OpenSSH's client is missing, or fails it where none may be.
func needsProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	reason := "no " + name + " here: install openssh-client"
	if os.Getenv("FTPDOCTOR_REAL") == "require" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
