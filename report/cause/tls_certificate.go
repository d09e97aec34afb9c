package cause

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

var tlsIntercepted = Rule{
	Code:     "tls-intercepted",
	Title:    "Something on the way decrypts TLS",
	Severity: Problem,
	Page: Page{
		Means: "A security product, in your network or on your computer, takes the place of the server: it decrypts the connection, reads along and encrypts it again, with " +
			"a certificate that it makes itself. Apps that do not know its authority refuse that certificate, and those that do cannot see the real one any more.",
		Shown: "The certificate is signed by an authority whose name belongs to such a product; or it bears the right host name, but the authority is unknown, " +
			"although the service uses a public one. A server's own self-signed certificate would be signed by itself, and a private authority would not sign for a public service.",
		Mend: "Ask whoever runs your network to exempt this host from the inspection of TLS. If the product runs on your own computer (an antivirus program), switch off its scanning of " +
			"encrypted connections for your FTP app. If your company tells you to trust its authority, import that authority into the app. SFTP is mostly not inspected.",
	},
	ExplainedBy: misdirected,
	Match:       matchTLSIntercepted,
}

func matchTLSIntercepted(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.FTPFamily() && c.distrust(e) == "tls-intercepted" })
	if len(found) == 0 {
		return nil
	}
	leaf := found[0].certified().Leaf()
	f := Finding{
		Severity:   c.weighTrust(found),
		Confidence: Certain,
		Title:      fmt.Sprintf("Something on the way decrypts TLS on %s of %s", c.on(found), c.Run.Target.Host),
		Says:       fmt.Sprintf("The certificate is signed by %s. That is no public authority, but one that is used to decrypt connections.", named(leaf.Issuer)),
		Where:      where(found, c.connected()),
		Evidence:   certificates(found),
		Fix: append([]Step{
			{YourNetwork, fmt.Sprintf("exempt %s from TLS inspection", c.Run.Target.Host)},
			{You, "switch off the scanning of encrypted connections, if it is done by a security program on this computer"},
		}, c.instead(found)...),
	}
	switch {
	case !decrypts(leaf):
		f.Confidence = Likely
		f.Says = fmt.Sprintf("The certificate bears the right name, but is signed by %s, an authority that this computer does not know, and %s uses a public one.",
			named(leaf.Issuer), c.Profile.Title)
		f.Candidates = []Candidate{
			{"tls-intercepted", "another network shows a certificate of another authority", You},
			{"tls-self-signed", "every network shows the same certificate", Provider},
		}
	case !slices.ContainsFunc(found, func(e *Endpoint) bool { return len(e.certified().TLS.TLS.Faults) > 0 }):
		f.Severity = Warning
		f.Says += " This computer trusts it; an app with a list of its own does not."
	case found[0].faulty(fact.NameMismatch):
		// The product may be the server itself, with the certificate that it came with.
		f.Confidence = Likely
		f.Candidates = []Candidate{
			{"tls-intercepted", "another network shows another certificate", You},
			{"tls-self-signed", "every network shows the same certificate", SiteAdmin},
		}
	}
	return []Finding{f}
}

var wrongServer = Rule{
	Code:     "tls-wrong-server",
	Title:    "Another server answers on this port",
	Severity: Warning,
	Page: Page{
		Means: "This service shows one and the same certificate on its FTP ports and on its web port. Here the two differ: on one of the ports you reach something else " +
			"than the service, for example because a firewall redirects that port.",
		Shown: "The certificate on the FTP port is not the one of the web port of the same address, although the service promises that they are equal. A renewal that has not " +
			"reached every server yet would show the same names and the same authority.",
		Mend: "Do not send your password over this port until it is clear who answers there. Ask whoever runs your network whether it redirects this port, and compare from another network.",
	},
	ExplainedBy: append([]string{"tls-intercepted"}, misdirected...),
	Match:       matchWrongServer,
}

