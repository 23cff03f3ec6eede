package mutation

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// ReadDir reads the files of a chart in order of name. Those whose name begins
// with a dot, and folders, are left out.
func ReadDir(dir string) ([]helmchart.File, error) {
	var out []helmchart.File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && path != dir
		if d.IsDir() && hidden {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() || hidden {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out = append(out, helmchart.File{Name: filepath.ToSlash(name), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", dir, err)
	}
	slices.SortFunc(out, func(a, b helmchart.File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// WriteDir writes the files of a chart below dir, which is made.
func WriteDir(dir string, files []helmchart.File) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The kinds of change to Chart.yaml.
func fileChanges() []Kind {
	return []Kind{{Name: "chart-yaml-changed", find: changeChartYAML}}
}

func changeChartYAML(f *finder) {
	for _, t := range f.file("Chart.yaml") {
		for i, l := range t.lines {
			if l.kind != lineField || l.indent > 0 || !slices.Contains([]string{"name", "version", "appVersion", "kubeVersion"}, l.key) {
				continue
			}
			with := otherScalar(l.value)
			f.add(t, l.from, fmt.Sprintf("change %s from %s to %s", l.key, l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
			f.add(t, l.from, "remove "+l.key, t.cut(i, i+1))
		}
	}
}
