package probe

import (
	"context"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// family is a group of protocols of which one endpoint goes on to a sign-in. It has the name of the check that signs in.
type family string

const (
	byFTP family = "login"
	bySSH family = "sftp"
)

// candidate is an endpoint at which the user may sign in by a family of protocols. Its conversation says how it ended, and is
// told whether the sign-in goes on with it.
type candidate struct {
	place string
	ended chan ending // holds one
	taken chan bool   // holds one
}

// ending is how the conversation with a candidate ended.
type ending struct {
	stream   *stream  // still open, FTP
	ssh      *sshTalk // still open, SSH
	protocol fact.Protocol
	unfit    fact.Withheld // why it is not fit for a sign-in; empty: it is
}

// candidate returns the candidate of a family at a place. Whoever asks first makes it.
func (s *Session) candidate(by family, place string) *candidate {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := string(by) + " " + place
	if s.candidates[key] == nil {
		s.candidates[key] = &candidate{place: place, ended: make(chan ending, 1), taken: make(chan bool, 1)}
	}
	return s.candidates[key]
}

// signsIn says whether there is somebody to sign in by a family of protocols, once a conversation is fit for it. By SSH that
// takes no password: the server is asked what it takes, and there may be keys.
func (s *Session) signsIn(by family) bool {
	if s.leftOut(string(by)) != "" || s.leftOut("endpoints") != "" || s.plan.Refused {
		return false
	}
	if by == bySSH {
		return signsInBySSH(&s.plan)
	}
	return hasUser(&s.plan) && s.plan.Password != ""
}

// end says how the conversation with a candidate ended. The first word counts.
func (c *candidate) end(e ending) {
	select {
	case c.ended <- e:
	default:
	}
}

// giveUp says that a conversation is over, to whoever awaits it for a sign-in.
func (s *Session) giveUp(place string) {
	for _, by := range []family{byFTP, bySSH} {
		if s.signsIn(by) {
			s.candidate(by, place).end(ending{unfit: fact.NoWayIn})
		}
	}
}

// offer puts the open conversation on a wire at the disposal of the sign-in, and says whether it was taken. The wire belongs to
// the sign-in then.
func (s *Session) offer(ctx context.Context, by family, w *wire, e ending) bool {
	if !s.signsIn(by) {
		return false
	}
	c := s.candidate(by, w.place)
	c.end(e)
	if e.unfit != "" {
		return false
	}
	select {
	case w.lent = <-c.taken:
	case <-ctx.Done():
	}
	return w.lent
}

// part ends an ordinary conversation: the sign-in goes on with it, or it says goodbye. secured is the TLS step, nil in clear.
func (s *Session) part(ctx context.Context, st *stream, protocol fact.Protocol, secured *fact.Observation) {
	e := ending{stream: st, protocol: protocol}
	switch {
	case secured == nil && !s.plan.AllowPlaintext:
		e.unfit = fact.NoEncryption
	case secured != nil && len(secured.TLS.Faults) > 0 && !s.plan.TrustAnyway:
		e.unfit = fact.BadCert
	}
	if s.offer(ctx, byFTP, st.wire, e) {
		return
	}
	st.quit(ctx)
	_ = st.Close()
}

// listCandidates lists where a user may sign in by a family: by port in the order of the profile, then by address.
func (s *Session) listCandidates(by family) []*candidate {
	may := maySpeakFTP
	if by == bySSH {
		may = maySpeakSSH
	}
	var list []*candidate
	for _, port := range s.plan.Ports() {
		if !may(port) {
			continue
		}
		for _, address := range s.addresses() {
			if c := s.candidate(by, placeOf(address, port.Number)); !slices.Contains(list, c) {
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
			if w.unfit == "" && late == nil {
				late = time.After(settle)
			}
		case <-late:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	for i, c := range list {
		fit := ends[i] != nil && ends[i].unfit == "" && ctx.Err() == nil
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
		if e == nil || e.unfit == "" {
			return e != nil
		}
	}
	return true
}

// nearest orders the reasons for keeping a password back: the one of the candidate that came furthest counts.
var nearest = []fact.Withheld{fact.BadCert, fact.NoEncryption, fact.TurnedAway, fact.NoWayIn}

// closest finds the reason of the candidate that came furthest, where none is fit. There is none where the run was stopped.
func closest(list []*candidate, ends []*ending) (place string, e *ending) {
	for _, reason := range nearest {
		for i, e := range ends {
			if e != nil && e.unfit == reason {
				return list[i].place, e
			}
		}
	}
	return "", &ending{unfit: fact.NoWayIn}
}
