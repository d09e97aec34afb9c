package cause

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// sftpRules are about what comes after a sign-in by SSH: the channel, SFTP on it, and the files.
var sftpRules = []Rule{
	sftpChannelRefused,
	sftpNone,
	sftpScpOnly,
	sftpCommandText,
	sftpShellNoise,
	sftpClosedAfterAuth,
	sftpBreaksOff,
	sftpHomeMissing,
	sftpQuota,
}

// unstarted is why SFTP did not start after somebody had signed in.
type unstarted struct {
	*SSHSession
	at     *fact.Observation // the step that shows it
	reason string            // a cause
	sure   Confidence
}

// unstarted finds why SFTP did not start. It is nil where it did, and where nobody came so far.
func (c *Case) unstarted() *unstarted {
	s := c.SSH
	if !s.useless() {
		return nil
	}
	u := &unstarted{SSHSession: s, sure: Certain}
	session, subsystem, opening := s.Channel(fact.OpenSession), s.Channel(fact.SFTPSubsystem), s.Step(fact.SFTPInit)
	for _, o := range []*fact.Observation{session, subsystem, opening} {
		if o != nil {
			u.at = o
		}
	}
	words := cmp.Or(s.speaking(expiredPassword), s.warned(expiredPassword))
	switch text := s.spoken(); {
	case words != nil:
		u.at, u.reason = words, "auth-password-expired"
	case subsystem == nil && session != nil && session.Channel.Refused: // tinysshd 20230101 refuses a second one, after SFTP
		u.at, u.reason = session, "sftp-channel-refused"
	case subsystem != nil && subsystem.Channel.Refused && s.scpWorks():
		u.at, u.reason, u.sure = subsystem, "sftp-scp-only", Likely
	case subsystem != nil && subsystem.Channel.Refused:
		u.at, u.reason = subsystem, "sftp-none"
	case s.speaking(noProgram) != nil, s.exit() == exitNotFound:
		u.reason, u.sure = "sftp-none", Likely
	case text && s.ended() && !s.behindNoise():
		u.reason = "sftp-command-text"
	case text:
		u.reason = "sftp-shell-noise"
	case s.ended():
		u.reason, u.sure = "sftp-closed-after-auth", Likely
	default:
		u.reason = "sftp-breaks-off"
	}
	return u
}

// noSFTPBy makes the Match of a rule about one reason why SFTP did not start: says fills in the title, the sentence and what to do.
func noSFTPBy(cause string, says func(*Case, *unstarted) Finding) func(*Case) []Finding {
	return func(c *Case) []Finding {
		u := c.unstarted()
		if u == nil || u.reason != cause {
			return nil
		}
		f := says(c, u)
		f.Severity, f.Confidence = c.weighSSH(Problem), u.sure
		f.Where, f.Evidence = u.where(), append(u.afterwards(), ids(u.Login)...)
		f.Quotes = u.words()
		f.Fix = append(f.Fix, c.insteadOfSSH()...)
		return []Finding{f}
	}
}

// afterwards is the evidence of what came after the sign-in.
func (s *SSHSession) afterwards() []int {
	seen := slices.Concat(s.Channels, s.Files)
	return ids(slices.DeleteFunc(seen, func(o *fact.Observation) bool { return o.Failed(fact.Interrupted) })...)
}

// words are what came on the channel that is not SFTP.
func (u *unstarted) words() []string {
	const most = 6
	var lines []string
	for _, o := range u.Channels {
		if u.toldBy(o) {
			lines = append(lines, channelWords(o)...)
		}
	}
	for _, o := range u.Files {
		lines = append(lines, o.SFTP.Noise...)
	}
	lines = distinct(lines)
	return lines[:min(len(lines), most)]
}

// channelWords are the words that belong to a request on a channel.
func channelWords(o *fact.Observation) []string {
	ch := o.Channel
	lines := slices.Concat(ch.Stdout, ch.Stderr)
	if ch.Text != "" {
		lines = append(lines, ch.Text)
	}
	if ch.Goodbye != nil && ch.Goodbye.Text != "" {
		lines = append(lines, ch.Goodbye.Text)
	}
	return lines
}

