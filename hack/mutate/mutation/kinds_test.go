package mutation

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Each kind finds the mutation that is described, and it makes this of the file.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		kind, what string
		old, new   string // a part of the file, before and after
	}{
		{"field-removed", "remove replicas", "  replicas: {{ .Values.replicas | default 1 }}\n", ""},
		{"block-removed", "remove selector, lines 11 to 13", "  selector:\n    matchLabels:\n      app: {{ $name }}\n", ""},
		{"env-removed", `remove the element "- name: FIRST" of env, lines 30 to 31`, "            - name: FIRST\n              value: one\n", ""},
		{"port-removed", `remove the element "- name: metrics" of ports, lines 42 to 44`, "            - name: metrics\n              containerPort: 9090\n              protocol: TCP\n", ""},
		{"volume-removed", `remove the element "- name: data" of volumeMounts, lines 48 to 49`, "            - name: data\n              mountPath: /data\n", ""},
		{"element-removed", `remove the element "- name: main" of containers, lines 25 to 49`, "        - name: main\n          image: \"{{", ""},
		{"branch-removed", "remove the with and all in it, lines 21 to 23", "      {{- with .Values.serviceAccount }}\n      serviceAccountName: {{ . }}\n      {{- end }}\n", ""},
		{"scalar-changed", "change TCP to UDP", "containerPort: 8080\n              protocol: TCP", "containerPort: 8080\n              protocol: UDP"},
		{"scalar-changed", "change 8080 to 8081", "8080", "8081"},
		{"helper-text-changed", "change helper to helper-mutated", "part: helper", "part: helper-mutated"},
		{"helper-text-changed", `change the argument "%s-app" to "mutated-%s-app"`, `"%s-app"`, `"mutated-%s-app"`},
		{"argument-changed", "change the argument 1 to 2", "default 1", "default 2"},
		{"ports-swapped", "swap containerPort of line 40 (8080) and containerPort of line 43 (9090)", "8080\n              protocol: TCP\n            - name: metrics\n              containerPort: 9090", "9090\n              protocol: TCP\n            - name: metrics\n              containerPort: 8080"},
		{"names-swapped", "swap name of line 30 (FIRST) and name of line 32 (SECOND)", "- name: FIRST\n              value: one\n            - name: SECOND", "- name: SECOND\n              value: one\n            - name: FIRST"},
		{"version-changed", "change apiVersion apps/v1 to apps/v1beta1", "apiVersion: apps/v1\n", "apiVersion: apps/v1beta1\n"},
		{"object-kind-changed", "change kind Deployment to StatefulSet", "kind: Deployment", "kind: StatefulSet"},
		{"function-removed", `remove "| quote"`, "pullPolicy | quote }}", "pullPolicy  }}"},
		{"function-removed", `remove "| default 1"`, ".Values.replicas | default 1 }}", ".Values.replicas  }}"},
		{"indent-changed", "change nindent 4 to 6", "nindent 4", "nindent 6"},
		{"reference-renamed", "rename the reference .Values.image.tag to .Values.image.tagRenamed", "image.tag ", "image.tagRenamed "},
		{"helper-swapped", `include "sample.name" instead of "sample.labels"`, `    {{- include "sample.labels" . | nindent 4`, `    {{- include "sample.name" . | nindent 4`},
		{"field-moved-up", "move mountPath up, behind volumeMounts", "              mountPath: /data\n", "          mountPath: /data\n"},
		{"key-changed", "rename the field command to commandRenamed", "command:", "commandRenamed:"},
		{"condition-inverted", "invert the condition .Values.third", "if .Values.third }}", "if not (.Values.third) }}"},
		{"operator-swapped", "change eq to ne", "(eq .Values", "(ne .Values"},
		{"operator-swapped", "change and to or", "if and ", "if or "},
		{"condition-removed", "remove the condition .Values.third, and keep what it holds", "            {{- if .Values.third }}\n            - name: THIRD\n              value: $(FIRST)\n            {{- end }}\n", "            - name: THIRD\n              value: $(FIRST)\n"},
		{"field-added", "add the field mutated before replicas", "  replicas: {{", "  mutated: mutated\n  replicas: {{"},
		{"annotation-added", "add example.com/mutated: mutated to annotations", "      annotations:\n", "      annotations:\n        example.com/mutated: mutated\n"},
		{"annotation-added", "add annotations with example.com/mutated: mutated", "metadata:\n  name: {{ include \"sample.name\" . }}\ndata", "metadata:\n  annotations:\n    example.com/mutated: mutated\n  name: {{ include \"sample.name\" . }}\ndata"},
		{"label-added", "add example.com/mutated: mutated to matchLabels", "matchLabels:\n", "matchLabels:\n      example.com/mutated: mutated\n"},
		{"element-duplicated", `repeat the element "- name: FIRST" of env, lines 30 to 31 as FIRST_MUTATED`, "              value: one\n", "              value: one\n            - name: FIRST_MUTATED\n              value: one\n"},
		{"object-added", "add a configmap at the end", "  plain.txt: text\n", "  plain.txt: text\n\n---\napiVersion: v1\nkind: ConfigMap\n"},
		{"default-changed", "change service.port from 80 to 81", "port: 80", "port: 81"},
		{"default-changed", "change service.enabled from true to false", "enabled: true", "enabled: false"},
		{"default-changed", "change image.repository from example to example-mutated", "repository: example", "repository: example-mutated"},
		{"default-changed", "change labels from {} to {mutated: mutated}", "labels: {}", "labels: {mutated: mutated}"},
		{"default-changed", "change args from [a, b] to [a, b, mutated]", "[a, b]", "[a, b, mutated]"},
		{"default-changed", "change nothing from null to null-mutated", "null", "null-mutated"},
		{"default-null", "set image to null", "image:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\n", "image: null\n"},
		{"default-removed", "remove service.port", "  port: 80\n", ""},
		{"value-renamed", "rename service.port to portRenamed", "  port: 80", "  portRenamed: 80"},
		{"default-type-changed", `change replicas from 1 to "1"`, "replicas: 1", "replicas: \"1\""},
		{"default-ports-swapped", "swap service.port (80) and service.metricsPort (9090)", "port: 80\n  metricsPort: 9090", "port: 9090\n  metricsPort: 80"},
		{"chart-yaml-changed", "change version from 1.2.3 to 1.2.4", "version: 1.2.3", "version: 1.2.4"},
		{"chart-yaml-changed", `change appVersion from "4.5.6" to "4.5.7"`, "4.5.6", "4.5.7"},
		{"keys-reordered", "swap lines 27 to 27 (imagePullPolicy) and 28 to 28 (command)", "          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}\n          command: [run, now]\n", "          command: [run, now]\n          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}\n"},
		{"values-reordered", "swap lines 2 to 2 (replicas) and 4 to 7 (image)", "replicas: 1\n\nimage:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\nservice", "image:\n  repository: example\n  tag: \"1.0\"\n  pullPolicy: IfNotPresent\n\nreplicas: 1\nservice"},
		{"elements-reordered", "swap lines 32 to 33 (name) and 34 to 37 (name)", "            - name: SECOND\n              value: \"two\"\n            {{- if .Values.third }}\n            - name: THIRD\n              value: $(FIRST)\n            {{- end }}\n", "            {{- if .Values.third }}\n            - name: THIRD\n              value: $(FIRST)\n            {{- end }}\n            - name: SECOND\n              value: \"two\"\n"},
		{"quotes-changed", `write "two" as 'two'`, `"two"`, `'two'`},
		{"quotes-changed", `write one as "one"`, "value: one", `value: "one"`},
		{"quotes-changed", "write \"IfNotPresent\" as `IfNotPresent`", `"IfNotPresent"`, "`IfNotPresent`"},
		{"flow-changed", "write command as a block", "command: [run, now]", "command:\n            - run\n            - now"},
		{"list-indent-changed", "shift the list volumes, lines 51 to 55, by -2", "        - name: config\n          configMap:\n            name: {{ $name }}\n        - name: data\n          emptyDir: {}\n", "      - name: config\n        configMap:\n          name: {{ $name }}\n      - name: data\n        emptyDir: {}\n"},
		{"blank-line-changed", "add a blank line before replicas", "  replicas: {{", "\n  replicas: {{"},
		{"whitespace-changed", "remove the left trim marker of {{- end }}", "            {{- end }}\n          ports", "            {{ end }}\n          ports"},
		{"condition-doubled", "invert the condition .Values.third twice", "if .Values.third }}", "if not (not (.Values.third)) }}"},
		{"variable-renamed", "rename the variable $name to $nameRenamed in all of the file", "$name", "$nameRenamed"},
		{"helper-renamed", "rename the helper sample.name to sample.nameRenamed in all files", `"sample.name"`, `"sample.nameRenamed"`},
		{"default-turned", `write ".Values.replicas | default 1" as "default 1 .Values.replicas"`, ".Values.replicas | default 1", "default 1 .Values.replicas"},
		{"comment-added", "add a comment before replicas", "  replicas: {{", "  # Mutated\n  replicas: {{"},
		{"comment-added", "add a template comment before replicas", "  replicas: {{", "  {{- /* Mutated */}}\n  replicas: {{"},
		{"comment-removed", "remove the comment", "  # How many there are.\n", ""},
		{"comment-removed", "remove the template comment", "{{/* The name of all. */}}\n", ""},
		{"text-changed", "change the line", "Thanks", "Mutated Thanks"},
		{"value-added", "add the value mutated before service.port", "  port: 80", "  mutated: mutated\n  port: 80"},
	} {
		t.Run(c.kind+"/"+c.what, func(t *testing.T) {
			k := kindNamed(t, c.kind)
			var outcomes []string
			for _, m := range Find(sample(), []Kind{k})[c.kind] {
				if m.What != c.what {
					continue
				}
				before, after := textOf(t, sample(), m.File), textOf(t, m.Apply(sample()), m.File)
				if !strings.Contains(before, c.old) {
					continue
				}
				outcomes = append(outcomes, after)
				if c.new == "" && !strings.Contains(after, c.old) || c.new != "" && strings.Contains(after, c.new) {
					return
				}
			}
			t.Errorf("nothing makes %q of %q, but:\n%s", c.new, c.old, strings.Join(outcomes, "\n---\n"))
		})
	}
}

