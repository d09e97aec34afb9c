package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ftpdoctor/probe/fact"
)

// TestRealServices plays services with real servers: OpenSSH 9.2p1 as one that signs in by password or by key, each under a name
// of its own; vsftpd 3.0.3 and ProFTPD 1.3.8 beside OpenSSH, for accounts that may use one of the two; and Go's web server as one
// by which users sign in.
func TestRealServices(t *testing.T) {
	runReal(t, []realTest{
		{"healthy-password-mode", passwordMode},
		{"healthy-key-mode", keyMode},
		{"password-in-key-mode", passwordInKeyMode},
		{"key-in-password-mode", keyInPasswordMode},
		{"new-key", newKeyOfApp},
		{"app-not-ready", appNotReady},
		{"no-sftp", appWithoutSFTP},

		{"ftp-forbidden-vsftpd", ftpForbiddenVsftpd},
		{"ftp-forbidden-proftpd", ftpForbiddenProFTPD},
		{"sftp-forbidden", sftpForbidden},
		{"key-fits-and-password-does-not", keyFitsAlone},

		{"web-says-locked", webSaysLocked},
		{"web-takes-the-password", webTakesThePassword},
		{"web-says-locked-to-sftp", webSaysLockedToSFTP},
		{"web-not-needed", webNotNeeded},

		{"letter", letterFromHere},
		{"public-address", publicAddress},
	})
}

// The two names of an app: with a dot it signs in by password, without by key.
const (
	passwordName = "acme.f4n4gkrx"
	keyName      = "acme"
)

// appHost starts OpenSSH with an app of two modes, each with a home of its own. No password fits the name of the key mode, and no key that of the password
// mode; both methods are offered to both, as OpenSSH does.
func (n *network) appHost(settings ...string) (args []string) {
	n.t.Helper()
	n.names(serverAddress)
	home := n.account()
	keys := filepath.Join(n.dir, "keys-of-")
	line := func(name string) string {
		return fmt.Sprintf("%s:x:%d:%[2]d::%s:/bin/sh\n", name, userID, home)
	}
	n.etc(n.server, "passwd", serverUsers+line(passwordName)+line(keyName))
	n.etc(n.server, "shadow", passwordName+":"+passwordHash+":19000:0:99999:7:::\n"+keyName+":*:19000:0:99999:7:::\n")
	settings = append([]string{"AuthorizedKeysFile " + keys + "%u", "StrictModes no", "KbdInteractiveAuthentication no"}, settings...)
	if !slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "Subsystem") }) {
		settings = append(settings, "Subsystem sftp internal-sftp")
	}
	fingerprint := n.openSSH(serverAddress, "22", settings...)
	return []string{"--profile", n.file("apps.json", fmt.Sprintf(`{
		"name": "apps", "title": "Apps", "promised": true, "host_keys": [%q], "ports": [{"number": 22, "speaks": "sftp"}], "key_delay_seconds": 420,
		"users": [
			{"shape": "[a-z]+\\.[a-z0-9]+", "means": "password mode", "methods": ["password"]},
			{"shape": "[a-z]+", "means": "key mode", "methods": ["publickey"]}
		],
		"lacks": [{"what": "sftp", "some": "apps of the large stack", "instead": "run commands over SSH"}],
		"texts": [{"words": "internal error I01", "cause": "sftp-command-text", "means": "The app was made just now, and is not ready yet.", "do": "wait three minutes"}]
	}`, fingerprint))}
}

