package main

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
)

// TestReal runs the built program against real servers in networks of its own.
//
// The servers are those of Debian 12: vsftpd 3.0.3, ProFTPD 1.3.8, Pure-FTPd 1.0.50,
// OpenSSH 9.2p1 and dnsmasq 2.90. Where a test compares a text of theirs, a rule
// reads that text.
func TestReal(t *testing.T) {
	runReal(t, []realTest{
		{"healthy-vsftpd-and-openssh", healthyHost},
		{"healthy-vsftpd-on-three-addresses", healthyAddresses},
		{"healthy-proftpd", healthyProFTPD},
		{"healthy-proftpd-implicit", healthyProFTPDImplicit},
		{"healthy-pure-ftpd", healthyPureFTPd},
		{"healthy-proftpd-sftp", healthyProFTPDSFTP},
		{"healthy-openssh", healthyOpenSSH},
		{"healthy-over-a-slow-and-lossy-line", healthyBadLine},
		{"healthy-behind-an-alias", healthyAlias},
		{"healthy-from-a-computer-without-ipv6", healthyWithoutIPv6},

		{"port-dropped", portDropped},
		{"port-refused", portRefused},
		{"port-prohibited", portProhibited},
		{"port-closed-on-generic-host", portClosedGeneric},
		{"host-dropped", hostDropped},
		{"host-refused", hostRefused},
		{"one-of-three-addresses-dead", oneAddressDead},
		{"ipv6-dropped", ipv6Dropped},
		{"closed-before-greeting", closedBeforeGreeting},
		{"port-prohibited-over-both-families", portProhibitedBoth},
		{"no-route", noRoute},
		{"prohibited-by-this-computer", prohibitedHere},
		{"captive-portal", captivePortal},
		{"intercepted", intercepted},
		{"reset-at-the-client-hello", resetAtClientHello},
		{"auth-tls-swallowed", authSwallowed},
		{"mtu-black-hole", mtuBlackHole},
		{"two-faults", twoFaults},

		{"certificate-wrong-name", certificateWrongName},
		{"certificate-expired", certificateExpired},
		{"certificate-self-signed", certificateSelfSigned},
		{"certificate-without-intermediate", certificateWithoutIntermediate},
		{"client-certificate-required", clientCertificateRequired},
		{"tls-1.0-only", oldTLS},
		{"tls-no-shared-cipher", noSharedCipher},
		{"tls-server-name-rejected", serverNameRejected},
		{"tls-off-vsftpd", tlsOffVsftpd},
		{"tls-off-proftpd", tlsOffProFTPD},
		{"tls-off-pure-ftpd", tlsOffPureFTPd},
		{"implicit-on-explicit-port", implicitOnExplicitPort},
		{"explicit-on-implicit-port", explicitOnImplicitPort},

		{"ssh-on-ftp-port", sshOnFTPPort},
		{"ftp-on-ssh-port", ftpOnSSHPort},
		{"vsftpd-per-address-limit", vsftpdPerAddressLimit},
		{"vsftpd-full", vsftpdFull},
		{"vsftpd-denied-by-tcp-wrappers", vsftpdDenied},
		{"pure-ftpd-per-address-limit", pureFTPdPerAddressLimit},
		{"pure-ftpd-full", pureFTPdFull},
		{"proftpd-per-address-limit", proftpdPerAddressLimit},
		{"proftpd-ban", proftpdBan},
		{"proftpd-ban-without-a-word", proftpdSilentBan},
		{"pure-ftpd-slow-greeting", slowGreeting},
		{"openssh-full", opensshFull},
		{"openssh-denied-by-tcp-wrappers", opensshDenied},
		{"openssh-old-algorithms", opensshOldAlgorithms},

		{"resolver-refuses", resolverRefuses},
		{"resolver-silent", resolverSilent},
		{"first-resolver-silent", firstResolverSilent},
		{"resolver-blocks", resolverBlocks},
		{"resolver-rewrites", resolverRewrites},
		{"resolver-stale", resolverStale},
		{"resolver-gives-inner-address", resolverSplitHorizon},
		{"resolver-truncates", resolverTruncates},
		{"name-without-address", nameWithoutAddress},
		{"name-does-not-exist", nameDoesNotExist},
		{"hosts-file-override", hostsFileOverride},
	})
}

// realTest is a test in a network of its own.
type realTest struct {
	name string
	run  func(*network, *authority)
}

func runReal(t *testing.T, tests []realTest) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "network namespaces need root; run the tests as root to include the real servers")
	}
	for _, name := range []string{"ip", "ss", "nft", "dnsmasq"} {
		program(t, name)
	}
	sweep()
	built, ca := buildProgram(t), newAuthority(t)
	var all sync.WaitGroup
	defer all.Wait()
	turns := make(chan struct{}, 8) // the tests mostly wait for an answer that does not come: -parallel would run too few of them
	for _, test := range tests {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(test.name, func(t *testing.T) { test.run(newNetwork(t, built), ca) })
		})
	}
}

// site is a service that promises a way in on each of these ports.
func (n *network) site(ports ...string) []string {
	speaks := map[string]string{"21": "ftpes", "990": "ftps", "22": "sftp", "443": "https"}
	var entries []string
	for _, port := range ports {
		entries = append(entries, fmt.Sprintf(`{"number": %s, "speaks": %q}`, port, speaks[port]))
	}
	return []string{"--profile", n.file("profile.json", fmt.Sprintf(
		`{"name": "example", "title": "Example", "promised": true, "ports": [%s]}`, strings.Join(entries, ", ")))}
}

// expect compares the verdict and the causes that are shown.
func (n *network) expect(d *diagnosis, exit int, causes ...string) {
	n.t.Helper()
	if d.exit != exit || d.Verdict.Exit != exit {
		n.t.Errorf("exit code %d, in the verdict %d; want %d", d.exit, d.Verdict.Exit, exit)
	}
	slices.Sort(causes)
	if shown := d.shown(); !slices.Equal(shown, causes) {
		n.t.Errorf("shown are %v, want %v", shown, causes)
	}
}

