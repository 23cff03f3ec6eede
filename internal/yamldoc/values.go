package yamldoc

import (
	"maps"
	"slices"
	"text/template"
)

// Values of a chart, as Helm has them: map[string]any, []any and scalars.

// Lookup gives the value at a path, nil and false where there is none.
func Lookup(values any, p Path) (any, bool) {
	for _, segment := range p {
		switch v := values.(type) {
		case map[string]any:
			below, ok := v[segment]
			if !ok {
				return nil, false
			}
			values = below
		case []any:
			i, ok := Index(segment)
			if !ok || i >= len(v) {
				return nil, false
			}
			values = v[i]
		default:
			return nil, false
		}
	}
	return values, true
}

// Set puts a value at a path. The maps that are missing on the way are made, and lists of one element where the path
// asks for an element; what is something else there is replaced. An element that a list lacks is not made.
func Set(values map[string]any, p Path, value any) {
	var parent any = values
	for i, segment := range p[:len(p)-1] {
		parent = descend(parent, segment, p[i+1])
	}
	last := p[len(p)-1]
	switch parent := parent.(type) {
	case map[string]any:
		parent[last] = value
	case []any:
		if i, ok := Index(last); ok && i < len(parent) {
			parent[i] = value
		}
	}
}

// descend goes one step down and makes what is missing there.
func descend(parent any, segment, next string) any {
	fresh := func() any {
		if _, ok := Index(next); ok {
			return []any{map[string]any{}}
		}
		return map[string]any{}
	}
	switch parent := parent.(type) {
	case map[string]any:
		switch parent[segment].(type) {
		case map[string]any, []any:
		default:
			parent[segment] = fresh()
		}
		return parent[segment]
	case []any:
		if i, ok := Index(segment); ok && i < len(parent) {
			switch parent[i].(type) {
			case map[string]any, []any:
			default:
				parent[i] = fresh()
			}
			return parent[i]
		}
	}
	return map[string]any{} // nothing that anybody sees
}

// Delete removes the key at a path and gives what was there, nil for nothing.
func Delete(values map[string]any, p Path) any {
	parent, _ := Lookup(values, p[:len(p)-1])
	m, _ := parent.(map[string]any)
	last := p[len(p)-1]
	value := m[last]
	delete(m, last)
	return value
}

// Leaves gives the paths of everything that is no map with entries, in order of key. A list is a leaf.
func Leaves(values any) []Path {
	var out []Path
	var walk func(at Path, v any)
	walk = func(at Path, v any) {
		m, ok := v.(map[string]any)
		if !ok || len(m) == 0 {
			out = append(out, at)
			return
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			walk(append(slices.Clone(at), k), m[k])
		}
	}
	walk(nil, values)
	return out
}

// IsEmpty tells nulls, "", and maps and lists without entries from what says something.
func IsEmpty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == ""
}

// IsSet tells values from nulls and from what Helm's templates take for nothing: false, 0, "" and what is empty.
func IsSet(v any) bool {
	set, _ := template.IsTrue(v)
	return set
}
