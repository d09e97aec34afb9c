package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpdoctor/probe/fact"
)

// TestRealSignIn signs in at real servers: those of TestReal, and pyftpdlib 1.5.7.
func TestRealSignIn(t *testing.T) {
	runReal(t, []realTest{
		{"healthy-vsftpd", signInVsftpd},
		{"healthy-host", signInHost},
		{"healthy-three-addresses", signInAddresses},
		{"healthy-vsftpd-tls-1.2", signInVsftpdTLS12},
		{"healthy-vsftpd-plaintext-allowed", signInPlaintextAllowed},
		{"healthy-vsftpd-implicit", signInVsftpdImplicit},
		{"healthy-vsftpd-one-connection-per-address", signInOneConnection},
		{"healthy-vsftpd-ipv6", signInIPv6},
		{"healthy-vsftpd-in-clear", signInClear},
		{"healthy-vsftpd-over-a-slow-and-lossy-line", signInBadLine},
		{"healthy-vsftpd-slow-write", signInSlowWrite},
		{"healthy-vsftpd-anonymous", signInAnonymous},
		{"healthy-vsftpd-large-folder", signInLargeFolder},
		{"healthy-proftpd", signInProFTPD},
		{"healthy-proftpd-with-much-to-say", signInTalkative},
		{"healthy-proftpd-tls-1.2", signInProFTPDTLS12},
		{"proftpd-tls-1.2-without-tickets", signInProFTPDWithoutTickets},
		{"healthy-proftpd-implicit", signInProFTPDImplicit},
		{"healthy-pure-ftpd", signInPureFTPd},
		{"healthy-pure-ftpd-ipv6", signInPureFTPdIPv6},
		{"healthy-pyftpdlib", signInPyftpdlib},
		{"healthy-pyftpdlib-implicit", signInPyftpdlibImplicit},

		{"wrong-password-vsftpd", wrongPasswordVsftpd},
		{"wrong-password-proftpd", wrongPasswordProFTPD},
		{"wrong-password-pure-ftpd", wrongPasswordPureFTPd},
		{"wrong-password-pyftpdlib", wrongPasswordPyftpdlib},
		{"unknown-user", unknownUser},
		{"denied-user", deniedUser},
		{"anonymous-refused", anonymousRefused},
		{"anonymous-only", anonymousOnly},
		{"user-number-too-low", userNumberTooLow},
		{"tls-required-vsftpd", tlsRequiredVsftpd},
		{"tls-required-proftpd", tlsRequiredProFTPD},
		{"tls-required-pure-ftpd", tlsRequiredPureFTPd},
		{"certificate-self-signed", signInSelfSigned},
		{"home-missing-vsftpd", homeMissingVsftpd},
		{"home-missing-pure-ftpd", homeMissingPureFTPd},
		{"home-missing-proftpd", homeMissingProFTPD},
		{"chroot-writable", chrootWritable},
		{"per-address-limit", signInPerAddressLimit},
		{"per-user-limit-proftpd", perUserLimitProFTPD},
		{"per-user-limit-pure-ftpd", perUserLimitPureFTPd},

		{"private-address-announced", privateAddress},
		{"other-address-announced", otherAddress},
		{"passive-range-dropped", passiveDropped},
		{"passive-range-dropped-plaintext-allowed", passiveDroppedPlaintextAllowed},
		{"passive-range-refused", passiveRefused},
		{"passive-range-half-dropped", passiveHalfDropped},
		{"passive-ports-used-up", passiveUsedUp},
		{"epsv-refused", epsvRefused},
		{"epsv-swallowed", epsvSwallowed},
		{"passive-mode-switched-off", passiveOff},
		{"data-encryption-reset", dataEncryptionReset},
		{"encrypted-data-demanded-vsftpd", protRequiredVsftpd},
		{"encrypted-data-demanded-proftpd", protRequiredProFTPD},
		{"ftp-helper", ftpHelper},
		{"ftp-helper-compared", ftpHelperCompared},
		{"active-mode-vsftpd", activeVsftpd},
		{"active-mode-proftpd", activeProFTPD},
		{"active-mode-pure-ftpd", activePureFTPd},
		{"active-mode-ipv6", activeIPv6},
		{"active-mode-behind-a-firewall", activeBlocked},
		{"active-mode-switched-off", activeOff},

		{"healthy-vsftpd-folder", folderVsftpd},
		{"folder-missing-vsftpd", folderMissingVsftpd},
		{"folder-in-latin-1-vsftpd", folderLatin1Vsftpd},
		{"folder-read-only-vsftpd", readOnlyVsftpd},
		{"folder-read-only-proftpd", readOnlyProFTPD},
		{"folder-read-only-pure-ftpd", readOnlyPureFTPd},
		{"interrupted-vsftpd", interruptedVsftpd},
		{"interrupted-proftpd", interruptedProFTPD},
		{"interrupted-pure-ftpd", interruptedPureFTPd},
		{"disk-full-vsftpd", diskFullVsftpd},
		{"disk-full-proftpd", diskFullProFTPD},
		{"disk-full-pure-ftpd", diskFullPureFTPd},
		{"quota-pure-ftpd", quotaPureFTPd},
	})
}

