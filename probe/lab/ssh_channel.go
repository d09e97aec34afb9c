package lab

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// work serves a visitor who is in: session channels (RFC 4254), until one of the two goes.
func (s *sshSession) work() {
	var programs sync.WaitGroup
	defer programs.Wait()
	defer s.abandon()
	if (s.Ident == "" || s.Tells != "") && !s.tellHostKeys() {
		return
	}
	for {
		if s.IdleLimit > 0 {
			_ = s.c.SetReadDeadline(time.Now().Add(s.IdleLimit))
		}
		message, ok := s.next()
		if !ok || !s.serveMessage(message, &programs) {
			return
		}
	}
}

// tellHostKeys announces all host keys (PROTOCOL of OpenSSH, section 2.5).
func (s *sshSession) tellHostKeys() bool {
	var keys []byte
	for _, key := range s.hostKeys() {
		keys = append(keys, ssh.Marshal(struct{ Key []byte }{key.signer().PublicKey().Marshal()})...)
	}
	if s.Tells != "" {
		keys = []byte(s.Tells)
	}
	return s.send(struct {
		Request string `sshtype:"80"`
		Answer  bool
		Keys    []byte `ssh:"rest"`
	}{"hostkeys-00@openssh.com", false, keys})
}

// The messages of a connection (RFC 4250, section 4.1.2).
const (
	sshGlobalRequest  = 80
	sshRequestFailure = 82
	sshChannelOpen    = 90
	sshWindowAdjust   = 93
	sshChannelData    = 94
	sshChannelEOF     = 96
	sshChannelClose   = 97
	sshChannelRequest = 98
)

// toChannel begins every message about a channel.
type toChannel struct {
	Number  byte
	Channel uint32
	Rest    []byte `ssh:"rest"`
}

// serveMessage says false when the session is over.
func (s *sshSession) serveMessage(message []byte, programs *sync.WaitGroup) bool {
	switch message[0] {
	case sshGlobalRequest:
		return s.answerGlobal(message)
	case sshChannelOpen:
		return s.openChannel(message)
	}
	var about toChannel
	if ssh.Unmarshal(message, &about) != nil {
		return false
	}
	ch := s.channels[about.Channel]
	if ch == nil {
		return s.disconnect(2, "no such channel")
	}
	switch message[0] {
	case sshWindowAdjust:
		var more struct{ Bytes uint32 }
		if ssh.Unmarshal(about.Rest, &more) == nil {
			ch.widen(int(more.Bytes))
		}
	case sshChannelData:
		var piece struct{ Data []byte }
		if ssh.Unmarshal(about.Rest, &piece) == nil {
			ch.take(piece.Data)
		}
	case sshChannelEOF:
		ch.end()
	case sshChannelClose:
		ch.end()
		ch.close()
		delete(s.channels, about.Channel)
	case sshChannelRequest:
		return s.answerRequest(ch, about.Rest, programs)
	}
	return true
}

