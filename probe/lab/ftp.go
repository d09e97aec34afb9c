package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// FTP is an FTP server. The zero FTP greets as vsftpd does, knows no encryption, and lets jane in with the password
// "correct horse".
type FTP struct {
	Brand    Brand
	TLS      *TLS // nil: no encryption
	Implicit bool // encrypted from the first byte

	Wait     time.Duration // before the greeting
	First    string        // a reply before the greeting, such as "120 Service ready in 1 minute"
	Greeting string        // in place of the brand's; may have several lines; a 421 ends the connection
	Feat     string        // the whole reply to FEAT in place of the brand's
	Auth     string        // the reply to AUTH TLS in place of 234; a handshake follows only a 234
	AuthHang bool          // never answers AUTH
	OnFail   string        // sent in clear when the handshake fails

	// Replies to verbs in place of the brand's, so that the command is not carried out. A 230 signs in, a 421 ends the
	// session, and so does a 500 OOPS, which vsftpd writes in clear whatever the connection is.
	Replies map[string]string
	// Waits are the pauses before verbs are answered.
	Waits map[string]time.Duration
	// Ignores are verbs that are never answered, while the session goes on.
	Ignores []string
	// SilentOn is the verb after which the server says nothing any more, HangsUpOn the one on which it closes the
	// connection without a word.
	SilentOn, HangsUpOn string
	// SilentAfter is after how many replies the server says nothing any more, the greeting counted; zero: never.
	SilentAfter int

	// Latin1 is a server from before UTF-8: it reads and writes each byte of a name as a letter of ISO 8859-1.
	Latin1 bool

	// Password is jane's, in place of "correct horse".
	Password string
	// Welcome answers the right password in place of the brand's 230.
	Welcome string
	// DemandsTLS refuses a login in clear.
	DemandsTLS bool
	// Folder is a further folder on the disk, such as "/Bücher".
	Folder string
	// Home is the folder in which a session begins; empty: the root.
	Home string

	// Announce is the address in PASV's reply in place of the server's own.
	Announce string
	// Passive are the ports for data connections; the zero range: 40000 to 50000.
	Passive PortRange
	// DataTLS makes the handshakes of data connections in place of TLS.
	DataTLS *TLS
	// DemandsProt refuses transfers in clear.
	DemandsProt bool
	// ReadOnly refuses uploads.
	ReadOnly bool
	// Room is how many bytes an upload may have until the disk is full; zero: plenty.
	Room int
	// Crowd is how many more files the root holds.
	Crowd int
	// CutAfter ends a download or listing after this many bytes, as a crash would; zero: never.
	CutAfter int
	// IdleLimit is how long a session may be silent, and IdleWords the goodbye; empty: none. Zero: it may be silent for ever.
	IdleLimit time.Duration
	IdleWords string
	// NoTransferLimit is how long a session may go without a transfer, whatever else is said, NoTransferWords the goodbye.
	NoTransferLimit time.Duration
	NoTransferWords string
	// Sessions is how many sessions jane may have at a time; zero: any number. It counts those of one host.
	Sessions int
	// Patience is how long the server waits for a data connection and for the data on it; zero: one minute.
	Patience time.Duration
}

func (f FTP) serve(c *conn) {
	if !f.Implicit {
		f.open(c, c, nil)
		return
	}
	if f.TLS == nil {
		return
	}
	shared := f.TLS.sessions()
	secure, err := f.TLS.serve(c, shared.control)
	if err != nil {
		return
	}
	f.open(c, secure, shared)
}

// open greets and serves the session.
func (f FTP) open(c *conn, control net.Conn, shared *sessions) {
	if !c.sleep(f.Wait) {
		return
	}
	s := &ftpSession{FTP: f, raw: c, secure: f.Implicit, shared: shared, folder: "/", worked: time.Now()}
	defer s.endMode()
	s.over(control)
	if f.First != "" && !s.say(f.First) {
		return
	}
	greeting := f.Greeting
	if greeting == "" {
		greeting = f.Brand.greeting()
	}
	welcome := s.say(greeting) && strings.HasPrefix(lastLine(greeting), "220")
	for welcome && s.next() {
	}
	if s.inside {
		s.raw.world.count(ipOf(s.raw.local), -1, 0)
	}
	_ = s.control.Close() // says goodbye inside TLS too
}

// ftpSession is one control connection.
type ftpSession struct {
	FTP
	raw     *conn
	control net.Conn
	in      *bufio.Reader
	said    int // replies so far
	secure  bool
	shared  *sessions // the TLS sessions that data connections may resume; nil: none
	user    string
	inside  bool      // signed in
	worked  time.Time // the last transfer ended, or the session began
	folder  string

	protected bool // PROT P
	passive   *passive
	active    netip.AddrPort // where the visitor wants to be connected to; the zero one: nowhere
}

// over goes on over another layer: in clear first, then inside TLS.
func (s *ftpSession) over(control net.Conn) {
	s.control, s.in = control, bufio.NewReader(io.LimitReader(control, 1<<20))
}

// say sends a reply, each line ended as the protocol wants it (RFC 959, section 4.2).
func (s *ftpSession) say(reply string) bool {
	if s.SilentAfter > 0 && s.said >= s.SilentAfter {
		drain(s.control)
		return false
	}
	s.said++
	_, err := io.WriteString(s.control, onWire(reply))
	return err == nil
}

func onWire(reply string) string {
	reply = strings.ReplaceAll(strings.ReplaceAll(reply, "\r\n", "\n"), "\n", "\r\n")
	return reply + "\r\n"
}

