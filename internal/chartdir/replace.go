package chartdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// ReplaceFile writes a file of the user's, outside of a chart's folder or beside its files, in one step, with the mode
// that it had: a run that is killed leaves the old text or the new one. A link stays one: what it leads to is replaced.
func ReplaceFile(path string, data []byte) error {
	mode := fs.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info, err := os.Stat(path); err == nil {
		if mode = info.Mode().Perm(); mode&0o200 == 0 {
			return remedy.Errorf("let yourself write it: chmod u+w "+path, "%s is read-only", path)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".helm-livekit-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
