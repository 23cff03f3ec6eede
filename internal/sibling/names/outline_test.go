package names

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

func outlined(text string) Templates {
	file := helmchart.File{Name: "templates/deployment.yaml", Data: []byte(text)}
	return newTemplates([]helmchart.File{file}, "apps/notes", "notes")
}

// Expressions that only values could tell are not understood, all others give
// what they would render.
func TestPatternsOfExpressions(t *testing.T) {
	defines := `{{ define "notes.id" -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride }}{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}{{ printf "%s-%s" .Release.Name $name | trunc 63 }}
{{- end -}}
{{- end }}`
	for text, want := range map[string]string{
		`{{ .Release.Name }}-web`:                           "{release}-web",
		`{{ include "notes.id" . | quote }}`:                "{release}-{name}",
		`{{ template "notes.id" $ }}`:                       "{release}-{name}",
		`{{ printf "%s-%s" .Chart.Name .Chart.Version }}`:   "{chart}",
		`{{ .Values.nameOverride | default .Chart.Name }}`:  "{name}",
		`{{ coalesce .Values.id .Values.x .Release.Name }}`: "{release}",
		`{{ .context.Release.Name }}`:                       "{release}",
		`{{ include "common.names.fullname" . }}`:           "{fullname}",
		`{{ include "common.chart" (dict "context" $) }}`:   "{chart}",
		`notes-web`:                       "{name}-web",
		`{{ .Values.tier }}`:              "",
		`{{ include "common.labels" . }}`: "",
		`{{ randAlphaNum 5 }}`:            "",
		`{{ printf "%s" }}`:               "",
		`{{ .Chart.Version }}`:            "",
		`{{ if .Values.a }}a{{ else }}{{ .Chart.Name }}{{ end }}`: "{name}",
	} {
		ts := outlined(defines + "\nkind: Deployment\nmetadata:\n  name: " + text + "\n")
		line, _ := ts.workload().section("metadata", "name")
		got, ok := ts.pattern(line)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

// Both sides of a condition over whole blocks are read, and what a named template
// renders.
func TestDocumentsOfTemplates(t *testing.T) {
	ts := outlined(`{{ define "web" }}
kind: Service
{{ end }}
{{- if .Values.stateful }}
kind: StatefulSet
---
{{- else }}
kind: Deployment
---
{{- end }}
{{ include "web" . }}
`)
	var kinds []string
	for _, o := range ts.objects {
		kinds = append(kinds, o.kind)
	}
	if diff := cmp.Diff([]string{"StatefulSet", "Deployment", "Service"}, kinds); diff != "" {
		t.Error(diff)
	}
}

// A template that does not parse is read all the same; one that grows without
// end is given up.
func TestFaultyTemplates(t *testing.T) {
	if outlined("kind: Deployment\nx: {{ .a-b }}\n").workload() == nil {
		t.Error("no workload is found beside a mistake")
	}
	grows := `{{ $a := "xxxxxxxx" }}` + strings.Repeat(`{{ $a = printf "%s%s" $a $a }}`, 60)
	if ts := outlined(grows + "\nkind: Deployment\n"); len(ts.objects) > 1 {
		t.Error("objects are made up")
	}
	again := `{{ define "a" }}` + strings.Repeat(`{{ include "a" . }}`, 100) + `{{ end }}{{ include "a" . }}`
	outlined(again)
}
