package manifest

import (
	"strings"
	"testing"
)

const goodDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: livekit
  labels: {app.kubernetes.io/name: livekit}
spec:
  replicas: 1
  selector:
    matchLabels: {app: livekit}
  strategy:
    rollingUpdate: {maxSurge: 0, maxUnavailable: 1}
  template:
    metadata:
      labels: {app: livekit}
    spec:
      enableServiceLinks: false
      initContainers:
      - name: redis
        image: redis:7.4
        restartPolicy: Always
        startupProbe:
          exec: {command: [redis-cli, ping]}
      containers:
      - name: livekit
        image: livekit/livekit-server:v1.13.5
        env:
        - name: NODE_IP
          valueFrom: {fieldRef: {fieldPath: status.hostIP}}
        ports:
        - {name: http, containerPort: 7880}
        - {name: rtc-udp, containerPort: 7882, protocol: UDP}
        readinessProbe:
          httpGet: {path: /, port: http}
        resources:
          requests: {cpu: 100m}
          limits: {cpu: 1}
        volumeMounts:
        - {name: config, mountPath: /etc/livekit}
      volumes:
      - name: config
        configMap: {name: livekit}
`

const goodService = `
apiVersion: v1
kind: Service
metadata: {name: livekit-media}
spec:
  type: NodePort
  selector: {app: livekit}
  ports:
  - {name: rtc-tcp, port: 30881, targetPort: 30881, nodePort: 30881}
  - {name: rtc-udp, port: 30881, targetPort: rtc-udp, nodePort: 30881, protocol: UDP}
`

const goodIngress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: livekit}
spec:
  rules:
  - host: livekit.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: livekit, port: {name: http}}}
  tls:
  - hosts: [livekit.example.com]
    secretName: tls
`

const goodClaim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: livekit}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`

const goodAutoscaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: livekit}
spec:
  minReplicas: 1
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: livekit}
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}
`

const goodMonitor = `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: livekit}
spec:
  selector: {matchLabels: {app: livekit}}
  endpoints:
  - {port: metrics, interval: 30s}
`

const goodRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: livekit}
spec:
  parentRefs: [{name: gateway}]
  hostnames: [livekit.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    backendRefs: [{name: livekit, port: 80}]
`

const goodCertificate = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: turn}
spec:
  secretName: turn-tls
  issuerRef: {name: letsencrypt, kind: ClusterIssuer}
  dnsNames: [turn.example.com]
`

const goodPolicy = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: livekit}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - ports:
    - {port: 50000, endPort: 60000, protocol: UDP}
