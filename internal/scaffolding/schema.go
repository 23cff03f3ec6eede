package scaffolding

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// member and object are a JSON object that keeps its order, so that the schema reads like values.yaml.
type member struct {
	key   string
	value any
}

type object []member

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	b := bytes.NewBufferString("{")
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

//go:embed shapes.yaml
var shapesYAML []byte

// schemas makes the schemas of values.
type schemas struct {
	paths   *Paths
	release livekit.Release
	isLean  bool                                 // values.yaml may lack any value, as defaults.yaml has it
	shaped  map[string]map[string]map[string]any // shapes.yaml
}

// writeSchema writes values.schema.json. The root and global stay open, for what a parent chart adds; everything below
// is closed, so that a typo is an error that names the key.
func writeSchema(root *tree, p *Paths, o Options, release livekit.Release) ([]byte, error) {
	s := &schemas{paths: p, release: release, isLean: o.Values == convention.ValuesLean}
	if err := yaml.Unmarshal(shapesYAML, &s.shaped); err != nil {
		return nil, fmt.Errorf("schemas of shapes: %w", err)
	}
	s.addAbsent(root)
	schema := object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"type", "object"}}
	text, err := append(schema, s.members(root)...).MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write values.schema.json: %w", err)
	}
	return yamldoc.LayOutJSON(text), nil
}

func (s *schemas) of(t *tree) any {
	switch {
	case isConfig(t):
		text := "LiveKit's own configuration, as server " + string(s.release) + " knows it"
		return describe(text, s.release.ConfigSchema(), true)
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

// members gives the keywords for what a map holds. A block of values has to be there, as templates look into it, and so
// has a value that is required.
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
	for _, key := range slices.Sorted(maps.Keys(t.absent)) {
		text := "Needs the component " + t.absent[key] + ": helm livekit update --with " + t.absent[key]
		properties = append(properties, member{key, object{{"description", text}}})
	}
	out := object{{"properties", properties}}
	if len(required) > 0 && !s.isLean {
		out = append(object{{"required", required}}, out...)
	}
	return out
}

// addAbsent lets values of missing components into the blocks that are there, where the chart itself refuses them and
// says how to get the component.
func (s *schemas) addAbsent(root *tree) {
	for _, c := range s.paths.absent() {
		for _, key := range c.Keys {
			t := root
			for _, segment := range yamldoc.SplitPath(key) {
				i := slices.IndexFunc(t.children, func(c *tree) bool { return c.key == segment })
				if i < 0 && t != root && t.value == nil {
					if t.absent == nil {
						t.absent = map[string]string{}
					}
					t.absent[segment] = c.Name
				}
				if i < 0 {
					break
				}
				t = t.children[i]
			}
		}
	}
}

// isConfig reports whether t is the map of LiveKit's own configuration.
func isConfig(t *tree) bool {
	return slices.ContainsFunc(t.headings, func(h factsheet.Key) bool { return h.Key == "config" })
}

// describe puts a description into a schema, and null where that may unset the value.
func describe(text string, schema map[string]any, nullable bool) object {
	out := object{{"description", strings.ReplaceAll(text, "`", "")}, {"type", schema["type"]}}
	for _, k := range slices.Sorted(maps.Keys(schema)) {
		if k != "description" && k != "type" && k != "$comment" {
			out = append(out, member{k, schema[k]})
		}
	}
	for i := range out {
		if nullable {
			out[i].value = withNull(out[i])
		}
	}
	return out
}

func withNull(m member) any {
	list, isList := m.value.([]any)
	switch {
	case m.key == "type" && !isList:
		return []any{m.value, "null"}
	case m.key == "type" && !slices.Contains(list, any("null")):
		return append(slices.Clone(list), "null")
	case m.key == "enum" && !slices.Contains(list, nil):
		return append(slices.Clone(list), nil)
	}
	return m.value
}
