package cause

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// keyRules are about the user's SSH keys, as they lie on this computer. Whether the server knows a key is asked in auth.go.
var keyRules = []Rule{
	keyUnreadable,
	keyIsPublic,
	keyIsPPK,
	keyEncrypted,
	keyCorrupt,
	keyPermissions,
	keyCertificate,
	keyTypeUnsupported,
	keyAgentFailed,
}

// wanted says how much a fault of a key matters to this user. A key that was named with -i was to be used. Another one only
// matters where nobody was let in, and the server takes keys. ok is false where the fault is of no consequence.
func (c *Case) wanted(o *fact.Observation) (severity Severity, ok bool) {
	answer := c.SSH.KeyAnswer(o.Identity.SHA256)
	given := o.Identity.Source == fact.KeyGiven
	switch {
	case o.Failed(fact.Interrupted), o.Identity.Source == fact.KeyAgent, o.Identity.SHA256 != "" && c.inAgent(o.Identity.SHA256),
		answer == fact.AuthAccepted, answer == fact.AuthPartial:
		return "", false
	case given && c.SSH.Accepted():
		return Warning, true
	case given:
		return Problem, true
	case c.letIn() || !c.keysTaken():
		return "", false
	case answer == fact.AuthWouldDo:
		return Problem, true
	default:
		return Warning, true
	}
}

// letIn says whether the user was let in, by whatever protocol.
func (c *Case) letIn() bool {
	return c.SSH.Accepted() || c.Attempt() != nil && c.Attempt().Accepted()
}

// keysTaken says whether a sign-in by SSH got as far as the question of keys, and the server takes any.
func (c *Case) keysTaken() bool {
	if c.SSH == nil || c.SSH.Login == nil || c.SSH.Login.Failed(fact.Interrupted) {
		return false
	}
	asked := c.SSH.Denied() || slices.Contains([]fact.Withheld{fact.NoKey, fact.NoPassword, fact.NoMethod, fact.NoCode, fact.HostUnknown}, c.SSH.Withheld())
	return asked && (len(c.SSH.Offered()) == 0 || c.SSH.offers(fact.AuthPublicKey))
}

// inAgent says whether an agent holds a key, so that it does not matter what is wrong with its file.
func (c *Case) inAgent(sha256 string) bool {
	return slices.ContainsFunc(c.Identities, func(o *fact.Observation) bool {
		return o.Identity.Source == fact.KeyAgent && o.Identity.SHA256 == sha256
	})
}

// shown lists what the server answered about a key.
func (c *Case) shown(o *fact.Observation) []*fact.Observation {
	sha256 := o.Identity.SHA256
	return c.SSH.auths(func(a *fact.Auth) bool { return sha256 != "" && a.Key == sha256 })
}

// keyFinding is what findings about a key have in common.
func (c *Case) keyFinding(o *fact.Observation, f Finding) Finding {
	f.Evidence = append(ids(o), ids(c.shown(o)...)...)
	return f
}

// called names a key in a sentence: its file, else its fingerprint.
func called(k *fact.Identity) string {
	switch {
	case k.Path != "":
		return k.Path
	case k.SHA256 == "":
		return "without a name"
	case k.Comment != "":
		return fmt.Sprintf("%s (%s)", k.SHA256, k.Comment)
	default:
		return k.SHA256
	}
}

// flawed finds the key files with one of some flaws whose fault matters.
func (c *Case) flawed(says func(o *fact.Observation, severity Severity) (Finding, bool)) []Finding {
	var found []Finding
	for _, o := range c.Identities {
		severity, ok := c.wanted(o)
		if !ok {
			continue
		}
		f, fits := says(o, severity)
		if !fits {
			continue
		}
		f.Severity = severity
		found = append(found, c.keyFinding(o, f))
	}
	return found
}

