package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// mutation is one change of a chart, in one place.
type mutation struct {
	// ID follows from what becomes of the files: mutations that do the same have the same ID.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Side side   `json:"side"`
	// File is relative to the chart; Line counts from 1 and is 0 where the file as a whole is meant.
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// What describes the change, so that a person can repeat it.
	What string `json:"what"`

	changes map[string]string // new texts by file, "" to remove it
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	with     string
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

// finder collects the mutations of one kind.
type finder struct {
	kind  string
	chart chart
	texts []*text
	found []mutation
}

// add keeps a mutation of one file, unless it leaves a template that does not parse.
func (f *finder) add(t *text, at int, what string, edits ...edit) {
	changed := applyEdits(t.data, edits)
	if !isTemplate(t.name) || parses(changed) {
		f.keep(t.name, t.lineAt(at), what, map[string]string{t.name: changed})
	}
}

// keep keeps a mutation that changes a file.
func (f *finder) keep(file string, line int, what string, changes map[string]string) {
	maps.DeleteFunc(changes, func(name, text string) bool { return f.chart[name] == text })
	if len(changes) == 0 {
		return
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		fmt.Fprintf(h, "%s\x00%s\x00", name, changes[name])
	}
	id := hex.EncodeToString(h.Sum(nil))[:10]
	f.found = append(f.found, mutation{ID: id, Kind: f.kind, File: file, Line: line, What: what, changes: changes})
}

// findMutations gives every mutation of a kind in a chart.
func findMutations(c chart, k kind) []mutation {
	f := &finder{kind: k.name, chart: c}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		f.texts = append(f.texts, newText(name, c[name]))
	}
	in := regexp.MustCompile(k.in)
	for _, t := range f.texts {
		if in.MatchString(t.name) {
			k.find(f, t)
		}
	}
	return f.found
}

// parses reports whether the text is a template, whatever its functions.
func parses(text string) bool {
	t := parse.New("template")
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(text, "", "", map[string]*parse.Tree{})
	return err == nil
}
