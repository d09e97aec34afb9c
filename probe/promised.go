package probe

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// mostPromised is how many ports of a promised range are tried. It is no scan: the ports are few, and of a range that is meant to
// be connected to.
const mostPromised = 3

// promised connects to a few ports of the passive range that the service promises, on one address. Nobody listens there while
// nobody is signed in: a refusal shows that the way is open, and silence shows nothing.
func (s *Session) promised(ctx context.Context, check string) {
	if ctx.Err() != nil {
		return
	}
	var all sync.WaitGroup
	for _, place := range s.promisedPlaces() {
		all.Go(func() {
			if w, _ := s.dialOnce(ctx, check, place, fact.PromisedPort, 1); w != nil {
				_ = w.Close()
			}
		})
	}
	all.Wait()
}

// promisedPlaces lists where to connect: spread over the range, away from its ends, on the first address. It is empty where nobody
// wants FTP.
func (s *Session) promisedPlaces() []string {
	addresses := s.addresses()
	if len(addresses) == 0 || !s.plan.TriesFTP() {
		return nil
	}
	var places []string
	for _, port := range spread(s.plan.Profile.Passive) {
		if !slices.ContainsFunc(s.plan.Ports(), func(p profile.Port) bool { return p.Number == port }) {
			places = append(places, netip.AddrPortFrom(addresses[0], uint16(port)).String())
		}
	}
	return places
}

// spread chooses ports of a range, each in the middle of an equal part of it.
func spread(r profile.Range) []int {
	if r.First == 0 {
		return nil
	}
	size := r.Last - r.First + 1
	n := min(mostPromised, size)
	var ports []int
	for i := range n {
		ports = append(ports, r.First+size*(2*i+1)/(2*n))
	}
	return ports
}
