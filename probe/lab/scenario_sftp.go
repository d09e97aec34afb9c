package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

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

// hostKeyFaults lie in the key by which a server is known.
var hostKeyFaults = []Scenario{
	{
		Name:   "ssh-first-visit",
		Says:   "Nobody has confirmed the host key yet, so that the password stays here.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-hostkey-unknown"},
		Build:  with(sftpSite(SSH{}), func(c *Computer) { delete(c.Files, knownHosts) }),
	},
	{
		Name:   "ssh-host-key-of-its-own",
		Says:   "A Files.com site has a host key of its own, which is not the published one.",
		Args:   []string{filesHost},
		Causes: []string{"ssh-hostkey-unknown"},
		Build:  with(filesSite, func(c *Computer) { c.onFiles(SSH{HostKeys: []Key{HostECDSA}, Ident: "SSH-2.0-FilesCom"}, 22, 3022) }),
	},
	{
		Name:   "ssh-host-key-changed",
		Says:   "The server shows another host key than the one that known_hosts has.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-hostkey-changed"},
		Build:  with(sftpSite(SSH{}), keep(knownHosts, func() string { return sftpHost + "," + exampleIP + " " + strangersKey.public() + "\n" })),
	},
	{
		Name:   "ssh-host-key-revoked",
		Says:   "The administrator of this computer has revoked the server's host key.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-hostkey-revoked"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.put("/etc/ssh/ssh_known_hosts", File{Content: "@revoked * " + HostEd25519.public() + "\n", Mode: 0o644})
		}),
	},
	{
		Name:   "ssh-host-key-of-another-type",
		Says:   "The server no longer has the host key of the type that known_hosts has.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-hostkey-type-artifact"},
		Build:  with(sftpSite(SSH{}), keep(knownHosts, func() string { return sftpHost + " " + HostECDSA.public() + "\n" })),
	},
	{
		Name:   "ssh-decrypted",
		Says:   "The company's firewall decrypts SSH, with one host key for all servers, and lets no key through.",
		Args:   asJane("--protocol", "sftp", filesHost),
		Env:    janeKnows,
		Causes: []string{"ssh-proxied"},
		Build: with(filesSite, func(c *Computer) {
			c.knows("git.example.net", firewallKey)
			c.knows("backup.example.com", firewallKey)
			c.obstruct(Path{Ports: []uint16{22, 3022}, Answers: SSH{HostKeys: []Key{firewallKey}, Ident: "SSH-2.0-PaloAlto", Methods: []string{"password"}}})
		}),
	},
	{
		Name:   "ssh-decrypted-at-a-known-host",
		Says:   "A firewall shows a host key of its own for a server that jane has visited from elsewhere.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-proxied"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.knows("git.example.net", firewallKey)
			c.knows("backup.example.com", firewallKey)
			c.obstruct(Path{Ports: []uint16{22}, Answers: SSH{HostKeys: []Key{firewallKey}}})
		}),
	},
	{
		Name:   "ssh-too-new-for-old-apps",
		Says:   "The server proves its RSA key with SHA-2 only, which old apps do not know.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"ssh-old-apps"},
		Build:  sftpSite(SSH{HostKeys: []Key{HostRSA}}),
	},
	{
		Name:   "ssh-weak-group",
		Says:   "The server agrees on keys in a group of 1024 bits only.",
		Args:   []string{sftpURL},
		Causes: []string{"ssh-weak-dh"},
		Build:  sftpSite(SSH{Ident: "SSH-2.0-OpenSSH_5.3", WeakGroup: true}),
	},
}

