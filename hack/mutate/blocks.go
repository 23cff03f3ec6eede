package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (b block) isField() bool { return b.kind == fieldLine && !b.dash }

func (b block) isSingleField() bool { return b.isField() && b.end == b.i+1 }

func (b block) isNestedField() bool { return b.isField() && b.end > b.i+1 }

func (b block) isStructure() bool { return b.kind == structureLine }

// elementOf tells elements of the lists of those names.
func elementOf(lists ...string) func(block) bool {
	return func(b block) bool { return b.dash && slices.Contains(lists, b.list) }
}

// isMergedElement tells elements of lists that Kubernetes merges by key.
func (b block) isMergedElement() bool {
	return elementOf("env", "ports", "volumes", "volumeMounts", "imagePullSecrets")(b)
}

func (b block) isOtherElement() bool {
	return b.dash && !elementOf("env", "ports", "volumes", "volumeMounts")(b)
}

// sortedBlocks gives the blocks that fit, in order.
func (t *text) sortedBlocks(fits func(block) bool) []block {
	var out []block
	for _, i := range slices.Sorted(maps.Keys(t.blocks)) {
		if fits(t.blocks[i]) {
			out = append(out, t.blocks[i])
		}
	}
	return out
}

// describe names a block by its first line, and its last one.
func (t *text) describe(b block) string {
	return fmt.Sprintf("%q to line %d", strings.TrimSpace(t.span(b.i, b.i+1)), b.end)
}

func removeBlocks(fits func(block) bool) func(*finder, *text) {
	return replaceBlocks("remove", fits, func(block) string { return "" })
}

func replaceBlocks(what string, fits func(block) bool, with func(block) string) func(*finder, *text) {
	return func(f *finder, t *text) {
		for _, b := range t.sortedBlocks(fits) {
			f.add(t, b.from, what+" "+t.describe(b), t.replace(b.i, b.end, with(b)))
		}
	}
}

// null gives the field with null for its value.
func (b block) null() string { return strings.Repeat(" ", b.indent) + b.key + ": null\n" }

// addMetadata adds an entry to annotations or labels, and the whole map to metadata that lack it.
func addMetadata(key string) func(*finder, *text) {
	const entry = "example.com/mutated: mutated\n"
	return func(f *finder, t *text) {
		for _, b := range t.sortedBlocks(func(b block) bool { return b.kind == fieldLine && b.value == "" }) {
			indent := strings.Repeat(" ", b.column+2)
			switch {
			case b.key == key:
				f.add(t, b.from, "add an entry to "+key, edit{b.to, b.to, indent + entry})
			case b.key == "metadata" && key != "matchLabels" && !strings.Contains(t.span(b.i, b.end), key+":"):
				f.add(t, b.from, "add "+key, edit{b.to, b.to, indent + key + ":\n" + indent + "  " + entry})
			}
		}
	}
}

// duplicateElements repeats an element of a list under another name.
func duplicateElements(f *finder, t *text) {
	for _, b := range t.sortedBlocks(func(b block) bool { return b.dash && b.key == "name" && b.value != "" }) {
		name := b.value + "-mutated"
		if b.value == strings.ToUpper(b.value) {
			name = b.value + "_MUTATED"
		}
		span := ended(t.span(b.i, b.end))
		again := span + strings.Replace(span, b.value, name, 1)
		f.add(t, b.from, fmt.Sprintf("repeat %s as %s", t.describe(b), name), t.replace(b.i, b.end, again))
	}
}

// moveUp puts a field beside the one that it is below.
func moveUp(f *finder, t *text) {
	for _, b := range t.sortedBlocks(block.isSingleField) {
		p, ok := t.blocks[b.parent]
		if !ok || p.end <= b.i {
			continue
		}
		at := t.lines[p.end-1].to
		moved := strings.Repeat(" ", p.column) + strings.TrimSpace(t.span(b.i, b.end)) + "\n"
		what := fmt.Sprintf("move %s behind %s", b.key, p.key)
		f.add(t, b.from, what, t.replace(b.i, b.end, ""), edit{at, at, moved})
	}
}

var variable = regexp.MustCompile(`\$\w+`)

// removeConditions keeps what an if holds in any case. An if with an else is left out: what is in it does not parse.
// Variables do not count, as they may be declared further up.
func removeConditions(f *finder, t *text) {
	nested := func(b block) bool { return b.isStructure() && b.end > b.i+2 }
	for _, b := range t.sortedBlocks(nested) {
		inner := t.span(b.i+1, b.end-1)
		if strings.Contains(t.span(b.i, b.i+1), "if ") && parses(variable.ReplaceAllString(inner, "$$")) {
			f.add(t, b.from, "keep in any case what holds "+t.describe(b), t.replace(b.i, b.end, inner))
		}
	}
}

// content gives the first field or element of a control structure, and every other block as it is.
func (t *text) content(b block) block {
	for i := b.i; i < b.end; i++ {
		if t.lines[i].isContent() {
			return t.blocks[i]
		}
	}
	return block{}
}

// swapNeighbors exchanges two blocks that follow each other. Blank lines and comments between them stay, and
// control structures count as what they begin with.
func swapNeighbors(fits func(block) bool) func(*finder, *text) {
	return func(f *finder, t *text) {
		for _, a := range t.sortedBlocks(func(b block) bool { return fits(t.content(b)) }) {
			next := a.end
			for next < len(t.lines) && t.lines[next].kind == skipLine {
				next++
			}
			b := t.blocks[next]
			if fits(t.content(b)) && t.content(a).indent == t.content(b).indent {
				f.add(t, a.from, fmt.Sprintf("swap %s and %s", t.describe(a), t.describe(b)),
					t.replace(a.i, a.end, ended(t.span(b.i, b.end))), t.replace(b.i, b.end, t.span(a.i, a.end)))
			}
		}
	}
}

// ended gives the text with a line's end.
func ended(s string) string { return strings.TrimSuffix(s, "\n") + "\n" }

var (
	lineStart     = regexp.MustCompile(`(?m)^( *)(\S)`)
	indentPattern = regexp.MustCompile(`(n?indent +)(\d+)`)
)

// changeListIndent moves a list to its key's column, or away from it.
func changeListIndent(f *finder, t *text) {
	for _, b := range t.sortedBlocks(func(b block) bool { return b.kind == fieldLine && b.value == "" }) {
		first := slices.IndexFunc(t.lines[b.i+1:b.end], line.isContent) + b.i + 1
		if first == b.i || !t.lines[first].dash {
			continue
		}
		by := 2
		if t.lines[first].indent == b.column+2 {
			by = -2
		}
		if shifted, ok := shift(t.span(b.i+1, b.end), by); ok {
			what := fmt.Sprintf("shift what is below %s by %d", t.describe(b), by)
			f.add(t, b.from, what, t.replace(b.i+1, b.end, shifted))
		}
	}
}

// shift moves lines to the right, or to the left by a negative number, with all that indent and nindent put in.
func shift(lines string, by int) (shifted string, ok bool) {
	ok = true
	shifted = lineStart.ReplaceAllStringFunc(lines, func(s string) string {
		ok = ok && len(s)-1+by >= 0
		return strings.Repeat(" ", max(0, len(s)-1+by)) + s[len(s)-1:]
	})
	shifted = indentPattern.ReplaceAllStringFunc(shifted, func(s string) string {
		m := indentPattern.FindStringSubmatch(s)
		n, err := strconv.Atoi(m[2])
		ok = ok && err == nil && n+by >= 0
		return m[1] + strconv.Itoa(n+by)
	})
	return shifted, ok
}
