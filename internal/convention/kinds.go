package convention

// NamedKinds are kinds of which the suffix of the name is looked at.
var NamedKinds = append([]string{
	"Service", RouteIngress, RouteHTTPRoute, RouteIngressRoute, "ConfigMap", "Secret", "PersistentVolumeClaim",
}, WorkloadKinds...)

// WorkloadKinds are the kinds of workload that an application may be.
var WorkloadKinds = []string{"Deployment", "StatefulSet", "DaemonSet"}

// FileWords are words of which a file's name has one where it is a habit and not the name of what a sibling happens to
// need. A word with a dot is all of the name.
var FileWords = map[string][]string{
	"Service":                 {"service", "svc"},
	"Ingress":                 {"ingress", "ing."},
	"HTTPRoute":               {"route", "gateway"},
	"IngressRoute":            {"ingress", "route"},
	"PersistentVolumeClaim":   {"pvc", "claim", "volume", "storage", "persist"},
	"ConfigMap":               {"config", "cm"},
	"Secret":                  {"secret"},
	"ServiceAccount":          {"serviceaccount", "sa."},
	"HorizontalPodAutoscaler": {"hpa", "autoscal"},
	"PodDisruptionBudget":     {"pdb", "disruption"},
	"NetworkPolicy":           {"networkpolic", "netpol"},
	"ServiceMonitor":          {"monitor"},
}

// Operators are the kinds of object of which an operator makes a Secret.
var Operators = []string{SecretsExternal, SecretsSealed, SecretsOnePassword}
