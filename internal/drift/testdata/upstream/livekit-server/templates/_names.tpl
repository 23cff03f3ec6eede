{{- define "sfu.base" }}{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end }}

{{- define "sfu.object" }}
{{- $base := include "sfu.base" . }}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $base) (contains $base .Release.Name) }}
{{- .Values.fullnameOverride | default $joined | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "sfu.finds" }}
{{- dict "app.kubernetes.io/name" (include "sfu.base" .) "app.kubernetes.io/instance" .Release.Name | toYaml }}
{{- end }}

{{- define "sfu.carries" }}
{{- $all := include "sfu.finds" . | fromYaml }}
{{- $_ := set $all "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version) }}
{{- $_ := set $all "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $all "app.kubernetes.io/managed-by" .Release.Service }}
{{- toYaml $all }}
{{- end }}

{{- define "sfu.account" }}
{{- if .Values.serviceAccount.name }}{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create }}{{ include "sfu.object" . }}
{{- else }}default{{ end }}
{{- end }}

{{- define "sfu.ownCertificate" }}
{{- with .Values.livekit.turn }}{{ if and .enabled .tls_port (not .external_tls) }}yes{{ end }}{{ end }}
{{- end }}
