package chartdir

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// newFile stands for the mode of a file that is new: what umask makes of 0644.
const newFile fs.FileMode = 0

// stageAll writes all new texts and the journal into the temporary folder. A
// new text has the mode of the file that it replaces.
func (p *Plan) stageAll(ctx context.Context, root *os.Root, j *journal) error {
	texts := path.Join(stagingDir, stagedDir)
	p.step()
	if err := root.MkdirAll(filepath.FromSlash(texts), 0o755); err != nil {
		return err
	}
	for _, e := range j.Entries {
		if e.New == "" {
			continue
		}
		now, err := look(root, e.Path, maxFile)
		if err != nil {
			return err
		}
		if err := p.stage(ctx, root, path.Join(texts, e.Path), p.want[e.Path], now.mode); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	if err := p.stage(ctx, root, path.Join(stagingDir, journalFile), data, newFile); err != nil {
		return err
	}
	syncFolders(root, stagingDir)
	return nil
}

// stage writes one new file, with the folders above it.
func (p *Plan) stage(ctx context.Context, root *os.Root, name string, data []byte, mode fs.FileMode) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name = filepath.FromSlash(name)
	p.step()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	p.step()
	return writeSynced(root, name, data, mode)
}

// writeSynced writes a file that is on the disk when it returns.
func writeSynced(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if mode != newFile {
		err = errors.Join(err, f.Chmod(mode))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder brings a folder's entries to the disk. It matters when power
// fails; some systems cannot do it, so errors are not.
func syncFolder(root *os.Root, name string) {
	if f, err := root.Open(filepath.FromSlash(name)); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// syncFolders does so for a folder and all below it.
func syncFolders(root *os.Root, name string) {
	_ = fs.WalkDir(root.FS(), name, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			syncFolder(root, name)
		}
		return nil
	})
}
