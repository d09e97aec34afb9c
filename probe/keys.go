package probe

import (
	"context"
	"slices"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// identity is a key that can be shown to a server.
type identity struct {
	id     *fact.Identity // as recorded
	public ssh.PublicKey  // plain key or certificate; nil: it could not be told, and cannot be shown
	signer ssh.Signer     // nil: only the public half is at hand. To sign may ask the user for the passphrase, and wait
}

// maxKeyFile is more than any key file has: a certificate with many principals has some ten kilobytes.
const maxKeyFile = 1 << 20

// findIdentities lists the keys in the order in which the user's ssh would show them, and records them.
func (s *Session) findIdentities(ctx context.Context) []identity {
	var found []identity
	for _, path := range s.plan.Identities {
		st := s.begin("keys", "", 0, "the key "+path, 0)
		st.Identity = &fact.Identity{Source: fact.KeyGiven, Path: path}
		content, _, err := s.network.ReadFile(path, maxKeyFile)
		if signer, parsed := ssh.ParsePrivateKey(content); err == nil && parsed == nil {
			st.Identity.Usable = true
			found = append(found, identity{id: st.Identity, public: signer.PublicKey(), signer: signer})
		}
		st.end(ctx, err)
	}
	return found
}

// keys looks at what there is to sign in with by SSH besides a password.
func keys(_ context.Context, s *Session) { s.identities() }

// signsInBySSH says whether the plan signs in, and looks at a port that may speak SSH.
func signsInBySSH(p *Plan) bool { return hasUser(p) && p.TriesSSH() }

// TriesSSH says whether the plan looks at a port that may speak SSH.
func (p *Plan) TriesSSH() bool { return slices.ContainsFunc(p.Ports(), maySpeakSSH) }

func maySpeakSSH(port profile.Port) bool { return port.Speaks == fact.SFTP || port.Speaks == "" }
