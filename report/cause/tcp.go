package cause

import (
	"fmt"
	"net/netip"
	"slices"

	"ftpdoctor/probe/fact"
)

// tcpRules are about connects: first the whole host, then addresses, then ports, then what happens right after.
var tcpRules = []Rule{
	captivePortal,
	intercepted,
	noEgress,
	localBlock,
	unreachable,
	quarantine,
	hostFiltered,
	hostRefused,
	ipv6Broken,
	someAddressesDead,
	portProhibited,
	portFiltered,
	portRefused,
	intermittent,
	resetAfterConnect,
	mtuBlackhole,
	slow,
}

// misdirected are the causes that lead to another computer, whose ports say nothing about the one that was meant.
var misdirected = []string{
	"dns-hosts-override", "dns-blocked-locally", "dns-rewrite", "dns-split-horizon", "dns-stale", "dns-wrong-target",
	"dns-cdn-proxied", "tcp-captive-portal",
}

var portFiltered = Rule{
	Code:     "tcp-port-filtered",
	Title:    "A port is blocked on the way",
	Severity: Problem,
	Page: Page{
		Means: "Your computer asks to connect to this port and gets no answer at all, neither yes nor no. Other ports of the same server answer. " +
			"Something on the way, usually the firewall of a company, a hotel or a security program, throws the request away.",
		Shown: "The connect to the port went unanswered on every address that answers on another port. A port on which nothing listens " +
			"would usually have been refused at once, and a server that is down would answer on no port. Where nothing is known about the server, " +
			"its own firewall can be the one that throws the request away, because the server does not offer this port.",
		Mend: "Use the other port that the service offers for the same thing; nothing else in your app changes. Or ask whoever runs your " +
			"network to allow outgoing TCP to this port. If another network shows the same, ask whoever runs the server whether it offers this port.",
	},
	ExplainedBy: append([]string{"tcp-no-egress", "local-wrong-port"}, misdirected...),
	Match:       matchPortFiltered,
}

func matchPortFiltered(c *Case) []Finding {
	blocked := c.barred(fact.Dropped)
	if len(blocked) == 0 || c.refusalsStandOut() {
		return nil
	}
	live := c.barredOn(blocked, dropped)
	says := fmt.Sprintf("Connections to %s get no answer on %s", portsOf(blocked), c.onAddresses(live))
	if open := c.open(); len(open) > 0 {
		says += fmt.Sprintf(", while %s there %s in %s", portsOf(open), plural(len(open), "answers", "answer"), ms(quickest(c.Endpoints)))
	} else {
		says += ", while other ports there are refused at once"
	}
	f := Finding{
		Title:      fmt.Sprintf("%s %s blocked on the way to %s", upper(portsOf(blocked)), plural(len(blocked), "is", "are"), c.Run.Target.Host),
		Says:       says + ".",
		Where:      numbers(blocked),
		Evidence:   append(c.dialsTo(blocked), dials(c.connected())...),
		Fix:        append(c.inPlaceOf(blocked), Step{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(blocked)), and(live))}),
		Confidence: Certain,
	}
	if c.unpromised() && every(c.WaysIn(), dropped) {
		f.Title = fmt.Sprintf("No FTP or SFTP port of %s answers", c.Run.Target.Host)
		f.Fix = slices.Insert(f.Fix, 0, Step{You, "check the host name: the provider may have another one for FTP or SFTP than for the web"})
	}
	// A service that promises the port and drops it everywhere would be down for everybody. Of another server we know no such thing.
	if !c.Profile.Promised {
		f.Confidence = Likely
		f.Fix = append(f.Fix, Step{SiteAdmin, fmt.Sprintf("say whether the server offers %s, and to which addresses its firewall opens %s", portsOf(blocked), plural(len(blocked), "it", "them"))})
	}
	if c.Profile.DropsBanned {
		f.Confidence = Likely
		f.Candidates = []Candidate{{"tcp-quarantine", "it worked before, several log-ins failed since, and another network still gets through", Provider}}
	}
	return []Finding{f}
}

