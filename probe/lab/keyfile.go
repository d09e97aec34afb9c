package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// passphrase is that of jane's keys that have one.
const passphrase = "open sesame"

// openSSH is the file that ssh-keygen writes, encrypted where there is a passphrase.
func (k Key) openSSH(passphrase string) string {
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(k.private(), k.comment())
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(k.private(), k.comment(), []byte(passphrase))
	}
	return armoured(block, err)
}

// pem is the file that ssh-keygen -m PEM writes.
func (k Key) pem() string {
	switch key := k.private().(type) {
	case *rsa.PrivateKey:
		return armoured(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}, nil)
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		return armoured(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}, err)
	default:
		return k.openSSH("") // there is no other format for Ed25519
	}
}

// pkcs8 is the file that ssh-keygen -m PKCS8 and openssl genpkey write.
func (k Key) pkcs8() string {
	der, err := x509.MarshalPKCS8PrivateKey(k.private().(crypto.PrivateKey))
	return armoured(&pem.Block{Type: "PRIVATE KEY", Bytes: der}, err)
}

func armoured(block *pem.Block, err error) string {
	if err != nil {
		panic("lab: " + err.Error())
	}
	return string(pem.EncodeToMemory(block))
}

// publicFile is the file with the public half that ssh-keygen writes beside the other.
func (k Key) publicFile() string { return k.public() + " " + k.comment() + "\n" }

// certificateFile is the file that ssh-keygen -s writes.
func (k Key) certificateFile(by Key, valid time.Duration, users ...string) string {
	return authorizedLine(k.certified(by, valid, users...)) + " " + k.comment() + "\n"
}

// asOnWindows ends the lines as Windows does.
func asOnWindows(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// joined is a key that was pasted into a field of one line.
func joined(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", " ") }

// Jane's Ed25519 key as PuTTYgen 0.78 writes it: as versions 2 and 3 of its format, and as version 3 with the passphrase.
const (
	ppk2 = `PuTTY-User-Key-File-2: ssh-ed25519
Encryption: none
Comment: jane@laptop
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIJCoIp8RmkksWNteAh/7XEBEP+OvkieYgWbvWGjy
zNWu
Private-Lines: 1
AAAAIBuNY7Zm5+eXeF3odtX23yDqiVhpwIHjHbyWxNBY3fiA
Private-MAC: a65afef671a914aa62ed513243316e75dc8184a5
`
	ppk3 = `PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: jane@laptop
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIJCoIp8RmkksWNteAh/7XEBEP+OvkieYgWbvWGjy
zNWu
Private-Lines: 1
AAAAIBuNY7Zm5+eXeF3odtX23yDqiVhpwIHjHbyWxNBY3fiA
Private-MAC: 4904d92d0ff488b30523a7bffab713813d090b2850f60099dc184886d2929121
`
	ppk3Locked = `PuTTY-User-Key-File-3: ssh-ed25519
Encryption: aes256-cbc
Comment: jane@laptop
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIJCoIp8RmkksWNteAh/7XEBEP+OvkieYgWbvWGjy
zNWu
Key-Derivation: Argon2id
Argon2-Memory: 256
Argon2-Passes: 2
Argon2-Parallelism: 1
Argon2-Salt: da73177029c4a0ae73e70ecd920ae21d
Private-Lines: 1
fwocxTCDA4/rZI2FCFZHwnvPPZz96iRXXDxkZqdugLbo596EDGqrPHqHxw3DJO/m
Private-MAC: 87670ce04aedb86865f944500dc5fd0afd3489c4d544c9e5eeba9d34014653e1
`
)

// The place of jane's files.
const (
	janesHome  = "/home/jane"
	knownHosts = janesHome + "/.ssh/known_hosts"
	sshConfig  = janesHome + "/.ssh/config"
	janesKey   = janesHome + "/.ssh/id_ed25519" // one of those that ssh shows by itself
	otherKey   = janesHome + "/keys/sftp"       // one that has to be named
	agentAt    = "/run/user/1000/ssh-agent.socket"
)

// keep puts a file on the computer that nobody but its user may read.
func (c *Computer) keep(name, content string) { c.put(name, File{Content: content, Mode: 0o600}) }

func (c *Computer) put(name string, f File) {
	if c.Files == nil {
		c.Files = map[string]File{}
	}
	if f.Time.IsZero() {
		f.Time = time.Now().Add(-100 * day)
	}
	c.Files[name] = f
}

// knows adds a line about a host to known_hosts.
func (c *Computer) knows(host string, key Key) {
	c.keep(knownHosts, c.Files[knownHosts].Content+host+" "+key.public()+"\n")
}

// folderMode is that of a folder of jane's.
const folderMode = fs.ModeDir | 0o700
