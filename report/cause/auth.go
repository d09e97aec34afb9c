package cause

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// authRules are about signing in by SSH. A refusal has one cause: sshReason picks the one that fits best.
var authRules = []Rule{
	authMethodMissing,
	authModeMismatch,
	authPasswordExpired,
	authOTPPrompt,
	authSecondFactor,
	authTooMany,
	authRSASHA1,
	authSignFails,
	authKeyNotActive,
	authKeyUnknown,
	authUserDenied,
	authPasswordWrong,
	authDisconnected,
	authKbdintOnly,
	authSlow,
}

// sshDenial is how a server turned a sign-in by SSH down.
type sshDenial struct {
	*SSHSession
	reason string // a cause; empty: nothing tells
	sure   Confidence
}

// sshDenied reads the refusal of a sign-in by SSH. It is nil when there was none: nobody tried, the user was let in, or the
// attempt ended for a reason of this side.
func (c *Case) sshDenied() *sshDenial {
	s := c.SSH
	halfway := []fact.Withheld{fact.NoKey, fact.NoCode, fact.NoMethod, fact.NoPassword}
	if s == nil || !s.Denied() && !slices.Contains(halfway, s.Withheld()) || s.interrupted() {
		return nil
	}
	d := &sshDenial{SSHSession: s}
	d.reason, d.sure = c.sshReason(d)
	return d
}

// sshDeniedFor is the refusal of a sign-in by SSH for one reason; nil when there was none.
func (c *Case) sshDeniedFor(cause string) *sshDenial {
	if d := c.sshDenied(); d != nil && d.reason == cause {
		return d
	}
	return nil
}

// sshReason finds what a refusal comes from. What the server says in words comes first, then what it asks for, then which of
// the things that it was shown it refused.
func (c *Case) sshReason(d *sshDenial) (cause string, sure Confidence) {
	goodbye := d.Goodbye()
	narrowed, narrowedSure := c.sshNarrowed()
	switch {
	case d.change() != nil:
		return "auth-password-expired", Certain
	case d.outOfTries():
		return "auth-too-many", Certain
	case d.says(expiredPassword):
		return "auth-password-expired", Likely
	case d.says(deniedAccount):
		return "auth-user-denied", Likely
	case goodbye != nil && goodbye.Text != "" && !tooManyWords.MatchString(goodbye.Text):
		return "auth-disconnected", Certain
	case d.codeRefused():
		return "auth-otp-prompt", Likely
	case d.unanswered(codeWords) != nil:
		return "auth-otp-prompt", Certain
	case d.unanswered(anyWords) != nil, len(d.Partial()) > 0 && d.passwordRefused() == nil && !d.broke():
		return "auth-second-factor", Certain
	case c.wrongMode(d) != "":
		return "auth-mode-mismatch", Likely
	case d.sha1Only():
		return "auth-rsa-sha1", Likely
	case d.signedInVain() != nil:
		return "auth-key-accepted-sign-fails", Likely
	case d.passwordRefused() != nil && narrowed != "":
		return narrowed, narrowedSure
	case d.passwordRefused() != nil && c.ftpAccepted():
		return "auth-user-denied", Likely
	case d.endsBehindPassword():
		return "auth-user-denied", Likely
	case d.passwordRefused() != nil:
		return "auth-password-wrong", Likely
	case d.takesNothing():
		return "auth-user-denied", Likely
	case d.cutBehindKeys():
		return "auth-too-many", Likely
	case d.broke():
		return "", ""
	case c.passwordUnwanted(d):
		return "auth-password-not-accepted-method", Certain
	case len(d.keysRefused()) >= usualTries-1 && len(d.keysUnasked()) > 0:
		return "auth-too-many", Likely
	case c.freshKey(d) != nil:
		return "auth-key-not-active-yet", Likely
	case len(c.keysUnknown(d)) > 0 && !d.asksWithoutEnd():
		return "auth-key-unknown", Likely
	case len(d.keysRefused()) > 0 && !d.asksWithoutEnd():
		return "key-is-public", Certain
	default:
		return "", ""
	}
}

