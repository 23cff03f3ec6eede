package scaffolding

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// These tests hold the facts that the chart must get right: what it renders
// for values that people set, and what it refuses.

// canonicalChart writes the canonical chart with all components.
func canonicalChart(t *testing.T, with ...string) string {
	t.Helper()
	chart, err := Generate(context.Background(), canonical(), Options{With: with})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, chart)
}

// rendered gives the objects by "Kind/name".
func rendered(t *testing.T, dir, values string) map[string]manifest.Object {
	t.Helper()
	out := map[string]manifest.Object{}
	for _, o := range sound(t, dir, parse(t, values)) {
		out[o.Kind()+"/"+o.Name()] = o
	}
	return out
}

// notes gives what Helm prints after an install. Under another name the notes render as any template does.
func notes(t *testing.T, dir, values string) string {
	t.Helper()
	entries, err := helmchart.Entries(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []helmchart.File
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Name)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, helmchart.File{Name: strings.Replace(e.Name, "/NOTES.txt", "/notes.txt", 1), Data: data})
	}
	chart, err := helmchart.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := chart.Render(context.Background(), parse(t, values), helmchart.Release{Name: "rel"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rendered {
		if f.Name == "templates/notes.txt" {
			return string(f.Data)
		}
	}
	return ""
}

// at reads a field of an object as YAML, with its path as fields and list
// positions.
func field(t *testing.T, objects map[string]manifest.Object, name string, path ...string) string {
	t.Helper()
	o, ok := objects[name]
	if !ok {
		return "(no " + name + ")"
	}
	data, err := yaml.Marshal(o.Get(path...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func pod(path ...string) []string { return append([]string{"spec", "template", "spec"}, path...) }

func server(path ...string) []string { return pod(append([]string{"containers", "0"}, path...)...) }

// ports gives a list of ports as "name port/PROTOCOL[:nodePort]".
func ports(o manifest.Object, path ...string) []string {
	var out []string
	for _, p := range o.List(path...) {
		m, _ := p.(map[string]any)
		number := m["port"]
		if number == nil {
			number = m["containerPort"]
		}
		s := fmt.Sprintf("%v %v/%v", m["name"], number, m["protocol"])
		if n := m["nodePort"]; n != nil {
			s += fmt.Sprintf(":%v", n)
		}
		out = append(out, s)
	}
	return out
}

func config(t *testing.T, objects map[string]manifest.Object) map[string]any {
	t.Helper()
	text := objects["ConfigMap/rel-livekit"].Text("data", "livekit.yaml")
	if secret, ok := objects["Secret/rel-livekit-config"]; ok {
		data, err := base64.StdEncoding.DecodeString(secret.Text("data", "livekit.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
	}
	return parse(t, text)
}

func TestDefaultChart(t *testing.T) {
	o := rendered(t, canonicalChart(t), "")
	deployment := "Deployment/rel-livekit"
	for _, c := range []struct {
		what string
		path []string
		want string
	}{
		{"service links are off", pod("enableServiceLinks"), "false"},
		{"no host network", pod("hostNetwork"), "null"},
		{"hours to drain", pod("terminationGracePeriodSeconds"), "18000"},
		{"pods carry app", []string{"spec", "template", "metadata", "labels", "app"}, "livekit"},
		{"the sidecar is native", pod("initContainers", "0", "restartPolicy"), "Always"},
		{"the sidecar listens on loopback", pod("initContainers", "0", "args", "1"), "127.0.0.1"},
		{"liveness without Redis", server("livenessProbe", "tcpSocket", "port"), "http"},
		{"readiness with Redis", server("readinessProbe", "httpGet", "path"), "/"},
		{"node address", server("env", "0", "valueFrom", "fieldRef", "fieldPath"), "status.hostIP"},
		{"pinned image", server("image"), "livekit/livekit-server:v1.13.5"},
		{"one claim, so no two pods", []string{"spec", "strategy", "type"}, "Recreate"},
		{"unprivileged", pod("securityContext", "runAsNonRoot"), "true"},
	} {
		if got := field(t, o, deployment, c.path...); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.what, strings.Join(c.path, "."), got, c.want)
		}
	}
	media := []string{"rtc-tcp 30881/TCP", "rtc-udp 30882/UDP"}
	if diff := cmp.Diff(append([]string{"http 7880/TCP"}, media...),
		ports(o[deployment], server("ports")...)); diff != "" {
		t.Error("container ports:", diff)
	}
	if diff := cmp.Diff([]string{media[0] + ":30881", media[1] + ":30882"},
		ports(o["Service/rel-livekit-media"], "spec", "ports")); diff != "" {
		t.Error("media Service:", diff)
	}
	want := parse(t, "{port: 7880, logging: {level: info}, redis: {address: '127.0.0.1:6379'}, rtc: {tcp_port: "+
		"30881, udp_port: 30882, use_external_ip: false}}")
	if diff := cmp.Diff(want, config(t, o)); diff != "" {
		t.Error("configuration:", diff)
	}
	for _, kind := range []string{"Ingress/rel-livekit", "PersistentVolumeClaim/rel-livekit-data",
		"Secret/rel-livekit-keys", "ServiceAccount/rel-livekit", "Service/rel-livekit",
		"Pod/rel-livekit-test-connection"} {
		if _, ok := o[kind]; !ok {
			t.Errorf("there is no %s", kind)
		}
	}
}

// Everything that depends on a port follows LiveKit's configuration.
func TestPortsFollowTheConfiguration(t *testing.T) {
	dir := canonicalChart(t, "all")
	for name, c := range map[string]struct {
		values           string
		container, media []string
	}{
		"other ports": {
			"config: {port: 8000, rtc: {tcp_port: 31000, udp_port: 31001}, prometheus: {port: 9000}}",
			[]string{"http 8000/TCP", "rtc-tcp 31000/TCP", "rtc-udp 31001/UDP", "metrics 9000/TCP"},
			[]string{"rtc-tcp 31000/TCP:31000", "rtc-udp 31001/UDP:31001"},
		},
		"several UDP ports": {
			`config: {rtc: {udp_port: "31001-31003"}, prometheus: null}`,
			[]string{"http 7880/TCP", "rtc-tcp 30881/TCP", "rtc-udp-31001 31001/UDP", "rtc-udp-31002 31002/UDP",
				"rtc-udp-31003 31003/UDP"},
			[]string{"rtc-tcp 30881/TCP:30881", "rtc-udp-31001 31001/UDP:31001", "rtc-udp-31002 31002/UDP:31002",
				"rtc-udp-31003 31003/UDP:31003"},
		},
		"no TCP": {
			"config: {rtc: {tcp_port: 0}, prometheus: null, prometheus_port: 9001}",
			[]string{"http 7880/TCP", "rtc-udp 30882/UDP", "metrics 9001/TCP"},
			[]string{"rtc-udp 30882/UDP:30882"},
		},
		"a short range": {
			"config: {rtc: {udp_port: null, port_range_start: 31010, port_range_end: 31011}, prometheus: null}",
			[]string{"http 7880/TCP", "rtc-tcp 30881/TCP", "rtc-udp-31010 31010/UDP", "rtc-udp-31011 31011/UDP"},
			[]string{"rtc-tcp 30881/TCP:30881", "rtc-udp-31010 31010/UDP:31010", "rtc-udp-31011 31011/UDP:31011"},
		},
		"a long range by the host's network": {
			"media: {type: HostNetwork}\nconfig: {rtc: {tcp_port: 7881, udp_port: null, port_range_start: 50000, " +
				"port_range_end: 60000}, prometheus: null}",
			[]string{"http 7880/TCP", "rtc-tcp 7881/TCP"}, nil,
		},
		"TURN": {
			"config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349, udp_port: 30478}, prometheus: " +
				"null}\nturn: {existingSecret: turn}",
			[]string{"http 7880/TCP", "rtc-tcp 30881/TCP", "rtc-udp 30882/UDP", "turn-udp 30478/UDP",
				"turn-tls 5349/TCP"},
			[]string{"rtc-tcp 30881/TCP:30881", "rtc-udp 30882/UDP:30882", "turn-udp 30478/UDP:30478"},
		},
		"a load balancer": {
			"media: {type: LoadBalancer, address: 203.0.113.7}\nconfig: {rtc: {tcp_port: 7881, udp_port: 7882}, " +
				"prometheus: null}",
			[]string{"http 7880/TCP", "rtc-tcp 7881/TCP", "rtc-udp 7882/UDP"},
			[]string{"rtc-tcp 7881/TCP", "rtc-udp 7882/UDP"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := rendered(t, dir, c.values)
			if diff := cmp.Diff(c.container, ports(o["Deployment/rel-livekit"], server("ports")...)); diff != "" {
				t.Error("container ports:", diff)
			}
			if diff := cmp.Diff(c.media, ports(o["Service/rel-livekit-media"], "spec", "ports")); diff != "" {
				t.Error("media Service:", diff)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	dir := canonicalChart(t, "all")
	deployment := "Deployment/rel-livekit"
	mustSet(t, dir, map[string]setting{
		"fixed address": {"media: {type: LoadBalancer, address: 203.0.113.7}", deployment,
			server("env", "0", "value"), "203.0.113.7"},
		"load balancer's address": {"media: {type: LoadBalancer, address: 203.0.113.7}",
			"Service/rel-livekit-media", []string{"spec", "loadBalancerIP"}, "203.0.113.7"},
		"pod's address": {"media: {type: ClusterIP}", deployment,
			server("env", "0", "valueFrom", "fieldRef", "fieldPath"), "status.podIP"},
		"host network": {"media: {type: HostNetwork}", deployment, pod("dnsPolicy"),
			"ClusterFirstWithHostNet"},
		"host network has no Service": {"media: {type: HostNetwork}", "Service/rel-livekit-media", nil,
			"(no Service/rel-livekit-media)"},
		"storage class": {"persistence: {storageClass: fast}", "PersistentVolumeClaim/rel-livekit-data",
			[]string{"spec", "storageClassName"}, "fast"},
		"no storage class": {"persistence: {storageClass: '-'}", "PersistentVolumeClaim/rel-livekit-data",
			[]string{"spec", "storageClassName"}, `""`},
		"kept claim": {"persistence: {retain: true}", "PersistentVolumeClaim/rel-livekit-data",
			[]string{"metadata", "annotations"}, "helm.sh/resource-policy: keep"},
		"existing claim": {"persistence: {existingClaim: mine}", deployment,
			pod("volumes", "1", "persistentVolumeClaim", "claimName"), "mine"},
		"no claim of its own beside": {"persistence: {existingClaim: mine}",
			"PersistentVolumeClaim/rel-livekit-data", nil, "(no PersistentVolumeClaim/rel-livekit-data)"},
		"no claim without the sidecar": {"redis: {enabled: false}", "PersistentVolumeClaim/rel-livekit-data", nil,
			"(no PersistentVolumeClaim/rel-livekit-data)"},
		"several roll one by one": {"replicaCount: 3\nredis: {enabled: false, external: {address: 'redis:6379'}}",
			deployment, []string{"spec", "strategy", "rollingUpdate", "maxSurge"}, "0"},
		"several keep apart": {"replicaCount: 3\nredis: {enabled: false, external: {address: 'redis:6379'}}",
			deployment, pod("affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "0",
				"topologyKey"), "kubernetes.io/hostname"},
		"Redis' password": {"redis: {enabled: false, external: {address: 'redis:6379', existingSecret: " +
			"r}}", deployment, server("env", "4", "valueFrom", "secretKeyRef", "name"), "r"},
		"metrics apart from signalling": {"", "Service/rel-livekit-metrics", []string{"spec", "ports", "0", "port"},
			"6789"},
		"signalling without metrics": {"", "Service/rel-livekit", []string{"spec", "ports", "1"}, "null"},
		"labels of the monitor": {"metrics: {serviceMonitor: {enabled: true, labels: {release: prom}}}",
			"ServiceMonitor/rel-livekit", []string{"metadata", "labels", "release"}, "prom"},
		"TURN's certificate": {"config: {turn: {enabled: true, domain: t.example.com, tls_port: " +
			"5349}}\nturn: {certificate: {enabled: true}}", "Certificate/rel-livekit-turn-tls",
			[]string{"spec", "dnsNames"}, "- t.example.com"},
		"TURN on 443": {"config: {turn: {enabled: true, domain: t.example.com, tls_port: " +
			"5349}}\nturn: {certificate: {enabled: true}}", "Service/rel-livekit-turn",
			[]string{"spec", "ports", "0", "port"}, "443"},
		"an ingress without TLS": {"ingress: {tls: []}", "Ingress/rel-livekit", []string{"spec", "tls"}, "null"},
		"an ingress class": {"ingress: {className: nginx}", "Ingress/rel-livekit",
			[]string{"spec", "ingressClassName"}, "nginx"},
		"service annotations": {"service: {annotations: {a: b}}", "Service/rel-livekit",
			[]string{"metadata", "annotations"}, "a: b"},
		"service spec": {"service: {type: LoadBalancer, spec: {loadBalancerClass: x}}",
			"Service/rel-livekit", []string{"spec", "loadBalancerClass"}, "x"},
		"a tag is the version": {"image: {tag: v1.14.0}", deployment,
			[]string{"metadata", "labels", "app.kubernetes.io/version"}, "v1.14.0"},
		"a key for webhooks": {"config: {webhook: {urls: ['https://example.com/hook']}}", deployment,
			server("env", "4", "name"), "LIVEKIT_WEBHOOK_API_KEY"},
		"time for Services to follow": {"replicaCount: 3\nredis: {enabled: false, external: {address: 'redis:6379'}}",
			deployment, server("lifecycle", "preStop", "exec", "command", "0"), "sleep"},
		"no certificate for UDP": {"config: {turn: {enabled: true, udp_port: 30478}}\nturn: {certificate: " +
			"{enabled: true}}", "Certificate/rel-livekit-turn-tls", nil, "(no Certificate/rel-livekit-turn-tls)"},
		"a null for a Secret": {"redis: {enabled: false, external: {address: 'redis:6379', existingSecret: " +
			"null}}", deployment, server("env", "5"), "null"},
		"null unsets": {"service: {targetPort: null, annotations: null}\nresources: " +
			"null\nstartupProbe: null\ningress: {className: null, hosts: [{host: a.example.com, paths: null}], tls: " +
			"null}", "Ingress/rel-livekit", []string{"spec", "rules", "0", "http", "paths", "0", "path"}, "/"},
		"a tag with a digest": {"image: {tag: 'v1@sha256:aaaa'}", deployment,
			[]string{"metadata", "labels", "app.kubernetes.io/version"}, "v1"},
		"null unsets a block of LiveKit's": {"config: {redis: null, turn: null, node_selector: null, debug_handler: " +
			"null}\nextraConfig: {prometheus: null}", deployment, pod("serviceAccountName"), "rel-livekit"},
		"no pod annotations": {"podAnnotations: null", deployment, pod("serviceAccountName"), "rel-livekit"},
		"memory before CPU": {"redis: {enabled: false, external: {address: 'r:1'}}\nautoscaling: " +
			"{enabled: true, targetMemoryUtilizationPercentage: 70}", "HorizontalPodAutoscaler/rel-livekit",
			[]string{"spec", "metrics", "0", "resource", "name"}, "memory"},
		"no replicas with autoscaling": {"redis: {enabled: false, external: {address: 'r:1'}}\nautoscaling: " +
			"{enabled: true}", deployment, []string{"spec", "replicas"}, "null"},
		"an object of one's own": {"extraObjects: ['{apiVersion: v1, kind: ConfigMap, metadata: {name: \"{{ " +
			".Release.Name }}-x\"}}']", "ConfigMap/rel-x", []string{"kind"}, "ConfigMap"},
		"an image pull secret": {"imagePullSecrets: [{name: a}, b]", deployment, pod("imagePullSecrets"),
			"- name: a\n- name: b"},
	})
}

// setting is a field of an object that follows from values.
type setting struct {
	values, object string
	path           []string
	want           string
}

// mustSet renders the chart with the values of each setting, and looks at its field.
func mustSet(t *testing.T, dir string, settings map[string]setting) {
	t.Helper()
	for name, c := range settings {
		t.Run(name, func(t *testing.T) {
			o := rendered(t, dir, c.values)
			if got := field(t, o, c.object, c.path...); got != c.want {
				t.Errorf("%s %s is\n%s\nwant\n%s", c.object, strings.Join(c.path, "."), got, c.want)
			}
		})
	}
}

// No credential is in a ConfigMap, however it is given.
func TestCredentialsAreInSecrets(t *testing.T) {
	dir := canonicalChart(t, "all")
	const credential = "correct-horse-battery-staple-and-more"
	for name, values := range map[string]string{
		"keys in the configuration": "config: {keys: {name: " + credential + "}}",
		"given keys":                "keys: {values: {name: " + credential + "}}",
		"Redis' password": "redis: {enabled: false}\nconfig: {redis: {address: 'r:1', password: " +
			credential + "}}",
		"sentinel's password": "redis: {enabled: false}\nconfig: {redis: {sentinel_master_name: m, " +
			"sentinel_addresses: ['r:1'], sentinel_password: " + credential + "}}",
		"a TURN server's": "config: {rtc: {turn_servers: [{host: t.example.com, port: 443, protocol: tls, " +
			"username: u, credential: " + credential + "}]}}",
		"a TURN server's secret": "config: {rtc: {turn_servers: [{host: t.example.com, port: 443, protocol: tls, " +
			"secret: " + credential + "}]}}",
		"a newer server's": "extraConfig: {shield: {token: " + credential + "}}",
		"a URL's":          "config: {trace: {jaeger_url: 'http://u:" + credential + "@jaeger'}}",
		"metrics":          "config: {prometheus: {port: 6789, username: u, password: " + credential + "}}",
	} {
		t.Run(name, func(t *testing.T) {
			found := false
			for id, o := range rendered(t, dir, values) {
				data, err := yaml.Marshal(o.Fields)
				if err != nil {
					t.Fatal(err)
				}
				plain := string(data)
				if o.Kind() == "Secret" {
					for _, v := range o.TextMap("data") {
						decoded, _ := base64.StdEncoding.DecodeString(v)
						found = found || strings.Contains(string(decoded), credential)
					}
				}
				if strings.Contains(plain, credential) {
					t.Errorf("%s has the credential in the open", id)
				}
			}
			if !found {
				t.Error("no Secret has the credential")
			}
		})
	}
}

func TestRefusalHidesThePasswordOfAnAddress(t *testing.T) {
	const password = "not-to-be-seen"
	values := parse(t, "redis: {enabled: false, external: {address: 'redis://:"+password+"@r:6379'}}\n"+
		"config: {redis: {address: 'redis://:"+password+"@s:6379'}}")
	chart, err := helmchart.Load(canonicalChart(t, "all"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = chart.Render(t.Context(), values, helmchart.Release{})
	if err == nil || !strings.Contains(err.Error(), "***@r:6379") || !strings.Contains(err.Error(), "***@s:6379") {
		t.Errorf("%v, want it to name both addresses", err)
	}
	if err != nil && strings.Contains(err.Error(), password) {
		t.Error("the refusal shows the password")
	}
}

func TestRefusals(t *testing.T) {
	dir := canonicalChart(t, "all")
	for name, c := range map[string]struct {
		values string
		words  []string
	}{
		"another target port": {"service: {targetPort: 7881}", []string{"service.targetPort", "config.port"}},
		"range beside udp_port": {"config: {rtc: {port_range_start: 31000, port_range_end: 31010}}",
			[]string{"udp_port", "port_range_start"}},
		"half a range": {"config: {rtc: {udp_port: null, port_range_start: 31000}}",
			[]string{"port_range_start", "port_range_end"}},
		"no node port": {"config: {rtc: {tcp_port: 7881}}", []string{"7881", "30000"}},
		"too many ports": {"media: {type: LoadBalancer, address: 203.0.113.7}\nconfig: {rtc: {udp_port: " +
			"null, port_range_start: 50000, port_range_end: 60000}}", []string{"50000 to 60000", "HostNetwork"}},
		"sidecar for several":  {"replicaCount: 2", []string{"redis.enabled", "replicaCount"}},
		"no Redis for several": {"replicaCount: 2\nredis: {enabled: false}", []string{"redis.external.address"}},
		"two kinds of Redis":   {"redis: {external: {address: 'r:1'}}", []string{"redis.enabled"}},
		"a number for Redis": {"config: {redis: {address: 1}}\nredis: {enabled: false, external: {address: 'r:1'}}",
			[]string{"config.redis.address 1"}},
		"a newer key of another kind": {"extraConfig: {redis: x}", []string{"extraConfig.redis", "map"}},
		"a password for sidecar": {"config: {redis: {password: x}}",
			[]string{"config.redis.password", "redis.enabled"}},
		"no address": {"media: {type: LoadBalancer}", []string{"media.address"}},
		"load balancer, several": {"replicaCount: 2\nredis: {enabled: false, external: {address: 'r:1'}}\nmedia: " +
			"{type: LoadBalancer, address: 203.0.113.7}", []string{"LoadBalancer", "replicaCount"}},
		"pod's address from out":  {"media: {address: pod}", []string{"media.address pod"}},
		"an address that is none": {"media: {address: example.com}", []string{"example.com"}},
		"external IP by hand":     {"config: {rtc: {use_external_ip: true}}", []string{"media.address", "stun"}},
		"node IP by hand":         {"config: {rtc: {node_ip: 203.0.113.7}}", []string{"media.address"}},
		"short secret":            {"config: {keys: {name: short}}", []string{"name", "32"}},
		"keys twice": {"keys: {existingSecret: s, values: {name: correct-horse-battery-staple-and-more}}",
			[]string{"keys.values", "keys.existingSecret"}},
		"TURN without ports": {"config: {turn: {enabled: true}}", []string{"tls_port"}},
		"TURN without domain": {"config: {turn: {enabled: true, tls_port: 5349}}\nturn: {existingSecret: t}",
			[]string{"turn.domain"}},
		"TURN without cert": {"config: {turn: {enabled: true, tls_port: 5349, domain: t.example.com}}",
			[]string{"turn.existingSecret", "turn.certificate.enabled"}},
		"ingress to nowhere":     {"service: {enabled: false}", []string{"ingress.enabled", "service.enabled"}},
		"the chart's own env":    {"env: [{name: NODE_IP, value: 203.0.113.7}]", []string{"NODE_IP"}},
		"a wrong key of LiveKit": {"config: {rtc: {udpport: 31000}}", []string{"udpport"}},
		"a wrong value":          {"media: {type: Hostnetwork}", []string{"media"}},
		"a wrong key":            {"ingress: {classname: nginx}", []string{"classname"}},
		"same port twice":        {"config: {port: 30881}", []string{"rtc-tcp", "config.port", "30881/TCP"}},
		"metrics on signalling":  {"config: {prometheus: {port: 7880}}", []string{"config.port", "prometheus.port"}},
		"Redis on signalling":    {"redis: {port: 7880}", []string{"config.port", "redis.port"}},
		"TURN on media": {"config: {turn: {enabled: true, udp_port: 30882}}",
			[]string{"rtc-udp", "turn-udp", "30882/UDP"}},
		"TURN in a range": {"config: {rtc: {udp_port: 30900-30910}, turn: {enabled: true, udp_port: 30905}}",
			[]string{"rtc-udp-30905", "turn-udp"}},
		"a range the wrong way": {"config: {rtc: {udp_port: 30910-30900}}", []string{"30910 to 30900"}},
		"an ingress to no host": {"ingress: {hosts: []}", []string{"ingress.hosts"}},
		"more than the most": {"redis: {enabled: false, external: {address: 'r:1'}}\nautoscaling: {enabled: " +
			"true, minReplicas: 6}", []string{"autoscaling.minReplicas", "autoscaling.maxReplicas"}},
		"Redis' TLS without one": {"redis: {enabled: false, external: {tls: true}}",
			[]string{"redis.external.address"}},
		"several with half Redis": {"replicaCount: 2\nredis: {enabled: false}\nconfig: {redis: {db: 1}}",
			[]string{"redis.external.address"}},
		"an entry of no Secret": {"keys: {fileEntry: keys.yaml}", []string{"keys.fileEntry", "keys.existingSecret"}},
		"a key file of its own": {"config: {key_file: /keys.yaml}",
			[]string{"config.key_file", "keys.existingSecret"}},
		"a Service's type twice":  {"service: {spec: {type: NodePort}}", []string{"/service/spec"}},
		"an env twice":            {"env: [{name: A, value: b}, {name: A, value: c}]", []string{"A twice"}},
		"an env that is a number": {"env: [{name: A, value: 1}]", []string{"/env/0/value"}},
		"a label that is none":    {"podLabels: {a: 1}", []string{"/podLabels/a"}},
		"no image":                {"image: {repository: null}", []string{"/image", "repository"}},
		"no block":                {"ingress: null", []string{"ingress"}},
		"a size that is none":     {"persistence: {size: big}", []string{"/persistence/size"}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words...) })
	}
}

// A chart without TURN says how to get it.
func TestMissingComponentIsNamed(t *testing.T) {
	refused(t, canonicalChart(t), parse(t, "config: {turn: {enabled: true, udp_port: 30478}}"), "--with turn")
}

func TestConfigurationRollsThePod(t *testing.T) {
	dir := canonicalChart(t)
	sum := func(values string) string {
		return field(t, rendered(t, dir, values), "Deployment/rel-livekit", "spec", "template", "metadata",
			"annotations")
	}
	before := sum("")
	if again := sum(""); again != before {
		t.Error("the same values give another pod template")
	}
	for _, values := range []string{
		"config: {logging: {level: debug}}",
		"redis: {port: 6380}",
		"keys: {values: {name: correct-horse-battery-staple-and-more}}",
	} {
		if sum(values) == before {
			t.Errorf("%s does not roll the pod", values)
		}
	}
}

// The lookup of a real cluster finds the Secret; a render cannot, so the keys
// differ, and nothing but the Secret may depend on them.
func TestGeneratedKeysAreInTheSecretAlone(t *testing.T) {
	dir := canonicalChart(t)
	a, b := rendered(t, dir, ""), rendered(t, dir, "")
	for id := range a {
		same := cmp.Equal(a[id].Fields, b[id].Fields)
		if isKeys := id == "Secret/rel-livekit-keys"; same == isKeys {
			t.Errorf("%s: same in two renders is %v", id, same)
		}
	}
}

// values.yaml is to be read in five minutes.
func TestDefaultValuesAreShort(t *testing.T) {
	chart, err := Generate(context.Background(), canonical(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(chart.Files["values.yaml"]), "\n"); n >= 150 {
		t.Errorf("values.yaml has %d lines, want fewer than 150", n)
	}
}

func TestLargeNumbersStayNumbers(t *testing.T) {
	o := rendered(t, canonicalChart(t),
		"config: {limit: {bytes_per_sec: 1000000000}}\nterminationGracePeriodSeconds: 10000000")
	if got := field(t, o, "Deployment/rel-livekit", pod("terminationGracePeriodSeconds")...); got != "10000000" {
		t.Error("grace period is", got)
	}
	if text := o["ConfigMap/rel-livekit"].Text("data", "livekit.yaml"); strings.Contains(text, "e+") {
		t.Error("a number of the configuration is in scientific notation:\n" + text)
	}
}
