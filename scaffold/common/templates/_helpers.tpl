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
[[ else if .Convention.Naming.Prefix ]]
{{- printf "[[ .Convention.Naming.Prefix ]]%s" (include "[[ helper "name" ]]" .) | trunc 63 | trimSuffix "-" }}
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
[[ if placed "commonLabels" ]]
{{- with omit ([[ value "commonLabels" ]] | default dict)[[ range .Convention.Labels.Set ]] "[[ .Name ]]"[[ end ]] }}
{{ toYaml . }}
{{- end }}
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
{{- mergeOverwrite $plain[[ if placed "commonLabels" ]] (deepCopy ([[ value "commonLabels" ]] | default dict))[[ end ]] (deepCopy ([[ value "podLabels" ]] | default dict)) $own | toYaml }}
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

[[ if placed "openshift.assignUser" ]]
{{/*
Security context of the pods, without user and groups where OpenShift assigns them.
*/}}
{{- define "[[ helper "podSecurityContext" ]]" -}}
{{- $context := [[ value "podSecurityContext" ]] | default dict }}
{{- [[ value "openshift.assignUser" ]] | default false | ternary (omit $context "runAsUser" "runAsGroup" "fsGroup") $context | toYaml }}
{{- end }}

[[ end ]]
{{/*
Image of the container.
*/}}
{{- define "[[ helper "image" ]]" -}}
[[ if eq (shape "image.repository") "string" ]]
{{- [[ value "image.repository" ]] }}
[[ else if eq (shape "image.repository") "registry" ]]
[[ if placed "image.digest" ]]
{{- with [[ value "image.registry" ]] }}{{ . }}/{{ end }}{{ [[ value "image.repository" ]] }}
{{- with [[ value "image.digest" ]] }}@{{ . }}{{ else }}:{{ [[ value "image.tag" ]] | default $.Chart.AppVersion }}{{ end }}
[[ else ]]
{{- with [[ value "image.registry" ]] }}{{ . }}/{{ end }}{{ [[ value "image.repository" ]] }}:{{ [[ value "image.tag" ]] | default .Chart.AppVersion }}
[[ end ]]
[[ else ]]
[[ if placed "image.digest" ]]
{{- if [[ value "image.digest" ]] }}
{{- printf "%s@%s" [[ value "image.repository" ]] [[ value "image.digest" ]] }}
{{- else }}
{{- printf "%s:%s" [[ value "image.repository" ]] ([[ value "image.tag" ]] | default .Chart.AppVersion | toString) }}
{{- end }}
[[ else ]]
{{- printf "%s:%s" [[ value "image.repository" ]] ([[ value "image.tag" ]] | default .Chart.AppVersion | toString) }}
[[ end ]]
[[ end ]]
{{- end }}

[[ if placed "ipFamilies" ]]
{{/*
IP families of all Services.
*/}}
{{- define "[[ helper "ipFamilies" ]]" -}}
{{- with [[ value "ipFamilyPolicy" ]] }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with [[ value "ipFamilies" ]] }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}

[[ end ]]
{{/*
A probe. Its default way of asking gives way to another one that is set:
include "[[ helper "probe" ]]" (list .Values.livenessProbe "tcpSocket")
*/}}
{{- define "[[ helper "probe" ]]" -}}
{{- $probe := first . }}
{{- gt (pick $probe "exec" "grpc" "httpGet" "tcpSocket" | len) 1 | ternary (omit $probe (last .)) $probe | toYaml }}
{{- end }}

{{/*
"4" or "6" for an IP address, "" for any other text.
*/}}
{{- define "[[ helper "ipFamily" ]]" -}}
{{- $groups := splitList ":" . | compact }}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])" }}
{{- if regexMatch (printf "^(%s[.]){3}%s$" $octet $octet) . }}4
{{- else if regexMatch "^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$" . }}6
{{- else if and (regexMatch "^([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?$" .) (lt (len $groups) 8) }}6
{{- end }}
{{- end }}

{{/*
"true" where more than one pod may run.
*/}}
{{- define "[[ helper "several" ]]" -}}
[[ if eq .Workload "DaemonSet" ]]
{{- print "true" }}
[[ else if has "autoscaling" ]]
{{- if or (gt (int [[ value "replicaCount" ]]) 1) [[ value "autoscaling.external" ]] (and [[ if placed "autoscaling.keda.enabled" ]](or [[ value "autoscaling.enabled" ]] [[ value "autoscaling.keda.enabled" ]])[[ else ]][[ value "autoscaling.enabled" ]][[ end ]] (gt (int [[ value "autoscaling.maxReplicas" ]]) 1)) }}true{{ end }}
[[ else ]]
{{- if gt (int [[ value "replicaCount" ]]) 1 }}true{{ end }}
[[ end ]]
{{- end }}

{{/*
"true" where another pod may serve while one of them ends.
*/}}
{{- define "[[ helper "replaced" ]]" -}}
[[ if has "draining" ]]
{{- if [[ value "draining.enabled" ]] }}true{{ else }}{{ include "[[ helper "several" ]]" . }}{{ end }}
[[ else ]]
{{- include "[[ helper "several" ]]" . }}
[[ end ]]
{{- end }}

{{/*
Lays the second map over the first, in place: false and 0 replace, too, which
sprig's mergeOverwrite leaves out, and null removes.
*/}}
{{- define "[[ helper "overlay" ]]" -}}
{{- $base := first . }}
{{- range $key, $value := last . }}
{{- if kindIs "map" $value }}
{{- $below := get $base $key }}
{{- if not (kindIs "map" $below) }}
{{- $below = dict }}
{{- $_ := set $base $key $below }}
{{- end }}
{{- include "[[ helper "overlay" ]]" (list $below $value) }}
{{- else if kindIs "invalid" $value }}
{{- $_ := unset $base $key }}
{{- else }}
{{- $_ := set $base $key $value }}
{{- end }}
{{- end }}
{{- end }}
