package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// enterSSH signs jane in at an SSH server, and returns what was seen.
func enterSSH(t *testing.T, server lab.SSH, change func(*Plan, *lab.Computer)) (run fact.Run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := world(server)
		defer c.Close()
		run = enterSSHWorld(t.Context(), c, change)
	})
	return run
}

func enterSSHWorld(ctx context.Context, c *lab.Computer, change func(*Plan, *lab.Computer)) fact.Run {
	plan := Plan{
		Target:      fact.Target{Host: there, Port: 2100, Protocol: fact.SFTP, User: "jane"},
		Password:    janes,
		TrustAnyway: true,
		Only:        []string{"endpoints", "keys", "sftp"},
		Timeout:     5 * time.Minute,
	}
	if change != nil {
		change(&plan, c)
	}
	return Run(ctx, plan, c, nil)
}

// toldBySSH tells in short what the check "sftp" saw.
func toldBySSH(run fact.Run) (told []string) {
	for _, o := range run.Seen {
		if o.Check != "sftp" {
			continue
		}
		text := ""
		switch {
		case o.Skip != nil:
			text = "skip " + o.Skip.What
		case o.Dial != nil:
			text = "dial " + string(o.Dial.Purpose)
		case o.Ident != nil:
			text = "ident"
		case o.Kex != nil:
			text = "kex"
		case o.Auth != nil:
			text = fmt.Sprintf("%s %s %s", o.Auth.Method, o.Auth.Algorithm, o.Auth.Answer)
			if o.Auth.Query {
				text = "query " + text
			}
			if o.Auth.Goodbye != nil {
				text += fmt.Sprintf(" goodbye %d %s", o.Auth.Goodbye.Reason, o.Auth.Goodbye.Text)
			}
		case o.Login != nil:
			text = fmt.Sprintf("login %s %s %s", o.Login.Method, o.Login.Outcome, o.Login.Withheld)
		case o.HostKeys != nil:
			text = fmt.Sprintf("host keys %d", len(o.HostKeys.Keys))
		case o.Channel != nil:
			c := o.Channel
			text = fmt.Sprintf("channel %s", c.Request)
			if c.Refused {
				text += fmt.Sprintf(" refused %d %s", c.Reason, c.Text)
			}
			if c.Exit != nil {
				text += fmt.Sprintf(" exit %d", *c.Exit)
			}
			if c.Closed {
				text += " closed"
			}
			text += quoted(" stdout", c.Stdout) + quoted(" stderr", c.Stderr)
		case o.SFTP != nil:
			f := o.SFTP
			text = fmt.Sprintf("sftp %s", f.Request)
			if f.Request == fact.SFTPInit {
				text += fmt.Sprintf(" %d", f.Version)
			}
			if f.Entries > 0 {
				text += fmt.Sprintf(" %d", f.Entries)
			}
			if f.Status != 0 {
				text += fmt.Sprintf(" status %d %s", f.Status, f.Text)
			}
			if f.Differs {
				text += " differs"
			}
			text += quoted(" noise", f.Noise)
		}
		if o.Failure != nil {
			text += " !" + string(o.Failure.Kind)
		}
		told = append(told, strings.Join(strings.Fields(text), " "))
	}
	return told
}

func quoted(what string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("%s %q", what, lines)
}

func checkTold(t *testing.T, run fact.Run, want ...string) {
	t.Helper()
	if got := toldBySSH(run); !slices.Equal(got, want) {
		t.Errorf("saw\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// signedIn is what is seen where everything works, after the requests of the sign-in.
var signedIn = []string{"host keys 1", "channel session", "channel subsystem", "sftp init 3", "sftp realpath", "sftp list 3"}

func TestSignInBySSH(t *testing.T) {
	for name, c := range map[string]struct {
		server lab.SSH
		change func(*Plan, *lab.Computer)
		want   []string
	}{
		"password": {lab.SSH{}, nil, []string{"none refused", "password accepted", "login password accepted"}},
		"questions": {lab.SSH{Methods: []string{"keyboard-interactive"}}, nil, []string{
			"none refused", "keyboard-interactive accepted", "login keyboard-interactive accepted",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			checkTold(t, enterSSH(t, c.server, c.change), append(c.want, signedIn...)...)
		})
	}
}
