package e2e

import (
	"fmt"
	"strings"
	"testing"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTraps chooses ways to the server that cannot work. Each is told before anything is
// installed: the chart refuses it, or a check warns.
func TestTraps(t *testing.T) {
	const cert = "domain: turn.example.com, tls_port: 5349"
	for _, c := range []struct {
		trap, values, check, status string
		says, choose                string
	}{
		{"one UDP port and a range", "config: {rtc: {port_range_start: 50000, port_range_end: 50100}}", "render",
			"fail", "would ignore udp_port", "set one of them to null"},
		{"external address by the server's own setting", "config: {rtc: {use_external_ip: true}}", "render", "fail",
			"use_external_ip is true", "set media.address to stun"},
		{"a node address beside the chart's", "config: {rtc: {node_ip: 192.0.2.1}}", "render", "fail",
			"node_ip is set", "set media.address to that address"},
		{"the pod's address behind a NodePort", "media: {address: pod}", "render", "fail",
			"do not reach a pod's address", "leave it empty"},
		{"a load balancer without an address", "media: {type: LoadBalancer}", "render", "fail", "needs media.address",
			"the load balancer's IP address"},
		{"a range that no Service can carry", "config: {rtc: {udp_port: null, port_range_start: 30000, " +
			"port_range_end: 32767}}", "render", "fail", "too many for a Service", "media.type to HostNetwork"},
		{"a port that no NodePort can have", "config: {rtc: {udp_port: 7882}}", "render", "fail",
			"between 30000 and 32767", "choose such a port"},
		{"TURN over TLS without a certificate", "config: {turn: {enabled: true, " + cert + "}}", "render", "fail",
			"needs a certificate", "turn.existingSecret"},
		{"TURN over TLS without a name", "config: {turn: {enabled: true, tls_port: 5349}}\nturn: {existingSecret: x}",
			"render", "fail", "needs turn.domain", "the name in the certificate"},
		{"one fixed address for several servers", externalRedis("") +
			"\nreplicaCount: 2\nmedia: {type: HostNetwork, address: 192.0.2.1}", "render", "fail",
			"all of several servers would tell", "leave it empty"},
		{"an address that is everybody's own", "media: {address: 127.0.0.1}", "render", "fail", "no client reaches",
			"leave it empty"},
		{"a server at its loopback address", "config: {bind_addresses: [127.0.0.1]}", "render", "fail",
			"neither Services nor probes", "leave it out"},
		{"several servers with the sidecar", "replicaCount: 2", "render", "fail", "inside each pod",
			"redis.external.address"},
		{"several servers behind a load balancer", externalRedis("") +
			"\nreplicaCount: 2\nmedia: {type: LoadBalancer, address: 192.0.2.1}", "render", "fail",
			"one of several servers only", "HostNetwork or NodePort"},
	} {
		t.Run(c.trap, func(t *testing.T) {
			b := place(t, "trap: "+c.trap)
			r, code, stderr := b.verify(b.scaffold(false, "turn"), "-f", b.values(c.values))
			status, detail := r.check(c.check)
			if code != 2 || status != c.status || !contains(detail, c.says, c.choose) {
				b.Errorf("exit code %d, %s: %s: %s\n%s", code, c.check, status, detail, stderr)
			}
			if status, _ := r.check("install"); status != "skip" {
				b.Errorf("install: %s", status)
			}
		})
	}
}

// Traps that only a cluster shows, each with the warning beforehand.
func TestTrapsOnTheCluster(t *testing.T) {
	t.Run("more servers on the nodes' network than nodes", func(t *testing.T) {
		b := place(t, "trap: more servers on the nodes' network than nodes")
		b.makeNamespace()
		b.apply(redisObjects())
		b.waitForObjects()
		nodes, err := s.cluster.CoreV1().Nodes().List(b.Context(), meta.ListOptions{})
		if err != nil {
			b.Fatal(err)
		}
		values := fmt.Sprintf("media: {type: HostNetwork}\nreplicaCount: %d\n", len(nodes.Items)+1) + externalRedis("")
		flags := append(hostPorts(23001), "--reuse", "--timeout", "60s", "-f", b.values(values))
		r, code, stderr := b.verify(b.scaffold(false), flags...)
		if status, detail := r.check("servers"); status != "warn" || !strings.Contains(detail,
			"each needs a node of its own") {
			b.Errorf("servers: %s: %s", status, detail)
		}
		// Helm 3 is content with one pod fewer; Helm 4 waits for all.
		if found := r.failures(); code != 2 || !contains(found, "port-taken: Pod livekit-", "free ports",
			"each needs a node of its own") {
			b.Errorf("exit code %d: %s\n%s", code, found, stderr)
		}
	})
	t.Run("an external address without a way to STUN", func(t *testing.T) {
		b := place(t, "trap: an external address without a way to STUN")
		r, code, stderr := b.verify(b.scaffold(false), "--timeout", "60s",
			"-f", b.values("media: {address: stun}\nconfig: {rtc: {stun_servers: [\"127.0.0.1:9\"]}}"))
		status, detail := r.check("install")
		if code != 2 || status != "fail" || !strings.Contains(detail, "no-external-address: Pod livekit-") ||
			!strings.Contains(r.failures(), "media.address to host") {
			b.Errorf("exit code %d, install: %s\n%s", code, detail, stderr)
		}
	})
}
