package chartdir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

const (
	// lockFormat is the newest format. In format 1, the first stage's, paths are relative to wherever the command
	// ran, and the options repeat what Chart and Components say.
	lockFormat = 2
	// maxLock bounds the bytes of a lock: some ten times what a chart with all components needs, and little enough
	// that a crafted one is read in a second.
	maxLock = 1 << 20
)

// Lock says what a chart was generated from. It holds no times, so that two runs write the same bytes.
type Lock struct {
	Format int    `yaml:"format"`
	Tool   string `yaml:"tool"`
	// Service is the one of LiveKit's services that the chart is for, "" in format 1, which knows the server alone.
	Service string `yaml:"service,omitempty"`
	// Template is the hash of the embedded chart.
	Template   string   `yaml:"template"`
	Chart      Version  `yaml:"chart"`
	Upstream   Version  `yaml:"upstream"`
	Components []string `yaml:"components"`
	// Options are further options of scaffold that a later run repeats, by the names that scaffold gives them.
	Options map[string]any `yaml:"options,omitempty"`
	// Convention is that of package convention as YAML when it is written, plain maps and lists when it is read.
	Convention any `yaml:"convention"`
	// Files maps each file to the hash of its text as generated, line endings aside; an edited one has another.
	Files map[string]string `yaml:"files"`
	// Packed are the generated files themselves, for a three-way update; see Pristine.
	Packed string `yaml:"pristine"`

	// Before is the lock of a chart that an interrupted run was to replace, nil where none was interrupted: some of the
	// files are still those of that one.
	Before *Lock `yaml:"-"`
}

// Version names a chart.
type Version struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
}

const lockHead = "# Written by `helm livekit`; leave it as it is. It belongs into version control\n" +
	"# and, by .helmignore, into no package.\n"

// record puts the generated files into the lock.
func (l *Lock) record(files map[string][]byte) (err error) {
	l.Format = lockFormat
	l.Files = map[string]string{}
	for name, data := range files {
		l.Files[name] = hash(data)
	}
	if l.Packed, err = pack(files); err != nil {
		return fmt.Errorf("write %s: %w", LockName, err)
	}
	return nil
}

// Encode gives the text of the lock's file, the same for the same lock.
func (l *Lock) Encode() ([]byte, error) {
	data, err := yaml.Dump(l, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", LockName, err)
	}
	data = append([]byte(lockHead), data...)
	if len(data) > maxLock {
		return nil, fmt.Errorf("write %s: it would have %d bytes, more than the %d that are read back",
			LockName, len(data), maxLock)
	}
	return data, nil
}

// ReadLock reads the lock of the chart in dir: nil where there is none, an error where it is damaged or not of this
// tool's making. After an interrupted run it describes what that run has left, not what it meant to write.
func ReadLock(dir string) (*Lock, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lock: %w", err)
	}
	defer root.Close()
	l, err := readLocks(root)
	if err != nil {
		return nil, err
	}
	return l.current(root)
}

func decodeLock(data []byte) (*Lock, error) {
	l := &Lock{}
	if err := yaml.Unmarshal(data, l); err != nil {
		return nil, err
	}
	if l.Format > lockFormat {
		return nil, remedy.Errorf("install the plugin that wrote it, or a newer one: `helm plugin update livekit`",
			"its format is %d, this tool reads up to %d: helm-livekit %s wrote it", l.Format, lockFormat, l.Tool)
	}
	if l.Format < 1 {
		return nil, fmt.Errorf("its format is %d, this tool reads 1 to %d", l.Format, lockFormat)
	}
	for name := range l.Files {
		if !isChartFile(name) || name == LockName {
			return nil, fmt.Errorf("it names %q, which is no file of a chart", name)
		}
	}
	return l, nil
}

func damaged(file string, err error) error {
	step := "take it back from version control, or remove it: then every file counts as edited"
	return remedy.Errorf(cmp.Or(remedy.Step(err), step),
		"lock %s cannot be used: %w", file, err)
}

// locks are the lock in its place, and the one that a run has staged which is at work or was killed.
type locks struct{ placed, staged found }

func readLocks(root *os.Root) (l locks, err error) {
	// The staged one first: it may come into its place meanwhile.
	l.staged, err = look(root, stagedLock, maxLock)
	if err == nil {
		l.placed, err = look(root, LockName, maxLock)
	}
	if err != nil {
		return l, fmt.Errorf("read lock: %w", err)
	}
	return l, nil
}

// current gives the lock that describes the chart as it lies in the folder, nil where there is none.
func (l locks) current(root *os.Root) (*Lock, error) {
	placed, err := l.placed.lock()
	if err != nil {
		return nil, damaged(pathOf(root, LockName), err)
	}
	staged, err := l.staged.lock()
	if err == nil && staged != nil {
		placed, err = afterInterruption(root, placed, staged)
	}
	if err != nil {
		return nil, damaged(pathOf(root, stagedLock), err)
	}
	return placed, nil
}

func (f found) lock() (*Lock, error) {
	switch {
	case !f.there:
		return nil, nil
	case !f.readable:
		return nil, fmt.Errorf("it is no plain file of at most %d bytes", maxLock)
	}
	return decodeLock(f.data)
}

// afterInterruption gives the lock of a chart whose files are in part those of the lock in its place and in part
// those of the staged one: what an interrupted run has left. For each file it has the text that the file is, or that
// somebody's edit of it was made on.
func afterInterruption(root *os.Root, placed, staged *Lock) (*Lock, error) {
	if placed == nil {
		placed = &Lock{}
	}
	before, err := placed.Pristine()
	texts, serr := staged.Pristine()
	if err = errors.Join(err, serr); err != nil {
		return nil, err
	}
	for _, name := range union(before, texts) {
		now, err := look(root, name, maxFile)
		// A file that is still staged was not renamed into its place.
		waiting, werr := look(root, path.Join(stagingDir, name), maxFile)
		if err = errors.Join(err, werr); err != nil {
			return nil, err
		}
		old, was := before[name]
		_, stays := texts[name]
		switch {
		case now.is(staged.Files[name]):
		case was && (waiting.there || now.is(placed.Files[name]) || !stays && !now.there):
			texts[name] = old
		case waiting.there:
			delete(texts, name)
		}
	}
	l := *staged
	if placed.Format > 0 {
		l.Before = placed
	}
	return &l, l.record(texts)
}

// ValuesFiles names the values files of stages among a chart's files (values-dev.yaml), in order.
func ValuesFiles[T any](files map[string]T) []string {
	var out []string
	for name := range files {
		isYAML := slices.Contains([]string{".yaml", ".yml"}, path.Ext(name))
		isOther := slices.Contains([]string{"values.yaml", helmchart.DefaultsFile, "Chart.yaml"}, name) ||
			strings.HasPrefix(name, "templates/")
		if isYAML && !isOther {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
