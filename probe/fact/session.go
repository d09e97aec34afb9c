package fact

// Login is one attempt to sign in, and how it ended. The replies to it are observations of their own.
type Login struct {
	Protocol Protocol `json:"protocol"`
	Method   string   `json:"method"` // "password"
	Outcome  Outcome  `json:"outcome"`
	Withheld Withheld `json:"withheld,omitempty"` // why nothing secret was sent
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
	NoWayIn      Withheld = "no-way-in"     // no endpoint got as far as a login
	NoEncryption Withheld = "no-encryption" // the only way was in clear
	BadCert      Withheld = "certificate"   // the certificate has a fault
	NoPassword   Withheld = "no-password"   // none was given
	TurnedAway   Withheld = "turned-away"   // the server began to refuse this address
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
