package probe

import (
	"strings"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

func TestReadHead(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   fact.Web
		kind   fact.Kind
	}{
		"ordinary":       {"HTTP/1.1 301 Moved\r\nServer: x\r\nLocation: https://a/\r\nContent-Length: 9\r\n\r\n", fact.Web{Status: 301, Server: "x", Location: "https://a/"}, ""},
		"hints first":    {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", fact.Web{Status: 200}, ""},
		"escapes":        {"HTTP/1.1 200 OK\r\nServer: \x1b[31mred\r\n\r\n", fact.Web{}, fact.Garbled},
		"not a web page": {"220 hello\r\n", fact.Web{}, fact.Garbled},
		"too much":       {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHeader), fact.Web{}, fact.TooLong},
		"a line too far": {"HTTP/1.1 200 " + strings.Repeat("x", 2*maxHeader), fact.Web{}, fact.TooLong},
	} {
		var got fact.Web
		err := readHead(strings.NewReader(c.answer), "HEAD", &got)
		if failed := err != nil; failed != (c.kind != "") || failed && kind(err) != c.kind || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The server's clock is read from its answer, in UTC.
func TestDate(t *testing.T) {
	seen, _ := visit(t, lab.Web{TLS: &lab.TLS{Certificate: good().Make()}, Skew: time.Hour}, fact.HTTPS)
	web := seen[len(seen)-1].Web
	if web == nil || web.Status != 200 || web.Date == nil || web.Date.Sub(time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC)).Abs() > time.Second {
		t.Errorf("got %+v", web)
	}
	seen, _ = visit(t, lab.Web{TLS: &lab.TLS{Certificate: good().Make()}, NoDate: true}, fact.HTTPS)
	if web := seen[len(seen)-1].Web; web == nil || web.Date != nil {
		t.Errorf("without a clock: %+v", web)
	}
}
