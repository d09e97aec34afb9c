package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"ftpdoctor/probe"
	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// checkFlags say what to look at, and how patiently.
type checkFlags struct {
	ssh            sshFlags
	user           string
	passwordFile   string
	allowPlaintext bool
	trustAnyway    bool
	samples        int
	active         bool
	write          bool
	idle           string
	repeat         int
	every          time.Duration
	port           int
	protocol       string
	profile        string
	only, skip     []string
	patient        bool
	timeout        time.Duration
	connectTimeout time.Duration
	ipv4, ipv6     bool
	resolvers      []string
	resolve        []string
	source         string
	serverName     string
	caFile         string
	noInput        bool
	checks         string
	serviceFlags
}

// The passive ports that are tried once signed in.
const (
	usualSamples = 8
	maxSamples   = 64
)

// The limits of a whole run: a patient one makes several tries, with pauses.
const (
	usualTimeout   = 60 * time.Second
	patientTimeout = 5 * time.Minute
)

func (f *checkFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.user, "user", "u", "", "sign in as `NAME`; the password is asked for, or taken from FTPDOCTOR_PASSWORD, a one-time code from FTPDOCTOR_OTP")
	flags.StringVar(&f.passwordFile, "password-file", "", "take the password from `FILE`")
	f.ssh.register(flags)
	flags.BoolVar(&f.allowPlaintext, "allow-plaintext", false, "send the password without encryption too")
	flags.BoolVar(&f.trustAnyway, "trust-anyway", false, "send the password although the certificate or the host key cannot be trusted")
	flags.IntVar(&f.samples, "passive-samples", usualSamples, "try `N` passive ports, 1 to 64")
	flags.BoolVar(&f.active, "active", false, "also list in active mode, for which this computer awaits a connection")
	flags.BoolVar(&f.write, "write", false, "also upload, read back and delete files of a name of their own")
	flags.StringVar(&f.idle, "idle", "", "also leave sessions alone for `TIME`, to see how long they live: --idle, or --idle=75s")
	flags.Lookup("idle").NoOptDefVal = idleAuto
	flags.IntVarP(&f.port, "port", "p", 0, "look at port `N` only")
	flags.StringVar(&f.protocol, "protocol", "", "look at one way in only: `NAME` is "+strings.Join(protocols, ", "))
	flags.StringVar(&f.profile, "profile", "", "what the service promises: `NAME|FILE` is "+strings.Join(profile.Names(), ", ")+" or a JSON file (guessed from the host)")
	flags.StringSliceVar(&f.only, "only", nil, "run these `CHECKS` only: "+strings.Join(checkNames(), ", "))
	flags.StringSliceVar(&f.skip, "skip", nil, "leave these `CHECKS` out")
	flags.BoolVar(&f.patient, "patient", false, "wait and try again as the service recommends")
	flags.IntVar(&f.repeat, "repeat", 1, "look at everything `N` times, for faults that come and go")
	flags.DurationVar(&f.every, "every", usualEvery, "with --repeat: begin a new round each `TIME`")
	flags.DurationVar(&f.timeout, "timeout", usualTimeout, "end the whole run after `TIME` (with --patient: 5m; longer with --idle and --repeat)")
	flags.DurationVar(&f.connectTimeout, "connect-timeout", 0, "give each connect `TIME` (10s, and less once the address is known to answer)")
	flags.BoolVarP(&f.ipv4, "ipv4", "4", false, "IPv4 addresses only")
	flags.BoolVarP(&f.ipv6, "ipv6", "6", false, "IPv6 addresses only")
	flags.StringArrayVar(&f.resolvers, "resolver", nil, "ask the DNS server `ADDR` too (repeatable)")
	flags.StringArrayVar(&f.resolve, "resolve", nil, "use these addresses: `HOST=IP` (repeatable)")
	flags.StringVar(&f.source, "source", "", "connect from this computer's address `ADDR`")
	flags.StringVar(&f.serverName, "servername", "", "expect the certificate of `NAME` in place of the host")
	flags.StringVar(&f.caFile, "ca-file", "", "trust the authorities in the PEM `FILE` too")
	flags.BoolVar(&f.noInput, "no-input", false, "never ask for anything")
	f.registerServices(flags)
	flags.StringVarP(&f.checks, "checks", "F", "", "look at all targets of the JSON `FILE`, each with what is expected of it")
}

