{{/*
Environment of the server, without what values.yaml adds.
*/}}
{{- define "livekit.env" -}}
{{- $keysFrom := include "livekit.keysFrom" . }}
{{- $address := include "livekit.address" . }}
{{- $fields := dict "host" "status.hostIP" "hosts" "status.hostIPs" "pod" "status.podIP" "pods" "status.podIPs" }}
{{- if hasKey $fields $address }}
# The address that clients are told.
- name: NODE_IP
  valueFrom:
    fieldRef:
      fieldPath: {{ get $fields $address }}
{{- else if not (has $address (list "stun" "auto" "addresses")) }}
- name: NODE_IP
  value: {{ $address | quote }}
{{- end }}
{{- if eq $address "addresses" }}
# The server's number: it has its address by the configuration of that number.
- name: POD_INDEX
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
{{- end }}
{{- if eq $keysFrom "env" }}
- name: LIVEKIT_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "livekit.keysSecret" . }}
      key: {{ .Values.keys.apiKeyEntry }}
- name: LIVEKIT_API_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ include "livekit.keysSecret" . }}
      key: {{ .Values.keys.apiSecretEntry }}
# The quotes keep a secret of digits alone a string.
- name: LIVEKIT_KEYS
  value: '"$(LIVEKIT_API_KEY)": "$(LIVEKIT_API_SECRET)"'
{{- $webhook := include "livekit.config" . | fromJson | dig "webhook" dict }}
{{- if and $webhook.urls (not $webhook.api_key) }}
# Webhooks are signed with a key, and nobody knows this one beforehand.
- name: LIVEKIT_WEBHOOK_API_KEY
  value: $(LIVEKIT_API_KEY)
{{- end }}
{{- end }}
{{- with include "livekit.redisSecret" . }}
- name: LIVEKIT_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.redis.enabled | default false | ternary $.Values.redis.service.passwordEntry $.Values.redis.external.passwordEntry }}
{{- end }}
{{- if not .Values.redis.enabled }}
{{- if and .Values.redis.external.existingSecret .Values.redis.external.usernameEntry }}
- name: LIVEKIT_REDIS_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.external.existingSecret }}
      key: {{ .Values.redis.external.usernameEntry }}
{{- end }}
{{- with .Values.redis.external.sentinelSecret }}
- name: LIVEKIT_REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.redis.external.sentinelPasswordEntry }}
{{- with $.Values.redis.external.sentinelUsernameEntry }}
- name: LIVEKIT_REDIS_SENTINEL_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.redis.external.sentinelSecret }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.metrics.existingSecret }}
- name: LIVEKIT_PROMETHEUS_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: username
- name: LIVEKIT_PROMETHEUS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: password
{{- end }}
{{- if eq (include "livekit.portSet" .) "second" }}
# The other set of media ports: the server before this one has that of the configuration.
- name: LIVEKIT_RTC_TCP_PORT
  value: {{ .Values.draining.tcpPort | quote }}
- name: UDP_PORT
  value: {{ .Values.draining.udpPort | quote }}
{{- end }}
{{- if dig "requests" "cpu" "" (.Values.resources | default dict) }}
# Without a limit of CPU, this is what the server's load is measured by.
- name: LIVEKIT_CPU_REQUEST
  valueFrom:
    resourceFieldRef:
      containerName: livekit
      resource: requests.cpu
{{- end }}
{{- end }}
