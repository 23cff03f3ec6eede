package manifest

import (
	"maps"
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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

// checkRules holds an object against what the API server enforces of its kind.
func (p *problems) checkRules(object Object, typed any) {
	switch o := typed.(type) {
	case *corev1.Pod:
		p.checkPod("spec", o.Spec, nil)
	case *appsv1.Deployment:
		p.checkWorkload(o.Spec.Selector, o.Spec.Template, o.Spec.Replicas, nil)
		p.checkDeploymentStrategy(o.Spec.Strategy)
	case *appsv1.ReplicaSet:
		p.checkWorkload(o.Spec.Selector, o.Spec.Template, o.Spec.Replicas, nil)
	case *appsv1.DaemonSet:
		p.checkWorkload(o.Spec.Selector, o.Spec.Template, nil, nil)
	case *appsv1.StatefulSet:
		p.checkWorkload(o.Spec.Selector, o.Spec.Template, o.Spec.Replicas, o.Spec.VolumeClaimTemplates)
		for here, claim := range elements("spec.volumeClaimTemplates", o.Spec.VolumeClaimTemplates) {
			p.checkClaim(here+".spec", claim.Spec)
		}
	case *batchv1.Job:
		p.checkJob("spec", o.Spec)
	case *batchv1.CronJob:
		p.required("spec.schedule", o.Spec.Schedule)
		p.checkJob("spec.jobTemplate.spec", o.Spec.JobTemplate.Spec)
	case *corev1.Service:
		p.checkService(o.Spec)
	case *networkingv1.Ingress:
		p.checkIngress(o.Spec)
	case *networkingv1.NetworkPolicy:
		p.checkNetworkPolicy(o.Spec)
	case *corev1.PersistentVolumeClaim:
		p.checkClaim("spec", o.Spec)
	case *corev1.ConfigMap:
		p.checkDataKeys(slices.Collect(maps.Keys(o.Data)), slices.Collect(maps.Keys(o.BinaryData)))
	case *corev1.Secret:
		p.checkDataKeys(slices.Concat(slices.Collect(maps.Keys(o.Data)), slices.Collect(maps.Keys(o.StringData))), nil)
	case *autoscalingv1.HorizontalPodAutoscaler:
		p.checkAutoscaler(object, o.Spec.MinReplicas, o.Spec.MaxReplicas)
	case *autoscalingv2.HorizontalPodAutoscaler:
		p.checkAutoscaler(object, o.Spec.MinReplicas, o.Spec.MaxReplicas)
	case *policyv1.PodDisruptionBudget:
		p.addIf(o.Spec.MinAvailable != nil && o.Spec.MaxUnavailable != nil,
			"spec", "minAvailable and maxUnavailable exclude each other")
	case *rbacv1.RoleBinding, *rbacv1.ClusterRoleBinding:
		p.checkReference(object, "roleRef")
	case *customResource:
		p.checkCustomResource(object)
	}
}

func (p *problems) checkMetadata(o Object) {
	p.checkName(o)
	p.checkLabels("metadata.labels", o.TextMap("metadata", "labels"))
	annotations := o.Map("metadata", "annotations")
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		p.invalid("metadata.annotations", key, validation.IsQualifiedName(strings.ToLower(key)))
		_, isText := annotations[key].(string)
		p.addIf(!isText && annotations[key] != nil, "metadata.annotations."+key, "is no string (quote it)")
	}
}

func (p *problems) checkName(o Object) {
	switch name := o.Name(); {
	case name == "":
		p.addIf(o.Text("metadata", "generateName") == "", "metadata.name", "is missing")
	case o.Kind() == "Service" && o.APIVersion() == "v1":
		p.invalid("metadata.name", name, validation.IsDNS1035Label(name))
	case o.Kind() == "Namespace" && o.APIVersion() == "v1":
		p.invalid("metadata.name", name, validation.IsDNS1123Label(name))
	case strings.HasPrefix(o.APIVersion(), "rbac.authorization.k8s.io/"):
		p.addIf(strings.ContainsAny(name, "/%"), "metadata.name", "%q may not contain / or %%", name)
	default:
		p.invalid("metadata.name", name, validation.IsDNS1123Subdomain(name))
	}
}

func (p *problems) checkLabels(path string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		p.invalid(path, key, validation.IsQualifiedName(key))
		p.invalid(path+"."+key, labels[key], validation.IsValidLabelValue(labels[key]))
	}
}

