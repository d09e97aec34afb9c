package fact

import "time"

// Skip says that something was not tried, and why.
type Skip struct {
	What   string `json:"what"`   // "990", "dns", "the port 80 of a captive portal"
	Reason string `json:"reason"` // ends the sentence "not tried: ..."
}

// Machine is this computer, as far as it matters to a connection.
type Machine struct {
	Addresses []string `json:"addresses"` // of the interfaces, as ADDRESS/BITS; loopback left out
	Resolvers []string `json:"resolvers"` // configured DNS servers, as IP:port
	Proxies   []Proxy  `json:"proxies,omitempty"`
	IPv4      bool     `json:"ipv4"` // has an IPv4 address that is not link-local
	IPv6      bool     `json:"ipv6"` // has an IPv6 address of global scope, private ones (ULA) left out
}

// Proxy is a proxy variable of the environment, user and password cut out.
type Proxy struct {
	Variable string `json:"variable"` // "HTTPS_PROXY"
	Value    string `json:"value"`
}

// Hosts is the hosts file, only the lines that name the target.
type Hosts struct {
	Path  string      `json:"path"`
	Lines []HostsLine `json:"lines,omitempty"`
}

// HostsLine is one line of a hosts file.
type HostsLine struct {
	Line    int      `json:"line"` // counted from 1
	Address string   `json:"address"`
	Names   []string `json:"names"`
}

// Lookup is one question about a name and its answer.
type Lookup struct {
	Server    string   `json:"server"`    // IP:port of the DNS server; "system": what other programs get; "given": --resolve
	Transport string   `json:"transport"` // "system", "udp" or "tcp"
	Purpose   Purpose  `json:"purpose,omitempty"`
	Asked     bool     `json:"asked,omitempty"` // the server was named with --resolver; false: this computer is configured with it
	Name      string   `json:"name"`
	Type      string   `json:"type,omitempty"` // "A" or "AAAA"; empty for the system's answer, which holds both
	Rcode     string   `json:"rcode,omitempty"`
	Records   []Record `json:"records,omitempty"` // the answer section: CNAMEs and addresses
	Truncated bool     `json:"truncated,omitempty"`
}

// Record is a DNS record of an answer.
type Record struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // "A", "AAAA", "CNAME"
	TTL   uint32 `json:"ttl"`  // seconds; 0 for the system's answer, which does not tell
	Value string `json:"value"`
}

// Addresses lists the addresses of the answer, in its order.
func (l *Lookup) Addresses() []string {
	var found []string
	for _, r := range l.Records {
		if r.Type == "A" || r.Type == "AAAA" {
			found = append(found, r.Value)
		}
	}
	return found
}

// Purpose says why a step was taken beside the ordinary ones. Empty: an ordinary step.
type Purpose string

// The purposes.
const (
	CanaryName   Purpose = "canary"         // a name that nobody has: who answers it invents answers
	LenientTLS   Purpose = "lenient-tls"    // after a failed handshake: old versions and every suite, to learn why it failed
	WithoutSNI   Purpose = "without-sni"    // after an unrecognised name: the same handshake without a server name
	ClosedPort   Purpose = "closed-port"    // a port on which nobody listens: who accepts it accepts everything
	CaptiveCheck Purpose = "captive"        // port 80: a captive portal answers there
	DataLink     Purpose = "data"           // a data connection that carries a listing or a file
	SampleLink   Purpose = "sample"         // a data connection that only shows whether the port can be reached
	WithoutReuse Purpose = "no-reuse"       // a data connection that begins a TLS session of its own, as apps do that know no better
	PromisedPort Purpose = "promised-range" // a port of the passive range that the service promises, while nobody signs in
	WebSignIn    Purpose = "web-login"      // name and password are tried on the web server
	InClear      Purpose = "in-clear"       // a second sign-in, without encryption: what does a device on the way make of what it can read
	MoreKeys     Purpose = "more-keys"      // a second sign-in by SSH, for what the server hung up before
	IdleLink     Purpose = "idle"           // a session that is left alone, to see how long it lives
	SmallPackets Purpose = "small-packets"  // where large packets seem to get lost: the same conversation in small ones
)

