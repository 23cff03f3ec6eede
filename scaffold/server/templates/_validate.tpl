{{/*
Stops a release whose settings cannot work together, with all reasons at once.
*/}}
{{- define "[[ helper "validate" ]]" -}}
{{- $errors := list }}
{{- $config := include "[[ helper "config" ]]" . | fromJson }}
{{- $rtc := $config.rtc | default dict }}
{{- $several := include "[[ helper "several" ]]" . }}
{{- $address := include "[[ helper "address" ]]" . }}
{{- $type := [[ value "media.type" ]] }}

{{- /* The cluster: 1.20.0 alone passes Chart.yaml, for the sake of a render without a cluster */}}
{{- if and (semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version) (lookup "v1" "Namespace" "" "kube-system") }}
{{- $errors = append $errors (printf "Kubernetes %s has no sidecars: 1.29 or later is needed" .Capabilities.KubeVersion.Version) }}
{{- end }}

{{- /* What the user has set, before the chart adds to it */}}
{{- $own := include "[[ helper "ownConfig" ]]" . | fromJson }}

{{- /* Ports */}}
[[ if ne (shape "service.targetPort") "number" ]]
{{- if and [[ value "service.enabled" ]] (not (has ([[ value "service.targetPort" ]] | default "http" | toString) (list "http" (include "[[ helper "port" ]]" .)))) }}
{{- $errors = append $errors (printf "[[ key "service.targetPort" ]] is %v, but the server listens on [[ key "config.port" ]] %s: use http, which follows it" [[ value "service.targetPort" ]] (include "[[ helper "port" ]]" .)) }}
{{- end }}
[[ end ]]
{{- if and $rtc.udp_port (or $rtc.port_range_start $rtc.port_range_end) }}
{{- $errors = append $errors "[[ key "config" ]].rtc has udp_port and port_range_start or port_range_end, and the server would ignore udp_port: set one of them to null" }}
{{- else if ne (empty $rtc.port_range_start) (empty $rtc.port_range_end) }}
{{- $errors = append $errors "[[ key "config" ]].rtc needs both port_range_start and port_range_end" }}
{{- else }}
{{- $media := include "[[ helper "mediaPorts" ]]" . | fromJson }}
{{- range $media.ports }}
{{- if and (eq $type "NodePort") (or (lt (int .port) 30000) (gt (int .port) 32767)) }}
{{- $errors = append $errors (printf "%s is %d, but a NodePort lies between 30000 and 32767: choose such a port, or another [[ key "media.type" ]]" .name (int .port)) }}
{{- end }}
{{- end }}
{{- if lt (int $media.last) (int $media.first) }}
{{- $errors = append $errors (printf "UDP ports %d to %d are no range: the first is the lower one" (int $media.first) (int $media.last)) }}
{{- end }}
{{- if eq (include "[[ helper "port" ]]" .) "0" }}
{{- $errors = append $errors "[[ portKey ]] is 0, with which the server takes any free port: give one" }}
{{- end }}
{{- /* No two listeners of the pod may have one port. */}}
{{- $taken := dict }}
{{- if and $rtc.force_tcp (eq (dig "tcp_port" 7881 $rtc | int) 0) }}
{{- $errors = append $errors "[[ key "config" ]].rtc.force_tcp leaves media no port, as tcp_port is 0: set tcp_port" }}
{{- end }}
{{- if and (kindIs "string" $rtc.udp_port) (contains "-" $rtc.udp_port) (eq (int $media.first) (int $media.last)) (not $rtc.force_tcp) }}
{{- $errors = append $errors (printf "[[ key "config" ]].rtc.udp_port is %q, a range of one port, which the server refuses: write %d" $rtc.udp_port (int $media.first)) }}
{{- end }}
{{- $listeners := append $media.ports (dict "name" "[[ portKey ]]" "port" (include "[[ helper "port" ]]" .) "protocol" "TCP") }}
[[ if has "redis" ]]
{{- if [[ value "redis.enabled" ]] }}
{{- $listeners = append $listeners (dict "name" "[[ key "redis.port" ]]" "port" [[ value "redis.port" ]] "protocol" "TCP") }}
{{- end }}
[[ end ]]
{{- range $name := list "prometheus" "debug_handler" }}
{{- with dig $name "port" 0 $config }}
{{- $listeners = append $listeners (dict "name" (printf "[[ key "config" ]].%s.port" $name) "port" . "protocol" "TCP") }}
{{- end }}
{{- end }}
[[ if has "turn" ]]
{{- if and (dig "turn" "enabled" false $config) (dig "turn" "tls_port" 0 $config) }}
{{- $listeners = append $listeners (dict "name" "[[ key "config" ]].turn.tls_port" "port" $config.turn.tls_port "protocol" "TCP") }}
{{- end }}
[[ end ]]
{{- range $listener := $listeners }}
{{- $port := printf "%d/%s" (int $listener.port) $listener.protocol }}
{{- with get $taken $port }}
{{- $errors = append $errors (printf "%s and %s are both %s: choose different ports" . $listener.name $port) }}
{{- end }}
{{- $_ := set $taken $port $listener.name }}
{{- end }}
{{- $user := dig "runAsUser" (dig "runAsUser" 0 ([[ value "podSecurityContext" ]] | default dict)) ([[ value "securityContext" ]] | default dict) | int }}
{{- range $listeners }}
{{- if and (eq $type "HostNetwork") $user (lt (int .port) 1024) (gt (int .port) 0) }}
{{- $errors = append $errors (printf "%s is %d, and on the node's network only root may open a port below 1024: choose another one, or set [[ key "podSecurityContext" ]].runAsUser to 0 and runAsNonRoot to false" .name (int .port)) }}
{{- end }}
{{- end }}
{{- if and $media.from (has $type (list "NodePort" "LoadBalancer")) }}
{{- $errors = append $errors (printf "UDP ports %d to %d are too many for a Service: set [[ key "config.rtc.udp_port" ]] to one port (and port_range_start and port_range_end to null), or [[ key "media.type" ]] to HostNetwork" (int $media.from) (int $media.to)) }}
{{- end }}
{{- end }}

