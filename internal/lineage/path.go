package lineage

import (
	"maps"
	"slices"
	"strings"
)

// path is the way to a value in values.yaml, one segment a key. anyKey stands
// for every key of a map and every element of a list.
type path []string

const anyKey = "\x00any"

func (p path) with(segment string) path {
	return append(slices.Clone(p), segment)
}

// String writes the path as reports have it: dotted, an element as [], a key
// with a dot in it quoted.
func (p path) String() string {
	var b strings.Builder
	for i, segment := range p {
		if segment == anyKey {
			b.WriteString("[]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		if segment == "" || strings.ContainsAny(segment, `."[]`) {
			segment = `"` + segment + `"`
		}
		b.WriteString(segment)
	}
	return b.String()
}

func (p path) key() string { return strings.Join(p, "\x01") }

// covers reports whether q is p or lies below p.
func (p path) covers(q path) bool {
	return len(p) <= len(q) && p.matches(q[:len(p)])
}

// matches reports whether p and q, which are of one length, may be the same
// place.
func (p path) matches(q path) bool {
	for i := range p {
		if p[i] != q[i] && p[i] != anyKey && q[i] != anyKey {
			return false
		}
	}
	return true
}

// leaves gives the paths of all values that are no map with entries, in order.
func leaves(values map[string]any) []path {
	var out []path
	var walk func(at path, m map[string]any)
	walk = func(at path, m map[string]any) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			here := at.with(k)
			if below, ok := m[k].(map[string]any); ok && len(below) > 0 {
				walk(here, below)
				continue
			}
			out = append(out, here)
		}
	}
	walk(nil, values)
	return out
}
