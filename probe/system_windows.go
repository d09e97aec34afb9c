package probe

import (
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

func hostsPath() (string, error) {
	dir, err := windows.GetSystemDirectory()
	return filepath.Join(dir, "drivers", "etc", "hosts"), err
}

// limitSegment is nil: Windows does not let a program set the size of its segments.
func limitSegment(int) func(network, address string, c syscall.RawConn) error { return nil }
