package report

import (
	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// idlePart says what became of the sessions that were left alone.
func idlePart(c *cause.Case) part {
	p := part{name: "idle"}
	for _, w := range c.Watches {
		p.see(w.Silent, w.Kept, w.Transfer)
		p.fine = p.fine || cause.Alive(w.Silent) || cause.Alive(w.Kept)
		says := ""
		if w.Silent != nil {
			says = idleSays("a silent session", w.Silent.Idle)
		}
		if w.Kept != nil {
			says = joined(says, idleSays("one with keep-alives", w.Kept.Idle))
		}
		if w.Transfer != nil {
			says = joined(says, pick(cause.Done(w.Transfer), "a slow transfer ended well", "a slow transfer did not end well"))
		}
		if w.Turned != nil {
			says = joined(says, "another sign-in was refused")
		}
		if len(c.Watches) > 1 {
			says = pick(w.Protocol() == fact.SFTP, "SFTP: ", "FTP: ") + says
		}
		p.says = joined(p.says, says)
	}
	return p
}

// idleSays is what became of one session.
func idleSays(session string, i *fact.Idle) string {
	lived := length(i.Lived)
	switch i.End {
	case fact.IdleAlive:
		return session + " still lives after " + lived
	case fact.IdleGoodbye, fact.IdleClosed:
		return session + " was ended by the server after " + lived
	case fact.IdleReset:
		return session + " was reset after " + lived
	case fact.IdleUnknown:
		return session + " was watched for " + lived
	default:
		return session + " was forgotten within " + lived
	}
}
