package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// objection is a reply with which a server turns down, or ends, a listing or a file of a session that is signed in.
type objection struct {
	session  *Session
	seen     *fact.Observation
	transfer *fact.Transfer // nil: it came before there was one
	code     int
	lines    []string
	reason   string // a cause; empty: the words do not tell
}

// objections lists what a server objects to, in order. What follows from a data connection that did not open is left out, and
// so is active mode, which fails for reasons of its own.
func (c *Case) objections() []objection {
	var found []objection
	for _, s := range c.Sessions {
		if !s.Accepted() {
			continue
		}
		for _, o := range s.Replies {
			if o.Reply.Code >= 400 && concernsData(verb(o)) && !o.Failed(fact.Interrupted) {
				found = append(found, objection{s, o, nil, o.Reply.Code, quote(o), ""})
			}
		}
		for _, o := range s.Transfers {
			if o.Transfer.Code >= 400 && !active(o) && !c.unopened(o) && !o.Failed(fact.Interrupted) {
				found = append(found, objection{s, o, o.Transfer, o.Transfer.Code, transferQuote(o), ""})
			}
		}
	}
	for i := range found {
		found[i].reason = c.why(found[i])
	}
	// A second session in clear is there to compare. What fails in it alone is no fault, but that TLS is wanted.
	return slices.DeleteFunc(found, func(o objection) bool { return o.session.Purpose != "" && o.reason != "data-prot-required" })
}

// ordinary lists the sessions that do what a user would, and not those that are there to compare.
func (c *Case) ordinary() []*Session {
	return slices.DeleteFunc(slices.Clone(c.Sessions), func(s *Session) bool { return s.Purpose != "" })
}

// withoutReuse says whether a transfer was there to see if the server takes a data connection with a TLS session of its own.
func (c *Case) withoutReuse(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.Purpose == fact.WithoutReuse
}

func concernsData(command string) bool {
	return slices.Contains([]string{"PBSZ", "PROT", "PASV", "EPSV"}, command)
}

// objecting lists the objections of one kind.
func (c *Case) objecting(cause string) []objection {
	return slices.DeleteFunc(c.objections(), func(o objection) bool { return o.reason != cause })
}

// unopened says whether the data connection of a transfer did not open.
func (c *Case) unopened(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.Dial.Failure != nil
}

// transferQuote repeats the last reply to a transfer.
func transferQuote(o *fact.Observation) []string {
	t := o.Transfer
	if t.Code == 0 {
		return nil
	}
	if len(t.Lines) == 0 {
		return []string{strconv.Itoa(t.Code)}
	}
	lines := slices.Clone(t.Lines[:min(len(t.Lines), 6)])
	lines[0] = fmt.Sprintf("%d %s", t.Code, lines[0])
	return lines
}

// why reads the reason out of an objection. What a server says of a broken connection is about TLS, where that had failed.
func (c *Case) why(o objection) string {
	reason := o.said()
	if o.transfer != nil && c.withoutReuse(o.seen) {
		return "data-tls-reuse" // the others went through
	}
	vague := []string{"", "data-truncated", "data-timeout"}
	if o.transfer != nil && c.tlsFailed(o.seen) && (slices.Contains(vague, reason) || !o.spoken()) {
		return "data-tls-fails"
	}
	return reason
}

// spoken says whether the words of an objection give its reason, and not only the number.
func (o objection) spoken() bool {
	return slices.ContainsFunc(dataReasons, func(r reason) bool { return r.words.MatchString(strings.Join(o.lines, " ")) })
}

// tlsFailed says whether TLS did not come about on the data connection of a transfer.
func (c *Case) tlsFailed(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.TLS != nil && data.TLS.Failed() && !data.TLS.Failed(fact.Interrupted)
}

