package cause

import (
	"cmp"
	"fmt"
	"slices"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Way is a way in that works from here.
type Way struct {
	Protocol   fact.Protocol `json:"protocol"`
	Host       string        `json:"host"`
	Port       int           `json:"port"`
	Encryption Encryption    `json:"encryption"`
	SignIn     string        `json:"sign_in,omitempty"` // "password", "key", "keyboard-interactive", "key and password"; empty: nobody signed in
	Key        string        `json:"key,omitempty"`     // fingerprint of the SSH key that signed in
	Proof      Proof         `json:"proof"`
	KeepAlive  int           `json:"keep_alive,omitempty"` // seconds between two, where sessions need them to live on; empty: none was seen to end
}

// Encryption is how a way in is protected, in the words of FTP apps.
type Encryption string

// The encryptions.
const (
	ExplicitTLS Encryption = "explicit"
	ImplicitTLS Encryption = "implicit"
	OverSSH     Encryption = "ssh"
	InClear     Encryption = "none"
)

// Proof says how far a way in was proven. Empty: not at all.
type Proof string

// The proofs, the weakest first.
const (
	ProofConnected Proof = "connected" // the server answered in its protocol
	ProofVerified  Proof = "verified"  // its certificate is right, or its host key is a published or a known one
	ProofLoggedIn  Proof = "logged-in"
	ProofListed    Proof = "listed"
	ProofWrote     Proof = "wrote"
)

var proofs = []Proof{"", ProofConnected, ProofVerified, ProofLoggedIn, ProofListed, ProofWrote}

// Compare says whether a proof goes further than another, as cmp.Compare does.
func (p Proof) Compare(than Proof) int {
	return cmp.Compare(slices.Index(proofs, p), slices.Index(proofs, than))
}

// Ways lists what works from here, the best first. A way counts as soon as one address offers it.
func Ways(run *fact.Run, p *profile.Profile) []Way {
	if len(run.Earlier) > 0 {
		return waysInRounds(run, p)
	}
	return waysOnce(run, p)
}

func waysOnce(run *fact.Run, p *profile.Profile) []Way {
	c := NewCase(run, p)
	var ways []Way
	for _, port := range c.Ports() {
		best := Way{Host: run.Target.Host, Port: port}
		for _, e := range c.Endpoints {
			if e.Port == port && e.provesMore(best.Proof) && !c.impostor(e) {
				best.Protocol, best.Encryption = e.offers()
				best.Proof = e.proof(p.HostKeys)
				best.SignIn, best.Key = e.signIn(), e.signInKey()
			}
		}
		if best.Proof != "" {
			best.KeepAlive = c.keepAliveOn(port)
			ways = append(ways, best)
		}
	}
	sortWays(ways)
	return ways
}

func sortWays(ways []Way) {
	slices.SortStableFunc(ways, func(a, b Way) int {
		return cmp.Or(
			-a.Proof.Compare(b.Proof),
			cmp.Compare(preference(a.Protocol), preference(b.Protocol)),
		)
	})
}

func (e *Endpoint) provesMore(than Proof) bool {
	return e.Proof().Compare(than) > 0
}

// preference puts the ways with the fewest connections and the best protection first.
func preference(p fact.Protocol) int {
	return slices.Index([]fact.Protocol{fact.SFTP, fact.FTPES, fact.FTPS, fact.FTP}, p)
}

// Proof says how far the endpoint was proven to be a way in. Empty: it is none.
func (e *Endpoint) Proof() Proof { return e.proof(nil) }

func (e *Endpoint) proof(published []string) Proof {
	if !e.Connected() || e.Speaks == fact.HTTPS {
		return ""
	}
	if e.SSH.useless() {
		return ""
	}
	if proof := cmp.Or(e.Session.proof(), e.SSH.proof()); proof != "" {
		return proof
	}
	talk := e.Talk
	if kex := talk.Kex; kex != nil && kex.Failure == nil && kex.Kex.HostKey != nil {
		if rightHostKey(kex.Kex.HostKey, published) {
			return ProofVerified
		}
		return ProofConnected
	}
	switch {
	case !talk.Welcomed() || talk.TLS != nil && !talk.Secured():
		return ""
	case talk.Trusted():
		return ProofVerified
	default:
		return ProofConnected
	}
}

// rightHostKey says whether somebody vouches for a host key: the service that publishes it, known_hosts, or the user.
func rightHostKey(key *fact.HostKey, published []string) bool {
	denied := key.Standing == fact.ChangedKey || key.Standing == fact.RevokedKey
	return slices.Contains(published, key.SHA256) || key.Standing == fact.KnownKey || !denied && (key.Published || key.Accepted)
}

// signIn is how somebody signed in over the endpoint. Empty: nobody did.
func (e *Endpoint) signIn() string {
	switch {
	case e.Session.proof() != "":
		return e.Session.Login.Login.Method
	case e.SSH.proof() != "":
		return e.SSH.Login.Login.Method
	default:
		return ""
	}
}

// signInKey is the key with which somebody signed in over the endpoint. Empty: there was none.
func (e *Endpoint) signInKey() string {
	if e.SSH.proof() == "" {
		return ""
	}
	return e.SSH.Key()
}

// offers says what the endpoint really speaks.
func (e *Endpoint) offers() (fact.Protocol, Encryption) {
	talk := e.Talk
	switch {
	case talk.Kex != nil && talk.Kex.Kex.HostKey != nil:
		return fact.SFTP, OverSSH
	case !talk.Secured():
		return fact.FTP, InClear
	case talk.TLS.TLS.Mode == fact.Explicit:
		return fact.FTPES, ExplicitTLS
	default:
		return fact.FTPS, ImplicitTLS
	}
}

// impostor says whether the host key speaks against the server: it is revoked, or not the known one, or that of a device on the
// way. Such an endpoint is no way in. Who signed in all the same had it so.
func (c *Case) impostor(e *Endpoint) bool {
	key := e.hostKey()
	switch {
	case key == nil || key.Accepted || e.SSH.Accepted():
		return false
	case key.Standing == fact.RevokedKey:
		return true
	case key.Standing == fact.ChangedKey && !c.published(key):
		return true
	default:
		return c.proxied(key) != ""
	}
}

// sound says whether an endpoint is a way in over which a password is safe. A host key that nobody knows yet is compared first,
// but one in place of a published key is none to send people to.
func (c *Case) sound(e *Endpoint) bool {
	if e.Proof() == "" || c.impostor(e) {
		return false
	}
	key := e.hostKey()
	return e.Talk.Trusted() || key != nil && (!c.otherThanPublished(key) || rightHostKey(key, nil))
}

// instead says what can be used in place of faulty endpoints: other addresses, the ports that stand in for theirs, else another protocol.
func (c *Case) instead(faulty []*Endpoint) []Step {
	ports := portsAmong(faulty)
	works := func(port int) bool {
		return !slices.Contains(ports, port) &&
			slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Port == port && c.sound(e) })
	}
	var steps []Step
	if c.workElsewhere(faulty) {
		steps = append(steps, Step{You, "try again: your app may then take another address of the name, and those work"})
	}
	for _, port := range ports {
		for _, other := range c.Profile.StandIns(port) {
			if works(other) {
				steps = append(steps, Step{You, fmt.Sprintf("set the port to %d in your FTP app in place of %d; nothing else changes", other, port)})
			}
		}
	}
	if len(steps) > 0 {
		return steps
	}
	for _, way := range Ways(c.Run, c.Profile) {
		if works(way.Port) {
			return []Step{{You, fmt.Sprintf("use %s on port %d", way.called(), way.Port)}}
		}
	}
	return nil
}

// called is the name of a way in FTP apps.
func (w Way) called() string {
	switch w.Encryption {
	case OverSSH:
		return "SFTP"
	case ExplicitTLS:
		return "explicit TLS (FTPES)"
	case ImplicitTLS:
		return "implicit TLS"
	default:
		return "FTP"
	}
}
