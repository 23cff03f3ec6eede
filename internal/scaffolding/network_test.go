package scaffolding

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// balanced are values of several servers, each with a load balancer.
const balanced = withRedis + "replicaCount: 2\nmedia: {type: LoadBalancer, annotations: {all: a, one: a}, addresses: " +
	"[203.0.113.7, {address: '203.0.113.8,2001:db8::8', annotations: {one: b}, spec: {loadBalancerClass: c}}]}\n"

// One Service takes UDP and another one TCP.
func TestSplitMedia(t *testing.T) {
	dir := canonicalChart(t, "all")
	const split = "media: {split: true, annotations: {all: a, one: a}, spec: {ipFamilyPolicy: SingleStack}, udp: " +
		"{annotations: {one: b}}, tcp: {spec: {ipFamilyPolicy: PreferDualStack}}}\n"
	const balancer = "media: {split: true, type: LoadBalancer, address: 203.0.113.7}\n"
	udp, tcp := "Service/rel-livekit-media", "Service/rel-livekit-media-tcp"
	mustSet(t, dir, map[string]setting{
		"UDP alone":            {split, udp, []string{"spec", "ports", "0", "protocol"}, "UDP"},
		"UDP and nothing else": {split, udp, []string{"spec", "ports", "1"}, "null"},
		"a port of the nodes":  {split, tcp, []string{"spec", "ports", "0", "nodePort"}, "30881"},
		"TCP and nothing else": {split, tcp, []string{"spec", "ports", "1"}, "null"},
		"annotations of its own": {split, udp, []string{"metadata", "annotations"},
			"all: a\none: b"},
		"annotations of both": {split, tcp, []string{"metadata", "annotations"}, "all: a\none: a"},
		"a spec of its own":   {split, tcp, []string{"spec", "ipFamilyPolicy"}, "PreferDualStack"},
		"a spec of both":      {split, udp, []string{"spec", "ipFamilyPolicy"}, "SingleStack"},
		"one address: UDP":    {balancer, udp, []string{"spec", "loadBalancerIP"}, "203.0.113.7"},
		"one address: TCP":    {balancer, tcp, []string{"spec", "loadBalancerIP"}, "203.0.113.7"},
		"TURN over UDP goes with UDP": {split + "config: {turn: {enabled: true, udp_port: 30478}}", udp,
			[]string{"spec", "ports", "1", "name"}, "turn-udp"},
		"media over TCP alone": {split + "config: {rtc: {force_tcp: true}}", udp, nil,
			"(no Service/rel-livekit-media)"},
		"media over UDP alone": {split + "config: {rtc: {tcp_port: 0}}", tcp, nil,
			"(no Service/rel-livekit-media-tcp)"},
		"no Service on the node": {"media: {split: true, type: HostNetwork}", tcp, nil,
			"(no Service/rel-livekit-media-tcp)"},
		"together with the second set": {withRedis + "media: {split: true}\ndraining: {enabled: true}",
			"Service/rel-livekit-media-second-tcp", []string{"spec", "ports", "0", "nodePort"}, "30883"},
	})
}

