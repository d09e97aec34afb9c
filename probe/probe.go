// Package probe looks at connections and records what it sees. Its one rule: a
// probe never judges. What fails on the wire becomes a fact; a Go error is
// returned only where the program itself cannot work.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Plan is what to look at, and how patiently.
type Plan struct {
	Version string // of the program
	Target  fact.Target
	Profile profile.Profile

	Resolvers  []netip.AddrPort // asked besides the configured ones (--resolver)
	Given      []netip.Addr     // addresses of the host that the user gave (--resolve); empty: looked up
	IPv4Only   bool
	IPv6Only   bool
	ServerName string         // sent and checked in TLS in place of the host; empty: the host
	Roots      *x509.CertPool // authorities to trust; nil: the system's
	Proxies    []fact.Proxy   // proxy variables of the environment

	Password       string // of Target.User; empty: none was given. It is sent to the server and never recorded
	NoPassword     bool   // the user has been asked for it, and has none
	AllowPlaintext bool   // sign in without encryption too
	TrustAnyway    bool   // sign in although the certificate has a fault
	PassiveSamples int    // how many passive ports are tried besides those that carry something
	Active         bool   // list in active mode too
	Write          bool   // upload, read back and delete a file too

	Identities      []string // private key files to show first (-i)
	KnownHosts      []string // read in place of the user's and the system's (--known-hosts); empty: those
	SSHConfig       string   // read in place of the user's and the system's (--ssh-config); "none": none at all
	Code            string   // of a second factor; empty: none was given. It is sent to the server and never recorded
	Passphrase      string   // of the private keys; empty: none was given. It is never recorded
	MaxFailedLogins int      // no further sign-in once so many have failed; 0: two
	Refused         bool     // the same credentials were refused at the same host before: they are not shown again
	Ask             Ask      // nil: there is nobody to ask
	AskWeb          bool     // try name and password on the web too, where a sign-in is turned down
	PublicIP        *Whoami  // who is asked for the public address of this computer; nil: nobody

	Idle   time.Duration          // leave sessions alone for so long, and see what becomes of them; 0: do not
	Enough func() <-chan struct{} // awaits the word of the user that it was enough; nil: nobody can say so

	Rounds int           // how often everything is looked at; 0: once
	Every  time.Duration // from the start of one round to that of the next

	Only, Skip     []string      // names of checks
	Patient        bool          // wait and retry as the service recommends
	ConnectTimeout time.Duration // for one connect; 0: the policy of limits
	Timeout        time.Duration // for everything; 0: none

	noMore string // why nobody signs in any more, after what was seen in an earlier round; empty: somebody may
}

// Ask asks the user while a run waits. ok is false where no answer came.
type Ask func(ctx context.Context, question Question) (answer string, ok bool)

// Question is what a user is asked. Text is free of what a terminal would take for a command.
type Question struct {
	Text   string
	Hidden bool // what is typed is not shown
	Fresh  bool // what was typed when the same was asked before is no answer
}

// Check is one kind of look.
type Check struct {
	Name  string
	Doc   string           // one sentence
	After []string         // the checks that must have ended before
	For   func(*Plan) bool // whether a plan asks for it; nil: every plan does
	Run   func(context.Context, *Session)
}

