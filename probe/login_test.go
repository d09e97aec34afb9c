package probe

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// janes is the password that the servers of the lab know for jane.
const janes = "correct horse"

// certified is the TLS of a server. It gets its certificate in the bubble, whose clock is another one.
func certified(change func(*lab.TLS)) *lab.TLS {
	secure := &lab.TLS{}
	if change != nil {
		change(secure)
	}
	return secure
}

// certify gives a server the certificate of the one address.
func certify(server lab.FTP) lab.FTP {
	if server.TLS != nil {
		secure := *server.TLS
		secure.Certificate = lab.Certificate{Names: []string{there}}.Make()
		server.TLS = &secure
	}
	return server
}

// enter signs jane in at a server, and returns what was seen.
func enter(t *testing.T, server lab.FTP, change func(*Plan)) (run fact.Run, c *lab.Computer) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c = world(certify(server))
		defer c.Close()
		run = enterWorld(t.Context(), c, change)
	})
	return run, c
}

func enterWorld(ctx context.Context, c *lab.Computer, change func(*Plan)) fact.Run {
	plan := Plan{
		Target:         fact.Target{Host: there, Port: 2100, Protocol: fact.FTPES, User: "jane"},
		Password:       janes,
		PassiveSamples: 2,
		Roots:          c.Roots(),
		Only:           []string{"endpoints", "login"},
		Timeout:        time.Minute,
	}
	if change != nil {
		change(&plan)
	}
	return Run(ctx, plan, c, nil)
}

// loginOf is the attempt to sign in.
func loginOf(t *testing.T, run fact.Run) fact.Observation {
	t.Helper()
	for _, o := range run.Seen {
		if o.Login != nil {
			return o
		}
	}
	t.Fatal("nobody tried to sign in")
	return fact.Observation{}
}

// transfersOf tells the transfers of a run in short.
func transfersOf(run fact.Run) (found []string) {
	for _, o := range run.Seen {
		if x := o.Transfer; x != nil {
			text := fmt.Sprintf("%s %s %s %d", x.Work, x.Command, x.Mode, x.Code)
			for word, is := range map[string]bool{" resumed": x.Resumed, " differs": x.Differs} {
				if is {
					text += word
				}
			}
			if o.Failure != nil {
				text += " !" + string(o.Failure.Kind)
			}
			found = append(found, text)
		}
	}
	return found
}

// connectionsOf counts the connections of a run by purpose.
func connectionsOf(run fact.Run) map[fact.Purpose]int {
	count := map[fact.Purpose]int{}
	for _, o := range run.Seen {
		if o.Dial != nil && o.Endpoint != there+":443" {
			count[o.Dial.Purpose]++
		}
	}
	return count
}

func TestSignIn(t *testing.T) {
	reuse := func(s *lab.TLS) { s.DemandsReuse = true }
	lists := []string{"list LIST epsv 226 resumed", "list LIST pasv 226 resumed"}
	for name, c := range map[string]struct {
		server    lab.FTP
		transfers []string
	}{
		"explicit":      {lab.FTP{TLS: certified(nil)}, append(slices.Clone(lists), "list LIST epsv 226")},
		"reuse":         {lab.FTP{TLS: certified(reuse)}, append(slices.Clone(lists), "list LIST epsv 522")},
		"machine lists": {lab.FTP{Brand: lab.ProFTPD, TLS: certified(nil)}, []string{"list MLSD epsv 226 resumed", lists[1], "list MLSD epsv 226"}},
		"no EPSV":       {lab.FTP{TLS: certified(nil), Replies: map[string]string{"EPSV": "500 what?"}}, []string{lists[1], "list LIST pasv 226"}},
		"EPSV swallowed": {
			lab.FTP{TLS: certified(nil), Ignores: []string{"EPSV"}},
			[]string{lists[1], "list LIST pasv 226"},
		},
		"EPSV answered late": {
			lab.FTP{TLS: certified(nil), Waits: map[string]time.Duration{"EPSV": replyLimit + time.Second}},
			[]string{lists[1], "list LIST pasv 226"},
		},
		"no passive port": {
			lab.FTP{TLS: certified(nil), Replies: map[string]string{"EPSV": "500 what?", "PASV": "425 no port left"}},
			[]string{"list LIST pasv 425"},
		},
		"nonsense": {
			lab.FTP{TLS: certified(nil), Replies: map[string]string{"EPSV": "229 here", "PASV": "227 there"}},
			[]string{"list LIST pasv 0 !garbled"},
		},
		"no permission": {
			lab.FTP{TLS: certified(nil), Replies: map[string]string{"LIST": "550 no"}},
			[]string{"list LIST epsv 550", "list LIST pasv 550"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := enter(t, c.server, nil)
			if o := loginOf(t, run); o.Login.Outcome != fact.Accepted || o.Failure != nil || o.Endpoint != spot || o.Login.Protocol != fact.FTPES {
				t.Errorf("the login is %+v, %+v", o, o.Login)
			}
			if got := transfersOf(run); !slices.Equal(got, c.transfers) {
				t.Errorf("transfers\n%q, want\n%q", got, c.transfers)
			}
			count := connectionsOf(run)
			if count[""] != 1 || count[fact.DataLink]+count[fact.WithoutReuse] > 3 || count[fact.SampleLink] > 2 {
				t.Errorf("connections %v", count)
			}
			checkBounds(t, run)
		})
	}
}

func TestSignInIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		server   lab.FTP
		outcome  fact.Outcome
		code     int
		commands []string
	}{
		"wrong password": {lab.FTP{TLS: certified(nil), Password: "another"}, fact.LoginDenied, 530, []string{"USER", "PASS"}},
		"no such user":   {lab.FTP{TLS: certified(nil), Replies: map[string]string{"USER": "530 who?"}}, fact.LoginDenied, 530, []string{"USER"}},
		"needs account":  {lab.FTP{TLS: certified(nil), Replies: map[string]string{"USER": "332 account?"}}, fact.LoginDenied, 332, []string{"USER"}},
		"asks again":     {lab.FTP{TLS: certified(nil), Replies: map[string]string{"PASS": "331 password?"}}, fact.LoginDenied, 331, []string{"USER", "PASS"}},
		"goodbye":        {lab.FTP{TLS: certified(nil), Replies: map[string]string{"PASS": "421 too many"}}, fact.LoginDenied, 421, []string{"USER", "PASS"}},
		"in clear":       {lab.FTP{TLS: certified(nil), Replies: map[string]string{"PASS": "500 OOPS: no home"}}, fact.LoginDenied, 500, []string{"USER", "PASS"}},
		"hangs up":       {lab.FTP{TLS: certified(nil), HangsUpOn: "PASS"}, fact.Broken, 0, []string{"USER", "PASS"}},
		"silent":         {lab.FTP{TLS: certified(nil), SilentOn: "USER"}, fact.Broken, 0, []string{"USER"}},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := enter(t, c.server, nil)
			o := loginOf(t, run)
			if o.Login.Outcome != c.outcome || (o.Failure != nil) != (c.outcome == fact.Broken) {
				t.Errorf("the login is %+v, %+v", o.Login, o.Failure)
			}
			var commands []string
			var last *fact.Observation
			for i := range run.Seen {
				if o := &run.Seen[i]; o.Check == "login" && o.Reply != nil {
					commands, last = append(commands, o.Reply.Command), o
				}
			}
			if !slices.Equal(commands, c.commands) || last == nil || last.Reply.Code != c.code {
				t.Errorf("commands %q, the last reply %+v", commands, last)
			}
			if got := transfersOf(run); len(got) > 0 {
				t.Errorf("transfers %q", got)
			}
		})
	}
}

// A sentence in clear within TLS is quoted as such.
func TestLastWordsInClear(t *testing.T) {
	run, _ := enter(t, lab.FTP{TLS: certified(nil), Replies: map[string]string{"PASS": "500 OOPS: no home"}}, nil)
	for _, o := range run.Seen {
		if o.Reply != nil && o.Reply.Command == "PASS" {
			if o.Reply.Encrypted || !o.Failed(fact.NotTLS) || !slices.Equal(o.Reply.Lines, []string{"OOPS: no home"}) {
				t.Errorf("the reply is %+v, %+v", o.Reply, o.Failure)
			}
			return
		}
	}
	t.Error("no reply to PASS")
}

