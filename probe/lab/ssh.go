package lab

import (
	"bufio"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSH is an SSH server. The zero SSH is an OpenSSH that lets nobody in.
type SSH struct {
	Wait   time.Duration // before it says anything
	Before []string      // lines before the identification (RFC 4253, section 4.2)
	Ident  string        // the identification; empty: OpenSSH 9.2p1 of Debian
	RSA    bool          // its only host key is an RSA one
	// Offer announces these algorithms instead of the real ones. Where they share nothing with the visitor's, the
	// server says so and goes (RFC 4253, section 7.1).
	Offer *Offer
	// EndAfter says where the conversation breaks off.
	EndAfter Stage
	Hang     bool // at that stage it goes silent instead of closing
}

// Offer is what a server announces in KEXINIT.
type Offer struct {
	Kex, HostKeys, Ciphers, MACs []string
}

// Stage is a point in an SSH conversation.
type Stage int

// The stages.
const (
	Never           Stage = iota
	AtLines               // once the lines before the identification are sent
	AtIdentityGiven       // once the server's identification is sent
	AtVisitorHello        // once the visitor has sent its own
)

const openSSH = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"

func (s SSH) ident() string {
	if s.Ident == "" {
		return openSSH
	}
	return s.Ident
}

func (s SSH) serve(c *conn) {
	if !c.sleep(s.Wait) {
		return
	}
	if len(s.Before) > 0 {
		if _, err := io.WriteString(c, strings.Join(s.Before, "\r\n")+"\r\n"); err != nil {
			return
		}
	}
	switch {
	case s.EndAfter == AtLines:
		s.end(c)
	case s.EndAfter != Never || s.Offer != nil:
		s.script(c)
	default:
		s.handshake(c)
	}
}

func (s SSH) end(c *conn) {
	if s.Hang {
		drain(c)
	}
}

// handshake is a real one, up to the refusal of every login.
func (s SSH) handshake(c *conn) {
	config := &ssh.ServerConfig{
		ServerVersion: s.ident(),
		PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			return nil, errors.New("no accounts here")
		},
	}
	config.AddHostKey(s.hostKey())
	session, _, _, err := ssh.NewServerConn(c, config)
	if err == nil {
		_ = session.Close()
	}
}

func (s SSH) hostKey() ssh.Signer {
	if s.RSA {
		return rsaHostKey()
	}
	return hostKey()
}

var (
	hostKey = sync.OnceValue(func() ssh.Signer {
		return signer(ed25519.NewKeyFromSeed([]byte("a fixed test key of the lab ....")))
	})
	rsaHostKey = sync.OnceValue(func() ssh.Signer { return signer(rsaKey()) })
)

func signer(key any) ssh.Signer {
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return s
}

// script speaks the first messages by hand, with algorithms that no library knows any more.
func (s SSH) script(c *conn) {
	if _, err := io.WriteString(c, s.ident()+"\r\n"); err != nil {
		return
	}
	if s.EndAfter == AtIdentityGiven {
		s.end(c)
		return
	}
	in := bufio.NewReader(io.LimitReader(c, 1<<20))
	if s.EndAfter == AtVisitorHello {
		if _, err := in.ReadString('\n'); err == nil {
			s.end(c)
		}
		return
	}
	if _, err := c.Write(packet(s.Offer.kexInit())); err != nil {
		return
	}
	if _, err := in.ReadString('\n'); err != nil {
		return
	}
	if err := skipPacket(in); err != nil {
		return
	}
	// SSH_MSG_DISCONNECT, reason 3: key exchange failed (RFC 4253, section 11.1).
	text := "no matching algorithm found"
	message := binary.BigEndian.AppendUint32([]byte{1}, 3)
	message = appendString(message, text)
	_, _ = c.Write(packet(appendString(message, "")))
}

// kexInit is the message of RFC 4253, section 7.1.
func (o *Offer) kexInit() []byte {
	message := append([]byte{20}, make([]byte, 16)...)
	for _, names := range [][]string{o.Kex, o.HostKeys, o.Ciphers, o.Ciphers, o.MACs, o.MACs, {"none"}, {"none"}, nil, nil} {
		message = appendString(message, strings.Join(names, ","))
	}
	return append(message, 0, 0, 0, 0, 0) // no guess follows, and four reserved bytes
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// packet frames a message before the keys are agreed on (RFC 4253, section 6).
func packet(message []byte) []byte {
	padding := 8 - (5+len(message))%8
	if padding < 4 {
		padding += 8
	}
	framed := binary.BigEndian.AppendUint32(nil, uint32(1+len(message)+padding))
	framed = append(append(framed, byte(padding)), message...)
	return append(framed, make([]byte, padding)...)
}

func skipPacket(in io.Reader) error {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, in, int64(binary.BigEndian.Uint32(size[:])))
	return err
}
