package scaffolding

import (
	"context"
	"flag"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var combinations = flag.Int("combinations", 60, "how many random sets of values TestRandomValues tries")

// crash matches what Helm says where a template fails, and not the chart by a sentence.
var crash = regexp.MustCompile(`nil pointer|wrong type|error calling (include|tpl|[a-z]+): (runtime|interface|cannot|strconv)|` +
	`invalid value; expected|can't evaluate|index out of range|incompatible types|cannot unmarshal|error converting YAML`)

// mustRenderOrRefuse renders a chart with values: it is sound, or refused by a sentence.
func mustRenderOrRefuse(t *testing.T, chart *helmchart.Chart, values map[string]any) {
	t.Helper()
	say := func(format string, args ...any) {
		text, _ := yaml.Marshal(values)
		t.Errorf("%s\n"+format, append([]any{text}, args...)...)
	}
	files, err := chart.Render(context.Background(), values, helmchart.Release{Name: "rel"})
	if err != nil {
		if crash.MatchString(err.Error()) {
			say("a template crashes: %v", err)
		}
		return
	}
	for _, f := range files {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			say("%s: %v", f.Name, err)
		}
		for _, o := range objects {
			for _, p := range o.Check() {
				say("%s: %s %s: %s", f.Name, o, p.Path, p.Message)
			}
		}
	}
}

// A null unsets a default, or is refused: no template crashes over one.
func TestNullForEachKey(t *testing.T) {
	for name, with := range map[string][]string{"lean": nil, "whole": {"all"}} {
		chart, err := helmchart.Load(canonicalChart(t, with...))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range serverSheet().Keys {
			t.Run(name+" "+k.Key, func(t *testing.T) {
				values := map[string]any{}
				yamldoc.Set(values, yamldoc.SplitPath(k.Key), nil)
				mustRenderOrRefuse(t, chart, values)
			})
		}
	}
}

// pool are pieces of values, of which random sets are made.
var pool = strings.Split(strings.TrimSpace(`
media: {type: HostNetwork}
media: {type: LoadBalancer, address: 203.0.113.7}
media: {type: ClusterIP}
media: {address: stun}
media: {address: auto}
media: {address: hosts}
media: {address: '203.0.113.7,2001:db8::7'}
media: {split: true, tcp: {annotations: {a: b}}}
media: {type: LoadBalancer, addresses: [203.0.113.7, {address: 203.0.113.8, annotations: {a: b}}]}
media: {spec: {ipFamilyPolicy: PreferDualStack}, annotations: {a: b}}
config: {rtc: {force_tcp: true, udp_port: null}}
config: {rtc: {udp_port: 30900-30903}}
config: {rtc: {udp_port: null, port_range_start: 31000, port_range_end: 31009}}
config: {rtc: {tcp_port: 0}}
config: {port: 7890, bind_addresses: [0.0.0.0]}
config: {prometheus: null}
config: {prometheus_port: 6790}
config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349, external_tls: true}}
config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349}}
config: {turn: {enabled: true, udp_port: 30478, allow_restricted_peer_cidrs: [10.0.0.0/8]}}
config: {webhook: {urls: ['https://h.example.com?token=a']}}
config: {keys: {one: correct-horse-battery-staple-and-more}}
config: {region: eu, node_selector: {kind: regionaware, regions: [{name: eu, lat: 1, lon: 2}]}}
config: null
extraConfig: {shield: {token: a}}
keys: {values: {one: correct-horse-battery-staple-and-more}}
keys: {existingSecret: mine}
keys: {existingSecret: mine, fileEntry: keys.yaml}
keys: {operator: {enabled: true}}
redis: {enabled: false}
redis: {enabled: false, external: {address: 'r:6379'}}
redis: {enabled: false, external: {address: 'r:6379', existingSecret: r, tls: true, caSecret: c}}
redis: {enabled: false, external: {sentinelSecret: s, clientCertSecret: c}}
redis: {image: {repository: valkey/valkey}}
config: {redis: {sentinel_master_name: m, sentinel_addresses: ['s:26379']}}
redis: {service: {enabled: true}}
redis: {service: {enabled: true, existingSecret: r}, port: 6380}
persistence: {enabled: false}
persistence: {existingClaim: mine}
replicaCount: 3
replicaCount: 0
replicaCount: null
autoscaling: {enabled: true}
autoscaling: {external: true}
autoscaling: {enabled: true, participants: 50}
autoscaling: {keda: {enabled: true, query: 'sum(a)'}, participants: 50}
draining: {enabled: true}
draining: {enabled: true, portSet: second, udpPort: 30910-30913}
service: {enabled: false}
ipFamilyPolicy: PreferDualStack
ipFamilies: [IPv6]
service: {type: LoadBalancer, extraPorts: [{name: a, port: 1, targetPort: http}]}
ingress: {enabled: false}
ingress: {hosts: [], tls: []}
httpRoute: {enabled: true}
route: {enabled: true, host: null, tls: null}
openshift: {assignUser: true}
gatewayRoutes: {mediaUDP: {enabled: true}, mediaTCP: {enabled: true}}
gatewayRoutes: {turnUDP: {enabled: true}, turnTLS: {enabled: true, kind: TCPRoute}}
media: {type: ClusterIP, address: 203.0.113.7}
networkPolicy: {enabled: true}
networkPolicy: {enabled: true, signallingFrom: [{podSelector: {}}], metricsFrom: [{podSelector: {}}], egress: [{}]}
podDisruptionBudget: {enabled: true}
metrics: {serviceMonitor: {enabled: true}, existingSecret: m}
deletionCost: {enabled: true}
deletionCost: {enabled: true, policy: null}
dashboard: {enabled: true, labels: null, annotations: {grafana_folder: LiveKit}}
alerts: {enabled: true, selector: 'job="a"', alertLabels: {team: media}}
alerts: {enabled: true, thresholds: null}
config: {limit: {num_tracks: 100, bytes_per_sec: 1000000}}
metrics: {podMonitor: {enabled: true, interval: null, labels: {a: b}}}
livenessProbe: {httpGet: {path: /, port: http}}
readinessProbe: {exec: {command: ['true']}}
startupProbe: {tcpSocket: {port: http}}
podSpec: {hostAliases: [{ip: 203.0.113.7, hostnames: [a]}], dnsPolicy: Default}
commonLabels: {team: media, app: other}
podLabels: {app: other, team: other}
podAnnotations: {checksum/config: x, a: b}
annotations: {a: b}
existingConfigSecret: mine
image: {tag: v1.9.12}
image: {digest: 'sha256:0000000000000000000000000000000000000000000000000000000000000000'}
imagePullSecrets: [a, {name: b}]
resources: null
securityContext: null
podSecurityContext: {fsGroup: null}
env: [{name: A, value: b}]
extraArgs: [--disable-strict-config]
initContainers: [{name: a, image: busybox}]
extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
affinity: {nodeAffinity: {}}
strategy: {type: Recreate}
fullnameOverride: a-name-that-is-so-long-that-it-has-to-be-cut-off-somewhere-in-the-middle
`), "\n")

// What is set together is rendered, or refused by a sentence.
func TestRandomValues(t *testing.T) {
	chart, err := helmchart.Load(canonicalChart(t, "all"))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(*combinations)))
	for range *combinations {
		values := map[string]any{}
		for range 1 + random.IntN(5) {
			values = helmchart.Merge(values, parse(t, pool[random.IntN(len(pool))]))
		}
		mustRenderOrRefuse(t, chart, values)
	}
}
