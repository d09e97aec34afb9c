package cause

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var sshNoCommonAlgorithm = Rule{
	Code:     "ssh-no-common-alg",
	Title:    "The SSH server and current apps share no algorithm",
	Severity: Problem,
	Page: Page{
		Means: "Before anything is encrypted, both sides of SSH tell which algorithms they know. For one purpose, such as the key exchange or the host key, the server knows only outdated ones, " +
			"which current apps no longer offer. Or it speaks only version 1 of SSH, which nobody offers any more.",
		Shown: "The server's own list of algorithms, compared with those that OpenSSH 9 and PuTTY 0.80 (which is inside FileZilla and WinSCP) offer without special settings. Whether this program itself could agree with the server plays no part.",
		Mend: "Ask whoever runs the server to update it. Until then an app that is based on PuTTY may still connect where OpenSSH refuses, and OpenSSH can be told to offer an old algorithm to this one server " +
			"(for example HostKeyAlgorithms +ssh-rsa), which weakens the protection.",
	},
	ExplainedBy: misdirected,
	Match:       matchSSHNoCommonAlgorithm,
}

func matchSSHNoCommonAlgorithm(c *Case) []Finding {
	return slices.Concat(c.otherVersion(), c.noCurrentAlgorithm(), c.onlyUnknownHere())
}

// otherVersion finds servers that do not speak version 2 of SSH.
func (c *Case) otherVersion() []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && e.Talk.Ident != nil && e.Talk.Ident.Ident.Line != "" &&
			!sshVersion.MatchString(e.Talk.Ident.Ident.Line) && !e.Talk.sshMatches(restricted)
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity: c.weigh(Problem, found),
		Title:    fmt.Sprintf("The SSH server on %s of %s does not speak version 2 of SSH", c.on(found), c.Run.Target.Host),
		Says:     "Its identification names another version, and current apps speak version 2 alone.",
		Where:    where(found, c.connected()),
		Evidence: firstWordsOfSSH(found),
		Quotes:   found[0].Talk.sshLines(),
		Fix:      append(c.instead(found), Step{c.support(), "update the SSH server"}),
	}}
}

// noCurrentAlgorithm finds servers whose lists hold nothing for some purpose that current apps offer.
func (c *Case) noCurrentAlgorithm() []Finding {
	found := c.Where(func(e *Endpoint) bool { return e.Speaks == fact.SFTP && len(lacking(e.Talk, openSSH)) > 0 })
	if len(found) == 0 {
		return nil
	}
	talk := found[0].Talk
	missing := lacking(talk, openSSH)
	f := Finding{
		Severity: c.weigh(Problem, found),
		Title: fmt.Sprintf("The SSH server on %s of %s knows only outdated algorithms for the %s",
			c.on(found), c.Run.Target.Host, and(purposes(missing))),
		Says:     saysOffers(missing) + " No current app offers any of these.",
		Where:    where(found, c.connected()),
		Evidence: exchanges(found),
		Fix:      append(c.instead(found), Step{c.support(), "update the SSH server, so that it knows current algorithms"}),
	}
	if len(lacking(talk, putty)) == 0 {
		f.Severity = Warning
		f.Says = saysOffers(missing) + " OpenSSH and apps that use it refuse that; FileZilla and WinSCP still accept it."
		f.Fix = append([]Step{{You, "use an app that is based on PuTTY, such as FileZilla or WinSCP, until the server is updated"}}, f.Fix...)
	}
	return []Finding{f}
}

// onlyUnknownHere finds servers that current apps can talk to and this program cannot.
func (c *Case) onlyUnknownHere() []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && e.Talk.Kex != nil && e.Talk.Kex.Failed(fact.NoCommonAlgorithm) &&
			e.Talk.Kex.Kex.Offer != nil && len(lacking(e.Talk, openSSH)) == 0
	})
	if len(found) == 0 {
		return nil
	}
	return []Finding{{
		Severity: Note,
		Title:    fmt.Sprintf("This program shares no algorithm with the SSH server on %s of %s, but current apps do", c.on(found), c.Run.Target.Host),
		Says:     fmt.Sprintf("It lacks one for the %s. That is no fault of the server.", found[0].Talk.Kex.Kex.Lacking),
		Where:    where(found, c.connected()),
		Evidence: exchanges(found),
		Fix:      []Step{{You, "test SFTP with your own app, as this program cannot look further here"}},
	}}
}

