package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// keysPart says which SSH keys there are, and what the server thought of them.
func keysPart(c *cause.Case) part {
	p := part{name: "keys"}
	p.see(c.Identities...)
	p.see(c.Agents...)
	var found, taken, refused []string
	asked := func(key string) bool {
		return slices.ContainsFunc(c.SSH.Requests(), func(o *fact.Observation) bool { return o.Auth.Key == key && o.Auth.Answer != fact.AuthUnasked })
	}
	for _, o := range c.Identities {
		if o.Failed(fact.NotFound) {
			continue
		}
		k := o.Identity
		found = append(found, orWord(k.SHA256, k.Path))
		switch answer := c.SSH.KeyAnswer(k.SHA256); {
		case k.SHA256 == "":
		case answer == fact.AuthAccepted, answer == fact.AuthPartial, answer == fact.AuthWouldDo:
			taken = append(taken, k.SHA256)
		case answer == fact.AuthRefused || asked(k.SHA256): // or the server hung up at it
			refused = append(refused, k.SHA256)
		}
	}
	found, taken, refused = unique(found), unique(taken), unique(refused)
	p.fine = len(taken) > 0
	if len(found) == 0 && len(c.Agents) == 0 {
		return p
	}
	p.says = pick(len(found) == 0, "none", several(len(found), "key"))
	if held := held(c); held != "" {
		p.says += " (" + held + ")"
	}
	switch {
	case len(taken) > 0:
		p.says += fmt.Sprintf(", %d shown; the server takes %s", len(taken)+len(refused), listed(taken, 2))
	case len(refused) > 0:
		p.says += fmt.Sprintf(", %d shown; the server %s", len(refused), pick(len(refused) == 1, "does not take it", "takes none of them"))
	case len(found) > 0:
		p.says += ", none shown"
	}
	return p
}

// held says what the agents hold, or that they do not answer.
func held(c *cause.Case) string {
	keys, dead := 0, 0
	for _, o := range c.Agents {
		keys += o.Agent.Keys
		if o.Failure != nil {
			dead++
		}
	}
	switch {
	case len(c.Agents) == 0:
		return ""
	case dead == len(c.Agents):
		return "the SSH agent does not answer"
	default:
		return strconv.Itoa(keys) + " in the SSH agent"
	}
}

// sftpPart says how the sign-in by SSH went, and what was behind it.
func sftpPart(c *cause.Case) part {
	p := part{name: "sftp"}
	s := c.SSH
	if s == nil || s.Login == nil {
		return p
	}
	p.place = s.Place
	p.see(s.Login)
	p.see(s.Auths...)
	p.see(s.Channels...)
	p.see(s.Files...)
	for _, o := range slices.Concat(s.Auths, s.Channels, s.Files) {
		p.took += o.Took
	}
	switch l := s.Login.Login; {
	case s.Accepted():
		p.fine = doneSFTP(s.Step(fact.SFTPInit))
		p.says = fmt.Sprintf("%s is signed in on %s with %s", short(c.Run.Target.User), s.Place, methodSays(l.Method, s.Key()))
		p.says = joined(p.says, filesSay(s))
	case l.Outcome == fact.NotSent && l.Withheld == fact.NoWayIn:
		p.says, p.took = "not tried: no way in by SSH got as far as that", 0
	case l.Outcome == fact.NotSent:
		p.says = "not signed in: " + withheldSays[l.Withheld]
	case l.Outcome == fact.Broken:
		p.says = "the sign-in on " + s.Place + " broke off"
	default:
		p.says = "refused on " + s.Place
	}
	if g := s.Goodbye(); g != nil && g.Text != "" {
		p.says += ": " + short(g.Text)
	}
	if offered := s.Offered(); !s.Accepted() && len(offered) > 0 {
		p.says = joined(p.says, "the server signs in by "+listed(offered, 4))
	}
	return p
}

// methodSays names what somebody signed in with.
func methodSays(method, key string) string {
	var words []string
	for word := range strings.SplitSeq(method, " and ") {
		switch {
		case word == "key" && key != "":
			words = append(words, "the key "+key)
		case word == "keyboard-interactive":
			words = append(words, "answers to the server's questions")
		default:
			words = append(words, "a "+word)
		}
	}
	return strings.Join(words, " and ")
}

// filesSay says how far SFTP came.
func filesSay(s *cause.SSHSession) string {
	open, list := s.Step(fact.SFTPInit), s.Step(fact.SFTPList)
	switch {
	case !doneSFTP(open):
		return pick(len(s.Channels) > 0, "SFTP does not start", "")
	case doneSFTP(list) && doneSFTP(s.Step(fact.SFTPUpload)) && doneSFTP(s.Step(fact.SFTPDownload)):
		return fmt.Sprintf("SFTP %d, listed the folder, wrote a file and read it back", open.SFTP.Version)
	case doneSFTP(list) && s.Step(fact.SFTPUpload) != nil:
		return fmt.Sprintf("SFTP %d, listed the folder, did not write a file", open.SFTP.Version)
	case doneSFTP(list):
		return fmt.Sprintf("SFTP %d, listed the folder", open.SFTP.Version)
	case list != nil:
		return fmt.Sprintf("SFTP %d, no listing came", open.SFTP.Version)
	default:
		return fmt.Sprintf("SFTP %d", open.SFTP.Version)
	}
}

// doneSFTP says whether a step of SFTP was taken, and did its work.
func doneSFTP(o *fact.Observation) bool {
	return o != nil && o.Failure == nil && o.SFTP.Status == 0 && !o.SFTP.Differs
}

// standingSays is what this computer and the service know of a host key. It stands in front of its type.
func standingSays(key *fact.HostKey, published []string) string {
	known := map[fact.Standing]string{
		fact.KnownKey:     "(known) ",
		fact.UnknownKey:   "(new here) ",
		fact.ChangedKey:   "(not the known one) ",
		fact.OtherTypeKey: "(known by another type) ",
		fact.RevokedKey:   "(revoked) ",
	}[key.Standing]
	switch {
	case key.Published && key.Standing != fact.ChangedKey && key.Standing != fact.RevokedKey:
		return "(published) "
	case key.Accepted:
		return "(accepted) "
	case len(published) > 0 && !slices.Contains(published, key.SHA256) && key.Standing == fact.UnknownKey:
		return "(not the published one) "
	default:
		return known
	}
}
