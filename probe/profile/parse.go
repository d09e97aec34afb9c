package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"ftpdoctor/probe/fact"
)

// Parse reads a profile of a user's own. An error names the field and says what to write instead.
func Parse(text []byte) (Profile, error) {
	var p Profile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("it is not a profile: %w; see docs/profiles.md for the fields", wrongType(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Profile{}, errors.New("more text follows after the profile; keep one JSON object in the file")
	}
	if err := p.check(); err != nil {
		return Profile{}, err
	}
	p.Title = cmp.Or(p.Title, p.Name)
	return p, nil
}

// wrongType says which field holds a value of the wrong type, in words of JSON.
func wrongType(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Field == "" {
		return err
	}
	return fmt.Errorf("%q is a %s, which does not fit there", wrong.Field, wrong.Value)
}

// check finds the first field that cannot be used.
func (p *Profile) check() error {
	for _, part := range []func() error{p.checkName, p.checkPorts, p.checkNumbers, p.checkHosts, p.checkSignIn, p.checkTexts, p.checkWebLogin} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// shortName is what a profile and a cause may be called.
var shortName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)

func (p *Profile) checkName() error {
	if p.Name == "" {
		return errors.New(`"name" is missing; write a short name such as "example"`)
	}
	if !shortName.MatchString(p.Name) {
		return fmt.Errorf(`"name" is %q; write up to 40 small letters, digits, dots and hyphens`, p.Name)
	}
	if _, taken := ByName(p.Name); taken {
		return fmt.Errorf(`"name" is %q, which is built in; choose another one`, p.Name)
	}
	return unprintable("title", p.Title, "help", p.Help, "log", p.Log)
}

// unprintable finds the first text that a terminal would not show as it is. Names and texts take turns.
func unprintable(pairs ...string) error {
	for pair := range slices.Chunk(pairs, 2) {
		if strings.ContainsFunc(pair[1], func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q has a character in it that cannot be shown, such as a line end; write it without", pair[0])
		}
	}
	return nil
}

func (p *Profile) checkPorts() error {
	if len(p.Ports) == 0 {
		return errors.New(`"ports" is empty; list at least one, such as {"number": 22, "speaks": "sftp"}`)
	}
	for i, port := range p.Ports {
		if err := port.check(); err != nil {
			return fmt.Errorf("ports[%d]: %w", i, err)
		}
		if first, _ := p.Port(port.Number); first != port {
			return fmt.Errorf("ports[%d]: port %d is listed before; keep one of them", i, port.Number)
		}
		if _, listed := p.Port(port.StandsIn); port.StandsIn != 0 && !listed {
			return fmt.Errorf(`ports[%d]: "stands_in" is %d, which is no port of the list; add that port, or leave this out`, i, port.StandsIn)
		}
	}
	if r := p.Passive; r != (Range{}) && (r.First < 1 || r.Last > 65535 || r.First > r.Last) {
		return fmt.Errorf(`"passive" is %d to %d; write two ports from 1 to 65535, the lower one first`, r.First, r.Last)
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

// checkNumbers finds numbers that no service has. A day is longer than any wait.
func (p *Profile) checkNumbers() error {
	const day = 24 * 60 * 60
	for _, n := range []struct {
		name  string
		value int
		most  int
	}{
		{"addresses", p.Addresses, 64},
		{"idle_seconds", p.IdleSeconds, day},
		{"wait_seconds", p.WaitSeconds, 600},
		{"retries", p.Retries, 10},
		{"retry_pause", p.RetryPause, 600},
		{"connections", p.Connections, 1 << 20},
		{"per_minute", p.PerMinute, 1 << 20},
		{"key_delay_seconds", p.KeyDelaySeconds, day},
		{"new_delay_seconds", p.NewDelaySeconds, day},
	} {
		if n.value < 0 || n.value > n.most {
			return fmt.Errorf("%q is %d; write a number from 0 to %d", n.name, n.value, n.most)
		}
	}
	return nil
}

// fingerprint is how ssh-keygen -l prints one.
var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

func (p *Profile) checkHosts() error {
	for i, pattern := range p.Hosts {
		if _, err := path.Match(pattern, "host"); err != nil {
			return fmt.Errorf(`hosts[%d] is %q; write a host name in which * may stand for any text`, i, pattern)
		}
		if err := unprintable(fmt.Sprintf("hosts[%d]", i), pattern); err != nil {
			return err
		}
	}
	for i, network := range p.Networks {
		if _, err := netip.ParsePrefix(network); err != nil {
			return fmt.Errorf(`networks[%d] is %q; write a network such as "198.51.100.0/24"`, i, network)
		}
	}
	for i, key := range p.HostKeys {
		if !fingerprint.MatchString(key) {
			return fmt.Errorf(`host_keys[%d] is %q; write the fingerprint with SHA256: in front, as ssh-keygen -l prints it`, i, key)
		}
	}
	return nil
}

// The types of SSH keys of users (RFC 4253 section 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f of OpenSSH).
var keyTypes = []string{
	"ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
}

func (p *Profile) checkSignIn() error {
	for i, shape := range p.Users {
		if _, err := regexp.Compile(shape.Shape); err != nil {
			return fmt.Errorf(`users[%d]: "shape" is no regular expression: %w`, i, err)
		}
		if shape.Shape == "" || shape.Means == "" {
			return fmt.Errorf(`users[%d]: write both "shape", a regular expression, and "means", what such a name is`, i)
		}
		if err := checkMethods(shape.Methods); err != nil {
			return fmt.Errorf("users[%d]: %w", i, err)
		}
		if err := unprintable(fmt.Sprintf("users[%d].shape", i), shape.Shape, fmt.Sprintf("users[%d].means", i), shape.Means); err != nil {
			return err
		}
	}
	for i, name := range p.KeyTypes {
		if !slices.Contains(keyTypes, name) {
			return fmt.Errorf("key_types[%d] is %q; write one of %s", i, name, strings.Join(keyTypes, ", "))
		}
	}
	return checkMethods(p.Methods)
}

func checkMethods(methods []fact.AuthMethod) error {
	for i, m := range methods {
		if m != fact.AuthPublicKey && m != fact.AuthPassword && m != fact.AuthKeyboard {
			return fmt.Errorf("methods[%d] is %q; write publickey, password or keyboard-interactive", i, m)
		}
	}
	return nil
}

func (p *Profile) checkTexts() error {
	for i, lack := range p.Lacks {
		if !slices.Contains([]Offer{OffersFTP, OffersSFTP, OffersClear, OffersAnonymous, OffersPassword, OffersShell}, lack.What) {
			return fmt.Errorf(`lacks[%d]: "what" is %q; write ftp, sftp, clear, anonymous, password or shell`, i, lack.What)
		}
		if err := unprintable(fmt.Sprintf("lacks[%d].some", i), lack.Some, fmt.Sprintf("lacks[%d].instead", i), lack.Instead); err != nil {
			return err
		}
	}
	for i, text := range p.Texts {
		place := fmt.Sprintf("texts[%d]", i)
		if _, err := regexp.Compile(text.Words); err != nil || text.Words == "" {
			return fmt.Errorf(`%s: "words" is %q, which is no regular expression; write the words that the server says`, place, text.Words)
		}
		if err := checkCause(place, text.Cause); err != nil {
			return err
		}
		if err := unprintable(place+".words", text.Words, place+".means", text.Means, place+".do", text.Do); err != nil {
			return err
		}
	}
	for i, page := range p.Pages {
		if err := page.check(); err != nil {
			return fmt.Errorf("pages[%d]: %w", i, err)
		}
	}
	return checkReasons("failures", p.Failures)
}

// checkCause finds what cannot be the code of a cause. Which codes there are is not known here.
func checkCause(place, code string) error {
	if !shortName.MatchString(code) {
		return fmt.Errorf(`%s: "cause" is %q; write one that "ftpdoctor list causes" shows`, place, code)
	}
	return nil
}

func (p Page) check() error {
	at, err := url.Parse(p.URL)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" {
		return fmt.Errorf(`"url" is %q; write an address such as "https://example.com/help"`, p.URL)
	}
	if p.Title == "" {
		return errors.New(`"title" is missing; write what the page is called`)
	}
	for _, code := range p.Causes {
		if err := checkCause("causes", code); err != nil {
			return err
		}
	}
	return unprintable("title", p.Title, "url", p.URL)
}

func checkReasons(field string, reasons []Reason) error {
	for i, r := range reasons {
		place := fmt.Sprintf("%s[%d]", field, i)
		if r.Name == "" {
			return fmt.Errorf(`%s: "name" is missing; write the service's own name of the reason`, place)
		}
		if r.Cause != "" {
			if err := checkCause(place, r.Cause); err != nil {
				return err
			}
		}
		if r.Over != "" && r.Over != fact.SFTP && r.Over != fact.FTP {
			return fmt.Errorf(`%s: "over" is %q; write sftp or ftp, or leave it out`, place, r.Over)
		}
		if err := unprintable(place+".name", r.Name, place+".means", r.Means); err != nil {
			return err
		}
	}
	return nil
}

// token is the name of an HTTP header (RFC 9110 section 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (p *Profile) checkWebLogin() error {
	w := p.WebLogin
	if w == nil {
		return nil
	}
	says := func(field, wanted string) error {
		return fmt.Errorf(`web_login: %q is missing; write %s`, field, wanted)
	}
	switch {
	case !p.Offers(fact.HTTPS):
		return errors.New(`web_login needs a web port; add {"number": 443, "speaks": "https"} to "ports"`)
	case !strings.HasPrefix(w.Path, "/") || strings.ContainsFunc(w.Path, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf(`web_login: "path" is %q; write a path such as "/api/v1/sessions"`, w.Path)
	case w.User == "":
		return says("user", "the member of the request that holds the name")
	case w.Password == "":
		return says("password", "the member of the request that holds the password")
	case w.Error == "" && w.ErrorHeader == "":
		return says("error", "the member of the answer that names the reason of a refusal")
	case w.Session != "" && !token.MatchString(w.SessionHeader):
		return fmt.Errorf(`web_login: "session_header" is %q; write the header by which the session is named when it is deleted`, w.SessionHeader)
	case w.ErrorHeader != "" && !token.MatchString(w.ErrorHeader):
		return fmt.Errorf(`web_login: "error_header" is %q; write the name of a header`, w.ErrorHeader)
	case w.RequestHeader != "" && !token.MatchString(w.RequestHeader):
		return fmt.Errorf(`web_login: "request_header" is %q; write the name of a header`, w.RequestHeader)
	}
	if err := checkReasons("web_login.errors", w.Errors); err != nil {
		return err
	}
	return unprintable("web_login.by", w.By)
}
