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
{{- else if not (has $address (list "stun" "auto")) }}
- name: NODE_IP
  value: {{ $address | quote }}
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
      key: {{ $.Values.redis.external.passwordEntry }}
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
