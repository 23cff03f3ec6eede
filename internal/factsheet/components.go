package factsheet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

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

// Select gives the components of a chart: the default ones and those of with ("all" for every one), without those of
// without, in the sheet's order. What a component requires comes along, and goes along.
func (s *Sheet) Select(with, without []string) ([]string, error) {
	if err := s.checkNames(with, without); err != nil {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, c := range s.Components {
		if c.Default || slices.Contains(with, "all") {
			chosen[c.Name] = true
		}
		if slices.Contains(with, c.Name) {
			chosen[c.Name] = true
			for _, required := range c.Requires {
				chosen[required] = true
			}
		}
	}
	for _, name := range without {
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
	for _, c := range s.Components {
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

func (s *Sheet) checkNames(with, without []string) error {
	var names []string
	for _, c := range s.Components {
		if c.Name != Core {
			names = append(names, c.Name)
		}
	}
	names = append(names, "all")
	for _, name := range slices.Concat(with, without) {
		if name != Core && !slices.Contains(names, name) {
			return remedy.Errorf(remedy.DidYouMean(names, name),
				"no component is called %q: there are %s", name, strings.Join(names, ", "))
		}
	}
	for _, name := range without {
		if name == Core {
			return fmt.Errorf("component %s cannot be left out", Core)
		}
		if slices.Contains(with, name) {
			return fmt.Errorf("component %s is both wanted and left out", name)
		}
	}
	return nil
}
