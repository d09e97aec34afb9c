package lab

// SignIn are worlds that are not in Scenarios yet, as the program does not tell their faults.
var SignIn = []Scenario{
	{
		Name:  "healthy-login-active",
		Says:  "Jane asks for active mode too, from a computer that the server can connect to.",
		Args:  asJane("--active", exampleFTP),
		Env:   janeKnows,
		Build: with(signInSite(FTP{}, TLS{}), (*Computer).openUp),
	},
	{
		Name:   "firewall-reads-along",
		Says:   "A firewall opens passive ports that it reads on port 21, and cannot read what TLS hides.",
		Args:   asJane("--allow-plaintext", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-no-pinhole"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Range: PortRange{40000, 50000}, Pinholes: true})
		}),
	},
	{
		Name:   "epsv-kills-the-session",
		Says:   "A firewall lets nothing pass any more after EPSV, in a session in clear.",
		Args:   asJane("--allow-plaintext", "ftp://"+exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-swallowed"},
		Build:  with(plainSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, StallOn: []string{"EPSV"}}) }),
	},
	{
		Name:   "active-behind-a-router",
		Says:   "Jane asks for active mode too, behind a router that translates addresses.",
		Args:   asJane("--active", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat"},
		Build:  signInSite(FTP{}, TLS{}),
	},
	{
		Name:   "active-behind-a-router-pure-ftpd",
		Says:   "Jane asks for active mode too, behind a router that translates addresses, at Pure-FTPd.",
		Args:   asJane("--active", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat"},
		Build:  signInSite(FTP{Brand: PureFTPd}, TLS{}),
	},
	{
		Name:   "active-behind-a-firewall",
		Says:   "Jane asks for active mode too, and a firewall lets nobody connect to her computer.",
		Args:   asJane("--active", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat"},
		Build: with(signInSite(FTP{}, TLS{}), func(c *Computer) {
			c.openUp()
			c.DropsVisitors = true
		}),
	},
	{
		Name:   "data-encryption-reset",
		Says:   "A firewall resets data connections that begin with TLS.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-fails"},
		Build:  with(signInSite(FTP{}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, ResetOn: []string{ClientHello}}) }),
	},
	{
		Name:   "data-encryption-swallowed",
		Says:   "A firewall swallows data connections that begin with TLS.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-fails"},
		Build:  with(signInSite(FTP{}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, StallOn: []string{ClientHello}}) }),
	},
	{
		Name:   "disk-full-vsftpd",
		Says:   "The disk of the server is full, of which vsftpd says no more than that writing failed.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-quota"},
		Build:  signInSite(FTP{Room: 1000}, TLS{}),
	},
}
