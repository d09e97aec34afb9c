package lab

// SignIn are worlds that are not in Scenarios yet, as the program does not tell their faults.
var SignIn = []Scenario{
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
}
