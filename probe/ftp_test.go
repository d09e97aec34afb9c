package probe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

func readReply(text string) (int, []string, error) {
	st := &stream{in: bufio.NewReaderSize(strings.NewReader(text), maxLine)}
	return st.reply()
}

func TestReply(t *testing.T) {
	for _, c := range []struct {
		text  string
		code  int
		lines []string
		err   error
	}{
		{"220 ready\r\n", 220, []string{"ready"}, nil},
		{"220 ready\n", 220, []string{"ready"}, nil},
		{"220\r\n", 220, []string{""}, nil},
		{"421 busy", 421, []string{"busy"}, nil},
		{"220-one\r\n two\r\n220-three\r\n221 four\r\n220 five\r\n", 220, []string{"one", " two", "three", "221 four", "five"}, nil},
		{"220-one\r\n", 220, []string{"one"}, io.EOF},
		{"", 0, nil, io.EOF},
		{"hello\r\n", 0, []string{"hello"}, errGarbled},
		{"99 x\r\n", 0, []string{"99 x"}, errGarbled},
		{"220 " + strings.Repeat("x", maxLine), 0, []string{"220 " + strings.Repeat("x", maxLine-4)}, errTooLong},
	} {
		code, lines, err := readReply(c.text)
		if code != c.code || !slices.Equal(lines, c.lines) || !errors.Is(err, c.err) {
			t.Errorf("%.40q: %d %.40q %v, want %d %.40q %v", c.text, code, lines, err, c.code, c.lines, c.err)
		}
	}
	if _, lines, err := readReply("220-x\r\n" + strings.Repeat("\r\n", 1<<20)); !errors.Is(err, errTooLong) || len(lines) != maxReplyLines+1 {
		t.Errorf("an endless reply: %d lines, %v", len(lines), err)
	}
	if _, _, err := readReply("220-x\r\n" + strings.Repeat(strings.Repeat("x", maxLine-2)+"\r\n", 100)); !errors.Is(err, errTooLong) {
		t.Errorf("a heavy reply: %v", err)
	}
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"220 x\r\n", "220-x\r\n220 y\r\n", "421", "220", "22", "\xff\x00\r\n", "220-\n220-\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, lines, err := readReply(text)
		if len(lines) > maxReplyLines+1 {
			t.Fatalf("%d lines", len(lines))
		}
		if err == nil && (code < 0 || code > 999 || len(lines) == 0) {
			t.Fatalf("%q is read as %d %q", text, code, lines)
		}
	})
}

// replies lists the commands and codes of a conversation.
func replies(seen []fact.Observation) (commands []string, codes []int) {
	for _, o := range seen {
		if o.Reply != nil {
			commands, codes = append(commands, o.Reply.Command), append(codes, o.Reply.Code)
		}
	}
	return commands, codes
}

func TestReplies(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.FTP
		speaks fact.Protocol
		codes  []int
	}{
		"no encryption":          {lab.FTP{Brand: lab.FileZilla}, fact.FTPES, []int{220, 211, 502}},
		"none wanted":            {lab.FTP{}, fact.FTP, []int{220, 211}},
		"wait first":             {lab.FTP{First: "120 soon"}, fact.FTP, []int{120, 220, 211}},
		"busy":                   {lab.FTP{Greeting: "421 full"}, fact.FTPES, []int{421}},
		"banned":                 {lab.FTP{Greeting: "500-no\n500 go away"}, fact.FTPES, []int{500}},
		"no features":            {lab.FTP{Feat: "500 what?"}, fact.FTPES, []int{220, 500, 530}},
		"goodbye to FEAT":        {lab.FTP{Feat: "421 bye"}, fact.FTPES, []int{220, 421}},
		"no word to AUTH":        {lab.FTP{AuthHang: true}, fact.FTPES, []int{220, 211, 0}},
		"garbage to FEAT":        {lab.FTP{Feat: "what?"}, fact.FTPES, []int{220, 0}},
		"a word that never ends": {lab.FTP{Feat: "211-Features:\n" + strings.Repeat(" X\n", 500) + "211 End"}, fact.FTPES, []int{220, 211}},
	} {
		t.Run(name, func(t *testing.T) {
			seen, run := visit(t, c.server, c.speaks)
			if _, codes := replies(seen); !slices.Equal(codes, c.codes) {
				t.Errorf("codes %v, want %v", codes, c.codes)
			}
			checkBounds(t, run)
		})
	}
}

// pipes is a network on which one function answers at one place.
type pipes struct {
	System
	serve func(net.Conn)
	busy  *sync.WaitGroup
}

func (p pipes) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	if address != spot {
		return nil, syscall.ECONNREFUSED
	}
	near, far := net.Pipe()
	p.busy.Go(func() {
		p.serve(far)
		_ = far.Close()
	})
	return near, nil
}

func (pipes) Listen(context.Context, string, string) (net.Listener, error) {
	return nil, syscall.EACCES
}

func (pipes) LookupHost(context.Context, string) ([]netip.Addr, error) { return nil, nil }
func (pipes) Resolvers() []netip.AddrPort                              { return nil }
func (pipes) HostsFile() (string, []byte, error)                       { return "", nil, nil }
func (pipes) Addresses() ([]netip.Prefix, error)                       { return nil, nil }

// visitPipe has the conversation of a protocol with a function.
func visitPipe(t *testing.T, server func(net.Conn), speaks fact.Protocol, changes ...func(*Plan)) (seen []fact.Observation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		plan := Plan{Target: fact.Target{Host: there, Port: 2100, Protocol: speaks}, Only: []string{"endpoints"}}
		for _, change := range changes {
			change(&plan)
		}
		network := pipes{serve: server, busy: new(sync.WaitGroup)}
		seen = conversations(Run(t.Context(), plan, network, nil), spot)[0]
		network.busy.Wait()
	})
	return seen
}

func TestAReplyThatTricklesEnds(t *testing.T) {
	seen := visitPipe(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 hello\r\n")
		_, _ = bufio.NewReader(c).ReadString('\n')
		for piece := range strings.SplitSeq("211-Features:\r\n"+strings.Repeat(" X\r\n", 1<<10), "") {
			time.Sleep(time.Second)
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}, fact.FTPES)
	last := seen[len(seen)-1]
	if last.Reply == nil || last.Reply.Command != "FEAT" || !last.Failed(fact.Timeout) || last.Took.Duration() != replyLimit {
		t.Errorf("the conversation ends with %+v", last)
	}
}
