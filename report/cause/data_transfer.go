package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var ipMismatch = Rule{
	Code:     "data-ip-mismatch",
	Title:    "Control and data connection come from different addresses",
	Severity: Problem,
	Page: Page{
		Means: "The server takes a data connection only from the address that signed in, so that nobody else can pick up your files. Your two connections leave your network through different addresses: two lines, a VPN for a part of the traffic, or a provider that shares addresses.",
		Shown: "The data connection opened, and the server turned it down with words about its address. Where it only says that it got none, somebody in between may have accepted it in its place.",
		Mend:  "Switch off the VPN, or send all traffic through it. Ask whoever runs your network to let both connections leave by one address. SFTP uses only one connection.",
	},
	ExplainedBy: []string{"tcp-intercepted"},
	Match:       matchIPMismatch,
}

func matchIPMismatch(c *Case) []Finding {
	found := c.objecting("data-ip-mismatch")
	if len(found) == 0 {
		return nil
	}
	o := found[0]
	f := Finding{
		Title: fmt.Sprintf("%s does not take the data connection, because it comes from another address", c.Run.Target.Host),
		Says:  "The server compares the address of the data connection with that of the sign-in, and they differ.",
		Fix: append([]Step{
			{You, "switch off the VPN, or send all traffic through it"},
			{YourNetwork, "let both connections to the server leave by the same public address"},
		}, c.overSSH()...),
	}
	if !ipWords.MatchString(strings.Join(o.lines, " ")) {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s says that it got no data connection, although one was opened", c.Run.Target.Host)
		f.Says = "The connect was answered, and the server did not see it, or did not want it."
		f.Fix = append(f.Fix, Step{c.support(), "look in the server's log for the reason"})
		f.Candidates = []Candidate{
			{"data-ip-mismatch", "the server's log shows a data connection from another address", c.support()},
			{"tcp-intercepted", "it works from another network", You},
			{"data-tls-fails", "a listing works without encryption of the data", c.support()},
			{"data-ports-exhausted", "it works at a quieter time", You},
		}
	}
	return o.finding(f)
}

var ipWords = regexp.MustCompile(`(?i)\bIP\b|rejected`)

var portsExhausted = Rule{
	Code:     "data-ports-exhausted",
	Title:    "The server has no port left for a data connection",
	Severity: Problem,
	Page: Page{
		Means: "Each listing and each file takes one port of the server's passive range, and all of them are in use or still cooling down from earlier transfers. The range may be too small.",
		Shown: "The server refused EPSV, PASV or a transfer with words about busy ports or about not being able to prepare a data connection.",
		Mend:  "Set the number of simultaneous transfers in your app to 1, and try again in some minutes. Whoever runs the server can make the passive range larger.",
	},
	Match: matchPortsExhausted,
}

func matchPortsExhausted(c *Case) []Finding {
	found := c.objecting("data-ports-exhausted")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s has no port left for data connections", c.Run.Target.Host),
		Says:  "The server cannot prepare a data connection at the moment.",
		Fix: []Step{
			{You, "set the number of simultaneous transfers in your FTP app to 1, and try again in some minutes"},
			{c.support(), "make the passive range of the server larger"},
		},
	}
	if found[0].session.Did(fact.Listing) {
		f.Severity = Warning
	}
	return found[0].finding(f)
}

var dataTruncated = Rule{
	Code:     "data-truncated",
	Title:    "A transfer is cut before its end",
	Severity: Problem,
	Page: Page{
		Means: "The listing or the file began to come and was cut, or what arrived is not what was sent. The line, a firewall, or the server's disk can be at fault.",
		Shown: "The data connection was open, and it ended early; or the server said that the stream broke; or a file that was read back differs from what was written.",
		Mend:  "Try again with one transfer at a time, and from another network. Check the last file that was transferred; it may not be whole.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole", "ftp-shutdown"},
	Match:       matchDataTruncated,
}

func matchDataTruncated(c *Case) []Finding {
	f := Finding{
		Fix: append([]Step{
			{You, "try again with one transfer at a time, and from another network"},
			{c.support(), "look in the server's log for the reason"},
		}, c.overSSH()...),
	}
	if found := c.objecting("data-truncated"); len(found) > 0 {
		f.Title = fmt.Sprintf("%s cuts %s", c.Run.Target.Host, found[0].what())
		f.Says = "The server says that the data connection broke before the end."
		return found[0].finding(f)
	}
	for _, s := range c.ordinary() {
		for _, o := range s.Transfers {
			work := objection{transfer: o.Transfer}.what()
			f.Where, f.Evidence, f.Quotes = s.where(), ids(o), transferQuote(o)
			switch {
			case o.Transfer.Differs:
				f.Title = fmt.Sprintf("A file comes back from %s changed", c.Run.Target.Host)
				f.Says = fmt.Sprintf("What was read back, %d bytes, is not what was written.", o.Transfer.Bytes)
				return []Finding{f}
			case o.Failed(fact.Closed, fact.Reset) && !c.explained(o):
				f.Title = fmt.Sprintf("%s from %s are cut before their end", upper(work), c.Run.Target.Host)
				f.Says = fmt.Sprintf("The connection ended after %d bytes.", o.Transfer.Bytes)
				return []Finding{f}
			}
		}
		if o := s.brokenAt(fact.Closed, fact.Reset); o != nil {
			f.Title = fmt.Sprintf("The connection to %s is cut at %s", c.Run.Target.Host, asked(o))
			f.Says = fmt.Sprintf("After the login the server, or something on the way, ended the connection in place of an answer to %s.", asked(o))
			f.Where, f.Evidence = s.where(), ids(s.Login, o)
			return []Finding{f}
		}
	}
	return c.changedOverSFTP()
}

