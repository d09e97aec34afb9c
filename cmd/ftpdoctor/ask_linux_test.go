package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"ftpdoctor/probe"
	"ftpdoctor/probe/fact"
	"ftpdoctor/report"
)

// keyboard is a terminal, with somebody who answers the questions on it.
type keyboard struct {
	tty    *os.File // what the program has
	screen *os.File // what the user has
	mu     sync.Mutex
	shown  bytes.Buffer
}

func newKeyboard(t *testing.T) *keyboard {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	k := &keyboard{tty: tty, screen: screen}
	t.Cleanup(func() {
		_ = tty.Close()
		_ = screen.Close()
	})
	return k
}

// answer types each answer once its question is on the screen.
func (k *keyboard) answer(dialogue [][2]string) {
	b := make([]byte, 4096)
	for unseen := ""; ; {
		n, err := k.screen.Read(b)
		if err != nil {
			return
		}
		k.mu.Lock()
		k.shown.Write(b[:n])
		k.mu.Unlock()
		unseen += string(b[:n])
		if len(dialogue) > 0 && strings.Contains(unseen, dialogue[0][0]) {
			time.Sleep(100 * time.Millisecond) // nobody types faster than the terminal stops showing it
			_, _ = io.WriteString(k.screen, dialogue[0][1])
			dialogue, unseen = dialogue[1:], ""
		}
	}
}

func (k *keyboard) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown.String()
}

func (k *keyboard) echoes(t *testing.T) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(k.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// janesServer takes the key and the password of jane, and has an empty folder. It returns its address.
func janesServer(t *testing.T, key ssh.PublicKey, password string) string {
	t.Helper()
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, typed []byte) (*ssh.Permissions, error) {
			if password != "" && string(typed) == password {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, shown ssh.PublicKey) (*ssh.Permissions, error) {
			if key != nil && bytes.Equal(shown.Marshal(), key.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	host, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveJane(conn, config)
		}
	}()
	return listener.Addr().String()
}

func serveJane(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range requests {
				_ = request.Reply(request.Type == "subsystem", nil)
				if request.Type == "subsystem" {
					_ = sftp.NewRequestServer(channel, sftp.InMemHandler()).Serve()
					_ = channel.Close()
				}
			}
		}()
	}
}

// Whoever sits at a terminal is asked for what the server wants, and for no more.
func TestAskingInTheMiddleOfARun(t *testing.T) {
	const sure, hidden, unlock = "Type yes or no: ", "Password of jane at 127.0.0.1: ", "Passphrase of the key "
	lockedKey, public := newLockedKey(t)
	for name, c := range map[string]struct {
		key      ssh.PublicKey
		password string
		args     []string
		dialogue [][2]string
		code     int
		says     string
		unasked  []string
	}{
		"password":       {password: "open sesame", dialogue: [][2]string{{sure, "yes\n"}, {hidden, "open sesame\n"}}, says: "listed the folder"},
		"no":             {password: "open sesame", dialogue: [][2]string{{sure, "no\n"}}, code: 3, says: "ssh-hostkey-unknown", unasked: []string{hidden}},
		"trusted":        {password: "open sesame", args: []string{"--trust-anyway"}, dialogue: [][2]string{{hidden, "open sesame\n"}}, says: "listed the folder", unasked: []string{sure}},
		"key":            {key: public, args: []string{"-i", lockedKey}, dialogue: [][2]string{{unlock, "a guess\n"}, {"Try again: ", "open barley\n"}}, says: "listed the folder", unasked: []string{sure, hidden}},
		"none for FTP":   {password: "open sesame", args: []string{"--protocol", "", "--skip", "local"}, dialogue: [][2]string{{hidden, "\n"}}, code: 3, says: "no password was given", unasked: []string{sure}},
		"wrong password": {password: "open sesame", dialogue: [][2]string{{sure, "yes\n"}, {hidden, "canary-3Bd8\n"}}, code: 1, says: "auth-"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeyboard(t)
			go k.answer(c.dialogue)
			var out bytes.Buffer
			place := janesServer(t, c.key, c.password)
			env := map[string]string{"HOME": t.TempDir(), "TERM": "xterm"}
			_, port, _ := net.SplitHostPort(place)
			args := append(c.args, "-u", "jane", "-p", port, "--ssh-config", "none", "--color", "never", "127.0.0.1")
			if !slices.Contains(c.args, "--protocol") {
				args = append(args, "--protocol", "sftp")
			}
			code := run(t.Context(), args, k.tty, &out, k.tty, func(name string) string { return env[name] })
			if code != c.code || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit code %d:\n%s", code, out.String())
			}
			for _, secret := range []string{"open sesame", "open barley", "a guess", "canary-3Bd8"} {
				if strings.Contains(k.text()+out.String(), secret) {
					t.Errorf("%q is shown:\n%s", secret, k.text())
				}
			}
			for _, question := range c.unasked {
				if strings.Contains(k.text(), question) {
					t.Errorf("%q was asked:\n%s", question, k.text())
				}
			}
			for _, step := range c.dialogue {
				if strings.Count(k.text(), step[0]) != 1 {
					t.Errorf("%q was not asked once:\n%s", step[0], k.text())
				}
			}
			if !k.echoes(t) {
				t.Error("the terminal does not show any more what is typed")
			}
		})
	}
}

