package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	flags.StringVarP(&o.format, "format", "f", report.Formats[0].Name, "write the report as `NAME`: "+strings.Join(formatNames(), ", "))
	flags.StringArrayVarP(&o.outputs, "output", "o", nil, "also write it to `FILE` (name.json, name.md, or NAME=FILE; repeatable)")
	flags.BoolVar(&o.verbose, "verbose", false, "add the transcript: everything that was said on the wire")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress and no remarks on standard error")
	flags.StringVar(&o.color, "color", "auto", "colours: `WHEN` is auto, always or never")
	flags.BoolVar(&o.strict, "strict", false, "warnings give exit code 1 too")
	flags.BoolVar(&o.exitZero, "exit-zero", false, "problems give exit code 0")
	flags.BoolVar(&o.redact, "redact", false, "put pseudonyms in place of user, hosts, addresses and folders")
	flags.StringVar(&o.redactKey, "redact-key", "", "redact with `KEY`, which gives the same pseudonyms each time (random)")
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
	if err := d.onScreen.Write(p.stdout, r, options); err != nil {
		return fmt.Errorf("the report could not be written: %w", err)
	}
	for _, out := range d.files {
		if err := out.write(r, report.Options{Unicode: true, Verbose: d.verbose, Strict: d.strict, ExitZero: d.exitZero}); err != nil {
			return err
		}
	}
	p.exit = r.Exit(d.strict, d.exitZero)
	if d.onScreen.Exit != nil {
		p.exit = d.onScreen.Exit(r, d.strict, d.exitZero)
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
		return nil, fmt.Errorf("cannot write %s: %w; choose another file with --output", out.path, reason(err))
	}
	return f, nil
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

// write writes the whole report, or leaves the file as it was.
func (out output) write(r *report.Report, o report.Options) error {
	f, err := out.create()
	if err != nil {
		return err
	}
	if err := out.fill(f, r, o); err != nil {
		_ = out.discard(f)
		return fmt.Errorf("cannot write %s: %w", out.path, reason(err))
	}
	return nil
}

func (out output) fill(f *os.File, r *report.Report, o report.Options) error {
	if err := out.format.Write(f, r, o); err != nil {
		return err
	}
	if out.special() {
		return f.Close()
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), out.path)
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
