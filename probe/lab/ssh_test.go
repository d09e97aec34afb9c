package lab

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// visitSSH signs in at sftp.example.org, and says what came of it.
func visitSSH(t *testing.T, server SSH, user string, ways []ssh.AuthMethod, then func(*ssh.Client)) (err error) {
	t.Helper()
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		c.onExample(server, 22)
		client, failed := signInBySSH(t, c, user, ways...)
		if err = failed; err != nil {
			return
		}
		defer func() { _ = client.Close() }()
		if then != nil {
			then(client)
		}
	})
	return err
}

func signInBySSH(t *testing.T, c *Computer, user string, ways ...ssh.AuthMethod) (*ssh.Client, error) {
	conn := dial(t, c, exampleIP+":22")
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	session, channels, requests, err := ssh.NewClientConn(conn, "x", &ssh.ClientConfig{
		User: user, Auth: ways, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		return nil, err
	}
	return ssh.NewClient(session, channels, requests), nil
}

func byPassword(password string) []ssh.AuthMethod { return []ssh.AuthMethod{ssh.Password(password)} }

func byKeys(keys ...Key) []ssh.AuthMethod {
	var signers []ssh.Signer
	for _, key := range keys {
		signers = append(signers, key.signer())
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signers...)}
}

// answers gives these to keyboard-interactive.
func answers(given ...string) ssh.AuthMethod {
	return ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
		if len(questions) > len(given) {
			return nil, errors.New("asked for more than there is")
		}
		now := given[:len(questions)]
		given = given[len(questions):]
		return now, nil
	})
}

func TestSSHSignIn(t *testing.T) {
	strangers := []Key{{Ed25519, "1"}, {Ed25519, "2"}, {Ed25519, "3"}, {Ed25519, "4"}, {Ed25519, "5"}, {Ed25519, "6"}, JaneEd25519}
	code := Round{Prompts: []Prompt{{Text: "Verification code: ", Answer: "123456"}}}
	keyAndPassword := accounts(Account{Keys: []Key{JaneEd25519}, Needs: []string{"publickey,password"}})
	tests := []struct {
		name   string
		server SSH
		ways   []ssh.AuthMethod
		fails  string // part of the error; empty: it does not
	}{
		{"password", SSH{}, byPassword(rightPassword), ""},
		{"another host key", SSH{HostKeys: []Key{HostRSA}}, byPassword(rightPassword), ""},
		{"ECDSA host key", SSH{HostKeys: []Key{HostECDSA}}, byPassword(rightPassword), ""},
		{"SHA-1 host key", SSH{HostKeys: []Key{HostRSA}, Offer: &Offer{HostKeys: []string{"ssh-rsa"}}}, byPassword(rightPassword), ""},
		{"256 bits", SSH{Offer: &Offer{Ciphers: []string{aes256GCM}}}, byPassword(rightPassword), ""},
		{"own password", SSH{Users: accounts(Account{Password: "x"})}, byPassword("x"), ""},
		{"wrong password", SSH{}, byPassword("x"), "unable to authenticate, attempted methods [none password]"},
		{"denied", SSH{Users: accounts(Account{Denied: true})}, byPassword(rightPassword), "unable to authenticate"},
		{"keys only", SSH{Methods: []string{"publickey"}}, byPassword(rightPassword), "attempted methods [none]"},
		{"key", SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}})}, byKeys(JaneEd25519), ""},
		{"ECDSA key", SSH{Users: accounts(Account{Keys: []Key{JaneECDSA}})}, byKeys(JaneECDSA), ""},
		{"RSA key", SSH{Users: accounts(Account{Keys: []Key{JaneRSA}})}, byKeys(JaneRSA), ""},
		{"RSA key, SHA-1 only", SSH{Users: accounts(Account{Keys: []Key{JaneRSA}}), Signatures: []string{"ssh-rsa"}}, byKeys(JaneRSA), ""},
		{"ECDSA key, RSA only", SSH{Users: accounts(Account{Keys: []Key{JaneECDSA}}), Signatures: []string{"ssh-rsa"}}, byKeys(JaneECDSA), "unable to authenticate"},
		{"another key", SSH{Users: accounts(Account{Keys: []Key{JaneECDSA}})}, byKeys(JaneEd25519), "unable to authenticate"},
		{"signature refused", SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}, RefusesSignatures: true})}, byKeys(JaneEd25519), "unable to authenticate"},
		{"too many keys", SSH{Users: accounts(Account{Keys: []Key{JaneEd25519}})}, byKeys(strangers...), `ssh: disconnect, reason 2: "Too many authentication failures"`},
		{"more tries", SSH{MaxTries: 10, Users: accounts(Account{Keys: []Key{JaneEd25519}})}, byKeys(strangers...), ""},
		{"key and password", SSH{Users: keyAndPassword}, append(byKeys(JaneEd25519), ssh.Password(rightPassword)), ""},
		{"key without password", SSH{Users: keyAndPassword}, byKeys(JaneEd25519), "unable to authenticate"},
		{"password before key", SSH{Users: keyAndPassword}, byPassword(rightPassword), "attempted methods [none]"},
		{"keyboard-interactive", SSH{Methods: []string{"keyboard-interactive"}}, []ssh.AuthMethod{answers(rightPassword)}, ""},
		{
			"password and code",
			SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{{Prompts: []Prompt{{Text: "Password: "}}}, code}})},
			[]ssh.AuthMethod{answers(rightPassword, "123456")},
			"",
		},
		{"wrong code", SSH{Methods: []string{"keyboard-interactive"}, Users: accounts(Account{Rounds: []Round{code}})}, []ssh.AuthMethod{answers("654321")}, "unable to authenticate"},
		{"expired", SSH{Users: accounts(Account{Expired: "Your account has expired."})}, byPassword(rightPassword), "EOF"},
		{"new password", SSH{Users: accounts(Account{NewPassword: true})}, byPassword(rightPassword), "unexpected message type 60"},
		{"slow", SSH{Thinks: 30 * time.Second}, byPassword(rightPassword), ""},
		{"weak group", SSH{WeakGroup: true}, byPassword(rightPassword), "no common algorithm for key exchange"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := visitSSH(t, test.server, jane, test.ways, nil)
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%v, want %q", err, test.fails)
			}
		})
	}
}

