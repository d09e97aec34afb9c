package probe

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// The shapes of passive replies. Clients look for the numbers wherever they stand: RFC 959 leaves the text around
// them open (RFC 1123 section 4.1.2.6).
var (
	pasvNumbers = regexp.MustCompile(`(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})`)
	epsvNumbers = regexp.MustCompile(`[!-/:-~]{3}(\d{1,5})[!-/:-~]`)
)

// announced reads a passive reply: 227 has an address and a port (RFC 959 section 4.1.2), 229 a port of the control
// address (RFC 2428 section 3). It is the zero value for other replies.
func announced(code int, lines []string, control netip.Addr) netip.AddrPort {
	text := strings.Join(lines, " ")
	switch code {
	case 227:
		var b [6]byte
		numbers := pasvNumbers.FindStringSubmatch(text)
		for i := range b {
			n, err := strconv.ParseUint(slices.Concat(numbers, make([]string, 7))[i+1], 10, 8)
			if err != nil {
				return netip.AddrPort{}
			}
			b[i] = byte(n)
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16(b[4])<<8|uint16(b[5]))
	case 229:
		if number := epsvNumbers.FindStringSubmatch(text); number != nil {
			if port, err := strconv.ParseUint(number[1], 10, 16); err == nil {
				return netip.AddrPortFrom(control, uint16(port))
			}
		}
	}
	return netip.AddrPort{}
}

// targets lists where to connect for what a server announced. FTP apps believe an address that they could reach, and take
// that of the control connection in place of one that they could not. Where the first leads nowhere, the second shows
// whether the address was all that was wrong.
func targets(announced netip.AddrPort, control netip.Addr) []string {
	own := netip.AddrPortFrom(control, announced.Port()).String()
	if announced.Addr() == control || !reaches(announced.Addr(), control) {
		return []string{own}
	}
	return []string{announced.String(), own}
}

// reaches says whether an address means the same computer here as at the server: a private one does only within the
// server's own network.
func reaches(a, control netip.Addr) bool {
	return a.IsGlobalUnicast() && a.IsPrivate() == control.IsPrivate() && !control.IsLoopback() && !isShared(a)
}

// isShared says whether an address belongs to a provider's own network (RFC 6598).
func isShared(a netip.Addr) bool { return netip.MustParsePrefix("100.64.0.0/10").Contains(a) }

// The bounds of the samples.
const (
	samplePace   = 100 * time.Millisecond // from one to the next at least: some firewalls count new connections
	samplesLimit = 25 * time.Second       // for all
	silentEnough = 4                      // that nobody answers, where no data connection has come about either
)

// samples asks for passive ports and connects to them, one after the other, as a server listens on the last one only.
func (d *dialogue) samples(mode fact.DataMode, carried bool) {
	began, silent := time.Now(), 0
	for n := range d.session.plan.PassiveSamples {
		why := ""
		switch {
		case d.err != nil || d.ctx.Err() != nil:
			return
		case !carried && silent == silentEnough:
			why = "none of those before was answered"
		case time.Since(began) > samplesLimit:
			why = "those before took long enough"
		}
		if why != "" {
			left := d.session.plan.PassiveSamples - n
			d.session.skip("login", d.st.wire.place, fmt.Sprintf("%d more passive ports", left), why)
			return
		}
		next := time.Now().Add(samplePace)
		o := d.sample(mode)
		if o == nil {
			return
		}
		if o.Failed(fact.Dropped) {
			silent++
		}
		sleep(d.ctx, time.Until(next))
	}
}

// sample asks for one passive port and connects to it. It returns nil when the server gave none.
func (d *dialogue) sample(mode fact.DataMode) *fact.Observation {
	d.ask(strings.ToUpper(string(mode)))
	if !d.announced.IsValid() {
		return nil
	}
	to := targets(d.announced, d.peer())
	place := to[len(to)-1]
	if d.believes {
		place = to[0]
	}
	step := d.session.begin("login", d.st.wire.place, d.st.wire.conn, "the passive port "+place, 0)
	step.Sample = &fact.Sample{Mode: mode, Announced: d.announced.String(), Dialled: place}
	w, dial := d.session.dialOnce(d.ctx, "login", place, fact.SampleLink, 1)
	if w != nil {
		_ = w.Close()
	}
	step.Failure = dial.Failure
	step.end(d.ctx, nil)
	return &step.Observation
}
