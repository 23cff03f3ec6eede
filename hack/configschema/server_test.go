package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// parse runs the server's own parser, as strict as livekit-server runs it.
func parse(text string) error {
	_, err := config.NewConfig(text, true, nil, nil)
	return err
}

// TestCommittedFilesAreCurrent reads the release again that this module is compiled with.
func TestCommittedFilesAreCurrent(t *testing.T) {
	ctx := context.Background()
	version, err := moduleVersion(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(checkReleases(ctx, releasesFile, []string{version}), writeFacts(ctx, true)); err != nil {
		t.Error(err)
	}
	known := committed(t)
	r := known[version]
	r.keys = slices.Clone(r.keys)
	r.keys[7].Type = "any"
	known[version] = r
	text, err := known.encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "releases.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkReleases(ctx, path, []string{version}); err == nil {
		t.Error("a changed type passes")
	}
}

// The package's tests hold CheckConfig against the same samples.
func TestServerAgreesOnSamples(t *testing.T) {
	for folder, accepted := range map[string]bool{"valid": true, "invalid": false, "unsound": true} {
		paths, err := filepath.Glob(filepath.Join(livekitPackage, "testdata", folder, "*.yaml"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no samples in %s: %v", folder, err)
		}
		for _, path := range paths {
			t.Run(folder+"/"+filepath.Base(path), func(t *testing.T) {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := parse(string(text)); (err == nil) != accepted {
					t.Errorf("accepted by the server: want %v, got %v", accepted, err)
				}
			})
		}
	}
}

// probes are values that tell the types of YAML apart.
var probes = []string{
	"null", "true", `"0"`, `"00"`, "1m30s", "1m30", "1", "0", "-1", "1.5", "300", "70000", "3000000000", "9000000000",
	`""`, "word", `"1"`, "10s", "1.5h", "1-2", "2-1", "192.0.2.1", "yes", "maybe",
	"[]", "[null]", "[word]", "[10s]", "[{}]", "{}", "{a: b}", "{a: {b: c}}", "{0: 1s}", "{no_such_key: 1}",
}

// TestSchemaAgreesWithServer puts every probe at every key and asks both.
func TestSchemaAgreesWithServer(t *testing.T) {
	if testing.Short() {
		t.Skip("some twelve thousand documents take a while")
	}
	schema := committedSchema(t)
	validator := compile(t, schema)
	isPort := map[string]bool{}
	for _, k := range committed(t).all() {
		isPort[strings.ReplaceAll(k.Key, "[]", ".[]")] = k.Type == "port"
	}
	count := 0
	for _, key := range keysOf(schema, nil) {
		for _, probe := range probes {
			document := nest(key, probe)
			accepted := parse(document) == nil
			valid := validator.Validate(decode(t, document)) == nil
			count++
			if valid && !accepted && !knownLooser(document) {
				t.Errorf("the schema takes what the server refuses: %s", document)
			}
			if accepted && !valid && !knownStricter(isPort, key, probe) {
				t.Errorf("the schema refuses what the server takes: %s", document)
			}
		}
	}
	t.Logf("compared %d documents", count)
}

// knownStricter lists where the schema is stricter on purpose.
func knownStricter(isPort map[string]bool, key []string, probe string) bool {
	last := key[len(key)-1]
	path := strings.Join(key, ".")
	switch {
	case probe == "1.5": // cut to 1 by the parser
		return true
	case probe == "yes": // read as true by the parser
		return true
	case isPort[path]: // no port ends above 65535
		return true
	case last == "udp_port", last == "node_ip": // a list or mapping is dropped
		return true
	case enums[path] != nil, last == "protocol":
		return true
	}
	return false
}

// knownLooser is what no schema can tell; CheckConfig does, see the samples
// udp-port-reversed and node-ip-name.
func knownLooser(document string) bool {
	return document == "{rtc: {udp_port: 2-1}}"
}

// keysOf lists the keys of a schema, "[]" for the items of a list and "k" for
// a free key.
func keysOf(schema map[string]any, path []string) [][]string {
	var keys [][]string
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		key := append(slices.Clone(path), name)
		sub := properties[name].(map[string]any)
		if len(sub) == 0 || name == "use_external_ip" || slices.Contains(path, "room_configurations") {
			// Messages are described roughly: the judge (hack/judge) tries them. STUN needs a network.
			continue
		}
		keys = append(append(keys, key), keysOf(sub, key)...)
	}
	for keyword, step := range map[string]string{"items": "[]", "additionalProperties": "k"} {
		if sub, ok := schema[keyword].(map[string]any); ok {
			key := append(slices.Clone(path), step)
			keys = append(append(keys, key), keysOf(sub, key)...)
		}
	}
	return keys
}

