package lab

import "time"

// What jane gives besides a password: the passphrase of her key, and a code.
const code = "271828"

var (
	janeUnlocks = []string{"FTPDOCTOR_KEY_PASSPHRASE=" + passphrase}
	janeErrsKey = []string{"FTPDOCTOR_KEY_PASSPHRASE=open barley"}
	janesCode   = []string{"FTPDOCTOR_PASSWORD=" + rightPassword, "FTPDOCTOR_OTP=" + code}
)

// sftpHost is a server that has no profile, and offers SFTP.
const (
	sftpHost = "sftp.example.org"
	sftpURL  = "sftp://" + sftpHost
)

// acme is the name of an app at fortrabbit.
const acme = "acme"

// The keys that take part besides hosts' and jane's.
var (
	strangersKey = Key{Ed25519, "stranger"}
	authorityKey = Key{Ed25519, "authority"}
	firewallKey  = Key{Ed25519, "firewall"}
)

// manyKeys are more keys than a server looks at, the last of which is jane's.
func manyKeys() []Key {
	keys := []Key{{Ed25519, "work"}, {Ed25519, "home"}, {ECDSA, "work"}, {Ed25519, "backup"}, {Ed25519, "git"}, {ECDSA, "git"}}
	return append(keys, JaneEd25519)
}

// accounts are those of a server that knows jane alone.
func accounts(a Account) map[string]Account { return map[string]Account{jane: a} }

// keyAccount takes jane's Ed25519 key.
func keyAccount() map[string]Account { return accounts(Account{Keys: []Key{JaneEd25519}}) }

// codeAccount asks for a password, and then for a code.
func codeAccount() map[string]Account {
	return accounts(Account{Rounds: []Round{
		{Prompts: []Prompt{{Text: "Password: "}}},
		{Prompts: []Prompt{{Text: "Verification code: ", Answer: code}}},
	}})
}

// sftpSite is sftp.example.org with this server on port 22, from a computer that knows its host keys.
func sftpSite(server SSH) func() *Computer {
	return func() *Computer {
		c := home(records(sftpHost, exampleIP))
		c.onExample(server, 22)
		for _, key := range server.hostKeys() {
			c.knows(sftpHost, key)
		}
		return c
	}
}

// appSite is a host of fortrabbit with this server, from a computer that knows its host key.
func appSite(server SSH) func() *Computer {
	return with(fortrabbitSite(server), func(c *Computer) { c.knows(fortrabbitHost, server.hostKeys()[0]) })
}

// keep is a change to a world: a file on jane's computer.
func keep(name string, content func() string) func(c *Computer) {
	return func(c *Computer) { c.keep(name, content()) }
}

// holding is a change to a world: jane's computer asks this agent.
func holding(a SSHAgent) func(c *Computer) {
	return func(c *Computer) {
		a.Address = agentAt
		c.SSHAgents = []SSHAgent{a}
	}
}

func text(s string) func() string { return func() string { return s } }

func plainKey(k Key) func() string { return func() string { return k.openSSH("") } }

func lockedKey() string { return JaneEd25519.openSSH(passphrase) }

// withKey are the arguments of jane, who names a key.
func withKey(file string, more ...string) []string {
	return asJane(append([]string{"-i", file}, append(more, sftpURL)...)...)
}

