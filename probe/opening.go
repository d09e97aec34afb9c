package probe

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"strings"

	"ftpdoctor/probe/fact"
)

// stream is what goes over a wire, in clear or inside TLS. Reading is buffered, so that first bytes can be looked at
// before a protocol is assumed.
type stream struct {
	net.Conn  // the wire, or TLS over it
	wire      *wire
	in        *bufio.Reader
	encrypted bool
}

// maxLine is the longest line that is read from a stranger. OpenSSH's client reads as much of a line before the
// identification (SSH_MAX_BANNER_LEN in its ssh.h).
const maxLine = 8 << 10

func newStream(c net.Conn, w *wire, encrypted bool) *stream {
	return &stream{Conn: c, wire: w, in: bufio.NewReaderSize(c, maxLine), encrypted: encrypted}
}

// Read returns what was looked at already, then what comes.
func (st *stream) Read(p []byte) (int, error) { return st.in.Read(p) }

// ahead is what has come and was not read yet.
func (st *stream) ahead() []byte {
	b, _ := st.in.Peek(st.in.Buffered())
	return b
}

// opening waits for what the other side says first, and records it. Nothing is taken from the stream.
func (s *Session) opening(ctx context.Context, st *stream) *fact.Observation {
	limit := s.wait(greetingLimit)
	step := s.begin("endpoints", st.wire.place, st.wire.conn, "the greeting of "+st.wire.place, limit)
	st.wire.limit(ctx, limit)
	voice, decided := classify(nil)
	var err error
	for !decided && err == nil {
		_, err = st.in.Peek(st.in.Buffered() + 1)
		voice, decided = classify(st.ahead())
	}
	seen := st.ahead()
	step.Opening = &fact.Opening{Kind: voice, Bytes: len(seen), Encrypted: st.encrypted, Lines: firstLines(seen)}
	if len(seen) > 0 {
		err = nil // something came: what it is worth is a matter of what follows
	}
	step.end(ctx, err)
	return &step.Observation
}

// maxLines is how many lines of a stranger are kept.
const maxLines = 64

// firstLines shows the beginning of what came as lines. A binary rest stays visible as escapes.
func firstLines(b []byte) []string {
	b = bytes.TrimRight(b[:min(len(b), 2<<10)], "\r\n")
	if len(b) == 0 {
		return nil
	}
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	return fact.CleanLines(lines, 10)
}

// classify says to which protocol the first bytes belong, and whether further bytes could not change that.
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
	case isBinary(b):
		return fact.VoiceBinary, true
	case startsWith(b, "SSH-") || bytes.Contains(b, []byte("\nSSH-")):
		return fact.VoiceSSH, true
	case startsWith(b, "HTTP/"):
		return fact.VoiceHTTP, true
	case isPage(b):
		return fact.VoiceHTML, true
	}
	return fact.VoiceText, !couldBecome(b)
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

// couldBecome says whether too little has come to tell one protocol from another.
func couldBecome(b []byte) bool {
	trimmed := bytes.TrimLeft(b, " \t\r\n\xef\xbb\xbf")
	return len(b) < 5 && (startsWith([]byte("SSH-"), string(b)) || startsWith([]byte("HTTP/"), string(b))) ||
		len(trimmed) < 9 && (len(trimmed) == 0 && len(b) < 64 || len(trimmed) > 0 && trimmed[0] == '<')
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
	if err == bufio.ErrBufferFull {
		err = errTooLong
	}
	return text, err
}
