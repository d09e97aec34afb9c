package probe

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// sshTalk is a conversation with an SSH server from the key exchange to the end of the sign-in. One call of the library carries
// it, in a goroutine of its own that waits twice for somebody to decide: at the host key, and before each request to sign in.
type sshTalk struct {
	wire    *wire
	session *Session
	hostKey *fact.HostKey // as recorded

	seen    chan ssh.PublicKey          // the host key, when it is proven for the first time
	verdict chan error                  // on it; nil: the sign-in begins. Holds one
	asks    chan *ssh.ClientAuthContext // the library has an answer of the server, and asks what to try next
	next    chan ssh.AuthMethod         // what to try; nil: nothing more
	banner  []string                    // what the server has shown since the last answer

	over     chan struct{} // closed when the library is done; the rest is as it says then
	conn     ssh.Conn
	channels <-chan ssh.NewChannel
	requests <-chan *ssh.Request
	err      error
}

func newSSHTalk(s *Session, w *wire) *sshTalk {
	return &sshTalk{
		wire:    w,
		session: s,
		seen:    make(chan ssh.PublicKey),
		verdict: make(chan error, 1),
		asks:    make(chan *ssh.ClientAuthContext),
		next:    make(chan ssh.AuthMethod),
		over:    make(chan struct{}),
	}
}

// run is the call of the library. It accepts the weakest algorithms, so that every server can be looked at: what was agreed on
// is recorded.
func (t *sshTalk) run(c net.Conn, hostKeys []string) {
	defer close(t.over)
	var first ssh.PublicKey
	t.conn, t.channels, t.requests, t.err = ssh.NewClientConn(c, t.wire.place, &ssh.ClientConfig{
		Config:            ssh.Config{KeyExchanges: offer.KeyExchanges, Ciphers: offer.Ciphers, MACs: offer.MACs},
		User:              t.session.plan.Target.User,
		HostKeyAlgorithms: hostKeys,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if first != nil {
				return sameKey(first, key)
			}
			first = key
			t.seen <- key
			return <-t.verdict
		},
		BannerCallback: t.keepBanner,
		AuthCallback: func(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			t.asks <- c
			return <-t.next, nil
		},
		ClientVersion: clientIdent,
	})
}

// sameKey is asked when the keys are exchanged anew in a session.
func sameKey(first, now ssh.PublicKey) error {
	if !bytes.Equal(first.Marshal(), now.Marshal()) {
		return breach{fact.Garbled, "the server has changed its host key in the middle of a session"}
	}
	return nil
}

// maxBanner is how many lines of a banner are kept.
const maxBanner = 20

// keepBanner keeps what a server shows before it answers (RFC 4252 section 5.4), which it may do many times.
func (t *sshTalk) keepBanner(text string) error {
	if len(t.banner) <= maxBanner {
		t.banner = append(t.banner, t.clean(text, maxBanner)...)
	}
	return nil
}

// clean makes lines that can be shown of a text of the server's, without those in which it repeats a secret.
func (t *sshTalk) clean(text string, most int) []string {
	text = strings.TrimRight(text, " \r\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, "\r")
	}
	return fact.CleanLines(t.session.hide(lines), most)
}

// cleanLine is the same for a text of one line.
func (t *sshTalk) cleanLine(text string) string {
	return strings.Join(t.clean(text, maxTextLines), " ")
}

// maxTextLines is how many lines are kept of a text that should have one.
const maxTextLines = 5

// awaitHostKey waits for the host key. It returns nil when the conversation has ended before it.
func (t *sshTalk) awaitHostKey() ssh.PublicKey {
	select {
	case key := <-t.seen:
		return key
	case <-t.over:
		return nil
	}
}

// errSeen ends a conversation in which nobody signs in.
var errSeen = errors.New("the host key was seen")

// hangUp ends the conversation at the host key.
func (t *sshTalk) hangUp() {
	t.verdict <- errSeen
	<-t.over
}

// finish lets the library come to the end of the sign-in: nothing more is tried.
func (t *sshTalk) finish() {
	select {
	case t.next <- nil:
		<-t.over
	case <-t.over:
	}
}

// The texts of the library for which it has no error that can be told apart. A test holds them.
var (
	disconnectText = regexp.MustCompile(`ssh: disconnect, reason (\d+): (".*")`)
	weakGroupText  = regexp.MustCompile(`ssh: server-generated gex p is out of range \(\d+ bits\)`)
	unableText     = regexp.MustCompile(`ssh: unable to authenticate, attempted methods`)
	unexpectedText = regexp.MustCompile(`ssh: unexpected message type (\d+) \(expected \d+\)`)
)

// goodbye finds the reason that the server gave for ending the connection; nil: it gave none.
func (t *sshTalk) goodbye(err error) *fact.Goodbye {
	reason, text, ok := cutGoodbye(err)
	if !ok {
		return nil
	}
	return &fact.Goodbye{Reason: reason, Text: t.cleanLine(text)}
}

// ended is an error as it is recorded: what the server said in it stands in the goodbye.
func (t *sshTalk) ended(err error) error {
	if reason, _, ok := cutGoodbye(err); ok {
		return breach{fact.Disconnected, fmt.Sprintf("the server said goodbye, reason %d", reason)}
	}
	return err
}

// cutGoodbye reads the error that the library makes of SSH_MSG_DISCONNECT.
func cutGoodbye(err error) (reason int, text string, ok bool) {
	found := disconnectText.FindStringSubmatch(fmt.Sprint(err))
	if found == nil {
		return 0, "", false
	}
	reason, _ = strconv.Atoi(found[1])
	text, unquoted := strconv.Unquote(found[2])
	return reason, text, unquoted == nil
}

// gotInstead is the number of a message that came in place of the answer to a request; 0: none did.
func gotInstead(err error) int {
	found := unexpectedText.FindStringSubmatch(fmt.Sprint(err))
	if found == nil {
		return 0
	}
	number, _ := strconv.Atoi(found[1])
	return number
}

// isRefusal says whether the library gave up because the server took nothing that it was shown.
func isRefusal(err error) bool { return unableText.MatchString(err.Error()) }
