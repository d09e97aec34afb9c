package probe

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// local looks at this computer: its addresses, DNS servers, proxy variables, its hosts file, and what ssh is told here.
func local(ctx context.Context, s *Session) {
	s.machine(ctx)
	s.hostsFile(ctx)
	if s.plan.TriesSSH() {
		s.sshConfig()
		s.hostBook()
	}
}

func (s *Session) machine(ctx context.Context) {
	st := s.begin("local", "", 0, "the addresses of this computer", 0)
	addresses, err := s.network.Addresses()
	st.Machine = &fact.Machine{
		Addresses: texts(addresses),
		Resolvers: texts(s.network.Resolvers()),
		IPv4:      hasIPv4(addresses),
		IPv6:      hasIPv6(addresses),
	}
	for _, p := range s.plan.Proxies {
		st.Machine.Proxies = append(st.Machine.Proxies, fact.Proxy{Variable: fact.Clean(p.Variable), Value: fact.Clean(withoutUser(p.Value))})
	}
	st.end(ctx, err)
}

// texts writes addresses out; an empty list stays a list in JSON.
func texts[T interface{ String() string }](list []T) []string {
	found := []string{}
	for _, x := range list {
		found = append(found, x.String())
	}
	return found
}

// hasIPv4 says whether there is an address that reaches beyond its own link.
func hasIPv4(addresses []netip.Prefix) bool {
	return slices.ContainsFunc(addresses, func(p netip.Prefix) bool {
		return p.Addr().Is4() && p.Addr().IsGlobalUnicast()
	})
}

// hasIPv6 says whether there is an address that reaches the internet. Unique local addresses
// (RFC 4193) stay within a site.
func hasIPv6(addresses []netip.Prefix) bool {
	return slices.ContainsFunc(addresses, func(p netip.Prefix) bool {
		return p.Addr().Is6() && p.Addr().IsGlobalUnicast() && !p.Addr().IsPrivate()
	})
}

// withoutUser cuts user and password out of the value of a proxy variable, which is a URL or HOST:PORT. A password may
// hold any character unescaped, so that everything up to the last @ goes, but for a scheme.
func withoutUser(value string) string {
	at := strings.LastIndexByte(value, '@')
	if at < 0 {
		return value
	}
	scheme, _, ok := strings.Cut(value[:at], "://")
	if !ok || strings.ContainsFunc(scheme, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return value[at+1:]
	}
	return scheme + "://" + value[at+1:]
}

func (s *Session) hostsFile(ctx context.Context) {
	st := s.begin("local", "", 0, "the hosts file", 0)
	path, content, err := s.network.HostsFile()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // a computer does not need one
	}
	st.Hosts = &fact.Hosts{Path: path, Lines: hostsLines(content, s.plan.Target.Host)}
	st.end(ctx, err)
}

// The bounds of what is recorded of a hosts file.
const (
	maxHostsLines = 16
	maxHostsNames = 64
)

// hostsLines finds the lines that give the host an address, with all names that they hold.
func hostsLines(content []byte, host string) []fact.HostsLine {
	var found []fact.HostsLine
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) {
		number++
		text, _, _ := strings.Cut(line, "#")
		fields := strings.Fields(text)
		if len(fields) < 2 || !isNamed(host, fields[1:]) {
			continue
		}
		if _, err := netip.ParseAddr(fields[0]); err != nil {
			continue // the system's resolver passes over it too
		}
		if len(found) == maxHostsLines {
			break
		}
		found = append(found, fact.HostsLine{
			Line:    number,
			Address: fact.Clean(fields[0]),
			Names:   fact.CleanLines(fields[1:min(len(fields), 1+maxHostsNames)], maxHostsNames),
		})
	}
	return found
}

// isNamed says whether a host is among the names of a line.
func isNamed(host string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.EqualFold(strings.TrimSuffix(name, "."), host)
	})
}
