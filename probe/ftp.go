package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// nudgeLimit is how long a silent port has to answer a ClientHello. A server that awaits one answers
// within a round trip.
const nudgeLimit = 5 * time.Second

// goodbyeLimit is how long a goodbye may take to be sent.
const goodbyeLimit = 2 * time.Second

// ftp is the conversation with a server that has begun to greet in clear: greeting, FEAT and, where encryption is
// wanted, AUTH TLS and the handshake (RFC 4217 section 12).
func (s *Session) ftp(ctx context.Context, st *stream, speaks fact.Protocol, purpose fact.Purpose) *fact.Observation {
	if !s.greeting(ctx, st, speaks) {
		return nil
	}
	if purpose == "" && !goesOn(s.ask(ctx, st, "FEAT", s.wait(replyLimit))) {
		return nil
	}
	if speaks == fact.FTP {
		s.part(ctx, st, fact.FTP, nil)
		return nil
	}
	code := s.ask(ctx, st, "AUTH TLS", s.wait(replyLimit))
	// RFC 2228 section 3 has 234 and 334 for a server that is willing. Clients (curl, lib/ftp.c) begin TLS after either.
	if code != 234 && code != 334 {
		if goesOn(code) {
			s.part(ctx, st, fact.FTP, nil)
		}
		return nil
	}
	if s.signsIn(byFTP) && purpose == "" {
		return s.secure(ctx, st)
	}
	secure, o := s.handshake(ctx, st, fact.Explicit, purpose, "QUIT\r\n")
	if secure != nil {
		_ = secure.Close()
	}
	return o
}

// secure goes on inside TLS where a user may sign in. FEAT is what the client says first then, so that a server that
// wants a client certificate can refuse.
func (s *Session) secure(ctx context.Context, st *stream) *fact.Observation {
	secure, o := s.handshake(ctx, st, fact.Explicit, "", "FEAT\r\n")
	if secure == nil {
		return o
	}
	if code, _, _ := s.say(ctx, secure, "endpoints", "FEAT", "", s.wait(replyLimit)); goesOn(code) {
		s.part(ctx, secure, fact.FTPES, o)
	}
	return o
}

// implicit is the conversation with a port where TLS comes first.
func (s *Session) implicit(ctx context.Context, st *stream, purpose fact.Purpose) *fact.Observation {
	secure, o := s.handshake(ctx, st, fact.Implicit, purpose, "")
	if secure == nil {
		return o
	}
	if purpose == "" && s.opening(ctx, secure, "").Opening.Kind == fact.VoiceFTP && s.greeting(ctx, secure, fact.FTPS) &&
		goesOn(s.ask(ctx, secure, "FEAT", s.wait(replyLimit))) {
		s.part(ctx, secure, fact.FTPS, o)
	}
	if !st.wire.lent {
		_ = secure.Close()
	}
	return o
}

// nudge breaks the silence of a port with a ClientHello: a port of implicit TLS completes the handshake, a web server
// answers 400.
func (s *Session) nudge(ctx context.Context, st *stream) {
	if secure, _ := s.handshake(ctx, st, fact.Nudge, "", ""); secure != nil {
		_ = secure.Close()
	}
}

// greeting records the greeting, and says whether the server welcomes us. A 120 announces that it will
// do so later (RFC 959 section 5.4).
func (s *Session) greeting(ctx context.Context, st *stream, speaks fact.Protocol) bool {
	for range 3 {
		code := s.ask(ctx, st, "", s.wait(greetingLimit))
		if code >= 400 {
			s.offer(ctx, byFTP, st.wire, ending{protocol: speaks, unfit: fact.TurnedAway})
		}
		if code/100 != 1 {
			return code/100 == 2
		}
	}
	return false
}

// ask sends a command, none for the greeting, and records the reply. It returns the reply's code; 0: no reply could be
// read.
func (s *Session) ask(ctx context.Context, st *stream, command string, limit time.Duration) int {
	code, _, err := s.say(ctx, st, "endpoints", command, command, limit)
	if err != nil {
		return 0
	}
	return code
}