func matchWrongServer(c *Case) []Finding {
	if !c.Profile.WebsCert {
		return nil
	}
	var evidence []int
	found := c.Where(func(e *Endpoint) bool {
		web := c.webOf(e.Address)
		if !e.FTPFamily() || web == nil || e.certified() == nil || !differs(e.certified(), web) {
			return false
		}
		evidence = append(evidence, web.TLS.ID)
		return true
	})
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s of %s %s another certificate than its web port", upper(c.on(found)), c.Run.Target.Host, plural(len(portsAmong(found)), "shows", "show")),
		Says: fmt.Sprintf("%s uses one certificate for FTP and for the web, but the one here is for %s and signed by %s.",
			c.Profile.Title, namesOf(found[0].certified().Leaf()), named(found[0].certified().Leaf().Issuer)),
		Where:    where(found, c.connected()),
		Evidence: append(certificates(found), evidence...),
		Fix: append(c.instead(found),
			Step{You, "do not send a password over this port until another network shows the same certificate"},
			Step{YourNetwork, fmt.Sprintf("stop redirecting %s to another server", portsOf(portsAmong(found)))},
			Step{Provider, "say whether the certificate is theirs"}),
	}
	if slices.ContainsFunc(found, func(e *Endpoint) bool { return len(e.certified().TLS.TLS.Faults) > 0 }) {
		f.Severity = Problem
	}
	return []Finding{f}
}

// certifiedAlias is a name that the host stands for (CNAME), and that a certificate for these names covers; empty: there is none.
func (c *Case) certifiedAlias(names []string) string {
	for _, a := range c.answers() {
		if alias := strings.TrimSuffix(strings.ToLower(a.alias()), "."); alias != "" && slices.ContainsFunc(names, func(name string) bool { return certifies(name, alias) }) {
			return alias
		}
	}
	return ""
}

// certifies says whether a name of a certificate, in which * may stand for the first label, is that of a host (RFC 9525 section 6.3).
func certifies(name, host string) bool {
	_, rest, _ := strings.Cut(host, ".")
	return strings.EqualFold(name, host) || strings.EqualFold(name, "*."+rest)
}

// webOf is the conversation with the web port of an address, if its certificate is good and no product of the network made it.
func (c *Case) webOf(address string) *Conversation {
	for _, e := range c.On(address) {
		if e.Speaks == fact.HTTPS && e.Talk.Trusted() && e.Talk.Leaf() != nil && !decrypts(e.Talk.Leaf()) {
			return e.Talk
		}
	}
	return nil
}

// differs says whether two certificates cannot be those of one service, not even while it renews them.
func differs(a, b *Conversation) bool {
	x, y := a.Leaf(), b.Leaf()
	if x.SHA256 == y.SHA256 {
		return false
	}
	sameAuthority := organisation(x.Issuer) == organisation(y.Issuer)
	sameName := slices.ContainsFunc(x.Names, func(name string) bool { return slices.Contains(y.Names, name) })
	return !sameAuthority || !sameName
}

// organisation is the O of a distinguished name. Public authorities change their intermediates, but not that.
func organisation(dn string) string { return part(dn, "O=") }

var nameMismatch = Rule{
	Code:     "tls-name-mismatch",
	Title:    "The certificate is for another name",
	Severity: Problem,
	Page: Page{
		Means: "The server proves with its certificate who it is, but for another name than the one that you typed. Hosters often have one certificate for the whole server, " +
			"with a name of their own, while you use your domain. It can also be that the name leads to the wrong server.",
		Shown: "The handshake came through, and the name that was asked for is not among those of the certificate.",
		Mend: "If one of the names in the certificate is your provider's own name for this server, use that one as the host in your app. Otherwise ask whoever runs the server for a certificate " +
			"with your name, and check where your name leads. Accepting the certificate in spite of it gives up the protection against somebody in between.",
	},
	ExplainedBy: append([]string{"local-host-is-ip", "tls-intercepted", "tls-wrong-server"}, misdirected...),
	Match:       matchNameMismatch,
}