// signIn runs the program with a user name and the right password, unless another is given.
func (n *network) signIn(ca *authority, args ...string) *diagnosis {
	n.t.Helper()
	return n.signInAs(ca, user, password, args...)
}

func (n *network) signInAs(ca *authority, user, password string, args ...string) *diagnosis {
	n.t.Helper()
	args = append(args, "--ca-file", ca.rootFile, "-u", user, host)
	d := n.doctorWith([]string{"FTPDOCTOR_PASSWORD=" + password}, args...)
	if bytes.Contains(d.raw, []byte(password)) {
		n.t.Error("the password is in the report")
	}
	return d
}

// done checks what was transferred, each as "work mode code", with "resumed" where TLS used the session of the control
// connection again, and "plain" where there was no TLS.
func (n *network) done(d *diagnosis, want ...string) {
	n.t.Helper()
	var got []string
	for _, o := range d.Facts {
		t := o.Transfer
		if t == nil {
			continue
		}
		line := fmt.Sprintf("%s %s %d", t.Work, t.Mode, t.Code)
		switch {
		case t.Resumed:
			line += " resumed"
		case !t.Encrypted:
			line += " plain"
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("transferred was\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// wroteAndLeftNothing is what a run with --write does at a server whose TLS sessions can be used again. last is the listing
// over a TLS session of its own.
func (n *network) wroteAndLeftNothing(d *diagnosis, home, last string) {
	n.t.Helper()
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed",
		"upload epsv 226 resumed", "download epsv 226 resumed", "upload epsv 226 resumed", "download epsv 226 resumed", last)
	n.left(home)
}

// left checks that the home folder holds what it held before.
func (n *network) left(home string) {
	n.t.Helper()
	entries, err := os.ReadDir(home)
	if err != nil {
		n.t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "readme.txt" {
		n.t.Errorf("the home folder holds %v, want readme.txt alone", entries)
	}
}

// outcome checks how the sign-in ended.
func (n *network) outcome(d *diagnosis, want fact.Outcome) {
	n.t.Helper()
	i := slices.IndexFunc(d.Facts, func(o fact.Observation) bool { return o.Login != nil })
	if i < 0 {
		n.t.Error("no sign-in among the facts")
		return
	}
	if got := d.Facts[i].Login.Outcome; got != want {
		n.t.Errorf("the sign-in ended with %q, want %q", got, want)
	}
}

// version checks the TLS version of an endpoint's control connection.
func (n *network) version(d *diagnosis, endpoint, want string) {
	n.t.Helper()
	o := n.step(d, endpoint, "TLS handshake", func(o *fact.Observation) bool { return o.TLS != nil && o.TLS.Purpose == "" })
	if o != nil && o.TLS.Version != want {
		n.t.Errorf("%s speaks %s, want %s", endpoint, o.TLS.Version, want)
	}
}

// Healthy servers.

func signInVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.countConnections()
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote")
	n.version(d, serverAddress+":21", "TLS 1.3")
	n.reply(d, serverAddress+":21", "USER", 331, "Please specify the password.")
	n.reply(d, serverAddress+":21", "PASS", 230, "Login successful.")
	n.wroteAndLeftNothing(d, home, "list epsv 522")
	if opened := n.connections(); d.Spent.Connections != opened {
		n.t.Errorf("the report owns up to %d connections, the router saw %d", d.Spent.Connections, opened)
	}
}

// One password goes to one of the ways in, the first of the profile.
func signInHost(n *network, ca *authority) {
	n.names(serverAddress)
	n.countConnections()
	home := n.account()
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "21", id, withUsers()...)
	n.vsftpd(serverAddress, "990", id, withUsers("implicit_ssl=YES")...)
	n.openSSH(serverAddress, "22")
	n.web(serverAddress, id)
	d := n.signIn(ca, "--write")
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote", "ftps 990 implicit verified", "sftp 22 ssh connected")
	n.wroteAndLeftNothing(d, home, "list epsv 522")
	if opened := n.connections(); d.Spent.Connections != opened {
		n.t.Errorf("the report owns up to %d connections, the router saw %d", d.Spent.Connections, opened)
	}
}

func signInAddresses(n *network, ca *authority) {
	n.names(serverAddress, secondAddress, thirdAddress, serverAddress6)
	home := n.account()
	id := ca.certificate(n, host, nil)
	for _, address := range []string{serverAddress, secondAddress, thirdAddress, serverAddress6} {
		n.vsftpd(address, "21", id, withUsers()...)
	}
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.left(home)
	sent := 0
	for _, o := range d.Facts {
		if o.Reply != nil && o.Reply.Command == "PASS" {
			sent++
		}
	}
	if sent != 1 {
		n.t.Errorf("the password was sent %d times, want once", sent)
	}
}

// That the server takes no password in clear is no fault where TLS works.
func signInPlaintextAllowed(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--allow-plaintext")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list epsv 522")
}

func signInVsftpdTLS12(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.etc(n.server, "ssl/openssl.cnf", "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\nMaxProtocol = TLSv1.2\n")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("ssl_ciphers=HIGH")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.version(d, serverAddress+":21", "TLS 1.2")
	n.ways(d, "ftpes 21 explicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 522")
}

func signInVsftpdImplicit(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "990", ca.certificate(n, host, nil), withUsers("implicit_ssl=YES")...)
	d := n.signIn(ca, append(n.site("990"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftps 990 implicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 522")
}

// The program needs no second control connection.
func signInOneConnection(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("max_per_ip=1", "require_ssl_reuse=NO")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.wroteAndLeftNothing(d, home, "list epsv 226")
}

func signInIPv6(n *network, ca *authority) {
	n.names(serverAddress6)
	home := n.account()
	n.vsftpd(serverAddress6, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "upload epsv 226 resumed", "download epsv 226 resumed", "upload epsv 226 resumed",
		"download epsv 226 resumed", "list epsv 522")
	n.left(home)
}

// A line of 128 kbit/s that loses every twentieth packet.
func signInBadLine(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	for _, device := range []string{"client", "server"} {
		n.run(n.router, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "128kbit", "burst", "2kb", "latency", "3s")
	}
	n.onTheWay("tcp flags & syn == 0 numgen inc mod 20 == 19 drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, n.site("21")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list epsv 522")
}

// A line that is slow towards the server, as many are. The file of the transfer test becomes smaller.
func signInSlowWrite(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.run(n.router, "tc", "qdisc", "add", "dev", "server", "root", "tbf", "rate", "256kbit", "burst", "2kb", "latency", "2s")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.wroteAndLeftNothing(d, home, "list epsv 522")
}

// The account of everybody.
func signInAnonymous(n *network, ca *authority) {
	n.names(serverAddress)
	if err := os.Chmod(n.account(), 0o555); err != nil {
		n.t.Fatal(err)
	}
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "anonymous_enable=YES", "allow_anon_ssl=YES",
		"no_anon_password=YES", "ftp_username="+user)
	d := n.signInAs(ca, "anonymous", "someone@example.com", n.site("21")...)
	n.reply(d, serverAddress+":21", "USER", 230, "Login successful.")
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list epsv 522")
}

func signInLargeFolder(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	for i := range 20_000 {
		name := filepath.Join(home, fmt.Sprintf("a file with a rather long name, number %05d", i))
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, n.site("21")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list epsv 522")
}

// A server that hides what it is, greets in many lines, and allows one connection.
func signInTalkative(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	text := n.file("words", strings.Repeat("Use of this system is monitored. 530 Login incorrect.\n", 30))
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on", "ServerIdent off",
		"MaxClientsPerHost 1", "MaxClientsPerUser 1", "DisplayConnect "+text, "DisplayLogin "+text)...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.wroteAndLeftNothing(d, home, "list epsv 425")
}

func signInClear(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("ssl_enable=NO")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext", "--write")
	n.healthy(d)
	n.ways(d, "ftp 21 none wrote")
	n.done(d, "list epsv 226 plain", "list pasv 226 plain", "upload epsv 226 plain", "download epsv 226 plain",
		"upload epsv 226 plain", "download epsv 226 plain")
	n.left(home)
}

func signInProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on", "TLSProtocol TLSv1.3")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.version(d, serverAddress+":21", "TLS 1.3")
	n.ways(d, "ftpes 21 explicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 425")
}

func signInProFTPDTLS12(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil),
		n.userFile("TLSEngine on", "TLSRequired on", "TLSProtocol TLSv1.2", "TLSSessionTickets on")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.version(d, serverAddress+":21", "TLS 1.2")
	n.wroteAndLeftNothing(d, home, "list epsv 425")
}