{{- /* The address that clients are told */}}
{{- if and (dig "rtc" "use_external_ip" false $own) (ne $address "stun") }}
{{- $errors = append $errors "[[ key "config" ]].rtc.use_external_ip is true: set [[ key "media.address" ]] to stun instead" }}
{{- end }}
{{- if $rtc.node_ip }}
{{- $errors = append $errors "[[ key "config" ]].rtc.node_ip is set: set [[ key "media.address" ]] to that address instead" }}
{{- end }}
[[ if has "media-addresses" ]]
{{- $servers := include "[[ helper "mediaAddresses" ]]" . | fromJsonArray }}
{{- if $servers }}
{{- $told := list }}
{{- range $servers }}
{{- $told = append $told .address }}
{{- range splitList "," .address }}
{{- if or (not (include "[[ helper "ipFamily" ]]" .)) (regexMatch "^((0|127|22[4-9]|2[3-5][0-9])[.]|::1?$|[fF][fF])" .) }}
{{- $errors = append $errors (printf "[[ key "media.addresses" ]] has %q: each is an IP address that clients reach, or one of IPv4 and one of IPv6 with a comma between" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if ne (len $told) (len (uniq $told)) }}
{{- $errors = append $errors "[[ key "media.addresses" ]] has an address twice, and it leads to one server only" }}
{{- end }}
{{- if [[ value "media.address" ]] }}
{{- $errors = append $errors "[[ key "media.address" ]] and [[ key "media.addresses" ]] are both set: choose one" }}
{{- end }}
{{- if ne $type "LoadBalancer" }}
{{- $errors = append $errors (printf "[[ key "media.addresses" ]] are those of load balancers, but [[ key "media.type" ]] is %s: set it to LoadBalancer, or leave the addresses out" $type) }}
{{- end }}
[[ if eq .Workload "DaemonSet" ]]
{{- $errors = append $errors "[[ key "media.addresses" ]] needs servers with numbers, and those of a DaemonSet have none: use [[ key "media.type" ]] HostNetwork or NodePort" }}
[[ else ]]
{{- $most := int [[ value "replicaCount" ]] }}
[[ if has "autoscaling" ]]
{{- if [[ value "autoscaling.enabled" ]] }}
{{- $most = int [[ value "autoscaling.maxReplicas" ]] }}
{{- else if [[ value "autoscaling.external" ]] }}
{{- $errors = append $errors "[[ key "autoscaling.external" ]] leaves the number of servers open, and each needs one of [[ key "media.addresses" ]]: use [[ key "autoscaling.enabled" ]] with [[ key "autoscaling.maxReplicas" ]], or [[ key "replicaCount" ]]" }}
{{- end }}
[[ end ]]
{{- if gt $most (len $servers) }}
{{- $errors = append $errors (printf "[[ key "media.addresses" ]] has %d entries for up to %d servers: give each server one" (len $servers) $most) }}
{{- end }}
{{- if has (dig "type" "" ([[ value "strategy" ]] | default dict)) (list "Recreate") }}
{{- $errors = append $errors "[[ key "strategy" ]].type Recreate is a Deployment's, and [[ key "media.addresses" ]] needs a StatefulSet: leave it out" }}
{{- end }}
[[ end ]]
[[ if has "draining" ]]
{{- if [[ value "draining.enabled" ]] }}
{{- $errors = append $errors "[[ key "draining.enabled" ]] and [[ key "media.addresses" ]]: a new server would need the address of the one that drains; choose one" }}
{{- end }}
[[ end ]]
[[ if placed "existingConfigSecret" ]]
{{- if [[ value "existingConfigSecret" ]] }}
{{- $errors = append $errors "[[ key "existingConfigSecret" ]] is one configuration, and [[ key "media.addresses" ]] needs one for each server: leave one of them out" }}
{{- end }}
[[ end ]]
{{- else if eq ([[ value "media.address" ]] | default "") "addresses" }}
{{- $errors = append $errors "[[ key "media.address" ]] is addresses: give them in [[ key "media.addresses" ]]" }}
{{- end }}
[[ end ]]
{{- $words := list "host" "hosts" "pod" "pods" "stun" "auto"[[ if has "media-addresses" ]] "addresses"[[ end ]] }}
{{- $families := list }}
{{- if and $address (not (has $address $words)) }}
{{- range splitList "," $address }}
{{- $families = append $families (include "[[ helper "ipFamily" ]]" .) }}
{{- if regexMatch "^((0|127|22[4-9]|2[3-5][0-9])[.]|::1?$|[fF][fF])" . }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %s, which no client reaches: leave it empty, or give the address that clients use" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq $type "LoadBalancer") (has $address (list "" "host" "hosts" "pod" "pods" "auto")) }}
{{- $errors = append $errors "[[ key "media.type" ]] LoadBalancer needs [[ key "media.address" ]], the load balancer's IP address (or stun, where traffic leaves by it)" }}
{{- else if and (eq $type "NodePort") (has $address (list "pod" "pods" "auto")) }}
{{- $errors = append $errors (printf "[[ key "media.type" ]] NodePort with [[ key "media.address" ]] %s: clients outside the cluster do not reach a pod's address; leave it empty" $address) }}
{{- else if and (eq $type "ClusterIP") (has $address (list "host" "hosts")) }}
{{- $errors = append $errors "[[ key "media.type" ]] ClusterIP with [[ key "media.address" ]] host or hosts: no port of the node leads to the pod; leave it empty" }}
{{- else if or (has "" $families) (ne (len $families) (uniq $families | len)) }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %q: use host, hosts, pod, pods, stun, auto or an IP address, or one of IPv4 and one of IPv6 with a comma between" $address) }}
{{- else if and $several $families (ne $type "LoadBalancer") }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %s, which all of several servers would tell clients: leave it empty" $address) }}
{{- end }}
[[ if placed "ipFamilies" ]]
{{- if eq ([[ value "ipFamilyPolicy" ]] | default "") "SingleStack" }}
{{- if gt (len ([[ value "ipFamilies" ]] | default list)) 1 }}
{{- $errors = append $errors "[[ key "ipFamilyPolicy" ]] SingleStack takes one of [[ key "ipFamilies" ]]: use PreferDualStack or RequireDualStack" }}
{{- end }}
{{- if and (or (has $address (list "hosts" "pods")) (contains "," $address)) (ne $type "HostNetwork") }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] %s tells clients addresses of both families, and [[ key "ipFamilyPolicy" ]] SingleStack leads to one of them: use PreferDualStack, or [[ key "media.address" ]] %s" $address (splitList "," $address | first | trimSuffix "s")) }}
{{- end }}
{{- end }}
[[ end ]]
{{- if eq (dig "bind_addresses" (list) $config | join ",") "127.0.0.1" }}
{{- $errors = append $errors "[[ key "config" ]].bind_addresses is the loopback address, which neither Services nor probes reach: leave it out" }}
{{- end }}
{{- if and $several (eq $type "LoadBalancer")[[ if has "media-addresses" ]] (ne $address "addresses")[[ end ]] }}
{{- $errors = append $errors "[[ key "media.type" ]] LoadBalancer has one address, which leads to one of several servers only: use HostNetwork or NodePort[[ if has "media-addresses" ]], or [[ key "media.addresses" ]][[ end ]][[ if ne .Workload "DaemonSet" ]], or [[ key "replicaCount" ]] 1[[ end ]]" }}
{{- end }}

{{- /* API keys */}}
{{- if and [[ value "keys.values" ]] [[ value "keys.existingSecret" ]] }}
{{- $errors = append $errors "[[ key "keys.values" ]] and [[ key "keys.existingSecret" ]] are both set: choose one" }}
{{- end }}
{{- if and $config.keys (or [[ value "keys.values" ]] [[ value "keys.existingSecret" ]]) }}
{{- $errors = append $errors "[[ key "config" ]].keys is set beside [[ key "keys" ]]: choose one" }}
{{- end }}
{{- range $name, $secret := mergeOverwrite (deepCopy ($config.keys | default dict)) ([[ value "keys.values" ]] | default dict) }}
{{- if lt (len (toString $secret)) 32 }}
{{- $errors = append $errors (printf "the secret of API key %s has %d characters: it needs 32 or more (openssl rand -base64 32)" $name (len (toString $secret))) }}
{{- end }}
{{- end }}

{{- $webhook := $config.webhook | default dict }}
{{- $known := [[ value "keys.values" ]] | default $config.keys }}
{{- if and $known $webhook.urls (not (hasKey $known ($webhook.api_key | default ""))) }}
{{- $errors = append $errors (printf "[[ key "config" ]].webhook.api_key is %q, but webhooks are signed with one of the API keys: %s" ($webhook.api_key | default "") (keys $known | sortAlpha | join ", ")) }}
{{- end }}
{{- if and (eq (include "[[ helper "keysFrom" ]]" .) "file") (dig "runAsUser" 0 ([[ value "podSecurityContext" ]] | default dict)) (not ([[ value "podSecurityContext" ]] | default dict).fsGroup) }}
{{- $errors = append $errors "[[ key "podSecurityContext" ]].fsGroup is needed, or the server may not read its key file: set it to a group, such as 65532" }}
{{- end }}

{{- if and (include "[[ helper "generatesSecrets" ]]" .) (include "[[ helper "underArgoCD" ]]" .) }}
{{- $errors = append $errors "under Argo CD generated credentials would be others at each sync: make a Secret, and name it in [[ key "keys.existingSecret" ]][[ if has "redis-service" ]] (that of Redis in [[ key "redis.service.existingSecret" ]])[[ end ]]" }}
{{- end }}

{{- /* Texts that the server does not start with, or that no client can use */}}
{{- if kindIs "slice" $config.bind_addresses }}
{{- if not $config.bind_addresses }}
{{- $errors = append $errors "[[ key "config" ]].bind_addresses is an empty list, and the server would listen nowhere: leave it out" }}
{{- end }}
{{- range $config.bind_addresses | compact }}
{{- if not (or (eq (toString .) "localhost") (include "[[ helper "ipFamily" ]]" (toString .))) }}
{{- $errors = append $errors (printf "[[ key "config" ]].bind_addresses has %q, which is no IP address; the port is [[ portKey ]]" (toString .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $ips := kindIs "map" $rtc.ips | ternary $rtc.ips dict }}
{{- range list $ips.includes $ips.excludes }}
{{- range kindIs "slice" . | ternary . list | compact }}
{{- if not (regexMatch "^[0-9a-fA-F.:]+/[0-9]{1,3}$" (toString .)) }}
{{- $errors = append $errors (printf "[[ key "config" ]].rtc.ips has %q, which is no network: write it as 10.0.0.0/8" (toString .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $hosts := kindIs "slice" $rtc.stun_servers | ternary $rtc.stun_servers list }}
{{- range kindIs "slice" $rtc.turn_servers | ternary $rtc.turn_servers list }}
{{- if kindIs "map" . }}
{{- $hosts = append $hosts .host }}
{{- end }}
{{- end }}
{{- range compact $hosts }}
{{- if regexMatch "^(?i)(stuns?|turns?):.*[^0-9]|://" (toString .) }}
{{- $errors = append $errors (printf "%q is a STUN or TURN server with a scheme, which the server puts before it: write the host (of STUN, host:port) alone" .) }}
{{- end }}
{{- end }}
{{- $jaeger := dig "trace" "jaeger_url" "" $config | toString }}
{{- if and (contains "://" $jaeger) (not (regexMatch "^https?://" $jaeger)) }}
{{- $errors = append $errors (printf "[[ key "config" ]].trace.jaeger_url is %q: traces go over HTTP alone, such as http://jaeger:4318" $jaeger) }}
{{- end }}
{{- range $text := regexFindAll "[$]([(][A-Za-z_][A-Za-z0-9_]*[)]|[{][A-Za-z_][A-Za-z0-9_]*[}])" (omit $config "key_file" | toJson) -1 }}
{{- $errors = append $errors (printf "[[ key "config" ]] has %s, which the server does not expand: set a variable LIVEKIT_ and the key in capitals in [[ key "env" ]]" $text) }}
{{- end }}

{{- /* Choice of a server by region */}}
{{- if eq (dig "node_selector" "kind" "" $config | toString) "regionaware" }}
{{- $regions := list }}
{{- range dig "node_selector" "regions" list $config }}
{{- $regions = append $regions .name }}
{{- end }}
{{- if and (not $config.region) (not (contains "LIVEKIT_REGION" (toJson [[ value "env" ]]))) }}
{{- $errors = append $errors "[[ key "config" ]].node_selector.kind regionaware needs [[ key "config" ]].region, the region of this server" }}
{{- else if and $config.region $regions (not (has $config.region $regions)) }}
{{- $errors = append $errors (printf "[[ key "config" ]].region is %s, which is none of [[ key "config" ]].node_selector.regions: %s" $config.region (join ", " $regions)) }}
{{- end }}
{{- end }}

{{- $generated := include "[[ helper "suffixed" ]]" (list . "keys") }}
{{- if eq ([[ value "keys.existingSecret" ]] | default "") $generated }}
{{- if lookup "v1" "Secret" .Release.Namespace $generated | dig "metadata" "annotations" "meta.helm.sh/release-name" "" | eq .Release.Name }}
{{- $errors = append $errors (printf "[[ key "keys.existingSecret" ]] %s is the Secret that this release has made, and would remove: leave it empty, or name another" $generated) }}
{{- end }}
{{- end }}
[[ if has "secret-operator" ]]
{{- if and [[ value "keys.fileEntry" ]] (not (or [[ value "keys.existingSecret" ]] [[ value "keys.operator.enabled" ]])) }}
{{- $errors = append $errors "[[ key "keys.fileEntry" ]] is an entry of [[ key "keys.existingSecret" ]], which is empty, or of the Secret of [[ key "keys.operator.enabled" ]], which is false" }}
{{- end }}
{{- if [[ value "keys.operator.enabled" ]] }}
{{- if or [[ value "keys.values" ]] [[ value "keys.existingSecret" ]] $config.keys }}
{{- $errors = append $errors "[[ key "keys.operator.enabled" ]] is true beside [[ key "keys.values" ]], [[ key "keys.existingSecret" ]] or [[ key "config" ]].keys: choose one" }}
{{- end }}
{{- $secret := include "[[ helper "keysSecret" ]]" . }}
{{- $spec := [[ value "keys.operator.spec" ]] }}
{{- $target := ($spec.target | default dict).name | default $secret }}
{{- if ne $target $secret }}
{{- $errors = append $errors (printf "[[ key "keys.operator.spec" ]].target.name is %s, but the server reads its keys from the Secret %s: leave it out" $target $secret) }}
{{- end }}
{{- range $entry, $sealed := $spec.encryptedData }}
{{- if not $sealed }}
{{- $errors = append $errors (printf "[[ key "keys.operator.spec" ]].encryptedData.%s is empty: seal it with `printf %%s VALUE | kubeseal --raw --namespace %s --name %s --from-file=/dev/stdin`" $entry $.Release.Namespace $secret) }}
{{- end }}
{{- end }}
{{- end }}
[[ else ]]
{{- if and [[ value "keys.fileEntry" ]] (not [[ value "keys.existingSecret" ]]) }}
{{- $errors = append $errors "[[ key "keys.fileEntry" ]] is an entry of [[ key "keys.existingSecret" ]], which is empty" }}
{{- end }}
[[ end ]]
{{- if $config.key_file }}
{{- $errors = append $errors "[[ key "config" ]].key_file is set: name a Secret in [[ key "keys.existingSecret" ]] and its entry in [[ key "keys.fileEntry" ]] instead" }}
{{- end }}

{{- /* Redis */}}
[[ if has "redis" ]]
{{- $given := dig "redis" "address" "" $own | toString }}
{{- if and $given [[ value "redis.external.address" ]] (ne $given [[ value "redis.external.address" ]]) }}
{{- $errors = append $errors (printf "[[ key "redis.external.address" ]] is %s, and [[ key "config" ]].redis.address %s: leave one of them out" (regexReplaceAll ".*@" [[ value "redis.external.address" ]] "***@") (regexReplaceAll ".*@" $given "***@")) }}
{{- end }}
[[ end ]]
{{- $redis := $config.redis | default dict }}
{{- $elsewhere := or $redis.address $redis.sentinel_addresses $redis.cluster_addresses }}
{{- range concat (list $redis.address) ($redis.sentinel_addresses | default list) ($redis.cluster_addresses | default list) | compact }}
{{- $port := regexFind "[0-9]+$" (toString .) | atoi }}
{{- if not (or (regexMatch "^[^/$ ]*:[0-9]{1,5}$" (toString .) | and (gt $port 0) (lt $port 65536)) (regexMatch "^/[^$ ]+$" (toString .))) }}
{{- $errors = append $errors (printf "the address of Redis is %v: it is host:port, or the path of a socket, without a scheme or a variable" (regexReplaceAll ".*@" (toString .) "***@" | quote)) }}
{{- end }}
{{- end }}
[[ if has "redis" ]]
{{- if [[ value "redis.enabled" ]] }}
{{- if [[ value "redis.external.address" ]] }}
{{- $errors = append $errors "[[ key "redis.enabled" ]] is true beside [[ key "redis.external.address" ]]: set one of them to false or empty" }}
{{- end }}
{{- range list "address" "username" "password" "tls" "use_tls" "sentinel_addresses" "cluster_addresses" }}
{{- if dig "redis" . false $own }}
{{- $errors = append $errors (printf "[[ key "config" ]].redis.%s is about a Redis elsewhere: set [[ key "redis.enabled" ]] to false, or leave it out" .) }}
{{- end }}
{{- end }}
{{- if $several }}
{{- $errors = append $errors "[[ key "redis.enabled" ]] runs a Redis inside each pod, which several servers ([[ if eq .Workload "DaemonSet" ]]a DaemonSet[[ else ]][[ if has "autoscaling" ]][[ key "autoscaling.enabled" ]], [[ key "autoscaling.external" ]] or [[ end ]][[ key "replicaCount" ]] above 1[[ end ]]) cannot share: set [[ key "redis.enabled" ]] to false and [[ key "redis.external.address" ]]" }}
{{- end }}
{{- else if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set [[ key "redis.external.address" ]]" }}
{{- else if and (not $elsewhere) (or [[ value "redis.external.existingSecret" ]] [[ value "redis.external.tls" ]] [[ value "redis.external.caSecret" ]][[ if placed "redis.external.clientCertSecret" ]] [[ value "redis.external.clientCertSecret" ]][[ end ]]) }}
{{- $errors = append $errors "[[ key "redis.external.address" ]] is empty, so its password and TLS lead nowhere: set it" }}
{{- end }}
[[ if placed "redis.external.sentinelSecret" ]]
{{- if and [[ value "redis.enabled" ]] (or [[ value "redis.external.sentinelSecret" ]] [[ value "redis.external.clientCertSecret" ]]) }}
{{- $errors = append $errors "[[ key "redis.external.sentinelSecret" ]] and [[ key "redis.external.clientCertSecret" ]] are about a Redis elsewhere: set [[ key "redis.enabled" ]] to false, or leave them out" }}
{{- else if and [[ value "redis.external.sentinelSecret" ]] (not $redis.sentinel_addresses) }}
{{- $errors = append $errors "[[ key "redis.external.sentinelSecret" ]] is set, but the server asks no sentinels: set [[ key "config" ]].redis.sentinel_addresses and sentinel_master_name" }}
{{- end }}
{{- if and [[ value "redis.external.sentinelSecret" ]] (or $redis.sentinel_password (and $redis.sentinel_username [[ value "redis.external.sentinelUsernameEntry" ]])) }}
{{- $errors = append $errors "[[ key "config" ]].redis.sentinel_password or sentinel_username is set beside [[ key "redis.external.sentinelSecret" ]]: choose one" }}
{{- end }}
{{- if and [[ value "redis.external.usernameEntry" ]] (not [[ value "redis.external.existingSecret" ]]) }}
{{- $errors = append $errors "[[ key "redis.external.usernameEntry" ]] is an entry of [[ key "redis.external.existingSecret" ]], which is empty" }}
{{- end }}
{{- if and [[ value "redis.external.clientCertSecret" ]] (dig "tls" "client_cert_file" "" ($own.redis | default dict)) }}
{{- $errors = append $errors "[[ key "config" ]].redis.tls.client_cert_file is set beside [[ key "redis.external.clientCertSecret" ]]: choose one" }}
{{- end }}
[[ end ]]
[[ else ]]
{{- if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set [[ key "config" ]].redis.address" }}
{{- end }}
[[ end ]]
[[ if has "redis-service" ]]
{{- if and [[ value "redis.service.enabled" ]] (not [[ value "redis.enabled" ]]) }}
{{- $errors = append $errors "[[ key "redis.service.enabled" ]] opens the sidecar, but [[ key "redis.enabled" ]] is false: set one or the other" }}
{{- end }}
{{- if and [[ value "redis.service.enabled" ]] (eq $type "HostNetwork") }}
{{- $errors = append $errors "[[ key "redis.service.enabled" ]] with [[ key "media.type" ]] HostNetwork would open Redis on the node's own addresses: use NodePort, or a Redis elsewhere" }}
{{- end }}
[[ end ]]

{{- /* TURN */}}
{{- $turn := $config.turn | default dict }}
[[ if has "turn" ]]
{{- if $turn.enabled }}
[[ if has "media-addresses" ]]
{{- range $servers }}
{{- $address = printf "%s,%s" $address .address | trimPrefix "addresses," }}
{{- end }}
[[ end ]]
{{- if and $turn.domain (not (regexMatch "^(?i)[a-z0-9-]+([.][a-z0-9-]+)+[.]?$" $turn.domain)) }}
{{- $errors = append $errors (printf "[[ key "config" ]].turn.domain is %q, which is no name of a host with a domain, such as turn.example.com" $turn.domain) }}
{{- end }}
{{- if and $families (not (has "4" $families)) (dig "bind_addresses" (list "0.0.0.0") $turn | join "," | contains ".") }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %s, and TURN needs an IPv4 address as well: add it with a comma, or set [[ key "config" ]].turn.bind_addresses to [\"::\"]" $address) }}
{{- end }}
{{- if and (eq $address "pod" "pods" | or (regexMatch "(^|,)((10|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]|[fF][cdCD])" $address)) (not $turn.allow_restricted_peer_cidrs) (include "[[ helper "version" ]]" . | regexMatch "^v?1[.](1[2-9]|[2-9][0-9])[.]") }}
{{- $errors = append $errors "the server tells clients a private address, to which TURN refuses to relay: list it in [[ key "config" ]].turn.allow_restricted_peer_cidrs, such as [10.0.0.0/8], and no more than has to be reached" }}
{{- end }}
{{- if not (or $turn.tls_port $turn.udp_port) }}
{{- $errors = append $errors "[[ key "config" ]].turn.enabled needs turn.tls_port or turn.udp_port" }}
{{- end }}
{{- if and $turn.tls_port (not $turn.domain) }}
{{- $errors = append $errors "[[ key "config" ]].turn.tls_port needs turn.domain, the name in the certificate" }}
{{- end }}
{{- if and $turn.tls_port (not $turn.external_tls) (hasPrefix "/etc/livekit/turn/" (toString $turn.cert_file)) (not (include "[[ helper "turnSecret" ]]" .)) }}
{{- $errors = append $errors "[[ key "config" ]].turn.tls_port needs a certificate: set [[ key "turn.existingSecret" ]], [[ key "turn.certificate.enabled" ]] or, where TLS ends elsewhere, [[ key "config" ]].turn.external_tls" }}
{{- end }}
{{- end }}
[[ else ]]
{{- if $turn.enabled }}
{{- $errors = append $errors "[[ key "config" ]].turn.enabled is true, but this chart was written without TURN: add it with `helm livekit update --with turn`" }}
{{- end }}
[[ end ]]

[[ if has "draining" ]]
{{- /* Draining */}}
{{- if [[ value "draining.enabled" ]] }}
[[ if ne .Workload "Deployment" ]]
{{- $errors = append $errors "[[ key "draining.enabled" ]] needs a Deployment: a [[ .Workload ]] has no new pod before the old one is gone" }}
[[ end ]]
{{- if or [[ value "redis.enabled" ]] (not $elsewhere) }}
{{- $errors = append $errors "[[ key "draining.enabled" ]] needs a Redis that both servers reach, or a call would be in two rooms of one name: set [[ key "redis.enabled" ]] to false and [[ key "redis.external.address" ]]" }}
{{- end }}
{{- if eq $type "LoadBalancer" }}
{{- $errors = append $errors "[[ key "draining.enabled" ]] with [[ key "media.type" ]] LoadBalancer: one address cannot lead to two servers; use NodePort or HostNetwork" }}
{{- end }}
{{- if eq $type "NodePort" }}
{{- if $rtc.port_range_start }}
{{- $errors = append $errors "[[ key "draining.enabled" ]] with [[ key "media.type" ]] NodePort needs [[ key "config.rtc.udp_port" ]], and port_range_start and port_range_end null" }}
{{- end }}
{{- if and (dig "turn" "enabled" false $config) (dig "turn" "udp_port" 0 $config) }}
{{- $errors = append $errors "[[ key "draining.enabled" ]] with [[ key "media.type" ]] NodePort has no second port for TURN over UDP: set [[ key "config" ]].turn.udp_port to 0" }}
{{- end }}
{{- $media := include "[[ helper "mediaPorts" ]]" (merge (dict "portSet" "first") .) | fromJson }}
{{- $second := include "[[ helper "mediaPorts" ]]" (merge (dict "portSet" "second") .) | fromJson }}
{{- $range := and $second.last (contains "-" (toString [[ value "draining.udpPort" ]])) }}
{{- if or $second.from (and $range (ge (int $second.first) (int $second.last))) }}
{{- $errors = append $errors (printf "[[ key "draining.udpPort" ]] is %v: give one port, or a range of up to 100, the lower one first" [[ value "draining.udpPort" ]]) }}
{{- end }}
{{- range $second.ports }}
{{- if or (lt (int .port) 30000) (gt (int .port) 32767) }}
{{- $errors = append $errors (printf "%s of [[ key "draining" ]] is %d, but a NodePort lies between 30000 and 32767" .name (int .port)) }}
{{- end }}
{{- $port := . }}
{{- range $media.ports }}
{{- if and (eq (int .port) (int $port.port)) (eq .protocol $port.protocol) (ne .name "turn-udp") }}
{{- $errors = append $errors (printf "[[ key "draining" ]] has port %d, which [[ key "config" ]].rtc has as well: the two sets need different ports" (int .port)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (not [[ value "draining.portSet" ]]) (include "[[ helper "underArgoCD" ]]" .) }}
{{- $errors = append $errors "under Argo CD the chart does not see which ports the running server has: set [[ key "draining.portSet" ]] to first or second, the other one with each change of the pods" }}
{{- end }}
{{- end }}
{{- end }}
[[ end ]]

{{- /* Signalling */}}
[[ if has "ingress" ]]
{{- if and [[ value "ingress.enabled" ]] (not [[ hosts "." | operand ]]) }}
{{- $errors = append $errors "[[ key "ingress.enabled" ]] needs a host in [[ key "ingress.hosts" ]]" }}
{{- end }}
{{- if and [[ value "ingress.enabled" ]] (not [[ value "service.enabled" ]]) }}
{{- $errors = append $errors "[[ key "ingress.enabled" ]] needs [[ key "service.enabled" ]]" }}
{{- end }}
[[ end ]]
[[ if has "httproute" ]]
{{- if and [[ value "httpRoute.enabled" ]] (not [[ value "service.enabled" ]]) }}
{{- $errors = append $errors "[[ key "httpRoute.enabled" ]] needs [[ key "service.enabled" ]]" }}
{{- end }}
[[ end ]]

[[ if has "route" ]]
{{- if and [[ value "route.enabled" ]] (not [[ value "service.enabled" ]]) }}
{{- $errors = append $errors "[[ key "route.enabled" ]] needs [[ key "service.enabled" ]]" }}
{{- end }}
{{- if and [[ value "openshift.assignUser" ]] (eq $type "HostNetwork") }}
{{- $errors = append $errors "[[ key "openshift.assignUser" ]] is for restricted-v2, which refuses the node's network of [[ key "media.type" ]] HostNetwork: set it to false, and let the ServiceAccount use hostnetwork-v2" }}
{{- end }}
[[ end ]]
[[ if has "gatewayroutes" ]]
{{- /* Routes of the Gateway API */}}
{{- $media := include "[[ helper "mediaPorts" ]]" . | fromJson }}
{{- if or [[ value "gatewayRoutes.mediaUDP.enabled" ]] [[ value "gatewayRoutes.mediaTCP.enabled" ]][[ if has "turn" ]] [[ value "gatewayRoutes.turnUDP.enabled" ]][[ end ]] }}
{{- if eq $type "HostNetwork" }}
{{- $errors = append $errors "[[ key "gatewayRoutes" ]] lead to the Service for media, which [[ key "media.type" ]] HostNetwork has none of: use ClusterIP" }}
{{- else if not $families }}
{{- $errors = append $errors "[[ key "gatewayRoutes" ]] need the Gateway's IP address in [[ key "media.address" ]], which clients are told" }}
{{- end }}
{{- if or $several[[ if has "draining" ]] [[ value "draining.enabled" ]][[ end ]] }}
{{- $errors = append $errors "[[ key "gatewayRoutes" ]] lead media to any of several servers, and not to the one that has the call: use HostNetwork or NodePort without them, or one server" }}
{{- end }}
{{- end }}
{{- if and [[ value "gatewayRoutes.mediaUDP.enabled" ]] (or (not $media.first) (ne (int $media.first) (int $media.last))) }}
{{- $errors = append $errors "[[ key "gatewayRoutes.mediaUDP.enabled" ]] needs one UDP port in [[ key "config.rtc.udp_port" ]], as a listener has one" }}
{{- end }}
{{- if and [[ value "gatewayRoutes.mediaTCP.enabled" ]] (not (dig "tcp_port" 7881 $rtc)) }}
{{- $errors = append $errors "[[ key "gatewayRoutes.mediaTCP.enabled" ]] needs [[ key "config.rtc.tcp_port" ]]" }}
{{- end }}
[[ if has "turn" ]]
{{- if and [[ value "gatewayRoutes.turnUDP.enabled" ]] (not (and (dig "turn" "enabled" false $config) (dig "turn" "udp_port" 0 $config))) }}
{{- $errors = append $errors "[[ key "gatewayRoutes.turnUDP.enabled" ]] needs [[ key "config" ]].turn.enabled and turn.udp_port" }}
{{- end }}
{{- if and [[ value "gatewayRoutes.turnTLS.enabled" ]] (not (and (dig "turn" "enabled" false $config) (dig "turn" "tls_port" 0 $config) [[ value "turn.service.enabled" ]])) }}
{{- $errors = append $errors "[[ key "gatewayRoutes.turnTLS.enabled" ]] needs [[ key "config" ]].turn.enabled, turn.tls_port and [[ key "turn.service.enabled" ]]" }}
{{- end }}
[[ end ]]
[[ end ]]
[[ if has "metrics" ]]
{{- if and [[ value "metrics.serviceMonitor.enabled" ]] (not (include "[[ helper "metricsPort" ]]" .)) }}
{{- $errors = append $errors "[[ key "metrics.serviceMonitor.enabled" ]] is true, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- end }}
{{- if and [[ value "metrics.podMonitor.enabled" ]] (not (include "[[ helper "metricsPort" ]]" .)) }}
{{- $errors = append $errors "[[ key "metrics.podMonitor.enabled" ]] is true, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- end }}
{{- if and (or [[ value "metrics.podMonitor.enabled" ]] [[ value "metrics.serviceMonitor.enabled" ]]) (dig "prometheus" "username" "" $config) (not [[ value "metrics.existingSecret" ]]) }}
{{- $errors = append $errors "[[ key "config" ]].prometheus.username is a login that Prometheus cannot look up: put username and password into a Secret, and name it in [[ key "metrics.existingSecret" ]]" }}
{{- end }}
{{- if and [[ value "metrics.podMonitor.enabled" ]] [[ value "metrics.serviceMonitor.enabled" ]] }}
{{- $errors = append $errors "[[ key "metrics.podMonitor.enabled" ]] and [[ key "metrics.serviceMonitor.enabled" ]] are both true, so each server would be read and counted twice: choose one" }}
{{- end }}
[[ end ]]
[[ if has "alerts" ]]
{{- if and [[ value "alerts.enabled" ]] (not (include "[[ helper "metricsPort" ]]" .)) }}
{{- $errors = append $errors "[[ key "alerts.enabled" ]] is true, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- else if and [[ value "alerts.enabled" ]] (not [[ value "alerts.selector" ]]) (not (include "[[ helper "metricsJob" ]]" .)) }}
{{- $errors = append $errors "[[ key "alerts.enabled" ]] needs to know the servers' labels in Prometheus: set [[ key "metrics.serviceMonitor.enabled" ]] or [[ key "metrics.podMonitor.enabled" ]], or, where something else reads metrics, [[ key "alerts.selector" ]]" }}
{{- end }}
[[ end ]]
[[ if has "dashboard" ]]
{{- if and [[ value "dashboard.enabled" ]] (not (include "[[ helper "metricsPort" ]]" .)) }}
{{- $errors = append $errors "[[ key "dashboard.enabled" ]] is true, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- end }}
[[ end ]]
[[ if has "deletion-cost" ]]
{{- if [[ value "deletionCost.enabled" ]] }}
[[ if ne .Workload "Deployment" ]]
{{- $errors = append $errors "[[ key "deletionCost.enabled" ]] needs a Deployment: Kubernetes does not ask which pods of a [[ .Workload ]] go first" }}
[[ end ]]
{{- if not (include "[[ helper "metricsPort" ]]" .) }}
{{- $errors = append $errors "[[ key "deletionCost.enabled" ]] is true, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- end }}
{{- if and (dig "prometheus" "username" "" $config) (not [[ value "metrics.existingSecret" ]]) }}
{{- $errors = append $errors "[[ key "config" ]].prometheus.username is a login that [[ key "deletionCost" ]] cannot look up: put username and password into a Secret, and name it in [[ key "metrics.existingSecret" ]]" }}
{{- end }}
{{- if not (or [[ value "serviceAccount.create" ]] [[ value "serviceAccount.name" ]]) }}
{{- $errors = append $errors "[[ key "deletionCost.enabled" ]] would let each pod of the namespace change pods, by the account default: set [[ key "serviceAccount.create" ]] or [[ key "serviceAccount.name" ]]" }}
{{- end }}
{{- if and [[ value "deletionCost.policy" ]] (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) (lookup "v1" "Namespace" "" "kube-system") }}
{{- $errors = append $errors (printf "[[ key "deletionCost.policy" ]] needs Kubernetes 1.30 or later, and this is %s: set it to false" .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}
[[ end ]]
[[ if has "networkpolicy" ]]
{{- if and [[ value "networkPolicy.enabled" ]] (eq $type "HostNetwork") }}
{{- $errors = append $errors "[[ key "networkPolicy.enabled" ]] does nothing with [[ key "media.type" ]] HostNetwork, as no policy holds for a pod on the node's network: set it to false, and filter on the nodes" }}
{{- end }}
[[ end ]]
[[ if has "autoscaling" ]]
{{- if and [[ value "autoscaling.enabled" ]] [[ value "autoscaling.external" ]] }}
{{- $errors = append $errors "[[ key "autoscaling.enabled" ]] and [[ key "autoscaling.external" ]] are both true: the one makes an autoscaler, the other leaves it to you" }}
{{- end }}
[[ if placed "autoscaling.keda.enabled" ]]
{{- if [[ value "autoscaling.keda.enabled" ]] }}
{{- if or [[ value "autoscaling.enabled" ]] [[ value "autoscaling.external" ]] }}
{{- $errors = append $errors "[[ key "autoscaling.keda.enabled" ]] is true beside [[ key "autoscaling.enabled" ]] or [[ key "autoscaling.external" ]]: KEDA makes an autoscaler of its own, so choose one" }}
{{- end }}
{{- if not (or [[ value "autoscaling.participants" ]] [[ value "autoscaling.keda.triggers" ]]) }}
{{- $errors = append $errors "[[ key "autoscaling.keda.enabled" ]] has nothing to go by: set [[ key "autoscaling.participants" ]] or [[ key "autoscaling.keda.triggers" ]]" }}
{{- else if and [[ value "autoscaling.participants" ]] (not [[ value "autoscaling.keda.query" ]]) (not (include "[[ helper "metricsJob" ]]" .)) }}
{{- $errors = append $errors "[[ key "autoscaling.keda.enabled" ]] needs to know the servers' labels in Prometheus: set [[ key "metrics.serviceMonitor.enabled" ]] or [[ key "metrics.podMonitor.enabled" ]], or, where something else reads metrics, [[ key "autoscaling.keda.query" ]]" }}
{{- end }}
{{- end }}
{{- if and [[ value "autoscaling.participants" ]] (not (or [[ value "autoscaling.enabled" ]] [[ value "autoscaling.keda.enabled" ]])) }}
{{- $errors = append $errors "[[ key "autoscaling.participants" ]] is set, but there is no autoscaler: set [[ key "autoscaling.enabled" ]] or [[ key "autoscaling.keda.enabled" ]]" }}
{{- end }}
{{- if and [[ value "autoscaling.participants" ]] (not (include "[[ helper "metricsPort" ]]" .)) }}
{{- $errors = append $errors "[[ key "autoscaling.participants" ]] is set, but the server serves no metrics: set [[ key "config.prometheus.port" ]]" }}
{{- end }}
[[ end ]]
{{- if and (or [[ value "autoscaling.enabled" ]][[ if placed "autoscaling.keda.enabled" ]] [[ value "autoscaling.keda.enabled" ]][[ end ]]) (gt (int [[ value "autoscaling.minReplicas" ]]) (int [[ value "autoscaling.maxReplicas" ]])) }}
{{- $errors = append $errors "[[ key "autoscaling.minReplicas" ]] is more than [[ key "autoscaling.maxReplicas" ]]" }}
{{- end }}
[[ end ]]

{{- /* Environment */}}
{{- $reserved := list "LIVEKIT_CONFIG" "LIVEKIT_PORT" "LIVEKIT_RTC_TCP_PORT" "LIVEKIT_RTC_UDP_PORT" "UDP_PORT" "LIVEKIT_RTC_PORT_RANGE_START" "LIVEKIT_RTC_PORT_RANGE_END" "LIVEKIT_RTC_USE_EXTERNAL_IP" "LIVEKIT_RTC_NODE_IP" "LIVEKIT_TURN_TLS_PORT" "LIVEKIT_TURN_UDP_PORT" "LIVEKIT_PROMETHEUS_PORT" "REDIS_HOST" "LIVEKIT_REDIS_ADDRESS" "LIVEKIT_CPU_REQUEST" "NODE_IP" "LIVEKIT_API_KEY" "LIVEKIT_API_SECRET" "LIVEKIT_KEYS" "LIVEKIT_REDIS_PASSWORD"[[ if placed "redis.external.sentinelSecret" ]] "LIVEKIT_REDIS_USERNAME" "LIVEKIT_REDIS_SENTINEL_PASSWORD" "LIVEKIT_REDIS_SENTINEL_USERNAME"[[ end ]] "LIVEKIT_PROMETHEUS_USERNAME" "LIVEKIT_PROMETHEUS_PASSWORD" }}
[[ if eq (shape "env") "list" ]]
{{- $names := dict }}
{{- range [[ value "env" ]] }}
{{- if hasKey $names .name }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s twice" .name) }}
{{- end }}
{{- $_ := set $names .name true }}
{{- if has .name $reserved }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s, which the chart sets by other values: use [[ key "config" ]], [[ key "media.address" ]], [[ key "keys" ]] or [[ key "resources" ]]" .name) }}
{{- end }}
{{- end }}
[[ else ]]
{{- range $name, $_ := [[ value "env" ]] }}
{{- if has $name $reserved }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s, which the chart sets by other values: use [[ key "config" ]], [[ key "media.address" ]], [[ key "keys" ]] or [[ key "resources" ]]" $name) }}
{{- end }}
{{- end }}
[[ end ]]

[[ if absent ]]
{{- /* Values of components that this chart was written without */}}
{{- range $component, $keys := dict
[[ range absent ]]
  "[[ .Name ]]" (list[[ range .Keys ]] "[[ . ]]"[[ end ]])
[[ end ]]
}}
{{- range $key := $keys }}
{{- $value := $.Values }}
{{- range splitList "." $key }}
{{- if kindIs "map" $value }}
{{- $value = index $value . }}
{{- else }}
{{- $value = "" }}
{{- end }}
{{- end }}
{{- if $value }}
{{- $errors = append $errors (printf "%s is set, but this chart was written without %s: add it with `helm livekit update --with %s`" $key $component $component) }}
{{- end }}
{{- end }}
{{- end }}
[[ end ]]

{{- if $errors }}
{{- fail (printf "\n\n%s\n" (join "\n" (uniq $errors))) }}
{{- end }}
{{- end }}

{{/*
"true" under Argo CD, which renders without a cluster and names what the cluster has.
*/}}
{{- define "[[ helper "underArgoCD" ]]" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") }}
{{- range .Capabilities.APIVersions }}
{{- if eq . "argoproj.io/v1alpha1/Application" }}true{{ end }}
{{- end }}
{{- end }}
{{- end }}
