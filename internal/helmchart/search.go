package helmchart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// How much of a repository is looked at for charts.
const (
	maxEntries     = 50_000
	maxFolderDepth = 8
)

// maxReasons is how many charts that do not serve are named.
const maxReasons = 3

// search finds missing dependencies.
type search struct {
	from Sources
	home string // the folder of the chart that was loaded, or of its archive

	charts []offer // of the repository and of Helm's caches, nil until they are looked for
	whole  bool    // all of the repository was looked at
}

// offer is a chart that may serve.
type offer struct {
	helmcache.Head
	path   string
	source string // what Dependency.Source says of it
	cached bool   // it lies in one of Helm's caches
	// penalty counts what speaks against it.
	penalty int
}

func newSearch(from Sources, top *node) *search {
	s := &search{from: from, home: top.id}
	if top.dir == "" {
		s.home = filepath.Dir(top.id)
	}
	if from.Root != "" {
		s.from.Root = realPath(from.Root)
	}
	return s
}

// find gives the chart that serves want in n; or none, and why there is none.
func (s *search) find(ctx context.Context, n *node, want *chart.Dependency) (*node, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if _, err := semver.NewConstraint(want.Version); err != nil {
		return nil, fmt.Sprintf("version %q is none that Helm takes: %v", want.Version, err), nil
	}
	var reasons []string
	if strings.HasPrefix(want.Repository, "file://") {
		got, err := s.file(n, want)
		if err == nil || errors.Is(err, errRing) {
			return got, "", err
		}
		reasons = append(reasons, want.Repository+" "+err.Error())
	}
	offers, others := s.offers(n, want)
	if len(offers) == 0 {
		reasons = append(reasons, s.reasons(want, others)...)
	}
	for _, o := range offers {
		got, err := load(n, o.path, want)
		if err == nil {
			got.source = o.source
			return got, "", nil
		}
		reasons = append(reasons, fmt.Sprintf("%s: %v", o.source, err))
	}
	return nil, strings.Join(reasons, "; "), nil
}

// errRing says that dependencies need each other.
var errRing = errors.New("its dependencies form a ring")

// file gives the chart in the folder that file:// names, from the folder of the chart that declares it.
func (s *search) file(n *node, want *chart.Dependency) (*node, error) {
	dir := filepath.FromSlash(strings.TrimPrefix(want.Repository, "file://"))
	if !filepath.IsAbs(dir) {
		if n.dir == "" {
			return nil, errors.New("leads nowhere from a packed chart")
		}
		dir = filepath.Join(n.dir, dir)
	}
	id, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, errors.New("is not there")
	}
	if s.from.Root != "" && !isBelow(s.from.Root, id) {
		return nil, errors.New("leads out of the repository")
	}
	if isChart, _ := IsChartDir(id); !isChart {
		return nil, errors.New("is no folder of a chart")
	}
	got, err := load(n, dir, want)
	if err != nil {
		return nil, err
	}
	if ring := n.ring(id); ring != nil {
		return nil, fmt.Errorf("%w: %s (the last step is %s)", errRing, strings.Join(ring, " -> "), want.Repository)
	}
	got.source = want.Repository
	return got, nil
}

// offers gives the charts that may serve want, the best first, and those of its name in other versions. The locked
// version goes first, then what is known to be the declared repository's, then the order of all.
func (s *search) offers(n *node, want *chart.Dependency) (fitting, others []offer) {
	exact := locked(n.chart, want)
	for _, o := range s.all() {
		switch {
		case o.Name != want.Name, o.cached && !isRemote(want.Repository):
			continue
		case n.ring(realPath(o.path)) != nil: // it would be its own dependency
			continue
		case !chartutil.IsCompatibleRange(want.Version, o.Version):
			others = append(others, o)
			continue
		}
		if exact != "" && CompareVersions(o.Version, exact) != 0 {
			o.penalty += 2
		}
		if o.cached && s.from.vouch(want.Repository, o.path) {
			o.source = "Helm's cache"
		} else {
			o.penalty++
		}
		fitting = append(fitting, o)
	}
	slices.SortStableFunc(fitting, func(a, b offer) int { return a.penalty - b.penalty })
	return fitting, others
}

