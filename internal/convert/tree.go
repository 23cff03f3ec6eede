package convert

import "maps"

// get follows a path through maps. It gives nil where it leads nowhere.
func get(m map[string]any, path ...string) any {
	var value any = m
	for _, key := range path {
		below, _ := value.(map[string]any)
		value = below[key]
	}
	return value
}

func text(m map[string]any, path ...string) string {
	s, _ := get(m, path...).(string)
	return s
}

func table(m map[string]any, path ...string) map[string]any {
	t, _ := get(m, path...).(map[string]any)
	return t
}

// put sets the value at a path, and makes the maps on the way.
func put(m map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		below, ok := m[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[key] = below
		}
		m = below
	}
	m[path[len(path)-1]] = value
}

// take gives the value at a path and removes it.
func take(m map[string]any, path ...string) any {
	parent := table(m, path[:len(path)-1]...)
	last := path[len(path)-1]
	value := parent[last]
	delete(parent, last)
	return value
}

// isSet tells values from nulls and from what templates take for nothing.
func isSet(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case int:
		return v != 0
	case int64:
		return v != 0
	case float64:
		return v != 0
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return true
}

// laid gives the first map with those after it over it.
func laid(layers ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, l := range layers {
		maps.Copy(out, l)
	}
	return out
}
