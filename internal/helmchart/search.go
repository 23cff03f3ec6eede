package helmchart

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// search finds missing dependencies.
type search struct {
	repository inRepository
	caches     inCaches
	home       string // where the chart lies that was loaded
}

func newSearch(from Sources, home string) *search {
	s := &search{
		caches: inCaches{dirs: from.Caches, config: from.Repositories},
		home:   home,
	}
	if from.Root != "" {
		s.repository.root = realPath(from.Root)
	}
	return s
}

// realPath is the absolute path without symbolic links, as far as it can be
// told.
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

// offer is a chart that may serve.
type offer struct {
	helmcache.Head
	path   string
	source string // what Dependency.Source says of it
	// cached says that it lies in one of Helm's caches, and vouched that it is
	// known to be the declared repository's.
	cached, vouched bool
}

// offersOf gives those of a chart's name.
func offersOf(offers []offer, name string) []offer {
	return slices.DeleteFunc(slices.Clone(offers), func(o offer) bool { return o.Name != name })
}

// maxReasons is how many charts that do not serve are named.
const maxReasons = 3

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
		got, reason, err := s.file(n, want)
		if err != nil || got != nil {
			return got, "", err
		}
		reasons = append(reasons, reason)
	}
	offers, more, err := s.offers(ctx, n, want)
	if err != nil {
		return nil, "", err
	}
	reasons = append(reasons, more...)
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

// file gives the chart in the folder that file:// names, from the folder of the
// chart that declares it; or nil, and why.
func (s *search) file(n *node, want *chart.Dependency) (*node, string, error) {
	refuse := func(format string, args ...any) (*node, string, error) {
		return nil, want.Repository + " " + fmt.Sprintf(format, args...), nil
	}
	dir := filepath.FromSlash(strings.TrimPrefix(want.Repository, "file://"))
	if !filepath.IsAbs(dir) {
		if n.dir == "" {
			return refuse("leads nowhere from a packed chart")
		}
		dir = filepath.Join(n.dir, dir)
	}
	id, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return refuse("is not there")
	}
	if root := s.repository.root; root != "" && !isBelow(root, id) {
		return refuse("leads out of the repository")
	}
	h, err := helmcache.HeadOfDir(id)
	switch {
	case os.IsNotExist(err):
		return refuse("is no folder of a chart")
	case err != nil:
		return refuse("cannot be read: %v", err)
	case h.Name != want.Name:
		return refuse("is the chart %s", h.Name)
	case !chartutil.IsCompatibleRange(want.Version, h.Version):
		return refuse("is version %s, not %s", h.Version, want.Version)
	}
	if ring := n.ring(id); ring != nil {
		return nil, "", fmt.Errorf("its dependencies form a ring: %s (the last step is %s)",
			strings.Join(ring, " -> "), want.Repository)
	}
	got, err := load(n, id, want)
	if err != nil {
		return refuse("cannot be read: %v", err)
	}
	got.dir, got.source = dir, want.Repository
	return got, "", nil
}

// offers gives the charts that may serve want, the best first; or why there is
// none.
func (s *search) offers(ctx context.Context, n *node, want *chart.Dependency) ([]offer, []string, error) {
	near := n.home()
	if !isBelow(s.repository.root, near) {
		near = s.home
	}
	all, err := s.repository.named(ctx, want.Name, near)
	if err != nil {
		return nil, nil, err
	}
	if isRemote(want.Repository) {
		cached, err := s.caches.named(ctx, want.Name)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, cached...)
	}
	var fitting, others []offer
	for _, o := range all {
		switch {
		case n.ring(realPath(o.path)) != nil:
			// It would be its own dependency.
		case chartutil.IsCompatibleRange(want.Version, o.Version):
			fitting = append(fitting, o)
		default:
			others = append(others, o)
		}
	}
	if len(fitting) == 0 {
		return nil, s.reasons(want, others), nil
	}
	s.rank(fitting, want, locked(n.chart, want))
	return fitting, nil, nil
}

// rank puts the locked version first, and what is known to be the declared
// repository's before what has its name. Else the order stays: the repository's
// own charts, the nearest first, then cached ones, the newest first.
func (s *search) rank(offers []offer, want *chart.Dependency, exact string) {
	for i, o := range offers {
		if o.cached && s.caches.vouch(want.Repository, o.path) {
			offers[i].vouched, offers[i].source = true, "Helm's cache"
		}
	}
	penalty := func(o offer) int {
		sum := 0
		if exact != "" && CompareVersions(o.Version, exact) != 0 {
			sum += 2
		}
		if !o.vouched {
			sum++
		}
		return sum
	}
	slices.SortStableFunc(offers, func(a, b offer) int { return penalty(a) - penalty(b) })
}

// isRemote tells whether Helm would fetch the dependency.
func isRemote(repository string) bool {
	return repository != "" && !strings.HasPrefix(repository, "file://")
}

// reasons says why nothing serves want: others are charts of its name in other
// versions.
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
	if len(out) == 0 && s.repository.root != "" {
		out = append(out, s.repository.none(want.Name))
	}
	switch {
	case want.Repository == "":
		out = append(out, "Helm expects it in charts/, as no repository is named")
	case !isRemote(want.Repository) || len(s.caches.dirs) == 0:
	case len(versions) > 0:
		out = append(out, fmt.Sprintf("Helm's cache has %s, not %s",
			strings.Join(versions[:min(len(versions), maxReasons)], ", "), want.Version))
	default:
		out = append(out, "it is not in Helm's cache, where helm install, upgrade and template put what they fetch")
	}
	return out
}

// locked gives the version that the lock file names, "" where it names none
// that still fits.
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

// load loads what was offered. That it is the chart that it said it was is
// looked at again: the file may be another one by now.
func load(n *node, path string, want *chart.Dependency) (*node, error) {
	c, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if c.Name() != want.Name || !chartutil.IsCompatibleRange(want.Version, c.Metadata.Version) {
		return nil, fmt.Errorf("is %s %s", c.Name(), c.Metadata.Version)
	}
	id := realPath(path)
	info, err := os.Stat(id)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return n.below(c, path, id), nil
	}
	return n.below(c, "", id), nil
}
