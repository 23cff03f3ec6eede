package main

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// sample is a small chart with something for every kind of mutation.
func sample() chart {
	return chart{
		"Chart.yaml":  "apiVersion: v2\nname: sample\ndescription: A sample\nversion: 1.2.3\nappVersion: \"4.5.6\"\n",
		"README.md":   "# Sample\n\nText.\n",
		"values.yaml": sampleValues,

		"templates/NOTES.txt":       "Thanks for {{ .Release.Name }}.\n",
		"templates/_helpers.tpl":    sampleHelpers,
		"templates/configmap.yaml":  sampleConfigMap,
		"templates/deployment.yaml": sampleDeployment,
		"templates/service.yaml":    sampleService,
	}
}

const sampleValues = `# The number of pods.
replicas: 1

image:
  repository: example
  tag: "1.0"
  pullPolicy: IfNotPresent
service:
  enabled: true
  port: 80
  metricsPort: 9090
labels: {}
args: [a, b]
nothing: null
`

const sampleHelpers = `{{/* The name of all. */}}
{{- define "sample.name" -}}
{{- printf "%s-app" .Release.Name | trunc 63 }}
{{- end }}

{{- define "sample.labels" -}}
app: {{ include "sample.name" . }}
part: helper
version: {{ .Chart.Version | replace "." "-" }}
{{- end }}
`

const sampleConfigMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "sample.name" . }}
data:
  config.yaml: |
    port: {{ .Values.service.port }}
    level: info
  plain.txt: text
`

const sampleDeployment = `{{- $name := include "sample.name" . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "sample.labels" . | nindent 4 }}
spec:
  # How many there are.
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels:
      app: {{ $name }}
  template:
    metadata:
      labels:
        {{- include "sample.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ .Values | toJson | sha256sum }}
    spec:
      {{- with .Values.serviceAccount }}
      serviceAccountName: {{ . }}
      {{- end }}
      containers:
` + sampleContainer + `      volumes:
        - name: config
          configMap:
            name: {{ $name }}
        - name: data
          emptyDir: {}
`

const sampleContainer = `        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
          command: [run, now]
          env:
            - name: FIRST
              value: one
            - name: SECOND
              value: "two"
            {{- if .Values.third }}
            - name: THIRD
              value: $(FIRST)
            {{- end }}
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
            - name: metrics
              containerPort: 9090
              protocol: TCP
          volumeMounts:
            - name: config
              mountPath: /etc/config
            - name: data
              mountPath: /data
`

const sampleService = `{{- if and .Values.service.enabled (eq .Values.image.pullPolicy "IfNotPresent") }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "sample.name" . }}
  annotations:
    random: {{ randAlphaNum 12 }}
spec:
  ports:
    - name: http
      port: {{ .Values.service.port }}
      targetPort: http
    {{- if .Values.service.metricsPort }}
    - name: metrics
      port: {{ .Values.service.metricsPort }}
      targetPort: metrics
      appProtocol: {{ "*any" | quote }}
    {{- end }}
  selector:
    app: {{ include "sample.name" . }}
{{- end }}
`

// sampleScenarios render all branches of the sample.
func sampleScenarios() []drift.Case {
	scenario := func(name string, values map[string]any) drift.Case {
		return drift.Case{Name: name, Chart: values, Upstream: values}
	}
	return []drift.Case{
		scenario("defaults", nil),
		scenario("everything", map[string]any{
			"serviceAccount": "other", "third": true, "labels": map[string]any{"a": "b"},
		}),
		scenario("little", map[string]any{"service": map[string]any{"metricsPort": nil}}),
	}
}

func sampleRenderer(t *testing.T) *renderer {
	t.Helper()
	out, err := newRenderer(t.Context(), sample(), ours, sampleScenarios())
	if err != nil {
		t.Fatal(err)
	}
	return out
}
