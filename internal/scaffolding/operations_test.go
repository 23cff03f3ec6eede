package scaffolding

import (
	"encoding/json"
	"maps"
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
		"off by default": {"", monitor, nil, "(no PodMonitor/rel-livekit)"},
		"the pods' port": {on, monitor, append(endpoint, "port"), "metrics"},
		"the login":      {on, monitor, append(endpoint, "basicAuth", "password", "name"), "login"},
		"no login where none": {"metrics: {podMonitor: {enabled: true}}", monitor, append(endpoint, "basicAuth"),
			"null"},
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
		"rules of one's own": {monitored + "alerts: {enabled: true, extraRules: [{record: mine, expr: up}], " +
			"thresholds: {restartsPerHour: null, joinFailurePercent: null, packetLossPercent: null, " +
			"nackPercent: null, " +
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
	if len(names) != 13 {
		t.Errorf("there are %d alerts, want 13", len(names))
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

// dashboard is what Grafana reads, as far as a test does.
type dashboard struct {
	UID, Title string
	Templating struct {
		List []struct {
			Name    string
			Current struct{ Value string }
		}
	}
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr, LegendFormat string }
	}
}

func readDashboard(t *testing.T, values string) dashboard {
	t.Helper()
	objects := rendered(t, canonicalChart(t, "all"), values)
	text := objects["ConfigMap/rel-livekit-dashboard"].Text("data", "default-rel-livekit.json")
	var d dashboard
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return d
}

func TestDashboardObject(t *testing.T) {
	dir := canonicalChart(t, "all")
	const on = "dashboard: {enabled: true, annotations: {grafana_folder: LiveKit}}"
	object := "ConfigMap/rel-livekit-dashboard"
	mustSet(t, dir, map[string]setting{
		"off by default":      {"", object, nil, "(no ConfigMap/rel-livekit-dashboard)"},
		"the sidecar's label": {on, object, []string{"metadata", "labels", "grafana_dashboard"}, `"1"`},
		"another label": {"dashboard: {enabled: true, labels: {grafana_dashboard: null, boards: media}}", object,
			[]string{"metadata", "labels", "boards"}, "media"},
		"a folder": {on, object, []string{"metadata", "annotations", "grafana_folder"}, "LiveKit"},
	})
	refused(t, dir, parse(t, "config: {prometheus: {port: 0}}\n"+on), "config.prometheus.port")
}

// The dashboard opens on its own release, whoever reads its metrics.
func TestDashboardVariables(t *testing.T) {
	for values, job := range map[string]string{
		"": "$__all", "metrics: {serviceMonitor: {enabled: true}}": "rel-livekit-metrics",
		"metrics: {podMonitor: {enabled: true}}": "default/rel-livekit",
	} {
		got := map[string]string{}
		for _, v := range readDashboard(t, values+"\ndashboard: {enabled: true}").Templating.List {
			got[v.Name] = v.Current.Value
		}
		want := map[string]string{"datasource": "", "namespace": "default", "job": job}
		if !maps.Equal(got, want) {
			t.Errorf("%s\nthe variables are %v, want %v", values, got, want)
		}
	}
}

// Each panel has its place, asks for metrics that there are, and for those of its release alone.
func TestDashboardPanels(t *testing.T) {
	known := readMetrics(t)
	known["up"] = metric{}
	taken, ids := map[[2]int]string{}, map[int]bool{}
	panels := readDashboard(t, "dashboard: {enabled: true}").Panels
	for _, p := range panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q is there twice, has no title or reaches over the edge", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				place := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[place]; other != "" {
					t.Fatalf("%q lies over %q at %v", p.Title, other, place)
				}
				taken[place] = p.Title
			}
		}
		if (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("%q is a %s with %d queries", p.Title, p.Type, len(p.Targets))
		}
		for _, target := range p.Targets {
			known.check(t, p.Title, target.Expr)
			for _, match := range selected.FindAllStringSubmatch(target.Expr, -1) {
				if !strings.HasPrefix(match[2], `namespace="$namespace",job=~"$job"`) {
					t.Errorf("%q asks for %s of all releases", p.Title, match[0])
				}
			}
			label, isLabel := strings.CutPrefix(target.LegendFormat, "{{")
			by := "by (" + strings.TrimSuffix(label, "}}") + ")"
			if isLabel && !strings.Contains(target.Expr, by) && !strings.Contains(target.Expr, "le, "+by[4:]) {
				t.Errorf("%q has the legend %s, and its query not %s", p.Title, target.LegendFormat, by)
			}
		}
	}
	if len(panels) < 30 {
		t.Errorf("there are %d panels", len(panels))
	}
}

