package probe

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/lab"
	"ftpdoctor/probe/profile"
)

// workplace is a computer of the lab with a program named ssh.
type workplace struct {
	*lab.Computer
	ssh func(args []string) (string, error) // nil: there is none
}

func (d workplace) SSHConfig(_ context.Context, args ...string) (string, error) {
	if d.ssh == nil {
		return "", errors.ErrUnsupported
	}
	return d.ssh(args)
}

// janesPlan looks at a server that may speak SSH, where jane signs in.
func janesPlan() Plan {
	return Plan{
		Target:  fact.Target{Host: "sftp.example.com", User: "jane", Protocol: fact.SFTP},
		Profile: profile.ForHost("sftp.example.com"),
	}
}

// janesWorkplace is a computer with these files, named from the user's folder or from the root.
func janesWorkplace(files map[string]string) workplace {
	c := &lab.Computer{HomeDir: "/home/jane", Files: map[string]lab.File{}}
	for name, content := range files {
		if !strings.HasPrefix(name, "/") {
			name = "/home/jane/.ssh/" + name
		}
		c.Files[name] = lab.File{Content: content, Mode: 0o600}
	}
	return workplace{Computer: c}
}

// readConfig reads the ssh_config of a computer.
func readConfig(t *testing.T, plan Plan, d workplace) (*sshConfig, *fact.Observation) {
	t.Helper()
	s := newSession(t.Context(), plan, d, nil)
	config := s.sshConfig()
	if len(s.seen) > 1 || len(s.seen) == 1 && (s.seen[0].SSHConfig != config.seen || s.seen[0].Check != "local") {
		t.Fatalf("recorded %+v", s.seen)
	}
	if len(s.seen) == 0 {
		return config, nil
	}
	return config, &s.seen[0]
}

