package main

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// changes are the new texts of files, "" for one that is removed.
type changes map[string]string

// operator gives the mutations of one file of a chart. Those that leave no template, or change nothing, do not count.
type operator func(c chart, file string) []changes

// each does what several operators do.
func each(operators ...operator) operator {
	return func(c chart, file string) []changes {
		var out []changes
		for _, o := range operators {
			out = append(out, o(c, file)...)
		}
		return out
	}
}

// within makes an operator of a function that gives the new texts of a file.
func within(versions func(data string) []string) operator {
	return func(c chart, file string) []changes {
		var out []changes
		for _, text := range versions(c[file]) {
			out = append(out, changes{file: text})
		}
		return out
	}
}

// replacement gives what may stand in place of a match's first group.
type replacement func(pattern *regexp.Regexp, data string, match []int) string

// with gives the text, the match's groups put in for ${1}, ${2} and so on.
func with(text string) replacement {
	return func(pattern *regexp.Regexp, data string, match []int) string {
		return string(pattern.ExpandString(nil, text, data, match))
	}
}

// other gives what a function makes of the first group.
func other(f func(string) string) replacement {
	return func(_ *regexp.Regexp, data string, match []int) string { return f(data[match[2]:match[3]]) }
}

// rewrite replaces the first group of each match of a pattern.
func rewrite(pattern string, with replacement) operator {
	compiled := regexp.MustCompile(pattern)
	return within(func(data string) []string { return rewritten(data, 0, len(data), compiled, with) })
}

// rewriteActions does it within each action of a template.
func rewriteActions(pattern string, with replacement) operator {
	compiled := regexp.MustCompile(pattern)
	return within(func(data string) []string {
		var out []string
		for _, a := range actionPattern.FindAllStringIndex(data, -1) {
			out = append(out, rewritten(data, a[0], a[1], compiled, with)...)
		}
		return out
	})
}

func rewritten(data string, from, to int, pattern *regexp.Regexp, with replacement) []string {
	var out []string
	part := data[from:to]
	for _, m := range pattern.FindAllStringSubmatchIndex(part, -1) {
		if m[2] >= 0 {
			out = append(out, data[:from+m[2]]+with(pattern, part, m)+data[from+m[3]:])
		}
	}
	return out
}

// insertLine puts a line before each field that begins no element.
func insertLine(text string) operator { return rewrite(aLine, with("${2}"+text+"\n${1}")) }

// swapValues exchanges the first groups of two matches that have fewer than so many matches between them.
func swapValues(pattern string, apart int) operator {
	compiled := regexp.MustCompile(pattern)
	return within(func(data string) []string {
		var out []string
		matches := compiled.FindAllStringSubmatchIndex(data, -1)
		for n, a := range matches {
			for _, b := range matches[n+1 : min(len(matches), n+1+apart)] {
				out = append(out, swap(data, [2]int(a[2:4]), [2]int(b[2:4])))
			}
		}
		return out
	})
}

// swap exchanges two parts of a text, each given by its offsets.
func swap(data string, a, b [2]int) string {
	return data[:a[0]] + data[b[0]:b[1]] + data[a[1]:b[0]] + data[a[0]:a[1]] + data[b[1]:]
}

// rewriteBlocks replaces each block that fits.
func rewriteBlocks(fits func(block) bool, with func(b block, text string) string) operator {
	return within(func(data string) []string {
		var out []string
		for _, b := range blocks(data) {
			if fits(b) {
				out = append(out, data[:b.from]+with(b, data[b.from:b.end])+data[b.end:])
			}
		}
		return out
	})
}

func removeBlocks(fits func(block) bool) operator {
	return rewriteBlocks(fits, func(block, string) string { return "" })
}

// withNull is a field with null for its value.
func withNull(b block, _ string) string { return strings.Repeat(" ", b.indent) + b.key + ": null\n" }

