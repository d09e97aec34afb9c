package cause

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

var captivePortal = Rule{
	Code:     "tcp-captive-portal",
	Title:    "The network wants you to sign in first",
	Severity: Problem,
	Page: Page{
		Means: "You are on a network, usually a guest Wi-Fi, that lets nothing through until you have signed in or agreed to its terms on a web page. " +
			"It answers in the name of every server with that page.",
		Shown: "A plain web request to the server's address was answered with the page of somebody else: status 511 (RFC 6585 section 6) or a redirect to " +
			"another name, while nothing on the address proved to be the server. A server that moved its web site would still show its own certificate.",
		Mend: "Open a web browser, go to any page and sign in to the network. Then try again.",
	},
	Match: matchCaptivePortal,
}

func matchCaptivePortal(c *Case) []Finding {
	talk := c.Control(fact.CaptiveCheck)
	if talk == nil || talk.Web == nil || talk.Web.Failure != nil || c.Works() || c.proved() {
		return nil
	}
	web := talk.Web.Web
	f := Finding{
		Title:    "This network wants you to sign in on a web page first",
		Evidence: ids(talk.Dial, talk.Web),
		Fix: []Step{
			{You, "open a web browser, sign in to this network (Wi-Fi), then try again"},
			{YourNetwork, fmt.Sprintf("let connections to %s through without the sign-in page", c.Run.Target.Host)},
		},
	}
	if web.Status == 511 {
		f.Says = fmt.Sprintf("A web request to %s was answered with status 511: network authentication required.", talk.Place)
		return []Finding{f}
	}
	host, ok := c.redirectedAway(web)
	if !ok {
		return nil
	}
	f.Says = fmt.Sprintf("A web request to %s was sent on to %s, which is not the server that was asked for.", talk.Place, host)
	f.Quotes = []string{"Location: " + web.Location}
	switch {
	case c.Profile.Promised || c.webPageOnOtherPorts():
	case c.looksLikePortal(web.Location, host):
		f.Confidence = Likely
	default:
		return nil // an ordinary server whose web site has moved
	}
	return []Finding{f}
}

// redirectedAway finds the host of another party that a web request was sent on to.
func (c *Case) redirectedAway(web *fact.Web) (string, bool) {
	to, err := url.Parse(web.Location)
	if err != nil || web.Status/100 != 3 || to.Hostname() == "" {
		return "", false
	}
	host := strings.ToLower(to.Hostname())
	own := domain(host) == domain(c.Run.Target.Host) || slices.Contains(c.Addresses(), host) ||
		c.Profile.Promised && profile.ForHost(host).Name == c.Profile.Name
	return host, !own
}

