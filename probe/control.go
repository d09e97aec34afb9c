package probe

import (
	"context"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
)

// pageLimit is how long the web server on port 80 has to answer.
const pageLimit = 5 * time.Second

// control asks two questions where something is odd: does a port on which nobody listens accept connections
// (4/tcp, which IANA has assigned to no service), and does a captive portal answer on port 80?
func control(ctx context.Context, s *Session) {
	s.smallPackets(ctx)
	address, why := needsControl(s.snapshot())
	if ctx.Err() != nil {
		why = "the run was stopped"
	}
	if why != "" {
		s.skip("control", "", "control", why)
		return
	}
	closed, web := netip.AddrPortFrom(address, 4).String(), netip.AddrPortFrom(address, 80).String()
	var both sync.WaitGroup
	both.Go(func() {
		if w := s.dial(ctx, "control", closed, fact.ClosedPort); w != nil {
			_ = w.Close()
		}
	})
	both.Go(func() { s.captive(ctx, web) })
	both.Wait()
}

// captive asks port 80 for its first page.
func (s *Session) captive(ctx context.Context, place string) {
	w := s.dial(ctx, "control", place, fact.CaptiveCheck)
	if w == nil {
		return
	}
	defer func() { _ = w.Close() }()
	w.limit(ctx, pageLimit)
	_, _ = io.WriteString(w, s.request("GET")) // an error shows again when the answer is read
	s.webAnswer(ctx, newStream(w, w, false), "control", "GET", fact.CaptiveCheck, pageLimit)
}

// snapshot is what was seen until now.
func (s *Session) snapshot() []fact.Observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]fact.Observation(nil), s.seen...)
}

// needsControl says at which address the controls are worth their connections: where no server speaks in its own words,
// or where all of them speak in the same words though not all of it works. Otherwise it says why they are not.
func needsControl(seen []fact.Observation) (address netip.Addr, why string) {
	talks := talksOf(seen)
	if len(talks) == 0 {
		return address, "no port was looked at"
	}
	open := slices.DeleteFunc(slices.Clone(talks), func(t *conversation) bool { return t.dial.Failure != nil })
	if slices.ContainsFunc(open, func(t *conversation) bool { return t.speaks }) && !alike(open) {
		return address, "a server spoke for itself"
	}
	if len(open) > 0 {
		talks = open
	}
	place, _ := netip.ParseAddrPort(talks[0].dial.Endpoint)
	return place.Addr(), ""
}

// conversation is what was seen on one ordinary connection to an endpoint.
type conversation struct {
	dial   *fact.Observation
	speaks bool   // an FTP reply or an SSH identification came, be it a refusal
	voice  string // the first words in clear
}

func talksOf(seen []fact.Observation) []*conversation {
	var talks []*conversation
	byConn := map[int]*conversation{}
	for i := range seen {
		o := &seen[i]
		if o.Check == "endpoints" && o.Dial != nil && o.Dial.Purpose == "" {
			byConn[o.Conn] = &conversation{dial: o}
			talks = append(talks, byConn[o.Conn])
		}
	}
	for i := range seen {
		if t := byConn[seen[i].Conn]; t != nil {
			t.add(&seen[i])
		}
	}
	return talks
}

func (t *conversation) add(o *fact.Observation) {
	switch {
	case o.Opening != nil && len(o.Opening.Lines) > 0:
		t.voice = o.Opening.Lines[0]
	case o.Reply != nil:
		t.speaks = t.speaks || o.Failure == nil
	case o.Ident != nil:
		t.speaks = o.Ident.Line != ""
	case o.TLS != nil && len(o.TLS.Plain) > 0 && t.voice == "":
		t.voice = o.TLS.Plain[0]
	}
}

// alike says whether everything that is open begins with the same words, on a port of another protocol too.
func alike(open []*conversation) bool {
	differs := func(t *conversation) bool { return t.voice != open[0].voice }
	return open[0].voice != "" && !slices.ContainsFunc(open, differs) &&
		slices.ContainsFunc(open, func(t *conversation) bool { return !t.speaks })
}
