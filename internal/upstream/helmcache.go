package upstream

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// repositoryOffline gets a chart of a repository from caches alone: by the newest index that one of them has, else by
// the chart's name.
func (f *finder) repositoryOffline(ctx context.Context, r repository) (*Chart, error) {
	url, file, read := r.url.String(), "", time.Time{}
	indexes := f.helm.Indexes(r.names, []string{url, url + "/"})
	for _, path := range append(indexes, f.own.answer(r.index().String())) {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(read) {
			read, file = info.ModTime(), path
		}
	}
	data, err := helmcache.ReadFile(file, maxAnswer)
	if err != nil {
		return f.anyCached(r)
	}
	x, err := parseIndex(data, f.o.ChartName)
	if err != nil {
		return nil, f.notCached("%s is not the index of a chart repository: %w", file, err)
	}
	out, err := f.ofIndex(ctx, r, x)
	if err != nil {
		return nil, err
	}
	out.note("the index of %s was read at %s", r.url, moment(read))
	return out, nil
}

// anyCached gets a chart of Helm's caches by its name.
func (f *finder) anyCached(r repository) (*Chart, error) {
	charts := f.charts(f.helmArchives())
	if len(charts) == 0 {
		return nil, f.notCached("no cache has the index of %s or a chart %s, and --offline forbids to read them",
			r.url, f.o.ChartName)
	}
	version, err := choose(f.o.Version, slices.Sorted(maps.Keys(charts)))
	if err != nil {
		return nil, f.notCached("no cache has the index of %s, and of the charts %s in Helm's cache: %w",
			r.url, f.o.ChartName, err)
	}
	out, err := f.file(charts[version])
	if err != nil {
		return nil, err
	}
	out.note("%s is from Helm's cache by its name and version alone, as no cache has the index of %s",
		charts[version], r.url)
	return out, nil
}

// cachedVersions says which versions of the chart a cache has.
func (f *finder) cachedVersions() string {
	charts := f.charts(append(f.helmArchives(), f.own.contents()...))
	if len(charts) == 0 {
		return ""
	}
	return "; cached are " + some(sorted(slices.Collect(maps.Keys(charts))))
}

// helmArchives lists what may be the chart in Helm's caches, whatever repository it is from.
func (f *finder) helmArchives() []string {
	return f.helm.Archives(func(file string) bool {
		return strings.HasPrefix(file, f.o.ChartName+"-") || strings.HasSuffix(file, ".chart")
	})
}

// charts gives those of the archives that are the chart, by their versions: the first of each.
func (f *finder) charts(archives []string) map[string]string {
	out := map[string]string{}
	for _, path := range slices.Backward(archives) {
		if h, err := helmcache.HeadOfArchive(path); err == nil && h.Name == f.o.ChartName {
			out[h.Version] = path
		}
	}
	return out
}

// helmArchive gives the archive with a digest, nil where Helm has none.
func (f *finder) helmArchive(d digest.Digest) []byte {
	isLike := func(file string) bool {
		return strings.HasPrefix(file, f.o.ChartName+"-") || file == d.Encoded()+".chart"
	}
	for _, path := range f.helm.Archives(isLike) {
		data, err := helmcache.ReadFile(path, maxAnswer)
		if err == nil && digestOf(data) == d {
			f.log("Taking the chart from Helm's cache: %s", path)
			return data
		}
	}
	return nil
}