// domain is roughly the part of a name that somebody registers: its last two labels. An address is its own.
func domain(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	labels := strings.Split(host, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// looksLikePortal says whether a redirect goes to a private address, or carries the asked name or a word of sign-in pages.
func (c *Case) looksLikePortal(location, host string) bool {
	if isPrivate(host) {
		return true
	}
	return PortalWord(location) != "" || strings.Contains(strings.ToLower(location), c.Run.Target.Host)
}

// PortalWord is the word of sign-in pages in a URL; empty when there is none.
func PortalWord(location string) string {
	location = strings.ToLower(location)
	for _, word := range []string{"portal", "captive", "hotspot", "wifi", "wlan", "guest", "login"} {
		if strings.Contains(location, word) {
			return word
		}
	}
	return ""
}

// webPageOnOtherPorts says whether a web page came where FTP or SSH was due.
func (c *Case) webPageOnOtherPorts() bool {
	return slices.ContainsFunc(c.WaysIn(), func(e *Endpoint) bool {
		o := e.Talk.Opening
		return o != nil && (o.Opening.Kind == fact.VoiceHTTP || o.Opening.Kind == fact.VoiceHTML)
	})
}

var intercepted = Rule{
	Code:     "tcp-intercepted",
	Title:    "Something in between accepts every connection",
	Severity: Problem,
	Page: Page{
		Means: "A device between you and the server, such as a transparent proxy, accepts your connections itself. It then gets no further, or does not understand FTP and SSH.",
		Shown: "A connection to a port on which nobody listens (4/tcp) was accepted like all others, and no way in worked. A server that is only broken would have refused that port.",
		Mend:  "Ask whoever runs your network to let this server through without its proxy. Test from another network, such as a phone's, to be sure.",
	},
	ExplainedBy: misdirected,
	Match:       matchIntercepted,
}

func matchIntercepted(c *Case) []Finding {
	control := c.Control(fact.ClosedPort)
	if control == nil || control.Dial.Failure != nil || c.Works() {
		return nil
	}
	f := Finding{
		Confidence: Likely,
		Title:      fmt.Sprintf("Something between you and %s accepts your connections in its place", c.Run.Target.Host),
		Says:       fmt.Sprintf("Even %s, where nobody listens, accepted a connection, and no FTP or SFTP port gave a usable answer.", control.Place),
		Evidence:   append(ids(control.Dial), dials(c.Where((*Endpoint).Connected))...),
		Fix: []Step{
			{You, "test from another network, for instance a phone's"},
			{YourNetwork, fmt.Sprintf("let connections to %s through without the proxy or inspection", c.Run.Target.Host)},
		},
	}
	return []Finding{f}
}

// fate says what became of all connects together: the code of the cause when the whole host is out of reach, else "".
func (c *Case) fate() string {
	all := c.routed()
	switch {
	case len(c.WaysIn()) == 0 || !every(all, func(e *Endpoint) bool { return dropped(e) || refused(e) || prohibited(e) }):
		return ""
	case len(c.proxies()) > 0 && !slices.ContainsFunc(c.Addresses(), isPrivate) && c.lookedAt(fact.HTTPS):
		return "tcp-no-egress"
	case every(all, refused) && (c.Profile.Promised || len(portsAmong(c.WaysIn())) > 2):
		return "tcp-host-refused"
	case slices.ContainsFunc(all, refused):
		return ""
	case slices.ContainsFunc(all, prohibited):
		return "tcp-unreachable"
	case c.Profile.DropsBanned:
		return "tcp-quarantine"
	default:
		return "tcp-host-filtered"
	}
}

// routed lists the endpoints by which the host is judged. A family of addresses to which this computer has no route counts
// only where there is nothing else.
func (c *Case) routed() []*Endpoint {
	routed := c.Where(func(e *Endpoint) bool { return !e.Talk.Dial.Failed(fact.NetUnreachable) })
	if len(routed) == 0 {
		return c.Endpoints
	}
	return routed
}

// lookedAt says whether an endpoint of a protocol was tried.
func (c *Case) lookedAt(p fact.Protocol) bool {
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Speaks == p })
}

// proxies lists the proxy variables that hold for the host.
func (c *Case) proxies() []fact.Proxy {
	if c.Machine == nil {
		return nil
	}
	var found []fact.Proxy
	for _, p := range c.Machine.Proxies {
		switch {
		case strings.EqualFold(p.Variable, "NO_PROXY"):
			if exempt(c.Run.Target.Host, p.Value) {
				return nil
			}
		case p.Value != "":
			found = append(found, p)
		}
	}
	return found
}

// exempt says whether a NO_PROXY list names a host: the host itself, a domain above it, or everything.
func exempt(host, list string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(entry string) bool {
		entry = strings.ToLower(strings.TrimLeft(strings.TrimSpace(entry), "*."))
		return entry == host || entry != "" && strings.HasSuffix(host, "."+entry) || strings.TrimSpace(list) == "*"
	})
}

var noEgress = Rule{
	Code:     "tcp-no-egress",
	Title:    "This network only lets traffic out through its proxy",
	Severity: Problem,
	Page: Page{
		Means: "Your network lets no program connect to the internet directly. Web browsers work because they use the network's proxy. FTP and SFTP programs do not know it.",
		Shown: "No port of the server could be reached, the web port included, and the environment of this computer names a proxy. " +
			"The proxy itself was not used for the test.",
		Mend: "Enter the proxy in your FTP app (HTTP CONNECT or SOCKS), if the network allows FTP or SSH through it. Or ask whoever runs the network to open the ports for this server, or use another network.",
	},
	ExplainedBy: misdirected,
	Match:       matchNoEgress,
}

