package cause

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// hostKeyRules are about the key by which an SSH server is known again.
var hostKeyRules = []Rule{
	sshProxied,
	sshHostKeyRevoked,
	sshHostKeyChanged,
	sshHostKeyUnknown,
	sshHostKeyOtherType,
}

// hostKey is the key that the server proved to own; nil when it came to none.
func (e *Endpoint) hostKey() *fact.HostKey {
	if e.Speaks != fact.SFTP || e.Talk.Kex == nil || e.Talk.Kex.Failed(fact.Interrupted) {
		return nil
	}
	return e.Talk.Kex.Kex.HostKey
}

// standing lists the endpoints whose host key stands so in known_hosts.
func (c *Case) standing(s fact.Standing) []*Endpoint {
	return c.Where(func(e *Endpoint) bool { key := e.hostKey(); return key != nil && key.Standing == s })
}

// otherThanPublished says whether the service publishes fingerprints, and the key is none of them.
func (c *Case) otherThanPublished(key *fact.HostKey) bool {
	return len(c.Profile.HostKeys) > 0 && !key.Published && !slices.Contains(c.Profile.HostKeys, key.SHA256)
}

// published says whether the service publishes the fingerprint of the key.
func (c *Case) published(key *fact.HostKey) bool {
	return len(c.Profile.HostKeys) > 0 && !c.otherThanPublished(key)
}

// sshExchanges is the evidence of host keys: the exchanges, without what came before them.
func sshExchanges(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, ids(e.Talk.Kex)...)
	}
	return found
}

var sshProxied = Rule{
	Code:     "ssh-proxied",
	Title:    "A device on the way decrypts SSH",
	Severity: Problem,
	Page: Page{
		Means: "A firewall of your network ends the SSH connection itself, shows a host key of its own, and opens a second connection to the server. It then reads everything that passes, passwords too, and keys cannot be used through it. " +
			"An attacker in the same place would look just like it.",
		Shown: "The host key is not the one that the service publishes, or not the one that known_hosts has for the host, and known_hosts has this very key for hosts that have nothing to do with this one; " +
			"or the server, which takes keys, no longer offers that way of signing in. One key on two names of one owner, and a key that only changed, are something else.",
		Mend: "Ask the network team to let SSH to this host pass without decryption, or test from another network, such as a phone's. Do not type a password before the fingerprint is the right one.",
	},
	ExplainedBy: []string{"local-ssh-config"},
	Match:       matchSSHProxied,
}

func matchSSHProxied(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool { key := e.hostKey(); return key != nil && c.proxied(key) != "" })
	if len(found) == 0 {
		return nil
	}
	key := found[0].hostKey()
	host := c.Run.Target.Host
	return []Finding{{
		Confidence: Likely,
		Title:      fmt.Sprintf("A device on the way to %s decrypts SSH and shows a host key of its own", host),
		Says:       c.proxied(key),
		Where:      where(found, c.connected()),
		Evidence:   sshExchanges(found),
		Fix: []Step{
			{You, "type no password, and test from another network, for instance a phone's"},
			{YourNetwork, fmt.Sprintf("let SSH to %s pass without decryption; the key that is shown now is %s", host, fingerprintOf(key))},
			{c.support(), "say which fingerprint the host key of the server has"},
		},
		Candidates: []Candidate{
			{"ssh-proxied", "another network shows another host key", You},
			{"ssh-hostkey-changed", "every network shows this host key, and whoever runs the server knows it", c.support()},
		},
	}}
}

// proxied tells why a host key seems to be that of a device on the way. Empty: it does not.
func (c *Case) proxied(key *fact.HostKey) string {
	strangers := unrelated(c.Run.Target.Host, key.Elsewhere)
	foreign := c.otherThanPublished(key)
	switch {
	case key.Standing == fact.KnownKey, key.Accepted:
		return ""
	case foreign && len(strangers) > 0:
		return fmt.Sprintf("It shows %s, which is not the one that %s publishes, and known_hosts has this very key for %s as well.", fingerprintOf(key), c.Profile.Title, and(strangers))
	case key.Standing == fact.ChangedKey && len(strangers) > 1:
		return fmt.Sprintf("It shows %s, which is not the one that known_hosts has for the host, and known_hosts has this very key for %s as well.", fingerprintOf(key), and(strangers))
	case foreign && c.keysGone():
		return fmt.Sprintf("It shows %s, which is not the one that %s publishes, and the other side offers no sign-in with a key, which the service has.", fingerprintOf(key), c.Profile.Title)
	default:
		return ""
	}
}