// sshFileFaults lie in the files of ssh on jane's computer.
var sshFileFaults = []Scenario{
	{
		Name:   "ssh-config-leads-elsewhere",
		Says:   "Jane's ssh_config still sends ssh to the port and machine of last year.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"local-ssh-config"},
		Build:  with(sftpSite(SSH{}), keep(sshConfig, text("Host "+sftpHost+"\n  HostName old.example.org\n  Port 2222\n  ProxyJump gate.example.net\n"))),
	},
	{
		Name:   "ssh-config-bars-keys",
		Says:   "Jane's ssh_config allows passwords alone, and the server takes keys alone.",
		Args:   asJane(sftpURL),
		Causes: []string{"local-ssh-config"},
		Build: with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), func(c *Computer) {
			c.keep(janesKey, JaneEd25519.openSSH(""))
			c.keep(sshConfig, "Host *.example.org\n  PreferredAuthentications password\n")
		}),
	},
	{
		Name:   "ssh-config-broken",
		Says:   "Jane's ssh_config has a line in which a quotation mark is not closed.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"local-ssh-config"},
		Build:  with(sftpSite(SSH{}), keep(sshConfig, text("Host *\n  IdentityFile \"~/.ssh/id_ed25519\n"))),
	},
	{
		Name:   "known-hosts-broken",
		Says:   "A line of known_hosts was cut when it was copied, and the rest is used.",
		Args:   asJane(sftpURL),
		Env:    janeKnows,
		Causes: []string{"local-known-hosts"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.keep(knownHosts, "git.example.net ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCo\n"+c.Files[knownHosts].Content)
		}),
	},
}