var keyUnreadable = Rule{
	Code:     "key-unreadable",
	Title:    "The key file cannot be read",
	Severity: Problem,
	Page: Page{
		Means: "The path that was given for the private key leads to something that cannot be opened and read as a file: it is a folder, it is far too large for a key, or the rights of the file keep this user out.",
		Shown: "The operating system refused to open the file, or it is a folder or larger than any key. Its content plays no part.",
		Mend:  "Choose the private key itself, mostly a small file in ~/.ssh. If it belongs to another user, copy it to your own home folder and run chmod 600 on the copy.",
	},
	Match: func(c *Case) []Finding {
		return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
			k := o.Identity
			choose := Step{You, "choose the file of the private key, mostly in ~/.ssh"}
			switch {
			case k.Flaw == fact.KeyIsFolder:
				return Finding{Title: fmt.Sprintf("%s is a folder, not a key", called(k)), Says: "A key is a file.", Fix: []Step{choose}}, true
			case k.Flaw == fact.KeyIsHuge:
				return Finding{Title: fmt.Sprintf("%s is too large for a key", called(k)), Says: fmt.Sprintf("It has %d bytes, and a key has a few thousand.", k.Size), Fix: []Step{choose}}, true
			case o.Failed(fact.NoPermission, fact.Denied):
				return Finding{
					Title: fmt.Sprintf("This user may not read the key %s", called(k)),
					Says:  "The operating system refuses to open the file.",
					Fix:   []Step{{You, "run this as the user to whom the key belongs, or let that user give you a key of your own"}},
				}, true
			case o.Failed(fact.NotFound) && k.Source == fact.KeyGiven:
				return Finding{Title: fmt.Sprintf("There is no file %s", called(k)), Says: "The key that was named cannot be found.", Fix: []Step{choose}}, true
			case o.Failed() && !o.Failed(fact.NotFound):
				return Finding{Title: fmt.Sprintf("The key %s cannot be read", called(k)), Says: "The operating system could not read the file.", Fix: []Step{choose}}, true
			default:
				return Finding{}, false
			}
		})
	},
}

var keyIsPublic = Rule{
	Code:     "key-is-public",
	Title:    "The public half of a key was chosen in place of the private one",
	Severity: Problem,
	Page: Page{
		Means: "A key has two halves in two files. The public one, mostly with .pub at the end of its name, is given to the service; the private one stays on your computer and signs you in. Your app was given the public half, with which nobody can sign in.",
		Shown: "The file holds a public key or an OpenSSH certificate, and no private key lies beside it or in an SSH agent.",
		Mend:  "Choose the file of the same name without .pub. If you do not have it, make a new key and give its public half to the service: a private half cannot be had back from the public one.",
	},
	Match: func(c *Case) []Finding {
		return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
			k := o.Identity
			if k.Flaw != fact.KeyIsPublic && k.Flaw != fact.KeyLacksPrivate {
				return Finding{}, false
			}
			f := Finding{
				Title: fmt.Sprintf("%s is the public half of a key", called(k)),
				Says:  "Only the private half can sign in.",
				Fix:   []Step{{You, "choose the file of the private key, mostly the one of the same name without .pub at its end"}},
			}
			if private := privateName(k.Path); private != k.Path {
				f.Fix[0].Do = fmt.Sprintf("choose %s, the private half, if it is there", private)
			}
			if k.Flaw == fact.KeyLacksPrivate {
				f.Title = fmt.Sprintf("%s is a certificate without its private key", called(k))
				f.Says = "A certificate only says whose key it is; the private key signs in."
			}
			return f, true
		})
	},
}

// privateName is the usual name of the private half beside a public one or a certificate.
func privateName(path string) string {
	for _, end := range []string{"-cert.pub", ".pub"} {
		if private, ok := strings.CutSuffix(path, end); ok {
			return private
		}
	}
	return path
}

var keyIsPPK = Rule{
	Code:     "key-is-ppk",
	Title:    "The private key is in the format of PuTTY",
	Severity: Warning,
	Page: Page{
		Means: "PuTTY keeps private keys in files of its own format, mostly with .ppk at the end of their name. PuTTY, WinSCP, FileZilla and this program read them. OpenSSH and what is built on it, such as sftp, scp, rsync, git and many editors, cannot, " +
			"and speak of an invalid format or an error in libcrypto.",
		Shown: "The file begins with the words PuTTY-User-Key-File. It is a note where this program signed in with it because you named it, and more where OpenSSH would take it by itself and fail.",
		Mend:  "For OpenSSH, open the key in PuTTYgen, choose Conversions and Export OpenSSH key, and use the new file. On Linux and macOS, puttygen KEY.ppk -O private-openssh -o KEY does the same. The public half at the service stays as it is.",
	},
	Match: matchKeyIsPPK,
}

