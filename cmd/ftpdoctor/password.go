package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"ftpdoctor/probe"
)

// passwordVariable is where a password may stand. It is never taken from the command line, which other users can see.
const passwordVariable = "FTPDOCTOR_PASSWORD"

// maxPassword is how long a password may be: servers read lines of some hundred bytes.
const maxPassword = 1024

// password finds the password of the user that signs in. Empty: there is none, or nobody to sign in.
func (p *process) password(ctx context.Context, f *checkFlags, plan *probe.Plan, w world) (string, error) {
	target := plan.Target
	switch {
	case target.User == "":
		return "", nil
	case f.passwordFile != "":
		return passwordFrom(f.passwordFile)
	case w.env(passwordVariable) != "":
		return w.env(passwordVariable), checkPassword(passwordVariable, w.env(passwordVariable))
	case target.User == "anonymous", target.User == "ftp":
		return anonymous(plan), nil
	case w.asks && plan.TriesFTP():
		return p.askPassword(ctx, fmt.Sprintf("Password of %s at %s: ", target.User, target.Host))
	}
	return "", nil
}

// anonymous is what stands in for the password of a user that has none: the beginning of an address (RFC 1635). Where the
// service says that it has no such user, it is not worth a failed login.
func anonymous(plan *probe.Plan) string {
	if shape, ok := plan.Profile.User(plan.Target.User); ok && shape.Wrong {
		return ""
	}
	return "ftpdoctor@"
}

// passwordFrom reads a password from a file that only its owner can read.
func passwordFrom(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read --password-file %s: %w", path, reason(err))
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("cannot read --password-file %s: %w", path, reason(err))
	}
	// The permission bits say nothing on Windows.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode()&0o004 != 0 {
		return "", fmt.Errorf("everybody can read --password-file %s; make it yours alone: chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxPassword+2))
	if err != nil {
		return "", fmt.Errorf("cannot read --password-file %s: %w", path, reason(err))
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	return password, checkPassword("--password-file "+path, password)
}

// checkPassword finds a password that cannot be sent.
func checkPassword(where, password string) error {
	switch {
	case password == "":
		return fmt.Errorf("%s is empty; write the password into it, on one line", where)
	case strings.ContainsAny(password, "\r\n\x00"):
		return fmt.Errorf("%s has more than one line, or a zero byte; write the password alone into it", where)
	case len(password) > maxPassword:
		return fmt.Errorf("%s is longer than %d bytes; it is no password", where, maxPassword)
	}
	return nil
}

// askPassword asks on the terminal, without showing what is typed. An interrupt gives the terminal its echo back.
func (p *process) askPassword(ctx context.Context, question string) (string, error) {
	terminal, ok := p.stdin.(*os.File)
	if !ok {
		return "", nil
	}
	before, err := term.GetState(int(terminal.Fd()))
	if err != nil {
		return "", fmt.Errorf("the terminal cannot be asked for a password: %w; set %s", err, passwordVariable)
	}
	_, _ = fmt.Fprint(p.stderr, question)
	type answer struct {
		typed []byte
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		typed, err := term.ReadPassword(int(terminal.Fd()))
		answers <- answer{typed, err}
	}()
	select {
	case a := <-answers:
		p.say("")
		if a.err != nil || len(a.typed) == 0 {
			return "", errors.New("no password was written; without -u nobody signs in")
		}
		return string(a.typed), checkPassword("the password", string(a.typed))
	case <-ctx.Done():
		_ = term.Restore(int(terminal.Fd()), before)
		p.say("")
		return "", errors.New("interrupted")
	}
}
