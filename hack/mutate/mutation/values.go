package mutation

import (
	"fmt"
	"strings"
)

// The kinds of change to values.yaml.
func valueChanges() []Kind {
	return []Kind{
		{Name: "default-changed", find: changeDefaults},
		{Name: "default-null", find: func(f *finder) {
			eachValue(f, func(t *text, i, end int) {
				l := t.lines[i]
				f.add(t, l.from, "set "+t.path(i)+" to null", edit{l.from, t.lines[end-1].next, strings.Repeat(" ", l.indent) + l.key + ": null\n"})
			})
		}},
		{Name: "default-removed", find: func(f *finder) {
			eachValue(f, func(t *text, i, end int) { f.add(t, t.lines[i].from, "remove "+t.path(i), t.cut(i, end)) })
		}},
		{Name: "value-renamed", find: func(f *finder) {
			eachValue(f, func(t *text, i, end int) {
				l := t.lines[i]
				at := l.from + strings.Index(t.data[l.from:l.to], l.key) + len(l.key)
				f.add(t, l.from, fmt.Sprintf("rename %s to %sRenamed", t.path(i), l.key), edit{at, at, "Renamed"})
			})
		}},
		{Name: "default-type-changed", find: changeTypes},
		{Name: "default-ports-swapped", find: swapDefaults},
	}
}

// eachValue visits the keys of values.yaml that are not in a list.
func eachValue(f *finder, visit func(t *text, i, end int)) {
	for _, t := range f.file("values.yaml") {
		for i, l := range t.lines {
			if end, ok := t.block(i); ok && l.kind == lineField && !l.dash {
				visit(t, i, end)
			}
		}
	}
}

// path gives the dotted path of a key.
func (t *text) path(i int) string {
	out := t.lines[i].key
	for p := t.parent(i); p >= 0; p = t.parent(p) {
		out = t.lines[p].key + "." + out
	}
	return out
}

// changeDefaults gives values another value of their type, empty maps and lists
// included.
func changeDefaults(f *finder) {
	for _, t := range f.file("values.yaml") {
		for i, l := range t.lines {
			if l.kind != lineField && l.kind != lineItem {
				continue
			}
			with := otherDefault(l)
			if with == "" {
				continue
			}
			name := t.path(i)
			if l.kind == lineItem {
				name = "an element of " + t.parentKey(i)
			}
			f.add(t, l.from, fmt.Sprintf("change %s from %s to %s", name, l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
		}
	}
}

func otherDefault(l line) string {
	switch {
	case l.value == "{}":
		return "{mutated: mutated}"
	case l.value == "[]" && (strings.HasSuffix(l.key, "Args") || strings.HasSuffix(l.key, "args")):
		return "[--mutated]"
	case l.value == "[]":
		return "[{name: mutated}]"
	case strings.HasPrefix(l.value, "[") && strings.HasSuffix(l.value, "]") && !strings.ContainsAny(l.value[1:], "[{"):
		return strings.TrimSuffix(l.value, "]") + ", mutated]"
	case isScalar(l.value):
		return otherScalar(l.value)
	}
	return ""
}

// changeTypes gives scalars a value of another type.
func changeTypes(f *finder) {
	eachValue(f, func(t *text, i, end int) {
		l := t.lines[i]
		var with string
		switch {
		case !isScalar(l.value):
			return
		case otherType.MatchString(l.value):
			with = `"` + l.value + `"`
		case isPlainString(l.value) || l.value == `""`:
			with = "0"
		default:
			return
		}
		f.add(t, l.from, fmt.Sprintf("change %s from %s to %s", t.path(i), l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
	})
}

// swapDefaults exchanges two ports.
func swapDefaults(f *finder) {
	for _, t := range f.file("values.yaml") {
		var ports []int
		for i, l := range t.lines {
			if l.kind == lineField && strings.Contains(strings.ToLower(l.key), "port") && wholeNumber.MatchString(l.value) {
				ports = append(ports, i)
			}
		}
		for n, i := range ports {
			for _, j := range ports[n+1:] {
				a, b := t.lines[i], t.lines[j]
				f.add(t, a.from, fmt.Sprintf("swap %s (%s) and %s (%s)", t.path(i), a.value, t.path(j), b.value),
					edit{a.valueFrom, a.valueFrom + len(a.value), b.value}, edit{b.valueFrom, b.valueFrom + len(b.value), a.value})
			}
		}
	}
}