// Each of several servers has a load balancer, and tells clients its address.
func TestAddressForEachServer(t *testing.T) {
	dir := canonicalChart(t, "all")
	first, second, server0 := "Service/rel-livekit-media-0", "Service/rel-livekit-media-1", "StatefulSet/rel-livekit"
	const index = "apps.kubernetes.io/pod-index"
	mustSet(t, dir, map[string]setting{
		"numbered servers":    {balanced, server0, []string{"spec", "podManagementPolicy"}, "Parallel"},
		"no Deployment":       {balanced, "Deployment/rel-livekit", nil, "(no Deployment/rel-livekit)"},
		"no list, no numbers": {"", "Deployment/rel-livekit", []string{"spec", "strategy", "type"}, "Recreate"},
		"the first address":   {balanced, first, []string{"spec", "loadBalancerIP"}, "203.0.113.7"},
		"the second address":  {balanced, second, []string{"spec", "loadBalancerIP"}, "203.0.113.8"},
		"the first server":    {balanced, first, []string{"spec", "selector", index}, `"0"`},
		"the second server":   {balanced, second, []string{"spec", "selector", index}, `"1"`},
		"its own annotations": {balanced, second, []string{"metadata", "annotations"}, "all: a\none: b"},
		"its own spec":        {balanced, second, []string{"spec", "loadBalancerClass"}, "c"},
		"a pod that ends":     {balanced, second, []string{"spec", "publishNotReadyAddresses"}, "true"},
		"its number":          {balanced, server0, server("env", "0", "name"), "POD_INDEX"},
		"where it is from": {balanced, server0, server("env", "0", "valueFrom", "fieldRef", "fieldPath"),
			"metadata.labels['" + index + "']"},
		"its configuration": {balanced, server0, server("args", "1"),
			"/etc/livekit/config/livekit-$(POD_INDEX).yaml"},
		"no one address":       {balanced, "Service/rel-livekit-media", nil, "(no Service/rel-livekit-media)"},
		"no one configuration": {balanced, "ConfigMap/rel-livekit", []string{"data", "livekit.yaml"}, "null"},
		"an autoscaler": {balanced + "autoscaling: {enabled: true, maxReplicas: 2}",
			"HorizontalPodAutoscaler/rel-livekit",
			[]string{"spec", "scaleTargetRef", "kind"}, "StatefulSet"},
		"each by two Services": {strings.Replace(balanced, "media: {", "media: {split: true, ", 1),
			"Service/rel-livekit-media-1-tcp", []string{"spec", "selector", index}, `"1"`},
	})
	if text := notes(t, dir, balanced+"keys: {operator: {enabled: true}}"); !strings.Contains(text,
		"rollout restart statefulset rel-livekit") || !strings.Contains(text,
		"rel-livekit-media-0 rel-livekit-media-1") {
		t.Errorf("the notes name other objects:\n%s", text)
	}
	for values, id := range map[string]string{
		balanced: "ConfigMap/rel-livekit",
		balanced + "config: {redis: {password: a-password}}": "Secret/rel-livekit-config",
	} {
		data := rendered(t, dir, values)[id].TextMap("data")
		text := decoded(data["livekit-1.yaml"])
		if !strings.Contains(text, "node_ip: 203.0.113.8,2001:db8::8") || len(data) != 2 {
			t.Errorf("%s has for the second server\n%s", id, text)
		}
	}
	sums := map[string]bool{}
	for _, values := range []string{balanced, strings.ReplaceAll(balanced, "203.0.113.7", "203.0.113.9")} {
		sums[field(t, rendered(t, dir, values), server0, "spec", "template", "metadata", "annotations",
			"checksum/config")] = true
	}
	if len(sums) != 2 {
		t.Error("another address does not roll the pods")
	}
}

