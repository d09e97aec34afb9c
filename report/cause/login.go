package cause

import (
	"fmt"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
)

// loginRules are about signing in by FTP: first what keeps the password here, then what the words of a refusal say, and last
// a refusal that says nothing.
var loginRules = []Rule{
	passwordWithheld,
	tlsRequired,
	noAnonymous,
	anonymousOnly,
	chrootWritable,
	homeMissing,
	perUserLimit,
	virtualHost,
	timeExceeded,
	secondFactor,
	passwordChange,
	protocolDisabled,
	authNone,
	wrongRegion,
	wrongSite,
	overdue,
	locked,
	ipOrCountry,
	accountDisabled,
	temporary,
	badCredentials,
	loginRefused,
	loginDelayed,
}

// deniedBy makes the Match of a rule that a server's words give away: says fills in the title, the sentence and what to do.
func deniedBy(cause string, says func(*Case, *denial) Finding) func(*Case) []Finding {
	return func(c *Case) []Finding {
		d := c.deniedFor(cause)
		if d == nil {
			return nil
		}
		return []Finding{c.finding(d, says(c, d))}
	}
}

// finding adds what the refusals of logins have in common.
func (c *Case) finding(d *denial, f Finding) Finding {
	if f.Confidence == "" {
		f.Confidence = d.sure
	}
	if d.session != nil {
		f.Where = d.session.where()
		f.Evidence = append(f.Evidence, d.evidence()...)
		f.Quotes = quote(d.reply)
	}
	if d.ssh != nil {
		f.Where = append(f.Where, d.ssh.where()...)
		f.Evidence = append(f.Evidence, d.ssh.dialogue()...)
	}
	return c.told(d, f)
}

// evidence is the dialogue of the login by FTP.
func (d *denial) evidence() []int {
	seen := slices.Concat(d.session.answers("USER"), d.session.answers("PASS"))
	return ids(append(seen, d.reply, d.session.Login)...)
}

// protocols names what the user was refused by.
func (d *denial) protocols() string {
	switch {
	case d.session == nil:
		return "SFTP"
	case d.ssh != nil:
		return "FTP and SFTP"
	default:
		return "FTP"
	}
}

// user is the name that signs in, as it stands in a sentence.
func (c *Case) user() string {
	if c.Run.Target.User == "" {
		return "the user"
	}
	return "the user " + c.Run.Target.User
}

var passwordWithheld = Rule{
	Code:     "login-password-withheld",
	Title:    "The password was not sent, because the connection is not safe",
	Severity: Note,
	Page: Page{
		Means: "You gave a password, and this program kept it to itself: the connection has no encryption, or it cannot be told that the other side is your server. Whoever sits in between could have read it.",
		Shown: "Every way in by FTP that answered either did not start TLS, or showed a certificate with a fault, or broke off. Over SSH it is the host key: nobody has confirmed it yet, or known_hosts has another one. Nothing about the password was tested.",
		Mend: "Mend what is wrong with the encryption, the certificate or the host key first; it has a finding of its own. If you know the network and the server, `--allow-plaintext` sends the password without encryption, " +
			"and `--trust-anyway` accepts the certificate or the host key.",
	},
	ExplainedBy: []string{"ssh-hostkey-revoked", "ssh-hostkey-changed", "ssh-hostkey-unknown", "ssh-hostkey-type-artifact"},
	Match:       func(c *Case) []Finding { return append(matchPasswordWithheld(c), c.withheldOverSSH()...) },
}

func matchPasswordWithheld(c *Case) []Finding {
	s := c.Attempt()
	if s == nil {
		return nil
	}
	f := Finding{
		Title:    "Your password was not sent",
		Where:    s.where(),
		Evidence: ids(s.Login),
	}
	switch {
	case s.withheld(fact.NoEncryption):
		f.Says = "No way in by FTP has encryption, so that everybody on the way could have read it."
		f.Fix = []Step{
			{c.support(), "offer TLS for FTP"},
			{You, "add --allow-plaintext, if you trust every network on the way"},
		}
	case s.withheld(fact.BadCert):
		f.Says = "The certificate has a fault, so that it cannot be told who would have got it."
		f.Fix = []Step{
			{c.support(), "mend the certificate"},
			{You, "add --trust-anyway, if you know that this is the right server"},
		}
	case s.withheld(fact.NoWayIn):
		return c.brokenBefore(s)
	default:
		return nil
	}
	// Where the fault of the way in is only worth a warning, the wish to sign in is what fails.
	if s.Endpoint != nil && !c.Matters(s.Endpoint.Port) {
		f.Severity = Warning
	}
	return []Finding{f}
}

