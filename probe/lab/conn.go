package lab

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes a sender may have under way before it waits for the reader.
const window = 256 << 10

// segment is what one Write sent, and when it arrives.
type segment struct {
	data []byte
	at   time.Time
}

// verdict is what the path does with a piece of data.
type verdict int

const (
	passes verdict = iota
	stalls
	resets
)

// ending is how a direction ends.
type ending int

const (
	open ending = iota
	goodbye
	reset
)

// half is one direction of a connection: what one end has sent and the other has not yet read.
type half struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something below changes
	queue   []segment
	size    int       // bytes under way
	latest  time.Time // nothing arrives before what was sent before it
	end     ending
	endAt   time.Time
	gone    bool // the reader has closed
	stalled bool // the path loses everything from here on
	filter  func([]byte) ([]byte, verdict)
	segment int // largest piece; zero: a quarter of the window
}

func newHalf() *half { return &half{changed: make(chan struct{})} }

// note wakes whoever waits for a change. The caller holds the lock.
func (h *half) note() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// arrival is when something that takes delay arrives. The caller holds the lock.
func (h *half) arrival(delay time.Duration) time.Time {
	at := time.Now().Add(delay)
	if at.Before(h.latest) {
		at = h.latest
	}
	h.latest = at
	return at
}

// limit sets the largest piece.
func (h *half) limit(segment int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.segment = segment
}

// largest is the largest piece.
func (h *half) largest() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return cmp.Or(h.segment, window/4)
}

// send puts data on the way.
func (h *half) send(data []byte, delay time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size += len(data)
	if h.stalled {
		return
	}
	h.queue = append(h.queue, segment{append([]byte(nil), data...), h.arrival(delay)})
	h.note()
}

// lose sends data that nobody will read.
func (h *half) lose(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size += n
}

// finish ends the direction, behind everything that is under way.
func (h *half) finish(end ending, delay time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end != open || h.stalled {
		return
	}
	h.end, h.endAt = end, h.arrival(delay)
	h.note()
}

// stall loses everything that is sent from here on, the end included.
func (h *half) stall() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled = true
}

// abandon says that nobody reads any more, and whether something was left unread.
func (h *half) abandon() (unread bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	unread = len(h.queue) > 0 && !h.queue[0].at.After(time.Now())
	h.gone = true
	h.queue, h.size = nil, 0
	h.note()
	return unread
}

// view is what one end sees of a direction at this moment.
type view struct {
	end     ending        // as far as it has arrived
	wait    time.Duration // until the next thing arrives; zero: nothing is under way
	gone    bool          // the reader has closed
	size    int           // bytes under way
	changed chan struct{}
}

// take moves what has arrived into b, and says what there is besides.
func (h *half) take(b []byte) (n int, v view) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return 0, h.view()
	}
	head := &h.queue[0]
	if wait := time.Until(head.at); wait > 0 {
		return 0, view{wait: wait, changed: h.changed}
	}
	n = copy(b, head.data)
	head.data = head.data[n:]
	if len(head.data) == 0 {
		h.queue = h.queue[1:]
	}
	h.size -= n
	h.note()
	return n, view{}
}

// look says what there is, without taking anything.
func (h *half) look() view {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.view()
}

// view is the state with nothing left to read. The caller holds the lock.
func (h *half) view() view {
	v := view{gone: h.gone, size: h.size, changed: h.changed}
	if h.end != open {
		v.wait = max(0, time.Until(h.endAt))
	}
	if v.wait == 0 {
		v.end = h.end
	}
	return v
}

// conn is one end of a TCP connection.
type conn struct {
	local, remote net.Addr
	in, out       *half
	delay         time.Duration // one way
	reading       deadline
	writing       deadline
	closing       sync.Once
	closed        chan struct{}
	lost          syscall.Errno // what the system says of a reset
	world         *Computer     // at the server's end: the world that it stands in
	memory        *memory       // of a router on the way that forgets; nil: there is none
	visits        bool          // at the visitor's end of such a way
}

// connect makes both ends of a connection: the visitor's and the server's.
func connect(visitor, server net.Addr, rtt time.Duration) (near, far *conn) {
	up, down := newHalf(), newHalf()
	near = &conn{local: visitor, remote: server, in: down, out: up, delay: rtt / 2}
	far = &conn{local: server, remote: visitor, in: up, out: down, delay: rtt / 2}
	for _, c := range []*conn{near, far} {
		c.closed, c.lost = make(chan struct{}), errReset
		c.reading.init()
		c.writing.init()
	}
	return near, far
}

