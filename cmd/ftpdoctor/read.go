package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"ftpdoctor/report"
)

func (p *process) readCommand() *cobra.Command {
	var o outputFlags
	cmd := &cobra.Command{
		Use:     "read [flags] FILE | -",
		Short:   "Judge a saved or pasted report again, and show it.",
		Example: "  ftpdoctor read report.json\n  ftpdoctor read mail.txt\n  ftpdoctor read -",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("read needs one saved report; write ftpdoctor read FILE, or - for standard input")
			}
			d, err := o.destinations()
			if err != nil {
				return err
			}
			r, remark, err := p.load(cmd.Context(), args[0])
			if r != nil && err != nil && d.redact {
				return fmt.Errorf("%w; a part of a report cannot be redacted", err)
			}
			if r != nil && err != nil { // a part of it
				return errors.Join(p.show(r, d), err)
			}
			if r == nil {
				return err
			}
			if remark != "" && !o.quiet {
				p.say("ftpdoctor: " + remark + ".")
			}
			return cmp.Or(p.show(r, d), err)
		},
	}
	cmd.Flags().SortFlags = false
	o.register(cmd.Flags())
	return cmd
}

// load reads a report from a file, or from standard input. Of a damaged one it returns what can be shown, and the error.
func (p *process) load(ctx context.Context, path string) (*report.Report, string, error) {
	source, name := p.stdin, "standard input"
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, "", fmt.Errorf("cannot read %s: %w", path, reason(err))
		}
		defer func() { _ = f.Close() }()
		source, name = f, path
	}
	text, err := readAll(ctx, source, report.MaxSize+1)
	if err != nil {
		return nil, "", fmt.Errorf("cannot read %s: %w", name, reason(err))
	}
	r, remark, err := report.Load(text)
	if err != nil {
		return r, "", fmt.Errorf("cannot use %s: %w", name, err)
	}
	return r, remark, nil
}

// readAll reads a stream until its end, a bound or an interrupt. A read that hangs is left behind.
func readAll(ctx context.Context, r io.Reader, most int64) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(r, most))
		done <- result{text, err}
	}()
	select {
	case got := <-done:
		return got.text, got.err
	case <-ctx.Done():
		return nil, errors.New("interrupted")
	}
}

// reason is an error of the file system without the path, which stands in the sentence already.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
