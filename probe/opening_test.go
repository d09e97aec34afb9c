package probe

import (
	"strings"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		text    string
		voice   fact.Voice
		decided bool
	}{
		{"", fact.VoiceNone, false},
		{"22", fact.VoiceFTP, false},
		{"220", fact.VoiceFTP, false},
		{"220 ready\r\n", fact.VoiceFTP, true},
		{"220-ready\r\n", fact.VoiceFTP, true},
		{"220\r\n", fact.VoiceFTP, true},
		{"421 busy\r\n", fact.VoiceFTP, true},
		{"2200 ready\r\n", fact.VoiceText, true},
		{"5 users\r\n", fact.VoiceText, true},
		{"SS", fact.VoiceText, false},
		{"SSH-2.0-x\r\n", fact.VoiceSSH, true},
		{"SSH-2.0-x\r\n\x00\x00\x01\x00\x14", fact.VoiceSSH, true},
		{"Welcome\r\n", fact.VoiceText, false},
		{"Welcome\r\nSSH-2.0-x\r\n", fact.VoiceSSH, true},
		{"HTTP/1.1 400 Bad Request\r\n", fact.VoiceHTTP, true},
		{"\r\n <!DOCTYPE html>", fact.VoiceHTML, true},
		{"<html><head>", fact.VoiceHTML, true},
		{"\x15", fact.VoiceAlert, false},
		{"\x15\x03\x01\x00\x02\x02\x28", fact.VoiceAlert, true},
		{"\x16\x03\x01\x00\x02", fact.VoiceTLS, true},
		{"\x16\x04", fact.VoiceBinary, true},
		{"\x00\x00\x00\x01", fact.VoiceBinary, true},
		{"\x1b[31mred\x1b[0m\r\n", fact.VoiceText, false},
		{"22\x00\x01", fact.VoiceBinary, true},
	} {
		if voice, decided := classify([]byte(c.text)); voice != c.voice || decided != c.decided {
			t.Errorf("%q is %s (%v), want %s (%v)", c.text, voice, decided, c.voice, c.decided)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, seed := range []string{"", "220 x\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 200\r\n", "<html>", "\x15\x03\x01", "\x16\x03", "text\r\nSSH-"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		voice, decided := classify(b)
		if voice == "" || len(b) == 0 && voice != fact.VoiceNone {
			t.Fatalf("%q is %q", b, voice)
		}
		if later, _ := classify(append(b, "220 more\r\n"...)); decided && later != voice && later != fact.VoiceBinary {
			t.Fatalf("%q was surely %s and became %s", b, voice, later)
		}
		for _, line := range firstLines(b) {
			if line != fact.Clean(line) {
				t.Fatalf("%q is not clean", line)
			}
		}
	})
}

// Whatever a server says first, the conversation ends, and what is kept of it is small.
func TestHostileOpenings(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.Server
		want   fact.Voice
		most   time.Duration
	}{
		"a line without an end":   {lab.Raw{Say: strings.Repeat("x", 1<<16), Times: 64}, fact.VoiceText, 45 * time.Second},
		"numbers without an end":  {lab.Raw{Say: "220" + strings.Repeat("-", 1<<16), Times: 64}, fact.VoiceFTP, 45 * time.Second},
		"a greeting without end":  {lab.Raw{Say: "220-more\r\n", Times: 1 << 14, Hang: true}, fact.VoiceFTP, 45 * time.Second},
		"half a greeting":         {lab.Raw{Say: "220-more\r\n", Hang: true}, fact.VoiceFTP, 45 * time.Second},
		"half a code":             {lab.Raw{Say: "22", Hang: true}, fact.VoiceFTP, 45 * time.Second},
		"zeros":                   {lab.Raw{Say: strings.Repeat("\x00", 1<<16), Hang: true}, fact.VoiceBinary, time.Second},
		"silence":                 {lab.Raw{Hang: true}, fact.VoiceNone, 35 * time.Second},
		"a goodbye":               {lab.Raw{}, fact.VoiceNone, time.Second},
		"a reset":                 {lab.Raw{Reset: true}, fact.VoiceNone, time.Second},
		"escape sequences":        {lab.Raw{Say: "\x1b]0;owned\a\x1b[2J\r\n"}, fact.VoiceText, time.Second},
		"lines without an end":    {lab.Raw{Say: "sorry\r\n", Times: 1 << 14}, fact.VoiceText, 45 * time.Second},
		"an alert out of nowhere": {lab.Raw{Say: "\x15\x03\x01\x00\x02\x02\x28"}, fact.VoiceAlert, time.Second},
	} {
		for _, speaks := range []fact.Protocol{fact.FTPES, fact.SFTP, ""} {
			t.Run(name+"/"+string(speaks), func(t *testing.T) {
				seen, run := visit(t, c.server, speaks)
				if got := seen[1].Opening; got == nil || got.Kind != c.want {
					t.Errorf("the opening is %+v, want %s", got, c.want)
				}
				if run.Took.Duration() > c.most {
					t.Errorf("took %v ms", run.Took)
				}
				checkBounds(t, run)
			})
		}
	}
}

// checkBounds fails where a fact is longer than a reader would want, or not clean.
func checkBounds(t *testing.T, run fact.Run) {
	t.Helper()
	check := func(lines []string) {
		if len(lines) > maxLines+1 {
			t.Errorf("%d lines are kept", len(lines))
		}
		for _, line := range lines {
			if line != fact.Clean(line) {
				t.Errorf("%.80q is not clean", line)
			}
		}
	}
	for _, o := range run.Seen {
		switch {
		case o.Opening != nil:
			check(o.Opening.Lines)
		case o.Reply != nil:
			check(o.Reply.Lines)
		case o.Ident != nil:
			check(o.Ident.Before)
			check([]string{o.Ident.Line})
		case o.TLS != nil:
			check(o.TLS.Plain)
		}
	}
}
