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
Version of the image, as a label has it.
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
{{- with omit (.Values.commonLabels | default dict) "helm.sh/chart" "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" }}
{{ toYaml . }}
{{- end }}
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
{{- mergeOverwrite $plain (deepCopy (.Values.commonLabels | default dict)) (deepCopy (.Values.podLabels | default dict)) $own | toYaml }}
{{- end }}

{{/*
Name of the Service that routes lead to.
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
Security context of the pods, without user and groups where OpenShift assigns them.
*/}}
{{- define "livekit.podSecurityContext" -}}
{{- $context := .Values.podSecurityContext | default dict }}
{{- .Values.openshift.assignUser | default false | ternary (omit $context "runAsUser" "runAsGroup" "fsGroup") $context | toYaml }}
{{- end }}

{{/*
Image of the container.
*/}}
{{- define "livekit.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion | toString) }}
{{- end }}
{{- end }}

{{/*
IP families of all Services.
*/}}
{{- define "livekit.ipFamilies" -}}
{{- with .Values.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}

{{/*
A probe. Its default way of asking gives way to another one that is set:
include "livekit.probe" (list .Values.livenessProbe "tcpSocket")
*/}}
{{- define "livekit.probe" -}}
{{- $probe := first . }}
{{- gt (pick $probe "exec" "grpc" "httpGet" "tcpSocket" | len) 1 | ternary (omit $probe (last .)) $probe | toYaml }}
{{- end }}

{{/*
"4" or "6" for an IP address, "" for any other text.
*/}}
{{- define "livekit.ipFamily" -}}
{{- $groups := splitList ":" . | compact }}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])" }}
{{- if regexMatch (printf "^(%s[.]){3}%s$" $octet $octet) . }}4
{{- else if regexMatch "^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$" . }}6
{{- else if and (regexMatch "^([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?$" .) (lt (len $groups) 8) }}6
{{- end }}
{{- end }}

{{/*
"true" where more than one pod may run.
*/}}
{{- define "livekit.several" -}}
{{- if or (gt (int .Values.replicaCount) 1) .Values.autoscaling.external (and (or .Values.autoscaling.enabled .Values.autoscaling.keda.enabled) (gt (int .Values.autoscaling.maxReplicas) 1)) }}true{{ end }}
{{- end }}

{{/*
"true" where another pod may serve while one of them ends.
*/}}
{{- define "livekit.replaced" -}}
{{- if .Values.draining.enabled }}true{{ else }}{{ include "livekit.several" . }}{{ end }}
{{- end }}

{{/*
Lays the second map over the first, in place: false and 0 replace, too, which
sprig's mergeOverwrite leaves out, and null removes.
*/}}
{{- define "livekit.overlay" -}}
{{- $base := first . }}
{{- range $key, $value := last . }}
{{- if kindIs "map" $value }}
{{- $below := get $base $key }}
{{- if not (kindIs "map" $below) }}
{{- $below = dict }}
{{- $_ := set $base $key $below }}
{{- end }}
{{- include "livekit.overlay" (list $below $value) }}
{{- else if kindIs "invalid" $value }}
{{- $_ := unset $base $key }}
{{- else }}
{{- $_ := set $base $key $value }}
{{- end }}
{{- end }}
{{- end }}
