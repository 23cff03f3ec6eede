{{/*
Stops a release whose settings cannot work together, with all reasons at once.
*/}}
{{- define "livekit.validate" -}}
{{- $errors := list }}
{{- $config := include "livekit.config" . | fromJson }}
{{- $rtc := $config.rtc | default dict }}
{{- $several := include "livekit.several" . }}
{{- $address := include "livekit.address" . }}
{{- $type := .Values.media.type }}

{{- /* The cluster: 1.20.0 alone passes Chart.yaml, for the sake of a render without a cluster */}}
{{- if and (semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version) (lookup "v1" "Namespace" "" "kube-system") }}
{{- $errors = append $errors (printf "Kubernetes %s has no sidecars: 1.29 or later is needed" .Capabilities.KubeVersion.Version) }}
{{- end }}

{{- /* What the user has set, before the chart adds to it */}}
{{- $own := include "livekit.ownConfig" . | fromJson }}

{{- /* Ports */}}
{{- if and .Values.service.enabled (not (has (.Values.service.targetPort | default "http" | toString) (list "http" (include "livekit.port" .)))) }}
{{- $errors = append $errors (printf "service.targetPort is %v, but the server listens on config.port %s: use http, which follows it" .Values.service.targetPort (include "livekit.port" .)) }}
{{- end }}
{{- if and $rtc.udp_port (or $rtc.port_range_start $rtc.port_range_end) }}
{{- $errors = append $errors "config.rtc has udp_port and port_range_start or port_range_end, and the server would ignore udp_port: set one of them to null" }}
{{- else if ne (empty $rtc.port_range_start) (empty $rtc.port_range_end) }}
{{- $errors = append $errors "config.rtc needs both port_range_start and port_range_end" }}
{{- else }}
{{- $media := include "livekit.mediaPorts" . | fromJson }}
{{- range $media.ports }}
{{- if and (eq $type "NodePort") (or (lt (int .port) 30000) (gt (int .port) 32767)) }}
{{- $errors = append $errors (printf "%s is %d, but a NodePort lies between 30000 and 32767: choose such a port, or another media.type" .name (int .port)) }}
{{- end }}
{{- end }}
{{- if lt (int $media.last) (int $media.first) }}
{{- $errors = append $errors (printf "UDP ports %d to %d are no range: the first is the lower one" (int $media.first) (int $media.last)) }}
{{- end }}
{{- if eq (include "livekit.port" .) "0" }}
{{- $errors = append $errors "config.port is 0, with which the server takes any free port: give one" }}
{{- end }}
{{- /* No two listeners of the pod may have one port. */}}
{{- $taken := dict }}
{{- if and $rtc.force_tcp (eq (dig "tcp_port" 7881 $rtc | int) 0) }}
{{- $errors = append $errors "config.rtc.force_tcp leaves media no port, as tcp_port is 0: set tcp_port" }}
{{- end }}
{{- if and (kindIs "string" $rtc.udp_port) (contains "-" $rtc.udp_port) (eq (int $media.first) (int $media.last)) (not $rtc.force_tcp) }}
{{- $errors = append $errors (printf "config.rtc.udp_port is %q, a range of one port, which the server refuses: write %d" $rtc.udp_port (int $media.first)) }}
{{- end }}
{{- $listeners := append $media.ports (dict "name" "config.port" "port" (include "livekit.port" .) "protocol" "TCP") }}
{{- if .Values.redis.enabled }}
{{- $listeners = append $listeners (dict "name" "redis.port" "port" .Values.redis.port "protocol" "TCP") }}
{{- end }}
{{- range $name := list "prometheus" "debug_handler" }}
{{- with dig $name "port" 0 $config }}
{{- $listeners = append $listeners (dict "name" (printf "config.%s.port" $name) "port" . "protocol" "TCP") }}
{{- end }}
{{- end }}
{{- if and (dig "turn" "enabled" false $config) (dig "turn" "tls_port" 0 $config) }}
{{- $listeners = append $listeners (dict "name" "config.turn.tls_port" "port" $config.turn.tls_port "protocol" "TCP") }}
{{- end }}
{{- range $listener := $listeners }}
{{- $port := printf "%d/%s" (int $listener.port) $listener.protocol }}
{{- with get $taken $port }}
{{- $errors = append $errors (printf "%s and %s are both %s: choose different ports" . $listener.name $port) }}
{{- end }}
{{- $_ := set $taken $port $listener.name }}
{{- end }}
{{- $user := dig "runAsUser" (dig "runAsUser" 0 (.Values.podSecurityContext | default dict)) (.Values.securityContext | default dict) | int }}
{{- range $listeners }}
{{- if and (eq $type "HostNetwork") $user (lt (int .port) 1024) (gt (int .port) 0) }}
{{- $errors = append $errors (printf "%s is %d, and on the node's network only root may open a port below 1024: choose another one, or set podSecurityContext.runAsUser to 0 and runAsNonRoot to false" .name (int .port)) }}
{{- end }}
{{- end }}
{{- if and $media.from (has $type (list "NodePort" "LoadBalancer")) }}
{{- $errors = append $errors (printf "UDP ports %d to %d are too many for a Service: set config.rtc.udp_port to one port (and port_range_start and port_range_end to null), or media.type to HostNetwork" (int $media.from) (int $media.to)) }}
{{- end }}
{{- end }}

