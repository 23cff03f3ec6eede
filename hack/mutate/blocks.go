package main

import (
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// line is one line of a template or of YAML.
type line struct {
	from, to int // offsets; to is behind its end
	indent   int
	dash     bool   // the first line of a list's element
	column   int    // of the key, behind the dash
	key      string // without quotes, "" where there is none
	value    string

	isSkip      bool // blank, or a comment
	isAction    bool // actions alone
	isStructure bool // of those, the start of a control structure
}

// block is a field, an element of a list or a control structure, with all lines below it.
type block struct {
	line
	end  int    // the offset behind its last line
	list string // the key of the list that an element is in
}

// blocks gives the blocks of a file, in order. No YAML parser reads a template, so they follow from indentation, and
// from what parses as a template by itself.
func blocks(data string) []block {
	lines := linesOf(data)
	var out []block
	for i, l := range lines {
		if end := blockEnd(data, lines, i); end > 0 {
			out = append(out, block{l, end, listOf(lines, i)})
		}
	}
	return out
}

var (
	linePattern    = regexp.MustCompile(`^( *)(- +)?(?:(` + keyPart + `|\{\{[^}]*\}\}):(?:[ \t]+(.*?))?[ \t]*)?$`)
	structureStart = regexp.MustCompile(`^\{\{-?\s*(?:if|with|range|block)\b`)
)

func linesOf(data string) []line {
	outside := actionPattern.ReplaceAllStringFunc(data, func(s string) string { return strings.Repeat(" ", len(s)) })
	var out []line
	from := 0
	for s := range strings.Lines(data) {
		trimmed := strings.TrimLeft(s, " ")
		l := line{from: from, to: from + len(s), indent: len(s) - len(trimmed)}
		l.column = l.indent
		m := linePattern.FindStringSubmatch(strings.TrimSuffix(s, "\n"))
		switch {
		case strings.TrimSpace(s) == "" || trimmed[0] == '#':
			l.isSkip = true
		case strings.TrimSpace(outside[l.from:l.to]) == "":
			l.isAction, l.isStructure = true, structureStart.MatchString(trimmed)
		case m != nil && m[3] != "":
			l.dash, l.column = m[2] != "", len(m[1])+len(m[2])
			l.key, l.value = strings.Trim(m[3], `"'`), m[4]
		default:
			l.dash = strings.HasPrefix(trimmed, "- ")
		}
		out = append(out, l)
		from = l.to
	}
	return out
}

// below reports whether a line belongs to the field or element that begins at head.
func (l line) below(head line) bool {
	isFlushList := l.dash && l.indent == head.indent && !head.dash && head.key != "" && head.value == ""
	return !l.isSkip && l.indent > head.indent || isFlushList
}

// blockEnd gives the offset behind the block that begins at line i, 0 where none does that parses by itself.
func blockEnd(data string, lines []line, i int) int {
	head := lines[i]
	alone := func(end int) bool { return parses(variable.ReplaceAllString(data[head.from:lines[end-1].to], "$$")) }
	if head.key == "" && !head.dash && !head.isStructure {
		return 0
	}
	last := i + 1
	for j := last; j < len(lines) && (lines[j].isSkip || lines[j].isAction || lines[j].below(head)); j++ {
		if lines[j].below(head) && !head.isStructure {
			last = j + 1
		}
	}
	for end := last; end <= len(lines); end++ { // a structure may be closed behind what is below the head
		if alone(end) {
			return lines[end-1].to
		}
	}
	return 0
}

// listOf gives the key that line i is below.
func listOf(lines []line, i int) string {
	l := lines[i]
	for _, p := range slices.Backward(lines[:i]) {
		if p.key != "" && (p.column < l.indent || l.dash && p.column == l.indent && p.value == "") {
			return p.key
		}
	}
	return ""
}

var variable = regexp.MustCompile(`\$\w+`)

// parses reports whether the text is a template, whatever its functions.
func parses(text string) bool {
	t := parse.New("template")
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(text, "", "", map[string]*parse.Tree{})
	return err == nil
}

func isStructure(b block) bool { return b.isStructure }

func isField(b block) bool { return b.key != "" && !b.dash }

func isElement(b block) bool { return b.dash }

// elementOf tells elements of the lists of those names.
func elementOf(lists ...string) func(block) bool {
	return func(b block) bool { return b.dash && slices.Contains(lists, b.list) }
}