var portProhibited = Rule{
	Code:     "tcp-port-prohibited",
	Title:    "A firewall rejects the connection to a port",
	Severity: Problem,
	Page: Page{
		Means: "A router or firewall answers the request to connect to this port with an error message: it may not pass. Other ports of the " +
			"same server can be reached.",
		Shown: "The connect failed at once as unreachable or prohibited (an ICMP message; RFC 1812 section 5.2.7.1, RFC 4443 section 3.1), on every address that " +
			"answers on another port. A closed port would have been refused, a silent firewall would have given no answer.",
		Mend: "Use the other port that the service offers for the same thing. Or ask whoever runs your network to allow outgoing TCP to this port. " +
			"If another network shows the same, the firewall belongs to the server.",
	},
	ExplainedBy: append([]string{"tcp-no-egress", "local-wrong-port"}, misdirected...),
	Match:       matchPortProhibited,
}

func matchPortProhibited(c *Case) []Finding {
	ports := c.barred(fact.HostUnreachable)
	if len(ports) == 0 || c.refusalsStandOut() {
		return nil
	}
	live := c.barredOn(ports, prohibited)
	f := Finding{
		Title: fmt.Sprintf("A firewall rejects connections to %s of %s", portsOf(ports), c.Run.Target.Host),
		Says: fmt.Sprintf("Connections to %s come back at once as unreachable on %s, while other ports there can be reached.",
			portsOf(ports), c.onAddresses(live)),
		Where:    numbers(ports),
		Evidence: c.dialsTo(ports),
		Fix:      append(c.inPlaceOf(ports), Step{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(ports)), and(live))}),
	}
	if c.prohibitedHere(ports) {
		f.Says += " The rejection is quicker than any answer from outside, so it comes from this computer or its router."
		f.Fix = append(f.Fix, Step{You, "look for a rule in the firewall of this computer and of its router"})
	}
	if !c.Profile.Promised {
		f.Fix = append(f.Fix, Step{SiteAdmin, fmt.Sprintf("open %s in the server's firewall, if the server offers %s", portsOf(ports), plural(len(ports), "it", "them"))})
	}
	return []Finding{f}
}

// prohibitedHere says whether rejections came back at once although answers take a while.
func (c *Case) prohibitedHere(ports []int) bool {
	const atOnce, aWhile = fact.Millis(1), fact.Millis(5)
	rejected := c.Where(func(e *Endpoint) bool { return slices.Contains(ports, e.Port) && prohibited(e) })
	return quickest(c.Endpoints) > aWhile && every(rejected, func(e *Endpoint) bool { return e.Talk.Dial.Took < atOnce })
}

var portRefused = Rule{
	Code:     "tcp-port-refused",
	Title:    "Nothing listens on a port",
	Severity: Problem,
	Page: Page{
		Means: "The server answers, but on this port it says no at once: no program accepts connections there. Either the port number is wrong, " +
			"or the server's FTP or SSH program is not running, or a firewall says no in the server's name.",
		Shown: "The connect was refused on every address that answers on another port. A firewall that throws requests away would have given no answer.",
		Mend: "Check the port number and the protocol in your app against what the provider says. If both are right, ask whoever runs the server " +
			"whether the service is running. A refusal that comes much faster than the server's other answers was sent by a firewall near you.",
	},
	ExplainedBy: append([]string{"tcp-host-refused", "tcp-no-egress", "local-wrong-port"}, misdirected...),
	Match:       matchPortRefused,
}

func matchPortRefused(c *Case) []Finding {
	ports := c.barred(fact.Refused)
	othersDropped := len(c.barred(fact.Dropped))+len(c.barred(fact.HostUnreachable)) > 0
	if len(ports) == 0 || c.fate() == "tcp-host-refused" || c.unpromised() && othersDropped && !c.refusalsStandOut() {
		return nil
	}
	live := c.barredOn(ports, refused)
	f := Finding{
		Title:    fmt.Sprintf("%s of %s %s connections", upper(portsOf(ports)), c.Run.Target.Host, plural(len(ports), "refuses", "refuse")),
		Says:     fmt.Sprintf("Connections to %s are refused at once on %s: nothing listens there.", portsOf(ports), c.onAddresses(live)),
		Where:    numbers(ports),
		Evidence: c.dialsTo(ports),
		Fix:      c.inPlaceOf(ports),
	}
	if c.unpromised() && every(c.WaysIn(), refused) {
		f.Title = fmt.Sprintf("Nothing listens on the FTP and SFTP ports of %s", c.Run.Target.Host)
	}
	if near := c.refusedNearby(ports); near != "" {
		f.Confidence = Likely
		f.Title = fmt.Sprintf("Something near you refuses connections to %s of %s", portsOf(ports), c.Run.Target.Host)
		f.Says = fmt.Sprintf("Connections to %s are refused on %s %s.", portsOf(ports), c.onAddresses(live), near)
		f.Fix = append(f.Fix, Step{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(ports)), and(live))})
	}
	f.Fix = append(f.Fix,
		Step{You, "check the host name, the port and the protocol in your FTP app against what the provider says"},
		Step{c.support(), fmt.Sprintf("make sure that the service on %s is running, and that no firewall refuses your public IP address", portsOf(ports))})
	return []Finding{f}
}

