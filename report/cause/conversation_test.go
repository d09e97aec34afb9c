package cause

import (
	"fmt"
	"slices"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// talkCase is one way in which a conversation can go wrong.
type talkCase struct {
	name  string
	steps []fact.Observation
	// again are the steps of a second connection, whose purpose is that of its TLS step.
	again []fact.Observation
}

// A service that promises a port is told about whatever goes wrong there, and nothing is blamed twice.
func TestBrokenConversationsOfAPromisedService(t *testing.T) {
	for port, cases := range map[int][]talkCase{21: explicitCases(), 990: implicitCases(), 22: sshCases()} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%d/%s", port, c.name), func(t *testing.T) {
				m := newMatrix("files.com")
				for _, p := range profile.FilesCom.Ports {
					if p.Number != port {
						m.connect("198.72.80.11", p.Number, "")
					}
				}
				m.converse("198.72.80.11", port, c)
				found := judge(m.run)
				checkFindings(t, m.run, found)
				said := 0
				for _, f := range found {
					if f.ExplainedBy == "" && f.Severity != Note && covers(f.Where, []string{fmt.Sprintf("198.72.80.11:%d", port)}) {
						said++
					}
				}
				if said != 1 {
					t.Errorf("%d findings, want one:\n%s", said, dump(found))
				}
				if slices.Contains(c.kinds(), fact.Interrupted) {
					t.Error("an interrupted step is no case")
				}
			})
		}
	}
}

// Nobody asked for these ports of a server that promises nothing, and SSH works. What else lives there is worth a note at
// most; an FTP server with broken encryption is worth a warning.
func TestBrokenConversationsBesideAWayThatWorks(t *testing.T) {
	for port, cases := range map[int][]talkCase{3021: explicitCases(), 3990: implicitCases()} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%d/%s", port, c.name), func(t *testing.T) {
				m := newMatrix("generic")
				m.connect("203.0.113.10", 22, "")
				m.connect("203.0.113.10", 443, "")
				m.converse("203.0.113.10", port, c)
				found := judge(m.run)
				checkFindings(t, m.run, found)
				for _, f := range found {
					if f.Severity == Problem || f.Severity == Warning && !c.greets() {
						t.Errorf("a false alarm:\n%s", dump([]Finding{f}))
					}
				}
			})
		}
	}
}

// converse adds an endpoint with a conversation of its own.
func (m *matrix) converse(address string, port int, c talkCase) {
	for i, steps := range [][]fact.Observation{c.steps, c.again} {
		if len(steps) == 0 {
			continue
		}
		m.fates = append(m.fates, c.name)
		dial := fact.Observation{Dial: &fact.Dial{Try: 1, Limit: 10_000}}
		if i == 1 {
			dial.Dial.Purpose = steps[len(steps)-1].TLS.Purpose
		}
		for _, o := range append([]fact.Observation{dial}, steps...) {
			o.ID, o.Check, o.Conn = len(m.run.Seen)+1, "endpoints", len(m.fates)
			o.Endpoint = fmt.Sprintf("%s:%d", address, port)
			if o.Took == 0 {
				o.Took = 20
			}
			m.run.Seen = append(m.run.Seen, o)
		}
	}
}

func (c talkCase) kinds() []fact.Kind {
	var kinds []fact.Kind
	for _, o := range append(slices.Clone(c.steps), c.again...) {
		if o.Failure != nil {
			kinds = append(kinds, o.Failure.Kind)
		}
	}
	return kinds
}

// greets says whether an FTP server answers, be it with a refusal.
func (c talkCase) greets() bool {
	return slices.ContainsFunc(c.steps, func(o fact.Observation) bool {
		return o.Opening != nil && o.Opening.Kind == fact.VoiceFTP || o.TLS != nil && o.Failure == nil && o.TLS.Mode == fact.Implicit ||
			o.TLS != nil && len(o.TLS.Plain) > 0 && replyLine.MatchString(o.TLS.Plain[0])
	})
}

// The steps of conversations.

func fails(kind fact.Kind, o fact.Observation) fact.Observation {
	o.Failure = &fact.Failure{Kind: kind, Text: string(kind)}
	return o
}

func opens(voice fact.Voice, lines ...string) fact.Observation {
	return fact.Observation{Opening: &fact.Opening{Kind: voice, Lines: lines, Bytes: 20}}
}

func silence(kind fact.Kind) fact.Observation {
	return fails(kind, fact.Observation{Opening: &fact.Opening{Kind: fact.VoiceNone}, Took: 20_000})
}

