package main

import (
	"maps"
	"strings"
	"testing"
)

// Each kind finds the mutation that is described, and it makes this of the file.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		kind     string
		old, new string // a part of a file, before and after
	}{
		{"field-removed", "  replicas: {{ .Values.replicas | default 1 }}\n", ""},
		{"field-removed", "  selector:\n    matchLabels:\n      app: {{ $name }}\n", ""},
		{"env-removed", "            - name: FIRST\n              value: one\n", ""},
		{
			"port-removed",
			"            - name: metrics\n              containerPort: 9090\n              protocol: TCP\n",
			"",
		},
		{"element-removed", "            - name: data\n              mountPath: /data\n", ""},
		{"element-removed", sampleContainer, ""},
		{
			"branch-removed",
			"      {{- with .Values.serviceAccount }}\n      serviceAccountName: {{ . }}\n      {{- end }}\n",
			"",
		},
		{
			"scalar-changed",
			"containerPort: 8080\n              protocol: TCP",
			"containerPort: 8080\n              protocol: UDP",
		},
		{"scalar-changed", "8080", "8081"},
		{"scalar-changed", "part: helper", "part: helper-mutated"},
		{"argument-changed", `"%s-app"`, `"mutated-%s-app"`},
		{"argument-changed", "default 1", "default 2"},
		{
			"ports-swapped",
			"8080\n              protocol: TCP\n            - name: metrics\n              containerPort: 9090",
			"9090\n              protocol: TCP\n            - name: metrics\n              containerPort: 8080",
		},
		{
			"names-swapped",
			"- name: FIRST\n              value: one\n            - name: SECOND",
			"- name: SECOND\n              value: one\n            - name: FIRST",
		},
		{"version-changed", "apiVersion: apps/v1\n", "apiVersion: apps/v1beta1\n"},
		{"object-kind-changed", "kind: Deployment", "kind: StatefulSet"},
		{"function-removed", "pullPolicy | quote }}", "pullPolicy  }}"},
		{"function-removed", ".Values.replicas | default 1 }}", ".Values.replicas  }}"},
		{"reference-renamed", "image.tag ", "image.tagRenamed "},
		{"key-changed", "command:", "commandRenamed:"},
		{"condition-inverted", "if .Values.third }}", "if not (.Values.third) }}"},
		{"operator-swapped", "(eq .Values", "(ne .Values"},
		{"operator-swapped", "if and ", "if or "},
		{
			"condition-removed",
			"            {{- if .Values.third }}\n            - name: THIRD\n              value: $(FIRST)\n" +
				"            {{- end }}\n",
			"            - name: THIRD\n              value: $(FIRST)\n",
		},
		{"field-added", "  replicas: {{", "  mutated: mutated\n  replicas: {{"},
		{"annotation-added", "      annotations:\n", "      annotations:\n        example.com/mutated: mutated\n"},
		{
			"annotation-added",
			"metadata:\n  name: {{ include \"sample.name\" . }}\ndata",
			"metadata:\n  annotations:\n    example.com/mutated: mutated\n" +
				"  name: {{ include \"sample.name\" . }}\ndata",
		},
		{"label-added", "matchLabels:\n", "matchLabels:\n      example.com/mutated: mutated\n"},
		{
			"element-duplicated",
			"              value: one\n",
			"              value: one\n            - name: FIRST_MUTATED\n              value: one\n",
		},
		{"default-changed", "port: 80", "port: 81"},
		{"default-changed", "enabled: true", "enabled: false"},
		{"default-changed", "repository: example", "repository: example-mutated"},
		{"default-changed", "labels: {}", "labels: {mutated: mutated}"},
		{"default-changed", "[a, b]", "[a, b, mutated]"},
		{"default-changed", "null", "null-mutated"},
		{
			"default-null",
			"image:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\n",
			"image: null\n",
		},
		{"default-removed", "  port: 80\n", ""},
		{"value-renamed", "  port: 80", "  portRenamed: 80"},
		{"default-type-changed", "replicas: 1", "replicas: \"1\""},
		{"default-ports-swapped", "port: 80\n  metricsPort: 9090", "port: 9090\n  metricsPort: 80"},
		{"chart-yaml-changed", "version: 1.2.3", "version: 1.2.4"},
		{"chart-yaml-changed", "4.5.6", "4.5.7"},
		{
			"keys-reordered",
			"          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}\n          command: [run, now]\n",
			"          command: [run, now]\n          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}\n",
		},
		{
			"values-reordered",
			"replicas: 1\n\nimage:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\nservice",
			"image:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\n\nreplicas: 1\nservice",
		},
		{
			"elements-reordered",
			"            - name: SECOND\n              value: \"two\"\n            {{- if .Values.third }}\n" +
				"            - name: THIRD\n              value: $(FIRST)\n            {{- end }}\n",
			"            {{- if .Values.third }}\n            - name: THIRD\n              value: $(FIRST)\n" +
				"            {{- end }}\n            - name: SECOND\n              value: \"two\"\n",
		},
		{"quotes-changed", `"two"`, `'two'`},
		{"quotes-changed", "value: one", `value: "one"`},
		{"quotes-changed", `"IfNotPresent"`, "`IfNotPresent`"},
		{"blank-line-changed", "  replicas: {{", "\n  replicas: {{"},
		{"whitespace-changed", "            {{- end }}\n          ports", "            {{ end }}\n          ports"},
		{"condition-doubled", "if .Values.third }}", "if not (not (.Values.third)) }}"},
		{"variable-renamed", "$name", "$nameRenamed"},
		{"helper-renamed", `"sample.name"`, `"sample.nameRenamed"`},
		{"default-turned", ".Values.replicas | default 1", "default 1 .Values.replicas"},
		{"comment-added", "  replicas: {{", "  # Mutated\n  replicas: {{"},
		{"template-comment-added", "  replicas: {{", "  {{- /* Mutated */}}\n  replicas: {{"},
		{"comment-removed", "  # How many there are.\n", ""},
		{"comment-removed", "{{/* The name of all. */}}\n", ""},
		{"text-changed", "Thanks", "Mutated Thanks"},
		{"value-added", "  port: 80", "  mutated: mutated\n  port: 80"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			var found []string
			for _, m := range mutations(sample(), kindNamed(t, c.kind), ours) {
				before, after := sample()[m.File], m.changes[m.File]
				once, everywhere := strings.Replace(before, c.old, c.new, 1), strings.ReplaceAll(before, c.old, c.new)
				if strings.Contains(before, c.old) && (after == once || after == everywhere) {
					return
				}
				found = append(found, sample().diff(sample().with(m.changes)))
			}
			t.Errorf("nothing makes %q of %q, but %q", c.new, c.old, found)
		})
	}
}

