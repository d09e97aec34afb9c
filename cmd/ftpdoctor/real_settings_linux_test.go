package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

// TestRealSettings gives settings to the apps themselves: lftp 4.9.2, curl 7.88.1, OpenSSH 9.2p1, rclone 1.60.1
// and FileZilla 3.63.0. Each moves files to and from vsftpd and OpenSSH; of FileZilla the listing is awaited.
func TestRealSettings(t *testing.T) {
	runReal(t, []realTest{
		{"lftp", settingsLftp},
		{"curl", settingsCurl},
		{"rclone", settingsRclone},
		{"openssh", settingsOpenSSH},
		{"filezilla", settingsFileZilla},
	})
}

// desk is a computer on which somebody has FTP apps, and a server that they can reach in every way.
type desk struct {
	*network
	home   string // of the person who uses the apps
	server string // the folder of the account
	id     identity
}

func newDesk(n *network, ca *authority) *desk {
	n.t.Helper()
	d := &desk{network: n, home: filepath.Join(n.dir, "person")}
	n.names(serverAddress)
	d.server = n.account()
	passwd := filepath.Join("/etc/netns", n.server, "passwd")
	users, err := os.ReadFile(passwd)
	if err != nil {
		n.t.Fatal(err)
	}
	n.etc(n.server, "passwd", string(users)+"sshd:x:901:65534::/run/sshd:/usr/sbin/nologin\n")
	d.id = ca.certificate(n, host, nil)
	for port, implicit := range map[string]string{"21": "NO", "990": "YES"} {
		n.vsftpd(serverAddress, port, d.id, withUsers("implicit_ssl="+implicit, "ssl_ciphers=HIGH", "xferlog_enable=YES", "xferlog_std_format=NO",
			"log_ftp_protocol=YES", "vsftpd_log_file="+d.log(port))...)
	}
	n.openSSH(serverAddress, "22", "PasswordAuthentication yes", "Subsystem sftp internal-sftp")

	root, err := os.ReadFile(ca.rootFile)
	if err != nil {
		n.t.Fatal(err)
	}
	n.etc(n.client, "passwd", "root:x:0:0::"+d.home+":/bin/sh\n")
	n.etc(n.client, "ssl/certs/ca-certificates.crt", string(root))
	key, err := exec.Command(program(n.t, "ssh-keygen"), "-y", "-f", filepath.Join(n.dir, "hostkey-"+serverAddress+"-22")).Output()
	if err != nil {
		n.t.Fatal(err)
	}
	d.put(".ssh/known_hosts", host+" "+string(key))
	d.put("up.txt", "from the desk\n")
	return d
}

func (d *desk) log(port string) string { return filepath.Join(d.dir, "vsftpd-"+port+".log") }

// put writes a file of the person.
func (d *desk) put(name, content string) {
	d.t.Helper()
	path := filepath.Join(d.home, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		d.t.Fatal(err)
	}
}

// settings looks at the server in one way, and writes what an app is to know of it.
func (d *desk) settings(app string, protocol fact.Protocol, want string) {
	d.t.Helper()
	saw := d.doctorWith([]string{"FTPDOCTOR_PASSWORD=" + password}, "--protocol", string(protocol), "-u", user, host)
	d.ways(saw, want)
	d.put("report.json", string(saw.raw))
	cmd := exec.Command(d.program, "settings", "--for", app, "-o", filepath.Join(d.home, "settings"), filepath.Join(d.home, "report.json"))
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("settings: %v\n%s", err, out)
	}
	if bytes.Contains(d.read("settings"), []byte(password)) {
		d.t.Error("the password is in the settings")
	}
}

func (d *desk) read(name string) []byte {
	d.t.Helper()
	content, err := os.ReadFile(filepath.Join(d.home, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return content
}

// app is a program on the client, in the person's home folder.
func (d *desk) app(ctx context.Context, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", d.client}, argv...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + d.home, "LC_ALL=C.UTF-8", "TERM=dumb"}
	cmd.Dir = d.home
	return cmd
}

// uses runs an app and answers it: the password first.
func (d *desk) uses(more []answer, argv ...string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 60*time.Second)
	defer cancel()
	if said, err := onTerminal(d.app(ctx, argv...), append([]answer{{"assword", password}}, more...)...); err != nil {
		d.t.Errorf("%s: %v\n%s\nwith the settings\n%s", strings.Join(argv, " "), err, said, d.read("settings"))
	}
}

// moved checks that a file has come up and another one down, and removes both.
func (d *desk) moved() {
	d.t.Helper()
	for path, want := range map[string]string{filepath.Join(d.server, "up.txt"): "from the desk\n", filepath.Join(d.home, "down.txt"): "hello\n"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			d.t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
		}
		_ = os.Remove(path)
	}
}

// answer is what to type once a program asks for it. What is typed before may be thrown away.
type answer struct{ to, types string }

