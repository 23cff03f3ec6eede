package mutation

import (
	"regexp"
	"strings"
)

// lineKind is what a line of a template or a YAML file is.
type lineKind int

const (
	lineBlank   lineKind = iota
	lineComment          // # ...
	lineAction           // actions alone
	lineField            // key: value, or - key: value
	lineItem             // - value
	lineOther            // all else, such as a line inside an action
)

// line is one line. Offsets are those in the file; to is before the line's end,
// next behind it.
type line struct {
	no             int
	from, to, next int
	indent         int
	kind           lineKind
	dash           bool   // the first line of a list's element
	keyIndent      int    // the column of the key, the dash passed over
	key            string // of a field, without quotes
	value          string // of a field or item, without the comment behind it
	valueFrom      int
	scope          int // the control structure's branch that the line stands in
}

// text is a file with its lines and actions.
type text struct {
	name    string
	data    string
	lines   []line
	actions []action
	// ends has, for the position in actions of each that opens something, that of its end.
	ends map[int]int
	// branches has the positions in actions of the else's, by that of the opening.
	branches map[int][]int
}

var (
	fieldLine = regexp.MustCompile(`^( *)(- )?("[^"]*"|'[^']*'|[A-Za-z0-9_][A-Za-z0-9_./-]*|\{\{[^}]*\}\}):(?:[ \t]+(.*))?$`)
	itemLine  = regexp.MustCompile(`^( *)- +(.*)$`)
	behind    = regexp.MustCompile(`(?:^|\s)#.*$`)
)

// read takes a file apart. Actions are looked for in templates alone.
func read(name, data string) *text {
	t := &text{name: name, data: data, ends: map[int]int{}, branches: map[int][]int{}}
	if isTemplate(name) {
		t.actions = actionsOf(data)
	}
	t.match()
	at := 0
	for no := 1; at < len(data); no++ {
		end := strings.IndexByte(data[at:], '\n')
		l := line{no: no, from: at, to: len(data), next: len(data)}
		if end >= 0 {
			l.to, l.next = at+end, at+end+1
		}
		t.classify(&l)
		t.lines = append(t.lines, l)
		at = l.next
	}
	return t
}

func isTemplate(name string) bool { return strings.HasPrefix(name, "templates/") }

// isYAML reports whether the file is a template of YAML, partials among them, or
// YAML itself.
func isYAML(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".tpl")
}

