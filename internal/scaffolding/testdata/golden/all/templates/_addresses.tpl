{{/*
What each server has of its own, as [{address, annotations, spec}] by its number;
empty where all have the same.
*/}}
{{- define "livekit.mediaAddresses" -}}
{{- $addresses := list }}
{{- range .Values.media.addresses }}
{{- $addresses = append $addresses (kindIs "map" . | ternary . (dict "address" .)) }}
{{- end }}
{{- toJson $addresses }}
{{- end }}

{{/*
Kind of the workload: a StatefulSet numbers its servers, so that each finds its address.
*/}}
{{- define "livekit.workloadKind" -}}
{{- .Values.media.addresses | empty | ternary "Deployment" "StatefulSet" }}
{{- end }}

{{/*
Files of the configuration: one for all servers, or one for each, with its address.
*/}}
{{- define "livekit.configFiles" -}}
{{- $files := dict }}
{{- $config := include "livekit.config" . }}
{{- range $number, $own := include "livekit.mediaAddresses" . | fromJsonArray }}
{{- $one := fromJson $config }}
{{- $_ := set $one.rtc "node_ip" $own.address }}
{{- $_ := set $files (printf "livekit-%d.yaml" $number) $one }}
{{- end }}
{{- $files | default (dict "livekit.yaml" (fromJson $config)) | toJson }}
{{- end }}