// Checks lists every check in the order of the report. It is the only list of their names.
var Checks = []Check{
	{Name: "local", Doc: "This computer: addresses, DNS servers, hosts file, proxy variables.", Run: local},
	{Name: "dns", Doc: "The name: what programs here get for it, and what each DNS server answers.", Run: names},
	{Name: "endpoints", Doc: "Every address and port: connect, greeting, TLS and certificate, SSH host key, the web port.", Run: endpoints},
	{Name: "keys", Doc: "With a user name: the SSH agent and the key files, in the order in which ssh shows them.", For: signsInBySSH, Run: keys},
	{Name: "login", Doc: "With a user name: sign in by FTP, list the folder, try passive ports, and what else was asked for.", For: hasUser, Run: login},
	{Name: "sftp", Doc: "With a user name: sign in by SSH with keys and password, open SFTP and list the folder.", For: signsInBySSH, Run: signInBySSH},
	{Name: "idle", Doc: "With --idle: how long a session lives that is left alone, who ends it, and whether a keep-alive helps.", After: []string{"login", "sftp"}, For: wantsIdle, Run: idle},
	{Name: "web-login", Doc: "With --ask-web: where a sign-in was turned down, name and password are tried once on the service's web server.", For: wantsWeb, After: []string{"endpoints", "login", "sftp"}, Run: webLogin},
	{Name: "public-ip", Doc: "With --public-ip: the address that this computer is seen under, as a DNS server of your choice says.", For: wantsPublicIP, Run: publicIP},
	{Name: "control", Doc: "Only where something is odd: a port that must be closed, the port of a captive portal, and a conversation in small packets.", After: []string{"endpoints"}, Run: control},
}

// errDeadline is the cause of a context that the overall deadline ended.
var errDeadline = errors.New("the overall deadline has passed")

// Run carries out the plan. It always returns what was seen until the end, be that an interrupt or the deadline.
func Run(ctx context.Context, plan Plan, network Network, progress *Progress) fact.Run {
	if plan.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, plan.Timeout, errDeadline)
		defer cancel()
	}
	if plan.Rounds > 1 {
		return rounds(ctx, plan, network, progress)
	}
	return round(ctx, plan, network, progress)
}

// round looks at everything once.
func round(ctx context.Context, plan Plan, network Network, progress *Progress) fact.Run {
	s := newSession(ctx, plan, network, progress)
	if plan.noMore != "" {
		s.skip("login", "", "login", plan.noMore)
	}
	done := map[string]chan struct{}{}
	for _, check := range Checks {
		done[check.Name] = make(chan struct{})
	}
	var all sync.WaitGroup
	for _, check := range Checks {
		all.Go(func() {
			defer close(done[check.Name])
			if check.For != nil && !check.For(&plan) {
				return
			}
			for _, before := range check.After {
				<-done[before]
			}
			s.carryOut(ctx, check)
		})
	}
	all.Wait()
	return s.result(ctx)
}

// carryOut runs a check, or says why not.
func (s *Session) carryOut(ctx context.Context, check Check) {
	if why := s.leftOut(check.Name); why != "" {
		s.skip(check.Name, "", check.Name, why)
		return
	}
	check.Run(ctx, s)
}

// leftOut says why a check is not run; empty: it is.
func (s *Session) leftOut(name string) string {
	switch {
	case len(s.plan.Only) > 0 && !slices.Contains(s.plan.Only, name):
		return "--only asked for " + strings.Join(s.plan.Only, " and ")
	case slices.Contains(s.plan.Skip, name):
		return "--skip asked for it"
	}
	return ""
}

// result puts what was seen in order and numbers it.
func (s *Session) result(ctx context.Context) fact.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.seen, s.order)
	for i := range s.seen {
		s.seen[i].ID = i + 1
	}
	return fact.Run{
		Tool:    fact.Tool{Name: "ftpdoctor", Version: s.plan.Version, OS: runtime.GOOS + "/" + runtime.GOARCH},
		Started: s.started.UTC(),
		Took:    fact.MillisOf(time.Since(s.started)),
		Target:  s.plan.Target,
		Stopped: s.stopped(ctx),
		Seen:    s.seen,
	}
}

// stopped says why the run ended before it had seen everything. The user may end the watch over idle sessions.
func (s *Session) stopped(ctx context.Context) fact.Stopped {
	if s.enough && !slices.ContainsFunc(s.seen, func(o fact.Observation) bool { return o.Failed(fact.Interrupted) }) {
		return ""
	}
	return stopped(ctx)
}

// stopped says why a context ended early, if it did.
func stopped(ctx context.Context) fact.Stopped {
	switch {
	case !ended(ctx):
		return ""
	case ctx.Err() == nil, errors.Is(context.Cause(ctx), errDeadline):
		return fact.ByDeadline
	default:
		return fact.ByUser
	}
}
