package cause

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// dnsRules are about the name: whether it has addresses at all, then whether they are the right ones.
var dnsRules = []Rule{
	unanswered,
	nxdomain,
	noAddress,
	blockedLocally,
	rewrite,
	hostsOverride,
	splitHorizon,
	stale,
	wrongTarget,
	cdnProxied,
	aaaaUnexpected,
	oneAddress,
}

var unanswered = Rule{
	Code:     "dns-unanswered",
	Title:    "The DNS gives no answer",
	Severity: Problem,
	Page: Page{
		Means: "Your computer asks a DNS server for the address behind the host name, and gets no usable answer: none at all, or \"I failed\", or \"I refuse\". " +
			"So no program can find the server.",
		Shown: "The look-up that programs on this computer use failed without saying that the name does not exist, and none of the configured DNS servers answered the question. " +
			"A made-up name is asked for as well: if that one is answered properly, it is not your DNS server but those of the domain that fail.",
		Mend: "Check the network and the VPN. Set another DNS server, or ask whoever runs your network. If only this name fails, tell whoever runs the domain: " +
			"their DNS servers, or their DNSSEC signatures, are at fault.",
	},
	Match: matchUnanswered,
}

func matchUnanswered(c *Case) []Finding {
	system := c.system()
	if system == nil || system.Failed(fact.Interrupted) {
		return nil
	}
	configured := slices.DeleteFunc(c.answers(), func(a answer) bool { return a.asked })
	if system.Failure == nil {
		return slowedByDeadServer(c, system, configured)
	}
	host := c.Run.Target.Host
	refusing := slices.ContainsFunc(configured, func(a answer) bool { return a.failed(fact.ServFail, fact.QueryRefused) })
	knowing := slices.DeleteFunc(slices.Clone(configured), func(a answer) bool { return len(a.found) == 0 })
	switch {
	case system.Failed(fact.NotFound) && !refusing:
		return nil
	case len(knowing) > 0:
		return []Finding{{
			Confidence: Likely,
			Title:      fmt.Sprintf("Programs on this computer get no answer for %s, although the DNS has one", host),
			Says:       fmt.Sprintf("The look-up that they use failed after %s. Asked directly, %s %s %s.", ms(system.Took), and(serversOf(knowing)), plural(len(knowing), "gives", "give"), and(knowing[0].found)),
			Evidence:   append(ids(system), evidenceOf(configured)...),
			Fix: []Step{
				{You, "restart the computer, and check which DNS servers its network settings list; one that does not answer holds all others up"},
				{YourNetwork, "make every DNS server answer that is handed out to computers"},
			},
			Candidates: []Candidate{{"dns-blocked-locally", "a filter program on this computer lists the name", You}},
		}}
	case slices.ContainsFunc(configured, func(a answer) bool { return !a.mute() }):
		return nil
	}
	f := Finding{
		Title:    "No DNS server answers this computer",
		Says:     fmt.Sprintf("The look-up of %s got no answer.", host),
		Evidence: append(ids(system), evidenceOf(configured)...),
		Fix: []Step{
			{You, "check the network connection and the VPN, then try again"},
			{You, "set another DNS server on this computer, if the network allows it"},
			{YourNetwork, fmt.Sprintf("make the DNS %s answer this computer", plural(len(configured), "server", "servers"))},
		},
	}
	if len(configured) > 0 {
		f.Says = fmt.Sprintf("%s %s for %s.", and(serversOf(configured)), howMute(configured), host)
	}
	switch {
	case c.Machine != nil && !c.Machine.IPv4 && !c.Machine.IPv6:
		f.Title = "This computer is not connected to a network"
		f.Says = "It has no address with which it could reach anything, and no name could be looked up."
		f.Fix = []Step{{You, "connect this computer to a network, then try again"}}
	case c.canaryAnswered():
		f.Title = fmt.Sprintf("The DNS servers of the domain give no answer for %s", host)
		f.Says += " Other names are answered."
		f.Fix = []Step{
			{You, "check the spelling of the host name, and try again in some minutes"},
			{SiteAdmin, "check the DNS servers of the domain and its DNSSEC signatures"},
		}
	}
	if working := slices.DeleteFunc(c.answers(), func(a answer) bool { return !a.asked || len(a.found) == 0 }); len(working) > 0 {
		f.Says += fmt.Sprintf(" %s, which was asked as well, gives %s.", and(serversOf(working)), and(working[0].found))
		f.Evidence = append(f.Evidence, evidenceOf(working)...)
	}
	return []Finding{f}
}