// healthy wants nothing above a note.
func (n *network) healthy(d *diagnosis) {
	n.t.Helper()
	if d.exit != 0 || d.Verdict.Exit != 0 || d.Verdict.Status != "ok" {
		n.t.Errorf("exit code %d, verdict %s %d; want 0, ok 0", d.exit, d.Verdict.Status, d.Verdict.Exit)
	}
	for _, f := range d.Findings {
		if f.Severity != "note" {
			n.t.Errorf("false alarm: %s %s: %s", f.Severity, f.Cause, f.Says)
		}
	}
}

// ways compares the ways in, each as "protocol port encryption proof".
func (n *network) ways(d *diagnosis, want ...string) {
	n.t.Helper()
	var got []string
	for _, w := range d.Ways {
		got = append(got, fmt.Sprintf("%s %d %s %s", w.Protocol, w.Port, w.Encryption, w.Proof))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		n.t.Errorf("ways in are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// step finds the one fact of a kind at an endpoint.
func (n *network) step(d *diagnosis, endpoint, what string, is func(*fact.Observation) bool) *fact.Observation {
	n.t.Helper()
	for i := range d.Facts {
		if o := &d.Facts[i]; o.Endpoint == endpoint && is(o) {
			return o
		}
	}
	n.t.Errorf("no %s of %s among the facts", what, endpoint)
	return nil
}

// reply compares the server's answer to a command, the greeting being the answer to none.
// A text that ends in "..." is only the beginning of one.
func (n *network) reply(d *diagnosis, endpoint, command string, code int, lines ...string) {
	n.t.Helper()
	o := n.step(d, endpoint, "reply to "+command, func(o *fact.Observation) bool { return o.Reply != nil && o.Reply.Command == command })
	if o == nil {
		return
	}
	same := func(got, want string) bool {
		start, cut := strings.CutSuffix(want, "...")
		return got == want || cut && strings.HasPrefix(got, start)
	}
	if o.Reply.Code != code || !slices.EqualFunc(o.Reply.Lines, lines, same) {
		n.t.Errorf("%s answers %q with %d %q, want %d %q", endpoint, command, o.Reply.Code, o.Reply.Lines, code, lines)
	}
}

// features checks what the answer to FEAT lists.
func (n *network) features(d *diagnosis, endpoint string, want ...string) {
	n.t.Helper()
	o := n.step(d, endpoint, "reply to FEAT", func(o *fact.Observation) bool { return o.Reply != nil && o.Reply.Command == "FEAT" })
	if o == nil {
		return
	}
	for _, feature := range want {
		if !slices.ContainsFunc(o.Reply.Lines, func(line string) bool { return strings.TrimSpace(line) == feature }) {
			n.t.Errorf("%s does not list %s: %q", endpoint, feature, o.Reply.Lines)
		}
	}
}

// handshake checks a TLS handshake: how it was reached, and the certificate.
func (n *network) handshake(d *diagnosis, endpoint string, mode fact.TLSMode, id identity, faults ...fact.Fault) {
	n.t.Helper()
	o := n.step(d, endpoint, "TLS handshake", func(o *fact.Observation) bool { return o.TLS != nil && o.TLS.Purpose == "" })
	if o == nil {
		return
	}
	if o.Failure != nil || len(o.TLS.Chain) == 0 {
		n.t.Errorf("the handshake with %s failed: %+v", endpoint, o.Failure)
		return
	}
	leaf := o.TLS.Chain[0]
	if o.TLS.Mode != mode || o.TLS.ServerName != host || leaf.SHA256 != id.sha256 || !leaf.NotAfter.Equal(id.notAfter) {
		n.t.Errorf("%s: mode %s, server name %s, certificate %s until %v; want %s, %s, %s until %v",
			endpoint, o.TLS.Mode, o.TLS.ServerName, leaf.SHA256, leaf.NotAfter, mode, host, id.sha256, id.notAfter)
	}
	var kinds []fact.Fault
	for _, f := range o.TLS.Faults {
		kinds = append(kinds, f.Kind)
	}
	slices.Sort(kinds)
	slices.Sort(faults)
	if !slices.Equal(kinds, faults) {
		n.t.Errorf("%s: faults of the certificate are %v, want %v", endpoint, kinds, faults)
	}
}

// hostKey checks the identification and the host key of an SSH server.
func (n *network) hostKey(d *diagnosis, endpoint, fingerprint string) {
	n.t.Helper()
	ident := n.step(d, endpoint, "identification", func(o *fact.Observation) bool { return o.Ident != nil })
	if ident != nil && !strings.HasPrefix(ident.Ident.Line, "SSH-2.0-OpenSSH_") {
		n.t.Errorf("%s says %q, want SSH-2.0-OpenSSH_...", endpoint, ident.Ident.Line)
	}
	kex := n.step(d, endpoint, "host key", func(o *fact.Observation) bool { return o.Kex != nil && o.Kex.HostKey != nil })
	if kex != nil && (kex.Kex.HostKey.SHA256 != fingerprint || kex.Kex.HostKey.Type != "ssh-ed25519") {
		n.t.Errorf("%s has the key %+v, want ssh-ed25519 %s", endpoint, kex.Kex.HostKey, fingerprint)
	}
}

// connect checks how the connect to an endpoint ended; want is empty for one that succeeded.
func (n *network) connect(d *diagnosis, endpoint string, want fact.Kind) {
	n.t.Helper()
	o := n.step(d, endpoint, "connect", func(o *fact.Observation) bool { return o.Dial != nil && o.Dial.Purpose == "" })
	if o == nil {
		return
	}
	var kind fact.Kind
	if o.Failure != nil {
		kind = o.Failure.Kind
	}
	if kind != want {
		n.t.Errorf("the connect to %s ended with %q, want %q", endpoint, kind, want)
	}
}

// Healthy servers.

func healthyHost(n *network, ca *authority) {
	n.countConnections()
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "21", id)
	n.vsftpd(serverAddress, "990", id, "implicit_ssl=YES")
	key := n.openSSH(serverAddress, "22")
	n.web(serverAddress, id)

	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh connected", "ftpes 21 explicit verified", "ftps 990 implicit verified")
	n.reply(d, serverAddress+":21", "", 220, "(vsFTPd 3.0.3)")
	n.features(d, serverAddress+":21", "AUTH TLS", "PBSZ", "PROT", "EPSV")
	n.reply(d, serverAddress+":21", "AUTH TLS", 234, "Proceed with negotiation.")
	n.handshake(d, serverAddress+":21", fact.Explicit, id)
	n.handshake(d, serverAddress+":990", fact.Implicit, id)
	n.reply(d, serverAddress+":990", "", 220, "(vsFTPd 3.0.3)")
	n.handshake(d, serverAddress+":443", fact.WebTLS, id)
	n.hostKey(d, serverAddress+":22", key)
	n.connect(d, serverAddress+":3021", fact.Refused)
	n.ownsUp(d)
}

// ownsUp compares the connections of the report with those that the router has counted.
func (n *network) ownsUp(d *diagnosis) {
	n.t.Helper()
	if opened := n.connections(); d.Spent.Connections != opened {
		n.t.Errorf("the report owns up to %d connections, the router saw %d", d.Spent.Connections, opened)
	}
}

func healthyAddresses(n *network, ca *authority) {
	n.names(serverAddress, secondAddress, thirdAddress, serverAddress6)
	id := ca.certificate(n, host, nil)
	addresses := []string{serverAddress, secondAddress, thirdAddress, serverAddress6}
	for _, address := range addresses {
		n.vsftpd(address, "21", id)
		n.web(address, id)
	}
	d := n.doctor(append(n.site("21", "443"), "--ca-file", ca.rootFile, host)...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit verified")
	for _, address := range addresses[:3] {
		n.handshake(d, address+":21", fact.Explicit, id)
	}
	n.handshake(d, "["+serverAddress6+"]:21", fact.Explicit, id)
}

func healthyProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.proftpd(serverAddress, "21", id, "TLSEngine on", "TLSRequired on")
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit verified")
	n.reply(d, serverAddress+":21", "", 220, "ProFTPD Server (Example) [...")
	n.features(d, serverAddress+":21", "AUTH TLS", "PBSZ", "PROT", "HOST", "UTF8")
	n.reply(d, serverAddress+":21", "AUTH TLS", 234, "AUTH TLS successful")
	n.handshake(d, serverAddress+":21", fact.Explicit, id)
}

func healthyProFTPDImplicit(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.proftpd(serverAddress, "990", id, "TLSEngine on", "TLSOptions UseImplicitSSL")
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	n.ways(d, "ftps 990 implicit verified")
	n.handshake(d, serverAddress+":990", fact.Implicit, id)
}

func healthyPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.pureFTPd(serverAddress, "21", id, "--dontresolve")
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit verified")
	n.reply(d, serverAddress+":21", "", 220,
		"--------- Welcome to Pure-FTPd [privsep] [TLS] ----------",
		"You are user number 1 of 50 allowed.",
		"Local time is now ...",
		"This is a private system - No anonymous login",
		"IPv6 connections are also welcome on this server.",
		"You will be disconnected after 15 minutes of inactivity.")
	n.features(d, serverAddress+":21", "AUTH TLS", "PBSZ", "PROT", "MLSD")
	n.reply(d, serverAddress+":21", "AUTH TLS", 234, "AUTH TLS OK.")
	n.handshake(d, serverAddress+":21", fact.Explicit, id)
}

func healthyOpenSSH(n *network, _ *authority) {
	n.names(serverAddress, serverAddress6)
	key := n.openSSH(serverAddress, "22")
	key6 := n.openSSH(serverAddress6, "22")
	d := n.doctor(host)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh connected")
	n.hostKey(d, serverAddress+":22", key)
	n.hostKey(d, "["+serverAddress6+"]:22", key6)
}

// mod_sftp of ProFTPD 1.3.8 is an SSH server that is not OpenSSH.
func healthyProFTPDSFTP(n *network, ca *authority) {
	n.names(serverAddress)
	file, fingerprint := n.hostKeyFile("hostkey")
	n.proftpd(serverAddress, "22", ca.certificate(n, host, nil), "SFTPEngine on", "SFTPHostKey "+file)
	d := n.doctor(host)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh connected")
	o := n.step(d, serverAddress+":22", "identification", func(o *fact.Observation) bool { return o.Ident != nil })
	if o != nil && o.Ident.Line != "SSH-2.0-mod_sftp" {
		n.t.Errorf("the server says %q, want SSH-2.0-mod_sftp", o.Ident.Line)
	}
	kex := n.step(d, serverAddress+":22", "host key", func(o *fact.Observation) bool { return o.Kex != nil && o.Kex.HostKey != nil })
	if kex != nil && kex.Kex.HostKey.SHA256 != fingerprint {
		n.t.Errorf("the host key is %+v, want %s", kex.Kex.HostKey, fingerprint)
	}
}

// A line of 64 kbit/s that loses the first packet of every connection and every twelfth one after it.
func healthyBadLine(n *network, ca *authority) {
	n.names(serverAddress, secondAddress)
	id := ca.certificate(n, host, nil)
	for _, address := range []string{serverAddress, secondAddress} {
		n.vsftpd(address, "21", id)
		n.vsftpd(address, "990", id, "implicit_ssl=YES")
		n.openSSH(address, "22")
		n.web(address, id)
	}
	for _, device := range []string{"client", "server"} {
		n.run(n.router, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "64kbit", "burst", "2kb", "latency", "3s")
	}
	n.nft("loss", `
	set known { type ipv4_addr . inet_service . inet_service; flags dynamic; size 1000; }
	chain rules {
		type filter hook forward priority 0;
		tcp flags & (syn | ack) == syn ip daddr . tcp sport . tcp dport != @known add @known { ip daddr . tcp sport . tcp dport } drop
		tcp flags & syn == 0 numgen inc mod 12 == 11 drop
	}`)
	d := n.doctor(append(n.site("21", "990", "22", "443"), "--ca-file", ca.rootFile, host)...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit verified", "ftps 990 implicit verified", "sftp 22 ssh connected")
}

// The name is an alias, as the names of hosted services mostly are.
func healthyAlias(n *network, ca *authority) {
	n.dnsmasq(dnsAddress, "address=/#/", "cname="+host+",node7.example.com", "host-record=node7.example.com,"+serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	o := n.step(d, dnsAddress+":53", "answer about "+host, func(o *fact.Observation) bool {
		return o.Lookup != nil && o.Lookup.Name == host && o.Lookup.Type == "A"
	})
	if o == nil {
		return
	}
	var got []string
	for _, r := range o.Lookup.Records {
		got = append(got, r.Name+" "+r.Type+" "+r.Value)
	}
	want := []string{host + " CNAME node7.example.com", "node7.example.com A " + serverAddress}
	if !slices.Equal(got, want) {
		n.t.Errorf("the answer is %q, want %q", got, want)
	}
}

// A name with an IPv6 address is no fault of a computer that has none.
func healthyWithoutIPv6(n *network, ca *authority) {
	n.names(serverAddress, serverAddress6)
	args := n.ftpAndSSH(ca, serverAddress, serverAddress6)
	n.ip("-n " + n.client + " -6 address flush dev wire")
	d := n.doctor(args...)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh connected", "ftpes 21 explicit verified")
}

// What routers and firewalls do.

// ftpAndSSH is a host with a promised port 21 and 22, on all IPv4 addresses.
func (n *network) ftpAndSSH(ca *authority, addresses ...string) []string {
	n.t.Helper()
	id := ca.certificate(n, host, nil)
	for _, address := range addresses {
		n.vsftpd(address, "21", id)
		n.openSSH(address, "22")
	}
	return append(n.site("21", "22"), "--ca-file", ca.rootFile, host)
}

func portDropped(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 drop")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-port-filtered")
	n.connect(d, serverAddress+":21", fact.Dropped)
	n.ways(d, "sftp 22 ssh connected")
	if d.took > 8*time.Second {
		n.t.Errorf("took %v, although port 22 had answered at once", d.took)
	}
}

func portRefused(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 reject with tcp reset")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-port-refused")
	n.connect(d, serverAddress+":21", fact.Refused)
	n.ways(d, "sftp 22 ssh connected")
}

func portProhibited(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 reject with icmpx admin-prohibited")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-port-prohibited")
	n.connect(d, serverAddress+":21", fact.HostUnreachable)
	n.ways(d, "sftp 22 ssh connected")
}