var protocols = []string{string(fact.SFTP), string(fact.FTPES), string(fact.FTPS), string(fact.FTP)}

func checkNames() []string {
	var names []string
	for _, check := range probe.Checks {
		names = append(names, check.Name)
	}
	return names
}

// plan turns what was typed into what to do.
func (f *checkFlags) plan(typed string, timeoutGiven bool, w world) (probe.Plan, error) {
	target, err := f.target(typed)
	if err != nil {
		return probe.Plan{}, err
	}
	service, err := f.service(target.Host)
	if err != nil {
		return probe.Plan{}, err
	}
	target.Profile = service.Name
	plan := probe.Plan{
		Version:        version,
		Target:         target,
		Profile:        service,
		IPv4Only:       f.ipv4,
		IPv6Only:       f.ipv6,
		ServerName:     f.serverName,
		Proxies:        proxies(w.env),
		Only:           f.only,
		Skip:           f.skip,
		Patient:        f.patient,
		ConnectTimeout: f.connectTimeout,
		Timeout:        f.timeout,
		AllowPlaintext: f.allowPlaintext,
		TrustAnyway:    f.trustAnyway,
		PassiveSamples: f.samples,
		Active:         f.active,
		Write:          f.write,
	}
	if f.patient && !timeoutGiven {
		plan.Timeout = patientTimeout
	}
	plan.Rounds, plan.Every = f.repeat, f.every
	if err := f.planTime(&plan, timeoutGiven); err != nil {
		return plan, err
	}
	if err := f.planServices(&plan); err != nil {
		return plan, err
	}
	if err := f.ssh.plan(&plan, w); err != nil {
		return plan, err
	}
	if plan.Resolvers, err = f.resolverAddresses(); err != nil {
		return plan, err
	}
	if plan.Given, err = f.given(target.Host); err != nil {
		return plan, err
	}
	plan.Roots, err = f.roots(w.roots)
	return plan, err
}

// target reads the host or URL, and what the flags add to it.
func (f *checkFlags) target(typed string) (fact.Target, error) {
	if err := f.check(); err != nil {
		return fact.Target{}, err
	}
	target, err := probe.ParseTarget(typed)
	if err != nil {
		return target, err
	}
	if target.Protocol != "" && f.protocol != "" && string(target.Protocol) != f.protocol {
		return target, fmt.Errorf("the URL says %s and --protocol says %s; keep one of them", target.Protocol, f.protocol)
	}
	if target.Port != 0 && f.port != 0 && target.Port != f.port {
		return target, fmt.Errorf("the URL says port %d and --port says %d; keep one of them", target.Port, f.port)
	}
	target.Protocol = cmp.Or(target.Protocol, fact.Protocol(f.protocol))
	target.Port = cmp.Or(target.Port, f.port)
	target.User = cmp.Or(fact.Clean(f.user), target.User)
	return target, f.checkUser(target.User)
}

// check finds values that cannot be meant.
func (f *checkFlags) check() error {
	switch {
	case f.port < 0 || f.port > 65535:
		return fmt.Errorf("--port cannot be %d; write a number from 1 to 65535", f.port)
	case f.protocol != "" && !slices.Contains(protocols, f.protocol):
		return fmt.Errorf("there is no protocol %q%s; write one of %s", f.protocol, didYouMean(f.protocol, protocols), strings.Join(protocols, ", "))
	case f.ipv4 && f.ipv6:
		return errors.New("-4 and -6 leave no address; keep one of them")
	case f.timeout <= 0:
		return errors.New("--timeout must be longer than 0; write a time such as 30s or 2m")
	case f.samples < 1 || f.samples > maxSamples:
		return fmt.Errorf("--passive-samples cannot be %d; write a number from 1 to %d", f.samples, maxSamples)
	case f.repeat < 1 || f.repeat > mostRounds:
		return fmt.Errorf("--repeat cannot be %d; write a number from 1 to %d", f.repeat, mostRounds)
	case f.every < shortestEvery || f.every > longestEvery:
		return fmt.Errorf("--every cannot be %v; write a time from %v to %v, such as 30s", f.every, shortestEvery, longestEvery)
	case f.connectTimeout < 0:
		return errors.New("--connect-timeout must be longer than 0; write a time such as 5s")
	}
	if err := f.ssh.check(); err != nil {
		return err
	}
	for _, name := range slices.Concat(f.only, f.skip) {
		if !slices.Contains(checkNames(), name) {
			return fmt.Errorf("there is no check %q%s; the checks are %s", name, didYouMean(name, checkNames()), strings.Join(checkNames(), ", "))
		}
	}
	return nil
}

