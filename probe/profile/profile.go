// Package profile holds what a service promises: plain data. A rule that needs to
// know something about a service finds it here; nothing about a service is written
// into a rule or a probe.
package profile

import (
	"cmp"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// Profile is what a service promises about its FTP, FTPS and SFTP, and how to read what its servers say.
type Profile struct {
	Name     string   `json:"name"`            // "files.com"
	Title    string   `json:"title"`           // as the service writes itself: "Files.com"
	Hosts    []string `json:"hosts,omitempty"` // patterns of host names; * stands for any text without a slash
	Promised bool     `json:"promised"`        // every way in below is promised to work; false: they are only worth a look
	Ports    []Port   `json:"ports"`

	Passive     Range    `json:"passive,omitzero"`       // ports of passive data connections
	Addresses   int      `json:"addresses,omitempty"`    // a name has at least so many addresses
	Networks    []string `json:"networks,omitempty"`     // networks of the service's own, as CIDR; it may use others too
	NoIPv6      bool     `json:"no_ipv6,omitempty"`      // the service has no IPv6 addresses
	WebsCert    bool     `json:"webs_cert,omitempty"`    // FTPS shows the same certificate as the web port
	HostKeys    []string `json:"host_keys,omitempty"`    // published SSH fingerprints, SHA256:...
	DropsBanned bool     `json:"drops_banned,omitempty"` // an internet address that it shuts out gets no answer at all
	IdleSeconds int      `json:"idle_seconds,omitempty"` // idle sessions are ended after
	WaitSeconds int      `json:"wait_seconds,omitempty"` // recommended time-out of a client
	Retries     int      `json:"retries,omitempty"`      // recommended
	RetryPause  int      `json:"retry_pause,omitempty"`  // seconds between retries
	Connections int      `json:"connections,omitempty"`  // that one internet address may have at a time
	PerMinute   int      `json:"per_minute,omitempty"`   // connections that one internet address may begin in a minute

	Users           []User            `json:"users,omitempty"`             // shapes of user names
	Methods         []fact.AuthMethod `json:"methods,omitempty"`           // of signing in by SSH that accounts can have; empty: not known
	KeyTypes        []string          `json:"key_types,omitempty"`         // of users' SSH keys that it takes, as in a key file: ssh-rsa, ssh-ed25519; empty: not known
	KeyDelaySeconds int               `json:"key_delay_seconds,omitempty"` // a key that was added to an account works after so long at the latest
	NewDelaySeconds int               `json:"new_delay_seconds,omitempty"` // an account or site that was just made works after so long at the latest
	Lacks           []Lack            `json:"lacks,omitempty"`             // what it does not offer
	Texts           []Text            `json:"texts,omitempty"`             // what its servers say, in the order in which they are looked for

	Pages    []Page    `json:"pages,omitempty"`     // what it writes about causes
	Log      string    `json:"log,omitempty"`       // where an administrator finds the reason of a refused login
	Failures []Reason  `json:"failures,omitempty"`  // its own names of the reasons, as they stand in that log
	WebLogin *WebLogin `json:"web_login,omitempty"` // a test of name and password over the web; nil: there is none
	Help     string    `json:"help,omitempty"`      // how to reach support, a few words
}

// Port is a port that the service listens on.
type Port struct {
	Number   int           `json:"number"`
	Speaks   fact.Protocol `json:"speaks"`
	StandsIn int           `json:"stands_in,omitempty"` // the port that this one is the alternative of
}

// Range is a range of ports, both ends included.
type Range struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// User is a shape of user names. The first one that matches counts.
type User struct {
	Shape   string            `json:"shape"`             // regular expression over the whole name
	Means   string            `json:"means"`             // "password mode: sign in with the password of the account"
	Methods []fact.AuthMethod `json:"methods,omitempty"` // that such a name can sign in with; empty: those of the service
	NoWeb   bool              `json:"no_web,omitempty"`  // such a name cannot sign in on the web
	Wrong   bool              `json:"wrong,omitempty"`   // a name of this shape cannot be right
}

// Lack is something that the service does not offer.
type Lack struct {
	What    Offer  `json:"what"`
	Some    string `json:"some,omitempty"`    // the accounts that go without: "apps of the Professional stack"; empty: all
	Instead string `json:"instead,omitempty"` // an imperative: "use SFTP on port 22"
}

// Offer is something that servers often offer.
type Offer string

// The offers.
const (
	OffersFTP       Offer = "ftp" // in any encryption
	OffersSFTP      Offer = "sftp"
	OffersClear     Offer = "clear" // FTP without encryption
	OffersAnonymous Offer = "anonymous"
	OffersPassword  Offer = "password" // signing in with one
	OffersShell     Offer = "shell"
)

// Text is something that the service's servers say.
type Text struct {
	Words string `json:"words"`           // regular expression, case ignored, looked for in what the server says
	Cause string `json:"cause"`           // the code of what it means
	Means string `json:"means,omitempty"` // a sentence
	Do    string `json:"do,omitempty"`    // an imperative, for the user
}

// Page is where the service writes about causes.
type Page struct {
	Title  string   `json:"title"`
	URL    string   `json:"url"`
	Causes []string `json:"causes,omitempty"` // codes; empty: about signing in and connecting at large
}

// Reason is one of the service's own names of a reason to refuse a login.
type Reason struct {
	Name  string `json:"name"`            // "password_mismatch"
	Cause string `json:"cause,omitempty"` // the code of what it means; empty: none that this program knows
	Means string `json:"means,omitempty"` // a sentence that is truer than what the cause says

	Over fact.Protocol `json:"over,omitempty"` // the protocol that alone is refused for it, sftp or ftp; empty: any
}

// WebLogin declares how name and password can be tried on the service's web server: POST a JSON object there, and DELETE the
// session that it begins.
type WebLogin struct {
	Path          string   `json:"path"`                     // "/api/v1/sessions"
	User          string   `json:"user"`                     // the member of the object that holds the name
	Password      string   `json:"password"`                 // and the password
	Code          string   `json:"code,omitempty"`           // and the code of a second factor; empty: none is sent
	Session       string   `json:"session,omitempty"`        // the member of the answer that names the session; empty: nothing is there to delete
	SessionHeader string   `json:"session_header,omitempty"` // the header of the DELETE that names the session
	Error         string   `json:"error"`                    // the member of an answer that names the reason of a refusal
	ErrorHeader   string   `json:"error_header,omitempty"`   // the header of an answer that does so too
	Says          []string `json:"says,omitempty"`           // the members of an answer that hold its words for people
	RequestHeader string   `json:"request_header,omitempty"` // the header of an answer that numbers the request, for support

	Errors []Reason `json:"errors,omitempty"` // the reasons
	By     string   `json:"by,omitempty"`     // where a person can do the same by hand: "https://HOST/login"; HOST stands for the host
}

// Port finds the entry of a port.
func (p *Profile) Port(number int) (Port, bool) {
	for _, port := range p.Ports {
		if port.Number == number {
			return port, true
		}
	}
	return Port{}, false
}

// Offers says whether the profile lists a port that speaks the protocol.
func (p *Profile) Offers(protocol fact.Protocol) bool {
	return slices.ContainsFunc(p.Ports, func(port Port) bool { return port.Speaks == protocol })
}

// StandIns lists the ports that may be used in place of a port, the port itself left out.
func (p *Profile) StandIns(number int) []int {
	var found []int
	own, _ := p.Port(number)
	for _, port := range p.Ports {
		related := port.StandsIn == number || own.StandsIn == port.Number && own.StandsIn != 0
		if related && port.Number != number {
			found = append(found, port.Number)
		}
	}
	return found
}

// Owns says whether an address lies in a network of the service's own.
func (p *Profile) Owns(address string) bool {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(p.Networks, func(network string) bool {
		prefix, err := netip.ParsePrefix(network)
		return err == nil && prefix.Contains(addr.Unmap())
	})
}

// Certified says whether a certificate for these names is one of the service's own.
func (p *Profile) Certified(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(p.Hosts, name) || name != "" && p.matches(name) })
}

