package lab

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// The names and addresses that the scenarios share.
const (
	filesHost  = "acme.files.com"
	exampleFTP = "ftp.example.org"
	exampleIP  = "203.0.113.21"
	homeRouter = "192.168.1.1"
	homePublic = "192.0.2.77" // what the home router translates to
	publicDNS  = "9.9.9.9"    // asked only where the user names it with --resolver
)

// filesIPs are the addresses of the Files.com-like site.
var filesIPs = []string{"198.51.100.7", "198.51.100.8", "198.51.100.9"}

// records are the lines of a zone that give a name its addresses.
func records(name string, ips ...string) []string {
	var lines []string
	for _, ip := range ips {
		kind := " 60 IN A "
		if netip.MustParseAddr(ip).Is6() {
			kind = " 60 IN AAAA "
		}
		lines = append(lines, name+"."+kind+ip)
	}
	return lines
}

// home is a computer behind a home router. The router answers DNS, and so does a public server far away; both know
// the zone.
func home(zone []string) *Computer {
	net := New()
	net.Host(homeRouter).RTT = 2 * time.Millisecond
	net.Listen(homeRouter, &DNS{Zone: zone}, 53)
	net.Listen(publicDNS, &DNS{Zone: zone}, 53)
	return &Computer{
		Internet:    net,
		Addrs:       []netip.Prefix{netip.MustParsePrefix("192.168.1.20/24")},
		Public:      netip.MustParseAddr(homePublic),
		NameServers: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(homeRouter), 53)},
		HomeDir:     janesHome,
	}
}

// router is the computer's own name server.
func (c *Computer) router() *DNS { return c.dns(homeRouter) }

// dns is the name server at an address.
func (c *Computer) dns(address string) *DNS { return c.Internet.Host(address).Ports[53].(*DNS) }

// giveIPv6 gives the computer an IPv6 address of the global range.
func (c *Computer) giveIPv6() {
	c.Addrs = append(c.Addrs, netip.MustParsePrefix("2001:db8:1::20/64"))
}

// obstruct puts a fault on the way.
func (c *Computer) obstruct(p Path) { c.Internet.Paths = append(c.Internet.Paths, &p) }

// with is a world with a change.
func with(world func() *Computer, change func(c *Computer)) func() *Computer {
	return func() *Computer {
		c := world()
		change(c)
		return c
	}
}

// onFiles puts a server on ports of all addresses of the Files.com-like site.
func (c *Computer) onFiles(server Server, ports ...uint16) {
	for _, ip := range filesIPs {
		c.Internet.Listen(ip, server, ports...)
	}
}

// onExample puts a server on ports of ftp.example.org.
func (c *Computer) onExample(server Server, ports ...uint16) {
	c.Internet.Listen(exampleIP, server, ports...)
}

// addrs parses addresses, for Path.Addrs.
func addrs(texts ...string) []netip.Addr {
	var parsed []netip.Addr
	for _, text := range texts {
		parsed = append(parsed, netip.MustParseAddr(text))
	}
	return parsed
}

// filesSite is the healthy Files.com-like site, seen from home: three addresses, and every way in on each.
func filesSite() *Computer {
	c := home(records(filesHost, filesIPs...))
	site := filesServers(Certificate{Names: []string{"*.files.com", "files.com"}}.Make())
	for _, ip := range filesIPs {
		site.listen(c.Internet, ip)
	}
	return c
}

// servers are the servers of one site. A nil one does not listen.
type servers struct {
	explicit, implicit, ssh, web Server
}

// filesServers are those of a Files.com-like site: TLS 1.2 for FTP and one certificate for all.
func filesServers(cert tls.Certificate) servers {
	control := &TLS{Certificate: cert, Max: tls.VersionTLS12}
	return servers{
		explicit: FTP{Brand: FilesCom, TLS: control},
		implicit: FTP{Brand: FilesCom, TLS: control, Implicit: true},
		ssh:      SSH{HostKeys: []Key{HostRSA}, Ident: "SSH-2.0-FilesCom", Offer: &rsaOffer},
		web:      Web{TLS: &TLS{Certificate: cert}, Server: "files.com"},
	}
}

// listen puts the servers on the ports of Files.com.
func (s servers) listen(net *Internet, ip string) {
	net.Listen(ip, s.explicit, 21, 3021)
	net.Listen(ip, s.implicit, 990, 3990)
	net.Listen(ip, s.ssh, 22, 3022)
	net.Listen(ip, s.web, 443)
	net.Listen(ip, Web{Status: 301, Location: "https://" + filesHost + "/", Server: "files.com"}, 80)
}

// ftpSite is a single server at ftp.example.org with explicit TLS on port 21 and a web server, seen from home.
func ftpSite(brand Brand) func() *Computer {
	return func() *Computer {
		return ftpSiteWith(FTP{Brand: brand}, TLS{Certificate: exampleCertificate().Make()})
	}
}

// exampleSite is the one that faults are put into.
func exampleSite() *Computer { return ftpSite(Vsftpd)() }

// ftpSiteWith is such a server with a handshake of its own; its web server is healthy.
func ftpSiteWith(ftp FTP, secure TLS) *Computer {
	c := home(records(exampleFTP, exampleIP))
	ftp.TLS = &secure
	c.onExample(ftp, 21)
	c.onExample(Web{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 443)
	c.onExample(Web{}, 80)
	return c
}

// exampleCertificate is a good one for ftp.example.org.
func exampleCertificate() Certificate { return Certificate{Names: []string{exampleFTP}} }
