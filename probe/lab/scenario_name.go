package lab

import (
	"net/netip"

	"github.com/miekg/dns"
)

// nameFaults lie in the name and in who answers for it.
var nameFaults = []Scenario{
	{
		Name:   "name-without-address",
		Says:   "The name exists for mail alone and has no address.",
		Args:   []string{"example.org"},
		Causes: []string{"dns-no-address"},
		Build:  func() *Computer { return home([]string{"example.org. 300 IN MX 10 mail.example.org."}) },
	},
	{
		Name:   "one-address-of-several",
		Says:   "The resolver hands out one address of a service that has several.",
		Args:   []string{filesHost},
		Causes: []string{"dns-one-address"},
		Build:  with(filesSite, func(c *Computer) { c.router().Zone = records(filesHost, filesIPs[0]) }),
	},
	{
		Name:   "name-misspelt",
		Says:   "The host name is misspelt, and no such name exists.",
		Args:   []string{"acme.fiels.example"},
		Causes: []string{"dns-nxdomain"},
		Build:  filesSite,
	},
	{
		Name:   "dns-filter-denies",
		Says:   "A DNS filter says that the name does not exist; a public server knows it.",
		Args:   []string{"--resolver", publicDNS, filesHost},
		Causes: []string{"dns-blocked-locally"},
		Build:  with(filesSite, func(c *Computer) { c.router().Zone = nil }),
	},
	{
		Name:   "dns-filter-sinkhole",
		Says:   "A DNS filter answers with 0.0.0.0.",
		Args:   []string{filesHost},
		Causes: []string{"dns-blocked-locally"},
		Build:  with(filesSite, func(c *Computer) { c.router().Zone = records(filesHost, "0.0.0.0") }),
	},
	{
		Name:   "dns-filter-loopback",
		Says:   "A DNS filter answers with this computer's own address; a public server gives the real one.",
		Args:   []string{"--resolver", publicDNS, exampleFTP},
		Causes: []string{"dns-blocked-locally"},
		Build:  with(exampleSite, func(c *Computer) { c.router().Zone = records(exampleFTP, "127.0.0.1") }),
	},
	{
		Name:   "dns-silent",
		Says:   "The DNS server does not answer.",
		Args:   []string{filesHost},
		Causes: []string{"dns-unanswered"},
		Build:  with(filesSite, func(c *Computer) { c.router().Silent = true }),
	},
	{
		Name:   "dns-server-fails",
		Says:   "The DNS server answers SERVFAIL to everything.",
		Args:   []string{filesHost},
		Causes: []string{"dns-unanswered"},
		Build:  with(filesSite, func(c *Computer) { c.router().Rcode = dns.RcodeServerFailure }),
	},
	{
		Name:   "dns-server-refuses",
		Says:   "The DNS server refuses to answer this computer.",
		Args:   []string{filesHost},
		Causes: []string{"dns-unanswered"},
		Build:  with(filesSite, func(c *Computer) { c.router().Rcode = dns.RcodeRefused }),
	},
	{
		Name:   "first-dns-server-dead",
		Says:   "The first of two DNS servers does not answer, so that every name takes seconds.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-unanswered"},
		Build: with(exampleSite, func(c *Computer) {
			c.router().Silent = true
			c.NameServers = append(c.NameServers, netip.AddrPortFrom(netip.MustParseAddr(publicDNS), 53))
		}),
	},
	{
		Name:   "not-connected",
		Says:   "The computer is connected to no network.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-unanswered"},
		Build:  with(exampleSite, func(c *Computer) { c.Addrs = nil }),
	},
	{
		Name:   "dns-search-page",
		Says:   "The provider answers for names that do not exist with its search page; the server itself is fine.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-rewrite"},
		Build: with(exampleSite, func(c *Computer) {
			c.router().Search = netip.MustParseAddr(searchPage)
			c.Internet.Listen(searchPage, Web{Body: "<html>Did you mean"}, 80)
		}),
	},
	{
		Name:   "misspelt-with-search-page",
		Says:   "The name is misspelt, and the provider leads it to its search page.",
		Args:   []string{"ftp.exmaple.example"},
		Causes: []string{"dns-rewrite"},
		Build: with(exampleSite, func(c *Computer) {
			c.router().Search = netip.MustParseAddr(searchPage)
			c.Internet.Listen(searchPage, Web{Body: "<html>Did you mean"}, 80)
		}),
	},
	{
		Name:   "hosts-file-to-nowhere",
		Says:   "A forgotten line in the hosts file leads the name to an address where nothing is.",
		Args:   []string{filesHost},
		Causes: []string{"dns-hosts-override"},
		Build: with(filesSite, func(c *Computer) {
			c.Hosts = "127.0.0.1 localhost\n10.0.0.5 acme.files.com # test server\n"
		}),
	},
	{
		Name:   "hosts-file-to-old-server",
		Says:   "A line in the hosts file still leads to the server from before the move.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-hosts-override"},
		Build: with(exampleSite, func(c *Computer) {
			c.Hosts = "127.0.0.1 localhost\n" + otherIP + "\t" + exampleFTP + "\n"
			c.Internet.Listen(otherIP, otherServer(), 21)
		}),
	},
	{
		Name:   "dns-cache-stale",
		Says:   "The computer's cache still holds addresses that belong to somebody else by now.",
		Args:   []string{filesHost},
		Causes: []string{"dns-stale"},
		Build: with(filesSite, func(c *Computer) {
			c.Cached = map[string][]netip.Addr{filesHost: addrs(otherIP, otherIP2)}
			c.Internet.Listen(otherIP, otherServer(), 21)
			c.Internet.Listen(otherIP2, otherServer(), 21)
		}),
	},
	{
		Name:   "split-horizon",
		Says:   "The company's DNS leads the name to an internal address; a public server gives the real one.",
		Args:   []string{"--resolver", publicDNS, exampleFTP},
		Causes: []string{"dns-split-horizon"},
		Build:  with(exampleSite, func(c *Computer) { c.router().Zone = records(exampleFTP, "10.20.30.40") }),
	},
	{
		Name:   "dns-record-wrong",
		Says:   "The DNS record of a Files.com site leads to a parking page.",
		Args:   []string{filesHost},
		Causes: []string{"dns-wrong-target"},
		Build: func() *Computer {
			c := home(records(filesHost, otherIP, otherIP2))
			parking := Web{TLS: &TLS{Certificate: Certificate{Names: []string{"parking.example.net"}}.Make()}, Server: "parked"}
			for _, ip := range []string{otherIP, otherIP2} {
				c.Internet.Listen(ip, parking, 443)
				c.Internet.Listen(ip, Web{Server: "parked"}, 80)
			}
			return c
		},
	},
	{
		Name:   "behind-a-cdn",
		Says:   "The name leads to a content network that passes web pages alone.",
		Args:   []string{exampleFTP},
		Causes: []string{"dns-cdn-proxied"},
		Build: func() *Computer {
			ips := []string{"104.16.1.7", "104.16.2.7"} // in Cloudflare's 104.16.0.0/13
			c := home(records(exampleFTP, ips...))
			secure := &TLS{Certificate: exampleCertificate().Make()}
			for _, ip := range ips {
				c.Internet.Listen(ip, Web{TLS: secure, Server: "cloudflare"}, 443)
				c.Internet.Listen(ip, Web{Server: "cloudflare", Status: 301, Location: "https://" + exampleFTP + "/"}, 80)
			}
			c.obstruct(Path{Addrs: addrs(ips...), Ports: []uint16{4, 21, 22, 990, 3021, 3990}, Connect: Dropped})
			return c
		},
	},
	{
		Name:   "ipv6-made-up",
		Says:   "The network's DNS64 invents an IPv6 address for a service that has none.",
		Args:   []string{filesHost},
		Causes: []string{"dns-aaaa-unexpected"},
		Build: with(filesSite, func(c *Computer) {
			const translated = "64:ff9b::c633:6407" // RFC 6052: 198.51.100.7 behind NAT64
			c.giveIPv6()
			c.router().Zone = records(filesHost, append([]string{translated}, filesIPs...)...)
			c.Internet.Hosts[netip.MustParseAddr(translated)] = c.Internet.Host(filesIPs[0])
		}),
	},
	{
		Name:   "dns-loop",
		Says:   "Two aliases point at each other, and the name leads nowhere.",
		Args:   []string{"loop.example.org"},
		Causes: []string{"dns-no-address"},
		Build: func() *Computer {
			return home([]string{"loop.example.org. 60 IN CNAME pool.example.org.", "pool.example.org. 60 IN CNAME loop.example.org."})
		},
	},
}

const (
	searchPage = "203.0.113.80"
	otherIP    = "203.0.113.90"
	otherIP2   = "203.0.113.91"
)

// otherServer is a healthy FTP server that belongs to somebody else.
func otherServer() Server {
	return FTP{Brand: ProFTPD, TLS: &TLS{Certificate: Certificate{Names: []string{"files.other.example"}}.Make()}}
}
