package report

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// part is one part of the connection, and what was seen of it.
type part struct {
	name  string
	place string // a finding about other places does not mark the part; empty: it is about all of them
	says  string // empty: it was not looked at
	fine  bool   // something of it does what it should
	took  fact.Millis
	seen  []*fact.Observation // a finding on one of these marks the part
}

// rowsOf lists the parts that were looked at, then what was not tried.
func rowsOf(r *Report) []row {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	rows := roundRows(r)
	for _, p := range []part{computerPart(c), namePart(c), portsPart(c), ftpPart(c), tlsPart(c), loginPart(c), dataPart(c), sshPart(c), keysPart(c), sftpPart(c), idlePart(c), webPart(c), webLoginPart(c), publicIPPart(c), clockPart(c)} {
		if p.says == "" {
			continue
		}
		shown := row{mark: r.markOf(p), name: p.name, says: p.says}
		if p.took > 0 {
			shown.took = length(p.took)
		}
		rows = append(rows, shown)
	}
	if r.Redacted {
		rows = append(rows, row{mark: note, name: "redacted", says: "names and addresses are pseudonyms"})
	}
	return append(rows, notTried(&r.Run)...)
}

// markOf is the gravest finding on a part, else whether it works. What works in one place can be evidence of what does not in another.
func (r *Report) markOf(p part) mark {
	for _, severity := range []cause.Severity{cause.Problem, cause.Warning} {
		for _, f := range r.Findings {
			if f.Severity == severity && restsOn(f, p.seen) && (p.place == "" || about(f, p.place)) {
				return marks[severity]
			}
		}
	}
	if p.fine {
		return good
	}
	return skipped
}

func computerPart(c *cause.Case) part {
	p := part{name: "computer", fine: true}
	if c.Machine == nil {
		return p
	}
	p.says = "no address"
	if n := len(c.Machine.Addresses); n > 0 {
		p.says = listed(c.Machine.Addresses, 3)
	}
	if behindNAT(c.Machine.Addresses) {
		p.says += ", behind NAT"
	}
	if !c.Machine.IPv6 {
		p.says += "; no IPv6"
	}
	for _, proxy := range c.Machine.Proxies {
		p.says += "; " + proxy.Variable + " is set"
	}
	if c.Hosts != nil && len(c.Hosts.Hosts.Lines) > 0 {
		p.says += "; the hosts file names " + c.Run.Target.Host
	}
	p.fine = len(c.Machine.Addresses) > 0
	return p
}

// behindNAT says whether all IPv4 addresses are private ones, with which nobody reaches the internet (RFC 1918, RFC 6598).
func behindNAT(addresses []string) bool {
	private := 0
	for _, text := range addresses {
		prefix, err := netip.ParsePrefix(text)
		switch a := prefix.Addr(); {
		case err != nil || !a.Is4() || a.IsLinkLocalUnicast():
			continue
		case !a.IsPrivate() && !carrierNAT.Contains(a):
			return false
		}
		private++
	}
	return private > 0
}

var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

func namePart(c *cause.Case) part {
	p := part{name: "name"}
	servers, answers := []string{}, []string{}
	for _, o := range c.Lookups {
		l := o.Lookup
		switch {
		case l.Purpose != "":
			continue
		case l.Server == "system" || l.Server == "given":
			p.took = o.Took
			p.says, p.fine = "no address", o.Failure == nil
			if found := l.Addresses(); len(found) > 0 {
				p.says = several(len(found), "address") + ": " + listed(found, 3)
				p.says = strings.Replace(p.says, "addresss", "addresses", 1)
			}
			if l.Server == "given" {
				p.says += "; as given with --resolve"
			}
		default:
			servers = append(servers, l.Server)
			if o.Failure == nil || o.Failed(fact.NXDomain) {
				answers = append(answers, l.Server)
			}
		}
		p.seen = append(p.seen, o)
	}
	if all := len(unique(servers)); all > 0 && p.says != "" {
		p.says += fmt.Sprintf("; %d of %s answered", len(unique(answers)), several(all, "DNS server"))
	}
	p.says = strings.Replace(p.says, "1 of 1 DNS server answered", "the DNS server answered", 1)
	return p
}

func portsPart(c *cause.Case) part {
	p := part{name: "ports"}
	var outcomes []string // in the order of their first port
	ports := map[string][]string{}
	for _, port := range c.Ports() {
		for _, o := range outcomesOf(c, port) {
			if ports[o] == nil {
				outcomes = append(outcomes, o)
			}
			ports[o] = append(ports[o], strconv.Itoa(port))
		}
	}
	for _, e := range c.Endpoints {
		p.took = max(p.took, e.Talk.Dial.Took)
		p.fine = p.fine || e.Connected()
		p.seeFaults(e.Tries...)
	}
	var says []string
	for _, o := range outcomes {
		says = append(says, strings.Join(ports[o], " ")+" "+o)
	}
	p.says = strings.Join(says, "; ")
	return p
}

