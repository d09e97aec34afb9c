package probe

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// configFiles are the ssh_config files of this computer, as this program reads them: to know what the user's ssh would do,
// and in its place where there is none. The library for these files gives a whole file up for one condition that it does
// not know, and opens included files by itself.
type configFiles struct {
	session *Session
	base    string   // of relative Includes
	options options  // set for the target, the first value of each
	read    []string // paths
	broken  []fact.BrokenLine
	never   bool  // what is read is about other hosts, whatever stands in it
	runs    bool  // a condition runs a command, or may do so in a file that was not read
	failure error // of the file that was asked for, or that is there and cannot be read
}

// The bounds of what is read of ssh_config. OpenSSH's client follows 16 levels of Include (READCONF_MAX_DEPTH).
const (
	maxConfigFile   = 1 << 20
	maxConfigFiles  = 64
	maxConfigDepth  = 16
	maxConfigValues = 64
)

// readConfigFiles reads the files that the user's ssh would read, or the one of --ssh-config.
func (s *Session) readConfigFiles() *configFiles {
	user, shared := s.network.Home()+"/.ssh", s.network.SharedSSH()
	c := &configFiles{session: s, options: options{}, base: user}
	if s.plan.SSHConfig != "" {
		c.file(s.plan.SSHConfig, 0)
		return c
	}
	c.file(user+"/config", 0)
	c.base = shared
	c.file(shared+"/ssh_config", 0)
	if errors.Is(c.failure, fs.ErrNotExist) {
		c.failure = nil
	}
	return c
}

// file reads a file.
func (c *configFiles) file(path string, depth int) {
	if depth > maxConfigDepth || len(c.read) == maxConfigFiles {
		c.runs = true
		return
	}
	content, info, err := c.session.network.ReadFile(path, maxConfigFile)
	if err == nil {
		err = readable(info, maxConfigFile)
	}
	if problem, ok := errors.AsType[breach](err); ok {
		err = breach{problem.kind, path + ": " + problem.text}
	}
	if err != nil {
		c.runs = c.runs || !errors.Is(err, fs.ErrNotExist)
		if c.failure == nil || errors.Is(c.failure, fs.ErrNotExist) {
			c.failure = err
		}
		return
	}
	c.read = append(c.read, path)
	number, active := 0, !c.never
	for line := range strings.Lines(string(content)) {
		number++
		if why := c.line(line, &active, depth); why != "" && len(c.broken) < maxBroken {
			c.broken = append(c.broken, fact.BrokenLine{File: fact.Clean(path), Line: number, Why: fact.Clean(why)})
		}
	}
}

// line takes a line in, and says why it is not used. Lines between a Host or Match that is about others and the next one
// are not active.
func (c *configFiles) line(line string, active *bool, depth int) (why string) {
	name, rest := splitOption(line)
	if name == "" {
		return ""
	}
	if strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return "no option begins like this"
	}
	args, ok := splitArgs(rest)
	switch {
	case name == "proxycommand" && *active:
		c.set(name, []string{strings.TrimSpace(rest)})
		return ""
	case !ok:
		return "a quotation mark is not closed"
	case len(args) == 0:
		return "there is no value"
	}
	switch name {
	case "host":
		*active = matchesPatterns(args, c.session.plan.Target.Host) && !c.never
	case "match":
		*active, why = c.matches(args)
		*active = *active && !c.never
	case "include":
		c.include(args, depth, *active)
	case "port":
		if n, err := strconv.Atoi(args[0]); err != nil || n < 1 || n > 65535 {
			return "the port is no number from 1 to 65535"
		}
		fallthrough
	default:
		if *active {
			c.set(name, args)
		}
	}
	return why
}

// set keeps the first value of an option, and all of those that add up (ssh_config(5)).
func (c *configFiles) set(name string, args []string) {
	switch name {
	case "identityfile", "certificatefile":
		if len(c.options[name]) < maxConfigValues {
			c.options[name] = append(c.options[name], args[0])
		}
	case "userknownhostsfile", "globalknownhostsfile":
		c.setFirst(name, strings.Join(args, " "))
	default:
		c.setFirst(name, args[0])
	}
}

