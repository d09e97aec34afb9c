package report

import (
	"fmt"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// describeSSH says what one observation saw that only SSH has. It is nil for the others.
func describeSSH(o *fact.Observation) []string {
	switch {
	case o.KnownHosts != nil:
		return append([]string{fmt.Sprintf("known hosts of %s: %s", o.KnownHosts.Path, several(o.KnownHosts.Lines, "line"))}, describeBroken(o.KnownHosts.Broken)...)
	case o.SSHConfig != nil:
		return describeSSHConfig(o.SSHConfig)
	case o.Agent != nil:
		return []string{strings.TrimSpace(fmt.Sprintf("SSH agent (%s) %s", o.Agent.Kind, o.Agent.Address)) + ": " + several(o.Agent.Keys, "key")}
	case o.Identity != nil:
		return describeIdentity(o.Identity)
	case o.Auth != nil:
		return describeAuth(o.Auth)
	case o.HostKeys != nil:
		out := []string{"the server tells its host keys"}
		for _, key := range o.HostKeys.Keys {
			out = append(out, "< "+hostKeySays(&key))
		}
		return out
	case o.Channel != nil:
		return describeChannel(o.Channel)
	case o.SFTP != nil:
		return describeSFTP(o.SFTP)
	default:
		return nil
	}
}

func describeBroken(broken []fact.BrokenLine) []string {
	var out []string
	for _, line := range broken {
		out = append(out, strings.TrimSpace(fmt.Sprintf("line %d is not used: %s %s", line.Line, line.Why, line.File)))
	}
	return out
}

func describeSSHConfig(c *fact.SSHConfig) []string {
	out := []string{"ssh_config, by " + c.Source}
	set := func(name, value string) {
		if value != "" {
			out = append(out, name+" "+value)
		}
	}
	set("read:", strings.Join(c.Files, ", "))
	set("HostName", c.HostName)
	if c.Port != 0 {
		set("Port", fmt.Sprint(c.Port))
	}
	set("User", c.User)
	set("", c.Proxy)
	set("IdentityFile", strings.Join(c.Identities, ", "))
	set("IdentitiesOnly", pick(c.Only, "yes", ""))
	set("IdentityAgent", c.Agent)
	set("PreferredAuthentications", c.Methods)
	set("switched off:", strings.Join(c.Off, ", "))
	set("narrowed:", strings.Join(c.Algorithms, ", "))
	set("UserKnownHostsFile", strings.Join(c.KnownHosts, ", "))
	return append(out, describeBroken(c.Broken)...)
}

func describeIdentity(k *fact.Identity) []string {
	words := []string{strings.TrimSpace(fmt.Sprintf("key (%s) %s", k.Source, k.Path))}
	add := func(there bool, format string, values ...any) {
		if there {
			words = append(words, fmt.Sprintf(format, values...))
		}
	}
	add(k.Type != "", "%s", k.Type)
	add(k.Bits > 0, "%d bits", k.Bits)
	add(k.SHA256 != "", "%s", k.SHA256)
	add(k.Comment != "", "%q", k.Comment)
	add(k.Format != "", "format %s", strings.TrimSpace(string(k.Format)+" "+pick(k.Version > 0, fmt.Sprint(k.Version), "")))
	add(k.Mode != "", "rights %s", k.Mode)
	add(k.CRLF, "line ends of Windows")
	add(!k.Modified.IsZero(), "changed %s", k.Modified.UTC().Format(time.DateOnly))
	add(k.Unlocked, "unlocked with the passphrase")
	add(k.Flaw != "", "not usable: %s", k.Flaw)
	out := []string{strings.Join(words, ", ")}
	if c := k.Certificate; c != nil {
		says := strings.TrimSpace("certificate "+c.Path) + " for " + orWord(strings.Join(c.Principals, ", "), "any user")
		if !c.Before.IsZero() {
			says += ", until " + c.Before.UTC().Format(time.RFC3339)
		}
		out = append(out, says+pick(c.ForHosts, ", for hosts", "")+pick(c.OtherKey, ", of another key", ""))
	}
	return out
}

func describeAuth(a *fact.Auth) []string {
	request := "sign-in by " + string(a.Method)
	if a.Key != "" {
		request = strings.TrimSpace(fmt.Sprintf("%s the key %s %s", pick(a.Query, "ask about", "sign with"), a.Key, a.Algorithm))
	}
	if a.Answer == fact.AuthUnasked && len(a.Rounds) == 0 {
		return []string{"not done: " + request}
	}
	out := []string{"> " + request}
	for _, line := range a.Banner {
		out = append(out, "< "+line)
	}
	for _, round := range a.Rounds {
		for _, line := range append([]string{round.Name}, round.Instruction...) {
			if line != "" {
				out = append(out, "< "+line)
			}
		}
		for _, prompt := range round.Prompts {
			out = append(out, "< "+prompt.Text, "> "+pick(prompt.Answer == "", "(no answer)", "("+string(prompt.Answer)+")"))
		}
	}
	if a.Answer != "" {
		answer := pick(a.Answer == fact.AuthUnasked, "not answered", "< "+strings.Replace(string(a.Answer), string(fact.AuthWouldDo), "would take it", 1))
		out = append(out, answer+pick(len(a.Methods) > 0, "; can continue: "+strings.Join(a.Methods, ", "), ""))
	}
	return append(out, goodbyeSays(a.Goodbye)...)
}

func goodbyeSays(g *fact.Goodbye) []string {
	if g == nil {
		return nil
	}
	return []string{fmt.Sprintf("< goodbye, reason %d: %s", g.Reason, g.Text)}
}

func describeChannel(c *fact.Channel) []string {
	asked := map[fact.ChannelRequest]string{fact.OpenSession: "open a session", fact.SFTPSubsystem: "start SFTP", fact.ExecCommand: "run " + c.Command}[c.Request]
	out := []string{"> " + orWord(asked, string(c.Request))}
	if c.Refused {
		out = append(out, strings.TrimSpace(fmt.Sprintf("< refused %s", c.Text)))
	}
	for _, line := range c.Stdout {
		out = append(out, "< "+line)
	}
	for _, line := range c.Stderr {
		out = append(out, "< (stderr) "+line)
	}
	if c.Exit != nil {
		out = append(out, fmt.Sprintf("< exit status %d", *c.Exit))
	}
	if c.Signal != "" {
		out = append(out, "< ended by the signal "+c.Signal)
	}
	if c.Closed {
		out = append(out, fmt.Sprintf("< closed, %s after the sign-in", length(c.After)))
	}
	return append(out, goodbyeSays(c.Goodbye)...)
}

func describeSFTP(s *fact.SFTPStep) []string {
	says := "SFTP " + strings.TrimSpace(string(s.Request)+" "+s.Path)
	add := func(there bool, format string, values ...any) {
		if there {
			says += fmt.Sprintf(", "+format, values...)
		}
	}
	add(s.Version > 0, "version %d", s.Version)
	add(len(s.Extensions) > 0, "with %s", strings.Join(s.Extensions, " "))
	add(s.Entries > 0, "%d entries", s.Entries)
	add(s.Bytes > 0, "%d bytes", s.Bytes)
	add(s.Differs, "came back changed")
	out := []string{says}
	if s.Status != 0 {
		out = append(out, strings.TrimSpace(fmt.Sprintf("< status %d %s", s.Status, s.Text)))
	}
	for _, line := range s.Noise {
		out = append(out, "< "+line)
	}
	return out
}

// hostKeySays describes a host key in one line, and where known_hosts has it.
func hostKeySays(key *fact.HostKey) string {
	says := []string{fmt.Sprintf("%s%s %d %s", standingSays(key, nil), key.Type, key.Bits, key.SHA256)}
	for _, entry := range key.Entries {
		says = append(says, fmt.Sprintf("%s line %d: %s", entry.File, entry.Line, strings.TrimSpace(strings.Join([]string{entry.Marker, entry.Type, entry.SHA256}, " "))))
	}
	if len(key.Elsewhere) > 0 {
		says = append(says, "the same key: "+strings.Join(key.Elsewhere, ", "))
	}
	return strings.Join(says, "; ")
}
