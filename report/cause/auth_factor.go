package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

var authOTPPrompt = Rule{
	Code:     "auth-otp-prompt",
	Title:    "The sign-in asks for a code",
	Severity: Problem,
	Page: Page{
		Means: "The account has a second factor: besides the password, or the key, the server asks for a code from an app, a text message or a small device. A code is good for one sign-in, and many apps open several connections at a time.",
		Shown: "In a dialogue (keyboard-interactive, RFC 4256) the server asked for a code. There was none to give, or the one that was given was refused.",
		Mend: "Choose \"interactive\" or \"keyboard-interactive\" as the way of signing in, so that your app can ask you, and set it to one connection at a time. For this program put the code into FTPDOCTOR_OTP, or run it in a terminal, where it asks. " +
			"A code that was refused may have been used up or too old; check the clock of the device that makes it.",
	},
	Match: sshDeniedBy("auth-otp-prompt", func(c *Case, d *sshDenial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s asks %s for a code", c.Run.Target.Host, c.user()),
			Says:  "The account has a second factor, and there was no code to give.",
			Fix: []Step{
				{You, "choose the interactive way of signing in (keyboard-interactive) in your app, and one connection at a time"},
				{You, "to test it here, put the code into the variable FTPDOCTOR_OTP"},
			},
		}
		if d.codeRefused() {
			f.Title = fmt.Sprintf("%s refuses the code of %s", c.Run.Target.Host, c.user())
			f.Says = "A code was given, and the sign-in was refused. Servers do not tell which part of the answers was wrong."
			f.Fix = []Step{
				{You, "try with a fresh code, since each is good for one sign-in only, and check the clock of the device that makes it"},
				{SiteAdmin, c.lookUp()},
			}
			f.Candidates = []Candidate{
				{"auth-otp-prompt", "a fresh code is taken", You},
				{"auth-password-wrong", "the password fails on the provider's web page too", You},
				{"local-clock", "the clock of the device that makes the codes is wrong", You},
			}
		}
		return f
	}),
}

var authSecondFactor = Rule{
	Code:     "auth-second-factor",
	Title:    "The sign-in needs a second step",
	Severity: Problem,
	Page: Page{
		Means: "What you gave is right, and not enough: the server wants two things, for example a key and a password.",
		Shown: "The server answered with partial success (RFC 4252 section 5.1) and named what it still wants, or it asked a question for which there was no answer.",
		Mend:  "Set up both in your app: choose the key file and enter the password as well. Apps that know only one of the two cannot sign in to this account.",
	},
	Match: sshDeniedBy("auth-second-factor", func(c *Case, d *sshDenial) Finding {
		f := Finding{
			Title: fmt.Sprintf("%s wants a second step from %s", c.Run.Target.Host, c.user()),
			Says:  "It asks a question for which there was no answer.",
			Fix:   []Step{{You, "choose the interactive way of signing in (keyboard-interactive) in your app, and answer there"}},
		}
		if right := d.Partial(); len(right) > 0 {
			wanted := and(wantedNames(d.Wanted()))
			f.Says = fmt.Sprintf("It takes %s, and then wants %s.", given(right[len(right)-1].Auth), wanted)
			f.Fix = []Step{
				{You, fmt.Sprintf("set up both in your app: %s and %s", given(right[len(right)-1].Auth), wanted)},
				{SiteAdmin, "permit one of them alone for this user, if the rules allow it"},
			}
		}
		return f
	}),
}

var authKbdintOnly = Rule{
	Code:     "auth-kbdint-only",
	Title:    "The server takes passwords in a dialogue only",
	Severity: Note,
	Page: Page{
		Means: "The server asks for the password in a dialogue (keyboard-interactive) and does not take it in the plain way. Apps that know only the plain way cannot sign in, although the password is right.",
		Shown: "The methods that the server offers hold keyboard-interactive and not password, and the dialogue took the password.",
		Mend:  "Choose \"interactive\" or \"keyboard-interactive\" as the way of signing in. Or ask whoever runs the server to permit the method password as well (sshd_config: PasswordAuthentication yes).",
	},
	Match: matchKbdintOnly,
}

