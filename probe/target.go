package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"ftpdoctor/probe/fact"
)

// schemes are those of this program.
var schemes = map[string]fact.Protocol{"sftp": fact.SFTP, "ftpes": fact.FTPES, "ftps": fact.FTPS, "ftp": fact.FTP}

// maxTyped is the longest text that is taken for a host.
const maxTyped = 2048

// ParseTarget reads a host or URL as people type and paste it. What does not belong to a host name is cut off and told in
// Tidied. An error says what to write instead; it never repeats what could be a password.
func ParseTarget(typed string) (fact.Target, error) {
	if len(typed) > maxTyped {
		return fact.Target{}, fmt.Errorf("the host is %d bytes long; write only the name of the server, such as ftp.example.com", len(typed))
	}
	t := &target{Target: fact.Target{Typed: fact.Clean(typed)}, rest: strings.ToValidUTF8(typed, "\ufffd")}
	t.trim()
	t.cutScheme()
	for _, step := range []func() error{t.cutUser, t.cutPath, t.cutPort, t.readHost} {
		if err := step(); err != nil {
			return fact.Target{}, err
		}
	}
	return t.Target, nil
}

// target is a target in the making.
type target struct {
	fact.Target
	rest    string // what is not read yet
	written string // what was left after trimming, its wide marks as they are
	foreign bool   // the scheme is not one of ours
}

// cut goes on with a shorter text, and tells what was cut.
func (t *target) cut(what fact.Tidied, shorter string) {
	if shorter == t.rest {
		return
	}
	t.rest = shorter
	if !slices.Contains(t.Tidied, what) {
		t.Tidied = append(t.Tidied, what)
	}
}

// quotes are what surrounds a name that was copied from a text.
const quotes = "\"'`´“”„‟‘’‚‛«»‹›<>"

// wideMarks are the wide forms of the marks that structure a URL, as input methods for Chinese and Japanese write them.
var wideMarks = strings.NewReplacer("：", ":", "／", "/", "＠", "@", "．", ".", "。", ".", "｡", ".")

// trim cuts blanks and quotes around the text, and invisible characters wherever they are.
func (t *target) trim() {
	t.cut(fact.TidiedSpace, strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, t.rest))
	for before := ""; before != t.rest; {
		before = t.rest
		t.cut(fact.TidiedSpace, strings.TrimSpace(t.rest))
		t.cut(fact.TidiedQuotes, strings.Trim(t.rest, quotes))
	}
	t.written = t.rest
	t.rest = wideMarks.Replace(t.rest)
}

