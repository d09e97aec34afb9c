package cause

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// dataRules are about data connections: how the two sides agree on one, whether it opens, its TLS, and what goes over it.
var dataRules = []Rule{
	epsvSwallowed,
	epsvRefused,
	pasvOnIPv6,
	pasvPrivate,
	pasvOtherPublic,
	algRewrite,
	noPinhole,
	pasvBlocked,
	pasvRefused,
	activeNAT,
	ipMismatch,
	portsExhausted,
	protRequired,
	tlsReuse,
	tls13Tickets,
	dataCertDiffers,
	dataTLSFails,
	dataTruncated,
	dataTimeout,
	permission,
	quota,
	encoding,
}

var pasvBlocked = Rule{
	Code:     "data-pasv-blocked",
	Title:    "The ports of data connections are blocked",
	Severity: Problem,
	Page: Page{
		Means: "FTP uses a second connection for every listing and every file. In passive mode the server names a port for it, out of a range, and your app connects there. " +
			"Signing in works, and then the listing never comes, because a firewall lets the control port through and not the range.",
		Shown: "The server announced ports on its own address, and connects to them got no answer. How many did, and which, tells whether the whole range is blocked or a part of it.",
		Mend: "Ask whoever runs your network to allow outgoing TCP to the passive range of the server. If another network shows the same, the server's own firewall, or the router in front of it, does not let the range in. " +
			"SFTP needs no further ports.",
	},
	ExplainedBy: []string{"data-no-pinhole", "data-alg-rewrite"},
	Match:       matchPasvBlocked,
}

func matchPasvBlocked(c *Case) []Finding {
	p := c.passiveRange()
	return c.barredPassive(p, p.dropped, "get no answer")
}

var pasvRefused = Rule{
	Code:     "data-pasv-refused",
	Title:    "The ports of data connections are refused",
	Severity: Problem,
	Page: Page{
		Means: "FTP uses a second connection for every listing and every file. The server names a port for it, and when your app connects there, it is turned away at once.",
		Shown: "The server announced ports on its own address, and connects to them were refused or rejected, although the server was waiting there. " +
			"So the answer comes from a firewall on the way, or from another computer behind the same address.",
		Mend: "Ask whoever runs your network to allow outgoing TCP to the passive range of the server. If another network shows the same, whoever runs the server has to look at the router or load balancer in front of it, " +
			"which must send the passive range to the same computer as the control port. SFTP needs no further ports.",
	},
	ExplainedBy: []string{"data-no-pinhole", "data-alg-rewrite"},
	Match:       matchPasvRefused,
}

func matchPasvRefused(c *Case) []Finding {
	p := c.passiveRange()
	return c.barredPassive(p, p.refused, "are refused")
}

