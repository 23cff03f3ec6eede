package helmchart

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

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

// Dependency is a dependency that a chart declares, and what became of it.
type Dependency struct {
	// In is the chart that declares it: the names of the charts above it, joined by slashes, "" for the chart that
	// was loaded.
	In string
	// Name, Alias, Version (a constraint) and Repository are those of Chart.yaml. Credentials in Repository are
	// masked.
	Name, Alias, Version, Repository string
	// Found is the version that serves, "" where none does.
	Found string
	// Source says where the chart comes from: "charts/", "file://../common", "charts/common (in the repository)",
	// "Helm's cache", or "Helm's cache (by name and version alone)" where no index says that it is from Repository;
	// "" where it is missing.
	Source string
	// Why says why it is missing, or what is wrong with the one that lies in charts/.
	Why string
	// Off says of a missing one that its condition or its tags switch it off under the chart's own values, so that a
	// render does without it.
	Off bool
}

// Missing tells whether nothing serves.
func (d Dependency) Missing() bool { return d.Source == "" }

// Key is the name under which values and templates know the dependency.
func (d Dependency) Key() string { return cmp.Or(d.Alias, d.Name) }

// LoadComplete loads the chart in the directory or archive at path as Load does, and adds the dependencies that it
// and its dependencies declare and that charts/ lacks, without the network and without a change on disk. They come
// from the folder that file:// names, from the repository at from.Root and from Helm's caches; a version that the
// lock file names goes before others, then an archive that Repository's index names.
//
// All declared dependencies are listed, a chart's own before those of its dependencies. A missing one is no error:
// Render refuses the chart then, unless WithoutMissing drops it. Errors are those of Load, file:// dependencies that
// form a ring, and more than 50 added charts or 10 levels.
func LoadComplete(ctx context.Context, path string, from Sources) (*Chart, []Dependency, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	c, err := Load(path)
	if err != nil {
		return nil, nil, err
	}
	top := newNode(nil, c.c, path)
	l := &completer{search: newSearch(from, top)}
	if err := l.complete(ctx, top); err != nil {
		return nil, nil, fmt.Errorf("load chart %s: %w", path, err)
	}
	markOff(c.c, l.found)
	return c, l.found, nil
}

// WithoutMissing gives the chart without the dependencies that Chart.yaml names and that are not there, so that it
// renders as if they were switched off. The chart itself stays.
func (c *Chart) WithoutMissing() *Chart {
	out := clone(c.c)
	out.Metadata.Dependencies = slices.DeleteFunc(out.Metadata.Dependencies, func(want *chart.Dependency) bool {
		return !slices.ContainsFunc(out.Dependencies(), func(d *chart.Chart) bool { return d.Name() == want.Name })
	})
	return &Chart{out}
}

// node is a chart on the way down from the one that was loaded.
type node struct {
	chart  *chart.Chart
	dir    string // its folder, absolute, "" for a packed chart
	id     string // the real path of its folder or archive, "" inside an archive
	in     string // what Dependency.In says of its dependencies
	source string // what Dependency.Source says of it, where it did not lie in charts/
	depth  int
	above  *node
}