// Every stage ends a conversation, and none leaves anything behind.
func TestSSHBreaksOff(t *testing.T) {
	for stage := AtLines; stage <= AtDelete; stage++ {
		for _, hang := range []bool{false, true} {
			server := SSH{EndAfter: stage, Hang: hang, Methods: []string{"publickey", "keyboard-interactive", "password"}}
			ways := append(byKeys(JaneEd25519), answers("wrong"), ssh.Password(rightPassword))
			err := visitSSH(t, server, jane, ways, func(client *ssh.Client) {
				if err := sendAndDelete(client); err == nil {
					t.Errorf("stage %d is passed", stage)
				}
			})
			if reached := stage >= AtInside; (err == nil) != reached && stage != AtInside {
				t.Errorf("stage %d: %v", stage, err)
			}
		}
	}
}

// sendAndDelete is what a visitor with --write does.
func sendAndDelete(client *ssh.Client) error {
	files, err := sftp.NewClient(client)
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	if _, err := files.RealPath("."); err != nil {
		return err
	}
	if _, err := files.ReadDir("."); err != nil {
		return err
	}
	f, err := files.Create("sent.txt")
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte("hello")); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	f, err = files.Open("sent.txt")
	if err != nil {
		return err
	}
	got, err := io.ReadAll(f)
	if err != nil || string(got) != "hello" {
		return errors.Join(err, errors.New("read back "+string(got)))
	}
	if err := f.Close(); err != nil {
		return err
	}
	return files.Remove("sent.txt")
}