// outcomesOf says how the connects to one port ended, and on how many addresses if not on all.
func outcomesOf(c *cause.Case, port int) []string {
	var kinds []string
	count, all := map[string]int{}, 0
	for _, e := range c.Endpoints {
		if e.Port != port {
			continue
		}
		kind := outcome(e.Talk.Dial)
		if count[kind] == 0 {
			kinds = append(kinds, kind)
		}
		count[kind]++
		all++
	}
	for i, kind := range kinds {
		if count[kind] < all {
			kinds[i] = fmt.Sprintf("%s (%d of %d addresses)", kind, count[kind], all)
		}
	}
	return kinds
}

// outcome is how a connect ended, in a word or two.
func outcome(dial *fact.Observation) string {
	switch {
	case dial.Failure == nil:
		return "open"
	case dial.Failed(fact.Refused):
		return "closed"
	case dial.Failed(fact.Dropped):
		return "no answer"
	case dial.Failed(fact.Denied):
		return "blocked"
	case dial.Failed(fact.HostUnreachable, fact.NetUnreachable):
		return "unreachable"
	default:
		return string(dial.Failure.Kind)
	}
}

func ftpPart(c *cause.Case) part {
	p := part{name: "ftp"}
	var greets, silent []string
	greeting := ""
	for _, e := range c.Endpoints {
		if !e.FTPFamily() || !e.Connected() {
			continue
		}
		p.seeFaults(e.Talk.Opening)
		p.seeFaults(e.Talk.Replies...)
		if !e.Talk.Welcomed() {
			silent = append(silent, strconv.Itoa(e.Port))
			continue
		}
		greets = append(greets, strconv.Itoa(e.Port))
		if opening := e.Talk.Opening; opening != nil {
			p.took = max(p.took, opening.Took)
		}
		if lines := e.Talk.Greeting().Reply.Lines; greeting == "" && len(lines) > 0 {
			greeting = lines[0]
		}
	}
	p.fine = len(greets) > 0
	if p.fine {
		p.says = strings.Join(unique(greets), " ") + " greet: " + short(greeting)
		if len(unique(greets)) == 1 {
			p.says = strings.Replace(p.says, " greet: ", " greets: ", 1)
		}
	}
	if len(silent) > 0 {
		p.says = joined(p.says, "no welcome on "+strings.Join(unique(silent), " "))
	}
	return p
}

func tlsPart(c *cause.Case) part {
	p := part{name: "tls"}
	var secured, failed, unread, versions, leaves, certificates []string
	for _, e := range c.Endpoints {
		handshake := e.Talk.TLS
		if !e.FTPFamily() || handshake == nil {
			continue
		}
		p.see(handshake)
		switch {
		case handshake.Failed(fact.TooLong):
			unread = append(unread, strconv.Itoa(e.Port))
			continue
		case !e.Talk.Secured():
			failed = append(failed, strconv.Itoa(e.Port))
			continue
		}
		p.took = max(p.took, handshake.Took)
		secured = append(secured, strconv.Itoa(e.Port))
		versions = append(versions, handshake.TLS.Version)
		if leaf := e.Talk.Leaf(); leaf != nil && !slices.Contains(leaves, leaf.SHA256) {
			leaves = append(leaves, leaf.SHA256)
			certificates = append(certificates, certificate(handshake.TLS))
		}
	}
	p.fine = len(secured) > 0
	if p.fine {
		p.says = strings.Join(unique(secured), " ") + ": " + strings.Join(unique(versions), ", ")
	}
	switch n := len(certificates); {
	case n == 1:
		p.says += ", " + certificates[0]
	case n > 1:
		p.says += fmt.Sprintf(", %d different certificates", n)
	}
	if len(failed) > 0 {
		p.says = joined(p.says, "no TLS on "+strings.Join(unique(failed), " "))
	}
	if len(unread) > 0 {
		p.says = joined(p.says, "the certificates on "+strings.Join(unique(unread), " ")+" are more than this program reads; an FTP app may read more")
	}
	return p
}

// certificate sums up the server's own certificate.
func certificate(t *fact.TLS) string {
	leaf := t.Chain[0]
	says := "certificate for " + short(leaf.Subject)
	if len(leaf.Names) > 0 {
		says = "certificate for " + listed(leaf.Names, 2)
	}
	says += " until " + leaf.NotAfter.UTC().Format(time.DateOnly)
	for _, fault := range t.Faults {
		says += ", " + strings.ReplaceAll(string(fault.Kind), "-", " ")
	}
	return says
}

