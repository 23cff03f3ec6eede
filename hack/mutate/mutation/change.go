package mutation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The kinds of change to what a template says.
func changes() []Kind {
	return []Kind{
		{Name: "scalar-changed", find: func(f *finder) { changeScalars(f, func(t *text, l line) bool { return !isPartial(t.name) }) }},
		{Name: "helper-text-changed", find: func(f *finder) {
			changeScalars(f, func(t *text, l line) bool { return isPartial(t.name) })
			changeLiterals(f, func(t *text, _ action) bool { return isPartial(t.name) })
		}},
		{Name: "argument-changed", find: func(f *finder) {
			changeLiterals(f, func(t *text, _ action) bool { return !isPartial(t.name) })
		}},
		{Name: "ports-swapped", find: func(f *finder) { swapValues(f, isPortKey) }},
		{Name: "names-swapped", find: func(f *finder) { swapValues(f, func(key string) bool { return key == "name" }) }},
		{Name: "version-changed", find: func(f *finder) { changeFields(f, "apiVersion", otherVersion) }},
		{Name: "object-kind-changed", find: func(f *finder) { changeFields(f, "kind", otherKind) }},
		{Name: "function-removed", find: removeFunctions},
		{Name: "indent-changed", find: changeIndents},
		{Name: "reference-renamed", find: renameReferences},
		{Name: "helper-swapped", find: swapHelpers},
		{Name: "field-moved-up", find: moveUp},
		{Name: "key-changed", find: changeKeys},
	}
}

func isPartial(name string) bool { return strings.HasSuffix(name, ".tpl") }

func isPortKey(key string) bool {
	return slices.Contains([]string{"port", "containerPort", "hostPort", "targetPort", "nodePort"}, key)
}

func isValue(l line) bool { return (l.kind == lineField || l.kind == lineItem) && l.value != "" }

// changeScalars changes what a template has as plain text, whole values and parts.
func changeScalars(f *finder, fits func(*text, line) bool) {
	for _, t := range f.templates() {
		for _, l := range t.lines {
			if !isValue(l) || !fits(t, l) || l.key == "apiVersion" || l.key == "kind" {
				continue
			}
			if isScalar(l.value) {
				with := otherScalar(l.value)
				f.add(t, l.from, fmt.Sprintf("change %s to %s", l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
				continue
			}
			for _, part := range literalParts(l.value) {
				old := l.value[part[0]:part[1]]
				f.add(t, l.from, fmt.Sprintf("change %q to %q", old, otherText(old)), edit{l.valueFrom + part[0], l.valueFrom + part[1], otherText(old)})
			}
		}
	}
}

var (
	actionText = regexp.MustCompile(`\{\{.*?\}\}`)
	wordText   = regexp.MustCompile(`[A-Za-z0-9./-]*[A-Za-z0-9]{2,}`)
)

// literalParts gives the offsets of the words outside of actions.
func literalParts(value string) [][]int {
	blank := actionText.ReplaceAllStringFunc(value, func(s string) string { return strings.Repeat(" ", len(s)) })
	return wordText.FindAllStringIndex(blank, -1)
}

// changeLiterals changes a string or number in an action.
func changeLiterals(f *finder, fits func(*text, action) bool) {
	for _, t := range f.templates() {
		for _, a := range t.actions {
			if !fits(t, a) {
				continue
			}
			for i, token := range a.tokens {
				if token.kind == tokenString && !isTemplateName(a, i) || token.kind == tokenNumber && !isIndent(a, i) || token.kind == tokenWord && (token.text == "true" || token.text == "false") {
					with := otherScalar(token.text)
					f.add(t, token.from, fmt.Sprintf("change the argument %s to %s", token.text, with), edit{token.from, token.to, with})
				}
			}
		}
	}
}

// isTemplateName reports whether token i is the name of a template.
func isTemplateName(a action, i int) bool {
	return i > 0 && slices.Contains([]string{"include", "define", "template", "block"}, a.tokens[i-1].text)
}

func isIndent(a action, i int) bool {
	return i > 0 && (a.tokens[i-1].text == "nindent" || a.tokens[i-1].text == "indent")
}

// swapValues exchanges the values of two fields of a file that are close.
func swapValues(f *finder, isKey func(string) bool) {
	for _, t := range f.templates() {
		var fields []line
		for _, l := range t.lines {
			if l.kind == lineField && isValue(l) && isKey(l.key) {
				fields = append(fields, l)
			}
		}
		for i, a := range fields {
			for _, b := range fields[i+1 : min(len(fields), i+4)] {
				if a.value != b.value {
					f.add(t, a.from, fmt.Sprintf("swap %s of line %d (%s) and %s of line %d (%s)", a.key, a.no, a.value, b.key, b.no, b.value),
						edit{a.valueFrom, a.valueFrom + len(a.value), b.value}, edit{b.valueFrom, b.valueFrom + len(b.value), a.value})
				}
			}
		}
	}
}

func changeFields(f *finder, key string, other func(string) string) {
	for _, t := range f.templates() {
		for _, l := range t.lines {
			if l.kind == lineField && l.key == key && isScalar(l.value) {
				with := other(l.value)
				f.add(t, l.from, fmt.Sprintf("change %s %s to %s", key, l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
			}
		}
	}
}

var versionEnd = regexp.MustCompile(`(alpha|beta)[0-9]+$`)

func otherVersion(v string) string {
	if versionEnd.MatchString(v) {
		return versionEnd.ReplaceAllString(v, "")
	}
	return v + "beta1"
}

func otherKind(kind string) string {
	others := map[string]string{"Deployment": "StatefulSet", "ConfigMap": "Secret", "Secret": "ConfigMap", "ServiceMonitor": "PodMonitor"}
	if other, ok := others[kind]; ok {
		return other
	}
	return kind + "Mutated"
}

// removeFunctions removes one function behind a | with its arguments.
func removeFunctions(f *finder) {
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for i, token := range a.tokens {
				if token.text != "|" || i+1 >= len(a.tokens) || isIndent(a, i+2) {
					continue
				}
				to := stageEnd(a, i)
				f.add(t, token.from, fmt.Sprintf("remove %q", t.data[token.from:to]), edit{token.from, to, ""})
			}
		}
	}
}

// stageEnd gives the offset behind the function that stands behind the | at i.
func stageEnd(a action, i int) int {
	depth := 0
	to := a.tokens[i].to
	for _, token := range a.tokens[i+1:] {
		switch token.text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth < 0 || depth == 0 && token.text == "|" {
			break
		}
		to = token.to
	}
	return to
}

// changeIndents changes the depth to which something is put in.
func changeIndents(f *finder) {
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for i, token := range a.tokens {
				if token.kind != tokenNumber || !isIndent(a, i) {
					continue
				}
				for _, by := range []int{-2, 2} {
					var n int
					if _, err := fmt.Sscan(token.text, &n); err != nil || n+by < 0 {
						continue
					}
					f.add(t, token.from, fmt.Sprintf("change %s %d to %d", a.tokens[i-1].text, n, n+by), edit{token.from, token.to, fmt.Sprint(n + by)})
				}
			}
		}
	}
}