// checkUser finds flags that need a user name, and names that cannot be one.
func (f *checkFlags) checkUser(user string) error {
	needs := func(flag string) error {
		return fmt.Errorf("%s needs somebody to sign in; add -u NAME", flag)
	}
	switch {
	case strings.ContainsFunc(f.user, unicode.IsControl):
		return errors.New("the name of -u has a control character in it; write it without")
	case user != "":
		return nil
	case f.active:
		return needs("--active")
	case f.write:
		return needs("--write")
	case f.idle != "":
		return errors.New("--idle leaves a session alone that somebody has signed in to; add -u NAME")
	case f.passwordFile != "":
		return needs("--password-file")
	case len(f.ssh.identities) > 0:
		return needs("-i")
	}
	return nil
}

func (f *checkFlags) resolverAddresses() ([]netip.AddrPort, error) {
	var found []netip.AddrPort
	for _, typed := range f.resolvers {
		if address, err := netip.ParseAddr(typed); err == nil {
			found = append(found, netip.AddrPortFrom(address, 53))
			continue
		}
		place, err := netip.ParseAddrPort(typed)
		if err != nil {
			return nil, fmt.Errorf("--resolver cannot be %q; write the IP address of a DNS server, such as 192.0.2.53", typed)
		}
		found = append(found, place)
	}
	return found, nil
}

// given reads the addresses of --resolve, which must be about the host that is looked at.
func (f *checkFlags) given(host string) ([]netip.Addr, error) {
	var found []netip.Addr
	for _, typed := range f.resolve {
		name, value, ok := strings.Cut(typed, "=")
		address, err := netip.ParseAddr(value)
		switch {
		case !ok || err != nil:
			return nil, fmt.Errorf("--resolve cannot be %q; write it as %s=192.0.2.10", typed, host)
		case !strings.EqualFold(strings.TrimSuffix(name, "."), host):
			return nil, fmt.Errorf("--resolve is about %s, but the host is %s; write %s=%s", name, host, host, value)
		}
		found = append(found, address)
	}
	return found, nil
}

// roots adds the authorities of --ca-file to the trusted ones.
func (f *checkFlags) roots(trusted *x509.CertPool) (*x509.CertPool, error) {
	if f.caFile == "" {
		return trusted, nil
	}
	text, err := os.ReadFile(f.caFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read --ca-file %s: %w", f.caFile, reason(err))
	}
	pool := trusted
	if trusted == nil {
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("the system's authorities cannot be read: %w", err)
		}
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca-file %s holds no certificate; it must have a line BEGIN CERTIFICATE", f.caFile)
	}
	return pool, nil
}

// proxies lists the proxy variables that are set, a user name and password in them cut out.
func proxies(env func(string) string) []fact.Proxy {
	var found []fact.Proxy
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} {
		for _, variable := range []string{name, strings.ToLower(name)} {
			if value := env(variable); value != "" {
				found = append(found, fact.Proxy{Variable: variable, Value: fact.Clean(withoutUser(value))})
			}
		}
	}
	return found
}

// withoutUser cuts the user part out of a URL, or of a text that only looks like one.
func withoutUser(value string) string {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	if i := strings.LastIndex(value, "@"); i >= 0 {
		scheme, _, ok := strings.Cut(value, "//")
		if !ok || strings.Contains(scheme, "@") {
			return value[i+1:]
		}
		return scheme + "//" + value[i+1:]
	}
	return value
}