func kindNamed(t *testing.T, name string) Kind {
	t.Helper()
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return Kind{}
}

// Files go, and come, and get other names.
func TestKindsOfFiles(t *testing.T) {
	for kind, want := range map[string]struct{ gone, come string }{
		"template-removed": {"templates/service.yaml", ""},
		"template-renamed": {"templates/service.yaml", "templates/service-renamed.yaml"},
		"object-added":     {"", "templates/mutated-service.yaml"},
	} {
		ok := false
		for _, m := range Find(sample(), []Kind{kindNamed(t, kind)})[kind] {
			names := map[string]bool{}
			for _, f := range m.Apply(sample()) {
				names[f.Name] = true
			}
			ok = ok || !names[want.gone] && (want.come == "" || names[want.come])
		}
		if !ok {
			t.Errorf("%s: no mutation takes %q and gives %q", kind, want.gone, want.come)
		}
	}
}

// What is meant to be neutral is; what is meant to change something does so at
// least once.
func TestKindsMean(t *testing.T) {
	truth := sampleTruth(t)
	for _, k := range Kinds() {
		mutations := Find(sample(), []Kind{k})[k.Name]
		if len(mutations) == 0 {
			t.Errorf("%s: no mutation of the sample", k.Name)
		}
		changed := 0
		for _, m := range mutations {
			e, err := truth.effect(t.Context(), m.Apply(sample()))
			if err != nil {
				t.Fatal(err)
			}
			if e.broken || len(e.changed) == 0 {
				continue
			}
			changed++
			if k.Neutral {
				t.Errorf("%s %s:%d: %s: %s", k.Name, m.File, m.Line, m.What, e.first)
			}
		}
		if !k.Neutral && changed == 0 {
			t.Errorf("%s: nothing changes by any of %d mutations", k.Name, len(mutations))
		}
	}
}

