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
  {{- if .Values.redis.service.enabled }}
  # The password goes in by standard input: a list of processes shows arguments.
  command:
    - sh
    - -c
    - |
      exec {{ include "livekit.redisProgram" . }}-server - "$@" <<EOF
      requirepass "$(printf %s "$REDISCLI_AUTH" | sed 's/["\\]/\\&/g')"
      EOF
    - redis
  {{- else }}
  command: [{{ include "livekit.redisProgram" . }}-server]
  {{- end }}
  args:
    - --bind
    {{- if .Values.redis.service.enabled }}
    # All addresses, those of IPv6 where there are any.
    - "*"
    - "-::*"
    {{- else }}
    - 127.0.0.1
    {{- end }}
    - --port
    - {{ .Values.redis.port | int | quote }}
    - --dir
    - {{ .Values.persistence.mountPath }}
    - --appendonly
    - {{ .Values.persistence.enabled | default false | ternary "yes" "no" | quote }}
    - --save
    - ""
  {{- if or .Values.redis.env .Values.redis.service.enabled }}
  env:
    {{- if .Values.redis.service.enabled }}
    # redis-cli reads its password from here.
    - name: REDISCLI_AUTH
      valueFrom:
        secretKeyRef:
          name: {{ include "livekit.redisSecret" . }}
          key: {{ .Values.redis.service.passwordEntry }}
    {{- if eq (include "livekit.redisProgram" .) "valkey" }}
    - name: VALKEYCLI_AUTH
      value: $(REDISCLI_AUTH)
    {{- end }}
    {{- end }}
    {{- with .Values.redis.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- if .Values.redis.service.enabled }}
  ports:
    - name: redis
      containerPort: {{ .Values.redis.port | int }}
      protocol: TCP
  {{- end }}
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
{{- if or .Values.redis.external.tls .Values.redis.external.caSecret .Values.redis.external.clientCertSecret }}
{{- $tls := $redis.tls | default dict }}
{{- $_ := set $tls "enabled" true }}
{{- if .Values.redis.external.caSecret }}
{{- $_ := set $tls "ca_cert_file" "/etc/livekit/redis/ca.crt" }}
{{- end }}
{{- if .Values.redis.external.clientCertSecret }}
{{- $_ := set $tls "client_cert_file" "/etc/livekit/redis-client/tls.crt" }}
{{- $_ := set $tls "client_key_file" "/etc/livekit/redis-client/tls.key" }}
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
{{- else if .Values.redis.service.enabled }}
{{- .Values.redis.service.existingSecret | default (include "livekit.suffixed" (list . "redis")) }}
{{- end }}
{{- end }}
