// Package helmcache reads what Helm keeps on this machine, and writes nothing: repositories.yaml, and in Helm's
// caches the indexes of repositories and the archives of charts.
package helmcache

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
)

// Caches are the folders in which Helm 3 and Helm 4 keep what they have fetched: Helm 3's repository cache, with
// NAME-index.yaml and CHART-VERSION.tgz, and Helm 4's content cache, with ab/DIGEST.chart.
type Caches []string

// maxArchives is how many archives are looked into.
const maxArchives = 5000

// Archives lists the archives whose file name keep takes. The name of a file follows a repository's URL or a digest;
// which chart it is stands in it.
func (c Caches) Archives(keep func(file string) bool) []string {
	var out []string
	for _, dir := range c {
		for _, pattern := range []string{"*.tgz", "[0-9a-f][0-9a-f]/*.chart"} {
			// It fails for a malformed pattern alone.
			names, _ := filepath.Glob(filepath.Join(escapeGlob(dir), filepath.FromSlash(pattern)))
			for _, name := range names {
				if keep(filepath.Base(name)) {
					out = append(out, name)
				}
			}
		}
	}
	return out[:min(len(out), maxArchives)]
}

// escapeGlob takes from a path what a pattern would read as more than itself.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "?", "*", "?", `\`, string(filepath.Separator)).Replace(path)
}

// Indexes lists the files in which Helm keeps the index of a repository. Helm calls them by the names that the user
// gave the repository; where it has none, `helm dependency update` calls them helm-manager-SHA256 of the URL
// (pkg/downloader, manager.go).
func (c Caches) Indexes(names, urls []string) []string {
	for _, url := range urls {
		names = append(slices.Clip(names), "helm-manager-"+digest.FromString(url).Encoded())
	}
	var out []string
	for _, name := range names {
		if name == "" || filepath.Base(name) != name {
			continue
		}
		for _, dir := range c {
			path := filepath.Join(dir, name+"-index.yaml")
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				out = append(out, path)
			}
		}
	}
	return out
}

// maxIndex bounds what is read of an index and of repositories.yaml. The largest public indexes have some 20 MB.
const maxIndex = 128 << 20

// IndexHas tells whether an index names an archive. Parsing a large one takes seconds, so the digest is looked for in
// its text: no other archive has it, wherever it stands.
func IndexHas(index, digest string) bool {
	data, err := ReadFile(index, maxIndex)
	return err == nil && bytes.Contains(data, []byte(digest))
}