// healthySFTP are worlds in which jane signs in by SSH and works with files.
var healthySFTP = []Scenario{
	{
		Name:  "healthy-sftp-password",
		Says:  "Jane signs in at OpenSSH with her password and lists her files.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{}),
	},
	{
		Name:  "healthy-sftp-write",
		Says:  "Jane signs in at OpenSSH, and sends and deletes a file.",
		Args:  asJane("--write", sftpHost),
		Env:   janeKnows,
		Build: sftpSite(SSH{HostKeys: []Key{HostRSA, HostECDSA, HostEd25519}, Banner: "Authorized use only.\n"}),
	},
	{
		Name:  "healthy-sftp-key",
		Says:  "Jane signs in with the key that ssh shows by itself.",
		Args:  asJane("--write", sftpURL),
		Build: with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:  "healthy-sftp-key-named",
		Says:  "Jane names her key, which is in the old format and of the type RSA.",
		Args:  withKey(otherKey),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneRSA}})}), keep(otherKey, func() string { return JaneRSA.pem() })),
	},
	{
		Name:  "healthy-sftp-key-ecdsa",
		Says:  "Jane names a key of the type ECDSA in the format PKCS#8, with the line ends of Windows.",
		Args:  withKey(otherKey),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneECDSA}})}), keep(otherKey, func() string { return asOnWindows(JaneECDSA.pkcs8()) })),
	},
	{
		Name:  "healthy-sftp-key-locked",
		Says:  "Jane's key has a passphrase, and she gives it.",
		Args:  withKey(otherKey),
		Env:   janeUnlocks,
		Build: with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey, lockedKey)),
	},
	{
		Name: "healthy-sftp-agent",
		Says: "Jane's agent holds three keys, and the server takes the second.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneRSA}})}),
			holding(SSHAgent{Keys: []Key{JaneEd25519, JaneRSA, JaneECDSA}})),
	},
	{
		Name: "healthy-sftp-agent-full",
		Says: "Jane's agent holds seven keys, and the server takes the fourth.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{{Ed25519, "backup"}}})}), func(c *Computer) {
			holding(SSHAgent{Keys: manyKeys()})(c)
		}),
	},
	{
		Name: "healthy-sftp-certificate",
		Says: "Jane's key has a certificate of an authority that the server trusts.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: accounts(Account{Authority: &authorityKey})}), func(c *Computer) {
			c.keep(janesKey, JaneEd25519.openSSH(""))
			c.keep(janesKey+"-cert.pub", JaneEd25519.certificateFile(authorityKey, 30*day, jane))
		}),
	},
	{
		Name: "healthy-sftp-key-and-password",
		Says: "The account wants a key and a password, and jane has both.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}, Needs: []string{"publickey,password"}})}),
			keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name: "healthy-sftp-key-and-code",
		Says: "The account wants a key and a code, and jane has both.",
		Args: asJane(sftpURL),
		Env:  janesCode,
		Build: with(sftpSite(SSH{Methods: []string{"publickey", "keyboard-interactive"}, Users: accounts(Account{
			Keys: []Key{JaneEd25519}, Needs: []string{"publickey,keyboard-interactive"},
			Rounds: []Round{{Prompts: []Prompt{{Text: "Verification code: ", Answer: code}}}},
		})}), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:  "healthy-sftp-dialogue",
		Says:  "The server takes the password in the plain way and in a dialogue.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"publickey", "password", "keyboard-interactive"}}),
	},
	{
		Name:  "healthy-sftp-wrong-key-right-password",
		Says:  "The server does not know jane's key and takes her password.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:  "healthy-sftp-no-agent-right-password",
		Says:  "Jane's agent is gone, and she signs in with her password.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), holding(SSHAgent{Dead: true})),
	},
	{
		Name:  "healthy-sftp-folder",
		Says:  "Jane wants to begin in a folder, and sends and deletes a file there.",
		Args:  asJane("--write", sftpURL+"/reports"),
		Env:   janeKnows,
		Build: sftpSite(SSH{}),
	},
	{
		Name:  "healthy-sftp-folder-below",
		Says:  "The session begins in a folder below the root.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Home: "/incoming"}}),
	},
	{
		Name:  "healthy-sftp-large-folder",
		Says:  "Jane lists a folder of five thousand files.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Crowd: 5000}}),
	},
	{
		Name: "healthy-sftp-other-port",
		Says: "The SSH server is on a port of its own, for which known_hosts has an entry of its own.",
		Args: asJane("sftp://" + sftpHost + ":2222"),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(sftpHost, exampleIP))
			c.onExample(SSH{Ident: "SSH-2.0-OpenSSH_for_Windows_9.5"}, 2222)
			c.knows("["+sftpHost+"]:2222", HostEd25519)
			return c
		},
	},
	{
		Name: "healthy-sftp-many-addresses",
		Says: "The name has three addresses, one of which is dead, and jane signs in at one alone.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(sftpHost, filesIPs...))
			for _, ip := range filesIPs {
				c.Internet.Listen(ip, SSH{}, 22)
			}
			c.knows(sftpHost, HostEd25519)
			return c
		},
	},
	{
		Name:  "healthy-sftp-slow-line",
		Says:  "Jane signs in over a satellite, with a round trip of 900 ms.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), func(c *Computer) { c.Internet.RTT = 900 * time.Millisecond }),
	},
	{
		Name:  "healthy-sftp-thoughtful-server",
		Says:  "The server looks the user up for three seconds.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Thinks: 3 * time.Second}),
	},
	{
		Name:  "healthy-sftp-nobody-signs-in",
		Says:  "Nobody signs in at an OpenSSH that nobody has visited yet.",
		Args:  []string{sftpURL},
		Build: with(sftpSite(SSH{}), func(c *Computer) { delete(c.Files, knownHosts) }),
	},
	{
		Name: "healthy-sftp-first-visit-with-key",
		Says: "Jane signs in with a key at a server that nobody has visited yet.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: keyAccount()}), func(c *Computer) {
			delete(c.Files, knownHosts)
			c.keep(janesKey, JaneEd25519.openSSH(""))
		}),
	},
	{
		Name:  "healthy-sftp-trusted-anyway",
		Says:  "Jane trusts a server that nobody has visited yet.",
		Args:  asJane("--trust-anyway", sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), func(c *Computer) { delete(c.Files, knownHosts) }),
	},
	{
		Name: "healthy-sftp-one-type-known",
		Says: "The server has three host keys, and known_hosts has the one that other programs ask for last.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{HostKeys: []Key{HostEd25519, HostRSA, HostECDSA}}), func(c *Computer) {
			delete(c.Files, knownHosts)
			c.knows(sftpHost, HostECDSA)
		}),
	},
	{
		Name: "healthy-sftp-host-certificate",
		Says: "The host key has a certificate of an authority that known_hosts trusts for the domain.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{HostKeys: []Key{HostEd25519, HostECDSA}, Authority: &authorityKey}), func(c *Computer) {
			c.keep(knownHosts, "@cert-authority *.example.org "+authorityKey.public()+"\n")
		}),
	},
	{
		Name:  "healthy-sftp-host-certificate-of-no-use",
		Says:  "The host key has a certificate, and known_hosts has the key itself.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Authority: &authorityKey}),
	},
	{
		Name: "healthy-sftp-ipv6",
		Says: "Jane signs in over IPv6.",
		Args: asJane("--write", sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(sftpHost, exampleIPv6))
			c.giveIPv6()
			c.Internet.Listen(exampleIPv6, SSH{}, 22)
			c.knows(sftpHost, HostEd25519)
			return c
		},
	},
	{
		Name: "healthy-sftp-other-known-hosts",
		Says: "Jane names the file that holds the host key.",
		Args: asJane("--known-hosts", "/etc/ssh/our_hosts", sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.put("/etc/ssh/our_hosts", File{Content: c.Files[knownHosts].Content, Mode: 0o644})
			c.keep(knownHosts, sftpHost+" "+strangersKey.public()+"\n")
		}),
	},
	{
		Name:  "healthy-sftp-config-ignored",
		Says:  "Jane wants her ssh_config, which leads elsewhere, to be ignored.",
		Args:  asJane("--ssh-config", "none", sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), keep(sshConfig, text("Host "+sftpHost+"\n  HostName gone.example.org\n"))),
	},
	{
		Name:  "healthy-sftp-config-of-others",
		Says:  "Jane's ssh_config is about other hosts.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: with(sftpSite(SSH{}), keep(sshConfig, text("Host *.example.net\n  User joe\n  ProxyJump gate.example.net\n\nHost *\n  ServerAliveInterval 30\n"))),
	},
	{
		Name: "healthy-sftp-and-ftp",
		Says: "A host takes jane by FTP and by SSH, and she sends and deletes a file both ways.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.onExample(SSH{}, 22)
			c.knows(exampleFTP, HostEd25519)
		}),
	},
	{
		Name:  "healthy-sftp-app",
		Says:  "An app of fortrabbit takes a key.",
		Args:  []string{"-u", acme, fortrabbitHost},
		Build: with(appSite(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer, Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {Keys: []Key{JaneEd25519}}}}), keep(janesKey, plainKey(JaneEd25519))),
	},
}