var intermittent = Rule{
	Code:     "tcp-intermittent",
	Title:    "The connection only succeeds at times",
	Severity: Warning,
	Page: Page{
		Means: "The same connection fails at one time and succeeds at another. The line loses packets, the server is at times too busy to answer, or one of several servers behind the name is not well.",
		Shown: "The same address and port failed and answered, on different tries of one run (`--patient`), or in different rounds (`--repeat`). The finding names the share of the tries that failed, for each place. " +
			"Failures at one address only are about that server; failures everywhere at the same time are about the line.",
		Mend: "Let your app try again: three tries, ten seconds apart, over every address of the server, get through most of the time. Send the shares and the times to whoever runs the server or the line.",
	},
	Match: matchIntermittent,
}

func matchIntermittent(c *Case) []Finding { return c.comingAndGoing(c.shares(nil)) }

// comingAndGoing is the finding about endpoints of which some tries failed and others did not.
func (c *Case) comingAndGoing(all []*share) []Finding {
	shares := slices.DeleteFunc(slices.Clone(all), func(s *share) bool { return !s.comesAndGoes() })
	if len(shares) == 0 {
		return nil
	}
	var failed []*Endpoint
	for _, s := range shares {
		failed = append(failed, s.endpoint)
	}
	f := Finding{
		Title: fmt.Sprintf("Connections to %s only succeed at times", c.Run.Target.Host),
		Says:  fmt.Sprintf("Failed tries: %s; when: %s.", sharesSay(shares), timesSay(failedAt(shares))),
		Where: places(failed),
		Fix: []Step{
			{You, fmt.Sprintf("let your FTP app try again: %s, and over every address of the server", c.retries())},
			{YourNetwork, "look for lost packets on the line, and for a firewall that limits new connections"},
		},
	}
	if len(c.Run.Earlier) == 0 {
		f.Where = where(failed, c.Endpoints)
		for _, e := range failed {
			f.Evidence = append(f.Evidence, ids(e.Tries...)...)
		}
	}
	if one := addressesAmong(failed); len(one) == 1 && neverElsewhere(all, one[0]) {
		f.Says += fmt.Sprintf(" The other addresses never failed, so that it is about %s alone.", one[0])
		f.Fix[1] = Step{c.support(), "look at the server " + one[0] + " alone"}
	}
	return []Finding{f}
}

// neverElsewhere says whether there are other addresses, and no try failed there.
func neverElsewhere(all []*share, address string) bool {
	others := slices.DeleteFunc(slices.Clone(all), func(s *share) bool { return s.endpoint.Address == address })
	return len(others) > 0 && !slices.ContainsFunc(others, func(s *share) bool { return s.failed > 0 })
}

var localBlock = Rule{
	Code:     "tcp-local-block",
	Title:    "This computer blocks the connection",
	Severity: Problem,
	Page: Page{
		Means: "The request never left your computer. A firewall or security program on it forbids this program, or this port.",
		Shown: "The connect failed at once as not permitted (EPERM or EACCES, on Windows WSAEACCES). No message from a router could have been back so soon, " +
			"and over IPv4 no such message is reported in this way.",
		Mend: "Allow your FTP app, and ftpdoctor, in the firewall or security program of this computer. On a company computer its administrators have to do this.",
	},
	Match: matchLocalBlock,
}

