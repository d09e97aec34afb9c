package cause

import (
	"fmt"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
)

var authTooMany = Rule{
	Code:     "auth-too-many",
	Title:    "The server hangs up before the right key is shown",
	Severity: Problem,
	Page: Page{
		Means: "An SSH app shows the server one key after the other, and the server counts each one that it does not know as a failed try. After a few it hangs up. " +
			"If the right key comes later in the row, or if a password was to follow, it never gets its turn.",
		Shown: "The server refused several keys and then ended the connection, most of the time with the words \"Too many authentication failures\". OpenSSH does it at the sixth (MaxAuthTries). " +
			"Or the key that it takes, or the password, stands so far behind in the row of ssh that ssh does not get to it.",
		Mend: "Offer only the right key: name its file in your app, and add `IdentitiesOnly yes` for this host to `~/.ssh/config`. Or take keys that you do not need out of the agent (`ssh-add -d`, `ssh-add -D` for all).",
	},
	ExplainedBy: misdirected,
	Match:       matchTooMany,
}

func matchTooMany(c *Case) []Finding {
	fix := []Step{
		{You, "let your app offer only the right key: choose its file, and add \"IdentitiesOnly yes\" for this host to ~/.ssh/config"},
		{You, "take the keys that you do not need out of the agent (ssh-add -d FILE)"},
	}
	if d := c.sshDeniedFor("auth-too-many"); d != nil {
		n, later := len(d.keysRefused()), len(d.keysUnasked())
		f := Finding{
			Title: fmt.Sprintf("%s refuses %d keys, and there are more than a connection can show", c.Run.Target.Host, n),
			Says:  "The server counts every key that it does not know as a failed try, and hangs up after a few.",
			Fix:   fix,
		}
		if at := d.hungUpAt(); at > 0 {
			f.Title = fmt.Sprintf("%s hangs up at the %s wrong key", c.Run.Target.Host, ordinal(at))
		}
		if later > 0 {
			f.Says += fmt.Sprintf(" %d more %s not shown.", later, plural(later, "key was", "keys were"))
		}
		return []Finding{c.sshFinding(d, f)}
	}
	return c.tooManyBefore(fix)
}

// hungUpAt is at how many wrong keys on one connection the server hung up; 0: it did not.
func (s *SSHSession) hungUpAt() int {
	shown := map[int]int{}
	for _, o := range s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthPublicKey && a.Answer != fact.AuthUnasked }) {
		shown[o.Conn]++
		if o.Auth.Answer == "" && o.Failure != nil {
			return shown[o.Conn]
		}
	}
	return 0
}

// tooManyBefore finds a key that the server takes, and that stands too far behind in the row in which the user's ssh shows them.
func (c *Case) tooManyBefore(fix []Step) []Finding {
	s := c.SSH
	if s == nil || !s.openSSH() {
		return nil
	}
	var before []string
	for _, o := range c.Identities {
		key := o.Identity.SHA256
		if key == "" || slices.Contains(before, key) {
			continue
		}
		switch s.KeyAnswer(key) {
		case fact.AuthRefused:
			before = append(before, key)
		case fact.AuthWouldDo, fact.AuthPartial, fact.AuthAccepted:
			if len(before) < usualTries {
				return nil
			}
			severity := Problem
			if s.Accepted() {
				severity = Warning
			}
			return []Finding{{
				Severity:   c.weighSSH(severity),
				Confidence: Likely,
				Title:      fmt.Sprintf("The right key is the %s that ssh shows, and %s hangs up after %d", ordinal(len(before)+1), c.Run.Target.Host, usualTries),
				Says:       fmt.Sprintf("The server takes %s. Before it come %d others that it refuses, and each counts as a failed try.", c.keyName(key), len(before)),
				Where:      s.where(),
				Evidence:   append(s.dialogue(), o.ID),
				Fix:        fix,
			}}
		}
	}
	return c.keysBeforePassword(fix)
}

