// Package registration finds where a repository registers its charts (Argo CD, Flux, helmfile, an umbrella's
// Chart.yaml, CODEOWNERS, release-please), and makes the entry of a new one after that of a chart beside it.
package registration

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Chart is a chart of the repository.
type Chart struct {
	// Dir is its folder from the repository's root, with slashes.
	Dir     string
	Name    string
	Version string // of the new chart
	// IsFollowed says that the new chart is written after this one: then its entry is, too.
	IsFollowed bool
}

// Edit is a file in which a chart is registered, with the new chart's entry in it.
type Edit struct {
	// Path is the file's from the repository's root, with slashes.
	Path string `json:"path"`
	// Kind is what the entry is, in words.
	Kind string `json:"kind"`
	// Like is the folder of the chart whose entry it was made after.
	Like string `json:"like"`
	// Written says that the file has the entry; otherwise it is a proposal.
	Written bool `json:"written"`
	// Diff is the edit as a unified diff, from the repository's root.
	Diff string `json:"diff"`

	before, after string // before is "" for a new file
}

// Bounds of the search.
const (
	maxEntries  = 5000      // files and folders
	maxFile     = 256 << 10 // bytes
	maxEdits    = 20
	maxSiblings = 100
)

// Find gives the edits that register a chart where those beside it are registered, in order of path. Files in which the
// new chart is registered, and those that cannot be read or understood, are left alone.
func Find(root string, chart Chart, siblings []Chart) []Edit {
	f := &finder{root: root, chart: chart, siblings: siblings[:min(len(siblings), maxSiblings)]}
	seen := 0
	_ = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if seen++; seen > maxEntries {
			return fs.SkipAll
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return nil
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if f.skips(rel, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() && isCandidate(rel) {
			f.read(rel)
		}
		return nil
	})
	f.addDocuments()
	slices.SortFunc(f.edits, func(a, b Edit) int { return strings.Compare(a.Path, b.Path) })
	return f.edits[:min(len(f.edits), maxEdits)]
}

// finder gathers edits.
type finder struct {
	root     string
	chart    Chart
	siblings []Chart
	edits    []Edit
	// documents are those that register a sibling each, by folder and kind.
	documents map[string][]document
}

// skips leaves out what holds no registrations, the new chart, and the inside of charts.
func (f *finder) skips(rel, name string) bool {
	isOther := name == ".git" || name == "node_modules" || name == "vendor" || rel == f.chart.Dir
	isInChart := false
	if name == "templates" || name == "charts" || name == "ci" {
		_, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(path.Dir(rel)), "Chart.yaml"))
		isInChart = err == nil
	}
	return isOther || isInChart
}

func isCandidate(rel string) bool {
	base := path.Base(rel)
	switch {
	case base == "CODEOWNERS", base == releasePlease, base == releaseManifest:
		return true
	case base == "values.yaml", base == "pnpm-lock.yaml":
		return false
	}
	return strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml")
}

// read looks for registrations in a file.
func (f *finder) read(rel string) {
	file := filepath.Join(f.root, filepath.FromSlash(rel))
	if info, err := os.Stat(file); err != nil || info.Size() > maxFile {
		return
	}
	data, err := os.ReadFile(file)
	isMentioned := func(s Chart) bool { return bytes.Contains(data, []byte(path.Base(s.Dir))) }
	if err != nil || bytes.Contains(data, []byte("\r\n")) || !slices.ContainsFunc(f.siblings, isMentioned) {
		return
	}
	switch base := path.Base(rel); {
	case base == "CODEOWNERS":
		f.addOwners(rel, string(data))
	case strings.HasSuffix(base, ".json"):
		f.addRelease(rel, string(data))
	default:
		f.addYAML(rel, string(data))
	}
}

// add notes an edit, unless the text stays the same.
func (f *finder) add(rel, kind, like, before, after string) {
	if before == after {
		return
	}
	from := "a/" + rel
	if before == "" {
		from = "/dev/null"
	}
	f.edits = append(f.edits, Edit{
		Path: rel, Kind: kind, Like: like, Diff: udiff.Unified(from, "b/"+rel, before, after),
		before: before, after: after,
	})
}

// Apply writes the edits, all or none, and gives a function that takes them back. A file that has changed since it was
// read, or a new one that is there, is an error.
func Apply(root string, edits []Edit) (undo func(), err error) {
	undo = func() {
		for i := range edits {
			if e := &edits[i]; e.Written {
				_ = e.write(root, e.before) // the error that led here is the one to tell
				e.Written = false
			}
		}
	}
	for i := range edits {
		e := &edits[i]
		now, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.Path)))
		if e.before == "" && err == nil || e.before != "" && (err != nil || string(now) != e.before) {
			err = remedy.Errorf("run the command again", "%s has changed since it was read", e.Path)
		} else {
			err = e.write(root, e.after)
		}
		if err != nil {
			undo()
			return nil, fmt.Errorf("nothing was written, as the chart cannot be registered: %w", err)
		}
		e.Written = true
	}
	return undo, nil
}

// write gives the file a text; one without any goes.
func (e *Edit) write(root, text string) error {
	file := filepath.Join(root, filepath.FromSlash(e.Path))
	switch {
	case text == "":
		return os.Remove(file)
	case e.before == "":
		return os.WriteFile(file, []byte(text), 0o644)
	}
	return chartdir.ReplaceFile(file, []byte(text))
}

// isPath reports whether a text in a file names a folder: from the repository's root, or from the file.
func isPath(text, dir, file string) bool {
	text = strings.TrimPrefix(text, "file://")
	if text == "" || strings.Contains(text, "://") {
		return false
	}
	fromRoot := path.Clean(strings.TrimPrefix(strings.TrimPrefix(text, "./"), "/"))
	return fromRoot == dir || path.Join(path.Dir(file), text) == dir
}

// renamed puts the new chart's folder and name where a sibling's entry has its own, as whole words.
func (f *finder) renamed(text string, sibling Chart) string {
	const mark = "\x00"
	text = words(sibling.Dir, "/").ReplaceAllString(text, "${1}"+mark+"${2}")
	for _, name := range []string{sibling.Name, path.Base(sibling.Dir)} {
		for range 2 { // neighbors share a separator
			text = words(name, "").ReplaceAllString(text, "${1}"+f.chart.Name+"${2}")
		}
	}
	return strings.ReplaceAll(text, mark, f.chart.Dir)
}

// words matches a text that no letter or digit, nor one of the further characters, is next to.
func words(text, more string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^A-Za-z0-9` + more + `])` + regexp.QuoteMeta(text) + `($|[^A-Za-z0-9])`)
}
