package lab

import (
	"context"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestScenarios checks the table itself, and that each world can be built, visited and closed without a goroutine
// left over: synctest panics on one.
func TestScenarios(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, s := range Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			if !name.MatchString(s.Name) || seen[s.Name] {
				t.Errorf("the name %q is not lower-case words joined by hyphens, or not unique", s.Name)
			}
			seen[s.Name] = true
			if !strings.HasSuffix(s.Says, ".") || strings.Count(s.Says, ". ") > 0 {
				t.Errorf("%q is not one sentence", s.Says)
			}
			if len(s.Args) == 0 {
				t.Error("no arguments")
			}
			if healthy := strings.HasPrefix(s.Name, "healthy-"); healthy != (len(s.Causes) == 0) {
				t.Errorf("causes %v do not fit the name", s.Causes)
			}
			if !slices.IsSorted(s.Causes) {
				t.Errorf("causes %v are not sorted", s.Causes)
			}
			in(t, s.Build, visitAll)
		})
	}
}

// visitAll looks the known names up and knocks on the known ports of every address, as rudely as it can: it reads a
// little and hangs up.
func visitAll(t *testing.T, c *Computer) {
	for _, host := range []string{filesHost, exampleFTP, "no-such.example"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, _ = c.LookupHost(ctx, host)
		cancel()
	}
	for addr := range c.Internet.Hosts {
		for _, port := range []uint16{4, 21, 22, 80, 443, 990, 2121} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			conn, err := c.DialContext(ctx, "tcp", netip.AddrPortFrom(addr, port).String())
			cancel()
			if err != nil {
				continue
			}
			_ = conn.SetDeadline(time.Now().Add(time.Second))
			_, _ = conn.Read(make([]byte, 100))
			_, _ = io.WriteString(conn, "FEAT\r\n")
			_ = conn.Close()
		}
	}
}

// TestHostile checks that the worlds of Hostile can be built, visited and closed.
func TestHostile(t *testing.T) {
	for _, s := range Hostile {
		t.Run(s.Name, func(t *testing.T) { in(t, s.Build, visitAll) })
	}
}

func TestFind(t *testing.T) {
	if s, ok := Find("port-21-blocked"); !ok || s.Name != "port-21-blocked" {
		t.Errorf("found %q, %v", s.Name, ok)
	}
	if _, ok := Find("no such fault"); ok {
		t.Error("found what is not there")
	}
	if Scenarios[0].Name != "healthy-files-com" {
		t.Error("the first scenario is not the healthy Files.com-like site")
	}
}
