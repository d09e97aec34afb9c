package lab

import (
	"errors"
	"net"
	"time"
)

// await limits the wait for the next command, and returns the goodbye for when it has passed.
func (s *ftpSession) await() (words string) {
	var until time.Time
	if s.IdleLimit > 0 && s.inside {
		until, words = time.Now().Add(s.IdleLimit), s.IdleWords
	}
	if s.NoTransferLimit > 0 && s.inside {
		if end := s.worked.Add(s.NoTransferLimit); until.IsZero() || end.Before(until) {
			until, words = end, s.NoTransferWords
		}
	}
	_ = s.control.SetReadDeadline(until)
	return words
}

// tooLate says goodbye where the wait was too long. It always ends the session.
func (s *ftpSession) tooLate(err error, words string) bool {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() && words != "" {
		s.say(words)
	}
	return false
}