func matchNoEgress(c *Case) []Finding {
	if c.fate() != "tcp-no-egress" {
		return nil
	}
	p := c.proxies()[0]
	return []Finding{{
		Confidence: Likely,
		Title:      fmt.Sprintf("This network lets nothing reach %s directly, only through its proxy", c.Run.Target.Host),
		Says: fmt.Sprintf("No port of %s answers, not even the web port, and this computer is set up to use a proxy (%s=%s).",
			c.Run.Target.Host, p.Variable, p.Value),
		Evidence: dials(c.Endpoints),
		Fix: []Step{
			{You, fmt.Sprintf("enter the proxy %s in the connection settings of your FTP app, or use another network", p.Value)},
			{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(portsAmong(c.WaysIn()))), and(c.Addresses()))},
		},
		Candidates: []Candidate{{"tcp-host-filtered", "another server cannot be reached directly either", You}},
	}}
}

var unreachable = Rule{
	Code:     "tcp-unreachable",
	Title:    "There is no way to the server",
	Severity: Problem,
	Page: Page{
		Means: "Your computer, or a router on the way, says that there is no way to the server's address, or that it may not be reached.",
		Shown: "Every connect ended as unreachable: no route on this computer, or an ICMP message (network or host unreachable, administratively prohibited). " +
			"A port that is merely closed would have been refused; a firewall that is silent would have given no answer.",
		Mend: "Check that the computer is connected to its network, and the VPN if the server needs one. Otherwise ask whoever runs the network which router or firewall rejects the connection.",
	},
	ExplainedBy: misdirected,
	Match:       matchUnreachable,
}

func matchUnreachable(c *Case) []Finding {
	if c.fate() != "tcp-unreachable" {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("The network says that %s cannot be reached", c.Run.Target.Host),
		Says:     fmt.Sprintf("Every connection to %s came back as unreachable.", allOf(c.Addresses())),
		Evidence: dials(c.Endpoints),
		Fix: []Step{
			{You, "check that this computer is connected to the network, and to the VPN if the server needs one"},
			{YourNetwork, fmt.Sprintf("find the router or firewall that rejects connections to %s", and(c.Addresses()))},
		},
	}
	if slices.ContainsFunc(c.routed(), dropped) {
		f.Says = fmt.Sprintf("No connection to %s came through: some came back as unreachable, others got no answer.", allOf(c.Addresses()))
	}
	switch {
	case !slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return !c.foreign(e) }):
		f.Title = fmt.Sprintf("%s has only IPv6 addresses, and this computer has no IPv6", c.Run.Target.Host)
		f.Fix = []Step{{YourNetwork, "provide IPv6, or use a network that has it"}, {SiteAdmin, "give the name an IPv4 address as well"}}
		if !isIPv6(c.Endpoints[0].Address) {
			f.Title = fmt.Sprintf("%s has only IPv4 addresses, and this computer has no IPv4", c.Run.Target.Host)
			f.Fix = []Step{{YourNetwork, "provide IPv4, or a translation to it (NAT64 with DNS64)"}, {SiteAdmin, "give the name an IPv6 address as well"}}
		}
	case every(c.routed(), func(e *Endpoint) bool { return e.Talk.Dial.Failed(fact.NetUnreachable) && e.Talk.Dial.Took < 2 }):
		f.Title = fmt.Sprintf("This computer has no route to %s", c.Run.Target.Host)
		f.Says = fmt.Sprintf("Every connection to %s failed on this computer itself, before anything was sent.", allOf(c.Addresses()))
	}
	return []Finding{f}
}

// foreign says whether an address is of a family of which this computer has no address of its own.
func (c *Case) foreign(e *Endpoint) bool {
	if c.Machine == nil || !e.Talk.Dial.Failed(fact.NetUnreachable) {
		return false
	}
	return isIPv6(e.Address) && !c.Machine.IPv6 || !isIPv6(e.Address) && !c.Machine.IPv4
}

