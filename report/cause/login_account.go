package cause

import (
	"fmt"
	"slices"

	"ftpdoctor/probe/fact"
)

var secondFactor = Rule{
	Code:     "login-2fa",
	Title:    "The account wants a second factor",
	Severity: Problem,
	Page: Page{
		Means: "The account is protected by a code besides the password. FTP has no field for it, and many apps open several connections at a time, while a code is good for one.",
		Shown: "The login was refused with words about a code or a second factor.",
		Mend:  "Ask how the service takes the code over FTP, and whether the kind of code that you have set up works there. Set your app to one connection at a time. For programs, an API key or an SSH key mostly takes the place of password and code.",
	},
	Match: deniedBy("login-2fa", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s wants a second factor from %s", c.Run.Target.Host, c.user()),
			Says:  "The words of the refusal are about a code beside the password.",
			Fix: []Step{
				{You, "find out how the service takes the code over FTP, and set your app to one connection at a time"},
				{You, "or sign in with an API key or an SSH key, if the service has them"},
				{SiteAdmin, "permit this user to sign in by FTP without a code, if the rules allow it"},
			},
		}
	}),
}

var passwordChange = Rule{
	Code:     "login-password-change",
	Title:    "The password has to be changed first",
	Severity: Problem,
	Page: Page{
		Means: "The password has expired, or is a first one that must be replaced. That cannot be done over FTP.",
		Shown: "The login was refused with words about an expired password, or one that must be changed.",
		Mend:  "Sign in on the service's web page, where it asks for the new password. Then put the new one into your FTP app.",
	},
	Match: deniedBy("login-password-change", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("The password of %s has to be changed first", c.user()),
			Says:  "The words of the refusal are about an expired password, or one that must be replaced.",
			Fix: []Step{
				{You, "change the password on the service's web page, then put the new one into your FTP app"},
				{SiteAdmin, "set a new password for this user, if there is no such page"},
			},
		}
	}),
}

var locked = Rule{
	Code:     "login-locked",
	Title:    "The account is locked",
	Severity: Problem,
	Page: Page{
		Means: "After several wrong passwords the service locks the account for a while, or until somebody unlocks it. Even the right password does not work then.",
		Shown: "The login was refused with words about a lock. A ban of the internet address would speak of an address, and would mostly come before any password.",
		Mend:  "Stop every program that signs in with this account, mend the passwords that they have stored, and wait. Or ask the administrator to unlock the account.",
	},
	Match: deniedBy("login-locked", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("The account of %s is locked", c.user()),
			Says:  "The words of the refusal are about a lock, so that even the right password does not help.",
			Fix: []Step{
				{You, "stop every program that signs in with this account, and wait until the lock has ended"},
				{SiteAdmin, "unlock the account"},
			},
		}
	}),
}

var protocolDisabled = Rule{
	Code:     "login-protocol-disabled",
	Title:    "The account may not use this protocol",
	Severity: Problem,
	Page: Page{
		Means: "The account exists, and is not allowed to use this protocol. It may work on the web, or over SFTP, with the same password.",
		Shown: "The login was refused with words about the protocol or the permission for it. Or the very same name and password were taken by SFTP or on the web, so that it cannot be they that FTP refuses.",
		Mend: "Ask the administrator to allow FTP (or SFTP) for your user, and for the group that gives you the permission. Or use a protocol that is allowed. " +
			"On a server of your own look at the shell of the account (`/etc/shells`), at `/etc/ftpusers` and at the PAM service of the FTP server.",
	},
	Match: deniedBy("login-protocol-disabled", func(c *Case, d *denial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s may not use %s on %s", upper(c.user()), d.protocols(), c.Run.Target.Host),
			Says:  "The words of the refusal are about the permission for the protocol, not about the password.",
			Fix:   []Step{{SiteAdmin, fmt.Sprintf("allow %s for %s, or for a group of theirs", d.protocols(), c.user())}},
		}
		if d.ssh == nil {
			f.Fix = append(f.Fix, c.insteadOfFTP()...)
		}
		if d.proof != nil {
			f.Fix = append(f.Fix, Step{SiteAdmin, c.lookUp()})
			f.Candidates = []Candidate{
				{"login-protocol-disabled", fmt.Sprintf("the settings of the account or its group do not allow %s", d.protocols()), SiteAdmin},
				{"login-home-missing", "the log shows that the folder of the account could not be opened", SiteAdmin},
				{"login-bad-credentials", fmt.Sprintf("%s has a password of its own there", d.protocols()), SiteAdmin},
			}
		}
		return f
	}),
}

