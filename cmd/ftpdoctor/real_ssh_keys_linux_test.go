package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// Keys, agents, known_hosts and ssh_config of the user.

// keyFile checks what a key file was found to be.
func (n *network) keyFile(d *diagnosis, path string, format fact.KeyFormat, flaw fact.KeyFlaw) {
	n.t.Helper()
	for _, o := range d.Facts {
		if o.Identity == nil || o.Identity.Path != path {
			continue
		}
		if o.Identity.Format != format || o.Identity.Flaw != flaw {
			n.t.Errorf("%s: format %q, flaw %q; want %q, %q", path, o.Identity.Format, o.Identity.Flaw, format, flaw)
		}
		return
	}
	n.t.Errorf("no key %s among the facts", path)
}

// standing checks what known_hosts was found to say about the host key.
func (n *network) standing(d *diagnosis, want fact.Standing) {
	n.t.Helper()
	o := n.step(d, serverAddress+":22", "host key", func(o *fact.Observation) bool { return o.Kex != nil && o.Kex.HostKey != nil })
	if o != nil && o.Kex.HostKey.Standing != want {
		n.t.Errorf("the host key is %q, want %q", o.Kex.HostKey.Standing, want)
	}
}

// nothingSent checks that no password and no answer went to a server.
func (n *network) nothingSent(d *diagnosis) {
	n.t.Helper()
	for _, o := range d.Facts {
		if o.Auth != nil && (o.Auth.Method == fact.AuthPassword || o.Auth.Method == fact.AuthKeyboard) {
			n.t.Errorf("%s was tried, although the host key is not trusted", o.Auth.Method)
		}
	}
}

// Each type of key signs in: RSA with SHA-2.
func keyRSA(n *network, _ *authority) { n.healthyKey("ssh-rsa", "-t", "rsa", "-b", "3072") }

func keyECDSA(n *network, _ *authority) {
	n.healthyKey("ecdsa-sha2-nistp384", "-t", "ecdsa", "-b", "384")
}

// The format in which ssh-keygen wrote RSA keys before OpenSSH 7.8.
func keyPEM(n *network, _ *authority) {
	n.healthyKey("ssh-rsa", "-t", "rsa", "-b", "2048", "-m", "PEM")
}

func keyPKCS8(n *network, _ *authority) {
	n.healthyKey("ssh-rsa", "-t", "rsa", "-b", "2048", "-m", "PKCS8")
}