// keysBeforePassword finds so many keys in vain that an app which shows them first never gets to the password, which is right.
func (c *Case) keysBeforePassword(fix []Step) []Finding {
	s := c.SSH
	var keys []string
	for _, o := range c.Identities {
		if o.Identity.Usable {
			keys = append(keys, o.Identity.SHA256)
		}
	}
	n := len(distinct(keys))
	if !s.Accepted() || len(s.passwordTaken()) == 0 || s.Key() != "" || len(s.keysRefused()) == 0 || n < usualTries {
		return nil
	}
	return []Finding{{
		Severity:   Note,
		Confidence: Likely,
		Title:      fmt.Sprintf("Apps that show your %d keys first never get to the password: %s hangs up after %d tries", n, c.Run.Target.Host, usualTries),
		Says:       "This program kept a try for the password, which is right. The server takes none of the keys that it was shown, and counts each as a failed try.",
		Where:      s.where(),
		Evidence:   s.dialogue(),
		Fix:        append([]Step{{You, "switch off SSH keys and the agent in your app, and let it sign in with the password"}}, fix[1:]...),
	}}
}

// openSSH says whether the server calls itself OpenSSH.
func (s *SSHSession) openSSH() bool {
	return s.Endpoint != nil && s.Endpoint.Talk.Ident != nil && openSSHServer.MatchString(s.Endpoint.Talk.Ident.Ident.Line)
}

// ordinal writes a place in a row: "7th".
func ordinal(n int) string {
	ending := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		ending = "st"
	case n%10 == 2:
		ending = "nd"
	case n%10 == 3:
		ending = "rd"
	}
	return fmt.Sprint(n) + ending
}

// identity is what is known about a key; nil when nothing is.
func (c *Case) identity(sha256 string) *fact.Identity {
	for _, o := range c.Identities {
		if o.Identity.SHA256 == sha256 {
			return o.Identity
		}
	}
	return nil
}

// keyName names a key in a sentence: "the key /home/jane/.ssh/id_rsa (SHA256:...)".
func (c *Case) keyName(sha256 string) string {
	id := c.identity(sha256)
	switch {
	case id == nil || id.Path == "" && id.Comment == "":
		return "the key " + sha256
	case id.Path == "":
		return fmt.Sprintf("the key %q of the agent (%s)", id.Comment, sha256)
	default:
		return fmt.Sprintf("the key %q (%s)", id.Path, sha256)
	}
}

// keyNames names keys in a sentence, the first few.
func (c *Case) keyNames(keys []string) string {
	const most = 3
	var words []string
	for _, key := range keys[:min(len(keys), most)] {
		words = append(words, c.keyName(key))
	}
	if more := len(keys) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return and(words)
}

// gaveKey says whether the user named a key, on the command line or in ssh_config. Others only happen to be there.
func (c *Case) gaveKey() bool {
	return slices.ContainsFunc(c.Identities, func(o *fact.Observation) bool {
		return o.Identity.Source == fact.KeyGiven || o.Identity.Source == fact.KeyConfig
	})
}

// faultsOfKeys are what can keep a key from being used at all. A refusal of what else was there follows from it.
var faultsOfKeys = []string{
	"key-unreadable", "key-is-public", "key-encrypted", "key-corrupt", "key-certificate", "key-type-unsupported", "key-agent-failed",
}

var authKeyUnknown = Rule{
	Code:     "auth-key-unknown",
	Title:    "The server does not know the key",
	Severity: Problem,
	Page: Page{
		Means: "A key signs in only where its public half is registered with the account. This server knows none of the keys that you have for this user name. " +
			"Either the key was not uploaded, or another one was, or the user name is not the one that it was uploaded for.",
		Shown: "The server was asked about each key, and answered that it would not take it. Nothing was signed. OpenSSH 9.2p1 gives the same answer for a registered key where the account may not sign in, or where others may write to the folder that holds authorized_keys.",
		Mend: "Compare the fingerprint above with those that the service shows for your account. Upload the public half (the file that ends in .pub) of a key that you have, as one line, or choose the key whose fingerprint is there. " +
			"Check the user name as well: the key belongs to one account. On a server of your own, let nobody else write to the home folder, to `.ssh` and to `authorized_keys` (sshd_config: StrictModes).",
	},
	ExplainedBy: slices.Concat([]string{"local-user-format", "key-certificate", "key-type-unsupported"}, misdirected),
	Match: sshDeniedBy("auth-key-unknown", func(c *Case, d *sshDenial) Finding {
		keys := c.keysUnknown(d)
		f := Finding{
			Title: fmt.Sprintf("%s does not know %s of %s", c.Run.Target.Host, plural(len(keys), "the key", "the keys"), c.user()),
			Says:  fmt.Sprintf("It was asked about %s, and would not take %s.", c.keyNames(keys), plural(len(keys), "it", "them")),
			Fix: []Step{
				{You, "upload the public half of your key to the account, or choose the key whose fingerprint the service shows there"},
				{SiteAdmin, fmt.Sprintf("compare the fingerprint with the keys that are registered for %s, and see that nobody else may write to the folder that holds them", c.user())},
			},
			Candidates: []Candidate{
				{"auth-key-unknown", "the list of keys of the account does not hold this fingerprint", You},
				{"auth-user-denied", "the fingerprint is in that list; the server's log then names another reason", SiteAdmin},
			},
		}
		switch {
		case d.keysOnly():
			f.Says += " The server takes nothing but keys."
		case !c.gaveKey():
			f.Severity = Note // the keys only happened to be there, and a password was not tried
			f.Says += " It takes passwords too, and none was given."
			f.Fix = append(f.Fix, Step{You, "or sign in with the password"})
		}
		if delay := c.Profile.KeyDelaySeconds; delay > 0 {
			f.Fix = slices.Insert(f.Fix, 1, Step{You, fmt.Sprintf("if the key was added just now, wait %s and try once more", minutes(delay))})
			f.Candidates = slices.Insert(f.Candidates, 1, Candidate{"auth-key-not-active-yet", fmt.Sprintf("the key was added less than %s ago", minutes(delay)), You})
		}
		return f
	}),
}

