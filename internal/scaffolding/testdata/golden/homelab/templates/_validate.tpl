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
{{- $words := list "host" "hosts" "pod" "pods" "stun" "auto" }}
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
{{- if eq (dig "bind_addresses" (list) $config | join ",") "127.0.0.1" }}
{{- $errors = append $errors "config.bind_addresses is the loopback address, which neither Services nor probes reach: leave it out" }}
{{- end }}
{{- if and $several (eq $type "LoadBalancer") }}
{{- $errors = append $errors "media.type LoadBalancer has one address, which leads to one of several servers only: use HostNetwork or NodePort, or replicaCount 1" }}
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
{{- $errors = append $errors "under Argo CD generated credentials would be others at each sync: make a Secret, and name it in keys.existingSecret" }}
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
{{- $errors = append $errors (printf "config has %s, which the server does not expand: set a variable LIVEKIT_ and the key in capitals in deployment.env" $text) }}
{{- end }}

{{- /* Choice of a server by region */}}
{{- if eq (dig "node_selector" "kind" "" $config | toString) "regionaware" }}
{{- $regions := list }}
{{- range dig "node_selector" "regions" list $config }}
{{- $regions = append $regions .name }}
{{- end }}
{{- if and (not $config.region) (not (contains "LIVEKIT_REGION" (toJson .Values.deployment.env))) }}
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
{{- if and .Values.keys.fileEntry (not .Values.keys.existingSecret) }}
{{- $errors = append $errors "keys.fileEntry is an entry of keys.existingSecret, which is empty" }}
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
{{- $errors = append $errors "redis.enabled runs a Redis inside each pod, which several servers (replicaCount above 1) cannot share: set redis.enabled to false and redis.external.address" }}
{{- end }}
{{- else if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set redis.external.address" }}
{{- else if and (not $elsewhere) (or .Values.redis.external.existingSecret .Values.redis.external.tls .Values.redis.external.caSecret) }}
{{- $errors = append $errors "redis.external.address is empty, so its password and TLS lead nowhere: set it" }}
{{- end }}

{{- /* TURN */}}
{{- $turn := $config.turn | default dict }}
{{- if $turn.enabled }}
{{- $errors = append $errors "config.turn.enabled is true, but this chart was written without TURN: add it with `helm livekit update --with turn`" }}
{{- end }}


{{- /* Signalling */}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- $errors = append $errors "ingress.enabled needs a host in ingress.hosts" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.service.enabled) }}
{{- $errors = append $errors "ingress.enabled needs service.enabled" }}
{{- end }}


{{- /* Environment */}}
{{- $reserved := list "LIVEKIT_CONFIG" "LIVEKIT_PORT" "LIVEKIT_RTC_TCP_PORT" "LIVEKIT_RTC_UDP_PORT" "UDP_PORT" "LIVEKIT_RTC_PORT_RANGE_START" "LIVEKIT_RTC_PORT_RANGE_END" "LIVEKIT_RTC_USE_EXTERNAL_IP" "LIVEKIT_RTC_NODE_IP" "LIVEKIT_TURN_TLS_PORT" "LIVEKIT_TURN_UDP_PORT" "LIVEKIT_PROMETHEUS_PORT" "REDIS_HOST" "LIVEKIT_REDIS_ADDRESS" "LIVEKIT_CPU_REQUEST" "NODE_IP" "LIVEKIT_API_KEY" "LIVEKIT_API_SECRET" "LIVEKIT_KEYS" "LIVEKIT_REDIS_PASSWORD" "LIVEKIT_PROMETHEUS_USERNAME" "LIVEKIT_PROMETHEUS_PASSWORD" }}
{{- range $name, $_ := .Values.deployment.env }}
{{- if has $name $reserved }}
{{- $errors = append $errors (printf "deployment.env has %s, which the chart sets by other values: use config, media.address, keys or resources" $name) }}
{{- end }}
{{- end }}

{{- /* Values of components that this chart was written without */}}
{{- range $component, $keys := dict
  "httproute" (list "httpRoute.enabled")
  "route" (list "route.enabled" "openshift.assignUser")
  "gatewayroutes" (list "gatewayRoutes.annotations" "gatewayRoutes.mediaUDP.enabled" "gatewayRoutes.mediaTCP.enabled" "gatewayRoutes.turnUDP.enabled" "gatewayRoutes.turnTLS.enabled")
  "turn" (list "turn.existingSecret" "turn.certificate.enabled")
  "redis-service" (list "redis.service.enabled")
  "autoscaling" (list "autoscaling.enabled" "autoscaling.keda.enabled")
  "pdb" (list "podDisruptionBudget.enabled")
  "metrics" (list "metrics.existingSecret" "metrics.serviceMonitor.enabled" "metrics.podMonitor.enabled")
  "alerts" (list "alerts.enabled")
  "dashboard" (list "dashboard.enabled")
  "networkpolicy" (list "networkPolicy.enabled")
  "secret-operator" (list "keys.operator.enabled")
  "draining" (list "draining.enabled")
  "split-media" (list "media.split" "media.udp.annotations" "media.udp.spec" "media.tcp.annotations" "media.tcp.spec")
  "media-addresses" (list "media.addresses")
  "deletion-cost" (list "deletionCost.enabled")
  "scheduling" (list "topologySpreadConstraints" "priorityClassName" "runtimeClassName")
  "extras" (list "image.digest" "service.extraPorts" "redis.env" "redis.external.clientCertSecret" "redis.external.usernameEntry" "redis.external.sentinelSecret" "redis.external.sentinelUsernameEntry" "startupProbe" "serviceAccount.automount" "envFrom" "extraVolumes" "extraVolumeMounts" "initContainers" "extraContainers" "lifecycle" "podSpec" "ipFamilyPolicy" "ipFamilies" "commonLabels" "existingConfigSecret" "annotations" "extraObjects")
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
