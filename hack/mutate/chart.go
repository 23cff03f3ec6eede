package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// chart is the texts of a chart's files by name.
type chart map[string]string

func readChart(dir string) (chart, error) {
	entries, err := helmchart.Entries(dir)
	if err != nil {
		return nil, err
	}
	c := chart{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Name)))
		if err != nil {
			return nil, fmt.Errorf("read chart: %w", err)
		}
		c[e.Name] = string(data)
	}
	return c, nil
}

func (c chart) load() (*helmchart.Chart, error) {
	var files []helmchart.File
	for _, name := range slices.Sorted(maps.Keys(c)) {
		files = append(files, helmchart.File{Name: name, Data: []byte(c[name])})
	}
	return helmchart.LoadFiles(files)
}

func (c chart) with(changes changes) chart {
	out := maps.Clone(c)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(name, text string) bool { return text == "" && c[name] != "" })
	return out
}

// diff is the unified diff from c to another version, for `patch -p1`.
func (c chart) diff(other chart) string {
	var b strings.Builder
	for _, name := range unionKeys(c, other) {
		b.WriteString(udiff.Unified("a/"+name, "b/"+name, c[name], other[name]))
	}
	return b.String()
}

// unionKeys gives the keys of either map, sorted.
func unionKeys[M ~map[string]V, V any](a, b M) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
