package lab

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// dataFaults are worlds in which jane gets in, and a listing or a transfer fails or will fail elsewhere.
var dataFaults = []Scenario{
	{
		Name:   "passive-range-blocked",
		Says:   "A firewall drops the passive range of a Files.com site.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-blocked"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Dropped}) }),
	},
	{
		Name:   "passive-range-blocked-generic",
		Says:   "A firewall drops every port above 1024, at a server that promises none.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-blocked"},
		Build:  with(signInSite(FTP{}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{1025, 65535}, Connect: Dropped}) }),
	},
	{
		Name:   "passive-range-half-blocked",
		Says:   "A firewall drops the upper half of the passive range of a Files.com site.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"data-pasv-blocked"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Range: PortRange{45000, 50000}, Connect: Dropped}) }),
	},
	{
		Name:   "passive-range-refused",
		Says:   "A firewall rejects the passive range with resets.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-refused"},
		Build:  with(signInSite(FTP{}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Refused}) }),
	},
	{
		Name:   "passive-range-prohibited",
		Says:   "A firewall rejects the passive range with ICMP messages.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-refused"},
		Build:  with(signInSite(FTP{}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Prohibited}) }),
	},
	{
		Name:   "private-address-announced",
		Says:   "The server announces its internal address in PASV; EPSV works.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-pasv-private"},
		Build:  signInSite(FTP{Brand: ProFTPD, Announce: "10.0.0.5"}, TLS{}),
	},
	{
		Name:   "other-address-announced",
		Says:   "The server announces another public address in PASV, which leads nowhere.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-pasv-other-public"},
		Build:  signInSite(FTP{Brand: FileZilla, Announce: "203.0.113.99"}, TLS{}),
	},
	{
		Name:   "ftp-helper-changes-ports",
		Says:   "A router changes the port in the reply to PASV of a session in clear.",
		Args:   asJane("--allow-plaintext", "ftp://"+exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-alg-rewrite"},
		Build: with(plainSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Rewrites: netip.MustParseAddrPort(exampleIP + ":1025")})
		}),
	},
	{
		Name:   "ftp-helper-changes-address",
		Says:   "A router puts another address into the reply to PASV, where it can read it.",
		Args:   asJane("--allow-plaintext", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-alg-rewrite"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Rewrites: netip.MustParseAddrPort("203.0.113.99:0")})
		}),
	},
	{
		Name:   "ftp-helper-mends-address",
		Says:   "The server announces its internal address, and its router mends that where it can read it.",
		Args:   asJane("--allow-plaintext", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-alg-rewrite", "data-pasv-private"},
		Build: with(signInSite(FTP{Brand: ProFTPD, Announce: "10.0.0.5"}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Rewrites: netip.MustParseAddrPort(exampleIP + ":0")})
		}),
	},
	{
		Name:   "firewall-reads-along",
		Says:   "A firewall opens passive ports that it reads on port 21, and cannot read what TLS hides.",
		Args:   asJane("--allow-plaintext", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-no-pinhole"},
		Build: with(signInSite(FTP{Brand: ProFTPD}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, Range: PortRange{40000, 50000}, Pinholes: true})
		}),
	},
	{
		Name:   "epsv-swallowed",
		Says:   "A firewall swallows EPSV on port 21, in a session in clear.",
		Args:   asJane("--allow-plaintext", "ftp://"+exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-swallowed"},
		Build:  with(plainSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, Swallows: []string{"EPSV"}}) }),
	},
	{
		Name:   "epsv-unanswered",
		Says:   "The server never answers EPSV, and PASV works.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-swallowed"},
		Build:  signInSite(FTP{Ignores: []string{"EPSV"}}, TLS{}),
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
		Name:   "epsv-unknown",
		Says:   "An old server does not know EPSV.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-refused"},
		Build:  signInSite(FTP{Replies: map[string]string{"EPSV": "500 EPSV not understood"}}, TLS{}),
	},
	{
		Name:   "epsv-not-implemented",
		Says:   "A device in front of the server answers EPSV in its place.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-refused"},
		Build:  signInSite(FTP{Brand: ProFTPD, Replies: map[string]string{"EPSV": "502 Command not implemented."}}, TLS{}),
	},
	{
		Name:   "no-passive-mode-on-ipv6",
		Says:   "Over IPv6 the server refuses PASV, as it must, and does not know EPSV.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-refused", "data-pasv-on-ipv6"},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIPv6))
			c.giveIPv6()
			secure := &TLS{Certificate: exampleCertificate().Make()}
			c.Internet.Listen(exampleIPv6, FTP{Brand: PureFTPd, TLS: secure, Replies: map[string]string{"EPSV": "500 Unknown command"}}, 21)
			return c
		},
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
		Name:   "two-lines-out",
		Says:   "The data connections leave through another line than the control connection.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-ip-mismatch"},
		Build: with(signInSite(FTP{}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Range: PortRange{40000, 50000}, Source: netip.MustParseAddr("192.0.2.178")})
		}),
	},
	{
		Name:   "two-lines-out-filezilla",
		Says:   "The data connections to FileZilla Server leave through another line.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-ip-mismatch"},
		Build: with(signInSite(FTP{Brand: FileZilla}, TLS{}), func(c *Computer) {
			c.obstruct(Path{Range: PortRange{40000, 50000}, Source: netip.MustParseAddr("192.0.2.178")})
		}),
	},
	{
		Name:   "passive-ports-used-up",
		Says:   "The server has no passive port left.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-ports-exhausted"},
		Build:  with(signInSite(FTP{Brand: PureFTPd, Passive: PortRange{40000, 40001}}, TLS{}), func(c *Computer) { c.onExample(Raw{Hang: true}, 40000, 40001) }),
	},
	{
		Name:   "passive-ports-used-up-filezilla",
		Says:   "FileZilla Server has no passive port left.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-ports-exhausted"},
		Build:  with(signInSite(FTP{Brand: FileZilla, Passive: PortRange{40000, 40001}}, TLS{}), func(c *Computer) { c.onExample(Raw{Hang: true}, 40000, 40001) }),
	},
	{
		Name:   "encrypted-data-demanded",
		Says:   "Jane signs in in clear, and vsftpd wants the data connections encrypted.",
		Args:   asJane("--allow-plaintext", "ftp://"+exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-prot-required"},
		Build:  signInSite(FTP{DemandsProt: true}, TLS{}),
	},
	{
		Name:   "encrypted-data-demanded-proftpd",
		Says:   "Jane signs in in clear, and ProFTPD wants the data connections encrypted.",
		Args:   asJane("--allow-plaintext", "ftp://"+exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-prot-required"},
		Build:  signInSite(FTP{Brand: ProFTPD, DemandsProt: true}, TLS{}),
	},
	{
		Name:   "session-reuse-demanded-vsftpd",
		Says:   "vsftpd wants each data connection to resume the TLS session, which older apps do not.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-reuse"},
		Build:  signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{DemandsReuse: true}),
	},
	{
		Name:   "session-reuse-demanded-tls-1-2",
		Says:   "vsftpd wants the TLS session resumed, with TLS 1.2.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-reuse"},
		Build:  signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{DemandsReuse: true, Max: tls.VersionTLS12}),
	},
	{
		Name:   "session-reuse-demanded-proftpd",
		Says:   "ProFTPD wants the TLS session resumed.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-reuse"},
		Build:  signInSite(FTP{Brand: ProFTPD}, TLS{DemandsReuse: true}),
	},
	{
		Name:   "session-reuse-demanded-filezilla",
		Says:   "FileZilla Server wants the TLS session of the control connection resumed.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-reuse"},
		Build:  signInSite(FTP{Brand: FileZilla}, TLS{DemandsReuse: true}),
	},
	{
		Name:   "session-reuse-impossible",
		Says:   "The server wants the TLS session resumed, and forgets it.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-reuse"},
		Build: func() *Computer {
			certificate := exampleCertificate().Make()
			forgets := &TLS{Certificate: certificate, DemandsReuse: true}
			return ftpSiteWith(FTP{Brand: FileZilla, DataTLS: forgets}, TLS{Certificate: certificate})
		},
	},
	{
		Name:   "session-tickets-used-up",
		Says:   "The server wants the TLS session resumed, and takes each ticket of TLS 1.3 once.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls13-tickets"},
		Build:  signInSite(FTP{Brand: ProFTPD}, TLS{DemandsReuse: true, OneTimeTickets: true}),
	},
	{
		Name:   "data-certificate-differs",
		Says:   "The data connections show another certificate than the control connection.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-cert-differs"},
		Build: func() *Computer {
			other := &TLS{Certificate: Certificate{Names: []string{"backend7.example.org"}}.Make()}
			return ftpSiteWith(FTP{Brand: FileZilla, DataTLS: other}, TLS{Certificate: exampleCertificate().Make()})
		},
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
		Name:   "data-encryption-broken",
		Says:   "The server fails in the handshake of its data connections.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-tls-fails"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: PureFTPd, DataTLS: &TLS{Alert: 80}}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name:   "listing-cut-off",
		Says:   "The server breaks off in the middle of the listing.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-truncated"},
		Build:  signInSite(FTP{Brand: FileZilla, CutAfter: 40}, TLS{}),
	},
	{
		Name:   "download-cut-off",
		Says:   "The server breaks off in the middle of a download.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-truncated"},
		Build:  signInSite(FTP{CutAfter: 3000}, TLS{}),
	},
	{
		Name:   "upload-stalls",
		Says:   "The line goes dead in the middle of an upload, and the server gives up.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-timeout"},
		Build:  with(signInSite(FTP{Patience: 10 * time.Second}, TLS{}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, StallAfter: 300 << 10}) }),
	},
	{
		Name:   "folder-read-only",
		Says:   "Jane may read and not write.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-permission"},
		Build:  signInSite(FTP{ReadOnly: true}, TLS{}),
	},
	{
		Name:   "folder-read-only-proftpd",
		Says:   "Jane may read and not write, at ProFTPD.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-permission"},
		Build:  signInSite(FTP{Brand: ProFTPD, ReadOnly: true}, TLS{}),
	},
	{
		Name:   "folder-missing",
		Says:   "Jane wants to begin in a folder that is not there, and to send a file.",
		Args:   asJane("--write", "ftpes://"+exampleFTP+"/www/uploads"),
		Env:    janeKnows,
		Causes: []string{"data-folder"},
		Build:  signInSite(FTP{Brand: PureFTPd}, TLS{}),
	},
	{
		Name:   "folder-missing-below-the-home",
		Says:   "Jane writes a folder as if it began at the root, and it does not lie in her own.",
		Args:   asJane("ftpes://" + exampleFTP + "/reports"),
		Env:    janeKnows,
		Causes: []string{"data-folder"},
		Build:  signInSite(FTP{Home: "/incoming"}, TLS{}),
	},
	{
		Name:   "folder-missing-with-umlaut",
		Says:   "Jane wants to begin in a folder with an umlaut that is not there, at a server that knows UTF-8.",
		Args:   asJane("ftpes://" + exampleFTP + "/B%C3%BCcher"),
		Env:    janeKnows,
		Causes: []string{"data-folder"},
		Build:  signInSite(FTP{Brand: ProFTPD}, TLS{}),
	},
	{
		Name:   "folder-in-latin-1",
		Says:   "Jane wants to begin in a folder with an umlaut, which an old server writes in Latin-1.",
		Args:   asJane("ftpes://" + exampleFTP + "/B%C3%BCcher"),
		Env:    janeKnows,
		Causes: []string{"data-encoding"},
		Build:  signInSite(FTP{Latin1: true, Folder: "/Bücher"}, TLS{}),
	},
	{
		Name:   "folder-beyond-latin-1",
		Says:   "Jane wants to begin in a folder with a Polish name, at an old server.",
		Args:   asJane("ftpes://" + exampleFTP + "/Ksi%C4%85%C5%BCki"),
		Env:    janeKnows,
		Causes: []string{"data-encoding"},
		Build:  signInSite(FTP{Brand: ProFTPD, Latin1: true}, TLS{}),
	},
	{
		Name:   "disk-full",
		Says:   "The disk of the server is full.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-quota"},
		Build:  signInSite(FTP{Brand: PureFTPd, Room: 1000}, TLS{}),
	},
	{
		Name:   "disk-full-vsftpd",
		Says:   "The disk of the server is full, of which vsftpd says no more than that writing failed.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-quota"},
		Build:  signInSite(FTP{Room: 1000}, TLS{}),
	},
	{
		Name:   "quota-reached",
		Says:   "Jane has room for a small file and not for a larger one.",
		Args:   asJane("--write", filesHost),
		Env:    janeKnows,
		Causes: []string{"data-quota"},
		Build: func() *Computer {
			c := filesSite()
			secure := &TLS{Certificate: Certificate{Names: []string{"*.files.com", "files.com"}}.Make(), Max: tls.VersionTLS12}
			c.onFiles(FTP{Brand: FilesCom, Room: 100 << 10, TLS: secure}, 21, 3021)
			return c
		},
	},
}

