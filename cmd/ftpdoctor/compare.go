package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
)

func (p *process) compareCommand() *cobra.Command {
	var format, color string
	var exitZero bool
	var names []string
	for _, f := range report.CompareFormats {
		names = append(names, f.Name)
	}
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
			i := slices.Index(names, format)
			if i < 0 {
				return fmt.Errorf("a comparison has no format %q%s; write one of %s", format, didYouMean(format, names), strings.Join(names, ", "))
			}
			if err := checkColor(color); err != nil {
				return err
			}
			var reports [2]*report.Report
			for i, path := range args {
				r, _, err := p.load(cmd.Context(), path)
				if err != nil {
					return err
				}
				reports[i] = r
			}
			comparison := report.Compare(reports[0], reports[1])
			if err := report.CompareFormats[i].Write(p.stdout, comparison, p.options(p.stdout, color)); err != nil {
				return fmt.Errorf("the comparison could not be written: %w", err)
			}
			if !exitZero {
				p.exit = comparison.Exit()
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&format, "format", "f", names[0], "write the comparison as `NAME`: "+strings.Join(names, ", "))
	cmd.Flags().StringVar(&color, "color", "auto", "colours: `WHEN` is auto, always or never")
	cmd.Flags().BoolVar(&exitZero, "exit-zero", false, "what got worse gives exit code 0")
	return cmd
}