// match pairs the actions that open something with their ends.
func (t *text) match() {
	var open []int
	for i, a := range t.actions {
		switch {
		case a.opens():
			open = append(open, i)
		case a.word() == "else" && len(open) > 0:
			top := open[len(open)-1]
			t.branches[top] = append(t.branches[top], i)
		case a.word() == "end" && len(open) > 0:
			t.ends[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
}

func (t *text) classify(l *line) {
	s := t.data[l.from:l.to]
	trimmed := strings.TrimSpace(s)
	l.indent = len(s) - len(strings.TrimLeft(s, " "))
	l.keyIndent = l.indent
	l.scope = t.scopeAt(l.from)
	switch {
	case trimmed == "":
		l.kind = lineBlank
		return
	case t.inAction(l.from):
		l.kind = lineOther
		return
	case trimmed[0] == '#':
		l.kind = lineComment
		return
	case t.actionsAlone(l.from, l.to):
		l.kind = lineAction
		return
	}
	if m := fieldLine.FindStringSubmatchIndex(s); m != nil {
		l.kind = lineField
		l.key = strings.Trim(s[m[6]:m[7]], `"'`)
		l.dash = m[4] >= 0
		l.keyIndent = m[6]
		l.valueFrom = l.to
		if m[8] >= 0 {
			l.valueFrom = l.from + m[8]
			l.value = withoutComment(s[m[8]:m[9]])
		}
		return
	}
	if m := itemLine.FindStringSubmatchIndex(s); m != nil {
		l.kind, l.dash = lineItem, true
		l.keyIndent = m[4]
		l.valueFrom = l.from + m[4]
		l.value = withoutComment(s[m[4]:m[5]])
		return
	}
	l.kind = lineOther
}

func withoutComment(value string) string {
	if !strings.ContainsAny(value, `"'{`) || strings.HasPrefix(value, "#") {
		value = behind.ReplaceAllString(value, "")
	}
	return strings.TrimSpace(value)
}

func (t *text) inAction(at int) bool {
	for _, a := range t.actions {
		if a.from < at && at < a.to {
			return true
		}
	}
	return false
}

func (t *text) actionsAlone(from, to int) bool {
	at, any := from, false
	for _, a := range t.actions {
		if a.from < from || a.from >= to {
			continue
		}
		if strings.TrimSpace(t.data[at:a.from]) != "" {
			return false
		}
		at, any = a.to, true
	}
	return any && (at >= to || strings.TrimSpace(t.data[at:to]) == "")
}

// scopeAt gives a number for the innermost branch of a control structure around
// an offset; 0 is outside of all.
func (t *text) scopeAt(at int) int {
	scope := 0
	for open, end := range t.ends {
		if t.actions[open].to > at || t.actions[end].from < at {
			continue
		}
		branch := open
		for _, i := range t.branches[open] {
			if t.actions[i].to <= at {
				branch = i
			}
		}
		scope = max(scope, branch+1) // inner ones open later
	}
	return scope
}

// balanced reports whether every structure that begins or ends between two
// offsets does both there.
func (t *text) balanced(from, to int) bool {
	depth := 0
	for _, a := range t.actions {
		if a.from < from || a.from >= to {
			continue
		}
		switch {
		case a.opens():
			depth++
		case a.word() == "end":
			depth--
		case a.word() == "else" && depth == 0:
			return false
		}
		if depth < 0 || a.to > to {
			return false
		}
	}
	return depth == 0
}

// block gives the position of the line behind the field or element that begins
// at line i, ok where the lines can be taken as a whole.
func (t *text) block(i int) (end int, ok bool) {
	head := t.lines[i]
	if head.kind != lineField && head.kind != lineItem {
		return 0, false
	}
	end = i + 1
	for j := i + 1; j < len(t.lines); {
		l := t.lines[j]
		switch l.kind {
		case lineBlank, lineComment:
			j++
			continue
		case lineAction:
			last := t.structure(j)
			if !t.within(head, j, last) {
				return end, t.balanced(head.from, t.lines[end-1].next)
			}
			j, end = last, last
		default:
			if !below(head, l) {
				return end, t.balanced(head.from, t.lines[end-1].next)
			}
			j++
			end = j
		}
	}
	return end, t.balanced(head.from, t.lines[end-1].next)
}

// below reports whether a line of YAML belongs to what begins at head.
func below(head, l line) bool {
	if l.indent > head.indent {
		// - a: 1 has b: 2 beneath it, but a itself has not.
		return true
	}
	return l.dash && l.indent == head.indent && !head.dash && head.kind == lineField && head.value == ""
}

// structure gives the position of the line behind the control structure that
// opens on line j, or behind the line.
func (t *text) structure(j int) int {
	l := t.lines[j]
	for i, a := range t.actions {
		if a.from < l.from || a.from >= l.to {
			continue
		}
		if end, opens := t.ends[i]; opens {
			at := t.actions[end].from
			for k := j; k < len(t.lines); k++ {
				if at < t.lines[k].next {
					return k + 1
				}
			}
		}
	}
	return j + 1
}

// within reports whether the lines from j to last, which begin with an action,
// belong to what begins at head.
func (t *text) within(head line, j, last int) bool {
	if word := t.wordAt(j); word == "end" || word == "else" {
		return false
	}
	for _, l := range t.lines[j:last] {
		if l.kind == lineField || l.kind == lineItem {
			return below(head, l)
		}
	}
	return t.lines[j].indent > head.indent
}

// wordAt gives the first word of the first action on a line.
func (t *text) wordAt(j int) string {
	l := t.lines[j]
	for _, a := range t.actions {
		if a.from >= l.from && a.from < l.to {
			return a.word()
		}
	}
	return ""
}

// parent gives the position of the field that line i lies below, -1 where there
// is none.
func (t *text) parent(i int) int {
	l := t.lines[i]
	for j := i - 1; j >= 0; j-- {
		p := t.lines[j]
		if p.kind != lineField && p.kind != lineItem {
			continue
		}
		if l.dash && p.kind == lineField && p.keyIndent <= l.indent && p.value == "" && !(p.dash && p.indent == l.indent) {
			return j
		}
		if !l.dash && p.kind == lineField && p.keyIndent < l.indent {
			return j
		}
		if l.dash && p.indent < l.indent && p.keyIndent > l.indent {
			return -1
		}
	}
	return -1
}

// lineAt gives the number of the line at an offset.
func (t *text) lineAt(at int) int { return strings.Count(t.data[:at], "\n") + 1 }

// span gives the text of the lines from i to before end.
func (t *text) span(i, end int) string { return t.data[t.lines[i].from:t.lines[end-1].next] }
