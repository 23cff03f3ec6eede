package chartdir

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Apply writes the plan; the package comment says how. When ctx ends before the first file is in its place, or
// anything else goes wrong until then, all is as it was.
func (p *Plan) Apply(ctx context.Context) error {
	err := p.apply(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return remedy.Errorf("make the folder writable, or name another", "write chart %s: %w", p.dir, err)
	}
	return fmt.Errorf("write chart %s: %w", p.dir, err)
}

func (p *Plan) apply(ctx context.Context) (err error) {
	if len(p.writes()) == 0 && p.locks.placed.is(hash(p.text)) && !p.Interrupted {
		return nil
	}
	made, err := p.makeFolders()
	defer func() {
		for i := 0; err != nil && i < len(made); i++ {
			_ = os.Remove(made[i]) // unless there is something in it
		}
	}()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	release, err := lockFolder(ctx, root)
	if err != nil {
		return err
	}
	defer release()
	w := &writer{root: root, step: p.step}
	if p.clear(w); w.err != nil {
		return w.err
	}
	if p.stage(ctx, w); w.err != nil {
		return errors.Join(w.err, root.RemoveAll(stagingDir))
	}
	// From here on the run goes through, whatever ctx says.
	if p.commit(w); w.err != nil {
		return remedy.Errorf("fix that and run the command again: it goes on from here", "half done: %w", w.err)
	}
	return nil
}

// makeFolders makes the chart's folder and those above it, and gives those that it has made, the innermost first.
func (p *Plan) makeFolders() ([]string, error) {
	if !p.fresh {
		return nil, nil
	}
	var missing []string
	for dir := p.dir; !exists(dir); dir = filepath.Dir(dir) {
		missing = append(missing, dir)
	}
	if len(missing) == 0 {
		return nil, changed(p.dir)
	}
	for i, dir := range slices.Backward(missing) {
		p.step()
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, fs.ErrExist) {
			err = changed(dir)
		}
		if err != nil {
			return missing[i+1:], err
		}
	}
	return missing, nil
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil || file == filepath.Dir(file)
}

// clear removes what an interrupted run has staged. Before that the lock comes to describe what that run has left in
// the chart: only the staged one knew.
func (p *Plan) clear(w *writer) {
	now, err := readLocks(w.root)
	w.fail(err)
	if !reflect.DeepEqual(now, p.locks) {
		w.fail(changed(pathOf(w.root, LockName)))
	}
	// Once files are renamed, the run can only go on.
	for _, c := range append(p.writes(), &Change{Path: LockName}) {
		dir, err := folderOf(w.root, c.Path)
		w.fail(err)
		w.fail(writable(pathOf(w.root, dir)))
	}
	if p.locks.staged.there {
		text, err := p.old.Encode()
		w.fail(err)
		p.stageLock(w, text)
		w.rename(stagedLock, LockName)
	}
	w.removeAll(stagingDir)
}

func changed(file string) error {
	return remedy.Errorf("run the command again", "somebody changed %s meanwhile", file)
}

// stage writes all new texts and the lock into the staging folder, each with the mode of what it is to replace. Then
// it looks whether the chart is still as it was when the plan was made.
func (p *Plan) stage(ctx context.Context, w *writer) {
	w.do(func() error { return w.root.Mkdir(stagingDir, 0o755) }) // nobody else's
	for _, c := range p.writes() {
		if c.Action == Removed {
			continue
		}
		now, err := look(w.root, c.Path, maxFile)
		w.fail(cmp.Or(ctx.Err(), err))
		staged := path.Join(stagingDir, c.Path)
		w.makeFolder(path.Dir(staged))
		w.write(staged, p.files[c.Path], now.mode)
	}
	p.stageLock(w, p.text)
	for _, c := range p.writes() {
		if !p.isAsPlanned(w, c) {
			w.fail(changed(pathOf(w.root, c.Path)))
		}
	}
	w.fail(ctx.Err())
}

// stageLock stages a lock, all at once: half of one could not be read.
func (p *Plan) stageLock(w *writer, text []byte) {
	const name = stagingDir + "/.lock" // no chart's file: those are not hidden
	w.removeAll(name)
	w.write(name, text, p.locks.placed.mode)
	w.rename(name, stagedLock)
}

// commit puts all that is staged into its place, the lock last. A file that was edited meanwhile is a conflict.
func (p *Plan) commit(w *writer) {
	conflicts := false
	for _, c := range p.writes() {
		switch {
		case !p.isAsPlanned(w, c):
			c.Action, conflicts = Conflict, true
		case c.Action == Removed:
			w.remove(c.Path)
		default:
			w.makeFolder(path.Dir(c.Path))
			w.rename(path.Join(stagingDir, c.Path), c.Path)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.old.Files)) {
		w.removeEmpty(path.Dir(name))
	}
	if conflicts {
		w.fail(p.completeLock())
		p.stageLock(w, p.text)
	}
	w.rename(stagedLock, LockName)
	w.removeAll(stagingDir)
}

// isAsPlanned reports whether what is there is still what the change was planned for.
func (p *Plan) isAsPlanned(w *writer, c *Change) bool {
	now, err := look(w.root, c.Path, maxFile)
	w.fail(err)
	if have, ok := p.have[c.Path]; ok {
		return now.is(hash(have))
	}
	return !now.there
}
