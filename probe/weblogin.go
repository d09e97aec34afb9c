package probe

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// The limits of a sign-in on the web.
const (
	maxPage     = 64 << 10        // of an answer
	logoutLimit = 5 * time.Second // for deleting the session, after an interrupt too
	maxSays     = 4               // lines of an answer's words
)

// wantsWeb says whether name and password are to be tried on the web too.
func wantsWeb(p *Plan) bool { return p.AskWeb && hasUser(p) }

// familyFailures is how many sign-ins by FTP and SSH may fail together: one try is kept for the web where that is to be asked.
func (p *Plan) familyFailures() int {
	n := cmp.Or(p.MaxFailedLogins, usualFailures)
	if wantsWeb(p) && n > 1 {
		n--
	}
	return n
}

// webLogin tries name and password once with the interface that the service has for that, where a sign-in of the ordinary kind
// was turned down. Whoever is turned away there too has a problem of the account, and not of FTP or SFTP.
func webLogin(ctx context.Context, s *Session) {
	if why := s.noNeedOfWeb(ctx); why != "" {
		s.skip("web-login", "", "web-login", why)
		return
	}
	place, withheld := s.trustedWeb()
	if withheld != "" {
		s.withholdFromWeb(ctx, place, withheld)
		return
	}
	v := &webVisit{session: s, ctx: ctx, place: place, declared: s.plan.Profile.WebLogin}
	defer v.leave()
	if !v.arrive(ctx) {
		return
	}
	v.signIn()
}

// noNeedOfWeb says why the web is not asked; empty: it is.
func (s *Session) noNeedOfWeb(ctx context.Context) string {
	shape, known := s.plan.Profile.User(s.plan.Target.User)
	var denied, banned bool
	for _, o := range s.snapshot() {
		if o.Login != nil {
			denied = denied || o.Login.Outcome == fact.LoginDenied || o.Login.Outcome == fact.Broken
			banned = banned || o.Login.Withheld == fact.TurnedAway
		}
	}
	switch {
	case ctx.Err() != nil:
		return "the run was stopped"
	case s.plan.Profile.WebLogin == nil:
		return "the profile " + s.plan.Profile.Name + " declares no web login"
	case s.plan.Password == "":
		return "no password was given"
	case known && (shape.NoWeb || shape.Wrong):
		return "the user name is " + shape.Means
	case cmp.Or(s.plan.MaxFailedLogins, usualFailures) < 2:
		return "--max-failed-logins leaves no try for it"
	case s.plan.Code != "" && s.plan.Profile.WebLogin.Code != "" && slices.ContainsFunc(s.snapshot(), tookCode):
		return "the one-time code was used for the sign-in by SSH"
	case banned:
		return "the server has begun to turn this computer away"
	case !denied:
		return "no sign-in was turned down"
	}
	return ""
}

// trustedWeb is a web port that answered with a certificate without a fault. Where there is none it says what was wrong.
func (s *Session) trustedWeb() (place string, withheld fact.Withheld) {
	withheld = fact.NoWayIn
	for _, o := range s.snapshot() {
		switch {
		case o.Check != "endpoints" || o.TLS == nil || o.TLS.Mode != fact.WebTLS || o.TLS.Purpose != "" || o.Failure != nil:
		case len(o.TLS.Faults) == 0:
			return o.Endpoint, ""
		default:
			place, withheld = o.Endpoint, fact.BadCert
		}
	}
	return place, withheld
}

// withholdFromWeb records that name and password were kept back.
func (s *Session) withholdFromWeb(ctx context.Context, place string, reason fact.Withheld) {
	step := s.begin("web-login", place, 0, "the web server", 0)
	step.WebLogin = &fact.WebLogin{Outcome: fact.NotSent, Withheld: reason}
	step.end(ctx, nil)
}

// webVisit is a conversation with a web server in which the user signs in.
type webVisit struct {
	session  *Session
	ctx      context.Context
	place    string
	declared *profile.WebLogin
	st       *stream
}

// arrive connects and looks at the certificate once more: it is this connection that carries the password.
func (v *webVisit) arrive(ctx context.Context) bool {
	s := v.session
	w := s.dial(ctx, "web-login", v.place, fact.WebSignIn)
	if w == nil {
		return false
	}
	secure, o := s.handshake(ctx, newStream(w, w, false), fact.WebTLS, fact.WebSignIn, "")
	switch {
	case secure == nil:
		_ = w.Close()
		return false
	case len(o.TLS.Faults) > 0:
		_ = secure.Close()
		s.withholdFromWeb(ctx, v.place, fact.BadCert)
		return false
	}
	v.st = secure
	return true
}

func (v *webVisit) leave() {
	if v.st != nil {
		_ = v.st.Close()
	}
}

// signIn asks for a session, and deletes the one that it gets.
func (v *webVisit) signIn() {
	s, limit := v.session, v.session.wait(replyLimit)
	step := s.begin("web-login", v.place, v.st.wire.conn, "the web login at "+v.place, limit)
	step.WebLogin = &fact.WebLogin{Path: v.declared.Path, Outcome: fact.Broken, Code: v.sendsCode()}
	a, err := v.ask(v.ctx, limit, http.MethodPost, v.credentials())
	if a != nil {
		v.describe(a, step.WebLogin)
		if id := a.text(v.declared.Session); id != "" && v.declared.Session != "" {
			step.WebLogin.Ended = v.end(id, a.last)
		}
	}
	step.end(v.ctx, err)
}

