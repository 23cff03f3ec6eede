package livekit

import (
	"slices"
	"strings"
	"testing"
)

func TestServiceLinkCollision(t *testing.T) {
	for service, want := range map[string]string{
		"livekit":               "LIVEKIT_PORT port",
		"livekit-prometheus":    "LIVEKIT_PROMETHEUS_PORT prometheus.port",
		"livekit-debug-handler": "LIVEKIT_DEBUG_HANDLER_PORT debug_handler.port",
		"livekit-rtc-tcp":       "LIVEKIT_RTC_TCP_PORT rtc.tcp_port",
		"livekit-turn-tls":      "LIVEKIT_TURN_TLS_PORT turn.tls_port",
		"livekit-turn-udp":      "LIVEKIT_TURN_UDP_PORT turn.udp_port",
		"livekit-webtransport":  "LIVEKIT_WEBTRANSPORT_PORT webtransport.port",
		"udp":                   "UDP_PORT rtc.udp_port",
	} {
		env, key, ok := ServiceLinkCollision(service)
		if got := env + " " + key; !ok || got != want {
			t.Errorf("%s: got %q, %v, want %q", service, got, ok, want)
		}
	}
	for _, service := range []string{
		"", "livekit-turn", "livekit-rtc-udp", "livekit-svc", "livekit-server", "my-livekit", "redis", "tcp", "port",
	} {
		if env, key, ok := ServiceLinkCollision(service); ok || env != "" || key != "" {
			t.Errorf("%s: got %s, %s", service, env, key)
		}
	}
}

// TestEveryPortVariableCollides goes through the variables that the server's
// own flag generation makes.
func TestEveryPortVariableCollides(t *testing.T) {
	variables := facts(t).PortVariables
	if len(variables) < 6 {
		t.Fatalf("the server has only %v", variables)
	}
	for env, keys := range variables {
		service := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(env, "_PORT"), "_", "-"))
		gotEnv, gotKey, ok := ServiceLinkCollision(service)
		if !ok || gotEnv != env || !slices.Contains(keys, gotKey) {
			t.Errorf("Service %s: got %s, %s, %v, want %s, %v", service, gotEnv, gotKey, ok, env, keys)
		}
	}
}

// TestNoOtherCollision: every integer key that ends in port has a variable.
func TestNoOtherCollision(t *testing.T) {
	variables := facts(t).PortVariables
	for _, o := range Release(ServerVersion).Options() {
		if strings.HasSuffix(o.Env, "_PORT") && o.Env != "UDP_PORT" && !slices.Contains(variables[o.Env], o.Key) {
			t.Errorf("the server has no variable %s for %s", o.Env, o.Key)
		}
	}
}
