//go:build unix

package probe

import "syscall"

const (
	errRefused       = syscall.ECONNREFUSED
	errNoRoute       = syscall.EHOSTUNREACH
	errKernelTimeout = syscall.ETIMEDOUT
)
