package branches

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// chartOf is a chart with one template.
func chartOf(t testing.TB, values, template string) *helmchart.Chart {
	t.Helper()
	chart, err := helmchart.LoadFiles([]helmchart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.2.3\n")},
		{Name: "values.yaml", Data: []byte(values)},
		{Name: "templates/a.yaml", Data: []byte(template)},
		{Name: "templates/_b.tpl", Data: []byte(`{{ define "b" }}{{ if .deep }}deep{{ else }}flat{{ end }}{{ end }}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

func open(t testing.TB, chart *helmchart.Chart) *Chart {
	t.Helper()
	c, err := Of(chart)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func release(w factsheet.Scenario) helmchart.Release {
	return helmchart.Release{
		Name: "rel", KubeVersion: cmp.Or(w.KubeVersion, "1.34.0"), Upgrade: w.Upgrade,
		APIVersions: append(w.APIs, "there/v1"), WithoutAPIs: w.WithoutAPIs,
	}
}

// texts of a template with all that can be marked.
const everything = `{{- /* a comment */ -}}
a: {{ "{{" }}{ {{- if .Values.a }}1{{ else if eq .Values.b "x" -}} 2 {{- else }}3{{ end }} }
{{- with $x := .Values.m }}
b: {{ $x.k | default "none" }} {{ $.Values.none | default (print "a" "b") | quote }}
{{- else with .Values.b }}
b: {{ . }}
{{- end }}
{{- range $i, $e := .Values.l }}{{ if eq $i 1 }}{{ continue }}{{ end }}
c{{ $i }}: {{ $e }}{{ if gt $i 1 }}{{ break }}{{ end }}
{{- else }}
c: nothing
{{- end }}
{{- $y := ternary "yes" "no" .Values.a }}
{{- $y = .Values.a | ternary (print $y "1") $y }}
d: {{ $y }} {{ ternary 1 2 (and .Values.a (not .Values.b)) }} {{ or .Values.none .Values.b "z" }}
e: {{ include "b" (dict "deep" .Values.a) }} {{ template "b" .Values.m }}
f: {{ tpl .Values.t . }} {{ (index .Values.l 0) }} {{ required "t is needed" .Values.t }} {{ .Values.m.k | required "k" }}
g: {{ if and .Values.a (or (eq .Values.b "x") (not (has .Values.b .Values.l))) .Values.m }}1{{ end }}{{ if $z := .Values.b }}{{ $z }}{{ end }}
h: {{ (lookup "v1" "Pod" "" "").items | default "none" }} {{ lookup "v1" "Pod" "x" "y" | toJson }}
{{- define "own" }}{{ if . }}own{{ end }}{{ end }}
i: {{ include "own" 1 }}{{ block "inline" .Values.a }}{{ if . }}x{{ end }}{{ end }}
`

// A marked template renders the same.
func TestMarkedRendersTheSame(t *testing.T) {
	for _, values := range []string{
		"{a: true, b: x, m: {k: v}, l: [1, 2, 3, 4], t: '{{ .Release.Name }}', none: null}",
		"{a: false, b: '', m: {}, l: [x], t: plain}",
		"{a: false, b: x, m: {k: ''}, l: [x], t: plain}",
		"{a: 1, b: y, m: {k: 0}, l: [], t: ''}", // refused
	} {
		chart := chartOf(t, values, everything)
		want, wantErr := chart.Render(t.Context(), nil, helmchart.Release{})
		got, _, err := open(t, chart).Render(t.Context(), nil, helmchart.Release{})
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || textOf(got) != textOf(want) {
			t.Errorf("%s: %v, %v\n%s\nexpected\n%s", values, err, wantErr, textOf(got), textOf(want))
		}
	}
}

func textOf(files []helmchart.File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "# %s\n%s\n", f.Name, f.Data)
	}
	return b.String()
}

// What was not seen is told with its place, its condition and what has not happened.
func TestCoverage(t *testing.T) {
	const template = "a: {{ if .Values.a }}1{{ end }}\nb: {{ .Values.b | default 2 }}\n" +
		"c: {{ range .Values.c }}{{ . }}{{ end }}\nd: {{ if or .Values.a (eq .Values.d \"x\") }}3{{ end }}\n" +
		"e: {{ tpl .Values.d . }}\nf: {{ required \"f\" .Values.d }}\ng: {{ has .Values.d (list \"x\" \"y\") }}\n"
	c := open(t, chartOf(t, "{a: true, b: '', c: [1], d: z}", template))
	_, seen, err := c.Render(t.Context(), nil, helmchart.Release{})
	if err != nil {
		t.Fatal(err)
	}
	coverage := c.Coverage(seen, factsheet.Upstream{
		Untried: []factsheet.Untried{{Key: "c", Why: "there is always one"}},
		Unreached: []factsheet.Unreached{
			{Template: "templates/a.yaml", Condition: ".Values.a", What: "never false", Why: "it is on"},
		},
	})
	var got []string
	for _, m := range coverage.Missed {
		if m.Template == "templates/a.yaml" {
			got = append(got, fmt.Sprintf("%d %s %s", m.Line, m.Condition, m.What))
		}
	}
	want := []string{
		"1 .Values.a never false",
		"2 .Values.b never set",
		"3 .Values.c never empty",
		`4 or .Values.a (eq .Values.d "x") never false`, "4 .Values.a never false",
		`4 eq .Values.d "x" never true`, `4 eq .Values.d "x" never false`,
		"5 .Values.d never a template",
		"6 .Values.d never missing",
		"2 .Values.b never set",
		`4 .Values.d = "x" never so`, `4 .Values.d = "y" never so`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nexpected\n%q", got, want)
	}
	for _, m := range coverage.Missed {
		want := map[string]string{".Values.a": "it is on", ".Values.c": "there is always one"}[m.Condition]
		if want != "" && m.Why != want {
			t.Errorf("%+v", m)
		}
	}
	if coverage.Branches-coverage.Reached != len(coverage.Missed) {
		t.Errorf("%d of %d, %d missed", coverage.Reached, coverage.Branches, len(coverage.Missed))
	}
}

// searchCases are templates of which the defaults take one side, with what has to be found.
var searchCases = map[string]struct{ values, template, want string }{
	"a literal":             {"{a: x}", `a: {{ if eq .Values.a "azure" }}found{{ end }}`, "found"},
	"a literal by variable": {"{a: {b: x}}", `{{ $v := .Values.a }}a: {{ if $v.b | eq "azure" }}found{{ end }}`, "found"},
	"an element of a list":  {"{a: x}", `a: {{ if has .Values.a (list "y" "azure") }}{{ .Values.a }}{{ end }}`, "azure"},
	"a key of a map":        {"{a: x}", `a: {{ get (dict "y" "no" "azure" "found") .Values.a }}`, "found"},
	"an undeclared key":     {"{a: {}}", `a: {{ .Values.a.b }}`, "sample"},
	"dig":                   {"{a: {}}", `a: {{ dig "b" "c" "" .Values.a }}`, "sample"},
	"index and get":         {"{a: {}}", `a: {{ index .Values.a "b" }}{{ get .Values "c" }}`, "sample"},
	"hasKey":                {"{a: {}}", `a: {{ if hasKey .Values.a "b" }}found{{ end }}`, "found"},
	"a threshold":           {"{a: 1}", `a: {{ if gt (int .Values.a) 9 }}found{{ end }}`, "found"},
	"below a threshold":     {"{a: 20}", `a: {{ if lt (.Values.a | int) 9 }}found{{ end }}`, "found"},
	"include":               {"{a: false}", `a: {{ if include "b" (dict "deep" .Values.a) | eq "deep" }}found{{ end }}`, "found"},
	"a range":               {"{a: [{b: x}]}", `a: {{ range .Values.a }}{{ if eq .b "azure" }}found{{ end }}{{ end }}`, "found"},
	"an upgrade":            {"{}", `a: {{ if .Release.IsUpgrade }}found{{ end }}`, "found"},
	"a version":             {"{}", `a: {{ if semverCompare "<1.30-0" .Capabilities.KubeVersion.Version }}found{{ end }}`, "found"},
	"an API":                {"{}", `a: {{ if .Capabilities.APIVersions.Has "new/v1" }}found{{ end }}`, "found"},
	"no API":                {"{}", `a: {{ if not (.Capabilities.APIVersions.Has "there/v1") }}found{{ end }}`, "found"},
	"tpl":                   {"{a: x}", `a: {{ tpl .Values.a . }}`, "from-rel"},
	"one within another": {"{a: x, b: 1}",
		`a: {{ if eq .Values.a "azure" }}{{ if gt (int .Values.b) 9 }}found{{ end }}{{ end }}`, "found"},
	"two at once": {"{a: x, b: 1}", `a: {{ if and (eq .Values.a "azure") (ge (int .Values.b) 9) }}found{{ end }}`, "found"},
	"ternary":     {"{a: x}", `a: {{ ternary "found" "" (eq .Values.a "azure") }}`, "found"},
	"a refusal":   {"{a: 1}", `a: {{ if gt (int .Values.a) 9 }}{{ fail "too many" }}{{ end }}`, "too many"},
	"required":    {"{a: x}", `a: {{ required "a is needed" .Values.a }}`, "a is needed"},
}

func TestSearch(t *testing.T) {
	for name, c := range searchCases {
		chart := open(t, chartOf(t, c.values, c.template))
		_, seen, err := chart.Render(t.Context(), nil, release(factsheet.Scenario{}))
		if err != nil {
			t.Fatal(err)
		}
		made := chart.Search(t.Context(), Options{
			Scenarios: []factsheet.Scenario{{Name: "defaults"}}, Seen: []Seen{seen}, Release: release,
		})
		isFound := slices.ContainsFunc(made, func(m Made) bool {
			files, _, err := chart.Render(t.Context(), m.Values, release(m.Scenario))
			return strings.Contains(textOf(files)+fmt.Sprint(err), c.want) && m.Base == 0 && m.About != ""
		})
		if !isFound {
			t.Errorf("%s: nothing gives %s: %+v", name, c.want, made)
		}
	}
}

// What fits together is one scenario, what is known is not looked for, and what a search may not try it does not.
func TestSearchMakesFewScenarios(t *testing.T) {
	const template = `a: {{ if eq .Values.a "x" }}1{{ end }}{{ if eq .Values.b "x" }}2{{ end }}{{ if eq .Values.c "x" }}3{{ end }}`
	chart := open(t, chartOf(t, "{a: '', b: '', c: ''}", template))
	_, seen, err := chart.Render(t.Context(), nil, helmchart.Release{})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Scenarios: []factsheet.Scenario{{Name: "defaults"}}, Seen: []Seen{seen}, Release: release}
	if made := chart.Search(t.Context(), o); len(made) != 1 || len(made[0].Keys) != 3 {
		t.Errorf("three conditions that have nothing to do with each other make %+v", made)
	}
	o.Facts.Untried = []factsheet.Untried{{Key: "a", Value: "x"}}
	o.Facts.Unreached = []factsheet.Unreached{
		{Template: "templates/a.yaml", Condition: `eq .Values.b "x"`, What: "never true"},
	}
	for _, m := range chart.Search(t.Context(), o) {
		if m.Values["a"] == "x" || strings.Contains(m.About, `eq .Values.b "x"`) {
			t.Errorf("made %+v", m)
		}
	}
	o.Known = chart.chart
	if made := chart.Search(t.Context(), o); len(made) > 0 {
		t.Errorf("of what is known: %+v", made)
	}
}

func TestTemplateThatDoesNotParse(t *testing.T) {
	if _, err := Of(chartOf(t, "", "{{ if }}")); err == nil || !strings.Contains(err.Error(), "read the branches") {
		t.Errorf("no error: %v", err)
	}
}

// Whatever can be rendered renders the same with marks.
func FuzzMark(f *testing.F) {
	f.Add(everything)
	for _, c := range searchCases {
		f.Add(c.template)
	}
	f.Add("{{{ .Values.a }}}")
	f.Add("{ {{- /* a */ -}} { {{- .Values.a }}")
	const values = "{a: true, b: x, m: {k: v}, l: [1, 2, 3], t: '{{ .Release.Name }}'}"
	f.Fuzz(func(t *testing.T, template string) {
		isOut := func(word string) bool { return strings.Contains(template, word) }
		if len(template) > 2000 || slices.ContainsFunc([]string{"rand", "gen", "now", "until", "repeat"}, isOut) {
			return // what differs each time, or takes long
		}
		chart := chartOf(t, values, template)
		want, wantErr := chart.Render(t.Context(), nil, helmchart.Release{})
		if strings.Contains(textOf(want), "0x") {
			return // an address
		}
		c, err := Of(chart)
		if err != nil {
			if wantErr == nil {
				t.Fatalf("it renders, and is not read: %v", err)
			}
			return
		}
		trace := func(name, text string) map[string]any { return c.note(make(Seen, len(c.Branches)), name, text) }
		marked, err := c.marked.Render(t.Context(), nil, helmchart.Release{Trace: trace})
		if wantErr == nil && (err != nil || textOf(marked) != textOf(want)) {
			t.Fatalf("%v\n%s\nexpected\n%s", err, textOf(marked), textOf(want))
		}
	})
}
