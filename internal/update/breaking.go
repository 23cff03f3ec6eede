package update

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Break is a change that an installed release cannot take: the API server refuses it, or state is lost.
type Break struct {
	Object string `json:"object"` // "Deployment/livekit"
	Path   string `json:"path,omitempty"`
	Why    string `json:"why"`
	Remedy string `json:"remedy"`
}

// immutable are fields that the API server lets nobody change, by kind. Of a StatefulSet it is the spec but for some.
var immutable = map[string][][]string{
	"Deployment": {{"spec", "selector"}},
	"DaemonSet":  {{"spec", "selector"}},
	"StatefulSet": {
		{"spec", "selector"},
		{"spec", "serviceName"},
		{"spec", "podManagementPolicy"},
		{"spec", "volumeClaimTemplates"},
	},
	"Job":                {{"spec", "selector"}, {"spec", "template"}, {"spec", "completionMode"}},
	"Service":            {{"spec", "clusterIP"}},
	"Secret":             {{"type"}},
	"RoleBinding":        {{"roleRef"}},
	"ClusterRoleBinding": {{"roleRef"}},
}

// claimMay are the fields of a claim's spec that may change: the size may grow.
var claimMay = []string{"resources", "volumeAttributesClassName"}

// breaks gives what a release with the objects before cannot take of those after.
func breaks(before, after objects) []Break {
	var out []Break
	for _, id := range union(before, after) {
		old, now := before[id], after[id]
		switch {
		case old == nil:
		case now == nil:
			out = append(out, lost(id, old, before, after)...)
		default:
			out = append(out, refused(id, old, now)...)
		}
	}
	return out
}

// refused gives the fields of an object that cannot change and do.
func refused(id string, old, now *object) []Break {
	var out []Break
	for _, path := range immutable[old.Kind()] {
		if !equalFields(old.Get(path...), now.Get(path...)) {
			out = append(out, Break{
				Object: id,
				Path:   strings.Join(path, "."),
				Why:    strings.Join(path, ".") + " changes, which Kubernetes refuses",
				Remedy: fmt.Sprintf(
					"delete it before the upgrade (`kubectl delete %s %s --cascade=orphan`), which Helm makes anew",
					strings.ToLower(old.Kind()),
					old.Name(),
				),
			})
		}
	}
	if old.Kind() == "PersistentVolumeClaim" {
		out = append(out, claim(id, old, now)...)
	}
	return out
}

func equalFields(a, b any) bool { return a == nil && b == nil || helmchart.Equal(a, b) }

// claim gives what of a claim's spec cannot change.
func claim(id string, old, now *object) []Break {
	const remedy = "keep it as it is, or make a claim of another name and copy the data"
	var out []Break
	for _, key := range union(old.Map("spec"), now.Map("spec")) {
		if !slices.Contains(claimMay, key) && !equalFields(old.Get("spec", key), now.Get("spec", key)) {
			out = append(
				out,
				Break{id, "spec." + key, "spec." + key + " of a claim changes, which Kubernetes refuses", remedy},
			)
		}
	}
	size := func(o manifest.Object) (resource.Quantity, bool) {
		q, err := resource.ParseQuantity(fmt.Sprint(o.Get("spec", "resources", "requests", "storage")))
		return q, err == nil
	}
	was, hadSize := size(old.Object)
	is, hasSize := size(now.Object)
	if hadSize && hasSize && is.Cmp(was) < 0 {
		out = append(out, Break{id, "spec.resources.requests.storage",
			fmt.Sprintf("the claim shrinks from %s to %s, which Kubernetes refuses", &was, &is), remedy})
	}
	return out
}

// stateful are kinds whose objects hold what an upgrade cannot make again.
var stateful = map[string]string{
	"PersistentVolumeClaim": "the claim goes, and what is on it",
	"Secret":                "the Secret goes, and what was generated into it",
	"StatefulSet":           "its pods go, and their claims are no longer used",
}

// renamed are kinds whose objects others know by name, or whose pods end with them.
var renamed = map[string]string{
	"Service":    "clients that know the old name no longer find it",
	"Deployment": "its pods end, and the calls on them",
	"DaemonSet":  "its pods end, and the calls on them",
}

// lost gives what goes with an object that is no longer there. One that leaves with its component is what was asked
// for, unless it holds state; an object of its kind that comes from the same template is the same under another name.
func lost(id string, old *object, before, after objects) []Break {
	if old.Annotations()["helm.sh/resource-policy"] == "keep" {
		return nil
	}
	successor := ""
	for other, o := range after {
		if o.Kind() == old.Kind() && o.File == old.File && before[other] == nil {
			successor = o.Name()
		}
	}
	why := stateful[old.Kind()]
	if why == "" && successor != "" {
		why = renamed[old.Kind()]
	}
	if why == "" {
		return nil
	}
	b := Break{Object: id, Why: "it is no longer in the chart: " + why, Remedy: "save what it holds first"}
	if successor != "" {
		b.Why = fmt.Sprintf("it is called %s now: %s", successor, why)
		b.Remedy = "keep the name (nameOverride, fullnameOverride), or move what uses it"
	}
	return []Break{b}
}
