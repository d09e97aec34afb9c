package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// tlsRules go from the wrong kind of TLS over the AUTH command and the handshake to the certificate.
var tlsRules = []Rule{
	implicitToExplicit,
	explicitToImplicit,
	authStripped,
	authNeedsLogin,
	tlsNotOffered,
	resetAfterAuth,
	oldTLS,
	noSharedCipher,
	clientCertRequired,
	sniRejected,
	handshakeGivenUp,
	tlsIntercepted,
	wrongServer,
	nameMismatch,
	expired,
	selfSigned,
	missingIntermediate,
}

var implicitToExplicit = Rule{
	Code:     "tls-implicit-to-explicit",
	Title:    "The app starts TLS at once, but the server greets in clear first",
	Severity: Problem,
	Page: Page{
		Means: "FTP has two kinds of TLS. With implicit TLS the encryption starts with the first byte, with explicit TLS the server greets in clear " +
			"and the app asks for encryption then. Your app is set to implicit TLS, and the server on this port wants explicit TLS.",
		Shown: "In answer to the first message of TLS the port sent an FTP greeting in clear (220).",
		Mend:  "In your FTP app choose explicit TLS (also called FTPES, or AUTH TLS) for this port. Or keep implicit TLS and use the port for it, usually 990.",
	},
	ExplainedBy: append([]string{"local-wrong-port"}, misdirected...),
	Match:       matchImplicitToExplicit,
}

func matchImplicitToExplicit(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		code, _, _ := e.Talk.clear()
		return e.Speaks == fact.FTPS && (code/100 == 1 || code/100 == 2)
	})
	if len(found) == 0 {
		return nil
	}
	_, lines, evidence := found[0].Talk.clear()
	return []Finding{{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("%s of %s wants explicit TLS, not implicit TLS", upper(c.on(found)), c.Run.Target.Host),
		Says:     "The server answers the start of TLS with an FTP greeting in clear, as a server with explicit TLS does.",
		Where:    where(found, c.connected()),
		Evidence: ids(evidence),
		Quotes:   lines,
		Fix: append([]Step{
			{You, fmt.Sprintf("choose explicit TLS (FTPES) for %s in your FTP app", portsOf(portsAmong(found)))},
		}, c.instead(found)...),
	}}
}

var explicitToImplicit = Rule{
	Code:     "tls-explicit-to-implicit",
	Title:    "The app waits for a greeting, but the server waits for TLS",
	Severity: Problem,
	Page: Page{
		Means: "FTP has two kinds of TLS. With explicit TLS the server greets in clear and the app asks for encryption then, with implicit TLS " +
			"the encryption starts with the first byte. Your app is set to explicit TLS or to no TLS, and the server on this port wants implicit TLS. Both wait for the other.",
		Shown: "The port said nothing in clear, and completed a TLS handshake as soon as one was begun. A port that is merely slow, or behind a proxy that " +
			"swallows connections, would not have answered that.",
		Mend: "In your FTP app choose implicit TLS (often just called FTPS) for this port. Or keep explicit TLS and use the port for it, usually 21.",
	},
	ExplainedBy: append([]string{"local-wrong-port"}, misdirected...),
	Match:       matchExplicitToImplicit,
}

func matchExplicitToImplicit(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks != fact.FTPS && e.FTPFamily() && !c.isWebPort(e.Port) && (e.Talk.speaksTLSWhenNudged() || e.Talk.opensWith(fact.VoiceTLS, fact.VoiceAlert))
	})
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weighOdd(found),
		Title:    fmt.Sprintf("%s of %s wants implicit TLS, not explicit TLS", upper(c.on(found)), c.Run.Target.Host),
		Says:     "The server says nothing in clear, and speaks TLS as soon as a handshake is begun.",
		Where:    where(found, c.connected()),
		Fix: append([]Step{
			{You, fmt.Sprintf("choose implicit TLS for %s in your FTP app", portsOf(portsAmong(found)))},
		}, c.instead(found)...),
	}
	for _, e := range found {
		f.Evidence = append(f.Evidence, ids(e.Talk.Opening, e.Talk.TLS)...)
		if entry, _ := c.Profile.Port(e.Port); entry.Speaks != fact.FTPS || !e.Talk.Secured() {
			f.Confidence = Likely
		}
	}
	if f.Confidence == Likely {
		f.Says += " Another service over TLS, such as a web server, would do the same."
		f.Candidates = []Candidate{
			{"tls-explicit-to-implicit", "an app that is set to implicit TLS gets a greeting", You},
			{"ftp-port-is-http", fmt.Sprintf("a browser shows a page at https://%s", found[0].Place()), You},
		}
	}
	return []Finding{f}
}