`

func TestCheckTakesGoodObjects(t *testing.T) {
	for _, text := range []string{
		goodDeployment, goodService, goodIngress, goodClaim, goodAutoscaler, goodMonitor, goodRoute, goodCertificate,
		goodPolicy,
		strings.NewReplacer("ServiceMonitor", "PodMonitor", "endpoints", "podMetricsEndpoints").Replace(goodMonitor),
		"apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {anything: [1]}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, creationTimestamp: null}\n" +
			"data: {config.yaml: 'port: 1'}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: c, annotations: {helm.sh/resource-policy: keep}}\n" +
			"data: {a: Yg==}\n",
		"apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: j-}\n" +
			"spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 'system:x'}\nrules: []\n",
		"apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {clusterIP: None, selector: {a: b}}\n",
	} {
		o := one(t, text)
		for _, p := range o.Check() {
			t.Errorf("%s: %s", o, p)
		}
	}
}

// Each case changes one thing of a good object, and Check must name it.
func TestCheckFinds(t *testing.T) {
	for _, test := range []struct{ name, text, from, to, path, message string }{
		{"unknown field", goodDeployment, "enableServiceLinks: false", "enableServicelinks: false",
			"spec.template.spec.enableServicelinks", "unknown field"},
		{"unknown resource", goodDeployment, "requests: {cpu", "requests: {mem: 1Gi, cpu",
			"spec.template.spec.containers[0].resources.requests.mem", "is no resource"},
		{"unknown limit", goodDeployment, "limits: {cpu", "limits: {ram: 1Gi, cpu",
			"spec.template.spec.containers[0].resources.limits.ram", "is no resource"},
		{"operator of a toleration", goodDeployment, "      enableServiceLinks",
			"      tolerations: [{key: a, operator: exists}]\n      enableServiceLinks",
			"spec.template.spec.tolerations[0].operator", "unknown"},
		{"effect of a toleration", goodDeployment, "      enableServiceLinks",
			"      tolerations: [{operator: Exists, effect: noSchedule}]\n      enableServiceLinks",
			"spec.template.spec.tolerations[0].effect", "unknown"},
		{"toleration without a key", goodDeployment, "      enableServiceLinks",
			"      tolerations: [{value: a}]\n      enableServiceLinks",
			"spec.template.spec.tolerations[0]", "needs a key"},
		{"toleration of any value", goodDeployment, "      enableServiceLinks",
			"      tolerations: [{key: a, operator: Exists, value: b}]\n      enableServiceLinks",
			"spec.template.spec.tolerations[0].value", "may not be set"},
		{"spread", goodDeployment, "      enableServiceLinks",
			"      topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: never}]\n" +
				"      enableServiceLinks",
			"spec.template.spec.topologySpreadConstraints[0].whenUnsatisfiable", "unknown"},
		{"operator of a node's label", goodDeployment, "      enableServiceLinks",
			"      affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: " +
				"[{matchExpressions: [{key: a, operator: in, values: [b]}]}]}}}\n      enableServiceLinks",
			"spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution." +
				"nodeSelectorTerms[0].matchExpressions[0].operator", "unknown"},
		{"operator of a preferred label", goodDeployment, "      enableServiceLinks",
			"      affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, " +
				"preference: {matchExpressions: [{key: a, operator: exists}]}}]}}\n      enableServiceLinks",
			"spec.template.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]." +
				"preference.matchExpressions[0].operator", "unknown"},
		{"pod field in container", goodDeployment, "        resources:",
			"        securityContext: {fsGroup: 1}\n        resources:",
			"spec.template.spec.containers[0].securityContext.fsGroup", "unknown field"},
		{"wrong type", goodDeployment, "replicas: 1", `replicas: "1"`, "spec.replicas", "a whole number"},
		{"yaml boolean", goodDeployment, "{app: livekit}\n    spec", "{app: yes}\n    spec",
			"spec.template.metadata.labels", "is a bool"},
		{"quantity", goodDeployment, "cpu: 100m", "cpu: lots", "", "quantities must match"},
		{"object name", goodDeployment, "name: livekit\n  labels", "name: Live_Kit\n  labels", "metadata.name",
			"RFC 1123"},
		{"no name", goodDeployment, "  name: livekit\n  labels", "  labels", "metadata.name", "missing"},
		{"label value", goodDeployment, "app.kubernetes.io/name: livekit", "app.kubernetes.io/name: 'live kit'",
			"metadata.labels.app.kubernetes.io/name", "label"},
		{"selector", goodDeployment, "matchLabels: {app: livekit}", "matchLabels: {app: other}",
			"spec.selector.matchLabels.app", `the template's label is "livekit"`},
		{"no selector", goodDeployment, "matchLabels: {app: livekit}", "matchLabels: {}", "spec.selector", "missing"},
		{"rollout never moves", goodDeployment, "maxUnavailable: 1", "maxUnavailable: 0",
			"spec.strategy.rollingUpdate", "both be 0"},
		{"recreate and rollingUpdate", goodDeployment, "strategy:\n", "strategy:\n    type: Recreate\n",
			"spec.strategy.rollingUpdate", "Recreate"},
		{"no image", goodDeployment, "image: livekit/livekit-server:v1.13.5", `image: ""`,
			"spec.template.spec.containers[0].image", "missing"},
		{"empty tag", goodDeployment, "image: livekit/livekit-server:v1.13.5", `image: "livekit/livekit-server:"`,
			"spec.template.spec.containers[0].image", "no image reference"},
		{"two containers of a name", goodDeployment, "- name: redis", "- name: livekit",
			"spec.template.spec.containers[0].name", "twice"},
		{"long port name", goodDeployment, "name: rtc-udp", "name: real-time-media-udp",
			"spec.template.spec.containers[0].ports[1].name", "15"},
		{"two ports of a name", goodDeployment, "name: rtc-udp", "name: http",
			"spec.template.spec.containers[0].ports[1].name", "twice"},
		{"port twice", goodDeployment, "{name: rtc-udp, containerPort: 7882, protocol: UDP}",
			"{name: rtc, containerPort: 7880}", "spec.template.spec.containers[0].ports[1]", "7880/TCP"},
		{"port out of range", goodDeployment, "containerPort: 7882", "containerPort: 78820",
			"spec.template.spec.containers[0].ports[1].containerPort", "65535"},
		{"protocol", goodDeployment, "protocol: UDP", "protocol: udp",
			"spec.template.spec.containers[0].ports[1].protocol", "unknown"},
		{"probe port", goodDeployment, "port: http}", "port: web}",
			"spec.template.spec.containers[0].readinessProbe.httpGet.port", `no port named "web"`},
		{"probe without handler", goodDeployment, "httpGet: {path: /, port: http}", "periodSeconds: 5",
			"spec.template.spec.containers[0].readinessProbe", "0 handlers"},
		{"probe of a plain init container", goodDeployment, "        restartPolicy: Always\n", "",
			"spec.template.spec.initContainers[0]", "no probes"},
		{"mount without volume", goodDeployment, "{name: config, mountPath", "{name: konfig, mountPath",
			"spec.template.spec.containers[0].volumeMounts[0].name", `no volume "konfig"`},
		{"env twice", goodDeployment, "        ports:", "        - name: NODE_IP\n          value: x\n        ports:",
			"spec.template.spec.containers[0].env[1]", "twice"},
		{"env without source", goodDeployment, "valueFrom: {fieldRef: {fieldPath: status.hostIP}}", "valueFrom: {}",
			"spec.template.spec.containers[0].env[0].valueFrom", "0 sources"},
		{"env with both", goodDeployment, "valueFrom: {fieldRef", "value: x\n          valueFrom: {fieldRef",
			"spec.template.spec.containers[0].env[0]", "value and valueFrom"},
		{"request above limit", goodDeployment, "cpu: 100m", "cpu: 2",
			"spec.template.spec.containers[0].resources.requests.cpu", "above the limit"},
		{"volume with two sources", goodDeployment, "configMap: {name: livekit}",
			"configMap: {name: livekit}\n        emptyDir: {}", "spec.template.spec.volumes[0]", "2 sources"},
		{"job of a Deployment's policy",
			"apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n" +
				"spec: {template: {spec: {restartPolicy: Always, containers: [{name: a, image: b}]}}}",
			"", "", "spec.template.spec.restartPolicy", "Never or OnFailure"},
		{"no containers", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: null}", "", "",
			"spec.containers", "no entry"},
		{"container securityContext",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n" +
				"spec: {containers: [{name: a, image: b, securityContext: {runAsNonRoot: true, runAsUser: 0}}]}",
			"", "", "spec.containers[0].securityContext", "exclude"},
		{"host port of two",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [" +
				"{name: a, image: b, ports: [{containerPort: 1, hostPort: 9}]}, " +
				"{name: c, image: b, ports: [{containerPort: 2, hostPort: 9}]}]}",
			"", "", "spec", "both want host port 9/TCP"},

		{"service name", goodService, "name: livekit-media", "name: 1livekit", "metadata.name", "DNS-1035"},
		{"no service ports", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: null}", "", "",
			"spec.ports", "no entry"},
		{"port without name", goodService, "name: rtc-tcp, ", "", "spec.ports[0].name", "names each"},
		{"service port twice", goodService, ", protocol: UDP", "", "spec.ports[1]", "30881/TCP"},
		{"service port name twice", goodService, "name: rtc-udp", "name: rtc-tcp", "spec.ports[1].name", "twice"},
		{"node port out of range", goodService, "nodePort: 30881}", "nodePort: 7881}", "spec.ports[0].nodePort",
			"30000-32767"},
		{"node port of a ClusterIP", goodService, "type: NodePort", "type: ClusterIP", "spec.ports[0].nodePort",
			"NodePort and LoadBalancer"},
		{"long target port name", goodService, "targetPort: rtc-udp", "targetPort: real-time-media-udp",
			"spec.ports[1].targetPort", "15"},
		{"traffic policy", goodService, "type: NodePort", "externalTrafficPolicy: Local",
			"spec.externalTrafficPolicy", "NodePort"},

		{"null rules", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules:\n", "",
			"", "spec.rules", "no entry"},
		{"no path type", goodIngress, "        pathType: Prefix\n", "", "spec.rules[0].http.paths[0].pathType",
			"missing"},
		{"relative path", goodIngress, "path: /", "path: rtc", "spec.rules[0].http.paths[0].path", "start with /"},
		{"backend port", goodIngress, "port: {name: http}", "port: {}",
			"spec.rules[0].http.paths[0].backend.service.port", "exactly one"},
		{"host with scheme", goodIngress, "host: livekit", "host: https://livekit", "spec.rules[0].host", "RFC 1123"},
		{"retired api", goodIngress, "networking.k8s.io/v1", "networking.k8s.io/v1beta1", "apiVersion",
			"not served since Kubernetes 1.22"},
		{"kind of another group", goodDeployment, "apps/v1", "v1", "apiVersion", "it is in apps/v1"},

		{"no access mode", goodClaim, "[ReadWriteOnce]", "[]", "spec.accessModes", "no entry"},
		{"access mode", goodClaim, "[ReadWriteOnce]", "[RWO]", "spec.accessModes[0]", "unknown"},
		{"no size", goodClaim, "storage: 1Gi", "cpu: 1", "spec.resources.requests.storage", "missing"},
		{"min above max", goodAutoscaler, "minReplicas: 1", "minReplicas: 4", "spec.minReplicas", "above maxReplicas"},
		{"no max", goodAutoscaler, "  maxReplicas: 3\n", "", "spec.maxReplicas", "below 1"},
		{"monitor field", goodMonitor, "interval: 30s", "intervall: 30s", "spec.endpoints[0].intervall",
			"unknown field"},
		{"monitor type", goodMonitor, "interval: 30s", "interval: 30", "spec.endpoints[0].interval",
			"expected a string"},
		{"monitor label type", goodMonitor, "{app: livekit}", "{app: yes}", "spec.selector.matchLabels.app",
			"expected a string"},
		{"monitor metadata", goodMonitor, "{name: livekit}", "{name: livekit, label: x}", "metadata.label",
			"unknown field"},
		{"monitor without endpoints", goodMonitor, "endpoints:\n  - {port: metrics, interval: 30s}", "endpoints: []",
			"spec.endpoints", "no entry"},
		{"route without port", goodRoute, ", port: 80", "", "spec.rules[0].backendRefs[0].port", "missing"},
		{"route without parent", goodRoute, "[{name: gateway}]", "[]", "spec.parentRefs", "no entry"},
		{"route path type", goodRoute, "PathPrefix", "Prefix", "spec.rules[0].matches[0].path.type", "unknown"},
		{"certificate for nothing", goodCertificate, "dnsNames: [turn.example.com]", "dnsNames: []", "spec",
			"dnsNames"},
		{"end port", goodPolicy, "endPort: 60000", "endPort: 40000", "spec.ingress[0].ports[0].endPort", "not above"},
		{"data key", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {etc/x: a}", "", "", "data", "etc/x"},
		{"secret data no base64", "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\ndata: {a: '%'}", "", "", "",
			"base64"},
		{"budget with both",
			"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n" +
				"spec: {minAvailable: 1, maxUnavailable: 1}", "", "", "spec", "exclude"},
		{"annotation", goodClaim, "{name: livekit}", "{name: livekit, annotations: {a: true}}",
			"metadata.annotations", "is a bool"},
		{"no kind", "apiVersion: v1\nmetadata: {name: x}", "", "", "kind", "missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(test.text, test.from, test.to, 1)
			if test.from != "" && text == test.text {
				t.Fatalf("the case changes nothing: %q is not there", test.from)
			}
			found := one(t, text).Check()
			for _, p := range found {
				if p.Path == test.path && strings.Contains(p.Message, test.message) {
					return
				}
			}
			t.Errorf("want %s: %s; found %v", test.path, test.message, found)
		})
	}
}

func TestUnknownKinds(t *testing.T) {
	if one(t, "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata: {name: x}").Known() {
		t.Error("BackendConfig is known")
	}
	if !one(t, goodDeployment).Known() {
		t.Error("Deployment is not known")
	}
}
