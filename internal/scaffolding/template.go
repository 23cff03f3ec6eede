package scaffolding

import (
	"bytes"
	"fmt"
	"io/fs"
	slashpath "path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// templateData is what the embedded chart's [[ ]] see as dot.
type templateData struct {
	Chart struct{ Name, Version, AppVersion string }
	App   app
	// Convention is the repository's.
	Convention *convention.Convention
	// Workload is the kind of the workload.
	Workload string
	// Components are those of the chart.
	Components []string
	// CredentialKeys is a regular expression for the keys of LiveKit's
	// configuration that hold credentials.
	CredentialKeys string
	ServerVersion  string
	// SecretKind is the kind of object of which an operator makes the Secret
	// with the API keys ("ExternalSecret").
	SecretKind string
	// Values, Schema, ValuesTable and ChartFields are written by code.
	Values, Schema, ValuesTable, ChartFields string
}

// control matches a line that is nothing but control flow.
var control = regexp.MustCompile(`(?m)^[ \t]*(\[\[ (?:if|else|end|range)\b[^\n]*\]\])[ \t]*\n`)

// chartFiles renders the embedded chart.
func chartFiles(l *layout, table *canonical.Table, data templateData) (map[string][]byte, error) {
	out := map[string][]byte{}
	files := scaffold.Files()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, isTemplate := strings.CutPrefix(name, "templates/")
		if isTemplate && !slices.Contains(data.Components, table.ComponentOf(below)) || l.unused(name) {
			return nil
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		rendered, err := render(name, string(text), l, data)
		if err != nil {
			return err
		}
		if isTemplate && len(bytes.TrimSpace(rendered)) == 0 {
			return nil // this convention needs none of it
		}
		to := l.fileName(name)
		out[to] = join(to, out[to], rendered)
		return nil
	})
	return out, err
}

// join puts two templates into one file, for repositories that do.
func join(name string, before, after []byte) []byte {
	switch {
	case before == nil:
		return after
	case slashpath.Ext(name) == ".tpl":
		return slices.Concat(before, []byte("\n"), after)
	}
	return slices.Concat(before, []byte("---\n"), after)
}

func render(name, text string, l *layout, data templateData) ([]byte, error) {
	text = control.ReplaceAllString(text, "$1")
	t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").
		Funcs(sprig.HermeticTxtFuncMap()).Funcs(functions(l, data)).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("embedded chart: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("embedded chart: %w", err)
	}
	return b.Bytes(), nil
}

func functions(l *layout, data templateData) template.FuncMap {
	helper := func(name string) string {
		prefix := or(l.convention.Naming.HelperPrefix, "{name}")
		return strings.ReplaceAll(prefix, "{name}", data.Chart.Name) + "." + name
	}
	expression := func(root string) func(string) (string, error) {
		return func(key string) (string, error) {
			p, err := l.path(key)
			if err != nil {
				return "", err
			}
			return p.expression(root), nil
		}
	}
	return template.FuncMap{
		// value gives the expression of a canonical value (.Values.image.tag),
		// root the same for use inside range and with, key its bare path.
		"value": expression(".Values"),
		"root":  expression("$.Values"),
		"key": func(key string) (string, error) {
			p, err := l.path(key)
			return p.String(), err
		},
		// any gives the condition that one of these values is set, of those that
		// the chart has, as an operand.
		"any": func(keys ...string) (string, error) { return l.anyOf(keys) },
		// nested writes one value as a user would set it.
		"nested": func(key, value string) (string, error) {
			p, err := l.path(key)
			if err != nil {
				return "", err
			}
			n := str(value)
			for i := len(p) - 1; i >= 0; i-- {
				if name, ok := p[i].(string); ok {
					n = pairs(name, n)
				} else {
					n = seq(n)
				}
			}
			text, err := dump(n, l.convention.Style)
			return strings.TrimSpace(string(text)), err
		},
		"shape": l.shape,
		// placed reports whether the chart has a value that not every chart has.
		"placed": func(key string) bool { _, ok := l.paths[key]; return ok },
		"has":    func(component string) bool { return slices.Contains(data.Components, component) },
		"helper": helper,
		// name gives the action that names an object of a kind, with a suffix
		// of its own where the chart has several of the kind.
		"name": func(kind string, suffix ...string) string {
			return objectName(l.convention.Naming, helper, kind, suffix)
		},
		"serviceLabels":       func() []convention.Label { return serviceLabels(l.convention) },
		"labelValue":          func(pattern string) string { return labelValue(pattern, helper) },
		"serviceSelector":     func(indent int) string { return serviceSelector(l.convention, helper, ".", indent) },
		"rootServiceSelector": func(indent int) string { return serviceSelector(l.convention, helper, "$", indent) },
		// hosts and tls give the Ingress' hosts and TLS in the canonical shape, for
		// any route: the values themselves, or what a helper makes of them.
		"hosts": func(dot string) (string, error) { return l.normalized("ingress.hosts", helper("hosts"), dot) },
		"tls":   func(dot string) (string, error) { return l.normalized("ingress.tls", helper("tls"), dot) },
		// isNormal reports whether they need no helper.
		"isNormal": l.isNormal,
		// host gives the expression of a whole host, for use inside range.
		"host": func(field string) string {
			if _, ok := l.paths["ingress.domain"]; !ok {
				return field
			}
			return fmt.Sprintf(`include %q (list $ %s)`, helper("host"), field)
		},
	}
}

