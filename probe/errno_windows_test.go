package probe

import "syscall"

const (
	errRefused       = syscall.Errno(10061)
	errNoRoute       = syscall.Errno(10065)
	errKernelTimeout = syscall.Errno(10060)
)
