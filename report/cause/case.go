package cause

import (
	"cmp"
	"net/netip"
	"slices"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Case is a run laid out for the rules: by endpoint, by connection, by address.
type Case struct {
	Run       *fact.Run
	Profile   *profile.Profile
	Endpoints []*Endpoint         // in the order of the facts
	Controls  []*Conversation     // connections that are no endpoint: a port that must be closed, port 80
	Promised  []*fact.Observation // connects to a few ports of the promised passive range, where nobody signed in
	Lookups   []*fact.Observation
	Machine   *fact.Machine // nil when this computer was not looked at
	Hosts     *fact.Observation
	Sessions  []*Session          // attempts to sign in by FTP
	SSH       *SSHSession         // the attempt to sign in by SSH; nil: there was none
	Watches   []*Watch            // sessions that were left alone
	Samples   []*fact.Observation // passive ports that were only connected to
	WebLogin  *fact.Observation   // the same name and password on the service's web server; nil: it was not asked
	PublicIP  *fact.Observation   // the address that this computer is seen under; nil: nobody was asked

	Identities []*fact.Observation // keys that could be shown to an SSH server, in the order of the user's ssh
	Agents     []*fact.Observation
	KnownHosts []*fact.Observation // files
	Config     *fact.Observation   // ssh_config; nil when it was not looked at

	data map[int]*Conversation // data connections, by number
}

// Endpoint is one address and port, and what was said there.
type Endpoint struct {
	Address string
	Port    int
	Speaks  fact.Protocol       // what the profile, or the user, expects there
	Tries   []*fact.Observation // every connect, in order
	Talk    *Conversation       // on the last of them
	Again   []*Conversation     // further connections, each with its purpose
	Session *Session            // the attempt to sign in over it by FTP; nil: there was none
	SSH     *SSHSession         // the attempt to sign in over it by SSH; nil: there was none
}

// Conversation is what happened on one connection. A part that did not come about is nil.
type Conversation struct {
	Purpose fact.Purpose
	Place   string // IP:port
	Dial    *fact.Observation
	Opening *fact.Observation
	Replies []*fact.Observation // FTP, the greeting first
	TLS     *fact.Observation
	Ident   *fact.Observation
	Kex     *fact.Observation
	Web     *fact.Observation
}

// NewCase lays out a run.
func NewCase(run *fact.Run, p *profile.Profile) *Case {
	c := &Case{Run: run, Profile: p, data: map[int]*Conversation{}}
	talks := map[int]*Conversation{}
	for i := range run.Seen {
		o := &run.Seen[i]
		switch {
		case o.Machine != nil:
			c.Machine = o.Machine
		case o.Hosts != nil:
			c.Hosts = o
		case o.Lookup != nil:
			c.Lookups = append(c.Lookups, o)
		case o.Identity != nil:
			c.Identities = append(c.Identities, o)
		case o.Agent != nil:
			c.Agents = append(c.Agents, o)
		case o.KnownHosts != nil:
			c.KnownHosts = append(c.KnownHosts, o)
		case o.WebLogin != nil:
			c.WebLogin = o
		case o.PublicIP != nil:
			c.PublicIP = o
		case o.SSHConfig != nil:
			c.Config = o
		case c.watched(o):
		case c.bySSH(o) || c.signedIn(o):
		case o.Dial != nil:
			talks[o.Conn] = c.dialled(o)
		case talks[o.Conn] != nil:
			talks[o.Conn].add(o)
		}
	}
	// A saved report can hold a second connection without the first.
	c.Endpoints = slices.DeleteFunc(c.Endpoints, func(e *Endpoint) bool { return e.Talk == nil })
	for _, e := range c.Endpoints {
		e.Speaks = cmp.Or(e.Speaks, e.heard())
	}
	c.place()
	c.placeSSH()
	return c
}

// heard is the protocol of a port from which nobody expected one: what spoke there.
func (e *Endpoint) heard() fact.Protocol {
	if o := e.Talk.Opening; o != nil && o.Opening.Kind == fact.VoiceSSH {
		return fact.SFTP
	}
	return fact.FTPES
}

// dialled files a new connection under its endpoint.
func (c *Case) dialled(o *fact.Observation) *Conversation {
	talk := &Conversation{Purpose: o.Dial.Purpose, Place: o.Endpoint, Dial: o}
	place, err := netip.ParseAddrPort(o.Endpoint)
	if err != nil {
		return talk // not of this program's making
	}
	if talk.Purpose == fact.PromisedPort {
		c.Promised = append(c.Promised, o)
		return talk
	}
	if talk.Purpose == fact.ClosedPort || talk.Purpose == fact.CaptiveCheck {
		c.Controls = append(c.Controls, talk)
		return talk
	}
	e := c.endpoint(place.Addr().String(), int(place.Port()))
	if talk.Purpose != "" {
		e.Again = append(e.Again, talk)
		return talk
	}
	e.Tries = append(e.Tries, o)
	e.Talk = talk
	return talk
}

// endpoint finds or makes an endpoint.
func (c *Case) endpoint(address string, port int) *Endpoint {
	if e := c.At(address, port); e != nil {
		return e
	}
	e := &Endpoint{Address: address, Port: port, Speaks: c.speaks(port)}
	c.Endpoints = append(c.Endpoints, e)
	return e
}

// speaks says which protocol is expected on a port: what was asked for, else what the profile says. Empty: any.
// The web port is looked at as well, whatever was asked for.
func (c *Case) speaks(port int) fact.Protocol {
	const web = 443
	t := c.Run.Target
	entry, listed := c.Profile.Port(port)
	if !listed && port == web && t.Port != web {
		entry.Speaks = fact.HTTPS
	}
	if t.Protocol != "" && (port == t.Port || t.Port == 0 && entry.Speaks != fact.HTTPS) {
		return t.Protocol
	}
	return entry.Speaks
}

func (talk *Conversation) add(o *fact.Observation) {
	switch {
	case o.Opening != nil:
		talk.Opening = o
	case o.Reply != nil:
		talk.Replies = append(talk.Replies, o)
	case o.TLS != nil:
		talk.TLS = o
	case o.Ident != nil:
		talk.Ident = o
	case o.Kex != nil:
		talk.Kex = o
	case o.Web != nil:
		talk.Web = o
	}
}

// At finds an endpoint; nil when it was not looked at.
func (c *Case) At(address string, port int) *Endpoint {
	i := slices.IndexFunc(c.Endpoints, func(e *Endpoint) bool { return e.Address == address && e.Port == port })
	if i < 0 {
		return nil
	}
	return c.Endpoints[i]
}

// Addresses lists the addresses that were looked at, each once.
func (c *Case) Addresses() []string {
	var found []string
	for _, e := range c.Endpoints {
		if !slices.Contains(found, e.Address) {
			found = append(found, e.Address)
		}
	}
	return found
}

// Ports lists the ports that were looked at, each once.
func (c *Case) Ports() []int {
	var found []int
	for _, e := range c.Endpoints {
		if !slices.Contains(found, e.Port) {
			found = append(found, e.Port)
		}
	}
	return found
}

// On lists the endpoints of one address.
func (c *Case) On(address string) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.Address == address })
}

