{{- define "WORKLOAD.name" -}}
{{- default "WORKLOAD" .Values.WORKLOAD.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "WORKLOAD.fullname" -}}
{{- if .Values.WORKLOAD.fullnameOverride -}}
{{- .Values.WORKLOAD.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "WORKLOAD.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "WORKLOAD.matchLabels" -}}
app.kubernetes.io/name: {{ include "WORKLOAD.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "WORKLOAD.labels" -}}
{{ include "WORKLOAD.matchLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.WORKLOAD.commonLabels }}
{{ include "WORKLOAD.render" (dict "value" . "context" $) }}
{{- end }}
{{- end -}}

{{- define "WORKLOAD.render" -}}
{{- $value := typeIs "string" .value | ternary .value (.value | toYaml) -}}
{{- if contains "{{" (toJson .value) -}}{{ tpl $value .context }}{{- else -}}{{ $value }}{{- end -}}
{{- end -}}

{{- define "WORKLOAD.image" -}}
{{- $tag := default .Chart.AppVersion .Values.WORKLOAD.image.tag -}}
{{- if .Values.WORKLOAD.image.digest -}}
{{- printf "%s/%s@%s" .Values.WORKLOAD.image.registry .Values.WORKLOAD.image.repository .Values.WORKLOAD.image.digest -}}
{{- else -}}
{{- printf "%s/%s:%s" .Values.WORKLOAD.image.registry .Values.WORKLOAD.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{- define "WORKLOAD.secretName" -}}
{{- default (include "WORKLOAD.fullname" .) (tpl .Values.WORKLOAD.auth.existingSecret .) -}}
{{- end -}}

{{- define "WORKLOAD.affinity" -}}
{{- if .Values.WORKLOAD.affinity }}
{{ include "WORKLOAD.render" (dict "value" .Values.WORKLOAD.affinity "context" $) }}
{{- else }}
{{- if eq .Values.WORKLOAD.podAntiAffinityPreset "soft" }}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 1
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: {{- include "WORKLOAD.matchLabels" . | nindent 12 }}
{{- else if eq .Values.WORKLOAD.podAntiAffinityPreset "hard" }}
podAntiAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: {{- include "WORKLOAD.matchLabels" . | nindent 10 }}
{{- end }}
{{- if eq .Values.WORKLOAD.nodeAffinityPreset.type "hard" }}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: {{ .Values.WORKLOAD.nodeAffinityPreset.key }}
            operator: In
            values: {{- toYaml .Values.WORKLOAD.nodeAffinityPreset.values | nindent 14 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "WORKLOAD.preset" -}}
{{- $presets := dict "nano" (dict "limits" (dict "cpu" "150m" "memory" "192Mi"))
  "micro" (dict "limits" (dict "cpu" "375m" "memory" "384Mi"))
  "small" (dict "limits" (dict "cpu" "750m" "memory" "768Mi")) -}}
{{- if not (hasKey $presets .type) -}}
{{- fail (printf "resourcesPreset %s is not one of %s" .type (keys $presets | sortAlpha | join ", ")) -}}
{{- end -}}
{{- index $presets .type | toYaml -}}
{{- end -}}

{{- define "WORKLOAD.probe" -}}
{{- $probe := index .root.Values.WORKLOAD (printf "%sProbe" .name) -}}
{{- $custom := index .root.Values.WORKLOAD (printf "custom%sProbe" (.name | title)) -}}
{{- if $custom }}
{{ .name }}Probe: {{- include "WORKLOAD.render" (dict "value" $custom "context" .root) | nindent 2 }}
{{- else if $probe.enabled }}
{{ .name }}Probe: {{- toYaml (omit $probe "enabled") | nindent 2 }}
  httpGet: {path: /, port: http}
{{- end }}
{{- end -}}
