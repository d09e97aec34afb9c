package cause

import (
	"fmt"
	"slices"

	"ftpdoctor/probe/fact"
)

var tcpRules = []Rule{
	portFiltered,
}

var portFiltered = Rule{
	Code:     "tcp-port-filtered",
	Title:    "A port is blocked on the way",
	Severity: Problem,
	Page: Page{
		Means: "Your computer asks to connect to this port and gets no answer at all, neither yes nor no. Other ports of the same server answer. " +
			"Something on the way, usually the firewall of a company, a hotel or a security program, throws the request away.",
		Shown: "The connect to the port went unanswered on every address that answers on another port. A port on which nothing listens " +
			"would have been refused at once, and a server that is down would answer on no port.",
		Mend: "Use the other port that the service offers for the same thing; nothing else in your app changes. Or ask whoever runs your " +
			"network to allow outgoing TCP to this port.",
	},
	ExplainedBy: []string{"tcp-captive-portal", "tcp-no-egress", "dns-cdn-proxied", "dns-hosts-override"},
	Match:       matchPortFiltered,
}

// matchPortFiltered finds the ports that are dropped on every address that answers elsewhere.
func matchPortFiltered(c *Case) []Finding {
	var blocked []int
	var evidence []*fact.Observation
	for _, port := range c.Ports() {
		dropped := c.Where(func(e *Endpoint) bool { return e.Port == port && c.Live(e.Address) })
		everywhere := len(dropped) > 0 && !slices.ContainsFunc(dropped, func(e *Endpoint) bool { return !e.Talk.Dial.Failed(fact.Dropped) })
		if !everywhere || !c.Matters(port) {
			continue
		}
		blocked = append(blocked, port)
		for _, e := range dropped {
			evidence = append(evidence, e.Talk.Dial)
		}
	}
	if len(blocked) == 0 {
		return nil
	}
	live := slices.DeleteFunc(c.Addresses(), func(a string) bool { return !c.Live(a) })
	return []Finding{{
		Title: fmt.Sprintf("%s %s blocked on the way to %s", upper(portsOf(blocked)), plural(len(blocked), "is", "are"), c.Run.Target.Host),
		Says: fmt.Sprintf("Connections to %s get no answer on %s, while %s there answers.",
			portsOf(blocked), allOf(live), portsOf(c.answering())),
		Where:    numbers(blocked),
		Evidence: ids(evidence...),
		Fix:      portFilteredFix(c, blocked, live),
	}}
}

// portFilteredFix offers the ports that stand in and work, then the firewall.
func portFilteredFix(c *Case, blocked []int, live []string) []Step {
	var steps []Step
	for _, port := range blocked {
		for _, other := range c.Profile.StandIns(port) {
			if slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Port == other && e.Proof() != "" }) {
				steps = append(steps, Step{You, fmt.Sprintf("set the port to %d in your FTP app in place of %d; nothing else changes", other, port)})
			}
		}
	}
	return append(steps, Step{YourNetwork, fmt.Sprintf("allow outgoing TCP %s to %s", and(numbers(blocked)), and(live))})
}

// answering lists the ports that answer on some address.
func (c *Case) answering() []int {
	return slices.DeleteFunc(c.Ports(), func(port int) bool {
		return !slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Port == port && e.Connected() })
	})
}
