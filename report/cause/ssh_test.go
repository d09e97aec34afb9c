package cause

import (
	"path/filepath"
	"reflect"
	"testing"

	"ftpdoctor/probe/fact"
)

// What SSH servers offer as they are installed, and for which purposes current clients find nothing in it.
func TestLacking(t *testing.T) {
	for _, c := range []struct {
		name        string
		offer       fact.Algorithms
		ssh, puttys []string // purposes that OpenSSH, and PuTTY, lack
	}{
		{
			name: "OpenSSH 9.2",
			offer: fact.Algorithms{
				Kex:        []string{"sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "ext-info-s", "kex-strict-s-v00@openssh.com"},
				HostKeys:   []string{"rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"},
				CiphersOut: []string{"chacha20-poly1305@openssh.com", "aes128-ctr"},
				MACsOut:    []string{"umac-64-etm@openssh.com", "hmac-sha1"},
			},
		},
		{
			name: "OpenSSH 6.6.1",
			offer: fact.Algorithms{
				Kex:        []string{"curve25519-sha256@libssh.org", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"},
				HostKeys:   []string{"ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "ssh-ed25519"},
				CiphersOut: []string{"aes128-ctr", "arcfour256", "aes128-cbc"},
				MACsOut:    []string{"hmac-md5-etm@openssh.com", "hmac-sha1", "hmac-md5"},
			},
		},
		{
			name: "OpenSSH 5.3 with an RSA key alone",
			offer: fact.Algorithms{
				Kex:        []string{"diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha1"},
				HostKeys:   []string{"ssh-rsa"},
				CiphersOut: []string{"aes128-ctr", "arcfour"},
				MACsOut:    []string{"hmac-md5", "hmac-sha1"},
			},
			ssh: []string{"host key"},
		},
		{
			name: "a network device of 2010",
			offer: fact.Algorithms{
				Kex:        []string{"diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"},
				HostKeys:   []string{"ssh-rsa"},
				CiphersOut: []string{"aes256-cbc", "3des-cbc"},
				MACsOut:    []string{"hmac-sha1", "hmac-md5"},
			},
			ssh: []string{"key exchange", "host key", "encryption"},
		},
		{
			name: "a server of 2003",
			offer: fact.Algorithms{
				Kex:        []string{"diffie-hellman-group1-sha1"},
				HostKeys:   []string{"ssh-dss"},
				CiphersOut: []string{"blowfish-cbc"},
				MACsOut:    []string{"hmac-ripemd160"},
			},
			ssh:    []string{"key exchange", "host key", "encryption", "integrity check"},
			puttys: []string{"key exchange", "host key", "encryption", "integrity check"},
		},
		{
			name: "ciphers that need no MAC",
			offer: fact.Algorithms{
				Kex:        []string{"curve25519-sha256"},
				HostKeys:   []string{"ssh-ed25519"},
				CiphersOut: []string{"aes256-gcm@openssh.com"},
				MACsOut:    []string{"hmac-of-our-own@example.com"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			talk := &Conversation{Kex: &fact.Observation{Kex: &fact.Kex{Offer: &c.offer}}}
			if got := purposes(lacking(talk, openSSH)); !reflect.DeepEqual(got, c.ssh) {
				t.Errorf("OpenSSH lacks %q, want %q", got, c.ssh)
			}
			if got := purposes(lacking(talk, putty)); !reflect.DeepEqual(got, c.puttys) {
				t.Errorf("PuTTY lacks %q, want %q", got, c.puttys)
			}
		})
	}
}

// Which apps share nothing with a server for some purpose.
func TestAppsLeftOut(t *testing.T) {
	current := fact.Algorithms{
		Kex:        []string{"sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256"},
		HostKeys:   []string{"rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-ed25519"},
		CiphersOut: []string{"chacha20-poly1305@openssh.com", "aes128-ctr", "aes128-gcm@openssh.com"},
		MACsOut:    []string{"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"},
	}
	with := func(change func(*fact.Algorithms)) fact.Algorithms {
		offer := current
		change(&offer)
		return offer
	}
	for _, c := range []struct {
		name  string
		offer fact.Algorithms
		want  []string
	}{
		{"Debian's OpenSSH", current, nil},
		{
			"an RSA key alone", with(func(o *fact.Algorithms) { o.HostKeys = []string{"rsa-sha2-512", "rsa-sha2-256"} }),
			[]string{"apps with libssh2 1.10 (host key)", "apps with JSch 0.1.55 (host key)"},
		},
		{
			"an Ed25519 key alone", with(func(o *fact.Algorithms) { o.HostKeys = []string{"ssh-ed25519"} }),
			[]string{"apps with JSch 0.1.55 (host key)"},
		},
		{
			"RSA with SHA-1 alone", with(func(o *fact.Algorithms) { o.HostKeys = []string{"ssh-rsa"} }),
			[]string{"OpenSSH 9 (host key)", "apps with JSch 0.2 (host key)"},
		},
		{
			"integrity checks that only new apps know", with(func(o *fact.Algorithms) {
				o.CiphersOut, o.MACsOut = []string{"aes128-ctr"}, []string{"hmac-sha2-256-etm@openssh.com"}
			}),
			[]string{"apps with libssh2 1.10 (integrity check)", "apps with JSch 0.1.55 (integrity check)"},
		},
	} {
		talk := &Conversation{Kex: &fact.Observation{Kex: &fact.Kex{Offer: &c.offer}}}
		if got := AppsLeftOut(talk); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s leaves out %q, want %q", c.name, got, c.want)
		}
	}
}

// Where the host key speaks against the server there is no way in by SSH, and nobody is sent there.
func TestImpostorsAreNoWaysIn(t *testing.T) {
	for _, code := range []string{"ssh-hostkey-changed", "ssh-hostkey-revoked", "ssh-proxied"} {
		run := load(t, filepath.Join("testdata", code, "example.json"))
		p := profileOf(run)
		for _, w := range Ways(run, &p) {
			if w.Protocol == fact.SFTP {
				t.Errorf("%s: port %d is a way in", code, w.Port)
			}
		}
		c := NewCase(run, &p)
		for _, e := range c.Endpoints {
			if e.hostKey() != nil && c.sound(e) {
				t.Errorf("%s: %s is one to send people to", code, e.Place())
			}
		}
	}
}
