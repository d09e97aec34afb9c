package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// identity is a key that can be shown to a server.
type identity struct {
	id     *fact.Identity // as recorded; a key and its certificate are two identities of one file
	public ssh.PublicKey  // plain key or certificate; nil: it could not be told, and cannot be shown
	signer ssh.Signer     // nil: only the public half is at hand. To sign may ask the user for the passphrase, and wait
}

// keys looks at what there is to sign in with by SSH besides a password.
func keys(_ context.Context, s *Session) { s.identities() }

// signsInBySSH says whether the plan signs in, and looks at a port that may speak SSH.
func signsInBySSH(p *Plan) bool { return hasUser(p) && p.TriesSSH() }

// TriesSSH says whether the plan looks at a port that may speak SSH.
func (p *Plan) TriesSSH() bool { return slices.ContainsFunc(p.Ports(), maySpeakSSH) }

func maySpeakSSH(port profile.Port) bool { return port.Speaks == fact.SFTP || port.Speaks == "" }

// findIdentities lists the keys in the order in which the user's ssh would show them, and records them in this order.
func (s *Session) findIdentities(ctx context.Context) []identity {
	if s.leftOut("keys") != "" {
		return nil
	}
	held := s.agentKeys(ctx)
	files := s.keyFiles(ctx)
	found := arrange(files, held, s.sshConfig().seen.Only)
	var recorded []*fact.Identity
	for _, i := range found {
		if slices.Contains(recorded, i.id) {
			continue
		}
		recorded = append(recorded, i.id)
		st := s.begin("keys", "", 0, "the key "+i.id.Path, 0)
		st.Identity = i.id
		st.end(ctx, failureOf(files, i.id))
	}
	return found
}

// arrange puts keys in the order of OpenSSH's client (pubkey_prepare in its sshconnect2.c): files that the agent holds the
// key of, in the agent's order; then the agent's other keys, unless only files are wanted; then the other files.
func arrange(files []*keyFile, held []identity, onlyFiles bool) []identity {
	var rest []identity
	for _, file := range files {
		rest = append(rest, file.identities(held)...)
	}
	var first, others []identity
	for _, h := range held {
		i := slices.IndexFunc(rest, func(r identity) bool { return r.public != nil && h.public != nil && equal(r.public, h.public) })
		switch {
		case i >= 0:
			first = append(first, rest[i])
			rest = slices.Delete(rest, i, i+1)
		case !onlyFiles:
			others = append(others, h)
		}
	}
	return slices.Concat(first, others, rest)
}

// defaultKeys are the files that OpenSSH's client shows where none is named, in its order (fill_default_options in its
// readconf.c, version 9.2).
var defaultKeys = []string{"id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa"}

// keyFiles reads the files of -i and of ssh_config or, where neither names one, those that are usual.
func (s *Session) keyFiles(ctx context.Context) []*keyFile {
	config := s.sshConfig()
	var files []*keyFile
	add := func(source fact.KeySource, path string) {
		if !slices.ContainsFunc(files, func(f *keyFile) bool { return f.id.Path == fact.Clean(path) }) {
			files = append(files, s.readKeyFile(ctx, source, path))
		}
	}
	for _, path := range config.certificates {
		add(fact.KeyConfig, path)
	}
	for _, path := range s.plan.Identities {
		add(fact.KeyGiven, path)
	}
	for _, path := range config.identities {
		add(fact.KeyConfig, path)
	}
	if home := s.network.Home(); home != "" && len(s.plan.Identities) == 0 && len(config.seen.Identities) == 0 {
		for _, name := range defaultKeys {
			add(fact.KeyDefault, home+"/.ssh/"+name)
		}
	}
	files = slices.DeleteFunc(files, func(f *keyFile) bool { return f.id.Source == fact.KeyDefault && errors.Is(f.err, fs.ErrNotExist) })
	for _, file := range files {
		file.join(files)
	}
	return files
}

// keyFile is a file that was to hold a key.
type keyFile struct {
	id          *fact.Identity
	err         error            // it could not be read
	public      ssh.PublicKey    // nil: it could not be told
	signer      ssh.Signer       // nil: the file yields none
	certificate *ssh.Certificate // beside the key
}

func failureOf(files []*keyFile, id *fact.Identity) error {
	for _, file := range files {
		if file.id == id {
			return file.err
		}
	}
	return nil
}

// join puts a certificate that lies in a file of its own together with its key.
func (f *keyFile) join(files []*keyFile) {
	certificate, ok := f.public.(*ssh.Certificate)
	if !ok {
		return
	}
	for _, file := range files {
		if file.signer != nil && equal(file.public, certificate.Key) {
			f.signer = withCertificate(certificate, file.signer)
			f.id.Flaw, f.id.Usable = "", file.id.Usable
			return
		}
	}
}

