package cause

import (
	"fmt"
	"slices"
)

var hostsOverride = Rule{
	Code:     "dns-hosts-override",
	Title:    "The hosts file leads the name elsewhere",
	Severity: Problem,
	Page: Page{
		Means: "A line in the hosts file of this computer gives the host name an address of its own. Programs on this computer use that line and never ask the DNS. " +
			"Such lines are written for a test or a move of the server and then forgotten.",
		Shown: "The hosts file names the host, the look-up on this computer gives that address, and the DNS servers give another one or none.",
		Mend:  "Remove the line from the hosts file, as administrator, or put a # in front of it. If the line is meant to be there, correct its address.",
	},
	Match: matchHostsOverride,
}

func matchHostsOverride(c *Case) []Finding {
	line, system := c.hostsLine(), c.system()
	if line == nil || system.Failure != nil {
		return nil
	}
	var fresh []string
	for _, a := range c.answers() {
		fresh = append(fresh, a.found...)
	}
	fresh = distinct(fresh)
	if slices.Contains(fresh, line.Address) || len(fresh) == 0 && c.settled() {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("The hosts file of this computer leads %s to %s", c.Run.Target.Host, line.Address),
		Says:     fmt.Sprintf("Line %d of %s names the host, so that the DNS is not asked.", line.Line, c.Hosts.Hosts.Path),
		Evidence: append(ids(c.Hosts, system), evidenceOf(c.answers())...),
		Fix:      []Step{{You, fmt.Sprintf("remove line %d from %s as administrator, or correct its address", line.Line, c.Hosts.Hosts.Path)}},
	}
	switch {
	case c.settled():
		f.Severity = Note
		f.Fix[0].Do = "leave it as it is if it is meant so; else " + f.Fix[0].Do
	case len(fresh) == 0:
		f.Confidence = Likely
	}
	if len(fresh) > 0 {
		f.Says = fmt.Sprintf("Line %d of %s names the host. The DNS gives %s.", line.Line, c.Hosts.Hosts.Path, and(fresh))
	}
	return []Finding{f}
}

var splitHorizon = Rule{
	Code:     "dns-split-horizon",
	Title:    "The DNS gives an internal address",
	Severity: Problem,
	Page: Page{
		Means: "A DNS server can give one answer inside a company and another one outside. Here your programs got the one that does not fit the place where you are: " +
			"an internal address that does not answer, or the public one where only the internal one works.",
		Shown: "The addresses that programs here get did not lead to a working server. They are private (RFC 1918, RFC 4193, RFC 6598) and another DNS server of the same run gave public ones, or the other way round.",
		Mend:  "Connect to the company's VPN, or disconnect from it, so that the DNS server and the network fit together. Otherwise ask whoever runs the company's DNS to correct the internal entry.",
	},
	ExplainedBy: []string{"tcp-captive-portal", "dns-rewrite"},
	Match:       matchSplitHorizon,
}

func matchSplitHorizon(c *Case) []Finding {
	system := c.system()
	if system == nil || system.Failure != nil || c.hostsLine() != nil || c.settled() {
		return nil
	}
	found := system.Lookup.Addresses()
	inside := len(found) > 0 && !slices.ContainsFunc(found, func(a string) bool { return !isPrivate(a) })
	outside := slices.ContainsFunc(found, isPublic)
	others := slices.DeleteFunc(c.answers(), func(a answer) bool {
		return inside && !slices.ContainsFunc(a.found, isPublic) || outside && !slices.ContainsFunc(a.found, isPrivate)
	})
	f := Finding{
		Title:    fmt.Sprintf("The DNS leads %s to an internal address that does not answer as it should", c.Run.Target.Host),
		Says:     fmt.Sprintf("Programs here get %s.", and(found)),
		Evidence: append(ids(system), evidenceOf(others)...),
		Fix: []Step{
			{You, "connect to the company's VPN, or disconnect from it, then try again"},
			{YourNetwork, fmt.Sprintf("correct the address of %s in the internal DNS", c.Run.Target.Host)},
		},
	}
	switch {
	case len(others) > 0 && inside:
	case len(others) > 0 && outside && !c.Works():
		f.Confidence = Likely
		f.Title = fmt.Sprintf("The DNS servers disagree whether %s is an internal server", c.Run.Target.Host)
	case inside && len(c.Profile.Networks) > 0 && !slices.ContainsFunc(found, c.Profile.Owns):
		f.Says += fmt.Sprintf(" %s has no private addresses.", c.Profile.Title)
	default:
		return nil
	}
	if len(others) > 0 {
		f.Says += fmt.Sprintf(" %s %s %s.", and(serversOf(others)), plural(len(others), "gives", "give"), and(others[0].found))
	}
	return []Finding{f}
}

