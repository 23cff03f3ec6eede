package livekit

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v4"
)

// TestReleasesFile: what is compiled in decodes strictly, names known releases
// in order, and is sorted as ConfigSchema needs it.
func TestReleasesFile(t *testing.T) {
	strict := json.NewDecoder(bytes.NewReader(releasesJSON))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&table{}); err != nil {
		t.Fatal(err)
	}
	releases := Releases()
	if !slices.Contains(releases, ServerVersion) || len(releases) < 9 {
		t.Errorf("the releases are %v", releases)
	}
	for i, r := range releases {
		if version, err := semver.StrictNewVersion(string(r[1:])); err != nil || version.Prerelease() != "" {
			t.Errorf("%s is no release", r)
		} else if i > 0 && !version.GreaterThan(semver.MustParse(string(releases[i-1]))) {
			t.Errorf("%s stands after %s", r, releases[i-1])
		}
	}
	for i, k := range known().Keys {
		if k.Since != "" && !slices.Contains(releases[1:], k.Since) ||
			k.Until != "" && !slices.Contains(releases[:len(releases)-1], k.Until) {
			t.Errorf("%s: from %q to %q", k.Key, k.Since, k.Until)
		}
		if typeSchemas[k.Type] == nil {
			t.Errorf("%s: no type %q", k.Key, k.Type)
		}
		if i > 0 && k.Key < known().Keys[i-1].Key {
			t.Errorf("%s is not sorted", k.Key)
		}
	}
	var entries []behavior
	if err := yaml.Load(behaviorYAML, &entries, yaml.WithKnownFields()); err != nil || len(entries) == 0 {
		t.Errorf("behavior.yaml: %v", err)
	}
	for _, b := range entries {
		if b.Key != "" && knownIn(b.Key) == "" || b.Says == "" || strings.HasSuffix(b.Says, ".") {
			t.Errorf("behavior.yaml: %+v", b)
		}
		semver.MustParse(b.Since)
	}
}

// TestEveryRelease: each release has one line for a key, a key above it that can
// hold it, and a schema with exactly its keys.
func TestEveryRelease(t *testing.T) {
	for _, r := range Releases() {
		var want []string
		types := map[string]string{}
		for _, k := range r.keys() {
			parent := types[parentOf(k.Key)]
			switch {
			case types[k.Key] != "":
				t.Errorf("%s: two lines for %s", r, k.Key)
			case strings.HasSuffix(k.Key, "[]") != (parent == "list"),
				strings.HasSuffix(k.Key, ".*") != strings.HasPrefix(parent, "map"):
				t.Errorf("%s: %s is in a %s", r, k.Key, parent)
			}
			types[k.Key] = k.Type
			want = append(want, k.Key)
		}
		got := schemaKeys(r.ConfigSchema(), "")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %d keys, the file %d", r, len(got), len(want))
		}
		if problems := r.CheckConfig(map[string]any{"port": 7880, "keys": map[string]any{}}); len(problems) > 0 {
			t.Errorf("%s refuses %v", r, problems)
		}
		for i, o := range r.Options() {
			if slices.ContainsFunc(r.Options()[:i], func(p Option) bool { return p.Flag == o.Flag }) {
				t.Errorf("%s: two flags %s", r, o.Flag)
			}
		}
	}
}

func schemaKeys(schema map[string]any, path string) []string {
	var keys []string
	add := func(key string, below any) {
		if below, ok := below.(map[string]any); ok {
			keys = append(append(keys, key), schemaKeys(below, key)...)
		}
	}
	for name, below := range child(schema, "properties") {
		add(joinKey(path, name), below)
	}
	for _, below := range child(schema, "patternProperties") {
		add(path+".*", below)
	}
	add(path+".*", schema["additionalProperties"])
	add(path+"[]", schema["items"])
	return keys
}

// TestSchemaOfServerVersion holds the schema that charts get against the file
// that hack/configschema holds against the server's parser.
func TestSchemaOfServerVersion(t *testing.T) {
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(Release(ServerVersion).ConfigSchema()); err != nil {
		t.Fatal(err)
	}
	const path = "testdata/config.schema.json"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is another schema: -update writes it", path)
	}
}

