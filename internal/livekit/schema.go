// Package livekit knows the configuration of livekit-server, release by release: which keys exist, which values they
// take, which ports and credentials they make, and what the server refuses or ignores after parsing.
package livekit

import (
	"maps"
	"slices"
	"strings"
)

//go:generate sh -c "cd ../../hack/configschema && go run . -all"

// What the server reads from a text: what time.ParseDuration does (a bare number is a parse error), what
// rtcconfig.PortRange does, and the rough shape of what rtcconfig.NodeIP does.
const (
	goDuration = `^[+-]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
	portRange  = `^([0-9]+| *[0-9]+ *- *[0-9]+ *)?$`
	nodeIP     = `^( *[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]+ *(, *[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]+ *)?)?$`
)

// typeSchemas gives the schema of each type of releases.json. The decoder takes any scalar as text, such as a password
// of digits, and skips a null wherever it stands.
var typeSchemas = map[string]map[string]any{
	"any":             {},
	"object":          {"type": orNull("object"), "additionalProperties": false},
	"map":             {"type": orNull("object")},
	"map-of-integers": {"type": orNull("object"), "additionalProperties": false},
	"list":            {"type": orNull("array")},
	"text":            {"type": orNull("string", "number", "boolean")},
	"boolean":         {"type": orNull("boolean")},
	"number":          {"type": orNull("number")},
	"integer":         {"type": orNull("integer")},
	"uint":            {"type": orNull("integer"), "minimum": 0.},
	"int8":            {"type": orNull("integer"), "minimum": -128., "maximum": 127.},
	"int16":           {"type": orNull("integer"), "minimum": -32768., "maximum": 32767.},
	"int32":           {"type": orNull("integer"), "minimum": -2147483648., "maximum": 2147483647.},
	"uint8":           {"type": orNull("integer"), "minimum": 0., "maximum": 255.},
	"uint16":          {"type": orNull("integer"), "minimum": 0., "maximum": 65535.},
	"uint32":          {"type": orNull("integer"), "minimum": 0., "maximum": 4294967295.},
	"port":            {"type": orNull("integer"), "minimum": 0., "maximum": 65535.},
	"port-range":      {"type": orNull("integer", "string"), "minimum": 0., "maximum": 65535., "pattern": portRange},
	"node-ip":         {"type": orNull("string"), "pattern": nodeIP},
	"duration":        {"type": orNull("string"), "pattern": goDuration},

	// Fields of a room configuration, which protoyaml decodes: it takes numbers as text, and no null (rules.go).
	"message-uint32": {
		"type": orNull("integer", "string"), "minimum": 0., "maximum": 4294967295., "pattern": `^[0-9]+$`,
	},
	"message-boolean": {"type": orNull("boolean")},
	"message":         {"type": orNull("object")},
	"message-list":    {"type": orNull("array")},
	"message-map":     {"type": orNull("object")},
}

func orNull(types ...any) []any { return append(types, "null") }

// ConfigSchema gives a fresh copy of the JSON Schema (draft-07) of the release's configuration. It has no $schema and
// no $ref, so it can stand as it is below a property of another schema. Every property but the root also takes null.
//
// It is stricter than the server's parser in a few places where what the parser does is never meant: ports end at
// 65535, integers have no fraction, booleans are not words, udp_port and node_ip are no mappings, and the values the
// server compares after parsing (such as node_selector.kind) are listed.
func (r Release) ConfigSchema() map[string]any {
	root := map[string]any{
		"type": "object", "properties": map[string]any{}, "additionalProperties": false,
		"title": "livekit-server " + string(r) + " configuration",
	}
	schemas := map[string]map[string]any{"": root}
	for _, k := range r.keys() {
		schema := maps.Clone(typeSchemas[k.Type])
		if k.Type == "object" {
			schema["properties"] = map[string]any{}
		}
		if k.Doc != "" {
			schema["description"] = k.Doc
		}
		if k.Enum != nil {
			schema["enum"] = append(slices.Clone(k.Enum), nil)
		}
		schemas[k.Key] = schema
		attach(schemas, k.Key, schema)
	}
	return root
}

// attach puts the schema of a key into that of the key above it.
func attach(schemas map[string]map[string]any, key string, schema map[string]any) {
	parent := schemas[parentOf(key)]
	switch name := key[strings.LastIndexByte(key, '.')+1:]; {
	case strings.HasSuffix(name, "[]"):
		parent["items"] = schema
	case name != "*":
		child(parent, "properties")[name] = schema
	case parent["additionalProperties"] == false: // its keys are integers
		parent["patternProperties"] = map[string]any{"^-?[0-9]+$": schema}
	default:
		parent["additionalProperties"] = schema
	}
}