// Read returns what has arrived, at most one piece at a time.
func (c *conn) Read(b []byte) (int, error) {
	for {
		if err := c.usable(&c.reading); err != nil {
			return 0, c.failed("read", err)
		}
		n, seen := c.in.take(b)
		switch {
		case n > 0 || len(b) == 0:
			return n, nil
		case seen.end == goodbye:
			return 0, io.EOF
		case seen.end == reset:
			return 0, c.failed("read", c.lost)
		}
		c.wait(seen.changed, seen.wait, &c.reading)
	}
}

// Write sends b in pieces.
func (c *conn) Write(b []byte) (int, error) {
	total := 0
	for len(b) > 0 {
		piece := b[:min(len(b), c.out.largest())]
		if err := c.writeOne(piece); err != nil {
			return total, c.failed("write", err)
		}
		total += len(piece)
		b = b[len(piece):]
	}
	return total, nil
}

func (c *conn) writeOne(piece []byte) error {
	for {
		if err := c.usable(&c.writing); err != nil {
			return err
		}
		if c.in.look().end == reset {
			return errReset
		}
		seen := c.out.look()
		switch {
		case seen.end != open:
			return errBrokenPipe
		case seen.gone && seen.size < window:
			// The other end has closed: it answers data with a reset (RFC 9293, section 3.10.7.1).
			c.out.lose(len(piece))
			c.in.finish(reset, 2*c.delay)
			c.out.finish(reset, 2*c.delay)
			return nil
		case seen.size < window:
			c.push(piece)
			return nil
		}
		c.wait(seen.changed, seen.wait, &c.writing)
	}
}

// push hands one piece to the path.
func (c *conn) push(piece []byte) {
	if c.lostOnTheWay() {
		c.out.lose(len(piece))
		return
	}
	if c.out.filter == nil {
		c.out.send(piece, c.delay)
		return
	}
	piece, what := c.out.filter(piece)
	if len(piece) > 0 {
		c.out.send(piece, c.delay)
	}
	switch what {
	case stalls:
		c.out.stall()
	case resets:
		c.out.finish(reset, c.delay)
		c.in.finish(reset, c.delay)
	}
}

// usable says why nothing can be done on the connection any more.
func (c *conn) usable(d *deadline) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	case <-d.wait():
		return os.ErrDeadlineExceeded
	default:
		return nil
	}
}

// wait returns on a change, after a while, at the deadline, or when the connection is closed.
func (c *conn) wait(changed <-chan struct{}, while time.Duration, d *deadline) {
	var later <-chan time.Time
	if while > 0 {
		timer := time.NewTimer(while)
		defer timer.Stop()
		later = timer.C
	}
	select {
	case <-changed:
	case <-later:
	case <-d.wait():
	case <-c.closed:
	}
}

// sleep lets a server wait. It says false when the connection was closed meanwhile.
func (c *conn) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closed:
		return false
	}
}

// failed dresses an error as package net does.
func (c *conn) failed(op string, err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

// Close says goodbye. As with a real system, data that was left unread turns the goodbye into a reset
// (RFC 2525, section 2.17).
func (c *conn) Close() error {
	c.shut(goodbye)
	return nil
}

// reset ends the connection without a goodbye.
func (c *conn) reset() { c.shut(reset) }

func (c *conn) shut(end ending) {
	c.closing.Do(func() {
		close(c.closed)
		if c.in.abandon() {
			end = reset
		}
		c.lostOnTheWay()
		c.out.finish(end, c.delay)
		c.reading.stop()
		c.writing.stop()
	})
}

// CloseWrite says that nothing more will be sent.
func (c *conn) CloseWrite() error {
	c.lostOnTheWay()
	c.out.finish(goodbye, c.delay)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.reading.set(t)
	c.writing.set(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.reading.set(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writing.set(t)
	return nil
}

// deadline is a channel that is closed once a point in time has passed.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{}
}

func (d *deadline) init() { d.passed = make(chan struct{}) }

func (d *deadline) wait() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

// set moves the deadline. Whoever waits already must notice, so an expired channel is replaced, a live one kept.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed // the timer has fired: let its function finish
	}
	d.timer = nil
	expired := isClosed(d.passed)
	if t.IsZero() {
		if expired {
			d.passed = make(chan struct{})
		}
		return
	}
	until := time.Until(t)
	if until <= 0 {
		if !expired {
			close(d.passed)
		}
		return
	}
	if expired {
		d.passed = make(chan struct{})
	}
	passed := d.passed
	d.timer = time.AfterFunc(until, func() { close(passed) })
}

func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed // as in set
	}
	d.timer = nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
