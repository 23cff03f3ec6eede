{{/*
Routes of the Gateway API, as [{name, kind, parentRefs, hostnames, service, port}].
*/}}
{{- define "livekit.gatewayRoutes" -}}
{{- $routes := list }}
{{- $config := include "livekit.config" . | fromJson }}
{{- $udp := include "livekit.suffixed" (list . "media") }}
{{- $tcp := $udp }}
{{- if .Values.media.split }}
{{- $tcp = include "livekit.suffixed" (list . "media-tcp") }}
{{- end }}
{{- if .Values.gatewayRoutes.mediaUDP.enabled }}
{{- $port := include "livekit.mediaPorts" . | fromJson }}
{{- $routes = append $routes (dict "name" "media-udp" "kind" "UDPRoute" "parentRefs" .Values.gatewayRoutes.mediaUDP.parentRefs "service" $udp "port" $port.first) }}
{{- end }}
{{- if .Values.gatewayRoutes.mediaTCP.enabled }}
{{- $routes = append $routes (dict "name" "media-tcp" "kind" "TCPRoute" "parentRefs" .Values.gatewayRoutes.mediaTCP.parentRefs "service" $tcp "port" (dig "rtc" "tcp_port" 7881 $config)) }}
{{- end }}
{{- if .Values.gatewayRoutes.turnUDP.enabled }}
{{- $routes = append $routes (dict "name" "turn-udp" "kind" "UDPRoute" "parentRefs" .Values.gatewayRoutes.turnUDP.parentRefs "service" $udp "port" (dig "turn" "udp_port" 0 $config)) }}
{{- end }}
{{- if .Values.gatewayRoutes.turnTLS.enabled }}
{{- $turn := dict "name" "turn" "kind" .Values.gatewayRoutes.turnTLS.kind "parentRefs" .Values.gatewayRoutes.turnTLS.parentRefs "service" (include "livekit.suffixed" (list . "turn")) "port" 443 }}
{{- if eq $turn.kind "TLSRoute" }}
{{- $_ := set $turn "hostnames" (list (dig "turn" "domain" "" $config)) }}
{{- end }}
{{- $routes = append $routes $turn }}
{{- end }}
{{- toJson $routes }}
{{- end }}
