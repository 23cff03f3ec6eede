package lineage

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A way into values that are there has [n] for an element of a list, as
// Finding.Path has it; a path of what templates read has anyKey instead.

// at gives the value at a way.
func at(values any, way []string) (any, bool) {
	for _, segment := range way {
		switch v := values.(type) {
		case map[string]any:
			next, ok := v[segment]
			if !ok {
				return nil, false
			}
			values = next
		case []any:
			i, ok := elementIndex(segment)
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

// put gives the values with another one at a way; maps that are not there are
// made. The values given stay as they are and share what is the same.
func put(values any, way []string, value any) any {
	if len(way) == 0 {
		return value
	}
	segment, rest := way[0], way[1:]
	if i, ok := elementIndex(segment); ok {
		list, isList := values.([]any)
		if isList && i < len(list) {
			out := slices.Clone(list)
			out[i] = put(out[i], rest, value)
			return out
		}
		if _, isMap := values.(map[string]any); !isMap {
			return append(slices.Clone(list), put(nil, rest, value))
		}
	}
	m, _ := values.(map[string]any)
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	out[segment] = put(out[segment], rest, value)
	return out
}

func putAll(values map[string]any, changes []change) map[string]any {
	var out any = values
	for _, c := range changes {
		out = put(out, c.way, c.values[0])
	}
	m, _ := out.(map[string]any)
	return m
}

func elementIndex(segment string) (int, bool) {
	if !strings.HasPrefix(segment, "[") || !strings.HasSuffix(segment, "]") {
		return 0, false
	}
	i, err := strconv.Atoi(segment[1 : len(segment)-1])
	return i, err == nil && i >= 0
}

// pathOf gives a way as the path that templates read.
func pathOf(way []string) path {
	out := make(path, 0, len(way))
	for _, segment := range way {
		if _, ok := elementIndex(segment); ok {
			segment = anyKey
		}
		out = append(out, segment)
	}
	return out
}

// maxLeaves bounds the values that are looked at.
const maxLeaves = 3000

// ways gives the way of every leaf: a scalar, and an empty map or list. Of a
// list the first element stands for all.
func ways(values map[string]any) [][]string {
	var out [][]string
	var walk func(way []string, v any)
	walk = func(way []string, v any) {
		if len(out) >= maxLeaves || len(way) > maxPathLength {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(child(way, k), v[k])
			}
			if len(v) > 0 {
				return
			}
		case []any:
			if len(v) > 0 {
				walk(child(way, "[0]"), v[0])
				return
			}
		}
		if len(way) > 0 {
			out = append(out, way)
		}
	}
	walk(nil, values)
	return out
}

// expand gives the ways that a path of templates stands for in values: for any
// key, the first few that are there. It ends where the values do, so that the
// way may be shorter than the path.
func expand(values any, p path) [][]string {
	found := [][]string{nil}
	for _, segment := range p {
		var next [][]string
		for _, way := range found {
			here, _ := at(values, way)
			if segment != anyKey {
				next = append(next, child(way, segment))
				continue
			}
			switch v := here.(type) {
			case map[string]any:
				for i, k := range slices.Sorted(maps.Keys(v)) {
					if i < maxEntries {
						next = append(next, child(way, k))
					}
				}
			case []any:
				if len(v) > 0 {
					next = append(next, child(way, "[0]"))
				}
			}
		}
		found = next
	}
	return found
}

// maxEntries is how many entries of a map stand for any.
const maxEntries = 3

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}