// A host of which nothing is known may have any port closed, be it dropped or refused.
func portClosedGeneric(n *network, ca *authority) {
	n.names(serverAddress)
	n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport { 990, 3990, 443 } drop")
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh connected", "ftpes 21 explicit verified")

	d = n.doctor("--ca-file", ca.rootFile, "-p", "990", host)
	n.expect(d, 1, "tcp-host-filtered") // 443, the only other port looked at, is dropped too
}

func hostDropped(n *network, ca *authority) {
	n.names(serverAddress, secondAddress)
	args := n.ftpAndSSH(ca, serverAddress, secondAddress)
	n.onTheWay("meta l4proto tcp drop")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-host-filtered")
	n.connect(d, serverAddress+":21", fact.Dropped)
	n.connect(d, secondAddress+":22", fact.Dropped)
	n.ways(d)
	if d.took > 13*time.Second { // 12 s, and what a busy machine needs to start a program
		n.t.Errorf("took %v, want at most 12 s", d.took)
	}
}

// Nothing listens at all: the server itself refuses.
func hostRefused(n *network, _ *authority) {
	n.countConnections()
	n.names(serverAddress)
	d := n.doctor(append(n.site("21", "22", "443"), host)...)
	n.expect(d, 1, "tcp-host-refused")
	n.connect(d, serverAddress+":21", fact.Refused)
	n.ways(d)
	n.ownsUp(d)
}

