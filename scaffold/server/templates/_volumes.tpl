{{/*
Where the server finds its configuration, keys and certificates.
*/}}
{{- define "[[ helper "volumeMounts" ]]" -}}
{{- $keysFrom := include "[[ helper "keysFrom" ]]" . -}}
- name: config
  mountPath: /etc/livekit/config
  readOnly: true
{{- if eq $keysFrom "file" }}
- name: keys
  mountPath: /etc/livekit/keys
  readOnly: true
{{- end }}
[[ if has "redis" ]]
{{- if and (not [[ value "redis.enabled" ]]) [[ value "redis.external.caSecret" ]] }}
- name: redis-ca
  mountPath: /etc/livekit/redis
  readOnly: true
{{- end }}
[[ if placed "redis.external.clientCertSecret" ]]
{{- if and (not [[ value "redis.enabled" ]]) [[ value "redis.external.clientCertSecret" ]] }}
- name: redis-client
  mountPath: /etc/livekit/redis-client
  readOnly: true
{{- end }}
[[ end ]]
[[ end ]]
[[ if has "turn" ]]
{{- if include "[[ helper "turnSecret" ]]" . }}
- name: turn-tls
  mountPath: /etc/livekit/turn
  readOnly: true
{{- end }}
[[ end ]]
{{- end }}

{{/*
Volumes of the pod.
*/}}
{{- define "[[ helper "volumes" ]]" -}}
{{- $keysFrom := include "[[ helper "keysFrom" ]]" . -}}
- name: config
  {{- if include "[[ helper "configIsSecret" ]]" . }}
  secret:
[[ if placed "existingConfigSecret" ]]
    secretName: {{ if [[ value "existingConfigSecret" ]] }}{{ [[ value "existingConfigSecret" ]] | quote }}{{ else }}[[ name "Secret" "config" ]]{{ end }}
[[ else ]]
    secretName: [[ name "Secret" "config" ]]
[[ end ]]
    defaultMode: 0440
  {{- else }}
  configMap:
    name: [[ name "ConfigMap" ]]
  {{- end }}
{{- if eq $keysFrom "file" }}
# The server takes a key file only where others cannot read it.
- name: keys
  secret:
    secretName: {{ include "[[ helper "keysSecret" ]]" . }}
    defaultMode: 0440
    items:
      - key: {{ [[ value "keys.values" ]] | empty | ternary [[ value "keys.fileEntry" ]] "keys.yaml" }}
        path: keys.yaml
{{- end }}
[[ if has "redis" ]]
{{- if [[ value "redis.enabled" ]] }}
- name: data
[[ if has "persistence" ]]
  {{- if [[ value "persistence.enabled" ]] }}
  persistentVolumeClaim:
    claimName: {{ [[ value "persistence.existingClaim" ]] | default ([[ claimName ]]) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
[[ else ]]
  emptyDir: {}
[[ end ]]
{{- else if [[ value "redis.external.caSecret" ]] }}
- name: redis-ca
  secret:
    secretName: {{ [[ value "redis.external.caSecret" ]] }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
[[ if placed "redis.external.clientCertSecret" ]]
{{- if and (not [[ value "redis.enabled" ]]) [[ value "redis.external.clientCertSecret" ]] }}
- name: redis-client
  secret:
    secretName: {{ [[ value "redis.external.clientCertSecret" ]] }}
    defaultMode: 0440
{{- end }}
[[ end ]]
[[ end ]]
[[ if has "turn" ]]
{{- with include "[[ helper "turnSecret" ]]" . }}
- name: turn-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
[[ end ]]
[[ if has "deletion-cost" ]]
{{- if [[ value "deletionCost.enabled" ]] }}
{{ include "[[ helper "deletionCostVolume" ]]" . }}
{{- end }}
[[ end ]]
{{- end }}
