{{/*
Panels of the dashboard, in their order. A panel has one query, with a line for each
value of the label `by`, or several, each by the name of its line. `row` begins a row.
*/}}
{{- define "livekit.dashboardPanels" -}}
{{- $servers := `namespace="$namespace",job=~"$job"` -}}
- row: Now
- title: Servers
  type: stat
  targets: {servers: 'sum(up{ {{- $servers -}} })'}
- title: Rooms
  type: stat
  targets: {rooms: 'sum(livekit_room_total{ {{- $servers -}} })'}
- title: Participants
  type: stat
  targets: {participants: 'sum(livekit_participant_total{ {{- $servers -}} })'}
- title: Tracks
  type: stat
  targets:
    published: sum(livekit_track_published_total{ {{- $servers -}} }) or vector(0)
    subscribed: sum(livekit_track_subscribed_total{ {{- $servers -}} }) or vector(0)
- title: Each server
  type: table
  targets:
    CPU: sum by (pod) (rate(process_cpu_seconds_total{ {{- $servers -}} }[$__rate_interval]))
    Memory (MiB): sum by (pod) (process_resident_memory_bytes{ {{- $servers -}} }) / 1048576
    Participants: sum by (pod) (livekit_participant_total{ {{- $servers -}} })
    Published tracks: sum by (pod) (livekit_track_published_total{ {{- $servers -}} })
    Rooms: sum by (pod) (livekit_room_total{ {{- $servers -}} })
    Subscribed tracks: sum by (pod) (livekit_track_subscribed_total{ {{- $servers -}} })
- row: Rooms
- title: Participants by server
  by: pod
  query: sum by (pod) (livekit_participant_total{ {{- $servers -}} })
- title: Rooms by server
  by: pod
  query: sum by (pod) (livekit_room_total{ {{- $servers -}} })
- title: Published tracks
  by: kind
  query: sum by (kind) (livekit_track_published_total{ {{- $servers -}} })
- title: Subscribed tracks
  by: kind
  query: sum by (kind) (livekit_track_subscribed_total{ {{- $servers -}} })
- row: Joining
- title: Steps of joining
  unit: ops
  by: state
  query: sum by (state) (rate(livekit_participant_join_total{ {{- $servers -}} }[$__rate_interval]))
