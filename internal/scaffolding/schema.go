package scaffolding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// member and object are a JSON object that keeps its order, so that the schema
// reads like values.yaml.
type member struct {
	key   string
	value any
}

type object []member

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// schemas makes the schemas of values.
type schemas struct {
	paths  *Paths
	shaped map[string]map[string]map[string]any // see shapedSchemas
}

// writeSchema writes values.schema.json. The root and global stay open, for what
// a parent chart adds; everything below is closed, so that a typo is an error
// that names the key.
func writeSchema(root *tree, p *Paths) ([]byte, error) {
	s := &schemas{paths: p}
	if err := yaml.Unmarshal([]byte(shapedSchemas), &s.shaped); err != nil {
		return nil, fmt.Errorf("schemas of shapes: %w", err)
	}
	schema := object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"type", "object"}}
	raw, err := marshal(append(schema, s.members(root)...))
	if err != nil {
		return nil, fmt.Errorf("write values.schema.json: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("write values.schema.json: %w", err)
	}
	out.WriteByte('\n')
	return onOneLine(onOneLine(out.Bytes(), shortList), shortObject), nil
}

// Innermost lists and objects, which read better on one line where they fit.
var (
	shortList   = regexp.MustCompile(`\[\n[^\[\]{}]*\]`)
	shortObject = regexp.MustCompile(`\{\n[^{}]*\}`)
	lineBreak   = regexp.MustCompile(`\n *`)
)

func onOneLine(text []byte, what *regexp.Regexp) []byte {
	return what.ReplaceAllFunc(text, func(block []byte) []byte {
		inside := bytes.TrimSpace(lineBreak.ReplaceAll(block[1:len(block)-1], []byte(" ")))
		if len(inside) > 110 {
			return block
		}
		return slices.Concat(block[:1], inside, block[len(block)-1:])
	})
}

func (s *schemas) of(t *tree) any {
	switch {
	case isConfig(t):
		text := "LiveKit's own configuration, as server " + livekit.ServerVersion + " knows it"
		return describe(text, livekit.ConfigSchema(), true)
	case t.value != nil:
		schema := t.value.Schema
		if shaped := s.shaped[t.value.Key]; shaped != nil {
			schema = shaped[s.paths.shape(t.value.Key)]
		}
		return describe(t.value.Doc, schema, !t.value.Required)
	case t.isList():
		return object{{"type", []any{"array", "null"}}, {"items", s.of(t.children[0])}}
	}
	block := object{{"type", "object"}}
	if !t.isGlobal {
		block = append(block, member{"additionalProperties", false})
	}
	return append(block, s.members(t)...)
}

// members gives the keywords for what a map holds. A block of values has to be
// there, as templates look into it, and so has a value that is required.
func (s *schemas) members(t *tree) object {
	var properties object
	var required []any
	for _, c := range t.children {
		properties = append(properties, member{c.key, s.of(c)})
		isBlock := c.value == nil && !c.isList() && !isConfig(c)
		if isBlock || c.value != nil && c.value.Required {
			required = append(required, c.key)
		}
	}
	out := object{{"properties", properties}}
	if len(required) > 0 {
		out = append(object{{"required", required}}, out...)
	}
	return out
}

// isConfig reports whether t is the map of LiveKit's own configuration.
func isConfig(t *tree) bool {
	return slices.ContainsFunc(t.headings, func(h factsheet.Key) bool { return h.Key == "config" })
}

// describe puts a description into a schema, and null where that may unset the
// value.
func describe(text string, schema map[string]any, nullable bool) object {
	orNull := func(keyword string) any {
		if nullable {
			return withNull(keyword, schema[keyword])
		}
		return schema[keyword]
	}
	out := object{{"description", strings.ReplaceAll(text, "`", "")}, {"type", orNull("type")}}
	for _, k := range slices.Sorted(maps.Keys(schema)) {
		if k != "description" && k != "type" && k != "$comment" {
			out = append(out, member{k, orNull(k)})
		}
	}
	return out
}

func withNull(keyword string, v any) any {
	switch keyword {
	case "type":
		switch v := v.(type) {
		case string:
			return []any{v, "null"}
		case []any:
			if !slices.Contains(v, any("null")) {
				return append(slices.Clone(v), "null")
			}
		}
	case "enum":
		if v, ok := v.([]any); ok && !slices.Contains(v, nil) {
			return append(slices.Clone(v), nil)
		}
	}
	return v
}
