package lab

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// pair runs a test with the two ends of a connection with a round trip of 40 ms.
func pair(t *testing.T, test func(t *testing.T, near, far *conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := connect(&net.TCPAddr{Port: 1}, &net.TCPAddr{Port: 2}, 40*time.Millisecond)
		defer func() { _, _ = near.Close(), far.Close() }()
		test(t, near, far)
	})
}

func TestHalfARoundTripEachWay(t *testing.T) {
	pair(t, func(t *testing.T, near, far *conn) {
		start := time.Now()
		_, _ = io.WriteString(near, "question")
		if n, err := far.Read(make([]byte, 100)); n != 8 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
		took(t, start, 0.5)
		_, _ = io.WriteString(far, "one")
		_, _ = io.WriteString(far, "two")
		b := make([]byte, 100)
		if n, err := near.Read(b); string(b[:n]) != "one" || err != nil {
			t.Fatalf("read %q, %v", b[:n], err)
		}
		took(t, start, 1)
	})
}

func TestGoodbyeAfterWords(t *testing.T) {
	pair(t, func(t *testing.T, near, far *conn) {
		_, _ = io.WriteString(far, "221 Goodbye.\r\n")
		_ = far.Close()
		got, err := io.ReadAll(near)
		if string(got) != "221 Goodbye.\r\n" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		// The first write after the goodbye goes out and is answered by a reset; the next one fails.
		if _, err := io.WriteString(near, "x"); err != nil {
			t.Errorf("first write: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := io.WriteString(near, "x"); !errors.Is(err, errBrokenPipe) {
			t.Errorf("second write: %v", err)
		}
	})
}

func TestUnreadWordsResetTheGoodbye(t *testing.T) {
	pair(t, func(t *testing.T, near, far *conn) {
		_, _ = io.WriteString(near, "unread")
		time.Sleep(time.Second)
		_, _ = io.WriteString(far, "too late")
		_ = far.Close()
		got, err := io.ReadAll(near)
		if string(got) != "too late" || !errors.Is(err, errReset) {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestHalfClose(t *testing.T) {
	pair(t, func(t *testing.T, near, far *conn) {
		_ = near.CloseWrite()
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("far reads %v", err)
		}
		if _, err := io.WriteString(near, "x"); !errors.Is(err, errBrokenPipe) {
			t.Errorf("near writes %v", err)
		}
		_, _ = io.WriteString(far, "answer")
		_ = far.Close()
		if got, err := io.ReadAll(near); string(got) != "answer" || err != nil {
			t.Errorf("near reads %q, %v", got, err)
		}
	})
}

func TestWindow(t *testing.T) {
	pair(t, func(t *testing.T, near, far *conn) {
		_ = far.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := far.Write(make([]byte, 10*window))
		if n != window || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d bytes, %v", n, err)
		}
		if n, err := io.ReadFull(near, make([]byte, window)); n != window || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
	})
}

func TestDeadlineMovesForAWaitingReader(t *testing.T) {
	pair(t, func(t *testing.T, near, _ *conn) {
		start := time.Now()
		_ = near.SetDeadline(start.Add(time.Hour))
		time.AfterFunc(time.Second, func() { _ = near.SetDeadline(time.Unix(1, 0)) })
		_, err := near.Read(make([]byte, 1))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("read ends with %v after %v", err, time.Since(start))
		}
		_ = near.Close()
		_ = near.SetDeadline(time.Now().Add(time.Hour)) // must not hang
	})
}
