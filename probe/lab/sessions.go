package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"
	"sync"
)

// Sessions is the interface of a web server by which users sign in, as that of Files.com: POST /api/rest/v1/sessions with name and
// password begins a session, DELETE ends it. An error has a type, a title and a number of its own.
type Sessions struct {
	Refuses string // the type of the error that even the right password gets
	Code    string // of a second factor, wanted besides the password; empty: none
	Strange string // answered in place of JSON, with status 200
	Raw     string // sent in place of any answer, before the server hangs up
	HangsUp bool   // the connection is closed after each answer

	mu    sync.Mutex
	asked int             // attempts to sign in
	open  map[string]bool // sessions that were not ended
}

// sessionErrors are the status and the title of each type, and what is said with it. The texts of Files.com but for the first are
// not known; its types are.
var sessionErrors = map[string]struct {
	status int
	title  string
	text   string
}{
	"not-authenticated/invalid-credentials":                            {401, "Invalid Credentials", "Invalid username or password"},
	"not-authenticated/invalid-username-or-password":                   {401, "Invalid Username Or Password", "Invalid username or password"},
	"not-authenticated/locked-out":                                     {401, "Locked Out", "This account is locked out"},
	"not-authenticated/lockout-region-mismatch":                        {401, "Lockout Region Mismatch", "This site must be used through its own region"},
	"not-authenticated/one-time-password-incorrect":                    {401, "One Time Password Incorrect", "The code is not right"},
	"not-authorized/two-factor-authentication-required":                {403, "Two Factor Authentication Required", "2FA Authentication error: partial"},
	"not-authorized/password-change-required":                          {403, "Password Change Required", "The password must be changed"},
	"not-authorized/must-authenticate-with-api-key":                    {403, "Must Authenticate With API Key", "This user has no password"},
	"rate-limited/too-many-login-attempts":                             {429, "Too Many Login Attempts", "Too many login attempts"},
	"rate-limited/too-many-concurrent-logins":                          {429, "Too Many Concurrent Logins", "Too many logins at the same time"},
	"service-unavailable/site-disabled":                                {503, "Site Disabled", "The site is disabled"},
	"site-configuration/account-overdue":                               {403, "Account Overdue", "The account is overdue"},
	"site-configuration/trial-expired":                                 {403, "Trial Expired", "The trial has expired"},
	"site-configuration/no-account-for-site":                           {403, "No Account For Site", "There is no account for this site"},
	"processing-failure/two-factor-authentication-country-blacklisted": {422, "Two Factor Authentication Country Blacklisted", "Not from this country"},
	"not-found": {404, "Not Found", "Not Found"},
}

const sessionsPath = "/api/rest/v1/sessions"

// Asked counts the attempts to sign in.
func (s *Sessions) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Open counts the sessions that were begun and not ended.
func (s *Sessions) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// page is an answer: its status, further header lines, and its body.
type page struct {
	status int
	header string
	kind   string // of the body
	body   string
}

// answer answers a request to the interface.
func (s *Sessions) answer(method string, header textproto.MIMEHeader, body []byte) page {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch method {
	case "POST":
		s.asked++
		return s.begin(body)
	case "DELETE":
		id := header.Get("X-FilesAPI-Auth")
		if !s.open[id] {
			return sessionError("not-authenticated/invalid-session")
		}
		delete(s.open, id)
		return page{status: 204}
	}
	return sessionError("not-found")
}

// begin answers an attempt to sign in.
func (s *Sessions) begin(body []byte) page {
	var given struct{ Username, Password, OTP string }
	if err := json.Unmarshal(body, &given); err != nil {
		return sessionError("bad-request/invalid-body")
	}
	switch {
	case s.Strange != "":
		return page{status: 200, kind: "text/html", body: s.Strange}
	case given.Username != jane || given.Password != rightPassword:
		return sessionError("not-authenticated/invalid-username-or-password")
	case s.Refuses != "":
		return sessionError(s.Refuses)
	case s.Code != "" && given.OTP == "":
		return sessionError("not-authorized/two-factor-authentication-required")
	case s.Code != given.OTP && s.Code != "":
		return sessionError("not-authenticated/one-time-password-incorrect")
	}
	id := fmt.Sprintf("%040x", 0x60525f92e859c4c3+s.asked)
	if s.open == nil {
		s.open = map[string]bool{}
	}
	s.open[id] = true
	return page{status: 201, kind: "application/json", body: `{"id":"` + id + `","language":"en","read_only":false,"sftp_insecure_ciphers":false}`}
}

// sessionError is the answer to what is refused.
func sessionError(kind string) page {
	e := sessionErrors[kind]
	e.status = cmp.Or(e.status, 401)
	e.title = cmp.Or(e.title, strings.ReplaceAll(kind, "-", " "))
	const number = "2f3e5a70-0c1b-4d55-9b6e-1f1c7a9d0e42"
	body, _ := json.Marshal(struct { // it holds texts and a number alone
		Error    string `json:"error"`
		Code     int    `json:"http-code"`
		Instance string `json:"instance"`
		Title    string `json:"title"`
		Type     string `json:"type"`
	}{cmp.Or(e.text, e.title), e.status, number, e.title, kind})
	return page{status: e.status, kind: "application/json", body: string(body), header: "X-Files-Error-Class: " + kind + "\r\nX-Request-Id: " + number + "\r\n"}
}
