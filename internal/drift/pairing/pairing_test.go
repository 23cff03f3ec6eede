package pairing

import "testing"

// Keys that move the same fields mean the same, switches only where both are called so.
func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		key             string
		upstream, chart map[string][]string
		want            string
	}{
		"the same field": {"replicaCount", map[string][]string{"replicaCount": {"W spec.replicas"}},
			map[string][]string{"app.pods": {"W spec.replicas"}, "other": {"W spec.x"}}, "app.pods"},
		"most of the fields": {"port", map[string][]string{"port": {"W a", "W b"}},
			map[string][]string{"one": {"W a"}, "two": {"W a", "W b"}}, "two"},
		"the more alike name": {"livekit.tcp_port", map[string][]string{"livekit.tcp_port": {"W a"}},
			map[string][]string{"aPort": {"W a"}, "rtc.tcpPort": {"W a"}}, "rtc.tcpPort"},
		"two switches": {"hpa.enabled", map[string][]string{"hpa.enabled": {"H (is there)"}},
			map[string][]string{"scaling.create": {"H (is there)"}}, "scaling.create"},
		"a switch in passing": {"hpa.max", map[string][]string{"hpa.max": {"H (is there)"}},
			map[string][]string{"scaling.most": {"H (is there)"}}, ""},
		"nothing shared": {"a", map[string][]string{"a": {"W a"}}, map[string][]string{"b": {"W b"}}, ""},
	} {
		if got := Keys(c.upstream, c.chart, func(string) bool { return false })[c.key].Key; got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}