// Where lists the endpoints that fit.
func (c *Case) Where(fits func(*Endpoint) bool) []*Endpoint {
	var found []*Endpoint
	for _, e := range c.Endpoints {
		if fits(e) {
			found = append(found, e)
		}
	}
	return found
}

// Live says whether something at an address answered the connect, be it with a refusal.
func (c *Case) Live(address string) bool {
	return slices.ContainsFunc(c.On(address), func(e *Endpoint) bool {
		return e.Connected() || refused(e)
	})
}

// Works says whether some way in works that the user could mean.
func (c *Case) Works() bool {
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool {
		if e.Proof() == "" {
			return false
		}
		wanted := c.Run.Target.Protocol
		offered, _ := e.offers()
		return wanted == "" || offered == wanted || wanted == fact.FTP && offered == fact.FTPES
	})
}

// Matters says whether a fault on a port is one for this user: the port was asked for, or
// is promised, or nothing works, so that every port is worth a word.
func (c *Case) Matters(port int) bool {
	t := c.Run.Target
	_, listed := c.Profile.Port(port)
	switch {
	case t.Port != 0:
		return port == t.Port
	case c.speaks(port) == fact.HTTPS:
		return false
	case c.Profile.Promised:
		return listed || t.Protocol != ""
	default:
		return !c.mayWork()
	}
}

// mayWork says whether some way in works, or could have worked had it not been interrupted.
func (c *Case) mayWork() bool {
	unseen := c.Run.Stopped != "" && len(c.WaysIn()) == 0
	return unseen || c.Works() || slices.ContainsFunc(c.WaysIn(), (*Endpoint).interrupted)
}