func oneAddressDead(n *network, ca *authority) {
	n.names(serverAddress, secondAddress, thirdAddress)
	args := n.ftpAndSSH(ca, serverAddress, secondAddress, thirdAddress)
	n.onTheWay("ip daddr " + secondAddress + " drop")
	d := n.doctor(args...)
	n.expect(d, 0, "tcp-some-addresses-dead")
	n.connect(d, serverAddress+":21", "")
	n.connect(d, secondAddress+":21", fact.Dropped)
	n.connect(d, thirdAddress+":22", "")
	n.ways(d, "sftp 22 ssh connected", "ftpes 21 explicit verified")
}

func ipv6Dropped(n *network, ca *authority) {
	n.names(serverAddress, serverAddress6)
	args := n.ftpAndSSH(ca, serverAddress, serverAddress6)
	n.onTheWay("meta nfproto ipv6 meta l4proto tcp drop")
	d := n.doctor(args...)
	n.expect(d, 0, "tcp-ipv6-broken")
	n.connect(d, serverAddress+":21", "")
	n.connect(d, "["+serverAddress6+"]:21", fact.Dropped)
}

// ProFTPD 1.3.8 with <Limit LOGIN> DenyAll closes the connection before its greeting, without a word.
func closedBeforeGreeting(n *network, ca *authority) {
	n.countConnections()
	n.names(serverAddress)
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), "TLSEngine on", "<Limit LOGIN>", "DenyAll", "</Limit>")
	d := n.doctor(append(n.site("21"), host)...)
	n.expect(d, 1, "ftp-banned")
	n.connect(d, serverAddress+":21", "")
	o := n.step(d, serverAddress+":21", "first bytes", func(o *fact.Observation) bool { return o.Opening != nil })
	if o != nil && !o.Failed(fact.Closed) {
		n.t.Errorf("the connection ended with %+v, want %s", o.Failure, fact.Closed)
	}
	n.ownsUp(d)
}

