//go:build unix && !darwin

package probe

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ftpdoctor/probe/fact"
)

// The name localhost needs no network: Go's resolver finds it in the hosts file.
func TestSystemLooksUpAsOthers(t *testing.T) {
	for name, c := range map[string]struct {
		getent string // a shell script; empty: there is no such program
		want   string
		kind   fact.Kind
	}{
		"answers":   {getent: "echo '192.0.2.7 STREAM localhost'", want: "192.0.2.7"},
		"missing":   {want: "127.0.0.1"},
		"old":       {getent: "echo 'Unknown database: ahosts' >&2; exit 1", want: "127.0.0.1"},
		"nothing":   {getent: "exit 2", kind: fact.NotFound},
		"first bad": {getent: "if test -e again; then echo '192.0.2.7 STREAM'; else : > again; exit 2; fi", want: "192.0.2.7"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			t.Setenv("PATH", dir)
			if c.getent != "" {
				if err := os.WriteFile(filepath.Join(dir, "getent"), []byte("#!/bin/sh\n"+c.getent+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			found, err := System{}.LookupHost(t.Context(), "localhost")
			if c.kind != "" && (err == nil || kind(err) != c.kind) || c.kind == "" && !slices.Contains(texts(found), c.want) {
				t.Errorf("got %v, %v", found, err)
			}
		})
	}
}

func TestReadAhosts(t *testing.T) {
	// getent ahosts of the GNU C Library 2.36
	out := "2001:db8::7     STREAM ftp.example.com\n" +
		"2001:db8::7     DGRAM  \n" +
		"2001:db8::7     RAW    \n" +
		"198.51.100.7    STREAM \n" +
		"198.51.100.7    DGRAM  \n" +
		"nonsense\n"
	want := []netip.Addr{netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("198.51.100.7")}
	if got := readAhosts(out); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
