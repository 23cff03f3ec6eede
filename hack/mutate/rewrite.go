package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const actionPart = `\{\{(?:-?\s*/\*(?s:.*?)\*/\s*|(?:"(?:[^"\\]|\\.)*"|` + "`[^`]*`|[^\"`])*?)\\}\\}"

var actionPattern = regexp.MustCompile(actionPart)

// replacement gives what may stand in place of a match's first group, from all groups (m[0]
// is the first). The same text is no mutation.
type replacement func(m []string) string

// rewrite finds the mutations that each replace the first group of one match of a pattern.
func rewrite(pattern string, with replacement) func(*finder, *text) {
	compiled := regexp.MustCompile(pattern)
	return func(f *finder, t *text) { f.rewrite(t, 0, len(t.data), compiled, with) }
}

// rewriteActions does it within the actions of a template.
func rewriteActions(pattern string, with replacement) func(*finder, *text) {
	compiled := regexp.MustCompile(pattern)
	return func(f *finder, t *text) {
		for _, a := range t.actions {
			f.rewrite(t, a[0], a[1], compiled, with)
		}
	}
}

func (f *finder) rewrite(t *text, from, to int, pattern *regexp.Regexp, with replacement) {
	for _, at := range pattern.FindAllStringSubmatchIndex(t.data[from:to], -1) {
		if at[2] < 0 {
			continue
		}
		var groups []string
		for i := 2; i < len(at); i += 2 {
			groups = append(groups, t.data[from+max(0, at[i]):from+max(0, at[i+1])])
		}
		changed := with(groups)
		what := fmt.Sprintf("replace %q by %q", groups[0], changed)
		f.add(t, from+at[2], what, edit{from + at[2], from + at[3], changed})
	}
}

// with gives the text, the groups put in for ${1}, ${2} and so on.
func with(text string) replacement {
	return func(m []string) string {
		out := text
		for i, group := range m {
			out = strings.ReplaceAll(out, fmt.Sprintf("${%d}", i+1), group)
		}
		return out
	}
}

// first gives what a function makes of the first group.
func first(other func(string) string) replacement {
	return func(m []string) string { return other(m[0]) }
}

func add(n int) replacement {
	return func(m []string) string {
		old, err := strconv.Atoi(m[0])
		if err != nil || old+n < 0 {
			return m[0]
		}
		return strconv.Itoa(old + n)
	}
}

// insertLine puts a line before each field that begins no element.
func insertLine(text string) func(*finder, *text) {
	return rewrite(aLine, with("${2}"+text+"\n${1}"))
}

// swapValues exchanges the first groups of two matches that have fewer than so many matches between them.
func swapValues(pattern string, apart int) func(*finder, *text) {
	compiled := regexp.MustCompile(pattern)
	return func(f *finder, t *text) {
		matches := compiled.FindAllStringSubmatchIndex(t.data, -1)
		for n, a := range matches {
			for _, b := range matches[n+1 : min(len(matches), n+1+apart)] {
				first, second := t.data[a[2]:a[3]], t.data[b[2]:b[3]]
				what := fmt.Sprintf("swap %s and %s of line %d", first, second, t.lineAt(b[2]))
				f.add(t, a[2], what, edit{a[2], a[3], second}, edit{b[2], b[3], first})
			}
		}
	}
}

// swapHelpers includes another helper.
func swapHelpers(f *finder, t *text) {
	var names []string
	for _, other := range f.texts {
		for _, m := range definePattern.FindAllStringSubmatch(other.data, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	rewriteActions(`\binclude "([^"]*)"`, first(func(name string) string {
		if at := slices.Index(names, name); at >= 0 {
			return names[(at+1)%len(names)]
		}
		return name
	}))(f, t)
}

var (
	definePattern  = regexp.MustCompile(`\{\{-? *define "([^"]*)"`)
	declarePattern = regexp.MustCompile(`(\$\w+)(?:, *(\$\w+))? *:=`)
)

// renameHelpers renames the helpers of a file wherever they are named.
func renameHelpers(f *finder, t *text) {
	for _, at := range definePattern.FindAllStringSubmatchIndex(t.data, -1) {
		name, changes := t.data[at[2]:at[3]], map[string]string{}
		for _, other := range f.texts {
			if isTemplate(other.name) {
				changes[other.name] = strings.ReplaceAll(other.data, strconv.Quote(name), strconv.Quote(name+"Renamed"))
			}
		}
		f.keep(t.name, t.lineAt(at[0]), fmt.Sprintf("rename the helper %s in all files", name), changes)
	}
}

// renameVariables renames a variable in all actions of a file.
func renameVariables(f *finder, t *text) {
	lines := map[string]int{}
	for _, a := range t.actions {
		for _, m := range declarePattern.FindAllStringSubmatch(t.data[a[0]:a[1]], -1) {
			for _, name := range m[1:] {
				lines[name] = t.lineAt(a[0])
			}
		}
	}
	delete(lines, "")
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		use := regexp.MustCompile(regexp.QuoteMeta(name) + `\b`)
		changed := actionPattern.ReplaceAllStringFunc(t.data, func(action string) string {
			return use.ReplaceAllLiteralString(action, name+"Renamed")
		})
		what := fmt.Sprintf("rename the variable %s in all of the file", name)
		f.keep(t.name, lines[name], what, map[string]string{t.name: changed})
	}
}

// asBlock writes a list on one line as one of several: key, indentation, list.
func asBlock(m []string) string {
	item := "\n" + m[1] + "  - "
	return m[1] + m[2] + item + strings.ReplaceAll(m[3], ", ", item)
}

var itemStart = regexp.MustCompile(`(?m)^ *- `)

// onOneLine writes a list of several lines on one: key, lines.
func onOneLine(m []string) string {
	items := itemStart.Split(strings.TrimSpace(m[2]), -1)
	return m[1] + " [" + strings.Join(items[1:], ", ") + "]\n"
}