// toldBy says whether the words on a channel are about SFTP. Those about the command of this program are not, unless SFTP had
// begun: then it ended without a word, and the command met with the same.
func (s *SSHSession) toldBy(o *fact.Observation) bool {
	if o.Channel.Request != fact.ExecCommand {
		return true
	}
	subsystem := s.Channel(fact.SFTPSubsystem)
	return subsystem != nil && !subsystem.Channel.Refused && !slices.ContainsFunc(o.Channel.Stdout, scpCommand.MatchString)
}

// speaking is the first channel on which certain words about SFTP came; nil when none did.
func (s *SSHSession) speaking(words *regexp.Regexp) *fact.Observation {
	if s == nil {
		return nil
	}
	for _, o := range s.Channels {
		if s.toldBy(o) && slices.ContainsFunc(channelWords(o), words.MatchString) {
			return o
		}
	}
	return nil
}

// spoken says whether text came where SFTP was due.
func (s *SSHSession) spoken() bool {
	noisy := slices.ContainsFunc(s.Files, func(o *fact.Observation) bool { return len(o.SFTP.Noise) > 0 })
	return noisy || s.speaking(anyWords) != nil
}

// ended says whether the server ended the program behind the channel, the channel or the connection.
func (s *SSHSession) ended() bool {
	gone := func(o *fact.Observation) bool { return o.Failed(fact.Closed, fact.Reset, fact.Disconnected) }
	return slices.ContainsFunc(s.Files, gone) || slices.ContainsFunc(s.Channels, func(o *fact.Observation) bool {
		ch := o.Channel
		return ch.Request != fact.ExecCommand && (gone(o) || ch.Closed || ch.Exit != nil || ch.Signal != "")
	})
}

// exit is the status with which the program behind the channel ended; -1: none is known.
func (s *SSHSession) exit() int {
	for _, o := range s.Channels {
		if o.Channel.Request != fact.ExecCommand && o.Channel.Exit != nil {
			return *o.Channel.Exit
		}
	}
	return -1
}

// behindNoise says whether SFTP came behind the text.
func (s *SSHSession) behindNoise() bool {
	o := s.Step(fact.SFTPInit)
	return o != nil && len(o.SFTP.Noise) > 0 && o.SFTP.Version > 0
}

// ranCommand says whether a shell took the command that is tried where there is no SFTP. A shell that does not find what it was
// asked for ends with 1 or 127.
func (s *SSHSession) ranCommand() bool {
	o := s.Channel(fact.ExecCommand)
	return o != nil && o.Failure == nil && !o.Channel.Refused && o.Channel.Exit != nil && len(o.Channel.Stderr) == 0 &&
		slices.Contains([]int{0, 1, exitNotFound}, *o.Channel.Exit)
}

// scpWorks says whether the account has the program that SCP needs.
func (s *SSHSession) scpWorks() bool {
	o := s.Channel(fact.ExecCommand)
	return s.ranCommand() && *o.Channel.Exit == 0 && scpCommand.MatchString(o.Channel.Command) && slices.ContainsFunc(o.Channel.Stdout, scpCommand.MatchString)
}

// exitNotFound is what a shell ends with where there is no such program (POSIX, Shell Command Language, section 2.8.2).
const exitNotFound = 127

var (
	scpCommand = regexp.MustCompile(`\bscp\b`)
	noProgram  = regexp.MustCompile(`(?i)sftp-server\b.*(not found|no such file)`)
	// OpenSSH 9.2p1 (session.c) says so on the error channel, and starts at the root.
	noHome = regexp.MustCompile(`(?i)could not chdir to home directory`)
)

