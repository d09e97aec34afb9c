package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// stream is what goes over a wire, in clear or inside TLS. Reading is buffered, so that first bytes can be looked at
// before a protocol is assumed.
type stream struct {
	net.Conn  // the wire, or TLS over it
	wire      *wire
	in        *bufio.Reader
	encrypted bool
	pinned    *pinned // the TLS session that data connections use again; nil: none is kept
	said      int     // how many bytes of the client's first words were said before their turn
}

// maxLine is the longest line that is read from a stranger. OpenSSH's client reads as much of a line before the
// identification (SSH_MAX_BANNER_LEN in its ssh.h).
const maxLine = 8 << 10

func newStream(c net.Conn, w *wire, encrypted bool) *stream {
	return &stream{Conn: c, wire: w, in: bufio.NewReaderSize(c, maxLine), encrypted: encrypted}
}

// Read returns what was looked at already, then what comes.
func (st *stream) Read(p []byte) (int, error) { return st.in.Read(p) }

// Write leaves out what was said before its turn.
func (st *stream) Write(p []byte) (int, error) {
	early := min(st.said, len(p))
	st.said -= early
	n, err := st.Conn.Write(p[early:])
	return early + n, err
}

// ahead is what has come and was not read yet.
func (st *stream) ahead() []byte {
	b, _ := st.in.Peek(st.in.Buffered())
	return b
}

// The waits of an opening.
const (
	quietLimit  = 5 * time.Second // of silence, before the client's first words are said unasked
	settleLimit = 2 * time.Second // from the first byte until it is plain what it begins
)

// opening waits for what the other side says first, and records it. Nothing is taken from the stream. Where the client
// has first words that it may say unasked, it does so after some silence: there are servers that wait for them.
func (s *Session) opening(ctx context.Context, st *stream, words string) *fact.Observation {
	limit := s.wait(greetingLimit)
	step := s.begin("endpoints", st.wire.place, st.wire.conn, "the greeting of "+st.wire.place, limit)
	step.Opening = &fact.Opening{Encrypted: st.encrypted}
	err := st.awaitFirst(ctx, limit, words)
	step.Opening.Nudged = st.said > 0 && err == nil
	if err == nil {
		st.wire.limit(ctx, settleLimit)
		st.awaitVoice()
	}
	seen := st.ahead()
	step.Opening.Kind, _ = classify(seen)
	step.Opening.Bytes, step.Opening.Lines = len(seen), firstLines(seen)
	step.end(ctx, err)
	return &step.Observation
}

// awaitFirst waits for the first byte.
func (st *stream) awaitFirst(ctx context.Context, limit time.Duration, words string) error {
	if words == "" {
		st.wire.limit(ctx, limit)
		_, err := st.in.Peek(1)
		return err
	}
	st.wire.limit(ctx, quietLimit)
	_, err := st.in.Peek(1)
	if err == nil || kind(err) != fact.Timeout || ctx.Err() != nil {
		return err
	}
	st.wire.limit(ctx, limit-quietLimit)
	st.said, _ = io.WriteString(st.Conn, words) // an error shows again when the answer is read
	_, err = st.in.Peek(1)
	return err
}

// awaitVoice waits until it is plain what the first bytes begin. Whatever ends the wait shows again later.
func (st *stream) awaitVoice() {
	for {
		if _, decided := classify(st.ahead()); decided {
			return
		}
		if _, err := st.in.Peek(st.in.Buffered() + 1); err != nil {
			return
		}
	}
}

// maxLines is how many lines of a stranger are kept.
const maxLines = 64

// firstLines shows the beginning of what came as lines, up to an SSH identification, behind which packets begin.
func firstLines(b []byte) []string {
	b = bytes.TrimRight(b[:min(len(b), 2<<10)], "\r\n")
	if len(b) == 0 {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(string(b), "\n") {
		lines = append(lines, strings.TrimRight(line, "\r"))
		if strings.HasPrefix(line, "SSH-") {
			break
		}
	}
	return fact.CleanLines(lines, 10)
}

// classify says to which protocol the first bytes belong, and whether that is sure, whatever bytes follow.
func classify(b []byte) (voice fact.Voice, decided bool) {
	switch {
	case len(b) == 0:
		return fact.VoiceNone, false
	case b[0] == recordAlert:
		return record(b, fact.VoiceAlert)
	case b[0] == recordHandshake:
		return record(b, fact.VoiceTLS)
	case '0' <= b[0] && b[0] <= '9':
		return classifyReply(b)
	case startsWith(b, "SSH-") || bytes.Contains(b, []byte("\nSSH-")):
		return fact.VoiceSSH, true // perhaps with a binary KEXINIT behind it
	case startsWith(b, "HTTP/"):
		return fact.VoiceHTTP, true
	case isPage(b):
		return fact.VoiceHTML, true
	case isBinary(b):
		return fact.VoiceBinary, true
	}
	return fact.VoiceText, false // more lines may come, and an SSH identification after them
}

// record recognises a TLS record by its type and the major version 3 (RFC 8446 section 5.1).
func record(b []byte, voice fact.Voice) (fact.Voice, bool) {
	if len(b) > 1 && b[1] != 3 {
		return fact.VoiceBinary, true
	}
	return voice, len(b) > 1
}

// classifyReply recognises an FTP reply: three digits, then a blank, a hyphen (RFC 959 section 4.2) or, from
// servers that say nothing more, the end of the line.
func classifyReply(b []byte) (fact.Voice, bool) {
	for i, c := range b[:min(len(b), 4)] {
		isDigit := '0' <= c && c <= '9'
		switch {
		case i < 3 && !isDigit, i == 3 && !bytes.ContainsRune([]byte(" -\r\n"), rune(c)):
			if isBinary(b) {
				return fact.VoiceBinary, true
			}
			return fact.VoiceText, true
		}
	}
	return fact.VoiceFTP, len(b) >= 4
}

// isPage recognises the beginning of an HTML page.
func isPage(b []byte) bool {
	b = bytes.ToLower(bytes.TrimLeft(b, " \t\r\n\xef\xbb\xbf"))
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body"} {
		if bytes.HasPrefix(b, []byte(tag)) {
			return true
		}
	}
	return false
}

// isBinary says whether there are control characters that no text has. Escape sequences count as text.
func isBinary(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool {
		return r < 0x20 && !strings.ContainsRune("\t\n\r\f\b\a\x1b", r)
	})
}

func startsWith(b []byte, text string) bool { return bytes.HasPrefix(b, []byte(text)) }

// breach is an error of which the conversation knows the kind, as the bytes themselves show it.
type breach struct {
	kind fact.Kind
	text string
}

func (b breach) Error() string { return b.text }

var (
	errTooLong = breach{fact.TooLong, "more came than this program reads"}
	errGarbled = breach{fact.Garbled, "what came is not an FTP reply"}
)

// line reads one line and cuts its end off. What came before an error is returned with it.
func (st *stream) line() (string, error) {
	b, err := st.in.ReadSlice('\n')
	text := strings.TrimRight(string(b), "\r\n")
	if errors.Is(err, bufio.ErrBufferFull) {
		err = errTooLong
	}
	return text, err
}
