package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// failure says what an error means for the step in which it came up. Every error is classified here and nowhere else,
// by its type and number. Its text is kept for people.
func failure(ctx context.Context, err error) *fact.Failure {
	k := kind(err)
	if ended(ctx) && !toldByOther(k) {
		k = fact.Interrupted
	}
	return &fact.Failure{Kind: k, Text: fact.Clean(err.Error())}
}

// ended says whether the run is over. A connection notices a deadline a moment before the context does.
func ended(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// toldByOther says whether a failure is news from outside, which stays true when the run ends at the same moment.
func toldByOther(k fact.Kind) bool {
	switch k {
	case fact.Dropped, fact.Timeout, fact.Interrupted, fact.Other:
		return false
	}
	return true
}

// kind classifies an error.
func kind(err error) fact.Kind {
	if known, ok := errors.AsType[breach](err); ok {
		return known.kind
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return number(err, errno)
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && !errors.Is(err, context.Canceled) {
		return lookupKind(lookup)
	}
	if k := protocolKind(err); k != "" {
		return k
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fact.Interrupted
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fact.Closed
	case isTimeout(err):
		return silence(err)
	}
	return fact.Other
}

// number classifies an error of the operating system.
func number(err error, errno syscall.Errno) fact.Kind {
	k, ok := errnos[errno]
	switch {
	case k == fact.Timeout:
		return silence(err)
	case k == fact.Denied && ofFile(err):
		return fact.NoPermission
	case errno == syscall.EINVAL && dialling(err): // Linux: the route is of the type "blackhole"
		return fact.NetUnreachable
	case !ok:
		return fact.Other
	}
	return k
}

// ofFile says whether an error is about a file, or the socket of an agent, which is one.
func ofFile(err error) bool {
	var file *fs.PathError
	var op *net.OpError
	return errors.As(err, &file) || errors.As(err, &op) && op.Net == "unix"
}

// dialling says whether an error comes from a connect.
func dialling(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// silence is what a wait in vain is called: a connect that nobody answers is dropped on the way.
func silence(err error) fact.Kind {
	if dialling(err) {
		return fact.Dropped
	}
	return fact.Timeout
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// lookupKind classifies an error of the system's resolver. "Temporary" stands for SERVFAIL and REFUSED alike.
func lookupKind(err *net.DNSError) fact.Kind {
	switch {
	case err.IsNotFound:
		return fact.NotFound
	case err.IsTimeout:
		return fact.Timeout
	case err.IsTemporary:
		return fact.ServFail
	}
	return fact.Other
}

// protocolKind classifies the errors of the protocol libraries; empty: it is none of theirs.
func protocolKind(err error) fact.Kind {
	var (
		op         *net.OpError
		header     tls.RecordHeaderError
		chain      *tls.CertificateVerificationError
		invalid    x509.CertificateInvalidError
		algorithms *ssh.AlgorithmNegotiationError
		reply      textproto.ProtocolError
	)
	switch {
	case errors.As(err, &op) && op.Op == "remote error": // package crypto/tls names an alert of the other side so
		return fact.Alert
	case errors.As(err, &header):
		return fact.NotTLS
	case errors.As(err, &chain), errors.As(err, &invalid):
		return fact.TLSFailed
	case errors.As(err, &algorithms):
		return fact.NoCommonAlgorithm
	case weakGroupText.MatchString(err.Error()):
		return fact.WeakGroup
	case errors.As(err, &reply):
		return fact.Garbled
	case errors.Is(err, bufio.ErrTooLong), errors.Is(err, bufio.ErrBufferFull):
		return fact.TooLong
	}
	return ""
}
