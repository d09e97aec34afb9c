package probe

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// failedAt counts the sign-ins that the servers have refused, as they count them: every connection on which something was refused and
// nobody was let in.
func failedAt(run fact.Run) (count int) {
	for _, one := range run.Each() {
		refused, inside := map[int]bool{}, map[int]bool{}
		for _, o := range one.Seen {
			switch {
			case o.Auth != nil && o.Auth.Method != fact.AuthNone && (o.Auth.Answer == fact.AuthRefused || o.Auth.Answer == fact.AuthChange || o.Auth.Answer == ""):
				refused[o.Conn] = true
			case o.Reply != nil && o.Reply.Command == "PASS" && o.Reply.Code >= 400:
				refused[o.Conn] = true
			case o.WebLogin != nil && o.WebLogin.Outcome == fact.LoginDenied:
				count++
			case o.Login != nil && o.Login.Outcome == fact.Accepted:
				inside[o.Conn] = true
			}
		}
		for conn := range refused {
			if !inside[conn] {
				count++
			}
		}
	}
	return count
}

// Whatever is asked for, no more sign-ins fail than may.
func TestNoMoreSignInsFailThanMay(t *testing.T) {
	web := lab.Web{TLS: &lab.TLS{Certificate: lab.Certificate{Names: []string{there}}.Make()}, Sessions: &lab.Sessions{}}
	reached := map[int]bool{} // by how many may fail
	jane := map[string]lab.Account{"jane": {Keys: []lab.Key{lab.JaneEd25519}}}
	for name, servers := range map[string]struct {
		ssh lab.SSH
		ftp lab.FTP
	}{
		"nobody is let in":  {lab.SSH{}, lab.FTP{Welcome: "530 Login incorrect."}},
		"three tries":       {lab.SSH{MaxTries: 3}, lab.FTP{Welcome: "530 Login incorrect."}},
		"one try":           {lab.SSH{MaxTries: 1, Methods: []string{"publickey", "keyboard-interactive"}}, lab.FTP{Welcome: "421 Go away."}},
		"questions":         {lab.SSH{Methods: []string{"keyboard-interactive", "password"}}, lab.FTP{Welcome: "530 Login incorrect."}},
		"keys alone":        {lab.SSH{Users: jane}, lab.FTP{Welcome: "530 Login incorrect."}},
		"goodbye":           {lab.SSH{Users: map[string]lab.Account{"jane": {Goodbye: "no"}}}, lab.FTP{}},
		"FTP lets somebody": {lab.SSH{}, lab.FTP{}},
	} {
		for most := range 4 {
			for _, ask := range []bool{false, true} {
				for _, keys := range [][]lab.Key{nil, strangers(9), append(strangers(6), lab.JaneEd25519)} {
					t.Run(fmt.Sprintf("%s, %d, web %v, %d keys", name, most, ask, len(keys)), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							servers.ftp.TLS = certified(nil)
							c := world(certify(servers.ftp))
							defer c.Close()
							c.Internet.Listen(there, servers.ssh, 22)
							c.Internet.Listen(there, web, 443)
							run := enterWorld(t.Context(), c, func(p *Plan) {
								p.Target.Port, p.Target.Protocol, p.TrustAnyway = 0, "", true
								p.Profile = service()
								p.Profile.Ports = []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 22, Speaks: fact.SFTP}, {Number: 443, Speaks: fact.HTTPS}}
								p.Password, p.MaxFailedLogins, p.AskWeb, p.AllowPlaintext = "wrong", most, ask, true
								if strings.HasPrefix(name, "FTP") {
									p.Password = janes
								}
								p.Idle, p.Rounds, p.Every, p.Only, p.Timeout = 10*time.Second, 3, time.Minute, nil, time.Hour
								c.SSHAgents = []lab.SSHAgent{{Address: "/run/agent", Keys: keys}}
							})
							may := most
							if may == 0 {
								may = usualFailures
							}
							failed := failedAt(run)
							if failed > may {
								t.Errorf("%d sign-ins failed, and %d may", failed, may)
							}
							reached[most] = reached[most] || failed == may
							if !slices.ContainsFunc(run.Seen, func(o fact.Observation) bool { return o.Kex != nil }) {
								t.Error("SSH was not looked at")
							}
						})
					})
				}
			}
		}
	}
	for most := range 4 {
		if !reached[most] {
			t.Errorf("of %d sign-ins that may fail, fewer always did: this test shows nothing", most)
		}
	}
}
