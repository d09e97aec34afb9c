package report

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// Letter is the request to whoever runs the network: what to open, and what shows that it is closed. It asks for nothing that is
// open already. The error says in a sentence why there is nothing to ask for.
func Letter(r *Report, o Options) (string, error) {
	if r.Redacted {
		return "", errors.New("the addresses in the report are not the real ones, as it was redacted; use the report from before that")
	}
	l := newLetter(r)
	if len(l.opens) == 0 && len(l.changes) == 0 {
		return "", errors.New("the report shows nothing that your network would have to open; ftpdoctor read shows what is wrong")
	}
	o.Color = false
	p := newPage(o)
	p.request(l)
	return p.String(), nil
}

// letter is what a request is made of.
type letter struct {
	*Report
	c       *cause.Case
	opens   []opening
	changes []string // other things that the network is asked to do
}

// opening is one thing to open: TCP from here to some addresses.
type opening struct {
	addresses []string
	ports     string // "port 21", "ports 40000-50000"
	carries   string // what is spoken there
}

func newLetter(r *Report) *letter {
	l := &letter{Report: r, c: cause.NewCase(&r.Run, &r.judgedBy)}
	var control []*cause.Endpoint
	var passive []netip.AddrPort
	for _, f := range r.roots() {
		if !asksNetwork(f) {
			continue
		}
		endpoints, links := l.barred(f)
		control, passive = append(control, endpoints...), append(passive, links...)
		if len(endpoints)+len(links) > 0 {
			continue
		}
		for _, step := range f.Fix {
			if byNetwork(step) {
				l.changes = append(l.changes, f.Title+". Please "+step.Do)
			}
		}
	}
	l.changes = unique(l.changes)
	l.opens = l.control(control)
	if len(passive) > 0 {
		l.opens = append(l.opens, l.data(passive))
	}
	return l
}

func byNetwork(s cause.Step) bool { return s.Who == cause.YourNetwork }

// asksNetwork says whether a finding that matters asks for something that the network team can do.
func asksNetwork(f cause.Finding) bool {
	return f.Severity != cause.Note && slices.ContainsFunc(f.Fix, byNetwork)
}

// closedBy are the ways in which a connect fails that something in between has barred.
var closedBy = []fact.Kind{fact.Dropped, fact.Refused, fact.HostUnreachable, fact.NetUnreachable}

// passiveLinks are connects to passive ports.
var passiveLinks = []fact.Purpose{fact.DataLink, fact.SampleLink, fact.WithoutReuse, fact.PromisedPort}

// barred lists what a finding shows to be closed: endpoints, and places of data connections.
func (l *letter) barred(f cause.Finding) (control []*cause.Endpoint, passive []netip.AddrPort) {
	for i := range l.Seen {
		o := &l.Seen[i]
		if !slices.Contains(f.Evidence, o.ID) || !o.Failed(closedBy...) {
			continue
		}
		at, err := netip.ParseAddrPort(aimedAt(o))
		if err != nil {
			continue
		}
		e := l.c.At(at.Addr().String(), int(at.Port()))
		switch {
		case o.Sample != nil, o.Transfer != nil, o.Dial != nil && slices.Contains(passiveLinks, o.Dial.Purpose):
			passive = append(passive, at)
		case o.Dial != nil && o.Dial.Purpose == "" && e != nil && !e.Connected():
			control = append(control, e)
		}
	}
	return control, passive
}

// aimedAt is where a step connected to.
func aimedAt(o *fact.Observation) string {
	switch {
	case o.Sample != nil:
		return o.Sample.Dialled
	case o.Transfer != nil && o.Transfer.Dialled != "":
		return o.Transfer.Dialled
	}
	return o.Endpoint
}

