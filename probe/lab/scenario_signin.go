package lab

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// What jane puts into the environment: her password, or another one.
var (
	janeKnows = []string{"FTPDOCTOR_PASSWORD=" + rightPassword}
	janeErrs  = []string{"FTPDOCTOR_PASSWORD=wrong horse"}
)

// asJane are the arguments of jane.
func asJane(more ...string) []string { return append([]string{"-u", jane}, more...) }

// healthySignIns are worlds in which jane gets in, lists, and with --write sends and deletes a file.
var healthySignIns = []Scenario{
	{
		Name:  "healthy-login-files-com",
		Says:  "Jane signs in at a Files.com site with three addresses.",
		Args:  asJane(filesHost),
		Env:   janeKnows,
		Build: filesSite,
	},
	{
		Name:  "healthy-login-files-com-write",
		Says:  "Jane signs in at a Files.com site, and sends and deletes a file.",
		Args:  asJane("--write", filesHost),
		Env:   janeKnows,
		Build: filesSite,
	},
	{
		Name:  "healthy-login-vsftpd",
		Says:  "Jane signs in at vsftpd with TLS 1.3, and sends and deletes a file.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{}),
	},
	{
		Name:  "healthy-login-vsftpd-tls-1-2",
		Says:  "Jane signs in at vsftpd with TLS 1.2.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{Max: tls.VersionTLS12}),
	},
	{
		Name:  "healthy-login-proftpd",
		Says:  "Jane signs in at ProFTPD, which lists with MLSD.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD, DemandsProt: true}, TLS{}),
	},
	{
		Name:  "healthy-login-pure-ftpd",
		Says:  "Jane signs in at Pure-FTPd.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: PureFTPd, DemandsTLS: true}, TLS{}),
	},
	{
		Name: "healthy-login-filezilla-server",
		Says: "Jane signs in at FileZilla Server, with implicit TLS on port 990 beside.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: with(signInSite(FTP{Brand: FileZilla, DemandsTLS: true, DemandsProt: true}, TLS{}), func(c *Computer) {
			c.onExample(FTP{Brand: FileZilla, Implicit: true, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 990)
		}),
	},
	{
		Name:  "healthy-login-iis",
		Says:  "Jane signs in at Microsoft's FTP service, which lists as DOS does.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: IIS}, TLS{Max: tls.VersionTLS12}),
	},
	{
		Name: "healthy-login-implicit",
		Says: "Jane signs in over implicit TLS on port 990, the only one.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIP))
			c.onExample(FTP{Brand: FileZilla, Implicit: true, DemandsProt: true, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 990)
			return c
		},
	},
	{
		Name:  "healthy-login-plain-asked",
		Says:  "Jane asks for plain FTP, allows it, and signs in.",
		Args:  asJane("--allow-plaintext", "--write", "ftp://"+exampleFTP),
		Env:   janeKnows,
		Build: plainSite,
	},
	{
		Name: "healthy-login-ipv6",
		Says: "Jane signs in at vsftpd over IPv6, whose PASV announces no address.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIPv6))
			c.giveIPv6()
			c.Internet.Listen(exampleIPv6, FTP{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 21)
			return c
		},
	},
	{
		Name: "healthy-login-ipv6-pure-ftpd",
		Says: "Jane signs in at Pure-FTPd over IPv6, which refuses PASV there.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIPv6))
			c.giveIPv6()
			c.Internet.Listen(exampleIPv6, FTP{Brand: PureFTPd, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 21)
			return c
		},
	},
	{
		Name: "healthy-login-ipv6-network",
		Says: "Jane signs in through NAT64 at a server that announces its IPv4 address.",
		Args: asJane(exampleFTP),
		Env:  janeKnows,
		Build: func() *Computer {
			c := translatedSite()
			c.onExample(FTP{Announce: exampleIP, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 21)
			return c
		},
	},
	{
		Name:  "healthy-login-slow-line",
		Says:  "Jane signs in over a line with a round trip of 300 ms.",
		Args:  asJane("--write", filesHost),
		Env:   janeKnows,
		Build: with(filesSite, func(c *Computer) { c.Internet.RTT = 300 * time.Millisecond }),
	},
	{
		Name: "healthy-login-lossy-line",
		Says: "Jane signs in over a line that loses the first packet of some connections.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: with(signInSite(FTP{}, TLS{}), func(c *Computer) {
			c.Internet.RTT = 120 * time.Millisecond
			c.obstruct(Path{Addrs: addrs(exampleIP), Range: PortRange{40000, 50000}, From: 2, First: 1, LostSYNs: 1})
		}),
	},
	{
		Name: "healthy-login-inside-the-company",
		Says: "Jane signs in from inside at a server with an internal address, which it announces.",
		Args: asJane("ftp.corp.example"),
		Env:  janeKnows,
		Build: func() *Computer {
			c := home(records("ftp.corp.example", "10.20.30.40"))
			c.Internet.Listen("10.20.30.40", FTP{TLS: &TLS{Certificate: Certificate{Names: []string{"ftp.corp.example"}}.Make()}}, 21)
			return c
		},
	},
	{
		Name:  "healthy-login-own-passive-range",
		Says:  "The server hands out passive ports of a small range of its own.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Passive: PortRange{60000, 60031}}, TLS{}),
	},
	{
		Name:  "healthy-login-start-folder",
		Says:  "The session begins in a folder below the root.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD, Home: "/incoming"}, TLS{}),
	},
	{
		Name: "healthy-login-behind-firewall",
		Says: "The server's firewall opens port 21 and the passive range alone.",
		Args: asJane(exampleFTP),
		Env:  janeKnows,
		Build: with(signInSite(FTP{Brand: PureFTPd}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{4, 22, 80, 443, 990, 3021, 3990}, Connect: Dropped})
		}),
	},
	{
		Name:  "healthy-login-alarming-words",
		Says:  "The server lets jane in with words of bans, quotas and limits.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD, Welcome: "230-Too many connections get banned.\n230-Your quota is exceeded in no way.\n230 Login incorrect? Not yours."}, TLS{}),
	},
	{
		Name:  "healthy-login-no-passwords-asked",
		Says:  "The server lets jane in on her name alone.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Replies: map[string]string{"USER": "230 Login successful."}}, TLS{}),
	},
	{
		Name:  "healthy-login-implicit-asked",
		Says:  "Jane asks for implicit TLS on port 990 of a Files.com site.",
		Args:  asJane("ftps://" + filesHost),
		Env:   janeKnows,
		Build: filesSite,
	},
	{
		Name:  "healthy-login-sftp-only",
		Says:  "Jane has an account at a server that offers no FTP at all.",
		Args:  asJane(sftpHost),
		Env:   janeKnows,
		Build: sftpSite(SSH{}),
	},
	{
		Name:  "healthy-login-no-features",
		Says:  "Jane signs in at a server that does not know FEAT.",
		Args:  asJane("--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD, Feat: "500 FEAT not understood"}, TLS{}),
	},
	{
		Name:  "healthy-login-large-folder",
		Says:  "Jane lists a folder of five thousand files.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD, Crowd: 5000}, TLS{}),
	},
	{
		Name:  "healthy-login-thoughtful-server",
		Says:  "The server takes two seconds for the password and three for a listing.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Waits: map[string]time.Duration{"PASS": 2 * time.Second, "LIST": 3 * time.Second}}, TLS{}),
	},
	{
		Name:  "healthy-login-satellite",
		Says:  "Jane signs in over a satellite, with a round trip of 900 ms.",
		Args:  asJane(filesHost),
		Env:   janeKnows,
		Build: with(filesSite, func(c *Computer) { c.Internet.RTT = 900 * time.Millisecond }),
	},
	{
		Name:  "healthy-login-active",
		Says:  "Jane asks for active mode too, from a computer that the server can connect to.",
		Args:  asJane("--active", exampleFTP),
		Env:   janeKnows,
		Build: with(signInSite(FTP{}, TLS{}), (*Computer).openUp),
	},
	{
		Name:  "healthy-login-folder",
		Says:  "Jane wants to begin in a folder, and sends and deletes a file there.",
		Args:  asJane("--write", "ftpes://"+exampleFTP+"/reports"),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD}, TLS{}),
	},
	{
		Name:  "healthy-login-folder-utf-8",
		Says:  "Jane wants to begin in a folder with an umlaut, at a server that knows UTF-8.",
		Args:  asJane("ftpes://" + exampleFTP + "/B%C3%BCcher"),
		Env:   janeKnows,
		Build: signInSite(FTP{Folder: "/Bücher"}, TLS{}),
	},
	{
		Name:  "healthy-login-plaintext-allowed",
		Says:  "Jane allows her password to go in clear too, at a server that takes both.",
		Args:  asJane("--allow-plaintext", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Brand: ProFTPD}, TLS{}),
	},
	{
		Name:  "healthy-login-plaintext-not-taken",
		Says:  "Jane allows her password to go in clear too, at a server that takes it under TLS alone.",
		Args:  asJane("--allow-plaintext", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{}),
	},
}

