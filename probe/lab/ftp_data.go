package lab

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// passive is a port on which a data connection is awaited.
type passive struct {
	port    uint16
	arrived chan *conn
	over    chan struct{}
}

// serve hands the connection to the session, and leaves it open as long as the session needs it.
func (p *passive) serve(c *conn) {
	select {
	case p.arrived <- c:
	case <-p.over:
		return
	case <-c.closed:
		return
	}
	select {
	case <-p.over:
	case <-c.closed:
	}
}

// awaitPassive opens a port for a data connection. It says false when none is free.
func (s *ftpSession) awaitPassive() bool {
	s.endMode()
	ports := s.Passive
	if ports.First == 0 {
		ports = PortRange{40000, 50000}
	}
	s.passive = &passive{arrived: make(chan *conn), over: make(chan struct{})}
	if !s.raw.world.open(ipOf(s.raw.local), ports, s.passive) {
		s.passive = nil
	}
	return s.passive != nil
}

// endMode forgets what PASV or PORT settled, and closes the port and the connection to it.
func (s *ftpSession) endMode() {
	s.active = netip.AddrPort{}
	if s.passive == nil {
		return
	}
	s.raw.world.shut(ipOf(s.raw.local), s.passive.port)
	close(s.passive.over)
	s.passive = nil
}

// open puts a server on a free port of a host.
func (c *Computer) open(addr netip.Addr, ports PortRange, p *passive) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.Internet.at(addr)
	size := int(ports.Last) - int(ports.First) + 1
	// Real servers choose at random. A stride of the golden ratio spreads as well, and is the same in each run.
	for range size {
		host.handed++
		port := ports.First + uint16(host.handed*6181%size)
		if host.Ports[port] == nil {
			host.Ports[port], p.port = p, port
			return true
		}
	}
	return false
}

func (c *Computer) shut(addr netip.Addr, port uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.Internet.at(addr).Ports, port)
}

// pasv answers with an address and a port (RFC 959, section 4.1.2).
func (s *ftpSession) pasv(string) bool {
	words, own := s.Brand.words(), ipOf(s.raw.local)
	announced := own
	switch {
	case s.Announce != "":
		announced = netip.MustParseAddr(s.Announce)
	case own.Is6() && words.noPasv != "":
		return s.say(words.noPasv)
	case own.Is6():
		announced = netip.IPv4Unspecified()
	}
	if !s.awaitPassive() {
		return s.instead(words.noPorts)
	}
	port := s.passive.port
	six := fmt.Sprintf("%s,%d,%d", strings.ReplaceAll(announced.String(), ".", ","), port>>8, port&255)
	return s.say(fmt.Sprintf(words.passive, six))
}

// epsv answers with a port alone (RFC 2428, section 3).
func (s *ftpSession) epsv(rest string) bool {
	if strings.EqualFold(rest, "ALL") {
		return s.say("200 EPSV ALL ok.")
	}
	if !s.awaitPassive() {
		return s.instead(s.Brand.words().noPorts)
	}
	return s.say(fmt.Sprintf("229 Entering Extended Passive Mode (|||%d|)", s.passive.port))
}

// port is told an IPv4 address and a port (RFC 959, section 4.1.2).
func (s *ftpSession) port(rest string) bool {
	var six [6]uint8
	fields := strings.Split(rest, ",")
	if len(fields) != len(six) {
		return s.say("501 Syntax error in parameters.")
	}
	for i, field := range fields {
		n, err := strconv.ParseUint(strings.TrimSpace(field), 10, 8)
		if err != nil {
			return s.say("501 Syntax error in parameters.")
		}
		six[i] = uint8(n)
	}
	return s.activate(netip.AddrPortFrom(netip.AddrFrom4([4]byte(six[:4])), uint16(six[4])<<8|uint16(six[5])), "PORT")
}

// eprt is told an address of any family and a port (RFC 2428, section 2).
func (s *ftpSession) eprt(rest string) bool {
	fields := strings.Split(rest, "|")
	if len(fields) != 5 {
		return s.say("501 Syntax error in parameters.")
	}
	addr, err1 := netip.ParseAddr(fields[2])
	port, err2 := strconv.ParseUint(fields[3], 10, 16)
	if err := errors.Join(err1, err2); err != nil {
		return s.say("501 Syntax error in parameters.")
	}
	return s.activate(netip.AddrPortFrom(addr, uint16(port)), "EPRT")
}

// activate takes the address, if it is the visitor's own: servers connect to nobody else (RFC 2577, section 3).
func (s *ftpSession) activate(to netip.AddrPort, verb string) bool {
	visitor := ipOf(s.raw.remote)
	if to.Addr() != visitor {
		reply := strings.ReplaceAll(s.Brand.words().foreign, "PORT", verb)
		if strings.Contains(reply, "%[1]s") {
			reply = fmt.Sprintf(reply, to.Addr(), visitor)
		}
		return s.say(reply)
	}
	s.endMode()
	s.active = to
	return s.say("200 " + verb + " command successful. Consider using PASV.")
}

// bufferSize must come before PROT, and is 0 with TLS (RFC 4217, section 8).
func (s *ftpSession) bufferSize(string) bool {
	if !s.secure {
		return s.say("503 PBSZ needs a secure connection.")
	}
	return s.say("200 PBSZ set to 0.")
}

// protection says whether data connections are encrypted (RFC 4217, section 9).
func (s *ftpSession) protection(level string) bool {
	switch {
	case !s.secure:
		return s.say("503 PROT needs a secure connection.")
	case strings.EqualFold(level, "P"):
		s.protected = true
		return s.say("200 PROT now Private.")
	case strings.EqualFold(level, "C"):
		s.protected = false
		return s.say("200 PROT now Clear.")
	default:
		return s.say("536 PROT not supported.")
	}
}

