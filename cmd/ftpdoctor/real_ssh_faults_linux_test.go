package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"ftpdoctor/probe/fact"
)

// Sign-ins that fail or want more than a password, and what fails after them.

// said checks a text of the server: of its banner, its goodbye or a channel.
func (n *network) said(d *diagnosis, want string) {
	n.t.Helper()
	var got []string
	for _, o := range d.Facts {
		if o.Auth != nil {
			got = append(got, o.Auth.Banner...)
			if o.Auth.Goodbye != nil {
				got = append(got, o.Auth.Goodbye.Text)
			}
		}
		if o.Channel != nil {
			got = slices.Concat(got, o.Channel.Stdout, o.Channel.Stderr)
		}
		if o.SFTP != nil {
			got = append(append(got, o.SFTP.Noise...), o.SFTP.Text)
		}
	}
	if !slices.Contains(got, want) {
		n.t.Errorf("the server says %q, want %q", got, want)
	}
}

// mayBe checks that what the wire does not decide is said to be possible.
func (n *network) mayBe(d *diagnosis, cause string) {
	n.t.Helper()
	for _, f := range d.Findings {
		for _, candidate := range f.Candidates {
			if candidate.Cause == cause {
				return
			}
		}
	}
	n.t.Errorf("no finding says that it may be %s", cause)
}

func sshWrongPassword(n *network, _ *authority) {
	n.sftpHost()
	d := n.signInSSH([]string{"FTPDOCTOR_PASSWORD=wrong-horse"})
	n.expect(d, 1, "auth-password-wrong")
	n.asked(d, "none refused publickey,password", "password refused")
	n.outcome(d, fact.LoginDenied)
}

func dropbearWrongPassword(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.dropbear()
	d := n.signInSSH([]string{"FTPDOCTOR_PASSWORD=wrong-horse"})
	n.expect(d, 1, "auth-password-wrong")
}

func modSFTPWrongPassword(n *network, ca *authority) {
	n.account()
	n.modSFTP(ca)
	d := n.signInSSH([]string{"FTPDOCTOR_PASSWORD=wrong-horse"})
	n.expect(d, 1, "auth-password-wrong")
}

// A user name alone is no fault, and no proof either: the methods are told.
func sshNameAlone(n *network, _ *authority) {
	n.sftpHost()
	d := n.signInSSH(nil)
	n.expect(d, 3)
	n.asked(d, "none refused publickey,password")
	n.ways(d, "sftp 22 ssh verified")
}

func sshKeysOnly(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-not-accepted-method")
	n.asked(d, "none refused publickey")
	n.users(nil, "Permission denied (publickey).")
}

// OpenSSH without PAM offers keyboard-interactive, and refuses it without a question: no password was judged.
func sshNoQuestion(n *network, _ *authority) {
	n.sftpHost("PasswordAuthentication no", "KbdInteractiveAuthentication yes")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-not-accepted-method")
	n.asked(d, "none refused publickey,keyboard-interactive", "keyboard-interactive refused")
	n.users(nil, "Permission denied (publickey,keyboard-interactive).")
}

func sshPasswordOnly(n *network, _ *authority) {
	n.sftpHost("PubkeyAuthentication no")
	key := n.key("key")
	d := n.signInSSH(withPassword, "-i", key.file)
	n.listedBy(d, "password")
	n.asked(d, "none refused password", "password accepted")
	n.healthy(d)
	n.users(nil, "", "-i", key.file)
}

func sshKeyboardOnly(n *network, _ *authority) {
	n.pamOf()
	n.sftpHost("UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no", "PubkeyAuthentication no")
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "keyboard-interactive")
	n.asked(d, "none refused keyboard-interactive", "keyboard-interactive accepted")
	n.users(nil, "")
}

// Where both are offered ssh prefers keyboard-interactive.
func sshPAM(n *network, _ *authority) {
	n.pamOf()
	n.sftpHost("UsePAM yes", "KbdInteractiveAuthentication yes")
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "keyboard-interactive")
	n.asked(d, "none refused publickey,password,keyboard-interactive", "keyboard-interactive accepted")
	n.users(nil, "")
}

