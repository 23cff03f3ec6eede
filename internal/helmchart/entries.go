package helmchart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/ignore"
)

// Entry is a file that Helm would load from a chart's directory.
type Entry struct {
	Name string // relative to the chart, with forward slashes
	Mode fs.FileMode
	Size int64
	// Link is the symbolic link on the way to the file, relative to the chart, and Target where it leads; both are ""
	// where there is none.
	Link, Target string
	// Outside says that the link leads out of the chart. A directory outside is one entry.
	Outside bool
	// Err says why the link leads nowhere, or without end.
	Err error
}

// Entries lists the files that Helm would load from the chart in dir: it goes through symbolic links and leaves out
// what .helmignore names, but a link that leads nowhere counts even there, for Helm fails on it. Links that lead out
// of the chart are listed and not followed.
func Entries(dir string) ([]Entry, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("list chart: %w", err)
	}
	root := realPath(dir)
	rules, err := ignore.ParseFile(filepath.Join(root, ignore.HelmIgnore))
	if errors.Is(err, fs.ErrNotExist) {
		rules, err = ignore.Empty(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("list chart %s: .helmignore: %w", dir, err)
	}
	rules.AddDefaults()
	l := lister{root: root, rules: rules}
	if err := l.directory("", root, Entry{}, nil); err != nil {
		return nil, fmt.Errorf("list chart %s: %w", dir, err)
	}
	return l.entries, nil
}

type lister struct {
	root    string
	rules   *ignore.Rules
	entries []Entry
}

// directory lists what lies in the real directory at path, which the chart knows as name. above are the real
// directories that lead there.
func (l *lister) directory(name, path string, way Entry, above []string) error {
	children, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	above = append(slices.Clip(above), path)
	for _, child := range children {
		info, err := child.Info()
		if err != nil {
			return err
		}
		below := strings.TrimPrefix(name+"/"+child.Name(), "/")
		if err := l.child(below, filepath.Join(path, child.Name()), info, way, above); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) child(name, path string, info fs.FileInfo, way Entry, above []string) error {
	if info.Mode()&fs.ModeSymlink != 0 {
		way.Link = name
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			l.entries = append(l.entries, Entry{Name: name, Link: name, Err: err})
			return nil
		}
		if info, err = os.Lstat(real); err != nil {
			return err
		}
		way.Target, way.Outside = real, !isBelow(l.root, real)
		path = real
	}
	if l.rules.Ignore(name, info) {
		return nil
	}
	way.Name, way.Mode, way.Size = name, info.Mode(), info.Size()
	if slices.Contains(above, path) {
		way.Err = errors.New("it leads to a folder that it lies in")
	}
	if !info.IsDir() || way.Outside || way.Err != nil {
		l.entries = append(l.entries, way)
		return nil
	}
	return l.directory(name, path, way, above)
}

func isBelow(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
