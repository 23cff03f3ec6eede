package lineage

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func TestReads(t *testing.T) {
	for _, test := range []struct {
		name, template, values string
		undeclared             string // "path path", an open one in brackets
		unread                 string
	}{
		{"field", `{{ .Values.a.b }}`, `{a: {b: 1, c: 2}}`, "", "a.c"},
		{"missing", `{{ .Values.a.x }}{{ .Values.y }}`, `{a: {b: 1}}`, "a.x y", "a.b"},
		{"dollar", `{{ range .Values.l }}{{ $.Values.a }}{{ end }}`, `{a: 1, l: []}`, "", ""},
		{"root in a variable", `{{ $root := . }}{{ with .Values.a }}{{ $root.Values.b }}{{ end }}`,
			`{a: 1, b: 1}`, "", ""},
		{"values in a variable", `{{ $v := .Values }}{{ $v.a }}{{ $v.x }}`, `{a: 1, b: 1}`, "x", "b"},
		{"assigned in a branch", `{{ $v := "" }}{{ if .Values.a }}{{ $v = .Values.b }}{{ end }}{{ $v.c }}`,
			`{a: 1, b: {c: 1, d: 1}}`, "", "b.d"},
		{"with", `{{ with .Values.a }}{{ .b }}{{ else }}{{ .Values.c }}{{ end }}`,
			`{a: {b: 1, d: 1}, c: 1}`, "", "a.d"},
		{"with variable", `{{ with $x := .Values.a }}{{ $x.b }}{{ .z }}{{ end }}`, `{a: {b: 1}}`, "a.z", ""},
		{"if is no reading of what is below", `{{ if .Values.a }}x{{ end }}`, `{a: {b: 1}, c: 1}`, "", "a.b c"},
		{"range over a list", `{{ range .Values.hosts }}{{ .host }}{{ range .paths }}{{ .path }}{{ end }}{{ end }}`,
			`{hosts: [{host: a}], other: []}`, "", "other"},
		{"range over a map", `{{ range $k, $v := .Values.vols }}{{ $k }}{{ $v.size }}{{ end }}`,
			`{vols: {data: {size: 1, mode: x}}}`, "", "vols.data.mode"},
		{"range over a map by its keys", `{{ range $k, $_ := .Values.env }}{{ $k }}{{ end }}`, `{env: {A: 1}}`, "", ""},
		{"index", `{{ index .Values "a" "b-c" }}{{ (index .Values "d").e }}`,
			`{a: {b-c: 1, x: 1}, d: {e: 1}}`, "", "a.x"},
		{"index by an unknown key", `{{ (index .Values.m .Release.Name).x }}`,
			`{m: {one: {x: 1, z: 1}}}`, "", "m.one.z"},
		{"index of an element", `{{ (index .Values.l 0).x }}`, `{l: [{x: 1}]}`, "", ""},
		{"get", `{{ get .Values.a "b" }}{{ get .Values.a "x" }}`, `{a: {b: 1}}`, "a.x", ""},
		{"dig", `{{ dig "a" "b" "none" .Values.AsMap }}{{ dig "q" 1 .Values.a }}`, `{a: {b: 1}}`, "a.q", ""},
		{"hasKey asks, and demands nothing", `{{ if hasKey .Values.a "old" }}{{ fail "gone" }}{{ end }}`,
			`{a: {b: 1}}`, "", "a.b"},
		{"default", `{{ .Values.image.tag | default .Chart.AppVersion }}{{ default "x" .Values.a }}`,
			`{image: {repository: r}, a: 1}`, "image.tag", "image.repository"},
		{"default of another key", `{{ $r := .Values.a.r | default .Values.r }}{{ $r.x }}`,
			`{a: {r: {}}, r: {x: 1, z: 1}}`, "", "r.z"},
		{"whole", `{{ toYaml .Values.a | nindent 2 }}`, `{a: {b: {c: 1}}, d: 1}`, "", "d"},
		{"whole by with", `{{ with .Values.a }}{{ toYaml . }}{{ end }}`, `{a: {b: {c: 1}}, m: {}}`, "", "m"},
		{"keys of a map that is handed on are free",
			`{{ toYaml .Values.config }}{{ .Values.config.port }}{{ .Values.config.rtc.udp }}`,
			`{config: {port: 1}}`, "(config.rtc.udp)", ""},
		{"keys of an empty map are free", `{{ .Values.config.port }}`, `{config: {}}`, "(config.port)", ""},
		{"global is free", `{{ .Values.global.registry }}`, `{}`, "(global.registry)", ""},
		{"unknown function", `{{ frobnicate .Values.a }}`, `{a: {b: 1}}`, "", ""},
		{"merge", `{{ $m := merge (dict) .Values.a .Values.b }}{{ $m.x }}`, `{a: {p: 1}, b: {q: 1}}`, "(a.x)(b.x)", ""},
		{"pick and omit", `{{ pick .Values.a "x" | toYaml }}{{ omit .Values.b "y" | toYaml }}`,
			`{a: {x: 1, z: 1}, b: {y: 1}}`, "", "a.z"},
		{"pipeline", `{{ .Values.a | quote | upper }}{{ (.Values.b).c }}`, `{a: 1, b: {c: 1, d: 1}}`, "", "b.d"},
		{"ternary", `{{ ternary .Values.a .Values.b .Values.c }}`, `{a: 1, b: 1, c: 1}`, "", ""},
		{"required", `{{ (required "needed" .Values.a).b }}`, `{a: {b: 1, c: 1}}`, "", "a.c"},
		{"everything", `{{ toYaml .Values }}`, `{a: 1}`, "", ""},
		{"key with a dot", `{{ index .Values.a "x.y/z" }}`, `{a: {x.y/z: 1, x.q: 2}}`, "", `a."x.q"`},

		{"include with dot", `{{ include "h" . }}{{ define "h" }}{{ .Values.a }}{{ end }}`, `{a: 1, b: 1}`, "", "b"},
		{"template with dot", `{{ template "h" $ }}{{ define "h" }}{{ .Values.a }}{{ end }}`, `{a: 1}`, "", ""},
		{"define that nobody includes", `{{ define "h" }}{{ .Values.a }}{{ .Values.x }}{{ end }}`, `{a: 1}`, "", "a"},
		{"include with a part", `{{ include "h" .Values.a }}{{ define "h" }}{{ .b }}{{ .x }}{{ end }}`,
			`{a: {b: 1, c: 1}}`, "a.x", "a.c"},
		{"include with a dict",
			`{{ include "h" (dict "root" . "part" .Values.p) }}{{ define "h" }}{{ .root.Values.a }}{{ .part.q }}` +
				`{{ end }}`,
			`{a: 1, p: {q: 1, r: 1}}`, "", "p.r"},
		{"include with a list",
			`{{ include "h" (list . .Values.p "x") }}{{ define "h" }}{{ $root := first . }}{{ $root.Values.a }}` +
				`{{ (index . 1).q }}{{ last . }}{{ end }}`,
			`{a: 1, p: {q: 1, r: 1}}`, "", "p.r"},
		{"include twice with different parts",
			`{{ include "h" .Values.a }}{{ include "h" .Values.b }}{{ define "h" }}{{ .x }}{{ end }}`,
			`{a: {x: 1}, b: {x: 1}}`, "", ""},
		{"include of a name that is put together",
			`{{ include (printf "h.%s" .Release.Name) . }}{{ define "h.a" }}{{ .Values.a }}{{ end }}`,
			`{a: 1, b: 1}`, "", "b"},
		{"checksum of another file", `{{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}`,
			`{a: 1}`, "", "a"},
		{"include of what is not there", `{{ include "common.all" . }}`, `{a: 1}`, "", ""},
		{"include of what is not there with a part", `{{ include "common.some" .Values.a }}`,
			`{a: {b: 1}, c: 1}`, "", "c"},
		{"recursion",
			`{{ include "h" .Values.a }}{{ define "h" }}{{ .v }}{{ with .next }}{{ include "h" . }}{{ end }}{{ end }}`,
			`{a: {v: 1, next: {v: 1, u: 1}}}`, "a.next.next", "a.next.u"},
		{"result as YAML",
			`{{ $c := include "h" . | fromYaml }}{{ $c.x }}{{ define "h" }}{{ toYaml .Values.a }}{{ end }}`,
			`{a: {b: 1}}`, "", ""},
		{"tpl of a value", `{{ tpl .Values.a . }}`, `{a: "x", b: 1}`, "", "b"},
		{"tpl of a text", "{{ tpl `{{ .Values.b }}` . }}", `{b: 1}`, "", ""},
		{"tpl of a file", `{{ tpl (.Files.Get "x") . }}`, `{a: 1}`, "", ""},

		{"set on a dict", `{{ $d := dict }}{{ $_ := set $d "k" .Values.a }}{{ $d.k.b }}`,
			`{a: {b: 1, c: 1}}`, "", "a.c"},
		{"set on the values", `{{ $_ := set .Values "made" "x" }}{{ .Values.made }}`, `{}`, "", ""},
		{"set on a copy", `{{ $c := deepCopy .Values.a }}{{ $_ := set $c "made" 1 }}{{ .Values.a.made }}`,
			`{a: {b: 1}}`, "a.made", "a.b"},
		{"append",
			`{{ $l := list }}{{ range .Values.a }}{{ $l = append $l (dict "p" .port) }}{{ end }}{{ range $l }}` +
				`{{ .p }}{{ end }}`,
			`{a: [{port: 1}]}`, "", ""},
		{"concat", `{{ range concat .Values.a .Values.b }}{{ .x }}{{ end }}`, `{a: [], b: [], c: []}`, "", "c"},
		{"pluck", `{{ pluck .Values.env .Values.sizes | first }}`, `{env: a, sizes: {a: 1}}`, "", ""},
		{"null and scalars are leaves", `{{ .Values.a }}`, `{a: null, b: null, c: {d: ""}}`, "", "b c.d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			reading := read(t, test.template)
			values := map[string]any{}
			if err := yaml.Unmarshal([]byte(test.values), &values); err != nil {
				t.Fatal(err)
			}
			var undeclared []string
			for _, r := range reading.Undeclared(values) {
				if r.IsOpen {
					r.Path = "(" + r.Path + ")"
				}
				undeclared = append(undeclared, r.Path)
			}
			want := strings.ReplaceAll(test.undeclared, ")(", ") (")
			if got := strings.Join(undeclared, " "); got != want {
				t.Errorf("undeclared %q, want %q", got, want)
			}
			if got := strings.Join(reading.Unread(values), " "); got != test.unread {
				t.Errorf("unread %q, want %q", got, test.unread)
			}
		})
	}
}