// barredPassive is the finding about passive ports that cannot be reached.
func (c *Case) barredPassive(p passive, barred []link, what string) []Finding {
	if len(barred) == 0 {
		return nil
	}
	k, n := len(barred), p.all()
	f := Finding{
		Title:    fmt.Sprintf("Data connections to %s %s", c.Run.Target.Host, what),
		Says:     fmt.Sprintf("%d of the %d passive ports that the server handed out cannot be reached: %s.", k, n, estimate(k, n)),
		Where:    p.session.where(),
		Evidence: append(seenIn(barred), seenIn(p.open)...),
		Fix: append([]Step{
			{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", c.spread(slices.Concat(p.open, barred)), p.session.peer())},
		}, c.overSSH()...),
	}
	switch {
	case n == 1:
		f.Says = "The only passive port that was tried cannot be reached."
	case k == n:
		f.Says = fmt.Sprintf("None of the %d passive ports that the server handed out can be reached: %s.", n, estimate(k, n))
	case pattern(barred, p.open) != "":
		f.Says += " Of those that were tried, " + pattern(barred, p.open) + "."
	}
	if out := c.outsidePromise(slices.Concat(p.open, barred)); out > 0 {
		f.Says += fmt.Sprintf(" %s of the range that %s promises (%d-%d).", outside(out), c.Profile.Title, c.Profile.Passive.First, c.Profile.Passive.Last)
	}
	if k < n {
		f.Title = "Some of the data connections to " + c.Run.Target.Host + " " + what
	}
	if p.session.Did(fact.Listing) && (k == 1 || 4*k < n) {
		f.Severity = Warning // most transfers go through
	}
	if k == 1 && n > 2 && p.session.Did(fact.Listing) {
		f.Severity, f.Confidence = Note, Possible // a lost packet looks the same
	}
	if !c.Profile.Promised {
		f.Fix = append(f.Fix, Step{SiteAdmin, "open the passive range of the server in its firewall and in the router in front of it"})
	}
	if f.Confidence == "" && (!c.Profile.Promised || k < n) {
		f.Confidence = Likely
	}
	f.Candidates = c.whyBarred(p, f.Confidence)
	return []Finding{f}
}

// whyBarred ranks what can keep data connections from opening.
func (c *Case) whyBarred(p passive, sure Confidence) []Candidate {
	var found []Candidate
	if sure == Possible {
		found = append(found, Candidate{"data-pasv-blocked", "more passive ports are blocked with --passive-samples 32", You})
	}
	if p.session.encrypted() && sure != Certain && len(p.open) == 0 {
		found = append(found, Candidate{"data-no-pinhole", "listings work in FTP without encryption from the same network", YourNetwork})
	}
	return found
}

// overSSH is SFTP as a way around data connections, where it is there.
func (c *Case) overSSH() []Step {
	i := slices.IndexFunc(c.Endpoints, func(e *Endpoint) bool { return !e.FTPFamily() && e.sound() })
	if i < 0 {
		return nil
	}
	return []Step{{You, fmt.Sprintf("or use SFTP on port %d, which needs no further ports", c.Endpoints[i].Port)}}
}

// passiveReply is what a 227 announces.
type passiveReply struct {
	session *Session
	seen    *fact.Observation
	at      netip.AddrPort
}

// announcements lists the 227 replies of all sessions.
func (c *Case) announcements() []passiveReply {
	var found []passiveReply
	for _, s := range c.Sessions {
		for _, o := range s.answers("PASV") {
			if at, ok := announced(o.Reply); ok {
				found = append(found, passiveReply{s, o, at})
			}
		}
	}
	return found
}

// announced reads six numbers out of a 227 reply, with or without parentheses (RFC 1123 section 4.1.2.6).
func announced(r *fact.Reply) (netip.AddrPort, bool) {
	m := sixNumbers.FindStringSubmatch(strings.Join(r.Lines, " "))
	if r.Code != 227 || m == nil {
		return netip.AddrPort{}, false
	}
	var n [6]uint8
	for i := range n {
		v, err := strconv.ParseUint(m[i+1], 10, 8)
		if err != nil {
			return netip.AddrPort{}, false
		}
		n[i] = uint8(v)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
}

var sixNumbers = regexp.MustCompile(`(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})`)

// elsewhere is the first 227 of the ordinary session that names another address than the server's: an inner one, or an outer one.
func (c *Case) elsewhere(inner bool) (passiveReply, bool) {
	for _, a := range c.announcements() {
		peer := a.session.peer()
		if peer.Is4() && a.at.Addr() != peer && isInner(a.at.Addr()) == inner {
			return a, true
		}
	}
	return passiveReply{}, false
}

// isInner says whether an address means nothing on the internet: private (RFC 1918), of a provider's own NAT (RFC 6598), loopback,
// link-local, or none at all.
func isInner(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

// announcedTo lists the links whose announced address is a certain one.
func (c *Case) announcedTo(a netip.Addr) []link {
	return slices.DeleteFunc(c.links(), func(l link) bool { return l.mode != fact.PASV || l.announced.Addr() != a })
}

var pasvPrivate = Rule{
	Code:     "data-pasv-private",
	Title:    "The server announces an internal address for data connections",
	Severity: Warning,
	Page: Page{
		Means: "The server sits behind a router and does not know its public address. For each data connection it tells your app to connect to its address in the inner network, which leads nowhere from outside. " +
			"Many apps notice and use the address that they are already connected to; others hang.",
		Shown: "The reply to PASV (227) names a private address, while the control connection goes to another one.",
		Mend: "In your app switch on EPSV, or \"use the server's address for passive mode\". Whoever runs the server can mend it for everybody: the setting is called pasv_address (vsftpd), MasqueradeAddress (ProFTPD), " +
			"ForcePassiveIP (Pure-FTPd), or external IP address in passive mode.",
	},
	ExplainedBy: []string{"data-alg-rewrite"},
	Match:       matchPasvPrivate,
}

func matchPasvPrivate(c *Case) []Finding {
	a, ok := c.elsewhere(true)
	if !ok {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("%s announces the internal address %s for data connections", c.Run.Target.Host, a.at.Addr()),
		Says:     fmt.Sprintf("The control connection goes to %s. Apps that believe the announced address connect to nowhere.", a.session.peer()),
		Where:    a.session.where(),
		Evidence: append(ids(a.seen), seenIn(c.announcedTo(a.at.Addr()))...),
		Quotes:   quote(a.seen),
		Fix: []Step{
			{You, "let your FTP app use EPSV, or the server's address in place of the announced one"},
			{c.support(), fmt.Sprintf("set the address for passive mode to %s (vsftpd: pasv_address, ProFTPD: MasqueradeAddress, Pure-FTPd: ForcePassiveIP)", a.session.peer())},
		},
	}
	if slices.ContainsFunc(c.announcedTo(a.at.Addr()), believed) && !a.session.Did(fact.Listing) {
		f.Severity = Problem
	}
	return []Finding{f}
}

// believed says whether a link went to the announced address, and failed there.
func believed(l link) bool { return l.dialled.Addr() == l.announced.Addr() && l.failed != "" }

var pasvOtherPublic = Rule{
	Code:     "data-pasv-other-public",
	Title:    "The server announces another address for data connections",
	Severity: Problem,
	Page: Page{
		Means: "For data connections the server tells your app to connect to another public address than the one that it has. Mostly its own public address has changed and its settings were not. Apps that believe it connect to a stranger.",
		Shown: "The reply to PASV (227) names another public address than that of the control connection. If data connections to it open, it is meant so, and there is no finding.",
		Mend:  "In your app switch on EPSV, or \"use the server's address for passive mode\". Whoever runs the server has to set its address for passive mode anew.",
	},
	ExplainedBy: []string{"data-alg-rewrite"},
	Match:       matchPasvOtherPublic,
}

func matchPasvOtherPublic(c *Case) []Finding {
	a, ok := c.elsewhere(false)
	if !ok {
		return nil
	}
	links := c.announcedTo(a.at.Addr())
	if slices.ContainsFunc(links, func(l link) bool { return l.dialled.Addr() == l.announced.Addr() && l.failed == "" }) {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("%s announces the address %s for data connections, which is not its own", c.Run.Target.Host, a.at.Addr()),
		Says:     fmt.Sprintf("The control connection goes to %s, and data connections to the announced address do not open.", a.session.peer()),
		Where:    a.session.where(),
		Evidence: append(ids(a.seen), seenIn(links)...),
		Quotes:   quote(a.seen),
		Fix: []Step{
			{You, "let your FTP app use EPSV, or the server's address in place of the announced one"},
			{c.support(), fmt.Sprintf("set the address for passive mode to %s (vsftpd: pasv_address, ProFTPD: MasqueradeAddress, Pure-FTPd: ForcePassiveIP)", a.session.peer())},
		},
	}
	if !slices.ContainsFunc(links, believed) {
		f.Severity, f.Confidence = Warning, Likely
		f.Says = fmt.Sprintf("The control connection goes to %s. Apps that believe the announced address connect to another computer.", a.session.peer())
	}
	return []Finding{f}
}

var algRewrite = Rule{
	Code:     "data-alg-rewrite",
	Title:    "A router changes what the server announces",
	Severity: Warning,
	Page: Page{
		Means: "A router or firewall with an FTP helper (ALG) reads along in the control connection and changes the addresses and ports in it. It means well, and often does it wrong. Under TLS it cannot read along.",
		Shown: "The server announced one address for data connections in clear and another one under TLS; or, in clear, the ports of EPSV can be reached and those of PASV cannot.",
		Mend:  "Use TLS, which hides the words from the helper, together with a port that it does not watch. Or have the helper switched off: it is called FTP ALG, FTP helper, nf_nat_ftp, or FTP inspection.",
	},
	Match: matchALGRewrite,
}

func matchALGRewrite(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("Something between you and %s changes the addresses of data connections", c.Run.Target.Host),
		Fix: append([]Step{
			{You, "choose explicit TLS, or implicit TLS, in place of FTP without encryption"},
			{YourNetwork, "switch off the FTP helper (ALG) of the router or firewall"},
			{c.support(), "switch off the FTP helper of the router in front of the server, and set the server's address for passive mode"},
		}, c.overSSH()...),
	}
	all := c.announcements()
	for _, a := range all {
		for _, b := range all {
			if a.seen.Reply.Encrypted || !b.seen.Reply.Encrypted || a.at.Addr() == b.at.Addr() || a.session.peer() != b.session.peer() {
				continue
			}
			f.Says = fmt.Sprintf("In clear the server announces %s, under TLS %s. What comes under TLS is what the server said.", a.at.Addr(), b.at.Addr())
			f.Where, f.Evidence = a.session.where(), ids(a.seen, b.seen)
			f.Quotes = append(quote(a.seen), quote(b.seen)...)
			return []Finding{f}
		}
	}
	s := c.Attempt()
	if s == nil || s.encrypted() {
		return nil
	}
	var open, barred []link
	for _, l := range c.links() {
		switch {
		case l.session != s:
		case l.mode == fact.EPSV && l.failed == "":
			open = append(open, l)
		case l.mode == fact.EPSV || l.failed == "" || l.dialled.Addr() != s.peer():
			return nil
		default:
			barred = append(barred, l)
		}
	}
	if len(open) < 3 || len(barred) == 0 {
		return nil // chance, or a lost packet
	}
	f.Confidence = Likely
	f.Says = "Every port that EPSV announced can be reached, and none of those of PASV, on the same address."
	f.Where, f.Evidence = s.where(), append(seenIn(barred), seenIn(open)...)
	return []Finding{f}
}

var noPinhole = Rule{
	Code:     "data-no-pinhole",
	Title:    "The firewall opens data connections only where it can read along",
	Severity: Problem,
	Page: Page{
		Means: "Many firewalls read along in FTP and open each data connection when they see it announced. Under TLS they see nothing, and keep the ports closed. So FTP without encryption works and with encryption it does not.",
		Shown: "From the same computer, data connections open in a session in clear and do not in one under TLS.",
		Mend:  "Ask whoever runs the network to allow the passive range of the server as such, without inspection. Or use SFTP. Going back to FTP without encryption would show your password to everybody on the way.",
	},
	Match: matchNoPinhole,
}

func matchNoPinhole(c *Case) []Finding {
	var clearOpen, openUnderTLS, barred []*fact.Observation
	var session *Session
	for _, s := range c.Sessions {
		for _, o := range s.Transfers {
			data := c.data[o.Transfer.Data]
			switch {
			case data == nil || data.Dial.Failed(fact.Interrupted):
			case data.Dial.Failure == nil && s.encrypted():
				openUnderTLS = append(openUnderTLS, o)
			case data.Dial.Failure == nil:
				clearOpen = append(clearOpen, o)
			case s.encrypted():
				barred, session = append(barred, o), s
			}
		}
	}
	if len(clearOpen) == 0 || len(barred) == 0 || len(openUnderTLS) > 0 {
		return nil
	}
	return []Finding{{
		Title:    fmt.Sprintf("A firewall opens data connections to %s only without encryption", c.Run.Target.Host),
		Says:     "In clear a data connection opens, under TLS none does.",
		Where:    session.where(),
		Evidence: ids(append(clearOpen, barred...)...),
		Fix: append([]Step{
			{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s without FTP inspection", c.spread(c.links()), session.peer())},
		}, c.overSSH()...),
	}}
}

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