func (n *network) healthyKey(kind string, args ...string) {
	n.t.Helper()
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key", args...)
	n.authorize(key)
	d := n.signInSSH(nil, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")
	o := n.step(d, "", "key", func(o *fact.Observation) bool { return o.Identity != nil && o.Identity.SHA256 == key.fingerprint })
	if o != nil && (o.Identity.Type != kind || !o.Identity.Usable) {
		n.t.Errorf("the key is %+v, want %s", o.Identity, kind)
	}
	n.users(nil, "", "-i", key.file)
}

func keyNotRegistered(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(n.key("registered"))
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-key-unknown")
	n.asked(d, "none refused publickey", "publickey key refused")
	n.users(nil, "Permission denied (publickey).", "-i", key.file)
}

// The server knows the RSA key of the user, who shows the Ed25519 key.
func keyOfOtherType(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(n.key("registered", "-t", "rsa", "-b", "2048"))
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-key-unknown")
	n.users(nil, "Permission denied (publickey).", "-i", key.file)
}

// The key is registered. sshd does not look at it, as others may write to the folder that holds it (StrictModes), or as the account
// may not sign in, and answers the question whether it would do as it does for a key that it does not know.
func keyNotLookedAt(n *network, _ *authority) {
	n.names(serverAddress)
	home := n.account()
	key := n.key("key")
	n.authorizeAtHome(home, key)
	if err := os.Chmod(home, 0o777); err != nil {
		n.t.Fatal(err)
	}
	n.openSSH(serverAddress, "22", "PasswordAuthentication no", "KbdInteractiveAuthentication no")
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-key-unknown")
	n.users(nil, "Permission denied (publickey).", "-i", key.file)
}

func keyOfDeniedUser(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no", "AllowUsers bob")
	key := n.key("key")
	n.authorize(key)
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-key-unknown")
	n.mayBe(d, "auth-user-denied")
	n.asked(d, "none refused publickey", "publickey key refused")
}

func keyEncrypted(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key", "-t", "ed25519", "-N", "Passphrase-5")
	n.authorize(key)
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "key-encrypted")
	n.keyFile(d, key.file, fact.FormatOpenSSH, fact.KeyIsEncrypted)
	n.asked(d, "none refused publickey", "publickey key would-do")

	d = n.signInSSH([]string{"FTPDOCTOR_KEY_PASSPHRASE=Passphrase-5"}, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")

	d = n.signInSSH([]string{"FTPDOCTOR_KEY_PASSPHRASE=Passphrase-6"}, "-i", key.file)
	n.expect(d, 1, "key-encrypted")
	n.keyFile(d, key.file, fact.FormatOpenSSH, fact.KeyWrongPassphrase)
}

// A PuTTY key file is one that this program reads and OpenSSH does not.
func keyPPK(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	for _, version := range []string{"2", "3"} {
		file := n.ppk(key, version)
		d := n.signInSSH(nil, "-i", file)
		n.keyFile(d, file, fact.FormatPuTTY, "")
		n.listedBy(d, "key")
		n.expect(d, 0, "key-is-ppk")
	}
	n.users(nil, "Permission denied (publickey).", "-i", key.file+"-v3.ppk", "-o", "IdentitiesOnly=yes")
}

func keyPPKEncrypted(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	for _, version := range []string{"2", "3"} {
		file := n.ppk(key, version, "--new-passphrase", n.file("passphrase", "Passphrase-5\n"))
		d := n.signInSSH(nil, "-i", file)
		n.keyFile(d, file, fact.FormatPuTTY, fact.KeyIsEncrypted)
		n.ways(d, "sftp 22 ssh verified")
		d = n.signInSSH([]string{"FTPDOCTOR_KEY_PASSPHRASE=Passphrase-5"}, "-i", file)
		n.listedBy(d, "key")
	}
}

// The public half was chosen.
func keyPublic(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	d := n.signInSSH(nil, "-i", key.file+".pub")
	n.expect(d, 1, "key-is-public")
	n.keyFile(d, key.file+".pub", fact.FormatPublic, fact.KeyIsPublic)
}

func keyWithOpenPermissions(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	if err := os.Chmod(key.file, 0o644); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(nil, "-i", key.file)
	n.listedBy(d, "key")
	n.expect(d, 0, "key-permissions")
	n.users(nil, "UNPROTECTED PRIVATE KEY FILE", "-i", key.file)
}

// A certificate of an authority that the server trusts.
func keyCertificate(n *network, _ *authority) {
	ca, key := n.key("ca"), n.key("key")
	n.sftpHost("PasswordAuthentication no", "TrustedUserCAKeys "+ca.file+".pub")
	n.authorize()
	n.command(nil, program(n.t, "ssh-keygen"), "-q", "-s", ca.file, "-I", "jane", "-n", user, "-V", "+1h", key.file+".pub")
	d := n.signInSSH(nil, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")
	n.users(nil, "", "-i", key.file)
}

func keyCertificateExpired(n *network, _ *authority) {
	ca, key := n.key("ca"), n.key("key")
	n.sftpHost("PasswordAuthentication no", "TrustedUserCAKeys "+ca.file+".pub")
	n.authorize()
	n.command(nil, program(n.t, "ssh-keygen"), "-q", "-s", ca.file, "-I", "jane", "-n", user, "-V", "20200101:20210101", key.file+".pub")
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "key-certificate")
	n.users(nil, "Permission denied (publickey).", "-i", key.file)
}

// The server takes RSA signatures with SHA-1 only, which OpenSSH has not made by itself since 8.8. It says why only with -v.
func keyRSASHA1(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key", "-t", "rsa", "-b", "2048")
	n.authorize(key)
	n.paramiko(n.account(), `disabled["pubkeys"] = ["rsa-sha2-512", "rsa-sha2-256"]`, `Server.methods = "publickey"`)
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 0, "auth-rsa-sha1") // this program still can, as other apps can
	n.listedBy(d, "key")
	n.users(nil, "no mutual signature algorithm", "-v", "-i", key.file)
	n.users(nil, "", "-i", key.file, "-o", "PubkeyAcceptedAlgorithms=+ssh-rsa")
}

// Agents.