func says(command string, code int, lines ...string) fact.Observation {
	return fact.Observation{Reply: &fact.Reply{Command: command, Code: code, Lines: lines}}
}

func noReply(command string, kind fact.Kind) fact.Observation {
	return fails(kind, fact.Observation{Reply: &fact.Reply{Command: command}})
}

func secured(mode fact.TLSMode, change func(*fact.TLS)) fact.Observation {
	o := fact.Observation{TLS: &fact.TLS{
		Mode: mode, ServerName: "server.example.com", Version: "TLS 1.2", Suite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Received: 3000,
		Chain: []fact.Certificate{{SHA256: "5f", Issuer: "CN=R10,O=Example Trust,C=US", Names: []string{"server.example.com"}, NotAfter: newMatrix("").run.Started.AddDate(1, 0, 0)}},
	}}
	if change != nil {
		change(o.TLS)
	}
	return o
}

func noTLS(mode fact.TLSMode, kind fact.Kind, change func(*fact.TLS)) fact.Observation {
	o := fact.Observation{TLS: &fact.TLS{Mode: mode, ServerName: "server.example.com"}}
	if change != nil {
		change(o.TLS)
	}
	return fails(kind, o)
}

func plain(lines ...string) func(*fact.TLS) {
	return func(t *fact.TLS) { t.Plain = lines }
}

func greeting() []fact.Observation {
	return []fact.Observation{opens(fact.VoiceFTP, "220 ready"), says("", 220, "ready")}
}

func authAccepted() []fact.Observation {
	return append(greeting(), says("FEAT", 211, "Features:", " AUTH TLS", "End"), says("AUTH TLS", 234, "go ahead"))
}

var cutKinds = []fact.Kind{fact.Timeout, fact.Closed, fact.Reset}

// explicitCases are what can go wrong on a port of explicit TLS.
func explicitCases() []talkCase {
	var cases []talkCase
	add := func(name string, steps ...fact.Observation) {
		cases = append(cases, talkCase{name: name, steps: steps})
	}
	for _, kind := range []fact.Kind{fact.Timeout, fact.Closed, fact.Reset, fact.Alert, fact.TLSFailed} {
		add("silent, nudge "+string(kind), silence(fact.Timeout), noTLS(fact.Nudge, kind, nil))
	}
	for _, line := range []string{"220 late", "HTTP/1.1 400 Bad Request", "SSH-2.0-late", "421 busy", "hello?"} {
		add("silent, nudge answered "+line, silence(fact.Timeout), noTLS(fact.Nudge, fact.NotTLS, plain(line)))
	}
	add("silent, nudge completed", silence(fact.Timeout), secured(fact.Nudge, nil))
	add("closed before the greeting", silence(fact.Closed))
	add("reset before the greeting", silence(fact.Reset))
	for _, voice := range []fact.Voice{fact.VoiceSSH, fact.VoiceHTTP, fact.VoiceHTML, fact.VoiceTLS, fact.VoiceAlert, fact.VoiceText, fact.VoiceBinary} {
		add("opens with "+string(voice), opens(voice, "words"))
	}
	for _, code := range []int{421, 430, 500, 530, 550} {
		add(fmt.Sprintf("greets with %d", code), opens(fact.VoiceFTP, "no"), says("", code, "no"))
	}
	for _, kind := range append([]fact.Kind{fact.Garbled, fact.TooLong}, cutKinds...) {
		add("greeting "+string(kind), opens(fact.VoiceFTP, "220-"), noReply("", kind))
		add("FEAT "+string(kind), append(greeting(), noReply("FEAT", kind))...)
		add("AUTH "+string(kind), append(greeting(), says("FEAT", 211, "Features:", "End"), noReply("AUTH TLS", kind))...)
	}
	for _, feat := range []fact.Observation{says("FEAT", 211, "Features:", " AUTH TLS", "End"), says("FEAT", 211, "Features:", "End"), says("FEAT", 500, "what?"), says("FEAT", 530, "log in")} {
		for _, code := range []int{421, 431, 500, 502, 504, 530, 534} {
			add(fmt.Sprintf("FEAT %d %d lines, AUTH %d", feat.Reply.Code, len(feat.Reply.Lines), code), append(greeting(), feat, says("AUTH TLS", code, "no"))...)
		}
	}
	for _, c := range handshakeCases(fact.Explicit) {
		c.steps, c.again = append(authAccepted(), c.steps...), prepend(authAccepted(), c.again)
		cases = append(cases, c)
	}
	return cases
}

