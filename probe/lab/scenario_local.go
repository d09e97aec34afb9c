package lab

import "time"

// localFaults lie in what was typed, or in this computer.
var localFaults = []Scenario{
	{
		Name:   "web-address-typed",
		Says:   "The user pastes the address of the web page in place of the host name.",
		Args:   []string{"https://acme.files.com/files/"},
		Causes: []string{"local-host-syntax"},
		Build:  filesSite,
	},
	{
		Name:   "quoted-host",
		Says:   "The host name comes out of a document, with its typographic quotes and a blank.",
		Args:   []string{"“acme.files.com” "},
		Causes: []string{"local-host-syntax"},
		Build:  filesSite,
	},
	{
		Name:   "address-typed",
		Says:   "The user types the IP address, which no certificate names.",
		Args:   []string{exampleIP},
		Causes: []string{"local-host-is-ip"},
		Build:  exampleSite,
	},
	{
		Name:   "sftp-on-port-21",
		Says:   "The app is set to SFTP on port 21, where FTP lives.",
		Args:   []string{"--protocol", "sftp", "-p", "21", filesHost},
		Causes: []string{"local-wrong-port"},
		Build:  filesSite,
	},
	{
		Name:   "implicit-tls-on-port-21",
		Says:   "The app is set to implicit TLS on port 21, where TLS is explicit.",
		Args:   []string{"ftps://" + exampleFTP + ":21"},
		Causes: []string{"local-wrong-port"},
		Build:  exampleSite,
	},
	{
		Name:   "mail-address-as-user",
		Says:   "The user gives a mail address where fortrabbit has a name of its own.",
		Args:   []string{"-u", "jane@example.com", fortrabbitHost},
		Causes: []string{"local-user-format"},
		Build:  fortrabbitSite(SSH{}),
	},
	{
		Name:   "anonymous-user",
		Says:   "The app still holds the user name anonymous, which Files.com does not know.",
		Args:   []string{"-u", "anonymous", filesHost},
		Causes: []string{"local-user-format"},
		Build:  filesSite,
	},
	{
		Name:   "clock-behind",
		Says:   "The computer's clock is two days behind.",
		Args:   []string{exampleFTP},
		Causes: []string{"local-clock"},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(Web{TLS: &TLS{Certificate: exampleCertificate().Make()}, Skew: 2 * day}, 443)
		}),
	},
	{
		Name:   "clock-before-certificate",
		Says:   "The computer's clock is a month behind, so the new certificate seems not to be valid yet.",
		Args:   []string{exampleFTP},
		Causes: []string{"local-clock"},
		Build: func() *Computer {
			// Issued half a month ago, as the rest of the world sees it.
			certificate := Certificate{Names: []string{exampleFTP}, From: 15 * day, Until: 75 * day}.Make()
			c := ftpSiteWith(FTP{}, TLS{Certificate: certificate})
			c.onExample(Web{TLS: &TLS{Certificate: certificate}, Skew: 30 * day}, 443)
			return c
		},
	},
	{
		Name:   "clock-ahead",
		Says:   "The computer's clock is a quarter of an hour ahead.",
		Args:   []string{filesHost},
		Causes: []string{"local-clock"},
		Build: with(filesSite, func(c *Computer) {
			certificate := Certificate{Names: []string{"*.files.com", "files.com"}}.Make()
			site := filesServers(certificate)
			site.web = Web{TLS: &TLS{Certificate: certificate}, Server: "files.com", Skew: -15 * time.Minute}
			for _, ip := range filesIPs {
				site.listen(c.Internet, ip)
			}
		}),
	},
}
