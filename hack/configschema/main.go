// Command configschema writes what the project knows about the configuration
// of livekit-server, read from the server's own Go types:
//
//	go run .          writes the files
//	go run . -check   fails when a file on disk differs from what would be written
//
// Raise the version in go.mod to follow a newer server.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "../../internal/livekit", "folder of the package that embeds the schema")
	check := flag.Bool("check", false, "write nothing; fail when a committed file is out of date")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "configschema:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	outputs, err := generate()
	if err != nil {
		return err
	}
	for _, out := range outputs {
		path := filepath.Join(dir, filepath.FromSlash(out.name))
		if !check {
			if err := os.WriteFile(path, out.data, 0o644); err != nil {
				return err
			}
			continue
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(committed, out.data) {
			return fmt.Errorf("%s is out of date: run `go run .` in hack/configschema and commit the result", path)
		}
	}
	return nil
}

// output is one generated file; name is relative to the embedding package.
type output struct {
	name string
	data []byte
}

func generate() ([]output, error) {
	version, err := serverVersion()
	if err != nil {
		return nil, err
	}
	schema, err := configSchema(version)
	if err != nil {
		return nil, err
	}
	facts, err := serverFacts(version, schema)
	if err != nil {
		return nil, err
	}
	// The plugin carries the schema, of which indentation would be the larger half.
	schemaJSON, err := encode(schema, "")
	if err != nil {
		return nil, err
	}
	factsJSON, err := encode(facts, "  ")
	if err != nil {
		return nil, err
	}
	return []output{
		{"config.schema.json", schemaJSON},
		{"testdata/server-facts.json", factsJSON},
	}, nil
}

// encode is deterministic: encoding/json sorts the keys of maps.
func encode(v any, indent string) ([]byte, error) {
	var compact, lines bytes.Buffer
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	err := json.Indent(&lines, compact.Bytes(), "", indent)
	return lines.Bytes(), err
}
