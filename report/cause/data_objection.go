package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// objection is a reply with which a server turns down, or ends, a listing or a file of a session that is signed in.
type objection struct {
	session  *Session
	seen     *fact.Observation
	transfer *fact.Transfer // nil: it came before there was one
	code     int
	lines    []string
	reason   string // a cause; empty: the words do not tell
}

// objections lists what a server objects to, in order. What follows from a data connection that did not open is left out, and
// so is active mode, which fails for reasons of its own.
func (c *Case) objections() []objection {
	var found []objection
	for _, s := range c.Sessions {
		if !s.Accepted() {
			continue
		}
		for _, o := range s.Replies {
			if o.Reply.Code >= 400 && concernsData(verb(o)) && !o.Failed(fact.Interrupted) {
				found = append(found, objection{s, o, nil, o.Reply.Code, quote(o), ""})
			}
		}
		for _, o := range s.Transfers {
			if o.Transfer.Code >= 400 && !active(o) && !c.unopened(o) && !o.Failed(fact.Interrupted) {
				found = append(found, objection{s, o, o.Transfer, o.Transfer.Code, transferQuote(o), ""})
			}
		}
	}
	for i := range found {
		found[i].reason = c.why(found[i])
	}
	// A second session in clear is there to compare. What fails in it alone is no fault, but that TLS is wanted.
	return slices.DeleteFunc(found, func(o objection) bool { return o.session.Purpose != "" && o.reason != "data-prot-required" })
}

// ordinary lists the sessions that do what a user would, and not those that are there to compare.
func (c *Case) ordinary() []*Session {
	return slices.DeleteFunc(slices.Clone(c.Sessions), func(s *Session) bool { return s.Purpose != "" })
}

// withoutReuse says whether a transfer was there to see if the server takes a data connection with a TLS session of its own.
func (c *Case) withoutReuse(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.Purpose == fact.WithoutReuse
}

func concernsData(command string) bool {
	return slices.Contains([]string{"PBSZ", "PROT", "PASV", "EPSV"}, command)
}

// objecting lists the objections of one kind.
func (c *Case) objecting(cause string) []objection {
	return slices.DeleteFunc(c.objections(), func(o objection) bool { return o.reason != cause })
}

// unopened says whether the data connection of a transfer did not open.
func (c *Case) unopened(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.Dial.Failure != nil
}

// transferQuote repeats the last reply to a transfer.
func transferQuote(o *fact.Observation) []string {
	t := o.Transfer
	if t.Code == 0 {
		return nil
	}
	if len(t.Lines) == 0 {
		return []string{strconv.Itoa(t.Code)}
	}
	lines := slices.Clone(t.Lines[:min(len(t.Lines), 6)])
	lines[0] = fmt.Sprintf("%d %s", t.Code, lines[0])
	return lines
}

// why reads the reason out of an objection. What a server says of a broken connection is about TLS, where that had failed.
func (c *Case) why(o objection) string {
	reason := o.said()
	if o.transfer != nil && c.withoutReuse(o.seen) {
		return "data-tls-reuse" // the others went through
	}
	vague := []string{"", "data-truncated", "data-timeout"}
	if o.transfer != nil && c.tlsFailed(o.seen) && (slices.Contains(vague, reason) || !o.spoken()) {
		return "data-tls-fails"
	}
	return reason
}

// spoken says whether the words of an objection give its reason, and not only the number.
func (o objection) spoken() bool {
	return slices.ContainsFunc(dataReasons, func(r reason) bool { return r.words.MatchString(strings.Join(o.lines, " ")) })
}

// tlsFailed says whether TLS did not come about on the data connection of a transfer.
func (c *Case) tlsFailed(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data != nil && data.TLS != nil && data.TLS.Failed() && !data.TLS.Failed(fact.Interrupted)
}

