package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report"
)

// version is set when a release is built.
var version = "0.1.0-dev"

// process is one run of the program, and all that it may touch.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	shown          bool // a report, or a part of one
	exit           int  // of the report that was shown

	asking   sync.Mutex // held while a question is on the terminal
	progress bool       // there is a line of progress on the terminal
}

// run is the whole program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	p := &process{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	root := p.rootCommand()
	root.SetArgs(append([]string{}, args...))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if cmd, err := root.ExecuteContextC(ctx); err != nil {
		return p.unusable(cmd, args, err)
	}
	return p.exit
}

// unusable says why there is no report. Whoever reads no sentences gets that in a format.
func (p *process) unusable(cmd *cobra.Command, args []string, err error) int {
	fault := report.Fault{Version: version, At: time.Now(), Says: fact.Clean(sentence(err))}
	p.say("ftpdoctor: " + sentence(err))
	d := askedFor(cmd, args)
	if !p.shown {
		if err := p.putFault(d, fault); err != nil && sentence(err) != fault.Says {
			p.say("ftpdoctor: " + sentence(err))
		}
	}
	return cmp.Or(d.onScreen.Exits.Fault, report.Formats[0].Exits.Fault)
}

// say writes a line to standard error. Where that fails there is nobody left to tell.
func (p *process) say(line string) { _, _ = fmt.Fprintln(p.stderr, line) }

func (p *process) rootCommand() *cobra.Command {
	root := p.checkCommand()
	root.Version = version
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(p.demoCommand(), p.readCommand(), p.compareCommand(), p.settingsCommand(), p.letterCommand(), p.explainCommand(), p.listCommand())
	return root
}

// usage writes the help below the description. A template would do the same, but the linker then keeps every
// method of every type, as a template could call it.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n  " + cmd.UseLine() + "\n")
	if cmd.HasExample() {
		b.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nOther commands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "help" {
				fmt.Fprintf(&b, "  ftpdoctor %-9s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	b.WriteString("\nFlags:\n" + cmd.LocalFlags().FlagUsagesWrapped(80))
	if !cmd.HasParent() {
		b.WriteString("\nExit codes: 0 nothing is wrong, 1 a problem was found, 2 wrong usage,\n3 inconclusive (interrupted, out of time, no network, nobody was signed in).\n")
	}
	_, err := io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// sentence ends an error as a sentence.
func sentence(err error) string {
	return strings.TrimSuffix(err.Error(), ".") + "."
}

// flagError says what to write in place of a flag that cannot be understood.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var lacking *pflag.ValueRequiredError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		typed := "--" + unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			typed = "-" + short
		}
		return fmt.Errorf("there is no flag %s here%s; %s --help lists them", typed, didYouMean(typed, names), cmd.CommandPath())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s cannot be %q; write %s", invalid.GetFlag().Name, invalid.GetValue(), wanted(invalid.GetFlag()))
	case errors.As(err, &lacking):
		return fmt.Errorf("--%s needs a value; write %s", lacking.GetFlag().Name, wanted(lacking.GetFlag()))
	default:
		return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
	}
}

// wanted is an example of what a flag takes.
func wanted(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	switch f.Value.Type() {
	case "duration":
		return "a time such as 30s or 2m"
	case "int":
		return "a number"
	case "bool":
		return "it without a value"
	default:
		return "--" + f.Name + " " + name
	}
}