// keyOfApp makes a key that the key mode takes.
func (n *network) keyOfApp(name string) userKey {
	n.t.Helper()
	key := n.key(name, "-t", "ed25519")
	if err := os.WriteFile(filepath.Join(n.dir, "keys-of-"+keyName), []byte(key.public+"\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
	return key
}

func passwordMode(n *network, _ *authority) {
	d := n.doctorWith(withPassword, append(n.appHost(), "-u", passwordName, host)...)
	n.healthy(d)
	n.listedBy(d, "password")
}

func keyMode(n *network, _ *authority) {
	args := n.appHost()
	key := n.keyOfApp("app")
	d := n.doctorWith(nil, append(args, "-i", key.file, "-u", keyName, host)...)
	n.healthy(d)
	n.listedBy(d, "key")
}

func passwordInKeyMode(n *network, _ *authority) {
	d := n.doctorWith(withPassword, append(n.appHost(), "-u", keyName, host)...)
	n.expect(d, 1, "auth-mode-mismatch")
	n.asked(d, "none refused publickey,password", "password refused")
}

func keyInPasswordMode(n *network, _ *authority) {
	args := n.appHost()
	key := n.keyOfApp("app")
	d := n.doctorWith(nil, append(args, "-i", key.file, "-u", passwordName, host)...)
	n.expect(d, 1, "auth-mode-mismatch")
}

// The key was made just now, and the service does not know it yet.
func newKeyOfApp(n *network, _ *authority) {
	args := n.appHost()
	key := n.key("fresh", "-t", "ed25519")
	d := n.doctorWith(nil, append(args, "-i", key.file, "-u", keyName, host)...)
	n.expect(d, 1, "auth-key-not-active-yet")
}

// A program in place of SFTP says that the app is not ready.
func appNotReady(n *network, _ *authority) {
	args := n.appHost("Subsystem sftp internal-sftp", `ForceCommand printf '    A B O R T E D\n\n  !! Internal error I01 - please try again later.\n\n'; exit 1`)
	d := n.doctorWith(withPassword, append(args, "-u", passwordName, host)...)
	n.expect(d, 1, "sftp-command-text")
	n.fixes(d, "wait three minutes")
}

func appWithoutSFTP(n *network, _ *authority) {
	d := n.doctorWith(withPassword, append(n.appHost("Subsystem other /bin/true"), "-u", passwordName, host)...)
	n.expect(d, 1, scpOr("sftp-none"))
}

// fixes wants words in what the report advises.
func (n *network) fixes(d *diagnosis, want string) {
	n.t.Helper()
	if !bytes.Contains(d.raw, []byte(want)) {
		n.t.Errorf("nothing advises to %s", want)
	}
}

// The account may use SFTP and not FTP.

// ftpForbiddenVsftpd: PAM refuses the account after the password, and vsftpd has no other words for that.
func ftpForbiddenVsftpd(n *network, ca *authority) {
	args := n.ftpAndSFTP(ca)
	n.forbidFTP()
	d := n.doctorWith(withPassword, args...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.expect(d, 1, "login-protocol-disabled")
	n.ways(d, "sftp 22 ssh listed", "ftpes 21 explicit verified")
}

// forbidFTP lets the PAM service of vsftpd refuse the account after the password.
func (n *network) forbidFTP() {
	n.t.Helper()
	n.etc(n.server, "pam.d/ftpdoctor", "auth required pam_unix.so\naccount required pam_deny.so\nsession required pam_permit.so\n")
}

func ftpForbiddenProFTPD(n *network, ca *authority) {
	n.sftpHost()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "<Limit LOGIN>\nDenyUser "+user+"\n</Limit>")...)
	d := n.doctorWith(withPassword, append(n.site("21", "22"), "--ca-file", ca.rootFile, "-u", user, host)...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.expect(d, 1, "login-protocol-disabled")
}

// The account may use FTP and not SFTP.
func sftpForbidden(n *network, ca *authority) {
	d := n.doctorWith(withPassword, n.ftpAndSFTP(ca, "DenyUsers "+user)...)
	n.expect(d, 1, "auth-user-denied", "data-tls-reuse")
}

// A key signs in by SFTP; the password, which FTP refuses, is wrong. The one proves nothing about the other.
func keyFitsAlone(n *network, ca *authority) {
	args := n.ftpAndSFTP(ca)
	key := n.key("mine", "-t", "ed25519")
	n.authorize(key)
	d := n.doctorWith([]string{"FTPDOCTOR_PASSWORD=wrong-horse"}, append([]string{"-i", key.file}, args...)...)
	n.expect(d, 1, "login-bad-credentials")
	n.ways(d, "sftp 22 ssh listed", "ftpes 21 explicit verified")
}

// The web tells.

// sessions is a web server by which users sign in, as Files.com has it: Go's own HTTP on the other side.
type sessions struct {
	refuses string // the type of the error that the right password gets; empty: none

	mu    sync.Mutex
	asked int
	open  int
}

func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path != "/api/rest/v1/sessions":
		http.NotFound(w, r)
	case r.Method == http.MethodDelete && r.Header.Get("X-FilesAPI-Auth") == "the-session":
		s.open--
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		s.asked++
		var given struct{ Username, Password string }
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil || given.Username != user || given.Password != password {
			s.refuse(w, "not-authenticated/invalid-username-or-password")
		} else if s.refuses != "" {
			s.refuse(w, s.refuses)
		} else {
			s.open++
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id": "the-session", "language": "en"}`)
		}
	default:
		s.refuse(w, "not-authenticated/invalid-session")
	}
}

func (s *sessions) refuse(w http.ResponseWriter, kind string) {
	w.Header().Set("X-Files-Error-Class", kind)
	w.Header().Set("X-Request-Id", "4711")
	w.WriteHeader(http.StatusUnauthorized)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": "no", "http-code": 401, "title": "No", "type": kind})
}

