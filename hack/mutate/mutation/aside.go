package mutation

import (
	"slices"
	"strings"
)

// The kinds of change to what is not rendered.
func asides() []Kind {
	return []Kind{
		{Name: "comment-added", Neutral: true, find: addComments},
		{Name: "comment-removed", Neutral: true, find: removeComments},
		{Name: "text-changed", Neutral: true, find: changeTexts},
		{Name: "value-added", Neutral: true, find: addValues},
	}
}

func addComments(f *finder) {
	insertBefore(f, "add a comment", func(line) string { return "# Mutated" })
	insertBefore(f, "add a template comment", func(line) string { return "{{- /* Mutated */}}" })
	eachValue(f, func(t *text, i, end int) {
		l := t.lines[i]
		f.add(t, l.from, "add a comment before "+t.path(i), edit{l.from, l.from, strings.Repeat(" ", l.indent) + "# Mutated\n"})
	})
}

func removeComments(f *finder) {
	for _, t := range f.yamls() {
		for i, l := range t.lines {
			if l.kind == lineComment {
				f.add(t, l.from, "remove the comment", t.cut(i, i+1))
			}
		}
		for _, a := range t.actions {
			first, last := t.lineAt(a.from)-1, t.lineAt(a.to-1)-1
			if a.comment && strings.TrimSpace(t.data[t.lines[first].from:a.from]) == "" && strings.TrimSpace(t.data[a.to:t.lines[last].to]) == "" {
				f.add(t, a.from, "remove the template comment", t.cut(first, last+1))
			}
		}
	}
}

// changeTexts changes the README, the notes and what Chart.yaml says about the
// chart.
func changeTexts(f *finder) {
	for _, t := range f.where(func(t *text) bool { return strings.HasSuffix(t.name, ".md") || t.name == "templates/NOTES.txt" }) {
		for i, l := range t.lines {
			if l.kind == lineOther || l.kind == lineItem || l.kind == lineField {
				f.add(t, l.from, "change the line", edit{l.from, l.from, "Mutated "})
				f.add(t, l.from, "remove the line", t.cut(i, i+1))
			}
		}
	}
	for _, t := range f.file("Chart.yaml") {
		for i, l := range t.lines {
			end, ok := t.block(i)
			if !ok || l.indent > 0 || !slices.Contains([]string{"description", "home", "icon", "sources", "keywords", "maintainers"}, l.key) {
				continue
			}
			f.add(t, l.from, "remove "+l.key, t.cut(i, end))
			if isScalar(l.value) {
				f.add(t, l.from, "change "+l.key, edit{l.valueFrom + len(l.value), l.valueFrom + len(l.value), "-mutated"})
			}
		}
	}
}

// addValues adds a key that no template reads.
func addValues(f *finder) {
	eachValue(f, func(t *text, i, end int) {
		l := t.lines[i]
		f.add(t, l.from, "add the value mutated before "+t.path(i), edit{l.from, l.from, strings.Repeat(" ", l.indent) + "mutated: mutated\n"})
	})
}