// insteadOfFTP is what to use where the account may not use FTP.
func (c *Case) insteadOfFTP() []Step {
	i := slices.IndexFunc(c.Endpoints, func(e *Endpoint) bool { return !e.FTPFamily() && c.sound(e) })
	if i < 0 {
		return nil
	}
	if c.SSH.Accepted() && c.SSH.Endpoint != nil {
		return []Step{{You, fmt.Sprintf("use SFTP on port %d, which works", c.SSH.Endpoint.Port)}}
	}
	if c.SSH.Denied() {
		return nil
	}
	return []Step{{You, fmt.Sprintf("try SFTP on port %d, which may be allowed", c.Endpoints[i].Port)}}
}

var authNone = Rule{
	Code:     "login-auth-none",
	Title:    "The account has no password",
	Severity: Problem,
	Page: Page{
		Means: "The account does not sign in with a password at all, but with a key, an API key, or through the login of your company (SSO). FTP knows only passwords.",
		Shown: "The login was refused with words about the way of signing in.",
		Mend:  "Use SFTP with the key of the account, or an API key as the password if the service offers that. Or ask the administrator to give the account a password.",
	},
	Match: deniedBy("login-auth-none", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s does not sign in to %s with a password", upper(c.user()), c.Run.Target.Host),
			Says:  "The words of the refusal are about the way of signing in, not about the password itself.",
			Fix: []Step{
				{You, "use SFTP with a key, or an API key in place of the password, if the service has them"},
				{SiteAdmin, fmt.Sprintf("let %s sign in with a password", c.user())},
			},
		}
	}),
}

var wrongRegion = Rule{
	Code:     "login-region",
	Title:    "The account belongs to another region of the service",
	Severity: Problem,
	Page: Page{
		Means: "The service has entrances in several regions of the world, and the site of this account can be reached only through its own.",
		Shown: "The login was refused with words about a region.",
		Mend:  "Ask the administrator for the host name of the region, and enter that in your FTP app.",
	},
	Match: deniedBy("login-region", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s is the entrance of another region than that of %s", c.Run.Target.Host, c.user()),
			Says:  "The words of the refusal are about the region.",
			Fix: []Step{
				{You, "connect to the host name of the right region"},
				{SiteAdmin, "say which host name that is, or permit the other regions"},
			},
		}
	}),
}

var wrongSite = Rule{
	Code:     "login-site-wrong",
	Title:    "The account belongs to another site of the service",
	Severity: Problem,
	Page: Page{
		Means: "Each customer of the service has a host name, and the account exists, but on another one.",
		Shown: "The login was refused with words about the site.",
		Mend:  "Compare the first part of the host name with the address at which you sign in on the web.",
	},
	Match: deniedBy("login-site-wrong", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s does not belong to the site %s", upper(c.user()), c.Run.Target.Host),
			Says:  "The words of the refusal are about the site, not about the password.",
			Fix: []Step{
				{You, "use the same host name as on the web page where you sign in"},
				{SiteAdmin, "say on which site the account is"},
			},
		}
	}),
}

var overdue = Rule{
	Code:     "login-overdue",
	Title:    "The customer's contract is suspended",
	Severity: Problem,
	Page: Page{
		Means: "The site is switched off as a whole: a trial has ended, or a bill has not been paid. Your own account is not at fault.",
		Shown: "The login was refused with words about payment, a trial, or the site being disabled.",
		Mend:  "Tell the administrator of the site, who can settle it with the provider.",
	},
	Match: deniedBy("login-overdue", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("The site behind %s is suspended", c.Run.Target.Host),
			Says:  "The words of the refusal are about the contract of the whole site.",
			Fix:   []Step{{SiteAdmin, "settle the contract with the provider"}},
		}
	}),
}

var ipOrCountry = Rule{
	Code:     "login-ip-or-country",
	Title:    "The account may not sign in from this place",
	Severity: Problem,
	Page: Page{
		Means: "The account is limited to certain internet addresses or countries, and yours is not among them. A VPN moves you to another one.",
		Shown: "The login was refused with words about an address, a network or a country. A server that shuts out an address for everybody mostly says so in its greeting.",
		Mend:  "Sign in without the VPN, or with it if that is how it is meant to be. Or give your public IP address to the administrator for the list of allowed ones.",
	},
	Match: deniedBy("login-ip-or-country", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s may not sign in from this network", upper(c.user())),
			Says:  "The words of the refusal are about the place that you sign in from, not about the password.",
			Fix: []Step{
				{You, "try without a VPN, or through the network that you are expected in"},
				{SiteAdmin, "allow the public IP address of this network, or its country, for this user"},
			},
		}
	}),
}

