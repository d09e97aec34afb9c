package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// The alerts that tell causes apart (RFC 8446 section 6, RFC 5246 section 7.2).
const (
	alertHandshakeFailure     = 40
	alertAccessDenied         = 49
	alertProtocolVersion      = 70
	alertInsufficientSecurity = 71
	alertUnrecognizedName     = 112
	alertCertificateRequired  = 116
)

var resetAfterAuth = Rule{
	Code:     "tls-rst-after-auth",
	Title:    "The connection is cut as soon as TLS begins",
	Severity: Problem,
	Page: Page{
		Means: "The server agrees to start TLS, and the first message of TLS kills the connection. A firewall that lets only FTP pass that it can read does this: " +
			"once the conversation is encrypted, it resets it or swallows it.",
		Shown: "AUTH TLS was accepted (234), or the port is one of implicit TLS. The ClientHello after it was answered with a reset, with the end of the connection, or not at all, by a second and more " +
			"tolerant handshake too. A server that dislikes the version or the ciphers says so with an alert. Where TLS works on other ports, a link that loses large packets is excluded.",
		Mend: "Use implicit TLS (usually port 990) or SFTP; firewalls that read along in FTP mostly do so on port 21 alone. Or ask whoever runs your network to let encrypted FTP pass " +
			"to this host. If another network shows the same, whoever runs the server has to look for a fault of its TLS.",
	},
	ExplainedBy: append([]string{"tcp-reset-after-connect", "tcp-mtu-blackhole", "tcp-intercepted"}, misdirected...),
	Match:       matchResetAfterAuth,
}

func matchResetAfterAuth(c *Case) []Finding {
	found := c.failing("tls-rst-after-auth")
	if len(found) == 0 {
		return nil
	}
	o := found[0].Talk.TLS
	f := Finding{
		Severity:   c.weighHandshake(found),
		Confidence: Likely,
		Title:      fmt.Sprintf("The connection to %s of %s is cut as soon as TLS begins", c.on(found), c.Run.Target.Host),
		Where:      where(found, c.connected()),
		Evidence:   handshakes(found),
		Fix: append(c.instead(found),
			Step{YourNetwork, fmt.Sprintf("let encrypted FTP to %s pass on %s", c.Run.Target.Host, portsOf(portsAmong(found)))},
			Step{SiteAdmin, "look at the TLS errors in the server's log, if other networks show the same"}),
	}
	how := map[fact.Kind]string{
		fact.Reset:   "the connection is reset",
		fact.Closed:  "the connection is closed without a word",
		fact.Timeout: fmt.Sprintf("nothing comes any more for %s", ms(o.Took)),
	}[o.Failure.Kind]
	f.Says = fmt.Sprintf("The connection opens, and after the first message of TLS %s.", how)
	if o.TLS.Mode == fact.Explicit {
		f.Says = fmt.Sprintf("The server agrees to start TLS (234), and after the first message of TLS %s.", how)
	}
	if other := c.tlsElsewhere(found); other != nil && other.Endpoint != "" {
		f.Evidence = append(f.Evidence, other.ID)
		f.Says += fmt.Sprintf(" TLS with %s works.", other.Endpoint)
	} else {
		f.Confidence = Possible
		f.Candidates = []Candidate{
			{"tls-rst-after-auth", "the same test works from another network", You},
			{"tls-handshake-421", "the server's log shows a failed handshake at that time", SiteAdmin},
		}
		if o.Failed(fact.Timeout) {
			f.Candidates = append(f.Candidates, Candidate{"tcp-mtu-blackhole", "it works without the VPN, or with a smaller MTU", You})
		}
	}
	return []Finding{f}
}

// weighHandshake is the severity of handshakes that fail. Nothing but its number says that a port of implicit TLS is one.
func (c *Case) weighHandshake(found []*Endpoint) Severity {
	if every(found, func(e *Endpoint) bool { return e.Talk.TLS.TLS.Mode == fact.Implicit }) {
		return c.weighOdd(found)
	}
	return c.weigh(Problem, found)
}

// tlsElsewhere is a handshake that came through to one of the same addresses, which a link that loses large packets
// would not have let through; nil when there is none.
func (c *Case) tlsElsewhere(faulty []*Endpoint) *fact.Observation {
	addresses := addressesAmong(faulty)
	for _, e := range c.Endpoints {
		if slices.Contains(addresses, e.Address) && !slices.Contains(faulty, e) && e.Talk.Secured() {
			return e.Talk.TLS
		}
	}
	return nil
}

