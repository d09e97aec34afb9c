package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"ftpdoctor/probe/fact"
)

// The bounds of a conversation with an SSH agent.
const (
	agentLimit   = 2 * time.Second  // it is on this computer
	signingLimit = 60 * time.Second // it may ask the user for a word (ssh-add -c), or for a touch of a security key
	maxAgentKeys = 64
)

// agentKeys lists the keys of all agents, in their order, and records the agents.
func (s *Session) agentKeys(ctx context.Context) []identity {
	var found []identity
	for _, address := range s.agentAddresses() {
		found = append(found, s.askAgent(ctx, address)...)
	}
	return found[:min(len(found), maxAgentKeys)]
}

// agentAddresses lists the agents: the one of ssh_config takes the place of the one that the environment names
// (ssh_config(5), IdentityAgent).
func (s *Session) agentAddresses() []string {
	addresses := s.network.Agents()
	switch named := s.sshConfig().seen.Agent; named {
	case "", "SSH_AUTH_SOCK":
		return addresses
	case "none":
		return nil
	default:
		return []string{named}
	}
}

// askAgent lists the keys of an agent, and records it.
func (s *Session) askAgent(ctx context.Context, address string) []identity {
	st := s.begin("keys", "", 0, "the SSH agent", agentLimit)
	st.Agent = &fact.Agent{Kind: agentKind(address), Address: fact.Clean(address)}
	a := &sshAgent{session: s, address: address}
	var held []*agent.Key
	err := a.ask(ctx, agentLimit, func(client agent.ExtendedAgent) (err error) {
		held, err = client.List()
		return err
	})
	st.Agent.Keys = len(held)
	st.end(ctx, err)
	var found []identity
	for _, key := range held[:min(len(held), maxAgentKeys)] {
		found = append(found, a.identity(ctx, key))
	}
	return found
}

// agentKind tells from its address how an agent is reached.
func agentKind(address string) fact.AgentKind {
	switch {
	case address == Pageant:
		return fact.AgentPageant
	case strings.HasPrefix(strings.ReplaceAll(address, "/", `\`), `\\.\pipe\`):
		return fact.AgentPipe
	}
	return fact.AgentSocket
}

// sshAgent is an SSH agent (draft-miller-ssh-agent). Every question is a connection of its own, so that none has to be
// kept until nobody asks any more.
type sshAgent struct {
	session *Session
	address string
}

// ask connects to the agent for one question.
func (a *sshAgent) ask(ctx context.Context, limit time.Duration, question func(agent.ExtendedAgent) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := a.session.network.DialAgent(ctx, a.address)
	if err != nil {
		return err
	}
	told := &agentWire{Conn: conn}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() { _ = conn.Close() }()
	err = question(agent.NewClient(told))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case told.failure != nil:
		return told.failure
	}
	return breach{fact.Garbled, err.Error()}
}

// agentWire remembers the error of the connection, which the library makes a text of.
type agentWire struct {
	net.Conn
	failure error
}

func (w *agentWire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		w.failure = err
	}
	return n, err
}

// identity is a key that the agent holds.
func (a *sshAgent) identity(ctx context.Context, key *agent.Key) identity {
	id := &fact.Identity{Source: fact.KeyAgent, Comment: fact.Clean(key.Comment)}
	public, err := ssh.ParsePublicKey(key.Blob)
	if err != nil {
		id.Type, id.Flaw = fact.Clean(typeIn(key.Blob)), fact.KeyTypeUnknown
		return identity{id: id}
	}
	describeKey(id, public)
	id.Usable = true
	return identity{id: id, public: public, signer: &agentSigner{ctx: ctx, agent: a, public: public}}
}

// agentSigner lets the agent sign.
type agentSigner struct {
	ctx    context.Context // of the run: a signature has no context of its own
	agent  *sshAgent
	public ssh.PublicKey
}

// PublicKey is the key, or the certificate.
func (a *agentSigner) PublicKey() ssh.PublicKey { return a.public }

// Sign signs as the agent likes to.
func (a *agentSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return a.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm signs with an algorithm. An RSA key has three; the agent is told by flags which of them is wanted
// (draft-miller-ssh-agent, section 3.6.1).
func (a *agentSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (signature *ssh.Signature, err error) {
	var flags agent.SignatureFlags
	switch algorithm {
	case ssh.KeyAlgoRSASHA256, ssh.CertAlgoRSASHA256v01:
		flags = agent.SignatureFlagRsaSha256
	case ssh.KeyAlgoRSASHA512, ssh.CertAlgoRSASHA512v01:
		flags = agent.SignatureFlagRsaSha512
	}
	err = a.agent.ask(a.ctx, signingLimit, func(client agent.ExtendedAgent) (err error) {
		signature, err = client.SignWithFlags(a.public, data, flags)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the agent does not sign: %w", err)
	}
	return signature, nil
}
