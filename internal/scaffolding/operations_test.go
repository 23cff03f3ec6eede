package scaffolding

import "testing"

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
