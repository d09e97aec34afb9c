package probe

import (
	"context"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// smallPackets has one of the conversations once more, in small packets, where all of them fell silent when the first large
// packet was due. If it goes on then, large packets get lost on the way.
func (s *Session) smallPackets(ctx context.Context) {
	place := stuckOnLarge(s.snapshot())
	if place == "" || ctx.Err() != nil {
		return
	}
	for _, port := range s.plan.Ports() {
		if s.isAt(place, port) {
			s.talk(ctx, place, port.Speaks, fact.SmallPackets)
		}
	}
}

func (s *Session) isAt(place string, port profile.Port) bool {
	for _, address := range s.addresses() {
		if placeOf(address, port.Number) == place {
			return true
		}
	}
	return false
}

// stuckOnLarge is a place at which the server's first large packet, its certificate or its key, was awaited in vain after it had
// said something; empty: there is none, or large packets came elsewhere.
func stuckOnLarge(seen []fact.Observation) (place string) {
	spoke := map[int]bool{}
	for _, o := range seen {
		if o.Check != "endpoints" {
			continue
		}
		large := o.TLS != nil && o.TLS.Mode != fact.Nudge || o.Kex != nil
		switch {
		case o.Opening != nil:
			spoke[o.Conn] = o.Opening.Bytes > 0
		case large && o.Failure == nil:
			return ""
		case large && o.Failed(fact.Timeout) && spoke[o.Conn] && place == "":
			place = o.Endpoint
		}
	}
	return place
}