// next reads one command and answers it. It says false when the session is over.
func (s *ftpSession) next() bool {
	words := s.await()
	line, err := s.in.ReadString('\n')
	if err != nil {
		return s.tooLate(err, words)
	}
	verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	verb = strings.ToUpper(verb)
	if !s.raw.sleep(s.Waits[verb]) {
		return false
	}
	switch {
	case verb == s.HangsUpOn:
		return false
	case verb == s.SilentOn:
		drain(s.control)
		return false
	case slices.Contains(s.Ignores, verb):
		return true
	}
	if reply := s.Replies[verb]; reply != "" {
		return s.instead(reply)
	}
	do := commands[verb]
	if do == nil && s.inside {
		do = insideCommands[verb]
	}
	if do == nil {
		return s.say(s.unknown(verb))
	}
	return do(s, rest)
}

// instead gives a reply of the scenario's. It says false when that ends the session.
func (s *ftpSession) instead(reply string) bool {
	if strings.HasPrefix(reply, "500 OOPS") {
		// vsftpd writes its last words below TLS, which it has no longer.
		_, _ = io.WriteString(s.raw, onWire(reply))
		return false
	}
	s.inside = s.inside || strings.HasPrefix(reply, "230")
	return s.say(reply) && !strings.HasPrefix(reply, "421")
}

func (s *ftpSession) unknown(verb string) string {
	if s.inside {
		return s.Brand.words().unknown
	}
	return s.Brand.unknown(verb)
}

// commands are the verbs that every brand knows before a login.
var commands = map[string]func(s *ftpSession, rest string) bool{
	"FEAT": (*ftpSession).feat,
	"AUTH": (*ftpSession).auth,
	"USER": (*ftpSession).userName,
	"PASS": (*ftpSession).password,
	"QUIT": func(s *ftpSession, _ string) bool {
		s.say("221 Goodbye.")
		return false
	},
	"NOOP": func(s *ftpSession, _ string) bool { return s.say("200 NOOP ok.") },
	"SYST": func(s *ftpSession, _ string) bool { return s.say("215 " + s.Brand.system()) },
	"OPTS": func(s *ftpSession, _ string) bool {
		if s.Latin1 {
			return s.say("501 Option not understood.")
		}
		return s.say("200 Always in UTF8 mode.")
	},
	"HELP": func(s *ftpSession, _ string) bool { return s.say("214 Help OK.") },
	"PBSZ": (*ftpSession).bufferSize,
	"PROT": (*ftpSession).protection,
}

// insideCommands are the verbs that want a login.
var insideCommands = map[string]func(s *ftpSession, rest string) bool{
	"PWD": func(s *ftpSession, _ string) bool {
		return s.say(fmt.Sprintf(`257 "%s" is the current directory`, s.folder))
	},
	"CWD":  (*ftpSession).changeFolder,
	"CDUP": func(s *ftpSession, _ string) bool { return s.changeFolder("..") },
	"TYPE": func(s *ftpSession, _ string) bool { return s.say("200 Switching to Binary mode.") },
	"MODE": func(s *ftpSession, _ string) bool { return s.say("200 Mode set to S.") },
	"STRU": func(s *ftpSession, _ string) bool { return s.say("200 Structure set to F.") },
	"REST": func(s *ftpSession, rest string) bool { return s.say("350 Restart position accepted (" + rest + ").") },
	"ABOR": func(s *ftpSession, _ string) bool { return s.say("225 No transfer to ABOR.") },
	"SIZE": func(s *ftpSession, rest string) bool {
		return s.about(rest, func(f *file) string { return fmt.Sprintf("213 %d", len(f.data)) })
	},
	"MDTM": func(s *ftpSession, rest string) bool {
		return s.about(rest, func(f *file) string { return "213 " + f.at.UTC().Format("20060102150405") })
	},
	"DELE": (*ftpSession).delete,
	"PASV": (*ftpSession).pasv,
	"EPSV": (*ftpSession).epsv,
	"PORT": (*ftpSession).port,
	"EPRT": (*ftpSession).eprt,
	"LIST": (*ftpSession).list,
	"NLST": (*ftpSession).names,
	"MLSD": (*ftpSession).facts,
	"RETR": (*ftpSession).retrieve,
	"STOR": (*ftpSession).store,
}

func (s *ftpSession) feat(string) bool {
	if s.Feat != "" {
		return s.say(s.Feat)
	}
	reply := s.Brand.feat(s.TLS != nil && !s.Implicit)
	if s.Latin1 {
		reply = strings.ReplaceAll(reply, "\n UTF8", "")
	}
	return s.say(reply)
}

// auth is the change to TLS (RFC 4217, section 4).
func (s *ftpSession) auth(string) bool {
	switch {
	case s.AuthHang:
		drain(s.control)
		return false
	case s.Auth != "" && !strings.HasPrefix(s.Auth, "234"):
		return s.say(s.Auth) && !strings.HasPrefix(s.Auth, "421")
	case s.secure:
		return s.say("503 Already using TLS.")
	case s.TLS == nil:
		return s.say(s.Brand.noTLS())
	case !s.say("234 AUTH TLS OK."):
		return false
	}
	s.shared = s.TLS.sessions()
	secure, err := s.TLS.serve(s.raw, s.shared.control)
	if err != nil {
		if s.OnFail != "" {
			_, _ = io.WriteString(s.raw, s.OnFail+"\r\n")
		}
		return false
	}
	s.over(secure)
	s.secure = true
	return true
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\r\n")
	return text[strings.LastIndex(text, "\n")+1:]
}
