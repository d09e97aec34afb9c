package lab

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// SSHAgent is an SSH agent of the computer (draft-ietf-sshm-ssh-agent). The zero one listens and holds no keys.
type SSHAgent struct {
	Address   string // of its socket
	Keys      []Key
	Certified map[Key]*ssh.Certificate // beside these keys it holds a certificate
	Dead      bool                     // its socket is left over; nobody listens
	Silent    bool                     // accepts, and never answers
	Garbage   string                   // answers everything with this
	Refuses   bool                     // lists its keys and signs with none, as one that is to ask and cannot
	Swaps     bool                     // signs with another key than the one that was asked for
}

// Agents lists the addresses of the SSH agents.
func (c *Computer) Agents() []string {
	var list []string
	for _, agent := range c.SSHAgents {
		list = append(list, agent.Address)
	}
	return list
}

// DialAgent connects to an SSH agent.
func (c *Computer) DialAgent(_ context.Context, address string) (net.Conn, error) {
	failed := func(err syscall.Errno) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: address, Net: "unix"}, Err: os.NewSyscallError("connect", err)}
	}
	i := slices.IndexFunc(c.SSHAgents, func(a SSHAgent) bool { return a.Address == address })
	switch {
	case i < 0:
		return failed(syscall.ENOENT)
	case c.SSHAgents[i].Dead:
		return failed(errRefused)
	}
	near, far := connect(&net.UnixAddr{Net: "unix"}, &net.UnixAddr{Name: address, Net: "unix"}, 0)
	if !c.start(near, far, c.SSHAgents[i]) {
		return failed(errRefused)
	}
	return near, nil
}

// The messages of the agent's protocol.
const (
	agentFailure       = 5
	agentListKeys      = 11
	agentKeys          = 12
	agentSign          = 13
	agentSignature     = 14
	agentWantsSHA2_256 = 2 // flags of agentSign
	agentWantsSHA2_512 = 4
)

func (a SSHAgent) serve(c *conn) {
	if a.Silent {
		drain(c)
		return
	}
	head := make([]byte, 4)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		message := make([]byte, min(binary.BigEndian.Uint32(head), maxSSHPacket))
		if _, err := io.ReadFull(c, message); err != nil || len(message) == 0 {
			return
		}
		answer := a.answer(message)
		if a.Garbage == "" {
			answer = append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...)
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

func (a SSHAgent) answer(message []byte) []byte {
	switch {
	case a.Garbage != "":
		return []byte(a.Garbage)
	case message[0] == agentListKeys:
		return a.list()
	case message[0] == agentSign && !a.Refuses:
		return a.sign(message)
	default:
		return []byte{agentFailure}
	}
}

// held is a key or certificate of the agent's.
type held struct {
	public  ssh.PublicKey
	key     Key
	comment string
}

func (a SSHAgent) held() []held {
	var all []held
	for _, key := range a.Keys {
		all = append(all, held{key.signer().PublicKey(), key, key.comment()})
		if certificate := a.Certified[key]; certificate != nil {
			all = append(all, held{certificate, key, key.comment()})
		}
	}
	return all
}

func (a SSHAgent) list() []byte {
	all := a.held()
	answer := binary.BigEndian.AppendUint32([]byte{agentKeys}, uint32(len(all)))
	for _, h := range all {
		answer = append(answer, ssh.Marshal(struct {
			Key     []byte
			Comment string
		}{h.public.Marshal(), h.comment})...)
	}
	return answer
}

func (a SSHAgent) sign(message []byte) []byte {
	var asked struct {
		Key   []byte `sshtype:"13"`
		Data  []byte
		Flags uint32
	}
	if ssh.Unmarshal(message, &asked) != nil {
		return []byte{agentFailure}
	}
	for _, h := range a.held() {
		if string(h.public.Marshal()) != string(asked.Key) {
			continue
		}
		if a.Swaps {
			h.key.Name += " swapped"
		}
		signature, err := h.key.signer().(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, asked.Data, h.key.algorithm(asked.Flags))
		if err != nil {
			return []byte{agentFailure}
		}
		return ssh.Marshal(struct {
			Signature []byte `sshtype:"14"`
		}{ssh.Marshal(signature)})
	}
	return []byte{agentFailure}
}

// algorithm is that of a signature with these flags (draft-ietf-sshm-ssh-agent, section 3.6).
func (k Key) algorithm(flags uint32) string {
	kind := k.signer().PublicKey().Type()
	switch {
	case k.Kind == RSA && flags&agentWantsSHA2_512 != 0:
		return ssh.KeyAlgoRSASHA512
	case k.Kind == RSA && flags&agentWantsSHA2_256 != 0:
		return ssh.KeyAlgoRSASHA256
	default:
		return kind
	}
}

// comment is what people see of a key.
func (k Key) comment() string { return strings.ReplaceAll(k.Name, " ", "-") + "@laptop" }