// Dial is the opening of a TCP connection.
type Dial struct {
	Purpose Purpose `json:"purpose,omitempty"`
	Try     int     `json:"try"`      // 1 for the first; more with --patient
	Limit   Millis  `json:"limit_ms"` // how long an answer was awaited
	Local   string  `json:"local,omitempty"`
}

// Opening is what the other side says first, before any protocol is assumed.
type Opening struct {
	Kind      Voice    `json:"kind"`
	Lines     []string `json:"lines,omitempty"`     // the first lines, cleaned and cut
	Bytes     int      `json:"bytes"`               // how many had come
	Encrypted bool     `json:"encrypted,omitempty"` // inside TLS
	Nudged    bool     `json:"nudged,omitempty"`    // only after a silence had been broken with the client's first words
}

// Voice is the protocol that the first bytes belong to.
type Voice string

// The voices.
const (
	VoiceFTP    Voice = "ftp"       // three digits and a blank or hyphen (RFC 959 section 4.2)
	VoiceSSH    Voice = "ssh"       // "SSH-", perhaps after other lines (RFC 4253 section 4.2)
	VoiceHTTP   Voice = "http"      // "HTTP/"
	VoiceHTML   Voice = "html"      // a web page without a header
	VoiceTLS    Voice = "tls"       // a TLS record of a handshake
	VoiceAlert  Voice = "tls-alert" // a TLS alert record
	VoiceText   Voice = "text"      // printable text of no known protocol
	VoiceBinary Voice = "binary"    //
	VoiceNone   Voice = "none"      // nothing came
)

// Reply is an FTP reply, and the command that it answers.
type Reply struct {
	Command   string   `json:"command"` // empty: the greeting
	Code      int      `json:"code,omitempty"`
	Lines     []string `json:"lines,omitempty"` // the text without the code, cleaned, at most 64 lines
	Encrypted bool     `json:"encrypted,omitempty"`
}

// TLS is a handshake, completed whatever the certificate is worth, and what the certificate is worth.
type TLS struct {
	Purpose    Purpose       `json:"purpose,omitempty"`
	Mode       TLSMode       `json:"mode"`
	ServerName string        `json:"server_name,omitempty"` // as sent (SNI) and as checked against the certificate
	Version    string        `json:"version,omitempty"`     // "TLS 1.3"
	Suite      string        `json:"suite,omitempty"`
	Chain      []Certificate `json:"chain,omitempty"`      // as sent, the leaf first, at most 10
	ChainSent  int           `json:"chain_sent,omitempty"` // how many certificates were sent
	Faults     []CertFault   `json:"faults,omitempty"`     // every fault of the chain at once
	Alert      int           `json:"alert,omitempty"`      // the alert's number (RFC 8446 section 6)
	AlertText  string        `json:"alert_text,omitempty"`
	WantsCert  bool          `json:"wants_cert,omitempty"` // the server asked for a client certificate
	Plain      []string      `json:"plain,omitempty"`      // what came in clear instead of TLS records
	Received   int           `json:"received"`             // bytes from the server during the handshake
	Resumed    bool          `json:"resumed,omitempty"`    // an earlier TLS session was used again
}

// TLSMode says how a TLS handshake was reached.
type TLSMode string

// The modes.
const (
	Explicit TLSMode = "explicit" // after AUTH TLS
	Implicit TLSMode = "implicit" // first thing on the connection, on an FTPS port
	WebTLS   TLSMode = "web"      // first thing on the connection, on the web port
	Nudge    TLSMode = "nudge"    // after a long silence, to see whether the port awaits TLS
	DataTLS  TLSMode = "data"     // on a data connection
)

// Certificate is one X.509 certificate of a chain.
type Certificate struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names,omitempty"` // DNS names and addresses that it is valid for, at most 100
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	SHA256     string    `json:"sha256"` // of the whole certificate, lower-case hex
	Key        string    `json:"key"`    // "RSA 2048", "ECDSA P-256", "Ed25519"
	CA         bool      `json:"ca,omitempty"`
	SelfSigned bool      `json:"self_signed,omitempty"` // signed with its own key
	IssuerURL  bool      `json:"issuer_url,omitempty"`  // says where its issuer's certificate can be fetched (RFC 5280 section 4.2.2.1)
}

