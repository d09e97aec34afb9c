package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// What the words of a refusal leave open is narrowed down by what else was seen: the service's own web login, and the same name
// and password over the other protocol.

// narrow decides what the words of a refusal by FTP leave open.
func (c *Case) narrow(d *denial) {
	if d.reason != "" && d.reason != "login-bad-credentials" {
		return
	}
	if code, _ := c.webReason(); code != "" {
		d.reason, d.sure, d.web = code, Certain, c.WebLogin
		return
	}
	if proof := c.rightElsewhere(); proof != nil {
		d.reason, d.sure, d.proof = "login-protocol-disabled", Likely, proof
	}
}

// webReason is what the service's own web login gives as the reason of its refusal, and what it means in a sentence that is truer
// than the cause. Empty: it was not asked, did not refuse, or gave a reason that is not known. What refuses the web alone says nothing
// about other ways of signing in; a profile has no cause for that.
func (c *Case) webReason() (cause, means string) {
	o := c.WebLogin
	if o == nil || o.Failure != nil || o.WebLogin.Outcome != fact.LoginDenied || c.Profile.WebLogin == nil {
		return "", ""
	}
	reason, _ := c.Profile.WebLogin.Reason(o.WebLogin.Reason)
	if !ofLogin(reason.Cause) {
		return "", ""
	}
	return reason.Cause, reason.Means
}

// webAccepted says whether the service's web login let the user in.
func (c *Case) webAccepted() bool {
	return c.WebLogin != nil && c.WebLogin.WebLogin.Outcome == fact.Accepted
}

// rightElsewhere is where the same name and password were taken; nil: nowhere. A key proves nothing about the password.
func (c *Case) rightElsewhere() *fact.Observation {
	switch {
	case c.webAccepted():
		return c.WebLogin
	case c.SSH.Accepted() && len(c.SSH.passwordTaken()) > 0:
		return c.SSH.Login
	}
	return nil
}

// passwordTaken lists the requests in which the password was right.
func (s *SSHSession) passwordTaken() []*fact.Observation {
	return s.auths(func(a *fact.Auth) bool {
		sent := a.Method == fact.AuthPassword || a.Method == fact.AuthKeyboard && gave(a, fact.GavePassword)
		return sent && (a.Answer == fact.AuthAccepted || a.Answer == fact.AuthPartial)
	})
}

// sshNarrowed decides what the refusal of a password by SSH leaves open, which is nearly all: SSH has one answer for everything.
// Empty: nothing else was seen that tells.
func (c *Case) sshNarrowed() (cause string, sure Confidence) {
	code, _ := c.webReason()
	switch {
	case code == "login-bad-credentials":
		return "auth-password-wrong", Certain
	case code != "":
		return code, Certain
	case c.webAccepted() && !c.ftpAccepted():
		return "login-protocol-disabled", Likely
	}
	return "", ""
}

// bySSHAlone is a refusal by SSH for a reason that only something else could tell; nil when there was none.
func (c *Case) bySSHAlone(cause string) *denial {
	s := c.sshDenied()
	if s == nil || s.reason != cause || !strings.HasPrefix(cause, "login-") {
		return nil
	}
	d := &denial{ssh: s, reason: cause, sure: s.sure}
	if c.webAccepted() {
		d.proof = c.WebLogin
	} else {
		d.web = c.WebLogin
	}
	return d
}

// told replaces what a finding says of the words of a refusal, where not they told the reason.
func (c *Case) told(d *denial, f Finding) Finding {
	switch {
	case d.web != nil:
		w := d.web.WebLogin
		_, means := c.webReason()
		f.Says = strings.TrimSpace(fmt.Sprintf("The web login of %s refuses the same name and password, and gives %q as the reason. %s", c.Profile.Title, w.Reason, means))
		f.Quotes = append(slices.Clone(w.Says), f.Quotes...)
		f.Evidence = append(f.Evidence, d.web.ID)
	case d.proof != nil && d.proof.WebLogin != nil:
		f.Says = fmt.Sprintf("The web login of %s takes the same name and password, so that they are right.", c.Profile.Title)
		f.Evidence = append(f.Evidence, d.proof.ID)
	case d.proof != nil:
		f.Says = "SFTP on the same host takes the same name and password, so that they are right."
		f.Evidence = append(f.Evidence, d.proof.ID)
	case d.text != nil:
		f.Says = cmp.Or(d.text.Means, f.Says)
		if d.text.Do != "" {
			f.Fix = slices.Insert(f.Fix, 0, Step{You, d.text.Do})
		}
	}
	return f
}

// lookUp is what the administrator can do about a refusal.
func (c *Case) lookUp() string {
	return fmt.Sprintf("look in %s for the failed login of %s at %s, which holds the reason",
		cmp.Or(c.Profile.Log, "the server's log"), c.user(), c.Run.Started.UTC().Format("2006-01-02 15:04 UTC"))
}

