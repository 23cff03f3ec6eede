package lineage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// chart makes a chart of a name and alternating file names and texts.
func chart(t testing.TB, values string, templates ...string) *helmchart.Chart {
	t.Helper()
	files := []helmchart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: demo\nversion: 1.2.3\nappVersion: \"4.5\"\n")},
		{Name: "values.yaml", Data: []byte(values)},
	}
	for i := 0; i+1 < len(templates); i += 2 {
		files = append(files, helmchart.File{Name: "templates/" + templates[i], Data: []byte(templates[i+1])})
	}
	c, err := helmchart.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func run(t testing.TB, c *helmchart.Chart, o Options) *Result {
	t.Helper()
	r, err := Run(context.Background(), c, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reported words what each key reaches: "KEY: EFFECT Kind field".
func reported(r *Result) []string {
	var out []string
	for _, f := range r.Findings {
		var reaches []string
		for _, reach := range f.Reaches {
			text := string(reach.Effect) + " " + reach.Object.Kind
			if len(reach.Field) > 0 {
				text += " " + strings.Join(reach.Field, ".")
			}
			if reach.Effect == Inside {
				text += fmt.Sprintf(" %q_%q", reach.Before, reach.After)
			}
			if reach.Gone {
				text += " gone"
			}
			reaches = append(reaches, text)
		}
		out = append(out, strings.Join(f.Path, ".")+": "+strings.Join(reaches, "; "))
	}
	return out
}

func expect(t *testing.T, r *Result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, reported(r)); diff != "" {
		t.Errorf("what the values reach (-want +got):\n%s", diff)
	}
}

func TestReachesFields(t *testing.T) {
	for name, test := range map[string]struct {
		values, template string
		want             []string
	}{
		"alone and inside a longer text": {
			"from: nginx\nmark: \"1.27\"\nlisten: 80\n",
			"kind: Pod\nspec: {image: '{{ .Values.from }}:{{ .Values.mark }}', port: {{ .Values.listen }}}\n",
			[]string{
				`from: inside Pod spec.image ""_":zq0002x"`, "listen: direct Pod spec.port",
				`mark: inside Pod spec.image "zq0001x:"_""`,
			},
		},
		"through a variable, a helper, with, range and tpl": {
			"a: one\nb: {c: two}\nlist: [{name: three}]\ntext: '{{ .Values.a }}'\n",
			`{{ define "demo.b" }}{{ .c }}{{ end }}{{ $a := .Values.a }}
kind: Pod
spec:
  a: {{ $a }}
  b: {{ include "demo.b" .Values.b }}
  {{- range .Values.list }}
  r: {{ .name }}
  {{- end }}
  {{- with .Values.b }}
  w: {{ .c }}
  {{- end }}
  t: {{ tpl .Values.text . }}
`,
			[]string{
				"a: direct Pod spec.a", "b.c: direct Pod spec.b; direct Pod spec.w",
				"list.[0].name: direct Pod spec.r", "text: direct Pod spec.t",
			},
		},
		"switches that are off, and what they hide": {
			"route: {shown: false, host: a.example}\n",
			"{{ if .Values.route.shown }}\nkind: Ingress\nspec: {host: {{ .Values.route.host }}}\n{{ end }}\n",
			[]string{"route.host: direct Ingress spec.host", "route.shown: switch Ingress gone"},
		},
		"lists and maps without entries": {
			"labels: {}\npull: []\nhosts: []\nnothing:\n",
			`kind: Pod
metadata: {labels: {{ toJson .Values.labels }}}
spec:
  pull: {{ toJson .Values.pull }}
  {{- range .Values.hosts }}
  host: {{ .host }}
  {{- end }}
  class: {{ .Values.nothing }}
`,
			[]string{
				"hosts.[0].host: direct Pod spec.host", "labels.zqkey: direct Pod metadata.labels.zqkey",
				"nothing: direct Pod spec.class", "pull.[0]: direct Pod spec.pull.[0]",
			},
		},
		"keys that are read and not declared": {
			"disk: {size: 1Gi}\n",
			"kind: Claim\nspec: {size: {{ .Values.disk.size }}, class: {{ .Values.disk.class }}}\n",
			[]string{"disk.class: direct Claim spec.class", "disk.size: direct Claim spec.size"},
		},
		"a text that selects a branch": {
			"mode: plain\ncert: x\n",
			"kind: Pod\nspec:\n  mode: {{ .Values.mode }}\n" +
				"{{ if eq .Values.mode \"tls\" }}  cert: {{ .Values.cert }}\n{{ end }}",
			[]string{"cert: direct Pod spec.cert", "mode: direct Pod spec.mode; switch Pod spec.cert gone"},
		},
		"keys that nothing reads": {
			"used: 1\ndead: 2\n", "kind: Pod\nspec: {used: {{ .Values.used }}}\n",
			[]string{"dead: ", "used: direct Pod spec.used"},
		},
		"the API versions that a template asks for": {
			"host: a\n",
			"{{ if .Capabilities.APIVersions.Has \"traefik.io/v1alpha1\" }}\n" +
				"kind: IngressRoute\nspec: {match: {{ .Values.host }}}\n{{ end }}",
			[]string{"host: direct IngressRoute spec.match"},
		},
		"what a sample hides": {
			"existing: \"\"\nsize:\n",
			"kind: Pod\nspec: {claim: {{ .Values.existing | default \"made\" }}}\n---\n" +
				"{{ if and .Values.size (not .Values.existing) }}\n" +
				"kind: Claim\nspec: {size: {{ .Values.size }}}\n{{ end }}",
			[]string{"existing: direct Pod spec.claim", "size: direct Claim spec.size"},
		},
		"what is switched on in the place of something else": {
			"replicas: 1\nscale: {active: false, least: 2}\n",
			"kind: Pod\nspec: {a: b{{ if not .Values.scale.active }}" +
				", replicas: {{ .Values.replicas }}{{ end }}}\n---\n" +
				"{{ if .Values.scale.active }}\nkind: Scaler\nspec: {least: {{ .Values.scale.least }}}\n{{ end }}",
			[]string{
				"replicas: direct Pod spec.replicas", "scale.active: switch Pod spec.replicas gone; switch Scaler",
				"scale.least: direct Scaler spec.least",
			},
		},
		"an empty map that is printed as a list": {
			"env: {}\n", "kind: Pod\nspec:\n  env:\n    - name: A\n" +
				"{{ with .Values.env }}{{ toYaml . | indent 4 }}{{ end }}\n",
			[]string{"env.[0].name: direct Pod spec.env.[1].name", "env.[0].value: direct Pod spec.env.[1].value"},
		},
		"a Secret's data in clear": {
			"password: x\n", "kind: Secret\ndata: {password: {{ .Values.password | b64enc }}}\n",
			[]string{"password: direct Secret data.password"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, run(t, chart(t, test.values, "all.yaml", test.template), Options{Parallel: 1}), test.want...)
		})
	}
}

