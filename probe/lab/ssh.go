package lab

import (
	"io"
	"slices"
	"strings"
	"time"
)

// SSH is an SSH server. The zero SSH is the OpenSSH of Debian 12: it lets jane in with the password "correct horse", and
// serves SFTP.
type SSH struct {
	Wait   time.Duration // before it says anything
	Before []string      // lines before the identification (RFC 4253, section 4.2)
	Ident  string        // the identification; empty: OpenSSH 9.2p1 of Debian
	// HostKeys are its host keys, the preferred first; none: an Ed25519 key. An OpenSSH tells them all after the sign-in.
	HostKeys []Key
	// Tells is what it says in place of its host keys after the sign-in.
	Tells string
	// Authority has signed a certificate for each host key, which is shown to those who ask for one.
	Authority *Key
	// Offer announces these algorithms in place of the real ones, where it names any. Where they share nothing with the
	// visitor's, or nothing that the lab can do, the server says so and goes (RFC 4253, section 7.1).
	Offer *Offer
	// WeakGroup gives a group of 1024 bits in a Diffie-Hellman key exchange for which the server chooses the group
	// (RFC 4419), the only kind that it has then.
	WeakGroup bool

	// Users are the accounts; nil: jane, with the password "correct horse".
	Users map[string]Account
	// Methods are the ways to sign in; none: publickey and password, as Debian has it.
	Methods []string
	// Signatures are the algorithms that it takes from user keys; none: those of OpenSSH 9.2.
	Signatures []string
	// KeepsSignatures does not tell them (server-sig-algs, RFC 8308), as servers before OpenSSH 7.2.
	KeepsSignatures bool
	// Banner is shown before the first answer about a user (RFC 4252, section 5.4).
	Banner string
	// Floods sends the banner, or, where there is none, messages that mean nothing, without an end.
	Floods bool
	// Thinks is the pause before that answer, as with a directory server that is slow.
	Thinks time.Duration
	// MaxTries is after how many refusals it hangs up; zero: six (MaxAuthTries of OpenSSH).
	MaxTries int

	// RefusesSession answers the opening of a session channel with this reason (RFC 4254, section 5.1); zero: it does not.
	RefusesSession uint32
	// NoSFTP refuses the subsystem.
	NoSFTP bool
	// Forced runs in place of whatever the visitor wants.
	Forced *Command
	// NoSCP says that there is no program named scp.
	NoSCP bool
	// Noise is what a login script prints before the SFTP server starts, and before a command; Complaint is what goes to
	// the error channel then.
	Noise, Complaint string
	// SFTP is how the files are served.
	SFTP SFTP
	// IdleLimit ends a session in which the visitor has said nothing for so long; zero: never.
	IdleLimit time.Duration
	// IgnoresKeepAlive never answers keepalive@openssh.com.
	IgnoresKeepAlive bool

	// EndAfter says where the conversation breaks off.
	EndAfter Stage
	Hang     bool // at that stage it goes silent instead of closing
}

// Offer is what a server announces in KEXINIT. An empty list is the usual one.
type Offer struct {
	Kex, HostKeys, Ciphers, MACs []string
}

// Command is a program that runs for a visitor.
type Command struct {
	Stdout, Stderr string
	Exit           uint32
	HangsUp        bool // ends the connection instead of telling its status
	Mute           bool // ends without a status
}

// Stage is a point in an SSH conversation.
type Stage int

// The stages.
const (
	Never           Stage = iota
	AtLines               // once the lines before the identification are sent
	AtIdentityGiven       // once the server's identification is sent
	AtVisitorHello        // once the visitor has sent its own
	AtKexInit             // once both sides have said which algorithms they have
	AtKeyExchange         // once the visitor has sent its half of the key exchange
	AtNewKeys             // once the host key is proven and everything is encrypted
	AtService             // once the visitor has asked for the service of signing in
	AtFirstRequest        // once the visitor has made its first request to sign in
	AtKeyShown            // once the visitor has shown a key
	AtPassword            // once the visitor has sent a password
	AtAnswers             // once the visitor has asked for keyboard-interactive
	AtInside              // once the visitor is in
	AtSession             // once the visitor has opened a session
	AtSubsystem           // once the visitor has asked for SFTP
	AtInit                // once the visitor has said which version of SFTP it speaks
	AtRealPath            // once the visitor has asked where it is
	AtOpenFolder          // once the visitor has opened a folder
	AtReadFolder          // once the visitor has asked for its entries
	AtOpenFile            // once the visitor has opened a file
	AtWrite               // once the visitor has sent a piece of a file
	AtRead                // once the visitor has asked for a piece of a file
	AtClose               // once the visitor has closed a file or a folder
	AtDelete              // once the visitor has deleted a file
)

const openSSH = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"

func (s SSH) ident() string {
	if s.Ident == "" {
		return openSSH
	}
	return s.Ident
}

func (s SSH) hostKeys() []Key {
	if len(s.HostKeys) == 0 {
		return []Key{HostEd25519}
	}
	return s.HostKeys
}

// sshSession is one connection.
type sshSession struct {
	SSH
	c       *conn
	wire    *sshWire
	visitor string // its identification
	id      []byte // of the session: the first exchange hash
	asksFor []string

	user     string
	account  *Account // nil: nobody
	done     []string // the methods that have succeeded
	failures int
	channels map[uint32]*sshChannel
}

func (s SSH) serve(c *conn) {
	session := &sshSession{SSH: s, c: c, wire: newSSHWire(c), channels: map[uint32]*sshChannel{}}
	if session.greet() && session.exchangeKeys() && session.authenticate() {
		session.work()
	}
}

// stops says whether the conversation breaks off here, after the silence if there is one.
func (s *sshSession) stops(stage Stage) bool {
	if s.EndAfter != stage {
		return false
	}
	if s.Hang {
		drain(s.c)
	}
	return true
}

// greet exchanges the identifications.
func (s *sshSession) greet() bool {
	if !s.c.sleep(s.Wait) {
		return false
	}
	if len(s.Before) > 0 {
		if _, err := io.WriteString(s.c, strings.Join(s.Before, "\r\n")+"\r\n"); err != nil {
			return false
		}
	}
	if s.stops(AtLines) {
		return false
	}
	if _, err := io.WriteString(s.c, s.ident()+"\r\n"); err != nil || s.stops(AtIdentityGiven) {
		return false
	}
	line, err := s.wire.in.ReadSlice('\n')
	s.visitor = strings.TrimRight(string(line), "\r\n")
	return err == nil && !s.stops(AtVisitorHello)
}

// The messages of SSH that the lab knows by number (RFC 4250, section 4.1.2).
const (
	sshDisconnect     = 1
	sshIgnore         = 2
	sshUnimplemented  = 3
	sshDebug          = 4
	sshServiceRequest = 5
	sshExtInfo        = 7
	sshKexInit        = 20
	sshNewKeys        = 21
)

// next returns the next message that matters. It says false when the visitor has gone.
func (s *sshSession) next() (message []byte, ok bool) {
	for {
		message, err := s.wire.read()
		switch {
		case err != nil || message[0] == sshDisconnect:
			return nil, false
		case slices.Contains([]byte{sshIgnore, sshUnimplemented, sshDebug, sshExtInfo}, message[0]):
			continue
		}
		return message, true
	}
}

// disconnect says why the server goes (RFC 4253, section 11.1). It says false, for the session is over.
func (s *sshSession) disconnect(reason uint32, text string) bool {
	s.send(struct {
		Reason   uint32 `sshtype:"1"`
		Text     string
		Language string
	}{reason, text, ""})
	return false
}
