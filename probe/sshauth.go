package probe

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// signInBySSH signs in over the first SSH conversation that is fit for it, and does what an SFTP app would.
func signInBySSH(ctx context.Context, s *Session) {
	if why := s.leftOut("endpoints"); why != "" {
		s.skip("sftp", "", "sftp", "no endpoint was looked at: "+why)
		return
	}
	if s.plan.Refused {
		s.withholdSSH(ctx, "", fact.OutOfTries)
		return
	}
	list := s.listCandidates(bySSH)
	chosen, ends := choose(ctx, list)
	if chosen == nil {
		place, e := closest(list, ends)
		s.withholdSSH(ctx, place, e.unfit)
		return
	}
	a := newSignOn(ctx, s, chosen.ssh)
	if turnedAwayBeside(a.t.wire.place, list, ends) {
		a.t.hangUp()
		s.withholdSSH(ctx, a.t.wire.place, fact.TurnedAway)
		return
	}
	a.run()
	if a.leavesOpen() {
		a.runAgain()
	}
	a.record()
	if a.accepted() {
		s.entered(entrance{place: a.t.wire.place, protocol: fact.SFTP, ssh: a})
		newSSHWork(a).exercise()
	}
}

// turnedAwayBeside says whether the server at a place refuses further connections on another port.
func turnedAwayBeside(place string, list []*candidate, ends []*ending) bool {
	for i, e := range ends {
		if e != nil && e.unfit == fact.TurnedAway && addressOf(list[i].place) == addressOf(place) {
			return true
		}
	}
	return false
}

func addressOf(place string) netip.Addr {
	at, _ := netip.ParseAddrPort(place)
	return at.Addr()
}

// withholdSSH records that nobody tried to sign in.
func (s *Session) withholdSSH(ctx context.Context, place string, reason fact.Withheld) {
	step := s.begin("sftp", place, 0, "a way to sign in", 0)
	method := "key"
	if s.plan.Password != "" {
		method = "password"
	}
	step.Login = &fact.Login{Protocol: fact.SFTP, Method: method, Outcome: fact.NotSent, Withheld: reason}
	step.end(ctx, nil)
}

// The limits of a sign-in. Servers look users up elsewhere, and let a wrong password wait.
const (
	authLimit  = 20 * time.Second
	thinkLimit = 10 * time.Minute // for the user to type; servers wait two minutes (LoginGraceTime of OpenSSH)
)

// usualTries is after how many refusals OpenSSH hangs up (MaxAuthTries). Whether a key would do is such a request too.
const usualTries = 6

// signOn is a sign-in by SSH, request by request (RFC 4252).
type signOn struct {
	session *Session
	check   string
	ctx     context.Context
	t       *sshTalk

	keys  []identity // that were not shown yet
	old   []identity // RSA keys that were refused with the signatures of today
	tries int        // the server hangs up at this refusal

	step     *step             // the request under way; nil: none
	wants    []string          // methods that can continue, by the server's last word
	rights   int               // requests that were right, and not enough
	right    bool              // the last one was
	refused  int               // requests that the server said no to, on this connection
	denied   bool              // it said no to one, on any
	tried    []fact.AuthMethod // with something secret
	shape    []fact.Oddity     // of the password that was sent
	passed   []string          // by what the user has come so far
	last     string            // what was tried last
	locked   bool              // the server would take a key with which nothing can be signed here
	broken   error             // the server broke off
	trusted  *fact.Withheld    // whether secrets may be sent, once it is known; empty: they may
	typed    *string           // the password, once the user was asked for it
	withheld fact.Withheld     // why something that is at hand was not sent
	token    bool              // of the budget
}

func newSignOn(ctx context.Context, s *Session, t *sshTalk) *signOn {
	return &signOn{session: s, check: "sftp", ctx: ctx, t: t, keys: s.keysToShow(), tries: usualTries}
}

// accepted says whether the user is in.
func (a *signOn) accepted() bool { return a.t.conn != nil }

// run makes requests until the server lets the user in, or there is nothing more to try.
func (a *signOn) run() {
	a.begin(fact.Auth{Method: fact.AuthNone})
	a.t.verdict <- nil
	a.settle(a.hear(), false)
	for !a.done() && a.tryNext() {
	}
	a.t.finish()
	if a.token {
		a.session.budget.settle(!a.accepted() && (a.refused > 0 || a.broken != nil || len(a.tried) > 0))
		a.token = false
	}
}

