package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpdoctor/probe"
	"ftpdoctor/report"
)

// sideBySide is how many targets are looked at at the same time. Several of them may be one server.
const sideBySide = 4

// smokeRun is a target that can be looked at.
type smokeRun struct {
	smokeTarget
	plan probe.Plan
}

// smoke looks at every target of a file of checks and shows one report. Everything that is wrong with the file is found first.
func (p *process) smoke(cmd *cobra.Command, f *checkFlags, o *outputFlags, w world) error {
	if err := onlyOutput(cmd); err != nil {
		return err
	}
	d, err := o.smokeDestinations()
	if err != nil {
		return err
	}
	runs, err := p.prepare(cmd.Context(), f.checks, w)
	if err != nil {
		return fmt.Errorf("cannot use the checks %s: %w", f.checks, err)
	}
	targets := make([]report.Target, len(runs))
	places := make(chan struct{}, sideBySide)
	var all sync.WaitGroup
	for _, group := range byCredentials(runs) {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			refused := false
			for _, i := range group {
				run := runs[i]
				run.plan.Refused = refused
				seen := w.look(cmd.Context(), run.plan, &probe.Progress{})
				refused = refused || probe.TurnedDown(seen.Seen)
				targets[i] = report.NewTarget(run.name, report.New(seen, run.plan.Profile), run.expected, o.strict)
			}
		})
	}
	all.Wait()
	return p.showSmoke(report.NewSmoke(targets), d)
}

// byCredentials puts the targets together at which the same is shown to the same host: once that is refused, it is not shown again,
// for servers ban whoever is refused too often. The others are on their own.
func byCredentials(runs []smokeRun) [][]int {
	var groups [][]int
	found := map[string]int{}
	for i, run := range runs {
		plan := &run.plan
		key := fmt.Sprintf("%q", append([]string{plan.Target.Host, plan.Target.User, plan.Password}, plan.Identities...))
		group, ok := found[key]
		if !ok || plan.Target.User == "" {
			group, groups = len(groups), append(groups, nil)
			found[key] = group
		}
		groups[group] = append(groups[group], i)
	}
	return groups
}

// onlyOutput refuses flags that belong into the file.
func onlyOutput(cmd *cobra.Command) error {
	var output pflag.FlagSet
	(&outputFlags{}).register(&output)
	var wrong error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if flag.Name != "checks" && flag.Name != "no-input" && output.Lookup(flag.Name) == nil {
			wrong = fmt.Errorf("--%s does not go together with --checks; write it into the file, for each target", flag.Name)
		}
	})
	if len(cmd.Flags().Args()) > 0 && wrong == nil && !cmd.HasParent() {
		wrong = fmt.Errorf("the host %q does not go together with --checks; write it into the file", cmd.Flags().Arg(0))
	}
	return wrong
}

// prepare reads the file and all that it names.
func (p *process) prepare(ctx context.Context, path string, w world) ([]smokeRun, error) {
	targets, err := readSmoke(path)
	if err != nil {
		return nil, err
	}
	var runs []smokeRun
	for i, t := range targets {
		run := smokeRun{smokeTarget: t}
		if err := p.prepareTarget(ctx, &run, w); err != nil {
			return nil, fmt.Errorf("targets[%d]: %w", i, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func (p *process) prepareTarget(ctx context.Context, run *smokeRun, w world) (err error) {
	if run.plan, err = run.settings.plan(run.host, true, w); err != nil {
		return err
	}
	if run.plan.Password, err = run.password(w); err != nil {
		return err
	}
	if run.plan.Passphrase, err = run.passphrase(w); err != nil {
		return err
	}
	if err := run.lookedAt(); err != nil {
		return err
	}
	if run.compare == "" {
		return nil
	}
	before, _, err := p.load(ctx, run.compare)
	if err != nil {
		return fmt.Errorf("expect.compare: %w", err)
	}
	if before.Target.Host != run.plan.Target.Host {
		return fmt.Errorf("expect.compare: %s is about %s, and the host is %s", run.compare, before.Target.Host, run.plan.Target.Host)
	}
	run.expected.Before = before
	return nil
}

// password is what the variable holds that the target names.
func (run *smokeRun) password(w world) (string, error) {
	user := run.plan.Target.User
	switch {
	case user == "" && run.variable != "":
		return "", errors.New(`password_env needs somebody to sign in; write "user" too`)
	case user == "":
		return "", nil
	case run.variable == "" && (user == "anonymous" || user == "ftp"):
		return anonymous(&run.plan), nil
	case run.variable == "" && len(run.plan.Identities) > 0:
		return "", nil
	case run.variable == "":
		return "", fmt.Errorf(`user needs a password or a key; write "password_env" and the name of the variable that holds it, such as %s, or "identities" and the paths of key files`, passwordVariable)
	case w.env(run.variable) == "":
		return "", fmt.Errorf("password_env: the variable %s is not set", run.variable)
	}
	return w.env(run.variable), checkPassword(run.variable, w.env(run.variable))
}

// passphrase is what the variable holds that the target names for its keys.
func (run *smokeRun) passphrase(w world) (string, error) {
	switch {
	case run.unlocks == "":
		return "", nil
	case w.env(run.unlocks) == "":
		return "", fmt.Errorf("passphrase_env: the variable %s is not set", run.unlocks)
	}
	return w.env(run.unlocks), checkPassword(run.unlocks, w.env(run.unlocks))
}

// lookedAt finds expectations about ports that nobody looks at: that would be a scan.
func (run *smokeRun) lookedAt() error {
	var ports []int
	for _, entry := range run.plan.Ports() {
		ports = append(ports, entry.Number)
	}
	check := func(field string, port int) error {
		if port == 0 || slices.Contains(ports, port) {
			return nil
		}
		return fmt.Errorf(`expect.%s: port %d is not looked at; of this target %s are. Write a target with "port", or a profile that lists it`,
			field, port, strings.Trim(fmt.Sprint(ports), "[]"))
	}
	var wrong []error
	for _, port := range run.expected.Open {
		wrong = append(wrong, check("open", port))
	}
	for _, port := range run.expected.Closed {
		wrong = append(wrong, check("closed", port))
	}
	for _, way := range run.expected.Ways {
		wrong = append(wrong, check("ways", way.Port))
	}
	for _, err := range wrong {
		if err != nil {
			return err
		}
	}
	return nil
}

// smokeDestinations are those of a report, in formats that a smoke test has.
func (o *outputFlags) smokeDestinations() (*destinations, error) {
	d, err := o.destinations()
	if err != nil {
		return nil, err
	}
	if d.redact {
		return nil, errors.New("--redact does not go together with --checks, whose report names the targets as the file does; redact the report of one host")
	}
	formats := []report.Format{d.onScreen}
	for _, out := range d.files {
		formats = append(formats, out.format)
	}
	for _, f := range formats {
		if f.Smoke == nil {
			return nil, fmt.Errorf("a report of --checks cannot be written as %s; write one of %s", f.Name, strings.Join(smokeFormats(), ", "))
		}
	}
	return d, nil
}

// smokeFormats names the formats that a smoke test can be written in.
func smokeFormats() []string {
	var names []string
	for _, f := range report.Formats {
		if f.Smoke != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// showSmoke writes the report to all its destinations, and takes the exit code from it.
func (p *process) showSmoke(s *report.Smoke, d *destinations) error {
	err := p.put(d, func(f report.Format, w io.Writer, o report.Options) error {
		return f.Smoke(w, s, o)
	})
	if err == nil {
		p.exit = s.Exit(d.exitZero)
	}
	return err
}
