package lab

import (
	"io"
	"time"
)

// Raw sends given bytes and says no more. The zero Raw accepts the connection and closes it.
type Raw struct {
	Wait  time.Duration // before it says anything
	Say   string
	Times int           // how often it says it; zero: once
	Every time.Duration // the pause after each time
	Hang  bool          // stays, silent
	Reset bool          // goes without a goodbye
}

func (r Raw) serve(c *conn) {
	if !c.sleep(r.Wait) {
		return
	}
	for range max(1, r.Times) {
		if _, err := io.WriteString(c, r.Say); err != nil {
			return
		}
		if r.Every > 0 && !c.sleep(r.Every) {
			return
		}
	}
	if r.Hang {
		drain(c)
	}
	if r.Reset {
		c.reset()
	}
}

// drain reads until the visitor goes.
func drain(c io.Reader) { _, _ = io.Copy(io.Discard, c) }