// User finds the shape that a user name has.
func (p *Profile) User(name string) (User, bool) {
	for _, shape := range p.Users {
		if re, err := regexp.Compile(`^(?:` + shape.Shape + `)$`); err == nil && re.MatchString(name) {
			return shape, true
		}
	}
	return User{}, false
}

// Lack finds what the service does not offer to anybody, or, with some, to some accounts.
func (p *Profile) Lack(what Offer, some bool) (Lack, bool) {
	for _, lack := range p.Lacks {
		if lack.What == what && (lack.Some != "") == some {
			return lack, true
		}
	}
	return Lack{}, false
}

// Text finds what the words of a server mean.
func (p *Profile) Text(said string) (Text, bool) {
	for _, text := range p.Texts {
		if re, err := regexp.Compile(`(?i)` + text.Words); err == nil && re.MatchString(said) {
			return text, true
		}
	}
	return Text{}, false
}

// Attempts is how often an app should try, and the seconds between two tries: what the service recommends, or what is usual.
func (p *Profile) Attempts() (tries, pause int) {
	const usual, usualPause = 3, 10
	return cmp.Or(p.Retries, usual), cmp.Or(p.RetryPause, usualPause)
}

// FailuresOf lists the service's own names of a cause.
func (p *Profile) FailuresOf(cause string) []Reason {
	var found []Reason
	for _, reason := range p.Failures {
		if reason.Cause == cause {
			found = append(found, reason)
		}
	}
	return found
}

// PagesOf lists what the service writes about a cause.
func (p *Profile) PagesOf(cause string) []Page {
	var found []Page
	for _, page := range p.Pages {
		if slices.Contains(page.Causes, cause) {
			found = append(found, page)
		}
	}
	return found
}

// Reason finds what an error of the web login means.
func (w *WebLogin) Reason(name string) (Reason, bool) {
	i := slices.IndexFunc(w.Errors, func(r Reason) bool { return r.Name == name })
	if i < 0 {
		return Reason{}, false
	}
	return w.Errors[i], true
}

// Causes lists every code that the profile names, each once.
func (p *Profile) Causes() []string {
	var codes []string
	for _, text := range p.Texts {
		codes = append(codes, text.Cause)
	}
	for _, page := range p.Pages {
		codes = append(codes, page.Causes...)
	}
	reasons := p.Failures
	if p.WebLogin != nil {
		reasons = slices.Concat(reasons, p.WebLogin.Errors)
	}
	for _, reason := range reasons {
		if reason.Cause != "" {
			codes = append(codes, reason.Cause)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// matches says whether a host name is one of the service's.
func (p *Profile) matches(host string) bool {
	return slices.ContainsFunc(p.Hosts, func(pattern string) bool {
		ok, err := path.Match(pattern, host)
		return ok && err == nil
	})
}

// ForHost guesses the profile from a host name. It is Generic where nothing fits.
func ForHost(host string) Profile {
	for _, p := range All {
		if p.matches(host) {
			return p
		}
	}
	return Generic
}

// ByName finds a built-in profile.
func ByName(name string) (Profile, bool) {
	for _, p := range All {
		if p.Name == strings.ToLower(name) {
			return p, true
		}
	}
	return Profile{}, false
}

// Names lists the built-in profiles.
func Names() []string {
	var names []string
	for _, p := range All {
		names = append(names, p.Name)
	}
	return names
}
