package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

func (p *process) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain CAUSE",
		Short:   "Show the page of a cause: what it is, what shows it, what to do.",
		Example: "  ftpdoctor explain tcp-port-filtered",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain needs the name of one cause; ftpdoctor list causes shows them")
			}
			rule, ok := cause.ByCode(args[0])
			if !ok {
				return fmt.Errorf("there is no cause %q%s; ftpdoctor list causes shows all of them", args[0], didYouMean(args[0], causeCodes()))
			}
			return report.Explain(p.stdout, rule, p.options(p.stdout, "auto"))
		},
	}
}

func causeCodes() []string {
	var codes []string
	for _, rule := range cause.Rules {
		codes = append(codes, rule.Code)
	}
	return codes
}
