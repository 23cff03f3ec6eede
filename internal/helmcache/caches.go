// Package helmcache reads what Helm keeps on this machine, and writes nothing: repositories.yaml, and in Helm's
// caches the indexes of repositories and the archives of charts.
package helmcache

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"sigs.k8s.io/yaml"
)

// Caches are the folders in which Helm 3 and Helm 4 keep what they have fetched: Helm 3's repository cache, with
// NAME-index.yaml and CHART-VERSION.tgz, and Helm 4's content cache, with ab/DIGEST.chart.
type Caches []string

// maxArchives is how many archives are looked into.
const maxArchives = 5000

// Archives lists the archives whose file name keep takes. The name follows a URL or a digest; the chart's is inside.
func (c Caches) Archives(keep func(file string) bool) []string {
	var out []string
	escape := strings.NewReplacer("[", "?", "*", "?", `\`, string(filepath.Separator)) // what reads as a pattern
	for _, dir := range c {
		for _, pattern := range []string{"*.tgz", "[0-9a-f][0-9a-f]/*.chart"} {
			// It fails for a malformed pattern alone.
			names, _ := filepath.Glob(filepath.Join(escape.Replace(dir), filepath.FromSlash(pattern)))
			for _, name := range names {
				if keep(filepath.Base(name)) {
					out = append(out, name)
				}
			}
		}
	}
	return out[:min(len(out), maxArchives)]
}

// Indexes lists the cached indexes of a repository: by the names that the user gave it, and those of `helm dependency
// update` where it has none, helm-manager-SHA256 of the URL (pkg/downloader, manager.go).
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

// maxHead bounds what is read of a Chart.yaml, maxPeek what is unpacked on the way to it (`helm package` puts it
// first), and MaxArchive an archive, packed, by what Helm takes of it unpacked.
const (
	maxHead    = 1 << 20
	maxPeek    = 16 << 20
	MaxArchive = 100 << 20
)

// Head is what Chart.yaml says first.
type Head struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// HeadOfDir reads the head of the chart in a folder.
func HeadOfDir(dir string) (Head, error) {
	data, err := ReadFile(filepath.Join(dir, "Chart.yaml"), maxHead)
	if err != nil {
		return Head{}, err
	}
	return parseHead(data)
}

// HeadOfArchive reads the head of a packed chart.
func HeadOfArchive(path string) (Head, error) {
	f, err := openFile(path, MaxArchive)
	if err != nil {
		return Head{}, err
	}
	defer f.Close()
	return peek(f)
}

func parseHead(data []byte) (h Head, err error) {
	err = yaml.Unmarshal(data, &h)
	return h, err
}

// peek reads a packed chart up to its Chart.yaml.
func peek(r io.Reader) (Head, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return Head{}, err
	}
	defer unzipped.Close()
	files := tar.NewReader(io.LimitReader(unzipped, maxPeek))
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			return Head{}, errors.New("no Chart.yaml in it")
		}
		if err != nil {
			return Head{}, err
		}
		dir, name, _ := strings.Cut(strings.ReplaceAll(f.Name, `\`, "/"), "/")
		if dir == "" || name != "Chart.yaml" || f.FileInfo().IsDir() {
			continue
		}
		if f.Size > maxHead {
			return Head{}, fmt.Errorf("its Chart.yaml is larger than %d bytes", maxHead)
		}
		data, err := io.ReadAll(files)
		if err != nil {
			return Head{}, err
		}
		return parseHead(data)
	}
}

// openFile opens a file that is no larger than most: anything else, such as a pipe, might never end.
func openFile(path string, most int64) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s is larger than %d MiB", path, most>>20)
	}
	return os.Open(path)
}

// ReadFile reads a file that is no larger than most.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := openFile(path, most)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// Digest gives the SHA-256 of an archive.
func Digest(path string) (digest.Digest, error) {
	f, err := openFile(path, MaxArchive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return digest.SHA256.FromReader(f)
}
