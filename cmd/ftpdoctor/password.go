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

// secrets finds what the user signs in with. Where somebody can be asked, the rest is asked for when a server wants it.
func (p *process) secrets(ctx context.Context, f *checkFlags, plan *probe.Plan, w world) (err error) {
	if err := sshSecrets(plan, w); err != nil {
		return err
	}
	question := probe.Question{Text: fmt.Sprintf("Password of %s at %s: ", plan.Target.User, plan.Target.Host), Hidden: true}
	plan.Password, err = givenPassword(f, plan, w)
	switch {
	case err != nil || plan.Target.User == "" || !w.asks:
		return err
	case plan.Password == "" && plan.TriesFTP():
		// FTP asks for the password in any case. It is asked for before the first connection, which would not wait for long.
		if plan.Password, err = p.askAlone(ctx, question); err != nil {
			return err
		}
		plan.NoPassword = plan.Password == ""
	}
	plan.Ask = p.asker()
	return checkTyped(plan.Password)
}

// givenPassword is the password that is written somewhere. Empty: there is none, or nobody to sign in.
func givenPassword(f *checkFlags, plan *probe.Plan, w world) (string, error) {
	user := plan.Target.User
	switch {
	case user == "":
		return "", nil
	case f.passwordFile != "":
		return passwordFrom(f.passwordFile)
	case w.env(passwordVariable) != "":
		return w.env(passwordVariable), checkPassword(passwordVariable, w.env(passwordVariable))
	case user == "anonymous", user == "ftp":
		return anonymous(plan), nil
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

// checkTyped finds a typed password that cannot be sent. None at all is an answer: there may be a key.
func checkTyped(password string) error {
	if password == "" {
		return nil
	}
	return checkPassword("the password", password)
}

// asker asks while a run goes on: the progress is hidden, and one question waits for the other.
func (p *process) asker() probe.Ask {
	return func(ctx context.Context, question probe.Question) (string, bool) {
		answer, err := p.askAlone(ctx, question)
		return answer, err == nil
	}
}

// askAlone asks while nothing else is shown.
func (p *process) askAlone(ctx context.Context, question probe.Question) (string, error) {
	p.asking.Lock()
	defer p.asking.Unlock()
	if ctx.Err() != nil {
		return "", errors.New("interrupted")
	}
	if p.progress {
		p.redraw("")
	}
	if question.Hidden {
		return p.askHidden(ctx, question.Text)
	}
	return p.ask(ctx, question.Text)
}

// askHidden asks on the terminal, without showing what is typed. An interrupt gives the terminal its echo back.
func (p *process) askHidden(ctx context.Context, question string) (string, error) {
	terminal, ok := p.stdin.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask on")
	}
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
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
		typed, err := term.ReadPassword(fd)
		answers <- answer{typed, err}
	}()
	select {
	case a := <-answers:
		p.say("")
		if errors.Is(a.err, io.EOF) { // Ctrl-D
			a.err = nil
		}
		return string(a.typed), a.err
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		p.say("")
		return "", errors.New("interrupted")
	}
}