// slowedByDeadServer finds the DNS server that every look-up has to wait for in vain. A server that does not answer is
// no fault by itself: many computers list some that are never asked.
func slowedByDeadServer(c *Case, system *fact.Observation, configured []answer) []Finding {
	const noticeable = fact.Millis(4000) // resolvers wait 5 s before they turn to the next server (resolv.conf(5), timeout)
	dead := slices.DeleteFunc(configured, func(a answer) bool { return !a.failed(fact.Timeout) })
	if system.Took < noticeable || len(dead) == 0 || len(dead) == len(c.answers()) {
		return nil
	}
	return []Finding{{
		Severity: Warning,
		Title:    fmt.Sprintf("Every look-up of a name waits for a DNS server that does not answer: %s", and(serversOf(dead))),
		Says:     fmt.Sprintf("Looking up %s took %s, and %s gave no answer.", c.Run.Target.Host, ms(system.Took), and(serversOf(dead))),
		Where:    serversOf(dead),
		Evidence: append(ids(system), evidenceOf(dead)...),
		Fix:      []Step{{You, fmt.Sprintf("remove the DNS server %s from the network settings of this computer", and(serversOf(dead)))}, {YourNetwork, "make it answer, or stop handing it out"}},
	}}
}

var nxdomain = Rule{
	Code:     "dns-nxdomain",
	Title:    "The host name does not exist",
	Severity: Problem,
	Page: Page{
		Means: "The DNS, the directory of names on the internet, has no entry for this host name. Most of the time it is a spelling mistake.",
		Shown: "The look-up on this computer found nothing, and a DNS server said that the name does not exist (NXDOMAIN, RFC 1035 section 4.1.1). No server that was asked knows it. " +
			"A name that exists without an address would be answered with an empty list.",
		Mend: "Compare the host name with what the provider sent you, letter by letter. If it is right, ask whoever runs the domain. A name that only works inside a company needs its VPN.",
	},
	Match: matchNXDomain,
}

func matchNXDomain(c *Case) []Finding {
	system := c.system()
	if system == nil || !system.Failed() || system.Failed(fact.Interrupted) {
		return nil
	}
	answers := c.answers()
	denying := slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return !a.denies() })
	otherwise := slices.ContainsFunc(answers, func(a answer) bool {
		return len(a.found) > 0 || a.empty() || a.failed(fact.ServFail, fact.QueryRefused)
	})
	if len(denying) == 0 && (otherwise || !system.Failed(fact.NotFound)) || slices.ContainsFunc(answers, func(a answer) bool { return len(a.found) > 0 }) {
		return nil
	}
	host := c.Run.Target.Host
	f := Finding{
		Title:    fmt.Sprintf("The host name %s does not exist", host),
		Evidence: append(ids(system), evidenceOf(denying)...),
		Fix:      []Step{{You, "check the spelling of the host name against what the provider sent you"}, {You, "connect to the VPN, if the name belongs to a company's own network"}, {SiteAdmin, "say what the host name is, or add it to the DNS"}},
	}
	if !strings.Contains(host, ".") {
		f.Fix = slices.Insert(f.Fix, 0, Step{You, fmt.Sprintf("write the whole host name, such as %s.example.com", host)})
	}
	if proxies := c.proxies(); len(proxies) > 0 {
		f.Confidence = Likely
		f.Candidates = []Candidate{{"tcp-no-egress", "a web browser, which uses the network's proxy, finds the name", You}}
	}
	if len(denying) > 0 {
		f.Says = fmt.Sprintf("%s %s that there is no such name.", and(serversOf(denying)), plural(len(denying), "says", "say"))
		return []Finding{f}
	}
	f.Confidence = Likely
	f.Says = "This computer finds no such name, and no DNS server could be asked directly."
	f.Candidates = append(f.Candidates, Candidate{"dns-no-address", "the name is listed in the DNS, but without an address", SiteAdmin})
	return []Finding{f}
}