func TestSSHConfigFile(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want fact.SSHConfig // without its source and files
	}{
		"nothing":                {},
		"remarks":                {text: "# mine\n\n  # more\n"},
		"of others":              {text: "Host *.example.org !sftp.example.com\n Port 2222\nHost other\n User joe\n"},
		"taken out":              {text: "Host *.example.com !sftp.example.com\n Port 2222\n"},
		"for all":                {text: "Port 2222\n", want: fact.SSHConfig{Port: 2222}},
		"as it is anyway":        {text: "Port 22\nHostName SFTP.example.com\nIdentitiesOnly no\nPubkeyAuthentication yes\nProxyJump none\n"},
		"first value counts":     {text: "host sftp.example.com\n PORT=2222\n port = 2022\n", want: fact.SSHConfig{Port: 2222}},
		"host and user":          {text: "Host sftp*\n HostName %h.internal\n User \"joe the user\" # his own\n", want: fact.SSHConfig{HostName: "sftp.example.com.internal", User: "joe the user"}},
		"jump":                   {text: "ProxyJump joe@gate.example.com:2222\n", want: fact.SSHConfig{Proxy: "ProxyJump joe@gate.example.com:2222"}},
		"proxy command":          {text: "ProxyCommand exec /usr/bin/nc -X connect -P secret %h %p\n", want: fact.SSHConfig{Proxy: "ProxyCommand nc"}},
		"identities":             {text: "IdentityFile ~/.ssh/work\nIdentityFile \"%d/my key\"\nIdentitiesOnly yes\n", want: fact.SSHConfig{Identities: []string{"/home/jane/.ssh/work", "/home/jane/my key"}, Only: true}},
		"agent":                  {text: "IdentityAgent ~/.1password/agent.sock\n", want: fact.SSHConfig{Agent: "/home/jane/.1password/agent.sock"}},
		"methods":                {text: "PreferredAuthentications password\nPubkeyAuthentication no\nChallengeResponseAuthentication no\n", want: fact.SSHConfig{Methods: "password", Off: []string{"publickey", "keyboard-interactive"}}},
		"algorithms":             {text: "Ciphers aes256-ctr\nMACs +hmac-sha1\nKexAlgorithms ^curve25519-sha256\nPubkeyAcceptedKeyTypes ssh-ed25519\n", want: fact.SSHConfig{Algorithms: []string{"Ciphers", "PubkeyAcceptedKeyTypes"}}},
		"known hosts":            {text: "UserKnownHostsFile ~/.ssh/kh /dev/null\n", want: fact.SSHConfig{KnownHosts: []string{"/home/jane/.ssh/kh", "/dev/null"}}},
		"match host by its name": {text: "HostName %h.example.net\nMatch host sftp.example.com.example.net\n Port 2222\n", want: fact.SSHConfig{HostName: "sftp.example.com.example.net", Port: 2222}},
		"match host":             {text: "Match host *.example.com user jane\n Port 2222\n", want: fact.SSHConfig{Port: 2222}},
		"match another user":     {text: "Match user joe\n Port 2222\nMatch !user joe\n User jim\n", want: fact.SSHConfig{User: "jim"}},
		"match all":              {text: "Match host other\n Port 2\nMatch all\n Port 2222\n", want: fact.SSHConfig{Port: 2222}},
		"match final":            {text: "Match final host *\n Port 2222\n"},
		"match exec": {text: "Match host *.example.com exec \"touch /tmp/here\"\n Port 2222\n", want: fact.SSHConfig{
			Broken: []fact.BrokenLine{{File: "/home/jane/.ssh/config", Line: 1, Why: "its condition runs a command, which this program does not"}},
		}},
		"match exec of another host": {text: "Match host other exec \"touch /tmp/here\"\n Port 2222\n"},
		"match network": {text: "Match localnetwork 10.0.0.0/8\n Port 2222\nHost *\n User joe\n", want: fact.SSHConfig{
			User: "joe", Broken: []fact.BrokenLine{{File: "/home/jane/.ssh/config", Line: 1, Why: "its condition localnetwork cannot be judged here"}},
		}},
		"broken lines": {text: "Port twenty\nUser\nHostName \"open\n{json: 1}\nPort 70000\nPort 2222\n", want: fact.SSHConfig{
			Port: 2222, Broken: []fact.BrokenLine{
				{File: "/home/jane/.ssh/config", Line: 1, Why: "the port is no number from 1 to 65535"},
				{File: "/home/jane/.ssh/config", Line: 2, Why: "there is no value"},
				{File: "/home/jane/.ssh/config", Line: 3, Why: "a quotation mark is not closed"},
				{File: "/home/jane/.ssh/config", Line: 4, Why: "no option begins like this"},
				{File: "/home/jane/.ssh/config", Line: 5, Why: "the port is no number from 1 to 65535"},
			},
		}},
		"CRLF and a byte order mark": {text: "\ufeffHost sftp.example.com\r\n\tPort 2222\r\n", want: fact.SSHConfig{Port: 2222}},
	} {
		t.Run(name, func(t *testing.T) {
			d := janesWorkplace(map[string]string{"config": c.text})
			_, o := readConfig(t, janesPlan(), d)
			if reflect.DeepEqual(c.want, fact.SSHConfig{}) {
				if o != nil {
					t.Errorf("recorded %+v", o.SSHConfig)
				}
				return
			}
			c.want.Source, c.want.Files = "/home/jane/.ssh/config", []string{"/home/jane/.ssh/config"}
			if o == nil || !reflect.DeepEqual(*o.SSHConfig, c.want) || o.Failure != nil {
				t.Errorf("recorded %+v", o)
			}
		})
	}
}

func TestSSHConfigIncludes(t *testing.T) {
	d := janesWorkplace(map[string]string{
		"config":                       "Include conf.d/* ~/extra\nHost other\n Include never\nHost *\n Include me\n",
		"conf.d/1":                     "Host other\n Port 1\n",
		"conf.d/2":                     "Host sftp.example.com\n Port 2222\n",
		"never":                        "User wrong\n",
		"me":                           "Include me\n", // itself, for ever
		"/home/jane/extra":             "PreferredAuthentications publickey\n",
		"/etc/ssh/ssh_config":          "Include ssh_config.d/*.conf\nPort 3333\n",
		"/etc/ssh/ssh_config.d/a.conf": "User joe\n",
	})
	config, o := readConfig(t, janesPlan(), d)
	if o == nil || config.seen.Port != 2222 || config.seen.User != "joe" || config.seen.Methods != "publickey" || len(config.seen.Files) > maxConfigFiles+1 {
		t.Errorf("recorded %+v", config.seen)
	}
}

