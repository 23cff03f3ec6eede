package helmchart

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// maxHead is how many bytes of a Chart.yaml are read, and maxPeek how many
// unpacked bytes of an archive are passed over on the way to it; `helm package`
// puts it first. maxArchive bounds an archive itself, packed, by what Helm takes of
// it unpacked.
const (
	maxHead    = 1 << 20
	maxPeek    = 16 << 20
	maxArchive = 100 << 20
)

// head is what Chart.yaml says first.
type head struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func parseHead(data []byte) (head, error) {
	var h head
	err := yaml.Unmarshal(data, &h)
	return h, err
}

// headOfDir reads the head of the chart in a folder.
func headOfDir(dir string) (head, error) {
	data, err := readRegular(filepath.Join(dir, "Chart.yaml"), maxHead)
	if err != nil {
		return head{}, err
	}
	return parseHead(data)
}

// headOfArchive reads the head of a packed chart.
func headOfArchive(path string) (head, error) {
	f, err := openRegular(path, maxArchive)
	if err != nil {
		return head{}, err
	}
	defer f.Close()
	return peek(f)
}

// peek reads a packed chart up to its Chart.yaml.
func peek(r io.Reader) (head, error) {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return head{}, err
	}
	defer unzipped.Close()
	files := tar.NewReader(io.LimitReader(unzipped, maxPeek))
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			return head{}, errors.New("no Chart.yaml in it")
		}
		if err != nil {
			return head{}, err
		}
		dir, name, _ := strings.Cut(strings.ReplaceAll(f.Name, `\`, "/"), "/")
		if dir == "" || name != "Chart.yaml" || f.FileInfo().IsDir() {
			continue
		}
		if f.Size > maxHead {
			return head{}, fmt.Errorf("its Chart.yaml is larger than %d bytes", maxHead)
		}
		data, err := io.ReadAll(files)
		if err != nil {
			return head{}, err
		}
		return parseHead(data)
	}
}

// openRegular opens a file that is no larger than most: anything else, such as a
// pipe, might never end.
func openRegular(path string, most int64) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, most)
	}
	return os.Open(path)
}

func readRegular(path string, most int64) ([]byte, error) {
	f, err := openRegular(path, most)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// KubeVersion is the range of Kubernetes versions that Chart.yaml gives, "" for
// none.
func (c *Chart) KubeVersion() string { return c.c.Metadata.KubeVersion }

// Deprecated reports whether Chart.yaml says so.
func (c *Chart) Deprecated() bool { return c.c.Metadata.Deprecated }
