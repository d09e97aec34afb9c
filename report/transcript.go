package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// transcript shows every observation in order: what was sent (>), what came (<) and what failed.
func (p *page) transcript(r *Report) {
	p.blank()
	p.title("Transcript (seconds since the start; > sent, < received)")
	place := ""
	for i := range r.Seen {
		o := &r.Seen[i]
		if here := placeOf(o); here != place {
			place = here
			p.text(2, here)
		}
		for n, line := range ended(o) {
			at := ""
			if n == 0 {
				at = fmt.Sprintf("%7.2f", float64(o.At)/1000)
			}
			p.labelled(4, at, 9, line)
		}
	}
}

// placeOf is the conversation that an observation belongs to.
func placeOf(o *fact.Observation) string {
	switch {
	case o.Conn > 0:
		return fmt.Sprintf("%s, connection %d", o.Endpoint, o.Conn)
	case o.Endpoint != "":
		return o.Check + " " + o.Endpoint
	default:
		return o.Check
	}
}

// ended says what one observation saw, and how it failed.
func ended(o *fact.Observation) []string {
	lines := describe(o)
	if o.Failure != nil {
		lines = append(lines, "failed: "+string(o.Failure.Kind)+" ("+o.Failure.Text+")")
	}
	return lines
}

// describe says what one observation saw.
func describe(o *fact.Observation) []string {
	switch {
	case o.Skip != nil:
		return []string{"not tried: " + o.Skip.What + ": " + o.Skip.Reason}
	case o.Machine != nil:
		return describeMachine(o.Machine)
	case o.Hosts != nil:
		return describeHosts(o.Hosts)
	case o.Lookup != nil:
		return describeLookup(o)
	case o.Dial != nil:
		return []string{described("connect", o.Dial.Purpose) + ", try " + strconv.Itoa(o.Dial.Try) + ": " + length(o.Took)}
	case o.Opening != nil:
		return received(fmt.Sprintf("first bytes after %s: %s", length(o.Took), o.Opening.Kind), o.Opening.Lines)
	case o.Reply != nil:
		return describeReply(o.Reply)
	case o.TLS != nil:
		return describeTLS(o)
	case o.Ident != nil:
		return received("identification", slices.Concat(o.Ident.Before, []string{o.Ident.Line}))
	case o.Kex != nil:
		return describeKex(o.Kex)
	case o.Web != nil:
		return describeWeb(o.Web)
	case o.Login != nil:
		return describeLogin(o.Login)
	case o.Transfer != nil:
		return describeTransfer(o)
	case o.Idle != nil:
		return describeIdle(o.Idle)
	case o.Sample != nil:
		return []string{fmt.Sprintf("passive port %s, by %s", o.Sample.Announced, strings.ToUpper(string(o.Sample.Mode)))}
	}
	if lines := describeSSH(o); lines != nil {
		return lines
	}
	if lines := describeServices(o); lines != nil {
		return lines
	}
	return []string{"something that this version does not know"}
}

// described adds why a step was taken beside the ordinary ones.
func described(what string, purpose fact.Purpose) string {
	if purpose == "" {
		return what
	}
	return what + " (" + string(purpose) + ")"
}

// received puts an arrow before each line that came.
func received(first string, lines []string) []string {
	out := []string{first}
	for _, line := range lines {
		out = append(out, "< "+line)
	}
	return out
}

func describeMachine(m *fact.Machine) []string {
	out := []string{"addresses: " + orNone(m.Addresses), "DNS servers: " + orNone(m.Resolvers)}
	for _, proxy := range m.Proxies {
		out = append(out, proxy.Variable+"="+proxy.Value)
	}
	return out
}

func describeHosts(h *fact.Hosts) []string {
	out := []string{fmt.Sprintf("%s: %s about this host", h.Path, several(len(h.Lines), "line"))}
	for _, line := range h.Lines {
		out = append(out, fmt.Sprintf("line %d: %s %s", line.Line, line.Address, strings.Join(line.Names, " ")))
	}
	return out
}

func describeLookup(o *fact.Observation) []string {
	l := o.Lookup
	out := []string{strings.TrimSpace(fmt.Sprintf("%s %s %s", described("lookup of", l.Purpose), l.Name, l.Type)) +
		fmt.Sprintf(", %s over %s: %s %s", l.Server, l.Transport, length(o.Took), l.Rcode)}
	for _, r := range l.Records {
		out = append(out, fmt.Sprintf("< %s %d %s %s", r.Name, r.TTL, r.Type, r.Value))
	}
	return out
}

// describeReply writes a reply as it stood on the wire (RFC 959 section 4.2).
func describeReply(r *fact.Reply) []string {
	var out []string
	if r.Command != "" {
		out = append(out, "> "+r.Command)
	}
	for i, line := range r.Lines {
		switch last := i == len(r.Lines)-1; {
		case r.Code == 0:
			out = append(out, "< "+line)
		case last:
			out = append(out, fmt.Sprintf("< %d %s", r.Code, line))
		case i == 0:
			out = append(out, fmt.Sprintf("< %d-%s", r.Code, line))
		default:
			out = append(out, "< "+line)
		}
	}
	if len(r.Lines) == 0 && r.Code != 0 {
		out = append(out, fmt.Sprintf("< %d", r.Code))
	}
	if len(out) == 0 {
		out = append(out, "no reply")
	}
	return out
}

