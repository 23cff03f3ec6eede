package helmchart

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
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

// search finds missing dependencies.
type search struct {
	from  Sources
	home  string // the folder of the chart that was loaded, or of its archive
	added int
	// instead says which charts serve in another version.
	instead []string

	charts []offer // of the repository and of Helm's caches, nil until they are looked for
}

// offer is a chart that may serve.
type offer struct {
	helmcache.Head
	path   string
	cached bool // it lies in one of Helm's caches
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

// find gives the chart that serves want in n, nil where there is none.
func (s *search) find(ctx context.Context, n *node, want *chart.Dependency) (*node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if strings.HasPrefix(want.Repository, "file://") {
		if got, err := s.file(n, want); got != nil || err != nil {
			return got, err
		}
	}
	for _, o := range s.offers(n, want) {
		if got := load(n, o.path, want); got != nil {
			return got, nil
		}
	}
	return s.near(n, want), nil
}

// anyVersion is a range that all versions are in.
const anyVersion = ">=0.0.0-0"

// near gives the chart of the repository that has want's name and the version nearest to what is asked for, and has n
// ask for that; nil where there is none, or none is wanted.
func (s *search) near(n *node, want *chart.Dependency) *node {
	if !s.from.NearVersions {
		return nil
	}
	loose := *want
	loose.Version = anyVersion
	offers := slices.DeleteFunc(s.offers(n, &loose), func(o offer) bool { return o.cached })
	slices.SortStableFunc(offers, func(a, b offer) int {
		return slices.Compare(versionDistance(want.Version, a.Version), versionDistance(want.Version, b.Version))
	})
	for _, o := range offers {
		if got := load(n, o.path, &loose); got != nil {
			s.instead = append(s.instead, fmt.Sprintf("%s %s for %s", want.Name, o.Version, want.Version))
			want.Version = o.Version
			return got
		}
	}
	return nil
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)*`)

// versionDistance says how far a version is from the one that a range begins with, major, minor and patch apart.
func versionDistance(wanted, version string) []int {
	want, err := semver.NewVersion(versionNumber.FindString(wanted))
	got, gotErr := semver.NewVersion(version)
	if err != nil || gotErr != nil {
		return []int{maxEntries}
	}
	apart := func(a, b uint64) int { return int(max(a, b) - min(a, b)) }
	return []int{apart(want.Major(), got.Major()), apart(want.Minor(), got.Minor()), apart(want.Patch(), got.Patch())}
}

// file gives the chart in the folder that file:// names, from the folder of the chart that declares it; nil where
// none is there that serves. From a packed chart it leads nowhere.
func (s *search) file(n *node, want *chart.Dependency) (*node, error) {
	dir := filepath.FromSlash(strings.TrimPrefix(want.Repository, "file://"))
	if !filepath.IsAbs(dir) {
		if n.dir == "" {
			return nil, nil
		}
		dir = filepath.Join(n.dir, dir)
	}
	id := realPath(dir)
	if isChart, _ := IsChartDir(id); !isChart || s.from.Root != "" && !isBelow(s.from.Root, id) {
		return nil, nil
	}
	got := load(n, dir, want)
	if ring := n.ring(id); got != nil && ring != nil {
		return nil, fmt.Errorf("its dependencies form a ring: %s (the last step is %s)",
			strings.Join(ring, " -> "), want.Repository)
	}
	return got, nil
}

// offers gives the charts that may serve want, the best first: the locked version, then what is known to be the
// declared repository's, then the order of all.
func (s *search) offers(n *node, want *chart.Dependency) []offer {
	exact := locked(n.chart, want)
	var out []offer
	for _, o := range s.all() {
		if o.Name != want.Name || !chartutil.IsCompatibleRange(want.Version, o.Version) ||
			o.cached && !isRemote(want.Repository) || n.ring(realPath(o.path)) != nil { // its own dependency
			continue
		}
		if exact != "" && CompareVersions(o.Version, exact) != 0 {
			o.penalty += 2
		}
		if !o.cached || !s.from.vouch(want.Repository, o.path) {
			o.penalty++
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b offer) int { return a.penalty - b.penalty })
	return out
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
			cached = append(cached, offer{Head: h, path: path, cached: true})
		}
	}
	slices.SortStableFunc(cached, func(a, b offer) int { return CompareVersions(b.Version, a.Version) })
	s.charts = append(s.charts, cached...)
	return s.charts
}

// lookInRepository finds folders with a Chart.yaml, and archives in folders called charts. What cannot be read is
// passed over.
func (s *search) lookInRepository() {
	entries := 0
	_ = filepath.WalkDir(s.from.Root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		entries++
		isHidden := strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"
		switch {
		case entries > maxEntries:
			return fs.SkipAll
		case e.IsDir() && path != s.from.Root && (isHidden || distance(s.from.Root, path) >= maxFolderDepth-1):
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
		s.charts = append(s.charts, offer{Head: h, path: path})
	}
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

// load loads the chart that is said to serve want in n, nil where it does not.
func load(n *node, path string, want *chart.Dependency) *node {
	c, err := loader.Load(path)
	if err != nil || c.Name() != want.Name || !chartutil.IsCompatibleRange(want.Version, c.Metadata.Version) {
		return nil
	}
	return newNode(n, c, path)
}
