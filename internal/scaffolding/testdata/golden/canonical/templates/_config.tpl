{{/*
What the user has set of LiveKit's configuration, as JSON: config with extraConfig over it.
*/}}
{{- define "livekit.ownConfig" -}}
{{- $config := dict }}
{{- range list (.Values.config | default dict) (.Values.extraConfig | default dict) }}
{{- include "livekit.overlay" (list $config .) }}
{{- end }}
{{- toJson $config }}
{{- end }}

{{/*
LiveKit's configuration as JSON: what the user has set, and what follows from the
other values. Everything that depends on the configuration reads this.
*/}}
{{- define "livekit.config" -}}
{{- $config := include "livekit.ownConfig" . | fromJson }}
{{- range list "rtc" "redis" "turn" "keys" "webhook" "node_selector" "prometheus" "debug_handler" "trace" }}
{{- if and (hasKey $config .) (not (kindIs "map" (get $config .))) }}
{{- fail (printf "\n\nextraConfig.%s has to be a map of LiveKit's keys\n" .) }}
{{- end }}
{{- end }}
{{- $rtc := $config.rtc | default dict }}
{{- $address := include "livekit.address" . }}
{{- $_ := set $rtc "use_external_ip" (eq $address "stun") }}
{{- /* With one address for all of a node's interfaces the server listens for media on one of them, whichever comes
first. So those that are the cluster's own are left out. */}}
{{- if and (eq .Values.media.type "HostNetwork") (not (has $address (list "stun" "auto"))) (not (hasKey $rtc "interfaces")) (not $rtc.ips) }}
{{- $_ := set $rtc "interfaces" (dict "excludes" (splitList " " "antrea-gw0 cilium_host cni0 docker0 flannel.1 kube-bridge kube-ipvs0 nodelocaldns ovn-k8s-mp0 tunl0 virbr0 vxlan.calico weave wireguard.cali")) }}
{{- end }}
{{- $_ := set $config "rtc" $rtc }}
{{- $redis := $config.redis | default dict }}
{{- include "livekit.redisConfig" (list . $redis) }}
{{- if $redis }}
{{- $_ := set $config "redis" $redis }}
{{- end }}
{{- toJson $config }}
{{- end }}

{{/*
The configuration as the server reads it. Keys that are numbers (layers of video) have no quotes there.
*/}}
{{- define "livekit.configText" -}}
{{- regexReplaceAll `(?m)^( *)"([0-9])":` (toYaml .) "${1}${2}:" }}
{{- end }}

{{/*
"true" where the configuration holds a credential: then it is a Secret, not a
ConfigMap. What a newer server takes for one nobody knows, so extraConfig is one.
A URL may have one as its login or in its query, or be a stream's with its key.
*/}}
{{- define "livekit.configIsSecret" -}}
{{- $config := include "livekit.config" . }}
{{- if or .Values.extraConfig (regexMatch "\"(accessKey|access_key|accountKey|account_key|assumeRoleExternalId|assume_role_external_id|credential|credentials|keys|password|secret|sentinel_password|sessionToken|session_token)\":" $config) (regexMatch "://[^/@\" ]+@|://[^\" ]+[?][^\" ]|rtmps?://[^/\" ]+/[^/\" ]+/[^\" ]" $config) }}true{{ end }}
{{- end }}

{{/*
A change of the configuration rolls the pods. Anyone who sees pods sees its hash, so
where it holds a credential, the hash is salted and slow, that nobody guesses from it.
*/}}
{{- define "livekit.configChecksum" -}}
{{- $config := include "livekit.config" . }}
{{- $sum := sha256sum $config }}
{{- if include "livekit.configIsSecret" . }}
{{- $sum = printf "%s/%s %s" .Release.Namespace .Release.Name $config | sha256sum }}
{{- range until 1000 }}
{{- $sum = sha256sum $sum }}
{{- end }}
{{- end }}
{{- $sum }}
{{- end }}

{{/*
The address that clients are told: "host", "pod", "stun", "auto" or an IP address;
"hosts" and "pods" where they have one of IPv4 and one of IPv6.
*/}}
{{- define "livekit.address" -}}
{{- $byType := dict "NodePort" "host" "HostNetwork" "host" "LoadBalancer" "" "ClusterIP" "pod" }}
{{- .Values.media.address | default (get $byType .Values.media.type) }}
{{- end }}

{{/*
The port for signalling.
*/}}
{{- define "livekit.port" -}}
{{- include "livekit.config" . | fromJson | dig "port" 7880 | int }}
{{- end }}

