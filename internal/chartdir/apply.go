package chartdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Names of what a run keeps in the file system while it works. .helmignore
// leaves out all of them.
const (
	prefix      = ".helm-livekit."
	journalDir  = prefix + "journal"
	journalFile = journalDir + "/journal.json"
	stagedDir   = "new"
)

// journal is what is left to do once all new texts are on the disk.
type journal struct {
	Entries []entry `json:"entries"`
}

// entry is the change of one file. Old is the hash of the text that it
// replaces, "" where there is none; New is that of the new text, "" where the
// file goes.
type entry struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Apply writes the plan. A folder that is not there appears whole by one
// rename. In a folder that is there, all new texts are written beside the
// files first; one rename commits them, and then they take their places one
// by one. What is interrupted before the commit is undone, by Apply itself or
// by the next run's Recover; after it, Recover finishes.
func (p *Plan) Apply(ctx context.Context) error {
	if len(p.order()) == 0 {
		return nil
	}
	apply := p.applyJournal
	if p.fresh {
		apply = p.applyFresh
	}
	if err := apply(ctx); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return remedy.Errorf("make the folder writable, or name another", "write chart: %w", err)
		}
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}

func (p *Plan) applyFresh(ctx context.Context) (err error) {
	parent := filepath.Dir(p.dir)
	made, err := p.makeParents(parent)
	defer func() {
		for i := len(made) - 1; err != nil && i >= 0; i-- {
			os.Remove(made[i]) // stays where something else has come into it
		}
	}()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return err
	}
	defer root.Close()
	staging := stagingName(filepath.Base(p.dir))
	defer func() {
		if err != nil {
			root.RemoveAll(staging)
		}
	}()
	p.step()
	if err := root.Mkdir(staging, 0o755); err != nil {
		return err
	}
	for _, name := range p.order() {
		if err := p.stage(ctx, root, staging, name); err != nil {
			return err
		}
	}
	p.step()
	return root.Rename(staging, filepath.Base(p.dir))
}

// makeParents makes the folder and those above it, and gives those made.
func (p *Plan) makeParents(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); err == nil {
		return nil, nil
	}
	made, err = p.makeParents(filepath.Dir(dir))
	if err != nil {
		return made, err
	}
	p.step()
	if err := os.Mkdir(dir, 0o755); err != nil {
		return made, err
	}
	return append(made, dir), nil
}

func (p *Plan) applyJournal(ctx context.Context) (err error) {
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	staging := stagingName("")
	if err := p.stageJournal(ctx, root, staging); err != nil {
		root.RemoveAll(staging)
		return err
	}
	p.step()
	if err := root.Rename(staging, journalDir); err != nil {
		root.RemoveAll(staging)
		return err
	}
	// Committed: from here on the run goes through, whatever ctx says.
	_, err = finish(root, p.step)
	return err
}

// stageJournal writes all new texts and the journal.
func (p *Plan) stageJournal(ctx context.Context, root *os.Root, staging string) error {
	p.step()
	if err := root.Mkdir(staging, 0o755); err != nil {
		return err
	}
	var j journal
	for _, name := range p.order() {
		e := entry{Path: name}
		if have, ok := p.have[name]; ok {
			e.Old = hash(have)
		}
		if want, ok := p.want[name]; ok {
			e.New = hash(want)
			if err := p.stage(ctx, root, path.Join(staging, stagedDir), name); err != nil {
				return err
			}
		}
		j.Entries = append(j.Entries, e)
	}
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	p.step()
	return writeSynced(root, path.Join(staging, path.Base(journalFile)), data, 0o644)
}

// stage writes one new text below a folder of root.
func (p *Plan) stage(ctx context.Context, root *os.Root, below, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	to := filepath.FromSlash(path.Join(below, name))
	p.step()
	if err := root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(filepath.Join(p.dir, filepath.FromSlash(name))); err == nil {
		mode = info.Mode().Perm()
	}
	p.step()
	return writeSynced(root, to, p.want[name], mode)
}

// writeSynced writes a file that is on the disk when it returns.
func writeSynced(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
