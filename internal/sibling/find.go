package sibling

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// maxDirEntries bounds how much of a strange directory is looked at.
const maxDirEntries = 2000

// Beside gives the charts beside a target: the folders in its parent folder that hold a Chart.yaml, without the target
// itself and without LiveKit's own charts, in the order of their names.
func Beside(target string) ([]string, error) {
	target = filepath.Clean(target)
	parent := filepath.Dir(target)
	if target == "." || strings.HasSuffix(target, "..") {
		abs, err := filepath.Abs(target)
		if err != nil {
			return nil, fmt.Errorf("looking for charts beside %s: %w", target, err)
		}
		target, parent = abs, filepath.Dir(abs)
	}
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, remedy.Errorf("name the charts to follow with --like",
			"looking for charts beside %s: %w", target, err)
	}
	var out []string
	for _, e := range entries[:min(len(entries), maxDirEntries)] {
		dir := filepath.Join(parent, e.Name())
		if e.Name() == filepath.Base(target) || isLiveKit(e.Name()) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if isChart, _ := helmchart.IsChartDir(dir); isChart {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out, nil
}

func isLiveKit(name string) bool { return strings.Contains(convention.NormalizeName(name), "livekit") }

// maxElsewhere bounds the search for charts in a repository, in folders.
const maxElsewhere = 5000

// Elsewhere gives the charts of a repository that do not lie beside the target:
// the nearer ones first, without LiveKit's own and without those inside charts.
func Elsewhere(root, target string) []string {
	target = filepath.Clean(target)
	var out []string
	seen := 0
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if seen++; seen > maxElsewhere {
			return fs.SkipAll
		}
		switch {
		case path == root:
			return nil
		case path == target, strings.HasPrefix(d.Name(), "."), isLiveKit(d.Name()),
			slices.Contains(notOurs, convention.NormalizeName(d.Name())):
			return fs.SkipDir
		}
		if isChart, _ := helmchart.IsChartDir(path); isChart {
			if filepath.Dir(path) != filepath.Dir(target) {
				out = append(out, path)
			}
			return fs.SkipDir
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b string) int { return distance(target, a) - distance(target, b) })
	return out
}

// notOurs are folders whose charts are no example of how the repository writes its own, as norm gives their names.
var notOurs = []string{
	"nodemodules", "vendor", "vendored", "testdata", "test", "tests", "examples", "thirdparty", "archive", "deprecated",
}

// distance is how many folders lie between two, by the way over the one that both are in.
func distance(a, b string) int {
	rel, err := filepath.Rel(filepath.Dir(a), b)
	if err != nil {
		return maxDirEntries
	}
	return strings.Count(rel, string(filepath.Separator))
}
