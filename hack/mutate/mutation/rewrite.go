package mutation

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The kinds of change that say the same in other words.
func rewritings() []Kind {
	return []Kind{
		{Name: "condition-doubled", Neutral: true, find: func(f *finder) {
			wrapConditions(f, "not (not (", "))", "invert the condition %s twice")
		}},
		{Name: "variable-renamed", Neutral: true, find: renameVariables},
		{Name: "helper-renamed", Neutral: true, find: renameHelpers},
		{Name: "template-renamed", Neutral: true, find: renameTemplates},
		{Name: "default-turned", Neutral: true, find: turnDefaults},
	}
}

// renameVariables renames a variable in all of a file.
func renameVariables(f *finder) {
	for _, t := range f.templates() {
		uses := map[string][]token{}
		declared := map[string]int{}
		for _, a := range t.actions {
			for i, token := range a.tokens {
				if token.kind != tokenVariable {
					continue
				}
				name, _, _ := strings.Cut(token.text, ".")
				uses[name] = append(uses[name], token)
				if i+1 < len(a.tokens) && slices.Contains([]string{":=", ","}, a.tokens[i+1].text) && declared[name] == 0 {
					declared[name] = token.from + 1
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(declared)) {
			var edits []edit
			for _, token := range uses[name] {
				edits = append(edits, edit{token.from + len(name), token.from + len(name), "Renamed"})
			}
			f.add(t, declared[name]-1, fmt.Sprintf("rename the variable %s to %sRenamed in all of the file", name, name), edits...)
		}
	}
}

// renameHelpers renames a helper wherever it is named.
func renameHelpers(f *finder) {
	for _, name := range f.helpers() {
		m := Mutation{What: fmt.Sprintf("rename the helper %s to %sRenamed in all files", name, name), edits: map[string][]edit{}}
		for _, t := range f.where(func(t *text) bool { return isTemplate(t.name) }) {
			for _, a := range t.actions {
				for i, token := range a.tokens {
					if !isTemplateName(a, i) || strings.Trim(token.text, "`\"") != name {
						continue
					}
					if a.word() == "define" {
						m.File, m.Line = t.name, t.lineAt(token.from)
					}
					m.edits[t.name] = append(m.edits[t.name], edit{token.to - 1, token.to - 1, "Renamed"})
				}
			}
		}
		f.keep(m)
	}
}

// renameTemplates gives a file another name.
func renameTemplates(f *finder) {
	for _, t := range f.templates() {
		ext := path.Ext(t.name)
		to := strings.TrimSuffix(t.name, ext) + "-renamed" + ext
		f.keep(Mutation{File: t.name, What: "rename the file to " + to, rename: to})
	}
}

// turnDefaults writes `X | default Y` as `default Y X` where both are one word.
func turnDefaults(f *finder) {
	simple := func(t token) bool {
		return t.kind == tokenField || t.kind == tokenVariable || t.kind == tokenString || t.kind == tokenNumber
	}
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for i := 0; i+3 < len(a.tokens); i++ {
				x, y := a.tokens[i], a.tokens[i+3]
				if !simple(x) || a.tokens[i+1].text != "|" || a.tokens[i+2].text != "default" || !simple(y) || !startsExpression(a, i) {
					continue
				}
				with := fmt.Sprintf("default %s %s", y.text, x.text)
				f.add(t, x.from, fmt.Sprintf("write %q as %q", t.data[x.from:y.to], with), edit{x.from, y.to, with})
			}
		}
	}
}

// startsExpression reports whether token i is the first of an expression.
func startsExpression(a action, i int) bool {
	return i == 0 || slices.Contains([]string{"(", ":=", "=", "with", "if", "range"}, a.tokens[i-1].text)
}