// ProFTPD 1.3.8 with TLS 1.2 alone goes on with a session by its ID, which this program does not know, and gives no tickets.
// Other apps have no trouble, so that no more than a warning is in order.
func signInProFTPDWithoutTickets(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on", "TLSProtocol TLSv1.2")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.done(d, "list epsv 425", "list pasv 425")
	n.expect(d, 0, "data-tls-reuse")
	if strings.Contains(d.Verdict.Summary, "works") {
		n.t.Errorf("the report says %q, although no listing came", d.Verdict.Summary)
	}
}

func signInProFTPDImplicit(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.proftpd(serverAddress, "990", ca.certificate(n, host, nil),
		n.userFile("TLSEngine on", "TLSRequired on", "TLSOptions UseImplicitSSL NoSessionReuseRequired")...)
	d := n.signIn(ca, append(n.site("990"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftps 990 implicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 226")
}

func signInPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(home, "--tls", "3")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote")
	n.done(d, "list epsv 226", "list pasv 226", // without tickets for TLS 1.3, and without a demand for them
		"upload epsv 226", "download epsv 226", "upload epsv 226", "download epsv 226", "list epsv 226")
	n.left(home)
}

func signInPureFTPdIPv6(n *network, ca *authority) {
	n.names(serverAddress6)
	home := n.account()
	n.pureFTPd(serverAddress6, "21", ca.certificate(n, host, nil), n.pureDB(home)...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote")
	n.left(home)
}

func signInPyftpdlib(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.pyftpdlib(serverAddress, "21", ca.certificate(n, host, nil), home)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 226")
}

func signInPyftpdlibImplicit(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.pyftpdlib(serverAddress, "990", ca.certificate(n, host, nil), home, implicitly)
	d := n.signIn(ca, append(n.site("990"), "--write")...)
	n.healthy(d)
	n.ways(d, "ftps 990 implicit wrote")
	n.wroteAndLeftNothing(d, home, "list epsv 226")
}

// Logins that fail.

const wrong = "not-the-password-4711"

func wrongPasswordVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signInAs(ca, user, wrong, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.outcome(d, fact.LoginDenied)
	n.expect(d, 1, "login-bad-credentials")
}

func wrongPasswordProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on")...)
	d := n.signInAs(ca, user, wrong, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.expect(d, 1, "login-bad-credentials")
}

func wrongPasswordPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account())...)
	d := n.signInAs(ca, user, wrong, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login authentication failed")
	n.expect(d, 1, "login-bad-credentials")
}

func wrongPasswordPyftpdlib(n *network, ca *authority) {
	n.names(serverAddress)
	n.pyftpdlib(serverAddress, "21", ca.certificate(n, host, nil), n.account())
	d := n.signInAs(ca, user, wrong, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Authentication failed.")
	n.expect(d, 1, "login-bad-credentials")
}

// No server says that a user does not exist.
func unknownUser(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signInAs(ca, "nobody-here", password, n.site("21")...)
	n.reply(d, serverAddress+":21", "USER", 331, "Please specify the password.")
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.expect(d, 1, "login-bad-credentials")
}

func deniedUser(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil),
		withUsers("userlist_enable=YES", "userlist_file="+n.file("denied", user+"\n"))...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "USER", 530, "Permission denied.")
	n.expect(d, 1, "login-disabled")
}

