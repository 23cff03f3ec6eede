package convert

import (
	"cmp"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

const nameLabel = "app.kubernetes.io/name"

// affinity copies the affinity, with selectors of upstream's pods made into selectors of the chart's.
func (c *converter) affinity() {
	affinity := helmchart.Merge(table(c.all, "affinity"), nil)
	name := cmp.Or(as[string](c.all["nameOverride"]), c.sheet.Upstream.Name)
	own := nameLabel
	if c.podLabels[own] == "" {
		own = "app"
	}
	if c.podLabels[own] != "" {
		rewriteSelectors(affinity, name, own, c.podLabels[own])
	}
	c.add(scaffolding.Setting{Key: "affinity", Value: affinity, IsWhole: true, From: []string{"affinity"}})
}

// rewriteSelectors has each label selector below value that has upstream's name select the label own with another name.
func rewriteSelectors(value any, upstream, own, name string) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			rewriteSelectors(item, upstream, own, name)
		}
	case map[string]any:
		for _, below := range v {
			rewriteSelectors(below, upstream, own, name)
		}
		values := as[[]any](v["values"])
		if v[nameLabel] == upstream {
			delete(v, nameLabel)
			v[own] = name
		} else if i := slices.Index(values, any(upstream)); i >= 0 && v["key"] == nameLabel {
			v["key"], values[i] = own, name
		}
	}
}
