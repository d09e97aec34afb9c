package probe

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/jlaffaye/ftp"

	"ftpdoctor/probe/fact"
)

// maxOpened is how many data connections the listings open.
const maxOpened = 3

// exercise does what a user would, once signed in, and what tells faults apart that users know as one.
func (d *dialogue) exercise() {
	if d.st.encrypted && !d.protect() {
		return
	}
	d.ask("PWD")
	entered := d.enter(d.session.plan.Target.Folder)
	if d.err != nil {
		return
	}
	first := d.list(d.client, fact.EPSV)
	mode, carried := first.Transfer.Mode, done(first)
	if mode == fact.EPSV {
		carried = d.listAgain() || carried
	}
	switch {
	case d.session.plan.Write && !entered:
		d.session.skip("login", d.st.wire.place, "the transfer test", "the folder that was asked for cannot be opened")
	case d.session.plan.Write:
		d.write(carried)
	}
	d.samples(mode, carried)
	if d.session.plan.Active {
		d.listActive()
	}
	if carried && d.protected {
		d.listAfresh()
	}
	if d.protected && d.protocol == fact.FTPES && d.session.plan.AllowPlaintext {
		d.compareInClear()
	}
}

// enter opens the folder that the user asked for, and says whether that is where the work goes on. Servers of Microsoft read
// names as UTF-8 only after OPTS. Older ones read each byte as a letter of Latin-1, so that a name that they refuse is tried as
// such once more.
func (d *dialogue) enter(folder string) bool {
	if folder == "" {
		return true
	}
	if !isASCII(folder) {
		d.ask("OPTS UTF8 ON")
	}
	code := d.ask("CWD " + folder)
	if old, ok := latin1(folder); ok && code/100 == 5 {
		code = d.ask("CWD " + old)
	}
	if code/100 != 2 {
		return false
	}
	d.ask("PWD")
	return true
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// latin1 writes a text in ISO 8859-1. It says false where that has not all of its letters, or UTF-8 is the same.
func latin1(text string) (string, bool) {
	var b []byte
	for _, r := range text {
		if r > unicode.MaxLatin1 {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), !isASCII(text)
}

// compareInClear signs in once more at the same port, without encryption, and lists: there are devices on the way that
// read the announced ports, change them or let only those pass, and TLS hides them. It takes a connection of its own.
func (d *dialogue) compareInClear() {
	if d.ctx.Err() != nil {
		return
	}
	s := d.session
	w := s.dial(d.ctx, "login", d.st.wire.place, fact.InClear)
	if w == nil {
		return
	}
	clear := newDialogue(d.ctx, s, &ending{stream: newStream(w, w, false), protocol: fact.FTP})
	if clear.turn("") == nil && clear.code == 220 && clear.signIn() {
		clear.listAgain()
	}
	clear.leave()
}

// protect asks for encrypted data connections (RFC 4217 section 9), and says whether they may be used.
func (d *dialogue) protect() bool {
	d.ask("PBSZ 0")
	d.protected = d.ask("PROT P")/100 == 2
	if !d.protected && d.err == nil && !d.session.plan.AllowPlaintext {
		d.session.skip("login", d.st.wire.place, "data connections", "the server does not encrypt them")
	}
	return d.protected || d.session.plan.AllowPlaintext
}

// listAgain lists the folder once more by PASV, which has an address in it. There is none for IPv6.
func (d *dialogue) listAgain() (carried bool) {
	if d.err != nil || !d.peer().Is4() {
		return false
	}
	client, err := d.drive(ftp.DialWithDisabledEPSV(true))
	if err != nil {
		return false
	}
	return done(d.list(client, fact.PASV))
}

// done says whether a transfer did its work.
func done(o *fact.Observation) bool { return o.Failure == nil && o.Transfer.Code/100 == 2 }

// listAfresh lists the folder over a data connection with a TLS session of its own, as apps do that do not use the one
// of the control connection again. It comes last: a server that insists on that hangs up (vsftpd 3.0.3).
func (d *dialogue) listAfresh() {
	if d.err != nil || d.opened >= maxOpened {
		return
	}
	d.st.pinned = nil
	d.list(d.client, fact.EPSV)
}

// list lists the folder. mode is the one that is tried first.
func (d *dialogue) list(client *ftp.ServerConn, mode fact.DataMode) *fact.Observation {
	command := "LIST"
	if client.IsTimePreciseInList() {
		command = "MLSD"
	}
	return d.carry(fact.Listing, command, mode, func() error {
		_, err := client.List("")
		return err
	})
}

// The limits of a transfer.
const (
	stallLimit    = 15 * time.Second // without a byte
	listingLimit  = 25 * time.Second // for a listing
	transferLimit = 40 * time.Second // for a file: 1 MiB at 256 kbit/s takes 33 s
	maxListing    = 4 << 20          // bytes that the library gets to see: it keeps what is in them
)

// carry records a transfer that the library carries out, within the usual limit.
func (d *dialogue) carry(work fact.Work, command string, mode fact.DataMode, do func() error) *fact.Observation {
	limit := transferLimit
	if work == fact.Listing {
		limit = listingLimit
	}
	return d.carryFor(work, command, mode, limit, do)
}

func (d *dialogue) carryFor(work fact.Work, command string, mode fact.DataMode, limit time.Duration, do func() error) *fact.Observation {
	what := "the " + string(work) + " at " + d.st.wire.place
	if work == fact.Listing {
		what = "the listing of " + d.st.wire.place
	}
	step := d.session.begin(d.check, d.st.wire.place, d.st.wire.conn, what, limit)
	d.until = time.Now().Add(limit)
	t := &fact.Transfer{Work: work, Command: command}
	step.Transfer, d.transfer, d.data, d.started, d.mode = t, t, nil, false, mode
	d.code, d.lines = 0, nil
	err := wireError(do())
	if err != nil && kind(err) == fact.Garbled { // the library quotes what it could not read
		err = breach{fact.Garbled, d.session.withoutSecrets([]string{err.Error()})[0]}
	}
	t.Mode = d.mode
	if c := d.data; c != nil {
		t.Bytes, t.Encrypted, t.Resumed = c.moved, d.protected, c.resumed
	}
	// A transfer for which no port could be had ends with the refusal of PASV.
	if verb(d.command) == command || d.code >= 400 {
		t.Code, t.Lines = d.code, fact.CleanLines(d.session.withoutSecrets(d.lines), maxLines)
	}
	step.end(d.ctx, err)
	return &step.Observation
}

// open is the library's way to a data connection. address is what the library made of the reply.
func (d *dialogue) open(address string) (net.Conn, error) {
	to := []string{address}
	if d.announced.IsValid() {
		to = targets(d.announced, d.peer())
		d.transfer.Announced = d.announced.String()
	}
	d.st.pinned.freeze()
	var err error
	for i, place := range to {
		if d.transfer.Work == fact.Listing {
			d.opened++
		}
		w, seen := d.session.dialOnce(d.ctx, d.check, place, d.link(), 1)
		d.transfer.Dialled, d.transfer.Data = place, seen.Conn
		if w != nil {
			if own, ok := w.Conn.(interface{ SetWriteBuffer(int) error }); ok {
				_ = own.SetWriteBuffer(sendBuffer) // a wish
			}
			d.believes = i < len(to)-1
			d.data = &dataConn{Conn: w, dialogue: d, wire: w}
			return d.data, nil
		}
		err = breach{seen.Failure.Kind, seen.Failure.Text}
		if d.ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// link is the purpose of a data connection.
func (d *dialogue) link() fact.Purpose {
	if d.protected && d.st.pinned == nil {
		return fact.WithoutReuse
	}
	return fact.DataLink
}

// dataConn is a data connection. TLS begins with the first byte that is read or written: servers begin it after their 150.
type dataConn struct {
	net.Conn // the wire
	dialogue *dialogue
	wire     *wire
	st       *stream // once the first byte is due
	moved    int64
	wrote    bool
	resumed  bool
	err      error // of the handshake
}

// begin makes the connection ready to read and write.
func (c *dataConn) begin() error {
	if c.st != nil || c.err != nil {
		return c.err
	}
	d := c.dialogue
	c.st = newStream(c.wire, c.wire, false)
	if !d.protected {
		return nil
	}
	c.st.pinned = d.st.pinned
	secure, o := d.session.handshake(d.ctx, c.st, fact.DataTLS, d.tlsPurpose(), "")
	if secure == nil {
		c.err = breach{o.Failure.Kind, o.Failure.Text}
		return c.err
	}
	c.st, c.resumed = secure, o.TLS.Resumed
	return nil
}

// tlsPurpose is the purpose of a handshake on a data connection.
func (d *dialogue) tlsPurpose() fact.Purpose {
	if d.link() == fact.WithoutReuse {
		return fact.WithoutReuse
	}
	return ""
}

// limit gives the next step its deadline.
func (c *dataConn) limit() {
	c.wire.limit(c.dialogue.ctx, min(stallLimit, time.Until(c.dialogue.until)))
}

func (c *dataConn) Read(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	for {
		c.limit()
		n, err := c.st.Read(p)
		c.moved += int64(n)
		if c.moved <= maxListing || err != nil {
			return n, err
		}
	}
}

func (c *dataConn) Write(p []byte) (int, error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	c.wrote = true
	written := 0
	for piece := range slices.Chunk(p, pieceSize) {
		c.limit()
		n, err := c.st.Write(piece)
		written, c.moved = written+n, c.moved+int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// What is written is on its way soon, so that a slow line is none that stalls.
const (
	pieceSize  = 8 << 10          // bytes that have a deadline of their own
	sendBuffer = 32 << 10         // bytes
	drainLimit = 10 * time.Second // for the server to take the rest of an upload, and note of its end
)

// Close ends the connection. After an upload it takes its leave on both layers and reads what is left, for a close with
// something unread resets the connection, and the server loses the end of the file (TLS 1.3 tickets, vsftpd 3.0.3).
func (c *dataConn) Close() error {
	defer func() { _ = c.wire.Close() }()
	if c.st == nil || c.err != nil {
		return nil
	}
	c.wire.limit(c.dialogue.ctx, drainLimit)
	secure, isTLS := c.st.Conn.(*tls.Conn)
	if isTLS {
		_ = secure.CloseWrite()
	}
	if half, ok := c.wire.Conn.(interface{ CloseWrite() error }); ok && c.wrote && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c.wire)
	}
	return nil
}

// pinned keeps the TLS session of a control connection for its data connections: servers take no other one. It is frozen
// before the first data connection, whose own tickets are left alone.
type pinned struct {
	mu      sync.Mutex
	session *tls.ClientSessionState
	frozen  bool
}

// Get implements tls.ClientSessionCache.
func (p *pinned) Get(string) (*tls.ClientSessionState, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session, p.session != nil
}

// Put implements tls.ClientSessionCache.
func (p *pinned) Put(_ string, session *tls.ClientSessionState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.frozen {
		p.session = session
	}
}

func (p *pinned) freeze() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = true
}

// isReply says whether an error of the library is a reply of the server.
func isReply(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply)
}
