package lab

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// sshWire carries the packets of one SSH connection: in clear first (RFC 4253, section 6), then sealed by AES in
// Galois/Counter Mode, as OpenSSH uses it (RFC 5647). No library does this here: a server of the lab must be able to say
// what libraries never say, and to stop wherever a scenario wants it to.
type sshWire struct {
	c            *conn
	in           *bufio.Reader
	turn         chan struct{} // holds one: whoever takes it writes
	opens, seals *sealer       // nil: in clear
}

func newSSHWire(c *conn) *sshWire {
	w := &sshWire{c: c, in: bufio.NewReader(c), turn: make(chan struct{}, 1)}
	w.turn <- struct{}{}
	return w
}

// maxSSHPacket is what OpenSSH takes (PACKET_MAX_SIZE in its packet.c).
const maxSSHPacket = 256 << 10

var errSSHPacket = errors.New("not a packet of SSH")

// read returns the next message.
func (w *sshWire) read() ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(w.in, head); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(head))
	if size < 2 || size > maxSSHPacket {
		return nil, errSSHPacket
	}
	body := make([]byte, size+w.opens.tagSize())
	if _, err := io.ReadFull(w.in, body); err != nil {
		return nil, err
	}
	body, err := w.opens.open(body, head)
	if err != nil {
		return nil, err
	}
	end := size - int(body[0])
	if end < 2 {
		return nil, errSSHPacket
	}
	return body[1:end], nil
}

// write sends a message.
func (w *sshWire) write(message []byte) error {
	<-w.turn
	defer func() { w.turn <- struct{}{} }()
	_, err := w.c.Write(w.seals.seal(message))
	return err
}

// sealer is one direction of AES-GCM. A nil one leaves everything in clear.
type sealer struct {
	aead cipher.AEAD
	iv   []byte
}

func newSealer(key, iv []byte) *sealer {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("lab: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return &sealer{aead, iv}
}

func (s *sealer) tagSize() int {
	if s == nil {
		return 0
	}
	return s.aead.Overhead()
}

func (s *sealer) open(body, head []byte) ([]byte, error) {
	if s == nil {
		return body, nil
	}
	defer s.count()
	return s.aead.Open(body[:0], s.iv, body, head)
}

// seal frames a message and hides all but its length.
func (s *sealer) seal(message []byte) []byte {
	if s == nil {
		return frame(message, 8, 4)
	}
	defer s.count()
	framed := frame(message, aes.BlockSize, 0)
	return s.aead.Seal(framed[:4], s.iv, framed[4:], framed[:4])
}

// count moves on to the vector of the next packet: its last eight bytes are a number (RFC 5647, section 7.1).
func (s *sealer) count() {
	number := s.iv[4:]
	binary.BigEndian.PutUint64(number, binary.BigEndian.Uint64(number)+1)
}

// frame pads a message to whole blocks (RFC 4253, section 6). outside says how many bytes of the length are part of them.
func frame(message []byte, block, outside int) []byte {
	padding := block - (outside+1+len(message))%block
	if padding < 4 {
		padding += block
	}
	framed := binary.BigEndian.AppendUint32(make([]byte, 0, 5+len(message)+padding+16), uint32(1+len(message)+padding))
	framed = append(append(framed, byte(padding)), message...)
	return append(framed, make([]byte, padding)...)
}

// seal protects both directions with keys that follow from the shared secret (RFC 4253, section 7.2).
func (s *sshSession) seal(secret *big.Int, hash []byte, keySize int) (opens, seals *sealer) {
	derive := func(letter byte, size int) []byte {
		sum := sha256.Sum256(ssh.Marshal(struct {
			Secret *big.Int
			Rest   []byte `ssh:"rest"`
		}{secret, append(append(append([]byte(nil), hash...), letter), s.id...)}))
		return sum[:size]
	}
	return newSealer(derive('C', keySize), derive('A', 12)), newSealer(derive('D', keySize), derive('B', 12))
}