func kindNamed(t *testing.T, name string) kind {
	t.Helper()
	for _, k := range allKinds() {
		if k.name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return kind{}
}

// Files go, and come, and get other names.
func TestKindsOfFiles(t *testing.T) {
	for name, want := range map[string]struct{ gone, come string }{
		"template-removed": {"templates/service.yaml", ""},
		"template-renamed": {"templates/service.yaml", "templates/service-renamed.yaml"},
		"object-added":     {"", "templates/mutated-service.yaml"},
	} {
		ok := false
		for _, m := range mutations(sample(), kindNamed(t, name), ours) {
			after := sample().with(m.changes)
			ok = ok || after[want.gone] == "" && (want.come == "" || after[want.come] != "")
		}
		if !ok {
			t.Errorf("%s: no mutation takes %q and gives %q", name, want.gone, want.come)
		}
	}
}

// What is meant to be neutral is; what is meant to change something does so at
// least once.
func TestKindsMean(t *testing.T) {
	renderer := sampleRenderer(t)
	for _, k := range allKinds() {
		all := mutations(sample(), k, ours)
		if len(all) == 0 {
			t.Errorf("%s: no mutation of the sample", k.name)
		}
		changed := 0
		for _, m := range all {
			e, err := renderer.effect(t.Context(), sample().with(m.changes))
			if err != nil {
				t.Fatal(err)
			}
			if e.broken || len(e.Changed) == 0 {
				continue
			}
			changed++
			if k.neutral {
				t.Errorf("%s %s:%d: %s: %s", k.name, m.File, m.Line, m.ID, e.Difference)
			}
		}
		if !k.neutral && changed == 0 {
			t.Errorf("%s: nothing changes by any of %d mutations", k.name, len(all))
		}
	}
}

// Every mutation changes something in a file, and leaves templates that parse.
func TestMutationsParse(t *testing.T) {
	for _, k := range allKinds() {
		for _, m := range mutations(sample(), k, ours) {
			if maps.Equal(sample(), sample().with(m.changes)) {
				t.Errorf("%s %s: %s: changes no file", m.Kind, m.File, m.ID)
			}
			for name, text := range m.changes {
				if isTemplate(name) && !parses(text) {
					t.Errorf("%s: %s does not parse:\n%s", m.ID, name, text)
				}
			}
		}
	}
}

func TestMutationsLeaveOutWhatDoesNotParse(t *testing.T) {
	const first, second = "a: {{ $x := 1 }}\n", "b: {{ $x }}\n"
	lines := rewrite(`(?m)^(.*\n)`, with(""))
	out := mutations(chart{"templates/a.yaml": first + second}, kind{name: "any", find: lines}, ours)
	if len(out) != 1 || out[0].changes["templates/a.yaml"] != first {
		t.Errorf("%+v", out)
	}
}

func TestStructureOnOneLineStays(t *testing.T) {
	const line = "{{- if .Values.a }}{{ fail \"no\" }}{{ end }}\n"
	for _, kind := range []string{"condition-removed", "branch-removed"} {
		for _, m := range mutations(chart{"templates/a.yaml": line}, kindNamed(t, kind), ours) {
			if m.changes["templates/a.yaml"] != "" {
				t.Errorf("%s: %+v", kind, m)
			}
		}
	}
}

// Every mutation says where it is, and no two have one ID.
func TestMutationsCanBeRedone(t *testing.T) {
	seen := map[string]mutation{}
	for _, k := range allKinds() {
		for _, m := range mutations(sample(), k, ours) {
			if m.ID == "" || m.File == "" || m.Line < 1 || m.Kind != k.name {
				t.Errorf("%+v lacks something", m)
			}
			if other, twice := seen[m.ID]; twice && !maps.Equal(other.changes, m.changes) {
				t.Errorf("%s is %+v and %+v", m.ID, other, m)
			}
			seen[m.ID] = m
		}
	}
}
