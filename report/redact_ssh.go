package report

import (
	"regexp"
	"slices"
	"strings"

	"ftpdoctor/probe/fact"
)

// overSSH rewrites what only SSH has: keys, files of this computer, requests and answers.
func (s *pseudonyms) overSSH(o fact.Observation) fact.Observation {
	o.KnownHosts = altered(o.KnownHosts, func(k *fact.KnownHosts) { k.Path, k.Broken = s.file(k.Path), s.broken(k.Broken) })
	o.SSHConfig = altered(o.SSHConfig, s.sshConfig)
	o.Agent = altered(o.Agent, func(a *fact.Agent) { a.Address = s.file(a.Address) })
	o.Identity = altered(o.Identity, s.identity)
	o.Auth = altered(o.Auth, s.auth)
	o.HostKeys = altered(o.HostKeys, func(k *fact.HostKeys) {
		k.Keys = slices.Clone(k.Keys)
		for i := range k.Keys {
			s.hostKey(&k.Keys[i])
		}
	})
	o.Channel = altered(o.Channel, func(c *fact.Channel) {
		c.Command, c.Text, c.Signal = s.text(c.Command), s.text(c.Text), s.text(c.Signal)
		c.Stdout, c.Stderr = s.texts(c.Stdout), s.texts(c.Stderr)
		c.Goodbye = altered(c.Goodbye, s.goodbye)
	})
	o.SFTP = altered(o.SFTP, func(step *fact.SFTPStep) {
		step.Path, step.Text, step.Noise = s.folders(step.Path), s.text(step.Text), s.texts(step.Noise)
		step.Extensions = mapped(step.Extensions, s.extension)
	})
	return o
}

func (s *pseudonyms) hostKey(key *fact.HostKey) {
	own := key.SHA256
	key.SHA256 = s.fingerprint(own)
	if key.SHA256 != own {
		key.MD5 = s.colons(key.MD5)
	}
	key.Entries = slices.Clone(key.Entries)
	for i, entry := range key.Entries {
		key.Entries[i].File, key.Entries[i].Marker, key.Entries[i].SHA256 = s.file(entry.File), s.text(entry.Marker), s.fingerprint(entry.SHA256)
	}
	key.Elsewhere = mapped(key.Elsewhere, s.knownName)
}

// knownName is the pseudonym of a name of known_hosts, which stands in brackets where it has a port (sshd(8)).
func (s *pseudonyms) knownName(name string) string {
	inner, bracketed := strings.CutPrefix(name, "[")
	host, port, found := strings.Cut(inner, "]:")
	if bracketed && found {
		return "[" + s.host(host) + "]:" + port
	}
	return s.host(name)
}

func (s *pseudonyms) goodbye(g *fact.Goodbye) { g.Text = s.text(g.Text) }

func (s *pseudonyms) broken(lines []fact.BrokenLine) []fact.BrokenLine {
	fresh := slices.Clone(lines)
	for i, line := range fresh {
		fresh[i].File, fresh[i].Why = s.file(line.File), s.text(line.Why)
	}
	return fresh
}

func (s *pseudonyms) sshConfig(c *fact.SSHConfig) {
	c.Source, c.Methods = s.text(c.Source), s.text(c.Methods)
	c.Files, c.Identities, c.KnownHosts = mapped(c.Files, s.file), mapped(c.Identities, s.file), mapped(c.KnownHosts, s.file)
	c.HostName, c.User, c.Agent = s.host(c.HostName), s.user(c.User), s.file(c.Agent)
	c.Off, c.Algorithms = s.texts(c.Off), s.texts(c.Algorithms)
	c.Broken = s.broken(c.Broken)
	c.Proxy = s.jump(c.Proxy)
}

// jump is the pseudonym of what ssh_config puts between: an option, and a host or a program.
func (s *pseudonyms) jump(proxy string) string {
	option, through, _ := strings.Cut(proxy, " ")
	if through == "" || option != "ProxyCommand" && option != "ProxyJump" {
		return s.text(proxy)
	}
	if option == "ProxyCommand" && !slices.Contains(plainPrograms, through) {
		return option + " " + s.word("program", through)
	}
	return option + " " + s.text(through)
}

// plainPrograms are those that many people put between.
var plainPrograms = []string{"ssh", "nc", "ncat", "netcat", "socat", "connect", "corkscrew", "proxytunnel", "cloudflared", "aws", "gcloud", "tsh", "none"}

func (s *pseudonyms) identity(k *fact.Identity) {
	k.Path, k.Comment, k.SHA256 = s.file(k.Path), s.word("comment", k.Comment), s.fingerprint(k.SHA256)
	k.Certificate = altered(k.Certificate, func(c *fact.KeyCertificate) {
		c.Path, c.CA, c.Principals = s.file(c.Path), s.fingerprint(c.CA), mapped(c.Principals, s.user)
	})
}

func (s *pseudonyms) auth(a *fact.Auth) {
	a.Key, a.Methods, a.Banner = s.fingerprint(a.Key), mapped(a.Methods, s.extension), s.texts(a.Banner)
	a.Goodbye = altered(a.Goodbye, s.goodbye)
	a.Rounds = slices.Clone(a.Rounds)
	for i, round := range a.Rounds {
		a.Rounds[i].Name, a.Rounds[i].Instruction = s.text(round.Name), s.texts(round.Instruction)
		a.Rounds[i].Prompts = slices.Clone(round.Prompts)
		for j, prompt := range round.Prompts {
			a.Rounds[i].Prompts[j].Text = s.text(prompt.Text)
		}
	}
}

// extension is the name of an extension or a method of SSH. One with the name of its inventor behind it looks like a mail
// address (RFC 4251 section 6), and stays.
func (s *pseudonyms) extension(name string) string {
	_, inventor, _ := strings.Cut(name, "@")
	if slices.Contains([]string{"openssh.com", "libssh.org", "lag.net", "ssh.com", "vandyke.com", "proftpd.org", "winscp.net"}, inventor) && !strings.ContainsAny(name, " /") {
		return name
	}
	return s.text(name)
}

// plainFiles are names of files and folders that tell nobody apart.
var plainFiles = []string{
	"~", "home", "Users", "root", "etc", "tmp", "run", "user", "var", "usr", "private", "keyring", "pipe", "ssh", ".ssh", "ProgramData",
	"known_hosts", "known_hosts2", "ssh_known_hosts", "ssh_known_hosts2", "config", "ssh_config", "ssh_config.d", "openssh-ssh-agent", "agent",
	"id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss",
}

// plainFileEnds are ends of the names of key files that say what is in them.
var plainFileEnds = []string{"-cert.pub", ".pub", ".ppk", ".pem", ".key"}

// file is the pseudonym of the path of a file of this computer, part by part. The parts of "C:" and of dots are plain.
func (s *pseudonyms) file(name string) string {
	return fileParts.ReplaceAllStringFunc(name, s.filePart)
}

var (
	fileParts  = regexp.MustCompile(`[^/\\]+`)
	plainParts = regexp.MustCompile(`^(\.+|[A-Za-z]:)$`)
)

func (s *pseudonyms) filePart(part string) string {
	end := ""
	if i := slices.IndexFunc(plainFileEnds, func(e string) bool { return strings.HasSuffix(part, e) && part != e }); i >= 0 {
		end = plainFileEnds[i]
	}
	name := strings.TrimSuffix(part, end)
	if plainParts.MatchString(name) || slices.Contains(plainFiles, name) {
		return part
	}
	return s.word("file", name) + end
}
