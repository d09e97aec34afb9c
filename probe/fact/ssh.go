package fact

import "time"

// Standing is what known_hosts says about the host key of a server (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
type Standing string

// The standings.
const (
	KnownKey     Standing = "known"      // an entry for the host holds this very key, or an authority that signed its certificate
	UnknownKey   Standing = "unknown"    // no entry is about the host
	ChangedKey   Standing = "changed"    // an entry for the host holds another key of the same type
	OtherTypeKey Standing = "other-type" // the entries for the host hold keys of other types only
	RevokedKey   Standing = "revoked"    // an entry marks this very key as revoked
)

// KnownKeyEntry is one line of a known_hosts file.
type KnownKeyEntry struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // counted from 1
	Marker string `json:"marker,omitempty"`
	Type   string `json:"type"`
	SHA256 string `json:"sha256"`
}

// KnownHosts is one known_hosts file. A file that is not there has the failure not-found.
type KnownHosts struct {
	Path   string       `json:"path"`
	Asked  bool         `json:"asked,omitempty"` // named with --known-hosts or by ssh_config
	Lines  int          `json:"lines"`           // that hold a key
	Broken []BrokenLine `json:"broken,omitempty"`
}

// BrokenLine is a line of a file of this computer that cannot be used. The others are.
type BrokenLine struct {
	File string `json:"file,omitempty"` // empty: the file of the observation
	Line int    `json:"line"`           // counted from 1
	Why  string `json:"why"`            // ends the sentence "line 4 is not used: ..."
}

// SSHConfig is what ssh_config sets for the target, only what differs from an ssh without any configuration.
type SSHConfig struct {
	Source     string       `json:"source"`          // "ssh -G", or the files that were read
	Files      []string     `json:"files,omitempty"` // that were read
	HostName   string       `json:"host_name,omitempty"`
	Port       int          `json:"port,omitempty"`
	User       string       `json:"user,omitempty"`
	Proxy      string       `json:"proxy,omitempty"`       // "ProxyJump gate.example.com" or "ProxyCommand" and the name of the program, without its arguments
	Identities []string     `json:"identities,omitempty"`  // IdentityFile
	Only       bool         `json:"only,omitempty"`        // IdentitiesOnly yes
	Agent      string       `json:"agent,omitempty"`       // IdentityAgent
	Methods    string       `json:"methods,omitempty"`     // PreferredAuthentications
	Off        []string     `json:"off,omitempty"`         // methods switched off: "publickey", "password", "keyboard-interactive"
	Algorithms []string     `json:"algorithms,omitempty"`  // options that narrow them: "KexAlgorithms", "HostKeyAlgorithms", "Ciphers", "MACs", "PubkeyAcceptedAlgorithms"
	KnownHosts []string     `json:"known_hosts,omitempty"` // UserKnownHostsFile
	Broken     []BrokenLine `json:"broken,omitempty"`
}

// Agent is an SSH agent. Its failure is that of reaching or asking it.
type Agent struct {
	Kind    AgentKind `json:"kind"`
	Address string    `json:"address,omitempty"` // of the socket or pipe
	Keys    int       `json:"keys"`
}

// AgentKind is the way in which an agent is reached.
type AgentKind string

// The kinds.
const (
	AgentSocket  AgentKind = "socket"  // SSH_AUTH_SOCK, a Unix socket
	AgentPipe    AgentKind = "pipe"    // the named pipe of OpenSSH for Windows
	AgentPageant AgentKind = "pageant" // PuTTY's
)

// Identity is a key that could be shown to the server, or a file that was to hold one. The observation's failure says why a
// file could not be read; what is wrong with the text in it is Flaw.
type Identity struct {
	Source   KeySource `json:"source"`
	Path     string    `json:"path,omitempty"` // of the file
	Format   KeyFormat `json:"format,omitempty"`
	Flaw     KeyFlaw   `json:"flaw,omitempty"`
	Version  int       `json:"version,omitempty"` // of a PuTTY file
	Type     string    `json:"type,omitempty"`    // "ssh-ed25519"; empty: it could not be told
	Bits     int       `json:"bits,omitempty"`
	SHA256   string    `json:"sha256,omitempty"` // SHA256:...
	Comment  string    `json:"comment,omitempty"`
	Size     int64     `json:"size,omitempty"`     // of the file, in bytes
	Modified time.Time `json:"modified,omitzero"`  // of the file, UTC
	Mode     string    `json:"mode,omitempty"`     // permissions of the file in octal, "0644"; empty where they mean nothing
	Open     bool      `json:"open,omitempty"`     // others than its owner have rights to the file: OpenSSH's client does not use it then
	CRLF     bool      `json:"crlf,omitempty"`     // its lines end as on Windows
	Unlocked bool      `json:"unlocked,omitempty"` // it was encrypted, and the passphrase was right
	Usable   bool      `json:"usable,omitempty"`   // it can sign: the private half is at hand

	Certificate *KeyCertificate `json:"certificate,omitempty"`
}