func read(t *testing.T, template string) *Reading {
	t.Helper()
	reading, err := Reads([]helmchart.File{{Name: "templates/x.yaml", Data: []byte(template)}})
	if err != nil {
		t.Fatal(err)
	}
	return reading
}

func TestReadsNamesFileAndLine(t *testing.T) {
	reading, err := Reads([]helmchart.File{
		{Name: "templates/_h.tpl", Data: []byte("{{/* x */}}\n{{ define \"h\" }}\n{{ .Values.a.b }}\n{{ end }}")},
		{Name: "templates/x.yaml", Data: []byte("one: 1\ntwo: {{ include \"h\" . }}\n\nthree: {{ .Values.c }}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range reading.Undeclared(nil) {
		got = append(got, r.Path+" "+r.File+" "+string(rune('0'+r.Line)))
	}
	if want := []string{"a.b templates/_h.tpl 3", "c templates/x.yaml 4"}; !slices.Equal(got, want) {
		t.Errorf("reads %q, want %q", got, want)
	}
}

func TestReadsFollowsLibraries(t *testing.T) {
	library := helmchart.File{Name: "charts/common/templates/_c.tpl"}
	library.Data = []byte(`{{ .Values.never }}{{ define "c" }}{{ .Values.a }}{{ end }}`)
	reading, err := Reads([]helmchart.File{{Name: "templates/x.yaml", Data: []byte(`{{ include "c" . }}`)}}, library)
	if err != nil {
		t.Fatal(err)
	}
	if got := reading.Unread(map[string]any{"a": 1, "never": 1}); !slices.Equal(got, []string{"never"}) {
		t.Errorf("unread %v, want never", got)
	}
}

func TestReadsTellsTestsOfAnyKey(t *testing.T) {
	reading := read(t, `{{ .Values.a }}{{ range list "b" "c" }}{{ if index $.Values . }}{{ fail "no" }}{{ end }}{{ end }}`)
	if reading.IsOnlyTested("a") || !reading.IsOnlyTested("b") || !reading.IsOnlyTested("d") {
		t.Error("a is read, all others are tested only")
	}
	if read(t, `{{ range list "b" }}{{ index $.Values . }}{{ end }}`).IsOnlyTested("b") {
		t.Error("b is printed")
	}
}

func TestReadsNamesWhereATemplateDoesNotParse(t *testing.T) {
	for _, test := range []struct {
		text, reason string
		line         int
	}{
		{"a\n{{ if .Values.a }}\nb\n", "unexpected EOF", 4},
		{"a\n\n{{ .Values.a", "unclosed action", 3},
		{"{{ end }}", "unexpected {{end}}", 1},
		{"x\n{{ .Values.a | 1 }}", "non executable command", 2},
	} {
		_, err := Reads([]helmchart.File{{Name: "templates/bad.yaml", Data: []byte(test.text)}})
		var syntax *yamldoc.Error
		if !errors.As(err, &syntax) {
			t.Errorf("%q: error %v, want a *yamldoc.Error", test.text, err)
			continue
		}
		if syntax.Name != "templates/bad.yaml" || syntax.Line != test.line ||
			!strings.Contains(syntax.Reason, test.reason) {
			t.Errorf("%q: %v, want line %d: %s", test.text, err, test.line, test.reason)
		}
	}
}

// Templates made to be slow give up in time, and then claim nothing.
func TestReadsGivesUpOnHostileTemplates(t *testing.T) {
	doubling := `{{ $a := dict "x" .Values.a }}` +
		strings.Repeat(`{{ $a = dict "l" $a "r" $a }}`, 60) + `{{ toYaml $a }}`
	grow := `{{ define "g" }}{{ include "g" (dict "a" . "b" .) }}{{ include "g" (list .) }}{{ end }}{{ include "g" . }}`
	self := `{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $e := dict "d" $d }}{{ $_ = set $e "d" $e }}` +
		`{{ $f := $d | default $e }}{{ toYaml $f }}{{ include "x" $f }}{{ define "x" }}{{ .d.d.d }}{{ end }}`
	nested := strings.Repeat("{{ if .Values.a }}", 5000) + strings.Repeat("{{ end }}", 5000)
	parens := "{{ " + strings.Repeat("(", 800) + ".Values.a" + strings.Repeat(")", 800) + " }}"
	appends := "{{ $l := list }}" + strings.Repeat("{{ $l = append $l .Values.a }}", 20000)
	climb := `{{ define "c" }}{{ range . }}{{ include "c" . }}{{ end }}{{ include "c" .x }}` +
		`{{ include "c" .y }}{{ include "c" .z }}{{ end }}{{ include "c" .Values.a }}`
	for name, text := range map[string]string{
		"doubling": doubling, "grow": grow, "self": self, "nested": nested, "parens": parens, "appends": appends,
		"climb": climb,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Reads([]helmchart.File{{Name: "x", Data: []byte(text)}})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			var syntax *yamldoc.Error
			if err != nil && !errors.As(err, &syntax) {
				t.Error(err)
			}
		})
	}
}

func FuzzReads(f *testing.F) {
	f.Add(`{{ with .Values.a }}{{ range $k, $v := .b }}{{ $k }}{{ include "h" (dict "r" $ "v" $v) }}{{ end }}` +
		`{{ end }}{{ define "h" }}{{ .r.Values.c }}{{ end }}`)
	f.Add(`{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}` +
		`{{ get (index .Values "a" 0) "b" | default (list 1 2) | first }}`)
	f.Add("{{ tpl `{{ .Values.b }}` . }}{{ if not (hasKey .Values \"a\") }}" +
		"{{ else if $x := dig \"a\" 1 .Values }}{{ $x.y }}{{ end }}")
	f.Fuzz(func(t *testing.T, text string) {
		reading, err := Reads([]helmchart.File{{Name: "x", Data: []byte(text)}})
		if err != nil {
			return
		}
		values := map[string]any{"a": map[string]any{"b": []any{1}}, "c": nil}
		reading.Undeclared(values)
		reading.Unread(values)
	})
}
