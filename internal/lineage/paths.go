package lineage

import (
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// anyKey is the segment of a path that templates read for every element of a list and for every key of a map. In values
// it is the first element of a list, which stands for all.
const anyKey = "[0]"

// Limits of what is looked at.
const (
	maxPathLength = 16 // keys below keys
	maxLeaves     = 3000
	maxEntries    = 3 // of a map, where any stands for all
)

func child(p yamldoc.Path, segment string) yamldoc.Path { return append(slices.Clone(p), segment) }

// id is a path as the key of a map.
func id(p yamldoc.Path) string { return strings.Join(p, "\x00") }

// covers reports whether p may be above, or the same as a path below it.
func covers(p, below yamldoc.Path) bool {
	if len(p) > len(below) {
		return false
	}
	for i := range p {
		if p[i] != below[i] && p[i] != anyKey && below[i] != anyKey {
			return false
		}
	}
	return true
}

// inList reports whether a path leads through a list: what templates do with an element may need all of it.
func inList(p yamldoc.Path) bool {
	return slices.ContainsFunc(p, func(segment string) bool { _, ok := yamldoc.Index(segment); return ok })
}

// leaves gives the paths of the scalars, the empty maps and the empty lists. Of
// a list the first element stands for all.
func leaves(values map[string]any) []yamldoc.Path {
	var out []yamldoc.Path
	var walk func(p yamldoc.Path, v any)
	walk = func(p yamldoc.Path, v any) {
		if len(out) >= maxLeaves || len(p) > maxPathLength {
			return
		}
		m, _ := v.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			walk(child(p, k), m[k])
		}
		list, _ := v.([]any)
		switch {
		case len(list) > 0:
			walk(child(p, anyKey), list[0])
		case len(m) == 0 && len(p) > 0:
			out = append(out, p)
		}
	}
	walk(nil, values)
	return out
}

// expand gives the paths in values that a path of templates stands for: for any key, the first few that are there.
func expand(values any, p yamldoc.Path) []yamldoc.Path {
	found := []yamldoc.Path{nil}
	for _, segment := range p {
		var next []yamldoc.Path
		for _, path := range found {
			here, _ := yamldoc.Lookup(values, path)
			m, isMap := here.(map[string]any)
			list, _ := here.([]any)
			switch {
			case segment != anyKey, len(list) > 0:
				next = append(next, child(path, segment))
			case isMap:
				keys := slices.Sorted(maps.Keys(m))
				for _, k := range keys[:min(len(keys), maxEntries)] {
					next = append(next, child(path, k))
				}
			}
		}
		found = next
	}
	return found
}

// hasScalarAbove reports whether a path leads through something that is no map.
func hasScalarAbove(values any, p yamldoc.Path) bool {
	for i := range p {
		v, there := yamldoc.Lookup(values, p[:i])
		switch v.(type) {
		case map[string]any, []any:
		default:
			return there
		}
	}
	return false
}

// change is another value for one key; the further ones are tried where the first does not render.
type change struct {
	path   yamldoc.Path
	values []any
	marker string // the text or number in the values that stands nowhere else, if any
}

// with gives a copy of values with the changes made, each by its first value.
func with(values map[string]any, changes ...change) map[string]any {
	out := helmchart.Copy(values)
	for _, c := range changes {
		yamldoc.Set(out, c.path, helmchart.Copy(map[string]any{"": c.values[0]})[""])
	}
	return out
}

// only is the change by one of its values.
func (c change) only(value any) change { return change{c.path, []any{value}, c.marker} }
