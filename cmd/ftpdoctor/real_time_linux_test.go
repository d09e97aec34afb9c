package main

import (
	"fmt"
	"strings"
	"testing"

	"ftpdoctor/probe/fact"
)

// TestRealTime leaves sessions of real servers alone, with limits of some seconds.
func TestRealTime(t *testing.T) {
	runReal(t, []realTest{
		{"idle-pure-ftpd", idlePureFTPd}, // its shortest limit is a minute
		{"healthy-idle-vsftpd", idleHealthy},
		{"idle-vsftpd", idleVsftpd},
		{"idle-vsftpd-in-clear", idleVsftpdClear},
		{"idle-proftpd", idleProFTPD},
		{"no-transfer-proftpd", noTransferProFTPD},
		{"no-transfer-proftpd-in-clear", noTransferProFTPDClear},
		{"healthy-idle-openssh", idleOpenSSH},
		{"idle-openssh-channel", idleOpenSSHChannel},
		{"idle-dropbear", idleDropbear},
		{"router-forgets", routerForgets},
		{"router-forgets-and-resets", routerResets},
		{"router-forgets-ssh", routerForgetsSSH},
		{"router-forgets-during-a-transfer", routerForgetsTransfer},
		{"one-address-at-times", oneAddressAtTimes},
		{"large-packets-lost", largePacketsLost},
	})
}

// idle checks how sessions ended that were left alone: with keep-alives or without.
func (n *network) idle(d *diagnosis, keptAlive bool, want fact.IdleEnd, words string) {
	n.t.Helper()
	for _, o := range d.Facts {
		if o.Idle == nil || (o.Idle.KeepAlive != "") != keptAlive {
			continue
		}
		if said := strings.Join(o.Idle.Lines, " "); o.Idle.End != want || !strings.Contains(said, words) {
			n.t.Errorf("the session with keep-alives: %v, ended %q after %v ms: %q; want %q, %q", keptAlive, o.Idle.End, o.Idle.Lived, said, want, words)
		}
		return
	}
	n.t.Errorf("no session was left alone, with keep-alives: %v", keptAlive)
}

func idleHealthy(n *network, ca *authority) {
	n.names(serverAddress)
	n.countConnections()
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("idle_session_timeout=60")...)
	d := n.signIn(ca, append(n.site("21"), "--idle=4s")...)
	n.healthy(d)
	n.idle(d, false, fact.IdleAlive, "")
	n.idle(d, true, fact.IdleAlive, "")
	n.ownsUp(d)
}

func idleVsftpd(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("idle_session_timeout=3")...)
	d := n.signIn(ca, append(n.site("21"), "--idle=6s")...)
	n.expect(d, 0, "data-tls-reuse", "idle-server-limit")
	n.idle(d, false, fact.IdleClosed, "") // under TLS it says nothing
	n.idle(d, true, fact.IdleAlive, "")
}

func idleVsftpdClear(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers("ssl_enable=NO", "idle_session_timeout=3")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext", "--idle=6s")
	n.expect(d, 0, "idle-server-limit")
	n.idle(d, false, fact.IdleGoodbye, "Timeout.")
}

func idleProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TimeoutIdle 3")...)
	d := n.signIn(ca, append(n.site("21"), "--idle=6s")...)
	n.expect(d, 0, "data-tls-reuse", "idle-server-limit")
	n.idle(d, false, fact.IdleClosed, "") // under TLS it says nothing
	n.idle(d, true, fact.IdleAlive, "")
}

func noTransferProFTPD(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on", "TimeoutNoTransfer 4")...)
	d := n.signIn(ca, append(n.site("21"), "--idle=9s")...)
	n.expect(d, 0, "data-tls-reuse", "idle-no-transfer")
	n.idle(d, false, fact.IdleClosed, "") // under TLS it says nothing
	n.idle(d, true, fact.IdleClosed, "")
}

func noTransferProFTPDClear(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine off", "TimeoutNoTransfer 4")...)
	d := n.signIn(ca, "--protocol", "ftp", "--allow-plaintext", "--idle=9s")
	n.expect(d, 0, "idle-no-transfer")
	n.idle(d, true, fact.IdleGoodbye, "No transfer timeout (4 seconds)")
}

func idlePureFTPd(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.pureFTPd(serverAddress, "21", ca.certificate(n, host, nil), n.pureDB(home, "--maxidletime", "1")...)
	d := n.signIn(ca, append(n.site("21"), "--idle=64s")...)
	n.expect(d, 0, "idle-server-limit")
	n.idle(d, false, fact.IdleGoodbye, "Timeout")
	n.idle(d, true, fact.IdleAlive, "")
}