// speaksTLSWhenNudged says whether a silent port answered a ClientHello in TLS, be it with a refusal.
func (talk *Conversation) speaksTLSWhenNudged() bool {
	return talk.TLS != nil && talk.TLS.TLS.Mode == fact.Nudge && talk.Opening != nil && talk.Opening.Failed(fact.Timeout) &&
		(talk.TLS.Failure == nil || talk.TLS.Failed(fact.Alert, fact.TLSVersion, fact.TLSFailed))
}

// isWebPort says whether the web lives on a port.
func (c *Case) isWebPort(port int) bool {
	entry, _ := c.Profile.Port(port)
	return entry.Speaks == fact.HTTPS || port == 443
}

var authStripped = Rule{
	Code:     "tls-auth-stripped",
	Title:    "A firewall removes the command that starts TLS",
	Severity: Problem,
	Page: Page{
		Means: "Some firewalls read along in FTP and rewrite it. This one keeps your app from starting the encryption: it overwrites the AUTH TLS command, hides it " +
			"from the server's list of features, or lets nothing pass once it is sent. The server can do TLS, and never gets to know that you want it.",
		Shown: "AUTH TLS is refused or goes unanswered on this port, while the server announces it, or offers it on another port, or its " +
			"words come back with letters crossed out. A server without TLS would not announce it, and would answer alike on all its ports.",
		Mend: "Use a port that the firewall does not read along on, such as the service's other port for the same thing, or implicit TLS on 990, or SFTP. " +
			"Or ask whoever runs your network to switch off the inspection of FTP for this host.",
	},
	ExplainedBy: append([]string{"ftp-proxy-banner", "tcp-intercepted", "tcp-mtu-blackhole"}, misdirected...),
	Match:       matchAuthStripped,
}

func matchAuthStripped(c *Case) []Finding {
	found := c.refusing("tls-auth-stripped")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity:   c.weigh(Problem, found),
		Confidence: c.strippedFor(found[0]),
		Title:      fmt.Sprintf("Something on the way keeps TLS from starting on %s of %s", c.on(found), c.Run.Target.Host),
		Where:      where(found, c.connected()),
		Fix: append(c.instead(found),
			Step{YourNetwork, fmt.Sprintf("switch off FTP inspection for %s, or let %s pass unread", c.Run.Target.Host, portsOf(portsAmong(found)))}),
	}
	for _, e := range found {
		f.Evidence = append(f.Evidence, ids(e.Talk.Answer("FEAT"), e.Talk.lastReply(), c.offering(e))...)
	}
	e := found[0]
	f.Quotes = quote(e.Talk.lastReply())
	switch last := e.Talk.lastReply(); {
	case e.Talk.masked():
		f.Says = "The server's words come back with the name of the command crossed out, which only a device that rewrites FTP does."
	case c.offering(e) != nil:
		f.Says = fmt.Sprintf("AUTH TLS does not work there, while the same server accepts it on %s.", c.offering(e).Endpoint)
	case last.Failed():
		f.Says = fmt.Sprintf("The conversation breaks off at %s.", last.Reply.Command)
	default:
		f.Says = fmt.Sprintf("%s promises TLS on this port, and AUTH TLS is refused.", c.Profile.Title)
	}
	if f.Confidence != Certain {
		f.Candidates = []Candidate{
			{"tls-auth-stripped", "the same test works from another network", You},
			{"tls-not-offered", "the same test fails from another network too", SiteAdmin},
		}
	}
	return []Finding{f}
}

var authNeedsLogin = Rule{
	Code:     "tls-auth-needs-login-first",
	Title:    "The server wants a login before TLS",
	Severity: Problem,
	Page: Page{
		Means: "Your app asks for encryption, as it must, before it sends the password. The server, or a proxy in front of it, answers that you have to log in first. " +
			"Then the password would cross the network readable.",
		Shown: "AUTH TLS was answered with 530, although the server announces TLS, or answers everything that way. A server that announces other features but not TLS simply has none.",
		Mend: "Use implicit TLS (usually port 990) or SFTP, if the server offers one of them. Ask whoever runs the server to permit AUTH TLS before the login; " +
			"if a proxy sits in front of it, that is where the rule is.",
	},
	ExplainedBy: append([]string{"ftp-proxy-banner", "tcp-intercepted"}, misdirected...),
	Match:       matchAuthNeedsLogin,
}

