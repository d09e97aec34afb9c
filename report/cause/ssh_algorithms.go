package cause

import (
	"cmp"
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
		Shown: "The server's own list of algorithms, compared with those that current apps offer without special settings: OpenSSH 9, PuTTY 0.80 (which is inside FileZilla and WinSCP), libssh2 1.11 (inside curl and many editors) and JSch 0.2 (inside Java programs). " +
			"Whether this program itself could agree with the server plays no part.",
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
	if able := fitting(talk, currentApps); len(able) > 0 {
		f.Severity = Warning
		f.Says = fmt.Sprintf("%s OpenSSH and apps that use it refuse that. These still accept it: %s.", saysOffers(missing), strings.Join(able, ", "))
		f.Fix = append([]Step{{You, fmt.Sprintf("until the server is updated, use an app that still accepts it: %s", strings.Join(able, ", "))}}, f.Fix...)
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
		Says:     fmt.Sprintf("It lacks one for the %s. That is no fault of the server.", cmp.Or(found[0].Talk.Kex.Kex.Lacking, "key exchange")),
		Where:    where(found, c.connected()),
		Evidence: exchanges(found),
		Fix:      []Step{{You, "test SFTP with your own app, as this program cannot look further here"}},
	}}
}

var sshOldApps = Rule{
	Code:     "ssh-old-apps",
	Title:    "Older apps share no algorithm with the SSH server",
	Severity: Note,
	Page: Page{
		Means: "Before anything is encrypted, both sides of SSH tell which algorithms they know. This server knows current ones only, which is right, and some older apps do not know those. " +
			"They end with words such as no matching host key type found, Algorithm negotiation fail, or Unable to exchange encryption keys.",
		Shown: "The server's own list of algorithms, compared with those of apps that are still around: OpenSSH 7.4, libssh2 1.10 and JSch 0.1.55, which is inside many Java programs. Current apps, and this program, connect.",
		Mend:  "Update the app, or the program that it is part of. The server needs no change. If the app cannot be updated, whoever runs the server can add a host key of another type, which old apps know.",
	},
	ExplainedBy: misdirected,
	Match:       matchSSHOldApps,
}

func matchSSHOldApps(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && len(lacking(e.Talk, openSSH)) == 0 && len(lacking(e.Talk, openSSH74))+len(lacking(e.Talk, libssh2Old)) > 0
	})
	if len(found) == 0 {
		return nil
	}
	talk := found[0].Talk
	var left []string
	for _, app := range slices.Concat(currentApps, olderApps) {
		if missing := lacking(talk, app.algorithms); len(missing) > 0 {
			left = append(left, fmt.Sprintf("%s (%s)", app.name, and(purposes(missing))))
		}
	}
	return []Finding{{
		Title:    fmt.Sprintf("Older apps share no algorithm with the SSH server on %s of %s", c.on(found), c.Run.Target.Host),
		Says:     fmt.Sprintf("What the server offers is current, and unknown to %s.", and(left)),
		Where:    where(found, c.connected()),
		Evidence: exchanges(found),
		Fix:      []Step{{You, "if your app cannot connect where this program can, update the app"}},
	}}
}

var sshWeakDH = Rule{
	Code:     "ssh-weak-dh",
	Title:    "The SSH server gives a group that is too small for the key exchange",
	Severity: Problem,
	Page: Page{
		Means: "For the key exchange both sides settled on a method in which the server chooses the numbers to calculate with (RFC 4419), and it chose numbers that are too small to be safe. OpenSSH and this program refuse less than 2048 bits; some apps accept less.",
		Shown: "The key exchange ended on our side when the server's group came, because it had too few bits.",
		Mend:  "Whoever runs the server removes the lines with less than 3071 in the fifth column from its file moduli, or offers a key exchange with fixed groups, such as curve25519-sha256. Until then an app that is based on PuTTY may connect, with less protection.",
	},
	ExplainedBy: misdirected,
	Match:       matchSSHWeakDH,
}

func matchSSHWeakDH(c *Case) []Finding {
	found := c.Where(func(e *Endpoint) bool {
		return e.Speaks == fact.SFTP && e.Talk.Kex != nil && e.Talk.Kex.Failed(fact.WeakGroup)
	})
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Severity: c.weigh(Problem, found),
		Title:    fmt.Sprintf("The SSH server on %s of %s gives a group that is too small for the key exchange", c.on(found), c.Run.Target.Host),
		Says:     "It has less than 2048 bits, which OpenSSH and apps that use it refuse.",
		Where:    where(found, c.connected()),
		Evidence: exchanges(found),
		Fix: append([]Step{
			{c.support(), "remove small groups from the server's file moduli, or offer curve25519-sha256 for the key exchange"},
			{You, "until then, use an app that is based on PuTTY, such as FileZilla or WinSCP, which may accept it"},
		}, c.instead(found)...),
	}
	if otherKex(found[0].Talk) {
		f.Severity = Note
		f.Says = "It has less than 2048 bits. Apps that know another key exchange of the server, as OpenSSH does, are not concerned."
	}
	return []Finding{f}
}

