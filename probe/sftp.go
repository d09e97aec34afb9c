package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// sftpFiles is SFTP on a channel (draft-ietf-secsh-filexfer-02). The library speaks it; what it drops is read by the tap.
type sftpFiles struct {
	work   *sshWork
	client *sftp.Client
	tap    *packetTap

	program *program // that serves the files
	started *step    // its start, which is recorded at the end
}

// startSFTP asks for SFTP and begins with it. It returns nil where that fails, and whether SFTP was refused or ended without a word.
func (w *sshWork) startSFTP(p *program) (files *sftpFiles, mute bool) {
	step := w.begin("SFTP at "+w.t.wire.place, w.session.wait(replyLimit))
	step.Channel = &fact.Channel{Request: fact.SFTPSubsystem}
	ok, err := p.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"}))
	step.settle()
	var output []byte
	switch {
	case err != nil:
		err = w.endOf(step.Channel, err)
		w.tell(step.Channel, p, nil)
	case !ok:
		step.Channel.Refused, mute = true, true
	default:
		if files, output = w.initSFTP(p); files != nil {
			files.started, files.program = step, p
			return files, false
		}
		w.tell(step.Channel, p, output)
		mute = isClosed(p.over) && !isClosed(w.lost) && len(step.Channel.Stdout)+len(step.Channel.Stderr) == 0
	}
	step.end(w.ctx, err)
	return nil, mute
}

// noiseLimit is how long a program goes on with what it says in place of SFTP.
const noiseLimit = time.Second

// initSFTP agrees on the version of SFTP. Where that fails it returns what the program has said instead.
func (w *sshWork) initSFTP(p *program) (*sftpFiles, []byte) {
	f := &sftpFiles{work: w, tap: &packetTap{in: p}}
	step := w.begin("the version of SFTP at "+w.t.wire.place, w.session.wait(replyLimit))
	step.SFTP = &fact.SFTPStep{Request: fact.SFTPInit}
	// One piece of a file after the other: there are servers in front of object stores that take them in no other order.
	client, err := sftp.NewClientPipe(f.tap, openEnd{p}, sftp.UseConcurrentReads(false))
	if err == nil {
		f.client = client
		w.all.Go(func() { _ = client.Wait() })
		version, extensions := f.tap.version()
		step.SFTP.Version, step.SFTP.Extensions = version, fact.CleanLines(w.session.hide(extensions), maxExtensions)
		step.end(w.ctx, nil)
		return f, nil
	}
	step.settle()
	err = f.failure(err)
	w.hearNoise(f.tap)
	text, version := f.tap.noise()
	if version == 0 {
		version, _ = f.tap.version()
	}
	step.SFTP.Noise, step.SFTP.Version = w.t.clean(string(text), maxOutput), version
	step.end(w.ctx, err)
	return nil, text
}

// hearNoise listens on for a moment: a sentence may come in pieces, and SFTP behind it.
func (w *sshWork) hearNoise(tap *packetTap) {
	done := make(chan struct{})
	w.all.Go(func() {
		defer close(done)
		for version, err := 0, error(nil); version == 0 && err == nil; _, version = tap.noise() {
			_, err = tap.Read(make([]byte, maxClip))
		}
	})
	select {
	case <-done:
	case <-time.After(noiseLimit):
	case <-w.ctx.Done():
	}
}

// openEnd leaves the channel open, which the library closes on errors.
type openEnd struct{ io.Writer }

// Close implements io.Closer.
func (openEnd) Close() error { return nil }

// failure is why a step of SFTP failed, where the server has not refused it.
func (f *sftpFiles) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, sftp.ErrSSHFxConnectionLost):
		return f.work.t.ended(f.work.reason(io.EOF))
	case kind(err) == fact.Other:
		return breach{fact.Garbled, f.work.t.cleanLine(err.Error())}
	}
	return err
}

