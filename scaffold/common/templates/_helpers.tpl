{{/*
Name of the chart.
*/}}
{{- define "[[ helper "name" ]]" -}}
{{- default .Chart.Name [[ value "nameOverride" ]] | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Name of the objects.
*/}}
{{- define "[[ helper "fullname" ]]" -}}
{{- if [[ value "fullnameOverride" ]] }}
{{- [[ value "fullnameOverride" ]] | trunc 63 | trimSuffix "-" }}
{{- else }}
[[ if eq .Convention.Naming.Fullname "{release}-{name}?" ]]
{{- $name := include "[[ helper "name" ]]" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
[[ else if eq .Convention.Naming.Fullname "{release}-{name}" ]]
{{- printf "%s-%s" .Release.Name (include "[[ helper "name" ]]" .) | trunc 63 | trimSuffix "-" }}
[[ else if eq .Convention.Naming.Fullname "{name}-{release}" ]]
{{- printf "%s-%s" (include "[[ helper "name" ]]" .) .Release.Name | trunc 63 | trimSuffix "-" }}
[[ else if eq .Convention.Naming.Fullname "{name}-{release}?" ]]
{{- $name := include "[[ helper "name" ]]" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" $name .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
[[ else if eq .Convention.Naming.Fullname "{release}" ]]
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
[[ else ]]
{{- include "[[ helper "name" ]]" . }}
[[ end ]]
{{- end }}
{{- end }}

{{/*
Name of a further object, cut so that its suffix always fits:
include "[[ helper "suffixed" ]]" (list . "media")
*/}}
{{- define "[[ helper "suffixed" ]]" -}}
{{- $suffix := last . }}
{{- $fullname := include "[[ helper "fullname" ]]" (first .) }}
{{- printf "%s-%s" ($fullname | trunc (sub 62 (len $suffix) | int) | trimSuffix "-") $suffix }}
{{- end }}

{{/*
Name and version of the chart, as a label has it.
*/}}
{{- define "[[ helper "chart" ]]" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Version of the image, as a label has it.
*/}}
{{- define "[[ helper "version" ]]" -}}
[[ if eq (shape "image.repository") "string" ]]
{{- $tag := [[ value "image.repository" ]] | splitList "@" | first | regexFind ":[^/:]+$" | trimPrefix ":" }}
{{- $tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." }}
[[ else ]]
{{- regexReplaceAll "[^A-Za-z0-9_.-]" ([[ value "image.tag" ]] | default .Chart.AppVersion | toString | splitList "@" | first) "-" | trunc 63 | trimAll "-_." }}
[[ end ]]
{{- end }}

{{/*
Labels of every object.
*/}}
{{- define "[[ helper "labels" ]]" -}}
[[ range .Convention.Labels.Set ]]
[[ .Name ]]: [[ labelValue .Value ]]
[[ end ]]
{{- end }}

{{/*
Labels by which the workload and the Services find the pods. They never change.
*/}}
{{- define "[[ helper "selectorLabels" ]]" -}}
[[ range .Convention.Labels.Selector ]]
[[ .Name ]]: [[ labelValue .Value ]]
[[ end ]]
{{- end }}

[[ if serviceLabels ]]
{{/*
Labels by which the Services find the pods, beside those above.
*/}}
{{- define "[[ helper "serviceLabels" ]]" -}}
[[ range serviceLabels ]]
[[ .Name ]]: [[ labelValue .Value ]]
[[ end ]]
{{- end }}

[[ end ]]
{{/*
Labels of the pods. The plain label app serves `kubectl get pod -l app=[[ .Chart.Name ]]`.
*/}}
{{- define "[[ helper "podLabels" ]]" -}}
{{- $plain := dict "app" (include "[[ helper "name" ]]" .) }}
{{- $own := include "[[ helper "selectorLabels" ]]" . | fromYaml }}
[[ if serviceLabels ]]
{{- $own = include "[[ helper "serviceLabels" ]]" . | fromYaml | mergeOverwrite $own }}
[[ end ]]
{{- mergeOverwrite $plain (deepCopy ([[ value "podLabels" ]] | default dict)) $own | toYaml }}
{{- end }}

[[ if placed "service.port" ]]
{{/*
Name of the Service that routes lead to.
*/}}
{{- define "[[ helper "serviceName" ]]" -}}
[[ name "Service" ]]
{{- end }}

[[ end ]]
{{/*
Name of the ServiceAccount.
*/}}
{{- define "[[ helper "serviceAccountName" ]]" -}}
{{- if [[ value "serviceAccount.create" ]] }}
{{- default (include "[[ helper "fullname" ]]" .) [[ value "serviceAccount.name" ]] }}
{{- else }}
{{- default "default" [[ value "serviceAccount.name" ]] }}
{{- end }}
{{- end }}

{{/*
Image of the container.
*/}}
{{- define "[[ helper "image" ]]" -}}
[[ if eq (shape "image.repository") "string" ]]
{{- [[ value "image.repository" ]] }}
[[ else if eq (shape "image.repository") "registry" ]]
{{- with [[ value "image.registry" ]] }}{{ . }}/{{ end }}{{ [[ value "image.repository" ]] }}:{{ [[ value "image.tag" ]] | default .Chart.AppVersion }}
[[ else ]]
{{- printf "%s:%s" [[ value "image.repository" ]] ([[ value "image.tag" ]] | default .Chart.AppVersion | toString) }}
[[ end ]]
{{- end }}

{{/*
"true" where more than one pod may run.
*/}}
{{- define "[[ helper "several" ]]" -}}
[[ if eq .Workload "DaemonSet" ]]
{{- print "true" }}
[[ else if has "autoscaling" ]]
{{- if or (gt (int [[ value "replicaCount" ]]) 1) (and [[ value "autoscaling.enabled" ]] (gt (int [[ value "autoscaling.maxReplicas" ]]) 1)) }}true{{ end }}
[[ else ]]
{{- if gt (int [[ value "replicaCount" ]]) 1 }}true{{ end }}
[[ end ]]
{{- end }}

{{/*
Lays the second map over the first, in place: false and 0 replace, too, which
sprig's mergeOverwrite leaves out.
*/}}
{{- define "[[ helper "overlay" ]]" -}}
{{- $base := first . }}
{{- range $key, $value := last . }}
{{- if and (kindIs "map" $value) (kindIs "map" (get $base $key)) }}
{{- include "[[ helper "overlay" ]]" (list (get $base $key) $value) }}
{{- else }}
{{- $_ := set $base $key $value }}
{{- end }}
{{- end }}
{{- end }}
