package cause

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"ftpdoctor/probe/fact"
)

// sshRules are about what an SSH port says up to the host key, and about that key.
var sshRules = append([]Rule{
	sshPortIsFTP,
	sshRestricted,
	sshNotAllowedNow,
	sshClosedBeforeBanner,
	sshNoBanner,
	sshCut,
	sshNoCommonAlgorithm,
	sshWeakDH,
	sshOldApps,
}, hostKeyRules...)

var sshPortIsFTP = Rule{
	Code:     "ssh-port-is-ftp",
	Title:    "An FTP server answers where SSH was expected",
	Severity: Problem,
	Page: Page{
		Means: "Your app is set to SFTP, which is file transfer over SSH, and the server on this port speaks FTP. In spite of the names, SFTP and FTP (or FTPS) have nothing in common.",
		Shown: "The first thing that the port says is an FTP greeting, which begins with a number of three digits such as 220.",
		Mend:  "In your app choose FTP with explicit TLS (FTPES) for this port. Or keep SFTP and use its port, usually 22.",
	},
	ExplainedBy: append([]string{"local-wrong-port", "tcp-intercepted"}, misdirected...),
	Match:       matchSSHPortIsFTP,
}

func matchSSHPortIsFTP(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.Speaks == fact.SFTP && e.Talk.opensWith(fact.VoiceFTP) })
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("%s of %s %s FTP, not SSH", upper(c.on(found)), c.Run.Target.Host, plural(len(portsAmong(found)), "speaks", "speak")),
		Says:     "The server there begins with the greeting of FTP.",
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Quotes:   found[0].Talk.firstLines(),
		Fix: append([]Step{
			{You, fmt.Sprintf("choose FTP with explicit TLS (FTPES) for %s in your app, or keep SFTP and use port 22", portsOf(portsAmong(found)))},
		}, c.instead(found)...),
	}}
}

var sshRestricted = Rule{
	Code:     "ssh-restricted-banner",
	Title:    "The SSH server restricts your internet address for a while",
	Severity: Problem,
	Page: Page{
		Means: "The service counts connections for each internet address, and yours has had too many, at once or within a minute. Apps that open many connections cause this: " +
			"editors that save over SFTP, database tunnels, deployment scripts, or several people behind one address.",
		Shown: "In place of the usual SSH identification the server sent one that begins with SSH-Restricted, or lines before it that speak of overuse. It names the reason and the limits itself.",
		Mend:  "Close the other programs that connect to this service, or set them to fewer connections, and wait some minutes without a new attempt. The restriction then ends by itself.",
	},
	ExplainedBy: misdirected,
	Match:       matchSSHRestricted,
}

func matchSSHRestricted(c *Case) []Finding {
	found := c.sshSaying(restricted)
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weigh(Problem, found),
		Title:    fmt.Sprintf("The SSH server on %s of %s restricts your internet address for a while", c.on(found), c.Run.Target.Host),
		Says:     "It says so in place of its identification.",
		Where:    where(found, c.connected()),
		Evidence: firstWordsOfSSH(found),
		Quotes:   found[0].Talk.sshLines(),
		Fix: []Step{
			{You, "close other programs that connect to this service, and wait some minutes without a new attempt"},
			{YourNetwork, "look for others who connect to this service from the same public IP address"},
		},
	}
	for _, line := range found[0].Talk.sshLines() {
		if reason := restrictedFor.FindStringSubmatch(line); reason != nil {
			f.Says = fmt.Sprintf("In place of its identification it gives the reason %s.", reason[1])
		}
	}
	if p := c.Profile; p.Connections > 0 && p.PerMinute > 0 {
		f.Says += fmt.Sprintf(" %s allows one internet address %d connections at a time, and %d new ones in a minute.", p.Title, p.Connections, p.PerMinute)
	}
	return []Finding{f}
}