// do takes one step of SFTP. It says whether the step did its work.
func (f *sftpFiles) do(planned fact.SFTPStep, limit time.Duration, work func(*fact.SFTPStep) error) bool {
	w := f.work
	step := w.begin("SFTP at "+w.t.wire.place, w.session.wait(limit))
	step.SFTP = &planned
	f.tap.forget()
	err := f.failure(work(step.SFTP))
	if err == nil && w.t.wire.failed() {
		err = f.failure(io.EOF) // the library does not mind when a folder cannot be closed
	}
	if code, text := f.tap.refusal(); code != 0 {
		step.SFTP.Status, step.SFTP.Text = code, w.t.cleanLine(text)
		if !isClosed(w.lost) {
			err = nil
		}
	}
	step.end(w.ctx, err)
	return err == nil && step.SFTP.Status == 0 && !step.SFTP.Differs
}

// exercise lists the folder and, where it was asked for, writes a file to it.
func (f *sftpFiles) exercise() {
	defer f.recordStart()
	if !f.whereAmI() && isClosed(f.work.lost) {
		return
	}
	s := f.work.session
	listed := f.list(s.plan.Target.Folder)
	switch {
	case !s.plan.Write || f.work.ctx.Err() != nil || isClosed(f.work.lost):
	case !listed && s.plan.Target.Folder != "":
		s.skip("sftp", f.work.t.wire.place, "the transfer test", "the folder that was asked for cannot be opened")
	default:
		f.write()
	}
}

// recordStart records how SFTP was started. Meanwhile everything has come that the server had to complain of on the side, such as a
// home folder that is not there (OpenSSH, session.c).
func (f *sftpFiles) recordStart() {
	channel := f.started.Channel
	if isClosed(f.program.over) {
		f.work.tell(channel, f.program, nil)
	}
	channel.Stderr = f.work.t.clean(string(f.program.errors.bytes()), maxOutput)
	f.started.end(f.work.ctx, nil)
}

// whereAmI asks for the folder in which the user begins.
func (f *sftpFiles) whereAmI() bool {
	return f.do(fact.SFTPStep{Request: fact.SFTPRealPath}, replyLimit, func(step *fact.SFTPStep) error {
		path, err := f.client.RealPath(".")
		step.Path = f.work.t.cleanLine(path)
		return err
	})
}

// maxEntries is how many names of a folder are read.
const maxEntries = 1000

// list lists a folder; empty: the one in which the user begins.
func (f *sftpFiles) list(folder string) bool {
	if folder == "" {
		folder = "."
	}
	return f.do(fact.SFTPStep{Request: fact.SFTPList, Path: fact.Clean(folder)}, listingLimit, func(step *fact.SFTPStep) error {
		ctx, enough := context.WithCancel(f.work.ctx)
		defer enough()
		f.tap.stopAt(maxEntries, enough)
		entries, err := f.client.ReadDirContext(ctx, folder)
		step.Entries = len(entries)
		if errors.Is(err, context.Canceled) && f.work.ctx.Err() == nil {
			return nil
		}
		return err
	})
}

// packetTap reads along in what an SFTP server says, for what the library drops: the server's words with a refusal, its extensions,
// and what a shell says where a packet is due.
type packetTap struct {
	in io.Reader

	mu      sync.Mutex
	head    []byte // the first bytes
	packet  []byte // the beginning of the packet under way, without its length
	size    []byte // its length, as far as that has come
	left    int64  // bytes of it that are still to come
	hello   []byte // the packet with the version
	status  uint32 // of the first refusal; 0: none
	text    string // with it
	names   int    // that have come
	length  int    // of all packets, in bytes
	most    int    // names that are wanted
	enough  func() // called when there is more
	garbled bool   // no packet is recognised any more
}

// maxKept is how much of a packet is looked at.
const maxKept = 4 << 10

// The packets and codes of SFTP that are looked at (draft-ietf-secsh-filexfer-02 sections 3 and 7).
const (
	packetVersion = 2
	packetStatus  = 101
	packetName    = 104
	statusEOF     = 1
	longestPacket = 256 << 10 // that the library reads
)

