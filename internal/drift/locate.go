package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// parseNode gives the root of a YAML text, nil where there is none.
func parseNode(text string) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// locate notes where both objects have the field of a finding, of which the texts are given. Where neither has it,
// that is what would hold it.
func (f *Finding) locate(upstream, chart *object, upstreamText, chartText *yaml.Node) {
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
func positionIn(o *object, root *yaml.Node, path manifest.Path, hasValue bool) (Position, bool) {
	if o == nil || root == nil {
		return Position{}, false
	}
	written := o.written(path)
	at, found := position(root, written, hasValue)
	if !found && o.role == roleConfiguration && len(written) > 2 {
		for _, r := range objectFacts().Renamed {
			if slices.Equal(r.New, written[2:]) {
				if old, isOld := position(root, slices.Concat(written[:2], r.Old), hasValue); isOld {
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

// position follows a path from a node as far as it leads, into texts of YAML as well. What is in a text that is no
// block counts as found with isInText.
func position(root *yaml.Node, path manifest.Path, isInText bool) (at Position, found bool) {
	n, list := root, ""
	line, column := 0, 0 // before the first ones of a text within the text
	at = Position{Line: root.Line, Column: root.Column}
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
			item := element(n, list, path[i])
			if item == nil {
				return at, false
			}
			n = item
			at.Line, at.Column = n.Line+line, n.Column+column
		default:
			inner := parseNode(n.Value)
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
func element(n *yaml.Node, list, segment string) *yaml.Node {
	var items []any
	_ = n.Load(&items) // of what yamlText wrote
	if i := slices.Index(manifest.Segments(list, items), segment); i >= 0 {
		return n.Content[i]
	}
	return nil
}

// locateChanges notes the lines of both charts' files that make a change.
func (c *charts) locateChanges(r *Report) {
	for i := range r.Changes {
		change := &r.Changes[i]
		lead := r.Findings[change.lead]
		switch {
		case lead.Layer == LayerValues:
			change.UpstreamAt = lead.UpstreamAt.text()
			if change.UpstreamAt == "" {
				change.UpstreamAt = lineReading(c.upstream, lead.Path)
			}
			if change.Key != nil {
				change.ChartAt = (&keys{file: valuesDoc(c.chart)}).position(change.Key).text()
			}
			continue
		case lead.Layer == LayerVersion:
			change.UpstreamAt = "Chart.yaml"
			continue
		}
		for _, n := range change.Findings {
			f := r.Findings[n]
			change.UpstreamAt = cmp.Or(change.UpstreamAt, c.templateLine(c.upstream, f.UpstreamAt, f, f.Upstream))
			change.ChartAt = cmp.Or(change.ChartAt, c.templateLine(c.chart, f.ChartAt, f, f.Chart))
		}
	}
}

// lineReading names the first line of a chart's templates that reads a key of its values.
func lineReading(chart *helmchart.Chart, key manifest.Path) string {
	name := ".Values." + strings.Join(key, ".")
	for _, t := range chart.Templates() {
		if before, _, found := strings.Cut(string(t.Data), name); found {
			return Position{File: t.Name, Line: strings.Count(before, "\n") + 1}.text()
		}
	}
	return ""
}

// text writes a position as FILE:LINE, "" where it is not known.
func (p Position) text() string {
	if p.File == "" || p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// templateLine names the line of a template that writes a field, its file alone where no line is known, "" where the
// chart has no such object.
func (c *charts) templateLine(chart *helmchart.Chart, at Position, f Finding, value any) string {
	i := slices.IndexFunc(chart.Templates(), func(t helmchart.File) bool { return t.Name == at.File })
	if i < 0 {
		return at.File
	}
	kind, _, _ := strings.Cut(f.Object, "/")
	path := f.Path
	if len(path) == 0 {
		path = manifest.Path{"kind"}
	}
	line := changes.LineOf(string(chart.Templates()[i].Data), kind, path, value)
	return Position{File: at.File, Line: line.Number}.text()
}

// valuesDoc is a chart's values.yaml, nil where it cannot be read.
func valuesDoc(chart *helmchart.Chart) *yamldoc.Doc {
	doc, _ := yamldoc.ParseValues("values.yaml", chart.ValuesFile())
	return doc
}
