package cause

import (
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

var startFolder = Rule{
	Code:     "data-folder",
	Title:    "The folder that was asked for cannot be opened",
	Severity: Problem,
	Page: Page{
		Means: "Signing in works, and the folder in the URL cannot be opened: it is not there, it is written in another way, it lies elsewhere, or the account may not open it.",
		Shown: "The server refused the command CWD with the name of the folder, or over SFTP to open it. The answer to PWD before it (over SFTP to realpath) tells where the sign-in led, and a path that does not begin with a slash leads on from there.",
		Mend: "Copy the name exactly; many servers tell capital letters from small ones. To begin at the root of the server in place of the folder of the account, write two slashes behind the host: " +
			"ftpes://ftp.example.com//srv/folder. If the folder is there, ask the administrator for the right to open it.",
	},
	Match: matchStartFolder,
}

func matchStartFolder(c *Case) []Finding {
	s, tries := c.intoFolder()
	if len(tries) == 0 || opened(tries) || c.oldNames(s, tries[0]) {
		return c.folderOverSFTP()
	}
	name, home := folderOf(tries[0]), s.home()
	f := Finding{
		Title:    fmt.Sprintf("The folder %q cannot be opened on %s", name, c.Run.Target.Host),
		Says:     "Signing in works. The folder does not exist, or the account may not open it.",
		Where:    s.where(),
		Evidence: ids(tries...),
		Quotes:   quote(tries[0]),
		Fix: []Step{
			{You, "copy the name of the folder exactly; capital letters count"},
			{SiteAdmin, fmt.Sprintf("create the folder, or give %s the right to open it", c.user())},
		},
	}
	if home != "" {
		f.Says = fmt.Sprintf("Signing in works, and leads to %q. The folder does not exist, or the account may not open it.", home)
	}
	if home != "" && home != "/" && !strings.HasPrefix(name, "/") {
		f.Says = fmt.Sprintf("Signing in works, and leads to %q. There the folder does not exist, or the account may not open it.", home)
		f.Fix = slices.Insert(f.Fix, 1, Step{You, "if the folder begins at the root of the server, write two slashes behind the host"})
	}
	return []Finding{f}
}

// intoFolder lists the tries to open the folder that was asked for, if the first was refused: in UTF-8, and perhaps in Latin-1.
func (c *Case) intoFolder() (*Session, []*fact.Observation) {
	s := c.Attempt()
	if s == nil || !s.Accepted() {
		return nil, nil
	}
	tries := s.answers("CWD")
	if len(tries) == 0 || tries[0].Failure != nil || tries[0].Reply.Code < 400 || tries[0].Reply.Code == 421 {
		return nil, nil
	}
	return s, tries
}

// opened says whether the last try went through.
func opened(tries []*fact.Observation) bool { return tries[len(tries)-1].Reply.Code/100 == 2 }

// folderOf is the name in a CWD.
func folderOf(o *fact.Observation) string {
	_, name, _ := strings.Cut(o.Reply.Command, " ")
	return name
}

// home is the folder that the sign-in led to; empty: the server did not say.
func (s *Session) home() string {
	replies := s.answers("PWD")
	if len(replies) == 0 || replies[0].Reply.Code != 257 { // RFC 959 appendix II
		return ""
	}
	_, after, _ := strings.Cut(strings.Join(replies[0].Reply.Lines, " "), `"`)
	name, _, closed := strings.Cut(after, `"`)
	if !closed {
		return ""
	}
	return name
}

// oldNames says whether a name has letters beyond ASCII, and the server does not say that it reads UTF-8 (RFC 2640 section 3.2).
func (c *Case) oldNames(s *Session, o *fact.Observation) bool {
	if ascii(o.Reply.Command) {
		return false
	}
	replies := s.Replies
	if s.Endpoint != nil {
		replies = slices.Concat(s.Endpoint.Talk.Replies, replies)
	}
	known := false
	for _, o := range replies {
		switch verb(o) {
		case "FEAT":
			known = known || slices.ContainsFunc(o.Reply.Lines, func(line string) bool { return strings.EqualFold(strings.TrimSpace(line), "UTF8") })
		case "OPTS":
			known = known && o.Reply.Code < 400
		}
	}
	return !known
}

var permission = Rule{
	Code:     "data-permission",
	Title:    "The account may not do this in this folder",
	Severity: Problem,
	Page: Page{
		Means: "The login and the data connection work, and the server refuses the work itself: the account may not write (or read) in this folder, or the folder is not there.",
		Shown: "The server refused the transfer with a permanent error that is not about the connection.",
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
	return c.permissionOverSFTP()
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
		Shown: "A folder with such a name was refused in UTF-8, and opened in Latin-1 (ISO 8859-1). Or it was refused, and the server does not say that it reads UTF-8; that the folder is not there looks the same then.",
		Mend:  "In your app choose the encoding of the server: UTF-8, or Latin-1 (also called Windows-1252) for an old one. Or give the folder a name of plain letters.",
	},
	Match: matchEncoding,
}

func matchEncoding(c *Case) []Finding {
	s, tries := c.intoFolder()
	if len(tries) == 0 {
		return nil
	}
	name := folderOf(tries[0])
	f := Finding{
		Where:    s.where(),
		Evidence: ids(tries...),
		Quotes:   quote(tries[0]),
	}
	switch {
	case opened(tries):
		f.Title = fmt.Sprintf("%s does not read names in UTF-8", c.Run.Target.Host)
		f.Says = fmt.Sprintf("The folder %q was refused in UTF-8, and opened in Latin-1.", name)
		f.Fix = []Step{
			{You, "choose Latin-1 (ISO 8859-1, Windows-1252) for the names of this server in your FTP app"},
			{SiteAdmin, "let the server read and write names in UTF-8"},
		}
		return []Finding{f}
	case !c.oldNames(s, tries[0]):
		return nil
	}
	f.Severity, f.Confidence = Problem, Possible // the folder was asked for
	f.Title = fmt.Sprintf("%s does not find the folder %q", c.Run.Target.Host, name)
	f.Says = "The name holds letters beyond ASCII, and the server does not say that it reads UTF-8."
	f.Fix = []Step{
		{You, "compare the name with the listing of the folder above"},
		{You, "choose the encoding of the server in your FTP app, or use a name of plain letters"},
	}
	f.Candidates = []Candidate{
		{"data-encoding", "the listing of the folder above shows the name with other letters in it", You},
		{"data-folder", "the listing of the folder above does not show the name", You},
	}
	return []Finding{f}
}

// ascii says whether a text holds nothing beyond ASCII. What was not UTF-8 stands in it as an escape.
func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) && !strings.Contains(text, `\x`)
}
