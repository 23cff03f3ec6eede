package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
)

// driftChange is a change with the places where it shows.
type driftChange struct {
	drift.Change
	Places []driftPlace
	// In names the scenarios of all places, "" where each place has its own.
	In string
}

// driftPlace is one place of a change: a field, or the fields of an element that one chart lacks.
type driftPlace struct {
	drift.Finding
	// Where names the object and the field.
	Where string
	// In counts the scenarios that show it, "" where all places of the change are in the same ones.
	In string
}

// newView gives the view of a report, with its changes also where it was made without them.
func newView(r *drift.Report, o DriftOptions) driftView {
	if len(r.Changes) == 0 && len(r.Findings) > 0 {
		grouped := *r
		grouped.Findings = slices.Clone(r.Findings)
		grouped.Group()
		r = &grouped
	}
	return driftView{r, o}
}

// Drift gives the changes that nothing explains.
func (v driftView) Drift() []*driftChange {
	var out []*driftChange
	for _, c := range v.Changes {
		if c.Class == drift.Drift {
			out = append(out, v.change(c))
		}
	}
	return out
}

// change gives the places of a change, but for those that are accepted.
func (v driftView) change(c drift.Change) *driftChange {
	var findings []drift.Finding
	for _, i := range c.Findings {
		if f := v.Findings[i]; f.Class == drift.Drift {
			findings = append(findings, f)
		}
	}
	out := &driftChange{Change: c}
	places := folded(findings)
	isOne := haveSameScenarios(places)
	if isOne {
		out.In = scenarioNames(findings, len(v.Scenarios))
	}
	for _, f := range places {
		p := driftPlace{Finding: f, Where: placeOf(f)}
		if n := len(findingScenarios(f)); !isOne && n > 0 {
			p.In = fmt.Sprintf("%d of %d scenarios", n, len(v.Scenarios))
		}
		if strings.Contains(c.Why, strings.TrimSuffix(f.Why, ".")) || f.Layer == drift.LayerValues {
			p.Why = ""
		}
		out.Places = append(out.Places, p)
	}
	return out
}

// haveSameScenarios reports whether findings about objects are all in the same scenarios.
func haveSameScenarios(findings []drift.Finding) bool {
	var first []string
	for _, f := range findings {
		names := findingScenarios(f)
		if len(names) > 0 && first != nil && !slices.Equal(names, first) {
			return false
		}
		if len(names) > 0 {
			first = names
		}
	}
	return true
}

// placeOf names a finding as the settings do: the object and the field, or the layer and the key.
func placeOf(f drift.Finding) string {
	if f.Layer == drift.LayerObjects {
		return visible(cmp.Or(strings.TrimSpace(f.Object+" "+f.Path.String()), "(rendering)"))
	}
	return visible(f.ID())
}

// folded joins the fields of an element of a list that only one of the charts has. What neither has of such an element
// says nothing more.
func folded(findings []drift.Finding) []drift.Finding {
	var out []drift.Finding
	at, fields := map[string]int{}, map[string]int{}
	for _, f := range findings {
		fields[elementOf(f)]++
	}
	for _, f := range findings {
		element := elementOf(f)
		n, known := at[element]
		switch {
		case element == "" || fields[element] == 1:
			out = append(out, f)
		case !known:
			at[element] = len(out)
			out = append(out, asElement(f))
		default:
			out[n] = withField(out[n], f)
		}
	}
	return out
}

// elementOf names the element of a list that a field is directly in, "" where both charts have the field.
func elementOf(f drift.Finding) string {
	element := f.Path[:max(len(f.Path)-1, 0)]
	isWhole := len(changes.Unit(f.Path)) == len(element) && strings.HasSuffix(element.String(), "]")
	if !isWhole || f.Upstream != nil && f.Chart != nil {
		return ""
	}
	return f.Object + " " + element.String()
}

func asElement(f drift.Finding) drift.Finding {
	out := f
	out.Path, out.Upstream, out.Chart = f.Path[:len(f.Path)-1], nil, nil
	return withField(out, f)
}

// withField adds a field to an element, on the side that has it. The scenarios are those that show most of it.
func withField(element, f drift.Finding) drift.Finding {
	name := f.Path[len(f.Path)-1]
	element.Upstream = withValue(element.Upstream, name, f.Upstream)
	element.Chart = withValue(element.Chart, name, f.Chart)
	if names := findingScenarios(f); len(names) > len(findingScenarios(element)) {
		element.Scenarios = names
	}
	if f.Upstream != nil || f.Chart != nil {
		element.Why = f.Why
	}
	return element
}

func withValue(element any, name string, value any) any {
	if value == nil {
		return element
	}
	fields, _ := element.(map[string]any)
	if fields = maps.Clone(fields); fields == nil {
		fields = map[string]any{}
	}
	fields[name] = value
	return fields
}

// Made says where both charts make a change, "" where nobody knows.
func (c *driftChange) Made() string {
	var parts []string
	if c.UpstreamAt != "" {
		parts = append(parts, "upstream "+c.UpstreamAt)
	}
	if c.ChartAt != "" {
		parts = append(parts, "chart "+c.ChartAt)
	}
	return visible(strings.Join(parts, ", "))
}
