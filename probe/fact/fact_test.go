package fact

import (
	"encoding/json"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "220 Welcome – grüß dich", "220 Welcome – grüß dich"},
		{"terminal escapes show", "\x1b[2J\x1b]0;owned\a", `\x1b[2J\x1b]0;owned\x07`},
		{"an eight-bit escape shows", "\u009b31m", `\u009b31m`},
		{"text that turns direction shows", "admin\u202eexe", `admin\u202eexe`},
		{"text without width shows", "pass\u200bword", `pass\u200bword`},
		{"a tab is a blank", "a\tb", "a b"},
		{"bytes that are no text show", "caf\xe9", `caf\xe9`},
		{"line ends show", "a\r\nb", `a\x0d\x0ab`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Clean(c.in); got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("220 hello\x1b[31m")
	f.Add("\xff\xfe\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		once := Clean(in)
		if len(once) > MaxText {
			t.Errorf("%d bytes kept, want at most %d", len(once), MaxText)
		}
		if !utf8.ValidString(once) {
			t.Errorf("%q is not UTF-8", once)
		}
		for _, r := range once {
			if unicode.IsControl(r) || !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", once, r)
			}
		}
		if twice := Clean(once); twice != once {
			t.Errorf("cleaning twice gives %q, once %q", twice, once)
		}
	})
}

func TestCleanLinesSaysHowManyItLeavesOut(t *testing.T) {
	got := CleanLines([]string{"a", "b", "c", "d"}, 2)
	if len(got) != 3 || got[2] != "… 2 more lines" {
		t.Errorf("got %q", got)
	}
}

func TestMillisSurviveJSON(t *testing.T) {
	for _, d := range []time.Duration{0, 137 * time.Microsecond, 41666667, 12 * time.Second} {
		m := MillisOf(d)
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Millis
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Errorf("%v became %s and then %v (%v)", m, text, back, err)
		}
		if off := (m.Duration() - d).Abs(); off > 5*time.Microsecond {
			t.Errorf("%v is off by %v", d, off)
		}
	}
}

func TestFailed(t *testing.T) {
	fine := Observation{}
	refused := Observation{Failure: &Failure{Kind: Refused}}
	switch {
	case fine.Failed():
		t.Error("a step without a failure failed")
	case !refused.Failed():
		t.Error("a failure is no failure")
	case !refused.Failed(Dropped, Refused):
		t.Error("refused is not among dropped and refused")
	case refused.Failed(Dropped):
		t.Error("refused counts as dropped")
	}
}
