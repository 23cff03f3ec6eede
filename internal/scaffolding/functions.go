package scaffolding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// functions are what the embedded chart's templates call beside sprig's.
func functions(p *Paths, data templateData) template.FuncMap {
	prefix := cmp.Or(p.convention.Naming.HelperPrefix, "{name}")
	helper := func(name string) string {
		return strings.ReplaceAll(prefix, "{name}", data.Chart.Name) + "." + name
	}
	out := template.FuncMap{
		"has":    func(component string) bool { return slices.Contains(data.Components, component) },
		"helper": helper,
	}
	maps.Copy(out, valueFunctions(p))
	maps.Copy(out, hostFunctions(p, helper))
	maps.Copy(out, labelFunctions(p.convention, helper))
	return out
}

// valueFunctions say where the convention has a canonical value, and how.
func valueFunctions(p *Paths) template.FuncMap {
	valueOf := func(root string) func(string) (string, error) {
		return func(key string) (string, error) {
			path, err := p.path(key)
			if err != nil {
				return "", err
			}
			return expression(root, path), nil
		}
	}
	return template.FuncMap{
		// value gives the expression of a canonical value (.Values.image.tag),
		// root the same for use inside range and with, key its bare path.
		"value": valueOf(".Values"),
		"root":  valueOf("$.Values"),
		"key": func(key string) (string, error) {
			path, err := p.path(key)
			return path.String(), err
		},
		// any gives the condition that one of these values is set, of those that
		// the chart has.
		"any": p.anyOf,
		// operand puts parentheses around an expression where it needs them as an
		// argument.
		"operand": operand,
		// nested writes one value as a user would set it.
		"nested": p.nested,
		"shape":  p.shape,
		// placed reports whether the chart has a value that not every chart has.
		"placed": p.has,
		// file gives the name below templates/ that the convention gives a template.
		"file": func(name string) string { return strings.TrimPrefix(p.fileName("templates/"+name), "templates/") },
		// absent gives the components that the chart was written without.
		"absent": p.absent,
	}
}

// hostFunctions say where a route finds its hosts and its TLS.
func hostFunctions(p *Paths, helper func(string) string) template.FuncMap {
	return template.FuncMap{
		// hosts and tls give the Ingress' hosts and TLS in the canonical shape, for
		// any route: the values themselves, or what a helper makes of them.
		"hosts": func(dot string) (string, error) { return p.normalized("ingress.hosts", helper("hosts"), dot) },
		"tls":   func(dot string) (string, error) { return p.normalized("ingress.tls", helper("tls"), dot) },
		// isNormal reports whether they need no helper.
		"isNormal": p.isNormal,
		// host gives the expression of a whole host, for use inside range.
		"host": func(field string) string {
			if !p.has("ingress.domain") {
				return field
			}
			return fmt.Sprintf(`include %q (list $ %s)`, helper("host"), field)
		},
	}
}

// labelFunctions write names and labels as the convention has them.
func labelFunctions(conv *convention.Convention, helper func(string) string) template.FuncMap {
	return template.FuncMap{
		// name gives the action that names an object of a kind, with a suffix
		// of its own where the chart has several of the kind.
		"name": func(kind string, suffix ...string) string {
			return objectName(conv.Naming, helper, kind, suffix)
		},
		"selectorNames": func() string { return selectorNames(conv) },
		"labelValue":    func(pattern string) string { return labelValue(pattern, ".", helper) },
		"serviceLabels": func() []convention.Label { return serviceLabels(conv) },
		// serviceSelector gives the labels by which a Service finds the pods.
		"serviceSelector": func(dot string, indent int) string { return serviceSelector(conv, helper, dot, indent) },
	}
}

// nested writes one value as a user would set it in values.yaml.
func (p *Paths) nested(key, value string) (string, error) {
	path, err := p.path(key)
	if err != nil {
		return "", err
	}
	n := any(value)
	for _, segment := range slices.Backward(path) {
		if _, isElement := yamldoc.Index(segment); isElement {
			n = []any{n}
		} else {
			n = map[string]any{segment: n}
		}
	}
	text, err := dump(yamldoc.NodeOf(n), p.convention.Style)
	return strings.TrimSpace(string(text)), err
}