// TestFirstReleases was read at the source of each release: the first whose
// packages have the key, of those that are known.
func TestFirstReleases(t *testing.T) {
	for key, want := range map[string]string{
		"bind_addresses":                             "",
		"rtc.datachannel_slow_threshold":             "v1.8.4",
		"video.stream_tracker_manager":               "v1.8.4",
		"node_stats":                                 "v1.9.11",
		"enable_data_tracks":                         "v1.9.11",
		"node_selector.algorithm":                    "v1.9.11",
		"trace.jaeger_url":                           "v1.9.11",
		"agents.target_load":                         "v1.11.0",
		"api.enable_psrpc_for_get_list_participants": "v1.11.0",
		"turn.allow_restricted_peer_cidrs":           "v1.13.1",
		"turn.deny_peer_cidrs":                       "v1.13.1",
		"turn.ttl_seconds":                           "v1.13.1",
		"rtc.turn_servers[].secret_file":             "v1.13.1",
		"debug_handler.port":                         "v1.13.3",
		"enable_participant_data_blob":               "v1.13.3",
		"turn.per_user_relay_allocation_limit":       "v1.13.6",
		"rtc.enable_warp":                            "v1.13.6",
		"limit.signal_message_size_limit":            "v1.13.6",
		"limit.agent_signal_message_size_limit":      "v1.13.6",
		"limit.max_api_request_body_size":            "v1.13.6",
		"room.enable_full_room_in_webhooks":          "v1.13.6",
		"turn.proxy_protocol":                        "v1.13.7",
		"turn.proxy_protocol_trusted_cidrs":          "v1.13.7",
		"ingress.enable_udp_url_pull":                "v1.13.7",
		"psrpc.compression":                          "v1.13.7",
		"webtransport.port":                          "v1.13.8",
		"agents.endpoints":                           "v1.13.8",
		"rtc.flexfec":                                "v1.13.11",
		"rtc.rtx_budget":                             "v1.13.11",
		"rtc.turn_servers[].credentials_file":        "v1.13.11",
	} {
		first := ""
		for _, k := range known().Keys {
			if k.Key == key {
				first = string(k.Since)
				break
			}
		}
		if knownIn(key) == "" || first != want {
			t.Errorf("%s: the first release is %q, want %q", key, first, want)
		}
	}
	if got := knownIn("video.stream_tracker"); got != "up to v1.8.0" {
		t.Errorf("video.stream_tracker is known %s", got)
	}
}