// Enter ends the watch over idle sessions, in each round anew.
func TestEnterEndsTheWatch(t *testing.T) {
	const watch = "Enter ends it"
	k := newKeyboard(t)
	go k.answer([][2]string{{watch, "\n"}, {"round 2 of 2", ""}, {watch, "\n"}})
	_, port, _ := net.SplitHostPort(janesServer(t, nil, "open sesame"))
	env := map[string]string{"HOME": t.TempDir(), "TERM": "xterm", "FTPDOCTOR_PASSWORD": "open sesame"}
	var out bytes.Buffer
	began := time.Now()
	code := run(t.Context(), []string{
		"-u", "jane", "-p", port, "--protocol", "sftp", "--ssh-config", "none", "--trust-anyway",
		"--idle", "60s", "--repeat", "2", "--every", "5s", "-f", "json", "127.0.0.1",
	}, k.tty, &out, k.tty, func(name string) string { return env[name] })
	if took := time.Since(began); code != 0 || took > 40*time.Second {
		t.Errorf("exit code %d after %v:\n%s", code, took, k.text())
	}
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for i, one := range r.Each() {
		alive := 0
		for _, o := range one.Seen {
			if o.Idle != nil && o.Idle.Early && o.Idle.End == fact.IdleAlive {
				alive++
			}
		}
		if alive != 2 {
			t.Errorf("in round %d %d sessions were alive when the user had seen enough, want 2", i+1, alive)
		}
	}
}

// newLockedKey is the path of a key with a passphrase, and its public half.
func newLockedKey(t *testing.T) (path string, public ssh.PublicKey) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "jane", []byte("open barley"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, signer.PublicKey()
}

// An interrupt at a question ends the run with a report, and gives the terminal back.
func TestInterruptAtAQuestion(t *testing.T) {
	k := newKeyboard(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go k.answer(nil)
	go func() {
		for !strings.Contains(k.text(), "Password of jane") {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
	}()
	var out bytes.Buffer
	place := janesServer(t, nil, "open sesame")
	code := run(ctx, []string{"-u", "jane", "--trust-anyway", "--ssh-config", "none", "sftp://" + place}, k.tty, &out, k.tty, func(string) string { return "" })
	if code != 3 || !strings.Contains(out.String(), "interrupted") {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
	if !k.echoes(t) {
		t.Error("the terminal does not show any more what is typed")
	}
}

// Without a terminal nothing hidden is asked.
func TestAsker(t *testing.T) {
	var said bytes.Buffer
	p := &process{stdin: strings.NewReader("yes\n"), stderr: &said}
	ask := p.asker()
	if answer, ok := ask(t.Context(), probe.Question{Text: "Passphrase: ", Hidden: true}); answer != "" || ok {
		t.Errorf("got %q, %t", answer, ok)
	}
	if answer, ok := ask(t.Context(), probe.Question{Text: "Sure? "}); answer != "yes" || !ok || said.String() != "Sure? " {
		t.Errorf("got %q, %t; said %q", answer, ok, said.String())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if answer, ok := ask(ended, probe.Question{Text: "Sure? "}); answer != "" || ok {
		t.Errorf("got %q, %t", answer, ok)
	}
}
