package cause

import (
	"slices"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

func channel(ch fact.Channel) fact.Observation { return fact.Observation{Took: 20, Channel: &ch} }

func step(x fact.SFTPStep) fact.Observation { return fact.Observation{Took: 20, SFTP: &x} }

func failed(o fact.Observation, kind fact.Kind) fact.Observation {
	o.Failure = &fact.Failure{Kind: kind, Text: "failed"}
	return o
}

// inside is a run in which somebody signed in with a password, and then saw this.
func inside(steps ...fact.Observation) *signIn {
	return newSignIn(none(both...), password(fact.AuthAccepted), login(fact.Accepted, "password", "")).add(steps...)
}

var (
	session   = channel(fact.Channel{Request: fact.OpenSession})
	subsystem = channel(fact.Channel{Request: fact.SFTPSubsystem})
	started   = step(fact.SFTPStep{Request: fact.SFTPInit, Version: 3})
	unstart   = step(fact.SFTPStep{Request: fact.SFTPInit})
	at        = step(fact.SFTPStep{Request: fact.SFTPRealPath, Path: "/home/jane"})
	listed    = step(fact.SFTPStep{Request: fact.SFTPList, Path: ".", Entries: 3})
	uploaded  = step(fact.SFTPStep{Request: fact.SFTPUpload, Path: "x", Bytes: 100})
	loaded    = step(fact.SFTPStep{Request: fact.SFTPDownload, Path: "x", Bytes: 100})
	deleted   = step(fact.SFTPStep{Request: fact.SFTPDelete, Path: "x"})
)

// What comes after the sign-in has one cause where it fails, and says how far the way in is proven.
func TestBehindTheSignIn(t *testing.T) {
	refused := channel(fact.Channel{Request: fact.SFTPSubsystem, Refused: true})
	for name, test := range map[string]struct {
		seen  *signIn
		want  string // empty: none above note
		proof Proof  // of the way in; empty: there is none
	}{
		"a listing":                      {inside(session, subsystem, started, at, listed), "", ProofListed},
		"a file":                         {inside(session, subsystem, started, at, listed, uploaded, loaded, deleted), "", ProofWrote},
		"nothing yet":                    {inside(), "", ProofLoggedIn},
		"a run that is stopped":          {inside(session, failed(subsystem, fact.Interrupted)), "", ProofLoggedIn},
		"a run that is stopped in SFTP":  {inside(session, subsystem, started, failed(at, fact.Interrupted)), "", ProofLoggedIn},
		"no channel":                     {inside(channel(fact.Channel{Request: fact.OpenSession, Refused: true, Reason: 2, Text: "open failed"})), "sftp-channel-refused", ""},
		"a channel that is never opened": {inside(failed(session, fact.Timeout)), "sftp-breaks-off", ""},
		"an end at the channel":          {inside(failed(session, fact.Closed)), "sftp-closed-after-auth", ""},
		"no SFTP and no commands":        {inside(session, refused, session, channel(fact.Channel{Request: fact.ExecCommand, Command: "command -v scp", Refused: true})), "sftp-none", ""},
		"no SFTP, and a command that is answered by a text": {
			inside(session, refused, session, channel(fact.Channel{Request: fact.ExecCommand, Command: "command -v scp", Stdout: []string{"scp is not for you"}, Stderr: []string{"no"}, Exit: new(0)})), "sftp-none", "",
		},
		"SCP": {
			inside(session, refused, session, channel(fact.Channel{Request: fact.ExecCommand, Command: "command -v scp", Stdout: []string{"/usr/bin/scp"}, Exit: new(0)})), "sftp-scp-only", "",
		},
		"a program that is not there": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Exit: new(127), Closed: true}), failed(unstart, fact.Closed)), "sftp-none", "",
		},
		"a program that ends without a word": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Exit: new(255), Closed: true}), failed(unstart, fact.Closed)), "sftp-closed-after-auth", "",
		},
		"a program that is killed": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Signal: "KILL"}), failed(unstart, fact.Closed)), "sftp-closed-after-auth", "",
		},
		"a text, and the end": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Stderr: []string{"Not today."}, Exit: new(1)}), failed(unstart, fact.Closed)), "sftp-command-text", "",
		},
		"a text that comes with the goodbye": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Closed: true, Goodbye: &fact.Goodbye{Reason: 11, Text: "Not today."}}), failed(unstart, fact.Disconnected)), "sftp-command-text", "",
		},
		"a text in front of SFTP": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Stdout: []string{"Hello."}}),
				failed(step(fact.SFTPStep{Request: fact.SFTPInit, Version: 3, Noise: []string{"Hello."}}), fact.Garbled)), "sftp-shell-noise", "",
		},
		"a text in front of SFTP that then ended": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Stdout: []string{"Hello."}, Exit: new(0), Closed: true}),
				failed(step(fact.SFTPStep{Request: fact.SFTPInit, Version: 3, Noise: []string{"Hello."}}), fact.Garbled)), "sftp-shell-noise", "",
		},
		"silence":      {inside(session, subsystem, failed(unstart, fact.Timeout)), "sftp-breaks-off", ""},
		"what is none": {inside(session, subsystem, failed(unstart, fact.Garbled)), "sftp-breaks-off", ""},
		"an end in the listing": {
			inside(session, subsystem, started, at, failed(listed, fact.Reset)), "sftp-breaks-off", ProofLoggedIn,
		},
		"a start folder that is forbidden": {
			inside(session, subsystem, started, at, step(fact.SFTPStep{Request: fact.SFTPList, Path: ".", Status: 3, Text: "Permission denied"})), "sftp-home-missing", ProofLoggedIn,
		},
		"a start folder that is not there": {
			inside(session, channel(fact.Channel{Request: fact.SFTPSubsystem, Stderr: []string{"Could not chdir to home directory /home/jane: No such file or directory"}}), started, at, listed),
			"sftp-home-missing", ProofListed,
		},
		"a full disk": {
			inside(session, subsystem, started, at, listed, step(fact.SFTPStep{Request: fact.SFTPUpload, Status: 4, Text: "write: No space left on device"})), "sftp-quota", ProofListed,
		},
		"a failure that is a missing right": {
			inside(session, subsystem, started, at, listed, step(fact.SFTPStep{Request: fact.SFTPUpload, Status: 4, Text: "Read-only file system"})), "data-permission", ProofListed,
		},
		"an upload that is not taken": {
			inside(session, subsystem, started, at, listed, step(fact.SFTPStep{Request: fact.SFTPUpload, Status: 8, Text: "Operation unsupported"})), "data-permission", ProofListed,
		},
		"a file that stays": {
			inside(session, subsystem, started, at, listed, uploaded, loaded, step(fact.SFTPStep{Request: fact.SFTPDelete, Status: 3, Text: "Permission denied"})), "data-permission", ProofWrote,
		},
		"a file that comes back changed": {
			inside(session, subsystem, started, at, listed, uploaded, step(fact.SFTPStep{Request: fact.SFTPDownload, Bytes: 99, Differs: true}), deleted), "data-truncated", ProofListed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var roots []string
			found := Find(&test.seen.run, &profile.Generic)
			for _, f := range found {
				if f.ExplainedBy == "" && f.Severity != Note {
					roots = append(roots, f.Cause)
				}
			}
			if got := strings.Join(roots, " "); got != test.want {
				t.Errorf("found %q, want %q:\n%s", got, test.want, dump(found))
			}
			checkFindings(t, &test.seen.run, found)
			var proof Proof
			if ways := Ways(&test.seen.run, &profile.Generic); len(ways) > 0 {
				proof = ways[0].Proof
			}
			if proof != test.proof {
				t.Errorf("the way in is %q, want %q", proof, test.proof)
			}
		})
	}
}

// A folder that was asked for is another matter than the one in which the session begins.
func TestFolderOverSFTP(t *testing.T) {
	for folder, second := range map[string]bool{"in": true, "/srv/in": false} {
		s := inside(session, subsystem, started, at, step(fact.SFTPStep{Request: fact.SFTPList, Path: folder, Status: 2, Text: "No such file"}))
		s.run.Target.Folder = folder
		found := Find(&s.run, &profile.Generic)
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Severity == Problem })
		if i < 0 || found[i].Cause != "data-folder" {
			t.Fatalf("%s: found\n%s", folder, dump(found))
		}
		if got := strings.Contains(found[i].Says, "/home/jane"); got != second {
			t.Errorf("%s: %s", folder, found[i].Says)
		}
	}
}