func sshKeyAndPassword(n *network, _ *authority) {
	n.sftpHost("AuthenticationMethods publickey,password")
	key := n.key("key")
	n.authorize(key)
	d := n.signInSSH(withPassword, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key and password")
	n.asked(d, "none refused publickey", "publickey key would-do", "publickey key partial password", "password accepted")
	n.users(nil, "", "-i", key.file)

	d = n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-second-factor")
}

func dropbearKeyAndPassword(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	n.authorizeAtHome(n.account(), key)
	n.dropbear("-t")
	d := n.signInSSH(withPassword, "-i", key.file)
	n.healthy(d)
	n.listedBy(d, "key and password")
	n.users(nil, "", "-i", key.file)
}

// A list of names, of which the account is none: like a wrong password.
func sshUserDenied(n *network, _ *authority) {
	n.sftpHost("AllowUsers bob")
	d := n.signInSSH(withPassword)
	n.outcome(d, fact.LoginDenied)
	n.expect(d, 1, "auth-password-wrong")
	n.mayBe(d, "auth-user-denied")
	n.users(nil, "Permission denied (publickey,password).")
}

// Without PAM an expired account fails like a wrong password.
func sshAccountExpired(n *network, _ *authority) {
	n.sftpHost()
	n.shadow("19000:0:99999:7::19500:")
	d := n.signInSSH(withPassword)
	n.outcome(d, fact.LoginDenied)
	n.expect(d, 1, "auth-password-wrong")
	n.mayBe(d, "auth-user-denied")
	n.users(nil, "Permission denied (publickey,password).")
}

// With PAM the account module speaks, after the password was right.
func sshAccountExpiredPAM(n *network, _ *authority) {
	n.pamOf()
	n.sftpHost("UsePAM yes", "KbdInteractiveAuthentication no")
	n.shadow("19000:0:99999:7::19500:")
	d := n.signInSSH(withPassword)
	n.said(d, "Your account has expired; please contact your system administrator.")
	n.expect(d, 1, "auth-user-denied")
	n.users(nil, "Your account has expired; please contact your system administrator.")
}

// The password has to be changed, for which sshd wants a terminal. It says so where a command is run, and not where SFTP is.
func sshPasswordExpired(n *network, _ *authority) {
	n.sftpHost()
	n.shadow("0:0:99999:7:::")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-expired")
	n.said(d, "Password change required but no TTY available.")
	n.users(nil, "Connection closed")
}

func sshPasswordExpiredPAM(n *network, _ *authority) {
	n.pamOf()
	n.sftpHost("UsePAM yes")
	n.shadow("0:0:99999:7:::")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-expired")
	n.users(nil, "Connection closed")
}

// With keyboard-interactive the new password is asked for right away.
func sshPasswordExpiredKeyboard(n *network, _ *authority) {
	n.pamOf()
	n.sftpHost("UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no")
	n.shadow("0:0:99999:7:::")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-expired")
}

// PAM takes its time, as a directory server does that is hard to reach. It does so behind the password: what is slow before it, OpenSSH
// makes slower still, so that nobody learns from the time that a user exists (auth2.c, ensure_minimum_time_since).
func sshSlow(n *network, _ *authority) {
	n.pamOf("account optional pam_exec.so quiet /bin/sleep 8.2")
	n.sftpHost("UsePAM yes")
	d := n.signInSSH(withPassword)
	n.expect(d, 0, "auth-slow")
	n.listedBy(d, "password")
}

// A password change is demanded instead of an answer (RFC 4252 section 8).
func paramikoPasswordChange(n *network, _ *authority) {
	n.names(serverAddress)
	home := n.account()
	n.paramiko(home, `
Server.methods = "password"
Server.right = lambda server, method: "change"
answer = paramiko.auth_handler.AuthHandler._send_auth_result
def send(handler, name, method, result):
    if result == "change":
        demand_new_password(handler.transport, "Your password has expired.")
    else:
        answer(handler, name, method, result)
paramiko.auth_handler.AuthHandler._send_auth_result = send`)
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-password-expired")
	n.asked(d, "none refused password", "password change")
}

// A code after the password, in a second round.
const codeAfterPassword = `
Server.methods = "keyboard-interactive"
def first(server, name, submethods):
    server.round = 0
    return paramiko.InteractiveQuery("Example", "Two steps.", ("Password: ", False))
def more(server, answers):
    server.round += 1
    if server.round == 1:
        if answers != [password]:
            return paramiko.AUTH_FAILED
        return paramiko.InteractiveQuery("", "", ("Verification code: ", True))
    return paramiko.AUTH_SUCCESSFUL if answers == ["246810"] else paramiko.AUTH_FAILED
Server.check_auth_interactive = first
Server.check_auth_interactive_response = more`

func paramikoCode(n *network, _ *authority) {
	n.names(serverAddress)
	n.paramiko(n.account(), codeAfterPassword)
	d := n.signInSSH([]string{withPassword[0], "FTPDOCTOR_OTP=246810"})
	n.healthy(d)
	n.listedBy(d, "keyboard-interactive")
	o := n.step(d, serverAddress+":22", "prompts", func(o *fact.Observation) bool { return o.Auth != nil && len(o.Auth.Rounds) > 0 })
	if o != nil && (len(o.Auth.Rounds) != 2 || o.Auth.Rounds[1].Prompts[0].Text != "Verification code:" && o.Auth.Rounds[1].Prompts[0].Text != "Verification code: ") {
		n.t.Errorf("the rounds are %+v", o.Auth.Rounds)
	}
}

func paramikoCodeLacking(n *network, _ *authority) {
	n.names(serverAddress)
	n.paramiko(n.account(), codeAfterPassword)
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-otp-prompt")
	n.asked(d, "none refused keyboard-interactive", "keyboard-interactive not-asked")
}

// The password is right, and a code is wanted besides it.
func paramikoPartial(n *network, _ *authority) {
	n.names(serverAddress)
	n.paramiko(n.account(), codeAfterPassword, `
Server.methods = "password"
def right(server, method):
    server.methods = "keyboard-interactive"
    return paramiko.AUTH_PARTIALLY_SUCCESSFUL
Server.right = right
def only(server, name, submethods):
    server.round = 1
    return paramiko.InteractiveQuery("", "", ("Verification code: ", True))
Server.check_auth_interactive = only`)
	d := n.signInSSH([]string{withPassword[0], "FTPDOCTOR_OTP=246810"})
	n.healthy(d)
	n.asked(d, "none refused password", "password partial keyboard-interactive", "keyboard-interactive accepted")

	d = n.signInSSH(withPassword)
	n.expect(d, 1, "auth-otp-prompt")
	n.asked(d, "none refused password", "password partial keyboard-interactive", "keyboard-interactive not-asked")
}

// A server says why it hangs up.
func paramikoGoodbye(n *network, _ *authority) {
	n.names(serverAddress)
	n.paramiko(n.account(), `
def refuse(server, name, given):
    disconnect(server.transport, 14, "This account is used on too many computers.")
    return paramiko.AUTH_FAILED
Server.check_auth_password = refuse`)
	d := n.signInSSH(withPassword)
	n.said(d, "This account is used on too many computers.")
	n.expect(d, 1, "auth-disconnected")
	n.users(nil, "This account is used on too many computers.")
}

// The query says that the key would do, and the signature is refused.
func paramikoSignatureRefused(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	n.authorize(key)
	n.paramiko(n.account(), `
asked = []
def twice(server, name, key):
    asked.append(key)
    return paramiko.AUTH_SUCCESSFUL if len(asked) == 1 else paramiko.AUTH_FAILED
Server.methods = "publickey"
Server.check_auth_publickey = twice`)
	d := n.signInSSH(nil, "-i", key.file)
	n.expect(d, 1, "auth-key-accepted-sign-fails")
	n.asked(d, "none refused publickey", "publickey key would-do", "publickey key refused")
}

// A server whose host key is RSA and signs with SHA-1 only, as those from before 2017.
func sshHostRSASHA1(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	rsa := n.key("host-rsa", "-t", "rsa", "-b", "2048")
	n.openSSH(serverAddress, "22", n.withAccount("HostKey "+rsa.file, "HostKeyAlgorithms ssh-rsa")...)
	n.knowsHost(host, rsa.file)
	d := n.signInSSH(withPassword)
	n.expect(d, 0, "ssh-no-common-alg") // this program still can, as other apps can
	n.listedBy(d, "password")
	n.users(nil, "no matching host key type found. Their offer: ssh-rsa")
}

func sshOldAlgorithms(n *network, _ *authority) {
	n.sftpHost("KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1")
	d := n.signInSSH(withPassword)
	n.expect(d, 0, "ssh-no-common-alg")
	n.listedBy(d, "password")
	n.users(nil, "no matching key exchange method found. Their offer: diffie-hellman-group14-sha1")
}

// A key exchange that OpenSSH has and this program has not: no fault of the server's, and no answer.
func sshUnknownAlgorithms(n *network, _ *authority) {
	n.sftpHost("KexAlgorithms diffie-hellman-group18-sha512")
	d := n.signInSSH(withPassword)
	n.expect(d, 3, "ssh-no-common-alg")
	n.users(nil, "")
}

// Refusals before and during the sign-in.

func sshFull(n *network, _ *authority) {
	n.sftpHost("MaxStartups 1:100:1")
	n.occupy(serverAddress + ":22")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "ssh-not-allowed-now")
	n.users(nil, "Connection")
}

