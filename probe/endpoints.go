package probe

import (
	"context"
	"net/netip"
	"sync"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// perAddress bounds the conversations that one address has at a time. It is more than the ports of any
// built-in profile, and few enough for servers that count the connections of a visitor.
const perAddress = 8

// endpoints looks at every port of every address, all side by side.
func endpoints(ctx context.Context, s *Session) {
	addresses, ports := s.addresses(), s.plan.Ports()
	var places []string
	for _, address := range addresses {
		for _, port := range ports {
			places = append(places, placeOf(address, port.Number))
		}
	}
	s.expect(append(places, s.promisedPlaces()...))
	var all sync.WaitGroup
	if !s.signsIn(byFTP) {
		all.Go(func() { s.promised(ctx, "endpoints") })
	}
	for _, address := range addresses {
		free := make(chan struct{}, perAddress)
		for _, port := range ports {
			all.Go(func() {
				free <- struct{}{}
				defer func() { <-free }()
				s.converse(ctx, placeOf(address, port.Number), port.Speaks)
			})
		}
	}
	all.Wait()
}

func placeOf(address netip.Addr, port int) string {
	return netip.AddrPortFrom(address, uint16(port)).String()
}

// Ports lists what to look at: the ports of the profile or, where the user asked for one way in, that one. The web
// port comes along as a control.
func (p *Plan) Ports() []profile.Port {
	if p.Target.Port == 0 && p.Target.Protocol == "" {
		return p.Profile.Ports
	}
	asked, web := p.asked(), profile.Port{Number: 443, Speaks: fact.HTTPS}
	for _, port := range asked {
		if port.Number == web.Number {
			return asked
		}
	}
	return append(asked, web)
}

// asked lists the ports of the only way in that the user asked for.
func (p *Plan) asked() []profile.Port {
	target := p.Target
	if target.Port != 0 {
		entry, _ := p.Profile.Port(target.Port)
		if target.Protocol != "" {
			entry.Speaks = target.Protocol
		}
		return []profile.Port{{Number: target.Port, Speaks: entry.Speaks}}
	}
	var found []profile.Port
	for _, port := range p.Profile.Ports {
		if port.Speaks == target.Protocol || target.Protocol == fact.FTP && port.Speaks == fact.FTPES {
			found = append(found, profile.Port{Number: port.Number, Speaks: target.Protocol})
		}
	}
	if len(found) == 0 {
		found = []profile.Port{{Number: usualPort(target.Protocol), Speaks: target.Protocol}}
	}
	return found
}

// usualPort is the port that IANA has registered for a protocol.
func usualPort(p fact.Protocol) int {
	switch p {
	case fact.SFTP:
		return 22
	case fact.FTPS:
		return 990
	case fact.HTTPS:
		return 443
	default:
		return 21
	}
}

// converse has the conversation that belongs to a port and, where a TLS handshake failed in it and a
// different one can say why, a second.
func (s *Session) converse(ctx context.Context, place string, speaks fact.Protocol) {
	defer s.giveUp(place)
	if purpose := secondLook(s.talk(ctx, place, speaks, "")); purpose != "" && ctx.Err() == nil {
		s.talk(ctx, place, speaks, purpose)
	}
}

// talk is one conversation on one connection. It returns the TLS step, if it came to that. A port of which nobody
// knows what it speaks is asked: FTP and SSH servers both speak first.
func (s *Session) talk(ctx context.Context, place string, speaks fact.Protocol, purpose fact.Purpose) *fact.Observation {
	w := s.dial(ctx, "endpoints", place, purpose)
	if w == nil {
		return nil
	}
	defer func() {
		if !w.lent {
			_ = w.Close()
		}
	}()
	st := newStream(w, w, false)
	if s.signsIn(byFTP) && purpose == "" {
		st.pinned = &pinned{}
	}
	switch speaks {
	case fact.HTTPS:
		return s.web(ctx, st, purpose)
	case fact.FTPS:
		return s.implicit(ctx, st, purpose)
	}
	words := ""
	if speaks == fact.SFTP {
		words = clientIdent + "\r\n" // RFC 4253 section 4.2: both sides may begin
	}
	first := s.opening(ctx, st, words)
	switch voice := first.Opening.Kind; {
	case voice == fact.VoiceFTP && speaks != fact.SFTP:
		return s.ftp(ctx, st, speaks, purpose)
	case voice == fact.VoiceSSH && purpose != "":
		if t, _ := s.meet(ctx, "endpoints", st); t != nil {
			t.hangUp()
		}
	case voice == fact.VoiceSSH && (speaks == fact.SFTP || speaks == ""):
		s.ssh(ctx, st)
	case voice == fact.VoiceText && speaks == fact.SFTP:
		s.ssh(ctx, st) // lines before the identification
	case first.Failed(fact.Timeout) && speaks != fact.SFTP:
		s.nudge(ctx, st)
	}
	return nil
}