func matchAuthNeedsLogin(c *Case) []Finding {
	found := c.refusing("tls-auth-needs-login-first")
	if len(found) == 0 {
		return nil
	}
	auth := found[0].Talk.Answer("AUTH TLS")
	f := Finding{
		Severity: c.weigh(Problem, found),
		Title:    fmt.Sprintf("The server on %s of %s wants a login before it starts TLS", c.on(found), c.Run.Target.Host),
		Says:     "It lists TLS among its features, and answers AUTH TLS with the demand to log in.",
		Where:    where(found, c.connected()),
		Quotes:   quote(auth),
		Fix: append(c.instead(found),
			Step{SiteAdmin, "permit AUTH TLS before the login, on the server or on the proxy in front of it"}),
	}
	for _, e := range found {
		f.Evidence = append(f.Evidence, ids(e.Talk.Answer("FEAT"), e.Talk.Answer("AUTH TLS"))...)
	}
	if !found[0].Talk.listsTLS() {
		f.Says = "It answers AUTH TLS with the demand to log in, and does not list its features before that either."
		f.Confidence = Likely
		f.Candidates = []Candidate{{"tls-not-offered", "the server's settings have no certificate, or TLS is switched off in them", SiteAdmin}}
	}
	return []Finding{f}
}

var tlsNotOffered = Rule{
	Code:     "tls-not-offered",
	Title:    "The server has no TLS on this port",
	Severity: Problem,
	Page: Page{
		Means: "The FTP server on this port does not offer encryption. An app that insists on TLS stops here, and an app that does not would send your password readable for everybody on the way.",
		Shown: "AUTH TLS was refused, and nothing speaks for a firewall that removed it: the server does not announce TLS either, or says in its own words that it is switched off.",
		Mend: "Use SFTP or implicit TLS, if the server offers one of them. Otherwise ask whoever runs the server to install a certificate and to switch on TLS. " +
			"Only if you trust every network on the way can you switch off encryption in your app.",
	},
	ExplainedBy: append([]string{"ftp-proxy-banner", "tcp-intercepted"}, misdirected...),
	Match:       matchTLSNotOffered,
}

func matchTLSNotOffered(c *Case) []Finding {
	found := c.refusing("tls-not-offered")
	if len(found) == 0 {
		return nil
	}
	e := found[0]
	f := Finding{
		Severity:   c.weigh(Problem, found),
		Confidence: Likely,
		Title:      fmt.Sprintf("The server on %s of %s does not offer TLS", c.on(found), c.Run.Target.Host),
		Says:       "It refuses AUTH TLS, and does not list it among its features.",
		Where:      where(found, c.connected()),
		Quotes:     quote(e.Talk.Answer("AUTH TLS")),
		Fix:        append(c.instead(found), Step{SiteAdmin, "install a certificate and switch on TLS on the FTP server"}),
	}
	if f.Severity != Problem && slices.ContainsFunc(c.Endpoints, c.sound) {
		f.Severity = Note // a server of which nobody wants FTP
	}
	for _, e := range found {
		f.Evidence = append(f.Evidence, ids(e.Talk.Answer("FEAT"), e.Talk.Answer("AUTH TLS"))...)
	}
	switch {
	case knowsTLS(e.Talk.Answer("AUTH TLS").Reply):
		f.Says = "It knows the command AUTH TLS, and says that TLS is not available or not allowed."
		f.Confidence = Certain
	case e.Talk.listsTLS():
		f.Says = "It lists TLS among its features, and refuses AUTH TLS nevertheless."
	case !e.Talk.listsFeatures():
		f.Says = "It refuses AUTH TLS, and tells no list of its features."
	}
	if f.Confidence == Likely {
		f.Candidates = []Candidate{{"tls-auth-stripped", "the same test works from another network", You}}
	}
	return []Finding{f}
}

// knowsTLS says whether a server refuses AUTH TLS in words that show that it knows what it refuses: the codes of RFC 2228
// section 5.4 for it, or a text such as "Explicit TLS authentication not allowed" (FileZilla Server 0.9).
func knowsTLS(refusal *fact.Reply) bool {
	about := func(line string) bool {
		return aboutTLS.MatchString(strings.ReplaceAll(strings.ToUpper(line), "AUTH TLS", "")) // which may only be repeated
	}
	return slices.Contains([]int{431, 504, 534}, refusal.Code) || slices.ContainsFunc(refusal.Lines, about)
}