// brokenBefore finds the ways in by FTP that seemed to work, and on which it never came to the sign-in.
func (c *Case) brokenBefore(s *Session) []Finding {
	broken := c.Where(func(e *Endpoint) bool {
		last := e.Talk.lastReply()
		return e.FTPFamily() && e.Proof() != "" && last != nil && last.Failed() && !last.Failed(fact.Interrupted)
	})
	if len(broken) == 0 {
		return nil
	}
	last := broken[0].Talk.lastReply()
	f := Finding{
		Severity: Problem,
		Title:    fmt.Sprintf("%s stops answering at %s, before anybody could sign in", c.Run.Target.Host, asked(last)),
		Says:     fmt.Sprintf("%s got no answer on %s, so that the password was not sent.", upper(asked(last)), c.on(broken)),
		Where:    where(broken, c.connected()),
		Evidence: ids(s.Login),
		Fix: append(c.instead(broken),
			Step{You, "test from another network, to see whether something in yours swallows the answers"},
			Step{c.support(), fmt.Sprintf("look in the server's log why sessions end at %s", asked(last))}),
	}
	for _, e := range broken {
		f.Evidence = append(f.Evidence, e.Talk.lastReply().ID)
	}
	return []Finding{f}
}

var tlsRequired = Rule{
	Code:     "login-tls-required",
	Title:    "The server wants encryption before it takes a password",
	Severity: Problem,
	Page: Page{
		Means: "Your app signs in without encryption, and the server does not take passwords that way. Neither name nor password have been looked at.",
		Shown: "The session was in clear, and the answer to the user name or the password demands TLS or SSL.",
		Mend:  "In your FTP app choose explicit TLS (FTPES, or \"require explicit FTP over TLS\") for port 21, or implicit TLS for port 990.",
	},
	Match: deniedBy("login-tls-required", func(c *Case, d *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s takes no password without encryption", c.Run.Target.Host),
			Says:  "The sign-in went in clear, and the server demands TLS first.",
			Fix:   append([]Step{{You, "choose explicit TLS (FTPES) in your FTP app in place of FTP without encryption"}}, c.instead(c.at(d.session))...),
		}
	}),
}

// at is the endpoint of a session as a list.
func (c *Case) at(s *Session) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e == s.Endpoint })
}

var noAnonymous = Rule{
	Code:     "login-no-anonymous",
	Title:    "The server has no anonymous login",
	Severity: Problem,
	Page: Page{
		Means: "The name anonymous (or ftp, or an empty one) stands for everybody, and this server lets in only people with an account.",
		Shown: "The server says that it knows no anonymous login, or refused one without a further reason.",
		Mend:  "Enter the user name and the password of your account. Many apps sign in anonymously when the field for the name is left empty.",
	},
	ExplainedBy: []string{"local-user-format"},
	Match: deniedBy("login-no-anonymous", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s lets nobody in anonymously", c.Run.Target.Host),
			Says:  fmt.Sprintf("It refuses %s.", c.user()),
			Fix:   []Step{{You, "enter your own user name and password in your FTP app"}},
		}
	}),
}

var anonymousOnly = Rule{
	Code:     "login-anonymous-only",
	Title:    "The server has only an anonymous login",
	Severity: Problem,
	Page: Page{
		Means: "This server hands out files to everybody and has no personal accounts. It is probably not the one that your account is on.",
		Shown: "The server answered the user name with the words that it is for anonymous users only.",
		Mend:  "Check the host name against the one that your provider gave you. If you only want to fetch public files, sign in as anonymous.",
	},
	ExplainedBy: misdirected,
	Match: deniedBy("login-anonymous-only", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s has no personal accounts", c.Run.Target.Host),
			Says:  "The server is for anonymous users only.",
			Fix: []Step{
				{You, "check the host name against the one that your provider gave you"},
				{SiteAdmin, "switch on logins of local users (vsftpd: local_enable=YES), if this is the right server"},
			},
		}
	}),
}

