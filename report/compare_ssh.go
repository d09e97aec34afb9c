package report

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// signIns compares the ways of signing in by SSH, where what it means for the user is a cause of its own, and what the server thought of keys that were shown both times.
func (c *comparing) signIns() {
	if c.before.Target.User != c.after.Target.User {
		return // another account
	}
	then, now := sorted(c.a.SSH.Offered()), sorted(c.b.SSH.Offered())
	if len(then) > 0 && len(now) > 0 && !slices.Equal(then, now) {
		c.file(0, Change{
			What: SignInMatter, Before: strings.Join(then, ", "), After: strings.Join(now, ", "),
			Says: fmt.Sprintf("the server signs in by %s now; before: %s", strings.Join(now, ", "), strings.Join(then, ", ")),
		})
	}
	for _, o := range c.b.Identities {
		key := o.Identity.SHA256
		before, after := taken(c.a, key), taken(c.b, key)
		if key == "" || before == after || before == "" || after == "" {
			continue
		}
		change := Change{What: SignInMatter, Before: before, After: after, Says: fmt.Sprintf("the key %s is %s now; before: %s", key, after, before)}
		if !slices.ContainsFunc(slices.Concat(c.Worse, c.Better), func(other Change) bool { return other.Says == change.Says }) {
			c.file(boolSign(after == keyTaken)-boolSign(before == keyTaken), change)
		}
	}
}

const (
	keyTaken   = "taken"
	keyRefused = "refused"
)

// taken says whether a server takes a key. Empty: it was not asked.
func taken(c *cause.Case, key string) string {
	switch c.SSH.KeyAnswer(key) {
	case fact.AuthAccepted, fact.AuthPartial, fact.AuthWouldDo:
		return keyTaken
	case fact.AuthRefused:
		return keyRefused
	default:
		return ""
	}
}

func sorted(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return words
}
