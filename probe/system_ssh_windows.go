package probe

import (
	"context"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/Microsoft/go-winio"
	"github.com/davidmz/go-pageant"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/sys/windows"
)

// SharedSSH is the folder of the SSH files of all users.
func (System) SharedSSH() string {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return ""
	}
	return data + `\ssh`
}

// Mine says whether a file belongs to the user. The permission bits that it is asked for mean nothing on Windows.
func (System) Mine(fs.FileInfo) bool { return false }

// The pipe on which the agent of OpenSSH for Windows listens, and the folder of all pipes.
const (
	pipeFolder  = `\\.\pipe\`
	opensshPipe = "openssh-ssh-agent"
)

// systemAgents lists the agents that run. ssh.exe asks the pipe where SSH_AUTH_SOCK names nothing else; PuTTY and WinSCP
// ask Pageant.
func systemAgents(named string) []string {
	var found []string
	if entries, err := os.ReadDir(pipeFolder); err == nil && named == "" &&
		slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == opensshPipe }) {
		found = append(found, pipeFolder+opensshPipe)
	}
	if pageant.Available() {
		found = append(found, Pageant)
	}
	return found
}

func dialAgent(ctx context.Context, address string) (net.Conn, error) {
	switch {
	case address == Pageant:
		near, far := net.Pipe()
		go func() {
			_ = agent.ServeAgent(pageant.New(), far) // ends with the connection
			_ = far.Close()
		}()
		return near, nil
	case strings.HasPrefix(strings.ReplaceAll(address, "/", `\`), pipeFolder):
		return winio.DialPipeContext(ctx, address)
	default:
		return new(net.Dialer).DialContext(ctx, "unix", address)
	}
}
