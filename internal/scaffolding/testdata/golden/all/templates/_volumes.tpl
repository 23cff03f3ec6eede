{{/*
Where the server finds its configuration, keys and certificates.
*/}}
{{- define "livekit.volumeMounts" -}}
{{- $keysFrom := include "livekit.keysFrom" . -}}
- name: config
  mountPath: /etc/livekit/config
  readOnly: true
{{- if eq $keysFrom "file" }}
- name: keys
  mountPath: /etc/livekit/keys
  readOnly: true
{{- end }}
{{- if and (not .Values.redis.enabled) .Values.redis.external.caSecret }}
- name: redis-ca
  mountPath: /etc/livekit/redis
  readOnly: true
{{- end }}
{{- if and (not .Values.redis.enabled) .Values.redis.external.clientCertSecret }}
- name: redis-client
  mountPath: /etc/livekit/redis-client
  readOnly: true
{{- end }}
{{- if include "livekit.turnSecret" . }}
- name: turn-tls
  mountPath: /etc/livekit/turn
  readOnly: true
{{- end }}
{{- end }}

{{/*
Volumes of the pod.
*/}}
{{- define "livekit.volumes" -}}
{{- $keysFrom := include "livekit.keysFrom" . -}}
- name: config
  {{- if include "livekit.configIsSecret" . }}
  secret:
    secretName: {{ if .Values.existingConfigSecret }}{{ .Values.existingConfigSecret | quote }}{{ else }}{{ include "livekit.suffixed" (list . "config") }}{{ end }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ include "livekit.fullname" . }}
  {{- end }}
{{- if eq $keysFrom "file" }}
# The server takes a key file only where others cannot read it.
- name: keys
  secret:
    secretName: {{ include "livekit.keysSecret" . }}
    defaultMode: 0440
    items:
      - key: {{ .Values.keys.values | empty | ternary .Values.keys.fileEntry "keys.yaml" }}
        path: keys.yaml
{{- end }}
{{- if .Values.redis.enabled }}
- name: data
  {{- if .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | default (include "livekit.suffixed" (list . "data")) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- else if .Values.redis.external.caSecret }}
- name: redis-ca
  secret:
    secretName: {{ .Values.redis.external.caSecret }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- if and (not .Values.redis.enabled) .Values.redis.external.clientCertSecret }}
- name: redis-client
  secret:
    secretName: {{ .Values.redis.external.clientCertSecret }}
    defaultMode: 0440
{{- end }}
{{- with include "livekit.turnSecret" . }}
- name: turn-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if .Values.deletionCost.enabled }}
{{ include "livekit.deletionCostVolume" . }}
{{- end }}
{{- end }}
