package convert

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// writer writes converted values with the comments of the source.
type writer struct {
	paths    *scaffolding.Paths
	settings []scaffolding.Setting
	source   map[string]*entry // by dotted path
	chart    map[string]*entry // of the chart's values.yaml, which gives the order
	origins  []origin
	written  []*entry // of the result, in its order
	head     string   // comments of the file itself
	foot     string
}

// entry is a key of a document with its value.
type entry struct {
	path       string
	key, value *yaml.Node
	says       any // the value as Helm reads it
	used       bool
}

// origin says where a value of the chart comes from.
type origin struct {
	to, from string // dotted; from is "" for what the user has not asked for
	comment  string
}

// index lists the entries of a document by path, with what Helm reads of them. The text has been read before.
func index(data []byte, values map[string]any) map[string]*entry {
	root := &yaml.Node{}
	_ = yaml.Unmarshal(data, root)
	out := map[string]*entry{}
	var add func(at string, node *yaml.Node, values any)
	add = func(at string, node *yaml.Node, values any) {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		below := as[map[string]any](values)
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			path := join(at, key.Value)
			out[path] = &entry{path: path, key: key, value: value, says: below[key.Value]}
			add(path, value, below[key.Value])
		}
	}
	for _, body := range root.Content {
		add("", body, values)
	}
	return out
}

func join(at, key string) string { return strings.TrimPrefix(at+"."+key, ".") }

// write gives the file. It is read again: where the comments of the source make it say something else, it has none.
func (w *writer) write(values map[string]any) (out []byte, hasComments bool, err error) {
	w.findOrigins()
	body := w.mapping("", values)
	leftovers := w.keepLeftovers()
	out, err = blocks(body, w.head, leftovers, w.foot)
	if err != nil {
		return nil, false, err
	}
	if read, err := helmchart.ParseValues("", out); err == nil && helmchart.Equal(read, values) {
		return out, true, nil
	}
	plain := &writer{chart: w.chart}
	out, err = blocks(plain.mapping("", values), "")
	return out, false, err
}

// blocks writes a map with an empty line between its blocks.
func blocks(body *yaml.Node, head string, below ...string) ([]byte, error) {
	var out bytes.Buffer
	if head != "" {
		out.WriteString(head + "\n\n")
	}
	apart := false
	for i := 0; i+1 < len(body.Content); i += 2 {
		block, err := yamldoc.Dump(&yaml.Node{Kind: yaml.MappingNode, Content: body.Content[i : i+2]}, yamldoc.Style{})
		if err != nil {
			return nil, fmt.Errorf("write values: %w", err)
		}
		block = append(bytes.TrimRight(block, "\n"), '\n')
		long := bytes.Count(block, []byte("\n")) > 1
		if i > 0 && (long || apart) {
			out.WriteByte('\n')
		}
		out.Write(block)
		apart = long
	}
	for _, text := range below {
		if text != "" {
			out.WriteString("\n" + text + "\n")
		}
	}
	if len(body.Content) == 0 {
		out.WriteString("{}\n")
	}
	return out.Bytes(), nil
}

// findOrigins notes the path of each setting and what it comes from.
func (w *writer) findOrigins() {
	for _, s := range w.settings {
		o := origin{to: w.pathOf(s)}
		if o.to == "" {
			continue
		}
		if len(s.From) > 0 {
			o.from = s.From[0]
		}
		if !s.IsAsked {
			o.comment = s.Comment
		}
		w.origins = append(w.origins, o)
		for below, moved := range s.Moved {
			w.origins = append(w.origins, origin{to: join(o.to, below), from: moved})
		}
	}
	// The most exact one first.
	slices.SortStableFunc(w.origins, func(a, b origin) int { return len(b.to) - len(a.to) })
}

func (w *writer) pathOf(s scaffolding.Setting) string {
	return cmp.Or(w.paths.Text(s.Key), w.paths.Text(s.Else))
}

// from gives the source's entry for a path, nil for none, and the comment on it.
func (w *writer) from(at string) (*entry, string) {
	for _, o := range w.origins {
		if at == o.to {
			return w.source[o.from], o.comment
		}
		if rest, ok := strings.CutPrefix(at, o.to+"."); ok && o.from != "" {
			return w.source[join(o.from, rest)], ""
		}
	}
	return nil, ""
}

// keepAsked adds to the values what the user has set and the chart has by default: they will look for it.
func (w *writer) keepAsked(values, full, own map[string]any) {
	for _, s := range w.settings {
		to := w.pathOf(s)
		if !s.IsAsked || to == "" || len(s.From) == 0 {
			continue
		}
		for _, leaf := range yamldoc.Leaves(get(own, strings.Split(s.From[0], ".")...)) {
			at := slices.Concat(strings.Split(to, "."), leaf)
			for now, old := range s.Moved {
				if old == join(s.From[0], strings.Join(leaf, ".")) {
					at = strings.Split(join(to, now), ".")
				}
			}
			if v := get(full, at...); v != nil {
				keep(values, at, v)
			}
		}
	}
}