// finding adds what the refusals of sign-ins by SSH have in common.
func (c *Case) sshFinding(d *sshDenial, f Finding) Finding {
	if f.Confidence == "" {
		f.Confidence = d.sure
	}
	if f.Severity == "" {
		f.Severity = c.weighSSH(Problem)
	}
	f.Where = d.where()
	f.Evidence = append(f.Evidence, d.dialogue()...)
	f.Quotes = append(f.Quotes, d.words()...)
	for _, line := range d.words() {
		if text, ok := c.Profile.Text(line); ok {
			f.Says = cmp.Or(text.Means, f.Says)
			if text.Do != "" {
				f.Fix = slices.Insert(f.Fix, 0, Step{You, text.Do})
			}
			break
		}
	}
	return f
}

// sshDeniedBy makes the Match of a rule about one reason of a refusal: says fills in the title, the sentence and what to do.
func sshDeniedBy(cause string, says func(*Case, *sshDenial) Finding) func(*Case) []Finding {
	return func(c *Case) []Finding {
		d := c.sshDeniedFor(cause)
		if d == nil {
			return nil
		}
		return []Finding{c.sshFinding(d, says(c, d))}
	}
}

// weighSSH lowers the severity of a fault behind the host key where nobody asked for SFTP, no service promises it, and the user
// signed in by FTP: many accounts are for FTP alone.
func (c *Case) weighSSH(usual Severity) Severity {
	if c.SSH.Endpoint != nil && c.ftpAccepted() && c.Run.Target.Protocol != fact.SFTP && !c.Matters(c.SSH.Endpoint.Port) {
		return Note
	}
	return usual
}

// ftpAccepted says whether the user was let in by FTP.
func (c *Case) ftpAccepted() bool { return c.Attempt() != nil && c.Attempt().Accepted() }

// interrupted says whether the sign-in was stopped from this side.
func (s *SSHSession) interrupted() bool {
	return slices.ContainsFunc(s.Auths, func(o *fact.Observation) bool { return o.Failed(fact.Interrupted) })
}

// dialogue is the evidence of a sign-in.
func (s *SSHSession) dialogue() []int {
	return ids(append(slices.Clone(s.Auths), s.Login)...)
}

// words are what the server said in the dialogue besides its answers, but for what it says to everybody at the beginning.
func (s *SSHSession) words() []string {
	const most = 6
	var lines []string
	for _, o := range s.Auths {
		if o.Auth.Method == fact.AuthNone && o.Auth.Goodbye == nil {
			continue
		}
		lines = append(lines, o.Auth.Banner...)
		for _, round := range o.Auth.Rounds {
			lines = append(lines, round.Instruction...)
			for _, prompt := range round.Prompts {
				lines = append(lines, prompt.Text)
			}
		}
		if o.Auth.Goodbye != nil {
			lines = append(lines, o.Auth.Goodbye.Text)
		}
	}
	lines = slices.DeleteFunc(distinct(lines), func(line string) bool { return strings.TrimSpace(line) == "" })
	return lines[:min(len(lines), most)]
}

// says looks for words in what the server said.
func (s *SSHSession) says(words *regexp.Regexp) bool {
	return slices.ContainsFunc(s.words(), words.MatchString)
}

// change is the request that was answered with the demand for a new password; nil when none was.
func (s *SSHSession) change() *fact.Observation {
	return first(s.auths(func(a *fact.Auth) bool {
		return a.Answer == fact.AuthChange || a.Answer != fact.AuthAccepted && prompt(a, newPassword) != nil
	}))
}

// unanswered is a dialogue that ended because nothing was at hand for a question; nil when there was none.
func (s *SSHSession) unanswered(words *regexp.Regexp) *fact.Observation {
	return first(s.auths(func(a *fact.Auth) bool {
		p := prompt(a, words)
		return a.Answer == fact.AuthUnasked && p != nil && p.Answer == ""
	}))
}

// codeRefused says whether a code was given and not taken.
func (s *SSHSession) codeRefused() bool {
	return len(s.auths(func(a *fact.Auth) bool { return a.Answer == fact.AuthRefused && gave(a, fact.GaveCode) })) > 0
}

