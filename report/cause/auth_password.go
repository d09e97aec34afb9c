package cause

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

var authMethodMissing = Rule{
	Code:     "auth-password-not-accepted-method",
	Title:    "The account does not sign in with a password",
	Severity: Problem,
	Page: Page{
		Means: "The server offers this user other ways of signing in than a password, mostly an SSH key. The right password would not help either.",
		Shown: "The server lists the methods that can be used before anything is sent to it, and neither password nor keyboard-interactive was among them, or the latter was refused without a question. The password stayed here.",
		Mend: "Choose your private key in the app, and see to it that its public half is registered with the account. If you have none, make one with `ssh-keygen -t ed25519` and upload the file that ends in .pub. " +
			"Or ask whoever runs the server to permit passwords (sshd_config: PasswordAuthentication).",
	},
	ExplainedBy: faultsOfKeys,
	Match: sshDeniedBy("auth-password-not-accepted-method", func(c *Case, d *sshDenial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s takes no password from %s over SSH", c.Run.Target.Host, c.user()),
			Says:  fmt.Sprintf("It offers %s. The password was not sent.", and(methodNames(d.Offered()))),
			Fix:   []Step{{SiteAdmin, fmt.Sprintf("permit passwords for %s, if that is what you want", c.user())}},
		}
		if d.refusedUnasked() {
			f.Says = fmt.Sprintf("It offers %s, and refuses the dialogue without a question. The password was not sent.", and(methodNames(d.Offered())))
		}
		if d.offers(fact.AuthPublicKey) {
			f.Fix = append([]Step{{You, "choose your private key in the app, and register its public half with the account"}}, f.Fix...)
		}
		return f
	}),
}

// methodNames names methods of SSH for people.
func methodNames(methods []string) []string {
	if len(methods) == 0 {
		return []string{"no way at all"}
	}
	const most = 6
	var words []string
	for _, m := range methods[:min(len(methods), most)] {
		switch fact.AuthMethod(m) {
		case fact.AuthPublicKey:
			words = append(words, "keys (publickey)")
		case fact.AuthPassword:
			words = append(words, "passwords")
		case fact.AuthKeyboard:
			words = append(words, "dialogues (keyboard-interactive)")
		default:
			words = append(words, strings.Join(strings.Fields(m), " "))
		}
	}
	return words
}

// passwordUnwanted says whether a password was at hand, and the server has no method to take it by. Who names a key wants to
// sign in with that.
func (c *Case) passwordUnwanted(d *sshDenial) bool {
	if d.Offered() == nil || d.offers(fact.AuthPassword) || c.gaveKey() {
		return false
	}
	if d.offers(fact.AuthKeyboard) {
		return d.refusedUnasked()
	}
	return d.Withheld() == fact.NoMethod || strings.Contains(d.Login.Login.Method, "password")
}

var authModeMismatch = Rule{
	Code:     "auth-mode-mismatch",
	Title:    "The user name belongs to another way of signing in",
	Severity: Problem,
	Page: Page{
		Means: "The service gives an account different user names for different ways of signing in: one for a password, another for a key. Yours is of the one kind, and you used it in the other way.",
		Shown: "The form of the user name is the documented one for another method than the one that was refused.",
		Mend:  "Open the page of the service that shows the access data, look which way of signing in is switched on there, and copy the user name again.",
	},
	Match: sshDeniedBy("auth-mode-mismatch", func(c *Case, d *sshDenial) Finding {
		shape, _ := c.Profile.User(c.Run.Target.User)
		return Finding{
			Title: fmt.Sprintf("The user name %q is not for signing in with a %s", c.Run.Target.User, c.wrongMode(d)),
			Says:  fmt.Sprintf("By its form it is %s. The server refused the %s.", shape.Means, c.wrongMode(d)),
			Fix: []Step{
				{You, fmt.Sprintf("copy the user name again from the page of %s that shows the access data, and sign in the way that stands there", c.Profile.Title)},
			},
		}
	}),
}

// wrongMode is the way of signing in that was refused, where the form of the user name speaks for another one. Empty: it does not.
func (c *Case) wrongMode(d *sshDenial) string {
	shape, _ := c.Profile.User(c.Run.Target.User)
	if len(shape.Methods) == 0 || shape.Wrong {
		return ""
	}
	switch {
	case d.passwordRefused() != nil && !c.signsInBy(shape, fact.AuthPassword):
		return "password"
	case d.passwordRefused() == nil && len(d.keysRefused()) > 0 && !c.signsInBy(shape, fact.AuthPublicKey) && (d.Denied() || c.gaveKey()):
		return "key"
	default:
		return ""
	}
}

