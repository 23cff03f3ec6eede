package drift

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
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

// newExplainer knows what upstream calls its objects, and which labels they have, under the scenario's values.
func newExplainer(c *charts, values map[string]any) *explainer {
	name := cmp.Or(text(values, "nameOverride"), c.sheet.Upstream.Name)
	selector := map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/instance": releaseName}
	labels := maps.Clone(selector)
	labels["helm.sh/chart"] = ownChart
	labels["app.kubernetes.io/version"] = knownAppVersion(c.sheet, c.sides.upstream)
	labels["app.kubernetes.io/managed-by"] = "Helm"
	return &explainer{rules: c.rules, setting: setting{
		V: values, U: c.sides.upstream, Full: cmp.Or(text(values, "fullnameOverride"), fullname(name)),
		Workload: c.kinds.Workload, Route: c.kinds.Route, Selector: selector, Labels: labels,
	}}
}

// knownAppVersion is the version of the server that upstream's chart has: for the version of the chart that is known
// it is known as well.
func knownAppVersion(sheet *factsheet.Sheet, upstream Side) string {
	if upstream.Version == sheet.Upstream.Version {
		return sheet.Upstream.AppVersion
	}
	return upstream.AppVersion
}

// fullname is what upstream calls its objects.
func fullname(name string) string {
	if strings.Contains(releaseName, name) {
		return releaseName
	}
	return releaseName + "-" + name
}

// explain gives what is known of an object's fields, by the text of their path. nodes are the paths that either side
// has, all that lead to a field among them.
func (e *explainer) explain(role string, nodes map[string]manifest.Path) (map[string]*explanation, error) {
	out := e.identity(role, nodes)
	for _, r := range e.rules {
		if r.object != "*" && r.object != role {
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
	var err error
	if x.upstream.value, _, x.upstream.isAnything, err = expected(r.upstream, s); err != nil {
		return nil, err
	}
	x.chart.value, _, x.chart.isAnything, err = expected(r.chart, s)
	return x, err
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
	value, _ := lookup(e.setting.V, strings.Split(r.Each, "."))
	var out []manifest.Path
	for _, leaf := range manifest.Leaves(value) {
		out = append(out, slices.Concat(r.path[:len(r.path)-1], leaf.Path))
	}
	return out
}

const conventionWhy = "follows from the chart's names and labels"

// ownChart stands for the name and version of the chart itself in a label.
const ownChart = "<chart>"

// identity explains names and labels: upstream's are known, the chart's follow its convention.
func (e *explainer) identity(role string, nodes map[string]manifest.Path) map[string]*explanation {
	out := map[string]*explanation{}
	known := func(p manifest.Path, upstream string) {
		out[p.String()] = &explanation{
			path: p, class: Convention, why: conventionWhy,
			upstream: expectation{value: orNil(upstream)}, chart: expectation{isAnything: true},
		}
	}
	known(manifest.Path{"metadata", "name"}, e.nameOf(role))
	for _, block := range e.labelsOf(role) {
		for key, value := range block.labels {
			known(slices.Concat(block.path, manifest.Path{key}), value)
		}
		n := len(block.path)
		for _, p := range nodes {
			if len(p) == n+1 && slices.Equal(p[:n], block.path) && block.labels[p[n]] == "" {
				known(p, "")
			}
		}
	}
	return out
}

// nameOf is what upstream calls an object.
func (e *explainer) nameOf(role string) string {
	v := e.setting.V
	switch role {
	case roleTURN:
		return e.setting.Full + "-turn"
	case roleTest:
		return e.setting.Full + "-test-connection"
	case "ServiceAccount/server":
		return cmp.Or(text(v, "serviceAccount", "name"), e.setting.Full)
	case "ServiceMonitor/metrics":
		return cmp.Or(text(v, "serviceMonitor", "name"), e.setting.Full)
	}
	return e.setting.Full
}

// labelBlock is a block of labels or of a selector, with what upstream has there.
type labelBlock struct {
	path   manifest.Path
	labels map[string]string
}

// labelsOf are the labels and selectors that upstream gives an object.
func (e *explainer) labelsOf(role string) []labelBlock {
	own := labelBlock{path: manifest.Path{"metadata", "labels"}}
	if role != roleConfiguration && !strings.HasPrefix(role, "BackendConfig/") {
		own.labels = e.setting.Labels
	}
	selector := e.setting.Selector
	switch kind, _, _ := strings.Cut(role, "/"); {
	case role == roleServer:
		return []labelBlock{
			own, {manifest.Path{"spec", "selector", "matchLabels"}, selector},
			{manifest.Path{"spec", "template", "metadata", "labels"}, selector},
		}
	case kind == "Service":
		return []labelBlock{own, {manifest.Path{"spec", "selector"}, selector}}
	case kind == "ServiceMonitor":
		return []labelBlock{own, {manifest.Path{"spec", "selector", "matchLabels"}, selector}}
	}
	return []labelBlock{own}
}

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
	value, _ := lookup(m, path)
	s, _ := value.(string)
	return s
}