func agentKey(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	agent := n.agent(key)
	if err := os.Remove(key.file); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH([]string{agent})
	n.healthy(d)
	n.listedBy(d, "key")
	n.users([]string{agent}, "")
}

// The server ends the conversation after six keys, and the seventh is the right one: apps do not get that far.
func agentWithSevenKeys(n *network, _ *authority) {
	n.countConnections()
	n.sftpHost("PasswordAuthentication no")
	var keys []userKey
	for _, name := range []string{"one", "two", "three", "four", "five", "six", "seven"} {
		keys = append(keys, n.key(name))
	}
	n.authorize(keys[6])
	agent := n.agent(keys...)
	d := n.signInSSH([]string{agent})
	n.expect(d, 0, "auth-too-many")
	n.listedBy(d, "key")
	n.ownsUp(d)
	n.users([]string{agent}, "Too many authentication failures")
	n.users([]string{agent}, "", "-i", keys[6].file, "-o", "IdentitiesOnly=yes")

	d = n.signInSSH([]string{agent}, "-i", keys[6].file)
	n.healthy(d)
	n.listedBy(d, "key")
}

// A firewall shuts the address out once a connection was refused: the second one, for the keys that are left, is not made again.
func agentWithSevenKeysBanned(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	n.onTheWay("tcp dport 22 tcp flags & (syn | ack) == syn numgen inc mod 1000 > 0 reject with tcp reset")
	var keys []userKey
	for _, name := range []string{"one", "two", "three", "four", "five", "six", "seven"} {
		keys = append(keys, n.key(name))
	}
	n.authorize(keys[6])
	d := n.signInSSH([]string{n.agent(keys...)})
	n.expect(d, 1, "auth-too-many")
	n.ways(d, "sftp 22 ssh verified")
}

func agentDead(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	socket := filepath.Join(n.dir, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		n.t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // as an agent that was killed
	if err := listener.Close(); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH([]string{"SSH_AUTH_SOCK=" + socket})
	n.expect(d, 1, "key-agent-failed")
	n.users([]string{"SSH_AUTH_SOCK=" + socket}, "Permission denied (publickey).")
}

// An agent that never answers holds nothing up for long.
func agentSilent(n *network, _ *authority) {
	n.sftpHost()
	socket := filepath.Join(n.dir, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = listener.Close() })
	d := n.signInSSH([]string{"SSH_AUTH_SOCK=" + socket, withPassword[0]})
	n.listedBy(d, "password")
	if d.took > 6*time.Second {
		n.t.Errorf("took %v", d.took)
	}
}

// Host keys.