func anonymousRefused(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account())...)
	d := n.signInAs(ca, "anonymous", "me@example.com", n.site("21")...)
	n.expect(d, 1, "login-no-anonymous")
}

func anonymousOnly(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "anonymous_enable=YES", "local_enable=NO", "allow_anon_ssl=YES")
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "USER", 530, "This FTP server is anonymous only.")
	n.expect(d, 1, "login-anonymous-only")
}

func userNumberTooLow(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account(), "--minuid", "9999")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Sorry, but I can't trust you")
	n.expect(d, 1, "login-disabled")
}

func tlsRequiredVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.reply(d, serverAddress+":21", "USER", 530, "Non-anonymous sessions must use encryption.")
	n.expect(d, 1, "login-tls-required")
}

func tlsRequiredProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.reply(d, serverAddress+":21", "USER", 550, "SSL/TLS required on the control channel")
	n.expect(d, 1, "login-tls-required")
}

func tlsRequiredPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account(), "--tls", "2")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.reply(d, serverAddress+":21", "USER", 421, "Sorry, cleartext sessions and weak ciphers are not accepted on this server.",
		"Please reconnect using TLS security mechanisms.")
	n.expect(d, 1, "login-tls-required")
}

// The password stays here, and the server never gets to see a login.
func signInSelfSigned(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", n.selfSigned(host), withUsers()...)
	d := n.signIn(ca, n.site("21")...)
	n.outcome(d, fact.NotSent)
	n.expect(d, 1, "tls-self-signed", "login-password-withheld")
	if slices.ContainsFunc(d.Facts, func(o fact.Observation) bool { return o.Reply != nil && o.Reply.Command == "USER" }) {
		n.t.Error("the user name was sent")
	}
	trusted := n.signIn(ca, append(n.site("21"), "--trust-anyway")...)
	n.outcome(trusted, fact.Accepted)
	n.expect(trusted, 1, "tls-self-signed", "data-tls-reuse")
}

func homeMissingVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.accountAt("/nonexistent/jane")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 500, "OOPS: cannot change directory:/nonexistent/jane")
	n.expect(d, 1, "login-home-missing")
}

func homeMissingPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB("/nonexistent/jane")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 421, "Home directory not available - aborting")
	n.expect(d, 1, "login-home-missing")
}

// ProFTPD 1.3.8 says the same as to a wrong password.
func homeMissingProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.accountAt("/nonexistent/jane")
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Login incorrect.")
	n.expect(d, 1, "login-bad-credentials")
	if !slices.ContainsFunc(d.Findings, func(f finding) bool {
		return slices.Contains(f.Candidates, struct{ Cause string }{"login-home-missing"})
	}) {
		n.t.Error("a missing home folder is not among the candidates")
	}
}

func chrootWritable(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("chroot_local_user=YES")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 500, "OOPS: vsftpd: refusing to run with writable root inside chroot()")
	n.expect(d, 1, "login-chroot-writable")
}

// Limits.

// signedIn is another program of the same user, which has signed in and stays.
func (n *network) signedIn(address string) *textproto.Conn {
	n.t.Helper()
	conn := textproto.NewConn(n.dial(n.client, address))
	for _, step := range []struct {
		command string
		code    int
	}{{"", 220}, {"USER " + user, 331}, {"PASS " + password, 230}} {
		if step.command != "" {
			if err := conn.PrintfLine("%s", step.command); err != nil {
				n.t.Fatal(err)
			}
		}
		if _, _, err := conn.ReadResponse(step.code); err != nil {
			n.t.Fatal(err)
		}
	}
	return conn
}

func signInPerAddressLimit(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("max_per_ip=1")...)
	n.occupy(serverAddress + ":21")
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "", 421, "There are too many connections from your internet address.")
	n.outcome(d, fact.NotSent)
	n.expect(d, 1, "ftp-per-ip-limit")
}

func perUserLimitProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "MaxClientsPerUser 1")...)
	n.signedIn(serverAddress + ":21")
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 530, "Sorry, the maximum number of clients (1) for this user are already connected.")
	n.expect(d, 1, "ftp-per-user-limit")
}

func perUserLimitPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account(), "--peruserlimits", "1:1")...)
	n.signedIn(serverAddress + ":21")
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASS", 421, "I can't accept more than 1 connections as the same user")
	n.expect(d, 1, "ftp-per-user-limit")
}

// Data connections.