// implicitCases are what can go wrong on a port of implicit TLS.
func implicitCases() []talkCase {
	cases := handshakeCases(fact.Implicit)
	for _, line := range []string{"220 hello", "421 busy", "500 no", "SSH-2.0-hello", "HTTP/1.1 400 Bad Request", "hello?"} {
		cases = append(cases, talkCase{name: "answers " + line, steps: []fact.Observation{noTLS(fact.Implicit, fact.NotTLS, plain(line))}})
	}
	inside := func(name string, steps ...fact.Observation) {
		for i := range steps {
			if steps[i].Opening != nil {
				steps[i].Opening.Encrypted = true
			}
		}
		cases = append(cases, talkCase{name: name, steps: append([]fact.Observation{secured(fact.Implicit, nil)}, steps...)})
	}
	for _, kind := range cutKinds {
		inside("inside TLS "+string(kind), silence(kind))
	}
	for _, voice := range []fact.Voice{fact.VoiceHTTP, fact.VoiceText, fact.VoiceBinary, fact.VoiceSSH} {
		inside("inside TLS "+string(voice), opens(voice, "words"))
	}
	inside("inside TLS 421", opens(fact.VoiceFTP, "421 full"), says("", 421, "full"))
	inside("inside TLS 530", opens(fact.VoiceFTP, "530 no"), says("", 530, "no"))
	return cases
}

// handshakeCases are the ways in which a handshake and a certificate can fail.
func handshakeCases(mode fact.TLSMode) []talkCase {
	var cases []talkCase
	one := func(name string, o fact.Observation) {
		cases = append(cases, talkCase{name: name, steps: []fact.Observation{o}})
	}
	for _, kind := range []fact.Kind{fact.Timeout, fact.Closed, fact.Reset, fact.TLSFailed, fact.TLSVersion} {
		one("handshake "+string(kind), noTLS(mode, kind, nil))
		one("handshake "+string(kind)+" halfway", noTLS(mode, kind, func(t *fact.TLS) { t.Received = 1400 }))
	}
	if mode == fact.Explicit {
		for _, line := range []string{"421 TLS handshake failed", "500 OOPS: SSL: cannot load RSA private key", "<html>"} {
			one("handshake answered "+line, noTLS(mode, fact.NotTLS, plain(line)))
		}
	}
	for _, alert := range []int{40, 42, 47, 70, 71, 80, 112, 116} {
		for _, wants := range []bool{false, true} {
			refusal := noTLS(mode, fact.Alert, func(t *fact.TLS) { t.Alert, t.AlertText, t.WantsCert = alert, "refused", wants })
			one(fmt.Sprintf("alert %d, wants a certificate: %v", alert, wants), refusal)
			for name, again := range seconds(mode, refusal) {
				cases = append(cases, talkCase{fmt.Sprintf("alert %d, then %s", alert, name), []fact.Observation{refusal}, []fact.Observation{again}})
			}
		}
	}
	for _, kind := range []fact.Kind{fact.Closed, fact.Reset} {
		for name, again := range seconds(mode, noTLS(mode, kind, nil)) {
			cases = append(cases, talkCase{fmt.Sprintf("%s, then %s", kind, name), []fact.Observation{noTLS(mode, kind, nil)}, []fact.Observation{again}})
		}
	}
	for _, fault := range []fact.Fault{fact.NameMismatch, fact.Expired, fact.NotYetValid, fact.SelfSigned, fact.UnknownAuthority, fact.NoChain, fact.BadCertificate} {
		one("certificate "+string(fault), secured(mode, func(t *fact.TLS) { spoil(t, fault) }))
	}
	for i := range cases {
		if mode == fact.Implicit && cases[i].steps[0].Failure == nil {
			cases[i].steps = append(cases[i].steps, fact.Observation{Opening: &fact.Opening{Kind: fact.VoiceFTP, Encrypted: true, Bytes: 9}}, says("", 220, "ready"))
		}
	}
	return cases
}

// spoil gives the certificate a fault, and shows it where it would show.
func spoil(t *fact.TLS, fault fact.Fault) {
	t.Faults = []fact.CertFault{{Kind: fault, Text: string(fault)}}
	leaf := &t.Chain[0]
	started := newMatrix("").run.Started
	switch fault {
	case fact.NameMismatch:
		leaf.Names = []string{"other.example.com"}
	case fact.Expired:
		leaf.NotAfter = started.AddDate(0, 0, -3)
	case fact.NotYetValid:
		leaf.NotBefore = started.AddDate(0, 0, 3)
	case fact.SelfSigned, fact.UnknownAuthority, fact.NoChain, fact.BadCertificate:
		leaf.SHA256 = "6a"
	}
}