// Every mutation changes something in a file, and leaves templates that parse.
func TestMutationsParse(t *testing.T) {
	before := map[string]string{}
	for _, f := range sample() {
		before[f.Name] = string(f.Data)
	}
	for _, mutations := range Find(sample(), Kinds()) {
		for _, m := range mutations {
			after := m.Apply(sample())
			differs := len(after) != len(before)
			for _, f := range after {
				text, there := before[f.Name]
				differs = differs || !there || text != string(f.Data)
				if isTemplate(f.Name) && !parses(string(f.Data)) {
					t.Errorf("%s: %s does not parse:\n%s", m.What, f.Name, f.Data)
				}
			}
			if !differs {
				t.Errorf("%s %s: %s: changes no file", m.Kind, m.File, m.What)
			}
		}
	}
}

func TestFinderRefusesWhatDoesNotParse(t *testing.T) {
	f := &finder{kind: "any"}
	const first, second = "a: {{ $x := 1 }}\n", "b: {{ $x }}\n"
	template := read("templates/a.yaml", first+second)
	f.add(template, 0, "remove the variable", edit{0, len(first), ""})
	f.add(template, 0, "remove its use", edit{len(first), len(first + second), ""})
	if len(f.found) != 1 || f.found[0].What != "remove its use" {
		t.Errorf("%+v", f.found)
	}
}

// Every mutation says where it is and what it does, and no two have one ID.
func TestMutationsCanBeRedone(t *testing.T) {
	seen := map[string]Mutation{}
	for _, mutations := range Find(sample(), Kinds()) {
		for _, m := range mutations {
			if m.ID == "" || m.File == "" || m.What == "" {
				t.Errorf("%+v lacks something", m)
			}
			if other, twice := seen[m.ID]; twice && other.result(sample()) != m.result(sample()) {
				t.Errorf("%s is %+v and %+v", m.ID, other, m)
			}
			seen[m.ID] = m
		}
	}
}
