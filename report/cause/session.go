package cause

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// Session is an attempt to sign in by FTP and what came after it, on one control connection.
type Session struct {
	Conn      int
	Purpose   fact.Purpose
	Place     string              // IP:port; empty: it never came to a login
	Endpoint  *Endpoint           // nil: as for Place
	Login     *fact.Observation   // how the attempt ended; nil: nothing says so
	Replies   []*fact.Observation // from USER on
	Transfers []*fact.Observation
}

// signedIn files what happened from the user name on, and on data connections. It says whether the observation was of that kind.
func (c *Case) signedIn(o *fact.Observation) bool {
	early := o.Check == "endpoints" || o.Check == "control"
	switch {
	case o.Dial != nil && slices.Contains([]fact.Purpose{fact.DataLink, fact.SampleLink, fact.WithoutReuse}, o.Dial.Purpose):
		c.data[o.Conn] = &Conversation{Purpose: o.Dial.Purpose, Place: o.Endpoint, Dial: o}
	case o.TLS != nil && c.data[o.Conn] != nil:
		c.data[o.Conn].TLS = o
	case o.Sample != nil:
		c.session(o)
		c.Samples = append(c.Samples, o)
	case o.Transfer != nil:
		s := c.session(o)
		s.Transfers = append(s.Transfers, o)
	case o.Login != nil:
		c.session(o).Login = o
	case o.Reply != nil && !early:
		s := c.session(o)
		s.Replies = append(s.Replies, o)
	default:
		return false
	}
	return true
}

// session finds or makes the session that an observation belongs to.
func (c *Case) session(o *fact.Observation) *Session {
	i := slices.IndexFunc(c.Sessions, func(s *Session) bool { return s.Conn == o.Conn })
	if i < 0 {
		c.Sessions = append(c.Sessions, &Session{Conn: o.Conn, Place: o.Endpoint})
		i = len(c.Sessions) - 1
	}
	return c.Sessions[i]
}

// place tells the sessions which endpoint they are on, and what they are for.
func (c *Case) place() {
	for _, s := range c.Sessions {
		at, err := netip.ParseAddrPort(s.Place)
		if err != nil {
			continue
		}
		s.Endpoint = c.At(at.Addr().String(), int(at.Port()))
		if s.Endpoint == nil {
			continue
		}
		for _, talk := range s.Endpoint.Again {
			if talk.Dial.Conn == s.Conn {
				s.Purpose = talk.Purpose
			}
		}
		if s.Purpose == "" && s.Endpoint.Session == nil {
			s.Endpoint.Session = s
		}
	}
}

// Attempt is the ordinary attempt to sign in; nil when there was none.
func (c *Case) Attempt() *Session {
	for _, s := range c.Sessions {
		if s.Purpose == "" && s.Login != nil {
			return s
		}
	}
	return nil
}

// Accepted says whether the server let the user in.
func (s *Session) Accepted() bool { return s.Login != nil && s.Login.Login.Outcome == fact.Accepted }

// withheld says whether the password stayed here, for a reason.
func (s *Session) withheld(reason fact.Withheld) bool {
	return s.Login != nil && s.Login.Login.Outcome == fact.NotSent && s.Login.Login.Withheld == reason
}

// SignIn is the last reply to the user name or the password; nil when none came. Its failure may be that none came in time.
func (s *Session) SignIn() *fact.Observation {
	for _, o := range slices.Backward(s.Replies) {
		if v := verb(o); v == "USER" || v == "PASS" || v == "ACCT" {
			return o
		}
	}
	return nil
}

// verb is the command that a reply answers, without what came behind it.
func verb(o *fact.Observation) string {
	word, _, _ := strings.Cut(o.Reply.Command, " ")
	return strings.ToUpper(word)
}

// asked is the command that a reply answers, as it stands in a sentence. The greeting answers none.
func asked(o *fact.Observation) string { return cmp.Or(verb(o), "the greeting") }

// answers lists the replies to a command.
func (s *Session) answers(command string) []*fact.Observation {
	var found []*fact.Observation
	for _, o := range s.Replies {
		if verb(o) == command {
			found = append(found, o)
		}
	}
	return found
}

// encrypted says whether the session is under TLS.
func (s *Session) encrypted() bool {
	return slices.ContainsFunc(s.Replies, func(o *fact.Observation) bool { return o.Reply.Encrypted })
}

// peer is the address of the server on the control connection.
func (s *Session) peer() netip.Addr {
	at, err := netip.ParseAddrPort(s.Place)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// where is the endpoint of the session as it stands in Finding.Where.
func (s *Session) where() []string {
	if _, err := netip.ParseAddrPort(s.Place); err != nil {
		return nil
	}
	return []string{s.Place}
}

// Done says whether a transfer did its work.
func Done(o *fact.Observation) bool {
	return o.Failure == nil && o.Transfer.Code/100 == 2 && !o.Transfer.Differs
}

// Did says whether a kind of work was done in the session.
func (s *Session) Did(work fact.Work) bool {
	return slices.ContainsFunc(s.Transfers, func(o *fact.Observation) bool { return o.Transfer.Work == work && Done(o) })
}

// proof says how far a session shows a way in to work. Empty: nobody was let in.
func (s *Session) proof() Proof {
	switch {
	case s == nil || !s.Accepted():
		return ""
	case s.Did(fact.Upload) && s.Did(fact.Download):
		return ProofWrote
	case s.Did(fact.Listing):
		return ProofListed
	default:
		return ProofLoggedIn
	}
}