// At the first contact the password is not sent, and a key is.
func hostUnknown(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	key := n.key("key")
	n.authorize(key)
	n.openSSH(serverAddress, "22", n.withAccount()...)
	d := n.signInSSH(withPassword)
	n.expect(d, 3, "ssh-hostkey-unknown")
	n.standing(d, fact.UnknownKey)
	n.nothingSent(d)
	n.ways(d, "sftp 22 ssh connected")

	d = n.signInSSH(nil, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key")

	d = n.signInSSH(withPassword, "--trust-anyway")
	n.listedBy(d, "password")
}

func hostChanged(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	key := n.key("key")
	n.authorize(key)
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.knowsHost(host, n.key("earlier").file)
	d := n.signInSSH(withPassword, "-i", key.file)
	n.expect(d, 1, "ssh-hostkey-changed")
	n.standing(d, fact.ChangedKey)
	n.nothingSent(d)
	n.asked(d, "none refused publickey,password")
	n.users(nil, "REMOTE HOST IDENTIFICATION HAS CHANGED!", "-i", key.file)
}

func hostRevoked(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.authorize()
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.knowsHost("@revoked "+host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "ssh-hostkey-revoked")
	n.standing(d, fact.RevokedKey)
	n.nothingSent(d)
	n.users(nil, "REVOKED HOST KEY DETECTED")
}

// known_hosts holds the RSA key, and the server has an Ed25519 key too: no reason for an alarm.
func hostKnownByOtherType(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	rsa := n.key("host-rsa", "-t", "rsa", "-b", "2048")
	n.openSSH(serverAddress, "22", n.withAccount("HostKey "+rsa.file)...)
	n.knowsHost(host, rsa.file)
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.standing(d, fact.KnownKey)
	n.listedBy(d, "password")
}

// Names are hashed as Debian's ssh does, and one line of the file is broken.
func hostKnownByHash(n *network, _ *authority) {
	n.sftpHost()
	n.knows("other.example.com ssh-ed25519 AAAAC3Nza\n")
	n.command(nil, program(n.t, "ssh-keygen"), "-q", "-H", "-f", n.sshFile("known_hosts"))
	text, err := os.ReadFile(n.sshFile("known_hosts"))
	if err != nil {
		n.t.Fatal(err)
	}
	if strings.Contains(string(text), host) {
		n.t.Fatalf("the names are not hashed: %s", text)
	}
	n.knows("this line is broken\n")
	d := n.signInSSH(withPassword)
	n.standing(d, fact.KnownKey)
	n.listedBy(d, "password")
	n.healthy(d)
	n.users(nil, "")
}

// An authority for host keys is named in known_hosts, and the server has its certificate.
func hostCertificate(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	ca, key := n.key("host-ca"), n.key("host-key")
	n.command(nil, program(n.t, "ssh-keygen"), "-q", "-s", ca.file, "-I", "host", "-h", "-n", host, "-V", "+1h", key.file+".pub")
	n.openSSH(serverAddress, "22", n.withAccount("HostKey "+key.file, "HostCertificate "+key.file+"-cert.pub")...)
	n.knowsHost("@cert-authority "+host, ca.file)
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.standing(d, fact.KnownKey)
	n.listedBy(d, "password")
	n.users(nil, "")
}

// A proxy on the way presents a key of its own for every host. The user has accepted it for another one.
func hostProxied(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.authorize()
	file, _ := n.hostKeyFile("proxy-key")
	n.knowsHost("other.example.net", file)
	fingerprint := n.openSSH(serverAddress, "22", n.withAccount()...)
	n.etc(n.router, "passwd", serverUsers)
	n.serve(n.router, []string{"tcp 0.0.0.0:2022"}, program(n.t, "sshd"), "-D", "-e", "-f", n.file("sshd-proxy",
		"ListenAddress 0.0.0.0:2022\nHostKey "+file+"\nPidFile none\n"))
	n.redirected("iifname client tcp dport 22 redirect to :2022")
	d := n.doctorWith(withPassword, append(n.publishing(fingerprint), "-u", user, host)...)
	n.expect(d, 1, "ssh-proxied")
	n.nothingSent(d)
}

// The profile publishes the fingerprint, and known_hosts has nothing.
func hostPublished(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	fingerprint := n.openSSH(serverAddress, "22", n.withAccount()...)
	d := n.doctorWith(withPassword, append(n.publishing(fingerprint), "-u", user, host)...)
	n.healthy(d)
	n.listedBy(d, "password")
}

// publishing is a service that promises SFTP on port 22, and publishes the fingerprint of its host key.
func (n *network) publishing(fingerprint string) []string {
	return []string{"--profile", n.file("published.json", fmt.Sprintf(
		`{"name": "example", "title": "Example", "promised": true, "host_keys": [%q], "ports": [{"number": 22, "speaks": "sftp"}]}`, fingerprint))}
}

// ssh_config.

// What ssh_config changes for the host is told, as the user's own ssh goes elsewhere.
func configElsewhere(n *network, _ *authority) {
	n.sftpHost()
	config := n.sshFile("config")
	if err := os.WriteFile(config, []byte("Host "+host+"\n\tPort 2222\n\tUser bob\n"), 0o600); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(withPassword)
	n.listedBy(d, "password")
	n.expect(d, 0, "local-ssh-config")
	o := n.step(d, "", "ssh_config", func(o *fact.Observation) bool { return o.SSHConfig != nil })
	if o != nil && (o.SSHConfig.Port != 2222 || o.SSHConfig.User != "bob") {
		n.t.Errorf("ssh_config sets %+v, want port 2222 and user bob", o.SSHConfig)
	}
	n.users(nil, "Connection refused")

	d = n.signInSSH(withPassword, "--ssh-config", "none")
	n.healthy(d)
}

// A key named in ssh_config is shown without -i.
func configKey(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	key := n.key("key")
	n.authorize(key)
	config := n.sshFile("config")
	if err := os.WriteFile(config, []byte("Host *.example.com\n\tIdentityFile "+key.file+"\n"), 0o600); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(nil)
	n.listedBy(d, "key")
	n.users(nil, "")
}
