package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// Comparison is what changed from one report to another: the office against the phone's network,
// yesterday against today.
type Comparison struct {
	Schema int      `json:"schema"`
	Before Side     `json:"before"`
	After  Side     `json:"after"`
	Worse  []Change `json:"worse"`
	Better []Change `json:"better"`
	Other  []Change `json:"other"`
}

// Side is one of the reports that are compared.
type Side struct {
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	From    []string  `json:"from,omitempty"` // addresses of the computer, and its DNS servers
	Tool    fact.Tool `json:"tool"`
	Verdict Verdict   `json:"verdict"`
}

// Change is one thing that is not as it was.
type Change struct {
	What   Matter `json:"what"`
	Says   string `json:"says"`
	Cause  string `json:"cause,omitempty"` // only for What == "cause"
	Ports  []int  `json:"ports,omitempty"` // where it changed; empty: not on a port
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Matter is what a change is about.
type Matter string

// The matters, in the order in which changes are listed. docs/comparison.schema.json lists them too.
const (
	CauseMatter       Matter = "cause"
	WayMatter         Matter = "way"
	PortMatter        Matter = "port"
	TLSMatter         Matter = "tls"
	HostKeyMatter     Matter = "host-key"
	SignInMatter      Matter = "sign-in"
	CertificateMatter Matter = "certificate"
	GreetingMatter    Matter = "greeting"
	AddressMatter     Matter = "address"
	TimeMatter        Matter = "time"
	PlaceMatter       Matter = "place"
)

var matters = []Matter{
	CauseMatter, WayMatter, PortMatter, TLSMatter, HostKeyMatter, SignInMatter, CertificateMatter, GreetingMatter, AddressMatter, TimeMatter, PlaceMatter,
}

// Exit is the exit code of a comparison: whether something got worse.
func (c *Comparison) Exit(exitZero bool) int {
	if len(c.Worse) > 0 && !exitZero {
		return exitProblem
	}
	return exitOK
}

// Compare says what changed from one report to another.
func Compare(before, after *Report) *Comparison {
	c := comparing{
		Comparison: &Comparison{Schema: Schema, Worse: []Change{}, Better: []Change{}, Other: []Change{}},
		before:     before, after: after,
		a: cause.NewCase(&before.Run, &before.judgedBy),
		b: cause.NewCase(&after.Run, &after.judgedBy),
	}
	c.Before, c.After = side(before, c.a), side(after, c.b)
	c.causes()
	c.ways()
	c.ports()
	c.versions()
	c.hostKeys()
	c.signIns()
	c.certificates()
	c.greetings()
	c.addresses()
	c.times()
	c.places()
	return c.Comparison
}

func side(r *Report, c *cause.Case) Side {
	return Side{Host: r.Target.Host, Started: r.Started.UTC(), From: from(c), Tool: r.Tool, Verdict: r.Verdict}
}

// comparing is a comparison that is under way.
type comparing struct {
	*Comparison
	before, after *Report
	a, b          *cause.Case
}

// file puts a change where it belongs: more than 0 is better, less is worse.
func (c *comparing) file(direction int, change Change) {
	switch {
	case direction < 0:
		c.Worse = append(c.Worse, change)
	case direction > 0:
		c.Better = append(c.Better, change)
	default:
		c.Other = append(c.Other, change)
	}
}

// both lists the ports that both reports looked at.
func (c *comparing) both() []int {
	ports := c.b.Ports()
	return slices.DeleteFunc(c.a.Ports(), func(port int) bool { return !slices.Contains(ports, port) })
}

var weights = map[cause.Severity]int{cause.Note: 0, cause.Warning: 1, cause.Problem: 2}

// causes compares the root causes. A note is no change for the worse.
func (c *comparing) causes() {
	for _, now := range c.after.roots() {
		then, known := findingLike(now, c.before)
		switch {
		case !known:
			c.file(-weights[now.Severity], Change{What: CauseMatter, Cause: now.Cause, Says: now.Title, After: string(now.Severity)})
		case then.Severity != now.Severity:
			c.file(weights[then.Severity]-weights[now.Severity], Change{
				What: CauseMatter, Cause: now.Cause, Says: now.Title, Before: string(then.Severity), After: string(now.Severity),
			})
		case !slices.Equal(then.Where, now.Where):
			more, fewer := len(without(now.Where, then.Where)), len(without(then.Where, now.Where))
			c.file(min(weights[now.Severity], 1)*(boolSign(fewer > 0)-boolSign(more > 0)), Change{
				What: CauseMatter, Cause: now.Cause, Says: now.Title, Before: whereSays(then), After: whereSays(now),
			})
		}
	}
	for _, then := range c.before.roots() {
		if _, still := findingLike(then, c.after); !still {
			c.file(weights[then.Severity], Change{What: CauseMatter, Cause: then.Cause, Says: "gone: " + then.Title, Before: string(then.Severity)})
		}
	}
}

// findingLike is the finding of the same cause, in the same place if there are several.
func findingLike(f cause.Finding, among *Report) (cause.Finding, bool) {
	same := slices.DeleteFunc(slices.Clone(among.Findings), func(g cause.Finding) bool { return g.Cause != f.Cause })
	if len(same) == 0 {
		return cause.Finding{}, false
	}
	if i := slices.IndexFunc(same, func(g cause.Finding) bool { return slices.Equal(f.Where, g.Where) }); i >= 0 {
		return same[i], true
	}
	return same[0], true
}

func whereSays(f cause.Finding) string {
	if len(f.Where) == 0 {
		return "the whole host"
	}
	return strings.Join(f.Where, ", ")
}

func boolSign(set bool) int {
	if set {
		return 1
	}
	return 0
}

// ways compares the ways in. One that was not tried again did not get worse.
func (c *comparing) ways() {
	for _, then := range c.before.Ways {
		now, works := wayOn(then.Port, c.after)
		change := Change{What: WayMatter, Ports: []int{then.Port}, Before: wayProof(then)}
		switch {
		case works && now.Encryption != then.Encryption:
			change.Says = fmt.Sprintf("port %d is %s now, it was %s", then.Port, protocolName(now), protocolName(then))
			change.After = wayProof(now)
			c.file(boolSign(then.Encryption == cause.InClear)-boolSign(now.Encryption == cause.InClear), change)
		case works && now.Proof != then.Proof:
			change.Says = fmt.Sprintf("%s: %s now; before: %s", wayIn(now), proofSays(now), proofSays(then))
			change.After = wayProof(now)
			c.file(now.Proof.Compare(then.Proof), change)
		case works:
		case !tried(c.b, then.Port):
			change.Says = wayIn(then) + " was not tried again"
			c.file(0, change)
		default:
			change.Says = wayIn(then) + " no longer works"
			c.file(-1, change)
		}
	}
	for _, now := range c.after.Ways {
		if _, worked := wayOn(now.Port, c.before); worked {
			continue
		}
		change := Change{What: WayMatter, Ports: []int{now.Port}, After: wayProof(now), Says: wayIn(now) + " works now"}
		if !tried(c.a, now.Port) {
			change.Says = wayIn(now) + " works; it was not tried before"
		}
		c.file(boolSign(tried(c.a, now.Port)), change)
	}
}

func wayOn(port int, r *Report) (cause.Way, bool) {
	i := slices.IndexFunc(r.Ways, func(w cause.Way) bool { return w.Port == port })
	if i < 0 {
		return cause.Way{}, false
	}
	return r.Ways[i], true
}

func wayProof(w cause.Way) string { return string(w.Protocol) + ", " + string(w.Proof) }

// tried says whether a port was looked at to the end on some address.
func tried(c *cause.Case, port int) bool {
	return slices.ContainsFunc(c.Endpoints, func(e *cause.Endpoint) bool {
		return e.Port == port && !e.Talk.Dial.Failed(fact.Interrupted)
	})
}

// ports compares how the connects to each port ended, over all addresses.
func (c *comparing) ports() {
	for _, port := range c.both() {
		if !tried(c.a, port) || !tried(c.b, port) {
			continue
		}
		then, now := strings.Join(outcomesOf(c.a, port), ", "), strings.Join(outcomesOf(c.b, port), ", ")
		if then == now {
			continue
		}
		c.file(openShare(c.b, port)-openShare(c.a, port), Change{
			What: PortMatter, Ports: []int{port}, Before: then, After: now,
			Says: fmt.Sprintf("port %d: %s now; before: %s", port, now, then),
		})
	}
}

// openShare is on how many of a thousand addresses a port is open.
func openShare(c *cause.Case, port int) int {
	return 1000 * count(c, port, (*cause.Endpoint).Connected) / count(c, port, func(*cause.Endpoint) bool { return true })
}

// values are the different values of a port over all addresses, sorted.
func values(c *cause.Case, port int, value func(*cause.Endpoint) string) []string {
	var found []string
	for _, e := range c.Endpoints {
		if v := value(e); e.Port == port && v != "" {
			found = append(found, v)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// compare files the ports on which values changed, one change for all ports that changed alike.
func (c *comparing) compare(what Matter, value func(*cause.Endpoint) string, says func(then, now []string, ports string) (int, string)) {
	var order []string
	ports := map[string][]int{}
	pairs := map[string][2][]string{}
	for _, port := range c.both() {
		then, now := values(c.a, port, value), values(c.b, port, value)
		if len(then) == 0 || len(now) == 0 || slices.Equal(then, now) {
			continue
		}
		key := fmt.Sprintf("%q %q", then, now)
		if ports[key] == nil {
			order = append(order, key)
		}
		ports[key] = append(ports[key], port)
		pairs[key] = [2][]string{then, now}
	}
	for _, key := range order {
		then, now := pairs[key][0], pairs[key][1]
		direction, sentence := says(then, now, portsSay(ports[key]))
		c.file(direction, Change{What: what, Ports: ports[key], Says: sentence, Before: strings.Join(then, "; "), After: strings.Join(now, "; ")})
	}
}

func portsSay(ports []int) string {
	var words []string
	for _, port := range ports {
		words = append(words, strconv.Itoa(port))
	}
	return pick(len(ports) == 1, "port ", "ports ") + strings.Join(words, ", ")
}

// versions compares the lowest TLS version of each port. Their names sort as they are old.
func (c *comparing) versions() {
	version := func(e *cause.Endpoint) string {
		if !e.Talk.Secured() {
			return ""
		}
		return e.Talk.TLS.TLS.Version
	}
	c.compare(TLSMatter, version, func(then, now []string, ports string) (int, string) {
		return strings.Compare(now[0], then[0]), fmt.Sprintf("%s: %s now; before: %s", ports, strings.Join(now, " and "), strings.Join(then, " and "))
	})
}

// hostKeys compares the host keys. Apps that know the old one of a host refuse a new one of its type.
func (c *comparing) hostKeys() {
	c.compare(HostKeyMatter, hostKeyOf, func(then, now []string, ports string) (int, string) {
		says := fmt.Sprintf("the host key on %s is another: %s; before: %s", ports, strings.Join(now, ", "), strings.Join(then, ", "))
		oldType, _, _ := strings.Cut(then[0], " ")
		newType, _, _ := strings.Cut(now[0], " ")
		if c.Before.Host != c.After.Host || oldType != newType || len(without(then, now)) < len(then) {
			return 0, says
		}
		return -1, says
	})
}

// certificates compares the servers' own certificates. What is wrong with one is a cause of its own.
func (c *comparing) certificates() {
	c.compare(CertificateMatter, certificateOf, func(then, now []string, ports string) (int, string) {
		return 0, fmt.Sprintf("the certificate on %s is another: %s; before: %s", ports, strings.Join(now, "; "), strings.Join(then, "; "))
	})
}

// greetings compares the first lines of the servers.
func (c *comparing) greetings() {
	greeting := func(e *cause.Endpoint) string {
		if e.Talk.Ident != nil {
			return e.Talk.Ident.Ident.Line
		}
		if g := e.Talk.Greeting(); g != nil && len(g.Reply.Lines) > 0 {
			return g.Reply.Lines[0]
		}
		return ""
	}
	c.compare(GreetingMatter, greeting, func(then, now []string, ports string) (int, string) {
		return 0, fmt.Sprintf("the greeting on %s is another: %s; before: %s", ports, strings.Join(now, "; "), strings.Join(then, "; "))
	})
}

// addresses compares what this computer got for the name.
func (c *comparing) addresses() {
	then, now := addressesOf(c.a), addressesOf(c.b)
	if gone := without(then, now); len(gone) > 0 {
		c.file(0, Change{What: AddressMatter, Before: strings.Join(gone, ", "), Says: "no longer among the addresses of the name: " + listed(gone, 8)})
	}
	if fresh := without(now, then); len(fresh) > 0 {
		c.file(0, Change{What: AddressMatter, After: strings.Join(fresh, ", "), Says: "new among the addresses of the name: " + listed(fresh, 8)})
	}
}

func addressesOf(c *cause.Case) []string {
	var found []string
	for _, o := range c.Lookups {
		if o.Lookup.Purpose == "" && (o.Lookup.Server == "system" || o.Lookup.Server == "given") {
			found = append(found, o.Lookup.Addresses()...)
		}
	}
	return unique(found)
}

// times compares how long the usual step of each kind took. What is twice as long and can be felt is worse.
func (c *comparing) times() {
	for _, step := range []struct {
		name string
		felt fact.Millis // a difference below this is not worth a word
		took func(*cause.Endpoint) *fact.Observation
	}{
		{"connecting", 500, func(e *cause.Endpoint) *fact.Observation { return e.Talk.Dial }},
		{"the greeting", 1000, func(e *cause.Endpoint) *fact.Observation { return e.Talk.Opening }},
		{"starting TLS", 1000, func(e *cause.Endpoint) *fact.Observation { return e.Talk.TLS }},
	} {
		then, now := median(c.a, step.took), median(c.b, step.took)
		c.slower(step.name, step.felt, then, now)
	}
	then, known := lookupTime(c.a)
	now, stillKnown := lookupTime(c.b)
	if known && stillKnown {
		c.slower("the lookup of the name", 1000, then, now)
	}
}

func (c *comparing) slower(name string, felt, then, now fact.Millis) {
	if then < 0 || now < 0 {
		return
	}
	change := Change{What: TimeMatter, Before: length(then), After: length(now)}
	switch {
	case now-then >= felt && now >= 2*then:
		change.Says = fmt.Sprintf("%s is slower by %s: %s now; before: %s", name, length(now-then), length(now), length(then))
		c.file(-1, change)
	case then-now >= felt && then >= 2*now:
		change.Says = fmt.Sprintf("%s is faster by %s: %s now; before: %s", name, length(then-now), length(now), length(then))
		c.file(1, change)
	}
}

// median is the middle one of the times of a step that succeeded; less than 0 where there is none.
func median(c *cause.Case, step func(*cause.Endpoint) *fact.Observation) fact.Millis {
	var times []fact.Millis
	for _, e := range c.Endpoints {
		if o := step(e); o != nil && o.Failure == nil {
			times = append(times, o.Took)
		}
	}
	if len(times) == 0 {
		return -1
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// places says what else differs between the two runs: another host, another network.
func (c *comparing) places() {
	for _, p := range []struct{ name, then, now string }{
		{"the host", c.before.Target.Host, c.after.Target.Host},
		{"the profile", c.before.Target.Profile, c.after.Target.Profile},
		{"the place", strings.Join(c.Before.From, "; "), strings.Join(c.After.From, "; ")},
	} {
		if p.then != p.now {
			c.file(0, Change{What: PlaceMatter, Before: p.then, After: p.now, Says: fmt.Sprintf("%s is another: %s; before: %s", p.name, orWord(p.now, "unknown"), orWord(p.then, "unknown"))})
		}
	}
}