// seconds are what a second handshake can come to.
func seconds(mode fact.TLSMode, refusal fact.Observation) map[string]fact.Observation {
	lenient := func(o fact.Observation) fact.Observation {
		copied := *o.TLS
		copied.Purpose = fact.LenientTLS
		o.TLS = &copied
		return o
	}
	return map[string]fact.Observation{
		"the same":     lenient(refusal),
		"TLS 1.0":      lenient(secured(mode, func(t *fact.TLS) { t.Version, t.Suite = "TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" })),
		"an old suite": lenient(secured(mode, func(t *fact.TLS) { t.Suite = "TLS_RSA_WITH_AES_128_CBC_SHA" })),
		"silence":      lenient(noTLS(mode, fact.Timeout, nil)),
		"success":      lenient(secured(mode, nil)),
	}
}

func prepend(first, then []fact.Observation) []fact.Observation {
	if len(then) == 0 {
		return nil
	}
	return append(first, then...)
}

// sshCases are what can go wrong on a port of SSH.
func sshCases() []talkCase {
	var cases []talkCase
	add := func(name string, steps ...fact.Observation) {
		cases = append(cases, talkCase{name: name, steps: steps})
	}
	ident := func(line string, before ...string) fact.Observation {
		return fact.Observation{Ident: &fact.Ident{Line: line, Before: before}}
	}
	for _, kind := range cutKinds {
		add("silent "+string(kind), silence(kind))
		add("lines, then "+string(kind), opens(fact.VoiceText, "words"), fails(kind, ident("", "words")))
		add("paused, then "+string(kind), opens(fact.VoiceText, "Not allowed at this time"), fails(kind, ident("", "Not allowed at this time")))
	}
	for _, voice := range []fact.Voice{fact.VoiceFTP, fact.VoiceHTTP, fact.VoiceHTML, fact.VoiceTLS, fact.VoiceAlert, fact.VoiceBinary} {
		add("opens with "+string(voice), opens(voice, "words"))
	}
	add("endless lines", opens(fact.VoiceText, "words"), fails(fact.TooLong, ident("", "words", "words")))
	add("restricted", opens(fact.VoiceSSH, "SSH-Restricted_TooMany"), ident("SSH-Restricted_TooMany"))
	add("version 1", opens(fact.VoiceSSH, "SSH-1.5-old"), ident("SSH-1.5-old"))
	add("version 3", opens(fact.VoiceSSH, "SSH-3.0-new"), ident("SSH-3.0-new"))
	current := &fact.Algorithms{Kex: []string{"curve25519-sha256"}, HostKeys: []string{"ssh-ed25519"}, CiphersOut: []string{"aes128-ctr"}, MACsOut: []string{"hmac-sha2-256"}}
	old := &fact.Algorithms{Kex: []string{"diffie-hellman-group1-sha1"}, HostKeys: []string{"ssh-dss"}, CiphersOut: []string{"3des-cbc"}, MACsOut: []string{"hmac-md5"}}
	for _, kind := range append([]fact.Kind{fact.Garbled, fact.Other}, cutKinds...) {
		add("key exchange "+string(kind), opens(fact.VoiceSSH, "SSH-2.0-x"), ident("SSH-2.0-x"), fails(kind, fact.Observation{Kex: &fact.Kex{}}))
		add("key exchange halfway "+string(kind), opens(fact.VoiceSSH, "SSH-2.0-x"), ident("SSH-2.0-x"), fails(kind, fact.Observation{Kex: &fact.Kex{Offer: current}}))
	}
	add("old algorithms", opens(fact.VoiceSSH, "SSH-2.0-x"), ident("SSH-2.0-x"), fails(fact.NoCommonAlgorithm, fact.Observation{Kex: &fact.Kex{Offer: old, Lacking: "host key"}}))
	add("old algorithms that this program knows", opens(fact.VoiceSSH, "SSH-2.0-x"), ident("SSH-2.0-x"), fact.Observation{Kex: &fact.Kex{Offer: old, HostKey: &fact.HostKey{Type: "ssh-dss", SHA256: profile.FilesCom.HostKeys[0]}}})
	return cases
}
