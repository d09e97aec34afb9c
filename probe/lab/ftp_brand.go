package lab

import (
	"fmt"
	"strings"
)

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

// mlsd says whether the brand knows MLSD (RFC 3659, section 7); vsftpd and IIS list with LIST alone.
func (b Brand) mlsd() bool { return strings.Contains(b.feat(false), "MLST") }

// words are the replies of a brand to whom it lets in, and to whom it does not.
type words struct {
	user      string // to USER; %s: the name
	welcome   string
	denied    string // the wrong password, or no such user
	cleartext string // USER in clear where it demands encryption
	unknown   string // a command that it does not know, after the login

	passive    string // %s: six numbers
	noPasv     string // PASV on an IPv6 connection; empty: announces 0.0.0.0
	noPorts    string // no passive port is left
	foreign    string // PORT or EPRT with another address; %[1]s: that address, %[2]s: the visitor's
	noMode     string // a transfer without PASV or PORT before it
	notOpened  string // nobody came to the data connection, or nobody answered
	badIP      string // somebody else came
	clearData  string // a transfer in clear where it demands PROT P
	notResumed string // the data connection did not resume the TLS session
	notSecured string // the data connection's handshake failed

	begins   string // before a transfer
	ends     string // after it
	received string // 426 after an upload that broke off
	sent     string // 426 after a download that broke off
	late     string // nothing came over the data connection
	full     string // the disk is full
	readOnly string // an upload is forbidden
	noFile   string
	noFolder string
}

// vsftpdWords are those of vsftpd; the other brands change what they say otherwise.
var vsftpdWords = words{
	user:       "331 Please specify the password.",
	welcome:    "230 Login successful.",
	denied:     "530 Login incorrect.",
	cleartext:  "530 Non-anonymous sessions must use encryption.",
	unknown:    "500 Unknown command.",
	passive:    "227 Entering Passive Mode (%s).",
	noPorts:    "500 OOPS: vsf_sysutil_bind, maximum number of attempts to find a listening port exceeded",
	foreign:    "500 Illegal PORT command.",
	noMode:     "425 Use PORT or PASV first.",
	notOpened:  "425 Failed to establish connection.",
	badIP:      "425 Security: Bad IP connecting.",
	clearData:  "522 Data connections must be encrypted.",
	notResumed: "522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page",
	notSecured: "522 SSL connection failed",
	begins:     "150 Here it comes.",
	ends:       "226 Transfer complete.",
	received:   "426 Failure reading network stream.",
	sent:       "426 Failure writing network stream.",
	late:       "421 Data timeout. Reconnect. Sorry.",
	full:       "451 Failure writing to local file.",
	readOnly:   "553 Could not create file.",
	noFile:     "550 Failed to open file.",
	noFolder:   "550 Failed to change directory.",
}

