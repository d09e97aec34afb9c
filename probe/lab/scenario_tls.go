package lab

import "crypto/tls"

// tlsFaults lie in the encryption and in the certificate.
var tlsFaults = []Scenario{
	{
		Name:   "implicit-asked-explicit-offered",
		Says:   "The app is set to implicit TLS on a port where the server greets in clear.",
		Args:   []string{"--protocol", "ftps", "-p", "2121", exampleFTP},
		Causes: []string{"tls-implicit-to-explicit"},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(FTP{TLS: &TLS{Certificate: exampleCertificate().Make()}}, 2121)
		}),
	},
	{
		Name:   "explicit-asked-implicit-offered",
		Says:   "The app is set to explicit TLS on a port where the server expects TLS at once.",
		Args:   []string{"--protocol", "ftpes", "-p", "9900", exampleFTP},
		Causes: []string{"tls-explicit-to-implicit"},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(FTP{Implicit: true, TLS: &TLS{Certificate: exampleCertificate().Make()}}, 9900)
		}),
	},
	{
		Name:   "no-encryption",
		Says:   "The server has no TLS, and the user asks for it.",
		Args:   []string{"--protocol", "ftpes", exampleFTP},
		Causes: []string{"tls-not-offered"},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(FTP{Brand: FileZilla}, 21)
		}),
	},
	{
		Name:   "no-encryption-not-asked",
		Says:   "The server has no TLS, and the user only named the host: it works, in clear.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-not-offered"},
		Build:  with(exampleSite, func(c *Computer) { c.onExample(FTP{Brand: ProFTPD}, 21) }),
	},
	{
		Name:   "encryption-out-of-order",
		Says:   "The server lists TLS and has it switched off for the moment: a necessary resource is missing.",
		Args:   []string{"--protocol", "ftpes", exampleFTP},
		Causes: []string{"tls-not-offered"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: ProFTPD, Auth: "431 Necessary security resource unavailable"}, TLS{})
		},
	},
	{
		Name:   "login-before-encryption",
		Says:   "The server lists TLS but wants a login before it.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-auth-needs-login-first"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Auth: "530 Please login with USER and PASS."}, TLS{})
		},
	},
	{
		Name:   "firewall-hides-encryption",
		Says:   "A firewall that inspects FTP on port 21 masks the command that starts TLS.",
		Args:   []string{filesHost},
		Causes: []string{"tls-auth-stripped"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, HidesTLS: true}) }),
	},
	{
		Name:   "firewall-swallows-the-wish",
		Says:   "A firewall that inspects FTP lets the command that starts TLS on port 21 go unanswered.",
		Args:   []string{filesHost},
		Causes: []string{"tls-auth-stripped"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Ports: []uint16{21}, StallOn: []string{"AUTH TLS"}}) }),
	},
	{
		Name:   "firewall-resets-encryption",
		Says:   "A firewall resets the FTP connection as soon as TLS begins.",
		Args:   []string{filesHost},
		Causes: []string{"tls-rst-after-auth"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21, 3021}, ResetOn: []string{ClientHello}})
		}),
	},
	{
		Name:   "firewall-swallows-encryption",
		Says:   "A firewall lets nothing pass any more once TLS begins on port 21.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-rst-after-auth"},
		Build: with(exampleSite, func(c *Computer) {
			c.obstruct(Path{Ports: []uint16{21}, StallOn: []string{ClientHello}})
		}),
	},
	{
		Name:   "server-hangs-up-on-encryption",
		Says:   "The server agrees to TLS and hangs up as soon as it begins.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-rst-after-auth"},
		Build:  func() *Computer { return ftpSiteWith(FTP{}, TLS{HangUp: true}) },
	},
	{
		Name:   "tls-too-old-in-words",
		Says:   "The server speaks TLS 1.0 alone, and says in clear that the handshake failed.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-version"},
		Build: func() *Computer {
			old := TLS{Certificate: exampleCertificate().Make(), Min: tls.VersionTLS10, Max: tls.VersionTLS10}
			return ftpSiteWith(FTP{Brand: ProFTPD, OnFail: "421 TLS handshake failed"}, old)
		},
	},
	{
		Name:   "handshake-refused-in-words",
		Says:   "The server refuses every handshake with a sentence in clear.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-handshake-421"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: ProFTPD}, TLS{Answer: "421 TLS handshake failed\r\n"})
		},
	},
	{
		Name:   "tls-too-old",
		Says:   "The server speaks TLS 1.0 alone.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-version"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{}, TLS{Certificate: exampleCertificate().Make(), Min: tls.VersionTLS10, Max: tls.VersionTLS10})
		},
	},
	{
		Name:   "tls-1-1-on-files-com",
		Says:   "Something before a Files.com site speaks TLS 1.1 alone on port 21.",
		Args:   []string{filesHost},
		Causes: []string{"tls-version"},
		Build: with(filesSite, func(c *Computer) {
			certificate := Certificate{Names: []string{"*.files.com", "files.com"}}.Make()
			site := filesServers(certificate)
			site.explicit = FTP{Brand: FilesCom, TLS: &TLS{Certificate: certificate, Min: tls.VersionTLS10, Max: tls.VersionTLS11}}
			for _, ip := range filesIPs {
				site.listen(c.Internet, ip)
			}
		}),
	},
	{
		Name:   "ciphers-too-old",
		Says:   "The server knows only cipher suites without forward secrecy.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-no-shared-cipher"},
		Build: func() *Computer {
			certificate := exampleCertificate()
			certificate.RSA = true
			return ftpSiteWith(FTP{Brand: ProFTPD}, TLS{
				Certificate: certificate.Make(),
				Max:         tls.VersionTLS12,
				Suites:      []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA},
			})
		},
	},
	{
		Name:   "ciphers-unknown-here",
		Says:   "The server accepts none of the cipher suites of this program, which has not all of them.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-no-shared-cipher"},
		Build:  func() *Computer { return ftpSiteWith(FTP{}, TLS{Alert: alertHandshakeFailure}) },
	},
	{
		Name:   "certificate-of-another-name",
		Says:   "The certificate is good, but for another name.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-name-mismatch"},
		Build:  certified(Certificate{Names: []string{"server17.hosting.example", "*.hosting.example"}}),
	},
	{
		Name:   "certificate-expired",
		Says:   "The certificate expired three days ago.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-expired"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, From: -93 * day, Until: -3 * day}),
	},
	{
		Name:   "certificate-not-yet-valid",
		Says:   "The certificate will be valid in ten days, and the clock is right.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-expired"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, From: 10 * day, Until: 90 * day}),
	},
	{
		Name:   "certificate-of-a-workshop",
		Says:   "The certificate is signed by an authority of the operator's own, which no computer knows.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-self-signed"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, Issuer: Unknown}),
	},
	{
		Name:   "certificate-self-signed",
		Says:   "The server made its certificate itself.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-self-signed"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, Issuer: Itself}),
	},
	{
		Name:   "certificate-chain-incomplete",
		Says:   "The server sends its certificate without the one between it and the authority.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-missing-intermediate"},
		Build:  certified(Certificate{Names: []string{exampleFTP}, OmitIntermediate: true}),
	},
	{
		Name:   "firewall-decrypts",
		Says:   "A security product decrypts TLS and signs with an authority of its own.",
		Args:   []string{filesHost},
		Causes: []string{"tls-intercepted"},
		Build:  decryptedBy(Security),
	},
	{
		Name:   "company-decrypts",
		Says:   "The company decrypts TLS, and its authority is installed on this computer.",
		Args:   []string{filesHost},
		Causes: []string{"tls-intercepted"},
		Build:  with(decryptedBy(Company), func(c *Computer) { c.TrustsCompany = true }),
	},
	{
		Name:   "other-server-on-port-21",
		Says:   "Port 21 shows another certificate than the web port, though the service has one for all.",
		Args:   []string{filesHost},
		Causes: []string{"tls-wrong-server"},
		Build: with(filesSite, func(c *Computer) {
			other := Certificate{Names: []string{filesHost}}.Make()
			c.onFiles(FTP{Brand: ProFTPD, TLS: &TLS{Certificate: other}}, 21)
		}),
	},
	{
		Name:   "client-certificate-wanted",
		Says:   "The server lets in only those who show a certificate of their own.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-client-cert-required"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{}, TLS{Certificate: exampleCertificate().Make(), WantsClientCertificate: true})
		},
	},
	{
		Name:   "client-certificate-wanted-tls-1-2",
		Says:   "The same with TLS 1.2, in which the refusal comes within the handshake.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-client-cert-required"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Brand: ProFTPD}, TLS{Certificate: exampleCertificate().Make(), WantsClientCertificate: true, Max: tls.VersionTLS12})
		},
	},
	{
		Name:   "host-name-unknown-to-server",
		Says:   "The server refuses the handshake because it does not know the name that is asked for.",
		Args:   []string{exampleFTP},
		Causes: []string{"tls-sni-rejected"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{}, TLS{Certificate: exampleCertificate().Make(), RefusesNames: true})
		},
	},
}

// alertHandshakeFailure says that no acceptable parameters were found (RFC 5246, section 7.2.2).
const alertHandshakeFailure = 40

// certified is ftp.example.org with this certificate on port 21.
func certified(certificate Certificate) func() *Computer {
	return func() *Computer { return ftpSiteWith(FTP{}, TLS{Certificate: certificate.Make()}) }
}

// decryptedBy is the Files.com-like site with all its TLS opened on the way.
func decryptedBy(issuer Issuer) func() *Computer {
	return func() *Computer {
		c := home(records(filesHost, filesIPs...))
		site := filesServers(Certificate{Names: []string{filesHost}, Issuer: issuer}.Make())
		for _, ip := range filesIPs {
			site.listen(c.Internet, ip)
		}
		return c
	}
}