// identities are the key of a file and the certificate beside it, in the order of OpenSSH's client
// (load_public_identity_files in its ssh.c). What the file lacks to sign, the agent may hold.
func (f *keyFile) identities(held []identity) []identity {
	if f.public == nil {
		return []identity{{id: f.id}}
	}
	if !f.id.Usable {
		if signer := signerOf(f.public, held); signer != nil {
			f.signer, f.id.Usable = signer, true
		}
	}
	found := []identity{{id: f.id, public: f.public, signer: f.signer}}
	if f.certificate == nil || f.id.Certificate.OtherKey || f.id.Certificate.ForHosts {
		return found
	}
	return append(found, identity{id: f.id, public: f.certificate, signer: withCertificate(f.certificate, f.signer)})
}

// signerOf finds the agent's signer for a key, or for the key in a certificate.
func signerOf(public ssh.PublicKey, held []identity) ssh.Signer {
	for _, h := range held {
		switch {
		case h.signer == nil:
		case equal(h.public, public):
			return h.signer
		case equal(h.public, plainKey(public)):
			return withCertificate(public.(*ssh.Certificate), h.signer)
		}
	}
	return nil
}

// withCertificate signs with a key and shows the certificate for it.
func withCertificate(certificate *ssh.Certificate, signer ssh.Signer) ssh.Signer {
	if signer == nil {
		return nil
	}
	both, err := ssh.NewCertSigner(certificate, signer)
	if err != nil {
		return nil // they are no pair
	}
	return both
}

// maxKeyFile is more than any key file has: a certificate with many principals has some ten kilobytes.
const maxKeyFile = 1 << 20

// readKeyFile reads a key, and what lies beside it.
func (s *Session) readKeyFile(ctx context.Context, source fact.KeySource, path string) *keyFile {
	file := &keyFile{id: &fact.Identity{Source: source, Path: fact.Clean(path)}}
	content, info, err := s.network.ReadFile(path, maxKeyFile)
	if info != nil {
		file.describe(info, s.network.Mine(info))
	}
	switch {
	case err != nil:
		file.err = err
		return file
	case info.IsDir():
		file.id.Flaw = fact.KeyIsFolder
		return file
	case info.Mode().IsRegular() && info.Size() > maxKeyFile:
		file.id.Flaw = fact.KeyIsHuge
		return file
	case !info.Mode().IsRegular():
		file.err = readable(info, maxKeyFile)
		return file
	}
	text := readKey(content, s.plan.Passphrase)
	file.take(text)
	file.id.Open = s.network.Mine(info) && info.Mode().Perm()&0o077 != 0 && isPrivate(text.format)
	s.readBeside(path, file)
	s.lock(ctx, file, path, content)
	return file
}

// describe records what the file is, whatever it holds.
func (f *keyFile) describe(info fs.FileInfo, mine bool) {
	f.id.Size = info.Size()
	if when := info.ModTime().UTC(); when.Year() > 0 && when.Year() <= 9999 { // JSON has no other years (RFC 3339)
		f.id.Modified = when.Truncate(time.Second)
	}
	if mine || runtime.GOOS != "windows" {
		f.id.Mode = fmt.Sprintf("%04o", info.Mode().Perm())
	}
}

// isPrivate says whether a format is one of private keys.
func isPrivate(format fact.KeyFormat) bool {
	switch format {
	case fact.FormatOpenSSH, fact.FormatPEM, fact.FormatPKCS8, fact.FormatPuTTY, fact.FormatSSHCom:
		return true
	}
	return false
}

// take records what the text of the file holds.
func (f *keyFile) take(text keyText) {
	f.public, f.signer = text.public, text.signer
	f.id.Format, f.id.Flaw, f.id.Version = text.format, text.flaw, text.version
	f.id.Type, f.id.Comment = fact.Clean(text.kind), fact.Clean(text.comment)
	f.id.CRLF, f.id.Unlocked, f.id.Usable = text.crlf, text.unlocked, text.signer != nil
	if text.public != nil {
		describeKey(f.id, text.public)
	}
}

// describeKey records a public key or a certificate.
func describeKey(id *fact.Identity, public ssh.PublicKey) {
	key := plainKey(public)
	id.Type, id.Bits, id.SHA256 = fact.Clean(key.Type()), bitsOf(key), ssh.FingerprintSHA256(key)
	if certificate, ok := public.(*ssh.Certificate); ok {
		id.Certificate = describeUserCertificate(certificate)
	}
}

// maxPrincipals bounds what is recorded of a certificate.
const maxPrincipals = 32

