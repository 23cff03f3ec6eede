package names

import (
	"cmp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// labels reads the labels in some lines; named templates in it are followed.
// It fails where one of those is not there to be read.
func (t Templates) labels(lines []string, vars map[string]string, depth int) ([]convention.Label, bool) {
	var out []convention.Label
	ok := true
	for _, line := range lines {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "#") {
			continue
		}
		if strings.HasPrefix(text, "{{") {
			m := includeCall.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			body, there := t.defines[m[1]]
			if !there || depth > 8 {
				ok = false
				continue
			}
			more, known := t.labels(body, assignments(t, body), depth+1)
			ok = ok && known
			out = appendLabels(out, more...)
			continue
		}
		m := labelLine.FindStringSubmatch(text)
		if m == nil || m[2] == "" {
			continue
		}
		if p, known := t.pattern(m[2], vars, depth); known && (convention.Label{Name: m[1], Value: p}).IsValid() {
			out = appendLabels(out, convention.Label{Name: m[1], Value: p})
		}
	}
	return out, ok
}

func appendLabels(to []convention.Label, more ...convention.Label) []convention.Label {
	for _, l := range more {
		if !slices.ContainsFunc(to, func(o convention.Label) bool { return o.Name == l.Name }) {
			to = append(to, l)
		}
	}
	return to
}

// labelFacts reads the labels of the workload, its selector and that of its
// Service.
func (t Templates) labelFacts(w *object) (convention.Labels, bool) {
	inline, lines, there := w.section("spec", "selector", "matchLabels")
	selector, ok := t.labels(withInline(inline, lines), w.vars, 0)
	if !there || !ok || len(selector) == 0 {
		return convention.Labels{}, false
	}
	inline, lines, there = w.section("metadata", "labels")
	own, ok := t.labels(withInline(inline, lines), w.vars, 0)
	if there && !ok {
		return convention.Labels{}, false
	}
	var services [][]convention.Label
	if o := t.object("Service"); o != nil {
		inline, lines, _ := o.section("spec", "selector")
		if by, ok := t.labels(withInline(inline, lines), o.vars, 0); ok {
			services = append(services, by)
		}
	}
	labels, ok := NewLabels(own, selector, nil, services)
	labels.Fact = t.fact(w)
	return labels, ok
}

// fact says that an object of the templates tells something.
func (t Templates) fact(o *object) convention.Fact {
	return byName(t.Shown + "/templates/" + o.file)
}

func withInline(inline string, lines []string) []string {
	if strings.HasPrefix(inline, "{{") {
		return append([]string{inline}, lines...)
	}
	return lines
}

// namingFacts reads how the workload and its companions are named.
func (t Templates) namingFacts(w *object) (convention.Naming, bool) {
	base, suffix, ok := t.objectName(w)
	if !ok {
		return convention.Naming{}, false
	}
	n := convention.Naming{Fullname: base, HelperPrefix: cmp.Or(t.helperPrefix(), "{name}"), Fact: t.fact(w)}
	n.Suffixes = map[string]string{}
	if suffix != "" {
		n.Suffixes[w.kind] = suffix
	}
	for _, kind := range convention.NamedKinds {
		o := t.object(kind)
		if o == nil || slices.Contains(convention.WorkloadKinds, kind) {
			continue
		}
		if b, s, ok := t.objectName(o); ok && b == base && s != "" {
			n.Suffixes[kind] = s
		}
	}
	if len(n.Suffixes) == 0 {
		n.Suffixes = nil
	}
	return n, true
}

// objectName splits an object's name into one of the Fullname patterns and what
// is appended to it.
func (t Templates) objectName(o *object) (base, suffix string, ok bool) {
	text, _, there := o.section("metadata", "name")
	if !there {
		return "", "", false
	}
	p, known := t.pattern(text, o.vars, 0)
	if !known {
		return "", "", false
	}
	if rest, found := strings.CutPrefix(p, "{fullname}"); found {
		base, suffix = t.fullname(), rest
	} else {
		base, suffix = SplitName(p)
	}
	if base == "" || !IsPlainSuffix(suffix) {
		return "", "", false
	}
	return base, suffix, true
}

// fullname reads the scheme of the chart's fullname template. Where it is a
// library's, it is taken for the usual one.
func (t Templates) fullname() string {
	var body []string
	for _, name := range t.order {
		if strings.HasSuffix(name, ".fullname") || name == "fullname" {
			body = t.defines[name]
			break
		}
	}
	if body == nil {
		return convention.FullnameHelmCreate
	}
	text := strings.Join(body, "\n")
	if strings.Contains(text, "contains ") && strings.Contains(text, ".Release.Name") {
		return convention.FullnameHelmCreate
	}
	vars := assignments(t, body)
	result := ""
	for _, a := range action.FindAllStringSubmatch(text, -1) {
		if writesNothing(a[1]) || strings.Contains(a[1], "fullnameOverride") {
			continue
		}
		if p, ok := t.expression(a[1], vars, 0); ok {
			result += p
		}
	}
	// Two actions side by side may have a dash of plain text between them.
	switch strings.NewReplacer("-", "", "{fullname}", "").Replace(result) {
	case "{release}{name}":
		return convention.FullnameReleaseChart
	case "{name}{release}":
		return convention.FullnameChartRelease
	case "{release}":
		return convention.FullnameRelease
	case "{name}":
		return convention.FullnameChart
	}
	return convention.FullnameHelmCreate
}
