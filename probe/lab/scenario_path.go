package lab

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// pathFaults lie on the way between the computer and the server, or in who listens there.
var pathFaults = []Scenario{
	{
		Name:   "port-21-blocked",
		Says:   "A firewall drops port 21 on the way to a healthy Files.com site.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped}) }),
	},
	{
		Name:   "all-ftp-ports-blocked",
		Says:   "A firewall drops every port but those of the web.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{4, 21, 22, 990, 3021, 3022, 3990}, Connect: Dropped})
		}),
	},
	{
		Name:   "asked-port-blocked",
		Says:   "The user wants SFTP, and the network drops port 22.",
		Args:   []string{"--protocol", "sftp", "-p", "22", "sftp.example.org"},
		Causes: []string{"tcp-port-filtered"},
		Build: func() *Computer {
			c := home(records("sftp.example.org", exampleIP))
			c.onExample(SSH{}, 22)
			c.onExample(Web{TLS: &TLS{Certificate: Certificate{Names: []string{"sftp.example.org"}}.Make()}}, 443)
			c.obstruct(Path{Ports: []uint16{22}, Connect: Dropped})
			return c
		},
	},
	{
		Name:   "port-22-prohibited",
		Says:   "A firewall answers connections to port 22 with an ICMP message that forbids them.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-prohibited"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{22}, Connect: Prohibited}) }),
	},
	{
		Name:   "first-connect-lost",
		Says:   "One connection fails at first and comes through on the second try.",
		Args:   []string{"--patient", filesHost},
		Causes: []string{"tcp-intermittent"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(filesIPs[1]), Ports: []uint16{22}, First: 1, Connect: Dropped})
		}),
	},
	{
		Name:   "port-closed",
		Says:   "Nothing listens on the port that the user asks for.",
		Args:   []string{"--protocol", "ftpes", "-p", "2121", exampleFTP},
		Causes: []string{"tcp-port-refused"},
		Build:  exampleSite,
	},
	{
		Name:   "promised-port-closed",
		Says:   "A Files.com site on which nothing listens on port 3021.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-refused"},
		Build:  with(filesSite, func(c *Computer) { c.onFiles(nil, 3021) }),
	},
	{
		Name:   "host-refuses",
		Says:   "The host refuses every port.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-host-refused"},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIP))
			c.Internet.Host(exampleIP)
			return c
		},
	},
	{
		Name:   "host-silent",
		Says:   "Nothing comes back from any port of the host: it bans this address, or it is down.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-host-filtered"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(filesIPs...), Connect: Dropped}) }),
	},
	{
		Name:   "quarantined-meanwhile",
		Says:   "The server answers six connections of this address and drops all that follow; besides, its TLS is too old.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-quarantine", "tls-version"},
		Build: func() *Computer {
			c := ftpSiteWith(FTP{}, TLS{Certificate: exampleCertificate().Make(), Min: tls.VersionTLS10, Max: tls.VersionTLS10})
			c.obstruct(Path{Addrs: addrs(exampleIP), From: 6, Connect: Dropped})
			return c
		},
	},
	{
		Name:   "fortrabbit-silent",
		Says:   "A fortrabbit host answers nothing any more, as it does after many wrong logins.",
		Args:   []string{fortrabbitHost},
		Causes: []string{"tcp-quarantine"},
		Build:  with(fortrabbitSite(SSH{}), func(c *Computer) { c.obstruct(Path{Addrs: addrs(fortrabbitIP), Connect: Dropped}) }),
	},
	{
		Name:   "one-address-dead",
		Says:   "One of three addresses does not answer.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-some-addresses-dead"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(filesIPs[1]), Connect: Dropped}) }),
	},
	{
		Name:   "no-route",
		Says:   "A router on the way knows no route to the host.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-unreachable"},
		Build:  with(exampleSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(exampleIP), Connect: Unreachable}) }),
	},
	{
		Name:   "security-program",
		Says:   "A security program on this computer forbids the connections to FTP and SSH ports.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-local-block"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21, 22, 990, 3021, 3022, 3990}, Connect: BlockedHere})
		}),
	},
	{
		Name:   "only-through-a-proxy",
		Says:   "The network lets nothing out but what goes through its proxy.",
		Args:   []string{filesHost},
		Env:    []string{"HTTPS_PROXY=http://proxy.example.com:8080"},
		Causes: []string{"tcp-no-egress"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(filesIPs...), Connect: Dropped}) }),
	},
	{
		Name:   "ipv6-dropped",
		Says:   "IPv6 connections to the host get no answer, and IPv4 works.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-ipv6-broken"},
		Build: func() *Computer {
			c := dualSite()
			c.giveIPv6()
			c.obstruct(Path{Addrs: addrs(exampleIPv6), Connect: Dropped})
			return c
		},
	},
	{
		Name:   "ipv6-unreachable",
		Says:   "The computer has an IPv6 address, but nothing behind its router is reachable with it.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-ipv6-broken"},
		Build: func() *Computer {
			c := dualSite()
			c.giveIPv6()
			c.obstruct(Path{Addrs: addrs(exampleIPv6), Connect: Unreachable, RTT: 3 * time.Millisecond})
			return c
		},
	},
	{
		Name:   "proxy-swallows",
		Says:   "A transparent proxy completes every connection, also to closed ports, and then says nothing.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-intercepted"},
		Build: with(exampleSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(exampleIP), Connect: AlwaysConnected, RTT: 3 * time.Millisecond})
		}),
	},
	{
		Name:   "reset-after-connect",
		Says:   "A security device lets FTP and SSH connect and resets them before the first byte.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-reset-after-connect"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21, 22, 990, 3021, 3022, 3990}, Answers: Raw{Reset: true}})
		}),
	},
	{
		Name:   "captive-portal",
		Says:   "A hotel network wants a sign-in first, and drops everything but its sign-in page.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-captive-portal"},
		Build: with(filesSite, func(c *Computer) {
			portal := Web{Status: 302, Location: "http://wifi.hotel.example/login", Server: "portal"}
			c.obstruct(Path{Addrs: addrs(filesIPs...), Ports: []uint16{80}, Connect: AlwaysConnected, Answers: portal, RTT: 3 * time.Millisecond})
			c.obstruct(Path{Addrs: addrs(filesIPs...), Connect: Dropped})
		}),
	},
	{
		Name:   "captive-portal-everywhere",
		Says:   "A train's network answers every port of every host with its sign-in page.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-captive-portal"},
		Build: with(filesSite, func(c *Computer) {
			portal := Web{Status: 302, Location: "http://login.train.example/", Server: "portal"}
			c.obstruct(Path{Addrs: addrs(filesIPs...), Connect: AlwaysConnected, Answers: portal, RTT: 3 * time.Millisecond})
		}),
	},
	{
		Name:   "captive-portal-names",
		Says:   "A café's network leads every name to its sign-in page.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-captive-portal"},
		Build: func() *Computer {
			const portal = "10.0.0.1"
			c := home(nil)
			c.router().Search = netip.MustParseAddr(portal)
			c.Internet.Listen(portal, Web{Status: 302, Location: "http://login.cafe.example/"}, 80)
			return c
		},
	},
	{
		Name:   "policy-page",
		Says:   "A company's proxy answers every port with a page that forbids the visit.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-intercepted"},
		Build: with(filesSite, func(c *Computer) {
			page := Web{Status: 403, Server: "proxy", Body: "<html>blocked by policy"}
			c.obstruct(Path{Addrs: addrs(filesIPs...), Connect: AlwaysConnected, Answers: page, RTT: 3 * time.Millisecond})
		}),
	},
	{
		Name:   "one-address-half-dead",
		Says:   "Nothing listens on port 21 of one of three addresses.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-some-addresses-dead"},
		Build:  with(filesSite, func(c *Computer) { c.Internet.Listen(filesIPs[1], nil, 21) }),
	},
	{
		Name:   "vpn-loses-large-packets",
		Says:   "A VPN loses every large packet from the server: small replies come through, certificates and keys do not.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-mtu-blackhole"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(filesIPs...), StallOver: 536}) }),
	},
	{
		Name:   "slow-to-connect",
		Says:   "Everything works, but each connection takes eight seconds to come about.",
		Args:   []string{exampleFTP},
		Causes: []string{"tcp-slow"},
		Build: with(exampleSite, func(c *Computer) {
			c.Internet.RTT = time.Second
			c.obstruct(Path{Addrs: addrs(exampleIP), LostSYNs: 3})
		}),
	},
}
