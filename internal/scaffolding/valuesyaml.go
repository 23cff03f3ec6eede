package scaffolding

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// writeValues writes values.yaml in the repository's style: one block for each top-level key, with an empty line before
// those that are more than one line or have a comment.
func writeValues(root *tree, style convention.Style, head string) ([]byte, error) {
	var out bytes.Buffer
	if style.DocumentStart {
		out.WriteString("---\n")
	}
	out.WriteString(head)
	apart := true
	for _, c := range root.ordered(style.ValuesOrder).children {
		n := yamldoc.Pairs()
		appendPair(n, c, "", style)
		block, err := dump(n, style)
		if err != nil {
			return nil, fmt.Errorf("write values.yaml: %w", err)
		}
		long := len(c.children) > 0 || len(c.node.Content) > 0
		if long || apart || block[0] == '#' {
			out.WriteByte('\n')
		}
		out.Write(block)
		apart = long
	}
	return out.Bytes(), nil
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
		if style.Comments == "plain" {
			add("# ", h.Comment)
		} else {
			add("# ", cmp.Or(h.Comment, h.Doc))
		}
	}
	switch v := t.value; {
	case v == nil:
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
