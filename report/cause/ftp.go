package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// ftpRules are about who answers on a port of FTP, and about what it says before any login.
var ftpRules = []Rule{
	ftpPortIsSSH,
	ftpPortIsHTTP,
	ftpProxyBanner,
	ftpBanned,
	ftpPerIPLimit,
	ftpIPDenied,
	ftpShutdown,
	ftpBusy,
	ftpSlowBanner,
}

var ftpPortIsSSH = Rule{
	Code:     "ftp-port-is-ssh",
	Title:    "An SSH server answers where FTP was expected",
	Severity: Problem,
	Page: Page{
		Means: "Your app speaks FTP, and the server on this port speaks SSH. File transfer over SSH is called SFTP; in spite of its name it has nothing in common with FTP and FTPS.",
		Shown: "The first thing that the port says is an SSH identification (SSH-2.0-...).",
		Mend:  "In your app choose the protocol SFTP for this port. If you need FTP, use the port that your provider names for it, usually 21.",
	},
	ExplainedBy: append([]string{"local-wrong-port"}, misdirected...),
	Match:       matchFTPPortIsSSH,
}

func matchFTPPortIsSSH(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.FTPFamily() && (e.Talk.opensWith(fact.VoiceSSH) || e.Talk.plainMatches(sshLine))
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("%s of %s %s SSH, not FTP", upper(c.on(found)), c.Run.Target.Host, plural(len(portsAmong(found)), "speaks", "speak")),
		Says:     "The server there begins with the identification of SSH.",
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Quotes:   found[0].Talk.firstLines(),
		Fix: []Step{
			{You, fmt.Sprintf("choose the protocol SFTP for %s in your app", portsOf(portsAmong(found)))},
		},
	}}
}

var ftpPortIsHTTP = Rule{
	Code:     "ftp-port-is-http",
	Title:    "A web server or a web proxy answers where FTP was expected",
	Severity: Problem,
	Page: Page{
		Means: "Your app speaks FTP, and what answers on this port speaks the language of the web. Either the port is that of a web server, or a web proxy or block page of the network got hold of the connection.",
		Shown: "The port sent HTTP or a web page, by itself or in answer to the start of TLS. An FTP server greets with a number of three digits.",
		Mend: "Use the port that your provider names for FTP, usually 21. If it was 21 already, something in your network answers in place of the server: test from another network, and ask whoever " +
			"runs yours to let FTP pass.",
	},
	ExplainedBy: append([]string{"local-wrong-port", "tcp-intercepted"}, misdirected...),
	Match:       matchFTPPortIsHTTP,
}

func matchFTPPortIsHTTP(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		web := c.isWebPort(e.Port) && e.Talk.Secured() && e.Talk.TLS.TLS.Mode == fact.Nudge
		return e.FTPFamily() && (e.Talk.opensWith(fact.VoiceHTTP, fact.VoiceHTML) || e.Talk.plainMatches(httpLine) || web)
	})
	if len(found) == 0 {
		return nil
	}
	ports := portsAmong(found)
	return []Finding{{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("%s of %s %s the language of the web, not FTP", upper(c.on(found)), c.Run.Target.Host, plural(len(ports), "speaks", "speak")),
		Says:     "What answers there is a web server or a proxy.",
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Quotes:   found[0].Talk.firstLines(),
		Fix: append([]Step{
			{You, fmt.Sprintf("use the port that your provider names for FTP in place of %s", or(numbers(ports)))},
			{You, "test from another network, if that is the right port"},
		}, c.instead(found)...),
	}}
}

var ftpProxyBanner = Rule{
	Code:     "ftp-proxy-banner",
	Title:    "An FTP proxy answers in place of the server",
	Severity: Problem,
	Page: Page{
		Means: "Between you and the server sits a proxy that speaks FTP itself, part of a firewall or of a security program. It mostly knows no encryption, and wants the name of the server " +
			"together with the user name.",
		Shown: "The greeting names such a product, or asks for a user name of the form user@host. The server's own greeting, where another port shows it, is a different one.",
		Mend:  "Use a port that the proxy does not watch, such as implicit TLS on 990, the service's other port, or SFTP. Or ask whoever runs your network how to go through the proxy, or to exempt this host from it.",
	},
	ExplainedBy: misdirected,
	Match:       matchFTPProxyBanner,
}

