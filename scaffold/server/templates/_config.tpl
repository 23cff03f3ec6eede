{{/*
What the user has set of LiveKit's configuration, as JSON: config with extraConfig over it.
*/}}
{{- define "[[ helper "ownConfig" ]]" -}}
{{- $config := dict }}
{{- range list ([[ value "config" ]] | default dict) ([[ value "extraConfig" ]] | default dict) }}
{{- include "[[ helper "overlay" ]]" (list $config .) }}
{{- end }}
{{- toJson $config }}
{{- end }}

{{/*
LiveKit's configuration as JSON: what the user has set, and what follows from the
other values. Everything that depends on the configuration reads this.
*/}}
{{- define "[[ helper "config" ]]" -}}
{{- $config := include "[[ helper "ownConfig" ]]" . | fromJson }}
{{- range list "rtc" "redis" "turn" "keys" "webhook" "node_selector" "prometheus" "debug_handler" "trace" }}
{{- if and (hasKey $config .) (not (kindIs "map" (get $config .))) }}
{{- fail (printf "\n\n[[ key "extraConfig" ]].%s has to be a map of LiveKit's keys\n" .) }}
{{- end }}
{{- end }}
{{- $rtc := $config.rtc | default dict }}
{{- $address := include "[[ helper "address" ]]" . }}
{{- $_ := set $rtc "use_external_ip" (eq $address "stun") }}
{{- /* With one address for all of a node's interfaces the server listens for media on one of them, whichever comes
first. So those that are the cluster's own are left out. */}}
{{- if and (eq [[ value "media.type" ]] "HostNetwork") (not (has $address (list "stun" "auto"))) (not (hasKey $rtc "interfaces")) (not $rtc.ips) }}
{{- $_ := set $rtc "interfaces" (dict "excludes" (splitList " " "antrea-gw0 cilium_host cni0 docker0 flannel.1 kube-bridge kube-ipvs0 nodelocaldns ovn-k8s-mp0 tunl0 virbr0 vxlan.calico weave wireguard.cali")) }}
{{- end }}
{{- $_ := set $config "rtc" $rtc }}
[[ if eq (shape "service.targetPort") "number" ]]
{{- if not $config.port }}
{{- $_ := set $config "port" ([[ value "service.targetPort" ]] | default 7880 | int) }}
{{- end }}
[[ end ]]
[[ if has "redis" ]]
{{- $redis := $config.redis | default dict }}
{{- include "[[ helper "redisConfig" ]]" (list . $redis) }}
{{- if $redis }}
{{- $_ := set $config "redis" $redis }}
{{- end }}
[[ end ]]
[[ if has "turn" ]]
{{- $turn := $config.turn | default dict }}
{{- if and $turn.enabled $turn.tls_port (not $turn.external_tls) (not $turn.cert_file) }}
{{- $_ := set $turn "cert_file" "/etc/livekit/turn/tls.crt" }}
{{- $_ := set $turn "key_file" "/etc/livekit/turn/tls.key" }}
{{- end }}
[[ end ]]
{{- toJson $config }}
{{- end }}

{{/*
The configuration as the server reads it. Keys that are numbers (layers of video) have no quotes there.
*/}}
{{- define "[[ helper "configText" ]]" -}}
{{- regexReplaceAll `(?m)^( *)"([0-9])":` (toYaml .) "${1}${2}:" }}
{{- end }}

{{/*
"true" where the configuration holds a credential: then it is a Secret, not a
ConfigMap. What a newer server takes for one nobody knows, so extraConfig is one.
A URL may have one as its login or in its query, or be a stream's with its key.
*/}}
{{- define "[[ helper "configIsSecret" ]]" -}}
{{- $config := include "[[ helper "config" ]]" . }}
{{- if or[[ if placed "existingConfigSecret" ]] [[ value "existingConfigSecret" ]][[ end ]] [[ value "extraConfig" ]] (regexMatch "\"([[ .CredentialKeys ]])\":" $config) (regexMatch "://[^/@\" ]+@|://[^\" ]+[?][^\" ]|rtmps?://[^/\" ]+/[^/\" ]+/[^\" ]" $config) }}true{{ end }}
{{- end }}

