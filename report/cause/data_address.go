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

// elsewhere is the first 227 that names another address than the server's: an inner one, or an outer one. What comes in clear and
// is another thing under TLS was changed on the way, and is not what the server said.
func (c *Case) elsewhere(inner bool) (passiveReply, bool) {
	all := c.announcements()
	for _, a := range all {
		peer := a.session.peer()
		if slices.ContainsFunc(all, a.changed) {
			continue
		}
		if peer.Is4() && a.at.Addr() != peer && isInner(a.at.Addr()) == inner {
			return a, true
		}
	}
	return passiveReply{}, false
}

// changed says whether another reply of the same server shows that this one was changed on the way.
func (a passiveReply) changed(b passiveReply) bool {
	return !a.seen.Reply.Encrypted && b.seen.Reply.Encrypted && a.at.Addr() != b.at.Addr() && a.session.peer() == b.session.peer()
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
	Match: matchPasvPrivate,
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
	Match: matchPasvOtherPublic,
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
			if !a.changed(b) {
				continue
			}
			f.Says = fmt.Sprintf("In clear the server announces %s, under TLS %s. What comes under TLS is what the server said.", a.at.Addr(), b.at.Addr())
			f.Where, f.Evidence = a.session.where(), ids(a.seen, b.seen)
			f.Quotes = append(quote(a.seen), quote(b.seen)...)
			return []Finding{f}
		}
	}
	barred, open := c.rewritten()
	if len(barred) == 0 {
		return nil
	}
	f.Confidence = Likely
	f.Says = "Every port that EPSV announced can be reached, and none of those of PASV, on the same address."
	f.Where, f.Evidence = barred[0].session.where(), append(seenIn(barred), seenIn(open)...)
	return []Finding{f}
}

// rewritten lists the ports of PASV that cannot be reached, in a session in clear in which all those of EPSV can. There are
// none where that may be chance.
func (c *Case) rewritten() (barred, open []link) {
	s := c.Attempt()
	if s == nil || s.encrypted() {
		return nil, nil
	}
	for _, l := range c.links() {
		switch {
		case l.session != s:
		case l.mode == fact.EPSV && l.failed == "":
			open = append(open, l)
		case l.mode == fact.EPSV || l.failed == "" || l.dialled.Addr() != s.peer():
			return nil, nil
		default:
			barred = append(barred, l)
		}
	}
	if len(open) < 3 {
		return nil, nil
	}
	return barred, open
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
