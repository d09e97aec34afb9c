package probe

import (
	"context"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// road is a network of which every connect ends as its port says.
type road struct {
	ends map[string]end
	Network
}

type end struct {
	after time.Duration
	err   error
}

// silent is a connect that nobody ever answers.
const silent = time.Hour

func (r road) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	e := r.ends[address]
	select {
	case <-time.After(e.after):
	case <-ctx.Done():
		// The errors of net.Dialer, which maps those of a context.
		inner := error(canceled{})
		if ctx.Err() == context.DeadlineExceeded {
			inner = os.ErrDeadlineExceeded
		}
		return nil, &net.OpError{Op: "dial", Net: network, Err: inner}
	}
	if e.err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", e.err)}
	}
	near, far := net.Pipe()
	_ = far.Close()
	return near, nil
}

type canceled struct{}

func (canceled) Error() string        { return "operation was canceled" }
func (canceled) Is(target error) bool { return target == context.Canceled }

// dials runs connects side by side and returns what was recorded, in the order of the places.
func dials(ctx context.Context, plan Plan, ends map[string]end, purpose fact.Purpose) []fact.Observation {
	s := newSession(ctx, plan, road{ends: ends}, nil)
	var all sync.WaitGroup
	for place := range ends {
		all.Go(func() {
			if w := s.dial(ctx, "endpoints", place, purpose); w != nil {
				_ = w.Close()
			}
		})
	}
	all.Wait()
	return s.result(ctx).Seen
}

const (
	port21 = "192.0.2.1:21"
	port22 = "192.0.2.1:22"
	other  = "192.0.2.2:21"
)

func TestConnectInVainIsDropped(t *testing.T) {
	for name, c := range map[string]struct {
		plan    Plan
		ends    map[string]end
		purpose fact.Purpose
		limit   fact.Millis // of port 21
		try     int
	}{
		"alone":                  {ends: map[string]end{port21: {after: silent}}, limit: 10000, try: 1},
		"a neighbour is open":    {ends: map[string]end{port21: {after: silent}, port22: {after: 100 * time.Millisecond}}, limit: 4400, try: 1},
		"a neighbour refuses":    {ends: map[string]end{port21: {after: silent}, port22: {after: 50 * time.Millisecond, err: errRefused}}, limit: 4200, try: 1},
		"a slow neighbour":       {ends: map[string]end{port21: {after: silent}, port22: {after: 3 * time.Second}}, limit: 10000, try: 1},
		"a neighbour is no help": {ends: map[string]end{port21: {after: silent}, port22: {after: time.Second, err: errNoRoute}}, limit: 10000, try: 1},
		"another address":        {ends: map[string]end{port21: {after: silent}, other: {after: time.Millisecond}}, limit: 10000, try: 1},
		"the user's limit":       {plan: Plan{ConnectTimeout: 7 * time.Second}, ends: map[string]end{port21: {after: silent}, port22: {}}, limit: 7000, try: 1},
		"patience": {
			plan: Plan{Patient: true, Profile: profile.Profile{Retries: 3, RetryPause: 10}},
			ends: map[string]end{port21: {after: silent}, port22: {}}, limit: 60000, try: 3,
		},
		"patience with any server": {
			plan: Plan{Patient: true, Profile: profile.Generic},
			ends: map[string]end{port21: {after: silent}, port22: {}}, limit: 60000, try: 3,
		},
		"a control":         {ends: map[string]end{port21: {after: silent}}, purpose: fact.ClosedPort, limit: 1500, try: 1},
		"the kernel's word": {ends: map[string]end{port21: {after: 6 * time.Second, err: errKernelTimeout}}, limit: 10000, try: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := dials(t.Context(), c.plan, c.ends, c.purpose)
				i := slices.IndexFunc(seen, func(o fact.Observation) bool { return o.Endpoint == port21 && o.Dial.Try == c.try })
				if i < 0 {
					t.Fatalf("no try %d: %+v", c.try, seen)
				}
				o := seen[i]
				if !o.Failed(fact.Dropped) || o.Dial.Limit != c.limit {
					t.Errorf("%+v, limit %v; want dropped, %v", o.Failure, o.Dial.Limit, c.limit)
				}
				if name != "the kernel's word" && o.Took != c.limit {
					t.Errorf("took %v, want %v", o.Took, c.limit)
				}
			})
		})
	}
}

