package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Each of these renders differs from the first in one thing. It is a difference, or
// none.
func TestFieldsOf(t *testing.T) {
	const before = `apiVersion: apps/v1
kind: Deployment
metadata: {name: a, labels: {x: y}}
spec:
  replicas: 2
  template:
    metadata:
      annotations: {checksum/config: abc, other: one}
    spec:
      initContainers: [{name: first, image: i}, {name: second, image: i}]
      containers:
        - name: main
          command: [run, now]
          env:
            - {name: A, value: one}
            - {name: B, value: two}
            - {name: C, value: $(A)}
          ports: [{containerPort: 80, name: http}, {containerPort: 81, name: other}]
          volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /w}]
        - name: side
      volumes: [{name: v}, {name: w, emptyDir: {}}]
      imagePullSecrets: [{name: p}, {name: q}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  config.yaml: |
    port: 80 # the port
    list: [1, 2]
  plain.txt: |
    port: 80
---
apiVersion: v1
kind: Secret
metadata: {name: a}
data:
  config.yaml: YTogMQpiOiAyCg==
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  ports: [{port: 1, name: a}, {port: 2, name: b}]
  externalIPs: [a, b]
`
	const aBeforeC = "            - {name: A, value: one}\n            - {name: B, value: two}\n" +
		"            - {name: C, value: $(A)}\n"
	for name, c := range map[string]struct {
		old, new string
		sees     bool
	}{
		"value":             {"replicas: 2", "replicas: 3", true},
		"type":              {"replicas: 2", `replicas: "2"`, true},
		"field gone":        {"  replicas: 2\n", "", true},
		"field more":        {"  replicas: 2\n", "  replicas: 2\n  paused: true\n", true},
		"key":               {"replicas:", "replica:", true},
		"apiVersion":        {"apps/v1", "apps/v2", true},
		"kind":              {"kind: Service", "kind: ServiceAccount", true},
		"name of an object": {"kind: Service\nmetadata: {name: a}", "kind: Service\nmetadata: {name: b}", true},
		"label":             {"{x: y}", "{x: z}", true},
		"annotation":        {"other: one", "other: two", true},
		"order of commands": {"[run, now]", "[now, run]", true},
		"order of init": {
			"[{name: first, image: i}, {name: second, image: i}]",
			"[{name: second, image: i}, {name: first, image: i}]",
			true,
		},
		"order of addresses": {"[a, b]", "[b, a]", true},
		"order of references": {
			aBeforeC,
			"            - {name: C, value: $(A)}\n            - {name: A, value: one}\n" +
				"            - {name: B, value: two}\n",
			true,
		},
		"empty volume":  {"{name: w, emptyDir: {}}", "{name: w}", true},
		"element gone":  {"{name: p}, ", "", true},
		"element twice": {"{name: p}, ", "{name: p}, {name: p}, ", true},
		"configuration": {"list: [1, 2]", "list: [2, 1]", true},
		"text":          {"plain.txt: |\n    port: 80\n", "plain.txt: |\n    port: 80 \n", true},
		"secret":        {"YTogMQpiOiAyCg==", "YTogMQpiOiAzCg==", true},
		"object gone": {
			"---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  config.yaml: YTogMQpiOiAyCg==\n",
			"",
			true,
		},
		"object twice": {
			"---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
			"---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {config.yaml: YTogMQpiOiAyCg==}\n" +
				"---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
			true,
		},
		"order of keys": {"apiVersion: v1\nkind: ConfigMap\n", "kind: ConfigMap\napiVersion: v1\n", false},
		"style":         {"{name: a, labels: {x: y}}", "\n  name: 'a'\n  labels:\n    \"x\": y", false},
		"comment":       {"replicas: 2", "# Two\n  replicas: 2 # two", false},
		"null":          {"  replicas: 2\n", "  replicas: 2\n  strategy: null\n", false},
		"empty annotations": {
			"metadata: {name: a, labels: {x: y}}",
			"metadata: {name: a, labels: {x: y}, annotations: {}}",
			false,
		},
		"checksum": {"config: abc", "config: def", false},
		"order of env": {
			aBeforeC,
			"            - {name: B, value: two}\n            - {name: A, value: one}\n" +
				"            - {name: C, value: $(A)}\n",
			false,
		},
		"order of ports": {
			"[{containerPort: 80, name: http}, {containerPort: 81, name: other}]",
			"[{containerPort: 81, name: other}, {containerPort: 80, name: http}]",
			false,
		},
		"order of mounts": {
			"[{name: v, mountPath: /v}, {name: w, mountPath: /w}]",
			"[{name: w, mountPath: /w}, {name: v, mountPath: /v}]",
			false,
		},
		"order of volumes": {"[{name: v}, {name: w, emptyDir: {}}]", "[{name: w, emptyDir: {}}, {name: v}]", false},
		"order of secrets": {"[{name: p}, {name: q}]", "[{name: q}, {name: p}]", false},
		"order of a service": {
			"[{port: 1, name: a}, {port: 2, name: b}]",
			"[{port: 2, name: b}, {port: 1, name: a}]",
			false,
		},
		"configuration's look": {
			"    port: 80 # the port\n    list: [1, 2]\n",
			"    list:\n      - 1\n      - 2\n    port: 80\n",
			false,
		},
		"secret's look": {"YTogMQpiOiAyCg==", "YjogMgphOiAxCg==", false},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Count(before, c.old) != 1 {
				t.Fatalf("%q is not there once", c.old)
			}
			a := mustFields(t, "one.yaml", before)
			b := mustFields(t, "other.yaml", strings.Replace(before, c.old, c.new, 1))
			if what := firstDifference(a, b); (what != "") != c.sees {
				t.Errorf("difference %q, want one: %v", what, c.sees)
			}
		})
	}
}

