//go:build unix && !darwin

package probe

import (
	"net/netip"
	"slices"
	"testing"
)

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
