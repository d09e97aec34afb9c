package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ftpdoctor/probe"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

// catalogues is what can be listed.
var catalogues = []struct {
	name  string
	write func(io.Writer)
}{
	{"causes", listCauses},
	{"checks", listChecks},
	{"profiles", listProfiles},
	{"formats", listFormats},
}

func (p *process) listCommand() *cobra.Command {
	var names []string
	for _, c := range catalogues {
		names = append(names, c.name)
	}
	choice := strings.Join(names, "|")
	return &cobra.Command{
		Use:     "list " + choice,
		Short:   "List what this program knows: " + strings.Join(names, ", ") + ".",
		Example: "  ftpdoctor list causes",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("say what to list; write ftpdoctor list %s", choice)
			}
			for _, c := range catalogues {
				if c.name == args[0] {
					w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
					c.write(w)
					return w.Flush()
				}
			}
			return fmt.Errorf("there is no list of %q%s; write ftpdoctor list %s", args[0], didYouMean(args[0], names), choice)
		},
	}
}

// The writers below write to a tabwriter, which keeps an error until it is flushed.

func listCauses(w io.Writer) {
	for _, rule := range cause.Rules {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", rule.Code, rule.Severity, rule.Title)
	}
}

func listChecks(w io.Writer) {
	for _, check := range probe.Checks {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", check.Name, check.Doc)
	}
}

func listProfiles(w io.Writer) {
	for _, p := range profile.All {
		var ports []string
		for _, port := range p.Ports {
			ports = append(ports, fmt.Sprint(port.Number))
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\tports %s\n", p.Name, p.Title, strings.Join(p.Hosts, " "), strings.Join(ports, " "))
	}
}

func listFormats(w io.Writer) {
	for _, f := range report.Formats {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Doc)
	}
}