// renameReferences gives one reference to a value another name.
func renameReferences(f *finder) {
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for _, token := range a.tokens {
				if strings.HasPrefix(token.text, ".Values.") || strings.HasPrefix(token.text, "$.Values.") {
					f.add(t, token.from, fmt.Sprintf("rename the reference %s to %sRenamed", token.text, token.text), edit{token.to, token.to, "Renamed"})
				}
			}
		}
	}
}

// swapHelpers includes another helper.
func swapHelpers(f *finder) {
	names := f.helpers()
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for i, token := range a.tokens {
				if i == 0 || a.tokens[i-1].text != "include" || token.kind != tokenString {
					continue
				}
				at := slices.Index(names, strings.Trim(token.text, "`\""))
				if at < 0 {
					continue
				}
				with := fmt.Sprintf("%q", names[(at+1)%len(names)])
				f.add(t, token.from, fmt.Sprintf("include %s instead of %s", with, token.text), edit{token.from, token.to, with})
			}
		}
	}
}

// helpers gives the names of the templates that are defined, sorted.
func (f *finder) helpers() []string {
	var out []string
	for _, t := range f.templates() {
		for _, a := range t.actions {
			if a.word() == "define" && len(a.tokens) > 1 {
				out = append(out, strings.Trim(a.tokens[1].text, "`\""))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// moveUp puts a field beside the one that it lies below.
func moveUp(f *finder) {
	for _, t := range f.templates() {
		for i, l := range t.lines {
			p := t.parent(i)
			if l.kind != lineField || l.dash || p < 0 || t.lines[p].scope != l.scope {
				continue
			}
			end, ok := t.block(i)
			parentEnd, parentOK := t.block(p)
			if !ok || !parentOK || end != i+1 || parentEnd <= i {
				continue
			}
			moved := strings.Repeat(" ", t.lines[p].keyIndent) + strings.TrimSpace(t.data[l.from:l.to]) + "\n"
			at := t.lines[parentEnd-1].next
			f.add(t, l.from, fmt.Sprintf("move %s up, behind %s", l.key, t.lines[p].key), t.cut(i, end), edit{at, at, moved})
		}
	}
}

// changeKeys gives a field another key.
func changeKeys(f *finder) {
	for _, t := range f.templates() {
		for _, l := range t.lines {
			if l.kind != lineField || strings.Contains(l.key, "{{") {
				continue
			}
			at := l.from + strings.Index(t.data[l.from:l.to], l.key) + len(l.key)
			f.add(t, l.from, fmt.Sprintf("rename the field %s to %sRenamed", l.key, l.key), edit{at, at, "Renamed"})
		}
	}
}
