package convert

import (
	"cmp"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

const nameLabel = "app.kubernetes.io/name"

// affinity copies the affinity, with selectors of upstream's pods made into
// selectors of the chart's.
func (c *converter) affinity() {
	affinity := helmchart.Merge(table(c.all, "affinity"), nil)
	name := cmp.Or(as[string](c.all["nameOverride"]), c.sheet.Upstream.Name)
	own := nameLabel
	if c.options.PodLabels[own] == "" {
		own = "app"
	}
	if rewriteSelectors(affinity, name, own, c.options.PodLabels[own]) && c.options.PodLabels == nil {
		c.note("affinity", "it selects upstream's pods by "+nameLabel+": "+name+
			"; name the labels of the chart's pods instead")
	}
	c.add(scaffolding.Setting{Key: "affinity", Value: affinity, IsWhole: true, From: []string{"affinity"}})
}

// rewriteSelectors has each label selector below value that has upstream's name
// select the label own with another name, and reports whether there is one. Without
// that name it changes nothing.
func rewriteSelectors(value any, upstream, own, name string) (found bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			found = rewriteSelectors(item, upstream, own, name) || found
		}
	case map[string]any:
		for _, below := range v {
			found = rewriteSelectors(below, upstream, own, name) || found
		}
		values, _ := v["values"].([]any)
		i := slices.Index(values, any(upstream))
		isLabel, isExpression := v[nameLabel] == upstream, v["key"] == nameLabel && i >= 0
		found = found || isLabel || isExpression
		switch {
		case name == "":
		case isLabel:
			delete(v, nameLabel)
			v[own] = name
		case isExpression:
			v["key"], values[i] = own, name
		}
	}
	return found
}