func TestSFTP(t *testing.T) {
	tests := []struct {
		name   string
		server SFTP
		fails  string
	}{
		{"healthy", SFTP{}, ""},
		{"a crowd", SFTP{Crowd: 3000}, ""},
		{"a folder below", SFTP{Home: "/incoming"}, ""},
		{"no home", SFTP{Home: "/home/jane"}, "file does not exist"},
		{"home forbidden", SFTP{Forbidden: []string{"/"}}, "permission denied"},
		{"read only", SFTP{ReadOnly: true}, "permission denied"},
		{"disk full", SFTP{Room: 3}, `sftp: "Failure" (SSH_FX_FAILURE)`},
		{"over quota", SFTP{Room: 3, Full: 15}, `sftp: "Quota exceeded"`},
		{"replaces", SFTP{Replaces: true}, "read back HELLO"},
		{"absurd length", SFTP{Raw: "\xff\xff\xff\xff\x02"}, "packet too long"},
		{"other version", SFTP{Version: 2}, "want 3, got 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := visitSSH(t, SSH{SFTP: test.server}, jane, byPassword(rightPassword), func(client *ssh.Client) {
				err := sendAndDelete(client)
				if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
					t.Errorf("%v, want %q", err, test.fails)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSSHSession(t *testing.T) {
	shut := Command{Stdout: "This account is currently not available.\n", Exit: 1}
	tests := []struct {
		name    string
		server  SSH
		command string // empty: the SFTP subsystem
		out     string
		fails   string
	}{
		{"true", SSH{}, "true", "", ""},
		{"unknown command", SSH{}, "whoami", "sh: 1: whoami: not found\n", "exited with status 127"},
		{"noise", SSH{Noise: "Welcome!\n"}, "true", "Welcome!\n", ""},
		{"noise before SFTP", SSH{Noise: "Welcome!\n"}, "", "", "packet too long"},
		{"no SFTP", SSH{NoSFTP: true}, "", "", "subsystem request failed"},
		{"exec without SFTP", SSH{NoSFTP: true}, "true", "", ""},
		{"forced", SSH{Forced: &shut}, "true", shut.Stdout, "exited with status 1"},
		{"forced in place of SFTP", SSH{Forced: &shut}, "", "", "EOF"},
		{"forced without a status", SSH{Forced: &Command{HangsUp: true}}, "true", "", "exited without exit status"},
		{"prohibited", SSH{RefusesSession: 1}, "true", "", `administratively prohibited ("open failed")`},
		{"idle", SSH{IdleLimit: time.Second, EndAfter: AtRealPath, Hang: true}, "", "", "connection lost"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := visitSSH(t, test.server, jane, byPassword(rightPassword), func(client *ssh.Client) {
				out, err := "", error(nil)
				if test.command == "" {
					err = sendAndDelete(client)
				} else {
					out, err = runCommand(client, test.command)
				}
				if out != test.out || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
					t.Errorf("%q, %v, want %q, %q", out, err, test.out, test.fails)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func runCommand(client *ssh.Client, command string) (string, error) {
	session, err := client.NewSession()
	if err != nil {
		return "", err
	}
	defer func() { _ = session.Close() }()
	out, err := session.CombinedOutput(command)
	return string(out), err
}

// The server tells its host keys, answers keepalive, and goes when nothing is said for long.
func TestSSHBesides(t *testing.T) {
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		c.onExample(SSH{HostKeys: []Key{HostEd25519, HostRSA}, IdleLimit: time.Minute, Banner: "Hello, jane.\n"}, 22)
		var shown string
		conn, channels, requests, err := ssh.NewClientConn(dial(t, c, exampleIP+":22"), "x", &ssh.ClientConfig{
			User: jane, Auth: byPassword(rightPassword), HostKeyCallback: ssh.InsecureIgnoreHostKey(),
			BannerCallback: func(text string) error { shown = text; return nil },
		})
		if err != nil || shown != "Hello, jane.\n" {
			t.Fatalf("%v, banner %q", err, shown)
		}
		go func() {
			for range channels {
			}
		}()
		told := <-requests
		if told.Type != "hostkeys-00@openssh.com" || !bytes.Contains(told.Payload, HostRSA.signer().PublicKey().Marshal()) {
			t.Errorf("the first request is %s", told.Type)
		}
		if ok, _, err := conn.SendRequest("keepalive@openssh.com", true, nil); ok || err != nil {
			t.Errorf("keepalive: %v, %v", ok, err)
		}
		start := time.Now()
		_ = conn.Wait()
		took(t, start, float64(time.Minute/(40*time.Millisecond)))
	})
}

func TestKeyCertificates(t *testing.T) {
	authority := Key{Ed25519, "authority"}
	server := SSH{Users: accounts(Account{Authority: &authority})}
	for name, test := range map[string]struct {
		by   Key
		to   string
		days int
		ok   bool
	}{
		"good":            {authority, jane, 30, true},
		"other authority": {Key{Ed25519, "another"}, jane, 30, false},
		"other user":      {authority, "joe", 30, false},
		"expired":         {authority, jane, -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, exampleSite, func(t *testing.T, c *Computer) {
				c.onExample(server, 22)
				certificate := JaneEd25519.certified(test.by, time.Duration(test.days)*day, test.to)
				signer, err := ssh.NewCertSigner(certificate, JaneEd25519.signer())
				if err != nil {
					t.Fatal(err)
				}
				client, err := signInBySSH(t, c, jane, ssh.PublicKeys(signer))
				if (err == nil) != test.ok {
					t.Errorf("sign-in: %v", err)
				}
				if err == nil {
					_ = client.Close()
				}
			})
		})
	}
}

// A host key is shown with its certificate to those who ask for that.
func TestHostCertificate(t *testing.T) {
	authority := Key{Ed25519, "authority"}
	for _, host := range []Key{HostEd25519, HostECDSA, HostRSA} {
		in(t, exampleSite, func(t *testing.T, c *Computer) {
			c.onExample(SSH{HostKeys: []Key{host}, Authority: &authority}, 22)
			checker := ssh.CertChecker{IsHostAuthority: func(key ssh.PublicKey, _ string) bool { return same(key, authority.signer().PublicKey()) }}
			conn, _, _, err := ssh.NewClientConn(dial(t, c, exampleIP+":22"), "x:22", &ssh.ClientConfig{User: jane, Auth: byPassword(rightPassword), HostKeyCallback: checker.CheckHostKey})
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
		})
	}
}

func TestFilesLeft(t *testing.T) {
	in(t, exampleSite, func(t *testing.T, c *Computer) {
		c.onExample(SSH{}, 22)
		client, err := signInBySSH(t, c, jane, byPassword(rightPassword)...)
		if err != nil {
			t.Fatal(err)
		}
		files, err := sftp.NewClient(client)
		if err != nil {
			t.Fatal(err)
		}
		f, err := files.Create("/incoming/left.txt")
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		if _, err := files.Stat("/nowhere"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("stat: %v", err)
		}
		_ = files.Close()
		_ = client.Close()
		if left := c.Left(); !slices.Equal(left, []string{"/incoming/left.txt"}) {
			t.Errorf("left: %q", left)
		}
	})
}
