package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"

	"github.com/inconshreveable/mousetrap"
	"github.com/spf13/cobra"

	"ftpdoctor/probe"
	"ftpdoctor/probe/fact"
	"ftpdoctor/report"
)

const about = `ftpdoctor says in one sentence why an FTP, FTPS or SFTP connection fails, and what to do.

It looks at the name, at every address and port, at TLS, certificates and host keys. With
a user name it signs in by FTP and by SFTP, and lists the folder. The report can be sent
to support, and read there with: ftpdoctor read FILE`

const examples = `  ftpdoctor ftp.example.com
  ftpdoctor sftp://ftp.example.com
  ftpdoctor -u jane ftp.example.com
  ftpdoctor -u jane -i ~/.ssh/id_ed25519 sftp://ftp.example.com
  ftpdoctor -f json ftp.example.com > report.json
  ftpdoctor -F checks.json -f junit > checks.xml
  ftpdoctor demo`

// checkCommand is the command without a name: look at a host.
func (p *process) checkCommand() *cobra.Command {
	var f checkFlags
	var o outputFlags
	cmd := &cobra.Command{
		Use:     "ftpdoctor [flags] HOST | URL",
		Short:   "Look at a host and say what is wrong.",
		Long:    about,
		Example: examples,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := f.takeIdle(args)
			if err != nil {
				return err
			}
			if f.checks != "" {
				return p.smoke(cmd, &f, &o, world{network: system(p.env), env: p.env})
			}
			typed, err := p.host(cmd, args, f.noInput)
			if err != nil {
				return err
			}
			network := system(p.env)
			if network.Source, err = f.sourceAddress(); err != nil {
				return err
			}
			err = p.check(cmd, &f, &o, typed, world{network: network, env: p.env, asks: p.asks(f.noInput)})
			if err == nil && len(args) == 0 && mousetrap.StartedByExplorer() {
				_, err = p.ask(cmd.Context(), "\nPress Enter to close this window. ")
			}
			return err
		},
	}
	cmd.Flags().SortFlags = false
	f.register(cmd.Flags())
	o.register(cmd.Flags())
	return cmd
}

// world is what a run looks at: this computer, or one of the lab.
type world struct {
	network probe.Network
	roots   *x509.CertPool // trusted authorities; nil: the system's
	env     func(string) string
	// hostKeys are the SSH fingerprints that services publish here; nil: those that their profiles know.
	hostKeys func() []string
	asks     bool // there is a terminal, and nobody said not to ask
}

// look carries out a plan. What a service publishes counts while it is looked at; the facts hold what came of it.
func (w world) look(ctx context.Context, plan probe.Plan, progress *probe.Progress) fact.Run {
	if len(plan.Profile.HostKeys) > 0 && w.hostKeys != nil {
		plan.Profile.HostKeys = w.hostKeys()
	}
	return probe.Run(ctx, plan, w.network, progress)
}

// check looks at a host and shows the report.
func (p *process) check(cmd *cobra.Command, f *checkFlags, o *outputFlags, typed string, w world) error {
	d, err := o.destinations()
	if err != nil {
		return err
	}
	if f.port == 0 && cmd.Flags().Changed("port") {
		return errors.New("--port cannot be 0; write a number from 1 to 65535")
	}
	if f.repeat == 1 && cmd.Flags().Changed("every") {
		return errors.New("--every is the time between the rounds of --repeat; add --repeat N")
	}
	plan, err := f.plan(typed, cmd.Flags().Changed("timeout"), w)
	if err != nil {
		return err
	}
	if err := p.secrets(cmd.Context(), f, &plan, w); err != nil {
		return err
	}
	if plan.Ask != nil && !cmd.Flags().Changed("timeout") {
		plan.Timeout += timeToAnswer
	}
	if plan.Idle > 0 && w.asks {
		plan.Enough = sync.OnceValue(p.enter)
	}
	p.announce(&plan)
	progress := &probe.Progress{}
	hide := p.showProgress(progress, o.quiet)
	run := w.look(cmd.Context(), plan, progress)
	hide()
	return p.show(report.New(run, plan.Profile), d)
}

// system is this computer's network, as the environment describes its user.
func system(env func(string) string) probe.System {
	home := env("HOME")
	if runtime.GOOS == "windows" {
		home = env("USERPROFILE")
	}
	return probe.System{HomeDir: home, AgentSocket: env("SSH_AUTH_SOCK")}
}

// sourceAddress is where connections start; zero: where the system likes.
func (f *checkFlags) sourceAddress() (netip.Addr, error) {
	if f.source == "" {
		return netip.Addr{}, nil
	}
	source, err := netip.ParseAddr(f.source)
	if err != nil {
		return source, fmt.Errorf("--source cannot be %q; write an IP address of this computer", f.source)
	}
	return source, nil
}

// host finds the host in the arguments, or asks for it.
func (p *process) host(cmd *cobra.Command, args []string, noInput bool) (string, error) {
	var commands []string
	for _, c := range cmd.Commands() {
		commands = append(commands, c.Name())
	}
	switch {
	case len(args) == 0 && p.asks(noInput):
		typed, err := p.ask(cmd.Context(), "Which server? Write its name, such as ftp.example.com: ")
		if err == nil && typed == "" {
			err = errors.New("no host was written; ftpdoctor demo shows a report without one")
		}
		return typed, err
	case len(args) == 0:
		return "", errors.New("name the host to look at, such as: ftpdoctor ftp.example.com; ftpdoctor --help shows the rest")
	case len(args) > 1:
		return "", fmt.Errorf("one host at a time; %q is one too many%s", args[1], didYouMean(args[0], commands))
	}
	if command := nearest(args[0], commands, 1); command != "" {
		return "", fmt.Errorf("there is no command %q, did you mean %s? If it is a host, write ftp://%s", args[0], command, args[0])
	}
	return args[0], nil
}

// asks says whether there is somebody to ask.
func (p *process) asks(noInput bool) bool {
	return !noInput && isTerminal(p.stdin) && isTerminal(p.stderr)
}

// enter tells of each line that the user types, whatever is in it. What is typed while nobody waits for it is forgotten. A second
// reader would wait for lines that the first one takes.
func (p *process) enter() <-chan struct{} {
	pressed := make(chan struct{})
	go func() {
		for in := bufio.NewReader(p.stdin); ; {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			select {
			case pressed <- struct{}{}:
			default:
			}
		}
	}()
	return pressed
}

// ask asks for a line on the terminal. A window that a double click opened closes with the program, so that somebody has to
// be asked before.
func (p *process) ask(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(p.stderr, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.stdin).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case typed := <-answer:
		return typed, nil
	case <-ctx.Done():
		return "", errors.New("interrupted")
	}
}
