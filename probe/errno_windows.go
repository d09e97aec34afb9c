package probe

import (
	"syscall"

	"ftpdoctor/probe/fact"
)

// errnos says what the error numbers of a connection mean. The constants of package syscall with the Unix names are
// invented on Windows; what comes from the system are the numbers of Winsock and, from overlapped operations, those of
// Win32.
var errnos = map[syscall.Errno]fact.Kind{
	10061: fact.Refused,            // WSAECONNREFUSED
	1225:  fact.Refused,            // ERROR_CONNECTION_REFUSED
	10052: fact.Reset,              // WSAENETRESET
	10053: fact.Reset,              // WSAECONNABORTED
	10054: fact.Reset,              // WSAECONNRESET
	1236:  fact.Reset,              // ERROR_CONNECTION_ABORTED
	64:    fact.Reset,              // ERROR_NETNAME_DELETED
	10060: fact.Timeout,            // WSAETIMEDOUT
	121:   fact.Timeout,            // ERROR_SEM_TIMEOUT
	10064: fact.HostUnreachable,    // WSAEHOSTDOWN
	10065: fact.HostUnreachable,    // WSAEHOSTUNREACH
	1232:  fact.HostUnreachable,    // ERROR_HOST_UNREACHABLE
	10047: fact.NetUnreachable,     // WSAEAFNOSUPPORT
	10050: fact.NetUnreachable,     // WSAENETDOWN
	10051: fact.NetUnreachable,     // WSAENETUNREACH
	1231:  fact.NetUnreachable,     // ERROR_NETWORK_UNREACHABLE
	10013: fact.Denied,             // WSAEACCES: a firewall or security program of this computer
	5:     fact.Denied,             // ERROR_ACCESS_DENIED, of files
	2:     fact.NotFound,           // ERROR_FILE_NOT_FOUND, of the pipe of an agent too
	3:     fact.NotFound,           // ERROR_PATH_NOT_FOUND
	10049: fact.AddressUnavailable, // WSAEADDRNOTAVAIL
	10048: fact.NoResources,        // WSAEADDRINUSE: no local port is left
	10024: fact.NoResources,        // WSAEMFILE
	10055: fact.NoResources,        // WSAENOBUFS
}
