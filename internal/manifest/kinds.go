package manifest

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
)

// typeOf gives a new value of the Go type of a kind, nil for kinds that are
// not known here.
func typeOf(apiVersion, kind string) any {
	newType := kinds()[apiVersion][kind]
	if newType == nil {
		return nil
	}
	return newType()
}

// kinds are the kinds that charts commonly have, by apiVersion. client-go's
// scheme has them all and is not worth its size.
func kinds() map[string]map[string]func() any {
	return map[string]map[string]func() any{
		"v1": {
			"ConfigMap":             newOf[corev1.ConfigMap],
			"LimitRange":            newOf[corev1.LimitRange],
			"Namespace":             newOf[corev1.Namespace],
			"PersistentVolume":      newOf[corev1.PersistentVolume],
			"PersistentVolumeClaim": newOf[corev1.PersistentVolumeClaim],
			"Pod":                   newOf[corev1.Pod],
			"ResourceQuota":         newOf[corev1.ResourceQuota],
			"Secret":                newOf[corev1.Secret],
			"Service":               newOf[corev1.Service],
			"ServiceAccount":        newOf[corev1.ServiceAccount],
		},
		"apps/v1": {
			"DaemonSet":   newOf[appsv1.DaemonSet],
			"Deployment":  newOf[appsv1.Deployment],
			"ReplicaSet":  newOf[appsv1.ReplicaSet],
			"StatefulSet": newOf[appsv1.StatefulSet],
		},
		"autoscaling/v1": {"HorizontalPodAutoscaler": newOf[autoscalingv1.HorizontalPodAutoscaler]},
		"autoscaling/v2": {"HorizontalPodAutoscaler": newOf[autoscalingv2.HorizontalPodAutoscaler]},
		"batch/v1": {
			"CronJob": newOf[batchv1.CronJob],
			"Job":     newOf[batchv1.Job],
		},
		"networking.k8s.io/v1": {
			"Ingress":       newOf[networkingv1.Ingress],
			"IngressClass":  newOf[networkingv1.IngressClass],
			"NetworkPolicy": newOf[networkingv1.NetworkPolicy],
		},
		"policy/v1": {"PodDisruptionBudget": newOf[policyv1.PodDisruptionBudget]},
		"rbac.authorization.k8s.io/v1": {
			"ClusterRole":        newOf[rbacv1.ClusterRole],
			"ClusterRoleBinding": newOf[rbacv1.ClusterRoleBinding],
			"Role":               newOf[rbacv1.Role],
			"RoleBinding":        newOf[rbacv1.RoleBinding],
		},
		"scheduling.k8s.io/v1": {"PriorityClass": newOf[schedulingv1.PriorityClass]},
		"storage.k8s.io/v1":    {"StorageClass": newOf[storagev1.StorageClass]},

		"cert-manager.io/v1":           {"Certificate": newOf[customResource]},
		"gateway.networking.k8s.io/v1": {"HTTPRoute": newOf[customResource]},
		"monitoring.coreos.com/v1": {
			"PodMonitor":     newOf[customResource],
			"ServiceMonitor": newOf[customResource],
		},
	}
}

func newOf[T any]() any { return new(T) }

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
