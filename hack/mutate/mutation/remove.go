package mutation

import (
	"fmt"
	"slices"
)

// The kinds of removal in templates.
func removals() []Kind {
	return []Kind{
		{Name: "field-removed", find: func(f *finder) {
			removeBlocks(f, func(t *text, i, end int) bool { return t.lines[i].kind == lineField && !t.lines[i].dash && end == i+1 })
		}},
		{Name: "block-removed", find: func(f *finder) {
			removeBlocks(f, func(t *text, i, end int) bool { return !t.lines[i].dash && end > i+1 })
		}},
		{Name: "env-removed", find: func(f *finder) { removeElements(f, "env") }},
		{Name: "port-removed", find: func(f *finder) { removeElements(f, "ports") }},
		{Name: "volume-removed", find: func(f *finder) { removeElements(f, "volumes", "volumeMounts") }},
		{Name: "element-removed", find: func(f *finder) { removeElements(f) }},
		{Name: "branch-removed", find: removeStructures},
		{Name: "template-removed", find: removeTemplates},
	}
}

// ownLists are the lists whose elements have a kind of removal of their own.
var ownLists = []string{"env", "ports", "volumes", "volumeMounts"}

func removeBlocks(f *finder, fits func(t *text, i, end int) bool) {
	for _, t := range f.templates() {
		for i := range t.lines {
			if end, ok := t.block(i); ok && fits(t, i, end) {
				f.add(t, t.lines[i].from, "remove "+t.describe(i, end), t.cut(i, end))
			}
		}
	}
}

// removeElements removes elements of the lists of those names, of all others
// where none is given.
func removeElements(f *finder, lists ...string) {
	removeBlocks(f, func(t *text, i, end int) bool {
		if !t.lines[i].dash {
			return false
		}
		list := t.parentKey(i)
		if len(lists) == 0 {
			return !slices.Contains(ownLists, list)
		}
		return slices.Contains(lists, list)
	})
}

// removeStructures removes an if, with or range with all that is in it.
func removeStructures(f *finder) {
	for _, t := range f.templates() {
		for open, end := range sortedEnds(t) {
			a := t.actions[open]
			if a.word() == "define" {
				continue
			}
			first, last := t.lineAt(a.from)-1, t.lineAt(t.actions[end].from)-1
			if t.lines[first].kind == lineAction && t.lines[last].kind == lineAction && first < last {
				f.add(t, a.from, fmt.Sprintf("remove the %s and all in it, lines %d to %d", a.word(), first+1, last+1), t.cut(first, last+1))
			}
		}
	}
}

// sortedEnds gives the pairs of opening and closing actions in order.
func sortedEnds(t *text) func(func(int, int) bool) {
	return func(yield func(int, int) bool) {
		for i := range t.actions {
			if end, ok := t.ends[i]; ok && !yield(i, end) {
				return
			}
		}
	}
}

func removeTemplates(f *finder) {
	for _, t := range f.templates() {
		f.keep(Mutation{File: t.name, What: "remove the file", remove: t.name})
	}
}

// cut removes the lines from i to before end.
func (t *text) cut(i, end int) edit {
	return edit{t.lines[i].from, t.lines[end-1].next, ""}
}

// describe names the field or element that begins at line i.
func (t *text) describe(i, end int) string {
	l := t.lines[i]
	name := l.key
	if l.dash {
		name = fmt.Sprintf("the element %q of %s", t.data[l.from+l.indent:l.to], t.parentKey(i))
	}
	if end > i+1 {
		return fmt.Sprintf("%s, lines %d to %d", name, l.no, t.lines[end-1].no)
	}
	return name
}

// parentKey gives the key that line i lies below, "" where there is none.
func (t *text) parentKey(i int) string {
	if p := t.parent(i); p >= 0 {
		return t.lines[p].key
	}
	return ""
}
