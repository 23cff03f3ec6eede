package verify

import (
	"encoding/json"
	"testing"
)

// LiveKit's configuration is found wherever a chart has it.
func TestPlacesIn(t *testing.T) {
	for _, c := range []struct{ name, values, udp, level string }{
		{"canonical", `{"config": {"port": 7880, "rtc": {"udp_port": 30882, "tcp_port": 30881}}}`,
			`{"keys":["config","rtc","udp_port"],"number":30882}`,
			`{"keys":["config","logging","level"],"number":0}`},
		{"upstream's", `{"livekit": {"rtc": {"port_range_start": 50000}}}`,
			`{"keys":["livekit","rtc","udp_port"],"number":0}`,
			`{"keys":["livekit","logging","level"],"number":0}`},
		{"deep", `{"a": {"rtc": {}}, "b": {"c": {"rtc": {"tcp_port": 7881.0}}}}`,
			`{"keys":["b","c","rtc","udp_port"],"number":0}`,
			`{"keys":["b","c","logging","level"],"number":0}`},
		{"at the root", `{"rtc": {"udp_port": 1}}`,
			`{"keys":["rtc","udp_port"],"number":1}`,
			`{"keys":["logging","level"],"number":0}`},
		{"none", `{"rtc": {"other": 1}, "list": [{"rtc": {"udp_port": 1}}]}`, "null", "null"},
	} {
		values, err := parseYAML(c.values)
		if err != nil {
			t.Fatal(err)
		}
		places := configValues(values)
		udp, _ := json.Marshal(places.UDPPort)
		level, _ := json.Marshal(places.LogLevel)
		if string(udp) != c.udp || string(level) != c.level {
			t.Errorf("%s: udp %s, want %s; level %s, want %s", c.name, udp, c.udp, level, c.level)
		}
	}
}