// signInSite is ftp.example.org with this server on port 21 and a good certificate.
func signInSite(ftp FTP, secure TLS) func() *Computer {
	return func() *Computer {
		certified := secure
		certified.Certificate = exampleCertificate().Make()
		return ftpSiteWith(ftp, certified)
	}
}

// filesWelcomes is a Files.com-like site that answers the right password so.
func filesWelcomes(reply string) func() *Computer {
	return with(filesSite, func(c *Computer) {
		secure := &TLS{Certificate: Certificate{Names: []string{"*.files.com", "files.com"}}.Make(), Max: tls.VersionTLS12}
		c.onFiles(FTP{Brand: FilesCom, TLS: secure, Welcome: reply}, 21, 3021)
		c.onFiles(FTP{Brand: FilesCom, TLS: secure, Implicit: true, Welcome: reply}, 990, 3990)
	})
}

// plainSite is ftp.example.org without encryption.
func plainSite() *Computer {
	c := exampleSite()
	c.onExample(FTP{Brand: ProFTPD}, 21)
	return c
}

// openUp gives the computer a public address that others can connect to.
func (c *Computer) openUp() {
	c.Addrs = []netip.Prefix{netip.MustParsePrefix("192.0.2.77/24")}
	c.Public = netip.Addr{}
}