// said reads the reason out of the words of an objection, or out of its number.
func (o objection) said() string {
	text := strings.Join(o.lines, " ")
	// ProFTPD 1.3.8 says so where the disk is full in the midst of a write.
	if o.transfer != nil && o.transfer.Work == fact.Upload && strings.HasPrefix(text, "451 Transfer aborted. Input/output error") {
		return "data-quota"
	}
	for _, reason := range dataReasons {
		if !reason.words.MatchString(text) {
			continue
		}
		if reason.cause == "data-truncated" && o.seen.Failed(fact.Timeout) { // it was this program that gave up
			return "data-timeout"
		}
		// vsftpd adds its words about reuse to every handshake that fails, whatever the fault (vsftpd 3.0.3, ftpdataio.c).
		if reason.cause == "data-tls-reuse" && o.transfer != nil && o.transfer.Resumed {
			return "data-tls-fails"
		}
		return reason.cause
	}
	switch {
	case o.transfer != nil && o.transfer.Work == fact.Listing && emptyFolder.MatchString(text):
		return ""
	case o.code == 452 || o.code == 552: // RFC 959 section 4.2.2
		return "data-quota"
	case o.code == 426:
		return "data-truncated"
	case o.transfer == nil || o.code == 421:
		return ""
	case o.transfer.Data == 0 && o.code/100 == 4: // no port for it could be had
		return "data-ports-exhausted"
	case o.transfer.Data == 0:
		return ""
	case o.code == 425:
		return "data-ip-mismatch"
	default:
		return "data-permission"
	}
}

// emptyFolder matches what some servers answer to the listing of a folder with nothing in it.
var emptyFolder = regexp.MustCompile(`(?i)no (such )?files?( or director\w+)? found|no files\b|(folder|directory) (is )?empty`)

// dataReasons are the words with which servers turn transfers down, in the order in which they are looked for. They are those
// of vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50, FileZilla Server 0.9 and 1, Microsoft's server and SFTPGo.
var dataReasons = []reason{
	{"data-pasv-on-ipv6", regexp.MustCompile(`(?i)PASV\b.*IPv6|IPv6\b.*PASV`)},
	{"data-prot-required", regexp.MustCompile(`(?i)data connections must be encrypted|SSL/TLS required on the data|with this PROT setting|PROT P required|with PROT P\b|^53[45] .*policy requires SSL|unable to open transfer: TLS is required`)},
	{"data-tls-reuse", regexp.MustCompile(`(?i)session reuse required|TLS session of data connection (has )?not resumed|unable to build data connection: Operation not permitted`)},
	{"data-ip-mismatch", regexp.MustCompile(`(?i)bad IP connecting|rejected data connection|does not match control connection`)},
	{"data-ports-exhausted", regexp.MustCompile(`(?i)reserved TCP ports are busy|could not create socket|cannot prepare for data connection|no (more |free |available )+(data |passive )?ports?`)},
	{"data-tls-fails", regexp.MustCompile(`(?i)TLS error on data connection|making the data connection secure|wrong ALPN|SSL connection failed`)},
	{"data-timeout", regexp.MustCompile(`(?i)data timeout|timed out|time-?out`)},
	{"data-quota", regexp.MustCompile(`(?i)disk full|quota|no space|insufficient storage|storage (limit|allocation)|writing to local file|during write to file`)},
	{"data-truncated", regexp.MustCompile(`(?i)failure (reading|writing)|transfer aborted|connection (closed|reset)|broken pipe`)},
	{"ftp-shutdown", regexp.MustCompile(`(?i)going offline|kicked|shut(ting)? ?down`)},
}

// finding adds what objections have in common.
func (o objection) finding(f Finding) []Finding {
	f.Where = o.session.where()
	f.Evidence = append(f.Evidence, o.seen.ID)
	f.Quotes = o.lines
	return []Finding{f}
}

// what names the work that an objection is about.
func (o objection) what() string {
	switch {
	case o.transfer == nil:
		return "data connections"
	case o.transfer.Work == fact.Upload:
		return "uploads"
	case o.transfer.Work == fact.Download:
		return "downloads"
	default:
		return "listings"
	}
}
