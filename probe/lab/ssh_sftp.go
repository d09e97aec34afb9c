package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// SFTP is how an SSH server serves files: version 3 of the protocol (draft-ietf-secsh-filexfer-02), with the words of
// OpenSSH. The zero SFTP begins in the root of the host's disk.
type SFTP struct {
	// Home is the folder in which a session begins; it need not exist.
	Home string
	// Forbidden are folders that the user may not read.
	Forbidden []string
	// Folder is a further folder on the disk, Crowd is how many more files the root holds.
	Folder string
	Crowd  int
	// ReadOnly refuses uploads.
	ReadOnly bool
	// Room is how many bytes an upload may have until the disk is full; zero: plenty. Full is the status that says so; zero:
	// 4, a failure, as version 3 knows no other.
	Room int
	Full uint32
	// Replaces makes the server write something else than was sent.
	Replaces bool
	// Version is announced in place of 3.
	Version uint32
	// Names are what every folder seems to hold, in place of what it does. Endless lists them without an end.
	Names   []string
	Endless bool
	// Raw is sent in place of the answer to the visitor's first packet.
	Raw string
	// Instead are the answers to other packets, by their number (SSH_FXP_OPEN is 3): number and body, without length and id.
	Instead map[byte]string
	// WrongIDs answers what was never asked.
	WrongIDs bool
}

// The packets and the statuses of SFTP.
const (
	fxInit, fxVersion                                                  = 1, 2
	fxOpen, fxClose, fxRead, fxWrite, fxLstat, fxFstat                 = 3, 4, 5, 6, 7, 8
	fxOpendir, fxReaddir, fxRemove, fxRealpath, fxStat                 = 11, 12, 13, 16, 17
	fxStatus, fxHandle, fxData, fxName, fxAttrs                        = 101, 102, 103, 104, 105
	statusOK, statusEOF, statusNoSuchFile, statusForbidden, statusFail = 0, 1, 2, 3, 4
	statusUnsupported                                                  = 8
)

// statusWords are OpenSSH's (errmsg_from_status in its sftp-server.c); from 14 on they are those of the later drafts.
var statusWords = map[uint32]string{
	statusOK: "Success", statusEOF: "End of file", statusNoSuchFile: "No such file", statusForbidden: "Permission denied",
	statusFail: "Failure", statusUnsupported: "Operation unsupported", 14: "No space on filesystem", 15: "Quota exceeded",
}

// serveFiles is the SFTP server.
func (s *sshSession) serveFiles(ch *sshChannel) {
	ch.complain(s.Complaint)
	if _, err := io.WriteString(ch, s.Noise); err != nil {
		return
	}
	home := s.SFTP.Home
	if home == "" {
		home = "/"
	}
	f := &sftpSession{SFTP: s.SFTP, s: s, ch: ch, home: home, open: map[string]*opened{}}
	f.disk = s.c.world.disk(ipOf(s.c.local), s.SFTP.Crowd, s.SFTP.Folder)
	for f.next() {
	}
	ch.exit(0)
}

// sftpSession is one visitor of the SFTP server.
type sftpSession struct {
	SFTP
	s     *sshSession
	ch    *sshChannel
	disk  *disk
	home  string
	open  map[string]*opened
	count uint32
}

// opened is a file or folder behind a handle.
type opened struct {
	name    string
	folder  bool
	entries []string // not yet listed
	data    []byte
	writes  bool
}

var errSFTPPacket = errors.New("not a packet of SFTP")

func (f *sftpSession) read() ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(f.ch, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size == 0 || size > maxSSHPacket {
		return nil, errSFTPPacket
	}
	body := make([]byte, size)
	_, err := io.ReadFull(f.ch, body)
	return body, err
}

// stages are the points at which a conversation may break off, by the packet that the visitor has sent.
var stages = map[byte]Stage{
	fxInit: AtInit, fxRealpath: AtRealPath, fxOpendir: AtOpenFolder, fxReaddir: AtReadFolder, fxOpen: AtOpenFile,
	fxWrite: AtWrite, fxRead: AtRead, fxClose: AtClose, fxRemove: AtDelete,
}

