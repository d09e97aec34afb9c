package report

import (
	"fmt"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// methodsOffered are the ways of signing in by SSH that the server offered to the user.
func methodsOffered(c *cause.Case) []string {
	offered := c.SSH.Offered()
	if len(offered) == 0 {
		return nil
	}
	return []string{strings.Join(offered, ", ") + " (on " + c.SSH.Place + ")"}
}

// keyResults lists each key that was shown to the server, and what it answered.
func keyResults(c *cause.Case) []string {
	words := map[fact.AuthAnswer]string{
		fact.AuthAccepted: "signed in",
		fact.AuthPartial:  "right, and more was wanted",
		fact.AuthWouldDo:  "would be taken",
		fact.AuthRefused:  "refused",
		fact.AuthUnasked:  "not shown",
	}
	var found []string
	for _, o := range c.Identities {
		k := o.Identity
		answer := words[c.SSH.KeyAnswer(k.SHA256)]
		if k.SHA256 == "" || answer == "" {
			continue
		}
		found = append(found, strings.TrimSpace(fmt.Sprintf("%s %s", k.Type, k.SHA256))+": "+answer)
	}
	return unique(found)
}

// appsLeftOut lists the apps that share no algorithm with an SSH server for some purpose.
func appsLeftOut(e *cause.Endpoint) string {
	return strings.Join(cause.AppsLeftOut(e.Talk), ", ")
}
