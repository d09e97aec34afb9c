// Package fact holds what a run saw: plain data that is written to JSON as it is
// and read back without loss. Its one rule: a fact says what happened on the wire
// or on this computer, never what it means and never what to do about it.
package fact

import (
	"math"
	"slices"
	"time"
)

// Run is everything that one run saw, in a fixed order: by check, by endpoint, by time.
type Run struct {
	Tool     Tool          `json:"tool"`
	Started  time.Time     `json:"started"` // UTC
	Took     Millis        `json:"took_ms"`
	Target   Target        `json:"target"`
	Stopped  Stopped       `json:"stopped,omitempty"`
	Redacted bool          `json:"redacted,omitempty"` // names and addresses are pseudonyms
	Rounds   int           `json:"rounds,omitempty"`   // how often the whole run was to be made (--repeat); 0: once
	Earlier  []EarlierRun  `json:"earlier,omitempty"`  // the rounds before the last one, in order
	Seen     []Observation `json:"facts"`
}

// EarlierRun is one of several runs with the same plan.
type EarlierRun struct {
	Started time.Time     `json:"started"` // UTC
	Took    Millis        `json:"took_ms"`
	Stopped Stopped       `json:"stopped,omitempty"`
	Seen    []Observation `json:"facts"`
}

// Each lists all rounds as runs of their own, the last one last.
func (r *Run) Each() []*Run {
	var all []*Run
	for _, round := range r.Earlier {
		one := *r
		one.Started, one.Took, one.Stopped, one.Seen, one.Earlier = round.Started, round.Took, round.Stopped, round.Seen, nil
		all = append(all, &one)
	}
	last := *r
	last.Earlier = nil
	return append(all, &last)
}

// Tool names the program that made the run.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	OS      string `json:"os"` // GOOS/GOARCH
}

// Stopped says why a run ended before it had seen everything. Empty: it ended by itself.
type Stopped string

// The reasons for an early end.
const (
	ByUser     Stopped = "interrupted"
	ByDeadline Stopped = "deadline"
)

// Target is what the user asked about.
type Target struct {
	Typed    string   `json:"typed"`              // as typed, a password in it cut out
	Tidied   []Tidied `json:"tidied,omitempty"`   // what had to be cut from it to find a host
	Host     string   `json:"host"`               // lower case, no trailing dot, xn-- form; or an IP address
	User     string   `json:"user,omitempty"`     //
	Profile  string   `json:"profile"`            // name of the profile
	Protocol Protocol `json:"protocol,omitempty"` // the only way in that was asked for; empty: any
	Port     int      `json:"port,omitempty"`     // the only port that was asked for; 0: the profile's
	Folder   string   `json:"folder,omitempty"`   // to be opened after the sign-in; relative to where that leads, unless it begins with a slash
}

// Tidied names one kind of text around the host name that does not belong into the host field of an FTP app.
type Tidied string

// What can surround a host name.
const (
	TidiedScheme      Tidied = "scheme"       // sftp://, ftp://: a URL that this program accepts
	TidiedOtherScheme Tidied = "other-scheme" // https://: copied from a browser
	TidiedUser        Tidied = "user"         // user@
	TidiedPort        Tidied = "port"         // :21
	TidiedPath        Tidied = "path"         // /folder
	TidiedSpace       Tidied = "space"        // blanks, line ends, invisible characters
	TidiedQuotes      Tidied = "quotes"       // "…", '…', “…”
	TidiedDot         Tidied = "trailing-dot" //
	TidiedUnicode     Tidied = "unicode"      // an internationalised name, looked up in its xn-- form
)

// Protocol is a way in, by the names of the URL schemes and of --protocol.
type Protocol string

// The protocols.
const (
	SFTP  Protocol = "sftp"  // SSH file transfer
	FTPES Protocol = "ftpes" // FTP with explicit TLS (AUTH TLS, RFC 4217)
	FTPS  Protocol = "ftps"  // FTP with implicit TLS
	FTP   Protocol = "ftp"   // FTP without encryption
	HTTPS Protocol = "https" // the web port: looked at as a control, never a way in
)