// inner is what a control structure has between its first and its last line; one on a single line stays.
func inner(b block, text string) string {
	if b.end == b.to {
		return text
	}
	return text[b.to-b.from : strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1]
}

func isNamedElement(b block) bool { return b.dash && b.key == "name" && b.value != "" }

// twice repeats an element of a list under another name.
func twice(b block, text string) string {
	name := b.value + "-mutated"
	if b.value == strings.ToUpper(b.value) {
		name = b.value + "_MUTATED"
	}
	return ended(text) + strings.Replace(text, b.value, name, 1)
}

// swapNeighbors exchanges two blocks that follow each other. Blank lines and comments between them stay, and control
// structures count as what they begin with.
func swapNeighbors(fits func(block) bool) operator {
	return within(func(data string) []string {
		data = ended(data)
		all := blocks(data)
		content := func(i int) block {
			for all[i].isStructure && i+1 < len(all) && all[i+1].from < all[i].end {
				i++
			}
			return all[i]
		}
		var out []string
		for i, a := range all {
			j := slices.IndexFunc(all, func(b block) bool { return b.from >= a.end })
			if j < 0 || !fits(content(i)) || !fits(content(j)) || content(i).indent != content(j).indent {
				continue
			}
			b := all[j]
			if strings.TrimSpace(commentLine.ReplaceAllString(data[a.end:b.from], "")) == "" {
				out = append(out, swap(data, [2]int{a.from, a.end}, [2]int{b.from, b.end}))
			}
		}
		return out
	})
}

var commentLine = regexp.MustCompile(`(?m)^ *#.*$`)

// ended gives the text with a line's end.
func ended(s string) string { return strings.TrimSuffix(s, "\n") + "\n" }

func removeFile(_ chart, file string) []changes { return []changes{{file: ""}} }

func renameFile(c chart, file string) []changes {
	ext := path.Ext(file)
	return []changes{{file: "", strings.TrimSuffix(file, ext) + "-renamed" + ext: c[file]}}
}

// addObjects adds a file with an object.
func addObjects(chart, string) []changes {
	const named = "apiVersion: v1\nmetadata:\n  name: {{ .Release.Name }}-mutated\n"
	var out []changes
	for _, object := range []string{
		"kind: ConfigMap\ndata:\n  mutated: mutated\n",
		"kind: Service\nspec:\n  ports:\n    - port: 80\n  selector:\n    app: mutated\n",
		"kind: ServiceAccount\n",
	} {
		kind := strings.ToLower(strings.Fields(object)[1])
		out = append(out, changes{"templates/mutated-" + kind + ".yaml": named + object})
	}
	return out
}

var (
	definePattern  = regexp.MustCompile(`\{\{-? *define "([^"]*)"`)
	declarePattern = regexp.MustCompile(`(\$\w+)(?:, *(\$\w+))? *:=`)
)

// renameHelpers renames the helpers of a file wherever they are named.
func renameHelpers(c chart, file string) []changes {
	var out []changes
	for _, m := range definePattern.FindAllStringSubmatch(c[file], -1) {
		renamed := changes{}
		for name, text := range c {
			if isTemplate(name) {
				renamed[name] = strings.ReplaceAll(text, strconv.Quote(m[1]), strconv.Quote(m[1]+"Renamed"))
			}
		}
		out = append(out, renamed)
	}
	return out
}

// renameVariables renames a variable in all actions of a file.
func renameVariables(data string) []string {
	names := map[string]bool{}
	for _, action := range actionPattern.FindAllString(data, -1) {
		for _, m := range declarePattern.FindAllStringSubmatch(action, -1) {
			names[m[1]], names[m[2]] = true, true
		}
	}
	delete(names, "")
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		use := regexp.MustCompile(regexp.QuoteMeta(name) + `\b`)
		out = append(out, actionPattern.ReplaceAllStringFunc(data, func(action string) string {
			return use.ReplaceAllLiteralString(action, name+"Renamed")
		}))
	}
	return out
}