// webSite starts vsftpd and OpenSSH, which refuse the account, and the web server. It returns the arguments of a run.
func (n *network) webSite(ca *authority, s *sessions) []string {
	n.t.Helper()
	n.ftpAndSFTP(ca, "DenyUsers "+user)
	n.forbidFTP()
	id := ca.certificate(n, host, nil)
	certificate, err := tls.LoadX509KeyPair(id.chain, id.key)
	if err != nil {
		n.t.Fatal(err)
	}
	server := &http.Server{Handler: s, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}, ErrorLog: log.New(io.Discard, "", 0)}
	listener := n.listen(n.server, net.JoinHostPort(serverAddress, "443"))
	go func() { _ = server.ServeTLS(listener, "", "") }() // ends when the network closes the listener
	n.t.Cleanup(func() { _ = server.Close() })
	return []string{"--profile", n.file("web.json", `{
		"name": "web", "title": "Web", "promised": true,
		"ports": [{"number": 21, "speaks": "ftpes"}, {"number": 22, "speaks": "sftp"}, {"number": 443, "speaks": "https"}],
		"web_login": {
			"path": "/api/rest/v1/sessions", "user": "username", "password": "password", "session": "id", "session_header": "X-FilesAPI-Auth",
			"error": "type", "error_header": "X-Files-Error-Class", "says": ["title"], "request_header": "X-Request-Id",
			"errors": [
				{"name": "not-authenticated/locked-out", "cause": "login-locked"},
				{"name": "not-authenticated/invalid-username-or-password", "cause": "login-bad-credentials"}
			]
		}
	}`), "--ca-file", ca.rootFile, "--ask-web", "-u", user, host}
}

// webAsked wants the web to have been asked so often, and no session left open.
func (n *network) webAsked(s *sessions, times int) {
	n.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != times || s.open != 0 {
		n.t.Errorf("the web was asked %d times, and %d sessions are open; want %d, 0", s.asked, s.open, times)
	}
}

func webSaysLocked(n *network, ca *authority) {
	s := &sessions{refuses: "not-authenticated/locked-out"}
	d := n.doctorWith(withPassword, n.webSite(ca, s)...)
	n.expect(d, 1, "login-locked")
	n.webAsked(s, 1)
	for _, o := range d.Facts {
		if w := o.WebLogin; w != nil && (w.Status != 401 || w.Reason != "not-authenticated/locked-out" || w.Request != "4711") {
			n.t.Errorf("the web's answer is %+v", w)
		}
	}
}

func webTakesThePassword(n *network, ca *authority) {
	s := &sessions{}
	d := n.doctorWith(withPassword, n.webSite(ca, s)...)
	n.expect(d, 1, "login-protocol-disabled")
	n.webAsked(s, 1)
	ended := slices.ContainsFunc(d.Facts, func(o fact.Observation) bool { return o.WebLogin != nil && o.WebLogin.Ended })
	if !ended {
		n.t.Error("the session was not ended")
	}
}

func webSaysLockedToSFTP(n *network, ca *authority) {
	s := &sessions{refuses: "not-authenticated/locked-out"}
	d := n.doctorWith(withPassword, append([]string{"--protocol", "sftp"}, n.webSite(ca, s)...)...)
	n.expect(d, 1, "login-locked")
	n.webAsked(s, 1)
}

// Who is let in needs no test on the web.
func webNotNeeded(n *network, ca *authority) {
	s := &sessions{}
	args := n.webSite(ca, s)
	n.etc(n.server, "pam.d/ftpdoctor", "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n")
	d := n.doctorWith(withPassword, append([]string{"--protocol", "ftpes"}, args...)...)
	n.healthy(d)
	n.webAsked(s, 0)
}

// The letter asks for the port that the router drops, and for nothing else.
func letterFromHere(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 drop")
	d := n.doctor(args...)
	out, err := exec.Command(n.program, "letter", n.file("report.json", string(d.raw))).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"TCP to port 21 of " + serverAddress, serverAddress + ":21  no answer to the connect", serverAddress + ":22  connected"} {
		if !strings.Contains(string(out), want) {
			n.t.Errorf("%q is not in the letter:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "port 22") {
		n.t.Errorf("the letter asks for what is open:\n%s", out)
	}
}

// A DNS server (dnsmasq) answers the question for the address. It is told what to say, as none of the usual ones knows who asks.
func publicAddress(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	d := n.doctor(append(n.site("21"), "--ca-file", ca.rootFile, "--public-ip="+host+"@"+dnsAddress, host)...)
	for _, o := range d.Facts {
		if p := o.PublicIP; p != nil {
			if p.Address != serverAddress || o.Failure != nil {
				n.t.Errorf("got %+v, %+v", p, o.Failure)
			}
			return
		}
	}
	n.t.Error("nobody was asked")
}