// Observation is one step of one conversation. At most one thing failed in it.
type Observation struct {
	ID       int      `json:"id"`                 // 1, 2, 3 ... in the order of Run.Seen
	Check    string   `json:"check"`              // the check that looked
	Endpoint string   `json:"endpoint,omitempty"` // IP:port of the other side
	Conn     int      `json:"conn,omitempty"`     // the steps on one connection share a number
	At       Millis   `json:"at_ms"`              // since Run.Started
	Took     Millis   `json:"took_ms"`
	Failure  *Failure `json:"failure"` // nil: the step did what it should

	// Exactly one of these is present.
	Skip    *Skip    `json:"skip,omitempty"`
	Machine *Machine `json:"machine,omitempty"`
	Hosts   *Hosts   `json:"hosts,omitempty"`
	Lookup  *Lookup  `json:"lookup,omitempty"`
	Dial    *Dial    `json:"dial,omitempty"`
	Opening *Opening `json:"opening,omitempty"`
	Reply   *Reply   `json:"reply,omitempty"`
	TLS     *TLS     `json:"tls,omitempty"`
	Ident   *Ident   `json:"ident,omitempty"`
	Kex     *Kex     `json:"kex,omitempty"`
	Web     *Web     `json:"web,omitempty"`

	Login    *Login    `json:"login,omitempty"`
	Transfer *Transfer `json:"transfer,omitempty"`
	Sample   *Sample   `json:"sample,omitempty"`

	KnownHosts *KnownHosts `json:"known_hosts,omitempty"`
	SSHConfig  *SSHConfig  `json:"ssh_config,omitempty"`
	Agent      *Agent      `json:"agent,omitempty"`
	Identity   *Identity   `json:"identity,omitempty"`
	Auth       *Auth       `json:"auth,omitempty"`
	HostKeys   *HostKeys   `json:"host_keys,omitempty"`
	Channel    *Channel    `json:"channel,omitempty"`
	SFTP       *SFTPStep   `json:"sftp,omitempty"`
	Idle       *Idle       `json:"idle,omitempty"`

	WebLogin *WebLogin `json:"web_login,omitempty"`
	PublicIP *PublicIP `json:"public_ip,omitempty"`
}

// Failed says whether the step failed in one of the given ways, or, with none given, at all.
func (o *Observation) Failed(kinds ...Kind) bool {
	if o.Failure == nil {
		return false
	}
	return len(kinds) == 0 || slices.Contains(kinds, o.Failure.Kind)
}

// Failure is what went wrong in a step.
type Failure struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"` // the raw error, for people; no rule reads it
}

// Kind is one word of a closed set, the same on every operating system.
type Kind string

// The ways in which a step can fail.
const (
	Refused            Kind = "refused"             // RST, or ICMP port unreachable, in answer to the SYN
	Dropped            Kind = "dropped"             // no answer to the connect within its limit
	HostUnreachable    Kind = "host-unreachable"    // EHOSTUNREACH: ICMP host unreachable or, for IPv4 on Linux, administratively prohibited
	NetUnreachable     Kind = "net-unreachable"     // ENETUNREACH: no route here, or ICMP net unreachable
	Denied             Kind = "denied"              // EPERM, EACCES: this computer, or ICMPv6 administratively prohibited
	AddressUnavailable Kind = "address-unavailable" // the local address asked for is not this computer's
	NoResources        Kind = "no-resources"        // this computer has no more sockets, ports or memory
	Timeout            Kind = "timeout"             // connected, then silence where an answer was due
	Reset              Kind = "reset"               // RST on an open connection
	Closed             Kind = "closed"              // FIN where more was due
	NotFound           Kind = "not-found"           // system resolver: no such name, or no address
	NXDomain           Kind = "nxdomain"            // DNS: the name does not exist (RFC 1035 section 4.1.1, RCODE 3)
	ServFail           Kind = "servfail"            // DNS: RCODE 2
	QueryRefused       Kind = "query-refused"       // DNS: RCODE 5
	BadAnswer          Kind = "bad-answer"          // DNS: another RCODE, a CNAME loop, or not an answer to what was asked
	NotTLS             Kind = "not-tls"             // bytes that are no TLS record came in a handshake
	Alert              Kind = "tls-alert"           // the server ended the handshake with an alert; TLS.Alert is its number
	TLSVersion         Kind = "tls-version"         // the server chose a version that this handshake did not offer
	TLSFailed          Kind = "tls-failed"          // the handshake broke on our side for another reason
	NoCommonAlgorithm  Kind = "no-common-algorithm" // SSH: Kex.Lacking names the list
	WeakGroup          Kind = "weak-group"          // SSH: the server's Diffie-Hellman group is too small for this program
	Disconnected       Kind = "disconnected"        // SSH: the server said goodbye, with a reason (SSH_MSG_DISCONNECT)
	NoPermission       Kind = "no-permission"       // a file of this computer may not be read
	Garbled            Kind = "garbled"             // bytes that are not of the protocol
	TooLong            Kind = "too-long"            // more than this program is willing to read
	Interrupted        Kind = "interrupted"         // the user or the overall deadline stopped the step; says nothing about the other side
	Other              Kind = "other"
)

// Millis is a time in milliseconds, rounded to hundredths when it is recorded, so that a JSON round trip changes nothing.
type Millis float64

// MillisOf rounds a duration.
func MillisOf(d time.Duration) Millis {
	return Millis(math.Round(float64(d)/float64(10*time.Microsecond)) / 100)
}

// Duration is m as a time.Duration.
func (m Millis) Duration() time.Duration {
	return time.Duration(float64(m) * float64(time.Millisecond))
}