func matchNameMismatch(c *Case) []Finding {
	// The name in a certificate that a server made itself proves nothing, so another one makes no difference.
	found := slices.DeleteFunc(c.faulty(fact.NameMismatch), func(e *Endpoint) bool { return e.faulty(fact.SelfSigned) })
	if len(found) == 0 {
		return nil
	}
	t := found[0].certified().TLS.TLS
	f := Finding{
		Severity: c.weighTrust(found),
		Title:    fmt.Sprintf("The certificate on %s does not name %s", c.on(found), t.ServerName),
		Says:     fmt.Sprintf("It is valid for %s.", namesOf(&t.Chain[0])),
		Where:    where(found, c.connected()),
		Evidence: certificates(found),
	}
	if len(t.Chain[0].Names) == 0 {
		f.Says = "It lists no names at all. Some apps then read its subject instead, which current ones no longer do (RFC 9525 section 6.3)."
	}
	if alias := c.certifiedAlias(t.Chain[0].Names); alias != "" && len(t.Faults) == 1 {
		f.Fix = []Step{{You, fmt.Sprintf("use %s as the host in your FTP app, for which %s is another name", alias, t.ServerName)}}
	} else if below := wildcard(&t.Chain[0]); below != "" && len(t.Faults) == 1 {
		f.Fix = []Step{{You, fmt.Sprintf("use the name that your site has below %s as the host in your FTP app, if it has one", below)}}
	} else if names := hostNames(&t.Chain[0]); len(names) > 0 && len(t.Faults) == 1 {
		f.Fix = []Step{{You, fmt.Sprintf("use %s as the host in your FTP app, if your provider uses that name for this server", or(names))}}
	}
	f.Fix = append(f.Fix, c.instead(found)...)
	f.Fix = append(f.Fix, Step{c.support(), fmt.Sprintf("install a certificate that names %s", t.ServerName)})
	if c.Profile.WebsCert {
		f.Fix = append(f.Fix, Step{SiteAdmin, fmt.Sprintf("check where the DNS record of %s leads", c.Run.Target.Host)})
	}
	return []Finding{f}
}

// wildcard is the domain below which a certificate is good for every name, where all its names are of that domain; empty: there
// is no such one. Nobody's files are at the domain itself then.
func wildcard(cert *fact.Certificate) string {
	below := ""
	for _, name := range cert.Names {
		if domain, ok := strings.CutPrefix(name, "*."); ok && below == "" {
			below = domain
		}
	}
	if slices.ContainsFunc(cert.Names, func(name string) bool { return name != below && name != "*."+below }) {
		return ""
	}
	return below
}

// hostNames are the names of a certificate that can be typed as a host, at most three.
func hostNames(leaf *fact.Certificate) []string {
	var names []string
	for _, name := range leaf.Names {
		_, err := netip.ParseAddr(name)
		if err != nil && strings.Contains(name, ".") && !strings.Contains(name, "*") && len(names) < 3 {
			names = append(names, name)
		}
	}
	return names
}

var expired = Rule{
	Code:     "tls-expired",
	Title:    "The certificate has expired",
	Severity: Problem,
	Page: Page{
		Means: "Certificates are valid for some weeks or months, and this one is used outside its time. Mostly its renewal failed, or the renewed one was installed for the web and " +
			"forgotten for FTP. Apps refuse it, or ask you whether you want to go on.",
		Shown: "The handshake came through, and the time of the computer lies outside the time of a certificate that the server sent. Where a web server tells the time, the computer's clock was checked " +
			"against it: a certificate that is good at the web server's time is no fault of the FTP server.",
		Mend: "Only whoever runs the server can renew the certificate; tell them the date. Check the date of your computer too. Accept the certificate for once only if you cannot wait and know the server.",
	},
	ExplainedBy: append([]string{"tls-intercepted"}, misdirected...),
	Match:       matchExpired,
}

