package chartdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// makeFolders makes the chart's folder, and those above it that are not there either. It gives those that it has
// made, the innermost first.
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