func TestPasswordIsWithheld(t *testing.T) {
	other := func(p *Plan) { p.ServerName = "other.example.org" }
	plain := func(p *Plan) { p.AllowPlaintext = true }
	for name, c := range map[string]struct {
		server lab.FTP
		change func(*Plan)
		want   fact.Withheld
	}{
		"bad certificate":     {lab.FTP{TLS: certified(nil)}, other, fact.BadCert},
		"trusted anyway":      {lab.FTP{TLS: certified(nil)}, func(p *Plan) { other(p); p.TrustAnyway = true }, ""},
		"no encryption":       {lab.FTP{Brand: lab.FileZilla}, nil, fact.NoEncryption},
		"asked for in clear":  {lab.FTP{TLS: certified(nil)}, func(p *Plan) { p.Target.Protocol = fact.FTP }, fact.NoEncryption},
		"allowed in clear":    {lab.FTP{Brand: lab.FileZilla}, plain, ""},
		"turned away":         {lab.FTP{TLS: certified(nil), Greeting: "421 too many connections"}, nil, fact.TurnedAway},
		"no way in":           {lab.FTP{TLS: certified(func(s *lab.TLS) { s.HangUp = true })}, nil, fact.NoWayIn},
		"no password":         {lab.FTP{TLS: certified(nil)}, func(p *Plan) { p.Password = "" }, fact.NoPassword},
		"no greeting at all":  {lab.FTP{TLS: certified(nil), SilentAfter: 1, First: "120 soon"}, nil, fact.NoWayIn},
		"hangs up after AUTH": {lab.FTP{TLS: certified(nil), HangsUpOn: "AUTH"}, nil, fact.NoWayIn},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := enter(t, c.server, c.change)
			o := loginOf(t, run)
			if o.Login.Withheld != c.want || (o.Login.Outcome == fact.NotSent) != (c.want != "") {
				t.Errorf("the login is %+v", o.Login)
			}
			for _, o := range run.Seen {
				if o.Reply != nil && (o.Reply.Command == "USER" || o.Reply.Command == "PASS") && c.want != "" {
					t.Errorf("%s was sent", o.Reply.Command)
				}
			}
			if n := connectionsOf(run)[""]; n != 1 {
				t.Errorf("%d control connections", n)
			}
		})
	}
}

// However far a server goes before it says nothing any more, or hangs up, the run ends in time, and the step at which that
// happened has failed.
func TestSilenceAtEveryStep(t *testing.T) {
	for after := 1; ; after++ {
		server := lab.FTP{Brand: lab.ProFTPD, TLS: certified(nil), SilentAfter: after}
		run, _ := enter(t, server, func(p *Plan) { p.Write = true })
		if run.Took > 60_000 || run.Stopped != "" {
			t.Errorf("after %d replies: %v ms, %q", after, run.Took, run.Stopped)
		}
		failed := slices.IndexFunc(run.Seen, func(o fact.Observation) bool {
			return o.Reply != nil && o.Failed(fact.Timeout)
		})
		if failed < 0 {
			if after < 38 { // greeting, FEAT, AUTH ... DELE
				t.Errorf("after %d replies nothing failed", after)
			}
			return
		}
		checkBounds(t, run)
	}
}

func TestHangUpAtEveryCommand(t *testing.T) {
	for command := range strings.FieldsSeq("FEAT AUTH USER PASS TYPE PBSZ PROT PWD EPSV PASV MLSD LIST SIZE STOR RETR DELE") {
		t.Run(command, func(t *testing.T) {
			run, _ := enter(t, lab.FTP{Brand: lab.ProFTPD, TLS: certified(nil), HangsUpOn: command}, func(p *Plan) { p.Write = true })
			if run.Took > 30_000 || run.Stopped != "" {
				t.Errorf("%v ms, %q", run.Took, run.Stopped)
			}
			var last string
			for _, o := range run.Seen {
				if o.Reply != nil && o.Failure != nil {
					last = verb(o.Reply.Command)
				}
			}
			if last != command {
				t.Errorf("the step that failed is %q", last)
			}
		})
	}
}

// What a server echoes is cut, wherever it does so.
func TestPasswordIsNeverRecorded(t *testing.T) {
	for command := range strings.FieldsSeq("USER PASS TYPE PBSZ PROT PWD EPSV PASV LIST QUIT") {
		for _, code := range []string{"230", "530-you said\n530", "150", "227", "500 OOPS:"} {
			run, _ := enter(t, lab.FTP{TLS: certified(nil), Replies: map[string]string{command: code + " " + janes}}, nil)
			text, err := json.Marshal(run)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), janes) {
				t.Errorf("the reply %s to %s holds the password", code, command)
			}
		}
	}
}