// A firewall lets the identification pass, and resets the connection at the client's list of algorithms (SSH_MSG_KEXINIT, 20).
func sshResetAtKex(n *network, _ *authority) {
	n.sftpHost()
	n.onTheWay("tcp dport 22 @ih,40,8 0x14 reject with tcp reset")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "ssh-dpi")
	n.users(nil, "Connection reset by")
}

// Dropbear takes five connections of an address that have not signed in, and closes a sixth without a word.
func dropbearPerAddressLimit(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.dropbear()
	for range 5 {
		n.occupy(serverAddress + ":22")
	}
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "ssh-closed-before-banner")
	n.users(nil, "Connection closed")
}

// The server lets a single try pass: a key that it does not know ends the conversation.
func sshOneTry(n *network, _ *authority) {
	n.sftpHost("MaxAuthTries 1")
	key := n.key("key")
	d := n.signInSSH(withPassword, "-i", key.file)
	n.expect(d, 1, "auth-too-many")
	n.said(d, "Too many authentication failures")
	n.users(nil, "Too many authentication failures", "-i", key.file)
}

// After the sign-in.

// scpOr is the cause of a server that has no SFTP, where this computer, whose programs the servers run, may have scp.
func scpOr(cause string) string {
	if _, err := exec.LookPath("scp"); err == nil {
		return "sftp-scp-only"
	}
	return cause
}