{{/*
The ports on which clients send media, as {"ports": [{name, port, protocol}]},
with the first and the last one for UDP (0 where media goes over TCP alone). Where
those are more than 100 they are not listed, and "from" and "to" are set.
*/}}
{{- define "livekit.mediaPorts" -}}
{{- $config := include "livekit.config" . | fromJson }}
{{- $rtc := $config.rtc | default dict }}
{{- $ports := list }}
{{- $tcp := dig "tcp_port" 7881 $rtc | int }}
{{- if $tcp }}
{{- $ports = append $ports (dict "name" "rtc-tcp" "port" $tcp "protocol" "TCP") }}
{{- end }}
{{- $result := dict "first" 0 "last" 0 }}
{{- if not $rtc.force_tcp }}
{{- $from := 50000 }}
{{- $to := 60000 }}
{{- if $rtc.port_range_start }}
{{- $from = $rtc.port_range_start | int }}
{{- $to = $rtc.port_range_end | int }}
{{- else if $rtc.udp_port }}
{{- $range := $rtc.udp_port | int64 | toString }}
{{- if kindIs "string" $rtc.udp_port }}
{{- $range = $rtc.udp_port }}
{{- end }}
{{- $from = splitList "-" $range | first | trim | int }}
{{- $to = splitList "-" $range | last | trim | int }}
{{- end }}
{{- $result = dict "first" $from "last" $to }}
{{- if eq $from $to }}
{{- $ports = append $ports (dict "name" "rtc-udp" "port" $from "protocol" "UDP") }}
{{- else if lt (sub $to $from) 100 }}
{{- range $port := untilStep $from (add1 $to | int) 1 }}
{{- $ports = append $ports (dict "name" (printf "rtc-udp-%d" $port) "port" $port "protocol" "UDP") }}
{{- end }}
{{- else }}
{{- $result = dict "from" $from "to" $to "first" $from "last" $to }}
{{- end }}
{{- end }}
{{- $_ := set $result "ports" $ports }}
{{- toJson $result }}
{{- end }}

{{/*
Spec of the Service for media, without its selector.
*/}}
{{- define "livekit.mediaServiceSpec" -}}
{{- $type := .Values.media.type }}
{{- $ports := (include "livekit.mediaPorts" . | fromJson).ports }}
{{- $address := include "livekit.address" . }}
{{- /* Calls go on in a pod that is not ready, or that is ending: so media has to reach it. */}}
{{- $spec := dict "publishNotReadyAddresses" true }}
{{- /* Local: clients address the pod's own node, and their addresses stay as they are. */}}
{{- if ne $type "ClusterIP" }}
{{- $_ := set $spec "externalTrafficPolicy" "Local" }}
{{- end }}
{{- if or (has $address (list "hosts" "pods")) (contains "," $address) }}
{{- $_ := set $spec "ipFamilyPolicy" "PreferDualStack" }}
{{- end }}
{{- if and (eq $type "LoadBalancer") (ne $address "stun") }}
{{- $_ := set $spec "loadBalancerIP" (splitList "," $address | first) }}
{{- end }}
{{- include "livekit.overlay" (list $spec (deepCopy (.Values.media.spec | default dict))) -}}
type: {{ $type }}
{{- /* An empty address is for those who assign it by other means. */}}
{{ $spec.loadBalancerIP | empty | ternary (omit $spec "loadBalancerIP") $spec | toYaml }}
ports:
  {{- range $ports }}
  - name: {{ .name }}
    port: {{ .port | int }}
    targetPort: {{ .port | int }}
    {{- if eq $type "NodePort" }}
    nodePort: {{ .port | int }}
    {{- end }}
    protocol: {{ .protocol }}
  {{- end }}
{{- end }}

{{/*
"true" where the pod holds what no second one can have beside it: the claim, or
the ports of a node or a load balancer.
*/}}
{{- define "livekit.alone" -}}
{{- $holdsPorts := and (ne .Values.media.type "ClusterIP") (not (include "livekit.several" .)) }}
{{- if or $holdsPorts (and .Values.redis.enabled .Values.persistence.enabled) }}true{{ end }}
{{- end }}

{{/*
Secret with the API keys.
*/}}
{{- define "livekit.keysSecret" -}}
{{- .Values.keys.existingSecret | default (include "livekit.suffixed" (list . "keys")) }}
{{- end }}

{{/*
"true" where the chart makes up credentials, once.
*/}}
{{- define "livekit.generatesSecrets" -}}
{{- if and (eq (include "livekit.keysFrom" .) "env") (not .Values.keys.existingSecret) }}true{{ end }}
{{- end }}

{{/*
How the server gets its API keys: "config" (they are in the configuration),
"file" (a key file in the Secret) or "env" (a key and its secret in two entries).
*/}}
{{- define "livekit.keysFrom" -}}
{{- if include "livekit.config" . | fromJson | dig "keys" dict }}config
{{- else if or .Values.keys.values (and .Values.keys.existingSecret .Values.keys.fileEntry) }}file
{{- else }}env
{{- end }}
{{- end }}
