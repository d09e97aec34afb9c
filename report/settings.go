package report

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// App is an FTP app for which a report yields settings.
type App struct {
	Name  string
	Title string // as the app writes itself
	File  string // what to call the file
	Use   string // one sentence: what to do with it

	takes  []fact.Protocol
	key    bool                   // its settings name the file of a private key
	ppk    bool                   // it reads a key file in the format of PuTTY
	unfit  func(user string) bool // user names that its file cannot hold; nil: it holds all
	write  func(*site) string
	caveat func(*site) string // what else to know, such as what the app has no place for; nil: nothing
}

// Apps lists every app, the one for people first. It is the only list of their names.
var Apps = []App{
	{
		Name: "any", Title: "any app", File: "settings.txt", takes: anyProtocol, write: forPeople, key: true, ppk: true,
		Use: "Type these into the app.",
	},
	{
		Name: "filezilla", Title: "FileZilla", File: "filezilla.xml", takes: anyProtocol, write: fileZilla, key: true, ppk: true,
		Use: "In FileZilla choose File, then Import, and this file: the site comes into the Site Manager; the settings beside it are the time-out and the keep-alive, which hold for all sites.",
	},
	{
		Name: "winscp", Title: "WinSCP", File: "winscp.ini", takes: anyProtocol, write: winSCP, key: true, ppk: true,
		Use: "In the login window of WinSCP choose Tools, then Import Sites, then from an INI file, and this file.",
	},
	{
		Name: "winscp-url", Title: "WinSCP", File: "winscp.txt", takes: anyProtocol, write: winSCPURL,
		Use: "Paste the line into the host name of WinSCP's login window, or give it to winscp.exe or to open in a script.",
	},
	{
		Name: "cyberduck", Title: "Cyberduck", File: "bookmark.duck", write: cyberduck, key: true, ppk: true,
		takes: []fact.Protocol{fact.SFTP, fact.FTPES, fact.FTP},
		Use:   "Open the file with Cyberduck; the name of the file must end in .duck.",
		caveat: func(s *site) string {
			return pick(s.overFTP(), "A bookmark of Cyberduck has no place for the keep-alive of FTP.", "")
		},
	},
	{
		Name: "openssh", Title: "OpenSSH", File: "ssh_config", takes: []fact.Protocol{fact.SFTP}, write: openSSH, unfit: unfitForSSH, key: true,
		Use: "Add these lines to the file .ssh/config in your home folder, or name this file with sftp -F; then write sftp and the host.",
	},
	{
		Name: "lftp", Title: "lftp", File: "lftp.txt", takes: anyProtocol, write: lftp, key: true,
		Use: "Write lftp -e 'source FILE'; lftp asks for the password.",
	},
	{
		Name: "curl", Title: "curl", File: "curl.txt", takes: anyProtocol, write: curl, key: true, unfit: func(user string) bool { return strings.Contains(user, ":") },
		Use: "Write curl --config FILE, which lists the folder; curl asks for the password.",
		caveat: func(s *site) string {
			return pick(s.Protocol == fact.SFTP, "Not every curl speaks SFTP; curl --version lists what yours speaks.", "")
		},
	},
	{
		Name: "rclone", Title: "rclone", File: "rclone.conf", takes: anyProtocol, write: rclone, key: true, unfit: unfitForRclone,
		Use:    "Add these lines to rclone's configuration, whose place the command rclone config file shows, or name this file with --config; the remote is called as in the first line.",
		caveat: rcloneCaveat,
	},
}

// Settings are ready for an app.
type Settings struct {
	Text string   // for the app
	Says []string // for the person, in sentences
}

// usualKeepAlive is the time between two keep-alives, in seconds: shorter than the idle limit of most services, and of routers that
// forget.
const usualKeepAlive = 30

// usualTimeout is what an app needs to wait on a slow line, in seconds. Most wait less.
const usualTimeout = 60