// keep puts a value where nothing is yet.
func keep(m map[string]any, path yamldoc.Path, value any) {
	for i := range path {
		above, ok := yamldoc.Lookup(m, path[:i])
		if _, isMap := above.(map[string]any); ok && !isMap {
			return
		}
	}
	if _, there := yamldoc.Lookup(m, path); !there {
		yamldoc.Set(m, path, value)
	}
}

// mapping makes the node of a map of values.
func (w *writer) mapping(at string, values map[string]any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, k := range w.sorted(at, values) {
		path := join(at, k)
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k}
		w.written = append(w.written, &entry{path: path, key: key})
		src, comment := w.from(path)
		isUsed := src != nil && src.used
		value := w.value(path, values[k], src)
		if src != nil && !isUsed && w.isAbout(src, values[k]) {
			copyComments(key, value, src)
			src.used = true
		} else if comment != "" {
			key.HeadComment = "# " + comment
		}
		node.Content = append(node.Content, key, value)
	}
	return node
}

// sorted gives the keys in the chart's order; those that it has not come behind them, in the source's.
func (w *writer) sorted(at string, values map[string]any) []string {
	position := func(key string) int {
		path := join(at, key)
		if e := w.chart[path]; e != nil {
			return e.key.Line*1000 + e.key.Column
		}
		if src, _ := w.from(path); src != nil {
			return math.MaxInt32 + src.key.Line
		}
		return math.MaxInt32
	}
	keys := slices.Sorted(maps.Keys(values))
	slices.SortStableFunc(keys, func(a, b string) int { return position(a) - position(b) })
	return keys
}

// value makes the node of a value: the source's own where it says the same, with all comments in it.
func (w *writer) value(path string, v any, src *entry) *yaml.Node {
	if src != nil && isPlain(src.value) && helmchart.Equal(src.says, v) {
		markUsed(w.source, src.path)
		return src.value
	}
	if m, ok := v.(map[string]any); ok {
		return w.mapping(path, m)
	}
	return yamldoc.NodeOf(v)
}

// isPlain reports whether a node stands by itself: without anchors and aliases,
// which would lead nowhere in another file.
func isPlain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return false
	}
	for i, c := range n.Content {
		if !isPlain(c) || n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == "<<" {
			return false
		}
	}
	return true
}

func markUsed(source map[string]*entry, path string) {
	for p, e := range source {
		if p == path || strings.HasPrefix(p, path+".") {
			e.used = true
		}
	}
}

func copyComments(key, value *yaml.Node, src *entry) {
	key.HeadComment, key.LineComment, key.FootComment = src.key.HeadComment, src.key.LineComment, src.key.FootComment
	switch comment := src.value.LineComment; {
	case value == src.value || comment == "":
	case value.Kind == yaml.ScalarNode:
		value.LineComment = comment
	case key.LineComment == "":
		key.HeadComment = strings.TrimPrefix(key.HeadComment+"\n"+comment, "\n")
	}
}

// isAbout reports whether the comments of a source's entry are about a value that was made of it: one that says the
// same, or the only one.
func (w *writer) isAbout(src *entry, value any) bool {
	_, isBlock := src.says.(map[string]any)
	if _, isMap := value.(map[string]any); isMap && isBlock || helmchart.Equal(src.says, value) {
		return true
	}
	made := 0
	for _, o := range w.origins {
		if o.from == src.path {
			made++
		}
	}
	return made == 1
}

// keepLeftovers keeps the comments of keys that went elsewhere or nowhere: above the block in which all is that came of
// the key, else with the key's name for the end of the file.
func (w *writer) keepLeftovers() string {
	var left []string
	for _, e := range slices.SortedFunc(maps.Values(w.source), byPosition) {
		if e.used {
			continue
		}
		comments := commentsOf(e)
		if len(comments) == 0 {
			continue
		}
		text := strings.Join(comments, "\n")
		if block := w.blockOf(e); block != nil {
			block.HeadComment = strings.TrimSuffix(text+"\n"+block.HeadComment, "\n")
			continue
		}
		left = append(left, "# "+e.path+":\n"+text)
	}
	if len(left) == 0 {
		return ""
	}
	return "# Comments about keys that have become others, or none:\n#\n" + strings.Join(left, "\n#\n")
}

// blockOf finds the deepest block of the result that holds all that came of a source's block, nil where there is none.
func (w *writer) blockOf(e *entry) *yaml.Node {
	var common []string
	for _, o := range w.origins {
		if !strings.HasPrefix(o.from, e.path+".") {
			continue
		}
		above := strings.Split(o.to, ".")
		above = above[:len(above)-1]
		if common == nil {
			common = above
		}
		same := 0
		for same < min(len(common), len(above)) && common[same] == above[same] {
			same++
		}
		common = common[:same]
	}
	i := slices.IndexFunc(w.written, func(written *entry) bool { return written.path == strings.Join(common, ".") })
	if i < 0 {
		return nil
	}
	return w.written[i].key
}

// commentsOf gives the comments of an entry. Those in maps are entries' own.
func commentsOf(e *entry) []string {
	out := []string{e.key.HeadComment, e.key.LineComment, e.key.FootComment}
	if e.value.Kind == yaml.SequenceNode {
		out = append(out, allComments(e.value)...)
	} else {
		out = append(out, e.value.LineComment)
	}
	return slices.DeleteFunc(out, func(text string) bool { return text == "" })
}