func matchLocalBlock(c *Case) []Finding {
	if stuck := c.Where(heldUpHere); len(stuck) > 0 && len(stuck) == len(c.Endpoints) {
		return []Finding{cannotDial(c, stuck)}
	}
	blocked := c.Where(deniedHere)
	blocked = slices.DeleteFunc(blocked, func(e *Endpoint) bool { return e.Speaks == fact.HTTPS && len(blocked) < len(c.Endpoints) })
	if len(blocked) == 0 {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("This computer itself blocks the connection to %s", c.Run.Target.Host),
		Says:     "Every connection was forbidden by this computer before anything was sent.",
		Evidence: dials(blocked),
		Fix: []Step{
			{You, "allow your FTP app (and ftpdoctor) in the firewall or security program of this computer"},
			{YourNetwork, "if the company manages this computer, allow FTP apps in its security program"},
		},
	}
	if len(blocked) < len(c.Endpoints) {
		f.Where = where(blocked, c.WaysIn())
		f.Severity = c.weigh(Problem, blocked)
		names := portsOf(portsAmong(blocked))
		if !slices.Equal(f.Where, numbers(portsAmong(blocked))) {
			names += " at " + and(addressesAmong(blocked))
		}
		f.Title = fmt.Sprintf("This computer itself blocks connections to %s", names)
		f.Says = fmt.Sprintf("Connections to %s were forbidden by this computer before anything was sent; others were not.", names)
		f.Fix = append(c.instead(blocked), f.Fix...)
	}
	return []Finding{f}
}

// heldUpHere says whether a connect failed for want of a local address or of sockets.
func heldUpHere(e *Endpoint) bool {
	return e.Talk.Dial.Failed(fact.AddressUnavailable, fact.NoResources)
}

// cannotDial is what is said when this computer lacks what a connection needs.
func cannotDial(c *Case, stuck []*Endpoint) Finding {
	f := Finding{
		Title:    "This computer cannot open any connection",
		Says:     "It has no more sockets, ports or memory for one.",
		Evidence: dials(stuck),
		Fix:      []Step{{You, "close programs that hold many connections, or restart the computer, then try again"}},
	}
	if stuck[0].Talk.Dial.Failed(fact.AddressUnavailable) {
		f.Title = "The address to connect from is not one of this computer's"
		f.Says = fmt.Sprintf("No connection to %s could be opened from it.", c.Run.Target.Host)
		f.Fix = []Step{{You, "connect from an address that this computer has, or leave out --source"}}
	}
	return f
}

// The ways in which a connect fails, as predicates.
func dropped(e *Endpoint) bool { return e.Talk.Dial.Failed(fact.Dropped) }
func refused(e *Endpoint) bool { return e.Talk.Dial.Failed(fact.Refused, fact.Reset) }

func prohibited(e *Endpoint) bool {
	return e.Talk.Dial.Failed(fact.HostUnreachable, fact.NetUnreachable, fact.Denied) && !deniedHere(e)
}

// deniedHere says whether this computer forbade a connect. Over IPv4 no ICMP message is reported as EPERM or EACCES; over
// IPv6 "administratively prohibited" is EACCES on Linux (net/ipv6/icmp.c), but takes a round trip.
func deniedHere(e *Endpoint) bool {
	const roundTrip = fact.Millis(2)
	d := e.Talk.Dial
	return d.Failed(fact.Denied) && (!isIPv6(e.Address) || d.Took < roundTrip)
}

// barred lists the ports that are missed here and cannot be connected to, for one reason.
func (c *Case) barred(reason fact.Kind) []int {
	return slices.DeleteFunc(c.Ports(), func(port int) bool { return c.barrier(port) != reason || !c.missed(port) })
}

// barrier says why a port cannot be connected to on any address that answers elsewhere: Dropped, HostUnreachable for
// everything that a router says, or Refused. Where addresses differ, what happens on the way comes before what the server does.
func (c *Case) barrier(port int) fact.Kind {
	tried := c.Where(func(e *Endpoint) bool { return e.Port == port && c.Live(e.Address) })
	switch {
	case !every(tried, func(e *Endpoint) bool { return dropped(e) || prohibited(e) || refused(e) }):
		return ""
	case slices.ContainsFunc(tried, dropped):
		return fact.Dropped
	case slices.ContainsFunc(tried, prohibited):
		return fact.HostUnreachable
	default:
		return fact.Refused
	}
}

