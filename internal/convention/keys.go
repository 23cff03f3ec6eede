package convention

import (
	"slices"
	"strings"
)

// Key is what is known of how repositories write one canonical key, or, where
// other keys begin with it, one block of them. Names of keys are in the form of
// NormalizeName, the likeliest first.
type Key struct {
	Key string
	// Names are what the key is called, in its block if it has one.
	Names []string
	// Shaped are further names, by the shape that they tell.
	Shaped map[string][]string
	// Loose are names that tell the key outside its block as well.
	Loose []string
	// InPod is its name in a block for the settings of pods.
	InPod string
	// Value is what the key holds: "scalar", "number", "map" or "list", each of
	// which may be null, "scalars" (one, or a list), "items" (a list that is not
	// null), "texts" (such a list of scalars), or "" for anything.
	Value string
	// Shapes are the shapes that the value may have, beside none; those of a
	// block are those of its keys that have none of their own.
	Shapes []string
	// Moves are the fields of rendered objects that the key sets. Each is
	//
	//	KIND [FIELD [tree | anywhere] [switch] [before=TEXT] [after=TEXT]]
	//
	// KIND is that of an object, "workload", "pod" and "container" for those of
	// the application, or "claim" for a PersistentVolumeClaim and a
	// StatefulSet's template of one. Without a field, the key decides whether
	// the object is there. A tree has all below the field as well, anywhere says
	// that the value may stand anywhere below it, and switch that the field
	// comes or goes. before and after are what the field's text has around the
	// value, ^ for its beginning and $ for its end.
	Moves []string
	// Tells says that moving these fields is enough to be the key. Otherwise its
	// name has to suggest it as well.
	Tells bool
	// Hinted says that charts often have the key without naming it in
	// values.yaml: a comment or a template may tell it.
	Hinted bool
	// Anchor is, of a block, the key that decides for it in a vote: only charts
	// with the most usual one have a say in the rest.
	Anchor string
	// Follow says of a block that keys which no sibling names follow the named
	// ones into it.
	Follow bool
	// Astray says that the key often lies elsewhere than the rest of its block.
	Astray bool
	// OfChart says that the key, or block, is not a setting of one workload.
	OfChart bool
}

var (
	enabled = []string{"enabled", "enable", "create"}
	scaler  = "HorizontalPodAutoscaler"
)