func matchFTPProxyBanner(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.FTPFamily() && e.Talk.Welcomed() && proxyGreeting.MatchString(strings.Join(e.Talk.greeted(), "\n"))
	})
	if len(found) == 0 {
		return c.strangers()
	}
	f := Finding{
		Severity:   c.weigh(Problem, found),
		Confidence: Likely,
		Title:      fmt.Sprintf("An FTP proxy answers on %s in place of %s", c.on(found), c.Run.Target.Host),
		Says:       "The greeting is that of a proxy.",
		Where:      where(found, c.connected()),
		Evidence:   firstWords(found),
		Quotes:     quote(found[0].Talk.Greeting()),
		Fix: append(c.instead(found),
			Step{YourNetwork, fmt.Sprintf("let FTP to %s pass without the proxy, or say which user name it wants", c.Run.Target.Host)}),
	}
	for _, e := range c.Endpoints {
		if e.Talk.Welcomed() && !slices.Contains(found, e) && !slices.Equal(e.Talk.greeted(), found[0].Talk.greeted()) {
			f.Confidence = Certain
			f.Says = fmt.Sprintf("The greeting is that of a proxy, and %s greets in other words.", e.Place())
			f.Evidence = append(f.Evidence, e.Talk.Greeting().ID)
			break
		}
	}
	return []Finding{f}
}

// strangers finds the ports that say something first that belongs to no known protocol.
func (c *Case) strangers() []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.FTPFamily() && e.Talk.strange() })
	if len(found) == 0 {
		return nil
	}
	ports := portsAmong(found)
	return []Finding{{
		Severity:   c.weighOdd(found),
		Confidence: Possible,
		Title:      fmt.Sprintf("%s of %s %s not speak FTP", upper(c.on(found)), c.Run.Target.Host, plural(len(ports), "does", "do")),
		Says:       "What comes from there belongs to no protocol that this program knows.",
		Where:      where(found, c.connected()),
		Evidence:   firstWords(found),
		Quotes:     found[0].Talk.firstLines(),
		Fix: append([]Step{
			{You, fmt.Sprintf("use the port that your provider names for FTP, if that is another one than %s", or(numbers(ports)))},
			{You, "test from another network, to see whether something in yours answers in place of the server"},
		}, c.instead(found)...),
		Candidates: []Candidate{
			{"local-wrong-port", "the provider names another port for FTP", c.support()},
			{"ftp-proxy-banner", "the port greets as an FTP server from another network", You},
		},
	}}
}

// strange says whether the first words are of no known protocol.
func (talk *Conversation) strange() bool {
	if talk.opensWith(fact.VoiceText, fact.VoiceBinary) {
		return true
	}
	if g := talk.Greeting(); g != nil && g.Failed(fact.Garbled) {
		return true
	}
	o := talk.TLS
	return o != nil && o.Failed(fact.NotTLS) && o.TLS.Mode != fact.Explicit && len(o.TLS.Plain) > 0 &&
		!slices.ContainsFunc([]*regexp.Regexp{sshLine, httpLine, replyLine}, talk.plainMatches)
}

// proxyGreeting matches greetings of proxies: products (frox, jftpgw, ftp.proxy, DeleGate, WinGate, Blue Coat ProxySG and others), and the demand
// for the server's name in the user name. The word proxy alone is not enough, as hosts can be called so.
var proxyGreeting = regexp.MustCompile(`(?i)\b(frox|jftpgw|ftp\.proxy|delegate/|wingate|bluecoat|blue coat|webwasher|ftp[- ]proxy|proxy[- ]ftp|ftp[- ]gateway|squid)\b|` +
	`\buser(name)?[^ ]*@\[?(remote|host|server|ftp|site|destination)`)

