package probe

import (
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
	if !s.greeting(ctx, st) {
		return nil
	}
	if purpose == "" && !goesOn(s.ask(ctx, st, "FEAT", s.wait(replyLimit))) {
		return nil
	}
	if speaks == fact.FTP {
		st.quit(ctx)
		return nil
	}
	code := s.ask(ctx, st, "AUTH TLS", s.wait(replyLimit))
	// RFC 2228 section 3 has 234 and 334 for a server that is willing. Clients (curl, lib/ftp.c) begin TLS after either.
	if code != 234 && code != 334 {
		if goesOn(code) {
			st.quit(ctx)
		}
		return nil
	}
	secure, o := s.handshake(ctx, st, fact.Explicit, purpose, "QUIT\r\n")
	if secure != nil {
		_ = secure.Close()
	}
	return o
}

// implicit is the conversation with a port where TLS comes first.
func (s *Session) implicit(ctx context.Context, st *stream, purpose fact.Purpose) *fact.Observation {
	secure, o := s.handshake(ctx, st, fact.Implicit, purpose, "")
	if secure == nil {
		return o
	}
	defer func() { _ = secure.Close() }()
	if purpose != "" {
		return o
	}
	if s.opening(ctx, secure, "").Opening.Kind == fact.VoiceFTP && s.greeting(ctx, secure) &&
		goesOn(s.ask(ctx, secure, "FEAT", s.wait(replyLimit))) {
		secure.quit(ctx)
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
func (s *Session) greeting(ctx context.Context, st *stream) bool {
	for range 3 {
		if code := s.ask(ctx, st, "", s.wait(greetingLimit)); code/100 != 1 {
			return code/100 == 2
		}
	}
	return false
}

// ask sends a command, none for the greeting, and records the reply. It returns the reply's code; 0: no reply could be
// read. The limit holds for the whole reply, so that a trickle ends too.
func (s *Session) ask(ctx context.Context, st *stream, command string, limit time.Duration) int {
	what := "the greeting of " + st.wire.place
	if command != "" {
		what = "the reply of " + st.wire.place + " to " + command
	}
	step := s.begin("endpoints", st.wire.place, st.wire.conn, what, limit)
	st.wire.limit(ctx, limit)
	if command != "" {
		_, _ = io.WriteString(st, command+"\r\n") // an error shows again when the reply is read
	}
	code, lines, err := st.reply()
	step.Reply = &fact.Reply{Command: command, Code: code, Lines: fact.CleanLines(lines, maxLines), Encrypted: st.encrypted}
	step.end(ctx, err)
	if err != nil {
		return 0
	}
	return code
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
