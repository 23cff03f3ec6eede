package helmchart

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// What a chart may add to itself at most. Real umbrellas stay far below.
const (
	maxAdded = 50
	maxDepth = 10
)

// Dependency is a dependency as Chart.yaml declares it.
type Dependency struct{ Name, Alias, Repository, Version string }

// Key is the name under which values and templates know the dependency.
func (d Dependency) Key() string { return cmp.Or(d.Alias, d.Name) }

// LoadComplete loads the chart in the directory or archive at path as Load does, and adds the dependencies that it
// and its dependencies declare and that charts/ lacks, without the network and without a change on disk. They come
// from the folder that file:// names, from the repository at from.Root and from Helm's caches; a version that the
// lock file names goes before others, then an archive that Repository's index names.
//
// A dependency that nothing serves is no error: Render refuses the chart then, unless WithoutMissing drops it. Errors
// are those of Load, file:// dependencies that form a ring, and more than 50 added charts or 10 levels.
func LoadComplete(ctx context.Context, path string, from Sources) (*Chart, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := Load(path)
	if err != nil {
		return nil, err
	}
	top := newNode(nil, c.c, path)
	s := newSearch(from, top)
	if err := s.complete(ctx, top); err != nil {
		return nil, fmt.Errorf("load chart %s: %w", path, err)
	}
	c.instead = s.instead
	return c, nil
}

// Instead says, for each dependency that serves in another version than is asked for (see Sources.NearVersions), which
// one does ("common 2.0.0 for ^1.2.0").
func (c *Chart) Instead() []string { return c.instead }

// Lacks names the dependencies that are not there although the chart's own values switch them on, each with the charts
// above it ("sub/redis").
func (c *Chart) Lacks() []string {
	enabled := clone(c.c)
	if err := chartutil.ProcessDependencies(enabled, map[string]any{}); err != nil {
		return lacking("", c.c) // a render says what is wrong
	}
	return lacking("", enabled)
}

// lacking names the dependencies that c and the charts below it declare and do not have. Where Helm has processed the
// chart, those that are off are gone, and aliases stand for names.
func lacking(above string, c *chart.Chart) []string {
	var out []string
	for _, want := range c.Metadata.Dependencies {
		if !has(c, want.Name) {
			out = append(out, above+want.Name)
		}
	}
	for _, d := range inOrder(c.Dependencies()) {
		out = append(out, lacking(above+d.Name()+"/", d)...)
	}
	return out
}

// has tells whether a chart of that name lies right below c.
func has(c *chart.Chart, name string) bool {
	return slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == name })
}

// WithoutMissing gives the chart without the dependencies that Chart.yaml names and that are not there, so that it
// renders as if they were switched off. The chart itself stays.
func (c *Chart) WithoutMissing() *Chart {
	out := clone(c.c)
	out.Metadata.Dependencies = slices.DeleteFunc(out.Metadata.Dependencies, func(want *chart.Dependency) bool {
		return !has(out, want.Name)
	})
	return &Chart{c: out}
}

// WithValues gives the chart with values over those of its values.yaml, as `helm install -f` would. The chart itself
// stays.
func (c *Chart) WithValues(over map[string]any) *Chart {
	out := clone(c.c)
	out.Values = Merge(c.c.Values, over) // not over DefaultsFile: what null unsets there would come back
	return &Chart{c: out, instead: c.instead}
}

// node is a chart on the way down from the one that was loaded.
type node struct {
	chart *chart.Chart
	dir   string // its folder, absolute, "" for a packed chart
	id    string // the real path of its folder or archive, "" inside an archive
	depth int
	above *node
}

// newNode is the chart that lies at path, "" inside an archive. above is nil for the chart that was loaded.
func newNode(above *node, c *chart.Chart, path string) *node {
	n := &node{chart: c, above: above}
	if above != nil {
		n.depth = above.depth + 1
	}
	if path == "" {
		return n
	}
	n.id = realPath(path)
	if info, err := os.Stat(n.id); err == nil && info.IsDir() {
		n.dir, _ = filepath.Abs(path) // as Helm does
	}
	return n
}

// realPath is the absolute path without symbolic links, as far as it can be told.
func realPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs
}

// ring names the charts from the one with that id down to n and back, nil where id is not above.
func (n *node) ring(id string) []string {
	var names []string
	for ; n != nil; n = n.above {
		names = append(names, n.chart.Name())
		if n.id == id {
			slices.Reverse(names)
			return append(names, n.chart.Name())
		}
	}
	return nil
}

// complete adds what n lacks, then goes down.
func (s *search) complete(ctx context.Context, n *node) error {
	added := map[*chart.Chart]*node{}
	for _, want := range n.chart.Metadata.Dependencies {
		if isPresent(n.chart, want) {
			continue
		}
		got, err := s.find(ctx, n, want)
		if err != nil {
			return err
		}
		if got == nil {
			continue
		}
		if s.added++; s.added > maxAdded || got.depth > maxDepth {
			return fmt.Errorf("its dependencies are more than %d charts, or more than %d charts deep, at %s",
				maxAdded, maxDepth, got.chart.Name())
		}
		n.chart.AddDependency(got.chart)
		added[got.chart] = got
	}
	for _, c := range inOrder(n.chart.Dependencies()) {
		next := added[c]
		if next == nil {
			next = newNode(n, c, unpacked(n.dir, c))
		}
		if err := s.complete(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// isPresent reports whether a chart among c's serves want: one of its name and version, or else one of its name that
// serves no other, which Helm takes too, though without the alias.
func isPresent(c *chart.Chart, want *chart.Dependency) bool {
	return slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool {
		serves := func(w *chart.Dependency) bool {
			return w.Name == d.Name() && chartutil.IsCompatibleRange(w.Version, d.Metadata.Version)
		}
		return d.Name() == want.Name && (serves(want) || !slices.ContainsFunc(c.Metadata.Dependencies, serves))
	})
}

// inOrder sorts charts by name and version: Helm gives those of charts/ in another order with every load.
func inOrder(charts []*chart.Chart) []*chart.Chart {
	out := slices.Clone(charts)
	slices.SortStableFunc(out, func(a, b *chart.Chart) int {
		return cmp.Or(cmp.Compare(a.Name(), b.Name()), CompareVersions(a.Metadata.Version, b.Metadata.Version))
	})
	return out
}

// CompareVersions orders versions as semver does, build metadata aside. What is no version goes first.
func CompareVersions(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return va.Compare(vb)
}

// unpacked finds the folder in charts/ of parent that the chart was loaded from, "" for an archive.
func unpacked(parent string, c *chart.Chart) string {
	if parent == "" {
		return ""
	}
	entries, _ := os.ReadDir(filepath.Join(parent, "charts")) // without one there is nothing to find
	for _, e := range entries {
		dir := filepath.Join(parent, "charts", e.Name())
		if h, err := helmcache.HeadOfDir(dir); err == nil && h.Name == c.Name() && h.Version == c.Metadata.Version {
			return dir
		}
	}
	return ""
}
