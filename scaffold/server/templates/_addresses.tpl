{{/*
What each server has of its own, as [{address, annotations, spec}] by its number;
empty where all have the same.
*/}}
{{- define "[[ helper "mediaAddresses" ]]" -}}
{{- $addresses := list }}
{{- range [[ value "media.addresses" ]] }}
{{- $addresses = append $addresses (kindIs "map" . | ternary . (dict "address" .)) }}
{{- end }}
{{- toJson $addresses }}
{{- end }}

{{/*
Kind of the workload: a StatefulSet numbers its servers, so that each finds its address.
*/}}
{{- define "[[ helper "workloadKind" ]]" -}}
{{- [[ value "media.addresses" ]] | empty | ternary "[[ .Workload ]]" "StatefulSet" }}
{{- end }}

{{/*
Files of the configuration: one for all servers, or one for each, with its address.
*/}}
{{- define "[[ helper "configFiles" ]]" -}}
{{- $files := dict }}
{{- $config := include "[[ helper "config" ]]" . }}
{{- range $number, $own := include "[[ helper "mediaAddresses" ]]" . | fromJsonArray }}
{{- $one := fromJson $config }}
{{- $_ := set $one.rtc "node_ip" $own.address }}
{{- $_ := set $files (printf "livekit-%d.yaml" $number) $one }}
{{- end }}
{{- $files | default (dict "livekit.yaml" (fromJson $config)) | toJson }}
{{- end }}