// said reads the reason out of the words of an objection, or out of its number.
func (o objection) said() string {
	text := strings.Join(o.lines, " ")
	// ProFTPD 1.3.8 says so where the disk is full in the midst of a write.
	if o.transfer != nil && o.transfer.Work == fact.Upload && strings.HasPrefix(text, "451 Transfer aborted. Input/output error") {
		return "data-quota"
	}
	for _, reason := range dataReasons {
		if !reason.words.MatchString(text) {
			continue
		}
		if reason.cause == "data-truncated" && o.seen.Failed(fact.Timeout) { // it was this program that gave up
			return "data-timeout"
		}
		// vsftpd adds its words about reuse to every handshake that fails, whatever the fault (vsftpd 3.0.3, ftpdataio.c).
		if reason.cause == "data-tls-reuse" && o.transfer != nil && o.transfer.Resumed {
			return "data-tls-fails"
		}
		return reason.cause
	}
	switch {
	case o.transfer != nil && o.transfer.Work == fact.Listing && emptyFolder.MatchString(text):
		return ""
	case o.code == 452 || o.code == 552: // RFC 959 section 4.2.2
		return "data-quota"
	case o.code == 426:
		return "data-truncated"
	case o.transfer == nil || o.code == 421:
		return ""
	case o.transfer.Data == 0 && o.code/100 == 4: // no port for it could be had
		return "data-ports-exhausted"
	case o.transfer.Data == 0:
		return ""
	case o.code == 425:
		return "data-ip-mismatch"
	default:
		return "data-permission"
	}
}

// emptyFolder matches what some servers answer to the listing of a folder with nothing in it.
var emptyFolder = regexp.MustCompile(`(?i)no (such )?files?( or director\w+)? found|no files\b|(folder|directory) (is )?empty`)

// dataReasons are the words with which servers turn transfers down, in the order in which they are looked for. They are those
// of vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50, FileZilla Server 0.9 and 1, Microsoft's server and SFTPGo.
var dataReasons = []reason{
	{"data-pasv-on-ipv6", regexp.MustCompile(`(?i)PASV\b.*IPv6|IPv6\b.*PASV`)},
	{"data-prot-required", regexp.MustCompile(`(?i)data connections must be encrypted|SSL/TLS required on the data|with this PROT setting|PROT P required|with PROT P\b|^53[45] .*policy requires SSL|unable to open transfer: TLS is required`)},
	{"data-tls-reuse", regexp.MustCompile(`(?i)session reuse required|TLS session of data connection (has )?not resumed|unable to build data connection: Operation not permitted`)},
	{"data-ip-mismatch", regexp.MustCompile(`(?i)bad IP connecting|rejected data connection|does not match control connection`)},
	{"data-ports-exhausted", regexp.MustCompile(`(?i)reserved TCP ports are busy|could not create socket|cannot prepare for data connection|no (more |free |available )+(data |passive )?ports?`)},
	{"data-tls-fails", regexp.MustCompile(`(?i)TLS error on data connection|making the data connection secure|wrong ALPN|SSL connection failed`)},
	{"data-timeout", regexp.MustCompile(`(?i)data timeout|timed out|time-?out`)},
	{"data-quota", regexp.MustCompile(`(?i)disk full|quota|no space|insufficient storage|storage (limit|allocation)|writing to local file|during write to file`)},
	{"data-truncated", regexp.MustCompile(`(?i)failure (reading|writing)|transfer aborted|connection (closed|reset)|broken pipe`)},
	{"ftp-shutdown", regexp.MustCompile(`(?i)going offline|kicked|shut(ting)? ?down`)},
}

// finding adds what objections have in common.
func (o objection) finding(f Finding) []Finding {
	f.Where = o.session.where()
	f.Evidence = append(f.Evidence, o.seen.ID)
	f.Quotes = o.lines
	return []Finding{f}
}

// what names the work that an objection is about.
func (o objection) what() string {
	switch {
	case o.transfer == nil:
		return "data connections"
	case o.transfer.Work == fact.Upload:
		return "uploads"
	case o.transfer.Work == fact.Download:
		return "downloads"
	default:
		return "listings"
	}
}

var ipMismatch = Rule{
	Code:     "data-ip-mismatch",
	Title:    "Control and data connection come from different addresses",
	Severity: Problem,
	Page: Page{
		Means: "The server takes a data connection only from the address that signed in, so that nobody else can pick up your files. Your two connections leave your network through different addresses: two lines, a VPN for a part of the traffic, or a provider that shares addresses.",
		Shown: "The data connection opened, and the server turned it down with words about its address. Where it only says that it got none, somebody in between may have accepted it in its place.",
		Mend:  "Switch off the VPN, or send all traffic through it. Ask whoever runs your network to let both connections leave by one address. SFTP uses only one connection.",
	},
	ExplainedBy: []string{"tcp-intercepted"},
	Match:       matchIPMismatch,
}

