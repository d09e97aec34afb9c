package lab

import (
	"bytes"
	"slices"
)

// watch sets the path between the two ends of a connection.
func (p *Path) watch(near, far *conn) {
	if len(p.ResetOn) > 0 || len(p.StallOn) > 0 || p.HidesTLS {
		near.out.filter = p.fromVisitor(far)
	}
	if p.ResetAfter > 0 || p.StallOver > 0 || p.HidesTLS {
		far.out.filter = p.fromServer()
	}
}

// fromVisitor judges what the visitor sends.
func (p *Path) fromVisitor(far *conn) func([]byte) ([]byte, verdict) {
	var said []byte // the visitor's words so far, for a text that comes in two pieces
	return func(piece []byte) ([]byte, verdict) {
		said = append(said, piece...)
		said = said[max(0, len(said)-4096):]
		switch {
		case containsAny(said, p.ResetOn):
			return nil, resets
		case containsAny(said, p.StallOn):
			far.out.stall()
			return nil, stalls
		case p.HidesTLS:
			return mask(piece, "AUTH"), passes
		}
		return piece, passes
	}
}

// fromServer judges what the server sends.
func (p *Path) fromServer() func([]byte) ([]byte, verdict) {
	sent := 0
	return func(piece []byte) ([]byte, verdict) {
		sent += len(piece)
		switch {
		case p.StallOver > 0 && len(piece) > p.StallOver:
			return nil, stalls
		case p.ResetAfter > 0 && sent >= p.ResetAfter:
			return piece[:len(piece)-(sent-p.ResetAfter)], resets
		case p.HidesTLS:
			for _, word := range []string{"AUTH TLS", "AUTH SSL", "PBSZ", "PROT"} {
				piece = mask(piece, word)
			}
		}
		return piece, passes
	}
}

func containsAny(said []byte, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(said, []byte(text)) })
}

// mask overwrites a word with as many X, as firewalls do that must keep the length of the segment.
func mask(piece []byte, word string) []byte {
	return bytes.ReplaceAll(piece, []byte(word), bytes.Repeat([]byte("X"), len(word)))
}
