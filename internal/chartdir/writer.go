package chartdir

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// writer changes what is in a folder, one step after the other. After the first failure it does nothing more.
type writer struct {
	root *os.Root
	step func() // called before each step
	err  error  // of the first that failed
}

// fail ends the writing by an error, if it is one.
func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) do(change func() error) {
	if w.err == nil {
		w.step()
		w.err = change()
	}
}

func (w *writer) makeFolder(name string) {
	w.do(func() error { return w.root.MkdirAll(name, 0o755) })
}

func (w *writer) remove(name string) {
	w.do(func() error { return w.root.Remove(name) })
	w.sync(path.Dir(name))
}

func (w *writer) removeAll(name string) {
	w.do(func() error { return w.root.RemoveAll(name) })
}

func (w *writer) rename(from, to string) {
	w.do(func() error { return w.root.Rename(from, to) })
	w.sync(path.Dir(to))
}

// write writes a file that is on the disk when it returns. A mode of 0 is what umask makes of 0644.
func (w *writer) write(name string, data []byte, mode fs.FileMode) {
	w.do(func() error {
		f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		if mode != 0 {
			err = errors.Join(err, f.Chmod(mode))
		}
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// sync brings a folder's entries to the disk. It matters when power fails; some systems cannot do it, so errors are
// not.
func (w *writer) sync(name string) {
	if f, err := w.root.Open(name); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// removeEmpty removes a folder, and those above it, that have nothing in them.
func (w *writer) removeEmpty(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		entries, err := fs.ReadDir(w.root.FS(), dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if w.fail(err); w.err != nil || len(entries) > 0 {
			return
		}
		w.remove(dir)
	}
}