var ftpSlowBanner = Rule{
	Code:     "ftp-slow-banner",
	Title:    "The server takes long to greet",
	Severity: Warning,
	Page: Page{
		Means: "The connection opens at once, and then the server lets you wait for its greeting. Mostly it tries to find out the name of your computer first, and nobody answers it. " +
			"Apps with a short time-out give up before it greets.",
		Shown: "Between the connection and the greeting passed five seconds and more on every FTP port of the server, many times a round trip. A slow line would slow down everything.",
		Mend: "Set the time-out of your app to 60 seconds. Ask whoever runs the server to switch off its reverse DNS and ident look-ups (vsftpd: reverse_lookup_enable=NO, ProFTPD: UseReverseDNS off, " +
			"IdentLookups off; Pure-FTPd: DontResolve).",
	},
	ExplainedBy: append([]string{"tcp-intercepted", "tcp-slow", "tcp-mtu-blackhole", "ftp-port-is-http", "tls-explicit-to-implicit"}, misdirected...),
	Match:       matchFTPSlowBanner,
}

// slowGreeting is how long a greeting may take. Most clients wait 15 seconds and more; a look-up that fails takes 5.
const slowGreeting = 5 * time.Second

func matchFTPSlowBanner(c *Case) []Finding {
	return slices.Concat(c.greetsLate(), c.greetsTooLate(), c.neverGreets())
}

// greetsLate finds the addresses on which every greeting of FTP is late. One alone may have lost a packet.
func (c *Case) greetsLate() []Finding {
	var found []*Endpoint
	for _, address := range c.Addresses() {
		greeting := slices.DeleteFunc(c.On(address), func(e *Endpoint) bool { return !e.FTPFamily() || !e.Talk.Welcomed() || e.Talk.Opening == nil })
		if every(greeting, late) {
			found = append(found, greeting...)
		}
	}
	if len(found) == 0 {
		return nil
	}
	slowest := slices.MaxFunc(found, func(a, b *Endpoint) int { return int(a.Talk.Opening.Took - b.Talk.Opening.Took) })
	return []Finding{{
		Title:    fmt.Sprintf("The server on %s of %s takes %s to greet", c.on(found), c.Run.Target.Host, ms(slowest.Talk.Opening.Took)),
		Says:     fmt.Sprintf("The connection was open after %s. The server probably looks up your address first. %s", ms(slowest.Talk.Dial.Took), breaks(slowest.Talk.Opening.Took)),
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Fix: []Step{
			c.raiseTimeout(slowest.Talk.Opening.Took),
			{c.support(), "switch off reverse DNS and ident look-ups in the FTP server"},
		},
	}}
}

// late says whether a greeting took long, and much longer than the line explains.
func late(e *Endpoint) bool {
	took := e.Talk.Opening.Took.Duration()
	return e.Talk.Opening.Failure == nil && took >= slowGreeting && took > 5*e.Talk.Dial.Took.Duration()
}

// greetsTooLate finds the ports where the greeting came only after the time for it was up.
func (c *Case) greetsTooLate() []Finding {
	found := c.Where(func(e *Endpoint) bool {
		code, _, _ := e.Talk.clear()
		return e.FTPFamily() && code/100 == 2 && e.Talk.TLS.TLS.Mode == fact.Nudge && e.Talk.Opening != nil && e.Talk.Opening.Failed(fact.Timeout)
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("The server on %s of %s takes longer than %s to greet", c.on(found), c.Run.Target.Host, ms(found[0].Talk.Opening.Took)),
		Says:     "The connection opens at once, and the greeting came when many apps have given up. The server probably looks up your address first.",
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Quotes:   found[0].Talk.TLS.TLS.Plain,
		Fix: []Step{
			{You, fmt.Sprintf("set the time-out of your FTP app to %d seconds", max(60, c.Profile.WaitSeconds))},
			{c.support(), "switch off reverse DNS and ident look-ups in the FTP server"},
		},
	}}
}

