package upstream

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Bounds on charts: Helm 3's (pkg/chart/loader, archive.go), but archives inside the archive count with it.
const (
	maxUnpacked = 100 << 20 // with what lies between and behind the files
	maxFile     = 5 << 20
	maxFiles    = 10_000
	maxNested   = 5 // archives in archives
)

// loadArchive makes a chart of a packed one. name is its source, without credentials. Links, names that lead out of
// the chart and two files of one name are refused, as is what is larger than Helm would take.
func loadArchive(name string, data []byte) (*Chart, error) {
	err := checkSent(data)
	if err == nil && !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		err = errors.New("it is not gzipped")
	}
	if err != nil {
		return nil, remedy.Errorf("give a chart that `helm package` or `helm pull` made",
			"%s is no packed chart: %w", name, err)
	}
	left := newBudget()
	files, err := left.unpack(data, 0)
	if err != nil {
		return nil, remedy.Errorf("get the archive again, or unpack it and give its directory", "%s: %w", name, err)
	}
	c, err := helmchart.LoadFiles(files)
	if err != nil {
		return nil, remedy.Errorf("give a chart that `helm package` or `helm pull` made",
			"%s is no chart: %w", name, err)
	}
	return &Chart{Chart: c, Source: name, Digest: digestOf(data).String()}, nil
}

// checkSent refuses what a server may send in place of anything else: nothing, or a page for browsers.
func checkSent(data []byte) error {
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return errors.New("it is empty")
	case text[0] == '<':
		return errors.New("it is an HTML page")
	}
	return nil
}

// budget is what may still be unpacked.
type budget struct {
	bytes int64
	files int
}

func newBudget() *budget { return &budget{maxUnpacked, maxFiles} }

var errTooMuch = fmt.Errorf("unpacked it is larger than the %d MiB that Helm takes", maxUnpacked>>20)

// check tells whether another file, of that size, may be unpacked.
func (b *budget) check(size int64) error {
	b.files--
	switch {
	case size > b.bytes:
		return errTooMuch
	case b.files < 0:
		return fmt.Errorf("it has more than %d files", maxFiles)
	}
	return nil
}

// unpack reads a gzipped tar archive, and those inside it that Helm would unpack, all within one budget.
func (b *budget) unpack(data []byte, depth int) ([]helmchart.File, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	defer unzipped.Close()
	stream := &io.LimitedReader{R: unzipped, N: b.bytes + 1}
	files, err := b.entries(tar.NewReader(stream))
	if err == nil {
		if _, err = io.Copy(io.Discard, stream); err != nil { // the checksum stands at the end
			err = fmt.Errorf("it is damaged: %w", err)
		}
	}
	b.bytes = stream.N - 1
	switch {
	case b.bytes < 0:
		return nil, errTooMuch
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is cut off")
	case err != nil:
		return nil, err
	}
	return files, b.nested(files, depth)
}

// entries reads the files of a tar archive.
func (b *budget) entries(archive *tar.Reader) ([]helmchart.File, error) {
	seen := map[string]bool{}
	var files []helmchart.File
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("it is damaged: %w", err)
		}
		name, err := entryName(header)
		if err != nil {
			return nil, err
		}
		if err := b.check(header.Size); err != nil {
			return nil, err
		}
		switch {
		case name == "":
			continue
		case header.Size > maxFile:
			return nil, fmt.Errorf("%q in it is larger than the %d MiB that Helm takes", name, maxFile>>20)
		case seen[name]:
			return nil, fmt.Errorf("%q is in it twice", name)
		}
		seen[name] = true
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("it is damaged: %w", err)
		}
		files = append(files, helmchart.File{Name: name, Data: bytes.TrimPrefix(content, byteOrderMark)})
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

var driveSyntax = regexp.MustCompile(`^[a-zA-Z]:/`)

