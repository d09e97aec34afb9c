package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// idleRules are about sessions that were left alone.
var idleRules = []Rule{
	idleDuringTransfer,
	idleNoTransfer,
	idleServerLimit,
	idleNATLimit,
	idleSSH,
}

// Watch is what became of the sessions that were left alone at one endpoint. What was not watched is nil.
type Watch struct {
	Place    string
	Silent   *fact.Observation   // nothing was said in it
	Kept     *fact.Observation   // keep-alives were sent in it
	Transfer *fact.Observation   // a file went up slowly in it
	Replies  []*fact.Observation // to the command of the transfer
	Turned   *fact.Observation   // the sign-in that failed, where one did
}

// watched files what belongs to sessions that were left alone, and says whether the observation did.
func (c *Case) watched(o *fact.Observation) bool {
	if o.Check != "idle" {
		return false
	}
	switch {
	case o.Idle != nil && o.Idle.KeepAlive == "":
		c.watch(o).Silent = o
	case o.Idle != nil:
		c.watch(o).Kept = o
	case o.Transfer != nil:
		c.watch(o).Transfer = o
	case o.Reply != nil && verb(o) == "STOR":
		w := c.watch(o)
		w.Replies = append(w.Replies, o)
	case o.Login != nil && o.Login.Outcome != fact.Accepted:
		c.watch(o).Turned = o
	}
	return true
}

// watch finds or makes the watch at an endpoint.
func (c *Case) watch(o *fact.Observation) *Watch {
	for _, w := range c.Watches {
		if w.Place == o.Endpoint {
			return w
		}
	}
	w := &Watch{Place: o.Endpoint}
	c.Watches = append(c.Watches, w)
	return w
}

// Protocol is that of the sessions of a watch.
func (w *Watch) Protocol() fact.Protocol {
	for _, o := range []*fact.Observation{w.Silent, w.Kept} {
		if o != nil {
			return o.Idle.Protocol
		}
	}
	return fact.FTPES
}

// watchesOf lists the watches of sessions of FTP, or of SSH.
func (c *Case) watchesOf(ssh bool) []*Watch {
	return slices.DeleteFunc(slices.Clone(c.Watches), func(w *Watch) bool { return (w.Protocol() == fact.SFTP) != ssh })
}

// endedByItself says whether the other side, or something on the way, ended a session while nothing was asked.
func endedByItself(o *fact.Observation) bool {
	return o != nil && !o.Failed(fact.Interrupted) && slices.Contains([]fact.IdleEnd{fact.IdleGoodbye, fact.IdleClosed, fact.IdleReset}, o.Idle.End)
}

// endedOnUse says whether a session turned out to be gone when something was asked in it.
func endedOnUse(o *fact.Observation) bool {
	return o != nil && !o.Failed(fact.Interrupted) && slices.Contains([]fact.IdleEnd{fact.IdleSilent, fact.IdleResetUse, fact.IdleClosedUse}, o.Idle.End)
}

// Alive says whether a session that was left alone answered in the end.
func Alive(o *fact.Observation) bool { return o != nil && o.Idle.End == fact.IdleAlive }

// helped says whether the keep-alives kept a session open for longer than the silent one lived.
func (w *Watch) helped() bool {
	return Alive(w.Kept) || w.Kept != nil && w.Silent != nil && w.Kept.Idle.Answered > 0 && w.Kept.Idle.Lived > w.Silent.Idle.Lived+w.Kept.Idle.Every
}

// failedToo says whether the session with keep-alives ended although the server had answered at least one.
func (w *Watch) failedToo() bool {
	return w.Kept != nil && w.Kept.Idle.Answered > 0 && (endedByItself(w.Kept) || w.closedWhileAsked()) && !w.helped()
}

// closedWhileAsked says whether the session with keep-alives was closed in the moment in which one was on its way, by a server that
// closed the silent one, too. Who forgets a session does not close it.
func (w *Watch) closedWhileAsked() bool {
	return !w.Kept.Failed(fact.Interrupted) && w.Kept.Idle.End == fact.IdleClosedUse && endedByItself(w.Silent)
}

