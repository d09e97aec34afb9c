package lab

import "time"

// authFaults lie in the sign-in by SSH.
var authFaults = []Scenario{
	{
		Name:   "ssh-wrong-password",
		Says:   "Jane gives a wrong password.",
		Args:   asJane(sftpURL),
		Env:    janeErrs,
		Causes: []string{"auth-password-wrong"},
		Build:  sftpSite(SSH{}),
	},
	{
		Name:   "ssh-wrong-password-in-a-dialogue",
		Says:   "Jane gives a wrong password to a server that asks for it in a dialogue.",
		Args:   asJane(sftpURL),
		Env:    janeErrs,
		Causes: []string{"auth-password-wrong"},
		Build:  sftpSite(SSH{Methods: []string{"publickey", "keyboard-interactive"}}),
	},
	{
		Name:   "ssh-keys-only",
		Says:   "The account takes keys only, and jane has a password.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-password-not-accepted-method"},
		Build:  sftpSite(SSH{Methods: []string{"publickey"}}),
	},
	{
		Name:   "ssh-dialogue-only",
		Says:   "The server takes the password in a dialogue only.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-kbdint-only"},
		Build:  sftpSite(SSH{Methods: []string{"publickey", "keyboard-interactive"}}),
	},
	{
		Name:   "ssh-key-not-registered",
		Says:   "The server does not know jane's key.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-key-unknown"},
		Build:  with(sftpSite(SSH{Methods: []string{"publickey"}}), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "ssh-other-key-registered",
		Says:   "The server knows jane's key of another type, which she does not have here.",
		Args:   withKey(otherKey),
		Causes: []string{"auth-key-unknown"},
		Build:  with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneECDSA}})}), keep(otherKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "ssh-key-just-made",
		Says:   "Jane made her key two minutes ago, and fortrabbit does not know it yet.",
		Args:   []string{"-u", acme, fortrabbitHost},
		Causes: []string{"auth-key-not-active-yet"},
		Build: with(appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {}}}), func(c *Computer) {
			c.put(janesKey, File{Content: JaneEd25519.openSSH(""), Mode: 0o600, Time: time.Now().Add(-2 * time.Minute)})
		}),
	},
	{
		Name:   "ssh-password-in-key-mode",
		Says:   "The user name is that of key mode, and a password is given.",
		Args:   []string{"-u", acme, fortrabbitHost},
		Env:    janeKnows,
		Causes: []string{"auth-mode-mismatch"},
		Build:  appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {Keys: []Key{JaneEd25519}, Denied: true}}}),
	},
	{
		Name:   "ssh-key-in-password-mode",
		Says:   "The user name is that of password mode, and a key is given.",
		Args:   []string{"-u", acme + ".f4n4gkrx90ot4yxm", "-i", otherKey, fortrabbitHost},
		Causes: []string{"auth-mode-mismatch"},
		Build: with(appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme + ".f4n4gkrx90ot4yxm": {}}}),
			keep(otherKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "ssh-signature-refused",
		Says:   "The server knows jane's key, and refuses the sign-in with it.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-key-accepted-sign-fails"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}, RefusesSignatures: true}), Methods: []string{"publickey"}}),
			keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "ssh-rsa-sha1-only",
		Says:   "The server takes RSA keys only with signatures that apps of today do not make.",
		Args:   withKey(otherKey),
		Causes: []string{"auth-rsa-sha1"},
		Build: with(sftpSite(SSH{
			Ident: "SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2", Offer: &offerOf2014, Users: accounts(Account{Keys: []Key{JaneRSA}}),
			Signatures: []string{"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"}, KeepsSignatures: true,
		}), keep(otherKey, plainKey(JaneRSA))),
	},
	{
		Name:   "ssh-rsa-sha1-only-told",
		Says:   "The server says that it takes RSA keys only with signatures that apps of today do not make.",
		Args:   withKey(otherKey),
		Causes: []string{"auth-rsa-sha1"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneRSA}}), Signatures: []string{"ssh-rsa"}}),
			keep(otherKey, plainKey(JaneRSA))),
	},
	{
		Name:   "ssh-too-many-keys",
		Says:   "The seventh key of jane's agent would be taken, and the server hangs up after six.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-too-many"},
		Build: with(sftpSite(SSH{Users: keyAccount()}), func(c *Computer) {
			holding(SSHAgent{Keys: manyKeys()})(c)
		}),
	},
	{
		Name:   "ssh-keys-before-the-password",
		Says:   "Jane's password is right, and her agent holds seven keys that the server does not know, which apps show first.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-too-many"},
		Build:  with(sftpSite(SSH{}), holding(SSHAgent{Keys: manyKeys()})),
	},
	{
		Name:   "ssh-few-tries",
		Says:   "The server hangs up after the third wrong key, and jane's agent has more.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-too-many"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{strangersKey}}), MaxTries: 3}), func(c *Computer) {
			holding(SSHAgent{Keys: manyKeys()})(c)
		}),
	},
	{
		Name:   "ssh-second-factor",
		Says:   "The account wants a key and a password, and jane gives the key.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-second-factor"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}, Needs: []string{"publickey,password"}})}),
			keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "ssh-code-wanted",
		Says:   "The server asks for a code after the password, and jane gives none.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-otp-prompt"},
		Build:  sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: codeAccount()}),
	},
	{
		Name:   "ssh-wrong-code",
		Says:   "The server asks for a code after the password, and refuses that which jane gives.",
		Args:   asJane(sftpURL),
		Env:    []string{"FTPDOCTOR_PASSWORD=" + rightPassword, "FTPDOCTOR_OTP=161803"},
		Causes: []string{"auth-otp-prompt"},
		Build:  sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: codeAccount()}),
	},
	{
		Name:   "ssh-question-without-answer",
		Says:   "The server asks jane for the name of her first pet.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-second-factor"},
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{
			{Prompts: []Prompt{{Text: "Name of your first pet: ", Echo: true, Answer: "Rex"}}},
		}})}),
	},
	{
		Name:   "ssh-password-expired",
		Says:   "The server demands a new password.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-password-expired"},
		Build:  sftpSite(SSH{Ident: "SSH-2.0-8.54 FlowSsh", Users: accounts(Account{NewPassword: true})}),
	},
	{
		Name:   "ssh-password-expired-in-a-dialogue",
		Says:   "The server asks for a new password in a dialogue.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-password-expired"},
		Build: sftpSite(SSH{Methods: []string{"publickey", "keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{
			{Prompts: []Prompt{{Text: "Password: "}}},
			{Instruction: "Your password has expired.", Prompts: []Prompt{{Text: "New password: ", Answer: "never given"}}},
			{Prompts: []Prompt{{Text: "Retype new password: ", Answer: "never given"}}},
		}})}),
	},
	{
		Name:   "ssh-password-expired-inside",
		Says:   "OpenSSH lets jane in, and says in place of SFTP that her password has expired.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-password-expired"},
		Build: sftpSite(SSH{Forced: &Command{ // do_pwchange in session.c of OpenSSH
			Stderr: "WARNING: Your password has expired.\nPassword change required but no TTY available.\n", Exit: 1,
		}}),
	},
	{
		Name:   "ssh-user-not-allowed",
		Says:   "The host takes jane's password by FTP, and SSH does not let her in.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"auth-user-denied"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.onExample(SSH{Users: accounts(Account{Denied: true})}, 22)
			c.knows(exampleFTP, HostEd25519)
		}),
	},
	{
		Name:   "ssh-account-expired",
		Says:   "Jane's account has ended, which the server says once her password was right.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-user-denied"},
		Build:  sftpSite(SSH{Users: accounts(Account{Expired: "Your account has expired; please contact your system administrator.\n"})}), // pam_unix
	},
	{
		Name:   "ssh-slow-user-check",
		Says:   "The server takes twelve seconds to look a user up.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-slow"},
		Build:  sftpSite(SSH{Thinks: 12 * time.Second}),
	},
	{
		Name:   "ssh-sent-away",
		Says:   "The server ends the sign-in with words of its own.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-disconnected"},
		Build:  sftpSite(SSH{Users: accounts(Account{Goodbye: "This site moves house today. Come back tomorrow."})}),
	},
	{
		Name:   "ssh-hangs-up-on-the-password",
		Says:   "The server hangs up without a word when it has the password.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"login-refused"},
		Build:  sftpSite(SSH{EndAfter: AtPassword}),
	},
	{
		Name:   "ssh-silent-on-the-password",
		Says:   "The server says nothing any more when it has the password.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"login-refused"},
		Build:  sftpSite(SSH{EndAfter: AtPassword, Hang: true}),
	},
}