// control lists the ports to open, those for the same thing at the same addresses together. A port that is closed on one address and
// an address that is closed on another port make that port closed there too, if it did not answer.
func (l *letter) control(barred []*cause.Endpoint) []opening {
	has := func(fits func(e *cause.Endpoint) bool) bool { return slices.ContainsFunc(barred, fits) }
	addresses := map[int][]string{}
	var ports []int
	for _, e := range l.c.Endpoints {
		port := has(func(b *cause.Endpoint) bool { return b.Port == e.Port })
		address := has(func(b *cause.Endpoint) bool { return b.Address == e.Address })
		if port && address && e.Talk.Dial.Failed(closedBy...) {
			ports = append(ports, e.Port)
			addresses[e.Port] = append(addresses[e.Port], e.Address)
		}
	}
	var found []opening
	together := map[string][]string{}
	for _, port := range slices.Compact(slices.Sorted(slices.Values(ports))) {
		o := opening{addresses: addresses[port], carries: l.carries(port)}
		key := o.carries + strings.Join(o.addresses, " ")
		if len(together[key]) == 0 {
			found = append(found, o)
		}
		together[key] = append(together[key], strconv.Itoa(port))
	}
	for i, o := range found {
		same := together[o.carries+strings.Join(o.addresses, " ")]
		found[i].ports = pick(len(same) == 1, "port ", "ports ") + strings.Join(same, ", ")
	}
	return found
}

// carries says what is spoken on a port.
func (l *letter) carries(port int) string {
	entry, _ := l.judgedBy.Port(port)
	return cmp.Or(speaks[cmp.Or(l.Target.Protocol, entry.Speaks)], "FTP or SFTP")
}

// data is the range of passive ports to open: what the service promises, else what was handed out. Each address of the server has it.
func (l *letter) data(passive []netip.AddrPort) opening {
	o := opening{addresses: l.c.Addresses(), carries: "FTP data connections (passive mode)"}
	if r := l.judgedBy.Passive; r.First > 0 {
		o.ports = fmt.Sprintf("ports %d-%d", r.First, r.Last)
		return o
	}
	least, most := passive[0].Port(), passive[0].Port()
	for _, at := range passive {
		least, most = min(least, at.Port()), max(most, at.Port())
	}
	o.ports = fmt.Sprintf("ports %d-%d", least, most)
	o.carries += ". The server handed out ports of this range; whoever runs it can say where the range begins and ends"
	return o
}

// evidence lists what the findings rest on: the steps that failed, and for each of their addresses a connect that did not.
func (l *letter) evidence() (failed, open []*fact.Observation) {
	asked := map[string]bool{}
	for i := range l.Seen {
		o := &l.Seen[i]
		of := slices.ContainsFunc(l.roots(), func(f cause.Finding) bool { return asksNetwork(f) && slices.Contains(f.Evidence, o.ID) })
		if of && o.Failed() && !o.Failed(fact.Interrupted) && o.Endpoint != "" && o.Transfer == nil {
			failed = append(failed, o)
			asked[addressOf(o.Endpoint)] = true
		}
	}
	for _, e := range l.c.Endpoints {
		if e.Connected() && asked[e.Address] {
			open = append(open, e.Talk.Dial)
			asked[e.Address] = false
		}
	}
	return failed, open
}

func addressOf(place string) string {
	at, err := netip.ParseAddrPort(place)
	if err != nil {
		return place
	}
	return at.Addr().Unmap().String()
}

// request writes the letter.
func (p *page) request(l *letter) {
	const column = 12
	p.title("Please open the way to the file server " + l.Target.Host)
	p.blank()
	p.labelled(0, "Server", column, l.server())
	p.labelled(0, "From", column, l.from())
	p.labelled(0, "Direction", column, "outgoing: connections are opened from here; nobody outside connects to us")
	p.labelled(0, "Tested", column, fmt.Sprintf("%s with %s", l.Started.UTC().Format("2006-01-02 15:04:05 UTC"), l.maker()))
	p.openings(l)
	if len(l.changes) > 0 {
		p.blank()
		p.title("What else to change")
		for _, change := range l.changes {
			p.labelled(2, "- ", 2, change+".")
		}
	}
	p.shownBy(l)
	p.addressesMove(l)
}

