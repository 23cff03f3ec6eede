package update

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/merge"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/settings"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// valuesFile is a file of values that the chart is installed with.
type valuesFile struct {
	path  string // absolute
	shown string // from the current directory
	was   []byte
	will  []byte
	// isGenerated says that it is one of the chart's own files, which are merged and written with the others.
	isGenerated bool

	before, after map[string]any
}

func (v *valuesFile) hasChanged() bool { return !bytes.Equal(v.was, v.will) && !v.isGenerated }

func (v *valuesFile) diff() string {
	if !v.hasChanged() {
		return ""
	}
	return udiff.Unified("a/"+v.shown, "b/"+v.shown, plain(v.was), plain(v.will))
}

// mergeValuesFiles reads the values files of the chart, and moves in them the keys that move in the chart.
func (t *target) mergeValuesFiles(m *merged) error {
	paths, err := t.valuesFiles()
	if err != nil {
		return err
	}
	generated := map[string]string{} // below the chart, by the path
	for _, name := range chartdir.ValuesFiles(m.texts) {
		generated[filepath.Join(t.dir, filepath.FromSlash(name))] = name
		paths = append(paths, filepath.Join(t.dir, filepath.FromSlash(name)))
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if name, err := filepath.Rel(t.dir, path); err == nil && m.isRemoved(filepath.ToSlash(name)) {
			continue
		}
		if name, is := generated[path]; is {
			v, err := t.generatedValuesFile(path, m.read[name], m.texts[name])
			if err != nil {
				return err
			}
			m.values = append(m.values, v)
			continue
		}
		v, err := t.readValuesFile(path)
		if err != nil {
			return err
		}
		m.values = append(m.values, v)
		if v.hasChanged() {
			m.files = append(m.files, File{Path: v.shown, Action: Merged})
		}
	}
	return nil
}

// isRemoved reports whether a file of the chart is there and goes.
func (m *merged) isRemoved(name string) bool {
	_, isThere := m.read[name]
	_, stays := m.texts[name]
	return isThere && !stays
}

// valuesFiles gives the files that are named, those of the settings, and those that lie beside values.yaml.
func (t *target) valuesFiles() ([]string, error) {
	var paths []string
	for _, name := range t.options.ValuesFiles {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, fmt.Errorf("values file: %w", err)
		}
		paths = append(paths, abs)
	}
	tree, err := chartdir.TreeOf(t.dir)
	if err != nil {
		return nil, err
	}
	own, err := settings.Load(t.sheet, tree, t.dir)
	if err != nil {
		return nil, err
	}
	paths = append(paths, own.ValuesFiles...)
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	for _, e := range entries {
		name, isValues := strings.CutPrefix(e.Name(), "values")
		ext := filepath.Ext(name)
		if isValues && e.Type().IsRegular() && (ext == ".yaml" || ext == ".yml") &&
			strings.TrimSuffix(name, ext) != "" {
			paths = append(paths, filepath.Join(t.dir, e.Name()))
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// newValuesFile names a values file as the current directory has it.
func newValuesFile(path string) *valuesFile {
	v := &valuesFile{path: path, shown: filepath.ToSlash(path)}
	if current, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(current, path); err == nil && filepath.IsLocal(rel) {
			v.shown = filepath.ToSlash(rel)
		}
	}
	return v
}

// generatedValuesFile is one of the chart's own, which was merged as its other files are.
func (t *target) generatedValuesFile(path string, was, will []byte) (*valuesFile, error) {
	v := newValuesFile(path)
	v.was, v.will, v.isGenerated = was, will, true
	var err error
	if v.before, err = helmchart.ParseValues(v.shown, was); err != nil {
		return nil, remedy.Errorf("mend the file; nothing was written", "%w", err)
	}
	if v.after, err = helmchart.ParseValues(v.shown, will); err != nil {
		return nil, remedy.Errorf("mend the file; nothing was written", "%w", err)
	}
	return v, nil
}

func (t *target) readValuesFile(path string) (*valuesFile, error) {
	v := newValuesFile(path)
	var err error
	if v.was, err = yamldoc.ReadBytes(path); err != nil {
		return nil, remedy.Errorf("name files that are there, in --values and in the settings' valuesFiles",
			"values file %s: %w", v.shown, err)
	}
	if v.before, err = helmchart.ParseValues(v.shown, v.was); err != nil {
		return nil, remedy.Errorf("mend the file; nothing was written", "%w", err)
	}
	v.will, v.after = v.was, v.before
	text, done, err := merge.MoveKeys(v.shown, plain(v.was), t.moves)
	if err != nil {
		return nil, remedy.Errorf("move the keys by hand, and run it again", "%w", err)
	}
	if len(done) == 0 {
		return v, nil
	}
	v.will = ending(v.was, text)
	v.after, err = helmchart.ParseValues(v.shown, v.will)
	return v, err
}

// writeValuesFiles writes the files in which keys have moved. It gives a function that takes that back.
func (m *merged) writeValuesFiles() (undo func(), err error) {
	var written []*valuesFile
	undo = func() {
		for _, v := range written {
			_ = chartdir.ReplaceFile(v.path, v.was) // the error that led here is the one to tell
		}
	}
	for _, v := range m.values {
		if !v.hasChanged() {
			continue
		}
		now, err := os.ReadFile(v.path)
		if err == nil && !bytes.Equal(now, v.was) {
			err = remedy.Errorf("run the command again", "somebody changed it meanwhile")
		}
		if err == nil {
			err = chartdir.ReplaceFile(v.path, v.will)
		}
		if err != nil {
			undo()
			return nil, fmt.Errorf("values file %s: %w", v.shown, err)
		}
		written = append(written, v)
	}
	return undo, nil
}
