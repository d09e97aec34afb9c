package probe

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// doubt says why nothing secret may be sent to the owner of the host key. Empty: it may; host-key-unknown: unless the user says yes.
func (a *signOn) doubt() fact.Withheld {
	key := a.t.hostKey
	switch {
	case a.session.plan.TrustAnyway:
		return ""
	case key.Standing == fact.RevokedKey:
		return fact.HostRevoked
	case key.Published, key.Standing == fact.KnownKey:
		return ""
	case key.Standing == fact.ChangedKey:
		return fact.HostChanged
	}
	return fact.HostUnknown
}

// maySign says whether a signature may be made for this server. It is bound to the session and tells nobody anything
// (RFC 4252 section 7), but OpenSSH's client does not go on either where the host key is another one than it knows.
func (a *signOn) maySign() bool {
	doubt := a.doubt()
	if doubt == fact.HostChanged || doubt == fact.HostRevoked {
		a.withheld = doubt
		return false
	}
	return true
}

// maySend says whether something secret may be sent to this server. The user is asked at most once.
func (a *signOn) maySend() bool {
	if a.trusted == nil {
		doubt := a.doubt()
		if doubt == fact.HostUnknown && a.confirms() {
			doubt = ""
		}
		a.trusted = &doubt
	}
	a.withheld = *a.trusted
	return a.withheld == ""
}

// confirms asks the user whether the host key is the right one. As with OpenSSH's client, that takes a whole yes.
func (a *signOn) confirms() bool {
	key, place := a.t.hostKey, a.t.wire.place
	answer, ok := a.ask(Question{Text: fmt.Sprintf(
		"The host key of %s (%s) is not known on this computer.\nIts fingerprint is %s (%s).\nIs it the right one, so that the password may be sent? Type yes or no: ",
		a.session.plan.Target.Host, place, key.SHA256, key.Type)})
	yes := ok && strings.EqualFold(strings.TrimSpace(answer), "yes")
	if yes {
		a.session.mu.Lock()
		key.Accepted = true
		a.session.mu.Unlock()
	}
	return yes
}

// ask asks the user, where there is somebody to ask.
func (a *signOn) ask(question Question) (answer string, ok bool) {
	if a.session.plan.Ask == nil || a.ctx.Err() != nil {
		return "", false
	}
	a.pause()
	defer a.resume()
	return a.session.plan.Ask(a.ctx, question)
}

// pause lets the server wait while this side has something to do, and resume ends that. The library reads all the time, so that the
// usual limit would end the connection.
func (a *signOn) pause()  { a.t.wire.limit(a.ctx, thinkLimit) }
func (a *signOn) resume() { a.t.wire.limit(a.ctx, a.session.wait(authLimit)) }

// take makes sure that this sign-in may fail.
func (a *signOn) take() bool {
	if !a.token {
		a.pause() // the other family may be at it
		if a.session.signsIn(byFTP) {
			a.token = a.session.budget.takeSecond(a.ctx)
		} else {
			a.token = a.session.budget.take(a.ctx)
		}
		a.resume()
	}
	if !a.token && a.ctx.Err() == nil {
		a.withheld = fact.OutOfTries
	}
	return a.token
}

// hasSecret says whether there is, or may be, something secret to send.
func (a *signOn) hasSecret() bool {
	plan := &a.session.plan
	if !a.wantsFor(fact.AuthPassword) && !a.wantsFor(fact.AuthKeyboard) || a.doubt() == fact.HostUnknown && plan.Ask == nil {
		return false
	}
	return plan.Password != "" || plan.Code != "" || plan.Ask != nil && !plan.NoPassword
}

// password is the user's. It is asked for when the server wants it, and once. Empty: there is none.
func (a *signOn) password() string {
	if a.session.plan.Password != "" || a.session.plan.NoPassword {
		return a.session.plan.Password
	}
	if a.typed == nil {
		target := a.session.plan.Target
		answer, _ := a.ask(Question{Text: fmt.Sprintf("Password of %s at %s: ", target.User, target.Host), Hidden: true})
		a.typed = &answer
	}
	return *a.typed
}

// firstTime says whether a method with something secret is tried for the first time.
func (a *signOn) firstTime(method fact.AuthMethod) bool { return !slices.Contains(a.tried, method) }

// sendPassword signs in with the password (RFC 4252 section 8).
func (a *signOn) sendPassword() bool {
	if !a.firstTime(fact.AuthPassword) || !a.hasSecret() && !a.keptBack() || !a.maySend() {
		return false
	}
	password := a.password()
	if password == "" || !a.take() {
		return false
	}
	a.tried = append(a.tried, fact.AuthPassword)
	a.session.confide(password)
	a.shape = fact.OdditiesOf(password)
	a.begin(fact.Auth{Method: fact.AuthPassword})
	a.settle(a.send(ssh.Password(password)), true)
	return true
}

// keptBack says whether there is a password that only the host key keeps from being sent.
func (a *signOn) keptBack() bool { return a.session.plan.Password != "" }

