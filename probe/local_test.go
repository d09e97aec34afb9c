package probe

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

// room is a computer without a network.
type room struct {
	addresses []netip.Prefix
	hosts     string
	missing   error // of the hosts file
	Network
}

func (r room) Addresses() ([]netip.Prefix, error) { return r.addresses, nil }
func (r room) Resolvers() []netip.AddrPort        { return nil }
func (r room) HostsFile() (string, []byte, error) { return "/etc/hosts", []byte(r.hosts), r.missing }

// lookHere carries out the check "local".
func lookHere(t *testing.T, plan Plan, r room) (machine, hosts fact.Observation) {
	t.Helper()
	s := newSession(t.Context(), plan, r, nil)
	local(t.Context(), s)
	if len(s.seen) != 2 || s.seen[0].Machine == nil || s.seen[1].Hosts == nil {
		t.Fatalf("recorded %+v", s.seen)
	}
	return s.seen[0], s.seen[1]
}

func TestMachine(t *testing.T) {
	for _, c := range []struct {
		addresses  string
		ipv4, ipv6 bool
	}{
		{"192.168.1.20/24 2001:db8::20/64 fe80::1/64", true, true},
		{"169.254.7.7/16 fe80::1/64", false, false},
		{"10.0.0.1/8 fd00::1/8", true, false},
		{"100.64.0.7/10", true, false},
		{"", false, false},
	} {
		var r room
		for text := range strings.FieldsSeq(c.addresses) {
			r.addresses = append(r.addresses, netip.MustParsePrefix(text))
		}
		o, _ := lookHere(t, Plan{}, r)
		if o.Machine.IPv4 != c.ipv4 || o.Machine.IPv6 != c.ipv6 || strings.Join(o.Machine.Addresses, " ") != c.addresses {
			t.Errorf("%s: %+v", c.addresses, o.Machine)
		}
		if text, err := json.Marshal(o.Machine); err != nil || strings.Contains(string(text), "null") {
			t.Errorf("%s, %v", text, err)
		}
	}
}

func TestProxyVariablesLoseTheirSecrets(t *testing.T) {
	for value, want := range map[string]string{
		"http://proxy.example.com:3128":              "http://proxy.example.com:3128",
		"http://jane:hunter2@proxy.example.com:3128": "http://proxy.example.com:3128",
		"jane:hunter2@proxy.example.com:3128":        "proxy.example.com:3128",
		"http://jane:hun/hunter2@@proxy.example.com": "http://proxy.example.com",
		"jane:http://hunter2@proxy.example.com":      "proxy.example.com",
		"localhost,.example.com":                     "localhost,.example.com",
	} {
		o, _ := lookHere(t, Plan{Proxies: []fact.Proxy{{Variable: "HTTPS_PROXY", Value: value}}}, room{})
		if got := o.Machine.Proxies[0]; got.Variable != "HTTPS_PROXY" || got.Value != want {
			t.Errorf("%s is recorded as %+v", value, got)
		}
	}
}

func TestHostsFile(t *testing.T) {
	text := "\ufeff127.0.0.1 localhost\r\n" +
		"# 192.0.2.1 ftp.example.com\r\n" +
		"192.0.2.2\tother.example.com  FTP.example.com. # ours\r\n" +
		"nonsense ftp.example.com\n" +
		"192.0.2.3 ftp.example.community myftp.example.com\n" +
		"fe80::1%eth0 ftp.example.com\x1b[31m ftp.example.com\n" +
		"192.0.2.4\n"
	_, o := lookHere(t, Plan{Target: fact.Target{Host: "ftp.example.com"}}, room{hosts: text})
	want := []fact.HostsLine{
		{Line: 3, Address: "192.0.2.2", Names: []string{"other.example.com", "FTP.example.com."}},
		{Line: 6, Address: "fe80::1%eth0", Names: []string{`ftp.example.com\x1b[31m`, "ftp.example.com"}},
	}
	if !reflect.DeepEqual(o.Hosts.Lines, want) || o.Failure != nil || o.Hosts.Path != "/etc/hosts" {
		t.Errorf("got %+v, %+v", o.Hosts, o.Failure)
	}
	_, o = lookHere(t, Plan{Target: fact.Target{Host: "ftp.example.com"}}, room{hosts: strings.Repeat("192.0.2.2 ftp.example.com\n", 1000)})
	if len(o.Hosts.Lines) != maxHostsLines {
		t.Errorf("%d lines are kept", len(o.Hosts.Lines))
	}
}

func TestHostsFileThatCannotBeRead(t *testing.T) {
	_, o := lookHere(t, Plan{}, room{missing: &fs.PathError{Op: "open", Path: "/etc/hosts", Err: fs.ErrNotExist}})
	if o.Failure != nil {
		t.Errorf("a computer without one: %+v", o.Failure)
	}
	_, o = lookHere(t, Plan{}, room{missing: fmt.Errorf("open: %w", os.ErrPermission)})
	if o.Failure == nil {
		t.Error("a file that may not be read is no failure")
	}
}
