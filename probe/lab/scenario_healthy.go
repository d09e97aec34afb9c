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
		Build: fortrabbitSite(SSH{RSA: true, Ident: "SSH-2.0-OpenSSH_6.6.1p2 Ubuntu-2ubuntu2"}),
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

// fortrabbitSite is a deploy host with this SSH server.
func fortrabbitSite(ssh Server) func() *Computer {
	return func() *Computer {
		c := home(records(fortrabbitHost, fortrabbitIP))
		c.Internet.Listen(fortrabbitIP, ssh, 22)
		return c
	}
}