// done says whether the sign-in is over.
func (a *signOn) done() bool {
	select {
	case <-a.t.over:
		return true
	default:
		return a.ctx.Err() != nil || a.withheld != ""
	}
}

// tryNext makes the next request: keys first, then what is asked for, then the password, as OpenSSH's client does. It says false
// where there is none to make.
func (a *signOn) tryNext() bool {
	switch {
	case a.wantsFor(fact.AuthPublicKey) && a.showKey():
	case a.wantsFor(fact.AuthKeyboard) && a.answerQuestions():
	case a.wantsFor(fact.AuthPassword) && a.sendPassword():
	default:
		return false
	}
	return true
}

func (a *signOn) wantsFor(method fact.AuthMethod) bool {
	return slices.Contains(a.wants, string(method))
}

// begin starts a request.
func (a *signOn) begin(auth fact.Auth) {
	limit := a.session.wait(authLimit)
	w := a.t.wire
	a.step = a.session.begin(a.check, w.place, w.conn, "an answer to the sign-in at "+w.place, limit)
	a.step.Auth = &auth
	w.limit(a.ctx, limit)
}

// send makes a request. It says whether the library asks what to try next; false: it is done.
func (a *signOn) send(method ssh.AuthMethod) bool {
	select {
	case a.t.next <- method:
		return a.hear()
	case <-a.t.over:
		return false
	}
}

func (a *signOn) hear() bool {
	select {
	case c := <-a.t.asks:
		a.right = len(c.PartialSuccessMethods) > a.rights
		a.rights = len(c.PartialSuccessMethods)
		a.wants = c.AllowedMethods
		return true
	case <-a.t.over:
		return false
	}
}

// The messages of the authentication protocol that the library may report in place of an answer (RFC 4252 section 6).
const (
	msgFailure   = 51
	msgChangeReq = 60 // of a password
)

// settle records the answer to the request under way. The library does not say whether a request was refused or went wrong, until it
// gives up. It has to where the request is the last one, and where the connection is gone.
func (a *signOn) settle(goesOn, last bool) {
	if goesOn && !a.right && (last || a.t.wire.failed()) {
		a.t.finish()
		goesOn = false
	}
	auth, err := a.step.Auth, error(nil)
	if !goesOn {
		err = a.t.err
	}
	switch {
	case auth.Answer != "":
		err = nil // this program stopped before it, or asked for no more
	case goesOn && a.right:
		auth.Answer = fact.AuthPartial
	case goesOn, err != nil && (isRefusal(err) || gotInstead(err) == msgFailure):
		auth.Answer, err = fact.AuthRefused, nil
	case err == nil:
		auth.Answer = fact.AuthAccepted
	case auth.Method == fact.AuthPassword && gotInstead(err) == msgChangeReq:
		auth.Answer, err = fact.AuthChange, nil
	}
	a.conclude(err)
}

// conclude records the request under way.
func (a *signOn) conclude(err error) {
	auth := a.step.Auth
	auth.Banner, a.t.banner = a.t.banner, nil
	if auth.Method != fact.AuthNone {
		a.last = nameOf(auth.Method)
	}
	switch auth.Answer {
	case fact.AuthAccepted, fact.AuthPartial:
		a.passed = append(a.passed, nameOf(auth.Method))
	case fact.AuthRefused, fact.AuthChange:
		if auth.Method != fact.AuthNone {
			a.refused++
			a.denied = true
		}
	case "":
		a.broken = err
	}
	if auth.Answer == fact.AuthRefused || auth.Answer == fact.AuthPartial {
		auth.Methods = fact.CleanLines(a.session.hide(a.wants), maxMethods)
	}
	auth.Goodbye = a.t.goodbye(err)
	a.step.end(a.ctx, a.t.ended(err))
	a.step = nil
}

// maxMethods bounds a list of methods. There are about ten.
const maxMethods = 20

// nameOf is what a method is called in the login.
func nameOf(method fact.AuthMethod) string {
	if method == fact.AuthPublicKey {
		return "key"
	}
	return string(method)
}

