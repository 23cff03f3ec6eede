package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// driftScenarios are scenarios such as the tool compares under.
var driftScenarios = []string{
	"defaults", "image", "names", "pod", "placement", "replicas", "account", "pod-network", "one-udp-port",
	"server-settings", "keys", "webhook",
	"keys-in-secret", "keys-existing-secret", "redis", "redis-tls", "metrics", "turn-tls", "turn-udp", "autoscaling",
	"alb", "do", "gke", "gclb",
}

// at writes a path with spaces between its segments.
func at(path string) manifest.Path { return strings.Fields(path) }

// reportBuilder makes a comparison as the tool would.
type reportBuilder struct{ r *drift.Report }

// sampleReport is a comparison of every class and layer under 24 scenarios.
func sampleReport() *drift.Report {
	b := &reportBuilder{&drift.Report{
		Chart: drift.Side{
			Name: "livekit", Version: "0.3.0", AppVersion: "v1.8.4", Image: "livekit/livekit-server:v1.8.4",
			Source: "apps/livekit",
		},
		Upstream: drift.Side{Name: "livekit-server", Version: "1.9.0", AppVersion: "v1.9.0",
			Image:  "livekit/livekit-server:v1.9.0",
			Source: "https://helm.livekit.io/livekit-server-1.9.0.tgz", Digest: "sha256:" + strings.Repeat("4be1", 16)},
		Since:   &drift.Side{Name: "livekit-server", Version: "1.8.4", AppVersion: "v1.8.4"},
		Summary: map[drift.Class]int{},
		Notes:   []string{"Hooks and tests were not compared: upstream's test needs an image without a tag."},
	}}
	b.versions()
	b.values()
	b.objects()
	return b.done()
}

func (b *reportBuilder) add(f drift.Finding) {
	if len(f.Scenarios) > 0 {
		f.Scenario = f.Scenarios[0]
	}
	b.r.Findings = append(b.r.Findings, f)
}

func (b *reportBuilder) versions() {
	b.add(drift.Finding{Layer: drift.LayerVersion, Class: drift.Drift, Path: at("appVersion"), Upstream: "v1.9.0",
		Chart: "v1.8.4",
		Why:   "upstream's LiveKit is newer", Remedy: "helm livekit update --app-version v1.9.0"})
	b.add(drift.Finding{
		Layer: drift.LayerVersion, Class: drift.Convention, Path: at("name"), Upstream: "livekit-server",
		Chart: "livekit", Why: "the chart has its folder's name",
	})
}

func (b *reportBuilder) values() {
	b.add(drift.Finding{Layer: drift.LayerValues, Class: drift.Drift, Path: at("livekit rtc turn_servers"),
		Upstream: []any{map[string]any{"host": "turn.example.com", "port": 443}},
		Why:      "upstream has a key that nothing here answers",
		Remedy: "see what it does upstream; take it over, or " +
			"accept it"})
	for _, key := range []string{"interval", "annotations", "name", "create"} {
		b.add(drift.Finding{Layer: drift.LayerValues, Class: drift.LeftOut, Path: at("serviceMonitor " + key),
			Upstream: map[string]any{},
			Why:      "metrics." + key + " is of the component metrics",
			Remedy:   "helm livekit update --with metrics"})
	}
	b.add(drift.Finding{
		Layer: drift.LayerValues, Class: drift.Extra, Path: at("media type"), Chart: "NodePort",
		Why: "upstream has no such value",
	})
}

