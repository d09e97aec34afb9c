package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

// TestRealSSH signs in by SSH at real servers: OpenSSH 9.2p1, Dropbear 2022.83, tinysshd 20230101, mod_sftp of ProFTPD 1.3.8 and
// Paramiko 2.12.0, which says what a test tells it to say. Where a claim of the report is about the user's own apps,
// OpenSSH's ssh and sftp are asked too.
func TestRealSSH(t *testing.T) {
	runReal(t, []realTest{
		{"healthy-openssh-password", sshPassword},
		{"healthy-openssh-key", sshKey},
		{"healthy-openssh-pam", sshPAM},
		{"healthy-openssh-all-host-keys", sshAllHostKeys},
		{"healthy-openssh-write", sshWrite},
		{"healthy-openssh-folder", sshFolder},
		{"healthy-openssh-four-addresses", sshAddresses},
		{"healthy-openssh-other-port", sshPort},
		{"healthy-openssh-over-a-slow-and-lossy-line", sshBadLine},
		{"healthy-dropbear-password", dropbearPassword},
		{"healthy-dropbear-key", dropbearKey},
		{"healthy-tinysshd", tinysshdKey},
		{"healthy-proftpd-password", modSFTPPassword},
		{"healthy-proftpd-key", modSFTPKey},
		{"healthy-paramiko-password", paramikoPassword},
		{"healthy-paramiko-key", paramikoKey},

		{"key-rsa", keyRSA},
		{"key-ecdsa", keyECDSA},
		{"key-pem", keyPEM},
		{"key-pkcs8", keyPKCS8},
		{"key-not-registered", keyNotRegistered},
		{"key-of-other-type-registered", keyOfOtherType},
		{"key-not-looked-at", keyNotLookedAt},
		{"key-of-denied-user", keyOfDeniedUser},
		{"key-encrypted", keyEncrypted},
		{"key-ppk", keyPPK},
		{"key-ppk-encrypted", keyPPKEncrypted},
		{"key-public", keyPublic},
		{"key-open-permissions", keyWithOpenPermissions},
		{"key-certificate", keyCertificate},
		{"key-certificate-expired", keyCertificateExpired},
		{"key-rsa-sha1-only", keyRSASHA1},
		{"agent", agentKey},
		{"agent-seven-keys", agentWithSevenKeys},
		{"agent-seven-keys-and-a-ban", agentWithSevenKeysBanned},
		{"agent-dead", agentDead},
		{"agent-silent", agentSilent},

		{"host-unknown", hostUnknown},
		{"host-changed", hostChanged},
		{"host-revoked", hostRevoked},
		{"host-known-by-other-type", hostKnownByOtherType},
		{"host-known-by-hash", hostKnownByHash},
		{"host-certificate", hostCertificate},
		{"host-proxied", hostProxied},
		{"host-published", hostPublished},
		{"config-elsewhere", configElsewhere},
		{"config-key", configKey},

		{"wrong-password-openssh", sshWrongPassword},
		{"wrong-password-dropbear", dropbearWrongPassword},
		{"wrong-password-proftpd", modSFTPWrongPassword},
		{"name-alone", sshNameAlone},
		{"keys-only", sshKeysOnly},
		{"password-only", sshPasswordOnly},
		{"keyboard-interactive-without-a-question", sshNoQuestion},
		{"keyboard-interactive-only", sshKeyboardOnly},
		{"key-and-password", sshKeyAndPassword},
		{"key-and-password-dropbear", dropbearKeyAndPassword},
		{"user-denied", sshUserDenied},
		{"account-expired", sshAccountExpired},
		{"account-expired-pam", sshAccountExpiredPAM},
		{"password-expired", sshPasswordExpired},
		{"password-expired-pam", sshPasswordExpiredPAM},
		{"password-expired-keyboard-interactive", sshPasswordExpiredKeyboard},
		{"password-change-demanded", paramikoPasswordChange},
		{"slow", sshSlow},
		{"code", paramikoCode},
		{"code-lacking", paramikoCodeLacking},
		{"code-after-password", paramikoPartial},
		{"goodbye", paramikoGoodbye},
		{"signature-refused", paramikoSignatureRefused},
		{"host-rsa-sha1-only", sshHostRSASHA1},
		{"old-algorithms", sshOldAlgorithms},
		{"unknown-algorithms", sshUnknownAlgorithms},
		{"full", sshFull},
		{"reset-at-kex", sshResetAtKex},
		{"one-try", sshOneTry},
		{"per-address-limit-dropbear", dropbearPerAddressLimit},

		{"sftp-switched-off", sftpSwitchedOff},
		{"sftp-switched-off-tinysshd", tinysshdWithoutSFTP},
		{"sftp-program-missing", sftpProgramMissing},
		{"sftp-noise", sftpNoise},
		{"sftp-nologin", sftpNoLogin},
		{"sftp-forced-command", sftpForcedCommand},
		{"sftp-bad-chroot", sftpBadChroot},
		{"sftp-home-missing", sftpHomeMissing},
		{"sftp-home-missing-proftpd", modSFTPHomeMissing},
		{"sftp-home-forbidden", sftpHomeForbidden},
		{"sftp-disk-full", sftpDiskFull},
		{"sftp-read-only", sftpReadOnly},
		{"sftp-sessions-forbidden", sftpSessionsForbidden},

		{"healthy-ftp-and-sftp", bothWays},
		{"ftp-and-sftp-wrong-password", bothWaysWrongPassword},
		{"ftp-and-sftp-keys-only", bothWaysKeysOnly},
	})
}

