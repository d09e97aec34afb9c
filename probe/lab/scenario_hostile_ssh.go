package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hostileSSH are worlds whose SSH servers, or agents, mean harm to whoever signs in.
var hostileSSH = []Scenario{
	{
		Name:  "banners-without-end",
		Says:  "The server sends its banner again and again before it answers.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Banner: strings.Repeat("\x1b[1Awelcome\r\n", 100), Floods: true}),
	},
	{
		Name:  "nothing-without-end",
		Says:  "The server sends messages that mean nothing, and never answers.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Floods: true}),
	},
	{
		Name: "algorithms-by-the-thousand",
		Says: "The server announces thousands of algorithms, with escapes in their names.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			many := slices.Repeat([]string{"\x1b[31mred", "\u202eolleh", strings.Repeat("long", 100)}, 40)
			return sftpSite(SSH{Offer: &Offer{Kex: append(many, usualOffer.Kex...), Ciphers: append(many, usualOffer.Ciphers...)}})()
		},
	},
	{
		Name:  "host-keys-of-nonsense",
		Says:  "After the sign-in the server tells host keys that are none, and announces more than it sends.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Tells: "\x00\x00\x00\x04\x1b[2J\x00\x00\x00\x00" + strings.Repeat("\x00\x00\x00\x01x", 500) + "\xff\xff\xff\xff"}),
	},
	{
		Name: "banner-without-end",
		Says: "The banner before the sign-in has a hundred thousand bytes, with escapes and the password in it.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Banner: strings.Repeat("\x1b[2Jwelcome\u202e\r\n", 5000)})()
		},
	},
	{
		Name: "prompts-with-escapes",
		Says: "The questions are long, and hold escapes and what was answered before.",
		Args: asJane(sftpURL),
		Env:  janesCode,
		Build: func() *Computer {
			foul := "\x1b]0;owned\x07\u202e\x00"
			said := foul + rightPassword
			return sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{
				{Name: foul, Instruction: strings.Repeat(foul+"\n", 2000), Prompts: []Prompt{{Text: "Password " + strings.Repeat(foul, 2000)}}},
				{Name: said, Instruction: strings.Repeat(said+"\n", 2000), Prompts: []Prompt{{Text: "code " + said, Echo: true, Answer: code}}},
				{Name: said, Instruction: said + code + "\n" + code},
			}})})()
		},
	},
	{
		Name: "prompts-by-the-thousand",
		Says: "The server asks fifteen thousand questions at a time.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Prompts: slices.Repeat([]Prompt{{Text: "Password: "}}, 15000)}}})})()
		},
	},
	{
		Name:  "prompts-that-are-not-there",
		Says:  "The server announces four billion questions and sends one.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Prompts: []Prompt{{Text: "Password: "}}, More: 1<<32 - 2}}})}),
	},
	{
		Name:  "questions-without-end",
		Says:  "The server asks for the password again and again, a million times.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{AgainAndAgain: true})}),
	},
	{
		Name:  "empty-rounds-without-end",
		Says:  "The server sends rounds without a question, and never comes to an end.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Instruction: "Wait."}}, AgainAndAgain: true})}),
	},
	{
		Name:  "goodbye-with-escapes",
		Says:  "The server hangs up with escapes and the password.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Users: accounts(Account{Goodbye: "\x1b[2J\u202e" + rightPassword + "\"\\\r\n\x00 bye"})}),
	},
	{
		Name:  "methods-with-escapes",
		Says:  "The methods that the server offers hold escapes.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: append(slices.Repeat([]string{"\x1b[31mkey", "\u202e"}, 500), "password")}),
	},
	{
		Name:  "partial-success-without-end",
		Says:  "The server takes the password, and wants it again, and again.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Users: accounts(Account{Needs: []string{strings.Repeat("password,", 500) + "password"}})}),
	},
	{
		Name:  "sftp-of-absurd-length",
		Says:  "The first packet of SFTP announces four billion bytes.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Raw: "\xff\xff\xff\xff\x02\x00\x00\x00\x03"}}),
	},
	{
		Name:  "sftp-of-nonsense",
		Says:  "SFTP sends packets that are no packets.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Raw: "\x00\x00\x00\x05\x02\x00\x00\x00\x03" + strings.Repeat("\x00\x00\x00\x01\x65", 1000)}}),
	},
	{
		Name:  "sftp-of-another-version",
		Says:  "SFTP says that it is of version 99.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Version: 99}}),
	},
	{
		Name: "sftp-noise-without-end",
		Says: "The start file of the shell prints eight million bytes with escapes and the password.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{Noise: strings.Repeat("\x1b[2J"+rightPassword+"\x07\n", 1<<19)})()
		},
	},
	{
		Name:  "sftp-command-text-with-escapes",
		Says:  "In place of SFTP comes a text with escapes and the password, on both channels.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Forced: &Command{Stdout: "\x1b[2J\u202e" + rightPassword + "\n", Stderr: "\x1b]0;owned\x07" + rightPassword + "\n", Exit: 1}}),
	},
	{
		Name:  "sftp-names-with-escapes",
		Says:  "The names in the listing hold escapes, slashes and the password.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Home: "/\x1b[2J" + rightPassword, Folder: "/\x1b[2J" + rightPassword, Names: []string{"\x1b[31m" + rightPassword, "../../etc/passwd", "", "\x00"}}}),
	},
	{
		Name:  "sftp-listing-without-end",
		Says:  "The listing never ends.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Names: slices.Repeat([]string{strings.Repeat("long", 60)}, 100), Endless: true}}),
	},
	{
		Name:  "sftp-writes-something-else",
		Says:  "What comes back of an upload is not what was sent.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Replaces: true}}),
	},
	{
		Name:  "sftp-opens-without-a-handle",
		Says:  "SFTP opens files and folders with a success, and without a handle.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{Instead: map[byte]string{fxOpen: "\x65\x00\x00\x00\x00", fxOpendir: "\x65\x00\x00\x00\x00"}}}),
	},
	{
		Name:  "sftp-answers-nobody",
		Says:  "SFTP answers what was never asked.",
		Args:  asJane("--write", sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{SFTP: SFTP{WrongIDs: true}}),
	},
	{
		Name: "command-without-end",
		Says: "There is no SFTP, and a command says the password again and again, cut where it is cut off here.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: func() *Computer {
			return sftpSite(SSH{NoSFTP: true, Noise: strings.Repeat(strings.Repeat("-", 117)+"\n", 17) + strings.Repeat("-", 32) + strings.Repeat(rightPassword+"\n", 1<<19)})()
		},
	},
	{
		Name:  "methods-with-the-password",
		Says:  "The server repeats the password where the methods stand.",
		Args:  asJane(sftpURL),
		Env:   janeKnows,
		Build: sftpSite(SSH{Methods: []string{"password", rightPassword}, Users: accounts(Account{Needs: []string{"password," + rightPassword}})}),
	},
	{
		Name:  "agent-announces-too-much",
		Says:  "Jane's agent announces an answer of four billion bytes.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{}), holding(SSHAgent{Garbage: "\xff\xff\xff\xff\x0c"})),
	},
	{
		Name:  "agent-counts-wrongly",
		Says:  "Jane's agent announces four billion keys and lists none.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{}), holding(SSHAgent{Garbage: "\x00\x00\x00\x05\x0c\xff\xff\xff\xff"})),
	},
	{
		Name:  "agent-signs-with-another-key",
		Says:  "Jane's agent signs with another key than the one that it lists.",
		Args:  asJane(sftpURL),
		Build: with(sftpSite(SSH{Users: keyAccount()}), holding(SSHAgent{Keys: []Key{JaneEd25519}, Swaps: true})),
	},
	{
		Name: "agent-with-a-thousand-keys",
		Says: "Jane's agent holds a thousand keys, with escapes in their comments.",
		Args: asJane(sftpURL),
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			var keys []Key
			for i := range 1000 {
				keys = append(keys, Key{Ed25519, "\x1b[31mkey" + strings.Repeat("\u202e", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()})
			}
			holding(SSHAgent{Keys: keys})(c)
		}),
	},
	{
		Name:  "key-with-escapes",
		Says:  "The comment of a key holds escapes, and so does the path.",
		Args:  withKey(janesHome + "/\x1b[31mkey"),
		Build: with(sftpSite(SSH{Users: accounts(Account{Keys: []Key{{Ed25519, "\x1b]0;owned\x07"}}})}), keep(janesHome+"/\x1b[31mkey", func() string { return Key{Ed25519, "\x1b]0;owned\x07"}.openSSH("") })),
	},
	{
		Name: "known-hosts-of-noise",
		Says: "The lists of known hosts and ssh_config hold noise.",
		Args: asJane(sftpURL),
		Env:  janeKnows,
		Build: with(sftpSite(SSH{}), func(c *Computer) {
			noise := strings.Repeat("\xff\x1b[2J\x00 @cert-authority |1|x|y ssh-rsa \u202e\n", 20000)
			c.keep(knownHosts, noise)
			c.keep(sshConfig, noise)
		}),
	},
}

// stoppingSSH are servers that stop at each step, one by going silent and one by hanging up.
var stoppingSSH = func() []Scenario {
	var all []Scenario
	for stage := AtLines; stage <= AtDelete; stage++ {
		for _, hang := range []bool{false, true} {
			name := fmt.Sprintf("ssh-hangs-up-at-step-%d", stage)
			if hang {
				name = fmt.Sprintf("ssh-goes-silent-at-step-%d", stage)
			}
			all = append(all, Scenario{
				Name: name,
				Says: "The SSH server stops in the middle of the conversation.",
				Args: asJane("--write", sftpURL),
				Env:  janesCode,
				Build: with(sftpSite(SSH{EndAfter: stage, Hang: hang, Methods: []string{"publickey", "keyboard-interactive", "password"}}),
					keep(janesKey, plainKey(JaneEd25519))),
			})
		}
	}
	return all
}()
