package cause

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want string
	}{
		{0, 8, "at most about a third of the range can be blocked"},
		{0, 1, "that says little about the rest of the range"},
		{0, 3, "at most about two thirds of the range can be blocked"},
		{0, 64, "at most about a twentieth of the range can be blocked"},
		{8, 8, "at least about two thirds of the range is blocked"},
		{2, 2, "that says little about the rest of the range"},
		{4, 8, "between about a fifth and four fifths of the range is blocked"},
		{1, 9, "between about a fiftieth and half of the range is blocked"},
	} {
		if got := estimate(c.k, c.n); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.k, c.n, got, c.want)
		}
	}
}

// The interval holds the share that was seen, lies within 0 and 1, and narrows with the number of samples.
func TestInterval(t *testing.T) {
	for n := 1; n <= 64; n++ {
		for k := 0; k <= n; k++ {
			low, high := interval(k, n)
			share := float64(k) / float64(n)
			if low < 0 || high > 1 || low > share || high < share {
				t.Errorf("%d of %d: from %v to %v", k, n, low, high)
			}
			if closerLow, closerHigh := interval(2*k, 2*n); closerHigh-closerLow >= high-low {
				t.Errorf("%d of %d tell more than twice as many", k, n)
			}
		}
		_, few := interval(0, n)
		if _, more := interval(0, n+1); more >= few {
			t.Errorf("%d open ports tell more than %d", n, n+1)
		}
	}
}