// Read implements io.Reader.
func (t *packetTap) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = append(t.head, p[:min(n, maxClip-len(t.head))]...)
	t.follow(p[:n])
	return n, err
}

// follow cuts what comes into packets.
func (t *packetTap) follow(b []byte) {
	for len(b) > 0 && !t.garbled {
		if t.left == 0 {
			n := min(len(b), 4-len(t.size))
			t.size, b = append(t.size, b[:n]...), b[n:]
			if len(t.size) < 4 {
				return
			}
			t.left = int64(binary.BigEndian.Uint32(t.size))
			t.garbled = t.left == 0 || t.left > longestPacket
			t.size, t.packet = t.size[:0], t.packet[:0]
			continue
		}
		n := int(min(int64(len(b)), t.left))
		t.packet = append(t.packet, b[:min(n, maxKept-len(t.packet))]...)
		t.left, b = t.left-int64(n), b[n:]
		t.length += n
		if t.left == 0 {
			t.note(t.packet)
		}
	}
}

// note looks at a packet.
func (t *packetTap) note(packet []byte) {
	kind, body := packet[0], packet[1:]
	switch {
	case kind == packetVersion && t.hello == nil:
		t.hello = slices.Clone(body)
	case kind == packetStatus:
		t.noteStatus(body)
	case kind == packetName && len(body) >= 8:
		t.names += int(min(binary.BigEndian.Uint32(body[4:]), longestPacket))
		if t.enough != nil && (t.names > t.most || t.length > maxListing) {
			t.enough()
		}
	}
}

// noteStatus keeps the first refusal of a step. The end of a file or folder is none.
func (t *packetTap) noteStatus(body []byte) {
	if len(body) < 8 || t.status != 0 {
		return
	}
	code := binary.BigEndian.Uint32(body[4:])
	if code <= statusEOF {
		return
	}
	t.status = code
	text, _ := cutString(body[8:])
	if len(body) == maxKept-1 {
		text = wholeLines(text, 0)
	}
	t.text = string(text)
}

// cutString cuts a string off (RFC 4251 section 5), or what has come of it.
func cutString(b []byte) (text, rest []byte) {
	if len(b) < 4 {
		return nil, nil
	}
	size, b := int64(binary.BigEndian.Uint32(b)), b[4:]
	size = min(size, int64(len(b)))
	return b[:size], b[size:]
}

// forget begins a new step.
func (t *packetTap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status, t.text, t.names, t.length, t.enough = 0, "", 0, 0, nil
}

// stopAt calls a function once more names have come than are wanted, or names that are too long to be kept.
func (t *packetTap) stopAt(most int, enough func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.most, t.enough = most, enough
}

// refusal is the code and the text of the first refusal of this step; 0: there was none.
func (t *packetTap) refusal() (code int, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.status), t.text
}

// maxExtensions is how many names of extensions are kept. OpenSSH has about ten.
const maxExtensions = 40

// version is the version that the server speaks, and the names of its extensions.
func (t *packetTap) version() (version int, extensions []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.hello) < 4 {
		return 0, nil
	}
	rest := t.hello[4:]
	for len(rest) > 0 && len(extensions) < maxExtensions {
		var name []byte
		name, rest = cutString(rest)
		extensions = append(extensions, string(name))
		_, rest = cutString(rest)
	}
	return int(min(binary.BigEndian.Uint32(t.hello), 255)), extensions
}

// hello3 is how the packet with version 3 begins behind its length, which is below 64 KiB.
var hello3 = []byte{packetVersion, 0, 0, 0, 3}

// noise is what came in place of the first packet, and the version of SFTP that came behind it; 0: none did.
func (t *packetTap) noise() (text []byte, version int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hello != nil {
		return nil, 0
	}
	if i := bytes.Index(t.head, hello3); i >= 4 && t.head[i-4] == 0 && t.head[i-3] == 0 {
		return slices.Clone(t.head[:i-4]), 3
	}
	return slices.Clone(wholeLines(t.head, maxClip)), 0
}
