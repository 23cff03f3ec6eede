package mutation

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The kinds of change to the order and layout of YAML.
func rearrangements() []Kind {
	return []Kind{
		{Name: "keys-reordered", Neutral: true, find: func(f *finder) { swapNeighbours(f, f.templates(), isPlainField) }},
		{Name: "values-reordered", Neutral: true, find: func(f *finder) { swapNeighbours(f, f.file("values.yaml"), isPlainField) }},
		{Name: "elements-reordered", Neutral: true, find: func(f *finder) { swapNeighbours(f, f.templates(), isMergedElement) }},
		{Name: "quotes-changed", Neutral: true, find: changeQuotes},
		{Name: "flow-changed", Neutral: true, find: changeFlow},
		{Name: "list-indent-changed", Neutral: true, find: changeListIndent},
		{Name: "blank-line-changed", Neutral: true, find: changeBlankLines},
		{Name: "whitespace-changed", Neutral: true, find: changeWhitespace},
	}
}

func isPlainField(t *text, i int) bool { return t.lines[i].kind == lineField && !t.lines[i].dash }

// isMergedElement reports whether line i begins an element of a list that
// Kubernetes merges by key.
func isMergedElement(t *text, i int) bool {
	return t.lines[i].dash && slices.Contains(append(ownLists, "imagePullSecrets"), t.parentKey(i))
}

// unit gives the position of the line behind what begins at line i: a field, an
// element, or a control structure of which each begins with one. fits is asked
// about the first field or element in it.
func (t *text) unit(i int, fits func(*text, int) bool) (end, content int, ok bool) {
	if i >= len(t.lines) {
		return 0, 0, false
	}
	content, end = i, t.structure(i)
	if word := t.wordAt(i); t.lines[i].kind != lineAction {
		end, ok = t.block(i)
	} else if word == "if" || word == "with" || word == "range" {
		content += slices.IndexFunc(t.lines[i:end], func(l line) bool { return l.kind == lineField || l.kind == lineItem })
		ok = content >= i && t.balanced(t.lines[i].from, t.lines[end-1].next)
	}
	return end, content, ok && fits(t, content)
}

// swapNeighbours exchanges two units that follow each other; blank lines and
// comments between them stay.
func swapNeighbours(f *finder, texts []*text, fits func(*text, int) bool) {
	for _, t := range texts {
		for i := range t.lines {
			end, content, ok := t.unit(i, fits)
			if !ok {
				continue
			}
			next := end
			for next < len(t.lines) && (t.lines[next].kind == lineBlank || t.lines[next].kind == lineComment) {
				next++
			}
			second, content2, ok := t.unit(next, fits)
			if !ok || t.lines[content].indent != t.lines[content2].indent {
				continue
			}
			a := t.lines[i]
			f.add(t, a.from, fmt.Sprintf("swap lines %d to %d (%s) and %d to %d (%s)",
				a.no, t.lines[end-1].no, t.lines[content].key, t.lines[next].no, t.lines[second-1].no, t.lines[content2].key),
				edit{a.from, t.lines[end-1].next, ended(t.span(next, second))}, edit{t.lines[next].from, t.lines[second-1].next, t.span(i, end)})
		}
	}
}

