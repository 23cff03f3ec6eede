package livekit

import (
	"fmt"
	"strings"
	"testing"
)

func TestPorts(t *testing.T) {
	const base = "http 7880/TCP, rtc-tcp 7881/TCP"
	for _, tt := range []struct{ name, config, want string }{
		{"defaults", `{}`, base + ", rtc-udp 50000-60000/UDP"},
		{"nulls", `{port: null, rtc: {tcp_port: null, udp_port: null}}`, base + ", rtc-udp 50000-60000/UDP"},
		{"no tcp", `rtc: {tcp_port: 0}`, "http 7880/TCP, rtc-udp 50000-60000/UDP"},
		{"mux", `rtc: {udp_port: 7882}`, base + ", rtc-udp 7882/UDP"},
		{"mux as text", `rtc: {udp_port: "7882"}`, base + ", rtc-udp 7882/UDP"},
		{"mux range", `rtc: {udp_port: "7882 - 7892"}`, base + ", rtc-udp 7882-7892/UDP"},
		{"range", `rtc: {port_range_start: 50000, port_range_end: 50100}`, base + ", rtc-udp 50000-50100/UDP"},
		{"range beats mux", `rtc: {udp_port: 7882, port_range_start: 50000, port_range_end: 50100}`,
			base + ", rtc-udp 50000-50100/UDP"},
		{"mux beats half a range", `rtc: {udp_port: 7882, port_range_start: 50000}`, base + ", rtc-udp 7882/UDP"},
		{"start without end", `rtc: {port_range_start: 50000}`, base + ", rtc-udp 1-65535/UDP"},
		{"end without start", `rtc: {port_range_end: 50100}`, base + ", rtc-udp 50000-60000/UDP"},
		{"mux and STUN port", `rtc: {udp_port: 7882, use_stun_port_as_ice: true}`,
			base + ", rtc-udp 7882/UDP, rtc-stun 3478/UDP"},
		{"range and STUN port", `rtc: {use_stun_port_as_ice: true}`, base + ", rtc-udp 50000-60000/UDP"},
		{"any free port", `port: 0`, "rtc-tcp 7881/TCP, rtc-udp 50000-60000/UDP"},
		{"development", `development: true`, base + ", rtc-udp 7882/UDP"},
		{"tcp only", `rtc: {force_tcp: true}`, base},
		{"turn off", `turn: {tls_port: 5349, udp_port: 3478}`, base + ", rtc-udp 50000-60000/UDP"},
		{"turn", `turn: {enabled: true, tls_port: 5349, udp_port: 3478}`,
			base + ", rtc-udp 50000-60000/UDP, turn-tls 5349/TCP, turn-udp 3478/UDP, turn-relay 30000-40000/UDP"},
		{"turn relay", `turn: {enabled: true, udp_port: 3478, relay_range_start: 1000, relay_range_end: 1010}`,
			base + ", rtc-udp 50000-60000/UDP, turn-udp 3478/UDP, turn-relay 1000-1010/UDP"},
		{"half a turn relay", `{development: true, turn: {enabled: true, udp_port: 3478, relay_range_start: 1000}}`,
			base + ", rtc-udp 7882/UDP, turn-udp 3478/UDP, turn-relay 30000-30002/UDP"},
		{"metrics and debug", `{prometheus: {port: 6789}, debug_handler: {port: 6060}}`,
			base + ", rtc-udp 50000-60000/UDP, metrics 6789/TCP, debug 6060/TCP"},
		{"deprecated metrics", `{prometheus_port: 6788, prometheus: {port: 6789}}`,
			base + ", rtc-udp 50000-60000/UDP, metrics 6788/TCP"},

		{"text", `port: http`, "error: port is not a port"},
		{"too high", `rtc: {tcp_port: 65536}`, "error: rtc.tcp_port is not a port"},
		{"udp word", `rtc: {udp_port: mux}`, "error: rtc.udp_port is neither"},
		{"udp reversed", `rtc: {udp_port: 2-1}`, "error: rtc.udp_port"},
		{"udp list", `rtc: {udp_port: [1]}`, "error: rtc.udp_port is neither"},
		{"range reversed", `rtc: {port_range_start: 2, port_range_end: 1}`, "error: rtc.port_range_end 1 is below"},
		{"relay reversed", `turn: {enabled: true, udp_port: 1, relay_range_start: 2, relay_range_end: 1}`,
			"error: turn.relay_range_end 1 is below"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := describePorts(Ports(decode(t, tt.config)))
			if got != tt.want && (!strings.HasPrefix(tt.want, "error: ") || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func describePorts(ports []Port, err error) string {
	if err != nil {
		return fmt.Sprintf("error: %v%s", err, describePorts(ports, nil))
	}
	var all []string
	for _, p := range ports {
		span := fmt.Sprint(p.From)
		if p.From != p.To {
			span = fmt.Sprintf("%d-%d", p.From, p.To)
		}
		all = append(all, fmt.Sprintf("%s %s/%s", p.Name, span, p.Protocol))
	}
	return strings.Join(all, ", ")
}

func TestDefaultPortsAreTheServers(t *testing.T) {
	defaults := facts(t).Defaults
	if defaults["port"] != defaultHTTPPort || defaults["rtc.tcp_port"] != defaultRTCTCPPort {
		t.Errorf("the server has %v", defaults)
	}
}

func FuzzPorts(f *testing.F) {
	for _, seed := range []string{"7882", "7882-7892", " 1 - 2 ", "-5", "1-2-3", "65535-65536", "", "٣"} {
		f.Add(seed, 0, 0)
	}
	f.Add("7882", 50000, 60000)
	f.Fuzz(func(t *testing.T, udp string, start, end int) {
		config := map[string]any{
			"rtc":  map[string]any{"udp_port": udp, "port_range_start": start, "port_range_end": end},
			"turn": map[string]any{"enabled": true, "udp_port": start, "relay_range_end": end},
		}
		ports, err := Ports(config)
		if err != nil && len(ports) > 0 {
			t.Errorf("both ports and an error: %v, %v", ports, err)
		}
		for _, p := range ports {
			if p.From < 1 || p.To < p.From || p.To > 65535 {
				t.Errorf("impossible port %+v", p)
			}
		}
		// The two readers of the same keys have to agree.
		if err != nil && len(CheckConfig(config)) == 0 {
			t.Errorf("CheckConfig has nothing against %v: %v", config, err)
		}
	})
}
