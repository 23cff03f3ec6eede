{{/*
Name of the chart.
*/}}
{{- define "livekit.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Name of the objects.
*/}}
{{- define "livekit.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "livekit.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Name of a further object, cut so that its suffix always fits:
include "livekit.suffixed" (list . "media")
*/}}
{{- define "livekit.suffixed" -}}
{{- $suffix := last . }}
{{- $fullname := include "livekit.fullname" (first .) }}
{{- printf "%s-%s" ($fullname | trunc (sub 62 (len $suffix) | int) | trimSuffix "-") $suffix }}
{{- end }}

{{/*
Name and version of the chart, as a label has it.
*/}}
{{- define "livekit.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Version of the server, as a label has it.
*/}}
{{- define "livekit.version" -}}
{{- regexReplaceAll "[^A-Za-z0-9_.-]" (.Values.image.tag | default .Chart.AppVersion | toString | splitList "@" | first) "-" | trunc 63 | trimAll "-_." }}
{{- end }}

{{/*
Labels of every object.
*/}}
{{- define "livekit.labels" -}}
helm.sh/chart: {{ include "livekit.chart" . }}
app.kubernetes.io/name: {{ include "livekit.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ include "livekit.version" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/*
Labels by which the workload and the Services find the pods. They never change.
*/}}
{{- define "livekit.selectorLabels" -}}
app.kubernetes.io/name: {{ include "livekit.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/*
Labels of the pods. The plain label app serves `kubectl get pod -l app=livekit`.
*/}}
{{- define "livekit.podLabels" -}}
{{- $plain := dict "app" (include "livekit.name" .) }}
{{- $own := include "livekit.selectorLabels" . | fromYaml }}
{{- mergeOverwrite $plain (deepCopy (.Values.podLabels | default dict)) $own | toYaml }}
{{- end }}

{{/*
Name of the Service for signalling.
*/}}
{{- define "livekit.serviceName" -}}
{{ include "livekit.fullname" . }}
{{- end }}

{{/*
Name of the ServiceAccount.
*/}}
{{- define "livekit.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "livekit.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
Image of the server.
*/}}
{{- define "livekit.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion | toString) }}
{{- end }}

{{/*
Secret with the API keys.
*/}}
{{- define "livekit.keysSecret" -}}
{{- if .Values.keys.operator.enabled }}
{{- /* A name of its own: once the chart no longer makes the other Secret, Helm removes it. */}}
{{- include "livekit.suffixed" (list . "operator-keys") }}
{{- else }}
{{- .Values.keys.existingSecret | default (include "livekit.suffixed" (list . "keys")) }}
{{- end }}
{{- end }}

{{/*
How the server gets its API keys: "config" (they are in the configuration),
"file" (a key file in the Secret) or "env" (a key and its secret in two entries).
*/}}
{{- define "livekit.keysFrom" -}}
{{- if include "livekit.config" . | fromYaml | dig "keys" dict }}config
{{- else if or .Values.keys.values (and (or .Values.keys.existingSecret .Values.keys.operator.enabled) .Values.keys.fileEntry) }}file
{{- else }}env
{{- end }}
{{- end }}

{{/*
Secret with the certificate of TURN, "" where the server needs none.
*/}}
{{- define "livekit.turnSecret" -}}
{{- $turn := include "livekit.config" . | fromYaml | dig "turn" dict }}
{{- if and $turn.enabled $turn.tls_port (not $turn.external_tls) }}
{{- if .Values.turn.existingSecret }}
{{- .Values.turn.existingSecret }}
{{- else if .Values.turn.certificate.enabled }}
{{- include "livekit.suffixed" (list . "turn-tls") }}
{{- end }}
{{- end }}
{{- end }}