func (c *configFiles) setFirst(name, value string) {
	if len(c.options[name]) == 0 {
		c.options[name] = []string{value}
	}
}

// include reads other files. OpenSSH's client reads those too that are included for other hosts, and runs the commands of their
// conditions (9.2p1, readconf.c).
func (c *configFiles) include(patterns []string, depth int, active bool) {
	defer func(never bool) { c.never = never }(c.never)
	c.never = c.never || !active
	for _, pattern := range patterns {
		pattern = c.session.expand(pattern)
		c.runs = c.runs || strings.HasPrefix(pattern, "~") || strings.ContainsAny(pattern, "$%") // ssh may know what it stands for
		if !strings.HasPrefix(pattern, "/") && !strings.Contains(pattern, ":") {
			pattern = c.base + "/" + pattern
		}
		for _, path := range c.session.network.Glob(pattern) {
			c.file(path, depth+1)
		}
	}
}

// matches says whether the conditions of a Match line hold. One that cannot be known here does not. ssh stops at the first
// condition that does not hold, and runs no command after it.
func (c *configFiles) matches(args []string) (holds bool, why string) {
	target := c.session.plan.Target
	for len(args) > 0 {
		condition, negated := strings.CutPrefix(strings.ToLower(args[0]), "!")
		condition, value, joined := strings.Cut(condition, "=")
		mayRun := slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(strings.ToLower(arg), "exec") })
		args = args[1:]
		if !joined && len(args) > 0 && !standsAlone(condition) {
			value, args = args[0], args[1:]
		}
		switch condition {
		case "all":
			holds = !negated
		case "originalhost":
			holds, mayRun = matchesPatterns(strings.Split(value, ","), target.Host) != negated, false
		case "host":
			holds = matchesPatterns(strings.Split(value, ","), c.hostName()) != negated
		case "user":
			holds = target.User != "" && matchesPatterns(strings.Split(value, ","), target.User) != negated
		case "final", "canonical":
			holds = false // of a second reading, which only ssh makes
		case "exec":
			holds, why = false, "its condition runs a command, which this program does not"
		default:
			holds, why = false, "its condition "+condition+" cannot be judged here"
		}
		if !holds {
			c.runs = c.runs || mayRun
			return false, why
		}
	}
	return holds, ""
}

// hostName is the host as ssh calls it by now (ssh_config(5), Match). It may find another name in the end.
func (c *configFiles) hostName() string {
	return cmp.Or(hostNameIn(c.options, c.session.plan.Target.Host), c.session.plan.Target.Host)
}

// hostNameIn is the name that HostName gives a host; empty: none.
func hostNameIn(o options, host string) string {
	return strings.ReplaceAll(strings.ReplaceAll(o.first("hostname"), "%h", host), "%%", "%")
}

func standsAlone(condition string) bool {
	return condition == "all" || condition == "final" || condition == "canonical"
}

// matchesPatterns says whether a list of patterns stands for a name. One with an exclamation mark takes it out again.
func matchesPatterns(patterns []string, name string) bool {
	matched := false
	for _, pattern := range patterns {
		pattern, negated := strings.CutPrefix(strings.ToLower(pattern), "!")
		if !matchesPattern(pattern, strings.ToLower(name)) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// splitOption splits a line into the lower-case name of its option and the rest. A blank line and a remark have no name.
func splitOption(line string) (name, rest string) {
	line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	rest = strings.TrimLeft(line[end:], " \t")
	return strings.ToLower(line[:end]), strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
}

// splitArgs splits the values of an option. Quotation marks keep blanks, and a remark may follow. ok is false where a
// quotation mark is not closed.
func splitArgs(text string) (args []string, ok bool) {
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" || text[0] == '#' {
			return args, true
		}
		var arg strings.Builder
		quote := byte(0)
		for ; text != "" && (quote != 0 || !strings.ContainsRune(" \t", rune(text[0]))); text = text[1:] {
			switch char := text[0]; {
			case char == quote:
				quote = 0
			case quote == 0 && slices.Contains([]byte(`"'`), char):
				quote = char
			default:
				arg.WriteByte(char)
			}
		}
		if quote != 0 {
			return args, false
		}
		args = append(args, arg.String())
	}
}