var accountDisabled = Rule{
	Code:     "login-disabled",
	Title:    "The account is switched off",
	Severity: Problem,
	Page: Page{
		Means: "The account exists and is not allowed to sign in: it was disabled, has expired, or stands on a list of users that the server keeps out.",
		Shown: "The login was refused with words about the account, or before a password was asked for.",
		Mend:  "Ask the administrator to enable the account. On vsftpd look into the file of userlist_file, on others into /etc/ftpusers.",
	},
	Match: deniedBy("login-disabled", func(c *Case, d *denial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s does not let %s sign in", c.Run.Target.Host, c.user()),
			Says:  "The words of the refusal are about the account, not about the password.",
			Fix:   []Step{{SiteAdmin, fmt.Sprintf("enable the account, and look whether a list of denied users names %s", c.user())}},
		}
		if d.reply != nil && verb(d.reply) == "USER" {
			f.Says = "The server refuses the user name, before it asks for a password."
		}
		return f
	}),
}

var temporary = Rule{
	Code:     "login-temporary",
	Title:    "The server takes no logins at the moment",
	Severity: Problem,
	Page: Page{
		Means: "The server is full, busy, or has a fault of its own. Nothing speaks against name and password.",
		Shown: "The login was refused with words about load, the number of users, trying later, or an error inside the server.",
		Mend:  "Wait some minutes and try again, with one connection. If it lasts, ask whoever runs the server.",
	},
	Match: deniedBy("login-temporary", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s takes no login at the moment", c.Run.Target.Host),
			Says:  "The words of the refusal are about the state of the server, not about the password.",
			Fix: []Step{
				{You, "wait some minutes and try again, with one connection at a time"},
				{c.support(), "look whether the server is overloaded, at its limit of users, or has an error in its log"},
			},
		}
	}),
}

var badCredentials = Rule{
	Code:     "login-bad-credentials",
	Title:    "The user name or the password is wrong",
	Severity: Problem,
	Page: Page{
		Means: "The server does not accept this name with this password. Servers never say which of the two is wrong, and some use the same words for accounts that are shut out.",
		Shown: "The password was sent, and the answer is the server's usual one for a wrong name or password.",
		Mend: "Sign in on the provider's web page with the same name and password. If that works, copy both from there into your FTP app, and look whether the provider has a name of its own for FTP. " +
			"If it does not, ask for a new password. Do not try many times: servers ban addresses that do.",
	},
	ExplainedBy: []string{"local-user-format", "local-password-whitespace"},
	Match: deniedBy("login-bad-credentials", func(c *Case, d *denial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s refuses the user name or the password", c.Run.Target.Host),
			Says:  "The answer is the usual one for a wrong name or a wrong password; servers do not tell which, and some say the same to accounts that are shut out.",
			Fix: []Step{
				c.onTheWeb(),
				{SiteAdmin, c.lookUp()},
			},
			Candidates: slices.Concat([]Candidate{c.wrongOnTheWeb()}, c.oddPassword(d), []Candidate{
				{"login-disabled", "the administrator's list of users shows the account as disabled or denied", SiteAdmin},
				{"login-home-missing", "the server's log says that the home folder cannot be opened; ProFTPD has no other words for that", SiteAdmin},
			}),
		}
		switch {
		case d.web != nil:
			f.Fix = []Step{{You, "enter the name and the password anew, or set a new password on the service's web page"}, {SiteAdmin, c.lookUp()}}
			f.Candidates = nil
		case c.byKeyAlone():
			f.Says = "A key signs the same user in by SFTP, so that the account is there and open; what FTP refuses is the password."
			f.Candidates = []Candidate{
				c.wrongOnTheWeb(),
				{"login-auth-none", "the account has no password, and signs in with its key alone", SiteAdmin},
				{"login-protocol-disabled", "the settings of the account or its group do not allow FTP", SiteAdmin},
			}
			f.Fix = append(f.Fix, c.insteadOfFTP()...)
		case len(c.Profile.Failures) > 0:
			f.Candidates = slices.Concat(f.Candidates[:1], c.oddPassword(d), c.everyReason("FTP"))
		}
		if shape, ok := c.Profile.User(c.Run.Target.User); ok && !shape.Wrong {
			f.Fix = append([]Step{{You, "mind that this name is " + shape.Means}}, f.Fix...)
		}
		return f
	}),
}