// signInSSH runs the program for the account. Secrets are given in the environment.
func (n *network) signInSSH(environment []string, args ...string) *diagnosis {
	n.t.Helper()
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, host) }) {
		args = append(args, host)
	}
	d := n.doctorWith(environment, append(append(n.site("22"), "-u", user), args...)...)
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "FTPDOCTOR_") && bytes.Contains(d.raw, []byte(value)) {
			n.t.Errorf("%s is in the report", name)
		}
	}
	return d
}

// withPassword is an environment that holds the password of the account.
var withPassword = []string{"FTPDOCTOR_PASSWORD=" + password}

// asked compares the requests of the sign-in with their answers, each as "method key answer", and after a "none" the methods. A
// key goes by its comment.
func (n *network) asked(d *diagnosis, want ...string) {
	n.t.Helper()
	comments := map[string]string{}
	for _, o := range d.Facts {
		if o.Identity != nil && o.Identity.SHA256 != "" {
			comments[o.Identity.SHA256] = o.Identity.Comment
		}
	}
	var got []string
	for _, o := range d.Facts {
		a := o.Auth
		if a == nil {
			continue
		}
		fields := []string{string(a.Method)}
		if a.Key != "" {
			fields = append(fields, comments[a.Key])
		}
		fields = append(fields, string(a.Answer))
		if a.Method == fact.AuthNone || a.Answer == fact.AuthPartial {
			fields = append(fields, strings.Join(a.Methods, ","))
		}
		got = append(got, strings.Join(fields, " "))
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("asked was\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// fetched compares what was asked on the channel and by SFTP, with what was refused.
func (n *network) fetched(d *diagnosis, want ...string) {
	n.t.Helper()
	var got []string
	for _, o := range d.Facts {
		switch {
		case o.Channel != nil && o.Channel.Refused:
			got = append(got, string(o.Channel.Request)+" refused")
		case o.Channel != nil:
			got = append(got, string(o.Channel.Request))
		case o.SFTP != nil && o.SFTP.Status != 0:
			got = append(got, fmt.Sprintf("%s status %d", o.SFTP.Request, o.SFTP.Status))
		case o.SFTP != nil && o.Failure != nil:
			got = append(got, fmt.Sprintf("%s %s", o.SFTP.Request, o.Failure.Kind))
		case o.SFTP != nil:
			got = append(got, string(o.SFTP.Request))
		}
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("fetched was\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// listedBy checks that the only way in is SFTP, and how the account was proven.
func (n *network) listedBy(d *diagnosis, signIn string) {
	n.t.Helper()
	n.ways(d, "sftp 22 ssh listed")
	if len(d.Ways) > 0 && d.Ways[0].SignIn != signIn {
		n.t.Errorf("signed in by %q, want %q", d.Ways[0].SignIn, signIn)
	}
}

// sftp lists the folder with OpenSSH's sftp, as the user would. It returns what sftp says, and whether it showed the folder.
func (n *network) sftp(environment []string, args ...string) (said string, ok bool) {
	n.t.Helper()
	argv := append([]string{"netns", "exec", n.client, program(n.t, "sftp"), "-o", "NumberOfPasswordPrompts=1"}, args...)
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, host) }) {
		argv = append(argv, user+"@"+host)
	}
	cmd := exec.CommandContext(n.t.Context(), "ip", argv...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "SSH_ASKPASS_REQUIRE=force", "SSH_ASKPASS=" + n.askpass()}, environment...)
	cmd.Stdin = strings.NewReader("ls\n")
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		n.t.Fatal(err)
	}
	return string(out), strings.Contains(string(out), "readme.txt")
}

// askpass is a program that types the password of the account for ssh.
func (n *network) askpass() string {
	n.t.Helper()
	path := filepath.Join(n.dir, "askpass")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+password+"'\n"), 0o700); err != nil {
		n.t.Fatal(err)
	}
	return path
}