// All Services have the IP families that one value gives, and each may have others.
func TestIPFamilies(t *testing.T) {
	const values = "ipFamilyPolicy: PreferDualStack\nipFamilies: [IPv6, IPv4]\nredis: {service: {enabled: true}}\n" +
		"config: {turn: {enabled: true, domain: t.example.com, tls_port: 5349, external_tls: true}}\n"
	families := func(values string, o string) (out []string) {
		objects := rendered(t, canonicalChart(t, "all"), values)
		for _, name := range []string{"", "-media", "-media-tcp", "-turn", "-metrics", "-redis"} {
			id := "Service/rel-livekit" + name
			if _, found := objects[id]; !found {
				t.Errorf("no %s", id)
			}
			out = append(out, field(t, objects, id, "spec", o))
		}
		return out
	}
	policies := families(values+"media: {split: true}\nservice: {spec: {ipFamilyPolicy: RequireDualStack}}",
		"ipFamilyPolicy")
	if got := strings.Join(policies, " "); got != "RequireDualStack"+strings.Repeat(" PreferDualStack", 5) {
		t.Errorf("policies: %s", got)
	}
	for _, got := range families(values+"media: {split: true}", "ipFamilies") {
		if got != "- IPv6\n- IPv4" {
			t.Errorf("families: %s", got)
		}
	}
	mustSet(t, canonicalChart(t, "all"), map[string]setting{
		"an address of each family": {"media: {type: LoadBalancer, address: '203.0.113.7,2001:db8::7'}",
			"Service/rel-livekit-media", []string{"spec", "ipFamilyPolicy"}, "PreferDualStack"},
		"a server with an address of each family": {balanced, "Service/rel-livekit-media-1",
			[]string{"spec", "ipFamilyPolicy"}, "PreferDualStack"},
		"one of one family": {balanced, "Service/rel-livekit-media-0", []string{"spec", "ipFamilyPolicy"}, "null"},
		"Redis listens to both": {"redis: {service: {enabled: true}}", "Deployment/rel-livekit",
			pod("initContainers", "0", "args", "2"), "-::*"},
		"and to itself alone": {"", "Deployment/rel-livekit", pod("initContainers", "0", "args", "1"), "127.0.0.1"},
	})
}

// gateway are values of a chart whose media and TURN come in by a Gateway.
const gateway = "config: {turn: {enabled: true, domain: t.example.com, tls_port: 5349, udp_port: 30478}}\n" +
	"turn: {existingSecret: t, service: {type: ClusterIP}}\nmedia: {type: ClusterIP, address: 203.0.113.7}\n" +
	"gatewayRoutes: {annotations: {a: b}, mediaUDP: {enabled: true}, mediaTCP: {enabled: true}, turnUDP: " +
	"{enabled: true}, turnTLS: {enabled: true}}\n"

// Routes lead from the listeners of a Gateway to media and TURN, by the ports that clients are told.
func TestGatewayRoutes(t *testing.T) {
	dir := canonicalChart(t, "all")
	backend := func(field string) []string { return []string{"spec", "rules", "0", "backendRefs", "0", field} }
	mustSet(t, dir, map[string]setting{
		"none by default": {"", "UDPRoute/rel-livekit-media-udp", nil, "(no UDPRoute/rel-livekit-media-udp)"},
		"media by UDP":    {gateway, "UDPRoute/rel-livekit-media-udp", backend("port"), "30882"},
		"its Service":     {gateway, "UDPRoute/rel-livekit-media-udp", backend("name"), "rel-livekit-media"},
		"its listener": {gateway, "UDPRoute/rel-livekit-media-udp", []string{"spec", "parentRefs", "0", "sectionName"},
			"media-udp"},
		"media by TCP": {gateway, "TCPRoute/rel-livekit-media-tcp", backend("port"), "30881"},
		"the Service for TCP": {strings.Replace(gateway, "media: {", "media: {split: true, ", 1),
			"TCPRoute/rel-livekit-media-tcp", backend("name"), "rel-livekit-media-tcp"},
		"TURN by UDP": {gateway, "UDPRoute/rel-livekit-turn-udp", backend("port"), "30478"},
		"TURN by TLS": {gateway, "TLSRoute/rel-livekit-turn", backend("port"), "443"},
		"its host":    {gateway, "TLSRoute/rel-livekit-turn", []string{"spec", "hostnames", "0"}, "t.example.com"},
		"annotations": {gateway, "TLSRoute/rel-livekit-turn", []string{"metadata", "annotations", "a"}, "b"},
		"TURN by TCP": {strings.Replace(gateway, "turnTLS: {", "turnTLS: {kind: TCPRoute, ", 1),
			"TCPRoute/rel-livekit-turn", []string{"spec", "hostnames"}, "null"},
		"their version": {gateway, "UDPRoute/rel-livekit-media-udp", []string{"apiVersion"},
			"gateway.networking.k8s.io/v1"},
	})
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.Render(t.Context(), parse(t, gateway), helmchart.Release{Name: "rel",
		APIVersions: []string{"gateway.networking.k8s.io/v1/TLSRoute", "gateway.networking.k8s.io/v1alpha2/UDPRoute"}})
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, f := range files {
		text += string(f.Data)
	}
	for kind, version := range map[string]string{"UDPRoute": "v1alpha2", "TCPRoute": "v1", "TLSRoute": "v1"} {
		if !strings.Contains(text, "apiVersion: gateway.networking.k8s.io/"+version+"\nkind: "+kind+"\n") {
			t.Errorf("%s is not of %s, as the cluster has it", kind, version)
		}
	}
}

