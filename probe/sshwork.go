package probe

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// sshWork is what happens on a connection by SSH once the user is in (RFC 4254).
type sshWork struct {
	session *Session
	check   string
	ctx     context.Context
	t       *sshTalk
	entered time.Time // when the user was let in
	all     sync.WaitGroup

	left *program      // that is left alone, see --idle; nil: none is
	lost chan struct{} // closed when the connection is over
	why  error         // then
}

func newSSHWork(a *signOn) *sshWork {
	w := &sshWork{session: a.session, check: a.check, ctx: a.ctx, t: a.t, entered: time.Now(), lost: make(chan struct{})}
	w.all.Go(func() { w.hear(a.ctx) })
	w.all.Go(w.refuse)
	w.all.Go(func() {
		w.why = w.t.conn.Wait()
		close(w.lost)
	})
	return w
}

// exercise does what an SFTP app would.
func (w *sshWork) exercise() {
	defer w.leave()
	p := w.open()
	if p == nil {
		return
	}
	files, mute := w.startSFTP(p)
	switch {
	case files != nil:
		files.exercise()
	case mute:
		_ = p.Close()
		w.execute()
	}
}

// leave hangs up, and waits for everybody who listens.
func (w *sshWork) leave() {
	_ = w.t.conn.Close()
	w.all.Wait()
}

