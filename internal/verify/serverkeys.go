package verify

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// The flags that livekit-server has besides those that follow from its
// configuration (cmd/server/main.go of its source), with the key that each
// one sets and the variable that stands for it, "" where there is none.
type baseFlag struct{ name, key, env string }

func baseFlags() []baseFlag {
	return []baseFlag{
		{"bind", "bind_addresses", ""},
		{"config", "", ""},
		{"config-body", "", "LIVEKIT_CONFIG"},
		{"key-file", "key_file", ""},
		{"keys", "keys", "LIVEKIT_KEYS"},
		{"region", "region", "LIVEKIT_REGION"},
		{"node-ip", "rtc.node_ip", "NODE_IP"},
		{"udp-port", "rtc.udp_port", "UDP_PORT"},
		{"redis-host", "redis.address", "REDIS_HOST"},
		{"redis-password", "redis.password", "REDIS_PASSWORD"},
		{"turn-cert", "turn.cert_file", "LIVEKIT_TURN_CERT"},
		{"turn-key", "turn.key_file", "LIVEKIT_TURN_KEY"},
		{"cpuprofile", "", ""},
		{"memprofile", "", ""},
		{"dev", "development", ""},
		{"disable-strict-config", "", ""},
		{"help", "", ""},
		{"version", "", ""},
	}
}

// scalarKeys gives the configuration's keys that the server makes a flag
// --a.b and a variable LIVEKIT_A_B of, each with its type in JSON Schema's
// words: those that hold one value and lie in no list, no free map and no
// optional block (config.ToCLIFlagNames of its source).
func scalarKeys() map[string]string {
	out := map[string]string{}
	var walk func(prefix string, schema map[string]any)
	walk = func(prefix string, schema map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		for name, v := range properties {
			below, _ := v.(map[string]any)
			kind := typeOf(below)
			key := prefix + name
			switch {
			case slices.Contains([]string{"redis.tls", "rtc.node_ip", "rtc.udp_port", "keys", "region"}, key):
			case kind == "object":
				walk(key+".", below)
			case kind == "string" && below["pattern"] != nil:
				out[key] = durationKind
			case kind != "array" && kind != "":
				out[key] = kind
			}
		}
	}
	walk("", livekit.ConfigSchema())
	return out
}

// durationKind stands for keys that the file spells "10s" and flags and
// variables in whole nanoseconds.
const durationKind = "duration"

// typeOf gives the first type of a schema that is not null.
func typeOf(schema map[string]any) string {
	types, _ := schema["type"].([]any)
	for _, t := range types {
		if name, ok := t.(string); ok && name != "null" {
			return name
		}
	}
	name, _ := schema["type"].(string)
	return name
}

// envOf is the variable of a scalar key.
func envOf(key string) string {
	return "LIVEKIT_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
