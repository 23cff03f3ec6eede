package chartdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// maxJournal bounds the bytes of a journal: thousands of files.
const maxJournal = 1 << 20

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

func (p *Plan) journal() *journal {
	j := &journal{}
	for _, name := range p.order() {
		e := entry{Path: name}
		if have, ok := p.have[name]; ok {
			e.Old = hash(have)
		}
		if want, ok := p.want[name]; ok {
			e.New = hash(want)
		}
		j.Entries = append(j.Entries, e)
	}
	return j
}

func decodeJournal(data []byte) (*journal, error) {
	j := &journal{}
	if err := json.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	for _, e := range j.Entries {
		if !isChartFile(e.Path) {
			return nil, fmt.Errorf("journal: %q is no file of a chart", e.Path)
		}
	}
	return j, nil
}

// finish carries out the committed journal in root. It gives the files that
// somebody has edited since: those stay. Killed, it can be called again.
func finish(root *os.Root, step func()) (kept []string, err error) {
	file := path.Join(journalDir, journalFile)
	f, err := look(root, file, maxJournal)
	if err != nil {
		return nil, err
	}
	if !f.there {
		// It goes first when all is done: what is left is its folder.
		return nil, root.RemoveAll(journalDir)
	}
	if !f.readable {
		return nil, fmt.Errorf("%s is no plain file of at most %d bytes", file, maxJournal)
	}
	j, err := decodeJournal(f.data)
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
	for _, e := range j.Entries {
		syncFolder(root, path.Dir(e.Path))
	}
	step()
	if err := root.Remove(filepath.FromSlash(file)); err != nil {
		return kept, err
	}
	step()
	return kept, root.RemoveAll(journalDir)
}

// replaces reports whether what is there is still what the entry was made for.
func (e entry) replaces(now found) bool {
	if e.Old == "" {
		return !now.there
	}
	return now.is(e.Old)
}

// carryOut makes one change, if the file is still as it was when the change
// was decided. It gives false where it is not.
func (e entry) carryOut(root *os.Root, step func()) (bool, error) {
	now, err := look(root, e.Path, maxFile)
	if err != nil {
		return false, err
	}
	switch {
	case now.is(e.New): // it was the last thing that a killed run did
		return true, nil
	case e.New == "" && !now.there:
		return true, removeEmpty(root, path.Dir(e.Path))
	case !e.replaces(now):
		return false, nil
	case e.New == "":
		step()
		if err := root.Remove(filepath.FromSlash(e.Path)); err != nil {
			return false, err
		}
		step()
		return true, removeEmpty(root, path.Dir(e.Path))
	}
	return true, e.move(root, step)
}

// move puts the new text into its place.
func (e entry) move(root *os.Root, step func()) error {
	staged := path.Join(journalDir, stagedDir, e.Path)
	f, err := look(root, staged, maxFile)
	if err != nil {
		return err
	}
	if !f.is(e.New) {
		return fmt.Errorf("%s is not the text that the journal means", staged)
	}
	name := filepath.FromSlash(e.Path)
	step()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	step()
	return root.Rename(filepath.FromSlash(staged), name)
}

// removeEmpty removes a folder, and those above it, that have nothing in them.
func removeEmpty(root *os.Root, dir string) error {
	for ; dir != "."; dir = path.Dir(dir) {
		entries, err := fs.ReadDir(root.FS(), dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || len(entries) > 0 {
			return err
		}
		if err := root.Remove(filepath.FromSlash(dir)); err != nil {
			return err
		}
	}
	return nil
}