var stale = Rule{
	Code:     "dns-stale",
	Title:    "The address of the server is out of date",
	Severity: Problem,
	Page: Page{
		Means: "The server has moved to other addresses. Your computer, or the DNS server that it asks, still has the old ones, and they lead to nothing or to somebody else.",
		Shown: "The addresses that programs here get are none of those that a DNS server gives when it is asked afresh, and on them no server proved to be the right one. " +
			"Large services hand out changing addresses, so a difference alone means nothing.",
		Mend: "Empty the DNS cache: restart the computer, or `ipconfig /flushdns` on Windows, `sudo dscacheutil -flushcache` on macOS, `resolvectl flush-caches` on Linux. Restart the FTP app, and the router too.",
	},
	ExplainedBy: []string{"tcp-captive-portal", "dns-rewrite"},
	Match:       matchStale,
}

func matchStale(c *Case) []Finding {
	system := c.system()
	if system == nil || system.Failure != nil || c.hostsLine() != nil || c.settled() {
		return nil
	}
	found := system.Lookup.Addresses()
	if !slices.ContainsFunc(found, isPublic) || slices.ContainsFunc(found, c.Profile.Owns) {
		return nil // addresses of the service's own are not somebody else's by now
	}
	fresh := slices.DeleteFunc(c.answers(), func(a answer) bool { return !slices.ContainsFunc(a.found, isPublic) || overlap(a.found, found) })
	agreeing := slices.ContainsFunc(c.answers(), func(a answer) bool { return !a.asked && overlap(a.found, found) })
	if len(fresh) == 0 {
		return nil
	}
	where := "a cache on this computer"
	if agreeing {
		where = "the DNS server of this computer"
	}
	return []Finding{{
		Confidence: Likely,
		Title:      fmt.Sprintf("This computer uses old addresses of %s", c.Run.Target.Host),
		Says: fmt.Sprintf("Programs here get %s from %s. Asked afresh, %s %s %s.", and(found), where,
			and(serversOf(fresh)), plural(len(fresh), "gives", "give"), and(fresh[0].found)),
		Evidence: append(ids(system), evidenceOf(fresh)...),
		Fix: []Step{
			{You, "empty the DNS cache (restart the computer and the FTP app), then try again"},
			{YourNetwork, "empty the cache of the DNS server"},
			{You, fmt.Sprintf("test the new address with ftpdoctor --resolve %s=%s %s", c.Run.Target.Host, fresh[0].found[0], c.Run.Target.Host)},
		},
		Candidates: []Candidate{{"tcp-host-filtered", "the new addresses do not answer either", You}},
	}}
}

var wrongTarget = Rule{
	Code:     "dns-wrong-target",
	Title:    "The name leads to a different server",
	Severity: Problem,
	Page: Page{
		Means: "The DNS entry of the host name points at a computer that does not belong to the service: an old server, a parking page, or somebody else's.",
		Shown: "None of the addresses lies in the networks of the service, and every certificate that was shown there is made out to other names. An address outside these networks alone proves nothing.",
		Mend:  "Whoever runs the domain has to point the name at the service, as its documentation says. Until then use the name that the service itself gave you.",
	},
	ExplainedBy: []string{"tcp-captive-portal", "dns-rewrite", "dns-hosts-override", "dns-stale"},
	Match:       matchWrongTarget,
}

func matchWrongTarget(c *Case) []Finding {
	addresses := c.Addresses()
	if len(c.Profile.Networks) == 0 || len(addresses) == 0 || c.proved() || c.addressGiven() ||
		slices.ContainsFunc(addresses, func(a string) bool { return !isPublic(a) || c.Profile.Owns(a) }) {
		return nil
	}
	shown := c.Where(func(e *Endpoint) bool { return e.Talk.Leaf() != nil })
	// A name of the customer's own leads to addresses of its own, where the service may show its own certificate.
	if !every(shown, misnamed) || c.Profile.Certified(shown[0].Talk.Leaf().Names) {
		return nil
	}
	return []Finding{{
		Confidence: Likely,
		Title:      fmt.Sprintf("%s leads to a server that is not one of %s", c.Run.Target.Host, c.Profile.Title),
		Says: fmt.Sprintf("%s %s outside the networks of %s, and the server there shows a certificate for %s.",
			and(addresses), plural(len(addresses), "lies", "lie"), c.Profile.Title, and(shortened(shown[0].Talk.Leaf().Names))),
		Evidence: tlsSteps(shown),
		Fix: []Step{
			{SiteAdmin, fmt.Sprintf("point the DNS entry of %s at %s", c.Run.Target.Host, c.Profile.Title)},
			{You, fmt.Sprintf("check the host name; use the one that %s shows you", c.Profile.Title)},
		},
	}}
}

var cdnProxied = Rule{
	Code:     "dns-cdn-proxied",
	Title:    "The name leads to a web accelerator that does not pass FTP or SSH",
	Severity: Problem,
	Page: Page{
		Means: "The DNS entry of the host name points at a content delivery network (CDN) that stands in front of the web site. It passes web pages on, and nothing else: FTP and SSH end there.",
		Shown: "The addresses belong to a CDN, and no FTP or SFTP port could be connected to. A CDN that is set up to pass FTP or SSH would accept the connection.",
		Mend:  "Whoever runs the domain sets the entry of this host to \"DNS only\" (the grey cloud at Cloudflare), or gives the server a second name, such as ftp. in front of the domain, that leads straight to it.",
	},
	ExplainedBy: []string{"dns-hosts-override", "tcp-captive-portal"},
	Match:       matchCDNProxied,
}

