package cause

import (
	"fmt"
	"slices"

	"ftpdoctor/probe/fact"
)

var resetAfterConnect = Rule{
	Code:     "tcp-reset-after-connect",
	Title:    "Connections are cut as soon as they are open",
	Severity: Problem,
	Page: Page{
		Means: "The connection opens and is cut at once, before the server has said a word, for FTP and SSH alike. A security device on the way does this to " +
			"protocols that it does not want, and some servers do it to internet addresses that they have banned.",
		Shown: "After the connect, a reset or the end of the connection came in place of the first byte, on ports of both FTP and SSH. One program that is broken or full " +
			"would do so on its own port only.",
		Mend: "Try from another network, such as a phone's. If it works there, ask whoever runs your network to allow FTP and SSH to this server. If it does not, " +
			"ask the server's support whether your public IP address is banned.",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchResetAfterConnect,
}

func matchResetAfterConnect(c *Case) []Finding {
	cut := slices.DeleteFunc(c.WaysIn(), func(e *Endpoint) bool { return !cutUnheard(e) })
	overSSH := slices.ContainsFunc(cut, func(e *Endpoint) bool { return e.Speaks == fact.SFTP })
	overFTP := slices.ContainsFunc(cut, (*Endpoint).FTPFamily)
	heard := slices.ContainsFunc(c.WaysIn(), func(e *Endpoint) bool { return e.Connected() && !cutUnheard(e) })
	if !overSSH || !overFTP || heard {
		return nil
	}
	var evidence []*fact.Observation
	for _, e := range cut {
		evidence = append(evidence, e.Talk.Dial, e.Talk.Opening, e.Talk.TLS)
	}
	ports := portsAmong(cut)
	return []Finding{{
		Title:    fmt.Sprintf("Connections to %s are cut as soon as they are open", c.Run.Target.Host),
		Says:     fmt.Sprintf("%s accept connections and end them before a single byte has come.", upper(portsOf(ports))),
		Where:    where(cut, c.Endpoints),
		Evidence: ids(evidence...),
		Fix: []Step{
			{You, "try from another network, for instance a phone's"},
			{YourNetwork, fmt.Sprintf("allow FTP and SSH to %s in the firewall or security device", c.Run.Target.Host)},
			{c.support(), "look up whether your public IP address is banned"},
		},
	}}
}

// cutUnheard says whether a connection was ended by the other side before its first byte.
func cutUnheard(e *Endpoint) bool {
	if !e.Connected() {
		return false
	}
	if o := e.Talk.Opening; o != nil && !o.Opening.Encrypted {
		return o.Failed(fact.Reset, fact.Closed) && o.Opening.Bytes == 0
	}
	// On the ports of implicit TLS this side speaks first.
	t := e.Talk.TLS
	return t != nil && t.Failed(fact.Reset, fact.Closed) && t.TLS.Received == 0
}

var mtuBlackhole = Rule{
	Code:     "tcp-mtu-blackhole",
	Title:    "Large packets get lost on the way",
	Severity: Problem,
	Page: Page{
		Means: "Small packets get through, large ones vanish. The connection opens and the first words are exchanged, then it hangs as soon as one side sends much at once, " +
			"such as a certificate or a list of algorithms. VPNs and tunnels cause this where they take away room in each packet and the message about it is filtered.",
		Shown: "The conversations with the server stalled at the step in which the first full packet is due, be it TLS or SSH, and none got beyond it, although the " +
			"connects and the short answers before came at once. A firewall that dislikes a protocol would leave the others, the web port for instance. " +
			"Where the system allows it (Linux, macOS), one conversation was had once more in packets of 536 bytes: if it went on, it is certain.",
		Mend: "Disconnect the VPN and try again. If that helps, set the MTU of the VPN or tunnel to 1400 or lower. Whoever runs the network can limit the segment size (MSS) " +
			"on the router and let ICMP \"fragmentation needed\" pass (RFC 1191, RFC 8201).",
	},
	ExplainedBy: append([]string{"tcp-intercepted"}, misdirected...),
	Match:       matchMTUBlackhole,
}

func matchMTUBlackhole(c *Case) []Finding {
	stuck := c.Where(stalledOnBulk)
	overSSH := slices.ContainsFunc(stuck, func(e *Endpoint) bool { return e.Talk.Kex != nil })
	overWeb := slices.ContainsFunc(stuck, func(e *Endpoint) bool { return e.Speaks == fact.HTTPS })
	heard := slices.ContainsFunc(stuck, func(e *Endpoint) bool { return e.Talk.Opening != nil && e.Talk.Opening.Opening.Bytes > 0 })
	if slices.ContainsFunc(c.Endpoints, passedBulk) || !heard || !overSSH && !overWeb {
		return nil // TLS that stalls on FTP ports alone is more likely stopped for what it is
	}
	ports := portsAmong(stuck)
	var evidence []*fact.Observation
	sure, inSmall := Likely, ""
	var candidates []Candidate
	for _, e := range stuck {
		evidence = append(evidence, e.Talk.Opening, e.Talk.TLS, e.Talk.Kex)
		again := e.second(fact.SmallPackets)
		switch {
		case again == nil || again.Dial.Failed():
		case again.passed():
			evidence = append(evidence, again.TLS, again.Kex)
			sure, inSmall = Certain, fmt.Sprintf(" In small packets the same conversation on port %d went on.", e.Port)
		case again.stalled():
			sure, inSmall = Possible, " In small packets it stalled as well."
			candidates = []Candidate{
				{"tcp-mtu-blackhole", "it works with an MTU of 1200 on this computer", You},
				{"ssh-dpi", "it works from another network, and the firewall's log shows blocked connections", YourNetwork},
			}
		}
	}
	return []Finding{{
		Confidence: sure,
		Candidates: candidates,
		Title:      fmt.Sprintf("Large packets get lost on the way between you and %s", c.Run.Target.Host),
		Says: fmt.Sprintf("%s at once, then %s where the first large packet is due; nothing large came through at all.",
			upper(portsOf(ports))+plural(len(ports), " answers", " answer"), plural(len(ports), "stalls", "stall")) + inSmall,
		Where:    where(stuck, c.Endpoints),
		Evidence: ids(evidence...),
		Fix: []Step{
			{You, "disconnect the VPN and try again; if that helps, set its MTU to 1400 or lower"},
			{YourNetwork, "limit the TCP segment size (MSS) on the router or tunnel, and let ICMP \"fragmentation needed\" and \"packet too big\" pass"},
		},
	}}
}

// stalledOnBulk says whether a conversation fell silent at the step in which the server's first full packet is due: its
// certificate, or its list of algorithms and its key.
func stalledOnBulk(e *Endpoint) bool { return e.Talk.stalled() }

func (talk *Conversation) stalled() bool {
	if kex := talk.Kex; kex != nil {
		return kex.Failed(fact.Timeout)
	}
	t := talk.TLS
	return t != nil && t.Failed(fact.Timeout) && t.TLS.Mode != fact.Nudge && len(t.TLS.Plain) == 0
}

// passedBulk says whether a full packet of the server came through.
func passedBulk(e *Endpoint) bool { return e.Talk.passed() }

func (talk *Conversation) passed() bool {
	return talk.Secured() || talk.Kex != nil && talk.Kex.Kex.HostKey != nil
}

var slow = Rule{
	Code:     "tcp-slow",
	Title:    "The connection is very slow",
	Severity: Warning,
	Page: Page{
		Means: "The server can be used from here, but a step of connecting takes so long that many apps give up before it is done.",
		Shown: "The connects took more than 5 seconds, or a later step more than 10, and all of them succeeded. A greeting alone that is late has a finding of its own. " +
			"A request to connect that is lost is repeated after 1, 3 and 7 seconds; where the connects took as long as that, the finding says so.",
		Mend: "Set the time-out of your FTP app to the number that the finding names; it is twice the longest wait that was measured, and at least 60 seconds. If it is slow from one network only, ask whoever runs it.",
	},
	ExplainedBy: append([]string{"tcp-intermittent"}, misdirected...),
	Match:       matchSlow,
}

func matchSlow(c *Case) []Finding {
	const connectLimit, stepLimit = fact.Millis(5000), fact.Millis(10_000)
	working := c.Where(func(e *Endpoint) bool { return e.Proof() != "" })
	var late []*fact.Observation
	for _, e := range working {
		for _, o := range []*fact.Observation{e.Talk.TLS, e.Talk.Kex, e.Talk.Web, e.Talk.Answer("FEAT"), e.Talk.Answer("AUTH TLS")} {
			if o != nil && o.Failure == nil && o.Took > stepLimit {
				late = append(late, o)
			}
		}
	}
	// One packet that was lost three times is no slow line; most connects being late is.
	connects := slices.DeleteFunc(slices.Clone(working), func(e *Endpoint) bool { return e.Talk.Dial.Took <= connectLimit })
	if 2*len(connects) > len(working) {
		for _, e := range connects {
			late = append(late, e.Talk.Dial)
		}
	}
	if len(late) == 0 {
		return nil
	}
	longest := slices.MaxFunc(late, func(a, b *fact.Observation) int { return int(a.Took - b.Took) })
	return []Finding{{
		Title:    fmt.Sprintf("Connecting to %s is very slow from here", c.Run.Target.Host),
		Says:     fmt.Sprintf("It works, but %s took %s. %s%s", waitedFor(longest), ms(longest.Took), breaks(longest.Took), lostSay(connects)),
		Evidence: ids(late...),
		Fix: []Step{
			c.raiseTimeout(longest.Took),
			{YourNetwork, "look for an overloaded line or lost packets, if other networks are faster"},
		},
	}}
}

// lostSay says where connects took so long because requests for them were lost; empty: nothing shows that.
func lostSay(late []*Endpoint) string {
	most := 0
	for _, e := range late {
		if o := e.Talk.Opening; o != nil && o.Failure == nil {
			most = max(most, lostRequests(e.Talk.Dial.Took, o.Took))
		}
	}
	if most == 0 {
		return ""
	}
	return fmt.Sprintf(" The times are those of a request to connect that was lost %s: the line loses packets.", times(most))
}

// lostRequests is how many requests to connect were lost, by the time of the connect and that of an ordinary answer: they are repeated
// 1, 3 and 7 seconds after the first (RFC 6298 section 5). 0: it cannot be told.
func lostRequests(took, answer fact.Millis) int {
	const second, slack = fact.Millis(1000), fact.Millis(100)
	if 2*answer > second {
		return 0 // a line that slow may take as long without any loss
	}
	for lost := 3; lost > 0; lost-- {
		repeated := fact.Millis(int(1)<<lost-1) * second
		if repeated <= took && took <= repeated+2*answer+slack {
			return lost
		}
	}
	return 0
}

// waitedFor is what an app waits for in a step of connecting, as it stands in a sentence.
func waitedFor(o *fact.Observation) string {
	switch {
	case o.Dial != nil:
		return "the connect"
	case o.TLS != nil:
		return "the TLS handshake"
	case o.Kex != nil:
		return "the SSH key exchange"
	case o.Web != nil:
		return "the answer of the web server"
	case o.Reply != nil && o.Reply.Command != "":
		return "the reply to " + o.Reply.Command
	default:
		return "the greeting"
	}
}
