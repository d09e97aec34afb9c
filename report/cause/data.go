package cause

import (
	"fmt"
	"slices"

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
	startFolder,
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
	ExplainedBy: []string{"data-no-pinhole"},
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
	ExplainedBy: []string{"data-no-pinhole"},
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
	if p.session.Did(fact.Listing) && (k == 1 || 10*k < n) {
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
	i := slices.IndexFunc(c.Endpoints, func(e *Endpoint) bool { return !e.FTPFamily() && c.sound(e) })
	if i < 0 {
		return nil
	}
	return []Step{{You, fmt.Sprintf("or use SFTP on port %d, which needs no further ports", c.Endpoints[i].Port)}}
}
