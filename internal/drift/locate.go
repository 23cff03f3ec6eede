package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/drift/source"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// locate notes where both objects have the field of a finding, of which the texts are given. Where neither has it,
// that is what would hold it.
func (f *Finding) locate(upstream, chart *rendered.Object, upstreamText, chartText *source.Text) {
	u, inUpstream := positionIn(upstream, upstreamText, f.Path, f.Upstream != nil)
	c, inChart := positionIn(chart, chartText, f.Path, f.Chart != nil)
	if inUpstream || !inChart {
		f.UpstreamAt = u
	}
	if inChart || !inUpstream {
		f.ChartAt = c
	}
	// The file is known where the object is there.
	f.UpstreamAt.File, f.ChartAt.File = u.File, c.File
}

// positionIn gives the position of a field in an object's text, or of what would hold it. A field with a value may be
// in a text that does not show it.
func positionIn(o *rendered.Object, text *source.Text, path manifest.Path, hasValue bool) (Position, bool) {
	if o == nil || text == nil {
		return Position{}, false
	}
	written := o.Written(path)
	line, column, found := text.Find(written, hasValue)
	if !found && o.Role == rendered.RoleConfiguration && len(written) > 2 {
		for _, r := range rendered.Facts().Renamed {
			if slices.Equal(r.New, written[2:]) {
				if l, c, isOld := text.Find(slices.Concat(written[:2], r.Old), hasValue); isOld {
					line, column, found = l, c, true
				}
			}
		}
	}
	return Position{File: o.File, Line: line, Column: column}, found
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
	line := source.LineOf(string(chart.Templates()[i].Data), kind, path, value)
	return Position{File: at.File, Line: line.Number}.text()
}

// valuesDoc is a chart's values.yaml, nil where it cannot be read.
func valuesDoc(chart *helmchart.Chart) *yamldoc.Doc {
	doc, _ := yamldoc.ParseValues("values.yaml", chart.ValuesFile())
	return doc
}