// ended gives the text with a line's end.
func ended(s string) string {
	if strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// changeQuotes writes strings with other quotes, or with some at all.
func changeQuotes(f *finder) {
	for _, t := range f.yamls() {
		for _, l := range t.lines {
			if !isValue(l) {
				continue
			}
			if with := otherQuotes(l.value); with != "" {
				f.add(t, l.from, fmt.Sprintf("write %s as %s", l.value, with), edit{l.valueFrom, l.valueFrom + len(l.value), with})
			}
		}
	}
	for _, t := range f.templates() {
		for _, a := range t.actions {
			for _, token := range a.tokens {
				if token.kind == tokenString && token.text[0] == '"' && !strings.ContainsAny(token.text, "\\`") {
					with := "`" + token.text[1:len(token.text)-1] + "`"
					f.add(t, token.from, fmt.Sprintf("write %s as %s", token.text, with), edit{token.from, token.to, with})
				}
			}
		}
	}
}

func otherQuotes(value string) string {
	if isPlainString(value) {
		return `"` + value + `"`
	}
	if len(value) < 2 || strings.ContainsAny(value, "\\{") || strings.ContainsAny(value[1:len(value)-1], `"'`) {
		return ""
	}
	inner := value[1 : len(value)-1]
	switch {
	case value[0] == '"' && value[len(value)-1] == '"':
		return "'" + inner + "'"
	case value[0] == '\'' && value[len(value)-1] == '\'':
		return `"` + inner + `"`
	}
	return ""
}

var flowList = regexp.MustCompile(`^\[[^\[\]{}"']+\]$`)

// changeFlow writes a list of scalars in the other style.
func changeFlow(f *finder) {
	for _, t := range f.yamls() {
		for i, l := range t.lines {
			if l.kind != lineField {
				continue
			}
			if flowList.MatchString(l.value) {
				var b strings.Builder
				for _, item := range strings.Split(l.value[1:len(l.value)-1], ",") {
					fmt.Fprintf(&b, "\n%s- %s", strings.Repeat(" ", l.keyIndent+2), strings.TrimSpace(item))
				}
				f.add(t, l.from, "write "+l.key+" as a block", edit{l.valueFrom - 1, l.valueFrom + len(l.value), b.String()})
				continue
			}
			if end, ok := t.block(i); ok && l.value == "" && end > i+1 {
				if items := plainItems(t.lines[i+1 : end]); len(items) > 0 {
					f.add(t, l.from, "write "+l.key+" as one line",
						edit{l.from, t.lines[end-1].next, strings.TrimRight(t.data[l.from:l.to], " ") + " [" + strings.Join(items, ", ") + "]\n"})
				}
			}
		}
	}
}

// plainItems gives the items of a list where all lines are that.
func plainItems(lines []line) []string {
	var out []string
	for _, l := range lines {
		if l.kind != lineItem || !isScalar(l.value) || strings.ContainsAny(l.value, ",[]{}") {
			return nil
		}
		out = append(out, l.value)
	}
	return out
}

// changeListIndent moves a list to its key's column, or away from it.
func changeListIndent(f *finder) {
	for _, t := range f.yamls() {
		for i, l := range t.lines {
			end, ok := t.block(i)
			if !ok || l.kind != lineField || l.value != "" {
				continue
			}
			first := slices.IndexFunc(t.lines[i+1:end], func(l line) bool { return l.kind == lineField || l.kind == lineItem })
			if first < 0 || !t.lines[i+1+first].dash {
				continue
			}
			by := 2
			if t.lines[i+1+first].indent == l.keyIndent+2 {
				by = -2
			}
			if edits, ok := t.shift(i+1, end, by); ok {
				f.add(t, l.from, fmt.Sprintf("shift the list %s, lines %d to %d, by %d", l.key, l.no+1, t.lines[end-1].no, by), edits...)
			}
		}
	}
}

// shift moves lines to the right, or to the left by a negative number, with all
// that is put in by indent and nindent.
func (t *text) shift(i, end, by int) ([]edit, bool) {
	var edits []edit
	for _, l := range t.lines[i:end] {
		switch {
		case l.kind == lineBlank:
		case by > 0:
			edits = append(edits, edit{l.from, l.from, strings.Repeat(" ", by)})
		case l.indent < -by:
			return nil, false
		default:
			edits = append(edits, edit{l.from, l.from - by, ""})
		}
	}
	from, to := t.lines[i].from, t.lines[end-1].next
	for _, a := range t.actions {
		for k, token := range a.tokens {
			if token.from < from || token.to > to || !isIndent(a, k) {
				continue
			}
			n, err := strconv.Atoi(token.text)
			if err != nil || n+by < 0 {
				return nil, false
			}
			edits = append(edits, edit{token.from, token.to, strconv.Itoa(n + by)})
		}
	}
	return edits, true
}

func changeBlankLines(f *finder) {
	for _, t := range f.yamls() {
		for i, l := range t.lines {
			switch {
			case l.kind == lineField:
				f.add(t, l.from, "add a blank line before "+l.key, edit{l.from, l.from, "\n"})
			case l.kind == lineBlank && !t.inAction(l.from):
				f.add(t, l.from, "remove the blank line", t.cut(i, i+1))
			}
		}
	}
}

// changeWhitespace adds spaces at the end of lines and within actions, and takes
// away trim markers of actions that have lines to themselves.
func changeWhitespace(f *finder) {
	for _, t := range f.yamls() {
		for _, l := range t.lines {
			if l.kind == lineField || l.kind == lineComment {
				f.add(t, l.from, "add spaces at the end of the line", edit{l.to, l.to, "  "})
			}
			if l.kind == lineField && l.value != "" && isScalar(l.value) {
				f.add(t, l.from, "add a space before the value of "+l.key, edit{l.valueFrom, l.valueFrom, " "})
			}
		}
		for _, a := range t.actions {
			if a.comment || len(a.tokens) == 0 {
				continue
			}
			f.add(t, a.from, "add a space in the action "+t.data[a.from:a.to], edit{a.tokens[0].from, a.tokens[0].from, " "})
			if a.trimLeft {
				f.add(t, a.from, "remove the left trim marker of "+t.data[a.from:a.to], edit{a.from + 2, a.from + 3, ""})
			}
			if a.trimRight {
				f.add(t, a.from, "remove the right trim marker of "+t.data[a.from:a.to], edit{a.to - 3, a.to - 2, ""})
			}
		}
	}
}
