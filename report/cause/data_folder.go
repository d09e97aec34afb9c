package cause

import (
	"fmt"
	"strings"

	"ftpdoctor/probe/fact"
)

var permission = Rule{
	Code:     "data-permission",
	Title:    "The account may not do this in this folder",
	Severity: Problem,
	Page: Page{
		Means: "The login and the data connection work, and the server refuses the work itself: the account may not write (or read) in this folder, or the folder is not there.",
		Shown: "The server refused the transfer, or the change to the start folder, with a permanent error that is not about the connection.",
		Mend:  "Choose another folder, or ask the administrator for the right to it. Check how the folder is written; servers tell capital letters from small ones.",
	},
	Match: matchPermission,
}

func matchPermission(c *Case) []Finding {
	found := c.objecting("data-permission")
	if len(found) > 0 {
		o := found[0]
		f := Finding{
			Title: fmt.Sprintf("%s refuses %s in this folder", c.Run.Target.Host, o.what()),
			Says:  fmt.Sprintf("Signing in works, and the answer to %s is a refusal.", o.transfer.Command),
			Fix: []Step{
				{You, "choose a folder in which you may do that"},
				{SiteAdmin, fmt.Sprintf("give %s the right to it", c.user())},
			},
		}
		if o.transfer.Work == fact.Upload && o.session.Did(fact.Listing) {
			f.Says = "Listings work and uploads are refused, so the account may read here and not write."
		}
		if o.code != 550 && o.code != 553 && o.code != 532 {
			f.Confidence = Likely // another fault of the server can come with such a code
		}
		return o.finding(f)
	}
	for _, s := range c.Sessions {
		for _, o := range s.answers("CWD") {
			if o.Reply.Code < 500 || !s.Accepted() || c.isHome(o) || !ascii(o.Reply.Command) {
				continue
			}
			_, folder, _ := strings.Cut(o.Reply.Command, " ")
			return []Finding{{
				Title:    fmt.Sprintf("The start folder cannot be opened on %s", c.Run.Target.Host),
				Says:     fmt.Sprintf("Signing in works, and the folder %q does not exist or may not be opened.", folder),
				Where:    s.where(),
				Evidence: ids(o),
				Quotes:   quote(o),
				Fix: []Step{
					{You, "leave the start folder empty, or copy its name exactly; capital letters count"},
					{SiteAdmin, fmt.Sprintf("give %s the right to open it, if it exists", c.user())},
				},
			}}
		}
	}
	return nil
}

// isHome says whether a refusal is about the folder of the account itself.
func (c *Case) isHome(o *fact.Observation) bool {
	why, _ := c.loginReason(o.Reply, true)
	return why == "login-home-missing"
}

var quota = Rule{
	Code:     "data-quota",
	Title:    "There is no room left",
	Severity: Problem,
	Page: Page{
		Means: "Everything about the connection works, and the server has no room for the file: its disk is full, or the account has used up its share.",
		Shown: "An upload was refused or ended with words about a full disk or a quota, or with the code for it (452 or 552).",
		Mend:  "Delete what is no longer needed, also a file that was cut just now, or ask the administrator for more room.",
	},
	Match: matchQuota,
}

func matchQuota(c *Case) []Finding {
	found := c.objecting("data-quota")
	if len(found) == 0 {
		return nil
	}
	f := Finding{
		Title: fmt.Sprintf("%s has no room left for %s", c.Run.Target.Host, c.user()),
		Says:  "The upload is refused for want of space. The connection is not at fault.",
		Fix: []Step{
			{You, "delete files that are no longer needed"},
			{SiteAdmin, "make room on the disk, or raise the quota of the account"},
		},
	}
	if found[0].code != 452 && found[0].code != 552 {
		f.Confidence = Likely
		f.Says = "The server could not write to its disk, which is mostly full then. The connection is not at fault."
	}
	return found[0].finding(f)
}

var encoding = Rule{
	Code:     "data-encoding",
	Title:    "A name with special letters is not understood",
	Severity: Note,
	Page: Page{
		Means: "The name of a folder or file holds letters beyond plain ASCII, such as umlauts. Server and app do not write them in the same way, so the name is not found.",
		Shown: "A command with such a name was refused. That the name does not exist at all looks the same from outside.",
		Mend:  "Switch on UTF-8 in your app if it has such a setting, or give the folder a name of plain letters.",
	},
	Match: matchEncoding,
}

func matchEncoding(c *Case) []Finding {
	for _, s := range c.Sessions {
		for _, o := range s.Replies {
			if ascii(o.Reply.Command) || o.Reply.Code < 500 || !s.Accepted() {
				continue
			}
			f := Finding{
				Severity:   Problem, // the folder was asked for
				Confidence: Possible,
				Title:      fmt.Sprintf("%s does not find a name with special letters", c.Run.Target.Host),
				Says:       fmt.Sprintf("%s is refused, and its name holds letters beyond ASCII.", verb(o)),
				Where:      s.where(),
				Evidence:   ids(o),
				Quotes:     quote(o),
				Fix: []Step{
					{You, "switch on UTF-8 in your FTP app, or use a name of plain letters"},
					{You, "compare the name with the listing of the folder above"},
				},
				Candidates: []Candidate{
					{"data-encoding", "a folder with a plain name can be opened", You},
					{"data-permission", "the listing of the folder above does not show the name, or the account may not open it", SiteAdmin},
				},
			}
			return []Finding{f}
		}
	}
	return nil
}

// ascii says whether a text holds nothing beyond ASCII. What was not UTF-8 stands in it as an escape.
func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) && !strings.Contains(text, `\x`)
}