var oldTLS = Rule{
	Code:     "tls-version",
	Title:    "The server and current apps share no version of TLS",
	Severity: Problem,
	Page: Page{
		Means: "The server speaks only old versions of TLS, 1.0 or 1.1. They have known weaknesses, and current apps refuse them (RFC 8996). " +
			"An old app may still connect, which is why it works for some people.",
		Shown: "The ordinary handshake, with TLS 1.2 and 1.3, failed. A second one that allowed older versions came through with such a version, or the server " +
			"said with an alert (70) that it knows none of the versions that it was offered.",
		Mend: "Ask whoever runs the server to switch on TLS 1.2 or 1.3; an update of the FTP server usually does it. Until then SFTP may be a way in. " +
			"Lowering the version in your app makes the connection readable for those who try hard.",
	},
	ExplainedBy: misdirected,
	Match:       matchOldTLS,
}

func matchOldTLS(c *Case) []Finding {
	found := c.failing("tls-version")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weighHandshake(found),
		Title:    fmt.Sprintf("The server on %s of %s refuses the versions of TLS that current apps speak", c.on(found), c.Run.Target.Host),
		Says:     "It answers TLS 1.2 and 1.3 with the alert for an unknown version.",
		Where:    where(found, c.connected()),
		Evidence: handshakes(found),
		Fix:      append(c.instead(found), Step{c.support(), "switch on TLS 1.2 or newer on the FTP server, or update it"}),
	}
	if old := found[0].second(fact.LenientTLS); old != nil && old.Secured() {
		f.Title = fmt.Sprintf("The server on %s of %s speaks only %s, which current apps refuse", c.on(found), c.Run.Target.Host, old.TLS.TLS.Version)
		f.Says = fmt.Sprintf("A handshake with TLS 1.2 or newer fails, one that allows %s comes through.", old.TLS.TLS.Version)
	} else {
		f.Confidence = Likely
	}
	return []Finding{f}
}

var noSharedCipher = Rule{
	Code:     "tls-no-shared-cipher",
	Title:    "The server and current apps share no cipher suite of TLS",
	Severity: Problem,
	Page: Page{
		Means: "Both sides know the same version of TLS, but they agree on no way to encrypt (no cipher suite). Mostly the server knows only outdated ones, which " +
			"current apps no longer offer.",
		Shown: "The ordinary handshake failed, mostly with an alert (40 or 71). A second one that allowed outdated cipher suites came through; or that one was refused too, in which " +
			"case the server may know only suites that this program has not, such as those with DHE, and an FTP app may still have them.",
		Mend: "Ask whoever runs the server to allow current cipher suites (ECDHE with AES-GCM or ChaCha20), which an update usually brings. Until then SFTP may be a way in.",
	},
	ExplainedBy: misdirected,
	Match:       matchNoSharedCipher,
}

func matchNoSharedCipher(c *Case) []Finding {
	found := c.failing("tls-no-shared-cipher")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weighHandshake(found),
		Title:    fmt.Sprintf("The server on %s of %s accepts no cipher suite of current apps", c.on(found), c.Run.Target.Host),
		Where:    where(found, c.connected()),
		Evidence: handshakes(found),
		Fix:      append(c.instead(found), Step{c.support(), "allow current cipher suites (ECDHE with AES-GCM) on the FTP server, or update it"}),
	}
	if old := found[0].second(fact.LenientTLS); old != nil && old.Secured() {
		f.Says = fmt.Sprintf("An ordinary handshake fails, one that also allows outdated suites comes through with %s.", old.TLS.TLS.Suite)
		return []Finding{f}
	}
	f.Confidence = Possible
	f.Title = fmt.Sprintf("The server on %s of %s and this program share no cipher suite", c.on(found), c.Run.Target.Host)
	f.Says = "The server refuses the handshake with the alert for missing common parameters, whatever suites are offered. This program lacks those with DHE, so an FTP app that has them may still connect."
	f.Fix = append([]Step{{You, "try an up-to-date FTP app such as FileZilla, which knows suites that this program has not"}}, f.Fix...)
	f.Candidates = []Candidate{
		{"tls-no-shared-cipher", "an up-to-date FTP app fails there too", You},
		{"tls-handshake-421", "the server's log names another reason, such as a key that it cannot use", c.support()},
	}
	return []Finding{f}
}

var clientCertRequired = Rule{
	Code:     "tls-client-cert-required",
	Title:    "The server wants a certificate from you",
	Severity: Problem,
	Page: Page{
		Means: "This server lets in only those who prove with a certificate of their own who they are, before any user name and password. Your app showed none.",
		Shown: "The server asked for a client certificate, and ended the handshake when none came, with the alert for that (116, in TLS 1.3) or with a general one. " +
			"Many servers ask for a certificate and do without; that alone means nothing.",
		Mend: "Install the certificate that you were given together with its key in your FTP app. If you have none, ask whoever gave you the access.",
	},
	ExplainedBy: misdirected,
	Match:       matchClientCertRequired,
}

