package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// seenFrom is the address that others see this computer under, as far as it is known: by the word of the server, or of the DNS
// server that the user let ask.
func seenFrom(c *cause.Case) []string {
	var found []string
	if o := c.PublicIP; o != nil && o.PublicIP.Address != "" {
		found = append(found, fmt.Sprintf("%s, as the DNS server %s sees it", o.PublicIP.Address, o.PublicIP.Server))
	}
	for i := range c.Run.Seen {
		o := &c.Run.Seen[i]
		for _, line := range saidBy(o) {
			if address := toldAddress(line); address != "" {
				found = append(found, address+", by the words of "+o.Endpoint)
			}
		}
	}
	return unique(found)
}

// saidBy is what the other side said in words.
func saidBy(o *fact.Observation) []string {
	switch {
	case o.Opening != nil:
		return o.Opening.Lines
	case o.Reply != nil:
		return o.Reply.Lines
	case o.Ident != nil:
		return o.Ident.Before
	case o.Auth != nil:
		return o.Auth.Banner
	case o.WebLogin != nil:
		return o.WebLogin.Says
	}
	return nil
}

// toldAddressWords are how servers tell visitors where they come from.
var toldAddressWords = regexp.MustCompile(`(?i)\b(?:(?:your|client|remote|source)(?: public)? (?:ip|address|host)(?: address)?(?: is)?|(?:connect(?:ed|ing|ion)|log(?:ged)? ?in|access) from)\s*[:=]?\s*[\[(]?([0-9a-f:.]+)`)

// toldBefore are words about visits before this one, which may have come from elsewhere.
var toldBefore = regexp.MustCompile(`(?i)\b(last|previous|failed)\b`)

// toldAddress is the visitor's public address in a line of the server's; empty: there is none.
func toldAddress(line string) string {
	m := toldAddressWords.FindStringSubmatch(line)
	if m == nil || toldBefore.MatchString(line) {
		return ""
	}
	a, err := netip.ParseAddr(strings.Trim(m[1], ".:"))
	if err != nil || !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return ""
	}
	return a.String()
}

// attempts lists the sign-ins with their times, by which support finds them in its log.
func attempts(r *Report) []string {
	var found []string
	for _, o := range r.Seen {
		at := r.Started.Add((o.At + o.Took).Duration()).UTC().Format("2006-01-02 15:04:05.000 UTC")
		switch {
		case o.Login != nil && o.Login.Outcome != fact.NotSent:
			found = append(found, fmt.Sprintf("%s %s at %s by %s: %s", at, o.Login.Protocol, o.Endpoint, o.Login.Method, o.Login.Outcome))
		case o.WebLogin != nil && o.WebLogin.Outcome != fact.NotSent:
			said := cmp.Or(o.WebLogin.Reason, string(o.WebLogin.Outcome))
			if o.WebLogin.Request != "" {
				said += ", request " + o.WebLogin.Request
			}
			found = append(found, fmt.Sprintf("%s web at %s: %s", at, o.Endpoint, said))
		}
	}
	return found
}

// clientIdent is the identification that the program showed to SSH servers.
func clientIdent(r *Report) string {
	if !slices.ContainsFunc(r.Seen, func(o fact.Observation) bool { return o.Ident != nil }) {
		return ""
	}
	return "SSH-2.0-" + r.Tool.Name
}

// remaining lists the service's own names of the reasons that remain possible, as they stand in its log.
func remaining(r *Report, c *cause.Case) []string {
	var names []string
	add := func(code string) {
		for _, reason := range r.judgedBy.FailuresOf(code) {
			if refusedOver(c, reason.Over) {
				names = append(names, reason.Name)
			}
		}
	}
	for _, f := range r.roots() {
		if f.Confidence != cause.Certain {
			for _, candidate := range f.Candidates {
				add(candidate.Cause)
			}
		}
		if f.Severity == cause.Problem && len(f.Candidates) == 0 || f.Confidence == cause.Certain {
			add(f.Cause)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(unique(names), ", ")}
}

// refusedOver says whether a sign-in by the protocol was turned down. No protocol stands for any.
func refusedOver(c *cause.Case, protocol fact.Protocol) bool {
	switch protocol {
	case fact.SFTP:
		return c.SSH.Denied()
	case fact.FTP:
		s := c.Attempt()
		return s != nil && (s.Login.Login.Outcome == fact.LoginDenied || s.Login.Login.Outcome == fact.Broken)
	}
	return true
}

// onThis lists what the service writes about a cause: a title and an address each.
func onThis(r *Report, code string) []string {
	var found []string
	for _, page := range r.judgedBy.PagesOf(code) {
		found = append(found, fmt.Sprintf("%s on this, %q: %s", r.judgedBy.Title, page.Title, page.URL))
	}
	return found
}

// webLoginPart is the sign-in on the web among what was checked.
func webLoginPart(c *cause.Case) part {
	p := part{name: "web login"}
	if c.WebLogin == nil {
		return p
	}
	w := c.WebLogin.WebLogin
	p.seen, p.took, p.fine = []*fact.Observation{c.WebLogin}, c.WebLogin.Took, w.Outcome == fact.Accepted
	switch {
	case w.Outcome == fact.NotSent:
		p.says, p.took = "not tried: "+map[fact.Withheld]string{fact.BadCert: "the certificate is not valid"}[w.Withheld], 0
		if w.Withheld != fact.BadCert {
			p.says = "not tried: no web server answered"
		}
	case w.Outcome == fact.Accepted:
		p.says, p.seen = "takes the same name and password", nil // what a finding follows from it is no fault of it
	case w.Reason != "":
		p.says = "refused: " + short(w.Reason)
	default:
		p.says = "no yes and no no from " + c.WebLogin.Endpoint
	}
	if w.Outcome == fact.Accepted && !w.Ended {
		p.says += "; the session could not be ended, and ends by itself"
	}
	return p
}

// publicIPPart is the address that this computer is seen under among what was checked.
func publicIPPart(c *cause.Case) part {
	p := part{name: "public ip"}
	o := c.PublicIP
	switch {
	case o == nil:
	case o.PublicIP.Address == "":
		p.says = "no answer of " + o.PublicIP.Service
	default:
		p.says, p.took, p.fine = fmt.Sprintf("%s, as %s sees it", o.PublicIP.Address, o.PublicIP.Server), o.Took, true
	}
	return p
}

// describeServices says what one observation saw that is about neither the FTP nor the SFTP server. It is nil for the others.
func describeServices(o *fact.Observation) []string {
	switch {
	case o.WebLogin != nil:
		w := o.WebLogin
		out := []string{fmt.Sprintf("sign-in on the web (POST %s): %s", w.Path, w.Outcome)}
		if w.Status > 0 {
			out = append(out, fmt.Sprintf("< %d %s", w.Status, w.Reason))
		}
		for _, line := range w.Says {
			out = append(out, "< "+line)
		}
		if w.Withheld != "" {
			out = append(out, "not sent: "+string(w.Withheld))
		}
		if w.Ended {
			out = append(out, "the session was ended (DELETE)")
		}
		return out
	case o.PublicIP != nil:
		return []string{"public address, asked of " + o.PublicIP.Service + ": " + cmp.Or(o.PublicIP.Address, "no answer") + " after " + length(o.Took)}
	}
	return nil
}