func matchCDNProxied(c *Case) []Finding {
	behind := slices.DeleteFunc(c.Addresses(), func(a string) bool { return cdn(a) == "" })
	ways := slices.DeleteFunc(c.WaysIn(), func(e *Endpoint) bool { return !slices.Contains(behind, e.Address) })
	if c.addressGiven() || !every(ways, func(e *Endpoint) bool { return silent(e) || refused(e) }) {
		return nil
	}
	name := cdn(behind[0])
	f := Finding{
		Title:    fmt.Sprintf("%s leads to %s, which passes web pages but no FTP or SSH", c.Run.Target.Host, name),
		Says:     fmt.Sprintf("%s %s to %s, and no FTP or SFTP port there can be reached.", and(behind), plural(len(behind), "belongs", "belong"), name),
		Evidence: dials(ways),
		Fix: []Step{
			{SiteAdmin, fmt.Sprintf("set the DNS entry of %s to \"DNS only\" at %s, or give the server a second name that leads straight to it", c.Run.Target.Host, name)},
			{You, "ask the provider for the host name that is meant for FTP or SFTP"},
		},
	}
	if !slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Connected() && slices.Contains(behind, e.Address) }) {
		f.Confidence = Likely // nothing answers at all, so that something else is blocked as well
	}
	if len(behind) < len(c.Addresses()) {
		f.Where = behind
	}
	return []Finding{f}
}

var aaaaUnexpected = Rule{
	Code:     "dns-aaaa-unexpected",
	Title:    "The name has an IPv6 address that the service did not give it",
	Severity: Warning,
	Page: Page{
		Means: "The service has no IPv6 addresses, yet the DNS gives this computer one for it. Either the network translates IPv4 into IPv6 (DNS64 and NAT64, RFC 6147), or somebody overrides the name.",
		Shown: "An AAAA record came back for a name of a service that has none. An address that ends in the bits of an IPv4 address of the name (RFC 6052) is a translated one.",
		Mend:  "Set your FTP app to IPv4 if connecting takes long or fails. Where the address is no translated one, ask whoever runs your DNS where it comes from.",
	},
	ExplainedBy: []string{"dns-hosts-override", "dns-rewrite", "tcp-captive-portal"},
	Match:       matchAAAAUnexpected,
}

func matchAAAAUnexpected(c *Case) []Finding {
	system := c.system()
	if !c.Profile.NoIPv6 || system == nil || c.addressGiven() {
		return nil
	}
	over6 := slices.DeleteFunc(system.Lookup.Addresses(), func(a string) bool { return !isIPv6(a) || isNowhere(a) })
	if len(over6) == 0 {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("%s has an IPv6 address here, although %s has none", c.Run.Target.Host, c.Profile.Title),
		Says:     fmt.Sprintf("The DNS gives %s.", and(over6)),
		Where:    over6,
		Evidence: ids(system),
		Fix: []Step{
			{You, "set your FTP app to IPv4, if connecting takes long or fails"},
			{YourNetwork, fmt.Sprintf("find out which DNS server gives %s an IPv6 address, and why", c.Run.Target.Host)},
		},
	}
	if !slices.ContainsFunc(over6, func(a string) bool { return !c.translated(a) }) {
		f.Says += " It is an IPv4 address in translated form (DNS64)."
		f.Fix[1].Do = "mend the translation between IPv6 and IPv4 (NAT64), if connections over it fail"
		if every(c.Where(func(e *Endpoint) bool { return slices.Contains(over6, e.Address) && c.Matters(e.Port) }), func(e *Endpoint) bool { return e.Proof() != "" }) {
			f.Severity = Note // it does what it should
		}
	}
	return []Finding{f}
}

var oneAddress = Rule{
	Code:     "dns-one-address",
	Title:    "Only one of the server's addresses is known here",
	Severity: Note,
	Page: Page{
		Means: "The service has several addresses for each name, so that an app can turn to another one when one fails. Your DNS server gave only one.",
		Shown: "The look-up on this computer gave one address where the service promises several.",
		Mend:  "Nothing has to be done as long as it works. If connections fail at times, use a DNS server that passes on all addresses.",
	},
	ExplainedBy: []string{"dns-hosts-override", "dns-stale", "dns-split-horizon", "dns-wrong-target", "dns-blocked-locally", "dns-rewrite", "tcp-captive-portal"},
	Match:       matchOneAddress,
}

func matchOneAddress(c *Case) []Finding {
	system := c.system()
	if system == nil || c.addressGiven() || len(system.Lookup.Addresses()) != 1 || c.Profile.Addresses < 2 {
		return nil
	}
	only := system.Lookup.Addresses()[0]
	return []Finding{{
		Title:    fmt.Sprintf("%s has only one address here, and %s gives several", c.Run.Target.Host, c.Profile.Title),
		Says:     fmt.Sprintf("The DNS gives %s alone. If it fails, your FTP app cannot turn to another one.", only),
		Evidence: ids(system),
		Fix:      []Step{{YourNetwork, "use a DNS server that passes on all addresses of a name, if connections fail at times"}},
	}}
}
