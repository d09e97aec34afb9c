package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// afterSignIn is what was seen once the user was in, without what the server told unasked.
func afterSignIn(run fact.Run) []string {
	told := toldBySSH(run)
	i := slices.IndexFunc(told, func(line string) bool { return strings.HasPrefix(line, "login ") })
	return slices.DeleteFunc(told[i+1:], func(line string) bool { return line == "host keys 1" })
}

func TestAfterTheSignIn(t *testing.T) {
	writes := func(p *Plan, _ *lab.Computer) { p.Write = true }
	in := func(folder string, write bool) func(*Plan, *lab.Computer) {
		return func(p *Plan, _ *lab.Computer) { p.Target.Folder, p.Write = folder, write }
	}
	session, subsystem, hello, where, list := "channel session", "channel subsystem", "sftp init 3", "sftp realpath", "sftp list 3"
	started := []string{session, subsystem, hello, where}
	listed := append(slices.Clone(started), list)
	file := []string{"sftp upload", "sftp download", "sftp delete"}
	files := slices.Concat(listed, file, file)
	shell := "Welcome to example.org, the server of examples"
	for name, c := range map[string]struct {
		server lab.SSH
		change func(*Plan, *lab.Computer)
		want   []string
	}{
		"lists":             {lab.SSH{}, nil, listed},
		"writes":            {lab.SSH{}, writes, files},
		"reads another":     {lab.SSH{SFTP: lab.SFTP{Replaces: true}}, writes, append(slices.Clone(listed), "sftp upload", "sftp download differs", "sftp delete")},
		"read only":         {lab.SSH{SFTP: lab.SFTP{ReadOnly: true}}, writes, append(slices.Clone(listed), "sftp upload status 3 Permission denied")},
		"disk full":         {lab.SSH{SFTP: lab.SFTP{Room: 1}}, writes, append(slices.Clone(listed), "sftp upload status 4 Failure", "sftp delete")},
		"quota":             {lab.SSH{SFTP: lab.SFTP{Room: 8 << 10, Full: 15}}, writes, slices.Concat(listed, file, []string{"sftp upload status 15 Quota exceeded", "sftp delete"})},
		"home missing":      {lab.SSH{SFTP: lab.SFTP{Home: "/home/jane"}}, nil, append(slices.Clone(started), "sftp list status 2 No such file")},
		"home forbidden":    {lab.SSH{SFTP: lab.SFTP{Forbidden: []string{"/"}}}, nil, append(slices.Clone(started), "sftp list status 3 Permission denied")},
		"folder":            {lab.SSH{SFTP: lab.SFTP{Folder: "/web"}}, in("/web", true), slices.Concat(started, []string{"sftp list"}, file, file)},
		"folder missing":    {lab.SSH{}, in("nowhere", true), append(slices.Clone(started), "sftp list status 2 No such file", "skip the transfer test")},
		"long folder":       {lab.SSH{SFTP: lab.SFTP{Crowd: 800}}, nil, append(slices.Clone(started), "sftp list 803")},
		"endless folder":    {lab.SSH{SFTP: lab.SFTP{Endless: true, Names: []string{"a", "\x1b[31mb"}}}, writes, slices.Concat(started, []string{"sftp list 1000"}, file, file)},
		"no session":        {lab.SSH{RefusesSession: 1}, nil, []string{"channel session refused 1 open failed"}},
		"no SFTP":           {lab.SSH{NoSFTP: true, Forced: nil}, nil, []string{session, "channel subsystem refused 0", session, `channel exec exit 0 closed stdout ["/usr/bin/scp"]`}},
		"no SFTP, hangs up": {lab.SSH{NoSFTP: true, Forced: &lab.Command{Stdout: "bye\n", HangsUp: true}}, nil, []string{session, "channel subsystem refused 0", session, `channel exec closed stdout ["bye"] !closed`}},
		"noise":             {lab.SSH{Noise: shell}, nil, []string{session, "channel subsystem stdout [\"" + shell + "\"]", "sftp init 3 noise [\"" + shell + "\"] !garbled"}},
		"one letter":        {lab.SSH{Noise: "x"}, nil, []string{session, `channel subsystem stdout ["x"]`, `sftp init 3 noise ["x"] !garbled`}},
		"another command":   {lab.SSH{Forced: &lab.Command{Stdout: "This service allows sftp connections only.\r\n", Stderr: "ah", Exit: 1}}, nil, []string{session, `channel subsystem exit 1 closed stdout ["This service allows sftp connections only."] stderr ["ah"]`, `sftp init 0 noise ["This service allows sftp connections only."] !closed`}},
		"hangs up":          {lab.SSH{Forced: &lab.Command{Stdout: "A B O R T E D\n!! Internal error I01 - please try again later.\n", HangsUp: true}}, nil, []string{session, `channel subsystem stdout ["A B O R T E D" "!! Internal error I01 - please try again later."]`, `sftp init 0 noise ["A B O R T E D" "!! Internal error I01 - please try again later."] !closed`}},
		"no status":         {lab.SSH{NoSFTP: true, Forced: &lab.Command{Mute: true}}, nil, []string{session, "channel subsystem refused 0", session, "channel exec closed"}},
		"no end":            {lab.SSH{NoSFTP: true, Noise: strings.Repeat("noise\n", 1<<20)}, nil, []string{session, "channel subsystem refused 0", session, `channel exec stdout [` + strings.Repeat(`"noise" `, maxOutput) + `"… 321 more lines"]`}},
		"no word":           {lab.SSH{Forced: &lab.Command{Mute: true}}, nil, []string{session, "channel subsystem closed", "sftp init 0 !closed", session, "channel exec closed"}},
		"another version":   {lab.SSH{SFTP: lab.SFTP{Version: 2}}, nil, []string{session, subsystem, "sftp init 2 !garbled"}},
		"no packet":         {lab.SSH{SFTP: lab.SFTP{Raw: "\x00\x00\x00\x00"}}, nil, []string{session, `channel subsystem stdout ["\\x00\\x00\\x00\\x00"]`, `sftp init 0 noise ["\\x00\\x00\\x00\\x00"] !garbled`}},
		"an endless packet": {lab.SSH{SFTP: lab.SFTP{Raw: "\xff\xff\xff\xff\x02"}}, nil, []string{session, `channel subsystem stdout ["\\xff\\xff\\xff\\xff\\x02"]`, `sftp init 0 noise ["\\xff\\xff\\xff\\xff\\x02"] !garbled`}},
	} {
		t.Run(name, func(t *testing.T) {
			run := enterSSH(t, c.server, c.change)
			if got := afterSignIn(run); !slices.Equal(got, c.want) {
				t.Errorf("saw\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
			checkBounds(t, run)
		})
	}
}

// A server that goes silent, or hangs up, at any moment ends its own step, and soon. Nothing of this program lives on.
func TestAnSSHServerThatStops(t *testing.T) {
	const methods = "publickey password keyboard-interactive"
	for stage := lab.AtLines; stage <= lab.AtDelete; stage++ {
		for _, hang := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, hang %v", stage, hang), func(t *testing.T) {
				server := lab.SSH{EndAfter: stage, Hang: hang, Before: []string{"Hello"}, Methods: strings.Fields(methods)}
				if stage == lab.AtPassword {
					server.Methods = server.Methods[:2]
				}
				var took time.Duration
				var run fact.Run
				synctest.Test(t, func(t *testing.T) {
					c := world(server)
					defer c.Close()
					began := time.Now()
					run = enterSSHWorld(t.Context(), c, func(p *Plan, c *lab.Computer) {
						with(janes, lab.JaneEd25519)(p, c)
						p.Write = true
					})
					took = time.Since(began)
				})
				if took > time.Minute || run.Stopped != "" {
					t.Errorf("the run took %v", took)
				}
				var failed []string
				for _, o := range run.Seen {
					if o.Failure != nil && o.Endpoint == there+":2100" && o.Login == nil {
						failed = append(failed, string(o.Failure.Kind))
					}
				}
				if len(failed) == 0 || hang && failed[0] != string(fact.Timeout) || !hang && failed[0] == string(fact.Timeout) {
					t.Errorf("the failures are %q in\n\t%s", failed, strings.Join(toldBySSH(run), "\n\t"))
				}
				login := loginOf(t, run).Login
				want := fact.Broken
				switch {
				case stage < lab.AtNewKeys:
					want = fact.NotSent
				case stage > lab.AtInside:
					want = fact.Accepted
				}
				if stage != lab.AtInside && stage != lab.AtNewKeys && login.Outcome != want {
					t.Errorf("the login is %+v, want %s", login, want)
				}
			})
		}
	}
}