// keepAliveFor is the time between two keep-alives for sessions that live so long when they are silent, in seconds.
func keepAliveFor(lives fact.Millis) int {
	const usual, plenty = 30, fact.Millis(45_000)
	if lives >= plenty {
		return usual
	}
	return max(1, int(lives/2000))
}

// KeepAlive is the time between two keep-alives that an app needs here, in seconds, as far as it was watched; 0: it was not.
func (c *Case) KeepAlive() int {
	shortest := 0
	for _, w := range c.Watches {
		if w.Silent == nil || w.Silent.Idle.End == fact.IdleUnknown {
			continue
		}
		lives := w.Silent.Idle.Lived
		if endedOnUse(w.Kept) && w.Kept.Idle.Answered == 0 {
			lives = min(lives, w.Kept.Idle.Lived)
		}
		if n := keepAliveFor(lives); shortest == 0 || n < shortest {
			shortest = n
		}
	}
	return shortest
}

// keepAliveOn is the time between two keep-alives with which sessions on a port live on, in seconds; 0: they do without, or it was
// not watched.
func (c *Case) keepAliveOn(port int) int {
	for _, w := range c.Watches {
		ends := endedByItself(w.Silent) || endedOnUse(w.Silent)
		if ends && !w.failedToo() && within(w.Place, strconv.Itoa(port)) {
			return w.keepAlive()
		}
	}
	return 0
}

func lasted(o *fact.Observation) string { return lasting(o.Idle.Lived) }

// lasting writes a time of the order of an idle limit.
func lasting(m fact.Millis) string {
	switch {
	case m < 10_000:
		return fmt.Sprintf("%.1f s", float64(m)/1000)
	case m < 120_000:
		return fmt.Sprintf("%.0f s", float64(m)/1000)
	default:
		return fmt.Sprintf("%.0f min", float64(m)/60_000)
	}
}

// lastWords are what a server said before it hung up.
func lastWords(o *fact.Observation) []string {
	if o == nil || len(o.Idle.Lines) == 0 {
		return nil
	}
	words := slices.Clone(o.Idle.Lines[:min(len(o.Idle.Lines), 6)])
	if o.Idle.Code > 0 {
		words[0] = fmt.Sprintf("%d %s", o.Idle.Code, words[0])
	}
	return words
}

// whole is an observation that was not cut short; nil: it was.
func whole(o *fact.Observation) *fact.Observation {
	if o == nil || o.Failed(fact.Interrupted) {
		return nil
	}
	return o
}

// where is the place of a watch as it stands in Finding.Where.
func (w *Watch) where() []string { return []string{w.Place} }

var idleServerLimit = Rule{
	Code:     "idle-server-limit",
	Title:    "The server ends sessions that are idle",
	Severity: Note,
	Page: Page{
		Means: "The server hangs up when nothing was said for a while. That is ordinary: each open session costs it something. An app that does not expect it reports a lost connection at the next click.",
		Shown: "`--idle` left two sessions alone after the sign-in. In the silent one the server said goodbye, or closed the connection without a word as many servers do under TLS, at the time that the finding names. " +
			"The one in which a harmless command was sent now and then lived on, so it was the silence that ended the other. A router that forgets would have ended it without a word.",
		Mend: "Switch on keep-alive in your app, with the time that the finding names, or let the app connect again by itself. Whoever runs the server can set a longer limit.",
	},
	Match: matchIdleServerLimit,
}

