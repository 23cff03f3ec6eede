package livekit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestSamples: hack/configschema gives the same files to the server.
func TestSamples(t *testing.T) {
	for folder, clean := range map[string]bool{"valid": true, "invalid": false, "unsound": false} {
		for name, document := range samples(t, folder) {
			t.Run(folder+"/"+name, func(t *testing.T) {
				problems := CheckConfig(decode(t, document))
				if (len(problems) == 0) != clean {
					t.Errorf("problems: %+v", problems)
				}
			})
		}
	}
}

func TestCheckConfig(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	for _, tt := range []struct {
		name, config string
		// want are "path: part of the message: suggestion", suggestion optional.
		want []string
	}{
		{"empty", `{}`, nil},

		{"camel case", `rtc: {udpPort: 1}`, []string{"rtc.udpPort: not a key: udp_port"}},
		{"one word", `rtc: {udpport: 1}`, []string{"rtc.udpport: not a key: udp_port"}},
		{"kebab case", `rtc: {use-external-ip: true}`, []string{"rtc.use-external-ip: not a key: use_external_ip"}},
		{"half a name", `rtc: {port: 1}`, []string{"rtc.port: not a key: tcp_port or udp_port"}},
		{"slip", `redis: {adress: "a:1"}`, []string{"redis.adress: not a key: address"}},
		{"wrong level", `tcp_port: 7881`, []string{"tcp_port: not a key: rtc.tcp_port"}},
		{"joined", `debug_handler_port: 1`, []string{"debug_handler_port: not a key: debug_handler.port"}},
		{"nothing like it", `zzzzzz: 1`, []string{"zzzzzz: not a key"}},
		{"in a list", `rtc: {turn_servers: [{host: a, port: 443, secrets: b, secret: c}]}`,
			[]string{"rtc.turn_servers[0].secrets: not a key: secret"}},
		{"free keys", `logging: {component_levels: {anything: debug}}`, nil},

		{"text for a port", `port: "7880"`, []string{"port: is a text, expected an integer"}},
		{"fraction for a port", `port: 7880.5`, []string{"port: is a number, expected an integer"}},
		{"float without fraction", `port: 7880.0`, nil},
		{"port above", `rtc: {tcp_port: 65536}`, []string{"rtc.tcp_port: is 65536, expected 0 to 65535"}},
		{"negative", `room: {max_participants: -1}`, []string{"room.max_participants: is -1"}},
		{"list for a mapping", `rtc: []`, []string{"rtc: is a list, expected a mapping"}},
		{"number for a duration", `room: {create_room_timeout: 10}`,
			[]string{"room.create_room_timeout: is an integer, expected a text: a text with a unit"}},
		{"duration without unit", `room: {create_room_timeout: "10"}`,
			[]string{`room.create_room_timeout: is "10": a number with a unit`}},
		{"enum", `node_selector: {kind: closest}`, []string{`node_selector.kind: is "closest", expected any, cpuload`}},
		{"digits for a text", `region: 12`, nil},
		{"message of a secret of wrong type", `keys: {a: [hidden-secret]}`, []string{"keys.a: is a list"}},

		{"range wins", `rtc: {udp_port: 7882, port_range_start: 1, port_range_end: 2}`,
			[]string{"rtc.udp_port: is ignored"}},
		{"range of ports loses too", `rtc: {udp_port: 7882-7890, port_range_start: 1, port_range_end: 2}`,
			[]string{"rtc.udp_port: is ignored"}},
		{"udp_port 0 is unset", `rtc: {udp_port: 0, port_range_start: 1, port_range_end: 2}`, nil},
		{"start only", `rtc: {port_range_start: 1}`,
			[]string{"rtc.port_range_start: any free port: set rtc.port_range_end"}},
		{"end only", `rtc: {port_range_end: 1}`, []string{"rtc.port_range_end: default ports"}},
		{"start with udp_port", `rtc: {udp_port: 1, port_range_start: 1}`,
			[]string{"rtc.port_range_start: rtc.udp_port is used"}},
		{"end with udp_port", `rtc: {udp_port: 1, port_range_end: 1}`,
			[]string{"rtc.port_range_end: rtc.udp_port is used"}},
		{"range reversed", `rtc: {port_range_start: 2, port_range_end: 1}`, []string{"rtc.port_range_end: is below"}},
		{"udp_port reversed", `rtc: {udp_port: 2-1}`, []string{"rtc.udp_port: low to high"}},
		{"udp_port too high", `rtc: {udp_port: 65000-66000}`, []string{"rtc.udp_port: up to 65535"}},

		{"stun and node ip", `rtc: {use_external_ip: true, node_ip: 192.0.2.1}`,
			[]string{"rtc.node_ip: is not advertised"}},
		{"stun alone", `rtc: {use_external_ip: true}`, nil},
		{"two families", `rtc: {node_ip: "192.0.2.1, 2001:db8::1"}`, nil},
		{"one family twice", `rtc: {node_ip: "192.0.2.1,192.0.2.2"}`,
			[]string{"rtc.node_ip: two addresses of one family"}},
		{"no address", `rtc: {node_ip: 300.0.2.1}`, []string{"rtc.node_ip: no IP address"}},

		{"redis URL", `redis: {address: "redis://:pw@h:6379"}`, []string{"redis.address: has a scheme"}},
		{"redis without port", `redis: {address: redis}`, []string{"redis.address: has no port"}},
		{"redis with a word as port", `redis: {address: "redis:port"}`, []string{"redis.address: no number from 1"}},
		{"redis with a path", `redis: {address: "redis:6379/0"}`, []string{"redis.address: no number from 1"}},
		{"redis with a high port", `redis: {address: "redis:70000"}`, []string{"redis.address: no number from 1"}},
		{"null in a cluster", `redis: {cluster_addresses: [null]}`, nil},
		{"null as a webhook", `webhook: {urls: [null]}`, nil},
		{"null as a network", `rtc: {ips: {includes: [null]}}`, nil},
		{"redis IPv6", `redis: {address: "[::1]:6379"}`, nil},
		{"cluster without port", `redis: {cluster_addresses: ["a:1", b]}`,
			[]string{"redis.cluster_addresses[1]: has no port"}},
		{"sentinel without name", `redis: {sentinel_addresses: ["a:1"]}`,
			[]string{"redis.sentinel_addresses: sentinel_master_name"}},
		{"sentinel", `redis: {sentinel_addresses: ["a:1"], sentinel_master_name: m}`, nil},

		{"redis socket", `redis: {address: /run/redis/redis.sock}`, nil},
		{"cluster beats address", `redis: {address: "a:1", cluster_addresses: ["b:1"]}`,
			[]string{"redis.address: redis.cluster_addresses wins"}},
		{"sentinel beats both",
			`redis: {address: "a:1", cluster_addresses: ["b:1"], sentinel_addresses: ["c:1"], sentinel_master_name: m}`,
			[]string{"redis.address: redis.sentinel_addresses wins",
				"redis.cluster_addresses: redis.sentinel_addresses wins"}},

		{"turn without port", `turn: {enabled: true}`, []string{"turn.enabled: without a port"}},
		{"turn off", `turn: {tls_port: 5349}`, nil},
		{"turn tls without domain", `turn: {enabled: true, tls_port: 5349}`,
			[]string{"turn.tls_port: needs turn.domain"}},
		{"turn domain", `turn: {enabled: true, tls_port: 5349, domain: localhost}`,
			[]string{"turn.domain: domain name with a dot"}},
		{"turn udp", `turn: {enabled: true, udp_port: 3478}`, nil},
		{"half a relay range", `turn: {enabled: true, udp_port: 3478, relay_range_start: 1}`,
			[]string{"turn.relay_range_start: is ignored"}},
		{"other half", `turn: {enabled: true, udp_port: 3478, relay_range_end: 1}`,
			[]string{"turn.relay_range_end: is ignored"}},
		{"relay range reversed", `turn: {enabled: true, udp_port: 3478, relay_range_start: 2, relay_range_end: 1}`,
			[]string{"turn.relay_range_end: is below"}},
		{"turn server without login", `rtc: {turn_servers: [{host: a, port: 443, username: u}]}`,
			[]string{"rtc.turn_servers[0]: no credentials"}},
		{"turn server with file", `rtc: {turn_servers: [{host: a, port: 443, secret_file: /s}]}`, nil},
		{"turn server without port", `rtc: {turn_servers: [{host: a, secret: s}]}`,
			[]string{"rtc.turn_servers[0]: lacks a host or a port"}},
		{"turn server without host", `rtc: {turn_servers: [{port: 443, secret: s}]}`,
			[]string{"rtc.turn_servers[0]: lacks a host or a port"}},
		{"turn port is the mux", `{rtc: {udp_port: 3478}, turn: {enabled: true, udp_port: 3478}}`,
			[]string{"turn.udp_port: rtc.udp_port has already"}},
		{"turn port among the muxes", `{rtc: {udp_port: 3470-3480}, turn: {enabled: true, udp_port: 3478}}`,
			[]string{"turn.udp_port: rtc.udp_port has already"}},
		{"turn port is the development mux", `{development: true, turn: {enabled: true, udp_port: 7882}}`,
			[]string{"turn.udp_port: rtc.udp_port has already"}},
		{"turn port is the STUN mux",
			`{rtc: {udp_port: 7882, use_stun_port_as_ice: true}, turn: {enabled: true, udp_port: 3478}}`,
			[]string{"turn.udp_port: rtc.use_stun_port_as_ice opens"}},
		{"no mux, no STUN mux", `{rtc: {use_stun_port_as_ice: true}, turn: {enabled: true, udp_port: 3478}}`, nil},
		{"turn port in a range",
			`{rtc: {port_range_start: 3000, port_range_end: 4000}, turn: {enabled: true, udp_port: 3478}}`, nil},
		{"turn port is a mux that a range beats",
			`{rtc: {udp_port: 3478, port_range_start: 50000, port_range_end: 50100},
				turn: {enabled: true, udp_port: 3478}}`,
			[]string{"rtc.udp_port: is ignored"}},
		{"turn port of turn that is off", `{rtc: {udp_port: 3478}, turn: {udp_port: 3478}}`, nil},

		{"metrics user alone", `prometheus: {username: u}`, []string{"prometheus.username: is ignored"}},
		{"metrics password alone", `prometheus: {password: p}`, []string{"prometheus.password: is ignored"}},
		{"metrics login", `prometheus: {username: u, password: p}`, nil},

		{"webhook without key", `webhook: {urls: [u]}`, []string{"webhook.urls: needs webhook.api_key"}},
		{"webhook with foreign key", `{webhook: {urls: [u], api_key: b}, keys: {a: ` + secret + `}}`,
			[]string{"webhook.api_key: none of the API keys"}},
		{"webhook with key from elsewhere", `webhook: {urls: [u], api_key: b}`, nil},
		{"webhook with key file", `{webhook: {urls: [u], api_key: b}, key_file: /keys}`, nil},

		{"short secret", `keys: {a: 0123456789abcdef0123456789abcde}`, []string{"keys.a: fewer than 32"}},
		{"long secret", `keys: {a: ` + secret + `}`, nil},
		{"no secret", `keys: {a: null}`, []string{"keys.a: fewer than 32"}},
		{"short secret in development", `{development: true, keys: {a: b}}`, nil},
		{"keys and key file", `{key_file: /keys, keys: {a: ` + secret + `}}`, []string{"keys: is ignored"}},

		{"webhook with a key of digits",
			`{webhook: {urls: [u], api_key: 12345678}, keys: {"12345678": ` + secret + `}}`, nil},

		{"regions without a region", `node_selector: {kind: regionaware, regions: [{name: eu}]}`,
			[]string{"node_selector.kind: needs region"}},
		{"unlisted region", `{region: us, node_selector: {kind: regionaware, regions: [{name: eu}]}}`,
			[]string{"region: not among"}},
		{"listed region", `{region: eu, node_selector: {kind: regionaware, regions: [{name: us}, {name: eu}]}}`, nil},
		{"region without a list", `{region: eu, node_selector: {kind: regionaware}}`, nil},
		{"STUN URL", `rtc: {stun_servers: ["stun.example.com:3478", "stun:3478", "stun:stun.example.com:3478"]}`,
			[]string{"rtc.stun_servers[2]: has a scheme"}},
		{"TURN URL", `rtc: {turn_servers: [{host: "turn:turn.example.com", port: 443, secret: s}]}`,
			[]string{"rtc.turn_servers[0].host: has a scheme"}},
		{"addresses that are no networks", `rtc: {ips: {includes: [10.0.0.0/8, 10.0.0.1], excludes: [eth0]}}`,
			[]string{"rtc.ips.excludes[0]: is no network", "rtc.ips.includes[1]: is no network"}},
		{"peers that are no networks", `turn: {enabled: true, udp_port: 3478, allow_restricted_peer_cidrs: [10.0.0.1], deny_peer_cidrs: [a, null]}`,
			[]string{"turn.allow_restricted_peer_cidrs[0]: is no network", "turn.deny_peer_cidrs[0]: is no network"}},
		{"addresses to bind", `bind_addresses: ["0.0.0.0", "::1", localhost, "fe80::1%eth0", null]`, nil},
		{"all addresses to bind", `bind_addresses: [""]`, nil},
		{"address to bind with a port", `bind_addresses: ["0.0.0.0:7880", ":7880", "[::1]", example.com]`,
			[]string{"bind_addresses[0]: is no IP address", "bind_addresses[1]: is no IP address",
				"bind_addresses[2]: is no IP address", "bind_addresses[3]: is no IP address"}},
		{"no address to bind", `bind_addresses: [null]`, []string{"bind_addresses: is an empty list"}},
		{"both families to bind", `bind_addresses: ["0.0.0.0", "::"]`,
			[]string{"bind_addresses[1]: is ::, which 0.0.0.0 has taken"}},
		{"address to bind beside all", `bind_addresses: ["10.0.0.5", "0.0.0.0"]`,
			[]string{"bind_addresses[1]: is 0.0.0.0, which 10.0.0.5 has taken"}},
		{"TURN on both families", `{rtc: {node_ip: "203.0.113.5,2001:db8::5"},
			turn: {enabled: true, udp_port: 1, bind_addresses: ["0.0.0.0", "::"]}}`,
			[]string{"turn.bind_addresses[1]: is ::, which 0.0.0.0 has taken"}},
		{"TURN on nothing", `turn: {enabled: true, udp_port: 1, bind_addresses: null}`,
			[]string{"turn.bind_addresses: is an empty list"}},

		{"negative buffer", `psrpc: {buffer_size: -1}`, []string{"psrpc.buffer_size: is below 0"}},
		{"huge buffer", `signal_relay: {stream_buffer_size: 9000000000000000000}`,
			[]string{"signal_relay.stream_buffer_size: more memory"}},
		{"large buffer", `psrpc: {buffer_size: 100000}`, nil},
		{"no interval of statistics", `node_stats: {stats_update_interval: 0s}`,
			[]string{"node_stats.stats_update_interval: is below 1ms"}},
		{"short interval of statistics", `node_stats: {stats_update_interval: 1ms}`, nil},
		{"negative reports of forwarding",
			`rtc: {forward_stats: {summary_interval: 1s, report_interval: -1s, report_window: 1s}}`,
			[]string{"rtc.forward_stats.report_interval: is below 0"}},
		{"reports of forwarding that are off",
			`rtc: {forward_stats: {summary_interval: 0s, report_interval: -1s, report_window: 1s}}`, nil},
		{"batches without an interval", `rtc: {udp_port: 7882, batch_io: {batch_size: 128}}`,
			[]string{"rtc.batch_io.batch_size: needs rtc.batch_io.max_flush_interval"}},
		{"batches", `rtc: {udp_port: 7882, batch_io: {batch_size: 128, max_flush_interval: 2ms}}`, nil},
		{"batches of a range", `rtc: {batch_io: {batch_size: 128}}`, nil},
		{"room with a word for a number", `room: {room_configurations: {a: {max_participants: many}}}`,
			[]string{`room.room_configurations.a.max_participants: is "many", which the server cannot read`}},
		{"room with null", `room: {room_configurations: {a: {sync_streams: null}}}`,
			[]string{"room.room_configurations.a.sync_streams: is null"}},
		{"room with a word as egress", `room: {room_configurations: {a: {egress: a}}}`,
			[]string{"room.room_configurations.a.egress: is a text, expected a mapping"}},
		{"room with a number as text", `room: {room_configurations: {a: {emptyTimeout: "30", name: null, egress: null}}}`, nil},
		{"a level", `logging: {level: WARN, pion_level: debug}`, nil},
		{"no level", `logging: {level: verbose, pion_level: trace}`,
			[]string{"logging.level: is no level", "logging.pion_level: is no level"}},
		{"traces", `trace: {jaeger_url: "jaeger:4318"}`, nil},
		{"traces to a host", `trace: {jaeger_url: "http://jaeger.example.com/x"}`, nil},
		{"traces over gRPC", `trace: {jaeger_url: "grpc://jaeger:4317"}`, []string{"trace.jaeger_url: is no HTTP URL"}},
		{"traces to nothing", `trace: {jaeger_url: "http://a b"}`, []string{"trace.jaeger_url: is no HTTP URL"}},
		{"one port as a range", `rtc: {udp_port: "7882-7882"}`, []string{"rtc.udp_port: low to high"}},
		{"debug on the port", `{port: 7880, debug_handler: {port: 7880}}`, []string{"debug_handler.port: port has already"}},
		{"TURN without an IPv4 address", `{rtc: {node_ip: "2001:db8::1"}, turn: {enabled: true, udp_port: 3478}}`,
			[]string{"turn.enabled: of the family of 0.0.0.0"}},
		{"TURN on IPv6", `{rtc: {node_ip: "2001:db8::1"}, turn: {enabled: true, udp_port: 1, bind_addresses: ["::"]}}`, nil},
		{"TURN on a name", `turn: {enabled: true, udp_port: 1, bind_addresses: [eth0]}`,
			[]string{"turn.bind_addresses[0]: is no IP address"}},
		{"TURN on a name while it is off", `turn: {bind_addresses: [eth0], deny_peer_cidrs: [a]}`, nil},

		{"any free port", `port: 0`, []string{"port: any free port"}},
		{"no port", `port: null`, nil},
		{"tcp only without a port", `rtc: {force_tcp: true, tcp_port: 0}`,
			[]string{"rtc.force_tcp: needs rtc.tcp_port"}},
		{"tcp only", `rtc: {force_tcp: true}`, nil},

		{"one port twice", `{port: 7881}`, []string{"rtc.tcp_port: port that port has already"}},
		{"turn off takes no port", `{port: 5349, turn: {tls_port: 5349}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := CheckConfig(decode(t, tt.config))
			if len(got) != len(tt.want) {
				t.Fatalf("got %+v, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				compareProblem(t, got[i], want)
			}
		})
	}
}

// What a Secret of others holds is set, and takes no part otherwise.
func TestGiven(t *testing.T) {
	config := decode(t, `{turn: {enabled: true, tls_port: 5349}, webhook: {urls: [u]},
		node_selector: {kind: regionaware, regions: [{name: eu}]}}`)
	config["port"], config["region"], config["keys"] = Given, Given, Given
	config["turn"].(map[string]any)["domain"] = Given
	config["webhook"].(map[string]any)["api_key"] = Given
	config["rtc"] = map[string]any{"udp_port": Given, "node_ip": Given}
	if problems := CheckConfig(config); len(problems) > 0 {
		t.Errorf("got %+v", problems)
	}
	if ports, err := Ports(config); err != nil || ports[0].Name != "rtc-tcp" {
		t.Errorf("got %v, %v", ports, err)
	}
}

func compareProblem(t *testing.T, got Problem, want string) {
	t.Helper()
	parts := strings.SplitN(want, ": ", 3)
	if got.Path != parts[0] || !strings.Contains(got.Message, parts[1]) {
		t.Errorf("got %+v, want %q", got, want)
	}
	if len(parts) == 3 && !strings.Contains(got.Suggestion, parts[2]) {
		t.Errorf("suggestion: got %q, want %q", got.Suggestion, parts[2])
	}
	if strings.Contains(parts[1], "not a key") && len(parts) == 3 && got.Suggestion != parts[2] {
		t.Errorf("suggestion: got %q, want exactly %q", got.Suggestion, parts[2])
	}
}

func TestNumbersOfAllTypes(t *testing.T) {
	for _, port := range []any{7882, int64(7882), uint32(7882), 7882.0, json.Number("7882"), json.Number("7.882e3")} {
		config := map[string]any{"rtc": map[string]any{"tcp_port": port, "udp_port": port}}
		if problems := CheckConfig(config); len(problems) != 0 {
			t.Errorf("%T: %+v", port, problems)
		}
		if ports, err := Ports(config); err != nil || ports[1].From != 7882 || ports[2].From != 7882 {
			t.Errorf("%T: %+v, %v", port, ports, err)
		}
	}
}

// TestKeyOfDigits: values that went through JSON hold numbers as float64.
func TestKeyOfDigits(t *testing.T) {
	config := map[string]any{
		"webhook": map[string]any{"urls": []any{"https://hooks.example.com"}, "api_key": float64(12345678)},
		"keys":    map[string]any{"12345678": strings.Repeat("x", 32)},
	}
	if problems := CheckConfig(config); len(problems) != 0 {
		t.Errorf("%+v", problems)
	}
}

func TestMessagesHoldNoCredential(t *testing.T) {
	const secret = "do-not-print"
	for _, config := range []string{
		`keys: {a: %s}`,
		`keys: {a: [%s]}`,
		`keys: {a: {b: %s}}`,
		`keys: %s`,
		`redis: {password: [%s]}`,
		`redis: {address: "redis://:%s@redis:6379"}`,
		`prometheus: {password: %s}`,
		`rtc: {turn_servers: [{credential: %s}]}`,
	} {
		problems := CheckConfig(decode(t, fmt.Sprintf(config, secret)))
		if len(problems) == 0 {
			t.Errorf("%s: no problem", config)
		}
		for _, p := range problems {
			if strings.Contains(fmt.Sprint(p), secret) {
				t.Errorf("%s: prints the credential: %+v", config, p)
			}
		}
	}
}

func FuzzCheckConfig(f *testing.F) {
	for _, folder := range []string{"valid", "invalid", "unsound"} {
		for _, document := range samples(f, folder) {
			data, err := json.Marshal(decode(f, document))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Fuzz(func(t *testing.T, document string) {
		var config map[string]any
		decoder := json.NewDecoder(strings.NewReader(document))
		decoder.UseNumber()
		if decoder.Decode(&config) != nil {
			t.Skip()
		}
		for _, p := range CheckConfig(config) {
			if p.Message == "" {
				t.Errorf("a problem without a message at %q", p.Path)
			}
		}
		CredentialPaths(config)
	})
}