// onTerminal runs a program on a terminal of its own, and answers it. It returns what the terminal shows.
func onTerminal(cmd *exec.Cmd, answers ...answer) (said string, err error) {
	screen, keyboard, err := terminal()
	if err != nil {
		return "", err
	}
	defer func() { _ = screen.Close() }()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = keyboard, keyboard, keyboard
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	_ = keyboard.Close()
	if err != nil {
		return "", err
	}
	_ = screen.SetReadDeadline(time.Now().Add(60 * time.Second))
	fresh := 0 // where in said the answer to come begins
	for buffer := make([]byte, 4096); ; {
		n, err := screen.Read(buffer) // EIO when the last program has let go of the terminal
		said += string(buffer[:n])
		if err != nil {
			return said, cmd.Wait()
		}
		if len(answers) > 0 && strings.Contains(said[fresh:], answers[0].to) {
			_, _ = io.WriteString(screen, answers[0].types+"\n") // a program that has ended shows in what it said
			fresh, answers = len(said), answers[1:]
		}
	}
}

// terminal opens both ends of a terminal, see pty(7).
func terminal() (screen, keyboard *os.File, err error) {
	screen, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	control, err := screen.SyscallConn() // Fd would make reads wait for ever
	if err != nil {
		return nil, nil, err
	}
	var number int
	var failed error
	err = control.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, nil, err
	}
	keyboard, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	return screen, keyboard, err
}

var waysOfDesk = []struct {
	protocol fact.Protocol
	proves   string
}{
	{fact.FTPES, "ftpes 21 explicit listed"},
	{fact.FTPS, "ftps 990 implicit listed"},
	{fact.SFTP, "sftp 22 ssh connected"},
}

func settingsLftp(n *network, ca *authority) {
	lftp := program(n.t, "lftp")
	d := newDesk(n, ca)
	for _, w := range waysOfDesk {
		d.settings("lftp", w.protocol, w.proves)
		d.uses(nil, lftp, "-e", "source settings; put up.txt; get readme.txt -o down.txt; bye")
		d.moved()
	}
}

func settingsCurl(n *network, ca *authority) {
	curl := program(n.t, "curl")
	d := newDesk(n, ca)
	for _, w := range waysOfDesk {
		d.settings("curl", w.protocol, w.proves)
		d.uses(nil, curl, "--config", "settings", "-o", "list.txt")
		if list := d.read("list.txt"); !bytes.Contains(list, []byte("readme.txt")) {
			n.t.Errorf("the listing is %q", list)
		}
		d.uses(nil, curl, "--config", "settings", "-T", "up.txt")
		from := regexp.MustCompile(`(?m)^(url = ".*/)"$`)
		d.put("settings", from.ReplaceAllString(string(d.read("settings")), `${1}readme.txt"`))
		d.uses(nil, curl, "--config", "settings", "-o", "down.txt")
		d.moved()
	}
}

func settingsRclone(n *network, ca *authority) {
	rclone := program(n.t, "rclone")
	d := newDesk(n, ca)
	for _, w := range waysOfDesk {
		d.settings("rclone", w.protocol, w.proves)
		d.uses(nil, rclone, "--config", "settings", "--retries", "1", "copyto", "up.txt", host+":up.txt")
		d.uses(nil, rclone, "--config", "settings", "--retries", "1", "copyto", host+":readme.txt", "down.txt")
		d.moved()
	}
}

func settingsOpenSSH(n *network, ca *authority) {
	sftp := program(n.t, "sftp")
	d := newDesk(n, ca)
	d.settings("openssh", fact.SFTP, "sftp 22 ssh connected")
	d.uses([]answer{{"sftp>", "put up.txt"}, {"sftp>", "get readme.txt down.txt"}, {"sftp>", "bye"}}, sftp, "-F", "settings", host)
	d.moved()
}