// CertFault is one thing that is wrong with a chain.
type CertFault struct {
	Kind Fault  `json:"kind"`
	Text string `json:"text"`
}

// Fault is the kind of a certificate fault.
type Fault string

// The faults. Trust is judged as if the dates were right, so that one fault does not hide another.
const (
	NameMismatch     Fault = "name-mismatch"
	Expired          Fault = "expired"           // a certificate of the chain
	NotYetValid      Fault = "not-yet-valid"     //
	SelfSigned       Fault = "self-signed"       // the leaf is signed with its own key and not trusted
	UnknownAuthority Fault = "unknown-authority" // the chain ends at an authority that this computer does not trust
	NoChain          Fault = "incomplete-chain"  // the issuer of the last certificate was not sent, and is not known here
	NoAuthorities    Fault = "no-authorities"    // this computer has no list of authorities, so that trust cannot be judged here
	BadCertificate   Fault = "bad-certificate"   // breaks the rules of X.509, or is for another use
)

// Ident is the identification of an SSH server and every line before it (RFC 4253 section 4.2).
type Ident struct {
	Before []string `json:"before,omitempty"` // at most 64 lines, cleaned
	Line   string   `json:"line,omitempty"`   // "SSH-2.0-OpenSSH_9.2p1"; empty: none came
}

// Kex is an SSH key exchange up to the host key.
type Kex struct {
	Offer   *Algorithms `json:"offer,omitempty"`  // the server's KEXINIT
	Agreed  *Agreed     `json:"agreed,omitempty"` // what both settled on
	HostKey *HostKey    `json:"host_key,omitempty"`
	Lacking string      `json:"lacking,omitempty"` // the list without a common name: "key exchange", "host key", "client to server cipher" ...
	Ours    []string    `json:"ours,omitempty"`    // what this program offered in that list
	Goodbye *Goodbye    `json:"goodbye,omitempty"` // the server's reason for ending it
}

// Algorithms are the name lists of a KEXINIT (RFC 4253 section 7.1).
type Algorithms struct {
	Kex          []string `json:"kex"`
	HostKeys     []string `json:"host_keys"`
	CiphersOut   []string `json:"ciphers_out"` // client to server
	CiphersIn    []string `json:"ciphers_in"`  // server to client
	MACsOut      []string `json:"macs_out"`
	MACsIn       []string `json:"macs_in"`
	Compressions []string `json:"compressions"` // server to client
}

// Agreed is what a key exchange settled on.
type Agreed struct {
	Kex     string `json:"kex"`
	HostKey string `json:"host_key"`
	Cipher  string `json:"cipher"` // client to server
	MAC     string `json:"mac,omitempty"`
}

// HostKey is the public key that an SSH server proved to own.
type HostKey struct {
	Type   string `json:"type"`
	Bits   int    `json:"bits,omitempty"`
	SHA256 string `json:"sha256"` // as ssh-keygen -l prints it: SHA256:...
	MD5    string `json:"md5"`    // as ssh-keygen -l -E md5 prints it, without the prefix

	Standing  Standing        `json:"standing,omitempty"`  // empty: known_hosts was not looked at
	Entries   []KnownKeyEntry `json:"entries,omitempty"`   // that Standing follows from, at most 10
	Elsewhere []string        `json:"elsewhere,omitempty"` // other hosts for which known_hosts has this very key, at most 5
	Published bool            `json:"published,omitempty"` // the service publishes this fingerprint
	Accepted  bool            `json:"accepted,omitempty"`  // the user said yes to it on the terminal
}

// Web is the answer of a web server to HEAD /.
type Web struct {
	Purpose  Purpose    `json:"purpose,omitempty"`
	Status   int        `json:"status,omitempty"`
	Server   string     `json:"server,omitempty"`
	Location string     `json:"location,omitempty"`
	Date     *time.Time `json:"date,omitempty"` // the server's clock
}
