package lab

import (
	"slices"
	"strings"
	"time"
)

// Hostile are worlds whose servers mean harm, or are so broken that it comes to the same. No diagnosis is right or
// wrong there; a visitor must end in time, stay small, and show nothing that was not cleaned, and no password.
var Hostile = slices.Concat(hostileToAll, hostileToUsers, hostileSSH, stoppingSSH)

var hostileToAll = []Scenario{
	{
		Name:  "greeting-without-end",
		Says:  "The greeting goes on for ever, line by line, on every port.",
		Args:  []string{exampleFTP},
		Build: spoken(Raw{Say: strings.Repeat("220-welcome\r\n", 1000), Times: endless}),
	},
	{
		Name:  "greeting-of-one-line-without-end",
		Says:  "The greeting is one line that never ends.",
		Args:  []string{exampleFTP},
		Build: spoken(Raw{Say: strings.Repeat("2", 64<<10), Times: endless}),
	},
	{
		Name:  "identification-without-end",
		Says:  "Lines come before the SSH identification, which never comes.",
		Args:  []string{"sftp://" + exampleFTP},
		Build: spoken(Raw{Say: strings.Repeat("a line before the identification\r\n", 1000), Times: endless}),
	},
	{
		Name:  "trickle",
		Says:  "A byte comes every few seconds, so that no single wait is long.",
		Args:  []string{exampleFTP},
		Build: spoken(Raw{Say: "2", Times: endless, Every: 3 * time.Second}),
	},
	{
		Name:  "terminal-escapes",
		Says:  "The greeting clears the screen, sets the window's title and writes backwards.",
		Args:  []string{exampleFTP},
		Build: spoken(Raw{Say: "220 \x1b[2J\x1b]0;owned\x07\x1b[31m\u202eolleh\u202c \x00\x08\x7f\xff\xfe\r\n", Hang: true}),
	},
	{
		Name:  "escapes-before-identification",
		Says:  "The lines before the SSH identification, and the identification itself, hold terminal escapes.",
		Args:  []string{"sftp://" + exampleFTP},
		Build: spoken(Raw{Say: "\x1b[2Jhello\x1b[1A\r\nSSH-2.0-\x1b]0;owned\x07x\r\n", Hang: true}),
	},
	{
		Name: "features-without-end",
		Says: "The reply to FEAT never ends.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			return ftpSiteWith(FTP{Feat: "211-Features:\n" + strings.Repeat(" XYZZY\n", 1<<20)}, TLS{Certificate: exampleCertificate().Make()})
		},
	},
	{
		Name: "certificates-by-the-thousand",
		Says: "The server sends a chain of a thousand certificates.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			certificate := exampleCertificate()
			certificate.Padding = 1000
			return ftpSiteWith(FTP{}, TLS{Certificate: certificate.Make()})
		},
	},
	{
		Name: "certificate-of-many-names",
		Says: "The certificate names three thousand hosts, some with escapes in them.",
		Args: []string{exampleFTP},
		Build: func() *Computer {
			names := []string{"\x1b[31mred.example"}
			for range 3000 {
				names = append(names, "host.example")
			}
			return ftpSiteWith(FTP{}, TLS{Certificate: Certificate{Names: names}.Make()})
		},
	},
	{
		Name:  "keys-of-nonsense",
		Says:  "After its identification the SSH server sends noise.",
		Args:  []string{"sftp://" + exampleFTP},
		Build: spoken(Raw{Say: openSSH + "\r\n" + strings.Repeat("\xff\x00\x7f\x14", 20000), Hang: true}),
	},
	{
		Name: "page-without-end",
		Says: "The web server's header never ends.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.onExample(Web{TLS: &TLS{Certificate: exampleCertificate().Make()}, Server: strings.Repeat("\x1b[31m", 1<<20)}, 443)
		}),
	},
	{
		Name: "answers-without-end",
		Says: "The DNS server sends its answer ten thousand times, to a question that nobody asked.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.router().WrongID = true
			c.router().Endless = 10000
		}),
	},
	{
		Name:  "answers-of-garbage",
		Says:  "The DNS server answers what is no DNS message.",
		Args:  []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) { c.router().Garbage = true }),
	},
	{
		Name: "addresses-by-the-hundred",
		Says: "The name has five hundred addresses.",
		Args: []string{exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			var ips []string
			ip := addrs("203.0.112.1")[0]
			for range 500 {
				ips = append(ips, ip.String())
				ip = ip.Next()
			}
			c.router().Zone = records(exampleFTP, ips...)
			c.router().Truncates = true
		}),
	},
}