// users checks that the user's own sftp works or, where it does not, what it says: one of several texts, with | between them.
func (n *network) users(environment []string, words string, args ...string) {
	n.t.Helper()
	said, ok := n.sftp(environment, args...)
	n.t.Logf("sftp %s: %s", strings.Join(args, " "), said)
	switch {
	case words == "" && !ok:
		n.t.Errorf("the user's own sftp does not work: %s", said)
	case words != "" && (ok || !slices.ContainsFunc(strings.Split(words, "|"), func(text string) bool { return strings.Contains(said, text) })):
		n.t.Errorf("the user's own sftp says %q, want %q in it", said, words)
	}
}

// Healthy servers.

func sshPassword(n *network, _ *authority) {
	n.countConnections()
	n.sftpHost()
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "password")
	n.asked(d, "none refused publickey,password", "password accepted")
	n.fetched(d, "session", "subsystem", "init", "realpath", "list")
	n.ownsUp(d)
	n.users(nil, "")
}

// A key in the folder ~/.ssh needs no flag.
func sshKey(n *network, _ *authority) {
	n.countConnections()
	n.sftpHost()
	n.sshFile("")
	key := n.key(".ssh/id_ed25519")
	n.authorize(key)
	d := n.signInSSH(nil)
	n.healthy(d)
	n.listedBy(d, "key")
	n.asked(d, "none refused publickey,password", "publickey .ssh/id_ed25519 would-do", "publickey .ssh/id_ed25519 accepted")
	n.ownsUp(d)
	n.users(nil, "")
}

// All keys of the server are told after the sign-in (hostkeys-00@openssh.com).
func sshAllHostKeys(n *network, _ *authority) {
	rsa, ecdsa := n.key("host-rsa", "-t", "rsa", "-b", "2048"), n.key("host-ecdsa", "-t", "ecdsa")
	n.sftpHost("HostKey "+rsa.file, "HostKey "+ecdsa.file)
	d := n.signInSSH(withPassword)
	n.healthy(d)
	o := n.step(d, serverAddress+":22", "host keys", func(o *fact.Observation) bool { return o.HostKeys != nil })
	if o == nil {
		return
	}
	var got []string
	for _, key := range o.HostKeys.Keys {
		got = append(got, key.Type)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"}) {
		n.t.Errorf("the host keys are %v, want Ed25519, RSA and ECDSA", got)
	}
}

func sshWrite(n *network, _ *authority) {
	n.countConnections()
	home := n.sftpHost()
	d := n.signInSSH(withPassword, "--write")
	n.healthy(d)
	n.ways(d, "sftp 22 ssh wrote")
	n.left(home)
	n.ownsUp(d)
}

func sshFolder(n *network, _ *authority) {
	home := n.sftpHost()
	if err := errors.Join(os.Mkdir(filepath.Join(home, "web"), 0o755), os.WriteFile(filepath.Join(home, "web", "index.html"), nil, 0o644)); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(withPassword, "sftp://"+host+"/web")
	n.healthy(d)
	o := n.step(d, serverAddress+":22", "listing", func(o *fact.Observation) bool { return o.SFTP != nil && o.SFTP.Request == fact.SFTPList })
	if o != nil && o.SFTP.Entries != 1 {
		n.t.Errorf("the listing is %+v, want one name", o.SFTP)
	}
}

