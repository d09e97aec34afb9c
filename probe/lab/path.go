package lab

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// watch sets the path between the two ends of a connection.
func (p *Path) watch(near, far *conn) {
	if p.Forgets > 0 {
		p.forget(near, far)
	}
	if len(p.ResetOn) > 0 || len(p.StallOn) > 0 || p.StallAfter > 0 || len(p.Swallows) > 0 || p.HidesTLS {
		near.out.filter = p.fromVisitor(far)
	}
	if p.ResetAfter > 0 || p.StallOver > 0 || p.HidesTLS || p.Rewrites.IsValid() || p.Pinholes {
		far.out.filter = p.fromServer(far.world)
	}
}

// bars says whether a firewall that opens pinholes has none for this port.
func (p *Path) bars(to netip.AddrPort) bool {
	return p.Pinholes && p.Range.has(to.Port()) && !p.holes[to.Port()]
}

// fromVisitor judges what the visitor sends.
func (p *Path) fromVisitor(far *conn) func([]byte) ([]byte, verdict) {
	var said []byte // the visitor's words so far, for a text that comes in two pieces
	sent := 0
	return func(piece []byte) ([]byte, verdict) {
		sent += len(piece)
		said = append(said, piece...)
		said = said[max(0, len(said)-4096):]
		switch {
		case containsAny(said, p.ResetOn):
			return nil, resets
		case containsAny(said, p.StallOn), p.StallAfter > 0 && sent > p.StallAfter:
			far.out.stall()
			return nil, stalls
		case slices.ContainsFunc(p.Swallows, func(text string) bool { return bytes.HasPrefix(piece, []byte(text)) }):
			return nil, passes
		case p.HidesTLS:
			return mask(piece, "AUTH"), passes
		}
		return piece, passes
	}
}

// fromServer judges what the server sends.
func (p *Path) fromServer(world *Computer) func([]byte) ([]byte, verdict) {
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
		case p.Rewrites.IsValid():
			piece = p.rewrite(piece)
		case p.Pinholes:
			p.pierce(world, piece)
		}
		return piece, passes
	}
}

// The replies to PASV (RFC 959, section 4.1.2) and EPSV (RFC 2428, section 3).
var (
	passiveReply  = regexp.MustCompile(`^227 .*\((\d+,\d+,\d+,\d+),(\d+),(\d+)\)`)
	extendedReply = regexp.MustCompile(`^229 .*\(\|\|\|(\d+)\|\)`)
)

// rewrite puts another address and port into a 227.
func (p *Path) rewrite(piece []byte) []byte {
	found := passiveReply.FindSubmatchIndex(piece)
	if found == nil {
		return piece
	}
	changed := append([]byte(nil), piece[:found[2]]...)
	changed = append(changed, strings.ReplaceAll(p.Rewrites.Addr().String(), ".", ",")...)
	if port := p.Rewrites.Port(); port > 0 {
		changed = fmt.Appendf(changed, ",%d,%d", port>>8, port&255)
	} else {
		changed = append(changed, piece[found[3]:found[7]]...)
	}
	return append(changed, piece[found[7]:]...)
}

// pierce opens a pinhole for the port of a 227 or 229.
func (p *Path) pierce(world *Computer, piece []byte) {
	port := 0
	if found := passiveReply.FindSubmatch(piece); found != nil {
		high, _ := strconv.Atoi(string(found[2]))
		low, _ := strconv.Atoi(string(found[3]))
		port = high<<8 + low
	} else if found := extendedReply.FindSubmatch(piece); found != nil {
		port, _ = strconv.Atoi(string(found[1]))
	}
	world.mu.Lock()
	defer world.mu.Unlock()
	if p.holes == nil {
		p.holes = map[uint16]bool{}
	}
	p.holes[uint16(port)] = true
}

func containsAny(said []byte, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(said, []byte(text)) })
}

// mask overwrites a word with as many X, as firewalls do that must keep the length of the segment.
func mask(piece []byte, word string) []byte {
	return bytes.ReplaceAll(piece, []byte(word), bytes.Repeat([]byte("X"), len(word)))
}
