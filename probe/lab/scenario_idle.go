package lab

import "time"

// idleFaults are worlds in which a session does not live for ever.
var idleFaults = []Scenario{
	{
		Name:  "healthy-idle",
		Says:  "Jane leaves sessions alone, and vsftpd with its usual limit of five minutes still answers after 90 seconds.",
		Args:  asJane("--idle", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{IdleLimit: 5 * time.Minute, IdleWords: "421 Timeout."}, TLS{}),
	},
	{
		Name:   "idle-limit-files-com",
		Says:   "The Files.com site ends sessions that are silent for a minute, as it promises.",
		Args:   asJane("--idle", filesHost),
		Env:    janeKnows,
		Causes: []string{"idle-server-limit"},
		Build:  filesIdle("421 Session idle for too long."),
	},
	{
		Name:   "idle-limit-without-a-word",
		Says:   "The Files.com site ends silent sessions without a word.",
		Args:   asJane("--idle", filesHost),
		Env:    janeKnows,
		Causes: []string{"idle-server-limit"},
		Build:  filesIdle(""),
	},
	{
		Name:   "idle-limit-shorter-than-keep-alives",
		Says:   "The server ends sessions that are silent for 20 seconds, before any keep-alive was due.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-server-limit"},
		Build:  signInSite(FTP{IdleLimit: 20 * time.Second, IdleWords: "421 Timeout."}, TLS{}),
	},
	{
		Name:   "no-transfer-limit",
		Says:   "ProFTPD ends sessions in which nothing was transferred for a minute, keep-alives or not.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-no-transfer"},
		Build: signInSite(FTP{
			Brand: ProFTPD, NoTransferLimit: time.Minute,
			NoTransferWords: "421 No transfer timeout (60 seconds): closing control connection",
		}, TLS{}),
	},
	{
		Name:   "idle-and-no-transfer-limit",
		Says:   "ProFTPD ends silent sessions after 45 seconds, and those in which nothing was transferred after 75.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-no-transfer", "idle-server-limit"},
		Build: signInSite(FTP{
			Brand: ProFTPD, IdleLimit: 45 * time.Second, IdleWords: "421 Idle timeout (45 seconds): closing control connection",
			NoTransferLimit: 75 * time.Second, NoTransferWords: "421 No transfer timeout (75 seconds): closing control connection",
		}, TLS{}),
	},
	{
		Name:   "router-forgets",
		Says:   "The router at home forgets connections in which nothing was sent for 50 seconds.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-nat-limit"},
		Build:  forgetful(Path{Forgets: 50 * time.Second}, FTP{}),
	},
	{
		Name:   "router-forgets-and-resets",
		Says:   "The router at home forgets connections in which nothing was sent for 50 seconds, and answers later words with a reset.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-nat-limit"},
		Build:  forgetful(Path{Forgets: 50 * time.Second, ForgetsLoudly: true}, FTP{}),
	},
	{
		Name:   "router-forgets-before-the-server",
		Says:   "The router at home forgets connections after 50 seconds, so that the goodbye of the server after 60 never arrives.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-nat-limit"},
		Build:  forgetful(Path{Forgets: 50 * time.Second}, FTP{IdleLimit: time.Minute, IdleWords: "421 Timeout."}),
	},
	{
		Name:   "router-forgets-soon",
		Says:   "The router at home forgets connections after 20 seconds, so that keep-alives every 30 seconds come too late.",
		Args:   asJane("--idle", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-nat-limit"},
		Build:  forgetful(Path{Forgets: 20 * time.Second}, FTP{}),
	},
	{
		Name:   "router-forgets-during-a-transfer",
		Says:   "While a file goes up slowly, the router at home forgets the connection for commands.",
		Args:   asJane("--idle", "--write", exampleFTP),
		Env:    janeKnows,
		Causes: []string{"idle-during-transfer", "idle-nat-limit"},
		Build:  forgetful(Path{Forgets: 50 * time.Second}, FTP{Patience: time.Hour}),
	},
	{
		Name:  "healthy-slow-transfer",
		Says:  "A file goes up slowly, and the connection for commands is still there.",
		Args:  asJane("--idle", "--write", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Patience: time.Hour}, TLS{}),
	},
	{
		Name:  "healthy-idle-one-session",
		Says:  "The server lets jane have one session at a time, so that only one can be left alone.",
		Args:  asJane("--idle", exampleFTP),
		Env:   janeKnows,
		Build: signInSite(FTP{Sessions: 1}, TLS{}),
	},
	{
		Name:  "healthy-idle-ssh",
		Says:  "Jane leaves sessions of SFTP alone, and the server still answers after 90 seconds.",
		Args:  asJane("--idle", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{}),
	},
	{
		Name:   "idle-limit-ssh",
		Says:   "The SSH server ends sessions in which nothing is said for a minute.",
		Args:   asJane("--idle", sftpURL),
		Env:    janeKnows,
		Causes: []string{"idle-ssh"},
		Build:  sftpSite(SSH{IdleLimit: time.Minute}),
	},
	{
		Name:   "router-forgets-ssh",
		Says:   "The router at home forgets sessions of SFTP in which nothing is said for 50 seconds.",
		Args:   asJane("--idle", sftpURL),
		Env:    janeKnows,
		Causes: []string{"idle-ssh"},
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(exampleIP), Forgets: 50 * time.Second})
		}),
	},
	{
		Name:   "idle-with-a-code",
		Says:   "The sign-in takes a code, which is good for one session, so that none is left alone.",
		Args:   asJane("--idle", sftpURL),
		Env:    janesCode,
		Causes: []string{"auth-kbdint-only"},
		Build:  sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: codeAccount()}),
	},
}