// say sends a line, none to listen only, and records the reply as that to a command. The limit holds for the whole
// reply, so that a trickle ends too.
func (s *Session) say(ctx context.Context, st *stream, check, command, line string, limit time.Duration) (code int, lines []string, err error) {
	what := "the greeting of " + st.wire.place
	if command != "" {
		what = "the reply of " + st.wire.place + " to " + command
	}
	step := s.begin(check, st.wire.place, st.wire.conn, what, limit)
	st.wire.mark()
	st.wire.limit(ctx, limit)
	if line != "" {
		_, _ = io.WriteString(st, line+"\r\n") // an error shows again when the reply is read
	}
	encrypted := st.encrypted
	code, lines, err = st.reply()
	if clear := st.clear(ctx, err); clear != nil {
		code, lines, _ = clear.reply()
		encrypted, err = false, breach{fact.NotTLS, err.Error()}
	}
	recorded := lines
	if check != "endpoints" {
		recorded = s.withoutSecrets(lines)
	}
	step.Reply = &fact.Reply{Command: fact.Clean(command), Code: code, Lines: fact.CleanLines(recorded, maxLines), Encrypted: encrypted}
	step.end(ctx, err)
	if code == 227 || code == 229 {
		return code, lines, err // a password of digits must not spoil the numbers of a passive port
	}
	return code, recorded, err
}

// clear returns what broke an encrypted stream because it came in clear; nil: something else did, or nothing. There are
// servers that say so why they hang up (vsftpd 3.0.3: "500 OOPS: cannot change directory").
func (st *stream) clear(ctx context.Context, err error) *stream {
	if err == nil || !st.encrypted {
		return nil
	}
	came, _ := st.wire.raw()
	_, clear := readRecords(came)
	if voice, _ := classify(clear); voice != fact.VoiceFTP {
		return nil
	}
	st.wire.limit(ctx, settleLimit) // the sentence may come in pieces
	return &stream{in: bufio.NewReaderSize(io.MultiReader(bytes.NewReader(clear), st.wire), maxLine)}
}

// goesOn says whether a server that gave this reply is still there: 421 is its goodbye (RFC 959 section 5.4).
func goesOn(code int) bool { return code != 0 && code != 421 }

// quit says goodbye and does not wait for the answer.
func (st *stream) quit(ctx context.Context) {
	st.wire.limit(ctx, goodbyeLimit)
	_, _ = io.WriteString(st, "QUIT\r\n")
}

// The bounds of a reply. The longest that servers send, HELP and long welcomes, have a tenth of it.
const (
	maxReplyLines = 200
	maxReplyBytes = 64 << 10
)

// reply reads one reply (RFC 959 section 4.2) and returns its lines without the code. With an error it
// returns what had come until then.
func (st *stream) reply() (code int, lines []string, err error) {
	first, err := st.line()
	code, text, ok := cutCode(first)
	switch {
	case first == "" && err != nil:
		return 0, nil, err
	case errors.Is(err, errTooLong):
		return 0, []string{first}, err
	case !ok:
		return 0, []string{first}, errGarbled
	case errors.Is(err, io.EOF) && first[3:] != "" && first[3] == ' ':
		return code, []string{text}, nil // a goodbye without a line end is one nevertheless
	case err != nil:
		return code, []string{text}, err
	}
	lines, size := []string{text}, len(text)
	for more := strings.HasPrefix(first[3:], "-"); more; {
		line, err := st.line()
		if err != nil {
			return code, lines, err
		}
		if again, rest, ok := cutCode(line); ok && again == code {
			more = strings.HasPrefix(line[3:], "-")
			line = rest
		}
		lines = append(lines, line)
		size += len(line)
		if len(lines) > maxReplyLines || size > maxReplyBytes {
			return code, lines, errTooLong
		}
	}
	return code, lines, nil
}

// cutCode splits a line into its code and its text. Some servers send a code and nothing else.
func cutCode(line string) (code int, text string, ok bool) {
	if voice, _ := classifyReply([]byte(line)); voice != fact.VoiceFTP || len(line) < 3 {
		return 0, "", false
	}
	code, err := strconv.Atoi(line[:3])
	return code, line[min(len(line), 4):], err == nil // Pure-FTPd's welcome goes on with hyphens of its own
}