func (s *ftpSession) list(name string) bool {
	if s.Brand == IIS {
		return s.entries(name, dosLine)
	}
	return s.entries(name, longLine)
}

func (s *ftpSession) names(name string) bool {
	return s.entries(name, func(name string, _ *file) string { return name })
}

func (s *ftpSession) facts(name string) bool {
	if !s.Brand.mlsd() {
		return s.say(s.Brand.words().unknown)
	}
	return s.entries(name, factLine)
}

// entries sends a listing.
func (s *ftpSession) entries(name string, line func(string, *file) string) bool {
	if strings.HasPrefix(name, "-") { // options of ls, as some clients send them
		_, name, _ = strings.Cut(name, " ")
	}
	folder := s.path(name)
	if f := s.disk().find(folder); f == nil || !f.folder {
		return s.say(s.Brand.words().noFolder)
	}
	text := s.disk().list(folder, line)
	return s.transfer(func(data net.Conn) string { return s.send(data, []byte(text)) })
}

func (s *ftpSession) retrieve(name string) bool {
	f := s.disk().find(s.path(name))
	if f == nil || f.folder {
		return s.say(s.Brand.words().noFile)
	}
	return s.transfer(func(data net.Conn) string { return s.send(data, f.data) })
}

// send writes to a data connection, and returns the reply that ends the transfer; empty: the usual one.
func (s *ftpSession) send(data net.Conn, content []byte) string {
	if s.CutAfter > 0 && len(content) > s.CutAfter {
		_, _ = data.Write(content[:s.CutAfter])
		if secure, ok := data.(*tls.Conn); ok {
			_ = secure.NetConn().Close() // without the goodbye of TLS (RFC 8446, section 6.1)
		}
		return s.Brand.words().sent
	}
	if _, err := data.Write(content); err != nil {
		return s.Brand.words().sent
	}
	return ""
}

// largestUpload bounds what a disk takes.
const largestUpload = 16 << 20

func (s *ftpSession) store(name string) bool {
	if s.ReadOnly || name == "" {
		return s.say(s.Brand.words().readOnly)
	}
	return s.transfer(func(data net.Conn) string {
		room := largestUpload
		if s.Room > 0 {
			room = s.Room
		}
		content, err := io.ReadAll(io.LimitReader(data, int64(room)+1))
		var late net.Error
		switch {
		case len(content) > room:
			s.disk().put(s.path(name), content[:room])
			return s.Brand.words().full
		case errors.As(err, &late) && late.Timeout():
			return s.Brand.words().late
		case err != nil:
			return s.Brand.words().received
		}
		s.disk().put(s.path(name), content)
		return ""
	})
}

// transfer carries out a command that has a data connection: the connection, 150, the work, and the last reply.
func (s *ftpSession) transfer(work func(data net.Conn) string) bool {
	defer s.endMode()
	words := s.Brand.words()
	switch {
	case s.passive == nil && !s.active.IsValid():
		return s.say(words.noMode)
	case s.DemandsProt && !s.protected:
		return s.say(words.clearData)
	}
	raw, reply := s.dataConn()
	if raw == nil {
		return s.say(reply)
	}
	defer func() { _ = raw.Close() }()
	if !s.say(words.begins) {
		return false
	}
	_ = raw.SetDeadline(time.Now().Add(s.patience()))
	data, reply := s.secured(raw)
	if data == nil {
		// vsftpd ends the session over a data connection that is not safe.
		return s.say(reply) && s.Brand != Vsftpd
	}
	reply = work(data)
	_ = data.Close()
	s.worked = time.Now()
	if reply == "" {
		reply = words.ends
	}
	return s.say(reply) && !strings.HasPrefix(reply, "421")
}

func (s *ftpSession) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return time.Minute
}

// dataConn waits for the visitor, or goes to him; or says why there is no connection.
func (s *ftpSession) dataConn() (data *conn, reply string) {
	words := s.Brand.words()
	if s.passive == nil {
		if data = s.raw.world.call(s.raw, s.active, s.patience()); data == nil {
			return nil, words.notOpened
		}
		return data, ""
	}
	timer := time.NewTimer(s.patience())
	defer timer.Stop()
	select {
	case data = <-s.passive.arrived:
	case <-timer.C:
		return nil, words.notOpened
	case <-s.raw.closed:
		return nil, words.notOpened
	}
	if ipOf(data.remote) != ipOf(s.raw.remote) {
		_ = data.Close()
		return nil, words.badIP
	}
	return data, ""
}

// secured does the handshake of a data connection under PROT P, or says what is wrong with it.
func (s *ftpSession) secured(raw *conn) (data net.Conn, reply string) {
	if !s.protected {
		return raw, ""
	}
	words, how := s.Brand.words(), s.TLS
	config := s.shared.data
	if s.DataTLS != nil {
		how, config = s.DataTLS, s.DataTLS.config()
	}
	secure, err := how.serve(raw, config)
	switch {
	case err != nil && how.DemandsReuse:
		return nil, words.notResumed // vsftpd blames the session, whatever the fault is
	case err != nil:
		return nil, words.notSecured
	case how.DemandsReuse && !secure.ConnectionState().DidResume:
		_ = secure.Close()
		return nil, words.notResumed
	}
	return secure, ""
}

// ipOf is the address without its port.
func ipOf(addr net.Addr) netip.Addr {
	return addr.(*net.TCPAddr).AddrPort().Addr().Unmap()
}
