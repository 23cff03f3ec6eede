package chartdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

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
// what one that was not has left. It is the first thing to do with a target.
func Recover(dir string) (Recovery, error) {
	var r Recovery
	if err := sweep(filepath.Dir(dir), filepath.Base(dir)); err != nil {
		return r, fmt.Errorf("clean up after an interrupted run: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("target: %w", err)
	}
	defer root.Close()
	if err := sweep(dir, ""); err != nil {
		return r, fmt.Errorf("clean up after an interrupted run: %w", err)
	}
	if _, err := root.Lstat(journalDir); err != nil {
		return r, nil
	}
	r.Kept, err = finish(root, func() {})
	if err != nil {
		return r, remedy.Errorf("remove the folder "+filepath.Join(dir, journalDir)+" to leave the chart as it is",
			"finish an interrupted run: %w", err)
	}
	r.Finished = true
	return r, nil
}

// finish carries out the journal in root. It gives the files that somebody has
// edited since: those stay.
func finish(root *os.Root, step func()) (kept []string, err error) {
	data, err := root.ReadFile(filepath.FromSlash(journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		// It goes first when all is done, so what is left is empty folders.
		return nil, root.RemoveAll(journalDir)
	}
	if err != nil {
		return nil, err
	}
	j, err := decodeJournal(data)
	if err != nil {
		return nil, err
	}
	for _, e := range j.Entries {
		done, err := e.carryOut(root, step)
		if err != nil {
			return kept, err
		}
		if !done {
			kept = append(kept, e.Path)
		}
	}
	step()
	if err := root.Remove(filepath.FromSlash(journalFile)); err != nil {
		return kept, err
	}
	step()
	return kept, root.RemoveAll(journalDir)
}

func decodeJournal(data []byte) (*journal, error) {
	j := &journal{}
	if err := json.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	for _, e := range j.Entries {
		if !isLocal(e.Path) {
			return nil, fmt.Errorf("journal: %q is no file of a chart", e.Path)
		}
	}
	return j, nil
}

// carryOut makes one change, if the file is still as it was when the change
// was decided. It gives false where it is not.
func (e entry) carryOut(root *os.Root, step func()) (bool, error) {
	name := filepath.FromSlash(e.Path)
	staged := filepath.FromSlash(path.Join(journalDir, stagedDir, e.Path))
	now := ""
	if data, err := root.ReadFile(name); err == nil {
		now = hash(data)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if now == e.New {
		return true, nil // it was the last thing that the killed run did
	}
	if now != e.Old {
		return false, nil
	}
	step()
	if e.New == "" {
		return true, removeWithFolder(root, name)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return false, err
	}
	step()
	return true, root.Rename(staged, name)
}

// removeWithFolder removes a file, and its folder where nothing else is in it.
func removeWithFolder(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil {
		return err
	}
	if dir := filepath.Dir(name); dir != "." {
		_ = root.Remove(dir) // fails where it is not empty
	}
	return nil
}

const stagingSuffix = ".tmp"

// stagingName names the temporary folder of this process, for the folder base
// or, where that is "", inside the target itself.
func stagingName(base string) string {
	return stagingPrefix(base) + strconv.Itoa(os.Getpid()) + stagingSuffix
}

func stagingPrefix(base string) string {
	if base != "" {
		base += "."
	}
	return prefix + base
}

// sweep removes the temporary folders of processes that are gone.
func sweep(dir, base string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), stagingPrefix(base))
		number, isStaging := strings.CutSuffix(rest, stagingSuffix)
		pid, err := strconv.Atoi(number)
		if !ok || !isStaging || err != nil || !e.IsDir() || (alive(pid) && pid != os.Getpid()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	// Windows finds no process that is gone, and knows no signal 0.
	return runtime.GOOS == "windows" || !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