// What changes without being changed is no effect of a value, nor is a hash of
// all that was rendered.
func TestMasksWhatDiffersByItself(t *testing.T) {
	r := run(t, chart(t, "a: x\n", "all.yaml", `kind: Pod
metadata:
  annotations:
    checksum/all: {{ toJson .Values | sha256sum }}
    random: {{ randAlphaNum 12 }}
spec: {a: {{ .Values.a }}}
`), Options{})
	expect(t, r, "a: direct Pod spec.a")
}

// A key that ends a group's render is found, and the others with it.
func TestSplitsGroupsThatFail(t *testing.T) {
	var values, template strings.Builder
	template.WriteString("kind: Pod\nspec:\n")
	for i := range 40 {
		fmt.Fprintf(&values, "k%02d: v\n", i)
		fmt.Fprintf(&template, "  f%02d: {{ .Values.k%02d }}\n", i, i)
	}
	values.WriteString("strict: a\n")
	template.WriteString("  {{ if not (has .Values.strict (list \"a\" \"b\")) }}{{ fail \"no\" }}{{ end }}\n" +
		"  strict: {{ .Values.strict }}\n")
	r := run(t, chart(t, values.String(), "all.yaml", template.String()), Options{})
	for _, f := range r.Findings {
		if f.Path[0] != "strict" && (len(f.Reaches) != 1 || f.Reaches[0].Effect != Direct) {
			t.Errorf("%s reaches %v", f.Path[0], f.Reaches)
		}
	}
	if r.Renders > 60 {
		t.Errorf("%d renders for 41 keys", r.Renders)
	}
}

func TestRendersWithWhatIsRequired(t *testing.T) {
	r := run(t, chart(t, "a: {}\n", "all.yaml", `kind: Pod
spec:
  host: {{ required "set host" .Values.host }}
  deep: {{ .Values.b.c.d }}
`), Options{})
	if !r.Required {
		t.Error("not marked as a chart that requires values")
	}
	if got := reported(r); !slices.Contains(got, "host: direct Pod spec.host") {
		t.Errorf("got %v", got)
	}
}

