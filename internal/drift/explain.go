package drift

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/drift/rulepath"
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

// newSetting knows what upstream calls its objects under a scenario's values.
func newSetting(c *charts, values map[string]any) setting {
	known := c.sheet.Upstream
	override, _ := values["nameOverride"].(string)
	fullOverride, _ := values["fullnameOverride"].(string)
	name := cmp.Or(override, known.Name)
	fullname := rendered.ReleaseName + "-" + name
	if strings.Contains(rendered.ReleaseName, name) {
		fullname = rendered.ReleaseName
	}
	s := setting{
		rules: c.rules, V: values, U: c.sides.upstream, Release: rendered.ReleaseName,
		Name: name, OwnChart: rendered.OwnChart,
		Full: cmp.Or(fullOverride, fullname), Workload: c.kinds.Workload, Route: c.kinds.Route,
	}
	if s.U.Version == known.Version {
		s.U.AppVersion = known.AppVersion // whatever a copy of it says
	}
	return s
}

// explain gives what is known of an object's fields, by the text of their path. nodes are the paths that either side
// has, all that lead to a field among them.
func (s setting) explain(role string, nodes map[string]manifest.Path) (map[string]*explanation, error) {
	out := map[string]*explanation{}
	s.Object = role
	for _, r := range s.rules.list {
		if ok, _ := path.Match(r.object, role); !ok && r.object != "*" {
			continue
		}
		pathText, err := s.fill(r.Path)
		if err != nil {
			return nil, err
		}
		pattern := rulepath.Read(pathText)
		for _, p := range s.expand(pattern, r.Each, nodes) {
			x, err := s.apply(r, pattern, p)
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
func (s setting) apply(r rule, pattern, p manifest.Path) (*explanation, error) {
	captured, ok := rulepath.Match(pattern, p)
	if !ok {
		return nil, nil
	}
	s.K = captured
	if holds, err := s.fill(r.when); err != nil || r.when != "" && holds != "true" {
		return nil, err
	}
	x := &explanation{path: p, class: r.class, why: r.why}
	var upstreamErr, chartErr error
	x.upstream, upstreamErr = s.expected(r.Upstream)
	x.chart, chartErr = s.expected(r.Chart)
	return x, errors.Join(upstreamErr, chartErr)
}

// expand gives the paths that a pattern is about: the one that it names, those for which its wildcards can stand, and
// those for the entries of the scenario's values at each: what upstream's chart ought to have is looked for where
// nobody has it.
func (s setting) expand(pattern manifest.Path, each string, nodes map[string]manifest.Path) []manifest.Path {
	if !strings.Contains(pattern.String(), "*") {
		return []manifest.Path{pattern}
	}
	var out []manifest.Path
	parent, last := pattern[:len(pattern)-1], pattern[len(pattern)-1]
	if each != "" {
		value, _ := yamldoc.Lookup(s.V, strings.Split(each, "."))
		for _, leaf := range manifest.Leaves(value) {
			out = append(out, slices.Concat(parent, leaf.Path))
		}
	}
	for _, p := range nodes {
		if _, ok := rulepath.Match(pattern, p); ok {
			out = append(out, p)
		}
		// A field that is missing on both sides has no node of its own.
		if _, ok := rulepath.Match(parent, p); ok && !strings.Contains(last, "*") {
			out = append(out, slices.Concat(p, manifest.Path{last}))
		}
	}
	return out
}
