package cause

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var epsvSwallowed = Rule{
	Code:     "data-epsv-swallowed",
	Title:    "The command EPSV is not answered",
	Severity: Warning,
	Page: Page{
		Means: "EPSV is the newer way to agree on a data connection. Some firewalls do not know it and throw it away, or cut the connection. Apps that begin with EPSV then hang.",
		Shown: "EPSV got no answer, or the connection was cut at it, while the server answered other commands at once.",
		Mend:  "Switch off EPSV in your app (\"disable EPSV\", or \"use PASV\"). Whoever runs the firewall can let EPSV pass (RFC 2428), or switch off its inspection of FTP.",
	},
	ExplainedBy: []string{"tcp-intermittent"},
	Match:       matchEPSVSwallowed,
}

func matchEPSVSwallowed(c *Case) []Finding {
	var lost, answered *fact.Observation
	var session *Session
	listed := false
	for _, s := range c.Sessions {
		listed = listed || s.Did(fact.Listing)
		for _, o := range s.Replies {
			switch v := verb(o); {
			case v == "EPSV" && o.Failed(fact.Timeout, fact.Closed, fact.Reset):
				lost, session = o, s
			case v == "PASV" && o.Reply.Code == 227:
				answered = o
			}
		}
	}
	if lost == nil {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("Nobody answers EPSV on the way to %s", c.Run.Target.Host),
		Says:     fmt.Sprintf("EPSV got no answer within %s, and PASV is answered.", ms(lost.Took)),
		Where:    session.where(),
		Evidence: ids(lost, answered),
		Fix: []Step{
			{You, "switch off EPSV in your FTP app, so that it uses PASV"},
			{YourNetwork, "let the command EPSV (RFC 2428) pass the firewall, or switch off its FTP inspection"},
		},
	}
	if !lost.Failed(fact.Timeout) {
		f.Title = fmt.Sprintf("The connection to %s is cut at EPSV", c.Run.Target.Host)
		f.Says = "The connection ends in place of an answer to EPSV, and PASV is answered."
	}
	if !listed {
		f.Severity = Problem
	}
	if answered == nil {
		f.Confidence = Possible
		f.Says = strings.Replace(f.Says, ", and PASV is answered.", "; whether PASV is answered is not known.", 1)
		f.Candidates = []Candidate{
			{"data-epsv-swallowed", "a listing works with EPSV switched off", You},
			{"data-timeout", "other commands are not answered either", You},
		}
	}
	return []Finding{f}
}

var epsvRefused = Rule{
	Code:     "data-epsv-refused",
	Title:    "The server does not know EPSV",
	Severity: Warning,
	Page: Page{
		Means: "EPSV is the newer way to agree on a data connection, and the only one that works over IPv6. This server refuses it. Over IPv4 most apps fall back to PASV by themselves.",
		Shown: "EPSV was refused. Where PASV works in its place this is a mere note; where there is none, as over IPv6, no listing is possible.",
		Mend:  "Nothing, as long as listings work. Otherwise connect over IPv4, and ask whoever runs the server to enable EPSV.",
	},
	Match: matchEPSVRefused,
}

func matchEPSVRefused(c *Case) []Finding {
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return nil
	}
	o := refusal(s.answers("EPSV"))
	if o == nil {
		return nil
	}
	f := Finding{
		Severity: Note,
		Title:    fmt.Sprintf("%s does not know EPSV", c.Run.Target.Host),
		Says:     "It refuses EPSV, and PASV works in its place.",
		Where:    s.where(),
		Evidence: ids(o),
		Quotes:   quote(o),
		Fix:      []Step{{You, "switch off EPSV in your FTP app, if it does not fall back to PASV by itself"}},
	}
	if s.peer().Is6() {
		f.Severity = Problem
		f.Says = "It refuses EPSV, and over IPv6 nothing can take its place."
		f.Fix = []Step{
			{You, "connect over IPv4"},
			{c.support(), "enable EPSV, or do not offer FTP over IPv6"},
		}
	} else if no := refusal(s.answers("PASV")); no != nil && !s.Did(fact.Listing) {
		f.Severity = Problem
		f.Title = fmt.Sprintf("%s has no passive mode", c.Run.Target.Host)
		f.Says = "It refuses EPSV, and PASV as well."
		f.Evidence = ids(o, no)
		f.Fix = []Step{{c.support(), "enable passive mode (vsftpd: pasv_enable=YES)"}}
	}
	return []Finding{f}
}