// hear takes what the server asks for unasked, of which only its host keys are of interest.
func (w *sshWork) hear(ctx context.Context) {
	told := false
	for r := range w.t.requests {
		if r.Type == "hostkeys-00@openssh.com" && !told {
			told = true
			w.recordHostKeys(ctx, r.Payload)
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

// refuse says no to channels that the server wants to open.
func (w *sshWork) refuse() {
	for c := range w.t.channels {
		_ = c.Reject(ssh.Prohibited, "")
	}
}

// maxHostKeys is how many host keys of a server are kept. It has one for each type.
const maxHostKeys = 16

// recordHostKeys records the host keys that a server tells after the sign-in (PROTOCOL of OpenSSH, section 2.5).
func (w *sshWork) recordHostKeys(ctx context.Context, payload []byte) {
	step := w.begin("the host keys of "+w.t.wire.place, 0)
	step.HostKeys = &fact.HostKeys{}
	for len(payload) > 0 && len(step.HostKeys.Keys) < maxHostKeys {
		var next struct {
			Key  []byte
			Rest []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(payload, &next) != nil {
			break
		}
		if key, err := ssh.ParsePublicKey(next.Key); err == nil { // one of a type that the library does not know is left out
			step.HostKeys.Keys = append(step.HostKeys.Keys, *describeHostKey(key))
		}
		payload = next.Rest
	}
	step.end(ctx, nil)
}

// begin starts a step of this connection.
func (w *sshWork) begin(what string, limit time.Duration) *step {
	wire := w.t.wire
	if limit > 0 {
		wire.limit(w.ctx, limit)
	}
	return w.session.begin(w.check, wire.place, wire.conn, what, limit)
}

// lostLimit is how long the library takes to say why a connection is over, once it has said so of a channel.
const lostLimit = 100 * time.Millisecond

// reason is why something got no answer: what ended the connection or, where that lives on, err.
func (w *sshWork) reason(err error) error {
	select {
	case <-w.lost:
		return w.why
	case <-time.After(lostLimit):
		return err
	}
}

// open opens a session. It returns nil where it cannot be had.
func (w *sshWork) open() *program {
	step := w.begin("a session at "+w.t.wire.place, w.session.wait(replyLimit))
	step.Channel = &fact.Channel{Request: fact.OpenSession}
	channel, requests, err := w.t.conn.OpenChannel("session", nil)
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &refused):
		step.Channel.Refused, step.Channel.Reason = true, int(refused.Reason)
		step.Channel.Text = w.t.cleanLine(refused.Message)
		err = nil
	case err != nil:
		err = w.endOf(step.Channel, err)
	}
	step.end(w.ctx, err)
	if channel == nil {
		return nil
	}
	return w.watch(channel, requests)
}

// endOf notes on a channel that it has ended, and returns why.
func (w *sshWork) endOf(c *fact.Channel, err error) error {
	if err = w.reason(err); err == nil {
		return nil // the connection lives on
	}
	c.Goodbye = w.t.goodbye(err)
	err = w.t.ended(err)
	if slices.Contains([]fact.Kind{fact.Closed, fact.Reset, fact.Disconnected}, kind(err)) {
		c.Closed, c.After = true, fact.MillisOf(time.Since(w.entered))
	}
	return err
}

// program is what runs on a channel.
type program struct {
	ssh.Channel
	errors clip          // of its standard error
	over   chan struct{} // closed when the server has closed the channel; exit, signal and errors are known then
	exit   *int
	signal string
}

// watch listens to a program.
func (w *sshWork) watch(channel ssh.Channel, requests <-chan *ssh.Request) *program {
	p := &program{Channel: channel, over: make(chan struct{})}
	said := make(chan struct{})
	w.all.Go(func() {
		defer close(said)
		_, _ = io.Copy(&p.errors, channel.Stderr())
	})
	w.all.Go(func() {
		defer close(p.over)
		p.hear(requests)
		<-said // what stood on the error channel just before the end
	})
	return p
}

// hear takes how the program has ended (RFC 4254 section 6.10).
func (p *program) hear(requests <-chan *ssh.Request) {
	for r := range requests {
		var status struct{ Status uint32 }
		var signal struct {
			Name string
			Rest []byte `ssh:"rest"`
		}
		switch {
		case r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &status) == nil:
			code := int(status.Status)
			p.exit = &code
		case r.Type == "exit-signal" && ssh.Unmarshal(r.Payload, &signal) == nil:
			p.signal = signal.Name
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

// closeLimit is how long a channel stays open after the last word of its program.
const closeLimit = time.Second

// tell notes on a channel what its program has said, and how it has ended.
func (w *sshWork) tell(c *fact.Channel, p *program, stdout []byte) {
	select {
	case <-p.over:
		c.Exit, c.Signal = p.exit, w.t.cleanLine(p.signal)
		if !c.Closed && !isClosed(w.lost) {
			c.Closed, c.After = true, fact.MillisOf(time.Since(w.entered))
		}
	case <-time.After(closeLimit):
	case <-w.ctx.Done():
	}
	c.Stdout = w.t.clean(string(stdout), maxOutput)
	c.Stderr = w.t.clean(string(p.errors.bytes()), maxOutput)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// maxOutput is how many lines of a program are kept.
const maxOutput = 20

// execute runs a command where SFTP was refused or ended without a word: there are accounts that may run commands, and nothing else.
// And OpenSSH 9.2p1 (session.c) drops what stands on the error channel of a subsystem, and sends that of a command, such as
// "Password change required but no TTY available." The command asks the shell for the program of SCP (POSIX, command) and
// changes nothing.
func (w *sshWork) execute() {
	const command = "command -v scp"
	p := w.open()
	if p == nil {
		return
	}
	step := w.begin("a command at "+w.t.wire.place, w.session.wait(replyLimit))
	step.Channel = &fact.Channel{Request: fact.ExecCommand, Command: command}
	ok, err := p.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{command}))
	var output clip
	switch {
	case err != nil:
		err = w.endOf(step.Channel, err)
	case !ok:
		step.Channel.Refused = true
	default:
		// Until the program has ended, or said more than anybody reads, or the limit of the step ends the connection.
		_, _ = io.CopyN(&output, p, maxListing)
	}
	if ok || err != nil {
		w.tell(step.Channel, p, output.bytes())
	}
	if ok && step.Channel.Exit == nil && step.Channel.Signal == "" {
		err = w.endOf(step.Channel, nil)
	}
	step.end(w.ctx, err)
}

// clip keeps the beginning of what is written to it. Several may use it.
type clip struct {
	mu   sync.Mutex
	kept []byte
}

// maxClip is how much is kept of what a program says where nothing was expected of it.
const maxClip = 2 << 10

// Write implements io.Writer.
func (c *clip) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, p[:min(len(p), maxClip-len(c.kept))]...)
	return len(p), nil
}

func (c *clip) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(wholeLines(c.kept, maxClip))
}