func TestScalingByParticipants(t *testing.T) {
	dir := canonicalChart(t, "all")
	const (
		hpa    = withRedis + "autoscaling: {enabled: true, participants: 50}"
		keda   = withRedis + "autoscaling: {participants: 50, keda: {enabled: true}}\n"
		object = "ScaledObject/rel-livekit"
		listed = "metrics: {serviceMonitor: {enabled: true}}"
	)
	pods := []string{"spec", "metrics", "1", "pods"}
	trigger := func(path ...string) []string { return append([]string{"spec", "triggers", "0", "metadata"}, path...) }
	mustSet(t, dir, map[string]setting{
		"the metric": {hpa, "HorizontalPodAutoscaler/rel-livekit", append(pods, "metric", "name"),
			"livekit_participants"},
		"for each pod":  {hpa, "HorizontalPodAutoscaler/rel-livekit", append(pods, "target", "averageValue"), `"50"`},
		"KEDA's target": {keda + listed, object, trigger("threshold"), `"50"`},
		"KEDA's query of one's own": {withRedis + "autoscaling: {participants: 50, keda: {enabled: true, query: " +
			"'sum(participants)'}}", object, trigger("query"), "sum(participants)"},
		"KEDA alone scales": {keda + listed, "HorizontalPodAutoscaler/rel-livekit", nil,
			"(no HorizontalPodAutoscaler/rel-livekit)"},
		"KEDA sets the number": {keda + listed, "Deployment/rel-livekit", []string{"spec", "replicas"}, "null"},
		"KEDA has several roll": {keda + listed, "Deployment/rel-livekit", []string{"spec", "strategy", "type"},
			"RollingUpdate"},
		"KEDA scales the server": {keda + listed, object, []string{"spec", "scaleTargetRef", "name"}, "rel-livekit"},
		"KEDA and its triggers": {withRedis + "autoscaling: {keda: {enabled: true, triggers: [{type: cron}]}}", object,
			[]string{"spec", "triggers", "0", "type"}, "cron"},
	})
	known := readMetrics(t)
	known["kube_pod_deletion_timestamp"] = metric{}
	query := field(t, rendered(t, dir, keda+"metrics: {podMonitor: {enabled: true}}"), object, trigger("query")...)
	known.check(t, "KEDA", query)
	if !strings.Contains(query, `job="default/rel-livekit"`) {
		t.Errorf("KEDA asks for participants of all releases: %s", query)
	}
	for name, c := range map[string]struct{ values, words string }{
		"two autoscalers": {withRedis + "autoscaling: {enabled: true, participants: 50, keda: {enabled: true}}",
			"choose one"},
		"nothing to go by": {withRedis + "autoscaling: {keda: {enabled: true}}", "autoscaling.participants"},
		"servers unknown":  {keda, "autoscaling.keda.query"},
		"no autoscaler":    {"autoscaling: {participants: 50}", "there is no autoscaler"},
		"no metrics":       {hpa + "\nconfig: {prometheus: {port: 0}}", "config.prometheus.port"},
		"more least than most": {withRedis + listed + "\nautoscaling: {minReplicas: 9, participants: 1, keda: " +
			"{enabled: true}}", "autoscaling.minReplicas"},
		"the sidecar": {"autoscaling: {participants: 50, keda: {enabled: true}}\n" + listed, "redis.enabled"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, dir, parse(t, c.values), c.words) })
	}
}
