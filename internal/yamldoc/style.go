package yamldoc

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Style is how a document is written, measured over all of it. A thing that the document does not show is "" or 0.
type Style struct {
	Indent        int    // spaces by which maps in maps are indented, most often
	Lists         string // "indented" or "flush": lists below their key
	DocumentStart bool
	Quotes        string // "double", "single", or "none" where no value has quotes
	// Collections are "flow" where maps that are not empty stand on one line ({a: 1}), "lists" where lists alone do,
	// and "block" where neither do.
	Collections string
	Comments    string // "plain", "helm-docs" (# --), "readme-generator" (## @param), "none"
}

// tally counts what is seen in a tree.
type tally struct {
	indents         map[int]int
	indented, flush int
	double, single  int
	scalars         int

	flowMaps, flowLists, blocks int
}

// HasCommentLines reports whether a comment has a line of its own.
func (d *Doc) HasCommentLines() bool {
	for line := range bytes.Lines(d.data) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			return true
		}
	}
	return false
}

// Head gives the comments before anything else, up to the first empty line, without their marks.
func (d *Doc) Head() []string {
	var out []string
	for line := range strings.Lines(string(d.data)) {
		line = strings.TrimSpace(line)
		if line == "---" && len(out) == 0 {
			continue
		}
		text, isComment := strings.CutPrefix(line, "#")
		if !isComment {
			break
		}
		out = append(out, strings.TrimPrefix(text, " "))
	}
	return out
}

// Lines counts the lines that are not empty.
func (d *Doc) Lines() int {
	n := 0
	for line := range bytes.Lines(d.data) {
		if len(bytes.TrimSpace(line)) > 0 {
			n++
		}
	}
	return n
}

var keyLine = regexp.MustCompile(`^ *["']?[A-Za-z][^:#]*:(\s|$)`)

// CommentedShare is how many of the keys have a comment right above them, from 0 to 1.
func (d *Doc) CommentedShare() float64 {
	keys, commented, isBelow := 0, 0, false
	for line := range strings.Lines(string(d.data)) {
		if keyLine.MatchString(line) {
			if keys++; isBelow {
				commented++
			}
		}
		isBelow = strings.HasPrefix(strings.TrimSpace(line), "#")
	}
	return float64(commented) / float64(max(keys, 1))
}

// Style measures the document.
func (d *Doc) Style() Style {
	t := tally{indents: map[int]int{}}
	t.walk(d.Root)
	s := Style{DocumentStart: d.DocumentStart, Comments: commentStyle(d.comments)}
	most := 0
	for indent, count := range t.indents {
		if count > most || count == most && indent < s.Indent {
			s.Indent, most = indent, count
		}
	}
	switch {
	case t.flush > t.indented:
		s.Lists = "flush"
	case t.indented > 0:
		s.Lists = "indented"
	}
	switch {
	case t.flowMaps > 0:
		s.Collections = "flow"
	case t.flowLists > 0:
		s.Collections = "lists"
	case t.blocks > 0:
		s.Collections = "block"
	}
	switch {
	case t.double > 0 && t.double >= t.single:
		s.Quotes = "double"
	case t.single > 0:
		s.Quotes = "single"
	case t.scalars > 0:
		s.Quotes = "none"
	}
	return s
}

func (t *tally) walk(n *Node) {
	for _, item := range n.Items {
		t.walk(item)
	}
	for _, e := range n.Entries {
		if e.Merged {
			continue
		}
		t.entry(n, e)
		if e.Value.Line >= e.Line { // not an alias' target further up
			t.walk(e.Value)
		}
	}
	if n.IsString() {
		t.scalars++
		switch {
		case n.Style&yaml.DoubleQuotedStyle != 0:
			t.double++
		case n.Style&yaml.SingleQuotedStyle != 0:
			t.single++
		}
	}
}

// entry measures how what is below a key is written, and how far a block is indented.
func (t *tally) entry(parent *Node, e Entry) {
	switch {
	case e.Value.Len() == 0:
	case !e.Value.isFlow():
		t.blocks++
	case e.Value.IsMap():
		t.flowMaps++
	default:
		t.flowLists++
	}
	if parent.isFlow() || e.Value.isFlow() || e.Value.Line <= e.Line {
		return
	}
	by := e.Value.Column - e.Column
	switch {
	case e.Value.Kind == Map && by > 0:
		t.indents[by]++
	case e.Value.Kind == List && by == 0:
		t.flush++
	case e.Value.Kind == List && by > 0:
		t.indented++
	}
}

