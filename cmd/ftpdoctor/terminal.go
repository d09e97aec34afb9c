package main

import (
	"cmp"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// isTerminal says whether a stream is a terminal that understands the usual sequences.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && understands(f)
}

// width is how many columns a text may take: those of a narrow terminal, else 80.
func width(w io.Writer) int {
	const usual = 80
	f, ok := w.(*os.File)
	if !ok {
		return usual
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return usual
	}
	return min(columns, usual)
}

// unicode says whether more than ASCII can be shown: the locale says so, or it is a terminal of Windows,
// to which Go writes UTF-16 whatever the code page is.
func (p *process) unicode(w io.Writer) bool {
	locale := strings.ToUpper(cmp.Or(p.env("LC_ALL"), p.env("LC_CTYPE"), p.env("LANG")))
	if strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
		return true
	}
	return runtime.GOOS == "windows" && isTerminal(w)
}