{{- /* The address that clients are told */}}
{{- if and (dig "rtc" "use_external_ip" false $own) (ne $address "stun") }}
{{- $errors = append $errors "config.rtc.use_external_ip is true: set media.address to stun instead" }}
{{- end }}
{{- if $rtc.node_ip }}
{{- $errors = append $errors "config.rtc.node_ip is set: set media.address to that address instead" }}
{{- end }}
{{- $servers := include "livekit.mediaAddresses" . | fromJsonArray }}
{{- if $servers }}
{{- $told := list }}
{{- range $servers }}
{{- $told = append $told .address }}
{{- range splitList "," .address }}
{{- if or (not (include "livekit.ipFamily" .)) (regexMatch "^((0|127|22[4-9]|2[3-5][0-9])[.]|::1?$|[fF][fF])" .) }}
{{- $errors = append $errors (printf "media.addresses has %q: each is an IP address that clients reach, or one of IPv4 and one of IPv6 with a comma between" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if ne (len $told) (len (uniq $told)) }}
{{- $errors = append $errors "media.addresses has an address twice, and it leads to one server only" }}
{{- end }}
{{- if .Values.media.address }}
{{- $errors = append $errors "media.address and media.addresses are both set: choose one" }}
{{- end }}
{{- if ne $type "LoadBalancer" }}
{{- $errors = append $errors (printf "media.addresses are those of load balancers, but media.type is %s: set it to LoadBalancer, or leave the addresses out" $type) }}
{{- end }}
{{- $most := int .Values.replicaCount }}
{{- if .Values.autoscaling.enabled }}
{{- $most = int .Values.autoscaling.maxReplicas }}
{{- else if .Values.autoscaling.external }}
{{- $errors = append $errors "autoscaling.external leaves the number of servers open, and each needs one of media.addresses: use autoscaling.enabled with autoscaling.maxReplicas, or replicaCount" }}
{{- end }}
{{- if gt $most (len $servers) }}
{{- $errors = append $errors (printf "media.addresses has %d entries for up to %d servers: give each server one" (len $servers) $most) }}
{{- end }}
{{- if has (dig "type" "" (.Values.strategy | default dict)) (list "Recreate") }}
{{- $errors = append $errors "strategy.type Recreate is a Deployment's, and media.addresses needs a StatefulSet: leave it out" }}
{{- end }}
{{- if .Values.draining.enabled }}
{{- $errors = append $errors "draining.enabled and media.addresses: a new server would need the address of the one that drains; choose one" }}
{{- end }}
{{- if .Values.existingConfigSecret }}
{{- $errors = append $errors "existingConfigSecret is one configuration, and media.addresses needs one for each server: leave one of them out" }}
{{- end }}
{{- else if eq (.Values.media.address | default "") "addresses" }}
{{- $errors = append $errors "media.address is addresses: give them in media.addresses" }}
{{- end }}
{{- $words := list "host" "hosts" "pod" "pods" "stun" "auto" "addresses" }}
{{- $families := list }}
{{- if and $address (not (has $address $words)) }}
{{- range splitList "," $address }}
{{- $families = append $families (include "livekit.ipFamily" .) }}
{{- if regexMatch "^((0|127|22[4-9]|2[3-5][0-9])[.]|::1?$|[fF][fF])" . }}
{{- $errors = append $errors (printf "media.address is %s, which no client reaches: leave it empty, or give the address that clients use" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq $type "LoadBalancer") (has $address (list "" "host" "hosts" "pod" "pods" "auto")) }}
{{- $errors = append $errors "media.type LoadBalancer needs media.address, the load balancer's IP address (or stun, where traffic leaves by it)" }}
{{- else if and (eq $type "NodePort") (has $address (list "pod" "pods" "auto")) }}
{{- $errors = append $errors (printf "media.type NodePort with media.address %s: clients outside the cluster do not reach a pod's address; leave it empty" $address) }}
{{- else if and (eq $type "ClusterIP") (has $address (list "host" "hosts")) }}
{{- $errors = append $errors "media.type ClusterIP with media.address host or hosts: no port of the node leads to the pod; leave it empty" }}
{{- else if or (has "" $families) (ne (len $families) (uniq $families | len)) }}
{{- $errors = append $errors (printf "media.address is %q: use host, hosts, pod, pods, stun, auto or an IP address, or one of IPv4 and one of IPv6 with a comma between" $address) }}
{{- else if and $several $families (ne $type "LoadBalancer") }}
{{- $errors = append $errors (printf "media.address is %s, which all of several servers would tell clients: leave it empty" $address) }}
{{- end }}
{{- if eq (.Values.ipFamilyPolicy | default "") "SingleStack" }}
{{- if gt (len (.Values.ipFamilies | default list)) 1 }}
{{- $errors = append $errors "ipFamilyPolicy SingleStack takes one of ipFamilies: use PreferDualStack or RequireDualStack" }}
{{- end }}
{{- if and (or (has $address (list "hosts" "pods")) (contains "," $address)) (ne $type "HostNetwork") }}
{{- $errors = append $errors (printf "media.address %s tells clients addresses of both families, and ipFamilyPolicy SingleStack leads to one of them: use PreferDualStack, or media.address %s" $address (splitList "," $address | first | trimSuffix "s")) }}
{{- end }}
{{- end }}
{{- if eq (dig "bind_addresses" (list) $config | join ",") "127.0.0.1" }}
{{- $errors = append $errors "config.bind_addresses is the loopback address, which neither Services nor probes reach: leave it out" }}
{{- end }}
{{- if and $several (eq $type "LoadBalancer") (ne $address "addresses") }}
{{- $errors = append $errors "media.type LoadBalancer has one address, which leads to one of several servers only: use HostNetwork or NodePort, or media.addresses, or replicaCount 1" }}
{{- end }}

{{- /* API keys */}}
{{- if and .Values.keys.values .Values.keys.existingSecret }}
{{- $errors = append $errors "keys.values and keys.existingSecret are both set: choose one" }}
{{- end }}
{{- if and $config.keys (or .Values.keys.values .Values.keys.existingSecret) }}
{{- $errors = append $errors "config.keys is set beside keys: choose one" }}
{{- end }}
{{- range $name, $secret := mergeOverwrite (deepCopy ($config.keys | default dict)) (.Values.keys.values | default dict) }}
{{- if lt (len (toString $secret)) 32 }}
{{- $errors = append $errors (printf "the secret of API key %s has %d characters: it needs 32 or more (openssl rand -base64 32)" $name (len (toString $secret))) }}
{{- end }}
{{- end }}

{{- $webhook := $config.webhook | default dict }}
{{- $known := .Values.keys.values | default $config.keys }}
{{- if and $known $webhook.urls (not (hasKey $known ($webhook.api_key | default ""))) }}
{{- $errors = append $errors (printf "config.webhook.api_key is %q, but webhooks are signed with one of the API keys: %s" ($webhook.api_key | default "") (keys $known | sortAlpha | join ", ")) }}
{{- end }}
{{- if and (eq (include "livekit.keysFrom" .) "file") (dig "runAsUser" 0 (.Values.podSecurityContext | default dict)) (not (.Values.podSecurityContext | default dict).fsGroup) }}
{{- $errors = append $errors "podSecurityContext.fsGroup is needed, or the server may not read its key file: set it to a group, such as 65532" }}
{{- end }}

{{- if and (include "livekit.generatesSecrets" .) (include "livekit.underArgoCD" .) }}
{{- $errors = append $errors "under Argo CD generated credentials would be others at each sync: make a Secret, and name it in keys.existingSecret (that of Redis in redis.service.existingSecret)" }}
{{- end }}

{{- /* Texts that the server does not start with, or that no client can use */}}
{{- if kindIs "slice" $config.bind_addresses }}
{{- if not $config.bind_addresses }}
{{- $errors = append $errors "config.bind_addresses is an empty list, and the server would listen nowhere: leave it out" }}
{{- end }}
{{- range $config.bind_addresses | compact }}
{{- if not (or (eq (toString .) "localhost") (include "livekit.ipFamily" (toString .))) }}
{{- $errors = append $errors (printf "config.bind_addresses has %q, which is no IP address; the port is config.port" (toString .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $ips := kindIs "map" $rtc.ips | ternary $rtc.ips dict }}
{{- range list $ips.includes $ips.excludes }}
{{- range kindIs "slice" . | ternary . list | compact }}
{{- if not (regexMatch "^[0-9a-fA-F.:]+/[0-9]{1,3}$" (toString .)) }}
{{- $errors = append $errors (printf "config.rtc.ips has %q, which is no network: write it as 10.0.0.0/8" (toString .)) }}
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
{{- $errors = append $errors (printf "config.trace.jaeger_url is %q: traces go over HTTP alone, such as http://jaeger:4318" $jaeger) }}
{{- end }}
{{- range $text := regexFindAll "[$]([(][A-Za-z_][A-Za-z0-9_]*[)]|[{][A-Za-z_][A-Za-z0-9_]*[}])" (omit $config "key_file" | toJson) -1 }}
{{- $errors = append $errors (printf "config has %s, which the server does not expand: set a variable LIVEKIT_ and the key in capitals in env" $text) }}
{{- end }}

{{- /* Choice of a server by region */}}
{{- if eq (dig "node_selector" "kind" "" $config | toString) "regionaware" }}
{{- $regions := list }}
{{- range dig "node_selector" "regions" list $config }}
{{- $regions = append $regions .name }}
{{- end }}
{{- if and (not $config.region) (not (contains "LIVEKIT_REGION" (toJson .Values.env))) }}
{{- $errors = append $errors "config.node_selector.kind regionaware needs config.region, the region of this server" }}
{{- else if and $config.region $regions (not (has $config.region $regions)) }}
{{- $errors = append $errors (printf "config.region is %s, which is none of config.node_selector.regions: %s" $config.region (join ", " $regions)) }}
{{- end }}
{{- end }}

{{- $generated := include "livekit.suffixed" (list . "keys") }}
{{- if eq (.Values.keys.existingSecret | default "") $generated }}
{{- if lookup "v1" "Secret" .Release.Namespace $generated | dig "metadata" "annotations" "meta.helm.sh/release-name" "" | eq .Release.Name }}
{{- $errors = append $errors (printf "keys.existingSecret %s is the Secret that this release has made, and would remove: leave it empty, or name another" $generated) }}
{{- end }}
{{- end }}
{{- if and .Values.keys.fileEntry (not (or .Values.keys.existingSecret .Values.keys.operator.enabled)) }}
{{- $errors = append $errors "keys.fileEntry is an entry of keys.existingSecret, which is empty, or of the Secret of keys.operator.enabled, which is false" }}
{{- end }}
{{- if .Values.keys.operator.enabled }}
{{- if or .Values.keys.values .Values.keys.existingSecret $config.keys }}
{{- $errors = append $errors "keys.operator.enabled is true beside keys.values, keys.existingSecret or config.keys: choose one" }}
{{- end }}
{{- $secret := include "livekit.keysSecret" . }}
{{- $spec := .Values.keys.operator.spec }}
{{- $target := ($spec.target | default dict).name | default $secret }}
{{- if ne $target $secret }}
{{- $errors = append $errors (printf "keys.operator.spec.target.name is %s, but the server reads its keys from the Secret %s: leave it out" $target $secret) }}
{{- end }}
{{- range $entry, $sealed := $spec.encryptedData }}
{{- if not $sealed }}
{{- $errors = append $errors (printf "keys.operator.spec.encryptedData.%s is empty: seal it with `printf %%s VALUE | kubeseal --raw --namespace %s --name %s --from-file=/dev/stdin`" $entry $.Release.Namespace $secret) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $config.key_file }}
{{- $errors = append $errors "config.key_file is set: name a Secret in keys.existingSecret and its entry in keys.fileEntry instead" }}
{{- end }}

{{- /* Redis */}}
{{- $given := dig "redis" "address" "" $own | toString }}
{{- if and $given .Values.redis.external.address (ne $given .Values.redis.external.address) }}
{{- $errors = append $errors (printf "redis.external.address is %s, and config.redis.address %s: leave one of them out" (regexReplaceAll ".*@" .Values.redis.external.address "***@") (regexReplaceAll ".*@" $given "***@")) }}
{{- end }}
{{- $redis := $config.redis | default dict }}
{{- $elsewhere := or $redis.address $redis.sentinel_addresses $redis.cluster_addresses }}
{{- range concat (list $redis.address) ($redis.sentinel_addresses | default list) ($redis.cluster_addresses | default list) | compact }}
{{- $port := regexFind "[0-9]+$" (toString .) | atoi }}
{{- if not (or (regexMatch "^[^/$ ]*:[0-9]{1,5}$" (toString .) | and (gt $port 0) (lt $port 65536)) (regexMatch "^/[^$ ]+$" (toString .))) }}
{{- $errors = append $errors (printf "the address of Redis is %v: it is host:port, or the path of a socket, without a scheme or a variable" (regexReplaceAll ".*@" (toString .) "***@" | quote)) }}
{{- end }}
{{- end }}
{{- if .Values.redis.enabled }}
{{- if .Values.redis.external.address }}
{{- $errors = append $errors "redis.enabled is true beside redis.external.address: set one of them to false or empty" }}
{{- end }}
{{- range list "address" "username" "password" "tls" "use_tls" "sentinel_addresses" "cluster_addresses" }}
{{- if dig "redis" . false $own }}
{{- $errors = append $errors (printf "config.redis.%s is about a Redis elsewhere: set redis.enabled to false, or leave it out" .) }}
{{- end }}
{{- end }}
{{- if $several }}
{{- $errors = append $errors "redis.enabled runs a Redis inside each pod, which several servers (autoscaling.enabled, autoscaling.external or replicaCount above 1) cannot share: set redis.enabled to false and redis.external.address" }}
{{- end }}
{{- else if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set redis.external.address" }}
{{- else if and (not $elsewhere) (or .Values.redis.external.existingSecret .Values.redis.external.tls .Values.redis.external.caSecret .Values.redis.external.clientCertSecret) }}
{{- $errors = append $errors "redis.external.address is empty, so its password and TLS lead nowhere: set it" }}
{{- end }}
{{- if and .Values.redis.enabled (or .Values.redis.external.sentinelSecret .Values.redis.external.clientCertSecret) }}
{{- $errors = append $errors "redis.external.sentinelSecret and redis.external.clientCertSecret are about a Redis elsewhere: set redis.enabled to false, or leave them out" }}
{{- else if and .Values.redis.external.sentinelSecret (not $redis.sentinel_addresses) }}
{{- $errors = append $errors "redis.external.sentinelSecret is set, but the server asks no sentinels: set config.redis.sentinel_addresses and sentinel_master_name" }}
{{- end }}
{{- if and .Values.redis.external.sentinelSecret (or $redis.sentinel_password (and $redis.sentinel_username .Values.redis.external.sentinelUsernameEntry)) }}
{{- $errors = append $errors "config.redis.sentinel_password or sentinel_username is set beside redis.external.sentinelSecret: choose one" }}
{{- end }}
{{- if and .Values.redis.external.usernameEntry (not .Values.redis.external.existingSecret) }}
{{- $errors = append $errors "redis.external.usernameEntry is an entry of redis.external.existingSecret, which is empty" }}
{{- end }}
{{- if and .Values.redis.external.clientCertSecret (dig "tls" "client_cert_file" "" ($own.redis | default dict)) }}
{{- $errors = append $errors "config.redis.tls.client_cert_file is set beside redis.external.clientCertSecret: choose one" }}
{{- end }}
{{- if and .Values.redis.service.enabled (not .Values.redis.enabled) }}
{{- $errors = append $errors "redis.service.enabled opens the sidecar, but redis.enabled is false: set one or the other" }}
{{- end }}
{{- if and .Values.redis.service.enabled (eq $type "HostNetwork") }}
{{- $errors = append $errors "redis.service.enabled with media.type HostNetwork would open Redis on the node's own addresses: use NodePort, or a Redis elsewhere" }}
{{- end }}

{{- /* TURN */}}
{{- $turn := $config.turn | default dict }}
{{- if $turn.enabled }}
{{- range $servers }}
{{- $address = printf "%s,%s" $address .address | trimPrefix "addresses," }}
{{- end }}
{{- if and $turn.domain (not (regexMatch "^(?i)[a-z0-9-]+([.][a-z0-9-]+)+[.]?$" $turn.domain)) }}
{{- $errors = append $errors (printf "config.turn.domain is %q, which is no name of a host with a domain, such as turn.example.com" $turn.domain) }}
{{- end }}
{{- if and $families (not (has "4" $families)) (dig "bind_addresses" (list "0.0.0.0") $turn | join "," | contains ".") }}
{{- $errors = append $errors (printf "media.address is %s, and TURN needs an IPv4 address as well: add it with a comma, or set config.turn.bind_addresses to [\"::\"]" $address) }}
{{- end }}
{{- if and (eq $address "pod" "pods" | or (regexMatch "(^|,)((10|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]|[fF][cdCD])" $address)) (not $turn.allow_restricted_peer_cidrs) (include "livekit.version" . | regexMatch "^v?1[.](1[2-9]|[2-9][0-9])[.]") }}
{{- $errors = append $errors "the server tells clients a private address, to which TURN refuses to relay: list it in config.turn.allow_restricted_peer_cidrs, such as [10.0.0.0/8], and no more than has to be reached" }}
{{- end }}
{{- if not (or $turn.tls_port $turn.udp_port) }}
{{- $errors = append $errors "config.turn.enabled needs turn.tls_port or turn.udp_port" }}
{{- end }}
{{- if and $turn.tls_port (not $turn.domain) }}
{{- $errors = append $errors "config.turn.tls_port needs turn.domain, the name in the certificate" }}
{{- end }}
{{- if and $turn.tls_port (not $turn.external_tls) (hasPrefix "/etc/livekit/turn/" (toString $turn.cert_file)) (not (include "livekit.turnSecret" .)) }}
{{- $errors = append $errors "config.turn.tls_port needs a certificate: set turn.existingSecret, turn.certificate.enabled or, where TLS ends elsewhere, config.turn.external_tls" }}
{{- end }}
{{- end }}

{{- /* Draining */}}
{{- if .Values.draining.enabled }}
{{- if or .Values.redis.enabled (not $elsewhere) }}
{{- $errors = append $errors "draining.enabled needs a Redis that both servers reach, or a call would be in two rooms of one name: set redis.enabled to false and redis.external.address" }}
{{- end }}
{{- if eq $type "LoadBalancer" }}
{{- $errors = append $errors "draining.enabled with media.type LoadBalancer: one address cannot lead to two servers; use NodePort or HostNetwork" }}
{{- end }}
{{- if eq $type "NodePort" }}
{{- if $rtc.port_range_start }}
{{- $errors = append $errors "draining.enabled with media.type NodePort needs config.rtc.udp_port, and port_range_start and port_range_end null" }}
{{- end }}
{{- if and (dig "turn" "enabled" false $config) (dig "turn" "udp_port" 0 $config) }}
{{- $errors = append $errors "draining.enabled with media.type NodePort has no second port for TURN over UDP: set config.turn.udp_port to 0" }}
{{- end }}
{{- $media := include "livekit.mediaPorts" (merge (dict "portSet" "first") .) | fromJson }}
{{- $second := include "livekit.mediaPorts" (merge (dict "portSet" "second") .) | fromJson }}
{{- $range := and $second.last (contains "-" (toString .Values.draining.udpPort)) }}
{{- if or $second.from (and $range (ge (int $second.first) (int $second.last))) }}
{{- $errors = append $errors (printf "draining.udpPort is %v: give one port, or a range of up to 100, the lower one first" .Values.draining.udpPort) }}
{{- end }}
{{- range $second.ports }}
{{- if or (lt (int .port) 30000) (gt (int .port) 32767) }}
{{- $errors = append $errors (printf "%s of draining is %d, but a NodePort lies between 30000 and 32767" .name (int .port)) }}
{{- end }}
{{- $port := . }}
{{- range $media.ports }}
{{- if and (eq (int .port) (int $port.port)) (eq .protocol $port.protocol) (ne .name "turn-udp") }}
{{- $errors = append $errors (printf "draining has port %d, which config.rtc has as well: the two sets need different ports" (int .port)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (not .Values.draining.portSet) (include "livekit.underArgoCD" .) }}
{{- $errors = append $errors "under Argo CD the chart does not see which ports the running server has: set draining.portSet to first or second, the other one with each change of the pods" }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Signalling */}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- $errors = append $errors "ingress.enabled needs a host in ingress.hosts" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.service.enabled) }}
{{- $errors = append $errors "ingress.enabled needs service.enabled" }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.service.enabled) }}
{{- $errors = append $errors "httpRoute.enabled needs service.enabled" }}
{{- end }}

{{- if and .Values.route.enabled (not .Values.service.enabled) }}
{{- $errors = append $errors "route.enabled needs service.enabled" }}
{{- end }}
{{- if and .Values.openshift.assignUser (eq $type "HostNetwork") }}
{{- $errors = append $errors "openshift.assignUser is for restricted-v2, which refuses the node's network of media.type HostNetwork: set it to false, and let the ServiceAccount use hostnetwork-v2" }}
{{- end }}
{{- /* Routes of the Gateway API */}}
{{- $media := include "livekit.mediaPorts" . | fromJson }}
{{- if or .Values.gatewayRoutes.mediaUDP.enabled .Values.gatewayRoutes.mediaTCP.enabled .Values.gatewayRoutes.turnUDP.enabled }}
{{- if eq $type "HostNetwork" }}
{{- $errors = append $errors "gatewayRoutes lead to the Service for media, which media.type HostNetwork has none of: use ClusterIP" }}
{{- else if not $families }}
{{- $errors = append $errors "gatewayRoutes need the Gateway's IP address in media.address, which clients are told" }}
{{- end }}
{{- if or $several .Values.draining.enabled }}
{{- $errors = append $errors "gatewayRoutes lead media to any of several servers, and not to the one that has the call: use HostNetwork or NodePort without them, or one server" }}
{{- end }}
{{- end }}
{{- if and .Values.gatewayRoutes.mediaUDP.enabled (or (not $media.first) (ne (int $media.first) (int $media.last))) }}
{{- $errors = append $errors "gatewayRoutes.mediaUDP.enabled needs one UDP port in config.rtc.udp_port, as a listener has one" }}
{{- end }}
{{- if and .Values.gatewayRoutes.mediaTCP.enabled (not (dig "tcp_port" 7881 $rtc)) }}
{{- $errors = append $errors "gatewayRoutes.mediaTCP.enabled needs config.rtc.tcp_port" }}
{{- end }}
{{- if and .Values.gatewayRoutes.turnUDP.enabled (not (and (dig "turn" "enabled" false $config) (dig "turn" "udp_port" 0 $config))) }}
{{- $errors = append $errors "gatewayRoutes.turnUDP.enabled needs config.turn.enabled and turn.udp_port" }}
{{- end }}
{{- if and .Values.gatewayRoutes.turnTLS.enabled (not (and (dig "turn" "enabled" false $config) (dig "turn" "tls_port" 0 $config) .Values.turn.service.enabled)) }}
{{- $errors = append $errors "gatewayRoutes.turnTLS.enabled needs config.turn.enabled, turn.tls_port and turn.service.enabled" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not (include "livekit.metricsPort" .)) }}
{{- $errors = append $errors "metrics.serviceMonitor.enabled is true, but the server serves no metrics: set config.prometheus.port" }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled (not (include "livekit.metricsPort" .)) }}
{{- $errors = append $errors "metrics.podMonitor.enabled is true, but the server serves no metrics: set config.prometheus.port" }}
{{- end }}
{{- if and (or .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled) (dig "prometheus" "username" "" $config) (not .Values.metrics.existingSecret) }}
{{- $errors = append $errors "config.prometheus.username is a login that Prometheus cannot look up: put username and password into a Secret, and name it in metrics.existingSecret" }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
{{- $errors = append $errors "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled are both true, so each server would be read and counted twice: choose one" }}
{{- end }}
{{- if and .Values.alerts.enabled (not (include "livekit.metricsPort" .)) }}
{{- $errors = append $errors "alerts.enabled is true, but the server serves no metrics: set config.prometheus.port" }}
{{- else if and .Values.alerts.enabled (not .Values.alerts.selector) (not (include "livekit.metricsJob" .)) }}
{{- $errors = append $errors "alerts.enabled needs to know the servers' labels in Prometheus: set metrics.serviceMonitor.enabled or metrics.podMonitor.enabled, or, where something else reads metrics, alerts.selector" }}
{{- end }}
{{- if and .Values.dashboard.enabled (not (include "livekit.metricsPort" .)) }}
{{- $errors = append $errors "dashboard.enabled is true, but the server serves no metrics: set config.prometheus.port" }}
{{- end }}
{{- if .Values.deletionCost.enabled }}
{{- if not (include "livekit.metricsPort" .) }}
{{- $errors = append $errors "deletionCost.enabled is true, but the server serves no metrics: set config.prometheus.port" }}
{{- end }}
{{- if and (dig "prometheus" "username" "" $config) (not .Values.metrics.existingSecret) }}
{{- $errors = append $errors "config.prometheus.username is a login that deletionCost cannot look up: put username and password into a Secret, and name it in metrics.existingSecret" }}
{{- end }}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) }}
{{- $errors = append $errors "deletionCost.enabled would let each pod of the namespace change pods, by the account default: set serviceAccount.create or serviceAccount.name" }}
{{- end }}
{{- if and .Values.deletionCost.policy (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) (lookup "v1" "Namespace" "" "kube-system") }}
{{- $errors = append $errors (printf "deletionCost.policy needs Kubernetes 1.30 or later, and this is %s: set it to false" .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (eq $type "HostNetwork") }}
{{- $errors = append $errors "networkPolicy.enabled does nothing with media.type HostNetwork, as no policy holds for a pod on the node's network: set it to false, and filter on the nodes" }}
{{- end }}
{{- if and .Values.autoscaling.enabled .Values.autoscaling.external }}
{{- $errors = append $errors "autoscaling.enabled and autoscaling.external are both true: the one makes an autoscaler, the other leaves it to you" }}
{{- end }}
{{- if .Values.autoscaling.keda.enabled }}
{{- if or .Values.autoscaling.enabled .Values.autoscaling.external }}
{{- $errors = append $errors "autoscaling.keda.enabled is true beside autoscaling.enabled or autoscaling.external: KEDA makes an autoscaler of its own, so choose one" }}
{{- end }}
{{- if not (or .Values.autoscaling.participants .Values.autoscaling.keda.triggers) }}
{{- $errors = append $errors "autoscaling.keda.enabled has nothing to go by: set autoscaling.participants or autoscaling.keda.triggers" }}
{{- else if and .Values.autoscaling.participants (not .Values.autoscaling.keda.query) (not (include "livekit.metricsJob" .)) }}
{{- $errors = append $errors "autoscaling.keda.enabled needs to know the servers' labels in Prometheus: set metrics.serviceMonitor.enabled or metrics.podMonitor.enabled, or, where something else reads metrics, autoscaling.keda.query" }}
{{- end }}
{{- end }}
{{- if and .Values.autoscaling.participants (not (or .Values.autoscaling.enabled .Values.autoscaling.keda.enabled)) }}
{{- $errors = append $errors "autoscaling.participants is set, but there is no autoscaler: set autoscaling.enabled or autoscaling.keda.enabled" }}
{{- end }}
{{- if and .Values.autoscaling.participants (not (include "livekit.metricsPort" .)) }}
{{- $errors = append $errors "autoscaling.participants is set, but the server serves no metrics: set config.prometheus.port" }}
{{- end }}
{{- if and (or .Values.autoscaling.enabled .Values.autoscaling.keda.enabled) (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
{{- $errors = append $errors "autoscaling.minReplicas is more than autoscaling.maxReplicas" }}
{{- end }}

{{- /* Environment */}}
{{- $reserved := list "LIVEKIT_CONFIG" "LIVEKIT_PORT" "LIVEKIT_RTC_TCP_PORT" "LIVEKIT_RTC_UDP_PORT" "UDP_PORT" "LIVEKIT_RTC_PORT_RANGE_START" "LIVEKIT_RTC_PORT_RANGE_END" "LIVEKIT_RTC_USE_EXTERNAL_IP" "LIVEKIT_RTC_NODE_IP" "LIVEKIT_TURN_TLS_PORT" "LIVEKIT_TURN_UDP_PORT" "LIVEKIT_PROMETHEUS_PORT" "REDIS_HOST" "LIVEKIT_REDIS_ADDRESS" "LIVEKIT_CPU_REQUEST" "NODE_IP" "LIVEKIT_API_KEY" "LIVEKIT_API_SECRET" "LIVEKIT_KEYS" "LIVEKIT_REDIS_PASSWORD" "LIVEKIT_REDIS_USERNAME" "LIVEKIT_REDIS_SENTINEL_PASSWORD" "LIVEKIT_REDIS_SENTINEL_USERNAME" "LIVEKIT_PROMETHEUS_USERNAME" "LIVEKIT_PROMETHEUS_PASSWORD" }}
{{- $names := dict }}
{{- range .Values.env }}
{{- if hasKey $names .name }}
{{- $errors = append $errors (printf "env has %s twice" .name) }}
{{- end }}
{{- $_ := set $names .name true }}
{{- if has .name $reserved }}
{{- $errors = append $errors (printf "env has %s, which the chart sets by other values: use config, media.address, keys or resources" .name) }}
{{- end }}
{{- end }}


{{- if $errors }}
{{- fail (printf "\n\n%s\n" (join "\n" (uniq $errors))) }}
{{- end }}
{{- end }}

{{/*
"true" under Argo CD, which renders without a cluster and names what the cluster has.
*/}}
{{- define "livekit.underArgoCD" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") }}
{{- range .Capabilities.APIVersions }}
{{- if eq . "argoproj.io/v1alpha1/Application" }}true{{ end }}
{{- end }}
{{- end }}
{{- end }}