// rangeOf are settings of vsftpd: the passive ports.
func rangeOf(first, last int) []string {
	return withUsers(fmt.Sprintf("pasv_min_port=%d", first), fmt.Sprintf("pasv_max_port=%d", last))
}

func privateAddress(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("pasv_address=192.168.1.5", "pasv_enable=YES")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASV", 227, "Entering Passive Mode (192,168,1,5,...")
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list epsv 522")
	n.expect(d, 0, "data-pasv-private", "data-tls-reuse")
}

func otherAddress(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("pasv_address="+thirdAddress)...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "PASV", 227, "Entering Passive Mode (198,51,100,9,...")
	n.expect(d, 1, "data-pasv-other-public")
}

func passiveDropped(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname client tcp dport 40000-50000 drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), rangeOf(40000, 50000)...)
	d := n.signIn(ca, append(n.site("21"), "--connect-timeout", "1s")...)
	n.outcome(d, fact.Accepted)
	n.expect(d, 1, "data-pasv-blocked")
}

func passiveDroppedPlaintextAllowed(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname client tcp dport 40000-50000 drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), rangeOf(40000, 50000)...)
	d := n.signIn(ca, append(n.site("21"), "--allow-plaintext", "--connect-timeout", "1s")...)
	n.expect(d, 1, "data-pasv-blocked")
}

func passiveRefused(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname client tcp dport 40000-50000 reject with tcp reset")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), rangeOf(40000, 50000)...)
	d := n.signIn(ca, n.site("21")...)
	n.expect(d, 1, "data-pasv-refused")
}

func passiveHalfDropped(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname client tcp dport 40016-40031 drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), rangeOf(40000, 40031)...)
	d := n.signIn(ca, append(n.site("21"), "--passive-samples", "16", "--connect-timeout", "1s")...)
	// vsftpd chooses ports at random, so that it is a matter of luck how many are open.
	if shown := d.shown(); !slices.Contains(shown, "data-pasv-blocked") {
		n.t.Errorf("shown are %v, want data-pasv-blocked among them", shown)
	}
	for _, f := range d.Findings {
		if strings.Contains(f.Says, "the lower part") || strings.Contains(f.Says, "at random") {
			n.t.Errorf("the finding says %q, but the upper part is blocked", f.Says)
		}
	}
}

func passiveUsedUp(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account(), "--passiveportrange", "40000:40003")...)
	for port := 40000; port <= 40003; port++ {
		n.listen(n.server, net.JoinHostPort(serverAddress, strconv.Itoa(port))) // as another session does
	}
	d := n.signIn(ca, n.site("21")...)
	n.expect(d, 1, "data-ports-exhausted")
}

func epsvRefused(n *network, ca *authority) {
	n.names(serverAddress)
	n.pyftpdlib(serverAddress, "21", ca.certificate(n, host, nil), n.account(),
		`Handler.proto_cmds = {name: rest for name, rest in Handler.proto_cmds.items() if name != "EPSV"}`)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "EPSV", 500, `Command "EPSV" not understood.`)
	n.ways(d, "ftpes 21 explicit listed")
	n.expect(d, 0, "data-epsv-refused")
}

func epsvSwallowed(n *network, ca *authority) {
	n.names(serverAddress)
	n.pyftpdlib(serverAddress, "21", ca.certificate(n, host, nil), n.account(), `Handler.ftp_EPSV = lambda self, line: None`)
	d := n.signIn(ca, n.site("21")...)
	n.ways(d, "ftpes 21 explicit listed")
	n.expect(d, 0, "data-epsv-swallowed")
}

func passiveOff(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("pasv_enable=NO")...)
	d := n.signIn(ca, n.site("21")...)
	n.reply(d, serverAddress+":21", "EPSV", 550, "Permission denied.")
	n.reply(d, serverAddress+":21", "PASV", 550, "Permission denied.")
	n.expect(d, 1, "data-epsv-refused")
}

func dataEncryptionReset(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname client tcp dport 40000-50000 tcp flags & psh == psh reject with tcp reset")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), append(rangeOf(40000, 50000), "data_connection_timeout=3")...)
	d := n.signIn(ca, n.site("21")...)
	n.expect(d, 1, "data-tls-fails")
}

func protRequiredVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("force_local_logins_ssl=NO")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.expect(d, 1, "data-prot-required")
}

func protRequiredProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired data")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.expect(d, 1, "data-prot-required")
}

