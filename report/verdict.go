package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// Verdict is the whole report in one word, one number and one sentence. It is the same for every format.
type Verdict struct {
	Status  Status `json:"status"`
	Exit    int    `json:"exit"`
	Summary string `json:"summary"`
}

// Status is the verdict in one word.
type Status string

// The statuses.
const (
	OK           Status = "ok"           // nothing that was asked for or promised fails
	Degraded     Status = "degraded"     // something fails, and at least one way in works
	Problem      Status = "problem"      // something fails, and no way in works, or nobody was let in
	Inconclusive Status = "inconclusive" // the run could not look at everything, or a sign-in that was wanted was not made
)

// The exit codes. Wrong usage has no report.
const (
	exitOK           = 0
	exitProblem      = 1
	exitUsage        = 2
	exitInconclusive = 3
)

// Exit is the exit code, as --strict and --exit-zero change it: the first makes warnings count as
// problems, the second lets problems pass. A run that saw too little stays inconclusive.
func (r *Report) Exit(strict, exitZero bool) int {
	code := r.Verdict.Exit
	if strict && code == exitOK && r.count(cause.Warning) > 0 {
		code = exitProblem
	}
	if exitZero && code == exitProblem {
		code = exitOK
	}
	return code
}

// verdict sums up findings and ways.
func verdict(r *Report) Verdict {
	silent := unexplained(r)
	switch {
	case r.Stopped != "" || offline(&r.Run):
		return Verdict{Inconclusive, exitInconclusive, inconclusive(r)}
	case r.count(cause.Problem) > 0:
		return Verdict{failed(r), exitProblem, firstProblem(r)}
	case len(silent) > 0 && len(r.Ways) == 0 && beyond(&r.Run) != "":
		return Verdict{Inconclusive, exitInconclusive, inconclusive(r)}
	case len(silent) > 0:
		return Verdict{failed(r), exitProblem, unexplainedSentence(r, silent)}
	case nowhere(&r.Run):
		return Verdict{Inconclusive, exitInconclusive, inconclusive(r)}
	case nobodyIn(r):
		return Verdict{Inconclusive, exitInconclusive, keptOut(r)}
	default:
		return Verdict{OK, exitOK, works(r)}
	}
}

// failed is the status of a report with a problem.
func failed(r *Report) Status {
	if len(working(r)) > 0 {
		return Degraded
	}
	return Problem
}

// working lists the ways in that work as far as they were tried. One on which somebody signed in and got no listing does not, and
// where somebody wanted to sign in and did not, none is known to work for that user.
func working(r *Report) []cause.Way {
	if shutOut(r) || nobodyIn(r) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Ways), func(w cause.Way) bool { return w.Proof == cause.ProofLoggedIn || turnedDown(r, w) })
}

// turnedDown says whether the protocol of a way in turned the user down. It does so on all its ports: it is the account that counts.
func turnedDown(r *Report, w cause.Way) bool {
	down := false
	for _, o := range signIns(r) {
		switch l := o.Login; {
		case (l.Protocol == fact.SFTP) != (w.Protocol == fact.SFTP):
		case l.Outcome == fact.Accepted:
			return false
		case l.Outcome != fact.NotSent:
			down = true
		}
	}
	return down
}

// atHand says how to give this program what it lacked.
var atHand = map[fact.Withheld]string{
	fact.NoPassword: " (give it in FTPDOCTOR_PASSWORD or with --password-file)",
	fact.NoKey:      " (name its file with -i)",
	fact.NoCode:     " (give a code in FTPDOCTOR_OTP)",
}

// shutOut says whether somebody wanted to sign in and was turned down, and nobody was let in.
func shutOut(r *Report) bool {
	return !letIn(r) && (r.Spent.FailedLogins > 0 || slices.ContainsFunc(r.roots(), func(f cause.Finding) bool {
		return f.Severity == cause.Problem && (strings.HasPrefix(f.Cause, "auth-") || strings.HasPrefix(f.Cause, "key-"))
	}))
}

// letIn says whether somebody was let in, by whatever protocol. A web login is no way in.
func letIn(r *Report) bool {
	return slices.ContainsFunc(signIns(r), func(o *fact.Observation) bool { return o.Login.Outcome == fact.Accepted })
}

// nobodyIn says whether somebody wanted to sign in, a way in was there, and nobody was let in.
func nobodyIn(r *Report) bool {
	return !letIn(r) && slices.ContainsFunc(signIns(r), func(o *fact.Observation) bool { return o.Login.Withheld != fact.NoWayIn })
}

// signIns lists how the sign-ins of all rounds ended.
func signIns(r *Report) []*fact.Observation {
	var found []*fact.Observation
	for _, one := range r.Each() {
		for i := range one.Seen {
			if one.Seen[i].Login != nil {
				found = append(found, &one.Seen[i])
			}
		}
	}
	return found
}

// keptOut says that nobody was let in where nothing is known to be wrong, and why.
func keptOut(r *Report) string {
	says := "Nobody was signed in at " + r.Target.Host + ", so it is not known whether that works: " + keptOutBecause(r)
	if n := r.count(cause.Warning); n > 0 {
		says += "; " + several(n, "warning")
	}
	return says + "."
}