func matchIPMismatch(c *Case) []Finding {
	found := c.objecting("data-ip-mismatch")
	if len(found) == 0 {
		return nil
	}
	o := found[0]
	f := Finding{
		Title: fmt.Sprintf("%s does not take the data connection, because it comes from another address", c.Run.Target.Host),
		Says:  "The server compares the address of the data connection with that of the sign-in, and they differ.",
		Fix: append([]Step{
			{You, "switch off the VPN, or send all traffic through it"},
			{YourNetwork, "let both connections to the server leave by the same public address"},
		}, c.overSSH()...),
	}
	if !ipWords.MatchString(strings.Join(o.lines, " ")) {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s says that it got no data connection, although one was opened", c.Run.Target.Host)
		f.Says = "The connect was answered, and the server did not see it, or did not want it."
		f.Fix = append(f.Fix, Step{c.support(), "look in the server's log for the reason"})
		f.Candidates = []Candidate{
			{"data-ip-mismatch", "the server's log shows a data connection from another address", c.support()},
			{"tcp-intercepted", "it works from another network", You},
			{"data-tls-fails", "a listing works without encryption of the data", c.support()},
			{"data-ports-exhausted", "it works at a quieter time", You},
		}
	}
	return o.finding(f)
}

var ipWords = regexp.MustCompile(`(?i)\bIP\b|rejected`)

var portsExhausted = Rule{
	Code:     "data-ports-exhausted",
	Title:    "The server has no port left for a data connection",
	Severity: Problem,
	Page: Page{
		Means: "Each listing and each file takes one port of the server's passive range, and all of them are in use or still cooling down from earlier transfers. The range may be too small.",
		Shown: "The server refused EPSV, PASV or a transfer with words about busy ports or about not being able to prepare a data connection.",
		Mend:  "Set the number of simultaneous transfers in your app to 1, and try again in some minutes. Whoever runs the server can make the passive range larger.",
	},
	Match: matchPortsExhausted,
}

func matchPortsExhausted(c *Case) []Finding {
	found := c.objecting("data-ports-exhausted")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s has no port left for data connections", c.Run.Target.Host),
		Says:  "The server cannot prepare a data connection at the moment.",
		Fix: []Step{
			{You, "set the number of simultaneous transfers in your FTP app to 1, and try again in some minutes"},
			{c.support(), "make the passive range of the server larger"},
		},
	}
	if found[0].session.Did(fact.Listing) {
		f.Severity = Warning
	}
	return found[0].finding(f)
}

var protRequired = Rule{
	Code:     "data-prot-required",
	Title:    "The server wants data connections to be encrypted",
	Severity: Problem,
	Page: Page{
		Means: "FTP encrypts the control connection and the data connections separately. Your app left the data in clear, and the server does not allow it.",
		Shown: "A transfer without encryption was refused with words about PROT P or TLS for data. If encrypted transfers work, this is a mere note about how apps have to be set.",
		Mend:  "In your app switch on the encryption of the data channel (PROT P). Most apps do it by themselves when explicit or implicit TLS is chosen.",
	},
	Match: matchProtRequired,
}

func matchProtRequired(c *Case) []Finding {
	found := c.objecting("data-prot-required")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s wants data connections to be encrypted", c.Run.Target.Host),
		Says:  fmt.Sprintf("It refuses %s without encryption.", found[0].what()),
		Fix:   []Step{{You, "switch on the encryption of data connections (PROT P) in your FTP app, or choose explicit TLS"}},
	}
	if c.listedUnderTLS() {
		f.Severity = Note
		f.Says = "It refuses data connections without encryption, and those with encryption work."
	}
	return found[0].finding(f)
}

// listedUnderTLS says whether some listing came over an encrypted data connection.
func (c *Case) listedUnderTLS() bool {
	return slices.ContainsFunc(c.Sessions, func(s *Session) bool {
		return slices.ContainsFunc(s.Transfers, func(o *fact.Observation) bool { return o.Transfer.Encrypted && Done(o) })
	})
}