{{/*
A change of the configuration rolls the pods. Anyone who sees pods sees its hash, so
where it holds a credential, the hash is salted and slow, that nobody guesses from it.
*/}}
{{- define "[[ helper "configChecksum" ]]" -}}
{{- $config := include "[[ helper "config" ]]" . }}
[[ if has "media-addresses" ]]
{{- with [[ value "media.addresses" ]] }}
{{- $config = print $config (toJson .) }}
{{- end }}
[[ end ]]
{{- $sum := sha256sum $config }}
{{- if include "[[ helper "configIsSecret" ]]" . }}
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
{{- define "[[ helper "address" ]]" -}}
{{- $byType := dict "NodePort" "host" "HostNetwork" "host" "LoadBalancer" "" "ClusterIP" "pod" }}
[[ if has "media-addresses" ]]
{{- if [[ value "media.addresses" ]] }}
{{- /* Each server has one of its own. */}}
{{- print "addresses" }}
{{- else }}
{{- [[ value "media.address" ]] | default (get $byType [[ value "media.type" ]]) }}
{{- end }}
[[ else ]]
{{- [[ value "media.address" ]] | default (get $byType [[ value "media.type" ]]) }}
[[ end ]]
{{- end }}

{{/*
The port for signalling.
*/}}
{{- define "[[ helper "port" ]]" -}}
{{- include "[[ helper "config" ]]" . | fromJson | dig "port" 7880 | int }}
{{- end }}

{{/*
The ports on which clients send media, as {"ports": [{name, port, protocol}]},
with the first and the last one for UDP (0 where media goes over TCP alone). Where
those are more than 100 they are not listed, and "from" and "to" are set.
*/}}
{{- define "[[ helper "mediaPorts" ]]" -}}
{{- $config := include "[[ helper "config" ]]" . | fromJson }}
{{- $rtc := $config.rtc | default dict }}
[[ if has "draining" ]]
{{- if eq (include "[[ helper "portSet" ]]" .) "second" }}
{{- $rtc = dict "tcp_port" [[ value "draining.tcpPort" ]] "udp_port" [[ value "draining.udpPort" ]] "force_tcp" $rtc.force_tcp }}
{{- end }}
[[ end ]]
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
[[ if has "turn" ]]
{{- $turn := $config.turn | default dict }}
{{- if and $turn.enabled $turn.udp_port }}
{{- $ports = append $ports (dict "name" "turn-udp" "port" (int $turn.udp_port) "protocol" "UDP") }}
{{- end }}
[[ end ]]
{{- $_ := set $result "ports" $ports }}
{{- toJson $result }}
{{- end }}