// readAlong gives the server an inner address, and makes the router lead its outer address there. The router's FTP helper,
// nf_nat_ftp of Linux, changes what a 227 says where it can read it, and opens the port for it.
func (n *network) readAlong(ca *authority) {
	n.t.Helper()
	const inner = "10.7.0.7"
	n.ip("-n " + n.server + " address add " + inner + "/32 dev lo")
	n.ip("-n " + n.router + " route add " + inner + " via " + thirdAddress)
	n.names(serverAddress)
	n.account()
	n.nft("helper", fmt.Sprintf(`
	ct helper reads { type "ftp" protocol tcp; }
	chain rules {
		type filter hook prerouting priority -150;
		tcp dport 21 ct helper set "reads"
	}
	chain leads {
		type nat hook prerouting priority -100;
		ip daddr %s tcp dport 21 dnat ip to %s
	}
	chain lets {
		type filter hook forward priority 0; policy drop;
		ct state established,related accept
		tcp dport 21 accept
		tcp dport { 22, 443, 990 } reject with tcp reset
	}`, serverAddress, inner))
	n.vsftpd(inner, "21", ca.certificate(n, host, nil), withUsers("force_local_logins_ssl=NO", "force_local_data_ssl=NO")...)
}

func ftpHelper(n *network, ca *authority) {
	n.readAlong(ca)
	open := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext")
	n.reply(open, serverAddress+":21", "PASV", 227, "Entering Passive Mode (198,51,100,7,...")
	n.ways(open, "ftp 21 none listed")
	n.expect(open, 0)

	secret := n.signIn(ca, append(n.site("21"), "--connect-timeout", "1s")...)
	n.reply(secret, serverAddress+":21", "PASV", 227, "Entering Passive Mode (10,7,0,7,...")
	n.expect(secret, 1, "data-pasv-blocked", "data-pasv-private")
}

// In clear and under TLS in one run, the program sees that somebody reads along.
func ftpHelperCompared(n *network, ca *authority) {
	n.readAlong(ca)
	d := n.signIn(ca, append(n.site("21"), "--allow-plaintext", "--connect-timeout", "1s")...)
	n.expect(d, 1, "data-alg-rewrite", "data-no-pinhole", "data-pasv-private")
}

func activeVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list eprt 226 resumed", "list epsv 522")
}

func activeProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on")...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list pasv 226 resumed", "list eprt 226 resumed", "list epsv 425")
}

func activePureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(n.account(), "--tls", "3")...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.healthy(d)
	n.done(d, "list epsv 226", "list pasv 226", "list eprt 226", "list epsv 226")
}

func activeIPv6(n *network, ca *authority) {
	n.names(serverAddress6)
	n.account()
	n.vsftpd(serverAddress6, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.healthy(d)
	n.done(d, "list epsv 226 resumed", "list eprt 226 resumed", "list epsv 522")
}

func activeBlocked(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.onTheWay("iifname server ct state new drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("connect_timeout=3")...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.expect(d, 0, "data-active-nat", "data-tls-reuse")
}

func activeOff(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("port_enable=NO")...)
	d := n.signIn(ca, append(n.site("21"), "--active")...)
	n.expect(d, 0, "data-active-nat", "data-tls-reuse")
}

// Files.

// interrupt starts a run with --write over a slow line, and interrupts it while the second file is on its way.
func (n *network) interrupt(ca *authority, home string) {
	n.t.Helper()
	n.run(n.router, "tc", "qdisc", "add", "dev", "server", "root", "tbf", "rate", "2mbit", "burst", "8kb", "latency", "500ms")
	cmd := exec.Command("ip", append([]string{"netns", "exec", n.client, n.program, "-f", "json", "--write", "--ca-file", ca.rootFile, "-u", user, host}, n.site("21")...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.dir, "FTPDOCTOR_PASSWORD=" + password}
	var report bytes.Buffer
	cmd.Stdout = &report
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); uploaded(home) < 100_000; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.t.Fatal("no upload within 10 s")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		n.t.Fatal(err)
	}
	_ = cmd.Wait() // the report has the exit code
	n.left(home)
	var d diagnosis
	if err := json.Unmarshal(report.Bytes(), &d); err != nil {
		n.t.Fatal(err)
	}
	if d.Verdict.Exit != 3 || len(d.shown()) != 0 {
		n.t.Errorf("exit code %d, shown %v; want 3 and nothing", d.Verdict.Exit, d.shown())
	}
	n.t.Log(d.Verdict.Summary)
	if n.t.Failed() {
		n.t.Logf("the report:\n%s", report.Bytes())
	}
}

