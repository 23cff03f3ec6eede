package sibling

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// maxHelpers is how many neighbors are rendered to fill what the followed chart leaves open.
const maxHelpers = 5

// gap is something that a followed chart has not, and its neighbors may have.
type gap struct {
	what   string   // for the user
	blocks []string // of canonical keys
	kinds  []string // of objects
	has    func(names.Facts) bool
}

func hasKey(keys ...string) func(names.Facts) bool {
	return func(f names.Facts) bool {
		return slices.ContainsFunc(keys, func(key string) bool { _, ok := f.Values[key]; return ok })
	}
}

var gaps = []gap{
	{
		what: "way in", blocks: []string{"ingress", "httpRoute"},
		kinds: []string{convention.RouteIngress, convention.RouteHTTPRoute, convention.RouteIngressRoute},
		has:   hasKey("ingress.hosts", "ingress.domain", "ingress.enabled", "httpRoute.hostnames", "httpRoute.enabled"),
	},
	{
		what: "disk", blocks: []string{"persistence"}, kinds: []string{"PersistentVolumeClaim"},
		has: hasKey("persistence.size"),
	},
	{
		what: "domain", has: func(f names.Facts) bool { return f.Defaults.Domain != "" },
	},
}

// fillGaps takes from the charts of the repository what the one that is followed has not: the keys of a way in or of a
// disk, and the domain, the class and the issuer that go with them.
func fillGaps(ctx context.Context, c *convention.Convention, f names.Facts, opts ReadOptions) error {
	open := slices.DeleteFunc(slices.Clone(gaps), func(g gap) bool { return g.has(f) })
	if len(open) == 0 || opts.Around == nil {
		return nil
	}
	neighbors, err := readNeighbors(ctx, f, open, opts)
	if err != nil {
		return err
	}
	filled := map[string][]string{} // what, by the chart
	for _, g := range open {
		with := only(neighbors, g.has)
		if len(with) == 0 {
			continue
		}
		from := g.fill(c, combine(c.Sheet, with), with)
		filled[from] = append(filled[from], g.what)
	}
	for _, from := range slices.Sorted(maps.Keys(filled)) {
		c.Notes = append(c.Notes, fmt.Sprintf("%s has no %s. What the new chart has of it is taken from %s.",
			f.Shown, strings.Join(filled[from], " and no "), from))
	}
	return nil
}

// readNeighbors reads the charts beside a chart and elsewhere in its repository, and renders those that may fill a gap.
func readNeighbors(ctx context.Context, f names.Facts, open []gap, opts ReadOptions) ([]names.Facts, error) {
	chart := filepath.FromSlash(f.Shown)
	beside, err := Beside(chart)
	if err != nil {
		return nil, nil // then there are none
	}
	dirs := beside
	if opts.Sources.Root != "" {
		abs, err := filepath.Abs(chart)
		if err == nil {
			dirs = append(dirs, Elsewhere(opts.Sources.Root, abs)...)
		}
	}
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		return opts.Target != "" && filepath.Base(dir) == filepath.Base(opts.Target)
	})
	opts.Lenient, opts.Warn, opts.Beside = true, nil, len(beside)
	all, err := readAll(ctx, dirs, dirs, opts)
	if err != nil {
		return nil, err
	}
	mayFill := func(f names.Facts) bool {
		return slices.ContainsFunc(open, func(g gap) bool {
			hasFile := slices.ContainsFunc(g.kinds, func(kind string) bool {
				return f.Files != nil && f.Files.Templates[kind] != ""
			})
			return g.has(f) || hasFile
		})
	}
	all = only(all, mayFill)
	slices.SortStableFunc(all, func(a, b names.Facts) int { return b.Weight() - a.Weight() })
	all = all[:min(len(all), maxHelpers)]
	return all, renderAll(ctx, all, opts)
}

// fill takes what of fills the gap into c, and gives the chart that most of it comes from.
func (g gap) fill(c, of *convention.Convention, with []names.Facts) (from string) {
	from = with[0].Shown
	for key, v := range of.Values {
		block, _, _ := strings.Cut(key, ".")
		if _, isKnown := c.Values[key]; isKnown || !slices.Contains(g.blocks, block) {
			continue
		}
		i := slices.IndexFunc(with, func(f names.Facts) bool { return f.Values[key].Path == v.Path })
		v.Fact = fromChart(with[max(i, 0)], with[max(i, 0)].Values[key].Fact)
		c.Values[key] = v
	}
	for _, kind := range g.kinds {
		fillFile(c, of, kind)
	}
	switch g.what {
	case "way in":
		c.Kinds.Route = of.Kinds.Route
		fillRoute(&c.Defaults, of.Defaults)
	case "domain":
		fillRoute(&c.Defaults, of.Defaults)
	case "disk":
		c.Defaults.StorageClass = cmp.Or(c.Defaults.StorageClass, of.Defaults.StorageClass)
	}
	if c.Defaults.Confidence == convention.Default && of.Defaults.Confidence != convention.Default {
		c.Defaults.Fact = fromChart(with[0], with[0].Defaults.Fact)
	}
	return from
}

// fillFile takes file and suffix of a kind of object that the followed chart has not.
func fillFile(c, of *convention.Convention, kind string) {
	file := of.Files.Templates[kind]
	isTaken := slices.Contains(slices.Collect(maps.Values(c.Files.Templates)), file)
	if file != "" && !isTaken && c.Files.Templates[kind] == "" {
		c.Files.Templates = maps.Clone(c.Files.Templates)
		if c.Files.Templates == nil {
			c.Files.Templates = map[string]string{}
		}
		c.Files.Templates[kind] = file
	}
	suffix := of.Naming.Suffixes[kind]
	if suffix != "" && c.Naming.Suffixes[kind] == "" && of.Naming.Fullname == c.Naming.Fullname {
		c.Naming.Suffixes = maps.Clone(c.Naming.Suffixes)
		if c.Naming.Suffixes == nil {
			c.Naming.Suffixes = map[string]string{}
		}
		c.Naming.Suffixes[kind] = suffix
	}
}

// fillRoute takes the example values of a route that are not known.
func fillRoute(d *convention.Defaults, of convention.Defaults) {
	if d.HostPattern == "" {
		d.HostPattern, d.Domain = of.HostPattern, of.Domain
		d.TLSSecretPattern = cmp.Or(d.TLSSecretPattern, of.TLSSecretPattern)
	}
	d.IngressClass = cmp.Or(d.IngressClass, of.IngressClass)
	if d.ClusterIssuer == "" && len(d.IngressAnnotations) == 0 {
		d.ClusterIssuer, d.ClusterIssuerAnnotation = of.ClusterIssuer, of.ClusterIssuerAnnotation
		d.IngressAnnotations = of.IngressAnnotations
	}
	if len(d.ParentRefs) == 0 {
		d.ParentRefs = of.ParentRefs
	}
	if len(d.EntryPoints) == 0 {
		d.EntryPoints = of.EntryPoints
	}
}

// fromChart marks a fact as one of a neighbor. It is named for itself, as it is none of the convention's sources.
func fromChart(f names.Facts, fact convention.Fact) convention.Fact {
	fact.Evidence = fmt.Sprintf("from %s: %s", path.Base(f.Shown), strings.TrimPrefix(fact.Evidence, f.Shown+"/"))
	return fact
}
