package livekit

import "strings"

// ServiceLinkCollision tells whether a Service of this name breaks the server
// in pods with service links. Kubernetes then sets NAME_PORT=tcp://ip:port for
// every Service of the namespace, and the server takes that for one of its own
// variables. A collision gives the variable and the configuration key it would
// set; the cure is enableServiceLinks: false in the pod, or another name.
func ServiceLinkCollision(service string) (env, configKey string, ok bool) {
	env = strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_PORT"
	for _, o := range Newest().Options() { // sorted: of a shared variable the newer key comes first
		if o.Env == env {
			return env, o.Key, true
		}
	}
	return "", "", false
}
