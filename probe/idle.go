package probe

import (
	"context"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
)

// The times of an idle session.
const (
	usualIdle    = 90 * time.Second // where the service has no limit that is known
	pastLimit    = 15 * time.Second // longer than the limit of the service
	usualEvery   = 30 * time.Second // between two keep-alives
	shortestIdle = time.Minute      // below it keep-alives come more often
	hurryLimit   = 5 * time.Second  // for the last answer, once the user has seen enough
)

// IdleTime is how long idle sessions are watched where the user does not say it.
func (p *Plan) IdleTime() time.Duration {
	if limit := time.Duration(p.Profile.IdleSeconds) * time.Second; limit > 0 {
		return limit + pastLimit
	}
	return usualIdle
}

// idleEvery is the time between two keep-alives.
func (p *Plan) idleEvery() time.Duration {
	if p.Idle < shortestIdle {
		return p.Idle / 6
	}
	return usualEvery
}

func wantsIdle(p *Plan) bool { return p.Idle > 0 }

// entrance is where and how somebody was signed in.
type entrance struct {
	place    string
	protocol fact.Protocol
	ssh      *signOn // how, by SSH
}

// entered keeps in mind where a sign-in succeeded, for the checks that come after it.
func (s *Session) entered(e entrance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entrances = append(s.entrances, e)
}

