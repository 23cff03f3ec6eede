{{/*
Draining: a new server takes new rooms while the old one lets its calls end. On one
node they need different media ports: there are two sets, and each new server takes
the one that the server before it has not.
*/}}

{{/*
The set of media ports of the server: "first" or "second", "" where there is one set.
The Deployment that runs says which it has; the other one is taken once the pods change.
*/}}
{{- define "[[ helper "portSet" ]]" -}}
{{- if hasKey . "portSet" }}
{{- .portSet }}
{{- else if and [[ value "draining.enabled" ]] (eq [[ value "media.type" ]] "NodePort") }}
{{- if [[ value "draining.portSet" ]] }}
{{- [[ value "draining.portSet" ]] }}
{{- else }}
{{- $running := lookup "apps/v1" "[[ .Workload ]]" .Release.Namespace (include "[[ helper "workloadName" ]]" .) }}
{{- $set := dig "spec" "template" "metadata" "labels" "livekit-media-ports" "first" $running }}
{{- $checksum := dig "metadata" "annotations" "checksum/pod" "" $running }}
{{- if and $checksum (ne $checksum (include "[[ helper "podChecksum" ]]" .)) }}
{{- eq $set "first" | ternary "second" "first" }}
{{- else }}
{{- $set }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The ports on which clients send media to any server of the release, as mediaPorts:
a server that lets its calls end has the other set.
*/}}
{{- define "[[ helper "allMediaPorts" ]]" -}}
{{- $ports := include "[[ helper "mediaPorts" ]]" . | fromJson }}
{{- if include "[[ helper "portSet" ]]" . }}
{{- $all := list }}
{{- range list "first" "second" }}
{{- $all = concat $all (include "[[ helper "mediaPorts" ]]" (merge (dict "portSet" .) $) | fromJson).ports }}
{{- end }}
{{- $_ := set $ports "ports" $all }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{/*
Name of the [[ .Workload ]].
*/}}
{{- define "[[ helper "workloadName" ]]" -}}
[[ name .Workload ]]
{{- end }}

{{/*
Checksum of the pods without their set of ports.
*/}}
{{- define "[[ helper "podChecksum" ]]" -}}
{{- $root := dict "portSet" "" "Values" .Values "Release" .Release "Chart" .Chart "Capabilities" .Capabilities "Template" .Template "Files" .Files }}
{{- range splitList "\n---" (include (print .Template.BasePath "/[[ file "deployment.yaml" ]]") $root) }}
{{- $object := fromYaml . }}
{{- if eq ($object.kind | default "") "[[ .Workload ]]" }}
{{- $object.spec.template | toJson | sha256sum }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Annotations of the [[ .Workload ]].
*/}}
{{- define "[[ helper "workloadAnnotations" ]]" -}}
{{- $annotations := dict }}
[[ if placed "annotations" ]]
{{- $annotations = deepCopy ([[ value "annotations" ]] | default dict) }}
[[ end ]]
{{- if and (not (hasKey . "portSet")) (include "[[ helper "portSet" ]]" .) }}
{{- $_ := set $annotations "checksum/pod" (include "[[ helper "podChecksum" ]]" .) }}
{{- end }}
{{- toYaml $annotations }}
{{- end }}