func matchKeyIsPPK(c *Case) []Finding {
	var found []Finding
	for _, o := range c.Identities {
		k := o.Identity
		if k.Format != fact.FormatPuTTY || k.Source == fact.KeyAgent || o.Failed() || c.SSH.KeyAnswer(k.SHA256) == fact.AuthRefused {
			continue
		}
		severity := c.weighPPK(o)
		if severity == "" {
			continue
		}
		found = append(found, c.keyFinding(o, Finding{
			Severity: severity,
			Title:    fmt.Sprintf("The key %s is in the format of PuTTY, which OpenSSH does not read", called(k)),
			Says:     "PuTTY, WinSCP, FileZilla and this program read it; ssh, sftp, scp, rsync, git and many editors do not.",
			Fix:      []Step{{You, "for OpenSSH and apps that use it, open the key in PuTTYgen and choose Conversions, Export OpenSSH key"}},
		}))
	}
	return found
}

// weighPPK is how much it matters that a key is in the format of PuTTY. Empty: not at all.
func (c *Case) weighPPK(o *fact.Observation) Severity {
	answer := c.SSH.KeyAnswer(o.Identity.SHA256)
	works := answer == fact.AuthAccepted || answer == fact.AuthPartial
	given := o.Identity.Source == fact.KeyGiven
	switch {
	case works && given:
		return Note
	case works: // OpenSSH takes this file by itself, and fails
		return Warning
	case given && !o.Identity.Usable: // what keeps it from being used has a finding of its own
		return ""
	case given:
		return Note
	}
	severity, ok := c.wanted(o)
	if !ok {
		return ""
	}
	return severity
}

var keyEncrypted = Rule{
	Code:     "key-encrypted",
	Title:    "The private key is locked with a passphrase",
	Severity: Problem,
	Page: Page{
		Means: "The file of the private key is encrypted, and can only be used with its passphrase. The passphrase was chosen when the key was made. It has nothing to do with the password of your account, and the service does not know it.",
		Shown: "The file says that it is encrypted, and the passphrase was not given, or is not the right one. Where the file tells the public half, the server was asked whether it would take the key.",
		Mend: "Enter the passphrase in your app when it asks for it, or load the key into an SSH agent once with ssh-add. This program asks for it on a terminal, and takes it from the variable FTPDOCTOR_KEY_PASSPHRASE. " +
			"A passphrase that is lost cannot be recovered: make a new key then, and give its public half to the service.",
	},
	Match: matchKeyEncrypted,
}

func matchKeyEncrypted(c *Case) []Finding {
	if !c.keysTaken() && !c.SSH.Accepted() {
		return nil // nobody came to the point at which the passphrase is wanted
	}
	return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
		k := o.Identity
		if c.SSH.KeyAnswer(k.SHA256) == fact.AuthRefused {
			return Finding{}, false // the server does not want it anyway
		}
		f := Finding{Confidence: Likely, Says: "The server was not asked whether it knows this key."}
		switch k.Flaw {
		case fact.KeyIsEncrypted:
			f.Title = fmt.Sprintf("The key %s is locked, and its passphrase was not given", called(k))
			f.Fix = []Step{
				{You, "enter the passphrase of the key when it is asked for; it is not the password of your account"},
				{You, "or load the key into your SSH agent with ssh-add, which asks once"},
			}
		case fact.KeyWrongPassphrase:
			f.Title = fmt.Sprintf("The passphrase is not that of the key %s", called(k))
			f.Fix = []Step{
				{You, "enter the passphrase that was chosen when this key was made; it is not the password of your account"},
				{You, "if it is lost, make a new key with ssh-keygen and give its public half to the service"},
			}
		case fact.KeyCipherUnknown:
			f.Title = fmt.Sprintf("The key %s is locked in a way that this program cannot undo", called(k))
			f.Fix = []Step{
				{You, "load the key into your SSH agent with ssh-add, and run this again"},
				{You, "or convert a copy of it with ssh-keygen -p -f and the name of the copy"},
			}
		default:
			return Finding{}, false
		}
		if c.SSH.KeyAnswer(k.SHA256) == fact.AuthWouldDo {
			f.Confidence = Certain
			f.Says = "The server knows this key and would take it."
		}
		return f, true
	})
}

