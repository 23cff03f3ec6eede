package merge

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// outline is a YAML text by its keys, each with the lines that belong to it. What it is printed as is what was read.
type outline struct {
	header []string // above the first key and its comment
	root   *mapping
	says   map[string]any
}

// mapping is a map in block style.
type mapping struct {
	// indent is how far its keys stand to the right of the key that holds it.
	indent  int
	entries []*entry
	tail    []string // comments and empty lines behind the last entry
}

// entry is a key of a map. Its lines have no indentation but what they have more than the key.
type entry struct {
	key  string
	line int // of the key in its text, from 1
	// head is what stands above the key and belongs to it: comments and empty lines.
	head []string
	// lines are those of the key and its value, of a map in block style the key's alone.
	lines []string
	below *mapping // of a map in block style that has entries
	says  any      // the value
	// comment stands behind a value on the key's line.
	comment string
	// isConflict says that lines are both sides between markers, which stand where they are.
	isConflict bool
}

func (m *mapping) get(key string) *entry {
	if m == nil {
		return nil
	}
	if i := slices.IndexFunc(m.entries, func(e *entry) bool { return e.key == key }); i >= 0 {
		return m.entries[i]
	}
	return nil
}

// at gives the entry at a path, nil where there is none.
func (m *mapping) at(path yamldoc.Path) *entry {
	e := m.get(path[0])
	if e == nil || len(path) == 1 {
		return e
	}
	return e.below.at(path[1:])
}

// reader reads an outline.
type reader struct{ lines []string }

func readOutline(name, text string) (*outline, error) {
	doc, err := yamldoc.Parse(name, []byte(text))
	if err != nil {
		return nil, err
	}
	o := &outline{root: &mapping{}, says: doc.Map()}
	r := reader{split(text)}
	if !isBlock(doc.Root) {
		for _, line := range r.lines {
			if strings.TrimSpace(line) != "{}" {
				o.header = append(o.header, line)
			}
		}
		return o, nil
	}
	o.root = r.mapping(doc.Root, 0, len(r.lines), 0)
	first := o.root.entries[0]
	for i, line := range slices.Backward(first.head) {
		if isBlank(line) || strings.HasPrefix(line, "---") {
			o.header, first.head = first.head[:i+1], first.head[i+1:]
			break
		}
	}
	return o, nil
}

// isBlock reports whether a node is a map with a line for each of its keys.
func isBlock(n *yamldoc.Node) bool {
	return n.IsMap() && n.Style&yaml.FlowStyle == 0 && len(n.Entries) > 0 &&
		!slices.ContainsFunc(n.Entries, func(e yamldoc.Entry) bool { return e.Merged })
}

// mapping reads the lines from start to before end, which are those of a map whose holder stands in column above, from
// 0.
func (r reader) mapping(n *yamldoc.Node, start, end, above int) *mapping {
	column := n.Entries[0].Column - 1
	m := &mapping{indent: column - above}
	last := n.Entries[len(n.Entries)-1].Line
	stop := r.back(end, last, column)
	m.tail = r.cut(stop, end, column)
	for i, e := range n.Entries {
		until := stop
		if i+1 < len(n.Entries) {
			until = r.back(n.Entries[i+1].Line-1, e.Line, column)
		}
		m.entries = append(m.entries, r.entry(e, start, until, column))
		start = until
	}
	return m
}

func (r reader) entry(e yamldoc.Entry, start, end, column int) *entry {
	key := e.Line - 1
	out := &entry{
		key: e.Key, line: e.Line, head: r.cut(start, key, column), says: e.Value.Decode(),
	}
	isInside := e.Value.Line > e.Line && e.Value.Line <= end
	if !isBlock(e.Value) || !isInside || e.Value.Entries[0].Column <= e.Column {
		out.lines = r.cut(key, end, column)
		out.comment = trailingComment(out)
		return out
	}
	out.lines = r.cut(key, key+1, column)
	out.below = r.mapping(e.Value, key+1, end, column)
	return out
}

// trailingComment gives the comment behind a value that is written on one line, "" for none.
func trailingComment(e *entry) string {
	if len(e.lines) != 1 {
		return ""
	}
	line := e.lines[0]
	for i := range line {
		if !strings.HasPrefix(line[i:], " #") {
			continue
		}
		doc, err := yamldoc.Parse(e.key, []byte(line[:i]+"\n"))
		if err == nil && doc.Root.IsMap() && equal(doc.Map()[e.key], e.says) {
			return line[i+1:]
		}
	}
	return ""
}

// isAs reports whether two entries say the same with the same comments, in whatever order of keys.
func (e *entry) isAs(other *entry) bool {
	if !slices.Equal(comments(e.head), comments(other.head)) || (e.below == nil) != (other.below == nil) {
		return false
	}
	if e.below == nil {
		return e.text() == other.text() ||
			equal(e.says, other.says) && len(commentsIn(e))+len(commentsIn(other)) == 0 &&
				e.comment == other.comment
	}
	return slices.Equal(comments(e.below.tail), comments(other.below.tail)) &&
		len(e.below.entries) == len(other.below.entries) &&
		!slices.ContainsFunc(e.below.entries, func(child *entry) bool {
			twin := other.below.get(child.key)
			return twin == nil || !child.isAs(twin)
		})
}