// signsInBy says whether names of a shape sign in by a method. Who takes passwords takes them in a dialogue, too.
func (c *Case) signsInBy(shape profile.User, method fact.AuthMethod) bool {
	return slices.Contains(shape.Methods, method) || method == fact.AuthPassword && slices.Contains(shape.Methods, fact.AuthKeyboard)
}

var authPasswordExpired = Rule{
	Code:     "auth-password-expired",
	Title:    "The password has to be changed first",
	Severity: Problem,
	Page: Page{
		Means: "The password was right and has expired, or it is a first one that must be replaced. Hardly any SFTP app can do that, so they report a wrong password or simply an end of the connection.",
		Shown: "The server answered the password with the demand for a new one (SSH_MSG_USERAUTH_PASSWD_CHANGEREQ of RFC 4252, or a question for the new password), or said so in words. This program did not answer.",
		Mend:  "Change the password on the service's web page, or in a terminal with `ssh`, which asks for the new one. Then put the new password into your app.",
	},
	Match: matchPasswordExpired,
}

func matchPasswordExpired(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("The password of %s has to be changed first", c.user()),
		Says:  "The server takes the password and demands a new one before it goes on.",
		Fix: []Step{
			{You, "change the password on the service's web page, or in a terminal with ssh, then put the new one into your app"},
			{SiteAdmin, "set a new password for this user, if there is no way to change it"},
		},
	}
	if d := c.sshDeniedFor("auth-password-expired"); d != nil {
		return []Finding{c.sshFinding(d, f)}
	}
	u := c.unstarted()
	if u == nil || u.reason != "auth-password-expired" {
		return nil
	}
	f.Severity, f.Confidence = c.weighSSH(Problem), Likely
	f.Where, f.Evidence = u.where(), ids(u.Login, u.at)
	if u.at.Auth != nil {
		f.Quotes = u.at.Auth.Banner
	} else {
		f.Quotes = channelWords(u.at)
	}
	return []Finding{f}
}

var authUserDenied = Rule{
	Code:     "auth-user-denied",
	Title:    "The server does not let this account in",
	Severity: Problem,
	Page: Page{
		Means: "Password or key may well be right, and the server turns the account away: it has expired or is locked, is not on the list of those who may use SSH, or may not come from your address. " +
			"SSH has no words for this on the wire, so most apps show the same message as for a wrong password.",
		Shown: "The server said so in words; or it named no method at all with which this user could sign in, or could go on after the password; or FTP on the same host takes the very same password.",
		Mend: "Ask whoever runs the server to look at its log for the time of the attempt. On OpenSSH look at AllowUsers, AllowGroups, DenyUsers, the shell of the account (`/etc/shells`), its expiry (`chage -l`) and its lock (`passwd -S`). " +
			"If the account works by FTP, use that meanwhile.",
	},
	ExplainedBy: misdirected,
	Match: sshDeniedBy("auth-user-denied", func(c *Case, d *sshDenial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s does not let %s in by SSH", c.Run.Target.Host, c.user()),
			Says:  "Its words are about the account, not about the password or the key.",
			Fix: append([]Step{{SiteAdmin, fmt.Sprintf("look whether %s may sign in by SSH, and whether the account has expired or is locked", c.user())}},
				c.insteadOfSSH()...),
		}
		if d.saysDenied() {
			return f
		}
		f.Says = "The server names no method at all with which this user could sign in."
		if d.endsBehindPassword() {
			f.Says = "After the password it names no method with which this user could go on, which it would after a wrong one."
		}
		f.Candidates = []Candidate{
			{"auth-user-denied", "the server's log names a list of users, a lock or an expiry", SiteAdmin},
			{"login-protocol-disabled", "the settings of the account do not allow SFTP", SiteAdmin},
		}
		if d.endsBehindPassword() {
			f.Candidates = append(f.Candidates, Candidate{"sftp-home-missing", "the folder of the account is not there, or the server may not open it", SiteAdmin})
		}
		if c.ftpAccepted() {
			f.Says = "FTP on the same host takes the same password, so the account may not use SSH, or has another password there."
			f.Candidates = append(f.Candidates, Candidate{"auth-password-wrong", "FTP and SSH have separate passwords there", SiteAdmin})
		}
		return f
	}),
}

// saysDenied says whether the server's own words turn the account away.
func (s *SSHSession) saysDenied() bool { return s.says(deniedAccount) }

