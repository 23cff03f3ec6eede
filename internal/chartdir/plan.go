package chartdir

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Action is what happens to a file.
type Action string

// The actions, as `scaffold -o json` names them.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Unchanged Action = "unchanged"
	Conflict  Action = "conflict" // edited, or not of this tool: left alone
	Removed   Action = "removed"
)

// Change is one file and what happens to it.
type Change struct {
	Path   string `json:"path"` // below the chart, with slashes
	Action Action `json:"action"`
}

// Plan is what writing a chart would do. Nothing is written before Apply.
type Plan struct {
	// Changes are in order of path, the lock's left out. Apply makes conflicts of those that an edit prevented.
	Changes []Change
	// Interrupted says that an earlier run was killed, which this one finishes.
	Interrupted bool

	dir    string
	update *Update
	fresh  bool              // the folder is not there
	files  map[string][]byte // as they should be
	have   map[string][]byte // as they are, of those that are to be replaced or removed
	lock   *Lock             // to be written, with
	text   []byte            // its text
	old    *Lock             // of the chart as it is
	locks  locks             // from which that was read
	// step is called before each change of the file system, for tests.
	step func()
}

// Update is how a chart that is there changes. The zero value brings files up to date that nobody has edited.
type Update struct {
	// Generated are all files as this tool makes them now, for the lock; nil where they are those to be written.
	Generated map[string][]byte
	// Read are edited files as they were when what is to be written was made of them: these alone of those that were
	// edited are replaced or removed.
	Read map[string][]byte
}

// wasRead reports whether what stands at a name is what the new text was made of.
func (u *Update) wasRead(name string, now found) bool {
	text, ok := u.Read[name]
	return ok && now.is(hash(text))
}

// NewPlan compares files (by slash-separated path) with those in dir, an absolute path from ResolveTarget. The lock is
// completed with the files and written with them.
//
// Without an update, a chart that is there is an error, unless an interrupted run has left it. All files that differ
// and that the update does not replace are conflicts, and stay. The new lock keeps what the old one has for such a
// file: the text that the edits were made on. A file that the old lock does not know is in the new one only once it is
// written.
func NewPlan(dir string, files map[string][]byte, lock *Lock, update *Update) (*Plan, error) {
	for name := range files {
		if !isChartFile(name) || name == LockName {
			return nil, fmt.Errorf("generated file %q is no path of a file of a chart", name)
		}
	}
	p := &Plan{
		dir: dir, files: files, have: map[string][]byte{}, lock: lock, old: &Lock{}, update: update, step: func() {},
	}
	root, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.fresh = true
		for _, name := range slices.Sorted(maps.Keys(files)) {
			p.Changes = append(p.Changes, Change{name, Created})
		}
	case err != nil:
		return nil, fmt.Errorf("target: %w", err)
	default:
		defer root.Close()
		if err := p.compare(root); err != nil {
			return nil, err
		}
	}
	return p, p.completeLock()
}

// completeLock gives the lock, for each file of the chart that this tool has written, the text that it made last.
func (p *Plan) completeLock() error {
	base, err := p.old.Pristine()
	made, written := p.files, map[string][]byte{}
	if p.update != nil && p.update.Generated != nil {
		made, written = p.update.Generated, maps.Clone(p.update.Generated)
	}
	for _, c := range p.Changes {
		text, ok := made[c.Path]
		if c.Action == Conflict {
			delete(written, c.Path)
		}
		if ok && c.Action == Conflict {
			if err != nil {
				return damaged(filepath.Join(p.dir, LockName), err)
			}
			text, ok = base[c.Path]
		}
		if ok {
			written[c.Path] = text
		}
	}
	if err := p.lock.record(written); err != nil {
		return err
	}
	p.text, err = p.lock.Encode()
	return err
}

// compare plans for all files that are generated or were by the last run.
func (p *Plan) compare(root *os.Root) error {
	staging, err := look(root, stagingDir, 0)
	chart, cerr := look(root, chartFile, 0)
	if err = errors.Join(err, cerr); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	p.Interrupted = staging.there
	if p.locks, err = readLocks(root); err != nil {
		return err
	}
	if chart.there && p.update == nil && (!p.Interrupted || p.locks.placed.there) {
		return remedy.Errorf("`helm livekit update` brings a chart of this tool up to date; else name another folder",
			"there is a chart already: %s", pathOf(root, chartFile))
	}
	old, err := p.locks.current(root)
	if err != nil {
		return err
	}
	p.old = cmp.Or(old, p.old)
	for _, name := range union(p.files, p.old.Files) {
		if _, err := folderOf(root, name); err != nil {
			return err
		}
		now, err := look(root, name, maxFile)
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		want, wanted := p.files[name]
		isReplaced := now.is(p.old.Files[name]) || p.update != nil && p.update.wasRead(name, now)
		action := decide(wanted, now.there, wanted && now.is(hash(want)), isReplaced)
		if action == Updated || action == Removed {
			p.have[name] = now.data
		}
		if action != "" {
			p.Changes = append(p.Changes, Change{name, action})
		}
	}
	return nil
}

// union gives the keys of both, in order.
func union[A, B any](a map[string]A, b map[string]B) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// decide gives the action for a file, "" for none: wanted by the new chart, there, as wanted, free to be replaced.
func decide(wanted, there, same, isFree bool) Action {
	switch {
	case wanted && !there:
		return Created
	case same:
		return Unchanged
	case !there:
		return ""
	case wanted && isFree:
		return Updated
	case isFree:
		return Removed
	}
	return Conflict
}

// writes gives the changes that Apply makes, Chart.yaml's last: a folder with a new one holds all of the new chart.
func (p *Plan) writes() []*Change {
	var out, last []*Change
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case c.Action == Unchanged || c.Action == Conflict:
		case c.Path == chartFile:
			last = append(last, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, last...)
}

// Diff gives the changes as a unified diff, line endings and the lock aside. Of a binary file it says that it differs.
func (p *Plan) Diff() string {
	var b strings.Builder
	for _, c := range p.Changes {
		before, after := "a/"+c.Path, "b/"+c.Path
		switch c.Action {
		case Created:
			before = "/dev/null"
		case Removed:
			after = "/dev/null"
		case Unchanged, Conflict:
			continue
		}
		have, want := p.have[c.Path], p.files[c.Path]
		if isBinary(have) || isBinary(want) {
			fmt.Fprintf(&b, "Binary files %s and %s differ\n", before, after)
			continue
		}
		b.WriteString(udiff.Unified(before, after, plainLines(have), plainLines(want)))
	}
	return b.String()
}

// isBinary judges as git and diff do.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}

// plainLines is a text with LF alone: where git checks files out with CRLF, a diff would show every line.
func plainLines(data []byte) string {
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}