// list is one of the lists of algorithms of a server.
type list struct {
	purpose string
	offered []string
}

// lacking lists the purposes for which a server offers nothing that a client knows. A MAC is only needed beside a cipher
// that does not authenticate by itself (RFC 5647, and OpenSSH's PROTOCOL.chacha20poly1305).
func lacking(talk *Conversation, client algorithms) []list {
	if talk.Kex == nil || talk.Kex.Kex.Offer == nil || talk.Kex.Failed(fact.Interrupted) {
		return nil
	}
	offer := talk.Kex.Kex.Offer
	known := func(offered, names []string) bool {
		return slices.ContainsFunc(offered, func(name string) bool { return slices.Contains(names, name) })
	}
	var missing []list
	check := func(purpose string, offered, names []string) {
		if len(offered) > 0 && !known(offered, names) {
			missing = append(missing, list{purpose, offered})
		}
	}
	check("key exchange", slices.DeleteFunc(slices.Clone(offer.Kex), isMarker), client.kex)
	check("host key", offer.HostKeys, client.hostKeys)
	check("encryption", offer.CiphersOut, client.ciphers)
	if !known(offer.CiphersOut, selfAuthenticating) {
		check("integrity check", offer.MACsOut, client.macs)
	}
	return missing
}

// isMarker says whether a name in the list of key exchanges is none, but tells of an extension: ext-info-s (RFC 8308
// section 2.1), kex-strict-s-v00@openssh.com (OpenSSH's file PROTOCOL).
func isMarker(name string) bool {
	return strings.HasPrefix(name, "ext-info-") || strings.HasPrefix(name, "kex-strict-")
}

func purposes(lists []list) []string {
	var words []string
	for _, l := range lists {
		words = append(words, l.purpose)
	}
	return words
}

// saysOffers tells what the server offers for each purpose, at most five names of it.
func saysOffers(lists []list) string {
	var parts []string
	for _, l := range lists {
		names := l.offered[:min(len(l.offered), 5)]
		parts = append(parts, fmt.Sprintf("for the %s %s", l.purpose, and(names)))
	}
	return "It offers " + strings.Join(parts, "; ") + "."
}

// exchanges is the evidence of key exchanges.
func exchanges(endpoints []*Endpoint) []int {
	var found []int
	for _, e := range endpoints {
		found = append(found, ids(e.Talk.Ident, e.Talk.Kex)...)
	}
	return found
}

// algorithms are what a client offers without special settings.
type algorithms struct{ kex, hostKeys, ciphers, macs []string }

var (
	selfAuthenticating = []string{"chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"}

	// openSSH has the defaults of its client from 8.8 (which dropped ssh-rsa) to 10 (which dropped none of these that matters here).
	openSSH = algorithms{
		kex: []string{
			"mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "curve25519-sha256@libssh.org",
			"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256",
			"diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
		},
		hostKeys: []string{
			"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512",
			"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
			"ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
			"ecdsa-sha2-nistp521-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com",
		},
		ciphers: append([]string{"aes128-ctr", "aes192-ctr", "aes256-ctr"}, selfAuthenticating...),
		macs: []string{
			"umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com",
			"umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
		},
	}

	// putty has the defaults of PuTTY 0.80 above its line "warn below here", which FileZilla and WinSCP share.
	putty = algorithms{
		kex: append([]string{
			"diffie-hellman-group15-sha512", "diffie-hellman-group17-sha512", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "curve448-sha512",
		}, openSSH.kex...),
		hostKeys: append([]string{"ssh-rsa", "ssh-ed448"}, openSSH.hostKeys...),
		ciphers:  append([]string{"aes256-cbc", "rijndael-cbc@lysator.liu.se", "aes192-cbc", "aes128-cbc", "3des-ctr", "3des-cbc"}, openSSH.ciphers...),
		macs:     append([]string{"hmac-sha1-96", "hmac-md5"}, openSSH.macs...),
	}
)