// uploaded is how much of a file of the transfer test has arrived.
func uploaded(home string) int64 {
	names, _ := filepath.Glob(filepath.Join(home, "*ftpdoctor-*")) // the pattern is right
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			return info.Size()
		}
	}
	return 0
}

func interruptedVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	n.interrupt(ca, home)
}

func interruptedProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TLSRequired on")...)
	n.interrupt(ca, home)
}

func interruptedPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(home)...)
	n.interrupt(ca, home)
}

// folder signs in at a vsftpd whose account has a folder, and begins in one.
func (n *network) folder(ca *authority, made, path string, flags ...string) *diagnosis {
	n.t.Helper()
	n.names(serverAddress)
	made = filepath.Join(n.account(), made)
	if err := errors.Join(
		os.Mkdir(made, 0o755),
		os.Chown(made, userID, userID),
		os.WriteFile(filepath.Join(made, "readme.txt"), []byte("hello\n"), 0o644),
	); err != nil {
		n.t.Fatal(err)
	}
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	flags = append(flags, "--ca-file", ca.rootFile, "-u", user, "ftpes://"+host+"/"+path)
	d := n.doctorWith([]string{"FTPDOCTOR_PASSWORD=" + password}, append(n.site("21"), flags...)...)
	n.left(made)
	return d
}

func folderVsftpd(n *network, ca *authority) {
	d := n.folder(ca, "Bücher 2026", "B%C3%BCcher%202026", "--write")
	n.reply(d, serverAddress+":21", "CWD Bücher 2026", 250, "Directory successfully changed.")
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit wrote")
}

func folderMissingVsftpd(n *network, ca *authority) {
	d := n.folder(ca, "www", "WWW", "--write")
	n.reply(d, serverAddress+":21", "CWD WWW", 550, "Failed to change directory.")
	n.expect(d, 1, "data-folder", "data-tls-reuse")
}

func folderLatin1Vsftpd(n *network, ca *authority) {
	d := n.folder(ca, "B\xfccher", "B%C3%BCcher")
	n.reply(d, serverAddress+":21", `CWD B\xfccher`, 250, "Directory successfully changed.")
	n.expect(d, 0, "data-encoding", "data-tls-reuse")
}

func readOnlyVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("write_enable=NO")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-permission", "data-tls-reuse")
}

func readOnlyProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil),
		n.userFile("TLSEngine on", "<Limit WRITE>", "DenyAll", "</Limit>")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-permission", "data-tls-reuse")
}

func readOnlyPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	if err := os.Chmod(home, 0o555); err != nil {
		n.t.Fatal(err)
	}
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(home)...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-permission")
}

// smallDisk makes the account with a home folder that has room for the first file of the transfer test, and not for the second.
func (n *network) smallDisk() (home string) {
	n.t.Helper()
	home = n.account()
	if err := unix.Mount("small", home, "tmpfs", 0, fmt.Sprintf("size=256k,mode=755,uid=%d,gid=%[1]d", userID)); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := unix.Unmount(home, unix.MNT_DETACH); err != nil {
			n.t.Error(err)
		}
	})
	if err := os.WriteFile(filepath.Join(home, "readme.txt"), []byte("hello\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
	return home
}

func diskFullVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.smallDisk()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-quota", "data-tls-reuse")
}

func diskFullProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.smallDisk()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on")...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-quota", "data-tls-reuse")
}

func diskFullPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.smallDisk()
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(home)...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.left(home)
	n.expect(d, 1, "data-quota")
}

func quotaPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	// The files and bytes that are there already: almost all that the account may have.
	list := filepath.Join(home, ".ftpquota")
	if err := errors.Join(os.WriteFile(list, []byte("1 990000\n"), 0o600), os.Chown(list, userID, userID)); err != nil {
		n.t.Fatal(err)
	}
	account := fmt.Sprintf("%s:%s:%d:%[3]d::%s/./::::::1000:1000000:::::", user, passwordHash, userID, home)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureUser(account)...)
	d := n.signIn(ca, append(n.site("21"), "--write")...)
	n.expect(d, 1, "data-quota")
}