var tlsReuse = Rule{
	Code:     "data-tls-reuse",
	Title:    "The server wants data connections to go on with the TLS session of the login",
	Severity: Problem,
	Page: Page{
		Means: "To make sure that both connections are yours, the server wants the data connection to go on with the TLS session of the control connection. Apps that cannot do that sign in, and every listing fails.",
		Shown: "A data connection with a TLS session of its own was refused, and the server's words are about that session. Where this program's own transfers work, it is a mere note: older apps will fail.",
		Mend:  "Use an app that reuses TLS sessions, such as a new FileZilla, WinSCP or lftp, or use SFTP. Whoever runs the server can switch the demand off (vsftpd: require_ssl_reuse=NO, ProFTPD: TLSOptions NoSessionReuseRequired).",
	},
	ExplainedBy: []string{"data-tls13-tickets"},
	Match:       matchTLSReuse,
}

func matchTLSReuse(c *Case) []Finding {
	found := c.objecting("data-tls-reuse")
	if len(found) == 0 {
		found = c.endedWithoutReuse()
	}
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s refuses data connections that do not go on with the TLS session of the login", c.Run.Target.Host),
		Says:  "A data connection with a TLS session of its own was refused.",
		Fix: append([]Step{
			{You, "use an FTP app that reuses TLS sessions, such as a new FileZilla, WinSCP or lftp"},
			{c.support(), "switch off the demand (vsftpd: require_ssl_reuse=NO, ProFTPD: TLSOptions NoSessionReuseRequired)"},
		}, c.overSSH()...),
	}
	switch {
	case c.listedUnderTLS():
		f.Severity = Note
		f.Says += " Those that go on with it work, so that only older apps fail."
		if !found[0].spoken() {
			f.Confidence = Likely
		}
	case c.lacksTicket(found[0]):
		f.Severity, f.Confidence = Warning, Possible
		f.Says = "Under TLS 1.2 this program can go on with a session by a ticket alone, and the server took none. FTP apps that do so by session ID too, as most do, may work."
		f.Fix = append([]Step{
			{You, "try your FTP app; where it works, nothing has to be mended"},
			{c.support(), "allow TLS 1.3, or hand out session tickets (ProFTPD: TLSSessionTickets on)"},
		}, c.overSSH()...)
		f.Candidates = []Candidate{
			{"data-tls-reuse", "FileZilla or WinSCP fail at the listing, too", You},
		}
	}
	return found[0].finding(f)
}

// endedWithoutReuse lists the transfers with a TLS session of their own that the server cut without a word.
func (c *Case) endedWithoutReuse() []objection {
	var found []objection
	for _, s := range c.ordinary() {
		for _, o := range s.Transfers {
			if c.withoutReuse(o) && !c.unopened(o) && o.Failed(fact.Closed, fact.Reset, fact.Alert) {
				found = append(found, objection{s, o, o.Transfer, o.Transfer.Code, transferQuote(o), "data-tls-reuse"})
			}
		}
	}
	return found
}

// lacksTicket says whether the session of the login could not be used again for want of a ticket. TLS 1.2 knows session IDs
// besides (RFC 5246 section 7.3), and Go does not: ProFTPD 1.3.8 gives no tickets where TLS 1.2 is the latest that it speaks.
func (c *Case) lacksTicket(o objection) bool {
	if o.transfer == nil || o.transfer.Resumed {
		return false
	}
	data := c.data[o.transfer.Data]
	return data != nil && data.Purpose == fact.DataLink && data.TLS != nil && data.TLS.TLS.Version == "TLS 1.2"
}

var tls13Tickets = Rule{
	Code:     "data-tls13-tickets",
	Title:    "After some transfers the TLS session cannot be used again",
	Severity: Problem,
	Page: Page{
		Means: "In TLS 1.3 the right to go on with a session is a ticket, and a server can hand out only a few. An app that uses each of them once runs out of them in the middle of its work, and the server refuses the next transfer.",
		Shown: "Under TLS 1.3 the first data connections went on with the session, and a later one did not and was refused.",
		Mend:  "Limit your app to TLS 1.2, or update it. Whoever runs the server can switch off the demand for reuse.",
	},
	Match: matchTLS13Tickets,
}