var keyCorrupt = Rule{
	Code:     "key-corrupt",
	Title:    "The key file is damaged, or holds no private key",
	Severity: Problem,
	Page: Page{
		Means: "There is no private key in the file that could be read. Keys are easily damaged by copying: the line BEGIN or END is missing, lines were joined or broken anew, blanks or line ends of Windows came in. Or the file holds something else, such as a certificate for TLS.",
		Shown: "The file was read and is no key: it is empty, or its text does not follow the format that its first line names, or no format of a key at all.",
		Mend:  "Copy or export the private key again, whole, from its line BEGIN to its line END. Use a file transfer for it and not the clipboard. OpenSSH speaks of invalid format or an error in libcrypto in the same case.",
	},
	Match: func(c *Case) []Finding {
		return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
			k := o.Identity
			f := Finding{Fix: []Step{{You, "copy or export the private key again, from its line BEGIN to its line END"}}}
			switch {
			case k.Flaw == fact.KeyIsEmpty:
				f.Title, f.Says = fmt.Sprintf("The key file %s is empty", called(k)), "It has no content at all."
			case k.Format == fact.FormatTLS:
				f.Title, f.Says = fmt.Sprintf("%s is a certificate for TLS, not a key for SSH", called(k)), "SSH signs in with a key pair of its own."
				f.Fix = []Step{{You, "choose an SSH key, or make one with ssh-keygen and give its public half to the service"}}
			case k.Format == fact.FormatSSHCom && k.Flaw != "":
				f.Title, f.Says = fmt.Sprintf("The key %s is in the format of ssh.com", called(k)), "Neither this program nor OpenSSH signs in with it."
				f.Fix = []Step{{You, "convert it with ssh-keygen -i -f and its name, or open it in PuTTYgen and export it as an OpenSSH key"}}
			case k.Flaw == fact.KeyIsNone:
				f.Title, f.Says = fmt.Sprintf("%s holds no key", called(k)), "Its text is of no format of private keys."
			case k.Flaw == fact.KeyIsDamaged:
				f.Title, f.Says = fmt.Sprintf("The key %s is damaged", called(k)), "It begins like a private key, and what follows cannot be read."
				if k.CRLF {
					f.Says += " Its lines end as on Windows."
				}
			default:
				return Finding{}, false
			}
			return f, true
		})
	},
}

var keyPermissions = Rule{
	Code:     "key-permissions",
	Title:    "Others may read the private key",
	Severity: Warning,
	Page: Page{
		Means: "The rights of the key file let other users of this computer read it. OpenSSH does not use such a key, warns of an UNPROTECTED PRIVATE KEY FILE, and goes on as if there were none. Other apps, and this program, do not mind.",
		Shown: "The rights of the file name the group or others. It is only told where the server takes the key, or where you named it with -i.",
		Mend:  "Run chmod 600 on the file. On a drive that knows no rights, such as a USB stick or a Windows folder under WSL, copy the key to your home folder first.",
	},
	Match: matchKeyPermissions,
}

func matchKeyPermissions(c *Case) []Finding {
	var found []Finding
	for _, o := range c.Identities {
		k := o.Identity
		answer := c.SSH.KeyAnswer(k.SHA256)
		taken := slices.Contains([]fact.AuthAnswer{fact.AuthAccepted, fact.AuthPartial, fact.AuthWouldDo}, answer)
		unasked := k.Source == fact.KeyGiven && (answer == "" || answer == fact.AuthUnasked)
		if !k.Open || k.Flaw == fact.KeyIsPublic || o.Failed() || k.Source == fact.KeyAgent || c.inAgent(k.SHA256) || !taken && !unasked {
			continue
		}
		f := Finding{
			Title: fmt.Sprintf("Others may read the private key %s, so OpenSSH does not use it", called(k)),
			Says:  fmt.Sprintf("Its rights are %s. This program showed the key all the same; ssh, sftp and what is built on them leave it out.", k.Mode),
			Fix:   []Step{{You, fmt.Sprintf("run chmod 600 %s", called(k))}},
		}
		if !taken {
			f.Says = fmt.Sprintf("Its rights are %s, and ssh, sftp and what is built on them leave it out.", k.Mode)
		}
		if k.Format == fact.FormatPuTTY { // of which OpenSSH reads nothing, whatever its rights are
			f.Severity = Note
			f.Title = fmt.Sprintf("Others may read the private key %s", called(k))
			f.Says = fmt.Sprintf("Its rights are %s. Apps that read keys in the format of PuTTY do not mind.", k.Mode)
		}
		found = append(found, c.keyFinding(o, f))
	}
	return found
}

