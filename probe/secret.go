package probe

import (
	"bytes"
	"slices"
	"strings"
)

// secretLine stands for a line in which a stranger repeats what is nobody's business. To cut out the word alone would tell a password
// that is a word of the stranger's own sentence.
const secretLine = "(left out: the line holds a secret)"

// confide keeps in mind that a server is told a secret. It may repeat it from then on, on any connection.
func (s *Session) confide(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.confided, secret) {
		s.confided = append(s.confided, secret)
	}
}

// hide leaves out the lines that hold a secret which a server knows.
func (s *Session) hide(lines []string) []string {
	s.mu.Lock()
	secrets := s.confided
	s.mu.Unlock()
	return without(secrets, lines)
}

// wholeLines drops the last line of a text that was cut off at so many bytes: it may end in the middle of a secret.
func wholeLines(text []byte, most int) []byte {
	if end := bytes.LastIndexByte(text, '\n'); len(text) >= most && end >= 0 {
		return text[:end]
	}
	return text
}

// hideIn is the same for a text of one line.
func (s *Session) hideIn(text string) string { return s.hide([]string{text})[0] }

// withoutSecrets leaves out the password too that was not sent in this round: a server that was signed in to before knows it from
// the start.
func (s *Session) withoutSecrets(lines []string) []string {
	return without([]string{s.plan.Password}, s.hide(lines))
}

// without leaves out lines. Blanks at the ends of a secret are lost where a line is cut to size.
func without(secrets, lines []string) []string {
	kept := slices.Clone(lines)
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		for i, line := range kept {
			if secret != "" && strings.Contains(line, secret) {
				kept[i] = secretLine
			}
		}
	}
	return kept
}