var noAddress = Rule{
	Code:     "dns-no-address",
	Title:    "The host name has no address",
	Severity: Problem,
	Page: Page{
		Means: "The name is in the DNS, but no address belongs to it, so nobody can connect. It may be meant for mail only, or it is an alias of a name that is gone.",
		Shown: "A DNS server answered without an error and without an address, for IPv4 and for IPv6, or followed an alias (CNAME) to nothing. A name that does not exist would be answered with NXDOMAIN from the start.",
		Mend:  "Check the host name: the provider may have given you another one, such as ftp. or sftp. in front of the domain. Otherwise whoever runs the domain has to add an address.",
	},
	Match: matchNoAddress,
}

func matchNoAddress(c *Case) []Finding {
	system := c.system()
	answers := c.answers()
	empty := slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return !a.empty() })
	if system == nil || !system.Failed() || system.Failed(fact.Interrupted) || len(empty) == 0 ||
		slices.ContainsFunc(answers, func(a answer) bool { return len(a.found) > 0 || a.denies() }) {
		return nil
	}
	host := c.Run.Target.Host
	f := Finding{
		Title:    fmt.Sprintf("The host name %s has no address", host),
		Says:     fmt.Sprintf("%s %s the name, but %s no address for it, neither IPv4 nor IPv6.", and(serversOf(empty)), plural(len(empty), "knows", "know"), plural(len(empty), "has", "have")),
		Evidence: append(ids(system), evidenceOf(empty)...),
		Fix: []Step{
			{You, "check the host name; the provider may have given you another one, such as ftp. or sftp. in front of it"},
			{SiteAdmin, fmt.Sprintf("give %s an address in the DNS", host)},
		},
	}
	if target := empty[0].alias(); target != "" {
		f.Title = fmt.Sprintf("The host name %s is an alias that leads nowhere", host)
		f.Says = fmt.Sprintf("It stands for %s in the DNS, and no address belongs to that.", target)
		if strings.TrimSuffix(target, ".") == host {
			f.Says = "Its aliases in the DNS lead back to itself."
		}
		f.Fix[1].Do = fmt.Sprintf("mend the alias (CNAME) of %s in the DNS", host)
	}
	return []Finding{f}
}

var blockedLocally = Rule{
	Code:     "dns-blocked-locally",
	Title:    "A DNS filter blocks the host name",
	Severity: Problem,
	Page: Page{
		Means: "The DNS server of your network, or a filter program on your computer, hides this host name: it says that the name does not exist, or leads it to an address where nothing can be.",
		Shown: "This computer got an address of nowhere (such as 0.0.0.0 or 127.0.0.1) for a name of the internet, and the hosts file is not the reason. Or it was told that the name does not exist, " +
			"while another DNS server in the same run knew its addresses. The same denial from all servers would be a name that does not exist.",
		Mend: "Allow the name in the DNS filter: an ad blocker, a family filter, a security program, or the filter of your company or provider.",
	},
	Match: matchBlockedLocally,
}

func matchBlockedLocally(c *Case) []Finding {
	system, host := c.system(), c.Run.Target.Host
	if system == nil || system.Failed(fact.Interrupted) || c.hostsLine() != nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	knowing := slices.DeleteFunc(c.answers(), func(a answer) bool { return !slices.ContainsFunc(a.found, isPublic) })
	f := Finding{
		Title:    fmt.Sprintf("A DNS filter blocks the name %s", host),
		Evidence: append(ids(system), evidenceOf(knowing)...),
		Fix: []Step{
			{You, fmt.Sprintf("allow %s in the ad blocker, family filter or security program of this computer or router", host)},
			{YourNetwork, fmt.Sprintf("allow %s in the DNS filter", host)},
		},
	}
	found := system.Lookup.Addresses()
	switch {
	case len(found) > 0 && !slices.ContainsFunc(found, func(a string) bool { return !isNowhere(a) }) && !c.mayWork():
		f.Says = fmt.Sprintf("The name leads to %s, an address at which no server can be.", and(found))
		if len(knowing) == 0 && !slices.ContainsFunc(found, isUnspecified) {
			f.Confidence = Likely // the owner of a name may well point it at 127.0.0.1
		}
	case system.Failed(fact.NotFound) && len(knowing) > 0:
		f.Confidence = Likely
		f.Says = "This computer is told that there is no such name."
	default:
		return nil
	}
	if len(knowing) > 0 {
		f.Says += fmt.Sprintf(" %s %s %s.", and(serversOf(knowing)), plural(len(knowing), "gives", "give"), and(knowing[0].found))
	}
	return []Finding{f}
}