// A password that is a part of many sentences and numbers does not spoil the session.
func TestPasswordOfOrdinaryWords(t *testing.T) {
	for _, password := range []string{"1", "0", "password", "Passive", "ok"} {
		server := lab.FTP{Password: password, TLS: certified(nil)}
		run, _ := enter(t, server, func(p *Plan) { p.Password = password })
		if o := loginOf(t, run); o.Login.Outcome != fact.Accepted {
			t.Errorf("%q: the login was %s", password, o.Login.Outcome)
		}
		plain, _ := enter(t, lab.FTP{TLS: certified(nil)}, nil)
		if got, want := transfersOf(run), transfersOf(plain); !slices.Equal(got, want) {
			t.Errorf("%q: the transfers are %q, with another password %q", password, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	all := []string{
		"upload STOR epsv 226 resumed", "download RETR epsv 226 resumed",
		"upload STOR epsv 226 resumed", "download RETR epsv 226 resumed",
	}
	for name, c := range map[string]struct {
		server lab.FTP
		want   []string
	}{
		"all well":     {lab.FTP{TLS: certified(nil)}, all},
		"TLS 1.2":      {lab.FTP{TLS: certified(func(s *lab.TLS) { s.Max = 0x303; s.DemandsReuse = true })}, all},
		"read only":    {lab.FTP{TLS: certified(nil), Replies: map[string]string{"STOR": "553 no"}}, []string{"upload STOR epsv 553"}},
		"disk full":    {lab.FTP{TLS: certified(nil), Room: 100 << 10}, []string{all[0], all[1], "upload STOR epsv 451 resumed !reset"}},
		"name exists":  {lab.FTP{TLS: certified(nil), Replies: map[string]string{"SIZE": "213 5"}}, nil},
		"cut download": {lab.FTP{TLS: certified(nil), CutAfter: 1000}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			run, computer := enter(t, c.server, func(p *Plan) { p.Write = true })
			got := slices.DeleteFunc(transfersOf(run), func(s string) bool { return strings.HasPrefix(s, "list") })
			if c.want != nil && !slices.Equal(got, c.want) {
				t.Errorf("transfers\n%q, want\n%q", got, c.want)
			}
			if left := computer.Left(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// Whenever a run is interrupted, it ends at once and leaves no file behind.
func TestInterruptedWriteCleansUp(t *testing.T) {
	server := lab.FTP{TLS: certified(nil)}
	for at := 500 * time.Millisecond; at < 3*time.Second; at += 37 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			c := world(certify(server))
			defer c.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(at, cancel)
			run := enterWorld(ctx, c, func(p *Plan) { p.Write = true })
			if left := c.Left(); len(left) > 0 {
				t.Errorf("interrupted after %v, left behind: %q", at, left)
			}
			if over := run.Took.Duration() - at; over > finishLimit {
				t.Errorf("interrupted after %v, the run went on for %v", at, over)
			}
		})
	}
}

// A candidate that comes first in order is waited for, but not for long.
func TestCandidatesInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		wait time.Duration // of the first one's greeting
		want string
	}{
		"the first is slower":   {settle / 2, spot},
		"the first is too slow": {10 * time.Second, there + ":2101"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				computer := world(certify(lab.FTP{TLS: certified(nil), Wait: c.wait}))
				defer computer.Close()
				computer.Internet.Listen(there, certify(lab.FTP{TLS: certified(nil)}), 2101)
				run := enterWorld(t.Context(), computer, func(p *Plan) {
					p.Target.Port = 0
					p.Profile = profile.Profile{Ports: []profile.Port{{Number: 2100, Speaks: fact.FTPES}, {Number: 2101, Speaks: fact.FTPES}}}
				})
				if o := loginOf(t, run); o.Endpoint != c.want || o.Login.Outcome != fact.Accepted {
					t.Errorf("at %s: %+v", o.Endpoint, o.Login)
				}
				if n := connectionsOf(run)[""]; n != 2 {
					t.Errorf("%d control connections", n)
				}
			})
		})
	}
}

func TestWithoutEndpointsNobodySignsIn(t *testing.T) {
	run, _ := enter(t, lab.FTP{TLS: certified(nil)}, func(p *Plan) { p.Only = []string{"login"} })
	for _, o := range run.Seen {
		if o.Skip == nil {
			t.Errorf("seen %+v", o)
		}
	}
	run, _ = enter(t, lab.FTP{TLS: certified(nil)}, func(p *Plan) { p.Only, p.Target.Protocol = []string{"endpoints", "login"}, fact.SFTP })
	if !slices.ContainsFunc(run.Seen, func(o fact.Observation) bool { return o.Check == "login" && o.Skip != nil }) {
		t.Error("nothing says why nobody signed in")
	}
}

