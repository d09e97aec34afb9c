package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var ftpBanned = Rule{
	Code:     "ftp-banned",
	Title:    "The server has banned your internet address",
	Severity: Problem,
	Page: Page{
		Means: "The server turns away every connection from your internet address, mostly because wrong passwords came from it. They may have come from another program or person behind the same address: " +
			"an app with an old password tries it again and again.",
		Shown: "The greeting is a refusal that speaks of a ban or of failed logins. Some servers close the connection without a word instead; then a full server or an allow-list looks the same from here.",
		Mend: "Stop every program that signs in to this server, and mend the passwords that they have stored. Then wait; bans mostly end by themselves after some minutes or hours. If not, give your public IP address " +
			"to whoever runs the server and ask to lift the ban. Each further attempt may prolong it.",
	},
	ExplainedBy: append([]string{"tcp-reset-after-connect", "tcp-intercepted"}, misdirected...),
	Match:       matchFTPBanned,
}

func matchFTPBanned(c *Case) []Finding {
	found := c.turnedAway("ftp-banned")
	if d := c.deniedFor("ftp-banned"); d != nil {
		return []Finding{c.finding(d, Finding{
			Title: fmt.Sprintf("%s has banned your internet address", c.Run.Target.Host),
			Says:  "It refuses the login, and gives too many failed ones or a ban as the reason.",
			Fix:   c.unban(),
		})}
	}
	if len(found) == 0 {
		return c.hungUp()
	}
	f := c.refusalFinding(found)
	f.Title = fmt.Sprintf("The server on %s of %s has banned your internet address", c.on(found), c.Run.Target.Host)
	f.Says = "It turns the connection away before any login, and gives a ban as the reason."
	f.Fix = c.unban()
	return []Finding{f}
}

func (c *Case) unban() []Step {
	return []Step{
		{You, "stop every program that signs in to this server, wait some minutes without an attempt, then try once with the right password"},
		{c.support(), "look up whether the public IP address of this network is banned, and lift the ban"},
	}
}

// hungUp finds the ports of FTP that close the connection before they have greeted.
func (c *Case) hungUp() []Finding {
	found := c.Where(func(e *Endpoint) bool {
		o, g := e.Talk.Opening, e.Talk.Greeting()
		return e.FTPFamily() && (o != nil && o.Failed(fact.Closed, fact.Reset) || g != nil && g.Failed(fact.Closed, fact.Reset))
	})
	if len(found) == 0 {
		return nil
	}
	f := c.refusalFinding(found)
	f.Severity = c.weighOdd(found)
	f.Confidence = Possible
	f.Title = fmt.Sprintf("The server on %s of %s hangs up before it greets", c.on(found), c.Run.Target.Host)
	f.Says = "It accepts the connection and ends it before its greeting is complete. Servers do so with addresses that they have banned, or that are not on their list, and when they are full."
	f.Fix = append(c.instead(found), c.unban()...)
	f.Candidates = []Candidate{
		{"ftp-banned", "the server's log, or its list of bans, names your public IP address", c.support()},
		{"ftp-ip-denied", "the server has a list of allowed addresses, and yours is not on it", c.support()},
		{"ftp-busy", "it works at a quieter time", You},
	}
	return []Finding{f}
}