// anyOf gives the expression of a value, or of the first of several that is set.
// Values that the chart has not are left out.
func (l *layout) anyOf(keys []string) (string, error) {
	var set []string
	for _, key := range keys {
		if p, ok := l.paths[key]; ok {
			set = append(set, p.expression(".Values"))
		}
	}
	switch len(set) {
	case 0:
		return "", fmt.Errorf("the chart has none of the values %s", strings.Join(keys, ", "))
	case 1:
		return set[0], nil
	}
	return "(or " + strings.Join(set, " ") + ")", nil
}

// isNormal reports whether the hosts or the TLS of the Ingress are in values.yaml
// as a route needs them: in the canonical shape, and with whole hosts.
func (l *layout) isNormal(key string) bool {
	_, hasDomain := l.paths["ingress.domain"]
	_, isThere := l.paths[key]
	return !isThere || l.shape(key) == plainShapes[key] && !hasDomain
}

// normalized gives the expression of a value in the canonical shape.
func (l *layout) normalized(key, helper, dot string) (string, error) {
	p, err := l.path(key)
	if err != nil || l.isNormal(key) {
		return p.expression(strings.TrimPrefix(dot, ".") + ".Values"), err
	}
	return fmt.Sprintf("(include %q %s | fromYamlArray)", helper, dot), nil
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

// labelValue turns the pattern of a label's value into a template.
func labelValue(pattern string, helper func(string) string) string {
	include := func(name string) string { return fmt.Sprintf(`include %q .`, helper(name)) }
	expressions := map[string]string{
		"{name}":     include("name"),
		"{chart}":    include("chart"),
		"{fullname}": include("fullname"),
		"{version}":  include("version"),
		"{release}":  ".Release.Name",
		"{service}":  ".Release.Service",
	}
	if pattern == "{version}" {
		return "{{ " + expressions[pattern] + " | quote }}"
	}
	found := false
	for placeholder, e := range expressions {
		if strings.Contains(pattern, placeholder) {
			found = true
			pattern = strings.ReplaceAll(pattern, placeholder, "{{ "+e+" }}")
		}
	}
	if !found {
		return fmt.Sprintf("%q", pattern)
	}
	return pattern
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

func serviceSelector(conv *convention.Convention, helper func(string) string, dot string, indent int) string {
	if len(conv.Labels.ServiceSelector) == 0 || slices.Equal(conv.Labels.ServiceSelector, conv.Labels.Selector) {
		return fmt.Sprintf(`{{- include %q %s | nindent %d }}`, helper("selectorLabels"), dot, indent)
	}
	var lines []string
	for _, label := range conv.Labels.ServiceSelector {
		value := labelValue(label.Value, helper)
		if dot == "$" {
			value = strings.NewReplacer(`" . }}`, `" $ }}`, "{{ .Release", "{{ $.Release").Replace(value)
		}
		lines = append(lines, label.Name+": "+value)
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}

// credentialKeys makes one regular expression of the last parts of the paths
// of LiveKit's credentials.
func credentialKeys() string {
	var keys []string
	for _, p := range livekit.CredentialKeys() {
		p = strings.TrimSuffix(p, ".*")
		p = p[strings.LastIndexByte(p, '.')+1:]
		if p = strings.TrimSuffix(p, "[]"); !slices.Contains(keys, p) {
			keys = append(keys, p)
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, "|")
}