func matchTLS13Tickets(c *Case) []Finding {
	for _, o := range c.objections() {
		if o.transfer == nil || !o.transfer.Encrypted || o.transfer.Resumed || o.reason != "data-tls-reuse" {
			continue
		}
		data := c.data[o.transfer.Data]
		if data == nil || data.Purpose == fact.WithoutReuse || data.TLS == nil || data.TLS.TLS.Version != "TLS 1.3" {
			continue
		}
		var before []*fact.Observation
		for _, t := range o.session.Transfers {
			if t.Transfer.Resumed && Done(t) && t.At < o.seen.At {
				before = append(before, t)
			}
		}
		if len(before) == 0 {
			continue
		}
		return o.finding(Finding{
			Title:    fmt.Sprintf("%s refuses a transfer, because the TLS session could be used again only %s", c.Run.Target.Host, times(len(before))),
			Says:     "Under TLS 1.3 the first data connections go on with the session of the login, and a later one does not.",
			Evidence: ids(append(before, data.TLS)...),
			Fix: append([]Step{
				{You, "limit your FTP app to TLS 1.2, or update it"},
				{c.support(), "switch off the demand for reuse (vsftpd: require_ssl_reuse=NO), or hand out more tickets"},
			}, c.overSSH()...),
		})
	}
	return nil
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	default:
		return fmt.Sprintf("%d times", n)
	}
}

var dataCertDiffers = Rule{
	Code:     "data-cert-differs",
	Title:    "The data connection shows another certificate than the control connection",
	Severity: Problem,
	Page: Page{
		Means: "The two connections of FTP end at different computers: a load balancer sends them to different servers, or a device on the way answers in place of one. Careful apps give up then.",
		Shown: "The server's own certificate on the data connection is not that of the control connection.",
		Mend:  "Try from another network. If it is the same there, whoever runs the server has to send both connections to the same server, or to give all of them one certificate.",
	},
	ExplainedBy: []string{"tls-intercepted"},
	Match:       matchDataCertDiffers,
}

func matchDataCertDiffers(c *Case) []Finding {
	for _, s := range c.Sessions {
		if s.Endpoint == nil || s.Endpoint.Talk.Leaf() == nil {
			continue
		}
		control := s.Endpoint.Talk.Leaf()
		for _, o := range s.Transfers {
			data := c.data[o.Transfer.Data]
			if data == nil || !data.Secured() || data.Leaf() == nil || data.Leaf().SHA256 == control.SHA256 {
				continue
			}
			return []Finding{{
				Title: fmt.Sprintf("Data connections to %s show another certificate than the control connection", c.Run.Target.Host),
				Says: fmt.Sprintf("The control connection shows the certificate of %s, valid until %s, the data connection that of %s, valid until %s.",
					control.Subject, day(control), data.Leaf().Subject, day(data.Leaf())),
				Where:    s.where(),
				Evidence: ids(s.Endpoint.Talk.TLS, data.TLS),
				Fix: append([]Step{
					{You, "test from another network, to see whether something in yours answers in place of the server"},
					{c.support(), "send control and data connections to the same server, or use one certificate on all of them"},
				}, c.overSSH()...),
			}}
		}
	}
	return nil
}

func day(cert *fact.Certificate) string { return cert.NotAfter.UTC().Format("2006-01-02") }

var dataTLSFails = Rule{
	Code:     "data-tls-fails",
	Title:    "TLS fails on data connections",
	Severity: Problem,
	Page: Page{
		Means: "The control connection is encrypted without trouble, and on the data connection the encryption does not come about. A device on the way that breaks open TLS, or that lets only the control connection through, does this.",
		Shown: "The data connection opened, and the TLS handshake on it failed, while the one on the control connection had worked. The server's words are not about the reuse of the session.",
		Mend:  "Try from another network. If it works there, ask whoever runs yours to exempt the server from inspection. If not, whoever runs the server finds the reason in its log. SFTP has only one connection.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole"},
	Match:       matchDataTLSFails,
}

func matchDataTLSFails(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("TLS fails on data connections to %s", c.Run.Target.Host),
		Says:  "The data connection opens, and the encryption on it does not come about, although it works on the control connection.",
		Fix: append([]Step{
			{You, "test from another network, to see whether something in yours breaks the encryption"},
			{YourNetwork, fmt.Sprintf("exempt %s from inspection", c.Run.Target.Host)},
			{c.support(), "look in the server's log for the reason"},
		}, c.overSSH()...),
	}
	for _, s := range c.ordinary() {
		for _, o := range s.Transfers {
			data := c.data[o.Transfer.Data]
			said := objection{s, o, o.Transfer, o.Transfer.Code, transferQuote(o), ""}
			if data == nil || c.withoutReuse(o) || !c.tlsFailed(o) || o.Transfer.Code >= 400 && c.why(said) != "data-tls-fails" {
				continue
			}
			f.Where, f.Evidence, f.Quotes = s.where(), ids(data.TLS, o), transferQuote(o)
			if s.Did(o.Transfer.Work) {
				f.Confidence, f.Severity = Likely, Warning // at times it works
			}
			return []Finding{f}
		}
	}
	if found := c.objecting("data-tls-fails"); len(found) > 0 {
		return found[0].finding(f)
	}
	return c.unprotected()
}