func TestPattern(t *testing.T) {
	links := func(ports ...uint16) []link {
		var found []link
		for _, port := range ports {
			found = append(found, link{announced: netip.AddrPortFrom(netip.IPv4Unspecified(), port)})
		}
		return found
	}
	for _, c := range []struct {
		name          string
		blocked, open []link
		want          string
	}{
		{"none is open", links(40001, 40002), nil, ""},
		{"the upper half", links(45100, 46000, 47000, 49000), links(40001, 41000, 42000, 44900), "from 45100 at the latest; 44900 is still open"},
		{"the lower half", links(40001, 41000, 42000, 44900), links(45100, 46000, 47000, 49000), "up to 44900 at least; 45100 is open"},
		{"here and there", links(40001, 46000, 47000), links(40500, 41000, 46500, 48000), "at random"},
		{"one at the top may be chance", links(49000), links(40001, 41000, 42000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := pattern(c.blocked, c.open); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The refusals of transfers as servers send them, to a listing over a data connection that opened.
func TestObjections(t *testing.T) {
	for text, want := range map[string]string{
		// vsftpd 3.0.3
		"522 Data connections must be encrypted.": "data-prot-required",
		"522 SSL connection failed; session reuse required: see require_ssl_reuse option in vsftpd.conf man page": "data-tls-reuse",
		"425 Security: Bad IP connecting.":    "data-ip-mismatch",
		"425 Failed to establish connection.": "data-ip-mismatch",
		"426 Failure reading network stream.": "data-truncated",
		"421 Data timeout. Reconnect. Sorry.": "data-timeout",
		"550 Permission denied.":              "data-permission",
		"553 Could not create file.":          "data-permission",
		"451 Failure writing to local file.":  "data-quota",
		// ProFTPD 1.3.8
		"522 SSL/TLS required on the data channel":                     "data-prot-required",
		"425 Unable to build data connection: Operation not permitted": "data-tls-reuse",
		"552 Transfer aborted. Disk quota exceeded":                    "data-quota",
		"452 ftpdoctor.tmp: No space left on device":                   "data-quota",
		// Pure-FTPd 1.0.50
		"521 Data connection cannot be opened with this PROT setting.":   "data-prot-required",
		"425 All reserved TCP ports are busy":                            "data-ports-exhausted",
		"425 You cannot use PASV on IPv6 connections. Use EPSV instead.": "data-pasv-on-ipv6",
		"552 Disk full - please upload later":                            "data-quota",
		"553 Quota exceeded":                                             "data-quota",
		// FileZilla Server 1.x and 0.9
		"425 Unable to build data connection: TLS session of data connection not resumed.":                        "data-tls-reuse",
		"425 Unable to build data connection: Failed making the data connection secure!":                          "data-tls-fails",
		"425 Cannot prepare for data connection.":                                                                 "data-ports-exhausted",
		"500 You are connected using IPv6. PASV is only for IPv4. You have to use the EPSV command instead.":      "data-pasv-on-ipv6",
		"450 TLS session of data connection has not resumed or the session does not match the control connection": "data-tls-reuse",
		"450 Unknown TLS error on data connection":                                                                "data-tls-fails",
		"521 PROT P required": "data-prot-required",
		"534 This server requires an encrypted data connection with PROT P":                "data-prot-required",
		"425 Rejected data connection for transfer of list":                                "data-ip-mismatch",
		"421 Rejected command, requested IP address does not match control connection IP.": "data-ip-mismatch",
		"426 Connection closed; transfer aborted.":                                         "data-truncated",
		"426 Connection timed out, aborting transfer":                                      "data-timeout",
		"421 Could not create socket.":                                                     "data-ports-exhausted",
		// Others, of an empty folder
		"550 No files found":         "",
		"450 No files found":         "",
		"550 The directory is empty": "",
		// Microsoft, SFTPGo
		"534 Policy requires SSL.":                     "data-prot-required",
		"421 unable to open transfer: TLS is required": "data-prot-required",
	} {
		code := 0
		if _, err := fmt.Sscan(text[:3], &code); err != nil {
			t.Fatal(err)
		}
		o := objection{
			transfer: &fact.Transfer{Work: fact.Listing, Data: 2, Code: code},
			seen:     &fact.Observation{Transfer: &fact.Transfer{Work: fact.Listing, Data: 2, Code: code}},
			code:     code,
			lines:    []string{text},
		}
		if got := (&Case{}).why(o); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// A dialogue that ends at any step, in silence or with the end of the connection, has a finding that names the step.
func TestEveryStepThatBreaksIsNamed(t *testing.T) {
	whole := load(t, filepath.Join("testdata", "healthy-login-vsftpd", "facts.json"))
	for i, o := range whole.Seen {
		if o.Reply == nil || o.Check != "login" {
			continue
		}
		for _, kind := range []fact.Kind{fact.Timeout, fact.Closed, fact.Reset} {
			command := verb(&whole.Seen[i])
			t.Run(fmt.Sprintf("%d %s %s", o.ID, command, kind), func(t *testing.T) {
				run := cutAt(t, whole, i, kind)
				found := judge(run)
				checkFindings(t, run, found)
				named := func(f Finding) bool {
					return f.Severity != Note && f.ExplainedBy == "" && strings.Contains(f.Title, command)
				}
				if !slices.ContainsFunc(found, named) {
					t.Errorf("nothing names the step:\n%s", dump(found))
				}
				if n := roots(found); n != 1 {
					t.Errorf("%d findings about one fault:\n%s", n, dump(found))
				}
			})
		}
	}
}

// cutAt is a copy of a run in which an answer of the signed-in dialogue does not come, and nothing after it.
func cutAt(t *testing.T, whole *fact.Run, i int, kind fact.Kind) *fact.Run {
	t.Helper()
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	var run fact.Run
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatal(err)
	}
	lost := &run.Seen[i]
	lost.Failure = &fact.Failure{Kind: kind, Text: string(kind)}
	lost.Reply.Code, lost.Reply.Lines = 0, nil
	run.Seen = run.Seen[:i+1]
	if command := verb(lost); command == "USER" || command == "PASS" {
		broken := fact.Observation{
			ID: i + 2, Check: "login", Endpoint: lost.Endpoint, Conn: lost.Conn, At: lost.At, Failure: lost.Failure,
			Login: &fact.Login{Protocol: fact.FTPES, Method: "password", Outcome: fact.Broken},
		}
		run.Seen = append(run.Seen, broken)
	}
	return &run
}

// A server that encrypts the control connection alone says so in its answer to PROT.
func TestProtRefusedIsNamed(t *testing.T) {
	run := load(t, filepath.Join("testdata", "healthy-login-vsftpd", "facts.json"))
	i := slices.IndexFunc(run.Seen, func(o fact.Observation) bool { return o.Reply != nil && o.Reply.Command == "PROT P" })
	run.Seen = run.Seen[:i+1]
	run.Seen[i].Reply.Code, run.Seen[i].Reply.Lines = 536, []string{"PROT not supported."}
	found := judge(run)
	checkFindings(t, run, found)
	if roots(found) != 1 || found[0].Cause != "data-tls-fails" {
		t.Errorf("got:\n%s", dump(found))
	}
}