func (p *problems) checkWorkload(
	selector *metav1.LabelSelector, template corev1.PodTemplateSpec, replicas *int32,
	claims []corev1.PersistentVolumeClaim,
) {
	p.checkSelector(selector, template.Labels)
	p.checkLabels("spec.template.metadata.labels", template.Labels)
	p.checkPod("spec.template.spec", template.Spec, claims)
	policy := template.Spec.RestartPolicy
	p.addIf(policy != "" && policy != corev1.RestartPolicyAlways,
		"spec.template.spec.restartPolicy", "%q is not allowed here: Always", policy)
	p.addIf(ptr.Deref(replicas, 0) < 0, "spec.replicas", "is negative")
}

func (p *problems) checkSelector(selector *metav1.LabelSelector, labels map[string]string) {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		p.add("spec.selector", "is missing")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		want, got := selector.MatchLabels[key], labels[key]
		p.addIf(want != got, "spec.selector.matchLabels."+key, "selects %q, the template's label is %q", want, got)
	}
}

func (p *problems) checkDeploymentStrategy(s appsv1.DeploymentStrategy) {
	switch s.Type {
	case "", appsv1.RollingUpdateDeploymentStrategyType:
		r := ptr.Deref(s.RollingUpdate, appsv1.RollingUpdateDeployment{})
		p.addIf(isZero(r.MaxSurge) && isZero(r.MaxUnavailable),
			"spec.strategy.rollingUpdate", "maxSurge and maxUnavailable may not both be 0")
	case appsv1.RecreateDeploymentStrategyType:
		p.addIf(s.RollingUpdate != nil, "spec.strategy.rollingUpdate", "may not be set where strategy.type is Recreate")
	default:
		p.add("spec.strategy.type", "%q is unknown: RollingUpdate or Recreate", s.Type)
	}
}

func isZero(v *intstr.IntOrString) bool {
	return v != nil && (v.String() == "0" || v.String() == "0%")
}

func (p *problems) checkJob(path string, job batchv1.JobSpec) {
	template := path + ".template"
	p.checkLabels(template+".metadata.labels", job.Template.Labels)
	p.checkPod(template+".spec", job.Template.Spec, nil)
	policy := job.Template.Spec.RestartPolicy
	p.addIf(policy != corev1.RestartPolicyNever && policy != corev1.RestartPolicyOnFailure,
		template+".spec.restartPolicy", "%q is not allowed in a Job: Never or OnFailure", policy)
}

func (p *problems) checkClaim(path string, claim corev1.PersistentVolumeClaimSpec) {
	p.addIf(len(claim.AccessModes) == 0, path+".accessModes", "has no entry")
	for here, mode := range elements(path+".accessModes", claim.AccessModes) {
		oneOf(p, here, mode,
			corev1.ReadWriteOnce, corev1.ReadWriteMany, corev1.ReadOnlyMany, corev1.ReadWriteOncePod)
	}
	size, isGiven := claim.Resources.Requests[corev1.ResourceStorage]
	p.addIf(!isGiven, path+".resources.requests.storage", "is missing")
	p.addIf(isGiven && size.Sign() <= 0, path+".resources.requests.storage", "%s is not above 0", size.String())
}

// oneOf adds a problem where value is none of known. An empty value is left to the API server's default.
func oneOf[T ~string](p *problems, path string, value T, known ...T) {
	p.addIf(value != "" && !slices.Contains(known, value), path, "%q is unknown: one of %v", value, known)
}

func (p *problems) checkDataKeys(text, binary []string) {
	slices.Sort(text)
	for _, key := range slices.Concat(text, binary) {
		p.invalid("data", key, validation.IsConfigMapKey(key))
	}
	for _, key := range binary {
		p.addIf(slices.Contains(text, key), "binaryData."+key, "is in data as well")
	}
}

func (p *problems) checkAutoscaler(o Object, minReplicas *int32, most int32) {
	p.checkReference(o, "spec", "scaleTargetRef")
	p.addIf(most < 1, "spec.maxReplicas", "%d is below 1", most)
	least := ptr.Deref(minReplicas, most)
	p.addIf(least > most, "spec.minReplicas", "%d is above maxReplicas (%d)", least, most)
}

func (p *problems) checkReference(o Object, path ...string) {
	ref := Object{Fields: o.Map(path...)}
	p.addIf(ref.Kind() == "" || ref.Text("name") == "", strings.Join(path, "."), "kind or name is missing")
}
