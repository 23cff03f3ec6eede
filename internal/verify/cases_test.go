package verify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chartCase is a change of the good chart, with what one check has to say of it.
type chartCase struct {
	name, check, status string
	detail              string // a part of it
	edits               []edit
}

func allCases() []chartCase { return slices.Concat(chartCases, configCases, networkCases, podCases) }

func TestChecksFind(t *testing.T) {
	for _, test := range allCases() {
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

// A check has a case that it passes and one in which it finds something. What
// `helm test` runs is information alone: there, nothing to run is the finding.
func TestEachCheckHasCases(t *testing.T) {
	statuses := map[string][]string{}
	for _, test := range allCases() {
		statuses[test.check] = append(statuses[test.check], test.status)
	}
	for _, c := range checks() {
		has := func(status string) bool { return slices.Contains(statuses[c.name], status) }
		if !has(Pass) {
			t.Errorf("no case passes the check %s", c.name)
		}
		if !has(Fail) && !has(Warn) && !(c.name == "test-hook" && has(Skip)) {
			t.Errorf("the check %s finds something in no case", c.name)
		}
		delete(statuses, c.name)
	}
	for name := range statuses {
		t.Errorf("there are cases of a check %s, which is not there", name)
	}
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

// Files of the good chart.
const (
	deployment  = "templates/deployment.yaml"
	services    = "templates/services.yaml"
	config      = "templates/config.yaml"
	ingressFile = "templates/ingress.yaml"
	claim       = "templates/claim.yaml"
	values      = "values.yaml"
)

const secret = "12345678901234567890123456789012x"

// before puts lines before the one line that has a text, with its indent.
func before(file, line, added string) edit {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	return edit{file, line, indent + strings.ReplaceAll(added, "\n", "\n"+indent) + "\n" + line}
}

// after puts lines after a whole line, with its indent.
func after(file, line, added string) edit {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	return edit{file, line, line + "\n" + indent + strings.ReplaceAll(added, "\n", "\n"+indent)}
}

// file writes a file; a text that begins with a line break is written without.
func file(name, text string) edit {
	if text != "\n" {
		text = strings.TrimPrefix(text, "\n")
	}
	return edit{name, "", text}
}

// args puts words before the server's own.
func args(words ...string) edit {
	return before(deployment, "            - --config", "- "+strings.Join(words, "\n- "))
}

// shell starts the server by a shell, with further words.
func shell(words string) edit {
	const own = "          args:\n            - --config=/etc/livekit/livekit.yaml"
	command := `[sh, -c, "exec /livekit-server --config /etc/livekit/livekit.yaml ` + words + `"]`
	return edit{deployment, own, "          command: " + command}
}

func env(variables string) edit  { return before(deployment, "            - name: NODE_IP", variables) }
func pod(fields string) edit     { return after(deployment, "      enableServiceLinks: false", fields) }
func value(yaml string) edit     { return before(values, "host:", yaml) }
func configKey(yaml string) edit { return after(values, "  port: 7880", yaml) }
func rtc(yaml string) edit       { return edit{values, "  rtc:", "  rtc:\n    " + yaml} }
func volume(yaml string) edit {
	return edit{deployment, "      volumes:", "      volumes:\n        - " + yaml}
}

// mount mounts a volume at a folder of its name, into the server.
func mount(name string) edit {
	return before(deployment, "            - name: config\n              mountPath",
		"- name: "+name+"\n  mountPath: /"+name)
}

// keysEnv gives LIVEKIT_KEYS in another way than from a Secret.
func keysEnv(to string) edit {
	const from = "valueFrom:\n                secretKeyRef:\n                  " +
		"name: {{ .Values.keysSecret }}\n                  key: keys"
	return edit{deployment, from, to}
}

func nodeIP(to string) edit {
	return edit{deployment, "valueFrom:\n                fieldRef:\n                  fieldPath: status.hostIP", to}
}

func mediaType(name string) edit { return edit{services, "type: NodePort", "type: " + name} }

// containerUser sets the user of the server's container.
func containerUser(id string) edit {
	const name = "        - name: livekit\n"
	return edit{deployment, name, name + "          securityContext: {runAsUser: " + id + "}\n"}
}

func turn(settings string) edit {
	return configKey("turn: {enabled: true, allow_restricted_peer_cidrs: [10.0.0.0/8], " + settings + "}")
}

// certificate names files that are there.
const certificate = "cert_file: /etc/livekit/livekit.yaml, key_file: /etc/livekit/livekit.yaml"

func turnService(port string) edit {
	return file("templates/turn.yaml", `
apiVersion: v1
kind: Service
metadata: {name: turn}
spec: {type: LoadBalancer, selector: {app: calls}, ports: [{port: `+port+`, targetPort: 5349}]}
`)
}

func openShiftRoute(service, port, tls string) edit {
	return file("templates/route.yaml", `
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: r}
spec: {host: calls.example.com, to: {kind: Service, name: `+service+`}, port: {targetPort: `+port+`}, `+tls+`}
`)
}

func policy(egress string) edit {
	return file("templates/policy.yaml", `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut}
spec: {podSelector: {matchLabels: {app: calls}}, policyTypes: [Egress], egress: [`+egress+`]}
`)
}

// Changes that several cases make.
var (
	hostNetwork   = pod("hostNetwork: true")
	serviceLinks  = edit{deployment, "      enableServiceLinks: false\n", ""}
	twoServers    = edit{deployment, "replicas: 1", "replicas: 2"}
	daemonSet     = edit{deployment, "kind: Deployment", "kind: DaemonSet"}
	noReplicas    = edit{deployment, "  replicas: 1\n  strategy:\n    type: Recreate\n", ""}
	noStrategy    = edit{deployment, "  strategy:\n    type: Recreate\n", ""}
	noArgs        = edit{deployment, "          args:\n            - --config=/etc/livekit/livekit.yaml\n", ""}
	noKeys        = edit{deployment, "LIVEKIT_KEYS", "OTHER"}
	noNodeIP      = edit{deployment, "- name: NODE_IP", "- name: OTHER"}
	podIP         = edit{deployment, "status.hostIP", "status.podIP"}
	noTCPNodePort = edit{services, "      nodePort: 30881\n", ""}
	noUDPNodePort = edit{services, "      nodePort: 30882\n", ""}
	local         = after(services, "  type: NodePort", "externalTrafficPolicy: Local")
	stun          = rtc("use_external_ip: true")
	noRedis       = edit{values, "  redis:\n    address: 127.0.0.1:6379\n", ""}
	noClaimFile   = edit{claim, "", "\n"}
	othersConfig  = edit{deployment, "            name: calls\n        - name: data",
		"            name: mine\n        - name: data"}
	emptyDir = edit{deployment,
		"          persistentVolumeClaim:\n            claimName: calls", "          emptyDir: {}"}
	noTLS = edit{ingressFile,
		"  tls:\n    - hosts:\n        - {{ .Values.host }}\n      secretName: calls-tls\n", ""}

	noChecksum = edit{deployment,
		"      annotations:\n        checksum/config: {{ toYaml .Values.config | sha256sum }}\n", ""}
	noDataMount = edit{deployment,
		"          volumeMounts:\n            - name: data\n              mountPath: /data\n", ""}
	noLiveness  = edit{deployment, "          livenessProbe:\n            tcpSocket:\n              port: http\n", ""}
	noReadiness = edit{deployment,
		"          readinessProbe:\n            httpGet:\n              path: /\n              port: http\n", ""}
	apart = pod(`topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: DoNotSchedule
    labelSelector: {matchLabels: {app: calls}}`)
	noSidecar = edit{deployment, `      initContainers:
        - name: redis
          image: redis:7.4.2-alpine
          restartPolicy: Always
          args: [--bind, 127.0.0.1]
          startupProbe:
            exec:
              command: [redis-cli, ping]
          volumeMounts:
            - name: data
              mountPath: /data
`, ""}
	hpa = file("templates/hpa.yaml", `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: calls}
spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: calls}}
`)
	keda = file("templates/scaledobject.yaml", `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: calls}
spec: {scaleTargetRef: {name: calls}, triggers: [{type: cron}]}
`)
)

// numbered gives each of two servers a load balancer and a configuration of its own, by its number.
var numbered = []edit{
	{deployment, "kind: Deployment", "kind: StatefulSet"}, noStrategy, twoServers, emptyDir, noClaimFile,
	{deployment, "- name: NODE_IP", "- name: POD_INDEX"},
	{deployment, "status.hostIP", "metadata.labels['apps.kubernetes.io/pod-index']"},
	{deployment, "--config=/etc/livekit/livekit.yaml", "--config=/etc/livekit/livekit-$(POD_INDEX).yaml"},
	{"templates/config.yaml", "livekit.yaml:", "livekit-0.yaml:"},
	rtc("node_ip: 203.0.113.7"),
	{services, "type: NodePort\n  selector:\n",
		"type: LoadBalancer\n  selector:\n    apps.kubernetes.io/pod-index: '0'\n"},
	noTCPNodePort, noUDPNodePort,
}

// projected is a volume that takes the configuration from one of two objects.
const projected = `projected:
            sources:
              - secret: {name: other, items: [{key: a, path: a}]}
              - configMap: {name: calls}`