// sendsCode says whether the code of a second factor goes along. One that SSH has taken is used up: a code is good for one sign-in.
func (v *webVisit) sendsCode() bool {
	return v.declared.Code != "" && v.session.plan.Code != "" && !slices.ContainsFunc(v.session.snapshot(), tookCode)
}

// credentials is the body of the request. It is sent and never recorded.
func (v *webVisit) credentials() string {
	plan := &v.session.plan
	members := map[string]string{v.declared.User: plan.Target.User, v.declared.Password: plan.Password}
	if v.sendsCode() {
		members[v.declared.Code] = plan.Code
		v.session.confide(plan.Code)
	}
	text, _ := json.Marshal(members) // a map of texts can always be written
	return string(text)
}

// webAnswerTo is what a web server answered.
type webAnswerTo struct {
	status  int
	header  http.Header
	members map[string]any // of the JSON object in the body; empty: there is none
	last    bool           // the server hangs up after it
}

// text is a member that is a text.
func (a *webAnswerTo) text(member string) string {
	text, _ := a.members[member].(string)
	return text
}

// ask sends a request (RFC 9112) and reads the answer to it.
func (v *webVisit) ask(ctx context.Context, limit time.Duration, method, body string, header ...string) (*webAnswerTo, error) {
	v.st.wire.limit(ctx, limit)
	host := v.session.serverName()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	var request strings.Builder
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ftpdoctor\r\nAccept: application/json\r\n", method, v.declared.Path, host)
	for pair := range slices.Chunk(header, 2) {
		request.WriteString(pair[0] + ": " + pair[1] + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&request, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(v.st, request.String()+"\r\n"+body); err != nil {
		return nil, err
	}
	return readAnswer(v.st, method)
}

// readAnswer reads an answer whole, those that only announce it (1xx) passed over.
func readAnswer(r io.Reader, method string) (*webAnswerTo, error) {
	limited := &io.LimitedReader{R: r, N: maxPage}
	in := bufio.NewReader(limited)
	for {
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		if err == nil && response.StatusCode/100 == 1 {
			continue
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(response.Body)
		}
		switch {
		case err != nil && limited.N <= 0:
			return nil, errTooLong
		case err != nil && kind(err) == fact.Other:
			return nil, breach{fact.Garbled, "no answer of a web server"}
		case err != nil:
			return nil, err
		}
		a := &webAnswerTo{status: response.StatusCode, header: response.Header, last: response.Close}
		_ = json.Unmarshal(body, &a.members) // what is no object has no members
		return a, nil
	}
}

// describe records what an answer says. A session that began, and a reason that was given, are the only proofs: a page of
// somebody else may have any status.
func (v *webVisit) describe(a *webAnswerTo, seen *fact.WebLogin) {
	d, s := v.declared, v.session
	seen.Status = a.status
	reason := a.text(d.Error)
	if reason == "" && d.ErrorHeader != "" {
		reason = a.header.Get(d.ErrorHeader)
	}
	if d.RequestHeader != "" {
		seen.Request = s.shown(a.header.Get(d.RequestHeader))
	}
	switch {
	case a.status/100 == 2 && len(a.members) > 0 && (d.Session == "" || a.text(d.Session) != ""):
		seen.Outcome = fact.Accepted
		return
	case a.status/100 == 4 && reason != "":
		seen.Outcome = fact.LoginDenied
	case a.status/100 == 5 && reason != "":
		seen.Outcome = fact.LoginDenied
	}
	seen.Reason = s.shown(reason)
	for _, member := range d.Says {
		if words := a.text(member); words != "" {
			seen.Says = append(seen.Says, s.shown(words))
		}
	}
	seen.Says = fact.CleanLines(seen.Says, maxSays)
}

// shown is a stranger's text as it is recorded: without what the user keeps secret.
func (s *Session) shown(text string) string {
	return fact.Clean(s.withoutSecrets([]string{text})[0])
}

// end deletes a session and says whether the server agreed. An interrupt does not keep it from that.
func (v *webVisit) end(id string, hungUp bool) bool {
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false // no header can carry it
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), logoutLimit)
	defer cancel()
	if hungUp {
		v.leave()
		v.st = nil
		if !v.arrive(ctx) {
			return false
		}
	}
	a, err := v.ask(ctx, logoutLimit, http.MethodDelete, "", v.declared.SessionHeader, id)
	return err == nil && a.status/100 == 2
}

// WebLoginAt is where name and password would be sent: "https://HOST/PATH". Empty: the plan does not ask for it.
func (p *Plan) WebLoginAt() string {
	if !wantsWeb(p) || p.Profile.WebLogin == nil || p.Password == "" {
		return ""
	}
	host := p.Target.Host
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	}
	return "https://" + host + p.Profile.WebLogin.Path
}