func matchKbdintOnly(c *Case) []Finding {
	s := c.SSH
	took := s.auths(func(a *fact.Auth) bool {
		return a.Method == fact.AuthKeyboard && (a.Answer == fact.AuthAccepted || a.Answer == fact.AuthPartial) && gave(a, fact.GavePassword)
	})
	if len(took) == 0 || s.offers(fact.AuthPassword) || slices.Contains(s.Wanted(), string(fact.AuthPassword)) {
		return nil
	}
	return []Finding{{
		Title:    fmt.Sprintf("%s takes the password in a dialogue only", c.Run.Target.Host),
		Says:     "It offers keyboard-interactive and not the method password, which is the only one that some apps know.",
		Where:    s.where(),
		Evidence: s.dialogue(),
		Fix:      []Step{{You, "choose the interactive way of signing in (keyboard-interactive), if your app says that the password is wrong"}},
	}}
}

var authSlow = Rule{
	Code:     "auth-slow",
	Title:    "The server takes long to check the user",
	Severity: Warning,
	Page: Page{
		Means: "Between the question who is there and the answer passes a long time, while everything else is quick. The server looks up the name of your address, or asks a slow directory of users. Apps with a short time-out give up.",
		Shown: "The first answer of the sign-in, or the one that let you in, took eight seconds and more, many times a round trip. A refusal that comes late does not count: servers do that on purpose.",
		Mend:  "Set the time-out of your app to 60 seconds. Whoever runs the server can look at UseDNS and GSSAPIAuthentication in sshd_config, and at its directory of users.",
	},
	ExplainedBy: []string{"tcp-slow", "tcp-intermittent"},
	Match:       matchAuthSlow,
}

// slowAuth is how long an answer of the sign-in may take.
const slowAuth = 8 * time.Second

func matchAuthSlow(c *Case) []Finding {
	s := c.SSH
	if s == nil || s.Endpoint == nil || s.Endpoint.Talk.Dial == nil {
		return nil
	}
	roundTrip := s.Endpoint.Talk.Dial.Took
	for _, o := range s.Auths {
		a := o.Auth
		yes := slices.Contains([]fact.AuthAnswer{fact.AuthAccepted, fact.AuthPartial, fact.AuthWouldDo}, a.Answer)
		counts := a.Method == fact.AuthNone && a.Answer != "" || a.Method != fact.AuthKeyboard && yes // a dialogue may have waited for a person
		if !counts || o.Took.Duration() < slowAuth || o.Took < 5*roundTrip {
			continue
		}
		return []Finding{{
			Severity:   c.weighSSH(Warning),
			Confidence: Likely,
			Title:      fmt.Sprintf("%s takes %s to answer %s", c.Run.Target.Host, ms(o.Took), stepName(a)),
			Says:       fmt.Sprintf("Connecting takes %s. Mostly the server looks up the name of your address meanwhile, or asks a slow directory of users. %s", ms(max(roundTrip, 1)), breaks(o.Took)),
			Where:      s.where(),
			Evidence:   ids(s.Endpoint.Talk.Dial, o),
			Fix: []Step{
				c.raiseTimeout(o.Took),
				{c.support(), "look at UseDNS and GSSAPIAuthentication of the SSH server, and at its directory of users"},
			},
		}}
	}
	return nil
}

// wantedNames names what methods ask for.
func wantedNames(methods []string) []string {
	names := map[fact.AuthMethod]string{fact.AuthPublicKey: "a key", fact.AuthPassword: "the password", fact.AuthKeyboard: "answers in a dialogue"}
	const most = 4
	var words []string
	for _, m := range methods[:min(len(methods), most)] {
		words = append(words, cmp.Or(names[fact.AuthMethod(m)], strings.Join(strings.Fields(m), " ")))
	}
	if len(words) == 0 {
		return []string{"something else"}
	}
	return words
}

// given names what a request showed.
func given(a *fact.Auth) string {
	switch {
	case a.Method == fact.AuthPublicKey:
		return "the key"
	case a.Method == fact.AuthKeyboard && gave(a, fact.GaveCode):
		return "the code"
	default:
		return "the password"
	}
}
