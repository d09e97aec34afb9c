package lab

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Account is what an SSH server knows of a user.
type Account struct {
	Password string // empty: "correct horse"
	// Keys are those that it takes (authorized_keys).
	Keys []Key
	// Authority signs certificates for keys that it takes too (TrustedUserCAKeys).
	Authority *Key
	// Needs lists what lets the user in, each one a method, or several joined by commas, which are all needed in this order
	// (AuthenticationMethods of sshd_config). None: any method of the server's.
	Needs []string
	// Rounds are what keyboard-interactive asks for; none: the password.
	Rounds []Round
	// AgainAndAgain begins with the first round again after the last one.
	AgainAndAgain bool
	// Denied says no to everything, as AllowUsers, a lock, or a shell that is not valid do.
	Denied bool
	// RefusesSignatures says no to a signature of a key that it has said yes to.
	RefusesSignatures bool
	// Expired shows this text once the user has proven to be who it is, and hangs up, as PAM does for an account that has ended.
	Expired string
	// Goodbye is what the server hangs up with in place of an answer to a password (RFC 4253, section 11.1).
	Goodbye string
	// NewPassword demands a new password in place of the right one (RFC 4252, section 8).
	NewPassword bool
}

// Round is a request of keyboard-interactive (RFC 4256, section 3.2).
type Round struct {
	Name, Instruction string
	Prompts           []Prompt
	More              uint32 // so many more prompts are announced than there are
}

// Prompt is a question, and the right answer.
type Prompt struct {
	Text   string
	Echo   bool
	Answer string // empty: the password
}

func (a *Account) password() string {
	if a.Password == "" {
		return rightPassword
	}
	return a.Password
}

func (a *Account) rounds() []Round {
	if len(a.Rounds) == 0 {
		return []Round{{Prompts: []Prompt{{Text: "Password: "}}}}
	}
	return a.Rounds
}

func (s *sshSession) methods() []string {
	if len(s.Methods) == 0 {
		return []string{"publickey", "password"}
	}
	return s.Methods
}

func (s *sshSession) signatures() []string {
	if len(s.Signatures) > 0 {
		return s.Signatures
	}
	return []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
	}
}

// reception is what comes of a request to sign in.
type reception int

const (
	refused  reception = iota
	proven             // this method is done
	answered           // with a message of its own; the visitor goes on
	over               // the connection is
)

// request is SSH_MSG_USERAUTH_REQUEST.
type request struct {
	User    string `sshtype:"50"`
	Service string
	Method  string
	Rest    []byte `ssh:"rest"`
}

// authenticate lets the visitor sign in. It says false when nobody is in at the end.
func (s *sshSession) authenticate() bool {
	message, ok := s.next()
	if !ok || message[0] != sshServiceRequest || s.stops(AtService) {
		return false
	}
	accepted := s.send(struct {
		Service string `sshtype:"6"`
	}{"ssh-userauth"})
	for first := true; accepted; first = false {
		message, ok := s.next()
		var r request
		if !ok || ssh.Unmarshal(message, &r) != nil || first && !s.begin() {
			return false
		}
		s.know(r.User)
		switch s.decide(r) {
		case over:
			return false
		case refused:
			if r.Method != "none" {
				s.failures++
			}
			if s.failures >= s.maxTries() {
				return s.disconnect(2, "Too many authentication failures")
			}
			accepted = s.fail(false)
		case proven:
			s.done = append(s.done, r.Method)
			if s.enough() {
				return s.welcome()
			}
			accepted = s.fail(true)
		}
	}
	return false
}

func (s *sshSession) maxTries() int {
	if s.MaxTries == 0 {
		return 6
	}
	return s.MaxTries
}

// begin is what comes before the answer to the first request.
func (s *sshSession) begin() bool {
	if !s.c.sleep(s.Thinks) || s.stops(AtFirstRequest) {
		return false
	}
	for s.Floods {
		if !s.c.sleep(10 * time.Millisecond) {
			return false
		}
		if s.Banner != "" && !s.banner(s.Banner) || s.Banner == "" && s.wire.write([]byte{sshIgnore, 0, 0, 0, 0}) != nil {
			return false
		}
	}
	return s.Banner == "" || s.banner(s.Banner)
}

func (s *sshSession) banner(text string) bool {
	return s.send(struct {
		Text     string `sshtype:"53"`
		Language string
	}{text, ""})
}

// know finds the account.
func (s *sshSession) know(user string) {
	s.user, s.account = user, nil
	users := s.Users
	if users == nil {
		users = map[string]Account{jane: {}}
	}
	if account, ok := users[user]; ok && !account.Denied {
		s.account = &account
	}
}

// fail refuses, or asks for more after a method has succeeded (RFC 4252, section 5.1).
func (s *sshSession) fail(partial bool) bool {
	return s.send(struct {
		Methods []string `sshtype:"51"`
		Partial bool
	}{s.remaining(), partial})
}

// remaining are the methods that can continue.
func (s *sshSession) remaining() []string {
	if s.account == nil || len(s.account.Needs) == 0 {
		return s.methods()
	}
	var next []string
	for _, need := range s.account.Needs {
		list := strings.Split(need, ",")
		if len(list) > len(s.done) && slices.Equal(list[:len(s.done)], s.done) && !slices.Contains(next, list[len(s.done)]) {
			next = append(next, list[len(s.done)])
		}
	}
	return next
}

func (s *sshSession) enough() bool {
	return len(s.account.Needs) == 0 || slices.Contains(s.account.Needs, strings.Join(s.done, ","))
}

