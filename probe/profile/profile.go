// Package profile holds what a service promises: plain data. A rule that needs to
// know something about a service finds it here; nothing about a service is written
// into a rule or a probe.
package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// Profile is what a service promises about its FTP, FTPS and SFTP.
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
	Users       []User   `json:"users,omitempty"`        // shapes of user names
	Help        string   `json:"help,omitempty"`         // how to reach support or its pages, a few words
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
	Shape string `json:"shape"`           // regular expression over the whole name
	Means string `json:"means"`           // "password mode: sign in with the password of the account"
	Wrong bool   `json:"wrong,omitempty"` // a name of this shape cannot be right
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

// User finds the shape that a user name has.
func (p *Profile) User(name string) (User, bool) {
	for _, shape := range p.Users {
		if re, err := regexp.Compile(`^(?:` + shape.Shape + `)$`); err == nil && re.MatchString(name) {
			return shape, true
		}
	}
	return User{}, false
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

// Parse reads a profile of a user's own. An error names the field and says what to write instead.
func Parse(text []byte) (Profile, error) {
	var p Profile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("it is not a profile: %w; see docs/profiles.md for the fields", err)
	}
	if err := p.check(); err != nil {
		return Profile{}, err
	}
	return p, nil
}

// check finds the first field that cannot be used.
func (p *Profile) check() error {
	if p.Name == "" {
		return fmt.Errorf(`"name" is missing; write a short name such as "example"`)
	}
	if _, taken := ByName(p.Name); taken {
		return fmt.Errorf(`"name" is %q, which is built in; choose another one`, p.Name)
	}
	if len(p.Ports) == 0 {
		return fmt.Errorf(`"ports" is empty; list at least one, such as {"number": 22, "speaks": "sftp"}`)
	}
	for i, port := range p.Ports {
		if err := port.check(); err != nil {
			return fmt.Errorf("ports[%d]: %w", i, err)
		}
	}
	if r := p.Passive; r != (Range{}) && (r.First < 1 || r.Last > 65535 || r.First > r.Last) {
		return fmt.Errorf(`"passive" is %d to %d; write two ports from 1 to 65535, the lower one first`, r.First, r.Last)
	}
	for i, network := range p.Networks {
		if _, err := netip.ParsePrefix(network); err != nil {
			return fmt.Errorf(`networks[%d] is %q; write a network such as "198.51.100.0/24"`, i, network)
		}
	}
	for i, shape := range p.Users {
		if _, err := regexp.Compile(shape.Shape); err != nil {
			return fmt.Errorf("users[%d]: shape is no regular expression: %w", i, err)
		}
	}
	return p.checkHosts()
}

func (p *Profile) checkHosts() error {
	for i, pattern := range p.Hosts {
		if _, err := path.Match(pattern, "host"); err != nil {
			return fmt.Errorf(`hosts[%d] is %q; write a host name in which * may stand for any text`, i, pattern)
		}
	}
	for i, key := range p.HostKeys {
		if !strings.HasPrefix(key, "SHA256:") {
			return fmt.Errorf(`host_keys[%d] is %q; write the fingerprint with SHA256: in front, as ssh-keygen -l prints it`, i, key)
		}
	}
	return nil
}

func (p Port) check() error {
	if p.Number < 1 || p.Number > 65535 {
		return fmt.Errorf(`"number" is %d; write a port from 1 to 65535`, p.Number)
	}
	switch p.Speaks {
	case fact.SFTP, fact.FTPES, fact.FTPS, fact.FTP, fact.HTTPS:
		return nil
	}
	return fmt.Errorf(`"speaks" is %q; write sftp, ftpes, ftps, ftp or https`, p.Speaks)
}