// FileZilla gets the file as its Site Manager, which has the form of a file to import. The person has chosen to save the
// password, as nobody is there to type it.
func settingsFileZilla(n *network, ca *authority) {
	xvfb, fileZilla := program(n.t, "xvfb-run"), program(n.t, "filezilla")
	d := newDesk(n, ca)
	for _, w := range waysOfDesk[:2] {
		d.settings("filezilla", w.protocol, w.proves)
		site := strings.Replace(string(d.read("settings")), "<Logontype>2</Logontype>", "<Logontype>1</Logontype>\n<Pass encoding=\"base64\">"+
			base64.StdEncoding.EncodeToString([]byte(password))+"</Pass>", 1)
		d.put(".config/filezilla/sitemanager.xml", site)
		port := strings.Fields(w.proves)[1]
		d.put(".config/filezilla/trustedcerts.xml", d.trusted(port))
		before := d.listings(port)
		ctx, cancel := context.WithCancel(n.t.Context())
		var said bytes.Buffer
		cmd := d.app(ctx, xvfb, "-a", fileZilla, "-c", "0/"+host)
		cmd.Stdout, cmd.Stderr = &said, &said
		cmd.WaitDelay = time.Second
		if err := cmd.Start(); err != nil {
			n.t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); d.listings(port) == before && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
		}
		if d.listings(port) == before {
			log, _ := os.ReadFile(d.log(port))
			n.t.Errorf("FileZilla has not listed the folder on port %s; it said\n%s\nthe server said\n%s", port, said.Bytes(), log)
		}
		d.end("filezilla")
		time.AfterFunc(5*time.Second, cancel)
		_ = cmd.Wait()
		cancel()
		for range 50 { // Xvfb removes its lock
			if d.run(d.client, "ip", "netns", "pids", d.client) == "" {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// end asks the programs of a name on the client to end.
func (d *desk) end(name string) {
	d.t.Helper()
	for pid := range strings.FieldsSeq(d.run(d.client, "ip", "netns", "pids", d.client)) {
		is, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if number, wrong := strconv.Atoi(pid); err == nil && wrong == nil && strings.TrimSpace(string(is)) == name {
			_ = syscall.Kill(number, syscall.SIGTERM)
		}
	}
}

// trusted is what FileZilla keeps when the person has looked at the certificate and trusts it.
func (d *desk) trusted(port string) string {
	d.t.Helper()
	chain, err := os.ReadFile(d.id.chain)
	if err != nil {
		d.t.Fatal(err)
	}
	leaf, _ := pem.Decode(chain)
	return fmt.Sprintf("<FileZilla3><TrustedCerts><Certificate><Data>%x</Data><ActivationTime>%d</ActivationTime><ExpirationTime>%d</ExpirationTime>"+
		"<Host>%s</Host><Port>%s</Port><TrustSANs>0</TrustSANs></Certificate></TrustedCerts></FileZilla3>",
		leaf.Bytes, time.Now().Add(-time.Hour).Unix(), d.id.notAfter.Unix(), host, port)
}

// listings counts the folders that vsftpd has listed.
func (d *desk) listings(port string) int {
	log, _ := os.ReadFile(d.log(port))
	return strings.Count(string(log), `"226 Directory send OK."`)
}

// oddNames mean something in the files of the apps.
var oddNames = []string{
	"jane", "jane@example.com", "Jane Doe", "müller", `a"b`, `a'b`, `a\b`, `a\`, "a`id`", "`a`", "$HOME", "%h", "%(host)s", "%41", "a:b", "a;b",
	"a,b", "a#b", "#a", ";a", "a=b", "[a]", "a/b", "-oProxyCommand=id", "!id", "a|b", `"a"`, `"""a"""`, "'a'",
}

// The apps read a user name as it was, whatever it means in their files.
func TestRealSettingsReadBack(t *testing.T) {
	for _, name := range []string{"ssh", "curl", "lftp", "rclone"} {
		program(t, name)
	}
	read := map[string]func(t *testing.T, file string) string{
		"openssh": func(t *testing.T, file string) string {
			return found(t, `(?m)^user (.*)$`, printed(t, "ssh", "-F", file, "-G", "192.0.2.1"))
		},
		"curl": func(t *testing.T, file string) string {
			said, _ := onTerminal(exec.Command("curl", "--silent", "--config", file, "--connect-to", "::127.0.0.1:1", "--libcurl", "-"), answer{"assword", "secret"})
			text, err := strconv.Unquote(found(t, `CURLOPT_USERPWD, (".*")\);`, said))
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSuffix(text, ":secret")
		},
		"lftp": func(t *testing.T, file string) string {
			said, _ := onTerminal(exec.Command("lftp", "-c", "source "+file+"; pwd"), answer{"assword", "secret"})
			name, err := url.PathUnescape(found(t, `ftp://(.*)@192\.0\.2\.1`, said))
			if err != nil {
				t.Fatal(err)
			}
			return name
		},
		"rclone": func(t *testing.T, file string) string {
			var remotes map[string]map[string]string
			if err := json.Unmarshal([]byte(printed(t, "rclone", "--config", file, "config", "dump")), &remotes); err != nil {
				t.Fatal(err)
			}
			return remotes["192.0.2.1"]["user"]
		},
	}
	for _, app := range report.Apps {
		ask := read[app.Name]
		if ask == nil {
			continue
		}
		for _, name := range oddNames {
			r := report.New(fact.Run{Target: fact.Target{Host: "192.0.2.1", User: name}}, profile.Generic)
			r.Ways = []cause.Way{{Protocol: fact.FTPES, Host: "192.0.2.1", Port: 21, Encryption: cause.ExplicitTLS}}
			if app.Name == "openssh" {
				r.Ways = []cause.Way{{Protocol: fact.SFTP, Host: "192.0.2.1", Port: 22, Encryption: cause.OverSSH}}
			}
			made, err := app.Settings(r)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(strings.Join(made.Says, " "), "cannot be written here safely") {
				continue
			}
			file := filepath.Join(t.TempDir(), "settings")
			if err := os.WriteFile(file, []byte(made.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, file); got != name {
				t.Errorf("%s reads %q as %q:\n%s", app.Name, name, got, made.Text)
			}
		}
	}
}

// printed is the output of a program.
func printed(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// found is the first group of a pattern.
func found(t *testing.T, pattern, text string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("there is no %s in\n%s", pattern, text)
	}
	return strings.TrimSuffix(match[1], "\r")
}
