// Package source finds the line on which a field is: in the YAML of an object, and in the template that renders it.
package source

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Text is a YAML text in which fields are found. What it takes to find one is kept for the next.
type Text struct {
	root     *yaml.Node
	segments map[*yaml.Node][]string   // of lists
	inner    map[*yaml.Node]*yaml.Node // of texts that are YAML themselves
}

// NewText reads a YAML text. It is nil where there is none.
func NewText(text string) *Text {
	root := Parse(text)
	if root == nil {
		return nil
	}
	return &Text{root, map[*yaml.Node][]string{}, map[*yaml.Node]*yaml.Node{}}
}

// Parse gives the root of a YAML text, nil where there is none.
func Parse(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// Find follows a path from the root as far as it leads, into texts of YAML as well. What is in a text that is no
// block counts as found with isInText.
func (t *Text) Find(path manifest.Path, isInText bool) (line, column int, found bool) {
	n, list := t.root, ""
	above, left := 0, 0 // what is before the first line and column of a text within the text
	line, column = t.root.Line, t.root.Column
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
			item := t.element(n, list, path[i])
			if item == nil {
				return line, column, false
			}
			n = item
			line, column = n.Line+above, n.Column+left
		default:
			inner := t.innerOf(n)
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
func (t *Text) element(n *yaml.Node, list, segment string) *yaml.Node {
	segments, isKnown := t.segments[n]
	if !isKnown {
		var items []any
		_ = n.Load(&items) // of a text that was parsed
		segments = manifest.Segments(list, items)
		t.segments[n] = segments
	}
	if i := slices.Index(segments, segment); i >= 0 {
		return n.Content[i]
	}
	return nil
}

// innerOf gives the root of a text that is YAML itself, nil where it is not.
func (t *Text) innerOf(n *yaml.Node) *yaml.Node {
	inner, isKnown := t.inner[n]
	if !isKnown {
		inner = Parse(n.Value)
		t.inner[n] = inner
	}
	return inner
}
