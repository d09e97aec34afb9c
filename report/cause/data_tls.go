package cause

import (
	"fmt"
	"slices"

	"ftpdoctor/probe/fact"
)

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
		f.Title = fmt.Sprintf("%s wants data connections to go on with the TLS session of the login, as this program cannot", c.Run.Target.Host)
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