func portProhibitedBoth(n *network, ca *authority) {
	n.names(serverAddress, serverAddress6)
	args := n.ftpAndSSH(ca, serverAddress, serverAddress6)
	n.onTheWay("tcp dport 21 reject with icmpx admin-prohibited")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-port-prohibited")
	n.connect(d, serverAddress+":21", fact.HostUnreachable)
	n.connect(d, "["+serverAddress6+"]:21", fact.Denied)
}

func noRoute(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.ip("-n " + n.client + " route delete default")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-unreachable")
	n.connect(d, serverAddress+":21", fact.NetUnreachable)
}

// The client's own routing table forbids it, as the security programs of company computers do.
func prohibitedHere(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.ip("-n " + n.client + " route add prohibit " + serverAddress)
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-local-block")
	n.connect(d, serverAddress+":21", fact.Denied)
}

// A guest network: port 80 leads to its log-in page, every other port is rejected.
func captivePortal(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.redirected("iifname client tcp dport 80 redirect to :8080")
	n.onTheWay("iifname client meta l4proto tcp reject with tcp reset")
	n.answers("8080", func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = conn.Write([]byte("HTTP/1.1 302 Found\r\nLocation: http://login.guest.example.net/\r\nContent-Length: 0\r\n\r\n"))
	})
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-captive-portal")
}

// A proxy on the way accepts every connection itself, and says nothing.
func intercepted(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.redirected("iifname client meta l4proto tcp redirect to :8080")
	n.answers("8080", func(net.Conn) {})
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-intercepted")
}

// A firewall lets AUTH TLS pass, and resets the connection when it sees a TLS record of a handshake.
func resetAtClientHello(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 @ih,0,16 0x1603 reject with tcp reset")
	d := n.doctor(args...)
	n.expect(d, 1, "tls-rst-after-auth")
	n.ways(d, "sftp 22 ssh connected")
}

// A firewall swallows the command AUTH TLS.
func authSwallowed(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.onTheWay("tcp dport 21 @ih,0,64 0x4155544820544c53 drop")
	d := n.doctor(args...)
	n.expect(d, 1, "tls-auth-stripped")
	n.ways(d, "sftp 22 ssh connected", "ftp 21 none connected") // without encryption FTP does work
}

// The way from the server takes packets of at most 700 bytes, and the router may not say so: ICMP (1) and ICMPv6 (58) are dropped.
func mtuBlackHole(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.ip("-n " + n.router + " link set client mtu 700")
	n.fromTheRouter("meta l4proto { 1, 58 } drop")
	d := n.doctor(args...)
	n.expect(d, 1, "tcp-mtu-blackhole")
	n.reply(d, serverAddress+":21", "AUTH TLS", 234, "Proceed with negotiation.")
}

// Port 21 is blocked on the way, and the certificate on port 990 has expired.
func twoFaults(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour).Truncate(time.Second) })
	n.vsftpd(serverAddress, "21", id)
	n.vsftpd(serverAddress, "990", id, "implicit_ssl=YES")
	n.onTheWay("tcp dport 21 drop")
	d := n.doctor(append(n.site("21", "990"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tcp-port-filtered", "tls-expired")
}

// Certificates and TLS.

// certificateCase runs a vsftpd with a certificate on ports 21 and 990 and a web server with the same.
func (n *network) certificateCase(ca *authority, id identity, cause string, faults ...fact.Fault) {
	n.t.Helper()
	n.names(serverAddress)
	n.vsftpd(serverAddress, "21", id)
	n.vsftpd(serverAddress, "990", id, "implicit_ssl=YES")
	n.web(serverAddress, id)
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.expect(d, 1, cause)
	n.handshake(d, serverAddress+":21", fact.Explicit, id, faults...)
	n.handshake(d, serverAddress+":990", fact.Implicit, id, faults...)
}

func certificateWrongName(n *network, ca *authority) {
	id := ca.certificate(n, "www.example.net", nil)
	n.certificateCase(ca, id, "tls-name-mismatch", fact.NameMismatch)
}

func certificateExpired(n *network, ca *authority) {
	id := ca.certificate(n, host, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour).Truncate(time.Second) })
	n.certificateCase(ca, id, "tls-expired", fact.Expired)
}

func certificateSelfSigned(n *network, ca *authority) {
	n.certificateCase(ca, n.selfSigned(host), "tls-self-signed", fact.SelfSigned)
}

func certificateWithoutIntermediate(n *network, ca *authority) {
	id := ca.certificate(n, host, nil)
	chain, err := os.ReadFile(id.chain)
	if err != nil {
		n.t.Fatal(err)
	}
	leaf, _, _ := strings.Cut(string(chain), "-----END CERTIFICATE-----\n")
	id.chain = n.file("leaf.pem", leaf+"-----END CERTIFICATE-----\n")
	n.certificateCase(ca, id, "tls-missing-intermediate", fact.NoChain)
}