func loginPart(c *cause.Case) part {
	p := part{name: "login"}
	s := c.Attempt()
	if s == nil {
		return p
	}
	p.place = s.Place
	p.see(s.Login)
	p.see(s.Replies...)
	p.took = s.Login.Took
	p.fine = s.Accepted()
	switch l := s.Login.Login; l.Outcome {
	case fact.Accepted:
		p.says = short(c.Run.Target.User) + " is signed in on " + s.Place
	case fact.NotSent:
		p.says, p.took = "not tried: "+withheldSays[l.Withheld], 0
	case fact.Broken:
		p.says = "no answer on " + s.Place
	default:
		p.says = "refused on " + s.Place
		if o := s.SignIn(); o != nil && len(o.Reply.Lines) > 0 {
			p.says += ": " + strconv.Itoa(o.Reply.Code) + " " + short(o.Reply.Lines[0])
		}
	}
	return p
}

// withheldSays ends the sentence "not tried: ...".
var withheldSays = map[fact.Withheld]string{
	fact.NoWayIn:      "no way in by FTP got as far as that",
	fact.NoEncryption: "there is no encryption",
	fact.BadCert:      "the certificate is not valid",
	fact.NoPassword:   "no password was given",
	fact.TurnedAway:   "the server turns this address away",
	fact.HostUnknown:  "nobody has confirmed the host key",
	fact.HostChanged:  "the host key is not the one that is known here",
	fact.HostRevoked:  "the host key is revoked here",
	fact.NoKey:        "there is no key that can be used",
	fact.NoCode:       "the server asks for a code or another answer, and none was given",
	fact.NoMethod:     "the server has no way of signing in for which there is anything at hand",
	fact.OutOfTries:   "an earlier sign-in failed, and no further one was allowed",
}

func dataPart(c *cause.Case) part {
	p := part{name: "data"}
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return promisedPart(c)
	}
	p.see(s.Transfers...)
	p.see(c.Samples...)
	var modes []string
	for _, o := range s.Transfers {
		p.fine = p.fine || cause.Done(o)
		if o.Transfer.Work == fact.Listing && cause.Done(o) {
			modes = append(modes, strings.ToUpper(string(o.Transfer.Mode)))
			p.took = max(p.took, o.Took)
		}
	}
	switch {
	case len(modes) > 0:
		p.says = "listed by " + strings.Join(unique(modes), " and ")
	case len(s.Transfers) > 0:
		p.says = "no listing came"
	}
	if s.Did(fact.Upload) && s.Did(fact.Download) {
		p.says = joined(p.says, "wrote a file and read it back")
	}
	if says := c.PassiveRange(); says != "" {
		p.says = joined(p.says, says)
	}
	return p
}

// promisedPart says what is known of data connections where nobody signed in.
func promisedPart(c *cause.Case) part {
	p := part{name: "data"}
	n, reached := 0, 0
	for _, o := range c.Promised {
		if o.Failed(fact.Interrupted) {
			continue
		}
		n++
		if o.Failure == nil || o.Failed(fact.Refused) { // nobody listens there yet
			reached++
			p.took = max(p.took, o.Took)
		}
	}
	p.fine = reached > 0 && reached == n
	switch {
	case n == 0:
	case reached == n:
		p.says = fmt.Sprintf("passive range: %d of %d tried ports can be reached", reached, n)
	case reached == 0:
		p.says = fmt.Sprintf("passive range: no answer from %s, undecided without a sign-in", several(n, "port"))
	default:
		p.says = fmt.Sprintf("passive range: %d of %d tried ports can be reached, the others are undecided without a sign-in", reached, n)
	}
	return p
}

func sshPart(c *cause.Case) part {
	p := part{name: "ssh"}
	var found, silent []string
	for _, e := range c.Endpoints {
		if e.Speaks != fact.SFTP || !e.Connected() {
			continue
		}
		p.seeFaults(e.Talk.Opening, e.Talk.Ident)
		p.see(e.Talk.Kex)
		if e.Talk.Ident == nil || e.Talk.Ident.Failure != nil {
			silent = append(silent, strconv.Itoa(e.Port))
			continue
		}
		says := short(e.Talk.Ident.Ident.Line)
		if kex := e.Talk.Kex; kex != nil && kex.Kex.HostKey != nil {
			p.took = max(p.took, kex.Took)
			says += ", host key " + standingSays(kex.Kex.HostKey, c.Profile.HostKeys) + kex.Kex.HostKey.Type + " " + kex.Kex.HostKey.SHA256
		} else {
			says += ", no host key"
		}
		found = append(found, says)
	}
	p.fine = len(found) > 0
	p.says = strings.Join(unique(found), "; ")
	if len(silent) > 0 {
		p.says = joined(p.says, "no SSH server on "+strings.Join(unique(silent), " "))
	}
	return p
}

