package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// FTP is an FTP server. The zero FTP greets as vsftpd does and knows no encryption.
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
}

func (f FTP) serve(c *conn) {
	if !f.Implicit {
		f.open(c, c)
		return
	}
	if f.TLS == nil {
		return
	}
	secure, err := f.TLS.server(c)
	if err != nil {
		return
	}
	f.open(c, secure)
}

// open greets and serves the session.
func (f FTP) open(c *conn, control net.Conn) {
	if !c.sleep(f.Wait) {
		return
	}
	s := &ftpSession{FTP: f, raw: c, secure: f.Implicit}
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
	_ = s.control.Close() // says goodbye inside TLS too
}

// ftpSession is one control connection.
type ftpSession struct {
	FTP
	raw     *conn
	control net.Conn
	in      *bufio.Reader
	secure  bool
	user    string
}

// over goes on over another layer: in clear first, then inside TLS.
func (s *ftpSession) over(control net.Conn) {
	s.control, s.in = control, bufio.NewReader(io.LimitReader(control, 1<<20))
}

// say sends a reply, each line ended as the protocol wants it (RFC 959, section 4.2).
func (s *ftpSession) say(reply string) bool {
	reply = strings.ReplaceAll(strings.ReplaceAll(reply, "\r\n", "\n"), "\n", "\r\n")
	_, err := io.WriteString(s.control, reply+"\r\n")
	return err == nil
}

// next reads one command and answers it. It says false when the session is over.
func (s *ftpSession) next() bool {
	line, err := s.in.ReadString('\n')
	if err != nil {
		return false
	}
	verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	do := commands[strings.ToUpper(verb)]
	if do == nil {
		return s.say(s.Brand.unknown(verb))
	}
	return do(s, rest)
}

// commands are the verbs that every brand knows.
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
	"OPTS": func(s *ftpSession, _ string) bool { return s.say("200 Always in UTF8 mode.") },
	"HELP": func(s *ftpSession, _ string) bool { return s.say("214 Help OK.") },
	"PBSZ": func(s *ftpSession, _ string) bool { return s.say("200 PBSZ set to 0.") },
	"PROT": func(s *ftpSession, _ string) bool { return s.say("200 PROT now Private.") },
}

func (s *ftpSession) feat(string) bool {
	if s.Feat != "" {
		return s.say(s.Feat)
	}
	return s.say(s.Brand.feat(s.TLS != nil && !s.Implicit))
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
	secure, err := s.TLS.server(s.raw)
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

func (s *ftpSession) userName(name string) bool {
	s.user = name
	return s.say("331 Please specify the password.")
}

func (s *ftpSession) password(string) bool {
	if s.user == "" {
		return s.say("503 Login with USER first.")
	}
	s.user = ""
	return s.say("530 Login incorrect.")
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\r\n")
	return text[strings.LastIndex(text, "\n")+1:]
}

// Brand is whose server it is: the texts differ.
type Brand int

// The brands, with the versions whose texts they send.
const (
	Vsftpd    Brand = iota // vsftpd 3.0.3
	ProFTPD                // ProFTPD 1.3.8
	PureFTPd               // Pure-FTPd 1.0.50
	FileZilla              // FileZilla Server 1.8.2
	IIS                    // Microsoft IIS 10
	FilesCom               // a hosted service; its texts are not known, so these are neutral
)

func (b Brand) greeting() string {
	switch b {
	case ProFTPD:
		return "220 ProFTPD Server (Debian) [::ffff:198.51.100.7]"
	case PureFTPd:
		return "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n220-You are user number 1 of 50 allowed.\n220-Local time is now 12:00. Server port: 21.\n220-This is a private system - No anonymous login\n220-IPv6 connections are also welcome on this server.\n220 You will be disconnected after 15 minutes of inactivity."
	case FileZilla:
		return "220-FileZilla Server 1.8.2\n220 Please visit https://filezilla-project.org/"
	case IIS:
		return "220 Microsoft FTP Service"
	case FilesCom:
		return "220 FTP Server ready"
	default:
		return "220 (vsFTPd 3.0.3)"
	}
}

func (b Brand) system() string {
	switch b {
	case IIS:
		return "Windows_NT"
	default:
		return "UNIX Type: L8"
	}
}

func (b Brand) unknown(verb string) string {
	switch b {
	case ProFTPD:
		return fmt.Sprintf("500 %s not understood", verb)
	case PureFTPd:
		return "530 You aren't logged in"
	case FileZilla:
		return "500 Wrong command."
	case IIS:
		return "500 Command not understood."
	default:
		return "530 Please login with USER and PASS."
	}
}

// noTLS is the answer to AUTH TLS of a server without it.
func (b Brand) noTLS() string {
	switch b {
	case ProFTPD:
		return "500 AUTH not understood"
	case PureFTPd:
		return "500 This security scheme is not implemented"
	case FileZilla:
		return "502 Explicit TLS authentication not allowed"
	case IIS:
		return "534 Local policy on server does not allow TLS secure connections."
	default:
		return "530 Please login with USER and PASS."
	}
}

// feat is the reply to FEAT (RFC 2389, section 3.2).
func (b Brand) feat(tls bool) string {
	lines := []string{"EPRT", "EPSV", "MDTM", "PASV", "REST STREAM", "SIZE", "TVFS", "UTF8"}
	head, tail := "211-Features:", "211 End"
	security := []string{"AUTH TLS", "PBSZ", "PROT"}
	switch b {
	case ProFTPD:
		lines = []string{"CLNT", "EPRT", "EPSV", "HOST", "LANG en-US.UTF-8*", "MDTM", "MFMT", "MLST modify*;perm*;size*;type*;unique*;", "REST STREAM", "SIZE", "TVFS", "UTF8"}
		security = []string{"AUTH TLS", "CCC", "PBSZ", "PROT"}
	case PureFTPd:
		head, tail = "211-Extensions supported:", "211 End."
		lines = []string{"UTF8", "EPRT", "IDLE", "MDTM", "SIZE", "MFMT", "REST STREAM", "MLST type*;size*;sizd*;modify*;", "MLSD", "PASV", "EPSV", "ESTA"}
	case FileZilla:
		lines = []string{"MDTM", "REST STREAM", "SIZE", "MLST type*;size*;modify*;perm*;", "MLSD", "UTF8", "CLNT", "MFMT", "EPSV", "EPRT", "HOST"}
	case IIS:
		head, tail = "211-Extended features supported:", "211 END"
		lines = []string{"LANG EN*", "UTF8", "HOST", "SIZE", "MDTM", "REST STREAM"}
		security = []string{"AUTH TLS;TLS-C;SSL;TLS-P;", "PBSZ", "PROT C;P;"}
	}
	if tls {
		lines = append(lines, security...)
	}
	return head + "\n " + strings.Join(lines, "\n ") + "\n" + tail
}