// keys are in the order in which conflicts are resolved: the first key takes a
// path from those that follow.
var keys = []Key{
	{Key: "image", Anchor: "image.repository", OfChart: true},
	{Key: "image.registry", Names: []string{"registry", "imageregistry"}, Value: "scalar", Tells: true,
		Moves: []string{"container image before=^ after=/"}},
	{Key: "image.repository", Names: []string{"repository", "repo", "name", "image"}, Value: "scalar", Tells: true,
		Shapes: []string{ImageSplit, ImageRegistry, ImageString},
		Moves: []string{
			"container image after=:", "container image after=@",
			"container image before=^ after=$", "container image before=/ after=$",
		}},
	{Key: "image.tag", Names: []string{"tag", "imagetag", "version", "imageversion"}, Value: "scalar", Tells: true,
		Moves: []string{"container image before=:"}},
	{Key: "image.pullPolicy", Names: []string{"pullpolicy", "imagepullpolicy", "policy"}, Value: "scalar", Tells: true,
		Loose: []string{"pullpolicy", "imagepullpolicy"}, Moves: []string{"container imagePullPolicy"}},
	{Key: "imagePullSecrets", Names: []string{"imagepullsecrets", "pullsecrets"}, Value: "list", Tells: true,
		Hinted: true,
		InPod:  "imagePullSecrets", Moves: []string{"pod imagePullSecrets tree", "pod imagePullSecrets[*].name"}},

	{Key: "replicaCount", Names: []string{"replicacount", "replicas", "replicascount", "numreplicas"}, Value: "number",
		Tells: true, Hinted: true, Moves: []string{"workload spec.replicas"}},
	{Key: "env", Shapes: []string{EnvList, EnvMap, EnvObjects}, Tells: true, Moves: []string{"container env tree"}},
	{Key: "envFrom", Names: []string{"envfrom", "extraenvfrom"}, Value: "items",
		Moves: []string{"container envFrom tree"}},
	{Key: "resources", Names: []string{"resources", "appresources", "containerresources"}, Value: "map", Tells: true,
		Hinted: true, Moves: []string{"container resources tree"}},
	{Key: "securityContext", Names: []string{"containersecuritycontext"}, Loose: []string{"securitycontext"},
		Value: "map",
		Tells: true, Moves: []string{"container securityContext tree"}},
	{Key: "lifecycle", Names: []string{"lifecycle", "lifecyclehooks"}, Value: "map",
		Moves: []string{"container lifecycle tree"}},
	{Key: "extraArgs", Names: []string{"extraargs", "args", "extraarguments"}, Value: "list",
		Moves: []string{"container args tree"}},
	{Key: "livenessProbe", Names: []string{"livenessprobe"}, Value: "map",
		Moves: []string{"container livenessProbe tree"}},
	{Key: "readinessProbe", Names: []string{"readinessprobe"}, Value: "map",
		Moves: []string{"container readinessProbe tree"}},
	{Key: "startupProbe", Names: []string{"startupprobe"}, Value: "map",
		Moves: []string{"container startupProbe tree"}},
	{Key: "extraVolumeMounts", Names: []string{"extravolumemounts", "additionalvolumemounts", "volumemounts"},
		Value: "items", Moves: []string{"container volumeMounts tree"}},
	{Key: "extraVolumes", Names: []string{"extravolumes", "additionalvolumes", "volumes"}, Value: "items",
		Moves: []string{"pod volumes tree"}},
	{Key: "initContainers", Names: []string{"initcontainers", "extrainitcontainers"}, Value: "items",
		Moves: []string{"pod initContainers tree"}},
	{Key: "extraContainers",
		Names: []string{"extracontainers", "sidecars", "sidecarcontainers", "additionalcontainers"},
		Value: "items", Moves: []string{"pod containers tree"}},
	{Key: "annotations"},

	{Key: "strategy", Names: []string{"strategy", "updatestrategy", "deploymentstrategy"}, Value: "map", Tells: true,
		Moves: []string{"workload spec.strategy tree", "workload spec.updateStrategy tree"}},
	{Key: "podSecurityContext", Names: []string{"podsecuritycontext"}, InPod: "securityContext", Value: "map",
		Tells: true,
		Moves: []string{"pod securityContext tree"}},
	{Key: "nodeSelector", Names: []string{"nodeselector"}, Value: "map", Tells: true, Hinted: true,
		Moves: []string{"pod nodeSelector tree"}},
	{Key: "tolerations", Names: []string{"tolerations"}, Value: "list", Tells: true, Hinted: true,
		Moves: []string{"pod tolerations tree"}},
	{Key: "affinity", Names: []string{"affinity"}, Value: "map", Tells: true, Hinted: true,
		Moves: []string{"pod affinity tree"}},
	{Key: "topologySpreadConstraints", Names: []string{"topologyspreadconstraints"}, Value: "list", Tells: true,
		Moves: []string{"pod topologySpreadConstraints tree"}},
	{Key: "priorityClassName", Names: []string{"priorityclassname"}, InPod: "priorityClassName", Value: "scalar",
		Tells: true, Moves: []string{"pod priorityClassName"}},
	{Key: "runtimeClassName", Names: []string{"runtimeclassname"}, InPod: "runtimeClassName", Value: "scalar",
		Tells: true, Moves: []string{"pod runtimeClassName"}},
	{Key: "terminationGracePeriodSeconds", Names: []string{"terminationgraceperiodseconds"}, Value: "scalar",
		Tells: true,
		Moves: []string{"pod terminationGracePeriodSeconds"}},
	{Key: "podAnnotations", Names: []string{"podannotations"}, InPod: "annotations", Value: "map", Tells: true,
		Hinted: true,
		Moves:  []string{"workload spec.template.metadata.annotations tree"}},
	{Key: "podLabels", Names: []string{"podlabels"}, InPod: "labels", Value: "map", Tells: true,
		Moves: []string{"workload spec.template.metadata.labels tree"}},

	{Key: "service", Names: []string{"service", "services", "svc"}, Anchor: "service.port", Follow: true},
	{Key: "service.type", Names: []string{"type", "servicetype"}, Loose: []string{"servicetype"}, Value: "scalar",
		Tells: true, Moves: []string{"Service spec.type"}},
	{Key: "service.port", Names: []string{"port", "serviceport", "httpport", "webport", "externalport"},
		Loose: []string{"serviceport"}, Value: "scalar", Astray: true, Tells: true,
		Moves: []string{"Service spec.ports[*].port"}},
	{Key: "service.targetPort", Names: []string{"targetport", "containerport", "internalport"}, Value: "scalar",
		Astray: true, Tells: true,
		Moves: []string{"container ports[*].containerPort", "Service spec.ports[*].targetPort"}},
	{Key: "service.annotations", Names: []string{"annotations"}, Value: "map", Tells: true,
		Moves: []string{"Service metadata.annotations tree"}},
	{Key: "service.enabled", Names: []string{"enabled", "create"}, Value: "scalar", Moves: []string{"Service"}},

	{Key: "ingress", Names: []string{"ingress", "ingresses"}, Anchor: "ingress.hosts", Follow: true,
		Shaped: map[string][]string{RouteIngressRoute: {"ingressroute", "ingressroutes"}}},
	{Key: "ingress.enabled", Names: enabled, Value: "scalar", Moves: []string{"Ingress", "HTTPRoute", "IngressRoute"}},
	{Key: "ingress.className", Names: []string{"classname", "ingressclassname", "class", "ingressclass"},
		Value: "scalar",
		Tells: true, Hinted: true,
		Moves: []string{"Ingress spec.ingressClassName", `Ingress metadata.annotations."kubernetes.io/ingress.class"`}},
	{Key: "ingress.annotations", Names: []string{"annotations"}, Value: "map", Tells: true, Hinted: true,
		Moves: []string{
			"Ingress metadata.annotations tree", "HTTPRoute metadata.annotations tree",
			"IngressRoute metadata.annotations tree",
		}},
	{Key: "ingress.domain", Astray: true},
	{Key: "ingress.hosts", Names: []string{"hosts", "hostnames"}, Tells: true,
		Shaped: map[string][]string{HostsSingle: {"host", "hostname", "domain", "fqdn", "domainname"}},
		Shapes: []string{HostsObjects, HostsNamed, HostsStrings, HostsSingle},
		Moves: []string{
			"Ingress spec.rules[*].host tree", "HTTPRoute spec.hostnames tree",
			"IngressRoute spec.routes[*].match tree",
		}},
	{Key: "ingress.tls", Names: []string{"tls"}, Tells: true, Hinted: true,
		Shaped: map[string][]string{
			TLSSecret: {"tlssecretname", "tlssecret", "sslsecretname", "sslsecret", "certificatesecret"},
			TLSBool:   {"tlsenabled", "https", "ssl", "sslenabled", "enabletls"},
		},
		Shapes: []string{TLSList, TLSHosts, TLSSecret, TLSBool, TLSMap},
		Moves:  []string{"Ingress spec.tls tree", "IngressRoute spec.tls tree", "Ingress spec.tls tree switch"}},
	{Key: "ingress.entryPoints", Names: []string{"entrypoints"}, Value: "items", Tells: true,
		Moves: []string{"IngressRoute spec.entryPoints tree"}},

	{Key: "httpRoute", Names: []string{"httproute", "httproutes", "gateway", "gatewayapi"}, Follow: true,
		OfChart: true},
	{Key: "httpRoute.enabled", Names: enabled, Value: "scalar", Moves: []string{"HTTPRoute"}},
	{Key: "httpRoute.hostnames", Names: []string{"hostnames", "hosts"}, Value: "texts",
		Moves: []string{"HTTPRoute spec.hostnames tree"}},
	{Key: "httpRoute.parentRefs", Names: []string{"parentrefs"}, Value: "items",
		Moves: []string{"HTTPRoute spec.parentRefs tree"}},
	{Key: "httpRoute.annotations", Names: []string{"annotations"}, Value: "map",
		Moves: []string{"HTTPRoute metadata.annotations tree"}},

	{Key: "persistence", Anchor: "persistence.size", Follow: true,
		Shapes: []string{PersistenceBlock, PersistenceVolumes, PersistenceList},
		Names: []string{
			"persistence", "storage", "pvc", "persistentvolumeclaim", "persistentvolumeclaims", "pvcs", "volume",
			"volumes", "persistent", "persistentvolume", "persistentstorage", "pvcmounts", "volumeclaims", "claims",
			"volumemounts", "data",
		}},
	{Key: "persistence.size", Value: "scalar", Tells: true, Moves: []string{"claim resources.requests.storage"},
		Names: []string{"size", "requestedsize", "storagesize", "capacity", "storage", "volumesize", "disksize"},
		Loose: []string{"storage", "storagesize", "pvcsize", "disksize", "volumesize"}},
	{Key: "persistence.storageClass", Names: []string{"storageclass", "storageclassname", "classname"}, Value: "scalar",
		Tells: true, Hinted: true, Moves: []string{"claim storageClassName"}},
	{Key: "persistence.accessMode", Names: []string{"accessmode", "accessmodes"}, Value: "scalars", Tells: true,
		Hinted: true,
		Shapes: []string{AccessModeString, AccessModeList},
		Moves:  []string{"claim accessModes[*]", "claim accessModes tree"}},
	{Key: "persistence.enabled", Names: enabled, Value: "scalar",
		Moves: []string{"PersistentVolumeClaim", "workload spec.volumeClaimTemplates tree switch"}},
	{Key: "persistence.existingClaim", Value: "scalar", Hinted: true,
		Names: []string{
			"existingclaim", "claimname", "existingpvc", "pvcclaim", "persistentvolumeclaimname", "existingclaimname",
		},
		Moves: []string{"pod volumes[*].persistentVolumeClaim.claimName"}},
	{Key: "persistence.mountPath", Value: "scalar", Hinted: true,
		Moves: []string{"container volumeMounts[*].mountPath"},
		Names: []string{"mountpath", "globalmount", "containermount", "datapath", "mount", "mountpoint"}},

	{Key: "serviceAccount", Names: []string{"serviceaccount"}, Follow: true},
	{Key: "serviceAccount.create", Names: []string{"create", "enabled"}, Value: "scalar", Tells: true,
		Moves: []string{"ServiceAccount"}},
	{Key: "serviceAccount.name", Names: []string{"name"}, Value: "scalar",
		Moves: []string{"ServiceAccount metadata.name", "pod serviceAccountName"}},
	{Key: "serviceAccount.annotations", Names: []string{"annotations"}, Value: "map", Tells: true,
		Moves: []string{"ServiceAccount metadata.annotations tree"}},

	{Key: "autoscaling", Names: []string{"autoscaling", "hpa", "horizontalpodautoscaler", "autoscaler"}, Follow: true},
	{Key: "autoscaling.enabled", Names: enabled, Value: "scalar", Moves: []string{scaler}},
	{Key: "autoscaling.minReplicas", Names: []string{"minreplicas", "min"}, Value: "scalar", Tells: true,
		Moves: []string{scaler + " spec.minReplicas"}},
	{Key: "autoscaling.maxReplicas", Names: []string{"maxreplicas", "max"}, Value: "scalar", Tells: true,
		Moves: []string{scaler + " spec.maxReplicas"}},
	{Key: "autoscaling.targetCPUUtilizationPercentage", Value: "scalar",
		Names: []string{"targetcpuutilizationpercentage", "targetcpu", "avgcpuutilization", "cpuutilization"},
		Moves: []string{scaler + " spec.metrics anywhere", scaler + " spec.targetCPUUtilizationPercentage"}},
	{Key: "autoscaling.targetMemoryUtilizationPercentage", Value: "scalar",
		Names: []string{"targetmemoryutilizationpercentage", "targetmemory", "avgmemoryutilization"},
		Moves: []string{scaler + " spec.metrics anywhere"}},

	{Key: "networkPolicy", Names: []string{"networkpolicy"}, OfChart: true},
	{Key: "networkPolicy.enabled", Names: enabled, Value: "scalar", Moves: []string{"NetworkPolicy"}},
	{Key: "podDisruptionBudget", Names: []string{"poddisruptionbudget", "pdb"}, Follow: true},
	{Key: "podDisruptionBudget.enabled", Names: enabled, Value: "scalar", Moves: []string{"PodDisruptionBudget"}},
	{Key: "podDisruptionBudget.maxUnavailable", Names: []string{"maxunavailable"}, Value: "scalar", Tells: true,
		Moves: []string{"PodDisruptionBudget spec.maxUnavailable"}},

	{Key: "nameOverride", Names: []string{"nameoverride"}, Value: "scalar", OfChart: true,
		Moves: []string{"workload metadata.name", "workload metadata.labels anywhere"}},
	{Key: "fullnameOverride", Names: []string{"fullnameoverride"}, Value: "scalar", OfChart: true,
		Moves: []string{"workload metadata.name"}},
}

// Keys gives what is known of each canonical key and block that siblings may
// have, in the order in which conflicts are resolved.
func Keys() []Key { return slices.Clone(keys) }

// KeyOf gives what is known of one key, and nothing for one that siblings do not
// have.
func KeyOf(key string) Key {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Key == key })
	if i < 0 {
		return Key{}
	}
	return keys[i]
}

// Block gives the block that a key is in, "" for a key of its own.
func (k Key) Block() string { return BlockOf(k.Key) }

// BlockOf gives the block that a canonical key is in, "" for a key of its own.
func BlockOf(key string) string {
	block, _, in := strings.Cut(key, ".")
	if !in {
		return ""
	}
	return block
}
