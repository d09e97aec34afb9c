// Package cause says what facts mean. A rule is a pure function over the facts of
// one run: it opens nothing, reads no clock and knows no service by name, so a saved
// report is judged exactly as the live run was.
package cause

import (
	"cmp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Rule recognises one cause.
type Rule struct {
	Code        string   // its name everywhere; once released never renamed or used for something else
	Title       string   // the cause in a few words, for lists
	Severity    Severity // the usual one; a finding may lower it
	Page        Page
	ExplainedBy []string // causes that would bring this one about; a finding in the same place is then a consequence
	Match       func(*Case) []Finding
}

// Page is what `ftpdoctor explain` shows of a rule, and its page in docs/causes.
// Each part is Markdown: paragraphs of plain words.
type Page struct {
	Means string // what it is, for the reader who is stuck
	Shown string // what on the wire shows it, and what separates it from its neighbours
	Mend  string // what to do, and who can do it
}

// Severity says how much a finding matters.
type Severity string

// The severities, the gravest first.
const (
	Problem Severity = "problem" // something that was asked for, or is promised, does not work
	Warning Severity = "warning" // works, but will bite
	Note    Severity = "note"    // good to know
)

// Confidence says how far the evidence goes.
type Confidence string

// The degrees of confidence.
const (
	Certain  Confidence = "certain"  // the evidence excludes the neighbours
	Likely   Confidence = "likely"   // a neighbour remains, and is less probable
	Possible Confidence = "possible" // one of several
)

// Finding is a cause that was found.
type Finding struct {
	Cause       string      `json:"cause"`
	Severity    Severity    `json:"severity"`
	Confidence  Confidence  `json:"confidence"`
	Title       string      `json:"title"`              // one sentence that names the place: "Port 21 is blocked on the way to acme.files.com"
	Says        string      `json:"says"`               // the evidence in one or two sentences
	Where       []string    `json:"where,omitempty"`    // "21" (on every address), "198.51.100.7" (every port), "198.51.100.7:22"; empty: the host
	Evidence    []int       `json:"evidence,omitempty"` // ids of observations
	Quotes      []string    `json:"quotes,omitempty"`   // the server's own words
	Fix         []Step      `json:"fix"`
	Candidates  []Candidate `json:"candidates,omitempty"` // when the wire cannot decide: the likeliest first
	ExplainedBy string      `json:"explained_by,omitempty"`
	Rounds      []int       `json:"rounds,omitempty"` // in which it showed, counted from 1; empty: there was one
}

// Step is something to do, and who can do it.
type Step struct {
	Who Who    `json:"who"`
	Do  string `json:"do"` // an imperative, without a full stop at its end
}

// Who can do something about it.
type Who string

// The people.
const (
	You         Who = "you"
	YourNetwork Who = "your network"
	SiteAdmin   Who = "site admin"
	Provider    Who = "provider"
)

// Candidate is a cause that remains possible.
type Candidate struct {
	Cause   string `json:"cause"`
	Confirm string `json:"confirm"` // what would confirm it
	Who     Who    `json:"who"`     // who can see that
}

// Rules lists every rule, the lowest layer first. It is the only list of causes.
var Rules = slices.Concat(localRules, localSSHRules, keyRules, dnsRules, tcpRules, tlsRules, ftpRules, loginRules, dataRules, idleRules, sshRules, authRules, sftpRules)

// ByCode finds a rule.
func ByCode(code string) (Rule, bool) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return Rule{}, false
	}
	return Rules[i], true
}

// Find judges a run: root causes first, the gravest first, then the consequences.
func Find(run *fact.Run, p *profile.Profile) []Finding {
	found := findOnce(run, p)
	if len(run.Earlier) > 0 {
		found = findInRounds(run, p)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(consequence(a), consequence(b)),
			cmp.Compare(rank(a.Severity), rank(b.Severity)),
		)
	})
	return found
}

// findOnce judges a single round.
func findOnce(run *fact.Run, p *profile.Profile) []Finding {
	c := NewCase(run, p)
	var found []Finding
	for _, rule := range Rules {
		for _, f := range rule.Match(c) {
			found = append(found, complete(f, rule))
		}
	}
	explain(found)
	return found
}

// complete fills in what a finding takes from its rule.
func complete(f Finding, rule Rule) Finding {
	f.Cause = rule.Code
	f.Severity = cmp.Or(f.Severity, rule.Severity)
	f.Confidence = cmp.Or(f.Confidence, Certain)
	f.Title = cmp.Or(f.Title, rule.Title)
	slices.Sort(f.Evidence)
	f.Evidence = slices.Compact(f.Evidence)
	return f
}

// explain marks the findings that another finding in the same place brings about. The cause is then as grave as
// what it brings about. Causes mostly lie in a lower layer, so that going down raises a whole chain.
func explain(found []Finding) {
	for i := range slices.Backward(found) {
		rule, _ := ByCode(found[i].Cause)
		for _, code := range rule.ExplainedBy {
			j := slices.IndexFunc(found, func(g Finding) bool { return g.Cause == code && covers(g.Where, found[i].Where) })
			if j < 0 {
				continue
			}
			found[i].ExplainedBy = code
			if rank(found[i].Severity) < rank(found[j].Severity) {
				found[j].Severity = found[i].Severity
			}
			break
		}
	}
}

// covers says whether every place of inner lies within outer. No place at all is the whole host.
func covers(outer, inner []string) bool {
	if len(outer) == 0 {
		return true
	}
	if len(inner) == 0 {
		return false
	}
	for _, place := range inner {
		if !slices.ContainsFunc(outer, func(o string) bool { return within(place, o) }) {
			return false
		}
	}
	return true
}

// within says whether a place is another, or an endpoint on that address or port.
func within(place, outer string) bool {
	return place == outer ||
		strings.HasSuffix(place, ":"+outer) ||
		strings.HasPrefix(place, outer+":") ||
		strings.HasPrefix(place, "["+outer+"]:")
}

func rank(s Severity) int { return slices.Index([]Severity{Problem, Warning, Note}, s) }

func consequence(f Finding) int {
	if f.ExplainedBy == "" {
		return 0
	}
	return 1
}
