package probe

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ftpdoctor/probe/fact"
)

// Session is one run in progress: the only door to the network, and the record of what was seen.
// Its methods may be called from several goroutines.
type Session struct {
	plan      Plan
	network   Network
	progress  *Progress
	started   time.Time
	addresses func() []netip.Addr // of the host, looked up once
	answers   func() []netip.Addr // what the DNS servers say, asked once

	sshConfig  func() *sshConfig // of the user, for the target; read once
	hostBook   func() *hostBook  // known_hosts, read once
	identities func() []identity // keys to show, in order; found once

	budget *budget // of sign-ins that may fail

	mu         sync.Mutex
	seen       []fact.Observation
	conns      int
	places     []string                      // endpoints in the order of the report
	neighbours map[netip.Addr]*neighbourhood // by address
	candidates map[string]*candidate         // by family and place
	entrances  []entrance                    // where somebody was signed in
	confided   []string                      // secrets that servers were told
	enough     bool                          // the user ended the watch over idle sessions, and nothing else
}

func newSession(ctx context.Context, plan Plan, network Network, progress *Progress) *Session {
	s := &Session{
		plan:       plan,
		network:    network,
		progress:   progress,
		started:    time.Now(),
		budget:     newBudget(plan.familyFailures()),
		neighbours: map[netip.Addr]*neighbourhood{},
		candidates: map[string]*candidate{},
	}
	s.addresses = once(func() []netip.Addr { return s.lookupHost(ctx) })
	s.answers = once(func() []netip.Addr { return s.askServers(ctx) })
	s.sshConfig = once(func() *sshConfig { return s.readSSHConfig(ctx) })
	s.hostBook = once(func() *hostBook { return s.readHostBook(ctx) })
	s.identities = once(func() []identity { return s.findIdentities(ctx) })
	return s
}

// once computes a value on the first call, and the others wait for it. sync.OnceValue lets them wait on a mutex, and
// virtual time (testing/synctest) stands still as long as somebody waits on one.
func once[T any](compute func() T) func() T {
	var begun atomic.Bool
	var value T
	done := make(chan struct{})
	return func() T {
		if begun.CompareAndSwap(false, true) {
			value = compute()
			close(done)
		}
		<-done
		return value
	}
}

// step is an observation in the making.
type step struct {
	fact.Observation
	session *Session
	began   time.Time
	ended   time.Time // zero: not yet
	done    func()    // ends the wait that the progress shows
}

// begin starts a step. what ends the sentence "waiting for ..." of the progress; limit is how long it may take.
func (s *Session) begin(check, endpoint string, conn int, what string, limit time.Duration) *step {
	now := time.Now()
	return &step{
		Observation: fact.Observation{Check: check, Endpoint: endpoint, Conn: conn, At: fact.MillisOf(now.Sub(s.started))},
		session:     s,
		began:       now,
		done:        s.progress.wait(what, now.Add(limit)),
	}
}

// drop forgets the step: it was not taken.
func (st *step) drop() { st.done() }

// settle stops the clock of a step that is recorded later.
func (st *step) settle() {
	st.done()
	if st.ended.IsZero() {
		st.ended = time.Now()
	}
}

// end records the step with what became of it. The error may be nil; it is classified, never returned.
func (st *step) end(ctx context.Context, err error) {
	st.settle()
	st.Took = fact.MillisOf(st.ended.Sub(st.began))
	if err != nil {
		st.Failure = failure(ctx, err)
		st.Failure.Text = st.session.hideIn(st.Failure.Text)
	}
	st.session.record(st.Observation)
}

// skip records that something was not tried, and why.
func (s *Session) skip(check, endpoint, what, reason string) {
	s.record(fact.Observation{
		Check:    check,
		Endpoint: endpoint,
		At:       fact.MillisOf(time.Since(s.started)),
		Skip:     &fact.Skip{What: what, Reason: reason},
	})
}

func (s *Session) record(o fact.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, o)
}

// expect announces the endpoints of the run, in the order of the report.
func (s *Session) expect(places []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places = places
}

// nextConn numbers a connection.
func (s *Session) nextConn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
	return s.conns
}

// order is the order of the report: by check, by endpoint, by connection, by question, by time.
// Endpoints that were not announced (DNS servers) keep the order of their names. What follows a sign-in is one
// conversation over several connections, told in its own order.
func (s *Session) order(a, b fact.Observation) int {
	if a.Check == b.Check && (a.Check == string(byFTP) || a.Check == string(bySSH)) {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(unasked(a), unasked(b)))
	}
	return cmp.Or(
		cmp.Compare(checkIndex(a.Check), checkIndex(b.Check)),
		cmp.Compare(slices.Index(s.places, a.Endpoint), slices.Index(s.places, b.Endpoint)),
		cmp.Compare(a.Endpoint, b.Endpoint),
		cmp.Compare(a.Conn, b.Conn),
		cmp.Compare(asks(a), asks(b)),
		cmp.Compare(a.At, b.At),
	)
}

// unasked puts what an SSH server tells unasked after what it answers at the same moment.
func unasked(o fact.Observation) int {
	switch {
	case o.HostKeys != nil:
		return 1
	case o.Channel != nil, o.SFTP != nil:
		return 2 // asked for then
	}
	return 0
}

// asks tells the questions apart that a DNS server gets at the same time.
func asks(o fact.Observation) string {
	if o.Lookup == nil {
		return ""
	}
	return string(o.Lookup.Purpose) + o.Lookup.Type
}

func checkIndex(name string) int {
	return slices.IndexFunc(Checks, func(c Check) bool { return c.Name == name })
}

// Progress tells what a run is waiting for. A nil Progress is never asked.
type Progress struct {
	mu    sync.Mutex
	next  int
	waits map[int]Wait
}

// Wait is one thing that a run is waiting for.
type Wait struct {
	What  string    // ends the sentence "waiting for ..."
	Until time.Time // it ends then at the latest
}

// Waiting lists what the run is waiting for now, the longest wait last.
func (p *Progress) Waiting() []Wait {
	p.mu.Lock()
	defer p.mu.Unlock()
	var waits []Wait
	for _, w := range p.waits {
		waits = append(waits, w)
	}
	slices.SortFunc(waits, func(a, b Wait) int { return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.What, b.What)) })
	return waits
}

// wait shows a wait until the returned function is called.
func (p *Progress) wait(what string, until time.Time) (done func()) {
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waits == nil {
		p.waits = map[int]Wait{}
	}
	p.next++
	id := p.next
	p.waits[id] = Wait{What: what, Until: until}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waits, id)
	}
}
