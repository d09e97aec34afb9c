package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"ftpdoctor/probe/fact"
)

func hasUser(p *Plan) bool { return p.Target.User != "" && p.noMore == "" }

// login signs in over the first conversation that is fit for it and does what a user of the server would.
func login(ctx context.Context, s *Session) {
	defer s.budget.pass() // SSH may wait for the turn of FTP
	if why := s.leftOut("endpoints"); why != "" {
		s.skip("login", "", "login", "no endpoint was looked at: "+why)
		return
	}
	if !s.plan.TriesFTP() {
		s.noFTP()
		return
	}
	switch {
	case s.plan.Password == "":
		s.withhold(ctx, "", fact.FTPES, fact.NoPassword)
		return
	case s.plan.Refused:
		s.withhold(ctx, "", fact.FTPES, fact.OutOfTries)
		return
	}
	list := s.listCandidates(byFTP)
	chosen, ends := choose(ctx, list)
	if chosen == nil {
		s.notFit(ctx, list, ends)
		return
	}
	d := newDialogue(ctx, s, chosen)
	if d.signIn() {
		s.entered(entrance{place: d.st.wire.place, protocol: d.protocol})
		d.exercise()
	}
	d.leave()
}

// notFit records that no candidate was fit for a password.
func (s *Session) notFit(ctx context.Context, list []*candidate, ends []*ending) {
	if len(list) == 0 {
		s.noFTP()
		return
	}
	place, e := closest(list, ends)
	s.withhold(ctx, place, e.protocol, e.unfit)
	if e.unfit != fact.NoWayIn {
		s.promised(ctx, "login")
	}
}

// noFTP records that there is nothing to sign in at by FTP.
func (s *Session) noFTP() { s.skip("login", "", "login", "no port was looked at that speaks FTP") }

// withhold records that the password was kept back.
func (s *Session) withhold(ctx context.Context, place string, protocol fact.Protocol, reason fact.Withheld) {
	step := s.begin("login", place, 0, "a way to sign in", 0)
	step.Login = &fact.Login{Protocol: cmp.Or(protocol, fact.FTPES), Method: "password", Outcome: fact.NotSent, Withheld: reason}
	step.end(ctx, nil)
}

// dialogue is a conversation in which the user signs in. It is the connection that the FTP library drives: a line that the
// library writes is sent when it reads the reply, both by way of Session.say, so that every reply is bounded, timed and
// recorded before the library sees it.
type dialogue struct {
	net.Conn // the wire
	session  *Session
	check    string
	ctx      context.Context // the library has none to pass on
	st       *stream
	protocol fact.Protocol
	client   *ftp.ServerConn // once signed in

	line   string       // written by the library, not sent yet
	unread bytes.Buffer // of the reply, for the library
	err    error        // why nothing can be said any more

	command   string         // the last one, without what must not be seen
	code      int            // of the last reply
	lines     []string       // of the last reply
	codes     map[string]int // of the last reply to each command
	owes      bool           // the server has yet to say how the last command ended
	started   bool           // the server has begun with the transfer under way
	patience  time.Duration  // for each reply; 0: the usual one
	slow      bool           // an EPSV was given up, and may be answered yet
	mode      fact.DataMode  // that was asked for last
	announced netip.AddrPort // what the last passive reply said; EPSV: a port of the control address

	protected bool           // data connections are encrypted
	opened    int            // data connections of listings
	believes  bool           // an announced address other than that of the control connection was right
	transfer  *fact.Transfer // under way
	until     time.Time      // it ends then at the latest
	data      *dataConn      // of it
}

func newDialogue(ctx context.Context, s *Session, e *ending) *dialogue {
	return &dialogue{Conn: e.stream.wire, session: s, check: "login", ctx: ctx, st: e.stream, protocol: e.protocol, codes: map[string]int{}}
}

// RemoteAddr has the type that the library relies on.
func (d *dialogue) RemoteAddr() net.Addr {
	place, _ := netip.ParseAddrPort(d.st.wire.place)
	return net.TCPAddrFromAddrPort(place)
}

// The deadlines are those of Session.say.
func (d *dialogue) SetDeadline(time.Time) error      { return nil }
func (d *dialogue) SetReadDeadline(time.Time) error  { return nil }
func (d *dialogue) SetWriteDeadline(time.Time) error { return nil }

// Close leaves the connection open: the library does not know when its work is done.
func (d *dialogue) Close() error { return nil }

// Write keeps a line until its reply is read.
func (d *dialogue) Write(p []byte) (int, error) {
	d.line += string(p)
	return len(p), nil
}

// Read gives the library a reply.
func (d *dialogue) Read(p []byte) (int, error) {
	if d.unread.Len() == 0 {
		line := strings.TrimRight(d.line, "\r\n")
		d.line = ""
		if err := d.turn(line); err != nil {
			return 0, err
		}
		for _, text := range d.lines[:len(d.lines)-1] {
			fmt.Fprintf(&d.unread, "%03d-%s\r\n", d.code, text)
		}
		fmt.Fprintf(&d.unread, "%03d %s\r\n", d.code, d.lines[len(d.lines)-1])
	}
	return d.unread.Read(p)
}

// errGoodbye ends a dialogue in which the server has said 421.
var errGoodbye = breach{fact.Closed, "the server has said goodbye"}

// ask sends a command and returns the code of the reply; 0: none came.
func (d *dialogue) ask(command string) int {
	if d.turn(command) != nil {
		return 0
	}
	return d.code
}

