{{/*
What the image's programs begin with: "redis", or "valkey" by the image's name.
*/}}
{{- define "livekit.redisProgram" -}}
{{- contains "valkey" .Values.redis.image.repository | ternary "valkey" "redis" }}
{{- end }}

{{/*
Redis beside the server in its pod, a sidecar: it is up before the server and
ends after it.
*/}}
{{- define "livekit.redisSidecar" -}}
- name: redis
  image: {{ printf "%s:%v" .Values.redis.image.repository .Values.redis.image.tag }}
  imagePullPolicy: {{ .Values.redis.image.pullPolicy }}
  restartPolicy: Always
  command: [{{ include "livekit.redisProgram" . }}-server]
  args:
    - --bind
    - 127.0.0.1
    - --port
    - {{ .Values.redis.port | int | quote }}
    - --dir
    - {{ .Values.persistence.mountPath }}
    - --appendonly
    - {{ .Values.persistence.enabled | default false | ternary "yes" "no" | quote }}
    - --save
    - ""
  startupProbe:
    exec:
      command: [{{ include "livekit.redisProgram" . }}-cli, -p, {{ .Values.redis.port | int | quote }}, ping]
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 60
  livenessProbe:
    exec:
      command: [{{ include "livekit.redisProgram" . }}-cli, -p, {{ .Values.redis.port | int | quote }}, ping]
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.redis.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: data
      mountPath: {{ .Values.persistence.mountPath }}
{{- end }}

{{/*
Completes the redis block of LiveKit's configuration, in place.
*/}}
{{- define "livekit.redisConfig" -}}
{{- $redis := last . }}
{{- with first . }}
{{- if .Values.redis.enabled }}
{{- $_ := set $redis "address" (printf "127.0.0.1:%d" (int .Values.redis.port)) }}
{{- else }}
{{- with .Values.redis.external.address }}
{{- $_ := set $redis "address" . }}
{{- end }}
{{- if or .Values.redis.external.tls .Values.redis.external.caSecret }}
{{- $tls := $redis.tls | default dict }}
{{- $_ := set $tls "enabled" true }}
{{- if .Values.redis.external.caSecret }}
{{- $_ := set $tls "ca_cert_file" "/etc/livekit/redis/ca.crt" }}
{{- end }}
{{- $_ := set $redis "tls" $tls }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Secret with the password of Redis, "" where there is none.
*/}}
{{- define "livekit.redisSecret" -}}
{{- if not .Values.redis.enabled }}
{{- .Values.redis.external.existingSecret | default "" }}
{{- end }}
{{- end }}