// idle leaves sessions alone, side by side, and sees what becomes of them: one that is silent, one that sends keep-alives and,
// where files may be written, one with a transfer. What ends only the first is about silence, and nothing else.
func idle(ctx context.Context, s *Session) {
	s.mu.Lock()
	entrances := s.entrances
	s.mu.Unlock()
	switch {
	case len(entrances) == 0:
		s.skip("idle", "", "idle", "nobody was signed in")
		return
	case ctx.Err() != nil:
		s.skip("idle", "", "idle", "the run was stopped")
		return
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	if s.plan.Enough != nil {
		enough := s.plan.Enough()
		go func() {
			select {
			case <-enough:
				stop()
			case <-watching.Done():
			}
		}()
	}
	var all sync.WaitGroup
	for _, e := range entrances {
		all.Go(func() {
			if e.ssh != nil {
				s.watchSSH(ctx, watching, e)
				return
			}
			s.watchFTP(ctx, watching, e)
		})
	}
	all.Wait()
	s.hasSeenEnough(ctx)
}

// hasSeenEnough takes an interrupt during the watch, the last part of a run, for what it is: the user does not want to wait
// any longer, and everything else was seen.
func (s *Session) hasSeenEnough(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enough = ctx.Err() != nil && stopped(ctx) == fact.ByUser
}

// watchFTP signs in again, twice or three times, one after the other: where the first is turned away, the others would be too.
func (s *Session) watchFTP(run, watching context.Context, e entrance) {
	var all sync.WaitGroup
	defer all.Wait()
	kinds := []string{"", "NOOP"}
	if s.plan.Write {
		kinds = append(kinds, "STOR")
	}
	for _, keepAlive := range kinds {
		d := s.signInAgain(run, e)
		if d == nil {
			return
		}
		all.Go(func() {
			defer d.leave()
			if keepAlive == "STOR" {
				d.uploadSlowly(run, watching, e)
				return
			}
			d.watch(run, watching, keepAlive)
		})
	}
}

// signInAgain opens a session like the one that had succeeded. It returns nil where that is not possible.
func (s *Session) signInAgain(ctx context.Context, e entrance) *dialogue {
	if ctx.Err() != nil {
		return nil
	}
	w := s.dial(ctx, "idle", e.place, fact.IdleLink)
	if w == nil {
		return nil
	}
	st := newStream(w, w, false)
	st.pinned = &pinned{}
	d := newDialogue(ctx, s, &ending{stream: st, protocol: e.protocol})
	d.check = "idle"
	if d.secureAsBefore() && d.signIn() {
		return d
	}
	d.leave()
	return nil
}

// secureAsBefore greets and begins TLS. A password goes only where it went before: to a certificate without a fault, unless
// the user said otherwise.
func (d *dialogue) secureAsBefore() bool {
	switch d.protocol {
	case fact.FTPS:
		return d.encrypt(fact.Implicit, "") && d.welcomed()
	case fact.FTPES:
		return d.welcomed() && d.ask("AUTH TLS")/100 == 2 && d.encrypt(fact.Explicit, "FEAT\r\n") && d.answersTo("FEAT")
	default:
		return d.welcomed()
	}
}

func (d *dialogue) welcomed() bool { return d.answersTo("") && d.code/100 == 2 }

// answersTo hears the reply to what was said already.
func (d *dialogue) answersTo(command string) bool {
	d.command = command
	return d.turn("") == nil
}

func (d *dialogue) encrypt(mode fact.TLSMode, first string) bool {
	secure, o := d.session.handshake(d.ctx, d.st, mode, fact.IdleLink, first)
	if secure == nil {
		return false
	}
	d.st = secure
	return len(o.TLS.Faults) == 0 || d.session.plan.TrustAnyway
}

// watch leaves the session alone, apart from keep-alives, and records what became of it.
func (d *dialogue) watch(run, watching context.Context, keepAlive string) {
	s := d.session
	seen := &fact.Idle{Protocol: d.protocol, KeepAlive: keepAlive, Limit: fact.MillisOf(s.plan.Idle)}
	if keepAlive != "" {
		seen.Every = fact.MillisOf(s.plan.idleEvery())
	}
	step := s.begin("idle", d.st.wire.place, d.st.wire.conn, idleWait(&s.plan), s.plan.Idle)
	step.Idle = seen
	d.obey(watching)
	err := d.outlast(run, watching, seen, step.began)
	step.end(d.ctx, err)
}

// beyond is the context of the last question: that of the run or, where the user has ended that, one that goes on.
func beyond(run context.Context) context.Context {
	if run.Err() != nil {
		return context.WithoutCancel(run)
	}
	return run
}

// idleWait is what the progress says of the watch, in few words: the time that is left has to stand beside it.
func idleWait(p *Plan) string {
	if p.Enough == nil {
		return "an idle session"
	}
	return "an idle session (Enter ends it)"
}

// outlast waits until the session ends, or long enough, and asks in the end whether it still lives.
func (d *dialogue) outlast(run, watching context.Context, seen *fact.Idle, began time.Time) error {
	until := began.Add(seen.Limit.Duration())
	for {
		pause := time.Until(until)
		if seen.Every > 0 {
			pause = min(pause, seen.Every.Duration())
		}
		err := d.quiet(watching, seen, pause)
		seen.Lived = fact.MillisOf(time.Since(began))
		if err != nil || seen.End != "" {
			return err
		}
		seen.Early = watching.Err() != nil
		last := seen.Early || !time.Now().Before(until)
		if last && ended(run) && stopped(run) == fact.ByDeadline {
			seen.End = fact.IdleUnknown
			return run.Err()
		}
		if last {
			d.obey(beyond(run))
		}
		if err := d.stillThere(seen); err != nil || seen.End != "" {
			return err
		}
		if last {
			seen.End = fact.IdleAlive
			return nil
		}
	}
}

// quiet waits while nothing should come. What comes unasked is the server's goodbye.
func (d *dialogue) quiet(ctx context.Context, seen *fact.Idle, pause time.Duration) error {
	until := time.Now().Add(pause)
	for {
		d.st.wire.limit(ctx, time.Until(until))
		_, err := d.st.in.Peek(1)
		switch {
		case err == nil:
			d.command = ""
			err = d.turn("")
			seen.Code, seen.Lines = d.code, fact.CleanLines(d.lines, maxLines)
			if err != nil || d.code == 421 {
				seen.End = fact.IdleGoodbye
				return nil
			}
		case kind(err) == fact.Timeout:
			return nil // all is quiet
		default:
			d.err = err
			seen.End = endUnasked(kind(err), seen)
			if seen.End == fact.IdleGoodbye {
				return nil
			}
			return err
		}
	}
}

// endUnasked names an end that came by itself. After words of the server it is the end that these announced.
func endUnasked(k fact.Kind, seen *fact.Idle) fact.IdleEnd {
	switch {
	case seen.Code != 0:
		return fact.IdleGoodbye
	case k == fact.Reset:
		return fact.IdleReset
	default:
		return fact.IdleClosed
	}
}

// stillThere asks for a sign of life. Any reply is one, a refusal too.
func (d *dialogue) stillThere(seen *fact.Idle) error {
	if seen.Early {
		d.patience = hurryLimit
	}
	err := d.turn("NOOP")
	switch {
	case d.code == 421:
		seen.End, seen.Code, seen.Lines = fact.IdleGoodbye, d.code, fact.CleanLines(d.lines, maxLines)
		return nil
	case err == nil:
		if seen.KeepAlive != "" {
			seen.Answered++
		}
		return nil
	}
	switch k := kind(err); {
	case ended(d.ctx) && !toldByOther(k):
		seen.End = fact.IdleUnknown
	case k == fact.Reset:
		seen.End = fact.IdleResetUse
	case k == fact.Timeout:
		seen.End = fact.IdleSilent
	default:
		seen.End = fact.IdleClosedUse
	}
	return err
}