// OpenShift has Routes for signalling, and assigns users to pods.
func TestOpenShift(t *testing.T) {
	const on = "route: {enabled: true}\ningress: {enabled: false}\nopenshift: {assignUser: true}"
	route, context := "Route/rel-livekit", pod("securityContext")
	mustSet(t, canonicalChart(t, "all"), map[string]setting{
		"none by default":     {"", route, nil, "(no " + route + ")"},
		"its host":            {on, route, []string{"spec", "host"}, "livekit.example.com"},
		"a host of OpenShift": {"route: {enabled: true, host: null}", route, []string{"spec", "host"}, "null"},
		"its Service":         {on, route, []string{"spec", "to", "name"}, "rel-livekit"},
		"TLS": {on, route, []string{"spec", "tls"},
			"insecureEdgeTerminationPolicy: Redirect\ntermination: edge"},
		"a long silence": {on, route, []string{"metadata", "annotations", "haproxy.router.openshift.io/timeout"},
			"1h"},
		"no users": {on, "Deployment/rel-livekit", context,
			"runAsNonRoot: true\nseccompProfile:\n  type: RuntimeDefault"},
		"nor of the test": {on, "Pod/rel-livekit-test-connection", []string{"spec", "securityContext",
			"runAsUser"}, "null"},
		"elsewhere one": {"", "Deployment/rel-livekit", append(context, "runAsUser"), "65532"},
	})
	if text := notes(t, canonicalChart(t, "route"), on); !strings.Contains(text, "wss://livekit.example.com") {
		t.Errorf("the notes do not name the host:\n%s", text)
	}
}

// What a Redis elsewhere asks for comes from Secrets.
func TestRedisElsewhere(t *testing.T) {
	const sentinels = "redis: {enabled: false, external: {existingSecret: r, usernameEntry: user, " +
		"clientCertSecret: c, sentinelSecret: s, sentinelUsernameEntry: user}}\nconfig: {redis: " +
		"{sentinel_master_name: m, sentinel_addresses: ['s:26379']}}\n"
	dir, deployment := canonicalChart(t, "all"), "Deployment/rel-livekit"
	objects := rendered(t, dir, sentinels)
	var env []string
	for _, item := range objects[deployment].List(server("env")...) {
		variable, _ := item.(map[string]any)
		from := manifest.Object{Fields: variable}
		if name := from.Text("name"); strings.HasPrefix(name, "LIVEKIT_REDIS_") {
			env = append(env, name+"="+from.Text("valueFrom", "secretKeyRef", "name")+"/"+
				from.Text("valueFrom", "secretKeyRef", "key"))
		}
	}
	want := "LIVEKIT_REDIS_PASSWORD=r/redis-password LIVEKIT_REDIS_USERNAME=r/user " +
		"LIVEKIT_REDIS_SENTINEL_PASSWORD=s/sentinel-password LIVEKIT_REDIS_SENTINEL_USERNAME=s/user"
	if got := strings.Join(env, " "); got != want {
		t.Errorf("variables:\n%s\nwant\n%s", got, want)
	}
	tls := objects["ConfigMap/rel-livekit"].Text("data", "livekit.yaml")
	for _, words := range []string{"enabled: true", "client_cert_file: /etc/livekit/redis-client/tls.crt",
		"client_key_file: /etc/livekit/redis-client/tls.key"} {
		if !strings.Contains(tls, words) {
			t.Errorf("the configuration has no %s:\n%s", words, tls)
		}
	}
	mustSet(t, dir, map[string]setting{
		"its certificate": {sentinels, deployment, pod("volumes", "1", "secret", "secretName"), "c"},
		"where it is": {sentinels, deployment, server("volumeMounts", "1", "mountPath"),
			"/etc/livekit/redis-client"},
		"no user name": {withRedis + "config: {prometheus: null}", deployment, server("env", "4", "name"),
			"LIVEKIT_CPU_REQUEST"},
	})
}

