package probe

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// sshConfig is what the user's ssh_config sets for the target. It is reported, and says which key files and known_hosts
// files there are. It never changes the host, the port or the user that is looked at: FTP apps do not read it.
type sshConfig struct {
	seen             *fact.SSHConfig // as recorded
	identities       []string        // paths of key files
	certificates     []string        // paths of certificates
	globalKnownHosts []string
}

// noSSHConfig is the value of --ssh-config, as of ssh -F, that reads no file.
const noSSHConfig = "none"

// configLimit is how long the user's ssh may take to print what its configuration comes to. It takes milliseconds where the
// computer is not busy.
const configLimit = 3 * time.Second

// readSSHConfig finds what the user's ssh_config sets for the target, and records it where it sets anything.
func (s *Session) readSSHConfig(ctx context.Context) *sshConfig {
	nothing := &sshConfig{seen: &fact.SSHConfig{}}
	if s.plan.SSHConfig == noSSHConfig || !s.plan.TriesSSH() || s.network.Home() == "" && s.plan.SSHConfig == "" {
		return nothing
	}
	st := s.begin("local", "", 0, "the configuration of ssh", configLimit)
	files := s.readConfigFiles()
	if len(files.read) == 0 && files.failure == nil {
		st.done()
		return nothing
	}
	config, err := s.askSSH(ctx, files)
	if config == nil {
		config = s.configOf(files.options)
		config.seen.Source = fact.Clean(cmp.Or(strings.Join(files.read, ", "), s.plan.SSHConfig, s.network.Home()+"/.ssh/config"))
		config.seen.Broken = files.broken
	}
	if broken, ok := errors.AsType[badConfig](err); ok { // the user's ssh names lines that are no fault to this program
		config.seen.Broken, err = broken.lines, nil
	}
	config.seen.Files = fact.CleanLines(files.read, maxConfigFiles)
	if err == nil {
		err = files.failure
	}
	st.SSHConfig = config.seen
	if err == nil && setsNothing(config.seen) {
		st.done()
		return config
	}
	st.end(ctx, err)
	return config
}

// setsNothing says whether a configuration is as good as none.
func setsNothing(c *fact.SSHConfig) bool {
	return c.HostName == "" && c.Port == 0 && c.User == "" && c.Proxy == "" && !c.Only && c.Agent == "" && c.Methods == "" &&
		len(c.Identities) == 0 && len(c.Off) == 0 && len(c.Algorithms) == 0 && len(c.KnownHosts) == 0 && len(c.Broken) == 0
}

// askSSH lets the user's own ssh say what its configuration comes to. It returns nothing where there is no ssh, where it
// fails, and where it would run a command of the user's to find out.
func (s *Session) askSSH(ctx context.Context, files *configFiles) (*sshConfig, error) {
	if files.runs {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, configLimit)
	defer cancel()
	var args []string
	if s.plan.SSHConfig != "" {
		args = []string{"-F", s.plan.SSHConfig}
	}
	out, err := s.network.SSHConfig(ctx, append(args, "--", s.plan.Target.Host)...)
	if err != nil {
		return nil, complaint(ctx, err)
	}
	usual, err := s.network.SSHConfig(ctx, "-F", noSSHConfig, "--", s.plan.Target.Host)
	if err != nil {
		return nil, complaint(ctx, err)
	}
	config := s.configOf(different(readOptions(out), readOptions(usual)))
	config.seen.Source = "ssh -G"
	return config, nil
}

// readOptions reads the output of "ssh -G": an option and its value on each line.
func readOptions(out string) options {
	found := options{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[strings.ToLower(name)] = append(found[strings.ToLower(name)], value)
	}
	return found
}

// different lists the options that are not as usual. A list of algorithms is only of interest where it lacks some.
func different(found, usual options) options {
	changed := options{}
	for name, values := range found {
		if !slices.Equal(values, usual[name]) && !extends(values, usual[name]) {
			changed[name] = values
		}
	}
	return changed
}

// extends says whether a list of names holds all that another one does.
func extends(values, usual []string) bool {
	if len(values) != 1 || len(usual) != 1 || !strings.Contains(usual[0], ",") {
		return false
	}
	names := strings.Split(values[0], ",")
	return !slices.ContainsFunc(strings.Split(usual[0], ","), func(name string) bool { return !slices.Contains(names, name) })
}

// badConfig are the lines that the user's ssh complains about. It does not run at all then.
type badConfig struct{ lines []fact.BrokenLine }

func (badConfig) Error() string { return "ssh does not accept its configuration" }

// complaint reads what ssh says about its configuration; nil: there is no ssh to say anything in time. What this program reads
// itself is enough then.
func complaint(ctx context.Context, err error) error {
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return nil
	}
	if lines := readComplaints(err.Error()); len(lines) > 0 {
		return badConfig{lines}
	}
	return err
}