// newNode is the chart that lies at path, "" inside an archive. above is nil for the chart that was loaded.
func newNode(above *node, c *chart.Chart, path string) *node {
	n := &node{chart: c, above: above}
	if above != nil {
		n.depth, n.in = above.depth+1, strings.TrimPrefix(above.in+"/"+c.Name(), "/")
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

type completer struct {
	search *search
	added  int
	found  []Dependency
}

// complete adds what n lacks, then goes down.
func (l *completer) complete(ctx context.Context, n *node) error {
	added := map[*chart.Chart]*node{}
	for _, want := range n.chart.Metadata.Dependencies {
		d, err := l.serve(ctx, n, want, added)
		if err != nil {
			return err
		}
		l.found = append(l.found, d)
	}
	for _, c := range inOrder(n.chart.Dependencies()) {
		next := added[c]
		if next == nil {
			next = newNode(n, c, unpacked(n.dir, c))
		}
		if err := l.complete(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// serve says what serves want in n, and adds it where it is not there yet.
func (l *completer) serve(
	ctx context.Context, n *node, want *chart.Dependency, added map[*chart.Chart]*node,
) (Dependency, error) {
	d := Dependency{
		In: n.in, Name: want.Name, Alias: want.Alias, Version: want.Version, Repository: mask(want.Repository),
	}
	have := present(n.chart, want)
	if have == nil {
		got, why, err := l.search.find(ctx, n, want)
		if err != nil {
			return d, err
		}
		if got == nil {
			d.Why = mask(why)
			return d, nil
		}
		if err := l.count(got); err != nil {
			return d, err
		}
		have = got.chart
		n.chart.AddDependency(have)
		added[have] = got
	}
	d.Found, d.Source = have.Metadata.Version, "charts/"
	if got := added[have]; got != nil {
		d.Source = got.source
	}
	if !chartutil.IsCompatibleRange(want.Version, d.Found) {
		d.Why = fmt.Sprintf("%s in charts/ is not what %q asks for", d.Found, want.Version)
	}
	return d, nil
}

// count keeps within the limits.
func (l *completer) count(n *node) error {
	if l.added++; l.added > maxAdded {
		return fmt.Errorf("its dependencies are more than %d charts", maxAdded)
	}
	if n.depth > maxDepth {
		return fmt.Errorf("its dependencies are more than %d charts deep: %s", maxDepth, n.in)
	}
	return nil
}

// present gives the chart among c's that serves want: one of its name and version, or else one of its name that
// serves no other, which Helm takes too, though without the alias. It is nil where there is none.
func present(c *chart.Chart, want *chart.Dependency) *chart.Chart {
	var stale *chart.Chart
	for _, d := range inOrder(c.Dependencies()) {
		if d.Name() != want.Name {
			continue
		}
		serves := func(w *chart.Dependency) bool {
			return w.Name == d.Name() && chartutil.IsCompatibleRange(w.Version, d.Metadata.Version)
		}
		if serves(want) {
			return d
		}
		if !slices.ContainsFunc(c.Metadata.Dependencies, serves) {
			stale = d
		}
	}
	return stale
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

// markOff asks Helm which of the missing dependencies are off.
func markOff(c *chart.Chart, found []Dependency) {
	if !slices.ContainsFunc(found, Dependency.Missing) {
		return
	}
	processed := clone(c)
	if err := chartutil.ProcessDependencies(processed, map[string]any{}); err != nil {
		return // a render says so
	}
	for i, d := range found {
		if d.Missing() {
			found[i].Off = !isOn(c, processed, d.In, d.Key())
		}
	}
}

// isOn tells whether the chart at the end of the path in still has a dependency of that key when Helm has taken away
// what is off. Helm has put aliases for names by then, and a chart may be there under several.
func isOn(c, processed *chart.Chart, in, key string) bool {
	if in == "" {
		return slices.ContainsFunc(processed.Metadata.Dependencies,
			func(d *chart.Dependency) bool { return d.Name == key })
	}
	name, rest, _ := strings.Cut(in, "/")
	keys := []string{name}
	for _, d := range c.Metadata.Dependencies {
		if d.Name == name {
			keys = append(keys, cmp.Or(d.Alias, d.Name))
		}
	}
	for _, original := range c.Dependencies() {
		if original.Name() != name {
			continue
		}
		for _, d := range processed.Dependencies() {
			if slices.Contains(keys, d.Name()) && isOn(original, d, rest, key) {
				return true
			}
		}
	}
	return false
}

var credentials = regexp.MustCompile(`://[^\s/?#]*@`)

// mask hides user and password in the URLs of a text.
func mask(text string) string { return credentials.ReplaceAllString(text, "://***@") }