// welcome lets the visitor in, unless the account has ended.
func (s *sshSession) welcome() bool {
	if s.account.Expired != "" {
		s.banner(s.account.Expired)
		return false
	}
	const success = 52
	return s.wire.write([]byte{success}) == nil && !s.stops(AtInside)
}

func (s *sshSession) decide(r request) reception {
	if !slices.Contains(s.remaining(), r.Method) {
		return refused
	}
	switch r.Method {
	case "password":
		return s.takePassword(r.Rest)
	case "publickey":
		return s.takeKey(r)
	case "keyboard-interactive":
		return s.interview()
	default:
		return refused
	}
}

// takePassword is RFC 4252, section 8.
func (s *sshSession) takePassword(rest []byte) reception {
	var given struct {
		Change   bool
		Password string
		Rest     []byte `ssh:"rest"`
	}
	switch {
	case ssh.Unmarshal(rest, &given) != nil, s.stops(AtPassword):
		return over
	case s.account == nil:
		return refused
	case s.account.Goodbye != "":
		const byApplication = 11
		s.disconnect(byApplication, s.account.Goodbye)
		return over
	case given.Password != s.account.password():
		return refused
	case s.account.NewPassword && !given.Change:
		s.send(struct {
			Prompt   string `sshtype:"60"`
			Language string
		}{"Your password has expired. Choose a new one.", ""})
		return answered
	}
	return proven
}

// takeKey is RFC 4252, section 7.
func (s *sshSession) takeKey(r request) reception {
	var shown struct {
		Signed    bool
		Algorithm string
		Key       []byte
		Rest      []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(r.Rest, &shown) != nil || s.stops(AtKeyShown) {
		return over
	}
	key, err := ssh.ParsePublicKey(shown.Key)
	switch {
	case err != nil || !slices.Contains(s.signatures(), strings.Replace(shown.Algorithm, "-cert-v01@openssh.com", "", 1)) || !s.authorizes(key):
		return refused
	case !shown.Signed:
		s.send(struct {
			Algorithm string `sshtype:"60"`
			Key       []byte
		}{shown.Algorithm, shown.Key})
		return answered
	case s.account.RefusesSignatures || !s.signed(r, shown.Algorithm, key, shown.Rest):
		return refused
	}
	return proven
}

// authorizes says whether the account takes a key.
func (s *sshSession) authorizes(key ssh.PublicKey) bool {
	if s.account == nil {
		return false
	}
	if certificate, ok := key.(*ssh.Certificate); ok {
		checker := ssh.CertChecker{IsUserAuthority: func(authority ssh.PublicKey) bool {
			return s.account.Authority != nil && same(authority, s.account.Authority.signer().PublicKey())
		}}
		return certificate.CertType == ssh.UserCert && checker.IsUserAuthority(certificate.SignatureKey) && checker.CheckCert(s.user, certificate) == nil
	}
	return slices.ContainsFunc(s.account.Keys, func(k Key) bool { return same(key, k.signer().PublicKey()) })
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// signed says whether a signature is that of the key, over this session and this request.
func (s *sshSession) signed(r request, algorithm string, key ssh.PublicKey, rest []byte) bool {
	var given struct{ Signature []byte }
	var signature ssh.Signature
	if ssh.Unmarshal(rest, &given) != nil || ssh.Unmarshal(given.Signature, &signature) != nil {
		return false
	}
	return key.Verify(ssh.Marshal(struct {
		Session               []byte
		Number                byte
		User, Service, Method string
		Signed                bool
		Algorithm             string
		Key                   []byte
	}{s.id, 50, r.User, r.Service, r.Method, true, algorithm, key.Marshal()}), &signature) == nil
}

// interview is keyboard-interactive (RFC 4256). Whoever has no account is asked too.
func (s *sshSession) interview() reception {
	if s.stops(AtAnswers) {
		return over
	}
	account := s.account
	if account == nil {
		account = &Account{}
	}
	for again := true; again; again = account.AgainAndAgain {
		for _, round := range account.rounds() {
			given, ok := s.ask(round)
			switch {
			case !ok:
				return over
			case s.account == nil || !account.right(round, given):
				return refused
			}
		}
	}
	return proven
}

func (a *Account) right(round Round, given []string) bool {
	if a.AgainAndAgain {
		return true
	}
	for i, prompt := range round.Prompts {
		want := prompt.Answer
		if want == "" {
			want = a.password()
		}
		if i >= len(given) || given[i] != want {
			return false
		}
	}
	return true
}

// ask puts the questions of a round, and returns the answers.
func (s *sshSession) ask(round Round) (given []string, ok bool) {
	questions := ssh.Marshal(struct {
		Name        string `sshtype:"60"`
		Instruction string
		Language    string
		Count       uint32
	}{round.Name, round.Instruction, "", uint32(len(round.Prompts)) + round.More})
	for _, p := range round.Prompts {
		questions = append(questions, ssh.Marshal(struct {
			Text string
			Echo bool
		}{p.Text, p.Echo})...)
	}
	if s.wire.write(questions) != nil {
		return nil, false
	}
	message, ok := s.next()
	const response = 61
	if !ok || message[0] != response || len(message) < 5 {
		return nil, false
	}
	rest := message[5:]
	for len(rest) > 0 {
		var one struct {
			Text string
			Rest []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(rest, &one) != nil {
			return nil, false
		}
		given, rest = append(given, one.Text), one.Rest
	}
	return given, true
}
