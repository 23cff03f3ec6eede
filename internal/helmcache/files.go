package helmcache

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	"sigs.k8s.io/yaml"
)

// maxHead is how many bytes of a Chart.yaml are read, and maxPeek how many unpacked bytes of an archive are passed
// over on the way to it; `helm package` puts it first. MaxArchive bounds an archive itself, packed, by what Helm
// takes of it unpacked.
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
