package scaffolding

import (
	"context"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// withRedis are the values of a chart whose Redis is elsewhere.
const withRedis = "redis: {enabled: false, external: {address: 'r:6379'}}\n"

// These held calls up, or ended them, or made a value do nothing.
func TestWhatKeepsCallsAlive(t *testing.T) {
	dir := canonicalChart(t, "all")
	deployment, media := "Deployment/rel-livekit", "Service/rel-livekit-media"
	tcpOnly := "config: {prometheus: null, rtc: {force_tcp: true, udp_port: null}}"
	mustSet(t, dir, map[string]setting{
		"media reaches a pod that is not ready": {"", media, []string{"spec", "publishNotReadyAddresses"}, "true"},
		"TURN as well": {"config: {turn: {enabled: true, domain: t.example.com, tls_port: 5349}}\nturn: " +
			"{existingSecret: t}",
			"Service/rel-livekit-turn", []string{"spec", "publishNotReadyAddresses"}, "true"},
		"signalling does not": {"", "Service/rel-livekit", []string{"spec", "publishNotReadyAddresses"}, "null"},
		"a rollout may take as long as calls": {"terminationGracePeriodSeconds: 3600", deployment,
			[]string{"spec", "progressDeadlineSeconds"}, "4200"},
		"TCP alone: container": {tcpOnly, deployment, server("ports", "2"), "null"},
		"TCP alone: Service":   {tcpOnly, media, []string{"spec", "ports", "1"}, "null"},
		"TCP alone: policy": {tcpOnly + "\nnetworkPolicy: {enabled: true}", "NetworkPolicy/rel-livekit",
			[]string{"spec", "ingress", "1", "ports", "1"}, "null"},
		"TCP alone, with a port for UDP": {"config: {prometheus: null, rtc: {force_tcp: true}}", media,
			[]string{"spec", "ports", "1"}, "null"},
		"addresses of both families": {"media: {address: hosts}", deployment,
			server("env", "0", "valueFrom", "fieldRef", "fieldPath"), "status.hostIPs"},
		"a Service of both families": {"media: {address: hosts}", media, []string{"spec", "ipFamilyPolicy"},
			"PreferDualStack"},
		"an address that something else assigns": {"media: {type: LoadBalancer, address: 203.0.113.7, spec: " +
			"{loadBalancerIP: ''}}", media, []string{"spec", "loadBalancerIP"}, "null"},
		"the Service's spec has the last word": {"media: {spec: {publishNotReadyAddresses: false}}", media,
			[]string{"spec", "publishNotReadyAddresses"}, "false"},
		"an autoscaler of one's own": {withRedis + "autoscaling: {external: true}", deployment,
			[]string{"spec", "replicas"}, "null"},
		"an autoscaler of one's own rolls": {withRedis + "autoscaling: {external: true}", deployment,
			[]string{"spec", "strategy", "type"}, "RollingUpdate"},
		"no number of servers": {"replicaCount: null", deployment, []string{"spec", "replicas"}, "null"},
		"one probe": {"livenessProbe: {httpGet: {path: /, port: http}}", deployment,
			server("livenessProbe", "tcpSocket"), "null"},
		"another readiness probe": {"readinessProbe: {exec: {command: [\"true\"]}}", deployment,
			server("readinessProbe", "httpGet"), "null"},
		"a load that is measured": {"metrics: {existingSecret: null}", deployment,
			server("env", "4", "valueFrom", "resourceFieldRef", "resource"), "requests.cpu"},
		"no measure without a request": {"resources: null", deployment, server("env", "4"), "null"},
		"no service mesh": {"", deployment, []string{"spec", "template", "metadata", "annotations",
			"sidecar.istio.io/inject"}, `"false"`},
		"a digest": {"image: {digest: 'sha256:" + strings.Repeat("0", 64) + "'}", deployment, server("image"),
			"livekit/livekit-server@sha256:" + strings.Repeat("0", 64)},
		"a further field of the pod": {"podSpec: {hostAliases: [{ip: 203.0.113.7, hostnames: [a]}]}", deployment,
			pod("hostAliases", "0", "ip"), "203.0.113.7"},
		"labels of all objects": {"commonLabels: {team: media}", "ConfigMap/rel-livekit",
			[]string{"metadata", "labels", "team"}, "media"},
		"labels of the pods": {"commonLabels: {team: media}", deployment,
			[]string{"spec", "template", "metadata", "labels", "team"}, "media"},
		"labels do not select": {"commonLabels: {team: media}", deployment,
			[]string{"spec", "selector", "matchLabels", "team"}, "null"},
		"the whole configuration elsewhere": {"existingConfigSecret: mine", deployment,
			pod("volumes", "0", "secret", "secretName"), "mine"},
		"and none here": {"existingConfigSecret: mine", "ConfigMap/rel-livekit", nil, "(no ConfigMap/rel-livekit)"},
		"metrics for the cluster": {"networkPolicy: {enabled: true}", "NetworkPolicy/rel-livekit",
			[]string{"spec", "ingress", "2", "from"}, "- namespaceSelector: {}"},
		"the test reaches signalling": {
			"networkPolicy: {enabled: true, signallingFrom: [{ipBlock: {cidr: 192.0.2.0/24}}]}",
			"NetworkPolicy/rel-livekit", []string{"spec", "ingress", "0", "from", "1", "podSelector", "matchLabels",
				"livekit-test"}, "rel"},
		"Redis for its clients": {"networkPolicy: {enabled: true}\nredis: {service: {enabled: true}}",
			"NetworkPolicy/rel-livekit", []string{"spec", "ingress", "3", "from"},
			"- podSelector:\n    matchLabels:\n      livekit-redis-client: \"true\""},
		"draining: other ports by turns": {withRedis + "draining: {enabled: true, portSet: second}", deployment,
			server("ports", "1", "containerPort"), "30883"},
		"draining: no pod has both": {withRedis + "draining: {enabled: true}", media,
			[]string{"spec", "selector", "livekit-media-ports"}, "first"},
		"draining: the second Service": {withRedis + "draining: {enabled: true}",
			"Service/rel-livekit-media-second", []string{"spec", "ports", "1", "nodePort"}, "30884"},
		"draining: the policy lets through to both": {withRedis + "draining: {enabled: true, portSet: second}\n" +
			"networkPolicy: {enabled: true}", "NetworkPolicy/rel-livekit", []string{"spec", "ingress", "1", "ports"},
			"- port: 30881\n  protocol: TCP\n- port: 30882\n  protocol: UDP\n" +
				"- port: 30883\n  protocol: TCP\n- port: 30884\n  protocol: UDP"},
		"draining: the new one first": {withRedis + "draining: {enabled: true}", deployment,
			[]string{"spec", "strategy", "rollingUpdate", "maxSurge"}, "1"},
		"draining: on a further node": {withRedis + "draining: {enabled: true}\nmedia: {type: HostNetwork}", deployment,
			pod("affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "0", "topologyKey"),
			"kubernetes.io/hostname"},
	})
}

// On the node's network the server would listen for media on any one of its interfaces: those of the cluster's
// networks, which clients do not reach, are left out, unless the user says which to take.
func TestInterfacesOfTheNode(t *testing.T) {
	dir := canonicalChart(t)
	for values, want := range map[string]string{
		"":                           "null",
		"media: {type: HostNetwork}": "cni0",
		"media: {type: HostNetwork, address: 203.0.113.7}":                               "cni0",
		"media: {type: HostNetwork, address: stun}":                                      "null",
		"media: {type: HostNetwork, address: auto}":                                      "null",
		"{media: {type: HostNetwork}, config: {rtc: {ips: {includes: [192.0.2.0/24]}}}}": "null",
		"{media: {type: HostNetwork}, config: {rtc: {interfaces: {includes: [eth0]}}}}":  "- eth0",
		"{media: {type: HostNetwork}, config: {rtc: {interfaces: {}}}}":                  "{}",
	} {
		config := map[string]any{}
		text := rendered(t, dir, values)["ConfigMap/rel-livekit"].Text("data", "livekit.yaml")
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			t.Fatal(err)
		}
		rtc, _ := config["rtc"].(map[string]any)
		got, err := yaml.Marshal(rtc["interfaces"])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(got), want) {
			t.Errorf("%s: rtc.interfaces is\n%s\nwant %s", values, got, want)
		}
	}
}

