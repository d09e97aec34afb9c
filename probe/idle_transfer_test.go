package probe

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
)

// A run that was stopped waits a moment for a file to be deleted, whatever the server does meanwhile.
func TestAFileIsDeletedSoonOrNot(t *testing.T) {
	for name, server := range map[string]lab.Server{
		"silent at once":       lab.Raw{Hang: true},
		"silent at the name":   lab.FTP{SilentOn: "USER"},
		"silent in the folder": lab.FTP{SilentOn: "CWD"},
		"silent at the file":   lab.FTP{SilentOn: "DELE"},
		"trickling":            lab.Raw{Say: "220-hello\r\n", Times: 1000, Every: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := world(server)
				defer c.Close()
				run, cancel := context.WithCancel(t.Context())
				s := newSession(run, Plan{Target: fact.Target{Host: there, User: "jane", Folder: "web"}, Password: janes, Idle: time.Minute}, c, nil)
				cancel()
				began := time.Now()
				s.deleteAfresh(run, entrance{place: spot, protocol: fact.FTP}, "file")
				if took := time.Since(began); took > finishLimit+goodbyeLimit+time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}
