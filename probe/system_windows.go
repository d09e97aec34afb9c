package probe

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

func hostsPath() (string, error) {
	dir, err := windows.GetSystemDirectory()
	return filepath.Join(dir, "drivers", "etc", "hosts"), err
}