// unprotected finds a server with TLS on the control connection that does not want it on data connections (RFC 4217 section 9).
func (c *Case) unprotected() []Finding {
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return nil
	}
	for _, o := range s.answers("PROT") {
		if o.Failure == nil && o.Reply.Code >= 400 && o.Reply.Code != 421 {
			return []Finding{{
				Title:    fmt.Sprintf("%s does not encrypt data connections", c.Run.Target.Host),
				Says:     "The control connection is encrypted, and the server refuses PROT P, so that listings and files would go in clear.",
				Where:    s.where(),
				Evidence: ids(o),
				Quotes:   quote(o),
				Fix: append([]Step{
					{c.support(), "permit the encryption of data connections (PROT P)"},
				}, c.overSSH()...),
			}}
		}
	}
	return nil
}

var dataTruncated = Rule{
	Code:     "data-truncated",
	Title:    "A transfer is cut before its end",
	Severity: Problem,
	Page: Page{
		Means: "The listing or the file began to come and was cut, or what arrived is not what was sent. The line, a firewall, or the server's disk can be at fault.",
		Shown: "The data connection was open, and it ended early; or the server said that the stream broke; or a file that was read back differs from what was written.",
		Mend:  "Try again with one transfer at a time, and from another network. Check the last file that was transferred; it may not be whole.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole", "ftp-shutdown"},
	Match:       matchDataTruncated,
}

func matchDataTruncated(c *Case) []Finding {
	f := Finding{
		Fix: append([]Step{
			{You, "try again with one transfer at a time, and from another network"},
			{c.support(), "look in the server's log for the reason"},
		}, c.overSSH()...),
	}
	if found := c.objecting("data-truncated"); len(found) > 0 {
		f.Title = fmt.Sprintf("%s cuts %s", c.Run.Target.Host, found[0].what())
		f.Says = "The server says that the data connection broke before the end."
		return found[0].finding(f)
	}
	for _, s := range c.ordinary() {
		for _, o := range s.Transfers {
			work := objection{transfer: o.Transfer}.what()
			f.Where, f.Evidence, f.Quotes = s.where(), ids(o), transferQuote(o)
			switch {
			case o.Transfer.Differs:
				f.Title = fmt.Sprintf("A file comes back from %s changed", c.Run.Target.Host)
				f.Says = fmt.Sprintf("What was read back, %d bytes, is not what was written.", o.Transfer.Bytes)
				return []Finding{f}
			case o.Failed(fact.Closed, fact.Reset) && !c.explained(o):
				f.Title = fmt.Sprintf("%s from %s are cut before their end", upper(work), c.Run.Target.Host)
				f.Says = fmt.Sprintf("The connection ended after %d bytes.", o.Transfer.Bytes)
				return []Finding{f}
			}
		}
		if o := s.brokenAt(fact.Closed, fact.Reset); o != nil {
			f.Title = fmt.Sprintf("The connection to %s is cut at %s", c.Run.Target.Host, verb(o))
			f.Says = fmt.Sprintf("After the login the server, or something on the way, ended the connection in place of an answer to %s.", verb(o))
			f.Where, f.Evidence = s.where(), ids(s.Login, o)
			return []Finding{f}
		}
	}
	return nil
}

// explained says whether something else is known to have ended a transfer: it never got a data connection, TLS did not come
// about on it, or the server gave a reason, or stopped answering.
func (c *Case) explained(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data == nil || c.withoutReuse(o) || data.Dial.Failure != nil || data.TLS != nil && data.TLS.Failed() || o.Transfer.Code >= 400
}

// brokenAt is the step after the login that got no answer; nil when all did. EPSV has a rule of its own.
func (s *Session) brokenAt(kinds ...fact.Kind) *fact.Observation {
	if !s.Accepted() {
		return nil
	}
	for _, o := range s.Replies {
		if o.Failed(kinds...) && o.Reply.Code == 0 && verb(o) != "EPSV" && !s.harmedBefore(o) {
			return o
		}
	}
	return nil
}

