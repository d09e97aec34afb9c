package lab

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// healthy are worlds in which nothing is wrong, of all kinds.
var healthy = []Scenario{
	{
		Name:  "healthy-files-com",
		Says:  "A Files.com site with three addresses, and every way in works.",
		Args:  []string{filesHost},
		Build: filesSite,
	},
	{
		Name:  "healthy-files-com-passive-range-silent",
		Says:  "Nobody signs in at a Files.com site, and its passive range answers nobody.",
		Args:  []string{filesHost},
		Build: with(filesSite, func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Dropped}) }),
	},
	{
		Name:  "healthy-vsftpd",
		Says:  "vsftpd with explicit TLS on port 21, and a web server beside it.",
		Args:  []string{exampleFTP},
		Build: ftpSite(Vsftpd),
	},
	{
		Name:  "healthy-proftpd",
		Says:  "ProFTPD with explicit TLS on port 21.",
		Args:  []string{exampleFTP},
		Build: ftpSite(ProFTPD),
	},
	{
		Name:  "healthy-pure-ftpd",
		Says:  "Pure-FTPd with a greeting of several lines.",
		Args:  []string{exampleFTP},
		Build: ftpSite(PureFTPd),
	},
	{
		Name: "healthy-filezilla-server",
		Says: "FileZilla Server with explicit TLS on 21 and implicit TLS on 990.",
		Args: []string{exampleFTP},
		Build: with(ftpSite(FileZilla), func(c *Computer) {
			c.onExample(FTP{Brand: FileZilla, Implicit: true, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 990)
		}),
	},
	{
		Name: "healthy-iis",
		Says: "Microsoft's FTP service, with TLS 1.2 at most.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: IIS}, TLS{Certificate: exampleCertificate().Make(), Max: tls.VersionTLS12})
		},
	},
	{
		Name: "healthy-sftp-only",
		Says: "A server that offers SFTP alone and drops everything else.",
		Args: []string{"sftp.example.org"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{}, 22)
			c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{21, 3021, 990, 3990, 443, 80, 4}, Connect: Dropped})
			return c
		},
	},
	{
		Name:  "healthy-fortrabbit",
		Says:  "A fortrabbit deploy host: SFTP on port 22 and nothing else.",
		Args:  []string{fortrabbitHost},
		Build: fortrabbitSite(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer, Ident: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10"}),
	},
	{
		Name: "healthy-implicit-only",
		Says: "A server that offers implicit TLS on port 990 alone.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIP))
			c.onExample(FTP{Brand: FileZilla, Implicit: true, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 990)
			return c
		},
	},
	{
		Name:  "healthy-slow-line",
		Says:  "A Files.com site over a line with a round trip of 300 ms.",
		Args:  []string{filesHost},
		Build: with(filesSite, func(c *Computer) { c.Internet.RTT = 300 * time.Millisecond }),
	},
	{
		Name: "healthy-lossy-line",
		Says: "A line that loses the first packet of some connections, to a server that takes three seconds to greet.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			c := ftpSiteWith(FTP{Wait: 3 * time.Second}, TLS{Certificate: exampleCertificate().Make()})
			c.Internet.RTT = 120 * time.Millisecond
			c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{21}, LostSYNs: 1})
			return c
		},
	},
	{
		Name: "healthy-both-families",
		Says: "A server with an IPv4 and an IPv6 address, from a computer that has both.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			c := dualSite()
			c.giveIPv6()
			return c
		},
	},
	{
		Name:  "healthy-no-ipv6-here",
		Says:  "The same server, from a computer without IPv6.",
		Args:  []string{exampleFTP},
		Build: dualSite,
	},
	{
		Name: "healthy-no-web-server",
		Says: "An FTP server without a web server on port 443.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIP))
			c.onExample(FTP{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 21)
			return c
		},
	},
	{
		Name: "healthy-other-site-on-443",
		Says: "An FTP server on a shared host, whose web server shows the certificate of another site.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(Web{TLS: &TLS{Certificate: Certificate{Names: []string{"www.example.net"}}.Make()}}, 443)
		}),
	},
	{
		Name: "healthy-please-wait",
		Says: "A server that says 120, wait a moment, before it greets.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: ProFTPD, First: "120 Service ready in 1 minute."}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name: "healthy-alias",
		Says: "A company's own name that is an alias of another, through two resolvers that must answer over TCP.",
		Args: []string{"files.example.com"},
		Build: func() *Computer {
			zone := append(records("edge.example.net", exampleIP),
				"files.example.com. 300 IN CNAME site.example.net.",
				"site.example.net. 300 IN CNAME edge.example.net.")
			c := home(zone)
			c.router().Truncates = true
			c.NameServers = append(c.NameServers, netip.AddrPortFrom(netip.MustParseAddr(publicDNS), 53))
			secure := &TLS{Certificate: Certificate{Names: []string{"files.example.com"}}.Make()}
			c.onExample(FTP{Brand: ProFTPD, TLS: secure}, 21)
			c.onExample(Web{TLS: secure}, 443)
			return c
		},
	},
	{
		Name: "healthy-welcome-lines",
		Says: "An SSH server that prints a notice before its identification, as it may.",
		Args: []string{"sftp://sftp.example.org"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{Before: []string{"Authorized use only.", "All activity is recorded."}}, 22)
			return c
		},
	},
	{
		Name: "healthy-colourful-greeting",
		Says: "A server whose greeting paints the terminal red; ugly, but it works.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Greeting: "220-\x1b[31mWELCOME\x1b[0m\n220 \u2603 ready \x07"}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name: "healthy-inside-the-company",
		Says: "A server with an internal address alone, from inside.",
		Args: []string{"ftp.corp.example"},
		Build: func() *Computer {
			c := home(records("ftp.corp.example", "10.20.30.40"))
			c.Internet.Listen("10.20.30.40", FTP{TLS: &TLS{Certificate: Certificate{Names: []string{"ftp.corp.example"}}.Make()}}, 21)
			return c
		},
	},
	{
		Name:  "healthy-hosts-file-agrees",
		Says:  "A line in the hosts file that says what the DNS says too.",
		Args:  []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) { c.Hosts = "127.0.0.1 localhost\n" + exampleIP + " " + exampleFTP + "\n" }),
	},
	{
		Name: "healthy-hosts-file-alone",
		Says: "A name that only the hosts file knows, and its server works.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.Hosts = exampleIP + " " + exampleFTP + "\n"
			c.router().Zone = nil
		}),
	},
	{
		Name: "healthy-nearest-server",
		Says: "A service that gives each resolver the address nearest to it, so that two of them differ.",
		Args: []string{"--resolver", publicDNS, exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			const elsewhere = "203.0.113.22"
			c.dns(publicDNS).Zone = records(exampleFTP, elsewhere)
			c.Internet.Hosts[netip.MustParseAddr(elsewhere)] = c.Internet.Host(exampleIP)
		}),
	},
	{
		Name: "healthy-ftp-on-a-cdn",
		Says: "A server at an address of a content network, which passes FTP for those who pay for it.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			const ip = "104.16.1.7"
			c := home(records(exampleFTP, ip))
			secure := &TLS{Certificate: exampleCertificate().Make()}
			c.Internet.Listen(ip, FTP{Brand: ProFTPD, TLS: secure}, 21)
			c.Internet.Listen(ip, Web{TLS: secure, Server: "cloudflare"}, 443)
			c.obstruct(Path{Addrs: addrs(ip), Ports: []uint16{22, 990, 3021, 3990}, Connect: Dropped})
			return c
		},
	},
	{
		Name: "healthy-alarming-words",
		Says: "A server whose greeting speaks of proxies, bans and limits, and lets everybody in.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			return ftpSiteWith(FTP{
				Brand:    ProFTPD,
				Greeting: "220-Welcome to Proxyline Ltd.\n220-Too many connections from one address get banned.\n220-Access is denied to all but members.\n220 Ready.",
			}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name: "healthy-ssh-on-443",
		Says: "An SFTP server that listens on the web port too, for those behind strict firewalls.",
		Args: []string{"sftp.example.org"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{}, 22, 443)
			return c
		},
	},
	{
		Name: "healthy-multiplexer",
		Says: "A port shared by several protocols, which waits two seconds before it lets SSH speak.",
		Args: []string{"sftp.example.org"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{Wait: 2 * time.Second}, 22)
			return c
		},
	},
	{
		Name: "healthy-web-without-date",
		Says: "A web server that does not tell the time.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(Web{TLS: &TLS{Certificate: exampleCertificate().Make()}, NoDate: true}, 443)
		}),
	},
	{
		Name:  "healthy-web-port-resets",
		Says:  "An FTP server whose web port resets every visitor.",
		Args:  []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) { c.onExample(Raw{Reset: true}, 443) }),
	},
	{
		Name: "healthy-behind-firewall",
		Says: "An FTP server whose firewall drops every port but 21.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{4, 22, 80, 443, 990, 3021, 3990}, Connect: Dropped})
		}),
	},
	{
		Name:  "healthy-satellite",
		Says:  "A Files.com site over a satellite, with a round trip of 900 ms.",
		Args:  []string{filesHost},
		Build: with(filesSite, func(c *Computer) { c.Internet.RTT = 900 * time.Millisecond }),
	},
	{
		Name:  "healthy-address-given",
		Says:  "The user leads the name to one of its addresses.",
		Args:  []string{"--resolve", filesHost + "=" + filesIPs[0], filesHost},
		Build: filesSite,
	},
	{
		Name: "healthy-ipv4-chosen",
		Says: "The user leaves IPv6 out, which does not work here.",
		Args: []string{"-4", exampleFTP},
		Build: func() *Computer {
			c := dualSite()
			c.giveIPv6()
			c.obstruct(Path{Addrs: addrs(exampleIPv6), Connect: Dropped})
			return c
		},
	},
	{
		Name:  "healthy-ipv6-network",
		Says:  "A network of IPv6 alone, whose DNS64 and NAT64 lead to a server with an IPv4 address.",
		Args:  []string{exampleFTP},
		Build: translatedSite,
	},
	{
		Name:  "healthy-plain-ftp-asked",
		Says:  "A server without encryption, and the user asks for plain FTP.",
		Args:  []string{"ftp://" + exampleFTP},
		Build: with(exampleSite, func(c *Computer) { c.onExample(FTP{Brand: ProFTPD}, 21) }),
	},
	{
		Name: "healthy-ipv6-only",
		Says: "A server with an IPv6 address alone, from a computer that has one too.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIPv6))
			c.giveIPv6()
			c.Internet.Listen(exampleIPv6, FTP{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 21)
			return c
		},
	},
	{
		Name: "healthy-one-port-asked",
		Says: "An SFTP server on a port of its own, asked for by its number.",
		Args: []string{"--protocol", "sftp", "-p", "2222", "sftp.example.org"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{Ident: "SSH-2.0-OpenSSH_for_Windows_9.5"}, 2222)
			return c
		},
	},
}

