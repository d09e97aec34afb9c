package lab

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"syscall"
	"time"
)

// File is a file of the computer, which belongs to its user.
type File struct {
	Content string
	Mode    fs.FileMode // fs.ModeDir: a folder; no rights at all: it cannot be read
	Size    int64       // zero: that of Content
	Time    time.Time   // of the last change
}

// Home is the user's folder.
func (c *Computer) Home() string { return c.HomeDir }

// SharedSSH is the folder of the SSH files of all users.
func (c *Computer) SharedSSH() string { return "/etc/ssh" }

// Glob lists the files that a pattern matches, in order.
func (c *Computer) Glob(pattern string) []string {
	var found []string
	for name := range c.Files {
		if ok, _ := path.Match(pattern, name); ok {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// ReadFile reads a file of the computer.
func (c *Computer) ReadFile(name string, limit int64) (content []byte, info fs.FileInfo, err error) {
	file, ok := c.Files[name]
	if !ok {
		return nil, nil, &fs.PathError{Op: "stat", Path: name, Err: syscall.ENOENT}
	}
	size := max(file.Size, int64(len(file.Content)))
	info = fileInfo{name: path.Base(name), size: size, file: file}
	switch {
	case file.Mode.IsDir() || size > limit:
		return nil, info, nil
	case file.Mode.Perm() == 0:
		return nil, info, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return []byte(file.Content), info, nil
}

// Mine is true: the computer has one user.
func (c *Computer) Mine(fs.FileInfo) bool { return true }

// SSHConfig says that the computer has no program named ssh.
func (c *Computer) SSHConfig(context.Context, ...string) (string, error) {
	return "", errors.ErrUnsupported
}

// fileInfo describes a file of the computer.
type fileInfo struct {
	name string
	size int64
	file File
}

func (f fileInfo) Name() string       { return f.name }
func (f fileInfo) Size() int64        { return f.size }
func (f fileInfo) Mode() fs.FileMode  { return f.file.Mode }
func (f fileInfo) ModTime() time.Time { return f.file.Time }
func (f fileInfo) IsDir() bool        { return f.file.Mode.IsDir() }
func (f fileInfo) Sys() any           { return nil }
