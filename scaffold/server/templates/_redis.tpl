{{/*
What the image's programs begin with: "redis", or "valkey" by the image's name.
*/}}
{{- define "[[ helper "redisProgram" ]]" -}}
{{- contains "valkey" [[ value "redis.image.repository" ]] | ternary "valkey" "redis" }}
{{- end }}

{{/*
Redis beside the server in its pod, a sidecar: it is up before the server and
ends after it.
*/}}
{{- define "[[ helper "redisSidecar" ]]" -}}
- name: redis
  image: {{ printf "%s:%v" [[ value "redis.image.repository" ]] [[ value "redis.image.tag" ]] }}
  imagePullPolicy: {{ [[ value "redis.image.pullPolicy" ]] }}
  restartPolicy: Always
[[ if has "redis-service" ]]
  {{- if [[ value "redis.service.enabled" ]] }}
  # The password goes in by standard input: a list of processes shows arguments.
  command:
    - sh
    - -c
    - |
      exec {{ include "[[ helper "redisProgram" ]]" . }}-server - "$@" <<EOF
      requirepass "$(printf %s "$REDISCLI_AUTH" | sed 's/["\\]/\\&/g')"
      EOF
    - redis
  {{- else }}
  command: [{{ include "[[ helper "redisProgram" ]]" . }}-server]
  {{- end }}
[[ else ]]
  command: [{{ include "[[ helper "redisProgram" ]]" . }}-server]
[[ end ]]
  args:
    - --bind
[[ if has "redis-service" ]]
    {{- if [[ value "redis.service.enabled" ]] }}
    # All addresses, those of IPv6 where there are any.
    - "*"
    - "-::*"
    {{- else }}
    - 127.0.0.1
    {{- end }}
[[ else ]]
    - 127.0.0.1
[[ end ]]
    - --port
    - {{ [[ value "redis.port" ]] | int | quote }}
    - --dir
[[ if has "persistence" ]]
    - {{ [[ value "persistence.mountPath" ]] }}
    - --appendonly
    - {{ [[ value "persistence.enabled" ]] | default false | ternary "yes" "no" | quote }}
[[ else ]]
    - /data
    - --appendonly
    - "no"
[[ end ]]
    - --save
    - ""
[[ if has "redis-service" ]]
  {{- if [[ any "redis.env" "redis.service.enabled" ]] }}
  env:
    {{- if [[ value "redis.service.enabled" ]] }}
    # redis-cli reads its password from here.
    - name: REDISCLI_AUTH
      valueFrom:
        secretKeyRef:
          name: {{ include "[[ helper "redisSecret" ]]" . }}
          key: {{ [[ value "redis.service.passwordEntry" ]] }}
    {{- if eq (include "[[ helper "redisProgram" ]]" .) "valkey" }}
    - name: VALKEYCLI_AUTH
      value: $(REDISCLI_AUTH)
    {{- end }}
    {{- end }}
[[ if placed "redis.env" ]]
    {{- with [[ value "redis.env" ]] }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
[[ end ]]
  {{- end }}
  {{- if [[ value "redis.service.enabled" ]] }}
  ports:
    - name: redis
      containerPort: {{ [[ value "redis.port" ]] | int }}
      protocol: TCP
  {{- end }}
[[ else if placed "redis.env" ]]
  {{- with [[ value "redis.env" ]] }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
[[ end ]]
  startupProbe:
    exec:
      command: [{{ include "[[ helper "redisProgram" ]]" . }}-cli, -p, {{ [[ value "redis.port" ]] | int | quote }}, ping]
    periodSeconds: 1
    timeoutSeconds: 5
    failureThreshold: 60
  livenessProbe:
    exec:
      command: [{{ include "[[ helper "redisProgram" ]]" . }}-cli, -p, {{ [[ value "redis.port" ]] | int | quote }}, ping]
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  {{- with [[ value "securityContext" ]] }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with [[ value "redis.resources" ]] }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: data
[[ if has "persistence" ]]
      mountPath: {{ [[ value "persistence.mountPath" ]] }}
[[ else ]]
      mountPath: /data
[[ end ]]
{{- end }}

{{/*
Completes the redis block of LiveKit's configuration, in place.
*/}}
{{- define "[[ helper "redisConfig" ]]" -}}
{{- $redis := last . }}
{{- with first . }}
{{- if [[ value "redis.enabled" ]] }}
{{- $_ := set $redis "address" (printf "127.0.0.1:%d" (int [[ value "redis.port" ]])) }}
{{- else }}
{{- with [[ value "redis.external.address" ]] }}
{{- $_ := set $redis "address" . }}
{{- end }}
{{- if or [[ value "redis.external.tls" ]] [[ value "redis.external.caSecret" ]][[ if placed "redis.external.clientCertSecret" ]] [[ value "redis.external.clientCertSecret" ]][[ end ]] }}
{{- $tls := $redis.tls | default dict }}
{{- $_ := set $tls "enabled" true }}
{{- if [[ value "redis.external.caSecret" ]] }}
{{- $_ := set $tls "ca_cert_file" "/etc/livekit/redis/ca.crt" }}
{{- end }}
[[ if placed "redis.external.clientCertSecret" ]]
{{- if [[ value "redis.external.clientCertSecret" ]] }}
{{- $_ := set $tls "client_cert_file" "/etc/livekit/redis-client/tls.crt" }}
{{- $_ := set $tls "client_key_file" "/etc/livekit/redis-client/tls.key" }}
{{- end }}
[[ end ]]
{{- $_ := set $redis "tls" $tls }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Secret with the password of Redis, "" where there is none.
*/}}
{{- define "[[ helper "redisSecret" ]]" -}}
[[ if has "redis-service" ]]
{{- if not [[ value "redis.enabled" ]] }}
{{- [[ value "redis.external.existingSecret" ]] | default "" }}
{{- else if [[ value "redis.service.enabled" ]] }}
{{- [[ value "redis.service.existingSecret" ]] | default (include "[[ helper "suffixed" ]]" (list . "redis")) }}
{{- end }}
[[ else ]]
{{- if not [[ value "redis.enabled" ]] }}
{{- [[ value "redis.external.existingSecret" ]] | default "" }}
{{- end }}
[[ end ]]
{{- end }}