func matchIdleServerLimit(c *Case) []Finding {
	for _, w := range c.watchesOf(false) {
		if !endedByItself(w.Silent) || w.lackedTransfer() || w.failedToo() && !saysNoTransfer(w.Kept) {
			continue
		}
		f := Finding{
			Title:      fmt.Sprintf("%s ends a session that is silent for %s", c.Run.Target.Host, lasted(w.Silent)),
			Says:       w.keptSays("That is ordinary, and an app without keep-alive reports a lost connection then."),
			Confidence: Certain,
			Where:      w.where(),
			Evidence:   ids(whole(w.Silent), whole(w.Kept)),
			Quotes:     lastWords(w.Silent),
			Fix:        keepAliveSteps(w),
		}
		switch {
		case w.Silent.Idle.End == fact.IdleReset:
			f.Confidence = Possible
			f.Title = fmt.Sprintf("A session with %s is cut when it is silent for %s", c.Run.Target.Host, lasted(w.Silent))
			f.Candidates = []Candidate{
				{"idle-server-limit", "the server's log shows that it ended the session", c.support()},
				{"idle-nat-limit", "it lives longer from another network", You},
			}
		case w.Silent.Idle.End == fact.IdleClosed, !w.helped():
			f.Confidence = Likely
		}
		return []Finding{f}
	}
	return nil
}

// keptSays tells of the session with keep-alives, if it helps to know.
func (w *Watch) keptSays(otherwise string) string {
	if !w.helped() {
		return otherwise
	}
	return fmt.Sprintf("A session in which %s was sent every %s lived on.", w.Kept.Idle.KeepAlive, lasting(w.Kept.Idle.Every))
}

// keepAliveSteps is what helps against the end of silent sessions.
func keepAliveSteps(w *Watch) []Step {
	return []Step{
		{You, fmt.Sprintf("switch on keep-alive in your FTP app, every %d seconds", w.keepAlive())},
		{You, "or let the app connect again by itself before it goes on"},
	}
}

// keepAlive is the time between two keep-alives that these sessions need.
func (w *Watch) keepAlive() int {
	alone := &Case{Watches: []*Watch{w}}
	return alone.KeepAlive()
}

var idleNATLimit = Rule{
	Code:     "idle-nat-limit",
	Title:    "Something on the way forgets sessions that are idle",
	Severity: Note,
	Page: Page{
		Means: "Your router, or a firewall on the way, keeps a list of the connections that pass it, and drops those in which nothing was sent for a while. Neither side is told. The app notices at the next click, which then hangs or fails.",
		Shown: "`--idle` left two sessions alone after the sign-in. In the silent one nothing came, no goodbye of the server and no end; but the next command got no answer, or a reset. " +
			"The session in which something was sent now and then still answered, so the server and the line were well. A server that ends the session says so, or closes the connection.",
		Mend: "Switch on keep-alive in your app, with the time that the finding names. Whoever runs the router or firewall can let it remember idle connections for longer (RFC 5382 asks for two hours and four minutes).",
	},
	Match: matchIdleNATLimit,
}

func matchIdleNATLimit(c *Case) []Finding {
	for _, w := range c.watchesOf(false) {
		if f, ok := c.forgotten(w); ok {
			return []Finding{f}
		}
	}
	return nil
}

// forgotten says whether something on the way forgot a silent session.
func (c *Case) forgotten(w *Watch) (Finding, bool) {
	if !endedOnUse(w.Silent) {
		return Finding{}, false
	}
	f := Finding{
		Title:      fmt.Sprintf("Something between you and %s forgets a session that is silent for %s", c.Run.Target.Host, lasted(w.Silent)),
		Says:       "No goodbye came, and the next command got no answer. " + w.keptSays(""),
		Confidence: Certain,
		Where:      w.where(),
		Evidence:   ids(whole(w.Silent), whole(w.Kept)),
		Fix: append(keepAliveSteps(w),
			Step{YourNetwork, "let the router or firewall remember idle connections for longer"}),
	}
	if w.Silent.Idle.End != fact.IdleSilent {
		f.Says = "No goodbye came, and the next command was answered with the end of the connection. " + w.keptSays("")
	}
	switch {
	case w.Kept == nil:
		f.Confidence = Possible // whether the line was well is not known
		f.Candidates = []Candidate{
			{"idle-nat-limit", "the session lives longer from another network, or with keep-alives", You},
			{"tcp-intermittent", "sessions in use are lost at times, too", You},
		}
	case endedOnUse(w.Kept) && w.Kept.Idle.Answered == 0 && w.Kept.Idle.Lived < w.Silent.Idle.Limit:
		f.Confidence = Likely
		f.Title = fmt.Sprintf("Something between you and %s forgets a session that is silent for %s", c.Run.Target.Host, lasted(w.Kept))
		f.Says += fmt.Sprintf("Not even a command after %s came through.", lasted(w.Kept))
	case !Alive(w.Kept):
		return f, false // something else ended both
	}
	f.Says = strings.TrimSpace(f.Says)
	return f, true
}