// insteadOfSSH is FTP, where the user was let in by it.
func (c *Case) insteadOfSSH() []Step {
	if s := c.Attempt(); s != nil && s.Accepted() && s.Endpoint != nil {
		for _, way := range Ways(c.Run, c.Profile) {
			if way.Port == s.Endpoint.Port {
				return []Step{{You, fmt.Sprintf("use %s on port %d meanwhile", way.called(), way.Port)}}
			}
		}
	}
	return nil
}

var authPasswordWrong = Rule{
	Code:     "auth-password-wrong",
	Title:    "The server refuses the password",
	Severity: Problem,
	Page: Page{
		Means: "The server does not take this name with this password. SSH has one answer for everything: a wrong password, a name that does not exist, an account that is locked or not allowed, or a place that it may not come from.",
		Shown: "The password was sent, the answer was a refusal, and the server would take another try by the same method.",
		Mend: "Sign in on the provider's web page with the same name and password. If that works, copy both from there into your app, and look whether the provider has a name of its own for SFTP. " +
			"If it does not work there, ask for a new password. Otherwise only the server's log has the reason. Do not try many times: servers shut out addresses that do.",
	},
	ExplainedBy: slices.Concat([]string{"local-user-format", "local-password-whitespace"}, misdirected),
	Match: sshDeniedBy("auth-password-wrong", func(c *Case, d *sshDenial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s refuses the user name or the password over SSH", c.Run.Target.Host),
			Says:  "SSH has one answer for a wrong name, a wrong password and an account that may not sign in; which of them it is stands only in the server's log.",
			Fix: []Step{
				c.onTheWeb(),
				{SiteAdmin, c.lookUp()},
			},
			Candidates:  c.whySSHRefuses(d),
			ExplainedBy: c.deniedByFTPToo(),
		}
		f.Fix = append(f.Fix, c.askFTPToo()...)
		switch {
		case len(d.Partial()) > 0:
			f.Title = fmt.Sprintf("%s takes the key of %s and refuses the password", c.Run.Target.Host, c.user())
			f.Says = "It wants both, and the key was right."
		case len(d.keysRefused()) > 0:
			f.Says = fmt.Sprintf("It refuses %s as well. ", c.keyNames(d.keysRefused())) + f.Says
		}
		if shape, ok := c.Profile.User(c.Run.Target.User); ok && !shape.Wrong {
			f.Fix = append([]Step{{You, "mind that this name is " + shape.Means}}, f.Fix...)
		}
		return f
	}),
}

// deniedByFTPToo is the cause for which FTP refused the same account in the same run; a refusal by SSH follows from it. Empty:
// FTP was not refused, or for a reason that is FTP's alone.
func (c *Case) deniedByFTPToo() string {
	d := c.denied()
	if d == nil || d.reply == nil || d.reply.Reply.Code < 400 {
		return ""
	}
	ofAccount := []string{
		"login-bad-credentials", "login-locked", "login-disabled", "login-overdue", "login-ip-or-country", "login-region", "login-site-wrong",
		"login-password-change", "login-2fa", "login-auth-none", "ftp-banned", "ftp-ip-denied",
	}
	if d.reason == "" {
		return "login-refused"
	}
	if slices.Contains(ofAccount, d.reason) {
		return d.reason
	}
	return ""
}

// whySSHRefuses ranks what the refusal of a password by SSH can mean.
func (c *Case) whySSHRefuses(d *sshDenial) []Candidate {
	found := []Candidate{{"auth-password-wrong", c.wrongOnTheWeb().Confirm, You}}
	if slices.Contains(d.Login.Login.Shape, fact.NonASCII) {
		found = append(found, Candidate{"local-password-whitespace", "a password of plain letters and digits works", You})
	}
	if len(d.keysRefused()) > 0 {
		found = append(found, Candidate{"auth-key-unknown", "the list of keys of the account does not hold the fingerprint of yours", You})
	}
	for _, reason := range c.everyReason("SFTP") {
		if reason.Cause == "login-disabled" && len(c.Profile.FailuresOf(reason.Cause)) == 0 { // a server of one's own has more to look at
			reason = Candidate{"auth-user-denied", "the log says that the user is not known, not allowed, locked or has expired", SiteAdmin}
		}
		found = append(found, reason)
	}
	return found
}