// sshFaultsTogether are two things that are wrong at a time.
var sshFaultsTogether = []Scenario{
	{
		Name:   "ssh-pauses-in-the-middle",
		Says:   "The server refuses five keys of jane's agent, and pauses her address before the others are shown.",
		Args:   asJane(sftpURL),
		Causes: []string{"auth-too-many", "ssh-not-allowed-now"},
		Build: with(sftpSite(SSH{Users: keyAccount()}), func(c *Computer) {
			holding(SSHAgent{Keys: manyKeys()})(c)
			c.obstruct(Path{Ports: []uint16{22}, From: 1, Answers: Raw{Say: "Not allowed at this time\r\n"}})
		}),
	},
	{
		Name:   "wrong-password-tried-once",
		Says:   "Jane gives a wrong password to a host with FTP and SSH, and wants one failed login at most.",
		Args:   asJane("--max-failed-logins", "1", exampleFTP),
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.onExample(SSH{}, 22)
			c.knows(exampleFTP, HostEd25519)
		}),
	},
	{
		Name:   "wrong-password-both-ways",
		Says:   "Jane gives a wrong password to a host with FTP and SSH.",
		Args:   asJane(exampleFTP),
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.onExample(SSH{}, 22)
			c.knows(exampleFTP, HostEd25519)
		}),
	},
	{
		Name:   "ftp-in-clear-and-host-key-changed",
		Says:   "A host takes jane by FTP in clear only, and the host key of its SSH server has changed.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"login-password-withheld", "ssh-hostkey-changed", "tls-not-offered"},
		Build: with(plainSite, func(c *Computer) {
			c.onExample(SSH{}, 22)
			c.knows(exampleFTP, strangersKey)
		}),
	},
	{
		Name:   "wrong-password-and-open-key",
		Says:   "Jane's key is open to everybody and not known to the server, and her password is wrong.",
		Args:   withKey(otherKey),
		Env:    janeErrs,
		Causes: []string{"auth-password-wrong"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.put(otherKey, File{Content: JaneEd25519.openSSH(""), Mode: 0o644})
		}),
	},
	{
		Name:   "slow-user-check-and-no-sftp",
		Says:   "The server takes twelve seconds to look jane up, and then has no SFTP.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"auth-slow", "sftp-none"},
		Build:  sftpSite(SSH{Thinks: 12 * time.Second, NoSFTP: true, NoSCP: true}),
	},
	{
		Name:   "host-key-changed-and-config-elsewhere",
		Says:   "The host key has changed, and jane's ssh_config sends ssh through another machine.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"local-ssh-config", "ssh-hostkey-changed"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.keep(knownHosts, sftpHost+" "+strangersKey.public()+"\n")
			c.keep(sshConfig, "Host "+sftpHost+"\n  ProxyJump gate.example.net\n")
		}),
	},
	{
		Name:   "port-21-blocked-and-no-sftp",
		Says:   "The network drops FTP at its usual ports, and SFTP is switched off behind a sign-in that works.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"sftp-none", "tcp-port-filtered"},
		Build: with(filesSite, func(c *Computer) {
			c.onFiles(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer, Ident: "SSH-2.0-FilesCom", NoSFTP: true, NoSCP: true}, 22, 3022)
			c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped})
		}),
	},
}
