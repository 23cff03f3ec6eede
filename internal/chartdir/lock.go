// Package chartdir writes a chart's files into its folder: all or nothing,
// never over somebody's edits, never outside the folder, and so that a run
// which is killed can be finished or undone by the next one. Its lock records
// what was generated.
package chartdir

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// LockName is the lock's file in the chart's folder.
const LockName = ".helm-livekit.lock"

const (
	lockFormat  = 1
	maxLock     = 5 << 20  // bytes of a lock
	maxPristine = 16 << 20 // bytes of the files packed in it
)

// Lock says what a chart was generated from. It holds no times, so that two
// runs write the same bytes.
type Lock struct {
	Format int    `yaml:"format"`
	Tool   string `yaml:"tool"`
	// Template is the hash of the embedded chart.
	Template   string   `yaml:"template"`
	Chart      Version  `yaml:"chart"`
	Upstream   Version  `yaml:"upstream"`
	Host       string   `yaml:"host,omitempty"`
	Components []string `yaml:"components"`
	// Convention is that of package convention.
	Convention any `yaml:"convention"`
	// Files maps each generated file to the hash of its text as generated,
	// line endings aside. An edited file is one whose hash differs.
	Files map[string]string `yaml:"files"`
	// Packed are the generated files themselves, for a three-way update:
	// base64 of a gzipped tar.
	Packed string `yaml:"pristine"`
}

// Version names a chart.
type Version struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
}

const lockHead = "# Written by `helm livekit scaffold`; leave it as it is. It belongs into version control\n" +
	"# and, by .helmignore, into no package.\n"

// record puts the generated files into the lock.
func (l *Lock) record(files map[string][]byte) error {
	l.Format = lockFormat
	l.Files = map[string]string{}
	for name, data := range files {
		l.Files[name] = hash(data)
	}
	packed, err := pack(files)
	if err != nil {
		return fmt.Errorf("write %s: %w", LockName, err)
	}
	l.Packed = packed
	return nil
}

func (l *Lock) encode() ([]byte, error) {
	data, err := yaml.Dump(l, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", LockName, err)
	}
	return append([]byte(lockHead), data...), nil
}

// ReadLock reads the lock of the chart in dir. It gives nil where there is
// none, and an error for one that is damaged or not of this tool's making.
func ReadLock(dir string) (*Lock, error) {
	file := filepath.Join(dir, LockName)
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxLock {
		return nil, damaged(file, errors.New("it is no file of a sensible size"))
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	l, err := decodeLock(data)
	if err != nil {
		return nil, damaged(file, err)
	}
	return l, nil
}

func decodeLock(data []byte) (*Lock, error) {
	l := &Lock{}
	if err := yaml.Unmarshal(data, l); err != nil {
		return nil, err
	}
	if l.Format != lockFormat {
		return nil, fmt.Errorf("its format is %d, this tool reads %d", l.Format, lockFormat)
	}
	for name := range l.Files {
		if !isLocal(name) {
			return nil, fmt.Errorf("it names %q, which is no file of a chart", name)
		}
	}
	return l, nil
}

func damaged(file string, err error) error {
	return remedy.Errorf("take it back from version control, or remove it: then every file counts as edited",
		"lock %s cannot be used: %w", file, err)
}

// Pristine unpacks the files as they were generated.
func (l *Lock) Pristine() (map[string][]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(l.Packed), ""))
	if err != nil {
		return nil, fmt.Errorf("lock: pristine files: %w", err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("lock: pristine files: %w", err)
	}
	r := tar.NewReader(io.LimitReader(unzipped, maxPristine))
	out := map[string][]byte{}
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("lock: pristine files: %w", err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("lock: pristine file %s: %w", header.Name, err)
		}
		if l.Files[header.Name] != hash(data) {
			return nil, fmt.Errorf("lock: pristine file %s has another hash than the lock says", header.Name)
		}
		out[header.Name] = data
	}
	if len(out) != len(l.Files) {
		return nil, fmt.Errorf("lock: %d pristine files for %d that it names", len(out), len(l.Files))
	}
	return out, nil
}

func pack(files map[string][]byte) (string, error) {
	var b bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	w := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return "", err
		}
		if _, err := w.Write(files[name]); err != nil {
			return "", err
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		return "", err
	}
	return fold(base64.StdEncoding.EncodeToString(b.Bytes()), 100), nil
}

// fold breaks s into lines of n characters.
func fold(s string, n int) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(s), n) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	return b.String()
}

// hash is that of a text, whatever ends its lines: git may check files out
// with CRLF.
func hash(data []byte) string {
	sum := sha256.Sum256(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// isLocal reports whether name is a slash-separated path below a folder.
func isLocal(name string) bool {
	return filepath.IsLocal(filepath.FromSlash(name)) && !strings.ContainsAny(name, "\\:\x00")
}
