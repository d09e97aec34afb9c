package lab

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// disk holds the files of one host. A visitor's folders and files are those of jane.
type disk struct {
	mu    sync.Mutex
	files map[string]*file
}

// file is a file or a folder.
type file struct {
	folder bool
	data   []byte
	at     time.Time
	sent   bool // by a visitor
}

// disk is that of the host with this address. It is made with some files, a crowd of more, and a folder.
func (c *Computer) disk(addr netip.Addr, crowd int, folder string) *disk {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.Internet.at(addr)
	if host.disk == nil {
		now := time.Now().Add(-day)
		host.disk = &disk{files: map[string]*file{
			"/":                    {folder: true, at: now},
			"/incoming":            {folder: true, at: now},
			"/readme.txt":          {data: []byte("Hello.\n"), at: now},
			"/reports":             {folder: true, at: now},
			"/reports/october.csv": {data: []byte("day,orders\n31,17\n"), at: now},
		}}
		if folder != "" {
			host.disk.files[folder] = &file{folder: true, at: now}
		}
		for i := range crowd {
			host.disk.files[fmt.Sprintf("/order-%06d.pdf", i)] = &file{at: now}
		}
	}
	return host.disk
}

// Left lists the files that visitors have sent and nobody has deleted, on all hosts.
func (c *Computer) Left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var left []string
	for _, host := range c.Internet.Hosts {
		if host.disk == nil {
			continue
		}
		host.disk.mu.Lock()
		for name, f := range host.disk.files {
			if f.sent && !slices.Contains(left, name) {
				left = append(left, name)
			}
		}
		host.disk.mu.Unlock()
	}
	slices.Sort(left)
	return left
}

func (d *disk) find(name string) *file {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name]
}

func (d *disk) put(name string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[name] = &file{data: data, at: time.Now(), sent: true}
}

func (d *disk) remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
}

// names lists what a folder holds, in a fixed order.
func (d *disk) names(folder string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for name := range d.files {
		if name != "/" && path.Dir(name) == folder {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names
}

// list returns the entries of a folder, each as a line makes it of a name and a file.
func (d *disk) list(folder string, line func(name string, f *file) string) string {
	var all strings.Builder
	for _, name := range d.names(folder) {
		if f := d.find(path.Join(folder, name)); f != nil {
			all.WriteString(line(name, f) + "\r\n")
		}
	}
	return all.String()
}

// longLine is an entry of LIST as ls -l prints it, which nearly every server does.
func longLine(name string, f *file) string {
	mode := "-rw-r--r--    1"
	if f.folder {
		mode = "drwxr-xr-x    2"
	}
	return fmt.Sprintf("%s ftp      ftp      %12d %s %s", mode, len(f.data), f.at.UTC().Format("Jan 02 15:04"), name)
}

// dosLine is an entry of LIST as IIS prints it.
func dosLine(name string, f *file) string {
	size := fmt.Sprintf("%20d", len(f.data))
	if f.folder {
		size = "      <DIR>         "
	}
	return f.at.UTC().Format("01-02-06  03:04PM") + " " + size + " " + name
}

// factLine is an entry of MLSD (RFC 3659, section 7.2).
func factLine(name string, f *file) string {
	kind := "type=file;size=" + fmt.Sprint(len(f.data)) + ";"
	if f.folder {
		kind = "type=dir;"
	}
	return kind + "modify=" + f.at.UTC().Format("20060102150405") + "; " + name
}

func (s *ftpSession) disk() *disk {
	folder := s.Folder
	if s.Latin1 {
		folder = latin1(folder)
	}
	return s.raw.world.disk(ipOf(s.raw.local), s.Crowd, folder)
}

// latin1 writes a name with one byte for each letter.
func latin1(name string) string {
	var b []byte
	for _, r := range name {
		b = append(b, byte(r))
	}
	return string(b)
}

// path is the full name of what the visitor calls so.
func (s *ftpSession) path(name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	return path.Join(s.folder, name)
}

func (s *ftpSession) changeFolder(name string) bool {
	to := s.path(name)
	if f := s.disk().find(to); f == nil || !f.folder {
		return s.say(s.Brand.words().noFolder)
	}
	s.folder = to
	return s.say("250 Directory successfully changed.")
}

// about answers a question about a file.
func (s *ftpSession) about(name string, answer func(f *file) string) bool {
	f := s.disk().find(s.path(name))
	if f == nil || f.folder {
		return s.say(s.Brand.words().noFile)
	}
	return s.say(answer(f))
}

func (s *ftpSession) delete(name string) bool {
	switch f := s.disk().find(s.path(name)); {
	case f == nil || f.folder:
		return s.say(s.Brand.words().noFile)
	case s.ReadOnly:
		return s.say("550 Permission denied.")
	}
	s.disk().remove(s.path(name))
	return s.say("250 Delete operation successful.")
}
