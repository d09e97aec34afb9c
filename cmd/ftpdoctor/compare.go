package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
)

func (p *process) compareCommand() *cobra.Command {
	var o outputFlags
	cmd := &cobra.Command{
		Use:   "compare [flags] BEFORE AFTER",
		Short: "Say what changed from one report to another.",
		Long: `Compare two saved reports: yesterday's and today's, the office's and the phone's.
What got worse comes first, then what got better, then what else changed.

Exit codes: 0 nothing got worse, 1 something did, 2 wrong usage or a damaged report.`,
		Example: "  ftpdoctor compare office.json phone.json\n  ftpdoctor compare -f markdown before.md after.md",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || args[0] == "-" && args[1] == "-" {
				return errors.New("compare needs two saved reports, the older one first; write ftpdoctor compare BEFORE AFTER")
			}
			d, err := o.destinations()
			if err != nil {
				return err
			}
			before, _, err := p.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			after, _, err := p.load(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			return p.showComparison(report.Compare(before, after), d)
		},
	}
	cmd.Flags().SortFlags = false
	o.registerPlaces(cmd.Flags(), "comparison")
	cmd.Flags().BoolVar(&o.exitZero, "exit-zero", false, "what got worse gives exit code 0")
	return cmd
}

func (p *process) showComparison(c *report.Comparison, d *destinations) error {
	err := p.put(d, func(f report.Format, w io.Writer, o report.Options) error { return f.Compare(w, c, o) })
	if err == nil {
		p.exit = d.onScreen.Exits.Comparison(c, d.exitZero)
	}
	return err
}