var keyCertificate = Rule{
	Code:     "key-certificate",
	Title:    "The certificate of the key is not good for this sign-in",
	Severity: Problem,
	Page: Page{
		Means: "Some companies do not register keys with the server. They sign them: an OpenSSH certificate beside the key says for which user names it is good, and how long, often only for hours. The one that lies beside your key is not good for this sign-in.",
		Shown: "The certificate was read on this computer: its time is over or has not begun, it is made for hosts, it belongs to another key, or it does not name the user. The clock of this computer was used for the time. A certificate that the server accepts gives no finding.",
		Mend:  "Ask for a new certificate in the way of your company, mostly with a command, and put it beside the key under the name that ends in -cert.pub. Check the clock of this computer first.",
	},
	ExplainedBy: []string{"local-clock"},
	Match: func(c *Case) []Finding {
		return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
			k := o.Identity
			if k.Certificate == nil || k.Flaw == fact.KeyLacksPrivate {
				return Finding{}, false
			}
			says, sure := c.notGood(k.Certificate)
			if says == "" || sure == Likely && c.SSH.KeyAnswer(k.SHA256) != fact.AuthRefused {
				return Finding{}, false
			}
			return Finding{
				Confidence: sure,
				Title:      fmt.Sprintf("The certificate of the key %s is not good for this sign-in", called(k)),
				Says:       says,
				Fix: []Step{
					{You, "get a new certificate for this key in the way of your company"},
					{SiteAdmin, fmt.Sprintf("sign the key %s for %s", k.SHA256, c.user())},
				},
			}, true
		})
	},
}

// notGood tells what keeps a certificate from signing the user in, and how sure that is. Empty: nothing that can be seen here.
func (c *Case) notGood(cert *fact.KeyCertificate) (string, Confidence) {
	const day = "2006-01-02 15:04 UTC"
	now, user := c.Run.Started, c.Run.Target.User
	switch {
	case cert.OtherKey:
		return "It belongs to another key than the one beside it.", Certain
	case cert.ForHosts:
		return "It is made for servers, not for users.", Certain
	case !cert.Before.IsZero() && now.After(cert.Before):
		return fmt.Sprintf("Its time was over on %s.", cert.Before.UTC().Format(day)), Certain
	case now.Before(cert.After):
		return fmt.Sprintf("Its time begins on %s.", cert.After.UTC().Format(day)), Certain
	case user != "" && len(cert.Principals) > 0 && !slices.Contains(cert.Principals, user):
		return fmt.Sprintf("It is made out to %s, not to %s. A server can be set up to take it all the same.", and(shortened(cert.Principals)), user), Likely
	default:
		return "", ""
	}
}

var keyTypeUnsupported = Rule{
	Code:     "key-type-unsupported",
	Title:    "The service does not take keys of this type",
	Severity: Problem,
	Page: Page{
		Means: "There are several types of SSH keys, and a service can limit itself to some. Keys of the type DSA are refused by every server that was updated since 2015.",
		Shown: "The type of the key, compared with the types that the service documents, or DSA, and the server did not accept the key.",
		Mend:  "Make a new key of the type ed25519 with ssh-keygen -t ed25519, and give its public half to the service.",
	},
	Match: matchKeyTypeUnsupported,
}

func matchKeyTypeUnsupported(c *Case) []Finding {
	return c.flawed(func(o *fact.Observation, _ Severity) (Finding, bool) {
		k := o.Identity
		kind := plainType(k.Type)
		f := Finding{Fix: []Step{{You, "make a new key with ssh-keygen -t ed25519, and give its public half to the service"}}}
		takes := c.Profile.KeyTypes
		switch {
		case k.Source != fact.KeyGiven && c.otherKeys(k.SHA256):
			return Finding{}, false
		case kind != "" && len(takes) > 0 && !slices.Contains(takes, kind):
			f.Title = fmt.Sprintf("%s takes no keys of the type %s", c.Profile.Title, kind)
			f.Says = fmt.Sprintf("The key %s is of that type, and the service takes %s.", called(k), and(takes))
		case kind == "ssh-dss" && c.keysTaken():
			f.Confidence = Likely
			f.Title = fmt.Sprintf("The key %s is of the type DSA, which servers no longer take", called(k))
			f.Says = "OpenSSH has refused such keys since version 7.0."
		case k.Flaw == fact.KeyTypeUnknown:
			f.Confidence = Likely
			f.Title = fmt.Sprintf("The key %s is of a type that this program cannot use", called(k))
			f.Says = "Whether the server takes it could not be found out."
			f.Fix = append([]Step{{You, "load the key into your SSH agent with ssh-add, and run this again"}}, f.Fix...)
		default:
			return Finding{}, false
		}
		return f, true
	})
}

// otherKeys says whether there are further keys that can sign, of a type that the service takes.
func (c *Case) otherKeys(than string) bool {
	return slices.ContainsFunc(c.Identities, func(o *fact.Observation) bool {
		k := o.Identity
		return k.Usable && k.SHA256 != than && (len(c.Profile.KeyTypes) == 0 || slices.Contains(c.Profile.KeyTypes, plainType(k.Type)))
	})
}

