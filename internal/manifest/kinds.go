package manifest

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// customKinds are the custom resources that are known here, with the apiVersion of each.
var customKinds = map[string]string{
	"Certificate":    "cert-manager.io/v1",
	"HTTPRoute":      "gateway.networking.k8s.io/v1",
	"PodMonitor":     "monitoring.coreos.com/v1",
	"Route":          "route.openshift.io/v1",
	"PrometheusRule": "monitoring.coreos.com/v1",
	"ScaledObject":   "keda.sh/v1alpha1",
	"ServiceMonitor": "monitoring.coreos.com/v1",
	"TCPRoute":       "gateway.networking.k8s.io/v1",
	"TLSRoute":       "gateway.networking.k8s.io/v1",
	"UDPRoute":       "gateway.networking.k8s.io/v1",
}

// typeOf gives a new value of the Go type of a kind, nil for kinds that are not known here, or no longer served.
func typeOf(apiVersion, kind string) any {
	if apiVersion != "" && customKinds[kind] == apiVersion {
		return &customResource{}
	}
	typed, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
	if _, _, isRetired := retired(apiVersion, kind); err != nil || isRetired {
		return nil
	}
	return typed
}

// homesOf gives the apiVersions that have kind, alphas and betas left out.
func homesOf(kind string) []string {
	var out []string
	if home, ok := customKinds[kind]; ok {
		out = append(out, home)
	}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		if gvk.Kind == kind && strings.Trim(gvk.Version, "v0123456789") == "" {
			out = append(out, gvk.GroupVersion().String())
		}
	}
	slices.Sort(out)
	return out
}

// isBuiltIn reports whether Kubernetes itself serves apiVersion's group.
// Other people's kinds may have any name, so nothing is said of theirs.
func isBuiltIn(apiVersion string) bool {
	group, version, grouped := strings.Cut(apiVersion, "/")
	return !grouped || !strings.Contains(group, ".") ||
		scheme.Scheme.IsVersionRegistered(schema.GroupVersion{Group: group, Version: version})
}

// retired says of a kind under an apiVersion that Kubernetes no longer serves
// since which release that is so and what takes its place
// (https://kubernetes.io/docs/reference/using-api/deprecation-guide/).
func retired(apiVersion, kind string) (since, instead string, ok bool) {
	for _, row := range []struct{ apiVersions, kinds, since, instead string }{
		{"extensions/v1beta1 apps/v1beta1 apps/v1beta2", "Deployment DaemonSet StatefulSet", "1.16", "apps/v1"},
		{"extensions/v1beta1", "NetworkPolicy", "1.16", "networking.k8s.io/v1"},
		{"extensions/v1beta1 networking.k8s.io/v1beta1", "Ingress IngressClass", "1.22", "networking.k8s.io/v1"},
		{"rbac.authorization.k8s.io/v1beta1", "Role RoleBinding ClusterRole ClusterRoleBinding",
			"1.22", "rbac.authorization.k8s.io/v1"},
		{"batch/v1beta1", "CronJob", "1.25", "batch/v1"},
		{"policy/v1beta1", "PodDisruptionBudget", "1.25", "policy/v1"},
		{"policy/v1beta1", "PodSecurityPolicy", "1.25", "pod security admission"},
		{"autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25", "autoscaling/v2"},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2"},
		{"scheduling.k8s.io/v1beta1", "PriorityClass", "1.22", "scheduling.k8s.io/v1"},
		{"storage.k8s.io/v1beta1", "StorageClass", "1.22", "storage.k8s.io/v1"},
	} {
		if slices.Contains(strings.Fields(row.apiVersions), apiVersion) &&
			slices.Contains(strings.Fields(row.kinds), kind) {
			return row.since, row.instead, true
		}
	}
	return "", "", false
}