// back goes from before end, and not above least, over the comments in a column and the empty lines above it.
func (r reader) back(end, least, column int) int {
	for ; end > least; end-- {
		line := r.lines[end-1]
		text := strings.TrimLeft(line, " ")
		isComment := strings.HasPrefix(text, "#") && len(line)-len(text) == column
		if strings.TrimSpace(line) != "" && !isComment {
			break
		}
	}
	return end
}

// asIs begins a line that keeps its indentation wherever its entry goes: no YAML has that character.
const asIs = "\x00"

// cut gives lines without the indentation of a column. Comments further left, and empty lines, have none to lose.
func (r reader) cut(start, end, column int) []string {
	var out []string
	for _, line := range r.lines[start:end] {
		text := strings.TrimLeft(line, " ")
		switch spaces := len(line) - len(text); {
		case spaces < column || strings.TrimSpace(text) == "":
			out = append(out, asIs+line)
		default:
			out = append(out, line[column:])
		}
	}
	return out
}

// String prints the outline.
func (o *outline) String() string {
	p := &printer{}
	p.add(o.header, 0)
	p.mapping(o.root, 0)
	return join(p.lines)
}

type printer struct{ lines []string }

func (p *printer) mapping(m *mapping, above int) {
	column := above + m.indent
	for _, e := range m.entries {
		p.add(e.head, column)
		if e.isConflict {
			p.lines = append(p.lines, e.lines...)
			continue
		}
		p.add(e.lines, column)
		if e.below != nil {
			p.mapping(e.below, column)
		}
	}
	p.add(m.tail, column)
}

func (p *printer) add(lines []string, column int) {
	for _, line := range lines {
		if text, isAsIs := strings.CutPrefix(line, asIs); isAsIs {
			line = text
		} else if line != "" {
			line = strings.Repeat(" ", column) + line
		}
		p.lines = append(p.lines, line)
	}
}

// text is what an entry is printed as, its head aside, as if it stood in the first column.
func (e *entry) text() string {
	if e == nil {
		return ""
	}
	p := &printer{lines: slices.Clone(e.lines)}
	if e.below != nil {
		p.mapping(e.below, 0)
	}
	return join(p.lines)
}

// holder gives the map that has the last key of a path, nil where there is none.
func (m *mapping) holder(path yamldoc.Path) *mapping {
	for _, key := range path[:len(path)-1] {
		e := m.get(key)
		if e == nil || e.below == nil {
			return nil
		}
		m = e.below
	}
	return m
}

// prune removes the maps on the way to a path that have no entries, and gives the comments that stood above them and in
// them.
func (m *mapping) prune(path yamldoc.Path) []string {
	e := m.get(path[0])
	if e == nil || e.below == nil {
		return nil
	}
	var left []string
	if len(path) > 1 {
		left = e.below.prune(path[1:])
	}
	if len(e.below.entries) == 0 {
		left = slices.Concat(comments(e.head), comments(e.below.tail), left)
		m.remove(e)
	}
	return left
}

// comments are those lines that are not empty.
func comments(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), isBlank)
}

func isBlank(line string) bool { return strings.TrimSpace(strings.TrimPrefix(line, asIs)) == "" }

func (m *mapping) remove(e *entry) {
	m.entries = slices.DeleteFunc(m.entries, func(x *entry) bool { return x == e })
}

// put sets an entry at a path, as the last one of its map. The maps on the way are made where they are missing, and a
// map joins the one that is there. It reports whether it could: what is there already stays.
func (m *mapping) put(path yamldoc.Path, e *entry) bool {
	at := m.get(path[0])
	switch {
	case len(path) == 1 && at != nil && at.below != nil && e.below != nil:
		all := true
		at.head = append(at.head, slices.Concat(comments(e.head), comments(e.below.tail))...)
		for _, child := range slices.Clone(e.below.entries) {
			all = at.below.put(yamldoc.Path{child.key}, child) && all
		}
		return all
	case len(path) == 1 && at == nil:
		e.rename(path[0])
		m.entries = append(m.entries, e)
		return true
	case len(path) == 1 || at != nil && at.below == nil && !yamldoc.IsEmpty(at.says):
		return false
	case at == nil:
		at = &entry{key: path[0], line: e.line, lines: []string{keyText(path[0]) + ":"}}
		m.entries = append(m.entries, at)
	}
	if at.below == nil {
		at.lines, at.below = []string{keyText(path[0]) + ":"}, &mapping{indent: 2}
	}
	return at.below.put(path[1:], e)
}

// rename gives an entry another key.
func (e *entry) rename(key string) {
	if rest, ok := strings.CutPrefix(e.lines[0], keyText(e.key)); ok && e.key != key {
		e.lines = append([]string{keyText(key) + rest}, e.lines[1:]...)
	}
	e.key = key
}

// keyText is a key as it is written.
func keyText(key string) string {
	if strings.ContainsAny(key, ":#{}[]&*!|>'\"%@` ") || key == "" || yamldoc.IsReserved(key) {
		return strconv.Quote(key)
	}
	return key
}
