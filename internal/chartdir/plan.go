package chartdir

import (
	"bytes"
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
	Changes []Change // in order of path, the lock's left out
	dir     string
	fresh   bool // the folder is not there
	// want and have are the texts as they should be and as they are, of all
	// files that change. A file that is to go has no want.
	want, have map[string][]byte
	// step is called before each change of the file system, for tests.
	step func()
}

// maxFile is more than any file of a chart; a larger one is not compared.
const maxFile = 16 << 20

// NewPlan compares generated files (by slash-separated path) with those in
// dir, an absolute path from ResolveTarget. The lock is completed with the
// files and written with them.
//
// A chart that is there is an error without force. With force the files that
// the old lock shows unedited are written anew; all else that differs is a
// conflict, and stays. The new lock records the generated text of such a file
// all the same: what is there then differs from it, so that the file goes on
// counting as edited.
func NewPlan(dir string, files map[string][]byte, lock *Lock, force bool) (*Plan, error) {
	p := &Plan{dir: dir, want: map[string][]byte{}, have: map[string][]byte{}, step: func() {}}
	for name := range files {
		if !isLocal(name) {
			return nil, fmt.Errorf("generated file %q is no path below a chart", name)
		}
	}
	if err := lock.record(files); err != nil {
		return nil, err
	}
	old, err := p.open(force)
	if err != nil {
		return nil, err
	}
	if err := p.compare(files, old); err != nil {
		return nil, err
	}
	data, err := lock.encode()
	if err != nil {
		return nil, err
	}
	return p, p.addLock(data)
}

// open looks at the folder and gives the lock in it.
func (p *Plan) open(force bool) (*Lock, error) {
	if _, err := os.Lstat(p.dir); errors.Is(err, fs.ErrNotExist) {
		p.fresh = true
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	chart := filepath.Join(p.dir, "Chart.yaml")
	switch _, err := os.Lstat(chart); {
	case err == nil && !force:
		return nil, remedy.Errorf("use --force to write its unedited files anew, with --dry-run to see what would change",
			"there is a chart already: %s", chart)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("target: %w", err)
	}
	return ReadLock(p.dir)
}

func (p *Plan) compare(files map[string][]byte, old *Lock) error {
	if old == nil {
		old = &Lock{}
	}
	names := slices.Collect(maps.Keys(files))
	for name := range old.Files {
		if _, ok := files[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		have, there, err := p.read(name)
		if err != nil {
			return err
		}
		want, wanted := files[name]
		action := decide(wanted, there, wanted && there && hash(have) == hash(want), there && hash(have) == old.Files[name])
		if action == "" {
			continue
		}
		p.Changes = append(p.Changes, Change{name, action})
		if wanted && (action == Created || action == Updated) {
			p.want[name] = want
		}
		if there && (action == Updated || action == Removed) {
			p.have[name] = have
		}
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

// read gives a file of the folder. A link out of the folder is an error.
func (p *Plan) read(name string) (data []byte, there bool, err error) {
	if p.fresh {
		return nil, false, nil
	}
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return nil, false, fmt.Errorf("target: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		if _, lerr := root.Lstat(filepath.FromSlash(name)); lerr == nil {
			return nil, true, nil // a link to nowhere: somebody's, so a conflict
		}
		return nil, false, nil
	}
	if err != nil {
		return nil, false, remedy.Errorf("remove the link, or what stands in the way",
			"%s cannot be written: %w", filepath.Join(p.dir, name), err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, true, nil
	}
	data, err = root.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return nil, false, fmt.Errorf("target: %w", err)
	}
	return data, true, nil
}

func (p *Plan) addLock(data []byte) error {
	have, there, err := p.read(LockName)
	if err != nil {
		return err
	}
	if there && bytes.Equal(have, data) {
		return nil
	}
	p.want[LockName] = data
	if there {
		p.have[LockName] = have
	}
	return nil
}

// Diff gives the changes as a unified diff.
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
		b.WriteString(udiff.Unified(before, after, string(p.have[c.Path]), string(p.want[c.Path])))
	}
	return b.String()
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
	rank := map[string]int{LockName: 1, "Chart.yaml": 2}
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		if rank[a] != rank[b] {
			return rank[a] - rank[b]
		}
		return strings.Compare(a, b)
	})
}