func (b Brand) words() words {
	w := vsftpdWords
	switch b {
	case ProFTPD:
		w.user = "331 Password required for %s"
		w.welcome = "230 User logged in"
		w.cleartext = "550 SSL/TLS required on the control channel"
		w.unknown = "500 Command not understood"
		w.noPorts = "425 Unable to build data connection: Address already in use"
		w.foreign = "500 Illegal PORT command"
		w.noMode = "425 Unable to build data connection: Invalid argument"
		w.notOpened = "425 Unable to build data connection: Connection timed out"
		w.badIP = "425 Unable to build data connection: Connection refused"
		w.clearData = "522 SSL/TLS required on the data channel"
		w.notResumed = "425 Unable to build data connection: Operation not permitted"
		w.notSecured = w.notResumed
		w.begins = "150 Opening BINARY mode data connection"
		w.ends = "226 Transfer complete"
		w.received = "426 Transfer aborted. Data connection closed"
		w.sent = w.received
		w.late = "426 Transfer aborted. Connection timed out"
		w.full = "452 Transfer aborted. No space left on device"
		w.readOnly = "550 Permission denied"
		w.noFile = "550 No such file or directory"
		w.noFolder = w.noFile
	case PureFTPd:
		w.user = "331 User %s OK. Password required"
		w.welcome = "230 OK. Current directory is /"
		w.denied = "530 Login authentication failed"
		w.cleartext = "421-Sorry, cleartext sessions and weak ciphers are not accepted on this server.\n421 Please reconnect using TLS security mechanisms."
		w.unknown = "500 Unknown command"
		w.passive = "227 Entering Passive Mode (%s)"
		w.noPasv = "425 You cannot use PASV on IPv6 connections. Use EPSV instead."
		w.noPorts = "425 All reserved TCP ports are busy"
		w.foreign = "500 I won't open a connection to %[1]s (only to %[2]s)"
		w.noMode = "425 No data connection"
		w.notOpened = "425 No data connection"
		w.badIP = "425 No data connection"
		w.clearData = "521 Data connection cannot be opened with this PROT setting."
		w.notSecured = "425 No data connection"
		w.begins = "150 Accepted data connection"
		w.ends = "226 File successfully transferred"
		w.received = "426 Connection closed; transfer aborted."
		w.sent = w.received
		w.late = "421 Timeout (no new data for 60 seconds)"
		w.full = "552 Disk full - please upload later"
		w.readOnly = "553 Can't open that file: Permission denied"
		w.noFile = "550 Can't open that file: No such file or directory"
		w.noFolder = "550 Can't change directory: No such file or directory"
	case FileZilla:
		w.user = "331 Please, specify the password."
		w.cleartext = "503 Use AUTH first."
		w.unknown = "500 Wrong command."
		w.passive = "227 Entering Passive Mode (%s)"
		w.noPasv = "500 You are connected using IPv6. PASV is only for IPv4. You have to use the EPSV command instead."
		w.noPorts = "425 Cannot prepare for data connection."
		w.foreign = "501 Invalid PORT command."
		w.notOpened = "425 Unable to build data connection: Connection timed out"
		w.badIP = "425 Rejected data connection for transfer of a file"
		w.clearData = "521 PROT P required"
		w.notResumed = "425 Unable to build data connection: TLS session of data connection not resumed."
		w.notSecured = "425 Unable to build data connection: Failed making the data connection secure!"
		w.begins = "150 Starting data transfer."
		w.ends = "226 Operation successful"
		w.received = "426 Connection closed; transfer aborted."
		w.sent = w.received
		w.late = "426 Connection timed out, aborting transfer"
		w.full = "452 Disk full - please upload later"
		w.readOnly = "550 Permission denied"
		w.noFile = "550 Couldn't open the file"
		w.noFolder = "550 Couldn't open the directory"
	case IIS:
		w.user = "331 Password required"
		w.welcome = "230 User logged in."
		w.denied = "530 User cannot log in."
		w.cleartext = "534 Policy requires SSL."
		w.unknown = "500 Command not understood."
		w.noPorts = "425 Cannot open data connection."
		w.foreign = "501 Server cannot accept argument."
		w.noMode = "425 Cannot open data connection."
		w.notOpened = "425 Cannot open data connection."
		w.badIP = "425 Cannot open data connection."
		w.clearData = "534 Policy requires SSL."
		w.notSecured = "425 Cannot open data connection."
		w.begins = "150 Opening BINARY mode data connection."
		w.received = "426 Connection closed; transfer aborted."
		w.sent = w.received
		w.late = "426 Connection timed out, aborting transfer"
		w.full = "552 Quota exceeded"
		w.readOnly = "550 Access is denied."
		w.noFile = "550 The system cannot find the file specified."
		w.noFolder = w.noFile
	case FilesCom:
		w.denied = "530 Login incorrect: the user name or the password is wrong."
		w.cleartext = "530 SSL is required to connect to this account."
		w.notSecured = "425 Can't open data connection"
		w.full = "552 Quota exceeded"
		w.readOnly = "550 You do not have permission to write here."
	}
	return w
}
