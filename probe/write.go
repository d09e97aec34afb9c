package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
)

// writeSizes are the sizes of the files of a transfer test: one that fits the first packets, and one that does not.
var writeSizes = []int{4 << 10, 1 << 20}

// write uploads files of its own, reads them back and deletes them.
func (d *dialogue) write(carried bool) {
	if !carried {
		d.session.skip("login", d.st.wire.place, "the transfer test", "no data connection has worked")
		return
	}
	for _, size := range writeSizes {
		if d.err != nil || d.ctx.Err() != nil || !d.writeOne(size) {
			return
		}
	}
}

// writeOne says whether a file of one size was uploaded and read back.
func (d *dialogue) writeOne(size int) bool {
	name := "ftpdoctor-" + strings.ToLower(rand.Text()[:12]) + ".tmp"
	if d.ask("SIZE "+name) == 213 { // RFC 3659 section 4.1
		d.session.skip("login", d.st.wire.place, "the transfer test", "the name "+name+" exists")
		return false
	}
	content := make([]byte, size)
	_, _ = rand.Read(content) // never fails
	up := d.carry(fact.Upload, "STOR", fact.EPSV, func() error {
		return d.client.Stor(name, bytes.NewReader(content))
	})
	if d.started || d.owes {
		defer d.remove(name)
	}
	return done(up) && done(d.carry(fact.Download, "RETR", fact.EPSV, func() error {
		back, err := d.readBack(name, size)
		d.transfer.Differs = err == nil && !bytes.Equal(back, content)
		return err
	}))
}

func (d *dialogue) readBack(name string, size int) ([]byte, error) {
	r, err := d.client.Retr(name)
	if err != nil {
		return nil, err
	}
	back, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	return back, errors.Join(err, r.Close())
}

// removeLimit is how long it may take to delete a file after the run was stopped.
const removeLimit = 5 * time.Second

// remove deletes a file of this program, also when the run was stopped in the midst of the upload or when the server was
// slow. What the server still has to say to the upload comes before.
func (d *dialogue) remove(name string) {
	if run := d.ctx; run.Err() != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(run), removeLimit)
		defer cancel()
		d.ctx = ctx
		defer func() { d.ctx = run }()
	}
	if d.err != nil && kind(d.err) == fact.Timeout {
		d.err = nil
	}
	for d.owes && d.err == nil {
		_ = d.turn("") // an error ends the loop
	}
	d.ask("DELE " + name)
}