func matchClientCertRequired(c *Case) []Finding {
	found := c.failing("tls-client-cert-required")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weighHandshake(found),
		Title:    fmt.Sprintf("The server on %s of %s wants a certificate from you", c.on(found), c.Run.Target.Host),
		Says:     "It asks for a client certificate, and ends the connection when none comes.",
		Where:    where(found, c.connected()),
		Evidence: handshakes(found),
		Fix: append([]Step{
			{You, "install your client certificate and its key in your FTP app"},
			{SiteAdmin, "issue a client certificate, or stop requiring one"},
		}, c.instead(found)...),
	}
	if found[0].Talk.TLS.TLS.Alert != alertCertificateRequired {
		f.Confidence = Likely
	}
	return []Finding{f}
}

var sniRejected = Rule{
	Code:     "tls-sni-rejected",
	Title:    "The server does not know the name that it is asked for",
	Severity: Problem,
	Page: Page{
		Means: "With the start of TLS your app tells the server which host name it wants (SNI). This server says that it has no such name and goes. " +
			"You use an alias that it was not told about, or the name leads to the wrong server.",
		Shown: "The server ended the handshake with the alert for an unrecognised name (112). A handshake without a name shows which certificate it has.",
		Mend:  "Use the host name that your provider gave you for FTP, not an alias of your own. Or ask whoever runs the server to add this name and a certificate for it.",
	},
	ExplainedBy: misdirected,
	Match:       matchSNIRejected,
}

func matchSNIRejected(c *Case) []Finding {
	found := c.failing("tls-sni-rejected")
	if len(found) == 0 {
		return nil
	}
	name := found[0].Talk.TLS.TLS.ServerName
	f := Finding{
		Severity: c.weighHandshake(found),
		Title:    fmt.Sprintf("The server on %s does not know the name %s", c.on(found), name),
		Says:     "It ends the TLS handshake with the alert for an unrecognised name.",
		Where:    where(found, c.connected()),
		Evidence: handshakes(found),
		Fix: append([]Step{{You, "use the host name that your provider names for FTP, not an alias"}},
			append(c.instead(found), Step{SiteAdmin, fmt.Sprintf("add the name %s and a certificate for it to the server", name)})...),
	}
	if nameless := found[0].second(fact.WithoutSNI); nameless != nil && nameless.Leaf() != nil {
		f.Says += fmt.Sprintf(" Without a name it shows a certificate for %s.", namesOf(nameless.Leaf()))
	}
	return []Finding{f}
}

var handshakeGivenUp = Rule{
	Code:     "tls-handshake-421",
	Title:    "The server gives up the TLS handshake",
	Severity: Problem,
	Page: Page{
		Means: "The server agreed to start TLS and then broke the handshake off, with an FTP reply in clear such as \"421 TLS handshake failed\" or with an alert. " +
			"Either the two sides share no version or cipher, or the server's own set-up is broken, for example a key that it cannot read.",
		Shown: "After AUTH TLS was accepted, an FTP error came in clear in place of TLS, or an alert that names no cause, to a tolerant handshake as well as to the ordinary one. " +
			"Where a tolerant handshake comes through, the cause is known better: an old version or old ciphers.",
		Mend: "Ask whoever runs the server to look into its log for that moment; the reason stands there. Update your FTP app if it is old. Until then SFTP may be a way in.",
	},
	ExplainedBy: append([]string{"ftp-proxy-banner"}, misdirected...),
	Match:       matchHandshakeGivenUp,
}

func matchHandshakeGivenUp(c *Case) []Finding {
	found := c.failing("tls-handshake-421")
	if len(found) == 0 {
		return nil
	}
	t := found[0].Talk.TLS.TLS
	f := Finding{
		Severity: c.weighHandshake(found),
		Title:    fmt.Sprintf("The server on %s of %s gives up the TLS handshake", c.on(found), c.Run.Target.Host),
		Says:     "It agrees to start TLS, and then sends an error in clear in place of the handshake.",
		Where:    where(found, c.connected()),
		Evidence: handshakes(found),
		Quotes:   t.Plain,
		Fix: append(c.instead(found),
			Step{c.support(), fmt.Sprintf("look into the FTP server's log for the failed handshake at %s UTC", c.clock(found[0].Talk.TLS))},
			Step{You, "update your FTP app, if it is old"}),
	}
	if len(t.Plain) == 0 {
		f.Confidence = Likely
		f.Says = "It ends the TLS handshake without a reason that can be told from here."
		if t.Alert != 0 {
			f.Says = fmt.Sprintf("It ends the TLS handshake with the alert %d (%s).", t.Alert, t.AlertText)
		}
		if again := found[0].second(fact.LenientTLS); again != nil && again.Secured() {
			f.Says += " A second handshake came through, with nothing in it that the first had not offered."
		}
	}
	return []Finding{f}
}