func commentStyle(comments []string) string {
	plain, docs, params := 0, 0, 0
	for _, c := range comments {
		switch {
		case strings.HasPrefix(c, "## @param") || strings.HasPrefix(c, "## @section"):
			params++
		case strings.HasPrefix(c, "# -- ") || c == "# --":
			docs++
		default:
			plain++
		}
	}
	switch {
	case params > 2 || params > plain:
		return "readme-generator"
	case docs > 2 || docs > plain:
		return "helm-docs"
	case plain > 0:
		return "plain"
	}
	return "none"
}

// comment keeps the lines of comments.
func (b *builder) comment(blocks ...string) {
	for _, block := range blocks {
		b.comments = append(b.comments, commentLines(block)...)
	}
}

func commentLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// Commented is a key that stands in a comment, as an offer to the reader.
type Commented struct {
	Path  string // where the key would be
	Line  int
	Value string // what stands behind the colon
}

var (
	commentedKey = regexp.MustCompile(`^( *)# ?([A-Za-z][A-Za-z0-9_.-]*):(?: +([^\s#][^#]*?))?\s*$`)
	blockScalar  = regexp.MustCompile(`[:-] +(?:&\S+ +)?[|>][+-]?\d*[+-]?\s*(?:#.*)?$`)
)

// Commented finds keys in comments that stand at the indentation of the keys around them ("# storageClass: fast" among
// the keys of persistence). Prose that looks like a key ("# Note: never do this") is for the caller to tell apart.
func (d *Doc) Commented() []Commented {
	keys := map[int]openKey{} // by line
	collectKeys(d.Root, openKey{}, keys)
	var found []Commented
	var open []openKey
	scalarIndent := -1
	number := 0
	for line := range strings.Lines(string(d.data)) {
		number++
		text := strings.TrimRight(line, " \t\r\n")
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if text == "" {
			continue
		}
		if scalarIndent >= 0 {
			if indent > scalarIndent {
				continue
			}
			scalarIndent = -1
		}
		if m := commentedKey.FindStringSubmatch(text); m != nil {
			if parent, ok := parentAt(open, len(m[1])+1); ok && len(strings.Fields(m[3])) <= 2 {
				found = append(found, Commented{JoinPath(append(slices.Clone(parent), m[2])...), number, m[3]})
			}
			continue
		}
		if key, ok := keys[number]; ok {
			for len(open) > 0 && open[len(open)-1].column >= key.column {
				open = open[:len(open)-1]
			}
			open = append(open, key)
		}
		if !strings.HasPrefix(strings.TrimSpace(text), "#") && blockScalar.MatchString(text) {
			scalarIndent = indent
		}
	}
	return found
}

// openKey is a key whose map the line being looked at may belong to.
type openKey struct {
	path   []string // of the key itself
	column int
	empty  bool // nothing is written behind it: a comment below may be its content
	inList bool
}

// collectKeys notes the keys below one, by line; those of maps in lists as well, so
// that comments among them are not taken for the list's neighbors.
func collectKeys(n *Node, above openKey, keys map[int]openKey) {
	for _, e := range n.Entries {
		if e.Merged || n.isFlow() {
			continue
		}
		v := e.Value
		key := openKey{column: e.Column, inList: above.inList}
		if !key.inList {
			key.path = append(slices.Clone(above.path), e.Key)
			key.empty = v.IsNull() || v.Kind != Scalar && v.Line > e.Line
		}
		if _, there := keys[e.Line]; !there {
			keys[e.Line] = key
		}
		if v.Line >= e.Line { // not an alias' target further up
			collectKeys(v, key, keys)
		}
		for _, item := range v.Items {
			if item.Line >= e.Line {
				collectKeys(item, openKey{inList: true}, keys)
			}
		}
	}
}

// parentAt gives the path of the map whose keys stand at the column.
func parentAt(open []openKey, column int) ([]string, bool) {
	for i := len(open) - 1; i >= 0; i-- {
		switch key := open[i]; {
		case key.inList && key.column <= column:
			return nil, false
		case key.column == column:
			return key.path[:len(key.path)-1], true
		case key.column < column:
			return key.path, key.empty && i == len(open)-1
		}
	}
	return nil, column == 1
}
