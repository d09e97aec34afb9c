package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// host is the name under which the client knows the server.
const host = "ftp.example.com"

// authority is a root, trusted with --ca-file, and an intermediate authority that signs.
type authority struct {
	t            *testing.T
	intermediate *x509.Certificate
	key          *ecdsa.PrivateKey
	rootFile     string // PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	rootKey, root := newCA(t, "Example Root", nil, nil)
	key, intermediate := newCA(t, "Example Intermediate", root, rootKey)
	file := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(file, pemOf("CERTIFICATE", root.Raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return &authority{t: t, intermediate: intermediate, key: key, rootFile: file}
}

func newCA(t *testing.T, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().Add(48 * time.Hour),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	return key, sign(t, template, parent, key, parentKey)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// identity is a server's certificate and key, as files.
type identity struct {
	chain, key, both string // paths of PEM files
	sha256           string // of the leaf, as the facts show it
	notAfter         time.Time
}

// certificate makes a server certificate for a name. change may spoil it.
func (a *authority) certificate(n *network, name string, change func(*x509.Certificate)) identity {
	template := serverTemplate(name)
	if change != nil {
		change(template)
	}
	key := newKey(n.t)
	leaf := sign(n.t, template, a.intermediate, key, a.key)
	return n.identity(key, leaf, a.intermediate)
}

// selfSigned makes a certificate that no authority has signed.
func (n *network) selfSigned(name string) identity {
	template := serverTemplate(name)
	key := newKey(n.t)
	return n.identity(key, sign(n.t, template, template, key, key))
}

func serverTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		DNSNames:              []string{name},
		NotBefore:             time.Now().Add(-24 * time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour).Truncate(time.Second),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IssuingCertificateURL: []string{"http://ca.example.com/intermediate.crt"},
		BasicConstraintsValid: true,
	}
}

func (n *network) identity(key *ecdsa.PrivateKey, chain ...*x509.Certificate) identity {
	n.t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		n.t.Fatal(err)
	}
	var public strings.Builder
	for _, certificate := range chain {
		public.Write(pemOf("CERTIFICATE", certificate.Raw))
	}
	private := string(pemOf("PRIVATE KEY", secret))
	sum := sha256.Sum256(chain[0].Raw)
	name := hex.EncodeToString(sum[:4])
	return identity{
		chain:    n.file(name+".crt", public.String()),
		key:      n.file(name+".key", private),
		both:     n.file(name+".pem", public.String()+private),
		sha256:   hex.EncodeToString(sum[:]),
		notAfter: chain[0].NotAfter,
	}
}

// vsftpd starts vsftpd with explicit TLS on address:port, or implicit with the setting implicit_ssl=YES.
// A setting overrides an earlier one.
func (n *network) vsftpd(address, port string, id identity, settings ...string) {
	n.t.Helper()
	empty := filepath.Join(n.dir, "empty")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		n.t.Fatal(err)
	}
	listen := "listen=YES\nlisten_address=" + address
	if strings.Contains(address, ":") {
		listen = "listen=NO\nlisten_ipv6=YES\nlisten_address6=" + address
	}
	config := fmt.Sprintf(`%s
listen_port=%s
background=NO
anonymous_enable=NO
local_enable=YES
ssl_enable=YES
rsa_cert_file=%s
rsa_private_key_file=%s
secure_chroot_dir=%s
ftp_username=ftp
%s
`, listen, port, id.chain, id.key, empty, strings.Join(settings, "\n"))
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(address, port)},
		program(n.t, "vsftpd"), n.file("vsftpd-"+address+"-"+port, config))
}