func TestReleaseOf(t *testing.T) {
	newest := string(Newest())
	for tag, want := range map[string]Match{
		"v1.13.5": {"v1.13.5", ""}, "1.13.5": {"v1.13.5", ""}, "v1.9.12-foo": {"v1.9.12", ""},
		"v1.13.5_build.7": {"v1.13.5", ""}, "v1.11": {"v1.11.0", ""}, "v1.8": {"v1.8.4", ""},
		"v1.9.0":      {"v1.8.4", "the known one before v1.9.0"},
		"v1.12.0":     {"v1.11.0", "the known one before v1.12.0"},
		"v1.10":       {"v1.9.12", "the known one before v1.10"},
		"v1.5.3":      {"v1.8.0", "the oldest known one, as v1.5.3 is older"},
		"v9.9.9":      {Newest(), "the newest known one, as v9.9.9 is not known yet"},
		"latest":      {Newest(), `the newest known one, as "latest" is no version`},
		"":            {Newest(), `the newest known one, as "" is no version`},
		newest:        {Newest(), ""},
		"1.13.5x":     {Newest(), `the newest known one, as "1.13.5x" is no version`},
		"sha256:0123": {Newest(), `the newest known one, as "sha256:0123" is no version`},
	} {
		if got := ReleaseOf(tag); got != want {
			t.Errorf("%s: got %v, want %v", tag, got, want)
		}
	}
	for version, want := range map[string]string{
		"1.13.5": "v1.13.5", "v1.13.5": "v1.13.5", "latest": "latest", "1.13": "1.13", "20261130-abc": "20261130-abc",
	} {
		if got := TagOf(version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}

// TestUnknownKeys: a key of another release is named with those that have it.
func TestUnknownKeys(t *testing.T) {
	config := decode(t, `{rtc: {enable_warp: true, udpport: 1}, video: {stream_tracker: {}}}`)
	for tag, want := range map[string][]string{
		"v1.8.0": {
			"rtc.enable_warp is not a key of livekit-server v1.8.0 (known from v1.13.6 on), may be known: false",
			"rtc.udpport is not a key of livekit-server v1.8.0, may be known: false",
		},
		"v1.9.0": {
			"rtc.enable_warp is not a key of livekit-server v1.8.4 (known from v1.13.6 on), may be known: false",
			"rtc.udpport is not a key of livekit-server v1.8.4, may be known: false",
			"video.stream_tracker is not a key of livekit-server v1.8.4 (known up to v1.8.0), may be known: false",
		},
	} {
		match := ReleaseOf(tag)
		var got []string
		for _, p := range match.Release.CheckConfig(config) {
			may := "false"
			if match.MayKnow(p) {
				may = "true"
			}
			got = append(got, p.Path+" "+p.Message+", may be known: "+may)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q", tag, got)
		}
	}
	for document, want := range map[string]map[string]bool{
		"{agents: {target_load: 1}}":                      {"v1.9.12": false, "v1.10.0": true, "v1.9.0": true},
		"{webtransport: {port: 1}}":                       {"v1.9.0": false, "v1.13.7": false},
		"{rtc: {turn_servers: [{credentials_file: /f}]}}": {"v1.13.10": false},
		"{rtc: {brand_new_thing: 1}}":                     {"v9.9.9": true, "latest": true, "v1.10.0": false},
		"{rtc: {udpport: 1}}":                             {"v9.9.9": false, "latest": false},
	} {
		for tag, may := range want {
			match := ReleaseOf(tag)
			for _, p := range match.Release.CheckConfig(decode(t, document)) {
				if p.IsUnknown && match.MayKnow(p) != may {
					t.Errorf("%s, %s: %+v may be known: got %v", document, tag, p, !may)
				}
			}
		}
	}
}

// TestOptionsOfReleases: variables and flags changed as the server's own did.
func TestOptionsOfReleases(t *testing.T) {
	find := func(r Release, flag string) Option {
		options := r.Options()
		if i := slices.IndexFunc(options, func(o Option) bool { return o.Flag == flag }); i >= 0 {
			return options[i]
		}
		return Option{}
	}
	for _, tt := range []struct {
		release Release
		want    Option
	}{
		{"v1.8.0", Option{"development", "", "development", "boolean"}},
		{"v1.13.5", Option{"development", "LIVEKIT_DEVELOPMENT", "development", "boolean"}},
		{"v1.8.0", Option{"rtc.node_ip", "LIVEKIT_RTC_NODE_IP", "rtc.node_ip", "string"}},
		{"v1.13.5", Option{"room.create_room_timeout", "LIVEKIT_ROOM_CREATE_ROOM_TIMEOUT",
			"room.create_room_timeout", Duration}},
		{"v1.13.11", Option{"room.create_room_timeout", "LIVEKIT_ROOM_CREATE_ROOM_TIMEOUT",
			"room.create_room_timeout", "string"}},
		{"v1.13.11", Option{"webtransport.port", "LIVEKIT_WEBTRANSPORT_PORT", "webtransport.port", "integer"}},
		{"v1.13.11", Option{"region", "LIVEKIT_REGION", "region", "string"}},
	} {
		if got := find(tt.release, tt.want.Flag); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.release, got, tt.want)
		}
	}
	for flag, releases := range map[string][]Release{
		"cpuprofile": {"v1.8.0"}, "webtransport.port": {"v1.13.5"}, "rtc.node_ip": {"v1.13.5"},
		"redis.tls.enabled": {"v1.13.5"},
	} {
		for _, r := range releases {
			if got := find(r, flag); got != (Option{}) {
				t.Errorf("%s has %v", r, got)
			}
		}
	}
}

// TestNewlyFatal: what a release began to refuse is said of it and of later ones.
func TestNewlyFatal(t *testing.T) {
	config := decode(t, `{prometheus: {port: 6789, username: me},
		rtc: {turn_servers: [{host: turn.example.com, port: 443}]}}`)
	for release, want := range map[Release]bool{"v1.13.5": false, "v1.13.6": true, "v1.13.11": true} {
		problems := release.CheckConfig(config)
		if len(problems) != 2 {
			t.Errorf("%s: %v", release, problems)
		}
		for _, p := range problems {
			if strings.Contains(p.Message, "from v1.13.6 on the server does not start") != want {
				t.Errorf("%s: %s %s", release, p.Path, p.Message)
			}
		}
	}
}