var rewrite = Rule{
	Code:     "dns-rewrite",
	Title:    "The DNS server invents addresses",
	Severity: Warning,
	Page: Page{
		Means: "Your DNS server answers for names that do not exist, with the address of a search or advertising page. A spelling mistake then does not look like one: the name seems to exist, and connecting to it fails.",
		Shown: "A random name that cannot exist was asked for and got an address. If the name that you want has the same address, it probably does not exist either.",
		Mend:  "Check the spelling of the host name. Set another DNS server on the computer or router, or switch off this \"help\" in your provider's customer pages.",
	},
	ExplainedBy: []string{"tcp-captive-portal"},
	Match:       matchRewrite,
}

func matchRewrite(c *Case) []Finding {
	var inventing, invented []string
	var evidence []*fact.Observation
	for _, o := range c.Lookups {
		l := o.Lookup
		if l.Purpose != fact.CanaryName || l.Asked || o.Failure != nil || len(l.Addresses()) == 0 || c.mayBeWildcard(l.Name) {
			continue
		}
		inventing = append(inventing, l.Server)
		invented = append(invented, l.Addresses()...)
		evidence = append(evidence, o)
	}
	if len(inventing) == 0 {
		return nil
	}
	inventing, invented = distinct(inventing), distinct(invented)
	f := Finding{
		Title: fmt.Sprintf("The DNS server %s invents addresses for names that do not exist", and(inventing)),
		Says:  fmt.Sprintf("A random name that cannot exist was answered with %s.", and(invented)),
		Where: inventing,
		Fix: []Step{
			{You, "check the spelling of the host name whenever a connection fails; a wrong name looks like a right one here"},
			{YourNetwork, "switch off the rewriting of unknown names, or use another DNS server"},
		},
		Evidence: ids(evidence...),
	}
	if system := c.system(); system != nil && subset(system.Lookup.Addresses(), invented) {
		f.Severity, f.Confidence = Problem, Likely
		f.Where = nil
		f.Title = fmt.Sprintf("The host name %s probably does not exist", c.Run.Target.Host)
		f.Says += fmt.Sprintf(" %s gets the same.", c.Run.Target.Host)
		f.Fix[0].Do = "check the spelling of the host name against what the provider sent you"
		f.Evidence = append(f.Evidence, system.ID)
		for _, a := range c.answers() {
			if len(a.found) == 0 || overlap(a.found, invented) {
				continue
			}
			f.Title = fmt.Sprintf("The DNS server of this computer does not know %s, and invents an address for it", c.Run.Target.Host)
			f.Says += fmt.Sprintf(" The DNS server %s knows the name: %s.", a.server, and(a.found))
			f.Fix[0].Do = fmt.Sprintf("use another DNS server on this computer; %s knows the name", a.server)
			f.Evidence = append(f.Evidence, evidenceOf([]answer{a})...)
			break
		}
	}
	return []Finding{f}
}

// mayBeWildcard says whether a made-up name is one beside the host's own, so that a wildcard record can rightly answer it.
func (c *Case) mayBeWildcard(name string) bool {
	_, parent, ok := strings.Cut(c.Run.Target.Host, ".")
	return ok && strings.HasSuffix(strings.TrimSuffix(name, "."), "."+parent)
}

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
	if !every(shown, misnamed) {
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
