package verify

// chartCases change what is about any chart.
var chartCases = []chartCase{
	{"no icon", "lint", Pass, "", []edit{{"Chart.yaml", "icon: https://example.com/calls.png\n", ""}}},
	{"no version", "lint", Fail, "version", []edit{{"Chart.yaml", "version: 0.1.0\n", ""}}},

	{"template that ends early", "render", Fail, "templates/config.yaml:9: unexpected EOF", []edit{
		file(config, `
a: 1






{{ if .Values.host }}
`),
	}},
	{"value that is required", "render", Fail, "name a host", []edit{
		{ingressFile, "{{ .Values.host }}", `{{ required "name a host" .Values.none }}`},
	}},
	{"Chart.yaml that is no YAML", "render", Fail, "Chart.yaml", []edit{file("Chart.yaml", "a: [\n")}},
	{"values.yaml that is no YAML", "render", Fail, "values.yaml", []edit{{values, "host:", "\thost:"}}},
	{"dependency that is not there", "render", Fail, "missing in charts/: redis", []edit{
		{"Chart.yaml", "type: application", `type: application
dependencies: [{name: redis, version: 1.0.0, repository: https://example.com}]`},
	}},
	{"objects of the good chart", "render", Pass, "7 objects", nil},
	{"no object", "render", Fail, "renders no object", []edit{
		file(deployment, "\n"), file(services, "\n"), file(config, "\n"), file(ingressFile, "\n"), file(claim, "\n"),
		file("templates/test.yaml", "\n"),
	}},
	{"YAML that does not parse once rendered", "render", Fail, `no valid YAML: `, []edit{
		{ingressFile, "  rules:", " rules:"},
	}},
	{"template that calls what is not there", "render", Fail, "templates/config.yaml", []edit{
		{config, "kind:", "# {{ none }}\nkind:"},
	}},
	{"value of a schema", "render", Fail, "host", []edit{
		file("values.schema.json", `{"properties": {"host": {"type": "integer"}}}`),
	}},

	{"unknown field", "kubernetes-types", Fail, "spec.template.spec.hostnetwork: unknown field", []edit{
		pod("hostnetwork: true"),
	}},
	{"object twice", "kubernetes-types", Fail, "Service calls is rendered twice", []edit{
		{services, "name: calls-media", "name: calls"},
	}},
	{"kinds of others", "kubernetes-types", Pass, "BackendConfig", []edit{
		file("templates/gke.yaml", `
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: x}
`),
	}},
	{"names in two namespaces", "kubernetes-types", Pass, "8 objects", []edit{
		file("templates/other.yaml", `
apiVersion: v1
kind: ConfigMap
metadata: {name: calls, namespace: other}
data: {a: b}
`),
	}},

	{"dead key", "values-read", Warn, "old.block in values.yaml", []edit{
		value("old: {block: {a: 1, b: []}, used: 1}"), {config, "kind:", "# {{ .Values.old.used }}\nkind:"},
	}},
	{"key that a block hands on", "values-read", Pass, "every key", []edit{
		value("old: {a: 1, b: 2}"), {config, "kind:", "# {{ toYaml .Values.old }}\nkind:"},
	}},
	{"all values at once", "values-read", Skip, "hands on all values", []edit{
		value("old: 1"), {config, "kind:", "# {{ toYaml .Values | len }}\nkind:"},
	}},
	{"key of which nothing is read, in quotes", "values-read", Warn, `"a.b" in values.yaml`, []edit{
		value(`"a.b": {c: 1}`),
	}},

	{"hidden key", "values-declared", Warn, "image2.tag is read by templates/config.yaml:1", []edit{
		{config, "apiVersion", "{{ (.Values.image2).tag }}\napiVersion"},
	}},
	{"key of a free map", "values-declared", Pass, "every key", []edit{
		value("labels: {}"), {config, "kind:", "# {{ .Values.labels.team }}\nkind:"},
	}},
	{"value that is null", "values-declared", Pass, "every key", []edit{
		value("extra:"), {config, "kind:", "# {{ .Values.extra }}\nkind:"},
	}},

	{"no server", "workload", Fail, "No workload", []edit{
		{deployment, "{{ .Values.image }}", "nginx:1.29.0"},
		{deployment, "- name: livekit", "- name: web"},
		{values, "image: livekit/livekit-server:v1.13.5\n", ""},
	}},
	{"server by its command", "workload", Pass, "container calls", []edit{
		{deployment, "image: {{ .Values.image }}", `image: example.com/mine:{{ .Values.image }}
          command: [/livekit-server]`},
		{values, "livekit/livekit-server:", ""},
		{deployment, "- name: livekit", "- name: calls"},
	}},
	{"egress of the server's name", "workload", Fail, "No workload", []edit{{values, "livekit-server", "egress"}}},
	{"server with a Redis beside it", "workload", Pass,
		"Deployment calls runs LiveKit in container livekit and Redis in",
		nil},
	{"server in a Job", "workload", Fail, "No workload", []edit{
		{deployment, "kind: Deployment", "kind: Job"}, {deployment, "apps/v1", "batch/v1"},
	}},
}
