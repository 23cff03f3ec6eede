// Package mutation measures the truth of a comparison of two charts. It changes
// one of them in one place, hundreds of times, renders it to see whether the
// change matters, and asks the comparison.
package mutation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Mutation is one change of a chart, in one place.
type Mutation struct {
	// ID follows from the change alone: it is the same for every seed and count.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// File is relative to the chart; Line counts from 1 and is 0 where the file
	// as a whole is meant.
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// What says in words what was done, so that a person can redo it.
	What string `json:"what"`

	edits  map[string][]edit // by file
	remove string            // a file
	rename string            // the new name of File
	add    *helmchart.File
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	with     string
}

// Apply gives the files with the change. The files given stay as they are.
func (m Mutation) Apply(files []helmchart.File) []helmchart.File {
	var out []helmchart.File
	for _, f := range files {
		if f.Name == m.remove {
			continue
		}
		if edits := m.edits[f.Name]; len(edits) > 0 {
			f.Data = []byte(applyEdits(string(f.Data), edits))
		}
		if m.rename != "" && f.Name == m.File {
			f.Name = m.rename
		}
		out = append(out, f)
	}
	if m.add != nil {
		out = append(out, *m.add)
	}
	return out
}

func applyEdits(text string, edits []edit) string {
	sorted := slices.SortedStableFunc(slices.Values(edits), func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, e := range sorted {
		b.WriteString(text[at:e.from])
		b.WriteString(e.with)
		at = e.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// identify gives the mutation its ID.
func (m Mutation) identify() Mutation {
	h := sha256.New()
	fmt.Fprintln(h, m.Kind, m.File, m.Line, m.remove, m.rename)
	for _, file := range slices.Sorted(maps.Keys(m.edits)) {
		fmt.Fprintf(h, "%s %v\n", file, m.edits[file])
	}
	if m.add != nil {
		fmt.Fprintf(h, "%s %s\n", m.add.Name, m.add.Data)
	}
	m.ID = hex.EncodeToString(h.Sum(nil))[:10]
	return m
}

// result is a digest of what the mutation makes of the files that it touches, by
// which two mutations that do the same are known.
func (m Mutation) result(files []helmchart.File) string {
	before := map[string]string{}
	for _, f := range files {
		before[f.Name] = string(f.Data)
	}
	h := sha256.New()
	for _, f := range m.Apply(files) {
		if text, there := before[f.Name]; !there || text != string(f.Data) {
			fmt.Fprintf(h, "%s\x00%s\x00", f.Name, f.Data)
		}
		delete(before, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		fmt.Fprintf(h, "%s is gone\x00", name)
	}
	return string(h.Sum(nil))
}

// changesNothing reports whether no file differs.
func (m Mutation) changesNothing(files []helmchart.File) bool {
	return m.result(files) == string(sha256.New().Sum(nil))
}