var hostFiltered = Rule{
	Code:     "tcp-host-filtered",
	Title:    "The server does not answer at all",
	Severity: Problem,
	Page: Page{
		Means: "No port of the server gives any answer, not even a refusal. Something drops your requests: the server's firewall, because it does not let your " +
			"internet address in or has banned it, or a firewall of your own network. Or the server is switched off.",
		Shown: "Every connect, to the web port too, went unanswered. A blocked port alone would leave the others; a router that knows no way would have said so.",
		Mend: "Try from another network, such as a phone's. If that works, your internet address is not let in: ask the server's support about it and tell them your public IP address. " +
			"If it does not work either, the server is down or the name leads to the wrong address.",
	},
	ExplainedBy: misdirected,
	Match:       matchHostFiltered,
}

func matchHostFiltered(c *Case) []Finding {
	if c.fate() != "tcp-host-filtered" {
		return nil
	}
	f := Finding{
		Confidence: Likely,
		Title:      fmt.Sprintf("%s does not answer on any port", c.Run.Target.Host),
		Says:       fmt.Sprintf("Connections to %s get no answer on %s, neither yes nor no.", portsOf(c.Ports()), allOf(c.Addresses())),
		Evidence:   dials(c.Endpoints),
		Fix: []Step{
			{You, "try from another network, for instance a phone's; if that works, your internet address is not let in"},
			{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(portsAmong(c.WaysIn()))), and(c.Addresses()))},
			{c.support(), "check whether the server is up, and whether its firewall lets your public IP address in"},
		},
		Candidates: []Candidate{
			{"tcp-quarantine", "it worked before, and several log-ins failed shortly before it stopped", Provider},
			{"tcp-no-egress", "other servers on the internet cannot be reached directly either", You},
		},
	}
	if private := slices.DeleteFunc(c.Addresses(), func(a string) bool { return !isPrivate(a) }); len(private) > 0 {
		f.Says += fmt.Sprintf(" %s is a private address, which can only be reached inside its own network.", private[0])
		f.Fix = slices.Insert(f.Fix, 0, Step{You, "connect to the VPN or the network that the server belongs to"})
	}
	return []Finding{f}
}

// support is who can look at the server.
func (c *Case) support() Who {
	if c.Profile.Promised {
		return Provider
	}
	return SiteAdmin
}

var quarantine = Rule{
	Code:     "tcp-quarantine",
	Title:    "The server has shut out your internet address for a while",
	Severity: Problem,
	Page: Page{
		Means: "After several wrong log-ins, or too many connections at once, the service stops answering your internet address. Your app then hangs until it gives up. " +
			"Everybody behind the same internet connection is shut out with you.",
		Shown: "Either the server answered first and then dropped a further connection of the same run, or nothing answers at all on a service that is known to shut out in this way. " +
			"A firewall of your network would give the same picture if it never worked from here: a ban only follows log-ins or connections.",
		Mend: "Stop every program that connects to the server, wait several minutes without any attempt, then try once with the right user name and password. " +
			"If it stays shut, write to the service's support with your public IP address.",
	},
	ExplainedBy: misdirected,
	Match:       matchQuarantine,
}

func matchQuarantine(c *Case) []Finding {
	f := Finding{
		Confidence: Likely,
		Title:      fmt.Sprintf("%s has probably shut out your internet address for a while", c.Run.Target.Host),
		Fix: []Step{
			{You, "stop every program that connects there, wait several minutes, then try once with the right user name and password"},
			{Provider, "look up whether your public IP address is blocked, and unblock it"},
		},
		Candidates: []Candidate{{"tcp-host-filtered", "it never worked from this network, and works from another one", You}},
	}
	if c.fate() == "tcp-quarantine" {
		f.Says = fmt.Sprintf("Nothing answers on %s. %s shuts out an internet address in this way after several wrong log-ins or too many connections.",
			allOf(c.Addresses()), c.Profile.Title)
		f.Evidence = dials(c.Endpoints)
		return []Finding{f}
	}
	shut := c.Where(shutOut)
	if len(shut) == 0 {
		return nil
	}
	for _, e := range shut {
		f.Evidence = append(f.Evidence, ids(e.Talk.Dial, e.Again[len(e.Again)-1].Dial)...)
	}
	f.Says = fmt.Sprintf("%s answered a first connection and gave no answer at all to the next one.", and(places(shut)))
	f.Where = where(shut, c.Endpoints)
	return []Finding{f}
}

