package report

import (
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// Redact is the report with pseudonyms in place of what says whose it is. It is judged anew, and comes out the same. The same
// key gives the same pseudonyms, so that two reports can be compared.
func (r *Report) Redact(key []byte) *Report {
	return New(Redact(r.Run, r.judgedBy, key))
}

// Redact puts pseudonyms in place of the user, of hosts, addresses, folders, fingerprints and distinguished names, and a
// profile of the user's own in words that name nobody. What rules tell apart stays apart: see pseudonyms.
func Redact(run fact.Run, p profile.Profile, key []byte) (fact.Run, profile.Profile) {
	everything := run
	for _, round := range run.Earlier {
		everything.Seen = slices.Concat(everything.Seen, round.Seen)
	}
	s := newPseudonyms(&everything, &p, key)
	target := run.Target
	run.Redacted = true
	run.Target.Host = s.host(target.Host)
	run.Target.Typed = run.Target.Host
	run.Target.User = s.user(target.User)
	run.Target.Folder = s.folders(target.Folder)
	p = s.profile(p, target.User)
	run.Target.Profile = p.Name
	run.Seen = s.observations(run.Seen)
	run.Earlier = slices.Clone(run.Earlier)
	for i, round := range run.Earlier {
		run.Earlier[i].Seen = s.observations(round.Seen)
	}
	return run, p
}

// profile rewrites a profile of the user's own. A built-in one is public.
func (s *pseudonyms) profile(p profile.Profile, user string) profile.Profile {
	if _, builtIn := profile.ByName(p.Name); builtIn {
		return p
	}
	shape, known := p.User(user)
	p.Name, p.Title = s.word("profile", p.Name), s.word("service", p.Title)
	p.Hosts, p.Users, p.Help = nil, nil, ""
	if known && user != "" {
		shape.Shape = regexp.QuoteMeta(s.user(user))
		shape.Means = s.text(shape.Means)
		p.Users = []profile.User{shape}
	}
	p.Networks = mapped(p.Networks, s.network)
	p.HostKeys = mapped(p.HostKeys, s.fingerprint)
	return s.profileTexts(p)
}

// profileTexts rewrites what a profile of the user's own says in words. What names the service and changes no finding goes.
func (s *pseudonyms) profileTexts(p profile.Profile) profile.Profile {
	p.Pages, p.Log, p.Failures = nil, "", nil
	p.Lacks = mapped(p.Lacks, func(l profile.Lack) profile.Lack {
		l.Some, l.Instead = s.text(l.Some), s.text(l.Instead)
		return l
	})
	p.Texts = mapped(p.Texts, func(t profile.Text) profile.Text {
		t.Words, t.Means, t.Do = s.text(t.Words), s.text(t.Means), s.text(t.Do)
		return t
	})
	p.WebLogin = altered(p.WebLogin, func(w *profile.WebLogin) {
		w.Path, w.By = "/", ""
		w.Errors = mapped(w.Errors, func(r profile.Reason) profile.Reason {
			r.Means = s.text(r.Means)
			return r
		})
	})
	return p
}

func (s *pseudonyms) observations(seen []fact.Observation) []fact.Observation {
	rewritten := make([]fact.Observation, len(seen))
	for i, o := range seen {
		rewritten[i] = s.observation(o)
	}
	return rewritten
}

// observation rewrites one step. The original keeps its payloads.
func (s *pseudonyms) observation(o fact.Observation) fact.Observation {
	o.Endpoint = s.place(o.Endpoint)
	o.Failure = altered(o.Failure, func(f *fact.Failure) { f.Text = s.text(f.Text) })
	o.Skip = altered(o.Skip, func(k *fact.Skip) { k.What, k.Reason = s.text(k.What), s.text(k.Reason) })
	o.Machine = altered(o.Machine, s.machine)
	o.Hosts = altered(o.Hosts, s.hosts)
	o.Lookup = altered(o.Lookup, s.lookup)
	o.Dial = altered(o.Dial, func(d *fact.Dial) { d.Local = s.place(d.Local) })
	o.Opening = altered(o.Opening, func(v *fact.Opening) { v.Lines = s.texts(v.Lines) })
	o.Reply = altered(o.Reply, func(r *fact.Reply) { r.Command, r.Lines = s.command(r.Command), s.texts(r.Lines) })
	o.TLS = altered(o.TLS, s.tls)
	o.Ident = altered(o.Ident, func(i *fact.Ident) { i.Before, i.Line = s.texts(i.Before), s.text(i.Line) })
	o.Kex = altered(o.Kex, s.kex)
	o.Web = altered(o.Web, func(w *fact.Web) { w.Server, w.Location = s.text(w.Server), s.location(w.Location) })
	o.Transfer = altered(o.Transfer, func(t *fact.Transfer) {
		t.Announced, t.Dialled, t.Lines = s.place(t.Announced), s.place(t.Dialled), s.texts(t.Lines)
	})
	o.Idle = altered(o.Idle, func(i *fact.Idle) { i.Lines = s.texts(i.Lines) })
	o.Sample = altered(o.Sample, func(m *fact.Sample) { m.Announced, m.Dialled = s.place(m.Announced), s.place(m.Dialled) })
	o.WebLogin = altered(o.WebLogin, s.webLogin)
	o.PublicIP = altered(o.PublicIP, func(p *fact.PublicIP) {
		p.Service, p.Server, p.Address = s.text(p.Service), s.place(p.Server), s.text(p.Address)
	})
	return s.overSSH(o)
}

// webLogin rewrites a sign-in on the web. The path is that of the profile, and goes with it.
func (s *pseudonyms) webLogin(w *fact.WebLogin) {
	w.Path, w.Reason, w.Says, w.Request = s.text(w.Path), s.text(w.Reason), s.texts(w.Says), ""
}

// altered is a copy of a part that may be missing, with a change.
func altered[T any](part *T, change func(*T)) *T {
	if part == nil {
		return nil
	}
	fresh := *part
	change(&fresh)
	return &fresh
}

// mapped is a list with each word replaced. No list stays no list.
func mapped[T any](words []T, replace func(T) T) []T {
	fresh := slices.Clone(words)
	for i, word := range fresh {
		fresh[i] = replace(word)
	}
	return fresh
}

func (s *pseudonyms) texts(lines []string) []string { return mapped(lines, s.text) }

func (s *pseudonyms) machine(m *fact.Machine) {
	m.Addresses = mapped(m.Addresses, s.interfaceAddress)
	m.Resolvers = mapped(m.Resolvers, s.place)
	m.Proxies = slices.Clone(m.Proxies)
	for i, p := range m.Proxies {
		m.Proxies[i].Value = strings.Join(mapped(strings.Split(p.Value, ","), s.proxy), ",")
	}
}

// proxy rewrites one entry of a proxy variable: a URL, a network, or a host with * or a dot in front of it.
func (s *pseudonyms) proxy(entry string) string {
	blank := entry[:len(entry)-len(strings.TrimLeft(entry, " "))]
	entry = strings.TrimSpace(entry)
	if strings.Contains(entry, "://") {
		return blank + s.location(entry)
	}
	if _, err := netip.ParsePrefix(entry); err == nil {
		return blank + s.network(entry)
	}
	front := entry[:len(entry)-len(strings.TrimLeft(entry, "*."))]
	host, port, found := strings.Cut(entry[len(front):], ":")
	if _, err := netip.ParseAddr(entry); err == nil || !found {
		return blank + front + s.host(entry[len(front):])
	}
	return blank + front + s.host(host) + ":" + port
}

func (s *pseudonyms) hosts(h *fact.Hosts) {
	h.Lines = slices.Clone(h.Lines)
	for i, line := range h.Lines {
		h.Lines[i].Address = s.host(line.Address)
		h.Lines[i].Names = mapped(line.Names, s.host)
	}
}

func (s *pseudonyms) lookup(l *fact.Lookup) {
	l.Server = s.place(l.Server)
	l.Name = s.host(l.Name)
	l.Records = slices.Clone(l.Records)
	for i, r := range l.Records {
		l.Records[i].Name, l.Records[i].Value = s.host(r.Name), s.host(r.Value)
	}
}

func (s *pseudonyms) tls(t *fact.TLS) {
	t.ServerName = s.host(t.ServerName)
	t.Plain = s.texts(t.Plain)
	t.Faults = slices.Clone(t.Faults)
	for i, f := range t.Faults {
		t.Faults[i].Text = s.text(f.Text)
	}
	t.Chain = slices.Clone(t.Chain)
	for i, c := range t.Chain {
		t.Chain[i].Subject, t.Chain[i].Issuer = s.distinguished(c.Subject), s.distinguished(c.Issuer)
		t.Chain[i].Names = mapped(c.Names, s.host)
		t.Chain[i].SHA256 = s.hex("certificate", c.SHA256)
	}
}

func (s *pseudonyms) kex(k *fact.Kex) {
	k.HostKey = altered(k.HostKey, s.hostKey)
	k.Goodbye = altered(k.Goodbye, s.goodbye)
}

// command rewrites what this program sent. Most commands take a folder or a file; the others hold nothing of the user's.
func (s *pseudonyms) command(sent string) string {
	verb, argument, found := strings.Cut(sent, " ")
	if !found {
		return s.text(sent)
	}
	switch strings.ToUpper(verb) {
	case "USER":
		return verb + " " + s.user(argument)
	case "HOST":
		return verb + " " + s.host(argument)
	case "CWD", "XCWD", "MKD", "XMKD", "RMD", "XRMD", "STOR", "APPE", "RETR", "DELE", "SIZE", "MDTM", "MLST", "MLSD", "LIST", "NLST", "STAT", "RNFR", "RNTO":
		return verb + " " + s.folders(argument)
	default:
		return s.text(sent)
	}
}

// location rewrites a URL. Of its path only the words stay by which rules know the page of a captive portal.
func (s *pseudonyms) location(typed string) string {
	u, err := url.Parse(typed)
	switch {
	case (err != nil || u.Hostname() == "") && strings.Contains(typed, "://"):
		return s.word("link", typed)
	case err != nil || u.Hostname() == "":
		return s.text(typed)
	}
	fresh := url.URL{Scheme: u.Scheme, Host: s.host(u.Hostname())}
	if strings.Contains(fresh.Host, ":") {
		fresh.Host = "[" + fresh.Host + "]"
	}
	if port := u.Port(); port != "" {
		fresh.Host += ":" + port
	}
	if u.Path != "" {
		fresh.Path = path.Join("/", cause.PortalWord(typed))
	}
	if host := s.asked; host != "" && strings.Contains(strings.ToLower(u.Path+"?"+u.RawQuery), host) {
		fresh.RawQuery = "host=" + s.host(host)
	}
	return fresh.String()
}
