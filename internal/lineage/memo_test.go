package lineage

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// tricky are charts whose templates depend on more than the values that they name.
var tricky = map[string]string{
	"file in file": `
-- templates/a.yaml --
kind: A
metadata: {annotations: {sum: {{ include (print $.Template.BasePath "/b.yaml") . | quote }}}}
-- templates/b.yaml --
kind: B
spec: {b: {{ .Values.b.c }}}
`,
	"changed values": `
-- templates/a.yaml --
{{ $_ := set .Values "a" .Values.b.c }}
-- templates/b.yaml --
kind: B
spec: {a: {{ .Values.a }}}
`,
	"text out of the values": `
-- templates/a.yaml --
kind: A
spec: {text: {{ tpl .Values.text . | quote }}, list: {{ len .Values.list }}, keys: {{ keys .Values.b | join "-" }}}
`,
	"a loop": `
-- templates/a.yaml --
kind: A
spec:
{{- $last := "" }}
{{- range list 1 2 }}
  f{{ . }}: {{ $last | quote }}
{{- $last = $.Values.a }}
{{- end }}
{{- range $k, $v := .Values.b }}
  {{ $k }}: {{ if $v }}{{ toJson $v }}{{ end }}
{{- end }}
`,
	"values over a file of defaults": `
-- defaults.yaml --
a: default
b: {d: default}
-- templates/_defaults.tpl --
{{- define "demo.defaults" }}
{{- if not (hasKey . "HasDefaults") }}
{{- $values := .Files.Get "defaults.yaml" | fromYaml }}
{{- include "demo.overlay" (list $values .Values) }}
{{- $_ := set . "Values" $values }}
{{- $_ := set . "HasDefaults" true }}
{{- end }}
{{- end }}
-- templates/_helpers.tpl --
{{- define "demo.overlay" }}
{{- $base := first . }}
{{- range $key, $value := last . }}
{{- $_ := set $base $key $value }}
{{- end }}
{{- end }}
-- templates/a.yaml --
{{ include "demo.defaults" . -}}
kind: A
spec: {a: {{ .Values.a }}}
-- templates/b.yaml --
{{ include "demo.defaults" . -}}
kind: B
spec: {list: {{ .Values.list | toJson }}}
`,
	"a chart below": `
-- charts/sub/Chart.yaml --
apiVersion: v2
name: sub
version: 1.0.0
-- charts/sub/values.yaml --
x: 1
-- charts/sub/templates/a.yaml --
kind: Sub
spec: {x: {{ .Values.x }}, g: {{ .Values.global.g }}}
-- templates/a.yaml --
kind: A
spec: {x: {{ .Subcharts.sub.Values.x }}, a: {{ .Values.a }}}
`,
}

const trickyValues = `
a: one
b: {c: two, d: three}
list: [x]
text: "{{ .Values.a }}-{{ .Values.b.d }}"
sub: {x: 2}
global: {g: 3}
`

func trickyChart(t *testing.T, archive string) *helmchart.Chart {
	t.Helper()
	files := []helmchart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: demo\nversion: 1.2.3\n")},
		{Name: "values.yaml", Data: []byte(trickyValues)},
	}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		files = append(files, helmchart.File{Name: f.Name, Data: f.Data})
	}
	c, err := helmchart.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Rendering what has changed alone gives what rendering everything does.
func TestMemoRendersWhatHelmDoes(t *testing.T) {
	for name, archive := range tricky {
		t.Run(name, func(t *testing.T) { compareRenders(t, trickyChart(t, archive).Bare(), 60) })
	}
	dirs, err := filepath.Glob("../scaffolding/testdata/golden/*/Chart.yaml")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no charts", err)
	}
	for _, file := range dirs {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			c, err := helmchart.Load(filepath.Dir(file))
			if err != nil {
				t.Fatal(err)
			}
			compareRenders(t, c.Bare(), 40)
		})
	}
}

// compareRenders renders a chart under values that change at random, with what is known of it and without.
func compareRenders(t *testing.T, c *helmchart.Chart, rounds int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	release := helmchart.Release{SkipSchema: true, Lenient: true}
	known := NewMemo(takeFile)
	values := c.Values()
	paths := leaves(values)
	for range rounds {
		changed := values
		for range 1 + random.IntN(2) {
			p := paths[random.IntN(len(paths))]
			others := []any{"zqother", true, 7, nil, map[string]any{"k": "v"}, []any{"e"}, "{{ .Release.Name }}"}
			changed = with(changed, change{path: p, values: []any{others[random.IntN(len(others))]}})
		}
		got, gotErr := known.Render(context.Background(), c, changed, release)
		all, allErr := c.Render(context.Background(), changed, release)
		if (gotErr == nil) != (allErr == nil) {
			t.Fatalf("%v: errors %v and %v", helmchart.Difference(values, changed), gotErr, allErr)
		}
		if allErr != nil {
			continue
		}
		if diff := cmp.Diff(textsOf(take(all)), textsOf(join(got))); diff != "" {
			t.Fatalf("%v (-all +changed):\n%s", helmchart.Difference(values, changed), diff)
		}
		if random.IntN(4) == 0 {
			values = changed
			paths = leaves(values)
		}
	}
}

func textsOf(s *snapshot) map[string]string {
	out := map[string]string{}
	for name, r := range s.files {
		if strings.TrimSpace(r.text) != "" {
			out[name] = r.text
		}
	}
	return out
}

// A change of one value renders the templates that read it, and no others.
func TestMemoRendersLittle(t *testing.T) {
	in := inputsOf([]helmchart.Template{
		{File: helmchart.File{Name: "templates/a.yaml", Data: []byte(`{{ include "x" .Values.b }}`)}},
		{File: helmchart.File{Name: "templates/b.yaml", Data: []byte(`{{ .Values.c }}`)}},
		{File: helmchart.File{Name: "templates/_x.tpl", Data: []byte(`{{ define "x" }}{{ .d }}{{ end }}`)}},
	}, nil)
	digest := func(file string, p yamldoc.Path) [32]byte {
		values := map[string]any{"b": map[string]any{"d": 1, "e": 1}, "c": 1}
		yamldoc.Set(values, p, 2)
		return in[file].digest(file, values)
	}
	a, b := "templates/a.yaml", "templates/b.yaml"
	none := yamldoc.Path{"none"}
	for _, test := range []struct {
		file    string
		path    yamldoc.Path
		changes bool
	}{
		{a, yamldoc.Path{"b", "d"}, true}, {a, yamldoc.Path{"b", "e"}, false}, {a, yamldoc.Path{"c"}, false},
		{b, yamldoc.Path{"b", "d"}, false}, {b, yamldoc.Path{"c"}, true},
	} {
		if changes := digest(test.file, test.path) != digest(test.file, none); changes != test.changes {
			t.Errorf("%s changes %s: %t", test.path, test.file, changes)
		}
	}
	if !in[a].needs["templates/_x.tpl"] || in[b].needs["templates/_x.tpl"] {
		t.Errorf("needs %v and %v", in[a].needs, in[b].needs)
	}
}