{{/*
Spec of the Service for media, without its selector.
*/}}
{{- define "[[ helper "mediaServiceSpec" ]]" -}}
{{- $type := [[ value "media.type" ]] }}
{{- $ports := (include "[[ helper "mediaPorts" ]]" . | fromJson).ports }}
{{- $address := include "[[ helper "address" ]]" . }}
[[ if or (has "split-media") (has "media-addresses") ]]
{{- $own := .mediaService | default dict }}
{{- $address = $own.address | default $address }}
[[ end ]]
[[ if has "split-media" ]]
{{- if $own.protocol }}
{{- $all := $ports }}
{{- $ports = list }}
{{- range $all }}
{{- if eq .protocol $own.protocol }}
{{- $ports = append $ports . }}
{{- end }}
{{- end }}
{{- end }}
[[ end ]]
{{- /* Calls go on in a pod that is not ready, or that is ending: so media has to reach it. */}}
{{- $spec := dict "publishNotReadyAddresses" true }}
{{- /* Local: clients address the pod's own node, and their addresses stay as they are. */}}
{{- if ne $type "ClusterIP" }}
{{- $_ := set $spec "externalTrafficPolicy" "Local" }}
{{- end }}
{{- if or (has $address (list "hosts" "pods")) (contains "," $address) }}
{{- $_ := set $spec "ipFamilyPolicy" "PreferDualStack" }}
{{- end }}
[[ if placed "ipFamilies" ]]
{{- include "[[ helper "overlay" ]]" (list $spec (include "[[ helper "ipFamilies" ]]" . | fromYaml)) }}
[[ end ]]
{{- if and (eq $type "LoadBalancer") (ne $address "stun") }}
{{- $_ := set $spec "loadBalancerIP" (splitList "," $address | first) }}
{{- end }}
[[ if or (has "split-media") (has "media-addresses") ]]
{{- include "[[ helper "overlay" ]]" (list $spec (deepCopy ([[ value "media.spec" ]] | default dict))) }}
{{- include "[[ helper "overlay" ]]" (list $spec (deepCopy ($own.spec | default dict))) -}}
[[ else ]]
{{- include "[[ helper "overlay" ]]" (list $spec (deepCopy ([[ value "media.spec" ]] | default dict))) -}}
[[ end ]]
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
[[ if or (has "split-media") (has "media-addresses") ]]

{{/*
The Services for media, as [{suffix, selector, protocol, portSet, address, annotations, spec}]:
one, or one for each protocol, server and set of ports.
*/}}
{{- define "[[ helper "mediaServices" ]]" -}}
{{- $services := list (dict "suffix" "media" "selector" dict "annotations" dict "spec" dict) }}
[[ if has "draining" ]]
{{- if include "[[ helper "portSet" ]]" . }}
{{- $services = list }}
{{- range $set, $suffix := dict "first" "media" "second" "media-second" }}
{{- $services = append $services (dict "suffix" $suffix "selector" (dict "livekit-media-ports" $set) "portSet" $set "annotations" dict "spec" dict) }}
{{- end }}
{{- end }}
[[ end ]]
[[ if has "media-addresses" ]]
{{- range $number, $own := include "[[ helper "mediaAddresses" ]]" . | fromJsonArray }}
{{- if not $number }}
{{- $services = list }}
{{- end }}
{{- $selector := dict "apps.kubernetes.io/pod-index" (toString $number) }}
{{- $services = append $services (dict "suffix" (printf "media-%d" $number) "selector" $selector "address" $own.address "annotations" ($own.annotations | default dict) "spec" ($own.spec | default dict)) }}
{{- end }}
[[ end ]]
[[ if has "split-media" ]]
{{- if [[ value "media.split" ]] }}
{{- /* The Service for UDP keeps the name, so that an upgrade takes the TCP port out of it first. */}}
{{- $udp := dict "suffix" "" "protocol" "UDP" "annotations" [[ value "media.udp.annotations" ]] "spec" [[ value "media.udp.spec" ]] }}
{{- $tcp := dict "suffix" "-tcp" "protocol" "TCP" "annotations" [[ value "media.tcp.annotations" ]] "spec" [[ value "media.tcp.spec" ]] }}
{{- $split := list }}
{{- range $service := $services }}
{{- range list $udp $tcp }}
{{- $one := deepCopy $service }}
{{- include "[[ helper "overlay" ]]" (list $one.annotations (.annotations | default dict)) }}
{{- include "[[ helper "overlay" ]]" (list $one.spec (.spec | default dict)) }}
{{- $split = append $split (set $one "suffix" (print $one.suffix .suffix) | merge (dict "protocol" .protocol)) }}
{{- end }}
{{- end }}
{{- $services = $split }}
{{- end }}
[[ end ]]
{{- toJson $services }}
{{- end }}
[[ end ]]
[[ if has "metrics" ]]

{{/*
The port for metrics, "" where there is none.
*/}}
{{- define "[[ helper "metricsPort" ]]" -}}
{{- $config := include "[[ helper "config" ]]" . | fromJson }}
{{- /* The server lets the older key win. */}}
{{- with dig "prometheus_port" 0 $config | default (dig "prometheus" "port" 0 $config) }}{{ int . }}{{ end }}
{{- end }}

