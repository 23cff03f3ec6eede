package names

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// pattern turns outlined text into a pattern of Label.Value. It fails where the text is not understood.
func (t Templates) pattern(text string) (string, bool) {
	out := strings.Trim(strings.TrimSpace(text), `"'`)
	out = strings.ReplaceAll(out, "{name}-{chartVersion}", "{chart}")
	if !strings.Contains(out, "{") {
		out = WithName(out, t.chart)
	}
	return out, isKnown(out) && !strings.Contains(out, "{chartVersion}")
}

var labelLine = regexp.MustCompile(`^["']?([A-Za-z0-9][A-Za-z0-9._/-]*)["']?:\s*(.+)$`)

// labels reads the labels in some lines. It fails where a named template of them is not there to be read.
func (t Templates) labels(lines []string) ([]convention.Label, bool) {
	var out []convention.Label
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, missing) {
			return nil, false
		}
		m := labelLine.FindStringSubmatch(text)
		if m == nil || slices.ContainsFunc(out, func(l convention.Label) bool { return l.Name == m[1] }) {
			continue
		}
		value, isKnown := t.pattern(m[2])
		if l := (convention.Label{Name: m[1], Value: value}); isKnown && l.IsValid() {
			out = append(out, l)
		}
	}
	return out, true
}

// labelsAt reads the labels under nested keys of an object.
func (t Templates) labelsAt(o *object, keys ...string) ([]convention.Label, bool) {
	inline, lines := o.section(keys...)
	return t.labels(append([]string{inline}, lines...))
}

// labelFacts reads the labels of the workload, its selector and that of its Service.
func (t Templates) labelFacts(w *object) (convention.Labels, bool) {
	selector, isKnown := t.labelsAt(w, "spec", "selector", "matchLabels")
	own, isOwnKnown := t.labelsAt(w, "metadata", "labels")
	service, _ := t.labelsAt(t.object("Service"), "spec", "selector")
	labels, ok := NewLabels(own, selector, nil, [][]convention.Label{service})
	labels.Fact = t.fact(w)
	return labels, ok && isKnown && isOwnKnown
}

// fact says that an object of the templates tells something.
func (t Templates) fact(o *object) convention.Fact { return byName(t.Shown + "/templates/" + o.file) }

// namingFacts reads how the workload and its companions are named.
func (t Templates) namingFacts(w *object) (convention.Naming, bool) {
	n, ok := NewNaming(w.kind, func(kind string) (base, suffix string, ok bool) {
		return t.objectName(t.object(kind))
	})
	n.HelperPrefix, n.Fact = cmp.Or(t.helperPrefix(), n.HelperPrefix), t.fact(w)
	return n, ok
}

// objectName splits an object's name into one of the Fullname patterns and what is appended to it.
func (t Templates) objectName(o *object) (base, suffix string, ok bool) {
	text, _ := o.section("metadata", "name")
	p, isKnown := t.pattern(text)
	base, suffix = SplitName(p)
	if rest, found := strings.CutPrefix(p, "{fullname}"); found {
		base, suffix = t.fullname(), rest
	}
	return base, suffix, isKnown && base != "" && IsPlainSuffix(suffix)
}

// fullname reads the scheme of the chart's fullname template. Where it is a library's, it is taken for the usual one.
func (t Templates) fullname() string {
	i := slices.IndexFunc(t.order, func(n string) bool { return n == "fullname" || strings.HasSuffix(n, ".fullname") })
	if i < 0 {
		return convention.FullnameHelmCreate
	}
	root := t.defines[t.order[i]].Root
	if text := root.String(); strings.Contains(text, "contains ") && strings.Contains(text, ".Release.Name") {
		return convention.FullnameHelmCreate
	}
	dropped := strings.NewReplacer("-", "", "{fullname}", "", unknown, "", " ", "", "\n", "")
	schemes := map[string]string{
		"{release}{name}": convention.FullnameReleaseChart, "{name}{release}": convention.FullnameChartRelease,
		"{release}": convention.FullnameRelease, "{name}": convention.FullnameChart,
	}
	return cmp.Or(schemes[dropped.Replace(t.outline(root, nil))], convention.FullnameHelmCreate)
}
