package registration

import (
	"regexp"
	"slices"
	"strings"
)

// entry is a part of a file that registers one chart: some lines, and what they are ordered by.
type entry struct {
	from, to int // lines, from 0; to is the one behind
	key      string
	sibling  *Chart // nil where it is something else
}

// insert puts a new entry, made after that of the sibling that is followed, or the shortest, among others: where the
// order of their keys has it, or behind them. It gives the lines with it, and the sibling.
func (f *finder) insert(lines []string, entries []entry) (out []string, like *Chart) {
	textOf := func(e entry) string { return strings.Join(lines[e.from:e.to], "\n") }
	models := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.sibling == nil })
	if len(models) == 0 {
		return lines, nil
	}
	model := slices.MinFunc(models, func(a, b entry) int {
		return compare(*a.sibling, *b.sibling, textOf(a), textOf(b))
	})
	text := f.renamed(endComment.ReplaceAllString(textOf(model), ""), *model.sibling)
	key := f.renamed(model.key, *model.sibling)
	at := entries[len(entries)-1].to
	if slices.IsSortedFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) }) {
		if i := slices.IndexFunc(entries, func(e entry) bool { return e.key > key }); i >= 0 {
			at = aboveComments(lines, entries[i].from)
		}
	}
	return slices.Insert(slices.Clone(lines), at, strings.Split(text, "\n")...), model.sibling
}

// endComment is one at the end of a line, which is about the chart that the line is about.
var endComment = regexp.MustCompile(`(?m)[ \t]+#[^"'\n]*$`)

// compare puts what is said of the chart that is followed first, and then what is short.
func compare(a, b Chart, textOfA, textOfB string) int {
	if a.IsFollowed != b.IsFollowed {
		return map[bool]int{true: -1, false: 1}[a.IsFollowed]
	}
	return len(textOfA) - len(textOfB)
}

// aboveComments gives the first line of the comment above a line, or the line itself.
func aboveComments(lines []string, at int) int {
	for at > 0 && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") && indent(lines[at-1]) == indent(lines[at]) {
		at--
	}
	return at
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// endOf gives the line behind an entry that begins at a line: all that is indented further belongs to it.
func endOf(lines []string, from int) int {
	to := from + 1
	for i := from + 1; i < len(lines); i++ {
		switch {
		case strings.TrimSpace(lines[i]) == "":
			continue
		case indent(lines[i]) <= indent(lines[from]):
			return to
		}
		to = i + 1
	}
	return to
}