func sftpSwitchedOff(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.openSSH(serverAddress, "22") // no subsystem
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(withPassword)
	n.fetched(d, "session", "subsystem refused", "session", "exec")
	n.ways(d)
	n.expect(d, 1, scpOr("sftp-none"))
	n.users(nil, "subsystem request failed on channel 0")
}

func tinysshdWithoutSFTP(n *network, _ *authority) {
	n.names(serverAddress)
	key := n.key("key")
	home := n.account()
	n.authorizeAtHome(home, key)
	n.tinysshd(home)
	d := n.signInSSH(nil, "-i", key.file)
	n.ways(d)
	n.expect(d, 1, "sftp-none", "ssh-old-apps")
	n.fetched(d, "session", "subsystem refused", "session refused")
	n.users(nil, "subsystem request failed on channel 0|closed by remote host", "-i", key.file)
}

// The program for SFTP is not where sshd_config says.
func sftpProgramMissing(n *network, _ *authority) {
	n.sftpHost("Subsystem sftp /usr/lib/openssh/no-such-program")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-none")
	n.users(nil, "Connection closed")
}

// bash reads ~/.bashrc when sshd starts it, and Debian's says so in bash(1).
func sftpNoise(n *network, _ *authority) {
	home := n.sftpHost("Subsystem sftp /usr/lib/openssh/sftp-server")
	n.shell(home, "/bin/bash")
	if err := os.WriteFile(filepath.Join(home, ".bashrc"), []byte("echo 'This server is mended on Sunday.'\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-shell-noise")
	n.said(d, "This server is mended on Sunday.")
	n.users(nil, "Received message too long 1416128883") // "This"
}

// The shell says that the account may not sign in, and ends.
func sftpNoLogin(n *network, _ *authority) {
	home := n.sftpHost("Subsystem sftp /usr/lib/openssh/sftp-server")
	n.shell(home, "/usr/sbin/nologin")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-command-text")
	n.said(d, "This account is currently not available.")
	n.users(nil, "Connection closed|Received message too long 1416128883") // "This"
}

func sftpForcedCommand(n *network, _ *authority) {
	n.sftpHost("ForceCommand echo 'Only backups are made here.' >&2; exit 3")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-command-text")
	n.said(d, "Only backups are made here.")
	n.users(nil, "Connection closed") // before its ssh has shown the text, at times
}

// sshd closes right after the sign-in where others may write to the folder of ChrootDirectory.
func sftpBadChroot(n *network, _ *authority) {
	home := n.account()
	n.names(serverAddress)
	n.openSSH(serverAddress, "22", n.withAccount("ChrootDirectory "+home, "ForceCommand internal-sftp")...)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-closed-after-auth")
	n.users(nil, "closed by remote host|Broken pipe")
}

// OpenSSH begins in / where the home folder is missing.
func sftpHomeMissing(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.accountAt("/nonexistent")
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(withPassword)
	n.healthy(d)
	n.listedBy(d, "password")
}

// mod_sftp refuses the right password where the home folder is missing, and gives itself away: it names no method to go on with.
func modSFTPHomeMissing(n *network, ca *authority) {
	n.account()
	n.accountAt("/nonexistent")
	n.modSFTP(ca)
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "auth-user-denied")
	n.mayBe(d, "sftp-home-missing")
	n.users(nil, "Permission denied ().")
}

