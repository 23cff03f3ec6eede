package verify

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func run(t *testing.T, dir string, opts Options) *Report {
	t.Helper()
	report, err := Run(context.Background(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func get(t *testing.T, r *Report, name string) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return Check{}
}

// edit is a change of a chart's file; an empty from writes the whole file.
type edit struct{ file, from, to string }

// edited copies a chart of testdata and changes it.
func edited(t *testing.T, chart string, edits ...edit) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), chart)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", chart))); err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		path := filepath.Join(dir, filepath.FromSlash(e.file))
		text := e.to
		if e.from != "" {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if text = strings.Replace(string(data), e.from, e.to, 1); text == string(data) {
				t.Fatalf("%s has no %q", e.file, e.from)
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestGoodChartPasses(t *testing.T) {
	r := run(t, filepath.Join("testdata", "minimal"), Options{})
	for _, c := range r.Checks {
		if c.Status != Pass || c.Detail == "" || c.Remedy != "" {
			t.Errorf("%s: %s: %s (%s)", c.Name, c.Status, c.Detail, c.Remedy)
		}
	}
	if r.Failed() || r.Chart != "calls" || r.ChartVersion != "0.1.0" || r.AppVersion != "v1.13.5" {
		t.Errorf("report %+v", r)
	}
}

// Each case changes the good chart in one way and names the check that must
// see it.
func TestChecksFind(t *testing.T) {
	const (
		deployment = "templates/deployment.yaml"
		services   = "templates/services.yaml"
		config     = "templates/config.yaml"
		route      = "templates/ingress.yaml"
		claim      = "templates/claim.yaml"
		values     = "values.yaml"
	)
	hostNetwork := edit{deployment, "      enableServiceLinks: false", "      enableServiceLinks: false\n      hostNetwork: true"}
	hpa := edit{"templates/hpa.yaml", "", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: calls}\nspec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: calls}}\n"}
	keysEnv := func(to string) edit {
		return edit{deployment, "valueFrom:\n                secretKeyRef:\n                  name: {{ .Values.keysSecret }}\n                  key: keys", to}
	}
	local := edit{services, "type: NodePort", "type: NodePort\n  externalTrafficPolicy: Local"}
	apart := edit{deployment, "      enableServiceLinks: false", "      enableServiceLinks: false\n      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: calls}}}]"}
	noClaim := []edit{{deployment, "          persistentVolumeClaim:\n            claimName: calls", "          emptyDir: {}"}, {claim, "", "\n"}}
	turn := func(settings string) edit {
		return edit{values, "  rtc:", "  turn: {enabled: true, allow_restricted_peer_cidrs: [10.0.0.0/8], " + settings + "}\n  rtc:"}
	}
	turnService := func(port string) edit {
		return edit{"templates/turn.yaml", "", "apiVersion: v1\nkind: Service\nmetadata: {name: turn}\nspec: {type: LoadBalancer, selector: {app: calls}, ports: [{port: " + port + ", targetPort: 5349}]}\n"}
	}
	stun := edit{values, "  rtc:", "  rtc:\n    use_external_ip: true"}
	policy := func(egress string) edit {
		return edit{"templates/policy.yaml", "", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: shut}\nspec: {podSelector: {matchLabels: {app: calls}}, policyTypes: [Egress], egress: [" + egress + "]}\n"}
	}
	noRedis := edit{values, "  redis:\n    address: 127.0.0.1:6379\n", ""}
	noSidecar := edit{deployment, "      initContainers:\n        - name: redis\n          image: redis:7.4.2-alpine\n          restartPolicy: Always\n          args: [--bind, 127.0.0.1]\n          startupProbe:\n            exec:\n              command: [redis-cli, ping]\n          volumeMounts:\n            - name: data\n              mountPath: /data\n", ""}

	for _, test := range []struct {
		name, check, status, detail string
		edits                       []edit
	}{
		{"no icon", "lint", Pass, "", []edit{{"Chart.yaml", "icon: https://example.com/calls.png\n", ""}}},
		{"no version", "lint", Fail, "version", []edit{{"Chart.yaml", "version: 0.1.0\n", ""}}},
		{"template that ends early", "render", Fail, "templates/config.yaml:9: unexpected EOF", []edit{{config, "", "a: 1\n\n\n\n\n\n\n{{ if .Values.host }}\n"}}},
		{"value that is required", "render", Fail, "name a host", []edit{{route, "{{ .Values.host }}", `{{ required "name a host" .Values.none }}`}}},
		{"Chart.yaml that is no YAML", "render", Fail, "Chart.yaml", []edit{{"Chart.yaml", "", "a: [\n"}}},
		{"values.yaml that is no YAML", "render", Fail, "values.yaml", []edit{{values, "host:", "\thost:"}}},
		{"dependency that is not there", "render", Fail, "missing in charts/: redis", []edit{{"Chart.yaml", "type: application", "type: application\ndependencies: [{name: redis, version: 1.0.0, repository: https://example.com}]"}}},
		{"unknown field", "kubernetes-types", Fail, "spec.template.spec.hostnetwork: unknown field", []edit{{deployment, "enableServiceLinks: false", "enableServiceLinks: false\n      hostnetwork: true"}}},
		{"object twice", "kubernetes-types", Fail, "Service calls is rendered twice", []edit{{services, "name: calls-media", "name: calls"}}},
		{"kinds of others", "kubernetes-types", Pass, "BackendConfig", []edit{{"templates/gke.yaml", "", "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata: {name: x}\n"}}},
		{"dead key", "values-read", Warn, "old.block in values.yaml", []edit{{values, "host:", "old: {block: {a: 1, b: []}, used: 1}\nhost:"}, {config, "kind:", "# {{ .Values.old.used }}\nkind:"}}},
		{"hidden key", "values-declared", Warn, "image2.tag is read by templates/config.yaml:1", []edit{{config, "apiVersion", "{{ (.Values.image2).tag }}\napiVersion"}}},

		{"no server", "workload", Fail, "No workload", []edit{{deployment, "{{ .Values.image }}", "nginx:1.29.0"}, {deployment, "- name: livekit", "- name: web"}, {values, "image: livekit/livekit-server:v1.13.5\n", ""}}},
		{"server by its command", "workload", Pass, "container calls", []edit{{deployment, "image: {{ .Values.image }}", "image: example.com/mine:{{ .Values.image }}\n          command: [/livekit-server]"}, {values, "livekit/livekit-server:", ""}, {deployment, "- name: livekit", "- name: calls"}}},
		{"egress of the server's name", "workload", Fail, "No workload", []edit{{values, "livekit-server", "egress"}}},

		{"mistyped key", "config", Fail, "rtc.udpport is not a key", []edit{{values, "udp_port", "udpport"}}},
		{"mistyped key with lax parsing", "config", Warn, "rtc.udpport", []edit{{values, "udp_port", "udpport"}, {deployment, "            - --config", "            - --disable-strict-config\n            - --config"}}},
		{"configuration that is no YAML", "config", Fail, "is no YAML", []edit{{config, "{{- toYaml .Values.config | nindent 4 }}", "port: {{ len .Values.config }}: 1"}}},
		{"file that is not mounted", "config", Fail, "a file that no volume holds", []edit{{deployment, "--config=/etc/livekit/", "--config=/etc/"}}},
		{"file that is not in the ConfigMap", "config", Fail, "entry config.yaml of ConfigMap calls", []edit{{deployment, "livekit.yaml", "config.yaml"}}},
		{"configuration that is not passed", "config", Fail, "neither --config nor LIVEKIT_CONFIG", []edit{{deployment, "          args:\n            - --config=/etc/livekit/livekit.yaml\n", ""}}},
		{"configuration of others", "config", Skip, "ConfigMap mine", []edit{{deployment, "            name: calls\n        - name: data", "            name: mine\n        - name: data"}}},
		{"configuration in a variable", "config", Fail, "portt is not a key", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_CONFIG\n              value: 'portt: 1'\n            - name: NODE_IP"}}},
		{"configuration in a Secret", "config", Fail, "portt is not a key", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_CONFIG\n              valueFrom: {secretKeyRef: {name: conf, key: c}}\n            - name: NODE_IP"}, {"templates/s.yaml", "", "apiVersion: v1\nkind: Secret\nmetadata: {name: conf}\nstringData: {c: 'portt: 1'}\n"}}},
		{"shell variable", "config", Fail, "redis.username holds ${REDIS_USER}", []edit{{values, "  redis:", "  redis:\n    username: ${REDIS_USER}"}}},
		{"variable of a wrong type", "config", Fail, "port", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_PORT\n              value: tcp://10.0.0.1:80\n            - name: NODE_IP"}}},

		{"unknown flag", "flags", Fail, "no flag --rtc.port", []edit{{deployment, "            - --config", "            - --rtc.port=7881\n            - --config"}}},
		{"unknown flag in a shell", "flags", Fail, "no flag --log.level", []edit{{deployment, "          args:\n            - --config=/etc/livekit/livekit.yaml", `          command: [sh, -c, "exec /livekit-server --config /etc/livekit/livekit.yaml --log.level=info"]`}}},
		{"address that a shell finds", "node-ip", Pass, "what the shell makes", []edit{{deployment, "          args:\n            - --config=/etc/livekit/livekit.yaml", `          command: [sh, -c, "exec /livekit-server --config /etc/livekit/livekit.yaml --node-ip $(cat /ip)"]`}}},
		{"bind with a port", "flags", Fail, "--bind takes an address", []edit{{deployment, "            - --config", "            - --bind=0.0.0.0:7880\n            - --config"}}},
		{"bind with an address", "flags", Pass, "", []edit{{deployment, "            - --config", "            - --bind=::\n            - --config"}}},
		{"generated flags", "flags", Pass, "", []edit{{deployment, "            - --config", "            - --logging.level=debug\n            - --turn.enabled=false\n            - --room.empty_timeout\n            - \"300\"\n            - --config"}}},
		{"lax parsing", "flags", Warn, "--disable-strict-config", []edit{{deployment, "            - --config", "            - --disable-strict-config\n            - --config"}}},
		{"development", "flags", Warn, "--dev", []edit{{deployment, "            - --config", "            - --dev\n            - --config"}}},
		{"file and text", "flags", Warn, "LIVEKIT_CONFIG is set", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_CONFIG\n              value: 'port: 7880'\n            - name: NODE_IP"}}},

		{"variable of no key", "env", Warn, "LIVEKIT_RTC_PORT", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_RTC_PORT\n              value: '1'\n            - name: NODE_IP"}}},
		{"variable of a key", "env", Pass, "", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_LOGGING_LEVEL\n              value: debug\n            - name: NODE_IP"}}},
		{"variable that makes another", "env", Pass, "", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_API_KEY\n              value: a\n            - name: OTHER\n              value: $(LIVEKIT_API_KEY)\n            - name: NODE_IP"}}},
		{"variable of a missing entry", "env", Fail, "entry ip of ConfigMap calls", []edit{{deployment, "fieldRef:\n                  fieldPath: status.hostIP", "configMapKeyRef: {name: calls, key: ip}"}}},

		{"no keys", "keys", Fail, "no API keys", []edit{keysEnv("value: x"), {deployment, "LIVEKIT_KEYS", "OTHER"}, {values, "keysSecret: calls-keys\n", ""}}},
		{"short secret", "keys", Fail, "has 9 characters", []edit{keysEnv("value: 'key: homesecre'")}},
		{"secret that is a number", "keys", Fail, "is no text", []edit{keysEnv("value: 'key: 12345678901234567890123456789012'")}},
		{"keys without a space", "keys", Fail, "is not \"key: secret\"", []edit{keysEnv("value: key:secret")}},
		{"key file for all to read", "keys", Fail, "mode 0644", []edit{{values, "  port: 7880", "  port: 7880\n  key_file: /keys/keys.yaml"}, {deployment, "            - name: config\n              mountPath", "            - name: keys\n              mountPath: /keys\n            - name: config\n              mountPath"}, {deployment, "      volumes:", "      volumes:\n        - name: keys\n          secret: {secretName: k}"}}},
		{"key file", "keys", Pass, "entry keys.yaml of Secret k", []edit{{values, "  port: 7880", "  port: 7880\n  key_file: /keys/keys.yaml"}, {deployment, "            - name: config\n              mountPath", "            - name: keys\n              mountPath: /keys\n            - name: config\n              mountPath"}, {deployment, "      volumes:", "      volumes:\n        - name: keys\n          secret: {secretName: k, defaultMode: 0440}"}}},
		{"keys by an operator", "keys", Pass, "which an operator makes from OnePasswordItem calls-keys", []edit{{"templates/s.yaml", "", "apiVersion: onepassword.com/v1\nkind: OnePasswordItem\nmetadata: {name: calls-keys}\nspec: {itemPath: vaults/a/items/b}\n"}}},
		{"keys by an operator under another name", "keys", Pass, "from ExternalSecret es", []edit{{"templates/s.yaml", "", "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: es}\nspec: {target: {name: calls-keys}, data: [{secretKey: keys, remoteRef: {key: a}}]}\n"}}},
		{"key and secret by an operator", "keys", Pass, "from SealedSecret made", []edit{keysEnv("value: '$(A): $(B)'"), {deployment, "            - name: LIVEKIT_KEYS", "            - name: A\n              valueFrom: {secretKeyRef: {name: made, key: a}}\n            - name: B\n              valueFrom: {secretKeyRef: {name: made, key: b}}\n            - name: LIVEKIT_KEYS"}, {"templates/s.yaml", "", "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: made}\nspec: {encryptedData: {a: AgA, b: AgB}}\n"}}},
		{"keys in no entry that the operator makes", "keys", Fail, "which is not there", []edit{{"templates/s.yaml", "", "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: calls-keys}\nspec: {data: [{secretKey: other, remoteRef: {key: a}}]}\n"}}},
		{"keys in what a store has", "keys", Pass, "ExternalSecret calls-keys", []edit{{"templates/s.yaml", "", "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: calls-keys}\nspec: {dataFrom: [{extract: {key: a}}]}\n"}}},
		{"keys that are not sealed", "keys", Fail, "which is not there", []edit{{"templates/s.yaml", "", "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: calls-keys}\nspec: {encryptedData: {other: AgA}}\n"}}},
		{"generated keys", "keys", Pass, "Argo CD", []edit{keysEnv("valueFrom: {secretKeyRef: {name: made, key: k}}"), {"templates/s.yaml", "", "apiVersion: v1\nkind: Secret\nmetadata: {name: made}\nstringData: {k: 'key: {{ randAlphaNum 40 }}'}\n"}}},

		{"key in a ConfigMap", "secrets-in-configmap", Fail, "credential keys.a", []edit{{values, "  port: 7880", "  port: 7880\n  keys: {a: 12345678901234567890123456789012x}"}}},
		{"password in a ConfigMap", "secrets-in-configmap", Fail, "credential redis.password", []edit{{values, "    address:", "    password: hush\n    address:"}}},
		{"key in a plain variable", "secrets-in-configmap", Fail, "variable LIVEKIT_KEYS", []edit{keysEnv("value: 'key: 12345678901234567890123456789012x'")}},
		{"password on the command line", "secrets-in-configmap", Fail, "--redis-password", []edit{{deployment, "            - --config", "            - --redis-password=hush\n            - --config"}}},

		{"address with a scheme", "redis", Fail, "has a scheme", []edit{{values, "127.0.0.1:6379", "redis://127.0.0.1:6379"}}},
		{"address without a port", "redis", Fail, "has no port", []edit{{values, "127.0.0.1:6379", "localhost"}}},
		{"address in a variable", "redis", Fail, "has a scheme", []edit{{deployment, "            - name: NODE_IP", "            - name: REDIS_HOST\n              value: redis://x:1\n            - name: NODE_IP"}}},
		{"no sidecar at the loopback address", "redis", Fail, "no Redis runs in the pod", []edit{noSidecar}},
		{"sidecar on another port", "redis", Fail, "container redis listens on 6380", []edit{{deployment, "args: [--bind, 127.0.0.1]", `args: [--bind, 127.0.0.1, --port, "6380"]`}}},
		{"sidecar that nobody uses", "redis", Warn, "nothing tells the server", []edit{noRedis}},
		{"plain sidecar", "redis", Warn, "starts beside the server", []edit{noSidecar, {deployment, "      containers:", "      containers:\n        - name: redis\n          image: redis:7.4.2"}}},
		{"replicas with a sidecar", "redis", Fail, "2 replicas", []edit{{deployment, "replicas: 1", "replicas: 2"}}},
		{"autoscaling with a sidecar", "redis", Fail, "up to 3 by HorizontalPodAutoscaler calls", []edit{hpa}},
		{"replicas without Redis", "redis", Fail, "without Redis", []edit{{deployment, "replicas: 1", "replicas: 2"}, noRedis, noSidecar}},
		{"replicas with a Redis elsewhere", "redis", Pass, "redis.example.com:6379", []edit{{deployment, "replicas: 1", "replicas: 2"}, noSidecar, {values, "127.0.0.1", "redis.example.com"}}},
		{"DaemonSet without Redis", "redis", Fail, "one a node", []edit{{deployment, "kind: Deployment", "kind: DaemonSet"}, {deployment, "  replicas: 1\n  strategy:\n    type: Recreate\n", ""}, noRedis, noSidecar}},
		{"no Redis at all", "redis", Pass, "runs alone", []edit{noRedis, noSidecar}},
		{"Redis open on the node", "redis", Warn, "open on the node", []edit{hostNetwork, {deployment, "          args: [--bind, 127.0.0.1]\n", ""}}},
		{"port that the Redis Service has not", "redis", Fail, "which Service cache does not have", []edit{{values, "127.0.0.1:6379", "cache:6380"}, {"templates/cache.yaml", "", "apiVersion: v1\nkind: Service\nmetadata: {name: cache}\nspec: {selector: {app: calls}, ports: [{port: 6379}]}\n"}}},

		{"selector of nothing", "service", Fail, "Service calls selects no pod", []edit{{services, "app: calls", "app: other"}}},
		{"target that is not open", "service", Fail, "leads to web/TCP", []edit{{services, "targetPort: http", "targetPort: web"}}},
		{"no Service for signalling", "service", Fail, "No Service leads to the signalling port 7880/TCP", []edit{{services, "targetPort: http", "targetPort: rtc-tcp"}}},

		{"swapped protocols", "ports", Fail, "rtc-udp 30882/TCP: the server listens there with UDP", []edit{{deployment, "              containerPort: 30882\n              protocol: UDP", "              containerPort: 30882"}}},
		{"port that is not the configuration's", "ports", Fail, "http 8080/TCP: the server does not listen there", []edit{{deployment, "containerPort: 7880", "containerPort: 8080"}}},
		{"other port outside", "ports", Fail, "tells clients its own port, 30882", []edit{{services, "port: 30882", "port: 3478"}}},
		{"no known ports", "ports", Fail, "rtc.udp_port", []edit{{values, "30882", "many"}}},
		{"ports by a variable", "ports", Fail, "http 7880/TCP", []edit{{deployment, "            - name: NODE_IP", "            - name: LIVEKIT_PORT\n              value: '7000'\n            - name: NODE_IP"}}},

		{"ClusterIP", "media", Fail, "inside the cluster only", []edit{{services, "type: NodePort", "type: ClusterIP"}, {services, "      nodePort: 30881\n", ""}, {services, "      nodePort: 30882\n", ""}}},
		{"ClusterIP on purpose", "media", Pass, "as the values say", []edit{{values, "host:", "media: {type: ClusterIP}\nhost:"}, {services, "type: NodePort", "type: {{ .Values.media.type }}"}, {services, "      nodePort: 30881\n", ""}, {services, "      nodePort: 30882\n", ""}}},
		{"node port by chance", "media", Fail, "by chance", []edit{{services, "      nodePort: 30881\n", ""}, {services, "      nodePort: 30882\n", ""}}},
		{"other node port", "media", Warn, "has node port 31000", []edit{{services, "nodePort: 30882", "nodePort: 31000"}}},
		{"LoadBalancer", "media", Pass, "LoadBalancer Service calls-media", []edit{{services, "type: NodePort", "type: LoadBalancer"}}},
		{"hostNetwork", "media", Pass, "the node's network", []edit{hostNetwork, {services, "type: NodePort", "type: ClusterIP"}, {services, "      nodePort: 30881\n", ""}, {services, "      nodePort: 30882\n", ""}}},
		{"host port", "media", Pass, "a host port", []edit{{deployment, "containerPort: 30882", "containerPort: 30882\n              hostPort: 30882"}, {services, "nodePort: 30882", "nodePort: 31000"}}},
		{"UDPRoute", "media", Pass, "Service calls-media", []edit{{services, "type: NodePort", "type: ClusterIP"}, {services, "      nodePort: 30881\n", ""}, {services, "      nodePort: 30882\n", ""}, {"templates/route.yaml", "", "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: UDPRoute\nmetadata: {name: r}\nspec: {rules: [{backendRefs: [{name: calls-media}]}]}\n"}}},

		{"several servers on a NodePort", "servers", Fail, "sends what comes to a node to any of several servers (2 replicas)", []edit{{deployment, "replicas: 1", "replicas: 2"}}},
		{"several servers on a local NodePort", "servers", Warn, "on one node would share its port", []edit{{deployment, "replicas: 1", "replicas: 2"}, local}},
		{"several servers that are kept apart", "servers", Pass, "Several servers (2 replicas)", append([]edit{{deployment, "replicas: 1", "replicas: 2"}, local, apart}, noClaim...)},
		{"several servers and a claim for one node", "servers", Warn, "claim calls is for one node at a time", []edit{{deployment, "replicas: 1", "replicas: 2"}, local, apart}},
		{"several servers behind a load balancer", "servers", Fail, "LoadBalancer Service calls-media has one address", []edit{{deployment, "replicas: 1", "replicas: 2"}, {services, "type: NodePort", "type: LoadBalancer"}}},
		{"autoscaled servers on the nodes' network", "servers", Warn, "up to 3 by HorizontalPodAutoscaler calls) on ports of the node", []edit{hpa, hostNetwork}},
		{"a server on each node", "servers", Pass, "one a node", append([]edit{{deployment, "kind: Deployment", "kind: DaemonSet"}, {deployment, "  replicas: 1\n  strategy:\n    type: Recreate\n", ""}, hostNetwork}, noClaim...)},
		{"several servers at one fixed address", "servers", Fail, "the one address of NODE_IP", []edit{{deployment, "replicas: 1", "replicas: 2"}, hostNetwork, {deployment, "valueFrom:\n                fieldRef:\n                  fieldPath: status.hostIP", "value: 203.0.113.5"}}},

		{"TURN over UDP that nobody reaches", "turn", Warn, "3478/UDP is not reachable from outside", []edit{turn("udp_port: 3478, domain: t.example.com")}},
		{"TURN over UDP on the node", "turn", Pass, "Clients reach TURN", []edit{turn("udp_port: 3478, domain: t.example.com"), hostNetwork}},
		{"TURN over TLS at another port", "turn", Warn, "told port 443 of t.example.com", []edit{turn("tls_port: 5349, domain: t.example.com, external_tls: true")}},
		{"TURN over TLS at port 5349 of a Service", "turn", Warn, "Service turn has it at port 5349", []edit{turn("tls_port: 5349, domain: t.example.com, external_tls: true"), turnService("5349")}},
		{"TURN over TLS inside the cluster", "turn", Warn, "ClusterIP Service turn has it at port 443", []edit{turn("tls_port: 5349, domain: t.example.com, cert_file: /etc/livekit/livekit.yaml, key_file: /etc/livekit/livekit.yaml"), {"templates/turn.yaml", "", "apiVersion: v1\nkind: Service\nmetadata: {name: turn}\nspec: {selector: {app: calls}, ports: [{port: 443, targetPort: 5349}]}\n"}}},
		{"TURN over TLS on a NodePort", "turn", Warn, "at port 30443 of the nodes", []edit{turn("tls_port: 5349, domain: t.example.com, cert_file: /etc/livekit/livekit.yaml, key_file: /etc/livekit/livekit.yaml"), {"templates/turn.yaml", "", "apiVersion: v1\nkind: Service\nmetadata: {name: turn}\nspec: {type: NodePort, selector: {app: calls}, ports: [{port: 443, nodePort: 30443, targetPort: 5349}]}\n"}}},
		{"TURN over TLS at a host port", "turn", Pass, "Clients reach TURN", []edit{turn("tls_port: 443, domain: t.example.com, external_tls: true"), {deployment, "            - name: rtc-tcp", "            - name: turn\n              containerPort: 443\n              hostPort: 443\n            - name: rtc-tcp"}}},
		{"TURN with a certificate on no volume", "turn", Fail, "turn.cert_file is /nowhere/tls.crt, a file that no volume holds", []edit{turn("tls_port: 5349, domain: t.example.com, cert_file: /nowhere/tls.crt, key_file: /nowhere/tls.key"), turnService("443")}},
		{"TURN with a certificate and no key", "turn", Fail, "no turn.key_file", []edit{turn("tls_port: 5349, domain: t.example.com, cert_file: /etc/livekit/livekit.yaml"), turnService("443")}},
		{"TURN over TLS at port 443", "turn", Pass, "Clients reach TURN", []edit{turn("tls_port: 5349, domain: t.example.com, external_tls: true"), turnService("443")}},
		{"TURN that refuses private nodes", "turn", Warn, "refuses private addresses", []edit{{values, "  rtc:", "  turn: {enabled: true, udp_port: 3478, domain: t.example.com}\n  rtc:"}, hostNetwork}},
		{"TURN of an older server", "turn", Pass, "Clients reach TURN", []edit{{values, "  rtc:", "  turn: {enabled: true, udp_port: 3478, domain: t.example.com}\n  rtc:"}, hostNetwork, {values, "v1.13.5", "v1.9.12"}}},
		{"TURN without a domain", "turn", Fail, "no turn.domain", []edit{turn("tls_port: 5349, external_tls: true"), turnService("443")}},
		{"TURN without a certificate", "turn", Fail, "no certificate", []edit{turn("tls_port: 5349, domain: t.example.com")}},
		{"one port and a range", "config", Fail, "rtc.udp_port is ignored", []edit{{values, "  rtc:", "  rtc:\n    port_range_start: 50000\n    port_range_end: 50010"}}},

		{"Redis by a name of the cluster, on the node's network", "dns", Fail, "does not know the Service cache", []edit{hostNetwork, {values, "127.0.0.1:6379", "cache:6379"}}},
		{"the cluster's DNS on the node's network", "dns", Pass, "asks the cluster's DNS", []edit{{deployment, "      enableServiceLinks: false", "      enableServiceLinks: false\n      hostNetwork: true\n      dnsPolicy: ClusterFirstWithHostNet"}, {values, "127.0.0.1:6379", "cache.other.svc:6379"}}},
		{"Redis elsewhere, on the node's network", "dns", Pass, "", []edit{hostNetwork, {values, "127.0.0.1:6379", "redis.example.com:6379"}}},

		{"STUN behind a policy", "node-ip", Fail, "NetworkPolicy shut lets nothing out", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{to: [{podSelector: {}}]}")}},
		{"STUN behind a policy for names alone", "node-ip", Fail, "NetworkPolicy shut", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{ports: [{protocol: UDP, port: 53}]}")}},
		{"STUN behind a policy without types", "node-ip", Fail, "NetworkPolicy shut", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, {"templates/policy.yaml", "", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: shut}\nspec: {podSelector: {}, egress: [{ports: [{protocol: TCP, port: 443}]}]}\n"}}},
		{"STUN behind a policy for a private network", "node-ip", Fail, "NetworkPolicy shut", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}")}},
		{"STUN behind a policy for another port", "node-ip", Fail, "NetworkPolicy shut", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{ports: [{protocol: UDP, port: 443}]}")}},
		{"STUN through a policy for many ports", "node-ip", Pass, "STUN", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{ports: [{protocol: UDP, port: 53, endPort: 65000}]}")}},
		{"STUN and a policy for other pods", "node-ip", Pass, "STUN", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, {"templates/policy.yaml", "", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: shut}\nspec: {podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [calls]}]}, policyTypes: [Egress]}\n"}}},
		{"STUN and a policy for what comes in", "node-ip", Pass, "STUN", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, {"templates/policy.yaml", "", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: shut}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n"}}},
		{"link-local address", "node-ip", Fail, "which no client reaches", []edit{{deployment, "valueFrom:\n                fieldRef:\n                  fieldPath: status.hostIP", "value: 169.254.1.1"}}},
		{"a server at its loopback address", "service", Fail, "which neither Services nor probes reach", []edit{{values, "  port: 7880", "  port: 7880\n  bind_addresses: [127.0.0.1]"}}},
		{"a server at all addresses", "service", Pass, "", []edit{{values, "  port: 7880", "  port: 7880\n  bind_addresses: [127.0.0.1, 0.0.0.0]"}}},
		{"no media over TCP", "media", Warn, "over UDP alone", []edit{{values, "tcp_port: 30881", "tcp_port: 0"}}},
		{"Redis' sentinels by names of the cluster", "dns", Fail, "the Service sentinel", []edit{hostNetwork, {values, "    address: 127.0.0.1:6379", "    sentinel_addresses: [sentinel:26379]"}}},
		{"a range that two Services open", "media", Pass, "reachable from outside", []edit{{values, "udp_port: 30882", "port_range_start: 30882\n    port_range_end: 30883"}, {"templates/second.yaml", "", "apiVersion: v1\nkind: Service\nmetadata: {name: second}\nspec: {type: NodePort, selector: {app: calls}, ports: [{name: b, protocol: UDP, port: 30883, targetPort: 30883, nodePort: 30883}]}\n"}}},
		{"STUN through a policy", "node-ip", Pass, "STUN", []edit{stun, {deployment, "- name: NODE_IP", "- name: OTHER"}, policy("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")}},
		{"a range of which a Service opens a part", "media", Warn, "opens 1 of its 11 ports", []edit{{values, "udp_port: 30882", "port_range_start: 30882\n    port_range_end: 30892"}}},

		{"pod's address", "node-ip", Fail, "status.podIP", []edit{{deployment, "status.hostIP", "status.podIP"}}},
		{"pod's address by a flag", "node-ip", Fail, "--node-ip is the pod's address", []edit{{deployment, "- name: NODE_IP", "- name: POD_IP"}, {deployment, "status.hostIP", "status.podIP"}, {deployment, "            - --config", "            - --node-ip=$(POD_IP)\n            - --config"}}},
		{"pod's address with hostNetwork", "node-ip", Pass, "", []edit{hostNetwork, {deployment, "status.hostIP", "status.podIP"}}},
		{"no address", "node-ip", Fail, "no address is set", []edit{{deployment, "- name: NODE_IP", "- name: OTHER"}}},
		{"STUN", "node-ip", Pass, "STUN", []edit{{deployment, "- name: NODE_IP", "- name: OTHER"}, {values, "  rtc:", "  rtc:\n    use_external_ip: true"}}},
		{"STUN and an address", "node-ip", Fail, "ignores NODE_IP", []edit{{values, "  rtc:", "  rtc:\n    use_external_ip: true"}}},
		{"fixed address", "node-ip", Pass, "203.0.113.5", []edit{{deployment, "valueFrom:\n                fieldRef:\n                  fieldPath: status.hostIP", "value: 203.0.113.5"}}},
		{"address that is a name", "node-ip", Fail, "no IP address", []edit{{deployment, "valueFrom:\n                fieldRef:\n                  fieldPath: status.hostIP", "value: calls.example.com"}}},
		{"node's address behind a load balancer", "node-ip", Warn, "LoadBalancer Service calls-media", []edit{{services, "type: NodePort", "type: LoadBalancer"}}},

		{"no TLS", "ingress", Warn, "no TLS", []edit{{route, "  tls:\n    - hosts:\n        - {{ .Values.host }}\n      secretName: calls-tls\n", ""}}},
		{"certificate of the load balancer", "ingress", Pass, "", []edit{{route, "  tls:\n    - hosts:\n        - {{ .Values.host }}\n      secretName: calls-tls\n", ""}, {route, "  name: calls", "  name: calls\n  annotations: {alb.ingress.kubernetes.io/certificate-arn: x}"}}},
		{"certificate for another host", "ingress", Warn, "no certificate is for host calls.example.com", []edit{{route, "- {{ .Values.host }}\n", "- other.example.com\n"}}},
		{"no host", "ingress", Warn, "without a host", []edit{{route, "host: {{ .Values.host }}\n      http", "http"}}},
		{"backend that is not there", "ingress", Fail, "Service other, which the chart does not make", []edit{{route, "name: calls\n                port", "name: other\n                port"}}},
		{"backend port that is not there", "ingress", Fail, "port web of Service calls", []edit{{route, "name: http", "name: web"}}},
		{"backend that speaks no HTTP", "ingress", Fail, "media port 30881/TCP", []edit{{route, "name: calls\n                port:\n                  name: http", "name: calls-media\n                port:\n                  name: rtc-tcp"}}},
		{"no Ingress", "ingress", Skip, "no Ingress", []edit{{route, "", "\n"}, {values, "host: calls.example.com\n", ""}}},
		{"HTTPRoute", "ingress", Fail, "port 81 of Service calls", []edit{{route, "", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: g}], hostnames: ['{{ .Values.host }}'], rules: [{backendRefs: [{name: calls, port: 81}]}]}\n"}}},

		{"service links", "service-links", Warn, "has service links", []edit{{deployment, "      enableServiceLinks: false\n", ""}}},
		{"service links that collide", "service-links", Fail, "LIVEKIT_PORT=tcp://", []edit{{deployment, "      enableServiceLinks: false\n", ""}, {services, "name: calls\n", "name: livekit\n"}, {route, "name: calls\n                port", "name: livekit\n                port"}}},

		{"claim that nobody mounts", "persistence", Fail, "Claim calls is mounted by no pod", []edit{{deployment, "          persistentVolumeClaim:\n            claimName: calls", "          emptyDir: {}"}}},
		{"claim that is not there", "persistence", Fail, "claim calls, which the chart does not make", []edit{{claim, "", "\n"}}},
		{"claim of the user", "persistence", Pass, "", []edit{{claim, "", "\n"}, {values, "host:", "existingClaim: calls\nhost:"}, {deployment, "claimName: calls", "claimName: {{ .Values.existingClaim }}"}}},
		{"claim for the server alone", "persistence", Warn, "writes nothing", []edit{{deployment, "          volumeMounts:\n            - name: data\n              mountPath: /data\n", ""}, {deployment, "            - name: config\n              mountPath", "            - name: data\n              mountPath: /data\n            - name: config\n              mountPath"}}},
		{"claim that no container mounts", "persistence", Fail, "no container mounts", []edit{{deployment, "          volumeMounts:\n            - name: data\n              mountPath: /data\n", ""}}},
		{"no claim", "persistence", Skip, "needs none", []edit{{deployment, "          persistentVolumeClaim:\n            claimName: calls", "          emptyDir: {}"}, {claim, "", "\n"}}},

		{"floating tag", "image-tags", Fail, "floating tag master", []edit{{values, "v1.13.5", "master"}}},
		{"no tag", "image-tags", Fail, "has no tag", []edit{{deployment, "redis:7.4.2-alpine", "registry.example.com:5000/redis"}}},
		{"digest", "image-tags", Pass, "", []edit{{values, "livekit-server:v1.13.5", "livekit-server@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}},
		{"hook without a tag", "image-tags", Warn, "Pod calls-test", []edit{{"templates/test.yaml", "busybox:1.37.0", "busybox"}}},

		{"no probes", "probes", Warn, "no probes", []edit{{deployment, "          livenessProbe:\n            tcpSocket:\n              port: http\n          readinessProbe:\n            httpGet:\n              path: /\n              port: http\n", ""}}},
		{"no readiness", "probes", Warn, "no readiness probe", []edit{{deployment, "          readinessProbe:\n            httpGet:\n              path: /\n              port: http\n", ""}}},
		{"path that the server has not", "probes", Fail, "404", []edit{{deployment, "path: /\n", "path: /health\n"}}},
		{"liveness by Redis", "probes", Warn, "while Redis is away", []edit{{deployment, "tcpSocket:\n", "httpGet:\n              path: /\n"}}},

		{"root", "security", Warn, "runs as root", []edit{{deployment, "        runAsNonRoot: true\n        runAsUser: 65532\n", "        fsGroup: 1\n"}}},
		{"privileged", "security", Warn, "is privileged", []edit{{deployment, "        - name: livekit\n", "        - name: livekit\n          securityContext: {privileged: true}\n"}}},
		{"short grace", "grace-period", Warn, "is 30", []edit{{deployment, "      terminationGracePeriodSeconds: 18000\n", ""}}},
		{"surge with a claim", "rollout", Warn, "the claim calls (ReadWriteOnce)", []edit{{deployment, "  strategy:\n    type: Recreate\n", ""}}},
		{"surge with host ports", "rollout", Warn, "ports of the node", []edit{{deployment, "type: Recreate", "rollingUpdate: {maxSurge: 1}"}, hostNetwork}},
		{"no surge", "rollout", Pass, "", []edit{{deployment, "type: Recreate", "rollingUpdate: {maxSurge: 0, maxUnavailable: 1}"}}},
		{"no checksum", "checksum", Warn, "rolls no pod", []edit{{deployment, "      annotations:\n        checksum/config: {{ toYaml .Values.config | sha256sum }}\n", ""}}},
		{"reloader", "checksum", Pass, "", []edit{{deployment, "checksum/config: {{ toYaml .Values.config | sha256sum }}", `reloader.stakater.com/auto: "true"`}}},
		{"no test", "test-hook", Skip, "no test hook", []edit{{"templates/test.yaml", "", "\n"}}},
	} {
		t.Run(test.check+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			c := get(t, run(t, edited(t, "minimal", test.edits...), Options{}), test.check)
			if c.Status != test.status || !strings.Contains(c.Detail, test.detail) {
				t.Errorf("%s: %s\nwant %s: %s", c.Status, c.Detail, test.status, test.detail)
			}
			if isFound := c.Status == Fail || c.Status == Warn; isFound != (c.Remedy != "") {
				t.Errorf("status %s has the remedy %q", c.Status, c.Remedy)
			}
		})
	}
}

// The hand-made chart has every fault that was found in a real one.
func TestHandmadeChart(t *testing.T) {
	r := run(t, filepath.Join("testdata", "handmade"), Options{})
	for _, want := range []struct{ check, status, detail string }{
		{"flags", Fail, "no flag --rtc.port"},
		{"flags", Fail, "no flag --log.level"},
		{"config", Fail, "rtc.port is not a key"},
		{"redis", Fail, "has a scheme"},
		{"redis", Fail, "starts beside the server"},
		{"ports", Fail, "rtc-udp 7881/UDP: the server listens there with TCP"},
		{"ports", Fail, "rtc-tcp 7882/TCP: the server listens there with UDP"},
		{"node-ip", Fail, "--node-ip is the pod's address"},
		{"media", Fail, "reachable inside the cluster only"},
		{"secrets-in-configmap", Fail, "keys.homekey"},
		{"keys", Fail, "has 9 characters"},
		{"image-tags", Fail, "floating tag master"},
		{"persistence", Warn, "Claim livekit-data is mounted by container livekit"},
		{"probes", Warn, "no probes"},
		{"security", Warn, "runs as root"},
		{"grace-period", Warn, "is 30"},
		{"rollout", Warn, "claim livekit-data"},
		{"checksum", Warn, "rolls no pod"},
	} {
		c := get(t, r, want.check)
		if c.Status != want.status || !strings.Contains(c.Detail, want.detail) {
			t.Errorf("%s is %s: %s\nwant %s: %s", want.check, c.Status, c.Detail, want.status, want.detail)
		}
	}
	for _, c := range r.Checks {
		if strings.Contains(c.Detail+c.Remedy, "homesecre") {
			t.Errorf("%s prints a secret: %s", c.Name, c.Detail)
		}
	}
	if !r.Failed() {
		t.Error("the report has not failed")
	}
}

// Before somebody mended an indent, the same chart did not even parse.
func TestHandmadeChartThatDoesNotParse(t *testing.T) {
	dir := edited(t, "handmade", edit{"templates/deployment.yaml", "      enableServiceLinks", "  enableServiceLinks"})
	r := run(t, dir, Options{})
	c := get(t, r, "render")
	if c.Status != Fail || !strings.Contains(c.Detail, "templates/deployment.yaml:18") || !strings.Contains(c.Detail, `at "containers:"`) {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
	if !strings.Contains(c.Remedy, "indent") {
		t.Errorf("remedy %s", c.Remedy)
	}
	for _, c := range r.Checks {
		if c.Name == "lint" || c.Name == "render" || strings.HasPrefix(c.Name, "values-") {
			continue
		}
		if c.Status != Skip || !strings.Contains(c.Detail, "does not render") {
			t.Errorf("%s: %s: %s", c.Name, c.Status, c.Detail)
		}
	}
}

func TestKeysOfDependenciesAreTheirs(t *testing.T) {
	dir := edited(t, "minimal",
		edit{"Chart.yaml", "type: application", "type: application\ndependencies: [{name: sub, version: 0.1.0, alias: other, condition: other.enabled}]"},
		edit{"values.yaml", "host:", "other: {enabled: true, x: 1}\nhost:"})
	if err := os.MkdirAll(filepath.Join(dir, "charts", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "charts", "sub", "Chart.yaml"), []byte("apiVersion: v2\nname: sub\nversion: 0.1.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c := get(t, run(t, dir, Options{}), "values-read"); c.Status != Pass {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
}

func TestValuesOfTheUser(t *testing.T) {
	dir := filepath.Join("testdata", "minimal")
	file := filepath.Join(t.TempDir(), "more.yaml")
	if err := os.WriteFile(file, []byte("image: livekit/livekit-server:latest\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]Options{
		"file":   {ValueFiles: []string{file}},
		"set":    {Set: []string{"image=livekit/livekit-server:latest"}},
		"values": {Values: map[string]any{"image": "livekit/livekit-server:latest"}},
	} {
		if c := get(t, run(t, dir, opts), "image-tags"); c.Status != Fail {
			t.Errorf("%s: %s: %s", name, c.Status, c.Detail)
		}
	}
	demanding := edited(t, "minimal", edit{"values.yaml", "host: calls.example.com\n", "host:\n"}, edit{"templates/ingress.yaml", "{{ .Values.host }}", `{{ required "name a host" .Values.host }}`})
	if c := get(t, run(t, demanding, Options{}), "render"); c.Status != Fail || !strings.Contains(c.Remedy, "--values") {
		t.Errorf("%s: %s (%s)", c.Status, c.Detail, c.Remedy)
	}
	if c := get(t, run(t, demanding, Options{Set: []string{"host=a.example.com"}}), "render"); c.Status != Pass {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
	if _, err := Run(context.Background(), dir, Options{ValueFiles: []string{"none.yaml"}}); err == nil {
		t.Error("a values file that is not there gives no error")
	}
}

func TestNothingToJudge(t *testing.T) {
	empty := t.TempDir()
	for _, dir := range []string{empty, filepath.Join(empty, "none"), "verify.go"} {
		_, err := Run(context.Background(), dir, Options{})
		if err == nil || !strings.Contains(err.Error(), "no chart at") || remedy.Step(err) == "" {
			t.Errorf("%s: error %v, step %q", dir, err, remedy.Step(err))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, filepath.Join("testdata", "minimal"), Options{}); err == nil {
		t.Error("a cancelled run gives no error")
	}
}

func TestReportAsJSON(t *testing.T) {
	data, err := json.Marshal(run(t, filepath.Join("testdata", "handmade"), Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Chart  string
		Checks []map[string]string
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Chart != "livekit" || len(got.Checks) != len(checks()) {
		t.Errorf("chart %q with %d checks", got.Chart, len(got.Checks))
	}
	for _, c := range got.Checks {
		for _, key := range []string{"name", "status", "detail", "remedy"} {
			if _, ok := c[key]; !ok {
				t.Errorf("a check has no %s", key)
			}
		}
	}
}

// A normal chart is judged in well under 300 ms; the bound leaves room for a
// busy machine.
func TestRunIsFast(t *testing.T) {
	start := time.Now()
	run(t, filepath.Join("testdata", "handmade"), Options{})
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		if _, err := Run(context.Background(), filepath.Join("testdata", "handmade"), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
