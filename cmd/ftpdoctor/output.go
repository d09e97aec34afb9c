package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftpdoctor/report"
)

// outputFlags say how a report is shown.
type outputFlags struct {
	format   string
	outputs  []string
	verbose  bool
	quiet    bool
	color    string
	strict   bool
	exitZero bool

	redact    bool
	redactKey string
}

func (o *outputFlags) register(flags *pflag.FlagSet) {
	o.registerPlaces(flags, "report")
	flags.BoolVar(&o.verbose, "verbose", false, "add the transcript: everything that was said on the wire")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress and no remarks on standard error")
	flags.BoolVar(&o.strict, "strict", false, "warnings give exit code 1 too")
	flags.BoolVar(&o.exitZero, "exit-zero", false, "problems give exit code 0")
	flags.BoolVar(&o.redact, "redact", false, "put pseudonyms in place of user, hosts, addresses and folders")
	flags.StringVar(&o.redactKey, "redact-key", "", "redact with `KEY`, which gives the same pseudonyms each time (random)")
}

// registerPlaces registers where something goes, and how it looks there.
func (o *outputFlags) registerPlaces(flags *pflag.FlagSet, thing string) {
	flags.StringVarP(&o.format, "format", "f", report.Formats[0].Name, "write the "+thing+" as `NAME`: "+strings.Join(formatNames(), ", "))
	flags.StringArrayVarP(&o.outputs, "output", "o", nil, "also write it to `FILE` (name.json, name.md, or NAME=FILE; repeatable)")
	flags.StringVar(&o.color, "color", "auto", "colours: `WHEN` is auto, always or never")
}

// destinations are the places that a report goes to.
type destinations struct {
	outputFlags
	onScreen report.Format
	files    []output
}

// output is a file for a report.
type output struct {
	format report.Format
	path   string
}

// destinations finds what is wrong with the flags before anything else is done.
func (o *outputFlags) destinations() (*destinations, error) {
	format, err := formatNamed(o.format)
	if err != nil {
		return nil, err
	}
	if err := checkColor(o.color); err != nil {
		return nil, err
	}
	if o.redactKey != "" && len(o.redactKey) < minRedactKey {
		return nil, fmt.Errorf("--redact-key is shorter than %d characters, and could be guessed; write a longer one", minRedactKey)
	}
	d := &destinations{outputFlags: *o, onScreen: format}
	d.redact = o.redact || o.redactKey != ""
	for _, typed := range o.outputs {
		out, err := parseOutput(typed)
		if err == nil {
			err = out.try()
		}
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, out)
	}
	return d, nil
}

// minRedactKey keeps whoever has a redacted report from trying keys until a pseudonym comes out that belongs to a known name.
const minRedactKey = 8

// key is the key of the pseudonyms.
func (o *outputFlags) key() []byte {
	if o.redactKey != "" {
		return []byte(o.redactKey)
	}
	return []byte(rand.Text())
}

func checkColor(when string) error {
	if !slices.Contains([]string{"auto", "always", "never"}, when) {
		return fmt.Errorf("--color cannot be %q; write auto, always or never", when)
	}
	return nil
}

// show writes the report to all its destinations, and takes the exit code from it.
func (p *process) show(r *report.Report, d *destinations) error {
	if d.redact {
		r = r.Redact(d.key())
	}
	err := p.put(d, func(f report.Format, w io.Writer, o report.Options) error { return f.Write(w, r, o) })
	if err == nil {
		p.exit = d.onScreen.Exits.Report(r, d.strict, d.exitZero)
	}
	return err
}

// writer writes the same thing in any format.
type writer func(report.Format, io.Writer, report.Options) error

// put writes something to all its destinations.
func (p *process) put(d *destinations, write writer) error {
	options := p.options(p.stdout, d.color)
	options.Verbose, options.Strict, options.ExitZero = d.verbose, d.strict, d.exitZero
	if d.onScreen.Name == "github" {
		summary, err := p.jobSummary()
		if err != nil {
			return err
		}
		defer func() { _ = summary.Close() }()
		options.Summary = summary
	}
	p.shown = true
	if err := write(d.onScreen, p.stdout, options); err != nil {
		return fmt.Errorf("standard output could not be written: %w", err)
	}
	return d.keep(write)
}

// keep writes all files, or none: none gets its name before all of them are on the disk.
func (d *destinations) keep(write writer) error {
	made := make([]*os.File, 0, len(d.files))
	defer func() {
		for i, f := range made {
			_ = d.files[i].discard(f) // those that have their name by now are not found
		}
	}()
	options := report.Options{Unicode: true, Verbose: d.verbose, Strict: d.strict, ExitZero: d.exitZero}
	for _, out := range d.files {
		f, err := out.create()
		if err != nil {
			return err
		}
		made = append(made, f)
		if err := out.fill(f, func(w io.Writer) error { return write(out.format, w, options) }); err != nil {
			return out.unwritten(err)
		}
	}
	for i, out := range d.files {
		if err := out.name(made[i]); err != nil {
			return out.unwritten(err)
		}
	}
	return nil
}