// The sidecar runs the programs of its image.
func TestValkey(t *testing.T) {
	const valkey = "redis: {image: {repository: ghcr.io/mirror/valkey, tag: '8.1'}"
	for values, script := range map[string]string{
		valkey + "}":                           "- valkey-server",
		valkey + ", service: {enabled: true}}": "exec valkey-server - ",
		"":                                     "- redis-server",
	} {
		objects := rendered(t, canonicalChart(t, "all"), values)
		sidecar := field(t, objects, "Deployment/rel-livekit", pod("initContainers", "0")...)
		program := regexp.MustCompile("redis|valkey").FindString(script)
		if !strings.Contains(sidecar, script) || strings.Count(sidecar, "- "+program+"-cli") != 2 {
			t.Errorf("%s\nis run by\n%s", values, sidecar)
		}
		if hasVariable := strings.Contains(sidecar, "VALKEYCLI_AUTH"); hasVariable != strings.Contains(values,
			"service") {
			t.Errorf("%s\nits client has a password: %v", values, hasVariable)
		}
	}
}

// Parts that the chart was written without are named where they are switched on.
func TestMissingNetworkComponents(t *testing.T) {
	dir := canonicalChart(t)
	for values, component := range map[string]string{
		"media: {split: true}":                       "split-media",
		"media: {addresses: [203.0.113.7]}":          "media-addresses",
		"route: {enabled: true}":                     "route",
		"openshift: {assignUser: true}":              "route",
		"gatewayRoutes: {mediaUDP: {enabled: true}}": "gatewayroutes",
		"ipFamilies: [IPv6]":                         "extras",
	} {
		refused(t, dir, parse(t, values), "update --with "+component)
	}
}