// KeySource says where a key comes from.
type KeySource string

// The sources, in the order in which OpenSSH's client offers them but for those of ssh_config, which stand where its file puts them.
const (
	KeyGiven   KeySource = "given"      // -i
	KeyConfig  KeySource = "ssh_config" // IdentityFile
	KeyAgent   KeySource = "agent"
	KeyDefault KeySource = "default" // ~/.ssh/id_ed25519 and the like
)

// KeyFormat is the format of a key file.
type KeyFormat string

// The formats.
const (
	FormatOpenSSH KeyFormat = "openssh"     // BEGIN OPENSSH PRIVATE KEY
	FormatPEM     KeyFormat = "pem"         // BEGIN RSA PRIVATE KEY and the like
	FormatPKCS8   KeyFormat = "pkcs8"       // BEGIN PRIVATE KEY, BEGIN ENCRYPTED PRIVATE KEY
	FormatPuTTY   KeyFormat = "putty"       // PuTTY-User-Key-File-
	FormatPublic  KeyFormat = "public"      // the public half: one line, or BEGIN SSH2 PUBLIC KEY (RFC 4716)
	FormatCert    KeyFormat = "certificate" // the public half of an OpenSSH certificate
	FormatTLS     KeyFormat = "x509"        // BEGIN CERTIFICATE: for TLS, not for SSH
	FormatUnknown KeyFormat = "unknown"     // not a key
	FormatSSHCom  KeyFormat = "ssh.com"     // BEGIN SSH2 ENCRYPTED PRIVATE KEY
)

// KeyFlaw says why a key file yields no key that can sign.
type KeyFlaw string

// The flaws.
const (
	KeyIsFolder        KeyFlaw = "folder"
	KeyIsEmpty         KeyFlaw = "empty"
	KeyIsHuge          KeyFlaw = "huge"      // more than a key can be; it was not read
	KeyIsPublic        KeyFlaw = "public"    // the public half was chosen
	KeyIsEncrypted     KeyFlaw = "encrypted" // a passphrase is needed and none was given
	KeyWrongPassphrase KeyFlaw = "wrong-passphrase"
	KeyCipherUnknown   KeyFlaw = "cipher-unknown"  // encrypted in a way that this program cannot undo, other apps may
	KeyIsDamaged       KeyFlaw = "damaged"         // the frame of a key around something that is none
	KeyTypeUnknown     KeyFlaw = "type-unknown"    // a whole key of a type that this program does not know
	KeyIsNone          KeyFlaw = "none"            // no key at all
	KeyLacksPrivate    KeyFlaw = "no-private-half" // a certificate without its key
)

// KeyCertificate is an OpenSSH certificate for a user key (PROTOCOL.certkeys of OpenSSH).
type KeyCertificate struct {
	Path       string    `json:"path,omitempty"`
	ForHosts   bool      `json:"for_hosts,omitempty"` // a host certificate: no use for signing in
	Principals []string  `json:"principals,omitempty"`
	After      time.Time `json:"after,omitzero"`      // valid from; zero: always
	Before     time.Time `json:"before,omitzero"`     // valid until; zero: for ever
	CA         string    `json:"ca,omitempty"`        // fingerprint of the authority, SHA256:...
	OtherKey   bool      `json:"other_key,omitempty"` // it certifies another key than the one beside it
}

// Auth is one request of SSH user authentication and the answer to it (RFC 4252).
type Auth struct {
	Method    AuthMethod `json:"method"`
	Key       string     `json:"key,omitempty"`       // SHA256:... of the key that was shown
	Algorithm string     `json:"algorithm,omitempty"` // of the signature that was asked about, or made
	Query     bool       `json:"query,omitempty"`     // nothing was signed: would the server take this key? (RFC 4252 section 7)
	Answer    AuthAnswer `json:"answer,omitempty"`    // empty: none came, Observation.Failure says what did
	Methods   []string   `json:"methods,omitempty"`   // that can continue, from the server's answer
	Banner    []string   `json:"banner,omitempty"`    // SSH_MSG_USERAUTH_BANNER before the answer, cleaned
	Rounds    []Round    `json:"rounds,omitempty"`    // keyboard-interactive (RFC 4256)
	Goodbye   *Goodbye   `json:"goodbye,omitempty"`
}

// AuthMethod is the name of an SSH authentication method, as on the wire.
type AuthMethod string

// The methods.
const (
	AuthNone      AuthMethod = "none"
	AuthPublicKey AuthMethod = "publickey"
	AuthPassword  AuthMethod = "password"
	AuthKeyboard  AuthMethod = "keyboard-interactive"
)