// anyOf gives the expression of a value, or of the first of several that is set.
// Values that the chart has not are left out.
func (p *Paths) anyOf(keys ...string) (string, error) {
	var set []string
	for _, key := range keys {
		if path, ok := p.paths[key]; ok {
			set = append(set, expression(".Values", path))
		}
	}
	switch len(set) {
	case 0:
		return "", fmt.Errorf("the chart has none of the values %s", strings.Join(keys, ", "))
	case 1:
		return set[0], nil
	}
	return "or " + strings.Join(set, " "), nil
}

// operand gives an expression as an argument of a function. That of a value is
// one, with its own parentheses where it has any.
func operand(expression string) string {
	if strings.Contains(expression, " ") && !strings.HasPrefix(expression, "(") {
		return "(" + expression + ")"
	}
	return expression
}

// isNormal reports whether the hosts or the TLS of the Ingress are in values.yaml
// as a route needs them: in the canonical shape, and with whole hosts.
func (p *Paths) isNormal(key string) bool {
	return !p.has(key) || p.shape(key) == plainShapes[key] && !p.has("ingress.domain")
}

// normalized gives the expression of a value in the canonical shape.
func (p *Paths) normalized(key, helper, dot string) (string, error) {
	path, err := p.path(key)
	if err != nil || p.isNormal(key) {
		return expression(strings.TrimPrefix(dot, ".")+".Values", path), err
	}
	return fmt.Sprintf("include %q %s | fromYamlArray", helper, dot), nil
}

func objectName(naming convention.Naming, helper func(string) string, kind string, suffix []string) string {
	parts := suffix
	if s := strings.Trim(naming.Suffixes[kind], "-"); s != "" {
		parts = append([]string{s}, suffix...)
	}
	if len(parts) == 0 {
		return fmt.Sprintf(`{{ include %q . }}`, helper("fullname"))
	}
	return fmt.Sprintf(`{{ include %q (list . %q) }}`, helper("suffixed"), strings.Join(parts, "-"))
}

// labelValue turns the pattern of a label's value into a template, for where the
// chart's root is dot.
func labelValue(pattern, dot string, helper func(string) string) string {
	include := func(name string) string { return fmt.Sprintf("include %q %s", helper(name), dot) }
	if pattern == "{version}" {
		return "{{ " + include("version") + " | quote }}"
	}
	release := strings.TrimPrefix(dot, ".") + ".Release"
	value := strings.NewReplacer(
		"{name}", "{{ "+include("name")+" }}",
		"{chart}", "{{ "+include("chart")+" }}",
		"{fullname}", "{{ "+include("fullname")+" }}",
		"{version}", "{{ "+include("version")+" }}",
		"{release}", "{{ "+release+".Name }}",
		"{service}", "{{ "+release+".Service }}",
	).Replace(pattern)
	if value == pattern {
		return fmt.Sprintf("%q", pattern)
	}
	return value
}

// selectorNames gives the names of the labels by which anything finds the pods, as
// arguments of omit.
func selectorNames(conv *convention.Convention) string {
	var names []string
	for _, label := range append(slices.Clone(conv.Labels.Selector), conv.Labels.ServiceSelector...) {
		if name := fmt.Sprintf("%q", label.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// serviceLabels are those of a Service's selector that the workload's has not:
// the pods carry them all the same.
func serviceLabels(conv *convention.Convention) []convention.Label {
	var out []convention.Label
	for _, label := range conv.Labels.ServiceSelector {
		if !slices.Contains(conv.Labels.Selector, label) {
			out = append(out, label)
		}
	}
	return out
}

// serviceSelector gives the labels by which a Service finds the pods, for where the
// chart's root is dot.
func serviceSelector(conv *convention.Convention, helper func(string) string, dot string, indent int) string {
	if len(conv.Labels.ServiceSelector) == 0 || slices.Equal(conv.Labels.ServiceSelector, conv.Labels.Selector) {
		return fmt.Sprintf(`{{- include %q %s | nindent %d }}`, helper("selectorLabels"), dot, indent)
	}
	var lines []string
	for _, label := range conv.Labels.ServiceSelector {
		lines = append(lines, label.Name+": "+labelValue(label.Value, dot, helper))
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}
