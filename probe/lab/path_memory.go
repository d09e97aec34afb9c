package lab

import (
	"sync"
	"time"
)

// memory is what a router that translates addresses knows of one connection (RFC 5382, section 5).
type memory struct {
	mu        sync.Mutex
	patience  time.Duration
	last      time.Time // something passed
	forgotten bool
	resets    bool // tells the visitor with a reset, when he speaks again
}

// remembers notes that something wants to pass, and says whether it does.
func (m *memory) remembers() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.forgotten = m.forgotten || now.Sub(m.last) > m.patience
	m.last = now
	return !m.forgotten
}

// forget makes both ends of a connection pass a router that forgets.
func (p *Path) forget(near, far *conn) {
	m := &memory{patience: p.Forgets, last: time.Now(), resets: p.ForgetsLoudly}
	near.memory, far.memory, near.visits = m, m, true
}

// lostOnTheWay says whether the way does not know the connection any more, so that nothing passes.
func (c *conn) lostOnTheWay() bool {
	if c.memory == nil || c.memory.remembers() {
		return false
	}
	if c.memory.resets && c.visits {
		c.in.finish(reset, c.delay)
	}
	c.out.stall()
	c.in.stall()
	return true
}