func clientCertificateRequired(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "21", id, "require_cert=YES", "ca_certs_file="+ca.rootFile)
	d := n.doctor(append(n.site("21"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tls-client-cert-required")
}

// Only ProFTPD can be told to speak nothing newer. OpenSSL 3 then wants its security level lowered for it to speak TLS 1.0 at all.
func oldTLS(n *network, ca *authority) {
	n.countConnections()
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.proftpd(serverAddress, "21", id, "TLSEngine on", "TLSProtocol TLSv1", "TLSCipherSuite ALL:@SECLEVEL=0")
	d := n.doctor(append(n.site("21"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tls-version")
	strict := n.step(d, serverAddress+":21", "TLS handshake", func(o *fact.Observation) bool { return o.TLS != nil && o.TLS.Purpose == "" })
	if strict != nil && (!strict.Failed(fact.Alert) || strict.TLS.Alert != 70) {
		n.t.Errorf("the handshake ended with %+v, alert %d; want alert 70, protocol_version", strict.Failure, strict.TLS.Alert)
	}
	lenient := n.step(d, serverAddress+":21", "lenient handshake", func(o *fact.Observation) bool { return o.TLS != nil && o.TLS.Purpose == fact.LenientTLS })
	if lenient != nil && (lenient.Failure != nil || lenient.TLS.Version != "TLS 1.0") {
		n.t.Errorf("the lenient handshake ended with %+v, %s; want TLS 1.0", lenient.Failure, lenient.TLS.Version)
	}
	n.ownsUp(d)
}

// Current apps have no Camellia, and neither does this program.
func noSharedCipher(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.proftpd(serverAddress, "21", id, "TLSEngine on", "TLSProtocol TLSv1.2", "TLSCipherSuite ECDHE-ECDSA-CAMELLIA256-SHA384")
	d := n.doctor(append(n.site("21"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tls-no-shared-cipher")
}

// openssl s_server stands in for a server that ends the handshake over a name that it does not know.
func serverNameRejected(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, "www.example.net", nil)
	n.serve(n.server, []string{"tcp " + net.JoinHostPort(serverAddress, "990")}, program(n.t, "openssl"), "s_server",
		"-accept", net.JoinHostPort(serverAddress, "990"), "-cert", id.chain, "-key", id.key,
		"-servername", "www.example.net", "-cert2", id.chain, "-key2", id.key, "-servername_fatal", "-www")
	d := n.doctor(append(n.site("990"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tls-sni-rejected")
	o := n.step(d, serverAddress+":990", "TLS handshake", func(o *fact.Observation) bool { return o.TLS != nil && o.TLS.Purpose == "" })
	if o != nil && (!o.Failed(fact.Alert) || o.TLS.Alert != 112) {
		n.t.Errorf("the handshake ended with %+v, alert %d; want alert 112, unrecognized_name", o.Failure, o.TLS.Alert)
	}
}

// vsftpd 3.0.3 without TLS does not list AUTH TLS, and answers it as any command before the login.
func tlsOffVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "ssl_enable=NO")
	d := n.doctor("--protocol", "ftpes", host)
	n.reply(d, serverAddress+":21", "AUTH TLS", 530, "Please login with USER and PASS.")
	n.expect(d, 1, "tls-not-offered")
}

func tlsOffProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), "TLSEngine off")
	d := n.doctor("--protocol", "ftpes", host)
	n.reply(d, serverAddress+":21", "AUTH TLS", 500, "AUTH not understood")
	n.expect(d, 1, "tls-not-offered")
}

// Pure-FTPd 1.0.50 lists AUTH TLS even where TLS is switched off: no firewall has taken it away.
func tlsOffPureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), "--dontresolve", "--tls", "0")
	d := n.doctor("--protocol", "ftpes", host)
	n.features(d, serverAddress+":21", "AUTH TLS")
	n.reply(d, serverAddress+":21", "AUTH TLS", 500, "This security scheme is not implemented")
	n.expect(d, 1, "tls-not-offered")
}

// Implicit TLS on a port where the server awaits AUTH TLS. On port 21 it is the port that gives the mistake away.
func implicitOnExplicitPort(n *network, ca *authority) {
	n.names(serverAddress)
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "2121", id)
	d := n.doctor("--ca-file", ca.rootFile, "--protocol", "ftps", "-p", "2121", host)
	n.expect(d, 1, "tls-implicit-to-explicit")
	n.vsftpd(serverAddress, "21", id)
	d = n.doctor("--ca-file", ca.rootFile, "--protocol", "ftps", "-p", "21", host)
	n.expect(d, 1, "local-wrong-port")
}

// Explicit TLS on a port where the server awaits a TLS handshake first, and is silent until then.
func explicitOnImplicitPort(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "9900", ca.certificate(n, host, nil), "implicit_ssl=YES")
	d := n.doctor("--ca-file", ca.rootFile, "--protocol", "ftpes", "-p", "9900", host)
	n.expect(d, 1, "tls-explicit-to-implicit")
}

// What servers say first.

func sshOnFTPPort(n *network, _ *authority) {
	n.names(serverAddress)
	n.openSSH(serverAddress, "21")
	d := n.doctor("--protocol", "ftpes", host)
	n.expect(d, 1, "ftp-port-is-ssh")
}

func ftpOnSSHPort(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "22", ca.certificate(n, host, nil))
	d := n.doctor("--protocol", "sftp", host)
	n.expect(d, 1, "ssh-port-is-ftp")
}

// occupy keeps one connection to a server open.
func (n *network) occupy(address string) {
	n.t.Helper()
	if err := n.visit(address); err != nil {
		n.t.Fatalf("no greeting of %s: %v", address, err)
	}
}

// visit opens a connection to a server, and waits until it says something.
func (n *network) visit(address string) error {
	n.t.Helper()
	conn := n.dial(n.client, address)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	return err
}

func vsftpdPerAddressLimit(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "max_per_ip=1")
	n.occupy(serverAddress + ":21")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 421, "There are too many connections from your internet address.")
	n.expect(d, 1, "ftp-per-ip-limit")
}