// jobSummary is the file to which the steps of a GitHub job add their summaries. Elsewhere there is none.
func (p *process) jobSummary() (io.WriteCloser, error) {
	path := p.env("GITHUB_STEP_SUMMARY")
	if path == "" {
		path = os.DevNull
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot write GITHUB_STEP_SUMMARY: %w; unset it to do without a job summary", reason(err))
	}
	return f, nil
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats {
		names = append(names, f.Name)
	}
	return names
}

func formatNamed(name string) (report.Format, error) {
	for _, f := range report.Formats {
		if f.Name == name {
			return f, nil
		}
	}
	return report.Format{}, fmt.Errorf("there is no format %q%s; write one of %s", name, didYouMean(name, formatNames()), strings.Join(formatNames(), ", "))
}

// parseOutput reads NAME=FILE, or a FILE whose ending tells the format.
func parseOutput(typed string) (output, error) {
	if name, path, ok := strings.Cut(typed, "="); ok && !strings.ContainsAny(name, `/\.`) {
		f, err := formatNamed(name)
		if err == nil && path == "" {
			err = fmt.Errorf("--output %s names no file; write %s=FILE", typed, name)
		}
		return output{f, path}, err
	}
	for _, f := range report.Formats {
		if f.Ending != "" && filepath.Ext(typed) == f.Ending {
			return output{f, typed}, nil
		}
	}
	return output{}, fmt.Errorf("the format of %q is not clear; write NAME=FILE, such as --output json=%s", typed, typed)
}

// try makes sure that the file can be written, so that nobody waits for a report that is lost then.
func (out output) try() error {
	f, err := out.create()
	if err != nil {
		return err
	}
	return out.discard(f)
}

// create opens a new file beside the one to write. What is no file, such as /dev/stderr, is opened itself.
func (out output) create() (*os.File, error) {
	var f *os.File
	var err error
	if out.special() {
		f, err = os.OpenFile(out.path, os.O_WRONLY, 0)
	} else {
		f, err = os.CreateTemp(filepath.Dir(out.path), "."+filepath.Base(out.path)+".*")
	}
	if err != nil {
		return nil, out.unwritten(err)
	}
	return f, nil
}

func (out output) unwritten(err error) error {
	return fmt.Errorf("cannot write %s: %w; choose another file with --output", out.path, reason(err))
}

func (out output) discard(f *os.File) error {
	err := f.Close()
	if !out.special() {
		_ = os.Remove(f.Name())
	}
	return err
}

// special says whether the path leads to something that must not be replaced by a file.
func (out output) special() bool {
	info, err := os.Stat(out.path)
	return err == nil && !info.Mode().IsRegular()
}

// fill writes the whole content to a new file.
func (out output) fill(f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		return err
	}
	if !out.special() {
		if err := f.Chmod(0o644); err != nil {
			return err
		}
	}
	return f.Close()
}

// name gives a new file its name, in place of the old one.
func (out output) name(f *os.File) error {
	if out.special() {
		return nil
	}
	return os.Rename(f.Name(), out.path)
}

// askedFor are the destinations that were typed, as far as they can be told where the rest cannot be understood.
func askedFor(cmd *cobra.Command, args []string) *destinations {
	var o outputFlags
	d := &destinations{}
	if cmd.Flags().Lookup("format") == nil {
		return d
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.SetOutput(io.Discard)
	o.registerPlaces(flags, "")
	_ = flags.Parse(args)
	d.onScreen, _ = formatNamed(o.format)
	for _, typed := range o.outputs {
		if out, err := parseOutput(typed); err == nil && out.format.Fault != nil {
			d.files = append(d.files, out)
		}
	}
	return d
}

// putFault tells machines why there is no report, in the formats in which they read that.
func (p *process) putFault(d *destinations, fault report.Fault) error {
	if d.onScreen.Fault != nil {
		if err := d.onScreen.Fault(p.stdout, fault); err != nil {
			return err
		}
	}
	return d.keep(func(f report.Format, w io.Writer, _ report.Options) error { return f.Fault(w, fault) })
}

// options is what a stream can show.
func (p *process) options(w io.Writer, color string) report.Options {
	terminal := isTerminal(w)
	return report.Options{
		Width:   width(w),
		Unicode: p.unicode(w),
		Color:   color == "always" || color == "auto" && terminal && p.env("NO_COLOR") == "" && p.env("TERM") != "dumb",
	}
}
