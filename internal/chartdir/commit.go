package chartdir

import (
	"cmp"
	"context"
	"maps"
	"path"
	"slices"
)

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

// commit puts all that is staged into its place, the lock last. A file that somebody has edited since it was staged
// is a conflict now, and stays.
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