func TestSSHConfigIsNotRead(t *testing.T) {
	d := janesWorkplace(map[string]string{"config": "Port 2222\n", "/other": "Port 2022\n"})
	d.ssh = func([]string) (string, error) { return "", errors.ErrUnsupported }
	ftpOnly, none, other := janesPlan(), janesPlan(), janesPlan()
	ftpOnly.Target.Protocol = fact.FTPES
	none.SSHConfig = "none"
	other.SSHConfig = "/other"
	if _, o := readConfig(t, ftpOnly, d); o != nil {
		t.Errorf("for FTP alone: %+v", o.SSHConfig)
	}
	if _, o := readConfig(t, none, d); o != nil {
		t.Errorf("with none: %+v", o.SSHConfig)
	}
	if _, o := readConfig(t, other, d); o == nil || o.SSHConfig.Port != 2022 {
		t.Errorf("with another file: %+v", o)
	}
	d.HomeDir = ""
	if _, o := readConfig(t, janesPlan(), d); o != nil {
		t.Errorf("of nobody: %+v", o.SSHConfig)
	}
}

func TestSSHConfigThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		file lab.File
		want fact.Kind
	}{
		"folder":     {lab.File{Mode: fs.ModeDir | 0o700}, fact.Garbled},
		"forbidden":  {lab.File{Content: "Port 2\n"}, fact.NoPermission},
		"huge":       {lab.File{Mode: 0o600, Size: 100 << 20}, fact.TooLong},
		"no regular": {lab.File{Mode: fs.ModeNamedPipe | 0o600}, fact.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			d := janesWorkplace(nil)
			d.Files["/home/jane/.ssh/config"] = c.file
			_, o := readConfig(t, janesPlan(), d)
			if o == nil || !o.Failed(c.want) || !strings.Contains(o.Failure.Text, "/home/jane/.ssh/config") || o.SSHConfig.Source != "/home/jane/.ssh/config" {
				t.Errorf("recorded %+v", o)
			}
		})
	}
}

// What ssh says counts more than what this program reads.
func TestSSHConfigOfSSH(t *testing.T) {
	d := janesWorkplace(map[string]string{"config": "Port 2022\n"})
	var asked [][]string
	d.ssh = func(args []string) (string, error) {
		asked = append(asked, args)
		usual := "host sftp.example.com\nhostname sftp.example.com\nuser root\nport 22\nciphers a,b\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\n"
		if slices.Contains(args, "none") {
			return usual, nil
		}
		return strings.NewReplacer("port 22", "port 2222", "ciphers a,b", "ciphers b,a,c", "identityfile ~/.ssh/id_rsa\n", "").Replace(usual) +
			"proxycommand nc -x secret %h\n", nil
	}
	config, o := readConfig(t, janesPlan(), d)
	want := fact.SSHConfig{
		Source: "ssh -G", Files: []string{"/home/jane/.ssh/config"}, Port: 2222,
		Proxy: "ProxyCommand nc", Identities: []string{"/home/jane/.ssh/id_ed25519"},
	}
	if o == nil || !reflect.DeepEqual(*config.seen, want) || o.Failure != nil {
		t.Errorf("recorded %+v", config.seen)
	}
	if !reflect.DeepEqual(asked, [][]string{{"--", "sftp.example.com"}, {"-F", "none", "--", "sftp.example.com"}}) {
		t.Errorf("asked %v", asked)
	}
}

// A command of the user's configuration is not run behind their back.
func TestSSHIsNotAskedWhereItWouldRunACommand(t *testing.T) {
	for _, text := range []string{
		"Match exec \"touch /tmp/here\"\n Port 2\n",
		"Match host sftp.example.com exec=\"touch /tmp/here\"\n",
		"Match user nobody exec \"touch /tmp/here\"\n", // the user of this computer may be that one
		"match localuser jane EXEC x\n",
		"Include more\n",
		"Host other\n Include more\n",
		"Host other\nMatch host other\n Include more\n",
		"HostName real.example.com\nMatch host real.example.com exec x\n",
		"Match host other exec x\n", // the host may get that name
		strings.Repeat("Include empty\n", maxConfigFiles) + "Include more\n",
		"Include ~joe/config\n",
		"Include ${HOME}/config\n",
		"Include pipe\n",
	} {
		d := janesWorkplace(map[string]string{"config": text, "more": "Match !exec x\n", "empty": ""})
		d.Files["/home/jane/.ssh/pipe"] = lab.File{Mode: fs.ModeNamedPipe | 0o600}
		d.ssh = func([]string) (string, error) {
			t.Errorf("ssh was run with %q", text)
			return "", nil
		}
		readConfig(t, janesPlan(), d)
	}
}

