package helmchart

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// How much of a repository is looked at for charts.
const (
	maxEntries     = 50_000
	maxFolderDepth = 8
)

// inRepository knows the charts of a repository: folders with a Chart.yaml, and
// archives in folders called charts. It looks once, when it is first asked.
type inRepository struct {
	root   string // its real path
	looked bool
	short  bool // not all of it was looked at
	charts []offer
}

// named gives the charts of that name, those nearest to the folder near first.
func (r *inRepository) named(ctx context.Context, name, near string) ([]offer, error) {
	if r.root == "" {
		return nil, nil
	}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	out := offersOf(r.charts, name)
	slices.SortStableFunc(out, func(a, b offer) int { return distance(near, a.path) - distance(near, b.path) })
	return out, nil
}

// look goes through the repository level by level, so that a limit cuts off
// what lies deepest.
func (r *inRepository) look(ctx context.Context) error {
	if r.looked {
		return nil
	}
	level := []string{r.root}
	entries := 0
	for range maxFolderDepth {
		var next []string
		for _, dir := range level {
			if err := ctx.Err(); err != nil {
				return err
			}
			list, err := os.ReadDir(dir)
			if err != nil {
				continue
			}
			if entries += len(list); entries > maxEntries {
				r.looked, r.short = true, true
				return nil
			}
			for _, e := range list {
				path := filepath.Join(dir, e.Name())
				switch {
				case e.IsDir() && !skipped(e.Name()):
					next = append(next, path)
				case e.Name() == "Chart.yaml":
					r.add(dir, false)
				case filepath.Base(dir) == "charts" && filepath.Ext(path) == ".tgz":
					r.add(path, true)
				}
			}
		}
		level = next
	}
	r.looked, r.short = true, len(level) > 0
	return nil
}

func (r *inRepository) add(path string, packed bool) {
	read := helmcache.HeadOfDir
	if packed {
		read = helmcache.HeadOfArchive
	}
	if h, err := read(path); err == nil {
		r.charts = append(r.charts, offer{Head: h, path: path, source: r.shown(path) + " (in the repository)"})
	}
}

// none says that there is no chart of that name.
func (r *inRepository) none(name string) string {
	if r.short {
		return fmt.Sprintf("no chart %s is in the repository, as far as it was looked at (%d entries, %d levels)",
			name, maxEntries, maxFolderDepth)
	}
	return fmt.Sprintf("no chart %s is in the repository", name)
}

// shown is the path from the root, with forward slashes.
func (r *inRepository) shown(path string) string {
	rel, err := filepath.Rel(r.root, path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

func skipped(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "node_modules"
}

// distance counts the steps from one folder to another.
func distance(from, to string) int {
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return maxEntries
	}
	return strings.Count(rel, string(filepath.Separator))
}
