package cause

import (
	"net/netip"
	"slices"

	"ftpdoctor/probe/fact"
)

// SSHSession is the attempt to sign in by SSH and what came after it.
type SSHSession struct {
	Conn     int
	Place    string              // IP:port; empty: it never came to a sign-in
	Endpoint *Endpoint           // nil: as for Place
	Login    *fact.Observation   // how the attempt ended; nil: nothing says so
	Auths    []*fact.Observation // each request and its answer
	HostKeys *fact.Observation   // what the server told of its host keys afterwards; nil: nothing
	Channels []*fact.Observation
	Files    []*fact.Observation // steps of SFTP
}

// bySSH files what belongs to the sign-in by SSH. It says whether the observation was of that kind.
func (c *Case) bySSH(o *fact.Observation) bool {
	if o.Check != "sftp" {
		return false
	}
	s := c.SSH
	if s == nil {
		s = &SSHSession{}
	}
	switch {
	case o.Login != nil:
		s.Login = o
	case o.Auth != nil:
		s.Auths = append(s.Auths, o)
	case o.HostKeys != nil:
		s.HostKeys = o
	case o.Channel != nil:
		s.Channels = append(s.Channels, o)
	case o.SFTP != nil:
		s.Files = append(s.Files, o)
	default:
		return false
	}
	if o.Endpoint != "" { // where there were two connections, the last one decides
		s.Conn, s.Place = o.Conn, o.Endpoint
	}
	c.SSH = s
	return true
}

// placeSSH tells the sign-in by SSH which endpoint it is on.
func (c *Case) placeSSH() {
	if c.SSH == nil {
		return
	}
	at, err := netip.ParseAddrPort(c.SSH.Place)
	if err != nil {
		return
	}
	if e := c.At(at.Addr().String(), int(at.Port())); e != nil {
		c.SSH.Endpoint, e.SSH = e, c.SSH
	}
}

// Accepted says whether the server let the user in.
func (s *SSHSession) Accepted() bool {
	return s != nil && s.Login != nil && s.Login.Login.Outcome == fact.Accepted
}

// Denied says whether the server was shown something, and did not let the user in.
func (s *SSHSession) Denied() bool {
	return s != nil && s.Login != nil && !s.Login.Failed(fact.Interrupted) &&
		(s.Login.Login.Outcome == fact.LoginDenied || s.Login.Login.Outcome == fact.Broken)
}

// Withheld says why nothing secret was sent. Empty: it was, or there was nothing to send.
func (s *SSHSession) Withheld() fact.Withheld {
	if s == nil || s.Login == nil || s.Login.Login.Outcome != fact.NotSent {
		return ""
	}
	return s.Login.Login.Withheld
}

// Requests lists the requests of the sign-in, each with its answer.
func (s *SSHSession) Requests() []*fact.Observation {
	return s.auths(func(*fact.Auth) bool { return true })
}

// Offered lists the methods with which a user can begin, as the server answers before anything was shown to it.
func (s *SSHSession) Offered() []string {
	if s == nil {
		return nil
	}
	for _, o := range s.Auths {
		if o.Auth.Answer == fact.AuthRefused {
			return o.Auth.Methods
		}
	}
	return nil
}

// offers says whether a method is among those with which a user can begin.
func (s *SSHSession) offers(method fact.AuthMethod) bool {
	return slices.Contains(s.Offered(), string(method))
}

// Wanted lists the methods that can continue, by the server's last word on it.
func (s *SSHSession) Wanted() []string {
	if s == nil {
		return nil
	}
	for _, o := range slices.Backward(s.Auths) {
		if a := o.Auth; a.Answer == fact.AuthRefused || a.Answer == fact.AuthPartial {
			return a.Methods
		}
	}
	return nil
}

// Partial lists the requests that were right and not enough.
func (s *SSHSession) Partial() []*fact.Observation {
	return s.auths(func(a *fact.Auth) bool { return a.Answer == fact.AuthPartial })
}