// keysGone says whether a server of a service that takes keys offers no sign-in with one.
func (c *Case) keysGone() bool {
	return slices.Contains(c.Profile.Methods, fact.AuthPublicKey) && len(c.SSH.Offered()) > 0 && !c.SSH.offers(fact.AuthPublicKey)
}

// unrelated lists the names of known_hosts that are of another domain than a host, one for each domain. An address says nothing about its owner.
func unrelated(host string, names []string) []string {
	var found, domains []string
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	for _, name := range names {
		name = knownName(name)
		_, err := netip.ParseAddr(name)
		if of := domain(name); err != nil && strings.Contains(name, ".") && of != domain(host) && !slices.Contains(domains, of) {
			found, domains = append(found, name), append(domains, of)
		}
	}
	return found
}

// knownName is a name of known_hosts without its port, for which it stands in brackets (sshd(8)).
func knownName(name string) string {
	inner, bracketed := strings.CutPrefix(name, "[")
	if host, _, found := strings.Cut(inner, "]:"); bracketed && found {
		return host
	}
	return name
}

var sshHostKeyRevoked = Rule{
	Code:     "ssh-hostkey-revoked",
	Title:    "The host key is marked as revoked on this computer",
	Severity: Problem,
	Page: Page{
		Means: "Somebody who looks after this computer wrote down that this very host key must not be trusted any more, mostly because its private half became known. Whoever shows it may be anybody.",
		Shown: "A line of known_hosts with the marker @revoked holds the key that the server showed. Nothing was sent that is secret.",
		Mend:  "Do not sign in. Tell whoever runs the server, who has to give it a new host key. The line stays as it is.",
	},
	ExplainedBy: []string{"ssh-proxied"},
	Match:       matchSSHHostKeyRevoked,
}

func matchSSHHostKeyRevoked(c *Case) []Finding {
	found := c.standing(fact.RevokedKey)
	if len(found) == 0 {
		return nil
	}
	key := found[0].hostKey()
	return []Finding{{
		Title:    fmt.Sprintf("The host key of the SSH server on %s of %s is marked as revoked", c.on(found), c.Run.Target.Host),
		Says:     fmt.Sprintf("The server shows %s, and %s says that this key must not be trusted.", fingerprintOf(key), entryPlace(key)),
		Where:    where(found, c.connected()),
		Evidence: sshExchanges(found),
		Fix: []Step{
			{You, "do not sign in to this server"},
			{c.support(), "give the server a new host key, and say what its fingerprint is"},
		},
	}}
}

var sshHostKeyChanged = Rule{
	Code:     "ssh-hostkey-changed",
	Title:    "The server shows another host key than before",
	Severity: Problem,
	Page: Page{
		Means: "The file known_hosts holds the key by which this server was known so far, and now it shows another one of the same type. The server was set up anew, or another server or a device on the way answers in its place. " +
			"OpenSSH refuses such a connection with the words REMOTE HOST IDENTIFICATION HAS CHANGED; other apps ask, or refuse too.",
		Shown: "A line of known_hosts for this host and port holds a key of the same type with another fingerprint. The server was asked for the types that known_hosts has, so that a key of another type is not mistaken for a change.",
		Mend: "Find out which fingerprint is right before you sign in: from the provider's page, or by asking whoever runs the server over another way than this connection. If the new one is right, take the old line out with ssh-keygen -R and the name of the host, " +
			"and connect again.",
	},
	ExplainedBy: []string{"ssh-proxied", "dns-wrong-target", "dns-hosts-override", "dns-stale"},
	Match:       matchSSHHostKeyChanged,
}

