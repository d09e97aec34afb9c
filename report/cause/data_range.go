package cause

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"ftpdoctor/probe/fact"
)

// link is a passive data connection that was tried, whatever for.
type link struct {
	session   *Session
	seen      *fact.Observation
	mode      fact.DataMode
	announced netip.AddrPort
	dialled   netip.AddrPort
	failed    fact.Kind // how the connect failed; empty: it is open
}

// links lists the data connections to ports that the server had announced. Those that were interrupted say nothing.
func (c *Case) links() []link {
	var found []link
	for _, o := range c.Samples {
		found = append(found, link{c.session(o), o, o.Sample.Mode, parsed(o.Sample.Announced), parsed(o.Sample.Dialled), kindOf(o)})
	}
	for _, s := range c.Sessions {
		for _, o := range s.Transfers {
			found = append(found, c.linksOf(s, o)...)
		}
	}
	return slices.DeleteFunc(found, func(l link) bool {
		return l.failed == fact.Interrupted || !l.announced.IsValid() || !l.dialled.IsValid()
	})
}

// linksOf lists the passive data connections of a transfer: the one that carried it, and one to the announced address that
// was tried before.
func (c *Case) linksOf(s *Session, o *fact.Observation) []link {
	t := o.Transfer
	data := c.data[t.Data]
	if data == nil || t.Mode != fact.EPSV && t.Mode != fact.PASV {
		return nil
	}
	found := []link{{s, o, t.Mode, parsed(t.Announced), parsed(t.Dialled), kindOf(data.Dial)}}
	if before := c.data[t.Data-1]; before != nil && before.Place == t.Announced && t.Announced != t.Dialled {
		found = append(found, link{s, before.Dial, t.Mode, parsed(t.Announced), parsed(t.Announced), kindOf(before.Dial)})
	}
	return found
}

