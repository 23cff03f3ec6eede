// Package source finds the line on which a field is: in the YAML of an object, and in the template that renders it.
package source

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Parse gives the root of a YAML text, nil where there is none.
func Parse(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// Find follows a path from a node as far as it leads, into texts of YAML as well. What is in a text that is no
// block counts as found with isInText.
func Find(root *yaml.Node, path manifest.Path, isInText bool) (line, column int, found bool) {
	n, list := root, ""
	above, left := 0, 0 // what is before the first line and column of a text within the text
	line, column = root.Line, root.Column
	for i := 0; i < len(path); i++ {
		switch n.Kind {
		case yaml.MappingNode:
			k := 0
			for k < len(n.Content) && n.Content[k].Value != path[i] {
				k += 2
			}
			if k+1 >= len(n.Content) {
				return line, column, false
			}
			line, column = n.Content[k].Line+above, n.Content[k].Column+left
			n = n.Content[k+1]
		case yaml.SequenceNode:
			item := element(n, list, path[i])
			if item == nil {
				return line, column, false
			}
			n = item
			line, column = n.Line+above, n.Column+left
		default:
			inner := Parse(n.Value)
			if n.Style&yaml.LiteralStyle == 0 || inner == nil {
				return line, column, isInText
			}
			// The text begins on the line below its key, indented by two.
			above, left = n.Line+above, column+1
			n = inner
			line, column = n.Line+above, n.Column+left
			i--
			continue
		}
		list = path[i]
	}
	return line, column, true
}

// element gives the element of a list that a segment names, nil where there is none.
func element(n *yaml.Node, list, segment string) *yaml.Node {
	var items []any
	_ = n.Load(&items) // of what yamlText wrote
	if i := slices.Index(manifest.Segments(list, items), segment); i >= 0 {
		return n.Content[i]
	}
	return nil
}
