package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// release is what one release of the server takes.
type release struct {
	keys    []key
	options []option
	traits  []trait
}

// key is one key of the configuration: see probe/main.go. Of its comments the
// newest release's is kept.
type key struct {
	Key     string   `json:"key"`
	Type    string   `json:"type"`
	Enum    []string `json:"enum,omitempty"`
	Default any      `json:"default,omitempty"`
	// HasNoFlag marks what holds one value and lies in no list and no map, and
	// still has neither flag nor variable.
	HasNoFlag bool   `json:"hasNoFlag,omitempty"`
	Doc       string `json:"doc,omitempty"`
}

// option is a flag or variable that does not follow from a key.
type option struct {
	Flag string `json:"flag"`
	Env  string `json:"env,omitempty"`
	Key  string `json:"key,omitempty"`
	Type string `json:"type"`
}

// trait is a way in which all flags of a release differ from another's.
type trait struct {
	Trait string `json:"trait"`
}

// data is the file releases.json of the embedding package, by release.
type data map[string]release

// span is in which releases a line of the file holds, both ends included. No
// Since is the oldest release, no Until the newest.
type span struct {
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
}

type (
	keyLine struct {
		key
		span
	}
	optionLine struct {
		option
		span
	}
	traitLine struct {
		trait
		span
	}
	file struct {
		Releases []string     `json:"releases"`
		Traits   []traitLine  `json:"traits"`
		Options  []optionLine `json:"options"`
		Keys     []keyLine    `json:"keys"`
	}
)

func (d data) versions() []string {
	return slices.SortedFunc(maps.Keys(d), semver.Compare)
}

func readData(path string) (data, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d := data{}
	for i, version := range f.Releases {
		holds := func(s span) bool {
			return (s.Since == "" || i >= slices.Index(f.Releases, s.Since)) &&
				(s.Until == "" || i <= slices.Index(f.Releases, s.Until))
		}
		var r release
		for _, l := range f.Keys {
			if holds(l.span) {
				r.keys = append(r.keys, l.key)
			}
		}
		for _, l := range f.Options {
			if holds(l.span) {
				r.options = append(r.options, l.option)
			}
		}
		for _, l := range f.Traits {
			if holds(l.span) {
				r.traits = append(r.traits, l.trait)
			}
		}
		d[version] = r
	}
	return d, nil
}

// encode writes the file, a line each, so that a diff shows what a release
// changed.
func (d data) encode() ([]byte, error) {
	docs := map[string]string{}
	versions := d.versions()
	for _, version := range versions {
		for _, k := range d[version].keys {
			docs[k.Key] = k.Doc
		}
	}
	keys := lines(versions, func(version string) []key { return d[version].keys }, func(k key) string {
		k.Doc = ""
		return identity(k)
	})
	for i := range keys {
		name := keys[i].value.Key
		keys[i].value.Doc = cmp.Or(notes[name], docs[name])
	}
	slices.SortStableFunc(keys, func(a, b line[key]) int { return strings.Compare(a.value.Key, b.value.Key) })
	options := lines(versions, func(version string) []option { return d[version].options }, identity)
	traits := lines(versions, func(version string) []trait { return d[version].traits }, identity)
	out := bytes.NewBufferString("{\n\"releases\": ")
	if err := encodeLine(out, versions); err != nil {
		return nil, err
	}
	for _, list := range []struct {
		name  string
		lines []any
	}{
		{"traits", each(traits, func(v trait, s span) any { return traitLine{v, s} })},
		{"options", each(options, func(v option, s span) any { return optionLine{v, s} })},
		{"keys", each(keys, func(v key, s span) any { return keyLine{v, s} })},
	} {
		fmt.Fprintf(out, ",\n%q: [\n", list.name)
		for i, l := range list.lines {
			if i > 0 {
				out.WriteString(",\n")
			}
			if err := encodeLine(out, l); err != nil {
				return nil, err
			}
		}
		out.WriteString("\n]")
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

// line is a value with the releases that it holds in.
type line[T any] struct {
	value T
	span
}

// lines finds, of what each release has, how long it stays the same. What goes
// and comes again has two lines.
func lines[T any](versions []string, of func(version string) []T, identity func(T) string) []line[T] {
	var out []line[T]
	open := map[string]int{} // the line that the release before has
	for i, version := range versions {
		now := map[string]int{}
		for _, value := range of(version) {
			id := identity(value)
			at, isOpen := open[id]
			if !isOpen {
				at = len(out)
				out = append(out, line[T]{value: value})
				if i > 0 {
					out[at].Since = version
				}
			}
			now[id] = at
		}
		for id, at := range open {
			if _, stays := now[id]; !stays {
				out[at].Until = versions[i-1]
			}
		}
		open = now
	}
	return out
}

func identity[T any](value T) string { return fmt.Sprintf("%+v", value) }

func each[T any](lines []line[T], join func(T, span) any) []any {
	var out []any
	for _, l := range lines {
		out = append(out, join(l.value, l.span))
	}
	return out
}

func encodeLine(out *bytes.Buffer, value any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the encoder's line break
	return nil
}
