package main

import (
	"fmt"
	"time"

	"ftpdoctor/probe"
)

// redraw is how often the line of progress is drawn.
const redraw = 200 * time.Millisecond

// showProgress shows on a terminal what is waited for, on one line, until the returned function is called.
func (p *process) showProgress(progress *probe.Progress, quiet bool) (hide func()) {
	if quiet || !isTerminal(p.stderr) || p.env("TERM") == "dumb" {
		return func() {}
	}
	p.progress = true
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				p.redraw("")
				return
			case now := <-tick.C:
				if p.asking.TryLock() {
					p.redraw(waitingLine(progress.Waiting(), now, width(p.stderr)))
					p.asking.Unlock()
				}
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// redraw replaces the line (ECMA-48: carriage return, erase to the end of the line).
func (p *process) redraw(line string) { _, _ = fmt.Fprintf(p.stderr, "\r\x1b[K%s", line) }

// waitingLine says what the longest wait is for, how long it can take, and how many others there are.
func waitingLine(waits []probe.Wait, now time.Time, columns int) string {
	if len(waits) == 0 {
		return ""
	}
	last := waits[len(waits)-1]
	line := "waiting for " + last.What
	if left := last.Until.Sub(now); left > time.Second {
		line += fmt.Sprintf(", at most %.0f s", left.Seconds())
	}
	if more := len(waits) - 1; more > 0 {
		line += fmt.Sprintf(", and for %d more", more)
	}
	if r := []rune(line); len(r) >= columns {
		line = string(r[:columns-1])
	}
	return line
}
