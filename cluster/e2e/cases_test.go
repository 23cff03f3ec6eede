package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// chartCase is a chart that is scaffolded, and must pass `verify --install --call`.
type chartCase struct {
	name    string
	homelab bool          // in a homelab's convention, not the plain one
	with    []string      // components
	values  string        // over the chart's own
	flags   []string      // for verify
	labels  []string      // of the namespace
	before  func() string // objects that must be there before
	media   []string      // ways over which calls must go through
	sees    []string      // what the report must say
}

var (
	direct   = []string{"udp", "tcp"}
	longWord = strings.Repeat("0123456789abcdef", 3) // long enough for a secret of LiveKit
)

var chartCases = []chartCase{
	{name: "canonical chart", media: direct, sees: []string{"Redis at 127.0.0.1:6379 holds the room",
		"rolled the pod", "The API key stayed the same", "helm test passed"}},
	{name: "homelab convention", homelab: true, media: direct, sees: []string{"rolled the pod",
		"helm test passed"}},
	{name: "homelab convention, all components", homelab: true, with: []string{"all"}, media: direct},

	{name: "keys: given", values: "keys: {values: {APIgiven: " + longWord + "}}", media: direct},
	{name: "keys: existing Secret, two entries",
		values: "keys: {existingSecret: mine, apiKeyEntry: k, apiSecretEntry: s}", media: direct,
		before: func() string { return secretObject("mine", "k", "APImine", "s", longWord) }},
	{name: "keys: existing Secret, LiveKit's file", values: "keys: {existingSecret: mine, fileEntry: keys.yaml}",
		media:  direct,
		before: func() string { return secretObject("mine", "keys.yaml", "APImine: "+longWord) }},

	{name: "redis: external", values: externalRedis(""), before: func() string { return redisObjects() },
		media: direct, sees: []string{"Redis at redis:6379 holds the room"}},
	{name: "redis: external, with a password", values: externalRedis("existingSecret: redis"), media: direct,
		sees: []string{"Redis at redis:6379 holds the room"},
		before: func() string {
			return redisObjects("--requirepass", longWord) + secretObject("redis", "redis-password", longWord)
		}},
	{name: "redis: external, with TLS", values: externalRedis("tls: true, caSecret: redis-tls"), media: direct,
		sees:   []string{"Redis at redis:6379 holds the room"},
		before: func() string { return redisWithTLS() }},

	{name: "media: host network", media: direct, flags: hostPorts(21001),
		values: "media: {type: HostNetwork}\nredis: {port: 21009}"},
	{name: "media: host network, a range of UDP ports", media: direct, flags: hostPorts(21011,
		"config.rtc.udp_port=null", "config.rtc.port_range_start=21100", "config.rtc.port_range_end=21140"),
		values: "media: {type: HostNetwork}\nredis: {port: 21019}"},
	{name: "media: two muxed UDP ports", values: "config: {rtc: {udp_port: 31201-31202}}", media: direct},
	{name: "media: the pod's own address", values: "media: {type: ClusterIP}", media: direct},

	{name: "turn: over UDP", with: []string{"turn"}, media: []string{"udp", "tcp", "turn-udp"},
		values: "config: {turn: {enabled: true, domain: turn.example.com, udp_port: 31301, " +
			"allow_restricted_peer_cidrs: [0.0.0.0/0]}}"},
	{name: "turn: over TLS", with: []string{"turn"}, media: []string{"udp", "tcp", "turn-tls"},
		values: "config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349, " +
			"allow_restricted_peer_cidrs: [0.0.0.0/0]}}\nturn: {existingSecret: turn-tls, service: {type: " +
			"ClusterIP}}",
		before: func() string { return tlsSecret("turn-tls", "turn.example.com") }},

	{name: "storage: none", values: "persistence: {enabled: false}", media: direct},
	{name: "storage: an existing claim", values: "persistence: {existingClaim: mine}",
		before: func() string { return claim("mine") }, media: direct, sees: []string{"Claim mine is bound"}},
	{name: "storage: a claim that is to stay", values: "persistence: {retain: true}", media: direct,
		sees: []string{"persistentvolumeclaim/livekit-data stays"}},

	{name: "policy: restricted Pod Security", labels: []string{"pod-security.kubernetes.io/enforce=restricted"},
		media: direct},
	{name: "policy: NetworkPolicy, HPA and PDB", with: []string{"networkpolicy", "autoscaling", "pdb", "metrics"},
		before: func() string { return redisObjects() }, media: direct,
		values: externalRedis("") + "\nnetworkPolicy: {enabled: true}\nautoscaling: {enabled: true, " +
			"maxReplicas: 2}\npodDisruptionBudget: {enabled: true}\nmedia: {type: ClusterIP}"},
	{name: "service links: a Service called livekit", flags: []string{"--release", "talk"}, media: direct,
		before: func() string { return plainService("livekit") + plainService("livekit-rtc-tcp") }},
}

// TestCharts installs each chart with the Helm whose turn it is.
func TestCharts(t *testing.T) {
	for _, c := range chartCases {
		t.Run(c.name, func(t *testing.T) { c.run(place(t, c.name)) })
	}
}

func (c chartCase) run(b *bench) {
	chart := b.scaffold(c.homelab, c.with...)
	flags := c.flags
	if c.values != "" {
		flags = append(flags, "-f", b.values(c.values))
	}
	if c.before != nil || len(c.labels) > 0 {
		b.makeNamespace(c.labels...)
		if c.before != nil {
			b.apply(c.before())
			b.waitForObjects()
		}
		flags = append(flags, "--reuse")
	}
	r := b.mustPass(chart, c.media, flags...)
	for _, want := range c.sees {
		found := false
		for _, check := range r.Checks {
			found = found || strings.Contains(check.Detail, want)
		}
		if !found {
			b.Errorf("the report does not say %q", want)
		}
	}
	if status, detail := r.check("ports"); status != "pass" && status != "skip" {
		b.Errorf("ports: %s", detail)
	}
}

// contains says whether a text has all of these parts.
func contains(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// externalRedis are the values that name a Redis called redis, with more settings.
func externalRedis(more string) string {
	if more != "" {
		more = ", " + more
	}
	return "redis: {enabled: false, external: {address: \"redis:6379\"" + more + "}}"
}

// hostPorts are the flags that give a chart on the host's network ports of its own,
// four from first on.
func hostPorts(first int, more ...string) []string {
	sets := append([]string{
		fmt.Sprintf("config.port=%d", first), fmt.Sprintf("config.rtc.tcp_port=%d", first+1),
		fmt.Sprintf("config.rtc.udp_port=%d", first+2), fmt.Sprintf("config.prometheus.port=%d", first+3),
	}, more...)
	var flags []string
	for _, set := range sets {
		flags = append(flags, "--set", set)
	}
	return flags
}
