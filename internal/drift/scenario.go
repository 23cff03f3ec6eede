package drift

import (
	_ "embed"
	"fmt"

	"go.yaml.in/yaml/v4"
)

//go:embed scenarios.yaml
var scenariosSource []byte

// Wish is one set of values for upstream's chart.
type Wish struct {
	Name   string         `yaml:"name"`
	About  string         `yaml:"about"`
	Values map[string]any `yaml:"values"`
}

// loadScenarios reads the scenarios that take each branch of upstream's
// templates.
func loadScenarios() ([]Wish, error) {
	var out []Wish
	if err := yaml.Unmarshal(scenariosSource, &out); err != nil {
		return nil, fmt.Errorf("scenarios of drift: %w", err)
	}
	return out, nil
}