var idleNoTransfer = Rule{
	Code:     "idle-no-transfer",
	Title:    "The server ends sessions that transfer nothing, keep-alive or not",
	Severity: Note,
	Page: Page{
		Means: "The server hangs up when no file and no listing was transferred for a while. Other commands do not count, so that the keep-alive of an app does not help.",
		Shown: "`--idle` left two sessions alone after the sign-in. In one of them a harmless command was sent now and then, and answered; the server ended that one as well, at the time that the finding names.",
		Mend: "Let your app connect again before each batch of files, and switch its keep-alive off if it counts lost connections as errors. Whoever runs the server can set a longer limit " +
			"(ProFTPD: `TimeoutNoTransfer`).",
	},
	Match: matchIdleNoTransfer,
}

// noTransferWords: ProFTPD 1.3.8 "No transfer timeout (300 seconds): closing control connection", FileZilla Server 0.9
// "No-transfer-time exceeded. Closing control connection."
var noTransferWords = regexp.MustCompile(`(?i)no.?transfer`)

// saysNoTransfer says whether the server ended a session for want of a transfer.
func saysNoTransfer(o *fact.Observation) bool {
	return endedByItself(o) && noTransferWords.MatchString(strings.Join(o.Idle.Lines, " "))
}

// lackedTransfer says whether the silent session was ended for want of a transfer, too. ProFTPD 1.3.8 closes it without a word
// under TLS, at the moment in which the other one is told.
func (w *Watch) lackedTransfer() bool {
	atOnce := saysNoTransfer(w.Kept) && len(w.Silent.Idle.Lines) == 0 && w.Silent.Idle.Lived+w.Kept.Idle.Every >= w.Kept.Idle.Lived
	return saysNoTransfer(w.Silent) || atOnce
}

func matchIdleNoTransfer(c *Case) []Finding {
	for _, w := range c.watchesOf(false) {
		said := saysNoTransfer(w.Kept)
		if !said && (!w.failedToo() || w.Kept.Idle.End == fact.IdleReset) {
			continue
		}
		f := Finding{
			Title: fmt.Sprintf("%s ends a session after %s without a transfer, in spite of keep-alives", c.Run.Target.Host, lasted(w.Kept)),
			Says: fmt.Sprintf("%s was sent every %s and answered %s, and the server ended the session nevertheless.", w.Kept.Idle.KeepAlive,
				lasting(w.Kept.Idle.Every), times(w.Kept.Idle.Answered)),
			Confidence: Certain,
			Where:      w.where(),
			Evidence:   ids(whole(w.Kept), whole(w.Silent)),
			Quotes:     lastWords(w.Kept),
			Fix: []Step{
				{You, "let the app connect again before each batch of files; keep-alive does not help here"},
				{c.support(), "set a longer limit for sessions without a transfer"},
			},
		}
		if !said {
			f.Confidence = Likely
		}
		return []Finding{f}
	}
	return nil
}

