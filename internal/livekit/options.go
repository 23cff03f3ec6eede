package livekit

import (
	"maps"
	"slices"
	"strings"
)

// Option is a setting that livekit-server takes as a flag or as a variable,
// beside its configuration.
type Option struct {
	Flag string // without dashes
	Env  string // "" where there is no variable
	Key  string // of the configuration, "" where it sets none
	Type string // in JSON Schema's words, or Duration
}

// Duration is the Type of keys that the configuration spells "10s" and flags
// and variables in whole nanoseconds.
const Duration = "duration"

// Options gives all flags and variables of the server: first those that it
// makes of its configuration's keys, sorted, then its own.
func Options() []Option {
	return append(scalarOptions("", ConfigSchema()), ownOptions()...)
}

// ownOptions gives those that do not follow from the configuration
// (cmd/server/main.go of the server).
func ownOptions() []Option {
	return []Option{
		{"bind", "", "bind_addresses", "array"},
		{"config", "", "", "string"},
		{"config-body", "LIVEKIT_CONFIG", "", "string"},
		{"key-file", "", "key_file", "string"},
		{"keys", "LIVEKIT_KEYS", "keys", "object"},
		{"region", "LIVEKIT_REGION", "region", "string"},
		{"node-ip", "NODE_IP", "rtc.node_ip", "string"},
		{"udp-port", "UDP_PORT", "rtc.udp_port", "string"},
		{"redis-host", "REDIS_HOST", "redis.address", "string"},
		{"redis-password", "REDIS_PASSWORD", "redis.password", "string"},
		{"turn-cert", "LIVEKIT_TURN_CERT", "turn.cert_file", "string"},
		{"turn-key", "LIVEKIT_TURN_KEY", "turn.key_file", "string"},
		{"cpuprofile", "", "", "string"},
		{"memprofile", "", "", "string"},
		{"dev", "", "development", "boolean"},
		{"disable-strict-config", "", "", "boolean"},
		{"help", "", "", "boolean"},
		{"version", "", "", "boolean"},
	}
}

// scalarOptions gives the keys below a schema that the server makes a flag
// --a.b and a variable LIVEKIT_A_B of: those that hold one value and lie in no
// list, no free map and no optional block (config.ToCLIFlagNames).
func scalarOptions(path string, schema map[string]any) []Option {
	var options []Option
	properties := child(schema, "properties")
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		below := child(properties, name)
		key := joinKey(path, name)
		kind := ""
		for _, t := range typesOf(below) {
			if t != "null" && kind == "" {
				kind = t
			}
		}
		switch {
		case slices.Contains([]string{"redis.tls", "rtc.node_ip", "rtc.udp_port", "keys", "region"}, key):
		case kind == "object":
			options = append(options, scalarOptions(key, below)...)
		case kind == "string" && below["pattern"] != nil:
			options = append(options, Option{key, EnvOf(key), key, Duration})
		case kind != "array" && kind != "":
			options = append(options, Option{key, EnvOf(key), key, kind})
		}
	}
	return options
}

// EnvOf is the variable that the server makes of a key.
func EnvOf(key string) string {
	return "LIVEKIT_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
