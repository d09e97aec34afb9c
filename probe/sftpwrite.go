package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/pkg/sftp"

	"ftpdoctor/probe/fact"
)

// write uploads files of its own, reads them back and deletes them.
func (f *sftpFiles) write() {
	for _, size := range writeSizes {
		if f.work.ctx.Err() != nil || isClosed(f.work.lost) || !f.writeOne(size) {
			return
		}
	}
}

// writeOne says whether a file of one size was uploaded and read back. A run that is stopped lets the upload come to an end soon, so
// that the file can be deleted.
func (f *sftpFiles) writeOne(size int) bool {
	name := path.Join(f.work.session.plan.Target.Folder, temporaryName())
	content := make([]byte, size)
	_, _ = rand.Read(content) // never fails
	run := f.work.ctx
	defer f.obey(run)
	ctx, cancel := context.WithCancel(context.WithoutCancel(run))
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(finishLimit, cancel) })()
	f.obey(ctx)

	created := false
	source := &upload{left: content, run: run}
	up := f.do(fact.SFTPStep{Request: fact.SFTPUpload, Path: fact.Clean(name)}, transferLimit, func(step *fact.SFTPStep) error {
		file, err := f.client.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		created = err == nil
		if err = hasHandle(file, err); err != nil {
			return err
		}
		step.Bytes, err = file.ReadFrom(source)
		return errors.Join(err, file.Close())
	})
	if created {
		defer f.remove(run, name)
	}
	content = content[:size-len(source.left)]
	return up && run.Err() == nil && f.do(fact.SFTPStep{Request: fact.SFTPDownload, Path: fact.Clean(name)}, transferLimit, func(step *fact.SFTPStep) error {
		back, err := f.readBack(name, len(content))
		step.Bytes = int64(len(back))
		step.Differs = err == nil && !bytes.Equal(back, content)
		return err
	})
}

// errNoHandle is a success where a handle was due. The library returns neither a file nor an error then.
var errNoHandle = breach{fact.Garbled, "the server has opened a file, and given no handle of it"}

func hasHandle(file *sftp.File, err error) error {
	if err == nil && file == nil {
		return errNoHandle
	}
	return err
}

func (f *sftpFiles) readBack(name string, size int) ([]byte, error) {
	file, err := f.client.Open(name)
	if err = hasHandle(file, err); err != nil {
		return nil, err
	}
	back := bounded{most: size + 1}
	_, err = file.WriteTo(&back)
	if errors.Is(err, errTooLong) {
		err = nil
	}
	return back.Bytes(), errors.Join(err, file.Close())
}

// bounded is a buffer that takes so much, and no more.
type bounded struct {
	bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); len(p) > room {
		n, _ := b.Buffer.Write(p[:room])
		return n, errTooLong
	}
	return b.Buffer.Write(p)
}

// remove deletes a file of this program, whatever became of the upload.
func (f *sftpFiles) remove(run context.Context, name string) {
	f.obey(context.WithoutCancel(run))
	f.do(fact.SFTPStep{Request: fact.SFTPDelete, Path: fact.Clean(name)}, removeLimit, func(*fact.SFTPStep) error {
		err := f.client.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// obey lets the work end with a context, and with no other one.
func (f *sftpFiles) obey(ctx context.Context) {
	f.work.ctx = ctx
	f.work.t.wire.obey(ctx)
}
