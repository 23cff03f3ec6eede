package chartdir

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	// Changes are in order of path, the lock's left out. Apply turns those into
	// conflicts that somebody's edit in the middle of it prevented.
	Changes []Change
	dir     string
	fresh   bool // the folder is not there
	// want and have are the texts as they should be and as they are, of all
	// files that change. A file that is to go has no want.
	want, have map[string][]byte
	// step is called before each change of the file system, for tests.
	step func()
}

// NewPlan compares generated files (by slash-separated path) with those in
// dir, an absolute path from ResolveTarget. The lock is completed with the
// files and written with them.
//
// A chart that is there is an error without force. With force the files that
// the old lock shows unedited are written anew; all else that differs is a
// conflict, and stays. The new lock keeps what the old one has for such a file:
// the text that the edits were made on, which a three-way update needs. A file
// that the old lock does not know is in the new one only once it is written.
func NewPlan(dir string, files map[string][]byte, lock *Lock, force bool) (*Plan, error) {
	for name := range files {
		if !isChartFile(name) || name == LockName {
			return nil, fmt.Errorf("generated file %q is no path of a file of a chart", name)
		}
	}
	p := &Plan{dir: dir, want: map[string][]byte{}, have: map[string][]byte{}, step: func() {}}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		data, err := lock.of(files)
		p.createAll(files, data)
		return p, err
	}
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer root.Close()
	if err := mayWrite(root, force); err != nil {
		return nil, err
	}
	old, err := readLock(root)
	if err != nil {
		return nil, err
	}
	if err := p.compare(root, files, old); err != nil {
		return nil, err
	}
	generated, err := p.generated(files, old)
	if err != nil {
		return nil, err
	}
	data, err := lock.of(generated)
	if err != nil {
		return nil, err
	}
	return p, p.addLock(root, data)
}

// generated gives, for each file of the chart that this tool has written, the
// text that it wrote last.
func (p *Plan) generated(files map[string][]byte, old *Lock) (map[string][]byte, error) {
	out := maps.Clone(files)
	base := map[string][]byte{}
	if old != nil && p.conflicts() {
		var err error
		if base, err = old.Pristine(); err != nil {
			return nil, damaged(filepath.Join(p.dir, LockName), err)
		}
	}
	for _, c := range p.Changes {
		if _, wanted := files[c.Path]; c.Action != Conflict || !wanted {
			continue
		}
		delete(out, c.Path)
		if text, ok := base[c.Path]; ok {
			out[c.Path] = text
		}
	}
	return out, nil
}

func (p *Plan) conflicts() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action == Conflict })
}

// mayWrite refuses a chart that is there, unless force.
func mayWrite(root *os.Root, force bool) error {
	switch _, err := root.Lstat(chartFile); {
	case err == nil && !force:
		return remedy.Errorf("use --force to write its unedited files anew, --dry-run to see what would change",
			"there is a chart already: %s", filepath.Join(root.Name(), chartFile))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("target: %w", err)
	}
	return nil
}

// createAll plans for a folder that is not there.
func (p *Plan) createAll(files map[string][]byte, lock []byte) {
	p.fresh = true
	p.want = maps.Clone(files)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p.Changes = append(p.Changes, Change{name, Created})
	}
	p.want[LockName] = lock
}

// compare plans for all files that are generated or were by the last run.
func (p *Plan) compare(root *os.Root, files map[string][]byte, old *Lock) error {
	if old == nil {
		old = &Lock{}
	}
	names := maps.Clone(old.Files)
	if names == nil {
		names = map[string]string{}
	}
	for name := range files {
		names[name] = ""
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if _, err := folderOf(root, name); err != nil {
			return err
		}
		now, err := look(root, name, maxFile)
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		want, wanted := files[name]
		action := decide(wanted, now.there, wanted && now.is(hash(want)), now.is(old.Files[name]))
		p.add(name, action, now.data, want)
	}
	return nil
}

// decide gives the action for a file: wanted by the new chart, there in the
// folder, the same as wanted, and as the last run wrote it. "" is nothing.
func decide(wanted, there, same, unedited bool) Action {
	switch {
	case wanted && !there:
		return Created
	case same:
		return Unchanged
	case !there:
		return ""
	case wanted && unedited:
		return Updated
	case unedited:
		return Removed
	}
	return Conflict
}

func (p *Plan) add(name string, action Action, have, want []byte) {
	switch action {
	case "":
		return
	case Created:
		p.want[name] = want
	case Updated:
		p.have[name], p.want[name] = have, want
	case Removed:
		p.have[name] = have
	}
	p.Changes = append(p.Changes, Change{name, action})
}

func (p *Plan) addLock(root *os.Root, data []byte) error {
	now, err := look(root, LockName, maxLock)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	switch {
	case !now.there:
		p.want[LockName] = data
	case !now.is(hash(data)):
		p.have[LockName], p.want[LockName] = now.data, data
	}
	return nil
}

// order gives the files that change as Apply takes them: the lock late and
// Chart.yaml last, so that a folder with a Chart.yaml holds a whole chart.
func (p *Plan) order() []string {
	names := map[string]bool{}
	for _, m := range []map[string][]byte{p.want, p.have} {
		for name := range m {
			names[name] = true
		}
	}
	rank := map[string]int{LockName: 1, chartFile: 2}
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		if rank[a] != rank[b] {
			return rank[a] - rank[b]
		}
		return strings.Compare(a, b)
	})
}