// A run that is stopped in the middle of an upload deletes the file.
func TestAnUploadThatIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := world(lab.SSH{})
		defer c.Close()
		c.Internet.RTT = 400 * time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(12*time.Second, cancel)
		run := enterSSHWorld(ctx, c, func(p *Plan, _ *lab.Computer) { p.Write = true })
		told := toldBySSH(run)
		if last := told[len(told)-2:]; !slices.Equal(last, []string{"sftp upload", "sftp delete"}) {
			t.Errorf("saw %q", told)
		}
		if left := c.Internet.Hosts; run.Stopped != fact.ByUser || len(left) == 0 {
			t.Errorf("the run was stopped by %q", run.Stopped)
		}
	})
}

// The tap reads the same, however the bytes are cut.
func FuzzPacketTap(f *testing.F) {
	packet := func(body string) string { return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body }
	f.Add([]byte(packet("\x02\x00\x00\x00\x03\x00\x00\x00\x01a\x00\x00\x00\x01b")), 1)
	f.Add([]byte(packet("\x65\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x02no\x00\x00\x00\x00")+packet("\x68\x00\x00\x00\x01\x00\x00\x00\x09")), 3)
	f.Add([]byte("Welcome\x00\x00\x00\x05\x02\x00\x00\x00\x03"), 2)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		whole, pieces := &packetTap{}, &packetTap{}
		feed(whole, b, len(b))
		feed(pieces, b, size)
		code, text := whole.refusal()
		version, extensions := whole.version()
		if c, x := pieces.refusal(); c != code || x != text {
			t.Errorf("refused with %d %q and %d %q", code, text, c, x)
		}
		if v, e := pieces.version(); v != version || !slices.Equal(e, extensions) {
			t.Errorf("version %d %q and %d %q", version, extensions, v, e)
		}
		if whole.names != pieces.names || len(whole.packet) > maxKept || len(whole.head) > maxClip || len(extensions) > maxExtensions {
			t.Errorf("names %d and %d, kept %d and %d", whole.names, pieces.names, len(whole.packet), len(whole.head))
		}
	})
}

