package probe

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
)

// The limits of one connect. A SYN goes out at 0, 1, 3 and 7 seconds (Linux tcp_syn_retries and RFC 6298 section 5),
// so that ten seconds leave room for three losses.
const (
	connectLimit = 10 * time.Second
	patientLimit = 60 * time.Second
	controlLimit = 1500 * time.Millisecond // of the control connections at the end: a longer wait would tell nothing more
)

// knownLimit is enough for a connect to an address of which another port has answered in time r.
func knownLimit(r time.Duration) time.Duration { return 4*time.Second + 4*r }

// promisedLimit is enough for a port of which silence means nothing: shorter than the conversations beside it.
func promisedLimit(r time.Duration) time.Duration { return 50*time.Millisecond + 4*r }

// The waits of a conversation. Ordinary clients give up a greeting after 15 to 30 seconds (FileZilla: 20).
const (
	greetingLimit  = 20 * time.Second
	replyLimit     = 15 * time.Second
	handshakeLimit = 15 * time.Second
)

// wait lengthens a limit where the user asked for patience.
func (s *Session) wait(limit time.Duration) time.Duration {
	if s.plan.Patient {
		return max(limit, patientLimit)
	}
	return limit
}

// dial opens a connection to an endpoint and records each try. It returns nil when no try came through.
func (s *Session) dial(ctx context.Context, check, place string, purpose fact.Purpose) *wire {
	tries, pause := 1, time.Duration(0)
	if s.plan.Patient && purpose == "" {
		most, seconds := s.plan.Profile.Attempts()
		tries, pause = most, time.Duration(seconds)*time.Second
	}
	for try := 1; ; try++ {
		w, _ := s.dialOnce(ctx, check, place, purpose, try)
		if w != nil || try == tries || ctx.Err() != nil {
			return w
		}
		sleep(ctx, pause)
	}
}

// dialOnce is one try. It returns nil when that did not come through, and what was seen.
func (s *Session) dialOnce(ctx context.Context, check, place string, purpose fact.Purpose, try int) (*wire, *fact.Observation) {
	near, conn, limit := s.neighbourhood(place), s.nextConn(), s.connectLimit(purpose)
	st := s.begin(check, place, conn, "an answer from "+place, limit)
	c, limit, err := s.connect(ctx, place, near, purpose, limit)
	if errors.Is(err, errors.ErrUnsupported) {
		st.drop()
		s.skip(check, place, "small packets", "this system cannot be told to send them")
		return nil, &st.Observation
	}
	st.Dial = &fact.Dial{Purpose: purpose, Try: try, Limit: fact.MillisOf(limit)}
	if err == nil {
		st.Dial.Local = c.LocalAddr().String()
	}
	st.end(ctx, err)
	if purpose != fact.PromisedPort && (err == nil || kind(err) == fact.Refused) { // a refusal is an answer, too
		near.answered(time.Since(st.began))
	}
	if err != nil {
		return nil, &st.Observation
	}
	w := newWire(ctx, c, place, conn)
	w.check = check
	return w, &st.Observation
}

// connectLimit is how long a connect may take.
func (s *Session) connectLimit(purpose fact.Purpose) time.Duration {
	switch {
	case purpose == fact.ClosedPort, purpose == fact.CaptiveCheck:
		return controlLimit
	case s.plan.ConnectTimeout > 0:
		return s.plan.ConnectTimeout
	}
	return s.wait(connectLimit)
}

// errNoAnswer ends a connect that has run into its limit.
var errNoAnswer = errors.New("no answer")

// connect opens a connection. It returns the limit that held for it in the end: a neighbour that answers shortens it,
// unless the user has said how long to wait.
func (s *Session) connect(ctx context.Context, place string, near *neighbourhood, purpose fact.Purpose, limit time.Duration) (net.Conn, time.Duration, error) {
	limited, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b := &bound{began: time.Now(), limit: limit, enough: patienceFor(purpose), timer: time.AfterFunc(limit, func() { cancel(errNoAnswer) })}
	defer b.timer.Stop()
	if s.plan.ConnectTimeout == 0 && !s.plan.Patient {
		near.join(b)
	}
	c, err := s.open(limited, place, purpose)
	limit = near.leave(b)
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(limited), errNoAnswer) {
		err = breach{fact.Dropped, "no answer within " + limit.String()}
	}
	return c, limit, err
}

