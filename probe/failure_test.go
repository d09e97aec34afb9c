package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// dialled and read are errors as package net makes them.
func dialled(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
}

func read(err error) error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
}

func TestKind(t *testing.T) {
	for _, c := range []struct {
		err  error
		want fact.Kind
	}{
		{dialled(errRefused), fact.Refused},
		{dialled(errNoRoute), fact.HostUnreachable},
		{dialled(errKernelTimeout), fact.Dropped},
		{read(errKernelTimeout), fact.Timeout},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, fact.Dropped},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, fact.Timeout},
		{dialled(syscall.EINVAL), fact.NetUnreachable},
		{read(syscall.EINVAL), fact.Other},
		{context.DeadlineExceeded, fact.Timeout},
		{context.Canceled, fact.Interrupted},
		{io.EOF, fact.Closed},
		{fmt.Errorf("ssh: handshake failed: %w", io.ErrUnexpectedEOF), fact.Closed},
		{net.ErrClosed, fact.Other}, // closed by ourselves
		{&net.DNSError{IsNotFound: true}, fact.NotFound},
		{&net.DNSError{IsTimeout: true, IsTemporary: true}, fact.Timeout},
		{&net.DNSError{IsTemporary: true}, fact.ServFail},
		{&net.DNSError{}, fact.Other},
		{&net.DNSError{UnwrapErr: context.Canceled}, fact.Interrupted},
		{&net.DNSError{UnwrapErr: context.DeadlineExceeded, IsTimeout: true}, fact.Timeout},
		{&net.OpError{Op: "remote error", Err: tls.AlertError(40)}, fact.Alert},
		{&net.OpError{Op: "local error", Err: tls.AlertError(40)}, fact.Other},
		{tls.RecordHeaderError{}, fact.NotTLS},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, fact.TLSFailed},
		{fmt.Errorf("ssh: handshake failed: %w", &ssh.AlgorithmNegotiationError{}), fact.NoCommonAlgorithm},
		{textproto.ProtocolError("short response"), fact.Garbled},
		{bufio.ErrTooLong, fact.TooLong},
		{fmt.Errorf("reading: %w", errTooLong), fact.TooLong},
		{errors.New("connection refused"), fact.Other}, // a text tells nothing
	} {
		if got := kind(c.err); got != c.want {
			t.Errorf("kind(%v) is %s, want %s", c.err, got, c.want)
		}
	}
}

func TestFailureAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		err  error
		want fact.Kind
	}{
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, fact.Interrupted},
		{net.ErrClosed, fact.Interrupted},
		{dialled(errRefused), fact.Refused}, // it had come before
		{io.EOF, fact.Closed},
	} {
		if got := failure(ctx, c.err).Kind; got != c.want {
			t.Errorf("%v is %s, want %s", c.err, got, c.want)
		}
	}
}

func TestFailureTextIsClean(t *testing.T) {
	f := failure(t.Context(), errors.New("\x1b[31mred\r\n"+strings.Repeat("x", 5000)))
	if strings.ContainsAny(f.Text, "\x1b\r\n") || len(f.Text) > fact.MaxText {
		t.Errorf("the text is %q", f.Text)
	}
}

// The errors of real handshakes, in case a new version of Go makes others.
func TestKindOfRealHandshakes(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  fact.Kind
	}{
		"text":   {func(c net.Conn) { _, _ = io.WriteString(c, "220 welcome to the server\r\n") }, fact.NotTLS},
		"hangup": {func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)); _ = c.Close() }, fact.Closed},
		"alert": {func(c net.Conn) {
			_ = tls.Server(c, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }}).Handshake()
		}, fact.Alert},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pipeOverTCP(t)
			go c.serve(far)
			err := tls.Client(near, &tls.Config{InsecureSkipVerify: true}).Handshake()
			if got := kind(err); got != c.want {
				t.Errorf("%v is %s, want %s", err, got, c.want)
			}
			_ = near.Close()
			_ = far.Close()
		})
	}
}

// pipeOverTCP is a connection over loopback, both ends.
func pipeOverTCP(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	near, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}