func parsed(place string) netip.AddrPort {
	at, _ := netip.ParseAddrPort(place) // one that cannot be read is not valid, and is asked for that
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

func kindOf(o *fact.Observation) fact.Kind {
	if o.Failure == nil {
		return ""
	}
	return o.Failure.Kind
}

// passive is how the connects to the passive ports of the server's own address ended, in the ordinary session.
type passive struct {
	session                *Session
	open, dropped, refused []link
}

// passiveRange sorts the passive ports that were tried on the address of the control connection.
func (c *Case) passiveRange() passive {
	p := passive{session: c.Attempt()}
	if p.session == nil {
		return p
	}
	rewritten, _ := c.rewritten() // those were never the server's
	for _, l := range c.links() {
		if l.session != p.session || l.dialled.Addr() != p.session.peer() || slices.Contains(rewritten, l) {
			continue
		}
		switch l.failed {
		case "":
			p.open = append(p.open, l)
		case fact.Dropped, fact.Timeout:
			p.dropped = append(p.dropped, l)
		case fact.Refused, fact.HostUnreachable, fact.NetUnreachable, fact.Denied:
			p.refused = append(p.refused, l)
		}
	}
	return p
}

func (p passive) all() int { return len(p.open) + len(p.dropped) + len(p.refused) }

// PassiveRange says in words how many of the passive ports that were tried can be reached, and what that tells about the
// others. It is empty when none was tried.
func (c *Case) PassiveRange() string {
	p := c.passiveRange()
	n := p.all()
	var says string
	switch k := n - len(p.open); {
	case n == 0:
		return ""
	case k == 0 && n == 1:
		says = "the passive port that was tried is open"
	case k == 0:
		says = fmt.Sprintf("none of the %d passive ports that were tried is blocked: %s", n, estimate(0, n))
	default:
		says = fmt.Sprintf("%d of the %d passive ports that were tried %s blocked: %s", k, n, plural(k, "is", "are"), estimate(k, n))
	}
	if out := c.outsidePromise(slices.Concat(p.open, p.dropped, p.refused)); out > 0 {
		says += fmt.Sprintf("; %s of the promised %d-%d", outside(out), c.Profile.Passive.First, c.Profile.Passive.Last)
	}
	return says
}

// outsidePromise counts the ports that do not belong to the range that the service promises.
func (c *Case) outsidePromise(links []link) int {
	r, n := c.Profile.Passive, 0
	for _, l := range links {
		if port := int(l.announced.Port()); r.First != 0 && (port < r.First || port > r.Last) {
			n++
		}
	}
	return n
}

// outside counts ports within a sentence.
func outside(n int) string { return fmt.Sprintf("%d %s outside", n, plural(n, "lies", "lie")) }

// estimate says what k blocked ports among n tell about the whole range, with a confidence of 95 per cent.
func estimate(k, n int) string {
	low, high := interval(k, n)
	switch {
	case n < 3 && (k == 0 || k == n):
		return "that says little about the rest of the range"
	case k == 0:
		return "at most about " + atMost(high) + " of the range can be blocked"
	case k == n:
		return "at least about " + atLeast(low) + " of the range is blocked"
	default:
		return fmt.Sprintf("between about %s and %s of the range is blocked", atLeast(low), atMost(high))
	}
}

// interval is where the share of blocked ports lies with a confidence of 95 per cent: exact where none or all are blocked
// (the rule of three), else by Wilson's score.
func interval(k, n int) (low, high float64) {
	const z = 1.96
	share, size := float64(k)/float64(n), float64(n)
	switch k {
	case 0:
		return 0, 1 - math.Pow(0.05, 1/size)
	case n:
		return math.Pow(0.05, 1/size), 1
	}
	middle := (share + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	return middle - half, middle + half
}

// fractions are the shares for which people have words.
var fractions = []struct {
	share float64
	words string
}{
	{0.05, "a twentieth"},
	{0.1, "a tenth"},
	{0.125, "an eighth"},
	{1.0 / 6, "a sixth"},
	{0.2, "a fifth"},
	{0.25, "a quarter"},
	{1.0 / 3, "a third"},
	{0.4, "two fifths"},
	{0.5, "half"},
	{0.6, "three fifths"},
	{2.0 / 3, "two thirds"},
	{0.75, "three quarters"},
	{0.8, "four fifths"},
	{0.9, "nine tenths"},
	{1, "all"},
}

// atMost rounds a share up to a fraction with a name.
func atMost(share float64) string {
	for _, f := range fractions {
		if f.share >= share {
			return f.words
		}
	}
	return "all"
}

// atLeast rounds a share down to a fraction with a name.
func atLeast(share float64) string {
	words := "a fiftieth"
	for _, f := range fractions {
		if f.share <= share {
			words = f.words
		}
	}
	return words
}

// pattern says which ports of the range are blocked, where that can hardly be chance. Empty: it can be.
func pattern(blocked, open []link) string {
	if len(open) == 0 || len(blocked) == 0 || ways(len(open)+len(blocked), len(blocked)) < 20 {
		return ""
	}
	byPort := func(a, b link) int { return cmp.Compare(a.announced.Port(), b.announced.Port()) }
	lowest, highest := slices.MinFunc(open, byPort), slices.MaxFunc(open, byPort)
	first, last := slices.MinFunc(blocked, byPort), slices.MaxFunc(blocked, byPort)
	switch {
	case byPort(first, highest) > 0:
		return fmt.Sprintf("the upper part is blocked, from %d at the latest; %d is still open", first.announced.Port(), highest.announced.Port())
	case byPort(last, lowest) < 0:
		return fmt.Sprintf("the lower part is blocked, up to %d at least; %d is open", last.announced.Port(), lowest.announced.Port())
	default:
		return "the blocked ones lie among the open ones, at random"
	}
}

// ways is how many ways there are to choose k of n.
func ways(n, k int) float64 {
	count := 1.0
	for i := range k {
		count = count * float64(n-i) / float64(i+1)
	}
	return count
}

// spread names the range of ports that has to be open: the one that is promised, else the ports that were seen.
func (c *Case) spread(links []link) string {
	if r := c.Profile.Passive; r.First != 0 {
		return fmt.Sprintf("%d-%d", r.First, r.Last)
	}
	var ports []int
	for _, l := range links {
		ports = append(ports, int(l.announced.Port()))
	}
	if len(ports) == 1 {
		return fmt.Sprint(ports[0])
	}
	return fmt.Sprintf("%d-%d at least", slices.Min(ports), slices.Max(ports))
}

// seenIn lists links as evidence.
func seenIn(links []link) []int {
	var found []int
	for _, l := range links {
		found = append(found, l.seen.ID)
	}
	return found
}
