package upstream

import "context"

// repositoryOffline gets a chart of a repository from caches alone: by the newest index that one of them has, else by
// the chart's name.
func (f *finder) repositoryOffline(ctx context.Context, r repository) (*Chart, error) {
	data, read, where := f.helmIndex(r)
	if own, at := f.own.recall(cacheKey(r.index())); own != nil && at.After(read) {
		data, read, where = own, at, r.index().String()
	}
	if data == nil {
		return f.anyCached(r)
	}
	x, err := parseIndex(data, f.o.ChartName)
	if err != nil {
		return nil, f.notCached(f.o.Version, "%s (cached) is not the index of a chart repository: %w", where, err)
	}
	out, err := f.ofIndex(ctx, nil, r, x)
	if err != nil {
		return nil, err
	}
	out.note("the index of %s was read at %s", r.url, moment(read))
	return out, nil
}

// anyCached gets a chart of Helm's caches by its name.
func (f *finder) anyCached(r repository) (*Chart, error) {
	charts := f.helmCharts()
	if len(charts) == 0 {
		return nil, f.notCached(f.o.Version,
			"no cache has the index of %s or a chart %s, and --offline forbids to read them",
			r.url, f.o.ChartName)
	}
	versions := make([]string, 0, len(charts))
	for _, c := range charts {
		versions = append(versions, c.version)
	}
	i, err := choose(f.o.Version, versions)
	if err != nil {
		return nil, f.notCached(f.o.Version, "no cache has the index of %s, and of the charts %s in Helm's cache: %w",
			r.url, f.o.ChartName, err)
	}
	out, err := f.file(charts[i].path)
	if err != nil {
		return nil, err
	}
	out.note("%s is from Helm's cache by its name and version alone, as no cache has the index of %s",
		charts[i].path, r.url)
	return out, nil
}

// cachedVersions says which versions of the chart a cache has.
func (f *finder) cachedVersions() string {
	var versions []string
	for _, c := range append(f.helmCharts(), f.own.charts(f.o.ChartName)...) {
		versions = append(versions, c.version)
	}
	if len(versions) == 0 {
		return ""
	}
	return "; cached are " + some(sorted(versions))
}
