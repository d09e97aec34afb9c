//go:build unix

package probe

import (
	"context"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// SharedSSH is the folder of the SSH files of all users.
func (System) SharedSSH() string { return "/etc/ssh" }

// Mine says whether a file belongs to the user.
func (System) Mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// systemAgents has nothing to add: an agent is named by the environment or by ssh_config.
func systemAgents(string) []string { return nil }

func dialAgent(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", address)
}