// neverGreets finds the ports that accept a connection and then say nothing, or never come to the end of their greeting.
func (c *Case) neverGreets() []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.FTPFamily() && e.Talk.ungreeted() })
	if len(found) == 0 {
		return nil
	}
	o := found[0].Talk.Opening
	f := Finding{
		Severity:   c.weighOdd(found),
		Confidence: Possible,
		Title:      fmt.Sprintf("%s of %s accepts connections and does not greet", upper(c.on(found)), c.Run.Target.Host),
		Says:       fmt.Sprintf("The connection opens, and no greeting has come to its end after %s.", ms(o.Took)),
		Where:      where(found, c.connected()),
		Evidence:   firstWords(found),
		Quotes:     o.Opening.Lines,
		Fix: append(c.instead(found),
			Step{You, "test from another network, to see whether something in yours swallows the connection"},
			Step{You, fmt.Sprintf("set the time-out of your FTP app to %d seconds and try again", max(60, c.Profile.WaitSeconds))},
			Step{c.support(), fmt.Sprintf("look whether the FTP server hangs, with a connection to %s from there", portsOf(portsAmong(found)))}),
		Candidates: []Candidate{
			{"ftp-slow-banner", "an app with a long time-out gets a greeting", You},
			{"tcp-intercepted", "the port greets from another network", You},
			{"ftp-busy", "the server's process list shows as many sessions as it takes", c.support()},
		},
	}
	if len(portsAmong(found)) > 1 {
		f.Title = fmt.Sprintf("%s of %s accept connections and do not greet", upper(c.on(found)), c.Run.Target.Host)
	}
	return []Finding{f}
}

// ungreeted says whether the greeting of FTP is awaited in vain. A nudge has shown by then that the port does not wait for TLS.
func (talk *Conversation) ungreeted() bool {
	o := talk.Opening
	switch {
	case o == nil:
		return false
	case o.Failed(fact.Timeout):
		return talk.TLS == nil || o.Opening.Encrypted || talk.TLS.Failed(fact.Timeout, fact.Closed, fact.Reset)
	default:
		g := talk.Greeting()
		return g != nil && g.Failed(fact.Timeout, fact.TooLong)
	}
}

// opensWith says whether the first words in clear are of a protocol.
func (talk *Conversation) opensWith(voices ...fact.Voice) bool {
	return talk.Opening != nil && slices.Contains(voices, talk.Opening.Opening.Kind)
}

// plainMatches says whether what came in clear in place of TLS begins in a certain way.
func (talk *Conversation) plainMatches(line *regexp.Regexp) bool {
	o := talk.TLS
	return o != nil && o.Failed(fact.NotTLS) && o.TLS.Mode != fact.Explicit && len(o.TLS.Plain) > 0 && line.MatchString(o.TLS.Plain[0])
}

var (
	sshLine  = regexp.MustCompile(`^SSH-`)
	httpLine = regexp.MustCompile(`(?i)^(HTTP/|<!doctype|<html)`)
)

// firstLines are the first words of the other side, at most four lines.
func (talk *Conversation) firstLines() []string {
	var lines []string
	if talk.Opening != nil {
		lines = talk.Opening.Opening.Lines
	}
	if len(lines) == 0 && talk.TLS != nil {
		lines = talk.TLS.TLS.Plain
	}
	return lines[:min(len(lines), 4)]
}

// firstWords is the evidence of how conversations began.
func firstWords(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, ids(e.Talk.Dial, e.Talk.Opening, e.Talk.Greeting())...)
		if e.Talk.TLS != nil && e.Talk.TLS.Failure != nil || e.Talk.Opening == nil {
			found = append(found, ids(e.Talk.TLS)...)
		}
	}
	return found
}

// weighOdd is the severity of something else than expected on a port. On a port that nobody asked for and nobody
// promised, where another way works, it may well be meant so.
func (c *Case) weighOdd(found []*Endpoint) Severity {
	if slices.ContainsFunc(found, func(e *Endpoint) bool { return c.Matters(e.Port) }) {
		return c.weigh(Problem, found)
	}
	return Note
}
