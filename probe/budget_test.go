package probe

import (
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// Where one sign-in may fail, FTP goes first, whichever of the two is there sooner: it gives reasons in words.
func TestFTPGoesFirst(t *testing.T) {
	for name, c := range map[string]struct {
		welcome  string // of FTP to the right password
		protocol fact.Protocol
		ftp, ssh fact.Outcome // empty: nobody tried
	}{
		"both refuse":        {"530 Login incorrect.", "", fact.LoginDenied, fact.NotSent},
		"FTP lets in":        {"", "", fact.Accepted, fact.LoginDenied},
		"SSH alone is tried": {"", fact.SFTP, "", fact.LoginDenied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := world(certify(lab.FTP{TLS: certified(nil), Welcome: c.welcome}))
				defer w.Close()
				w.Internet.Listen(there, lab.SSH{Users: map[string]lab.Account{"jane": {Denied: true}}}, 2200)
				began := time.Now()
				run := enterWorld(t.Context(), w, func(p *Plan) {
					p.Target.Port, p.Target.Protocol, p.Only, p.MaxFailedLogins, p.TrustAnyway = 0, c.protocol, nil, 1, true
					p.Profile = profile.Profile{Name: "mine", Ports: []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 2200, Speaks: fact.SFTP}}}
				})
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("it took %v", took)
				}
				got := map[fact.Protocol]fact.Outcome{}
				for _, o := range run.Seen {
					if o.Login != nil {
						got[o.Login.Protocol] = o.Login.Outcome
					}
				}
				if got[fact.FTPES] != c.ftp || got[fact.SFTP] != c.ssh {
					t.Errorf("FTP %q, SSH %q; want %q, %q", got[fact.FTPES], got[fact.SFTP], c.ftp, c.ssh)
				}
			})
		})
	}
}