func matchExpired(c *Case) []Finding {
	found := slices.DeleteFunc(append(c.faulty(fact.Expired), c.faulty(fact.NotYetValid)...), func(e *Endpoint) bool { return c.stale(e) == nil })
	if len(found) == 0 {
		return nil
	}
	bad := c.stale(found[0])
	what := "certificate"
	if bad.SHA256 != found[0].certified().Leaf().SHA256 {
		what = "intermediate certificate"
	}
	f := Finding{
		Severity: c.weighTrust(found),
		Title:    fmt.Sprintf("The %s on %s of %s expired on %s", what, c.on(found), c.Run.Target.Host, date(bad.NotAfter)),
		Says:     fmt.Sprintf("It was valid until %s UTC, for %s.", bad.NotAfter.UTC().Format("2006-01-02 15:04"), namesOf(found[0].certified().Leaf())),
		Where:    where(found, c.connected()),
		Evidence: certificates(found),
		Fix:      append(c.instead(found), Step{c.support(), "renew the certificate and restart the FTP server so that it uses the new one"}),
	}
	if bad.NotBefore.After(c.now(found[0].certified().TLS)) {
		f.Title = fmt.Sprintf("The %s on %s of %s is not valid before %s", what, c.on(found), c.Run.Target.Host, date(bad.NotBefore))
		f.Says = "Its time begins in the future."
		f.Fix = append(c.instead(found), Step{c.support(), "install a certificate whose time has begun"})
	}
	if !c.toldTime() {
		f.Confidence = Likely
		f.Fix = append(f.Fix, Step{You, "check that the date of this computer is right"})
		f.Candidates = []Candidate{
			{"tls-expired", "the certificate is out of its time on other computers too", You},
			{"local-clock", "the date of this computer is wrong", You},
		}
	}
	return []Finding{f}
}

// stale is the first certificate of an endpoint that is out of its time, by the web server's clock where that is known.
func (c *Case) stale(e *Endpoint) *fact.Certificate {
	now := c.now(e.certified().TLS)
	for i := range e.certified().TLS.TLS.Chain {
		cert := &e.certified().TLS.TLS.Chain[i]
		if now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
			return cert
		}
	}
	return nil
}

// now is the time of a step, by the web servers' clock where they agree that this computer's is wrong.
func (c *Case) now(o *fact.Observation) time.Time {
	skew, _ := c.clockSkew()
	return c.Run.Started.Add(o.At.Duration() + skew)
}

// toldTime says whether a web server told the time, so that this computer's clock is checked.
func (c *Case) toldTime() bool {
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Talk.Web != nil && e.Talk.Web.Web.Date != nil })
}

var selfSigned = Rule{
	Code:     "tls-self-signed",
	Title:    "The certificate is signed by nobody that this computer trusts",
	Severity: Problem,
	Page: Page{
		Means: "The server's certificate is signed by itself, or by an authority of the operator's own. The connection is encrypted, but nobody vouches for who is at its other end. " +
			"Apps refuse it or ask you whether you trust it.",
		Shown: "The handshake came through, and the certificate is its own issuer, or its chain ends at an authority that this computer does not know. If a security product had made it, the issuer " +
			"would bear its name; if only an intermediate certificate was missing, the certificate would say where to get it.",
		Mend: "Ask whoever runs the server for the fingerprint of the certificate (SHA-256), compare it with the one in this report, and only then trust the certificate for good in your app. " +
			"Better, ask for a certificate of a public authority, which costs nothing today.",
	},
	ExplainedBy: append([]string{"tls-intercepted", "tls-wrong-server"}, misdirected...),
	Match:       matchSelfSigned,
}

func matchSelfSigned(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.FTPFamily() && c.distrust(e) == "tls-self-signed" })
	if len(found) == 0 {
		return nil
	}
	leaf := found[0].certified().Leaf()
	f := Finding{
		Severity: c.weighTrust(found),
		Title:    fmt.Sprintf("The certificate on %s of %s is self-signed", c.on(found), c.Run.Target.Host),
		Says:     fmt.Sprintf("It is its own issuer, so nobody vouches for it. Its SHA-256 fingerprint is %s.", leaf.SHA256),
		Where:    where(found, c.connected()),
		Evidence: certificates(found),
		Fix: append(c.instead(found),
			Step{You, fmt.Sprintf("ask %s for the fingerprint, compare it, and trust the certificate in your app only if it is equal", c.whomToAsk())},
			Step{c.support(), "install a certificate of a public authority"}),
	}
	switch {
	case found[0].faulty(fact.SelfSigned) && found[0].faulty(fact.NameMismatch) && len(leaf.Names) > 0:
		f.Says = fmt.Sprintf("It is its own issuer, so nobody vouches for it, and it is made out to %s. Its SHA-256 fingerprint is %s.", namesOf(leaf), leaf.SHA256)
	case found[0].faulty(fact.SelfSigned):
	case found[0].faulty(fact.BadCertificate):
		f.Title = fmt.Sprintf("The certificate on %s of %s breaks the rules for certificates", c.on(found), c.Run.Target.Host)
		f.Says = fmt.Sprintf("This computer does not accept it, whoever signed it. Its SHA-256 fingerprint is %s.", leaf.SHA256)
		f.Confidence = Likely
	default:
		f.Title = fmt.Sprintf("The certificate on %s of %s is signed by an authority that this computer does not know", c.on(found), c.Run.Target.Host)
		f.Says = fmt.Sprintf("Its issuer is %s. Its SHA-256 fingerprint is %s.", named(leaf.Issuer), leaf.SHA256)
		f.Confidence = Likely
		f.Candidates = []Candidate{
			{"tls-self-signed", "every network shows the same certificate", You},
			{"tls-intercepted", "another network shows another certificate", You},
		}
	}
	return []Finding{f}
}

