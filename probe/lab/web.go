package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Web is a web server. The zero Web answers 200 in clear.
type Web struct {
	TLS      *TLS // nil: in clear
	Status   int  // zero: 200
	Server   string
	Location string
	Body     string
	Skew     time.Duration // its clock runs ahead by this much
	NoDate   bool
	Sessions *Sessions // users can sign in; nil: they cannot
}

func (w Web) serve(c *conn) {
	if w.TLS == nil {
		w.talk(c)
		return
	}
	secure, err := w.TLS.server(c)
	if err != nil {
		return
	}
	w.talk(secure)
	_ = secure.Close()
}

// talk answers requests until the visitor goes.
func (w Web) talk(c net.Conn) {
	in := bufio.NewReader(io.LimitReader(c, 64<<10))
	for {
		request, err := in.ReadString('\n')
		if err != nil {
			return
		}
		method, rest, _ := strings.Cut(strings.TrimSpace(request), " ")
		if !strings.Contains(rest, " HTTP/1.") {
			w.refuse(c)
			return
		}
		header, err := textproto.NewReader(in).ReadMIMEHeader()
		if err != nil {
			w.refuse(c)
			return
		}
		last := header.Get("Connection") == "close" || w.Sessions != nil && w.Sessions.HangsUp
		if path, _, _ := strings.Cut(rest, " "); w.Sessions != nil && path == sessionsPath {
			err = w.session(c, in, method, header, last)
		} else {
			err = w.answer(c, method)
		}
		if err != nil || last {
			return
		}
	}
}

// refuse is what web servers say to other protocols, a ClientHello on a plain port for one.
func (w Web) refuse(c io.Writer) {
	_, _ = fmt.Fprintf(c, "HTTP/1.1 400 Bad Request\r\nServer: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", w.name())
}

// session answers a request to the interface for sessions.
func (w Web) session(c io.Writer, in *bufio.Reader, method string, header textproto.MIMEHeader, last bool) error {
	size, _ := strconv.Atoi(header.Get("Content-Length"))
	body := make([]byte, min(max(size, 0), 16<<10))
	if _, err := io.ReadFull(in, body); err != nil {
		return err
	}
	if raw := w.Sessions.Raw; raw != "" {
		_, _ = io.WriteString(c, raw)
		return io.EOF
	}
	p := w.Sessions.answer(method, header, body)
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nServer: %s\r\n%s", p.status, reasons[p.status], w.name(), p.header)
	if p.status != 204 {
		head += fmt.Sprintf("Content-Type: %s; charset=utf-8\r\nContent-Length: %d\r\n", p.kind, len(p.body))
	}
	if last {
		head += "Connection: close\r\n"
	}
	_, err := io.WriteString(c, head+"\r\n"+p.body)
	return err
}

func (w Web) answer(c io.Writer, method string) error {
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\nServer: %s\r\n", w.status(), reasons[w.status()], w.name())
	if !w.NoDate {
		date := time.Now().Add(w.Skew).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		fmt.Fprintf(&head, "Date: %s\r\n", date)
	}
	if w.Location != "" {
		fmt.Fprintf(&head, "Location: %s\r\n", w.Location)
	}
	fmt.Fprintf(&head, "Content-Type: text/html\r\nContent-Length: %d\r\n\r\n", len(w.Body))
	if method != "HEAD" {
		head.WriteString(w.Body)
	}
	_, err := io.WriteString(c, head.String())
	return err
}

var reasons = map[int]string{
	200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
	407: "Proxy Authentication Required", 422: "Unprocessable Content", 429: "Too Many Requests", 503: "Service Unavailable", 511: "Network Authentication Required",
}

func (w Web) status() int {
	if w.Status == 0 {
		return 200
	}
	return w.Status
}

func (w Web) name() string {
	if w.Server == "" {
		return "nginx"
	}
	return w.Server
}