// otherKex says whether OpenSSH would settle on a key exchange in which the server chooses no group: it prefers elliptic curves
// to that, and that to fixed groups.
func otherKex(talk *Conversation) bool {
	offer := talk.Kex.Kex.Offer
	return offer != nil && slices.ContainsFunc(offer.Kex, func(name string) bool {
		return slices.Contains(openSSH.kex, name) && !strings.HasPrefix(name, "diffie-hellman-group")
	})
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
	if !slices.ContainsFunc(selfAuthenticating, func(name string) bool {
		return known(offer.CiphersOut, []string{name}) && known(client.ciphers, []string{name})
	}) {
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

// app is an app, or the library inside it, and what it offers without special settings.
type app struct {
	name string
	algorithms
}

// fitting names the apps that share an algorithm with the server for every purpose.
func fitting(talk *Conversation, apps []app) []string {
	var names []string
	for _, a := range apps {
		if len(lacking(talk, a.algorithms)) == 0 {
			names = append(names, a.name)
		}
	}
	return names
}

// AppsLeftOut names the apps, current ones and older ones, that share no algorithm with the server for some purpose, each with the purposes.
func AppsLeftOut(talk *Conversation) []string {
	var names []string
	for _, a := range slices.Concat([]app{{"OpenSSH 9", openSSH}}, currentApps, olderApps) {
		if missing := lacking(talk, a.algorithms); len(missing) > 0 {
			names = append(names, fmt.Sprintf("%s (%s)", a.name, and(purposes(missing))))
		}
	}
	return names
}

var (
	// currentApps are those besides OpenSSH.
	currentApps = []app{
		{"FileZilla and WinSCP", putty},
		{"apps with libssh2 1.11", libssh2},
		{"apps with JSch 0.2", jsch},
	}

	// olderApps are still around: in long-lived distributions, and inside programs that bring a library along.
	olderApps = []app{
		{"OpenSSH 7.4", openSSH74},
		{"apps with libssh2 1.10", libssh2Old},
		{"apps with JSch 0.1.55", jschOld},
	}
)

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

	// openSSH74 has the defaults of the client of December 2016, which long-lived distributions had for years: the last one with CBC but 3DES.
	openSSH74 = algorithms{
		kex: []string{
			"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
			"diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
			"diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1",
		},
		hostKeys: []string{
			"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa",
			"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
			"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
		},
		ciphers: append([]string{"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc", "aes256-cbc"}, selfAuthenticating...),
		macs:    openSSH.macs,
	}

	// libssh2 has the defaults of version 1.11.1, of 2024, as it comes with OpenSSL 3: without DSA, and without the ciphers of OpenSSL's legacy provider.
	libssh2 = algorithms{
		kex: libssh2Old.kex,
		hostKeys: []string{
			"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa",
			"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
			"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
		},
		ciphers: append([]string{
			"aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-cbc", "rijndael-cbc@lysator.liu.se", "aes192-cbc", "aes128-cbc", "3des-cbc",
		}, selfAuthenticating...),
		macs: []string{
			"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512",
			"hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96",
		},
	}

	// libssh2Old has the defaults of version 1.10, of 2021: it knows RSA host keys by SHA-1 only, and no cipher that authenticates.
	libssh2Old = algorithms{
		kex: []string{
			"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
			"diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
			"diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1",
		},
		hostKeys: []string{
			"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "ssh-rsa", "ssh-dss",
			"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
		},
		ciphers: []string{
			"aes256-ctr", "aes192-ctr", "aes128-ctr", "aes256-cbc", "rijndael-cbc@lysator.liu.se", "aes192-cbc", "aes128-cbc",
			"blowfish-cbc", "arcfour128", "arcfour", "cast128-cbc", "3des-cbc",
		},
		macs: []string{
			"hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96", "hmac-ripemd160", "hmac-ripemd160@openssh.com",
		},
	}

	// jsch has the defaults of the JSch that is looked after (com.github.mwiede), from 0.2.
	jsch = algorithms{
		kex: []string{
			"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
			"diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
		},
		hostKeys: []string{"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"},
		ciphers:  []string{"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"},
		macs: []string{
			"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha1-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
		},
	}

	// jschOld has the defaults of JSch 0.1.55, the last one of jcraft, of 2018.
	jschOld = algorithms{
		kex: []string{
			"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha1",
			"diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1",
		},
		hostKeys: []string{"ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"},
		ciphers: []string{
			"aes128-ctr", "aes128-cbc", "3des-ctr", "3des-cbc", "blowfish-cbc", "aes192-ctr", "aes192-cbc", "aes256-ctr", "aes256-cbc",
		},
		macs: []string{"hmac-md5", "hmac-sha1", "hmac-sha2-256", "hmac-sha1-96", "hmac-md5-96"},
	}
)
