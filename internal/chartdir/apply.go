package chartdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Apply writes the plan, all or nothing; the package comment says how. When
// ctx ends before the commit, or anything else goes wrong, all is as it was.
func (p *Plan) Apply(ctx context.Context) error {
	if len(p.order()) == 0 {
		return nil
	}
	apply := p.applyJournal
	if p.fresh {
		apply = p.applyFresh
	}
	err := apply(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return remedy.Errorf("make the folder writable, or name another", "write chart %s: %w", p.dir, err)
	}
	return fmt.Errorf("write chart %s: %w", p.dir, err)
}

// applyFresh makes the folder, and those above it that are not there either.
// The topmost of them is made under a temporary name, so that they all appear
// by one rename.
func (p *Plan) applyFresh(ctx context.Context) (err error) {
	above, missing := nearest(p.dir)
	if len(missing) == 0 {
		return changed(p.dir)
	}
	root, err := os.OpenRoot(above)
	if err != nil {
		return err
	}
	defer root.Close()
	release, err := lockFolder(ctx, root)
	if err != nil {
		return err
	}
	defer release()
	staging := stagingBeside(missing[0])
	if err := root.RemoveAll(staging); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.RemoveAll(staging))
		}
	}()
	chart := path.Join(staging, path.Join(missing[1:]...))
	for _, name := range p.order() {
		if err := p.stage(ctx, root, path.Join(chart, name), p.want[name], newFile); err != nil {
			return err
		}
	}
	syncFolders(root, staging)
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := root.Lstat(missing[0]); err == nil {
		return changed(filepath.Join(above, missing[0]))
	}
	p.step()
	if err := root.Rename(staging, missing[0]); err != nil {
		return err
	}
	syncFolder(root, ".")
	return nil
}

// nearest gives the nearest folder above dir that is there, and the names
// below it that lead to dir.
func nearest(dir string) (above string, missing []string) {
	for above = dir; ; above = filepath.Dir(above) {
		if _, err := os.Lstat(above); err == nil || above == filepath.Dir(above) {
			slices.Reverse(missing)
			return above, missing
		}
		missing = append(missing, filepath.Base(above))
	}
}

// applyJournal changes a folder that is there.
func (p *Plan) applyJournal(ctx context.Context) error {
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
	if err := p.prepare(ctx, root); err != nil {
		return errors.Join(err, root.RemoveAll(stagingDir))
	}
	p.step()
	if err := root.Rename(stagingDir, journalDir); err != nil {
		return errors.Join(err, root.RemoveAll(stagingDir))
	}
	// Committed: from here on the run goes through, whatever ctx says.
	syncFolder(root, ".")
	kept, err := finish(root, p.step)
	if err != nil {
		return remedy.Errorf("mend that and run the command again: it goes on from here", "half done: %w", err)
	}
	p.keep(kept)
	return nil
}

// prepare does all that comes before the commit: it makes sure that nothing
// stands in the way, writes the new texts and the journal, and looks whether
// the folder is still as it was when the plan was made.
func (p *Plan) prepare(ctx context.Context, root *os.Root) error {
	if _, err := root.Lstat(journalDir); err == nil {
		return remedy.Errorf("run the command again: it finishes that run first", "an interrupted run has left %s", journalDir)
	}
	if err := p.mayMove(root); err != nil {
		return err
	}
	if err := root.RemoveAll(stagingDir); err != nil {
		return err
	}
	j := p.journal()
	if err := p.stageAll(ctx, root, j); err != nil {
		return err
	}
	for _, e := range j.Entries {
		if now, err := look(root, e.Path, maxFile); err != nil {
			return err
		} else if !e.replaces(now) {
			return changed(filepath.Join(p.dir, filepath.FromSlash(e.Path)))
		}
	}
	return ctx.Err()
}

func changed(file string) error {
	return remedy.Errorf("run the command again", "somebody changed %s meanwhile", file)
}

// mayMove makes sure that files can be put into all folders concerned: once
// committed, a run can only go on.
func (p *Plan) mayMove(root *os.Root) error {
	for _, name := range p.order() {
		dir, err := folderOf(root, name)
		if err != nil {
			return err
		}
		if err := writable(filepath.Join(p.dir, filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	return nil
}

// keep turns the changes of files that were not written into conflicts.
func (p *Plan) keep(kept []string) {
	for i, c := range p.Changes {
		if slices.Contains(kept, c.Path) {
			p.Changes[i].Action = Conflict
		}
	}
}
