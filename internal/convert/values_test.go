package convert

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

func loadSheet(t testing.TB) *factsheet.Sheet {
	t.Helper()
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func settingsOf(t *testing.T, text string) *Settings {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	r, err := Values(loadSheet(t), values, map[string]string{"app.kubernetes.io/name": "livekit"}, "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range r.Settings {
		if seen[s.Key] {
			t.Errorf("%s is set twice", s.Key)
		}
		seen[s.Key] = true
	}
	return r
}

func parse(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRules(t *testing.T) {
	for _, c := range []struct{ name, values, key, want string }{
		{"a copy", "replicaCount: 3", "replicaCount", "3"},
		{"upstream's default", "{}", "terminationGracePeriodSeconds", "18000"},
		{"what only templates read", "{}", "image.tag", "null"},
		{"no Redis of its own", "{}", "redis.enabled", "false"},
		{"the node's network", "{}", "media.type", "HostNetwork"},
		{"the pod's network", "podHostNetwork: false", "media.type", "ClusterIP"},
		{"a STUN server", "{}", "media.address", "stun"},
		{"the server's own address", "livekit: {rtc: {use_external_ip: false}}", "media.address", "auto"},
		{"a fixed address", "livekit: {rtc: {use_external_ip: false, node_ip: 192.0.2.1}}", "media.address",
			"192.0.2.1"},
		{"an address that the server ignores", "livekit: {rtc: {node_ip: 192.0.2.1}}", "media.address", "stun"},
		{"a new key for an old one", "livekit: {log_level: warn, prometheus_port: 6790}", "config",
			"{port: 7880, rtc: {tcp_port: 7881, port_range_start: 50000, port_range_end: 60000}, turn: {enabled: " +
				"false}, logging: {level: warn}, prometheus: {port: 6790}}"},
		{"a range before one port", "livekit: {log_level: null, rtc: {udp_port: 7882}}", "config",
			"{port: 7880, rtc: {tcp_port: 7881, port_range_start: 50000, port_range_end: 60000}, turn: {enabled: " +
				"false}}"},
		{"one port", "livekit: {log_level: null, rtc: {udp_port: 7882, port_range_start: null, port_range_end: null}}",
			"config",
			"{port: 7880, rtc: {tcp_port: 7881, udp_port: 7882}, turn: {enabled: false}}"},
		{"keys", "livekit: {keys: {a: x}}", "keys.values", "{a: x}"},
		{"keys in a Secret", "{livekit: {key_file: k.yaml}, storeKeysInSecret: {enabled: true, existingSecret: s}}",
			"keys.existingSecret", "s"},
		{"the entry of keys", "{livekit: {key_file: k.yaml}, storeKeysInSecret: {enabled: true, existingSecret: s}}",
			"keys.fileEntry", "k.yaml"},
		{"keys of both places", "{livekit: {key_file: k.yaml, keys: {a: x}}, storeKeysInSecret: {enabled: true, " +
			"keys: {b: z}}}", "keys.values", "{a: x, b: z}"},
		{"Redis", "livekit: {redis: {address: 'r:6379'}}", "redis.external.address", "r:6379"},
		{"Redis over TLS", "livekit: {redis: {address: 'r:6379', use_tls: true}}", "redis.external.tls", "true"},
		{"Sentinels over TLS", "livekit: {redis: {sentinel_addresses: ['s:1'], use_tls: true}}",
			"config.redis.tls.enabled", "true"},
		{"no Ingress", "{}", "ingress.enabled", "false"},
		{"ports for media", "{}", "service.extraPorts",
			"[{name: rtc-tcp, port: 7881, targetPort: rtc-tcp, protocol: TCP}]"},
		{"alb", "loadBalancer: {type: alb, tls: [{hosts: [a.b]}]}", "ingress.annotations",
			"{kubernetes.io/ingress.class: alb, alb.ingress.kubernetes.io/scheme: internet-facing, " +
				"alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\":443}]'}"},
		{"aws", "loadBalancer: {type: aws}", "service.type", "LoadBalancer"},
		{"do", "loadBalancer: {type: do, tls: [{hosts: [a.b]}]}", "ingress.className", "nginx"},
		{"an annotation of the user's first",
			"loadBalancer: {type: do, clusterIssuer: x, annotations: {cert-manager.io/cluster-issuer: y}, tls: " +
				"[{hosts: [a.b]}]}",
			"ingress.annotations", "{cert-manager.io/cluster-issuer: y}"},
		{"gclb", "loadBalancer: {type: gclb, servicePort: 90}", "service.annotations",
			`{cloud.google.com/backend-config: '{"ports": {"90":"livekit-backend"}}', cloud.google.com/neg: ` +
				`'{"exposed_ports": {"90":{}}}'}`},
		{"any other string", "loadBalancer: {type: traefik, tls: [{hosts: [a.b], secretName: s}]}", "ingress.tls",
			"[{hosts: [a.b], secretName: s}]"},
		{"hosts", "loadBalancer: {type: traefik, tls: [{hosts: [a.b, c.d]}]}", "ingress.hosts",
			"[{host: a.b, paths: [{path: /, pathType: Prefix}]}, {host: c.d, paths: [{path: /, pathType: Prefix}]}]"},
		{"an Ingress without hosts", "loadBalancer: {type: traefik}", "ingress.enabled", "false"},
		{"upstream's pods", "affinity: {podAntiAffinity: {x: [{labelSelector: {matchLabels: {app.kubernetes.io/name: " +
			"livekit-server}}}]}}", "affinity",
			"{podAntiAffinity: {x: [{labelSelector: {matchLabels: {app.kubernetes.io/name: livekit}}}]}}"},
		{"upstream's pods, by an expression",
			"affinity: {x: {matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [livekit-server, " +
				"other]}]}}", "affinity",
			"{x: {matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [livekit, other]}]}}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got any
			for _, s := range settingsOf(t, c.values).Settings {
				if s.Key == c.key {
					got = s.Value
				}
			}
			if diff := cmp.Diff(parse(t, c.want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.key, diff)
			}
		})
	}
}

func TestLosses(t *testing.T) {
	for _, c := range []struct{ values, key string }{
		{"nonsense: 1", "nonsense"},
		{"loadBalancer: {nonsense: 1}", "loadBalancer.nonsense"},
		{"livekit: {webhok: {urls: []}}", "livekit.webhok"},
		{"serviceMonitor: {name: a}", "serviceMonitor.name"},
		{"livekit: {rtc: {udp_port: 7882}}", "livekit.rtc.udp_port"},
		{"livekit: {key_file: k.yaml}", "livekit.key_file"},
		{"storeKeysInSecret: {keys: {a: b}}", "storeKeysInSecret.keys"},
		{"storeKeysInSecret: {enabled: true, existingSecret: '{{ .Release.Name }}'}",
			"storeKeysInSecret.existingSecret"},
		{"{livekit: {keys: {a: b}}, storeKeysInSecret: {enabled: true, existingSecret: s}}", "livekit.keys"},
		{"loadBalancer: {tls: [{hosts: [a.b]}]}", "loadBalancer.tls"},
		{"loadBalancer: {type: alb, clusterIssuer: x, tls: [{hosts: [a.b]}]}", "loadBalancer.clusterIssuer"},
		{"gcp: {backendConfig: {timeoutSec: 1}}", "gcp.backendConfig"},
		{"image: livekit/livekit-server:v1", "image"},
		{"serviceAccount: mine", "serviceAccount"},
		{"loadBalancer: alb", "loadBalancer"},
		{"autoscaling: true", "autoscaling"},
		{"livekit: {keys: [a]}", "livekit.keys"},
		{"terminationGracePeriodSeconds: null", "terminationGracePeriodSeconds"},
		{"autoscaling: {enabled: true, targetCPUUtilizationPercentage: null}",
			"autoscaling.targetCPUUtilizationPercentage"},
	} {
		lost := settingsOf(t, c.values).Lost
		if len(lost) != 1 || lost[0].Key != c.key || lost[0].Reason == "" {
			t.Errorf("%s: lost %v, want %s", c.values, lost, c.key)
		}
	}
	for _, values := range []string{"{}", "livekit: {rtc: {port_range_start: null}}", "livekit: null",
		"loadBalancer: {type: alb, tls: [{hosts: [a.b]}]}"} {
		if lost := settingsOf(t, values).Lost; len(lost) > 0 {
			t.Errorf("%s: lost %v", values, lost)
		}
	}
}

// What the server would not take from upstream's chart either is left out, with a note: it follows a key that it
// prefers, or a variable that upstream's chart sets.
func TestPrecedence(t *testing.T) {
	const turn = "enabled: true, domain: t.example.com, cert_file: /a.crt, key_file: /a.key, secretName: s"
	for _, c := range []struct {
		values string
		notes  []string
		config string // what is kept of it
	}{
		{"livekit: {rtc: {node_ip: 192.0.2.1}}", []string{"livekit.rtc.node_ip"}, ""},
		{"livekit: {turn: {tls_port: 5349, " + turn + "}}",
			[]string{"livekit.turn.cert_file", "livekit.turn.key_file"}, ""},
		{"livekit: {turn: {tls_port: 5349, external_tls: true, " + turn + "}}", nil, "/a.crt"},
		{"livekit: {turn: {udp_port: 3478, " + turn + "}}", nil, "/a.crt"},
	} {
		converted := settingsOf(t, c.values)
		var notes []string
		for _, n := range converted.Notes {
			if strings.HasPrefix(n.Reason, "left out") {
				notes = append(notes, n.Key)
			}
		}
		kept := ""
		for _, s := range converted.Settings {
			if s.Key == "config.turn.cert_file" {
				kept, _ = s.Value.(string)
			}
			config, _ := s.Value.(map[string]any)
			if s.Key == "config" && get(config, "turn", "cert_file") != nil {
				t.Errorf("%s: the certificate is in config", c.values)
			}
		}
		if !slices.Equal(notes, c.notes) || kept != c.config || len(converted.Lost) > 0 {
			t.Errorf("%s: notes %v, certificate %q, lost %v", c.values, notes, kept, converted.Lost)
		}
	}
}

// A key that the chart's server does not know yet is lost, with the releases that know it.
func TestKeysOfOtherReleases(t *testing.T) {
	values := parse(t, "{livekit: {rtc: {enable_warp: true}}}").(map[string]any)
	for release, want := range map[livekit.Release]string{"v1.13.5": "known from v1.13.6 on", "v1.13.11": "", "": ""} {
		converted, err := Values(loadSheet(t), values, nil, release)
		if err != nil {
			t.Fatal(err)
		}
		lost := converted.Lost
		switch {
		case want == "" && len(lost) > 0, want != "" && (len(lost) != 1 || !strings.Contains(lost[0].Reason, want)):
			t.Errorf("%s: lost %v, want %q", release, lost, want)
		}
	}
}

// The server lets the older key win, upstream's own default among them.
func TestOlderKeysWin(t *testing.T) {
	for values, want := range map[string]string{
		"livekit: {log_level: debug, logging: {level: warn}}": "debug",
		"livekit: {logging: {level: warn}}":                   "info",
		"livekit: {log_level: null, logging: {level: warn}}":  "warn",
	} {
		r := settingsOf(t, values)
		i := slices.IndexFunc(r.Settings, func(s scaffolding.Setting) bool { return s.Key == "config" })
		if got := get(r.Settings[i].Value.(map[string]any), "logging", "level"); got != want {
			t.Errorf("%s: level %v, want %s", values, got, want)
		}
		if noted := slices.ContainsFunc(r.Notes,
			func(n Remark) bool { return n.Key == "livekit.logging.level" }); noted != (want != "warn") {
			t.Errorf("%s: noted %v: %v", values, noted, r.Notes)
		}
	}
}

// Every value of upstream's is answered once, by keys that are there.
func TestMappingsAreComplete(t *testing.T) {
	sheet := loadSheet(t)
	seen := map[string]bool{}
	for _, m := range sheet.Mappings() {
		if seen[m.Key] {
			t.Errorf("%s is there twice", m.Key)
		}
		seen[m.Key] = true
		if m.About == "" || (m.How == factsheet.None) != (len(m.To) == 0) ||
			(m.How == factsheet.None) != (m.Why != "") {
			t.Errorf("%s: the mapping is not complete", m.Key)
		}
		for _, to := range m.To {
			if sheet.Key(to) == nil && !strings.HasPrefix(to, "config.") {
				t.Errorf("%s: there is no value %s", m.Key, to)
			}
		}
	}
}

func FuzzValues(f *testing.F) {
	sheet := loadSheet(f)
	f.Add("loadBalancer: {type: do, tls: [{hosts: [a]}]}")
	f.Add("livekit: {rtc: {udp_port: 7882}, keys: {a: b}, redis: {address: x}}")
	f.Add("livekit: [1]\nloadBalancer: {tls: {hosts: 1}}\naffinity: {a: [1]}")
	f.Fuzz(func(t *testing.T, text string) {
		var values map[string]any
		if yaml.Unmarshal([]byte(text), &values) != nil {
			return
		}
		if _, err := Values(sheet, values, nil, ""); err != nil {
			t.Fatal(err)
		}
	})
}
