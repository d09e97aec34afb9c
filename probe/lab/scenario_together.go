package lab

import (
	"net/netip"
	"time"
)

// faultsTogether are two faults at once: both must be named.
var faultsTogether = []Scenario{
	{
		Name:   "port-21-blocked-and-one-address-dead",
		Says:   "A firewall drops port 21, and one of three addresses does not answer at all.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered", "tcp-some-addresses-dead"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(filesIPs[2]), Connect: Dropped})
			c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped})
		}),
	},
	{
		Name:   "ports-21-and-22-treated-differently",
		Says:   "A firewall drops port 21 and forbids port 22.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered", "tcp-port-prohibited"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped})
			c.obstruct(Path{Ports: []uint16{22}, Connect: Prohibited})
		}),
	},
	{
		Name:   "web-address-typed-and-port-21-blocked",
		Says:   "The user pastes a web address, and the network drops port 21.",
		Args:   []string{"https://acme.files.com/"},
		Causes: []string{"local-host-syntax", "tcp-port-filtered"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped}) }),
	},
	{
		Name:   "expired-and-wrong-name",
		Says:   "The certificate has expired, and it is for another name.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-expired", "tls-name-mismatch"},
		Build:  certified(Certificate{Names: []string{"old.example.org"}, From: -93 * day, Until: -3 * day}),
	},
	{
		Name:   "self-signed-and-expired",
		Says:   "The server made its certificate itself, and it has expired.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-expired", "tls-self-signed"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, Issuer: Itself, From: -400 * day, Until: -35 * day}),
	},
	{
		Name:   "slow-greeting-and-self-signed",
		Says:   "The server takes ten seconds to greet, and made its certificate itself.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-slow-banner", "tls-self-signed"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Wait: 10 * time.Second}, TLS{Certificate: Certificate{Names: []string{exampleFTP}, Issuer: Itself}.Make()})
		},
	},
	{
		Name:   "ipv6-broken-and-expired",
		Says:   "IPv6 gets no answer, and the server's certificate has expired.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-ipv6-broken", "tls-expired"},
		Build: func() *Computer {
			c := dualSite()
			c.giveIPv6()
			expired := &TLS{Certificate: Certificate{Names: []string{exampleFTP}, From: -93 * day, Until: -3 * day}.Make()}
			c.onExample(FTP{TLS: expired}, 21)
			c.obstruct(Path{Addrs: addrs(exampleIPv6), Connect: Dropped})
			return c
		},
	},
	{
		Name:   "one-address-and-port-22-prohibited",
		Says:   "The resolver hands out one address of several, and a firewall forbids port 22.",
		Args:   []string{filesHost},
		Causes: []string{"dns-one-address", "tcp-port-prohibited"},
		Build: with(filesSite, func(c *Computer) {
			c.router().Zone = records(filesHost, filesIPs[0])
			c.obstruct(Path{Ports: []uint16{22}, Connect: Prohibited})
		}),
	},
	{
		Name:   "search-page-and-expired",
		Says:   "The provider rewrites unknown names, and the server's certificate has expired.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-rewrite", "tls-expired"},
		Build: with(certified(Certificate{Names: []string{exampleFTP}, From: -93 * day, Until: -3 * day}), func(c *Computer) {
			c.router().Search = netip.MustParseAddr(searchPage)
		}),
	},
	{
		Name:   "firewall-hides-encryption-and-blocks-ssh",
		Says:   "A firewall masks TLS on port 21 and drops port 22.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered", "tls-auth-stripped"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, HidesTLS: true})
			c.obstruct(Path{Ports: []uint16{22}, Connect: Dropped})
		}),
	},
	{
		Name:   "limits-on-both-servers",
		Says:   "The FTP server counts too many connections, and the SSH server has paused this address.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-per-ip-limit", "ssh-not-allowed-now"},
		Build: with(greeted("421 There are too many connections from your internet address."), func(c *Computer) {
			c.onExample(Raw{Say: "Not allowed at this time\r\n"}, 22)
		}),
	},
	{
		Name:   "incomplete-chain-and-silent-ssh",
		Says:   "A Files.com site's FTP sends an incomplete chain, and its port 22 says nothing.",
		Args:   []string{filesHost},
		Causes: []string{"ssh-no-banner", "tls-missing-intermediate"},
		Build: func() *Computer {
			c := home(records(filesHost, filesIPs...))
			site := filesServers(Certificate{Names: []string{"*.files.com"}, OmitIntermediate: true}.Make())
			for _, ip := range filesIPs {
				site.listen(c.Internet, ip)
			}
			c.onFiles(Raw{Hang: true}, 22)
			return c
		},
	},
	{
		Name:   "clock-and-port-21-blocked",
		Says:   "The computer's clock is two days behind, and the network drops port 21 of a Files.com site.",
		Args:   []string{filesHost},
		Causes: []string{"local-clock", "tcp-port-filtered"},
		Build: func() *Computer {
			c := home(records(filesHost, filesIPs...))
			certificate := Certificate{Names: []string{"*.files.com"}}.Make()
			site := filesServers(certificate)
			site.web = Web{TLS: &TLS{Certificate: certificate}, Skew: 2 * day}
			for _, ip := range filesIPs {
				site.listen(c.Internet, ip)
			}
			c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped})
			return c
		},
	},
	{
		Name:   "address-typed-and-self-signed",
		Says:   "The user types the address of a storage device at home, whose certificate it made itself.",
		Args:   []string{"192.168.1.50"},
		Causes: []string{"local-host-is-ip", "tls-self-signed"},
		Build: func() *Computer {
			const device = "192.168.1.50"
			c := home(nil)
			self := &TLS{Certificate: Certificate{Names: []string{"storage"}, Issuer: Itself}.Make()}
			c.Internet.Listen(device, FTP{TLS: self}, 21)
			c.Internet.Listen(device, SSH{}, 22)
			c.Internet.Listen(device, Web{TLS: self}, 443)
			return c
		},
	},
	{
		Name:   "prohibited-and-decrypted",
		Says:   "A security product decrypts TLS and forbids port 22.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-prohibited", "tls-intercepted"},
		Build:  with(decryptedBy(Security), func(c *Computer) { c.obstruct(Path{Ports: []uint16{22}, Connect: Prohibited}) }),
	},
}
