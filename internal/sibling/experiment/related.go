package experiment

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

var routeKinds = []string{convention.RouteIngress, convention.RouteHTTPRoute, convention.RouteIngressRoute}

// relate finds the objects that do not belong to the application's workload, in a chart that has several workloads. The
// Services that select its pods do, what leads to them, its claims, its account. Of a kind of which none seems to
// belong all do.
func (o *observation) relate() {
	o.unrelated = map[lineage.Ref]bool{}
	for kind, belongs := range o.belonging() {
		var own, others []lineage.Ref
		for i, ref := range o.result.Refs {
			switch {
			case ref.Kind != kind:
			case belongs(o.result.Objects[i]):
				own = append(own, ref)
			default:
				others = append(others, ref)
			}
		}
		for _, ref := range others {
			o.unrelated[ref] = len(own) > 0
		}
	}
}

// belonging tells, by their kind, whether objects belong to the workload.
func (o *observation) belonging() map[string]func(manifest.Object) bool {
	pods := labels.Set(o.object.TextMap("spec", "template", "metadata", "labels"))
	selects := func(selector map[string]string) bool {
		return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(pods)
	}
	selectsPods := func(s manifest.Object) bool { return selects(s.TextMap("spec", "selector")) }
	services, claims := map[any]bool{}, map[string]bool{}
	for _, object := range o.result.Objects {
		if object.Kind() == "Service" && selectsPods(object) {
			services[object.Name()] = true
		}
	}
	for i := range o.object.List("spec", "template", "spec", "volumes") {
		claims[o.object.Text("spec", "template", "spec", "volumes", strconv.Itoa(i),
			"persistentVolumeClaim", "claimName")] = true
	}
	kinds := map[string]func(manifest.Object) bool{
		"Service":               selectsPods,
		"PersistentVolumeClaim": func(c manifest.Object) bool { return claims[c.Name()] },
		"ServiceAccount": func(a manifest.Object) bool {
			return a.Name() == o.object.Text("spec", "template", "spec", "serviceAccountName")
		},
		"HorizontalPodAutoscaler": func(h manifest.Object) bool {
			return h.Text("spec", "scaleTargetRef", "name") == o.object.Name()
		},
		"PodDisruptionBudget": func(b manifest.Object) bool {
			return selects(b.TextMap("spec", "selector", "matchLabels"))
		},
	}
	for _, kind := range routeKinds {
		kinds[kind] = func(r manifest.Object) bool {
			return slices.ContainsFunc(manifest.Leaves(r.Map("spec")), func(l manifest.Leaf) bool {
				return l.Path[len(l.Path)-1] == "name" && services[l.Value]
			})
		}
	}
	return kinds
}
