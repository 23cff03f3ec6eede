{{/*
Environment of the server, without what values.yaml adds.
*/}}
{{- define "[[ helper "env" ]]" -}}
{{- $keysFrom := include "[[ helper "keysFrom" ]]" . }}
{{- $address := include "[[ helper "address" ]]" . }}
{{- $fields := dict "host" "status.hostIP" "hosts" "status.hostIPs" "pod" "status.podIP" "pods" "status.podIPs" }}
{{- if hasKey $fields $address }}
# The address that clients are told.
- name: NODE_IP
  valueFrom:
    fieldRef:
      fieldPath: {{ get $fields $address }}
{{- else if not (has $address (list "stun" "auto"[[ if has "media-addresses" ]] "addresses"[[ end ]])) }}
- name: NODE_IP
  value: {{ $address | quote }}
{{- end }}
[[ if has "media-addresses" ]]
{{- if eq $address "addresses" }}
# The server's number: it has its address by the configuration of that number.
- name: POD_INDEX
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
{{- end }}
[[ end ]]
{{- if eq $keysFrom "env" }}
- name: LIVEKIT_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "[[ helper "keysSecret" ]]" . }}
      key: {{ [[ value "keys.apiKeyEntry" ]] }}
- name: LIVEKIT_API_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ include "[[ helper "keysSecret" ]]" . }}
      key: {{ [[ value "keys.apiSecretEntry" ]] }}
# The quotes keep a secret of digits alone a string.
- name: LIVEKIT_KEYS
  value: '"$(LIVEKIT_API_KEY)": "$(LIVEKIT_API_SECRET)"'
{{- $webhook := include "[[ helper "config" ]]" . | fromJson | dig "webhook" dict }}
{{- if and $webhook.urls (not $webhook.api_key) }}
# Webhooks are signed with a key, and nobody knows this one beforehand.
- name: LIVEKIT_WEBHOOK_API_KEY
  value: $(LIVEKIT_API_KEY)
{{- end }}
{{- end }}
[[ if has "redis" ]]
{{- with include "[[ helper "redisSecret" ]]" . }}
- name: LIVEKIT_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
[[ if has "redis-service" ]]
      key: {{ [[ root "redis.enabled" ]] | default false | ternary [[ root "redis.service.passwordEntry" ]] [[ root "redis.external.passwordEntry" ]] }}
[[ else ]]
      key: {{ [[ root "redis.external.passwordEntry" ]] }}
[[ end ]]
{{- end }}
[[ if placed "redis.external.sentinelSecret" ]]
{{- if not [[ value "redis.enabled" ]] }}
{{- if and [[ value "redis.external.existingSecret" ]] [[ value "redis.external.usernameEntry" ]] }}
- name: LIVEKIT_REDIS_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ [[ value "redis.external.existingSecret" ]] }}
      key: {{ [[ value "redis.external.usernameEntry" ]] }}
{{- end }}
{{- with [[ value "redis.external.sentinelSecret" ]] }}
- name: LIVEKIT_REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ [[ root "redis.external.sentinelPasswordEntry" ]] }}
{{- with [[ root "redis.external.sentinelUsernameEntry" ]] }}
- name: LIVEKIT_REDIS_SENTINEL_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ [[ root "redis.external.sentinelSecret" ]] }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}
[[ end ]]
[[ end ]]
[[ if has "metrics" ]]
{{- with [[ value "metrics.existingSecret" ]] }}
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
[[ end ]]
[[ if has "draining" ]]
{{- if eq (include "[[ helper "portSet" ]]" .) "second" }}
# The other set of media ports: the server before this one has that of the configuration.
- name: LIVEKIT_RTC_TCP_PORT
  value: {{ [[ value "draining.tcpPort" ]] | quote }}
- name: UDP_PORT
  value: {{ [[ value "draining.udpPort" ]] | quote }}
{{- end }}
[[ end ]]
{{- if dig "requests" "cpu" "" ([[ value "resources" ]] | default dict) }}
# Without a limit of CPU, this is what the server's load is measured by.
- name: LIVEKIT_CPU_REQUEST
  valueFrom:
    resourceFieldRef:
      containerName: livekit
      resource: requests.cpu
{{- end }}
{{- end }}