// The questions of the server (ClientAliveInterval) are answered, so that a silent session lives on.
func idleOpenSSH(n *network, _ *authority) {
	n.sftpHost("ClientAliveInterval 1", "ClientAliveCountMax 1")
	d := n.signInSSH(withPassword, "--idle=4s")
	n.healthy(d)
	n.idle(d, false, fact.IdleAlive, "")
	n.idle(d, true, fact.IdleAlive, "")
}

// OpenSSH closes the channel of a session that transfers nothing, keep-alive or not (ChannelTimeout, since 9.2).
func idleOpenSSHChannel(n *network, _ *authority) {
	n.sftpHost("ChannelTimeout session:*=3s")
	d := n.signInSSH(withPassword, "--idle=7s")
	n.expect(d, 0, "idle-ssh")
	n.idle(d, false, fact.IdleClosed, "")
	n.idle(d, true, fact.IdleClosed, "")
}

func idleDropbear(n *network, _ *authority) {
	n.names(serverAddress)
	n.account()
	n.dropbear("-I", "3")
	d := n.signInSSH(withPassword, "--idle=6s")
	n.expect(d, 0, "idle-ssh")
	n.idle(d, false, fact.IdleClosed, "")
}

// forgets lets the router forget connections in which nothing passed for some seconds. What comes later without a SYN is not let
// through; verdict is what becomes of it.
func (n *network) forgets(seconds int, verdict string) {
	n.t.Helper()
	n.onTheWay("ct state established,related accept", "tcp flags & (syn | ack | rst | fin) != syn "+verdict)
	n.run(n.router, "sh", "-c", fmt.Sprintf("echo %d >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established", seconds))
}

func routerForgets(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	n.forgets(3, "drop")
	d := n.signIn(ca, append(n.site("21"), "--idle=7s")...)
	n.expect(d, 0, "data-tls-reuse", "idle-nat-limit")
	n.idle(d, false, fact.IdleSilent, "")
	n.idle(d, true, fact.IdleAlive, "")
}

func routerResets(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.proftpd(serverAddress, "21", ca.certificate(n, host, nil), n.userFile("TLSEngine on")...)
	n.forgets(3, "reject with tcp reset")
	d := n.signIn(ca, append(n.site("21"), "--idle=7s")...)
	n.expect(d, 0, "data-tls-reuse", "idle-nat-limit")
	n.idle(d, false, fact.IdleResetUse, "")
	n.idle(d, true, fact.IdleAlive, "")
}

func routerForgetsSSH(n *network, _ *authority) {
	n.sftpHost()
	n.forgets(3, "drop")
	d := n.signInSSH(withPassword, "--idle=7s")
	n.expect(d, 0, "idle-ssh")
	n.idle(d, false, fact.IdleSilent, "")
	n.idle(d, true, fact.IdleAlive, "")
}

// The data connection is busy, the one for commands is not.
func routerForgetsTransfer(n *network, ca *authority) {
	n.names(serverAddress)
	home := n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	n.forgets(4, "drop")
	d := n.signIn(ca, append(n.site("21"), "--idle=9s", "--write")...)
	n.expect(d, 1, "data-tls-reuse", "idle-during-transfer", "idle-nat-limit")
	n.left(home)
}

// The firewall drops one of four connections to one of two addresses.
func oneAddressAtTimes(n *network, ca *authority) {
	n.names(serverAddress, secondAddress)
	args := n.ftpAndSSH(ca, serverAddress, secondAddress)
	n.onTheWay("ip daddr " + secondAddress + " tcp dport 21 tcp flags & (syn | ack) == syn numgen inc mod 8 < 4 drop")
	d := n.doctor(append(args, "--repeat", "3", "--every", "1s")...)
	n.expect(d, 0, "tcp-intermittent")
}

// The way from the server takes packets of at most 700 bytes, and nobody says so. In packets of 536 bytes TLS comes about.
func largePacketsLost(n *network, ca *authority) {
	n.names(serverAddress)
	n.countConnections()
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "21", id)
	n.web(serverAddress, id)
	n.ip("-n " + n.router + " link set client mtu 700")
	n.fromTheRouter("meta l4proto { 1, 58 } drop")
	d := n.doctor(append(n.site("21", "443"), "--ca-file", ca.rootFile, host)...)
	n.expect(d, 1, "tcp-mtu-blackhole")
	n.step(d, serverAddress+":21", "TLS in small packets", func(o *fact.Observation) bool {
		return o.TLS != nil && o.TLS.Purpose == fact.SmallPackets && o.Failure == nil
	})
	for _, f := range d.Findings {
		if f.Cause == "tcp-mtu-blackhole" && f.Confidence != "certain" {
			n.t.Errorf("the confidence is %s", f.Confidence)
		}
	}
	n.ownsUp(d)
}