// whomToAsk is who can tell a fingerprint.
func (c *Case) whomToAsk() string {
	if c.Profile.Promised {
		return c.Profile.Title
	}
	return "whoever runs the server"
}

var missingIntermediate = Rule{
	Code:     "tls-missing-intermediate",
	Title:    "The server sends an incomplete certificate chain",
	Severity: Problem,
	Page: Page{
		Means: "Between the server's certificate and the authority that your computer trusts there is one more certificate, the intermediate. A server has to send it along, and this one " +
			"does not. Browsers often find it elsewhere, so the same certificate seems fine on the web; FTP apps do not.",
		Shown: "The certificate names a place where its issuer's certificate can be had, as those of public authorities do, and that one was not sent. Or the same certificate " +
			"comes with a complete chain on another port. A certificate of a private authority would name no such place.",
		Mend: "Ask whoever runs the server to install the full chain (often a file named fullchain or ca-bundle). You cannot mend it, short of trusting the certificate by its fingerprint.",
	},
	ExplainedBy: append([]string{"tls-intercepted", "tls-wrong-server"}, misdirected...),
	Match:       matchMissingIntermediate,
}

func matchMissingIntermediate(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.FTPFamily() && c.distrust(e) == "tls-missing-intermediate" })
	if len(found) == 0 {
		return nil
	}
	t := found[0].certified().TLS.TLS
	f := Finding{
		Severity: c.weighTrust(found),
		Title:    fmt.Sprintf("The server on %s of %s sends an incomplete certificate chain", c.on(found), c.Run.Target.Host),
		Says: fmt.Sprintf("It sends %d %s, and not the one of the issuer, %s.",
			len(t.Chain), plural(len(t.Chain), "certificate", "certificates"), named(t.Chain[len(t.Chain)-1].Issuer)),
		Where:    where(found, c.connected()),
		Evidence: certificates(found),
		Fix: append(c.instead(found),
			Step{c.support(), "install the full certificate chain, with the intermediate certificates, on the FTP server"}),
	}
	if other := c.complete(found[0]); other != nil {
		f.Evidence = append(f.Evidence, other.ID)
		f.Says += fmt.Sprintf(" %s sends the same certificate with its complete chain.", other.Endpoint)
	} else {
		// The authority of a company can name such a place too.
		f.Confidence = Likely
		f.Candidates = []Candidate{
			{"tls-missing-intermediate", "a browser shows the certificate as good when it is used for the web", SiteAdmin},
			{"tls-self-signed", "the issuer is an authority of the operator's own", SiteAdmin},
		}
	}
	return []Finding{f}
}