var sftpChannelRefused = Rule{
	Code:     "sftp-channel-refused",
	Title:    "The server takes the sign-in and opens no session",
	Severity: Problem,
	Page: Page{
		Means: "Name and password, or the key, are right. But the server opens no channel for it: the account may not have sessions at all, or too many are open.",
		Shown: "The request for a session was answered with SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 section 5.1), which carries a number and a text.",
		Mend:  "Close other apps that are connected to this account, and try again. If it stays so, ask whoever runs the server to look at MaxSessions and at what the account may do.",
	},
	Match: noSFTPBy("sftp-channel-refused", func(c *Case, u *unstarted) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s lets %s in and opens no session", c.Run.Target.Host, c.user()),
			Says:  "The sign-in works. The server refuses the channel that everything else needs.",
			Fix: []Step{
				{You, "close other apps and windows that use this account, and try again"},
				{SiteAdmin, fmt.Sprintf("look at MaxSessions of the SSH server, and whether %s may have sessions", c.user())},
			},
		}
		switch u.at.Channel.Reason {
		case 1: // SSH_OPEN_ADMINISTRATIVELY_PROHIBITED
			f.Says = "The sign-in works. The server forbids the channel that everything else needs."
			f.Fix = f.Fix[1:]
		case 4: // SSH_OPEN_RESOURCE_SHORTAGE
			f.Says = "The sign-in works. The server has no room for one more channel."
		}
		return f
	}),
}

var sftpNone = Rule{
	Code:     "sftp-none",
	Title:    "The sign-in works, and there is no SFTP behind it",
	Severity: Problem,
	Page: Page{
		Means: "SFTP is a service of its own behind the sign-in, and this server, or this account, does not have it. Apps say \"cannot initialize SFTP protocol\" or simply \"connection closed\".",
		Shown: "The user was let in, and the request for the subsystem sftp was refused (SSH_MSG_CHANNEL_FAILURE), or the program for it is not there.",
		Mend:  "Use another way to bring files there: FTP over TLS if the host has it, SCP, rsync or git. Or ask whoever runs the server to switch SFTP on (sshd_config: `Subsystem sftp internal-sftp`).",
	},
	Match: noSFTPBy("sftp-none", func(c *Case, u *unstarted) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s lets %s in, and has no SFTP", c.Run.Target.Host, c.user()),
			Says:  "The sign-in works, and the server refuses to start SFTP.",
		}
		if !has(u.at, fact.SFTPSubsystem) || !u.at.Channel.Refused {
			f.Says = "The sign-in works, and the server lacks the program for SFTP."
		}
		if u.ranCommand() {
			f.Says += " Commands can be run."
		}
		lack, ok := c.Profile.Lack(profile.OffersSFTP, false)
		if !ok {
			lack, ok = c.Profile.Lack(profile.OffersSFTP, true)
		}
		if ok && lack.Some != "" {
			f.Says += fmt.Sprintf(" %s has no SFTP for %s.", c.Profile.Title, lack.Some)
		}
		if ok {
			f.Fix = append(f.Fix, Step{You, cmp.Or(lack.Instead, "use another way to bring files there")})
		}
		if !ok {
			f.Fix = append(f.Fix, Step{c.support(), fmt.Sprintf("switch SFTP on for %s (sshd_config: Subsystem sftp internal-sftp)", c.user())})
		}
		return f
	}),
}

var sftpScpOnly = Rule{
	Code:     "sftp-scp-only",
	Title:    "The server has SCP and no SFTP",
	Severity: Problem,
	Page: Page{
		Means: "The server knows the old way to copy files over SSH (SCP) and not the newer one (SFTP). Apps use SFTP unless they are told otherwise; the program scp itself does so since OpenSSH 9.0.",
		Shown: "The user was let in, the request for the subsystem sftp was refused, and the program scp is there.",
		Mend:  "Choose SCP as the protocol in your app, for instance in WinSCP; with OpenSSH use `scp -O`. Or ask whoever runs the server to switch SFTP on.",
	},
	Match: noSFTPBy("sftp-scp-only", func(c *Case, _ *unstarted) Finding {
		return Finding{
			Title: fmt.Sprintf("%s has SCP and no SFTP", c.Run.Target.Host),
			Says:  "The sign-in works, the server refuses to start SFTP, and the program scp is there.",
			Fix: []Step{
				{You, "choose SCP as the protocol in your app, or use scp -O"},
				{c.support(), "switch SFTP on (sshd_config: Subsystem sftp internal-sftp)"},
			},
		}
	}),
}

