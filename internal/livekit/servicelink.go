package livekit

import (
	"slices"
	"strings"
)

// ServiceLinkCollision tells whether a Service of this name breaks the server
// in pods with service links. Kubernetes then sets NAME_PORT=tcp://ip:port for
// every Service of the namespace, and the server reads LIVEKIT_<KEY> for every
// scalar key of its configuration that no list or map holds
// (config.GenerateCLIFlags), and UDP_PORT for its --udp-port flag. A collision
// gives the variable and the configuration key it would set; the cure is
// enableServiceLinks: false in the pod, or another name.
func ServiceLinkCollision(service string) (env, configKey string, ok bool) {
	env = strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_PORT"
	if env == "UDP_PORT" {
		return env, "rtc.udp_port", true
	}
	var keys []string
	eachKey(ConfigSchema(), "", func(path string, schema map[string]any) {
		if env == "LIVEKIT_"+strings.ToUpper(strings.ReplaceAll(path, ".", "_")) && isPlainPort(schema) {
			keys = append(keys, path)
		}
	})
	if len(keys) == 0 {
		return "", "", false
	}
	// prometheus.port and the deprecated prometheus_port share a variable.
	slices.Sort(keys)
	return env, keys[0], true
}

// isPlainPort leaves out rtc.udp_port: it also takes a range, is a struct to
// the server, and so gets no variable of its own.
func isPlainPort(schema map[string]any) bool {
	return slices.Equal(typesOf(schema), []string{"integer", "null"})
}
