package experiment

import (
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
)

// rule says what a canonical key moves when it is changed: that is what the key
// means, whatever it is called.
type rule struct {
	key     string
	targets []target
	// mayDiscover says that reaching a target is enough: the key may be taken
	// from what was rendered alone, without a name that suggests it.
	mayDiscover bool
}

// target is a field of a rendered object.
type target struct {
	kind  string   // of the object; "workload" is the application's
	field []string // [*] is any element; nil is the object as a whole
	// inContainer says that the field is one of the application's container.
	inContainer bool
	// isTree says that what lies below the field belongs to the key as well.
	isTree bool
	// isAnywhere says that the value may stand at any place below the field.
	isAnywhere bool
	// isSwitch says that the field comes or goes, instead of taking the value.
	isSwitch bool
	text     text
}

// text says where in a field's text the value stands.
type text struct {
	// before and after are what ends the text before the value, and begins
	// that after it; "^" is its beginning, "$" its end, "" anything.
	before, after string
}

func (t text) fits(r lineage.Reach) bool {
	fits := func(want, have string, edge func(string, string) bool) bool {
		switch want {
		case "":
			return true
		case "^", "$":
			return have == ""
		}
		return edge(have, want)
	}
	return fits(t.before, r.Before, strings.HasSuffix) && fits(t.after, r.After, strings.HasPrefix)
}

func field(path string) []string { return strings.Split(path, " ") }

func inPod(path string) target {
	return target{kind: "workload", field: append(field("spec template spec"), field(path)...)}
}

func inContainer(path string) target {
	return target{kind: "workload", field: field(path), inContainer: true}
}

func in(kind, path string) target { return target{kind: kind, field: field(path)} }

func whole(kind string) target { return target{kind: kind} }

func (t target) tree() target { t.isTree = true; return t }

func (t target) anywhere() target { t.isAnywhere = true; return t }

func (t target) switched() target { t.isSwitch = true; return t }

func (t target) around(before, after string) target { t.text = text{before, after}; return t }

// claimTargets are a field of a claim, be it an object of its own or one of a
// StatefulSet's templates.
func claimTargets(path string) []target {
	return []target{in("PersistentVolumeClaim", "spec "+path), in("workload", "spec volumeClaimTemplates [*] spec "+path)}
}

// routeTargets are a field of the objects that lead into the cluster.
func routeTargets(ingress, httpRoute, ingressRoute string) []target {
	var out []target
	for kind, path := range map[string]string{convention.RouteIngress: ingress, convention.RouteHTTPRoute: httpRoute, convention.RouteIngressRoute: ingressRoute} {
		if path != "" {
			out = append(out, in(kind, path).tree())
		}
	}
	return out
}