// A neighbour that answers when more than its time has passed ends the wait, but not before now.
func TestLateNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t.Context(), Plan{}, road{ends: map[string]end{port21: {after: silent}, port22: {after: 100 * time.Millisecond}}}, nil)
		var all sync.WaitGroup
		all.Go(func() { s.dial(t.Context(), "endpoints", port21, "") })
		all.Go(func() {
			time.Sleep(6 * time.Second)
			_ = s.dial(t.Context(), "endpoints", port22, "").Close()
		})
		all.Wait()
		for _, o := range s.seen {
			if o.Endpoint == port21 && (!o.Failed(fact.Dropped) || o.Dial.Limit != 6100) {
				t.Errorf("%+v, %+v; want dropped after 6100 ms", o.Failure, o.Dial)
			}
		}
	})
}

func TestConnectThatWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		seen := dials(ctx, Plan{}, map[string]end{port21: {after: silent}, port22: {after: time.Second, err: errRefused}}, "")
		if !seen[0].Failed(fact.Interrupted) || seen[0].Took != 2000 {
			t.Errorf("%+v after %v", seen[0].Failure, seen[0].Took)
		}
		if !seen[1].Failed(fact.Refused) {
			t.Errorf("a refusal before the end is %+v", seen[1].Failure)
		}
	})
}

func TestConnectAtTheOverallDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errDeadline)
		defer cancel()
		seen := dials(ctx, Plan{}, map[string]end{port21: {after: silent}}, "")
		if !seen[0].Failed(fact.Interrupted) {
			t.Errorf("got %+v", seen[0].Failure)
		}
		if got := stopped(ctx); got != fact.ByDeadline {
			t.Errorf("stopped is %q", got)
		}
	})
}

func TestWireKeepsTheFirstBytes(t *testing.T) {
	near, far := net.Pipe()
	w := newWire(t.Context(), near, port21, 1)
	go func() {
		_, _ = far.Write(make([]byte, maxHead+1000))
		_ = far.Close()
	}()
	total := 0
	for p := make([]byte, 4096); ; {
		n, err := w.Read(p)
		total += n
		if err != nil {
			break
		}
	}
	head, received := w.raw()
	if len(head) != maxHead || received != maxHead+1000 || total != received {
		t.Errorf("kept %d of %d, read %d", len(head), received, total)
	}
	w.mark()
	if head, received := w.raw(); len(head) != 0 || received != 0 {
		t.Errorf("after mark: %d of %d", len(head), received)
	}
}

func TestWireEndsWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer func() { _ = far.Close() }()
		ctx, cancel := context.WithCancel(t.Context())
		w := newWire(ctx, near, port21, 1)
		defer func() { _ = w.Close() }()
		time.AfterFunc(time.Second, cancel)
		w.limit(ctx, time.Minute)
		began := time.Now()
		_, err := w.Read(make([]byte, 1))
		if f := failure(ctx, err); f.Kind != fact.Interrupted || time.Since(began) != time.Second {
			t.Errorf("%+v after %v", f, time.Since(began))
		}
		w.limit(ctx, time.Minute)
		if _, err := w.Write([]byte("x")); !isTimeout(err) {
			t.Errorf("a step after the end: %v", err)
		}
	})
}

func TestProgressTellsWhatIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Progress{}
		s := newSession(t.Context(), Plan{}, road{ends: map[string]end{port21: {after: silent}}}, p)
		var all sync.WaitGroup
		all.Go(func() { s.dial(t.Context(), "endpoints", port21, "") })
		synctest.Wait()
		waits := p.Waiting()
		if len(waits) != 1 || waits[0].What != "an answer from "+port21 || time.Until(waits[0].Until) != connectLimit {
			t.Errorf("waiting for %+v", waits)
		}
		all.Wait()
		if waits := p.Waiting(); len(waits) != 0 {
			t.Errorf("still waiting for %+v", waits)
		}
	})
}
