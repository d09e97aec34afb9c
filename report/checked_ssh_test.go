package report

import (
	"strings"
	"testing"
)

// What the report says of keys and of the sign-in by SSH, among what was checked and for support.
func TestKeysAndSFTPAreShown(t *testing.T) {
	for _, c := range []struct {
		file    string
		rows    map[string]string // the beginning or the whole of what a row says
		details map[string]string
	}{
		{
			"key-permissions/example.json",
			map[string]string{
				"keys": "1 key, 1 shown; the server takes SHA256:8mVx2Qy7LkWc5dRzTn0oBs3aJg9uEi1fHp4tYvKqXrM",
				"sftp": "jane is signed in on 203.0.113.21:22 with the key SHA256:8mVx2Qy7LkWc5dRzTn0oBs3aJg9uEi1fHp4tYvKqXrM; SFTP 3, listed the folder",
				"ssh":  "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7, host key (known) ssh-ed25519 SHA256:",
			},
			map[string]string{
				"SSH methods": "publickey, password (on 203.0.113.21:22)",
				"SSH keys":    "ssh-ed25519 SHA256:8mVx2Qy7LkWc5dRzTn0oBs3aJg9uEi1fHp4tYvKqXrM: signed in",
			},
		},
		{
			"key-certificate/example.json",
			map[string]string{
				"keys": "1 key, 1 shown; the server does not take it",
				"sftp": "refused on 203.0.113.21:22; the server signs in by publickey",
			},
			map[string]string{"SSH keys": "ssh-ed25519 SHA256:8mVx2Qy7LkWc5dRzTn0oBs3aJg9uEi1fHp4tYvKqXrM: refused"},
		},
		{
			"auth-too-many/example.json", // the key at which the server hung up was shown too
			map[string]string{"keys": "7 keys, 6 shown; the server takes none of them"},
			nil,
		},
		{
			"key-agent-failed/example.json",
			map[string]string{
				"keys": "none (the SSH agent does not answer)",
				"sftp": "not signed in: there is no key that can be used; the server signs in by publickey",
			},
			nil,
		},
		{
			"ssh-hostkey-changed/example-password-kept.json",
			map[string]string{
				"ssh":  "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7, host key (not the known one) ssh-ed25519 ",
				"sftp": "not signed in: the host key is not the one that is known here; the server signs in by publickey, password",
			},
			nil,
		},
		{
			"ssh-old-apps/example.json",
			map[string]string{"ssh": "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7, host key (known) "},
			map[string]string{"SSH apps left out": "apps with libssh2 1.10 (host key and encryption), apps with JSch 0.1.55 (key exchange, host key and encryption) (on 22)"},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			r := example(t, c.file)
			rows, details := map[string]string{}, map[string]string{}
			for _, row := range rowsOf(r) {
				rows[row.name] = row.says
			}
			for _, d := range supportDetails(r) {
				details[d.Label] = strings.Join(d.Values, "; ")
			}
			for name, want := range c.rows {
				if !strings.HasPrefix(rows[name], want) {
					t.Errorf("%s: %q, want %q", name, rows[name], want)
				}
			}
			for label, want := range c.details {
				if details[label] != want {
					t.Errorf("%s: %q, want %q", label, details[label], want)
				}
			}
		})
	}
}

// A sign-in that was not made is no test that passed.
func TestKeptBackIsSkipped(t *testing.T) {
	r := example(t, "ssh-hostkey-unknown/example.json")
	text := written(t, format(t, "junit"), r)
	if want := `<skipped message="not signed in: nobody has confirmed the host key">`; !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

// Where nobody was let in no way in is said to work, in whatever format for people.
func TestWhatAnswersIsNotSaidToWork(t *testing.T) {
	for file, want := range map[string]string{
		"auth-password-wrong/example.json": "What answers from here",
		"key-permissions/example.json":     "What works from here",
		// Let in by SFTP alone.
		"login-protocol-disabled/example-sftp.json": "the certificate is valid; sign-in refused",
	} {
		for _, name := range []string{"text", "markdown", "html"} {
			if text := written(t, format(t, name), example(t, file)); !strings.Contains(text, want) {
				t.Errorf("%s as %s does not say %q", file, name, want)
			}
		}
	}
}

// A line is marked by what is wrong there. What works is evidence of what does not work elsewhere, and is not marked for it.
func TestMarksOfLines(t *testing.T) {
	for file, want := range map[string]map[string]mark{
		"login-protocol-disabled/example-sftp.json":      {"login": bad, "sftp": good},
		"ssh-hostkey-changed/example-password-kept.json": {"ssh": bad, "sftp": skipped},
		"ssh-hostkey-unknown/example.json":               {"ssh": doubtful, "sftp": doubtful},
		"ssh-old-apps/example.json":                      {"ssh": good},
	} {
		rows := map[string]mark{}
		for _, row := range rowsOf(example(t, file)) {
			rows[row.name] = row.mark
		}
		for name, mark := range want {
			if rows[name] != mark {
				t.Errorf("%s: the line %s is marked %v, want %v", file, name, rows[name], mark)
			}
		}
	}
}
