package fact

import (
	"slices"
	"testing"
)

func TestOdditiesOf(t *testing.T) {
	for password, want := range map[string][]Oddity{
		"correct horse":           nil,
		"":                        nil,
		" secret":                 {LeadingBlank},
		"secret ":                 {TrailingBlank},
		"secret\r\n":              {LineEnd},
		"sec\x00ret":              {Control},
		"\ufeffsecret":            {Invisible},
		"se\u00a0cret":            {Invisible},
		"“secret”":                {Typographic},
		"geheim-ß":                {NonASCII},
		"\tse\u200bcret–é\x7f\n ": {LeadingBlank, TrailingBlank, LineEnd, Control, Invisible, Typographic, NonASCII},
	} {
		if got := OdditiesOf(password); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
}