func describeTLS(o *fact.Observation) []string {
	t := o.TLS
	out := []string{strings.TrimSpace(fmt.Sprintf("%s for %s: %s %s %s",
		described(string(t.Mode)+" TLS", t.Purpose), orWord(t.ServerName, "no name"), length(o.Took), t.Version, t.Suite))}
	for i, c := range t.Chain {
		out = append(out, fmt.Sprintf("certificate %d: %s, from %s", i+1, c.Subject, c.Issuer),
			fmt.Sprintf("  %s to %s, %s, SHA-256 %s", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly), c.Key, c.SHA256))
		if len(c.Names) > 0 {
			out = append(out, "  valid for "+strings.Join(c.Names, ", "))
		}
	}
	if t.ChainSent > len(t.Chain) {
		out = append(out, fmt.Sprintf("%d certificates were sent", t.ChainSent))
	}
	for _, fault := range t.Faults {
		out = append(out, string(fault.Kind)+": "+fault.Text)
	}
	if t.Alert != 0 {
		out = append(out, fmt.Sprintf("alert %d: %s", t.Alert, t.AlertText))
	}
	for _, line := range t.Plain {
		out = append(out, "< "+line)
	}
	return out
}

func describeKex(k *fact.Kex) []string {
	out := []string{"key exchange"}
	if k.Offer != nil {
		out = append(out, "the server offers "+strings.Join(k.Offer.Kex, ","),
			"  host keys "+strings.Join(k.Offer.HostKeys, ","),
			"  ciphers "+strings.Join(k.Offer.CiphersOut, ","),
			"  MACs "+strings.Join(k.Offer.MACsOut, ","))
	}
	if k.Agreed != nil {
		out = append(out, strings.TrimSpace(fmt.Sprintf("agreed on %s, %s, %s %s", k.Agreed.Kex, k.Agreed.HostKey, k.Agreed.Cipher, k.Agreed.MAC)))
	}
	if k.HostKey != nil {
		out = append(out, "host key "+hostKeySays(k.HostKey))
	}
	if k.Lacking != "" {
		out = append(out, fmt.Sprintf("nothing in common for %s; this program offers %s", k.Lacking, strings.Join(k.Ours, ",")))
	}
	return append(out, goodbyeSays(k.Goodbye)...)
}

func describeWeb(w *fact.Web) []string {
	out := []string{fmt.Sprintf("%s: %d %s", described("web server", w.Purpose), w.Status, w.Server)}
	if w.Location != "" {
		out = append(out, "sends on to "+w.Location)
	}
	if w.Date != nil {
		out = append(out, "its clock: "+w.Date.UTC().Format(time.RFC3339))
	}
	return out
}

func orNone(words []string) string { return orWord(strings.Join(words, ", "), "none") }

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func describeLogin(l *fact.Login) []string {
	says := "sign-in with " + methodSays(l.Method, "") + ": " + string(l.Outcome)
	if l.Withheld != "" {
		says += " (" + string(l.Withheld) + ")"
	}
	lines := []string{says}
	if len(l.Shape) > 0 {
		var words []string
		for _, oddity := range l.Shape {
			words = append(words, string(oddity))
		}
		lines = append(lines, "the password is unusual: "+strings.Join(words, ", "))
	}
	return lines
}

// describeTransfer sums up a listing or a file. Its replies are steps of their own.
func describeTransfer(o *fact.Observation) []string {
	t := o.Transfer
	says := []string{fmt.Sprintf("%s by %s, %s: %d bytes", t.Work, t.Command, strings.ToUpper(string(t.Mode)), t.Bytes), length(o.Took)}
	for _, extra := range []struct {
		there bool
		words string
	}{{t.Encrypted, "encrypted"}, {t.Resumed, "TLS session used again"}, {t.Differs, "came back changed"}} {
		if extra.there {
			says = append(says, extra.words)
		}
	}
	lines := []string{strings.Join(says, ", ")}
	if t.Dialled != "" && t.Dialled != t.Announced {
		lines = append(lines, "announced "+t.Announced+", connected to "+t.Dialled)
	}
	return lines
}

// describeIdle sums up a session that was left alone. Its replies are steps of their own.
func describeIdle(i *fact.Idle) []string {
	says := "left alone for " + length(i.Lived) + " of " + length(i.Limit)
	if i.KeepAlive != "" {
		says += fmt.Sprintf(", apart from %s every %s, %d of them answered", i.KeepAlive, length(i.Every), i.Answered)
	}
	return received(says+": "+strings.ReplaceAll(string(i.End), "-", " "), i.Lines)
}