// besideFTP compares the certificate of the web port with those of the ports of FTP.
func besideFTP(c *cause.Case, web *fact.Certificate) string {
	same, other := 0, 0
	for _, e := range c.Endpoints {
		leaf := e.Talk.Leaf()
		switch {
		case !e.FTPFamily() || leaf == nil:
		case leaf.SHA256 == web.SHA256:
			same++
		default:
			other++
		}
	}
	switch {
	case same+other == 0:
		return ""
	case other == 0:
		return ", the same as for FTP"
	default:
		return ", not the same as for FTP"
	}
}

func webPart(c *cause.Case) part {
	p := part{name: "web"}
	for _, e := range c.Endpoints {
		if e.Speaks != fact.HTTPS || !e.Connected() {
			continue
		}
		p.see(e.Talk.TLS)
		if p.says == "" && e.Talk.TLS != nil && !e.Talk.Secured() {
			p.says = "no TLS on " + strconv.Itoa(e.Port)
		}
		if !p.fine && e.Talk.Secured() && e.Talk.Leaf() != nil {
			p.says, p.fine = certificate(e.Talk.TLS.TLS)+besideFTP(c, e.Talk.Leaf()), true
		}
	}
	return p
}

// clockPart compares this computer's clock with the web server's.
func clockPart(c *cause.Case) part {
	p := part{name: "clock"}
	for _, e := range c.Endpoints {
		web := e.Talk.Web
		if web == nil || web.Web.Date == nil {
			continue
		}
		p.see(web)
		if p.says != "" {
			continue
		}
		here := c.Run.Started.Add((web.At + web.Took).Duration())
		p.says, p.fine = "agrees with the web server's", true
		if off := here.Sub(*web.Web.Date).Abs(); off > 2*time.Second {
			p.says = length(fact.MillisOf(off)) + " apart from the web server's"
		}
	}
	return p
}

// notTried lists what was left out, by reason. The controls are left out as a rule, and nobody misses them, nor the sign-in by FTP
// who asked for SFTP.
func notTried(run *fact.Run) []row {
	var reasons []string
	left := map[string][]string{}
	for _, o := range run.Seen {
		unasked := o.Check == "control" || o.Check == "login" && run.Target.Protocol == fact.SFTP
		if o.Skip == nil || unasked {
			continue
		}
		if left[o.Skip.Reason] == nil {
			reasons = append(reasons, o.Skip.Reason)
		}
		left[o.Skip.Reason] = append(left[o.Skip.Reason], o.Skip.What)
	}
	var rows []row
	for _, reason := range reasons {
		rows = append(rows, row{mark: skipped, name: "not tried", says: listed(unique(left[reason]), 4) + ": " + reason})
	}
	return rows
}

// see adds observations to a part; nil ones are left out.
func (p *part) see(seen ...*fact.Observation) {
	for _, o := range seen {
		if o != nil {
			p.seen = append(p.seen, o)
		}
	}
}

// sshVersion is how the servers identify themselves that speak SSH 2 (RFC 4253 sections 4.2 and 5.1).
var sshVersion = regexp.MustCompile(`^SSH-(2\.0|1\.99)-`)

// seeFaults adds the observations that went wrong. A finding can rest on a good one too, such as an open port, and
// that does not make the part bad.
func (p *part) seeFaults(seen ...*fact.Observation) {
	for _, o := range seen {
		if o != nil && faulty(o) {
			p.see(o)
		}
	}
}

func faulty(o *fact.Observation) bool {
	switch {
	case o.Failure != nil:
		return true
	case o.Reply != nil:
		return o.Reply.Code >= 400
	case o.Opening != nil:
		return o.Opening.Kind != fact.VoiceFTP && o.Opening.Kind != fact.VoiceSSH
	default:
		return o.Ident != nil && !sshVersion.MatchString(o.Ident.Line)
	}
}

// listed joins the first words of a list, and says how many there are more. An address loses its prefix length.
func listed(words []string, most int) string {
	var kept []string
	for i, word := range words {
		if i == most {
			kept = append(kept, fmt.Sprintf("%d more", len(words)-most))
			break
		}
		if prefix, err := netip.ParsePrefix(word); err == nil {
			word = prefix.Addr().String()
		}
		kept = append(kept, short(word))
	}
	return strings.Join(kept, ", ")
}

// joined puts two halves of a sentence together; the first may be missing.
func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// unique drops repetitions and keeps the order.
func unique(words []string) []string {
	var kept []string
	for _, word := range words {
		if !slices.Contains(kept, word) {
			kept = append(kept, word)
		}
	}
	return kept
}

// short cuts a stranger's text so that a summary stays one.
func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