var sshNotAllowedNow = Rule{
	Code:     "ssh-not-allowed-now",
	Title:    "The SSH server has paused your internet address",
	Severity: Problem,
	Page: Page{
		Means: "The SSH server takes no connections from your internet address at the moment. OpenSSH does that to addresses with failed or aborted logins, for some seconds up to ten minutes, " +
			"and to everybody when too many connections are waiting to log in.",
		Shown: "Before any identification came the line \"Not allowed at this time\" (OpenSSH 9.8 and newer) or \"Exceeded MaxStartups\", and the connection was closed.",
		Mend: "Stop every program that tries to connect to this server, wait ten minutes, and try once with the right settings. If it stays so, ask whoever runs the server to look at its log " +
			"for your public IP address and at the settings PerSourcePenalties and MaxStartups.",
	},
	ExplainedBy: misdirected,
	Match:       matchSSHNotAllowedNow,
}

func matchSSHNotAllowedNow(c *Case) []Finding {
	found := c.sshSaying(notAllowedNow)
	if len(found) == 0 {
		return c.pausedMeanwhile()
	}
	return []Finding{{
		Severity: c.weigh(Problem, found),
		Title:    fmt.Sprintf("The SSH server on %s of %s takes no connections from you at the moment", c.on(found), c.Run.Target.Host),
		Says:     "It says so and hangs up, because of failed logins from your internet address or because too many connections are waiting.",
		Where:    where(found, c.connected()),
		Evidence: firstWordsOfSSH(found),
		Quotes:   found[0].Talk.sshLines(),
		Fix: append([]Step{
			{You, "stop every program that connects to this server, wait ten minutes, then try once"},
			{c.support(), "look up the public IP address of this network in the log of the SSH server (PerSourcePenalties, MaxStartups)"},
		}, c.instead(found)...),
	}}
}

// pausedMeanwhile finds a server that took a first connection and, after what was tried on it, no second one.
func (c *Case) pausedMeanwhile() []Finding {
	for i := range c.Run.Seen {
		o := &c.Run.Seen[i]
		if o.Check != "sftp" || o.Ident == nil || !slices.ContainsFunc(o.Ident.Before, notAllowedNow.MatchString) {
			continue
		}
		return []Finding{{
			Severity: Warning,
			Title:    fmt.Sprintf("The SSH server of %s paused your internet address during this check", c.Run.Target.Host),
			Says:     "It took a first connection, and no second one after the failed tries on it. This program stopped there.",
			Where:    c.SSH.where(),
			Evidence: ids(o),
			Quotes:   slices.DeleteFunc(slices.Clone(o.Ident.Before), func(line string) bool { return line == "" }),
			Fix:      []Step{{You, "wait ten minutes before the next try, with every other program that connects to this server stopped too"}},
		}}
	}
	return nil
}

var sshClosedBeforeBanner = Rule{
	Code:     "ssh-closed-before-banner",
	Title:    "The SSH server hangs up before it says a word",
	Severity: Problem,
	Page: Page{
		Means: "The port accepts the connection and ends it at once. Servers and firewalls do this with internet addresses that are blocked after failed logins, or that are on no list of allowed ones; " +
			"a server with too many waiting connections does it too. OpenSSH's client calls it kex_exchange_identification: Connection closed.",
		Shown: "The connection was closed or reset before the SSH identification, and without a line that gives a reason. Other services of the host, if there are any, answer.",
		Mend:  "Wait some minutes without any attempt, then try once. Try from another network, such as a phone's: if it works there, your internet address is blocked, and whoever runs the server can lift that.",
	},
	ExplainedBy: append([]string{"tcp-reset-after-connect", "tcp-intercepted"}, misdirected...),
	Match:       matchSSHClosedBeforeBanner,
}

func matchSSHClosedBeforeBanner(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && e.Talk.unidentified(fact.Closed, fact.Reset) &&
			!e.Talk.sshMatches(restricted) && !e.Talk.sshMatches(notAllowedNow)
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity:   c.weighOdd(found),
		Confidence: Likely,
		Title:      fmt.Sprintf("The SSH server on %s of %s hangs up before it says who it is", c.on(found), c.Run.Target.Host),
		Says:       "It accepts the connection and ends it. Mostly the internet address is blocked after failed logins, is on no list of allowed ones, or the server is full.",
		Where:      where(found, c.connected()),
		Evidence:   firstWordsOfSSH(found),
		Quotes:     found[0].Talk.sshLines(),
		Fix: append([]Step{
			{You, "wait some minutes without an attempt, then try once"},
			{You, "try from another network, for instance a phone's: if it works there, your internet address is blocked"},
			{c.support(), "look up whether the public IP address of this network is blocked"},
		}, c.instead(found)...),
	}}
}

