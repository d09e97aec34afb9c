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
