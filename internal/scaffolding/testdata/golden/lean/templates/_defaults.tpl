{{/*
Puts .Values over defaults.yaml, so that values.yaml may lack any. Each template begins with this; the first one does
it for all, as a value that is unset by null would come back else.
*/}}
{{- define "livekit.defaults" -}}
{{- if not (hasKey . "HasDefaults") }}
{{- $values := .Files.Get "defaults.yaml" | fromYaml }}
{{- include "livekit.overlay" (list $values .Values) }}
{{- $_ := set . "Values" $values }}
{{- $_ := set . "HasDefaults" true }}
{{- end }}
{{- end }}
