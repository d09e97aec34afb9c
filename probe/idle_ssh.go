package probe

import (
	"context"
	"slices"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
)

// keepAliveSSH is the request that OpenSSH's client sends (ServerAliveInterval). Any answer to it is a sign of life.
const keepAliveSSH = "keepalive@openssh.com"

// watchSSH signs in again twice, one after the other.
func (s *Session) watchSSH(run, watching context.Context, e entrance) {
	if slices.ContainsFunc(s.snapshot(), tookCode) {
		s.skip("idle", e.place, "idle", "the sign-in took a code, which is good for one session")
		return
	}
	var all sync.WaitGroup
	defer all.Wait()
	for _, keepAlive := range []string{"", keepAliveSSH} {
		w := s.signInAgainBySSH(run, e)
		if w == nil {
			return
		}
		all.Go(func() { w.watchIdle(run, watching, keepAlive) })
	}
}

// signInAgainBySSH opens a session like the one that had succeeded: with the key or the password that the server took, and at the
// host key that was trusted.
func (s *Session) signInAgainBySSH(ctx context.Context, e entrance) *sshWork {
	if ctx.Err() != nil {
		return nil
	}
	w := s.dial(ctx, "idle", e.place, fact.IdleLink)
	if w == nil {
		return nil
	}
	t, _ := s.meet(ctx, "idle", newStream(w, w, false))
	switch {
	case t == nil:
		_ = w.Close()
		return nil
	case t.hostKey.SHA256 != e.ssh.t.hostKey.SHA256:
		t.hangUp()
		return nil
	}
	a := newSignOn(ctx, s, t)
	a.check, a.typed, a.trusted = "idle", e.ssh.typed, e.ssh.trusted
	a.keys = slices.DeleteFunc(a.keys, func(k identity) bool { return !s.took(e.place, k) })
	a.run()
	a.record()
	if !a.accepted() {
		return nil
	}
	work := newSSHWork(a)
	if p := work.open(); p != nil {
		if files, _ := work.startSFTP(p); files != nil {
			files.recordStart()
			work.left = p
			return work
		}
	}
	work.leave()
	return nil
}

// took says whether the server took a key at a place, in the sign-in that succeeded.
func (s *Session) took(place string, key identity) bool {
	return slices.ContainsFunc(s.snapshot(), func(o fact.Observation) bool {
		return o.Endpoint == place && o.Auth != nil && o.Auth.Key == key.fingerprint() &&
			(o.Auth.Answer == fact.AuthAccepted || o.Auth.Answer == fact.AuthPartial)
	})
}

// watchIdle leaves the session alone, apart from keep-alives, and records what became of it.
func (w *sshWork) watchIdle(run, watching context.Context, keepAlive string) {
	defer w.leave()
	plan := &w.session.plan
	place := w.t.wire.place
	step := w.session.begin("idle", place, w.t.wire.conn, idleWait(plan), plan.Idle)
	step.Idle = &fact.Idle{Protocol: fact.SFTP, KeepAlive: keepAlive, Limit: fact.MillisOf(plan.Idle)}
	if keepAlive != "" {
		step.Idle.Every = fact.MillisOf(plan.idleEvery())
	}
	// The library reads all the time, so that a deadline would end the connection.
	free := context.WithoutCancel(run)
	w.t.wire.obey(free)
	w.t.wire.limit(free, plan.Idle+idleSlack)
	err := w.outlast(run, watching, step.Idle, step.began)
	step.end(free, w.t.ended(err))
}

// idleSlack is what the last answers of an idle session may take.
const idleSlack = time.Minute

// outlast waits until the session ends, or long enough, and asks in the end whether it still lives.
func (w *sshWork) outlast(run, watching context.Context, seen *fact.Idle, began time.Time) error {
	until := began.Add(seen.Limit.Duration())
	for {
		pause := time.Until(until)
		if seen.Every > 0 {
			pause = min(pause, seen.Every.Duration())
		}
		over := w.quiet(watching, pause)
		seen.Lived = fact.MillisOf(time.Since(began))
		if over {
			return w.overUnasked(seen)
		}
		seen.Early = watching.Err() != nil
		last := seen.Early || !time.Now().Before(until)
		if last && ended(run) && stopped(run) == fact.ByDeadline {
			seen.End = fact.IdleUnknown
			return breach{fact.Interrupted, "the time for the whole run is over"}
		}
		if err := w.stillThere(beyond(run), seen); err != nil {
			return err
		}
		if last {
			seen.End = fact.IdleAlive
			return nil
		}
	}
}

// quiet waits, and says whether the session ended meanwhile.
func (w *sshWork) quiet(ctx context.Context, pause time.Duration) (over bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-w.lost:
		return true
	case <-w.left.over:
		return true
	}
	return false
}

// overUnasked names an end that came by itself. A server can end the channel alone (ChannelTimeout of OpenSSH since 9.2).
func (w *sshWork) overUnasked(seen *fact.Idle) error {
	err := w.reason(errChannelClosed)
	if bye := w.t.goodbye(err); bye != nil {
		seen.End, seen.Lines = fact.IdleGoodbye, []string{bye.Text}
		return nil
	}
	seen.End = fact.IdleClosed
	if kind(err) == fact.Reset {
		seen.End = fact.IdleReset
	}
	return err
}

// errChannelClosed is the end of a channel on a connection that lives on.
var errChannelClosed = breach{fact.Closed, "the server has closed the channel"}

// stillThere asks for a sign of life.
func (w *sshWork) stillThere(ctx context.Context, seen *fact.Idle) error {
	limit := w.session.wait(replyLimit)
	if seen.Early {
		limit = hurryLimit
	}
	answered := make(chan error, 1)
	go func() {
		_, _, err := w.t.conn.SendRequest(keepAliveSSH, true, nil)
		answered <- err
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-answered:
		if err == nil {
			if seen.KeepAlive != "" {
				seen.Answered++
			}
			return nil
		}
		seen.End = fact.IdleClosedUse
		if err = w.reason(err); kind(err) == fact.Reset {
			seen.End = fact.IdleResetUse
		}
		return err
	case <-ctx.Done():
		seen.End = fact.IdleUnknown
		return breach{fact.Interrupted, "the time for the whole run is over"}
	case <-timer.C:
		seen.End = fact.IdleSilent
		return breach{fact.Timeout, "no answer within " + limit.String()}
	}
}