// minutes writes a time of a profile for people.
func minutes(seconds int) string {
	if seconds < 120 {
		return fmt.Sprintf("%d seconds", seconds)
	}
	return fmt.Sprintf("%d minutes", (seconds+59)/60)
}

var authKeyNotActive = Rule{
	Code:     "auth-key-not-active-yet",
	Title:    "The key is new, and may not be active yet",
	Severity: Problem,
	Page: Page{
		Means: "The service takes some minutes until a key that was added to an account works, and yours was made so short a time ago that it cannot have been added for longer.",
		Shown: "The server would not take the key, the service says how long a new key needs, and the key file was written within that time.",
		Mend:  "Wait, and try once. Do not try again and again meanwhile: failed sign-ins count, and services shut out addresses that have many. If the key is still refused after that, compare its fingerprint with the list in your account.",
	},
	Match: sshDeniedBy("auth-key-not-active-yet", func(c *Case, d *sshDenial) Finding {
		key := c.freshKey(d)
		return Finding{
			Title:    fmt.Sprintf("The key for %s was made just now, and is not active yet", c.Run.Target.Host),
			Says:     fmt.Sprintf("The server refuses %s. A new key needs up to %s with %s.", c.keyName(key.Identity.SHA256), minutes(c.Profile.KeyDelaySeconds), c.Profile.Title),
			Evidence: ids(key),
			Fix: []Step{
				{You, fmt.Sprintf("wait %s, then try once", minutes(c.Profile.KeyDelaySeconds))},
				{You, "look whether the fingerprint is in the list of keys of your account"},
			},
			Candidates: []Candidate{
				{"auth-key-not-active-yet", "the same key is taken after that time", You},
				{"auth-key-unknown", "the list of keys of the account does not hold this fingerprint", You},
			},
		}
	}),
}

// freshKey is a refused key whose file was written so short a time ago that the service may not know it yet; nil when there is none.
func (c *Case) freshKey(d *sshDenial) *fact.Observation {
	delay := time.Duration(c.Profile.KeyDelaySeconds) * time.Second
	refused := d.keysRefused()
	for _, o := range c.Identities {
		age := c.Run.Started.Sub(o.Identity.Modified)
		if !o.Identity.Modified.IsZero() && slices.Contains(refused, o.Identity.SHA256) && age >= -clockTolerance && age < delay {
			return o
		}
	}
	return nil
}

var authSignFails = Rule{
	Code:     "auth-key-accepted-sign-fails",
	Title:    "The server knows the key and refuses its signature",
	Severity: Problem,
	Page: Page{
		Means: "The server said that it would take the key, and then turned the sign-in with it down. The key is registered, so the fault lies behind it: the account may not sign in at the moment, " +
			"the key is tied to other addresses, the program that signs for the key failed, or the server does not like the kind of the signature.",
		Shown: "The question about the key was answered with yes, and the signed request with no.",
		Mend:  "Send the time and the fingerprint to whoever runs the server: its log has the reason. Look there for an expired or locked account, and for from= in front of the key in authorized_keys.",
	},
	ExplainedBy: misdirected,
	Match: sshDeniedBy("auth-key-accepted-sign-fails", func(c *Case, d *sshDenial) Finding {
		key := d.signedInVain().Auth.Key
		return Finding{
			Title: fmt.Sprintf("%s knows the key and turns %s down all the same", c.Run.Target.Host, c.user()),
			Says:  fmt.Sprintf("It would take %s, and refused the sign-in with it.", c.keyName(key)),
			Fix: []Step{
				{SiteAdmin, c.lookUp()},
				{You, "try with a key of the type ed25519, if the key is of another type"},
			},
			Candidates: []Candidate{
				{"auth-user-denied", "the log says that the account is locked, expired, or not allowed from this address", SiteAdmin},
				{"auth-rsa-sha1", "the log names the algorithm of the signature", SiteAdmin},
				{"auth-key-accepted-sign-fails", "the log says that the signature is wrong", SiteAdmin},
			},
		}
	}),
}