// Settings writes the best way in that the app can use. The error says in a sentence why there is none.
func (a App) Settings(r *Report) (Settings, error) {
	switch {
	case len(r.Ways) == 0:
		return Settings{}, errors.New("the report shows no way in, so there is nothing to set up; ftpdoctor read shows what is wrong")
	case r.Redacted:
		return Settings{}, errors.New("the names in the report are not the real ones, as it was redacted; use the report from before that")
	case !usable(r.Ways[0].Host):
		return Settings{}, errors.New("the host in the report is neither a name nor an address that an app could use")
	}
	i := slices.IndexFunc(r.Ways, func(w cause.Way) bool {
		return w.Host == r.Ways[0].Host && w.Port > 0 && w.Port < 1<<16 && slices.Contains(a.takes, w.Protocol)
	})
	if i < 0 {
		return Settings{}, fmt.Errorf("%s cannot use %s, and the report shows no way in that it can use; choose another app with --for", a.Title, wayIn(r.Ways[0]))
	}
	s := &site{Way: r.Ways[i], Timeout: timeout(r), KeepAlive: keepAlive(r), User: r.Target.User, Reuse: demandsReuse(r, r.Ways[i].Port)}
	s.key(r)
	says := []string{fmt.Sprintf("These settings are for %s of %s: %s.", wayIn(s.Way), s.Host, proofSays(s.Way))}
	if i > 0 {
		says = append(says, fmt.Sprintf("The best way in is %s, which %s cannot use.", wayIn(r.Ways[0]), a.Title))
	}
	if s.User == "" {
		says = append(says, "The report names no user: add yours in the app.")
	} else if unwritable(s.User) || a.unfit != nil && a.unfit(s.User) {
		s.User = ""
		says = append(says, "The user name has characters that cannot be written here safely: add it in the app.")
	}
	says = append(says, a.Use)
	says = append(says, a.keySays(s))
	if a.caveat != nil {
		says = append(says, a.caveat(s))
	}
	says = append(says, cautions(r, s.Way)...)
	return Settings{Text: a.write(s), Says: slices.DeleteFunc(says, func(s string) bool { return s == "" })}, nil
}

// site is what every app wants to know.
type site struct {
	cause.Way
	User    string // empty: the app asks
	Timeout int    // seconds

	KeepAlive int    // seconds
	Reuse     bool   // data connections have to go on with the TLS session of the login
	KeyFile   string // of the key that signed in, where its path can be written into settings
	PPK       bool   // it is in the format of PuTTY
	Agent     bool   // an agent holds it
	Locked    bool   // it has a passphrase
}

// withKey says whether a key signs in, alone or beside something else.
func (s *site) withKey() bool { return slices.Contains(strings.Split(s.SignIn, " and "), "key") }

// keyAlone says whether a key signs in and nothing else is wanted.
func (s *site) keyAlone() bool { return s.SignIn == "key" }

// key finds out where the key that signed in is.
func (s *site) key(r *Report) {
	for _, o := range cause.NewCase(&r.Run, &r.judgedBy).Identities {
		k := o.Identity
		switch {
		case s.Key == "" || k.SHA256 != s.Key:
		case k.Source == fact.KeyAgent:
			s.Agent = true
		case s.KeyFile == "" && keyPath.MatchString(k.Path):
			s.KeyFile, s.PPK, s.Locked = k.Path, k.Format == fact.FormatPuTTY, k.Unlocked || k.Flaw == fact.KeyIsEncrypted
		}
	}
}

// keyPath is a whole path that needs no quotes in any settings: a report comes from a stranger.
var keyPath = regexp.MustCompile(`^(/[A-Za-z0-9._+@/-]*|[A-Za-z]:[/\\][A-Za-z0-9._+@/\\-]*)[A-Za-z0-9_]$`)