// interrupted says whether the conversation was stopped from this side.
func (e *Endpoint) interrupted() bool {
	talk := e.Talk
	steps := append([]*fact.Observation{talk.Dial, talk.Opening, talk.TLS, talk.Ident, talk.Kex, talk.Web}, talk.Replies...)
	return slices.ContainsFunc(steps, func(o *fact.Observation) bool { return o != nil && o.Failed(fact.Interrupted) })
}

// Weigh lowers the severity of a fault on a port that nobody asked for and nobody promised, where another way in works.
func (c *Case) Weigh(usual Severity, port int) Severity {
	if usual == Problem && !c.Matters(port) {
		return Warning
	}
	return usual
}

// weigh is Weigh for a fault that several endpoints share: the port that matters most decides. Where the same ports work on
// other addresses, an app gets through at times.
func (c *Case) weigh(usual Severity, shared []*Endpoint) Severity {
	matters := slices.ContainsFunc(shared, func(e *Endpoint) bool { return c.Matters(e.Port) })
	switch {
	case matters && usual == Problem && c.workElsewhere(shared):
		return Warning
	case matters:
		return usual
	default:
		return c.Weigh(usual, shared[0].Port)
	}
}

// workElsewhere says whether the port of each faulty endpoint works on another address, which is not faulty itself.
func (c *Case) workElsewhere(faulty []*Endpoint) bool {
	return every(faulty, func(e *Endpoint) bool {
		return slices.ContainsFunc(c.Endpoints, func(o *Endpoint) bool {
			return o.Port == e.Port && c.sound(o) && !slices.Contains(faulty, o)
		})
	})
}

// connected lists the endpoints that can be connected to.
func (c *Case) connected() []*Endpoint { return c.Where((*Endpoint).Connected) }

// WaysIn lists the endpoints that are there to be used; the web port is only looked at beside them.
func (c *Case) WaysIn() []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.Speaks != fact.HTTPS })
}

// Control is a connection that is no endpoint; nil when it was not made.
func (c *Case) Control(purpose fact.Purpose) *Conversation {
	for _, talk := range c.Controls {
		if talk.Purpose == purpose {
			return talk
		}
	}
	return nil
}

// every says whether there are endpoints and all of them fit.
func every(endpoints []*Endpoint, fits func(*Endpoint) bool) bool {
	return len(endpoints) > 0 && !slices.ContainsFunc(endpoints, func(e *Endpoint) bool { return !fits(e) })
}

// Connected says whether the last try to connect came through.
func (e *Endpoint) Connected() bool { return e.Talk.Dial.Failure == nil }

// Place is the endpoint as it stands in Finding.Where.
func (e *Endpoint) Place() string { return e.Talk.Place }

// FTPFamily says whether FTP, in clear or under TLS, is expected at the endpoint.
func (e *Endpoint) FTPFamily() bool {
	return e.Speaks == fact.FTPES || e.Speaks == fact.FTPS || e.Speaks == fact.FTP
}

// Greeting is the first FTP reply; nil when none came.
func (talk *Conversation) Greeting() *fact.Observation {
	return talk.Answer("")
}

// Answer is the last reply to a command; nil when none came. The command "" stands for the greeting.
func (talk *Conversation) Answer(command string) *fact.Observation {
	for _, o := range slices.Backward(talk.Replies) {
		if o.Reply.Command == command {
			return o
		}
	}
	return nil
}

// second is the further connection with a purpose; nil when none was made.
func (e *Endpoint) second(purpose fact.Purpose) *Conversation {
	for _, talk := range e.Again {
		if talk.Purpose == purpose {
			return talk
		}
	}
	return nil
}

// Leaf is the server's own certificate; nil when none came.
func (talk *Conversation) Leaf() *fact.Certificate {
	if talk.TLS == nil || len(talk.TLS.TLS.Chain) == 0 {
		return nil
	}
	return &talk.TLS.TLS.Chain[0]
}

// Secured says whether a TLS handshake was completed, whatever its certificate is worth.
func (talk *Conversation) Secured() bool { return talk.TLS != nil && talk.TLS.Failure == nil }

// Trusted says whether TLS was completed with a certificate without a fault.
func (talk *Conversation) Trusted() bool { return talk.Secured() && len(talk.TLS.TLS.Faults) == 0 }

// Welcomed says whether an FTP server greeted with a 2xx reply.
func (talk *Conversation) Welcomed() bool {
	g := talk.Greeting()
	return g != nil && g.Failure == nil && g.Reply.Code/100 == 2
}