// prompt is the last question of a dialogue, if it has certain words; nil when it has others, or there was none.
func prompt(a *fact.Auth, words *regexp.Regexp) *fact.Prompt {
	for _, round := range slices.Backward(a.Rounds) {
		for i := range round.Prompts {
			if p := &round.Prompts[i]; p.Answer == "" && words.MatchString(p.Text) {
				return p
			}
		}
		if n := len(round.Prompts); n > 0 {
			if p := &round.Prompts[n-1]; words.MatchString(p.Text) {
				return p
			}
			return nil
		}
	}
	return nil
}

// gave says whether a dialogue was answered with a secret of a kind.
func gave(a *fact.Auth, secret fact.Secret) bool {
	return slices.ContainsFunc(a.Rounds, func(r fact.Round) bool {
		return slices.ContainsFunc(r.Prompts, func(p fact.Prompt) bool { return p.Answer == secret })
	})
}

// asksWithoutEnd says whether a dialogue was given up although every question of it had been answered.
func (s *SSHSession) asksWithoutEnd() bool {
	return len(s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthKeyboard && a.Answer == fact.AuthUnasked })) > 0 && s.unanswered(anyWords) == nil
}

// passwordRefused is the request in which a password was sent and not taken; nil when there was none.
func (s *SSHSession) passwordRefused() *fact.Observation {
	return first(s.auths(func(a *fact.Auth) bool {
		sent := a.Method == fact.AuthPassword || a.Method == fact.AuthKeyboard && gave(a, fact.GavePassword)
		// Who hangs up because of too many failures has counted this one too.
		counted := a.Answer == "" && a.Goodbye != nil && tooManyWords.MatchString(a.Goodbye.Text)
		return sent && (a.Answer == fact.AuthRefused || counted)
	}))
}

// keysRefused lists the keys that the server does not take, each once.
func (s *SSHSession) keysRefused() []string {
	var keys []string
	for _, o := range s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthPublicKey && a.Answer == fact.AuthRefused }) {
		if s.KeyAnswer(o.Auth.Key) == fact.AuthRefused {
			keys = append(keys, o.Auth.Key)
		}
	}
	return distinct(keys)
}

// keysUnknown lists the refused keys that the server does not know. A certificate without its private half is none of them: the server
// was asked about the certificate, and not about the key in it.
func (c *Case) keysUnknown(d *sshDenial) []string {
	return slices.DeleteFunc(d.keysRefused(), func(key string) bool {
		id := c.identity(key)
		return id != nil && id.Flaw == fact.KeyLacksPrivate
	})
}

// keysUnasked lists the keys that the server was not asked about.
func (s *SSHSession) keysUnasked() []string {
	var keys []string
	for _, o := range s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthPublicKey && a.Answer == fact.AuthUnasked }) {
		if s.KeyAnswer(o.Auth.Key) == fact.AuthUnasked {
			keys = append(keys, o.Auth.Key)
		}
	}
	return distinct(keys)
}

// keysOnly says whether the server takes keys and no password.
func (s *SSHSession) keysOnly() bool {
	return s.offers(fact.AuthPublicKey) && !s.offers(fact.AuthPassword) && !s.offers(fact.AuthKeyboard)
}

// last is the last request; nil when none was made.
func (s *SSHSession) last() *fact.Observation {
	if len(s.Auths) == 0 {
		return nil
	}
	return s.Auths[len(s.Auths)-1]
}

// broke says whether the last request got no answer.
func (s *SSHSession) broke() bool {
	last := s.last()
	return last != nil && last.Failure != nil && last.Auth.Answer == ""
}

// outOfTries says whether the server hung up because of the keys that it was shown. Where it did so on a password, that was wrong.
func (s *SSHSession) outOfTries() bool {
	hungUp := s.auths(func(a *fact.Auth) bool {
		return a.Method == fact.AuthPublicKey && a.Goodbye != nil && tooManyWords.MatchString(a.Goodbye.Text)
	})
	return len(hungUp) > 0 && s.passwordRefused() == nil
}