// The password goes to one address of several.
func sshAddresses(n *network, _ *authority) {
	n.countConnections()
	addresses := []string{serverAddress, secondAddress, thirdAddress, serverAddress6}
	n.names(addresses...)
	n.account()
	for _, address := range addresses {
		n.openSSH(address, "22", n.withAccount()...)
		n.knowsHost(host, n.hostKeyOf(address, "22"))
	}
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "password")
	n.asked(d, "none refused publickey,password", "password accepted")
	n.ownsUp(d)
}

func sshPort(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.openSSH(serverAddress, "2222", n.withAccount()...)
	n.knowsHost("["+host+"]:2222", n.hostKeyOf(serverAddress, "2222"))
	d := n.doctorWith(withPassword, "--protocol", "sftp", "-u", user, "-p", "2222", host)
	n.healthy(d)
	n.ways(d, "sftp 2222 ssh listed")
	n.users(nil, "", "-P", "2222")
}

// Lines as they come from links that lose packets: the sign-in of SSH is many round trips.
func sshBadLine(n *network, _ *authority) {
	n.sftpHost()
	for _, device := range []string{"client", "server"} {
		n.run(n.router, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "64kbit", "burst", "2kb", "latency", "3s")
	}
	n.nft("loss", `
	chain rules {
		type filter hook forward priority 0;
		meta l4proto tcp numgen inc mod 12 == 11 drop
	}`)
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "password")
}

func dropbearPassword(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.dropbear()
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "password")
	n.asked(d, "none refused publickey,password", "password accepted")
	n.users(nil, "")
}

func dropbearKey(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	n.authorizeAtHome(n.account(), key)
	n.dropbear("-s")
	d := n.signInSSH(nil, "-i", key.file, "--write")
	n.healthy(d)
	n.ways(d, "sftp 22 ssh wrote")
	n.asked(d, "none refused publickey", "publickey key would-do", "publickey key accepted")
	n.users(nil, "", "-i", key.file)
}

func tinysshdKey(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	home := n.account()
	n.authorizeAtHome(home, key)
	n.tinysshd(home, "-x", "sftp=/usr/lib/openssh/sftp-server")
	d := n.signInSSH(nil, "-i", key.file, "--write")
	n.healthy(d)
	n.ways(d, "sftp 22 ssh wrote")
	n.asked(d, "none refused publickey", "publickey key would-do", "publickey key accepted")
	n.users(nil, "", "-i", key.file)
}

// modSFTP starts ProFTPD for SFTP. The client knows its host key.
func (n *network) modSFTP(ca *authority, settings ...string) {
	n.t.Helper()
	n.names(serverAddress)
	file, _ := n.hostKeyFile("hostkey")
	n.knowsHost(host, file)
	settings = append(settings, "SFTPEngine on", "SFTPHostKey "+file)
	n.proftpd(serverAddress, "22", ca.certificate(n, host, nil), n.userFile(settings...)...)
}

func modSFTPPassword(n *network, ca *authority) {
	home := n.account()
	n.modSFTP(ca)
	d := n.signInSSH(withPassword, "--write")
	n.healthy(d)
	n.ways(d, "sftp 22 ssh wrote")
	n.left(home)
	n.users(nil, "")
}

// mod_sftp reads keys as RFC 4716 writes them.
func modSFTPKey(n *network, ca *authority) {
	n.account()
	key := n.key("key")
	n.modSFTP(ca, "SFTPAuthorizedUserKeys file:"+n.rfc4716(key))
	d := n.signInSSH(nil, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")
	n.users(nil, "", "-i", key.file)
}

func paramikoPassword(n *network, _ *authority) {
	n.names(serverAddress)
	home := n.account()
	n.paramiko(home)
	d := n.signInSSH(withPassword, "--write")
	n.healthy(d)
	n.ways(d, "sftp 22 ssh wrote")
	n.left(home)
	n.users(nil, "")
}

func paramikoKey(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	home := n.account()
	n.authorize(key)
	n.paramiko(home)
	d := n.signInSSH(nil, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")
	n.users(nil, "", "-i", key.file)
}
