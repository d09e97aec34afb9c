package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The account with which the tests sign in. The hash is what openssl passwd -6 makes of the password.
const (
	user         = "jane"
	userID       = 5001
	password     = "Correct-horse-7"
	passwordHash = "$6$ftpdoctor$1B17k.gddetMEa9qYcUIhgCMA8gUucMlGQK37rY8KuPRiMDqw.H6D7RCR9vZV88z6TBlJVNdG6Kh5YwThcEUu1"
)

// account makes the account and its home folder, and returns the folder. It comes before the servers that know it.
func (n *network) account() (home string) {
	n.t.Helper()
	home = filepath.Join(n.dir, "home")
	if err := errors.Join(
		os.Chmod(filepath.Dir(n.dir), 0o755), // what t.TempDir makes is for root only
		os.Mkdir(home, 0o755),
		os.Chown(home, userID, userID),
		os.WriteFile(filepath.Join(home, "readme.txt"), []byte("hello\n"), 0o644),
	); err != nil {
		n.t.Fatal(err)
	}
	n.accountAt(home)
	return home
}

// accountAt makes the account with a home folder that is there, or is not.
func (n *network) accountAt(home string) {
	n.t.Helper()
	line := fmt.Sprintf("%s:x:%d:%[2]d::%s:/bin/sh\n", user, userID, home)
	n.etc(n.server, "passwd", serverUsers+line)
	n.etc(n.server, "shadow", user+":"+passwordHash+":19000:0:99999:7:::\n")
	n.etc(n.server, "pam.d/ftpdoctor", "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n")
	n.file("users", strings.Replace(line, ":x:", ":"+passwordHash+":", 1))
}

// withUsers are settings of vsftpd for users who sign in by PAM, and may write.
func withUsers(more ...string) []string {
	return append([]string{"pam_service_name=ftpdoctor", "write_enable=YES"}, more...)
}

// userFile are settings of ProFTPD for the account.
func (n *network) userFile(more ...string) []string {
	return append([]string{"AuthUserFile " + filepath.Join(n.dir, "users"), "RequireValidShell off", "DefaultRoot ~"}, more...)
}

// pureDB are flags of Pure-FTPd for the account. The user stays within the home folder.
func (n *network) pureDB(home string, more ...string) []string {
	n.t.Helper()
	return n.pureUser(fmt.Sprintf("%s:%s:%d:%[3]d::%s/./::::::::::::", user, passwordHash, userID, home), more...)
}

// pureUser are flags of Pure-FTPd for an account as a line of pureftpd.passwd (pure-pw(8)).
func (n *network) pureUser(line string, more ...string) []string {
	n.t.Helper()
	made := filepath.Join(n.dir, "pureftpd.pdb")
	if out, err := exec.Command(program(n.t, "pure-pw"), "mkdb", made, "-f", n.file("pureftpd.passwd", line+"\n")).CombinedOutput(); err != nil {
		n.t.Fatalf("pure-pw: %v\n%s", err, out)
	}
	return append([]string{"--login", "puredb:" + made, "--dontresolve"}, more...)
}

// pyftpdlibScript serves one account with TLS. The lines of a test change the handler before it serves.
const pyftpdlibScript = `
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

class Handler(TLS_FTPHandler):
    certfile = %q
    tls_control_required = True
    tls_data_required = True

Handler.authorizer = DummyAuthorizer()
Handler.authorizer.add_user(%q, %q, %q, perm="elradfmwMT")
%s
FTPServer((%q, %s), Handler).serve_forever()
`

// pyftpdlib starts a server of pyftpdlib for the account.
func (n *network) pyftpdlib(address, port string, id identity, home string, lines ...string) {
	n.t.Helper()
	const python = "/usr/bin/python3" // Debian's, which has the package
	if err := exec.Command(python, "-c", "import pyftpdlib.handlers as h; h.TLS_FTPHandler").Run(); err != nil {
		missing(n.t, "pyftpdlib with TLS is not installed; run .ci/run, or install python3-pyftpdlib and python3-openssl")
	}
	script := fmt.Sprintf(pyftpdlibScript, id.both, user, password, home, strings.Join(lines, "\n"), address, port)
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(address, port)}, python, n.file("pyftpdlib-"+port+".py", script))
}

// implicitly makes pyftpdlib begin with TLS: it has no setting for that.
const implicitly = `
def handle(self):
    self.secure_connection(self.ssl_context)
    TLS_FTPHandler.handle(self)
Handler.handle = handle
`