// The server announces an address of its own network, another public one, or one on which nobody answers.
func TestAnnouncedAddress(t *testing.T) {
	for name, c := range map[string]struct {
		announce string
		dialled  []string // by the listing with PASV
	}{
		"its own":        {"", []string{there}},
		"private":        {"10.0.0.5", []string{there}},
		"this computer":  {"127.0.0.1", []string{there}},
		"none":           {"0.0.0.0", []string{there}},
		"another public": {"198.51.100.99", []string{"198.51.100.99", there}},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := enter(t, lab.FTP{TLS: certified(nil), Announce: c.announce}, nil)
			var tried []string
			var x fact.Transfer
			for _, o := range run.Seen {
				if o.Transfer != nil && o.Transfer.Mode == fact.PASV {
					x = *o.Transfer
				}
			}
			want, _ := netip.ParseAddrPort(x.Announced)
			for _, o := range run.Seen {
				if place, err := netip.ParseAddrPort(o.Endpoint); err == nil && o.Dial != nil && o.Dial.Purpose == fact.DataLink && place.Port() == want.Port() {
					tried = append(tried, place.Addr().String())
				}
			}
			if !slices.Equal(tried, c.dialled) || x.Code != 226 || c.announce != "" && want.Addr().String() != c.announce {
				t.Errorf("tried %q for %+v", tried, x)
			}
		})
	}
}

func TestAnnounced(t *testing.T) {
	control := netip.MustParseAddr(there)
	for _, c := range []struct {
		code int
		text string
		want string
	}{
		{227, "Entering Passive Mode (198,51,100,7,156,64).", "198.51.100.7:40000"},
		{227, "=198,51,100,7,0,21", "198.51.100.7:21"},
		{227, "Entering Passive Mode (198,51,100,256,1,1)", ""},
		{227, "Entering Passive Mode", ""},
		{229, "Entering Extended Passive Mode (|||40001|)", there + ":40001"},
		{229, "Entering Extended Passive Mode (!!!40001!)", there + ":40001"},
		{229, "Entering Extended Passive Mode (|||70000|)", ""},
		{229, "ok", ""},
		{200, "(|||40001|)", ""},
	} {
		got := announced(c.code, []string{c.text}, control)
		if got.IsValid() != (c.want != "") || c.want != "" && got.String() != c.want {
			t.Errorf("%d %s is read as %v", c.code, c.text, got)
		}
	}
}

func FuzzAnnounced(f *testing.F) {
	f.Add(227, "Entering Passive Mode (198,51,100,7,156,64).")
	f.Add(229, "Entering Extended Passive Mode (|||40001|)")
	f.Fuzz(func(t *testing.T, code int, text string) {
		control := netip.MustParseAddr(there)
		got := announced(code, []string{text}, control)
		if got.IsValid() && code != 227 && code != 229 || code == 229 && got.IsValid() && got.Addr() != control {
			t.Errorf("%d %q is read as %v", code, text, got)
		}
		if got.IsValid() && len(targets(got, control)) == 0 {
			t.Errorf("%v leads nowhere", got)
		}
	})
}

func TestActiveMode(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.FTP
		alone  bool // nobody can connect to the computer
		want   string
	}{
		"works":          {lab.FTP{TLS: certified(func(s *lab.TLS) { s.DemandsReuse = true })}, false, "list LIST eprt 226 resumed"},
		"no EPRT":        {lab.FTP{TLS: certified(nil), Replies: map[string]string{"EPRT": "500 what?"}}, false, "list LIST port 226 resumed"},
		"not here":       {lab.FTP{TLS: certified(nil), Replies: map[string]string{"EPRT": "500 no", "PORT": "501 no"}}, false, "list LIST port 501"},
		"nobody comes":   {lab.FTP{TLS: certified(nil)}, true, "list LIST eprt 0 !timeout"},
		"gives up early": {lab.FTP{TLS: certified(nil), Patience: time.Second}, true, "list LIST eprt 425"},
		"no listing":     {lab.FTP{TLS: certified(nil), HangsUpOn: "PORT", Replies: map[string]string{"EPRT": "500 what?"}}, false, "list LIST port 0 !closed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				computer := world(certify(c.server))
				computer.DropsVisitors = c.alone
				defer computer.Close()
				got := transfersOf(enterWorld(t.Context(), computer, func(p *Plan) { p.Active = true }))
				if len(got) < 3 || got[2] != c.want {
					t.Errorf("transfers %q, want %q", got, c.want)
				}
			})
		})
	}
}

