//go:build !windows

package lab

import "syscall"

// What the operating system says when a connection fails.
const (
	errRefused     = syscall.ECONNREFUSED
	errReset       = syscall.ECONNRESET
	errBrokenPipe  = syscall.EPIPE
	errTimedOut    = syscall.ETIMEDOUT
	errProhibited  = syscall.EHOSTUNREACH
	errUnreachable = syscall.ENETUNREACH
	errBlockedHere = syscall.EPERM
)