// A file that is no YAML without what it requires is shown first: else what breaks it could be filled in unnoticed.
func TestShowsFilesThatNeedWhatIsRequired(t *testing.T) {
	r := run(t, chart(t, "a: {}\n", "all.yaml", `kind: Service
spec:
  host: {{ .Values.host }}
---
`, "pod.yaml", `kind: Pod
spec:
  image: {{ printf "notes:%s" (required "set tag" .Values.tag) }}
{{ .Values.further }}
`), Options{})
	if got := reported(r); !slices.Contains(got, `tag: inside Pod spec.image "notes:"_""`) {
		t.Errorf("got %v", got)
	}
}

func TestFailsOnAChartThatNeverRenders(t *testing.T) {
	_, err := Run(context.Background(), chart(t, "", "all.yaml", "kind: Pod\nspec: {{ fromJson 1 }}\n"), nil, Options{})
	if err == nil || !strings.Contains(err.Error(), "all.yaml") {
		t.Errorf("error %v", err)
	}
}

func TestIdentity(t *testing.T) {
	template := `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Values.fullnameOverride | default (ternary .Release.Name
    (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name)) }}-web
  labels:
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
    application: {{ .Values.appName }}
    made-by: {{ .Release.Service }}
    version: {{ .Chart.AppVersion }}
spec:
  selector: {matchLabels: {app: {{ .Values.appName }}, instance: {{ .Release.Name }}}}
  template: {metadata: {labels: {app: {{ .Values.appName }}, instance: {{ .Release.Name }}}}}
`
	r := run(t, chart(t, "appName: whoami\nfullnameOverride: \"\"\n", "web.yaml", template), Options{})
	want := []Identity{{
		Object: Ref{File: "templates/web.yaml", Kind: "Deployment"},
		Name:   "{release}-{name}-web", Contained: "{release}-web",
		Labels: []Label{
			{"helm.sh/chart", "{chart}"}, {"application", "{name}"}, {"made-by", "{service}"}, {"version", "{version}"},
		},
		Selector:  []Label{{"app", "{name}"}, {"instance", "{release}"}},
		PodLabels: []Label{{"app", "{name}"}, {"instance", "{release}"}},
	}}
	if diff := cmp.Diff(want, r.Identity); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
}

func TestKeepsItsBudget(t *testing.T) {
	var values, template strings.Builder
	for i := range 100 {
		fmt.Fprintf(&values, "k%02d: true\n", i)
		fmt.Fprintf(&template, "---\nkind: Pod\nspec: {f: {{ .Values.k%02d }}}\n", i)
	}
	c := chart(t, values.String(), "all.yaml", template.String())
	r := run(t, c, Options{MaxRenders: 20})
	if r.Renders > 40 || !strings.Contains(r.Incomplete, "most that is allowed") {
		t.Errorf("%d renders, %q", r.Renders, r.Incomplete)
	}
	slow := chart(t, values.String(), "all.yaml", template.String()+"{{ range until 1000000 }}{{ end }}")
	started := time.Now()
	// One render has to fit in, also under the race detector; all of them, one after the other, do not.
	r = run(t, slow, Options{Timeout: 3 * time.Second, Parallel: 1})
	if took := time.Since(started); r.Incomplete == "" || took > 10*time.Second {
		t.Errorf("took %s: %q", took, r.Incomplete)
	}
}

func BenchmarkProbe60Keys(b *testing.B) {
	var values, template strings.Builder
	template.WriteString("kind: Pod\nspec:\n")
	for i := range 60 {
		value := []string{"text", "7", "true", "{}", "[]"}[i%5]
		fmt.Fprintf(&values, "k%02d: %s\n", i, value)
		fmt.Fprintf(&template, "  f%02d: {{ toJson .Values.k%02d }}\n", i, i)
	}
	c := chart(b, values.String(), "all.yaml", template.String())
	for b.Loop() {
		r := run(b, c, Options{})
		b.ReportMetric(float64(r.Renders), "renders/op")
	}
}

// An experiment on some keys finds what it finds among all, and tries no others. Where a chart refuses numbers that are
// far away, the next ones are tried.
func TestOnlySomeKeys(t *testing.T) {
	c := chart(t, "a: one\nb: two\nsize: 3\nword: left\n", "c.yaml", `
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: "{{ .Values.a }}", b: "{{ .Values.b }}", size: "{{ .Values.size }}", word: "{{ .Values.word }}"}
{{ if gt (int .Values.size) 4 }}{{ fail "size is 4 at most" }}{{ end }}
{{ if not (has .Values.word (list "left" "right")) }}{{ fail "neither left nor right" }}{{ end }}`)
	got := reported(run(t, c, Options{
		Only: []string{"a", "size", "word"}, Nudge: true, Others: map[string][]any{"word": {"right"}},
	}))
	want := []string{
		"a: direct ConfigMap data.a", "b: ", "size: direct ConfigMap data.size", "word: direct ConfigMap data.word",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