var idleSSH = Rule{
	Code:     "idle-ssh",
	Title:    "SSH sessions that are idle are ended",
	Severity: Note,
	Page: Page{
		Means: "An SFTP session in which nothing was said for a while is ended, either by the server, or by a router or firewall on the way that forgets it. An app that does not expect it reports a lost connection at the next click.",
		Shown: "`--idle` left two sessions alone after the sign-in: a silent one, and one with `keepalive@openssh.com`. Where the server ends the silent one, the end of the connection comes by itself. " +
			"Where something on the way forgot it, nothing comes, and the next question gets no answer; the session with keep-alives shows that the server and the line were well.",
		Mend: "Switch on keep-alive in your app, with the time that the finding names; OpenSSH calls it ServerAliveInterval.",
	},
	Match: matchIdleSSH,
}

func matchIdleSSH(c *Case) []Finding {
	for _, w := range c.watchesOf(true) {
		f, found := c.forgotten(w)
		if endedByItself(w.Silent) {
			found = true
			f = Finding{
				Title:      fmt.Sprintf("%s ends an SFTP session that is silent for %s", c.Run.Target.Host, lasted(w.Silent)),
				Says:       w.keptSays("The session with keep-alives was ended as well."),
				Confidence: Likely,
				Where:      w.where(),
				Evidence:   ids(whole(w.Silent), whole(w.Kept)),
				Quotes:     lastWords(w.Silent),
			}
			if w.Silent.Idle.End == fact.IdleGoodbye {
				f.Confidence = Certain
			}
		}
		if !found {
			continue
		}
		f.Fix = []Step{{You, fmt.Sprintf("switch on keep-alive in your SFTP app, every %d seconds (OpenSSH: ServerAliveInterval %d)", w.keepAlive(), w.keepAlive())}}
		if w.failedToo() {
			f.Fix = []Step{{You, "let the app connect again before each batch of files; keep-alive does not help here"}}
		}
		return []Finding{f}
	}
	return nil
}

var idleDuringTransfer = Rule{
	Code:     "idle-during-transfer",
	Title:    "The connection for commands is lost during a long transfer",
	Severity: Problem,
	Page: Page{
		Means: "FTP has two connections. While a file goes over the one for data, nothing is said on the other, and a router or firewall forgets it. The file arrives, but the server's word that it is complete does not. " +
			"Apps then report an error after a transfer that worked, and some begin anew, again and again.",
		Shown: "`--idle` with `--write` let a file go up slowly. All of it was sent and the data connection was closed in an orderly way; the last reply, 226, never came on the connection for commands. " +
			"An upload of a few seconds had worked before.",
		Mend: "Switch on keep-alive in your app, if it can send it during transfers. Transfer large files in parts, or use SFTP, which has one connection only. " +
			"Before you send a file again, look at its size on the server: it is probably complete.",
	},
	Match: matchIdleDuringTransfer,
}

func matchIdleDuringTransfer(c *Case) []Finding {
	for _, w := range c.watchesOf(false) {
		if w.Transfer == nil || len(w.Replies) < 2 {
			continue
		}
		first, last := w.Replies[0], w.Replies[len(w.Replies)-1]
		lost := last.Failed(fact.Timeout, fact.Reset, fact.Closed) && last.Reply.Code == 0
		if first.Reply.Code/100 != 1 || !lost || w.Transfer.Transfer.Bytes == 0 || Alive(w.Silent) {
			continue
		}
		f := Finding{
			Title:      fmt.Sprintf("The connection for commands to %s is lost during a transfer of %s", c.Run.Target.Host, lasting(w.Transfer.Took)),
			Says:       "The file was sent to its end, and the server's word that it is complete never came.",
			Confidence: Likely,
			Where:      w.where(),
			Evidence:   ids(w.Transfer, first, last, whole(w.Silent)),
			Fix: []Step{
				{You, "look at the size of a file on the server before you send it again; it is probably complete"},
				{You, fmt.Sprintf("let the app send keep-alives during transfers, every %d seconds, or transfer large files in parts", w.keepAlive())},
				{YourNetwork, "let the router or firewall remember idle connections for longer"},
			},
		}
		if endedOnUse(w.Silent) {
			f.Confidence = Certain
			f.Says += " A silent session without a transfer was forgotten as well."
		}
		return []Finding{f}
	}
	return nil
}