// harmedBefore says whether something had failed already, so that the end of the session is no wonder: an EPSV that was not
// answered, a data connection that opened and came to nothing, or active mode.
func (s *Session) harmedBefore(end *fact.Observation) bool {
	return slices.ContainsFunc(s.Replies, func(o *fact.Observation) bool { return o.Failed() && o.At < end.At }) ||
		slices.ContainsFunc(s.Transfers, func(o *fact.Observation) bool {
			return (o.Transfer.Data != 0 || active(o)) && !Done(o) && o.At < end.At
		})
}

var dataTimeout = Rule{
	Code:     "data-timeout",
	Title:    "A transfer stalls",
	Severity: Problem,
	Page: Page{
		Means: "The login works, and then nothing more comes: the data connection is open and silent, or the server stops answering. Large packets that get lost on the way, a firewall that forgets connections, or an overloaded server can do this.",
		Shown: "The last step that was answered, and the one that was not, are named. Where the server ended the session, its words speak of a time-out.",
		Mend:  "Try without the VPN, and from another network. If it stalls everywhere, ask whoever runs the server to look at that moment of its log.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole"},
	Match:       matchDataTimeout,
}

func matchDataTimeout(c *Case) []Finding {
	f := Finding{
		Fix: append([]Step{
			{You, "try without a VPN, and from another network"},
			{c.support(), "look in the server's log why the session stalls"},
		}, c.overSSH()...),
	}
	if found := c.objecting("data-timeout"); len(found) > 0 {
		f.Title = fmt.Sprintf("%s gives up %s, because they stall", c.Run.Target.Host, found[0].what())
		f.Says = "The server waited for data, and none came through in time."
		return found[0].finding(f)
	}
	for _, s := range c.ordinary() {
		f.Where = s.where()
		for _, o := range s.Transfers {
			if !o.Failed(fact.Timeout) || c.explained(o) {
				continue
			}
			f.Title = fmt.Sprintf("%s from %s stall", upper(objection{transfer: o.Transfer}.what()), c.Run.Target.Host)
			f.Says = fmt.Sprintf("The data connection opens, and %s came to nothing more after %d bytes.", o.Transfer.Command, o.Transfer.Bytes)
			f.Evidence, f.Quotes = ids(o), transferQuote(o)
			return []Finding{f}
		}
		if o := s.brokenAt(fact.Timeout); o != nil {
			f.Title = fmt.Sprintf("%s stops answering at %s", c.Run.Target.Host, verb(o))
			f.Says = fmt.Sprintf("The login worked, and %s got no answer within %s.", verb(o), ms(o.Took))
			f.Evidence = ids(s.Login, o)
			return []Finding{f}
		}
		if o := s.goodbye(); o != nil && timeoutWords.MatchString(strings.Join(o.Reply.Lines, " ")) {
			f.Title = fmt.Sprintf("%s ended the session, because nothing came in time", c.Run.Target.Host)
			f.Says = fmt.Sprintf("Its answer to %s is the end of the session.", verb(o))
			f.Evidence, f.Quotes = ids(o), quote(o)
			return []Finding{f}
		}
	}
	return nil
}

var timeoutWords = regexp.MustCompile(`(?i)time-?d? ?-?out`)

var permission = Rule{
	Code:     "data-permission",
	Title:    "The account may not do this in this folder",
	Severity: Problem,
	Page: Page{
		Means: "The login and the data connection work, and the server refuses the work itself: the account may not write (or read) in this folder, or the folder is not there.",
		Shown: "The server refused the transfer, or the change to the start folder, with a permanent error that is not about the connection.",
		Mend:  "Choose another folder, or ask the administrator for the right to it. Check how the folder is written; servers tell capital letters from small ones.",
	},
	Match: matchPermission,
}