// shutOut says whether an endpoint answered at first and dropped the last connection to it.
func shutOut(e *Endpoint) bool {
	return e.Connected() && len(e.Again) > 0 && e.Again[len(e.Again)-1].Dial.Failed(fact.Dropped)
}

var hostRefused = Rule{
	Code:     "tcp-host-refused",
	Title:    "The server refuses every connection",
	Severity: Problem,
	Page: Page{
		Means: "The server's address says no to every connection, the web port included. Either no service is running there, or a firewall refuses your internet address in the server's name.",
		Shown: "Every connect was refused. Where only some ports are refused, nothing listens on these; where nothing answers at all, something drops the requests.",
		Mend: "Check that the host name is right. Try from another network: if that works, your internet address is refused, and the server's support can say why. " +
			"If it does not, the services on the server are not running.",
	},
	ExplainedBy: append([]string{"local-wrong-port"}, misdirected...),
	Match:       matchHostRefused,
}

func matchHostRefused(c *Case) []Finding {
	if c.fate() != "tcp-host-refused" {
		return nil
	}
	return []Finding{{
		Confidence: Likely,
		Title:      fmt.Sprintf("%s refuses every connection", c.Run.Target.Host),
		Says:       fmt.Sprintf("%s were refused at once on %s.", upper(portsOf(c.Ports())), allOf(c.Addresses())),
		Evidence:   dials(c.Endpoints),
		Fix: []Step{
			{You, "check the host name, and try from another network; if that works, your internet address is refused"},
			{c.support(), "check whether the services are running, and whether a firewall refuses your public IP address"},
		},
		Candidates: []Candidate{{"tcp-port-refused", "the same refusals come from every network: the services are not running", SiteAdmin}},
	}}
}

var ipv6Broken = Rule{
	Code:     "tcp-ipv6-broken",
	Title:    "The server cannot be reached over IPv6",
	Severity: Warning,
	Page: Page{
		Means: "The name has IPv6 and IPv4 addresses. Over IPv4 the server answers, over IPv6 it does not. Apps try IPv6 first, so they hang for a while or fail.",
		Shown: "Every connect to the IPv6 addresses failed, and the IPv4 addresses answered in the same run.",
		Mend:  "Set your FTP app to IPv4. Whoever runs your network can mend its IPv6; whoever runs the server can take the IPv6 address out of the DNS if it is of no use.",
	},
	ExplainedBy: append([]string{"dns-aaaa-unexpected", "tcp-local-block"}, misdirected...),
	Match:       matchIPv6Broken,
}

func matchIPv6Broken(c *Case) []Finding {
	over4 := c.Where(func(e *Endpoint) bool { return !isIPv6(e.Address) })
	over6 := c.Where(func(e *Endpoint) bool { return isIPv6(e.Address) })
	broken := slices.DeleteFunc(slices.Clone(over6), func(e *Endpoint) bool {
		return e.Speaks == fact.HTTPS || !silent(e) && !refused(e) || c.foreign(e) || !answersOn(over4, e.Port) || answersOn(over6, e.Port)
	})
	f := Finding{
		Title: fmt.Sprintf("%s cannot be reached over IPv6", c.Run.Target.Host),
		Where: addressesAmong(broken),
		Fix: []Step{
			{You, "set your FTP app to IPv4, if connecting takes long or fails"},
			{YourNetwork, "mend the IPv6 of this network, or switch it off"},
			{SiteAdmin, "take the IPv6 address out of the DNS if the server does not answer on it"},
		},
	}
	if slices.ContainsFunc(over6, (*Endpoint).Connected) {
		// A port that is only refused costs an app one round trip before it goes on to IPv4.
		broken = slices.DeleteFunc(broken, refused)
		f.Title = fmt.Sprintf("%s of %s cannot be reached over IPv6", upper(portsOf(portsAmong(broken))), c.Run.Target.Host)
		f.Where = places(broken)
	}
	if len(broken) == 0 {
		return nil
	}
	f.Says = fmt.Sprintf("No connection to %s came through, while IPv4 answers in %s.", and(f.Where), ms(quickest(over4)))
	f.Evidence = dials(broken)
	return []Finding{f}
}