var sshNoBanner = Rule{
	Code:     "ssh-no-banner",
	Title:    "The SSH port is open and says nothing",
	Severity: Problem,
	Page: Page{
		Means: "The connection to the port opens, and then nothing comes, although an SSH server introduces itself at once. A proxy or firewall on the way holds the connection, " +
			"the server is so busy that it does not get round to you, or the service holds off an internet address with too many failed logins.",
		Shown: "Connected, then silence until the time was up; or endless lines without an identification among them. A blocked port would not have connected, and a server that refuses you would have hung up.",
		Mend:  "Use the service's other SSH port, if it has one. Test from another network, such as a phone's. If it is the same there, ask whoever runs the server to look at its load and at its SSH service.",
	},
	ExplainedBy: append([]string{"tcp-intercepted", "tcp-mtu-blackhole"}, misdirected...),
	Match:       matchSSHNoBanner,
}

func matchSSHNoBanner(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && !e.Talk.sshMatches(restricted) && !e.Talk.sshMatches(notAllowedNow) &&
			(e.Talk.unidentified(fact.Timeout, fact.TooLong) || e.Talk.opensWith(notSSH...))
	})
	if len(found) == 0 {
		return nil
	}
	ports := portsAmong(found)
	f := Finding{
		Severity:   c.weighOdd(found),
		Confidence: Likely,
		Title:      fmt.Sprintf("%s of %s %s connections and %s no SSH", upper(c.on(found)), c.Run.Target.Host, plural(len(ports), "accepts", "accept"), plural(len(ports), "speaks", "speak")),
		Says:       fmt.Sprintf("The connection opens, and no identification came within %s.", ms(found[0].Talk.silence())),
		Where:      where(found, c.connected()),
		Evidence:   firstWordsOfSSH(found),
		Quotes:     found[0].Talk.sshLines(),
		Fix: append(c.instead(found),
			Step{You, "try from another network, for instance a phone's"},
			Step{YourNetwork, fmt.Sprintf("let SSH to %s pass without a proxy", c.Run.Target.Host)},
			Step{c.support(), "look at the load of the server and at its SSH service, and whether the public IP address of this network is held off"}),
	}
	if found[0].Talk.opensWith(notSSH...) {
		f.Says = "What comes first is not SSH."
		f.Quotes = found[0].Talk.firstLines()
	}
	return []Finding{f}
}

// notSSH are the voices that are certainly none of SSH. FTP has a rule of its own, and text may be lines before the identification.
var notSSH = []fact.Voice{fact.VoiceHTTP, fact.VoiceHTML, fact.VoiceTLS, fact.VoiceAlert, fact.VoiceBinary}

var sshCut = Rule{
	Code:     "ssh-dpi",
	Title:    "The SSH connection is cut in the key exchange",
	Severity: Problem,
	Page: Page{
		Means: "The server introduces itself as an SSH server, and then the conversation breaks off before any key is agreed on. Firewalls that look into connections do this when they recognise SSH and do not want it. " +
			"A server that is overloaded or that has an internet address in its sights can do it too.",
		Shown: "The server's identification came, and then the connection was reset, closed or silent in the key exchange, although the algorithms have nothing to do with it. If large packets were lost on the way, " +
			"TLS would stall as well. A server that refuses an internet address outright does not introduce itself.",
		Mend: "Test from another network, such as a phone's. If it works there, ask whoever runs yours to let SSH to this host pass, or use FTP over TLS. If it fails there too, ask whoever runs the server to look at its SSH log.",
	},
	ExplainedBy: append([]string{"tcp-mtu-blackhole", "tcp-intercepted"}, misdirected...),
	Match:       matchSSHCut,
}

