package lab

import (
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// DNS is a name server, over UDP and TCP.
type DNS struct {
	// Zone holds the records, as lines of a zone file: "acme.files.com. 60 IN A 198.51.100.7".
	Zone []string
	// Rcodes answers some names, written with the final dot, by a code such as dns.RcodeServerFailure.
	Rcodes map[string]int
	// Rcode answers every question, unless it is zero.
	Rcode int
	// Wait is how much longer than the round trip an answer takes.
	Wait time.Duration
	// Search is the address that every A question for an unknown name is answered with, as some providers do.
	Search netip.Addr

	Silent    bool // never answers
	Truncates bool // answers over UDP are cut
	NoTCP     bool // the TCP port hangs up
	WrongID   bool // answers a question that was not asked
	Garbage   bool // answers what is no DNS message
	Endless   int  // sends the answer this many times
}

// transport is how a question came.
type transport int

const (
	overUDP transport = iota
	overTCP
)

// serve answers over TCP, where a length of two bytes stands before each message (RFC 1035, section 4.2.2).
func (d *DNS) serve(c *conn) {
	for !d.NoTCP {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		if !c.sleep(d.Wait) {
			return
		}
		for _, answer := range d.answer(question, overTCP) {
			framed := binary.BigEndian.AppendUint16(nil, uint16(len(answer)))
			if _, err := c.Write(append(framed, answer...)); err != nil {
				return
			}
		}
	}
}

// answer returns what is sent for a question: usually one message.
func (d *DNS) answer(question []byte, how transport) [][]byte {
	asked := new(dns.Msg)
	if d.Silent || asked.Unpack(question) != nil || len(asked.Question) != 1 {
		return nil
	}
	if d.Garbage {
		return [][]byte{[]byte("HTTP/1.1 400 Bad Request\r\n\r\n")}
	}
	reply := d.reply(asked)
	if how == overUDP {
		reply.Truncate(room(asked))
	}
	if d.Truncates && how == overUDP {
		reply.Truncated, reply.Answer = true, nil
	}
	if d.WrongID {
		reply.Id++
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	answers := [][]byte{packed}
	for range d.Endless {
		answers = append(answers, packed)
	}
	return answers
}

// room is how long an answer over UDP may be (RFC 1035, section 4.2.1; RFC 6891, section 6.2.3).
func room(asked *dns.Msg) int {
	if option := asked.IsEdns0(); option != nil {
		return int(option.UDPSize())
	}
	return dns.MinMsgSize
}

// reply answers from the zone.
func (d *DNS) reply(asked *dns.Msg) *dns.Msg {
	q := asked.Question[0]
	reply := new(dns.Msg)
	reply.SetReply(asked)
	reply.RecursionAvailable = true
	name := strings.ToLower(q.Name)
	if code := d.rcode(name); code != dns.RcodeSuccess {
		reply.Rcode = code
		return reply
	}
	reply.Answer, reply.Rcode = d.find(name, q.Qtype)
	if reply.Rcode == dns.RcodeNameError && d.Search.IsValid() {
		reply.Rcode = dns.RcodeSuccess
		if q.Qtype == dns.TypeA {
			reply.Answer = append(reply.Answer, record(q.Name+" 60 IN A "+d.Search.String()))
		}
	}
	return reply
}

func (d *DNS) rcode(name string) int {
	if d.Rcode != dns.RcodeSuccess {
		return d.Rcode
	}
	return d.Rcodes[name]
}

// longestChain bounds the aliases that are followed, so that a loop of them comes back as a long answer.
const longestChain = 16

// find follows aliases to the records of a type.
func (d *DNS) find(name string, kind uint16) (answer []dns.RR, rcode int) {
	for range longestChain {
		known, alias := false, ""
		for _, line := range d.Zone {
			rr := record(line)
			if !strings.EqualFold(rr.Header().Name, name) {
				continue
			}
			known = true
			if cname, ok := rr.(*dns.CNAME); ok {
				alias = strings.ToLower(cname.Target)
				answer = append(answer, rr)
			} else if rr.Header().Rrtype == kind {
				answer = append(answer, rr)
			}
		}
		switch {
		case !known:
			return answer, dns.RcodeNameError
		case alias == "" || kind == dns.TypeCNAME:
			return answer, dns.RcodeSuccess
		}
		name = alias
	}
	return answer, dns.RcodeSuccess
}

// record parses one line of a zone. The zones are part of this program, so a mistake in one is a bug.
func record(line string) dns.RR {
	rr, err := dns.NewRR(line)
	if err != nil {
		panic("lab: bad record " + line + ": " + err.Error())
	}
	return rr
}