func (p *page) openings(l *letter) {
	if len(l.opens) == 0 {
		return
	}
	p.blank()
	p.title("What to open")
	for i, o := range l.opens {
		p.labelled(2, fmt.Sprintf("%d. ", i+1), 3, fmt.Sprintf("TCP to %s of %s: %s", o.ports, strings.Join(o.addresses, ", "), o.carries))
	}
	if r := l.judgedBy.Passive; r.First > 0 && l.untestedData() {
		p.labelled(2, fmt.Sprintf("%d. ", len(l.opens)+1), 3, fmt.Sprintf(
			"TCP to ports %d-%d of the same addresses, if they are not open yet: FTP data connections (passive mode). They could not be tested.", r.First, r.Last))
	}
}

// untestedData says whether FTP is to be opened and nothing shows whether its data connections are open.
func (l *letter) untestedData() bool {
	ftp := slices.ContainsFunc(l.opens, func(o opening) bool { return strings.HasPrefix(o.carries, "FTP,") })
	tested := slices.ContainsFunc(l.Seen, func(o fact.Observation) bool {
		return o.Sample != nil || o.Dial != nil && slices.Contains(passiveLinks, o.Dial.Purpose)
	})
	return ftp && !tested
}

// server names the other side: by its name, and by what its profile calls it.
func (l *letter) server() string {
	if l.judgedBy.Promised && l.judgedBy.Title != "" {
		return l.Target.Host + " (" + l.judgedBy.Title + ")"
	}
	return l.Target.Host
}

// from is this computer: its own addresses, and the one that others see.
func (l *letter) from() string {
	own := "this computer"
	if l.c.Machine != nil && len(l.c.Machine.Addresses) > 0 {
		own = listed(l.c.Machine.Addresses, 4)
	}
	if seen := seenFrom(l.c); len(seen) > 0 {
		own += "; from outside " + seen[0]
	}
	return own
}

// shownBy is the evidence, with times.
func (p *page) shownBy(l *letter) {
	const most = 12
	failed, open := l.evidence()
	if len(failed) == 0 {
		return
	}
	p.blank()
	p.title("What was seen (times in UTC)")
	line := func(o *fact.Observation) {
		at := l.Started.Add(o.At.Duration()).UTC().Format("15:04:05.000")
		p.labelled(2, at, 14, aimedAt(o)+"  "+became(o))
	}
	for _, o := range failed[:min(len(failed), most)] {
		line(o)
	}
	if more := len(failed) - most; more > 0 {
		p.text(16, fmt.Sprintf("and %d more that failed", more))
	}
	for _, o := range open[:min(len(open), most)] {
		line(o)
	}
}

// became says in words of the network what became of a step.
func became(o *fact.Observation) string {
	after := " after " + length(o.Took)
	switch {
	case o.Failure == nil:
		return "connected" + after
	case o.Failed(fact.Dropped):
		return "no answer to the connect within " + length(o.Took)
	case o.Failed(fact.Refused):
		return "refused (RST)" + after
	case o.Failed(fact.HostUnreachable, fact.NetUnreachable):
		return "unreachable or prohibited (ICMP)" + after
	case o.Failed(fact.Reset):
		return "opened, then reset" + after
	case o.Failed(fact.Closed):
		return "opened, then closed" + after
	case o.Failed(fact.Timeout):
		return "opened, then silent for " + length(o.Took)
	default:
		return string(o.Failure.Kind) + after
	}
}

// addressesMove says what to do about addresses that change.
func (p *page) addressesMove(l *letter) {
	if len(l.opens) == 0 {
		return
	}
	p.blank()
	says := "The addresses are those of today. If your firewall can allow a name, please allow " + l.Target.Host + "."
	if networks := l.judgedBy.Networks; len(networks) > 0 {
		says += fmt.Sprintf(" %s has the networks %s, and uses others as well.", l.judgedBy.Title, strings.Join(networks, ", "))
	}
	p.text(0, says)
	for _, page := range l.judgedBy.PagesOf("tcp-some-addresses-dead") {
		p.WriteString(p.shown(page.URL) + "\n")
	}
}
