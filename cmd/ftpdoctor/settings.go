package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
)

// exitNothing is the exit code of settings for a report that yields none.
const exitNothing = 1

func (p *process) settingsCommand() *cobra.Command {
	var app, path string
	names := appNames()
	cmd := &cobra.Command{
		Use:   "settings [flags] FILE | -",
		Short: "Write the settings that work, ready for an FTP app.",
		Long: `Write the best way in that a saved report has proven, as an FTP app reads it. What to
do with it is said on standard error. A password is never part of it.

Exit codes: 0 written, 1 the report shows no way in that the app can use, 2 wrong usage
or a damaged report.`,
		Example: "  ftpdoctor settings report.json\n  ftpdoctor settings --for filezilla -o filezilla.xml report.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("settings needs one saved report; write ftpdoctor settings FILE, or - for standard input")
			}
			i := slices.Index(names, app)
			if i < 0 {
				return fmt.Errorf("there are no settings for %q%s; write one of %s", app, didYouMean(app, names), strings.Join(names, ", "))
			}
			r, remark, err := p.load(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if remark != "" {
				p.say("ftpdoctor: " + remark + ".")
			}
			return p.settings(report.Apps[i], r, path)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&app, "for", names[0], "write them for `APP`: "+strings.Join(names, ", "))
	cmd.Flags().StringVarP(&path, "output", "o", "", "write them to `FILE`, and not to standard output")
	return cmd
}

func appNames() []string {
	var names []string
	for _, app := range report.Apps {
		names = append(names, app.Name)
	}
	return names
}

// settings writes the settings for an app, and says what to do with them.
func (p *process) settings(app report.App, r *report.Report, path string) error {
	made, err := app.Settings(r)
	if err != nil {
		p.say("ftpdoctor: " + sentence(err))
		p.exit = exitNothing
		return nil
	}
	write := func(_ report.Format, w io.Writer, _ report.Options) error {
		_, err := io.WriteString(w, made.Text)
		return err
	}
	if path != "" {
		d := destinations{files: []output{{path: path}}}
		err = d.keep(write)
	} else if err = write(report.Format{}, p.stdout, report.Options{}); err != nil {
		err = fmt.Errorf("the settings could not be written: %w", err)
	}
	for _, says := range made.Says {
		p.say(says)
	}
	return err
}
