package fact

import (
	"strings"
	"unicode"
)

// Login is one attempt to sign in, and how it ended. The replies to it are observations of their own.
type Login struct {
	Protocol Protocol `json:"protocol"`
	Method   string   `json:"method"` // "password", "key", "keyboard-interactive", several of them joined by " and ", or "none" where nothing was asked for
	Outcome  Outcome  `json:"outcome"`
	Withheld Withheld `json:"withheld,omitempty"` // why nothing secret was sent
	Shape    []Oddity `json:"shape,omitempty"`    // what is unusual about the password; no part of it
}

// Oddity is something about a password that is often there by mistake.
type Oddity string

// The oddities.
const (
	LeadingBlank  Oddity = "leading-blank"
	TrailingBlank Oddity = "trailing-blank"
	LineEnd       Oddity = "line-end"    // CR or LF, at the end or within
	Control       Oddity = "control"     // another control character, such as NUL
	Invisible     Oddity = "invisible"   // a character without a picture: zero width, byte order mark, no-break space
	Typographic   Oddity = "typographic" // curly quotes, long dashes: what a word processor makes of typed characters
	NonASCII      Oddity = "non-ascii"   // other characters beyond ASCII, which apps encode in different ways
)

// OdditiesOf says what is unusual about a password.
func OdditiesOf(password string) []Oddity {
	var found []Oddity
	note := func(o Oddity, there bool) {
		if there {
			found = append(found, o)
		}
	}
	within := func(is func(rune) bool) bool { return strings.ContainsFunc(password, is) }
	note(LeadingBlank, strings.HasPrefix(password, " ") || strings.HasPrefix(password, "\t"))
	note(TrailingBlank, strings.HasSuffix(password, " ") || strings.HasSuffix(password, "\t"))
	note(LineEnd, strings.ContainsAny(password, "\r\n"))
	note(Control, within(func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) }))
	note(Invisible, within(invisible))
	note(Typographic, within(typographic))
	note(NonASCII, within(func(r rune) bool {
		return r > unicode.MaxASCII && !unicode.IsControl(r) && !invisible(r) && !typographic(r)
	}))
	return found
}

func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r > unicode.MaxASCII && unicode.IsSpace(r) && !unicode.IsControl(r)
}

func typographic(r rune) bool {
	return strings.ContainsRune("‘’‚‛“”„‟‐‑‒–—―…", r)
}

// Outcome is how an attempt to sign in ended.
type Outcome string

// The outcomes.
const (
	Accepted    Outcome = "accepted"
	LoginDenied Outcome = "refused"  // the server said no
	NotSent     Outcome = "withheld" // this program did not try: Login.Withheld says why
	Broken      Outcome = "broken"   // neither yes nor no came: Observation.Failure says what did
)

// Withheld says why a password was not sent.
type Withheld string

// The reasons.
const (
	NoWayIn      Withheld = "no-way-in"        // no endpoint got as far as a login
	NoEncryption Withheld = "no-encryption"    // the only way was in clear
	BadCert      Withheld = "certificate"      // the certificate has a fault
	NoPassword   Withheld = "no-password"      // none was given
	TurnedAway   Withheld = "turned-away"      // the server began to refuse this address
	HostUnknown  Withheld = "host-key-unknown" // SSH: nobody has confirmed the host key
	HostChanged  Withheld = "host-key-changed" // SSH: known_hosts has another one
	HostRevoked  Withheld = "host-key-revoked" // SSH: known_hosts marks it as revoked
	NoKey        Withheld = "no-key"           // SSH: the server takes keys only, and none can be used here
	NoCode       Withheld = "no-code"          // the server asks for a code, and none was given
	NoMethod     Withheld = "no-method"        // SSH: the server offers no method for which there is anything at hand
	OutOfTries   Withheld = "out-of-tries"     // --max-failed-logins are used up
)

// Transfer is a listing or a file over one data connection.
type Transfer struct {
	Work      Work     `json:"work"`
	Command   string   `json:"command"` // "MLSD", "LIST", "STOR", "RETR"
	Mode      DataMode `json:"mode"`
	Announced string   `json:"announced,omitempty"` // IP:port that the server announced or, in active mode, was told; EPSV announces a port of the control address
	Dialled   string   `json:"dialled,omitempty"`   // IP:port that this program connected to
	Data      int      `json:"data,omitempty"`      // number of the data connection
	Encrypted bool     `json:"encrypted,omitempty"`
	Resumed   bool     `json:"resumed,omitempty"` // the TLS session of the control connection was used again
	Bytes     int64    `json:"bytes"`
	Code      int      `json:"code,omitempty"`    // of the last reply
	Lines     []string `json:"lines,omitempty"`   // of the last reply
	Differs   bool     `json:"differs,omitempty"` // what was read back is not what was written
}

// Work is what a transfer is for.
type Work string

// The kinds of work.
const (
	Listing  Work = "list"
	Upload   Work = "upload"
	Download Work = "download"
)

// DataMode says how the two sides agree on a data connection.
type DataMode string

// The modes.
const (
	EPSV DataMode = "epsv" // passive, the server announces a port (RFC 2428 section 3)
	PASV DataMode = "pasv" // passive, the server announces an address and a port (RFC 959 section 4.1.2)
	EPRT DataMode = "eprt" // active (RFC 2428 section 2)
	PORT DataMode = "port" // active (RFC 959 section 4.1.2)
)

// Sample is one passive port that the server handed out, and that was connected to for no other purpose. The
// observation's Failure is that of the connect.
type Sample struct {
	Mode      DataMode `json:"mode"`
	Announced string   `json:"announced"`
	Dialled   string   `json:"dialled"`
}
