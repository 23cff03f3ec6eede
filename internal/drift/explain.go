package drift

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// explanation says what both charts are known to have at one path, and why that differs.
type explanation struct {
	path     manifest.Path
	upstream expectation
	chart    expectation
	class    Class
	why      string
}

// expectation is what a side is known to have: a value, nil for none, or anything.
type expectation struct {
	value      any
	isAnything bool
}

func (e expectation) isAbsent() bool { return !e.isAnything && e.value == nil }

func (e expectation) holds(value any, path manifest.Path) bool {
	return e.isAnything || same(e.value, value, path)
}

// explainer knows what explains differences in one scenario.
type explainer struct {
	rules   []*rule
	setting setting
}

// newExplainer knows what upstream calls its objects under the scenario's values.
func newExplainer(c *charts, values map[string]any) *explainer {
	known := c.sheet.Upstream
	name := cmp.Or(text(values, "nameOverride"), known.Name)
	fullname := releaseName + "-" + name
	if strings.Contains(releaseName, name) {
		fullname = releaseName
	}
	s := setting{
		V: values, U: c.sides.upstream, Release: releaseName, Name: name, OwnChart: ownChart,
		Full:     cmp.Or(text(values, "fullnameOverride"), fullname),
		Workload: c.kinds.Workload, Route: c.kinds.Route,
	}
	if s.U.Version == known.Version {
		s.U.AppVersion = known.AppVersion // whatever a copy of it says
	}
	return &explainer{rules: c.rules, setting: s}
}

// explain gives what is known of an object's fields, by the text of their path. nodes are the paths that either side
// has, all that lead to a field among them.
func (e *explainer) explain(role string, nodes map[string]manifest.Path) (map[string]*explanation, error) {
	out := map[string]*explanation{}
	e.setting.Object = role
	for _, r := range e.rules {
		if ok, _ := path.Match(r.object, role); !ok && r.object != "*" {
			continue
		}
		r, err := r.filled(e.setting)
		if err != nil {
			return nil, err
		}
		for _, p := range e.expand(r, nodes) {
			x, err := e.apply(r, p)
			if err != nil {
				return nil, err
			}
			if x != nil {
				out[p.String()] = x
			}
		}
	}
	return out, nil
}

// apply gives what a rule says of a path, nil where it is about another one or does not hold.
func (e *explainer) apply(r *rule, p manifest.Path) (*explanation, error) {
	captured, ok := r.matches(p)
	if !ok {
		return nil, nil
	}
	s := e.setting
	s.K = captured
	if holds, err := r.holds(s); err != nil || !holds {
		return nil, err
	}
	x := &explanation{path: p, class: r.class, why: r.why}
	var upstreamErr, chartErr error
	x.upstream, upstreamErr = expected(r.upstream, s)
	x.chart, chartErr = expected(r.chart, s)
	return x, errors.Join(upstreamErr, chartErr)
}

// expand gives the paths that a rule is about: the one that it names, and those for which its wildcards can stand.
func (e *explainer) expand(r *rule, nodes map[string]manifest.Path) []manifest.Path {
	if !slices.ContainsFunc(r.path, func(s string) bool { return strings.Contains(s, "*") }) {
		return []manifest.Path{r.path}
	}
	out := e.each(r)
	last := len(r.path) - 1
	parent := &rule{path: r.path[:last]}
	for _, p := range nodes {
		if _, ok := r.matches(p); ok {
			out = append(out, p)
		}
		// A field that is missing on both sides has no node of its own.
		if _, ok := parent.matches(p); ok && !strings.Contains(r.path[last], "*") {
			out = append(out, slices.Concat(p, manifest.Path{r.path[last]}))
		}
	}
	return out
}

// each gives the paths for the entries of the scenario's values that a rule names: what upstream's chart ought to
// have is looked for where nobody has it.
func (e *explainer) each(r *rule) []manifest.Path {
	if r.Each == "" {
		return nil
	}
	value, _ := yamldoc.Lookup(e.setting.V, strings.Split(r.Each, "."))
	var out []manifest.Path
	for _, leaf := range manifest.Leaves(value) {
		out = append(out, slices.Concat(r.path[:len(r.path)-1], leaf.Path))
	}
	return out
}

// ownChart stands for the name and version of the chart itself in a label.
const ownChart = "<chart>"

// hideOwnVersion replaces, in place, a chart's own name and version, NAME-VERSION, in its labels: they change with
// every release of the chart and mean nothing.
func hideOwnVersion(own string, labels map[string]any) {
	for _, k := range []string{"helm.sh/chart", "chart"} {
		if labels[k] == own {
			labels[k] = ownChart
		}
	}
}

func text(m map[string]any, path ...string) string {
	value, _ := yamldoc.Lookup(m, path)
	s, _ := value.(string)
	return s
}
