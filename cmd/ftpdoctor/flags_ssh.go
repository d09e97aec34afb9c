package main

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ftpdoctor/probe"
)

// sshFlags say what to sign in with by SSH, and what is known about the server.
type sshFlags struct {
	identities      []string
	knownHosts      []string
	sshConfig       string
	maxFailedLogins int
}

// The variables with secrets of SSH. They are never taken from the command line, which other users can see.
const (
	codeVariable       = "FTPDOCTOR_OTP"
	passphraseVariable = "FTPDOCTOR_KEY_PASSPHRASE"
)

// The failed logins that a run may make.
const (
	usualFailedLogins = 2
	mostFailedLogins  = 5
)

// timeToAnswer is what a run lasts longer when somebody may be asked in the middle of it.
const timeToAnswer = 2 * time.Minute

func (f *sshFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.identities, "identity", "i", nil, "show the private key in `FILE` to an SSH server (repeatable); a passphrase is asked for, or taken from "+passphraseVariable)
	flags.StringArrayVar(&f.knownHosts, "known-hosts", nil, "look for host keys in `FILE` in place of the known_hosts files of ssh (repeatable)")
	flags.StringVar(&f.sshConfig, "ssh-config", "", "read `FILE` in place of the configuration of ssh; none reads no file")
	flags.IntVar(&f.maxFailedLogins, "max-failed-logins", usualFailedLogins, "stop once `N` logins have failed, 1 to 5")
}

// check finds values that cannot be meant.
func (f *sshFlags) check() error {
	if f.maxFailedLogins < 1 || f.maxFailedLogins > mostFailedLogins {
		return fmt.Errorf("--max-failed-logins cannot be %d; write a number from 1 to %d, or leave -u out so that nobody signs in", f.maxFailedLogins, mostFailedLogins)
	}
	return nil
}

// plan takes the flags and the variables over into the plan.
func (f *sshFlags) plan(plan *probe.Plan, w world) error {
	if len(f.identities) > 0 && !plan.TriesSSH() {
		return errors.New("-i is for SSH, and no port is looked at that may speak it; leave -i out, or write --protocol sftp")
	}
	for _, path := range f.identities {
		if err := isThere(w.network, "-i", path); err != nil {
			return err
		}
	}
	for _, path := range f.knownHosts {
		if err := isThere(w.network, "--known-hosts", path); err != nil {
			return err
		}
	}
	if f.sshConfig != "" && f.sshConfig != "none" {
		if err := isThere(w.network, "--ssh-config", f.sshConfig); err != nil {
			return err
		}
	}
	plan.Identities, plan.KnownHosts, plan.SSHConfig, plan.MaxFailedLogins = f.identities, f.knownHosts, f.sshConfig, f.maxFailedLogins
	return nil
}

// isThere finds a path at which there is nothing. What is wrong with a file that is there is a part of the diagnosis.
func isThere(network probe.Network, flag, path string) error {
	if path == "" {
		return fmt.Errorf("%s names no file; write its path", flag)
	}
	_, _, err := network.ReadFile(path, 0)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return nil
	case strings.HasPrefix(path, "~"):
		return fmt.Errorf("%s: there is no file %s; a ~ stands for your folder only at the beginning of a word and outside quotation marks; write the whole path", flag, path)
	case runtime.GOOS != "windows" && strings.Contains(path, `\`):
		return fmt.Errorf("%s: there is no file %s; write / between folders", flag, path)
	}
	return fmt.Errorf("%s: there is no file %s; write the path of one", flag, path)
}

// sshSecrets takes the secrets of SSH from the environment.
func sshSecrets(plan *probe.Plan, w world) error {
	if plan.Target.User == "" {
		return nil
	}
	plan.Code, plan.Passphrase = strings.TrimSpace(w.env(codeVariable)), w.env(passphraseVariable)
	for variable, value := range map[string]string{codeVariable: plan.Code, passphraseVariable: plan.Passphrase} {
		if value == "" {
			continue
		}
		if err := checkPassword(variable, value); err != nil {
			return err
		}
	}
	return nil
}
