package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/drift/source"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// edit gives the files of a chart, by name, as they would be with a change of upstream's.
func edit(chart *helmchart.Chart, r *drift.Report, c drift.Change) (map[string][]byte, error) {
	lead := r.Findings[c.Findings[0]]
	switch {
	case c.Key != nil:
		return editValues(chart, yamldoc.Path(c.Key), c.Value)
	case lead.Layer == drift.LayerVersion:
		return editVersion(chart, r, c)
	case lead.Layer == drift.LayerValues && lead.Chart != nil && lead.Upstream != nil:
		return nil, errors.New("this chart has a default of its own")
	case lead.Layer == drift.LayerValues && lead.Upstream == nil:
		return nil, errors.New("upstream's chart has given up the key")
	case lead.Layer == drift.LayerValues:
		return nil, errors.New("no value of this chart does what the key does")
	case lead.Object == "":
		return nil, errors.New("a chart does not render")
	case c.IsEdit && r.Input.Lock != nil:
		return undoEdits(chart, r, c)
	case len(lead.Path) == 0:
		return nil, errors.New("a whole object is taken over by hand")
	}
	return editTemplates(chart, r, c)
}

// editValues sets a key in values.yaml, and in the file of all defaults if the chart has one.
func editValues(chart *helmchart.Chart, key yamldoc.Path, value any) (map[string][]byte, error) {
	out := map[string][]byte{}
	var missing error
	for _, name := range []string{"values.yaml", helmchart.DefaultsFile} {
		text := chart.File(name)
		if text == nil {
			continue
		}
		edited, err := setValue(name, text, key, value)
		if err != nil {
			missing = err
			continue
		}
		out[name] = edited
	}
	if len(out) == 0 {
		return nil, missing
	}
	return out, nil
}

func setValue(name string, text []byte, key yamldoc.Path, value any) ([]byte, error) {
	doc, err := yamldoc.ParseValues(name, text)
	if err != nil {
		return nil, err
	}
	edited, err := doc.SetValue(key, value)
	if err != nil {
		return nil, err
	}
	if _, err = yamldoc.ParseValues(name, []byte(edited)); err != nil {
		return nil, fmt.Errorf("%s cannot be edited by key: %w", name, err)
	}
	return []byte(edited), nil
}

// editVersion sets the version of the server, which the image's tag and the labels follow.
func editVersion(chart *helmchart.Chart, r *drift.Report, c drift.Change) (map[string][]byte, error) {
	i := slices.IndexFunc(c.Findings, func(i int) bool { return r.Findings[i].Path.String() == "appVersion" })
	if i < 0 {
		return nil, errors.New("it is upstream's own: a newer helm livekit knows it")
	}
	text, err := setValue("Chart.yaml", chart.File("Chart.yaml"), yamldoc.Path{"appVersion"},
		r.Findings[c.Findings[i]].Upstream)
	return map[string][]byte{"Chart.yaml": text}, err
}

// undoEdits gives the templates with the lines that were generated where they make what has been changed since.
func undoEdits(chart *helmchart.Chart, r *drift.Report, c drift.Change) (map[string][]byte, error) {
	pristine, err := scaffolding.Pristine(r.Input.Lock)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, i := range c.Findings {
		f := r.Findings[i]
		name := f.ChartAt.File
		text, generated := string(chart.File(name)), string(pristine.File(name))
		if text == "" || generated == "" {
			return nil, fmt.Errorf("%s was not generated into a file of that name", f.ID())
		}
		if out[name] != nil {
			continue
		}
		line := lineOf(text, f)
		edits := slices.DeleteFunc(udiff.Lines(text, generated), func(e udiff.Edit) bool {
			first := strings.Count(text[:e.Start], "\n") + 1
			return line.Number < first-1 || line.Number > first+strings.Count(text[e.Start:e.End], "\n")
		})
		edited, err := udiff.Apply(text, edits)
		if err != nil || edited == text {
			return nil, fmt.Errorf("%s:%d: nobody knows which edit makes the difference", name, line.Number)
		}
		out[name] = []byte(edited)
	}
	return out, nil
}