// signedInVain is a signed request that was turned down although the server would take the key; nil when there was none.
func (s *SSHSession) signedInVain() *fact.Observation {
	return first(s.auths(func(a *fact.Auth) bool {
		return a.Method == fact.AuthPublicKey && !a.Query && (a.Answer == fact.AuthRefused || a.Answer == "") && s.KeyAnswer(a.Key) == fact.AuthWouldDo
	}))
}

var authRSASHA1 = Rule{
	Code:     "auth-rsa-sha1",
	Title:    "The server takes RSA keys only with signatures of the old kind",
	Severity: Problem,
	Page: Page{
		Means: "A signature with an RSA key can be made with SHA-1, the old way, or with SHA-2. This server takes only the old one. Apps of today do not make it any more: OpenSSH since 8.8 refuses, " +
			"and says \"no mutual signature supported\".",
		Shown: "The server refused the RSA key with SHA-2 (rsa-sha2-512, rsa-sha2-256) and took it with SHA-1 (ssh-rsa). Or it named no kind of signature that this program can make.",
		Mend: "Use a key of the type ed25519 (`ssh-keygen -t ed25519`), or ecdsa if the server is too old for that. For OpenSSH, `PubkeyAcceptedAlgorithms +ssh-rsa` in `~/.ssh/config` for this host helps until the server is renewed. " +
			"Whoever runs the server should update it.",
	},
	Match: matchRSASHA1,
}

func matchRSASHA1(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("%s takes RSA keys only with SHA-1, which apps of today refuse", c.Run.Target.Host),
		Says:  "It refuses the signatures with SHA-2 that RFC 8332 brought in.",
		Fix: []Step{
			{You, "use a key of the type ed25519 or ecdsa in place of RSA"},
			{You, "or permit the old way for this host: PubkeyAcceptedAlgorithms +ssh-rsa in ~/.ssh/config"},
			{c.support(), "update the SSH server"},
		},
	}
	if d := c.sshDeniedFor("auth-rsa-sha1"); d != nil {
		return []Finding{c.sshFinding(d, f)}
	}
	old := c.SSH.oldSignature()
	if !c.SSH.Accepted() || old == nil {
		return nil
	}
	f.Severity, f.Where, f.Evidence = c.weighSSH(Warning), c.SSH.where(), c.SSH.dialogue()
	f.Says = fmt.Sprintf("It took %s with ssh-rsa, and with no newer kind of signature.", c.keyName(old.Auth.Key))
	return []Finding{f}
}

// oldSignature is the request in which an RSA key was taken with SHA-1 and with nothing else; nil when there was none.
func (s *SSHSession) oldSignature() *fact.Observation {
	taken := func(a *fact.Auth) bool {
		return a.Answer == fact.AuthWouldDo || a.Answer == fact.AuthAccepted || a.Answer == fact.AuthPartial
	}
	return first(s.auths(func(a *fact.Auth) bool {
		newer := s.auths(func(b *fact.Auth) bool { return b.Key == a.Key && taken(b) && !sha1(b.Algorithm) })
		return sha1(a.Algorithm) && taken(a) && len(newer) == 0
	}))
}

// sha1 says whether an algorithm signs with RSA and SHA-1.
func sha1(algorithm string) bool {
	return algorithm == "ssh-rsa" || algorithm == "ssh-rsa-cert-v01@openssh.com"
}

// sha1Only says whether an RSA key was turned down for the kind of its signature.
func (s *SSHSession) sha1Only() bool {
	unlike := s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthPublicKey && a.Answer == "" })
	return slices.ContainsFunc(unlike, func(o *fact.Observation) bool { return o.Failed(fact.NoCommonAlgorithm) }) ||
		s.oldSignature() != nil && s.signedInVain() != nil
}