func matchSSHHostKeyChanged(c *Case) []Finding {
	found := c.standing(fact.ChangedKey)
	if len(found) == 0 {
		return nil
	}
	e := found[0]
	key := e.hostKey()
	f := Finding{
		Title:    fmt.Sprintf("The SSH server on %s of %s shows another host key than before", c.on(found), c.Run.Target.Host),
		Says:     fmt.Sprintf("It shows %s, and %s holds %s for it.", fingerprintOf(key), entryPlace(key), and(entryKeys(key))),
		Where:    where(found, c.connected()),
		Evidence: sshExchanges(found),
	}
	forget := Step{You, fmt.Sprintf("take the old line out with ssh-keygen -R %q, and connect again", c.knownAs(e.Port))}
	if c.published(key) {
		f.Severity = Warning
		f.Says += fmt.Sprintf(" The new one is what %s publishes, so that the old line is out of date.", c.Profile.Title)
		f.Fix = []Step{forget}
		return []Finding{f}
	}
	f.Fix = []Step{
		{You, "do not sign in before you know that the new fingerprint is right"},
		{c.support(), fmt.Sprintf("say whether the server has a new host key, and whether its fingerprint is %s", cmp.Or(key.SHA256, "another one"))},
		{You, "if it is, " + forget.Do},
	}
	if strangers := unrelated(c.Run.Target.Host, key.Elsewhere); len(strangers) > 0 {
		f.Says += fmt.Sprintf(" The same key is known for %s.", and(strangers))
	}
	return []Finding{f}
}

// entryPlace names the line of known_hosts that a standing follows from.
func entryPlace(key *fact.HostKey) string {
	if len(key.Entries) == 0 {
		return "known_hosts"
	}
	return fmt.Sprintf("line %d of %s", key.Entries[0].Line, cmp.Or(key.Entries[0].File, "known_hosts"))
}

// entryKeys names the keys of the lines that a standing follows from.
func entryKeys(key *fact.HostKey) []string {
	var keys []string
	for _, entry := range key.Entries {
		keys = append(keys, strings.TrimSpace(entry.Type+" "+entry.SHA256))
	}
	keys = slices.DeleteFunc(distinct(keys), func(key string) bool { return key == "" })
	if len(keys) == 0 {
		return []string{"another key"}
	}
	return keys
}

// fingerprintOf names a host key in a sentence.
func fingerprintOf(key *fact.HostKey) string {
	return cmp.Or(strings.TrimSpace(key.Type+" "+key.SHA256), "a key without a fingerprint")
}

// knownAs is the name under which known_hosts has the host on a port (sshd(8)).
func (c *Case) knownAs(port int) string {
	if port == 22 {
		return c.Run.Target.Host
	}
	return fmt.Sprintf("[%s]:%d", c.Run.Target.Host, port)
}

var sshHostKeyUnknown = Rule{
	Code:     "ssh-hostkey-unknown",
	Title:    "Nobody has confirmed the host key yet",
	Severity: Warning,
	Page: Page{
		Means: "At the first contact nothing on this computer says by which key the server is known. An app asks then whether to trust the fingerprint that it shows. Whoever says yes without comparing it may give the password to a stranger.",
		Shown: "No line of known_hosts is about the host. That alone is no fault and gives no finding: there is one where the password was kept back for it, or where the service publishes another fingerprint.",
		Mend: "Compare the fingerprint with the one on the provider's page, or ask whoever runs the server. If it is the same, say yes in your app. This program takes the line of known_hosts that the app writes, or --trust-anyway. " +
			"A site of a service can have a host key of its own; then its administrator knows the fingerprint.",
	},
	ExplainedBy: []string{"ssh-proxied", "dns-wrong-target", "dns-hosts-override", "dns-stale"},
	Match:       matchSSHHostKeyUnknown,
}

func matchSSHHostKeyUnknown(c *Case) []Finding {
	return slices.Concat(c.otherPublished(), c.keptForHostKey())
}

