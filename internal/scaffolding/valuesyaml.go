package scaffolding

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// defaultsFile has all values of a lean chart with their defaults, so that its values.yaml may lack any.
const defaultsFile = helmchart.DefaultsFile

// valuesFiles writes values.yaml, and of a lean chart defaults.yaml beside it: in values.yaml are then the values that
// would be another in another repository, or without what the user has asked for, and those that people look for.
func valuesFiles(p *Paths, root *tree, o Options) (map[string][]byte, error) {
	style := p.convention.Style
	if o.Values != convention.ValuesLean {
		head := fmt.Sprintf("# Values of the chart %s. README.md lists them all.\n", o.Name)
		values, err := writeValues(root, style, head)
		return map[string][]byte{"values.yaml": values}, err
	}
	plain, conv := *p, *p.convention
	conv.Defaults = convention.Defaults{}
	plain.convention = &conv
	general := Options{Name: o.Name, AppVersion: o.AppVersion, PortShift: o.PortShift}
	defaults := newTree(&plain, newApplication(general, &conv))
	lean := root.without(defaults, p.isShown)
	defaults.leaveMapsTo(lean)
	head := "# The defaults of all values. What values.yaml says goes over them.\n"
	all, err := writeValues(defaults, style, head)
	if err != nil {
		return nil, err
	}
	head = fmt.Sprintf("# Values of the chart %s. %s has those that are not here; README.md lists all.\n", o.Name,
		defaultsFile)
	values, err := writeValues(lean, style, head)
	return map[string][]byte{"values.yaml": values, defaultsFile: all}, err
}

// isShown reports whether a lean values.yaml has a value even with its default: the siblings' have it, or people look
// for it.
func (p *Paths) isShown(key factsheet.Key) bool {
	return key.Lean || p.convention.Values[key.Key].Declared
}

// writeValues writes values.yaml in the repository's style: one block for each top-level key, with an empty line before
// those that are more than one line or have a comment.
func writeValues(root *tree, style convention.Style, head string) ([]byte, error) {
	var out bytes.Buffer
	if style.DocumentStart {
		out.WriteString("---\n")
	}
	out.WriteString(header(style))
	if style.Comments != "none" {
		out.WriteString(head)
	}
	apart := true
	for _, c := range root.ordered(style.ValuesOrder).children {
		n := yamldoc.Pairs()
		appendPair(n, c, "", style)
		block, err := dump(n, style)
		if err != nil {
			return nil, fmt.Errorf("write values.yaml: %w", err)
		}
		long := len(c.children) > 0 || len(c.node.Content) > 0
		if out.Len() > 0 && (long || apart || block[0] == '#') {
			out.WriteByte('\n')
		}
		out.Write(block)
		apart = long
	}
	return out.Bytes(), nil
}

// header gives the repository's license as comments, "" where its files have none.
func header(style convention.Style) string {
	var b strings.Builder
	for _, line := range style.Header {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	return b.String()
}

// dump writes a node as YAML in the repository's style.
func dump(n *yaml.Node, style convention.Style) ([]byte, error) {
	return yamldoc.Dump(n, yamldoc.Style{Indent: style.Indent, Lists: style.Lists, Quotes: style.Quotes})
}

// appendPair adds a tree to the map that holds it.
func appendPair(parent *yaml.Node, t *tree, above string, style convention.Style) {
	at := strings.TrimPrefix(above+"."+t.key, ".")
	key := yamldoc.NodeOf(t.key)
	key.HeadComment = comment(t, at, style)
	parent.Content = append(parent.Content, key, valueNode(t, at, style))
}

func valueNode(t *tree, at string, style convention.Style) *yaml.Node {
	if t.value != nil {
		return laidOut(t.node, style.Collections)
	}
	if t.isList() {
		return yamldoc.NodeOf([]any{valueNode(t.children[0], at+"[0]", style)})
	}
	n := yamldoc.Pairs()
	for _, c := range t.children {
		appendPair(n, c, at, style)
	}
	return n
}

// laidOut gives a node with its maps and lists below their keys, where the repository has none on one line.
func laidOut(n *yaml.Node, collections string) *yaml.Node {
	isList := n.Kind == yaml.SequenceNode
	if len(n.Content) == 0 || collections != "block" && collections != "lists" || isList && collections == "lists" {
		return n
	}
	out := *n
	out.Style &^= yaml.FlowStyle
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = laidOut(c, collections)
	}
	return &out
}

// comment gives what stands above a key, in the repository's style.
func comment(t *tree, at string, style convention.Style) string {
	var lines []string
	add := func(prefix, text string) {
		for line := range strings.Lines(text) {
			lines = append(lines, prefix+strings.TrimSuffix(line, "\n"))
		}
	}
	for _, h := range t.headings {
		switch style.Comments {
		case "none":
		case "plain":
			add("# ", h.Comment)
		default:
			add("# ", cmp.Or(h.Comment, h.Doc))
		}
	}
	switch v := t.value; {
	case v == nil, style.Comments == "none":
	case style.Comments == "each":
		add("# ", cmp.Or(v.Comment, v.Doc))
	case style.Comments == "helm-docs":
		add("# ", "-- "+v.Doc)
	case style.Comments == "readme-generator":
		add("## ", "@param "+at+" "+v.Doc)
	default:
		add("# ", v.Comment)
	}
	add("# ", t.reason)
	return strings.Join(lines, "\n")
}

// valuesTable writes the values as a Markdown table: scalars and empty collections as they are, larger ones as a hint
// at the file that has them.
func valuesTable(root *tree, style convention.Style, file string) (string, error) {
	var b strings.Builder
	b.WriteString("| Key | Default | What it is |\n| --- | --- | --- |\n")
	for path, t := range root.ordered(style.ValuesOrder).leaves() {
		text := "see " + file
		if len(t.node.Content) == 0 {
			dumped, err := dump(t.node, style)
			if err != nil {
				return "", fmt.Errorf("write README.md: default of %s: %w", t.value.Key, err)
			}
			text = "`" + strings.TrimSpace(string(dumped)) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path, text, t.value.Doc)
	}
	return b.String(), nil
}