var authDisconnected = Rule{
	Code:     "auth-disconnected",
	Title:    "The server ends the sign-in with words of its own",
	Severity: Problem,
	Page: Page{
		Means: "In the midst of the sign-in the server hung up, and sent a reason with it. The reason is in its own words, which stand with the finding.",
		Shown: "In place of an answer came the message with which SSH ends a connection (SSH_MSG_DISCONNECT, RFC 4253 section 11.1), and its text fits no known reason.",
		Mend:  "Read the server's words. If they do not help, send them with the time of the attempt to whoever runs the server.",
	},
	ExplainedBy: misdirected,
	Match: sshDeniedBy("auth-disconnected", func(c *Case, d *sshDenial) Finding {
		return Finding{
			Title: fmt.Sprintf("%s ends the sign-in, and says why", c.Run.Target.Host),
			Says:  fmt.Sprintf("It hung up in place of an answer, with the reason %d of SSH and words of its own.", d.Goodbye().Reason),
			Fix: []Step{
				{You, "read the server's words, and do what they ask for"},
				{SiteAdmin, c.lookUp()},
			},
		}
	}),
}

// refusedOverSSH is what is said of a sign-in by SSH that ended without an answer.
func (c *Case) refusedOverSSH() []Finding {
	d := c.sshDenied()
	if d == nil || d.reason != "" || !d.Denied() && !d.asksWithoutEnd() {
		return nil
	}
	f := Finding{
		Confidence: Possible,
		Title:      fmt.Sprintf("%s refuses the sign-in of %s by SSH and does not say why", c.Run.Target.Host, c.user()),
		Says:       "SSH has no words for the reason of a refusal.",
		Fix: []Step{
			{SiteAdmin, c.lookUp()},
			c.onTheWeb(),
		},
		Candidates:  c.whySSHRefuses(d),
		ExplainedBy: c.deniedByFTPToo(),
	}
	switch {
	case d.asksWithoutEnd():
		f.Title = fmt.Sprintf("%s never comes to a decision about the sign-in by SSH", c.Run.Target.Host)
		f.Says = "It asks one question after the other, and this program gave up."
	case d.broke():
		at := stepName(d.last().Auth)
		f.ExplainedBy = ""
		f.Title = fmt.Sprintf("%s hangs up at %s", c.Run.Target.Host, at)
		f.Says = fmt.Sprintf("The server ended the connection in place of an answer to %s.", at)
		if d.last().Failed(fact.Timeout) {
			f.Title = fmt.Sprintf("%s does not answer %s over SSH", c.Run.Target.Host, at)
			f.Says = fmt.Sprintf("The server said nothing for %s.", ms(d.last().Took))
		}
		f.Candidates = []Candidate{
			{"auth-user-denied", "the server's log says that the account has expired, is locked or is not allowed", SiteAdmin},
			{"ftp-banned", "the server's list of bans holds your public IP address", c.support()},
			{"auth-slow", "an app with a long time-out gets an answer", You},
			{"login-temporary", "it works at another time", You},
		}
	}
	return []Finding{c.sshFinding(d, f)}
}

// stepName names a request of the sign-in in a sentence.
func stepName(a *fact.Auth) string {
	switch a.Method {
	case fact.AuthPublicKey:
		return "the key"
	case fact.AuthPassword:
		return "the password"
	case fact.AuthKeyboard:
		return "the dialogue of the sign-in"
	default:
		return "the beginning of the sign-in"
	}
}

// withheldOverSSH is what is said of a password that stayed here because of the host key.
func (c *Case) withheldOverSSH() []Finding {
	f := Finding{
		Title: "Nobody signed in over SSH, because of the host key",
		Where: c.SSH.where(),
	}
	switch c.SSH.Withheld() {
	case fact.HostUnknown:
		f.Title = "Your password was not sent over SSH"
		f.Says = "Nobody has confirmed the host key yet, so that it cannot be told who would have got it."
		f.Fix = []Step{{You, "compare the fingerprint of the host key with the one that your provider publishes; then accept it with ssh, or add --trust-anyway"}}
	case fact.HostChanged:
		f.Says = "The server shows another host key than known_hosts has, so that it cannot be told who is at the other end."
		f.Fix = []Step{{You, "find out why the host key has changed, before you sign in with any app"}}
	case fact.HostRevoked:
		f.Says = "The host key is marked as revoked in known_hosts, so that whoever has it must not be trusted."
		f.Fix = []Step{{You, "ask whoever runs the server for its new host key"}}
	default:
		return nil
	}
	f.Evidence = ids(c.SSH.Login)
	if c.SSH.Endpoint != nil {
		f.Evidence = append(f.Evidence, ids(c.SSH.Endpoint.Talk.Kex)...)
	}
	return []Finding{f}
}