// plainType is the type of the key in a certificate (PROTOCOL.certkeys of OpenSSH); other types stay.
func plainType(kind string) string {
	plain, certified := strings.CutSuffix(kind, "-cert-v01@openssh.com")
	if certified && strings.HasPrefix(plain, "sk-") {
		plain += "@openssh.com"
	}
	return plain
}

var keyAgentFailed = Rule{
	Code:     "key-agent-failed",
	Title:    "The SSH agent does not help",
	Severity: Problem,
	Page: Page{
		Means: "An SSH agent is a program that keeps your unlocked keys and signs with them. This computer is set up to ask one, and it is not running, does not answer, holds no key, or refuses to sign. Apps that rely on it then behave as if you had no key.",
		Shown: "The address of the agent, from the variable SSH_AUTH_SOCK or from ssh_config, was connected to without success, or the agent holds nothing, or it did not sign although the server would take the key; and nobody was let in by another key.",
		Mend: "Start the agent anew and load your key with ssh-add; ssh-add -l shows what it holds. In a terminal that was opened long ago, or inside screen or tmux, SSH_AUTH_SOCK can name an agent that is gone: open a new one. " +
			"An agent that asks for consent, such as one with a security key or a password manager, wants an answer on the screen.",
	},
	Match: func(c *Case) []Finding { return slices.Concat(c.deadAgents(), c.unsignedByAgent()) },
}

// deadAgents finds agents that do not answer, or hold nothing, where a key is what is missing.
func (c *Case) deadAgents() []Finding {
	if c.letIn() || !c.keysTaken() {
		return nil
	}
	usable := slices.ContainsFunc(c.Identities, func(o *fact.Observation) bool { return o.Identity.Usable })
	var found []Finding
	for _, o := range c.Agents {
		f := Finding{
			Confidence: Likely,
			Evidence:   ids(o),
			Fix:        []Step{{You, "start the SSH agent anew and load your key with ssh-add; ssh-add -l shows what it holds"}},
		}
		switch {
		case o.Failed(fact.Interrupted), o.Failure == nil && (o.Agent.Keys > 0 || usable):
			continue
		case o.Failure == nil:
			f.Title, f.Says = "The SSH agent holds no key", "The server takes keys, and neither the agent, which is the program that keeps unlocked keys, nor a file has one that can be used."
			f.Fix = []Step{{You, "load your key into the agent with ssh-add and its file, or choose that file in your app; ssh-add -l shows what the agent holds"}}
		case o.Failed(fact.Timeout):
			f.Title, f.Says = fmt.Sprintf("The SSH agent at %s does not answer", agentName(o.Agent)), "Which keys it holds is not known."
		default:
			f.Title, f.Says = fmt.Sprintf("There is no SSH agent at %s", agentName(o.Agent)), "This computer is set up to ask one there, and it does not answer as an agent does."
		}
		if usable || o.Failure == nil && !c.SSH.keysOnly() {
			f.Severity = Warning
		}
		found = append(found, f)
	}
	return found
}

// agentName names an agent in a sentence.
func agentName(a *fact.Agent) string {
	if a.Address != "" {
		return a.Address
	}
	return string(a.Kind)
}

// unsignedByAgent finds keys that the server would take, and that the agent did not sign with.
func (c *Case) unsignedByAgent() []Finding {
	if c.SSH.Accepted() {
		return nil
	}
	var found []Finding
	for _, o := range c.Identities {
		k := o.Identity
		refusals := c.SSH.auths(func(a *fact.Auth) bool {
			return a.Key == k.SHA256 && !a.Query && a.Method == fact.AuthPublicKey && a.Answer == fact.AuthUnasked
		})
		if k.Source != fact.KeyAgent || c.SSH.KeyAnswer(k.SHA256) != fact.AuthWouldDo || len(refusals) == 0 || refusals[0].Failed(fact.Interrupted) {
			continue
		}
		found = append(found, c.keyFinding(o, Finding{
			Title: "The SSH agent does not sign with the key that the server would take",
			Says:  fmt.Sprintf("The server would take %s, and the agent refused to sign.", called(k)),
			Fix: []Step{
				{You, "look whether the agent asks for consent on the screen, or waits for a touch of a security key"},
				{You, "or load the key anew with ssh-add"},
			},
		}))
	}
	return found
}
