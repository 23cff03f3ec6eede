package upstream

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"sigs.k8s.io/yaml"
)

// helmCaches are Helm's own caches, which are read and never written.
type helmCaches struct {
	repository string // NAME-index.yaml, and CHART-VERSION.tgz of Helm 3
	content    string // ab/DIGEST.chart of Helm 4
}

// maxCached is how many archives of Helm's caches are looked into.
const maxCached = 5000

// index gives the newest index that Helm has of a repository, and when it was
// read. Helm calls it by the name that the user gave the repository; where it has
// none, `helm dependency update` calls it helm-manager-SHA256 (pkg/downloader,
// manager.go).
func (c helmCaches) index(r repository) (data []byte, read time.Time, file string) {
	if c.repository == "" {
		return nil, time.Time{}, ""
	}
	names := slices.Clone(r.names)
	for _, url := range []string{r.url.String(), r.url.String() + "/"} {
		sum := sha256.Sum256([]byte(url))
		names = append(names, "helm-manager-"+hex.EncodeToString(sum[:]))
	}
	for _, name := range names {
		if filepath.Base(name) != name {
			continue
		}
		path := filepath.Join(c.repository, name+"-index.yaml")
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.ModTime().After(read) {
			read, file = info.ModTime(), path
		}
	}
	if file == "" {
		return nil, time.Time{}, ""
	}
	data, err := readFile(file, maxIndex)
	if err != nil {
		return nil, time.Time{}, ""
	}
	return data, read, file
}

// archive gives the archive with a digest, nil where Helm has none.
func (c helmCaches) archive(chart string, d digest.Digest) (data []byte, file string) {
	paths := c.archives(chart)
	if c.content != "" {
		paths = append([]string{filepath.Join(c.content, d.Encoded()[:2], d.Encoded()+".chart")}, paths...)
	}
	for _, path := range paths {
		data, err := readFile(path, maxArchive)
		if err == nil && digestOf(data) == d {
			return data, path
		}
	}
	return nil, ""
}

// archives lists the archives in the repository cache that are called as a
// chart's are.
func (c helmCaches) archives(chart string) []string {
	if c.repository == "" {
		return nil
	}
	list, err := os.ReadDir(c.repository)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range list {
		if strings.HasPrefix(e.Name(), chart+"-") && filepath.Ext(e.Name()) == ".tgz" && len(out) < maxCached {
			out = append(out, filepath.Join(c.repository, e.Name()))
		}
	}
	return out
}

// cached is a chart in one of Helm's caches.
type cached struct{ version, path string }

// charts gives the charts of a name, whatever repository they are from.
func (c helmCaches) charts(name string) []cached {
	var out []cached
	for _, path := range append(c.archives(name), c.contents()...) {
		if n, version, err := headOf(path); err == nil && n == name {
			out = append(out, cached{version, path})
		}
	}
	return out
}

// contents lists the archives of Helm 4's cache.
func (c helmCaches) contents() []string {
	if c.content == "" {
		return nil
	}
	// It fails for a malformed pattern alone.
	paths, _ := filepath.Glob(filepath.Join(escapeGlob(c.content), "[0-9a-f][0-9a-f]", "*.chart"))
	return paths[:min(len(paths), maxCached)]
}

// escapeGlob takes from a path what a pattern would read as more than itself.
func escapeGlob(path string) string {
	return strings.NewReplacer("[", "?", "*", "?", `\`, string(filepath.Separator)).Replace(path)
}

// maxHead bounds what is unpacked of an archive on the way to its Chart.yaml,
// which `helm package` puts first.
const maxHead = 8 << 20

// headOf reads name and version of a packed chart.
func headOf(path string) (name, version string, err error) {
	data, err := readFile(path, maxArchive)
	if err != nil {
		return "", "", err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", "", err
	}
	defer unzipped.Close()
	entries := tar.NewReader(io.LimitReader(unzipped, maxHead))
	for {
		header, err := entries.Next()
		if err != nil {
			return "", "", err
		}
		if strings.Count(header.Name, "/") != 1 || !strings.HasSuffix(header.Name, "/Chart.yaml") {
			continue
		}
		if header.Size > maxEntry {
			return "", "", errors.New("its Chart.yaml is too large")
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			return "", "", err
		}
		var head entry
		if err := yaml.Unmarshal(text, &head); err != nil {
			return "", "", err
		}
		return head.Name, head.Version, nil
	}
}
