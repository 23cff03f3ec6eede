package factsheet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Upstream is what is known of upstream's chart as a whole: upstream.yaml.
type Upstream struct {
	// Name and the versions are those of the chart that the sheet answers.
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	// Faults are those that charts of this tool do not have.
	Faults []Fault `yaml:"faults"`
	// Differs says what is rendered otherwise whatever the values are.
	Differs []Difference `yaml:"differs"`
	// Conversion is a template of what becomes of values where that takes more than a copy: see internal/convert.
	Conversion string `yaml:"conversion"`
	// Untried are values that take branches of upstream's chart and that no scenario is made of.
	Untried []Untried `yaml:"untried"`
	// Unreached are conditions of upstream's chart that are known to come out one way alone.
	Unreached []Unreached `yaml:"unreached"`
	// Scenarios are values under which both charts are rendered and compared.
	Scenarios []Scenario `yaml:"scenarios"`
}

// Fault is a fault of upstream's chart.
type Fault struct {
	Number int    `yaml:"number"`
	Text   string `yaml:"text"`
}

// Scenario is one set of values for upstream's chart.
type Scenario struct {
	Name   string         `yaml:"name"`
	About  string         `yaml:"about"`
	Values map[string]any `yaml:"values"`
	// KubeVersion, APIs and WithoutAPIs are a cluster other than the usual one: its version, further API versions, and
	// such as it lacks. Upgrade says that a release is upgraded.
	KubeVersion string   `yaml:"kubeVersion"`
	APIs        []string `yaml:"apis"`
	WithoutAPIs []string `yaml:"withoutAPIs"`
	Upgrade     bool     `yaml:"upgrade"`
}

// Untried is a value of upstream's chart that says nothing about a difference, for a reason that is known.
type Untried struct {
	Key   string `yaml:"key"`
	Value any    `yaml:"value"`
	Why   string `yaml:"why"`
}

// Unreached is a side of a condition that is not reached.
type Unreached struct {
	Template  string `yaml:"template"`
	Condition string `yaml:"condition"`
	What      string `yaml:"what"`
	Why       string `yaml:"why"`
}

// Mapping says what becomes of one value of upstream's chart.
type Mapping struct {
	// Key is upstream's, dotted.
	Key string `yaml:"key"`
	// Default is upstream's, nil where its templates alone read the key.
	Default any `yaml:"default"`
	// To are the canonical keys that answer it, none where nothing does.
	To []string `yaml:"to"`
	// How is one of the constants, or the name of what Conversion says of it.
	How string `yaml:"how"`
	// About is a line for people.
	About string `yaml:"about"`
	// Why says of a mapping to None why that is so.
	Why string `yaml:"why"`
}

// How a value becomes another.
const (
	Copy    = "copy"    // the value as it is
	Replace = "replace" // a map, which replaces the chart's default as a whole
	Config  = "config"  // a part of LiveKit's own configuration
	None    = "none"    // nothing answers it
)

// complete sets what a mapping in the row of a canonical key need not say.
func (m *Mapping) complete(key string) {
	m.How = cmp.Or(m.How, Copy)
	m.About = cmp.Or(m.About, "the same")
	if m.To == nil && m.How != None {
		m.To = []string{key}
	}
}

// Difference says what charts of this tool render otherwise than upstream's, at some fields of one kind of object.
// facts.yaml says how its texts are written.
type Difference struct {
	Object string `yaml:"object"`
	When   string `yaml:"when"`
	// Class is "convention", or "" for a fault of upstream's that the chart does not have.
	Class string    `yaml:"class"`
	Fault int       `yaml:"fault"`
	Why   string    `yaml:"why"`
	At    []AtField `yaml:"at"`
}

// AtField is what both charts have at one field; "" is nothing.
type AtField struct {
	Path     string `yaml:"path"`
	Each     string `yaml:"each"`
	Upstream string `yaml:"upstream"`
	Chart    string `yaml:"chart"`
}

// Why gives the reason of a difference, with the fault of upstream's chart.
func (s *Sheet) Why(d Difference) (string, error) {
	if d.Fault == 0 {
		return d.Why, nil
	}
	i := slices.IndexFunc(s.Upstream.Faults, func(f Fault) bool { return f.Number == d.Fault })
	if i < 0 {
		return "", fmt.Errorf("facts of %s: difference of %s: there is no fault %d", s.Service, d.Object, d.Fault)
	}
	text := s.Upstream.Faults[i].Text
	return strings.TrimSpace(fmt.Sprintf("mends fault %d of upstream's chart: %s. %s", d.Fault, text, d.Why)), nil
}