func (b *reportBuilder) objects() {
	all := driftScenarios
	server := func(class drift.Class, path string, upstream, chart any, why, remedy string, scenarios ...string) {
		b.add(drift.Finding{
			Layer: drift.LayerObjects, Class: class, Object: "Deployment/server", Path: at(path), Upstream: upstream,
			Chart: chart, Why: why, Remedy: remedy, Scenarios: scenarios,
		})
	}
	server(drift.Drift, "spec template spec containers [server] image", "livekit/livekit-server:v1.9.0",
		"livekit/livekit-server:v1.8.4",
		"upstream's LiveKit is newer", "helm livekit update --app-version v1.9.0", all...)
	server(drift.Drift, "spec template spec containers [server] resources limits memory", "7500Mi", "512Mi",
		"nothing explains it", "set resources, or accept the difference in .helm-livekit.yaml", "pod", "gke")
	for i := range 14 {
		server(drift.Drift, fmt.Sprintf("spec template spec containers [server] env [EXTRA_%02d] value", i),
			fmt.Sprintf("value of %d", i), nil,
			"upstream's chart passes variables on and this one drops them",
			"add them to `env`, or accept the difference", "server-settings")
	}
	b.add(drift.Finding{Layer: drift.LayerObjects, Class: drift.Drift, Object: "Configuration/configuration",
		Path:     at("data <configuration> rtc packet_buffer_size"),
		Upstream: int64(500), Chart: "500", Why: "nothing explains it", Scenarios: []string{"server-settings"}})
	b.add(drift.Finding{Layer: drift.LayerObjects, Class: drift.Drift, Object: "Secret/keys",
		Path: at("stringData APIkey"), Upstream: "(hidden, 32 characters)", Chart: "(hidden, 43 characters)",
		Why: "the keys differ", Remedy: "give both charts the same Secret", Scenarios: []string{"keys-in-secret"}})
	for _, port := range []string{"443/TCP", "3478/UDP"} {
		b.add(drift.Finding{Layer: drift.LayerObjects, Class: drift.LeftOut, Object: "Service/turn",
			Path: at("spec ports [" + port + "] port"), Upstream: int64(443),
			Why: "the component turn was not scaffolded", Remedy: "helm livekit update --with turn",
			Scenarios: []string{"turn-tls", "turn-udp"}})
	}
	b.add(drift.Finding{Layer: drift.LayerObjects, Class: drift.LeftOut, Object: "HorizontalPodAutoscaler/server",
		Upstream: "HorizontalPodAutoscaler livekit-livekit-server",
		Why:      "the component autoscaling was not scaffolded", Remedy: "helm livekit update --with autoscaling",
		Scenarios: []string{"autoscaling"}})
	server(
		drift.Accepted, "spec template spec terminationGracePeriodSeconds", int64(18000), int64(3600),
		"calls here last an hour at most (platform team, 2025-03)", "", all...,
	)
	server(
		drift.Ours, "spec template spec enableServiceLinks", nil, false,
		"a Service called livekit sets LIVEKIT_PORT in the pod, and the server ends", "", all...,
	)
	server(
		drift.Ours, "spec template spec containers [server] args [0]", "--disable-strict-config", nil,
		"keys of the chart alone reach the server, which is therefore told to pass over every wrong key", "", all...,
	)
	server(
		drift.Convention, "metadata name", "livekit-livekit-server", "livekit", "objects are called after the release",
		"", all...,
	)
	server(
		drift.Convention, "metadata labels app.kubernetes.io/name", "livekit-server", "livekit",
		"labels follow the repository", "", all...,
	)
	server(
		drift.Extra, "spec template spec containers [server] securityContext allowPrivilegeEscalation", nil, false,
		"changes nothing of what upstream's does", "", all...,
	)
}

// done makes the pairs of all scenarios, and counts.
func (b *reportBuilder) done() *drift.Report {
	for _, name := range driftScenarios {
		s := drift.Scenario{
			Name: name, About: "What `" + name + "` asks for",
			UpstreamValues: "livekit:\n  keys:\n    APIkey: (hidden, 32 characters)\n", ChartValues: "config: {}\n",
		}
		for _, p := range samplePairs(name) {
			for i, f := range b.r.Findings {
				if f.Object == p.Object && slices.Contains(f.Scenarios, name) {
					m := drift.Mark{Finding: i, Upstream: lineOf(p.Upstream, f.Path), Chart: lineOf(p.Chart, f.Path)}
					p.Findings = append(p.Findings, m)
					if f.Scenario == name {
						b.r.Findings[i].UpstreamAt.Line, b.r.Findings[i].ChartAt.Line = m.Upstream, m.Chart
					}
				}
			}
			s.Pairs = append(s.Pairs, p)
		}
		b.r.Scenarios = append(b.r.Scenarios, s)
	}
	b.r.Scenarios[22].Error = "upstream: template: livekit-server/templates/ingress.yaml:12: nil pointer evaluating " +
		"interface {}.host"
	count(b.r)
	return b.r
}