// plainKey is the path of the key for apps that do not read the format of PuTTY. In their settings a backslash can have a
// meaning of its own, and Windows takes slashes too.
func (s *site) plainKey() string {
	if s.PPK {
		return ""
	}
	return strings.ReplaceAll(s.KeyFile, `\`, "/")
}

// keySays tells what the settings say of the key, and what is left to the person.
func (a App) keySays(s *site) string {
	switch {
	case !s.withKey():
		return ""
	case s.KeyFile != "" && a.takesKey(s):
		return fmt.Sprintf("The key %s is named in them.", s.KeyFile)
	case s.PPK:
		return fmt.Sprintf("The way in needs your key %s, which is in the format of PuTTY: %s does not read that. Convert it with PuTTYgen, and choose the new file in the app.", s.KeyFile, a.Title)
	case s.Agent:
		return "The way in needs your key, which your SSH agent holds: let the app use the agent."
	default:
		return "The way in needs your key: choose its file in the app."
	}
}

// takesKey says whether the app is told the file of the key. Only apps that know the format of PuTTY read a file in it.
func (a App) takesKey(s *site) bool { return a.key && (!s.PPK || a.ppk) }

func demandsReuse(r *Report, port int) bool {
	return slices.ContainsFunc(r.Findings, func(f cause.Finding) bool {
		return f.Cause == "data-tls-reuse" && slices.ContainsFunc(f.Where, func(place string) bool { return strings.HasSuffix(place, ":"+strconv.Itoa(port)) })
	})
}

// overFTP says whether the way in has a passive mode.
func (s *site) overFTP() bool { return s.Protocol != fact.SFTP }

// url is the way in as most apps read it. User names are kept out of it.
func (s *site) url(scheme string) string {
	return fmt.Sprintf("%s://%s:%d", scheme, bracketed(s.Host), s.Port)
}

func bracketed(host string) string {
	return pick(strings.Contains(host, ":"), "["+host+"]", host)
}

// timeout is what the service recommends, or more where something took long, within what the apps take.
func timeout(r *Report) int {
	recommended := cmp.Or(r.judgedBy.WaitSeconds, usualTimeout)
	if measured := cause.NewCase(&r.Run, &r.judgedBy).Timeout(); measured > usualTimeout {
		recommended = max(recommended, measured)
	}
	return min(max(recommended, 10), 600)
}

// keepAlive is what was measured with --idle, where that is shorter than usual.
func keepAlive(r *Report) int {
	return cmp.Or(cause.NewCase(&r.Run, &r.judgedBy).KeepAlive(), usualKeepAlive)
}

// A host that is written into settings needs no quotes in any of them.
var hostName = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?$`)

func usable(host string) bool {
	a, err := netip.ParseAddr(host)
	return hostName.MatchString(host) || err == nil && a.Zone() == ""
}

// unwritable says whether a user name would not arrive as it is, whatever the app.
func unwritable(user string) bool {
	return !utf8.ValidString(user) || strings.TrimSpace(user) != user || commands.MatchString(user) || strings.ContainsFunc(user, func(r rune) bool { return !unicode.IsPrint(r) })
}

// cautions are what a person should know before using a way in.
func cautions(r *Report, w cause.Way) []string {
	var says []string
	if w.SignIn == "" {
		says = append(says, pick(shutOut(r) || turnedDown(r, w), "The server refused to sign the user in, which settings do not change.", "Nobody has signed in with them yet."))
	}
	if w.Encryption == cause.InClear {
		says = append(says, "This way in is not encrypted: others on the way can read the password.")
	}
	var keys []string
	for _, e := range cause.NewCase(&r.Run, &r.judgedBy).Endpoints {
		if e.Port != w.Port {
			continue
		}
		if e.Talk.Secured() && !e.Talk.Trusted() {
			says = append(says, "The certificate is not valid, so the app will ask or refuse; ftpdoctor read shows what is wrong with it.")
		}
		if e.Talk.Secured() && e.Talk.TLS.TLS.Version == "TLS 1.2" { // this program offers TLS 1.3 as well
			says = append(says, "The server speaks TLS 1.2 at most: an app that is set to TLS 1.3 alone cannot connect.")
		}
		if secondFactor(r) {
			says = append(says, "The account has a second factor, and a code is good for one connection: set the app to one connection at a time.")
		}
		if kex := e.Talk.Kex; kex != nil && kex.Kex.HostKey != nil && fingerprint.MatchString(kex.Kex.HostKey.SHA256) {
			keys = append(keys, kex.Kex.HostKey.SHA256)
		}
	}
	switch seen := strings.Join(unique(keys), " and "); {
	case seen == "":
	case w.Proof == cause.ProofConnected:
		says = append(says, "Nobody has confirmed the host key that the report has seen, "+seen+": compare it with the one of the provider before you let the app trust it.")
	default:
		says = append(says, "The app may ask whether to trust the host key; the report has seen "+seen+".")
	}
	return unique(says)
}

// secondFactor says whether the account wants a code besides the password or the key.
func secondFactor(r *Report) bool {
	return slices.ContainsFunc(r.Findings, func(f cause.Finding) bool {
		return slices.Contains([]string{"login-2fa", "auth-otp-prompt", "auth-second-factor"}, f.Cause)
	})
}

var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

var anyProtocol = []fact.Protocol{fact.SFTP, fact.FTPES, fact.FTPS, fact.FTP}

// setting is one line: a name, and a value that is escaped already. Without a value there is no line.
type setting struct{ name, value string }

func lines(format string, settings ...setting) string {
	var b strings.Builder
	for _, s := range settings {
		if s.value != "" {
			fmt.Fprintf(&b, format, s.name, s.value)
		}
	}
	return b.String()
}

func forPeople(s *site) string {
	return lines("%-12s %s\n",
		setting{"Host", s.Host},
		setting{"Port", strconv.Itoa(s.Port)},
		setting{"Protocol", protocolName(s.Way)},
		setting{"Mode", pick(s.overFTP(), "passive", "")},
		setting{"User", s.User},
		setting{"Private key", s.KeyFile},
		setting{"Time-out", strconv.Itoa(s.Timeout) + " seconds"},
		setting{"Keep-alive", strconv.Itoa(s.KeepAlive) + " seconds"},
	)
}

// fileZilla writes what FileZilla 3.63 exports. Protocols: ServerProtocol in its engine; logon type 2 asks for the password, 5 takes a key file.
// The keep-alive is sent every 30 s. The settings have the names that are in its own filezilla.xml.
func fileZilla(s *site) string {
	protocols := map[fact.Protocol]string{fact.SFTP: "1", fact.FTPS: "3", fact.FTPES: "4", fact.FTP: "6"}
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FileZilla3>\n<Settings>\n" +
		lines("<Setting name=\"%s\">%s</Setting>\n",
			setting{"Timeout", strconv.Itoa(s.Timeout)},
			setting{"FTP Keep-alive commands", "1"}) +
		"</Settings>\n<Servers>\n<Server>\n" +
		lines("<%[1]s>%[2]s</%[1]s>\n",
			setting{"Host", s.Host},
			setting{"Port", strconv.Itoa(s.Port)},
			setting{"Protocol", protocols[s.Protocol]},
			setting{"Type", "0"},
			setting{"User", html.EscapeString(s.User)},
			setting{"Logontype", pick(s.KeyFile != "", "5", "2")},
			setting{"Keyfile", s.KeyFile},
			setting{"PasvMode", pick(s.overFTP(), "MODE_PASSIVE", "MODE_DEFAULT")},
			setting{"EncodingType", "Auto"},
			setting{"Name", s.Host}) +
		"</Server>\n</Servers>\n</FileZilla3>\n"
}

// cyberduck writes a bookmark. Cyberduck's ftps is explicit TLS; it knows no implicit one.
func cyberduck(s *site) string {
	protocols := map[fact.Protocol]string{fact.SFTP: "sftp", fact.FTPES: "ftps", fact.FTP: "ftp"}
	const pair = "<key>%s</key>\n<string>%s</string>\n"
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
` + lines(pair,
		setting{"Protocol", protocols[s.Protocol]},
		setting{"Nickname", s.Host},
		setting{"Hostname", s.Host},
		setting{"Port", strconv.Itoa(s.Port)},
		setting{"Username", html.EscapeString(s.User)},
		setting{"FTP Connect Mode", pick(s.overFTP(), "passive", "")},
		setting{"Private Key File", s.KeyFile},
	) + "<key>Custom</key>\n<dict>\n" + lines(pair,
		setting{"connection.timeout.seconds", strconv.Itoa(s.Timeout)},
		setting{"ssh.heartbeat.seconds", pick(s.overFTP(), "", strconv.Itoa(s.KeepAlive))},
	) + "</dict>\n</dict>\n</plist>\n"
}

// winSCPSettings are WinSCP's names (its TSessionData): FSProtocol 2 is SFTP, 5 is FTP; Ftps 1 is implicit TLS, 3 is explicit;
// a ping of type 2 sends a harmless command.
func winSCPSettings(s *site) []setting {
	settings := []setting{{"Timeout", strconv.Itoa(s.Timeout)}}
	if s.overFTP() {
		return append(settings, setting{"FtpPasvMode", "1"}, setting{"FtpPingType", "2"}, setting{"FtpPingInterval", strconv.Itoa(s.KeepAlive)})
	}
	return append(settings, setting{"PingType", "2"}, setting{"PingIntervalSecs", strconv.Itoa(s.KeepAlive)})
}

func winSCP(s *site) string {
	ftps := map[fact.Protocol]string{fact.FTP: "0", fact.FTPS: "1", fact.FTPES: "3"}
	return "[Sessions\\" + munged(s.Host) + "]\n" + lines("%s=%s\n", append([]setting{
		{"HostName", munged(s.Host)},
		{"PortNumber", strconv.Itoa(s.Port)},
		{"UserName", munged(s.User)},
		{"FSProtocol", pick(s.overFTP(), "5", "2")},
		{"Ftps", ftps[s.Protocol]},
		{"PublicKeyFile", munged(s.KeyFile)},
	}, winSCPSettings(s)...)...)
}

// munged is a text as in WinSCP's ini file: bytes as %XX, after a byte order mark where they are UTF-8.
func munged(s string) string {
	mark := ""
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		mark = "%EF%BB%BF"
	}
	return mark + percent(s)
}

// percent encodes all that has a meaning in a URL (RFC 3986 section 2.1).
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func winSCPURL(s *site) string {
	scheme, rest, _ := strings.Cut(s.url(string(s.Protocol)), "://")
	return scheme + "://" + percent(s.User) + strings.ToLower(lines(";x-%s=%s", winSCPSettings(s)...)) + "@" + rest + "/\n"
}

// openSSH writes a stanza of ssh_config(5). Three keep-alives without an answer end the connection.
func openSSH(s *site) string {
	return "Host " + s.Host + "\n" + lines("    %s %s\n",
		setting{"HostName", s.Host},
		setting{"Port", strconv.Itoa(s.Port)},
		setting{"User", pick(s.User == "", "", `"`+s.User+`"`)},
		setting{"IdentityFile", s.plainKey()},
		setting{"IdentitiesOnly", pick(s.plainKey() == "", "", "yes")},
		setting{"ConnectTimeout", strconv.Itoa(s.Timeout)},
		setting{"ServerAliveInterval", strconv.Itoa(s.KeepAlive)},
		setting{"ServerAliveCountMax", "3"},
	)
}

// unfitForSSH: versions differ in what they make of these within quotes. OpenSSH 10 expands % and ${, 8.6 knows no \".
func unfitForSSH(user string) bool { return strings.ContainsAny(user, "\"\\%$") }

// lftp writes commands. Within double quotes only \ and " have a meaning to lftp.
func lftp(s *site) string {
	scheme := map[fact.Protocol]string{fact.SFTP: "sftp", fact.FTPES: "ftp", fact.FTPS: "ftps", fact.FTP: "ftp"}[s.Protocol]
	encrypted := pick(s.overFTP() && s.Encryption != cause.InClear, "true", "")
	return lines("set %s %s\n",
		setting{"net:timeout", strconv.Itoa(s.Timeout)},
		setting{"ftp:passive-mode", pick(s.overFTP(), "true", "")},
		setting{"ftp:nop-interval", pick(s.overFTP(), strconv.Itoa(s.KeepAlive), "")},
		setting{"ftp:ssl-force", encrypted},
		setting{"ftp:ssl-protect-data", encrypted},
		setting{"ftp:ssl-allow", pick(s.Encryption == cause.InClear, "false", "")},
		setting{"sftp:connect-program", pick(s.overFTP(), "", fmt.Sprintf(`"ssh -a -x%s -o ConnectTimeout=%d -o ServerAliveInterval=%d"`, pick(s.plainKey() == "", "", " -i "+s.plainKey()), s.Timeout, s.KeepAlive))},
	) + "open " + pick(s.User == "", "", "--user "+quoted(s.User)+" ") + quoted(s.url(scheme)) + "\n"
}

// quoted is a text within double quotes, as lftp and curl read it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// curl writes a file for --config. It asks for no password where the user name ends in a colon. The folder of an SFTP session is ~; FTP begins in it.
func curl(s *site) string {
	scheme := map[fact.Protocol]string{fact.SFTP: "sftp", fact.FTPES: "ftp", fact.FTPS: "ftps", fact.FTP: "ftp"}[s.Protocol]
	text := lines("%s = %s\n",
		setting{"url", quoted(s.url(scheme) + pick(s.overFTP(), "/", "/~/"))},
		setting{"user", pick(s.User == "", "", quoted(s.User+pick(s.keyAlone(), ":", "")))},
		setting{"key", pick(s.plainKey() == "", "", quoted(s.plainKey()))},
		setting{"connect-timeout", strconv.Itoa(s.Timeout)},
		setting{"keepalive-time", strconv.Itoa(s.KeepAlive)},
	)
	if s.overFTP() {
		text += "ftp-pasv\n"
	}
	if s.Protocol == fact.FTPES {
		text += "ssl-reqd\n"
	}
	return text
}

// rclone writes a remote. Idle connections are closed before a server does it. With TLS 1.3 rclone 1.60 does not get on with
// vsftpd's sessions ("illegal parameter"), with TLS 1.2 it does.
func rclone(s *site) string {
	name := regexp.MustCompile(`[^a-zA-Z0-9_.]+`).ReplaceAllString(s.Host, "-")
	return "[" + strings.Trim(name, "-") + "]\n" + lines("%s = %s\n",
		setting{"type", pick(s.overFTP(), "ftp", "sftp")},
		setting{"host", s.Host},
		setting{"port", strconv.Itoa(s.Port)},
		setting{"user", s.User},
		setting{"ask_password", pick(s.keyAlone(), "", "true")},
		setting{"key_file", s.plainKey()},
		setting{"key_use_agent", pick(s.withKey() && (s.Agent || s.Locked), "true", "")},
		setting{"explicit_tls", pick(s.Protocol == fact.FTPES, "true", "")},
		setting{"tls", pick(s.Protocol == fact.FTPS, "true", "")},
		setting{"disable_tls13", pick(s.Reuse, "true", "")},
		setting{"known_hosts_file", pick(s.overFTP(), "", "~/.ssh/known_hosts")},
		setting{"idle_timeout", strconv.Itoa(s.KeepAlive) + "s"},
	)
}

// unfitForRclone: goconfig, which reads its file, knows quotes at the start of a value, %(name)s within, and no escapes.
func unfitForRclone(user string) bool {
	return strings.HasPrefix(user, "`") || strings.HasPrefix(user, `"""`) || strings.HasSuffix(user, `\`) || strings.Contains(user, "%(")
}

// rcloneCaveat: without a file of known hosts rclone trusts every server, and it never adds one to the file.
func rcloneCaveat(s *site) string {
	return fmt.Sprintf("rclone has no keep-alive and closes what is idle; write --contimeout %ds with the command, as the file has no place for it.", s.Timeout) +
		pick(s.overFTP(), "", " It only connects to known hosts: connect once with sftp, which asks about the host key.") +
		pick(s.overFTP() && s.Encryption != cause.InClear && !s.Reuse, ` If it says "illegal parameter", add the line disable_tls13 = true.`, "") +
		pick(s.Locked && s.plainKey() != "", " The key has a passphrase: load it into your SSH agent first, which rclone asks.", "") +
		pick(s.Reuse, " TLS 1.3 is off, as older versions of rclone cannot go on with its sessions, which this server demands.", "")
}
