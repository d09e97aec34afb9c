package lab

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

// TestConnConforms holds the connections against what package net promises of every net.Conn. It runs in real time.
func TestConnConforms(t *testing.T) {
	nettest.TestConn(t, func() (one, other net.Conn, stop func(), err error) {
		near, far := connect(&net.TCPAddr{Port: 1}, &net.TCPAddr{Port: 2}, time.Millisecond)
		return near, far, func() { _ = near.Close(); _ = far.Close() }, nil
	})
}
