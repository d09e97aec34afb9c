package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// localSSHRules are about the files of OpenSSH on this computer, keys left out.
var localSSHRules = []Rule{
	localSSHConfig,
	localKnownHosts,
}

var localSSHConfig = Rule{
	Code:     "local-ssh-config",
	Title:    "Your ssh_config changes how ssh connects to this host",
	Severity: Warning,
	Page: Page{
		Means: "OpenSSH reads the files ~/.ssh/config and /etc/ssh/ssh_config. They can send it to another host, port or user, through another machine, or limit keys and ways of signing in. " +
			"ssh, sftp, scp, rsync, git and many editors follow them. FileZilla, WinSCP and other apps do not, and so one works where the other fails.",
		Shown: "What ssh would use for this host, compared with an ssh without any configuration. This program only reports it: it looked at the host, port and user that you named. " +
			"It is a warning where something fails that the entry could explain, or where the entry rules out every way of signing in that the server has.",
		Mend: "Test once without the files: sftp -F /dev/null and the same name. If that works, change or remove the entry for the host. The option --ssh-config none lets this program ignore the files too.",
	},
	Match: matchLocalSSHConfig,
}

func matchLocalSSHConfig(c *Case) []Finding {
	if c.Config == nil || c.Config.Failed(fact.Interrupted) {
		return nil
	}
	return slices.Concat(c.elsewhereBySSH(), c.brokenConfig())
}

// elsewhereBySSH finds an entry of ssh_config that lets ssh do something else than this program did.
func (c *Case) elsewhereBySSH() []Finding {
	config := c.Config.SSHConfig
	detours, limits := c.detours(config), c.limits(config)
	works := c.SSH.Accepted() || c.SSH == nil && c.sshAnswers()
	barred := c.methodsBarred(config)
	if len(detours) == 0 && len(barred) == 0 && (works || len(limits) == 0 || c.SSH == nil) {
		return nil
	}
	f := Finding{
		Severity: Note,
		Title:    fmt.Sprintf("Your ssh_config changes how ssh connects to %s", c.Run.Target.Host),
		Says:     fmt.Sprintf("For this host ssh %s. This program looked at the host as you named it; FTP apps do not read the file either.", and(slices.Concat(detours, limits))),
		Evidence: ids(c.Config),
		Fix:      []Step{{You, "test with sftp -F /dev/null; if that differs, change the entry for the host in ~/.ssh/config"}},
	}
	if !works && len(detours) > 0 {
		f.Severity = Warning
	}
	if len(barred) > 0 {
		f.Severity = Warning
		f.Title = fmt.Sprintf("Your ssh_config rules out every way of signing in that %s has", c.Run.Target.Host)
		f.Says = fmt.Sprintf("For this host ssh %s, and the server offers %s.", and(slices.Concat(detours, limits)), and(barred))
		f.Fix = []Step{{You, fmt.Sprintf("let the entry for the host in ~/.ssh/config allow %s", strings.Join(barred, " or "))}}
	}
	return []Finding{f}
}

// sshAnswers says whether some SSH endpoint showed its host key.
func (c *Case) sshAnswers() bool {
	return slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.hostKey() != nil })
}

// detours tells where ssh goes by its configuration, if not where this program went. Each ends the sentence "ssh ...".
func (c *Case) detours(config *fact.SSHConfig) []string {
	t := c.Run.Target
	var found []string
	if config.HostName != "" && !strings.EqualFold(config.HostName, t.Host) {
		found = append(found, "connects to "+config.HostName)
	}
	looked := slices.ContainsFunc(c.Endpoints, func(e *Endpoint) bool { return e.Port == config.Port && e.hostKey() != nil })
	if config.Port != 0 && config.Port != t.Port && !looked {
		found = append(found, fmt.Sprintf("uses port %d", config.Port))
	}
	if config.Proxy != "" {
		found = append(found, "goes through "+config.Proxy)
	}
	if config.User != "" && t.User != "" && config.User != t.User {
		found = append(found, fmt.Sprintf("signs in as %s where no user is named", config.User))
	}
	return found
}

// limits tells what else the configuration narrows. Each ends the sentence "ssh ...".
func (c *Case) limits(config *fact.SSHConfig) []string {
	var found []string
	if config.Only {
		found = append(found, "shows only the keys that its configuration names")
	}
	if len(config.Identities) > 0 {
		found = append(found, "shows "+and(shortened(config.Identities)))
	}
	if config.Agent != "" {
		found = append(found, "asks the agent "+config.Agent)
	}
	if config.Methods != "" {
		found = append(found, "signs in by "+strings.ReplaceAll(config.Methods, ",", ", ")+" only")
	}
	if len(config.Off) > 0 {
		found = append(found, "does not use "+strings.Join(config.Off, " or "))
	}
	if len(config.Algorithms) > 0 {
		found = append(found, "changes its "+and(config.Algorithms))
	}
	if len(config.KnownHosts) > 0 {
		found = append(found, "knows hosts from "+and(shortened(config.KnownHosts)))
	}
	return found
}

