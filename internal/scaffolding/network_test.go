package scaffolding

import (
	"encoding/base64"
	"strings"
	"testing"
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

func TestRefusedNetwork(t *testing.T) {
	dir := canonicalChart(t, "all")
	several := func(values string) string { return withRedis + "replicaCount: 2\n" + values }
	for name, c := range map[string]struct{ values, words string }{
		"fewer addresses than servers": {several("media: {type: LoadBalancer, addresses: [203.0.113.7]}"),
			"1 entries for up to 2 servers"},
		"fewer than an autoscaler wants": {balanced + "autoscaling: {enabled: true}", "2 entries for up to 5 servers"},
		"an autoscaler of one's own":     {balanced + "autoscaling: {external: true}", "autoscaling.external"},
		"an address twice":               {several("media: {type: LoadBalancer, addresses: [203.0.113.7, " +
			"203.0.113.7]}"), "twice"},
		"no address":                     {several("media: {type: LoadBalancer, addresses: [a.example.com, " +
			"203.0.113.7]}"), `"a.example.com"`},
		"addresses of nodes": {several("media: {addresses: [203.0.113.7, 203.0.113.8]}"),
			"media.type is NodePort"},
		"an address and addresses": {strings.Replace(balanced, "media: {", "media: {address: 203.0.113.1, ", 1),
			"both set"},
		"draining": {strings.Replace(balanced, "replicaCount: 2", "draining: {enabled: true}",
			1), "media.addresses: a new server"},
		"the configuration elsewhere": {balanced + "existingConfigSecret: mine", "existingConfigSecret"},
		"a Deployment's strategy":     {balanced + "strategy: {type: Recreate}", "strategy.type Recreate"},
		"the word":                    {"media: {address: addresses}", "media.addresses"},
		"an entry without address":    {"media: {addresses: [{spec: {}}]}", "address"},
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