// cutScheme takes "sftp://" and its like off.
func (t *target) cutScheme() {
	scheme, rest, ok := strings.Cut(strings.Replace(t.rest, `:\\`, "://", 1), "://")
	if !ok || scheme == "" || strings.ContainsFunc(scheme, func(r rune) bool { return !isLetterOrDigit(r) && r != '+' && r != '-' }) {
		return
	}
	t.Protocol, ok = schemes[strings.ToLower(scheme)]
	t.foreign = !ok
	what := fact.TidiedScheme
	if t.foreign {
		what = fact.TidiedOtherScheme
	}
	t.cut(what, strings.TrimLeft(rest, `/\`))
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func isInName(r rune) bool { return isLetterOrDigit(r) || r == '-' || r == '_' }

var (
	errPassword = errors.New("there is a colon before the @, as if a password followed; leave the password out, other programs on this computer could read it: " +
		"write only USER@HOST, and put the password into the environment variable FTPDOCTOR_PASSWORD where it is needed")
	errForeignUser = errors.New("the URL has a user name and a scheme that is not one of FTP or SFTP; write only the name of the server, or a URL that begins with sftp://, ftpes://, ftps:// or ftp://")
)

// cutUser takes "user@" off. A password may hold any character, a slash too, so that every colon before an @ counts.
func (t *target) cutUser() error {
	at := strings.LastIndexByte(t.rest, '@')
	if at < 0 {
		return nil
	}
	user := t.rest[:at]
	if decoded, err := url.PathUnescape(user); err == nil {
		user = decoded
	}
	switch {
	case strings.Contains(user, ":"):
		return errPassword
	case t.foreign:
		return errForeignUser
	case strings.Contains(user, "/"):
		return nil // the @ belongs to the path
	}
	user, _, _ = strings.Cut(user, ";") // WinSCP puts the fingerprint of the host key behind it
	t.User = fact.Clean(user)
	t.cut(fact.TidiedUser, t.rest[at+1:])
	return nil
}

// cutPath takes everything from the first slash off. In a URL it is the folder to begin in.
func (t *target) cutPath() error {
	i := strings.IndexAny(t.rest, `/\?#`)
	if i < 0 {
		return nil
	}
	path := []rune(t.written) // each wide mark stands for one rune, and in a name it is a letter
	path = path[len(path)-utf8.RuneCountInString(t.rest[i:]):]
	inURL := t.Protocol != "" && t.rest[i] == '/'
	t.cut(fact.TidiedPath, t.rest[:i])
	if !inURL {
		return nil
	}
	return t.readFolder(string(path[1:]))
}

// typeCode ends the URL of a file in a way that is no part of its name (RFC 1738 section 3.2.2).
var typeCode = regexp.MustCompile(`(?i);type=[aid]$`)

// readFolder reads the path of a URL without the slash behind the host. That slash is no part of it, so that a path leads on
// from where the sign-in led; one that begins with a further slash begins at the root (RFC 1738 section 3.2.2).
func (t *target) readFolder(path string) error {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	folder, err := url.PathUnescape(typeCode.ReplaceAllString(path, ""))
	switch {
	case err != nil:
		return errors.New("in the folder of the URL a percent sign stands alone; write %25 for it")
	case !utf8.ValidString(folder), strings.ContainsFunc(folder, unicode.IsControl):
		return errors.New("the folder of the URL holds a control character or is not written in UTF-8; write it as it is listed, such as ftpes://ftp.example.com/folder")
	}
	if folder = strings.TrimRight(folder, "/"); folder == "" && strings.HasPrefix(path, "/") {
		folder = "/"
	}
	t.Folder = folder
	return nil
}

// cutPort takes ":21" off. Two colons or more without brackets are an IPv6 address.
func (t *target) cutPort() error {
	host, port, ok := t.rest, "", false
	if inside, after, closed := strings.Cut(strings.TrimPrefix(t.rest, "["), "]"); closed && strings.HasPrefix(t.rest, "[") {
		if after != "" && after[0] != ':' {
			return errors.New("after the ] there is more than a port; write an IPv6 address and a port as [2001:db8::1]:21")
		}
		host, port, ok = inside, strings.TrimPrefix(after, ":"), after != ""
		t.rest = host + after // brackets belong to the way a URL writes an address
	} else if strings.Count(t.rest, ":") == 1 {
		host, port, ok = strings.Cut(t.rest, ":")
	}
	if !ok {
		return nil
	}
	t.cut(fact.TidiedPort, host)
	if port = strings.TrimSpace(port); port == "" {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return errors.New("what follows the colon is not a port; write a number from 1 to 65535, such as ftp.example.com:21")
	}
	if !t.foreign { // the port of a web address is not that of FTP
		t.Port = int(number)
	}
	return nil
}

// readHost checks what is left and puts it into the form that is looked up.
func (t *target) readHost() error {
	t.cut(fact.TidiedSpace, strings.TrimSpace(t.rest))
	if address, err := netip.ParseAddr(strings.Replace(t.rest, "%25", "%", 1)); err == nil { // RFC 6874 section 2
		if strings.ContainsFunc(address.Zone(), func(r rune) bool { return !isInName(r) && r != '.' }) {
			return notAHost(t.rest, "no network interface has such a name")
		}
		t.Host = address.Unmap().String()
		return nil
	}
	t.cut(fact.TidiedDot, strings.TrimSuffix(t.rest, "."))
	host := strings.ToLower(t.rest)
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		ascii, err := international.ToASCII(host)
		if err != nil {
			return notAHost(host, "it has characters that no internationalised name may have")
		}
		t.cut(fact.TidiedUnicode, ascii)
		host = ascii
	}
	if wrong := wrongInName(host); wrong != "" {
		return notAHost(host, wrong)
	}
	t.Host = host
	return nil
}

// international turns names into the form that DNS knows (RFC 5891, UTS 46 as browsers apply it). What is wrong in ASCII is
// told by wrongInName.
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))

func notAHost(host, wrong string) error {
	if host == "" {
		return errors.New("the name of the server is missing; write it, such as ftp.example.com")
	}
	return fmt.Errorf("%q is not the name of a server: %s; write only the name, such as ftp.example.com", fact.Clean(host), wrong)
}

// wrongInName says why a name cannot be that of a host (RFC 1123 section 2.1); empty: it can. Underscores are no letters
// there, but are used.
func wrongInName(host string) string {
	if len(host) > 253 {
		return "it is longer than 253 characters"
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		switch {
		case label == "":
			return "a part before, between or after the dots is empty"
		case len(label) > 63:
			return "a part between two dots is longer than 63 characters"
		case strings.HasPrefix(label, "-"), strings.HasSuffix(label, "-"):
			return "a part begins or ends with a hyphen"
		}
		strange := strings.IndexFunc(label, func(r rune) bool { return !isInName(r) })
		if strange >= 0 {
			return fmt.Sprintf("it has the character %q", []rune(label[strange:])[0])
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return "it is made of numbers like an IP address, but is none (four numbers from 0 to 255, without leading zeros)"
	}
	return ""
}
