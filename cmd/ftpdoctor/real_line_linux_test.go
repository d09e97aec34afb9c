package main

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ftpdoctor/probe/fact"
)

// line is a link of the router to the server in user space: two TUN devices, between which each packet takes its time, and some
// get lost (tun(4)). Linux has a queue for that, netem, which not every kernel comes with.
type line struct {
	delay time.Duration // one way
	loses int           // every so many packets; 0: none

	ends [2]*os.File
	all  sync.WaitGroup
}

// lay makes the link the way to the server's address.
func (n *network) lay(l *line) {
	n.t.Helper()
	for i, namespace := range []string{n.router, n.server} {
		if err := inside(namespace, func() (err error) {
			l.ends[i], err = openTUN("line")
			return err
		}); err != nil {
			n.t.Fatalf("a TUN device cannot be had: %v", err)
		}
		n.ip("-n " + namespace + " link set line up")
	}
	n.ip("-n " + n.router + " route add " + serverAddress + "/32 dev line")
	n.ip("-n " + n.server + " route add " + clientAddress + "/32 dev line")
	l.all.Go(func() { l.carry(l.ends[0], l.ends[1]) })
	l.all.Go(func() { l.carry(l.ends[1], l.ends[0]) })
	n.t.Cleanup(func() {
		_ = l.ends[0].Close()
		_ = l.ends[1].Close()
		l.all.Wait()
	})
}

// openTUN makes a TUN device in the namespace of this thread.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "tun"), nil
}

// carry takes packets from one end to the other until an end is closed.
func (l *line) carry(from, to *os.File) {
	type packet struct {
		bytes []byte
		at    time.Time
	}
	underWay := make(chan packet, 4096)
	defer close(underWay)
	l.all.Go(func() {
		for p := range underWay {
			time.Sleep(time.Until(p.at))
			_, _ = to.Write(p.bytes) // a packet that cannot be written is lost
		}
	})
	buffer := make([]byte, 64<<10)
	for n := 1; ; n++ {
		size, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.loses > 0 && n%l.loses == 0 {
			continue
		}
		underWay <- packet{append([]byte(nil), buffer[:size]...), time.Now().Add(l.delay)}
	}
}

// Over a line with a long way, a run takes its chain of round trips and little more. vsftpd 3.0.3 takes no X25519, so that each
// handshake has one more (RFC 8446 section 4.1.4), and the end of a listing comes after a goodbye on the data connection: 14 to the
// folder, 8 for each of two listings, 7 for the one that it refuses, 2 for the passive port.
func slowLine(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	n.lay(&line{delay: 100 * time.Millisecond})
	d := n.signIn(ca, append(n.site("21"), "--passive-samples", "1")...)
	n.healthy(d)
	n.ways(d, "ftpes 21 explicit listed")
	const chain = (14 + 2*8 + 7 + 2) * 200 * time.Millisecond
	if d.took < chain*9/10 || d.took > chain*13/10 {
		n.t.Errorf("took %v, the chain is %v", d.took, chain)
	}
	n.step(d, serverAddress+":21", "connect over the line", func(o *fact.Observation) bool {
		return o.Dial != nil && o.Took >= 200 && o.Took < 300
	})
}

// A line that loses every tenth packet is no fault of the server's.
func lossyLine(n *network, ca *authority) {
	n.names(serverAddress)
	n.account()
	n.vsftpd(serverAddress, "21", ca.certificate(n, host, nil), withUsers()...)
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	n.lay(&line{delay: 20 * time.Millisecond, loses: 10})
	d := n.signIn(ca, append(n.site("21", "22"), "--passive-samples", "2")...)
	n.healthy(d)
	n.ways(d, "sftp 22 ssh listed", "ftpes 21 explicit listed")
}

// What a person would do by hand, over the same line: look the name up, look at the ports with the scripts for certificates and
// for the ways to sign in, list the folder, and connect by ssh. Each waits for the one before, as a person does; the time to
// read and to type does not count.
func byHand(n *network, ca *authority) {
	for _, name := range []string{"dig", "nmap", "curl", "ssh"} {
		program(n.t, name)
	}
	n.names(serverAddress)
	n.account()
	id := ca.certificate(n, host, nil)
	n.vsftpd(serverAddress, "21", id, withUsers("require_ssl_reuse=NO")...)
	n.openSSH(serverAddress, "22", n.withAccount()...)
	n.web(serverAddress, id)
	n.knowsHost(host, n.hostKeyOf(serverAddress, "22"))
	n.lay(&line{delay: 25 * time.Millisecond})
	d := n.signIn(ca, n.site("21", "22", "443")...)
	n.ways(d, "sftp 22 ssh listed", "ftpes 21 explicit listed")

	began := time.Now()
	for _, command := range [][]string{
		{"dig", "+short", host},
		{"nmap", "-Pn", "-n", "-p", "21,22,443", "--script", "ssl-cert,ssh-hostkey,ssh-auth-methods,ftp-syst", host},
		{"curl", "-sS", "--ssl-reqd", "--cacert", ca.rootFile, "--user", user + ":" + password, "ftp://" + host + "/"},
		{"ssh", "-v", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", user + "@" + host, "true"},
	} {
		step := time.Now()
		cmd := exec.Command("ip", append([]string{"netns", "exec", n.client}, command...)...)
		out, err := cmd.CombinedOutput()
		n.t.Logf("%s: %v (%v)", command[0], time.Since(step).Round(time.Millisecond), err)
		if command[0] != "ssh" && err != nil { // ssh has no key here, and only looks
			n.t.Errorf("%s: %v\n%s", strings.Join(command[:1], " "), err, out)
		}
	}
	hand := time.Since(began)
	ratio := float64(d.took) / float64(hand)
	n.t.Logf("ftpdoctor took %v, by hand it took %v: %.2f", d.took.Round(time.Millisecond), hand.Round(time.Millisecond), ratio)
	if ratio > 1.5 {
		n.t.Errorf("ftpdoctor takes %.1f times as long as the work by hand", ratio)
	}
}

// TestRealLine looks at real servers over a line with a delay of its own.
func TestRealLine(t *testing.T) {
	runReal(t, []realTest{
		{"healthy-slow-line", slowLine},
		{"healthy-lossy-line", lossyLine},
		{"by-hand", byHand},
	})
}