// onTheWeb is the test that a person can make, and what its outcome means.
func (c *Case) onTheWeb() Step {
	if c.noWebLogin() {
		return Step{You, fmt.Sprintf("copy the name and what belongs to it again from the page of %s where they were made, or make new ones; such a name does not sign in on the web", c.Profile.Title)}
	}
	at, how := "the provider's web page", ""
	if w := c.Profile.WebLogin; w != nil {
		if w.By != "" {
			at = strings.ReplaceAll(w.By, "HOST", c.Run.Target.Host)
		}
		if c.WebLogin == nil && !c.noWebLogin() {
			how = "; --ask-web does it for you"
		}
	}
	return Step{You, fmt.Sprintf("sign in at %s with the same name and password: if that fails too, the account is at fault and not your app%s", at, how)}
}

// wrongOnTheWeb is what confirms that name and password are wrong, and nothing else is.
func (c *Case) wrongOnTheWeb() Candidate {
	if c.noWebLogin() {
		return Candidate{"login-bad-credentials", "new ones are taken", You}
	}
	return Candidate{"login-bad-credentials", "the same name and password fail on the provider's web page too", You}
}

// askFTPToo is the way to words, where the service has FTP and only SFTP was tried.
func (c *Case) askFTPToo() []Step {
	if c.Run.Target.Protocol != fact.SFTP || !c.Profile.Promised || !c.Profile.Offers(fact.FTPES) && !c.Profile.Offers(fact.FTPS) {
		return nil
	}
	return []Step{{You, "let ftpdoctor try FTP as well (without sftp:// or --protocol): FTP has words for the reason, SFTP has none"}}
}

// noWebLogin says whether a name of this shape cannot sign in on the web.
func (c *Case) noWebLogin() bool {
	shape, ok := c.Profile.User(c.Run.Target.User)
	return ok && shape.NoWeb
}

// everyReason ranks what the refusal of name and password can mean: how often each is it, and whether what was seen speaks for it.
// protocol is the one that was refused. Some are reasons only of services that name them.
func (c *Case) everyReason(protocol string) []Candidate {
	all := []Candidate{
		{"login-2fa", "the web page asks for a code after the password", You},
		{"login-password-change", "the web page asks for a new password", You},
		{"login-protocol-disabled", "the settings of the account or its group do not allow " + protocol, SiteAdmin},
		{"login-auth-none", "the account is set to sign in by SSO, a key or an API key only", SiteAdmin},
		{"login-ip-or-country", "the log names the address or the country, or it works from another network", SiteAdmin},
		{"login-locked", "the log or the list of users shows a lock after wrong passwords", SiteAdmin},
		{"login-disabled", "the list of users shows the account as disabled or expired", SiteAdmin},
		{"login-home-missing", "the log shows that the folder of the account could not be opened", SiteAdmin},
		{"login-region", "the log names the region; the site has to be reached through its own", SiteAdmin},
		{"login-site-wrong", "the account is one of another site of the service", SiteAdmin},
		{"login-overdue", "the site as a whole is suspended", SiteAdmin},
		{"ftp-banned", "the log or the provider's support shows that your internet address is shut out for its behaviour", c.support()},
	}
	return slices.DeleteFunc(all, func(candidate Candidate) bool { return c.excluded(candidate.Cause) })
}

// excluded says whether what was seen speaks against a reason, or nobody could have it there.
func (c *Case) excluded(code string) bool {
	ofSome := []string{"login-region", "login-site-wrong", "login-overdue", "ftp-banned"}
	ofAll := []string{"login-locked", "login-disabled", "login-overdue", "login-region", "login-site-wrong", "login-ip-or-country", "ftp-banned"}
	ofPassword := []string{"login-2fa", "login-password-change"}
	ofPeople := []string{"login-2fa", "login-password-change", "login-auth-none"}
	switch {
	case slices.Contains(ofPeople, code) && c.noWebLogin(): // such as an API key, which has no second factor
		return true
	case slices.Contains(ofSome, code) && len(c.Profile.FailuresOf(code)) == 0:
		return true
	case slices.Contains(ofAll, code): // whom the other protocol lets in is not shut out
		return c.SSH.Accepted() || c.ftpAccepted()
	case slices.Contains(ofPassword, code): // they hold for the web as well
		return c.webAccepted()
	case code == "login-protocol-disabled": // both protocols being forbidden is a rare thing
		return c.attemptDenied() && c.SSH != nil && c.SSH.passwordRefused() != nil
	}
	return false
}

// attemptDenied says whether FTP refused the user.
func (c *Case) attemptDenied() bool {
	s := c.Attempt()
	return s != nil && s.Login.Login.Outcome == fact.LoginDenied
}

// byKeyAlone says whether the user signed in by SSH with a key and no password.
func (c *Case) byKeyAlone() bool {
	return c.SSH.Accepted() && c.SSH.Key() != "" && len(c.SSH.passwordTaken()) == 0
}