const (
	exampleIPv6    = "2001:db8:21::21"
	fortrabbitHost = "deploy.eu2.frbit.com"
	fortrabbitIP   = "203.0.113.57"
)

// dualSite is ftp.example.org with an address of each family.
func dualSite() *Computer {
	c := home(records(exampleFTP, exampleIP, exampleIPv6))
	secure := &TLS{Certificate: exampleCertificate().Make()}
	for _, ip := range []string{exampleIP, exampleIPv6} {
		c.Internet.Listen(ip, FTP{TLS: secure}, 21)
		c.Internet.Listen(ip, Web{TLS: secure}, 443)
	}
	return c
}

// translatedSite is ftp.example.org seen from a network of IPv6 alone, through DNS64 and NAT64.
func translatedSite() *Computer {
	const translated = "64:ff9b::cb00:7115" // RFC 6052: 203.0.113.21 behind NAT64
	const router = "2001:db8:1::1"
	c := exampleSite()
	c.Addrs = nil
	c.giveIPv6()
	c.NameServers = []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(router), 53)}
	c.Internet.Listen(router, &DNS{Zone: records(exampleFTP, exampleIP, translated)}, 53)
	c.Internet.Hosts[netip.MustParseAddr(translated)] = c.Internet.Host(exampleIP)
	return c
}

// fortrabbitSite is a deploy host with this SSH server.
func fortrabbitSite(ssh Server) func() *Computer {
	return func() *Computer {
		c := home(records(fortrabbitHost, fortrabbitIP))
		c.Internet.Listen(fortrabbitIP, ssh, 22)
		return c
	}
}