// lineOf finds the line of a template that writes a field of the chart.
func lineOf(template string, f drift.Finding) source.Line {
	kind, _, _ := strings.Cut(f.Object, "/")
	return source.LineOf(template, kind, f.Path, f.Chart)
}

// editTemplates writes upstream's values of fields into the lines of the chart's templates that write these.
func editTemplates(chart *helmchart.Chart, r *drift.Report, c drift.Change) (map[string][]byte, error) {
	out, done := map[string][]byte{}, map[string]bool{}
	for _, i := range c.Findings {
		f := r.Findings[i]
		if done[f.ID()] {
			continue // with other values in other scenarios
		}
		done[f.ID()] = true
		name := f.ChartAt.File
		text, known := out[name]
		if !known {
			text = chart.File(name)
		}
		if text == nil {
			return nil, fmt.Errorf("nobody knows which file makes %s", f.ID())
		}
		lines, err := editLines(strings.SplitAfter(string(text), "\n"), f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = []byte(strings.Join(lines, ""))
	}
	return out, nil
}

// editLines gives the lines of a template with a field as upstream has it.
func editLines(lines []string, f drift.Finding) ([]string, error) {
	line := lineOf(strings.Join(lines, ""), f)
	if line.Number == 0 {
		return nil, fmt.Errorf("nobody knows which line makes %s", f.Path)
	}
	at := line.Number - 1
	switch {
	case f.Chart != nil && f.Upstream != nil && (line.IsField || hasFlow(lines[at])):
		return replaceValue(lines, at, f)
	case f.Chart != nil && f.Upstream == nil && line.IsField && !isElement(lines[at]) && !isBlock(lines[at]):
		return slices.Delete(slices.Clone(lines), at, at+1), nil
	case f.Chart == nil && f.Upstream != nil && line.Depth == depth(f.Path)-1 && isBlock(lines[at]):
		return insertField(lines, at, f)
	}
	return nil, fmt.Errorf("line %d does not have %s as a value", line.Number, f.Path)
}

// depth is how many segments of a path are keys.
func depth(path manifest.Path) int {
	n := 0
	for _, segment := range path {
		if !strings.HasPrefix(segment, "[") {
			n++
		}
	}
	return n
}

func isElement(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "- ") }

// hasFlow reports whether a line has a map in braces, and no expression.
func hasFlow(line string) bool { return strings.Contains(line, ": {") && !strings.Contains(line, "{{") }

// isBlock reports whether a line is a key with what it holds below it.
func isBlock(line string) bool { return strings.HasSuffix(strings.TrimSpace(line), ":") }

// replaceValue writes upstream's value behind the key of a line that has the chart's there, and no expression.
func replaceValue(lines []string, at int, f drift.Finding) ([]string, error) {
	key := f.Path[len(f.Path)-1] + ":"
	head, value, found := strings.Cut(lines[at], key)
	old := fmt.Sprint(f.Chart)
	if !found || strings.Contains(value, "{{") || !strings.Contains(value, old) {
		return nil, fmt.Errorf("line %d computes the value", at+1)
	}
	out := slices.Clone(lines)
	out[at] = head + key + strings.Replace(value, old, fmt.Sprint(f.Upstream), 1)
	return out, nil
}

// insertField writes a field below the key that holds it, indented as what is there.
func insertField(lines []string, at int, f drift.Finding) ([]string, error) {
	dumped, err := yamldoc.Dump(map[string]any{f.Path[len(f.Path)-1]: f.Upstream}, yamldoc.Style{})
	if err != nil {
		return nil, err
	}
	indent := len(lines[at]) - len(strings.TrimLeft(lines[at], " -")) + 2
	if at+1 < len(lines) {
		next := lines[at+1]
		if n := len(next) - len(strings.TrimLeft(next, " ")); n >= indent && !strings.Contains(next, "{{") {
			indent = n
		}
	}
	return slices.Insert(slices.Clone(lines), at+1, strings.Repeat(" ", indent)+string(dumped)), nil
}
