package report

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// learn lists what is known to be a name, so that it is found in the words of servers and in errors too.
func (s *pseudonyms) learn(run *fact.Run) {
	s.whole = map[string]string{}
	user := run.Target.User
	s.replace(user, s.user(user))
	for name := range strings.SplitSeq(run.Target.Folder, "/") {
		s.replace(fact.Clean(name), s.folder(name)) // servers repeat it
	}
	labels := strings.Split(s.asked, ".")
	for i, label := range labels[:max(1, len(labels)-1)] {
		s.replace(label, s.label(labels, i))
	}
	for _, o := range run.Seen {
		switch {
		case o.TLS != nil:
			for _, c := range o.TLS.Chain {
				s.whole[strings.ToLower(c.Subject)] = s.distinguished(c.Subject)
				s.whole[strings.ToLower(c.Issuer)] = s.distinguished(c.Issuer)
				s.replaceHosts(c.Names...)
			}
		case o.Hosts != nil:
			for _, line := range o.Hosts.Lines {
				s.replaceHosts(line.Names...)
			}
		case o.Lookup != nil:
			s.replaceHosts(o.Lookup.Name)
		case o.SSHConfig != nil:
			s.replace(o.SSHConfig.User, s.user(o.SSHConfig.User))
			s.replaceHosts(o.SSHConfig.HostName)
			s.replaceFiles(slices.Concat(o.SSHConfig.Files, o.SSHConfig.Identities, o.SSHConfig.KnownHosts)...)
		case o.KnownHosts != nil:
			s.replaceFiles(o.KnownHosts.Path)
		case o.Identity != nil:
			s.replaceFiles(o.Identity.Path)
		case o.Agent != nil:
			s.replaceFiles(o.Agent.Address)
		}
	}
	delete(s.whole, "")
	var known []string
	for text := range s.whole {
		known = append(known, bounded(text))
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	s.words = regexp.MustCompile(`(?i)` + strings.Join(append(known, lookalikes...), "|"))
}

// bounded is an expression for a text that stands by itself.
func bounded(text string) string {
	const edge = `\b`
	e := regexp.QuoteMeta(text)
	if wordEnd.MatchString(text[:1]) {
		e = edge + e
	}
	if wordEnd.MatchString(text[len(text)-1:]) {
		e += edge
	}
	return e
}

var wordEnd = regexp.MustCompile(`^\w$`)

// replaceHosts learns names without a dot. The others look like names.
func (s *pseudonyms) replaceHosts(names ...string) {
	for _, name := range names {
		if !strings.Contains(strings.TrimSuffix(name, "."), ".") {
			s.replace(name, s.host(name))
		}
	}
}

// replaceFiles learns paths of this computer, which stand in the errors of its operating system.
func (s *pseudonyms) replaceFiles(names ...string) {
	for _, name := range names {
		s.replace(name, s.file(name))
	}
}

// replace learns a name. One that is an ordinary word of servers as well stays where it stands in their sentences: there it
// tells nobody apart, and rules read it.
func (s *pseudonyms) replace(name, fresh string) {
	if len(name) > 1 && name != fresh && !plainWords.MatchString(name) {
		s.whole[strings.ToLower(name)] = fresh
	}
}

// plainWords are those that rules look for in the words of servers.
var plainWords = regexp.MustCompile(`(?i)^(a|access|account|active|address|again|allowed|anonymous|api|auth|authentication|authenticator|bad|ban|banned|billing|` +
	`block|blocked|busy|change|chroot|client|code|computer|connect|connection|connections|control|country|credentials|data|denied|deploy|dir|directory|` +
	`disabled|disk|encryption|error|expired|factor|failed|failure|file|files|folder|forbidden|from|ftp|ftps|ftpes|full|gateway|geo|guest|home|host|` +
	`hostname|in|internal|internet|invalid|ip|is|key|later|limit|load|location|lock|locked|log|login|logins|machine|maximum|method|mfa|more|name|network|` +
	`no|not|of|on|only|otp|over|overload|password|path|payment|permission|plain|policy|port|ports|protocol|proxy|quota|rate|region|rejected|remote|` +
	`required|reset|root|same|secure|security|server|service|session|sessions|sftp|shutdown|single|site|space|squid|ssh|ssl|sso|storage|subscription|` +
	`the|this|time|timeout|tls|too|totp|transfer|trial|trust|try|unknown|use|user|username|users|valid|verification|virtual|web|wrong|you|your)$`)

// lookalikes are expressions for what looks like a URL, a mail address, a folder, an address or the name of a host.
var lookalikes = []string{
	`\b[a-z][a-z0-9+.-]*://[^\s"'<>()]+`,
	`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`,
	`"/[^"]*"`,
	`(?:^|[\s(\[:=',|])/[^\s"'()\[\]<>|]+`,
	`\b[a-z]:\\[^\s"'()<>|]+`,
	`\b\d{1,3}(?:,\d{1,3}){5}\b`,
	`[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*`,
	`\b\d{1,3}(?:\.\d{1,3}){3}\b`,
	`[\w*-]+(?:\.[\w-]+)+`,
	`\b\d{1,3}(?:-\d{1,3}){3}\b`,
}

// text is a stranger's text with pseudonyms in it.
func (s *pseudonyms) text(text string) string {
	return s.words.ReplaceAllStringFunc(text, s.found)
}

// found is the pseudonym of what the expressions found.
func (s *pseudonyms) found(text string) string {
	if fresh, known := s.whole[strings.ToLower(text)]; known {
		return fresh
	}
	if strings.Contains(text, "://") {
		return s.location(text)
	}
	if name, host, found := strings.Cut(text, "@"); found {
		return s.word("user", name) + "@" + s.host(host)
	}
	if i := strings.IndexByte(text, '/'); i >= 0 {
		bare := strings.TrimSuffix(text, `"`)
		return bare[:i] + s.folders(bare[i:]) + text[len(bare):]
	}
	if strings.Contains(text, `:\`) {
		return text[:3] + s.folder(text[3:])
	}
	if strings.Contains(text, ",") {
		return s.separated(text, ",")
	}
	bare := strings.TrimRight(text, ".")
	if addr, err := netip.ParseAddr(bare); err == nil {
		return s.address(addr).String() + text[len(bare):]
	}
	switch {
	case strings.Contains(text, ":"):
		return fourNumbers.ReplaceAllStringFunc(text, s.host)
	case dashed.MatchString(text):
		return s.separated(text, "-")
	case looksLikeHost(text):
		return s.host(text)
	}
	return text
}

var (
	fourNumbers = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	dashed      = regexp.MustCompile(`^\d{1,3}(?:-\d{1,3}){3}$`)
)

// separated is the pseudonym of an IPv4 address whose numbers are separated by something else than dots, such as those in the
// reply to PASV. What follows them is the port.
func (s *pseudonyms) separated(text, by string) string {
	numbers := strings.Split(text, by)
	var four [4]byte
	for i := range four {
		n, err := strconv.ParseUint(numbers[i], 10, 8)
		if err != nil {
			return text
		}
		four[i] = byte(n)
	}
	fresh := strings.Split(s.address(netip.AddrFrom4(four)).String(), ".")
	return strings.Join(append(fresh, numbers[4:]...), by)
}

// looksLikeHost tells the name of a host from a version, and from two sentences without a blank between them.
func looksLikeHost(text string) bool {
	i := strings.LastIndexByte(text, '.')
	return i > 0 && topLevel.MatchString(text[i+1:])
}

// topLevel are the ends of host names: those of countries, the frequent others, and those of inner networks.
var topLevel = regexp.MustCompile(`(?i)^([a-z]{2}|xn--[a-z0-9-]+|com|net|org|info|biz|edu|gov|mil|int|app|dev|cloud|online|site|shop|tech|store|agency|example|` + strings.Join(plainEnds, "|") + `)$`)