// With --allow-plaintext a device that reads along shows in a second sign-in, in clear.
func TestCompareInClear(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.FTP
		want   []string // the outcomes of the logins and the last transfer
	}{
		"both ways": {lab.FTP{TLS: certified(nil)}, []string{"ftpes accepted", "ftp accepted", "list LIST pasv 226"}},
		"TLS only":  {lab.FTP{TLS: certified(nil), DemandsTLS: true}, []string{"ftpes accepted", "ftp refused", "list LIST epsv 226"}},
	} {
		t.Run(name, func(t *testing.T) {
			run, _ := enter(t, c.server, func(p *Plan) { p.AllowPlaintext = true })
			var got []string
			for _, o := range run.Seen {
				if o.Login != nil {
					got = append(got, string(o.Login.Protocol)+" "+string(o.Login.Outcome))
				}
			}
			transfers := transfersOf(run)
			if got = append(got, transfers[len(transfers)-1]); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if n := connectionsOf(run)[fact.InClear]; n != 1 {
				t.Errorf("%d connections in clear", n)
			}
		})
	}
}

func TestSignInWithImplicitTLS(t *testing.T) {
	run, _ := enter(t, lab.FTP{TLS: certified(nil), Implicit: true}, func(p *Plan) { p.Target.Protocol = fact.FTPS })
	if o := loginOf(t, run); o.Login.Protocol != fact.FTPS || o.Login.Outcome != fact.Accepted {
		t.Errorf("the login is %+v", o.Login)
	}
	if got := transfersOf(run); len(got) != 3 || got[0] != "list LIST epsv 226 resumed" {
		t.Errorf("transfers %q", got)
	}
}

// Every step follows the one before at once. To be signed in takes 13 round trips: connect, greeting, FEAT, AUTH, TLS 1.3,
// FEAT, USER, PASS, FEAT, TYPE, PBSZ, PROT, PWD. A listing takes five: EPSV, connect, LIST, TLS, and the data, behind which the
// last reply comes.
func TestRoundTripsOfASignIn(t *testing.T) {
	run, _ := enter(t, lab.FTP{TLS: certified(nil)}, func(p *Plan) { p.PassiveSamples = 0 })
	if want := fact.Millis((13 + 3*5) * 40); run.Took != want {
		t.Errorf("took %v ms, want %v", run.Took, want)
	}
}

// A folder with more files than anybody reads is no fault.
func TestLongListing(t *testing.T) {
	c := &dataConn{dialogue: &dialogue{ctx: t.Context(), until: time.Now().Add(time.Minute)}}
	near, far := net.Pipe()
	c.wire = newWire(t.Context(), near, spot, 1)
	const size = 2 * maxListing
	go func() {
		_, _ = far.Write(make([]byte, size))
		_ = far.Close()
	}()
	seen, err := io.ReadAll(c)
	if err != nil || len(seen) > maxListing || c.moved != size {
		t.Errorf("%d of %d bytes seen, %v", len(seen), c.moved, err)
	}
}

// A listing that never ends, and a server that never stops announcing, end within the deadline of an ordinary run.
func TestEndlessAnswers(t *testing.T) {
	for name, serve := range map[string]func(say func(string), command string) bool{
		"preliminary replies": func(say func(string), command string) bool {
			for range 50 {
				say("150 soon\r\n")
			}
			return command != "LIST"
		},
		"replies without a question": func(say func(string), command string) bool {
			say("200 fine\r\n200 fine\r\n227 (203,0,113,21,1,1)\r\n")
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := visitPipe(t, func(c net.Conn) {
				in := bufio.NewReader(c)
				say := func(text string) { _, _ = io.WriteString(c, text) }
				say("220 hello\r\n")
				for {
					line, err := in.ReadString('\n')
					switch command := verb(strings.TrimRight(line, "\r\n")); {
					case err != nil:
						return
					case command == "FEAT":
						say("211 none\r\n")
					case command == "USER":
						say("230 in\r\n")
					case !serve(say, command):
						return
					}
				}
			}, fact.FTP, signedInClear)
			if len(seen) > 60 {
				t.Errorf("%d facts", len(seen))
			}
		})
	}
}

func signedInClear(p *Plan) {
	p.Target.User, p.Password, p.AllowPlaintext = "jane", janes, true
	p.Write, p.PassiveSamples, p.Timeout = true, 64, time.Minute
	p.Only = []string{"endpoints", "login"}
}