func TestRefusedNetwork(t *testing.T) {
	dir := canonicalChart(t, "all")
	several := func(values string) string { return withRedis + "replicaCount: 2\n" + values }
	const turnless = "gatewayRoutes: {turnTLS: {enabled: true}, turnUDP: {enabled: true}}\nmedia: {type: ClusterIP, " +
		"address: 203.0.113.7}"
	for name, c := range map[string]struct{ values, words string }{
		"fewer addresses than servers": {several("media: {type: LoadBalancer, addresses: [203.0.113.7]}"),
			"1 entries for up to 2 servers"},
		"fewer than an autoscaler wants": {balanced + "autoscaling: {enabled: true}", "2 entries for up to 5 servers"},
		"an autoscaler of one's own":     {balanced + "autoscaling: {external: true}", "autoscaling.external"},
		"an address twice": {several("media: {type: LoadBalancer, addresses: [203.0.113.7, " +
			"203.0.113.7]}"), "twice"},
		"no address": {several("media: {type: LoadBalancer, addresses: [a.example.com, " +
			"203.0.113.7]}"), `"a.example.com"`},
		"addresses of nodes": {several("media: {addresses: [203.0.113.7, 203.0.113.8]}"),
			"media.type is NodePort"},
		"an address and addresses": {strings.Replace(balanced, "media: {", "media: {address: 203.0.113.1, ", 1),
			"both set"},
		"draining": {strings.Replace(balanced, "replicaCount: 2", "draining: {enabled: true}",
			1), "media.addresses: a new server"},
		"the configuration elsewhere": {balanced + "existingConfigSecret: mine", "existingConfigSecret"},
		"a Deployment's strategy":     {balanced + "strategy: {type: Recreate}", "strategy.type Recreate"},
		"two families of one": {"ipFamilyPolicy: SingleStack\nipFamilies: [IPv6, IPv4]",
			"ipFamilyPolicy SingleStack"},
		"addresses of both, and Services of one": {"ipFamilyPolicy: SingleStack\nmedia: {address: hosts}",
			"or media.address host"},
		"a Gateway to several servers": {several(gateway), "gatewayRoutes lead media to any"},
		"a Gateway to a range": {strings.Replace(gateway, "config: {", "config: {rtc: {udp_port: 30882-30885}, ", 1),
			"gatewayRoutes.mediaUDP.enabled needs one UDP port"},
		"a Gateway to no UDP port": {strings.Replace(gateway, "config: {", "config: {rtc: {force_tcp: true}, ", 1),
			"gatewayRoutes.mediaUDP.enabled needs one UDP port"},
		"a Gateway to no TCP port": {strings.Replace(gateway, "config: {", "config: {rtc: {tcp_port: 0}, ", 1),
			"gatewayRoutes.mediaTCP.enabled"},
		"a Gateway without address": {strings.Replace(gateway, ", address: 203.0.113.7", "", 1),
			"the Gateway's IP address"},
		"a Gateway to the node": {strings.Replace(gateway, "ClusterIP, address", "HostNetwork, address",
			1), "HostNetwork has none"},
		"a Gateway to no TURN":          {turnless, "gatewayRoutes.turnTLS.enabled"},
		"a Gateway to no TURN over UDP": {turnless, "gatewayRoutes.turnUDP.enabled"},
		"a Gateway to no Service for TURN": {strings.Replace(gateway, "service: {", "service: {enabled: false, ", 1),
			"turn.service.enabled"},
		"a Route to no Service": {"route: {enabled: true}\nservice: {enabled: false}\ningress: {enabled: false}",
			"route.enabled needs service.enabled"},
		"an assigned user on the node": {"openshift: {assignUser: true}\nmedia: {type: HostNetwork}",
			"hostnetwork-v2"},
		"sentinels of the sidecar": {"redis: {external: {sentinelSecret: s}}",
			"redis.external.sentinelSecret and"},
		"a certificate for the sidecar": {"redis: {external: {clientCertSecret: s}}",
			"redis.external.clientCertSecret are"},
		"a certificate for nobody": {"redis: {enabled: false, external: {clientCertSecret: s}}",
			"redis.external.address is empty"},
		"no sentinels": {"redis: {enabled: false, external: {address: 'r:1', sentinelSecret: s}}",
			"asks no sentinels"},
		"two passwords of sentinels": {"redis: {enabled: false, external: {sentinelSecret: s}}\nconfig: {redis: {" +
			"sentinel_addresses: ['s:1'], sentinel_password: p}}", "choose one"},
		"a user name of no Secret": {"redis: {enabled: false, external: {address: 'r:1', usernameEntry: u}}",
			"redis.external.existingSecret, which is empty"},
		"a user name by environment": {"env: [{name: LIVEKIT_REDIS_USERNAME, value: a}]", "LIVEKIT_REDIS_USERNAME"},
		"two addresses, and Services of one family": {"ipFamilyPolicy: SingleStack\nmedia: {type: LoadBalancer, " +
			"address: '203.0.113.7,2001:db8::7'}", "or media.address 203.0.113.7"},
		"the word":                 {"media: {address: addresses}", "media.addresses"},
		"an entry without address": {"media: {addresses: [{spec: {}}]}", "address"},
		"TURN to a private address": {strings.Replace(balanced, "203.0.113.7", "10.0.0.7",
			1) + "config: {turn: {enabled: true, udp_port: 30478}}",
			"allow_restricted_peer_cidrs"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}

// decoded gives the text of an entry, whether it is a ConfigMap's or a Secret's.
func decoded(entry string) string {
	if text, err := base64.StdEncoding.DecodeString(entry); err == nil {
		return string(text)
	}
	return entry
}