// refusing lists the endpoints where AUTH TLS did not lead to TLS, for one of three reasons.
func (c *Case) refusing(cause string) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.Speaks == fact.FTPES && c.whyNoAuth(e) == cause })
}

// whyNoAuth tells apart why AUTH TLS did not work: the server has no TLS, it wants a login first, or it never got the
// command. Empty: it worked, or was not tried.
func (c *Case) whyNoAuth(e *Endpoint) string {
	talk := e.Talk
	last := talk.lastReply()
	if !talk.Welcomed() || last == nil || last.Reply.Command == "" || last.Reply.Encrypted {
		return ""
	}
	auth := talk.Answer("AUTH TLS")
	switch {
	case last.Failed(fact.Timeout, fact.Closed, fact.Reset, fact.Garbled, fact.TooLong):
		return "tls-auth-stripped"
	case last.Failed() || auth == nil || auth.Reply.Code < 400 || auth.Reply.Code == 421:
		return ""
	case talk.masked() || c.offering(e) != nil:
		return "tls-auth-stripped"
	// 431 and 534 come from a server that knows the command (RFC 2228 section 5).
	case auth.Reply.Code == 431 || auth.Reply.Code == 534:
		return "tls-not-offered"
	case c.Profile.Promised:
		return "tls-auth-stripped"
	// vsftpd 3.0.3 without TLS answers AUTH so too, but lists its features without it.
	case auth.Reply.Code == 530 && (talk.listsTLS() || !talk.listsFeatures()):
		return "tls-auth-needs-login-first"
	default:
		return "tls-not-offered"
	}
}

// strippedFor says how sure it is that a device on the way is to blame.
func (c *Case) strippedFor(e *Endpoint) Confidence {
	last := e.Talk.lastReply()
	switch {
	case e.Talk.masked() || c.offering(e) != nil:
		return Certain
	case last.Reply.Command == "AUTH TLS" && last.Failed() && e.Talk.listsTLS():
		return Likely
	default:
		return Possible
	}
}

// offering is the reply with which the same server starts TLS on a port that stands in for the endpoint's. It is
// the same server if the service says so, or if it greets in the same words.
func (c *Case) offering(e *Endpoint) *fact.Observation {
	for _, port := range c.Profile.StandIns(e.Port) {
		other := c.At(e.Address, port)
		if other == nil {
			continue
		}
		auth := other.Talk.Answer("AUTH TLS")
		if auth != nil && auth.Reply.Code == 234 && (c.Profile.Promised || slices.Equal(e.Talk.greeted(), other.Talk.greeted())) {
			return auth
		}
	}
	return nil
}

func (talk *Conversation) greeted() []string {
	if g := talk.Greeting(); g != nil {
		return g.Reply.Lines
	}
	return nil
}

// lastReply is the last FTP reply of a conversation, which may have failed to come; nil when there is none.
func (talk *Conversation) lastReply() *fact.Observation {
	if len(talk.Replies) == 0 {
		return nil
	}
	return talk.Replies[len(talk.Replies)-1]
}

// listsFeatures says whether the server answered FEAT with a list (RFC 2389 section 3.2).
func (talk *Conversation) listsFeatures() bool {
	feat := talk.Answer("FEAT")
	return feat != nil && feat.Failure == nil && feat.Reply.Code == 211
}

// listsTLS says whether AUTH TLS is in that list. Microsoft's server writes "AUTH TLS;TLS-C;SSL;TLS-P;".
func (talk *Conversation) listsTLS() bool {
	return talk.listsFeatures() && slices.ContainsFunc(talk.Answer("FEAT").Reply.Lines, authTLS.MatchString)
}

// masked says whether the server's words were crossed out on the way, as firewalls do that must keep the length of a packet.
func (talk *Conversation) masked() bool {
	return slices.ContainsFunc(talk.Replies, func(o *fact.Observation) bool {
		return o.Reply.Command != "" && slices.ContainsFunc(o.Reply.Lines, crossedOut.MatchString)
	})
}

var (
	authTLS    = regexp.MustCompile(`(?i)^\s*AUTH\b.*\bTLS\b`)
	aboutTLS   = regexp.MustCompile(`(?i)\b(TLS|SSL|encryption|security scheme)\b`)
	crossedOut = regexp.MustCompile(`\bX{4,}\b`)
)