func describeUserCertificate(certificate *ssh.Certificate) *fact.KeyCertificate {
	return &fact.KeyCertificate{
		ForHosts:   certificate.CertType == ssh.HostCert,
		Principals: fact.CleanLines(certificate.ValidPrincipals, maxPrincipals),
		After:      certificateTime(certificate.ValidAfter),
		Before:     certificateTime(certificate.ValidBefore),
		CA:         ssh.FingerprintSHA256(certificate.SignatureKey),
	}
}

// certificateTime is a time of a certificate; zero for the one that never comes.
func certificateTime(seconds uint64) time.Time {
	const last = 253402300799 // 9999-12-31T23:59:59Z: JSON has no later years (RFC 3339)
	if seconds == 0 || seconds > last {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// readBeside reads the public half and the certificate that ssh-keygen puts beside a key.
func (s *Session) readBeside(path string, file *keyFile) {
	if !isPrivate(file.id.Format) {
		return
	}
	if public := s.readPublic(path + ".pub"); public.public != nil {
		if file.public == nil {
			file.public = public.public
			describeKey(file.id, public.public)
		}
		if file.id.Comment == "" && equal(file.public, public.public) {
			file.id.Comment = fact.Clean(public.comment)
		}
	}
	certificate, ok := s.readPublic(path + "-cert.pub").public.(*ssh.Certificate)
	if !ok || len(s.sshConfig().certificates) > 0 { // those of ssh_config take its place
		return
	}
	file.certificate = certificate
	file.id.Certificate = describeUserCertificate(certificate)
	file.id.Certificate.Path = fact.Clean(path + "-cert.pub")
	file.id.Certificate.OtherKey = file.public != nil && !equal(certificate.Key, file.public)
}

// readPublic reads a public key or a certificate, if there is one.
func (s *Session) readPublic(path string) keyText {
	content, _, err := s.network.ReadFile(path, maxKeyFile)
	if err != nil {
		return keyText{}
	}
	return readPublicLine(string(content))
}

// lock makes a signer of an encrypted key for which somebody can be asked.
func (s *Session) lock(ctx context.Context, file *keyFile, path string, content []byte) {
	encrypted := file.id.Flaw == fact.KeyIsEncrypted || file.id.Flaw == fact.KeyWrongPassphrase
	if !encrypted || s.plan.Ask == nil {
		return
	}
	locked := &lockedKey{session: s, id: file.id, public: file.public}
	locked.open = once(func() opened { return locked.ask(ctx, path, content) })
	if file.public != nil {
		file.signer = locked
		return
	}
	// Without its public half the key cannot even be shown to the server. Nobody asks about a file that nobody named.
	if file.id.Source == fact.KeyDefault {
		return
	}
	if o := locked.open(); o.err == nil {
		file.public, file.signer = o.signer.PublicKey(), o.signer
		describeKey(file.id, file.public)
	}
}

// lockedKey is an encrypted key. The user is asked for the passphrase when it has to sign, which is after the server has
// said that it would take the key.
type lockedKey struct {
	session *Session
	id      *fact.Identity
	public  ssh.PublicKey
	open    func() opened
}

// opened is what became of a locked key.
type opened struct {
	signer ssh.AlgorithmSigner
	err    error
}

// maxPassphrases is how often a passphrase is asked for, as with OpenSSH's client (NumberOfPasswordPrompts).
const maxPassphrases = 3

// errLocked is told of a key that nobody gives the passphrase of.
var errLocked = errors.New("the key is encrypted, and its passphrase was not given")

// ask asks for the passphrase until it fits.
func (l *lockedKey) ask(ctx context.Context, path string, content []byte) opened {
	question := Question{Text: "Passphrase of the key " + fact.Clean(path) + ": ", Hidden: true}
	for range maxPassphrases {
		passphrase, ok := l.session.plan.Ask(ctx, question)
		if !ok || passphrase == "" {
			break
		}
		text := readKey(content, passphrase)
		l.session.amend(func() {
			l.id.Flaw, l.id.Unlocked, l.id.Usable = text.flaw, text.unlocked, text.signer != nil
		})
		if signer, ok := text.signer.(ssh.AlgorithmSigner); ok {
			return opened{signer: signer}
		}
		question = Question{Text: "It does not open the key. Try again: ", Hidden: true, Fresh: true}
	}
	return opened{err: errLocked}
}

// amend changes what has been recorded already.
func (s *Session) amend(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// PublicKey is in clear.
func (l *lockedKey) PublicKey() ssh.PublicKey { return l.public }

// Sign asks for the passphrase and signs.
func (l *lockedKey) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return l.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm asks for the passphrase and signs.
func (l *lockedKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	o := l.open()
	if o.err != nil {
		return nil, o.err
	}
	return o.signer.SignWithAlgorithm(rand, data, algorithm)
}