// keyFaults lie in a key file, or in the agent.
var keyFaults = []Scenario{
	{
		Name:   "key-of-putty",
		Says:   "Jane names a key in the format of PuTTY, which ssh does not read.",
		Args:   withKey(janesHome + "/jane.ppk"),
		Causes: []string{"key-is-ppk"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(janesHome+"/jane.ppk", text(ppk3))),
	},
	{
		Name:   "key-of-putty-locked",
		Says:   "Jane names a key in the format of PuTTY, and gives its passphrase.",
		Args:   withKey(janesHome + "/jane.ppk"),
		Env:    janeUnlocks,
		Causes: []string{"key-is-ppk"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(janesHome+"/jane.ppk", text(ppk3Locked))),
	},
	{
		Name:   "key-of-putty-where-ssh-looks",
		Says:   "The key that ssh shows by itself is in the old format of PuTTY.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-is-ppk"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(janesKey, text(ppk2))),
	},
	{
		Name:   "key-public-half",
		Says:   "Jane names the public half of her key.",
		Args:   withKey(otherKey + ".pub"),
		Causes: []string{"key-is-public"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey+".pub", func() string { return JaneEd25519.publicFile() })),
	},
	{
		Name:   "key-certificate-alone",
		Says:   "Jane names a certificate, and has not its key.",
		Args:   withKey(otherKey + "-cert.pub"),
		Causes: []string{"key-is-public"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Authority: &authorityKey})}),
			keep(otherKey+"-cert.pub", func() string { return JaneEd25519.certificateFile(authorityKey, 30*day, jane) })),
	},
	{
		Name:   "key-certificate-expired",
		Says:   "The certificate of jane's key has ended yesterday.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-certificate"},
		Build: with(sftpSite(SSH{Users: accounts(Account{Authority: &authorityKey})}), func(c *Computer) {
			c.keep(janesKey, JaneEd25519.openSSH(""))
			c.keep(janesKey+"-cert.pub", JaneEd25519.certificateFile(authorityKey, -day, jane))
		}),
	},
	{
		Name:   "key-locked",
		Says:   "Jane's key has a passphrase, and she does not give it.",
		Args:   withKey(otherKey),
		Causes: []string{"key-encrypted"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey, lockedKey)),
	},
	{
		Name:   "key-locked-where-ssh-looks",
		Says:   "The key that ssh shows by itself has a passphrase, and jane does not give it.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-encrypted"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), keep(janesKey, lockedKey)),
	},
	{
		Name:   "key-wrong-passphrase",
		Says:   "Jane gives another passphrase than that of her key.",
		Args:   withKey(otherKey),
		Env:    janeErrsKey,
		Causes: []string{"key-encrypted"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey, lockedKey)),
	},
	{
		Name:   "key-cut",
		Says:   "The end of jane's key was not copied.",
		Args:   withKey(otherKey),
		Causes: []string{"key-corrupt"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey, func() string { return JaneEd25519.openSSH("")[:200] })),
	},
	{
		Name:   "key-in-one-line",
		Says:   "Jane's key went through a field of one line.",
		Args:   withKey(otherKey),
		Causes: []string{"key-corrupt"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), keep(otherKey, func() string { return joined(JaneEd25519.openSSH("")) })),
	},
	{
		Name:   "key-empty",
		Says:   "The file that jane names as her key is empty.",
		Args:   withKey(otherKey),
		Env:    janeKnows,
		Causes: []string{"key-corrupt"},
		Build:  with(sftpSite(SSH{}), keep(otherKey, text(""))),
	},
	{
		Name:   "key-is-a-document",
		Says:   "The file that jane names as her key is a letter.",
		Args:   withKey(otherKey),
		Env:    janeKnows,
		Causes: []string{"key-corrupt"},
		Build:  with(sftpSite(SSH{}), keep(otherKey, text("Dear Jane,\n\nyour access data follow by post.\n"))),
	},
	{
		Name:   "key-open",
		Says:   "Everybody on jane's computer may read her key, so that ssh does not use it.",
		Args:   withKey(otherKey),
		Causes: []string{"key-permissions"},
		Build: with(sftpSite(SSH{Users: keyAccount()}), func(c *Computer) {
			c.put(otherKey, File{Content: JaneEd25519.openSSH(""), Mode: 0o644})
		}),
	},
	{
		Name:   "key-type-not-taken",
		Says:   "Jane has a key of the type ECDSA, which fortrabbit does not take.",
		Args:   []string{"-u", acme, fortrabbitHost},
		Causes: []string{"key-type-unsupported"},
		Build: with(appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {}}}),
			keep(janesHome+"/.ssh/id_ecdsa", plainKey(JaneECDSA))),
	},
	{
		Name:   "key-is-a-folder",
		Says:   "Jane names the folder of her keys in place of a key.",
		Args:   withKey(janesHome + "/.ssh"),
		Env:    janeKnows,
		Causes: []string{"key-unreadable"},
		Build:  with(sftpSite(SSH{}), func(c *Computer) { c.put(janesHome+"/.ssh", File{Mode: folderMode}) }),
	},
	{
		Name:   "key-of-somebody-else",
		Says:   "Jane names a key that she may not read.",
		Args:   withKey("/root/.ssh/id_ed25519"),
		Causes: []string{"key-unreadable"},
		Build:  with(sftpSite(SSH{Users: keyAccount()}), func(c *Computer) { c.put("/root/.ssh/id_ed25519", File{Content: JaneEd25519.openSSH("")}) }),
	},
	{
		Name:   "key-huge",
		Says:   "Jane names a film in place of a key.",
		Args:   withKey(janesHome + "/holiday.mp4"),
		Env:    janeKnows,
		Causes: []string{"key-unreadable"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.put(janesHome+"/holiday.mp4", File{Content: "ftyp", Size: 100 << 20, Mode: 0o600})
		}),
	},
	{
		Name:   "agent-gone",
		Says:   "The agent that jane's programs ask is gone.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-agent-failed"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), holding(SSHAgent{Dead: true})),
	},
	{
		Name:   "agent-empty",
		Says:   "Jane's agent holds no key.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-agent-failed"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), holding(SSHAgent{})),
	},
	{
		Name:   "agent-silent",
		Says:   "Jane's agent takes connections and never answers.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-agent-failed"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), holding(SSHAgent{Silent: true})),
	},
	{
		Name:   "agent-of-something-else",
		Says:   "What listens in place of jane's agent speaks another protocol.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-agent-failed"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), holding(SSHAgent{Garbage: "HTTP/1.1 400 Bad Request\r\n\r\n"})),
	},
	{
		Name:   "agent-refuses",
		Says:   "Jane's agent lists the right key, and does not sign with it.",
		Args:   asJane(sftpURL),
		Causes: []string{"key-agent-failed"},
		Build:  with(sftpSite(SSH{Users: keyAccount(), Methods: []string{"publickey"}}), holding(SSHAgent{Keys: []Key{JaneEd25519}, Refuses: true})),
	},
}

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
		Build: with(sftpSite(SSH{Ident: "SSH-2.0-OpenSSH_6.6.1p1 Ubuntu-2ubuntu2", Offer: &offerOf2014, Users: accounts(Account{Keys: []Key{JaneRSA}}),
			Signatures: []string{"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"}, KeepsSignatures: true}), keep(otherKey, plainKey(JaneRSA))),
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
		Build: with(appSite(SSH{Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", Users: map[string]Account{acme: {Keys: []Key{JaneEd25519}}},
			Forced: &Command{Stdout: "A B O R T E D\n!! Internal error I01 - please try again later.\n", HangsUp: true}}), keep(janesKey, plainKey(JaneEd25519))),
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

