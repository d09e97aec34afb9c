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

// The waits after the run was stopped.
const (
	finishLimit = 10 * time.Second // until a transfer that is under way is broken off
	removeLimit = 5 * time.Second  // for each reply until the file is deleted
)

// writeOne says whether a file of one size was uploaded and read back. A run that is stopped lets the transfer under way
// come to its end, an upload sooner: there are servers that hang up when one is broken off (vsftpd 3.0.3, ProFTPD 1.3.8),
// and then the file could not be deleted.
func (d *dialogue) writeOne(size int) bool {
	name := temporaryName()
	if d.ask("SIZE "+name) == 213 { // RFC 3659 section 4.1
		d.session.skip("login", d.st.wire.place, "the transfer test", "the name "+name+" exists")
		return false
	}
	content := make([]byte, size)
	_, _ = rand.Read(content) // never fails
	run := d.ctx
	defer d.obey(run)
	ctx, cancel := context.WithCancel(context.WithoutCancel(run))
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(finishLimit, cancel) })()
	d.obey(ctx)

	file := &upload{left: content, run: run}
	up := d.carry(fact.Upload, "STOR", fact.EPSV, func() error {
		return d.client.Stor(name, file)
	})
	content = content[:size-len(file.left)]
	if d.started || d.owes {
		defer d.remove(name)
	}
	return done(up) && run.Err() == nil && done(d.carry(fact.Download, "RETR", fact.EPSV, func() error {
		back, err := d.readBack(name, len(content))
		d.transfer.Differs = err == nil && !bytes.Equal(back, content)
		return err
	}))
}

// temporaryName is a file name that nobody else has.
func temporaryName() string { return "ftpdoctor-" + strings.ToLower(rand.Text()[:12]) + ".tmp" }

// uploadTime is how long an upload goes on. On a slow line the file becomes shorter.
const uploadTime = 5 * time.Second

// upload is a file that ends when its time is over, or the run.
type upload struct {
	left  []byte
	run   context.Context
	until time.Time
}

func (u *upload) Read(p []byte) (int, error) {
	if u.until.IsZero() {
		u.until = time.Now().Add(uploadTime)
	}
	if len(u.left) == 0 || time.Now().After(u.until) || u.run.Err() != nil {
		return 0, io.EOF
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

func (d *dialogue) readBack(name string, size int) ([]byte, error) {
	r, err := d.client.Retr(name)
	if err != nil {
		return nil, err
	}
	back, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	return back, errors.Join(err, r.Close())
}

// remove deletes a file of this program, whatever became of the upload. What the server still has to say to that comes
// before.
func (d *dialogue) remove(name string) {
	d.obey(context.WithoutCancel(d.ctx))
	d.patience = removeLimit
	defer func() { d.patience = 0 }()
	if d.err != nil && kind(d.err) == fact.Timeout {
		d.err = nil
	}
	for range 2 { // a 150, and the end of the upload
		if d.owes && d.err == nil {
			_ = d.turn("") // an error is in d.err
		}
	}
	d.ask("DELE " + name)
}

// obey lets the dialogue end with a context, and with no other one.
func (d *dialogue) obey(ctx context.Context) {
	d.ctx = ctx
	d.st.wire.obey(ctx)
}