func sftpHomeForbidden(n *network, _ *authority) {
	home := n.sftpHost()
	if err := os.Chown(home, 0, 0); err != nil {
		n.t.Fatal(err)
	}
	if err := os.Chmod(home, 0o711); err != nil {
		n.t.Fatal(err)
	}
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-home-missing")
	n.users(nil, "Permission denied")
}

func sftpDiskFull(n *network, _ *authority) {
	n.names(serverAddress)
	home := n.smallDisk()
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	d := n.signInSSH(withPassword, "--write")
	n.left(home)
	n.expect(d, 1, "sftp-quota")
}

func sftpReadOnly(n *network, _ *authority) {
	home := n.sftpHost("Subsystem sftp internal-sftp -R")
	d := n.signInSSH(withPassword, "--write")
	n.left(home)
	n.expect(d, 1, "data-permission")
}

func sftpSessionsForbidden(n *network, _ *authority) {
	n.sftpHost("MaxSessions 0")
	d := n.signInSSH(withPassword)
	n.expect(d, 1, "sftp-channel-refused")
	n.users(nil, "open failed")
}

// Both ways in.

// ftpAndSFTP starts vsftpd and OpenSSH for the account. The client knows the host key.
func (n *network) ftpAndSFTP(ca *authority, settings ...string) []string {
	n.t.Helper()
	n.sftpHost(settings...)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	return append(n.site("21", "22"), "--ca-file", ca.rootFile, "-u", user, host)
}

func bothWays(n *network, ca *authority) {
	n.countConnections()
	args := n.ftpAndSFTP(ca)
	d := n.doctorWith(withPassword, args...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit listed", "sftp 22 ssh listed")
	n.ownsUp(d)
}

// A wrong password costs one try by FTP and one by SFTP, or one in all where the user allows no more.
func bothWaysWrongPassword(n *network, ca *authority) {
	args := n.ftpAndSFTP(ca)
	wrong := []string{"FTPDOCTOR_PASSWORD=wrong-horse"}
	for limit, flags := range map[int][]string{2: nil, 1: {"--max-failed-logins", "1"}} {
		d := n.doctorWith(wrong, append(flags, args...)...)
		refused := 0
		for _, o := range d.Facts {
			if o.Login != nil && o.Login.Outcome == fact.LoginDenied {
				refused++
			}
		}
		if refused != limit || d.exit != 1 {
			n.t.Errorf("the password was refused %d times, exit code %d; want %d times, 1", refused, d.exit, limit)
		}
	}
}

// The account may use FTP, and SFTP only with a key.
func bothWaysKeysOnly(n *network, ca *authority) {
	args := n.ftpAndSFTP(ca, "PasswordAuthentication no")
	d := n.doctorWith(withPassword, args...)
	n.expect(d, 1, "auth-password-not-accepted-method", "data-tls-reuse")
	n.ways(d, "ftpes 21 explicit listed", "sftp 22 ssh verified")
}
