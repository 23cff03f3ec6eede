package experiment

import (
	"slices"
	"strconv"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

var routeKinds = []string{convention.RouteIngress, convention.RouteHTTPRoute, convention.RouteIngressRoute}

// relate finds the objects that belong to the application's workload, in a chart
// that has several workloads: the Services that select its pods, what leads to
// them, its claims, its account. Of a kind of which none seems to belong all do.
func (o *observation) relate() {
	o.related = map[lineage.Ref]bool{o.workload: true}
	services := map[string]bool{}
	belongs := func(kind string, does func(manifest.Object) bool) {
		var own, all []lineage.Ref
		for i, ref := range o.result.Refs {
			if ref.Kind != kind {
				continue
			}
			all = append(all, ref)
			if does(o.result.Objects[i]) {
				own = append(own, ref)
				if kind == "Service" {
					services[o.result.Objects[i].Name()] = true
				}
			}
		}
		if len(own) == 0 {
			own = all
		}
		for _, ref := range own {
			o.related[ref] = true
		}
	}
	labels := o.object.TextMap("spec", "template", "metadata", "labels")
	belongs("Service", func(s manifest.Object) bool { return selectsAll(s.TextMap("spec", "selector"), labels) })
	for _, kind := range routeKinds {
		belongs(kind, func(r manifest.Object) bool { return mentions(r.Fields["spec"], services) })
	}
	claims := map[string]bool{}
	for i := range o.object.List("spec", "template", "spec", "volumes") {
		claims[o.object.Text("spec", "template", "spec", "volumes", strconv.Itoa(i),
			"persistentVolumeClaim", "claimName")] = true
	}
	belongs("PersistentVolumeClaim", func(c manifest.Object) bool { return claims[c.Name()] })
	account := o.object.Text("spec", "template", "spec", "serviceAccountName")
	belongs("ServiceAccount", func(a manifest.Object) bool { return a.Name() == account })
	belongs("HorizontalPodAutoscaler", func(h manifest.Object) bool {
		return h.Text("spec", "scaleTargetRef", "name") == o.object.Name()
	})
	belongs("PodDisruptionBudget", func(b manifest.Object) bool {
		return selectsAll(b.TextMap("spec", "selector", "matchLabels"), labels)
	})
}

func selectsAll(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

// mentions reports whether one of the names stands as a "name" somewhere below.
func mentions(v any, names map[string]bool) bool {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok && names[name] {
			return true
		}
		for _, below := range v {
			if mentions(below, names) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(below any) bool { return mentions(below, names) })
	}
	return false
}

// isRelated reports whether an object counts for the application.
func (o *observation) isRelated(ref lineage.Ref) bool {
	switch ref.Kind {
	case "Service", convention.RouteIngress, convention.RouteHTTPRoute, convention.RouteIngressRoute,
		"PersistentVolumeClaim", "ServiceAccount", "HorizontalPodAutoscaler", "PodDisruptionBudget":
		return o.related[ref] || !slices.Contains(o.result.Refs, ref) // it only comes with another value
	}
	return true
}