// No list of processes shows the password of Redis.
func TestRedisPasswordIsNoArgument(t *testing.T) {
	o := rendered(t, canonicalChart(t, "all"), "redis: {service: {enabled: true}}")
	args := field(t, o, "Deployment/rel-livekit", pod("initContainers", "0", "args")...)
	script := field(t, o, "Deployment/rel-livekit", pod("initContainers", "0", "command")...)
	if strings.Contains(args, "REDISCLI_AUTH") || !strings.Contains(script,
		`requirepass "$(printf %s "$REDISCLI_AUTH"`) {
		t.Errorf("arguments:\n%s\ncommand:\n%s", args, script)
	}
}

// Services select the server's pods and no pod of a hook.
func TestServicesDoNotSelectTheTestPod(t *testing.T) {
	for _, dir := range []string{canonicalChart(t), canonicalChart(t, "all")} {
		objects := rendered(t, dir, "")
		labels := objects["Pod/rel-livekit-test-connection"].TextMap("metadata", "labels")
		for id, o := range objects {
			selector := o.TextMap("spec", "selector")
			if o.Kind() != "Service" {
				continue
			}
			selected := true
			for name, value := range selector {
				selected = selected && labels[name] == value
			}
			if selected {
				t.Errorf("%s selects the test's pod by %v", id, selector)
			}
		}
	}
}