var sftpCommandText = Rule{
	Code:     "sftp-command-text",
	Title:    "In place of SFTP the server sends a text and ends",
	Severity: Problem,
	Page: Page{
		Means: "Name and password, or the key, are right. In place of SFTP the server runs something else for this account, which prints a text and ends: the account has no shell, is limited to another service, or is not ready yet. The text says which.",
		Shown: "After the sign-in came text where SFTP was due, and the program, the channel or the connection ended by itself.",
		Mend:  "Read the text; it stands with the finding. If it speaks of an error inside the server, wait some minutes and try again. Otherwise send it to whoever runs the server: look at ForceCommand, at the shell of the account, and at command= in front of the key in authorized_keys.",
	},
	Match: noSFTPBy("sftp-command-text", func(c *Case, u *unstarted) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s lets %s in, sends a text in place of SFTP, and ends", c.Run.Target.Host, c.user()),
			Says:  "The sign-in works. What the server runs for this account is not SFTP.",
			Fix: []Step{
				{You, "read the server's text, and do what it asks for"},
				{c.support(), "look at the shell of the account and at ForceCommand of the SSH server"},
			},
		}
		if exit := u.exit(); exit > 0 {
			f.Says += fmt.Sprintf(" It ended with status %d.", exit)
		}
		for _, line := range u.words() {
			if text, ok := c.Profile.Text(line); ok {
				f.Says = cmp.Or(text.Means, f.Says)
				if text.Do != "" {
					f.Fix = []Step{{You, text.Do}}
				}
				break
			}
		}
		return f
	}),
}

var sftpShellNoise = Rule{
	Code:     "sftp-shell-noise",
	Title:    "The login script of the server prints text into SFTP",
	Severity: Problem,
	Page: Page{
		Means: "When SFTP starts, the server first runs the start files of the account's shell, and one of them prints something: a greeting, a warning, a colour. SFTP cannot stand a single character of that. " +
			"Apps say \"received message too long\" or \"received too large SFTP packet\".",
		Shown: "Text came on the channel where the first packet of SFTP was due, and the channel stayed open.",
		Mend: "Look into `.bashrc`, `.profile`, `.cshrc` and the like in the account's home folder, and in `/etc`, for commands that print. Let them print only in interactive shells, for instance with `[ -t 1 ]` in front. " +
			"`ssh HOST true` must print nothing. With `Subsystem sftp internal-sftp` no shell is run at all.",
	},
	Match: noSFTPBy("sftp-shell-noise", func(c *Case, _ *unstarted) Finding {
		return Finding{
			Title: fmt.Sprintf("A login script on %s prints text into SFTP", c.Run.Target.Host),
			Says:  "The sign-in works. Text came where the first packet of SFTP was due, so that no app can go on.",
			Fix: []Step{
				{You, "if the account is yours to change, let the start files of its shell (such as ~/.bashrc) print only in interactive shells"},
				{c.support(), "silence the start files of the shell, or use internal-sftp, which runs no shell"},
			},
		}
	}),
}

var sftpClosedAfterAuth = Rule{
	Code:     "sftp-closed-after-auth",
	Title:    "The server lets the user in and hangs up",
	Severity: Problem,
	Page: Page{
		Means: "Name and password, or the key, are right, and then the server ends the session without a word. Mostly it cannot set up the folder that the account is to be locked into, or the home folder is missing, or the account's shell does not run.",
		Shown: "After the sign-in, and before SFTP had answered, the server ended the program, the channel or the connection, and sent no text.",
		Mend: "Nothing on your side can mend it. Whoever runs the server finds the reason in its log. On OpenSSH the folder of ChrootDirectory, and every folder above it, must belong to root and be writable by nobody else; " +
			"the log then says \"bad ownership or modes for chroot directory\".",
	},
	ExplainedBy: []string{"tcp-intermittent"},
	Match: noSFTPBy("sftp-closed-after-auth", func(c *Case, u *unstarted) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s lets %s in and hangs up before SFTP starts", c.Run.Target.Host, c.user()),
			Says:  "The sign-in works. Mostly the server cannot set up the folder of the account then: ChrootDirectory has a wrong owner, or the home folder is missing.",
			Fix: []Step{
				{c.support(), "look in the server's log for this session; for OpenSSH see that ChrootDirectory and all folders above it belong to root and are writable by root alone"},
			},
			Candidates: []Candidate{
				{"sftp-closed-after-auth", "the log says \"bad ownership or modes for chroot directory\"", SiteAdmin},
				{"sftp-home-missing", "the home folder of the account is not there", SiteAdmin},
				{"sftp-none", "the account has a shell that does not run, or the program for SFTP is missing", SiteAdmin},
				{"auth-user-denied", "the log says that the account may not have a session", SiteAdmin},
			},
		}
		if exit := u.exit(); exit > 0 {
			f.Says += fmt.Sprintf(" The program ended with status %d.", exit)
		}
		return f
	}),
}