// answerGlobal knows no request, as OpenSSH does: keepalive@openssh.com is answered with a failure, and that is enough.
func (s *sshSession) answerGlobal(message []byte) bool {
	var r struct {
		Request string `sshtype:"80"`
		Answer  bool
		Rest    []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(message, &r) != nil {
		return false
	}
	if !r.Answer || s.IgnoresKeepAlive && r.Request == "keepalive@openssh.com" {
		return true
	}
	return s.wire.write([]byte{sshRequestFailure}) == nil
}

// sshWindow is how much either side may send before the other makes room, and the most that a message carries.
const (
	sshWindow = 2 << 20
	sshPiece  = 32 << 10
)

func (s *sshSession) openChannel(message []byte) bool {
	var asked struct {
		Type    string `sshtype:"90"`
		Channel uint32
		Window  uint32
		Piece   uint32
		Rest    []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(message, &asked) != nil || s.stops(AtSession) {
		return false
	}
	reason, text := s.RefusesSession, "open failed"
	if asked.Type != "session" {
		reason, text = 3, "unknown channel type"
	}
	if reason > 0 {
		return s.send(struct {
			Channel  uint32 `sshtype:"92"`
			Reason   uint32
			Text     string
			Language string
		}{asked.Channel, reason, text, ""})
	}
	ch := &sshChannel{s: s, theirs: asked.Channel, room: int(asked.Window), piece: int(min(asked.Piece, sshPiece))}
	ch.changed = sync.NewCond(&ch.mu)
	ours := uint32(len(s.channels))
	for s.channels[ours] != nil {
		ours++
	}
	s.channels[ours] = ch
	return s.send(struct {
		Channel uint32 `sshtype:"91"`
		Ours    uint32
		Window  uint32
		Piece   uint32
	}{asked.Channel, ours, sshWindow, sshPiece})
}

// answerRequest starts a program, or refuses (RFC 4254, section 6).
func (s *sshSession) answerRequest(ch *sshChannel, rest []byte, programs *sync.WaitGroup) bool {
	var asked struct {
		Request string
		Answer  bool
		Rest    []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(rest, &asked) != nil {
		return false
	}
	var name struct{ Name string }
	_ = ssh.Unmarshal(asked.Rest, &name) // only some requests have one
	if asked.Request == "subsystem" && s.stops(AtSubsystem) {
		return false
	}
	program := s.program(asked.Request, name.Name)
	if ch.busy {
		program = nil
	}
	if asked.Answer {
		const success, failure = 99, 100
		number := byte(success)
		if program == nil {
			number = failure
		}
		if s.wire.write(ssh.Marshal(toChannel{Number: number, Channel: ch.theirs})) != nil {
			return false
		}
	}
	if program != nil {
		ch.busy = true
		programs.Go(func() { program(ch) })
	}
	return true
}

// program is what runs for a request; nil: nothing.
func (s *sshSession) program(request, name string) func(*sshChannel) {
	switch {
	case request == "env":
		return nil
	case s.NoSFTP && request == "subsystem", request == "subsystem" && name != "sftp":
		return nil
	case s.Forced != nil:
		return s.Forced.run
	case request == "subsystem":
		return s.serveFiles
	case request == "exec":
		return s.shell(name)
	default:
		return nil
	}
}

// shell runs a command as a shell would that knows few.
func (s *sshSession) shell(command string) func(*sshChannel) {
	ran := Command{Stdout: s.Noise, Stderr: s.Complaint}
	words := strings.Fields(command)
	switch {
	case len(words) == 0 || slices.Contains([]string{"true", ":", "exit"}, words[0]):
	case slices.Contains(words, "scp") && !s.NoSCP:
		ran.Stdout += "/usr/bin/scp\n" // asked for with command -v, which or type
	case words[0] == "command" || words[0] == "which" || words[0] == "type":
		ran.Exit = 1
	default:
		ran.Stderr += "sh: 1: " + words[0] + ": not found\n"
		ran.Exit = 127
	}
	return ran.run
}

func (c *Command) run(ch *sshChannel) {
	_, _ = io.WriteString(ch, c.Stdout)
	ch.complain(c.Stderr)
	if c.HangsUp {
		_ = ch.s.c.Close()
		return
	}
	if c.Mute {
		ch.hangUp()
		return
	}
	ch.exit(c.Exit)
}

// abandon ends what still runs once the visitor has gone.
func (s *sshSession) abandon() {
	_ = s.c.Close()
	for _, ch := range s.channels {
		ch.end()
		ch.close()
	}
}

// sshChannel is a session channel: what its program reads and writes.
type sshChannel struct {
	s      *sshSession
	theirs uint32 // the visitor's number of it
	piece  int    // the most that a message may carry
	busy   bool   // a program runs, or has run

	mu      sync.Mutex
	changed *sync.Cond
	unread  []byte
	ended   bool // nothing more will come
	room    int  // how much the visitor still takes
	closed  bool
}

func (ch *sshChannel) change(do func()) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	do()
	ch.changed.Broadcast()
}

func (ch *sshChannel) take(data []byte) { ch.change(func() { ch.unread = append(ch.unread, data...) }) }
func (ch *sshChannel) end()             { ch.change(func() { ch.ended = true }) }
func (ch *sshChannel) widen(n int)      { ch.change(func() { ch.room += n }) }
func (ch *sshChannel) close()           { ch.change(func() { ch.closed = true }) }

// Read returns what the visitor has sent, and makes room for more.
func (ch *sshChannel) Read(b []byte) (int, error) {
	ch.mu.Lock()
	for len(ch.unread) == 0 && !ch.ended {
		ch.changed.Wait()
	}
	n := copy(b, ch.unread)
	ch.unread = ch.unread[n:]
	ch.mu.Unlock()
	if n == 0 {
		return 0, io.EOF
	}
	ch.s.send(struct {
		Channel uint32 `sshtype:"93"`
		Bytes   uint32
	}{ch.theirs, uint32(n)})
	return n, nil
}

// Write sends as much as the visitor has room for, and then waits.
func (ch *sshChannel) Write(b []byte) (int, error) {
	total := 0
	for total < len(b) {
		n := ch.reserve(len(b) - total)
		if n == 0 {
			return total, io.ErrClosedPipe
		}
		sent := ch.s.send(struct {
			Channel uint32 `sshtype:"94"`
			Data    []byte
		}{ch.theirs, b[total : total+n]})
		if !sent {
			return total, io.ErrClosedPipe
		}
		total += n
	}
	return total, nil
}

// reserve takes room for at most n bytes. It returns zero when the channel is closed.
func (ch *sshChannel) reserve(n int) int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for ch.room == 0 && !ch.closed {
		ch.changed.Wait()
	}
	if ch.closed {
		return 0
	}
	n = min(n, ch.room, ch.piece)
	ch.room -= n
	return n
}

// complain writes to the error channel (RFC 4254, section 5.2).
func (ch *sshChannel) complain(text string) {
	const stderr = 1
	if text != "" {
		ch.s.send(struct {
			Channel uint32 `sshtype:"95"`
			Kind    uint32
			Data    string
		}{ch.theirs, stderr, text})
	}
}

// exit tells the status of the program and closes the channel (RFC 4254, section 6.10).
func (ch *sshChannel) exit(status uint32) {
	ch.s.send(struct {
		Channel uint32 `sshtype:"98"`
		Request string
		Answer  bool
		Status  uint32
	}{ch.theirs, "exit-status", false, status})
	ch.hangUp()
}

// hangUp closes the channel.
func (ch *sshChannel) hangUp() {
	for _, number := range []byte{sshChannelEOF, sshChannelClose} {
		_ = ch.s.wire.write(ssh.Marshal(toChannel{Number: number, Channel: ch.theirs}))
	}
}
