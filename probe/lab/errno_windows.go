package lab

import "syscall"

// What Windows says when a connection fails. The constants of package syscall with the Unix names are invented
// numbers there and never come from the system; these are the Winsock ones.
const (
	errRefused     = syscall.Errno(10061) // WSAECONNREFUSED
	errReset       = syscall.Errno(10054) // WSAECONNRESET
	errBrokenPipe  = syscall.Errno(10053) // WSAECONNABORTED
	errTimedOut    = syscall.Errno(10060) // WSAETIMEDOUT
	errProhibited  = syscall.Errno(10065) // WSAEHOSTUNREACH
	errUnreachable = syscall.Errno(10051) // WSAENETUNREACH
	errBlockedHere = syscall.Errno(10013) // WSAEACCES
)