// sftpFaults lie behind the sign-in.
var sftpFaults = []Scenario{
	{
		Name:   "sftp-not-there",
		Says:   "An app of fortrabbit takes the key, and has no SFTP.",
		Args:   []string{"-u", acme, fortrabbitHost},
		Causes: []string{"sftp-none"},
		Build: with(appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", NoSFTP: true, NoSCP: true, Users: map[string]Account{acme: {Keys: []Key{JaneEd25519}}}}),
			keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "sftp-not-there-but-scp",
		Says:   "The server knows SCP, and not SFTP.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-scp-only"},
		Build:  sftpSite(SSH{Ident: "SSH-2.0-dropbear_2022.83", NoSFTP: true}),
	},
	{
		Name:   "sftp-other-command",
		Says:   "The account is forced to a command that is not SFTP.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-command-text"},
		Build:  sftpSite(SSH{Forced: &Command{Stdout: "This service allows sftp connections only.\n", Exit: 1}}), // session.c of OpenSSH
	},
	{
		Name:   "sftp-no-shell",
		Says:   "The account has no shell.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-command-text"},
		Build:  sftpSite(SSH{Forced: &Command{Stdout: "This account is currently not available.\n", Exit: 1}}), // nologin(8)
	},
	{
		Name:   "sftp-app-not-ready",
		Says:   "An app of fortrabbit was made just now, and is not ready.",
		Args:   []string{"-u", acme, fortrabbitHost},
		Causes: []string{"sftp-command-text"},
		Build: with(appSite(SSH{
			Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {Keys: []Key{JaneEd25519}}},
			Forced: &Command{Stdout: "A B O R T E D\n!! Internal error I01 - please try again later.\n", HangsUp: true},
		}), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "sftp-noisy-shell",
		Says:   "The start file of jane's shell prints a greeting into SFTP.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-shell-noise"},
		Build:  sftpSite(SSH{Noise: "Welcome back, jane!\nYou have mail.\n"}),
	},
	{
		Name:   "sftp-hangs-up-inside",
		Says:   "The server lets jane in and hangs up, for the folder that she is to be locked into has a wrong owner.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-closed-after-auth"},
		Build:  sftpSite(SSH{EndAfter: AtInside}),
	},
	{
		Name:   "sftp-session-forbidden",
		Says:   "The server lets jane in and forbids sessions.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-channel-refused"},
		Build:  sftpSite(SSH{RefusesSession: 1}),
	},
	{
		Name:   "sftp-no-session-left",
		Says:   "The server has no room for one more session.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-channel-refused"},
		Build:  sftpSite(SSH{RefusesSession: 4}),
	},
	{
		Name:   "sftp-silent",
		Says:   "SFTP is started and never answers.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-breaks-off"},
		Build:  sftpSite(SSH{EndAfter: AtInit, Hang: true}),
	},
	{
		Name:   "sftp-silent-in-the-listing",
		Says:   "SFTP stops in the middle of the listing.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-breaks-off"},
		Build:  sftpSite(SSH{EndAfter: AtReadFolder, Hang: true}),
	},
	{
		Name:   "sftp-cut-in-the-upload",
		Says:   "The connection ends while a file is sent.",
		Args:   asJane("--write", sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-breaks-off"},
		Build:  sftpSite(SSH{EndAfter: AtWrite}),
	},
	{
		Name:   "sftp-start-folder-missing",
		Says:   "The folder in which jane's sessions begin is not there.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-home-missing"},
		Build:  sftpSite(SSH{SFTP: SFTP{Home: "/home/jane"}}),
	},
	{
		Name:   "sftp-start-folder-forbidden",
		Says:   "Jane may not read the folder in which her sessions begin.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-home-missing"},
		Build:  sftpSite(SSH{SFTP: SFTP{Home: "/reports", Forbidden: []string{"/reports"}}}),
	},
	{
		Name:   "sftp-home-folder-missing",
		Says:   "OpenSSH does not find jane's home folder, says so, and begins at the root.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-home-missing"},
		Build:  sftpSite(SSH{Complaint: "Could not chdir to home directory /home/jane: No such file or directory\n"}), // session.c of OpenSSH
	},
	{
		Name:   "sftp-folder-missing",
		Says:   "Jane wants to begin in a folder that is not there.",
		Args:   asJane(sftpURL + "/invoices"),
		Env:    janeKnows,
		Causes: []string{"data-folder"},
		Build:  sftpSite(SSH{}),
	},
	{
		Name:   "sftp-disk-full",
		Says:   "The disk of an OpenSSH is full, which it calls a failure.",
		Args:   asJane("--write", sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-quota"},
		Build:  sftpSite(SSH{SFTP: SFTP{Room: 100}}),
	},
	{
		Name:   "sftp-over-quota",
		Says:   "Jane has used up her share of the disk, and the server has a status for it.",
		Args:   asJane("--write", sftpURL),
		Env:    janeKnows,
		Causes: []string{"sftp-quota"},
		Build:  sftpSite(SSH{Ident: "SSH-2.0-mod_sftp", SFTP: SFTP{Room: 100, Full: 15}}),
	},
	{
		Name:   "sftp-read-only",
		Says:   "Jane may read and not write.",
		Args:   asJane("--write", sftpURL),
		Env:    janeKnows,
		Causes: []string{"data-permission"},
		Build:  sftpSite(SSH{SFTP: SFTP{ReadOnly: true}}),
	},
}
