// Package canonical knows the canonical values: the tool's own name, default,
// meaning and place for everything that a LiveKit chart can be told, and the
// components that they belong to. It is the one source of values.yaml,
// values.schema.json and the tables in READMEs.
package canonical

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

//go:embed table.yaml
var source []byte

// Core is the component that every chart has.
const Core = "core"

// The chart of upstream that the canonical values answer: livekit/livekit-helm
// at commit 27d22b5.
const (
	UpstreamName       = "livekit-server"
	UpstreamVersion    = "1.9.0"
	UpstreamAppVersion = "v1.9.0"
)

// Table is table.yaml as data.
type Table struct {
	Components []Component `yaml:"components"`
	Values     []Value     `yaml:"values"`
}

// Component is a part of the chart that can be left out.
type Component struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	// Default says that it is there without being asked for.
	Default bool `yaml:"default"`
	// Requires names the components that it cannot do without.
	Requires []string `yaml:"requires"`
	// Templates are its files below templates/.
	Templates []string `yaml:"templates"`
}

// Value is one canonical value, or, where Default is nil, a heading over the
// values whose keys lie below Key.
type Value struct {
	Key       string     `yaml:"key"`
	Component string     `yaml:"component"`
	Default   *yaml.Node `yaml:"-"`
	// Doc is one line for the README and the schema.
	Doc string `yaml:"doc"`
	// Comment is what values.yaml says above the key, "" for nothing.
	Comment string `yaml:"comment"`
	// Schema is the JSON schema of the value, without null. It is nil for
	// values whose schema follows from their shape or from LiveKit's own.
	Schema map[string]any `yaml:"schema"`
	// Required says that the chart cannot do without the value.
	Required bool `yaml:"required"`
	// Upstream names the keys of upstream's livekit-server chart that this
	// value answers.
	Upstream []string `yaml:"upstream"`
}

// UnmarshalYAML keeps the default as it is written, order and style included.
func (v *Value) UnmarshalYAML(node *yaml.Node) error {
	type plain Value
	if err := node.Decode((*plain)(v)); err != nil {
		return err
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "default" {
			v.Default = node.Content[i+1]
		}
	}
	if v.Component == "" {
		v.Component = Core
	}
	return nil
}

// IsHeading reports whether v is a heading and not a value.
func (v *Value) IsHeading() bool { return v.Default == nil }

// Load reads the table.
func Load() (*Table, error) {
	t := &Table{}
	if err := yaml.Unmarshal(source, t); err != nil {
		return nil, fmt.Errorf("table of canonical values: %w", err)
	}
	return t, nil
}

// Component finds a component by name.
func (t *Table) Component(name string) (Component, bool) {
	i := slices.IndexFunc(t.Components, func(c Component) bool { return c.Name == name })
	if i < 0 {
		return Component{}, false
	}
	return t.Components[i], true
}

// Select gives the components of a chart: the default ones and those of with
// ("all" for every one), without those of without, in the table's order. What
// a component requires comes along, and goes along.
func (t *Table) Select(with, without []string) ([]string, error) {
	for _, name := range slices.Concat(with, without) {
		if _, ok := t.Component(name); !ok && name != "all" {
			return nil, fmt.Errorf("no component is called %q: there are %s", name, strings.Join(t.optional(), ", "))
		}
	}
	if slices.Contains(without, Core) {
		return nil, fmt.Errorf("component %s cannot be left out", Core)
	}
	chosen := map[string]bool{}
	for _, c := range t.Components {
		if c.Default || slices.Contains(with, "all") || slices.Contains(with, c.Name) {
			chosen[c.Name] = true
		}
	}
	for _, name := range without {
		if slices.Contains(with, name) {
			return nil, fmt.Errorf("component %s is both wanted and left out", name)
		}
		if name == "all" {
			chosen = map[string]bool{Core: true}
			for _, w := range with {
				chosen[w] = true
			}
			continue
		}
		delete(chosen, name)
	}
	var out []string
	for _, c := range t.Components {
		if !chosen[c.Name] {
			continue
		}
		if missing := slices.IndexFunc(c.Requires, func(r string) bool { return !chosen[r] }); missing >= 0 {
			if slices.Contains(with, c.Name) {
				return nil, fmt.Errorf("component %s cannot do without %s", c.Name, c.Requires[missing])
			}
			delete(chosen, c.Name)
			continue
		}
		out = append(out, c.Name)
	}
	return out, nil
}

func (t *Table) optional() []string {
	var out []string
	for _, c := range t.Components {
		if c.Name != Core {
			out = append(out, c.Name)
		}
	}
	return append(out, "all")
}
