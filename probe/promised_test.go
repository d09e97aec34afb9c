package probe

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		r    profile.Range
		want []int
	}{
		{profile.Range{}, nil},
		{profile.Range{First: 40000, Last: 40000}, []int{40000}},
		{profile.Range{First: 40000, Last: 40001}, []int{40000, 40001}},
		{profile.Range{First: 1, Last: 65535}, []int{10923, 32768, 54613}},
		{profile.Range{First: 40000, Last: 50000}, []int{41666, 45000, 48334}},
	} {
		if got := spread(c.r); !slices.Equal(got, c.want) {
			t.Errorf("of %v: %v, want %v", c.r, got, c.want)
		}
	}
}

// A few ports of the promised range are connected to, on one address, and only where nobody signs in by FTP.
func TestPromisedRange(t *testing.T) {
	for _, c := range []struct {
		name     string
		scenario string
		change   func(*Plan)
		want     int
	}{
		{"nobody signs in", "healthy-files-com", nil, mostPromised},
		{"silence", "healthy-files-com-passive-range-silent", nil, mostPromised},
		{"no password", "healthy-files-com", func(p *Plan) { p.Target.User = "jane" }, mostPromised},
		{"the password is kept back", "healthy-files-com", func(p *Plan) {
			p.Target.User, p.Password, p.ServerName = "jane", "correct horse", "other.example"
		}, mostPromised},
		{"somebody signs in", "healthy-files-com", func(p *Plan) { p.Target.User, p.Password = "jane", "correct horse" }, 0},
		{"SFTP alone", "healthy-files-com", func(p *Plan) { p.Target.Protocol = fact.SFTP }, 0},
		{"nothing is promised", "healthy-vsftpd", nil, 0},
		{"nothing answers", "host-silent", func(p *Plan) { p.Target.User, p.Password = "jane", "correct horse" }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scenario, _ := lab.Find(c.scenario)
				computer := scenario.Build()
				defer computer.Close()
				run := look(t, computer, scenario.Args[0], func(p *Plan) {
					p.Only = nil
					if c.change != nil {
						c.change(p)
					}
				})
				var addresses []netip.Addr
				for _, o := range run.Seen {
					if o.Dial == nil || o.Dial.Purpose != fact.PromisedPort {
						continue
					}
					place := netip.MustParseAddrPort(o.Endpoint)
					addresses = append(addresses, place.Addr())
					if place.Port() < 40000 || place.Port() > 50000 {
						t.Errorf("%s is not promised", place)
					}
				}
				if len(addresses) != c.want || len(slices.Compact(addresses)) > 1 {
					t.Errorf("connects to %v, want %d to one address", addresses, c.want)
				}
			})
		})
	}
}
