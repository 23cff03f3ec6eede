package upstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// store is this program's own cache: content by its digest (sha256/HEX), and what was last said to questions whose
// answer changes, such as an index's URL (answers/HEX of the question). A file is there as a whole or not at all.
// Nothing in the cache is needed: without a folder it is empty.
type store struct{ dir string }

// get gives the content of a digest, nil where it is not there or damaged.
func (s *store) get(d digest.Digest) []byte {
	path := s.content(d)
	data, err := helmcache.ReadFile(path, maxAnswer)
	if err != nil {
		return nil
	}
	if digestOf(data) != d {
		os.Remove(path) // damaged, and never right again
		return nil
	}
	return data
}

// put keeps content.
func (s *store) put(data []byte) error { return writeFile(s.content(digestOf(data)), data) }

// recall gives the last answer and when it was read, nil where there is none.
func (s *store) recall(question string) (data []byte, read time.Time) {
	path := s.answer(question)
	info, err := os.Stat(path)
	if err == nil {
		data, err = helmcache.ReadFile(path, maxAnswer)
	}
	if err != nil {
		return nil, time.Time{}
	}
	return data, info.ModTime()
}

// remember keeps an answer in place of the last one.
func (s *store) remember(question string, data []byte) error {
	return writeFile(s.answer(question), data)
}

// content is the file of a digest, "" where it is none that this cache has.
func (s *store) content(d digest.Digest) string {
	if s.dir == "" || d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return ""
	}
	return filepath.Join(s.dir, "sha256", d.Encoded())
}

// contents lists the files of all digests.
func (s *store) contents() (paths []string) {
	if s.dir == "" {
		return nil
	}
	dir := filepath.Join(s.dir, "sha256")
	list, _ := os.ReadDir(dir) // what cannot be read is not there
	for _, e := range list {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// answer is the file of a question, "" without a cache.
func (s *store) answer(question string) string {
	if s.dir == "" {
		return ""
	}
	return filepath.Join(s.dir, "answers", digestOf([]byte(question)).Encoded())
}

// writeFile writes a file as one step. What it holds may be private. "" is no file.
func writeFile(path string, data []byte) (err error) {
	if path == "" {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sweep(dir)
	tmp, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already where all went well
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// temporary begins the names of files that are not whole yet.
const temporary = "tmp-"

// sweep removes what killed processes have left half written. Another process may be at a younger one.
func sweep(dir string) {
	list, _ := os.ReadDir(dir) // what cannot be read is left
	for _, e := range list {
		info, err := e.Info()
		if strings.HasPrefix(e.Name(), temporary) && err == nil && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// repositoryOffline gets a chart of a repository by the newest index that a cache has, else by the chart's name.
func (f *finder) repositoryOffline(ctx context.Context, r *repository) (*Chart, error) {
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
func (f *finder) anyCached(r *repository) (*Chart, error) {
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
			fmt.Fprintf(f.o.Log, "Taking the chart from Helm's cache: %s\n", path)
			return data
		}
	}
	return nil
}