var chrootWritable = Rule{
	Code:     "login-chroot-writable",
	Title:    "The password is right, but the server cannot lock the user into the home folder",
	Severity: Problem,
	Page: Page{
		Means: "The server means to keep you within your own folder (chroot), and its settings do not allow it to. vsftpd refuses when you may write to that folder itself. Your name and password are right.",
		Shown: "After the password came an error that names the chroot. A wrong password would have been refused before that.",
		Mend: "Send the server's line to whoever runs it. On vsftpd either take away the right to write to the home folder itself (chmod a-w) and put a writable folder below it, " +
			"or set allow_writeable_chroot=YES.",
	},
	Match: deniedBy("login-chroot-writable", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s accepts the password and then cannot set up the home folder", c.Run.Target.Host),
			Says:  "The login fails behind the password: the server cannot lock the user into the home folder. Name and password are right.",
			Fix:   []Step{{c.support(), "take away the right to write to the home folder itself, or permit it (vsftpd: allow_writeable_chroot=YES)"}},
		}
	}),
}

var homeMissing = Rule{
	Code:     "login-home-missing",
	Title:    "The password is right, but the folder of the account is missing",
	Severity: Problem,
	Page: Page{
		Means: "The server accepted your name and password, and then could not open the folder in which you were to start: it does not exist, or the server may not read it.",
		Shown: "After the password came an error that names the home directory. A wrong password would have been refused before that, in other words.",
		Mend:  "Nothing on your side can mend it. Send the server's line to whoever runs it; the folder has to be made, or its rights set.",
	},
	Match: matchHomeMissing,
}

func matchHomeMissing(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("%s accepts the password, but the folder of %s is missing or forbidden", c.Run.Target.Host, c.user()),
		Says:  "The login fails behind the password: the server cannot open the home folder. Name and password are right.",
		Fix:   []Step{{c.support(), fmt.Sprintf("make the home folder of %s, or give the account the right to open it", c.user())}},
	}
	if d := c.deniedFor("login-home-missing"); d != nil {
		return []Finding{c.finding(d, f)}
	}
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return nil
	}
	for _, o := range s.answers("PWD") {
		if why, sure := c.loginReason(o.Reply, true); o.Reply.Code >= 500 && why == "login-home-missing" {
			f.Confidence, f.Where, f.Evidence, f.Quotes = sure, s.where(), ids(s.Login, o), quote(o)
			return []Finding{f}
		}
	}
	return nil
}

var perUserLimit = Rule{
	Code:     "ftp-per-user-limit",
	Title:    "The account is signed in too often",
	Severity: Problem,
	Page: Page{
		Means: "The server allows each account only so many sessions at a time, and that many are open. They may be those of your own app, which opens several for its transfers, " +
			"of another program or person with the same account, or sessions that were cut and are not forgotten yet.",
		Shown: "The login was refused with words about sessions of the same user. The password may be right or wrong; the server did not say.",
		Mend:  "Close other apps and transfers, set the number of simultaneous connections in your app to 1 or 2, and wait some minutes. If several people need the account, ask whoever runs the server for a higher limit.",
	},
	Match: deniedBy("ftp-per-user-limit", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s is signed in to %s too often", upper(c.user()), c.Run.Target.Host),
			Says:  "The server allows only so many sessions of one account at a time, and they are in use.",
			Fix: []Step{
				{You, "close other apps that use this account, set the number of simultaneous connections to 1, and try again in some minutes"},
				{SiteAdmin, "end old sessions of this account, or raise its limit"},
			},
		}
	}),
}