// all lists the charts of the repository, the nearest first, then those in Helm's caches, the newest first.
func (s *search) all() []offer {
	if s.charts != nil {
		return s.charts
	}
	s.charts = []offer{}
	if s.from.Root != "" {
		s.lookInRepository()
	}
	slices.SortStableFunc(s.charts, func(a, b offer) int { return distance(s.home, a.path) - distance(s.home, b.path) })
	var cached []offer
	for _, path := range helmcache.Caches(s.from.Caches).Archives(func(string) bool { return true }) {
		if h, err := helmcache.HeadOfArchive(path); err == nil {
			const source = "Helm's cache (by name and version alone)"
			cached = append(cached, offer{Head: h, path: path, source: source, cached: true})
		}
	}
	slices.SortStableFunc(cached, func(a, b offer) int { return CompareVersions(b.Version, a.Version) })
	s.charts = append(s.charts, cached...)
	return s.charts
}

// lookInRepository finds folders with a Chart.yaml, and archives in folders called charts. What cannot be read is
// passed over.
func (s *search) lookInRepository() {
	s.whole = true
	entries := 0
	_ = filepath.WalkDir(s.from.Root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		name := s.shown(path)
		entries++
		switch {
		case entries > maxEntries:
			s.whole = false
			return fs.SkipAll
		case e.IsDir() && name != "." && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"):
			return fs.SkipDir
		case e.IsDir() && strings.Count(name, "/")+1 >= maxFolderDepth:
			s.whole = false
			return fs.SkipDir
		case e.Name() == "Chart.yaml":
			s.add(filepath.Dir(path), helmcache.HeadOfDir)
		case filepath.Ext(path) == ".tgz" && filepath.Base(filepath.Dir(path)) == "charts":
			s.add(path, helmcache.HeadOfArchive)
		}
		return nil
	})
}

func (s *search) add(path string, read func(string) (helmcache.Head, error)) {
	if h, err := read(path); err == nil {
		s.charts = append(s.charts, offer{Head: h, path: path, source: s.shown(path) + " (in the repository)"})
	}
}

// shown is the path from the repository's root, with forward slashes.
func (s *search) shown(path string) string {
	rel, err := filepath.Rel(s.from.Root, path)
	if err != nil {
		rel = path
	}
	return filepath.ToSlash(rel)
}

// distance counts the steps from one folder to another.
func distance(from, to string) int {
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return maxEntries
	}
	return strings.Count(rel, string(filepath.Separator))
}

// isRemote tells whether Helm would fetch the dependency.
func isRemote(repository string) bool {
	return repository != "" && !strings.HasPrefix(repository, "file://")
}

// reasons says why nothing serves want: others are charts of its name in other versions.
func (s *search) reasons(want *chart.Dependency, others []offer) []string {
	var out, versions []string
	for _, o := range others {
		if o.cached {
			versions = append(versions, o.Version)
		} else {
			out = append(out, fmt.Sprintf("%s is version %s, not %s", o.source, o.Version, want.Version))
		}
	}
	out = out[:min(len(out), maxReasons)]
	if len(out) == 0 && s.from.Root != "" {
		none := fmt.Sprintf("no chart %s is in the repository", want.Name)
		if !s.whole {
			none += fmt.Sprintf(", as far as it was looked at (%d entries, %d levels)", maxEntries, maxFolderDepth)
		}
		out = append(out, none)
	}
	switch {
	case want.Repository == "":
		out = append(out, "Helm expects it in charts/, as no repository is named")
	case !isRemote(want.Repository) || len(s.from.Caches) == 0:
	case len(versions) > 0:
		out = append(out, fmt.Sprintf("Helm's cache has %s, not %s",
			strings.Join(versions[:min(len(versions), maxReasons)], ", "), want.Version))
	default:
		out = append(out, "it is not in Helm's cache, where helm install, upgrade and template put what they fetch")
	}
	return out
}

// locked gives the version that the lock file names, "" where it names none that still fits.
func locked(c *chart.Chart, want *chart.Dependency) string {
	if c.Lock == nil {
		return ""
	}
	for _, d := range c.Lock.Dependencies {
		if d != nil && d.Name == want.Name && chartutil.IsCompatibleRange(want.Version, d.Version) {
			return d.Version
		}
	}
	return ""
}

// load loads the chart that is said to serve want in n.
func load(n *node, path string, want *chart.Dependency) (*node, error) {
	c, err := loader.Load(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case c.Name() != want.Name:
		return nil, fmt.Errorf("is the chart %s", c.Name())
	case !chartutil.IsCompatibleRange(want.Version, c.Metadata.Version):
		return nil, fmt.Errorf("is version %s, not %s", c.Metadata.Version, want.Version)
	}
	return newNode(n, c, path), nil
}
