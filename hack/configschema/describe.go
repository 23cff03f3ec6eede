package main

import (
	"slices"
	"strings"
)

// enums are the values that the server compares a string with after parsing:
// CreateNodeSelector and SelectSortedNode of pkg/routing/selector,
// RoomManager.iceServersForParticipant of pkg/service, pkg/sfu/pacer.
var enums = map[string][]any{
	"node_selector.kind":                         {"", "any", "cpuload", "sysload", "regionaware", "random"},
	"node_selector.sort_by":                      {"random", "sysload", "cpuload", "rooms", "clients", "tracks", "bytespersec"},
	"node_selector.algorithm":                    {"lowest", "twochoice"},
	"rtc.turn_servers[].protocol":                {"", "udp", "tcp", "tls"},
	"rtc.congestion_control.send_side_bwe_pacer": {"", "pass-through", "no-queue", "leaky-bucket"},
}

// notes complete what the doc comments of the server say.
var notes = map[string]string{
	"prometheus_port": "Deprecated: use prometheus.port, which this key overrides.",
	"log_level":       "Deprecated: use logging.level, which this key overrides.",
	"rtc.udp_port":    "A port, or a range as \"first-last\". Ignored when port_range_start and port_range_end are both set.",
	"rtc.node_ip":     "IPv4 address, IPv6 address, or both separated by a comma.",
}

// describe adds what the types do not say: descriptions and enums.
func describe(schema map[string]any, path, doc string) {
	if note, ok := notes[path]; ok {
		doc = note
	}
	if doc == "Deprecated" || strings.HasPrefix(doc, "deprecated") {
		doc = strings.Replace("D"+doc[1:], "Deprecated,", "Deprecated:", 1)
	}
	if doc != "" {
		schema["description"] = doc
	}
	if values, ok := enums[path]; ok {
		schema["enum"] = append(slices.Clone(values), nil)
	}
}