// smallSegment fits every way on the internet (RFC 9293 section 3.7.1).
const smallSegment = 536

func (s *Session) open(ctx context.Context, place string, purpose fact.Purpose) (net.Conn, error) {
	if purpose == fact.SmallPackets {
		return s.network.DialSmall(ctx, place, smallSegment)
	}
	return s.network.DialContext(ctx, "tcp", place)
}

// neighbourhood is what the connects to one address know of each other.
type neighbourhood struct {
	mu     sync.Mutex
	up     bool          // a port has answered
	took   time.Duration // how long that took
	bounds map[*bound]struct{}
}

// bound ends a connect. The mutex of its neighbourhood guards it.
type bound struct {
	began  time.Time
	limit  time.Duration
	enough patience
	timer  *time.Timer
}

// patience is how long to wait for an answer of an address of which another port has answered in time r.
type patience func(r time.Duration) time.Duration

func patienceFor(purpose fact.Purpose) patience {
	if purpose == fact.PromisedPort {
		return promisedLimit
	}
	return knownLimit
}

func (s *Session) neighbourhood(place string) *neighbourhood {
	var address netip.Addr
	if ap, err := netip.ParseAddrPort(place); err == nil {
		address = ap.Addr()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.neighbours[address] == nil {
		s.neighbours[address] = &neighbourhood{bounds: map[*bound]struct{}{}}
	}
	return s.neighbours[address]
}

// answered tells the other connects that the address is up.
func (n *neighbourhood) answered(took time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.up {
		return
	}
	n.up, n.took = true, took
	for b := range n.bounds {
		b.shorten(took)
	}
}

func (n *neighbourhood) join(b *bound) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bounds[b] = struct{}{}
	if n.up {
		b.shorten(n.took)
	}
}

// leave returns the limit that held in the end.
func (n *neighbourhood) leave(b *bound) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.bounds, b)
	return b.limit
}

// shorten lowers the limit to what is enough when another port has answered, or to now.
func (b *bound) shorten(took time.Duration) {
	limit := max(b.enough(took), time.Since(b.began))
	if limit < b.limit {
		b.limit = limit
		b.timer.Reset(time.Until(b.began.Add(limit)))
	}
}

// sleep waits, or returns early when the context ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// wire is a connection below TLS: its raw bytes are counted and the first of them kept, its reads and
// writes end when the run does.
type wire struct {
	net.Conn
	place string
	check string // that it belongs to
	conn  int    // number of the connection
	lent  bool   // the sign-in hangs up, not the conversation that opened it
	stop  func() bool

	mu       sync.Mutex
	life     int // counts the contexts that it has obeyed
	received int
	head     []byte // the first bytes received since mark
	err      error  // that a read has ended with
}

// maxHead is how many raw bytes are kept: enough for 64 lines before an SSH identification and a KEXINIT.
const maxHead = 64 << 10

func newWire(ctx context.Context, c net.Conn, place string, conn int) *wire {
	w := &wire{Conn: c, place: place, conn: conn}
	w.obey(ctx)
	return w
}

// obey lets reads and writes end with a context, and with no other one.
func (w *wire) obey(ctx context.Context) {
	if w.stop != nil {
		w.stop()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.life++
	life := w.life
	w.stop = context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.life == life {
			_ = w.SetDeadline(time.Unix(1, 0))
		}
	})
}

// Read keeps the first bytes.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received += n
	w.head = append(w.head, p[:min(n, maxHead-len(w.head))]...)
	w.err = cmp.Or(w.err, err)
	return n, err
}

// failed says whether nothing more can be read.
func (w *wire) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}

// mark forgets the raw bytes kept so far.
func (w *wire) mark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received, w.head = 0, nil
}

// raw returns the bytes kept since mark, and how many came in all.
func (w *wire) raw() (head []byte, received int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.head, w.received
}

// limit gives the next step its deadline.
func (w *wire) limit(ctx context.Context, d time.Duration) { setDeadline(ctx, w, time.Now().Add(d)) }

// setDeadline gives a connection its deadline, unless the run has ended.
func setDeadline(ctx context.Context, c net.Conn, t time.Time) {
	_ = c.SetDeadline(t)
	if ctx.Err() != nil {
		_ = c.SetDeadline(time.Unix(1, 0))
	}
}

// Close hangs up.
func (w *wire) Close() error {
	w.stop()
	return w.Conn.Close()
}