func TestChanges(t *testing.T) {
	has := func(changes []Change, want Change) bool {
		return slices.ContainsFunc(changes, func(c Change) bool {
			isSaid := strings.Contains(c.Says, want.Says)
			return isSaid && c.Kind == want.Kind && c.Path == want.Path && c.IsFatal == want.IsFatal
		})
	}
	up := Changes("v1.13.5", "v1.13.11")
	for _, want := range []Change{
		{Added, "webtransport", "", false},
		{Added, "rtc.turn_servers[].credentials_file", "", false},
		{Behaves, "prometheus.username", "needs prometheus.password", true},
		{Behaves, "rtc.congestion_control.send_side_bwe_pacer", "is a pacer", true},
		{Behaves, "", "exits with 1", false},
		{Behaves, "", "durations", true},
	} {
		if !has(up, want) {
			t.Errorf("%+v is not among the changes", want)
		}
	}
	for _, c := range up {
		if strings.HasPrefix(c.Path, "webtransport.") && c.Kind == Added || c.Path == "turn.ttl_seconds" {
			t.Errorf("%+v is among the changes", c)
		}
	}
	down := Changes("v1.13.11", "v1.13.5")
	if !has(down, Change{Removed, "webtransport", "", true}) {
		t.Error("a step back removes nothing")
	}
	if slices.ContainsFunc(down, func(c Change) bool { return c.Kind == Behaves }) {
		t.Error("a step back has behaviors")
	}
	far := Changes("v1.8.0", "v1.13.5")
	for _, want := range []Change{
		{Removed, "video.stream_tracker", "", true},
		{Added, "video.stream_tracker_manager", "", false},
		{Changed, "rtc.node_ip", "is of type node-ip, and was of type text", true},
		{Behaves, "turn.allow_restricted_peer_cidrs", "private networks", false},
		{Behaves, "", "Booleans", false},
	} {
		if !has(far, want) {
			t.Errorf("%+v is not among the changes", want)
		}
	}
	if got := Changes(ServerVersion, ServerVersion); len(got) != 0 {
		t.Errorf("a release has changed from itself: %v", got)
	}
	all := known()
	for i, r := range all.Releases[1:] {
		before := all.Releases[i]
		if reflect.DeepEqual(before.keys(), r.keys()) != (len(Changes(before, r)) == len(behaviorsOf(before, r))) {
			t.Errorf("%s to %s: %v", before, r, Changes(before, r))
		}
	}
}

func behaviorsOf(from, to Release) []Change {
	return slices.DeleteFunc(Changes(from, to), func(c Change) bool { return c.Kind != Behaves })
}

// What only newer releases have is read at their source, as their servers do not build here.
func TestRulesOfNewerReleases(t *testing.T) {
	for config, want := range map[string]string{
		`webtransport: {port: 4433}`:                                                                                 "webtransport.port: needs",
		`{development: true, webtransport: {port: 4433}}`:                                                            "",
		`webtransport: {port: 4433, tls_cert_file: /a, tls_key_file: /b}`:                                            "",
		`rtc: {turn_servers: [{host: a, port: 1, credentials_file: /a}]}`:                                            "",
		`turn: {enabled: true, tls_port: 5349, domain: a.b, proxy_protocol: true}`:                                   "",
		`turn: {enabled: true, tls_port: 5349, domain: a.b, proxy_protocol: true, proxy_protocol_trusted_cidrs: []}`: "turn.proxy_protocol: trusts no proxy",
		`turn: {enabled: true, udp_port: 3478, proxy_protocol_trusted_cidrs: [10.0.0.1]}`:                            "turn.proxy_protocol_trusted_cidrs[0]: is no network",
	} {
		got := ""
		for _, p := range Newest().CheckConfig(decode(t, config)) {
			got += p.Path + ": " + p.Message
		}
		if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: got %q, want %q", config, got, want)
		}
	}
}

// Before TURN could bind other addresses, it asked for no address of a family.
func TestRelayFamiliesOfOlderReleases(t *testing.T) {
	config := decode(t, `{rtc: {node_ip: "2001:db8::5"}, turn: {enabled: true, udp_port: 3478}}`)
	for release, want := range map[Release]int{"v1.9.12": 0, "v1.11.0": 1} {
		if problems := release.CheckConfig(config); len(problems) != want {
			t.Errorf("%s: got %+v", release, problems)
		}
	}
}
