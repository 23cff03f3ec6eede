package scaffolding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// functions are what the embedded chart's templates call beside sprig's: where the convention has a canonical value,
// and how it names things.
type functions struct {
	*Paths
	chart string // its name
}

func (f functions) all() template.FuncMap {
	return template.FuncMap{
		"has": func(component string) bool { return slices.Contains(f.components, component) },
		// value gives the expression of a canonical value (.Values.image.tag), root the same for use inside range and
		// with, key its bare path.
		"value": func(key string) (string, error) { return f.expression(".Values", key) },
		"root":  func(key string) (string, error) { return f.expression("$.Values", key) },
		"key": func(key string) (string, error) {
			path, err := f.path(key)
			return path.String(), err
		},
		// portKey gives the path of the port that the server listens on.
		"portKey": func() string { return cmp.Or(f.Text("config.port"), f.Text("service.targetPort")) },
		"any":     f.anyOf,
		"operand": operand,
		"nested":  f.nested,
		"shape":   f.shape,
		// placed reports whether the chart has a value that not every chart has.
		"placed": f.has,
		// file gives the name below templates/ that the convention gives a template.
		"file": func(name string) string { return strings.TrimPrefix(f.fileName("templates/"+name), "templates/") },
		// absent gives the components that the chart was written without.
		"absent": f.absent,
		// hosts and tls give the Ingress' hosts and TLS in the canonical shape, for any route: the values themselves,
		// or what a helper makes of them.
		"hosts":           func(dot string) (string, error) { return f.normalized("ingress.hosts", "hosts", dot) },
		"tls":             func(dot string) (string, error) { return f.normalized("ingress.tls", "tls", dot) },
		"isNormal":        f.isNormal,
		"host":            f.host,
		"helper":          f.helper,
		"name":            f.objectName,
		"claimName":       f.claimName,
		"selectorNames":   f.selectorNames,
		"labelValue":      func(pattern string) string { return f.labelValue(pattern, ".") },
		"serviceLabels":   f.serviceLabels,
		"serviceSelector": f.serviceSelector,
	}
}

// helper gives the name of one of the chart's named templates.
func (f functions) helper(name string) string {
	prefix := cmp.Or(f.convention.Naming.HelperPrefix, "{name}")
	return strings.ReplaceAll(prefix, "{name}", f.chart) + "." + name
}

// expression gives the expression that reads a canonical value.
func (f functions) expression(root, key string) (string, error) {
	path, err := f.path(key)
	return expression(root, path), err
}

// nested writes one value as a user would set it in values.yaml.
func (f functions) nested(key, value string) (string, error) {
	path, err := f.path(key)
	if err != nil {
		return "", err
	}
	values := map[string]any{}
	yamldoc.Set(values, path, value)
	text, err := dump(yamldoc.NodeOf(values), f.convention.Style)
	return strings.TrimSpace(string(text)), err
}

// anyOf gives the expression of a value, or of the first of several that is set. Values that the chart has not are left
// out.
func (f functions) anyOf(keys ...string) (string, error) {
	var set []string
	for _, key := range keys {
		if path, ok := f.paths[key]; ok {
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

// operand gives an expression as an argument of a function. That of a value is one, with its own parentheses where it
// has any.
func operand(expression string) string {
	if strings.Contains(expression, " ") && !strings.HasPrefix(expression, "(") {
		return "(" + expression + ")"
	}
	return expression
}

// isNormal reports whether the hosts or the TLS of the Ingress are in values.yaml as a route needs them: in the
// canonical shape, and with whole hosts.
func (f functions) isNormal(key string) bool {
	return !f.has(key) || f.shape(key) == convention.PlainShapes[key] && !f.has("ingress.domain")
}

// normalized gives the expression of a value in the canonical shape.
func (f functions) normalized(key, helper, dot string) (string, error) {
	if f.isNormal(key) {
		return f.expression(strings.TrimPrefix(dot, ".")+".Values", key)
	}
	return fmt.Sprintf("include %q %s | fromYamlArray", f.helper(helper), dot), nil
}

// host gives the expression of a whole host, for use inside range.
func (f functions) host(field string) string {
	if !f.has("ingress.domain") {
		return field
	}
	return fmt.Sprintf(`include %q (list $ %s)`, f.helper("host"), field)
}

// objectName gives the action that names an object of a kind, with a suffix of its own where the chart has several of
// the kind.
func (f functions) objectName(kind string, suffix ...string) string {
	parts := suffix
	if s := strings.Trim(f.convention.Naming.Suffixes[kind], "-"); s != "" {
		parts = append([]string{s}, suffix...)
	}
	if len(parts) == 0 {
		return fmt.Sprintf(`{{ include %q . }}`, f.helper("fullname"))
	}
	return fmt.Sprintf(`{{ include %q (list . %q) }}`, f.helper("suffixed"), strings.Join(parts, "-"))
}

// claimName gives the expression for the name of the claim.
func (f functions) claimName() string {
	pattern := cmp.Or(f.convention.Naming.Claim, "{fullname}-data")
	suffix := strings.TrimPrefix(strings.TrimPrefix(pattern, "{fullname}"), "-")
	if suffix == "" {
		return fmt.Sprintf("include %q .", f.helper("fullname"))
	}
	return fmt.Sprintf("include %q (list . %q)", f.helper("suffixed"), suffix)
}

// labelValue turns the pattern of a label's value into a template, for where the chart's root is dot.
func (f functions) labelValue(pattern, dot string) string {
	include := func(name string) string { return fmt.Sprintf("include %q %s", f.helper(name), dot) }
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

// selectorNames gives the names of the labels by which anything finds the pods, as arguments of omit.
func (f functions) selectorNames() string {
	var names []string
	for _, label := range slices.Concat(f.convention.Labels.Selector, f.convention.Labels.ServiceSelector) {
		if name := fmt.Sprintf("%q", label.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// serviceLabels are those of a Service's selector that the workload's has not: the pods carry them all the same.
func (f functions) serviceLabels() []convention.Label {
	labels := f.convention.Labels
	return slices.DeleteFunc(slices.Clone(labels.ServiceSelector), func(l convention.Label) bool {
		return slices.Contains(labels.Selector, l)
	})
}

// serviceSelector gives the labels by which a Service finds the pods, for where the chart's root is dot.
func (f functions) serviceSelector(dot string, indent int) string {
	labels := f.convention.Labels
	if len(labels.ServiceSelector) == 0 || slices.Equal(labels.ServiceSelector, labels.Selector) {
		return fmt.Sprintf(`{{- include %q %s | nindent %d }}`, f.helper("selectorLabels"), dot, indent)
	}
	var lines []string
	for _, label := range labels.ServiceSelector {
		lines = append(lines, label.Name+": "+f.labelValue(label.Value, dot))
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}