// lineOf gives the line on which a text has a path, 0 where it does not.
func lineOf(text string, path manifest.Path) int {
	lines, line := strings.Split(text, "\n"), 0
	for _, segment := range path {
		switch {
		case segment == "[0]":
			line++
			continue
		case strings.HasPrefix(segment, "<") || segment == "[server]" || strings.HasSuffix(segment, "P]"):
			continue
		}
		for segment = strings.Trim(segment, "[]"); line < len(lines) && !strings.Contains(lines[line], segment); {
			line++
		}
		if line++; line > len(lines) {
			return 0
		}
	}
	return line
}

// count fills the summary and the changes anew.
func count(r *drift.Report) {
	r.Summary = map[drift.Class]int{}
	for _, c := range drift.Classes {
		r.Summary[c] = 0
	}
	for _, f := range r.Findings {
		r.Summary[f.Class]++
	}
	r.Group()
}

const upstreamDeployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app.kubernetes.io/instance: livekit
    app.kubernetes.io/managed-by: Helm
    app.kubernetes.io/name: livekit-server
    app.kubernetes.io/version: v1.9.0
  name: livekit-livekit-server
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/instance: livekit
      app.kubernetes.io/name: livekit-server
  template:
    metadata:
      labels:
        app.kubernetes.io/instance: livekit
        app.kubernetes.io/name: livekit-server
    spec:
      containers:
      - args:
        - --disable-strict-config
        env:
        - name: LIVEKIT_CONFIG
          valueFrom:
            configMapKeyRef:
              key: config.yaml
              name: livekit-livekit-server
%s        image: livekit/livekit-server:v1.9.0
        imagePullPolicy: IfNotPresent
        livenessProbe:
          httpGet:
            path: /
            port: http
        name: server
        ports:
        - containerPort: 7880
          name: http
          protocol: TCP
        - containerPort: 7881
          hostPort: 7881
          name: rtc-tcp
          protocol: TCP
        resources:
          limits:
            memory: 7500Mi
      dnsPolicy: ClusterFirstWithHostNet
      hostNetwork: true
      serviceAccountName: default
      terminationGracePeriodSeconds: 18000
      tolerations:
      - effect: NoSchedule
        key: media
        operator: Exists
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
      volumes:
      - emptyDir: {}
        name: tmp
`

const chartDeployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: livekit
    app.kubernetes.io/instance: livekit
    app.kubernetes.io/managed-by: Helm
    app.kubernetes.io/name: livekit
    app.kubernetes.io/version: v1.8.4
  name: livekit
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/instance: livekit
      app.kubernetes.io/name: livekit
  template:
    metadata:
      labels:
        app: livekit
        app.kubernetes.io/instance: livekit
        app.kubernetes.io/name: livekit
    spec:
      containers:
      - args:
        - --config=/etc/livekit/livekit.yaml
        image: livekit/livekit-server:v1.8.4
        imagePullPolicy: IfNotPresent
        livenessProbe:
          tcpSocket:
            port: http
        name: server
        ports:
        - containerPort: 7880
          name: http
          protocol: TCP
        - containerPort: 7881
          name: rtc-tcp
          protocol: TCP
        resources:
          limits:
            memory: 512Mi
        securityContext:
          allowPrivilegeEscalation: false
      - image: redis:7.4
        name: redis
      enableServiceLinks: false
      serviceAccountName: default
      terminationGracePeriodSeconds: 3600
      tolerations:
      - effect: NoSchedule
        key: media
        operator: Exists
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
      volumes:
      - emptyDir: {}
        name: tmp
`

