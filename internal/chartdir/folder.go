package chartdir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
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

// sync brings a folder's entries to the disk, for when power fails. Systems that cannot do it are left at that.
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

// maxFile is more than any file of a chart has; a larger one is somebody's.
const maxFile = maxPristine

// found is what stands at a path.
type found struct {
	there    bool
	readable bool // a plain file of a sensible size: data and mode say what it is
	data     []byte
	mode     fs.FileMode // permissions
}

// is reports whether the text is that of a hash. Of a link, a folder or a pipe it never is.
func (f found) is(sum string) bool { return f.readable && hash(f.data) == sum }

// look reads what stands at a slash-separated path below root. A link at its end is not followed.
func look(root *os.Root, name string, limit int64) (found, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	f := found{there: true, mode: info.Mode().Perm()}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return f, nil
	}
	file, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return found{}, nil // another run has moved it meanwhile
	}
	if err != nil {
		return found{}, err
	}
	defer file.Close()
	f.data, err = io.ReadAll(io.LimitReader(file, limit+1))
	f.readable = int64(len(f.data)) <= limit
	return f, err
}

// folderOf gives the nearest folder above a file that is there. It is an error where the way leads out of root or
// something else than a folder stands in it: found before anything is written.
func folderOf(root *os.Root, name string) (string, error) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		info, err := root.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			if _, lerr := root.Lstat(dir); lerr != nil {
				continue
			}
			err = fmt.Errorf("%s is a link to nowhere", dir)
		} else if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder", dir)
		}
		if err != nil {
			return "", remedy.Errorf("remove the link or the file that stands in the way",
				"%s cannot be written: %w", pathOf(root, name), err)
		}
		return dir, nil
	}
}

// pathOf gives the path of a slash-separated one below root.
func pathOf(root *os.Root, name string) string {
	return filepath.Join(root.Name(), filepath.FromSlash(name))
}

// LockName is the lock's file in the chart's folder.
const LockName = ".helm-livekit.lock"

// Names of what a run keeps in the chart's folder while it works. .helmignore leaves out all of them.
const (
	ownPrefix  = ".helm-livekit."
	stagingDir = ownPrefix + "tmp" // the files to come, by their names
	stagedLock = stagingDir + "/" + LockName
)

const chartFile = "Chart.yaml"

// isChartFile reports whether this package may write a file: a slash-separated path below the chart, nothing hidden
// but two names. A crafted lock in a repository would otherwise have a hook in .git removed.
func isChartFile(name string) bool {
	if name == LockName || name == ".helmignore" {
		return true
	}
	if !utf8.ValidString(name) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		// Windows drops dots and spaces at the end, so "a. " would be "a".
		if part == "" || part[0] == '.' || strings.TrimRight(part, ". ") != part {
			return false
		}
	}
	return filepath.IsLocal(filepath.FromSlash(name))
}

// hash is that of a text, whatever ends its lines: git may check files out with CRLF.
func hash(data []byte) string {
	return digest.FromBytes(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))).String()
}

// ReadFiles reads those of some files of the chart in dir, by slash-separated path, that are there. A link, a folder or
// a file too large for a chart is an error that names it.
func ReadFiles(dir string, names []string) (map[string][]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	defer root.Close()
	texts := map[string][]byte{}
	for _, name := range names {
		f, err := look(root, name, maxFile)
		switch {
		case err != nil:
			return nil, fmt.Errorf("read chart: %w", err)
		case f.there && !f.readable:
			return nil, remedy.Errorf("put a plain file in its place, or remove it",
				"%s is no plain file that could be merged", pathOf(root, name))
		case f.there:
			texts[name] = f.data
		}
	}
	return texts, nil
}