// refusal is the first reply that is a permanent refusal; nil when none is.
func refusal(replies []*fact.Observation) *fact.Observation {
	for _, o := range replies {
		if o.Failure == nil && o.Reply.Code/100 == 5 {
			return o
		}
	}
	return nil
}

var pasvOnIPv6 = Rule{
	Code:     "data-pasv-on-ipv6",
	Title:    "PASV cannot work over IPv6",
	Severity: Problem,
	Page: Page{
		Means: "The old command PASV can only name IPv4 addresses. You are connected over IPv6, where the newer EPSV is needed.",
		Shown: "The control connection goes over IPv6, and the server refused PASV. If EPSV works, only apps that are set to PASV are affected.",
		Mend:  "Switch on EPSV in your app, or connect over IPv4.",
	},
	Match: matchPASVOnIPv6,
}

func matchPASVOnIPv6(c *Case) []Finding {
	s := c.Attempt()
	if s == nil || !s.peer().Is6() || !s.Accepted() {
		return nil
	}
	for _, o := range s.answers("PASV") {
		if o.Reply.Code < 400 || o.Reply.Code == 421 || o.Failure != nil {
			continue
		}
		f := Finding{
			Severity: Note,
			Title:    fmt.Sprintf("PASV does not work over IPv6 on %s", c.Run.Target.Host),
			Says:     "That is as it should be, and EPSV works. Only an app that is set to PASV would fail.",
			Where:    s.where(),
			Evidence: ids(o),
			Quotes:   quote(o),
			Fix:      []Step{{You, "leave EPSV switched on in your FTP app, or connect over IPv4"}},
		}
		if !s.Did(fact.Listing) {
			f.Severity = Problem
			f.Says = "The control connection goes over IPv6, which PASV knows nothing of."
		}
		return []Finding{f}
	}
	return nil
}

var activeNAT = Rule{
	Code:     "data-active-nat",
	Title:    "Active mode does not work from here",
	Severity: Note,
	Page: Page{
		Means: "In active mode the server opens the data connection to your computer. Routers and firewalls on your side do not let that in, and many servers do not do it at all. Passive mode is the usual way.",
		Shown: "A transfer in active mode failed, or the server refused the command for it. Or passive mode fails here, and this computer has only addresses that nobody outside can reach.",
		Mend:  "Set your app to passive mode.",
	},
	Match: matchActiveNAT,
}

func matchActiveNAT(c *Case) []Finding {
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("Active mode does not work with %s from here", c.Run.Target.Host),
		Says:  "The server does not open data connections to this computer.",
		Where: s.where(),
		Fix:   []Step{{You, "keep your FTP app in passive mode"}},
	}
	inner := c.onlyInner() && !isInner(s.peer())
	if inner {
		f.Says = "This computer has only addresses of an inner network, which the server cannot reach."
	}
	for _, o := range s.Replies {
		if v := verb(o); (v == "PORT" || v == "EPRT") && o.Reply.Code >= 400 {
			f.Evidence, f.Quotes = append(f.Evidence, o.ID), quote(o)
		}
	}
	for _, o := range s.Transfers {
		if active(o) && !Done(o) && !o.Failed(fact.Interrupted) {
			f.Evidence, f.Quotes = append(f.Evidence, o.ID), transferQuote(o)
		}
	}
	p := c.passiveRange()
	if len(f.Evidence) == 0 && inner && p.all() > 0 && len(p.open) == 0 {
		f.Title = "Active mode would not help here"
		f.Evidence = append(seenIn(p.dropped), seenIn(p.refused)...)
	}
	if len(f.Evidence) == 0 {
		return nil
	}
	return []Finding{f}
}

// active says whether a transfer was one in active mode.
func active(o *fact.Observation) bool {
	return o.Transfer.Mode == fact.PORT || o.Transfer.Mode == fact.EPRT
}

// onlyInner says whether this computer has addresses, and none that can be reached from outside.
func (c *Case) onlyInner() bool {
	if c.Machine == nil || len(c.Machine.Addresses) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Machine.Addresses, func(a string) bool {
		prefix, err := netip.ParsePrefix(a)
		return err == nil && !isInner(prefix.Addr())
	})
}
