package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
)

func (p *process) letterCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "letter FILE | -",
		Short: "Write the request to the network team: what to open, and why.",
		Long: `Write a request to whoever runs your network: which connections it would have to let
through for what a saved report shows to be blocked, and what was seen. Nothing that is
open already is asked for.

Exit codes: 0 written, 1 the report shows nothing that your network blocks, 2 wrong usage
or a damaged report.`,
		Example: "  ftpdoctor letter report.json > request.txt\n  ftpdoctor -f json ftp.example.com | ftpdoctor letter -",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("letter needs one saved report; write ftpdoctor letter FILE, or - for standard input")
			}
			r, remark, err := p.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if remark != "" {
				p.say("ftpdoctor: " + remark + ".")
			}
			text, err := report.Letter(r, p.options(p.stdout, "never"))
			if err != nil {
				p.say("ftpdoctor: " + sentence(err))
				p.exit = exitNothing
				return nil
			}
			if _, err := io.WriteString(p.stdout, text); err != nil {
				return fmt.Errorf("the letter could not be written: %w", err)
			}
			return nil
		},
	}
}
