{{/*
Draining: a new server takes new rooms while the old one lets its calls end. On one
node they need different media ports: there are two sets, and each new server takes
the one that the server before it has not.
*/}}

{{/*
The set of media ports of the server: "first" or "second", "" where there is one set.
The Deployment that runs says which it has; the other one is taken once the pods change.
*/}}
{{- define "livekit.portSet" -}}
{{- if hasKey . "portSet" }}
{{- .portSet }}
{{- else if and .Values.draining.enabled (eq .Values.media.type "NodePort") }}
{{- if .Values.draining.portSet }}
{{- .Values.draining.portSet }}
{{- else }}
{{- $running := lookup "apps/v1" "Deployment" .Release.Namespace (include "livekit.workloadName" .) }}
{{- $set := dig "spec" "template" "metadata" "labels" "livekit-media-ports" "first" $running }}
{{- $checksum := dig "metadata" "annotations" "checksum/pod" "" $running }}
{{- if and $checksum (ne $checksum (include "livekit.podChecksum" .)) }}
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
{{- define "livekit.allMediaPorts" -}}
{{- $ports := include "livekit.mediaPorts" . | fromJson }}
{{- if include "livekit.portSet" . }}
{{- $all := list }}
{{- range list "first" "second" }}
{{- $all = concat $all (include "livekit.mediaPorts" (merge (dict "portSet" .) $) | fromJson).ports }}
{{- end }}
{{- $_ := set $ports "ports" $all }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{/*
Name of the Deployment.
*/}}
{{- define "livekit.workloadName" -}}
{{ include "livekit.fullname" . }}
{{- end }}

{{/*
Checksum of the pods without their set of ports.
*/}}
{{- define "livekit.podChecksum" -}}
{{- $root := dict "portSet" "" "Values" .Values "Release" .Release "Chart" .Chart "Capabilities" .Capabilities "Template" .Template "Files" .Files }}
{{- range splitList "\n---" (include (print .Template.BasePath "/deployment.yaml") $root) }}
{{- $object := fromYaml . }}
{{- if eq ($object.kind | default "") "Deployment" }}
{{- $object.spec.template | toJson | sha256sum }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Annotations of the Deployment.
*/}}
{{- define "livekit.workloadAnnotations" -}}
{{- $annotations := dict }}
{{- $annotations = deepCopy (.Values.annotations | default dict) }}
{{- if and (not (hasKey . "portSet")) (include "livekit.portSet" .) }}
{{- $_ := set $annotations "checksum/pod" (include "livekit.podChecksum" .) }}
{{- end }}
{{- toYaml $annotations }}
{{- end }}
