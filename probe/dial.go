package probe

import (
	"context"
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
)

// knownLimit is enough for a connect to an address of which another port has answered in time r.
func knownLimit(r time.Duration) time.Duration { return 4*time.Second + 4*r }

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
		tries = max(1, s.plan.Profile.Retries)
		pause = time.Duration(s.plan.Profile.RetryPause) * time.Second
	}
	for try := 1; ; try++ {
		w := s.dialOnce(ctx, check, place, purpose, try)
		if w != nil || try == tries || ctx.Err() != nil {
			return w
		}
		sleep(ctx, pause)
	}
}

// dialOnce is one try.
func (s *Session) dialOnce(ctx context.Context, check, place string, purpose fact.Purpose, try int) *wire {
	limit := s.plan.ConnectTimeout
	if limit == 0 {
		limit = s.wait(connectLimit)
	}
	near := s.neighbourhood(place)
	conn := s.nextConn()
	st := s.begin(check, place, conn, "an answer from "+place, limit)
	limited, cancel := near.limit(ctx, st.began, limit, s.plan.ConnectTimeout == 0 && !s.plan.Patient)
	defer cancel()
	c, err := s.network.DialContext(limited, "tcp", place)
	st.Dial = &fact.Dial{Purpose: purpose, Try: try, Limit: fact.MillisOf(limit)}
	if err == nil {
		st.Dial.Local = c.LocalAddr().String()
	}
	st.end(ctx, err)
	if answered(err) {
		near.answered(time.Since(st.began))
	}
	if err != nil {
		return nil
	}
	return newWire(ctx, c, place, conn)
}

// answered says whether a connect got an answer from the address, be it a refusal.
func answered(err error) bool {
	return err == nil || kind(err) == fact.Refused
}

// neighbourhood is what the ports of one address know of each other.
type neighbourhood struct {
	once sync.Once
	up   chan struct{} // closed as soon as a port has answered
	took time.Duration // how long that took
}

func (s *Session) neighbourhood(place string) *neighbourhood {
	var address netip.Addr
	if ap, err := netip.ParseAddrPort(place); err == nil {
		address = ap.Addr()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.neighbours[address] == nil {
		s.neighbours[address] = &neighbourhood{up: make(chan struct{})}
	}
	return s.neighbours[address]
}

// answered tells the other ports that the address is up.
func (n *neighbourhood) answered(took time.Duration) {
	n.once.Do(func() {
		n.took = took
		close(n.up)
	})
}

// limit bounds a connect, and shortens the bound as soon as a neighbour has answered, if it may.
func (n *neighbourhood) limit(ctx context.Context, began time.Time, limit time.Duration, shorten bool) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithDeadline(ctx, began.Add(limit))
	if !shorten {
		return limited, cancel
	}
	go func() {
		select {
		case <-limited.Done():
		case <-n.up:
			sleep(limited, time.Until(began.Add(knownLimit(n.took))))
			cancel()
		}
	}()
	return limited, cancel
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
	conn  int // number of the connection
	stop  func() bool

	mu       sync.Mutex
	received int
	head     []byte // the first bytes received since mark
}

// maxHead is how many raw bytes are kept: enough for 64 lines before an SSH identification and a KEXINIT.
const maxHead = 64 << 10

func newWire(ctx context.Context, c net.Conn, place string, conn int) *wire {
	w := &wire{Conn: c, place: place, conn: conn}
	w.stop = context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	return w
}

// Read keeps the first bytes.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received += n
	w.head = append(w.head, p[:min(n, maxHead-len(w.head))]...)
	return n, err
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

// limit gives the next step its deadline, unless the run has ended.
func (w *wire) limit(ctx context.Context, d time.Duration) {
	if ctx.Err() == nil {
		_ = w.SetDeadline(time.Now().Add(d))
	}
	if ctx.Err() != nil { // it ended in between
		_ = w.SetDeadline(time.Unix(1, 0))
	}
}

// Close hangs up.
func (w *wire) Close() error {
	w.stop()
	return w.Conn.Close()
}
