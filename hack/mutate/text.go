package main

import (
	"regexp"
	"slices"
	"strings"
)

// text is a template or YAML file with its actions and blocks. No YAML parser reads a template, so what is
// below what follows from indentation and from the nesting of control structures.
type text struct {
	name, data string
	actions    [][]int // offsets of each {{ }}
	lines      []line
	blocks     map[int]block // by first line
}

type lineKind int

const (
	skipLine      lineKind = iota // blank, or a comment
	fieldLine                     // key: value, or - key: value
	itemLine                      // - value
	structureLine                 // actions alone that begin with if, with or range
	actionLine                    // other actions alone
	otherLine                     // such as a line of a block scalar
)

// line is one line; to is the offset behind its end.
type line struct {
	from, to int
	kind     lineKind
	indent   int
	dash     bool   // the first line of a list's element
	column   int    // of the key, behind the dash
	key      string // without quotes
	value    string
	net, low int // how many control structures the line opens, and the least on the way
}

// block is a field, an element or a control structure with all below it.
type block struct {
	line
	i, end int // its first line, and the one behind its last
	parent int // the field that it is below, -1 for none
	list   string
}

var (
	linePattern = regexp.MustCompile(`^( *)(- +)?(?:(` + keyPart + `|\{\{[^}]*\}\}):(?:[ \t]+(.*?))?[ \t]*)?$`)
	wordPattern = regexp.MustCompile(`^\{\{-?\s*(\w+)`)
)

func newText(name, data string) *text {
	t := &text{name: name, data: data, blocks: map[int]block{}}
	outside := data
	if isTemplate(name) {
		t.actions = actionPattern.FindAllStringIndex(data, -1)
		outside = actionPattern.ReplaceAllStringFunc(data, func(s string) string { return strings.Repeat(" ", len(s)) })
	}
	from := 0
	for s := range strings.Lines(data) {
		to := from + len(s)
		t.lines = append(t.lines, newLine(strings.TrimSuffix(s, "\n"), strings.TrimSpace(outside[from:to]) == ""))
		t.lines[len(t.lines)-1].from, t.lines[len(t.lines)-1].to = from, to
		from = to
	}
	for _, a := range t.actions {
		t.lines[t.lineAt(a[0])-1].nest(data[a[0]:a[1]])
	}
	for i, l := range t.lines {
		b := block{line: l, i: i, parent: t.parent(i)}
		if b.parent >= 0 {
			b.list = t.lines[b.parent].key
		}
		if b.end = t.blockEnd(i); b.end > i {
			t.blocks[i] = b
		}
	}
	return t
}

func newLine(s string, actionsAlone bool) line {
	trimmed := strings.TrimLeft(s, " ")
	l := line{indent: len(s) - len(trimmed), kind: otherLine}
	l.column = l.indent
	m := linePattern.FindStringSubmatch(s)
	switch {
	case strings.TrimSpace(s) == "" || trimmed[0] == '#':
		l.kind = skipLine
	case actionsAlone:
		l.kind = actionLine
	case m != nil && m[3] != "":
		l.kind, l.dash, l.column = fieldLine, m[2] != "", len(m[1])+len(m[2])
		l.key, l.value = strings.Trim(m[3], `"'`), m[4]
	case strings.HasPrefix(trimmed, "- "):
		l.kind, l.dash = itemLine, true
	}
	return l
}

// nest counts an action of the line.
func (l *line) nest(action string) {
	m := wordPattern.FindStringSubmatch(action)
	switch {
	case m == nil:
	case slices.Contains([]string{"if", "with", "range", "define", "block"}, m[1]):
		l.net++
		if l.kind == actionLine && m[1] != "define" {
			l.kind = structureLine
		}
	case m[1] == "end":
		l.net--
		l.low = min(l.low, l.net)
	case m[1] == "else":
		l.low = min(l.low, l.net-1)
	}
}

func (l line) isContent() bool { return l.kind == fieldLine || l.kind == itemLine }

// below reports whether a line of YAML belongs to what begins at head.
func (l line) below(head line) bool {
	isFlushList := l.dash && l.indent == head.indent && !head.dash && head.kind == fieldLine && head.value == ""
	return l.indent > head.indent || isFlushList
}

// blockEnd gives the line behind the field, element or control structure that begins at line i, 0 where none
// does that can be taken as a whole.
func (t *text) blockEnd(i int) int {
	head, end, depth, belongs := t.lines[i], 0, 0, true
	if !head.isContent() && head.kind != structureLine {
		return 0
	}
	for j, l := range t.lines[i:] {
		isAction := l.kind == actionLine || l.kind == structureLine
		switch {
		case l.kind == skipLine:
			continue
		case head.kind == structureLine:
		case isAction && depth == 0:
			belongs = l.indent > head.indent
		case !isAction && j > 0 && !l.below(head):
			return end
		case !isAction:
			belongs = true
		}
		if depth+l.low < 0 || depth+l.net == 0 && !belongs {
			return end
		}
		if depth += l.net; depth == 0 {
			end = i + j + 1
			if head.kind == structureLine {
				return end
			}
		}
	}
	return end
}

// parent gives the field that line i is below, -1 where there is none.
func (t *text) parent(i int) int {
	l := t.lines[i]
	for j := i - 1; j >= 0; j-- {
		p := t.lines[j]
		if p.kind == fieldLine && (p.column < l.indent || l.dash && p.column == l.indent && p.value == "") {
			return j
		}
	}
	return -1
}

// lineAt gives the number of the line at an offset, from 1.
func (t *text) lineAt(at int) int { return strings.Count(t.data[:at], "\n") + 1 }

// span gives the text of the lines from i to before end.
func (t *text) span(i, end int) string { return t.data[t.lines[i].from:t.lines[end-1].to] }

// replace puts a text in place of the lines from i to before end.
func (t *text) replace(i, end int, with string) edit {
	return edit{t.lines[i].from, t.lines[end-1].to, with}
}
