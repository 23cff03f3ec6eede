package upstream

import (
	"os"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// helmIndex gives the newest index that Helm has of a repository, and when it was read.
func (f *finder) helmIndex(r repository) (data []byte, read time.Time, file string) {
	url := r.url.String()
	for _, path := range f.helm.Indexes(r.names, []string{url, url + "/"}) {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(read) {
			read, file = info.ModTime(), path
		}
	}
	data, err := helmcache.ReadFile(file, maxAnswer)
	if err != nil {
		return nil, time.Time{}, ""
	}
	return data, read, file
}

// helmArchive gives the archive with a digest, nil where Helm has none.
func (f *finder) helmArchive(d digest.Digest) (data []byte, file string) {
	isLike := func(file string) bool {
		return strings.HasPrefix(file, f.o.ChartName+"-") || file == d.Encoded()+".chart"
	}
	for _, path := range f.helm.Archives(isLike) {
		data, err := helmcache.ReadFile(path, maxAnswer)
		if err == nil && digestOf(data) == d {
			return data, path
		}
	}
	return nil, ""
}

// cached is a chart in a cache.
type cached struct{ version, path string }

// helmCharts gives the charts of the name in Helm's caches, whatever repository they are from.
func (f *finder) helmCharts() []cached {
	return named(f.o.ChartName, f.helm.Archives(func(file string) bool {
		return strings.HasPrefix(file, f.o.ChartName+"-") || strings.HasSuffix(file, ".chart")
	}))
}

// named gives the charts of a name among archives.
func named(chart string, archives []string) []cached {
	var out []cached
	for _, path := range archives {
		if h, err := helmcache.HeadOfArchive(path); err == nil && h.Name == chart {
			out = append(out, cached{h.Version, path})
		}
	}
	return out
}
