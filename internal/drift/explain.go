package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// explanation says what both charts are known to have at one place, and why
// that differs.
type explanation struct {
	upstream place
	chart    place
	class    Class
	why      string
}

// place is what is expected somewhere.
type place struct {
	value      any
	isAbsent   bool
	isAnything bool
}

func (p place) holds(leaf manifest.Leaf, there bool) bool {
	switch {
	case p.isAnything:
		return true
	case p.isAbsent || !there:
		return p.isAbsent && !there
	}
	return same(p.value, leaf.Value, leaf.Path)
}

// explainer knows what explains differences in one scenario.
type explainer struct {
	rules   []*rule
	setting setting
}

func newExplainer(s *subject, values map[string]any) *explainer {
	upstream := s.sides.upstream
	e := &explainer{rules: s.rules, setting: setting{V: values, U: upstream, Workload: s.kinds.Workload, Route: s.kinds.Route}}
	e.identify(s.sheet, values, upstream)
	return e
}

// identify says what upstream calls its objects and which labels they have.
func (e *explainer) identify(sheet *factsheet.Sheet, values map[string]any, upstream Side) {
	s := &e.setting
	name := or(text(values, "nameOverride"), sheet.Upstream.Name)
	s.Full = or(text(values, "fullnameOverride"), fullname(name))
	s.Selector = map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/instance": releaseName}
	s.Labels = maps.Clone(s.Selector)
	s.Labels["helm.sh/chart"] = ownChart
	s.Labels["app.kubernetes.io/version"] = knownAppVersion(sheet, upstream)
	s.Labels["app.kubernetes.io/managed-by"] = "Helm"
}

// knownAppVersion is the version of the server that upstream's chart has: for the
// version of the chart that is known it is known as well.
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

// explain gives what is known of an object's fields, by path. nodes are the
// paths that either side has, all that lead to a field among them.
func (e *explainer) explain(role string, nodes map[string]manifest.Path) (map[string]explanation, error) {
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
			captured, ok := r.matches(p)
			if !ok {
				continue
			}
			s := e.setting
			s.K = captured
			if holds, err := r.holds(s); err != nil {
				return nil, err
			} else if !holds {
				continue
			}
			x := explanation{class: r.class, why: r.why}
			var err error
			if x.upstream.value, x.upstream.isAbsent, x.upstream.isAnything, err = expected(r.upstream, s); err != nil {
				return nil, err
			}
			if x.chart.value, x.chart.isAbsent, x.chart.isAnything, err = expected(r.chart, s); err != nil {
				return nil, err
			}
			out[p.String()] = x
		}
	}
	return out, nil
}

// expand gives the paths that a rule is about: the one that it names, and those
// for which its wildcards can stand.
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

// each gives the paths for the entries of the scenario's values that a rule names:
// what upstream's chart ought to have is looked for where nobody has it.
func (e *explainer) each(r *rule) []manifest.Path {
	if r.Each == "" {
		return nil
	}
	var value any = e.setting.V
	for _, key := range strings.Split(r.Each, ".") {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	var out []manifest.Path
	for _, leaf := range manifest.Leaves(value) {
		out = append(out, slices.Concat(r.path[:len(r.path)-1], leaf.Path))
	}
	return out
}

const conventionWhy = "follows from the chart's names and labels"

// ownChart stands for the name and version of the chart itself in a label.
const ownChart = "<chart>"

// identity explains names and labels: upstream's are known, the chart's follow
// its convention.
func (e *explainer) identity(role string, nodes map[string]manifest.Path) map[string]explanation {
	out := map[string]explanation{}
	any := place{isAnything: true}
	known := func(p manifest.Path, value string) {
		x := explanation{class: Convention, why: conventionWhy, chart: any}
		x.upstream.value, x.upstream.isAbsent = value, value == ""
		out[p.String()] = x
	}
	labels := func(at manifest.Path, want map[string]string) {
		for key, value := range want {
			known(slices.Concat(at, manifest.Path{key}), value)
		}
		for _, p := range nodes {
			if len(p) == len(at)+1 && slices.Equal(p[:len(at)], at) && want[p[len(at)]] == "" {
				known(p, "")
			}
		}
	}
	known(manifest.Path{"metadata", "name"}, e.nameOf(role))
	labels(manifest.Path{"metadata", "labels"}, e.labelsOf(role))
	switch {
	case role == roleServer:
		labels(manifest.Path{"spec", "selector", "matchLabels"}, e.setting.Selector)
		labels(manifest.Path{"spec", "template", "metadata", "labels"}, e.setting.Selector)
	case strings.HasPrefix(role, "Service/"):
		labels(manifest.Path{"spec", "selector"}, e.setting.Selector)
	case strings.HasPrefix(role, "ServiceMonitor/"):
		labels(manifest.Path{"spec", "selector", "matchLabels"}, e.setting.Selector)
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
		return or(text(v, "serviceAccount", "name"), e.setting.Full)
	case "ServiceMonitor/metrics":
		return or(text(v, "serviceMonitor", "name"), e.setting.Full)
	}
	return e.setting.Full
}

// labelsOf are the labels that upstream gives an object.
func (e *explainer) labelsOf(role string) map[string]string {
	if role == roleConfiguration || strings.HasPrefix(role, "BackendConfig/") {
		return nil
	}
	return e.setting.Labels
}

// ownLabels replaces, in place, a chart's own name and version in its labels:
// they change with every release of the chart and mean nothing.
// own is NAME-VERSION.
func ownLabels(own string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if (k == "helm.sh/chart" || k == "chart") && x == own {
				v[k] = ownChart
			}
			ownLabels(own, x)
		}
	case []any:
		for _, x := range v {
			ownLabels(own, x)
		}
	}
}

func text(m map[string]any, path ...string) string {
	var value any = m
	for _, key := range path {
		below, _ := value.(map[string]any)
		value = below[key]
	}
	s, _ := value.(string)
	return s
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