var virtualHost = Rule{
	Code:     "ftp-virtual-host",
	Title:    "The server wants to know which site is meant",
	Severity: Problem,
	Page: Page{
		Means: "Several sites share this server, and it cannot tell from the user name alone which one you mean.",
		Shown: "The login was refused with words about a host name. Microsoft's server does so when its sites are told apart by name and none was given.",
		Mend:  "Write the user name as HOST|USER, for instance www.example.com|jane, or use an app that sends the command HOST (RFC 7151).",
	},
	Match: deniedBy("ftp-virtual-host", func(c *Case, _ *denial) Finding {
		user := c.Run.Target.User
		if user == "" {
			user = "USER"
		}
		return Finding{
			Title: fmt.Sprintf("%s wants the name of the site with the user name", c.Run.Target.Host),
			Says:  "Several sites share the server, and the login does not say which one is meant.",
			Fix: []Step{
				{You, fmt.Sprintf("write the user name as %s|%s, or ask which site name belongs there", c.Run.Target.Host, user)},
				{SiteAdmin, "give the FTP site a binding without a host name, if there is only one"},
			},
		}
	}),
}

var timeExceeded = Rule{
	Code:     "login-time-exceeded",
	Title:    "The time for signing in was over",
	Severity: Problem,
	Page: Page{
		Means: "The server gives everybody a certain time from the greeting to the password, and it passed. A dialog that waits for you to type, a script with a pause, or a very slow line can do this.",
		Shown: "During the login the server ended the session and gave the time for it as the reason.",
		Mend:  "Store name and password in the app so that it sends them at once. If it happens without a pause, the line or the server is very slow; ask whoever runs the server for a longer time.",
	},
	ExplainedBy: []string{"tcp-slow", "tcp-intermittent"},
	Match: deniedBy("login-time-exceeded", func(c *Case, _ *denial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s ended the session because signing in took too long", c.Run.Target.Host),
			Says:  "The server's time between greeting and password was over.",
			Fix: []Step{
				{You, "store name and password in your FTP app, so that it sends them without a pause"},
				{c.support(), "allow a longer time for the login"},
			},
		}
	}),
}

var loginDelayed = Rule{
	Code:     "login-delayed",
	Title:    "The server takes long to check the password",
	Severity: Warning,
	Page: Page{
		Means: "Between the password and the answer passes a long time, while everything else is quick. Some servers slow down everybody from an address that sent wrong passwords before; others ask a slow directory of users.",
		Shown: "The answer to a right password took five seconds and more, many times a round trip.",
		Mend: "Look for a program that signs in with an old password, end it, and pause for a while. If it stays slow, ask whoever runs the server to look at its user directory. " +
			"Set the time-out of your app to 60 seconds.",
	},
	ExplainedBy: []string{"tcp-slow", "tcp-intermittent"},
	Match:       matchLoginDelayed,
}

// slowLogin is how long the check of a right password may take. Servers answer a wrong one late on purpose: Pure-FTPd 1.0.50
// takes more than five seconds.
const slowLogin = 5 * time.Second

func matchLoginDelayed(c *Case) []Finding {
	s := c.Attempt()
	if s == nil || s.Endpoint == nil {
		return nil
	}
	o := s.SignIn()
	roundTrip := s.Endpoint.Talk.Dial.Took.Duration()
	if o == nil || o.Failure != nil || !s.Accepted() || verb(o) != "PASS" || o.Took.Duration() < slowLogin || o.Took.Duration() < 5*roundTrip {
		return nil
	}
	return []Finding{{
		Confidence: Possible,
		Title:      fmt.Sprintf("%s takes %s to check the password", c.Run.Target.Host, ms(o.Took)),
		Says:       fmt.Sprintf("Other answers come within %s. %s", ms(max(s.Endpoint.Talk.Dial.Took, 1)), breaks(o.Took)),
		Where:      s.where(),
		Evidence:   ids(s.Endpoint.Talk.Dial, o, s.Login),
		Fix: []Step{
			{You, "look for a program that still signs in with an old password, end it, and wait a while"},
			c.raiseTimeout(o.Took),
			{c.support(), "look why the check of passwords is slow"},
		},
		Candidates: []Candidate{
			{"login-delayed", "the server's log shows failed logins from your address shortly before", c.support()},
		},
	}}
}