// An annotation of the user's does not double the chart's own.
func TestChecksumAnnotationOnce(t *testing.T) {
	chart, err := helmchart.Load(canonicalChart(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.Render(context.Background(), parse(t, "podAnnotations: {checksum/config: x}"),
		helmchart.Release{Name: "rel"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		n += strings.Count(string(f.Data), "checksum/config:")
	}
	if n != 1 {
		t.Errorf("checksum/config is there %d times", n)
	}
}

// What a short password could be guessed from is no fast hash.
func TestChecksumOfCredentialsIsSlow(t *testing.T) {
	sum := func(password, release string) string {
		chart, err := helmchart.Load(canonicalChart(t))
		if err != nil {
			t.Fatal(err)
		}
		files, err := chart.Render(context.Background(), parse(t, "redis: {enabled: false}\nconfig: {redis: {address: "+
			"'r:1', password: "+password+"}}"), helmchart.Release{Name: release})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if _, sum, found := strings.Cut(string(f.Data), "checksum/config: "); found {
				return sum[:64]
			}
		}
		return ""
	}
	a := sum("one", "rel")
	if a == "" || a != sum("one", "rel") || a == sum("two", "rel") || a == sum("one", "other") {
		t.Error("the checksum has to follow the password and the release, and nothing else")
	}
}

func TestRefusedSettings(t *testing.T) {
	dir := canonicalChart(t, "all")
	const key = "keys: {values: {APIone: correct-horse-battery-staple-and-more}}\n"
	for name, c := range map[string]struct{ values, words string }{
		"no IPv4 address":      {"media: {address: 999.1.1.1}", "media.address"},
		"a word":               {"media: {address: abc.de}", "media.address"},
		"dots":                 {"media: {address: ...}", "media.address"},
		"two of a family":      {"media: {address: '203.0.113.7,203.0.113.8'}", "media.address"},
		"any address":          {"media: {address: 0.0.0.0}", "which no client reaches"},
		"loopback":             {"media: {address: '::1'}", "which no client reaches"},
		"nine groups":          {"media: {address: '1:2:3:4:5:6:7:8:9'}", "media.address"},
		"two gaps":             {"media: {address: '2001::1::2'}", "media.address"},
		"Redis as a URL":       {"redis: {enabled: false, external: {address: 'redis://r:6379'}}", "host:port"},
		"Redis without a port": {"redis: {enabled: false, external: {address: r}}", "host:port"},
		"Redis by a variable":  {"redis: {enabled: false, external: {address: '$(REDIS_HOST):6379'}}", "host:port"},
		"sentinel as a URL": {"redis: {enabled: false}\nconfig: {redis: {sentinel_addresses: ['redis://a:1']}}",
			"host:port"},
		"two addresses":         {withRedis + "config: {redis: {address: 's:6379'}}", "leave one of them out"},
		"a range of one":        {"config: {rtc: {udp_port: 30882-30882}}", "write 30882"},
		"TCP alone without TCP": {"config: {rtc: {force_tcp: true, tcp_port: 0}}", "rtc.force_tcp"},
		"debugging on signalling": {"config: {debug_handler: {port: 7880}}",
			"config.port and config.debug_handler.port are both 7880/TCP"},
		"no region": {"config: {node_selector: {kind: regionaware}}", "config.region"},
		"an unlisted region": {"config: {region: us, node_selector: {kind: regionaware, regions: [{name: eu, lat: " +
			"1, lon: 2}]}}", "none of config.node_selector.regions: eu"},
		"webhooks unsigned": {key + "config: {webhook: {urls: ['https://h.example.com']}}", "APIone"},
		"webhooks missigned": {key + "config: {webhook: {api_key: APItwo, urls: ['https://h.example.com']}}",
			"APItwo"},
		"a key file not read": {key + "podSecurityContext: {fsGroup: null}", "fsGroup"},
		"TURN's name": {"config: {turn: {enabled: true, domain: localhost, tls_port: 5349, external_tls: true}}",
			"turn.domain"},
		"TURN by IPv6 alone": {"media: {address: '2001:db8::1', type: ClusterIP}\nconfig: {turn: {enabled: true, " +
			"udp_port: 30478}}",
			"IPv4"},
		"TURN to a private address": {"media: {address: 10.1.2.3, type: ClusterIP}\nconfig: {turn: {enabled: true, " +
			"udp_port: 30478}}",
			"allow_restricted_peer_cidrs"},
		"TURN to the pod's address": {"media: {type: ClusterIP}\nconfig: {turn: {enabled: true, udp_port: 30478}}",
			"allow_restricted_peer_cidrs"},
		"Redis at a port that is none": {"redis: {enabled: false, external: {address: 'r:70000'}}",
			"host:port"},
		"STUN as a URL": {"config: {rtc: {stun_servers: ['stun:a.example.com:3478']}}",
			"with a scheme"},
		"TURN as a URL": {"config: {rtc: {turn_servers: [{host: 'turn:a.example.com'}]}}",
			"with a scheme"},
		"an address as a network": {"config: {rtc: {ips: {excludes: [10.0.0.1]}}}",
			"which is no network"},
		"an address to bind with a port": {"config: {bind_addresses: ['0.0.0.0:7880']}",
			"which is no IP address"},
		"no address to bind": {"config: {bind_addresses: []}", "listen nowhere"},
		"traces over gRPC": {"config: {trace: {jaeger_url: 'grpc://jaeger:4317'}}",
			"over HTTP alone"},
		"a variable in the configuration": {"config: {region: $(REGION)}",
			"$(REGION), which the server does not expand"},
		"a variable of a shell in the configuration": {"config: {region: '${REGION}'}",
			"${REGION}, which the server"},
		"port 0": {"config: {port: 0}", "takes any free port"},
		"a low port on the node": {"media: {type: HostNetwork}\nconfig: {rtc: {tcp_port: 443}}",
			"only root may open a port below 1024"},
		"Redis on the node": {"media: {type: HostNetwork}\nredis: {service: {enabled: true}}",
			"on the node's own addresses"},
		"a policy that does nothing": {"media: {type: HostNetwork}\nnetworkPolicy: {enabled: true}",
			"networkPolicy.enabled does nothing"},
		"a monitor of nothing": {"config: {prometheus: {port: 0}}\nmetrics: {serviceMonitor: {enabled: true}}",
			"config.prometheus.port"},
		"Redis by environment":     {"env: [{name: REDIS_HOST, value: 'r:1'}]", "REDIS_HOST"},
		"ports by environment":     {"env: [{name: UDP_PORT, value: '1'}]", "UDP_PORT"},
		"a field of the pod twice": {"podSpec: {volumes: []}", "/podSpec/volumes"},
		"two autoscalers": {withRedis + "autoscaling: {enabled: true, external: true}",
			"autoscaling.external"},
		"draining with the sidecar": {"draining: {enabled: true}", "redis.external.address"},
		"draining by a load balancer": {withRedis + "draining: {enabled: true}\nmedia: {type: LoadBalancer, " +
			"address: 203.0.113.7}", "LoadBalancer"},
		"draining on the same ports": {withRedis + "draining: {enabled: true, udpPort: 30882}", "30882"},
		"draining on no node port":   {withRedis + "draining: {enabled: true, udpPort: 7882}", "7882"},
		"draining on a range the wrong way": {withRedis + "draining: {enabled: true, udpPort: 30887-30884}",
			"draining.udpPort"},
		"draining on a range of one port": {withRedis + "draining: {enabled: true, udpPort: 30884-30884}",
			"draining.udpPort"},
		"draining on too many ports": {withRedis + "draining: {enabled: true, udpPort: 30884-31500}",
			"draining.udpPort"},
		"draining with TURN over UDP": {withRedis + "draining: {enabled: true}\nconfig: {turn: {enabled: true, " +
			"udp_port: 30478}}", "turn.udp_port"},
		"draining with a range": {withRedis + "draining: {enabled: true}\nconfig: {rtc: {udp_port: null, " +
			"port_range_start: 31000, port_range_end: 31001}}", "config.rtc.udp_port"},
		"draining by a word that is none": {withRedis + "draining: {enabled: true, portSet: third}",
			"/draining/portSet"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}

// What the server takes, in the way that it reads it.
func TestServersWay(t *testing.T) {
	dir := canonicalChart(t, "all")
	for values, text := range map[string]string{
		"config: {video: {stream_tracker_manager: {video: {bitrate_report_interval: {0: 1s}}}}}": " 0: 1s",
		"redis: {enabled: false}\nconfig: {redis: {address: /run/redis.sock}}":                   "/run/redis.sock",
		"redis: {enabled: false}\nconfig: {redis: {sentinel_addresses: [null]}}":                 "- null\n",
		"media: {type: HostNetwork}\nconfig: {rtc: {udp_port: 30882 - 30883}}":                   "30882 - 30883",
		"media: {type: HostNetwork}\nsecurityContext: {runAsUser: 0}\n" +
			"config: {rtc: {tcp_port: 443}}": "tcp_port: 443\n",
	} {
		config, _ := rendered(t, dir, values)["ConfigMap/rel-livekit"]
		if got := config.TextMap("data")["livekit.yaml"]; !strings.Contains(got, text) {
			t.Errorf("%s: %s", values, got)
		}
	}
}

// A part that the chart was written without is named where it is switched on, and
// left alone where it is not.
func TestValuesOfMissingComponents(t *testing.T) {
	dir := canonicalChart(t)
	for values, component := range map[string]string{
		"networkPolicy: {enabled: true}":                 "networkpolicy",
		"autoscaling: {enabled: true}":                   "autoscaling",
		"podDisruptionBudget: {enabled: true}":           "pdb",
		"metrics: {serviceMonitor: {enabled: true}}":     "metrics",
		"alerts: {enabled: true}":                        "alerts",
		"dashboard: {enabled: true}":                     "dashboard",
		"deletionCost: {enabled: true}":                  "deletion-cost",
		"autoscaling: {keda: {enabled: true}}":           "autoscaling",
		"turn: {existingSecret: t}":                      "turn",
		"extraVolumes: [{name: a, emptyDir: {}}]":        "extras",
		"priorityClassName: high":                        "scheduling",
		"httpRoute: {enabled: true}":                     "httproute",
		"keys: {operator: {enabled: true}}":              "secret-operator",
		"redis: {service: {enabled: true}}":              "redis-service",
		"image: {digest: 'sha256:0'}":                    "extras",
		"draining: {enabled: true}":                      "draining",
		"startupProbe: {httpGet: {path: /, port: http}}": "extras",
	} {
		refused(t, dir, parse(t, values), "update --with "+component)
	}
	rendered(t, dir, "networkPolicy: {enabled: false, egress: [a]}\nautoscaling: {maxReplicas: 3}\nglobal: {a: b}\n"+
		"turn: {service: {enabled: true}}\nconfig: {prometheus: {port: 6789}}\nsomethingElse: {enabled: true}")
}

// Under Argo CD, which renders without the cluster, made-up keys would change at each sync.
func TestArgoCD(t *testing.T) {
	chart, err := helmchart.Load(canonicalChart(t))
	if err != nil {
		t.Fatal(err)
	}
	argo := helmchart.Release{Name: "rel", APIVersions: []string{"argoproj.io/v1alpha1/Application"}}
	_, err = chart.Render(context.Background(), nil, argo)
	if err == nil || !strings.Contains(err.Error(), "keys.existingSecret") {
		t.Errorf("made-up keys under Argo CD: %v", err)
	}
	if _, err = chart.Render(context.Background(), parse(t, "keys: {existingSecret: mine}"), argo); err != nil {
		t.Errorf("a Secret of one's own under Argo CD: %v", err)
	}
}

// Secrets are where tokens may be.
func TestURLsWithTokens(t *testing.T) {
	dir := canonicalChart(t, "all")
	for values, isSecret := range map[string]bool{
		"config: {webhook: {urls: ['https://h.example.com/a?token=b']}}":              true,
		"config: {ingress: {rtmp_base_url: 'rtmp://live.example.com/app/streamkey'}}": true,
		"config: {webhook: {urls: ['https://h.example.com/a']}}":                      false,
		"config: {ingress: {rtmp_base_url: 'rtmp://live.example.com/x'}}":             false,
	} {
		_, is := rendered(t, dir, values)["ConfigMap/rel-livekit"]
		if is == isSecret {
			data, _ := yaml.Marshal(values)
			t.Errorf("%s: in a ConfigMap is %v", data, is)
		}
	}
}