// auths lists the requests that fit.
func (s *SSHSession) auths(fits func(*fact.Auth) bool) []*fact.Observation {
	if s == nil {
		return nil
	}
	var found []*fact.Observation
	for _, o := range s.Auths {
		if fits(o.Auth) {
			found = append(found, o)
		}
	}
	return found
}

// KeyAnswer is the furthest that a key came with the server. Empty: it was not shown, or no answer came.
func (s *SSHSession) KeyAnswer(sha256 string) fact.AuthAnswer {
	furthest := []fact.AuthAnswer{fact.AuthUnasked, fact.AuthRefused, fact.AuthWouldDo, fact.AuthPartial, fact.AuthAccepted}
	var best fact.AuthAnswer
	for _, o := range s.auths(func(a *fact.Auth) bool { return a.Method == fact.AuthPublicKey && a.Key == sha256 }) {
		if slices.Index(furthest, o.Auth.Answer) > slices.Index(furthest, best) {
			best = o.Auth.Answer
		}
	}
	return best
}

// Key is the fingerprint of the key that signed in, alone or as the first of two factors. Empty: none did.
func (s *SSHSession) Key() string {
	for _, o := range s.auths(func(a *fact.Auth) bool {
		return a.Method == fact.AuthPublicKey && !a.Query && (a.Answer == fact.AuthAccepted || a.Answer == fact.AuthPartial)
	}) {
		return o.Auth.Key
	}
	return ""
}

// Goodbye is the reason that the server gave for ending the sign-in. Nil: it gave none.
func (s *SSHSession) Goodbye() *fact.Goodbye {
	if s == nil {
		return nil
	}
	for _, o := range slices.Backward(s.Auths) {
		if o.Auth.Goodbye != nil {
			return o.Auth.Goodbye
		}
	}
	return nil
}

// Channel is the last request of a kind on a channel; nil when none was made.
func (s *SSHSession) Channel(request fact.ChannelRequest) *fact.Observation {
	if s == nil {
		return nil
	}
	for _, o := range slices.Backward(s.Channels) {
		if o.Channel.Request == request {
			return o
		}
	}
	return nil
}

// Step is the last step of SFTP of a kind; nil when none was made.
func (s *SSHSession) Step(request fact.SFTPRequest) *fact.Observation {
	if s == nil {
		return nil
	}
	for _, o := range slices.Backward(s.Files) {
		if o.SFTP.Request == request {
			return o
		}
	}
	return nil
}

// did says whether a step of SFTP did its work.
func (s *SSHSession) did(request fact.SFTPRequest) bool {
	o := s.Step(request)
	return o != nil && o.Failure == nil && o.SFTP.Status == 0 && !o.SFTP.Differs
}

// proof says how far SFTP was shown to work. Empty: nobody was let in, or there is no SFTP behind the sign-in.
func (s *SSHSession) proof() Proof {
	switch {
	case !s.Accepted() || s.useless():
		return ""
	case s.did(fact.SFTPUpload) && s.did(fact.SFTPDownload):
		return ProofWrote
	case s.did(fact.SFTPList):
		return ProofListed
	default:
		return ProofLoggedIn
	}
}

// useless says whether somebody signed in and SFTP did not start.
func (s *SSHSession) useless() bool {
	if !s.Accepted() || s.did(fact.SFTPInit) {
		return false
	}
	failed := func(o *fact.Observation) bool { return o.Failed() && !o.Failed(fact.Interrupted) }
	return slices.ContainsFunc(s.Files, failed) || slices.ContainsFunc(s.Channels, func(o *fact.Observation) bool {
		return failed(o) || o.Channel.Refused || o.Channel.Closed
	})
}

// where is the endpoint of the sign-in as it stands in Finding.Where.
func (s *SSHSession) where() []string {
	if s == nil {
		return nil
	}
	if _, err := netip.ParseAddrPort(s.Place); err != nil {
		return nil
	}
	return []string{s.Place}
}
