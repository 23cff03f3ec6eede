[[ if placed "ingress.domain" ]]
{{/*
A host, with the domain behind it where it has no dot:
include "[[ helper "host" ]]" (list . "livekit")
*/}}
{{- define "[[ helper "host" ]]" -}}
{{- $host := last . }}
{{- with first . }}
{{- if and $host [[ value "ingress.domain" ]] (not (contains "." $host)) }}
{{- printf "%s.%s" $host [[ value "ingress.domain" ]] }}
{{- else }}
{{- $host }}
{{- end }}
{{- end }}
{{- end }}

[[ end ]]
[[ if not (isNormal "ingress.hosts") ]]
{{/*
Hosts of the Ingress as [{host, paths: [{path, pathType}]}].
*/}}
{{- define "[[ helper "hosts" ]]" -}}
[[ if eq (shape "ingress.hosts") "objects" ]]
{{- range [[ value "ingress.hosts" ]] }}
- host: {{ [[ host ".host" ]] | quote }}
  paths: {{ toJson .paths }}
{{- end }}
[[ else if eq (shape "ingress.hosts") "named" ]]
{{- range [[ value "ingress.hosts" ]] }}
- host: {{ [[ host ".name" ]] | quote }}
  paths:
    - path: {{ .path | default "/" | quote }}
{{- end }}
[[ else if eq (shape "ingress.hosts") "host" ]]
{{- with [[ value "ingress.hosts" ]] }}
- host: {{ [[ host "." ]] | quote }}
{{- end }}
[[ else ]]
{{- range [[ value "ingress.hosts" ]] }}
- host: {{ [[ host "." ]] | quote }}
{{- end }}
[[ end ]]
{{- end }}

[[ end ]]
[[ if not (isNormal "ingress.tls") ]]
{{/*
TLS of the Ingress as [{hosts: [], secretName}].
*/}}
{{- define "[[ helper "tls" ]]" -}}
[[ if eq (shape "ingress.tls") "list" ]]
{{- range [[ value "ingress.tls" ]] }}
- secretName: {{ .secretName | quote }}
  hosts:
    {{- range .hosts }}
    - {{ [[ host "." ]] | quote }}
    {{- end }}
{{- end }}
[[ else if eq (shape "ingress.tls") "follows" ]]
{{- range [[ value "ingress.tls" ]] }}
- secretName: {{ .secretName | quote }}
  hosts:
    {{- range .hosts }}
    - {{ [[ host "." ]] | quote }}
    {{- else }}
    {{- range [[ hosts "$" ]] }}
    - {{ .host | quote }}
    {{- end }}
    {{- end }}
{{- end }}
[[ else if eq (shape "ingress.tls") "hosts" ]]
{{- with [[ value "ingress.tls" ]] }}
- secretName: {{ include "[[ helper "suffixed" ]]" (list $ "tls") }}
  hosts:
    {{- range . }}
    - {{ [[ host "." ]] | quote }}
    {{- end }}
{{- end }}
[[ else if eq (shape "ingress.tls") "secrets" ]]
{{- range [[ value "ingress.tls" ]] }}
- secretName: {{ . | quote }}
  hosts:
    {{- range [[ hosts "$" ]] }}
    - {{ .host | quote }}
    {{- end }}
{{- end }}
[[ else if eq (shape "ingress.tls") "secret" ]]
{{- with [[ value "ingress.tls" ]] }}
- secretName: {{ . | quote }}
  hosts:
    {{- range [[ hosts "$" ]] }}
    - {{ .host | quote }}
    {{- end }}
{{- end }}
[[ else if eq (shape "ingress.tls") "map" ]]
{{- if [[ value "ingress.tls" ]].enabled }}
- secretName: {{ [[ value "ingress.tls" ]].secretName | default (include "[[ helper "suffixed" ]]" (list . "tls")) | quote }}
  hosts:
    {{- range [[ hosts "$" ]] }}
    - {{ .host | quote }}
    {{- end }}
{{- end }}
[[ else ]]
{{- if [[ value "ingress.tls" ]] }}
- secretName: {{ include "[[ helper "suffixed" ]]" (list . "tls") }}
  hosts:
    {{- range [[ hosts "$" ]] }}
    - {{ .host | quote }}
    {{- end }}
{{- end }}
[[ end ]]
{{- end }}

[[ end ]]