func samplePairs(scenario string) []drift.Pair {
	env := ""
	if scenario == "server-settings" {
		for i := range 14 {
			env += fmt.Sprintf("        - name: EXTRA_%02d\n          value: value of %d\n", i, i)
		}
	}
	pairs := []drift.Pair{
		{Object: "Deployment/server", Upstream: fmt.Sprintf(upstreamDeployment, env), Chart: chartDeployment},
		{Object: "Configuration/configuration",
			Upstream: "apiVersion: v1\ndata:\n  config.yaml: |\n    port: 7880\n    rtc:\n      packet_buffer_size: " +
				"500\n      tcp_port: 7881\nkind: ConfigMap\nmetadata:\n  name: livekit-livekit-server\n",
			Chart: "apiVersion: v1\ndata:\n  livekit.yaml: |\n    port: 7880\n    rtc:\n      " +
				"packet_buffer_size: \"500\"\n      tcp_port: 7881\nkind: ConfigMap\nmetadata:\n  name: livekit\n"},
		{
			Object:   "Service/server",
			Upstream: "apiVersion: v1\nkind: Service\nmetadata:\n  name: livekit-livekit-server\n",
			Chart:    "apiVersion: v1\nkind: Service\nmetadata:\n  name: livekit\n",
		},
	}
	switch scenario {
	case "keys-in-secret":
		pairs = append(
			pairs,
			drift.Pair{
				Object: "Secret/keys", Upstream: "kind: Secret\nstringData:\n  APIkey: (hidden, 32 characters)\n",
				Chart: "kind: Secret\nstringData:\n  APIkey: (hidden, 43 characters)\n",
			},
		)
	case "turn-tls", "turn-udp":
		pairs = append(
			pairs,
			drift.Pair{
				Object: "Service/turn",
				Upstream: "kind: Service\nspec:\n  ports:\n  - port: 443\n    protocol: TCP\n  - port: 3478\n    " +
					"protocol: UDP\n",
			},
		)
	}
	return pairs
}

// calmReport is a comparison that found nothing.
func calmReport() *drift.Report {
	r := sampleReport()
	r.Findings = nil
	for i := range r.Scenarios {
		for j := range r.Scenarios[i].Pairs {
			r.Scenarios[i].Pairs[j].Findings = nil
		}
	}
	count(r)
	return r
}

// hostileTexts are what a foreign chart may have as a value, to no good end.
var hostileTexts = []string{
	`</script><script>pwned=1</script>`, `<img src=x onerror=pwned=1>`, `"><svg onload=pwned=1>`, `{{ pwned }}`,
	"${pwned=1}", `<!--<script>`,
	"line\u2028separator\u2029end", "\x1b[31mred\x1b]0;title\x07", "right\u202eto left", `]]></style></noscript><b>`,
	`javascript:pwned=1`, `__proto__`, "a|b`c``d\ne", `@everyone #1 http://evil.example`,
}

// hostileReport has them everywhere.
func hostileReport() *drift.Report {
	r := &drift.Report{}
	for i, text := range hostileTexts {
		side := drift.Side{Name: text, Version: text, AppVersion: text, Image: text, Source: text, Digest: text}
		r.Chart, r.Upstream, r.Since = side, side, &side
		r.Notes = append(r.Notes, text)
		r.Findings = append(r.Findings, drift.Finding{Layer: drift.LayerObjects, Class: drift.Classes[i%2],
			Object: text, Path: manifest.Path{text}, Upstream: text,
			Chart: map[string]any{text: []any{text}}, Why: text, Remedy: text, Scenario: text,
			Scenarios: []string{text}})
		r.Scenarios = append(r.Scenarios, drift.Scenario{Name: text, About: text, Error: text, UpstreamValues: text,
			ChartValues: text + text,
			Pairs: []drift.Pair{{Object: text, Upstream: "a: |\n  " + text, Chart: text,
				Findings: []drift.Mark{{Finding: i, Upstream: 1, Chart: 1}, {Finding: -1}, {Finding: 999}}}}})
	}
	r.Chart.Name, r.Upstream.Name = hostileTexts[0], hostileTexts[1]
	count(r)
	return r
}