// signInFaultsTogether are two faults at once: both must be named.
var signInFaultsTogether = []Scenario{
	{
		Name:   "wrong-password-and-port-22-blocked",
		Says:   "Jane types a wrong password, and the network drops port 22.",
		Args:   asJane(filesHost),
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials", "tcp-port-filtered"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{22}, Connect: Dropped}) }),
	},
	{
		Name:   "wrong-password-and-slow-greeting",
		Says:   "Jane types a wrong password at a server that takes ten seconds to greet.",
		Args:   asJane(exampleFTP),
		Env:    janeErrs,
		Causes: []string{"ftp-slow-banner", "login-bad-credentials"},
		Build:  signInSite(FTP{Wait: 10 * time.Second}, TLS{}),
	},
	{
		Name:   "self-signed-and-passive-range-blocked",
		Says:   "Jane trusts a self-signed certificate, and a firewall drops the passive range.",
		Args:   asJane("--trust-anyway", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-blocked", "tls-self-signed"},
		Build:  with(certified(Certificate{Names: []string{exampleFTP}, Issuer: Itself}), func(c *Computer) { c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Dropped}) }),
	},
	{
		Name:   "self-signed-and-read-only",
		Says:   "Jane trusts a self-signed certificate, and may not write.",
		Args:   asJane("--trust-anyway", "--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-permission", "tls-self-signed"},
		Build: func() *Computer {
			self := Certificate{Names: []string{exampleFTP}, Issuer: Itself}.Make()
			return ftpSiteWith(FTP{ReadOnly: true}, TLS{Certificate: self})
		},
	},
	{
		Name:   "private-address-and-epsv-unknown",
		Says:   "The server announces its internal address, and does not know EPSV.",
		Args:   asJane(exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-refused", "data-pasv-private"},
		Build:  signInSite(FTP{Announce: "192.168.0.9", Replies: map[string]string{"EPSV": "500 Unknown command."}}, TLS{}),
	},
	{
		Name:   "slow-login-and-read-only",
		Says:   "The server takes eight seconds to look at the password, and jane may not write.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-permission", "login-delayed"},
		Build:  signInSite(FTP{Brand: FileZilla, ReadOnly: true, Waits: map[string]time.Duration{"PASS": 8 * time.Second}}, TLS{}),
	},
	{
		Name:   "address-dead-and-passive-range-refused",
		Says:   "One of three addresses does not answer, and a firewall rejects the passive range.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"data-active-nat", "data-pasv-refused", "tcp-some-addresses-dead"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(filesIPs[2]), Connect: Dropped})
			c.obstruct(Path{Range: PortRange{40000, 50000}, Connect: Refused})
		}),
	},
	{
		Name:   "port-21-blocked-and-home-missing",
		Says:   "The network drops port 21, and the home folder of jane is missing.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"login-home-missing", "tcp-port-filtered"},
		Build:  with(filesWelcomes("530 Home directory does not exist."), func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped}) }),
	},
	{
		Name:   "certificate-differs-and-read-only",
		Says:   "The data connections show another certificate, and jane may not write.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-cert-differs", "data-permission"},
		Build: func() *Computer {
			other := &TLS{Certificate: Certificate{Names: []string{"backend7.example.org"}}.Make()}
			return ftpSiteWith(FTP{Brand: FileZilla, ReadOnly: true, DataTLS: other}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name:   "epsv-unanswered-and-disk-full",
		Says:   "The server never answers EPSV, and its disk is full.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-epsv-swallowed", "data-quota"},
		Build:  signInSite(FTP{Brand: PureFTPd, Ignores: []string{"EPSV"}, Room: 1000}, TLS{}),
	},
	{
		Name:   "other-address-and-read-only",
		Says:   "The server announces another public address, and jane may not write.",
		Args:   asJane("--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"data-pasv-other-public", "data-permission"},
		Build:  signInSite(FTP{Brand: FileZilla, Announce: "203.0.113.99", ReadOnly: true}, TLS{}),
	},
}
