package chartdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Recovery is what Recover found.
type Recovery struct {
	// Finished says that an interrupted run was completed.
	Finished bool
	// Kept are files that were edited after the interruption, and so not
	// written.
	Kept []string
}

// Recover completes an interrupted run in dir that was committed, and removes
// what one that was not has left. It is the first thing to do with a target
// (an absolute path from ResolveTarget). What a run that is still alive has
// made, it leaves to it.
func Recover(dir string) (Recovery, error) { return recoverSteps(dir, func() {}) }

// IsPending reports whether an interrupted run in dir waits to be finished.
func IsPending(dir string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false
	}
	defer root.Close()
	return isFolder(root, journalDir)
}

// recoverSteps calls step before each change of the file system.
func recoverSteps(dir string, step func()) (Recovery, error) {
	var r Recovery
	for d := dir; d != filepath.Dir(d); d = filepath.Dir(d) {
		if err := sweepBeside(d, step); err != nil {
			return r, fmt.Errorf("clean up after an interrupted run: %w", err)
		}
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("target: %w", err)
	}
	defer root.Close()
	if !isFolder(root, journalDir) && !isFolder(root, stagingDir) {
		return r, nil
	}
	release, err := lockFolder(context.Background(), root)
	if err != nil {
		return r, err
	}
	defer release()
	step()
	if err := root.RemoveAll(stagingDir); err != nil {
		return r, fmt.Errorf("clean up after an interrupted run: %w", err)
	}
	if !isFolder(root, journalDir) {
		return r, nil
	}
	r.Kept, err = finish(root, step)
	if err != nil {
		return r, remedy.Errorf("mend that, or remove the folder "+filepath.Join(dir, journalDir)+" to leave the chart as it is",
			"finish an interrupted run: %w", err)
	}
	r.Finished = true
	return r, nil
}

// sweepBeside removes what a run has left that was making dir, unless that run
// is alive.
func sweepBeside(dir string, step func()) error {
	name := stagingBeside(filepath.Base(dir))
	if _, err := os.Lstat(filepath.Join(filepath.Dir(dir), name)); err != nil {
		return nil // there is none, or none that one could see
	}
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer root.Close()
	if !isFolder(root, name) {
		return nil
	}
	release, err := tryLock(root)
	if errors.Is(err, errBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	step()
	return root.RemoveAll(name)
}

func isFolder(root *os.Root, name string) bool {
	info, err := root.Lstat(name)
	return err == nil && info.IsDir()
}
