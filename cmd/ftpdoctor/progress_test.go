package main

import (
	"testing"
	"time"

	"ftpdoctor/probe"
)

func TestWaitingLine(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	greeting := probe.Wait{What: "the greeting of 192.0.2.1:21", Until: now.Add(4 * time.Second)}
	connect := probe.Wait{What: "192.0.2.1:990", Until: now.Add(9600 * time.Millisecond)}
	over := probe.Wait{What: "192.0.2.1:990", Until: now.Add(-time.Second)}
	for _, c := range []struct {
		name    string
		waits   []probe.Wait
		columns int
		want    string
	}{
		{"nothing", nil, 80, ""},
		{"one", []probe.Wait{greeting}, 80, "waiting for the greeting of 192.0.2.1:21, at most 4 s"},
		{"the longest of two", []probe.Wait{greeting, connect}, 80, "waiting for 192.0.2.1:990, at most 10 s, and for 1 more"},
		{"no time that is over", []probe.Wait{over}, 80, "waiting for 192.0.2.1:990"},
		{"a narrow terminal", []probe.Wait{greeting}, 21, "waiting for the gree"},
	} {
		if got := waitingLine(c.waits, now, c.columns); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