// silent says whether a connect came to nothing on the way.
func silent(e *Endpoint) bool { return dropped(e) || prohibited(e) || deniedHere(e) }

func answersOn(endpoints []*Endpoint, port int) bool {
	return slices.ContainsFunc(endpoints, func(e *Endpoint) bool { return e.Port == port && e.Connected() })
}

var someAddressesDead = Rule{
	Code:     "tcp-some-addresses-dead",
	Title:    "Some addresses of the server do not answer",
	Severity: Warning,
	Page: Page{
		Means: "The name has several addresses, and not all of them answer. Your app picks one of them, so that connecting works at times and fails at others.",
		Shown: "On some addresses no connect came through, on others the same ports answered in the same run.",
		Mend: "If your network only lets listed addresses out, its list is incomplete: allow every address of the server. If the addresses fail from other networks too, " +
			"one of the servers is down. Let your app try again over every address.",
	},
	ExplainedBy: append([]string{"tcp-no-egress", "tcp-local-block"}, misdirected...),
	Match:       matchSomeAddressesDead,
}

func matchSomeAddressesDead(c *Case) []Finding {
	dead := c.Where(c.deadBeside)
	if len(dead) == 0 {
		return nil
	}
	addresses := addressesAmong(dead)
	number := fmt.Sprintf("%d of %d addresses of %s", len(addresses), len(c.Addresses()), c.Run.Target.Host)
	f := Finding{
		Title:    fmt.Sprintf("%s %s not answer", number, plural(len(addresses), "does", "do")),
		Where:    addresses,
		Evidence: dials(dead),
		Fix: []Step{
			{You, fmt.Sprintf("let your FTP app try again: %s, and over every address of the server", c.retries())},
			{YourNetwork, fmt.Sprintf("allow outgoing TCP to every address of the server: %s", and(c.Addresses()))},
			{c.support(), fmt.Sprintf("check whether the server is up on %s", and(addresses))},
		},
	}
	switch {
	case slices.ContainsFunc(addresses, c.connects):
		f.Title = fmt.Sprintf("%s of %s cannot be reached on every address", upper(portsOf(portsAmong(dead))), c.Run.Target.Host)
		f.Where = places(dead)
	case every(dead, refused):
		f.Title = fmt.Sprintf("%s %s connections", number, plural(len(addresses), "refuses", "refuse"))
	}
	f.Says = fmt.Sprintf("No connection to %s came through, while the others answer in %s.", and(f.Where), ms(quickest(c.Endpoints)))
	return []Finding{f}
}

// deadBeside says whether an endpoint failed whose port answers on another address. IPv6 is held against IPv6 only: where
// all of it fails it is one thing, and has a rule of its own.
func (c *Case) deadBeside(e *Endpoint) bool {
	siblings := c.Where(func(o *Endpoint) bool { return !isIPv6(e.Address) || isIPv6(o.Address) })
	return e.Speaks != fact.HTTPS && (silent(e) || refused(e)) && !c.foreign(e) && answersOn(siblings, e.Port) && !c.routeless(e)
}

// routeless says whether this computer has no route to any address of the endpoint's family, as on a network of IPv6 alone.
func (c *Case) routeless(e *Endpoint) bool {
	family := c.Where(func(o *Endpoint) bool { return isIPv6(o.Address) == isIPv6(e.Address) })
	return len(family) < len(c.Endpoints) && every(family, func(o *Endpoint) bool { return o.Talk.Dial.Failed(fact.NetUnreachable) })
}

// connects says whether some port of an address could be connected to.
func (c *Case) connects(address string) bool {
	return slices.ContainsFunc(c.On(address), (*Endpoint).Connected)
}
