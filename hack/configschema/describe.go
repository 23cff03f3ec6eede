package main

import (
	"regexp"
	"strings"
)

// enums are the values that the server compares a string with after parsing:
// CreateNodeSelector and SelectSortedNode of pkg/routing/selector,
// RoomManager.iceServersForParticipant of pkg/service, pkg/sfu/pacer.
var enums = map[string][]string{
	"node_selector.kind": {"", "any", "cpuload", "sysload", "regionaware", "random"},
	"node_selector.sort_by": {"random", "sysload", "cpuload", "rooms", "clients", "tracks",
		"bytespersec"},
	"node_selector.algorithm":                    {"lowest", "twochoice"},
	"rtc.turn_servers[].protocol":                {"", "udp", "tcp", "tls"},
	"rtc.congestion_control.send_side_bwe_pacer": {"", "pass-through", "no-queue", "leaky-bucket"},
}

// notes stand in for the doc comments of the server: where there is none, where
// it speaks of Go fields, or where it does not name what replaces a key.
var notes = map[string]string{
	"port":           "TCP port of the API and of signalling.",
	"bind_addresses": "Addresses to listen on for the API and signalling; all when unset.",
	"key_file":       "File of API keys and their secrets; replaces keys.",
	"keys":           "API keys and their secrets, of 32 characters or more.",
	"development":    "Debug logs and profiling; without API keys the server listens on the loopback address alone.",

	"rtc.tcp_port": "TCP port of media, advertised to clients as it is; 0 disables it.",
	"rtc.udp_port": "A port, or a range as \"first-last\". Ignored when port_range_start and port_range_end " +
		"are both set.",
	"rtc.port_range_start": "First of the UDP ports of media, two for each participant. Needs port_range_end.",
	"rtc.port_range_end":   "Last of the UDP ports of media. Needs port_range_start.",
	"rtc.node_ip":          "IPv4 address, IPv6 address, or both separated by a comma.",
	"rtc.use_external_ip": "Ask a STUN server for the address to advertise; the server does not start when none " +
		"answers.",
	"rtc.external_ip_only": "With use_external_ip, advertise only the external address.",

	"redis.address":        "host:port, without a scheme.",
	"turn.domain":          "Name that clients reach TURN over TLS by, always at port 443.",
	"turn.tls_port":        "TCP port of TURN over TLS; needs domain.",
	"turn.udp_port":        "UDP port of TURN and STUN.",
	"turn.external_tls":    "TLS ends before the server, at a load balancer.",
	"turn.deny_peer_cidrs": "List of peer CIDRs to deny access to, also those in allow_restricted_peer_cidrs.",
	"webhook.api_key":      "API key whose secret signs the webhooks.",
	"audio.min_percentile": "Percent of the time that a level must exceed active_level for a participant to " +
		"be active.",
	"audio.smooth_intervals":     "Number of intervals that audio levels are averaged over, 0 to disable.",
	"trace.jaeger_url":           "Jaeger to send traces to: host, host:port or URL.",
	"rtc.turn_servers[].ttl":     "Seconds that credentials made from secret live, 14400 when unset.",
	"redis.max_redirects":        "For cluster_addresses, number of redirects to follow, 2 when unset.",
	"logging.sample_initial":     "Number of equal messages a second that are logged in any case.",
	"logging.sample":             "Throttle equal log messages.",
	"audio.active_level":         "Least level that counts as active, 0 to 127, where 0 is loudest.",
	"audio.enable_loss_proxying": "Report the loss of the weakest subscriber to the publisher.",

	"agents.endpoints":                      "HTTP endpoints that agents serve, on the signalling port.",
	"agents.endpoints.disabled":             "Serve no HTTP endpoints, and refuse agents that declare some.",
	"agents.endpoints.max_streams":          "Concurrent streams of an agent's session that its load is weighted by.",
	"agents.endpoints.max_tunnels":          "Most WebSocket tunnels of a worker at once; 0 for half of max_streams.",
	"agents.endpoints.tunnel_drain_timeout": "How long a WebSocket tunnel outlives a worker or a server that drains.",
	"limit.agent_signal_message_size_limit": "As signal_message_size_limit, for connections of agent workers.",
	"rtc.enable_warp":                       "Experimental: fewer round trips at the start, by WARP (SPED, SNAP).",
	"turn.per_user_relay_allocation_limit":  "Most concurrent relay allocations of one participant.",
	"turn.proxy_protocol":                   "Require a PROXY header (v1 or v2) on TURN over TCP, and use it.",
	"turn.proxy_protocol_trusted_cidrs":     "Proxies whose PROXY header is believed.",
	"webtransport.port":                     "UDP port of WebTransport; 0 for none.",

	"log_level":              "Deprecated: use logging.level, which this key overrides.",
	"prometheus_port":        "Deprecated: use prometheus.port, which this key overrides.",
	"redis.use_tls":          "Deprecated: use redis.tls.enabled, which overrides this key.",
	"room.max_metadata_size": "Deprecated: use limit.max_metadata_size, which this key overrides.",
	"room.max_participant_identity_length": "Deprecated: use limit.max_participant_identity_length, which this key " +
		"overrides.",
	"room.max_room_name_length":            "Deprecated: use limit.max_room_name_length, which this key overrides.",
	"rtc.data_channel_max_buffered_amount": "Deprecated: use rtc.datachannel_slow_threshold, which overrides this key.",
	"rtc.packet_buffer_size": "Deprecated: use rtc.packet_buffer_size_video and " +
		"rtc.packet_buffer_size_audio.",
	"rtc.strict_acks": "Deprecated: the server does not read it any more. Remove it.",
}

// sentenceEnd is a full stop before another sentence.
var sentenceEnd = regexp.MustCompile(`\. +[A-Z]`)

// describe adds what the types do not say. The notes come when the file is
// written, so that another one needs no release to be read again.
func describe(k *key) {
	k.Doc = firstSentence(k.Doc)
	k.Enum = enums[k.Key]
}

// firstSentence shortens a doc comment: the schema ends up in every chart.
func firstSentence(doc string) string {
	if end := sentenceEnd.FindStringIndex(doc); end != nil {
		doc = doc[:end[0]+1]
	}
	if doc == "" {
		return ""
	}
	return strings.ToUpper(doc[:1]) + doc[1:]
}