// keptOutBecause is the reason for which nobody was let in. A refusal says more than what was not sent.
func keptOutBecause(r *Report) string {
	because := ""
	for _, o := range signIns(r) {
		switch l := o.Login; {
		case l.Outcome != fact.NotSent:
			return "what was shown to the server was not taken"
		case l.Withheld != fact.NoWayIn && because == "":
			because = withheldSays[l.Withheld] + atHand[l.Withheld]
		}
	}
	return cmp.Or(because, "the report does not say why")
}

func inconclusive(r *Report) string {
	var says string
	switch {
	case r.Stopped == fact.ByUser:
		says = "The run was interrupted before it had seen everything"
	case r.Stopped == fact.ByDeadline:
		says = "The time for the whole run was over before it had seen everything"
	case offline(&r.Run):
		return "This computer has no network connection, so nothing can be said about " + r.Target.Host + "."
	case beyond(&r.Run) != "":
		return beyond(&r.Run)
	default:
		return "No address of " + r.Target.Host + " could be looked at, so nothing can be said about it."
	}
	switch n := r.count(cause.Problem); {
	case n > 0:
		return says + "; until then " + several(n, "problem") + " showed."
	case len(r.Ways) > 0:
		return says + "; until then " + several(len(r.Ways), "way") + " in worked."
	default:
		return says + "."
	}
}

// firstProblem is the sentence of the gravest finding, and how many others there are.
func firstProblem(r *Report) string {
	says := r.roots()[0].Title
	if more := r.count(cause.Problem) - 1; more > 0 {
		says += "; " + several(more, "more problem")
	}
	return says + "; " + waysLeft(r) + "."
}

func waysLeft(r *Report) string {
	switch n := len(working(r)); {
	case shutOut(r):
		return "nobody was let in"
	case nobodyIn(r):
		return "nobody was signed in"
	case n == 0:
		return "no way in works"
	case n == 1:
		return "1 way in works"
	default:
		return strconv.Itoa(n) + " ways in work"
	}
}

func unexplainedSentence(r *Report, ports []int) string {
	says := "Port " + strconv.Itoa(ports[0]) + " of " + r.Target.Host + " does not work"
	if n := len(ports); n > 1 {
		says = fmt.Sprintf("%d ports of %s do not work", n, r.Target.Host)
	}
	return says + " and no known cause fits; " + waysLeft(r) + "."
}

func works(r *Report) string {
	var says string
	switch ways := working(r); {
	case len(r.Ways) == 0:
		says = "Nothing that was looked at on " + r.Target.Host + " is wrong"
	case len(ways) == 0:
		says = "Nothing that was looked at on " + r.Target.Host + " is wrong for certain, but no listing came"
	case len(ways) == 1:
		says = r.Target.Host + " works from here: " + wayIn(ways[0])
	default:
		says = fmt.Sprintf("%s works from here: %d ways in, the best is %s", r.Target.Host, len(ways), wayIn(ways[0]))
	}
	if n := r.count(cause.Warning); n > 0 {
		says += "; " + several(n, "warning")
	}
	return says + "."
}

// unexplained lists the ports that should work, do not, and that no finding speaks of.
func unexplained(r *Report) []int {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	works := func(port int) bool {
		return slices.ContainsFunc(r.Ways, func(w cause.Way) bool { return w.Port == port })
	}
	var silent []int
	for _, port := range c.Ports() {
		if c.Matters(port) && !works(port) && !r.speaksOf(port) {
			silent = append(silent, port)
		}
	}
	// Who asks for a protocol is content when one of its ports works, unless the others are promised.
	if !r.judgedBy.Promised && r.Target.Port == 0 && slices.ContainsFunc(c.Ports(), func(p int) bool { return c.Matters(p) && works(p) }) {
		return nil
	}
	return silent
}

// speaksOf says whether a finding is about the whole host, some address, or the port.
func (r *Report) speaksOf(port int) bool {
	number := strconv.Itoa(port)
	return slices.ContainsFunc(r.Findings, func(f cause.Finding) bool {
		return f.Severity != cause.Note && (len(f.Where) == 0 || slices.ContainsFunc(f.Where, func(place string) bool {
			return place == number || strings.HasSuffix(place, ":"+number)
		}))
	})
}

// beyond says what this program cannot look into, which is no fault of the server's; empty: there is nothing of that kind.
func beyond(run *fact.Run) string {
	for _, o := range run.Seen {
		switch {
		case o.TLS != nil && o.Failed(fact.TooLong):
			return "The certificates on " + o.Endpoint + " are more than this program can read, so nothing can be said about it; an FTP app may read more."
		case o.Kex != nil && o.Failed(fact.NoCommonAlgorithm):
			return "This program shares no algorithm with the SSH server on " + o.Endpoint + ", so nothing can be said about it; an SFTP app may know more of them."
		}
	}
	return ""
}

// offline says whether this computer has no address to talk from, and nobody answered it.
func offline(run *fact.Run) bool {
	lone := false
	for _, o := range run.Seen {
		if o.Machine != nil && o.Failure == nil {
			lone = !o.Machine.IPv4 && !o.Machine.IPv6
		}
		if o.Dial != nil && (o.Failure == nil || o.Failed(fact.Refused)) {
			return false
		}
	}
	return lone
}

// nowhere says whether no address was connected to, although nobody asked to leave that out.
func nowhere(run *fact.Run) bool {
	return !slices.ContainsFunc(run.Seen, func(o fact.Observation) bool {
		return o.Dial != nil || o.Skip != nil && o.Skip.What == "endpoints"
	})
}

// several counts things: "1 warning", "2 warnings".
func several(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
