// Package livekit knows the configuration of livekit-server: which keys exist,
// which values they take, which ports and credentials they make, and what the
// server refuses or ignores after parsing.
package livekit

import (
	_ "embed"
	"encoding/json"
)

// ServerVersion is the release of livekit-server that this package describes.
const ServerVersion = "v1.13.5"

//go:generate sh -c "cd ../../hack/configschema && go run ."

// configSchemaJSON is generated from the server's own types.
//
//go:embed config.schema.json
var configSchemaJSON []byte

// ConfigSchema gives a fresh copy of the JSON Schema (draft-07) of the server's
// configuration. It has no $schema and no $ref, so it can stand as it is below
// a property of another schema. Every property but the root also takes null.
//
// It is stricter than the server's parser in a few places where what the
// parser does is never meant: ports end at 65535, integers have no fraction,
// booleans are not words, udp_port and node_ip are no mappings, and the values
// the server compares after parsing (such as node_selector.kind) are listed.
func ConfigSchema() map[string]any {
	var schema map[string]any
	// The file is compiled in, so that it decodes is settled by a test.
	_ = json.Unmarshal(configSchemaJSON, &schema)
	return schema
}