func feed(tap *packetTap, b []byte, size int) {
	size = max(1, size)
	for len(b) > 0 {
		n := min(size, len(b))
		tap.in = strings.NewReader(string(b[:n]))
		_, _ = tap.Read(make([]byte, n))
		b = b[n:]
	}
}

// A server that answers what no server should neither ends this program nor makes it keep much.
func TestAbsurdAnswersOfSFTP(t *testing.T) {
	const (
		opens, closes, reads, writes      = 3, 4, 5, 6
		opensFolder, readsFolder, removes = 11, 12, 13
		finds                             = 16
	)
	ok, strange := "\x65\x00\x00\x00\x00", "\x7f"
	short, many := "\x68\xff\xff", "\x68\xff\xff\xff\xff\x00\x00\x00\x01a"
	long := "\x68\x00\x00\x00\x01\x00\x03\x00\x00" + strings.Repeat("a", 3<<16) + "\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, sftp := range map[string]lab.SFTP{
		"opened without a handle":  {Instead: map[byte]string{opens: ok}},
		"found without a name":     {Instead: map[byte]string{finds: ok}},
		"a folder without one":     {Instead: map[byte]string{opensFolder: ok}},
		"a listing without one":    {Instead: map[byte]string{readsFolder: ok}},
		"read without data":        {Instead: map[byte]string{reads: ok}},
		"too much data":            {Instead: map[byte]string{reads: "\x67\x00\x03\x00\x00" + strings.Repeat("x", 3<<16)}},
		"less data than announced": {Instead: map[byte]string{reads: "\x67\xff\xff\xff\xffx"}},
		"short":                    {Instead: map[byte]string{finds: short, readsFolder: short, opens: short, opensFolder: short}},
		"short names":              {Instead: map[byte]string{readsFolder: short}},
		"many names":               {Instead: map[byte]string{finds: many, readsFolder: many}},
		"long names":               {Instead: map[byte]string{readsFolder: long}},
		"strange":                  {Instead: map[byte]string{opens: strange, closes: strange, reads: strange, writes: strange, removes: strange}},
		"closed never":             {Instead: map[byte]string{closes: "\x65\x00\x00\x00\x04"}},
		"not asked":                {WrongIDs: true},
	} {
		t.Run(name, func(t *testing.T) {
			run := enterSSH(t, lab.SSH{SFTP: sftp}, func(p *Plan, _ *lab.Computer) { p.Write = true })
			if login := loginOf(t, run).Login; login.Outcome != fact.Accepted || run.Took > fact.MillisOf(time.Minute) {
				t.Errorf("the login is %+v, and the run took %v", login, run.Took.Duration())
			}
			if text := strings.Join(afterSignIn(run), "\n"); strings.Contains(text, "!other") || !strings.Contains(text, "sftp realpath") {
				t.Errorf("saw\n%s", text)
			}
			for _, o := range run.Seen {
				if o.SFTP != nil && o.SFTP.Entries > maxListing>>17 && name == "long names" {
					t.Errorf("%d long names were kept", o.SFTP.Entries)
				}
			}
			checkBounds(t, run)
		})
	}
}
