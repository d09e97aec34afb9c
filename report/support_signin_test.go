package report

import (
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// The part for support holds what the logs of a service can be searched for.
func TestSupportOfSignIns(t *testing.T) {
	for file, wants := range map[string][]string{
		"login-locked/example-web.json": {
			"Sign-ins: 2", "ftpes at 198.51.100.7:21 by password: refused", "web at 198.51.100.7:443: not-authenticated/locked-out, request 2f3e5a70-",
			"Reasons left: locked_out", "SSH client: SSH-2.0-ftpdoctor",
		},
		"login-protocol-disabled/example-web.json": {"Reasons left: no_ftp_permission, no_directory", "web at 198.51.100.7:443: accepted"},
		"login-refused/example.json":               {"Sign-ins: 2", ": refused"},
	} {
		got := supportText(judged(t, file))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", file, want, got)
			}
		}
	}
	if got := supportText(judged(t, "healthy-files-com/facts.json")); strings.Contains(got, "Sign-ins") || strings.Contains(got, "Reasons left") {
		t.Errorf("nobody signed in, and it says\n%s", got)
	}
}

func supportText(r *Report) string {
	var lines []string
	for _, d := range supportDetails(r) {
		for _, value := range d.Values {
			lines = append(lines, d.Label+": "+value)
		}
	}
	return strings.Join(lines, "\n")
}

// Only what a server says about the visitor's address is taken for it, never the server's own.
func TestToldAddress(t *testing.T) {
	for line, want := range map[string]string{
		"Client IP: 192.0.2.77":                            "192.0.2.77",
		"Your IP address is 192.0.2.77.":                   "192.0.2.77",
		"530 Access denied; your IP is 2001:db8::77":       "2001:db8::77",
		"You are connected from [192.0.2.77]":              "192.0.2.77",
		"Too many connections from 192.0.2.77":             "",
		"Your IP address (192.0.2.77) has been banned":     "192.0.2.77",
		"Login from 192.0.2.77 accepted":                   "192.0.2.77",
		"220 ProFTPD Server (ftp) [198.51.100.7]":          "",
		"220 Welcome to 198.51.100.7":                      "",
		"Your IP address is 192.168.1.20":                  "",
		"227 Entering Passive Mode (198,51,100,7,156,64)":  "",
		"Your host is 999.1.2.3":                           "",
		"client ip":                                        "",
		"230-Last login from 192.0.2.9":                    "",
		"1 failed login from 192.0.2.9":                    "",
		"Your IP is 192.0.2.77 and not 198.51.100.9":       "192.0.2.77",
		"SSH connection rejected. Client IP: 203.0.113.9 ": "203.0.113.9",
	} {
		if got := toldAddress(line); got != want {
			t.Errorf("%q tells %q, want %q", line, got, want)
		}
	}
}

// The address stands in the part for support, whoever told it.
func TestSeenFrom(t *testing.T) {
	r := judged(t, "ssh-restricted-banner/example.json")
	r.Seen = append(r.Seen, fact.Observation{ID: len(r.Seen) + 1, Check: "public-ip", PublicIP: &fact.PublicIP{Service: "me.example@dns.example", Server: "203.0.113.53:53", Address: "192.0.2.77"}})
	got := supportText(New(r.Run, profile.FortrabbitApp))
	if !strings.Contains(got, "Seen from: 192.0.2.77, as the DNS server 203.0.113.53:53 sees it") {
		t.Errorf("the public address is missing in\n%s", got)
	}
}

// SSH has causes of its own for what a service's log calls by the same names.
func TestReasonsLeftBySSH(t *testing.T) {
	got := supportText(New(judged(t, "auth-password-wrong/example.json").Run, profile.FilesCom))
	for _, want := range []string{"password_mismatch, username_not_found", ", disabled", "locked_out", "no_sftp_permission"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "no_ftp_permission") {
		t.Errorf("nobody signed in by FTP, and it says\n%s", got)
	}
}

// What is too long for its column stands above what it means, and no reason of a log is told twice.
func TestExplainProfileOfLongForms(t *testing.T) {
	var out strings.Builder
	if err := ExplainProfile(&out, &profile.Fortrabbit, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := ExplainProfile(&out, &profile.FilesCom, Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "  name [a-z0-9-]+\\.[a-z0-9]+\n                            password mode: ") {
		t.Errorf("the form of a name runs into what it means:\n%s", out.String())
	}
	if n := strings.Count(out.String(), "password_mismatch"); n != 1 {
		t.Errorf("a reason is told %d times:\n%s", n, out.String())
	}
}
