package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// userKey is a key of the user of the client.
type userKey struct {
	file        string // of the private half; the public half is beside it, in file.pub
	public      string // a line of authorized_keys, without its end
	fingerprint string // SHA256:...
}

// key makes a key in the folder of the user, as ssh-keygen does with these arguments. Without any it is an Ed25519 key.
func (n *network) key(name string, args ...string) userKey {
	n.t.Helper()
	file := filepath.Join(n.dir, name)
	argv := append([]string{"-q", "-f", file, "-C", name, "-N", ""}, args...) // a later -N counts
	if len(args) == 0 {
		argv = append(argv, "-t", "ed25519")
	}
	n.command(nil, program(n.t, "ssh-keygen"), argv...)
	return n.readKey(file)
}

// readKey reads the public half of a key.
func (n *network) readKey(file string) userKey {
	n.t.Helper()
	text, err := os.ReadFile(file + ".pub")
	if err != nil {
		n.t.Fatal(err)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		n.t.Fatal(err)
	}
	return userKey{file: file, public: strings.TrimSpace(string(text)), fingerprint: ssh.FingerprintSHA256(public)}
}

// command runs a program that has to succeed, outside of the namespaces.
func (n *network) command(environment []string, name string, args ...string) {
	n.t.Helper()
	cmd := exec.CommandContext(n.t.Context(), name, args...)
	cmd.Env = append(os.Environ(), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// ppk makes a PuTTY key file of a key, as version 2 or 3 of the format.
func (n *network) ppk(key userKey, version string, args ...string) (file string) {
	n.t.Helper()
	file = fmt.Sprintf("%s-v%s.ppk", key.file, version)
	argv := append([]string{key.file, "-O", "private", "-o", file, "--ppk-param", "version=" + version}, args...)
	n.command(nil, program(n.t, "puttygen"), argv...)
	return file
}

// rfc4716 writes the public half of a key in the format of RFC 4716.
func (n *network) rfc4716(key userKey) (file string) {
	n.t.Helper()
	out, err := exec.Command(program(n.t, "ssh-keygen"), "-e", "-m", "RFC4716", "-f", key.file+".pub").Output()
	if err != nil {
		n.t.Fatal(err)
	}
	file = key.file + ".rfc4716"
	if err := os.WriteFile(file, out, 0o644); err != nil {
		n.t.Fatal(err)
	}
	return file
}

// authorize lets these keys sign in at the servers whose settings are those of withAccount.
func (n *network) authorize(keys ...userKey) {
	n.t.Helper()
	var lines strings.Builder
	for _, key := range keys {
		lines.WriteString(key.public + "\n")
	}
	if err := os.WriteFile(filepath.Join(n.dir, "authorized_keys"), []byte(lines.String()), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// authorizeAtHome lets these keys sign in at the servers that read ~/.ssh/authorized_keys.
func (n *network) authorizeAtHome(home string, keys ...userKey) {
	n.t.Helper()
	n.authorize(keys...)
	lines, err := os.ReadFile(filepath.Join(n.dir, "authorized_keys"))
	if err != nil {
		n.t.Fatal(err)
	}
	folder := filepath.Join(home, ".ssh")
	file := filepath.Join(folder, "authorized_keys")
	if err := errors.Join(
		os.Mkdir(folder, 0o700), os.WriteFile(file, lines, 0o600),
		os.Chown(folder, userID, userID), os.Chown(file, userID, userID),
	); err != nil {
		n.t.Fatal(err)
	}
}

// withAccount are settings of OpenSSH for the account, its keys and SFTP. The first of two settings counts.
func (n *network) withAccount(more ...string) []string {
	more = append(more,
		"AuthorizedKeysFile "+filepath.Join(n.dir, "authorized_keys"),
		"StrictModes no",
		"KbdInteractiveAuthentication no", // OpenSSH offers it even where there is no PAM to ask
	)
	if !slices.ContainsFunc(more, func(setting string) bool { return strings.HasPrefix(setting, "Subsystem") }) {
		more = append(more, "Subsystem sftp internal-sftp")
	}
	return more
}

// sftpHost starts OpenSSH for the account at the host. The client knows the host key.
func (n *network) sftpHost(settings ...string) (home string) {
	n.t.Helper()
	n.names(serverAddress)
	home = n.account()
	n.openSSH(serverAddress, "22", n.withAccount(settings...)...)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	return home
}

// hostKeyOf is the host key that openSSH made.
func (n *network) hostKeyOf(address, port string) string {
	return filepath.Join(n.dir, "hostkey-"+address+"-"+port)
}

// knowsHost adds the host key in a file to the client's known_hosts, for a name as it is written there.
func (n *network) knowsHost(name, keyFile string) {
	n.t.Helper()
	text, err := os.ReadFile(keyFile)
	if err != nil {
		n.t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		n.t.Fatal(err)
	}
	n.knows(name + " " + string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// knows adds text to the client's known_hosts.
func (n *network) knows(text string) {
	n.t.Helper()
	path := n.sshFile("known_hosts")
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(path, append(before, text...), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// sshFile is the path of a file in the folder ~/.ssh of the client, which is made.
func (n *network) sshFile(name string) string {
	n.t.Helper()
	folder := filepath.Join(n.dir, ".ssh")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		n.t.Fatal(err)
	}
	return filepath.Join(folder, name)
}

// agent starts the client's ssh-agent with keys, and returns what an environment needs to reach it.
func (n *network) agent(keys ...userKey) (environment string) {
	n.t.Helper()
	socket := filepath.Join(n.dir, "agent")
	n.serve(n.client, nil, program(n.t, "ssh-agent"), "-D", "-a", socket)
	environment = "SSH_AUTH_SOCK=" + socket
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			break
		} else if time.Now().After(deadline) {
			n.t.Fatal("ssh-agent does not listen within 10 s")
		}
	}
	for _, key := range keys {
		n.command([]string{environment}, program(n.t, "ssh-add"), "-q", key.file)
	}
	return environment
}

// pamOf gives the server's sshd a PAM service of its own, which asks for the password of the account.
func (n *network) pamOf(lines ...string) {
	n.t.Helper()
	n.etc(n.server, "pam.d/sshd", strings.Join(append(lines,
		"auth required pam_unix.so nodelay", "account required pam_unix.so", "password required pam_deny.so", "session required pam_permit.so", ""), "\n"))
}

// shadow changes the line of the account in the server's /etc/shadow from the day of the last change on (shadow(5)).
func (n *network) shadow(fields string) {
	n.t.Helper()
	n.etc(n.server, "shadow", user+":"+passwordHash+":"+fields+"\n")
}

// shell changes the shell of the account.
func (n *network) shell(home, shell string) {
	n.t.Helper()
	n.etc(n.server, "passwd", serverUsers+fmt.Sprintf("%s:x:%d:%[2]d::%s:%s\n", user, userID, home, shell))
}

// dropbear starts Dropbear. The client knows its host key.
func (n *network) dropbear(flags ...string) {
	n.t.Helper()
	file := filepath.Join(n.dir, "dropbear-key")
	n.command(nil, program(n.t, "dropbearkey"), "-t", "ed25519", "-f", file)
	n.command(nil, program(n.t, "dropbearconvert"), "dropbear", "openssh", file, file+"-openssh")
	n.knowsHost(host, file+"-openssh")
	place := net.JoinHostPort(serverAddress, "22")
	n.serve(n.server, []string{"tcp " + place}, append([]string{
		program(n.t, "dropbear"), "-F", "-E", "-m", "-r", file, "-P", filepath.Join(n.dir, "dropbear.pid"), "-p", place,
	}, flags...)...)
}

// ownHome gives a server the account's home folder at a path of which nobody but root may change any part.
const ownHome = `mount -t tmpfs -o mode=755 run /run && mkdir /run/home && mount --bind "$0" /run/home && exec "$@"`

// tinysshd serves each connection with a tinysshd of its own, as inetd does. It takes keys only.
func (n *network) tinysshd(home string, flags ...string) {
	n.t.Helper()
	n.accountAt("/run/home")
	keys := filepath.Join(n.dir, "tinysshd")
	n.command(nil, program(n.t, "tinysshd-makekey"), keys)
	public, err := os.ReadFile(filepath.Join(keys, "ed25519.pk"))
	if err != nil {
		n.t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(ed25519.PublicKey(public))
	if err != nil {
		n.t.Fatal(err)
	}
	n.knows(host + " " + string(ssh.MarshalAuthorizedKey(key)))
	argv := slices.Concat([]string{"netns", "exec", n.server, "sh", "-c", ownHome, home, program(n.t, "tinysshd"), "-v"}, flags, []string{keys})
	log, err := os.Create(filepath.Join(n.dir, "tinysshd.log"))
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = log.Close() })
	n.started = append(n.started, &server{n: n, argv: argv, log: log.Name()})
	listener := n.listen(n.server, net.JoinHostPort(serverAddress, "22"))
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the network has closed the listener
			}
			go inetd(conn, log, argv)
		}
	}()
}

// inetd runs a program for a connection, which is its standard input and output.
func inetd(conn net.Conn, log *os.File, argv []string) {
	file, err := conn.(*net.TCPConn).File()
	_ = conn.Close()
	if err != nil {
		_, _ = fmt.Fprintln(log, err)
		return
	}
	defer func() { _ = file.Close() }()
	cmd := exec.Command("ip", argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file, file, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing outlives a killed test
	_ = cmd.Run()
}

// paramiko starts an SFTP server of Paramiko for the account. The lines of a test are Python: they change the server before
// it begins.
func (n *network) paramiko(home string, lines ...string) {
	n.t.Helper()
	const python = "/usr/bin/python3" // Debian's, which has the package
	if err := exec.Command(python, "-c", "import paramiko").Run(); err != nil {
		missing(n.t, "Paramiko is not installed; run .ci/run, or install python3-paramiko")
	}
	file, _ := n.hostKeyFile("paramiko-key")
	n.knowsHost(host, file)
	script, err := filepath.Abs("testdata/paramiko_server.py")
	if err != nil {
		n.t.Fatal(err)
	}
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(serverAddress, "22")},
		python, script, serverAddress, "22", file, home, user, password, n.file("changes.py", strings.Join(lines, "\n")))
}
