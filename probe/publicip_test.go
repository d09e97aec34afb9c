package probe

import (
	"strings"
	"testing"
	"testing/synctest"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// What a DNS server answers to the question for the address of whoever asks.
func TestPublicIP(t *testing.T) {
	for _, c := range []struct {
		name    string
		typed   string
		zone    []string
		address string
		failure fact.Kind
	}{
		{"an address", "me.example@192.0.2.53", []string{"me.example. 0 IN A 192.0.2.77"}, "192.0.2.77", ""},
		{"a text", "me.example@192.0.2.53", []string{`me.example. 0 IN TXT "192.0.2.77"`}, "192.0.2.77", ""},
		{"a server by name", "me.example@dns.example", []string{"me.example. 0 IN A 192.0.2.77"}, "192.0.2.77", ""},
		{"no address", "me.example@192.0.2.53", []string{`me.example. 0 IN TXT "who are you"`}, "", fact.BadAnswer},
		{"no such name", "you.example@192.0.2.53", []string{"me.example. 0 IN A 192.0.2.77"}, "", fact.BadAnswer},
		{"nobody there", "me.example@192.0.2.54", nil, "", fact.Timeout},
		{"no such server", "me.example@nowhere.example", nil, "", fact.Other},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := world(certify(lab.FTP{TLS: certified(nil)}))
				defer w.Close()
				w.Internet.Listen("192.0.2.53", &lab.DNS{Zone: c.zone}, 53)
				w.Hosts = "192.0.2.53 dns.example\n"
				asked, err := ParseWhoami(c.typed)
				if err != nil {
					t.Fatal(err)
				}
				run := enterWorld(t.Context(), w, func(p *Plan) { p.PublicIP, p.Only = asked, []string{"public-ip"} })
				for _, o := range run.Seen {
					if o.PublicIP == nil {
						continue
					}
					if o.PublicIP.Address != c.address || o.PublicIP.Service != c.typed || c.failure != "" && !o.Failed(c.failure) || c.failure == "" && o.Failure != nil {
						t.Errorf("got %+v, %+v", o.PublicIP, o.Failure)
					}
					return
				}
				t.Error("nobody was asked")
			})
		})
	}
}

func TestParseWhoami(t *testing.T) {
	for _, typed := range []string{"", "@", "name", "name@", "@server", "na me@server", "name@ser\x1bver", strings.Repeat("a.", 200) + "@server"} {
		if w, err := ParseWhoami(typed); err == nil {
			t.Errorf("%q is taken as %v", typed, w)
		}
	}
}