// AuthAnswer is what the server answers to a request.
type AuthAnswer string

// The answers.
const (
	AuthAccepted AuthAnswer = "accepted"  // SSH_MSG_USERAUTH_SUCCESS
	AuthRefused  AuthAnswer = "refused"   // SSH_MSG_USERAUTH_FAILURE
	AuthPartial  AuthAnswer = "partial"   // SSH_MSG_USERAUTH_FAILURE with partial success: right, and more is wanted
	AuthWouldDo  AuthAnswer = "would-do"  // SSH_MSG_USERAUTH_PK_OK: the key would be taken
	AuthChange   AuthAnswer = "change"    // SSH_MSG_USERAUTH_PASSWD_CHANGEREQ: a new password is demanded
	AuthUnasked  AuthAnswer = "not-asked" // this program stopped before it: no signature was made, or no code was at hand
)

// Round is one request for information of keyboard-interactive.
type Round struct {
	Name        string   `json:"name,omitempty"`
	Instruction []string `json:"instruction,omitempty"`
	Prompts     []Prompt `json:"prompts,omitempty"`
}

// Prompt is one question of the server.
type Prompt struct {
	Text   string `json:"text"`
	Echo   bool   `json:"echo,omitempty"`   // what is typed may be shown
	Answer Secret `json:"answer,omitempty"` // what was given; empty: nothing
}

// Secret is the kind of an answer to a prompt; the answer itself is never recorded.
type Secret string

// The kinds of secrets.
const (
	GavePassword Secret = "password"
	GaveCode     Secret = "code" // FTPDOCTOR_OTP, or typed
	GaveEmpty    Secret = "empty"
)

// Goodbye is SSH_MSG_DISCONNECT (RFC 4253 section 11.1).
type Goodbye struct {
	Reason int    `json:"reason"`
	Text   string `json:"text,omitempty"`
}

// HostKeys are all host keys that the server owns, as it tells after the sign-in (hostkeys-00@openssh.com, PROTOCOL of OpenSSH, section 2.5).
type HostKeys struct {
	Keys []HostKey `json:"keys"`
}

// Channel is a request on an SSH session channel, and what became of it (RFC 4254 section 6).
type Channel struct {
	Request ChannelRequest `json:"request"`
	Command string         `json:"command,omitempty"` // of exec
	Refused bool           `json:"refused,omitempty"` // SSH_MSG_CHANNEL_FAILURE, or the channel was not opened
	Reason  int            `json:"reason,omitempty"`  // of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 section 5.1)
	Text    string         `json:"text,omitempty"`    // of the same
	Stdout  []string       `json:"stdout,omitempty"`  // what came that is not SFTP, cleaned
	Stderr  []string       `json:"stderr,omitempty"`
	Exit    *int           `json:"exit,omitempty"`     // status of the program
	Signal  string         `json:"signal,omitempty"`   // that ended the program
	Closed  bool           `json:"closed,omitempty"`   // the server closed the channel or the connection
	After   Millis         `json:"after_ms,omitempty"` // from the acceptance of the user to the close
	Goodbye *Goodbye       `json:"goodbye,omitempty"`
}

// ChannelRequest is what was asked for.
type ChannelRequest string

// The requests.
const (
	OpenSession   ChannelRequest = "session"   // the channel itself
	SFTPSubsystem ChannelRequest = "subsystem" // sftp
	ExecCommand   ChannelRequest = "exec"
)

// SFTPStep is one request of the SFTP protocol and its answer (draft-ietf-secsh-filexfer-02, which OpenSSH's version 3 follows).
type SFTPStep struct {
	Request    SFTPRequest `json:"request"`
	Path       string      `json:"path,omitempty"`
	Version    int         `json:"version,omitempty"`    // of init
	Extensions []string    `json:"extensions,omitempty"` // of init, the names
	Entries    int         `json:"entries,omitempty"`    // of list: how many names came
	Bytes      int64       `json:"bytes,omitempty"`
	Status     int         `json:"status,omitempty"`  // SSH_FX_ code of a refusal; 0: none
	Text       string      `json:"text,omitempty"`    // the server's words with it
	Differs    bool        `json:"differs,omitempty"` // what was read back is not what was written
	Noise      []string    `json:"noise,omitempty"`   // text of a shell where a packet was due
}

// SFTPRequest is what was asked for.
type SFTPRequest string

// The requests, in the order in which they are made.
const (
	SFTPInit     SFTPRequest = "init"
	SFTPRealPath SFTPRequest = "realpath"
	SFTPList     SFTPRequest = "list" // OPENDIR and READDIR
	SFTPUpload   SFTPRequest = "upload"
	SFTPDownload SFTPRequest = "download"
	SFTPDelete   SFTPRequest = "delete"
)
