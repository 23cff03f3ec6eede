package scaffolding

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func TestPodMonitor(t *testing.T) {
	const on = "metrics: {podMonitor: {enabled: true, labels: {release: prometheus}}, existingSecret: login}"
	monitor, endpoint := "PodMonitor/rel-livekit", []string{"spec", "podMetricsEndpoints", "0"}
	dir := canonicalChart(t, "all")
	mustSet(t, dir, map[string]setting{
		"off by default":        {"", monitor, nil, "(no PodMonitor/rel-livekit)"},
		"the pods' port":        {on, monitor, append(endpoint, "port"), "metrics"},
		"the login":             {on, monitor, append(endpoint, "basicAuth", "password", "name"), "login"},
		"no login where none":   {"metrics: {podMonitor: {enabled: true}}", monitor, append(endpoint, "basicAuth"), "null"},
		"a label of Prometheus": {on, monitor, []string{"metadata", "labels", "release"}, "prometheus"},
		"it selects the pods": {on, monitor, []string{"spec", "selector", "matchLabels", "app.kubernetes.io/instance"},
			"rel"},
	})
	for name, c := range map[string]struct{ values, words string }{
		"a monitor of nothing": {"config: {prometheus: {port: 0}}\n" + on, "config.prometheus.port"},
		"two monitors": {"metrics: {podMonitor: {enabled: true}, serviceMonitor: {enabled: true}}",
			"counted twice"},
		"a login out of reach": {"metrics: {podMonitor: {enabled: true}}\n" +
			"config: {prometheus: {username: u, password: p}}", "metrics.existingSecret"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}

func TestAlerts(t *testing.T) {
	dir := canonicalChart(t, "all")
	const monitored = "metrics: {serviceMonitor: {enabled: true}}\n"
	rule := func(n string, path ...string) []string {
		return append([]string{"spec", "groups", "0", "rules", n}, path...)
	}
	const rules = "PrometheusRule/rel-livekit"
	mustSet(t, dir, map[string]setting{
		"off by default": {"", rules, nil, "(no PrometheusRule/rel-livekit)"},
		"the Service's job": {monitored + "alerts: {enabled: true}", rules, rule("1", "expr"),
			`up{namespace="default",job="rel-livekit-metrics"} == 0`},
		"the pods' job": {"metrics: {podMonitor: {enabled: true}}\nalerts: {enabled: true}", rules, rule("1", "expr"),
			`up{namespace="default",job="default/rel-livekit"} == 0`},
		"labels of one's own scrape": {"alerts: {enabled: true, selector: 'job=\"sfu\"'}", rules, rule("1", "expr"),
			`up{job="sfu"} == 0`},
		"what Prometheus fills in": {monitored + "alerts: {enabled: true}", rules, rule("1", "annotations", "summary"),
			"LiveKit server {{ or $labels.pod $labels.instance }} does not answer"},
		"a route for Alertmanager": {monitored + "alerts: {enabled: true, alertLabels: {team: media}}", rules,
			rule("0", "labels", "team"), "media"},
		"a threshold": {"alerts: {enabled: true, selector: 'job=\"sfu\"', thresholds: {restartsPerHour: 5}}", rules,
			rule("3", "expr"), `changes(process_start_time_seconds{job="sfu"}[1h]) > 5`},
		"no threshold, no alert": {monitored + "alerts: {enabled: true, thresholds: {restartsPerHour: null}}", rules,
			rule("3", "alert"), "LiveKitJoinsFail"},
		"rules of one's own": {monitored + "alerts: {enabled: true, extraRules: [{record: mine, expr: up}], thresholds: " +
			"{restartsPerHour: null, joinFailurePercent: null, packetLossPercent: null, nackPercent: null, " +
			"loadPercent: null}}", rules, rule("3", "record"), "mine"},
	})
	for name, c := range map[string]struct{ values, words string }{
		"no metrics":         {"config: {prometheus: {port: 0}}\nalerts: {enabled: true}", "config.prometheus.port"},
		"servers unknown":    {"alerts: {enabled: true}", "alerts.selector"},
		"no selector":        {"alerts: {enabled: true, selector: 'job = sfu'}", "/alerts/selector"},
		"severity is ours":   {monitored + "alerts: {enabled: true, alertLabels: {severity: page}}", "severity"},
		"a threshold of all": {monitored + "alerts: {enabled: true, thresholds: {loadPercent: 150}}", "loadPercent"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}

// allAlerts are values with which every alert is rendered.
const allAlerts = `
metrics: {serviceMonitor: {enabled: true}}
alerts: {enabled: true}
config:
  limit: {num_tracks: 100, bytes_per_sec: 1000000}
  turn: {enabled: true, domain: turn.example.com, tls_port: 5349}
turn: {certificate: {enabled: true}}
`

// An alert says how bad it is, what it is and what to do, and asks for metrics that there are.
func TestEachAlertIsWhole(t *testing.T) {
	objects := rendered(t, canonicalChart(t, "all"), allAlerts)
	known := readMetrics(t)
	for _, m := range []string{"up", "kube_pod_status_ready", "kube_pod_deletion_timestamp",
		"certmanager_certificate_expiration_timestamp_seconds"} {
		known[m] = metric{labels: []string{"name", "condition"}} // of Prometheus, kube-state-metrics, cert-manager
	}
	group := manifest.Object{Fields: objects["PrometheusRule/rel-livekit"].List("spec", "groups")[0].(map[string]any)}
	names := map[string]bool{}
	for _, r := range group.List("rules") {
		rule := manifest.Object{Fields: r.(map[string]any)}
		name := rule.Text("alert")
		if names[name] || !strings.HasPrefix(name, "LiveKit") {
			t.Errorf("alert %q is there twice, or is not LiveKit's", name)
		}
		names[name] = true
		if s := rule.Text("labels", "severity"); s != "critical" && s != "warning" {
			t.Errorf("%s has the severity %q", name, s)
		}
		for _, text := range []string{"summary", "description", "runbook"} {
			if s := rule.Text("annotations", text); !strings.Contains(s, " ") {
				t.Errorf("%s has the %s %q", name, text, s)
			}
		}
		known.check(t, name, rule.Text("expr"))
	}
	if len(names) != 12 {
		t.Errorf("there are %d alerts, want 12", len(names))
	}
}

// metrics are those that the server registers, by name, from testdata/metrics.txt.
type metrics map[string]metric

type metric struct {
	kind   string
	labels []string
}

func readMetrics(t *testing.T) metrics {
	t.Helper()
	data, err := os.ReadFile("testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := metrics{}
	for line := range strings.Lines(string(data)) {
		fields := append(strings.Fields(line), "")
		out[fields[0]] = metric{fields[1], strings.Split(fields[2], ",")}
	}
	return out
}

var (
	selected     = regexp.MustCompile(`([a-zA-Z_:][\w:]*)\{([^}]*)\}`)
	selectorOf   = regexp.MustCompile(`(\w+) *(?:=~|!~|!=|=)`)
	grouped      = regexp.MustCompile(`\b(?:by|on) *\(([^)]*)\)`)
	word         = regexp.MustCompile(`[a-zA-Z_:][\w:]*`)
	targetLabels = []string{"namespace", "job", "pod", "instance"}
)

// check reports what an expression asks for that the server does not have. Each metric has braces behind it.
func (m metrics) check(t *testing.T, about, expression string) {
	t.Helper()
	allowed := slices.Clone(targetLabels)
	for _, match := range selected.FindAllStringSubmatch(expression, -1) {
		name := match[1]
		found, ok := m[name]
		for _, suffix := range []string{"_sum", "_count", "_bucket"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && m[base].kind == "histogram" {
				found, ok = m[base], true
				found.labels = append(slices.Clone(found.labels), "le")
			}
		}
		if !ok {
			t.Errorf("%s asks for %s, which the server does not have", about, name)
		}
		for _, label := range selectorOf.FindAllStringSubmatch(match[2], -1) {
			if !slices.Contains(slices.Concat(targetLabels, found.labels), label[1]) {
				t.Errorf("%s asks for the label %s of %s, which it does not have", about, label[1], name)
			}
		}
		allowed = append(allowed, found.labels...)
	}
	for _, match := range grouped.FindAllStringSubmatch(expression, -1) {
		for _, label := range word.FindAllString(match[1], -1) {
			if !slices.Contains(allowed, label) {
				t.Errorf("%s groups by %s, which is no label of its metrics", about, label)
			}
		}
	}
	rest := grouped.ReplaceAllString(selected.ReplaceAllString(expression, ""), "")
	for _, name := range word.FindAllString(rest, -1) {
		if m[name].kind != "" || strings.HasPrefix(name, "livekit_") {
			t.Errorf("%s asks for %s of all releases", about, name)
		}
	}
}
