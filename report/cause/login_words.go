package cause

import (
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// denial is how a server turned a login down.
type denial struct {
	session *Session // by FTP; nil: it was SSH alone that turned the user down
	ssh     *sshDenial
	reply   *fact.Observation
	reason  string // a cause; empty: nothing tells
	sure    Confidence

	// What told the reason, where it was not the reply by the words that are known here.
	text  *profile.Text     // the service's own words
	web   *fact.Observation // its web login gave the reason
	proof *fact.Observation // the same name and password were taken
}

// denied reads the refusal of a login. It is nil when there was none.
func (c *Case) denied() *denial {
	s := c.Attempt()
	if s == nil || s.Login.Login.Outcome != fact.LoginDenied && s.Login.Login.Outcome != fact.Broken || s.Login.Failed(fact.Interrupted) {
		return nil
	}
	d := &denial{session: s, reply: s.SignIn()}
	if d.reply != nil && d.reply.Reply.Code >= 400 {
		if text, ok := c.Profile.Text(strings.Join(d.reply.Reply.Lines, " ")); ok && ofLogin(text.Cause) {
			d.reason, d.sure, d.text = text.Cause, Certain, &text
			return d
		}
		d.reason, d.sure = c.loginReason(d.reply.Reply, s.encrypted())
		c.narrow(d)
	}
	return d
}

// deniedFor is the refusal of a login for one reason; nil when there was none.
func (c *Case) deniedFor(cause string) *denial {
	d := c.denied()
	alone := c.bySSHAlone(cause)
	switch {
	case d == nil || d.reason != cause:
		return alone
	case alone != nil:
		d.ssh = alone.ssh
	}
	return d
}

// ofLogin says whether a cause is one for which servers refuse logins. A profile can name any.
func ofLogin(cause string) bool {
	for _, reason := range loginReasons {
		if reason.cause == cause {
			return true
		}
	}
	return false
}

// loginReason reads the reason out of the refusal of a login.
func (c *Case) loginReason(r *fact.Reply, encrypted bool) (cause string, sure Confidence) {
	text := strings.Join(r.Lines, " ")
	for _, reason := range loginReasons {
		if !reason.words.MatchString(text) || reason.cause == "login-tls-required" && encrypted {
			continue
		}
		switch {
		case reason.cause == "login-bad-credentials" && anonymousName(c.Run.Target.User):
			return "login-no-anonymous", Likely
		case reason.sure == "":
			return reason.cause, Likely
		default:
			return reason.cause, reason.sure
		}
	}
	if anonymousName(c.Run.Target.User) {
		return "login-no-anonymous", Likely
	}
	if r.Code == 430 { // RFC 2228 section 5 leaves the number free; servers use it for a wrong name or password
		return "login-bad-credentials", Likely
	}
	return "", ""
}

// anonymousName says whether a user name is one of anonymous FTP (RFC 1635).
func anonymousName(user string) bool {
	return slices.Contains([]string{"anonymous", "ftp"}, strings.ToLower(user))
}

// loginReasons are the words with which servers turn a login down, in the order in which they are looked for. Those that are
// sure are texts of a known server; the others are keywords, for servers that speak in words of their own.
var loginReasons = []struct {
	cause string
	sure  Confidence
	words *regexp.Regexp
}{
	// vsftpd, ProFTPD, Pure-FTPd, Microsoft, FileZilla Server 1 and 0.9, SFTPGo.
	{"login-tls-required", Certain, regexp.MustCompile(`(?i)sessions must use encryption|SSL/TLS required on the control|cleartext sessions|^policy requires ssl|^use AUTH first|does not allow plain FTP|^TLS (is )?required`)},
	{"login-tls-required", Likely, regexp.MustCompile(`(?i)\b(tls|ssl|ftps|ftpes|encrypt\w*|secure connections?)\b.*\b(required|needed|necessary|mandatory|only)\b|\b(requires?|must use|please (use|enable))\b.*\b(tls|ssl|ftps|ftpes|encrypt\w*|secure)\b|insecure[_ ]ftp`)},
	// After the right password. vsftpd, Pure-FTPd.
	{"login-chroot-writable", Certain, regexp.MustCompile(`(?i)writable root inside chroot|set up a secure chroot`)},
	{"login-chroot-writable", Likely, regexp.MustCompile(`(?i)\bchroot\b`)},
	// After the right password. vsftpd, Microsoft, Pure-FTPd, FileZilla Server 0.9, SFTPGo.
	{"login-home-missing", Certain, regexp.MustCompile(`(?i)OOPS: cannot change directory|cannot log in, home directory inaccessible|home directory not available|home directory (does not exist|could not be accessed)|access own home directory|invalid home dir`)},
	{"login-home-missing", Likely, regexp.MustCompile(`(?i)\bhome ?(dir|folder|directory|path)|no[_ ]directory|errno[_ ]enoent`)},
	// Pure-FTPd, ProFTPD.
	{"login-no-anonymous", Certain, regexp.MustCompile(`(?i)no anonymous login|unable to set anonymous privileges`)},
	{"login-anonymous-only", Certain, regexp.MustCompile(`(?i)server is anonymous only`)},
	{"login-anonymous-only", Likely, regexp.MustCompile(`(?i)anonymous (login|access|ftp|users?)? ?only|only anonymous`)},
	{"login-no-anonymous", Likely, regexp.MustCompile(`(?i)no anonymous|anonymous\b.*\b(not|disabled|denied|forbidden|refused)`)},
	{"ftp-virtual-host", Certain, regexp.MustCompile(`(?i)valid hostname is expected|unknown host ?name`)},
	{"ftp-virtual-host", Likely, regexp.MustCompile(`(?i)\b(virtual host|host ?name)\b.*\b(required|expected|unknown|missing|invalid)`)},
	// Pure-FTPd, ProFTPD, FileZilla Server 0.9, SFTPGo.
	{"ftp-per-user-limit", Certain, regexp.MustCompile(`(?i)connections as the same user|for this user (are )?already connected|\(\d+\) for this user|maximum connection count reached for the user|logged in for this account|too many open sessions`)},
	{"ftp-per-user-limit", Likely, regexp.MustCompile(`(?i)(too many|maximum|limit|concurrent|simultaneous)\b.*\b(same|this|your|per|one) (user|account|log-?in)\b`)},
	// FileZilla Server 0.9.
	{"ftp-shutdown", Certain, regexp.MustCompile(`(?i)server is going offline|kicked by administrator`)},
	{"ftp-shutdown", Likely, regexp.MustCompile(`(?i)going (down|offline)|shut(ting)? ?down|maintenance|restart(ing)?\b`)},
	// ProFTPD, FileZilla Server, Pure-FTPd.
	{"login-time-exceeded", Certain, regexp.MustCompile(`(?i)login time ?(out|exceeded)|typing a little faster`)},
	{"login-2fa", "", regexp.MustCompile(`(?i)\b(2fa|mfa|otp|totp)\b|(two|second|multi)[- ]?factor|one[- ]time (password|code)|(verification|authenticat\w+|security) code|authenticator|additional[- ]authentication`)},
	{"login-password-change", "", regexp.MustCompile(`(?i)password\b.*\b(expired|must be changed|change[- ]required|has to be changed)|(change|reset|renew) (your |the )?password|expired password`)},
	// SFTPGo gives this reason after the right password.
	{"login-auth-none", Certain, regexp.MustCompile(`(?i)login method \S+ is not allowed for user`)},
	{"login-protocol-disabled", Certain, regexp.MustCompile(`(?i)protocol \S+ is not allowed for user`)},
	{"login-protocol-disabled", "", regexp.MustCompile(`(?i)no[_ ]s?ftps?[_ ]permission|\b(s?ftps?)\b( access| log-?in| protocol)?( is| has been|:)? (not (enabled|allowed|permitted|available)|disabled|denied)|(permission|permitted|allowed) to (use|log ?in (via|with|by|over)) s?ftp`)},
	{"login-auth-none", "", regexp.MustCompile(`(?i)\bsso\b|single sign|api key|password (log-?ins?|authentication|sign-?in) (is |are )?(not|disabled)|has no password|authentication method`)},
	{"login-region", "", regexp.MustCompile(`(?i)\bregion`)},
	// FileZilla Server 0.9.
	{"ftp-ip-denied", Certain, regexp.MustCompile(`(?i)not allowed to connect from this (ip|host|address)`)},
	{"login-site-wrong", "", regexp.MustCompile(`(?i)site[_ ]mismatch|no[- ]account[- ]for[- ]site|(another|different|wrong) site`)},
	{"login-overdue", "", regexp.MustCompile(`(?i)overdue|trial\b.*\b(expired|ended|locked|over)|expired[_ ]trial|trial-expired|payment|billing|subscription|site (is |has been |was )?(disabled|suspended|removed)|site-disabled`)},
	{"login-locked", "", regexp.MustCompile(`(?i)lock(ed)?[-_ ]?out|\b(account|user|login)\b.*\blocked\b|\blocked\b.*\b(account|user)\b|temporarily locked`)},
	// Pure-FTPd, FileZilla Server 0.9, SFTPGo, ProFTPD (mod_ban).
	{"ftp-banned", Certain, regexp.MustCompile(`(?i)too many (authentication|login) failures|temporarily banned|banned client`)},
	{"ftp-banned", "", regexp.MustCompile(`(?i)\bbann?ed\b|black-?list|too many (failed|bad|wrong|invalid|incorrect|login)|rate[-_ ]limit`)},
	{"login-ip-or-country", "", regexp.MustCompile(`(?i)country|\bgeo(graph|loc|ip|-)|ip[_ ]mismatch|\b(ip|network|location|ip address)\b.*\b(not (allowed|permitted|authori[sz]ed|in)|denied|blocked|restricted|forbidden|mismatch)|\b(not|denied|blocked|restricted|forbidden)\b.*\b(from|for|your|this) (this |your |that )?(ip|network|location)\b`)},
	{"ftp-per-ip-limit", "", reasonWords("ftp-per-ip-limit")},
	// FileZilla Server 0.9, Pure-FTPd for a user below the smallest number that it lets in.
	{"login-disabled", Certain, regexp.MustCompile(`(?i)account has been disabled|account disabled|i can't trust you`)},
	{"login-disabled", "", regexp.MustCompile(`(?i)\b(disabled|deactivated|inactive|suspended|revoked)\b|not active|(account|access|user) (has |is )?expired|expired[_ ]access`)},
	// vsftpd for a user on its list of users.
	{"login-disabled", Likely, regexp.MustCompile(`(?i)^permission denied\.?$`)},
	// The words by which lftp 4.9 (FileAccess.cc) knows that another try makes sense.
	{"login-temporary", "", regexp.MustCompile(`(?i)too many|overload|try (again|back)|(again|back) later|is restricted to|maximum number|number of connect|only.*session.*allowed|more connection|already connected|simultaneous login|internal (server )?error`)},
	// vsftpd, ProFTPD, Pure-FTPd, FileZilla Server, Microsoft, SFTPGo.
	{"login-bad-credentials", Likely, regexp.MustCompile(`(?i)login (or password )?incorrect|login authentication failed|^user cannot log ?in|invalid credentials`)},
	{"login-bad-credentials", "", regexp.MustCompile(`(?i)\b(invalid|bad|wrong|incorrect|unknown|unrecogni[sz]ed)\b.*\b(user|username|login|password|credentials?)\b|\b(user|username|login|password|credentials?)\b.*\b(invalid|incorrect|wrong|mismatch|unknown|not (valid|found|correct|recogni[sz]ed|match))\b|no such user|authentication (failed|failure)|login failed`)},
}

// reasonWords are the words of a refusal that can come in a greeting as well.
func reasonWords(cause string) *regexp.Regexp {
	i := slices.IndexFunc(reasons, func(r reason) bool { return r.cause == cause })
	return reasons[i].words
}