// proftpd starts ProFTPD with mod_tls on address:port. Settings come after those of mod_tls.
func (n *network) proftpd(address, port string, id identity, settings ...string) {
	n.t.Helper()
	modules := filepath.Join(os.Getenv("FTPDOCTOR_REAL_ROOT"), "usr/lib/proftpd")
	if _, err := os.Stat(filepath.Join(modules, "mod_tls.so")); err != nil {
		missing(n.t, "mod_tls of ProFTPD is not installed; run .ci/run, or install proftpd-mod-crypto")
	}
	config := fmt.Sprintf(`ServerName "Example"
ServerType standalone
DefaultAddress %s
Port %s
ModulePath %s
LoadModule mod_tls.c
LoadModule mod_sftp.c
LoadModule mod_ban.c
PidFile %[4]s/proftpd.pid
ScoreboardFile %[4]s/proftpd.scoreboard
<IfModule mod_ctrls.c>
ControlsSocket %[4]s/proftpd.sock
</IfModule>
BanTable %[4]s/proftpd.bans
DelayTable none
WtmpLog off
SystemLog none
TransferLog none
UseReverseDNS off
AuthOrder mod_auth_file.c
User nobody
Group nogroup
TLSECCertificateFile %[5]s
TLSECCertificateKeyFile %[6]s
TLSCertificateChainFile %[5]s
%[7]s
`, address, port, modules, n.dir, id.chain, id.key, strings.Join(settings, "\n"))
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(address, port)},
		program(n.t, "proftpd"), "--nodaemon", "--quiet", "--config", n.file("proftpd.conf", config))
}

// pureFTPd starts Pure-FTPd with explicit TLS on address:port.
func (n *network) pureFTPd(address, port string, id identity, flags ...string) {
	n.t.Helper()
	argv := append([]string{
		program(n.t, "pure-ftpd"), "--bind", address + "," + port, "--pidfile", filepath.Join(n.dir, "pure-ftpd.pid"),
		"--noanonymous", "--tls", "1", "--certfile", id.chain + "," + id.key,
	}, flags...)
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(address, port)}, argv...)
}

// openSSH starts sshd and returns the fingerprint of its host key.
func (n *network) openSSH(address, port string, settings ...string) (fingerprint string) {
	n.t.Helper()
	file, fingerprint := n.hostKeyFile("hostkey-" + address + "-" + port)
	config := fmt.Sprintf("ListenAddress %s\nHostKey %s\nPidFile none\n%s\n",
		net.JoinHostPort(address, port), file, strings.Join(settings, "\n"))
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(address, port)},
		program(n.t, "sshd"), "-D", "-e", "-f", n.file("sshd-"+address+"-"+port, config))
	return fingerprint
}

func (n *network) hostKeyFile(name string) (path, fingerprint string) {
	n.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		n.t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		n.t.Fatal(err)
	}
	return n.file(name, string(pem.EncodeToMemory(block))), ssh.FingerprintSHA256(key)
}

// web starts a web server on port 443 of an address.
func (n *network) web(address string, id identity) {
	n.t.Helper()
	certificate, err := tls.LoadX509KeyPair(id.chain, id.key)
	if err != nil {
		n.t.Fatal(err)
	}
	s := &http.Server{
		Handler:   http.NotFoundHandler(),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	listener := n.listen(n.server, net.JoinHostPort(address, "443"))
	go func() { _ = s.ServeTLS(listener, "", "") }() // ends when the network closes the listener
	n.t.Cleanup(func() { _ = s.Close() })
}

// dnsmasq starts a DNS server on the router. It knows what the settings say, and that other names do not exist.
func (n *network) dnsmasq(address string, settings ...string) {
	n.t.Helper()
	config := fmt.Sprintf(`port=53
listen-address=%s
bind-interfaces
no-resolv
no-hosts
user=root
pid-file
%s
`, address, strings.Join(settings, "\n"))
	n.serve(n.router, []string{"udp " + address + ":53", "tcp " + address + ":53"},
		program(n.t, "dnsmasq"), "--keep-in-foreground", "--log-facility=-", "--conf-file="+n.file("dnsmasq-"+address, config))
}

// answers starts a server on the router that does what a captive portal or a proxy does with every connection.
func (n *network) answers(port string, handle func(net.Conn)) {
	n.t.Helper()
	listener := n.listen(n.router, ":"+port)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the network has closed the listener
			}
			n.t.Cleanup(func() { _ = conn.Close() })
			go handle(conn)
		}
	}()
}

// names starts the client's DNS server, which knows the host by the given addresses.
func (n *network) names(addresses ...string) {
	n.t.Helper()
	settings := []string{"address=/#/"} // every other name: NXDOMAIN
	for _, address := range addresses {
		settings = append(settings, "host-record="+host+","+address)
	}
	n.dnsmasq(dnsAddress, settings...)
}
