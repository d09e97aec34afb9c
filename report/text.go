package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// writeText writes the report for people: the diagnosis first, what works second, what was checked third.
func writeText(w io.Writer, r *Report, o Options) error {
	p := newPage(o)
	p.diagnosis(r)
	p.works(r)
	p.checked(r)
	if o.Verbose {
		p.transcript(r)
	}
	p.footer(r)
	_, err := io.WriteString(w, p.String())
	return err
}

// diagnosis shows every root cause. Where the run is fine, or saw too little, it says so first.
func (p *page) diagnosis(r *Report) {
	roots := r.roots()
	switch {
	case r.Verdict.Status == OK:
		p.head(good, r.Verdict.Summary, "")
	case r.Verdict.Status == Inconclusive:
		p.head(unknown, r.Verdict.Summary, "")
	case r.count(cause.Problem) == 0:
		p.head(bad, r.Verdict.Summary, "")
		p.text(2, "Please send this report, saved with -f json, to whoever can look further.")
	}
	for _, f := range roots {
		p.blank()
		p.finding(f)
	}
	if rest := len(r.Findings) - len(roots); rest > 0 {
		p.blank()
		p.text(2, "What follows from "+pick(len(roots) == 1, "this", "these")+": "+consequences(r)+".")
	}
}

// consequences names what the root causes bring about.
func consequences(r *Report) string {
	var names []string
	for _, f := range r.Findings {
		if f.ExplainedBy != "" && !slices.Contains(names, f.Cause) {
			names = append(names, f.Cause)
		}
	}
	return strings.Join(names, ", ")
}

var marks = map[cause.Severity]mark{cause.Problem: bad, cause.Warning: doubtful, cause.Note: note}

func (p *page) finding(f cause.Finding) {
	p.head(marks[f.Severity], f.Title, string(f.Confidence))
	p.text(2, f.Says)
	for i, quote := range f.Quotes {
		p.labelled(2, pick(i == 0, "The server says: ", ""), len("The server says: "), `"`+quote+`"`)
	}
	p.candidates(f)
	wide := 0
	for _, step := range f.Fix {
		wide = max(wide, len(step.Who)+2)
	}
	for i, step := range f.Fix {
		who := capital(string(step.Who))
		if i > 0 && step.Who == f.Fix[i-1].Who {
			who = ""
		}
		p.labelled(2, who, wide, step.Do)
	}
	p.text(2, "more: ftpdoctor explain "+f.Cause)
}

// candidates lists what the wire cannot tell apart, and what would.
func (p *page) candidates(f cause.Finding) {
	if len(f.Candidates) == 0 {
		return
	}
	own := slices.ContainsFunc(f.Candidates, func(c cause.Candidate) bool { return c.Cause == f.Cause })
	p.text(2, pick(own, "What it can be, the likeliest first:", "What else it can be:"))
	const most = 6
	var rest []string
	for i, c := range f.Candidates {
		if i >= most && !p.Verbose {
			rest = append(rest, c.Cause)
			continue
		}
		rule, _ := cause.ByCode(c.Cause)
		number := fmt.Sprintf("%d. ", i+1)
		p.labelled(2, number, len(number), fmt.Sprintf("%s (%s): confirmed if %s; %s can see that", rule.Title, c.Cause, c.Confirm, c.Who))
	}
	if len(rest) > 0 {
		p.text(2, "Less likely: "+strings.Join(rest, ", ")+"; --verbose shows how to tell.")
	}
}

// works lists the ways in that work, as an FTP app wants to have them.
func (p *page) works(r *Report) {
	if len(r.Ways) == 0 && !dialled(&r.Run) {
		return
	}
	p.blank()
	if len(r.Ways) == 0 {
		p.title(pick(r.Stopped == "", "No way in works from here", "No way in had worked until then"))
		return
	}
	p.title(waysTitle(r) + r.Ways[0].Host)
	for _, w := range r.Ways {
		way := fmt.Sprintf("port %-6d %-19s ", w.Port, protocolName(w))
		p.labelled(2, way, len(way), waySays(r, w))
	}
}

// waysTitle stands above the ways in. Where nobody was let in they only answer.
func waysTitle(r *Report) string {
	return pick(len(working(r)) == 0, "What answers from here, with the host ", "What works from here, with the host ")
}