- title: Time to join
  unit: ms
  targets:
    half within: histogram_quantile(0.5, sum by (le) (rate(livekit_session_join_latency_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
    95 % within: histogram_quantile(0.95, sum by (le) (rate(livekit_session_join_latency_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
- title: Time to media
  unit: ms
  targets:
    half within: histogram_quantile(0.5, sum by (le) (rate(livekit_session_start_time_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
    95 % within: histogram_quantile(0.95, sum by (le) (rate(livekit_session_start_time_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
- title: Publishing
  unit: ops
  by: state
  query: sum by (state) (rate(livekit_track_publish_counter{ {{- $servers -}} }[$__rate_interval]))
- title: Subscribing
  unit: ops
  by: state
  query: sum by (state) (rate(livekit_track_subscribe_counter{ {{- $servers -}} }[$__rate_interval]))
- row: Media
- title: Traffic
  unit: Bps
  by: direction
  query: sum by (direction) (rate(livekit_packet_bytes{ {{- $servers -}} }[$__rate_interval]))
- title: Packets
  unit: pps
  by: direction
  query: sum by (direction) (rate(livekit_packet_total{ {{- $servers -}} }[$__rate_interval]))
- title: Lost packets
  unit: percent
  by: direction
  query: |-
    sum by (direction) (rate(livekit_packet_loss_percent_sum{ {{- $servers -}} }[$__rate_interval]))
      / sum by (direction) (rate(livekit_packet_loss_percent_count{ {{- $servers -}} }[$__rate_interval]))
- title: Asked for again
  unit: ops
  targets:
    key frames (FIR): sum(rate(livekit_fir_total{ {{- $servers -}} }[$__rate_interval])) or vector(0)
    key frames (PLI): sum(rate(livekit_pli_total{ {{- $servers -}} }[$__rate_interval])) or vector(0)
    packets (NACK): sum(rate(livekit_nack_total{ {{- $servers -}} }[$__rate_interval])) or vector(0)
- title: Jitter, 95 % within
  unit: µs
  by: direction
  query: histogram_quantile(0.95, sum by (le, direction) (rate(livekit_jitter_us_bucket{ {{- $servers -}} }[$__rate_interval])))
- title: Quality (5 is best)
  by: pod
  query: |-
    sum by (pod) (rate(livekit_quality_score_sum{ {{- $servers -}} }[$__rate_interval]))
      / sum by (pod) (rate(livekit_quality_score_count{ {{- $servers -}} }[$__rate_interval]))
- row: Servers
- title: CPU (cores)
  by: pod
  query: sum by (pod) (rate(process_cpu_seconds_total{ {{- $servers -}} }[$__rate_interval]))
- title: Memory
  unit: bytes
  by: pod
  query: sum by (pod) (process_resident_memory_bytes{ {{- $servers -}} })
- title: Time since the start
  unit: s
  by: pod
  query: time() - max by (pod) (process_start_time_seconds{ {{- $servers -}} })
- title: Packets dropped by the node
  unit: pps
  by: pod
  query: sum by (pod) (deriv(livekit_node_packet_total{ {{- $servers -}} ,type="dropped"}[$__rate_interval]))
- row: Redis and API
- title: Messages between servers
  unit: reqps
  by: method
  query: sum by (method) (rate(livekit_psrpc_request_time_ms_count{ {{- $servers -}} }[$__rate_interval]))
- title: Messages between servers that failed
  unit: reqps
  targets:
    failed: sum(rate(livekit_psrpc_error_total{ {{- $servers -}} }[$__rate_interval])) or vector(0)
- title: Messages between servers, 95 % within
  unit: ms
  targets:
    answered: histogram_quantile(0.95, sum by (le) (rate(livekit_psrpc_request_time_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
    streamed: histogram_quantile(0.95, sum by (le) (rate(livekit_psrpc_stream_send_time_ms_bucket{ {{- $servers -}} }[$__rate_interval])))
- title: API requests
  unit: reqps
  by: status
  query: sum by (status) (rate(livekit_node_twirp_request_status{ {{- $servers -}} }[$__rate_interval]))
- title: Webhooks
  unit: ops
  by: status
  query: sum by (status) (rate(livekit_webhook_dispatch_total{ {{- $servers -}} }[$__rate_interval]))
{{- end }}

{{/*
The dashboard as Grafana's JSON.
*/}}
{{- define "livekit.dashboard" -}}
{{- $source := dict "type" "prometheus" "uid" "${datasource}" }}
{{- $panels := list }}
{{- $x := 0 }}
{{- $y := 0 }}
{{- $height := 0 }}
{{- range $id, $panel := include "livekit.dashboardPanels" . | fromYamlArray }}
{{- $type := .type | default "timeseries" }}
{{- $width := dict "row" 24 "stat" 3 "table" 12 "timeseries" 6 }}
{{- if .row }}
{{- $type = "row" }}
{{- end }}
{{- $width = get $width $type }}
{{- if gt (add $x $width) 24 }}
{{- $x = 0 }}
{{- $y = add $y $height }}
{{- end }}
{{- $height = ternary 1 7 (eq $type "row") }}
{{- $targets := list }}
{{- $names := dict }}
{{- range $name, $query := .targets | default (dict (printf "{{%s}}" .by) .query) }}
{{- $ref := printf "%c" (add 65 (len $targets)) }}
{{- $targets = append $targets (dict "refId" $ref "expr" $query "legendFormat" $name "instant" (ne $type "timeseries") "range" (eq $type "timeseries") "format" (ternary "table" "time_series" (eq $type "table"))) }}
{{- $_ := set $names (printf "Value #%s" $ref) $name }}
{{- end }}
{{- $new := dict "id" (add1 $id) "type" $type "title" (.row | default .title) "gridPos" (dict "x" $x "y" $y "w" $width "h" $height) }}
{{- if not .row }}
{{- $new = merge $new (dict "datasource" $source "targets" $targets "fieldConfig" (dict "defaults" (dict "unit" (.unit | default "short") "min" 0) "overrides" list)) }}
{{- end }}
{{- if eq $type "table" }}
{{- $_ := set $new "transformations" (list (dict "id" "merge") (dict "id" "organize" "options" (dict "excludeByName" (dict "Time" true) "renameByName" (set $names "pod" "Server")))) }}
{{- end }}
{{- $panels = append $panels $new }}
{{- $x = add $x $width }}
{{- end }}
{{- $namespace := dict "text" .Release.Namespace "value" .Release.Namespace }}
{{- $job := dict "text" "All" "value" "$__all" }}
{{- with include "livekit.metricsJob" . }}
{{- $job = dict "text" . "value" . }}
{{- end }}
{{- $variables := list (dict "name" "datasource" "label" "Data source" "type" "datasource" "query" "prometheus") }}
{{- $variables = append $variables (dict "name" "namespace" "label" "Namespace" "type" "query" "datasource" $source "query" "label_values(livekit_room_total, namespace)" "refresh" 2 "current" $namespace) }}
{{- $variables = append $variables (dict "name" "job" "label" "Job" "type" "query" "datasource" $source "query" "label_values(livekit_room_total{namespace=\"$namespace\"}, job)" "refresh" 2 "current" $job "includeAll" true "multi" true) }}
{{- dict
  "uid" (printf "%s/%s" .Release.Namespace (include "livekit.fullname" .) | sha256sum | trunc 12)
  "title" (printf "LiveKit %s" .Release.Name)
  "tags" (list "livekit")
  "schemaVersion" 39
  "editable" true
  "refresh" "30s"
  "time" (dict "from" "now-1h" "to" "now")
  "templating" (dict "list" $variables)
  "panels" $panels
| toPrettyJson }}
{{- end }}
