package lab

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// OpenSSH's own client finds nothing wrong with the server of the lab, which is written by hand.
func TestOpenSSHClient(t *testing.T) {
	program, err := exec.LookPath("sftp")
	switch {
	case err == nil:
	case os.Getenv("FTPDOCTOR_REAL") == "require":
		t.Fatal("no sftp here: install openssh-client")
	default:
		t.Skip("no sftp here: install openssh-client")
	}
	c := exampleSite()
	c.Internet.RTT = time.Millisecond
	defer c.Close()
	authority := Key{Ed25519, "authority"}
	c.onExample(SSH{
		HostKeys: []Key{HostEd25519, HostECDSA, HostRSA}, Authority: &authority, Banner: "Hello.\n",
		Users: accounts(Account{Keys: []Key{JaneEd25519, JaneRSA}}),
	}, 22)
	address := listenFor(t, c, exampleIP+":22")
	host, port, _ := net.SplitHostPort(address)

	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("sent.txt", strings.Repeat("hello\n", 20000))
	batch := write("batch", "pwd\nls -l\ncd /incoming\nput sent.txt\nget sent.txt back.txt\nrm sent.txt\n")
	certified := write("certified", JaneECDSA.openSSH(""))
	write("certified-cert.pub", JaneECDSA.certificateFile(authority, day, jane))

	for name, test := range map[string]struct{ key, knows string }{
		"Ed25519":          {write("ed25519", JaneEd25519.openSSH("")), HostEd25519.public()},
		"RSA":              {write("rsa", JaneRSA.pem()), HostRSA.public()},
		"ECDSA host key":   {write("ed25519", JaneEd25519.openSSH("")), HostECDSA.public()},
		"host certificate": {write("ed25519", JaneEd25519.openSSH("")), authority.public()},
		"no such key":      {certified, HostEd25519.public()},
	} {
		t.Run(name, func(t *testing.T) {
			marker := ""
			if name == "host certificate" {
				marker = "@cert-authority "
			}
			known := write("known_hosts", marker+"["+host+"]:"+port+" "+test.knows+"\n")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "-F", "/dev/null", "-P", port, "-i", test.key, "-b", batch,
				"-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile="+known, "-o", "GlobalKnownHostsFile=/dev/null",
				"-o", "StrictHostKeyChecking=yes", "-o", "Ciphers="+aes128GCM+","+aes256GCM, "-o", "KexAlgorithms=curve25519-sha256",
				jane+"@"+host)
			cmd.Dir = folder
			cmd.Env = []string{"HOME=" + folder, "PATH=" + os.Getenv("PATH")}
			out, err := cmd.CombinedOutput()
			if name == "no such key" {
				if !strings.Contains(string(out), "Permission denied (publickey,password).") {
					t.Errorf("%v\n%s", err, out)
				}
				return
			}
			if err != nil || !strings.Contains(string(out), "Remote working directory: /") || !strings.Contains(string(out), "readme.txt") {
				t.Errorf("%v\n%s", err, out)
			}
			sent, _ := os.ReadFile(filepath.Join(folder, "sent.txt"))
			if back, err := os.ReadFile(filepath.Join(folder, "back.txt")); err != nil || string(back) != string(sent) {
				t.Errorf("came back: %d bytes, %v", len(back), err)
			}
		})
	}
	if left := c.Left(); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// listenFor lets programs of this computer connect to an address of the lab. It returns the address to connect to.
func listenFor(t *testing.T, c *Computer, address string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := c.DialContext(context.Background(), "tcp", address)
			if err != nil {
				_ = near.Close()
				return
			}
			go func() {
				_, _ = io.Copy(far, near)
				_ = far.Close()
			}()
			go func() {
				_, _ = io.Copy(near, far)
				_ = near.Close()
			}()
		}
	}()
	return listener.Addr().String()
}