// hostileToUsers harm whoever signs in.
var hostileToUsers = []Scenario{
	{
		Name: "password-echoed",
		Says: "The server says the password back, in all its replies.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: signInSite(FTP{Welcome: "230-Hello jane, your password is " + rightPassword + "\n230 " + rightPassword, Replies: map[string]string{
			"PWD":  "257 \"/home/" + rightPassword + "\"",
			"SYST": "215 " + rightPassword,
			"PROT": "200-" + rightPassword + "\n200 " + rightPassword,
			"EPSV": "500 " + rightPassword + "? I do not know EPSV",
			"LIST": "550 " + rightPassword + ": no such folder",
		}}, TLS{}),
	},
	{
		Name:  "password-echoed-in-a-refusal",
		Says:  "The server says the password back when it refuses it, and again in clear.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Welcome: "500 OOPS: wrong password: " + rightPassword}, TLS{}),
	},
	{
		Name: "escapes-after-the-login",
		Says: "The replies after the login clear the screen and write backwards.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: signInSite(FTP{Welcome: "230-\x1b[2J\x1b]0;owned\x07\n230 \u202eolleh", Replies: map[string]string{
			"PWD":  "257 \"/\x1b[31m\u202e\x00\"",
			"EPSV": "500 \x1b[2J",
			"PASV": "425 \x9b31m\x08\x08",
		}}, TLS{}),
	},
	{
		Name: "welcome-without-end",
		Says: "The reply to the password never ends.",
		Args: asJane(exampleFTP),
		Env:  janeKnows,
		Build: func() *Computer { // written when it is wanted, for it takes 8 MiB
			return signInSite(FTP{Welcome: "230-" + strings.Repeat("welcome\n", 1<<20) + "230 at last"}, TLS{})()
		},
	},
	{
		Name:  "refuses-without-end",
		Says:  "The server asks for the password again, whatever the visitor says.",
		Args:  asJane(exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Replies: map[string]string{"USER": "331 Again.", "PASS": "331 Again.", "PWD": "331 Again.", "QUIT": "331 Again."}}, TLS{}),
	},
	{
		Name: "passive-nonsense",
		Says: "PASV announces numbers that are no address, and EPSV a port that is no port.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: signInSite(FTP{Replies: map[string]string{
			"PASV": "227 Entering Passive Mode (999,0,0,-1,99999,1).",
			"EPSV": "229 Entering Extended Passive Mode (|||99999999|).",
		}}, TLS{}),
	},
	{
		Name: "passive-port-zero",
		Says: "PASV and EPSV announce port 0.",
		Args: asJane(exampleFTP),
		Env:  janeKnows,
		Build: signInSite(FTP{Replies: map[string]string{
			"PASV": "227 Entering Passive Mode (0,0,0,0,0,0).",
			"EPSV": "229 Entering Extended Passive Mode (|||0|).",
		}}, TLS{}),
	},
	{
		Name: "listing-without-end",
		Says: "The listing never ends.",
		Args: asJane(exampleFTP),
		Env:  janeKnows,
		Build: with(exampleSite, func(c *Computer) {
			secure := &TLS{Certificate: exampleCertificate().Make()}
			c.onExample(FTP{Brand: ProFTPD, TLS: secure, Crowd: 1 << 17}, 21)
		}),
	},
	{
		Name: "data-of-noise",
		Says: "Somebody else answers on the data ports, with noise.",
		Args: asJane("--write", exampleFTP),
		Env:  janeKnows,
		Build: with(exampleSite, func(c *Computer) {
			c.obstruct(Path{Range: PortRange{40000, 50000}, Answers: Raw{Say: strings.Repeat("\xff\x00\x7f\x14", 20000), Hang: true}})
		}),
	},
}

// endless is often enough that nobody waits for the end.
const endless = 1 << 30

// spoken is ftp.example.org with a server that only talks, on all its ports.
func spoken(server Raw) func() *Computer {
	return func() *Computer {
		c := home(records(exampleFTP, exampleIP))
		c.onExample(server, 21, 22, 443, 990)
		return c
	}
}