// methodsBarred lists the ways of signing in that the server has, where the configuration leaves none of them.
func (c *Case) methodsBarred(config *fact.SSHConfig) []string {
	offered := c.SSH.Offered()
	if config.Methods == "" && len(config.Off) == 0 {
		return nil
	}
	usable := slices.ContainsFunc(offered, func(method string) bool {
		listed := config.Methods == "" || slices.Contains(strings.Split(config.Methods, ","), method)
		return listed && !slices.Contains(config.Off, method)
	})
	if usable {
		return nil
	}
	return offered
}

// brokenConfig finds lines of ssh_config that cannot be used.
func (c *Case) brokenConfig() []Finding {
	broken := c.Config.SSHConfig.Broken
	if len(broken) == 0 && !c.Config.Failed() {
		return nil
	}
	f := Finding{
		Severity: Note,
		Evidence: ids(c.Config),
		Title:    "Your ssh_config could not be read as a whole",
		Says:     "What it says about this host is not known, so that ssh may behave in another way than this program.",
		Fix:      []Step{{You, fmt.Sprintf("look what ssh -G %s says", c.Run.Target.Host)}},
	}
	if len(broken) > 0 {
		f.Title = "Your ssh_config has a line that cannot be used"
		f.Says = brokenSays(broken) + " The other lines are used."
		f.Fix = []Step{{You, fmt.Sprintf("look what ssh -G %s says of the line, and mend or remove it", c.Run.Target.Host)}}
	}
	return []Finding{f}
}

// brokenSays names broken lines, at most three of them.
func brokenSays(broken []fact.BrokenLine) string {
	var says []string
	for _, line := range broken[:min(len(broken), 3)] {
		place := fmt.Sprintf("Line %d", line.Line)
		if line.File != "" {
			place += " of " + line.File
		}
		says = append(says, fmt.Sprintf("%s is not used: %s.", place, strings.TrimSuffix(cmp.Or(line.Why, "it cannot be read"), ".")))
	}
	if more := len(broken) - len(says); more > 0 {
		says = append(says, fmt.Sprintf("So %s %d more.", plural(more, "is", "are"), more))
	}
	return strings.Join(says, " ")
}

var localKnownHosts = Rule{
	Code:     "local-known-hosts",
	Title:    "A known_hosts file has a line that cannot be used",
	Severity: Note,
	Page: Page{
		Means: "The files known_hosts hold the host keys of servers that were visited before. One of them has a line that is no host key, or cannot be read at all. The other lines are used; a host that the broken line was about looks new.",
		Shown: "The file was read line by line. Comments, empty lines and hashed names are in order; what is told here is neither.",
		Mend:  "Open the file in a text editor and remove the line. It was probably cut or wrapped when somebody copied it. The app asks again for the host then.",
	},
	Match: matchLocalKnownHosts,
}

func matchLocalKnownHosts(c *Case) []Finding {
	var found []Finding
	for _, o := range c.KnownHosts {
		k := o.KnownHosts
		path := cmp.Or(k.Path, "the file of known hosts")
		f := Finding{Evidence: ids(o), Fix: []Step{{You, fmt.Sprintf("open %s in a text editor, and mend or remove the line", path)}}}
		switch {
		case o.Failed(fact.Interrupted), o.Failed(fact.NotFound) && !k.Asked:
			continue
		case o.Failed(fact.NotFound):
			f.Title = fmt.Sprintf("There is no file %s", path)
			f.Says = "It was named as a list of known hosts, so every host looks new."
			f.Fix[0].Do = "name the file that holds the known hosts, mostly ~/.ssh/known_hosts"
		case o.Failed():
			f.Title = fmt.Sprintf("The list of known hosts %s cannot be read", path)
			f.Says = "Hosts that it holds look new."
			f.Fix[0].Do = fmt.Sprintf("look at the rights of %s; it must be a file that this user may read", path)
		case len(k.Broken) > 0:
			f.Title = fmt.Sprintf("%s has %s that cannot be used", path, plural(len(k.Broken), "a line", "lines"))
			f.Says = brokenSays(k.Broken) + " The other lines are used."
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}