{{/*
The job by which Prometheus knows the servers, "" where neither monitor is made.
*/}}
{{- define "[[ helper "metricsJob" ]]" -}}
{{- if [[ value "metrics.serviceMonitor.enabled" ]] }}
{{- include "[[ helper "suffixed" ]]" (list . "metrics") }}
{{- else if [[ value "metrics.podMonitor.enabled" ]] }}
{{- .Release.Namespace }}/[[ name "PodMonitor" ]]
{{- end }}
{{- end }}
[[ end ]]

{{/*
"true" where the pod holds what no second one can have beside it: the claim, or
the ports of a node or a load balancer.
*/}}
{{- define "[[ helper "alone" ]]" -}}
{{- $holdsPorts := and (ne [[ value "media.type" ]] "ClusterIP") (not (include "[[ helper "several" ]]" .)) }}
[[ if has "draining" ]]
{{- $holdsPorts = and $holdsPorts (not [[ value "draining.enabled" ]]) }}
[[ end ]]
[[ if has "persistence" ]]
{{- if or $holdsPorts (and [[ value "redis.enabled" ]] [[ value "persistence.enabled" ]]) }}true{{ end }}
[[ else ]]
{{- if $holdsPorts }}true{{ end }}
[[ end ]]
{{- end }}

{{/*
Secret with the API keys.
*/}}
{{- define "[[ helper "keysSecret" ]]" -}}
[[ if has "secret-operator" ]]
{{- if [[ value "keys.operator.enabled" ]] }}
{{- /* A name of its own: once the chart no longer makes the other Secret, Helm removes it. */}}
{{- include "[[ helper "suffixed" ]]" (list . "operator-keys") }}
{{- else }}
{{- [[ value "keys.existingSecret" ]] | default (include "[[ helper "suffixed" ]]" (list . "keys")) }}
{{- end }}
[[ else ]]
{{- [[ value "keys.existingSecret" ]] | default (include "[[ helper "suffixed" ]]" (list . "keys")) }}
[[ end ]]
{{- end }}

{{/*
"true" where the chart makes up credentials, once.
*/}}
{{- define "[[ helper "generatesSecrets" ]]" -}}
[[ if has "redis-service" ]]
{{- if and [[ value "redis.service.enabled" ]] (not [[ value "redis.service.existingSecret" ]]) }}true{{ end }}
[[ end ]]
{{- if and (eq (include "[[ helper "keysFrom" ]]" .) "env") (not [[ any "keys.existingSecret" "keys.operator.enabled" | operand ]]) }}true{{ end }}
{{- end }}

{{/*
How the server gets its API keys: "config" (they are in the configuration),
"file" (a key file in the Secret) or "env" (a key and its secret in two entries).
*/}}
{{- define "[[ helper "keysFrom" ]]" -}}
{{- if include "[[ helper "config" ]]" . | fromJson | dig "keys" dict }}config
{{- else if or [[ value "keys.values" ]] (and [[ any "keys.existingSecret" "keys.operator.enabled" | operand ]] [[ value "keys.fileEntry" ]]) }}file
{{- else }}env
{{- end }}
{{- end }}
[[ if has "turn" ]]

{{/*
Secret with the certificate of TURN, "" where the server needs none.
*/}}
{{- define "[[ helper "turnSecret" ]]" -}}
{{- $turn := include "[[ helper "config" ]]" . | fromJson | dig "turn" dict }}
{{- if and $turn.enabled $turn.tls_port (not $turn.external_tls) }}
{{- if [[ value "turn.existingSecret" ]] }}
{{- [[ value "turn.existingSecret" ]] }}
{{- else if [[ value "turn.certificate.enabled" ]] }}
{{- include "[[ helper "suffixed" ]]" (list . "turn-tls") }}
{{- end }}
{{- end }}
{{- end }}
[[ end ]]
