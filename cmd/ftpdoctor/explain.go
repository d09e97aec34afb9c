package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ftpdoctor/probe/profile"
	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

func (p *process) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain CAUSE | profile NAME|FILE",
		Short:   "Show the page of a cause, or what a profile says of a service.",
		Example: "  ftpdoctor explain tcp-port-filtered\n  ftpdoctor explain profile files.com\n  ftpdoctor explain profile mine.json",
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && args[0] == "profile":
				return p.explainProfile(args[1:])
			case len(args) != 1:
				return errors.New("explain needs the name of one cause; ftpdoctor list causes shows them")
			}
			rule, ok := cause.ByCode(args[0])
			if _, service := profile.ByName(args[0]); service {
				return fmt.Errorf("%q is the name of a profile; write ftpdoctor explain profile %[1]s", args[0])
			}
			if !ok {
				return fmt.Errorf("there is no cause %q%s; ftpdoctor list causes shows all of them", args[0], didYouMean(args[0], causeCodes()))
			}
			return report.Explain(p.stdout, rule, p.options(p.stdout, "auto"))
		},
	}
}

func (p *process) explainProfile(args []string) error {
	if len(args) != 1 {
		return errors.New("explain profile needs one profile; ftpdoctor list profiles shows those that are built in")
	}
	found, err := namedProfile(args[0])
	if err != nil {
		return err
	}
	return report.ExplainProfile(p.stdout, &found, p.options(p.stdout, "auto"))
}

func causeCodes() []string {
	var codes []string
	for _, rule := range cause.Rules {
		codes = append(codes, rule.Code)
	}
	return codes
}
