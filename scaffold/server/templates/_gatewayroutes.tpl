{{/*
Routes of the Gateway API, as [{name, kind, parentRefs, hostnames, service, port}].
*/}}
{{- define "[[ helper "gatewayRoutes" ]]" -}}
{{- $routes := list }}
{{- $config := include "[[ helper "config" ]]" . | fromJson }}
{{- $udp := include "[[ helper "suffixed" ]]" (list . "media") }}
{{- $tcp := $udp }}
[[ if has "split-media" ]]
{{- if [[ value "media.split" ]] }}
{{- $tcp = include "[[ helper "suffixed" ]]" (list . "media-tcp") }}
{{- end }}
[[ end ]]
{{- if [[ value "gatewayRoutes.mediaUDP.enabled" ]] }}
{{- $port := include "[[ helper "mediaPorts" ]]" . | fromJson }}
{{- $routes = append $routes (dict "name" "media-udp" "kind" "UDPRoute" "parentRefs" [[ value "gatewayRoutes.mediaUDP.parentRefs" ]] "service" $udp "port" $port.first) }}
{{- end }}
{{- if [[ value "gatewayRoutes.mediaTCP.enabled" ]] }}
{{- $routes = append $routes (dict "name" "media-tcp" "kind" "TCPRoute" "parentRefs" [[ value "gatewayRoutes.mediaTCP.parentRefs" ]] "service" $tcp "port" (dig "rtc" "tcp_port" 7881 $config)) }}
{{- end }}
[[ if has "turn" ]]
{{- if [[ value "gatewayRoutes.turnUDP.enabled" ]] }}
{{- $routes = append $routes (dict "name" "turn-udp" "kind" "UDPRoute" "parentRefs" [[ value "gatewayRoutes.turnUDP.parentRefs" ]] "service" $udp "port" (dig "turn" "udp_port" 0 $config)) }}
{{- end }}
{{- if [[ value "gatewayRoutes.turnTLS.enabled" ]] }}
{{- $turn := dict "name" "turn" "kind" [[ value "gatewayRoutes.turnTLS.kind" ]] "parentRefs" [[ value "gatewayRoutes.turnTLS.parentRefs" ]] "service" (include "[[ helper "suffixed" ]]" (list . "turn")) "port" 443 }}
{{- if eq $turn.kind "TLSRoute" }}
{{- $_ := set $turn "hostnames" (list (dig "turn" "domain" "" $config)) }}
{{- end }}
{{- $routes = append $routes $turn }}
{{- end }}
[[ end ]]
{{- toJson $routes }}
{{- end }}