func dialled(run *fact.Run) bool {
	return slices.ContainsFunc(run.Seen, func(o fact.Observation) bool { return o.Dial != nil })
}

// wayIn names a way in within a sentence.
func wayIn(w cause.Way) string {
	return fmt.Sprintf("%s on port %d", protocolName(w), w.Port)
}

// waySays says how far a way in was proven, whether its protocol turned the user down who was let in by another one, and the keep-alive that it needs.
func waySays(r *Report, w cause.Way) string {
	return proofSays(w) + pick(letIn(r) && turnedDown(r, w), "; sign-in refused", "") + keepAliveSays(w)
}

// protocolName says what to choose in an FTP app.
func protocolName(w cause.Way) string {
	switch w.Encryption {
	case cause.OverSSH:
		return "SFTP"
	case cause.ExplicitTLS:
		return "FTP, explicit TLS"
	case cause.ImplicitTLS:
		return "FTP, implicit TLS"
	default:
		return "FTP, not encrypted"
	}
}

// keepAliveSays is what an app needs so that sessions live on.
func keepAliveSays(w cause.Way) string {
	if w.KeepAlive == 0 {
		return ""
	}
	return fmt.Sprintf("; keep-alive every %d s", w.KeepAlive)
}

// proofSays says how far a way in was proven.
func proofSays(w cause.Way) string {
	switch {
	case w.Proof == cause.ProofWrote:
		return signedIn(w) + "; wrote a file and read it back"
	case w.Proof == cause.ProofListed:
		return signedIn(w) + "; listed the folder"
	case w.Proof == cause.ProofLoggedIn:
		return signedIn(w) + "; no listing came"
	case w.Proof == cause.ProofVerified && w.Encryption == cause.OverSSH:
		return "the host key is the right one"
	case w.Proof == cause.ProofVerified:
		return "the certificate is valid"
	case w.Encryption == cause.InClear:
		return "answers; passwords would be readable"
	case w.Encryption == cause.OverSSH:
		return "answers; compare its host key"
	default:
		return "answers; the certificate is not valid"
	}
}

// signedIn says that somebody signed in, and with which key if it was one. The beginning of a fingerprint tells keys apart.
func signedIn(w cause.Way) string {
	const most = len("SHA256:") + 8
	key := []rune(w.Key)
	if len(key) > most {
		key = append(key[:most:most], '…')
	}
	if len(key) == 0 {
		return "signed in"
	}
	return "signed in with " + methodSays(cmp.Or(w.SignIn, "key"), string(key))
}

// checked shows one line for each part of the connection.
func (p *page) checked(r *Report) {
	p.blank()
	p.title("Checked")
	rows := rowsOf(r)
	wide := 0
	for _, row := range rows {
		wide = max(wide, len(row.name)+2)
	}
	for _, row := range rows {
		p.row(row, wide)
	}
}

func (p *page) footer(r *Report) {
	p.blank()
	p.text(0, fmt.Sprintf("%s, %s; took %s. %s %s, %s, %s.",
		several(r.Spent.Connections, "connection"), loginsSay(r.Spent), length(r.duration()), r.Tool.Name, r.Tool.Version, r.Tool.OS,
		r.Started.UTC().Format("2006-01-02 15:04 UTC")))
}

// loginsSay counts the attempts to sign in.
func loginsSay(s Spent) string {
	switch {
	case s.Logins == 0:
		return "no login"
	case s.FailedLogins == 0:
		return several(s.Logins, "login")
	case s.Logins == 1:
		return "1 login, which failed"
	default:
		return fmt.Sprintf("%d logins, %d of which failed", s.Logins, s.FailedLogins)
	}
}

// pick chooses one of two words.
func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// capital begins a label with a capital letter.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// length writes a time for people: "0.4 ms", "42 ms", "4.2 s", "3 min".
func length(m fact.Millis) string {
	switch {
	case m < 0 || m >= 100*60*60*1000:
		return "an unknown time" // only in a report that was tampered with
	case m < 1:
		return "under 1 ms"
	case m < 1000:
		return fmt.Sprintf("%.0f ms", float64(m))
	case m < 120_000:
		return fmt.Sprintf("%.1f s", float64(m)/1000)
	default:
		return fmt.Sprintf("%.0f min", float64(m)/60_000)
	}
}
