package probe

import (
	"testing"

	"ftpdoctor/probe/fact"
)

func TestNeedsControl(t *testing.T) {
	const a21, a22, a990 = "198.51.100.7:21", "198.51.100.7:22", "198.51.100.7:990"
	dial := func(conn int, place string, kind fact.Kind) fact.Observation {
		o := fact.Observation{Check: "endpoints", Endpoint: place, Conn: conn, Dial: &fact.Dial{}}
		if kind != "" {
			o.Failure = &fact.Failure{Kind: kind}
		}
		return o
	}
	opening := func(conn int, line string) fact.Observation {
		return fact.Observation{Check: "endpoints", Conn: conn, Opening: &fact.Opening{Lines: []string{line}}}
	}
	reply := func(conn, code int) fact.Observation {
		return fact.Observation{Check: "endpoints", Conn: conn, Reply: &fact.Reply{Code: code}}
	}
	plain := func(conn int, line string) fact.Observation {
		return fact.Observation{Check: "endpoints", Conn: conn, Failure: &fact.Failure{Kind: fact.NotTLS}, TLS: &fact.TLS{Plain: []string{line}}}
	}
	ident := fact.Observation{Check: "endpoints", Conn: 2, Ident: &fact.Ident{Line: "SSH-2.0-x"}}
	kex := fact.Observation{Check: "endpoints", Conn: 2, Kex: &fact.Kex{}}

	for name, c := range map[string]struct {
		seen []fact.Observation
		want string // the address; empty: no control
	}{
		"nothing was tried":       {nil, ""},
		"everything is dropped":   {[]fact.Observation{dial(1, a21, fact.Dropped), dial(2, a22, fact.Dropped)}, "198.51.100.7"},
		"all that is open hangs":  {[]fact.Observation{dial(1, "203.0.113.1:21", fact.Dropped), dial(2, a22, "")}, "198.51.100.7"},
		"a healthy server":        {[]fact.Observation{dial(1, a21, ""), opening(1, "220 hi"), reply(1, 220), dial(2, a22, ""), opening(2, "SSH-2.0-x"), ident, kex}, ""},
		"a server that is full":   {[]fact.Observation{dial(1, a21, ""), opening(1, "421 full"), reply(1, 421)}, ""},
		"one port in working":     {[]fact.Observation{dial(1, a21, ""), opening(1, "220 hi"), reply(1, 220), dial(2, a22, fact.Dropped)}, ""},
		"the same words all over": {[]fact.Observation{dial(1, a21, ""), opening(1, "220 hi"), reply(1, 220), dial(2, a22, ""), opening(2, "220 hi"), dial(3, a990, ""), plain(3, "220 hi")}, "198.51.100.7"},
		"two ways to one server":  {[]fact.Observation{dial(1, a21, ""), opening(1, "220 hi"), reply(1, 220), dial(2, "198.51.100.7:3021", ""), opening(2, "220 hi"), reply(2, 220)}, ""},
		"pages all over":          {[]fact.Observation{dial(1, a21, ""), opening(1, "HTTP/1.1 400"), dial(2, a22, ""), opening(2, "HTTP/1.1 400")}, "198.51.100.7"},
	} {
		address, why := needsControl(c.seen)
		if got := address.IsValid(); got != (c.want != "") || got && address.String() != c.want || got == (why != "") {
			t.Errorf("%s: %v, %q", name, address, why)
		}
	}
}
