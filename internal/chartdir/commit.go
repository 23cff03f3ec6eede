package chartdir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
)

// stage writes all new texts and the lock into the staging folder. Then it looks whether the chart is still as it was
// when the plan was made.
func (p *Plan) stage(ctx context.Context, root *os.Root) error {
	p.step()
	if err := root.Mkdir(stagingDir, 0o755); err != nil {
		return err
	}
	for _, c := range p.writes() {
		if err := p.stageFile(ctx, root, c); err != nil {
			return err
		}
	}
	if err := p.stageLock(root, p.text); err != nil {
		return err
	}
	for _, c := range p.writes() {
		if same, err := p.isAsPlanned(root, c); err != nil {
			return err
		} else if !same {
			return changed(pathOf(root, c.Path))
		}
	}
	return ctx.Err()
}

// stageFile stages a file, with the mode of the one that it is to replace.
func (p *Plan) stageFile(ctx context.Context, root *os.Root, c *Change) error {
	if err := ctx.Err(); err != nil || c.Action == Removed {
		return err
	}
	now, err := look(root, c.Path, maxFile)
	if err != nil {
		return err
	}
	staged := path.Join(stagingDir, c.Path)
	p.step()
	if err := root.MkdirAll(path.Dir(staged), 0o755); err != nil {
		return err
	}
	p.step()
	return writeSynced(root, staged, p.files[c.Path], now.mode)
}

// stageLock stages a lock, all at once: half of one could not be read.
func (p *Plan) stageLock(root *os.Root, text []byte) error {
	const name = stagingDir + "/.lock" // no chart's file: those are not hidden
	if err := root.RemoveAll(name); err != nil {
		return err
	}
	p.step()
	if err := writeSynced(root, name, text, p.locks.placed.mode); err != nil {
		return err
	}
	p.step()
	if err := root.Rename(name, stagedLock); err != nil {
		return err
	}
	syncFolder(root, stagingDir)
	return nil
}

func (p *Plan) placeLock(root *os.Root) error {
	p.step()
	return root.Rename(stagedLock, LockName)
}

// commit puts all that is staged into its place, the lock last. A file that somebody has edited since it was staged
// is a conflict now, and stays.
func (p *Plan) commit(root *os.Root) error {
	conflicts := false
	for _, c := range p.writes() {
		if same, err := p.isAsPlanned(root, c); err != nil {
			return err
		} else if !same {
			c.Action, conflicts = Conflict, true
		} else if err := p.place(root, c); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.old.Files)) {
		if err := p.removeEmpty(root, path.Dir(name)); err != nil {
			return err
		}
	}
	if conflicts {
		if err := errors.Join(p.completeLock(), p.stageLock(root, p.text)); err != nil {
			return err
		}
	}
	if err := p.placeLock(root); err != nil {
		return err
	}
	syncFolder(root, ".")
	p.step()
	return root.RemoveAll(stagingDir)
}

// place makes one change.
func (p *Plan) place(root *os.Root, c *Change) error {
	defer syncFolder(root, path.Dir(c.Path))
	p.step()
	if c.Action == Removed {
		return root.Remove(c.Path)
	}
	if err := root.MkdirAll(path.Dir(c.Path), 0o755); err != nil {
		return err
	}
	p.step()
	return root.Rename(path.Join(stagingDir, c.Path), c.Path)
}

// removeEmpty removes a folder, and those above it, that have nothing in them.
func (p *Plan) removeEmpty(root *os.Root, dir string) error {
	for ; dir != "."; dir = path.Dir(dir) {
		entries, err := fs.ReadDir(root.FS(), dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || len(entries) > 0 {
			return err
		}
		p.step()
		if err := root.Remove(dir); err != nil {
			return err
		}
	}
	return nil
}

// writeSynced writes a file that is on the disk when it returns. A mode of 0 is what umask makes of 0644.
func writeSynced(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if mode != 0 {
		err = errors.Join(err, f.Chmod(mode))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder brings a folder's entries to the disk. It matters when power fails; some systems cannot do it, so errors
// are not.
func syncFolder(root *os.Root, name string) {
	if f, err := root.Open(name); err == nil {
		_ = f.Sync()
		f.Close()
	}
}