// oddPassword is the suspicion that the password holds what apps and servers encode in different ways.
func (c *Case) oddPassword(d *denial) []Candidate {
	if d.session == nil || !slices.Contains(d.session.Login.Login.Shape, fact.NonASCII) {
		return nil
	}
	return []Candidate{{"local-password-whitespace", "a password of plain letters and digits works", You}}
}

var loginRefused = Rule{
	Code:     "login-refused",
	Title:    "The login is refused, and nothing says why",
	Severity: Problem,
	Page: Page{
		Means: "The server does not let you in and gives no reason that can be relied on. It may be the password, or the state of the account, or a rule about the place you sign in from.",
		Shown: "The login ended without success, and its words fit no known reason. The candidates are in the order of how often they are it.",
		Mend:  "Do not trust the wording of your app. Ask the administrator to open the log, to filter it on failed logins and your user name, and to read the reason there. Meanwhile sign in on the provider's web page: what happens there tells most of the candidates apart.",
	},
	ExplainedBy: []string{"local-user-format", "local-password-whitespace"},
	Match:       matchLoginRefused,
}

func matchLoginRefused(c *Case) []Finding {
	d := c.denied()
	if d == nil || d.reason != "" {
		return c.refusedOverSSH()
	}
	f := Finding{
		Confidence: Possible,
		Title:      fmt.Sprintf("%s refuses the login of %s and does not say why", c.Run.Target.Host, c.user()),
		Says:       "The words of the refusal name no reason that is known.",
		Fix: []Step{
			{SiteAdmin, c.lookUp()},
			c.onTheWeb(),
		},
		Candidates: c.whyRefused(d),
	}
	switch o := d.reply; {
	case o == nil:
		f.Title = fmt.Sprintf("The login to %s breaks off before an answer has come", c.Run.Target.Host)
		f.Says = "The server did not answer the user name."
	case o.Failed(fact.Timeout):
		f.Title = fmt.Sprintf("%s does not answer %s", c.Run.Target.Host, asked(o))
		f.Says = fmt.Sprintf("After %s the server said nothing for %s.", asked(o), ms(o.Took))
		f.Candidates = c.whySilent(d)
	case o.Failed() && o.Reply.Code == 0:
		f.Title = fmt.Sprintf("%s hangs up at %s", c.Run.Target.Host, asked(o))
		f.Says = fmt.Sprintf("The server ended the connection in place of an answer to %s.", asked(o))
		f.Candidates = c.whySilent(d)
	case o.Reply.Code == 332:
		f.Title = fmt.Sprintf("%s wants an account besides the name and the password", c.Run.Target.Host)
		f.Says = "It asks for the command ACCT, which hardly any app can send."
	case o.Reply.Code < 400:
		f.Title = fmt.Sprintf("%s never comes to a decision about the login", c.Run.Target.Host)
		f.Says = fmt.Sprintf("It answers %s with %d again and again.", asked(o), o.Reply.Code)
	}
	return append([]Finding{c.finding(d, f)}, c.refusedOverSSH()...)
}

// whyRefused ranks what a refusal without a reason can mean.
func (c *Case) whyRefused(d *denial) []Candidate {
	password := c.wrongOnTheWeb()
	if c.byKeyAlone() {
		none := Candidate{"login-auth-none", "the account has no password, and signs in with its key alone", SiteAdmin}
		return slices.Concat([]Candidate{password, none}, slices.DeleteFunc(c.everyReason("FTP"), func(o Candidate) bool { return o.Cause == none.Cause }))
	}
	return slices.Concat([]Candidate{password}, c.oddPassword(d), c.everyReason("FTP"))
}

// whySilent ranks what it can mean that a login is not answered.
func (c *Case) whySilent(*denial) []Candidate {
	return []Candidate{
		{"ftp-banned", "the server's list of bans holds your public IP address", c.support()},
		{"login-delayed", "an app with a long time-out gets an answer", You},
		{"login-bad-credentials", "the server's log shows a failed login", SiteAdmin},
		{"login-temporary", "it works at another time", You},
	}
}