// hostileSSH are worlds whose SSH servers, or agents, mean harm to whoever signs in.
var hostileSSH = []Scenario{
	{
		Name:  "banners-without-end",
		Says:  "The server sends its banner again and again before it answers.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Banner: strings.Repeat("\x1b[1Awelcome\r\n", 100), Floods: true}),
	},
	{
		Name:  "nothing-without-end",
		Says:  "The server sends messages that mean nothing, and never answers.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Floods: true}),
	},
	{
		Name: "algorithms-by-the-thousand",
		Says: "The server announces thousands of algorithms, with escapes in their names.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			many := slices.Repeat([]string{"\x1b[31mred", "\u202eolleh", strings.Repeat("long", 100)}, 40)
			return sftpSite(SSH{Offer: &Offer{Kex: append(many, usualOffer.Kex...), Ciphers: append(many, usualOffer.Ciphers...)}})()
		},
	},
	{
		Name:  "host-keys-of-nonsense",
		Says:  "After the sign-in the server tells host keys that are none, and announces more than it sends.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Tells: "\x00\x00\x00\x04\x1b[2J\x00\x00\x00\x00" + strings.Repeat("\x00\x00\x00\x01x", 500) + "\xff\xff\xff\xff"}),
	},
	{
		Name: "banner-without-end",
		Says: "The banner before the sign-in has a hundred thousand bytes, with escapes and the password in it.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Banner: strings.Repeat("\x1b[2Jwelcome\u202e\r\n", 5000)})()
		},
	},
	{
		Name: "prompts-with-escapes",
		Says: "The questions are long, and hold escapes and what was answered before.",
		Args: asJane(sftpURL),
		Env:  janesCode,
		Build: func() *Computer {
			foul := "\x1b]0;owned\x07\u202e\x00"
			said := foul + rightPassword
			return sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{
				{Name: foul, Instruction: strings.Repeat(foul+"\n", 2000), Prompts: []Prompt{{Text: "Password " + strings.Repeat(foul, 2000)}}},
				{Name: said, Instruction: strings.Repeat(said+"\n", 2000), Prompts: []Prompt{{Text: "code " + said, Echo: true, Answer: code}}},
				{Name: said, Instruction: said + code + "\n" + code},
			}})})()
		},
	},
	{
		Name: "prompts-by-the-thousand",
		Says: "The server asks fifteen thousand questions at a time.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Prompts: slices.Repeat([]Prompt{{Text: "Password: "}}, 15000)}}})})()
		},
	},
	{
		Name:  "prompts-that-are-not-there",
		Says:  "The server announces four billion questions and sends one.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Prompts: []Prompt{{Text: "Password: "}}, More: 1<<32 - 2}}})}),
	},
	{
		Name:  "questions-without-end",
		Says:  "The server asks for the password again and again, a million times.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{AgainAndAgain: true})}),
	},
	{
		Name:  "empty-rounds-without-end",
		Says:  "The server sends rounds without a question, and never comes to an end.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Instruction: "Wait."}}, AgainAndAgain: true})}),
	},
	{
		Name:  "goodbye-with-escapes",
		Says:  "The server hangs up with escapes and the password.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Users: accounts(Account{Goodbye: "\x1b[2J\u202e" + rightPassword + "\"\\\r\n\x00 bye"})}),
	},
	{
		Name:  "methods-with-escapes",
		Says:  "The methods that the server offers hold escapes.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: append(slices.Repeat([]string{"\x1b[31mkey", "\u202e"}, 500), "password")}),
	},
	{
		Name:  "partial-success-without-end",
		Says:  "The server takes the password, and wants it again, and again.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Users: accounts(Account{Needs: []string{strings.Repeat("password,", 500) + "password"}})}),
	},
	{
		Name:  "sftp-of-absurd-length",
		Says:  "The first packet of SFTP announces four billion bytes.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Raw: "\xff\xff\xff\xff\x02\x00\x00\x00\x03"}}),
	},
	{
		Name:  "sftp-of-nonsense",
		Says:  "SFTP sends packets that are no packets.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Raw: "\x00\x00\x00\x05\x02\x00\x00\x00\x03" + strings.Repeat("\x00\x00\x00\x01\x65", 1000)}}),
	},
	{
		Name:  "sftp-of-another-version",
		Says:  "SFTP says that it is of version 99.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Version: 99}}),
	},
	{
		Name: "sftp-noise-without-end",
		Says: "The start file of the shell prints eight million bytes with escapes and the password.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Noise: strings.Repeat("\x1b[2J"+rightPassword+"\x07\n", 1<<19)})()
		},
	},
	{
		Name:  "sftp-command-text-with-escapes",
		Says:  "In place of SFTP comes a text with escapes and the password, on both channels.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Forced: &Command{Stdout: "\x1b[2J\u202e" + rightPassword + "\n", Stderr: "\x1b]0;owned\x07" + rightPassword + "\n", Exit: 1}}),
	},
	{
		Name:  "sftp-names-with-escapes",
		Says:  "The names in the listing hold escapes, slashes and the password.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Home: "/\x1b[2J" + rightPassword, Folder: "/\x1b[2J" + rightPassword, Names: []string{"\x1b[31m" + rightPassword, "../../etc/passwd", "", "\x00"}}}),
	},
	{
		Name:  "sftp-listing-without-end",
		Says:  "The listing never ends.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Names: slices.Repeat([]string{strings.Repeat("long", 60)}, 100), Endless: true}}),
	},
	{
		Name:  "sftp-writes-something-else",
		Says:  "What comes back of an upload is not what was sent.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Replaces: true}}),
	},
	{
		Name:  "agent-announces-too-much",
		Says:  "Jane's agent announces an answer of four billion bytes.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{}), holding(SSHAgent{Garbage: "\xff\xff\xff\xff\x0c"})),
	},
	{
		Name:  "agent-counts-wrongly",
		Says:  "Jane's agent announces four billion keys and lists none.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{}), holding(SSHAgent{Garbage: "\x00\x00\x00\x05\x0c\xff\xff\xff\xff"})),
	},
	{
		Name:  "agent-signs-with-another-key",
		Says:  "Jane's agent signs with another key than the one that it lists.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: keyAccount()}), holding(SSHAgent{Keys: []Key{JaneEd25519}, Swaps: true})),
	},
	{
		Name: "agent-with-a-thousand-keys",
		Says: "Jane's agent holds a thousand keys, with escapes in their comments.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			var keys []Key
			for i := range 1000 {
				keys = append(keys, Key{Ed25519, "\x1b[31mkey" + strings.Repeat("\u202e", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()})
			}
			holding(SSHAgent{Keys: keys})(c)
		}),
	},
	{
		Name:  "key-with-escapes",
		Says:  "The comment of a key holds escapes, and so does the path.",
		Args:  withKey(janesHome + "/\x1b[31mkey"),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{{Ed25519, "\x1b]0;owned\x07"}}})}), keep(janesHome+"/\x1b[31mkey", func() string { return Key{Ed25519, "\x1b]0;owned\x07"}.openSSH("") })),
	},
	{
		Name: "known-hosts-of-noise",
		Says: "The lists of known hosts and ssh_config hold noise.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			noise := strings.Repeat("\xff\x1b[2J\x00 @cert-authority |1|x|y ssh-rsa \u202e\n", 20000)
			c.keep(knownHosts, noise)
			c.keep(sshConfig, noise)
		}),
	},
}

// stoppingSSH are servers that stop at each step, one by going silent and one by hanging up.
var stoppingSSH = func() []Scenario {
	var all []Scenario
	for stage := AtLines; stage <= AtDelete; stage++ {
		for _, hang := range []bool{false, true} {
			name := fmt.Sprintf("ssh-hangs-up-at-step-%d", stage)
			if hang {
				name = fmt.Sprintf("ssh-goes-silent-at-step-%d", stage)
			}
			all = append(all, Scenario{
				Name: name,
				Says: "The SSH server stops in the middle of the conversation.",
				Args: asJane("--write", sftpURL),
				Env:  janesCode,
				Build: with(sftpSite(SSH{EndAfter: stage, Hang: hang, Methods: []string{"publickey", "keyboard-interactive", "password"}}),
					keep(janesKey, plainKey(JaneEd25519))),
			})
		}
	}
	return all
}()