// failing lists the endpoints whose handshake failed for this cause. The web port is not among them.
func (c *Case) failing(cause string) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.FTPFamily() && whyNoTLS(e) == cause })
}

// whyNoTLS tells apart why a handshake failed. Empty: it did not, or the fault lies elsewhere.
func whyNoTLS(e *Endpoint) string {
	if e.Talk.TLS == nil || e.Talk.TLS.TLS.Mode == fact.Nudge {
		return ""
	}
	o, t := e.Talk.TLS, e.Talk.TLS.TLS
	if refusedWithoutCert(e.Talk) {
		return "tls-client-cert-required"
	}
	if !o.Failed(fact.Alert, fact.TLSVersion, fact.TLSFailed, fact.NotTLS, fact.Reset, fact.Closed, fact.Timeout) {
		return ""
	}
	if t.Alert == alertUnrecognizedName {
		return "tls-sni-rejected"
	}
	cut := o.Failed(fact.Reset, fact.Closed)
	if old := e.second(fact.LenientTLS); old != nil && old.Secured() {
		return whatWasAllowed(old.TLS.TLS, cut)
	}
	switch t.Alert {
	case alertProtocolVersion:
		return "tls-version"
	case alertHandshakeFailure, alertInsufficientSecurity:
		return "tls-no-shared-cipher"
	}
	switch {
	case o.Failed(fact.TLSVersion):
		return "tls-version"
	case o.Failed(fact.Alert, fact.TLSFailed), t.Mode == fact.Explicit && o.Failed(fact.NotTLS):
		return "tls-handshake-421"
	case cut, o.Failed(fact.Timeout):
		return "tls-rst-after-auth"
	}
	return ""
}

// whatWasAllowed says what the tolerant handshake had that the ordinary one had not. When it had nothing more, the
// ordinary one failed by accident, or something cuts such connections now and then.
func whatWasAllowed(t *fact.TLS, cut bool) string {
	switch {
	case slices.Contains([]string{"TLS 1.1", "TLS 1.0", "SSL 3.0"}, t.Version):
		return "tls-version"
	case outdatedSuite.MatchString(t.Suite):
		return "tls-no-shared-cipher"
	case cut:
		return "tls-rst-after-auth"
	default:
		return "tls-handshake-421"
	}
}

// outdatedSuite matches the suites that crypto/tls knows but does not offer (Go 1.26): without forward secrecy, RC4, 3DES, CBC with SHA-256.
var outdatedSuite = regexp.MustCompile(`^TLS_RSA_|_RC4_|_3DES_|_CBC_SHA256$`)

// refusedWithoutCert says whether the server went because it was shown no certificate. In TLS 1.3 it says so after
// the handshake (RFC 8446 section 4.4.2.4), in TLS 1.2 by the alert 40, or by one about certificates (42 to 49).
func refusedWithoutCert(talk *Conversation) bool {
	t := talk.TLS.TLS
	if !talk.TLS.Failed(fact.Alert) {
		return false
	}
	return t.Alert == alertCertificateRequired || t.WantsCert && t.Alert >= alertHandshakeFailure && t.Alert <= alertAccessDenied
}

// handshakes lists the evidence of handshakes: every try of every endpoint.
func handshakes(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, ids(e.Talk.Answer("AUTH TLS"), e.Talk.TLS)...)
		for _, talk := range e.Again {
			found = append(found, ids(talk.TLS)...)
		}
	}
	return found
}

// clear is the FTP reply that came in clear in place of TLS; the code is 0 when none did.
func (talk *Conversation) clear() (code int, lines []string, seen *fact.Observation) {
	if talk.TLS == nil || !talk.TLS.Failed(fact.NotTLS) || len(talk.TLS.TLS.Plain) == 0 {
		return 0, nil, nil
	}
	lines = talk.TLS.TLS.Plain
	if !replyLine.MatchString(lines[0]) {
		return 0, nil, nil
	}
	code, err := strconv.Atoi(lines[0][:3])
	if err != nil {
		return 0, nil, nil
	}
	return code, lines, talk.TLS
}

// replyLine is the first line of an FTP reply (RFC 959 section 4.2).
var replyLine = regexp.MustCompile(`^[1-5][0-9][0-9]([ -]|$)`)

// namesOf says for which names a certificate is valid.
func namesOf(leaf *fact.Certificate) string {
	const most = 4
	switch n := len(leaf.Names); {
	case n == 0:
		return "no name at all"
	case n > most:
		return fmt.Sprintf("%s and %d more names", strings.Join(leaf.Names[:most], ", "), n-most)
	default:
		return and(leaf.Names)
	}
}

// clock is the time of day of a step, as a server's log would have it.
func (c *Case) clock(o *fact.Observation) string {
	return c.Run.Started.Add(o.At.Duration()).UTC().Format("15:04:05")
}