func matchSSHCut(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && e.Talk.Kex != nil && len(lacking(e.Talk, openSSH)) == 0 &&
			e.Talk.Kex.Failed(fact.Reset, fact.Closed, fact.Timeout, fact.Garbled, fact.TooLong, fact.Other)
	})
	if len(found) == 0 {
		return nil
	}
	o := found[0].Talk.Kex
	how := map[fact.Kind]string{fact.Reset: "is reset", fact.Closed: "is closed", fact.Timeout: "falls silent"}[o.Failure.Kind]
	return []Finding{{
		Severity:   c.weigh(Problem, found),
		Confidence: Possible,
		Title:      fmt.Sprintf("The SSH connection to %s of %s is cut in the key exchange", c.on(found), c.Run.Target.Host),
		Says:       fmt.Sprintf("The server introduces itself, and then the connection %s.", cmp.Or(how, "goes wrong")),
		Where:      where(found, c.connected()),
		Evidence:   exchanges(found),
		Fix: append([]Step{
			{You, "try from another network, for instance a phone's"},
			{YourNetwork, fmt.Sprintf("let SSH to %s pass without inspection", c.Run.Target.Host)},
			{c.support(), "look at the SSH server's log for that moment"},
		}, c.instead(found)...),
		Candidates: []Candidate{
			{"ssh-dpi", "it works from another network", You},
			{"ssh-not-allowed-now", "the SSH server's log shows a penalty or a limit for your public IP address", c.support()},
			{"tcp-mtu-blackhole", "it works without the VPN, or with a smaller MTU", You},
		},
	}}
}

// unidentified says whether the conversation ended in one of the given ways before the server's identification.
func (talk *Conversation) unidentified(kinds ...fact.Kind) bool {
	if talk.Ident != nil {
		return talk.Ident.Ident.Line == "" && talk.Ident.Failed(kinds...)
	}
	return talk.Opening != nil && talk.Opening.Failed(kinds...)
}

// silence is how long an identification was awaited.
func (talk *Conversation) silence() fact.Millis {
	var waited fact.Millis
	for _, o := range []*fact.Observation{talk.Opening, talk.Ident} {
		if o != nil {
			waited += o.Took
		}
	}
	return waited
}

// sshSaying lists the SSH endpoints that said a line of a kind.
func (c *Case) sshSaying(line *regexp.Regexp) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.Speaks == fact.SFTP && e.Talk.sshMatches(line) })
}

func (talk *Conversation) sshMatches(line *regexp.Regexp) bool {
	return slices.ContainsFunc(talk.sshLines(), line.MatchString)
}

// sshLines are the lines before the identification, and the identification where it is no ordinary one.
func (talk *Conversation) sshLines() []string {
	switch {
	case talk.Ident != nil && talk.Ident.Failed(fact.Interrupted):
		return nil
	case talk.Ident != nil:
		lines := slices.Clone(talk.Ident.Ident.Before)
		if line := talk.Ident.Ident.Line; line != "" && !sshVersion.MatchString(line) {
			lines = append(lines, line)
		}
		return lines
	case talk.Opening != nil:
		return talk.Opening.Opening.Lines
	default:
		return nil
	}
}

// firstWordsOfSSH is the evidence of how SSH conversations began.
func firstWordsOfSSH(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, ids(e.Talk.Dial, e.Talk.Opening, e.Talk.Ident)...)
	}
	return found
}

var (
	sshVersion    = regexp.MustCompile(`^SSH-(1\.99|2\.0)-`) // RFC 4253 sections 4.2 and 5.1
	restricted    = regexp.MustCompile(`^SSH-Restricted_|(?i)rejected due to over-?us`)
	restrictedFor = regexp.MustCompile(`^SSH-Restricted_([A-Za-z0-9]+)`)
	// The first is of OpenSSH 9.8 and newer (sshd.c) and unconfirmed; the second was seen from OpenSSH 9.2p1.
	notAllowedNow = regexp.MustCompile(`^(Not allowed at this time|Exceeded MaxStartups)`)
)
