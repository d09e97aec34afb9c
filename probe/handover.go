package probe

import (
	"context"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// candidate is an endpoint at which the user may sign in. Its conversation says how it ended, and is told whether the
// sign-in goes on with it.
type candidate struct {
	place string
	ended chan ending // holds one
	taken chan bool   // holds one
}

// ending is how the conversation with a candidate ended.
type ending struct {
	stream   *stream // still open; nil: it is not fit for a password
	protocol fact.Protocol
	unfit    fact.Withheld
}

// candidate returns the candidate at a place. Whoever asks first makes it.
func (s *Session) candidate(place string) *candidate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.candidates[place] == nil {
		s.candidates[place] = &candidate{place: place, ended: make(chan ending, 1), taken: make(chan bool, 1)}
	}
	return s.candidates[place]
}

// signsIn says whether there is somebody to sign in, once a conversation is fit for it.
func (s *Session) signsIn() bool {
	return hasUser(&s.plan) && s.plan.Password != "" && s.leftOut("login") == "" && s.leftOut("endpoints") == ""
}

// end says how the conversation with a candidate ended. The first word counts.
func (c *candidate) end(e ending) {
	select {
	case c.ended <- e:
	default:
	}
}

// offer puts an open conversation at the disposal of the sign-in, and says whether it was taken. The wire belongs to
// the sign-in then.
func (s *Session) offer(ctx context.Context, st *stream, protocol fact.Protocol, unfit fact.Withheld) bool {
	if !s.signsIn() {
		return false
	}
	c := s.candidate(st.wire.place)
	if unfit != "" {
		c.end(ending{unfit: unfit, protocol: protocol})
		return false
	}
	c.end(ending{stream: st, protocol: protocol})
	select {
	case st.wire.lent = <-c.taken:
	case <-ctx.Done():
	}
	return st.wire.lent
}

// part ends an ordinary conversation: the sign-in goes on with it, or it says goodbye. secured is the TLS step, nil in clear.
func (s *Session) part(ctx context.Context, st *stream, protocol fact.Protocol, secured *fact.Observation) {
	var unfit fact.Withheld
	switch {
	case secured == nil && !s.plan.AllowPlaintext:
		unfit = fact.NoEncryption
	case secured != nil && len(secured.TLS.Faults) > 0 && !s.plan.TrustAnyway:
		unfit = fact.BadCert
	}
	if s.offer(ctx, st, protocol, unfit) {
		return
	}
	st.quit(ctx)
	_ = st.Close()
}

// listCandidates lists where a user may sign in by FTP: by port in the order of the profile, then by address.
func (s *Session) listCandidates() []*candidate {
	var list []*candidate
	for _, port := range s.plan.Ports() {
		if !maySpeakFTP(port) {
			continue
		}
		for _, address := range s.addresses() {
			if c := s.candidate(placeOf(address, port.Number)); !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	return list
}

func maySpeakFTP(port profile.Port) bool {
	return port.Speaks != fact.SFTP && port.Speaks != fact.HTTPS
}

// TriesFTP says whether the plan looks at a port at which its user may sign in by FTP.
func (p *Plan) TriesFTP() bool {
	return slices.ContainsFunc(p.Ports(), maySpeakFTP)
}

// settle is how long the candidates that come first in order have to catch up with one that is fit.
const settle = time.Second

// choose waits for the candidates, takes the first in their order that is fit, and sends the others home. It returns nil
// where none is fit, and how each of them ended; nil: it did not, in time.
func choose(ctx context.Context, list []*candidate) (chosen *ending, ends []*ending) {
	words := listen(ctx, list)
	ends = make([]*ending, len(list))
	var late <-chan time.Time
	for waiting := true; waiting && !decided(ends); {
		select {
		case w := <-words:
			ends[w.index] = &w.ending
			if w.stream != nil && late == nil {
				late = time.After(settle)
			}
		case <-late:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	for i, c := range list {
		fit := ends[i] != nil && ends[i].stream != nil && ctx.Err() == nil
		c.taken <- fit && chosen == nil
		if fit && chosen == nil {
			chosen = ends[i]
		}
	}
	return chosen, ends
}

// word is how the candidate with this index ended.
type word struct {
	index int
	ending
}

// listen collects how the candidates end.
func listen(ctx context.Context, list []*candidate) <-chan word {
	words := make(chan word, len(list))
	for i, c := range list {
		go func() {
			select {
			case e := <-c.ended:
				words <- word{i, e}
			case <-ctx.Done():
			}
		}()
	}
	return words
}

// decided says whether no candidate that is still awaited comes before the first one that is fit.
func decided(ends []*ending) bool {
	for _, e := range ends {
		if e == nil || e.stream != nil {
			return e != nil
		}
	}
	return true
}