// rules are in the order in which keys are settled: the first takes a place from
// those that follow.
var rules = []rule{
	{"image.registry", []target{inContainer("image").around("^", "/")}, true},
	{"image.repository", []target{
		inContainer("image").around("", ":"), inContainer("image").around("", "@"),
		inContainer("image").around("^", "$"), inContainer("image").around("/", "$"),
	}, true},
	{"image.tag", []target{inContainer("image").around(":", "")}, true},
	{"image.pullPolicy", []target{inContainer("imagePullPolicy")}, true},
	{"imagePullSecrets", []target{inPod("imagePullSecrets").tree(), inPod("imagePullSecrets [*] name")}, true},
	{"replicaCount", []target{in("workload", "spec replicas")}, true},
	{"env", []target{inContainer("env").tree()}, true},
	{"envFrom", []target{inContainer("envFrom").tree()}, false},
	{"resources", []target{inContainer("resources").tree()}, true},
	{"securityContext", []target{inContainer("securityContext").tree()}, true},
	{"lifecycle", []target{inContainer("lifecycle").tree()}, false},
	{"extraArgs", []target{inContainer("args").tree()}, false},
	{"livenessProbe", []target{inContainer("livenessProbe").tree()}, false},
	{"readinessProbe", []target{inContainer("readinessProbe").tree()}, false},
	{"startupProbe", []target{inContainer("startupProbe").tree()}, false},
	{"extraVolumeMounts", []target{inContainer("volumeMounts").tree()}, false},
	{"extraVolumes", []target{inPod("volumes").tree()}, false},
	{"initContainers", []target{inPod("initContainers").tree()}, false},
	{"extraContainers", []target{inPod("containers").tree()}, false},
	{"strategy", []target{in("workload", "spec strategy").tree(), in("workload", "spec updateStrategy").tree()}, true},
	{"podSecurityContext", []target{inPod("securityContext").tree()}, true},
	{"nodeSelector", []target{inPod("nodeSelector").tree()}, true},
	{"tolerations", []target{inPod("tolerations").tree()}, true},
	{"affinity", []target{inPod("affinity").tree()}, true},
	{"topologySpreadConstraints", []target{inPod("topologySpreadConstraints").tree()}, true},
	{"priorityClassName", []target{inPod("priorityClassName")}, true},
	{"runtimeClassName", []target{inPod("runtimeClassName")}, true},
	{"terminationGracePeriodSeconds", []target{inPod("terminationGracePeriodSeconds")}, true},
	{"podAnnotations", []target{in("workload", "spec template metadata annotations").tree()}, true},
	{"podLabels", []target{in("workload", "spec template metadata labels").tree()}, true},
	{"service.type", []target{in("Service", "spec type")}, true},
	{"service.port", []target{in("Service", "spec ports [*] port")}, true},
	{"service.targetPort", []target{inContainer("ports [*] containerPort"), in("Service", "spec ports [*] targetPort")}, true},
	{"service.annotations", []target{in("Service", "metadata annotations").tree()}, true},
	{"service.enabled", []target{whole("Service")}, false},
	{"ingress.enabled", []target{whole(convention.RouteIngress), whole(convention.RouteHTTPRoute), whole(convention.RouteIngressRoute)}, false},
	{"ingress.className", []target{in(convention.RouteIngress, "spec ingressClassName"), in(convention.RouteIngress, "metadata annotations kubernetes.io/ingress.class")}, true},
	{"ingress.annotations", routeTargets("metadata annotations", "metadata annotations", "metadata annotations"), true},
	{"ingress.hosts", routeTargets("spec rules [*] host", "spec hostnames", "spec routes [*] match"), true},
	{"ingress.tls", append(routeTargets("spec tls", "", "spec tls"), in(convention.RouteIngress, "spec tls").tree().switched()), true},
	{"ingress.entryPoints", []target{in(convention.RouteIngressRoute, "spec entryPoints").tree()}, true},
	{"httpRoute.enabled", []target{whole(convention.RouteHTTPRoute)}, false},
	{"httpRoute.hostnames", []target{in(convention.RouteHTTPRoute, "spec hostnames").tree()}, false},
	{"httpRoute.parentRefs", []target{in(convention.RouteHTTPRoute, "spec parentRefs").tree()}, false},
	{"httpRoute.annotations", []target{in(convention.RouteHTTPRoute, "metadata annotations").tree()}, false},
	{"persistence.size", claimTargets("resources requests storage"), true},
	{"persistence.storageClass", claimTargets("storageClassName"), true},
	{"persistence.accessMode", append(claimTargets("accessModes [*]"), treeOf(claimTargets("accessModes"))...), true},
	{"persistence.enabled", []target{whole("PersistentVolumeClaim"), in("workload", "spec volumeClaimTemplates").tree().switched()}, false},
	{"persistence.existingClaim", []target{inPod("volumes [*] persistentVolumeClaim claimName")}, false},
	{"persistence.mountPath", []target{inContainer("volumeMounts [*] mountPath")}, false},
	{"serviceAccount.create", []target{whole("ServiceAccount")}, true},
	{"serviceAccount.name", []target{in("ServiceAccount", "metadata name"), inPod("serviceAccountName")}, false},
	{"serviceAccount.annotations", []target{in("ServiceAccount", "metadata annotations").tree()}, true},
	{"autoscaling.enabled", []target{whole("HorizontalPodAutoscaler")}, false},
	{"autoscaling.minReplicas", []target{in("HorizontalPodAutoscaler", "spec minReplicas")}, true},
	{"autoscaling.maxReplicas", []target{in("HorizontalPodAutoscaler", "spec maxReplicas")}, true},
	{"autoscaling.targetCPUUtilizationPercentage", []target{in("HorizontalPodAutoscaler", "spec metrics").anywhere(), in("HorizontalPodAutoscaler", "spec targetCPUUtilizationPercentage")}, false},
	{"autoscaling.targetMemoryUtilizationPercentage", []target{in("HorizontalPodAutoscaler", "spec metrics").anywhere()}, false},
	{"networkPolicy.enabled", []target{whole("NetworkPolicy")}, false},
	{"podDisruptionBudget.enabled", []target{whole("PodDisruptionBudget")}, false},
	{"podDisruptionBudget.maxUnavailable", []target{in("PodDisruptionBudget", "spec maxUnavailable")}, true},
	{"nameOverride", []target{in("workload", "metadata name"), in("workload", "metadata labels").anywhere()}, false},
	{"fullnameOverride", []target{in("workload", "metadata name")}, false},
}

func treeOf(targets []target) []target {
	out := make([]target, 0, len(targets))
	for _, t := range targets {
		out = append(out, t.tree())
	}
	return out
}
