package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// ExplainProfile writes what a profile says of a service.
func ExplainProfile(w io.Writer, p *profile.Profile, o Options) error {
	out := newPage(o)
	out.title(p.Title)
	out.text(0, "profile "+p.Name+" for "+strings.Join(p.Hosts, ", "))
	out.part("Ways in", portLines(p))
	out.part("What it promises", promises(p))
	out.part("Signing in", signInLines(p))
	out.part("What it does not offer", lackLines(p))
	out.part("What its servers say", textLines(p))
	out.part("Where its administrators look", logLines(p))
	out.pages(p.Pages)
	_, err := io.WriteString(w, out.String())
	return err
}

// entry is a line with a label; without one it is a sentence.
type entry struct{ label, text string }

// part is a part of a page. Without lines there is none.
func (p *page) part(title string, lines []entry) {
	lines = slices.DeleteFunc(lines, func(l entry) bool { return l.text == "" })
	if len(lines) == 0 {
		return
	}
	p.blank()
	p.title(title)
	const column = 26
	for _, l := range lines {
		switch {
		case l.label == "":
			p.text(2, l.text)
		case len(l.label) >= column: // such as a long form of user names
			p.text(2, l.label)
			p.text(2+column, l.text)
		default:
			p.labelled(2, l.label, column, l.text)
		}
	}
}

// speaks names the protocols of ports as people choose them.
var speaks = map[fact.Protocol]string{
	fact.FTPES: "FTP, explicit TLS",
	fact.FTPS:  "FTP, implicit TLS",
	fact.FTP:   "FTP, not encrypted",
	fact.SFTP:  "SFTP",
	fact.HTTPS: "the web, looked at to compare",
}

func portLines(p *profile.Profile) []entry {
	var lines []entry
	for _, port := range p.Ports {
		text := speaks[port.Speaks]
		if port.StandsIn != 0 {
			text += fmt.Sprintf(", in place of %d", port.StandsIn)
		}
		lines = append(lines, entry{"port " + strconv.Itoa(port.Number), text})
	}
	return append(lines, entry{"", pick(p.Promised, "Each of them has to work.", "None of them is promised: they are only looked at.")})
}

func promises(p *profile.Profile) []entry {
	var lines []entry
	add := func(there bool, label, text string) {
		if there {
			lines = append(lines, entry{label, text})
		}
	}
	add(p.Passive.First != 0, "passive ports", fmt.Sprintf("%d to %d", p.Passive.First, p.Passive.Last))
	add(p.Addresses > 0, "addresses", fmt.Sprintf("a name has %d or more", p.Addresses))
	add(len(p.Networks) > 0, "networks", strings.Join(p.Networks, ", ")+"; it may use others too")
	add(p.NoIPv6, "IPv6", "none")
	add(p.WebsCert, "certificate", "FTPS shows that of the web port")
	add(len(p.HostKeys) > 0, "host keys", strings.Join(p.HostKeys, ", "))
	add(p.IdleSeconds > 0, "idle limit", lasting(p.IdleSeconds))
	add(p.WaitSeconds > 0, "time-out", lasting(p.WaitSeconds)+", as it recommends to apps")
	add(p.Retries > 0, "tries", fmt.Sprintf("%d, with %s between them", p.Retries, lasting(p.RetryPause)))
	add(p.Connections > 0, "limit", fmt.Sprintf("%d connections of one internet address at a time", p.Connections))
	add(p.PerMinute > 0, "limit", fmt.Sprintf("%d new connections of one internet address in a minute", p.PerMinute))
	add(p.DropsBanned, "bans", "an internet address that is shut out gets no answer at all")
	return lines
}

func signInLines(p *profile.Profile) []entry {
	var lines []entry
	if len(p.Methods) > 0 {
		lines = append(lines, entry{"over SSH", methodNames(p.Methods)})
	}
	if len(p.KeyTypes) > 0 {
		lines = append(lines, entry{"keys", strings.Join(p.KeyTypes, ", ")})
	}
	if p.KeyDelaySeconds > 0 {
		lines = append(lines, entry{"a new key", "works after " + lasting(p.KeyDelaySeconds) + " at the latest"})
	}
	if p.NewDelaySeconds > 0 {
		lines = append(lines, entry{"a new account", "works after " + lasting(p.NewDelaySeconds) + " at the latest"})
	}
	for _, u := range p.Users {
		lines = append(lines, entry{"name " + u.Shape, u.Means + pick(u.Wrong, "; it cannot be right", "")})
	}
	if p.WebLogin != nil {
		lines = append(lines, entry{"web", "--ask-web tries name and password at " + p.WebLogin.Path + " of the host"})
	}
	return lines
}

func methodNames(methods []fact.AuthMethod) string {
	var words []string
	for _, m := range methods {
		words = append(words, string(m))
	}
	return strings.Join(words, ", ")
}

// offers are what a service can lack, in words.
var offers = map[profile.Offer]string{
	profile.OffersFTP:       "FTP",
	profile.OffersSFTP:      "SFTP",
	profile.OffersClear:     "FTP without encryption",
	profile.OffersAnonymous: "anonymous users",
	profile.OffersPassword:  "passwords",
	profile.OffersShell:     "a shell",
}

func lackLines(p *profile.Profile) []entry {
	var lines []entry
	for _, l := range p.Lacks {
		text := offers[l.What]
		if l.Some != "" {
			text += ", for " + l.Some
		}
		if l.Instead != "" {
			text += ": " + l.Instead
		}
		lines = append(lines, entry{"", text})
	}
	return lines
}

func textLines(p *profile.Profile) []entry {
	var lines []entry
	for _, t := range p.Texts {
		lines = append(lines, entry{"", fmt.Sprintf("/%s/ means %s. %s", t.Words, t.Cause, t.Means)})
	}
	return lines
}

func logLines(p *profile.Profile) []entry {
	lines := []entry{{"log", p.Log}, {"help", p.Help}}
	told := map[string]bool{}
	for _, r := range p.Failures {
		rule, ok := cause.ByCode(r.Cause)
		if ok && !told[r.Name] {
			lines = append(lines, entry{r.Name, rule.Title})
		}
		told[r.Name] = true
	}
	return lines
}

// pages lists pages of a service. Their addresses are not broken, as they are there to be copied.
func (p *page) pages(pages []profile.Page) {
	if len(pages) == 0 {
		return
	}
	p.blank()
	p.title("Its own pages")
	for _, page := range pages {
		p.text(2, page.Title)
		p.WriteString("    " + p.shown(page.URL) + "\n")
	}
}

// lasting writes a time of a profile: "60 seconds", "7 minutes".
func lasting(n int) string {
	if n >= 120 && n%60 == 0 {
		return strconv.Itoa(n/60) + " minutes"
	}
	return several(n, "second")
}