func TestSSHComplains(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		broken []fact.BrokenLine
		failed fact.Kind
	}{
		"lines": {
			err:    errors.New("/home/jane/.ssh/config: line 2: Bad configuration option: foo\r\n/home/jane/.ssh/config line 3: Bad port 'abc'.\n/home/jane/.ssh/config: terminating, 2 bad configuration options\n"),
			broken: []fact.BrokenLine{{File: "/home/jane/.ssh/config", Line: 2, Why: "Bad configuration option: foo"}, {File: "/home/jane/.ssh/config", Line: 3, Why: "Bad port 'abc'"}},
		},
		"rights": {err: errors.New("Bad owner or permissions on /home/jane/.ssh/config\n"), failed: fact.Other},
		"slow":   {err: context.DeadlineExceeded}, // what this program read itself is enough
	} {
		t.Run(name, func(t *testing.T) {
			d := janesWorkplace(map[string]string{"config": "Port 2222\n"})
			d.ssh = func([]string) (string, error) { return "", c.err }
			config, o := readConfig(t, janesPlan(), d)
			if o == nil || config.seen.Port != 2222 || config.seen.Source != "/home/jane/.ssh/config" || !reflect.DeepEqual(config.seen.Broken, c.broken) {
				t.Fatalf("recorded %+v", config.seen)
			}
			if (o.Failure != nil) != (c.failed != "") || o.Failure != nil && o.Failure.Kind != c.failed {
				t.Errorf("failed with %+v", o.Failure)
			}
		})
	}
}

// The real ssh, where there is one: its output and its complaints are as these tests have them.
func TestSSHConfigOfTheRealSSH(t *testing.T) {
	needsProgram(t, "ssh")
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	d := janesWorkplace(nil)
	d.ssh = func(args []string) (string, error) {
		return System{HomeDir: account.HomeDir}.SSHConfig(t.Context(), args...)
	}
	file := filepath.Join(t.TempDir(), "config")
	for name, c := range map[string]struct {
		text   string
		want   fact.SSHConfig
		broken int
	}{
		"nothing": {text: "# nothing\n"},
		"options": {
			text: "Host sftp.example.com\n Port 2222\n ProxyJump gate\n IdentityFile ~/k\n IdentitiesOnly yes\n PasswordAuthentication no\n Ciphers aes256-ctr\n MACs +hmac-sha1\n",
			want: fact.SSHConfig{Port: 2222, Proxy: "ProxyJump gate", Identities: []string{"/home/jane/k"}, Only: true, Off: []string{"password"}, Algorithms: []string{"Ciphers"}},
		},
		"complaints": {text: "Foo bar\nPort 2222\nPort abc\n", want: fact.SSHConfig{Port: 2222}, broken: 2},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			d.Files[file] = lab.File{Content: c.text, Mode: 0o600}
			plan := janesPlan()
			plan.SSHConfig = file
			config, _ := readConfig(t, plan, d)
			got := *config.seen
			if len(got.Broken) != c.broken || c.broken == 0 && got.Source != "ssh -G" {
				t.Errorf("broken %v, source %s", got.Broken, got.Source)
			}
			got.Source, got.Files, got.Broken = "", nil, nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What this program is told in variables, other programs are not.
func TestEnvironmentOfOtherPrograms(t *testing.T) {
	t.Setenv("FTPDOCTOR_PASSWORD", janes)
	t.Setenv("ftpdoctor_otp", "123456") // the same on Windows
	t.Setenv("SSH_TEST_VARIABLE", "there")
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	config, seen := filepath.Join(folder, "config"), filepath.Join(folder, "seen")
	if err := os.WriteFile(config, []byte("Match exec \"env > "+seen+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (System{HomeDir: account.HomeDir}).SSHConfig(t.Context(), "-F", config, "--", "sftp.example.com"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(seen)
	if err != nil || !strings.Contains(string(text), "SSH_TEST_VARIABLE") || strings.Contains(string(text), janes) || strings.Contains(string(text), "123456") {
		t.Errorf("ssh was run with (%v)\n%s", err, text)
	}
}

func FuzzSSHConfigFile(f *testing.F) {
	f.Add("Host sftp.example.com\n Port 2222\n")
	f.Add("Match host a,b !exec \"x\" all\n")
	f.Add("Include * \"\n=\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		config, o := readConfig(t, janesPlan(), janesWorkplace(map[string]string{"config": text, "more": text}))
		if time.Since(began) > 5*time.Second {
			t.Errorf("it took %v", time.Since(began))
		}
		if o != nil && strings.ContainsAny(config.seen.HostName+config.seen.Proxy+config.seen.Agent+strings.Join(config.seen.Identities, ""), "\x1b\r\n") {
			t.Errorf("%+v", config.seen)
		}
	})
}