// distrust tells apart why the chain of an endpoint leads to no authority that this computer trusts. Empty: it does.
func (c *Case) distrust(e *Endpoint) string {
	talk := e.certified()
	if talk == nil {
		return ""
	}
	chain := talk.TLS.TLS.Chain
	unknown := e.faulty(fact.UnknownAuthority) || e.faulty(fact.NoChain)
	last := chain[len(chain)-1]
	switch {
	case decrypts(&chain[0]) || unknown && decrypts(&last):
		return "tls-intercepted"
	case e.faulty(fact.SelfSigned), e.faulty(fact.BadCertificate):
		return "tls-self-signed"
	case !unknown:
		return ""
	case e.faulty(fact.NoChain) && (last.IssuerURL || c.complete(e) != nil):
		return "tls-missing-intermediate"
	case c.Profile.Promised && !e.faulty(fact.NameMismatch):
		return "tls-intercepted"
	default:
		return "tls-self-signed"
	}
}

// complete is a handshake in which the same certificate was trusted; nil when there is none.
func (c *Case) complete(e *Endpoint) *fact.Observation {
	for _, other := range c.Endpoints {
		if leaf := other.Talk.Leaf(); leaf != nil && other.Talk.Trusted() && leaf.SHA256 == e.certified().Leaf().SHA256 {
			return other.Talk.TLS
		}
	}
	return nil
}

// decrypts says whether a certificate was made by a product that decrypts connections. The names are those that such
// products give to their authorities as delivered, and the words that companies use for theirs; no public authority has them.
func decrypts(cert *fact.Certificate) bool { return decrypters.MatchString(cert.Issuer) }

// Decrypter is the word by which a text names a product that decrypts connections; empty when it names none.
func Decrypter(text string) string { return decrypters.FindString(text) }

var decrypters = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
	`fortinet|fortigate|zscaler|sophos|cyberoam|sonicwall|watchguard|fireware|barracuda|palo alto|blue ?coat|cisco umbrella|netskope|goskope`,
	`forcepoint|websense|mcafee web gateway|skyhigh|untangle|smoothwall|lightspeed|securly|goguardian|iboss|contentkeeper|menlo security|kerio control`,
	`gateway ca - cloudflare|kaspersky|eset ssl filter|avast|avg technologies|bitdefender|dr\.?web|adguard|f-secure|qustodio|net nanny`,
	`mitmproxy|fiddler|charles proxy|portswigger|squid proxy`,
	`(ssl|tls|https|deep packet|web traffic)[ -]*(inspection|interception|decryption|scanning|filter|proxy)|inspection ca|forward[ -]trust|dpi[ -]ssl`,
}, `|`) + `)`)

// faulty says whether the certificate of an endpoint has a fault.
func (e *Endpoint) faulty(kind fact.Fault) bool {
	talk := e.certified()
	return talk != nil && slices.ContainsFunc(talk.TLS.TLS.Faults, func(f fact.CertFault) bool { return f.Kind == kind })
}

// faulty lists the endpoints of FTP whose certificate has a fault.
func (c *Case) faulty(kind fact.Fault) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { return e.FTPFamily() && e.faulty(kind) })
}

// certified is the conversation in which the server showed its certificate: the ordinary one, or the more tolerant one that
// followed when it failed. Nil when there is none.
func (e *Endpoint) certified() *Conversation {
	if e.Talk.Leaf() != nil {
		return e.Talk
	}
	if talk := e.second(fact.LenientTLS); talk != nil && talk.Leaf() != nil {
		return talk
	}
	return nil
}

// certificates lists the handshakes in which the certificates were seen.
func certificates(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, e.certified().TLS.ID)
	}
	return found
}

// weighTrust is the severity of a certificate that an app refuses although the handshake came through.
func (c *Case) weighTrust(faulty []*Endpoint) Severity {
	if !slices.ContainsFunc(c.WaysIn(), c.sound) {
		return Problem
	}
	return c.weigh(Problem, faulty)
}

// named shortens a distinguished name to its common name and its organisation.
func named(dn string) string {
	name, of := part(dn, "CN="), part(dn, "O=")
	switch {
	case name == "" && of == "":
		return "an authority without a name"
	case name == "" || of == "" || strings.Contains(name, of):
		return cmp.Or(name, of)
	default:
		return name + " of " + of
	}
}

// part is one attribute of a distinguished name, without its key.
func part(dn, key string) string {
	for attribute := range strings.SplitSeq(dn, ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(attribute), key); ok {
			return value
		}
	}
	return ""
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02") }

// or joins alternatives: "a, b or c".
func or(words []string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
}