func vsftpdFull(n *network, ca *authority) {
	n.names(serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "max_clients=1")
	n.occupy(serverAddress + ":21")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 421, "There are too many connected users, please try later.")
	n.expect(d, 1, "ftp-busy")
}

func vsftpdDenied(n *network, ca *authority) {
	n.names(serverAddress)
	n.etc(n.server, "hosts.deny", "vsftpd: ALL\n")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), "tcp_wrappers=YES")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 421, "Service not available.")
	n.expect(d, 1, "ftp-ip-denied")
}

func pureFTPdPerAddressLimit(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), "--dontresolve", "--maxclientsperip", "1")
	n.occupy(serverAddress + ":21")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 421, "Too many connections (1) from this IP")
	n.expect(d, 1, "ftp-per-ip-limit")
}

func pureFTPdFull(n *network, ca *authority) {
	n.names(serverAddress)
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), "--dontresolve", "--maxclientsnumber", "1")
	n.occupy(serverAddress + ":21")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 421, "1 users (the maximum) are already logged in, sorry")
	n.expect(d, 1, "ftp-busy")
}

// ProFTPD 1.3.8 says it with 530, in place of a greeting.
func proftpdPerAddressLimit(n *network, ca *authority) {
	n.names(serverAddress)
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), "TLSEngine on", "MaxConnectionsPerHost 1")
	n.occupy(serverAddress + ":21")
	d := n.doctor(append(n.site("21"), host)...)
	n.reply(d, serverAddress+":21", "", 530, "Sorry, the maximum number of connections (1) for your host are already connected.")
	n.expect(d, 1, "ftp-per-ip-limit")
}

// bannedByProFTPD is banned by mod_ban for opening two connections at once.
func (n *network) bannedByProFTPD(ca *authority, settings ...string) *diagnosis {
	n.t.Helper()
	n.names(serverAddress)
	settings = append(settings, "TLSEngine on", "MaxConnectionsPerHost 1",
		"BanEngine on", "BanOnEvent MaxConnectionsPerHost 1/01:00:00 01:00:00")
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), settings...)
	n.occupy(serverAddress + ":21")
	_ = n.visit(serverAddress + ":21") // is banned for it, with a word or without
	return n.doctor(append(n.site("21"), host)...)
}

func proftpdBan(n *network, ca *authority) {
	d := n.bannedByProFTPD(ca, `BanMessage "Host %a has been banned"`)
	n.reply(d, serverAddress+":21", "", 530, "Host "+clientAddress+" has been banned")
	n.expect(d, 1, "ftp-banned")
}

// Without BanMessage, mod_ban just closes the connection.
func proftpdSilentBan(n *network, ca *authority) {
	d := n.bannedByProFTPD(ca)
	n.expect(d, 1, "ftp-banned")
}