// cutBehindKeys says whether the connection ended without a word after several refused keys.
func (s *SSHSession) cutBehindKeys() bool {
	const several = 3
	last := s.last()
	return s.broke() && last.Auth.Method == fact.AuthPublicKey && last.Failed(fact.Closed, fact.Reset, fact.Disconnected) && len(s.keysRefused()) >= several
}

// endsBehindPassword says whether the server names no method with which to go on after the password, as it does after a wrong one.
// mod_sftp of ProFTPD 1.3.8 does so where the password is right, and the folder of the account cannot be set up.
func (s *SSHSession) endsBehindPassword() bool {
	o := s.passwordRefused()
	return o != nil && o.Auth.Answer == fact.AuthRefused && len(o.Auth.Methods) == 0
}

// refusedUnasked says whether the server offers a dialogue and refuses it without a question. OpenSSH 9.2p1 does so where it has no
// PAM to ask (KbdInteractiveAuthentication is on by itself).
func (s *SSHSession) refusedUnasked() bool {
	asked := s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthKeyboard })
	return len(asked) > 0 && !slices.ContainsFunc(asked, func(o *fact.Observation) bool {
		return o.Auth.Answer != fact.AuthRefused || slices.ContainsFunc(o.Auth.Rounds, func(r fact.Round) bool { return len(r.Prompts) > 0 })
	})
}

// warned is the sign-in that was accepted with certain words; nil when it was without. OpenSSH 9.2p1 passes on in that way what PAM
// says of the account.
func (s *SSHSession) warned(words *regexp.Regexp) *fact.Observation {
	if s == nil {
		return nil
	}
	return first(s.auths(func(a *fact.Auth) bool {
		return a.Method != fact.AuthNone && a.Answer == fact.AuthAccepted && slices.ContainsFunc(a.Banner, words.MatchString)
	}))
}

// takesNothing says whether the server names no method at all with which this user could sign in.
func (s *SSHSession) takesNothing() bool {
	last := s.last()
	return last != nil && last.Auth.Method == fact.AuthNone && last.Auth.Answer == fact.AuthRefused && len(last.Auth.Methods) == 0
}

func first(seen []*fact.Observation) *fact.Observation {
	if len(seen) == 0 {
		return nil
	}
	return seen[0]
}

// usualTries is how many failures OpenSSH allows a connection (sshd_config(5), MaxAuthTries). It hangs up at the last of them.
const usualTries = 6

// The words that a sign-in by SSH is read for.
var (
	openSSHServer = regexp.MustCompile(`^SSH-(1\.99|2\.0)-OpenSSH_`)
	anyWords      = regexp.MustCompile(`\S`)
	// Google Authenticator asks for a "Verification code", Duo for a "Passcode", Yubico for a "Yubikey", others for a token or an OTP.
	codeWords = regexp.MustCompile(`(?i)\b(codes?|passcode|otp|totp|tokens?|one[- ]time|2fa|mfa|factor|verification|authenticator|yubikey|duo|pin)\b`)
	// Linux-PAM asks for the "New password" and to "Retype new password".
	newPassword = regexp.MustCompile(`(?i)\b(new|retype|re-enter|repeat|confirm)\b.*\bpassword`)
	// Linux-PAM and OpenSSH (session.c, do_pwchange).
	expiredPassword = regexp.MustCompile(`(?i)password\b.*\b(expired|must be changed|change required|required to change)|required to change your password|\bchange your password|expired password`)
	// Linux-PAM (pam_unix, pam_nologin, pam_time, pam_tally) and OpenSSH.
	deniedAccount = regexp.MustCompile(`(?i)\baccount\b.*\b(expired|disabled|locked|suspended|not (available|active|allowed|permitted))|account locked|\buser\b.*\b(disabled|locked|denied|not (allowed|permitted))|not (allowed|permitted) to (log|sign)`)
	// OpenSSH 9.2p1 (auth.c) and Paramiko.
	tooManyWords = regexp.MustCompile(`(?i)too many (authentication |auth |login |log-in )?(failures|attempts|tries)`)
)