// has says whether an observation is of a request on a channel.
func has(o *fact.Observation, request fact.ChannelRequest) bool {
	return o != nil && o.Channel != nil && o.Channel.Request == request
}

var sftpBreaksOff = Rule{
	Code:     "sftp-breaks-off",
	Title:    "SFTP stops in the middle",
	Severity: Problem,
	Page: Page{
		Means: "The sign-in works, and then SFTP comes to a stop: an answer does not come, or the connection ends in the middle, or what comes is no SFTP.",
		Shown: "A step after the sign-in got no answer in time, or one that is not of the protocol, or the connection was cut there. Where the server ends the session before SFTP has begun, that has a finding of its own.",
		Mend: "Try again, and from another network, such as a phone's. If it fails at the same step everywhere, whoever runs the server has to look at its log and load. " +
			"If it works elsewhere, something on the way disturbs long packets or long connections; a smaller MTU helps against the first.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole", "tcp-intermittent"},
	Match:       matchBreaksOff,
}

func matchBreaksOff(c *Case) []Finding {
	o := c.SSH.stopsAt()
	if u := c.unstarted(); u != nil {
		if u.reason != "sftp-breaks-off" {
			return nil
		}
		o = u.at
	}
	if o == nil {
		return nil
	}
	f := Finding{
		Severity: c.weighSSH(Problem),
		Title:    fmt.Sprintf("%s lets %s in, and SFTP stops at %s", c.Run.Target.Host, c.user(), sftpStepName(o)),
		Says:     fmt.Sprintf("No answer came for %s.", ms(o.Took)),
		Where:    c.SSH.where(),
		Evidence: append(c.SSH.afterwards(), ids(c.SSH.Login)...),
		Fix: append([]Step{
			{You, "try again, and from another network, for instance a phone's"},
			{c.support(), "look in the log of the SSH server for this session, and at its load"},
		}, c.insteadOfSSH()...),
	}
	switch {
	case o.Failed(fact.Closed, fact.Reset, fact.Disconnected):
		f.Says = "The connection ended in place of an answer."
	case !o.Failed(fact.Timeout):
		f.Says = "What came is no answer that this program can read."
	}
	return []Finding{f}
}

// stopsAt is the step of SFTP that failed on the way, and not by a refusal of the server; nil when none did.
func (s *SSHSession) stopsAt() *fact.Observation {
	if !s.Accepted() {
		return nil
	}
	for _, o := range s.Files {
		if o.SFTP.Request != fact.SFTPInit && o.Failed() && !o.Failed(fact.Interrupted) && o.SFTP.Status == 0 {
			return o
		}
	}
	return nil
}

// sftpStepName names a step after the sign-in in a sentence.
func sftpStepName(o *fact.Observation) string {
	names := map[fact.SFTPRequest]string{
		fact.SFTPInit:     "its first packet",
		fact.SFTPRealPath: "the question for the start folder",
		fact.SFTPList:     "the listing",
		fact.SFTPUpload:   "the upload",
		fact.SFTPDownload: "the download",
		fact.SFTPDelete:   "the deletion of the test file",
	}
	switch {
	case has(o, fact.OpenSession):
		return "the opening of the session"
	case o.SFTP != nil && names[o.SFTP.Request] != "":
		return names[o.SFTP.Request]
	default:
		return "its start"
	}
}
