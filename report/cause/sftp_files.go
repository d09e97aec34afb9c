package cause

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// The status codes of SFTP (draft-ietf-secsh-filexfer-02 section 7, and the later ones of draft 13 section 9.1).
const (
	sftpNoSuchFile       = 2
	sftpPermissionDenied = 3
	sftpFailure          = 4
	sftpWriteProtect     = 12
	sftpNoSpace          = 14
	sftpQuotaExceeded    = 15
)

var sftpHomeMissing = Rule{
	Code:     "sftp-home-missing",
	Title:    "The start folder of the account is missing or forbidden",
	Severity: Warning,
	Page: Page{
		Means: "Signing in works and SFTP works, but the folder in which the account begins cannot be opened: it is not there, or the account may not read it. Apps then show an error where the listing should be, or begin somewhere else.",
		Shown: "The server told the start folder, and refused to open it; or it said that it could not change to the home folder, and began at the root.",
		Mend:  "Set another start folder in your app, one that the account may open. Whoever runs the server has to make the home folder, or give the account the right to it.",
	},
	Match: matchSFTPHomeMissing,
}

func matchSFTPHomeMissing(c *Case) []Finding {
	f := Finding{
		Title: fmt.Sprintf("The start folder of %s on %s cannot be opened", c.user(), c.Run.Target.Host),
		Fix: []Step{
			{You, "set another start folder in your app, one that the account may open"},
			{SiteAdmin, fmt.Sprintf("make the home folder of %s, or give the account the right to open it", c.user())},
		},
	}
	if c.Run.Target.Folder == "" {
		for _, request := range []fact.SFTPRequest{fact.SFTPRealPath, fact.SFTPList} {
			o := c.SSH.turnedDown(request)
			if o == nil {
				continue
			}
			f.Severity = c.weighSSH(Problem) // no app shows anything then
			f.Says = "Signing in works. The folder in which it begins is missing, or the account may not read it."
			switch o.SFTP.Status {
			case sftpNoSuchFile:
				f.Says = "Signing in works. The folder in which it begins is not there."
			case sftpPermissionDenied:
				f.Says = "Signing in works. The account may not read the folder in which it begins."
			default:
				f.Confidence = Likely
			}
			return []Finding{c.stepFinding(o, f)}
		}
	}
	o := c.SSH.speaking(noHome)
	if o == nil || c.SSH.useless() {
		return nil
	}
	f.Says = "Signing in works. The home folder is missing or forbidden, so that it begins at the root of the server."
	f.Severity = c.weighSSH(Warning)
	f.Where, f.Evidence, f.Quotes = c.SSH.where(), ids(c.SSH.Login, o), channelWords(o)
	return []Finding{f}
}

// turnedDown is a step of SFTP that the server refused; nil when it did not.
func (s *SSHSession) turnedDown(request fact.SFTPRequest) *fact.Observation {
	o := s.Step(request)
	if o == nil || !s.Accepted() || o.SFTP.Status == 0 {
		return nil
	}
	return o
}

// stepFinding adds what the refusals of steps of SFTP have in common.
func (c *Case) stepFinding(o *fact.Observation, f Finding) Finding {
	f.Where, f.Evidence = c.SSH.where(), ids(c.SSH.Login, o)
	if o.SFTP.Text != "" {
		f.Quotes = []string{o.SFTP.Text}
	}
	return f
}

var sftpQuota = Rule{
	Code:     "sftp-quota",
	Title:    "There is no room left for an upload",
	Severity: Problem,
	Page: Page{
		Means: "Everything about the connection works, and the server cannot write the file: its disk is full, or the account has used up its share. SFTP apps say \"failure\" and nothing else.",
		Shown: "An upload was refused with the status for a full disk or a used-up quota (14, 15), with words about it, or with the general status 4. A missing right has a status of its own (3). " +
			"A file system that is mounted for reading only gives status 4 too.",
		Mend: "Delete what is no longer needed, also a file that was cut just now, or ask the administrator for more room.",
	},
	Match: matchSFTPQuota,
}

func matchSFTPQuota(c *Case) []Finding {
	o := c.SSH.unwritten("sftp-quota")
	if o == nil {
		return nil
	}
	f := Finding{
		Severity: c.weighSSH(Problem),
		Title:    fmt.Sprintf("%s has no room left for %s", c.Run.Target.Host, c.user()),
		Says:     "The upload is refused for want of space. The connection is not at fault.",
		Fix: []Step{
			{You, "delete files that are no longer needed"},
			{SiteAdmin, "make room on the disk, or raise the quota of the account"},
		},
	}
	if o.SFTP.Status == sftpFailure && !noSpace.MatchString(o.SFTP.Text) {
		f.Confidence = Likely
		f.Title = fmt.Sprintf("%s cannot write a file of %s", c.Run.Target.Host, c.user())
		f.Says = "The upload is refused with the status for a failure of any kind. Mostly the disk is full then. The connection is not at fault."
		f.Candidates = []Candidate{
			{"sftp-quota", "the disk of the server, or the share of the account, is full", SiteAdmin},
			{"data-permission", "the file system is mounted for reading only", SiteAdmin},
		}
	}
	return []Finding{c.stepFinding(o, f)}
}

