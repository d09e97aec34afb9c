package lab

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
