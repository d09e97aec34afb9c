package probe

import (
	"context"
	"io"
	"time"

	"ftpdoctor/probe/fact"
)

// slowest is the longest pause between two bytes of a slow file: the data connection must not be an idle one.
const slowest = 5 * time.Second

// uploadSlowly keeps a transfer going for the time of the watch, in which the control connection says nothing, and sees whether
// the reply at its end still comes.
func (d *dialogue) uploadSlowly(run, watching context.Context, e entrance) {
	if d.st.encrypted && !d.protect() || !d.enter(d.session.plan.Target.Folder) {
		return
	}
	name := temporaryName()
	if d.ask("SIZE "+name) == 213 || d.err != nil {
		return
	}
	limit := d.session.plan.Idle
	d.obey(context.WithoutCancel(run))
	file := &trickle{dialogue: d, ctx: watching, pace: min(limit/12, slowest), until: time.Now().Add(limit)}
	up := d.carryFor(fact.Upload, "STOR", fact.EPSV, limit+transferLimit, func() error { return d.client.Stor(name, file) })
	switch {
	case done(up):
		d.ask("DELE " + name)
	case d.started || d.owes: // the session of the transfer may be gone
		d.session.deleteAfresh(run, e, name)
	}
}

// deleteAfresh deletes a file in a session of its own. A run that is stopped waits a moment for it.
func (s *Session) deleteAfresh(run context.Context, e entrance, name string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(run))
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(finishLimit, cancel) })()
	d := s.signInAgain(ctx, e)
	if d == nil {
		return
	}
	d.patience = removeLimit
	d.enter(s.plan.Target.Folder)
	d.ask("DELE " + name)
	d.leave()
}

// trickle is a file that comes byte by byte until its time is over, or the user has seen enough.
type trickle struct {
	dialogue *dialogue
	ctx      context.Context
	pace     time.Duration
	until    time.Time
}

func (t *trickle) Read(p []byte) (int, error) {
	sleep(t.ctx, t.pace)
	if t.ctx.Err() != nil {
		t.dialogue.patience = hurryLimit
	}
	if len(p) == 0 || t.ctx.Err() != nil || !time.Now().Before(t.until) {
		return 0, io.EOF
	}
	p[0] = '.'
	return 1, nil
}