// otherPublished finds host keys that nobody knows, of a service that publishes others.
func (c *Case) otherPublished() []Finding {
	found := c.Where(func(e *Endpoint) bool {
		key := e.hostKey()
		confirmed := key != nil && (key.Standing == fact.KnownKey || key.Accepted)
		judged := key != nil && (key.Standing == fact.ChangedKey || key.Standing == fact.RevokedKey)
		return key != nil && !confirmed && !judged && c.otherThanPublished(key)
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Title: fmt.Sprintf("The SSH server on %s of %s shows a host key that %s does not publish", c.on(found), c.Run.Target.Host, c.Profile.Title),
		Says: fmt.Sprintf("It shows %s, and the service publishes %s. A site can have a host key of its own, and a stranger has another one too.",
			fingerprintOf(found[0].hostKey()), and(c.Profile.HostKeys)),
		Where:    where(found, c.connected()),
		Evidence: sshExchanges(found),
		Fix: []Step{
			{SiteAdmin, "say whether the site has a host key of its own, and compare the fingerprint"},
			{You, "do not sign in before the fingerprint is confirmed"},
		},
	}}
}

// keptForHostKey is what is said when a password stayed here because nobody has confirmed the host key.
func (c *Case) keptForHostKey() []Finding {
	s := c.SSH
	if s.Withheld() != fact.HostUnknown || s.Endpoint == nil {
		return nil
	}
	key := s.Endpoint.hostKey()
	if key == nil || key.Standing != fact.UnknownKey || c.otherThanPublished(key) {
		return nil
	}
	at := []*Endpoint{s.Endpoint}
	return []Finding{{
		Severity: c.weighSSH(Warning),
		Title:    fmt.Sprintf("Nobody has confirmed the host key of %s yet, so the password was not sent", c.Run.Target.Host),
		Says:     fmt.Sprintf("The server on %s shows %s, and no line of known_hosts is about it.", c.on(at), fingerprintOf(key)),
		Where:    s.where(),
		Evidence: append(sshExchanges(at), ids(s.Login)...),
		Fix: []Step{
			{You, "compare the fingerprint with the one on the provider's page, then connect once with your app and accept it"},
			{You, "or run this on a terminal, which asks; or add --trust-anyway, if you know that this is the right server"},
			{c.support(), "say which fingerprint the host key has"},
		},
	}}
}

var sshHostKeyOtherType = Rule{
	Code:     "ssh-hostkey-type-artifact",
	Title:    "Known_hosts has a host key of another type",
	Severity: Note,
	Page: Page{
		Means: "A server can own several host keys, one of each type. This computer knows one of them, and the server showed one of another type, because it no longer has the known type, or no longer offers it. " +
			"Some apps report that as a changed key, which it is not.",
		Shown: "The lines of known_hosts for this host hold keys of other types only. The server was asked for the known types first and did not offer them.",
		Mend:  "Compare the new fingerprint with the one on the provider's page, accept it in your app, and let the old line be removed by ssh-keygen -R once the server has left the old type for good.",
	},
	ExplainedBy: []string{"ssh-proxied"},
	Match:       matchSSHHostKeyOtherType,
}

func matchSSHHostKeyOtherType(c *Case) []Finding {
	found := c.standing(fact.OtherTypeKey)
	if len(found) == 0 {
		return nil
	}
	key := found[0].hostKey()
	f := Finding{
		Title:    fmt.Sprintf("Known_hosts has a host key of another type for %s", c.Run.Target.Host),
		Says:     fmt.Sprintf("The server shows %s, and %s holds %s. That is no changed key.", fingerprintOf(key), entryPlace(key), and(entryKeys(key))),
		Where:    where(found, c.connected()),
		Evidence: sshExchanges(found),
		Fix: []Step{
			{You, "compare the fingerprint with the one on the provider's page, and accept it in your app"},
			{c.support(), "say which fingerprint the host key of this type has"},
		},
	}
	if c.SSH.Withheld() == fact.HostUnknown {
		f.Severity = Warning
		f.Says += " Until it is confirmed, the password is not sent."
		f.Fix = append(f.Fix, Step{You, "or add --trust-anyway, if you know that this is the right server"})
	}
	if c.published(key) {
		f.Says += fmt.Sprintf(" It is the one that %s publishes.", c.Profile.Title)
	}
	return []Finding{f}
}
