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
	rules   *rules
	setting setting
}

// newExplainer knows what upstream calls its objects under the scenario's values.
func newExplainer(c *charts, values map[string]any) *explainer {
	known := c.sheet.Upstream
	override, _ := values["nameOverride"].(string)
	fullOverride, _ := values["fullnameOverride"].(string)
	name := cmp.Or(override, known.Name)
	fullname := releaseName + "-" + name
	if strings.Contains(releaseName, name) {
		fullname = releaseName
	}
	s := setting{
		V: values, U: c.sides.upstream, Release: releaseName, Name: name, OwnChart: ownChart,
		Full: cmp.Or(fullOverride, fullname), Workload: c.kinds.Workload, Route: c.kinds.Route,
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
	for _, r := range e.rules.list {
		if ok, _ := path.Match(r.object, role); !ok && r.object != "*" {
			continue
		}
		pathText, err := e.rules.fill(r.Path, e.setting)
		if err != nil {
			return nil, err
		}
		pattern := splitPath(pathText)
		for _, p := range e.expand(pattern, r.Each, nodes) {
			x, err := e.apply(r, pattern, p)
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

// apply gives what a rule says of a path, nil where its pattern is about another one or it does not hold.
func (e *explainer) apply(r rule, pattern, p manifest.Path) (*explanation, error) {
	captured, ok := matchPath(pattern, p)
	if !ok {
		return nil, nil
	}
	s := e.setting
	s.K = captured
	if holds, err := e.rules.fill(r.when, s); err != nil || r.when != "" && holds != "true" {
		return nil, err
	}
	x := &explanation{path: p, class: r.class, why: r.why}
	var upstreamErr, chartErr error
	x.upstream, upstreamErr = e.rules.expected(r.Upstream, s)
	x.chart, chartErr = e.rules.expected(r.Chart, s)
	return x, errors.Join(upstreamErr, chartErr)
}

// expand gives the paths that a pattern is about: the one that it names, those for which its wildcards can stand, and
// those for the entries of the scenario's values at each: what upstream's chart ought to have is looked for where
// nobody has it.
func (e *explainer) expand(pattern manifest.Path, each string, nodes map[string]manifest.Path) []manifest.Path {
	if !strings.Contains(pattern.String(), "*") {
		return []manifest.Path{pattern}
	}
	var out []manifest.Path
	parent, last := pattern[:len(pattern)-1], pattern[len(pattern)-1]
	if each != "" {
		value, _ := yamldoc.Lookup(e.setting.V, strings.Split(each, "."))
		for _, leaf := range manifest.Leaves(value) {
			out = append(out, slices.Concat(parent, leaf.Path))
		}
	}
	for _, p := range nodes {
		if _, ok := matchPath(pattern, p); ok {
			out = append(out, p)
		}
		// A field that is missing on both sides has no node of its own.
		if _, ok := matchPath(parent, p); ok && !strings.Contains(last, "*") {
			out = append(out, slices.Concat(p, manifest.Path{last}))
		}
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