var ftpPerIPLimit = Rule{
	Code:     "ftp-per-ip-limit",
	Title:    "Too many connections from your internet address",
	Severity: Problem,
	Page: Page{
		Means: "The server allows only so many connections from one internet address at a time, and that many are open. They may be those of your own app, which opens several for its transfers, " +
			"of sessions that were cut and are not forgotten yet, or of other people behind the same address.",
		Shown: "The greeting is a refusal that speaks of connections from your address. A refusal that speaks of users in general comes from a full server.",
		Mend:  "Close other apps and transfers, and set the number of simultaneous connections in your app to 1 or 2. Then wait a minute. If others share your internet address, ask whoever runs the server for a higher limit.",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchFTPPerIPLimit,
}

func matchFTPPerIPLimit(c *Case) []Finding {
	found := c.turnedAway("ftp-per-ip-limit")
	fix := []Step{
		{You, "close other apps and transfers to this server, set the number of simultaneous connections to 1, and try again in a minute"},
		{c.support(), "raise the limit of connections from one address, if several people share yours"},
	}
	if d := c.deniedFor("ftp-per-ip-limit"); d != nil {
		return []Finding{c.finding(d, Finding{
			Title: fmt.Sprintf("%s allows no more connections from your internet address", c.Run.Target.Host),
			Says:  "It refuses the login, because too many connections from your address are open.",
			Fix:   fix,
		})}
	}
	if len(found) == 0 {
		return nil
	}
	f := c.refusalFinding(found)
	f.Title = fmt.Sprintf("The server on %s of %s allows no more connections from your internet address", c.on(found), c.Run.Target.Host)
	f.Says = "It turns the connection away before any login, because too many from your address are open."
	f.Fix = fix
	if c.greetsBeside(found) {
		// The connections that stand in each other's way may be this program's own.
		f.Severity = Warning
		f.Says += " Other ports of the same server greeted at the same moment, so the limit is only a few connections."
	}
	return []Finding{f}
}

// greetsBeside says whether each address that turned a connection away greeted on another port.
func (c *Case) greetsBeside(found []*Endpoint) bool {
	return every(found, func(e *Endpoint) bool {
		return slices.ContainsFunc(c.On(e.Address), func(o *Endpoint) bool { return o.FTPFamily() && o.Talk.Welcomed() })
	})
}

var ftpIPDenied = Rule{
	Code:     "ftp-ip-denied",
	Title:    "The server does not let your internet address in",
	Severity: Problem,
	Page: Page{
		Means: "The server has a list of internet addresses that may connect, and yours is not on it, or it has shut yours out. User name and password play no part in it.",
		Shown: "The greeting is a refusal that speaks of denied access, or the short \"Service not available.\" of vsftpd, which it sends to addresses that its host denies. " +
			"It does not speak of a ban or of too many connections.",
		Mend: "Find out your public IP address and ask whoever runs the server to allow it. If you use a VPN, try without it, or with it if the server expects that one. Addresses of home lines change from time to time.",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchFTPIPDenied,
}

func matchFTPIPDenied(c *Case) []Finding {
	found := c.turnedAway("ftp-ip-denied")
	fix := []Step{
		{You, "try without a VPN, or through the network that the server expects you in"},
		{c.support(), "allow the public IP address of this network on the server"},
	}
	if d := c.deniedFor("ftp-ip-denied"); d != nil {
		return []Finding{c.finding(d, Finding{
			Title: fmt.Sprintf("%s does not let your internet address in", c.Run.Target.Host),
			Says:  fmt.Sprintf("It refuses the login of %s from this address.", c.user()),
			Fix:   fix,
		})}
	}
	if len(found) == 0 {
		return nil
	}
	f := c.refusalFinding(found)
	f.Confidence = Likely
	f.Title = fmt.Sprintf("The server on %s of %s does not let your internet address in", c.on(found), c.Run.Target.Host)
	f.Says = "It turns the connection away before any login."
	f.Fix = fix
	f.Candidates = []Candidate{
		{"ftp-ip-denied", "the server's list of allowed addresses does not hold yours", c.support()},
		{"ftp-banned", "the server's list of bans holds your address", c.support()},
		{"ftp-busy", "it works at another time", You},
	}
	return []Finding{f}
}

var ftpBusy = Rule{
	Code:     "ftp-busy",
	Title:    "The server is full or out of service",
	Severity: Problem,
	Page: Page{
		Means: "The server takes no more users at the moment: as many are connected as it allows, its load is too high, or it is being restarted. Your settings are not at fault.",
		Shown: "The greeting is a refusal (421) that speaks of users, of load or of trying later. If it spoke of your address, that would be another cause. A refusal without any known words may also be one.",
		Mend:  "Wait some minutes and try again, with one connection. If it lasts, ask whoever runs the server whether it is overloaded or its limit of users too low.",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchFTPBusy,
}

func matchFTPBusy(c *Case) []Finding {
	var findings []Finding
	if full := c.turnedAway("ftp-busy"); len(full) > 0 {
		f := c.refusalFinding(full)
		f.Title = fmt.Sprintf("The server on %s of %s takes no more users at the moment", c.on(full), c.Run.Target.Host)
		f.Says = "It turns the connection away before any login, and says that it is full or busy."
		findings = append(findings, f)
	}
	if unknown := c.turnedAway("unknown"); len(unknown) > 0 {
		f := c.refusalFinding(unknown)
		f.Confidence = Possible
		f.Title = fmt.Sprintf("The server on %s of %s turns you away before any login", c.on(unknown), c.Run.Target.Host)
		f.Says = "Its greeting is a refusal, in words that leave the reason open."
		f.Candidates = []Candidate{
			{"ftp-busy", "it works at another time", You},
			{"ftp-ip-denied", "it works from another network", You},
			{"ftp-banned", "the server's list of bans holds your address", c.support()},
		}
		findings = append(findings, f)
	}
	for i := range findings {
		findings[i].Fix = []Step{
			{You, "wait some minutes and try again, with one connection"},
			{c.support(), "look whether the server is overloaded, out of service or at its limit of users"},
		}
	}
	return findings
}

var ftpShutdown = Rule{
	Code:     "ftp-shutdown",
	Title:    "The server is going down, or its administrator ended the session",
	Severity: Problem,
	Page: Page{
		Means: "The server is being restarted or taken out of service, or somebody who runs it has ended your session by hand. Your settings are not at fault.",
		Shown: "The server ended the session with words about going offline, maintenance, or being kicked. A server that is merely full speaks of users or load.",
		Mend:  "Wait some minutes and try again. If it lasts, ask whoever runs the server.",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchFTPShutdown,
}

func matchFTPShutdown(c *Case) []Finding {
	fix := []Step{
		{You, "wait some minutes and try again"},
		{c.support(), "say when the server will be back in service"},
	}
	title := fmt.Sprintf("%s is going out of service", c.Run.Target.Host)
	if found := c.turnedAway("ftp-shutdown"); len(found) > 0 {
		f := c.refusalFinding(found)
		f.Title, f.Fix = title, fix
		f.Says = "It turns the connection away before any login, and says that it is going out of service."
		return []Finding{f}
	}
	if d := c.deniedFor("ftp-shutdown"); d != nil {
		return []Finding{c.finding(d, Finding{Title: title, Says: "It ended the session during the login, and says that it is going out of service.", Fix: fix})}
	}
	for _, s := range c.Sessions {
		o := s.goodbye()
		if o == nil || reasonOf(strings.Join(quote(o), " ")) != "ftp-shutdown" {
			continue
		}
		return []Finding{{
			Title:    title,
			Says:     fmt.Sprintf("It ended the session at %s.", asked(o)),
			Where:    s.where(),
			Evidence: ids(o),
			Quotes:   quote(o),
			Fix:      fix,
		}}
	}
	return nil
}

// goodbye is the 421 with which a server ended a session after the login (RFC 959 section 5.4); nil when it did not.
func (s *Session) goodbye() *fact.Observation {
	if !s.Accepted() {
		return nil
	}
	for _, o := range s.Replies {
		if o.Reply.Code == 421 {
			return o
		}
	}
	return nil
}

// refusalFinding holds what all refusals have in common.
func (c *Case) refusalFinding(found []*Endpoint) Finding {
	_, lines, _ := found[0].Talk.refusal()
	return Finding{
		Severity: c.weigh(Problem, found),
		Where:    where(found, c.connected()),
		Evidence: firstWords(found),
		Quotes:   lines,
	}
}

// turnedAway lists the endpoints that refuse a visitor for one kind of reason.
func (c *Case) turnedAway(reason string) []*Endpoint {
	return c.Where(func(e *Endpoint) bool {
		code, lines, _ := e.Talk.refusal()
		return e.FTPFamily() && code != 0 && reasonOf(strings.Join(lines, " ")) == reason
	})
}

// refusal is the reply with which a server turns a visitor away before the login; the code is 0 when it does not. vsftpd
// sends it in clear on a port of implicit TLS too (vsftpd 3.0.3, prelogin.c).
func (talk *Conversation) refusal() (code int, lines []string, seen *fact.Observation) {
	for _, o := range talk.Replies {
		// 421 ends the session, whatever it answers (RFC 959 section 5.4).
		if o.Failure == nil && (o.Reply.Code == 421 || o.Reply.Command == "" && o.Reply.Code >= 400) {
			return o.Reply.Code, quote(o), o
		}
	}
	code, lines, seen = talk.clear()
	if code < 400 || seen.TLS.Mode == fact.Explicit {
		return 0, nil, nil
	}
	return code, lines, seen
}

// reasonOf reads the reason out of a refusal: the first kind of words that fits, "unknown" when none does.
func reasonOf(text string) string {
	for _, reason := range reasons {
		if reason.words.MatchString(text) {
			return reason.cause
		}
	}
	return "unknown"
}

// reason is a kind of refusal, and its words.
type reason struct {
	cause string
	words *regexp.Regexp
}

// reasons are the words of refusals. Those of vsftpd 3.0.3, Pure-FTPd 1.0.50 and ProFTPD 1.3.8 are as these servers send them, save the one about
// tcp_wrappers; that one and those of FileZilla Server 0.9 and SFTPGo are as their sources have them, and unconfirmed.
var reasons = []reason{
	// "Temporarily banned for too many failed login attempts", "Access denied: banned client IP"
	{"ftp-banned", regexp.MustCompile(`(?i)\bban(ned)?\b|black-?list|block-?list|\bblocked\b|locked out|too many (failed|authentication|bad|invalid|wrong)|failed log-?ins?`)},
	// "There are too many connections from your internet address.", "Too many connections (8) from this IP",
	// "Sorry, the maximum number of connections (1) for your host are already connected.",
	// "Refusing connection. No more connections allowed from your IP."
	{"ftp-per-ip-limit", regexp.MustCompile(`(?i)(too many|maximum|limit|no more|exceed|already)\b.*\b(from|per|for) (your|this|the same|a single|one|each|same)? ?(ip|internet|host|address|client|computer|machine)|rate limit`)},
	// "Service not available." is what vsftpd says to an address that tcp_wrappers denies.
	{"ftp-ip-denied", regexp.MustCompile(`(?i)^421 service not available\.?$|not (allowed|permitted|authori[sz]ed|welcome)|denied|forbidden|prohibited|reject|allow-?list|white-?list`)},
	// "Server is going offline", "Kicked by Administrator"
	{"ftp-shutdown", regexp.MustCompile(`(?i)offline|going down|shut(ting)? ?down|maintenance|restart|kicked`)},
	// "There are too many connected users, please try later.", "50 users (the maximum) are already logged in, sorry",
	// "Server too busy, closing connection. Please retry later!"
	// That it is closing the connection says every 421, whatever the reason (RFC 959 section 4.2.2).
	{"ftp-busy", regexp.MustCompile(`(?i)too many|maximum|\bfull\b|busy|overload|\bload\b|capacity|limit|no more|later|again`)},
}
