package drift

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// parseNode gives the root of a YAML text, nil where there is none.
func parseNode(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// textIndex finds fields in a YAML text. It is made for many fields of one text: what it takes to find one is kept.
type textIndex struct {
	root     *yaml.Node
	segments map[*yaml.Node][]string   // of lists
	inner    map[*yaml.Node]*yaml.Node // of texts that are YAML themselves
}

func newTextIndex(text string) *textIndex {
	return &textIndex{parseNode(text), map[*yaml.Node][]string{}, map[*yaml.Node]*yaml.Node{}}
}

// locate notes where both objects have the field of a finding, of which the texts are given. Where neither has it,
// that is what would hold it.
func (f *Finding) locate(upstream, chart *object, upstreamText, chartText *textIndex) {
	u, inUpstream := positionIn(upstream, upstreamText, f.Path, f.Upstream != nil)
	c, inChart := positionIn(chart, chartText, f.Path, f.Chart != nil)
	if inUpstream || !inChart {
		f.UpstreamAt = u
	}
	if inChart || !inUpstream {
		f.ChartAt = c
	}
}

// positionIn gives the position of a field in an object's text, or of what would hold it. A field with a value may be
// in a text that does not show it.
func positionIn(o *object, text *textIndex, path manifest.Path, hasValue bool) (Position, bool) {
	if o == nil || text.root == nil {
		return Position{}, false
	}
	written := o.written(path)
	at, found := text.position(written, hasValue)
	if !found && o.role == roleConfiguration && len(written) > 2 {
		for _, r := range objectFacts().Renamed {
			if slices.Equal(r.New, written[2:]) {
				if old, isOld := text.position(slices.Concat(written[:2], r.Old), hasValue); isOld {
					at, found = old, true
				}
			}
		}
	}
	at.File = o.File
	return at, found
}

// written gives a path as the object has it, without what stands for names that differ between charts.
func (o *object) written(path manifest.Path) manifest.Path {
	out := slices.Clone(path)
	for i, segment := range out {
		if inner, ok := strings.CutPrefix(segment, "("); ok && strings.HasSuffix(inner, ")") {
			// It is about the key, not about what it holds.
			segment = strings.TrimPrefix(strings.TrimSuffix(inner, ")"), "order of ")
		}
		switch {
		case i == 1 && path[0] == "data" && o.entry != "" && (segment == configEntry || segment == keysEntry):
			segment = o.entry
		case i > 0 && path[i-1] == "containers" && segment == serverSegment:
			segment = "[" + serverContainer(o.Object) + "]"
		}
		out[i] = segment
	}
	return out
}

// position follows a path from the root as far as it leads, into texts of YAML as well. What is in a text that is no
// block counts as found with isInText.
func (t *textIndex) position(path manifest.Path, isInText bool) (at Position, found bool) {
	n, list := t.root, ""
	line, column := 0, 0 // before the first ones of a text within the text
	at = Position{Line: t.root.Line, Column: t.root.Column}
	for i := 0; i < len(path); i++ {
		switch n.Kind {
		case yaml.MappingNode:
			k := 0
			for k < len(n.Content) && n.Content[k].Value != path[i] {
				k += 2
			}
			if k+1 >= len(n.Content) {
				return at, false
			}
			at.Line, at.Column = n.Content[k].Line+line, n.Content[k].Column+column
			n = n.Content[k+1]
		case yaml.SequenceNode:
			item := t.element(n, list, path[i])
			if item == nil {
				return at, false
			}
			n = item
			at.Line, at.Column = n.Line+line, n.Column+column
		default:
			inner := t.innerOf(n)
			if n.Style&yaml.LiteralStyle == 0 || inner == nil {
				return at, isInText
			}
			// The text begins on the line below its key, indented by two.
			line, column = n.Line+line, at.Column+1
			n = inner
			at.Line, at.Column = n.Line+line, n.Column+column
			i--
			continue
		}
		list = path[i]
	}
	return at, true
}

// element gives the element of a list that a segment names, nil where there is none.
func (t *textIndex) element(n *yaml.Node, list, segment string) *yaml.Node {
	segments, ok := t.segments[n]
	if !ok {
		var items []any
		_ = n.Load(&items) // of what yamlText wrote
		segments = manifest.Segments(list, items)
		t.segments[n] = segments
	}
	if i := slices.Index(segments, segment); i >= 0 {
		return n.Content[i]
	}
	return nil
}

// innerOf gives the root of a text that is YAML itself, nil where it is not.
func (t *textIndex) innerOf(n *yaml.Node) *yaml.Node {
	inner, ok := t.inner[n]
	if !ok {
		inner = parseNode(n.Value)
		t.inner[n] = inner
	}
	return inner
}
