package cause

import (
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// OpenSSH leaves out a key that others may read. One in the format of PuTTY it never reads, so that its rights keep nobody from
// signing in.
func TestRightsOfKeys(t *testing.T) {
	for format, want := range map[fact.KeyFormat]Severity{fact.FormatOpenSSH: Warning, fact.FormatPEM: Warning, fact.FormatPuTTY: Note} {
		key := identity(fact.KeyGiven, "k1")
		key.Identity.Path, key.Identity.Format, key.Identity.Open, key.Identity.Mode = "/home/jane/key", format, true, "0644"
		run := &newSignIn(key, none(both...), query("k1", fact.AuthWouldDo), signed("k1", fact.AuthAccepted), login(fact.Accepted, "key", "")).run
		var got Severity
		for _, f := range Find(run, &profile.Generic) {
			if f.Cause == "key-permissions" {
				got = f.Severity
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

// A certificate that names another user is only a fault where the server refused it.
func TestCertificateForSomebodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		steps []fact.Observation
		want  bool
	}{
		"refused":   {[]fact.Observation{none(both...), query("k1", fact.AuthRefused), login(fact.LoginDenied, "key", "")}, true},
		"not shown": {[]fact.Observation{none(both...), login(fact.NotSent, "key", fact.HostChanged)}, false},
	} {
		key := identity(fact.KeyGiven, "k1")
		key.Identity.Path, key.Identity.Format = "/home/jane/key", fact.FormatOpenSSH
		key.Identity.Certificate = &fact.KeyCertificate{CA: "SHA256:ca", Principals: []string{"root"}}
		got := false
		for _, f := range Find(&newSignIn(key).add(c.steps...).run, &profile.Generic) {
			got = got || f.Cause == "key-certificate"
		}
		if got != c.want {
			t.Errorf("%s: found %v, want %v", name, got, c.want)
		}
	}
}
