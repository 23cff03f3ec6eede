package convert

import (
	"cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

const nameLabel = "app.kubernetes.io/name"

// affinity copies the affinity, with selectors of upstream's pods made into
// selectors of the chart's.
func (c *converter) affinity() {
	affinity := helmchart.Merge(table(c.all, "affinity"), nil)
	podsName := cmp.Or(text(c.all, "nameOverride"), c.sheet.Upstream.Name)
	if rewriteSelectors(affinity, podsName, c.options.PodLabels) && c.options.PodLabels == nil {
		c.note("affinity", "it selects upstream's pods by "+nameLabel+": "+podsName+"; name the labels of the chart's pods instead")
	}
	c.replace("affinity", affinity, "affinity")
}

// rewriteSelectors changes, in place, each label selector below value that has
// upstream's name, and reports whether there is one. Without labels it changes
// nothing.
func rewriteSelectors(value any, name string, labels map[string]string) (found bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			found = rewriteSelectors(item, name, labels) || found
		}
	case map[string]any:
		if match := table(v, "matchLabels"); match[nameLabel] == name {
			found = true
			if key, value := ownLabel(labels); key != "" {
				delete(match, nameLabel)
				match[key] = value
			}
		}
		expressions, _ := v["matchExpressions"].([]any)
		for _, e := range expressions {
			found = rewriteExpression(e, name, labels) || found
		}
		for k, below := range v {
			if k != "matchLabels" && k != "matchExpressions" {
				found = rewriteSelectors(below, name, labels) || found
			}
		}
	}
	return found
}

func rewriteExpression(expression any, name string, labels map[string]string) (found bool) {
	e, _ := expression.(map[string]any)
	values, _ := e["values"].([]any)
	if e["key"] != nameLabel {
		return false
	}
	for i, value := range values {
		if value != name {
			continue
		}
		found = true
		if key, value := ownLabel(labels); key != "" {
			e["key"], values[i] = key, value
		}
	}
	return found
}

// ownLabel chooses the label that names the application.
func ownLabel(labels map[string]string) (key, value string) {
	for _, key := range []string{nameLabel, "app"} {
		if labels[key] != "" {
			return key, labels[key]
		}
	}
	return "", ""
}