// filesIdle is a Files.com-like site that ends silent sessions after a minute, with these words.
func filesIdle(words string) func() *Computer {
	return with(filesSite, func(c *Computer) {
		for _, ip := range filesIPs {
			host := c.Internet.Host(ip)
			for port, server := range host.Ports {
				if ftp, ok := server.(FTP); ok {
					ftp.IdleLimit, ftp.IdleWords = time.Minute, words
					host.Ports[port] = ftp
				}
			}
		}
	})
}

// forgetful is a server behind a router that forgets.
func forgetful(router Path, ftp FTP) func() *Computer {
	return with(signInSite(ftp, TLS{}), func(c *Computer) {
		router.Addrs = addrs(exampleIP)
		c.obstruct(router)
	})
}

// rounds are worlds that are looked at again and again.
var rounds = []Scenario{
	{
		Name:  "healthy-rounds",
		Says:  "Jane looks at the Files.com site three times, and nothing is ever wrong.",
		Args:  asJane("--repeat", "3", filesHost),
		Env:   janeKnows,
		Build: filesSite,
	},
	{
		Name:   "fails-in-one-round",
		Says:   "One of three addresses drops a connection to port 21 now and then.",
		Args:   []string{"--repeat", "4", "--every", "1m", filesHost},
		Causes: []string{"tcp-intermittent"},
		Build: with(filesSite, func(c *Computer) {
			c.obstruct(Path{Addrs: addrs(filesIPs[1]), Ports: []uint16{21}, Connect: Dropped, From: 1, First: 1})
		}),
	},
	{
		Name:   "line-is-down-at-times",
		Says:   "Nothing of the site can be reached in one of three rounds.",
		Args:   []string{"--repeat", "3", exampleFTP},
		Causes: []string{"tcp-intermittent"},
		Build: with(exampleSite, func(c *Computer) {
			for _, port := range []uint16{21, 22, 443, 990, 3021, 3990} {
				c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{port}, Connect: Dropped, From: 1, First: 1})
			}
			c.obstruct(Path{Addrs: addrs(exampleIP), Ports: []uint16{4, 80}, Connect: Dropped})
		}),
	},
	{
		Name:   "full-at-times",
		Says:   "The server is full in one of three rounds.",
		Args:   []string{"--repeat", "3", "--port", "21", exampleFTP},
		Causes: []string{"ftp-busy"},
		Build: with(exampleSite, func(c *Computer) {
			c.obstruct(Path{
				Addrs: addrs(exampleIP), Ports: []uint16{21}, From: 1, First: 1,
				Answers: FTP{Greeting: "421 There are too many connected users, please try later."},
			})
		}),
	},
	{
		Name:   "wrong-password-in-rounds",
		Says:   "Jane types a wrong password, and looks three times; she signs in once only.",
		Args:   asJane("--repeat", "3", exampleFTP),
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build:  signInSite(FTP{}, TLS{}),
	},
}
