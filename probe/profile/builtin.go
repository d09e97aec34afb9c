package profile

import "ftpdoctor/probe/fact"

// All lists the built-in profiles. Generic comes last: it fits every host.
var All = []Profile{FilesCom, Fortrabbit, Generic}

// FilesCom is Files.com, from its public documentation of FTP, SFTP, addresses and keys.
var FilesCom = Profile{
	Name:     "files.com",
	Title:    "Files.com",
	Hosts:    []string{"*.files.com"},
	Promised: true,
	Ports: []Port{
		{Number: 21, Speaks: fact.FTPES},
		{Number: 3021, Speaks: fact.FTPES, StandsIn: 21},
		{Number: 990, Speaks: fact.FTPS},
		{Number: 3990, Speaks: fact.FTPS, StandsIn: 990},
		{Number: 22, Speaks: fact.SFTP},
		{Number: 3022, Speaks: fact.SFTP, StandsIn: 22},
		{Number: 443, Speaks: fact.HTTPS},
	},
	Passive:     Range{First: 40000, Last: 50000},
	Addresses:   2,
	Networks:    []string{"198.72.80.0/20"},
	NoIPv6:      true,
	WebsCert:    true,
	HostKeys:    []string{"SHA256:JvS7SrgY9QfsC2otdG0TGo0aWcvvieGg1R2Vx8/5VSw"},
	IdleSeconds: 60,
	WaitSeconds: 60,
	Retries:     3,
	RetryPause:  10,
	Users: []User{
		{Shape: `@api-.+`, Means: "an API key: the password is the key itself"},
		{Shape: `(?i)anonymous|ftp`, Means: "anonymous access, which the service does not offer", Wrong: true},
	},
	Help: "files.com support, with the site's logs (action: Login Failure)",
}

// Fortrabbit is fortrabbit's Universal stack (deploy.REGION.frbit.com) and its newer platform (ssh.REGION.frbit.app).
var Fortrabbit = Profile{
	Name:     "fortrabbit",
	Title:    "fortrabbit",
	Hosts:    []string{"deploy.*.frbit.com", "ssh.*.frbit.app"},
	Promised: true,
	Ports: []Port{
		{Number: 22, Speaks: fact.SFTP},
		{Number: 443, Speaks: fact.HTTPS},
	},
	DropsBanned: true,
	Users: []User{
		{Shape: `[a-z0-9-]+\.[a-z0-9]+`, Means: "password mode: sign in with the password of your fortrabbit account, not with a key"},
		{Shape: `[a-z0-9-]+`, Means: "key mode: sign in with an SSH key, a password is never accepted"},
		{Shape: `.*`, Means: "not a name of this service", Wrong: true},
	},
	Help: "fortrabbit support, with your public IP address and the name of the app",
}

// Generic fits every host: the ports that FTP and SFTP servers usually have, none of them promised.
var Generic = Profile{
	Name:  "generic",
	Title: "any server",
	Hosts: []string{"*"},
	Ports: []Port{
		{Number: 21, Speaks: fact.FTPES},
		{Number: 3021, Speaks: fact.FTPES, StandsIn: 21},
		{Number: 990, Speaks: fact.FTPS},
		{Number: 3990, Speaks: fact.FTPS, StandsIn: 990},
		{Number: 22, Speaks: fact.SFTP},
		{Number: 443, Speaks: fact.HTTPS},
	},
	WaitSeconds: 60,
}
