package lab

import "time"

// ftpFaults lie in what the FTP server says before any login.
var ftpFaults = []Scenario{
	{
		Name:   "ftp-asked-ssh-there",
		Says:   "The app is set to FTP on a port where an SSH server answers.",
		Args:   []string{"--protocol", "ftpes", "-p", "2222", exampleFTP},
		Causes: []string{"ftp-port-is-ssh"},
		Build:  with(exampleSite, func(c *Computer) { c.onExample(SSH{}, 2222) }),
	},
	{
		Name:   "ssh-on-port-21",
		Says:   "The administrator moved SSH to port 21, and nothing else listens.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-port-is-ssh"},
		Build: func() *Computer {
			c := home(records(exampleFTP, exampleIP))
			c.onExample(SSH{}, 21)
			return c
		},
	},
	{
		Name:   "ftp-asked-web-there",
		Says:   "The app is set to FTP on the port of a web server.",
		Args:   []string{"--protocol", "ftpes", "-p", "8080", exampleFTP},
		Causes: []string{"ftp-port-is-http"},
		Build:  with(exampleSite, func(c *Computer) { c.onExample(Web{}, 8080) }),
	},
	{
		Name:   "server-full",
		Says:   "The server has as many users as it takes.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-busy"},
		Build:  greeted("421 There are too many connected users, please try later."),
	},
	{
		Name:   "one-server-full",
		Says:   "One of three servers of a Files.com site has as many users as it takes.",
		Args:   []string{filesHost},
		Causes: []string{"ftp-busy"},
		Build: with(filesSite, func(c *Computer) {
			c.Internet.Listen(filesIPs[1], FTP{Greeting: "421 Too many users are connected, please try again later."}, 21, 3021)
		}),
	},
	{
		Name:   "too-many-from-here",
		Says:   "The server has too many connections from this internet address.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-per-ip-limit"},
		Build:  greeted("421 There are too many connections from your internet address."),
	},
	{
		Name:   "too-many-from-here-pure-ftpd",
		Says:   "Pure-FTPd has too many connections from this internet address.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-per-ip-limit"},
		Build:  greeted("421 Too many connections (8) from this IP"),
	},
	{
		Name:   "turned-away-without-a-reason",
		Says:   "The server turns everybody away with the words that the standard has for any reason.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-busy"},
		Build:  greeted("421 Service not available, closing control connection."),
	},
	{
		Name:   "address-banned",
		Says:   "The server bans this internet address after wrong passwords.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-banned"},
		Build:  greeted("421 Temporarily banned for too many failed login attempts"),
	},
	{
		Name:   "address-banned-sftpgo",
		Says:   "SFTPGo bans this internet address.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-banned"},
		Build:  greeted("500 Access denied: banned client IP"),
	},
	{
		Name:   "address-not-allowed",
		Says:   "The server lets in only addresses of its list, and this one is not on it.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-ip-denied"},
		Build:  greeted("421 Service not available."),
	},
	{
		Name:   "greeting-slow",
		Says:   "The server looks up the visitor's address for twelve seconds before it greets; then all is quick.",
		Args:   []string{exampleFTP},
		Causes: []string{"ftp-slow-banner"},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Wait: 12 * time.Second}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name:   "ftp-proxy",
		Says:   "A proxy answers in place of the FTP server on port 21.",
		Args:   []string{filesHost},
		Causes: []string{"ftp-proxy-banner"},
		Build: with(filesSite, func(c *Computer) {
			proxy := FTP{Greeting: "220 Frox transparent ftp proxy. Login with username[@host[:port]]", Feat: "500 Not understood", Auth: "500 Not understood"}
			c.obstruct(Path{Ports: []uint16{21}, Answers: proxy, RTT: 3 * time.Millisecond})
		}),
	},
}

// greeted is ftp.example.org with this greeting.
func greeted(greeting string) func() *Computer {
	return func() *Computer {
		return ftpSiteWith(FTP{Greeting: greeting}, TLS{Certificate: exampleCertificate().Make()})
	}
}
