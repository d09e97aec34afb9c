package cause

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// localRules are about what was typed, and this computer.
var localRules = []Rule{
	hostSyntax,
	hostIsIP,
	wrongPort,
	userFormat,
	passwordWhitespace,
	clock,
}

var hostSyntax = Rule{
	Code:     "local-host-syntax",
	Title:    "The host was typed with something around it",
	Severity: Warning,
	Page: Page{
		Means: "The field for the host (or server) of an FTP app takes the bare name, such as company.example.com. A web address, blanks or quotation marks that were copied along make it unusable, " +
			"and the blanks cannot even be seen.",
		Shown: "The text that was typed holds more than a host name. This program cut it off and went on with the name; other apps may not.",
		Mend:  "Type only the host name into your FTP app, by hand. The protocol, the port, the user name and the folder have fields of their own.",
	},
	Match: matchHostSyntax,
}

func matchHostSyntax(c *Case) []Finding {
	t := c.Run.Target
	words := map[fact.Tidied]string{
		fact.TidiedOtherScheme: "the address of a web page",
		fact.TidiedPath:        "a folder",
		fact.TidiedSpace:       "blanks or invisible characters",
		fact.TidiedQuotes:      "quotation marks",
		fact.TidiedUser:        "a user name",
		fact.TidiedPort:        "a port",
		fact.TidiedDot:         "a dot at the end",
	}
	// In a URL with a scheme of FTP or SFTP a user, a port and a folder are in their right place.
	asURL := slices.Contains(t.Tidied, fact.TidiedScheme)
	var parts []string
	severity := Note
	for _, tidied := range t.Tidied {
		word, unwanted := words[tidied]
		belongs := asURL && slices.Contains([]fact.Tidied{fact.TidiedUser, fact.TidiedPort, fact.TidiedPath}, tidied)
		if !unwanted || belongs {
			continue
		}
		parts = append(parts, word)
		if slices.Contains([]fact.Tidied{fact.TidiedOtherScheme, fact.TidiedPath, fact.TidiedSpace, fact.TidiedQuotes}, tidied) {
			severity = Warning
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []Finding{{
		Severity: severity,
		Title:    "The host was typed with more than its name",
		Says:     fmt.Sprintf("The text also held %s. The host name alone is %s.", and(distinct(parts)), t.Host),
		Fix:      []Step{{You, fmt.Sprintf("type only %s into the host field of your FTP app; port, user and folder have fields of their own", t.Host)}},
	}}
}

var hostIsIP = Rule{
	Code:     "local-host-is-ip",
	Title:    "An IP address in place of the host name",
	Severity: Warning,
	Page: Page{
		Means: "You connect to an address made of numbers. The server's certificate is made out to a name, so the app cannot tell that it is the right server. " +
			"And when the service moves to other addresses, yours leads nowhere.",
		Shown: "The host is an IP address, and the certificate that the server showed does not name it. A server that is only used by its address, and has no certificate or one that names the address, gives no finding.",
		Mend:  "Use the host name that the provider gave you.",
	},
	Match: matchHostIsIP,
}

func matchHostIsIP(c *Case) []Finding {
	host := c.Run.Target.Host
	if _, err := netip.ParseAddr(host); err != nil {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("You connect to the address %s, and the server's certificate is made out to a name", host),
		Fix:   []Step{{You, "use the host name in place of the IP address"}},
	}
	wrong := c.Where(misnamed)
	switch {
	case len(wrong) > 0:
		f.Evidence = tlsSteps(wrong)
		f.Says = fmt.Sprintf("The certificate on %s does not name the address, so no app can be sure of the server.", portsOf(portsAmong(wrong)))
		if leaf := wrong[0].Talk.Leaf(); leaf != nil && len(leaf.Names) > 0 {
			f.Says = fmt.Sprintf("The certificate on %s is valid for %s.", portsOf(portsAmong(wrong)), and(shortened(leaf.Names)))
			f.Fix[0].Do = fmt.Sprintf("use the host name in place of the IP address; the certificate names %s", and(shortened(leaf.Names)))
		}
	case len(c.Endpoints) > 0 && !c.mayWork():
		f.Severity = Note
		f.Title = fmt.Sprintf("You connect to the address %s and not to a host name", host)
		f.Says = "A service can move to other addresses, and only its name leads to them."
	default:
		return nil
	}
	return []Finding{f}
}

var wrongPort = Rule{
	Code:     "local-wrong-port",
	Title:    "The port belongs to another protocol",
	Severity: Problem,
	Page: Page{
		Means: "The protocol and the port that are set do not go together, or the service does not have the protocol at all. SFTP lives on port 22, FTP with explicit TLS on port 21, FTP with implicit TLS on port 990. SFTP and FTPS are different things in spite of their names.",
		Shown: "A protocol was asked for on a port that by custom, or by the service's own list, belongs to another one, and the server there did not speak the protocol that was asked for.",
		Mend:  "Set the port that belongs to the protocol, or the protocol that belongs to the port. Most apps do it by themselves when the port field is left empty.",
	},
	Match: matchWrongPort,
}

func matchWrongPort(c *Case) []Finding {
	t := c.Run.Target
	if t.Protocol != "" && c.Profile.Promised && !slices.ContainsFunc(c.Profile.Ports, func(p profile.Port) bool { return together(t.Protocol, p.Speaks) }) {
		return notOffered(c)
	}
	entry, ok := c.Profile.Port(t.Port)
	if !ok {
		entry, ok = profile.Generic.Port(t.Port)
	}
	there := c.Where(func(e *Endpoint) bool { return e.Port == t.Port })
	if !ok || t.Protocol == "" || together(t.Protocol, entry.Speaks) || len(there) == 0 ||
		slices.ContainsFunc(there, func(e *Endpoint) bool { return c.speaksAsAsked(e) || e.interrupted() }) {
		return nil
	}
	f := Finding{
		Title:    fmt.Sprintf("Port %d is the port of %s, not of %s", t.Port, protocolName(entry.Speaks), protocolName(t.Protocol)),
		Says:     fmt.Sprintf("%s was asked for on port %d of %s, and the server there did not answer in it.", upper(protocolName(t.Protocol)), t.Port, t.Host),
		Where:    []string{fmt.Sprint(t.Port)},
		Evidence: conversationSteps(there),
	}
	if port, ok := c.portOf(t.Protocol); ok {
		f.Fix = append(f.Fix, Step{You, fmt.Sprintf("set the port to %d for %s", port, protocolName(t.Protocol))})
	}
	f.Fix = append(f.Fix, Step{You, fmt.Sprintf("or keep port %d and choose %s as the protocol", t.Port, protocolName(entry.Speaks))})
	if !slices.ContainsFunc(there, (*Endpoint).Connected) {
		f.Confidence = Likely // nothing was heard on the port
	}
	return []Finding{f}
}

// notOffered is what is said when a service is asked for a protocol that it does not have on any port.
func notOffered(c *Case) []Finding {
	if slices.ContainsFunc(c.WaysIn(), c.speaksAsAsked) {
		return nil
	}
	var offered []string
	for _, p := range c.Profile.Ports {
		if p.Speaks != fact.HTTPS {
			offered = append(offered, protocolName(p.Speaks))
		}
	}
	return []Finding{{
		Title: fmt.Sprintf("%s offers no %s", c.Profile.Title, protocolName(c.Run.Target.Protocol)),
		Says:  fmt.Sprintf("It offers %s.", and(distinct(offered))),
		Fix:   []Step{{You, c.chooseAnother(distinct(offered))}},
	}}
}

// chooseAnother is what to do in place of a protocol that the service does not offer.
func (c *Case) chooseAnother(offered []string) string {
	what := profile.OffersFTP
	if c.Run.Target.Protocol == fact.SFTP {
		what = profile.OffersSFTP
	}
	if lack, ok := c.Profile.Lack(what, false); ok && lack.Instead != "" {
		return lack.Instead
	}
	return fmt.Sprintf("choose %s as the protocol in your app", and(offered))
}

// together says whether a protocol is at home on a port of another. FTP in clear and with explicit TLS share their port.
func together(asked, speaks fact.Protocol) bool {
	return asked == speaks || asked == fact.FTP && speaks == fact.FTPES || asked == fact.FTPES && speaks == fact.FTP
}

// speaksAsAsked says whether an endpoint proved to speak the protocol that was asked for.
func (c *Case) speaksAsAsked(e *Endpoint) bool {
	offered, _ := e.offers()
	return e.Proof() != "" && together(c.Run.Target.Protocol, offered)
}

// portOf is the usual port of a protocol, of the service first.
func (c *Case) portOf(protocol fact.Protocol) (int, bool) {
	for _, ports := range [][]profile.Port{c.Profile.Ports, profile.Generic.Ports} {
		i := slices.IndexFunc(ports, func(p profile.Port) bool { return together(protocol, p.Speaks) })
		if i >= 0 {
			return ports[i].Number, true
		}
	}
	return 0, false
}

// protocolName is how FTP apps call a protocol.
func protocolName(p fact.Protocol) string {
	switch p {
	case fact.SFTP:
		return "SFTP"
	case fact.FTPES:
		return "FTP with explicit TLS"
	case fact.FTPS:
		return "FTP with implicit TLS"
	case fact.HTTPS:
		return "the web"
	default:
		return "FTP"
	}
}

// conversationSteps lists what was said at endpoints as evidence.
func conversationSteps(endpoints []*Endpoint) []int {
	var seen []*fact.Observation
	for _, e := range endpoints {
		seen = append(seen, e.Talk.Dial, e.Talk.Opening, e.Talk.TLS, e.Talk.Ident)
	}
	return ids(seen...)
}

var userFormat = Rule{
	Code:     "local-user-format",
	Title:    "The user name does not have the form that the service uses",
	Severity: Warning,
	Page: Page{
		Means: "The service gives out user names of a certain form, and yours does not have it. Signing in with it cannot work, whatever the password.",
		Shown: "The user name was compared with the forms that the service documents. Nothing was sent to the server for this.",
		Mend:  "Copy the user name from the page of the service that shows the access data, without blanks. It is often not your mail address.",
	},
	Match: matchUserFormat,
}

func matchUserFormat(c *Case) []Finding {
	user := c.Run.Target.User
	shape, ok := c.Profile.User(user)
	if user == "" || !ok || !shape.Wrong {
		return nil
	}
	return []Finding{{
		Title: fmt.Sprintf("The user name %q does not have the form that %s uses", user, c.Profile.Title),
		Says:  fmt.Sprintf("It is %s.", shape.Means),
		Fix:   []Step{{You, fmt.Sprintf("copy the user name from the page of %s that shows the access data", c.Profile.Title)}},
	}}
}

var passwordWhitespace = Rule{
	Code:     "local-password-whitespace",
	Title:    "The password holds a character that was probably not meant",
	Severity: Warning,
	Page: Page{
		Means: "A password that is copied from a mail, a web page or a document easily brings along a blank or a line end, or quotation marks that a word processor has made curly. They cannot be seen in the field of an app, and the server takes them as part of the password.",
		Shown: "The server refused the password, and it holds such a character. This program only looked at what kinds of characters there are; no part of the password is recorded. A password that the server accepts gives no finding.",
		Mend:  "Type the password by hand, or paste it into a plain-text editor first and copy it from there without what is around it.",
	},
	Match: matchPasswordWhitespace,
}

func matchPasswordWhitespace(c *Case) []Finding {
	shape, f := c.refusedPassword()
	words := map[fact.Oddity]string{
		fact.LeadingBlank:  "begins with a blank",
		fact.TrailingBlank: "ends with a blank",
		fact.LineEnd:       "holds a line end",
		fact.Control:       "holds a control character",
		fact.Invisible:     "holds an invisible character",
		fact.Typographic:   "holds a curly quotation mark or a long dash",
	}
	var says []string
	for _, oddity := range shape {
		if word, ok := words[oddity]; ok {
			says = append(says, word)
		}
	}
	if len(says) == 0 {
		return nil
	}
	f.Confidence = Likely
	f.Title = fmt.Sprintf("The password that was given %s", and(distinct(says)))
	f.Says = "The server refuses it. Such characters mostly come along unseen when a password is copied."
	f.Fix = []Step{{You, "type the password by hand, or paste it through a plain-text editor"}}
	return []Finding{f}
}

// refusedPassword is what is unusual about a password that was refused, and may have been so for that, with what shows the refusal.
func (c *Case) refusedPassword() ([]fact.Oddity, Finding) {
	if d := c.denied(); d != nil && d.reply != nil && d.reply.Reply.Code >= 400 && (d.reason == "" || d.reason == "login-bad-credentials") {
		return d.session.Login.Login.Shape, Finding{Evidence: d.evidence(), Quotes: quote(d.reply)}
	}
	if d := c.sshDeniedFor("auth-password-wrong"); d != nil {
		return d.Login.Login.Shape, Finding{Evidence: d.dialogue()}
	}
	return nil, Finding{}
}

var clock = Rule{
	Code:     "local-clock",
	Title:    "The clock of this computer is wrong",
	Severity: Warning,
	Page: Page{
		Means: "Date or time of your computer are wrong. Certificates then look expired or not yet valid, and codes from an authenticator app are refused.",
		Shown: "The web server of the same address, behind a trusted certificate, gives a time (the Date header, RFC 9110 section 6.6.1) that is more than five minutes away from this computer's. " +
			"If several servers agree, or a certificate only fits the server's time, it is this computer that is wrong.",
		Mend: "Set date and time of the computer to automatic, and check its time zone.",
	},
	Match: matchClock,
}

func matchClock(c *Case) []Finding {
	skew, evidence := c.clockSkew()
	if len(evidence) == 0 {
		return nil
	}
	direction := "behind"
	if skew < 0 {
		direction = "ahead"
	}
	f := Finding{
		Title:    fmt.Sprintf("The clock of this computer is %s %s", span(skew), direction),
		Says:     "That is how far it is from the clock of the web server.",
		Evidence: evidence,
		Fix:      []Step{{You, "set date and time of this computer to automatic, and check its time zone"}},
	}
	if len(evidence) > 1 {
		f.Says = fmt.Sprintf("The web servers on %d addresses agree about the time.", len(evidence))
	}
	switch {
	case c.Profile.Promised || len(evidence) > 1 || c.datesFit(skew):
	case skew > 0:
		f.Confidence = Likely
		f.Says += " The server's clock could be the wrong one instead."
		f.Fix = append(f.Fix, Step{SiteAdmin, "check the clock of the server"})
	default:
		// A page out of a cache carries the time at which it was made (RFC 9111 section 4), so an old date proves little.
		f.Severity, f.Confidence = Note, Likely
		f.Title = fmt.Sprintf("The web server gives a time that is %s behind the clock of this computer", span(skew))
		f.Says = "One of the two clocks is wrong, or the page came out of a cache."
	}
	return []Finding{f}
}

// clockTolerance is how far clocks may differ without being wrong.
const clockTolerance = 5 * time.Minute

// clockSkew is how much later it is at the servers than here, and the web answers that say so. There are none when the
// clocks agree, or the servers do not.
func (c *Case) clockSkew() (skew time.Duration, evidence []int) {
	for _, e := range c.Endpoints {
		web := e.Talk.Web
		if web == nil || web.Web.Date == nil || !e.Talk.Secured() || !onlyDates(e.Talk.TLS.TLS.Faults) {
			continue
		}
		here := c.Run.Started.Add((web.At + web.Took).Duration())
		there := web.Web.Date.Sub(here)
		if there.Abs() <= clockTolerance || len(evidence) > 0 && (there > 0) != (skew > 0) {
			return 0, nil
		}
		if len(evidence) == 0 || there.Abs() < skew.Abs() {
			skew = there
		}
		evidence = append(evidence, web.ID)
	}
	return skew, evidence
}

// onlyDates says whether nothing but the dates is wrong with a certificate, which a wrong clock here would bring about.
func onlyDates(faults []fact.CertFault) bool {
	return !slices.ContainsFunc(faults, func(f fact.CertFault) bool { return f.Kind != fact.Expired && f.Kind != fact.NotYetValid })
}

// datesFit says whether a certificate is not valid by this computer's clock and valid by the servers'.
func (c *Case) datesFit(skew time.Duration) bool {
	there := c.Run.Started.Add(skew)
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool {
		leaf := e.Talk.Leaf()
		return leaf != nil && len(e.Talk.TLS.TLS.Faults) > 0 && onlyDates(e.Talk.TLS.TLS.Faults) &&
			there.After(leaf.NotBefore) && there.Before(leaf.NotAfter)
	})
}

// span writes a long time for people: "12 minutes", "3 hours", "2 days".
func span(d time.Duration) string {
	d = d.Abs().Round(time.Minute)
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}
