{{/*
Stops a release whose settings cannot work together, with all reasons at once.
*/}}
{{- define "[[ helper "validate" ]]" -}}
{{- $errors := list }}
{{- $config := include "[[ helper "config" ]]" . | fromYaml }}
{{- $rtc := $config.rtc | default dict }}
{{- $several := include "[[ helper "several" ]]" . }}
{{- $address := include "[[ helper "address" ]]" . }}
{{- $type := [[ value "media.type" ]] }}

{{- /* The cluster: 1.20.0 alone passes Chart.yaml, for the sake of a render without a cluster */}}
{{- if and (semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version) (lookup "v1" "Namespace" "" "kube-system") }}
{{- $errors = append $errors (printf "Kubernetes %s has no sidecars: 1.29 or later is needed" .Capabilities.KubeVersion.Version) }}
{{- end }}

{{- /* What the user has set, before the chart adds to it */}}
{{- $own := deepCopy ([[ value "config" ]] | default dict) }}
{{- include "[[ helper "overlay" ]]" (list $own ([[ value "extraConfig" ]] | default dict)) }}

{{- /* Ports */}}
{{- if and [[ value "service.enabled" ]] (not (has ([[ value "service.targetPort" ]] | default "http" | toString) (list "http" (include "[[ helper "port" ]]" .)))) }}
{{- $errors = append $errors (printf "[[ key "service.targetPort" ]] is %v, but the server listens on [[ key "config.port" ]] %s: use http, which follows it" [[ value "service.targetPort" ]] (include "[[ helper "port" ]]" .)) }}
{{- end }}
{{- if and $rtc.udp_port (or $rtc.port_range_start $rtc.port_range_end) }}
{{- $errors = append $errors "[[ key "config" ]].rtc has udp_port and port_range_start or port_range_end, and the server would ignore udp_port: set one of them to null" }}
{{- else if ne (empty $rtc.port_range_start) (empty $rtc.port_range_end) }}
{{- $errors = append $errors "[[ key "config" ]].rtc needs both port_range_start and port_range_end" }}
{{- else }}
{{- $media := include "[[ helper "mediaPorts" ]]" . | fromYaml }}
{{- range $media.ports }}
{{- if and (eq $type "NodePort") (or (lt (int .port) 30000) (gt (int .port) 32767)) }}
{{- $errors = append $errors (printf "%s is %d, but a NodePort lies between 30000 and 32767: choose such a port, or another [[ key "media.type" ]]" .name (int .port)) }}
{{- end }}
{{- end }}
{{- if lt (int $media.last) (int $media.first) }}
{{- $errors = append $errors (printf "UDP ports %d to %d are no range: the first is the lower one" (int $media.first) (int $media.last)) }}
{{- end }}
{{- /* No two listeners of the pod may have one port. */}}
{{- $taken := dict }}
{{- $listeners := append $media.ports (dict "name" "[[ key "config.port" ]]" "port" (include "[[ helper "port" ]]" .) "protocol" "TCP") }}
[[ if has "redis" ]]
{{- if [[ value "redis.enabled" ]] }}
{{- $listeners = append $listeners (dict "name" "[[ key "redis.port" ]]" "port" [[ value "redis.port" ]] "protocol" "TCP") }}
{{- end }}
[[ end ]]
[[ if has "metrics" ]]
{{- with include "[[ helper "metricsPort" ]]" . }}
{{- $listeners = append $listeners (dict "name" "[[ key "config" ]].prometheus.port" "port" . "protocol" "TCP") }}
{{- end }}
[[ end ]]
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
{{- if and (eq $type "LoadBalancer") (has $address (list "" "host" "pod" "auto")) }}
{{- $errors = append $errors "[[ key "media.type" ]] LoadBalancer needs [[ key "media.address" ]], the load balancer's IP address (or stun, where traffic leaves by it)" }}
{{- else if and (eq $type "NodePort") (has $address (list "pod" "auto")) }}
{{- $errors = append $errors (printf "[[ key "media.type" ]] NodePort with [[ key "media.address" ]] %s: clients outside the cluster do not reach a pod's address; leave it empty" $address) }}
{{- else if and (eq $type "ClusterIP") (eq $address "host") }}
{{- $errors = append $errors "[[ key "media.type" ]] ClusterIP with [[ key "media.address" ]] host: no port of the node leads to the pod; leave it empty" }}
{{- else if and $address (not (has $address (list "host" "pod" "stun" "auto"))) (not (regexMatch "^[0-9a-fA-F.:]+(,[0-9a-fA-F.:]+)?$" $address)) }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %q: use host, pod, stun, auto or an IP address" $address) }}
{{- end }}
{{- if hasPrefix "127." $address }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %s, which no client reaches: leave it empty" $address) }}
{{- else if and $several $address (not (has $address (list "host" "pod" "stun" "auto"))) (ne $type "LoadBalancer") }}
{{- $errors = append $errors (printf "[[ key "media.address" ]] is %s, which all of several servers would tell clients: leave it empty" $address) }}
{{- end }}
{{- if eq (dig "bind_addresses" (list) $config | join ",") "127.0.0.1" }}
{{- $errors = append $errors "[[ key "config" ]].bind_addresses is the loopback address, which neither Services nor probes reach: leave it out" }}
{{- end }}
{{- if and $several (eq $type "LoadBalancer") }}
{{- $errors = append $errors "[[ key "media.type" ]] LoadBalancer has one address, which leads to one of several servers only: use HostNetwork or NodePort[[ if ne .Workload "DaemonSet" ]], or [[ key "replicaCount" ]] 1[[ end ]]" }}
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
{{- $redis := $config.redis | default dict }}
{{- $elsewhere := or $redis.address $redis.sentinel_addresses $redis.cluster_addresses }}
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
{{- $errors = append $errors "[[ key "redis.enabled" ]] runs a Redis inside each pod, which several servers ([[ if eq .Workload "DaemonSet" ]]a DaemonSet[[ else ]][[ if has "autoscaling" ]][[ key "autoscaling.enabled" ]] or [[ end ]][[ key "replicaCount" ]] above 1[[ end ]]) cannot share: set [[ key "redis.enabled" ]] to false and [[ key "redis.external.address" ]]" }}
{{- end }}
{{- else if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set [[ key "redis.external.address" ]]" }}
{{- else if and (not $elsewhere) (or [[ value "redis.external.existingSecret" ]] [[ value "redis.external.tls" ]] [[ value "redis.external.caSecret" ]]) }}
{{- $errors = append $errors "[[ key "redis.external.address" ]] is empty, so its password and TLS lead nowhere: set it" }}
{{- end }}
[[ else ]]
{{- if and $several (not $elsewhere) }}
{{- $errors = append $errors "several servers need a Redis that all of them reach: set [[ key "config" ]].redis.address" }}
{{- end }}
[[ end ]]
[[ if has "redis-service" ]]
{{- if and [[ value "redis.service.enabled" ]] (not [[ value "redis.enabled" ]]) }}
{{- $errors = append $errors "[[ key "redis.service.enabled" ]] opens the sidecar, but [[ key "redis.enabled" ]] is false: set one or the other" }}
{{- end }}
[[ end ]]

{{- /* TURN */}}
{{- $turn := $config.turn | default dict }}
[[ if has "turn" ]]
{{- if $turn.enabled }}
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
{{- $errors = append $errors "[[ key "config" ]].turn.enabled is true, but this chart was written without TURN: write it again with `helm livekit scaffold --with turn`" }}
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

[[ if has "autoscaling" ]]
{{- if and [[ value "autoscaling.enabled" ]] (gt (int [[ value "autoscaling.minReplicas" ]]) (int [[ value "autoscaling.maxReplicas" ]])) }}
{{- $errors = append $errors "[[ key "autoscaling.minReplicas" ]] is more than [[ key "autoscaling.maxReplicas" ]]" }}
{{- end }}
[[ end ]]

{{- /* Environment */}}
{{- $reserved := list "LIVEKIT_CONFIG" "LIVEKIT_PORT" "NODE_IP" "LIVEKIT_API_KEY" "LIVEKIT_API_SECRET" "LIVEKIT_KEYS" "LIVEKIT_REDIS_PASSWORD" "LIVEKIT_PROMETHEUS_USERNAME" "LIVEKIT_PROMETHEUS_PASSWORD" }}
[[ if eq (shape "env") "list" ]]
{{- $names := dict }}
{{- range [[ value "env" ]] }}
{{- if hasKey $names .name }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s twice" .name) }}
{{- end }}
{{- $_ := set $names .name true }}
{{- if has .name $reserved }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s, which the chart sets: use [[ key "media.address" ]], [[ key "keys" ]] or [[ key "config" ]].redis" .name) }}
{{- end }}
{{- end }}
[[ else ]]
{{- range $name, $_ := [[ value "env" ]] }}
{{- if has $name $reserved }}
{{- $errors = append $errors (printf "[[ key "env" ]] has %s, which the chart sets: use [[ key "media.address" ]], [[ key "keys" ]] or [[ key "config" ]].redis" $name) }}
{{- end }}
{{- end }}
[[ end ]]

{{- if $errors }}
{{- fail (printf "\n\n%s\n" (join "\n" (uniq $errors))) }}
{{- end }}
{{- end }}
