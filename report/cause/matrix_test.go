package cause

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// What a connect can come to. The empty kind stands for an endpoint that works.
var fates = []fact.Kind{"", fact.Refused, fact.Dropped, fact.HostUnreachable}

// On a server that promises nothing, closed ports are no fault while some way in works, whatever the firewalls in front of it
// do with the others. Where none works, something has to be said.
func TestClosedPortsOfAnyServer(t *testing.T) {
	ports := []int{21, 3021, 990, 22, 443}
	for n := range 1 << (2 * len(ports)) {
		m := newMatrix("generic")
		for i, port := range ports {
			m.connect("203.0.113.10", port, fates[n>>(2*i)&3])
		}
		found := judge(m.run)
		checkFindings(t, m.run, found)
		works := len(Ways(m.run, &profile.Generic)) > 0
		faults := slices.DeleteFunc(found, func(f Finding) bool { return f.Severity == Note })
		if works && len(faults) > 0 {
			t.Fatalf("%v: a false alarm:\n%s", m, dump(faults))
		}
		if !works && roots(found) == 0 {
			t.Fatalf("%v: nothing works, and nothing is said:\n%s", m, dump(found))
		}
		if roots(found) > 1 && !m.mixed() {
			t.Fatalf("%v: one fault, %d findings:\n%s", m, roots(found), dump(found))
		}
	}
}

// On a service that promises its ports, every port that cannot be connected to belongs to some finding.
func TestClosedPortsOfAPromisedService(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		m := newMatrix("files.com")
		addresses := []string{"198.72.80.11", "198.72.80.12", "198.72.80.13"}[:1+random.IntN(3)]
		for _, address := range addresses {
			for _, port := range profile.FilesCom.Ports {
				fate := fates[0]
				if random.IntN(3) == 0 {
					fate = fates[random.IntN(len(fates))]
				}
				m.connect(address, port.Number, fate)
			}
		}
		found := judge(m.run)
		checkFindings(t, m.run, found)
		for i := range m.run.Seen {
			o := &m.run.Seen[i]
			if ap, _ := netip.ParseAddrPort(o.Endpoint); o.Dial == nil || o.Failure == nil || ap.Port() == 443 {
				continue
			}
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.ExplainedBy == "" && covers(f.Where, []string{o.Endpoint}) }) {
				t.Fatalf("%v: nothing is said about %s:\n%s", m, o.Endpoint, dump(found))
			}
		}
	}
}

func roots(found []Finding) int {
	n := 0
	for _, f := range found {
		if f.ExplainedBy == "" && f.Severity != Note {
			n++
		}
	}
	return n
}

// matrix is a run of connects.
type matrix struct {
	run   *fact.Run
	fates []string
}

func newMatrix(profile string) *matrix {
	return &matrix{run: &fact.Run{
		Started: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		Target:  fact.Target{Typed: "server.example.com", Host: "server.example.com", Profile: profile},
	}}
}

func (m *matrix) String() string { return fmt.Sprint(m.fates) }

// mixed says whether connects failed in more than one way.
func (m *matrix) mixed() bool {
	var kinds []fact.Kind
	for _, o := range m.run.Seen {
		if o.Failure != nil && !slices.Contains(kinds, o.Failure.Kind) {
			kinds = append(kinds, o.Failure.Kind)
		}
	}
	return len(kinds) > 1
}

// connect adds an endpoint that works, or whose connect fails.
func (m *matrix) connect(address string, port int, fails fact.Kind) {
	m.fates = append(m.fates, fmt.Sprintf("%s:%d %q", address, port, fails))
	conn := len(m.fates)
	place := fmt.Sprintf("%s:%d", address, port)
	add := func(o fact.Observation) {
		o.ID, o.Check, o.Endpoint, o.Conn, o.Took = len(m.run.Seen)+1, "endpoints", place, conn, 20
		m.run.Seen = append(m.run.Seen, o)
	}
	dial := fact.Observation{Dial: &fact.Dial{Try: 1, Limit: 10_000}}
	if fails != "" {
		dial.Failure = &fact.Failure{Kind: fails, Text: string(fails)}
		add(dial)
		return
	}
	add(dial)
	secure := &fact.TLS{Version: "TLS 1.3", Chain: []fact.Certificate{{SHA256: "5f", NotAfter: m.run.Started.AddDate(1, 0, 0)}}}
	greeting := &fact.Reply{Code: 220, Lines: []string{"ready"}}
	switch port {
	case 22, 3022:
		add(fact.Observation{Opening: &fact.Opening{Kind: fact.VoiceSSH, Bytes: 20}})
		add(fact.Observation{Ident: &fact.Ident{Line: "SSH-2.0-OpenSSH_9.6"}})
		add(fact.Observation{Kex: &fact.Kex{HostKey: &fact.HostKey{Type: "ssh-ed25519", SHA256: profile.FilesCom.HostKeys[0]}}})
	case 990, 3990:
		secure.Mode = fact.Implicit
		add(fact.Observation{TLS: secure})
		add(fact.Observation{Opening: &fact.Opening{Kind: fact.VoiceFTP, Bytes: 20, Encrypted: true}})
		add(fact.Observation{Reply: greeting})
	case 443:
		secure.Mode = fact.WebTLS
		add(fact.Observation{TLS: secure})
		add(fact.Observation{Web: &fact.Web{Status: 200}})
	default:
		secure.Mode = fact.Explicit
		add(fact.Observation{Opening: &fact.Opening{Kind: fact.VoiceFTP, Bytes: 20}})
		add(fact.Observation{Reply: greeting})
		add(fact.Observation{Reply: &fact.Reply{Command: "FEAT", Code: 211, Lines: []string{"Features:", " AUTH TLS", "End"}}})
		add(fact.Observation{Reply: &fact.Reply{Command: "AUTH TLS", Code: 234}})
		add(fact.Observation{TLS: secure})
	}
}