// explained says whether something else is known to have ended a transfer: it never got a data connection, TLS did not come
// about on it, or the server gave a reason, or stopped answering.
func (c *Case) explained(o *fact.Observation) bool {
	data := c.data[o.Transfer.Data]
	return data == nil || c.withoutReuse(o) || data.Dial.Failure != nil || data.TLS != nil && data.TLS.Failed() || o.Transfer.Code >= 400
}

// brokenAt is the step after the login that got no answer; nil when all did. EPSV has a rule of its own.
func (s *Session) brokenAt(kinds ...fact.Kind) *fact.Observation {
	if !s.Accepted() {
		return nil
	}
	for _, o := range s.Replies {
		if o.Failed(kinds...) && o.Reply.Code == 0 && verb(o) != "EPSV" && !s.harmedBefore(o) {
			return o
		}
	}
	return nil
}

// harmedBefore says whether something had failed already, so that the end of the session is no wonder: an EPSV that was not
// answered, a data connection that opened and came to nothing, or active mode.
func (s *Session) harmedBefore(end *fact.Observation) bool {
	return slices.ContainsFunc(s.Replies, func(o *fact.Observation) bool { return o.Failed() && o.At < end.At }) ||
		slices.ContainsFunc(s.Transfers, func(o *fact.Observation) bool {
			return (o.Transfer.Data != 0 || active(o)) && !Done(o) && o.At < end.At
		})
}

var dataTimeout = Rule{
	Code:     "data-timeout",
	Title:    "A transfer stalls",
	Severity: Problem,
	Page: Page{
		Means: "The login works, and then nothing more comes: the data connection is open and silent, or the server stops answering. Large packets that get lost on the way, a firewall that forgets connections, or an overloaded server can do this.",
		Shown: "The last step that was answered, and the one that was not, are named. Where the server ended the session, its words speak of a time-out.",
		Mend:  "Try without the VPN, and from another network. If it stalls everywhere, ask whoever runs the server to look at that moment of its log.",
	},
	ExplainedBy: []string{"tcp-mtu-blackhole"},
	Match:       matchDataTimeout,
}

func matchDataTimeout(c *Case) []Finding {
	f := Finding{
		Fix: append([]Step{
			{You, "try without a VPN, and from another network"},
			{c.support(), "look in the server's log why the session stalls"},
		}, c.overSSH()...),
	}
	if found := c.objecting("data-timeout"); len(found) > 0 {
		f.Title = fmt.Sprintf("%s gives up %s, because they stall", c.Run.Target.Host, found[0].what())
		f.Says = "The server waited for data, and none came through in time."
		return found[0].finding(f)
	}
	for _, s := range c.ordinary() {
		f.Where = s.where()
		for _, o := range s.Transfers {
			if !o.Failed(fact.Timeout) || c.explained(o) {
				continue
			}
			f.Title = fmt.Sprintf("%s from %s stall", upper(objection{transfer: o.Transfer}.what()), c.Run.Target.Host)
			f.Says = fmt.Sprintf("The data connection opens, and %s came to nothing more after %d bytes.", o.Transfer.Command, o.Transfer.Bytes)
			f.Evidence, f.Quotes = ids(o), transferQuote(o)
			return []Finding{f}
		}
		if o := s.brokenAt(fact.Timeout); o != nil {
			f.Title = fmt.Sprintf("%s stops answering at %s", c.Run.Target.Host, asked(o))
			f.Says = fmt.Sprintf("The login worked, and %s got no answer within %s.", asked(o), ms(o.Took))
			f.Evidence = ids(s.Login, o)
			return []Finding{f}
		}
		if o := s.goodbye(); o != nil && timeoutWords.MatchString(strings.Join(o.Reply.Lines, " ")) {
			f.Title = fmt.Sprintf("%s ended the session, because nothing came in time", c.Run.Target.Host)
			f.Says = fmt.Sprintf("Its answer to %s is the end of the session.", asked(o))
			f.Evidence, f.Quotes = ids(o), quote(o)
			return []Finding{f}
		}
	}
	return nil
}

var timeoutWords = regexp.MustCompile(`(?i)time-?d? ?-?out`)
