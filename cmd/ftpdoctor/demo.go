package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ftpdoctor/probe/lab"
)

// usualDemo is the scenario that is shown when none is named.
const usualDemo = "port-21-blocked"

func (p *process) demoCommand() *cobra.Command {
	var f checkFlags
	var o outputFlags
	cmd := &cobra.Command{
		Use:     "demo [flags] [FAULT | list]",
		Short:   "Look at a made-up site with a fault, without any network.",
		Example: "  ftpdoctor demo\n  ftpdoctor demo list\n  ftpdoctor demo certificate-expired --verbose",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return errors.New("demo shows one fault at a time; ftpdoctor demo list names them")
			case len(args) == 1 && args[0] == "list":
				return p.listDemos()
			case len(args) == 1:
				return p.demo(cmd, &f, &o, args[0])
			default:
				return p.demo(cmd, &f, &o, usualDemo)
			}
		},
	}
	cmd.Flags().SortFlags = false
	f.register(cmd.Flags())
	o.register(cmd.Flags())
	return cmd
}

// demo runs the ordinary check on a computer of the lab.
func (p *process) demo(cmd *cobra.Command, f *checkFlags, o *outputFlags, name string) error {
	scenario, ok := lab.Find(name)
	if !ok {
		return fmt.Errorf("there is no demo %q%s; ftpdoctor demo list names them", name, didYouMean(name, demoNames()))
	}
	if f.checks == "" {
		if err := cmd.Flags().Parse(scenario.Args); err != nil {
			return flagError(cmd, err)
		}
	}
	computer := scenario.Build()
	defer computer.Close()
	if !o.quiet {
		p.say("This is a demonstration in memory, nothing is real: " + scenario.Says)
	}
	w := world{
		network:  computer,
		roots:    computer.Roots(),
		env:      func(name string) string { return variable(scenario.Env, name) },
		hostKeys: lab.PublishedHostKeys,
	}
	if f.checks != "" {
		return p.smoke(cmd, f, o, w)
	}
	return p.check(cmd, f, o, cmd.Flags().Arg(0), w)
}

// variable finds a variable in a list of NAME=value.
func variable(list []string, name string) string {
	for _, entry := range list {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func demoNames() []string {
	var names []string
	for _, s := range lab.Scenarios {
		names = append(names, s.Name)
	}
	return names
}

func (p *process) listDemos() error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range lab.Scenarios {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Says) // w keeps an error until it is flushed
	}
	return w.Flush()
}