// barredOn lists the addresses on which a connect to one of the ports failed in one way.
func (c *Case) barredOn(ports []int, fails func(*Endpoint) bool) []string {
	return addressesAmong(c.Where(func(e *Endpoint) bool { return slices.Contains(ports, e.Port) && c.Live(e.Address) && fails(e) }))
}

// onAddresses says "both addresses" where it is all that there are, else which.
func (c *Case) onAddresses(some []string) string {
	if len(some) == len(c.Addresses()) {
		return allOf(some)
	}
	return and(some)
}

// missed says whether it is a fault that nobody can connect to a port. Of a server that promises nothing a closed port is
// none as long as another way in can be connected to: what is wrong is then said about that one.
func (c *Case) missed(port int) bool {
	return c.Matters(port) && (!c.unpromised() || !slices.ContainsFunc(c.WaysIn(), (*Endpoint).Connected))
}

// unpromised says whether any port may be closed: none was asked for by number, and none is promised.
func (c *Case) unpromised() bool { return !c.Profile.Promised && c.Run.Target.Port == 0 }

// refusalsStandOut says whether, on a server of which nothing is known, the refused ports are the ones to talk about.
// Many firewalls drop what is not offered, so that a port that is refused was let through and has no program behind it.
// Where ports that nobody uses are refused as well, it is the other way round: a port that is dropped was picked out.
func (c *Case) refusalsStandOut() bool {
	if !c.unpromised() || len(c.barred(fact.Refused)) == 0 {
		return false
	}
	if control := c.Control(fact.ClosedPort); control != nil && control.Dial.Failure != nil {
		return !control.Dial.Failed(fact.Refused)
	}
	return !slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool {
		entry, _ := c.Profile.Port(e.Port)
		return entry.StandsIn != 0 && refused(e)
	})
}

// open lists the ports that answer on some address.
func (c *Case) open() []int {
	return portsAmong(c.Where((*Endpoint).Connected))
}

// inPlaceOf says what can be used in place of ports.
func (c *Case) inPlaceOf(ports []int) []Step {
	return c.instead(c.Where(func(e *Endpoint) bool { return slices.Contains(ports, e.Port) }))
}

// retries is what the service recommends, or what is usual.
func (c *Case) retries() string {
	tries, pause := c.Profile.Attempts()
	return fmt.Sprintf("%d tries, %d seconds apart", tries, pause)
}

// refusedNearby compares how long refusals and answers took. A refusal in much less than a round trip to the server came
// from something in between. Windows repeats a refused SYN, so its refusals never look near.
func (c *Case) refusedNearby(ports []int) string {
	const firstRepeat = fact.Millis(1000) // an answer after it may be that to the second SYN (RFC 6298 section 5.7)
	var slowest fact.Millis
	for _, e := range c.Where(refused) {
		if slices.Contains(ports, e.Port) {
			slowest = max(slowest, e.Talk.Dial.Took)
		}
	}
	answer := quickest(c.Endpoints)
	if answer == 0 || answer > firstRepeat || slowest > answer/3 || answer-slowest < 10 {
		return ""
	}
	return fmt.Sprintf("in %s, while an answer of the server takes %s", ms(slowest), ms(answer))
}

// quickest is the shortest connect that came through; 0 when none did.
func quickest(endpoints []*Endpoint) fact.Millis {
	var best fact.Millis
	for _, e := range endpoints {
		if took := e.Talk.Dial.Took; e.Connected() && (best == 0 || took < best) {
			best = took
		}
	}
	return best
}

// dialsTo lists the connects to ports as evidence.
func (c *Case) dialsTo(ports []int) []int {
	return dials(c.Where(func(e *Endpoint) bool { return slices.Contains(ports, e.Port) && c.Live(e.Address) }))
}

// dials lists the connects to endpoints as evidence.
func dials(endpoints []*Endpoint) []int {
	var seen []*fact.Observation
	for _, e := range endpoints {
		seen = append(seen, e.Talk.Dial)
	}
	return ids(seen...)
}

func portsAmong(endpoints []*Endpoint) []int {
	var ports []int
	for _, e := range endpoints {
		if !slices.Contains(ports, e.Port) {
			ports = append(ports, e.Port)
		}
	}
	return ports
}

func isIPv6(address string) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && addr.Unmap().Is6()
}
