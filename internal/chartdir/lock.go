package chartdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

const (
	lockFormat = 1
	// maxLock bounds the bytes of a lock: some ten times what a chart with all
	// components needs, and little enough that a crafted one is read in a second.
	maxLock = 1 << 20
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
	Components []string `yaml:"components"`
	// Options are further options of scaffold that a later run repeats, by the
	// names that scaffold gives them.
	Options map[string]any `yaml:"options,omitempty"`
	// Convention is that of package convention when it is written, plain maps
	// and lists when it is read.
	Convention any `yaml:"convention"`
	// Files maps each generated file to the hash of its text as generated,
	// line endings aside. An edited file is one whose hash differs.
	Files map[string]string `yaml:"files"`
	// Packed are the generated files themselves, for a three-way update; see
	// Pristine.
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

// of gives the text of the lock for the files that were generated.
func (l *Lock) of(files map[string][]byte) ([]byte, error) {
	if err := l.record(files); err != nil {
		return nil, err
	}
	return l.Encode()
}

// Encode gives the text of the lock's file, the same for the same lock.
func (l *Lock) Encode() ([]byte, error) {
	data, err := yaml.Dump(l, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", LockName, err)
	}
	if len(lockHead)+len(data) > maxLock {
		return nil, fmt.Errorf("write %s: it would have %d bytes, more than the %d that are read back", LockName, len(lockHead)+len(data), maxLock)
	}
	return append([]byte(lockHead), data...), nil
}

// ReadLock reads the lock of the chart in dir. It gives nil where there is
// none, and an error for one that is damaged or not of this tool's making.
func ReadLock(dir string) (*Lock, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	defer root.Close()
	return readLock(root)
}

func readLock(root *os.Root) (*Lock, error) {
	file := filepath.Join(root.Name(), LockName)
	f, err := look(root, LockName, maxLock)
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	if !f.there {
		return nil, nil
	}
	if !f.readable {
		return nil, damaged(file, fmt.Errorf("it is no plain file of at most %d bytes", maxLock))
	}
	l, err := decodeLock(f.data)
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
		if !isChartFile(name) || name == LockName {
			return nil, fmt.Errorf("it names %q, which is no file of a chart", name)
		}
	}
	return l, nil
}

func damaged(file string, err error) error {
	return remedy.Errorf("take it back from version control, or remove it: then every file counts as edited",
		"lock %s cannot be used: %w", file, err)
}