// Pure-FTPd looks up the name of its visitor before it greets him. Its DNS server does not answer.
func slowGreeting(n *network, ca *authority) {
	n.names(serverAddress)
	n.etc(n.server, "resolv.conf", "nameserver 198.51.100.1\noptions timeout:3 attempts:2\n")
	n.toTheRouter("iifname server udp dport 53 drop")
	id := ca.certificate(n, host, nil)
	n.pureFTPd(serverAddress, "21", id)
	d := n.doctor(append(n.site("21"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 0, "ftp-slow-banner")
	n.handshake(d, serverAddress+":21", fact.Explicit, id)
}

func opensshFull(n *network, _ *authority) {
	n.names(serverAddress)
	n.openSSH(serverAddress, "22", "MaxStartups 1:100:1")
	n.occupy(serverAddress + ":22")
	d := n.doctor(append(n.site("22"), host)...)
	o := n.step(d, serverAddress+":22", "first bytes", func(o *fact.Observation) bool { return o.Opening != nil })
	if o != nil && !slices.Equal(o.Opening.Lines, []string{"Exceeded MaxStartups"}) {
		n.t.Errorf("the server says %q, want Exceeded MaxStartups", o.Opening.Lines)
	}
	n.expect(d, 1, "ssh-not-allowed-now")
}

// Debian's sshd asks tcp_wrappers, and closes without a word.
func opensshDenied(n *network, _ *authority) {
	n.names(serverAddress)
	n.etc(n.server, "hosts.deny", "sshd: ALL\n")
	n.openSSH(serverAddress, "22")
	d := n.doctor(append(n.site("22"), host)...)
	n.expect(d, 1, "ssh-closed-before-banner")
}

func opensshOldAlgorithms(n *network, _ *authority) {
	n.names(serverAddress)
	n.openSSH(serverAddress, "22", "KexAlgorithms diffie-hellman-group1-sha1")
	d := n.doctor(append(n.site("22"), host)...)
	o := n.step(d, serverAddress+":22", "key exchange", func(o *fact.Observation) bool { return o.Kex != nil && o.Kex.Offer != nil })
	if o != nil && !slices.Contains(o.Kex.Offer.Kex, "diffie-hellman-group1-sha1") {
		n.t.Errorf("the server offers %v", o.Kex.Offer.Kex)
	}
	n.expect(d, 0, "ssh-no-common-alg") // this program still can, and few others
}

// DNS servers.

// dnsmasq without an upstream server refuses to answer for names that are not its own.
func resolverRefuses(n *network, _ *authority) {
	n.dnsmasq(dnsAddress)
	d := n.doctor(host)
	n.expect(d, 1, "dns-unanswered")
	n.lookup(d, dnsAddress+":53", host, fact.QueryRefused)
}

func resolverSilent(n *network, _ *authority) {
	n.names(serverAddress)
	n.toTheRouter("iifname client meta l4proto { tcp, udp } th dport 53 drop")
	d := n.doctor(host)
	n.expect(d, 1, "dns-unanswered")
	n.lookup(d, dnsAddress+":53", host, fact.Timeout)
}

// Of two configured DNS servers the first gives no answer. Everything works in the end.
func firstResolverSilent(n *network, ca *authority) {
	n.etc(n.client, "resolv.conf", "nameserver "+otherDNS+"\nnameserver "+dnsAddress+"\n")
	n.names(serverAddress)
	n.toTheRouter("ip daddr " + otherDNS + " udp dport 53 drop")
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	d := n.doctor("--ca-file", ca.rootFile, host)
	n.expect(d, 0, "dns-unanswered")
	n.ways(d, "ftpes 21 explicit verified")
}

// The configured DNS server gives 0.0.0.0, another one that the user names the address.
func resolverBlocks(n *network, ca *authority) {
	n.dnsmasq(dnsAddress, "address=/#/", "address=/"+host+"/0.0.0.0")
	n.dnsmasq(otherDNS, "address=/#/", "host-record="+host+","+serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	d := n.doctor("--ca-file", ca.rootFile, "--resolver", otherDNS, host)
	n.expect(d, 1, "dns-blocked-locally")
}

// Every name that does not exist leads to a search page, this one too.
func resolverRewrites(n *network, ca *authority) {
	n.dnsmasq(dnsAddress, "address=/#/"+secondAddress)
	n.dnsmasq(otherDNS, "address=/#/", "host-record="+host+","+serverAddress)
	id := ca.certificate(n, "search.example.net", nil)
	n.web(secondAddress, id)
	n.vsftpd(serverAddress, "21", id)
	d := n.doctor("--ca-file", ca.rootFile, "--resolver", otherDNS, host)
	n.expect(d, 1, "dns-rewrite")
	if !strings.Contains(d.Verdict.Summary, "invents an address") {
		n.t.Errorf("%q does not say that the address is invented", d.Verdict.Summary)
	}
}

// The configured DNS server still gives the address of another computer.
func resolverStale(n *network, ca *authority) {
	n.names(secondAddress)
	n.dnsmasq(otherDNS, "address=/#/", "host-record="+host+","+serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	n.vsftpd(secondAddress, "21", ca.certificate(n, "shop.example.net", nil))
	d := n.doctor("--ca-file", ca.rootFile, "--resolver", otherDNS, host)
	n.expect(d, 1, "dns-stale")
}

// The configured DNS server gives an address that only means something elsewhere.
func resolverSplitHorizon(n *network, ca *authority) {
	n.names("10.20.30.40")
	n.dnsmasq(otherDNS, "address=/#/", "host-record="+host+","+serverAddress)
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil))
	d := n.doctor("--ca-file", ca.rootFile, "--resolver", otherDNS, host)
	n.expect(d, 1, "dns-split-horizon")
}

// More addresses than fit into 512 bytes: the answer is asked for again over TCP.
func resolverTruncates(n *network, _ *authority) {
	settings := []string{"edns-packet-max=512"}
	for i := range 40 {
		settings = append(settings, fmt.Sprintf("host-record=%s,198.51.100.%d", host, 100+i))
	}
	n.dnsmasq(dnsAddress, settings...)
	d := n.doctor("--only", "dns", host)
	answer := func(transport string) *fact.Observation {
		return n.step(d, dnsAddress+":53", "answer over "+transport, func(o *fact.Observation) bool {
			return o.Lookup != nil && o.Lookup.Name == host && o.Lookup.Type == "A" && o.Lookup.Transport == transport
		})
	}
	if o := answer("udp"); o != nil && !o.Lookup.Truncated {
		n.t.Error("the answer over UDP is not marked as truncated")
	}
	if o := answer("tcp"); o != nil && len(o.Lookup.Addresses()) != 40 {
		n.t.Errorf("the answer over TCP has %d addresses, want 40", len(o.Lookup.Addresses()))
	}
}

func nameWithoutAddress(n *network, _ *authority) {
	n.dnsmasq(dnsAddress, "address=/#/", "txt-record="+host+",moved")
	d := n.doctor(host)
	n.expect(d, 1, "dns-no-address")
}

func nameDoesNotExist(n *network, _ *authority) {
	n.names()
	d := n.doctor(host)
	n.expect(d, 1, "dns-nxdomain")
	n.lookup(d, dnsAddress+":53", host, fact.NXDomain)
}

// The hosts file leads to another computer, which has SSH but not the site's FTP.
func hostsFileOverride(n *network, ca *authority) {
	n.names(serverAddress)
	args := n.ftpAndSSH(ca, serverAddress)
	n.openSSH(secondAddress, "22")
	n.etc(n.client, "hosts", "127.0.0.1 localhost\n"+secondAddress+" "+host+" # moved in March\n")
	d := n.doctor(args...)
	n.expect(d, 1, "dns-hosts-override")
	o := n.step(d, "", "hosts file", func(o *fact.Observation) bool { return o.Hosts != nil })
	if o != nil && (len(o.Hosts.Lines) != 1 || o.Hosts.Lines[0].Line != 2 || o.Hosts.Lines[0].Address != secondAddress) {
		n.t.Errorf("lines of the hosts file are %+v, want line 2, %s", o.Hosts.Lines, secondAddress)
	}
	n.connect(d, secondAddress+":22", "")
}

// lookup checks how a DNS server's answer about a name failed.
func (n *network) lookup(d *diagnosis, dns, name string, want fact.Kind) {
	n.t.Helper()
	o := n.step(d, dns, "answer about "+name, func(o *fact.Observation) bool {
		return o.Lookup != nil && o.Lookup.Name == name && o.Lookup.Type == "A"
	})
	if o != nil && !o.Failed(want) {
		n.t.Errorf("%s answered about %s with %+v, want %s", dns, name, o.Failure, want)
	}
}