// answerQuestions signs in with answers to what the server asks (RFC 4256).
func (a *signOn) answerQuestions() bool {
	if !a.firstTime(fact.AuthKeyboard) || !a.hasSecret() && !a.keptBack() || !a.maySend() || !a.take() {
		return false
	}
	a.tried = append(a.tried, fact.AuthKeyboard)
	a.begin(fact.Auth{Method: fact.AuthKeyboard})
	goesOn := a.send(ssh.KeyboardInteractive(a.answer))
	// Where nothing was asked, nothing was given, and a password may do.
	more := len(a.step.Auth.Rounds) == 0 && a.wantsFor(fact.AuthPassword) && a.firstTime(fact.AuthPassword)
	a.settle(goesOn, !more)
	return true
}

// The bounds of keyboard-interactive. Servers ask for one or two things, one after the other.
const (
	maxRounds      = 8
	maxPrompts     = 8
	maxInstruction = 20
)

// errUnanswered ends keyboard-interactive without an answer.
var errUnanswered = errors.New("the question was not answered")

// answer answers one round of questions, or none of them.
func (a *signOn) answer(name, instruction string, questions []string, echoes []bool) ([]string, error) {
	auth := a.step.Auth
	if len(auth.Rounds) == maxRounds || len(questions) > maxPrompts {
		auth.Answer = fact.AuthUnasked
		a.withheld = fact.NoCode
		return nil, errTooLong
	}
	round := fact.Round{Name: a.t.cleanLine(name), Instruction: a.t.clean(instruction, maxInstruction)}
	for i, question := range questions {
		round.Prompts = append(round.Prompts, fact.Prompt{Text: a.t.cleanLine(question), Echo: echoes[i]})
	}
	given := givenIn(auth.Rounds)
	auth.Rounds = append(auth.Rounds, round)
	answers := make([]string, len(questions))
	for i, question := range questions {
		prompt := &round.Prompts[i]
		answer, ok := a.answerTo(question, prompt, given)
		if !ok {
			return nil, errUnanswered
		}
		answers[i] = answer
	}
	a.resume()
	return answers, nil
}

// passOn is a question of the server's for the user. It says who asks, as OpenSSH's client does since 8.5: in the server's words
// alone it could be taken for a question of this program, such as one for the passphrase of a key.
func (a *signOn) passOn(prompt *fact.Prompt) Question {
	target := a.session.plan.Target
	return Question{Text: fmt.Sprintf("(%s@%s) %s ", target.User, target.Host, prompt.Text), Hidden: !prompt.Echo, Fresh: true}
}

// givenIn lists what was given in earlier rounds.
func givenIn(rounds []fact.Round) []fact.Secret {
	var given []fact.Secret
	for _, round := range rounds {
		for _, prompt := range round.Prompts {
			given = append(given, prompt.Answer)
		}
	}
	return given
}

// What servers ask for, in the languages in which they do. Of a new password nobody knows a good answer.
var (
	asksChange   = regexp.MustCompile(`(?i)\b(new|old|current|retype|re-enter|neues|nouveau|nueva)\b.*(passw|kennwort|mot de passe|contrase)|retype`)
	asksPassword = regexp.MustCompile(`(?i)passwor[dt]|passwd|kennwort|mot de passe|contrase|wachtwoord|senha`)
	asksCode     = regexp.MustCompile(`(?i)\b(code|otp|token|passcode|pin|2fa|mfa)\b|one[- ]time|verification|authenticator|second factor|yubikey`)
)

// shortestCode is how long a code has to be to be one: a shorter answer chooses from a list.
const shortestCode = 4

// answerTo answers one question, and notes of what kind the answer is. A question that comes again after it was answered says that
// the answer was wrong: the user's next try is not spent on it.
func (a *signOn) answerTo(question string, prompt *fact.Prompt, given []fact.Secret) (answer string, ok bool) {
	auth := a.step.Auth
	password, code := asksPassword.MatchString(question), asksCode.MatchString(question)
	switch {
	case asksChange.MatchString(question):
		auth.Answer = fact.AuthChange
		return "", false
	case password && !code && slices.Contains(given, fact.GavePassword), code && !password && slices.Contains(given, fact.GaveCode):
		auth.Answer = fact.AuthRefused
		return "", false
	case password && !code:
		answer = a.password()
		prompt.Answer = fact.GavePassword
		a.shape = fact.OdditiesOf(answer)
	case code && !password && a.session.plan.Code != "":
		answer = a.session.plan.Code
		prompt.Answer = fact.GaveCode
	default:
		answer, ok = a.ask(a.passOn(prompt))
		prompt.Answer = fact.GaveCode
	}
	switch {
	case answer != "":
		if prompt.Answer == fact.GavePassword || len(answer) >= shortestCode {
			a.session.confide(answer)
		}
		return answer, true
	case ok:
		prompt.Answer = fact.GaveEmpty
		return "", true
	}
	auth.Answer = fact.AuthUnasked
	a.withheld = fact.NoCode
	if prompt.Answer == fact.GavePassword {
		a.withheld = fact.NoPassword
	}
	prompt.Answer = ""
	return "", false
}
