// Package factsheet reads what is known of the values of a service's chart: one row a canonical key, in
// scaffold/SERVICE/facts.yaml. It is the one source of values.yaml, values.schema.json, the tables in READMEs and docs,
// the reading of sibling charts, the conversion of upstream's values, and of what explains differences from upstream's
// chart.
package factsheet

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/scaffold"
)

// Server is the service that every repository starts with: LiveKit's SFU.
const Server = "server"

// Core is the component that every chart has.
const Core = "core"

// Sheet is all that is known of the chart of one service.
type Sheet struct {
	Service    string      `yaml:"-"`
	Components []Component `yaml:"components"`
	// Keys are in the order that values.yaml keeps.
	Keys []Key `yaml:"keys"`
	// Upstream is what is known of upstream's chart as a whole.
	Upstream Upstream `yaml:"-"`
}

// Key is one canonical value, or, where Default is nil, a heading over the values whose keys lie below it.
type Key struct {
	// Key is the canonical name, dotted ("image.repository").
	Key       string `yaml:"key"`
	Component string `yaml:"component"`
	// With names another component without which it would do nothing, "" for none.
	With    string     `yaml:"with"`
	Default *yaml.Node `yaml:"-"`
	// Doc is one line for the README and the schema.
	Doc string `yaml:"doc"`
	// Comment is what values.yaml says above the key, "" for nothing.
	Comment string `yaml:"comment"`
	// Schema is the JSON schema of the value, without null. It is nil for values whose schema follows from their shape
	// or from LiveKit's own.
	Schema map[string]any `yaml:"schema"`
	// Required says that the chart cannot do without the value.
	Required bool `yaml:"required"`
	// Lean says that a short values.yaml has the key even where it has its default.
	Lean bool `yaml:"lean"`
	// Siblings is what is known of how repositories write the key.
	Siblings `yaml:"siblings"`
	// Upstream are the values of upstream's chart that this one answers.
	Upstream []Mapping `yaml:"upstream"`
	// Trap says, in a sentence, how the value keeps calls from working; "" where it does not.
	Trap string `yaml:"trap"`
	// Differs says where charts render the value otherwise than upstream's, on purpose.
	Differs []Difference `yaml:"differs"`
}

// UnmarshalYAML keeps the default as it is written, order and style included.
func (k *Key) UnmarshalYAML(node *yaml.Node) error {
	type plain Key
	if err := node.Decode((*plain)(k)); err != nil {
		return err
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "default" {
			k.Default = node.Content[i+1]
		}
	}
	if k.Component == "" {
		k.Component = Core
	}
	for i := range k.Upstream {
		k.Upstream[i].complete(k.Key)
	}
	return nil
}

// IsHeading reports whether k is a heading and not a value.
func (k *Key) IsHeading() bool { return k.Default == nil }

// Load reads the sheet of a service ("server") that this tool was built with.
func Load(service string) (*Sheet, error) {
	facts, upstream, err := scaffold.Facts(service)
	if err != nil {
		return nil, err
	}
	return Parse(service, facts, upstream)
}

// OrServer gives the sheet, or the server's for nil.
func OrServer(s *Sheet) (*Sheet, error) {
	if s != nil {
		return s, nil
	}
	return Load(Server)
}

// Parse reads a sheet from the texts of facts.yaml and upstream.yaml.
func Parse(service string, facts, upstream []byte) (*Sheet, error) {
	s := &Sheet{Service: service}
	if err := yaml.Unmarshal(facts, s); err != nil {
		return nil, fmt.Errorf("facts.yaml of %s: %w", service, err)
	}
	if err := yaml.Unmarshal(upstream, &s.Upstream); err != nil {
		return nil, fmt.Errorf("upstream.yaml of %s: %w", service, err)
	}
	return s, nil
}

// Key finds a canonical key, nil where there is none.
func (s *Sheet) Key(name string) *Key {
	i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Key == name })
	if i < 0 {
		return nil
	}
	return &s.Keys[i]
}

// Values gives the names of the keys that have a value, in the sheet's order.
func (s *Sheet) Values() []string {
	var out []string
	for _, k := range s.Keys {
		if !k.IsHeading() {
			out = append(out, k.Key)
		}
	}
	return out
}

// Differences gives all that charts of this tool render otherwise than upstream's, those of single keys first.
func (s *Sheet) Differences() []Difference {
	var out []Difference
	for _, k := range s.Keys {
		out = append(out, k.Differs...)
	}
	return append(out, s.Upstream.Differs...)
}

// Mappings gives what becomes of each of upstream's values, in the sheet's order.
func (s *Sheet) Mappings() []Mapping {
	var out []Mapping
	for _, k := range s.Keys {
		out = append(out, k.Upstream...)
	}
	return out
}

// IsAboveMapping reports whether a key of upstream's is a block of keys that have mappings.
func (s *Sheet) IsAboveMapping(key string) bool {
	return slices.ContainsFunc(s.Mappings(), func(m Mapping) bool { return strings.HasPrefix(m.Key, key+".") })
}

// Mapping finds the mapping of a value of upstream's, or of the nearest one above it.
func (s *Sheet) Mapping(key string) (Mapping, bool) {
	all := s.Mappings()
	for name := key; name != ""; name = name[:max(strings.LastIndexByte(name, '.'), 0)] {
		if i := slices.IndexFunc(all, func(m Mapping) bool { return m.Key == name }); i >= 0 {
			return all[i], true
		}
	}
	return Mapping{}, false
}