// leavesOpen says whether a second connection would tell what this one could not: the server hangs up after some refusals, and
// there are keys that it was not asked about, or a password that was not sent. Where something secret was refused the user has other
// things to mend first.
func (a *signOn) leavesOpen() bool {
	if a.accepted() || a.ctx.Err() != nil || a.withheld != "" || a.rights > 0 || len(a.tried) > 0 || a.refused == 0 {
		return false
	}
	spent := a.refused >= a.mayRefuse()
	if a.broken != nil {
		spent = slices.Contains([]fact.Kind{fact.Closed, fact.Reset, fact.Disconnected}, kind(a.t.ended(a.broken)))
	}
	return spent && (len(a.keys) > 0 || a.hasSecret())
}

// runAgain goes on over a second connection, where one more sign-in may fail. A server that begins to refuse then is left alone.
func (a *signOn) runAgain() {
	if !a.session.budget.take(a.ctx) {
		return
	}
	t, unfit := a.reconnect()
	if t == nil {
		a.session.budget.settle(false)
		if a.hasSecret() {
			a.withheld, a.broken = unfit, nil
		}
		return
	}
	if a.broken != nil {
		a.tries = min(a.tries, a.refused+1) // it broke off at that request
	}
	a.t, a.token, a.refused, a.rights, a.broken = t, true, 0, 0, nil
	a.run()
}

// reconnect opens a further connection to the server, which has to have the same host key.
func (a *signOn) reconnect() (*sshTalk, fact.Withheld) {
	w := a.session.dial(a.ctx, "sftp", a.t.wire.place, fact.MoreKeys)
	if w == nil {
		return nil, fact.TurnedAway
	}
	t, unfit := a.session.meet(a.ctx, "sftp", newStream(w, w, false))
	if t != nil && t.hostKey.SHA256 == a.t.hostKey.SHA256 {
		return t, ""
	}
	if t != nil {
		unfit = fact.HostUnknown
		t.hangUp()
	}
	_ = w.Close()
	return nil, unfit
}

// record says how the sign-in ended.
func (a *signOn) record() {
	w := a.t.wire
	if !a.accepted() {
		a.leaveKeys()
	}
	step := a.session.begin(a.check, w.place, w.conn, "the sign-in at "+w.place, 0)
	step.Login = &fact.Login{Protocol: fact.SFTP, Method: a.method(), Shape: a.shape}
	step.Login.Outcome, step.Login.Withheld = a.outcome()
	var err error
	if step.Login.Outcome == fact.Broken {
		err = a.t.ended(a.broken)
	}
	step.end(a.ctx, err)
}

// method names what the user has signed in with, or was to.
func (a *signOn) method() string {
	names, last := slices.Clone(a.passed), a.last
	if a.withheld != "" && len(a.tried) == 0 && a.session.plan.Password != "" {
		last = "password" // which was kept back
	}
	if !a.accepted() && last != "" && !slices.Contains(names, last) {
		names = append(names, last)
	}
	switch {
	case len(names) > 0:
		return strings.Join(slices.Compact(names), " and ")
	case a.session.plan.Password != "", a.lacks() == fact.NoPassword && len(a.session.keysToShow()) == 0:
		return "password"
	}
	return "key"
}

// outcome is how the sign-in ended and, where something was kept back, why.
func (a *signOn) outcome() (fact.Outcome, fact.Withheld) {
	switch {
	case a.accepted():
		return fact.Accepted, ""
	case a.broken != nil, a.ctx.Err() != nil:
		return fact.Broken, ""
	case a.withheld != "":
		return fact.NotSent, a.withheld
	case a.locked && len(a.tried) == 0:
		return fact.NotSent, fact.NoKey
	case a.denied:
		return fact.LoginDenied, ""
	}
	return fact.NotSent, a.lacks()
}

// lacks says what it takes to sign in that is not at hand.
func (a *signOn) lacks() fact.Withheld {
	switch {
	case a.wantsFor(fact.AuthPassword), a.wantsFor(fact.AuthKeyboard):
		return fact.NoPassword
	case a.wantsFor(fact.AuthPublicKey):
		return fact.NoKey
	}
	return fact.NoMethod
}