// noSpace are the words for a full disk.
var noSpace = regexp.MustCompile(`(?i)no space|disk (is )?full|quota|out of space|not enough (disk )?space`)

// unwritten is an upload that was refused for a reason; nil when there was none.
func (s *SSHSession) unwritten(cause string) *fact.Observation {
	o := s.turnedDown(fact.SFTPUpload)
	if o == nil {
		return nil
	}
	full := slices.Contains([]int{sftpFailure, sftpNoSpace, sftpQuotaExceeded}, o.SFTP.Status) || noSpace.MatchString(o.SFTP.Text)
	reason := "data-permission"
	if full && !forbidden.MatchString(o.SFTP.Text) {
		reason = "sftp-quota"
	}
	if reason != cause {
		return nil
	}
	return o
}

// forbidden are the words for a missing right.
var forbidden = regexp.MustCompile(`(?i)permission|denied|read[- ]only|not (allowed|permitted)|forbidden`)

// permissionOverSFTP is what is said of a file that the account may not write, read or delete.
func (c *Case) permissionOverSFTP() []Finding {
	o, work := c.SSH.unwritten("data-permission"), "uploads"
	if o == nil {
		o, work = c.SSH.turnedDown(fact.SFTPDownload), "downloads"
	}
	if o == nil {
		o, work = c.SSH.turnedDown(fact.SFTPDelete), "deleting files"
	}
	if o == nil {
		return nil
	}
	f := Finding{
		Severity: c.weighSSH(Problem),
		Title:    fmt.Sprintf("%s refuses %s over SFTP in this folder", c.Run.Target.Host, work),
		Says:     "Signing in works, and the work itself is refused.",
		Fix: []Step{
			{You, "choose a folder in which you may do that"},
			{SiteAdmin, fmt.Sprintf("give %s the right to it", c.user())},
		},
	}
	switch {
	case o.SFTP.Request == fact.SFTPDelete:
		f.Severity = c.weighSSH(Warning)
		f.Says = "The test file was written, and could not be deleted. It is still there."
		f.Fix[0].Do = "delete the test file by hand, or have it deleted"
	case o.SFTP.Request == fact.SFTPUpload && c.SSH.did(fact.SFTPList):
		f.Says = "Listings work and uploads are refused, so the account may read here and not write."
	}
	if o.SFTP.Status != sftpPermissionDenied && o.SFTP.Status != sftpWriteProtect {
		f.Confidence = Likely
	}
	return []Finding{c.stepFinding(o, f)}
}

// folderOverSFTP is what is said of the folder that was asked for, where SFTP does not open it.
func (c *Case) folderOverSFTP() []Finding {
	name := fact.Clean(c.Run.Target.Folder)
	o := c.SSH.turnedDown(fact.SFTPList)
	if name == "" || o == nil {
		return nil
	}
	f := Finding{
		Severity: c.weighSSH(Problem),
		Title:    fmt.Sprintf("The folder %q cannot be opened on %s", name, c.Run.Target.Host),
		Says:     "Signing in works. The folder does not exist, or the account may not open it.",
		Fix: []Step{
			{You, "copy the name of the folder exactly; capital letters count"},
			{SiteAdmin, fmt.Sprintf("create the folder, or give %s the right to open it", c.user())},
		},
	}
	switch o.SFTP.Status {
	case sftpNoSuchFile:
		f.Says = "Signing in works. There is no such folder."
	case sftpPermissionDenied:
		f.Says = "Signing in works. The account may not open the folder."
	}
	if home := c.SSH.home(); home != "" && home != "/" && !strings.HasPrefix(name, "/") {
		f.Says += fmt.Sprintf(" The path leads on from %q, where the sign-in leads to.", home)
		f.Fix = slices.Insert(f.Fix, 1, Step{You, "if the folder begins at the root of the server, write two slashes behind the host"})
	}
	return []Finding{c.stepFinding(o, f)}
}

// home is the folder that the sign-in led to; empty: the server did not say.
func (s *SSHSession) home() string {
	if !s.did(fact.SFTPRealPath) {
		return ""
	}
	return s.Step(fact.SFTPRealPath).SFTP.Path
}

// changedOverSFTP is what is said of a file that comes back changed.
func (c *Case) changedOverSFTP() []Finding {
	o := c.SSH.Step(fact.SFTPDownload)
	if o == nil || !o.SFTP.Differs {
		return nil
	}
	return []Finding{c.stepFinding(o, Finding{
		Severity: c.weighSSH(Problem),
		Title:    fmt.Sprintf("A file comes back from %s changed", c.Run.Target.Host),
		Says:     fmt.Sprintf("What was read back over SFTP, %d bytes, is not what was written.", o.SFTP.Bytes),
		Fix: []Step{
			{You, "try again, and from another network"},
			{SiteAdmin, "look for a program that changes uploads, and at the disk"},
		},
	})}
}