// turn sends a line, none to listen only, and hears the reply. The replies to one line come in order, so that one which
// did not come in time makes those to all other lines useless; only EPSV is a command that devices on the way are known
// to swallow.
func (d *dialogue) turn(line string) error {
	if d.err != nil {
		return d.err
	}
	if line != "" && d.ctx.Err() != nil {
		return d.ctx.Err() // TLS does not survive a write that was cut off, and there may be a file to delete yet
	}
	if line != "" {
		d.command = withoutArgument(line)
		d.mode = cmp.Or(modes[verb(d.command)], d.mode)
	}
	code, lines, err := d.session.say(d.ctx, d.st, d.check, d.command, line, d.limit())
	if d.slow && code == 229 && d.command != "EPSV" {
		d.slow = false
		return d.turn("")
	}
	d.code, d.lines, d.codes[verb(d.command)] = code, lines, code
	d.owes = err != nil || code/100 == 1
	d.started = d.started || code/100 == 1
	d.announced = announced(code, lines, d.peer())
	switch {
	case d.command == "EPSV" && err != nil && kind(err) == fact.Timeout && d.ctx.Err() == nil:
		d.slow, d.owes = true, false
	case err != nil:
		d.err = err
	case code == 421:
		d.err = errGoodbye
	}
	return err
}

// modes are the commands that ask for a data connection.
var modes = map[string]fact.DataMode{"EPSV": fact.EPSV, "PASV": fact.PASV, "EPRT": fact.EPRT, "PORT": fact.PORT}

// epsvLimit is how long the reply to EPSV is awaited. Where a device swallows the command, none comes. One that comes later
// does no harm: turn knows it by its code.
const epsvLimit = 5 * time.Second

// limit is how long the reply to a command is awaited. Servers let a wrong password wait, and look a user up elsewhere.
func (d *dialogue) limit() time.Duration {
	limit := d.session.wait(replyLimit)
	switch d.command {
	case "PASS":
		limit = d.session.wait(greetingLimit)
	case "EPSV":
		limit = d.session.wait(epsvLimit)
	}
	if d.patience > 0 {
		limit = d.patience
	}
	return limit
}

// peer is the address of the server on the control connection.
func (d *dialogue) peer() netip.Addr {
	place, _ := netip.ParseAddrPort(d.st.wire.place)
	return place.Addr()
}

// withoutArgument is a command as it is recorded: without user name and password.
func withoutArgument(line string) string {
	switch v := verb(line); v {
	case "USER", "PASS", "ACCT":
		return v
	}
	return line
}

func verb(line string) string {
	v, _, _ := strings.Cut(line, " ")
	return v
}

// drive lets a client of the library take over the open dialogue. The library waits for a greeting first; the real one
// was read long ago.
func (d *dialogue) drive(options ...ftp.DialOption) (*ftp.ServerConn, error) {
	control := true
	options = append(options, ftp.DialWithDisabledUTF8(true), ftp.DialWithDialFunc(func(_, address string) (net.Conn, error) {
		if control {
			control = false
			d.unread.WriteString("220 ready\r\n")
			return d, nil
		}
		return d.open(address)
	}))
	return ftp.Dial(d.st.wire.place, options...)
}

// signIn signs in and says whether the server accepted. The library goes on with FEAT and TYPE; what becomes of those is
// in the replies.
func (d *dialogue) signIn() bool {
	s := d.session
	if !s.budget.take(d.ctx) {
		s.withhold(d.ctx, d.st.wire.place, d.protocol, fact.OutOfTries)
		return false
	}
	step := s.begin(d.check, d.st.wire.place, d.st.wire.conn, "the sign-in at "+d.st.wire.place, d.limit())
	client, err := d.drive()
	if err == nil {
		d.client = client
		s.confide(s.plan.Password)
		err = client.Login(s.plan.Target.User, s.plan.Password)
	}
	step.Login = &fact.Login{Protocol: d.protocol, Method: "password", Outcome: d.outcome(), Shape: fact.OdditiesOf(s.plan.Password)}
	if step.Login.Outcome != fact.Broken {
		err = nil
	}
	step.end(d.ctx, err)
	accepted := step.Login.Outcome == fact.Accepted
	s.budget.settle(!accepted)
	s.budget.pass()
	return accepted
}

// outcome reads the replies to USER and PASS. 232 is a 230 for a user whom TLS has shown to be real (RFC 2228 section 5.1), and
// 202 a server that needs no password (RFC 959 section 5.4).
func (d *dialogue) outcome() fact.Outcome {
	last := cmp.Or(d.codes["PASS"], d.codes["USER"])
	_, asked := d.codes["PASS"]
	switch {
	case last/100 == 2:
		return fact.Accepted
	case last == 0, asked && d.codes["PASS"] == 0, !asked && last == 331:
		return fact.Broken
	default:
		return fact.LoginDenied
	}
}

// leave says goodbye. A 421 was the server's.
func (d *dialogue) leave() {
	if d.err == nil {
		d.st.quit(d.ctx)
	}
	_ = d.st.Close()
}

// wireError takes from an error of the library what failed on the wire. That the server said no is no such failure: it
// is in the reply.
func wireError(err error) error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			if e = wireError(e); e != nil {
				return e
			}
		}
		return nil
	}
	if err == nil || isReply(err) {
		return nil
	}
	if kind(err) == fact.Other { // the library could not read what a server announced
		return breach{fact.Garbled, err.Error()}
	}
	return err
}