func mustFields(t *testing.T, name, text string) map[string]string {
	t.Helper()
	fields, err := fieldsOf([]helmchart.File{{Name: name, Data: []byte(text)}}, "small-1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// What is random is masked, and nothing else of its object.
func TestRendererMasksWhatIsRandom(t *testing.T) {
	renderer := sampleRenderer(t)
	for name, c := range map[string]struct {
		old, new string
		sees     bool
	}{
		"nothing":          {"", "", false},
		"more random":      {"randAlphaNum 12", "randAlphaNum 13", false},
		"another name":     {"random:", "randomly:", true},
		"beside":           {"random:", "fixed: one\n    random:", true},
		"no longer random": {"    random: {{ randAlphaNum 12 }}\n", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			files := sample()
			files["templates/service.yaml"] = strings.Replace(files["templates/service.yaml"], c.old, c.new, 1)
			e, err := renderer.effect(t.Context(), files)
			if err != nil || e.broken || (len(e.Changed) > 0) != c.sees {
				t.Errorf("%+v, %v; want a change: %v", e, err, c.sees)
			}
		})
	}
}

// A change counts in the scenarios that show it alone; one that stops a render
// counts as a change and, where it stops all, as broken.
func TestRendererKnowsScenarios(t *testing.T) {
	for name, c := range map[string]struct {
		file, old, new  string
		changed, failed []string
		broken          bool
	}{
		"in one": {
			"templates/deployment.yaml",
			"value: $(FIRST)",
			"value: $(SECOND)",
			[]string{"everything"},
			nil,
			false,
		},
		"in two": {
			"values.yaml",
			"metricsPort: 9090",
			"metricsPort: 9091",
			[]string{"defaults", "everything"},
			nil,
			false,
		},
		"in none": {"values.yaml", "nothing: null", "nothing: 1", nil, nil, false},
		"fails":   {"templates/deployment.yaml", "if .Values.third", "if fail .Values.third", nil, nil, true},
		"fails once": {
			"templates/deployment.yaml",
			"value: $(FIRST)",
			`value: {{ fail "no" }}`,
			[]string{"everything"},
			[]string{"everything"},
			false,
		},
		"no YAML": {
			"templates/deployment.yaml",
			"value: $(FIRST)",
			"value: [",
			[]string{"everything"},
			[]string{"everything"},
			false,
		},
		"no chart": {"Chart.yaml", "name: sample", "nome: sample", nil, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			files := sample()
			files[c.file] = strings.Replace(files[c.file], c.old, c.new, 1)
			e, err := sampleRenderer(t).effect(t.Context(), files)
			same := slices.Equal(e.Changed, c.changed) && slices.Equal(e.Failed, c.failed)
			if err != nil || e.broken != c.broken || !c.broken && !same {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestRendererNeedsAChartThatRenders(t *testing.T) {
	broken := sample().with(map[string]string{"templates/z.yaml": `{{ fail "never" }}`})
	_, err := newRenderer(t.Context(), broken, ours, sampleScenarios())
	if err == nil || !strings.Contains(err.Error(), "renders in no scenario") {
		t.Errorf("error %v", err)
	}
}