// nest writes the flow mapping that has a value at a key.
func nest(key []string, value string) string {
	for i := len(key) - 1; i >= 0; i-- {
		if key[i] == "[]" {
			value = "[" + value + "]"
		} else {
			value = "{" + key[i] + ": " + value + "}"
		}
	}
	return value
}

func committedSchema(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(livekitPackage, "testdata", "config.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func compile(t *testing.T, schema map[string]any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	if err := compiler.AddResource("config.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// decode gives the YAML as JSON decoding would: a chart's values get there so.
func decode(t *testing.T, document string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(document), &value); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(stringKeys(value))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func stringKeys(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = stringKeys(v[key])
		}
	case map[any]any:
		m := map[string]any{}
		for key := range v {
			m[fmt.Sprint(key)] = stringKeys(v[key])
		}
		return m
	case []any:
		for i := range v {
			v[i] = stringKeys(v[i])
		}
	}
	return value
}

func committed(t *testing.T) data {
	t.Helper()
	known, err := readData(releasesFile)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// all gives the keys of all releases.
func (d data) all() []key {
	var keys []key
	for _, version := range d.versions() {
		keys = append(keys, d[version].keys...)
	}
	return keys
}

// TestHandWrittenPathsAreKeys: what no release has must not stay behind in
// describe.go.
func TestHandWrittenPathsAreKeys(t *testing.T) {
	known := map[string]bool{}
	for _, k := range committed(t).all() {
		known[k.Key] = true
	}
	for path := range notes {
		if !known[path] {
			t.Errorf("notes: %s is not a key", path)
		}
	}
	for path := range enums {
		if !known[path] {
			t.Errorf("enums: %s is not a key", path)
		}
	}
}

func TestDescriptionsAreShort(t *testing.T) {
	for _, k := range committed(t).all() {
		switch {
		case len(k.Doc) > 150 || strings.Contains(k.Doc, "\n"):
			t.Errorf("%s: not one short line: %s", k.Key, k.Doc)
		case strings.HasPrefix(k.Doc, "Deprecated") && !strings.HasPrefix(k.Doc, "Deprecated: "):
			t.Errorf("%s: does not say what to do instead: %s", k.Key, k.Doc)
		}
	}
}

// TestDeprecatedKeys: what the server's comments call deprecated is described
// so, with the key that replaces it.
func TestDeprecatedKeys(t *testing.T) {
	for path, instead := range map[string]string{
		"log_level": "logging.level", "prometheus_port": "prometheus.port", "redis.use_tls": "redis.tls.enabled",
		"room.max_metadata_size": "limit.max_metadata_size", "rtc.packet_buffer_size": "rtc.packet_buffer_size_video",
	} {
		schema := committedSchema(t)
		for key := range strings.SplitSeq(path, ".") {
			schema = schema["properties"].(map[string]any)[key].(map[string]any)
		}
		text, _ := schema["description"].(string)
		if !strings.HasPrefix(text, "Deprecated: ") || !strings.Contains(text, instead) {
			t.Errorf("%s: description is %q, expected Deprecated and %s", path, text, instead)
		}
	}
}

func TestCredentialsFromTypes(t *testing.T) {
	found := credentials(committed(t))
	for _, want := range []string{
		"keys.*", "redis.password", "rtc.turn_servers[].secret", "rtc.turn_servers[].credential",
		"room.room_configurations.**.account_key", "room.room_configurations.**.accountKey",
	} {
		if !found[want] {
			t.Errorf("%s is not among %v", want, slices.Sorted(maps.Keys(found)))
		}
	}
	for path := range found {
		if strings.HasSuffix(path, "_file") {
			t.Errorf("%s names a file", path)
		}
	}
}

func TestNoReferences(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(livekitPackage, "testdata", "config.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(`"$ref"`)) || bytes.Contains(data, []byte(`"$schema"`)) {
		t.Error("the schema has a $ref or a $schema: it could not stand inside another schema")
	}
}

// TestIntegerKeysAreNotTakenAsText: a chart that renders values with toYaml
// quotes such keys, and the server then refuses them.
func TestIntegerKeysAreNotTakenAsText(t *testing.T) {
	document := `{video: {stream_tracker_manager: {video: {bitrate_report_interval: {"0": 1s}}}}}`
	if err := parse(document); err == nil {
		t.Error("the server takes a quoted integer key")
	}
}
