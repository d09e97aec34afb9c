package lab

import "time"

// sshFaults lie in what the SSH server says before the host key.
var sshFaults = []Scenario{
	{
		Name:   "sftp-asked-ftp-there",
		Says:   "The app is set to SFTP on a port where an FTP server answers.",
		Args:   []string{"--protocol", "sftp", "-p", "2121", exampleFTP},
		Causes: []string{"ssh-port-is-ftp"},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(FTP{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 2121)
		}),
	},
	{
		Name:   "ssh-hangs-up",
		Says:   "The SSH server closes the connection before it says a word.",
		Args:   []string{fortrabbitHost},
		Causes: []string{"ssh-closed-before-banner"},
		Build:  fortrabbitSite(SSH{EndAfter: AtLines}),
	},
	{
		Name:   "ssh-silent",
		Says:   "Something accepts connections to port 22 and says nothing.",
		Args:   []string{fortrabbitHost},
		Causes: []string{"ssh-no-banner"},
		Build:  fortrabbitSite(Raw{Hang: true}),
	},
	{
		Name:   "ssh-tarpit",
		Says:   "A trap for intruders sends a line of noise every five seconds and never its identification.",
		Args:   []string{"sftp.example.org"},
		Causes: []string{"ssh-no-banner"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(Raw{Say: "x7f3\r\n", Times: endless, Every: 5 * time.Second}, 22)
			return c
		},
	},
	{
		Name:   "ssh-overused",
		Says:   "fortrabbit counts too many connections from this internet address.",
		Args:   []string{newFortrabbitHost},
		Causes: []string{"ssh-restricted-banner"},
		Build: func() *Computer {
			c := home(records(newFortrabbitHost, fortrabbitIP))
			c.Internet.Listen(fortrabbitIP, Raw{Say: "SSH connection rejected due to overusage!\r\nReason: too many concurrent connections\r\n" +
				"Active: 16 concurrent connections (limit: 15)\r\nRate: 10 connections per minute (limit: 100)\r\nClient IP: 203.0.113.200\r\n" +
				"SSH-Restricted_TooManyConcurrentConnections\r\n"}, 22)
			return c
		},
	},
	{
		Name:   "ssh-pauses",
		Says:   "OpenSSH has paused this internet address for a while.",
		Args:   []string{"sftp://sftp.example.org"},
		Causes: []string{"ssh-not-allowed-now"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(Raw{Say: "Not allowed at this time\r\n"}, 22)
			return c
		},
	},
	{
		Name:   "ssh-cut-in-the-key-exchange",
		Says:   "The connection breaks off once both sides have said that they speak SSH.",
		Args:   []string{"sftp://sftp.example.org"},
		Causes: []string{"ssh-dpi"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{EndAfter: AtVisitorHello}, 22)
			return c
		},
	},
	{
		Name:   "ssh-algorithms-too-old",
		Says:   "The SSH server knows only algorithms that nobody offers any more.",
		Args:   []string{"sftp://sftp.example.org"},
		Causes: []string{"ssh-no-common-alg"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{Ident: "SSH-2.0-OpenSSH_3.9p1", Offer: &Offer{
				Kex:      []string{"diffie-hellman-group1-sha1"},
				HostKeys: []string{"ssh-dss"},
				Ciphers:  []string{"blowfish-cbc", "cast128-cbc"},
				MACs:     []string{"hmac-md5", "hmac-ripemd160"},
			}}, 22)
			return c
		},
	},
	{
		Name:   "ssh-host-key-outdated",
		Says:   "The server proves its host key with SHA-1 only, which apps of today refuse.",
		Args:   []string{fortrabbitHost},
		Causes: []string{"ssh-no-common-alg"},
		Build: fortrabbitSite(SSH{HostKeys: []Key{HostRSA}, Offer: &Offer{
			Kex: offerOf2014.Kex, HostKeys: []string{"ssh-rsa"}, Ciphers: offerOf2014.Ciphers, MACs: offerOf2014.MACs,
		}, Ident: "SSH-2.0-OpenSSH_6.6.1p2 Ubuntu-2ubuntu2"}),
	},
}

const newFortrabbitHost = "ssh.eu-w1a.frbit.app"