func matchPermission(c *Case) []Finding {
	found := c.objecting("data-permission")
	if len(found) > 0 {
		o := found[0]
		f := Finding{
			Title: fmt.Sprintf("%s refuses %s in this folder", c.Run.Target.Host, o.what()),
			Says:  fmt.Sprintf("Signing in works, and the answer to %s is a refusal.", o.transfer.Command),
			Fix: []Step{
				{You, "choose a folder in which you may do that"},
				{SiteAdmin, fmt.Sprintf("give %s the right to it", c.user())},
			},
		}
		if o.transfer.Work == fact.Upload && o.session.Did(fact.Listing) {
			f.Says = "Listings work and uploads are refused, so the account may read here and not write."
		}
		if o.code != 550 && o.code != 553 && o.code != 532 {
			f.Confidence = Likely // another fault of the server can come with such a code
		}
		return o.finding(f)
	}
	for _, s := range c.Sessions {
		for _, o := range s.answers("CWD") {
			if o.Reply.Code < 500 || !s.Accepted() || c.isHome(o) || !ascii(o.Reply.Command) {
				continue
			}
			_, folder, _ := strings.Cut(o.Reply.Command, " ")
			return []Finding{{
				Title:    fmt.Sprintf("The start folder cannot be opened on %s", c.Run.Target.Host),
				Says:     fmt.Sprintf("Signing in works, and the folder %q does not exist or may not be opened.", folder),
				Where:    s.where(),
				Evidence: ids(o),
				Quotes:   quote(o),
				Fix: []Step{
					{You, "leave the start folder empty, or copy its name exactly; capital letters count"},
					{SiteAdmin, fmt.Sprintf("give %s the right to open it, if it exists", c.user())},
				},
			}}
		}
	}
	return nil
}

// isHome says whether a refusal is about the folder of the account itself.
func (c *Case) isHome(o *fact.Observation) bool {
	why, _ := c.loginReason(o.Reply, true)
	return why == "login-home-missing"
}

var quota = Rule{
	Code:     "data-quota",
	Title:    "There is no room left",
	Severity: Problem,
	Page: Page{
		Means: "Everything about the connection works, and the server has no room for the file: its disk is full, or the account has used up its share.",
		Shown: "An upload was refused or ended with words about a full disk or a quota, or with the code for it (452 or 552).",
		Mend:  "Delete what is no longer needed, also a file that was cut just now, or ask the administrator for more room.",
	},
	Match: matchQuota,
}

func matchQuota(c *Case) []Finding {
	found := c.objecting("data-quota")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s has no room left for %s", c.Run.Target.Host, c.user()),
		Says:  "The upload is refused for want of space. The connection is not at fault.",
		Fix: []Step{
			{You, "delete files that are no longer needed"},
			{SiteAdmin, "make room on the disk, or raise the quota of the account"},
		},
	}
	if found[0].code != 452 && found[0].code != 552 {
		f.Confidence = Likely
		f.Says = "The server could not write to its disk, which is mostly full then. The connection is not at fault."
	}
	return found[0].finding(f)
}

var encoding = Rule{
	Code:     "data-encoding",
	Title:    "A name with special letters is not understood",
	Severity: Note,
	Page: Page{
		Means: "The name of a folder or file holds letters beyond plain ASCII, such as umlauts. Server and app do not write them in the same way, so the name is not found.",
		Shown: "A command with such a name was refused. That the name does not exist at all looks the same from outside.",
		Mend:  "Switch on UTF-8 in your app if it has such a setting, or give the folder a name of plain letters.",
	},
	Match: matchEncoding,
}

func matchEncoding(c *Case) []Finding {
	for _, s := range c.Sessions {
		for _, o := range s.Replies {
			if ascii(o.Reply.Command) || o.Reply.Code < 500 || !s.Accepted() {
				continue
			}
			f := Finding{
				Severity:   Problem, // the folder was asked for
				Confidence: Possible,
				Title:      fmt.Sprintf("%s does not find a name with special letters", c.Run.Target.Host),
				Says:       fmt.Sprintf("%s is refused, and its name holds letters beyond ASCII.", verb(o)),
				Where:      s.where(),
				Evidence:   ids(o),
				Quotes:     quote(o),
				Fix: []Step{
					{You, "switch on UTF-8 in your FTP app, or use a name of plain letters"},
					{You, "compare the name with the listing of the folder above"},
				},
				Candidates: []Candidate{
					{"data-encoding", "a folder with a plain name can be opened", You},
					{"data-permission", "the listing of the folder above does not show the name, or the account may not open it", SiteAdmin},
				},
			}
			return []Finding{f}
		}
	}
	return nil
}

// ascii says whether a text holds nothing beyond ASCII. What was not UTF-8 stands in it as an escape.
func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) && !strings.Contains(text, `\x`)
}
