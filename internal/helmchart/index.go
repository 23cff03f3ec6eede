package helmchart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/helmpath"
	"sigs.k8s.io/yaml"
)

// Bounds on what is read of Helm's own files. The largest public indexes have
// some 20 MB.
const (
	maxIndex        = 128 << 20
	maxRepositories = 4 << 20
)

// indexes are the indexes of repositories that lie in Helm's caches. An index
// names the SHA-256 of each archive, so it can vouch for one that lies in a cache
// without a word of where it is from. Parsing a large one takes seconds, so the
// digest is looked for in its text: no other archive has it, wherever it stands.
type indexes struct {
	dirs   []string
	config string // repositories.yaml
	names  map[string][]string
}

// vouch tells whether the repository's index has the archive.
func (x *indexes) vouch(repository, archive string) bool {
	files := x.files(repository)
	if len(files) == 0 {
		return false
	}
	digest, err := digestOf(archive)
	if err != nil {
		return false
	}
	for _, file := range files {
		if has, err := fileContains(file, digest); err == nil && has {
			return true
		}
	}
	return false
}

// files names the indexes of a repository, whether they are there or not. Helm
// calls them by the name that the user gave the repository; where it has none,
// `helm dependency update` calls it helm-manager-SHA256 (pkg/downloader).
func (x *indexes) files(repository string) []string {
	if repository == "" || strings.HasPrefix(repository, "oci://") {
		return nil
	}
	sum := sha256.Sum256([]byte(repository))
	names := []string{"helm-manager-" + hex.EncodeToString(sum[:])}
	name, isName := strings.CutPrefix(repository, "@")
	if !isName {
		name, isName = strings.CutPrefix(repository, "alias:")
	}
	if isName {
		names = []string{name}
	} else {
		names = append(names, x.namesOf(repository)...)
	}
	var out []string
	for _, name := range names {
		if name == "" || filepath.Base(name) != name {
			continue
		}
		for _, dir := range x.dirs {
			out = append(out, filepath.Join(dir, helmpath.CacheIndexFile(name)))
		}
	}
	return out
}

// namesOf gives the names that repositories.yaml has for a URL.
func (x *indexes) namesOf(url string) []string {
	if x.names == nil {
		x.names = map[string][]string{}
		for _, r := range readRepositories(x.config) {
			key := strings.TrimSuffix(r.URL, "/")
			x.names[key] = append(x.names[key], r.Name)
		}
	}
	return x.names[strings.TrimSuffix(url, "/")]
}

type repositoryEntry struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// readRepositories reads Helm's repositories.yaml. One that is not there or not
// to be read names no repositories.
func readRepositories(path string) []repositoryEntry {
	if path == "" {
		return nil
	}
	data, err := readRegular(path, maxRepositories)
	if err != nil {
		return nil
	}
	var file struct {
		Repositories []repositoryEntry `json:"repositories"`
	}
	if yaml.Unmarshal(data, &file) != nil {
		return nil
	}
	return file.Repositories
}

func digestOf(path string) (string, error) {
	f, err := openRegular(path, maxArchive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func fileContains(path, text string) (bool, error) {
	f, err := openRegular(path, maxIndex)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return contains(f, text, 64<<10)
}

// contains tells whether text stands in what r gives, read in blocks of that many
// bytes.
func contains(r io.Reader, text string, block int) (bool, error) {
	want := []byte(text)
	buffer := make([]byte, block+len(want))
	kept := 0 // bytes of the last block in which text may begin
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		got := buffer[:kept+n]
		if bytes.Contains(got, want) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer, got[max(0, len(got)-len(want)+1):])
	}
}
