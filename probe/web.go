package probe

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// maxHeader bounds what is read of a web server's answer.
const maxHeader = 64 << 10

// web is the conversation with the web port, the control beside the FTP ports: its certificate, and its clock.
func (s *Session) web(ctx context.Context, st *stream, purpose fact.Purpose) *fact.Observation {
	secure, o := s.handshake(ctx, st, fact.WebTLS, purpose, s.request("HEAD"))
	if secure == nil {
		return o
	}
	defer func() { _ = secure.Close() }()
	if purpose == "" {
		s.webAnswer(ctx, secure, "endpoints", "HEAD", purpose, s.wait(replyLimit))
	}
	return o
}

// request asks for the first page (RFC 9112 section 3).
func (s *Session) request(method string) string {
	host := s.serverName()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s / HTTP/1.1\r\nHost: %s\r\nUser-Agent: ftpdoctor\r\nAccept: */*\r\nConnection: close\r\n\r\n", method, host)
}

// webAnswer records the head of the answer to a request that was sent.
func (s *Session) webAnswer(ctx context.Context, st *stream, check, method string, purpose fact.Purpose, limit time.Duration) {
	step := s.begin(check, st.wire.place, st.wire.conn, "the web server of "+st.wire.place, limit)
	step.Web = &fact.Web{Purpose: purpose}
	st.wire.limit(ctx, limit)
	err := readHead(st, method, step.Web)
	step.end(ctx, err)
}

// readHead reads the head of an answer, those that only announce it (1xx) passed over. The body stays unread.
func readHead(r io.Reader, method string, seen *fact.Web) error {
	limited := &io.LimitedReader{R: r, N: maxHeader}
	in := bufio.NewReader(limited)
	for {
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		switch {
		case err != nil && limited.N <= 0:
			return errTooLong
		case err != nil && kind(err) == fact.Other:
			return breach{fact.Garbled, err.Error()}
		case err != nil:
			return err
		case response.StatusCode/100 == 1:
			continue
		}
		describeWeb(response, seen)
		return nil
	}
}

func describeWeb(response *http.Response, seen *fact.Web) {
	seen.Status = response.StatusCode
	seen.Server = fact.Clean(response.Header.Get("Server"))
	seen.Location = fact.Clean(response.Header.Get("Location"))
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		date = date.UTC()
		seen.Date = &date
	}
}