// complaintLine is a line such as "/home/jane/.ssh/config: line 2: Bad configuration option: foo" or "/home/jane/.ssh/config
// line 3: Bad port 'abc'." (readconf.c of OpenSSH 9.2).
var complaintLine = regexp.MustCompile(`^(.+?):? line (\d+): (.+)$`)

func readComplaints(text string) []fact.BrokenLine {
	var found []fact.BrokenLine
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() && len(found) < maxBroken {
		m := complaintLine.FindStringSubmatch(strings.TrimRight(scanner.Text(), "\r"))
		if m == nil {
			continue
		}
		number, err := strconv.Atoi(m[2])
		if err != nil {
			continue
		}
		found = append(found, fact.BrokenLine{File: fact.Clean(m[1]), Line: number, Why: fact.Clean(strings.TrimSuffix(m[3], "."))})
	}
	return found
}

// options are the values of ssh_config options by the lower-case name of the option.
type options map[string][]string

func (o options) first(name string) string {
	if len(o[name]) == 0 {
		return ""
	}
	return o[name][0]
}

// configOf makes out what options mean for the target.
func (s *Session) configOf(o options) *sshConfig {
	target := s.plan.Target
	c := &sshConfig{seen: &fact.SSHConfig{}}
	if name := hostNameIn(o, target.Host); !strings.EqualFold(name, target.Host) {
		c.seen.HostName = fact.Clean(name)
	}
	if port, err := strconv.Atoi(o.first("port")); err == nil && port != sshPort {
		c.seen.Port = port
	}
	c.seen.User = fact.Clean(o.first("user"))
	c.seen.Proxy = fact.Clean(proxyOf(o))
	c.identities = s.expandAll(o["identityfile"])
	c.seen.Identities = fact.CleanLines(c.identities, maxConfigFiles)
	c.identities = slices.DeleteFunc(c.identities, isNone)
	c.certificates = slices.DeleteFunc(s.expandAll(o["certificatefile"]), isNone)
	c.seen.Only = isYes(o.first("identitiesonly"))
	if agent := o.first("identityagent"); agent != "" {
		c.seen.Agent = fact.Clean(s.expand(agent))
	}
	c.seen.Methods = fact.Clean(o.first("preferredauthentications"))
	for _, method := range switches {
		if slices.ContainsFunc(method.options, func(name string) bool { return isNo(o.first(name)) }) {
			c.seen.Off = append(c.seen.Off, string(method.name))
		}
	}
	for _, list := range narrowing {
		if value := o.first(strings.ToLower(list)); value != "" && !strings.HasPrefix(value, "+") && !strings.HasPrefix(value, "^") {
			c.seen.Algorithms = append(c.seen.Algorithms, list)
		}
	}
	c.seen.KnownHosts = fact.CleanLines(s.expandAll(strings.Fields(o.first("userknownhostsfile"))), maxConfigFiles)
	c.globalKnownHosts = s.expandAll(strings.Fields(o.first("globalknownhostsfile")))
	return c
}

// switches are the options that switch a method off, under their present and former names.
var switches = []struct {
	name    fact.AuthMethod
	options []string
}{
	{fact.AuthPublicKey, []string{"pubkeyauthentication"}},
	{fact.AuthPassword, []string{"passwordauthentication"}},
	{fact.AuthKeyboard, []string{"kbdinteractiveauthentication", "challengeresponseauthentication"}},
}

// narrowing are the options that choose among algorithms.
var narrowing = []string{"KexAlgorithms", "HostKeyAlgorithms", "Ciphers", "MACs", "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"}

func isYes(value string) bool  { return value == "yes" || value == "true" }
func isNo(value string) bool   { return value == "no" || value == "false" }
func isNone(value string) bool { return strings.EqualFold(value, "none") }

// proxyOf names the proxy. The arguments of a command may hold a password.
func proxyOf(o options) string {
	if jump := o.first("proxyjump"); jump != "" && !isNone(jump) {
		return "ProxyJump " + jump
	}
	words := strings.Fields(o.first("proxycommand"))
	if len(words) > 1 && words[0] == "exec" {
		words = words[1:]
	}
	if len(words) == 0 || isNone(words[0]) {
		return ""
	}
	return "ProxyCommand " + path.Base(strings.Trim(words[0], `"'`))
}

// expandAll expands paths.
func (s *Session) expandAll(paths []string) []string {
	var found []string
	for _, p := range paths {
		found = append(found, s.expand(p))
	}
	return found
}

// expand puts the user's folder in place of a tilde, and what is known in place of tokens (ssh_config(5), TOKENS).
func (s *Session) expand(p string) string {
	home := s.network.Home()
	if rest, ok := strings.CutPrefix(p, "~/"); ok {
		p = home + "/" + rest
	}
	host, user := s.plan.Target.Host, s.plan.Target.User
	return strings.NewReplacer("%%", "%", "%d", home, "%h", host, "%n", host, "%r", user).Replace(p)
}
