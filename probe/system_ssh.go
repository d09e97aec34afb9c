package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Home is the user's folder.
func (sys System) Home() string { return sys.HomeDir }

// Glob lists the files that a pattern matches.
func (System) Glob(pattern string) []string {
	found, _ := filepath.Glob(pattern) // the error is a bad pattern, which matches nothing
	return found
}

// ReadFile reads a file of this computer.
func (System) ReadFile(path string, limit int64) (content []byte, info fs.FileInfo, err error) {
	// The type is asked for before the file is opened: to open a pipe waits for somebody to write into it.
	if info, err = os.Stat(path); err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, info, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, info, err
	}
	defer func() { _ = file.Close() }()
	content, err = io.ReadAll(io.LimitReader(file, limit))
	return content, info, err
}

// Agents lists the SSH agents: the one that the environment names, and those of the system.
func (sys System) Agents() []string {
	var found []string
	if sys.AgentSocket != "" {
		found = append(found, sys.AgentSocket)
	}
	if sys.HomeDir == "" {
		return found
	}
	return append(found, systemAgents(sys.AgentSocket)...)
}

// DialAgent connects to an SSH agent.
func (System) DialAgent(ctx context.Context, address string) (net.Conn, error) {
	return dialAgent(ctx, address)
}

// maxConfigOutput bounds what is read of "ssh -G", which prints about 100 lines.
const maxConfigOutput = 256 << 10

// SSHConfig runs the user's ssh with -G.
func (sys System) SSHConfig(ctx context.Context, args ...string) (string, error) {
	// OpenSSH's client reads the files of the account's folder, whatever HOME says (ssh(1), FILES).
	account, err := user.Current()
	if err != nil || sys.HomeDir == "" || filepath.Clean(account.HomeDir) != filepath.Clean(sys.HomeDir) {
		return "", errors.ErrUnsupported
	}
	path, err := exec.LookPath("ssh")
	if err != nil {
		return "", errors.ErrUnsupported
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-G"}, args...)...)
	cmd.Env = environment()
	cmd.WaitDelay = 100 * time.Millisecond // a command of "Match exec" may hold the output open
	out, errs := limited{most: maxConfigOutput}, limited{most: maxConfigOutput}
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err = cmd.Run(); err != nil && ctx.Err() == nil && errs.Len() > 0 {
		err = errors.New(errs.String())
	}
	return out.String(), err
}

// environment is that of other programs: without the secrets of this one.
func environment() []string {
	const own = "FTPDOCTOR_"
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return len(variable) >= len(own) && strings.EqualFold(variable[:len(own)], own)
	})
}

// limited keeps the first bytes that are written to it.
type limited struct {
	bytes.Buffer
	most int
}

// Write keeps what there is room for, and takes the rest too.
func (l *limited) Write(b []byte) (int, error) {
	_, _ = l.Buffer.Write(b[:min(len(b), l.most-l.Len())])
	return len(b), nil
}