// next answers one packet. It says false when the visitor is done.
func (f *sftpSession) next() bool {
	packet, err := f.read()
	if err != nil {
		return false
	}
	if stage, ok := stages[packet[0]]; ok && f.s.EndAfter == stage {
		return f.breakOff()
	}
	if packet[0] == fxInit {
		return f.init()
	}
	var asked struct {
		Number byte
		ID     uint32
		Rest   []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(packet, &asked) != nil {
		return false
	}
	var first struct {
		Text string
		Rest []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(asked.Rest, &first) != nil {
		return f.status(asked.ID, 5) // SSH_FX_BAD_MESSAGE
	}
	if f.WrongIDs {
		asked.ID += 1 << 31
	}
	if answer, ok := f.Instead[asked.Number]; ok {
		return f.send(slices.Concat([]byte(answer[:1]), binary.BigEndian.AppendUint32(nil, asked.ID), []byte(answer[1:])))
	}
	do := sftpRequests[asked.Number]
	if do == nil {
		return f.status(asked.ID, statusUnsupported)
	}
	return do(f, asked.ID, first.Text, first.Rest)
}

// breakOff goes silent, or hangs up.
func (f *sftpSession) breakOff() bool {
	if f.s.Hang {
		drain(f.ch)
	}
	_ = f.s.c.Close()
	return false
}

func (f *sftpSession) send(packet []byte) bool {
	framed := append(binary.BigEndian.AppendUint32(nil, uint32(len(packet))), packet...)
	_, err := f.ch.Write(framed)
	return err == nil
}

func (f *sftpSession) init() bool {
	if f.Raw != "" {
		_, err := io.WriteString(f.ch, f.Raw)
		return err == nil
	}
	version := f.Version
	if version == 0 {
		version = 3
	}
	packet := binary.BigEndian.AppendUint32([]byte{fxVersion}, version)
	for _, extension := range []struct{ Name, Value string }{
		{"posix-rename@openssh.com", "1"},
		{"statvfs@openssh.com", "2"},
		{"fstatvfs@openssh.com", "2"},
		{"hardlink@openssh.com", "1"},
		{"fsync@openssh.com", "1"},
		{"lsetstat@openssh.com", "1"},
		{"limits@openssh.com", "1"},
		{"expand-path@openssh.com", "1"},
		{"copy-data", "1"},
		{"home-directory", "1"},
		{"users-groups-by-id@openssh.com", "1"},
	} {
		packet = append(packet, ssh.Marshal(extension)...)
	}
	return f.send(packet)
}

func (f *sftpSession) status(id, code uint32) bool {
	return f.send(ssh.Marshal(struct {
		Number         byte
		ID, Code       uint32
		Text, Language string
	}{fxStatus, id, code, statusWords[code], ""}))
}

// sftpRequests are those that a visitor makes who looks, lists, and with --write sends and deletes a file. Each begins with a
// path or a handle.
var sftpRequests = map[byte]func(f *sftpSession, id uint32, first string, rest []byte) bool{
	fxRealpath: (*sftpSession).realPath,
	fxStat:     (*sftpSession).stat,
	fxLstat:    (*sftpSession).stat,
	fxFstat:    (*sftpSession).statOpened,
	fxOpendir:  (*sftpSession).openFolder,
	fxReaddir:  (*sftpSession).readFolder,
	fxOpen:     (*sftpSession).openFile,
	fxRead:     (*sftpSession).readFile,
	fxWrite:    (*sftpSession).writeFile,
	fxClose:    (*sftpSession).closeHandle,
	fxRemove:   (*sftpSession).remove,
}

// path is the full name of what the visitor calls so.
func (f *sftpSession) path(name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	return path.Join(f.home, name)
}

func (f *sftpSession) realPath(id uint32, name string, _ []byte) bool {
	return f.names(id, []string{f.path(name)}, func(name string) []byte { return entry(name, name, nil) })
}

// names sends SSH_FXP_NAME.
func (f *sftpSession) names(id uint32, names []string, line func(string) []byte) bool {
	packet := ssh.Marshal(struct {
		Number    byte
		ID, Count uint32
	}{fxName, id, uint32(len(names))})
	for _, name := range names {
		packet = append(packet, line(name)...)
	}
	return f.send(packet)
}

// entry is one name with its attributes; without a file it has none.
func entry(name, long string, about *file) []byte {
	b := ssh.Marshal(struct{ Name, Long string }{name, long})
	return append(b, attributes(about)...)
}

// attributes are size, permissions and times.
func attributes(about *file) []byte {
	if about == nil {
		return make([]byte, 4)
	}
	const size, permissions, times = 1, 4, 8
	mode := uint32(0o100644)
	if about.folder {
		mode = 0o040755
	}
	at := uint32(about.at.Unix())
	return ssh.Marshal(struct {
		Flags         uint32
		Size          uint64
		Mode          uint32
		Read, Changed uint32
	}{size | permissions | times, uint64(len(about.data)), mode, at, at})
}

func (f *sftpSession) stat(id uint32, name string, _ []byte) bool {
	about := f.disk.find(f.path(name))
	if about == nil {
		return f.status(id, statusNoSuchFile)
	}
	return f.attrs(id, about)
}

func (f *sftpSession) attrs(id uint32, about *file) bool {
	packet := ssh.Marshal(struct {
		Number byte
		ID     uint32
	}{fxAttrs, id})
	return f.send(append(packet, attributes(about)...))
}

func (f *sftpSession) statOpened(id uint32, handle string, _ []byte) bool {
	o := f.open[handle]
	if o == nil {
		return f.status(id, statusFail)
	}
	return f.attrs(id, &file{folder: o.folder, data: o.data})
}

// handle hands out a new one.
func (f *sftpSession) handle(id uint32, o *opened) bool {
	f.count++
	handle := string(binary.BigEndian.AppendUint32(nil, f.count))
	f.open[handle] = o
	return f.send(ssh.Marshal(struct {
		Number byte
		ID     uint32
		Handle string
	}{fxHandle, id, handle}))
}

func (f *sftpSession) openFolder(id uint32, name string, _ []byte) bool {
	name = f.path(name)
	about := f.disk.find(name)
	switch {
	case about == nil:
		return f.status(id, statusNoSuchFile)
	case slices.Contains(f.Forbidden, name):
		return f.status(id, statusForbidden)
	case !about.folder:
		return f.status(id, statusFail)
	}
	entries := f.Names
	if len(entries) == 0 {
		entries = append([]string{".", ".."}, f.disk.names(name)...)
	}
	return f.handle(id, &opened{name: name, folder: true, entries: entries})
}

func (f *sftpSession) readFolder(id uint32, handle string, _ []byte) bool {
	o := f.open[handle]
	switch {
	case o == nil || !o.folder:
		return f.status(id, statusFail)
	case len(o.entries) == 0:
		return f.status(id, statusEOF)
	}
	// OpenSSH sends at most a hundred names at a time.
	piece := o.entries[:min(100, len(o.entries))]
	if !f.Endless {
		o.entries = o.entries[len(piece):]
	}
	return f.names(id, piece, func(name string) []byte {
		about := f.disk.find(path.Join(o.name, name))
		if about == nil {
			about = &file{}
		}
		return entry(name, longLine(name, about), about)
	})
}

func (f *sftpSession) openFile(id uint32, name string, rest []byte) bool {
	var how struct {
		Flags uint32
		Rest  []byte `ssh:"rest"`
	}
	if ssh.Unmarshal(rest, &how) != nil {
		return f.status(id, 5)
	}
	name = f.path(name)
	about, parent := f.disk.find(name), f.disk.find(path.Dir(name))
	const write = 2
	switch {
	case how.Flags&write == 0 && about == nil, parent == nil:
		return f.status(id, statusNoSuchFile)
	case about != nil && about.folder:
		return f.status(id, statusFail)
	case how.Flags&write == 0:
		return f.handle(id, &opened{name: name, data: about.data})
	case f.ReadOnly:
		return f.status(id, statusForbidden)
	}
	f.disk.put(name, nil)
	return f.handle(id, &opened{name: name, writes: true})
}

func (f *sftpSession) readFile(id uint32, handle string, rest []byte) bool {
	var where struct {
		Offset uint64
		Length uint32
	}
	o := f.open[handle]
	if o == nil || o.folder || ssh.Unmarshal(rest, &where) != nil {
		return f.status(id, statusFail)
	}
	if where.Offset >= uint64(len(o.data)) {
		return f.status(id, statusEOF)
	}
	data := o.data[where.Offset:]
	return f.send(ssh.Marshal(struct {
		Number byte
		ID     uint32
		Data   []byte
	}{fxData, id, data[:min(len(data), int(where.Length), sshPiece)]}))
}

// maxUpload bounds what a visitor can make the lab keep.
const maxUpload = 16 << 20

func (f *sftpSession) writeFile(id uint32, handle string, rest []byte) bool {
	var piece struct {
		Offset uint64
		Data   []byte
	}
	o := f.open[handle]
	if o == nil || !o.writes || ssh.Unmarshal(rest, &piece) != nil || piece.Offset > maxUpload {
		return f.status(id, statusFail)
	}
	end := int(piece.Offset) + len(piece.Data)
	if f.Room > 0 && end > f.Room {
		full := f.Full
		if full == 0 {
			full = statusFail
		}
		return f.status(id, full)
	}
	if f.Replaces {
		piece.Data = bytes.ToUpper(piece.Data)
	}
	if end > len(o.data) {
		o.data = append(o.data, make([]byte, end-len(o.data))...)
	}
	copy(o.data[piece.Offset:], piece.Data)
	f.disk.put(o.name, o.data)
	return f.status(id, statusOK)
}

func (f *sftpSession) closeHandle(id uint32, handle string, _ []byte) bool {
	if f.open[handle] == nil {
		return f.status(id, statusFail)
	}
	delete(f.open, handle)
	return f.status(id, statusOK)
}

func (f *sftpSession) remove(id uint32, name string, _ []byte) bool {
	name = f.path(name)
	switch about := f.disk.find(name); {
	case about == nil:
		return f.status(id, statusNoSuchFile)
	case about.folder:
		return f.status(id, statusFail)
	case f.ReadOnly:
		return f.status(id, statusForbidden)
	}
	f.disk.remove(name)
	return f.status(id, statusOK)
}
