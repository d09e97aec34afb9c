package lab

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The account that every server of the lab knows.
const (
	jane          = "jane"
	rightPassword = "correct horse"
)

func (s *ftpSession) userName(name string) bool {
	switch {
	case s.DemandsTLS && !s.secure:
		return s.instead(s.Brand.words().cleartext)
	case s.Brand == PureFTPd && (name == "anonymous" || name == "ftp"):
		return s.say("530 This is a private system - No anonymous login")
	}
	s.user = name
	reply := s.Brand.words().user
	if strings.Contains(reply, "%s") {
		reply = fmt.Sprintf(reply, name)
	}
	return s.say(reply)
}

func (s *ftpSession) password(given string) bool {
	right := s.Password
	if right == "" {
		right = rightPassword
	}
	switch {
	case s.user == "":
		return s.say("503 Login with USER first.")
	case s.user != jane || given != right:
		s.user = ""
		// vsftpd lets a wrong password wait (delay_failed_login).
		late := s.Brand != Vsftpd || s.raw.sleep(time.Second)
		return late && s.say(s.Brand.words().denied)
	case s.Welcome != "":
		return s.instead(s.Welcome)
	}
	if !s.raw.world.count(ipOf(s.raw.local), 1, s.Sessions) {
		return s.say("530 Sorry, the maximum number of clients (" + strconv.Itoa(s.Sessions) + ") for this user are already connected.")
	}
	s.inside = true
	if s.Home != "" {
		s.folder = s.Home
	}
	return s.say(s.Brand.words().welcome)
}

// count adds to the sessions of jane at a host, where there may be so many; zero: any number.
func (c *Computer) count(addr netip.Addr, add, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.Internet.at(addr)
	if most > 0 && host.sessions+add > most {
		return false
	}
	host.sessions += add
	return true
}