// entryName gives a file's name in the chart, "" for what is no file, and refuses what could lie anywhere else.
func entryName(h *tar.Header) (string, error) {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeXGlobalHeader, tar.TypeXHeader:
		return "", nil
	case tar.TypeSymlink, tar.TypeLink:
		return "", fmt.Errorf("%q in it is a link, and Helm follows none in an archive", h.Name)
	default:
		return "", fmt.Errorf("%q in it is neither a file nor a folder", h.Name)
	}
	whole := strings.ReplaceAll(h.Name, `\`, "/") // as Helm does for Windows
	top, rest, below := strings.Cut(whole, "/")
	name := path.Clean(rest)
	switch {
	case path.IsAbs(whole) || path.IsAbs(rest) || driveSyntax.MatchString(whole) || driveSyntax.MatchString(name):
		return "", fmt.Errorf("%q in it is an absolute path", h.Name)
	case top == ".." || name == ".." || strings.HasPrefix(name, "../"):
		return "", fmt.Errorf("%q in it leads out of the chart", h.Name)
	case strings.ContainsRune(whole, 0):
		return "", fmt.Errorf("%q in it is no name of a file", h.Name)
	case h.Typeflag == tar.TypeDir:
		return "", nil
	case !below || name == ".":
		return "", fmt.Errorf("%q in it lies beside the chart's folder", h.Name)
	}
	return name, nil
}

// nested unpacks the archives in charts/ once, for Helm gives each of them a whole budget of its own.
func (b *budget) nested(files []helmchart.File, depth int) error {
	for _, f := range files {
		if !isNestedArchive(f.Name) {
			continue
		}
		if depth >= maxNested {
			return fmt.Errorf("%q in it is an archive in an archive, %d deep", f.Name, depth+1)
		}
		if _, err := b.unpack(f.Data, depth+1); err != nil {
			return fmt.Errorf("%q in it: %w", f.Name, err)
		}
	}
	return nil
}

// isNestedArchive knows what Helm unpacks: charts/NAME.tgz of the chart, or of one that lies unpacked in charts/.
func isNestedArchive(name string) bool {
	dir, base := path.Split(name)
	return path.Base(dir) == "charts" && path.Ext(base) == ".tgz" && strings.IndexAny(base, "_.") != 0
}

// digestOf gives "sha256:..." of data.
func digestOf(data []byte) digest.Digest { return digest.SHA256.FromBytes(data) }

// directory loads the chart in a folder.
func (f *finder) directory(ctx context.Context, dir string) (*Chart, error) {
	isChart, err := helmchart.IsChartDir(dir)
	if err != nil {
		return nil, remedy.Errorf("look at the folder's rights", "read upstream's chart: %w", err)
	}
	if !isChart {
		return nil, remedy.Errorf("give the folder in which its Chart.yaml lies",
			"%s is no chart: no Chart.yaml lies in it", dir)
	}
	if err := checkDirectory(ctx, dir); err != nil {
		return nil, err
	}
	c, err := helmchart.Load(dir)
	if err != nil {
		return nil, remedy.Errorf("mend the chart, or give another one to --upstream", "%w", err)
	}
	return &Chart{Chart: c, Source: dir}, nil
}

// checkDirectory refuses what Helm would follow without end, and more than it takes of an archive.
func checkDirectory(ctx context.Context, dir string) error {
	const step = "give a folder with nothing but the chart in it"
	entries, err := helmchart.Entries(dir)
	if err != nil {
		return remedy.Errorf(step, "read upstream's chart: %w", err)
	}
	left := newBudget()
	var archives []helmchart.File
	for _, e := range entries {
		path := filepath.Join(dir, filepath.FromSlash(e.Name))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case e.Err != nil:
			return remedy.Errorf("remove the link", "%s: the link %s: %w", dir, e.Name, e.Err)
		case e.Outside && e.Mode.IsDir():
			return remedy.Errorf("put a copy in its place",
				"%s: the link %s leads to a folder outside the chart", dir, e.Name)
		case !e.Mode.IsRegular():
			return remedy.Errorf(step, "%s: %s is no file", dir, e.Name)
		}
		err := left.check(e.Size)
		left.bytes -= e.Size
		if err == nil && isNestedArchive(e.Name) {
			archives = append(archives, helmchart.File{Name: e.Name})
			archives[len(archives)-1].Data, err = helmcache.ReadFile(path, maxFile)
		}
		if err != nil {
			return remedy.Errorf(step, "%s: %w", dir, err)
		}
	}
	if err := left.nested(archives, 0); err != nil {
		return remedy.Errorf("get the archive again, or unpack it", "%s: %w", dir, err)
	}
	return nil
}

// file loads a packed chart.
func (f *finder) file(path string) (*Chart, error) {
	data, err := helmcache.ReadFile(path, maxAnswer)
	if err != nil {
		return nil, remedy.Errorf("give a .tgz file that `helm package` or `helm pull` made",
			"read upstream's chart: %w", err)
	}
	return loadArchive(path, data)
}
