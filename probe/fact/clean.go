package fact

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is how many bytes of one line of a stranger's text are kept.
const MaxText = 512

// Clean makes a stranger's text safe to show anywhere: control characters, the
// invisible ones that turn or hide text, and bytes that are not UTF-8 become
// visible escapes, and what is longer than MaxText is cut. Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		piece := s[:size]
		switch {
		case r == utf8.RuneError && size == 1:
			piece = fmt.Sprintf(`\x%02x`, s[0])
		case r == '\t':
			piece = " "
		case r < 0x20 || r == 0x7f:
			piece = fmt.Sprintf(`\x%02x`, r)
		case unicode.IsControl(r) || !unicode.IsPrint(r):
			piece = fmt.Sprintf(`\u%04x`, r)
		}
		if b.Len()+len(piece) > MaxText {
			return cut(b.String())
		}
		b.WriteString(piece)
		s = s[size:]
	}
	return b.String()
}

// cut ends a text that is too long with an ellipsis, within MaxText.
func cut(kept string) string {
	const ellipsis = "…"
	for len(kept)+len(ellipsis) > MaxText {
		_, size := utf8.DecodeLastRuneInString(kept)
		kept = kept[:len(kept)-size]
	}
	return kept + ellipsis
}

// CleanLines cleans each line and keeps the first most of them.
func CleanLines(lines []string, most int) []string {
	var kept []string
	for i, line := range lines {
		if i == most {
			return append(kept, fmt.Sprintf("… %d more lines", len(lines)-most))
		}
		kept = append(kept, Clean(line))
	}
	return kept
}
